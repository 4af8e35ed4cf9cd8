//! Which few open and crashed operations add just what an operation lacks.
//!
//! What is lacking is one number for all amounts together, a sum in which each has a
//! [factor](super::states::factor) of its own: what operations add to it is the sum of what each
//! of them adds. Two different changes may have the same sum. A plan that rests on that is not
//! carried out, since the operation stays illegal.

use std::sync::Arc;

use super::knapsack::{self, Kind};
use super::problem::Effect;
use super::states::{AmountSet, States, weighed};
use crate::check::search::automaton::StateId;
use crate::check::search::items::CrashedClass;
use crate::check::search::walker::Move;
use crate::history::hash::Map;
use crate::history::sort;

/// What a crashed operation costs; see [`Unit::cost`].
pub(super) const CRASHED: u32 = 64;

/// How far plans are looked for; each level adds some to those before it.
pub(super) mod level {
    /// One or two open operations, or one that crashed.
    pub(in super::super) const FEW: u32 = 0;
    /// Three of them.
    pub(in super::super) const MORE: u32 = 1;
    /// Two open ones with one that crashed, or two of these.
    pub(in super::super) const CRASHED: u32 = 2;
    /// As many open ones as it needs.
    pub(in super::super) const MANY: u32 = 3;
    /// These with two that crashed.
    pub(in super::super) const ALL: u32 = 4;
}

/// Of so many open operations sums of any number are looked at, by halves.
const HALVES: usize = 22;

/// Of so many, each set is.
const EACH: usize = 10;

/// Of each crashed class so many are looked at in a knapsack.
const MOST_TWINS: u32 = 7;

/// So many crashed classes are tried where one is as good as another.
const CHOICE: usize = 4;

/// An open operation that is legal wherever what it takes away is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) item: u32,
    pub(super) class: u32,
    pub(super) slot: u32,
    /// What it costs to linearize it now: the more, the later it returns.
    pub(super) cost: u32,
    /// The unit before it that is the same: that comes first.
    pub(super) twin: Option<usize>,
}

/// What is lacking, and who may add it.
pub(super) struct Wish<'w> {
    pub(super) units: &'w [Unit],
    /// How many operations of each crashed class are linearized.
    pub(super) used: &'w [u16],
    pub(super) event: u32,
    /// The amounts that matter.
    pub(super) amounts: AmountSet,
    /// What is lacking of them, as a sum.
    pub(super) lack: u64,
    /// The same of a single one, as it is.
    pub(super) missing: i128,
    /// So many plans are enough.
    pub(super) most: usize,
    /// Whether nothing was found before.
    pub(super) is_last: bool,
}

/// What a plan costs, and its moves.
pub(super) type Plan = (u32, Vec<Move>);

/// Looks for plans.
pub(super) struct Planner<'a> {
    effects: &'a [Effect],
    crashed: Arc<[CrashedClass]>,
    /// For sets of amounts, the crashed classes by what one operation adds to these.
    by_sum: Map<AmountSet, Map<u64, Vec<u32>>>,
    /// What each unit adds.
    sums: Vec<u64>,
    /// The crashed classes that have an operation left, with what it adds, once it is asked for.
    ready: Option<Vec<(u32, u64)>>,
    plans: Vec<Plan>,
}

/// What `effect` adds to those of the `amounts`, as a sum.
fn sum_of(effect: &Effect, amounts: AmountSet) -> u64 {
    let adds = effect.adds.iter().filter(|&&(amount, _)| amounts >> amount & 1 == 1);
    adds.fold(0, |sum, &(amount, by)| sum.wrapping_add(weighed(amount, by)))
}

/// What is missing in `state` for an operation to find what it found: in which amounts, the sum,
/// and what is missing of the last of them.
pub(super) fn lack(states: &States, state: StateId, effect: &Effect) -> (AmountSet, u64, i128) {
    let (values, unknown) = (states.of(state), states.unknown(state));
    let known = effect.finds.iter().filter(|&&(amount, _)| unknown >> amount & 1 == 0);
    known.fold((0, 0, 0), |(amounts, lack, _): (AmountSet, u64, i128), &(amount, found)| {
        let by = found.wrapping_sub(values[amount as usize]);
        (amounts | 1 << amount, lack.wrapping_add(weighed(amount, by)), by)
    })
}

impl<'a> Planner<'a> {
    pub(super) fn new(effects: &'a [Effect], crashed: Arc<[CrashedClass]>) -> Self {
        Planner {
            effects,
            crashed,
            by_sum: Map::default(),
            sums: Vec::new(),
            ready: None,
            plans: Vec::new(),
        }
    }

    /// Whether so many operations of a crashed class were called before `event` and are not used.
    pub(super) fn has(&self, group: u32, count: usize, used: &[u16], event: u32) -> bool {
        self.crashed[group as usize].is_left(used[group as usize], count, event)
    }

    /// Finds plans of one [`level`], the cheapest first.
    pub(super) fn find(&mut self, wish: &Wish<'_>, level: u32) -> Vec<Plan> {
        let (crashed, effects) = (&self.crashed, self.effects);
        self.by_sum.entry(wish.amounts).or_insert_with(|| {
            let mut by_sum: Map<u64, Vec<u32>> = Map::default();
            for (group, twins) in (0..).zip(crashed.iter()) {
                let effect = &effects[twins.class as usize];
                if effect.is_free() {
                    by_sum.entry(sum_of(effect, wish.amounts)).or_default().push(group);
                }
            }
            by_sum
        });
        self.ready = None;
        self.sums.clear();
        let sums =
            wish.units.iter().map(|unit| sum_of(&effects[unit.class as usize], wish.amounts));
        self.sums.extend(sums);
        match level {
            level::FEW => self.few(wish),
            level::MORE => self.more(wish),
            level::CRASHED => self.crashed(wish),
            level::MANY => self.many(wish),
            _ => self.all(wish),
        }
        let mut plans = std::mem::take(&mut self.plans);
        sort::by(&mut plans, |&(cost, _)| cost);
        plans.truncate(wish.most);
        plans
    }

    fn is_enough(&self, wish: &Wish<'_>) -> bool {
        self.plans.len() >= 4 * wish.most
    }

    /// What is lacking besides what the chosen units add.
    fn rest(&self, wish: &Wish<'_>, chosen: &[usize]) -> u64 {
        chosen.iter().fold(wish.lack, |rest, &at| rest.wrapping_sub(self.sums[at]))
    }

    fn few(&mut self, wish: &Wish<'_>) {
        self.complete(wish, &[]);
        for first in 0..wish.units.len() {
            if is_next(wish, first, &[]) {
                self.complete(wish, &[first]);
            }
        }
        self.complete_crashed(wish, &[]);
    }

    fn more(&mut self, wish: &Wish<'_>) {
        for first in 0..wish.units.len() {
            if !is_next(wish, first, &[]) {
                continue;
            }
            self.complete_crashed(wish, &[first]);
            for second in first + 1..wish.units.len() {
                if is_next(wish, second, &[first]) {
                    self.complete(wish, &[first, second]);
                }
                if self.is_enough(wish) {
                    return;
                }
            }
        }
    }

    fn crashed(&mut self, wish: &Wish<'_>) {
        for first in 0..wish.units.len() {
            if !is_next(wish, first, &[]) {
                continue;
            }
            for second in first + 1..wish.units.len() {
                if is_next(wish, second, &[first]) {
                    self.complete_crashed(wish, &[first, second]);
                }
            }
        }
        self.complete_by_two(wish, &[]);
    }

    /// Adds the plans of the chosen units and one behind them.
    fn complete(&mut self, wish: &Wish<'_>, chosen: &[usize]) {
        let rest = self.rest(wish, chosen);
        let behind = chosen.last().map_or(0, |&last| last + 1);
        for at in behind..wish.units.len() {
            if self.sums[at] == rest && is_next(wish, at, chosen) {
                let mut chosen = chosen.to_vec();
                chosen.push(at);
                self.push(wish, &chosen, &[]);
            }
        }
    }

    /// Adds the plans of the chosen units and a crashed operation.
    fn complete_crashed(&mut self, wish: &Wish<'_>, chosen: &[usize]) {
        let rest = self.rest(wish, chosen);
        let groups = self.by_sum.get(&wish.amounts).and_then(|groups| groups.get(&rest));
        let is_left = |&&group: &&u32| {
            self.has(group, 1, wish.used, wish.event)
                && !is_open(wish, chosen, self.crashed[group as usize].class)
        };
        let groups = groups.iter().flat_map(|groups| groups.iter());
        let groups: Vec<u32> = groups.filter(is_left).take(CHOICE).copied().collect();
        for group in groups {
            self.push(wish, chosen, &[group]);
        }
    }

    /// Adds the plans of the chosen units and two crashed operations.
    fn complete_by_two(&mut self, wish: &Wish<'_>, chosen: &[usize]) {
        let rest = self.rest(wish, chosen);
        let ready = self.ready.take().unwrap_or_else(|| self.ready(wish));
        let Some(by_sum) = self.by_sum.get(&wish.amounts) else { return };
        let is_left = |group: u32, count: usize| {
            self.has(group, count, wish.used, wish.event)
                && !is_open(wish, chosen, self.crashed[group as usize].class)
        };
        let mut pairs: Vec<[u32; 2]> = Vec::new();
        for &(first, sum) in &ready {
            let seconds = by_sum.get(&rest.wrapping_sub(sum)).map_or(&[][..], |groups| groups);
            for &second in seconds {
                let same = usize::from(second == first);
                if second >= first && is_left(first, 1) && is_left(second, 1 + same) {
                    pairs.push([first, second]);
                }
            }
            if pairs.len() >= wish.most {
                break;
            }
        }
        self.ready = Some(ready);
        for pair in pairs {
            self.push(wish, chosen, &pair);
        }
    }

    /// The crashed classes that have an operation left, with what it adds.
    fn ready(&self, wish: &Wish<'_>) -> Vec<(u32, u64)> {
        let groups = (0..self.crashed.len() as u32).filter(|&group| {
            self.has(group, 1, wish.used, wish.event)
                && self.effects[self.crashed[group as usize].class as usize].is_free()
        });
        let effect = |group: u32| &self.effects[self.crashed[group as usize].class as usize];
        groups.map(|group| (group, sum_of(effect(group), wish.amounts))).collect()
    }

    /// Adds the cheapest plan for a single amount, of any number of open and crashed operations.
    fn cheapest(&mut self, wish: &Wish<'_>) {
        let (effects, crashed) = (self.effects, Arc::clone(&self.crashed));
        let by = |class: u32| match effects[class as usize].adds.as_slice() {
            &[(amount, by)] if wish.amounts >> amount & 1 == 1 => by,
            _ => 0,
        };
        let (used, event) = (wish.used, wish.event);
        let mut kinds: Vec<Kind> = Vec::new();
        let units = wish.units.iter().map(|unit| (by(unit.class), unit.cost));
        kinds.extend(units.map(|(by, cost)| Kind { by, cost, count: 1 }));
        let mut groups: Vec<u32> = Vec::new();
        for (group, twins) in (0..).zip(crashed.iter()) {
            let called = twins.calls.partition_point(|&call| call < event);
            let left = called as u32 - u32::from(used[group as usize]);
            let count = left.min(MOST_TWINS);
            let by = by(twins.class);
            if count > 0 && by != 0 && effects[twins.class as usize].is_free() {
                groups.push(group);
                kinds.push(Kind { by, cost: CRASHED, count });
            }
        }
        let Some(counts) = knapsack::cheapest(&kinds, wish.missing) else { return };
        let (units, crashes) = counts.split_at(wish.units.len());
        let mut chosen: Vec<usize> = Vec::new();
        for (at, _) in units.iter().enumerate().filter(|&(_, &count)| count > 0) {
            // Of those that are the same the first, whichever was found.
            let class = wish.units[at].class;
            let is_left =
                |&other: &usize| wish.units[other].class == class && !chosen.contains(&other);
            let next = (0..wish.units.len()).find(is_left);
            chosen.extend(next);
        }
        let crashes = groups.iter().zip(crashes);
        let crashes: Vec<u32> = crashes
            .flat_map(|(&group, &count)| std::iter::repeat_n(group, count as usize))
            .collect();
        if !chosen.is_empty() || !crashes.is_empty() {
            self.push(wish, &chosen, &crashes);
        }
    }

    /// Adds plans of any number of open operations, by the sums of both halves of them, and of
    /// one open operation with two that crashed.
    fn many(&mut self, wish: &Wish<'_>) {
        if wish.is_last && wish.amounts.count_ones() == 1 {
            return self.cheapest(wish);
        }
        let count = wish.units.len().min(HALVES);
        let left = self.subsets(wish, 0..count / 2);
        let mut right = self.subsets(wish, count / 2..count);
        right.sort_unstable_by_key(|&(sum, cost, _)| (sum, cost));
        let mut found: Vec<(u32, u32)> = Vec::new();
        for &(sum, cost, bits) in &left {
            let rest = wish.lack.wrapping_sub(sum);
            let first = right.partition_point(|&(sum, ..)| sum < rest);
            let same = right[first..].iter().take_while(|&&(sum, ..)| sum == rest);
            found.extend(same.take(CHOICE).map(|&(_, more, others)| (cost + more, bits | others)));
        }
        found.sort_unstable();
        for (_, bits) in found {
            let chosen = members(bits);
            if !chosen.is_empty() && chosen.iter().all(|&at| is_next(wish, at, &chosen)) {
                self.push(wish, &chosen, &[]);
            }
            if self.plans.len() >= wish.most {
                break;
            }
        }
        for first in 0..wish.units.len() {
            if is_next(wish, first, &[]) && !self.is_enough(wish) {
                self.complete_by_two(wish, &[first]);
            }
        }
    }

    /// The sum, the cost and the members of each set of the units in `range`.
    fn subsets(&self, wish: &Wish<'_>, range: std::ops::Range<usize>) -> Vec<(u64, u32, u32)> {
        let mut sets: Vec<(u64, u32, u32)> = Vec::with_capacity(1 << range.len());
        sets.push((0, 0, 0));
        for at in range {
            for nth in 0..sets.len() {
                let (sum, cost, bits) = sets[nth];
                let sum = sum.wrapping_add(self.sums[at]);
                sets.push((sum, cost + wish.units[at].cost, bits | 1 << at));
            }
        }
        sets
    }

    fn all(&mut self, wish: &Wish<'_>) {
        for bits in 0..1_u32 << wish.units.len().min(EACH) {
            let chosen = members(bits);
            if chosen.len() < 2 || !chosen.iter().all(|&at| is_next(wish, at, &chosen)) {
                continue;
            }
            if chosen.len() > 2 {
                self.complete_crashed(wish, &chosen);
            }
            self.complete_by_two(wish, &chosen);
            if self.is_enough(wish) {
                return;
            }
        }
    }

    fn push(&mut self, wish: &Wish<'_>, chosen: &[usize], crashed: &[u32]) {
        let units = chosen.iter().map(|&at| &wish.units[at]);
        let cost: u32 = units.clone().map(|unit| unit.cost).sum();
        let crashed_moves = crashed.iter().map(|&group| Move::Crashed(group));
        let moves = units.map(|unit| Move::Item(unit.item)).chain(crashed_moves);
        self.plans.push((cost + CRASHED * crashed.len() as u32, moves.collect()));
    }
}

/// The numbers of the bits that are set.
fn members(bits: u32) -> Vec<usize> {
    (0..32).filter(|at| bits >> at & 1 == 1).collect()
}

/// Whether a unit may be chosen besides those chosen: its twin is.
fn is_next(wish: &Wish<'_>, at: usize, chosen: &[usize]) -> bool {
    wish.units[at].twin.is_none_or(|twin| chosen.contains(&twin))
}

/// Whether there is a unit of this class that is not chosen: it comes before one that crashed.
fn is_open(wish: &Wish<'_>, chosen: &[usize], class: u32) -> bool {
    let mut units = wish.units.iter().enumerate();
    units.any(|(at, unit)| unit.class == class && !chosen.contains(&at))
}
