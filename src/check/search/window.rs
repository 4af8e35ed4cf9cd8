//! The operations that are open at an event, kept while the search moves forward and back.

use super::prepare::{Event, Prepared};

/// The open completed operations, by slot.
pub(super) struct Window {
    event: u32,
    open: Vec<u64>,
    items: Vec<u32>,
}

impl Window {
    /// The window before the first event, for masks of `words` words.
    pub(super) fn new(slots: usize, words: usize) -> Self {
        Window { event: 0, open: vec![0; words], items: vec![0; slots] }
    }

    /// The slots of the open operations.
    pub(super) fn open(&self) -> &[u64] {
        &self.open
    }

    /// The item in an open slot.
    pub(super) fn item(&self, slot: u32) -> u32 {
        self.items[slot as usize]
    }

    /// Moves over the next event.
    pub(super) fn forward(&mut self, prepared: &Prepared) {
        match prepared.events[self.event as usize] {
            Event::Call(item) => self.put(item, prepared),
            Event::Return(item) => self.take(item, prepared),
            Event::Crash => {}
        }
        self.event += 1;
    }

    /// Moves back to just before `event`.
    pub(super) fn rewind(&mut self, event: u32, prepared: &Prepared) {
        while self.event > event {
            self.event -= 1;
            match prepared.events[self.event as usize] {
                Event::Call(item) => self.take(item, prepared),
                Event::Return(item) => self.put(item, prepared),
                Event::Crash => {}
            }
        }
    }

    fn put(&mut self, item: u32, prepared: &Prepared) {
        let slot = prepared.items[item as usize].slot;
        self.items[slot as usize] = item;
        self.open[slot as usize / 64] |= 1 << (slot % 64);
    }

    fn take(&mut self, item: u32, prepared: &Prepared) {
        let slot = prepared.items[item as usize].slot;
        self.open[slot as usize / 64] &= !(1 << (slot % 64));
    }
}
