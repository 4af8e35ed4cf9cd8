//! CSV: a header, then a line for every record. A cell holds a JSON literal, or the text of a
//! string where that cannot be taken for one; an empty cell is a field that the record lacks.

use std::io;

use rustc_hash::FxHashSet;

use super::{Entry, Record, records};
use crate::history::{History, Shape, Value};

const EVENT: &[&str] = &["process", "type", "f", "value"];
const WHOLE: &[&str] = &["process", "f", "input", "output", "call", "return", "outcome"];

/// Writes `history`, its metadata as a comment.
pub(super) fn write(history: &History, out: &mut (impl io::Write + ?Sized)) -> io::Result<()> {
    let values = history.values();
    if let Some(metadata) = history.metadata() {
        writeln!(out, "# histcheck: {}", values.to_json(metadata))?;
    }
    let columns = columns(history);
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(out);
    writer.write_record(&columns)?;
    for record in records(history) {
        if matches!(record.entry, Entry::Metadata(_)) {
            continue;
        }
        writer.write_record(columns.iter().map(|column| cell(&record, column)))?;
    }
    writer.flush()
}

/// The columns that the records need: those with a meaning, then the others as they appear.
fn columns(history: &History) -> Vec<&str> {
    let whole = history.has_whole_operations();
    let mut columns: Vec<&str> = if whole { WHOLE.to_vec() } else { EVENT.to_vec() };
    if history.operations().iter().any(|operation| operation.key.is_some()) {
        columns.push("key");
    }
    let times = |index| history.times(index).iter().any(Option::is_some);
    let timed = !whole && (0..history.operations().len()).any(times);
    if timed || history.annotations().iter().any(|annotation| annotation.time.is_some()) {
        columns.push("time");
    }
    if whole && !history.annotations().is_empty() {
        columns.extend(["type", "value"]);
    }
    let meant = columns.len();
    let mut seen: FxHashSet<Value> = FxHashSet::default();
    for extra in (0..history.records()).flat_map(|record| history.extras(record)) {
        let Some(name) = history.values().as_name(extra.name) else { continue };
        if seen.insert(extra.name) && !columns[..meant].contains(&name) {
            columns.push(name);
        }
    }
    columns
}

fn cell(record: &Record<'_>, column: &str) -> String {
    let value = |value| text(record, value);
    let optional = |found: Option<Value>| found.map_or(String::new(), value);
    let number = |n: Option<i64>| n.map_or(String::new(), |n| n.to_string());
    match (&record.entry, column) {
        (&Entry::Event { process, .. }, "process") => name(record, process),
        (&Entry::Event { kind, .. }, "type") => kind.name().to_owned(),
        (&Entry::Event { function, .. }, "f") => function.to_owned(),
        (&Entry::Event { value: it, .. }, "value") => value(it),
        (&Entry::Event { key: Some(key), .. }, "key") => value(key),
        (&Entry::Event { time: Some(time), .. }, "time") => time.to_string(),
        (&Entry::Whole { process, .. }, "process") => {
            process.map_or(String::new(), |process| name(record, process))
        }
        (&Entry::Whole { function, .. }, "f") => function.to_owned(),
        (&Entry::Whole { input, .. }, "input") => value(input),
        (&Entry::Whole { output, .. }, "output") => value(output),
        (&Entry::Whole { key, .. }, "key") => optional(key),
        (&Entry::Whole { call, .. }, "call") => number(call),
        (&Entry::Whole { ret, .. }, "return") => number(ret),
        (&Entry::Whole { outcome, .. }, "outcome") => outcome.unwrap_or_default().to_owned(),
        _ => optional(record.extras().find(|&(name, _)| name == column).map(|(_, value)| value)),
    }
}

/// A process, of which the name needs no quotes.
fn name(record: &Record<'_>, process: Value) -> String {
    match record.values().as_name(process) {
        Some(name) => name.to_owned(),
        None => record.values().to_json(process),
    }
}

/// A value as the content of a cell.
fn text(record: &Record<'_>, value: Value) -> String {
    match record.values().shape(value) {
        // A string stands for itself unless it is empty or looks like the start of anything else.
        Shape::Text(text)
            if text.starts_with(char::is_alphabetic)
                && !["true", "false", "null"].contains(&text.trim())
                && !text.contains(['\n', '\r']) =>
        {
            text.to_owned()
        }
        _ => record.values().to_json(value),
    }
}
