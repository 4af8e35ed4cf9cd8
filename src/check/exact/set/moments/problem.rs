//! The events of a history of a set, by elements.

use super::super::super::Timed;
use super::super::act::{Act, act};
use super::NONE;
use crate::history::hash::Map;
use crate::history::{Rank, Value, sort};
use crate::model::set::{Contents, Op};

/// What an operation does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Does {
    On {
        element: u32,
        act: Act,
    },
    /// Reads the whole: the number of the read.
    Whole(u32),
    /// Changes nothing, and tells nothing.
    Nothing,
}

/// An operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) does: Does,
    /// Its ends among the events.
    pub(super) call: u32,
    pub(super) ret: u32,
    /// Its number among the operations that are open at the same time on the same element, or among
    /// the reads of the whole.
    pub(super) slot: u8,
}

impl Item {
    pub(super) fn has_returned(&self) -> bool {
        self.ret != NONE
    }

    pub(super) fn bit(&self) -> u64 {
        1 << self.slot
    }
}

/// A read of the whole that returned.
pub(super) struct Read {
    pub(super) at: u32,
    /// Ascending.
    pub(super) elements: Vec<u32>,
}

/// An element.
#[derive(Default)]
pub(super) struct Element {
    /// Whether it is there at the start.
    pub(super) is_initial: bool,
    /// The ends of operations on it.
    pub(super) events: Vec<u32>,
    /// The calls of those that can flip it, by what they make of it.
    pub(super) changes: [Vec<u32>; 2],
    /// The last event of an operation on it, or of a read with it.
    pub(super) quiet: u32,
    /// Which slots are taken.
    taken: u64,
}

/// A history of a set.
#[derive(Default)]
pub(super) struct Problem {
    pub(super) items: Vec<Item>,
    /// The ends of operations, in order, and whether they are returns.
    pub(super) events: Vec<(u32, bool)>,
    pub(super) elements: Vec<Element>,
    pub(super) reads: Vec<Read>,
    numbers: Map<u32, u32>,
}

impl Problem {
    /// Reads what is known of `operations` by `horizon`; `None` if too many of them are open at
    /// once.
    pub(super) fn until(
        initial: &Contents,
        operations: &[Timed<'_, Op>],
        horizon: Rank,
    ) -> Option<Problem> {
        let mut problem = Problem::default();
        for (handle, ()) in initial.iter() {
            let number = problem.number(Value::of_handle(handle as u32));
            problem.elements[number as usize].is_initial = true;
        }
        let mut ends: Vec<(u32, bool, u32)> = Vec::with_capacity(2 * operations.len());
        for (at, timed) in operations.iter().enumerate() {
            let has_returned = timed.has_returned() && timed.span.ret <= horizon;
            let is_known = timed.span.call <= horizon;
            let does =
                if is_known { problem.read(at as u32, timed, has_returned) } else { Does::Nothing };
            problem.items.push(Item { does, call: NONE, ret: NONE, slot: 0 });
            if is_known {
                ends.push((timed.span.call.index() as u32, false, at as u32));
            }
            if has_returned {
                ends.push((timed.span.ret.index() as u32, true, at as u32));
            }
        }
        sort::by(&mut ends, |&(rank, is_return, _)| 2 * u64::from(rank) + u64::from(is_return));
        let mut taken_by_reads = 0;
        for (now, &(_, is_return, at)) in ends.iter().enumerate() {
            problem.events.push((at, is_return));
            let span = operations[at as usize].span;
            let has_returned = span.has_returned() && span.ret <= horizon;
            problem.end(now as u32, (at, is_return), has_returned, &mut taken_by_reads)?;
        }
        Some(problem)
    }

    fn number(&mut self, element: Value) -> u32 {
        *self.numbers.entry(element.handle()).or_insert_with(|| {
            self.elements.push(Element::default());
            self.elements.len() as u32 - 1
        })
    }

    fn read(&mut self, at: u32, timed: &Timed<'_, Op>, has_returned: bool) -> Does {
        // What it will tell is not known yet.
        let is_open = timed.has_returned() && !has_returned;
        let (element, act) = match timed.op {
            Op::Read(Some(listing)) if has_returned => {
                let mut elements: Vec<u32> = listing.iter().map(|it| self.number(it)).collect();
                elements.sort_unstable();
                self.reads.push(Read { at, elements });
                return Does::Whole(self.reads.len() as u32 - 1);
            }
            Op::Add(element, _) if is_open => (*element, Act::Set { to: true }),
            Op::Remove(element, _) if is_open => (*element, Act::Set { to: false }),
            op => match act(op) {
                None | Some((_, Act::Any)) => return Does::Nothing,
                Some((_, Act::See(_))) if !has_returned => return Does::Nothing,
                Some((handle, act)) => (Value::of_handle(handle), act),
            },
        };
        Does::On { element: self.number(element), act }
    }

    /// Enters an end of an operation; `None` if no slot is left.
    fn end(
        &mut self,
        now: u32,
        (at, is_return): (u32, bool),
        has_returned: bool,
        taken_by_reads: &mut u64,
    ) -> Option<()> {
        let item = &mut self.items[at as usize];
        *if is_return { &mut item.ret } else { &mut item.call } = now;
        let taken = match item.does {
            Does::Nothing => return Some(()),
            Does::Whole(read) => {
                for &element in &self.reads[read as usize].elements {
                    self.elements[element as usize].quiet = now;
                }
                taken_by_reads
            }
            Does::On { element, act } => {
                let element = &mut self.elements[element as usize];
                element.quiet = now;
                element.events.push(now);
                if let (Act::Set { to } | Act::Flip { to }, false) = (act, is_return) {
                    element.changes[usize::from(to)].push(now);
                }
                &mut element.taken
            }
        };
        if is_return {
            *taken &= !item.bit();
        } else if has_returned {
            let slot = taken.trailing_ones();
            if slot == u64::BITS {
                return None;
            }
            item.slot = slot as u8;
            *taken |= item.bit();
        }
        Some(())
    }
}
