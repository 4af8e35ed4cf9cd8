//! How long a node waits for what: in proportion to the time that messages take.

use crate::knobs::Knobs;
use crate::sim::{MILLISECOND, Nanos};

/// The lengths of time that the protocol uses. Timers run right; but a lease, and the time for
/// which votes are refused because of it, are measured by the clocks of nodes, which may not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// A leader lets every other member hear from it so often.
    pub(super) beat: Nanos,
    /// A member that heard from no leader for this long, or up to twice as long, wants to become
    /// one; and it votes for nobody before.
    pub(super) election: Nanos,
    /// For so long after a majority heard from it a leader counts on being the only one. The rest
    /// of an election timeout makes up for clocks that run apart: by a fifth at most.
    pub(super) lease: Nanos,
}

impl Timing {
    /// For the network of `knobs`: a vote takes a small part of an election timeout.
    pub(super) fn of(knobs: &Knobs) -> Timing {
        let unit = MILLISECOND.max(2 * (knobs.delay + knobs.jitter));
        Timing { beat: 2 * unit, election: 10 * unit, lease: 8 * unit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_ends_before_the_next_election() {
        for delay in [0, 200_000, 50 * MILLISECOND] {
            let timing = Timing::of(&Knobs { delay, ..Knobs::default() });
            assert!(timing.beat < timing.lease && timing.lease < timing.election);
            assert!(timing.election >= 20 * delay);
        }
    }
}
