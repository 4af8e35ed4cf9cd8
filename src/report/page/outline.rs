//! What a page knows: the verdict, the keys, the anomalies, and the operations.

use serde::Serialize;

use super::super::text::{anomaly_fact, verdict_sentence};
use super::super::trouble::{Trouble, troubles};
use super::super::{Detail, Palette, Subject, details};
use super::rows::{Range, Rows, rows};
use crate::check::{Decision, KeyReport, Verdict};
use crate::error::Place;
use crate::history::{Annotation, History, OpIndex, Record, Value};
use crate::words::printable;

/// So many operations around an anomaly are named as those that show it.
const SHOWN: usize = 200;

/// So much is told of what was done to the system.
const TROUBLES: usize = 20_000;

/// All that the page's script reads.
#[derive(Serialize, Debug)]
pub(super) struct Outline {
    verdict: &'static str,
    sentence: String,
    /// The name of the history's file, if it has one.
    file: Option<String>,
    /// The time from which the others are counted, as it was recorded.
    start: Option<String>,
    model: String,
    /// The report for people.
    text: String,
    /// How many operations the history has, and which of them the page holds.
    operations: usize,
    first: u32,
    keys: Keys,
    anomalies: Vec<Named>,
    failures: Vec<Failed>,
    troubles: Vec<Timed>,
    /// Lines of records that are known: `[record, line]`, and which of the `files` that is in, if
    /// there are several.
    lines: Vec<Vec<usize>>,
    /// The names of the files, if the records are in several.
    files: Vec<String>,
    states: Vec<String>,
    rows: Rows,
}

/// The keys, in the order of their first operations.
#[derive(Serialize, Debug)]
struct Keys {
    count: usize,
    /// Whether they have names: those of the first texts, in turn.
    are_named: bool,
    invalid: Vec<usize>,
    unknown: Vec<usize>,
}

#[derive(Serialize, Debug)]
struct Named {
    kind: &'static str,
    text: String,
    key: Option<usize>,
    rows: Vec<u32>,
}

/// The operation by which a key fails, and those that prove it.
#[derive(Serialize, Debug)]
struct Failed {
    key: usize,
    row: Option<u32>,
    core: Vec<u32>,
    is_first: bool,
}

/// Something that was done to the system, from one place to another.
#[derive(Serialize, Debug)]
struct Timed {
    title: String,
    ranks: [u32; 2],
    times: [Option<i64>; 2],
}

impl Outline {
    /// What the page of `subject` knows, with the operations in `range`.
    pub(super) fn of(subject: &Subject<'_>, file: Option<&str>, range: Range) -> Outline {
        let (history, report) = (subject.history, subject.report);
        let names: Vec<Option<Value>> = report.keys.iter().map(|key| key.key).collect();
        let with = |verdict: Verdict| {
            let keys = report.keys.iter().enumerate();
            let keys = keys.filter(|(_, key)| key.decision.verdict() == verdict);
            keys.map(|(at, _)| at).collect()
        };
        Outline {
            verdict: report.verdict.name(),
            sentence: verdict_sentence(subject),
            file: file.map(printable),
            start: history.start_time().map(|time| time.to_string()),
            model: report.model.clone(),
            text: details(subject, Detail::Usual, &Palette::PLAIN),
            operations: history.operations().len(),
            first: range.first,
            keys: Keys {
                count: names.len(),
                are_named: names.iter().any(Option::is_some),
                invalid: with(Verdict::Invalid),
                unknown: with(Verdict::Unknown),
            },
            anomalies: named(subject, range),
            failures: failed(subject, range),
            troubles: timed(history),
            lines: lines(subject),
            files: subject.files.iter().map(|(_, name)| printable(name)).collect(),
            states: subject.linearizations.texts.clone(),
            rows: rows(history, range, &subject.linearizations, &names),
        }
    }
}

/// The lines of the records whose places are known.
fn lines(subject: &Subject<'_>) -> Vec<Vec<usize>> {
    let line = |&(record, place): &(Record, Place)| {
        let file = subject.files.iter().rposition(|(start, _)| *start <= place.offset);
        [record.index(), place.line].into_iter().chain(file).collect()
    };
    subject.places.iter().map(line).collect()
}

/// The anomalies, each with what shows it.
fn named(subject: &Subject<'_>, range: Range) -> Vec<Named> {
    let anomalies = subject.explanation.anomalies.iter();
    anomalies
        .map(|anomaly| Named {
            kind: anomaly.kind.name(),
            text: anomaly_fact(subject, anomaly),
            key: anomaly.key_at,
            rows: range.rows(&anomaly.operations[..anomaly.operations.len().min(SHOWN)]),
        })
        .collect()
}

fn failed(subject: &Subject<'_>, range: Range) -> Vec<Failed> {
    let keys = subject.report.keys.iter().enumerate();
    let failure = |(key, report): (usize, &KeyReport)| {
        let Decision::Invalid(failure) = &report.decision else { return None };
        Some(Failed {
            key,
            row: range.row(failure.operation),
            core: range.rows(&failure.core[..failure.core.len().min(SHOWN)]),
            is_first: failure.is_first(),
        })
    };
    keys.filter_map(failure).collect()
}

/// What was done to the system, with its places among the ranks.
fn timed(history: &History) -> Vec<Timed> {
    let start = history.start_time().unwrap_or_default();
    let rank = |note: &Annotation| match (history.is_ordered_by_time(), note.time) {
        (true, Some(time)) => rank_at(history, time),
        _ => note.record.index() as u32,
    };
    let time = |note: &Annotation| note.time.map(|time| time.saturating_sub(start));
    let timed = |trouble: Trouble<'_>| Timed {
        ranks: [rank(trouble.from), trouble.to.map_or(history.records() as u32, rank)],
        times: [time(trouble.from), trouble.to.and_then(time)],
        title: trouble.title,
    };
    troubles(history, TROUBLES).into_iter().map(timed).collect()
}

/// The rank of the first call that is not before `time`, where times order the history.
fn rank_at(history: &History, time: i64) -> u32 {
    let is_before = |at: usize| history.times(OpIndex::new(at))[0].is_some_and(|call| call < time);
    let (mut least, mut most) = (0, history.operations().len());
    while least < most {
        let middle = usize::midpoint(least, most);
        if is_before(middle) { least = middle + 1 } else { most = middle }
    }
    if least < history.operations().len() {
        history.span(OpIndex::new(least)).call.index() as u32
    } else {
        history.records() as u32
    }
}
