//! Replays a linearization against the model and real time.

use std::error::Error;
use std::fmt;

use bitvec::bitvec;

use crate::history::hash::Set;
use crate::history::{OpIndex, Rank, sort};
use crate::model::{Model, Pos, Reading};

/// So many states of a nondeterministic model are followed at once: enough for those of queues with
/// acknowledgements in which what comes late may have taken a copy, and few enough to be quick.
const MOST_STATES: usize = 256;

/// Why an order is no linearization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WitnessError {
    /// The order names an operation that the key does not have, or names it twice.
    Stranger(OpIndex),
    /// A completed operation is missing.
    Missing(OpIndex),
    /// An operation stands behind one that was called after it had returned.
    RealTime(OpIndex),
    /// The model does not allow an operation where it stands.
    Illegal(OpIndex),
    /// The model allows an operation in none of the states that were followed, which are not all.
    TooLarge(OpIndex),
}

impl fmt::Display for WitnessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WitnessError::Stranger(at) => {
                write!(f, "the order names operation {at}, which is not there, or twice")
            }
            WitnessError::Missing(at) => {
                write!(f, "the order lacks operation {at}, which completed")
            }
            WitnessError::RealTime(at) => {
                write!(
                    f,
                    "the order puts operation {at} behind one that was called after its return"
                )
            }
            WitnessError::Illegal(at) => {
                write!(f, "the model does not allow operation {at} where the order puts it")
            }
            WitnessError::TooLarge(at) => {
                write!(f, "the model has too many states to tell whether it allows operation {at}")
            }
        }
    }
}

impl Error for WitnessError {}

/// Verifies that `order` (indices into the history) is a linearization of `readings`. O(n) steps
/// of the model; a nondeterministic model is followed in all its states at once, up to 256.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify_order<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    order: &[OpIndex],
) -> Result<(), WitnessError> {
    let mut by_index: Vec<(OpIndex, Pos)> =
        Pos::below(readings.len()).map(|at| (readings[at].index, at)).collect();
    sort::by(&mut by_index, |&(index, _)| index);
    let mut placed = bitvec![0; by_index.len()];
    let mut latest_call = Rank::FIRST;
    let mut states = vec![model.initial()];
    let mut is_all = true;
    for &index in order {
        let at = by_index
            .binary_search_by_key(&index, |entry| entry.0)
            .map_err(|_| WitnessError::Stranger(index))?;
        if placed.replace(at, true) {
            return Err(WitnessError::Stranger(index));
        }
        let reading = &readings[by_index[at].1];
        if reading.span.ret < latest_call {
            return Err(WitnessError::RealTime(index));
        }
        latest_call = latest_call.max(reading.span.call);
        let mut nexts: Vec<M::State> = Vec::new();
        let mut known: Set<M::State> = Set::default();
        for state in &states {
            for next in model.step(state, &reading.op) {
                // One state has few that follow it, and may be large.
                if states.len() == 1 || known.insert(next.clone()) {
                    nexts.push(next);
                }
            }
        }
        if nexts.is_empty() {
            let illegal = if is_all { WitnessError::Illegal } else { WitnessError::TooLarge };
            return Err(illegal(index));
        }
        is_all &= nexts.len() <= MOST_STATES;
        nexts.truncate(MOST_STATES);
        states = nexts;
    }
    let missing = by_index
        .iter()
        .zip(&placed)
        .find(|(entry, placed)| !**placed && readings[entry.1].span.has_returned());
    match missing {
        Some((entry, _)) => Err(WitnessError::Missing(entry.0)),
        None => Ok(()),
    }
}
