//! Queues.

use crate::history::Value;
use crate::model::items::Op;

use super::{Ruling, Timed, Wanted};

/// Decides `operations`; `None` if they do not meet the conditions.
pub(super) fn decide(
    _initial: &[Value],
    operations: &[Timed<'_, Op>],
    wanted: Wanted,
) -> Option<Ruling> {
    let _ = (operations, wanted);
    None
}
