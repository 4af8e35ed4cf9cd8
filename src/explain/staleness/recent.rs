//! A register whose reads return one of the last few values written, as a model.

use super::super::guarantees::ValueId;
use crate::model::{Call, Establishes, Facts, Model, Rejection};

/// A register that remembers its last `depth` values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recent {
    pub(super) depth: usize,
    pub(super) initial: ValueId,
}

/// An operation on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Op {
    /// Returns one of the last values: this one.
    Read(ValueId),
    /// Tells that one of the last values is not this one.
    ReadOther(ValueId),
    /// Finds this value to be the latest one, and leaves it.
    Found(ValueId),
    /// Replaces the latest value.
    Write(ValueId),
    /// Finds the first value to be the latest one, and replaces it by the second.
    Cas(ValueId, ValueId),
}

impl Model for Recent {
    /// The latest value last.
    type State = Vec<ValueId>;
    type Op = Op;
    type Next = Option<Vec<ValueId>>;

    fn initial(&self) -> Vec<ValueId> {
        vec![self.initial]
    }

    /// No history has such operations by name.
    fn operation(&self, _: &Call<'_>) -> Result<Op, Rejection> {
        Err(Rejection::UnknownFunction)
    }

    fn step(&self, state: &Vec<ValueId>, op: &Op) -> Option<Vec<ValueId>> {
        let value = match *op {
            Op::Read(value) => return state.contains(&value).then(|| state.clone()),
            Op::ReadOther(value) => {
                return state.iter().any(|&other| other != value).then(|| state.clone());
            }
            Op::Found(value) => return (state.last() == Some(&value)).then(|| state.clone()),
            Op::Cas(old, _) if state.last() != Some(&old) => return None,
            Op::Cas(_, value) | Op::Write(value) => value,
        };
        let forgotten = usize::from(state.len() == self.depth);
        Some(state.iter().skip(forgotten).copied().chain([value]).collect())
    }

    fn facts(&self, op: &Op) -> Facts {
        let pure = !matches!(op, Op::Write(_) | Op::Cas(..));
        let establishes = if pure { Establishes::Same } else { Establishes::Unknown };
        Facts { pure, establishes, ..Facts::default() }
    }
}
