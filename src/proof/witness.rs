//! Replays a linearization against the model and real time.

use bitvec::bitvec;
use thiserror::Error;

use crate::history::NEVER;
use crate::model::{Model, Reading};

/// Why an order is no linearization.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum WitnessError {
    /// The order names an operation that the key does not have, or names it twice.
    #[error("the order names operation {0}, which is not there, or twice")]
    Stranger(u32),
    /// A completed operation is missing.
    #[error("the order lacks operation {0}, which completed")]
    Missing(u32),
    /// An operation stands behind one that was called after it had returned.
    #[error("the order puts operation {0} behind one that was called after its return")]
    RealTime(u32),
    /// The model does not allow an operation where it stands.
    #[error("the model does not allow operation {0} where the order puts it")]
    Illegal(u32),
}

/// Verifies that `order` (indices into the history) is a linearization of `readings`. O(n) steps
/// of the model; a nondeterministic model is followed in all its states at once.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify_order<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    order: &[u32],
) -> Result<(), WitnessError> {
    let mut by_index: Vec<(u32, &Reading<M::Op>)> =
        readings.iter().map(|reading| (reading.index, reading)).collect();
    by_index.sort_unstable_by_key(|entry| entry.0);
    let mut placed = bitvec![0; by_index.len()];
    let mut latest_call = 0;
    let mut states = vec![model.initial()];
    for &index in order {
        let at = by_index
            .binary_search_by_key(&index, |entry| entry.0)
            .map_err(|_| WitnessError::Stranger(index))?;
        if placed.replace(at, true) {
            return Err(WitnessError::Stranger(index));
        }
        let reading = by_index[at].1;
        if reading.span.ret < latest_call {
            return Err(WitnessError::RealTime(index));
        }
        latest_call = latest_call.max(reading.span.call);
        let mut nexts: Vec<M::State> = Vec::new();
        for state in &states {
            for next in model.step(state, &reading.op) {
                if !nexts.contains(&next) {
                    nexts.push(next);
                }
            }
        }
        if nexts.is_empty() {
            return Err(WitnessError::Illegal(index));
        }
        states = nexts;
    }
    let missing =
        by_index.iter().zip(&placed).find(|(entry, placed)| !**placed && entry.1.span.ret != NEVER);
    match missing {
        Some((entry, _)) => Err(WitnessError::Missing(entry.0)),
        None => Ok(()),
    }
}
