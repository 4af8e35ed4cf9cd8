//! Reports for continuous integration: JUnit, SARIF, Markdown and the commands of GitHub's
//! workflows, as views of what is kept of each input.
//!
//! Whatever comes from a history may be hostile: each format escapes it, so that it is text and
//! nothing else.

mod collect;
mod github;
mod isolation;
mod junit;
mod markdown;
mod rule;
mod sarif;
mod workload;

use crate::check::{KeyCounts, Verdict};

pub use github::github;
pub use junit::junit;
pub use markdown::markdown;
pub use rule::Rule;
pub use sarif::sarif;

/// What is kept of one input until all are checked: texts of its keys and of what was found, none
/// of its operations.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The file; `None` for standard input.
    pub file: Option<String>,
    /// The verdict; `None` if the input cannot be read.
    pub verdict: Option<Verdict>,
    /// The model's name; `None` if nothing was checked.
    pub model: Option<String>,
    /// How the records were read; `None` if nothing was checked.
    pub read_as: Option<String>,
    /// How many operations were checked.
    pub operations: usize,
    /// How their keys were decided.
    pub keys: KeyCounts,
    /// Every key, in the order of the report; one without a name if there are no keys.
    pub cases: Vec<Case>,
    /// What there is to say, the most telling first; for an input that is not valid at least one
    /// that is no [note](Level::Note).
    pub findings: Vec<Finding>,
    /// How many violations are not among the findings, as far as they were counted.
    pub more: usize,
    /// Operations that prove a violation, or stand around it.
    pub counterexample: Vec<Row>,
    /// How long all took, in seconds, if that is asked for.
    pub seconds: Option<f64>,
}

/// How the records of all inputs that were read were read, if it is the same for all.
fn common_reading(outcomes: &[Outcome]) -> Option<&str> {
    let mut all = outcomes.iter().filter_map(|outcome| outcome.read_as.as_deref());
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// One key.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// The key as text; `None` in a history without keys.
    pub name: Option<String>,
    /// What became of it.
    pub result: CaseResult,
}

/// What became of a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CaseResult {
    /// It is linearizable.
    Passed,
    /// It is not; the sentence says which operation gives it away.
    Failed(String),
    /// It was not decided, or the verdict cannot be relied on.
    Error(Rule, String),
}

/// Something to be said of an input.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// What kind of thing it is.
    pub rule: Rule,
    /// How bad it is.
    pub level: Level,
    /// What happened, in one sentence.
    pub message: String,
    /// The key that it is about, as a position in [`Outcome::cases`]; `None` if several.
    pub case: Option<usize>,
    /// The file that it is in, where an input has several.
    pub file: Option<String>,
    /// The line of the operation that gives it away, or of the error, from 1, where it is known.
    pub line: Option<usize>,
    /// The column of the error, from 1, where it is known.
    pub column: Option<usize>,
    /// The other operations that show it, the first ones.
    pub related: Vec<Related>,
    /// How many violations are of this kind and cause; at least 1.
    pub count: usize,
}

/// An operation that a finding is also about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Related {
    /// The file that it is in, where an input has several.
    pub file: Option<String>,
    /// The line of its invocation, from 1, where it is known.
    pub line: Option<usize>,
    /// The operation and its process.
    pub text: String,
}

/// How bad something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// Worth knowing: the history is linearizable.
    Note,
    /// Suggested by a violation, or not decided.
    Warning,
    /// A violation that is proved, or an input that cannot be read.
    Error,
}

impl Level {
    /// The word of SARIF: `note`, `warning`, `error`.
    fn name(self) -> &'static str {
        match self {
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

impl Finding {
    /// Its name and, of an anomaly, how far the evidence goes: `stale-read (proved)`.
    fn title(&self) -> String {
        match (self.rule, self.level) {
            (Rule::Anomaly(kind), Level::Error) => format!("{kind} (proved)"),
            (Rule::Anomaly(kind), _) => format!("{kind} (suggested)"),
            (rule, _) => rule.id().to_owned(),
        }
    }

    /// Where it is: `line 7`, `line 7, column 2`.
    fn place(&self) -> Option<String> {
        let line = self.line?;
        let file = self.file.as_deref().map(super::printable);
        Some(match (self.column, file) {
            (_, Some(file)) => format!("line {line} of {file}"),
            (Some(column), None) => format!("line {line}, column {column}"),
            (None, None) => format!("line {line}"),
        })
    }

    /// What stands behind its message if it stands for several: ` (3 times)`.
    fn times(&self) -> String {
        match self.count {
            0 | 1 => String::new(),
            count => format!(" ({} times)", super::with_thousands(count)),
        }
    }
}

/// One operation of a counterexample.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The file that it is in, where an input has several.
    pub file: Option<String>,
    /// The line of its invocation, from 1, where it is known.
    pub line: Option<usize>,
    /// Who called it.
    pub process: String,
    /// What it did.
    pub operation: String,
    /// Its ends, in what orders the history: times or records.
    pub interval: String,
}

impl Outcome {
    /// The name of the input for people.
    fn name(&self) -> &str {
        self.file.as_deref().unwrap_or("stdin")
    }

    /// What `finding` says, after the key that it is about.
    fn message(&self, finding: &Finding) -> String {
        let case = finding.case.and_then(|at| self.cases.get(at));
        match case.and_then(|case| case.name.as_ref()) {
            Some(name) => format!("key {name}: {}{}", finding.message, finding.times()),
            None => format!("{}{}", finding.message, finding.times()),
        }
    }

    /// What is wrong with a history that is invalid.
    fn failure(&self) -> Rule {
        let is_other = |finding: &&Finding| match finding.rule {
            Rule::Workload(_) => true,
            Rule::Transactions(_) | Rule::LevelRuledOut => finding.level == Level::Error,
            _ => false,
        };
        let finding = self.findings.iter().find(is_other);
        finding.map_or(Rule::NotLinearizable, |finding| finding.rule)
    }

    /// The same in a word.
    fn wrong(&self) -> &'static str {
        if self.failure() == Rule::NotLinearizable { "not linearizable" } else { "invalid" }
    }

    /// Whether the proof of a verdict does not hold.
    fn is_refuted(&self) -> bool {
        self.findings.iter().any(|finding| finding.rule == Rule::BrokenProof)
    }
}

/// How many inputs there are of each kind, as one sentence.
fn summary(outcomes: &[Outcome]) -> String {
    let count = |verdict| outcomes.iter().filter(|outcome| outcome.verdict == verdict).count();
    let mut invalid = outcomes.iter().filter(|one| one.verdict == Some(Verdict::Invalid));
    let is_linearizability = invalid.all(|outcome| outcome.failure() == Rule::NotLinearizable);
    let wrong = if is_linearizability { "not linearizable" } else { "invalid" };
    let counts = [
        (count(Some(Verdict::Valid)), "valid"),
        (count(Some(Verdict::Invalid)), wrong),
        (count(Some(Verdict::Unknown)), "not decided"),
        (count(None), "not readable"),
    ];
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|&(count, _)| count > 0)
        .map(|(count, word)| format!("{} {word}", super::with_thousands(count)))
        .collect();
    let histories = if outcomes.len() == 1 { "history" } else { "histories" };
    format!("{} {histories}: {}", super::with_thousands(outcomes.len()), parts.join(", "))
}
