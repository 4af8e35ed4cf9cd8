//! What nodes without a leader say to each other.

use crate::origin::Stamp;

/// A value at a node, and its version.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Versioned {
    /// The value; none if it was never written, or deleted.
    pub(crate) value: Option<i64>,
    pub(crate) stamp: Stamp,
}

/// What nodes say to each other.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// The coordinator asks for a copy.
    Ask { task: u32, key: u32 },
    /// The copy, for the coordinator.
    Have { task: u32, copy: Versioned },
    /// A copy is to be this, if that is later.
    Keep { task: u32, key: u32, copy: Versioned },
    /// A copy is this, or later.
    Kept { task: u32 },
}

/// What nodes wake up for.
#[derive(Clone, Debug)]
pub(crate) enum Alarm {
    /// A tombstone is old enough to be forgotten.
    Forget { key: u32, stamp: Stamp },
}
