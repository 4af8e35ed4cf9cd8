//! A register whose reads return one of the last few values written, as a model.

use crate::model::{Call, Establishes, Facts, Model, Rejection};

/// A register that remembers its last `depth` values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recent {
    pub(super) depth: usize,
    pub(super) initial: u32,
}

/// An operation on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Op {
    /// Returns one of the last values: this one.
    Read(u32),
    /// Tells that one of the last values is not this one.
    ReadOther(u32),
    /// Replaces the latest value.
    Write(u32),
    /// Finds the first value to be the latest one, and replaces it by the second.
    Cas(u32, u32),
}

impl Model for Recent {
    /// The latest value last.
    type State = Vec<u32>;
    type Op = Op;
    type Next = Option<Vec<u32>>;

    fn initial(&self) -> Vec<u32> {
        vec![self.initial]
    }

    /// No history has such operations by name.
    fn operation(&self, _: &Call<'_>) -> Result<Op, Rejection> {
        Err(Rejection::UnknownFunction)
    }

    fn step(&self, state: &Vec<u32>, op: &Op) -> Option<Vec<u32>> {
        let value = match *op {
            Op::Read(value) => return state.contains(&value).then(|| state.clone()),
            Op::ReadOther(value) => {
                return state.iter().any(|&other| other != value).then(|| state.clone());
            }
            Op::Cas(old, _) if state.last() != Some(&old) => return None,
            Op::Cas(_, value) | Op::Write(value) => value,
        };
        let forgotten = usize::from(state.len() == self.depth);
        Some(state.iter().skip(forgotten).copied().chain([value]).collect())
    }

    fn facts(&self, op: &Op) -> Facts {
        let pure = matches!(op, Op::Read(_) | Op::ReadOther(_));
        let establishes = if pure { Establishes::Same } else { Establishes::Unknown };
        Facts { pure, establishes, ..Facts::default() }
    }
}
