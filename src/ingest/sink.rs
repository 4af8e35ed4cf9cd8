//! Where readers put records: between a format's reader and the history's builder, it knows where
//! in the text the current record starts, so that every error can name its place.

use std::time::Instant;

use crate::error::{Code, Error, Place};
use crate::history::{Event, HistoryBuilder, Interval, Value, ValueTable};

/// Takes the records of one input, in order.
pub(crate) struct Sink<'a> {
    builder: &'a mut HistoryBuilder,
    /// Byte offset of the record that is being read.
    start: usize,
    /// The records whose offsets are looked for, in a second reading; ascending.
    wanted: &'a [usize],
    /// The offsets of the first of them.
    found: Vec<usize>,
    /// How many records were metadata.
    metadata: usize,
    /// When to give up.
    deadline: Option<Instant>,
}

/// Between two looks at the clock, this many records are read.
const LOOK_EVERY: usize = 4096;

impl<'a> Sink<'a> {
    /// A sink that fills `builder`.
    pub(crate) fn new(builder: &'a mut HistoryBuilder) -> Self {
        Sink { builder, start: 0, wanted: &[], found: Vec::new(), metadata: 0, deadline: None }
    }

    /// The same sink, which gives up at `deadline`.
    pub(crate) fn until(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    /// A sink for a second reading of a text, which stops at the last of the records `wanted` (from
    /// 0, ascending): see [`Sink::begin`].
    pub(crate) fn seeking(builder: &'a mut HistoryBuilder, wanted: &'a [usize]) -> Self {
        Sink { builder, start: 0, wanted, found: Vec::new(), metadata: 0, deadline: None }
    }

    /// Says that the next record starts at byte `offset` of the text. Returns false if the reader
    /// should stop, since this is the last record whose place is looked for.
    #[must_use]
    pub(crate) fn begin(&mut self, offset: usize) -> bool {
        self.start = offset;
        if self.wanted.get(self.found.len()) == Some(&self.builder.records()) {
            self.found.push(offset);
        }
        self.wanted.is_empty() || self.found.len() < self.wanted.len()
    }

    /// Where the records that were looked for start, as far as the text has them.
    pub(crate) fn found(&self) -> &[usize] {
        &self.found
    }

    /// What a recorder that counts its events from 0 calls the current record.
    pub(crate) fn index(&self) -> usize {
        self.builder.records() - self.metadata
    }

    /// Byte offset of the current record.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// The table to intern the values of the current record in.
    pub(crate) fn values(&mut self) -> &mut ValueTable {
        self.builder.values()
    }

    /// Adds an extra field of the current record; comes before the record itself.
    pub(crate) fn extra(&mut self, name: &str, value: Value) {
        self.builder.extra(name, value);
    }

    /// Ends the current record: an event.
    pub(crate) fn event(&mut self, event: &Event<'_>) -> Result<(), Error> {
        self.look_at_clock()?;
        self.builder.event(event).map_err(|error| self.located(error))
    }

    /// Ends the current record: a whole operation.
    pub(crate) fn interval(&mut self, interval: &Interval<'_>) -> Result<(), Error> {
        self.look_at_clock()?;
        self.builder.interval(interval).map_err(|error| self.located(error))
    }

    /// Ends the current record: metadata.
    pub(crate) fn metadata(&mut self, value: Value) -> Result<(), Error> {
        self.metadata += 1;
        self.builder.metadata(value).map_err(|error| self.located(error))
    }

    fn look_at_clock(&self) -> Result<(), Error> {
        let late = |deadline| Instant::now() >= deadline;
        if self.builder.records().is_multiple_of(LOOK_EVERY) && self.deadline.is_some_and(late) {
            let error = Error::new(Code::TimeUp, "the time was up before the input was read")
                .hint("raise --timeout");
            return Err(self.located(error));
        }
        Ok(())
    }

    /// The error at the start of the current record; the caller turns offsets into lines.
    fn located(&self, error: Error) -> Error {
        error.at(Place { offset: self.start, line: 0, column: 0 })
    }
}
