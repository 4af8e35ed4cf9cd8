//! Strings.

use crate::model::kv::{Content, Op};

use super::{Ruling, Timed, Wanted};

/// Decides `operations`; `None` if they do not meet the conditions.
pub(super) fn decide(
    _initial: &Content,
    _absent_is_empty: bool,
    operations: &[Timed<'_, Op>],
    wanted: Wanted,
) -> Option<Ruling> {
    let _ = (operations, wanted);
    None
}
