//! Where readers put records: between a format's reader and the history's builder, it knows where
//! in the text the current record starts, so that every error can name its place.

use super::mapping::Mapping;
use super::survey::Survey;
use super::trace::{Step, Trace};
use crate::budget::Meter;
use crate::error::{Error, Place};
use crate::history::{
    ClientEvent, Clients, Event, EventType, Function, HistoryBuilder, Interval, Lacking, Value,
    ValueTable,
};
use crate::progress::Progress;
use crate::vocabulary::{Verb, Word};

/// Takes the records of one input, in order.
pub(super) struct Sink<'a> {
    builder: &'a mut HistoryBuilder,
    /// Byte offset of the record that is being read.
    start: usize,
    /// The records that a second reading looks for, from 0, ascending; it stops at the last.
    pub(super) wanted: &'a [usize],
    /// The offsets of the first of them.
    found: Vec<usize>,
    /// How many records were metadata.
    pub(super) metadata: usize,
    /// What the user says of the fields.
    pub(super) mapping: Option<&'a Mapping>,
    /// Which of its paths some record has, as bits.
    pub(super) found_rules: u64,
    /// What the names of operations mean that were looked up so far.
    verbs: Vec<(String, Option<Verb>)>,
    /// Whether the first record that may be a request to etcd is none: so are all others.
    pub(super) has_no_requests: bool,
    /// Looks at the fields of the records instead of what they mean, if anybody wants that.
    pub(super) survey: Option<&'a mut Survey>,
    /// Knows when to give up.
    pub(super) meter: Option<&'a Meter>,
    /// The size of the text in bytes, or 0. If it is known, there is room for as many operations as
    /// the text will hold, going by those so far.
    pub(super) bytes: usize,
    /// Where in the text the piece starts that is being read: offsets of records are those in it.
    pub(super) base: usize,
    /// Who is told now and then where in the text the reading is.
    pub(super) progress: Option<&'a Progress>,
    /// Gets the offset of every record, if anybody wants to know.
    pub(super) starts: Option<&'a mut Vec<usize>>,
    /// Learns what becomes of the record, which is not added then.
    pub(super) trace: Option<&'a Trace>,
    /// How many values there were, and at which offset, when that was looked at last.
    growth: (usize, usize),
}

/// So many names of operations are looked up once.
const VERBS: usize = 64;
/// Between two looks at the clock, this many records are read.
const LOOK_EVERY: usize = 4096;
/// Fewer values need no room in advance: what comes first is often all that there is.
const FEW_VALUES: usize = 1 << 16;
/// Records may become shorter; memory that is not used costs nothing but addresses.
const SLACK: f64 = 1.0625;

impl<'a> Sink<'a> {
    /// Returns a sink that fills `builder`.
    pub(super) fn new(builder: &'a mut HistoryBuilder) -> Self {
        Sink {
            builder,
            start: 0,
            wanted: &[],
            found: Vec::new(),
            metadata: 0,
            mapping: None,
            found_rules: 0,
            verbs: Vec::new(),
            has_no_requests: false,
            survey: None,
            meter: None,
            bytes: 0,
            base: 0,
            progress: None,
            starts: None,
            trace: None,
            growth: (0, 0),
        }
    }

    /// Tells whether this is a second reading, which only counts records.
    #[inline]
    pub(super) fn is_seeking(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Notes that the next record starts at byte `offset` of the text. Returns false if the reader
    /// should stop, since this is the last record whose place is looked for.
    #[inline]
    #[must_use]
    pub(super) fn begin(&mut self, offset: usize) -> bool {
        self.start = offset;
        if let Some(starts) = &mut self.starts {
            starts.push(offset);
        }
        if self.wanted.get(self.found.len()) == Some(&self.builder.records()) {
            self.found.push(self.base + offset);
        }
        if let Some(survey) = &self.survey {
            return !survey.is_full();
        }
        self.wanted.is_empty() || self.found.len() < self.wanted.len()
    }

    /// Returns where in the text the records that were looked for start, as far as it has them.
    pub(super) fn found(&self) -> &[usize] {
        &self.found
    }

    /// Returns what a recorder that counts its events from 0 calls the current record.
    #[inline]
    pub(super) fn index(&self) -> usize {
        self.builder.records() - self.metadata
    }

    /// Returns the byte offset of the current record.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// Returns the table to intern the values of the current record in.
    pub(super) fn values(&mut self) -> &mut ValueTable {
        self.builder.values()
    }

    /// Adds an extra field of the current record; comes before the record itself.
    pub(super) fn extra(&mut self, name: &str, value: Value) {
        if let Some(trace) = self.trace {
            return trace.add(Step::Extra(name.to_owned(), value));
        }
        self.builder.extra(name, value);
    }

    /// Adds an extra field whose name is a string of this history's values.
    #[inline]
    pub(super) fn named_extra(&mut self, name: Value, value: Value) {
        self.builder.named_extra(name, value);
    }

    /// Whether an event is a client's: see [`HistoryBuilder::is_client`].
    pub(super) fn is_client(&mut self, process: Value, function: &str, kind: EventType) -> bool {
        if self.mapping.is_some_and(|mapping| *mapping.clients() != Clients::default()) {
            self.depends();
        }
        self.builder.is_client(process, function, kind)
    }

    /// The same, for a field inside of another.
    pub(super) fn takes_inner(&mut self, role: &'static str, holder: &str, name: &str) {
        if let Some(trace) = self.trace {
            return trace.add(Step::Takes(role, format!("{holder}.{name}")));
        }
        self.builder.takes_inner(role, holder, name);
    }

    /// Returns what operations called `name` mean, if it is a word of the vocabulary.
    pub(super) fn verb(&mut self, name: &str) -> Option<Verb> {
        if let Some((_, verb)) = self.verbs.iter().find(|(known, _)| known == name) {
            return *verb;
        }
        let verb = Word::meant(name).map(Word::verb);
        if self.verbs.len() < VERBS {
            self.verbs.push((name.to_owned(), verb));
        }
        verb
    }

    /// Notes what the current record has no field for.
    pub(super) fn lacks(&mut self, lacking: Lacking) {
        if let Some(trace) = self.trace {
            return trace.add(Step::Lacks(lacking));
        }
        self.builder.lacks(lacking);
    }

    /// Whether operations were read of which each end is an event.
    pub(super) fn has_events(&self) -> bool {
        self.depends();
        self.builder.has_events()
    }

    /// Returns the name of the operation that an event of `process` ends which is called nothing.
    pub(super) fn open_function(&mut self, process: Value, kind: EventType) -> Option<String> {
        self.depends();
        self.builder.open_function(process).filter(|_| kind != EventType::Invoke)
    }

    /// Returns the process of an event that names none, if the order of the records tells it.
    pub(super) fn process_by_order(&mut self, kind: EventType) -> Result<Value, Error> {
        self.depends();
        self.builder.process_by_order(kind).map_err(|error| self.located(error))
    }

    /// Notes that the text lists whole transactions in the order of their sessions, and may list
    /// none.
    pub(super) fn hold_sessions(&mut self) {
        self.depends();
        self.builder.hold_sessions();
    }

    /// Whether all records so far may be whole transactions in the order of their sessions.
    pub(super) fn may_hold_sessions(&self) -> bool {
        self.depends();
        self.builder.may_hold_sessions()
    }

    /// Notes that so many lines hold no record.
    pub(super) fn pass_over(&mut self, lines: usize) {
        self.depends();
        self.builder.pass_over(lines);
    }

    /// Notes that so many spans are no operations.
    pub(super) fn pass_over_spans(&mut self, spans: usize) {
        self.depends();
        self.builder.pass_over_spans(spans);
    }

    /// Notes that so many requests are about no single key.
    pub(super) fn pass_over_requests(&mut self, requests: usize) {
        self.depends();
        self.builder.pass_over_requests(requests);
    }

    /// Notes that the field `name` is read as `role`.
    pub(super) fn takes(&mut self, role: &'static str, name: &str) {
        if let Some(trace) = self.trace {
            return trace.add(Step::Takes(role, name.to_owned()));
        }
        self.builder.takes(role, name);
    }

    /// Notes that a record has the field of the rule with this number. True for the first.
    pub(super) fn finds_rule(&mut self, number: usize) -> bool {
        let before = self.found_rules;
        self.found_rules |= 1 << number;
        self.found_rules != before
    }

    /// Returns the function called `name`, if it had one of the last events.
    pub(super) fn function(&self, name: &str) -> Option<Function> {
        self.builder.find_function(name)
    }

    /// Notes that up to `count` records come before the next look at the clock, from byte `offset`
    /// of the text on.
    pub(super) fn expect(&mut self, offset: usize, count: usize) -> Result<(), Error> {
        self.make_room(self.base + offset, count);
        if let Some(progress) = self.progress {
            progress.reach((self.base + offset) as u64);
        }
        self.meter.map_or(Ok(()), Meter::check_reading).map_err(|error| self.located(error))
    }

    /// Ends the current record without a look at it.
    #[inline]
    pub(super) fn skip(&mut self) -> Result<(), Error> {
        self.depends();
        self.builder.skip().map_err(|error| self.located(error))
    }

    /// Ends the current record, which only counts.
    pub(super) fn pass(&mut self) -> Result<(), Error> {
        self.look_up()?;
        self.skip()
    }

    /// Ends the current record: an event.
    pub(super) fn event(&mut self, event: &Event<'_>) -> Result<(), Error> {
        if let Some(trace) = self.trace {
            trace.add(Step::event(event));
            return Ok(());
        }
        self.look_up()?;
        if self.is_seeking() {
            return self.skip();
        }
        self.builder.event(event).map_err(|error| self.located(error))
    }

    /// Ends the current record: an event of a client, one of those that were
    /// [expected](Sink::expect).
    #[inline]
    pub(super) fn client_event(&mut self, event: &ClientEvent) -> Result<(), Error> {
        self.builder.client_event(event).map_err(|error| self.located(error))
    }

    /// Ends the current record: a whole operation.
    pub(super) fn interval(&mut self, interval: &Interval<'_>) -> Result<(), Error> {
        if let Some(trace) = self.trace {
            trace.add(Step::interval(interval));
            return Ok(());
        }
        self.look_up()?;
        if self.is_seeking() {
            return self.skip();
        }
        self.builder.interval(interval).map_err(|error| self.located(error))
    }

    /// Ends the current record: metadata.
    pub(super) fn metadata(&mut self, value: Value) -> Result<(), Error> {
        self.depends();
        self.metadata += 1;
        self.builder.metadata(value).map_err(|error| self.located(error))
    }

    /// Notes that what becomes of the record depends on more than the record.
    fn depends(&self) {
        if let Some(trace) = self.trace {
            trace.give_up();
        }
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
        if self.is_seeking() || offset == 0 {
            return;
        }
        self.make_room_for_values(offset);
        let operations = self.builder.operations();
        if self.builder.room() >= count {
            return;
        }
        let all = operations as f64 / offset as f64 * self.bytes as f64 * SLACK;
        self.builder.reserve((all as usize).saturating_sub(operations).max(count));
        let extras = self.builder.extras();
        let all = extras as f64 / offset as f64 * self.bytes as f64 * SLACK;
        self.builder.reserve_extras((all as usize).saturating_sub(extras));
    }

    /// Makes room for as many values as the text will have, if it goes on as since there were half
    /// as many.
    fn make_room_for_values(&mut self, offset: usize) {
        let values = self.builder.values();
        let (known, before) = self.growth;
        let count = values.len();
        if count < FEW_VALUES.max(2 * known) {
            return;
        }
        if known > 0 && before < offset && offset < self.bytes {
            let rate = (count - known) as f64 / (offset - before) as f64;
            let more = rate * (self.bytes - offset) as f64 * SLACK;
            values.reserve(1.0 + more / count as f64);
        }
        self.growth = (count, offset);
    }

    /// Returns the error at the start of the current record; the caller turns offsets into lines.
    fn located(&self, error: Error) -> Error {
        error.at(Place { offset: self.start, line: 0, column: 0 })
    }
}
