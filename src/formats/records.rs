//! The records of a history in the order of its input, each with all its fields; and how formats
//! that write a map for each do so.

use std::io;

use super::roles::{Role, role};
use crate::history::{
    Annotation, EventType, Extra, History, OpIndex, Operation, Outcome, Shape, Value, ValueTable,
    sort,
};

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

    /// Returns the extra fields, by name.
    pub(super) fn extras(&self) -> impl Iterator<Item = (&str, Value)> {
        let named = |extra: &Extra| (self.values().as_name(extra.name), extra.value);
        self.extras.iter().map(named).filter_map(|(name, value)| Some((name?, value)))
    }
}

/// Where an entry comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Invocation(OpIndex),
    Completion(OpIndex),
    Annotation(u32),
}

/// Returns the records of `history`, in the order of its input.
pub(super) fn records(history: &History) -> impl Iterator<Item = Record<'_>> {
    let mut sources: Vec<(crate::history::Record, Source)> = Vec::with_capacity(history.records());
    for (index, operation) in history.indexed() {
        sources.push((operation.invoked, Source::Invocation(index)));
        if let Some(completed) = operation.completed.filter(|&end| end != operation.invoked) {
            sources.push((completed, Source::Completion(index)));
        }
    }
    for (annotation, index) in history.annotations().iter().zip(0..) {
        sources.push((annotation.record, Source::Annotation(index)));
    }
    sort::by(&mut sources, |&(record, _)| record);
    // The metadata's position is the one that nothing else has.
    let gap = sources.iter().enumerate().position(|(at, &(record, _))| record.index() != at);
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
        Source::Invocation(index) if !history.has_real_time() => completion(history, index),
        Source::Invocation(index) => invocation(history, index),
        Source::Completion(index) => completion(history, index),
    }
}

fn annotation<'h>(history: &'h History, annotation: &Annotation) -> Entry<'h> {
    let &Annotation { process, kind, function, value, time, .. } = annotation;
    Entry::Event { process, kind, function: history.function(function), value, key: None, time }
}

/// Returns the invocation of operation `index`.
pub(super) fn invocation(history: &History, index: OpIndex) -> Entry<'_> {
    let operation = &history[index];
    Entry::Event {
        process: operation.process,
        kind: EventType::Invoke,
        function: history.function(operation.function),
        value: operation.input,
        key: operation.key,
        time: history.times(index)[0],
    }
}

/// Returns the completion of operation `index`.
pub(super) fn completion(history: &History, index: OpIndex) -> Entry<'_> {
    let operation = &history[index];
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
        time: history.times(index)[1],
    }
}

fn whole(history: &History, index: OpIndex) -> Entry<'_> {
    let operation = &history[index];
    let [call, ret] = history.times(index);
    let named = |extra: &Extra| history.values().as_name(extra.name).unwrap_or_default();
    let taken = history.extras(operation.invoked).iter().any(|extra| is_outcome(named(extra)));
    // Beside what tells that something went wrong, the outcome has to be told.
    let is_asked = |extra: &Extra| {
        !extra.value.is_null() && matches!(role(named(extra)).0, Role::Error | Role::Success)
    };
    let is_asked = taken || history.extras(operation.invoked).iter().any(is_asked);
    let outcome = match operation.outcome {
        Outcome::Ok if !is_asked => None,
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

/// Tells whether an extra field could be taken for the outcome of its record.
pub(super) fn is_outcome(name: &str) -> bool {
    role(name).0 == Role::Outcome
}

/// Returns the name of the field for the outcome; where an extra field could be `taken`
/// for it, one that goes before all others.
pub(super) fn outcome_field(taken: bool) -> &'static str {
    if taken { "Type" } else { "outcome" }
}

/// Returns the process, unless the record named none and the operation got one of its own.
pub(super) fn own_process(history: &History, operation: &Operation) -> Option<Value> {
    match history.values().shape(operation.process) {
        Shape::Symbol(_) => None,
        _ => Some(operation.process),
    }
}

/// How a format writes the parts of a map.
pub(super) trait Notation {
    /// Appends what comes before the content of a field.
    fn name(&self, name: &str, is_first: bool, out: &mut String);

    /// Appends a value.
    fn value(&self, value: Value, values: &ValueTable, out: &mut String);

    /// Appends a process.
    fn process(&self, process: Value, values: &ValueTable, out: &mut String) {
        self.value(process, values, out);
    }

    /// Appends a type, an outcome or the name of an operation.
    fn word(&self, word: &str, out: &mut String);
}

/// Writes a line with a map for every record of `history`, with what comes `before` all of them,
/// `between` two, and `after` all.
pub(super) fn write_maps(
    history: &History,
    notation: &impl Notation,
    [before, between, after]: [&str; 3],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut line = before.to_owned();
    let mut records = records(history).peekable();
    while let Some(record) = records.next() {
        write_map(&record, notation, &mut line);
        if records.peek().is_some() {
            line.push_str(between);
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
        line.clear();
    }
    line.push_str(after);
    out.write_all(line.as_bytes())
}

/// Appends the map of `record`, with the fields in the order of Jepsen's own documentation.
fn write_map(record: &Record<'_>, notation: &impl Notation, out: &mut String) {
    let mut map = Map { notation, values: record.values(), out, is_first: true };
    match record.entry {
        Entry::Event { process, kind, function, value, key, time } => {
            map.process(Some(process));
            map.word("type", kind.name());
            map.word("f", function);
            map.value("key", key);
            map.value("value", Some(value));
            map.integer("time", time);
        }
        Entry::Whole { process, function, input, output, key, call, ret, outcome } => {
            map.process(process);
            map.word("f", function);
            map.value("key", key);
            map.value("input", Some(input));
            map.value("output", Some(output));
            map.integer("call", call);
            map.integer("return", ret);
            if let Some((field, outcome)) = outcome {
                map.word(field, outcome);
            }
        }
        Entry::Metadata(value) => map.value("histcheck", Some(value)),
    }
    for (name, value) in record.extras() {
        map.value(name, Some(value));
    }
    map.out.push('}');
}

/// A map that is being written.
struct Map<'a, N> {
    notation: &'a N,
    values: &'a ValueTable,
    out: &'a mut String,
    is_first: bool,
}

impl<N: Notation> Map<'_, N> {
    fn name(&mut self, name: &str) {
        self.notation.name(name, std::mem::take(&mut self.is_first), self.out);
    }

    fn process(&mut self, process: Option<Value>) {
        if let Some(process) = process {
            self.name("process");
            self.notation.process(process, self.values, self.out);
        }
    }

    fn value(&mut self, name: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.name(name);
            self.notation.value(value, self.values, self.out);
        }
    }

    fn word(&mut self, name: &str, word: &str) {
        self.name(name);
        self.notation.word(word, self.out);
    }

    fn integer(&mut self, name: &str, n: Option<i64>) {
        if let Some(n) = n {
            self.name(name);
            self.out.push_str(&n.to_string());
        }
    }
}
