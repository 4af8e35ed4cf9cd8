//! Permits that are counted in a register, by clients that read the number and write it back.

use super::{Given, Step};
use crate::knobs::{Knobs, Method};
use crate::object::Command;
use crate::origin::Stamp;
use crate::recording::Shown;
use crate::sim::Nanos;

/// Takes a permit or gives one back.
#[derive(Debug)]
pub(in crate::client) struct Permit {
    key: u32,
    wish: Wish,
    method: Method,
    /// How long it takes from the look at the number to taking a permit.
    work: Nanos,
    state: State,
}

/// What a client wants with permits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::client) enum Wish {
    /// One, and waits for it.
    Take,
    /// One, if there is one.
    TryToTake,
    /// To give one back.
    GiveBack,
}

/// What it did last.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Begun,
    Reading,
    Working { free: i64, version: Stamp },
    Writing,
}

impl Permit {
    pub(in crate::client) fn new(knobs: &Knobs, key: u32, wish: Wish) -> Permit {
        Permit { key, wish, method: knobs.method, work: knobs.work, state: State::Begun }
    }

    pub(super) fn step(&mut self, given: Given) -> Step {
        match (self.state, given) {
            (State::Begun, _) => {
                self.state = State::Reading;
                Step::call(self.key, Command::Read)
            }
            (State::Reading, Given::Answer(answer, version)) => {
                let free = answer.value().unwrap_or(0);
                match self.wish {
                    Wish::Take if free <= 0 => self.again(),
                    Wish::TryToTake if free <= 0 => Step::Done(Shown::Flag(false)),
                    Wish::GiveBack => self.write(free + 1, version),
                    Wish::Take | Wish::TryToTake => {
                        self.state = State::Working { free, version };
                        Step::Pause(self.work)
                    }
                }
            }
            (State::Working { free, version }, _) => self.write(free - 1, version),
            (State::Writing, Given::Answer(answer, _)) if answer.is_refusal() => self.again(),
            (State::Reading | State::Writing, _) => Step::Done(match self.wish {
                Wish::TryToTake => Shown::Flag(true),
                Wish::Take | Wish::GiveBack => Shown::Null,
            }),
        }
    }

    fn again(&mut self) -> Step {
        self.state = State::Begun;
        Step::Again(self.work)
    }

    fn write(&mut self, free: i64, version: Stamp) -> Step {
        self.state = State::Writing;
        let command = match self.method {
            Method::Optimistic => Command::IfVersion { version, then: Command::Write(free).into() },
            _ => Command::Write(free),
        };
        Step::call(self.key, command)
    }
}
