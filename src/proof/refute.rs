//! Refutes a set of operations again, by trying every order.

use crate::history::Rank;
use crate::history::hash::Set;
use crate::model::{Model, Reading};

/// What became of an attempt to refute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refutation {
    /// No order exists: the operations are not linearizable.
    Confirmed,
    /// There is an order.
    Wrong,
    /// There are too many orders to try.
    TooLarge,
}

/// Tries every order of `readings` that respects real time, at most `limit` partial ones. No
/// reduction whatever: a partial order is the set of operations placed and the state reached.
pub fn refute<M: Model>(model: &M, readings: &[Reading<M::Op>], limit: usize) -> Refutation {
    type Placed = Vec<u64>;
    let words = readings.len().div_ceil(64).max(1);
    let mut seen: Set<(Placed, M::State)> = Set::default();
    let mut pending: Vec<(Placed, M::State)> = vec![(vec![0; words], model.initial())];
    while let Some((placed, state)) = pending.pop() {
        let is_placed = |at: usize| placed[at / 64] >> (at % 64) & 1 == 1;
        let open = || (0..readings.len()).filter(|&at| !is_placed(at));
        // Nothing may be placed that was called after a return still to come.
        let horizon = open().map(|at| readings[at].span.ret).min().unwrap_or(Rank::NEVER);
        if horizon == Rank::NEVER {
            return Refutation::Wrong;
        }
        for at in open().filter(|&at| readings[at].span.call < horizon) {
            for next in model.step(&state, &readings[at].op) {
                let mut placed = placed.clone();
                placed[at / 64] |= 1 << (at % 64);
                let entry = (placed, next);
                if !seen.contains(&entry) {
                    seen.insert(entry.clone());
                    pending.push(entry);
                }
            }
        }
        if seen.len() > limit {
            return Refutation::TooLarge;
        }
    }
    Refutation::Confirmed
}
