//! Stacks. Where a value that comes out was put in more than once, see the
//! [guess](super::guess::stack); else it is simpler.
//!
//! Where no value covers a point, the history falls apart; where all is covered, some value lies at
//! the bottom throughout and can be left out. `docs/ALGORITHMS.md` has the proof (after Grahnen et
//! al., PLDI 2025, and Lee and Mathur, OOPSLA 2025). O(n log n) with clients that wait for answers.

mod crashed;
mod nesting;
mod table;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;

use super::values::Values;
use super::{Asked, Conflict, Ruling, Timed, Wanted, guess, items};
use crate::history::Value;
use crate::model::items::Op;
use nesting::Failed;

/// Decides `operations`; `None` if no linearization is found although there may be one: where a
/// value that comes out was put in more than once, or crashed takes can remove values in more ways
/// than are tried.
pub(super) fn decide(
    initial: &[Value],
    operations: &[Timed<'_, Op>],
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    if let Some(read) = items::read(initial, operations) {
        return Ruling::on(read, |values| rule(values, wanted));
    }
    let initial: Vec<u128> = initial.iter().map(|item| item.handle().into()).collect();
    guess::stack::decide(&initial, operations, guess::known, (wanted, stop))
}

/// Decides what was read of the values of a stack.
fn rule(mut values: Values, wanted: Wanted) -> Option<Ruling> {
    if !values.unknown.is_empty() {
        return crashed::decide(values, wanted);
    }
    values.keep_untaken();
    Some(match nesting::nest(&values, wanted) {
        Ok(order) => Ruling::Valid(order),
        Err(failed) => Ruling::Invalid(conflict(&values, failed)),
    })
}

/// What is known of a failure.
fn conflict(values: &Values, failed: Failed) -> Conflict {
    if values.has_peeks() { values.conflict() } else { values.conflict_at(failed.by) }
}
