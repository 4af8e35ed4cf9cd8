//! Increments a number in steps: reads it, adds, and writes it back.

use super::{Given, Step};
use crate::store::knobs::Method;
use crate::store::object::{Answer, Command};
use crate::store::recording::Shown;
use crate::store::sim::Nanos;

/// Reads, computes for a while, and writes.
#[derive(Debug)]
pub(in crate::store::client) struct Increment {
    pub(in crate::store::client) key: u32,
    pub(in crate::store::client) by: i64,
    pub(in crate::store::client) method: Method,
    /// How long it computes.
    pub(in crate::store::client) work: Nanos,
    /// The lock that it takes, if the method says so: its key, the owner and the lease.
    pub(in crate::store::client) lock: (u32, u32, Nanos),
    /// Whether the token of the lock goes with the write.
    pub(in crate::store::client) fencing: bool,
    pub(in crate::store::client) state: State,
}

/// What it did last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::store::client) enum State {
    Begun,
    Locking,
    Waiting,
    Reading { token: i64 },
    Computing { token: i64, value: i64 },
    Writing,
    Releasing,
}

impl Increment {
    pub(super) fn step(&mut self, given: Given) -> Step {
        let (state, step) = match (self.state, given) {
            (State::Begun | State::Waiting, _) if self.method == Method::Locked => {
                let (key, owner, lease) = self.lock;
                let command = Command::TryAcquire { owner, lease };
                (State::Locking, Step::Call { key, command, counts: false })
            }
            (State::Begun | State::Waiting, _) => self.read(0),
            (State::Locking, Given::Answer(answer)) if answer.is_refusal() => {
                (State::Waiting, Step::Pause(self.work))
            }
            (State::Locking, Given::Answer(answer)) => self.read(answer.value().unwrap_or(0)),
            (State::Reading { token }, Given::Answer(answer)) => {
                let value = answer.value().unwrap_or(0);
                (State::Computing { token, value }, Step::Pause(self.work))
            }
            (State::Computing { token, value }, _) => self.write(token, value),
            (State::Writing, Given::Answer(answer)) => return self.written(&answer),
            (State::Locking | State::Reading { .. } | State::Writing | State::Releasing, _) => {
                (State::Releasing, Step::Done(Shown::Int(self.by)))
            }
        };
        self.state = state;
        step
    }

    fn read(&self, token: i64) -> (State, Step) {
        let call = Step::Call { key: self.key, command: Command::Read, counts: true };
        (State::Reading { token }, call)
    }

    fn write(&self, token: i64, old: i64) -> (State, Step) {
        let value = old + self.by;
        let command = match self.method {
            Method::Optimistic | Method::OptimisticByValue => Command::Cas { old, new: value },
            _ if self.fencing => Command::FencedWrite { value, token },
            _ => Command::Write(value),
        };
        (State::Writing, Step::Call { key: self.key, command, counts: true })
    }

    /// Releases the lock, or begins again if another one was faster.
    fn written(&mut self, answer: &Answer) -> Step {
        let is_refused = answer.is_refusal();
        if is_refused && matches!(self.method, Method::Optimistic | Method::OptimisticByValue) {
            let (state, step) = self.read(0);
            self.state = state;
            return step;
        }
        if is_refused {
            return Step::Fail("stale token");
        }
        if self.method != Method::Locked {
            return Step::Done(Shown::Int(self.by));
        }
        self.state = State::Releasing;
        let (key, owner, _) = self.lock;
        Step::Call { key, command: Command::Release { owner }, counts: false }
    }
}
