//! What went wrong and what still holds, for programs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::Subject;
use super::raw;
use crate::check::Verdict;
use crate::explain::{
    Anomaly, ClockSkew, Explanation, Grouping, Guarantee, KeyExplanation, Situation, SkewOutcome,
    Violation,
};
use crate::history::{History, OpIndex, Record, Shape};

/// The part of the report that explains.
#[derive(Serialize)]
pub(super) struct JsonExplanation {
    anomalies: Vec<JsonAnomaly>,
    more_anomalies: usize,
    anomalies_complete: bool,
    counterexample: Option<JsonCounterexample>,
    guarantees: BTreeMap<&'static str, Option<bool>>,
    staleness: Option<JsonStaleness>,
    clock_skew: Option<JsonSkew>,
    clocks: &'static str,
}

#[derive(Serialize)]
struct JsonAnomaly {
    kind: &'static str,
    key: Option<Box<RawValue>>,
    operations: Vec<Record>,
    certainty: &'static str,
    summary: String,
    count: usize,
}

#[derive(Serialize)]
struct JsonCounterexample {
    key: Option<Box<RawValue>>,
    operations: Vec<Record>,
    minimal: bool,
}

/// How stale the reads of a key are.
#[derive(Serialize)]
pub(super) struct JsonStaleness {
    k: Option<u64>,
    k_at_least: Option<u64>,
    k_at_most: Option<u64>,
    delta_ns: Option<i64>,
}

#[derive(Serialize)]
struct JsonSkew {
    offsets: BTreeMap<String, i64>,
    unit: &'static str,
    clocks: &'static str,
    situation: &'static str,
    smallest: bool,
    pinned: bool,
    within_error: bool,
    lost_by_timestamp: usize,
}

/// What one failing key still guarantees.
#[derive(Serialize)]
pub(super) struct JsonKey {
    #[serde(skip_serializing_if = "Option::is_none")]
    initial: Option<String>,
    guarantees: BTreeMap<&'static str, Option<bool>>,
    broken: BTreeMap<&'static str, JsonBroken>,
    staleness: Option<JsonStaleness>,
}

#[derive(Serialize)]
struct JsonBroken {
    processes: usize,
    operations: Vec<Record>,
}

/// The explanation of `subject`.
pub(super) fn explained(subject: &Subject<'_>) -> JsonExplanation {
    let Explanation { keys, anomalies, more, is_complete, clock_skew } = &subject.explanation;
    let anomaly = |anomaly: &Anomaly| JsonAnomaly {
        kind: anomaly.kind.name(),
        key: anomaly.key_at.and_then(|at| key_json(subject, at)),
        operations: records(subject.history, &anomaly.operations),
        certainty: anomaly.certainty.name(),
        summary: anomaly.summary.clone(),
        count: anomaly.count,
    };
    JsonExplanation {
        anomalies: anomalies.iter().map(anomaly).collect(),
        more_anomalies: *more,
        anomalies_complete: *is_complete,
        counterexample: subject.explanation.counterexample().map(|(key_at, violation)| {
            let Violation { core, is_minimal, .. } = violation;
            JsonCounterexample {
                key: key_json(subject, key_at),
                operations: records(subject.history, core),
                minimal: *is_minimal,
            }
        }),
        guarantees: all_keys(subject),
        staleness: worst_staleness(keys),
        clock_skew: clock_skew.found().map(|skew| skew_json(subject.history, skew)),
        clocks: clocks_word(clock_skew),
    }
}

/// What the failing key at `key_at` still guarantees, if that was looked into.
pub(super) fn explained_key(subject: &Subject<'_>, key_at: usize) -> Option<JsonKey> {
    let key = subject.explanation.keys.iter().find(|key| key.key_at == key_at)?;
    let broken = key.guarantees.iter().filter(|held| held.holds == Some(false));
    Some(JsonKey {
        initial: key.initial.clone(),
        guarantees: key.guarantees.iter().map(|held| (held.guarantee.name(), held.holds)).collect(),
        broken: broken
            .map(|held| {
                let operations = records(subject.history, &held.broken_by);
                (held.guarantee.name(), JsonBroken { processes: held.processes, operations })
            })
            .collect(),
        staleness: worst_staleness(std::slice::from_ref(key)),
    })
}

fn key_json(subject: &Subject<'_>, key_at: usize) -> Option<Box<RawValue>> {
    raw(subject.history, subject.report.keys.get(key_at)?.key?)
}

fn records(history: &History, operations: &[OpIndex]) -> Vec<Record> {
    operations.iter().map(|&op| history[op].invoked).collect()
}

/// What holds for all keys: true if for each, false if one lacks it. A linearizable history has
/// every guarantee.
fn all_keys(subject: &Subject<'_>) -> BTreeMap<&'static str, Option<bool>> {
    let counts = subject.report.key_counts;
    let all_looked_into = counts.unknown == 0 && subject.explanation.keys.len() == counts.invalid;
    let holds = |guarantee: Guarantee| {
        let mut held = subject.explanation.keys.iter().map(|key| {
            key.guarantees.iter().find(|held| held.guarantee == guarantee).and_then(|h| h.holds)
        });
        match subject.report.verdict {
            Verdict::Valid => Some(true),
            _ if held.clone().any(|holds| holds == Some(false)) => Some(false),
            _ => (all_looked_into && held.all(|holds| holds == Some(true))).then_some(true),
        }
    };
    Guarantee::ALL.into_iter().map(|guarantee| (guarantee.name(), holds(guarantee))).collect()
}

/// The largest staleness of these keys; null where one is not known.
fn worst_staleness(keys: &[KeyExplanation]) -> Option<JsonStaleness> {
    let all: Vec<_> = keys.iter().map(|key| key.staleness).collect::<Option<_>>()?;
    let first = all.first()?;
    let mut worst = *first;
    for other in &all[1..] {
        worst.k.at_least = worst.k.at_least.max(other.k.at_least);
        worst.k.at_most = worst.k.at_most.zip(other.k.at_most).map(|(a, b)| a.max(b));
        worst.delta = worst.delta.zip(other.delta).map(|(a, b)| a.max(b));
    }
    let exact = worst.k.at_least == worst.k.at_most;
    Some(JsonStaleness {
        k: worst.k.at_most.filter(|_| exact),
        k_at_least: worst.k.at_least,
        k_at_most: worst.k.at_most,
        delta_ns: worst.delta,
    })
}

/// What came of looking for clock offsets.
fn clocks_word(outcome: &SkewOutcome) -> &'static str {
    match outcome {
        SkewOutcome::Found(_) => "explain",
        SkewOutcome::NotNeeded => "agree",
        SkewOutcome::Impossible => "cannot-explain",
        SkewOutcome::NotFound => "not-decided",
        SkewOutcome::NoTimes => "no-times",
    }
}

fn skew_json(history: &History, skew: &ClockSkew) -> JsonSkew {
    let name = |group| match history.values().shape(group) {
        Shape::Text(name) => name.to_owned(),
        _ => history.values().to_json(group),
    };
    JsonSkew {
        offsets: skew.offsets.iter().map(|&(group, offset)| (name(group), offset)).collect(),
        unit: "ns",
        clocks: match skew.grouping {
            Grouping::Field(field) => field,
            Grouping::Process => "process",
        },
        situation: match skew.situation {
            Situation::Recording => "recording",
            Situation::LastWriteWins => "last-write-wins",
        },
        smallest: skew.is_smallest,
        pinned: skew.is_pinned,
        within_error: skew.is_within_error,
        lost_by_timestamp: skew.lost_by_timestamp,
    }
}
