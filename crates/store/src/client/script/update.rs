//! Changes an object in steps: reads it, works on what it read, and writes it back. This is how a
//! counter is incremented by those who do not know that the store could do it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Given, Guards, Step};
use crate::knobs::{Knobs, Method};
use crate::object::{Answer, Command};
use crate::origin::Stamp;
use crate::recording::Shown;
use crate::sim::Nanos;

/// Reads, works for a while, and writes.
#[derive(Debug)]
pub(in crate::client) struct Update {
    key: u32,
    change: Change,
    method: Method,
    /// How long it works.
    work: Nanos,
    guards: Guards,
    /// Whether the token of the lock goes with the read and the write.
    fencing: bool,
    state: State,
    output: Shown,
}

/// What an update makes of what it read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::client) enum Change {
    /// Adds to a number.
    Add(i64),
    /// Puts an element into a set.
    Insert(i64),
    /// Takes an element out of a set.
    Remove(i64),
    /// Appends to a log.
    Append(i64),
}

/// What it did last.
#[derive(Clone, Debug, PartialEq)]
enum State {
    Guarding,
    Fencing,
    Reading,
    Working { old: Answer, version: Stamp },
    Writing,
    Releasing,
}

impl Update {
    /// An update of `key`, under `guards` if the method of these knobs takes locks.
    pub(in crate::client) fn new(
        knobs: &Knobs,
        key: u32,
        change: Change,
        guards: Guards,
    ) -> Update {
        let Knobs { method, work, fencing, .. } = *knobs;
        let (state, output) = (State::Guarding, Shown::Null);
        Update { key, change, method, work, guards, fencing, state, output }
    }

    pub(super) fn step(&mut self, given: Given) -> Step {
        let is_locked = matches!(self.method, Method::Locked | Method::LockedAsNeeded);
        match (self.state.clone(), given) {
            (State::Guarding, given) => {
                if is_locked {
                    if let Some(step) = self.guards.take(1, &given) {
                        return step;
                    }
                    if self.fencing {
                        self.state = State::Fencing;
                        let command = Command::Fence { token: self.guards.token() };
                        return Step::prepare(self.key, command);
                    }
                }
                self.read()
            }
            (State::Fencing, Given::Answer(answer, _)) if answer.is_refusal() => {
                Step::Fail("stale token")
            }
            (State::Fencing, _) => self.read(),
            (State::Reading, Given::Answer(old, version)) => {
                self.state = State::Working { old, version };
                Step::Pause(self.work)
            }
            (State::Working { old, version }, _) => match self.changed(&old) {
                Some(write) => self.write(write, &old, version),
                None => self.release(),
            },
            (State::Writing, Given::Answer(answer, _)) if answer.is_refusal() => {
                match self.method {
                    // Another one was faster.
                    Method::Optimistic | Method::OptimisticByValue => {
                        self.state = State::Guarding;
                        Step::Again(self.work)
                    }
                    _ => Step::Fail("stale token"),
                }
            }
            (State::Reading | State::Writing | State::Releasing, _) => self.release(),
        }
    }

    fn read(&mut self) -> Step {
        self.state = State::Reading;
        Step::call(self.key, Command::Read)
    }

    fn release(&mut self) -> Step {
        self.state = State::Releasing;
        self.guards.release().unwrap_or_else(|| Step::Done(self.output.clone()))
    }

    /// The write that makes the change in what was there, and the operation's output; no write, if
    /// there is nothing to change.
    fn changed(&mut self, old: &Answer) -> Option<Command> {
        let old_entries = match old {
            Answer::Many(all) => &all[..],
            _ => &[],
        };
        let mut elements: BTreeSet<i64> = old_entries.iter().copied().collect();
        let (write, output) = match self.change {
            Change::Add(by) => {
                (Some(Command::Write(old.value().unwrap_or(0) + by)), Shown::Int(by))
            }
            Change::Append(entry) => {
                let entries: Arc<[i64]> = old_entries.iter().copied().chain([entry]).collect();
                let offset = Shown::Int(old_entries.len() as i64);
                (Some(Command::Replace(entries)), offset)
            }
            Change::Insert(_) | Change::Remove(_) => {
                let is_other = match self.change {
                    Change::Insert(element) => elements.insert(element),
                    Change::Remove(element) => elements.remove(&element),
                    Change::Add(_) | Change::Append(_) => false,
                };
                let write = Command::Replace(elements.into_iter().collect());
                (is_other.then_some(write), Shown::Flag(is_other))
            }
        };
        self.output = output;
        write
    }

    fn write(&mut self, write: Command, old: &Answer, version: Stamp) -> Step {
        self.state = State::Writing;
        let command = match (self.method, &write, old) {
            (Method::OptimisticByValue, &Command::Write(new), &Answer::Value(Some(old))) => {
                Command::Cas { old, new }
            }
            (Method::Optimistic | Method::OptimisticByValue, ..) => {
                Command::IfVersion { version, then: write.into() }
            }
            (Method::Locked | Method::LockedAsNeeded, ..) if self.fencing => {
                Command::Fenced { token: self.guards.token(), then: write.into() }
            }
            _ => write,
        };
        Step::call(self.key, command)
    }
}
