//! Decides while a history is still being recorded: event after event, in memory that depends on
//! how much is open at once and not on how much there was.
//!
//! An object's [`Frontier`] holds every configuration that the events so far leave: a state, and
//! which of the open operations are linearized in it. A call adds an open operation; a return
//! [forces](force) it to be linearized wherever it is not yet. Where no configuration is left, the
//! history so far is not linearizable, and no continuation of it is. `docs/ALGORITHMS.md` states
//! why nothing is lost with what is left out. Where a frontier would become too large, [`Bounds`]
//! go on with some of its configurations, and with more than all of them.
//!
//! Nothing here knows where events come from, or of more than one object.

mod bits;
mod bounds;
mod config;
mod detour;
mod exact;
mod force;
mod lost;
mod side;
mod states;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub(super) use bounds::Bounds;
pub(super) use exact::{End, Halt, Held};
