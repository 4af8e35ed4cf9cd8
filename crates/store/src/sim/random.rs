//! Chance: numbers that follow from a seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::Nanos;

/// A stream of random numbers. ChaCha with eight rounds (Bernstein 2008) gives the same on every
/// machine and in every version of its library.
pub(crate) struct Random {
    stream: ChaCha8Rng,
}

impl Random {
    /// The stream called `name` of a seed. Streams of different names have nothing to do with each
    /// other, so that a setting which makes one part of a run draw more leaves the others alone.
    pub(crate) fn new(seed: u64, name: &str) -> Random {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        for (at, byte) in name.bytes().take(24).enumerate() {
            key[8 + at] = byte;
        }
        Random { stream: ChaCha8Rng::from_seed(key) }
    }

    /// A number below `end`, which must not be 0; every one is as likely, but for a bias of less
    /// than `end` in 2^64.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.stream.next_u64()) * u128::from(end)) >> 64) as u64
    }

    /// A position in a list of `length`, which must not be 0.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// Whether something happens that happens in so many of 10,000 cases.
    pub(crate) fn happens(&mut self, in_ten_thousand: u32) -> bool {
        in_ten_thousand > 0 && self.below(10_000) < u64::from(in_ten_thousand)
    }

    /// A length of time below `length`; 0 if that is not positive.
    pub(crate) fn within(&mut self, length: Nanos) -> Nanos {
        if length <= 0 { 0 } else { self.below(length as u64) as Nanos }
    }

    /// A length of time between half and one and a half of `length`.
    pub(crate) fn about(&mut self, length: Nanos) -> Nanos {
        length / 2 + self.within(length)
    }

    /// A length of time that is short more often than long, below twice `length` and half of it on
    /// average: the product of two even draws, which stands in for the exponential
    /// distribution without a logarithm, whose last bits differ between machines.
    pub(crate) fn mostly_short(&mut self, length: Nanos) -> Nanos {
        let share = self.below(1 << 16) * self.below(1 << 16);
        let scaled = (i128::from(length.max(0)) * i128::from(share)) >> 31;
        scaled as Nanos
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_for_ever() {
        let mut random = Random::new(7, "network");
        let drawn: Vec<u64> = (0..4).map(|_| random.below(1000)).collect();
        assert_eq!(drawn, DRAWN);
        assert_ne!(
            Random::new(7, "faults").below(1 << 60),
            Random::new(7, "network").below(1 << 60)
        );
    }

    /// What the stream gave when it was written; another number here means that old seeds no
    /// longer give the histories they gave.
    const DRAWN: [u64; 4] = [18, 206, 185, 455];

    #[test]
    fn draws_keep_to_their_ranges() {
        let mut random = Random::new(1, "test");
        for _ in 0..1000 {
            assert!(random.below(3) < 3);
            assert!((50..150).contains(&random.about(100)));
            assert!((0..200).contains(&random.mostly_short(100)));
        }
        assert_eq!(random.within(0), 0);
        assert!(!random.happens(0));
        assert!(random.happens(10_000));
    }
}
