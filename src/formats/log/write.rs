//! Text columns, as Jepsen's `history.txt`.

use std::io;

use crate::formats::edn::write_word;
use crate::formats::records::{Entry, Record, completion, invocation, own_process, records};
use crate::history::hash::Map;
use crate::history::{Extra, History, OpIndex, Outcome, Rank, Shape, Value, ValueTable, sort};

/// Writes a line for every event.
pub(super) fn write(history: &History, out: &mut dyn io::Write) -> io::Result<()> {
    if history.has_whole_operations() {
        return write_ends(history, out);
    }
    let mut line = String::new();
    for record in records(history) {
        write_event(&record, None, &mut line);
        out.write_all(line.as_bytes())?;
        line.clear();
    }
    Ok(())
}

/// Writes whole operations as two events each, in the order of their times. Annotations have no
/// place in that order and come first.
fn write_ends(history: &History, out: &mut dyn io::Write) -> io::Result<()> {
    let mut line = String::new();
    for record in records(history).filter(|record| is_annotation(record)) {
        write_event(&record, None, &mut line);
    }
    let processes = Processes::new(history);
    for (index, is_return) in ends(history) {
        let operation = &history[index];
        let process = match own_process(history, operation) {
            Some(process) => Process::Named(process),
            None => Process::Numbered(processes.of(index)),
        };
        // The fields of the record belong to its completion, where errors are looked for.
        let (entry, extras) = if is_return {
            (completion(history, index), history.extras(operation.invoked))
        } else {
            (invocation(history, index), &[][..])
        };
        write_event(&Record { history, entry, extras }, Some(process), &mut line);
        out.write_all(line.as_bytes())?;
        line.clear();
    }
    out.write_all(line.as_bytes())
}

/// The ends of whole operations in the order of their times: the operation, and whether it is its
/// return. A process ends an operation before it calls the next one, also at the same time, where
/// calls come before returns otherwise.
fn ends(history: &History) -> Vec<(OpIndex, bool)> {
    let mut ends: Vec<(Rank, bool, OpIndex)> = Vec::new();
    for (index, operation) in history.indexed() {
        let span = history.span(index);
        ends.push((span.call, false, index));
        match operation.outcome {
            Outcome::Ok | Outcome::Fail => ends.push((span.ret, true, index)),
            // It never returned, and its process may go on: where its end stands means nothing.
            Outcome::Info => ends.push((span.call, true, index)),
            Outcome::Open => {}
        }
    }
    sort::by(&mut ends, |&end| end);
    let process = |index: OpIndex| history[index].process;
    let mut ordered = Vec::with_capacity(ends.len());
    // The operation that each process has open, and calls that wait for its return.
    let mut open: Map<Value, OpIndex> = Map::default();
    let mut waiting: Vec<OpIndex> = Vec::new();
    for (_, is_return, index) in ends {
        if !is_return && open.contains_key(&process(index)) {
            waiting.push(index);
            continue;
        }
        if is_return {
            for called in waiting.drain(..) {
                let before = open.insert(process(called), called);
                ordered.extend(before.map(|before| (before, true)));
                ordered.push((called, false));
            }
            if open.get(&process(index)) != Some(&index) {
                // It was written before a call that waited for it.
                continue;
            }
            open.remove(&process(index));
        } else {
            open.insert(process(index), index);
        }
        ordered.push((index, is_return));
    }
    ordered
}

fn is_annotation(record: &Record<'_>) -> bool {
    matches!(record.entry, Entry::Event { .. })
}

/// What stands in the column of the process.
#[derive(Clone, Copy)]
enum Process {
    Named(Value),
    Numbered(i64),
}

/// Numbers for operations that have a process of their own.
struct Processes {
    /// The first number above those in the history.
    first: i64,
}

impl Processes {
    fn new(history: &History) -> Self {
        let numbers = history.operations().iter();
        let numbers = numbers.filter_map(|operation| history.values().as_int(operation.process));
        Processes { first: numbers.max().map_or(0, |last| last.saturating_add(1)) }
    }

    fn of(&self, index: OpIndex) -> i64 {
        self.first.saturating_add(index.index() as i64)
    }
}

/// Appends the line of an event; a record of anything else has none.
fn write_event(record: &Record<'_>, instead: Option<Process>, out: &mut String) {
    let &Entry::Event { process, kind, function, value, key, .. } = &record.entry else { return };
    let values = record.values();
    match instead.unwrap_or(Process::Named(process)) {
        Process::Named(process) => match values.shape(process) {
            // The first column tells lines of operations from others: it holds no bare symbol.
            Shape::Symbol(name) => write_word(name, out),
            _ => values.write_edn(process, out),
        },
        Process::Numbered(number) => out.push_str(&number.to_string()),
    }
    out.push_str("\t:");
    out.push_str(kind.name());
    out.push('\t');
    write_word(function, out);
    out.push('\t');
    if let Some(key) = key {
        out.push('[');
        values.write_edn(key, out);
        out.push(' ');
    }
    values.write_edn(value, out);
    if key.is_some() {
        out.push(']');
    }
    if let Some(error) = error_of(values, record.extras) {
        out.push('\t');
        values.write_edn(error, out);
    }
    out.push('\n');
}

fn error_of(values: &ValueTable, extras: &[Extra]) -> Option<Value> {
    let is_error = |extra: &&Extra| values.as_name(extra.name) == Some("error");
    extras.iter().find(is_error).map(|extra| extra.value)
}
