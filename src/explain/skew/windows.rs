//! What the offsets must change for a stretch of a history, however long, to have an order.
//!
//! Under some offsets, the operations from a write to some moment cannot be ordered. That rests on
//! what returned before what was called. Operations are let go, one chunk after the other, as long
//! as the rest stays impossible; of the pairs that are left, real time must not order at least one.

use std::cell::Cell;
use std::cmp::Reverse;

use super::bounds::Difference;
use super::key::Key;
use super::orders::Alternative;
use super::rules::Rule;
use crate::check::{Meter, is_linearizable};
use crate::history::{OpIndex, Rank, Span, sort};
use crate::model::{AnyModel, AnyOp, Facts, Reading};

/// In longer stretches, operations are let go only in chunks of this part of them.
const CHUNKS: usize = 128;

/// After so many configurations, what is left of a window will do.
const CONFIGURATIONS: u64 = 5_000;

/// What counts of an operation behind the first write of a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Member {
    /// Its place among the readings.
    at: u32,
    /// Whether nothing precedes it that has not returned before its call.
    has_call: bool,
    /// Whether it must happen, and before everything that is called after its return.
    has_return: bool,
}

/// Part of a history that cannot be ordered.
struct Window {
    /// A write that replaces what was before; without one, it starts with the history.
    first: Option<u32>,
    /// The moment at which it ends: what was called later does not belong to it.
    end: Rank,
    /// Those called before the end that may come behind the first write.
    members: Vec<Member>,
}

/// A key under some offsets that make it impossible.
pub(super) struct Windows<'a> {
    model: &'a AnyModel,
    key: &'a Key<AnyOp>,
    rule: Rule,
    /// The key's operations under the offsets at hand, in the order of their calls.
    readings: &'a [Reading<AnyOp>],
    meter: &'a Meter,
    /// How many configurations the window at hand took so far.
    spent: Cell<u64>,
    /// How much work it was so far, in operations and configurations decided.
    total: Cell<u64>,
}

impl<'a> Windows<'a> {
    /// A key, of which `readings` are the operations under the offsets at hand.
    pub(super) fn new(
        model: &'a AnyModel,
        key: &'a Key<AnyOp>,
        rule: Rule,
        readings: &'a [Reading<AnyOp>],
        meter: &'a Meter,
    ) -> Self {
        Windows { model, key, rule, readings, meter, spent: Cell::new(0), total: Cell::new(0) }
    }

    /// How much work it was so far, in operations and configurations decided.
    pub(super) fn total(&self) -> u64 {
        self.total.get()
    }

    /// The bounds one of which offsets must keep under which the key has an order. `near` is an
    /// entry around which it has none now. `None` if it was not decided in time. About as long as
    /// it takes to decide a short window as often as it has operations.
    pub(super) fn choices(&self, near: OpIndex) -> Option<Vec<Alternative>> {
        self.choices_of(self.find(near)?)
    }

    /// The same for each stretch of the history that is impossible by itself, of so many as it is
    /// divided into; not for the last ones once all that took more work than `most`.
    pub(super) fn all_choices(&self, stretches: usize, most: u64) -> Vec<Vec<Alternative>> {
        let firsts = self.firsts(Rank::NEVER);
        let ends = (1..=stretches).map(|n| n * self.readings.len() / stretches);
        let mut start = 0;
        let mut found = Vec::new();
        for end in ends {
            if self.total.get() > most {
                break;
            }
            let first = firsts.iter().copied().find(|&at| at as usize >= start);
            let until = self.readings.get(end).map_or(Rank::NEVER, |reading| reading.span.call);
            start = end;
            let returned = first.filter(|&at| self.readings[at as usize].span.ret < until);
            let Some(first) = returned else { continue };
            let window = self.window(Some(first), until);
            self.spent.set(0);
            if self.is_impossible(&window) == Some(true) {
                found.extend(self.choices_of(window));
            }
        }
        found
    }

    fn choices_of(&self, mut window: Window) -> Option<Vec<Alternative>> {
        self.shorten(&mut window)?;
        self.let_go(&mut window)?;
        Some(self.bounds(&window))
    }

    fn facts(&self, at: u32) -> &Facts {
        &self.key.entries[self.readings[at as usize].index].facts
    }

    /// An impossible window around operation `near`, as long in both directions as doubling tells.
    fn find(&self, near: OpIndex) -> Option<Window> {
        let near = self.readings.iter().find(|reading| reading.index == near)?.span.ret;
        let firsts = self.firsts(near);
        let mut ends: Vec<Rank> = self.readings.iter().map(|reading| reading.span.ret).collect();
        ends.retain(|&ret| ret >= near && ret != Rank::NEVER);
        ends.sort_unstable();
        let mut reach = 1;
        loop {
            let first = firsts.len().checked_sub(reach).map(|place| firsts[place]);
            let end = ends.get(reach - 1).copied();
            let window = self.window(first, end.unwrap_or(Rank::NEVER));
            if self.is_impossible(&window)? {
                return Some(window);
            }
            if first.is_none() && end.is_none() {
                return None;
            }
            reach *= 2;
        }
    }

    /// The operations that may be the first of a window, of those that returned before `end`.
    fn firsts(&self, end: Rank) -> Vec<u32> {
        let can_be_first = |&at: &u32| {
            let facts = self.facts(at);
            facts.overwrites && !facts.pure && self.readings[at as usize].span.ret < end
        };
        (0..self.readings.len() as u32).filter(can_be_first).collect()
    }

    /// All that may be between the write `first` and `end`.
    fn window(&self, first: Option<u32>, end: Rank) -> Window {
        let since = first.map(|first| self.readings[first as usize].span);
        let mut members = Vec::new();
        for (at, reading) in (0..).zip(self.readings) {
            let Span { call, ret } = reading.span;
            if call >= end {
                break;
            }
            if Some(at) == first || since.is_some_and(|since| ret < since.call) {
                continue;
            }
            let has_call = since.is_none_or(|since| since.ret < call);
            let has_return = has_call && ret <= end && ret != Rank::NEVER;
            if has_return || !self.facts(at).pure {
                members.push(Member { at, has_call, has_return });
            }
        }
        Window { first, end, members }
    }

    fn is_impossible(&self, window: &Window) -> Option<bool> {
        let order = self.readings_of(window);
        let (linearizable, effort) = is_linearizable(self.model, &order, self.meter);
        self.total.set(self.total.get() + effort.configurations + window.members.len() as u64);
        self.spent.set(self.spent.get() + effort.configurations);
        linearizable.map(|linearizable| !linearizable)
    }

    /// The window as a history by itself.
    fn readings_of(&self, window: &Window) -> Vec<Reading<AnyOp>> {
        let mut ends: Vec<(Rank, bool, u32)> = Vec::with_capacity(2 * window.members.len() + 2);
        if let Some(first) = window.first {
            ends.extend([(Rank::FIRST, false, first), (Rank::new(1), true, first)]);
        }
        for member in &window.members {
            let Span { call, ret } = self.readings[member.at as usize].span;
            let call = Rank::new(if member.has_call { call.index() + 3 } else { 2 });
            ends.push((call, false, member.at));
            if member.has_return {
                ends.push((Rank::new(ret.index() + 3), true, member.at));
            }
        }
        sort::by(&mut ends, |&end| end);
        let mut order: Vec<Reading<AnyOp>> = Vec::with_capacity(window.members.len() + 1);
        let mut places: Vec<(u32, Rank)> = Vec::with_capacity(order.capacity());
        for (rank, &(_, is_return, at)) in (0..).map(Rank::new).zip(&ends) {
            if is_return {
                places.push((at, rank));
            }
        }
        sort::by(&mut places, |&(at, _)| at);
        for (rank, &(_, is_return, at)) in (0..).map(Rank::new).zip(&ends) {
            if is_return {
                continue;
            }
            let ret = places.binary_search_by_key(&at, |&(at, _)| at);
            let ret = ret.map_or(Rank::NEVER, |place| places[place].1);
            let op = self.readings[at as usize].op.clone();
            order.push(Reading {
                index: OpIndex::new(at as usize),
                op,
                span: Span { call: rank, ret },
            });
        }
        order
    }

    /// Ends the window as early as it stays impossible, and then starts it as late.
    fn shorten(&self, window: &mut Window) -> Option<()> {
        let required = window.members.iter().filter(|member| member.has_return);
        let mut returns: Vec<Rank> =
            required.map(|member| self.readings[member.at as usize].span.ret).collect();
        returns.sort_unstable();
        let (mut low, mut high) = (0, returns.len());
        while low < high && self.spent.get() < CONFIGURATIONS {
            let middle = low + (high - low) / 2;
            let shorter = self.window(window.first, returns[middle]);
            if self.is_impossible(&shorter)? {
                *window = shorter;
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        let firsts = self.firsts(window.end);
        let known = firsts.iter().position(|&at| Some(at) == window.first);
        let (mut low, mut high) = (known.map_or(0, |known| known + 1), firsts.len());
        while low < high && self.spent.get() < CONFIGURATIONS {
            let middle = low + (high - low) / 2;
            let shorter = self.window(Some(firsts[middle]), window.end);
            if self.is_impossible(&shorter)? {
                *window = shorter;
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Some(())
    }

    /// Lets operations go, then single calls and returns, as long as the window stays impossible.
    fn let_go(&self, window: &mut Window) -> Option<()> {
        let mut size = (window.members.len() / 2).max(1);
        let least = (window.members.len() / CHUNKS).max(1);
        loop {
            let mut start = 0;
            while start < window.members.len() {
                if self.spent.get() > CONFIGURATIONS {
                    return Some(());
                }
                let end = (start + size).min(window.members.len());
                let free = |member: Member| Member { has_call: false, has_return: false, ..member };
                if !self.try_with(window, start..end, free)? {
                    start = end;
                } else {
                    // Pure ones are gone.
                    let gone = |at: u32| self.facts(at).pure;
                    let kept = window.members[start..].iter().take(end - start);
                    start += kept.filter(|member| !gone(member.at)).count();
                    window.members.retain(|m| m.has_call || m.has_return || !gone(m.at));
                }
            }
            if size <= least {
                break;
            }
            size = (size / 2).max(least);
        }
        for at in 0..window.members.len().min(CHUNKS) {
            if self.spent.get() > CONFIGURATIONS {
                return Some(());
            }
            let has_both = window.members[at].has_call && window.members[at].has_return;
            if has_both && !self.facts(window.members[at].at).pure {
                self.try_with(window, at..at + 1, |m| Member { has_return: false, ..m })?;
            }
            if window.members[at].has_call && window.members[at].has_return {
                self.try_with(window, at..at + 1, |m| Member { has_call: false, ..m })?;
            }
        }
        Some(())
    }

    /// Whether the window stays impossible with some members changed; then they are.
    fn try_with(
        &self,
        window: &mut Window,
        range: std::ops::Range<usize>,
        change: impl Fn(Member) -> Member,
    ) -> Option<bool> {
        let before = window.members[range.clone()].to_vec();
        let mut is_changed = false;
        for member in &mut window.members[range.clone()] {
            let changed = change(*member);
            is_changed |= changed != *member;
            *member = changed;
        }
        if !is_changed {
            return Some(false);
        }
        let all = window.members.clone();
        window.members.retain(|m| m.has_call || m.has_return || !self.facts(m.at).pure);
        let is_impossible = self.is_impossible(window)?;
        window.members = all;
        if !is_impossible {
            window.members[range].copy_from_slice(&before);
        }
        Some(is_impossible)
    }

    /// The bounds under which some pair that the window rests on is not ordered by real time.
    fn bounds(&self, window: &Window) -> Vec<Alternative> {
        let mut broken = Broken { windows: self, found: Vec::new() };
        let change = |at: &u32| !self.facts(*at).pure;
        if let Some(first) = window.first {
            // What returned before it stays before it.
            let since = self.readings[first as usize].span.call;
            let before = (0..self.readings.len() as u32).filter(change);
            let mut before: Vec<u32> =
                before.filter(|&at| self.readings[at as usize].span.ret < since).collect();
            // Of each group, the last to return is the closest.
            sort::by(&mut before, |&at| Reverse(self.readings[at as usize].span.ret));
            broken.all(self.first_of_each(before), &[first]);
            // What must come behind it does.
            let behind = window.members.iter().filter(|m| m.has_call || m.has_return);
            let behind: Vec<u32> = behind.map(|m| m.at).collect();
            broken.all([first], &behind);
        }
        let calls = window.members.iter().filter(|m| m.has_call).map(|m| m.at);
        let later = self.readings.partition_point(|reading| reading.span.call < window.end);
        let later: Vec<u32> = (later as u32..self.readings.len() as u32).filter(change).collect();
        // Where all times of a group move alike, the first to be called is the closest.
        let later = match self.rule {
            Rule::Recording => self.first_of_each(later),
            Rule::LastWriteWins => later,
        };
        let calls: Vec<u32> = calls.chain(later).collect();
        let required = window.members.iter().filter(|m| m.has_return);
        broken.all(required.map(|m| m.at), &calls);
        broken.found.sort_unstable();
        broken.found.into_iter().map(|bound| vec![bound]).collect()
    }

    /// The first of these readings for each group.
    fn first_of_each(&self, list: Vec<u32>) -> Vec<u32> {
        let mut is_known = vec![false; self.key.writes.len()];
        let group = |at: u32| {
            let index = self.readings[at as usize].index;
            usize::from(self.key.entries[index].timed.group)
        };
        let mut is_first = |at: &u32| !std::mem::replace(&mut is_known[group(*at)], true);
        list.into_iter().filter(|at| is_first(at)).collect()
    }
}

/// The weakest bound for each pair of groups.
struct Broken<'a, 'b> {
    windows: &'a Windows<'b>,
    found: Vec<Difference>,
}

impl Broken<'_, '_> {
    /// Takes down what it takes for one of `later` to be called before one of `earlier` returned
    /// that did before.
    fn all(&mut self, earlier: impl IntoIterator<Item = u32>, later: &[u32]) {
        let Windows { key, rule, readings, .. } = self.windows;
        for earlier in earlier {
            let Reading { index, span, .. } = &readings[earlier as usize];
            let before = &key.entries[*index].timed;
            let Some(by) = before.ret else { continue };
            for &later in later {
                let later = &readings[later as usize];
                if later.span.call <= span.ret {
                    continue;
                }
                let later = &key.entries[later.index].timed;
                for bound in rule.bounds(later, &key.writes, by, before.group) {
                    self.add(bound);
                }
            }
        }
    }

    fn add(&mut self, bound: Difference) {
        match self.found.iter_mut().find(|f| (f.of, f.over) == (bound.of, bound.over)) {
            Some(known) => known.most = known.most.max(bound.most),
            None => self.found.push(bound),
        }
    }
}
