//! What operations add to the things that an object is made of, such as the items of a queue: which
//! answers can no longer become legal, and which few operations make one legal.

use super::automaton::{Automaton, StateId};
use super::items::Event;
use super::prepare::Prepared;
use crate::history::hash::Map;
use crate::model::{ANYTHING, Token};

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
    /// What each class adds.
    adds: Vec<Box<[Change]>>,
    /// Of each amount what may have been added before an event.
    sums: Vec<Vec<Sum>>,
}

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
        let mut amounts = Amounts { numbers: Map::default(), adds: Vec::new(), sums: Vec::new() };
        amounts.number(ANYTHING);
        let mut changes = Vec::new();
        for class in 0..prepared.classes.len() as u32 {
            changes.clear();
            let is_told = automaton.adds(class, &mut |token, by| {
                changes.push(Change { amount: amounts.number(token), by });
            });
            if !is_told {
                return None;
            }
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
        Some(amounts)
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
