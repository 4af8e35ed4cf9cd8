//! The general search: decides linearizability for every model.
//!
//! It walks the events of one key's history and linearizes operations only when a return forces it
//! to (just-in-time linearization: Lowe 2017, "Testing for linearizability"). A configuration is an
//! event, a state, a mask of the open operations that are linearized, and the crashed operations
//! used, so its size depends on how many operations are open at once and not on the length of the
//! history. `docs/ALGORITHMS.md` states the reductions and proves them; in short:
//!
//! - a pure operation that is legal now is linearized now;
//! - of interchangeable operations the one with the earliest return goes first;
//! - a configuration that can do whatever another can makes it superfluous;
//! - an overwriting operation is linearized at its return or for an observer; otherwise it counts
//!   as hidden just before a later overwrite;
//! - a crashed operation is linearized only for an observer, where the model has overwrites;
//! - a value that is still needed and cannot come back is not left;
//! - a state that nobody can tell from others is one state with them.
//!
//! Nothing here knows where a history came from, or explains anything.

mod amounts;
mod automaton;
mod beam;
mod config;
mod depth;
mod guess;
mod guide;
mod interner;
mod items;
mod layers;
mod mask;
mod memo;
mod moves;
mod path;
mod plan;
mod prepare;
mod reach;
mod replay;
mod retreat;
mod steps;
mod sums;
#[cfg(test)]
mod tests;
mod tokens;
mod trail;
mod used;
mod walker;
mod window;

pub(super) use automaton::Space;
use plan::Plan;
use used::UsedSets;
use walker::Shared;

use crate::budget::Meter;
use crate::error::StopReason;
use crate::model::Pos;

/// What a search found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// A linearization: readings in order.
    Order(Vec<Pos>),
    /// There is none; no linearization gets past the return of this reading.
    Nothing {
        /// The reading that cannot be linearized in time.
        stuck: Pos,
    },
    /// The budget ended before the search.
    Stopped(StopReason),
}

/// How much work a search was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Effort {
    /// Configurations visited.
    pub configurations: u64,
    /// Steps of the model computed.
    pub steps: u64,
}

/// Searches for a linearization of the operations of `space`. Exact: whatever it finds is so,
/// unless it is stopped. Where that takes long it works on `threads` threads (0: one a processor);
/// what it finds does not depend on them.
#[cfg(test)]
pub(super) fn search(space: Space, threads: usize, meter: &Meter) -> (Found, Effort) {
    search_within(u64::MAX, space, threads, meter)
}

/// The same, of at most `most` configurations, if the meter does not allow fewer.
pub(super) fn search_within(
    most: u64,
    space: Space,
    threads: usize,
    meter: &Meter,
) -> (Found, Effort) {
    search_by(Plan::USUAL, space, threads, (most.min(meter.configurations()), meter))
}

fn search_by(plan: Plan, space: Space, threads: usize, limits: (u64, &Meter)) -> (Found, Effort) {
    let prepared = prepare::prepare(&space);
    let Space { automaton, amounts, .. } = space;
    let used = UsedSets::new();
    let amounts = amounts.as_ref();
    let shared = Shared { prepared: &prepared, automaton: &*automaton, amounts, used };
    let (found, effort) = match prepared.width {
        0..=64 => plan::run::<[u64; 1]>(&shared, plan, threads, limits),
        65..=128 => plan::run::<[u64; 2]>(&shared, plan, threads, limits),
        129..=256 => plan::run::<[u64; 4]>(&shared, plan, threads, limits),
        _ => plan::run::<Box<[u64]>>(&shared, plan, threads, limits),
    };
    if matches!(found, Found::Stopped(_)) {
        // Who waits for a verdict under a limit does not wait until millions of states are freed.
        let Shared { used, .. } = shared;
        discard((automaton, used));
    }
    (found, effort)
}

/// Drops `garbage` on a thread of its own.
fn discard<T: Send + 'static>(garbage: T) {
    // If there is no thread to be had, it is dropped right here.
    drop(std::thread::Builder::new().spawn(move || drop(garbage)));
}
