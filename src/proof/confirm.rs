//! Verifies the certificate of a verdict, whichever it is.

use super::{Refutation, WitnessError, is_sound_projection, refute, verify_order};
use crate::history::OpIndex;
use crate::model::{Model, Reading};

/// A refutation tries so many partial orders at most,
const PARTIAL_ORDERS: usize = 2_000_000;

/// and keeps about so many bytes of them.
const BYTES: usize = 256 << 20;

/// What became of a certificate's verification.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Proof {
    /// It holds.
    Confirmed,
    /// It would take too many orders to try, or states to follow.
    TooLarge,
    /// It does not hold, and neither may the verdict.
    Wrong(String),
}

/// Verifies that `order` is a linearization of `readings`.
pub fn confirm_order<M: Model>(model: &M, readings: &[Reading<M::Op>], order: &[OpIndex]) -> Proof {
    match verify_order(model, readings, order) {
        Ok(()) => Proof::Confirmed,
        Err(WitnessError::TooLarge(_)) => Proof::TooLarge,
        Err(error) => Proof::Wrong(error.to_string()),
    }
}

/// Verifies that `readings`, the history as it was known at a failure's horizon, are not
/// linearizable: by its `core` if it has one, or else as they are.
pub fn confirm_failure<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    core: &[OpIndex],
) -> Proof {
    if !core.is_empty() && !is_sound_projection(model, readings, core) {
        return Proof::Wrong("the core proves nothing about the whole".to_owned());
    }
    let part: Vec<Reading<M::Op>> = readings
        .iter()
        .filter(|reading| core.is_empty() || core.binary_search(&reading.index).is_ok())
        .cloned()
        .collect();
    // A partial order is kept twice, with some hundred bytes for the state and the table.
    let bytes = 2 * (part.len() / 8 + 100);
    match refute(model, &part, PARTIAL_ORDERS.min(BYTES / bytes)) {
        Refutation::Confirmed => Proof::Confirmed,
        Refutation::TooLarge => Proof::TooLarge,
        Refutation::Wrong => Proof::Wrong("the operations can be ordered".to_owned()),
    }
}
