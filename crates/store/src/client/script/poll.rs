//! Waits for something of which there is not enough for all: a lock or a permit.

use super::{Given, Step};
use crate::object::Command;
use crate::recording::Shown;
use crate::sim::Nanos;

/// Asks for it until it is granted.
#[derive(Debug)]
pub(in crate::client) struct Poll {
    pub(in crate::client) key: u32,
    pub(in crate::client) command: Command,
    /// How long it waits before it asks again.
    pub(in crate::client) pause: Nanos,
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
