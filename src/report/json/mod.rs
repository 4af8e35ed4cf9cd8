//! The report for programs. `docs/CLI.md` documents the schema; fields may be added to it, and
//! `schema_version` grows when one changes or goes away.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

mod explained;

use super::text::{decided_by, proof_counts};
use super::{JepsenResult, Subject};
use crate::caveats::{Caveat, ReadAs, caveats};
use crate::check::{Decision, Failure, KeyReport, StopReason, Verdict};
use crate::error::Error;
use crate::history::{History, Record, Value};
use crate::words::{COMMAND, steers};
use explained::{JsonExplanation, JsonKey, explained, explained_key};
use histcheck_history::put;

/// The version of the schema.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct JsonReport<'a> {
    schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    verdict: &'static str,
    model: &'a str,
    model_source: &'static str,
    operations: usize,
    keys: JsonKeys,
    stop_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unknown_initial: bool,
    failures: Vec<JsonFailure>,
    #[serde(flatten)]
    explanation: JsonExplanation,
    decided_by: BTreeMap<&'static str, usize>,
    ties: Option<JsonTies>,
    self_check: Option<JsonProofs>,
    read_as: JsonReadAs<'a>,
    warnings: Vec<JsonWarning>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hints: Vec<JsonHint<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jepsen: Option<JsonJepsen<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timings: Option<JsonTimings>,
}

#[derive(Serialize)]
pub(super) struct JsonKeys {
    pub(super) checked: usize,
    pub(super) invalid: usize,
    pub(super) unknown: usize,
}

#[derive(Serialize)]
struct JsonFailure {
    key: Option<Box<RawValue>>,
    operation: Record,
    is_first: bool,
    completion: Option<Record>,
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    f: String,
    process: Option<Box<RawValue>>,
    input: Option<Box<RawValue>>,
    output: Option<Box<RawValue>>,
    call_time: Option<i64>,
    return_time: Option<i64>,
    core: Vec<Record>,
    #[serde(flatten)]
    explanation: Option<JsonKey>,
}

#[derive(Serialize)]
struct JsonTies {
    decisive: bool,
    otherwise: &'static str,
}

#[derive(Serialize)]
pub(super) struct JsonProofs {
    pub(super) confirmed: usize,
    pub(super) too_large: usize,
    pub(super) wrong: usize,
}

/// How the records were read.
#[derive(Serialize)]
pub(super) struct JsonReadAs<'a> {
    records: &'static str,
    fields: BTreeMap<&'static str, &'a str>,
    unused: Vec<&'a str>,
}

pub(super) fn read_as(read_as: ReadAs<'_>) -> JsonReadAs<'_> {
    let ReadAs { whole, alone, fields, unused } = read_as;
    JsonReadAs {
        records: match (whole, alone) {
            (true, _) => "whole-operations",
            (false, true) => "completions",
            (false, false) => "events",
        },
        fields: fields.into_iter().map(|(role, name)| (role, name.unwrap_or(role))).collect(),
        unused,
    }
}

#[derive(Serialize)]
pub(super) struct JsonWarning {
    code: &'static str,
    kind: &'static str,
    count: usize,
    message: String,
}

pub(super) fn warnings(caveats: Vec<Caveat>) -> Vec<JsonWarning> {
    let warning = |Caveat { kind, count, message }| {
        let (code, kind) = (kind.code(), kind.name());
        JsonWarning { code, kind, count, message }
    };
    caveats.into_iter().map(warning).collect()
}

#[derive(Serialize)]
struct JsonHint<'a> {
    kind: &'static str,
    option: &'a str,
    invalid_keys: usize,
    message: &'a str,
}

#[derive(Serialize)]
struct JsonJepsen<'a> {
    verdict: Option<&'static str>,
    differs: bool,
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonTimings {
    read_seconds: f64,
    check_seconds: f64,
    explain_seconds: f64,
}

#[derive(Serialize)]
struct JsonUnreadable<'a> {
    schema_version: u32,
    file: &'a str,
    verdict: Option<()>,
    error: JsonError<'a>,
}

#[derive(Serialize)]
struct JsonError<'a> {
    code: &'static str,
    message: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    hint: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonUnread<'a> {
    schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    verdict: &'a str,
    model: Option<&'a str>,
    operations: usize,
    keys: JsonKeys,
    stop_reason: &'a str,
    failures: [(); 0],
}

/// The report on `subject` as one line of JSON.
pub fn json(subject: &Subject<'_>) -> String {
    let report = subject.report;
    let counts = report.key_counts;
    let tally = subject.history.tally();
    line(&JsonReport {
        schema_version: SCHEMA_VERSION,
        file: subject.file,
        verdict: report.verdict.name(),
        model: &report.model,
        model_source: report.model_source.name(),
        operations: report.operations,
        keys: JsonKeys {
            checked: counts.checked,
            invalid: counts.invalid,
            unknown: counts.unknown,
        },
        stop_reason: report.stop_reason.map(|reason| reason.name()),
        unknown_initial: report.unknown_initial,
        failures: failures(subject),
        explanation: explained(subject),
        decided_by: decided_by(report),
        ties: report.other_ties.map(|other| JsonTies {
            decisive: report.rests_on_ties(),
            otherwise: other.verdict.name(),
        }),
        self_check: proof_counts(report).map(|[confirmed, too_large, wrong]| JsonProofs {
            confirmed,
            too_large,
            wrong,
        }),
        read_as: read_as(ReadAs::of(subject.history, tally)),
        warnings: warnings(caveats(subject.history, report)),
        hints: subject
            .hints
            .iter()
            .map(|hint| JsonHint {
                kind: hint.kind.name(),
                option: &hint.option,
                invalid_keys: hint.invalid,
                message: &hint.message,
            })
            .collect(),
        jepsen: subject.jepsen.as_ref().map(|said| jepsen(said, report.verdict)),
        timings: subject.timings.map(|timings| JsonTimings {
            read_seconds: timings.read.as_secs_f64(),
            check_seconds: timings.check.as_secs_f64(),
            explain_seconds: timings.explain.as_secs_f64(),
        }),
    })
}

/// What Jepsen said, in the words of the report.
fn jepsen(said: &JepsenResult, verdict: Verdict) -> JsonJepsen<'_> {
    let (said_verdict, error) = match said {
        JepsenResult::Valid(Some(true)) => (Some(Verdict::Valid.name()), None),
        JepsenResult::Valid(Some(false)) => (Some(Verdict::Invalid.name()), None),
        JepsenResult::Valid(None) => (Some(Verdict::Unknown.name()), None),
        JepsenResult::Unreadable(why) => (None, Some(why.as_str())),
    };
    JsonJepsen { verdict: said_verdict, differs: said.differs_from(verdict), error }
}

/// An input that a limit kept from being read, as one line of JSON: a report without a model.
pub fn unread_json(file: Option<&str>, reason: StopReason) -> String {
    line(&JsonUnread {
        schema_version: SCHEMA_VERSION,
        file,
        verdict: Verdict::Unknown.name(),
        model: None,
        operations: 0,
        keys: JsonKeys { checked: 0, invalid: 0, unknown: 0 },
        stop_reason: reason.name(),
        failures: [],
    })
}

/// An input that could not be checked, as one line of JSON.
pub fn error_json(file: &str, error: &Error) -> String {
    let place = error.place.filter(|place| place.line > 0);
    line(&JsonUnreadable {
        schema_version: SCHEMA_VERSION,
        file,
        verdict: None,
        error: JsonError {
            code: error.code.as_str(),
            message: &error.message,
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            hint: error.hint.as_deref(),
        },
    })
}

fn failures(subject: &Subject<'_>) -> Vec<JsonFailure> {
    let keys = subject.report.keys.iter().enumerate();
    keys.filter_map(|(at, key)| match &key.decision {
        Decision::Invalid(failure) => Some(failed(subject, at, key, failure)),
        _ => None,
    })
    .collect()
}

fn failed(subject: &Subject<'_>, key_at: usize, key: &KeyReport, failure: &Failure) -> JsonFailure {
    let history = subject.history;
    let operation = &history[failure.operation];
    let [call_time, return_time] = history.times(failure.operation);
    JsonFailure {
        key: key.key.and_then(|key| raw(history, key)),
        operation: operation.invoked,
        is_first: failure.is_first(),
        completion: operation.completed,
        line: subject.line(operation.invoked),
        file: subject.file_of(operation.invoked).map(str::to_owned),
        f: history.function(operation.function).to_owned(),
        process: raw(history, operation.process),
        input: raw(history, operation.input),
        output: raw(history, operation.output),
        call_time,
        return_time,
        core: failure.core.iter().map(|&op| history[op].invoked).collect(),
        explanation: explained_key(subject, key_at),
    }
}

/// A value of the history as JSON.
pub(super) fn raw(history: &History, value: Value) -> Option<Box<RawValue>> {
    RawValue::from_string(history.values().to_json(value)).ok()
}

/// `value` on a line of its own.
pub(super) fn line<T: Serialize>(value: &T) -> String {
    // Nothing that is written here can fail: keys are strings, and every number is finite.
    harmless(serde_json::to_string(value).unwrap_or_default()) + "\n"
}

/// The same JSON where a terminal, or a log that runs commands, may show it: what steers these can
/// only stand in strings, which have escapes.
pub(super) fn harmless(json: String) -> String {
    if json.is_ascii() && !json.contains(['\u{7f}']) && !json.contains(COMMAND) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        // Line breaks stand between values: in strings, they are escaped already.
        if steers(c) && c != '\n' || c == '#' && out.ends_with('#') {
            // Characters beyond 16 bits do not steer.
            put!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}
