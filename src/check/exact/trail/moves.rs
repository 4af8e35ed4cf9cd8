//! What may take effect next.

use std::rc::Rc;

use super::Act;
use super::config::{By, Config, Draft, Steps, Used};
use super::problem::{NONE, Problem};
use super::scene::{Open, Scene};

/// What a crashed operation costs, and what the last one of its class costs more; with one left it
/// costs half of it, and so on.
const CRASHED: i64 = 12;
const SCARCE: i64 = 16;

/// When the walk is stuck for the first time, crashed operations may also lead to values that do
/// not lack one; the next time, to any. So many classes are tried then.
const LOOSE: u32 = 1;
const LOOSER: u32 = 2;
const MOST_CLASSES: usize = 32;

/// What may happen before a return.
pub(super) struct Moves<'a> {
    pub(super) problem: &'a Problem,
    pub(super) scene: Scene,
    pub(super) steps: Steps,
    acts: Vec<Act>,
}

impl<'a> Moves<'a> {
    pub(super) fn new(problem: &'a Problem) -> Moves<'a> {
        Moves { problem, scene: Scene::new(problem), steps: Steps::default(), acts: Vec::new() }
    }

    /// A configuration with its costs.
    pub(super) fn draft(&mut self, config: Config) -> Draft {
        let lack = self.scene.lack_of(self.problem, &config);
        self.rate(config, lack)
    }

    fn rate(&mut self, config: Config, lack: i64) -> Draft {
        let cost = lack + config.used.cost + self.scene.cost(self.problem, &config);
        Draft { config, lack, cost }
    }

    /// Finds what may follow `draft` by one operation, after the walk was stuck so often.
    pub(super) fn expand(&mut self, draft: &Draft, tries: u32, found: &mut Vec<Draft>) {
        self.acts.clear();
        for at in 0..self.scene.open.len() {
            let Open { at, bit, act, .. } = self.scene.open[at];
            if draft.config.done & bit != 0 || matches!(act, Act::Look(_)) {
                continue;
            }
            // Of those that do the same, the first to return will do.
            if let Some(value) = Problem::after(draft.config.value, act)
                && !self.acts.contains(&act)
            {
                self.acts.push(act);
                let used = Rc::clone(&draft.config.used);
                found.push(self.follow(draft, (act, value), By::Op(at), (bit, used)));
            }
        }
        self.expand_by_crashed(draft, tries, found);
    }

    /// Finds what may follow by one crashed operation.
    fn expand_by_crashed(&mut self, draft: &Draft, tries: u32, found: &mut Vec<Draft>) {
        let Config { value, done, .. } = draft.config;
        if self.problem.classes.is_empty() {
            return;
        }
        if tries >= LOOSER {
            for class in 0..self.problem.classes.len().min(MOST_CLASSES) as u32 {
                self.use_crashed(draft, class, found);
            }
            return;
        }
        let adds = &self.problem.adds;
        if adds.len() <= self.scene.count() {
            for &(by, class) in adds {
                let number = value.checked_add(by).map_or(NONE, |sum| self.problem.number_of(sum));
                if self.is_worth(self.scene.known(number), done, tries) {
                    self.use_crashed(draft, class, found);
                }
            }
        }
        let is_done = adds.len() <= self.scene.count();
        for place in 0..self.scene.count() as u32 {
            let Some((number, wanted)) = self.scene.value(place) else { break };
            let put = self.problem.values[number as usize].put;
            let add = wanted.checked_sub(value).filter(|_| !is_done);
            let add = add.and_then(|by| self.problem.class(Act::Add(by)));
            if (put != NONE || add.is_some()) && self.is_worth(place, done, tries) {
                for class in add.into_iter().chain((put != NONE).then_some(put)) {
                    self.use_crashed(draft, class, found);
                }
            }
        }
    }

    /// Whether to let a crashed operation lead to the value at a place.
    fn is_worth(&self, place: u32, done: u128, tries: u32) -> bool {
        place != NONE
            && self.scene.is_wanted(place, done)
            && (tries >= LOOSE || self.scene.lack(place, false, done) > 0)
    }

    fn use_crashed(&mut self, draft: &Draft, class: u32, found: &mut Vec<Draft>) {
        let crashed = &self.problem.classes[class as usize];
        let called = crashed.calls.partition_point(|&call| call < self.scene.event);
        let used = draft.config.used.count(class);
        let left = i64::from(called as u32) - i64::from(used);
        let value = Problem::after(draft.config.value, crashed.act);
        if let Some(value) = value.filter(|&value| left > 0 && value != draft.config.value) {
            let used = Rc::new(Used::with(&draft.config.used, class, CRASHED + SCARCE / left));
            found.push(self.follow(draft, (crashed.act, value), By::Crashed(class), (0, used)));
        }
    }

    /// What follows `draft` when something takes effect that does `act` and leaves `value`; all
    /// looks at it do, too.
    fn follow(
        &mut self,
        draft: &Draft,
        (act, value): (Act, i64),
        by: By,
        (bit, used): (u128, Rc<Used>),
    ) -> Draft {
        let before = &draft.config;
        let number = match value == before.value {
            true => before.number,
            false => self.problem.number_of(value),
        };
        let mut config = Config {
            value,
            number,
            done: before.done | bit,
            hidden: before.hidden,
            used,
            step: self.steps.push(before.step, by),
        };
        if matches!(act, Act::Put(_)) {
            config.hidden |= self.scene.blind & !config.done;
        }
        let looks = if number == NONE { 0 } else { self.scene.looks_at(number) & !config.done };
        if looks != 0 {
            config.done |= looks;
            for open in self.scene.open.iter().filter(|open| open.bit & looks != 0) {
                config.step = self.steps.push(config.step, By::Op(open.at));
            }
        }
        let lack = draft.lack + self.scene.change(self.problem, before, &config);
        self.rate(config, lack)
    }
}
