//! Where readers put records: between a format's reader and the history's builder, it knows where
//! in the text the current record starts, so that every error can name its place.

use std::time::Instant;

use crate::error::{Error, Place};
use crate::history::{ClientEvent, Event, Function, HistoryBuilder, Interval, Value, ValueTable};
use crate::limits::check_time;
use crate::progress::Progress;

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
    /// The size of the text, if it is known.
    bytes: usize,
    /// Who is told how far the reading is.
    progress: Option<&'a Progress>,
    /// Where each record starts, if anybody wants to know.
    starts: Option<&'a mut Vec<usize>>,
}

/// Between two looks at the clock, this many records are read.
const LOOK_EVERY: usize = 4096;
/// Records may become shorter; memory that is not used costs nothing but addresses.
const SLACK: f64 = 1.0625;

impl<'a> Sink<'a> {
    /// A sink that fills `builder`.
    pub(crate) fn new(builder: &'a mut HistoryBuilder) -> Self {
        Sink {
            builder,
            start: 0,
            wanted: &[],
            found: Vec::new(),
            metadata: 0,
            deadline: None,
            bytes: 0,
            progress: None,
            starts: None,
        }
    }

    /// The same sink, which tells `progress` now and then where in the text it is.
    pub(crate) fn told_to(mut self, progress: Option<&'a Progress>) -> Self {
        self.progress = progress;
        self
    }

    /// The same sink, which appends to `starts` where each record starts.
    pub(crate) fn noting(mut self, starts: &'a mut Vec<usize>) -> Self {
        self.starts = Some(starts);
        self
    }

    /// The same sink, which gives up at `deadline`.
    pub(crate) fn until(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    /// The same sink, for a text of so many bytes: it makes room for as many operations as they
    /// will hold, going by those so far.
    pub(crate) fn of_size(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// The same sink, for a text before which there were so many records of metadata.
    pub(crate) fn behind(mut self, metadata: usize) -> Self {
        self.metadata = metadata;
        self
    }

    /// How many records were metadata.
    pub(crate) fn metadata_records(&self) -> usize {
        self.metadata
    }

    /// A sink for a second reading of a text, which stops at the last of the records `wanted` (from
    /// 0, ascending): see [`Sink::begin`].
    pub(crate) fn seeking(builder: &'a mut HistoryBuilder, wanted: &'a [usize]) -> Self {
        Sink { wanted, ..Sink::new(builder) }
    }

    /// Whether this is a second reading, which only counts records.
    pub(crate) fn is_seeking(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Says that the next record starts at byte `offset` of the text. Returns false if the reader
    /// should stop, since this is the last record whose place is looked for.
    #[must_use]
    pub(crate) fn begin(&mut self, offset: usize) -> bool {
        self.start = offset;
        if let Some(starts) = &mut self.starts {
            starts.push(offset);
        }
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
    #[inline]
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

    /// The same, for a name that is a string of this history's values.
    #[inline]
    pub(crate) fn named_extra(&mut self, name: Value, value: Value) {
        self.builder.named_extra(name, value);
    }

    /// The function called `name`, if it had one of the last events.
    pub(crate) fn function(&self, name: &str) -> Option<Function> {
        self.builder.find_function(name)
    }

    /// Says that up to `count` records come before the next look at the clock, from byte `offset`
    /// of the text on.
    pub(crate) fn expect(&mut self, offset: usize, count: usize) -> Result<(), Error> {
        self.make_room(offset, count);
        if let Some(progress) = self.progress {
            progress.reach(offset as u64);
        }
        check_time(self.deadline, self.progress).map_err(|error| self.located(error))
    }

    /// Ends the current record without a look at it.
    #[inline]
    pub(crate) fn skip(&mut self) -> Result<(), Error> {
        self.builder.skip().map_err(|error| self.located(error))
    }

    /// Ends the current record: an event.
    pub(crate) fn event(&mut self, event: &Event<'_>) -> Result<(), Error> {
        self.look_up()?;
        if self.is_seeking() {
            return self.skip();
        }
        self.builder.event(event).map_err(|error| self.located(error))
    }

    /// Ends the current record: an event of a client, one of those that were
    /// [expected](Sink::expect).
    #[inline]
    pub(crate) fn client_event(&mut self, event: &ClientEvent) -> Result<(), Error> {
        self.builder.client_event(event).map_err(|error| self.located(error))
    }

    /// Ends the current record: a whole operation.
    pub(crate) fn interval(&mut self, interval: &Interval<'_>) -> Result<(), Error> {
        self.look_up()?;
        if self.is_seeking() {
            return self.skip();
        }
        self.builder.interval(interval).map_err(|error| self.located(error))
    }

    /// Ends the current record: metadata.
    pub(crate) fn metadata(&mut self, value: Value) -> Result<(), Error> {
        self.metadata += 1;
        self.builder.metadata(value).map_err(|error| self.located(error))
    }

    /// Looks at the clock, and makes room, once in a while.
    fn look_up(&mut self) -> Result<(), Error> {
        if self.builder.records().is_multiple_of(LOOK_EVERY) {
            self.expect(self.start, LOOK_EVERY)?;
        }
        Ok(())
    }

    /// Makes room for `count` operations at least. A table that doubles where it is full would
    /// exist twice for a while, the larger one half empty; so the first time makes room for all.
    fn make_room(&mut self, offset: usize, count: usize) {
        let operations = self.builder.operations();
        if self.is_seeking() || self.builder.room() >= count || offset == 0 {
            return;
        }
        let all = operations as f64 / offset as f64 * self.bytes as f64 * SLACK;
        self.builder.reserve((all as usize).saturating_sub(operations).max(count));
        let extras = self.builder.extras();
        let all = extras as f64 / offset as f64 * self.bytes as f64 * SLACK;
        self.builder.reserve_extras((all as usize).saturating_sub(extras));
    }

    /// The error at the start of the current record; the caller turns offsets into lines.
    fn located(&self, error: Error) -> Error {
        error.at(Place { offset: self.start, line: 0, column: 0 })
    }
}
