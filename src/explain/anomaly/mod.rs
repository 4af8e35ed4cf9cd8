//! The anomalies that have a name. `docs/ANOMALIES.md` defines each of them.

mod catalogue;

use std::fmt;

pub use catalogue::{ANOMALIES, AnomalyEntry, Example};

/// What can be wrong with a history.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum AnomalyKind {
    /// Writes took effect in the order of clocks that disagree, or the recording mixes such clocks.
    ClockSkewReordering,
    /// One node, process or source keeps returning a value that others saw replaced.
    StaleCacheRead,
    /// Two groups of nodes or processes, each of which agrees within itself only.
    SplitBrain,
    /// A value came back after it was replaced, for everybody.
    ResurrectedValue,
    /// A process did not see its own write.
    ReadYourWrites,
    /// A process saw an older value after a newer one.
    NonMonotonicRead,
    /// A read returned a value that had been replaced before it began.
    StaleRead,
    /// An acknowledged update had no effect, or replaced one that it had not seen.
    LostUpdate,
    /// An operation took effect twice.
    DuplicateApply,
    /// A compare-and-set on something that was changed and changed back.
    Aba,
    /// A read returned what nobody wrote.
    PhantomRead,
    /// A read returned what only an operation wrote that failed.
    DirtyRead,
    /// A read returned what was written only later.
    FutureRead,
    /// A lock had two holders, or a semaphore too many.
    DoubleLock,
    /// A lock was released by one that did not hold it.
    ForeignRelease,
    /// An operation was refused though nothing spoke against it.
    SpuriousFailure,
    /// A message was delivered twice.
    DuplicateDelivery,
    /// An acknowledged message is gone.
    LostMessage,
    /// Messages were delivered in a wrong order.
    ReorderedDelivery,
    /// An account shows less than nothing.
    NegativeBalance,
    /// Money was made or lost: the balances do not add up.
    BrokenTotal,
    /// A transaction saw a part of another one.
    ReadSkew,
    /// Two transactions each read what the other one wrote, both before it.
    WriteSkew,
    /// Two readers saw two independent writes in opposite orders.
    LongFork,
    /// Operations that never completed while they should have.
    StuckOperations,
    /// No known anomaly.
    Unclassified,
}

impl AnomalyKind {
    /// The kind that is called `name`.
    pub fn parse(name: &str) -> Option<AnomalyKind> {
        ANOMALIES.iter().map(|entry| entry.kind).find(|kind| kind.name() == name)
    }

    /// What the catalogue says of it, which has an entry for every kind.
    pub fn entry(self) -> Option<&'static AnomalyEntry> {
        ANOMALIES.iter().find(|entry| entry.kind == self)
    }

    /// The name for programs and people: `stale-read`.
    pub fn name(self) -> &'static str {
        match self {
            AnomalyKind::ClockSkewReordering => "clock-skew-reordering",
            AnomalyKind::StaleCacheRead => "stale-cache-read",
            AnomalyKind::SplitBrain => "split-brain",
            AnomalyKind::ResurrectedValue => "resurrected-value",
            AnomalyKind::ReadYourWrites => "read-your-writes",
            AnomalyKind::NonMonotonicRead => "non-monotonic-read",
            AnomalyKind::StaleRead => "stale-read",
            AnomalyKind::LostUpdate => "lost-update",
            AnomalyKind::DuplicateApply => "duplicate-apply",
            AnomalyKind::Aba => "aba",
            AnomalyKind::PhantomRead => "phantom-read",
            AnomalyKind::DirtyRead => "dirty-read",
            AnomalyKind::FutureRead => "future-read",
            AnomalyKind::DoubleLock => "double-lock",
            AnomalyKind::ForeignRelease => "foreign-release",
            AnomalyKind::SpuriousFailure => "spurious-failure",
            AnomalyKind::DuplicateDelivery => "duplicate-delivery",
            AnomalyKind::LostMessage => "lost-message",
            AnomalyKind::ReorderedDelivery => "reordered-delivery",
            AnomalyKind::NegativeBalance => "negative-balance",
            AnomalyKind::BrokenTotal => "broken-total",
            AnomalyKind::ReadSkew => "read-skew",
            AnomalyKind::WriteSkew => "write-skew",
            AnomalyKind::LongFork => "long-fork",
            AnomalyKind::StuckOperations => "stuck-operations",
            AnomalyKind::Unclassified => "unclassified",
        }
    }
}

impl fmt::Display for AnomalyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How far the evidence goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Certainty {
    /// The operations named cannot have happened to one copy, and they show this anomaly whatever
    /// else happened.
    Proved,
    /// The history is as this anomaly would make it; something else may have.
    Suggested,
}

impl Certainty {
    /// The word for programs: `proved`, `suggested`.
    pub fn name(self) -> &'static str {
        match self {
            Certainty::Proved => "proved",
            Certainty::Suggested => "suggested",
        }
    }
}

/// Something that went wrong, with its name and the operations that show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Anomaly {
    /// What it is.
    pub kind: AnomalyKind,
    /// The key where it was seen, as its position in
    /// [`Report::keys`](crate::check::Report::keys); `None` if it is about several.
    pub key_at: Option<usize>,
    /// The operations that show it, ascending, as indices into
    /// [`History::operations`](crate::History::operations).
    pub operations: Vec<u32>,
    /// How far they do.
    pub certainty: Certainty,
    /// What happened, in one sentence, with processes and times.
    pub summary: String,
    /// How many violations are of this kind and cause, itself included; at least 1.
    pub count: usize,
}
