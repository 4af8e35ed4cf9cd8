//! Which crashed operations a configuration has used, as interned multisets of their classes.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::interner::Interner;

/// The number of a multiset; [`NONE`] is the empty one.
pub(super) type UsedId = u32;

/// No crashed operation used.
pub(super) const NONE: UsedId = 0;

/// Multisets over the crashed classes: how many operations of each were used. Threads share them.
pub(super) struct UsedSets {
    classes: usize,
    sets: Interner<Box<[u16]>>,
}

impl UsedSets {
    /// Only the empty multiset, over `classes` classes.
    pub(super) fn new(classes: usize) -> Self {
        let used = UsedSets { classes, sets: Interner::new() };
        let none: Box<[u16]> = vec![0; classes].into_boxed_slice();
        used.sets.intern(hash_of(&none), |_| true, || none.clone());
        used
    }

    /// How many operations of `class` are in `set`.
    pub(super) fn count(&self, set: UsedId, class: usize) -> u16 {
        if set == NONE { 0 } else { self.of(set)[class] }
    }

    /// `set` with one more operation of `class`. `scratch` holds nothing of worth.
    pub(super) fn with(&self, set: UsedId, class: usize, scratch: &mut Vec<u16>) -> UsedId {
        scratch.clear();
        scratch.extend_from_slice(self.of(set));
        scratch[class] += 1;
        let counts = scratch.as_slice();
        self.sets.intern(hash_of(counts), |set| **set == *counts, || counts.into())
    }

    /// Whether `left` uses nothing that `right` does not.
    pub(super) fn is_subset(&self, left: UsedId, right: UsedId) -> bool {
        left == right
            || left == NONE
            || right != NONE
                && self.of(left).iter().zip(self.of(right)).all(|(left, right)| left <= right)
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.sets.bytes() + self.sets.len() as usize * self.classes * 2
    }

    fn of(&self, set: UsedId) -> &[u16] {
        self.sets.get(set).map_or(&[], |set| set)
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
        let sets = UsedSets::new(3);
        let scratch = &mut Vec::new();
        let a = sets.with(NONE, 0, scratch);
        let ab = sets.with(a, 1, scratch);
        let b = sets.with(NONE, 1, scratch);
        assert_eq!(sets.with(b, 0, scratch), ab);
        assert!(sets.is_subset(a, ab) && sets.is_subset(NONE, b) && !sets.is_subset(ab, b));
        let aa = sets.with(a, 0, scratch);
        assert_eq!((sets.count(aa, 0), sets.count(aa, 1)), (2, 0));
        assert!(sets.is_subset(a, aa) && !sets.is_subset(aa, ab));
    }

    #[test]
    fn without_crashed_classes_there_is_one_set() {
        let sets = UsedSets::new(0);
        assert!(sets.is_subset(NONE, NONE));
    }
}
