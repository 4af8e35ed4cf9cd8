//! The operations that are open at an event, kept while the search moves forward and back.

use super::items::{Event, Item};
use super::prepare::Prepared;

/// The open completed operations, by slot.
pub(super) struct Window {
    event: u32,
    /// Operations called before this event may have been linearized before the search began.
    begin: u32,
    open: Vec<u64>,
    /// The open operations of which it is good to have linearized more: pure ones.
    more: Vec<u64>,
    /// Those of which it may be good to have linearized fewer: they may never have to be.
    fewer: Vec<u64>,
    items: Vec<u32>,
}

impl Window {
    /// The window before the first event, for masks of `words` words, of a search that begins at
    /// the event `begin`.
    pub(super) fn new(slots: usize, words: usize, begin: u32) -> Self {
        Window {
            event: 0,
            begin,
            open: vec![0; words],
            more: vec![0; words],
            fewer: vec![0; words],
            items: vec![0; slots],
        }
    }

    /// The slots of the open operations.
    pub(super) fn open(&self) -> &[u64] {
        &self.open
    }

    /// The slots of open pure operations: having linearized more of them is as good.
    pub(super) fn more(&self) -> &[u64] {
        &self.more
    }

    /// The slots of open operations that need not be linearized under circumstances: overwriting
    /// ones, and those called before the search began.
    pub(super) fn fewer(&self) -> &[u64] {
        &self.fewer
    }

    /// The item in an open slot.
    pub(super) fn item(&self, slot: u32) -> u32 {
        self.items[slot as usize]
    }

    /// Moves over the next event.
    #[inline]
    pub(super) fn forward(&mut self, prepared: &Prepared) {
        match prepared.events[self.event as usize] {
            Event::Call(item) => self.put(item, prepared),
            Event::Return(item) => self.take(item, prepared),
            Event::Crash => {}
        }
        self.event += 1;
    }

    /// Moves to just before `event`.
    pub(super) fn seek(&mut self, event: u32, prepared: &Prepared) {
        while self.event > event {
            self.event -= 1;
            match prepared.events[self.event as usize] {
                Event::Call(item) => self.take(item, prepared),
                Event::Return(item) => self.put(item, prepared),
                Event::Crash => {}
            }
        }
        while self.event < event {
            self.forward(prepared);
        }
    }

    #[inline]
    fn put(&mut self, item: u32, prepared: &Prepared) {
        let Item { slot, class, call, .. } = prepared.items[item as usize];
        let class = &prepared.classes[class as usize];
        self.items[slot as usize] = item;
        let (word, bit) = (slot as usize / 64, 1 << (slot % 64));
        self.open[word] |= bit;
        if class.pure {
            self.more[word] |= bit;
        } else if class.overwrites || call < self.begin {
            self.fewer[word] |= bit;
        }
    }

    #[inline]
    fn take(&mut self, item: u32, prepared: &Prepared) {
        let slot = prepared.items[item as usize].slot;
        let (word, bit) = (slot as usize / 64, 1 << (slot % 64));
        self.open[word] &= !bit;
        self.more[word] &= !bit;
        self.fewer[word] &= !bit;
    }
}
