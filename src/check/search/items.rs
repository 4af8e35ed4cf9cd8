//! What the search walks: classes of interchangeable operations, their items, and events.

use crate::history::position;
use crate::model::Pos;

position! {
    /// A token's dense number.
    pub(super) struct TokenId;
}

impl TokenId {
    /// No token, or one that is not known.
    pub(super) const NONE: TokenId = TokenId::MAX;
}

/// An end of an operation, in the order of events.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// The item of this index is called.
    Call(u32),
    /// It returns.
    Return(u32),
    /// A crashed operation is called; it never returns.
    Crash,
}

/// A completed operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) class: u32,
    /// Its reading.
    pub(super) reading: Pos,
    /// Its place in the window of open operations.
    pub(super) slot: u32,
    /// The events of its call and return.
    pub(super) call: u32,
    pub(super) ret: u32,
}

/// Crashed operations that are interchangeable.
#[derive(Clone, Debug)]
pub(super) struct CrashedClass {
    pub(super) class: u32,
    /// The events of their calls, ascending.
    pub(super) calls: Vec<u32>,
    /// Their readings, likewise.
    pub(super) readings: Vec<Pos>,
}

impl CrashedClass {
    /// Whether so many of them besides those `used` were called before an event.
    pub(super) fn is_left(&self, used: u16, count: usize, event: u32) -> bool {
        self.calls.get(usize::from(used) + count - 1).is_some_and(|&call| call < event)
    }
}

/// What the search needs to know of a class of operations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    pub(super) pure: bool,
    pub(super) overwrites: bool,
    pub(super) requires: TokenId,
    /// The token that it establishes; [`TokenId::NONE`] if not known or none.
    pub(super) gives: TokenId,
}
