//! Hash tables that no input can flood: they hash with a seed that every process draws for itself.
//!
//! Inputs choose nearly everything that is hashed here. Whoever knows the hash function could make
//! all keys fall into one place, so that each look-up takes as long as there are keys. Hashes mix
//! every word of a key with secret words before they multiply it; without these, nobody can compute
//! which keys collide. `docs/DESIGN.md` says more.
//!
//! The order in which a table is iterated differs from run to run, so that nothing that gets out
//! may depend on it.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::LazyLock;

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;

/// A hash map.
pub type Map<K, V> = HashMap<K, V, Seeded>;

/// A hash set.
pub type Set<K> = HashSet<K, Seeded>;

/// Makes hashers that all have the seed of this process.
#[derive(Clone, Copy)]
pub struct Seeded {
    first: u64,
    others: &'static SharedSeed,
}

/// Drawn from the randomness of the system, as those of the standard library's tables are.
static SEEDS: LazyLock<(u64, SharedSeed)> =
    LazyLock::new(|| (draw(), SharedSeed::from_u64(draw())));

impl Default for Seeded {
    #[inline]
    fn default() -> Self {
        let (first, others) = &*SEEDS;
        Seeded { first: *first, others }
    }
}

/// Returns a number that the system draws.
pub fn draw() -> u64 {
    RandomState::new().hash_one(0)
}

impl BuildHasher for Seeded {
    type Hasher = FoldHasher<'static>;

    #[inline]
    fn build_hasher(&self) -> FoldHasher<'static> {
        FoldHasher::with_seed(self.first, self.others)
    }
}

/// Spreads `number` over 64 bits, in the same way in every process: for numbers that we give out
/// ourselves, one after the other, and for hashes.
#[inline]
pub fn spread(number: impl Into<u64>) -> u64 {
    // 2^64 by the golden ratio.
    number.into().wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Returns the hash of `key` in this process.
#[inline]
pub fn of(key: &(impl Hash + ?Sized)) -> u64 {
    Seeded::default().hash_one(key)
}

/// Keys that collide under Fx, the unseeded hash function of the Rust compiler.
#[cfg(test)]
pub(crate) mod crafted {
    /// So many keys are made.
    pub(crate) const KEYS: u64 = 40_000;

    /// Of keys whose hashes are drawn, a handful share a place; of those that somebody made to
    /// collide, all or half of them do. With few seeds in a thousand it is a hundred.
    pub(crate) const MOST: u64 = KEYS / 20;

    /// Returns how many keys share the fullest of 2^16 places. Of [`KEYS`], about 8 do by chance.
    pub(crate) fn fullest(hashes: impl Iterator<Item = u64>) -> u64 {
        let mut places = vec![0; 1 << 16];
        hashes.for_each(|hash| places[hash as usize % (1 << 16)] += 1);
        places.into_iter().max().unwrap_or(0)
    }

    /// The inverse, modulo 2^64, of the number that Fx multiplies by.
    const INVERSE: u64 = {
        let (factor, mut inverse): (u64, u64) = (0xf135_7aea_2e62_a9c5, 1);
        let mut round = 0;
        while round < 6 {
            // Newton's iteration doubles the right bits.
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(factor.wrapping_mul(inverse)));
            round += 1;
        }
        inverse
    };

    /// Returns numbers whose products are small.
    pub(crate) fn numbers() -> impl Iterator<Item = u64> {
        (1..=KEYS).map(|n| (n << 3).wrapping_mul(INVERSE))
    }

    /// Returns strings of which the part that varies is multiplied by 0.
    pub(crate) fn texts() -> impl Iterator<Item = String> {
        (0..KEYS).map(|n| format!("sfcrljVRcujaxYJn0123456789abcdefkbeKX5gz{n:08}abcdefghijklmnop"))
    }

    /// Returns lists of small integers whose sum, times powers of the factor, is the same: they
    /// differ by short vectors of a lattice.
    pub(crate) fn lists() -> impl Iterator<Item = [i64; 4]> {
        let steps = [[7_032, 29_747, -10_543, 37_656], [32_417, -25_305, 32_489, -441]];
        (0..KEYS as i64).map(move |n| {
            std::array::from_fn(|at| (1 << 29) + n % 200 * steps[0][at] + n / 200 * steps[1][at])
        })
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hasher;

    use foldhash::fast::FixedState;

    use super::crafted::{KEYS, MOST, fullest, numbers};
    use super::*;

    #[test]
    fn keys_that_collide_under_an_unseeded_hash_spread() {
        assert!(fullest(numbers().map(|key| of(&key))) < MOST);
        assert!(fullest(numbers().map(|key| of(&(key as i64)))) < MOST);
        assert!(fullest(numbers().map(|key| of(&(7u32, key)))) < MOST);
        assert!(fullest(numbers().map(|key| of(&[key, key][..]))) < MOST);
        assert!(fullest(numbers().map(|key| of(&key.to_le_bytes()[..]))) < MOST);
        assert!(fullest(crafted::texts().map(|key| of(&key))) < MOST);
    }

    #[test]
    fn regular_keys_spread() {
        for shift in [0, 7, 16, 32, 47] {
            assert!(fullest((0..KEYS).map(|n| of(&(n << shift)))) < MOST, "{shift}");
            assert!(fullest((0..KEYS).map(|n| of(&(n << shift, 0u64)))) < MOST, "{shift}");
            assert!(fullest((0..KEYS).map(|n| of(&(0u64, n << shift)))) < MOST, "{shift}");
        }
        assert!(fullest((0..KEYS).map(|n| of(&(n as u32 % 200, n as u32 / 200)))) < MOST);
        assert!(fullest((0..KEYS).map(|n| of(n.to_string().as_str()))) < MOST);
    }

    /// A drawn seed for each hasher is not enough where the words that keys are mixed with are
    /// constants: a product with 0 is 0.
    #[test]
    fn keys_cannot_cancel_what_they_are_mixed_with() {
        // Of foldhash's constants, those that the second half of a key meets.
        const NUMBERS: u64 = 0xc0ac_29b7_c97c_50dd;
        const BYTES: u64 = 0x3f84_d5b5_b547_0917;
        let pairs = || (0..KEYS).map(|n| (n, NUMBERS));
        let bytes = || (0..KEYS).map(|n| [n.to_le_bytes(), BYTES.to_le_bytes()].concat());
        let constant = FixedState::with_seed(draw());
        let write = |key: &[u8], mut hasher: FoldHasher<'_>| {
            hasher.write(key);
            hasher.finish()
        };
        assert_eq!(fullest(pairs().map(|key| constant.hash_one(key))), KEYS);
        let cancelled = bytes().map(|key| write(&key, constant.build_hasher()));
        assert_eq!(fullest(cancelled), KEYS);
        assert!(fullest(pairs().map(|key| of(&key))) < MOST);
        assert!(fullest(bytes().map(|key| write(&key, Seeded::default().build_hasher()))) < MOST);
    }
}
