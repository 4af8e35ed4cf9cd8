//! What really happened: the store's own log of every effect, which no client can see. It tells
//! whether a fault manifested, for comparison with what histcheck makes of the history alone.
//!
//! It knows, of every update, as what version of an object it took effect and which version it
//! found, and of every read which version it returned. Whether some single copy could have behaved
//! so is then a question about a graph, see `order`.

mod order;

use rustc_hash::FxHashSet;

use super::message::Stamp;
use super::recording::Records;

pub use order::Truth;

/// The operation that stands for what the store does by itself, such as ending a lease.
pub(super) const NOBODY: u32 = u32::MAX;

/// That `operation` made a version of an object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Effect {
    operation: u32,
    key: u32,
    stamp: Stamp,
    /// The version that it found, if what it did depends on that.
    found: Option<Stamp>,
}

/// That `operation` saw a version of an object.
#[derive(Clone, Copy, Debug)]
struct Sight {
    operation: u32,
    key: u32,
    stamp: Stamp,
}

/// The log of effects.
#[derive(Default)]
pub(super) struct Ledger {
    is_on: bool,
    effects: Vec<Effect>,
    known: FxHashSet<(u32, Stamp, u32)>,
    sights: Vec<Sight>,
    mishaps: Vec<String>,
}

impl Ledger {
    /// One that keeps a log, or one that does not.
    pub(super) fn new(is_on: bool) -> Ledger {
        Ledger { is_on, ..Ledger::default() }
    }

    /// `operation` took effect on `key` as version `stamp`. What was `found` there counts if the
    /// effect depends on it. Several copies may tell the same.
    pub(super) fn effect(&mut self, operation: u32, key: u32, stamp: Stamp, found: Option<Stamp>) {
        if self.is_on && self.known.insert((key, stamp, operation)) {
            self.effects.push(Effect { operation, key, stamp, found });
        }
    }

    /// `operation` saw version `stamp` of `key`, and its client knows.
    pub(super) fn sight(&mut self, operation: u32, key: u32, stamp: Stamp) {
        if self.is_on {
            self.sights.push(Sight { operation, key, stamp });
        }
    }

    /// Something happened that no order of the operations accounts for, in words.
    pub(super) fn mishap(&mut self, what: impl FnOnce() -> String) {
        if self.is_on {
            self.mishaps.push(what());
        }
    }

    /// What all of it amounts to, given what was recorded.
    pub(super) fn truth(&self, records: &Records) -> Truth {
        order::truth(self, records)
    }
}
