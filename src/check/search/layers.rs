//! The walk breadth-first: all configurations at one event, then those at the next, on as many
//! threads as there are. What it finds, and in which order, does not depend on the threads.

use std::sync::Mutex;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry::{Occupied, Vacant};

use super::automaton::StateId;
use super::config::{Order, Packed};
use super::depth::{LOOK_EVERY, POLL_EVERY, Part};
use super::interner::lock;
use super::mask::Mask;
use super::path::{Node, NodeId, Nodes, SHARDS};
use super::walker::{Arrival, Candidate, Move, Shared, Walker};
use crate::budget::{Account, Meter};
use crate::check::StopReason;
use crate::history::hash::spread;
use crate::history::sort;
use crate::threads;

/// So many configurations are expanded as one piece of work.
const CHUNK: usize = 256;

/// So many at most before their successors are entered.
const BATCH: usize = CHUNK * 64;

/// Where one leads to very many others, fewer are taken at once: such that they have so many
/// successors.
const SUCCESSORS: usize = 1 << 20;

/// So many comparisons take about the time of one configuration.
const COMPARISONS: u64 = 64;

/// A breadth-first search from a point of the history, that can be continued.
pub(super) struct Layers<'a, K> {
    shared: &'a Shared<'a>,
    begin: u32,
    walkers: Vec<Mutex<Walker<'a, K>>>,
    meter: &'a Meter,
    shards: Vec<Mutex<Shard<K>>>,
    account: Account<'a>,
    /// The event whose configurations are being visited; `u32::MAX` once a part of the history
    /// was ordered to its end.
    pub(super) event: u32,
    /// The furthest event that was reached.
    furthest: u32,
    /// Configurations visited.
    pub(super) configurations: u64,
    /// The work done, in configurations: those visited, and their comparisons with others.
    pub(super) work: u64,
    /// The work done before the latest look at the memory.
    looked: u64,
}

/// The part of all layers whose hashes are alike.
struct Shard<K> {
    /// Ascending by their events. There are few: they follow those just visited.
    layers: Vec<Layer<K>>,
    nodes: Nodes,
}

/// The configurations at one event: none as good as another.
struct Layer<K> {
    event: u32,
    entries: Vec<Entry<K>>,
    /// Hashes, each with the position of the first entry of those that are alike.
    index: HashTable<(u32, u32)>,
    /// The first entries are visited.
    visited: usize,
}

#[derive(Clone)]
struct Entry<K> {
    /// With [`SUPERFLUOUS`] in its state if another one is as good.
    packed: Packed<K>,
    node: NodeId,
    /// The position of the next entry that is alike.
    next: u32,
}

impl<K> Entry<K> {
    fn is_superfluous(&self) -> bool {
        self.packed.state & SUPERFLUOUS != 0
    }
}

/// No state's number has this bit.
const SUPERFLUOUS: StateId = 1 << 31;

/// After the last entry that is alike.
const NO_ENTRY: u32 = u32::MAX;

/// A configuration that one piece of work reached.
struct Reached<K> {
    packed: Packed<K>,
    event: u32,
    /// The configuration's hash in its layer.
    hash: u32,
    parent: NodeId,
    by: Move,
    /// The state in which it was entered.
    state: StateId,
}

/// What one piece of work led to.
struct Output<K> {
    reached: Vec<Vec<Reached<K>>>,
    furthest: u32,
    /// The node before the end of the history, and the move that led there.
    end: Option<Node>,
    stopped: Option<StopReason>,
}

impl<'a, K: Mask> Layers<'a, K> {
    /// A search from the event `begin`, in each of `states`. With `begin` 0 it is exact; later
    /// ones leave open which of the operations that are open there were linearized before.
    pub(super) fn new(
        shared: &'a Shared<'a>,
        begin: u32,
        states: &[StateId],
        meter: &'a Meter,
    ) -> Self {
        let shard = || Mutex::new(Shard { layers: Vec::new(), nodes: Nodes::new(begin == 0) });
        let layers = Layers {
            shared,
            begin,
            walkers: vec![Mutex::new(Walker::new(shared, begin, meter))],
            meter,
            shards: (0..SHARDS).map(|_| shard()).collect(),
            account: meter.account(),
            event: begin,
            furthest: begin,
            configurations: 0,
            work: 0,
            looked: 0,
        };
        let mut output = Output::new();
        let mut walker = lock(&layers.walkers[0]);
        for &state in states {
            let config = walker.start(state);
            let first = Candidate { config, by: Move::Start, priority: 0 };
            output.add(&mut walker, first, NodeId::NONE);
        }
        drop(walker);
        let mut layers = layers;
        if output.end.is_some() {
            layers.event = u32::MAX;
        }
        // A limit that is met here is met again by whoever goes on.
        let _ = layers.enter(vec![output], meter);
        layers
    }

    /// Goes on, for the work of about `share` configurations, or until all that is left is beyond
    /// the event `until`.
    pub(super) fn explore(&mut self, share: u64, until: u32, meter: &Meter) -> Part {
        let end = self.work.saturating_add(share);
        // Where it began, that is.
        if let Some(reason) = lock(&self.walkers[0]).stopped {
            return Part::Stopped(reason);
        }
        loop {
            if self.event == u32::MAX {
                return Part::Pause;
            }
            let Some(event) = self.next_event() else { return Part::Nothing(self.furthest) };
            self.event = event;
            if event > until || self.work >= end {
                return Part::Pause;
            }
            let most = (end - self.work).min(self.batch() as u64) as usize;
            let batch = self.next_batch(event, most);
            if batch.is_empty() {
                for shard in &mut self.shards {
                    lock(shard).layers.retain(|layer| layer.event != event);
                }
                continue;
            }
            self.configurations += batch.len() as u64;
            self.work += batch.len() as u64;
            if let Err(reason) = self.poll(meter) {
                return Part::Stopped(reason);
            }
            let chunks: Vec<&[Entry<K>]> = batch.chunks(CHUNK).collect();
            let outputs = self.map(chunks.len(), |at, walker| {
                let mut output = Output::new();
                output.stopped = output.expand(walker, event, chunks[at], meter).err();
                output
            });
            for output in &outputs {
                self.furthest = self.furthest.max(output.furthest);
                if let Some(reason) = output.stopped {
                    return Part::Stopped(reason);
                }
                if let Some(end) = output.end {
                    if self.begin == 0 {
                        return self.finish(end);
                    }
                    self.event = u32::MAX;
                    return Part::Pause;
                }
            }
            match self.enter(outputs, meter) {
                Ok(compared) => self.work += compared / COMPARISONS,
                Err(reason) => return Part::Stopped(reason),
            }
            self.sweep();
        }
    }

    /// How many configurations may be taken at once.
    fn batch(&self) -> usize {
        (SUCCESSORS / (self.shared.prepared.crashed.len() + 1)).clamp(1, BATCH)
    }

    fn poll(&mut self, meter: &Meter) -> Result<(), StopReason> {
        self.account.visit(self.configurations);
        if self.work >= self.looked + LOOK_EVERY.min(self.batch() as u64) {
            self.looked = self.work;
            let bytes = self.bytes();
            self.account.set(bytes);
            meter.look_at_memory();
            // The deeper walk needs some memory too.
            if self.shared.automaton.is_full() || !meter.has_room(bytes / 2) {
                return Err(StopReason::Memory);
            }
        }
        meter.poll()
    }

    /// The first event that has configurations.
    fn next_event(&self) -> Option<u32> {
        let first = |shard: &Mutex<Shard<K>>| lock(shard).layers.first().map(|layer| layer.event);
        self.shards.iter().filter_map(first).min()
    }

    /// At most `most` configurations at `event` that are not visited.
    fn next_batch(&mut self, event: u32, most: usize) -> Vec<Entry<K>> {
        let mut batch = Vec::new();
        for shard in &self.shards {
            if let Some(layer) = lock(shard).layers.iter_mut().find(|layer| layer.event == event) {
                while batch.len() < most
                    && let Some(entry) = layer.entries.get(layer.visited)
                {
                    layer.visited += 1;
                    if !entry.is_superfluous() {
                        batch.push(entry.clone());
                    }
                }
            }
        }
        batch
    }

    /// Does `work` for every number below `count`, on the threads of the pool if it is in one, and
    /// returns the results in order.
    fn map<T: Send>(
        &mut self,
        count: usize,
        work: impl Fn(usize, &mut Walker<'a, K>) -> T + Sync,
    ) -> Vec<T> {
        if count <= 1 || rayon::current_thread_index().is_none() {
            let mut walker = lock(&self.walkers[0]);
            return (0..count).map(|at| work(at, &mut walker)).collect();
        }
        let threads = rayon::current_num_threads();
        let (shared, begin, meter) = (self.shared, self.begin, self.meter);
        self.walkers.resize_with(threads, || Mutex::new(Walker::new(shared, begin, meter)));
        let walkers = &self.walkers;
        let on_thread = |at| {
            let own = rayon::current_thread_index().unwrap_or(0);
            work(at, &mut lock(&walkers[own % walkers.len()]))
        };
        threads::map(None, count, &on_thread)
    }

    /// Enters what was reached into the layers. Returns how many comparisons that took.
    fn enter(&mut self, outputs: Vec<Output<K>>, meter: &Meter) -> Result<u64, StopReason> {
        let shards = std::mem::take(&mut self.shards);
        let reached: usize = outputs.iter().flat_map(|out| &out.reached).map(Vec::len).sum();
        // A little work is not worth dividing.
        let parts = if reached < 4 * CHUNK { 1 } else { SHARDS };
        let compared = self.map(parts, |part, walker| {
            let mut compared = 0;
            let mut next_poll = 0;
            for at in (part..SHARDS).step_by(parts) {
                let mut reached: Vec<&Reached<K>> =
                    outputs.iter().flat_map(|output| &output.reached[at]).collect();
                if reached.is_empty() {
                    continue;
                }
                let mut shard = lock(&shards[at]);
                sort::by(&mut reached, |reached| reached.event);
                for reached in reached {
                    walker.window.seek(reached.event, walker.prepared);
                    compared += shard.enter(reached, at, &walker.order());
                    if compared >= next_poll {
                        meter.poll()?;
                        next_poll = compared + COMPARISONS * POLL_EVERY;
                    }
                }
            }
            Ok(compared)
        });
        self.shards = shards;
        compared.into_iter().sum()
    }

    /// Forgets the nodes that lead nowhere, once there are many.
    fn sweep(&mut self) {
        let mut shards: Vec<_> = self.shards.iter_mut().map(|shard| lock(shard)).collect();
        if shards.iter().any(|shard| shard.nodes.is_overgrown()) {
            let mut nodes: Vec<Nodes> =
                shards.iter_mut().map(|shard| std::mem::take(&mut shard.nodes)).collect();
            let mut tips: Vec<&mut NodeId> = shards
                .iter_mut()
                .flat_map(|shard| &mut shard.layers)
                .flat_map(|layer| &mut layer.entries)
                .map(|entry| &mut entry.node)
                .collect();
            super::path::sweep(&mut nodes, &mut tips);
            for (shard, nodes) in shards.iter_mut().zip(nodes) {
                shard.nodes = nodes;
            }
        }
    }

    /// The linearization that ends with the move `end`, if that can be told.
    fn finish(&mut self, end: Node) -> Part {
        let shards: Vec<_> = self.shards.iter().map(|shard| lock(shard)).collect();
        let nodes: Vec<&Nodes> = shards.iter().map(|shard| &shard.nodes).collect();
        let moves = super::path::moves(&nodes, end);
        Part::Order(lock(&self.walkers[0]).follow(&moves))
    }

    fn bytes(&self) -> usize {
        let walkers: usize = self.walkers.iter().map(|walker| lock(walker).bytes()).sum();
        let shards: usize = self.shards.iter().map(|shard| lock(shard).bytes()).sum();
        walkers + shards
    }
}

impl<K: Mask> Output<K> {
    fn new() -> Self {
        Output {
            reached: (0..SHARDS).map(|_| Vec::new()).collect(),
            furthest: 0,
            end: None,
            stopped: None,
        }
    }

    /// Adds the successors of `entries`, which are at `event`, for as long as `meter` allows.
    fn expand(
        &mut self,
        walker: &mut Walker<'_, K>,
        event: u32,
        entries: &[Entry<K>],
        meter: &Meter,
    ) -> Result<(), StopReason> {
        for (nth, entry) in entries.iter().enumerate() {
            if (nth as u64).is_multiple_of(walker.poll_every) {
                meter.poll()?;
            }
            let config = entry.packed.at(event);
            walker.steps.learn(config.state);
            walker.window.seek(event, walker.prepared);
            walker.pending.clear();
            walker.expand(&config, meter)?;
            let mut pending = std::mem::take(&mut walker.pending);
            for candidate in pending.drain(..) {
                self.add(walker, candidate, entry.node);
            }
            walker.pending = pending;
            if let Some(reason) = walker.stopped {
                return Err(reason);
            }
            if self.end.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Adds what becomes of a candidate whose parent is a node.
    fn add(&mut self, walker: &mut Walker<'_, K>, candidate: Candidate<K>, parent: NodeId) {
        let Candidate { mut config, by, .. } = candidate;
        let state = config.state;
        match walker.arrive(&mut config) {
            Arrival::End => {
                self.end.get_or_insert(Node { parent, by, state });
            }
            Arrival::Dead => self.furthest = self.furthest.max(config.event),
            Arrival::Open => {
                self.furthest = self.furthest.max(config.event);
                let packed = Packed::new(&config);
                let order = walker.order();
                // Numbers of states depend on the threads; tokens do not.
                let token = walker.steps.token(config.state).index() as u64;
                let shard = order.shard(&packed, token);
                let hash = (order.hash(&packed, u64::from(config.state)) >> 32) as u32;
                let event = config.event;
                let reached = Reached { packed, event, hash, parent, by, state };
                self.reached[shard].push(reached);
            }
        }
    }
}

impl<K: Mask> Shard<K> {
    /// Enters what was reached, unless something as good is there; what is worse goes.
    /// Returns how many comparisons that took.
    fn enter(&mut self, reached: &Reached<K>, own: usize, order: &Order<'_>) -> u64 {
        let event = reached.event;
        let place = self.layers.partition_point(|layer| layer.event < event);
        if self.layers.get(place).is_none_or(|layer| layer.event != event) {
            let (entries, index) = (Vec::new(), HashTable::new());
            self.layers.insert(place, Layer { event, entries, index, visited: 0 });
        }
        let Layer { entries, index, .. } = &mut self.layers[place];
        let Reached { ref packed, hash, parent, by, state, .. } = *reached;
        let at = entries.len() as u32;
        let is_alike = |&(other, first): &(u32, u32)| {
            let first = &entries[first as usize].packed;
            hash == other
                && first.state & !SUPERFLUOUS == packed.state
                && order.is_alike(first, packed)
        };
        let mut compared = 0;
        match index.entry(spread(hash), is_alike, |&(hash, _)| spread(hash)) {
            Vacant(entry) => _ = entry.insert((hash, at)),
            // In the order in which they came, not in that of a table: the work is counted.
            Occupied(entry) => {
                let mut next = entry.get().1;
                while next != NO_ENTRY {
                    compared += 1;
                    let other = &mut entries[next as usize];
                    if !other.is_superfluous() {
                        if order.is_as_good(&other.packed, packed) {
                            return compared;
                        }
                        if order.is_as_good(packed, &other.packed) {
                            other.packed.state |= SUPERFLUOUS;
                        }
                    }
                    next = match other.next {
                        NO_ENTRY => std::mem::replace(&mut other.next, at),
                        next => next,
                    };
                }
            }
        }
        let node = self.nodes.push(Node { parent, by, state }, own);
        entries.push(Entry { packed: packed.clone(), node, next: NO_ENTRY });
        compared
    }

    fn bytes(&self) -> usize {
        let layers = self.layers.iter().map(|layer| {
            layer.entries.capacity() * size_of::<Entry<K>>() + layer.index.capacity() * 11
        });
        layers.sum::<usize>() + self.nodes.bytes()
    }
}
