//! The walk: few configurations at each return, and more where it is stuck.

use hashbrown::{HashSet, HashTable};

use super::super::problem::{NEVER, Problem, Window};
use super::Moments;
use super::config::{Config, Deed};
use super::moves::Stepper;
use super::{order, outlook};
use crate::check::exact::retreat::{Manner, Retreat};
use crate::check::exact::work::{Stop, Work};
use crate::history::hash::Seeded;
use crate::history::sort;

/// How the walk goes back.
const MANNER: Manner =
    Manner { width: 4, widest: 1 << 12, wider: 1, stride: 16, back: 16, further: 1 };

/// So much work is done at most, and so much for each operation: a visit of a configuration, and
/// each that follows it.
const MOST: u64 = 1 << 18;
const MOST_FOR_EACH: u64 = 192;

/// So many at most without getting any further, and so many for each operation.
const STUCK: u64 = 1 << 18;
const STUCK_FOR_EACH: u64 = 96;

/// On a deeper stack, each counts as several.
const DEEP: usize = 16;

/// So many takes may happen before they have to, one after the other, if the walk got stuck twice
/// as often.
const MOST_EARLY: u32 = 2;

/// The configurations at a step.
#[derive(Clone)]
struct Layer {
    window: Window,
    configs: Vec<Config>,
}

/// What a configuration that was kept came from, and where its deeds end.
struct Node {
    parent: u32,
    end: u32,
}

pub(super) struct Walk<'a> {
    problem: &'a Problem,
    moments: &'a Moments,
    stepper: Stepper<'a>,
    nodes: Vec<Node>,
    deeds: Vec<Deed>,
    work: Work<'a>,
    /// The furthest step, and the work that was done before.
    furthest: u32,
    progress: u64,
}

impl<'a> Walk<'a> {
    /// A walk until it has to `stop` or has worked for too long.
    pub(super) fn new(problem: &'a Problem, moments: &'a Moments, stop: Stop<'a>) -> Walk<'a> {
        Walk {
            problem,
            moments,
            stepper: Stepper::new(problem, moments),
            nodes: vec![Node { parent: NEVER, end: 0 }],
            deeds: Vec::new(),
            work: Work::new(MOST + MOST_FOR_EACH * problem.ops.len() as u64, stop),
            furthest: 0,
            progress: 0,
        }
    }

    /// The operations in an order in which they may have happened; `None` if none is found.
    pub(super) fn search(&mut self) -> Option<Vec<u32>> {
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
        let last = layer.configs.first()?;
        Some(order::order(self.problem, &self.retrace(last.node), last))
    }

    fn is_exhausted(&mut self) -> bool {
        let stuck = STUCK.min(STUCK_FOR_EACH * self.problem.ops.len() as u64);
        !self.work.goes_on() || self.work.done() > self.progress + stuck
    }

    /// The best configurations at the next step; `None` if there are none.
    fn longer(&mut self, layer: &Layer, retreat: &Retreat<Layer>) -> Option<Layer> {
        let early = retreat.tries() / 2;
        let mut found: Vec<Config> = Vec::new();
        for config in &layer.configs {
            let (before, count) = (self.stepper.visits, found.len());
            self.stepper.expand(config, &layer.window, early.min(MOST_EARLY), &mut found);
            let visits = self.stepper.visits - before + (found.len() - count) as u64;
            let each = 1 + (config.items.len() / DEEP) as u64;
            self.work.spend(visits * each);
            if self.is_exhausted() {
                return None;
            }
        }
        let forced = layer.window.forced(self.problem);
        let mut window = layer.window.clone();
        window.advance(self.problem);
        for config in &mut found {
            config.mark(self.problem, forced);
            self.stepper.settle(config, &layer.window);
            config.leave(self.problem, self.moments, forced, &window);
        }
        let mut known: HashTable<u64> = HashTable::new();
        found.retain_mut(|config| {
            let hash = config.hash;
            if known.find(hash, |&other| other == hash).is_some() {
                return false;
            }
            known.insert_unique(hash, hash, |&hash| hash);
            config.cost = outlook::cost(self.problem, self.moments, &window, config);
            true
        });
        self.keep(&mut found, retreat.width());
        (!found.is_empty()).then_some(Layer { window, configs: found })
    }

    /// Keeps the best: first one for each way in which things lie that lie there for long, since
    /// it shows late which of these is right.
    fn keep(&mut self, found: &mut Vec<Config>, width: usize) {
        sort::by(found, |config| config.cost);
        if found.len() > width {
            let mut bases: HashSet<u64, Seeded> = HashSet::default();
            let is_first: Vec<bool> =
                found.iter().map(|config| bases.insert(config.base)).collect();
            let mut firsts = bases.len().min(width);
            let mut others = width - firsts;
            let mut kept = is_first.into_iter().map(|is_first| {
                let room = if is_first { &mut firsts } else { &mut others };
                let is_kept = *room > 0;
                *room = room.saturating_sub(1);
                is_kept
            });
            found.retain(|_| kept.next().unwrap_or(false));
        }
        for config in found {
            self.deeds.append(&mut config.deeds);
            self.nodes.push(Node { parent: config.node, end: self.deeds.len() as u32 });
            config.node = self.nodes.len() as u32 - 1;
        }
    }

    /// The deeds that led to a configuration.
    fn retrace(&self, node: u32) -> Vec<Deed> {
        let mut deeds = Vec::new();
        let mut at = node as usize;
        while at > 0 {
            let (start, end) = (self.nodes[at - 1].end as usize, self.nodes[at].end as usize);
            deeds.extend(self.deeds[start..end].iter().rev());
            at = self.nodes[at].parent as usize;
        }
        deeds.reverse();
        deeds
    }
}
