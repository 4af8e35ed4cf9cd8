//! Takes an item out of a queue that gives it to somebody else unless it hears in time that the
//! item is done with.

use super::{Given, Step};
use crate::knobs::Knobs;
use crate::object::{Answer, Command};
use crate::recording::Shown;
use crate::sim::Nanos;

/// Receives an item, works on it, and acknowledges it. All of this is one dequeue, which takes the
/// item out when it receives it; only if it is too late with the acknowledgement, or never gives
/// one, the item comes back. A consumer that is too late has done its work all the same, and says
/// so.
#[derive(Debug)]
pub(in crate::client) struct Consume {
    key: u32,
    /// How long an item is invisible to others.
    lease: Nanos,
    /// How long the work takes.
    work: Nanos,
    state: State,
}

/// What it did last.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Begun,
    Receiving,
    Working { item: i64 },
    Acknowledging { item: i64 },
}

impl Consume {
    pub(in crate::client) fn new(knobs: &Knobs, key: u32) -> Consume {
        Consume { key, lease: knobs.lease, work: knobs.work, state: State::Begun }
    }

    pub(super) fn step(&mut self, given: Given) -> Step {
        match (self.state, given) {
            (State::Begun, _) => {
                self.state = State::Receiving;
                Step::call(self.key, Command::Dequeue { visible_after: self.lease })
            }
            (State::Receiving, Given::Answer(Answer::Value(Some(item)), _)) => {
                self.state = State::Working { item };
                Step::Pause(self.work)
            }
            (State::Receiving, Given::Answer(Answer::Flag(false), _)) => {
                self.state = State::Begun;
                Step::Again(self.work)
            }
            (State::Receiving, _) => Step::Done(Shown::Null),
            (State::Working { item }, _) => {
                self.state = State::Acknowledging { item };
                Step::prepare(self.key, Command::Acknowledge(item))
            }
            (State::Acknowledging { item }, _) => Step::Done(Shown::Int(item)),
        }
    }
}
