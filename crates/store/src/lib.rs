//! The reference store: a small distributed store inside one process, which makes example
//! histories. Clients, nodes, messages, clocks and faults are state machines in virtual time, so
//! that a seed means the same history on every machine.
//!
//! Every system is a point in one space of [`Knobs`]; those with a name are [`presets`]. Nothing
//! here knows how a history is checked, and nothing that checks knows the store.

mod cache;
mod call;
mod client;
mod copy;
mod engine;
mod faults;
mod hub;
#[cfg(test)]
mod invariants;
mod keys;
mod knobs;
mod ledger;
mod membership;
mod node;
mod object;
mod origin;
mod placement;
mod plan;
mod presets;
mod recording;
mod sim;
pub mod threads;
mod transactions;
mod wire;
mod world;

pub use knobs::*;
pub use ledger::Truth;
pub use plan::{Fact, Plan};
pub use presets::{Example, GROUPS, Preset, TRANSACTIONAL, Transactional, presets};
pub use transactions::{Dependencies, Dependency, DependencyKind, LEVELS};
