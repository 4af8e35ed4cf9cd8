//! Moves money between accounts, each of which is a register, in steps: reads both balances, and
//! writes both.

use super::{Given, Guards, Step};
use crate::keys;
use crate::knobs::Knobs;
use crate::object::Command;
use crate::recording::Shown;
use crate::sim::Nanos;

/// Looks whether there is enough, works for a while, and moves the money.
#[derive(Debug)]
pub(in crate::client) struct Transfer {
    money: Money,
    work: Nanos,
    guards: Guards,
    order: Order,
    state: State,
    /// The balances that were read.
    seen: [i64; 2],
}

/// The money that an operation moves.
#[derive(Debug)]
pub(in crate::client) struct Money {
    /// The registers of the account from which and of that to which it goes.
    pub(in crate::client) cells: [u32; 2],
    pub(in crate::client) amount: i64,
    /// What the operation returns if it is moved.
    pub(in crate::client) output: Shown,
}

/// When locks are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::client) enum Order {
    /// Never.
    Unlocked,
    /// All of them first.
    First,
    /// Each one when it is needed.
    AsNeeded,
}

/// What it does, or did last.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// It takes locks, after which it reads the balance of the account at this place.
    Guarding(usize),
    Reading(usize),
    Working,
    Writing(usize),
    Releasing,
}

impl Transfer {
    /// A transfer by `owner`, which takes the locks of both accounts in this `order`.
    pub(in crate::client) fn new(
        knobs: &Knobs,
        owner: u32,
        order: Order,
        money: Money,
    ) -> Transfer {
        let mut locks = money.cells.map(keys::guard).to_vec();
        if order == Order::First {
            locks.sort_unstable();
        }
        let guards = Guards::new(knobs, owner, locks);
        let state = State::Guarding(0);
        Transfer { money, work: knobs.work, guards, order, state, seen: [0; 2] }
    }

    pub(super) fn step(&mut self, given: Given) -> Step {
        match (self.state, given) {
            (State::Guarding(at), given) => self.guarded_read(at, &given),
            (State::Reading(at), Given::Answer(answer, _)) => {
                self.seen[at] = answer.value().unwrap_or(0);
                self.has_read(at)
            }
            (State::Working, _) if self.order == Order::AsNeeded => {
                self.state = State::Guarding(1);
                self.guarded_read(1, &Given::Nothing)
            }
            (State::Working | State::Reading(_), _) => self.write(0),
            (State::Writing(0), _) => self.write(1),
            (State::Writing(_) | State::Releasing, _) => self.release(),
        }
    }

    /// Reads a balance, once it has the locks that it needs for that.
    fn guarded_read(&mut self, at: usize, given: &Given) -> Step {
        let locks = match self.order {
            Order::Unlocked => 0,
            Order::First => usize::MAX,
            Order::AsNeeded => at + 1,
        };
        if let Some(step) = self.guards.take(locks, given) {
            return step;
        }
        self.state = State::Reading(at);
        Step::call(self.money.cells[at], Command::Read)
    }

    /// It has read a balance. Whoever takes locks as they are needed works before the other one.
    fn has_read(&mut self, at: usize) -> Step {
        if at == 0 && self.seen[0] < self.money.amount {
            self.money.output = Shown::Flag(false);
            return self.release();
        }
        match (at, self.order) {
            (0, Order::Unlocked | Order::First) => {
                self.state = State::Reading(1);
                Step::call(self.money.cells[1], Command::Read)
            }
            (0, Order::AsNeeded) | (_, Order::Unlocked | Order::First) => {
                self.state = State::Working;
                Step::Pause(self.work)
            }
            (_, Order::AsNeeded) => self.write(0),
        }
    }

    fn write(&mut self, at: usize) -> Step {
        self.state = State::Writing(at);
        let balance = self.seen[at] + if at == 0 { -self.money.amount } else { self.money.amount };
        Step::call(self.money.cells[at], Command::Write(balance))
    }

    fn release(&mut self) -> Step {
        self.state = State::Releasing;
        self.guards.release().unwrap_or_else(|| Step::Done(self.money.output.clone()))
    }
}
