//! A guess for queues whose items are acknowledged.
//!
//! Items have to do with each other only through dequeues that found nothing, and crashed ones,
//! which may have taken any item. Where it is chosen at which moments nothing waited, every item is
//! an object of its own. So the walk over the events chooses these moments, and believes of each
//! item all that may be so of its copies; a crashed dequeue goes to an item that needs one.
//!
//! What it finds is a linearization, and replayed as such; that it finds none says nothing.

mod belief;
mod config;
mod order;
mod pass;
mod problem;
mod replay;
mod table;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
mod walk;

use super::work::{Stop, Work};
use super::{Asked, Ruling, Timed, Wanted};
use crate::history::Value;
use crate::model::acked_queue::Op;
use problem::Problem;
use table::Again;
use walk::Walk;

/// No operation, item, event, belief or node.
const NONE: u32 = u32::MAX;

/// Shorter histories the search decides at once.
const LEAST: usize = 256;

/// So many configurations are looked at, at most, and so many for each operation.
const MOST: u64 = 400_000;
const MOST_FOR_EACH: u64 = 300;

/// Guesses a linearization of `operations` on a queue that holds `initial` at first; `None` if none
/// is found. Takes time about proportional to the number of operations.
pub(super) fn decide(
    initial: &[Value],
    operations: &[Timed<'_, Op>],
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    if operations.len() < LEAST || !wanted.is_worth_a_guess() {
        return None;
    }
    let order = order(initial, operations, stop)?;
    Some(Ruling::Valid(if wanted == Wanted::Order { order } else { Vec::new() }))
}

/// The positions of operations in a linearization.
fn order(initial: &[Value], operations: &[Timed<'_, Op>], stop: Stop<'_>) -> Option<Vec<u32>> {
    let problem = Problem::new(initial, operations)?;
    let most = MOST + MOST_FOR_EACH * operations.len() as u64;
    let mut work = Work::new(most, stop);
    let mut search = |again| Some((Walk::new(&problem, again).search(&mut work)?, again));
    let (moments, again) = search(Again::Last).or_else(|| search(Again::Anytime))?;
    let order = order::order(&problem, (&moments, again), &mut Work::new(most, stop))?;
    let positions = order.iter().map(|step| step.at).collect();
    let is_linearization = replay::is_linearization(initial, operations, &order);
    debug_assert!(is_linearization, "an order that was found is none");
    is_linearization.then_some(positions)
}
