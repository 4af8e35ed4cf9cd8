//! The text of one input, kept for as long as something may have to be shown in it: errors know
//! an offset or the number of a record, and here these become lines and columns.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::jepsen::{self, is_jepsen};
use super::mapping::Mapping;
use super::reading::{Text, Whole, history_of, locate};
use super::sessions::{self, SessionLogs};
use super::sink::Sink;
use super::sniff::{sniff, unknown_format};
use super::source::{All, is_compressed, read_all, unreadable};
use super::stored::{PIECE, Stored, in_pieces};
use super::survey::Survey;
use super::text::{body, decode, is_empty, start};
use super::{Format, json};
use crate::budget::{Budget, Meter};
use crate::error::{Code, Error, Place};
use crate::history::{History, HistoryBuilder, Record, Settings, Value, ValueTable};
use crate::progress::{Phase, Progress};

/// A text that is longer, in bytes, is not held if it can be read again, in pieces.
pub(super) const LONG: usize = 2 * PIECE;

/// How an input is read.
///
/// ```
/// use histcheck::Budget;
/// use histcheck::formats::{Format, Input, ReadOptions};
/// let budget = Budget::memory(1 << 30);
/// let options = ReadOptions { format: Some(Format::Csv), budget, ..ReadOptions::default() };
/// let input = Input::from_bytes(b"process,type,f\n0,invoke,read\n".to_vec(), options)?;
/// assert_eq!(input.format(), Format::Csv);
/// # Ok::<(), histcheck::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The format; `None` detects it.
    pub format: Option<Format>,
    /// What reading may use. Its time also holds for [`Input::history`] and
    /// [`Input::locate_all`]; it runs from the opening, unless it runs already.
    pub budget: Budget,
    /// Counts the bytes that were read, and carries the request to stop.
    pub progress: Option<Arc<Progress>>,
    /// How many threads read where the format permits that; 0 for one per CPU. The history does not
    /// depend on it.
    pub threads: usize,
    /// What the fields of the records are, where their names do not tell.
    pub mapping: Option<Arc<Mapping>>,
    /// Makes an empty file that nobody else uses, for a long text that comes only once or is
    /// compressed. Such texts are held in memory without it, and where the file has no room.
    pub scratch: Option<fn() -> io::Result<File>>,
}

impl From<Option<Format>> for ReadOptions {
    fn from(format: Option<Format>) -> ReadOptions {
        ReadOptions { format, ..ReadOptions::default() }
    }
}

impl From<Budget> for ReadOptions {
    fn from(budget: Budget) -> ReadOptions {
        ReadOptions { budget, ..ReadOptions::default() }
    }
}

impl ReadOptions {
    /// Measures the reading. The time runs since now, unless it runs already.
    pub(super) fn start(&mut self) -> Meter {
        self.budget = self.budget.started();
        self.meter()
    }

    fn meter(&self) -> Meter {
        Meter::start(&self.budget, 0).told_to(self.progress.clone())
    }
}

/// The decompressed text of one input, and its format.
///
/// A long text is not held in memory where its file can be read again; whoever changes the file in
/// the meantime gets no places of records.
///
/// ```
/// use histcheck::formats::{Input, ReadOptions};
/// use histcheck::history::Settings;
/// let text = "{\"process\": 0, \"type\": \"invoke\", \"f\": \"read\"}\n{\"process\": 0}\n";
/// let input = Input::from_bytes(text.into(), ReadOptions::default())?;
/// let error = input.history(Settings::default()).unwrap_err();
/// let place = error.place.unwrap();
/// assert_eq!(place.line, 2);
/// assert_eq!(input.line(place), "{\"process\": 0}");
/// # Ok::<(), histcheck::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Input {
    text: Held,
    format: Format,
    options: ReadOptions,
    /// What it is called among others of the same run.
    name: String,
    /// The other inputs of the same run, which come after it.
    others: Vec<Input>,
}

/// The text of an input.
#[derive(Clone, Debug)]
enum Held {
    Whole(String),
    Stored(Arc<Stored>),
}

impl Held {
    fn text(&self) -> Text<'_> {
        match self {
            Held::Whole(text) => Text::Held(text),
            Held::Stored(stored) => Text::Stored(stored),
        }
    }
}

impl Input {
    /// Opens the file at `path` and reads its text, or the start of it if it is long: then
    /// [`Input::history`] reads the rest.
    ///
    /// # Errors
    /// If the file cannot be read, or as [`Input::from_bytes`].
    pub fn open(path: impl AsRef<Path>, options: ReadOptions) -> Result<Input, Error> {
        let file = File::open(path).map_err(|error| unreadable("cannot read it", &error));
        Input::from_file(file?, options)
    }

    /// Reads the text of `file` from where its cursor is, or the start of it if it is long: then
    /// [`Input::history`] reads the rest, and moves the cursor.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub fn from_file(mut file: File, mut options: ReadOptions) -> Result<Input, Error> {
        let meter = options.start();
        // A file that is no regular one does not know its size.
        let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file);
        let start = metadata.as_ref().and_then(|_| file.stream_position().ok()).unwrap_or(0);
        let len = metadata.map_or(0, |metadata| metadata.len()).saturating_sub(start);
        meter.check_size(len)?;
        let mut text = Vec::new();
        let room = usize::try_from(len).unwrap_or(0).saturating_add(1);
        if room > LONG {
            let failed = |error: io::Error| unreadable("reading failed", &error);
            let mut head = Vec::new();
            file.by_ref().take(PIECE as u64).read_to_end(&mut head).map_err(failed)?;
            if head.len() == PIECE
                && let Some(format) = in_pieces(&head, options.format, options.mapping.as_deref())
            {
                let stored = Stored::new(file, start, room - 1, &head);
                return Ok(Input::of(Held::Stored(Arc::new(stored)), format, options));
            }
            file.seek(io::SeekFrom::Start(start)).map_err(failed)?;
        }
        // Where there is no room for it, reading will say so.
        let _ = text.try_reserve_exact(room);
        Input::read(file, text, len, &meter, options)
    }

    /// Reads all that `reader` yields.
    ///
    /// # Errors
    /// If reading fails, or as [`Input::from_bytes`].
    pub fn from_reader(reader: impl Read, mut options: ReadOptions) -> Result<Input, Error> {
        let meter = options.start();
        Input::read(reader, Vec::new(), 0, &meter, options)
    }

    /// Returns the input that consists of `bytes`, which may be compressed with gzip or zstd.
    ///
    /// # Errors
    /// If the bytes cannot be decompressed, are more than the budget allows, are not UTF-8, are
    /// empty, or look like no format; or if the time is up.
    pub fn from_bytes(bytes: Vec<u8>, mut options: ReadOptions) -> Result<Input, Error> {
        let meter = options.start();
        let is_binary = options.format.is_some_and(sessions::is_binary)
            || sessions::binary_format(&bytes).is_some();
        if is_compressed(&bytes) || is_jepsen(&bytes) || is_binary {
            return Input::read(&bytes[..], Vec::new(), bytes.len() as u64, &meter, options);
        }
        meter.check_size(bytes.len() as u64)?;
        Input::from_text(bytes, None, options)
    }

    /// Reads `len` bytes, if that is known and not 0, into the room of `text`.
    fn read(
        reader: impl Read,
        mut text: Vec<u8>,
        len: u64,
        meter: &Meter,
        options: ReadOptions,
    ) -> Result<Input, Error> {
        meter.enter(Phase::Loading, len);
        let (format, mapping) = (options.format, options.mapping.as_deref());
        let in_pieces = |head: &[u8]| in_pieces(head, format, mapping);
        match read_all(reader, format, meter, &mut text, options.scratch, &in_pieces)? {
            All::Stored(stored, format) => {
                Ok(Input::of(Held::Stored(Arc::new(stored)), format, options))
            }
            All::Text => Input::from_text(text, None, options),
            All::Transcript(format) => Input::from_text(text, Some(format), options),
        }
    }

    /// Returns the input of this text, which is the transcript of bytes in the format `binary`, if
    /// it is one.
    fn from_text(
        text: Vec<u8>,
        binary: Option<Format>,
        options: ReadOptions,
    ) -> Result<Input, Error> {
        let mut text = decode(text)?;
        let given = jepsen::format(options.format, binary)?;
        let format = match binary {
            // It may list no transaction.
            Some(binary) if binary != Format::Jepsen => binary,
            _ => format_of(&text, given)?,
        };
        if format == Format::Viper {
            text = sessions::transcript_of_text(&text, &options.meter())?;
        }
        Ok(Input::of(Held::Whole(text), format, options))
    }

    /// Opens the logs of one history, each of which holds one session: those of the folders that
    /// Cobra and Viper write. Sessions have the numbers in the names of the logs, if each has one
    /// of its own. An error names the log that it is about.
    ///
    /// # Errors
    /// If a log cannot be read, or is not what `kind` says.
    pub fn open_logs(
        paths: &[PathBuf],
        kind: SessionLogs,
        mut options: ReadOptions,
    ) -> Result<Input, Error> {
        let meter = options.start();
        let name_of = |path: &PathBuf| path.display().to_string();
        let named = |path: &PathBuf, error: Error| {
            let message = format!("{}: {}", name_of(path), error.message);
            Error { message, ..error }
        };
        if options.format.is_some_and(|given| given != kind.format()) {
            jepsen::format(options.format, Some(kind.format()))?;
        }
        let mut size = 0;
        let mut logs = Vec::with_capacity(paths.len());
        for path in paths {
            let log = read_log(path, size, &meter).map_err(|error| named(path, error))?;
            size += log.len() as u64;
            logs.push(log);
        }
        let number = |path: &PathBuf| sessions::session_of(path.file_name()?.to_str()?);
        let numbers: Option<BTreeSet<i64>> = paths.iter().map(number).collect();
        let are_own = numbers.is_some_and(|numbers| numbers.len() == paths.len());
        let session = |at: usize| number(&paths[at]).filter(|_| are_own).unwrap_or(at as i64);
        let logs: Vec<(i64, Vec<u8>)> =
            logs.into_iter().enumerate().map(|(at, log)| (session(at), log)).collect();
        let texts = sessions::transcript_of_logs(kind, &logs, &meter)
            .map_err(|(at, error)| named(&paths[at], error))?;
        let mut inputs: Vec<(i64, String, Input)> = Vec::with_capacity(texts.len());
        for ((path, (session, _)), text) in paths.iter().zip(&logs).zip(texts) {
            let input = Input::of(Held::Whole(text), kind.format(), options.clone());
            inputs.push((*session, name_of(path), input));
        }
        inputs.sort_by_key(|&(session, ..)| session);
        let inputs = inputs.into_iter().map(|(_, name, input)| (name, input)).collect();
        Input::merged(inputs).ok_or_else(|| Error::new(Code::Empty, "there is no log"))
    }

    fn of(text: Held, format: Format, options: ReadOptions) -> Input {
        Input { text, format, options, name: String::new(), others: Vec::new() }
    }

    /// Returns an input of this text, to show it.
    pub(super) fn of_line(text: String, format: Format) -> Input {
        Input::of(Held::Whole(text), format, ReadOptions::default())
    }

    /// Returns the input of one run whose records are in several files, each with its name: those
    /// of the first, then of the second, and so on. `None` if there are none.
    ///
    /// Only their times tell in which order they happened: read it with
    /// [`Order::Time`](crate::history::Order::Time). The offset of a place is counted through all
    /// texts, its line within its [file](Input::file_of).
    ///
    /// ```
    /// use histcheck::formats::{Input, ReadOptions};
    /// use histcheck::history::{Order, Record, Settings};
    /// let client = |text: &str| Input::from_bytes(text.into(), ReadOptions::default());
    /// let [one, other] = [
    ///     client("process,type,f,value,time\n0,invoke,write,1,10\n0,ok,write,1,30\n")?,
    ///     client("process,type,f,value,time\n1,invoke,read,,20\n1,ok,read,1,40\n")?,
    /// ];
    /// let merged = Input::merged(vec![("a.csv".into(), one), ("b.csv".into(), other)]);
    /// let input = merged.ok_or("no input")?;
    /// let history = input.history(Settings { order: Order::Time, ..Settings::default() })?;
    /// assert_eq!(history.operations().len(), 2);
    /// let place = input.locate(Record::new(3)).ok_or("no place")?;
    /// assert_eq!((input.file_of(place), place.line), (Some("b.csv"), 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn merged(inputs: Vec<(String, Input)>) -> Option<Input> {
        let mut inputs = inputs.into_iter().map(|(name, input)| Input { name, ..input });
        let first = inputs.next()?;
        Some(Input { others: inputs.collect(), ..first })
    }

    /// Returns the names of the files that it consists of, each with the offset at which it starts;
    /// none unless it was [merged](Input::merged).
    pub fn files(&self) -> Vec<(usize, String)> {
        if self.others.is_empty() && self.name.is_empty() {
            return Vec::new();
        }
        self.texts().map(|(base, input)| (base, input.name.clone())).collect()
    }

    /// Returns the name of the file that `place` is in, if the input was [merged](Input::merged).
    pub fn file_of(&self, place: Place) -> Option<&str> {
        let (_, input) = self.text_at(place.offset);
        Some(&*input.name).filter(|name| !name.is_empty())
    }

    /// The inputs that it consists of, each with the offset at which its text starts.
    fn texts(&self) -> impl Iterator<Item = (usize, &Input)> {
        let mut base = 0;
        std::iter::once(self).chain(&self.others).map(move |input| {
            let start = base;
            // The end of a text is not the start of the next.
            base += input.text.text().len() + 1;
            (start, input)
        })
    }

    /// The input whose text has something at `offset`.
    fn text_at(&self, offset: usize) -> (usize, &Input) {
        self.texts().take_while(|&(base, _)| base <= offset).last().unwrap_or((0, self))
    }

    /// Returns the same input, whose records are read by the rules of `mapping`.
    #[must_use]
    pub fn with_mapping(mut self, mapping: Arc<Mapping>) -> Input {
        self.options.mapping = Some(mapping);
        self
    }

    /// Returns the whole text, decompressed. One that was not held is read once more, and held from
    /// now on; it is empty if that fails.
    pub fn text(&self) -> &str {
        match &self.text {
            Held::Whole(text) => text,
            Held::Stored(stored) => stored.whole(None).unwrap_or_default(),
        }
    }

    /// Returns the format that the text is in.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Reads the history.
    ///
    /// # Errors
    /// If the text is no history, or the time is up. An error about a part of the text names its
    /// line and column.
    pub fn history(&self, settings: Settings) -> Result<History, Error> {
        history_of(&mut self.wholes(), settings)
    }

    /// Looks at the fields of the first records, whatever they mean.
    ///
    /// ```
    /// use histcheck::formats::{Input, ReadOptions};
    /// let text = "{\"who\": 1, \"Input\": {\"Op\": \"put\"}}\n";
    /// let survey = Input::from_bytes(text.into(), ReadOptions::default())?.survey()?;
    /// assert_eq!(survey.fields[1].path, ["Input", "Op"]);
    /// # Ok::<(), histcheck::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the text is not what its format says; located.
    pub fn survey(&self) -> Result<Survey, Error> {
        let mut whole = self.whole_at(0);
        whole.hold()?;
        let (mut survey, mut builder) = (Survey::default(), HistoryBuilder::default());
        let mut sink = Sink::new(&mut builder);
        sink.survey = Some(&mut survey);
        let read = whole.read(&mut sink, Some(&whole.meter), &mut |_, _| {});
        read.map_err(|stop| stop.map_or_else(is_empty, |error| whole.located(error)))?;
        Ok(survey)
    }

    /// Returns where `record` starts, found by a second reading without a deadline.
    pub fn locate(&self, record: Record) -> Option<Place> {
        locate(&self.wholes(), &[record.index()], false).pop()
    }

    /// Returns where each of `records` (ascending) starts, as far as one second reading finds them
    /// before the deadline.
    ///
    /// ```
    /// use histcheck::formats::{Input, ReadOptions};
    /// use histcheck::history::Record;
    /// let text = "process,type,f\n0,invoke,read\n\n0,ok,read\n";
    /// let input = Input::from_bytes(text.into(), ReadOptions::default())?;
    /// let places = input.locate_all(&[Record::new(0), Record::new(1)]);
    /// let lines: Vec<usize> = places.iter().map(|(_, place)| place.line).collect();
    /// assert_eq!(lines, [2, 4]);
    /// # Ok::<(), histcheck::Error>(())
    /// ```
    pub fn locate_all(&self, records: &[Record]) -> Vec<(Record, Place)> {
        let wanted: Vec<usize> = records.iter().map(|&record| record.index()).collect();
        let places = locate(&self.wholes(), &wanted, true);
        records.iter().copied().zip(places).collect()
    }

    /// Returns the same error with the line and column of its record, if it has one and no place.
    #[must_use]
    pub fn located(&self, mut error: Error) -> Error {
        if error.place.is_none() {
            error.place = error.record.and_then(|record| self.locate(record));
        }
        error
    }

    /// Returns the text of the line that `place` is in, without its line break.
    pub fn line(&self, place: Place) -> &str {
        let (base, input) = self.text_at(place.offset);
        let text = input.text();
        let at = text.floor_char_boundary(place.offset - base);
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = match text[at..].find('\n') {
            Some(newline) => {
                let line = &text[start..at + newline];
                line.strip_suffix('\r').unwrap_or(line)
            }
            None => &text[start..],
        };
        body(line)
    }

    fn wholes(&self) -> Vec<Whole<'_>> {
        self.texts().map(|(base, input)| input.whole_at(base)).collect()
    }

    /// The text alone, which starts at the offset `base` of all of the run.
    fn whole_at(&self, base: usize) -> Whole<'_> {
        let (threads, meter) = (self.options.threads, self.options.meter());
        let mapping = self.options.mapping.as_deref();
        Whole { text: self.text.text(), base, format: self.format, threads, meter, mapping }
    }
}

/// Returns the bytes of the log at `path`, if they and the `size` of those before it fit.
fn read_log(path: &Path, size: u64, meter: &Meter) -> Result<Vec<u8>, Error> {
    meter.check_reading()?;
    let file = File::open(path).map_err(|error| unreadable("cannot read it", &error))?;
    let most = (meter.memory_limit() as u64).saturating_sub(size);
    let mut log = Vec::new();
    let read = file.take(most.saturating_add(1)).read_to_end(&mut log);
    read.map_err(|error| unreadable("reading failed", &error))?;
    meter.check_size(size + log.len() as u64)?;
    Ok(log)
}

/// Returns the format to read `text` in: the one given, or the one that it looks like.
fn format_of(text: &str, format: Option<Format>) -> Result<Format, Error> {
    let body = body(text);
    if body.trim().is_empty() {
        return Err(is_empty());
    }
    let format = format.or_else(|| sniff(body));
    format.ok_or_else(|| start(text).locate(body, unknown_format(body)))
}

/// Reads a history from the bytes of a file: decompresses them if they are gzip or zstd, and
/// detects the format unless it is given.
///
/// To show the line of an error, or to locate a record later, use [`Input`].
///
/// # Errors
/// If the bytes hold no history; every error about a part of the text names its line and column.
///
/// ```
/// use histcheck::{formats, history::Settings};
/// let csv = b"process,type,f,value\n0,invoke,write,1\n0,ok,write,1\n";
/// let history = formats::read_bytes(csv.to_vec(), None, Settings::default())?;
/// assert_eq!(history.operations().len(), 1);
/// # Ok::<(), histcheck::Error>(())
/// ```
pub fn read_bytes(
    bytes: Vec<u8>,
    format: Option<Format>,
    settings: Settings,
) -> Result<History, Error> {
    Input::from_bytes(bytes, format.into())?.history(settings)
}

/// Returns the value that JSON `text` stands for, in `values`; for values that do not come from a
/// history, such as an initial state.
///
/// # Errors
/// If `text` is no JSON value. Its place is counted from the start of `text`.
pub fn json_value(text: &str, values: &mut ValueTable) -> Result<Value, Error> {
    json::value(text, values).map_err(|error| start(text).locate(body(text), error))
}

/// Reads a history from a file in any of the formats, with the usual settings.
///
/// # Errors
/// If the file cannot be read, or holds no history.
pub fn read_file(path: impl AsRef<Path>) -> Result<History, Error> {
    Input::open(path, ReadOptions::default())?.history(Settings::default())
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
    let format = format_of(text, None)?;
    let meter = Meter::start(&Budget::default(), 0);
    let text = Text::Held(text);
    let whole = Whole { text, base: 0, format, threads: 0, meter, mapping: None };
    history_of(&mut [whole], Settings::default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::error::Code;
    use crate::formats::text::place_of;

    const TWO: &str = "{\"process\":0,\"type\":\"invoke\",\"f\":\"w\"}\r\n\
                       {\"process\":0,\"type\":\"ok\",\"f\":\"w\"}";

    #[test]
    fn only_the_line_break_is_no_part_of_a_line() {
        let text = "process,type,f\r\r\n0,invoke,read\r";
        let input = Input::from_bytes(text.into(), Some(Format::Csv).into()).unwrap();
        let line_at = |offset| input.line(place_of(text, offset));
        assert_eq!(line_at(3), "process,type,f\r");
        assert_eq!(line_at(text.len()), "0,invoke,read\r");
    }

    #[test]
    fn records_are_located_by_a_second_reading() {
        let input =
            Input::from_bytes(format!("\u{feff}{TWO}").into(), ReadOptions::default()).unwrap();
        let place = input.locate(Record::new(1)).unwrap();
        assert_eq!((place.line, place.column), (2, 1));
        assert_eq!(&input.text()[place.offset..], TWO.lines().nth(1).unwrap());
        assert_eq!(input.line(place), TWO.lines().nth(1).unwrap());
        assert_eq!(input.line(input.locate(Record::new(0)).unwrap()), TWO.lines().next().unwrap());
        assert_eq!(input.locate(Record::new(2)), None);
    }

    #[test]
    fn later_errors_get_the_place_of_their_record() {
        let input = Input::from_bytes(TWO.into(), ReadOptions::default()).unwrap();
        let error = Error::new(Code::BadOperation, "no pair").record(Record::new(1));
        assert_eq!(input.located(error).place.map(|place| place.line), Some(2));
    }

    #[test]
    fn errors_of_the_whole_history_are_located() {
        let text = TWO.to_owned() + "\n{\"process\":0,\"type\":\"invoke\",\"f\":\"w\",\"key\":1}";
        let error = read_text(&text).unwrap_err();
        assert_eq!(error.code, Code::MixedKeys);
        assert_eq!(error.place.map(|place| place.line), Some(1));
    }
}
