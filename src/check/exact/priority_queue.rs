//! Priority queues.

use crate::model::priority_queue::{Item, Op};

use super::{Ruling, Timed, Wanted};

/// Decides `operations`; `None` if they do not meet the conditions.
pub(super) fn decide(
    _initial: &[Item],
    operations: &[Timed<'_, Op>],
    wanted: Wanted,
) -> Option<Ruling> {
    let _ = (operations, wanted);
    None
}
