//! The report of a check for programs. `docs/CLI.md` documents the schema.

use std::collections::BTreeMap;

use histcheck_workloads::{Example, Quantiles};
use serde::Serialize;
use serde_json::value::RawValue;

use super::super::json::{SCHEMA_VERSION, line, raw};
use super::{WorkloadSubject, verdict_name};
use crate::history::Record;

#[derive(Serialize)]
struct JsonWorkload<'a> {
    schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    verdict: &'static str,
    check: &'static str,
    only: Option<&'static str>,
    operations: usize,
    anomalies: Vec<JsonFound>,
    counts: BTreeMap<&'static str, i64>,
    latencies: BTreeMap<&'static str, JsonQuantiles>,
    undecided: Vec<String>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct JsonFound {
    kind: &'static str,
    violates: bool,
    count: usize,
    cases: Vec<JsonCase>,
}

#[derive(Serialize)]
struct JsonCase {
    key: Option<Box<RawValue>>,
    operations: Vec<Record>,
    line: Option<usize>,
    values: Vec<Option<Box<RawValue>>>,
    summary: String,
}

#[derive(Serialize)]
struct JsonQuantiles {
    count: usize,
    #[serde(flatten)]
    nanoseconds: BTreeMap<&'static str, u64>,
}

impl JsonQuantiles {
    fn of(quantiles: &Quantiles) -> JsonQuantiles {
        let nanoseconds = Quantiles::NAMES.into_iter().zip(quantiles.nanoseconds).collect();
        JsonQuantiles { count: quantiles.count, nanoseconds }
    }
}

/// The result of a check, as one line of JSON.
pub fn workload_json(subject: &WorkloadSubject<'_>) -> String {
    let report = subject.report;
    let words = |sentences: &[histcheck_workloads::Sentence]| {
        sentences.iter().map(|sentence| subject.words(sentence)).collect()
    };
    line(&JsonWorkload {
        schema_version: SCHEMA_VERSION,
        file: subject.file,
        verdict: verdict_name(report.verdict),
        check: report.check.name(),
        only: report.only.map(|only| only.name),
        operations: subject.history.operations().len(),
        anomalies: report
            .found
            .iter()
            .map(|found| JsonFound {
                kind: found.anomaly.name,
                violates: found.violates,
                count: found.count,
                cases: found.examples.iter().map(|example| case(subject, example)).collect(),
            })
            .collect(),
        counts: report.counts.iter().copied().collect(),
        latencies: report
            .latencies
            .iter()
            .map(|(name, quantiles)| (*name, JsonQuantiles::of(quantiles)))
            .collect(),
        undecided: words(&report.undecided),
        notes: words(&report.notes),
    })
}

fn case(subject: &WorkloadSubject<'_>, example: &Example) -> JsonCase {
    let history = subject.history;
    JsonCase {
        key: example.key.and_then(|key| raw(history, key)),
        operations: example.operations.iter().map(|&index| history[index].invoked).collect(),
        line: example.operations.first().and_then(|&index| subject.line(index)),
        values: example.values.iter().map(|&value| raw(history, value)).collect(),
        summary: subject.words(&example.sentence),
    }
}
