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
//! - a configuration that used fewer crashed operations beats one that used more;
//! - an overwriting operation is linearized at its return or for an observer; otherwise it counts
//!   as hidden just before a later overwrite;
//! - a crashed operation is linearized only for an observer, where the model has overwrites;
//! - a value that is still needed and cannot come back is not left;
//! - a state that nobody can tell from others is one state with them.
//!
//! Nothing here knows where a history came from, or explains anything.

mod config;
mod depth;
mod interner;
mod mask;
mod memo;
mod moves;
mod prepare;
mod states;
mod tokens;
mod trail;
mod used;
mod walker;
mod window;

use depth::{Depth, Part};
use mask::Mask;
use prepare::{Event, Prepared};
use states::States;
use used::UsedSets;
use walker::Space;

use super::budget::{Meter, StopReason};
use crate::model::{Model, Reading};

/// What a search found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// A linearization: readings in order.
    Order(Vec<u32>),
    /// There is none; no linearization gets past the return of this reading.
    Nothing {
        /// The reading that cannot be linearized in time.
        stuck: u32,
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

/// Searches for a linearization of `readings`, which are in the order of their calls. Exact:
/// whatever it finds is so, unless it is stopped.
pub(super) fn search<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    meter: &Meter,
) -> (Found, Effort) {
    let mut model = model.clone();
    let prepared = prepare::prepare(&mut model, readings);
    let classes = prepared.classes.len();
    let space = Space {
        readings,
        prepared: &prepared,
        states: States::new(model, classes, prepared.token_ids.clone()),
        used: UsedSets::new(prepared.crashed.len()),
    };
    match prepared.width {
        0..=64 => run::<M, [u64; 1]>(space, meter),
        65..=128 => run::<M, [u64; 2]>(space, meter),
        129..=256 => run::<M, [u64; 4]>(space, meter),
        _ => run::<M, Box<[u64]>>(space, meter),
    }
}

/// Searches `space`, with masks of type `K`.
fn run<M: Model, K: Mask>(space: Space<'_, M>, meter: &Meter) -> (Found, Effort) {
    let mut depth = Depth::<M, K>::new(&space, meter);
    let part = depth.explore(u64::MAX, meter);
    let found = match part {
        Part::Order(order) => Found::Order(order),
        Part::Nothing(event) => nothing(space.prepared, event),
        Part::Stopped(reason) => Found::Stopped(reason),
        Part::Pause => Found::Stopped(StopReason::Configurations),
    };
    let effort =
        Effort { configurations: depth.configurations, steps: depth.walker.steps.asked };
    if std::env::var_os("SDEBUG").is_some() {
        eprintln!("search: {} configs, {} furthest", depth.configurations, depth.furthest);
    }
    (found, effort)
}

fn nothing(prepared: &Prepared, event: u32) -> Found {
    let stuck = match prepared.events.get(event as usize) {
        Some(&Event::Return(item)) => prepared.items[item as usize].reading,
        _ => 0,
    };
    Found::Nothing { stuck }
}
