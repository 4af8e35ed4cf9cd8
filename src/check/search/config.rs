//! A configuration: all that the rest of the search depends on. And the memo of those visited.

use std::hash::{Hash, Hasher};

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use super::mask::Mask;
use super::states::StateId;
use super::used::{UsedId, UsedSets};
use crate::check::budget::Meter;

/// What a search has linearized so far, as seen from one event: every operation that returned
/// before it is linearized, none that is called after it is, and of those open the mask tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Config<K> {
    /// The event to come.
    pub(super) event: u32,
    /// The state of the model.
    pub(super) state: StateId,
    /// Open overwriting operations called before this event may count as linearized just before
    /// an operation that overwrote them: nobody saw them.
    pub(super) cover: u32,
    /// The crashed operations linearized.
    pub(super) used: UsedId,
    /// The open completed operations linearized.
    pub(super) mask: K,
    /// Whether the last operation was linearized for an observer, which has to come next.
    pub(super) must_be_seen: bool,
}

/// The configurations visited, each with the best covers and smallest used sets it was met with.
pub(super) struct Memo<K> {
    table: HashTable<Config<K>>,
    heap_bytes_each: usize,
}

impl<K: Mask> Memo<K> {
    pub(super) fn new(slots: usize) -> Self {
        Memo { table: HashTable::new(), heap_bytes_each: K::empty(slots).heap_bytes() }
    }

    /// Enters `config`. False if one at least as good was there before.
    pub(super) fn insert(&mut self, config: &Config<K>, used: &UsedSets) -> bool {
        let hash = hash_of(config);
        let as_good = |seen: &Config<K>| {
            seen.event == config.event
                && seen.state == config.state
                && seen.mask == config.mask
                && seen.must_be_seen <= config.must_be_seen
                && seen.cover >= config.cover
                && used.is_subset(seen.used, config.used)
        };
        if self.table.find(hash, as_good).is_some() {
            return false;
        }
        self.table.insert_unique(hash, config.clone(), hash_of);
        true
    }

    /// Whether one more entry fits into the memory; growing needs the old and the new table.
    pub(super) fn has_room(&self, meter: &Meter) -> bool {
        self.table.len() < self.table.capacity() || meter.has_room(2 * self.bytes() + 1024)
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        // A hash table keeps an eighth of its places free.
        let places = self.table.capacity() / 7 * 8;
        places * (size_of::<Config<K>>() + 1) + self.table.len() * self.heap_bytes_each
    }
}

fn hash_of<K: Mask>(config: &Config<K>) -> u64 {
    let mut hasher = FxHasher::default();
    (u64::from(config.event) << 32 | u64::from(config.state)).hash(&mut hasher);
    for &word in config.mask.words() {
        word.hash(&mut hasher);
    }
    hasher.finish()
}
