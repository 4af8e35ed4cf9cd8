//! Sets. Each element is an object of its own, so that a set is decided element by element, unless
//! operations read the whole; sets that are read as a whole are decided if they only grow.
//!
//! `docs/ALGORITHMS.md` states the conditions and proves them sufficient. O(n log n).

mod act;
mod element;
mod events;
mod growing;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;

use crate::history::Rank;
use crate::model::set::{Contents, Op};

use super::{Conflict, Ruling, Timed, Wanted};

/// Decides `operations`; `None` if the whole is read where elements are removed, or if an element
/// is both added and removed and a completed operation that did so does not tell what it found.
pub(super) fn decide(
    initial: &Contents,
    operations: &[Timed<'_, Op>],
    wanted: Wanted,
) -> Option<Ruling> {
    let completed = |timed: &&Timed<'_, Op>| timed.has_returned();
    let read_twice = |timed: &Timed<'_, Op>| matches!(timed.op, Op::ReadTwice);
    if let Some(stuck) = operations.iter().position(read_twice) {
        // It is never legal, and one that did not return need not happen.
        let returned = operations[stuck].span.has_returned();
        return returned.then_some(Ruling::Invalid(Conflict::at(stuck as u32)));
    }
    let reads_whole = |timed: &Timed<'_, Op>| matches!(timed.op, Op::Read(_));
    let found = if operations.iter().filter(completed).any(reads_whole) {
        growing::decide(initial, operations)?
    } else {
        element::decide_all(initial, operations)?
    };
    Some(match found {
        Ok(times) if wanted == Wanted::Order => Ruling::Valid(times.into_order()),
        Ok(_) => Ruling::Valid(Vec::new()),
        Err(conflict) => Ruling::Invalid(conflict),
    })
}

/// The conflict of what is known at `rank`, once all that was called before has returned.
fn conflict_at(operations: &[Timed<'_, Op>], rank: Rank) -> Conflict {
    let called = operations.iter().enumerate();
    let known = called.filter(|(_, timed)| timed.span.call <= rank && timed.has_returned());
    let stuck = known.max_by_key(|(_, timed)| timed.span.ret).map_or(0, |(at, _)| at as u32);
    Conflict::at(stuck)
}
