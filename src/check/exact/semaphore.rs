//! Semaphores.

use super::permits::{self, Role};
use super::{Ruling, Timed, Wanted};
use crate::model::semaphore::Op;

/// Decides `operations`; `None` if they do not meet the conditions.
pub(super) fn decide(permits: u64, operations: &[Timed<'_, Op>], wanted: Wanted) -> Option<Ruling> {
    let role = |op: &Op| match *op {
        // A try that never returned may have taken some, and changed nothing otherwise.
        Op::Acquire(count) | Op::Try(count) => Role::Take(count),
        Op::Release(count) => Role::Give(count),
        Op::Busy(count) => Role::Short(count),
    };
    if operations.iter().any(|timed| matches!(timed.op, Op::Try(_)) && timed.has_returned()) {
        return None;
    }
    permits::decide(permits, operations, role, wanted)
}
