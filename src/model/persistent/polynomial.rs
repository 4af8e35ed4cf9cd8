//! Hashes of sequences that grow and shrink at both ends: polynomials modulo the prime 2^61 - 1, at
//! a point that each process draws.
//!
//! Two different sequences of `n` items have the same hash at fewer than `n` of the points, so that
//! nobody who does not know the point can make sequences that collide. Modulo 2^64, there are
//! sequences that collide at every point (those of Thue and Morse).

use std::ops::{Add, Mul, Sub};
use std::sync::LazyLock;

use crate::history::hash;

/// A number modulo [`PRIME`]; less than it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Residue(u64);

/// The modulus, a Mersenne prime: dividing by it takes a shift and an addition.
const PRIME: u64 = (1 << BITS) - 1;

/// Every residue is below 2 to the power of this.
const BITS: u32 = 61;

impl Residue {
    pub(super) const ONE: Residue = Residue(1);

    /// Returns the number for one item of a sequence. It is never 0, so that sequences of different
    /// lengths are different polynomials.
    #[inline]
    pub(super) fn of(item: u32) -> Residue {
        Residue(u64::from(item) + 1)
    }

    #[inline]
    pub(super) fn get(self) -> u64 {
        self.0
    }

    /// Returns the power with `exponent`. O(log `exponent`).
    pub(super) fn power(mut self, mut exponent: u64) -> Residue {
        let mut product = Residue::ONE;
        while exponent > 0 {
            if exponent & 1 == 1 {
                product = product * self;
            }
            self = self * self;
            exponent >>= 1;
        }
        product
    }

    #[inline]
    fn reduced(n: u64) -> Residue {
        Residue(if n >= PRIME { n - PRIME } else { n })
    }
}

impl Add for Residue {
    type Output = Residue;

    #[inline]
    fn add(self, other: Residue) -> Residue {
        Residue::reduced(self.0 + other.0)
    }
}

impl Sub for Residue {
    type Output = Residue;

    #[inline]
    fn sub(self, other: Residue) -> Residue {
        Residue::reduced(self.0 + PRIME - other.0)
    }
}

impl Mul for Residue {
    type Output = Residue;

    #[inline]
    fn mul(self, other: Residue) -> Residue {
        let product = u128::from(self.0) * u128::from(other.0);
        Residue::reduced((product as u64 & PRIME) + (product >> BITS) as u64)
    }
}

/// Where the polynomials of this process are evaluated.
pub(super) struct Point {
    pub(super) base: Residue,
    /// The inverse of the base.
    pub(super) inverse: Residue,
}

pub(super) static POINT: LazyLock<Point> = LazyLock::new(|| {
    // Neither 0 nor 1.
    let base = Residue(hash::draw() % (PRIME - 2) + 2);
    // By Fermat's little theorem.
    Point { base, inverse: base.power(PRIME - 2) }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_count_modulo_the_prime() {
        let all = [0, 1, 2, 12_345, 1 << 60, PRIME / 3, PRIME - 2, PRIME - 1];
        for a in all {
            for b in all {
                let wide = |n: u128| (n % u128::from(PRIME)) as u64;
                let (x, y) = (u128::from(a), u128::from(b));
                assert_eq!((Residue(a) + Residue(b)).0, wide(x + y));
                assert_eq!((Residue(a) - Residue(b)).0, wide(x + u128::from(PRIME) - y));
                assert_eq!((Residue(a) * Residue(b)).0, wide(x * y));
            }
        }
        assert_eq!(Residue(3).power(40).0, 3u128.pow(40).rem_euclid(PRIME.into()) as u64);
        assert_eq!(POINT.base * POINT.inverse, Residue::ONE);
    }
}
