//! What is kept of an input: from a report, or from the error that there is instead of one.

use super::super::text::{failure_sentence, interval, process};
use super::super::{Subject, operation_phrase, printable, shortened};
use super::{Case, CaseResult, Finding, Level, Outcome, Related, Row, Rule};
use crate::caveats::{Caveat, ReadAs, caveats};
use crate::check::{Decision, KeyCounts, KeyReport, StopReason, Verdict};
use crate::error::Error;
use crate::explain::{Anomaly, Certainty};
use crate::history::{OpIndex, Record};
use crate::proof::Proof;

/// Names of keys are cut here.
const NAME_CHARS: usize = 200;

/// So many operations of an anomaly are named, beside the one that gives it away.
const RELATED: usize = 24;

/// So many operations of a counterexample are kept.
const ROWS: usize = 40;

impl Outcome {
    /// What is kept of `subject`, which is explained, and whose [places](Subject::places) are those
    /// of [`Outcome::records`]; `file` is `None` for standard input.
    pub fn of(file: Option<&str>, subject: &Subject<'_>) -> Outcome {
        let report = subject.report;
        let mut findings: Vec<Finding> =
            subject.explanation.anomalies.iter().map(|one| found(subject, one)).collect();
        findings.extend(unlisted(subject, &findings));
        findings.extend(subject.hints.iter().map(|hint| {
            Finding::about(Rule::Hint(hint.kind), Level::Note, printable(&hint.message))
        }));
        findings.extend(undecided(subject));
        findings.extend(refuted(subject));
        findings.extend(caveats(subject.history, report).into_iter().map(Finding::of_caveat));
        let seconds = subject
            .timings
            .map(|timings| (timings.read + timings.check + timings.explain).as_secs_f64());
        Outcome {
            file: file.map(str::to_owned),
            verdict: Some(report.verdict),
            model: Some(report.model.clone()),
            read_as: Some(ReadAs::of(subject.history, subject.history.tally()).in_words()),
            operations: report.operations,
            keys: report.key_counts,
            cases: report.keys.iter().map(|key| case(subject, key)).collect(),
            findings,
            more: subject.explanation.more,
            counterexample: counterexample(subject).iter().map(|&op| row(subject, op)).collect(),
            seconds,
        }
    }

    /// The records, ascending, whose [places](Subject::places) an outcome of `subject` says.
    pub fn records(subject: &Subject<'_>) -> Vec<Record> {
        let anomalies = subject.explanation.anomalies.iter();
        let named = anomalies.flat_map(|anomaly| {
            let culprit = culprit(subject, anomaly);
            related(anomaly, culprit).chain(culprit)
        });
        let failing = subject.report.failures().map(|(_, failure)| failure.operation);
        let mut records: Vec<Record> = named
            .chain(failing)
            .chain(counterexample(subject).iter().copied())
            .map(|index| subject.history[index].invoked)
            .collect();
        records.sort_unstable();
        records.dedup();
        records
    }

    /// What is kept of an input that could not be read or fits no model.
    pub fn unreadable(file: Option<&str>, error: &Error) -> Outcome {
        let rule = Rule::Unreadable(error.code);
        let mut message = printable(&error.message);
        if let Some(hint) = &error.hint {
            message += &format!(" ({})", printable(hint));
        }
        let place = error.place.filter(|place| place.line > 0);
        let finding = Finding {
            line: place.map(|place| place.line),
            column: place.map(|place| place.column).filter(|&column| column > 0),
            ..Finding::about(rule, Level::Error, message)
        };
        Outcome::without_report(file, None, finding)
    }

    /// What is kept of an input that a limit kept from being read.
    pub fn unread(file: Option<&str>, reason: StopReason) -> Outcome {
        let message = format!("{reason} before the input was read");
        let finding = Finding::about(Rule::NotDecided, Level::Warning, message);
        Outcome::without_report(file, Some(Verdict::Unknown), finding)
    }

    fn without_report(file: Option<&str>, verdict: Option<Verdict>, finding: Finding) -> Outcome {
        let result = CaseResult::Error(finding.rule, finding.message.clone());
        Outcome {
            file: file.map(str::to_owned),
            verdict,
            model: None,
            read_as: None,
            operations: 0,
            keys: KeyCounts::default(),
            cases: vec![Case { name: None, result }],
            findings: vec![finding],
            more: 0,
            counterexample: Vec::new(),
            seconds: None,
        }
    }
}

impl Finding {
    /// One that is about the input as a whole.
    pub(super) fn about(rule: Rule, level: Level, message: String) -> Finding {
        let (case, file, line, column) = (None, None, None, None);
        Finding { rule, level, message, case, file, line, column, related: Vec::new(), count: 1 }
    }

    /// What people should know beside the verdict.
    pub(super) fn of_caveat(caveat: Caveat) -> Finding {
        let level = if caveat.limits_verdict() { Level::Warning } else { Level::Note };
        Finding::about(Rule::Caveat(caveat.kind), level, caveat.message)
    }
}

fn case(subject: &Subject<'_>, key: &KeyReport) -> Case {
    let name = key.key.map(|key| shortened(&subject.history.values().to_text(key), NAME_CHARS));
    let result = match (&key.proof, &key.decision) {
        (Some(Proof::Wrong(why)), _) => CaseResult::Error(Rule::BrokenProof, why.to_string()),
        (_, Decision::Invalid(failure)) => CaseResult::Failed(failure_sentence(subject, failure)),
        (_, Decision::Unknown(reason)) => CaseResult::Error(Rule::NotDecided, reason.to_string()),
        (_, Decision::Valid(_)) => CaseResult::Passed,
    };
    Case { name, result }
}

/// What `anomaly` says.
fn found(subject: &Subject<'_>, anomaly: &Anomaly) -> Finding {
    let culprit = culprit(subject, anomaly);
    let level = match (anomaly.certainty, subject.report.verdict) {
        (Certainty::Proved, _) => Level::Error,
        (Certainty::Suggested, Verdict::Invalid) => Level::Warning,
        (Certainty::Suggested, _) => Level::Note,
    };
    Finding {
        case: anomaly.key_at,
        file: culprit.and_then(|index| file(subject, index)),
        line: culprit.and_then(|index| line(subject, index)),
        related: related(anomaly, culprit).map(|index| relation(subject, index)).collect(),
        count: anomaly.count,
        ..Finding::about(Rule::Anomaly(anomaly.kind), level, printable(&anomaly.summary))
    }
}

/// The first violation, if none that is proved is listed.
fn unlisted(subject: &Subject<'_>, findings: &[Finding]) -> Option<Finding> {
    if findings.iter().any(|finding| finding.level == Level::Error) {
        return None;
    }
    let (at, failure) = subject.report.failing().next()?;
    let message = failure_sentence(subject, failure);
    Some(Finding {
        case: Some(at),
        file: file(subject, failure.operation),
        line: line(subject, failure.operation),
        count: subject.report.key_counts.invalid,
        ..Finding::about(Rule::NotLinearizable, Level::Error, message)
    })
}

/// That keys are not decided, if some are not.
fn undecided(subject: &Subject<'_>) -> Option<Finding> {
    let reason = subject.report.stop_reason?;
    let KeyCounts { checked, unknown, .. } = subject.report.key_counts;
    let message = match (unknown, checked) {
        (0, _) => return None,
        (1, 1) => format!("not decided: {reason}"),
        _ => format!("{unknown} of {checked} keys not decided: {reason}"),
    };
    Some(Finding::about(Rule::NotDecided, Level::Warning, message))
}

/// That proofs do not hold, if that is so.
fn refuted(subject: &Subject<'_>) -> impl Iterator<Item = Finding> {
    subject.report.keys.iter().enumerate().filter_map(|(at, key)| match &key.proof {
        Some(Proof::Wrong(why)) => {
            let message = format!("the proof of the verdict does not hold: {why}");
            let finding = Finding::about(Rule::BrokenProof, Level::Error, printable(&message));
            Some(Finding { case: Some(at), ..finding })
        }
        _ => None,
    })
}

/// The operation that gives `anomaly` away: that of a violation whose proof it names, else that by
/// which its key fails, else the last that was called.
fn culprit(subject: &Subject<'_>, anomaly: &Anomaly) -> Option<OpIndex> {
    let named = |index: &OpIndex| anomaly.operations.binary_search(index).is_ok();
    let is_its_key = |at: usize| anomaly.key_at.is_none_or(|key_at| key_at == at);
    let keys = subject.explanation.keys.iter().filter(|key| is_its_key(key.key_at));
    let violations = || keys.clone().flat_map(|key| &key.violations);
    let proved = violations().find(|one| named(&one.operation) && one.core.iter().all(named));
    let touched = || violations().find(|one| named(&one.operation));
    let failing = || {
        let mut failing = subject.report.failing().filter(|&(at, _)| is_its_key(at));
        failing.find_map(|(_, failure)| Some(failure.operation).filter(named))
    };
    let violation = proved.or_else(touched).map(|violation| violation.operation);
    violation.or_else(failing).or_else(|| anomaly.operations.last().copied())
}

/// The first operations of `anomaly` beside the one that gives it away.
fn related(anomaly: &Anomaly, culprit: Option<OpIndex>) -> impl Iterator<Item = OpIndex> {
    let others = anomaly.operations.iter().copied();
    others.filter(move |&index| Some(index) != culprit).take(RELATED)
}

/// The operations to show of a violation: few that prove it, else those around the first failure.
fn counterexample<'a>(subject: &'a Subject<'_>) -> &'a [OpIndex] {
    let core = subject.explanation.counterexample().map(|(_, violation)| &*violation.core);
    let around = || subject.contexts.first().map(|context| &*context.operations);
    let shown = core.filter(|core| core.len() <= ROWS).or_else(around).unwrap_or_default();
    &shown[..shown.len().min(ROWS)]
}

fn file(subject: &Subject<'_>, index: OpIndex) -> Option<String> {
    subject.file_of(subject.history[index].invoked).map(str::to_owned)
}

fn line(subject: &Subject<'_>, index: OpIndex) -> Option<usize> {
    subject.line(subject.history[index].invoked)
}

fn relation(subject: &Subject<'_>, index: OpIndex) -> Related {
    let operation = &subject.history[index];
    let phrase = operation_phrase(subject.history, operation);
    let text = format!("{phrase} by process {}", process(subject.history, operation));
    Related { file: file(subject, index), line: line(subject, index), text }
}

fn row(subject: &Subject<'_>, index: OpIndex) -> Row {
    let operation = &subject.history[index];
    Row {
        file: file(subject, index),
        line: line(subject, index),
        process: process(subject.history, operation),
        operation: operation_phrase(subject.history, operation),
        interval: interval(subject.history, index),
    }
}
