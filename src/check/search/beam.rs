//! The guess: a walk that keeps only a few configurations at each event, those that are best
//! prepared for what comes, and so takes time proportional to the length of the history. Where it
//! gets stuck, a part before that place is walked once more, and more are kept.
//!
//! What it finds is a linearization; that it finds none says nothing.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};

use hashbrown::HashTable;

use super::config::Packed;
use super::depth::{LOOK_EVERY, Part};
use super::guess::Guess;
use super::guide::{self, Guide};
use super::mask::Mask;
use super::path::{self, Node, NodeId, Nodes};
use super::replay::is_linearization;
use super::retreat::{Patience, Retreat};
use super::walker::{Arrival, Candidate, Move, Shared, Walker};
use crate::budget::{Account, Meter};
use crate::error::StopReason;
use crate::history::sort;

/// So many configurations are kept at an event, where all goes well.
const WIDTH: usize = 4;

/// So many where operations find out what the object started from, up to an event for each
/// operation that is open at once times [`START`].
const WIDTH_AT_START: usize = 256;

const START: u32 = 16;

/// So many are kept at most where it does not, after which it starts again.
const PATIENCE: Patience = Patience { tries: u32::MAX, widest: 1 << 12, growth: 8, most: 1 << 12 };

/// For each that is kept, so many are visited at one event.
const VISITS: usize = 16;

/// A walk of few configurations, that can be continued.
pub(super) struct Beam<'a, K> {
    shared: &'a Shared<'a>,
    walker: Walker<'a, K>,
    account: Account<'a>,
    layers: Layers<K>,
    nodes: Nodes,
    retreat: Retreat<Layers<K>>,
    /// Configurations visited.
    configurations: u64,
    looked: u64,
    /// Whether there is nothing more to try.
    given_up: bool,
    /// If it can be told what operations lack.
    guide: Option<Guide>,
    /// What a configuration leads to, and the node of the one before.
    found: Vec<(Candidate<K>, NodeId)>,
}

/// The configurations to be visited, by the event that they wait for.
type Layers<K> = BTreeMap<u32, Layer<K>>;

/// The configurations that wait for one event.
#[derive(Clone)]
struct Layer<K> {
    entries: Vec<Entry<K>>,
    /// The hashes of all that was entered. A guess may miss what shares a hash with another.
    known: HashTable<u64>,
}

#[derive(Clone)]
struct Entry<K> {
    packed: Packed<K>,
    node: NodeId,
    /// How well it is prepared: the lower, the better.
    cost: u32,
}

impl<K: Mask> Layer<K> {
    fn new() -> Self {
        Layer { entries: Vec::new(), known: HashTable::new() }
    }

    /// Whether nothing of this hash was here.
    fn is_new(&mut self, hash: u64) -> bool {
        let is_new = self.known.find(hash, |&other| other == hash).is_none();
        if is_new {
            self.known.insert_unique(hash, hash, |&hash| hash);
        }
        is_new
    }

    /// Keeps the best `width`.
    fn cut(&mut self, width: usize) {
        sort::by(&mut self.entries, |entry| entry.cost);
        self.entries.truncate(width);
    }
}

impl<'a, K: Mask> Beam<'a, K> {
    /// A walk from the start.
    pub(super) fn new(shared: &'a Shared<'a>, meter: &'a Meter) -> Self {
        let mut beam = Beam {
            shared,
            walker: Walker::new(shared, 0, meter),
            account: meter.account(),
            layers: Layers::new(),
            nodes: Nodes::new(true),
            retreat: Retreat::new(PATIENCE, WIDTH, shared.prepared.width),
            configurations: 0,
            looked: 0,
            given_up: false,
            guide: Guide::of(shared.prepared, shared.automaton),
            found: Vec::new(),
        };
        if beam.guide.as_ref().is_some_and(|guide| guide.learns(shared.prepared)) {
            // What happened before the start was told can hardly be told at first.
            beam.retreat.start_wide(WIDTH_AT_START, START * shared.prepared.width as u32);
        }
        let config = beam.walker.start(0);
        // The depth-first walk would have found that nothing is to be chosen.
        let start = Candidate { config, by: Move::Start, priority: 0 };
        if beam.enter(start, NodeId::NONE).is_some() {
            beam.given_up = true;
        }
        beam
    }

    fn poll(&mut self, meter: &Meter) -> Result<(), StopReason> {
        if self.configurations >= self.looked + LOOK_EVERY {
            self.looked = self.configurations;
            self.account.visit(self.configurations);
            self.account.set(self.walker.bytes() + self.nodes.bytes());
            meter.look_at_memory();
            if self.shared.automaton.is_full() {
                return Err(StopReason::Memory);
            }
        }
        meter.poll()
    }

    /// Visits the configurations that wait for `event`, until some are past it. Returns the move
    /// that reached the end of the history, if one did.
    fn pass(
        &mut self,
        event: u32,
        mut layer: Layer<K>,
        meter: &Meter,
    ) -> Result<Option<Node>, StopReason> {
        let width = self.retreat.width;
        layer.cut(width);
        let mut left = width * VISITS;
        let mut first = 0;
        // Those that only an operation more separates from the ones before are in the same layer.
        while first < layer.entries.len() && left > 0 {
            let count = (layer.entries.len() - first).min(left);
            for at in first..first + count {
                // There may be thousands at one event, with plans for each.
                meter.poll()?;
                let Entry { packed, node, .. } = layer.entries[at].clone();
                let config = packed.at(event);
                self.walker.steps.learn(config.state);
                self.walker.window.seek(event, self.walker.prepared);
                self.found.clear();
                if let Some(guide) = &mut self.guide {
                    let from = guide::From { config: &config, node, plans: width };
                    guide.find(&mut self.walker, &mut self.nodes, from, &mut self.found);
                }
                let is_sure = matches!(self.found.as_slice(), [(candidate, _)]
                    if candidate.config.state == config.state);
                if self.found.is_empty() || width > self.retreat.usual && !is_sure {
                    self.walker.window.seek(event, self.walker.prepared);
                    self.walker.pending.clear();
                    self.walker.expand(&config, meter)?;
                    let pending = self.walker.pending.drain(..);
                    self.found.extend(pending.map(|candidate| (candidate, node)));
                }
                let mut found = std::mem::take(&mut self.found);
                let mut end = None;
                for (candidate, node) in found.drain(..) {
                    end = end.or(self.enter_from(candidate, node, event, &mut layer));
                }
                self.found = found;
                if end.is_some() {
                    return Ok(end);
                }
            }
            self.configurations += count as u64;
            left -= count;
            first += count;
            // Of those that wait still, the best come first.
            sort::by(&mut layer.entries[first..], |entry| entry.cost);
            if self.layers.values().map(|layer| layer.entries.len()).sum::<usize>() >= width {
                left = left.min(width);
                if first >= 2 * width {
                    break;
                }
            }
        }
        Ok(None)
    }

    fn enter(&mut self, candidate: Candidate<K>, parent: NodeId) -> Option<Node> {
        let mut own = Layer::new();
        let end = self.enter_from(candidate, parent, 0, &mut own);
        if !own.entries.is_empty() {
            self.layers.insert(0, own);
        }
        end
    }

    /// Enters what becomes of a candidate; into `own` if it waits for the same `event` still.
    /// Returns the move, if it reaches the end of the history.
    fn enter_from(
        &mut self,
        candidate: Candidate<K>,
        parent: NodeId,
        event: u32,
        own: &mut Layer<K>,
    ) -> Option<Node> {
        let Candidate { mut config, by, .. } = candidate;
        let node = Node { parent, by, state: config.state };
        match self.walker.arrive(&mut config) {
            Arrival::End => return Some(node),
            Arrival::Dead => return None,
            Arrival::Open => {}
        }
        let packed = Packed::new(&config);
        let hash = self.walker.used.seed().hash_one(&packed);
        let layer = if config.event == event { &mut *own } else { self.layer(config.event) };
        if !layer.is_new(hash) {
            return None;
        }
        if self.guide.as_mut().is_some_and(|guide| guide.is_short(&self.walker, &config)) {
            return None;
        }
        let cost = guide::cost(&self.walker, &config);
        let entry = Entry { packed, node: self.nodes.push(node, 0), cost };
        let layer = if config.event == event { own } else { self.layer(config.event) };
        layer.entries.push(entry);
        None
    }

    fn layer(&mut self, event: u32) -> &mut Layer<K> {
        self.layers.entry(event).or_insert_with(Layer::new)
    }

    /// Forgets the nodes that lead nowhere, once there are many.
    fn sweep(&mut self) {
        if !self.nodes.is_overgrown() {
            return;
        }
        let marked = self.retreat.places().flat_map(|layers| layers.values_mut());
        let mut tips: Vec<&mut NodeId> = self
            .layers
            .values_mut()
            .chain(marked)
            .flat_map(|layer| &mut layer.entries)
            .map(|entry| &mut entry.node)
            .collect();
        let mut nodes = [std::mem::take(&mut self.nodes)];
        path::sweep(&mut nodes, &mut tips);
        [self.nodes] = nodes;
    }

    /// The linearization that ends with the move `end`.
    fn finish(&mut self, end: Node) -> Part {
        let moves = path::moves(&[&self.nodes], end);
        let order = self.walker.follow(&moves);
        let Shared { prepared, automaton, .. } = *self.shared;
        if is_linearization(prepared, automaton, &order) {
            return Part::Order(order);
        }
        debug_assert!(false, "what was guessed is no linearization");
        self.give_up();
        Part::Pause
    }
}

impl<K: Mask> Guess for Beam<'_, K> {
    fn is_guided(&self) -> bool {
        self.guide.is_some()
    }

    fn furthest(&self) -> u32 {
        self.retreat.furthest()
    }

    fn configurations(&self) -> u64 {
        self.configurations
    }

    fn visited(&mut self) -> u64 {
        self.account.visit(self.configurations);
        self.configurations
    }

    fn give_up(&mut self) {
        self.given_up = true;
        self.layers.clear();
        self.retreat.forget();
        self.nodes = Nodes::new(false);
    }

    fn explore(&mut self, share: u64, most: u64, cancelled: &AtomicBool, meter: &Meter) -> Part {
        let last = self.configurations.saturating_add(most);
        let mut end = self.configurations.saturating_add(share);
        while !self.given_up && self.configurations < end.min(last) {
            if let Some(reason) = self.walker.stopped {
                return Part::Stopped(reason);
            }
            let Some((event, layer)) = self.layers.pop_first() else {
                match self.retreat.go_back() {
                    Some(layers) => self.layers = layers,
                    None => self.give_up(),
                }
                continue;
            };
            let place = || {
                let mut layers = self.layers.clone();
                layers.insert(event, layer.clone());
                layers
            };
            if self.retreat.arrive(event, place) {
                end = self.configurations.saturating_add(share);
            }
            if let Err(reason) = self.poll(meter) {
                return Part::Stopped(reason);
            }
            if cancelled.load(Ordering::Relaxed) {
                self.layers.insert(event, layer);
                return Part::Pause;
            }
            match self.pass(event, layer, meter) {
                Ok(Some(end)) => return self.finish(end),
                Ok(None) => {}
                Err(reason) => return Part::Stopped(reason),
            }
            self.sweep();
        }
        Part::Pause
    }
}
