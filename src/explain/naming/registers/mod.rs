//! Names what is wrong with registers, by the core of a violation: few operations that cannot be
//! ordered by themselves.

use super::super::anomaly::Anomaly;
use super::super::case::Case;
use super::super::violations::Violation;
use crate::model::Model;

/// The anomaly that `violation` shows, if the object is a register.
pub(super) fn name<M: Model>(case: &Case<'_, M>, violation: &Violation) -> Option<Anomaly> {
    let _ = (case, violation);
    None
}
