//! Where readers put records: between a format's reader and the history's builder, it knows where
//! in the text the current record starts, so that every error can name its place.

use crate::error::{Error, Place};
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
}

impl<'a> Sink<'a> {
    /// A sink that fills `builder`.
    pub(crate) fn new(builder: &'a mut HistoryBuilder) -> Self {
        Sink { builder, start: 0, wanted: &[], found: Vec::new(), metadata: 0 }
    }

    /// A sink for a second reading of a text, which stops at the last of the records `wanted` (from
    /// 0, ascending): see [`Sink::begin`].
    pub(crate) fn seeking(builder: &'a mut HistoryBuilder, wanted: &'a [usize]) -> Self {
        Sink { builder, start: 0, wanted, found: Vec::new(), metadata: 0 }
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
        self.builder.event(event).map_err(|error| self.located(error))
    }

    /// Ends the current record: a whole operation.
    pub(crate) fn interval(&mut self, interval: &Interval<'_>) -> Result<(), Error> {
        self.builder.interval(interval).map_err(|error| self.located(error))
    }

    /// Ends the current record: metadata.
    pub(crate) fn metadata(&mut self, value: Value) -> Result<(), Error> {
        self.metadata += 1;
        self.builder.metadata(value).map_err(|error| self.located(error))
    }

    /// The error at the start of the current record; the caller turns offsets into lines.
    fn located(&self, error: Error) -> Error {
        error.at(Place { offset: self.start, line: 0, column: 0 })
    }
}
