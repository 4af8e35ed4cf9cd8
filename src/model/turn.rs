//! Where only the completions of transactions were recorded, all overlap, but for those of one
//! process, which keep their order. Intervals cannot tell the orders of several processes
//! (Fishburn 1970), so models of transactions keep the last turn of each process in their states.

use super::{Call, Token};
use crate::history::{Record, Value};

/// The place of a transaction in the order of its process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Turn {
    pub(super) process: Value,
    pub(super) at: Record,
    /// Whether it is not known that it happened: it comes after what its process did before, and
    /// nothing comes after it on its account.
    pub(super) is_open: bool,
}

/// Keys of a state from here on are those of processes.
pub(super) const PROCESSES: u128 = 1 << 64;

impl Turn {
    /// Returns the turn of a call; `None` where real time orders operations.
    pub(super) fn of(call: &Call<'_>) -> Option<Turn> {
        let is_open = call.output.is_none();
        call.turn.map(|at| Turn { process: call.process.value, at, is_open })
    }

    /// Returns the process.
    pub(crate) fn process(self) -> Value {
        self.process
    }

    /// Tells whether its process had it before `other`, of the same process, took effect.
    pub(crate) fn precedes(self, other: Turn) -> bool {
        self.process == other.process && self.at < other.at && !self.is_open
    }

    /// Returns the key of its process in a state, which no object has.
    pub(super) fn key(self) -> u128 {
        PROCESSES | u128::from(self.process.handle())
    }

    /// Returns what stands for its process among what operations touch.
    pub(super) fn token(self) -> Token {
        Token::from(self.process.handle()) | 1 << 40
    }

    /// Returns the last turn of its process after it, where `last` was the last one before; `None`
    /// if it cannot come then.
    pub(super) fn after(self, last: Option<Value>) -> Option<Value> {
        match last {
            Some(last) if last.handle() as usize >= self.at.index() => self.is_open.then_some(last),
            _ => Some(Value::of_handle(self.at.index() as u32)),
        }
    }
}
