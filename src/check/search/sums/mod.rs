//! The guess for objects made of amounts, such as counters and accounts: a walk along the history
//! that keeps a few configurations, those that did least without need, and that looks for the few
//! operations which add just what an answer lacks.
//!
//! An operation that tells nothing is linearized when it returns, or right before one that needs
//! it: any linearization can be brought into this form, as long as no amount has a least. Where
//! the walk gets stuck, it goes back, keeps more and looks for longer [plans](plans); where that
//! does not help it starts again and keeps more from the start. What it finds is replayed; that it
//! finds nothing says nothing.

mod both;
mod course;
mod expand;
mod knapsack;
mod plans;
mod problem;
mod snapshots;
mod states;
mod supply;

use std::collections::hash_map::Entry as Slot;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use both::Both;
use course::{Course, Stages};
use plans::{Planner, Unit};
pub(super) use problem::Problem;
pub(super) use snapshots::Snapshots;
use states::factor;
use supply::Supply;

use super::automaton::StateId;
use super::depth::Part;
use super::guess::Guess;
use super::items::Item;
use super::mask::Mask;
use super::path::{Node, NodeId};
use super::retreat::Patience;
use super::walker::{Move, Shared};
use crate::budget::Meter;
use crate::error::StopReason;
use crate::history::hash::{Map, Set};
use crate::history::sort;

/// So many configurations are kept at an event where all goes well.
const WIDTH: usize = 8;

/// So many are kept where it does not, after which it starts again.
const PATIENCE: Patience = Patience { tries: 3, widest: 1 << 14, growth: 4, most: 1 << 12 };

/// For each configuration that is kept, so many are visited at one event.
const VISITS: usize = 16;

/// What it costs to look at something late, or to do something long before it must be.
const COST: u32 = 16;

/// What it costs more to use the last crashed operation of its class; with one left it costs half
/// of it, and so on.
const SCARCE: u32 = 32;

/// What it costs that a crashed operation must be used before what others found is there.
const FAR: u32 = 128;

/// What it costs that a value must be reached by an operation that does not tell where it leads.
const DEFICIT: u32 = 128;

/// A walk along the history that keeps a few configurations.
pub(super) struct Walk<'a, K> {
    course: Course<'a, Place<K>>,
    planner: Planner<'a>,
    supply: Supply<'a>,
}

/// Where the walk is.
#[derive(Clone)]
struct Place<K> {
    event: u32,
    /// The open operations, and the one in each slot.
    open: K,
    slots: Vec<u32>,
    layer: Vec<Entry<K>>,
}

/// A configuration.
#[derive(Clone)]
struct Entry<K> {
    /// Which open operations are linearized.
    mask: K,
    state: StateId,
    used: Arc<Used>,
    node: NodeId,
    /// What it did without need, and what it did not do yet.
    cost: u32,
}

/// Which crashed operations are linearized.
#[derive(Clone)]
struct Used {
    /// How many of each class, and of all.
    counts: Vec<u16>,
    count: u32,
    /// What they cost.
    cost: u32,
    /// A hash of the counts.
    hash: u64,
    /// What they add to each amount, and what they take away.
    sums: Vec<[i128; 2]>,
}

/// The operations that are open at a return, by their returns.
struct Scene {
    event: u32,
    /// The one that returns.
    forced: u32,
    /// Those that tell nothing and change something.
    units: Vec<Unit>,
    /// Those that tell something.
    telling: Vec<Telling>,
}

/// An open operation that tells what it found.
struct Telling {
    item: u32,
    class: u32,
    slot: u32,
    ret: u32,
}

/// What makes two configurations at an event the same. A guess may miss what shares a hash with
/// another.
type Key<K> = (K, StateId, u64);

/// The configurations that come past an event, of which only some are told apart by the crashed
/// operations that they used alone.
struct Kept<K> {
    known: Set<Key<K>>,
    variants: Map<(K, StateId), u32>,
    most: u32,
}

impl<K: Mask> Kept<K> {
    fn new(most: u32) -> Self {
        Kept { known: Set::default(), variants: Map::default(), most }
    }

    /// Whether an entry is new, and not too much like others.
    fn is_new(&mut self, entry: &Entry<K>) -> bool {
        if !self.known.insert((entry.mask.clone(), entry.state, entry.used.hash)) {
            return false;
        }
        match self.variants.entry((entry.mask.clone(), entry.state)) {
            Slot::Occupied(mut slot) => {
                *slot.get_mut() += 1;
                *slot.get() <= self.most
            }
            Slot::Vacant(slot) => {
                slot.insert(1);
                true
            }
        }
    }
}

/// The guess that suits a problem.
pub(super) fn guess_of<'a, K: Mask>(
    shared: &'a Shared<'a>,
    problem: &'a Problem,
    meter: &'a Meter,
) -> Box<dyn Guess + 'a> {
    let walk = Walk::<K>::new(shared, problem, meter);
    if problem.is_of_snapshots() {
        let snapshots = Snapshots::new(shared, problem, meter);
        return Box::new(Both { snapshots, walk });
    }
    Box::new(walk)
}

impl<'a, K: Mask> Walk<'a, K> {
    /// A walk from the start.
    pub(super) fn new(shared: &'a Shared<'a>, problem: &'a Problem, meter: &'a Meter) -> Self {
        let prepared = shared.prepared;
        let crashed = problem.merged(&prepared.crashed);
        let supply = Supply::of(prepared, &crashed, problem);
        let used = Used {
            counts: vec![0; crashed.len()],
            count: 0,
            cost: 0,
            hash: 0,
            sums: vec![[0; 2]; problem.amounts.len()],
        };
        let mask = K::empty(prepared.width);
        let entry = Entry { mask, state: 0, used: Arc::new(used), node: NodeId::NONE, cost: 0 };
        let place = Place {
            event: 0,
            open: K::empty(prepared.width),
            slots: vec![0; prepared.width],
            layer: vec![entry],
        };
        Walk {
            planner: Planner::new(&problem.effects, Arc::clone(&crashed)),
            supply,
            course: Course::new((shared, problem, meter), crashed, place, (PATIENCE, WIDTH)),
        }
    }

    /// Whether as many as are kept are past an event that cost no more than the cheapest of those
    /// that are not.
    fn is_enough(&self, done: &mut [Entry<K>], todo: &[Entry<K>]) -> bool {
        if done.len() < self.course.retreat.width {
            return false;
        }
        let (_, last, _) =
            done.select_nth_unstable_by_key(self.course.retreat.width - 1, |entry| entry.cost);
        todo.first().is_none_or(|next| last.cost <= next.cost)
    }
}

impl<K: Mask> course::Place for Place<K> {
    fn event(&mut self) -> &mut u32 {
        &mut self.event
    }

    fn tips(&mut self) -> impl Iterator<Item = &mut NodeId> {
        self.layer.iter_mut().map(|entry| &mut entry.node)
    }
}

impl<'a, K: Mask> Stages<'a> for Walk<'a, K> {
    type Place = Place<K>;

    fn course(&mut self) -> &mut Course<'a, Place<K>> {
        &mut self.course
    }

    /// An operation is called: what changes nothing is linearized where it is legal.
    fn call(&mut self, item: u32) {
        let Item { class, slot, .. } = self.course.shared.prepared.items[item as usize];
        self.course.place.open.insert(slot);
        self.course.place.slots[slot as usize] = item;
        let effect = self.course.problem.effect(class);
        if !effect.is_pure() {
            return;
        }
        for entry in &mut self.course.place.layer {
            if self.course.states.step(entry.state, effect) == Some(entry.state) {
                entry.mask.insert(slot);
                let node = Node { parent: entry.node, by: Move::Item(item), state: entry.state };
                entry.node = self.course.nodes.push(node, 0);
            }
        }
    }

    /// An operation returns: all that is kept from here on has linearized it. False if nothing
    /// has.
    fn pass(&mut self, forced: u32, meter: &Meter) -> Result<bool, StopReason> {
        let slot = self.course.shared.prepared.items[forced as usize].slot;
        let layer = std::mem::take(&mut self.course.place.layer);
        let (mut done, mut todo): (Vec<Entry<K>>, Vec<Entry<K>>) =
            layer.into_iter().partition(|entry| entry.mask.has(slot));
        let variants = 2 + 2 * self.course.retreat.effort();
        if !todo.is_empty() {
            let scene = self.scene(forced);
            let mut kept = Kept::new(variants);
            let mut found = Vec::new();
            let mut left = self.course.retreat.width * VISITS;
            while !todo.is_empty() && left > 0 && done.len() < 2 * self.course.retreat.width {
                sort::by(&mut todo, |entry| entry.cost);
                if self.is_enough(&mut done, &todo) {
                    break;
                }
                let count = todo.len().min(left).min(self.course.retreat.width);
                left -= count;
                self.course.configurations += count as u64;
                for entry in todo.drain(..count).collect::<Vec<_>>() {
                    meter.poll()?;
                    self.expand(&entry, &scene, &mut found);
                    for entry in found.drain(..).filter(|entry| kept.is_new(entry)) {
                        if entry.mask.has(slot) { done.push(entry) } else { todo.push(entry) }
                    }
                }
            }
        }
        sort::by(&mut done, |entry| entry.cost);
        let mut kept = Kept::new(variants);
        done.retain(|entry| kept.is_new(entry));
        done.truncate(self.course.retreat.width);
        done.iter_mut().for_each(|entry| entry.mask.remove(slot));
        self.course.place.open.remove(slot);
        self.course.place.layer = done;
        Ok(!self.course.place.layer.is_empty())
    }

    fn ends(&mut self) -> Vec<NodeId> {
        let best = self.course.place.layer.first();
        vec![best.map_or(NodeId::NONE, |entry| entry.node)]
    }
}

impl<K: Mask> Guess for Walk<'_, K> {
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
