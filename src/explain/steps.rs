//! Stepping through linearizations.

use crate::check::{self, Failure, Meter};
use crate::error::Error;
use crate::history::{History, OpIndex, ValueTable};
use crate::model::{self, AnyModel, AnyOp, AnyState, Model, Pos, Reading};

/// One operation of a linearization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The operation.
    pub operation: OpIndex,
    /// The state after it, if the model can describe it.
    pub state: Option<String>,
}

/// A linearization of what was known just before a failure.
pub(super) struct Before<Op> {
    /// The operations as they were known then.
    pub(super) readings: Vec<Reading<Op>>,
    /// The order, as places among the readings.
    pub(super) order: Vec<Pos>,
}

/// A linearization of what was known just before the failure, if one is found in time.
pub(super) fn before(
    model: &AnyModel,
    history: &History,
    operations: &[OpIndex],
    failure: &Failure,
    meter: &Meter,
) -> Result<Option<Before<AnyOp>>, Error> {
    if failure.horizon != history.span(failure.operation).ret {
        return Ok(None);
    }
    let horizon = Some(failure.horizon.previous());
    let readings = model::read(model, history, operations, horizon)?;
    let order = check::linearize(model, &readings, meter);
    Ok(order.map(|order| Before { readings, order }))
}

/// Steps through a linearization of `readings`, as places among these, and tells `each` the
/// operation of every step and how to describe the state after it. Operations that can have done
/// nothing, and showed nothing, are no steps.
pub(super) fn walk(
    model: &AnyModel,
    values: &ValueTable,
    readings: &[Reading<AnyOp>],
    order: &[Pos],
    mut each: impl FnMut(OpIndex, &dyn Fn() -> Option<String>),
) {
    let mut states = vec![model.initial()];
    for &at in order {
        let reading = &readings[at];
        let mut nexts: Vec<AnyState> = Vec::new();
        for next in states.iter().flat_map(|state| model.step(state, &reading.op)) {
            if !nexts.contains(&next) {
                nexts.push(next);
            }
        }
        states = nexts;
        if is_step(model, reading) {
            each(reading.index, &|| match &states[..] {
                [state] => model.describe(state, values),
                _ => None,
            });
        }
    }
}

/// Whether an operation is to be shown as a step: a pure one that has not returned changed nothing
/// and showed nothing.
pub(super) fn is_step(model: &AnyModel, reading: &Reading<AnyOp>) -> bool {
    reading.span.has_returned() || !model.facts(&reading.op).pure
}
