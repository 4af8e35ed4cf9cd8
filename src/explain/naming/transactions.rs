//! Names what is wrong with several registers that are read and written together.

use super::super::anomaly::Anomaly;
use super::super::case::Case;
use super::super::violations::Violation;
use crate::model::Model;

/// The anomaly that `violation` shows, if it is one of these objects.
pub(super) fn name<M: Model>(case: &Case<'_, M>, violation: &Violation) -> Option<Anomaly> {
    let _ = (case, violation);
    None
}
