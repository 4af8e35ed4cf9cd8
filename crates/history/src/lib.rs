//! The history: a table of operations, their values interned, invocations paired with completions.
//!
//! This is the data that the crates of [histcheck](https://docs.rs/histcheck) share; applications
//! use it as `histcheck::history`. A history is validated here, once, so that nothing else has to:
//! every operation has an invocation that comes before its completion, every process does one thing
//! at a time, and either all operations have a key or none has. No file format and no model may
//! enter.
//!
//! [`error`] holds the errors that all crates report, and [`progress`] the counters that long work
//! updates. [`internal`] and methods hidden from the documentation are for histcheck's own crates,
//! and may change in any version.

mod alone;
mod answers;
mod arguments;
mod builder;
mod clients;
mod dense;
mod drains;
mod ends;
pub mod error;
mod excerpt;
mod forgotten;
#[doc(hidden)]
pub mod hash;
mod input;
#[cfg(feature = "serde_json")]
mod json;
mod keys;
mod lanes;
mod loose;
mod memory;
mod notation;
mod number;
mod operation;
mod order;
mod position;
pub mod progress;
mod readers;
mod recorder;
mod selected;
#[doc(hidden)]
pub mod sort;
mod stats;
mod sweep;
mod tally;
mod times;
mod tolerant;
mod unwrapping;
mod value;
pub mod vocabulary;
mod window;

pub mod internal;

use std::fmt;
use std::ops::Index;
use std::sync::OnceLock;

pub use builder::{HistoryBuilder, Pairing, Settings};
pub use clients::Clients;
use excerpt::Excerpt;
pub use input::IntoValue;
use internal::NO_TIME;
pub use keys::{Independent, Partition, Partitions};
use lanes::Lanes;
pub use notation::{steers, write_quoted};
pub use operation::{
    Annotation, Event, EventType, Extra, Function, Interval, Operation, Outcome, Time,
};
pub use order::{Order, Span, Ties};
pub use position::{OpIndex, Rank, Record};
pub use selected::Selected;
pub use stats::{
    Concurrency, FunctionStatistics, Latency, OutcomeCounts, Statistics, count_processes,
};
pub use tally::Tally;
pub use tolerant::PairedLoosely;
pub use value::{MAX_DEPTH, Shape, Value, ValueTable};

use error::Error;
use times::Times;
use vocabulary::Word;

/// A recorded history: operations in the order of their invocations, with everything else that
/// the input said.
#[derive(Clone, Default)]
pub struct History {
    values: ValueTable,
    functions: Vec<String>,
    /// The words of the vocabulary that the functions are called by.
    words: Vec<Option<Word>>,
    operations: Vec<Operation>,
    /// The order of ends, where it is not that of the records.
    spans: Option<Vec<Span>>,
    /// Times of invocation and completion, if the input has any; `NO_TIME` where it has none.
    times: Option<Times>,
    annotations: Vec<Annotation>,
    /// Which fields were read as what, where they have not the usual name.
    taken: Vec<(&'static str, String)>,
    /// What was counted of all, once somebody asked for it.
    tally: OnceLock<Tally>,
    extras: Vec<Extra>,
    /// The records with other fields that have none for what an operation takes, returns, or when
    /// it does: ascending.
    lacking: Vec<(Record, Lacking)>,
    metadata: Option<Value>,
    /// Its record, where it was read.
    metadata_record: Option<Record>,
    records: usize,
    whole_operations: bool,
    /// Whether only the completions of operations were recorded.
    alone: bool,
    reinvoked: usize,
    /// How events were paired that do not match one to one.
    paired: PairedLoosely,
    /// How many lines of the input held no record.
    passed_over: usize,
    /// How many spans of a trace were no operations.
    spans_passed_over: usize,
    /// How many requests were about no single key.
    requests_passed_over: usize,
    /// Whether somebody said who is a client.
    clients_are_given: bool,
    /// The reading of equal times, if the order rests on them.
    ties: Option<Ties>,
    /// Which processes are parts of clients.
    lanes: Lanes,
    /// Whether times are nanoseconds of what was given in seconds.
    in_seconds: bool,
    /// Whether it is known that no event has a time before that of an earlier record.
    ascends: bool,
    /// What was left out, if operations were selected.
    selected: Option<Box<Selected>>,
    /// Whether keys were made part of the values.
    is_whole: bool,
    /// What is known of the history that this is a part of, if it is.
    excerpt: Option<Box<Excerpt>>,
}

/// What a record has no field for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lacking {
    /// What the operation takes.
    pub input: bool,
    /// What it returned.
    pub output: bool,
    /// When it returned.
    pub ret: bool,
}

impl fmt::Debug for History {
    /// How much there is of everything; the whole would fill pages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History")
            .field("records", &self.records)
            .field("operations", &self.operations.len())
            .field("annotations", &self.annotations.len())
            .field("functions", &self.functions)
            .field("values", &self.values.len())
            .finish_non_exhaustive()
    }
}

impl Index<OpIndex> for History {
    type Output = Operation;

    #[inline]
    fn index(&self, operation: OpIndex) -> &Operation {
        &self.operations[operation]
    }
}

impl History {
    /// A builder for a history recorded in code.
    ///
    /// ```
    /// use histcheck_history::History;
    /// let mut history = History::builder();
    /// history.invoke(0, "write", 1)?;
    /// history.ok(0, "write", 1)?;
    /// assert_eq!(history.build()?.operations().len(), 1);
    /// # Ok::<(), histcheck_history::error::Error>(())
    /// ```
    pub fn builder() -> HistoryBuilder {
        HistoryBuilder::default()
    }

    /// The clients' operations, in the order of their invocations.
    #[inline]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The values that the operations refer to.
    #[inline]
    pub fn values(&self) -> &ValueTable {
        &self.values
    }

    /// The name (`f`) of an operation.
    #[inline]
    pub fn function(&self, function: Function) -> &str {
        &self.functions[function.index()]
    }

    /// Returns the word of the vocabulary that an operation is called by, if it is one.
    #[inline]
    pub fn word(&self, function: Function) -> Option<Word> {
        self.words[function.index()]
    }

    /// The fields that were read as what has another name usually: what it is, and the field's own
    /// name, in the order of their first appearance.
    pub fn taken_fields(&self) -> &[(&'static str, String)] {
        &self.taken
    }

    /// What `record` has no field for, if it has fields of no known meaning. O(log records).
    pub fn lacking(&self, record: Record) -> Lacking {
        let at = self.lacking.binary_search_by_key(&record, |&(record, _)| record);
        at.map_or(Lacking::default(), |at| self.lacking[at].1)
    }

    /// This history, each of whose operations has the value of the field `name` of its invocation
    /// for a key. `None` if operations have keys already, or not all have the field.
    pub fn keyed_by(&self, name: &str) -> Option<History> {
        let mut history = self.clone();
        for operation in &mut history.operations {
            let extras = self.extras(operation.invoked).iter();
            let mut named = extras.filter(|extra| self.values.as_name(extra.name) == Some(name));
            let key = named.next().map(|extra| extra.value).filter(|value| !value.is_null())?;
            if operation.key.replace(key).is_some() {
                return None;
            }
        }
        history.tally = OnceLock::new();
        Some(history)
    }

    /// All names of operations, in the order of their first appearance; annotations' included.
    pub fn functions(&self) -> &[String] {
        &self.functions
    }

    /// The indices of the operations, ascending.
    #[inline]
    pub fn indices(&self) -> impl DoubleEndedIterator<Item = OpIndex> + ExactSizeIterator + Clone {
        OpIndex::below(self.operations.len())
    }

    /// The clients' operations with their indices, in the order of their invocations.
    #[inline]
    pub fn indexed(&self) -> impl DoubleEndedIterator<Item = (OpIndex, &Operation)> + Clone {
        self.indices().zip(&self.operations)
    }

    /// Where an operation stands among the ends of all operations.
    #[inline]
    pub fn span(&self, operation: OpIndex) -> Span {
        match &self.spans {
            Some(spans) => spans[operation],
            None => Span::of_records(&self.operations[operation]),
        }
    }

    /// Whether the order of ends is that of their times, rather than that of the records.
    pub fn is_ordered_by_time(&self) -> bool {
        self.spans.is_some() && !self.alone
    }

    /// The times of an operation's invocation and completion, where the input has them.
    #[inline]
    pub fn times(&self, operation: OpIndex) -> [Option<i64>; 2] {
        let [call, ret] = self.ends_at(operation);
        [(call != NO_TIME).then_some(call), (ret != NO_TIME).then_some(ret)]
    }

    /// The time of the first operation's invocation, if the history has times: that from which
    /// people are told the others.
    pub fn start_time(&self) -> Option<i64> {
        if let Some(excerpt) = &self.excerpt {
            return excerpt.start_time;
        }
        self.times(self.indices().next()?)[0]
    }

    /// The records that are no client's operations, in the order of the input.
    pub fn annotations(&self) -> &[Annotation] {
        &self.annotations
    }

    /// Whether the caller says who is a client.
    pub fn clients_are_given(&self) -> bool {
        self.clients_are_given
    }

    /// The extra fields of record `record`.
    pub fn extras(&self, record: Record) -> &[Extra] {
        let rest = &self.extras[self.first_extra(record)..];
        let len = rest.iter().take_while(|extra| extra.record == record).count();
        &rest[..len]
    }

    /// Returns how many extra fields come before those of `record`. Mostly all records have about
    /// as many: the search starts where that would put them, and takes steps that grow from there.
    fn first_extra(&self, record: Record) -> usize {
        let list = &self.extras[..];
        let is_before = |at: usize| list[at].record < record;
        let product = record.index() as u64 * list.len() as u64;
        let guess = product.checked_div(self.records as u64).unwrap_or(0);
        let guess = (guess as usize).min(list.len());
        let mut step = 16;
        let mut start = guess.saturating_sub(step);
        while start > 0 && !is_before(start) {
            step *= 4;
            start = guess.saturating_sub(step);
        }
        let mut step = 16;
        let mut end = (guess + step).min(list.len());
        while end < list.len() && is_before(end) {
            step *= 4;
            end = (guess + step).min(list.len());
        }
        start + list[start..end].partition_point(|extra| extra.record < record)
    }

    /// The value of the extra field `name` of record `record`.
    pub fn extra(&self, record: Record, name: &str) -> Option<Value> {
        let name = self.values.find_text(name)?;
        self.extras(record).iter().find(|extra| extra.name == name).map(|extra| extra.value)
    }

    /// The value of the extra field `name` of an operation: that of its invocation, or else of
    /// its completion. Null counts as none.
    pub fn extra_of(&self, operation: OpIndex, name: &str) -> Option<Value> {
        let Operation { invoked, completed, .. } = self.operations[operation];
        let given = |record| self.extra(record, name).filter(|value| !value.is_null());
        given(invoked).or_else(|| given(completed?))
    }

    /// What the input's metadata record says about it: the value of its `histcheck` field.
    pub fn metadata(&self) -> Option<Value> {
        self.metadata
    }

    /// The field `name` of the metadata, if it has it.
    pub fn metadata_field(&self, name: &str) -> Option<Value> {
        let Shape::Map(items) = self.values.shape(self.metadata?) else { return None };
        items
            .chunks_exact(2)
            .find(|pair| self.values.as_name(pair[0]) == Some(name))
            .map(|pair| pair[1])
    }

    /// How many records the input held: events, annotations and metadata.
    pub fn records(&self) -> usize {
        self.records
    }

    /// Whether the input put both ends of an operation into one record.
    pub fn has_whole_operations(&self) -> bool {
        self.whole_operations
    }

    /// How many lines of the input held no record, among others that did.
    pub fn passed_over(&self) -> usize {
        self.passed_over
    }

    /// How many spans of a trace were no operations of their own, among others that were.
    pub fn spans_passed_over(&self) -> usize {
        self.spans_passed_over
    }

    /// How many requests to a store were about no single key, among others that were.
    pub fn requests_passed_over(&self) -> usize {
        self.requests_passed_over
    }

    /// How many processes invoked again after an indeterminate operation; each such operation
    /// stays open for ever.
    pub fn reinvoked(&self) -> usize {
        self.reinvoked
    }

    /// Whether the order of ends rests on equal times: see [`Ties`].
    pub fn has_ties(&self) -> bool {
        self.ties.is_some()
    }

    /// The reading of equal times on which the order of ends rests, if it does.
    pub fn ties(&self) -> Option<Ties> {
        self.ties
    }

    /// Whether times are nanoseconds of what the input gives in seconds.
    pub fn is_in_seconds(&self) -> bool {
        self.in_seconds
    }

    /// The same history under the reading `ties` of equal times.
    ///
    /// # Errors
    /// None, if the history has [ties](History::has_ties): its times can order it.
    pub fn with_ties(&self, ties: Ties) -> Result<History, Error> {
        let mut history = self.clone();
        order::by_time(&mut history, ties)?;
        Ok(history)
    }

    /// The values that the operations refer to, to add others to them.
    pub fn values_mut(&mut self) -> &mut ValueTable {
        &mut self.values
    }

    /// Approximate heap memory in bytes. Room that was made for operations and never used is not
    /// counted, since the system gives memory only to what is written.
    pub fn heap_bytes(&self) -> usize {
        self.values.heap_bytes()
            + self.operations.len() * size_of::<Operation>()
            + self.spans.as_ref().map_or(0, |spans| spans.len() * size_of::<Span>())
            + self.times.as_ref().map_or(0, Times::heap_bytes)
            + self.extras.capacity() * size_of::<Extra>()
    }
}
