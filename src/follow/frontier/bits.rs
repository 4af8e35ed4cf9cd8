//! Sets of slots that may grow: one word in place, more on the heap where more operations are open
//! at once.

/// A set of small numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Bits {
    first: u64,
    /// The words behind the first; those that are missing are zero.
    more: Vec<u64>,
}

impl Bits {
    /// How many words there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        1 + self.more.len()
    }

    /// Word `at`, zero beyond the last.
    #[inline]
    pub(super) fn word(&self, at: usize) -> u64 {
        match at {
            0 => self.first,
            _ => self.more.get(at - 1).copied().unwrap_or(0),
        }
    }

    #[inline]
    pub(super) fn has(&self, bit: u32) -> bool {
        self.word(bit as usize / 64) >> (bit % 64) & 1 == 1
    }

    #[inline]
    pub(super) fn insert(&mut self, bit: u32) {
        if bit < 64 {
            self.first |= 1 << bit;
        } else {
            let at = bit as usize / 64 - 1;
            if self.more.len() <= at {
                self.more.resize(at + 1, 0);
            }
            self.more[at] |= 1 << (bit % 64);
        }
    }

    #[inline]
    pub(super) fn remove(&mut self, bit: u32) {
        if bit < 64 {
            self.first &= !(1 << bit);
        } else if let Some(word) = self.more.get_mut(bit as usize / 64 - 1) {
            *word &= !(1 << (bit % 64));
        }
    }

    /// Adds all that `other` has.
    pub(super) fn insert_all(&mut self, other: &Bits) {
        self.first |= other.first;
        if self.more.len() < other.more.len() {
            self.more.resize(other.more.len(), 0);
        }
        for (word, other) in self.more.iter_mut().zip(&other.more) {
            *word |= other;
        }
    }

    pub(super) fn clear(&mut self) {
        self.first = 0;
        self.more.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first == 0 && self.more.iter().all(|&word| word == 0)
    }

    /// The lowest number that is missing.
    pub(super) fn first_free(&self) -> u32 {
        let full = (0..self.len()).find(|&at| self.word(at) != u64::MAX).unwrap_or(self.len());
        full as u32 * 64 + self.word(full).trailing_ones()
    }

    /// Its numbers, ascending.
    pub(super) fn iter(&self) -> Ones<'_> {
        Ones { left: self, right: &NONE, at: 0, word: self.first }
    }

    /// The numbers that it has and `other` has not, ascending.
    #[inline]
    pub(super) fn without<'a>(&'a self, other: &'a Bits) -> Ones<'a> {
        Ones { left: self, right: other, at: 0, word: self.first & !other.first }
    }
}

static NONE: Bits = Bits { first: 0, more: Vec::new() };

/// The numbers of one set that are not in another.
pub(super) struct Ones<'a> {
    left: &'a Bits,
    right: &'a Bits,
    at: usize,
    word: u64,
}

impl Iterator for Ones<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        while self.word == 0 {
            self.at += 1;
            if self.at >= self.left.len() {
                return None;
            }
            self.word = self.left.word(self.at) & !self.right.word(self.at);
        }
        let bit = self.word.trailing_zeros();
        self.word &= self.word - 1;
        Some(self.at as u32 * 64 + bit)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn bits(numbers: &BTreeSet<u32>) -> Bits {
        let mut bits = Bits::default();
        numbers.iter().for_each(|&number| bits.insert(number));
        bits
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn it_is_a_set_of_numbers(
            left in prop::collection::btree_set(0u32..200, 0..40),
            right in prop::collection::btree_set(0u32..200, 0..40),
        ) {
            let (a, b) = (bits(&left), bits(&right));
            prop_assert_eq!(a.iter().collect::<BTreeSet<_>>(), left.clone());
            prop_assert_eq!(a.without(&b).collect::<BTreeSet<_>>(), &left - &right);
            let mut both = a.clone();
            both.insert_all(&b);
            prop_assert_eq!(both.iter().collect::<BTreeSet<_>>(), &left | &right);
            prop_assert_eq!(both.is_empty(), left.is_empty() && right.is_empty());
            let free = (0..).find(|number| !left.contains(number));
            prop_assert_eq!(Some(a.first_free()), free);
            prop_assert!((0..250).all(|number| a.has(number) == left.contains(&number)));
            let mut none = a.clone();
            left.iter().for_each(|&number| none.remove(number));
            prop_assert!(none.is_empty());
        }
    }
}
