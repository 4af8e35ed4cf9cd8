//! Operations by the steps of the walk, the values that they name, and those that crashed.

use super::{Act, End, Op};
use crate::history::hash::Map;
use crate::history::sort;

/// An operation that never returned returns then.
pub(super) const NEVER: u32 = u32::MAX;

/// So many completed operations may be open at once: those done have a bit each.
const MOST_OPEN: u32 = 128;

/// What operations did, as the walk sees it. Values are numbers in the order of their priorities.
pub(super) struct Problem {
    /// In the order of their calls, as they were given.
    pub(super) ops: Vec<Op<u32>>,
    /// What is there before the first operation.
    pub(super) initial: Vec<u32>,
    /// Of each value the number of its priority.
    pub(super) ranks: Vec<u32>,
    /// Completed operations by their returns: the steps of the walk.
    pub(super) returns: Vec<u32>,
    /// The bit of each completed operation; no two have one that are open at once.
    pub(super) bits: Vec<u8>,
    /// Of each operation the first that is called after its return.
    after: Vec<u32>,
    /// Of each value its puts that returned, and its takes and peeks, by their calls.
    pub(super) puts: Vec<Vec<u32>>,
    pub(super) uses: Vec<Vec<u32>>,
    /// The last return of a take or peek of each value.
    pub(super) used_until: Vec<u32>,
    /// Of each value the returns of its takes, with how many of it may be lost before all that
    /// return from then on miss one.
    spare: Vec<Vec<(u32, i64)>>,
    /// Those that crashed, by what they do, and by their calls.
    crashed: Map<Crashed, Vec<u32>>,
}

/// What operations do that crashed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Crashed {
    Put(u32),
    Take(End),
}

impl Problem {
    /// Reads operations, which are in the order of their calls; `None` if too many are open at
    /// once, or a completed take does not tell what it found.
    pub(super) fn new(initial: &[u128], given: &[Op<u128>]) -> Option<Problem> {
        let mut keys: Vec<u128> = given.iter().filter_map(|op| op.act.value()).collect();
        keys.extend(initial);
        keys.sort_unstable();
        keys.dedup();
        let number = |key: u128| keys.partition_point(|&other| other < key) as u32;
        let ops: Vec<Op<u32>> = given.iter().map(|op| op.numbered(number)).collect();
        let mut problem = Problem {
            initial: initial.iter().map(|&key| number(key)).collect(),
            ranks: ranks(&keys),
            returns: Vec::new(),
            bits: vec![0; ops.len()],
            after: vec![NEVER; ops.len()],
            puts: vec![Vec::new(); keys.len()],
            uses: vec![Vec::new(); keys.len()],
            used_until: vec![0; keys.len()],
            spare: vec![Vec::new(); keys.len()],
            crashed: Map::default(),
            ops,
        };
        problem.sort_out()?;
        problem.give_bits()?;
        problem.count_spare();
        Some(problem)
    }

    /// Finds who does what.
    fn sort_out(&mut self) -> Option<()> {
        for (at, op) in (0..).zip(&self.ops) {
            if op.ret != NEVER {
                self.returns.push(at);
            }
            match op.act {
                Act::Put(value) if op.ret != NEVER => self.puts[value as usize].push(at),
                Act::Put(value) => {
                    self.crashed.entry(Crashed::Put(value)).or_default().push(at);
                }
                Act::Take(_, value) | Act::Peek(_, value) if op.ret != NEVER => {
                    self.uses[value as usize].push(at);
                    let until = &mut self.used_until[value as usize];
                    *until = op.ret.max(*until);
                }
                Act::TakeAny(_) if op.ret != NEVER => return None,
                Act::TakeAny(end) => {
                    self.crashed.entry(Crashed::Take(end)).or_default().push(at);
                }
                // One that crashed need not have happened.
                Act::Take(..) | Act::Peek(..) | Act::Empty | Act::PeekAny => {}
            }
        }
        let ops = &self.ops;
        sort::by(&mut self.returns, |&at| ops[at as usize].ret);
        Some(())
    }

    fn give_bits(&mut self) -> Option<()> {
        let mut free = u128::MAX;
        let mut calls = (0_u32..).zip(&self.ops).peekable();
        for &at in &self.returns {
            let ret = self.ops[at as usize].ret;
            while let Some((called, op)) = calls.next_if(|(_, op)| op.call < ret) {
                if op.ret == NEVER {
                    continue;
                }
                let bit = free.trailing_zeros();
                if bit >= MOST_OPEN {
                    return None;
                }
                free &= !(1 << bit);
                self.bits[called as usize] = bit as u8;
            }
            free |= 1 << self.bits[at as usize];
            self.after[at as usize] = calls.peek().map_or(NEVER, |&(next, _)| next);
        }
        Some(())
    }

    /// Counts how many of each value are called to be put in before each take of it returns, and
    /// how many takes have returned by then.
    fn count_spare(&mut self) {
        let mut initial = vec![0_i64; self.spare.len()];
        self.initial.iter().for_each(|&value| initial[value as usize] += 1);
        for &at in &self.returns {
            let op = self.op(at);
            let Act::Take(_, value) = op.act else { continue };
            let until = self.after(at);
            let puts = called(&self.puts[value as usize], 0, until).len() as i64;
            let crashed = i64::from(self.crashed_before(Crashed::Put(value), until));
            let list = &mut self.spare[value as usize];
            let there = initial[value as usize] + puts + crashed;
            list.push((op.ret, there - list.len() as i64 - 1));
        }
        for list in &mut self.spare {
            let mut least = i64::MAX;
            for (_, spare) in list.iter_mut().rev() {
                least = least.min(*spare);
                *spare = least;
            }
        }
    }

    /// How many of a value may be lost altogether, if one is lost before the return `ret`.
    pub(super) fn spare(&self, value: u32, ret: u32) -> i64 {
        let list = &self.spare[value as usize];
        let at = list.partition_point(|&(other, _)| other < ret);
        list.get(at).map_or(i64::MAX, |&(_, spare)| spare)
    }

    pub(super) fn op(&self, at: u32) -> Op<u32> {
        self.ops[at as usize]
    }

    /// The first operation that is called after the return of the one at `at`.
    pub(super) fn after(&self, at: u32) -> u32 {
        self.after[at as usize]
    }

    /// The crashed operation that does this, after so many others that do the same, if it is
    /// called before the one at `until`.
    pub(super) fn crashed(&self, what: Crashed, used: u32, until: u32) -> Option<u32> {
        let at = *self.crashed.get(&what)?.get(used as usize)?;
        (at < until).then_some(at)
    }

    /// How many crashed operations do this that are called before the one at `until`.
    pub(super) fn crashed_before(&self, what: Crashed, until: u32) -> u32 {
        let list = self.crashed.get(&what);
        list.map_or(0, |list| list.partition_point(|&at| at < until) as u32)
    }
}

/// Those of `list`, by their calls, that are called from the one at `from` on and before the one
/// at `until`.
pub(super) fn called(list: &[u32], from: u32, until: u32) -> &[u32] {
    let start = list.partition_point(|&at| at < from);
    let count = list[start..].partition_point(|&at| at < until);
    &list[start..start + count]
}

/// Of each key, which are sorted, the number of its priority: the upper part of the key.
fn ranks(keys: &[u128]) -> Vec<u32> {
    let mut rank = 0;
    let mut before = None;
    keys.iter()
        .map(|key| {
            let priority = Some(key >> 32);
            rank += u32::from(before.is_some() && before != priority);
            before = priority;
            rank
        })
        .collect()
}

/// A step of the walk: the return that comes next, and who is open.
#[derive(Clone)]
pub(super) struct Window {
    pub(super) step: usize,
    /// Completed operations that are called and did not return before, by their returns.
    pub(super) open: Vec<u32>,
    /// The first that is not called yet.
    pub(super) next: u32,
}

impl Window {
    pub(super) fn new(problem: &Problem) -> Window {
        let mut window = Window { step: 0, open: Vec::new(), next: 0 };
        window.call(problem);
        window
    }

    /// The operation that returns next.
    pub(super) fn forced(&self, problem: &Problem) -> u32 {
        problem.returns[self.step]
    }

    /// Goes on to the next return.
    pub(super) fn advance(&mut self, problem: &Problem) {
        let forced = self.forced(problem);
        self.open.retain(|&at| at != forced);
        self.step += 1;
        self.call(problem);
    }

    fn call(&mut self, problem: &Problem) {
        let Some(&forced) = problem.returns.get(self.step) else { return };
        let next = problem.after(forced).min(problem.ops.len() as u32);
        for called in self.next..next {
            let ret = problem.op(called).ret;
            if ret != NEVER {
                let at = self.open.partition_point(|&other| problem.op(other).ret < ret);
                self.open.insert(at, called);
            }
        }
        self.next = next;
    }
}
