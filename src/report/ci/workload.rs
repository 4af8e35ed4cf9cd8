//! What is kept of the check of a workload.

use histcheck_workloads::{Example, Found, Verdict};

use super::super::WorkloadSubject;
use super::{Case, CaseResult, Finding, Level, Outcome, Related, Rule};
use crate::check::KeyCounts;
use crate::history::OpIndex;
use crate::words::operation_phrase;

impl Outcome {
    /// What is kept of `subject`, whose [places](WorkloadSubject::places) are those of its [named
    /// records](WorkloadSubject::named_records); `file` is `None` for standard input.
    pub fn of_workload(file: Option<&str>, subject: &WorkloadSubject<'_>) -> Outcome {
        let report = subject.report;
        let mut findings: Vec<Finding> =
            report.found.iter().filter_map(|found| finding(subject, found)).collect();
        // What is a violation comes first.
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
        let verdict = match report.verdict {
            Verdict::Valid => crate::Verdict::Valid,
            Verdict::Invalid => crate::Verdict::Invalid,
            Verdict::Unknown => crate::Verdict::Unknown,
        };
        let sentence = match report.verdict {
            Verdict::Unknown => report.undecided.first().map(|why| subject.words(why)),
            _ => findings.first().map(|finding| finding.message.clone()),
        };
        let sentence = sentence.unwrap_or_default();
        findings.extend(
            report
                .undecided
                .iter()
                .map(|why| Finding::about(Rule::NotDecided, Level::Warning, subject.words(why))),
        );
        let result = match report.verdict {
            Verdict::Valid => CaseResult::Passed,
            Verdict::Invalid => CaseResult::Failed(sentence),
            Verdict::Unknown => CaseResult::Error(Rule::NotDecided, sentence),
        };
        Outcome {
            file: file.map(str::to_owned),
            verdict: Some(verdict),
            model: Some(format!("check {}", subject.question())),
            read_as: None,
            operations: subject.history.operations().len(),
            keys: KeyCounts::default(),
            cases: vec![Case { name: None, result }],
            findings,
            more: 0,
            counterexample: Vec::new(),
            seconds: None,
        }
    }
}

/// What the first case of an anomaly says, and how many there are.
fn finding(subject: &WorkloadSubject<'_>, found: &Found) -> Option<Finding> {
    let example: &Example = found.examples.first()?;
    let level = if found.violates { Level::Error } else { Level::Note };
    let (culprit, others) = match &*example.operations {
        [culprit, others @ ..] => (Some(*culprit), others),
        [] => (None, &[][..]),
    };
    let related = |&operation: &OpIndex| Related {
        file: None,
        line: subject.line(operation),
        text: operation_phrase(subject.history, &subject.history[operation]),
    };
    Some(Finding {
        line: culprit.and_then(|operation| subject.line(operation)),
        related: others.iter().map(related).collect(),
        count: found.count,
        ..Finding::about(Rule::Workload(found.anomaly), level, subject.case(example))
    })
}
