//! What operations that are still to come can add, over the whole history: tells which
//! configurations lead nowhere, since an open operation found what cannot be reached any more.

use super::plans::Unit;
use super::problem::{Effect, Problem};
use super::states::States;
use super::{Entry, Scene};
use crate::check::search::items::{CrashedClass, Event};
use crate::check::search::mask::Mask;
use crate::check::search::prepare::Prepared;
use crate::history::hash::Map;

/// More crashed operations than this are not told apart from as many.
const MOST_DISTANCE: u128 = 1 << 16;

/// What may be added to an amount, and what may be taken away.
type Sums = [i128; 2];

/// Adds `by` to the side that it belongs to.
pub(super) fn add(sums: &mut Sums, by: i128) {
    let side = &mut sums[usize::from(by < 0)];
    *side = side.saturating_add(by);
}

/// Who adds to amounts when.
pub(super) struct Supply<'a> {
    prepared: &'a Prepared,
    problem: &'a Problem,
    /// For each event and amount, what completed operations called before it add.
    completed: Vec<Sums>,
    /// The same of crashed ones.
    crashed: Vec<Sums>,
    /// The most that one of them adds to each amount, and the most that one takes away.
    largest: Vec<Sums>,
    /// How many crashed operations are called before each event.
    crashes: Vec<u32>,
    /// How many completed operations that tell nothing are.
    free: Vec<u32>,
    /// If there is one amount, which only grows: the least that is found by who is called from
    /// an event on.
    least: Vec<i128>,
    /// If there is one amount: the calls of those that tell where they leave it, by that.
    arrivals: Map<i128, Vec<u32>>,
}

/// What is known of a value that a single amount must have sometime.
struct Value {
    value: i128,
    /// How often it is left, and whether it is looked at.
    leaves: u32,
    is_looked_at: bool,
    /// How often it is reached by operations that are open.
    arrives: u32,
    /// By when it is looked at or left for the last time.
    until: u32,
}

impl Value {
    fn of(value: i128) -> Value {
        Value { value, leaves: 0, is_looked_at: false, arrives: 0, until: 0 }
    }
}

/// What values lack; see [`Supply::arrivals`].
pub(super) struct Deficit {
    /// So many times a value has to be reached by operations that do not tell where they lead.
    pub(super) surely: u32,
    /// The same if none came that are not open yet.
    pub(super) now: u32,
    /// Whether there are enough of these.
    pub(super) is_met: bool,
}

impl<'a> Supply<'a> {
    pub(super) fn of(
        prepared: &'a Prepared,
        crashed: &[CrashedClass],
        problem: &'a Problem,
    ) -> Supply<'a> {
        let (amounts, events) = (problem.amounts.len(), prepared.events.len());
        let mut supply = Supply {
            prepared,
            problem,
            completed: vec![[0; 2]; (events + 1) * amounts],
            crashed: vec![[0; 2]; (events + 1) * amounts],
            largest: vec![[0; 2]; amounts],
            crashes: vec![0; events + 1],
            free: vec![0; events + 1],
            least: Vec::new(),
            arrivals: Map::default(),
        };
        let calls =
            crashed.iter().flat_map(|twins| twins.calls.iter().map(|&call| (call, twins.class)));
        let mut calls: Vec<(u32, u32)> = calls.collect();
        for &(_, class) in &calls {
            for &(amount, by) in &problem.effects[class as usize].adds {
                let [most, least] = &mut supply.largest[amount as usize];
                (*most, *least) = ((*most).max(by), (*least).min(by));
            }
        }
        calls.sort_unstable();
        let mut calls = calls.iter();
        for (at, event) in prepared.events.iter().enumerate() {
            let (now, next) = (at * amounts, (at + 1) * amounts);
            supply.completed.copy_within(now..next, next);
            supply.crashed.copy_within(now..next, next);
            supply.crashes[at + 1] = supply.crashes[at];
            supply.free[at + 1] = supply.free[at];
            let (class, sums) = match *event {
                Event::Call(item) => {
                    let class = problem.kind(prepared.items[item as usize].class);
                    let effect = &problem.effects[class as usize];
                    supply.free[at + 1] += u32::from(effect.is_free() && !effect.is_pure());
                    (class, &mut supply.completed)
                }
                Event::Crash => {
                    supply.crashes[at + 1] += 1;
                    let Some(&(_, class)) = calls.next() else { continue };
                    (class, &mut supply.crashed)
                }
                Event::Return(_) => continue,
            };
            for &(amount, by) in &problem.effects[class as usize].adds {
                add(&mut sums[next + amount as usize], by);
            }
        }
        if amounts == 1 {
            supply.look_ahead();
        }
        supply
    }

    /// Finds what is known of a single amount.
    fn look_ahead(&mut self) {
        let Supply { prepared, problem, least, arrivals, .. } = self;
        let effect = |item: u32| problem.effect(prepared.items[item as usize].class);
        let calls = prepared.events.iter().enumerate().filter_map(|(at, event)| match *event {
            Event::Call(item) => Some((at, effect(item))),
            _ => None,
        });
        for (at, effect) in calls.clone() {
            if let Some(after) = effect.after() {
                arrivals.entry(after).or_default().push(at as u32);
            }
        }
        let mut adds = problem.effects.iter().flat_map(|effect| &effect.adds);
        if adds.all(|&(_, by)| by > 0) {
            *least = vec![i128::MAX; prepared.events.len() + 1];
            for (at, effect) in calls {
                let found = effect.finds.iter().map(|&(_, found)| found);
                least[at] = found.min().unwrap_or(i128::MAX);
            }
            for at in (0..prepared.events.len()).rev() {
                least[at] = least[at].min(least[at + 1]);
            }
        }
    }

    /// Whether there are operations that tell where they leave a single amount.
    pub(super) fn has_arrivals(&self) -> bool {
        !self.arrivals.is_empty()
    }

    fn effect(&self, item: u32) -> &'a Effect {
        self.problem.effect(self.prepared.items[item as usize].class)
    }

    /// Whether an open operation found what can no longer be reached before it returns.
    pub(super) fn is_short<K: Mask>(
        &self,
        states: &States,
        entry: &Entry<K>,
        scene: &Scene,
    ) -> bool {
        let (values, unknown) = (states.of(entry.state), states.unknown(entry.state));
        let event = scene.event as usize;
        if self.least.get(event).is_some_and(|&least| values[0] > least) {
            return true;
        }
        let amounts = values.len();
        let mut open: Option<Vec<Sums>> = None;
        let mut is_beyond = |amount: usize, lack: i128, ret: usize| {
            let open = open.get_or_insert_with(|| self.open(entry, scene));
            let side = usize::from(lack < 0);
            let come = self.completed[ret * amounts + amount][side]
                .saturating_sub(self.completed[event * amounts + amount][side]);
            let crashed = self.crashed[ret * amounts + amount][side]
                .saturating_sub(entry.used.sums[amount][side]);
            let most = open[amount][side].saturating_add(come).saturating_add(crashed);
            lack.unsigned_abs() > most.unsigned_abs()
        };
        scene.telling.iter().any(|telling| {
            !entry.mask.has(telling.slot)
                && self.effect(telling.item).finds.iter().any(|&(amount, found)| {
                    let lack = found.saturating_sub(values[amount as usize]);
                    let is_known = unknown >> amount & 1 == 0;
                    is_known && lack != 0 && is_beyond(amount as usize, lack, telling.ret as usize)
                })
        })
    }

    /// At least how many crashed operations have to be used before all that open operations found
    /// was there.
    pub(super) fn distance<K: Mask>(
        &self,
        states: &States,
        entry: &Entry<K>,
        scene: &Scene,
    ) -> u32 {
        let (values, unknown) = (states.of(entry.state), states.unknown(entry.state));
        let amounts = values.len();
        let event = scene.event as usize;
        let mut open: Option<Vec<Sums>> = None;
        let mut furthest = 0;
        for telling in scene.telling.iter().filter(|telling| !entry.mask.has(telling.slot)) {
            let ret = telling.ret as usize;
            let mut needed = [0_u128; 2];
            for &(amount, found) in &self.effect(telling.item).finds {
                let amount = amount as usize;
                let lack = found.saturating_sub(values[amount]);
                if unknown >> amount & 1 == 1 || lack == 0 {
                    continue;
                }
                let open = open.get_or_insert_with(|| self.open(entry, scene));
                let side = usize::from(lack < 0);
                let come = self.completed[ret * amounts + amount][side]
                    .saturating_sub(self.completed[event * amounts + amount][side]);
                let others = open[amount][side].saturating_add(come).unsigned_abs();
                let largest = self.largest[amount][side].unsigned_abs().max(1);
                let lacking = lack.unsigned_abs().saturating_sub(others).div_ceil(largest);
                needed[side] = needed[side].saturating_add(lacking);
            }
            furthest = furthest.max(needed[0].max(needed[1]));
        }
        furthest.min(MOST_DISTANCE) as u32
    }

    /// What open operations that are not linearized add to each amount.
    fn open<K: Mask>(&self, entry: &Entry<K>, scene: &Scene) -> Vec<Sums> {
        let mut open = vec![[0; 2]; self.problem.amounts.len()];
        let units = scene.units.iter().map(|unit| (unit.item, unit.slot));
        let telling = scene.telling.iter().map(|telling| (telling.item, telling.slot));
        for (item, _) in units.chain(telling).filter(|&(_, slot)| !entry.mask.has(slot)) {
            for &(amount, by) in &self.effect(item).adds {
                add(&mut open[amount as usize], by);
            }
        }
        open
    }

    /// Counts how often values of a single amount are left or looked at, and how often they are
    /// reached.
    pub(super) fn deficit<K: Mask>(
        &self,
        states: &States,
        entry: &Entry<K>,
        scene: &Scene,
    ) -> Deficit {
        let state = states.of(entry.state)[0];
        let mut values = vec![Value { arrives: 1, ..Value::of(state) }];
        let mut last = 0;
        for telling in scene.telling.iter().filter(|telling| !entry.mask.has(telling.slot)) {
            let effect = self.effect(telling.item);
            let Some(&(_, found)) = effect.finds.first() else { continue };
            last = last.max(telling.ret);
            let value = place(&mut values, found);
            value.until = value.until.max(telling.ret);
            if effect.is_pure() {
                value.is_looked_at = true;
            } else {
                value.leaves += 1;
            }
            if let Some(after) = effect.after() {
                place(&mut values, after).arrives += 1;
            }
        }
        let mut deficit = Deficit { surely: 0, now: 0, is_met: true };
        for value in &values {
            let needed = value.leaves.max(u32::from(value.is_looked_at));
            let lacking = needed.saturating_sub(value.arrives);
            if lacking == 0 {
                continue;
            }
            let come = self.arrivals.get(&value.value).map_or(0, |calls| {
                calls.partition_point(|&call| call < value.until)
                    - calls.partition_point(|&call| call < scene.event)
            });
            deficit.now += lacking;
            deficit.surely += lacking.saturating_sub(come as u32);
        }
        if deficit.surely > 0 {
            let is_open = |unit: &&Unit| !entry.mask.has(unit.slot);
            let open = scene.units.iter().filter(is_open).count() as u32;
            let come = self.free[last as usize] - self.free[scene.event as usize];
            let crashed = self.crashes[last as usize] - entry.used.count;
            deficit.is_met = deficit.surely <= open + come + crashed;
        }
        deficit
    }
}

/// Where a value is noted.
fn place(values: &mut Vec<Value>, value: i128) -> &mut Value {
    let at = values.iter().position(|other| other.value == value).unwrap_or_else(|| {
        values.push(Value::of(value));
        values.len() - 1
    });
    &mut values[at]
}
