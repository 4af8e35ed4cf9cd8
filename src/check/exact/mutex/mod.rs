//! Mutexes.
//!
//! Without owners, a mutex is a single [permit](super::permits). With owners that do one thing
//! after the other it is known who released what.

mod holds;

use super::permits::{self, Role};
use super::{Ruling, Timed, Wanted};
use crate::model::mutex::Op;
use holds::Holds;

/// Decides `operations`; `None` if they do not meet the conditions.
pub(super) fn decide(operations: &[Timed<'_, Op>], wanted: Wanted) -> Option<Ruling> {
    if operations.iter().any(|timed| matches!(timed.op, Op::Try(_)) && timed.has_returned()) {
        return None;
    }
    let owned = |op: &Op| match op {
        Op::Acquire(who) | Op::Release(who) | Op::Try(who) => who.is_some(),
        Op::Busy => true,
    };
    if operations.iter().all(|timed| owned(timed.op)) {
        match Holds::of(operations) {
            Some(Ok(holds)) => return Some(holds.decide(operations, wanted)),
            Some(Err(conflict)) => return Some(Ruling::Invalid(conflict)),
            None => {}
        }
    }
    let role = |op: &Op| match op {
        Op::Acquire(_) | Op::Try(_) => Role::Take(1),
        Op::Release(_) => Role::Give(1),
        Op::Busy => Role::Short(1),
    };
    let anyone = |op: &Op| match op {
        Op::Acquire(who) | Op::Release(who) | Op::Try(who) => who.is_none(),
        Op::Busy => true,
    };
    if operations.iter().all(|timed| anyone(timed.op)) {
        return permits::decide(1, operations, role, wanted);
    }
    // Owners forbid orders and allow none.
    let ruling = permits::decide(1, operations, role, Wanted::Verdict)?;
    matches!(ruling, Ruling::Invalid(_)).then_some(ruling)
}
