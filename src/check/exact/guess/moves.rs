//! What happens at a step of the walk: what can without harm, and what has to for something else.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::config::Config;
use super::foresight::{Sight, Wait};
use super::problem::{Crashed, Problem, Window};
use super::{Act, End};
use crate::history::hash::Seeded;

/// How thoroughly a step is looked at.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    /// So many operations may come first, one after the other, because they could not later.
    pub(super) depth: u32,
    /// For each configuration so many are visited.
    pub(super) visits: usize,
    /// Whether takes that may wait are also tried at once.
    pub(super) hurries: bool,
    /// Whether all operations may come first, not only those that could not later.
    pub(super) is_free: bool,
}

/// Which of the crashed takes that may remove something is asked first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Own,
    Other,
}

/// Steps from configurations to others.
pub(super) struct Stepper<'a> {
    pub(super) problem: &'a Problem,
    pub(super) seed: Seeded,
    /// Configurations visited.
    pub(super) visits: u64,
    known: HashTable<u64>,
    waiting: Vec<(Config, u32)>,
    obstacles: Vec<u32>,
    others: Vec<u32>,
}

impl<'a> Stepper<'a> {
    pub(super) fn new(problem: &'a Problem) -> Stepper<'a> {
        Stepper {
            problem,
            seed: Seeded::default(),
            visits: 0,
            known: HashTable::new(),
            waiting: Vec::new(),
            obstacles: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Finds what becomes of `config` by this step, at whose end the operation that returns next
    /// happened.
    pub(super) fn expand(
        &mut self,
        config: &Config,
        window: &Window,
        effort: Effort,
        found: &mut Vec<Config>,
    ) {
        self.known.clear();
        self.waiting.clear();
        self.enter(config.clone(), 0, window, effort, found);
        let forced = window.forced(self.problem);
        let mut at = 0;
        while at < self.waiting.len().min(effort.visits) {
            self.visits += 1;
            let (config, depth) = self.waiting[at].clone();
            at += 1;
            let next = self.serve(&config, forced, depth, window, effort, found);
            if depth >= effort.depth {
                continue;
            }
            for &other in &window.open {
                let act = self.problem.op(other).act;
                let is_settled = config.is_done(self.problem, other) || matches!(act, Act::Put(_));
                if other == forced || is_settled {
                    continue;
                }
                if let Some(next) = &next
                    && !effort.is_free
                    && !self.is_hindered(act, &config, next)
                {
                    continue;
                }
                self.serve(&config, other, depth + 1, window, effort, found);
            }
        }
    }

    /// Whether more is in the way of an operation after a step than before it.
    fn is_hindered(&mut self, act: Act<u32>, before: &Config, after: &Config) -> bool {
        let ranks = &self.problem.ranks;
        before.items.obstacles(act, ranks, &mut self.obstacles);
        after.items.obstacles(act, ranks, &mut self.others);
        self.others.len() > self.obstacles.len()
    }

    /// Enters what becomes of `config` when the operation `at` happens; returns it, as it is right
    /// after that.
    fn serve(
        &mut self,
        config: &Config,
        at: u32,
        depth: u32,
        window: &Window,
        effort: Effort,
        found: &mut Vec<Config>,
    ) -> Option<Config> {
        let mut first = None;
        for side in [Side::Own, Side::Other] {
            let mut next = config.clone();
            let Some(lost) = self.carry_out(&mut next, at, side, window) else { continue };
            first.get_or_insert_with(|| next.clone());
            self.enter(next, depth, window, effort, found);
            if !lost {
                // There is nothing to choose from.
                break;
            }
        }
        first
    }

    /// Enters a configuration: into `found` if the operation that returns next happened.
    fn enter(
        &mut self,
        config: Config,
        depth: u32,
        window: &Window,
        effort: Effort,
        found: &mut Vec<Config>,
    ) {
        for hurries in [false, true] {
            let mut config = config.clone();
            let waits = self.settle(&mut config, hurries, window);
            let hash = self.seed.hash_one(&config);
            if self.known.find(hash, |&other| other == hash).is_none() {
                self.known.insert_unique(hash, hash, |&hash| hash);
                if config.is_done(self.problem, window.forced(self.problem)) {
                    config.leave(self.problem, window);
                    found.push(config);
                } else {
                    self.waiting.push((config, depth));
                }
            }
            if !waits || !effort.hurries {
                break;
            }
        }
    }

    /// Lets happen what fits and changes nothing.
    fn look(&self, config: &mut Config, window: &Window) {
        for &at in &window.open {
            let act = self.problem.op(at).act;
            let is_look = matches!(act, Act::Empty | Act::Peek(..) | Act::PeekAny);
            if is_look
                && !config.is_done(self.problem, at)
                && config.items.is_legal(act, &self.problem.ranks)
            {
                config.happen(self.problem, at);
            }
        }
    }

    /// Lets happen what can without harm: looks, and takes of what nobody else needs, together
    /// with the put of it if need be. Returns whether some take waits that need not.
    fn settle(&mut self, config: &mut Config, hurries: bool, window: &Window) -> bool {
        loop {
            self.look(config, window);
            let mut waits = false;
            let mut takes = window.open.iter().copied();
            let next = takes.find_map(|at| match self.harmless(config, at, window) {
                Some((put, wait)) => {
                    waits |= wait == Wait::Perhaps;
                    let is_it = wait == Wait::No || hurries && wait == Wait::Perhaps;
                    is_it.then_some((at, put))
                }
                None => None,
            });
            let Some((take, put)) = next else { return waits };
            if let Some(put) = put {
                config.happen(self.problem, put);
                self.look(config, window);
            }
            config.happen(self.problem, take);
        }
    }

    /// Whether the open operation `at` is a take that could happen now, perhaps right after a put,
    /// and whether it had better wait.
    fn harmless(
        &mut self,
        config: &Config,
        at: u32,
        window: &Window,
    ) -> Option<(Option<u32>, Wait)> {
        let problem = self.problem;
        let act = problem.op(at).act;
        let Act::Take(_, value) = act else { return None };
        if config.is_done(problem, at) {
            return None;
        }
        let sight = Sight { problem, window, config };
        if config.items.is_legal(act, &problem.ranks) {
            return Some((None, sight.wait(at, value, config.items.count(value))));
        }
        let is_missing = config.items.obstacles(act, &problem.ranks, &mut self.obstacles);
        if !is_missing || !self.obstacles.is_empty() {
            return None;
        }
        let put = sight.next_put(value)?;
        let wait = sight.wait(at, value, 0).max(sight.wait_for_put(at, put, value));
        Some((Some(put), wait))
    }

    /// Lets the open operation `at` happen, and before it whatever it needs; `None` if that is not
    /// to be had. Returns whether a crashed take was needed.
    fn carry_out(
        &mut self,
        config: &mut Config,
        at: u32,
        side: Side,
        window: &Window,
    ) -> Option<bool> {
        let problem = self.problem;
        let op = problem.op(at);
        if matches!(op.act, Act::Put(_)) {
            config.happen(problem, at);
            return Some(false);
        }
        let mut obstacles = std::mem::take(&mut self.obstacles);
        let is_missing = config.items.obstacles(op.act, &problem.ranks, &mut obstacles);
        let cleared = self.clear(config, &mut obstacles, side, (op.act, window));
        self.obstacles = obstacles;
        let lost = cleared?;
        if is_missing && let Act::Take(_, value) | Act::Peek(_, value) = op.act {
            match (Sight { problem, window, config }).next_put(value) {
                Some(put) => config.happen(problem, put),
                None if config.put_crashed(problem, value, window.next) => {}
                None => return None,
            }
        }
        self.look(config, window);
        if !config.is_done(problem, at) {
            if !config.items.is_legal(op.act, &problem.ranks) {
                return None;
            }
            config.happen(problem, at);
        }
        Some(lost)
    }

    /// Takes obstacles out: by takes that returned where they can, else by those that crashed.
    /// Returns whether there were any of these.
    fn clear(
        &self,
        config: &mut Config,
        obstacles: &mut Vec<u32>,
        side: Side,
        (act, window): (Act<u32>, &Window),
    ) -> Option<bool> {
        let problem = self.problem;
        let mut lost = false;
        while !obstacles.is_empty() {
            self.look(config, window);
            let sight = Sight { problem, window, config };
            let taken = sight.open().find_map(|at| match problem.op(at).act {
                act @ Act::Take(_, value) if config.items.is_legal(act, &problem.ranks) => {
                    let place = obstacles.iter().position(|&other| other == value)?;
                    Some((at, place))
                }
                _ => None,
            });
            if let Some((at, place)) = taken {
                config.happen(problem, at);
                obstacles.remove(place);
                continue;
            }
            let (place, end) = removable(&sight, obstacles, ends(act, side))?;
            let value = obstacles.remove(place);
            if sight.is_needed(value) {
                return None;
            }
            lost |= config.lose(problem, end, value, window.next);
        }
        Some(lost)
    }
}

/// The ends at which crashed takes are looked for that make an operation fit.
fn ends(act: Act<u32>, side: Side) -> [End; 3] {
    match (act, side) {
        (Act::Take(End::High, _) | Act::Peek(End::High, _), Side::Own)
        | (Act::Take(End::Low, _) | Act::Peek(End::Low, _) | Act::Empty, Side::Other) => {
            [End::Any, End::High, End::Low]
        }
        _ => [End::Any, End::Low, End::High],
    }
}

/// Which of the obstacles a crashed take can remove now, and at which end: rather one that no open
/// take waits for.
fn removable(sight: &Sight<'_>, obstacles: &[u32], ends: [End; 3]) -> Option<(usize, End)> {
    let Sight { problem, window, config } = sight;
    let mut best = None;
    for (place, &value) in obstacles.iter().enumerate() {
        let is_open = |end: &End| {
            config.items.is_first(*end, value, &problem.ranks)
                && config.left(problem, Crashed::Take(*end), window.next) > 0
        };
        let Some(end) = ends.into_iter().find(is_open) else { continue };
        if !sight.is_awaited(value) {
            return Some((place, end));
        }
        best = best.or(Some((place, end)));
    }
    best
}
