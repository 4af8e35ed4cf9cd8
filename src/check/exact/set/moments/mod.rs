//! Sets that are read as a whole, and from which elements are removed.
//!
//! Elements have to do with each other only through the reads of the whole. Where each read has its
//! moment between two events, every element is an object of its own, which the reads find there or
//! not. So the walk over the events chooses the moments alone: a state is which of the open reads
//! are done, and for each element a belief, all configurations that it may be in. Where not all
//! states are kept, what it finds is still an order, if replaying it says so.
//!
//! `docs/ALGORITHMS.md` proves it.

mod belief;
mod expand;
mod order;
mod pass;
mod problem;
mod state;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
mod walk;

use super::super::{Asked, Conflict, Ruling, Timed, Wanted};
use super::conflict_at;
use crate::check::exact::work::Work;
use crate::history::{Rank, sort};
use crate::model::Pos;
use crate::model::set::{Contents, Op};
use problem::Problem;
use walk::{Choice, Outcome, Walk};

/// No operation, read, element, event, belief or node.
const NONE: u32 = u32::MAX;

/// So many reads, returns and comparisons are tried at most, and so many for each operation.
const MOST: u64 = 400_000;
const MOST_FOR_EACH: u64 = 64;

/// So many comparisons of configurations are work for one of these.
const COMPARISONS: u64 = 64;

/// To find the first return by which there is no linearization, as much as to find out that there
/// is none may be tried, or so many.
const MOST_FOR_FIRST: u64 = 50_000;

/// Decides `operations`; `None` if more than 64 are open on one element, or read the whole at once,
/// or if that takes too long.
pub(super) fn decide(
    initial: &Contents,
    operations: &[Timed<'_, Op>],
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    let problem = Problem::until(initial, operations, Rank::NEVER)?;
    let most = MOST + MOST_FOR_EACH * operations.len() as u64;
    let mut work = Work::new(most, stop);
    match Walk::new(&problem, Choice::All).search(&mut work) {
        Outcome::Unknown => None,
        Outcome::Nothing(event) => {
            let (at, is_return) = *problem.events.get(event as usize)?;
            let span = operations[at as usize].span;
            let rank = if is_return { span.ret } else { span.call };
            let Conflict { stuck } = conflict_at(operations, rank);
            if wanted == Wanted::Whether {
                return Some(Ruling::Invalid(Conflict { stuck }));
            }
            work.limit(work.done().max(MOST_FOR_FIRST));
            Some(Ruling::Invalid(first(initial, operations, stuck, &mut work)))
        }
        Outcome::Reads(reads) => {
            let order = order::order(&problem, &reads, &mut Work::new(most, stop))?;
            let is_linearization = order::is_linearization(initial, operations, &order);
            debug_assert!(is_linearization, "an order that was found is none");
            let order = if wanted == Wanted::Order { order } else { Vec::new() };
            is_linearization.then_some(Ruling::Valid(order))
        }
    }
}

/// The conflict by the first return by which there is no linearization, where there is none by that
/// of `stuck`, as far as that is found out within `work`.
fn first(
    initial: &Contents,
    operations: &[Timed<'_, Op>],
    stuck: Pos,
    work: &mut Work<'_>,
) -> Conflict {
    let by = operations[stuck].span.ret;
    let is_known = |timed: &Timed<'_, Op>| timed.has_returned() && timed.span.ret <= by;
    let returned = operations.iter().enumerate().filter(|(_, timed)| is_known(timed));
    let mut returns: Vec<(Rank, u32)> =
        returned.map(|(at, timed)| (timed.span.ret, at as u32)).collect();
    sort::by(&mut returns, |&(ret, _)| ret);
    let mut is_open = |nth: usize| {
        let problem = Problem::until(initial, operations, returns[nth].0);
        let outcome = problem.map(|problem| Walk::new(&problem, Choice::All).search(work));
        !matches!(outcome, Some(Outcome::Nothing(_)))
    };
    // It is mostly one of the last: look back in steps that grow, and then between two of them.
    let Some(mut last) = returns.len().checked_sub(1) else { return Conflict { stuck } };
    let (mut open, mut step) = (0, 1);
    while open < last {
        let nth = last.saturating_sub(step).max(open);
        if is_open(nth) {
            open = nth + 1;
            step = last.saturating_sub(open).div_ceil(2).max(1);
        } else {
            last = nth;
            step *= 2;
        }
    }
    Conflict::at(returns[last].1)
}
