//! Two guesses that take turns: from snapshot to snapshot, and from return to return.

use std::sync::atomic::AtomicBool;

use super::Walk;
use super::snapshots::Snapshots;
use crate::budget::Meter;
use crate::check::search::depth::Part;
use crate::check::search::guess::Guess;
use crate::check::search::mask::Mask;
use crate::error::StopReason;

/// Both of them; what one finds is enough.
pub(super) struct Both<'a, K> {
    pub(super) snapshots: Snapshots<'a>,
    pub(super) walk: Walk<'a, K>,
}

impl<K: Mask> Guess for Both<'_, K> {
    fn is_guided(&self) -> bool {
        true
    }

    fn furthest(&self) -> u32 {
        self.snapshots.furthest().max(self.walk.furthest())
    }

    fn configurations(&self) -> u64 {
        self.snapshots.configurations() + self.walk.configurations()
    }

    fn visited(&mut self) -> u64 {
        self.snapshots.visited() + self.walk.visited()
    }

    fn give_up(&mut self) {
        self.snapshots.give_up();
        self.walk.give_up();
    }

    fn explore(&mut self, share: u64, most: u64, cancelled: &AtomicBool, meter: &Meter) -> Part {
        let before = self.snapshots.configurations();
        match self.snapshots.explore(share, most, cancelled, meter) {
            Part::Pause => {}
            Part::Stopped(StopReason::Memory) => {
                // The other can do with less.
                self.snapshots.give_up();
                meter.look_at_memory();
            }
            part => return part,
        }
        let left = most.saturating_sub(self.snapshots.configurations() - before);
        self.walk.explore(share, left, cancelled, meter)
    }
}
