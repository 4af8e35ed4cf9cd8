//! Decides whether a history is linearizable, key by key, within a budget; every verdict comes
//! with a certificate that [`crate::proof`] can verify.
//!
//! Nothing here reads files, explains, or prints.

mod budget;
mod decide;
mod refute;
mod report;
mod search;

pub use budget::{Budget, Meter, StopReason};
pub use decide::Options;
pub(crate) use decide::{decide, on_threads};
pub use report::{
    Certificate, Decision, Failure, KeyCounts, KeyReport, ModelSource, OtherTies, Report, Verdict,
};
pub use search::Effort;

use crate::model::{Model, Reading};

/// A linearization of `readings` (positions among them), which are in the order of their calls;
/// `None` if there is none, or the budget ended first.
pub(crate) fn linearize<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    meter: &Meter,
) -> Option<Vec<u32>> {
    match search::search(model, readings, 1, meter).0 {
        search::Found::Order(order) => Some(order),
        _ => None,
    }
}

/// Whether `readings`, which are in the order of their calls, are linearizable (`None` if the
/// budget ended first), and how much work that was.
pub(crate) fn is_linearizable<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    meter: &Meter,
) -> (Option<bool>, Effort) {
    if refute::impossible_reading(model, readings).is_some() {
        return (Some(false), Effort::default());
    }
    let (found, effort) = search::search(model, readings, 1, meter);
    let linearizable = match found {
        search::Found::Order(_) => Some(true),
        search::Found::Nothing { .. } => Some(false),
        search::Found::Stopped(_) => None,
    };
    (linearizable, effort)
}
