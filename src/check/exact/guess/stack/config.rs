//! A configuration of the walk: what is on the stack, and when it may have been put there.

use std::hash::{Hash, Hasher};

use super::super::problem::{Crashed, NEVER, Problem, Window};
use super::super::{Act, End};
use super::Moments;
use crate::history::hash;

/// An item on the stack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) value: u32,
    /// The first and the last moment at which it may have been put there.
    pub(super) first: u32,
    pub(super) last: u32,
    /// Whether it was seen at a later moment, and lies on all that was put there at its own.
    pub(super) is_seen: bool,
    /// Who put it there; an item from the start has a number behind those of operations.
    pub(super) put: u32,
}

/// When things happened.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deed {
    /// An item lay there from one moment to another.
    Stay { put: u32, take: u32, from: u32, to: u32 },
    /// An item was seen at a moment, or, if that is 0, when it was put there.
    Look { peek: u32, put: u32, at: u32 },
    /// The stack was found empty, or nobody knows what was found.
    Alone { op: u32, at: u32 },
}

/// What happened so far, as far as it matters for what can happen next.
#[derive(Clone, Default)]
pub(super) struct Config {
    pub(super) items: Vec<Item>,
    /// From moments to others: strictly inside, nothing was put that is still there. In order, and
    /// none inside another.
    closed: Vec<(u32, u32)>,
    /// It was found empty then: all that is there was put there later, or then.
    floor: u32,
    /// The bits of open operations that happened.
    pub(super) done: u128,
    /// How many crashed operations of each kind happened.
    used: Vec<(Crashed, u32)>,
    /// How many of a value crashed takes took.
    lost: Vec<(u32, u32)>,
    /// How many crashed operations happened altogether, since the start.
    pub(super) spent: u32,
    /// Hashes of all of this, and of what is on the stack for long.
    pub(super) hash: u64,
    pub(super) base: u64,
    /// What speaks against it.
    pub(super) cost: u32,
    /// The configuration before this step, and what happened since.
    pub(super) node: u32,
    pub(super) deeds: Vec<Deed>,
}

impl Config {
    pub(super) fn new(problem: &Problem) -> Config {
        let count = problem.ops.len() as u32;
        let initial = (0..).zip(&problem.initial);
        let item = |(at, &value): (u32, &u32)| Item {
            value,
            first: at,
            last: at,
            is_seen: false,
            put: count + at,
        };
        Config { items: initial.map(item).collect(), ..Config::default() }
    }

    /// The last period that begins before a moment and is not over then.
    fn period(&self, moment: u32) -> Option<(u32, u32)> {
        let at = self.closed.partition_point(|&(_, end)| end <= moment);
        self.closed.get(at).copied().filter(|&(start, _)| start < moment)
    }

    /// The first moment that is not closed, from this one on.
    pub(super) fn next_open(&self, moment: u32) -> u32 {
        self.period(moment).map_or(moment, |(_, end)| end)
    }

    /// Whether an item cannot be there any more if moments from `start` to `end` are closed.
    pub(super) fn is_caught(item: &Item, start: u32, end: u32) -> bool {
        if item.is_seen {
            return start <= item.first && item.first < end;
        }
        let is_inside = start < item.first && item.first < end;
        is_inside && item.last < end
    }

    /// Closes the moments strictly between two that are open.
    pub(super) fn close(&mut self, start: u32, end: u32) {
        if end <= start + 1 {
            return;
        }
        let from = self.closed.partition_point(|&(other, _)| other < start);
        let to = self.closed.partition_point(|&(_, other)| other <= end);
        self.closed.splice(from..to.max(from), [(start, end)]);
        for item in self.items.iter_mut().filter(|item| !item.is_seen) {
            if start < item.first && item.first < end {
                item.first = end;
            }
            if start < item.last && item.last < end {
                item.last = start;
            }
        }
    }

    /// How many moments are closed.
    pub(super) fn closed_moments(&self) -> u32 {
        self.closed.iter().map(|&(start, end)| end - start - 1).sum()
    }

    /// Puts an item there at a moment from `first` to `last`, which is open.
    pub(super) fn put(&mut self, value: u32, first: u32, last: u32, put: u32) {
        let first = self.next_open(first.max(self.floor));
        self.items.push(Item { value, first, last, is_seen: false, put });
    }

    /// Lets the stack be found empty at a moment at or after which all items may be put there.
    pub(super) fn found_empty(&mut self, problem: &Problem, op: u32, at: u32) {
        self.mark(problem, op);
        self.deeds.push(Deed::Alone { op, at });
        self.floor = self.floor.max(at);
        for item in &mut self.items {
            item.first = item.first.max(at);
        }
    }

    /// Whether a completed operation that is open happened.
    pub(super) fn is_done(&self, problem: &Problem, at: u32) -> bool {
        self.done >> problem.bits[at as usize] & 1 == 1
    }

    pub(super) fn mark(&mut self, problem: &Problem, at: u32) {
        self.done |= 1 << problem.bits[at as usize];
    }

    /// The open operations that do this and did not happen, by their returns.
    pub(super) fn left<'a>(
        &'a self,
        problem: &'a Problem,
        window: &'a Window,
        act: Act<u32>,
    ) -> impl Iterator<Item = u32> + 'a {
        let is_left = move |&at: &u32| problem.op(at).act == act && !self.is_done(problem, at);
        window.open.iter().copied().filter(is_left)
    }

    /// How many crashed operations that do this happened.
    pub(super) fn used(&self, what: Crashed) -> u32 {
        let used = self.used.iter().find(|&&(other, _)| other == what);
        used.map_or(0, |&(_, count)| count)
    }

    /// Lets the next crashed operation happen that does this.
    pub(super) fn crash(&mut self, what: Crashed) {
        self.spent += 1;
        match self.used.binary_search_by_key(&what, |&(other, _)| other) {
            Ok(at) => self.used[at].1 += 1,
            Err(at) => self.used.insert(at, (what, 1)),
        }
    }

    /// How many of a value crashed takes took.
    pub(super) fn lost(&self, value: u32) -> u32 {
        let lost = self.lost.iter().find(|&&(other, _)| other == value);
        lost.map_or(0, |&(_, count)| count)
    }

    /// Lets a crashed take take a value.
    pub(super) fn lose(&mut self, value: u32) {
        self.crash(Crashed::Take(End::Any));
        match self.lost.iter_mut().find(|(other, _)| *other == value) {
            Some((_, count)) => *count += 1,
            None => self.lost.push((value, 1)),
        }
    }

    /// Forgets the operation that returns, and what cannot matter any more, for the step `next`.
    pub(super) fn leave(
        &mut self,
        problem: &Problem,
        moments: &Moments,
        forced: u32,
        next: &Window,
    ) {
        self.done &= !(1 << problem.bits[forced as usize]);
        let now = moments.start + next.step as u32;
        let called = next.open.iter().map(|&at| moments.first(at));
        let horizon = called.min().unwrap_or(now).min(now);
        let items = &self.items;
        self.closed.retain(|&(start, end)| {
            let is_inside =
                |item: &Item| item.last >= horizon && item.first <= start && end <= item.last;
            end > horizon || items.iter().any(is_inside)
        });
        if self.floor <= horizon {
            self.floor = 0;
        }
        self.items.sort_unstable_by_key(|item| {
            (item.first, item.last, item.value, item.is_seen, item.put)
        });
        let called = problem.crashed_before(Crashed::Take(End::Any), next.next);
        let takes = called.saturating_sub(self.used(Crashed::Take(End::Any))).min(MANY);
        let rows = self.rows(horizon);
        self.hash = hash::of(&(&rows, &self.closed, self.floor, self.done, takes));
        let is_old = |row: &&Row| row.last < OLD;
        self.base = hash::of(&rows.iter().filter(is_old).collect::<Vec<_>>());
    }

    /// The items as far as they matter. Of two that no open operation can come before, only this
    /// does: whether one may have been put there before the other, in either order.
    fn rows(&self, horizon: u32) -> Vec<Row> {
        let mut ends: Vec<(u32, u8, usize)> = Vec::with_capacity(2 * self.items.len());
        let mut rows: Vec<Row> = Vec::with_capacity(self.items.len());
        for (at, item) in self.items.iter().enumerate() {
            let Item { value, first, last, is_seen, .. } = *item;
            if first < horizon {
                ends.push((first, if is_seen { SEEN } else { FIRST }, at));
            }
            if last < horizon {
                ends.push((last, LAST, at));
            }
            let (first, last) = (first.saturating_add(OLD), last.saturating_add(OLD));
            rows.push(Row { first, last, value, is_seen });
        }
        ends.sort_unstable();
        let (mut rank, mut is_after_last) = (0, false);
        for (_, end, at) in ends {
            rank += u32::from(is_after_last && end != LAST);
            is_after_last = end == LAST;
            let row = &mut rows[at];
            *(if is_after_last { &mut row.last } else { &mut row.first }) = rank;
        }
        rows.sort_unstable();
        rows
    }
}

/// Of crashed takes that may happen, no more count.
const MANY: u32 = 4;

/// The ends of items at one moment, in their order: what was seen lies on top of what is there
/// from that moment.
const FIRST: u8 = 0;
const LAST: u8 = 1;
const SEEN: u8 = 2;

/// Ranks of old ends are below, moments from here on.
const OLD: u32 = 1 << 16;

/// An item as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Row {
    first: u32,
    last: u32,
    value: u32,
    is_seen: bool,
}

/// While a step is looked at.
impl Hash for Config {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for item in &self.items {
            (item.value, item.first, item.last, item.is_seen).hash(state);
        }
        (&self.closed, self.floor, self.done, &self.used).hash(state);
    }
}

/// The put of an item, or [`NEVER`] if it is there from the start.
pub(super) fn put_of(problem: &Problem, put: u32) -> u32 {
    if (put as usize) < problem.ops.len() { put } else { NEVER }
}
