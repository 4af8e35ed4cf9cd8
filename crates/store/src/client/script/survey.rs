//! Reads the balances of all accounts, each of which is a register.

use super::{Given, Guards, Step, balances};
use crate::object::{Answer, Command};

/// Reads several registers.
#[derive(Debug)]
pub(in crate::client) struct Survey {
    /// The registers, in the order of the accounts.
    cells: Vec<u32>,
    how: How,
    state: State,
    /// What it read so far.
    seen: Vec<i64>,
}

/// How several registers are read.
#[derive(Debug)]
pub(in crate::client) enum How {
    /// By one call, at one time.
    AtOnce,
    /// One after the other.
    EachForItself,
    /// The same, with the locks of all of them.
    Locked(Guards),
}

/// What it did last.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Guarding,
    Reading,
    Releasing,
}

impl Survey {
    pub(in crate::client) fn new(cells: Vec<u32>, how: How) -> Survey {
        Survey { cells, how, state: State::Guarding, seen: Vec::new() }
    }

    pub(super) fn step(&mut self, given: Given) -> Step {
        match (self.state, given) {
            (State::Guarding, given) => {
                if let How::Locked(guards) = &mut self.how
                    && let Some(step) = guards.take(usize::MAX, &given)
                {
                    return step;
                }
                self.state = State::Reading;
                self.read()
            }
            (State::Reading, Given::Answer(Answer::Cells(cells), _)) => {
                self.seen = cells.iter().map(|cell| cell.0.unwrap_or(0)).collect();
                self.release()
            }
            (State::Reading, Given::Answer(answer, _)) => {
                self.seen.push(answer.value().unwrap_or(0));
                self.read()
            }
            (State::Reading | State::Releasing, _) => self.release(),
        }
    }

    /// Reads the next register, or all of them.
    fn read(&mut self) -> Step {
        if matches!(self.how, How::AtOnce) {
            return Step::call(self.cells[0], Command::ReadMany(self.cells.as_slice().into()));
        }
        match self.cells.get(self.seen.len()) {
            Some(&cell) => Step::call(cell, Command::Read),
            None => self.release(),
        }
    }

    fn release(&mut self) -> Step {
        self.state = State::Releasing;
        let next = match &mut self.how {
            How::Locked(guards) => guards.release(),
            How::AtOnce | How::EachForItself => None,
        };
        next.unwrap_or_else(|| Step::Done(balances(&self.seen)))
    }
}
