//! What is known of what comes: whether an operation had better wait, whether a configuration is
//! lost, and how well it is prepared.

use super::config::Config;
use super::problem::{Crashed, NEVER, Problem, Window, called};
use super::{Act, End, Op};

/// What it costs that an operation happened that crashed, and that something is in the way of one
/// that is open.
const CRASHED: u32 = 64;
const OBSTACLE: u32 = 16;

/// So many obstacles count for each.
const MOST_OBSTACLES: usize = 8;

/// Whether a take had better wait.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Wait {
    /// Nobody else needs what it takes.
    No,
    /// Somebody may find it who returns earlier, or peeks at it.
    Perhaps,
    /// Somebody must.
    Yes,
}

/// A configuration at a step of the walk.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    pub(super) problem: &'a Problem,
    pub(super) window: &'a Window,
    pub(super) config: &'a Config,
}

impl Sight<'_> {
    /// The open operations that did not happen.
    pub(super) fn open(&self) -> impl Iterator<Item = u32> {
        let is_left = |at: &u32| !self.config.is_done(self.problem, *at);
        self.window.open.iter().copied().filter(is_left)
    }

    /// How many operations that did not happen are `wanted`, of those called before the one at
    /// `until`; those that are not called yet are in `list`.
    fn count(&self, list: &[u32], until: u32, wanted: impl Fn(Op<u32>) -> bool) -> u32 {
        let Sight { problem, window, .. } = self;
        let left = self.open().filter(|&at| wanted(problem.op(at))).count();
        let called = called(list, window.next, until).iter();
        (left + called.filter(|&&at| wanted(problem.op(at))).count()) as u32
    }

    /// How many puts of a value may still happen, of those called before the one at `until` and
    /// without those that crashed.
    fn puts(&self, value: u32, until: u32) -> u32 {
        let Sight { problem, window, .. } = self;
        let left = self.open().filter(|&at| problem.op(at).act == Act::Put(value)).count();
        (left + called(&problem.puts[value as usize], window.next, until).len()) as u32
    }

    /// The open put of a value that returns first.
    pub(super) fn next_put(&self, value: u32) -> Option<u32> {
        self.open().find(|&at| self.problem.op(at).act == Act::Put(value))
    }

    /// Whether an open take waits for a value.
    pub(super) fn is_awaited(&self, value: u32) -> bool {
        self.open().any(|at| self.problem.op(at).act.takes(value))
    }

    /// Whether a value that is there must not be lost: so many are not put in that takes of it find
    /// others, or it is the last of its kind, and somebody still asks for it.
    pub(super) fn is_needed(&self, value: u32) -> bool {
        let now = self.problem.op(self.window.forced(self.problem)).ret;
        if self.config.lost(value) >= self.problem.spare(value, now) {
            return true;
        }
        self.config.items.count(value) == 1
            && self.count(&self.problem.uses[value as usize], NEVER, |op| op.act.finds(value)) > 0
            && self.puts(value, NEVER) == 0
            && self.config.left(self.problem, Crashed::Put(value), NEVER) == 0
    }

    /// Whether the open take at `take` had better leave a value, of which so many are there, to
    /// others: takes that return earlier, and peeks.
    pub(super) fn wait(&self, take: u32, value: u32, there: u32) -> Wait {
        let problem = self.problem;
        let own = problem.op(take).ret;
        let (mut takes, mut peeks, mut last) = (0, 0, 0);
        let mut ask = |at: u32| {
            let op = problem.op(at);
            match op.act {
                Act::Take(..) if op.ret < own => takes += 1,
                Act::Peek(..) => peeks = 1,
                _ => return,
            }
            last = problem.after(at).max(last);
        };
        let uses = &problem.uses[value as usize];
        let is_other = |at: &u32| *at != take && problem.op(*at).act.finds(value);
        self.open().filter(is_other).for_each(&mut ask);
        let until = problem.after(take);
        called(uses, self.window.next, until).iter().for_each(|&at| ask(at));
        let asked = takes + peeks;
        if asked == 0 || asked < there {
            return Wait::No;
        }
        let may_come = asked < there + self.puts(value, last)
            || problem.crashed_before(Crashed::Put(value), NEVER) > 0;
        if may_come { Wait::Perhaps } else { Wait::Yes }
    }

    /// Whether a put that returns before `put` may do as well for `take`.
    pub(super) fn wait_for_put(&self, take: u32, put: u32, value: u32) -> Wait {
        let problem = self.problem;
        let forced = self.window.forced(problem);
        if take == forced || put == forced {
            return Wait::No;
        }
        let ret = problem.op(put).ret;
        let puts = &problem.puts[value as usize];
        let called = called(puts, self.window.next, problem.after(take));
        let is_better = called.iter().any(|&at| problem.op(at).ret < ret);
        if is_better { Wait::Perhaps } else { Wait::No }
    }

    /// What speaks against the configuration; `None` if it is lost. `found` is scratch.
    pub(super) fn cost(&self, found: &mut Vec<u32>) -> Option<u32> {
        let Sight { problem, config, .. } = self;
        let mut cost = CRASHED * config.spent + config.items.len();
        for at in self.open() {
            let act = problem.op(at).act;
            if matches!(act, Act::Put(_)) {
                continue;
            }
            let is_missing = config.items.obstacles(act, &problem.ranks, found);
            if self.is_short(at) || self.is_lost(at, is_missing, found) {
                return None;
            }
            cost += OBSTACLE * found.len().min(MOST_OBSTACLES) as u32;
        }
        Some(cost)
    }

    /// Whether more takes of a value have to come by the return of the open take `at` than may
    /// find one.
    fn is_short(&self, at: u32) -> bool {
        let Sight { problem, config, .. } = self;
        let Act::Take(_, value) = problem.op(at).act else { return false };
        let (until, ret) = (problem.after(at), problem.op(at).ret);
        let there = config.items.count(value)
            + self.puts(value, until)
            + config.left(problem, Crashed::Put(value), until);
        let uses = &problem.uses[value as usize];
        let is_earlier = |op: Op<u32>| op.ret <= ret && op.act.takes(value);
        self.count(uses, until, is_earlier) > there
    }

    /// Whether the open operation `at` can no longer become legal, given what is in its way and
    /// whether a value is missing.
    fn is_lost(&self, at: u32, is_missing: bool, obstacles: &[u32]) -> bool {
        let Sight { problem, config, .. } = self;
        let until = problem.after(at);
        if is_missing
            && let Act::Take(_, value) | Act::Peek(_, value) = problem.op(at).act
            && self.puts(value, until) == 0
            && config.left(problem, Crashed::Put(value), until) == 0
        {
            return true;
        }
        let mut lost = 0;
        for group in obstacles.chunk_by(|a, b| a == b) {
            let value = group[0];
            let uses = &problem.uses[value as usize];
            let takes = self.count(uses, until, |op| op.act.takes(value));
            lost += (group.len() as u32).saturating_sub(takes);
        }
        if lost == 0 {
            return false;
        }
        let left = |end: End| config.left(problem, Crashed::Take(end), until);
        lost > [End::Low, End::High, End::Any].map(left).into_iter().sum()
    }
}
