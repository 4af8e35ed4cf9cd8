//! CSV: a header, then a line for every record. A cell holds a JSON literal, or the text of a
//! string where that cannot be taken for one; an empty cell is a field that the record lacks.

use std::io;

use crate::formats::records::{Entry, Record, is_outcome, outcome_field, records};
use crate::formats::roles::{Role, role};
use crate::history::hash::Set;
use histcheck_history::steers;

use crate::history::{Extra, History, Shape, Value, function_text, write_quoted};

const EVENT: &[&str] = &["process", "type", "f", "value"];
const WHOLE: &[&str] = &["process", "f", "input", "output", "call", "return"];

/// Writes `history`, its metadata as a comment.
pub(super) fn write(history: &History, out: &mut dyn io::Write) -> io::Result<()> {
    let values = history.values();
    if let Some(metadata) = history.metadata() {
        writeln!(out, "# histcheck: {}", values.to_json(metadata))?;
    }
    let (columns, outcome) = (columns(history), outcome_column(history));
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(out);
    writer.write_record(columns.iter().copied().map(heading))?;
    for record in records(history) {
        if matches!(record.entry, Entry::Metadata(_)) {
            continue;
        }
        writer.write_record(columns.iter().map(|column| cell(&record, column, outcome)))?;
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
    if whole {
        columns.push(outcome_column(history));
    }
    let times = |index| history.times(index).iter().any(Option::is_some);
    let timed = !whole && history.indices().any(times);
    if timed || history.annotations().iter().any(|annotation| annotation.time.is_some()) {
        columns.push("time");
    }
    if whole && !history.annotations().is_empty() {
        columns.extend(["type", "value"]);
    }
    let meant = columns.len();
    let mut seen: Set<Value> = Set::default();
    for extra in history.all_extras() {
        let Some(name) = history.values().as_name(extra.name) else { continue };
        let is_meant = |column: &&str| belongs(name, column, whole);
        if seen.insert(extra.name) && !columns[..meant].iter().any(is_meant) {
            columns.push(name);
        }
    }
    columns
}

/// Whether the field `name` belongs into `column`, in a table of whole operations or of events. An
/// empty cell of an input or output says null there, so that no other column may be read as these.
fn belongs(name: &str, column: &str, whole: bool) -> bool {
    let is_end = || matches!(role(column).0, Role::Input | Role::Output);
    name == column || whole && is_end() && role(name) == role(column)
}

/// The name of a column as the content of a cell: as it stands, unless it would be read as another.
fn heading(name: &str) -> String {
    if name.is_empty() || name.starts_with('"') || name.trim() != name || is_formula(name) {
        return quoted(name);
    }
    name.to_owned()
}

/// The column of outcomes in a table of whole operations.
fn outcome_column(history: &History) -> &'static str {
    let mut extras = history.all_extras().iter();
    let name = |extra: &Extra| history.values().as_name(extra.name).unwrap_or_default();
    outcome_field(extras.any(|extra| is_outcome(name(extra))))
}

fn cell(record: &Record<'_>, column: &str, outcome_column: &str) -> String {
    let value = |value| text(record, value);
    let optional = |found: Option<Value>| found.map_or(String::new(), value);
    let number = |n: Option<i64>| n.map_or(String::new(), |n| n.to_string());
    match (&record.entry, column) {
        (
            &Entry::Event { process, .. } | &Entry::Whole { process: Some(process), .. },
            "process",
        ) => match record.values().as_name(process) {
            Some(process) => process_name(process),
            None => record.values().to_json(process),
        },
        (&Entry::Event { kind, .. }, "type") => kind.name().to_owned(),
        // A client's name may be empty, which an empty cell would not say.
        (&Entry::Event { function: "", process, .. }, "f") if !is_client(record, process) => {
            String::new()
        }
        (&Entry::Event { function, .. } | &Entry::Whole { function, .. }, "f") => {
            function_name(&function_text(function))
        }
        (&Entry::Event { value: it, .. }, "value") => value(it),
        (&Entry::Event { key: Some(key), .. }, "key") => value(key),
        (&Entry::Event { time: Some(time), .. }, "time") => time.to_string(),
        (&Entry::Whole { input, .. }, "input") => value(input),
        (&Entry::Whole { output, .. }, "output") => value(output),
        (&Entry::Whole { key, .. }, "key") => optional(key),
        (&Entry::Whole { call, .. }, "call") => number(call),
        (&Entry::Whole { ret, .. }, "return") => number(ret),
        (&Entry::Whole { outcome, .. }, column) if column == outcome_column => {
            outcome.map_or(String::new(), |(_, outcome)| outcome.to_owned())
        }
        _ => {
            let whole = record.history.has_whole_operations();
            let mut extras = record.extras();
            let found = extras.find(|&(name, _)| belongs(name, column, whole));
            optional(found.map(|(_, value)| value))
        }
    }
}

fn is_client(record: &Record<'_>, process: Value) -> bool {
    record.values().as_int(process).is_some()
}

/// A function as the content of a cell: as it stands, unless it would be read as something else.
fn function_name(name: &str) -> String {
    let is_taken = matches!(name.as_bytes().first(), None | Some(b'"')) || is_formula(name);
    if is_taken || name.trim_matches([' ', '\t']) != name { quoted(name) } else { name.to_owned() }
}

/// Whether a spreadsheet would take the content of a cell for a formula, and run it; or a terminal
/// would run what is in it.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
        || text.contains(steers)
}

/// The same of a process, which must not be read as a number either.
fn process_name(name: &str) -> String {
    match name.as_bytes().first() {
        Some(b'-' | b'0'..=b'9') => quoted(name),
        _ => function_name(name),
    }
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    write_quoted(text, &mut quoted);
    quoted
}

/// A value as the content of a cell.
fn text(record: &Record<'_>, value: Value) -> String {
    match record.values().shape(value) {
        // A string stands for itself unless it is empty or looks like the start of anything else.
        Shape::Text(text)
            if text.starts_with(char::is_alphabetic)
                && !["true", "false", "null"].contains(&text.trim())
                && !text.contains(steers) =>
        {
            text.to_owned()
        }
        _ => record.values().to_json(value),
    }
}
