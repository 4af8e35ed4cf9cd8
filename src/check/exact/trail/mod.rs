//! A guess for a number that operations add to, where many of them tell what they found: counters,
//! and keys of a store that hold numbers.
//!
//! An operation that tells what it found leads from one value to another, as an edge between them;
//! one that does not may lead from any value. A linearization is a trail along the edges, on which
//! each is used once and in time. A walk along the returns keeps the few configurations that do
//! best by what is sure of the rest of the trail: each value has to be reached as often as it is
//! left, and all that has to be reached soon has to hang together with where the trail is.
//!
//! What it finds is a linearization, and replayed as such; that it finds none says nothing.

mod config;
mod moves;
mod order;
mod problem;
mod scene;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod walk;

use super::work::Work;
use super::{Asked, Ruling, Timed};
use crate::check::exact::Wanted;
use crate::model::counter;
use problem::Problem;
use walk::Walk;

/// Shorter histories the search decides at once.
const LEAST: usize = 256;

/// One in so many operations has to lead from a value to another, for the search finds out sums.
const TELLING: usize = 8;

/// So many configurations are visited at most, and so many for each operation.
const MOST: u64 = 1_000_000;
const MOST_FOR_EACH: u64 = 400;

/// A key that is absent: no number, but operations add to it as to 0.
pub(super) const ABSENT: i64 = i64::MIN;

/// What an operation does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Act {
    /// Finds this value and leaves it.
    Look(i64),
    /// Finds the first value and leaves the second.
    Move(i64, i64),
    /// Adds this, whatever it finds.
    Add(i64),
    /// Leaves this value, whatever it finds.
    Put(i64),
}

impl Act {
    /// What an addition does, which may tell what it found; `None` if a number does not fit.
    pub(super) fn of_sum(add: &counter::Op) -> Option<Act> {
        let Some(found) = add.found() else { return Some(Act::Add(add.delta)) };
        let found = i64::try_from(found).ok()?;
        let after = found.checked_add(add.delta)?;
        (found != ABSENT && after != ABSENT).then_some(Act::Move(found, after))
    }
}

/// Guesses a linearization of `operations` on a number that is `start` at first, and of which each
/// does what `act` says; `None` if none is found, or if one of them does something else.
pub(super) fn decide<Op>(
    start: i64,
    operations: &[Timed<'_, Op>],
    act: impl Fn(&Op) -> Option<Act>,
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    if operations.len() < LEAST || !wanted.is_worth_a_guess() {
        return None;
    }
    let problem = Problem::read(operations, act)?;
    if problem.moves * TELLING < operations.len() {
        return None;
    }
    let most = MOST + MOST_FOR_EACH * operations.len() as u64;
    let order = order(&problem, start, &mut Work::new(most, stop))?;
    Some(Ruling::Valid(if wanted == Wanted::Order { order } else { Vec::new() }))
}

/// The positions of operations in a linearization.
fn order(problem: &Problem, start: i64, work: &mut Work<'_>) -> Option<Vec<u32>> {
    let taken = Walk::new(problem, start).search(work)?;
    let order = problem.order(&taken)?;
    problem.is_linearization(start, &order).then_some(order)
}
