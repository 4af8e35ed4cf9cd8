//! What a check found: a verdict, the anomalies with the operations and values that show each,
//! counts and latencies. Sentences are lists of parts, so that whoever prints them chooses how
//! processes, times and values are written.

use std::borrow::Cow;

use histcheck_history::{OpIndex, Value};

use crate::Check;

/// A kind of anomaly that a check looks for.
#[derive(PartialEq, Eq, Debug)]
pub struct Anomaly {
    /// Its name, such as `lost`.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub definition: &'static str,
    /// Whether one of it makes a history invalid, unless an option says otherwise.
    pub violates: bool,
}

/// Whether a history passes a check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It has no anomaly that the check forbids.
    Valid,
    /// It has one.
    Invalid,
    /// The history does not tell: nothing was read, or what was recorded breaks what the check
    /// assumes.
    Unknown,
}

/// One part of a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// Words.
    Text(Cow<'static, str>),
    /// A value of the history.
    Value(Value),
    /// The process of an operation, as in "process 3".
    Process(OpIndex),
    /// When an operation was invoked, as in "at 1.2 s".
    Called(OpIndex),
    /// When an operation completed.
    Returned(OpIndex),
    /// A number.
    Number(i64),
}

impl From<&'static str> for Part {
    fn from(text: &'static str) -> Part {
        Part::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Part {
    fn from(text: String) -> Part {
        Part::Text(Cow::Owned(text))
    }
}

impl From<Value> for Part {
    fn from(value: Value) -> Part {
        Part::Value(value)
    }
}

impl From<usize> for Part {
    fn from(number: usize) -> Part {
        Part::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<i64> for Part {
    fn from(number: i64) -> Part {
        Part::Number(number)
    }
}

/// A sentence about a history, without a full stop.
pub type Sentence = Vec<Part>;

/// Makes a sentence of its parts.
macro_rules! say {
    ($($part:expr),+ $(,)?) => { vec![$($crate::report::Part::from($part)),+] };
}
pub(crate) use say;

/// One case of an anomaly.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Example {
    /// The key, in a history with keys.
    pub key: Option<Value>,
    /// The operations that show it; the first one gives it away.
    pub operations: Vec<OpIndex>,
    /// The elements, messages or numbers that it is about.
    pub values: Vec<Value>,
    /// What happened.
    pub sentence: Sentence,
}

/// All cases of one anomaly.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The anomaly.
    pub anomaly: &'static Anomaly,
    /// Whether it makes the history invalid.
    pub violates: bool,
    /// The number of cases.
    pub count: usize,
    /// The first cases, in the order of the history.
    pub examples: Vec<Example>,
}

/// How durations are distributed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quantiles {
    /// The number of durations.
    pub count: usize,
    /// The shortest one, then those that 50, 95 and 99 of 100 do not exceed, then the longest one;
    /// in nanoseconds.
    pub nanoseconds: [u64; 5],
}

impl Quantiles {
    /// The names of the quantiles.
    pub const NAMES: [&'static str; 5] = ["min", "p50", "p95", "p99", "max"];

    /// Returns the quantiles of `durations`, in nanoseconds; `None` if there are none. Sorts them.
    pub(crate) fn of(durations: &mut [u64]) -> Option<Quantiles> {
        durations.sort_unstable();
        let last = durations.len().checked_sub(1)?;
        let at = |percent: usize| durations[(durations.len() * percent / 100).min(last)];
        let nanoseconds = [0, 50, 95, 99, 100].map(at);
        Some(Quantiles { count: durations.len(), nanoseconds })
    }
}

/// The result of a check.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// The check.
    pub check: Check,
    /// The only anomaly that was asked for, if one was.
    pub only: Option<&'static Anomaly>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why the verdict is unknown, or would be without the anomalies; often empty.
    pub undecided: Vec<Sentence>,
    /// The anomalies that were found, in the order in which the check lists them.
    pub found: Vec<Found>,
    /// What was counted, such as `attempts`, in the order of the check.
    pub counts: Vec<(&'static str, i64)>,
    /// How long things took, such as `stable`.
    pub latencies: Vec<(&'static str, Quantiles)>,
    /// What was assumed, and what should be known beside the verdict.
    pub notes: Vec<Sentence>,
}

impl Report {
    /// Returns the cases of the anomaly called `name`, if there are any.
    pub fn found(&self, name: &str) -> Option<&Found> {
        self.found.iter().find(|found| found.anomaly.name == name)
    }

    /// Returns what was counted under `name`; 0 if nothing was.
    pub fn count(&self, name: &str) -> i64 {
        self.counts.iter().find(|count| count.0 == name).map_or(0, |count| count.1)
    }

    /// Returns the operations that the anomalies name, each once, in the order of the history.
    pub fn operations(&self) -> Vec<OpIndex> {
        let examples = self.found.iter().flat_map(|found| &found.examples);
        let mut all: Vec<OpIndex> =
            examples.flat_map(|example| example.operations.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Collects the result of a check.
pub(crate) struct Findings {
    /// The anomalies of the check.
    kinds: &'static [&'static Anomaly],
    found: Vec<Found>,
    undecided: Vec<Sentence>,
    counts: Vec<(&'static str, i64)>,
    latencies: Vec<(&'static str, Vec<u64>)>,
    notes: Vec<Sentence>,
    most: usize,
    /// The key of the operations that are looked at.
    pub(crate) key: Option<Value>,
}

impl Findings {
    pub(crate) fn new(kinds: &'static [&'static Anomaly], most: usize) -> Findings {
        Findings {
            kinds,
            found: Vec::new(),
            undecided: Vec::new(),
            counts: Vec::new(),
            latencies: Vec::new(),
            notes: Vec::new(),
            most,
            key: None,
        }
    }

    /// Adds a case of `anomaly`, which `example` describes if it is one of the first.
    pub(crate) fn add(
        &mut self,
        anomaly: &'static Anomaly,
        example: impl FnOnce() -> (Vec<OpIndex>, Vec<Value>, Sentence),
    ) {
        let at = self.found.iter().position(|found| found.anomaly == anomaly);
        let at = at.unwrap_or_else(|| {
            let violates = anomaly.violates;
            self.found.push(Found { anomaly, violates, count: 0, examples: Vec::new() });
            self.found.len() - 1
        });
        let found = &mut self.found[at];
        found.count += 1;
        if found.examples.len() < self.most {
            let (operations, values, sentence) = example();
            found.examples.push(Example { key: self.key, operations, values, sentence });
        }
    }

    /// Says why the history does not tell.
    pub(crate) fn undecided(&mut self, why: Sentence) {
        if self.undecided.len() < self.most && !self.undecided.contains(&why) {
            self.undecided.push(why);
        }
    }

    pub(crate) fn note(&mut self, note: Sentence) {
        if self.notes.len() < self.most && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    pub(crate) fn count(&mut self, name: &'static str, number: usize) {
        self.sum(name, i64::try_from(number).unwrap_or(i64::MAX));
    }

    pub(crate) fn sum(&mut self, name: &'static str, number: i64) {
        match self.counts.iter_mut().find(|count| count.0 == name) {
            Some(count) => count.1 = count.1.saturating_add(number),
            None => self.counts.push((name, number)),
        }
    }

    pub(crate) fn latency(&mut self, name: &'static str, nanoseconds: u64) {
        match self.latencies.iter_mut().find(|latency| latency.0 == name) {
            Some(latency) => latency.1.push(nanoseconds),
            None => self.latencies.push((name, vec![nanoseconds])),
        }
    }

    /// Makes the report of `check`. Of anomalies, `allowed` are no violations; if `only` is given,
    /// it is one, and no other.
    pub(crate) fn finish(
        mut self,
        check: Check,
        only: Option<&'static Anomaly>,
        allowed: &[&'static Anomaly],
        forbidden: &[&'static Anomaly],
    ) -> Report {
        let kinds = self.kinds;
        let place = |found: &Found| kinds.iter().position(|kind| *kind == found.anomaly);
        self.found.sort_by_key(place);
        if let Some(only) = only {
            self.found.retain(|found| found.anomaly == only);
        }
        for found in &mut self.found {
            let is_in = |list: &[&'static Anomaly]| list.contains(&found.anomaly);
            found.violates =
                only.is_some() || (found.violates || is_in(forbidden)) && !is_in(allowed);
        }
        let verdict = if self.found.iter().any(|found| found.violates) {
            Verdict::Invalid
        } else if self.undecided.is_empty() {
            Verdict::Valid
        } else {
            Verdict::Unknown
        };
        let latencies = self.latencies.iter_mut();
        let latencies = latencies
            .filter_map(|(name, durations)| Some((*name, Quantiles::of(durations)?)))
            .collect();
        Report {
            check,
            only,
            verdict,
            undecided: self.undecided,
            found: self.found,
            counts: self.counts,
            latencies,
            notes: self.notes,
        }
    }
}
