//! What operations do to the amounts that an object is made of, as numbers.

use std::sync::Arc;

use crate::check::search::items::CrashedClass;
use crate::history::hash::Map;
use crate::model::{Amount, OnAmount, Pos, Token};

/// The most crashed operations that are counted together.
const MOST_TWINS: usize = u16::MAX as usize;

/// The number of an amount.
pub(super) type AmountId = u32;

/// There are at most so many amounts: a set of them is a number.
pub(super) const MOST_AMOUNTS: usize = 128;

/// What an operation of one class finds, and what it adds then.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Effect {
    /// The amounts that it found just so.
    pub(super) finds: Vec<(AmountId, i128)>,
    /// Amounts that it found less than this.
    pub(super) finds_less: Vec<(AmountId, i128)>,
    /// What it adds to which amounts, none of it 0.
    pub(super) adds: Vec<(AmountId, i128)>,
}

impl Effect {
    /// Whether it changes nothing that is known.
    pub(super) fn is_pure(&self) -> bool {
        self.adds.is_empty()
    }

    /// Whether it is legal wherever what it takes away is there.
    pub(super) fn is_free(&self) -> bool {
        self.finds.is_empty() && self.finds_less.is_empty()
    }

    /// What it leaves of a single amount, if it says what it found.
    pub(super) fn after(&self) -> Option<i128> {
        let (_, found) = *self.finds.first().filter(|_| !self.is_pure())?;
        self.adds.iter().try_fold(found, |after, &(_, by)| after.checked_add(by))
    }
}

/// Tells what an operation of a class does to amounts, as [`Model`](crate::model::Model) does.
type Tells<'a> = &'a dyn Fn(usize, &mut dyn FnMut(Token, OnAmount)) -> bool;

/// The classes of the operations of an object that is made of amounts.
#[derive(Debug)]
pub(in crate::check::search) struct Problem {
    pub(super) effects: Vec<Effect>,
    /// Of each class its effect: operations of several may do the same.
    kinds: Vec<u32>,
    /// Of each amount what is known of it.
    pub(super) amounts: Vec<Amount>,
}

impl Problem {
    /// The problem of `classes` of operations; `None` if they are not on amounts, or on too many.
    pub(in crate::check::search) fn of(
        classes: usize,
        on_amounts: Tells<'_>,
        known: &dyn Fn(Token) -> Amount,
    ) -> Option<Problem> {
        let mut problem = Problem { effects: Vec::new(), kinds: Vec::new(), amounts: Vec::new() };
        let mut known_effects: Map<Effect, u32> = Map::default();
        let mut numbers: Map<Token, AmountId> = Map::default();
        for class in 0..classes {
            let mut effect = Effect::default();
            let is_told = on_amounts(class, &mut |token, what| {
                let next = numbers.len() as AmountId;
                let amount = *numbers.entry(token).or_insert(next);
                if amount == next && problem.amounts.len() == next as usize {
                    problem.amounts.push(known(token));
                }
                match what {
                    OnAmount::Found(found) => effect.finds.push((amount, found)),
                    OnAmount::FoundLess(limit) => effect.finds_less.push((amount, limit)),
                    OnAmount::Adds(by) => effect.adds.push((amount, by)),
                }
            });
            if !is_told || problem.amounts.len() > MOST_AMOUNTS {
                return None;
            }
            let next = problem.effects.len() as u32;
            let kind = *known_effects.entry(effect).or_insert_with_key(|effect| {
                problem.effects.push(effect.clone());
                next
            });
            problem.kinds.push(kind);
        }
        (!problem.amounts.is_empty()).then_some(problem)
    }

    /// The number of the effect that operations of a class have.
    pub(super) fn kind(&self, class: u32) -> u32 {
        self.kinds[class as usize]
    }

    /// What operations of a class do.
    pub(super) fn effect(&self, class: u32) -> &Effect {
        &self.effects[self.kind(class) as usize]
    }

    /// Crashed operations that do the same, of whatever class, with their effect in place of that.
    pub(super) fn merged(&self, crashed: &[CrashedClass]) -> Arc<[CrashedClass]> {
        let mut calls: Vec<(u32, u32, Pos)> = Vec::new();
        for twins in crashed {
            let kind = self.kind(twins.class);
            let own = twins.calls.iter().zip(&twins.readings);
            calls.extend(own.map(|(&call, &reading)| (call, kind, reading)));
        }
        calls.sort_unstable();
        let mut merged: Vec<CrashedClass> = Vec::new();
        let mut groups: Map<u32, usize> = Map::default();
        for (call, class, reading) in calls {
            let group = groups.entry(class).or_insert(usize::MAX);
            if merged.get(*group).is_none_or(|twins| twins.calls.len() >= MOST_TWINS) {
                *group = merged.len();
                merged.push(CrashedClass { class, calls: Vec::new(), readings: Vec::new() });
            }
            merged[*group].calls.push(call);
            merged[*group].readings.push(reading);
        }
        merged.into()
    }
}
