//! The kinds of things that there are to say of an input.

use crate::caveats::CaveatKind;
use crate::error::Code;
use crate::explain::AnomalyKind;
use crate::hints::HintKind;
use crate::isolation::Kind;
use histcheck_workloads::Anomaly;

/// A kind of finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// An anomaly.
    Anomaly(AnomalyKind),
    /// An anomaly of the check of a workload.
    Workload(&'static Anomaly),
    /// An anomaly of transactions.
    Transactions(Kind),
    /// An isolation level that is ruled out, for which no anomaly is listed.
    LevelRuledOut,
    /// Transactions wrote the same value to one key, so that reads of it tell nothing.
    RepeatedValues,
    /// A violation for which no anomaly is listed.
    NotLinearizable,
    /// A limit ended the check.
    NotDecided,
    /// The input cannot be read, or fits no model.
    Unreadable(Code),
    /// A verdict whose proof does not hold.
    BrokenProof,
    /// Something that people should know beside the verdict.
    Caveat(CaveatKind),
    /// Another setting under which an invalid history is valid.
    Hint(HintKind),
}

impl Rule {
    /// Its name: `stale-read`, `not-decided`, `H0007`.
    pub fn id(self) -> &'static str {
        match self {
            Rule::Anomaly(kind) => kind.name(),
            Rule::Workload(anomaly) => anomaly.name,
            Rule::Transactions(kind) => kind.name(),
            Rule::LevelRuledOut => "level-ruled-out",
            Rule::RepeatedValues => "repeated-values",
            Rule::NotLinearizable => "not-linearizable",
            Rule::NotDecided => "not-decided",
            Rule::Unreadable(code) => code.as_str(),
            Rule::BrokenProof => "broken-proof",
            Rule::Caveat(kind) => kind.code(),
            Rule::Hint(_) => "hint",
        }
    }

    /// What it is, in one sentence.
    pub fn short(self) -> &'static str {
        match self {
            Rule::Anomaly(kind) => kind.entry().definition,
            Rule::Workload(anomaly) => anomaly.definition,
            Rule::Transactions(kind) => kind.meaning(),
            Rule::LevelRuledOut => "The transactions do not have the isolation level.",
            Rule::RepeatedValues => "Several transactions wrote the same value to one key.",
            Rule::NotLinearizable => "No order of the operations explains what they returned.",
            Rule::NotDecided => "A limit ended the check before the verdict.",
            Rule::Unreadable(code) => code.title(),
            Rule::BrokenProof => "The proof of a verdict does not hold.",
            Rule::Caveat(kind) => kind.name(),
            Rule::Hint(_) => "Another setting makes all the difference.",
        }
    }

    /// What it is, at length.
    pub fn full(self) -> &'static str {
        match self {
            Rule::Anomaly(kind) => kind.entry().explanation,
            Rule::Workload(anomaly) => anomaly.definition,
            Rule::Transactions(kind) => kind.meaning(),
            Rule::LevelRuledOut => {
                "The transactions do not have the isolation level that was asked for, and no \
                 single anomaly that is small enough to be shown is the reason."
            }
            Rule::RepeatedValues => {
                "Several transactions wrote the same value to one key: a read of it may be from \
                 any of them. Such keys are not used, so that no level can be shown to hold. \
                 Record values that are written once."
            }
            Rule::NotLinearizable => {
                "No order of the operations that agrees with real time could have been the work of \
                 one copy of the object, used by one client at a time."
            }
            Rule::NotDecided => {
                "The time, the memory or the number of configurations that the check was allowed \
                 was used up. What is not decided is not known to be linearizable."
            }
            Rule::Unreadable(code) => code.explanation(),
            Rule::BrokenProof => {
                "--self-check refutes the certificate of a verdict. This is a bug in histcheck; \
                 please report it."
            }
            Rule::Caveat(kind) => kind.explanation(),
            Rule::Hint(_) => {
                "The history is not linearizable, but it is, or nearly, under one other setting: \
                 it was checked so, too. If that setting is what was meant, give it; if not, the \
                 violation is what it is."
            }
        }
    }

    /// What to do about it.
    pub fn help(self) -> String {
        match self {
            Rule::Anomaly(kind) => {
                let entry = kind.entry();
                let parts = [
                    ("What to look for: ", entry.look_for),
                    ("What is proved: ", entry.proves),
                    ("What is only suggested: ", entry.suggests),
                ];
                let told = parts.into_iter().filter(|part| !part.1.is_empty());
                told.map(|(title, text)| format!("{title}{text}")).collect::<Vec<_>>().join("\n\n")
            }
            Rule::Transactions(_) => format!(
                "{} docs/LEVELS.md defines which isolation levels it rules out; histcheck report \
                 --to html shows it transaction by transaction.",
                self.full()
            ),
            Rule::NotDecided => {
                "Raise --timeout, --max-memory or --max-configs, or record shorter histories."
                    .to_owned()
            }
            Rule::NotLinearizable => {
                "Run histcheck on the file for the counterexample, and histcheck shrink for the \
                 smallest part of it that is wrong."
                    .to_owned()
            }
            Rule::Workload(_)
            | Rule::LevelRuledOut
            | Rule::RepeatedValues
            | Rule::Unreadable(_)
            | Rule::BrokenProof
            | Rule::Caveat(_)
            | Rule::Hint(_) => self.full().to_owned(),
        }
    }
}
