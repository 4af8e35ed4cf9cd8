//! One way for the copies of an item to be.

use super::problem::Act;

/// One way for the copies of an item to be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Config {
    /// So many wait to be handed out.
    pub(super) ready: u32,
    /// So many are handed out, and not acknowledged.
    pub(super) taken: u32,
    /// Whether one was acknowledged or put back.
    pub(super) is_settled: bool,
    /// Of the open operations on it, by their bits, those that had a moment at which they changed
    /// nothing,
    pub(super) seen: u64,
    /// and those that changed something.
    pub(super) used: u64,
    /// How many crashed operations changed something, by what they do.
    pub(super) crashed: [u32; 4],
}

impl Config {
    /// That of an item on which nothing was called yet.
    pub(super) fn new(ready: u32) -> Config {
        Config { ready, taken: 0, is_settled: false, seen: 0, used: 0, crashed: [0; 4] }
    }

    /// How many crashed operations changed something.
    pub(super) fn cost(&self) -> u32 {
        self.crashed.iter().sum()
    }

    /// How many crashed dequeues took a copy.
    pub(super) fn crashed_takes(&self) -> u32 {
        self.crashed[Act::Take as usize]
    }

    /// What it is once the operation of `bit` has returned.
    pub(super) fn without(self, bit: u64) -> Config {
        Config { seen: self.seen & !bit, used: self.used & !bit, ..self }
    }

    /// What an operation makes of the copies if it changes something; `None` if it cannot.
    pub(super) fn after(mut self, act: Act) -> Option<Config> {
        match act {
            Act::Put => self.ready += 1,
            Act::Take => {
                self.ready = self.ready.checked_sub(1)?;
                self.taken += 1;
            }
            // It comes late.
            Act::Ack if self.taken == 0 && self.is_settled => {
                self.ready = self.ready.checked_sub(1)?;
            }
            Act::Ack | Act::Nack => {
                self.taken = self.taken.checked_sub(1)?;
                self.ready += u32::from(act == Act::Nack);
                self.is_settled = true;
            }
        }
        Some(self)
    }

    /// Whether an operation may change nothing.
    pub(super) fn may_idle(&self, act: Act) -> bool {
        match act {
            Act::Put => false,
            Act::Take => self.taken > 0,
            Act::Ack | Act::Nack => self.taken == 0 && self.is_settled,
        }
    }

    /// Whether to do `other` before `act`, which can change something here, leads nowhere else than
    /// to do it after that.
    pub(super) fn commutes(&self, other: Act, act: Act) -> bool {
        match (other, act) {
            (Act::Put, _) | (_, Act::Put) | (Act::Take, Act::Take) => true,
            // Where none is handed out any more, others have a moment at which they change nothing;
            // more than two in a row are not tried.
            (Act::Nack, Act::Take) => self.taken == 0 || self.taken > 2,
            (Act::Ack, Act::Take) => self.taken > 2,
            (Act::Take, Act::Ack | Act::Nack) => self.taken > 0,
            (Act::Ack, Act::Nack) | (Act::Nack, Act::Ack) => self.taken > 1,
            (Act::Ack, Act::Ack) | (Act::Nack, Act::Nack) => true,
        }
    }
}
