//! A queue as its puts and takes, and how one pair after the other is chosen.

use super::NONE;
use super::sides::{Op, Ops, Side, is_best};
use crate::check::exact::values::Act;
use crate::check::exact::walk::{Board, Place};
use crate::check::exact::work::Work;
use crate::history::hash::Map;

/// What it costs that an operation happened that crashed: so many times what one takes on average.
const PENALTY: u64 = 4;

/// A queue whose takes and peeks returned, or crashed.
pub(super) struct Queue {
    pub(super) initial: Vec<u32>,
    /// Puts that returned, by their calls.
    pub(super) puts: Ops,
    /// Takes, peeks and findings that it was empty, all returned, by their calls.
    pub(super) takes: Ops,
    /// Puts that crashed, by their values, then by their calls.
    pub(super) crashed: Map<u32, Vec<Op>>,
    /// Takes that crashed, by their calls.
    pub(super) lost: Vec<Op>,
    /// Peeks that may have found anything.
    pub(super) idle: Vec<Op>,
    /// Whether it was found empty.
    pub(super) has_empty: bool,
    /// From this one of `takes` on, all peek and found the same.
    pub(super) peeks_from: u32,
    /// What it costs that an operation happened that crashed.
    pub(super) penalty: u64,
}

/// What was chosen so far, as far as it matters for what can be chosen next.
#[derive(Clone, Hash, PartialEq, Eq, Default)]
pub(super) struct Config {
    pub(super) puts: Side,
    pub(super) takes: Side,
    /// How many crashed puts of a value happened, by values.
    pub(super) crashed: Vec<(u32, u32)>,
    /// How many crashed takes happened.
    pub(super) lost: u32,
    /// When the last put happened at the earliest, and the last take.
    pub(super) put_by: u32,
    pub(super) taken_by: u32,
}

/// The next put, and the take of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub(super) value: u32,
    /// One of those that returned, the first crashed one of its value, or, of what was there at
    /// first, the next.
    pub(super) put: From,
    /// By an operation that returned, or one that crashed, or never.
    pub(super) take: Taker,
    /// So many find it before.
    pub(super) peeks: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum From {
    Initial,
    Open(u32),
    Crashed,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Taker {
    Open(u32),
    Lost,
    Nobody,
}

/// A layer is that of so many pairs.
impl Board for Queue {
    type Config = Config;
    type Choice = Choice;

    fn is_over(&self, config: &Config) -> bool {
        config.takes.is_over(&self.takes.list)
    }

    fn cost(&self, config: &Config) -> u64 {
        let crashed: u32 = config.crashed.iter().map(|&(_, count)| count).sum();
        let happened = u64::from(crashed + config.lost);
        config.puts.lateness(&self.puts)
            + config.takes.lateness(&self.takes)
            + happened * self.penalty
    }

    fn expand(
        &mut self,
        config: &Config,
        Place { length, .. }: Place,
        _: &mut Work<'_>,
        found: &mut Vec<(Config, Choice)>,
    ) -> bool {
        let mut offer = |value: u32, put: From| {
            let mut config = config.clone();
            if !self.put(&mut config, value, put, &mut |_, _| {}) {
                return;
            }
            for peeks in 0.. {
                let next = self.next_peek(&config, value);
                // A take may come before a peek for which it would have to wait, as an operation
                // that finds nothing may come too late then.
                let waits = |peek: u32| self.takes.list[peek as usize].call > config.taken_by;
                if next.is_none_or(|peek| self.has_empty && waits(peek)) {
                    self.takers(&config, value, |take| {
                        let mut config = config.clone();
                        self.take(&mut config, take, &mut |_, _| {});
                        self.settle(&mut config, length + 1, &mut |_, _| {});
                        let choice = Choice { value, put, take, peeks };
                        found.push((config, choice));
                    });
                }
                let Some(peek) = next else { return };
                self.peek(&mut config, peek, &mut |_, _| {});
            }
        };
        if let Some(&value) = self.initial.get(length) {
            offer(value, From::Initial);
            return true;
        }
        let first = config.puts.first_return(&self.puts.list);
        let open = &config.puts.open;
        for &put in open {
            if is_best(open, put, &self.puts.list)
                && let Act::Put(value) = self.puts.list[put as usize].act
            {
                offer(value, From::Open(put));
            }
        }
        let mut asked: Vec<u32> = Vec::new();
        for &take in &config.takes.open {
            // One that crashed happened only if a take or a peek may find it.
            let (Act::Take(value) | Act::Peek(value)) = self.takes.list[take as usize].act else {
                continue;
            };
            let is_better = |op: &Op| {
                let is_before = |&other: &u32| {
                    let other = self.puts.list[other as usize];
                    other.act == op.act && other.call < op.call
                };
                op.call < first && !open.iter().any(is_before)
            };
            let can_happen = self.next_crashed(config, value).is_some_and(|op| is_better(&op));
            if can_happen && !asked.contains(&value) {
                asked.push(value);
                offer(value, From::Crashed);
            }
        }
        true
    }
}

impl Queue {
    /// What is known before `horizon`; `None` if a take returned and nobody knows what.
    pub(super) fn until(initial: &[u32], acts: &[(Act, u32, u32)], horizon: u32) -> Option<Queue> {
        let (mut puts, mut takes) = (Vec::new(), Vec::new());
        let (mut lost, mut idle) = (Vec::new(), Vec::new());
        let mut crashed: Map<u32, Vec<Op>> = Map::default();
        for (at, &(act, call, ret)) in (0..).zip(acts) {
            let has_returned = ret != NONE && ret < horizon;
            if call >= horizon {
                break;
            }
            let op = Op { at, act, call, ret: if has_returned { ret } else { NONE } };
            match act {
                Act::Put(_) if has_returned => puts.push(op),
                Act::Put(value) => crashed.entry(value).or_default().push(op),
                Act::Take(_) | Act::Peek(_) | Act::Empty if has_returned => takes.push(op),
                // What will find it empty may find something as far as is known by then.
                Act::Take(_) | Act::Empty => lost.push(op),
                Act::TakeAny if ret == NONE => lost.push(op),
                Act::TakeAny => return None,
                Act::PeekAny if has_returned => idle.push(op),
                Act::PeekAny | Act::Peek(_) => {}
            }
        }
        let last = takes.last().map(|op| op.act);
        let is_other = |op: &Op| Some(op.act) != last || !matches!(op.act, Act::Peek(_));
        let peeks_from = takes.iter().rposition(is_other).map_or(0, |at| at as u32 + 1);
        let has_empty = takes.iter().any(|op| op.act == Act::Empty);
        let all = puts.iter().chain(&takes);
        let time: u64 = all.map(|op| u64::from(op.ret - op.call)).sum();
        let penalty = PENALTY * time / (puts.len() + takes.len()).max(1) as u64;
        Some(Queue {
            initial: initial.to_vec(),
            puts: Ops::new(puts),
            takes: Ops::new(takes),
            crashed,
            lost,
            idle,
            has_empty,
            peeks_from,
            penalty,
        })
    }

    /// Offers the takes of a value that is put in next.
    fn takers(&self, config: &Config, value: u32, mut offer: impl FnMut(Taker)) {
        let open = &config.takes.open;
        let mut earliest = config.takes.first_return(&self.takes.list);
        let (mut is_last, mut is_found) = (self.are_peeks(config.takes.next, value), false);
        for &take in open {
            let op = self.takes.list[take as usize];
            is_last &= op.act == Act::Peek(value);
            if op.act == Act::Take(value) {
                earliest = earliest.min(op.call);
                is_found = true;
                if is_best(open, take, &self.takes.list) {
                    offer(Taker::Open(take));
                }
            }
        }
        if self.lost.get(config.lost as usize).is_some_and(|op| op.call < earliest) {
            offer(Taker::Lost);
        } else if is_last && !is_found {
            offer(Taker::Nobody);
        }
    }

    /// Whether from this one on all only peek and found `value`.
    fn are_peeks(&self, next: u32, value: u32) -> bool {
        let is_peek = |op: &Op| op.act == Act::Peek(value);
        next as usize == self.takes.list.len()
            || next >= self.peeks_from && self.takes.list.last().is_some_and(is_peek)
    }

    fn next_crashed(&self, config: &Config, value: u32) -> Option<Op> {
        let used = config.crashed.iter().find(|&&(other, _)| other == value);
        let used = used.map_or(0, |&(_, count)| count);
        self.crashed.get(&value)?.get(used as usize).copied()
    }

    /// Puts a value in, and tells the operation with its point. False if that is after a take has
    /// returned.
    pub(super) fn put(
        &self,
        config: &mut Config,
        value: u32,
        put: From,
        tell: &mut impl FnMut(u32, u32),
    ) -> bool {
        let op = match put {
            From::Initial => return true,
            From::Open(put) => {
                config.puts.remove(put);
                self.puts.list[put as usize]
            }
            From::Crashed => {
                let Some(op) = self.next_crashed(config, value) else { return false };
                match config.crashed.binary_search_by_key(&value, |&(other, _)| other) {
                    Ok(at) => config.crashed[at].1 += 1,
                    Err(at) => config.crashed.insert(at, (value, 1)),
                }
                op
            }
        };
        config.put_by = config.put_by.max(op.call);
        tell(op.at, config.put_by);
        config.taken_by = config.taken_by.max(config.put_by);
        config.put_by < config.takes.first_return(&self.takes.list)
    }

    /// Takes the value that was put in last.
    pub(super) fn take(&self, config: &mut Config, take: Taker, tell: &mut impl FnMut(u32, u32)) {
        let op = match take {
            Taker::Open(take) => {
                config.takes.remove(take);
                self.takes.list[take as usize]
            }
            Taker::Lost => {
                config.lost += 1;
                self.lost[config.lost as usize - 1]
            }
            Taker::Nobody => return,
        };
        config.taken_by = config.taken_by.max(op.call);
        tell(op.at, config.taken_by);
    }

    /// The first of those that can peek at a value.
    pub(super) fn next_peek(&self, config: &Config, value: u32) -> Option<u32> {
        // They are in the order of their calls.
        let is_peek = |&take: &u32| self.takes.list[take as usize].act == Act::Peek(value);
        config.takes.open.iter().copied().find(is_peek)
    }

    pub(super) fn peek(&self, config: &mut Config, peek: u32, tell: &mut impl FnMut(u32, u32)) {
        let op = self.takes.list[peek as usize];
        config.taken_by = config.taken_by.max(op.call);
        config.takes.remove(peek);
        config.takes.fill(&self.takes.list);
        tell(op.at, config.taken_by);
    }

    /// Brings in what may come next, after so many pairs. All that can have found the queue empty
    /// now did.
    pub(super) fn settle(
        &self,
        config: &mut Config,
        length: usize,
        tell: &mut impl FnMut(u32, u32),
    ) {
        config.puts.fill(&self.puts.list);
        config.takes.fill(&self.takes.list);
        if length < self.initial.len() {
            return;
        }
        let first = config.puts.first_return(&self.puts.list);
        let time =
            |config: &Config, take: u32| config.taken_by.max(self.takes.list[take as usize].call);
        let is_empty = |config: &Config, take: u32| {
            self.takes.list[take as usize].act == Act::Empty && time(config, take) < first
        };
        while let Some(&take) = config.takes.open.iter().find(|&&take| is_empty(config, take)) {
            config.taken_by = time(config, take);
            config.put_by = config.taken_by;
            config.takes.remove(take);
            config.takes.fill(&self.takes.list);
            tell(self.takes.list[take as usize].at, config.taken_by);
        }
    }
}
