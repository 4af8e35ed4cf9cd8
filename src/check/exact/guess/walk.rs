//! The walk: few configurations at each return, and more where it is stuck.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::config::Config;
use super::foresight::Sight;
use super::moves::{Effort, Stepper};
use super::problem::{NEVER, Problem, Window};
use crate::history::sort;

/// So many configurations are kept where all goes well, and so many at most.
const WIDTH: usize = 4;
const WIDEST: usize = 1 << 10;

/// Between two places to which the walk can go back, so many operations return.
const STRIDE: usize = 8;

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
    marks: Vec<Layer>,
    width: usize,
    /// Where the walk got stuck last, and how often; behind it, few are kept again.
    obstacle: usize,
    tries: u32,
    /// The work that was done, and before the furthest step.
    work: u64,
    progress: u64,
    furthest: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(problem: &'a Problem) -> Walk<'a> {
        Walk {
            problem,
            stepper: Stepper::new(problem),
            nodes: vec![Node { parent: NEVER, end: 0 }],
            moves: Vec::new(),
            marks: Vec::new(),
            width: WIDTH,
            obstacle: 0,
            tries: 0,
            work: 0,
            progress: 0,
            furthest: 0,
        }
    }

    /// The operations in the order of a linearization, with what those took that crashed; `None`
    /// if none is found before the walk `is_stopped` or has worked for too long.
    pub(super) fn search(&mut self, is_stopped: &dyn Fn() -> bool) -> Option<Vec<(u32, u32)>> {
        let steps = self.problem.returns.len();
        let window = Window::new(self.problem);
        let mut layer = Layer { window, configs: vec![Config::new(self.problem)] };
        while layer.window.step < steps {
            if self.is_exhausted() || is_stopped() {
                return None;
            }
            self.pass(&layer);
            layer = match self.longer(&layer) {
                Some(layer) => layer,
                None => self.go_back(layer.window.step)?,
            };
        }
        layer.configs.first().map(|config| self.retrace(config.node))
    }

    fn is_exhausted(&self) -> bool {
        let count = self.problem.ops.len() as u64;
        self.work > MOST + MOST_FOR_EACH * count
            || self.work > self.progress + STUCK.min(STUCK_FOR_EACH * count)
    }

    /// Remembers where the walk is, now and then.
    fn pass(&mut self, layer: &Layer) {
        let step = layer.window.step;
        if step > self.obstacle {
            self.width = WIDTH;
        }
        if step > self.furthest {
            (self.furthest, self.progress) = (step, self.work);
        }
        if self.marks.last().is_none_or(|mark| step >= mark.window.step + STRIDE) {
            self.marks.push(layer.clone());
        }
    }

    /// Goes back from where the walk is stuck, further each time, and keeps more.
    fn go_back(&mut self, step: usize) -> Option<Layer> {
        if step > self.obstacle {
            (self.obstacle, self.tries) = (step, 0);
        }
        self.tries += 1;
        self.width = WIDTH << (2 * self.tries);
        if self.width > WIDEST {
            return None;
        }
        let until = self.obstacle.saturating_sub(STRIDE << (self.tries + 1));
        while self.marks.len() > 1 && self.marks.last().is_some_and(|m| m.window.step > until) {
            self.marks.pop();
        }
        self.marks.last().cloned()
    }

    /// The best configurations at the next step; `None` if there are none.
    fn longer(&mut self, layer: &Layer) -> Option<Layer> {
        let tries = if self.width > WIDTH { self.tries as usize } else { 0 };
        let effort = EFFORTS[tries.min(EFFORTS.len() - 1)];
        let mut found: Vec<Config> = Vec::new();
        for config in &layer.configs {
            let before = self.stepper.visits;
            self.stepper.expand(config, &layer.window, effort, &mut found);
            self.work += (1 + self.stepper.visits - before) * layer.window.open.len() as u64;
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
        found.truncate(self.width);
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
