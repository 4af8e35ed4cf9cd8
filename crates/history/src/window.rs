//! A history of any length, seen piece by piece: a builder that forgets what is complete, and a
//! view of what is there between two pieces. What is kept is bounded by what is open.

use super::builder::{HistoryBuilder, IDLE, LOST};
use super::clients::no_operation;
use super::forgotten::Forgotten;
use super::sweep::Marks;
use super::times::Times;
use super::{EventType, History, NO_TIME, OpIndex, Operation, Outcome, Record, Value};
use crate::error::Error;

/// The history as far as it is there: the operations that were open before the last piece, in the
/// order of their invocations, and then those that it invoked. Handles of values stay the same from
/// window to window; indices of operations do not.
#[derive(Clone, Copy)]
pub struct Window<'a> {
    /// Its operations, times, values, names, and the extra fields and annotations of the piece.
    /// Keys are those of fields alone; whether values are tuples is not decided.
    pub history: &'a History,
    /// The first record of the piece.
    pub first: Record,
    /// Whether times are nanoseconds of what was given in seconds. If so, and not in the windows
    /// before, whole numbers in those were seconds, too.
    pub in_seconds: bool,
    /// What is at each record of the piece.
    ends: &'a [End],
}

/// One end of a client's operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WindowEvent {
    /// The operation, as an index into those of the window.
    pub operation: OpIndex,
    /// Its record.
    pub record: Record,
    /// `Invoke`, or how it completed.
    pub kind: EventType,
}

impl<'a> Window<'a> {
    /// The clients' events of the piece, in the order of their records.
    pub fn events(self) -> impl Iterator<Item = WindowEvent> + 'a {
        let Window { history, first, ends, .. } = self;
        let ends = ends.iter().enumerate().filter(|(_, end)| **end != End::NONE);
        ends.map(move |(nth, &end)| {
            let record = Record::new(first.index() + nth);
            let (operation, completes) = end.parts();
            let kind = match history[operation].outcome {
                _ if !completes => EventType::Invoke,
                Outcome::Ok => EventType::Ok,
                Outcome::Fail => EventType::Fail,
                Outcome::Info | Outcome::Open => EventType::Info,
            };
            WindowEvent { operation, record, kind }
        })
    }

    /// The operation of an event as it was known then.
    #[inline]
    pub fn operation(self, event: &WindowEvent) -> Operation {
        let operation = self.history[event.operation];
        match event.kind {
            EventType::Invoke => operation.unanswered(),
            _ => operation,
        }
    }

    /// Whether the metadata came before `record`, if any did so far.
    pub fn is_described_before(self, record: Record) -> bool {
        self.history.metadata_record.is_some_and(|at| at < record)
    }

    /// The clients' operations that are there.
    pub fn operations(self) -> &'a [Operation] {
        self.history.operations()
    }
}

/// What a record of a piece is: an end of one of its operations, or none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End(u32);

impl End {
    /// No end of an operation.
    const NONE: End = End(u32::MAX);

    fn new(operation: OpIndex, completes: bool) -> End {
        End((operation.index() as u32) << 1 | u32::from(completes))
    }

    /// The operation, and whether the record completes it.
    fn parts(self) -> (OpIndex, bool) {
        (OpIndex::new((self.0 >> 1) as usize), self.0 & 1 == 1)
    }
}

/// An operation with its times.
pub type Row = (Operation, [i64; 2]);

#[doc(hidden)]
impl History {
    /// The operation with this index and its times; `operation` stands for it.
    pub fn row(&self, index: OpIndex, operation: &Operation) -> Row {
        let mut times = self.ends_at(index);
        if operation.completed.is_none() {
            times[1] = NO_TIME;
        }
        (*operation, times)
    }

    /// A history of these rows of this one, which are in the order of their invocations, and among
    /// its first `records`.
    pub fn with_operations(&self, rows: &[Row], records: usize) -> History {
        let has_times = rows.iter().any(|(_, times)| *times != [NO_TIME; 2]);
        History {
            values: self.values.clone(),
            functions: self.functions.clone(),
            words: self.words.clone(),
            operations: rows.iter().map(|(operation, _)| *operation).collect(),
            times: has_times
                .then(|| Times::of_wide(rows.iter().map(|(_, times)| *times).collect())),
            records,
            lanes: self.lanes.clone(),
            ..History::default()
        }
    }
}

/// Values take so many bytes at least before those that nobody holds are looked for.
pub const SWEEP_FROM: usize = 4 << 20;

/// So many crashed processes are remembered at least, beside those with small numbers.
const MOST_LOST: usize = 1 << 20;

#[doc(hidden)]
impl HistoryBuilder {
    /// A builder that forgets: see [`HistoryBuilder::forget`]. It takes events alone.
    pub fn forgetting() -> HistoryBuilder {
        let mut builder = HistoryBuilder::default();
        builder.forgotten = Some(Forgotten::default());
        builder
    }

    /// Writes into `ends` what each record of the piece is, for [`HistoryBuilder::window`].
    /// O(operations and records there).
    pub fn find_ends(&self, ends: &mut Vec<End>) {
        let history = &self.history;
        let first = self.first_record();
        ends.clear();
        ends.resize(history.records - first.index(), End::NONE);
        for (index, operation) in history.indexed() {
            if operation.invoked >= first {
                ends[operation.invoked.index() - first.index()] = End::new(index, false);
            }
            if let Some(completed) = operation.completed {
                ends[completed.index() - first.index()] = End::new(index, true);
            }
        }
    }

    /// What is there; `ends` was written when nothing was added since.
    pub fn window<'a>(&'a self, ends: &'a [End]) -> Window<'a> {
        Window {
            history: &self.history,
            first: self.first_record(),
            in_seconds: self.seconds,
            ends,
        }
    }

    /// The first record that it did not forget.
    pub fn first_record(&self) -> Record {
        Record::new(self.forgotten.as_ref().map_or(0, |forgotten| forgotten.records))
    }

    /// Forgets the operations that are complete, extra fields and annotations; open operations come
    /// first from now on. Records are counted on. O(operations there).
    pub fn forget(&mut self) {
        let HistoryBuilder { history, processes, seconds, forgotten, .. } = self;
        let forgotten = forgotten.get_or_insert_default();
        if let Some(times) = history.times.as_mut().map(Times::wide) {
            if !*seconds {
                forgotten.widen(&*times);
            }
            let mut operations = history.operations.iter();
            times.retain(|_| operations.next().is_some_and(is_open));
        }
        let before = history.operations.len();
        history.operations.retain(is_open);
        for (index, operation) in history.operations.iter().enumerate() {
            *processes.slot(operation.process) = index as u32;
        }
        forgotten.open = history.operations.len();
        forgotten.operations += (before - forgotten.open) as u64;
        forgotten.annotations += history.annotations.len() as u64;
        forgotten.records = history.records;
        history.annotations.clear();
        history.extras.clear();
        history.lacking.clear();
        if processes.hashed() > 2 * forgotten.hashed + 1024 {
            processes.retain_hashed(|number| number != IDLE);
            if processes.hashed() > MOST_LOST + forgotten.open {
                processes.retain_hashed(|number| number < LOST);
            }
            forgotten.hashed = processes.hashed();
        }
        self.forget_clients();
    }

    /// Forgets the values that nobody holds, if they take much more memory than when it last did
    /// so: see [`HistoryBuilder::sweep`].
    pub fn sweep_if_grown(&mut self, hold: impl FnOnce(&mut Marks<'_>)) {
        let swept = self.forgotten.as_ref().map_or(0, |forgotten| forgotten.swept);
        if self.history.values.used_bytes() > SWEEP_FROM.max(2 * swept) {
            self.sweep(hold);
            self.forgotten.get_or_insert_default().swept = self.history.values.used_bytes();
        }
    }

    /// Forgets the values that neither the builder nor `hold` holds. To be called when it forgot
    /// operations: extra fields are not looked at.
    pub fn sweep(&mut self, hold: impl FnOnce(&mut Marks<'_>)) {
        let HistoryBuilder { history, processes, splitting, .. } = self;
        let History { values, operations, annotations, extras, metadata, lanes, .. } = history;
        values.sweep(|marks| {
            HistoryBuilder::hold_clients(splitting.as_ref(), lanes, marks);
            let mut keep = |value: Value| marks.keep(value);
            processes.each_stored(&mut keep);
            metadata.iter().for_each(|&value| keep(value));
            for operation in operations.iter() {
                let Operation { process, key, input, output, .. } = *operation;
                [process, key.unwrap_or(Value::NULL), input, output]
                    .into_iter()
                    .for_each(&mut keep);
            }
            for extra in extras.iter() {
                [extra.name, extra.value].into_iter().for_each(&mut keep);
            }
            for note in annotations.iter() {
                [note.process, note.value].into_iter().for_each(&mut keep);
            }
            hold(marks);
        });
    }

    /// The history as far as it is there.
    #[cfg(test)]
    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// How many operations were invoked, and how many annotations there were, those that it forgot
    /// included.
    pub fn totals(&self) -> (u64, u64) {
        let [operations, annotations] =
            self.forgotten.as_ref().map_or([0; 2], |past| [past.operations, past.annotations]);
        let history = &self.history;
        (
            operations + history.operations.len() as u64,
            annotations + history.annotations.len() as u64,
        )
    }

    /// The error about an input that ends without an operation, if it has none.
    pub fn check_not_empty(&self) -> Result<(), Error> {
        let (operations, annotations) = self.totals();
        if operations > 0 { Ok(()) } else { Err(no_operation(&self.history, annotations > 0)) }
    }
}

fn is_open(operation: &Operation) -> bool {
    operation.completed.is_none()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::error::Code;

    #[test]
    fn open_operations_outlast_the_rest() {
        let mut builder = HistoryBuilder::forgetting();
        let mut ends = Vec::new();
        for (process, kind) in [(0, EventType::Invoke), (1, EventType::Invoke), (1, EventType::Ok)]
        {
            event(&mut builder, process, kind);
        }
        builder.find_ends(&mut ends);
        let window = builder.window(&ends);
        let seen: Vec<_> =
            window.events().map(|e| (e.operation.index(), e.record.index(), e.kind)).collect();
        assert_eq!(
            seen,
            [(0, 0, EventType::Invoke), (1, 1, EventType::Invoke), (1, 2, EventType::Ok)]
        );
        builder.forget();
        assert_eq!(builder.history().operations().len(), 1);
        for (process, kind) in
            [(1, EventType::Invoke), (0, EventType::Info), (0, EventType::Invoke)]
        {
            event(&mut builder, process, kind);
        }
        builder.find_ends(&mut ends);
        let window = builder.window(&ends);
        assert_eq!(window.first.index(), 3);
        let seen: Vec<_> =
            window.events().map(|e| (e.operation.index(), e.record.index(), e.kind)).collect();
        assert_eq!(
            seen,
            [(1, 3, EventType::Invoke), (0, 4, EventType::Info), (2, 5, EventType::Invoke)]
        );
        assert_eq!(builder.history().reinvoked(), 1);
        builder.forget();
        let error = try_event(&mut builder, 1, EventType::Invoke).unwrap_err();
        assert_eq!(error.code, Code::DoubleInvoke);
        assert!(error.message.contains("record 3"), "{}", error.message);
        assert_eq!(builder.totals(), (4, 0));
    }

    #[test]
    fn processes_that_come_and_go_leave_nothing() {
        let mut builder = HistoryBuilder::forgetting();
        for process in 0..200_000_i64 {
            for kind in [EventType::Invoke, EventType::Ok] {
                event(&mut builder, (1 << 40) + process, kind);
                event(&mut builder, -1 - process, kind);
            }
            if process % 100 == 0 {
                builder.forget();
                builder.sweep(|_| {});
            }
        }
        assert!(builder.processes.hashed() < 4000, "{}", builder.processes.hashed());
        assert!(builder.history.values.heap_bytes() < 100_000);
    }

    fn event(builder: &mut HistoryBuilder, process: i64, kind: EventType) {
        try_event(builder, process, kind).unwrap();
    }

    fn try_event(builder: &mut HistoryBuilder, process: i64, kind: EventType) -> Result<(), Error> {
        let process = builder.values().int(process);
        let event =
            crate::Event { process, kind, function: "f", value: process, key: None, time: None };
        builder.event(&event)
    }
}
