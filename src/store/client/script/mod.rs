//! How operations are done: each as a script of calls and pauses, one file for each kind that takes
//! several steps. A script is a small state machine: it is told what came of its last step and says
//! what to do next. It knows neither time nor network.

mod acquire;
mod increment;

use crate::store::object::{Answer, Command};
use crate::store::recording::Shown;
use crate::store::sim::Nanos;

pub(super) use acquire::Acquire;
pub(super) use increment::{Increment, State as IncrementState};

/// What came of the last step.
#[derive(Debug)]
pub(super) enum Given {
    /// The script begins, or its pause is over.
    Nothing,
    /// The call was answered.
    Answer(Answer),
}

/// The next step.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// A call. Whether it `counts` as what the operation does, rather than as its preparation.
    Call { key: u32, command: Command, counts: bool },
    /// A pause.
    Pause(Nanos),
    /// The operation ends well and returns this.
    Done(Shown),
    /// The operation ends without having done anything.
    Fail(&'static str),
}

/// A script.
#[derive(Debug)]
pub(super) enum Script {
    Once(Once),
    Acquire(Acquire),
    Increment(Increment),
}

impl Script {
    /// The next step.
    pub(super) fn step(&mut self, given: Given) -> Step {
        match self {
            Script::Once(script) => script.step(given),
            Script::Acquire(script) => script.step(given),
            Script::Increment(script) => script.step(given),
        }
    }
}

/// One call.
#[derive(Debug)]
pub(super) struct Once {
    pub(super) key: u32,
    pub(super) command: Command,
    /// What the history shows for the output where it does not show the answer.
    pub(super) echo: Option<Shown>,
}

impl Once {
    fn step(&self, given: Given) -> Step {
        match given {
            Given::Nothing => {
                Step::Call { key: self.key, command: self.command.clone(), counts: true }
            }
            Given::Answer(answer) => match self.command {
                Command::Cas { .. } if answer.is_refusal() => Step::Fail("another value is there"),
                Command::FencedWrite { .. } if answer.is_refusal() => Step::Fail("stale token"),
                _ => Step::Done(self.echo.clone().unwrap_or_else(|| shown(&answer))),
            },
        }
    }
}

/// An answer, as a history shows it.
fn shown(answer: &Answer) -> Shown {
    match answer {
        Answer::Done => Shown::Null,
        Answer::Value(value) => value.map_or(Shown::Null, Shown::Int),
        Answer::Flag(flag) => Shown::Flag(*flag),
        Answer::Many(all) => Shown::Many(all.clone()),
    }
}
