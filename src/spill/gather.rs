//! The first reading: every operation goes to the disk, and what is to be known of all of them is
//! gathered on the way.

use std::io::Read;

use super::code::{self, Row};
use super::scratch::Scratch;
use super::{SpillOptions, Stopped};
use crate::error::{Code, Error};
use crate::formats::Input;
use crate::formats::stream::Stream;
use crate::history::hash::{Map, Set};
use crate::history::resident_bytes;
use crate::history::{
    Annotation, Excerpt, Independent, NO_TIME, Operation, Outcome, Record, Unwrapping, Value,
    ValueTable,
};
use crate::history::{OpIndex, Window};
use crate::history::{confirms_tuples, has_tuple, mixed_keys, take_key};
use crate::model::Hints;
use crate::unread::Unread;

/// So many annotations are kept; all are counted.
const ANNOTATIONS: usize = 10_000;

/// What is known of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// The key itself, a value of the table of what was gathered.
    pub(super) value: Value,
    pub(super) operations: u32,
    /// How many bytes they have on the disk.
    pub(super) bytes: u64,
}

/// What is known of all operations.
pub(super) struct Gathered {
    pub(super) scratch: Scratch,
    /// The keys, in the order in which they appear.
    pub(super) keys: Vec<Key>,
    /// The keys' values, what the caller had in it, and what else is kept.
    pub(super) values: ValueTable,
    pub(super) functions: Vec<String>,
    pub(super) hints: Hints,
    pub(super) metadata: Option<Value>,
    pub(super) annotations: Vec<Annotation>,
    /// The latest time of an annotation.
    pub(super) last_note: Option<i64>,
    pub(super) excerpt: Excerpt,
    pub(super) records: usize,
    pub(super) reinvoked: usize,
    pub(super) passed_over: usize,
    /// Whether times are nanoseconds of what was given in seconds.
    pub(super) in_seconds: bool,
}

/// Where keys are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Keys {
    Field,
    /// In tuples, which something confirmed or not.
    Tuples {
        confirmed: bool,
    },
}

/// The first operation without a key, for an error.
struct Keyless {
    error: Error,
    excerpt: Option<Input>,
}

/// A client.
#[derive(PartialEq, Eq, Hash)]
enum Process {
    Numbered(i64),
    Named(String),
}

struct Gathering<'t> {
    gathered: Gathered,
    spill: &'t SpillOptions,
    keys: Option<Keys>,
    /// The number of each key, a value of the stream's table.
    numbers: Map<Value, u32>,
    keyless: Option<Keyless>,
    has_field: bool,
    processes: Set<Process>,
    unread: Unread,
    /// What the values of operations with keys in a field stand in: only a whole history tells.
    unwrapping: Option<Unwrapping>,
    /// The lines of invocations of operations that were open before the piece.
    lines: Map<Record, u32>,
}

/// Reads all of `stream` into `scratch`, while the process holds no more than `most` bytes.
pub(super) fn gather<R: Read>(
    mut stream: Stream<R>,
    scratch: Scratch,
    values: ValueTable,
    spill: &SpillOptions,
    most: usize,
) -> Result<Gathered, Stopped> {
    let gathered = Gathered {
        scratch,
        keys: Vec::new(),
        values,
        functions: Vec::new(),
        hints: Hints::default(),
        metadata: None,
        annotations: Vec::new(),
        last_note: None,
        excerpt: Excerpt::default(),
        records: 0,
        reinvoked: 0,
        passed_over: 0,
        in_seconds: false,
    };
    let mut gathering = Gathering {
        gathered,
        spill,
        keys: None,
        numbers: Map::default(),
        keyless: None,
        has_field: false,
        processes: Set::default(),
        unread: Unread::default(),
        unwrapping: None,
        lines: Map::default(),
    };
    loop {
        match stream.next() {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) if error.message.contains("cannot be taken as it comes") => {
                return Err(Stopped::Unfit);
            }
            Err(error) => return Err(Stopped::of(error, &stream)),
        }
        gathering.piece(&stream)?;
        gathering.unread.forget();
        let numbers = &gathering.numbers;
        #[expect(clippy::disallowed_methods, reason = "values are marked, in any order")]
        stream.forget(|marks| numbers.keys().for_each(|&key| marks.keep(key)));
        if most < usize::MAX && resident_bytes().is_some_and(|bytes| bytes > most) {
            return Err(Error::new(Code::TooLarge, "the keys alone do not fit").into());
        }
    }
    gathering.finish(&stream)
}

impl Gathering<'_> {
    /// Takes what the last piece says.
    fn piece<R: Read>(&mut self, stream: &Stream<R>) -> Result<(), Stopped> {
        let window = stream.window();
        let history = window.history;
        self.gathered.in_seconds = window.in_seconds;
        self.functions(history.functions());
        self.unread.add_notes(history);
        let mut extras = history.all_extras();
        for event in window.events() {
            let operation = &window.operations()[event.operation];
            let is_call = event.record == operation.invoked;
            let line = stream.line(event.record);
            if is_call {
                self.called(stream, event.operation)?;
            }
            let Some(split) = self.split(window, operation)? else { continue };
            let known = if is_call { split.unanswered() } else { split };
            if let Some(unwrapping) = &mut self.unwrapping
                && unwrapping.next(history, known, false).ok().is_none_or(|bare| bare != known)
            {
                return Err(Stopped::Unfit);
            }
            self.unread.add(history, &known, !is_call);
            let Some(number) = split.key.and_then(|key| self.numbers.get(&key).copied()) else {
                return Err(Stopped::Unfit);
            };
            while extras.first().is_some_and(|extra| extra.record < event.record) {
                extras = &extras[1..];
            }
            while let Some(extra) = extras.first().filter(|extra| extra.record == event.record) {
                let bytes = self.gathered.scratch.add(number, |out| {
                    code::write_extra(number, extra, history.values(), out);
                })?;
                self.gathered.keys[number as usize].bytes += bytes;
                extras = &extras[1..];
            }
            if !is_call {
                let call_line = if operation.invoked >= window.first {
                    stream.line(operation.invoked)
                } else {
                    self.lines.remove(&operation.invoked).unwrap_or(0)
                };
                let times = history.times(event.operation);
                self.row(window, &split, number, times, [call_line, line])?;
            }
        }
        for operation in window.operations() {
            if operation.completed.is_none() && operation.invoked >= window.first {
                self.lines.insert(operation.invoked, stream.line(operation.invoked));
            }
        }
        self.gathered.excerpt.tally.rest(history);
        self.notes(window);
        Ok(())
    }

    /// Keeps the names of operations.
    fn functions(&mut self, functions: &[String]) {
        let known = self.gathered.functions.len();
        self.gathered.functions.extend_from_slice(&functions[known..]);
    }

    fn notes(&mut self, window: Window<'_>) {
        let Gathered { annotations, values, last_note, .. } = &mut self.gathered;
        for note in window.history.annotations() {
            *last_note = (*last_note).max(note.time);
            if annotations.len() < ANNOTATIONS {
                let [process, value] = [note.process, note.value]
                    .map(|value| values.import(window.history.values(), value));
                annotations.push(Annotation { process, value, ..*note });
            }
        }
    }

    /// Takes note of an operation that is called: the one with this index.
    fn called<R: Read>(&mut self, stream: &Stream<R>, index: OpIndex) -> Result<(), Stopped> {
        let window = stream.window();
        let operation = &window.operations()[index];
        let is_first = self.keys.is_none();
        if is_first {
            self.gathered.excerpt.start_time = window.history.times(index)[0];
            let keys = self.kind_of(window, operation)?;
            self.keys = Some(keys);
            let may_stand_in = keys == Keys::Field && self.spill.independent == Independent::Auto;
            self.unwrapping = may_stand_in.then(|| Unwrapping::of(window.history, &[], true));
        }
        self.has_field |= operation.key.is_some();
        if operation.key.is_none() && self.keyless.is_none() {
            let error = stream.located(mixed_keys(operation.invoked));
            let (excerpt, error) = match stream.excerpt(&error) {
                Some((input, shown)) => (Some(input), shown),
                None => (None, error),
            };
            self.keyless = Some(Keyless { error, excerpt });
        }
        let time = window.history.times(index)[0];
        self.gathered.excerpt.tally.call(operation, time);
        self.processes.insert(match window.history.values().as_int(operation.process) {
            Some(number) => Process::Numbered(number),
            None => Process::Named(window.history.values().to_text(operation.process)),
        });
        let Some(split) = self.split(window, operation)? else { return Ok(()) };
        self.gathered.hints.add(window.history, &split);
        if let Some(Keys::Tuples { confirmed }) = &mut self.keys {
            *confirmed = *confirmed || confirms_tuples(window.history, operation);
        }
        let Some(key) = split.key else { return Ok(()) };
        let next = self.gathered.keys.len() as u32;
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            let value = self.gathered.values.import(window.history.values(), key);
            self.gathered.keys.push(Key { value, operations: 0, bytes: 0 });
        }
        self.gathered.keys[number as usize].operations += 1;
        Ok(())
    }

    /// Where keys are, going by the first operation.
    fn kind_of(&self, window: Window<'_>, operation: &Operation) -> Result<Keys, Stopped> {
        let may_be_tuples = self.spill.independent != Independent::No;
        match operation.key {
            Some(_) if self.spill.independent != Independent::Yes => Ok(Keys::Field),
            None if may_be_tuples && has_tuple(window.history.values(), operation) => {
                Ok(Keys::Tuples { confirmed: self.spill.independent == Independent::Yes })
            }
            _ => Err(Stopped::Unfit),
        }
    }

    /// The operation with its key; `None` if it has none among others that do.
    fn split(
        &self,
        window: Window<'_>,
        operation: &Operation,
    ) -> Result<Option<Operation>, Stopped> {
        let mut operation = *operation;
        match self.keys {
            Some(Keys::Field) => Ok(operation.key.is_some().then_some(operation)),
            _ if operation.key.is_some() => Ok(None),
            _ if !has_tuple(window.history.values(), &operation) => Err(Stopped::Unfit),
            _ => {
                take_key(window.history.values(), &mut operation);
                Ok(Some(operation))
            }
        }
    }

    fn row(
        &mut self,
        window: Window<'_>,
        operation: &Operation,
        number: u32,
        times: [Option<i64>; 2],
        lines: [u32; 2],
    ) -> Result<(), Stopped> {
        self.gathered.excerpt.tally.returned(times);
        let times = times.map(|time| time.unwrap_or(NO_TIME));
        let row = Row { operation: *operation, times, lines, in_seconds: window.in_seconds };
        let gathered = &mut self.gathered;
        gathered.hints.add(window.history, operation);
        gathered.excerpt.tally.end(window.history, operation);
        gathered.excerpt.indeterminate += usize::from(operation.outcome.is_indeterminate());
        gathered.keys[number as usize].bytes += gathered.scratch.add(number, |out| {
            code::write_row(number, &row, window.history.values(), out);
        })?;
        Ok(())
    }

    /// Takes what is open at the end.
    fn finish<R: Read>(mut self, stream: &Stream<R>) -> Result<Gathered, Stopped> {
        let window = stream.window();
        let history = window.history;
        if self.has_field
            && let Some(keyless) = self.keyless
        {
            return Err(Stopped::Failed(Box::new(keyless.error), keyless.excerpt.map(Box::new)));
        }
        if let Some(Keys::Tuples { confirmed: false }) = self.keys {
            return Err(Stopped::Unfit);
        }
        for (index, operation) in window.history.indexed() {
            debug_assert!(operation.outcome == Outcome::Open);
            let Some(split) = self.split(window, operation)? else { return Err(Stopped::Unfit) };
            let Some(&number) = split.key.and_then(|key| self.numbers.get(&key)) else {
                return Err(Stopped::Unfit);
            };
            let line = self.lines.get(&operation.invoked).copied().unwrap_or(0);
            self.row(window, &split, number, history.times(index), [line, 0])?;
        }
        self.unread.check(false)?;
        let gathered = &mut self.gathered;
        gathered.scratch.finish()?;
        gathered.metadata =
            history.metadata().map(|value| gathered.values.import(history.values(), value));
        gathered.excerpt.tally.has_key = true;
        gathered.excerpt.taken = history.taken_fields().to_vec();
        gathered.excerpt.processes = self.processes.len();
        gathered.excerpt.annotations = usize::try_from(stream.totals().1).unwrap_or(usize::MAX);
        gathered.records = history.records();
        gathered.reinvoked = history.reinvoked();
        gathered.passed_over = history.passed_over();
        Ok(self.gathered)
    }
}
