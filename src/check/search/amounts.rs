//! What operations add to the amounts that an object is made of, such as a counter's value or the
//! balances of accounts: which reads can no longer become legal, and which few operations make one
//! legal.

use super::automaton::{Automaton, StateId};
use super::items::Event;
use super::prepare::Prepared;
use crate::history::hash::Map;
use crate::model::{ANYTHING, Adds, Token};

/// By how much an amount changes, or would have to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Change {
    /// The number of the amount.
    pub(super) amount: u32,
    pub(super) by: i128,
}

/// The amounts of an object, and who adds to them when.
pub(super) struct Amounts {
    numbers: Map<Token, u32>,
    kind: Adds,
    /// What each class adds.
    adds: Vec<Box<[Change]>>,
    /// Of each amount what may have been added before an event.
    sums: Vec<Vec<Sum>>,
    /// If there is one amount, which only grows or only shrinks: for each event, the class that
    /// needs the least of it, or the most, among those called from then on.
    next: Vec<u32>,
}

/// No class.
const NONE: u32 = u32::MAX;

/// The number of any amount.
const ANY: u32 = 0;

impl Change {
    /// Whether so much, of the same sign, is enough.
    pub(super) fn is_within(self, most: i128) -> bool {
        if self.by < 0 { self.by >= most } else { self.by <= most }
    }

    /// Whether an operation that adds this helps where `lack` is lacking.
    pub(super) fn helps(self, lack: Change) -> bool {
        (self.amount == lack.amount || self.amount == ANY || lack.amount == ANY)
            && (self.by < 0) == (lack.by < 0)
    }
}

/// What may have been added to an amount before `event` and at it.
#[derive(Clone, Copy, Default)]
struct Sum {
    event: u32,
    /// All that is added, and all that is taken away, by operations called by then.
    called: [i128; 2],
    /// The same by those that crashed.
    crashed: [i128; 2],
}

impl Amounts {
    /// The amounts of what is searched; `None` if it is not made of amounts.
    pub(super) fn of(prepared: &Prepared, automaton: &dyn Automaton) -> Option<Amounts> {
        let mut amounts = Amounts {
            numbers: Map::default(),
            kind: Adds::Unknown,
            adds: Vec::new(),
            sums: Vec::new(),
            next: Vec::new(),
        };
        amounts.number(ANYTHING);
        let mut changes = Vec::new();
        for class in 0..prepared.classes.len() as u32 {
            changes.clear();
            let kind = automaton.adds(class, &mut |token, by| {
                changes.push(Change { amount: amounts.number(token), by });
            });
            if kind == Adds::Unknown {
                return None;
            }
            amounts.kind = kind;
            amounts.adds.push(changes.as_slice().into());
        }
        if amounts.adds.iter().all(|adds| adds.is_empty()) {
            return None;
        }
        amounts.sums = vec![Vec::new(); amounts.numbers.len()];
        let mut crashes: Vec<(u32, u32)> = Vec::new();
        for twins in &prepared.crashed {
            crashes.extend(twins.calls.iter().map(|&call| (call, twins.class)));
        }
        crashes.sort_unstable();
        let mut crashes = crashes.into_iter();
        for (event, kind) in prepared.events.iter().enumerate() {
            let (class, crashed) = match *kind {
                Event::Call(item) => (prepared.items[item as usize].class, false),
                Event::Crash => match crashes.next() {
                    Some((_, class)) => (class, true),
                    None => continue,
                },
                Event::Return(_) => continue,
            };
            for at in 0..amounts.adds[class as usize].len() {
                let change = amounts.adds[class as usize][at];
                amounts.add(event as u32, change, crashed);
            }
        }
        amounts.look_ahead(prepared, automaton);
        Some(amounts)
    }

    /// Finds for each event who needs the least of an amount that only grows, or the most of one
    /// that only shrinks, of those called from then on.
    fn look_ahead(&mut self, prepared: &Prepared, automaton: &dyn Automaton) {
        let [_, sums] = self.sums.as_slice() else { return };
        if self.kind != Adds::Numbers {
            return;
        }
        let called = sums.last().copied().unwrap_or_default().called;
        let sign = match called {
            [_, 0] => 1,
            [0, _] => -1,
            _ => return,
        };
        let mut lacks = Vec::new();
        let mut needs = Vec::with_capacity(prepared.classes.len());
        for class in 0..prepared.classes.len() as u32 {
            let known = self.lacks(automaton, 0, class, 0, &mut lacks) == Lack::Known;
            let lack = lacks.first().map_or(0, |lack| sign * lack.by);
            needs.push(if known { Some(lack) } else { None });
        }
        self.next = vec![NONE; prepared.events.len() + 1];
        for (at, event) in prepared.events.iter().enumerate().rev() {
            self.next[at] = self.next[at + 1];
            let Event::Call(item) = *event else { continue };
            let class = prepared.items[item as usize].class;
            let Some(need) = needs[class as usize] else { continue };
            let least = needs.get(self.next[at] as usize).copied().flatten();
            if least.is_none_or(|least| need < least) {
                self.next[at] = class;
            }
        }
    }

    /// Whether `state` is past what somebody needs who is called from `event` on.
    pub(super) fn is_past(
        &self,
        automaton: &dyn Automaton,
        state: StateId,
        event: u32,
        lacks: &mut Vec<Change>,
    ) -> bool {
        let next = self.next.get(event as usize).copied().unwrap_or(NONE);
        if next == NONE || self.lacks(automaton, state, next, 0, lacks) != Lack::Known {
            return false;
        }
        let grows = self.sums[1].last().is_some_and(|sum| sum.called[1] == 0);
        lacks.first().is_some_and(|lack| (lack.by < 0) == grows)
    }

    fn number(&mut self, token: Token) -> u32 {
        let next = self.numbers.len() as u32;
        *self.numbers.entry(token).or_insert(next)
    }

    fn add(&mut self, event: u32, change: Change, crashed: bool) {
        let sums = &mut self.sums[change.amount as usize];
        let mut sum = sums.last().copied().unwrap_or_default();
        let side = usize::from(change.by < 0);
        sum.event = event;
        sum.called[side] = sum.called[side].saturating_add(change.by);
        if crashed {
            sum.crashed[side] = sum.crashed[side].saturating_add(change.by);
        }
        sums.push(sum);
    }

    /// What was called before `event`.
    fn before(&self, amount: u32, event: u32) -> Sum {
        let sums = &self.sums[amount as usize];
        let count = sums.partition_point(|sum| sum.event < event);
        count.checked_sub(1).map_or_else(Sum::default, |last| sums[last])
    }

    /// What an operation of `class` adds.
    pub(super) fn adds(&self, class: u32) -> &[Change] {
        &self.adds[class as usize]
    }

    /// Whether what one operation adds too much, another one has to take away.
    pub(super) fn are_sums(&self) -> bool {
        self.kind == Adds::Numbers
    }

    /// Finds what is missing in `state` for an operation of `class` to be legal there, in one of
    /// several ways.
    pub(super) fn lacks(
        &self,
        automaton: &dyn Automaton,
        state: StateId,
        class: u32,
        way: u32,
        lacks: &mut Vec<Change>,
    ) -> Lack {
        lacks.clear();
        let mut never = false;
        let told =
            automaton.lacks(state, class, way, &mut |token, by| match self.numbers.get(&token) {
                Some(&amount) => lacks.push(Change { amount, by }),
                None => never = true,
            });
        match (told, never) {
            (false, _) => Lack::Unknown,
            (true, true) => Lack::Never,
            (true, false) => Lack::Known,
        }
    }

    /// Whether what is called from `event` on and before `until`, and what crashed before, may add
    /// what `lack` says, `open` being what operations may add that are open.
    pub(super) fn may_come(&self, lack: Change, open: i128, event: u32, until: u32) -> bool {
        let side = usize::from(lack.by < 0);
        let mut most = open;
        for amount in [lack.amount, ANY] {
            let now = self.before(amount, event);
            let then = self.before(amount, until);
            let come = then.called[side] - now.called[side];
            most = most.saturating_add(come).saturating_add(now.crashed[side]);
        }
        lack.is_within(most)
    }
}

/// What a few operations add to each amount, and what they take away.
#[derive(Default)]
pub(super) struct Sums {
    sums: Vec<[i128; 2]>,
    used: Vec<u32>,
}

impl Sums {
    pub(super) fn clear(&mut self) {
        for amount in self.used.drain(..) {
            self.sums[amount as usize] = [0; 2];
        }
    }

    pub(super) fn add(&mut self, change: Change) {
        let at = change.amount as usize;
        if self.sums.len() <= at {
            self.sums.resize(at + 1, [0; 2]);
        }
        let sum = &mut self.sums[at][usize::from(change.by < 0)];
        *sum = sum.saturating_add(change.by);
        self.used.push(change.amount);
    }

    /// What there is of what is lacking.
    pub(super) fn of(&self, lack: Change) -> i128 {
        let side = usize::from(lack.by < 0);
        let of = |amount: u32| self.sums.get(amount as usize).map_or(0, |sums| sums[side]);
        let any = if lack.amount == ANY { 0 } else { of(ANY) };
        of(lack.amount).saturating_add(any)
    }
}

/// What is known of what an operation lacks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lack {
    /// Nothing.
    Unknown,
    /// All of it.
    Known,
    /// That it will always lack something.
    Never,
}
