//! What is kept of the check of isolation levels: one case, the level that was asked for, and a
//! finding for each anomaly.

use std::time::Duration;

use super::super::Isolation;
use super::super::isolation::{Node, asked_name, list, set_aside, verdict, weakest};
use super::super::text::{interval, process};
use super::{Case, CaseResult, Finding, Level, Outcome, Related, Row, Rule};
use crate::check::{KeyCounts, Verdict};
use crate::history::OpIndex;
use crate::isolation::{Found, Status};
use crate::words::printable;

/// So many transactions of an anomaly are named, beside the one that gives it away.
const RELATED: usize = 24;

impl Outcome {
    /// What is kept of `subject`, whose [places](Isolation::places) are those of its [named
    /// records](Isolation::named_records); `file` is `None` for standard input.
    pub fn of_isolation(file: Option<&str>, subject: &Isolation<'_>) -> Outcome {
        let (status, by) = subject.answer();
        let sentence = verdict(subject);
        let (verdict, result) = match status {
            Status::Holds(_) => (Verdict::Valid, CaseResult::Passed),
            Status::RuledOut => (Verdict::Invalid, CaseResult::Failed(sentence.clone())),
            Status::Undecided(_) => {
                (Verdict::Unknown, CaseResult::Error(Rule::NotDecided, sentence.clone()))
            }
        };
        let mut findings: Vec<Finding> =
            by.iter().map(|found| finding(subject, found, Level::Error)).collect();
        if verdict == Verdict::Invalid && findings.is_empty() {
            findings.push(Finding::about(Rule::LevelRuledOut, Level::Error, sentence.clone()));
        }
        if verdict == Verdict::Unknown {
            findings.push(Finding::about(Rule::NotDecided, Level::Warning, sentence));
        }
        // What does not touch the level that is asked for is worth knowing, and no more.
        let others = subject.report.found.iter().filter(|found| !by.contains(found));
        findings.extend(others.map(|found| finding(subject, found, Level::Note)));
        let verified = subject.verified.iter().flat_map(|verified| &verified.wrong);
        findings.extend(verified.map(|why| {
            let message = format!("the proof of the verdict does not hold: {why}");
            Finding::about(Rule::BrokenProof, Level::Error, printable(&message))
        }));
        findings.extend(
            set_aside(subject)
                .map(|message| Finding::about(Rule::RepeatedValues, Level::Warning, message)),
        );
        findings.extend(subject.caveats().into_iter().map(Finding::of_caveat));
        let shown = by.first().copied().filter(|_| verdict == Verdict::Invalid);
        let name = asked_name(subject.asked);
        Outcome {
            file: file.map(str::to_owned),
            verdict: Some(verdict),
            model: Some(format!("level {name}")),
            read_as: Some(subject.read_as().in_words()),
            operations: subject.report.transactions.len(),
            keys: KeyCounts {
                checked: subject.report.transactions.keys.len(),
                ..KeyCounts::default()
            },
            cases: vec![Case { name: Some(name), result }],
            findings,
            more: 0,
            counterexample: shown.map_or_else(Vec::new, |found| rows(subject, found)),
            seconds: subject.timings.map(|times| times.iter().map(Duration::as_secs_f64).sum()),
        }
    }
}

/// What is said of an anomaly, at the transaction that gives it away: the last one.
fn finding(subject: &Isolation<'_>, found: &Found, level: Level) -> Finding {
    let drawing = subject.drawing(found);
    let transactions = || drawing.nodes.iter().filter_map(|node| Some((node, node.transaction?)));
    let culprit = transactions().max_by_key(|(_, t)| *t);
    let related = transactions().filter(|(_, t)| Some(*t) != culprit.map(|(_, t)| t));
    let related = related.take(RELATED).map(|(node, t)| Related {
        file: subject.file_of(node.record).map(str::to_owned),
        line: subject.line(node.record),
        text: format!("{}: {}", node.name, subject.micros(t)),
    });
    let out = weakest(&found.rules_out);
    let rules_out = match out.is_empty() {
        true => String::new(),
        false => format!("; rules out {} and stronger levels", list(&out)),
    };
    Finding {
        file: culprit.and_then(|(node, _)| subject.file_of(node.record)).map(str::to_owned),
        line: culprit.and_then(|(node, _)| subject.line(node.record)),
        related: related.collect(),
        count: found.count,
        ..Finding::about(
            Rule::Transactions(found.kind),
            level,
            printable(&format!("{}{rules_out}", drawing.sentence)),
        )
    }
}

/// The transactions of an anomaly, in the order in which it names them.
fn rows(subject: &Isolation<'_>, found: &Found) -> Vec<Row> {
    let history = subject.history();
    let row = |node: &Node| {
        let t = node.transaction?;
        let index = OpIndex::new(t as usize);
        Some(Row {
            file: subject.file_of(node.record).map(str::to_owned),
            line: subject.line(node.record),
            process: process(history, &history[index]),
            operation: format!("{}: {}", node.name, subject.micros(t)),
            interval: interval(history, index),
        })
    };
    subject.drawing(found).nodes.iter().filter_map(row).collect()
}
