//! Interactive transactions: clients that begin a transaction, send each of its steps in a message
//! of its own, and commit; and the stores that run them. Every level of isolation is what an
//! algorithm for it gives; a faulty store lacks one part of its algorithm.
//!
//! A step reads a key or writes it. What keys hold is the same to the stores: the values that were
//! written, in order. Of a list, a client sees all of them, of a register the last one.

mod client;
mod engine;
mod graph;
mod hub;
mod ledger;
mod locks;
mod nemesis;
#[cfg(test)]
mod tests;
mod wire;
mod workload;
mod world;

pub use graph::{Dependencies, Dependency, DependencyKind, LEVELS};

pub(super) use world::World;

/// A transaction: the number of its operation in the history.
type Txn = u32;
