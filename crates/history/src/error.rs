//! What can go wrong with an input, as documented codes: every error names its place in the file,
//! says in plain words what is wrong there, and gives a hint where there is one.

use std::fmt;

use crate::Record;

/// A place in an input, from 1; the zero of a field means that it is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// Byte offset from the start of the (decompressed) input.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

macro_rules! codes {
    ($($variant:ident = $code:literal, $title:literal, $story:literal;)*) => {
        /// The kinds of error in an input; each has a stable code such as `H0007`.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// The code as printed: `H0007`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $code,)* }
            }

            /// What the code means, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$variant => $title,)* }
            }

            /// What the code means, why it is an error, and what to do about it.
            pub fn explanation(self) -> &'static str {
                match self { $(Code::$variant => $story,)* }
            }
        }
    };
}

codes! {
    Unreadable = "H0001", "the input cannot be read",
        "The file does not exist, is not readable, or reading it failed midway. Nothing was \
         checked.";
    Empty = "H0002", "the input holds no operation",
        "The input is empty, or holds only blank lines, comments, metadata or records of the test \
         itself (a nemesis). There is nothing to check, and an empty history is almost always a \
         recorder that was not running, so it is not called valid.";
    NotUtf8 = "H0003", "the input is not UTF-8 text",
        "Histories are text in UTF-8. The byte at the place named does not belong to any \
         character. Convert the file, or look for binary data in a recorded value.";
    UnknownFormat = "H0004", "the format cannot be told",
        "The first characters match none of the formats that histcheck reads. Name the format \
         with --input-format.";
    Syntax = "H0005", "the text is not well-formed",
        "The text breaks the grammar of its format (JSON, EDN, CSV) at the place named: a missing \
         bracket, a stray character, an unfinished string.";
    Truncated = "H0006", "the input ends in the middle of a record",
        "The last record is incomplete: the recorder was stopped while it wrote, or the file was \
         cut. Nothing is guessed; remove the last line or record again.";
    MissingField = "H0007", "a record lacks a field",
        "Every record of an event needs `process`, `type` and `f`; a record of a whole operation \
         needs `f` and a time of its call.";
    BadField = "H0008", "a field has the wrong kind of value",
        "A field that histcheck interprets (`process`, `type`, `f`, `time`, `index`, …) holds \
         something that it cannot mean.";
    UnknownType = "H0009", "an event's type is unknown",
        "The type of an event is one of invoke, ok, fail and info. Other words have no meaning in \
         a history, and guessing one could change the verdict.";
    NotANumber = "H0010", "NaN and infinities are no values",
        "NaN and the infinities are not JSON, and NaN does not equal itself, so that no read of \
         it could be compared with a write. Record such values as strings.";
    DoubleInvoke = "H0011", "a process invokes while its operation is open",
        "A process does one thing at a time: its next invocation comes after the completion of \
         the one before. Two open operations of one process mean that two threads were recorded \
         under one number, or that a completion is missing. If the operation's outcome is not \
         known, record an `info` completion. If a client does have several operations open at \
         once, --split-clients makes several processes of it; a completion is then paired with \
         the invocation that has the same id (`op_id`), or that is the only one it can complete. \
         Where several could be the one, that is this error, too.";
    NoInvocation = "H0012", "a completion without an invocation",
        "A completion (ok, fail, info) needs an open invocation of the same process before it. The \
         start of the history was cut, or the process number is wrong.";
    Mismatch = "H0013", "a completion does not fit its invocation",
        "The completion names another `f` or another key than the invocation that it completes.";
    BadTime = "H0014", "a time that cannot be",
        "Times are whole numbers within 64 bits (nanoseconds are usual), or fractional seconds; a \
         return must not come before its call; an order by time needs a time on every event.";
    TooDeep = "H0015", "a value is nested too deep",
        "Values may be nested 128 levels deep.";
    TooMany = "H0016", "the history has too many records",
        "A history may have up to 4,294,967,294 records.";
    DuplicateField = "H0017", "a field is given twice",
        "A record gives the same field twice; which of them counts is not for us to say.";
    Compression = "H0018", "the compressed input is damaged",
        "The input starts like gzip or zstd, but cannot be decompressed: it was cut or altered.";
    UnknownOperation = "H0019", "an operation that the model does not know",
        "The model has no operation of this name (`f`). Choose another with --model; `histcheck \
         models` lists them with their operations.";
    BadOperation = "H0020", "an operation's value does not fit the model",
        "The operation's input or output does not have the shape that the model needs, for \
         instance a cas without a pair of values.";
    NoModel = "H0021", "no model fits the operations",
        "The names of the operations (`f`) fit none of the models, or more than one. Name the \
         model with --model; `histcheck models` lists them.";
    MixedKeys = "H0022", "only some operations have a key",
        "Either every operation of a history has a key, or none has. Records without a key would \
         have to be guessed into a partition.";
    BadInitial = "H0023", "the initial value does not fit the model",
        "The value of --init is not JSON, or not a state that the model can start from.";
    TooLarge = "H0024", "the input is larger than the memory it may take",
        "The text of an input is kept in memory while it is read, unless its operations have keys. \
         This one, once it is decompressed, is larger than what --max-memory allows, or a single \
         record is. Raise --max-memory, or check the history in parts; nothing of it was checked.";
    TimeUp = "H0025", "the time was up before the input was read",
        "The limit of --timeout covers reading, too. Nothing was decided; raise the limit.";
    UnreadField = "H0028", "a field that was not read may hold what is missing",
        "No operation takes or returns anything, or none returns at all, where it should; and a \
         field of no known name is there just where that would be. A verdict over values that \
         were not read would be wrong. Call the field what it stands for: `input`, `output` or \
         `return` of a whole operation, `value` of an event; or leave it out. The same error \
         refuses an operation that counts as ok while another field of its record reports a \
         failure: an error, an HTTP status of 503, `success` that is false.";
    Cancelled = "H0026", "it was cancelled before the input was read",
        "Somebody asked to stop, by Ctrl-C for instance, before the input was read. Nothing was \
         decided.";
    BadMapping = "H0029", "the mapping does not fit",
        "A rule of --map, or of a file of rules, is none, or names a field that no record has. A \
         rule is NAME=.PATH, which says where something stands in a record, or NAME:WORD=MEANING, \
         which says what a word means there. `histcheck init FILE` shows the fields of a file and \
         proposes rules.";
    Damaged = "H0027", "the binary input is damaged",
        "The input starts like the file of a Jepsen run (`test.jepsen`), of dbcop or a log of \
         Cobra, but a checksum is wrong, or something is not where it belongs: it was cut or \
         altered. Nothing is guessed; copy it again, or read `history.edn` of the same Jepsen run.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Code {
    /// The code written as `text` (`H0007`, in either case).
    pub fn parse(text: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(text))
    }
}

/// An input that cannot be checked, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    /// The kind of error.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where in the input, when it is known.
    pub place: Option<Place>,
    /// The record concerned, when it is known.
    pub record: Option<Record>,
}

impl Error {
    /// An error of kind `code` that says `message`.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error { code, message: message.into(), hint: None, place: None, record: None }
    }

    /// The same error with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error, at `place` unless a place is known already.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }

    /// The same error, about a record of the input.
    #[must_use]
    pub fn record(mut self, record: Record) -> Self {
        self.record = Some(record);
        self
    }

    /// Returns which limit ended the reading, if one did: then nothing is wrong with the input.
    pub fn stop_reason(&self) -> Option<StopReason> {
        match self.code {
            Code::TooLarge => Some(StopReason::Memory),
            Code::TimeUp => Some(StopReason::Timeout),
            Code::Cancelled => Some(StopReason::Cancelled),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        match (self.place, self.record) {
            (Some(place), _) => write!(f, " (line {}, column {})", place.line, place.column),
            (None, Some(record)) => write!(f, " (record {record}, from 0)"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// Why a check ended without a verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum StopReason {
    /// The time was up.
    Timeout,
    /// The memory was used up.
    Memory,
    /// The configurations were used up.
    Configurations,
    /// Followed operation by operation, too much could still take effect to know of it all.
    Bounds,
    /// The caller asked to stop.
    Cancelled,
}

impl StopReason {
    /// One word for programs: `timeout`, `memory`, `configurations`, `bounds`, `cancelled`.
    pub fn name(self) -> &'static str {
        match self {
            StopReason::Timeout => "timeout",
            StopReason::Memory => "memory",
            StopReason::Configurations => "configurations",
            StopReason::Bounds => "bounds",
            StopReason::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StopReason::Timeout => "the time was up (--timeout)",
            StopReason::Memory => "the memory was used up (--max-memory)",
            StopReason::Configurations => "the configurations were used up (--max-configs)",
            StopReason::Bounds => "too much could still take effect to follow it all",
            StopReason::Cancelled => "it was cancelled",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_limits_are_reasons_to_stop() {
        let stops: Vec<(Code, StopReason)> = Code::ALL
            .iter()
            .filter_map(|&code| Some((code, Error::new(code, "").stop_reason()?)))
            .collect();
        let expected = [
            (Code::TooLarge, StopReason::Memory),
            (Code::TimeUp, StopReason::Timeout),
            (Code::Cancelled, StopReason::Cancelled),
        ];
        assert_eq!(stops, expected);
    }

    #[test]
    fn every_reason_has_a_name_and_says_what_was_used_up() {
        let all = [
            (StopReason::Timeout, "timeout", "--timeout"),
            (StopReason::Memory, "memory", "--max-memory"),
            (StopReason::Configurations, "configurations", "--max-configs"),
            (StopReason::Bounds, "bounds", "too much"),
            (StopReason::Cancelled, "cancelled", "cancelled"),
        ];
        for (reason, name, said) in all {
            assert_eq!(reason.name(), name);
            assert!(reason.to_string().contains(said), "{reason}");
        }
    }
}
