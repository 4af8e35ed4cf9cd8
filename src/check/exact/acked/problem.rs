//! The events of a history of a queue, by items.

use super::super::Timed;
use super::NONE;
use crate::history::hash::Map;
use crate::history::{Value, sort};
use crate::model::acked_queue::Op as Given;
use crate::model::items::Found;

/// What an operation does to the copies of its item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Act {
    Put,
    Ack,
    Nack,
    Take,
}

/// What an operation does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Does {
    /// Something to an item, by its number.
    On(u32, Act),
    /// Finds that nothing waits.
    Empty,
    /// Takes any item: it crashed.
    Any,
    /// Nothing, or nobody knows.
    Nothing,
}

/// An operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Op {
    pub(super) does: Does,
    /// Its ends among the events.
    pub(super) call: u32,
    pub(super) ret: u32,
    /// Its number among the operations that are open at the same time on the same item.
    slot: u8,
}

impl Op {
    pub(super) fn has_returned(&self) -> bool {
        self.ret != NONE
    }

    pub(super) fn bit(&self) -> u64 {
        1 << self.slot
    }
}

/// An item.
pub(super) struct Item {
    pub(super) handle: u32,
    /// So many copies wait at the start.
    pub(super) initial: u32,
    /// The ends of operations on it.
    pub(super) events: Vec<u32>,
    /// Which slots are taken.
    taken: u64,
}

/// A history of a queue.
#[derive(Default)]
pub(super) struct Problem {
    pub(super) ops: Vec<Op>,
    /// The ends of operations, in order, and whether they are returns.
    pub(super) events: Vec<(u32, bool)>,
    pub(super) items: Vec<Item>,
    /// The dequeues that crashed, by their calls.
    pub(super) crashed: Vec<u32>,
    numbers: Map<u32, u32>,
}

impl Problem {
    /// Reads operations; `None` if more than 64 are open on one item at once, or one that returned
    /// does not tell what it found.
    pub(super) fn new(initial: &[Value], operations: &[Timed<'_, Given>]) -> Option<Problem> {
        let mut problem = Problem::default();
        for &item in initial {
            let number = problem.number(item);
            problem.items[number as usize].initial += 1;
        }
        let mut ends: Vec<(u32, bool, u32)> = Vec::with_capacity(2 * operations.len());
        for (at, timed) in operations.iter().enumerate() {
            let does = problem.read(timed)?;
            problem.ops.push(Op { does, call: NONE, ret: NONE, slot: 0 });
            ends.push((timed.span.call.index() as u32, false, at as u32));
            if timed.has_returned() {
                ends.push((timed.span.ret.index() as u32, true, at as u32));
            }
        }
        sort::by(&mut ends, |&(rank, is_return, _)| 2 * u64::from(rank) + u64::from(is_return));
        for (at, is_return) in ends.into_iter().map(|(_, is_return, at)| (at, is_return)) {
            problem.end(at, is_return, operations[at as usize].has_returned())?;
        }
        Some(problem)
    }

    /// How many dequeues that crashed were called before an event.
    pub(super) fn crashed_before(&self, event: u32) -> u32 {
        self.crashed.partition_point(|&at| self.ops[at as usize].call < event) as u32
    }

    fn number(&mut self, item: Value) -> u32 {
        let handle = item.handle();
        *self.numbers.entry(handle).or_insert_with(|| {
            self.items.push(Item { handle, initial: 0, events: Vec::new(), taken: 0 });
            self.items.len() as u32 - 1
        })
    }

    fn read(&mut self, timed: &Timed<'_, Given>) -> Option<Does> {
        Some(match *timed.op {
            Given::Put(item) => Does::On(self.number(item), Act::Put),
            Given::Ack(item) => Does::On(self.number(item), Act::Ack),
            Given::Nack(item) => Does::On(self.number(item), Act::Nack),
            // One that crashed need not have happened.
            Given::Take(Found::Item(_) | Found::Empty) if !timed.has_returned() => Does::Nothing,
            Given::Take(Found::Item(item)) => Does::On(self.number(item), Act::Take),
            Given::Take(Found::Empty) => Does::Empty,
            Given::Take(Found::Any) if timed.has_returned() => return None,
            Given::Take(Found::Any) => Does::Any,
        })
    }

    /// Enters an end of an operation; `None` if no slot is left.
    fn end(&mut self, at: u32, is_return: bool, has_returned: bool) -> Option<()> {
        let now = self.events.len() as u32;
        self.events.push((at, is_return));
        let op = &mut self.ops[at as usize];
        *if is_return { &mut op.ret } else { &mut op.call } = now;
        match op.does {
            Does::On(number, _) => {
                let item = &mut self.items[number as usize];
                item.events.push(now);
                if is_return {
                    item.taken &= !op.bit();
                } else if has_returned {
                    let slot = item.taken.trailing_ones();
                    if slot == u64::BITS {
                        return None;
                    }
                    op.slot = slot as u8;
                    item.taken |= op.bit();
                }
            }
            Does::Any => self.crashed.push(at),
            Does::Empty | Does::Nothing => {}
        }
        Some(())
    }
}
