//! Looks for the smallest offsets under which a history is linearizable: best-first branch and
//! bound, led by counterexamples. Offsets are small if the largest and the smallest differ by
//! little.
//!
//! A node is a set of bounds on the differences of offsets. Its offsets are the smallest that keep
//! them; how large these are is a lower bound for all that keep them. The node with the smallest is
//! taken next. If the history is linearizable under its offsets, these are the smallest of all:
//! whatever was not looked at has none smaller. If not, there is a core, and whoever makes the
//! history linearizable keeps one of the sets of bounds that give the core an order; each makes a
//! node below this one. The offsets at hand keep none of these sets, so there is progress; since
//! all bounds are differences of two times of the history, there is an end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashSet;

use super::bounds::Bounds;
use super::orders::Alternative;
use super::rules::Rule;
use super::timeline::Timeline;
use crate::check::Meter;
use crate::model::Model;

/// Times further apart than this are not added up.
const REACH: i64 = 1 << 61;

/// So many operations and configurations are decided at most, all decisions of one search together.
/// It ends a search after the same steps whatever the machine.
const OPERATIONS: usize = 1_500_000;

/// A first search, before anything is guessed, may do as much as this at least.
const FIRST: usize = 150_000;

/// So many nodes are taken at most.
const NODES: usize = 10_000;

/// So many nodes that wait are compared with each new one.
const FEW: usize = 1_000;

/// After so many cores of a key that were too large, no more are looked for in it.
const LARGE_CORES: u32 = 2;

/// From so many failing keys something is learnt at once.
const LESSONS: usize = 4;

/// What a search found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// The smallest offsets, one a group.
    Offsets(Vec<i64>),
    /// There are none.
    Impossible,
    /// It took too long.
    Stopped,
}

/// The search, with what it has learnt.
pub(super) struct Search<'a, M: Model> {
    pub(super) timeline: &'a Timeline<'a, M>,
    pub(super) rule: Rule,
    meter: &'a Meter,
    /// For each core that was found, the sets of bounds one of which offsets must keep.
    learnt: Vec<Vec<Alternative>>,
    /// The keys, those first that failed last.
    keys: Vec<usize>,
    /// How many operations and configurations may still be decided.
    left: usize,
    /// For each key, how many of its cores were too large for their orders to be enumerated.
    large: Vec<u32>,
}

/// A set of bounds with its smallest offsets.
struct Node {
    bounds: Bounds,
    offsets: Vec<i64>,
}

/// Which node is taken next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Walk {
    /// That with the smallest offsets, so that the first found are the smallest.
    BestFirst,
    /// The deepest, so that some are found soon.
    DepthFirst,
}

/// What comes first: by depth if that counts, small offsets, few of them, then what is further on,
/// then what is older.
type Rank = Reverse<(Reverse<u32>, i128, usize, Reverse<u32>, usize)>;

/// The nodes that wait.
struct Waiting {
    walk: Walk,
    most: i128,
    heap: BinaryHeap<Rank>,
    /// Each with its depth, while it waits.
    nodes: Vec<Option<(Node, u32)>>,
    /// The nodes that wait, as long as they are few.
    few: Vec<usize>,
    /// The bounds of all that were taken.
    taken: FxHashSet<Bounds>,
}

impl Waiting {
    /// Adds a node with these bounds, unless a node that waits has all its solutions.
    fn push(&mut self, bounds: Bounds, depth: u32) {
        let Some((size, offsets)) = bounds.smallest() else { return };
        let covers = |&other: &usize| {
            self.nodes[other].as_ref().is_some_and(|(node, _)| bounds.is_within(&node.bounds))
        };
        if size > self.most || self.few.iter().any(covers) {
            return;
        }
        let others = offsets.iter().filter(|&&x| x != 0).count();
        let at = self.nodes.len();
        let deep = Reverse(if self.walk == Walk::DepthFirst { depth } else { 0 });
        self.heap.push(Reverse((deep, size, others, Reverse(depth), at)));
        self.nodes.push(Some((Node { bounds, offsets }, depth)));
        if self.few.len() < FEW {
            self.few.push(at);
        }
    }

    /// The next node, with its depth.
    fn pop(&mut self) -> Option<(Node, u32)> {
        loop {
            let Reverse((_, _, _, _, at)) = self.heap.pop()?;
            let (node, depth) = self.nodes[at].take()?;
            if let Some(place) = self.few.iter().position(|&other| other == at) {
                self.few.swap_remove(place);
            }
            // What the same bounds lead to is there already.
            if self.taken.insert(node.bounds.clone()) {
                return Some((node, depth));
            }
        }
    }
}

impl<'a, M: Model> Search<'a, M> {
    /// A search for the offsets of `timeline`'s groups by `rule`; the keys for which `failed` are
    /// asked first.
    pub(super) fn new(
        timeline: &'a Timeline<'a, M>,
        rule: Rule,
        failed: impl Fn(usize) -> bool,
        meter: &'a Meter,
    ) -> Self {
        let mut keys: Vec<usize> = (0..timeline.keys.len()).collect();
        keys.sort_by_key(|&key| !failed(key));
        let large = vec![0; keys.len()];
        let operations: usize = timeline.keys.iter().map(|key| key.entries.len()).sum();
        let left = operations.saturating_mul(20).clamp(FIRST, OPERATIONS);
        Search { timeline, rule, meter, learnt: Vec::new(), keys, left, large }
    }

    /// The bounds that all offsets must keep, as far as they follow from single operations; `None`
    /// if there are no offsets.
    pub(super) fn root(&self) -> Option<Bounds> {
        let mut bounds = Bounds::free(self.timeline.groups);
        self.timeline.restrict(self.rule, &mut bounds).then_some(bounds)
    }

    /// Allows for as much work again.
    pub(super) fn allow_more(&mut self) {
        self.left = OPERATIONS;
    }

    /// Whether the keys that only one clock has timed are linearizable; offsets change nothing
    /// about them. `None` if that was not decided in time.
    pub(super) fn is_rest_linearizable(&mut self) -> Option<bool> {
        let offsets = vec![0; self.timeline.groups];
        for (key, content) in self.timeline.keys.iter().enumerate() {
            if !content.is_mixed {
                self.left = self.left.checked_sub(content.entries.len())?;
                if self.timeline.stuck(key, self.rule, &offsets, self.meter).0?.is_some() {
                    return Some(false);
                }
            }
        }
        Some(true)
    }

    /// The smallest offsets that keep `root`, differing by `most` at most; or, depth first, some.
    pub(super) fn smallest(&mut self, root: Bounds, most: i128, walk: Walk) -> Found {
        let mut waiting = Waiting {
            walk,
            most,
            heap: BinaryHeap::new(),
            nodes: Vec::new(),
            few: Vec::new(),
            taken: FxHashSet::default(),
        };
        waiting.push(root, 0);
        for _ in 0..NODES {
            let Some((Node { bounds, offsets }, depth)) = waiting.pop() else {
                return Found::Impossible;
            };
            if self.meter.poll().is_err() || offsets.iter().any(|x| !(-REACH..=REACH).contains(x)) {
                return Found::Stopped;
            }
            let core = match self.broken(&offsets) {
                Some(core) => core,
                None => match self.explains(&offsets) {
                    Some(true) => return Found::Offsets(offsets),
                    Some(false) => match self.broken(&offsets) {
                        Some(core) => core,
                        None => return Found::Stopped,
                    },
                    None => return Found::Stopped,
                },
            };
            for alternative in &self.learnt[core] {
                let mut bounds = bounds.clone();
                if bounds.add_all(alternative) {
                    waiting.push(bounds, depth + 1);
                }
            }
        }
        Found::Stopped
    }

    /// The core with the fewest orders of those that have none under `offsets`, among those known.
    fn broken(&self, offsets: &[i64]) -> Option<usize> {
        let is_broken = |core: &usize| {
            let mut alternatives = self.learnt[*core].iter();
            !alternatives.any(|set| set.iter().all(|bound| bound.holds(offsets)))
        };
        (0..self.learnt.len()).filter(is_broken).min_by_key(|&core| self.learnt[core].len())
    }

    /// Whether every key that several clocks have timed is linearizable under `offsets`; if not,
    /// something is learnt from that, unless no core was found. `None` if it was not decided in
    /// time.
    pub(super) fn explains(&mut self, offsets: &[i64]) -> Option<bool> {
        let mut lessons = 0;
        for at in 0..self.keys.len() {
            let key = self.keys[at];
            if !self.timeline.keys[key].is_mixed {
                continue;
            }
            self.left = self.left.checked_sub(self.timeline.keys[key].entries.len())?;
            let (stuck, spent) = self.timeline.stuck(key, self.rule, offsets, self.meter);
            self.left = self.left.checked_sub(spent as usize)?;
            if let Some(near) = stuck? {
                self.keys[..=at].rotate_right(1);
                self.learn(key, offsets, near);
                lessons += 1;
            }
            if lessons == LESSONS {
                break;
            }
        }
        Some(lessons == 0)
    }

    /// Learns from `key`, which has no order under `offsets`, near its entry `near`: by the orders
    /// of a core; or by what a window rests on, where cores are too large.
    fn learn(&mut self, key: usize, offsets: &[i64], near: u32) {
        if self.large[key] < LARGE_CORES {
            let core = self.timeline.core(key, self.rule, offsets, near, self.meter);
            let orders = (!core.is_empty()).then(|| self.timeline.orders(key, self.rule, &core));
            if let Some(orders) = orders.flatten() {
                self.learnt.push(orders);
                return;
            }
            self.large[key] += 1;
        }
        let (found, spent) = self.timeline.exchanges(key, self.rule, offsets, near, self.meter);
        self.left = self.left.saturating_sub(spent as usize);
        self.learnt.extend(found);
    }
}
