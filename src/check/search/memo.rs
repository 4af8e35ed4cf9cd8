//! The configurations that a depth-first search has visited: a cache of bounded size.

use hashbrown::HashTable;

use super::config::{Config, Order, Packed};
use super::mask::Mask;
use crate::budget::Meter;
use crate::history::hash::spread;

/// The configurations visited. Forgetting some costs time and nothing else, so that where memory
/// ends, the older half goes.
pub(super) struct Memo<K> {
    young: HashTable<Entry<K>>,
    old: HashTable<Entry<K>>,
    heap_bytes_each: usize,
    /// How often the older half went.
    pub(super) turns: u32,
}

#[derive(Clone)]
struct Entry<K> {
    packed: Packed<K>,
    event: u32,
    /// From which the table's own hash is made.
    hash: u32,
}

/// Where less than so many configurations are remembered, forgetting is of no use.
const LEAST: usize = 1 << 12;

impl<K: Mask> Memo<K> {
    pub(super) fn new(slots: usize) -> Self {
        let heap_bytes_each = K::empty(slots).heap_bytes();
        Memo { young: HashTable::new(), old: HashTable::new(), heap_bytes_each, turns: 0 }
    }

    /// Enters `config`. False if one at least as good was there before.
    pub(super) fn insert(&mut self, config: &Config<K>, order: &Order<'_>) -> bool {
        let packed = Packed::new(config);
        // Of a product the low bits depend on low bits alone: the event must not stand above them,
        // or all configurations of one state look alike.
        let tag = spread(config.event) ^ u64::from(config.state);
        let hash = (order.hash(&packed, tag) >> 32) as u32;
        let as_good = |seen: &Entry<K>| {
            seen.hash == hash
                && seen.event == config.event
                && order.is_as_good(&seen.packed, &packed)
        };
        if self.young.find(spread(hash), as_good).is_some()
            || !self.old.is_empty() && self.old.find(spread(hash), as_good).is_some()
        {
            return false;
        }
        let entry = Entry { packed, event: config.event, hash };
        self.young.insert_unique(spread(hash), entry, |entry| spread(entry.hash));
        true
    }

    /// Makes room for one more entry within the memory that is left, if need be by forgetting.
    /// False if there is none.
    pub(super) fn make_room(&mut self, meter: &Meter) -> bool {
        // Growing needs the old and the new table.
        if self.young.len() < self.young.capacity() || meter.has_room(2 * self.bytes() + 1024) {
            return true;
        }
        if self.young.len() < LEAST {
            return false;
        }
        self.turns += 1;
        std::mem::swap(&mut self.young, &mut self.old);
        self.young.clear();
        if self.young.capacity() < self.old.len() {
            // It is no larger than what it replaces.
            let half = self.old.len() / 2;
            if !meter.has_room(half * size_of::<Entry<K>>()) {
                std::mem::swap(&mut self.young, &mut self.old);
                self.young.clear();
                return true;
            }
            self.young.reserve(half, |entry| spread(entry.hash));
        }
        true
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        // A hash table keeps an eighth of its places free.
        let places = (self.young.capacity() + self.old.capacity()) / 7 * 8;
        let heap = (self.young.len() + self.old.len()) * self.heap_bytes_each;
        places * (size_of::<Entry<K>>() + 1) + heap
    }
}
