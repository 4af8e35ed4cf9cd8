//! Sorts lists by numeric keys, compiled once for all of them.
//!
//! The sorts of the standard library are compiled anew for each type of elements and each closure,
//! and are large: they were a seventh of what the compiler had to optimise. Here only a small shell
//! is, which reads the keys as numbers and moves the elements. Lists of plain numbers, or of types
//! that are sorted as they are in several places, are better sorted by the standard library.

use std::cmp::Reverse;

/// What sorts like a number without a sign.
pub trait Key: Copy {
    /// How many bits the number has, at most 96.
    const BITS: u32;

    /// Returns the number.
    fn bits(self) -> u128;
}

/// The keys of lists up to this length need no memory.
const SHORT: usize = 16;

/// Shorter lists are sorted in little memory anyway.
const LONG: usize = 1 << 12;
/// An element that is further from its place than so many others says that the list is not nearly
/// sorted.
const NEAR: usize = 64;
/// So many exchanges an element say the same.
const EXCHANGES: usize = 4;

/// Sorts `list` by the numbers that `key` returns; equal elements keep their order. O(n log n), and
/// O(n) if the list is sorted; without further memory if a long one is, or nearly.
pub fn by<T, K: Key>(list: &mut [T], key: impl Fn(&T) -> K) {
    const { assert!(K::BITS <= u128::BITS - u32::BITS, "the key leaves no room for a position") };
    debug_assert!(list.len() <= u32::MAX as usize);
    if const { K::BITS <= u32::BITS } {
        by_words(list, |element| key(element).bits() as u64);
    } else {
        by_words(list, |element| key(element).bits());
    }
}

fn by_words<T, W: Word>(list: &mut [T], key: impl Fn(&T) -> W) {
    if list.is_sorted_by_key(&key) || list.len() >= LONG && is_nearly_sorted(list, &key) {
        return;
    }
    let (mut few, mut many) = ([W::default(); SHORT], Vec::new());
    let words = if list.len() <= SHORT {
        &mut few[..list.len()]
    } else {
        many.resize(list.len(), W::default());
        &mut many
    };
    for ((word, element), at) in words.iter_mut().zip(&*list).zip(0..) {
        *word = key(element).and_position(at);
    }
    W::sort(words);
    permute(list, words);
}

/// Sorts a list of which each element is near its place. False if that is not so: then some
/// elements are where they were, others are not, and equal ones are in the order in which they
/// were.
fn is_nearly_sorted<T, W: Word>(list: &mut [T], key: impl Fn(&T) -> W) -> bool {
    let mut exchanges = 0;
    for at in 1..list.len() {
        let word = key(&list[at]);
        // What is not nearly sorted shows that soon.
        let left = (EXCHANGES * at + NEAR).saturating_sub(exchanges);
        let last = at.saturating_sub(NEAR.min(left));
        let mut place = at;
        while place > last && word < key(&list[place - 1]) {
            list.swap(place, place - 1);
            place -= 1;
        }
        if place == last && place > 0 && word < key(&list[place - 1]) {
            return false;
        }
        exchanges += at - place;
    }
    true
}

/// Puts at each place the element from the position that `words` says, by the cycles of the
/// permutation. O(n).
fn permute<T, W: Word>(list: &mut [T], words: &mut [W]) {
    for start in 0..list.len() {
        let mut at = start;
        loop {
            let here = W::default().and_position(at as u32);
            let from = std::mem::replace(&mut words[at], here).position();
            if from == start {
                break;
            }
            list.swap(at, from);
            at = from;
        }
    }
}

/// A key, and below it the position of its element, so that the order of equal keys is kept.
trait Word: Copy + Default + PartialOrd {
    /// Makes a word of a key.
    fn and_position(self, at: u32) -> Self;

    fn position(self) -> usize;

    fn sort(words: &mut [Self]);
}

macro_rules! words {
    ($($word:ty),*) => {$(
        impl Word for $word {
            #[inline]
            fn and_position(self, at: u32) -> $word {
                (self << u32::BITS) | <$word>::from(at)
            }

            #[inline]
            fn position(self) -> usize {
                self as u32 as usize
            }

            // Only here the sort is compiled.
            #[inline(never)]
            fn sort(words: &mut [$word]) {
                words.sort_unstable();
            }
        }
    )*};
}

words!(u64, u128);

/// Implements [`Key`] for numbers without a sign.
macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Key for $number {
            const BITS: u32 = <$number>::BITS;

            #[inline]
            fn bits(self) -> u128 {
                self as u128
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, usize);

impl Key for bool {
    const BITS: u32 = 1;

    #[inline]
    fn bits(self) -> u128 {
        u128::from(self)
    }
}

impl Key for i64 {
    const BITS: u32 = u64::BITS;

    #[inline]
    fn bits(self) -> u128 {
        // The least comes first.
        u128::from(self as u64 ^ (1 << 63))
    }
}

/// Greater keys come first.
impl<K: Key> Key for Reverse<K> {
    const BITS: u32 = K::BITS;

    #[inline]
    fn bits(self) -> u128 {
        ((1 << K::BITS) - 1) - self.0.bits()
    }
}

/// None comes first.
impl<K: Key> Key for Option<K> {
    const BITS: u32 = K::BITS + 1;

    #[inline]
    fn bits(self) -> u128 {
        self.map_or(0, |key| (1 << K::BITS) | key.bits())
    }
}

impl<A: Key, B: Key> Key for (A, B) {
    const BITS: u32 = A::BITS + B::BITS;

    #[inline]
    fn bits(self) -> u128 {
        (self.0.bits() << B::BITS) | self.1.bits()
    }
}

impl<A: Key, B: Key, C: Key> Key for (A, B, C) {
    const BITS: u32 = A::BITS + B::BITS + C::BITS;

    #[inline]
    fn bits(self) -> u128 {
        ((self.0, self.1), self.2).bits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OpIndex, Rank, Record, Value};
    use proptest::prelude::*;
    use std::fmt::Debug;

    /// Compares with the standard library's stable sort, by elements that cannot be copied.
    fn check<K: Key + Ord + Debug>(keys: impl IntoIterator<Item = K>) {
        let mut list: Vec<(K, String)> =
            keys.into_iter().zip(0..).map(|(key, nth)| (key, format!("{nth}"))).collect();
        let mut expected = list.clone();
        expected.sort_by_key(|&(key, _)| key);
        by(&mut list, |&(key, _)| key);
        assert_eq!(list, expected);
    }

    /// Up to 100 numbers: any ones, or few, so that some are equal.
    fn numbers() -> impl Strategy<Value = Vec<u64>> {
        prop_oneof![
            prop::collection::vec(any::<u64>(), 0..100),
            prop::collection::vec(0..9_u64, 0..100),
            prop::collection::vec(u64::MAX - 9..=u64::MAX, 0..100),
        ]
    }

    proptest! {
        #[test]
        fn sorts_like_the_standard_library(list in numbers(), others in numbers()) {
            let all = || list.iter().copied();
            let narrow = || all().map(|number| number as u32);
            let ranks = || narrow().map(|number| Rank::new(number as usize));
            let few = || others.iter().cycle().map(|&number| number as u32 as usize);
            let indices = || few().map(OpIndex::new);
            let options = || all().map(|number| (number % 3 > 0).then_some(number as i64));
            check(all().map(|number| number % 2 > 0));
            check(all().map(|number| number as u8));
            check(all().map(|number| number as u16));
            check(narrow());
            check(all());
            check(all().map(|number| number as usize));
            check(all().map(|number| number as i64));
            check(ranks());
            check(all().filter_map(Record::at));
            check(narrow().map(Value::of_handle));
            check(narrow().zip(indices()).map(|(_, index)| index));
            check(all().map(Reverse));
            check(ranks().map(Reverse));
            check(options());
            check(ranks().map(Some));
            check(ranks().zip(indices()));
            check(options().zip(all().map(|number| number as u16)));
            let zipped = || all().zip(others.iter().cycle());
            check(zipped().map(|(one, &other)| (one % 2 > 0, Reverse(one), other as u8)));
            check(zipped().map(|(one, &other)| ((one % 2 > 0, other % 2 > 0), one as u16)));
        }
    }

    #[test]
    fn sorts_lists_of_any_length() {
        for len in 0..3 * SHORT {
            for step in [1, 5, 7] {
                check((0..len).map(|at| Rank::new(at * step % (len + 1))));
                check((0..len).map(|at| (Rank::new(at * step % 4), Reverse(at))));
            }
        }
    }

    #[test]
    fn sorts_lists_that_are_nearly_sorted() {
        for len in [100, LONG, LONG + 1_000] {
            for apart in [2, 9, NEAR - 1, NEAR, NEAR + 1, 5 * NEAR] {
                // Blocks the wrong way round, one element that is late, and some that are equal.
                check((0..len).map(|at| (at / apart * apart + apart - at % apart) as u32));
                check((0..len).map(|at| if at == len / 2 { at - apart.min(at) } else { at } / 2));
                check((0..len).map(|at| (at + (at * 7 % apart) * 3) as u64));
            }
        }
    }
}
