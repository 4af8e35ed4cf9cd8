//! The reference store: a small distributed store inside one process, which makes example
//! histories. Clients, nodes, messages, clocks and faults are state machines in virtual time, so
//! that a seed means the same history on every machine.
//!
//! Every system is a point in one space of [`Knobs`]; those with a name are [`PRESETS`]. Nothing
//! here knows how a history is checked, and nothing that checks knows the store.

mod client;
mod copy;
mod engine;
mod faults;
mod hub;
mod keys;
mod knobs;
mod ledger;
mod message;
mod node;
mod object;
mod placement;
mod recording;
mod sim;
mod world;

pub use knobs::*;
pub use ledger::Truth;

use crate::error::Error;
use crate::history::{History, Value, ValueTable};

/// A history, and what really happened while it was recorded.
pub struct Run {
    /// The history.
    pub history: History,
    /// What happened, if the run was asked to keep its log.
    pub truth: Option<Truth>,
}

/// Runs the system.
pub fn run(knobs: &Knobs, seed: u64, keeps_ledger: bool, bare: bool) -> Result<Run, Error> {
    let (records, hub) = world::World::new(knobs, seed, keeps_ledger).run();
    let truth = keeps_ledger.then(|| hub.ledger.truth(&records));
    let history = records.history(knobs, |values| metadata(knobs, values), bare)?;
    Ok(Run { history, truth })
}

/// What a checker has to know that operations do not show.
fn metadata(knobs: &Knobs, values: &mut ValueTable) -> Value {
    let (model, initial) = client::model(knobs);
    let mut pairs = Vec::new();
    if let Some(model) = model {
        pairs.push((values.text("model"), values.text(model)));
    }
    if let Some(initial) = initial {
        pairs.push((values.text("initial"), values.int(initial)));
    }
    values.map(&pairs)
}
