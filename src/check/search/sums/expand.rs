//! What becomes of a configuration at a return: by the operation that returns, by those that say
//! that they found just this, and by plans that lead to what others found.

use std::sync::Arc;

use super::plans::{CRASHED, Plan, Unit, Wish, lack, level};
use super::problem::AmountId;
use super::supply::add;
use super::{COST, DEFICIT, Entry, FAR, SCARCE, Scene, Telling, Used, Walk, factor};
use crate::check::search::mask::{Mask, difference};
use crate::check::search::path::Node;
use crate::check::search::walker::Move;
use crate::history::sort;

/// So many plans are looked for at least for each configuration, and at most.
const PLANS: std::ops::RangeInclusive<usize> = 4..=64;

/// For so many answers a long way is looked for where no short way leads to any.
const NEAREST: usize = 2;

/// So many crashed operations are tried that make room.
const CRASHES: usize = 4;

/// What it costs more to use a crashed operation that only takes from amounts that have a least:
/// nobody gives it back.
const LOSS: u32 = 8;

/// What it costs less to use one that only gives to them.
const GAIN: u32 = 4;

/// With so much effort, the longest plans are looked for, too.
const LONG: u32 = 4;

impl<K: Mask> Walk<'_, K> {
    /// What it costs to linearize an operation that returns only then.
    fn early(&self, ret: u32) -> u32 {
        let events = ret - self.course.place.event;
        (events.saturating_mul(COST) / self.course.shared.prepared.width as u32).min(CRASHED)
    }

    /// The operations that are open where `forced` returns.
    pub(super) fn scene(&self, forced: u32) -> Scene {
        let prepared = self.course.shared.prepared;
        let mut items: Vec<(u32, u32)> = Vec::new();
        difference(self.course.place.open.words(), K::empty(prepared.width).words(), |slot| {
            let item = self.course.place.slots[slot as usize];
            items.push((prepared.items[item as usize].ret, item));
            true
        });
        items.sort_unstable();
        let event = self.course.place.event;
        let mut scene = Scene { event, forced, units: Vec::new(), telling: Vec::new() };
        for (ret, item) in items {
            let (class, slot) = (self.course.kind(item), prepared.items[item as usize].slot);
            if self.course.problem.effects[class as usize].is_free() {
                let cost = 1 + self.early(ret);
                scene.units.push(Unit { item, class, slot, cost, twin: None });
            } else {
                scene.telling.push(Telling { item, class, slot, ret });
            }
        }
        scene
    }

    /// Finds what becomes of `entry`.
    pub(super) fn expand(&mut self, entry: &Entry<K>, scene: &Scene, found: &mut Vec<Entry<K>>) {
        let forced = self.course.kind(scene.forced);
        let is_free = self.course.problem.effects[forced as usize].is_free();
        // Of those that tell the same, the first to return.
        let mut targets: Vec<u32> = Vec::new();
        for telling in scene.telling.iter().filter(|telling| !entry.mask.has(telling.slot)) {
            if !targets.contains(&telling.class) {
                targets.push(telling.class);
                found.extend(self.carry_out(entry, &[Move::Item(telling.item)], scene));
            }
        }
        if is_free {
            found.extend(self.carry_out(entry, &[Move::Item(scene.forced)], scene));
        }
        let mut units: Vec<Unit> = Vec::with_capacity(scene.units.len());
        for unit in scene.units.iter().filter(|unit| !entry.mask.has(unit.slot)) {
            let twin = units.iter().rposition(|other| other.class == unit.class);
            units.push(Unit { twin, ..*unit });
        }
        if self.course.states.unknown(entry.state) != 0 {
            // Who looks for the first time may look after anything.
            for unit in &units {
                found.extend(self.carry_out(entry, &[Move::Item(unit.item)], scene));
            }
        }
        self.reach(entry, scene, (&targets, &units), found);
        self.make_room(entry, scene, (&targets, &units), found);
    }

    /// Finds plans that lead to what the operations of the classes `targets` found.
    fn reach(
        &mut self,
        entry: &Entry<K>,
        scene: &Scene,
        (targets, units): (&[u32], &[Unit]),
        found: &mut Vec<Entry<K>>,
    ) {
        let forced = self.course.kind(scene.forced);
        let most = self.course.retreat.width.clamp(*PLANS.start(), *PLANS.end());
        let (before, effort) = (found.len(), self.course.retreat.effort());
        let near = self.nearest(entry, targets);
        let mut own = 0;
        for level in level::FEW..=if effort >= LONG { level::ALL } else { level::MANY } {
            let is_enough = found.len() >= before + most / 2;
            let is_own_enough = own > 1 || !targets.contains(&forced);
            if level > effort && is_enough && is_own_enough {
                break;
            }
            for &class in targets {
                let is_far = level == level::MANY
                    && effort + 1 < LONG
                    && (effort == 0 || found.len() > before || !near.contains(&class));
                if class != forced && (is_far || level > effort && is_enough) {
                    continue;
                }
                let effect = &self.course.problem.effects[class as usize];
                let (amounts, lack, missing) = lack(&self.course.states, entry.state, effect);
                if lack == 0 {
                    continue;
                }
                let (used, event) = (&entry.used.counts, scene.event);
                let is_last = found.len() == before;
                let wish = Wish { units, used, event, amounts, lack, missing, most, is_last };
                let plans: Vec<Plan> = self.planner.find(&wish, level);
                let first = found.len();
                for (_, moves) in &plans {
                    found.extend(self.carry_out(entry, moves, scene));
                }
                own += if class == forced { found.len() - first } else { 0 };
            }
        }
    }

    /// Those of the classes `targets` to which a long way is looked for first: those that found
    /// what is nearest, of a single amount, or the first.
    fn nearest(&self, entry: &Entry<K>, targets: &[u32]) -> Vec<u32> {
        let mut near = targets.to_vec();
        if self.course.problem.amounts.len() == 1 {
            sort::by(&mut near, |&class| {
                let effect = &self.course.problem.effects[class as usize];
                let (.., missing) = lack(&self.course.states, entry.state, effect);
                u32::try_from(missing.unsigned_abs()).unwrap_or(u32::MAX)
            });
        }
        near.truncate(NEAREST);
        near
    }

    /// Finds who adds to what the operation that returns takes away, and who takes away what
    /// others found to be less.
    fn make_room(
        &mut self,
        entry: &Entry<K>,
        scene: &Scene,
        (targets, units): (&[u32], &[Unit]),
        found: &mut Vec<Entry<K>>,
    ) {
        let effects = &self.course.problem.effects;
        let forced = &effects[self.course.kind(scene.forced) as usize];
        let mut wanted: Vec<(AmountId, bool)> = Vec::new();
        let has_least =
            |amount: AmountId| self.course.problem.amounts[amount as usize].least > i128::MIN;
        if forced.is_free() {
            let takes = forced.adds.iter().filter(|&&(amount, by)| by < 0 && has_least(amount));
            wanted.extend(takes.map(|&(amount, _)| (amount, true)));
        }
        for &class in targets {
            let effect = &effects[class as usize];
            if !self.course.states.fits(entry.state, effect) {
                wanted.extend(effect.finds_less.iter().map(|&(amount, _)| (amount, false)));
            }
        }
        let is_last = found.is_empty();
        let serves = |class: u32| {
            let mut adds = effects[class as usize].adds.iter();
            adds.any(|&(amount, by)| wanted.contains(&(amount, by > 0)))
        };
        let helps = |class: u32| is_last || serves(class);
        // What can be carried over now can perhaps not be later.
        let carries = |class: u32| {
            let adds = &effects[class as usize].adds;
            self.course.retreat.effort() > 0
                && adds.len() > 1
                && adds.iter().any(|&(amount, by)| by < 0 && has_least(amount))
        };
        let mut moves: Vec<Move> = Vec::new();
        let helpful = units
            .iter()
            .filter(|unit| unit.item != scene.forced && (helps(unit.class) || carries(unit.class)));
        moves.extend(helpful.map(|unit| Move::Item(unit.item)));
        if self.course.retreat.effort() > 0 || is_last {
            // Those that serve come first.
            for is_serving in [true, false] {
                let groups = (0..self.course.crashed.len() as u32).filter(|&group| {
                    let class = self.course.crashed[group as usize].class;
                    serves(class) == is_serving
                        && helps(class)
                        && self.planner.has(group, 1, &entry.used.counts, scene.event)
                });
                moves.extend(groups.take(CRASHES).map(Move::Crashed));
            }
        }
        for by in moves {
            found.extend(self.carry_out(entry, &[by], scene));
        }
    }

    /// What becomes of an entry by these moves, in an order in which they are legal; `None` if
    /// there is none, or it leads nowhere.
    fn carry_out(&mut self, entry: &Entry<K>, moves: &[Move], scene: &Scene) -> Option<Entry<K>> {
        let prepared = self.course.shared.prepared;
        let mut entry = entry.clone();
        let mut rest: Vec<Move> = moves.to_vec();
        while !rest.is_empty() {
            let (at, state) = rest.iter().enumerate().find_map(|(at, &by)| {
                let class = match by {
                    Move::Item(item) => self.course.kind(item),
                    Move::Crashed(group) => self.course.crashed[group as usize].class,
                    Move::Start | Move::Pass => return None,
                };
                let state = self
                    .course
                    .states
                    .step(entry.state, &self.course.problem.effects[class as usize])?;
                Some((at, state))
            })?;
            let by = rest.remove(at);
            match by {
                Move::Item(item) => entry.mask.insert(prepared.items[item as usize].slot),
                Move::Crashed(group) => entry.used = Arc::new(self.with(&entry.used, group)),
                Move::Start | Move::Pass => {}
            }
            entry.state = state;
            entry.node = self.course.nodes.push(Node { parent: entry.node, by, state }, 0);
            self.close(&mut entry, scene);
        }
        if self.supply.is_short(&self.course.states, &entry, scene) {
            return None;
        }
        entry.cost = self.cost(&entry, scene)
            + FAR * self.supply.distance(&self.course.states, &entry, scene);
        if self.supply.has_arrivals() {
            let deficit = self.supply.deficit(&self.course.states, &entry, scene);
            if !deficit.is_met {
                return None;
            }
            entry.cost += deficit.surely * DEFICIT + deficit.now * COST;
        }
        Some(entry)
    }

    /// Linearizes what is legal and changes nothing.
    fn close(&mut self, entry: &mut Entry<K>, scene: &Scene) {
        for telling in &scene.telling {
            let effect = &self.course.problem.effects[telling.class as usize];
            if !entry.mask.has(telling.slot)
                && effect.is_pure()
                && self.course.states.step(entry.state, effect) == Some(entry.state)
            {
                entry.mask.insert(telling.slot);
                let by = Move::Item(telling.item);
                let node = Node { parent: entry.node, by, state: entry.state };
                entry.node = self.course.nodes.push(node, 0);
            }
        }
    }

    /// One more operation of a crashed class.
    fn with(&self, used: &Used, group: u32) -> Used {
        let mut used = used.clone();
        used.counts[group as usize] += 1;
        used.count += 1;
        let calls = &self.course.crashed[group as usize].calls;
        let called = calls.partition_point(|&call| call < self.course.place.event);
        let left = called - usize::from(used.counts[group as usize]);
        let effect =
            &self.course.problem.effects[self.course.crashed[group as usize].class as usize];
        let all = |is_so: fn(i128) -> bool| {
            effect.adds.iter().all(|&(amount, by)| {
                is_so(by) && self.course.problem.amounts[amount as usize].least > i128::MIN
            })
        };
        used.cost += match (all(|by| by < 0), all(|by| by > 0)) {
            (true, _) => CRASHED * LOSS,
            (_, true) => CRASHED / GAIN,
            _ => CRASHED + SCARCE / (left as u32 + 1),
        };
        used.hash = used.hash.wrapping_add(factor(group));
        for &(amount, by) in &effect.adds {
            add(&mut used.sums[amount as usize], by);
        }
        used
    }

    /// What an entry did without need, and what it did not do yet.
    fn cost(&self, entry: &Entry<K>, scene: &Scene) -> u32 {
        let done = scene.units.iter().filter(|unit| entry.mask.has(unit.slot));
        let early: u32 = done.map(|unit| unit.cost - 1).sum();
        let told: u32 = scene
            .telling
            .iter()
            .map(|telling| {
                let is_pure = self.course.problem.effects[telling.class as usize].is_pure();
                match (is_pure, entry.mask.has(telling.slot)) {
                    (true, false) => COST,
                    (false, true) => self.early(telling.ret),
                    _ => 0,
                }
            })
            .sum();
        entry.used.cost + early + told
    }
}
