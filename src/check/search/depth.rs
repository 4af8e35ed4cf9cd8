//! The walk depth-first: finds a linearization soon where there are many.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Effort;
use super::mask::Mask;
use super::memo::Memo;
use super::walker::{Arrival, Candidate, Entered, Move, Shared, Walker};
use crate::budget::{Account, Meter};
use crate::check::StopReason;
use crate::history::sort;
use crate::model::Pos;

/// How a part of a search ended.
pub(super) enum Part {
    /// With a linearization.
    Order(Vec<Pos>),
    /// There is none; nothing gets past this event.
    Nothing(u32),
    /// Its share of the work is done, without a result.
    Pause,
    /// A limit ended it.
    Stopped(StopReason),
}

/// A depth-first search, that can be continued.
pub(super) struct Depth<'a, K> {
    pub(super) walker: Walker<'a, K>,
    shared: &'a Shared<'a>,
    memo: Memo<K>,
    frames: Vec<Frame<K>>,
    account: Account<'a>,
    /// What a visit may make much of at once took so many bytes at the last look at the budget.
    looked_at: usize,
    /// The furthest event that was reached.
    pub(super) furthest: u32,
    /// Configurations visited.
    pub(super) configurations: u64,
}

/// A configuration being visited, and where its successors start among those pending.
struct Frame<K> {
    entered: Entered<K>,
    base: usize,
}

/// Between two looks at the budget, this many configurations are visited, if few operations are
/// open at once; a power of two.
pub(super) const POLL_EVERY: u64 = 128;

/// A look comes sooner if so many bytes came or went: with very many crashed operations, one
/// configuration leads to very many others.
const GROWTH: usize = 8 << 20;

/// Likewise for looks at the memory of the process, which cost more.
pub(super) const LOOK_EVERY: u64 = POLL_EVERY * 32;

/// After the memory was used up so often, more time will not help.
const MOST_TURNS: u32 = 64;

impl<'a, K: Mask> Depth<'a, K> {
    /// A search from the start.
    pub(super) fn new(shared: &'a Shared<'a>, meter: &'a Meter) -> Self {
        let mut walker = Walker::new(shared, 0, meter);
        let config = walker.start(0);
        walker.pending.push(Candidate { config, by: Move::Start, priority: 0 });
        Depth {
            walker,
            shared,
            memo: Memo::new(shared.prepared.width),
            frames: Vec::new(),
            account: meter.account(),
            looked_at: 0,
            furthest: 0,
            configurations: 0,
        }
    }

    /// How much work it was so far; the meter is told of all of it.
    pub(super) fn effort(&mut self) -> Effort {
        self.account.visit(self.configurations);
        Effort { configurations: self.configurations, steps: self.walker.steps.asked }
    }

    /// Goes on, until `share` configurations in a row led no further, or for at most `most`, or
    /// until it is `cancelled`.
    pub(super) fn explore(
        &mut self,
        share: u64,
        most: u64,
        cancelled: &AtomicBool,
        meter: &Meter,
    ) -> Part {
        let last = self.configurations.saturating_add(most);
        let mut end = self.configurations.saturating_add(share);
        loop {
            if self.walker.pending.len() == self.frames.last().map_or(0, |frame| frame.base) {
                match self.frames.pop() {
                    Some(_) => continue,
                    None => return Part::Nothing(self.furthest),
                }
            }
            if self.configurations >= end.min(last) {
                return Part::Pause;
            }
            let Some(Candidate { config, by, .. }) = self.walker.pending.pop() else { continue };
            let mut settled = config.clone();
            let entered = Entered { config, by };
            let arrival = self.walker.arrive(&mut settled);
            if let Some(reason) = self.walker.stopped {
                return Part::Stopped(reason);
            }
            if arrival == Arrival::End {
                let path = self.frames.iter().map(|frame| &frame.entered);
                return Part::Order(self.walker.retrace(path.chain([&entered])));
            }
            if settled.event > self.furthest {
                self.furthest = settled.event;
                end = self.configurations.saturating_add(share);
            }
            let at_once = self.shared.used.entry_bytes() + self.walker.pending_bytes();
            let is_more = at_once.abs_diff(self.looked_at) > GROWTH;
            if is_more || self.configurations.is_multiple_of(self.walker.poll_every) {
                self.looked_at = at_once;
                if is_more {
                    meter.look_at_memory();
                }
                if let Err(reason) = self.poll(meter) {
                    return Part::Stopped(reason);
                }
                if cancelled.load(Ordering::Relaxed) {
                    return Part::Pause;
                }
            }
            self.configurations += 1;
            if arrival == Arrival::Dead {
                continue;
            }
            if !self.memo.make_room(meter) || self.memo.turns > MOST_TURNS {
                return Part::Stopped(StopReason::Memory);
            }
            if !self.memo.insert(&settled, &self.walker.order()) {
                continue;
            }
            let base = self.walker.pending.len();
            if let Err(reason) = self.walker.expand(&settled, meter) {
                return Part::Stopped(reason);
            }
            // The last one is visited first; the sort is stable, so reverse before.
            self.walker.pending[base..].reverse();
            sort::by(&mut self.walker.pending[base..], |candidate| Reverse(candidate.priority));
            self.frames.push(Frame { entered, base });
        }
    }

    fn poll(&mut self, meter: &Meter) -> Result<(), StopReason> {
        let frames = self.frames.capacity() * size_of::<Frame<K>>();
        let own = self.walker.bytes() + self.memo.bytes() + frames;
        self.account.set(self.shared.bytes() + own);
        self.account.visit(self.configurations);
        if self.configurations.is_multiple_of(LOOK_EVERY) {
            meter.look_at_memory();
        }
        if self.shared.automaton.is_full() {
            return Err(StopReason::Memory);
        }
        meter.poll()
    }
}
