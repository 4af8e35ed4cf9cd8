//! What really happened: the store's own log of every effect, which no client can see. It tells
//! whether a fault manifested, for comparison with what histcheck makes of the history alone.
//!
//! It knows, of every update, as what version of an object it took effect and which version it
//! found, and of every read which version it returned. Whether some single copy could have behaved
//! so is then a question about a graph, see `order`.

mod order;

use histcheck_history::hash::{Map, Set};

use super::origin::Stamp;
use super::recording::Records;

pub use order::Truth;

/// The operation that stands for what no operation of the history does: what the store does by
/// itself, such as ending a lease, and what clients do to prepare an operation, such as taking a
/// lock that guards it.
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
    known: Set<(u32, Stamp, u32)>,
    sights: Vec<Sight>,
    /// How many sights there were when an operation began again; those before do not count.
    restarts: Map<u32, usize>,
    /// How many registers an operation writes one after the other, if there are several.
    parts: Vec<(u32, u32)>,
    leases: Leases,
    /// What consumers took out of a queue and said that they are done with.
    deliveries: Vec<(u32, i64, u32)>,
    stuck: Vec<String>,
}

/// Leases that ended before their owners released the lock.
#[derive(Default)]
struct Leases {
    /// The key and the version that the end of the lease made, with the owner.
    ended: Map<(u32, Stamp), u32>,
    /// The key, the owner and the operation of each call to release a lock, in order.
    releases: Vec<(u32, u32, u32)>,
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

    /// `operation` begins again: what it saw so far, it does not build on.
    pub(super) fn restart(&mut self, operation: u32) {
        if self.is_on {
            self.restarts.insert(operation, self.sights.len());
        }
    }

    /// `operation` writes so many registers one after the other, or none.
    pub(super) fn parts(&mut self, operation: u32, parts: u32) {
        if self.is_on && parts > 1 {
            self.parts.push((operation, parts));
        }
    }

    /// The lease of `owner` ended, which made version `stamp` of the lock `key`.
    pub(super) fn lapsed(&mut self, key: u32, owner: u32, stamp: Stamp) {
        if self.is_on {
            self.leases.ended.insert((key, stamp), owner);
        }
    }

    /// By `operation`, `owner` means to release the lock `key`, whether it still has it or not.
    pub(super) fn releases(&mut self, operation: u32, key: u32, owner: u32) {
        if self.is_on {
            self.leases.releases.push((key, owner, operation));
        }
    }

    /// By `operation`, a consumer took `item` out of the queue `key`, and its client knows.
    pub(super) fn delivered(&mut self, operation: u32, key: u32, item: i64) {
        if self.is_on {
            self.deliveries.push((key, item, operation));
        }
    }

    /// Some clients can never go on, in words. No operation that ended is wrong by that.
    pub(super) fn stuck(&mut self, what: String) {
        if self.is_on {
            self.stuck.push(what);
        }
    }

    /// The sights that count.
    fn sights(&self) -> impl Iterator<Item = &Sight> {
        let counts = |(at, sight): &(usize, &Sight)| {
            self.restarts.get(&sight.operation).is_none_or(|first| at >= first)
        };
        self.sights.iter().enumerate().filter(counts).map(|(_, sight)| sight)
    }

    /// What all of it amounts to, given what was recorded.
    pub(super) fn truth(&self, records: &Records) -> Truth {
        order::truth(self, records)
    }
}
