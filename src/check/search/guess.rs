//! What a guess is: a walk that finds a linearization, or nothing, and goes on for as long as it
//! is given.

use std::sync::atomic::AtomicBool;

use super::depth::Part;
use crate::budget::Meter;

/// A walk that keeps few configurations; that it finds nothing says nothing.
pub(super) trait Guess: Send {
    /// Whether models tell it where to go. Without that it gets through where the depth-first
    /// walk does, too, and costs more.
    fn is_guided(&self) -> bool;

    /// The furthest event that it reached.
    fn furthest(&self) -> u32;

    /// How many configurations it visited.
    fn configurations(&self) -> u64;

    /// The same; the meter is told of all of them.
    fn visited(&mut self) -> u64;

    /// Gives all memory back; there is nothing more to come.
    fn give_up(&mut self);

    /// Goes on, until `share` configurations in a row led no further, or for at most `most`, or
    /// until it is `cancelled`.
    fn explore(&mut self, share: u64, most: u64, cancelled: &AtomicBool, meter: &Meter) -> Part;
}
