//! Jepsen's questions about workloads, other than linearizability: did a set lose elements, do the
//! accounts of a bank add up, did consumers of a log skip messages?
//!
//! A [`Check`] asks one question of a [`History`]; [`check`] answers with a [`Report`]: a verdict,
//! the anomalies with the operations and values that show each, counts and latencies. Every check
//! follows the definition of the checker of that name in Jepsen; where it differs, its page says
//! so. All of them are scans, without a search.
//!
//! Most checks look at events rather than at whole operations, and take histories that
//! linearizability cannot: read those with
//! [`Pairing::Tolerant`](histcheck_history::Pairing::Tolerant).
//!
//! ```
//! use histcheck_history::History;
//! use histcheck_workloads::{Check, Options, Question, Verdict, check};
//!
//! let mut history = History::builder();
//! history.invoke(0, "add", 1)?;
//! history.ok(0, "add", 1)?;
//! history.invoke(1, "read", ())?;
//! history.ok(1, "read", vec![2])?;
//! let history = history.build()?;
//!
//! let report = check(&history, Question::of(Check::Set), &Options::default());
//! assert_eq!(report.verdict, Verdict::Invalid);
//! assert_eq!(report.count("lost"), 0);
//! assert_eq!(report.found("lost").map(|found| found.count), Some(1));
//! assert_eq!(report.found("unexpected").map(|found| found.count), Some(1));
//! # Ok::<(), histcheck_history::error::Error>(())
//! ```

mod bank;
mod causal;
mod causal_reverse;
mod choose;
mod counter;
mod dirty_reads;
mod kafka;
mod long_fork;
mod monotonic;
mod object;
mod options;
mod queue;
mod report;
mod set;
mod set_full;
mod total_queue;
mod unique_ids;

use histcheck_history::{History, PairedLoosely};

pub use choose::{Choice, choose};
pub use options::Options;
pub use report::{Anomaly, Example, Found, Part, Quantiles, Report, Sentence, Verdict};

use object::{Object, has_tuples};
use report::{Findings, say};

macro_rules! checks {
    ($($check:ident: $name:literal, $module:ident, $keys:literal, $question:literal;)*) => {
        /// A question about a history.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Check {
            $(#[doc = $question] $check,)*
        }

        impl Check {
            /// Every check, in the order of its documentation.
            pub const ALL: &'static [Check] = &[$(Check::$check),*];

            /// Returns its name, such as `set-full`.
            pub fn name(self) -> &'static str {
                match self { $(Check::$check => $name,)* }
            }

            /// Returns what it asks, in one sentence.
            pub fn question(self) -> &'static str {
                match self { $(Check::$check => $question,)* }
            }

            /// Returns the anomalies that it looks for.
            pub fn anomalies(self) -> &'static [&'static Anomaly] {
                match self { $(Check::$check => $module::ANOMALIES,)* }
            }

            /// Whether its values are tuples `[key value]` if they look like it.
            fn may_have_keys(self) -> bool {
                match self { $(Check::$check => $keys,)* }
            }
        }
    };
}

checks! {
    Bank: "bank", bank, false, "Do the balances of all accounts always add up to the same total?";
    Set: "set", set, true, "Does the final read return what was added, and nothing else?";
    SetFull: "set-full", set_full, true,
        "When was each element that was added there for good, or lost?";
    Queue: "queue", queue, false, "Was every item that came out of a queue put in before?";
    TotalQueue: "total-queue", total_queue, false,
        "Did every item that was put into a queue come out of it, once it was emptied?";
    UniqueIds: "unique-ids", unique_ids, false, "Is every id that was given out different?";
    Counter: "counter", counter, true,
        "Does every read of a counter lie between what was certainly and what was possibly added?";
    LongFork: "long-fork", long_fork, false,
        "Do all reads of a group of keys agree on the order in which they were written?";
    Causal: "causal", causal, true,
        "Do the operations of each chain see the register as the one before them left it?";
    CausalReverse: "causal-reverse", causal_reverse, true,
        "Is no write visible without those that were acknowledged before it began?";
    Monotonic: "monotonic", monotonic, true,
        "Do numbers that only grow grow with time, as every process and the final read see them?";
    DirtyReads: "dirty-reads", dirty_reads, true,
        "Does no read return what a failed write wrote?";
    Kafka: "kafka", kafka, false,
        "Do consumers of logs see the messages that were sent, all of them, and in order?";
}

impl Check {
    /// Returns the check called `name`, if there is one.
    pub fn by_name(name: &str) -> Option<Check> {
        Check::ALL.iter().copied().find(|check| check.name() == name)
    }
}

/// A check, perhaps for one of its anomalies alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Question {
    check: Check,
    only: Option<&'static Anomaly>,
}

impl Question {
    /// Returns the question of `check`.
    pub fn of(check: Check) -> Question {
        Question { check, only: None }
    }

    /// Returns the question that `text` asks: `kafka`, or `kafka:lost-write` for whether there is
    /// that one anomaly.
    ///
    /// # Errors
    /// The part of the text that is unknown, with the names that there are.
    pub fn parse(text: &str) -> Result<Question, Unknown> {
        let (name, anomaly) = match text.split_once(':') {
            Some((name, anomaly)) => (name, Some(anomaly)),
            None => (text, None),
        };
        let Some(check) = Check::by_name(name) else {
            let names = Check::ALL.iter().map(|check| check.name()).collect();
            return Err(Unknown { name: name.to_owned(), of: None, names });
        };
        let Some(anomaly) = anomaly else { return Ok(Question::of(check)) };
        let only = check.anomalies().iter().copied().find(|known| known.name == anomaly);
        match only {
            Some(only) => Ok(Question { check, only: Some(only) }),
            None => {
                let names = check.anomalies().iter().map(|known| known.name).collect();
                Err(Unknown { name: anomaly.to_owned(), of: Some(check), names })
            }
        }
    }

    /// Returns the question that the metadata of a history asks, in its field `check`; `None` if
    /// there is no such field.
    ///
    /// # Errors
    /// As [`Question::parse`].
    pub fn of_metadata(history: &History) -> Result<Option<Question>, Unknown> {
        let field = history.metadata_field("check");
        field.and_then(|field| history.values().as_name(field)).map(Question::parse).transpose()
    }

    /// Returns the check.
    pub fn check(self) -> Check {
        self.check
    }

    /// Returns the only anomaly that is asked for, if one is.
    pub fn only(self) -> Option<&'static Anomaly> {
        self.only
    }
}

/// A name that no check, or no anomaly of a check, has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unknown {
    /// The name.
    pub name: String,
    /// The check that has no such anomaly; `None` if there is no such check.
    pub of: Option<Check>,
    /// The names that there are.
    pub names: Vec<&'static str>,
}

/// Answers a question about a history. Takes time proportional to the history, times a logarithm
/// for some checks; every check says it in its own file.
pub fn check(history: &History, question: Question, options: &Options) -> Report {
    let Question { check, only } = question;
    let mut findings = Findings::new(check.anomalies(), options.max_examples);
    let is_independent = match options.independent {
        Some(is_independent) => is_independent,
        None => check.may_have_keys() && has_tuples(history),
    };
    note_pairs(history.paired_loosely(), &mut findings);
    if is_independent && options.independent.is_none() {
        findings.note(say!["values are read as tuples [key value]"]);
    }
    for object in Object::all(history, is_independent) {
        findings.key = object.key;
        match check {
            Check::Bank => bank::check(&object, options, &mut findings),
            Check::Set => set::check(&object, &mut findings),
            Check::SetFull => set_full::check(&object, &mut findings),
            Check::Queue => queue::check(&object, &mut findings),
            Check::TotalQueue => total_queue::check(&object, &mut findings),
            Check::UniqueIds => unique_ids::check(&object, &mut findings),
            Check::Counter => counter::check(&object, &mut findings),
            Check::LongFork => long_fork::check(&object, options, &mut findings),
            Check::Causal => causal::check(&object, &mut findings),
            Check::CausalReverse => causal_reverse::check(&object, &mut findings),
            Check::Monotonic => monotonic::check(&object, options, &mut findings),
            Check::DirtyReads => dirty_reads::check(&object, &mut findings),
            Check::Kafka => kafka::check(&object, options, only, &mut findings),
        }
    }
    let mut allowed: Vec<&'static Anomaly> = Vec::new();
    let mut forbidden: Vec<&'static Anomaly> = Vec::new();
    if check == Check::SetFull && options.linearizable {
        forbidden.push(&set_full::STALE);
    }
    if check == Check::Kafka {
        let subscribes = || history.functions().iter().any(|name| name == "subscribe");
        if options.subscribes.unwrap_or_else(subscribes) {
            allowed.extend(kafka::OF_SUBSCRIBERS);
        }
        if options.write_order == Some(true) {
            allowed.extend(kafka::OF_WRITE_ORDER);
        }
    }
    findings.finish(check, only, &allowed, &forbidden)
}

/// Says how events were paired that do not match one to one.
fn note_pairs(paired: PairedLoosely, findings: &mut Findings) {
    let notes = [
        (paired.overlapping, " invocations come from processes that had another operation open"),
        (paired.ambiguous, " completions fit several open operations: each ended the oldest"),
        (paired.uninvoked, " completions have no invocation"),
    ];
    for (count, what) in notes.into_iter().filter(|note| note.0 > 0) {
        findings.note(say![count, what]);
    }
}
