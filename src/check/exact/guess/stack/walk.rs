//! The walk: few configurations at each return, and more where it is stuck.

use hashbrown::{HashSet, HashTable};

use super::super::problem::{NEVER, Problem, Window};
use super::Moments;
use super::config::{Config, Deed};
use super::moves::Stepper;
use super::{order, outlook};
use crate::history::hash::Seeded;
use crate::history::sort;

/// So many configurations are kept where all goes well, and so many at most.
const WIDTH: usize = 4;
const WIDEST: usize = 1 << 12;

/// Between two places to which the walk can go back, so many operations return.
const STRIDE: usize = 16;

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
    marks: Vec<Layer>,
    width: usize,
    /// Where the walk got stuck last, and how often; behind it, few are kept again.
    obstacle: usize,
    tries: u32,
    /// The visits that are left, and that were left at the furthest step.
    work: u64,
    progress: u64,
    furthest: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(problem: &'a Problem, moments: &'a Moments) -> Walk<'a> {
        let count = problem.ops.len() as u64;
        Walk {
            problem,
            moments,
            stepper: Stepper::new(problem, moments),
            nodes: vec![Node { parent: NEVER, end: 0 }],
            deeds: Vec::new(),
            marks: Vec::new(),
            width: WIDTH,
            obstacle: 0,
            tries: 0,
            work: MOST + MOST_FOR_EACH * count,
            progress: MOST + MOST_FOR_EACH * count,
            furthest: 0,
        }
    }

    /// The operations in an order in which they may have happened; `None` if none is found before
    /// the walk `is_stopped` or has worked for too long.
    pub(super) fn search(&mut self, is_stopped: &dyn Fn() -> bool) -> Option<Vec<u32>> {
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
        let last = layer.configs.first()?;
        Some(order::order(self.problem, &self.retrace(last.node), last))
    }

    fn is_exhausted(&self) -> bool {
        let count = self.problem.ops.len() as u64;
        self.work == 0 || self.progress > self.work + STUCK.min(STUCK_FOR_EACH * count)
    }

    /// Remembers where the walk is, now and then.
    fn pass(&mut self, layer: &Layer) {
        let step = layer.window.step;
        if step > self.furthest {
            (self.furthest, self.progress) = (step, self.work);
        }
        if step > self.obstacle {
            self.width = WIDTH;
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
        self.width = WIDTH << self.tries;
        if self.width > WIDEST {
            return None;
        }
        let until = self.obstacle.saturating_sub(STRIDE << self.tries);
        while self.marks.len() > 1 && self.marks.last().is_some_and(|m| m.window.step > until) {
            self.marks.pop();
        }
        self.marks.last().cloned()
    }

    /// The best configurations at the next step; `None` if there are none.
    fn longer(&mut self, layer: &Layer) -> Option<Layer> {
        let early = if self.width > WIDTH { self.tries / 2 } else { 0 };
        let mut found: Vec<Config> = Vec::new();
        for config in &layer.configs {
            let (before, count) = (self.stepper.visits, found.len());
            self.stepper.expand(config, &layer.window, early.min(MOST_EARLY), &mut found);
            let visits = self.stepper.visits - before + (found.len() - count) as u64;
            let each = 1 + (config.items.len() / DEEP) as u64;
            self.work = self.work.saturating_sub(visits * each);
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
        self.keep(&mut found);
        (!found.is_empty()).then_some(Layer { window, configs: found })
    }

    /// Keeps the best: first one for each way in which things lie that lie there for long, since
    /// it shows late which of these is right.
    fn keep(&mut self, found: &mut Vec<Config>) {
        sort::by(found, |config| config.cost);
        if found.len() > self.width {
            let mut bases: HashSet<u64, Seeded> = HashSet::default();
            let is_first: Vec<bool> =
                found.iter().map(|config| bases.insert(config.base)).collect();
            let mut firsts = bases.len().min(self.width);
            let mut others = self.width - firsts;
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
