//! The walk: few configurations at each return, and more where it is stuck.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::config::Config;
use super::foresight::Sight;
use super::moves::{Effort, Stepper};
use super::problem::{NEVER, Problem, Window};
use crate::check::exact::retreat::{Manner, Retreat};
use crate::check::exact::work::{Stop, Work};
use crate::history::sort;

/// How the walk goes back.
const MANNER: Manner =
    Manner { width: 4, widest: 1 << 10, wider: 2, stride: 8, back: 16, further: 1 };

/// So much work is done at most, and so much for each operation: a visit of a configuration for
/// each operation that is open.
const MOST: u64 = 1 << 20;
const MOST_FOR_EACH: u64 = 256;

/// So much at most without getting any further, and so much for each operation.
const STUCK: u64 = 1 << 20;
const STUCK_FOR_EACH: u64 = 64;

/// How thoroughly steps are looked at, by how often the walk got stuck there.
const EFFORTS: [Effort; 5] = [
    Effort { depth: 1, visits: 16, hurries: false, is_free: false },
    Effort { depth: 2, visits: 16, hurries: true, is_free: false },
    Effort { depth: 2, visits: 16, hurries: true, is_free: false },
    Effort { depth: 2, visits: 16, hurries: true, is_free: false },
    Effort { depth: 3, visits: 32, hurries: true, is_free: true },
];

/// The configurations at a step.
#[derive(Clone)]
struct Layer {
    window: Window,
    configs: Vec<Config>,
}

/// What a configuration that was kept came from, and where its moves end.
struct Node {
    parent: u32,
    end: u32,
}

pub(super) struct Walk<'a> {
    problem: &'a Problem,
    stepper: Stepper<'a>,
    nodes: Vec<Node>,
    moves: Vec<(u32, u32)>,
    work: Work<'a>,
    /// The furthest step, and the work that was done before.
    furthest: u32,
    progress: u64,
}

impl<'a> Walk<'a> {
    /// A walk until it has to `stop` or has worked for too long.
    pub(super) fn new(problem: &'a Problem, stop: Stop<'a>) -> Walk<'a> {
        Walk {
            problem,
            stepper: Stepper::new(problem),
            nodes: vec![Node { parent: NEVER, end: 0 }],
            moves: Vec::new(),
            work: Work::new(MOST + MOST_FOR_EACH * problem.ops.len() as u64, stop),
            furthest: 0,
            progress: 0,
        }
    }

    /// The operations in the order of a linearization, with what those took that crashed; `None`
    /// if none is found.
    pub(super) fn search(&mut self) -> Option<Vec<(u32, u32)>> {
        let steps = self.problem.returns.len();
        let window = Window::new(self.problem);
        let mut layer = Layer { window, configs: vec![Config::new(self.problem)] };
        let mut retreat = Retreat::new(MANNER, layer.clone());
        while layer.window.step < steps {
            if self.is_exhausted() {
                return None;
            }
            let step = layer.window.step as u32;
            if step > self.furthest {
                (self.furthest, self.progress) = (step, self.work.done());
            }
            retreat.pass(step, || layer.clone());
            layer = match self.longer(&layer, &retreat) {
                Some(layer) => layer,
                None => retreat.go_back(step)?,
            };
        }
        layer.configs.first().map(|config| self.retrace(config.node))
    }

    fn is_exhausted(&mut self) -> bool {
        let stuck = STUCK.min(STUCK_FOR_EACH * self.problem.ops.len() as u64);
        !self.work.goes_on() || self.work.done() > self.progress + stuck
    }

    /// The best configurations at the next step; `None` if there are none.
    fn longer(&mut self, layer: &Layer, retreat: &Retreat<Layer>) -> Option<Layer> {
        let effort = EFFORTS[(retreat.tries() as usize).min(EFFORTS.len() - 1)];
        let mut found: Vec<Config> = Vec::new();
        for config in &layer.configs {
            let before = self.stepper.visits;
            self.stepper.expand(config, &layer.window, effort, &mut found);
            let visits = 1 + self.stepper.visits - before;
            self.work.spend(visits * layer.window.open.len() as u64);
            if self.is_exhausted() {
                return None;
            }
        }
        let mut window = layer.window.clone();
        window.advance(self.problem);
        let mut known: HashTable<u64> = HashTable::new();
        let mut scratch = Vec::new();
        found.retain_mut(|config| {
            let hash = self.stepper.seed.hash_one(&*config);
            if known.find(hash, |&other| other == hash).is_some() {
                return false;
            }
            known.insert_unique(hash, hash, |&hash| hash);
            let sight = Sight { problem: self.problem, window: &window, config };
            let Some(cost) = sight.cost(&mut scratch) else { return false };
            config.cost = cost;
            true
        });
        sort::by(&mut found, |config| config.cost);
        found.truncate(retreat.width());
        for config in &mut found {
            self.moves.append(&mut config.moves);
            self.nodes.push(Node { parent: config.node, end: self.moves.len() as u32 });
            config.node = self.nodes.len() as u32 - 1;
        }
        (!found.is_empty()).then_some(Layer { window, configs: found })
    }

    /// The moves that led to a configuration.
    fn retrace(&self, node: u32) -> Vec<(u32, u32)> {
        let mut order = Vec::new();
        let mut at = node as usize;
        while at > 0 {
            let (start, end) = (self.nodes[at - 1].end as usize, self.nodes[at].end as usize);
            order.extend(self.moves[start..end].iter().rev());
            at = self.nodes[at].parent as usize;
        }
        order.reverse();
        order
    }
}
