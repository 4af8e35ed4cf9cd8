//! Waits for a lock.

use super::{Given, Step};
use crate::store::object::Command;
use crate::store::recording::Shown;
use crate::store::sim::Nanos;

/// Asks for a lock until it is free.
#[derive(Debug)]
pub(in crate::store::client) struct Acquire {
    pub(in crate::store::client) key: u32,
    pub(in crate::store::client) owner: u32,
    pub(in crate::store::client) lease: Nanos,
    /// How long it waits before it asks again.
    pub(in crate::store::client) pause: Nanos,
}

impl Acquire {
    pub(super) fn step(&self, given: Given) -> Step {
        match given {
            Given::Nothing => {
                let command = Command::TryAcquire { owner: self.owner, lease: self.lease };
                Step::Call { key: self.key, command, counts: true }
            }
            Given::Answer(answer) if answer.is_refusal() => Step::Pause(self.pause),
            Given::Answer(_) => Step::Done(Shown::Null),
        }
    }
}
