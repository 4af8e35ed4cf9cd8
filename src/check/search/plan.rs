//! Which walk goes on for how long: depth-first, and breadth-first around the place where that got
//! stuck. Shares are counted in configurations, so that the plan never depends on the clock.

use std::sync::atomic::{AtomicBool, Ordering};

use super::automaton::StateId;
use super::beam::Beam;
use super::depth::{Depth, Part};
use super::guess::Guess;
use super::items::Event;
use super::layers::Layers;
use super::mask::Mask;
use super::prepare::Prepared;
use super::steps::Step;
use super::sums;
use super::walker::{Shared, Walker};
use super::{Effort, Found};
use crate::budget::Meter;
use crate::check::StopReason;
use crate::history::hash::Set;
use crate::model::Pos;
use crate::threads;

/// How the work is shared out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// So many configurations in a row the depth-first walk may visit at first that lead no
    /// further; most histories need less.
    pub(super) first_share: u64,
    /// For each of them, so many of the guess.
    pub(super) guess: u64,
    /// For each of them, so many of the other walk.
    pub(super) breadth: u64,
    /// The first part of the history that is tried by itself has so many events before the place
    /// where the search is stuck, for each eight operations that are open at once.
    pub(super) first_length: u32,
}

impl Plan {
    /// What has proved itself.
    pub(super) const USUAL: Plan =
        Plan { first_share: 1 << 12, guess: 1, breadth: 3, first_length: 64 };
}

/// A part is tried from all states if there are at most so many.
const MOST_STATES: usize = 2048;

/// The whole search, with masks of type `K`, of at most so many configurations.
pub(super) fn run<K: Mask>(
    shared: &Shared<'_>,
    plan: Plan,
    threads: usize,
    (most, meter): (u64, &Meter),
) -> (Found, Effort) {
    let mut depth = Depth::<K>::new(shared, meter);
    let cancelled = AtomicBool::new(false);
    // Most histories need no more than this.
    let part = depth.explore(plan.first_share, most, &cancelled, meter);
    if !matches!(part, Part::Pause) || depth.configurations >= most {
        return (found(part, shared.prepared), depth.effort());
    }
    let mut guess = guess_of::<K>(shared, meter);
    let limits = (most - depth.configurations, meter);
    let share = plan.first_share.max(shared.prepared.events.len() as u64);
    let share = plan.guess.saturating_mul(share);
    if let Some(part) = guess_first(&mut *guess, share, &cancelled, limits) {
        let done = guess.visited();
        return (found(part, shared.prepared), effort(&mut depth, done));
    }
    let crew = Crew::new(threads);
    let mut breadth = Breadth::<K>::new(shared, plan, meter);
    let mut share = plan.first_share;
    let found = loop {
        let done = depth.configurations + breadth.configurations() + guess.configurations();
        let left = most.saturating_sub(done);
        if left == 0 {
            break Found::Stopped(StopReason::Configurations);
        }
        let most = (left / plan.breadth.saturating_add(1)).saturating_mul(plan.breadth);
        let others = plan.breadth.saturating_mul(share).min(most);
        share = share.saturating_mul(2);
        // Both start from what is known now, so that it does not matter which is faster.
        let stuck = depth.furthest.max(guess.furthest());
        let (wide, deep) = crew.both(
            &mut || {
                let part = breadth.explore(others, stuck, meter);
                cancelled.store(is_decided(&part), Ordering::Relaxed);
                part
            },
            &mut || {
                let before = guess.configurations();
                let own = plan.guess.saturating_mul(share);
                let most = if guess.is_guided() { left - others } else { own.min(left - others) };
                match guess.explore(own, most, &cancelled, meter) {
                    Part::Pause => {}
                    Part::Stopped(StopReason::Memory) => guess.give_up(),
                    part => return part,
                }
                let left = (left - others).saturating_sub(guess.configurations() - before);
                depth.explore(share, left, &cancelled, meter)
            },
        );
        match (wide, deep) {
            (part, _) | (_, part) if is_decided(&part) => break found(part, shared.prepared),
            (Part::Stopped(StopReason::Memory), Part::Pause) => {
                // The other walk can do with less.
                breadth.give_up();
                meter.look_at_memory();
                share = u64::MAX;
            }
            (Part::Stopped(StopReason::Memory) | Part::Pause, part @ Part::Stopped(_))
            | (part @ Part::Stopped(_), _) => break found(part, shared.prepared),
            _ => {}
        }
    };
    let done = guess.visited() + breadth.configurations();
    (found, effort(&mut depth, done))
}

/// The guess that suits the object.
fn guess_of<'a, K: Mask>(shared: &'a Shared<'a>, meter: &'a Meter) -> Box<dyn Guess + 'a> {
    match shared.amounts {
        Some(amounts) => sums::guess_of::<K>(shared, amounts, meter),
        None => Box::new(Beam::<K>::new(shared, meter)),
    }
}

/// Lets a guess that is guided go on by itself: where there is an order, it mostly finds one before
/// the others are far. It may work for as long as the history is before it gets any further.
/// Returns what it ended with, if it did.
fn guess_first(
    guess: &mut dyn Guess,
    share: u64,
    cancelled: &AtomicBool,
    (most, meter): (u64, &Meter),
) -> Option<Part> {
    if share == 0 || !guess.is_guided() {
        return None;
    }
    match guess.explore(share, most, cancelled, meter) {
        Part::Pause => None,
        Part::Stopped(StopReason::Memory) => {
            guess.give_up();
            None
        }
        part => Some(part),
    }
}

/// The effort of the depth-first walk, and of others that visited so many configurations.
fn effort<K: Mask>(depth: &mut Depth<'_, K>, others: u64) -> Effort {
    let mut effort = depth.effort();
    effort.configurations += others;
    effort
}

/// Whether a part ended with a verdict.
fn is_decided(part: &Part) -> bool {
    matches!(part, Part::Order(_) | Part::Nothing(_))
}

/// The threads that work on one search.
struct Crew {
    /// Threads of its own; without them it works on those that it runs on.
    pool: Option<rayon::ThreadPool>,
    is_alone: bool,
}

impl Crew {
    fn new(threads: usize) -> Crew {
        let inside = rayon::current_thread_index().is_some();
        let pool = if inside { None } else { threads::pool(threads) };
        let is_alone = !inside && pool.is_none();
        Crew { pool, is_alone }
    }

    /// Does both; the second only if the first is without a verdict, or at the same time.
    fn both(
        &self,
        wide: &mut (dyn FnMut() -> Part + Send),
        deep: &mut (dyn FnMut() -> Part + Send),
    ) -> (Part, Part) {
        if self.is_alone {
            let wide = wide();
            let deep = if is_decided(&wide) { Part::Pause } else { deep() };
            return (wide, deep);
        }
        threads::both(self.pool.as_ref(), wide, deep)
    }
}

fn found(part: Part, prepared: &Prepared) -> Found {
    match part {
        Part::Order(order) => Found::Order(order),
        Part::Stopped(reason) => Found::Stopped(reason),
        Part::Pause => Found::Stopped(StopReason::Configurations),
        Part::Nothing(event) => Found::Nothing {
            stuck: match prepared.events.get(event as usize) {
                Some(&Event::Return(item)) => prepared.items[item as usize].reading,
                _ => Pos::default(),
            },
        },
    }
}

/// The breadth-first walk: of ever longer parts of the history, in the end of the whole.
struct Breadth<'a, K> {
    shared: &'a Shared<'a>,
    plan: Plan,
    meter: &'a Meter,
    /// Every state that there can be, if they are few.
    states: Option<Vec<StateId>>,
    part: Option<Layers<'a, K>>,
    /// Where the part is, and its length before that.
    around: u32,
    length: u32,
    given_up: bool,
    /// Configurations of the parts before.
    done: u64,
    /// The work of those.
    work_done: u64,
}

impl<'a, K: Mask> Breadth<'a, K> {
    fn new(shared: &'a Shared<'a>, plan: Plan, meter: &'a Meter) -> Self {
        let states = all_states(&mut Walker::<K>::new(shared, 0, meter));
        Breadth {
            shared,
            plan,
            meter,
            states,
            part: None,
            around: 0,
            length: 0,
            given_up: false,
            done: 0,
            work_done: 0,
        }
    }

    fn work(&self) -> u64 {
        self.work_done + self.part.as_ref().map_or(0, |part| part.work)
    }

    fn configurations(&self) -> u64 {
        self.done + self.part.as_ref().map_or(0, |part| part.configurations)
    }

    /// Gives all memory back; there is nothing more to come.
    fn give_up(&mut self) {
        (self.done, self.work_done) = (self.configurations(), self.work());
        self.part = None;
        self.given_up = true;
    }

    /// Goes on, for the work of about `share` configurations, around the event `stuck`.
    fn explore(&mut self, share: u64, stuck: u32, meter: &Meter) -> Part {
        let end = self.work().saturating_add(share);
        while !self.given_up && self.work() < end {
            // The deeper walk came further: whatever was there can be ordered.
            if self.part.is_none() || self.length > 0 && stuck > self.around + self.length {
                self.around = stuck;
                let width = self.shared.prepared.width as u32;
                self.length = (self.plan.first_length * width / 8).max(1);
                self.restart();
            }
            let until = match self.length {
                0 => u32::MAX,
                length => self.around + length,
            };
            let left = end - self.work();
            let Some(part) = &mut self.part else { break };
            match part.explore(left, until, meter) {
                Part::Pause if part.event > until || part.event == u32::MAX => {
                    self.length = self.length.saturating_mul(2);
                    self.restart();
                }
                Part::Pause => {}
                result => return result,
            }
        }
        Part::Pause
    }

    /// Starts with the part of `length` before the place, or with the whole.
    fn restart(&mut self) {
        (self.done, self.work_done) = (self.configurations(), self.work());
        self.part = None;
        let whole = self.states.is_none() || self.length >= self.around;
        if whole {
            self.length = 0;
        }
        let begin = if whole { 0 } else { self.around - self.length };
        let states = match &self.states {
            Some(states) if begin > 0 => states.as_slice(),
            _ => &[0],
        };
        self.part = Some(Layers::new(self.shared, begin, states, self.meter));
    }
}

/// All states that any operations lead to, in any order; `None` if there are many.
fn all_states<K: Mask>(walker: &mut Walker<'_, K>) -> Option<Vec<StateId>> {
    let classes = &walker.prepared.classes;
    let mut known: Set<StateId> = Set::default();
    let mut states = vec![0];
    known.insert(0);
    let mut next = 0;
    while let Some(&state) = states.get(next) {
        next += 1;
        for (id, class) in classes.iter().enumerate() {
            // Wherever an overwrite starts from, it leads to the same.
            if class.pure || class.overwrites && state != 0 {
                continue;
            }
            match walker.step(state, id as u32) {
                Step::Illegal => {}
                Step::One(state) => states.extend(known.insert(state).then_some(state)),
                Step::Several(list) => {
                    let new = |state: &StateId| known.insert(*state);
                    states.extend(walker.steps.several(list).iter().copied().filter(new));
                }
            }
            if states.len() > MOST_STATES {
                return None;
            }
        }
    }
    Some(states)
}
