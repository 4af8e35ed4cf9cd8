//! What still holds where linearizability does not: the weaker guarantees that a key keeps.

mod build;
mod causal;
mod contraction;
mod outcome;
mod regular;
mod search;
mod sessions;
mod sources;
#[cfg(test)]
mod tests;
mod versions;

use self::outcome::Outcome;
pub(super) use self::versions::{Op, OpId, Saw, ValueId, Versions, WriteId};
use super::case::Case;
use crate::history::OpIndex;

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
    pub broken_by: Vec<OpIndex>,
    /// How many processes lack it, where it is one of sessions.
    pub processes: usize,
}

/// Which guarantees each guarantee brings with it, as positions in [`Guarantee::ALL`]; see
/// `docs/GUARANTEES.md` for the proofs.
const IMPLIED: [(usize, &[usize]); 3] = [(0, &[1]), (1, &[2, 6]), (2, &[3, 4, 5])];

/// What `case` still guarantees, in the order of [`Guarantee::ALL`], and the versions that this was
/// found out by, if it is a register. O(n·p) for p processes where all values differ; never more
/// than the budget allows.
pub(super) fn guarantees(case: &Case<'_>) -> (Vec<Held>, Option<Versions>) {
    let mut outcomes: [Option<Outcome>; 8] = Default::default();
    let versions = case.meter.poll().ok().and_then(|()| Versions::of(case));
    // Versions, and whether it is regular.
    case.meter.work(2 * case.readings.len());
    if let Some(versions) = &versions {
        for (outcome, graded) in outcomes.iter_mut().zip(sources::grade(versions, case.meter)) {
            *outcome = graded;
        }
        outcomes[7] = Some(regular::regular(versions));
        if !versions.is_whole {
            outcomes.iter_mut().for_each(forget_what_holds);
        }
    }
    settle(&mut outcomes, versions.is_some());
    if outcomes[0].is_none() {
        let process = |index| case.process(index);
        let found = search::is_sequential(case.model, case.readings, process, case.meter);
        outcomes[0] = found.map(|holds| Outcome { holds, ..Outcome::HOLDS });
        settle(&mut outcomes, versions.is_some());
    }
    if case.operations.iter().any(|&index| case.history.is_split(case.history[index].process)) {
        // What a client was promised in an order of its own that is not known.
        outcomes[..7].iter_mut().for_each(forget_what_holds);
    }
    let held = |(guarantee, outcome): (Guarantee, Option<Outcome>)| {
        let is_session = (3..7).contains(&(guarantee as usize));
        let Outcome { broken_by, processes, .. } = outcome.clone().unwrap_or(Outcome::HOLDS);
        Held {
            guarantee,
            holds: outcome.map(|outcome| outcome.holds),
            broken_by,
            processes: if is_session { processes } else { 0 },
        }
    };
    (Guarantee::ALL.into_iter().zip(outcomes).map(held).collect(), versions)
}

/// Where some operations tell more than was looked at, what holds may not.
fn forget_what_holds(outcome: &mut Option<Outcome>) {
    outcome.take_if(|outcome| outcome.holds);
}

/// Draws conclusions from what is known, for a register: what a guarantee brings with it holds if
/// it does, and it is broken if that is.
fn settle(outcomes: &mut [Option<Outcome>; 8], is_register: bool) {
    if !is_register {
        return;
    }
    for (strong, weaker) in IMPLIED {
        for &weak in weaker {
            if outcomes[strong].as_ref().is_some_and(|outcome| outcome.holds) {
                outcomes[weak].get_or_insert(Outcome::HOLDS);
            }
        }
    }
    for (strong, weaker) in IMPLIED.into_iter().rev() {
        for &weak in weaker {
            if let Some(broken) = outcomes[weak].clone().filter(|outcome| !outcome.holds) {
                outcomes[strong].get_or_insert(broken);
            }
        }
    }
}
