//! Zones: from the first return of a chain's operations to their last call. If that is backwards,
//! all of them are open at once, and fit anywhere between.
//!
//! Gibbons and Korach (1997) order the values of a register so.

use crate::check::exact::ends::position;
use crate::history::{Rank, sort};

/// A rank, and the return by which it is known to count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Mark {
    pub(super) rank: Rank,
    pub(super) known: u64,
}

impl Mark {
    /// Not after any end.
    pub(super) const ALWAYS: Mark = Mark { rank: Rank::FIRST, known: 0 };
    /// After every end.
    pub(super) const NEVER: Mark = Mark { rank: Rank::NEVER, known: u64::MAX };
}

/// The zone of a chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zone {
    /// The first return.
    pub(super) first: Mark,
    /// The last call.
    pub(super) last: Mark,
    /// The number of the chain.
    pub(super) block: u32,
}

impl Zone {
    fn is_forward(&self) -> bool {
        self.first.rank <= self.last.rank
    }
}

/// Whether no forward zone overlaps another or contains a backward one; else an operation by whose
/// return that is known.
pub(super) fn check(zones: &[Zone]) -> Result<(), u32> {
    let mut zones: Vec<&Zone> = zones.iter().collect();
    sort::by(&mut zones, |zone| zone.first.rank);
    // Forward zones so far are disjoint, so only the last of them reaches this far.
    let mut last: Option<&Zone> = None;
    for zone in zones {
        if let Some(forward) = last.filter(|forward| forward.last.rank >= zone.first.rank)
            && (zone.is_forward() || forward.first.rank <= zone.last.rank)
        {
            let marks = [forward.first, forward.last, zone.first, zone.last];
            return Err(position(marks.map(|mark| mark.known).into_iter().max().unwrap_or(0)));
        }
        if zone.is_forward() {
            last = Some(zone);
        }
    }
    Ok(())
}

/// The chains of zones that passed [`check`], in an order that keeps real time.
pub(super) fn order(mut zones: Vec<Zone>) -> impl Iterator<Item = u32> {
    let mut forward: Vec<(Rank, Rank)> = zones
        .iter()
        .filter(|zone| zone.is_forward())
        .map(|zone| (zone.first.rank, zone.last.rank))
        .collect();
    sort::by(&mut forward, |&zone| zone);
    sort::by(&mut zones, |zone| {
        if zone.is_forward() {
            return zone.first.rank;
        }
        // A point of it that is in no forward zone: its beginning, or the end of the one there.
        let begin = zone.last.rank;
        let around = forward.partition_point(|forward| forward.0 <= begin).checked_sub(1);
        around.map_or(begin, |around| forward[around].1.max(begin))
    });
    zones.into_iter().map(|zone| zone.block)
}
