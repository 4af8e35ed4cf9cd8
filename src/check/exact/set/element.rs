//! One element of a set: it is there or not.
//!
//! Where operations tell what they found, the element flips only when a return forces it, and of
//! the operations that can flip it the one that returns first does. Where they do not, only an
//! element that flips in one direction is decided.

use super::super::{Conflict, Timed};
use super::act::Act;
use super::conflict_at;
use super::events::{Elements, Phase, Step, Times};
use crate::history::{Rank, sort};
use crate::model::set::{Contents, Op};

/// Decides all elements: the points in time of all operations that happen, or a conflict. `None`
/// if some element cannot be decided here and none is impossible.
pub(super) fn decide_all(
    initial: &Contents,
    operations: &[Timed<'_, Op>],
) -> Option<Result<Times, Conflict>> {
    let elements = Elements::new(operations);
    let times = Times::with_capacity(operations.len());
    let mut element = Element { times, ..Element::default() };
    let mut undecided = false;
    for (number, &handle) in elements.handles.iter().enumerate() {
        let there = initial.get(handle.into()).is_some();
        match element.decide(there, elements.steps(number)) {
            Some(Ok(())) => {}
            Some(Err(rank)) => return Some(Err(conflict_at(operations, rank))),
            None => undecided = true,
        }
    }
    (!undecided).then_some(Ok(element.times))
}

/// Where an element stands, with tables that are used again for the next.
#[derive(Default)]
struct Element {
    there: bool,
    /// Called and not yet linearized, by what they make of the element, or saw.
    flips: [Vec<Step>; 2],
    /// Those that crashed, in the order of their calls, and how many of them have happened.
    crashed: [(Vec<Step>, usize); 2],
    sights: [Vec<Step>; 2],
    /// When operations happen: ascending for each element.
    times: Times,
    /// Returns of the element's operations, and which of them are linearized.
    returns: Vec<(Rank, u32)>,
    done: Vec<bool>,
}

impl Element {
    /// Decides one element: a rank by which it is impossible, or nothing if it is not known.
    fn decide(&mut self, there: bool, steps: &[Step]) -> Option<Result<(), Rank>> {
        let is_blind = |step: &Step| matches!(step.act, Act::Set { .. }) && step.ret != Rank::NEVER;
        self.there = there;
        if !steps.iter().any(is_blind) {
            return Some(self.walk(steps));
        }
        let makes = |step: &Step| match step.act {
            Act::Set { to } | Act::Flip { to } => Some(to),
            _ => None,
        };
        let mut made = steps.iter().filter_map(makes);
        let to = made.next()?;
        made.all(|other| other == to).then(|| self.change_once(to, steps))
    }

    /// Where completed operations tell what they found. A crashed operation that would change
    /// nothing need not happen.
    fn walk(&mut self, steps: &[Step]) -> Result<(), Rank> {
        self.flips.iter_mut().for_each(Vec::clear);
        for (crashed, used) in &mut self.crashed {
            crashed.clear();
            *used = 0;
        }
        self.sights.iter_mut().for_each(Vec::clear);
        self.returns.clear();
        self.done.clear();
        self.done.resize(steps.len(), false);
        let returns = steps.iter().enumerate().filter(|(_, step)| step.ret != Rank::NEVER);
        self.returns.extend(returns.map(|(nth, step)| (step.ret, nth as u32)));
        sort::by(&mut self.returns, |&(ret, _)| ret);
        let mut calls = 0;
        for next in 0..self.returns.len() {
            let (ret, nth) = self.returns[next];
            while calls < steps.len() && steps[calls].call < ret {
                self.call(Step { at: calls as u32, ..steps[calls] }, steps);
                calls += 1;
            }
            self.force(nth as usize, ret, steps)?;
        }
        Ok(())
    }

    fn call(&mut self, step: Step, steps: &[Step]) {
        match step.act {
            Act::See(there) if step.ret != Rank::NEVER && there == self.there => {
                self.happen(step.at, step.call, steps);
            }
            Act::See(there) if step.ret != Rank::NEVER => {
                self.sights[usize::from(there)].push(step)
            }
            Act::Any if step.ret != Rank::NEVER => self.happen(step.at, step.call, steps),
            Act::Flip { to } | Act::Set { to } if step.ret == Rank::NEVER => {
                self.crashed[usize::from(to)].0.push(step);
            }
            Act::Flip { to } | Act::Set { to } => self.flips[usize::from(to)].push(step),
            Act::See(_) | Act::Any => {}
        }
    }

    fn force(&mut self, nth: usize, ret: Rank, steps: &[Step]) -> Result<(), Rank> {
        if self.done[nth] {
            return Ok(());
        }
        if let Act::Flip { to } = steps[nth].act
            && to == self.there
        {
            self.flip(ret, steps)?;
        }
        // That flips it if it returns first of all; what saw it so follows.
        self.flip(ret, steps)
    }

    /// Flips the element just before the event `ret`, by the operation that returns first.
    fn flip(&mut self, ret: Rank, steps: &[Step]) -> Result<(), Rank> {
        let to = !self.there;
        let open = &mut self.flips[usize::from(to)];
        let first = (0..open.len()).min_by_key(|&at| open[at].ret);
        let step = match first {
            Some(first) => open.swap_remove(first),
            None => {
                let (crashed, used) = &mut self.crashed[usize::from(to)];
                *used += 1;
                *crashed.get(*used - 1).ok_or(ret)?
            }
        };
        self.there = to;
        self.happen(step.at, ret.previous(), steps);
        let mut saw = std::mem::take(&mut self.sights[usize::from(to)]);
        for step in saw.drain(..) {
            self.happen(step.at, ret.previous(), steps);
        }
        self.sights[usize::from(to)] = saw;
        Ok(())
    }

    fn happen(&mut self, nth: u32, time: Rank, steps: &[Step]) {
        self.done[nth as usize] = true;
        self.times.push(time, Phase::Change, steps[nth as usize].at);
    }

    /// Where all operations that change it change it to `to`, so that it changes once, if ever.
    fn change_once(&mut self, to: bool, steps: &[Step]) -> Result<(), Rank> {
        let mut window = Window::new(to, self.there == to);
        for (nth, step) in steps.iter().enumerate() {
            window.add(nth as u32, step)?;
        }
        window.settle(steps)?;
        window.place(window.from, steps, &mut self.times);
        Ok(())
    }
}

/// When an element changes that changes only once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    to: bool,
    /// It is so from the start.
    already: bool,
    /// It is not so yet at the greatest call of those who saw it otherwise,
    pub(super) from: Rank,
    /// and is so by the least return of those who saw or made it so.
    pub(super) by: Rank,
    /// The operation that told that it changed it.
    told: Option<u32>,
    /// Who changes it; nobody if `None`.
    pub(super) by_whom: Option<u32>,
}

impl Window {
    fn new(to: bool, already: bool) -> Window {
        Window { to, already, from: Rank::FIRST, by: Rank::NEVER, told: None, by_whom: None }
    }

    /// Returns that of an element which is there from the start.
    pub(super) fn of_initial() -> Window {
        Window::new(true, true)
    }

    /// Returns that of an element which is added.
    pub(super) fn of_added() -> Window {
        Window::new(true, false)
    }

    /// Takes in an operation; an error is a rank by which there is no window.
    pub(super) fn add(&mut self, nth: u32, step: &Step) -> Result<(), Rank> {
        if step.ret == Rank::NEVER {
            return Ok(());
        }
        match step.act {
            Act::Flip { .. } => {
                if self.already || self.told.is_some() {
                    return Err(step.ret);
                }
                self.told = Some(nth);
                self.by = self.by.min(step.ret);
            }
            Act::Set { .. } => self.by = self.by.min(step.ret),
            Act::See(seen) if seen == self.to => self.by = self.by.min(step.ret),
            Act::See(_) if self.already => return Err(step.ret),
            Act::See(_) => self.from = self.from.max(step.call),
            Act::Any => {}
        }
        Ok(())
    }

    /// Chooses who changes the element, after all operations were [added](Self::add).
    pub(super) fn settle(&mut self, steps: &[Step]) -> Result<(), Rank> {
        if self.already || self.by == Rank::NEVER {
            return Ok(());
        }
        let changes = |step: &&Step| matches!(step.act, Act::Set { .. } | Act::Flip { .. });
        let first = match self.told {
            Some(told) => Some(told),
            // Their calls ascend, and no completed one returns before the element has changed.
            None => steps.iter().position(|step| changes(&step)).map(|nth| nth as u32),
        };
        let first = first.ok_or(self.by)?;
        self.from = self.from.max(steps[first as usize].call);
        if self.from >= self.by {
            return Err(self.from.max(self.by));
        }
        self.by_whom = Some(first);
        Ok(())
    }

    /// Places all operations on the element that happen, if it changes at `changes` (when somebody
    /// [changes](Self::by_whom) it).
    pub(super) fn place(&self, changes: Rank, steps: &[Step], times: &mut Times) {
        let by_whom = self.by_whom.map(|nth| nth as usize);
        for (nth, step) in steps.iter().enumerate() {
            let is_before = step.act == Act::See(!self.to);
            let moved = by_whom.is_some() && matches!(step.act, Act::See(_) | Act::Set { .. });
            if Some(nth) == by_whom {
                times.push(changes, Phase::Change, step.at);
            } else if step.ret != Rank::NEVER && is_before {
                times.push(step.call, Phase::Before, step.at);
            } else if step.ret != Rank::NEVER {
                let time = if moved { step.call.max(changes) } else { step.call };
                times.push(time, Phase::After, step.at);
            }
        }
    }
}
