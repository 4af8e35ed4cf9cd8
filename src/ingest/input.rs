//! The text of one input, kept for as long as something may have to be shown in it: errors know
//! an offset or the number of a record, and here these become lines and columns.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use memchr::memchr_iter;

use super::counted::Counted;
use super::decompress::{self, Ended, Limits};
use super::{Format, Sink, read, sniff};
use crate::error::{Code, Error, Place};
use crate::history::{History, HistoryBuilder, Record, Settings};
use crate::progress::{Phase, Progress};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The decompressed text of one input, and its format.
///
/// ```
/// use histcheck::{history::Settings, ingest::Input};
/// let text = "{\"process\": 0, \"type\": \"invoke\", \"f\": \"read\"}\n{\"process\": 0}\n";
/// let input = Input::from_bytes(text.into(), None)?;
/// let error = input.history(Settings::default()).unwrap_err();
/// let place = error.place.unwrap();
/// assert_eq!(place.line, 2);
/// assert_eq!(input.line(place), "{\"process\": 0}");
/// # Ok::<(), histcheck::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Input {
    text: String,
    format: Format,
    threads: usize,
    progress: Option<Arc<Progress>>,
}

impl Input {
    /// The input that consists of `bytes`: decompressed if they are gzip or zstd, and in the
    /// format that the text looks like unless one is given.
    ///
    /// # Errors
    /// If the bytes cannot be decompressed, are not UTF-8, are empty, or look like no format.
    pub fn from_bytes(bytes: Vec<u8>, format: Option<Format>) -> Result<Input, Error> {
        Input::from_bytes_within(bytes, format, usize::MAX)
    }

    /// The same, if its text is not larger than `limits` allow, which may be a number of bytes.
    ///
    /// ```
    /// use histcheck::{Code, ingest::Input};
    /// let error = Input::from_bytes_within(b"process,type,f\n".to_vec(), None, 10).unwrap_err();
    /// assert_eq!(error.code, Code::TooLarge);
    /// ```
    ///
    /// # Errors
    /// If the text is larger or the time is up, or as [`Input::from_bytes`].
    pub fn from_bytes_within(
        bytes: Vec<u8>,
        format: Option<Format>,
        limits: impl Into<Limits>,
    ) -> Result<Input, Error> {
        let limits = limits.into();
        let text = decode(decompress::decompress(bytes, &limits)?)?;
        let format = format_of(&text, format)?;
        Ok(Input { text, format, threads: 0, progress: limits.progress })
    }

    /// The input that `reader` yields.
    ///
    /// # Errors
    /// If reading fails, or as [`Input::from_bytes`].
    pub fn from_reader(reader: impl Read, format: Option<Format>) -> Result<Input, Error> {
        Input::from_reader_within(reader, format, usize::MAX)
    }

    /// The same, if neither its bytes nor its text are more than `limits` allow.
    ///
    /// # Errors
    /// If there are more or the time is up, or as [`Input::from_reader`].
    pub fn from_reader_within(
        reader: impl Read,
        format: Option<Format>,
        limits: impl Into<Limits>,
    ) -> Result<Input, Error> {
        Input::read(reader, Vec::new(), 0, format, limits.into())
    }

    /// The input in the file at `path`.
    ///
    /// # Errors
    /// If the file cannot be read, or as [`Input::from_bytes`].
    pub fn from_path(path: impl AsRef<Path>, format: Option<Format>) -> Result<Input, Error> {
        Input::from_path_within(path, format, usize::MAX)
    }

    /// The same, if neither the file nor its text is larger than `limits` allow.
    ///
    /// # Errors
    /// If it is or the time is up, or as [`Input::from_path`].
    pub fn from_path_within(
        path: impl AsRef<Path>,
        format: Option<Format>,
        limits: impl Into<Limits>,
    ) -> Result<Input, Error> {
        let limits = limits.into();
        let file = File::open(path).map_err(|error| unreadable("cannot read it", &error))?;
        // A file that is no regular one does not know its size.
        let len = file.metadata().map_or(0, |metadata| metadata.len());
        if len > limits.max_bytes as u64 {
            return Err(decompress::too_large(limits.max_bytes));
        }
        let room = usize::try_from(len).unwrap_or(0).saturating_add(1);
        let mut bytes = Vec::new();
        // Where there is no room for it, reading will say so.
        let _ = bytes.try_reserve_exact(room);
        Input::read(file, bytes, len, format, limits)
    }

    /// An input of this text, to show it.
    pub(super) fn of_text(text: String, format: Format) -> Input {
        Input { text, format, threads: 0, progress: None }
    }

    /// Reads `len` bytes, if that is known and not 0, to those in `bytes`.
    fn read(
        reader: impl Read,
        mut bytes: Vec<u8>,
        len: u64,
        format: Option<Format>,
        limits: Limits,
    ) -> Result<Input, Error> {
        limits.enter(Phase::Loading, len);
        let read = match limits.progress.as_deref() {
            // Files fill room that was not cleared before; counted ones do not.
            None => decompress::read_within(reader, &limits, &mut bytes),
            progress => {
                let counted = Counted::new(reader, progress);
                decompress::read_within(counted, &limits, &mut bytes)
            }
        };
        read.map_err(|ended| match ended {
            Ended::Failed(error) => unreadable("reading failed", &error),
            Ended::TimeUp => decompress::time_up(),
            Ended::Cancelled => decompress::cancelled(),
        })?;
        if bytes.len() > limits.max_bytes {
            return Err(decompress::too_large(limits.max_bytes));
        }
        Input::from_bytes_within(bytes, format, limits)
    }

    /// The same input, to be read by `threads` threads, where the format permits that (0, which is
    /// usual: one a processor). The history does not depend on it.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Input {
        self.threads = threads;
        self
    }

    /// The whole text, decompressed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The format that the text is in.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Reads the history.
    ///
    /// # Errors
    /// If the text is no history. An error about a part of the text names its line and column.
    pub fn history(&self, settings: Settings) -> Result<History, Error> {
        self.history_until(settings, None)
    }

    /// The same, but gives up at `deadline`, if there is one.
    ///
    /// # Errors
    /// [`Code::TimeUp`] then, or as [`Input::history`].
    pub fn history_until(
        &self,
        settings: Settings,
        deadline: Option<Instant>,
    ) -> Result<History, Error> {
        read_text(&self.text, self.format, settings, self.pace(deadline))
    }

    /// Where record `record` (from 0) starts, found by a second reading.
    pub fn locate(&self, record: usize) -> Option<Place> {
        self.places(&[record], None).pop()
    }

    /// Where each of `records` (ascending) starts, found by one second reading.
    ///
    /// ```
    /// use histcheck::ingest::Input;
    /// let text = "process,type,f\n0,invoke,read\n\n0,ok,read\n";
    /// let input = Input::from_bytes(text.into(), None)?;
    /// let lines: Vec<usize> =
    ///     input.locate_all(&[0, 1]).iter().map(|(_, place)| place.line).collect();
    /// assert_eq!(lines, [2, 4]);
    /// # Ok::<(), histcheck::Error>(())
    /// ```
    pub fn locate_all(&self, records: &[Record]) -> Vec<(Record, Place)> {
        self.locate_until(records, None)
    }

    /// The same, as far as it gets before `deadline`, if there is one.
    pub fn locate_until(
        &self,
        records: &[Record],
        deadline: Option<Instant>,
    ) -> Vec<(Record, Place)> {
        let wanted: Vec<usize> = records.iter().map(|&record| record as usize).collect();
        let places = self.places(&wanted, deadline);
        records.iter().copied().zip(places).collect()
    }

    fn places(&self, wanted: &[usize], deadline: Option<Instant>) -> Vec<Place> {
        locate(&self.text, self.format, wanted, self.pace(deadline))
    }

    fn pace(&self, deadline: Option<Instant>) -> Pace<'_> {
        Pace { threads: self.threads, deadline, progress: self.progress.as_deref() }
    }

    /// The same error with the line and column of its place, if it has a place or a record.
    #[must_use]
    pub fn located(&self, mut error: Error) -> Error {
        if error.place.is_none() {
            error.place = error.record.and_then(|record| self.locate(record));
        }
        error
    }

    /// The text of the line that `place` is in, without its line break.
    pub fn line(&self, place: Place) -> &str {
        let at = self.text.floor_char_boundary(place.offset);
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = match self.text[at..].find('\n') {
            Some(newline) => {
                let line = &self.text[start..at + newline];
                line.strip_suffix('\r').unwrap_or(line)
            }
            None => &self.text[start..],
        };
        body(line)
    }
}

fn unreadable(what: &str, error: &std::io::Error) -> Error {
    Error::new(Code::Unreadable, format!("{what}: {error}"))
        .hint("is the path right, and may it be read?")
}

/// The error about a reader that fails.
pub(super) fn reading_failed(error: &std::io::Error) -> Error {
    unreadable("reading failed", error)
}

/// The bytes as text.
fn decode(bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let before = String::from_utf8_lossy(&bytes[..valid]);
        let byte = bytes.get(valid).copied().unwrap_or_default();
        not_utf8(bytes, byte).at(place_of(&before, valid))
    })
}

/// The error about a `byte` of an input that starts with `start`.
pub(super) fn not_utf8(start: &[u8], byte: u8) -> Error {
    let hint = match start {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "this looks like UTF-16: convert it to UTF-8",
        _ => "convert the file to UTF-8, or look for binary data in a recorded value",
    };
    Error::new(Code::NotUtf8, format!("the byte 0x{byte:02x} belongs to no UTF-8 character"))
        .hint(hint)
}

/// The format to read `text` in: the one given, or the one that it looks like.
pub(super) fn format_of(text: &str, format: Option<Format>) -> Result<Format, Error> {
    let body = body(text);
    if body.trim().is_empty() {
        return Err(is_empty());
    }
    format.or_else(|| sniff(body)).ok_or_else(|| located(text, unknown_format(body)))
}

/// The error about an input of nothing but white space.
pub(super) fn is_empty() -> Error {
    Error::new(Code::Empty, "the input is empty")
        .hint("was the recorder running, and is this the right file?")
}

/// The error about a text that is in no format, with an offset in it.
pub(super) fn unknown_format(body: &str) -> Error {
    let start = body.len() - body.trim_start().len();
    Error::new(Code::UnknownFormat, "the text looks like none of the formats")
        .hint("name the format with --input-format: jsonl, json, edn, log or csv")
        .at(Place { offset: start, ..Place::default() })
}

/// How a text is read: by how many threads (0: one a processor), and until when; and who is told
/// how far that is.
#[derive(Clone, Copy, Default)]
pub(super) struct Pace<'p> {
    threads: usize,
    deadline: Option<Instant>,
    progress: Option<&'p Progress>,
}

impl Pace<'_> {
    /// Says that now comes `phase`, with so many bytes to do (0 if that is not known).
    fn enter(&self, phase: Phase, bytes: usize) {
        if let Some(progress) = self.progress {
            progress.enter(phase, bytes as u64);
        }
    }
}

/// Reads `text`, which is in `format`; errors are located.
pub(super) fn read_text(
    text: &str,
    format: Format,
    settings: Settings,
    pace: Pace<'_>,
) -> Result<History, Error> {
    let mut builder = HistoryBuilder::default();
    let body = body(text);
    pace.enter(Phase::Parsing, body.len());
    let mut sink =
        Sink::new(&mut builder).of_size(body.len()).until(pace.deadline).told_to(pace.progress);
    let read = read(format, body, pace.threads, &mut sink);
    pace.enter(Phase::Ordering, 0);
    let history = read.and_then(|()| builder.finish(settings)).map_err(|mut error| {
        if error.place.is_none() {
            let record = error.record;
            let anytime = Pace { deadline: None, ..pace };
            error.place = record.and_then(|record| locate(text, format, &[record], anytime).pop());
            return error;
        }
        located(text, error)
    });
    pace.enter(Phase::Idle, 0);
    history
}

/// The error with the line and column that its offset in the body of `text` has.
pub(super) fn located(text: &str, mut error: Error) -> Error {
    if let Some(place) = &mut error.place
        && place.line == 0
    {
        *place = place_of(text, place.offset + text.len() - body(text).len());
    }
    error
}

/// The text behind its byte order mark, if it has one.
fn body(text: &str) -> &str {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// The places of the records `wanted` (ascending), as far as the text has them.
fn locate(text: &str, format: Format, wanted: &[usize], pace: Pace<'_>) -> Vec<Place> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut builder = HistoryBuilder::default();
    pace.enter(Phase::Placing, text.len());
    let mut sink = Sink::seeking(&mut builder, wanted).until(pace.deadline).told_to(pace.progress);
    // The reading may well end in the error that is to be located; only how far it came counts.
    let _ = read(format, body(text), pace.threads, &mut sink);
    let skipped = text.len() - body(text).len();
    let mut places: Vec<Place> = Vec::new();
    for &offset in sink.found() {
        // Lines are counted on from the place before.
        let from = places.last().copied().unwrap_or(Place { offset: 0, line: 1, column: 1 });
        places.push(place_after(text, from, offset + skipped));
    }
    pace.enter(Phase::Idle, 0);
    places
}

/// The line and column of byte `offset` of `text`.
fn place_of(text: &str, offset: usize) -> Place {
    place_after(text, Place { offset: 0, line: 1, column: 1 }, offset)
}

/// The same, for an offset that is not before the place `from`.
fn place_after(text: &str, from: Place, offset: usize) -> Place {
    let offset = text.floor_char_boundary(offset);
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let between = &text.as_bytes()[from.offset.min(offset)..offset];
    Place {
        offset,
        line: from.line + memchr_iter(b'\n', between).count(),
        column: body(&before[line_start..]).chars().count() + 1,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const TWO: &str = "{\"process\":0,\"type\":\"invoke\",\"f\":\"w\"}\r\n\
                       {\"process\":0,\"type\":\"ok\",\"f\":\"w\"}";

    #[test]
    fn only_the_line_break_is_no_part_of_a_line() {
        let text = "process,type,f\r\r\n0,invoke,read\r";
        let input = Input::from_bytes(text.into(), Some(Format::Csv)).unwrap();
        let line_at = |offset| input.line(place_of(text, offset));
        assert_eq!(line_at(3), "process,type,f\r");
        assert_eq!(line_at(text.len()), "0,invoke,read\r");
    }

    #[test]
    fn places_count_characters_from_one() {
        let place = |offset| {
            let Place { line, column, .. } = place_of("\u{feff}aé\nö€x", offset);
            (line, column)
        };
        assert_eq!(place(0), (1, 1));
        assert_eq!(place(3), (1, 1), "the byte order mark is no character");
        assert_eq!(place(4), (1, 2));
        assert_eq!(place(7), (2, 1));
        assert_eq!(place(12), (2, 3));
        assert_eq!(place(10), (2, 2), "in the middle of a character");
        assert_eq!(place(999), (2, 4), "beyond the end");
    }

    #[test]
    fn records_are_located_by_a_second_reading() {
        let input = Input::from_bytes(format!("\u{feff}{TWO}").into(), None).unwrap();
        let place = input.locate(1).unwrap();
        assert_eq!((place.line, place.column), (2, 1));
        assert_eq!(&input.text()[place.offset..], TWO.lines().nth(1).unwrap());
        assert_eq!(input.line(place), TWO.lines().nth(1).unwrap());
        assert_eq!(input.line(input.locate(0).unwrap()), TWO.lines().next().unwrap());
        assert_eq!(input.locate(2), None);
    }

    #[test]
    fn later_errors_get_the_place_of_their_record() {
        let input = Input::from_bytes(TWO.into(), None).unwrap();
        let error = Error::new(Code::BadOperation, "no pair").record(1);
        assert_eq!(input.located(error).place.map(|place| place.line), Some(2));
    }

    #[test]
    fn errors_of_the_whole_history_are_located() {
        let text = TWO.to_owned() + "\n{\"process\":0,\"type\":\"invoke\",\"f\":\"w\",\"key\":1}";
        let error = crate::read_text(&text).unwrap_err();
        assert_eq!(error.code, Code::MixedKeys);
        assert_eq!(error.place.map(|place| place.line), Some(1));
    }
}
