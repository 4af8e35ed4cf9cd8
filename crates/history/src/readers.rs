//! What only the readers of formats tell a builder: events that are in its table of values already,
//! which fields were taken for what, and what was passed over.

use super::operation::ClientEvent;
use super::{Extra, Function, HistoryBuilder, Lacking, Record, Time, Value};
use crate::error::Error;
use crate::internal::NO_TIME;

#[doc(hidden)]
impl HistoryBuilder {
    /// Notes that the field `name` of a record is read as `role`.
    pub fn takes(&mut self, role: &'static str, name: &str) {
        let taken = &mut self.history.taken;
        if !taken.iter().any(|(other, taken)| *other == role && taken == name) {
            taken.push((role, name.to_owned()));
        }
    }

    /// Notes what the record that is added next has no field for.
    pub fn lacks(&mut self, lacking: Lacking) {
        self.history.lacking.push((Record::new(self.history.records), lacking));
    }

    /// As [`HistoryBuilder::takes`], for a field inside of another.
    pub fn takes_inner(&mut self, role: &'static str, holder: &str, name: &str) {
        let is_path = |path: &str| {
            let inner = path.strip_prefix(holder).and_then(|rest| rest.strip_prefix('.'));
            inner == Some(name)
        };
        let taken = &self.history.taken;
        if !taken.iter().any(|(other, path)| *other == role && is_path(path)) {
            self.history.taken.push((role, format!("{holder}.{name}")));
        }
    }

    /// Notes that so many lines held no record.
    pub fn pass_over(&mut self, lines: usize) {
        self.history.passed_over += lines;
    }

    /// Notes that so many spans of a trace were no operations.
    pub fn pass_over_spans(&mut self, spans: usize) {
        self.history.spans_passed_over += spans;
    }

    /// Notes that so many requests were about no single key.
    pub fn pass_over_requests(&mut self, requests: usize) {
        self.history.requests_passed_over += requests;
    }

    /// Adds one event of a client, with a function and values of this history.
    ///
    /// # Errors
    /// As [`HistoryBuilder::event`].
    #[inline]
    pub fn client_event(&mut self, event: &ClientEvent) -> Result<(), Error> {
        let record = self.next_record()?;
        let mut event = *event;
        if self.seconds && event.time != NO_TIME {
            let time = self.time(Some(Time::Whole(event.time)));
            event.time = time.map_err(|error| error.record(record))?;
        }
        self.join(record, &event)
    }

    /// Ends a record of which only that it was there counts.
    ///
    /// # Errors
    /// If the history has too many records.
    pub fn skip(&mut self) -> Result<(), Error> {
        self.next_record().map(|_| ())
    }

    /// Adds a field of the record that is added next, whose name is a string of this history's
    /// values.
    #[inline]
    pub fn named_extra(&mut self, name: Value, value: Value) {
        let record = Record::new(self.history.records);
        self.history.extras.push(Extra { record, name, value });
    }

    /// Whether a record said that the history ends with it.
    pub fn has_ended(&self) -> bool {
        self.most < Record::MOST
    }

    /// How many operations there are.
    pub fn operations(&self) -> usize {
        self.history.operations.len()
    }

    /// How many more there is room for.
    pub fn room(&self) -> usize {
        self.history.operations.capacity() - self.history.operations.len()
    }

    /// Makes room for `more` operations, or none where the system has not so much.
    pub fn reserve(&mut self, more: usize) {
        let _ = self.history.operations.try_reserve_exact(more);
        if let Some(times) = &mut self.history.times {
            times.reserve(more);
        }
    }

    /// How many extra fields there are.
    pub fn extras(&self) -> usize {
        self.history.extras.len()
    }

    /// Makes room for `more` extra fields, or none where the system has not so much.
    pub fn reserve_extras(&mut self, more: usize) {
        let _ = self.history.extras.try_reserve_exact(more);
    }

    /// The function called `name`, if the history has it.
    pub fn find_function(&self, name: &str) -> Option<Function> {
        self.functions.get(name).copied()
    }
}
