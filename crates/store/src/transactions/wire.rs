//! What clients and nodes send to each other.

use std::sync::Arc;

use super::Txn;
use crate::origin::Host;

/// One step of a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Step {
    pub(super) key: u32,
    /// The value that is written; none to read. No value is written twice to a key.
    pub(super) value: Option<i64>,
}

/// A client's call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) client: u32,
    pub(super) txn: Txn,
    pub(super) ask: Ask,
}

/// What a client asks for.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    /// To begin a transaction of these steps, where everything in `need` is seen: how many
    /// transactions of each site.
    Begin { steps: Arc<[Step]>, need: Arc<[u64]> },
    /// To do step number `at`.
    Step { at: u32, step: Step, hints: Hints },
    /// To commit.
    Commit,
    /// To roll back.
    Rollback,
}

/// What a client knows of a step when it asks for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hints {
    /// Whether a later step writes what this one reads.
    pub(super) is_for_update: bool,
    /// Whether it is the first step of the transaction on that node.
    pub(super) is_first: bool,
}

/// The answer of a node.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) client: u32,
    pub(super) txn: Txn,
    pub(super) told: Told,
}

/// What a client is told.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// The transaction began.
    Began,
    /// Step number `at` is done. If it reads, it saw these values of the key.
    Did { at: u32, seen: Arc<[i64]> },
    /// The transaction committed: what it saw of each site, and as what it committed.
    Committed { saw: Arc<[u64]>, wrote: Option<(Host, u64)> },
    /// The transaction was aborted.
    Aborted(&'static str),
}

/// Writes of one transaction that a site or a primary sends to others.
#[derive(Clone, Debug)]
pub(super) struct Update {
    pub(super) origin: Host,
    /// The how manieth transaction of its origin it is, from 1.
    pub(super) number: u64,
    /// How many transactions of each site its transaction saw.
    pub(super) saw: Arc<[u64]>,
    /// Its place in the order of versions.
    pub(super) stamp: (i64, i64),
    pub(super) writes: Arc<[(u32, i64)]>,
}

/// A message between nodes.
#[derive(Clone, Debug)]
pub(super) enum Message {
    /// The transactions of a primary that follow on number `after`.
    Log { after: u64, updates: Vec<Update> },
    /// A follower has so many.
    Has(u64),
    /// An update of a site; to be confirmed under this number.
    Update(u64, Update),
    /// The update of this number has arrived.
    Got(u64),
    /// A site that saw so many transactions of each site asks the home of these keys to let nobody
    /// else write them.
    Claim { txn: Txn, saw: Arc<[u64]>, keys: Arc<[u32]> },
    /// The home of some keys asks what came of a transaction that claimed them.
    WhatOf(Txn),
    /// A coordinator asks whether a shard can commit.
    Prepare(Txn),
    /// Whether it can.
    Vote(Txn, bool),
    /// Whether the transaction is committed or aborted.
    Decide(Txn, bool),
    /// A shard knows.
    Decided(Txn),
}

/// What nodes wake up for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Alarm {
    /// To look whether a transaction was left by its client.
    Idle(Txn),
    /// To send again what was not confirmed.
    Again,
    /// To look whether a transaction is still in doubt.
    InDoubt(Txn),
}
