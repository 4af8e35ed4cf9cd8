//! Counters of unequal additions.

use crate::check::exact::{Ruling, Timed, Wanted};
use crate::model::counter::Op;

pub(super) fn decide(
    _initial: i128,
    _operations: &[Timed<'_, Op>],
    _wanted: Wanted,
) -> Option<Ruling> {
    None
}
