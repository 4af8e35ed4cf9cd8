//! Which crashed operations a configuration has used, as interned multisets of their classes.

use std::hash::{Hash, Hasher};

use hashbrown::HashTable;
use rustc_hash::FxHasher;

/// The number of a multiset; [`NONE`] is the empty one.
pub(super) type UsedId = u32;

/// No crashed operation used.
pub(super) const NONE: UsedId = 0;

/// Multisets over the crashed classes: how many operations of each were used.
pub(super) struct UsedSets {
    classes: usize,
    counts: Vec<u16>,
    index: HashTable<UsedId>,
    scratch: Vec<u16>,
}

impl UsedSets {
    /// Only the empty multiset, over `classes` classes.
    pub(super) fn new(classes: usize) -> Self {
        let mut sets = UsedSets {
            classes,
            counts: vec![0; classes],
            index: HashTable::new(),
            scratch: Vec::new(),
        };
        let hash = hash_of(&sets.counts);
        sets.index.insert_unique(hash, NONE, |_| hash);
        sets
    }

    /// How many operations of `class` are in `set`.
    pub(super) fn count(&self, set: UsedId, class: usize) -> u16 {
        self.of(set)[class]
    }

    /// `set` with one more operation of `class`.
    pub(super) fn with(&mut self, set: UsedId, class: usize) -> UsedId {
        let mut counts = std::mem::take(&mut self.scratch);
        counts.clear();
        counts.extend_from_slice(self.of(set));
        counts[class] += 1;
        let hash = hash_of(&counts);
        let found = self.index.find(hash, |&id| self.of(id) == counts.as_slice()).copied();
        let id = found.unwrap_or_else(|| {
            let id = (self.counts.len() / self.classes) as UsedId;
            self.counts.extend_from_slice(&counts);
            let (all, width) = (&self.counts, self.classes);
            let of = |id: UsedId| &all[id as usize * width..][..width];
            self.index.insert_unique(hash, id, |&id| hash_of(of(id)));
            id
        });
        self.scratch = counts;
        id
    }

    /// Whether `left` uses nothing that `right` does not.
    pub(super) fn is_subset(&self, left: UsedId, right: UsedId) -> bool {
        left == right
            || left == NONE
            || self.of(left).iter().zip(self.of(right)).all(|(left, right)| left <= right)
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.counts.capacity() * 2 + self.index.capacity() * 5
    }

    fn of(&self, set: UsedId) -> &[u16] {
        &self.counts[set as usize * self.classes..][..self.classes]
    }
}

fn hash_of(counts: &[u16]) -> u64 {
    let mut hasher = FxHasher::default();
    counts.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multisets_are_interned_and_compared() {
        let mut sets = UsedSets::new(3);
        let a = sets.with(NONE, 0);
        let ab = sets.with(a, 1);
        let b = sets.with(NONE, 1);
        assert_eq!(sets.with(b, 0), ab);
        assert!(sets.is_subset(a, ab) && sets.is_subset(NONE, b) && !sets.is_subset(ab, b));
        let aa = sets.with(a, 0);
        assert_eq!((sets.count(aa, 0), sets.count(aa, 1)), (2, 0));
        assert!(sets.is_subset(a, aa) && !sets.is_subset(aa, ab));
    }

    #[test]
    fn without_crashed_classes_there_is_one_set() {
        let sets = UsedSets::new(0);
        assert!(sets.is_subset(NONE, NONE));
    }
}
