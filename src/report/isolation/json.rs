//! The report on isolation levels for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::drawing::Tie;
use super::steps::Names;
use super::{Isolation, IsolationSoFar};
use crate::check::StopReason;
use crate::history::{OpIndex, Record};
use crate::isolation::{Asked, Evidence, Found, Level, Status};
use crate::report::json::{self, JsonProofs, JsonReadAs, JsonWarning, SCHEMA_VERSION, line};

#[derive(Serialize)]
struct JsonIsolation<'a> {
    schema_version: u32,
    #[serde(flatten)]
    event: Option<IsolationEvent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    verdict: &'static str,
    operations: usize,
    isolation: JsonLevels,
    self_check: Option<JsonProofs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timings: Option<JsonTimes>,
    read_as: JsonReadAs<'a>,
    warnings: Vec<JsonWarning>,
}

#[derive(Serialize)]
struct JsonTimes {
    read_seconds: f64,
    check_seconds: f64,
}

/// What a report on transactions that are followed is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct IsolationEvent {
    /// `violation` or `end`.
    pub event: &'static str,
    /// How many records were read.
    pub records: usize,
}

#[derive(Serialize)]
struct JsonEnd {
    schema_version: u32,
    #[serde(flatten)]
    event: IsolationEvent,
    verdict: &'static str,
    operations: usize,
    stop_reason: &'static str,
    interrupted: bool,
}

#[derive(Serialize)]
struct JsonAsked<'a> {
    schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    verdict: &'static str,
    operations: usize,
    stop_reason: &'static str,
    isolation: JsonAskedLevel,
}

#[derive(Serialize)]
struct JsonAskedLevel {
    asked: &'static str,
}

#[derive(Serialize)]
struct JsonLevels {
    asked: String,
    reason: Option<&'static str>,
    levels: BTreeMap<&'static str, &'static str>,
    anomalies: Vec<JsonAnomaly>,
    seen_of_unknown_outcome: usize,
    keys_set_aside: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assumed: Option<&'static str>,
}

#[derive(Serialize)]
struct JsonAnomaly {
    name: &'static str,
    title: &'static str,
    count: usize,
    rules_out: Vec<&'static str>,
    transactions: Vec<JsonTransaction>,
    cycle: Vec<JsonStep>,
    sentence: String,
}

#[derive(Serialize)]
struct JsonTransaction {
    name: String,
    record: Record,
    line: Option<usize>,
}

#[derive(Serialize)]
struct JsonStep {
    from: String,
    to: String,
    kind: &'static str,
    sentence: String,
}

/// Returns the report as one line of JSON.
pub fn isolation_json(subject: &Isolation<'_>) -> String {
    let (status, _) = subject.answer();
    let (verdict, reason) = match status {
        Status::Holds(_) => ("valid", None),
        Status::RuledOut => ("invalid", None),
        Status::Undecided(reason) => ("unknown", Some(reason.in_words())),
    };
    let word = |level: Level| match subject.report.statuses[level.index()] {
        Status::Holds(_) => "holds",
        Status::RuledOut => "ruled-out",
        Status::Undecided(_) => "undecided",
    };
    let (history, found) = (subject.history(), subject.report.found.iter());
    line(&JsonIsolation {
        schema_version: SCHEMA_VERSION,
        event: subject.event,
        file: subject.file,
        verdict,
        operations: subject.report.transactions.len(),
        isolation: JsonLevels {
            asked: match subject.asked {
                Asked::Level(level, _) => level.name().to_owned(),
                Asked::Anomalies(names) => format!("anomalies:{}", names.join(",")),
            },
            reason,
            levels: Level::all().map(|level| (level.name(), word(level))).collect(),
            anomalies: found.take(subject.most).map(|found| anomaly(subject, found)).collect(),
            seen_of_unknown_outcome: subject.report.seen,
            keys_set_aside: subject
                .report
                .set_aside
                .iter()
                .map(|&key| history.values().to_json(key))
                .collect(),
            assumed: subject.report.options.keys.in_words(),
        },
        self_check: subject.verified.as_ref().map(|verified| JsonProofs {
            confirmed: verified.confirmed,
            too_large: verified.too_large,
            wrong: verified.wrong.len(),
        }),
        timings: subject.timings.map(|[read, check]| JsonTimes {
            read_seconds: read.as_secs_f64(),
            check_seconds: check.as_secs_f64(),
        }),
        read_as: json::read_as(subject.read_as()),
        warnings: json::warnings(subject.caveats()),
    })
}

/// Returns the end of transactions that `reason` ended before they were over as one line of JSON.
pub fn isolation_interrupted_json(so_far: &IsolationSoFar, reason: StopReason) -> String {
    let IsolationSoFar { is_ruled_out, transactions, records, .. } = *so_far;
    line(&JsonEnd {
        schema_version: SCHEMA_VERSION,
        event: IsolationEvent { event: "end", records },
        verdict: if is_ruled_out { "invalid" } else { "unknown" },
        operations: transactions,
        stop_reason: reason.name(),
        interrupted: true,
    })
}

/// Returns the status of the level that is asked for as one line of JSON, where `reason` ended the
/// work on all others.
pub fn isolation_asked_json(
    so_far: &IsolationSoFar,
    file: Option<&str>,
    reason: StopReason,
) -> String {
    line(&JsonAsked {
        schema_version: SCHEMA_VERSION,
        file,
        verdict: if so_far.is_ruled_out { "invalid" } else { "valid" },
        operations: so_far.transactions,
        stop_reason: reason.name(),
        isolation: JsonAskedLevel { asked: so_far.level.name() },
    })
}

fn anomaly(subject: &Isolation<'_>, found: &Found) -> JsonAnomaly {
    let names = Names::of(&found.evidence);
    let transaction = |t: u32| {
        let record = subject.history()[OpIndex::new(t as usize)].invoked;
        JsonTransaction { name: names.name(t), record, line: subject.line(record) }
    };
    let cycle = match &found.evidence {
        Evidence::Cycle(steps) => steps
            .iter()
            .map(|step| JsonStep {
                from: names.name(step.from),
                to: names.name(step.to),
                kind: Tie::of(&step.why).name(),
                sentence: subject.step(step, &names),
            })
            .collect(),
        _ => Vec::new(),
    };
    JsonAnomaly {
        name: found.kind.name(),
        title: subject.report.title(found),
        count: found.count,
        rules_out: found.rules_out.iter().map(|level| level.name()).collect(),
        transactions: names.all().map(transaction).collect(),
        cycle,
        sentence: subject.evidence(&found.evidence, &names),
    }
}
