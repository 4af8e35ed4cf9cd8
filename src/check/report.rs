//! What a check found: the verdict of the history and of each key, with certificates.

use std::fmt;

use super::search::Effort;
use crate::error::StopReason;
use crate::history::{OpIndex, Rank, Record, Ties, Value};
use crate::model::ModelSource;
use crate::proof::Proof;

/// Whether a history is linearizable.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Verdict {
    /// It is.
    Valid,
    /// The budget ended before it was decided; neither success nor failure.
    Unknown,
    /// It is not.
    Invalid,
}

impl Verdict {
    /// The word for programs: `valid`, `unknown`, `invalid`.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Valid => "valid",
            Verdict::Unknown => "unknown",
            Verdict::Invalid => "invalid",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What was decided of one key, and the proof.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Linearizable.
    Valid(Certificate),
    /// Not linearizable.
    Invalid(Failure),
    /// Not decided.
    Unknown(StopReason),
}

impl Decision {
    /// The verdict without its proof.
    pub fn verdict(&self) -> Verdict {
        match self {
            Decision::Valid(_) => Verdict::Valid,
            Decision::Invalid(_) => Verdict::Invalid,
            Decision::Unknown(_) => Verdict::Unknown,
        }
    }
}

/// The proof that a key is linearizable: a linearization.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Certificate {
    /// Operations, as indices into [`History::operations`](crate::History::operations), in the
    /// order in which they can have taken effect. Indeterminate operations that are missing did
    /// not have to happen. Empty if [`Options::keep_orders`](super::Options) is off.
    pub order: Vec<OpIndex>,
}

/// The proof that a key is not linearizable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The operation (index into [`History::operations`](crate::History::operations)) by whose
    /// return no linearization is left: all that was known before it can be ordered, and with it
    /// nothing can. Where finding that out took too long, the one at which the search got stuck.
    pub operation: OpIndex,
    /// The record of that operation's invocation.
    pub record: Record,
    /// The history as it was known at this rank is not linearizable: see [`crate::model::read`].
    /// [`Rank::LAST`] if no earlier rank is known to be one.
    pub horizon: Rank,
    /// Operations, ascending, of the history known at the horizon that cannot be ordered, and
    /// prove that the whole cannot: see [`crate::proof::is_sound_projection`].
    pub core: Vec<OpIndex>,
    /// Whether nothing can be left out of the core: see [`crate::proof::is_minimal`].
    pub is_minimal: bool,
}

impl Failure {
    /// Whether its operation is known to be the first impossible one. If not, it is where a decider
    /// got stuck, and only the whole history is known to be impossible.
    pub fn is_first(&self) -> bool {
        self.horizon != Rank::LAST
    }
}

/// What was found for one key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyReport {
    /// The key; `None` in a history without keys.
    pub key: Option<Value>,
    /// How many operations it has.
    pub operations: usize,
    /// The decision.
    pub decision: Decision,
    /// How it was decided: the name of a decider.
    pub decided_by: &'static str,
    /// How much work it was.
    pub effort: Effort,
    /// What became of the certificate's verification, if that was asked for.
    pub proof: Option<Proof>,
    /// Where it is not known what the key started from, which of the
    /// [possible starts](crate::model::Model::starts) the decision is about; if it is not
    /// linearizable, no other one makes it so. 0 where it is known.
    pub start: usize,
}

/// How many keys there were, and how many of them were not valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KeyCounts {
    /// All keys.
    pub checked: usize,
    /// Those that are not linearizable.
    pub invalid: usize,
    /// Those that were not decided.
    pub unknown: usize,
}

/// What the other reading of equal times would make of a history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OtherTies {
    /// The other reading.
    pub ties: Ties,
    /// The verdict under it.
    pub verdict: Verdict,
}

/// What was found for a history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Invalid if a key is; else unknown if a key is; else valid.
    pub verdict: Verdict,
    /// The model's name.
    pub model: String,
    /// Where the model came from.
    pub model_source: ModelSource,
    /// How many operations were checked.
    pub operations: usize,
    /// How the keys were decided.
    pub key_counts: KeyCounts,
    /// Why some key was not decided, if so.
    pub stop_reason: Option<StopReason>,
    /// What the other reading of equal times would make of the history, if it orders by time and
    /// has equal ones that matter.
    pub other_ties: Option<OtherTies>,
    /// Whether a history that is valid in the order of its records is not in that of its times.
    pub is_invalid_by_time: bool,
    /// The names of operations some of whose outputs were not looked at, though they may say
    /// something, in the order of the alphabet.
    pub unread_outputs: Vec<String>,
    /// Whether it is not known what keys start from, but for those that the caller or the history
    /// gives a start of their own.
    pub unknown_initial: bool,
    /// Every key, in the order in which they appear in the history.
    pub keys: Vec<KeyReport>,
}

impl Report {
    /// Sums up the keys of a history.
    pub fn new(model: &str, keys: Vec<KeyReport>) -> Report {
        let count = |verdict| keys.iter().filter(|key| key.decision.verdict() == verdict).count();
        let key_counts = KeyCounts {
            checked: keys.len(),
            invalid: count(Verdict::Invalid),
            unknown: count(Verdict::Unknown),
        };
        let verdict = match key_counts {
            KeyCounts { invalid: 1.., .. } => Verdict::Invalid,
            KeyCounts { unknown: 1.., .. } => Verdict::Unknown,
            KeyCounts { .. } => Verdict::Valid,
        };
        let stop_reason = keys.iter().find_map(|key| match key.decision {
            Decision::Unknown(reason) => Some(reason),
            _ => None,
        });
        Report {
            verdict,
            model: model.to_owned(),
            model_source: ModelSource::Given,
            operations: keys.iter().map(|key| key.operations).sum(),
            key_counts,
            stop_reason,
            other_ties: None,
            is_invalid_by_time: false,
            unread_outputs: Vec::new(),
            unknown_initial: false,
            keys,
        }
    }

    /// Whether the verdict rests on the reading of equal times: the other one has another verdict.
    pub fn rests_on_ties(&self) -> bool {
        self.other_ties
            .is_some_and(|other| other.verdict != self.verdict && other.verdict != Verdict::Unknown)
    }

    /// The keys that are not linearizable, as positions in [`Report::keys`], with their failures.
    pub(crate) fn failing(&self) -> impl Iterator<Item = (usize, &Failure)> {
        self.keys.iter().enumerate().filter_map(|(at, key)| match &key.decision {
            Decision::Invalid(failure) => Some((at, failure)),
            _ => None,
        })
    }

    /// The keys that are not linearizable, with their failures.
    pub fn failures(&self) -> impl Iterator<Item = (&KeyReport, &Failure)> {
        self.keys.iter().filter_map(|key| match &key.decision {
            Decision::Invalid(failure) => Some((key, failure)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_horizon_makes_a_failure_the_first() {
        let failure = |horizon| Failure {
            operation: OpIndex::new(0),
            record: Record::new(0),
            horizon,
            core: Vec::new(),
            is_minimal: false,
        };
        assert!(failure(Rank::new(7)).is_first());
        assert!(!failure(Rank::LAST).is_first());
    }

    #[test]
    fn a_verdict_rests_on_ties_where_the_other_reading_has_another() {
        let mut report = Report::new("register", Vec::new());
        assert!(!report.rests_on_ties(), "there is no other reading");
        for (verdict, rests) in
            [(Verdict::Valid, false), (Verdict::Invalid, true), (Verdict::Unknown, false)]
        {
            report.other_ties = Some(OtherTies { ties: Ties::default(), verdict });
            assert_eq!(report.rests_on_ties(), rests, "{verdict}");
        }
    }
}
