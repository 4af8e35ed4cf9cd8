//! Keys with versions: what operations tell of versions gives the order of the updates.
//!
//! An order that a store would have which numbers its updates is guessed, and proved by placing
//! everything else in it; or what is certain of versions is refuted.

mod acts;
mod guess;
mod place;
mod plan;
mod problem;
mod refute;
mod sweep;
mod table;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::sync::Arc;

use super::ends::{by_return, position};
use super::{Conflict, Ruling, Timed, Wanted};
use crate::history::{Rank, Value};
use crate::model::versioned_kv::Op;
use acts::Known;
use guess::Manner;
use problem::Course;

/// Decides `operations` on a key that holds `initial` at first; `None` if neither an order nor a
/// contradiction is found.
pub(super) fn decide(
    initial: Option<Value>,
    operations: &[Timed<'_, Arc<Op>>],
    wanted: Wanted,
) -> Option<Ruling> {
    let known = known(operations, Rank::LAST)?;
    for manner in MANNERS {
        if let Some((steps, first)) = guess::order(&known, initial, manner)
            && let Some(order) = place::place(operations, &known, &steps, initial, first)
        {
            let order = if wanted == Wanted::Order { order } else { Vec::new() };
            return Some(Ruling::Valid(order));
        }
    }
    let by = refute::contradiction(&known, initial)?;
    if wanted == Wanted::Whether {
        let named = operations.iter().position(Timed::has_returned)?;
        return Some(Ruling::Invalid(Conflict::at(named as u32)));
    }
    first_return(initial, operations, by).map(|stuck| Ruling::Invalid(Conflict::at(stuck)))
}

/// The usual first.
const MANNERS: [Manner; 4] = [
    Manner { course: Course::Ascending, strays: false },
    Manner { course: Course::Free, strays: false },
    Manner { course: Course::Ascending, strays: true },
    Manner { course: Course::Free, strays: true },
];

/// The operations that were called by `horizon`, as they are known by then.
fn known(operations: &[Timed<'_, Arc<Op>>], horizon: Rank) -> Option<Vec<Known>> {
    let called = operations.iter().take_while(|timed| timed.span.call <= horizon);
    called.map(|timed| Known::of(timed.op, timed.span, horizon)).collect()
}

/// The operation by whose return there is a contradiction, which rests on something at `by`.
fn first_return(
    initial: Option<Value>,
    operations: &[Timed<'_, Arc<Op>>],
    by: Rank,
) -> Option<u32> {
    let ends = (0..).zip(operations).filter(|(_, timed)| timed.has_returned());
    let mut returns: Vec<u64> = ends.map(|(at, timed)| by_return(timed.span.ret, at)).collect();
    returns.sort_unstable();
    let contradicts = |nth: usize| {
        let horizon = operations[position(returns[nth]) as usize].span.ret;
        let known = known(operations, horizon);
        known.is_some_and(|known| refute::contradiction(&known, initial).is_some())
    };
    let last = returns.len().checked_sub(1)?;
    let from = returns.partition_point(|&pair| pair < by_return(by, 0)).min(last);
    // Some steps on, until all that is told by then contradicts itself, then back.
    let (mut low, mut high, mut step) = (from, from, 1);
    while high < last && !contradicts(high) {
        (low, high, step) = (high + 1, (high + step).min(last), step * 4);
    }
    if low == from && high == from {
        step = 1;
        while low > 0 && contradicts(low.saturating_sub(step)) {
            (low, step) = (low.saturating_sub(step), step * 4);
        }
        (low, high) = (low.saturating_sub(step), low);
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if contradicts(middle) { high = middle } else { low = middle + 1 }
    }
    Some(position(returns[high]))
}
