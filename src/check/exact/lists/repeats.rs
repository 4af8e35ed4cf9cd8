//! Lists to which values are appended repeatedly: which of several transactions put an item where
//! reads show it.
//!
//! Nothing is placed before it must be: when a transaction returns that has no place yet, it comes
//! next, and before it whatever it waits for. That are appends to lists that it saw longer, or in
//! which its own item does not fit yet; and transactions that saw a list as short as it is still.
//! Where several can append what comes next, a [walk](super::super::walk) tries each.

use std::sync::Arc;

use super::super::ends::{End, Ends};
use super::super::walk::{Board, Place};
use super::super::work::Work;
use super::Timed;
use crate::history::hash::Map;
use crate::history::{Rank, Value};
use crate::model::list_append::Op;

/// No event.
const NONE: u32 = u32::MAX;

/// Before one transaction, so many are placed at most.
const DEPTH: usize = 24;

/// A transaction, by the numbers of lists.
struct Act<'a> {
    /// How long the lists were that it read.
    expects: Vec<(u32, u32)>,
    appends: Vec<(u32, &'a [Value])>,
    call: u32,
    /// [`NONE`] if it crashed.
    ret: u32,
    /// The same for all that do the same.
    class: u32,
}

impl Act<'_> {
    fn appends_to(&self, list: u32) -> Option<&[Value]> {
        let found = self.appends.iter().find(|(to, _)| *to == list);
        found.map(|&(_, items)| items)
    }
}

/// A list as reads show it.
#[derive(Default)]
struct List<'a> {
    items: &'a [Value],
    /// Who saw it at each length.
    readers: Vec<Vec<u32>>,
    /// Who crashed and may have appended to it, by calls.
    crashed: Vec<u32>,
    /// The last return of a transaction on it.
    last: u32,
}

/// Transactions that are placed.
pub(super) struct Repeats<'a> {
    acts: Vec<Act<'a>>,
    lists: Vec<List<'a>>,
    /// What is called or returns.
    events: Vec<End>,
    /// The returns among them.
    returns: Vec<u32>,
}

/// What was placed so far.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Config {
    /// So many returned.
    returned: u32,
    /// Transactions that append, were called, are not placed, and return, by their returns.
    open: Vec<u32>,
    /// And those that only read.
    reads: Vec<u32>,
    /// How long lists are that are in use.
    lengths: Vec<(u32, u32)>,
    /// Transactions on these that crashed and happened.
    used: Vec<u32>,
    /// How many crashed ones happened.
    crashed: u32,
}

/// A configuration, and what was placed to get there.
type Step = (Config, Vec<u32>);

/// What keeps a transaction from being placed.
#[derive(Default)]
struct Waits {
    /// Lists that have to grow.
    lists: Vec<u32>,
    /// Transactions that come first.
    firsts: Vec<u32>,
}

impl<'a> Repeats<'a> {
    /// `None` if reads contradict each other, or it is not known when transactions were.
    pub(super) fn new(operations: &[Timed<'a, Arc<Op>>]) -> Option<Repeats<'a>> {
        let mut numbers: Map<Value, u32> = Map::default();
        let mut lists: Vec<List<'a>> = Vec::new();
        let mut number = |key: Value, lists: &mut Vec<List<'a>>| {
            *numbers.entry(key).or_insert_with(|| {
                lists.push(List::default());
                lists.len() as u32 - 1
            })
        };
        let mut acts = Vec::with_capacity(operations.len());
        for timed in operations {
            let (op, has_returned) = (&**timed.op, timed.has_returned());
            if op.turn.is_some() || op.contradictory && has_returned {
                return None;
            }
            let mut act =
                Act { expects: Vec::new(), appends: Vec::new(), call: NONE, ret: NONE, class: 0 };
            for (key, items) in op.expects.iter().filter(|_| has_returned) {
                let list = number(*key, &mut lists);
                act.expects.push((list, items.len() as u32));
                let known = &mut lists[list as usize].items;
                let (short, long) =
                    if items.len() > known.len() { (*known, &**items) } else { (&**items, *known) };
                if !long.starts_with(short) {
                    return None;
                }
                *known = long;
            }
            for (key, items) in op.appends.iter() {
                act.appends.push((number(*key, &mut lists), items));
            }
            acts.push(act);
        }
        let events: Vec<End> = Ends::of(operations).collect();
        let mut known = Repeats { acts, lists, events, returns: Vec::new() };
        known.read_events();
        known.read_lists();
        Some(known)
    }

    fn read_events(&mut self) {
        for (event, &end) in (0..).zip(&self.events) {
            match end {
                End::Call(at) => self.acts[at as usize].call = event,
                End::Return(at) => {
                    self.acts[at as usize].ret = event;
                    self.returns.push(event);
                }
            }
        }
    }

    /// Notes who uses which list, and who does the same.
    fn read_lists(&mut self) {
        for list in &mut self.lists {
            list.readers = vec![Vec::new(); list.items.len() + 1];
        }
        let mut classes = Map::default();
        for (at, act) in (0..).zip(&mut self.acts) {
            let same = (act.expects.clone(), act.appends.clone(), act.ret == NONE);
            let next = classes.len() as u32;
            act.class = *classes.entry(same).or_insert(next);
            for &(list, len) in &act.expects {
                self.lists[list as usize].readers[len as usize].push(at);
            }
            let used = act.expects.iter().map(|&(list, _)| list);
            for list in used.chain(act.appends.iter().map(|&(list, _)| list)) {
                let list = &mut self.lists[list as usize];
                if act.ret != NONE {
                    list.last = list.last.max(act.ret);
                } else {
                    list.crashed.push(at);
                }
            }
        }
    }

    /// How long a list is at an event. One that is not in use any more is as long as it was seen.
    fn length(&self, config: &Config, list: u32, now: u32) -> usize {
        match config.lengths.binary_search_by_key(&list, |&(list, _)| list) {
            Ok(at) => config.lengths[at].1 as usize,
            Err(_) => {
                let list = &self.lists[list as usize];
                if list.last < now { list.items.len() } else { 0 }
            }
        }
    }

    /// Whether these items may come behind the first `length` of a list.
    fn fits(&self, list: u32, length: usize, items: &[Value]) -> bool {
        let known = self.lists[list as usize].items.get(length..).unwrap_or_default();
        known.iter().zip(items).all(|(known, item)| known == item)
    }

    fn is_waiting(&self, config: &Config, at: u32) -> bool {
        let act = &self.acts[at as usize];
        if act.appends.is_empty() {
            return config.reads.contains(&at);
        }
        let ret = |&open: &u32| self.acts[open as usize].ret;
        act.ret != NONE && config.open.binary_search_by_key(&act.ret, ret).is_ok()
    }

    /// Whether a transaction that only reads can be placed.
    fn reads(&self, config: &Config, at: u32, now: u32) -> bool {
        let expects = &self.acts[at as usize].expects;
        expects.iter().all(|&(list, len)| self.length(config, list, now) == len as usize)
    }

    /// Finds what a transaction waits for; false if it can have no place now.
    fn waits(&self, config: &Config, at: u32, now: u32, waits: &mut Waits) -> bool {
        waits.lists.clear();
        waits.firsts.clear();
        let act = &self.acts[at as usize];
        for &(list, seen) in &act.expects {
            let length = self.length(config, list, now);
            if length > seen as usize {
                return false;
            }
            if length < seen as usize {
                waits.lists.push(list);
            }
        }
        for &(list, items) in &act.appends {
            let length = self.length(config, list, now);
            if !self.fits(list, length, items) {
                waits.lists.push(list);
                continue;
            }
            let readers = self.lists[list as usize].readers.iter().skip(length).take(items.len());
            for &reader in readers.flatten().filter(|&&reader| reader != at) {
                if self.acts[reader as usize].call > now {
                    return false;
                }
                if self.is_waiting(config, reader) {
                    waits.firsts.push(reader);
                }
            }
        }
        true
    }

    /// Adds who may append to a list next, of those for which that is so.
    fn appenders(
        &self,
        (config, list, now): (&Config, u32, u32),
        goals: &mut Vec<u32>,
        may: impl Fn(&[Value]) -> bool,
    ) {
        let is_called = |&&at: &&u32| self.acts[at as usize].call < now;
        let crashed = self.lists[list as usize].crashed.iter().take_while(is_called);
        let unused = crashed.filter(|at| config.used.binary_search(at).is_err());
        for &at in config.open.iter().chain(unused) {
            let appended = self.acts[at as usize].appends_to(list);
            if appended.is_some_and(&may) && !goals.contains(&at) {
                goals.push(at);
            }
        }
    }

    /// Finds what can be placed next on the way to the place of `at`.
    fn candidates(&self, config: &Config, at: u32, now: u32) -> Vec<u32> {
        let (mut goals, mut found, mut classes) = (vec![at], Vec::new(), Vec::new());
        let (mut grown, mut rivals, mut waits) = (Vec::new(), Vec::new(), Waits::default());
        let mut next = 0;
        while let Some(&goal) = goals.get(next) {
            next += 1;
            if !self.waits(config, goal, now, &mut waits) {
                if goal == at {
                    break;
                }
                continue;
            }
            let act = &self.acts[goal as usize];
            if waits.lists.is_empty() && waits.firsts.is_empty() {
                if !classes.contains(&act.class) {
                    classes.push(act.class);
                    found.push(goal);
                }
                // Others may append the same instead, so that it comes later.
                for &(list, items) in &act.appends {
                    let length = self.length(config, list, now);
                    if length < self.lists[list as usize].items.len() && !rivals.contains(&list) {
                        rivals.push(list);
                        let is_same = |others: &[Value]| others.first() == items.first();
                        self.appenders((config, list, now), &mut goals, is_same);
                    }
                }
                continue;
            }
            for &first in &waits.firsts {
                if !goals.contains(&first) {
                    goals.push(first);
                }
            }
            for &list in &waits.lists {
                if !grown.contains(&list) {
                    grown.push(list);
                    self.appenders((config, list, now), &mut goals, |_| true);
                }
            }
        }
        found
    }

    /// Places a transaction, and then those that only read what is there now.
    fn place(&self, (config, order): &Step, at: u32, now: u32) -> Step {
        let (mut config, mut order) = (config.clone(), order.clone());
        order.push(at);
        let act = &self.acts[at as usize];
        if act.ret == NONE {
            let place = config.used.partition_point(|&used| used < at);
            config.used.insert(place, at);
            config.crashed += 1;
        } else {
            config.open.retain(|&open| open != at);
        }
        for &(list, items) in &act.appends {
            if self.lists[list as usize].last < now {
                continue;
            }
            let more = items.len() as u32;
            match config.lengths.binary_search_by_key(&list, |&(list, _)| list) {
                Ok(at) => config.lengths[at].1 += more,
                Err(at) => config.lengths.insert(at, (list, more)),
            }
        }
        let mut reads = std::mem::take(&mut config.reads);
        reads.retain(|&read| {
            let is_placed = self.reads(&config, read, now);
            if is_placed {
                order.push(read);
            }
            !is_placed
        });
        config.reads = reads;
        (config, order)
    }

    /// Calls what is called before `event`.
    fn call(&self, (config, order): &mut Step, event: u32) {
        let first = match config.returned.checked_sub(1) {
            Some(last) => self.returns[last as usize] + 1,
            None => 0,
        };
        for &end in &self.events[first as usize..event as usize] {
            let End::Call(at) = end else { continue };
            let act = &self.acts[at as usize];
            if act.ret == NONE {
                continue;
            }
            if !act.appends.is_empty() {
                let place = config.open.partition_point(|&o| self.acts[o as usize].ret < act.ret);
                config.open.insert(place, at);
            } else if self.reads(config, at, act.call) {
                order.push(at);
            } else {
                config.reads.push(at);
            }
        }
    }

    /// Forgets the lists that nobody uses any more who returns after `at`.
    fn forget(&self, config: &mut Config, at: u32, now: u32) {
        let act = &self.acts[at as usize];
        let lists = act.expects.iter().map(|&(list, _)| list);
        let mut lists = lists.chain(act.appends.iter().map(|&(list, _)| list));
        if lists.any(|list| self.lists[list as usize].last <= now) {
            let is_used = |list: u32| self.lists[list as usize].last > now;
            config.lengths.retain(|&(list, _)| is_used(list));
            let acts = &self.acts;
            let matters = |&used: &u32| acts[used as usize].appends.iter().any(|a| is_used(a.0));
            config.used.retain(matters);
        }
    }
}

/// A layer is that of so many returns.
impl Board for Repeats<'_> {
    type Config = Config;
    type Choice = Vec<u32>;

    fn is_over(&self, config: &Config) -> bool {
        config.returned as usize == self.returns.len()
    }

    fn cost(&self, config: &Config) -> u64 {
        // What is not placed yet can still be placed anywhere.
        (4 * u64::from(config.crashed) + (1 << 32)).saturating_sub(config.open.len() as u64)
    }

    fn expand(
        &mut self,
        config: &Config,
        place: Place,
        work: &mut Work<'_>,
        found: &mut Vec<Step>,
    ) -> bool {
        let now = self.returns[place.length];
        let End::Return(at) = self.events[now as usize] else { return false };
        let mut start: Step = (config.clone(), Vec::new());
        self.call(&mut start, now);
        let mut front = vec![start];
        let most = 2 * place.width.isqrt();
        for _ in 0..DEPTH {
            let mut next: Vec<Step> = Vec::new();
            for step in front {
                if !self.is_waiting(&step.0, at) {
                    let (mut config, order) = step;
                    self.forget(&mut config, at, now);
                    config.returned += 1;
                    found.push((config, order));
                    continue;
                }
                if !work.allows(1) {
                    return false;
                }
                for candidate in self.candidates(&step.0, at, now) {
                    let step = self.place(&step, candidate, now);
                    if next.iter().all(|known| known.0 != step.0) {
                        next.push(step);
                    }
                }
            }
            if next.len() > most {
                next.sort_by_cached_key(|(config, _)| self.cost(config));
                next.truncate(most);
            }
            front = next;
        }
        // Nothing is ruled where there is no way.
        false
    }
}

/// Whether operations may have happened in this order; all that returned are there.
pub(super) fn is_order(operations: &[Timed<'_, Arc<Op>>], order: &[u32]) -> bool {
    let mut lists: Map<Value, Vec<Value>> = Map::default();
    let mut is_placed = vec![false; operations.len()];
    let mut called = Rank::FIRST;
    for &at in order {
        let Timed { op, span } = operations[at as usize];
        called = called.max(span.call);
        if std::mem::replace(&mut is_placed[at as usize], true) || span.ret < called {
            return false;
        }
        for (key, items) in op.expects.iter().filter(|_| span.has_returned()) {
            if lists.get(key).map_or(&[][..], |held| &held[..]) != &items[..] {
                return false;
            }
        }
        for (key, items) in op.appends.iter() {
            lists.entry(*key).or_default().extend_from_slice(items);
        }
    }
    let mut all = operations.iter().zip(is_placed);
    all.all(|(timed, is_placed)| is_placed || !timed.has_returned())
}
