//! The records of a history in the order of its input, each with all its fields.

use crate::history::{
    Annotation, EventType, Extra, History, NEVER, Operation, Outcome, Shape, Value, ValueTable,
};
use crate::ingest::{Role, role};

/// One record.
pub(super) struct Record<'h> {
    pub(super) history: &'h History,
    pub(super) entry: Entry<'h>,
    /// The fields beyond those of `entry`.
    pub(super) extras: &'h [Extra],
}

/// What a record tells.
pub(super) enum Entry<'h> {
    /// One end of an operation, or an annotation.
    Event {
        process: Value,
        kind: EventType,
        function: &'h str,
        value: Value,
        key: Option<Value>,
        time: Option<i64>,
    },
    /// A whole operation.
    Whole {
        process: Option<Value>,
        function: &'h str,
        input: Value,
        output: Value,
        key: Option<Value>,
        call: Option<i64>,
        ret: Option<i64>,
        /// The name of its field and the outcome, where it does not follow from the return.
        outcome: Option<(&'static str, &'static str)>,
    },
    /// The history's own description.
    Metadata(Value),
}

impl Record<'_> {
    pub(super) fn values(&self) -> &ValueTable {
        self.history.values()
    }

    /// The extra fields, by name.
    pub(super) fn extras(&self) -> impl Iterator<Item = (&str, Value)> {
        let named = |extra: &Extra| (self.values().as_name(extra.name), extra.value);
        self.extras.iter().map(named).filter_map(|(name, value)| Some((name?, value)))
    }
}

/// Where an entry comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Invocation(u32),
    Completion(u32),
    Annotation(u32),
}

/// The records of `history`, in the order of its input.
pub(super) fn records(history: &History) -> impl Iterator<Item = Record<'_>> {
    let mut sources: Vec<(u32, Source)> = Vec::with_capacity(history.records() as usize);
    for (operation, index) in history.operations().iter().zip(0..) {
        sources.push((operation.invoked, Source::Invocation(index)));
        if operation.completed != NEVER && operation.completed != operation.invoked {
            sources.push((operation.completed, Source::Completion(index)));
        }
    }
    for (annotation, index) in history.annotations().iter().zip(0..) {
        sources.push((annotation.record, Source::Annotation(index)));
    }
    sources.sort_unstable();
    // The metadata's position is the one that nothing else has.
    let gap = sources.iter().zip(0..).position(|(&(record, _), at)| record != at);
    let mut metadata = history.metadata().map(|value| (gap.unwrap_or(sources.len()), value));
    let mut sources = sources.into_iter().enumerate().peekable();
    std::iter::from_fn(move || {
        let at = sources.peek().map(|&(at, _)| at);
        if let Some((_, value)) = metadata.take_if(|&mut (gap, _)| at.is_none_or(|at| at == gap)) {
            return Some(Record { history, entry: Entry::Metadata(value), extras: &[] });
        }
        let (_, (record, source)) = sources.next()?;
        let extras = history.extras(record);
        Some(Record { history, entry: entry(history, source), extras })
    })
}

fn entry(history: &History, source: Source) -> Entry<'_> {
    match source {
        Source::Annotation(index) => annotation(history, &history.annotations()[index as usize]),
        Source::Invocation(index) if history.has_whole_operations() => whole(history, index),
        Source::Invocation(index) => invocation(history, index),
        Source::Completion(index) => completion(history, index),
    }
}

fn annotation<'h>(history: &'h History, annotation: &Annotation) -> Entry<'h> {
    let &Annotation { process, kind, function, value, time, .. } = annotation;
    Entry::Event { process, kind, function: history.function(function), value, key: None, time }
}

/// The invocation of operation `index`.
pub(super) fn invocation(history: &History, index: u32) -> Entry<'_> {
    let operation = &history.operations()[index as usize];
    Entry::Event {
        process: operation.process,
        kind: EventType::Invoke,
        function: history.function(operation.function),
        value: operation.input,
        key: operation.key,
        time: history.times(index as usize)[0],
    }
}

/// The completion of operation `index`.
pub(super) fn completion(history: &History, index: u32) -> Entry<'_> {
    let operation = &history.operations()[index as usize];
    let kind = match operation.outcome {
        Outcome::Ok => EventType::Ok,
        Outcome::Fail => EventType::Fail,
        Outcome::Info | Outcome::Open => EventType::Info,
    };
    Entry::Event {
        process: operation.process,
        kind,
        function: history.function(operation.function),
        value: operation.output,
        key: operation.key,
        time: history.times(index as usize)[1],
    }
}

fn whole(history: &History, index: u32) -> Entry<'_> {
    let operation = &history.operations()[index as usize];
    let [call, ret] = history.times(index as usize);
    let named = |extra: &Extra| history.values().as_name(extra.name).unwrap_or_default();
    let taken = history.extras(operation.invoked).iter().any(|extra| is_outcome(named(extra)));
    let outcome = match operation.outcome {
        Outcome::Ok if !taken => None,
        Outcome::Open if ret.is_none() && !taken => None,
        // An operation that is still open and one that may have happened mean the same.
        Outcome::Open => Some(Outcome::Info),
        outcome => Some(outcome),
    };
    let outcome = outcome.map(|outcome| (outcome_field(taken), outcome.name()));
    Entry::Whole {
        process: own_process(history, operation),
        function: history.function(operation.function),
        input: operation.input,
        output: operation.output,
        key: operation.key,
        call,
        ret,
        outcome,
    }
}

/// Whether an extra field could be taken for the outcome of its record.
pub(super) fn is_outcome(name: &str) -> bool {
    role(name).0 == Role::Outcome
}

/// The field that tells the outcome; where an extra field could be `taken` for it, one that goes
/// before all others.
pub(super) fn outcome_field(taken: bool) -> &'static str {
    if taken { "Type" } else { "outcome" }
}

/// The process, unless the record named none and the operation got one of its own.
pub(super) fn own_process(history: &History, operation: &Operation) -> Option<Value> {
    match history.values().shape(operation.process) {
        Shape::Symbol(_) => None,
        _ => Some(operation.process),
    }
}
