//! Decides whether a history is linearizable, key by key, within a budget; every verdict comes
//! with a certificate that [`crate::proof`] can verify.
//!
//! Nothing here reads files, explains, or prints.

mod answer;
mod components;
mod decide;
mod exact;
mod models;
mod object;
mod origins;
mod refute;
mod report;
mod search;
mod tokens;

pub use crate::budget::{Budget, Meter};
pub use answer::Deciders;
pub use decide::Options;
pub(crate) use decide::{Limits, count_invalid, decide};
pub(crate) use models::{Models, Start};
pub use report::{
    Certificate, Decision, Failure, KeyCounts, KeyReport, OtherTies, Report, Verdict,
};
pub use search::Effort;

pub use crate::error::StopReason;

use crate::model::{Model, Pos, Reading};
use answer::{Answer, Terms};
use decide::answer;
use exact::Wanted;
use object::Readings;
use search::Found;

/// A linearization of `readings` (positions among them), which are in the order of their calls;
/// `None` if there is none, or the budget ended first.
pub(crate) fn linearize<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    meter: &Meter,
) -> Option<Vec<Pos>> {
    let terms = terms(Wanted::Order, meter);
    let Answer { found, effort, .. } = answer(&Readings::new(model, readings), terms);
    meter.decided(readings.len(), effort.configurations);
    match found {
        Found::Order(order) => Some(order),
        Found::Nothing { .. } | Found::Stopped(_) => None,
    }
}

/// Whether `readings`, which are in the order of their calls, are linearizable (`None` if the
/// budget ended first), and how much work that was.
pub(crate) fn is_linearizable<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    meter: &Meter,
) -> (Option<bool>, Effort) {
    let (stuck, effort) = decided(model, readings, Wanted::Whether, meter);
    (stuck.map(|stuck| stuck.is_none()), effort)
}

/// Where `readings`, which are in the order of their calls, become impossible, as a position among
/// them; `Some(None)` if they are linearizable, `None` if the budget ended first. The position is
/// that of an operation at which a decider got stuck.
pub(crate) fn impossible<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    meter: &Meter,
) -> (Option<Option<Pos>>, Effort) {
    decided(model, readings, Wanted::Verdict, meter)
}

/// As [`impossible`]; if it is only `wanted` whether it is, the position may be any.
fn decided<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    wanted: Wanted,
    meter: &Meter,
) -> (Option<Option<Pos>>, Effort) {
    // Exact deciders do not ask the meter; whoever asks them again and again has to.
    if meter.poll().is_err() {
        return (None, Effort::default());
    }
    let terms = terms(wanted, meter);
    let Answer { found, effort, .. } = answer(&Readings::new(model, readings), terms);
    meter.decided(readings.len(), effort.configurations);
    let stuck = match found {
        Found::Order(_) => Some(None),
        Found::Nothing { stuck } => Some(Some(stuck)),
        Found::Stopped(_) => None,
    };
    (stuck, effort)
}

/// Questions of an explanation: any decider, and one thread each, for there are many.
fn terms(wanted: Wanted, meter: &Meter) -> Terms<'_> {
    Terms { deciders: Deciders::Auto, wanted, threads: 1, most: u64::MAX, meter }
}
