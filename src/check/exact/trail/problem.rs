//! Operations by their events, and the values that they lead from and to.

use super::{ABSENT, Act};
use crate::check::exact::Timed;
use crate::check::exact::ends::{End, Ends};
use crate::history::hash::Map;

/// No operation, no event, no value.
pub(super) const NONE: u32 = u32::MAX;

/// So many operations may be open at once: one for each bit of a set.
const WIDEST: usize = u128::BITS as usize;

/// An operation with its place in real time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Op {
    pub(super) act: Act,
    /// The number of the value that it has to find, and of the one that it leaves; [`NONE`] if
    /// that may be any.
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) call: u32,
    /// [`NONE`] if it crashed.
    pub(super) ret: u32,
    /// Of those that are open at once, each has another one.
    pub(super) bit: u128,
}

impl Op {
    pub(super) fn is_look(&self) -> bool {
        matches!(self.act, Act::Look(_))
    }
}

/// Crashed operations that do the same.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) act: Act,
    /// Their calls, and their positions.
    pub(super) calls: Vec<u32>,
    pub(super) ops: Vec<u32>,
}

/// What is known of a value: when it is reached and left by operations that return. Looks are
/// neither.
#[derive(Clone, Default, Debug)]
pub(super) struct Value {
    pub(super) value: i64,
    /// The class of crashed puts of it; [`NONE`] if there is none.
    pub(super) put: u32,
    /// The returns and calls of those that leave it, by their returns.
    pub(super) leave: Vec<(u32, u32)>,
    /// The same of those that found another value, and lead to this one.
    pub(super) reach: Vec<(u32, u32)>,
    /// The calls of those that leave it, and of those that lead to it, whatever they found.
    pub(super) leaves: Vec<u32>,
    pub(super) reaches: Vec<u32>,
}

/// What is walked over. Operations are named by their positions among those that were given.
pub(super) struct Problem {
    pub(super) ops: Vec<Op>,
    pub(super) events: Vec<End>,
    pub(super) values: Vec<Value>,
    numbers: Map<i64, u32>,
    pub(super) classes: Vec<Class>,
    kinds: Map<Act, u32>,
    /// What crashed operations add, and their classes.
    pub(super) adds: Vec<(i64, u32)>,
    /// How many lead from one value to another.
    pub(super) moves: usize,
}

impl Problem {
    /// `None` if an operation does something else, or too many are open at once.
    pub(super) fn read<Given>(
        operations: &[Timed<'_, Given>],
        act: impl Fn(&Given) -> Option<Act>,
    ) -> Option<Problem> {
        let mut problem = Problem {
            ops: Vec::with_capacity(operations.len()),
            events: Vec::with_capacity(2 * operations.len()),
            values: Vec::new(),
            numbers: Map::default(),
            classes: Vec::new(),
            kinds: Map::default(),
            adds: Vec::new(),
            moves: 0,
        };
        for Timed { op, span } in operations {
            let act = match act(op)? {
                Act::Move(from, to) if from == to => Act::Look(from),
                act => act,
            };
            let (from, to) = match act {
                _ if !span.has_returned() => (NONE, NONE),
                Act::Look(value) => (problem.number(value), NONE),
                Act::Move(from, to) => (problem.number(from), problem.number(to)),
                Act::Put(value) => (NONE, problem.number(value)),
                Act::Add(_) => (NONE, NONE),
            };
            problem.moves += usize::from(from != NONE && to != NONE);
            problem.ops.push(Op { act, from, to, call: NONE, ret: NONE, bit: 0 });
        }
        problem.place(operations)?;
        problem.sort_in()?;
        Some(problem)
    }

    /// The number of a value, which is made if there is none.
    fn number(&mut self, value: i64) -> u32 {
        let new = self.values.len() as u32;
        let number = *self.numbers.entry(value).or_insert(new);
        if number == new {
            self.values.push(Value { value, put: NONE, ..Value::default() });
        }
        number
    }

    /// The number of a value; [`NONE`] if no operation has to find it or leads to it alone.
    pub(super) fn number_of(&self, value: i64) -> u32 {
        self.numbers.get(&value).copied().unwrap_or(NONE)
    }

    /// The number of a class.
    pub(super) fn class(&self, act: Act) -> Option<u32> {
        self.kinds.get(&act).copied()
    }

    /// Numbers the events, and gives bits to the operations.
    fn place<Given>(&mut self, operations: &[Timed<'_, Given>]) -> Option<()> {
        let mut free: Vec<u32> = (0..WIDEST as u32).rev().collect();
        for (event, end) in (0..).zip(Ends::of(operations)) {
            match end {
                End::Call(at) => {
                    let op = &mut self.ops[at as usize];
                    op.call = event;
                    if operations[at as usize].has_returned() {
                        op.bit = 1 << free.pop()?;
                    }
                }
                End::Return(at) => {
                    let op = &mut self.ops[at as usize];
                    op.ret = event;
                    free.push(op.bit.trailing_zeros());
                }
            }
            self.events.push(end);
        }
        Some(())
    }

    /// Notes when values are reached and left, and who crashed.
    fn sort_in(&mut self) -> Option<()> {
        for (at, &Op { act, from, to, call, ret, .. }) in (0..).zip(&self.ops) {
            if ret == NONE {
                match act {
                    Act::Look(_) | Act::Add(0) => continue,
                    Act::Add(_) | Act::Put(_) => {}
                    // Whether it did anything depends on what it found.
                    Act::Move(..) => return None,
                }
                let new = self.classes.len() as u32;
                let class = *self.kinds.entry(act).or_insert(new);
                if class == new {
                    self.classes.push(Class { act, calls: Vec::new(), ops: Vec::new() });
                    match act {
                        Act::Add(by) => self.adds.push((by, class)),
                        Act::Put(value) => {
                            let number = self.numbers.get(&value);
                            if let Some(&number) = number {
                                self.values[number as usize].put = class;
                            }
                        }
                        Act::Look(_) | Act::Move(..) => {}
                    }
                }
                let class = &mut self.classes[class as usize];
                class.calls.push(call);
                class.ops.push(at);
                continue;
            }
            if to == NONE {
                continue;
            }
            if from != NONE {
                let value = &mut self.values[from as usize];
                value.leave.push((ret, call));
                value.leaves.push(call);
                self.values[to as usize].reach.push((ret, call));
            }
            self.values[to as usize].reaches.push(call);
        }
        for value in &mut self.values {
            value.leave.sort_unstable();
            value.reach.sort_unstable();
        }
        Some(())
    }

    /// The value that `act` leaves after `value`; `None` if it has to find another.
    pub(super) fn after(value: i64, act: Act) -> Option<i64> {
        match act {
            Act::Look(found) => (found == value).then_some(value),
            Act::Move(from, to) => (from == value || (from == 0 && value == ABSENT)).then_some(to),
            Act::Add(0) => Some(value),
            Act::Add(by) if value == ABSENT => Some(by),
            Act::Add(by) => value.checked_add(by).filter(|&sum| sum != ABSENT),
            Act::Put(put) => Some(put),
        }
    }
}
