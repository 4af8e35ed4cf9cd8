//! What still holds where linearizability does not: the weaker guarantees that a key keeps.

use super::case::Case;
use crate::model::Model;

/// A guarantee weaker than linearizability.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Guarantee {
    /// One order that agrees with each process's own.
    Sequential,
    /// Nobody sees an effect before its cause.
    Causal,
    /// Each process sees the others' writes in the order in which each of them made them.
    Pram,
    /// A process sees its own writes.
    ReadYourWrites,
    /// A process never goes back to an older value.
    MonotonicReads,
    /// The writes of a process are seen in its order.
    MonotonicWrites,
    /// A write comes after what its process had read before.
    WritesFollowReads,
    /// A read returns the last value written before it, or one being written meanwhile.
    Regular,
}

impl Guarantee {
    /// All of them, the stronger ones first.
    pub const ALL: [Guarantee; 8] = [
        Guarantee::Sequential,
        Guarantee::Causal,
        Guarantee::Pram,
        Guarantee::ReadYourWrites,
        Guarantee::MonotonicReads,
        Guarantee::MonotonicWrites,
        Guarantee::WritesFollowReads,
        Guarantee::Regular,
    ];

    /// The name for programs and people: `read-your-writes`.
    pub fn name(self) -> &'static str {
        match self {
            Guarantee::Sequential => "sequential",
            Guarantee::Causal => "causal",
            Guarantee::Pram => "pram",
            Guarantee::ReadYourWrites => "read-your-writes",
            Guarantee::MonotonicReads => "monotonic-reads",
            Guarantee::MonotonicWrites => "monotonic-writes",
            Guarantee::WritesFollowReads => "writes-follow-reads",
            Guarantee::Regular => "regular",
        }
    }
}

/// Whether a key keeps a guarantee.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// The guarantee.
    pub guarantee: Guarantee,
    /// Whether it holds; `None` if that is not known, or has no meaning for the model.
    pub holds: Option<bool>,
    /// Operations, ascending, that show where it is broken, if it is: for a guarantee of sessions
    /// those of the first process that lacks it.
    pub broken_by: Vec<u32>,
    /// How many processes lack it, where it is one of sessions.
    pub processes: usize,
}

/// What `case` still guarantees, in the order of [`Guarantee::ALL`].
pub(super) fn guarantees<M: Model>(case: &Case<'_, M>) -> Vec<Held> {
    let _ = case;
    let unknown = |guarantee| Held { guarantee, holds: None, broken_by: Vec::new(), processes: 0 };
    Guarantee::ALL.into_iter().map(unknown).collect()
}
