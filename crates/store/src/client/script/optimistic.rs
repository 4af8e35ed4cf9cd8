//! Moves money between accounts, each of which is a register, without locks: reads both, and writes
//! both at once if nothing has changed; else it begins again (Kung and Robinson 1981).

use super::{Given, Money, Step};
use crate::object::{Answer, Command, Expected};
use crate::origin::Stamp;
use crate::recording::Shown;
use crate::sim::Nanos;

/// Reads, works for a while, and commits.
#[derive(Debug)]
pub(in crate::client) struct Optimistic {
    pub(in crate::client) money: Money,
    pub(in crate::client) work: Nanos,
    /// Whether it only looks whether the first account has the balance that it had.
    pub(in crate::client) by_value: bool,
    pub(in crate::client) state: State,
}

/// What it did last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::client) enum State {
    Begun,
    Reading,
    Working { seen: [(i64, Stamp); 2] },
    Committing,
}

impl Optimistic {
    pub(super) fn step(&mut self, given: Given) -> Step {
        match (self.state, given) {
            (State::Begun, _) => {
                self.state = State::Reading;
                Step::call(self.money.cells[0], Command::ReadMany(self.money.cells.into()))
            }
            (State::Reading, Given::Answer(Answer::Cells(cells), _)) => {
                let seen = |at: usize| {
                    cells.get(at).map_or((0, Stamp::NONE), |cell| (cell.0.unwrap_or(0), cell.1))
                };
                let seen = [seen(0), seen(1)];
                if seen[0].0 < self.money.amount {
                    return Step::Done(Shown::Flag(false));
                }
                self.state = State::Working { seen };
                Step::Pause(self.work)
            }
            (State::Working { seen }, _) => {
                self.state = State::Committing;
                self.commit(seen)
            }
            (State::Committing, Given::Answer(answer, _)) if answer.is_refusal() => {
                self.state = State::Begun;
                Step::Again(self.work)
            }
            (State::Reading, _) => Step::Fail("the balances cannot be read"),
            (State::Committing, _) => Step::Done(self.money.output.clone()),
        }
    }

    fn commit(&self, [from, to]: [(i64, Stamp); 2]) -> Step {
        let [one, other] = self.money.cells;
        let versions = [(one, Expected::Version(from.1)), (other, Expected::Version(to.1))];
        let checks = if self.by_value {
            [(one, Expected::Value(Some(from.0)))].into()
        } else {
            versions.into()
        };
        let writes = [(one, from.0 - self.money.amount), (other, to.0 + self.money.amount)].into();
        Step::call(one, Command::Commit { checks, writes })
    }
}
