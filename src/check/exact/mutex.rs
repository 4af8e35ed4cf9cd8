//! Mutexes.

use crate::model::mutex::Op;

use super::{Ruling, Timed, Wanted};

/// Decides `operations`; `None` if they do not meet the conditions.
pub(super) fn decide(operations: &[Timed<'_, Op>], wanted: Wanted) -> Option<Ruling> {
    let _ = (operations, wanted);
    None
}
