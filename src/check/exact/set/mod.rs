//! Sets. Each element is an object of its own, so that a set is decided element by element, unless
//! operations read the whole; sets that are read as a whole are decided if they only grow. Else
//! the moments of the reads are looked for.
//!
//! `docs/ALGORITHMS.md` states the conditions and proves them sufficient. O(n log n), but for the
//! moments.

mod act;
mod element;
mod events;
mod growing;
mod moments;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;

use crate::history::Rank;
use crate::model::set::{Contents, Op};

use super::{Asked, Conflict, Ruling, Timed, Wanted};

/// Decides `operations`; `None` if that takes too long where the whole is read and elements are
/// removed, or where an element is both added and removed and a completed operation that did so
/// does not tell what it found.
pub(super) fn decide(
    initial: &Contents,
    operations: &[Timed<'_, Op>],
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    let completed = |timed: &&Timed<'_, Op>| timed.has_returned();
    let read_twice = |timed: &Timed<'_, Op>| matches!(timed.op, Op::ReadTwice);
    let is_impossible = |timed: &Timed<'_, Op>| read_twice(timed) && timed.has_returned();
    if let Some(stuck) = operations.iter().position(is_impossible) {
        return Some(Ruling::Invalid(Conflict::at(stuck as u32)));
    }
    if operations.iter().any(read_twice) {
        return None;
    }
    let reads_whole = |timed: &Timed<'_, Op>| matches!(timed.op, Op::Read(_));
    let found = if operations.iter().filter(completed).any(reads_whole) {
        growing::decide(initial, operations)
    } else {
        element::decide_all(initial, operations)
    };
    match found {
        Some(Ok(times)) if wanted == Wanted::Order => Some(Ruling::Valid(times.into_order())),
        Some(Ok(_)) => Some(Ruling::Valid(Vec::new())),
        Some(Err(conflict)) => Some(Ruling::Invalid(conflict)),
        None => moments::decide(initial, operations, (wanted, stop)),
    }
}

/// The conflict of what is known at `rank`, once all that was called before has returned.
fn conflict_at(operations: &[Timed<'_, Op>], rank: Rank) -> Conflict {
    let called = operations.iter().enumerate();
    let known = called.filter(|(_, timed)| timed.span.call <= rank && timed.has_returned());
    let stuck = known.max_by_key(|(_, timed)| timed.span.ret).map_or(0, |(at, _)| at as u32);
    Conflict::at(stuck)
}
