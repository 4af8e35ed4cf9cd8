//! What is told of a history that is followed: each violation when it comes, and the end.

use serde::Serialize;
use serde_json::value::RawValue;

use super::json::{self, JsonKeys, JsonReadAs, JsonWarning, SCHEMA_VERSION};
use super::style::Palette;
use super::text::{line, model_in_words};
use super::with_thousands;
use crate::check::{KeyCounts, Verdict};
use crate::follow::{Summary, Surroundings, Violation};
use crate::history::Record;
use crate::words::{counted, printable, shortened};

/// What is known at the end of a history, or so far.
#[derive(Clone, Copy, Debug)]
pub struct Followed<'a> {
    /// What became of it.
    pub summary: &'a Summary,
    /// How many records were read.
    pub records: usize,
    /// How many of them were no client's.
    pub annotations: u64,
    /// Whether somebody ended it before it was over.
    pub interrupted: bool,
}

#[derive(Serialize)]
struct JsonViolation<'a> {
    schema_version: u32,
    event: &'static str,
    verdict: &'static str,
    key: Option<Box<RawValue>>,
    operation: Record,
    completion: Record,
    line: Option<usize>,
    f: &'a str,
    process: Option<Box<RawValue>>,
    input: Option<Box<RawValue>>,
    output: Option<Box<RawValue>>,
    call_time: Option<i64>,
    return_time: Option<i64>,
    states: &'a [String],
    records: usize,
}

#[derive(Serialize)]
struct JsonEnd<'a> {
    schema_version: u32,
    event: &'static str,
    verdict: &'static str,
    model: Option<&'a str>,
    model_source: &'static str,
    operations: u64,
    records: usize,
    keys: JsonKeys,
    stop_reason: Option<&'static str>,
    interrupted: bool,
    unread_outputs: &'a [String],
    read_as: JsonReadAs<'a>,
    warnings: Vec<JsonWarning>,
}

#[derive(Serialize)]
struct JsonRotation<'a> {
    schema_version: u32,
    event: &'static str,
    file: &'a str,
    bytes: u64,
}

/// That another file took the place of the one called `file`, of which so many bytes were read, as
/// one line of JSON.
pub fn rotation_json(file: &str, bytes: u64) -> String {
    json::line(&JsonRotation { schema_version: SCHEMA_VERSION, event: "rotated", file, bytes })
}

/// The violation in one line, without its line break.
pub fn violation_line(violation: &Violation, palette: &Palette) -> String {
    let key = violation
        .key
        .as_ref()
        .map_or(String::new(), |[text, _]| format!("key {}: ", shortened(text, 60)));
    let line = violation.line.map_or(String::new(), |line| format!(", line {line}"));
    format!(
        "{}invalid{}: {key}no order of the operations explains `{}` by process {} (it returned in \
         record {}{line})",
        palette.bad,
        palette.reset,
        violation.operation,
        printable(&violation.process),
        violation.completed,
    )
}

/// What is known of the violation beyond the line; empty if nothing is.
pub fn violation_details(violation: &Violation, palette: &Palette) -> String {
    let states = match &violation.states[..] {
        [] => return String::new(),
        [state] => format!("only {}", shortened(state, 60)),
        states => {
            let states: Vec<String> = states.iter().map(|state| shortened(state, 60)).collect();
            format!("one of {}", states.join(", "))
        }
    };
    let mut out = String::new();
    let fact = format!("but for operations still open, the object could hold {states}");
    line(palette.label, "before", &fact, palette, &mut out);
    out
}

/// What the violation is explained by; empty if nothing is known.
pub fn surroundings_line(violation: &Violation, palette: &Palette) -> String {
    let mut out = String::new();
    if let Some(Surroundings { history, .. }) = &violation.surroundings {
        let operations = history.operations();
        let first = operations.first().map_or(0, |operation| operation.invoked.index());
        let count = counted(operations.len(), "operation");
        let fact = format!("the last {count} on this object, from record {first} on");
        line(palette.label, "look at", &fact, palette, &mut out);
    }
    out
}

/// The violation as one line of JSON.
pub fn violation_json(violation: &Violation) -> String {
    let raw = |text: &String| RawValue::from_string(text.clone()).ok();
    json::line(&JsonViolation {
        schema_version: SCHEMA_VERSION,
        event: "violation",
        verdict: Verdict::Invalid.name(),
        key: violation.key.as_ref().and_then(|[_, json]| raw(json)),
        operation: violation.invoked,
        completion: violation.completed,
        line: violation.line,
        f: &violation.function,
        process: raw(&violation.process),
        input: raw(&violation.input),
        output: raw(&violation.output),
        call_time: violation.times[0],
        return_time: violation.times[1],
        states: &violation.states,
        records: violation.completed.index() + 1,
    })
}

/// The end in one line, without its line break.
pub fn end_line(followed: &Followed<'_>, palette: &Palette) -> String {
    let Summary { verdict, operations, keys, stop_reason, .. } = followed.summary;
    let color = match verdict {
        Verdict::Valid => palette.good,
        Verdict::Invalid => palette.bad,
        Verdict::Unknown => palette.unsure,
    };
    let operations = counted(*operations as usize, "operation");
    let KeyCounts { checked, invalid, unknown } = *keys;
    let of_keys = |some: usize, what: &str| {
        let verb = if some == 1 { "is" } else { "are" };
        format!("{} of {} {verb} {what}", with_thousands(some), counted(checked, "key"))
    };
    let why = stop_reason.map_or(String::new(), |reason| format!("{reason}; "));
    let so_far = if followed.interrupted { " so far" } else { "" };
    let sentence = match (verdict, followed.summary.is_keyed) {
        (Verdict::Valid, _) => format!("{operations}{so_far}, linearizable"),
        (Verdict::Invalid, true) => of_keys(invalid, "not linearizable"),
        (Verdict::Invalid, false) => format!("{operations}{so_far}, not linearizable"),
        (Verdict::Unknown, true) => why + &of_keys(unknown, "not decided"),
        (Verdict::Unknown, false) => why + "not decided",
    };
    let caveats = followed.summary.noted.caveats();
    let mut vacuous = caveats.iter().filter(|caveat| caveat.is_vacuous());
    match vacuous.next().filter(|_| *verdict == Verdict::Valid) {
        Some(caveat) => {
            let headline = caveat.headline(&(operations + so_far));
            format!("{}{verdict}{}, {headline}", palette.unsure, palette.reset)
        }
        None => format!("{color}{verdict}{}: {sentence}", palette.reset),
    }
}

/// What the end rests on.
pub fn end_details(followed: &Followed<'_>, palette: &Palette) -> String {
    let Summary { operations, keys, is_keyed, model, model_source, .. } = followed.summary;
    let mut history = counted(*operations as usize, "operation");
    if *is_keyed {
        history += &format!(" on {}", counted(keys.checked, "key"));
    }
    history += &format!(" in {}", counted(followed.records, "record"));
    if followed.annotations > 0 {
        let notes = counted(followed.annotations as usize, "record");
        history += &format!("; {notes} of no client left aside");
    }
    let mut out = String::new();
    let model = model.as_ref().map(|model| ("model", model_in_words(model, *model_source)));
    let read_as = followed.summary.noted.read_as().in_words();
    let others =
        [("history", history), ("read as", read_as), ("decided", "as it came in".to_owned())];
    for (label, fact) in model.into_iter().chain(others) {
        line(palette.label, label, &fact, palette, &mut out);
    }
    for caveat in followed.summary.noted.caveats() {
        let message = format!("{} ({})", caveat.message, caveat.kind.code());
        line(palette.unsure, "warning", &message, palette, &mut out);
    }
    out
}

/// The end as one line of JSON.
pub fn end_json(followed: &Followed<'_>) -> String {
    let Summary { verdict, operations, keys, model, model_source, stop_reason, noted, .. } =
        followed.summary;
    json::line(&JsonEnd {
        schema_version: SCHEMA_VERSION,
        event: "end",
        verdict: verdict.name(),
        model: model.as_deref(),
        model_source: model_source.name(),
        operations: *operations,
        records: followed.records,
        keys: JsonKeys { checked: keys.checked, invalid: keys.invalid, unknown: keys.unknown },
        stop_reason: stop_reason.map(|reason| reason.name()),
        interrupted: followed.interrupted,
        unread_outputs: &noted.unread_outputs,
        read_as: json::read_as(noted.read_as()),
        warnings: json::warnings(noted.caveats()),
    })
}
