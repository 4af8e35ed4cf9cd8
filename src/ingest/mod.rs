//! Ingest: bytes in, a history out.
//!
//! One file per format behind one seam: a reader walks the text, tells the `Sink` where each
//! record starts, and hands it events or whole operations with their values interned. What
//! orders, pairs and validates them is the history's business; what they mean is the model's.
//!
//! Readers know offsets only. [`Input`] keeps the text, and turns offsets and record numbers into
//! lines and columns once an error needs them.

mod cell;
mod counted;
mod csv;
mod decompress;
mod edn;
mod fields;
mod input;
mod json;
mod json_value;
mod lines;
mod log;
mod roles;
mod sink;
mod sniff;
pub(crate) mod stream;
mod time;

use std::path::Path;

use crate::error::Error;
use crate::history::{History, Settings, Value, ValueTable};

pub use decompress::Limits;
pub(crate) use edn::is_keyword_name;
#[cfg(test)]
pub(crate) use edn::parse_value as parse_edn;
pub use input::Input;
pub(crate) use roles::{Role, role};
pub(crate) use sink::Sink;
pub use sniff::sniff;

/// The formats that a history can be written in; `docs/FORMATS.md` defines them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Format {
    /// JSON objects one after the other, usually one a line.
    JsonLines,
    /// One JSON array of objects.
    JsonArray,
    /// EDN, as Jepsen writes it.
    Edn,
    /// The lines that Jepsen logs while a test runs, or its `history.txt`.
    Log,
    /// Comma-separated values under a header.
    Csv,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 5] =
        [Format::JsonLines, Format::JsonArray, Format::Edn, Format::Log, Format::Csv];

    /// The word for it on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::JsonLines => "jsonl",
            Format::JsonArray => "json",
            Format::Edn => "edn",
            Format::Log => "log",
            Format::Csv => "csv",
        }
    }

    /// The format called `name`, if there is one.
    ///
    /// ```
    /// use histcheck::ingest::Format;
    /// assert_eq!(Format::parse("jsonl"), Some(Format::JsonLines));
    /// assert_eq!(Format::parse("auto"), None);
    /// ```
    pub fn parse(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// Reads a history from the bytes of a file: decompresses them if they are gzip or zstd, and finds
/// out the format unless it is given.
///
/// Whoever wants to show the line of an error, or to locate a record later, uses [`Input`].
///
/// # Errors
/// If the bytes hold no history; every error about a part of the text names its line and column.
///
/// ```
/// use histcheck::{history::Settings, ingest};
/// let csv = b"process,type,f,value\n0,invoke,write,1\n0,ok,write,1\n";
/// let history = ingest::read_bytes(csv.to_vec(), None, Settings::default())?;
/// assert_eq!(history.operations().len(), 1);
/// # Ok::<(), histcheck::Error>(())
/// ```
pub fn read_bytes(
    bytes: Vec<u8>,
    format: Option<Format>,
    settings: Settings,
) -> Result<History, Error> {
    Input::from_bytes(bytes, format)?.history(settings)
}

/// The value that JSON text stands for, in `values`; for values that do not come from a history,
/// such as an initial state.
///
/// # Errors
/// If `text` is no JSON value. Its place is counted from the start of `text`.
pub fn json_value(text: &str, values: &mut ValueTable) -> Result<Value, Error> {
    json::value(text, values).map_err(|error| input::located(text, error))
}

/// Reads a history from a file in any of the formats, with the usual settings.
///
/// # Errors
/// If the file cannot be read, or holds no history.
pub fn read_file(path: impl AsRef<Path>) -> Result<History, Error> {
    Input::from_path(path, None)?.history(Settings::default())
}

/// Reads a history from text in any of the formats, with the usual settings.
///
/// # Errors
/// If the text holds no history; every error about a part of it names its line and column.
///
/// ```
/// let history = histcheck::read_text(
///     r#"
///     {"process": 0, "type": "invoke", "f": "write", "value": 1}
///     {"process": 0, "type": "ok", "f": "write", "value": 1}
///     "#,
/// )?;
/// assert_eq!(history.operations().len(), 1);
/// # Ok::<(), histcheck::Error>(())
/// ```
pub fn read_text(text: &str) -> Result<History, Error> {
    let format = input::format_of(text, None)?;
    input::read_text(text, format, Settings::default(), input::Pace::default())
}

/// Reads `text`, which is in `format`, into `sink`; on `threads` threads where that helps.
fn read(format: Format, text: &str, threads: usize, sink: &mut Sink<'_>) -> Result<(), Error> {
    match format {
        Format::JsonLines => lines::read(text, threads, sink),
        Format::JsonArray => lines::read_array(text, threads, sink),
        Format::Csv => csv::read(text, sink),
        Format::Edn => edn::read(text, sink),
        Format::Log => log::read(text, sink),
    }
}
