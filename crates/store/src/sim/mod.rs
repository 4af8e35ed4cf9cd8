//! The machinery of a simulated world: virtual time, chance, clocks and a network. It knows no
//! store and no message; all of it is whole-number arithmetic, so that a seed means the same on
//! every machine.

pub(super) mod agenda;
pub(super) mod clock;
pub(super) mod network;
pub(super) mod random;

/// A point of virtual time, or a length of it, in nanoseconds. A run starts at 0.
pub(super) type Nanos = i64;

/// A thousandth of a second.
pub(super) const MILLISECOND: Nanos = 1_000_000;
