//! Operations that returned, and what is left of them while some are chosen one after the other.

use super::NONE;
use crate::check::exact::values::Act;

/// A completed operation, or one that may have happened.
#[derive(Clone, Copy)]
pub(super) struct Op {
    pub(super) at: u32,
    pub(super) act: Act,
    pub(super) call: u32,
    pub(super) ret: u32,
}

/// Operations that returned, by their calls.
pub(super) struct Ops {
    pub(super) list: Vec<Op>,
    /// The sum of the returns of those before each, and of so many that return first.
    pub(super) sums: Vec<u64>,
    pub(super) earliest: Vec<u64>,
}

impl Ops {
    pub(super) fn new(list: Vec<Op>) -> Ops {
        let sums = |returns: &[u32]| {
            let sum = |sum: &mut u64, &ret: &u32| {
                *sum += u64::from(ret);
                Some(*sum)
            };
            [0].into_iter().chain(returns.iter().scan(0, sum)).collect::<Vec<u64>>()
        };
        let mut returns: Vec<u32> = list.iter().map(|op| op.ret).collect();
        let by_call = sums(&returns);
        returns.sort_unstable();
        let earliest = sums(&returns);
        Ops { list, sums: by_call, earliest }
    }
}

/// What is left of some operations that follow each other in the order of their calls.
#[derive(Clone, Hash, PartialEq, Eq, Default)]
pub(super) struct Side {
    /// The first that was not called by the time of the next return.
    pub(super) next: u32,
    /// Those before it that are not chosen yet, by their calls.
    pub(super) open: Vec<u32>,
}

impl Side {
    /// Takes over all that are called before the first return of those open. Any of them may be
    /// the next, and no other can.
    pub(super) fn fill(&mut self, ops: &[Op]) {
        let mut first = self.first_return(ops);
        while let Some(op) = ops.get(self.next as usize).filter(|op| op.call < first) {
            first = first.min(op.ret);
            self.open.push(self.next);
            self.next += 1;
        }
    }

    pub(super) fn first_return(&self, ops: &[Op]) -> u32 {
        self.open.iter().map(|&op| ops[op as usize].ret).min().unwrap_or(NONE)
    }

    pub(super) fn remove(&mut self, op: u32) {
        self.open.retain(|&other| other != op);
    }

    pub(super) fn is_over(&self, ops: &[Op]) -> bool {
        self.open.is_empty() && self.next as usize == ops.len()
    }

    /// How much later those return that are chosen than as many that return first.
    pub(super) fn lateness(&self, ops: &Ops) -> u64 {
        let open: u64 = self.open.iter().map(|&op| u64::from(ops.list[op as usize].ret)).sum();
        let chosen = self.next as usize - self.open.len();
        ops.sums[self.next as usize] - open - ops.earliest[chosen]
    }
}

/// Whether no other of those open does the same, is called earlier and returns earlier.
pub(super) fn is_best(open: &[u32], op: u32, ops: &[Op]) -> bool {
    let own = ops[op as usize];
    !open.iter().any(|&other| {
        let other = ops[other as usize];
        other.act == own.act && other.call < own.call && other.ret < own.ret
    })
}
