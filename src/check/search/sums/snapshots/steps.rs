//! The steps from a configuration to snapshots: what is looked for, and what becomes of it.

use super::order::{Finds, Look, Mover, Orders, set_of};
use super::scene::{CHOICE, CRASH, Find, Scene};
use super::{Entry, Snapshots, Target, weighed};
use crate::check::search::automaton::StateId;
use crate::check::search::walker::Move;
use crate::history::sort;

/// So many operations are chosen from.
const MOST_UNITS: usize = 64;

/// So many operations that crashed lately are looked at like open ones.
const MOST_LATELY: usize = 12;

/// What one of them costs.
const LATE: u32 = 8;

/// So many steps to one snapshot are tried.
const MOST_STEPS: usize = 16;

/// So many moves, and so many operations that only look, are brought into the best order.
const MOST_ORDERED: usize = 32;
const MOST_LOOKS: usize = 64;

/// What leads from a configuration to a snapshot.
pub(super) struct Step {
    target: Target,
    /// So many of those that are owed are done.
    owed: usize,
    /// These, besides.
    moves: Vec<Move>,
    cost: u32,
}

impl Snapshots<'_> {
    fn kind_of(&self, by: Move) -> u32 {
        match by {
            Move::Item(item) => self.course.kind(item),
            Move::Crashed(group) => self.course.crashed[group as usize].class,
            Move::Start | Move::Pass => u32::MAX,
        }
    }

    /// What a move adds.
    fn sum_of(&self, by: Move) -> u64 {
        self.sums[self.kind_of(by) as usize]
    }

    /// What a configuration may choose from if so many of those that are owed are done.
    fn scene(&self, entry: &Entry, owed: usize, find: Find) -> Scene {
        // What is owed and left must not have to come before what is chosen.
        let until = entry.owed.get(owed).map_or(u32::MAX, |&next| self.item(next).ret);
        let open = self.course.place.open.iter().filter(|item| !entry.early.contains(item));
        let items = entry
            .owed
            .iter()
            .skip(owed + 1)
            .chain(open)
            .copied()
            .filter(|&item| !self.effect(item).is_pure() && self.item(item).call < until);
        let mut items: Vec<u32> = items.collect();
        sort::by(&mut items, |&item| self.item(item).ret);
        items.truncate(MOST_UNITS);
        let mut units: Vec<Move> = items.into_iter().map(Move::Item).collect();
        if find != Find::Few {
            let event = self.course.place.event;
            let most = (units.len() + MOST_LATELY).min(MOST_UNITS);
            let known = self.crashes.partition_point(|&(call, _)| call < event);
            let crashes = self.crashes[..known].iter().rev();
            for &(_, group) in crashes.take_while(|&&(call, _)| event - call <= self.lately()) {
                let by = Move::Crashed(group);
                if units.len() < most && self.is_left(&entry.used, group, 1) && !units.contains(&by)
                {
                    units.push(by);
                }
            }
        }
        Scene::new(units, &|by| self.sum_of(by), find)
    }

    /// Finds steps to snapshots.
    pub(super) fn steps(&self, entry: &Entry, targets: &[Target], find: Find) -> Vec<Step> {
        let mut steps = Vec::new();
        let states = &self.course.states;
        let is_known = states.unknown(entry.state) == 0;
        let values = (0..).zip(states.of(entry.state));
        let values = values.map(|(amount, &value)| weighed(amount, value));
        let mut sum = values.fold(0, u64::wrapping_add);
        // Before a snapshot comes what returned before it was called.
        let must =
            |target: &Target| entry.owed.partition_point(|&item| self.is_before(item, target.item));
        let first = targets.iter().map(must).min().unwrap_or(0);
        let mut counts = vec![0; targets.len()];
        for owed in 0..=entry.owed.len() {
            let scene = (owed >= first).then(|| self.scene(entry, owed, find));
            for (target, count) in targets.iter().zip(&mut counts) {
                let Some(scene) = scene.as_ref().filter(|_| owed >= must(target)) else { continue };
                let mut take = |units: &[usize], crashed: &[u32]| {
                    if *count >= MOST_STEPS {
                        return;
                    }
                    *count += 1;
                    let units = units.iter().map(|&at| scene.units[at]);
                    let late = units.clone().filter(|by| matches!(by, Move::Crashed(_))).count();
                    let chosen = (units.len() - late).min(CHOICE.len() - 1);
                    let crashes = CRASH * crashed.len() as u32 + LATE * late as u32;
                    let moves = units.chain(crashed.iter().map(|&group| Move::Crashed(group)));
                    let (moves, cost) = (moves.collect(), CHOICE[chosen] + crashes);
                    steps.push(Step { target: *target, owed, moves, cost });
                };
                if is_known {
                    let lack = self.found[target.kind as usize].wrapping_sub(sum);
                    self.sums_to(lack, scene, (find, &entry.used), &mut take);
                } else {
                    self.any(scene, (find, &entry.used), &mut take);
                }
            }
            if let Some(&item) = entry.owed.get(owed) {
                sum = sum.wrapping_add(self.sum_of(Move::Item(item)));
            }
        }
        steps
    }

    /// Finds what may come before a snapshot where it is not known what was there at the start:
    /// anything, so little.
    fn any(
        &self,
        scene: &Scene,
        (find, used): (Find, &[u16]),
        take: &mut dyn FnMut(&[usize], &[u32]),
    ) {
        match find {
            Find::Few => {
                take(&[], &[]);
                (0..scene.units.len()).for_each(|at| take(&[at], &[]));
            }
            Find::Crashed => {
                let groups = (0..self.course.crashed.len() as u32).rev();
                for group in groups.filter(|&group| self.is_left(used, group, 1)) {
                    take(&[], &[group]);
                }
            }
            Find::Many => {
                for second in 1..scene.units.len() {
                    (0..second).for_each(|first| take(&[first, second], &[]));
                }
            }
            Find::ManyCrashed | Find::TwoCrashed | Find::OneByTwo => {}
        }
    }

    /// Carries a step out, in an order in which all of it is legal; `None` if none is found.
    pub(super) fn carry_out(&mut self, entry: &Entry, step: &Step) -> Option<Entry> {
        let is_left = step.moves.iter().all(|&by| match by {
            // A class may be chosen twice in two ways.
            Move::Crashed(group) => {
                let count = step.moves.iter().filter(|&&other| other == by).count();
                self.is_left(&entry.used, group, count)
            }
            _ => true,
        });
        if !is_left {
            return None;
        }
        let owed = entry.owed[..step.owed].iter().map(|&item| Move::Item(item));
        let mut next = self.in_order(entry, owed.chain(step.moves.iter().copied()).collect())?;
        let item = step.target.item;
        if !next.early.contains(&item) {
            let state = self.course.states.step(next.state, self.effect(item))?;
            self.push_open(&mut next, item, state);
            self.close(&mut next);
        }
        next.spent += step.cost;
        next.cost = next.spent + self.unseen(&next);
        Some(next)
    }

    /// What becomes of an entry by these moves, in an order in which all of them are legal, and
    /// most of those that only look find on the way what they found; `None` if none is found.
    pub(super) fn in_order(&mut self, entry: &Entry, moves: Vec<Move>) -> Option<Entry> {
        let mut entry = entry.clone();
        let is_look = |by: &Move| matches!(*by, Move::Item(item) if self.effect(item).is_pure());
        let (must, mut moves): (Vec<Move>, Vec<Move>) = moves.into_iter().partition(is_look);
        let is_known = self.course.states.unknown(entry.state) == 0;
        if is_known && (2..=MOST_ORDERED).contains(&moves.len()) {
            moves = self.best_order(&entry, moves, &must)?;
        }
        self.close(&mut entry);
        while !moves.is_empty() {
            let (at, state) = (0..moves.len()).find_map(|at| {
                let effect = &self.course.problem.effects[self.kind_of(moves[at]) as usize];
                let is_next = self.is_next(&entry, &moves, moves[at]);
                Some((at, is_next.then(|| self.course.states.step(entry.state, effect))??))
            })?;
            self.carry_out_one(&mut entry, moves.remove(at), state);
            self.close(&mut entry);
        }
        for by in must {
            let Move::Item(item) = by else { continue };
            if entry.owed.contains(&item) {
                let state = self.course.states.step(entry.state, self.effect(item))?;
                self.carry_out_one(&mut entry, by, state);
            }
        }
        Some(entry)
    }

    /// Whether a move may come before all others that are left.
    fn is_next(&self, entry: &Entry, left: &[Move], by: Move) -> bool {
        let Move::Item(item) = by else { return true };
        let is_before = |other: u32| self.is_before(other, item);
        !entry.owed.iter().any(|&owed| is_before(owed) && self.effect(owed).is_pure())
            && !left.iter().any(|&other| matches!(other, Move::Item(other) if is_before(other)))
    }

    /// Carries out a move that is legal and leads to a state.
    fn carry_out_one(&mut self, entry: &mut Entry, by: Move, state: StateId) {
        match by {
            Move::Item(item) => match entry.owed.iter().position(|&owed| owed == item) {
                Some(at) => {
                    entry.owed.remove(at);
                    self.push(entry, by, state);
                }
                None => self.push_open(entry, item, state),
            },
            Move::Crashed(group) => {
                let mut used = entry.used.to_vec();
                used[group as usize] += 1;
                entry.used = used.into();
                self.push(entry, by, state);
            }
            Move::Start | Move::Pass => {}
        }
    }

    /// The best order of moves that change something; all those that `must` only look have to be
    /// on the way.
    fn best_order(&self, entry: &Entry, moves: Vec<Move>, must: &[Move]) -> Option<Vec<Move>> {
        let is_look = |item: u32| self.effect(item).is_pure();
        let open = self.course.place.open.iter().filter(|item| !entry.early.contains(item));
        let looks = entry.owed.iter().chain(open).copied().filter(|&item| {
            // What is owed and left must not have to come before.
            let may_come = |&owed: &u32| {
                !self.is_before(owed, item) || is_look(owed) || moves.contains(&Move::Item(owed))
            };
            is_look(item) && entry.owed.iter().all(may_come)
        });
        let looks: Vec<u32> = looks.take(MOST_LOOKS).collect();
        if looks.is_empty() {
            return must.is_empty().then_some(moves);
        }
        let movers_before = |item: u32| {
            let is_before = |by| matches!(by, Move::Item(other) if self.is_before(other, item));
            set_of(moves.len(), |at| is_before(moves[at]))
        };
        let looks_before = |item: u32| set_of(looks.len(), |at| self.is_before(looks[at], item));
        let mover = |&by: &Move| {
            let adds = self.course.problem.effects[self.kind_of(by) as usize].adds.as_slice();
            match by {
                Move::Item(item) => {
                    Mover { adds, movers: movers_before(item), looks: looks_before(item) }
                }
                _ => Mover { adds, movers: 0, looks: 0 },
            }
        };
        let look = |&item: &u32| {
            let effect = self.effect(item);
            let finds = match effect.finds.is_empty() {
                true => Finds::Less(&effect.finds_less),
                false => Finds::All(self.found[self.course.kind(item) as usize]),
            };
            Look { finds, movers: movers_before(item), looks: looks_before(item) }
        };
        let orders = Orders {
            movers: moves.iter().map(mover).collect(),
            looks: looks.iter().map(look).collect(),
            needed: set_of(looks.len(), |at| must.contains(&Move::Item(looks[at]))),
            least: &self.least,
        };
        let order = orders.best(self.course.states.of(entry.state))?;
        Some(order.into_iter().map(|at| moves[at]).collect())
    }

    /// Linearizes what is legal and changes nothing.
    fn close(&mut self, entry: &mut Entry) {
        for item in entry.owed.clone() {
            if self.effect(item).is_pure() {
                self.look(entry, item);
            }
        }
        for at in 0..self.course.place.open.len() {
            let item = self.course.place.open[at];
            if self.effect(item).is_pure() && !entry.early.contains(&item) {
                self.look(entry, item);
            }
        }
    }

    /// Linearizes an operation that changes nothing, if it is legal.
    pub(super) fn look(&mut self, entry: &mut Entry, item: u32) {
        let may_come = !entry.owed.iter().any(|&owed| owed != item && self.is_before(owed, item));
        let effect = self.effect(item);
        if may_come && self.course.states.step(entry.state, effect) == Some(entry.state) {
            self.carry_out_one(entry, Move::Item(item), entry.state);
        }
    }
}
