//! Which crashed operations a configuration has used, as interned multisets of their classes.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::interner::Interner;
use crate::history::hash::Seeded;

/// The number of a multiset; [`NONE`] is the empty one.
pub(super) type UsedId = u32;

/// No crashed operation used.
pub(super) const NONE: UsedId = 0;

/// Multisets over the crashed classes: how many operations of each were used. Threads share them.
/// There can be very many classes, of which few are used: only these are stored.
pub(super) struct UsedSets {
    sets: Interner<Box<[u64]>>,
    /// How many entries all sets have together.
    entries: AtomicUsize,
}

/// The entry of a class of which so many operations were used; entries of later classes are larger.
fn entry(class: usize, count: u16) -> u64 {
    (class as u64) << 16 | u64::from(count)
}

/// The class of an entry.
fn class_of(entry: u64) -> usize {
    (entry >> 16) as usize
}

/// Where the entry of a class is, or would be.
fn place(entries: &[u64], class: usize) -> usize {
    // Where all classes before it are used, it is where it would be in a table.
    match entries.get(class) {
        Some(&entry) if class_of(entry) == class => class,
        _ => entries.partition_point(|&entry| class_of(entry) < class),
    }
}

impl UsedSets {
    /// Only the empty multiset.
    pub(super) fn new() -> Self {
        let used = UsedSets { sets: Interner::new(), entries: AtomicUsize::new(0) };
        used.sets.intern(used.hash(&[]), |_| true, Box::default);
        used
    }

    /// How many operations of `class` are in `set`.
    pub(super) fn count(&self, set: UsedId, class: usize) -> u16 {
        if set == NONE {
            return 0;
        }
        let entries = self.of(set);
        match entries.get(place(entries, class)) {
            Some(&entry) if class_of(entry) == class => entry as u16,
            _ => 0,
        }
    }

    /// How many operations are in `set`.
    pub(super) fn size(&self, set: UsedId) -> u32 {
        if set == NONE { 0 } else { self.of(set).iter().map(|&own| u32::from(own as u16)).sum() }
    }

    /// `set` with one more operation of `class`. `scratch` holds nothing of worth.
    pub(super) fn with(&self, set: UsedId, class: usize, scratch: &mut Vec<u64>) -> UsedId {
        scratch.clear();
        scratch.extend_from_slice(self.of(set));
        let at = place(scratch, class);
        match scratch.get_mut(at) {
            Some(own) if class_of(*own) == class => *own += 1,
            _ => scratch.insert(at, entry(class, 1)),
        }
        let entries = scratch.as_slice();
        self.sets.intern(
            self.hash(entries),
            |set| **set == *entries,
            || {
                self.entries.fetch_add(entries.len(), Ordering::Relaxed);
                entries.into()
            },
        )
    }

    /// Whether `left` uses nothing that `right` does not.
    #[inline]
    pub(super) fn is_subset(&self, left: UsedId, right: UsedId) -> bool {
        if left == right || left == NONE {
            return true;
        }
        let mut rest = self.of(right).iter();
        self.of(left).iter().all(|&own| {
            // Entries ascend, so that what was passed over is of no use for later ones.
            let other = rest.find(|&&other| class_of(other) >= class_of(own));
            other.is_some_and(|&other| class_of(other) == class_of(own) && other >= own)
        })
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.sets.bytes() + self.entry_bytes()
    }

    /// The memory that the entries take, in bytes. O(1).
    pub(super) fn entry_bytes(&self) -> usize {
        self.entries.load(Ordering::Relaxed) * size_of::<u64>()
    }

    /// Returns the seed with which configurations are hashed, too.
    pub(super) fn seed(&self) -> Seeded {
        self.sets.seed
    }

    fn hash(&self, entries: &[u64]) -> u64 {
        self.seed().hash_one(entries)
    }

    fn of(&self, set: UsedId) -> &[u64] {
        self.sets.get(set).map_or(&[], |set| set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multisets_are_interned_and_compared() {
        let sets = UsedSets::new();
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
    fn the_empty_set_is_part_of_every_other() {
        let sets = UsedSets::new();
        let far = sets.with(NONE, 1_000_000, &mut Vec::new());
        assert!(sets.is_subset(NONE, NONE) && sets.is_subset(NONE, far));
        assert!(!sets.is_subset(far, NONE));
        assert_eq!((sets.count(far, 1_000_000), sets.count(far, 7)), (1, 0));
    }

    #[test]
    fn subsets_are_those_of_all_counts() {
        let sets = UsedSets::new();
        let scratch = &mut Vec::new();
        let mut all: Vec<(UsedId, [u16; 3])> = vec![(NONE, [0; 3])];
        for number in 0..27_u16 {
            let counts = [number % 3, number / 3 % 3, number / 9];
            let add = |set, class: usize| {
                (0..counts[class]).fold(set, |set, _| sets.with(set, class, &mut scratch.clone()))
            };
            all.push(((0..3).rev().fold(NONE, add), counts));
        }
        for (left, fewer) in &all {
            for (right, more) in &all {
                let expected = fewer.iter().zip(more).all(|(fewer, more)| fewer <= more);
                assert_eq!(sets.is_subset(*left, *right), expected, "{fewer:?} {more:?}");
                assert_eq!(left == right, fewer == more);
            }
        }
    }
}
