//! A configuration of the walk.

use std::hash::{Hash, Hasher};

use super::items::Items;
use super::problem::{Crashed, NEVER, Problem, Window};
use super::{Act, End};

/// What happened so far, as far as it matters for what can happen next.
#[derive(Clone, Default)]
pub(super) struct Config {
    pub(super) items: Items,
    /// The bits of open operations that happened.
    done: u128,
    /// How many crashed operations of each kind happened.
    used: Vec<(Crashed, u32)>,
    /// How many of a value crashed takes took, as long as somebody may still ask for it.
    lost: Vec<(u32, u32)>,
    /// How many crashed operations happened altogether, since the start.
    pub(super) spent: u32,
    /// What speaks against it.
    pub(super) cost: u32,
    /// The configuration before this step, and what happened since: operations, with what those
    /// took that crashed.
    pub(super) node: u32,
    pub(super) moves: Vec<(u32, u32)>,
}

/// By what it leads to, not by where it comes from.
impl Hash for Config {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.items, self.done, &self.used).hash(state);
    }
}

impl Config {
    pub(super) fn new(problem: &Problem) -> Config {
        let mut config = Config::default();
        problem.initial.iter().for_each(|&value| config.items.put(value));
        config
    }

    /// Whether a completed operation that is open happened.
    pub(super) fn is_done(&self, problem: &Problem, at: u32) -> bool {
        self.done >> problem.bits[at as usize] & 1 == 1
    }

    /// Lets a completed operation happen, which fits.
    pub(super) fn happen(&mut self, problem: &Problem, at: u32) {
        match problem.op(at).act {
            Act::Put(value) => self.items.put(value),
            Act::Take(_, value) => self.items.take(value),
            Act::Peek(..) | Act::Empty | Act::TakeAny(_) | Act::PeekAny => {}
        }
        self.done |= 1 << problem.bits[at as usize];
        self.moves.push((at, NEVER));
    }

    fn used(&self, what: Crashed) -> u32 {
        let used = self.used.iter().find(|&&(other, _)| other == what);
        used.map_or(0, |&(_, count)| count)
    }

    /// How many that crashed may still do this, of those called before the one at `until`.
    pub(super) fn left(&self, problem: &Problem, what: Crashed, until: u32) -> u32 {
        problem.crashed_before(what, until).saturating_sub(self.used(what))
    }

    /// Lets an operation happen that crashed and was called before the one at `next`; false if
    /// there is none.
    fn crash(&mut self, problem: &Problem, what: Crashed, item: u32, next: u32) -> bool {
        let Some(at) = problem.crashed(what, self.used(what), next) else { return false };
        match self.used.binary_search_by_key(&what, |&(other, _)| other) {
            Ok(at) => self.used[at].1 += 1,
            Err(at) => self.used.insert(at, (what, 1)),
        }
        self.spent += 1;
        self.moves.push((at, item));
        true
    }

    /// Lets a crashed put happen.
    pub(super) fn put_crashed(&mut self, problem: &Problem, value: u32, next: u32) -> bool {
        let is_put = self.crash(problem, Crashed::Put(value), NEVER, next);
        if is_put {
            self.items.put(value);
        }
        is_put
    }

    /// Lets a take happen that crashed and takes `value`, which comes first at this end.
    pub(super) fn lose(&mut self, problem: &Problem, end: End, value: u32, next: u32) -> bool {
        let is_taken = self.crash(problem, Crashed::Take(end), value, next);
        if is_taken {
            self.items.take(value);
            match self.lost.iter_mut().find(|(other, _)| *other == value) {
                Some((_, count)) => *count += 1,
                None => self.lost.push((value, 1)),
            }
        }
        is_taken
    }

    /// How many of a value crashed takes took.
    pub(super) fn lost(&self, value: u32) -> i64 {
        let lost = self.lost.iter().find(|&&(other, _)| other == value);
        lost.map_or(0, |&(_, count)| count.into())
    }

    /// Forgets the operation that returns, and what nobody can need any more.
    pub(super) fn leave(&mut self, problem: &Problem, window: &Window) {
        let forced = window.forced(problem);
        self.done &= !(1 << problem.bits[forced as usize]);
        let op = problem.op(forced);
        let is_asked = |value: u32| problem.used_until[value as usize] > op.ret;
        self.lost.retain(|&(value, _)| is_asked(value));
        if let Act::Take(_, value) | Act::Peek(_, value) = op.act
            && problem.used_until[value as usize] == op.ret
        {
            self.used.retain(|&(what, _)| what != Crashed::Put(value));
        }
    }
}
