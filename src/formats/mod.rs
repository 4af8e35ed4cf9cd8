//! Formats: bytes in, a history out, and the other way round.
//!
//! Every format has a folder of its own and a row in the table below: how to detect it, where a
//! text that is still being written may be cut, how to read a piece of it, and how to write it. All
//! else is shared. A `source` yields text, decompressed on the way. An [`Input`] has the
//! whole text, which is one piece unless it is long and `stored` in a file; a `stream` reads it
//! piece by piece and forgets. Readers hand records
//! to a `sink`, either as they are or as the `fields` of a map: `roles` knows what a field is by
//! its name, `nested` opens maps inside, a `mapping` says what the user knows, and a `frame` takes
//! away what stands around records. `records` puts the records of a history back into the order of
//! its input.
//!
//! What pairs and validates records is the history's business; what they mean is the model's.
//! Readers know offsets in their piece only: its `position` makes lines and columns of them.

mod content;
mod csv;
mod edn;
mod etcd;
mod failures;
mod fields;
mod frame;
mod input;
mod jepsen;
mod json;
mod lists;
mod log;
mod mapping;
mod moments;
mod nested;
mod outcomes;
mod position;
mod reading;
mod records;
mod roles;
mod row;
mod sessions;
mod sink;
mod sniff;
mod source;
mod stored;
mod stray;
pub(crate) mod stream;
mod survey;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod trace;
mod whole;
mod words;
mod wrapped;

use std::io;

use crate::history::History;
use row::Row;

#[cfg(test)]
pub(crate) use edn::parse_value as parse_edn;
pub(crate) use failures::{Kind, is_refusal};
pub use input::{Input, ReadOptions, json_value, read_bytes, read_file, read_text};
pub use jepsen::{is_jepsen, jepsen_valid};
pub use mapping::Mapping;
pub(crate) use mapping::map_option;
pub(crate) use nested::{NEW, OLD};
pub(crate) use roles::is_of_no_consequence;
pub use sessions::{SessionLogs, session_logs};
pub use sniff::sniff;
pub use source::{COMPRESSED, is_compressed};
pub use survey::{Guess, Survey, SurveyedField};
pub(crate) use time::written as written_time;

macro_rules! formats {
    (
        text { $($(#[$doc:meta])* $name:ident = $row:path;)+ }
        sessions { $($(#[$of_sessions_doc:meta])* $of_sessions:ident = $of_sessions_row:path;)+ }
        read { $($(#[$read_doc:meta])* $read:ident = $read_row:path;)+ }
    ) => {
        /// The formats that a history can be written in; `docs/FORMATS.md` defines them.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Format {
            $($(#[$doc])* $name,)+
            $($(#[$of_sessions_doc])* $of_sessions,)+
            $($(#[$read_doc])* $read,)+
        }

        impl Format {
            /// The formats of text that have room for every history, which are read and written.
            pub const ALL: [Format; [$(Format::$name),+].len()] = [$(Format::$name),+];

            /// The formats of text for sessions of transactions, which are read and written.
            pub const SESSIONS: [Format; [$(Format::$of_sessions),+].len()] =
                [$(Format::$of_sessions),+];

            /// All formats that are read.
            pub const READ: [Format;
                Format::ALL.len() + Format::SESSIONS.len() + [$(Format::$read),+].len()] =
                [$(Format::$name,)+ $(Format::$of_sessions,)+ $(Format::$read,)+];

            fn row(self) -> &'static Row {
                match self {
                    $(Format::$name => &$row,)+
                    $(Format::$of_sessions => &$of_sessions_row,)+
                    $(Format::$read => &$read_row,)+
                }
            }
        }
    };
}

formats! {
    text {
        /// JSON objects one after the other, usually one per line.
        JsonLines = json::LINES;
        /// One JSON array of objects.
        JsonArray = json::ARRAY;
        /// EDN, as Jepsen writes it.
        Edn = edn::FORMAT;
        /// The lines that Jepsen logs while a test runs, or its `history.txt`.
        Log = log::FORMAT;
        /// Comma-separated values below a header.
        Csv = csv::FORMAT;
    }
    sessions {
        /// A line for each micro-operation, as Plume, PolySI and IsoVista read it.
        Plume = sessions::PLUME;
        /// A line for each micro-operation, as AWDIT's tests have it.
        Awdit = sessions::AWDIT;
        /// The JSON of dbcop.
        Dbcop = sessions::DBCOP;
    }
    read {
        /// The binary file of a Jepsen run, `test.jepsen`. It is read as the EDN that the
        /// `history.edn` of the same run holds: the text of an [`Input`], with its lines and
        /// columns, is that. Written as this, a history is EDN.
        Jepsen = jepsen::FORMAT;
        /// The binary file of dbcop. It, and the logs of Cobra and Viper, are read as JSON lines,
        /// one for each transaction, which are the text of an [`Input`]; and written as such.
        Bincode = sessions::BINCODE;
        /// A binary log of Cobra, or a folder of them.
        Cobra = sessions::COBRA;
        /// A log of Viper, or a folder of them.
        Viper = sessions::VIPER;
    }
}

impl Format {
    /// Returns the name of the format on the command line.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns what the format is, in a few words.
    pub fn about(self) -> &'static str {
        self.row().about
    }

    /// Returns how the names of files in this format end, without the point. A compressed file has
    /// one of [`COMPRESSED`] behind that.
    pub fn extensions(self) -> &'static [&'static str] {
        self.row().extensions
    }

    /// Returns the format called `name`, if there is one.
    ///
    /// ```
    /// use histcheck::formats::Format;
    /// assert_eq!(Format::parse("jsonl"), Some(Format::JsonLines));
    /// assert_eq!(Format::parse("auto"), None);
    /// ```
    pub fn parse(name: &str) -> Option<Format> {
        Format::READ.into_iter().find(|format| format.name() == name)
    }

    /// Returns the formats that are written: those of text.
    pub fn written() -> impl Iterator<Item = Format> {
        Format::ALL.into_iter().chain(Format::SESSIONS)
    }

    /// Returns the names of the formats of text: "jsonl, json, … or dbcop".
    pub fn names() -> String {
        alternatives(Format::written().map(|format| format.name().to_owned()).collect())
    }

    /// Returns how the files of all formats end: ".jsonl, .json, … or .bincode".
    pub fn endings() -> String {
        let mut endings: Vec<String> = Vec::new();
        for extension in Format::READ.into_iter().flat_map(Format::extensions) {
            let ending = format!(".{extension}");
            if !endings.contains(&ending) {
                endings.push(ending);
            }
        }
        alternatives(endings)
    }

    /// Returns what this format has no room for, of all that `history` holds; one sentence each.
    pub fn losses(self, history: &History) -> Vec<String> {
        (self.row().losses)(history)
    }
}

fn alternatives(mut words: Vec<String>) -> String {
    let last = words.pop().unwrap_or_default();
    format!("{} or {last}", words.join(", "))
}

/// Writes `history` to `out` in `format`.
///
/// Reading it again gives the same history, but for what the format has no room for. JSON and CSV
/// have no keywords for the names of processes, so that those come back as strings. CSV has its
/// metadata first. [`Format::Log`] is Jepsen's `history.txt`: it has no times, no metadata and no
/// extra field but `error`; keys are written as tuples `[key value]`, and whole operations as two
/// events. Times in fractional seconds are written in nanoseconds.
///
/// ```
/// use histcheck::{History, formats};
/// let mut history = History::builder();
/// history.invoke(0, "write", 1)?;
/// history.ok(0, "write", 1)?;
/// let mut out = Vec::new();
/// formats::write(&history.build()?, formats::Format::Edn, &mut out)?;
/// assert!(out.starts_with(b"{:process 0, :type :invoke, :f :write, :value 1}\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If `out` fails, or the format has room for transactions on registers alone, and there are none.
pub fn write(
    history: &History,
    format: Format,
    mut out: &mut (impl io::Write + ?Sized),
) -> io::Result<()> {
    (format.row().write)(history, &mut out)
}
