//! Sets of slots: fixed arrays of words for the usual widths, a boxed slice beyond.

use std::hash::Hash;

/// A set of slots, small enough to be part of a key.
pub(super) trait Mask: Clone + Eq + Hash + Send + Sync + 'static {
    /// The empty set, with room for `slots` slots.
    fn empty(slots: usize) -> Self;
    /// Its words, lowest slots first.
    fn words(&self) -> &[u64];
    /// Its words, to change.
    fn words_mut(&mut self) -> &mut [u64];
    /// Heap memory of one such set, in bytes.
    fn heap_bytes(&self) -> usize {
        0
    }

    fn has(&self, slot: u32) -> bool {
        self.words()[slot as usize / 64] >> (slot % 64) & 1 == 1
    }

    fn insert(&mut self, slot: u32) {
        self.words_mut()[slot as usize / 64] |= 1 << (slot % 64);
    }

    fn remove(&mut self, slot: u32) {
        self.words_mut()[slot as usize / 64] &= !(1 << (slot % 64));
    }
}

impl<const N: usize> Mask for [u64; N] {
    fn empty(slots: usize) -> Self {
        debug_assert!(slots <= N * 64);
        [0; N]
    }

    fn words(&self) -> &[u64] {
        self
    }

    fn words_mut(&mut self) -> &mut [u64] {
        self
    }
}

impl Mask for Box<[u64]> {
    fn empty(slots: usize) -> Self {
        vec![0; slots.div_ceil(64)].into_boxed_slice()
    }

    fn words(&self) -> &[u64] {
        self
    }

    fn words_mut(&mut self) -> &mut [u64] {
        self
    }

    fn heap_bytes(&self) -> usize {
        self.len() * 8
    }
}

/// Calls `visit` for every slot in `left` that is not in `right`, a set of as many words, in
/// ascending order, until it returns false. Returns whether all were visited.
pub(super) fn difference(left: &[u64], right: &[u64], mut visit: impl FnMut(u32) -> bool) -> bool {
    for (word, &left) in left.iter().enumerate() {
        let mut bits = left & !right[word];
        while bits != 0 {
            if !visit(word as u32 * 64 + bits.trailing_zeros()) {
                return false;
            }
            bits &= bits - 1;
        }
    }
    true
}
