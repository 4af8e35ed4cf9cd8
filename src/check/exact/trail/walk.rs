//! The walk from return to return.

use std::rc::Rc;

use super::config::{By, Config, Draft, Met, Used};
use super::moves::Moves;
use super::problem::{NONE, Problem};
use crate::check::exact::ends::End;
use crate::check::exact::retreat::{Manner, Retreat};
use crate::check::exact::work::Work;
use crate::history::sort;

/// How the walk goes back.
const MANNER: Manner =
    Manner { width: 12, widest: 1 << 12, wider: 1, stride: 16, back: 24, further: 1 };

/// What costs so much more than the best is not kept; the more often the walk is stuck, the more.
const WORSE: i64 = 40;

/// So many operations take effect in a row before a return, at most.
const ROUNDS: usize = 12;

/// So many configurations are kept that differ in who crashed alone.
const VARIANTS: u32 = 2;

/// So many configurations are visited at most without getting further: where there is no way, the
/// search should have its turn soon.
const PATIENCE: u64 = 500_000;

/// Where the walk is.
#[derive(Clone)]
struct Place {
    event: u32,
    open: Vec<u32>,
    layer: Vec<Config>,
}

/// A walk that keeps a few configurations.
pub(super) struct Walk<'a> {
    moves: Moves<'a>,
    place: Place,
    retreat: Retreat<Place>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(problem: &'a Problem, start: i64) -> Walk<'a> {
        let config = Config {
            value: start,
            number: problem.number_of(start),
            done: 0,
            hidden: 0,
            used: Rc::new(Used::none(problem.classes.len())),
            step: NONE,
        };
        let place = Place { event: 0, open: Vec::new(), layer: vec![config] };
        Walk { moves: Moves::new(problem), retreat: Retreat::new(MANNER, place.clone()), place }
    }

    /// What took effect, in that order; `None` if the walk does not get to the end, or within its
    /// `work`.
    pub(super) fn search(mut self, work: &mut Work<'_>) -> Option<Vec<By>> {
        let problem = self.moves.problem;
        let (mut furthest, mut until) = (0, PATIENCE);
        while let Some(&event) = problem.events.get(self.place.event as usize) {
            match event {
                End::Call(at) if problem.ops[at as usize].ret != NONE => self.call(at),
                End::Call(_) => {}
                End::Return(at) => {
                    self.pass(at, work);
                    if !work.goes_on() || work.done() > until {
                        return None;
                    }
                }
            }
            self.place.event += 1;
            if self.place.event > furthest {
                (furthest, until) = (self.place.event, work.done() + PATIENCE);
            }
            if self.place.layer.is_empty() {
                self.place = self.retreat.go_back(self.place.event)?;
            } else if matches!(event, End::Return(_)) {
                self.retreat.pass(self.place.event, || self.place.clone());
            }
        }
        let best = self.place.layer.first()?;
        Some(self.moves.steps.to(best.step))
    }

    /// The operation at `at` is called: a look at the present value takes effect.
    fn call(&mut self, at: u32) {
        let op = &self.moves.problem.ops[at as usize];
        self.place.open.push(at);
        if !op.is_look() {
            return;
        }
        for config in self.place.layer.iter_mut().filter(|config| config.number == op.from) {
            config.done |= op.bit;
            config.step = self.moves.steps.push(config.step, By::Op(at));
        }
    }

    /// The operation at `at` returns: it took effect in all configurations that are kept.
    fn pass(&mut self, at: u32, work: &mut Work<'_>) {
        let bit = self.moves.problem.ops[at as usize].bit;
        if self.place.layer.iter().any(|config| config.done & bit == 0) {
            self.finish(at, bit, work);
        }
        for config in &mut self.place.layer {
            config.done &= !bit;
            config.hidden &= !bit;
        }
        self.place.open.retain(|&open| open != at);
    }

    /// Lets the operation at `at` take effect where it did not, and others before it.
    fn finish(&mut self, at: u32, bit: u128, work: &mut Work<'_>) {
        let (width, tries) = (self.retreat.width(), self.retreat.tries());
        let worse = WORSE * i64::from(1 + tries);
        self.moves.scene.set(self.moves.problem, self.place.event, &self.place.open);
        let (mut done, mut front) = self.begin(at, bit);
        let mut met = Met::new(VARIANTS << tries);
        let mut found = Vec::new();
        for _ in 0..ROUNDS {
            for draft in &front {
                self.moves.expand(draft, tries, &mut found);
                work.spend(1);
            }
            work.spend(found.len() as u64);
            if !work.goes_on() {
                break;
            }
            front.clear();
            sort::by(&mut found, |draft| draft.cost);
            let best = done.iter().map(|draft| draft.cost).min();
            let most = best.map_or(i64::MAX, |best| best + worse);
            for draft in found.drain(..).take_while(|draft| draft.cost <= most) {
                if draft.config.done & bit == 0 && front.len() == width {
                    continue;
                }
                if met.is_new(&draft.config) {
                    if draft.config.done & bit == 0 { &mut front } else { &mut done }.push(draft);
                }
            }
            sort::by(&mut done, |draft| draft.cost);
            let last = done.get(width - 1).map_or(i64::MAX, |draft| draft.cost);
            if front.first().is_none_or(|next| next.cost >= last) {
                break;
            }
        }
        self.keep(done, (width, worse), VARIANTS << tries);
    }

    /// The configurations of the layer in which the operation that returns took effect, and the
    /// others. It may also have been hidden by a put.
    fn begin(&mut self, at: u32, bit: u128) -> (Vec<Draft>, Vec<Draft>) {
        let (mut done, mut front) = (Vec::new(), Vec::new());
        for config in std::mem::take(&mut self.place.layer) {
            if config.done & bit != 0 {
                done.push(self.moves.draft(config));
                continue;
            }
            if config.hidden & bit != 0 {
                let mut config = config.clone();
                config.done |= bit;
                config.step = self.moves.steps.push(config.step, By::Hidden(at));
                done.push(self.moves.draft(config));
            }
            front.push(self.moves.draft(config));
        }
        (done, front)
    }

    /// Keeps the best of the configurations.
    fn keep(&mut self, mut done: Vec<Draft>, (width, worse): (usize, i64), variants: u32) {
        sort::by(&mut done, |draft| draft.cost);
        let most = done.first().map_or(i64::MAX, |best| best.cost.saturating_add(worse));
        let mut met = Met::new(variants);
        let kept = done.into_iter().take_while(|draft| draft.cost <= most);
        let kept = kept.filter(|draft| met.is_new(&draft.config)).take(width);
        self.place.layer = kept.map(|draft| draft.config).collect();
    }
}
