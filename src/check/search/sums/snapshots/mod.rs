//! The guess for amounts that are always read all at once, such as accounts: a walk from one
//! snapshot to the next.
//!
//! What a snapshot found is what was there at the one before, and what few operations add: those
//! that had to come since then, and a choice of those that were open. Where operations that tell
//! nothing stand between two snapshots does not matter until the next one is chosen: those that
//! return are owed until then. So a configuration is a snapshot with what is linearized before it,
//! and the many orders in between are one. Which operations lead from one snapshot to the next is
//! looked for [by their sums](scene), the fewest first; [their order](order) is chosen last.

mod order;
mod scene;
mod steps;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use scene::LEVELS;

use super::course::{self, Course, Stages};
use super::problem::{Effect, Problem};
use super::states::weighed;
use crate::budget::Meter;
use crate::check::search::automaton::StateId;
use crate::check::search::depth::Part;
use crate::check::search::guess::Guess;
use crate::check::search::items::Item;
use crate::check::search::path::{Node, NodeId};
use crate::check::search::retreat::Patience;
use crate::check::search::walker::{Move, Shared};
use crate::error::StopReason;
use crate::history::hash::{Map, Set};
use crate::history::sort;

/// So many configurations are kept at an event where all goes well.
const WIDTH: usize = 8;

/// So many are kept where it does not, after which it starts again.
const PATIENCE: Patience = Patience { tries: 4, widest: 1 << 12, growth: 4, most: 1 << 9 };

/// For each configuration that is kept, so much work is done at one event.
const WORK: usize = 32;

/// Of the configurations that are kept, this share may be in one state.
const OF_ONE_STATE: usize = 4;

/// So many operations may wait for the next snapshot.
const MOST_OWED: usize = 256;

/// What it costs that a snapshot that is open was not come by.
const UNSEEN: u32 = 4;

/// Lately is so many events ago for each operation that is open at once.
const LATELY: u32 = 3;

/// A walk from snapshot to snapshot that keeps a few configurations.
pub(in crate::check::search) struct Snapshots<'a> {
    course: Course<'a, Place>,
    /// What operations of each kind add, as a sum over all amounts.
    sums: Vec<u64>,
    /// What they found, likewise.
    found: Vec<u64>,
    /// The crashed classes by what one operation adds.
    by_sum: Map<u64, Vec<u32>>,
    /// The calls of crashed operations that add something, with their class.
    crashes: Vec<(u32, u32)>,
    /// The least that each amount may be.
    least: Vec<i128>,
}

/// Where the walk is.
#[derive(Clone)]
pub(super) struct Place {
    event: u32,
    /// The open operations, by their calls.
    open: Vec<u32>,
    layer: Vec<Entry>,
}

/// A configuration.
#[derive(Clone)]
pub(super) struct Entry {
    state: StateId,
    /// What is linearized and still open.
    early: Vec<u32>,
    /// What returned and is not linearized, by the returns.
    owed: Vec<u32>,
    /// How many operations of each crashed class are linearized.
    used: Arc<[u16]>,
    /// A hash of all that is linearized. A guess may miss what shares a hash with another.
    hash: u64,
    node: NodeId,
    /// What the way here cost, and the same with what is not seen yet.
    spent: u32,
    cost: u32,
}

/// A snapshot that a configuration may go to: an open operation, and its kind.
#[derive(Clone, Copy)]
struct Target {
    item: u32,
    kind: u32,
}

/// What is tried next: the cheapest, and of these the first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Todo {
    cost: u32,
    order: usize,
    /// How far to look, of which configuration.
    level: usize,
    entry: usize,
}

/// What is found on the way past an event.
struct Found {
    entries: Vec<Entry>,
    todo: BinaryHeap<Reverse<Todo>>,
    known: Set<(StateId, u64)>,
    order: usize,
}

impl Found {
    fn push(&mut self, cost: u32, level: usize, entry: usize) {
        self.order += 1;
        self.todo.push(Reverse(Todo { cost, order: self.order, level, entry }));
    }

    fn add(&mut self, entry: Entry) {
        self.push(entry.cost, 0, self.entries.len());
        self.entries.push(entry);
    }
}

impl Problem {
    /// Whether all that is read is read at once.
    pub(in crate::check::search) fn is_of_snapshots(&self) -> bool {
        let mut reads = self.effects.iter().filter(|effect| !effect.finds.is_empty()).peekable();
        self.amounts.len() > 1
            && reads.peek().is_some()
            && reads.all(|effect| effect.is_pure() && effect.finds.len() == self.amounts.len())
            && self.effects.iter().all(|effect| effect.finds_less.is_empty() || effect.is_pure())
    }
}

/// The sum of amounts or of what is added to them.
fn sum_of(amounts: &[(u32, i128)]) -> u64 {
    let weighed = amounts.iter().map(|&(amount, by)| weighed(amount, by));
    weighed.fold(0, u64::wrapping_add)
}

impl<'a> Snapshots<'a> {
    /// A walk from the start.
    pub(in crate::check::search) fn new(
        shared: &'a Shared<'a>,
        problem: &'a Problem,
        meter: &'a Meter,
    ) -> Self {
        let crashed = problem.merged(&shared.prepared.crashed);
        let of_effects = |sum: fn(&Effect) -> u64| problem.effects.iter().map(sum).collect();
        let sums: Vec<u64> = of_effects(|effect| sum_of(&effect.adds));
        let mut by_sum: Map<u64, Vec<u32>> = Map::default();
        let mut crashes: Vec<(u32, u32)> = Vec::new();
        for (group, twins) in (0..).zip(crashed.iter()) {
            let effect = &problem.effects[twins.class as usize];
            if effect.is_free() && !effect.is_pure() {
                by_sum.entry(sums[twins.class as usize]).or_default().push(group);
                crashes.extend(twins.calls.iter().map(|&call| (call, group)));
            }
        }
        crashes.sort_unstable();
        let entry = Entry {
            state: 0,
            early: Vec::new(),
            owed: Vec::new(),
            used: vec![0; crashed.len()].into(),
            hash: 0,
            node: NodeId::NONE,
            spent: 0,
            cost: 0,
        };
        let place = Place { event: 0, open: Vec::new(), layer: vec![entry] };
        Snapshots {
            course: Course::new((shared, problem, meter), crashed, place, (PATIENCE, WIDTH)),
            found: of_effects(|effect| sum_of(&effect.finds)),
            sums,
            by_sum,
            crashes,
            least: problem.amounts.iter().map(|amount| amount.least).collect(),
        }
    }

    fn item(&self, item: u32) -> &'a Item {
        &self.course.shared.prepared.items[item as usize]
    }

    fn effect(&self, item: u32) -> &'a Effect {
        self.course.problem.effect(self.item(item).class)
    }

    /// Whether one operation returned before another was called.
    fn is_before(&self, first: u32, then: u32) -> bool {
        self.item(first).ret < self.item(then).call
    }

    /// Whether so many operations of a crashed class besides those `used` were called.
    fn is_left(&self, used: &[u16], group: u32, count: usize) -> bool {
        let twins = &self.course.crashed[group as usize];
        twins.is_left(used[group as usize], count, self.course.place.event)
    }

    /// So many events ago is lately.
    fn lately(&self) -> u32 {
        LATELY * self.course.shared.prepared.width as u32 + 16
    }

    /// Adds a move to the way to an entry.
    fn push(&mut self, entry: &mut Entry, by: Move, state: StateId) {
        entry.node = self.course.nodes.push(Node { parent: entry.node, by, state }, 0);
        entry.state = state;
        let (Move::Item(number) | Move::Crashed(number)) = by else { return };
        let kind = u64::from(matches!(by, Move::Crashed(_))) << 32;
        entry.hash = entry.hash.wrapping_add(weighed(number, 1).wrapping_add(kind).rotate_left(7));
    }

    /// Linearizes an open operation.
    fn push_open(&mut self, entry: &mut Entry, item: u32, state: StateId) {
        self.push(entry, Move::Item(item), state);
        entry.early.push(item);
    }

    /// Looks for configurations in which a snapshot is linearized.
    fn search(
        &mut self,
        forced: u32,
        done: &mut Vec<Entry>,
        todo: Vec<Entry>,
        meter: &Meter,
    ) -> Result<(), StopReason> {
        let mut found = Found {
            entries: Vec::new(),
            todo: BinaryHeap::new(),
            known: todo.iter().map(|entry| (entry.state, entry.hash)).collect(),
            order: 0,
        };
        todo.into_iter().for_each(|entry| found.add(entry));
        let width = self.course.retreat.width;
        let mut left = width * WORK;
        let mut costs: Vec<u32> = done.iter().map(|entry| entry.cost).collect();
        while let Some(Reverse(Todo { cost, level, entry: at, .. })) = found.todo.pop() {
            meter.poll()?;
            costs.sort_unstable();
            if left == 0 || costs.get(width - 1).is_some_and(|&last| last <= cost) {
                break;
            }
            let entry = found.entries[at].clone();
            if let Some(next) = self.next_level(level) {
                found.push(entry.cost + LEVELS[next].cost, next, at);
            }
            let mut targets = self.targets(&entry, forced);
            targets.truncate(LEVELS[level].targets);
            let steps = self.steps(&entry, &targets, LEVELS[level].find);
            let work = LEVELS[level].work + steps.len();
            left = left.saturating_sub(work);
            self.course.configurations += work as u64;
            for step in &steps {
                let Some(next) = self.carry_out(&entry, step) else { continue };
                if !found.known.insert((next.state, next.hash)) {
                    continue;
                }
                if next.early.contains(&forced) {
                    costs.push(next.cost);
                    done.push(next);
                } else {
                    found.add(next);
                }
            }
        }
        Ok(())
    }

    /// The level after one, if there is any that can find something.
    fn next_level(&self, level: usize) -> Option<usize> {
        let has_crashes = !self.crashes.is_empty();
        let effort = self.course.retreat.effort();
        let mut next = (level + 1)..LEVELS.len();
        next.find(|&next| {
            effort >= LEVELS[next].effort && (has_crashes || !LEVELS[next].find.needs_crashes())
        })
    }

    /// The snapshots that a configuration may go to: the one that returns, and then of those that
    /// found the same the first that was called, by their returns.
    fn targets(&self, entry: &Entry, forced: u32) -> Vec<Target> {
        let mut targets = vec![Target { item: forced, kind: self.course.kind(forced) }];
        for &item in &self.course.place.open {
            let kind = self.course.kind(item);
            if !self.effect(item).finds.is_empty()
                && !entry.early.contains(&item)
                && !targets.iter().any(|target| target.kind == kind)
            {
                targets.push(Target { item, kind });
            }
        }
        sort::by(&mut targets[1..], |target| self.item(target.item).ret);
        targets
    }

    /// What it costs that snapshots are open that were not come by.
    fn unseen(&self, entry: &Entry) -> u32 {
        let mut kinds: Vec<u32> = Vec::new();
        for &item in &self.course.place.open {
            let kind = self.course.kind(item);
            let is_unseen = !self.effect(item).finds.is_empty() && !entry.early.contains(&item);
            if is_unseen && !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds.len() as u32 * UNSEEN
    }

    /// Keeps the best of the configurations that got past the return of an operation.
    fn keep(&mut self, mut done: Vec<Entry>, forced: u32) {
        let width = self.course.retreat.width;
        let most = (width / OF_ONE_STATE).max(2);
        let mut known: Set<(StateId, u64)> = Set::default();
        let mut of_state: Map<StateId, usize> = Map::default();
        sort::by(&mut done, |entry| entry.cost);
        done.retain(|entry| {
            let count = of_state.entry(entry.state).or_default();
            *count += 1;
            *count <= most && known.insert((entry.state, entry.hash))
        });
        done.truncate(width);
        for entry in &mut done {
            entry.early.retain(|&item| item != forced);
        }
        self.course.place.open.retain(|&item| item != forced);
        self.course.place.layer = done;
    }
}

impl course::Place for Place {
    fn event(&mut self) -> &mut u32 {
        &mut self.event
    }

    fn tips(&mut self) -> impl Iterator<Item = &mut NodeId> {
        self.layer.iter_mut().map(|entry| &mut entry.node)
    }
}

impl<'a> Stages<'a> for Snapshots<'a> {
    type Place = Place;

    fn course(&mut self) -> &mut Course<'a, Place> {
        &mut self.course
    }

    /// What changes nothing is linearized where it is legal.
    fn call(&mut self, item: u32) {
        self.course.place.open.push(item);
        if self.effect(item).is_pure() {
            let mut layer = std::mem::take(&mut self.course.place.layer);
            for entry in &mut layer {
                self.look(entry, item);
            }
            self.course.place.layer = layer;
        }
    }

    /// A snapshot has to be linearized; anything else is owed from here on.
    fn pass(&mut self, forced: u32, meter: &Meter) -> Result<bool, StopReason> {
        let is_snapshot = !self.effect(forced).finds.is_empty();
        let layer = std::mem::take(&mut self.course.place.layer);
        let (mut done, todo): (Vec<Entry>, Vec<Entry>) =
            layer.into_iter().partition(|entry| !is_snapshot || entry.early.contains(&forced));
        for entry in done.iter_mut().filter(|entry| !entry.early.contains(&forced)) {
            entry.owed.push(forced);
        }
        done.retain(|entry| entry.owed.len() <= MOST_OWED);
        if !todo.is_empty() {
            self.search(forced, &mut done, todo, meter)?;
        }
        self.keep(done, forced);
        Ok(!self.course.place.layer.is_empty())
    }

    /// What is owed is done last.
    fn ends(&mut self) -> Vec<NodeId> {
        let layer = self.course.place.layer.clone();
        let all = |entry: &Entry| entry.owed.iter().map(|&item| Move::Item(item)).collect();
        let ends = layer.iter().filter_map(|entry| self.in_order(entry, all(entry)));
        ends.map(|entry| entry.node).collect()
    }
}

impl Guess for Snapshots<'_> {
    fn is_guided(&self) -> bool {
        true
    }

    fn furthest(&self) -> u32 {
        self.course.retreat.furthest()
    }

    fn configurations(&self) -> u64 {
        self.course.configurations
    }

    fn visited(&mut self) -> u64 {
        self.course.visited()
    }

    fn give_up(&mut self) {
        self.course.place.layer.clear();
        self.course.give_up();
    }

    fn explore(&mut self, share: u64, most: u64, cancelled: &AtomicBool, meter: &Meter) -> Part {
        course::explore(self, (share, most), cancelled, meter)
    }
}
