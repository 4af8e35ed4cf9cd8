//! What happens at a step of the walk: how the operation that returns can have happened.

use hashbrown::HashTable;

use super::super::problem::{Crashed, NEVER, Problem, Window};
use super::super::{Act, End};
use super::Moments;
use super::config::{Config, Deed, Item};
use crate::history::hash;

/// Of one value, so many items are tried.
const MOST_TRIED: usize = 16;

/// So many configurations are visited in which other takes happened before.
const MOST_VISITED: usize = 16;

/// Steps from configurations to others.
pub(super) struct Stepper<'a> {
    problem: &'a Problem,
    moments: &'a Moments,
    /// Configurations visited.
    pub(super) visits: u64,
    known: HashTable<u64>,
    waiting: Vec<(Config, u32)>,
}

/// What has to go for something to happen.
#[derive(Clone, Copy)]
struct Need {
    /// Who needs it.
    by: u32,
    /// Moments are closed from here on; if `None`, all has to go.
    start: Option<u32>,
    /// Up to here, or a later moment.
    end: u32,
    /// The item that is about to be taken or seen.
    own: usize,
    /// Whether takes go first that return first, or else those with which it is soonest.
    is_urgent: bool,
}

/// What goes, by whom, and when.
struct Removal {
    items: Vec<(usize, u32)>,
    end: u32,
}

/// No item.
const NONE: usize = usize::MAX;

impl<'a> Stepper<'a> {
    pub(super) fn new(problem: &'a Problem, moments: &'a Moments) -> Stepper<'a> {
        let (known, waiting) = (HashTable::new(), Vec::new());
        Stepper { problem, moments, visits: 0, known, waiting }
    }

    /// Finds what becomes of `config` by this step, at whose end the operation that returns next
    /// happened; up to `depth` takes that return later may happen before.
    pub(super) fn expand(
        &mut self,
        config: &Config,
        window: &Window,
        depth: u32,
        found: &mut Vec<Config>,
    ) {
        let forced = window.forced(self.problem);
        self.visits += 1;
        self.happen(config, window, forced, found);
        if depth == 0 || config.is_done(self.problem, forced) {
            return;
        }
        self.known.clear();
        self.waiting.clear();
        self.hurry(config, window, 1);
        let mut at = 0;
        while at < self.waiting.len() {
            let (config, taken) = self.waiting[at].clone();
            at += 1;
            self.visits += 1;
            self.happen(&config, window, forced, found);
            if taken < depth && !config.is_done(self.problem, forced) {
                self.hurry(&config, window, taken + 1);
            }
        }
    }

    /// Lets one of the takes happen that return later.
    fn hurry(&mut self, config: &Config, window: &Window, taken: u32) {
        let forced = window.forced(self.problem);
        let mut found = Vec::new();
        for &at in &window.open {
            if let Act::Take(_, value) = self.problem.op(at).act
                && at != forced
                && !config.is_done(self.problem, at)
            {
                self.take(config, window, (at, value), &mut found);
            }
            for next in found.drain(..) {
                let hash = hash::of(&next);
                let is_known = self.known.find(hash, |&other| other == hash).is_some();
                if !is_known && self.waiting.len() < MOST_VISITED {
                    self.known.insert_unique(hash, hash, |&hash| hash);
                    self.waiting.push((next, taken));
                }
            }
        }
    }

    /// Lets an operation happen, in all ways that are tried.
    fn happen(&self, config: &Config, window: &Window, at: u32, found: &mut Vec<Config>) {
        if config.is_done(self.problem, at) {
            found.push(config.clone());
            return;
        }
        match self.problem.op(at).act {
            Act::Put(value) => {
                let mut next = config.clone();
                next.put(value, self.moments.first(at), self.now(window), at);
                found.push(next);
            }
            Act::Take(_, value) => self.take(config, window, (at, value), found),
            Act::Peek(_, value) => self.peek(config, window, (at, value), found),
            Act::Empty => self.find_empty(config, window, at, found),
            Act::PeekAny | Act::TakeAny(_) => {
                let mut next = config.clone();
                next.deeds.push(Deed::Alone { op: at, at: self.moments.first(at) });
                found.push(next);
            }
        }
    }

    /// The moment before the return of this step.
    fn now(&self, window: &Window) -> u32 {
        self.moments.start + window.step as u32
    }

    /// Of the items of a value, those to try: not two that are alike.
    fn candidates(config: &Config, value: u32) -> Vec<usize> {
        let alike =
            |a: &Item, b: &Item| (a.first, a.last, a.is_seen) == (b.first, b.last, b.is_seen);
        let mut found: Vec<usize> = Vec::new();
        for (at, item) in config.items.iter().enumerate() {
            let is_known = |&other: &usize| alike(&config.items[other], item);
            if item.value == value && !found.iter().any(is_known) {
                found.push(at);
            }
        }
        found.drain(..found.len().saturating_sub(MOST_TRIED));
        found
    }

    /// The open puts of a value to try: the one that returns first, and the one called first.
    fn puts(&self, config: &Config, window: &Window, value: u32) -> Vec<u32> {
        let mut left = config.left(self.problem, window, Act::Put(value));
        let Some(by_return) = left.next() else { return Vec::new() };
        let by_call = left.min_by_key(|&at| self.moments.first(at));
        let is_earlier = |&at: &u32| self.moments.first(at) < self.moments.first(by_return);
        [by_return].into_iter().chain(by_call.filter(is_earlier)).collect()
    }

    /// The next crashed put of a value.
    fn crashed_put(&self, config: &Config, window: &Window, value: u32) -> Option<u32> {
        let what = Crashed::Put(value);
        self.problem.crashed(what, config.used(what), window.next)
    }

    fn take(
        &self,
        config: &Config,
        window: &Window,
        (at, value): (u32, u32),
        found: &mut Vec<Config>,
    ) {
        let call = self.moments.first(at);
        for own in Self::candidates(config, value) {
            let Item { last, put, is_seen, .. } = config.items[own];
            let end = match (is_seen, call <= last) {
                (true, _) => config.next_open(call.max(last + 1)),
                (false, true) => last,
                (false, false) => config.next_open(call),
            };
            let need = Need { by: at, start: Some(last), end, own, is_urgent: true };
            for removal in self.removals(config, window, need) {
                let mut next = config.clone();
                let to = removal.end;
                next.mark(self.problem, at);
                next.deeds.push(Deed::Stay { put, take: at, from: last, to });
                self.see(&mut next, window, value, to, put);
                self.remove(&mut next, window, &removal, own);
                next.close(last, to);
                found.push(next);
            }
        }
        for put in self.puts(config, window, value) {
            let mut next = config.clone();
            next.mark(self.problem, put);
            self.meet(&mut next, window, put, (at, value));
            found.push(next);
        }
        if let Some(put) = self.crashed_put(config, window, value) {
            let mut next = config.clone();
            next.crash(Crashed::Put(value));
            self.meet(&mut next, window, put, (at, value));
            found.push(next);
        }
    }

    /// Lets a put and a take of it happen, one right after the other.
    fn meet(&self, config: &mut Config, window: &Window, put: u32, (take, value): (u32, u32)) {
        let now = self.now(window);
        config.mark(self.problem, take);
        config.deeds.push(Deed::Stay { put, take, from: now, to: now });
        self.see(config, window, value, now, put);
    }

    /// Lets all peeks that are open happen at a moment at which a value is on top.
    fn see(&self, config: &mut Config, window: &Window, value: u32, moment: u32, put: u32) {
        for &peek in &window.open {
            if self.problem.op(peek).act == Act::Peek(End::Any, value)
                && self.moments.first(peek) <= moment
                && !config.is_done(self.problem, peek)
            {
                config.mark(self.problem, peek);
                config.deeds.push(Deed::Look { peek, put, at: moment });
            }
        }
    }

    fn peek(
        &self,
        config: &Config,
        window: &Window,
        (at, value): (u32, u32),
        found: &mut Vec<Config>,
    ) {
        let call = self.moments.first(at);
        let is_free = |item: &&Item| item.value == value && item.first >= call;
        if let Some(item) = config.items.iter().find(is_free) {
            let mut next = config.clone();
            next.deeds.push(Deed::Look { peek: at, put: item.put, at: 0 });
            found.push(next);
            return;
        }
        for own in Self::candidates(config, value) {
            let Item { last, put, is_seen, .. } = config.items[own];
            if !is_seen && last >= call {
                let mut next = config.clone();
                next.items[own].first = config.next_open(call);
                next.deeds.push(Deed::Look { peek: at, put, at: 0 });
                found.push(next);
                continue;
            }
            let end = config.next_open(call.max(last + 1));
            let need = Need { by: at, start: Some(last), end, own, is_urgent: true };
            for removal in self.removals(config, window, need) {
                let mut next = config.clone();
                let item = &mut next.items[own];
                (item.first, item.is_seen) = (last, true);
                next.mark(self.problem, at);
                next.deeds.push(Deed::Look { peek: at, put, at: removal.end });
                self.see(&mut next, window, value, removal.end, put);
                self.remove(&mut next, window, &removal, NONE);
                next.close(last, removal.end);
                found.push(next);
            }
        }
        for put in self.puts(config, window, value) {
            let mut next = config.clone();
            next.mark(self.problem, put);
            self.peek_at(next, window, put, (at, value), found);
        }
        if let Some(put) = self.crashed_put(config, window, value) {
            let mut next = config.clone();
            next.crash(Crashed::Put(value));
            self.peek_at(next, window, put, (at, value), found);
        }
    }

    /// Lets a peek find what is only now put there, by a put that is open or crashed, and perhaps
    /// taken at once.
    fn peek_at(
        &self,
        config: Config,
        window: &Window,
        put: u32,
        (at, value): (u32, u32),
        found: &mut Vec<Config>,
    ) {
        let now = self.now(window);
        let take = config.left(self.problem, window, Act::Take(End::Any, value)).next();
        if let Some(take) = take {
            let mut next = config.clone();
            self.meet(&mut next, window, put, (take, value));
            found.push(next);
        }
        let mut next = config;
        let first = self.moments.first(put).max(self.moments.first(at));
        next.put(value, first, now, put);
        next.mark(self.problem, at);
        next.deeds.push(Deed::Look { peek: at, put, at: 0 });
        found.push(next);
    }

    fn find_empty(&self, config: &Config, window: &Window, at: u32, found: &mut Vec<Config>) {
        let end = config.next_open(self.moments.first(at));
        let need = Need { by: at, start: None, end, own: NONE, is_urgent: true };
        for removal in self.removals(config, window, need) {
            let mut next = config.clone();
            self.remove(&mut next, window, &removal, NONE);
            let gone = removal.items.iter().map(|&(item, _)| config.items[item].last);
            if let Some(start) = gone.min() {
                next.close(start, removal.end);
            }
            next.found_empty(self.problem, at, removal.end);
            found.push(next);
        }
    }

    /// Lets operations find the stack empty that can without harm.
    pub(super) fn settle(&self, config: &mut Config, window: &Window) {
        for &at in &window.open {
            if self.problem.op(at).act != Act::Empty || config.is_done(self.problem, at) {
                continue;
            }
            let moment = config.next_open(self.moments.first(at));
            if config.items.iter().all(|item| item.first >= moment) {
                config.found_empty(self.problem, at, moment);
            }
        }
    }

    /// The ways to remove what is in the way that are tried: by takes that return first, by those
    /// with which it is soonest, and each so late that all peeks find what goes that are open.
    fn removals(&self, config: &Config, window: &Window, need: Need) -> Vec<Removal> {
        let mut found: Vec<Removal> = Vec::new();
        for is_urgent in [true, false] {
            let need = Need { is_urgent, ..need };
            let Some(removal) = self.removal(config, window, need) else { break };
            let mut wanted = 0;
            let gone = removal.items.iter().map(|&(item, _)| item);
            for item in gone.chain((need.own != NONE).then_some(need.own)) {
                let act = Act::Peek(End::Any, config.items[item].value);
                let peeks = config.left(self.problem, window, act);
                let first = |peek: u32| self.moments.first(peek);
                let latest = peeks.filter(|&peek| peek != need.by).map(first).max();
                wanted = wanted.max(latest.unwrap_or(0));
            }
            let is_clear = removal.items.is_empty();
            let end = removal.end;
            found.push(removal);
            if wanted > end {
                let need = Need { end: config.next_open(wanted), ..need };
                found.extend(self.removal(config, window, need));
            }
            if is_clear {
                break;
            }
        }
        found
    }

    /// Who removes what is in the way, one after the other; `None` if something stays.
    fn removal(&self, config: &Config, window: &Window, need: Need) -> Option<Removal> {
        let mut removal = Removal { items: Vec::new(), end: need.end };
        loop {
            let mut is_over = true;
            for (at, item) in config.items.iter().enumerate() {
                let is_in_the_way = match need.start {
                    Some(start) => Config::is_caught(item, start, removal.end),
                    None => item.last < removal.end,
                };
                let is_gone = |&(other, _): &(usize, u32)| other == at;
                if !is_in_the_way || at == need.own || removal.items.iter().any(is_gone) {
                    continue;
                }
                let take = self.taker(config, window, need, &removal, item.value)?;
                removal.items.push((at, take));
                removal.end = removal.end.max(self.moments.first(take));
                is_over = false;
            }
            let end = config.next_open(removal.end);
            if is_over && end == removal.end {
                return Some(removal);
            }
            removal.end = end;
        }
    }

    /// An open take of a value that is not needed for others, or a crashed one.
    fn taker(
        &self,
        config: &Config,
        window: &Window,
        need: Need,
        removal: &Removal,
        value: u32,
    ) -> Option<u32> {
        let is_free =
            |take: &u32| *take != need.by && removal.items.iter().all(|&(_, other)| other != *take);
        let mut left = config.left(self.problem, window, Act::Take(End::Any, value));
        let mut left = left.by_ref().filter(is_free);
        let open = if need.is_urgent {
            left.next()
        } else {
            left.min_by_key(|&take| self.moments.first(take).max(removal.end))
        };
        if open.is_some() {
            return open;
        }
        let is_lost = |take: u32| self.problem.op(take).ret == NEVER;
        let (mut lost, mut alike) = (0, 0);
        for &(item, _) in removal.items.iter().filter(|&&(_, take)| is_lost(take)) {
            lost += 1;
            alike += u32::from(config.items[item].value == value);
        }
        let spare = self.problem.spare(value, self.problem.op(window.forced(self.problem)).ret);
        if i64::from(config.lost(value) + alike) >= spare {
            return None;
        }
        let what = Crashed::Take(End::Any);
        self.problem.crashed(what, config.used(what) + lost, window.next)
    }

    /// Removes what is in the way, and what is taken itself.
    fn remove(&self, config: &mut Config, window: &Window, removal: &Removal, own: usize) {
        for &(at, take) in &removal.items {
            let Item { value, last, put, .. } = config.items[at];
            if self.problem.op(take).ret == NEVER {
                config.lose(value);
            } else {
                config.mark(self.problem, take);
            }
            config.deeds.push(Deed::Stay { put, take, from: last, to: removal.end });
            self.see(config, window, value, removal.end, put);
        }
        let mut at = 0;
        config.items.retain(|_| {
            let is_gone = at == own || removal.items.iter().any(|&(other, _)| other == at);
            at += 1;
            !is_gone
        });
    }
}
