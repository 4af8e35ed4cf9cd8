//! Waits for something of which there is not enough for all: a lock or a permit.

use super::{Given, Step};
use crate::store::object::Command;
use crate::store::recording::Shown;
use crate::store::sim::Nanos;

/// Asks for it until it is granted.
#[derive(Debug)]
pub(in crate::store::client) struct Poll {
    pub(in crate::store::client) key: u32,
    pub(in crate::store::client) command: Command,
    /// How long it waits before it asks again.
    pub(in crate::store::client) pause: Nanos,
}

impl Poll {
    pub(super) fn step(&self, given: Given) -> Step {
        match given {
            Given::Nothing => Step::call(self.key, self.command.clone()),
            Given::Answer(answer, _) if answer.is_refusal() => Step::Again(self.pause),
            Given::Answer(..) => Step::Done(Shown::Null),
        }
    }
}
