//! How operations are done: each as a script of calls and pauses, one file for each kind that takes
//! several steps. A script is a small state machine: it is told what came of its last step and says
//! what to do next. It knows neither time nor network.

mod consume;
mod guards;
mod optimistic;
mod permit;
mod poll;
mod survey;
mod transact;
mod transfer;
mod update;

use crate::object::{Answer, Command};
use crate::origin::Stamp;
use crate::recording::Shown;
use crate::sim::Nanos;

pub(super) use consume::Consume;
pub(super) use guards::Guards;
pub(super) use optimistic::{Optimistic, State as OptimisticState};
pub(super) use permit::{Permit, Wish};
pub(super) use poll::Poll;
pub(super) use survey::{How, Survey};
pub(super) use transact::{Micro, Transact};
pub(super) use transfer::{Money, Order, Transfer};
pub(super) use update::{Change, Update};

/// What came of the last step.
#[derive(Debug)]
pub(super) enum Given {
    /// The script begins, or its pause is over.
    Nothing,
    /// The call was answered, from an object of this version.
    Answer(Answer, Stamp),
}

/// The next step.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// A call. Whether it `counts` as what the operation does, rather than as its preparation.
    Call { key: u32, command: Command, counts: bool },
    /// A pause.
    Pause(Nanos),
    /// A pause, after which the operation begins again, from nothing.
    Again(Nanos),
    /// The operation ends well and returns this.
    Done(Shown),
    /// The operation ends without having done anything.
    Fail(&'static str),
}

impl Step {
    /// A call that is a part of what the operation does.
    fn call(key: u32, command: Command) -> Step {
        Step::Call { key, command, counts: true }
    }

    /// A call that only prepares the operation, or tidies up after it.
    fn prepare(key: u32, command: Command) -> Step {
        Step::Call { key, command, counts: false }
    }
}

/// A script.
#[derive(Debug)]
pub(super) enum Script {
    Once(Once),
    Poll(Poll),
    Update(Update),
    Permit(Permit),
    Consume(Consume),
    Transfer(Transfer),
    Survey(Survey),
    Optimistic(Optimistic),
    Transact(Transact),
}

impl Script {
    /// The next step.
    pub(super) fn step(&mut self, given: Given) -> Step {
        match self {
            Script::Once(script) => script.step(given),
            Script::Poll(script) => script.step(given),
            Script::Update(script) => script.step(given),
            Script::Permit(script) => script.step(given),
            Script::Consume(script) => script.step(given),
            Script::Transfer(script) => script.step(given),
            Script::Survey(script) => script.step(given),
            Script::Optimistic(script) => script.step(given),
            Script::Transact(script) => script.step(given),
        }
    }
}

/// One call.
#[derive(Debug)]
pub(super) struct Once {
    pub(super) key: u32,
    pub(super) command: Command,
    /// What the history shows for the output.
    pub(super) shows: Shows,
}

/// What the history shows for the output of an operation.
#[derive(Clone, Debug)]
pub(super) enum Shows {
    /// The answer.
    Answer,
    /// This, whatever the answer is.
    Always(Shown),
    /// This; but what was refused, as `false`.
    UnlessRefused(Shown),
    /// The answer, the balances of all accounts.
    Balances,
}

impl Shows {
    fn output(&self, answer: &Answer) -> Shown {
        match self {
            Shows::Always(shown) => shown.clone(),
            Shows::UnlessRefused(shown) if !answer.is_refusal() => shown.clone(),
            Shows::Balances => match answer {
                Answer::Many(all) => balances(all),
                _ => Shown::Null,
            },
            Shows::Answer | Shows::UnlessRefused(_) => shown(answer),
        }
    }
}

impl Once {
    fn step(&self, given: Given) -> Step {
        match given {
            Given::Nothing => Step::call(self.key, self.command.clone()),
            Given::Answer(answer, _) => match self.command {
                Command::Cas { .. } if answer.is_refusal() => Step::Fail("another value is there"),
                _ => Step::Done(self.shows.output(&answer)),
            },
        }
    }
}

/// An answer, as a history shows it.
fn shown(answer: &Answer) -> Shown {
    match answer {
        Answer::Done | Answer::Cells(_) => Shown::Null,
        Answer::Value(value) => value.map_or(Shown::Null, Shown::Int),
        Answer::Flag(flag) => Shown::Flag(*flag),
        Answer::Many(all) => Shown::Many(all.clone()),
    }
}

/// The balances of accounts 0, 1, …, as a history shows them.
fn balances(all: &[i64]) -> Shown {
    let named = all.iter().enumerate();
    Shown::Map(named.map(|(account, &sum)| (account.to_string(), Shown::Int(sum))).collect())
}
