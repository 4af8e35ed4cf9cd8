//! The recorder's clock: the processor's own counter where that is steady, since every event of
//! every thread reads it twice an operation; and what makes times of its ticks.
//!
//! A processor may read its counter a little before what stands in front of it is done, so that
//! ticks alone could put a call before a return that it came after. But tickets have the true
//! order, and a return's ticks are read before its ticket is drawn: they are never too late. So a
//! call that seems to come before a return with an earlier ticket came at that time or later, and
//! is given it.

use quanta::Clock;

use super::event::{Moment, What};

/// Counts ticks, for all threads.
pub(super) struct Ticks {
    clock: Clock,
    start: u64,
}

impl Ticks {
    pub(super) fn new() -> Self {
        let clock = Clock::new();
        Ticks { start: clock.raw(), clock }
    }

    /// The ticks of the clock now.
    #[inline]
    pub(super) fn now(&self) -> u64 {
        self.clock.raw()
    }

    /// So many nanoseconds after the start the clock ticked `ticks`.
    #[inline]
    fn nanoseconds(&self, ticks: u64) -> u64 {
        self.clock.delta_as_nanos(self.start, ticks)
    }
}

/// Makes times of ticks, for events in the order of their tickets.
#[derive(Default)]
pub(super) struct Times {
    /// The latest time of what came after something was done.
    returned: u64,
    /// When the last operation of each track was called.
    called: Vec<u64>,
}

impl Times {
    /// When `moment`, the next one, was, in nanoseconds after the start; of track number `track`.
    #[inline]
    pub(super) fn of(&mut self, ticks: &Ticks, track: usize, moment: &Moment) -> u64 {
        let time = ticks.nanoseconds(moment.ticks);
        if track >= self.called.len() {
            self.called.resize(track + 1, 0);
        }
        match moment.what {
            What::Invoke { .. } | What::Introduce(_) => {
                let time = time.max(self.returned);
                self.called[track] = time;
                time
            }
            What::Field(_) => 0,
            What::Complete { .. } | What::Note(_) => {
                let time = time.max(self.called[track]);
                self.returned = self.returned.max(time);
                time
            }
        }
    }
}
