//! What is left of a key when the operations of the violations found so far are taken out.

use std::cell::LazyCell;

use super::{SMALL, Violation};
use crate::check::{impossible, is_linearizable};
use crate::error::Error;
use crate::explain::ALLOWANCE;
use crate::explain::case::Case;
use crate::explain::core::{Core, ROUGH, erased_core, minimal_core, reduced, rough_core};
use crate::history::{History, OpIndex, Rank, sort};
use crate::model::{self, AnyModel, AnyOp, Model, Pos, Reading};
use crate::proof::projection::{Projections, positions};

/// So many operations are looked at, check by check, before the search for violations ends.
const WORK: usize = 40_000_000;

/// So many operations in a row may turn out not to be alike before no more are tried.
const UNLIKE: usize = 8;

/// The smallest step from one part of the history to the next; and the smallest part of what is
/// before it, since that is decided with it each time.
const STEP: usize = 256;
const STEP_PART: usize = 4;

/// So many operations are copied or counted while an exact decider looks at one.
const COPIES: usize = 8;

/// What lies behind the violations found so far.
pub(super) enum Next {
    Violation(Violation),
    /// The rest is linearizable.
    Nothing,
    /// The time was up, or there is no telling what to take out.
    Unknown,
}

/// What is left of a key.
pub(super) struct Rest<'a, 'c> {
    case: &'c Case<'a>,
    /// Without a horizon; weakened operations as if they had never returned.
    readings: Vec<Reading<AnyOp>>,
    /// Which of them were left out. They are pure; but as long as they are open, it is not known
    /// what they will return, and so whether they are.
    gone: Vec<bool>,
    /// Ascending.
    weakened: Vec<OpIndex>,
    /// The returns of the key, ascending.
    returns: Vec<Rank>,
    /// The history as known at so many returns is linearizable without what was taken out.
    settled: usize,
    step: usize,
    /// How many operations were looked at, and how many may be.
    pub(super) work: usize,
    pub(super) limit: usize,
    pub(super) counting: bool,
    /// Configurations that were visited.
    spent: u64,
}

impl<'a, 'c> Rest<'a, 'c> {
    pub(super) fn new(case: &'c Case<'a>) -> Self {
        let readings = case.readings.to_vec();
        let mut returns: Vec<Rank> = readings.iter().map(|reading| reading.span.ret).collect();
        returns.retain(|&ret| ret != Rank::NEVER);
        returns.sort_unstable();
        Rest {
            case,
            gone: vec![false; readings.len()],
            readings,
            weakened: Vec::new(),
            returns,
            settled: 0,
            step: STEP,
            work: 0,
            limit: WORK,
            counting: false,
            spent: 0,
        }
    }

    /// The key.
    pub(super) fn case(&self) -> &'c Case<'a> {
        self.case
    }

    /// Says that the history as known before the return of this rank is linearizable. Mostly
    /// nothing else is wrong: all that is behind it is one step at first.
    pub(super) fn seek(&mut self, horizon: Rank) {
        self.settled = self.returns.partition_point(|&ret| ret < horizon);
        self.step = self.returns.len();
    }

    /// The next violation: in a part of the history behind what is settled, a longer one each time.
    pub(super) fn next(&mut self) -> Result<Next, Error> {
        loop {
            let is_over = self.work > self.limit || self.spent > ALLOWANCE;
            if is_over || self.case.meter.poll().is_err() {
                return Ok(Next::Unknown);
            }
            if self.settled >= self.returns.len() {
                // What was never returned from cannot be wrong.
                return Ok(Next::Nothing);
            }
            let end = (self.settled + self.step).min(self.returns.len());
            let readings = self.known_at(self.returns[end - 1])?;
            self.work += readings.len();
            let (answer, effort) = impossible(self.case.model, &readings, self.case.meter);
            let is_whole = self.step == self.returns.len() && self.step > self.least_step();
            if answer.is_none() && is_whole {
                self.step = self.least_step();
                continue;
            }
            self.spent += effort.configurations;
            match answer {
                None => return Ok(Next::Unknown),
                Some(None) => {
                    self.settled = end;
                    self.step = self.step.saturating_mul(2);
                }
                Some(Some(stuck)) => {
                    let shorter = if is_whole { 0 } else { self.step / 2 };
                    self.step = shorter.max(self.least_step());
                    let near = readings[stuck].index;
                    return self.violation(&readings, near, self.returns[end - 1]);
                }
            }
        }
    }

    fn least_step(&self) -> usize {
        STEP.max(self.settled / STEP_PART)
    }

    /// The readings as they were known at `horizon`.
    pub(super) fn known_at(&self, horizon: Rank) -> Result<Vec<Reading<AnyOp>>, Error> {
        let Case { model, history, meter, .. } = *self.case;
        let mut known = Vec::with_capacity(self.readings.len());
        meter.work(self.readings.len() / COPIES);
        for (reading, &gone) in self.readings.iter().zip(&self.gone) {
            if reading.span.call > horizon {
                break;
            }
            if reading.span.ret <= horizon || !reading.span.has_returned() {
                known.extend((!gone).then(|| reading.clone()));
            } else {
                known.extend(model::read(model, history, &[reading.index], Some(horizon))?);
            }
        }
        Ok(known)
    }

    /// The violation that `readings`, the history as known at `end`, hold around the operation
    /// `near`; they are not linearizable.
    fn violation(
        &mut self,
        readings: &[Reading<AnyOp>],
        near: OpIndex,
        end: Rank,
    ) -> Result<Next, Error> {
        let Case { model, meter, .. } = *self.case;
        let core_of = if self.counting { rough_core } else { minimal_core };
        let core = core_of(model, readings, near, meter, ALLOWANCE);
        self.work += readings.len();
        let found = match self.first_impossible(readings, &core.operations)? {
            Some(found) => Some(found),
            None => self.first_in_step(near, end)?,
        };
        let Some((operation, mut horizon)) = found else { return Ok(Next::Unknown) };
        let mut known = self.known_at(horizon)?;
        self.work += known.len();
        let is_sound = positions(&known, &core.operations)
            .is_some_and(|kept| Projections::new(model, &known).is_sound(&kept));
        let core = match is_sound {
            _ if core.operations.is_empty() => core_of(model, &known, operation, meter, ALLOWANCE),
            true if self.counting && core.operations.len() > ROUGH => core,
            true => reduced(model, &known, &core.operations, meter, ALLOWANCE),
            // What was open then, and turned out to be pure, could still have been anything.
            false => {
                (horizon, known) = (end, readings.to_vec());
                core
            }
        };
        let Core { operations, is_minimal } = core;
        let is_called =
            |&&index: &&OpIndex| known.binary_search_by_key(&index, |one| one.index).is_ok();
        let weakened = self.weakened.iter().filter(is_called).copied().collect();
        let mut violation = Violation {
            operation,
            horizon,
            core: operations,
            is_minimal,
            weakened,
            remembered: None,
            alike: Vec::new(),
        };
        if violation.core.is_empty() || violation.core.len() > SMALL {
            self.forget(&known, &mut violation);
        }
        if let Some(own) = positions(&known, &violation.core)
            && !violation.core.contains(&operation)
        {
            // The one that is found last gives it away.
            let ends = own.iter().map(|&at| &known[at]);
            let last = ends.filter(|one| one.span.has_returned()).max_by_key(|one| one.span.ret);
            violation.operation = last.map_or(operation, |one| one.index);
        }
        Ok(Next::Violation(violation))
    }

    /// Looks for a smaller core in `known`, the history at the horizon, with few elements.
    pub(super) fn forget(&mut self, known: &[Reading<AnyOp>], violation: &mut Violation) {
        let Case { model, meter, .. } = *self.case;
        let found = erased_core(model, known, violation.operation, meter, ALLOWANCE);
        self.work += known.len();
        let Some((Core { operations, is_minimal }, elements)) = found else { return };
        if violation.core.is_empty() || operations.len() < violation.core.len() {
            (violation.core, violation.is_minimal) = (operations, is_minimal);
            violation.remembered = Some(elements);
        }
    }

    /// The first return up to the `end` of the present step by which no order is left, with its
    /// operation: likely that of the operation `near`, or it is found by bisection.
    fn first_in_step(
        &mut self,
        near: OpIndex,
        end: Rank,
    ) -> Result<Option<(OpIndex, Rank)>, Error> {
        let (mut low, mut high) = (self.settled, self.returns.partition_point(|&ret| ret <= end));
        let stuck = self.case.history.span(near).ret;
        let likely = self.returns.partition_point(|&ret| ret <= stuck);
        let mut likely = [likely, likely.saturating_sub(1)].into_iter();
        while low + 1 < high {
            let is_open = |at: &usize| (low + 1..high).contains(at);
            let middle = likely.find(is_open).unwrap_or(low + (high - low) / 2);
            let known = self.known_at(self.returns[middle - 1])?;
            self.work += known.len();
            let (linearizable, effort) = is_linearizable(self.case.model, &known, self.case.meter);
            self.spent += effort.configurations;
            match linearizable {
                Some(true) => low = middle,
                Some(false) => high = middle,
                None => return Ok(None),
            }
        }
        let horizon = self.returns[high - 1];
        let found = self.readings.iter().find(|reading| reading.span.ret == horizon);
        Ok(found.map(|reading| (reading.index, horizon)))
    }

    /// The operation of `core` by whose return it is impossible, with that return.
    fn first_impossible(
        &mut self,
        readings: &[Reading<AnyOp>],
        core: &[OpIndex],
    ) -> Result<Option<(OpIndex, Rank)>, Error> {
        let Some(kept) = positions(readings, core) else { return Ok(None) };
        let mut ends: Vec<(Rank, OpIndex)> = kept
            .iter()
            .map(|&at| (readings[at].span.ret, readings[at].index))
            .filter(|&(ret, _)| ret != Rank::NEVER)
            .collect();
        sort::by(&mut ends, |&end| end);
        let Some(mut last) = ends.len().checked_sub(1) else { return Ok(None) };
        // Of a minimal core it is nearly always the last: look back in steps that grow, and then
        // between two of them.
        let (mut open, mut step, mut is_between) = (0, 1, false);
        while open < last {
            let probe = if is_between { open + (last - open) / 2 } else { last - step.min(last) };
            let probe = probe.max(open);
            if self.is_impossible_by(readings, &kept, ends[probe].0)? {
                (last, step) = (probe, step * 2);
            } else {
                (open, is_between) = (probe + 1, true);
            }
        }
        Ok(Some((ends[last].1, ends[last].0)))
    }

    /// Whether the readings at the positions `kept`, as known at `horizon`, are impossible.
    fn is_impossible_by(
        &mut self,
        readings: &[Reading<AnyOp>],
        kept: &[Pos],
        horizon: Rank,
    ) -> Result<bool, Error> {
        let Case { model, history, meter, .. } = *self.case;
        let mut known = Vec::with_capacity(kept.len());
        for reading in kept.iter().map(|&at| &readings[at]) {
            let is_weak = self.weakened.binary_search(&reading.index).is_ok();
            if reading.span.ret <= horizon || is_weak {
                known.push(reading.clone());
            } else if reading.span.call <= horizon {
                known.extend(model::read(model, history, &[reading.index], Some(horizon))?);
            }
        }
        known.retain(|reading| reading.span.call <= horizon);
        let (linearizable, effort) = is_linearizable(model, &known, meter);
        self.spent += effort.configurations;
        Ok(linearizable == Some(false))
    }

    /// Takes out the operation of `violation`, and what is alike, which it lists there. False if
    /// there was nothing to take out.
    pub(super) fn take_out(&mut self, violation: &mut Violation) -> Result<bool, Error> {
        let Case { model, history, .. } = *self.case;
        let found = self.readings.binary_search_by_key(&violation.operation, |one| one.index);
        let Ok(at) = found else { return Ok(false) };
        if model.facts(&self.readings[at].op).pure {
            if violation.remembered.is_none() {
                violation.alike = self.alike(violation, at);
            }
            self.work += self.readings.len();
            self.gone[at] = true;
            for other in positions(&self.readings, &violation.alike).unwrap_or_default() {
                self.gone[other] = true;
            }
        } else if let Some(weak) = weakened(model, history, &self.readings[at])? {
            self.readings[at] = weak;
            let place = self.weakened.partition_point(|&index| index < violation.operation);
            self.weakened.insert(place, violation.operation);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Later operations that are the same as the one at `at` and contradict the rest of the core.
    fn alike(&mut self, violation: &Violation, at: usize) -> Vec<OpIndex> {
        let Case { model, meter, .. } = *self.case;
        let own = &self.readings[at];
        let same = |other: &Reading<AnyOp>| other.span.ret > own.span.ret && other.op == own.op;
        let others: Vec<OpIndex> =
            violation.core.iter().copied().filter(|&index| index != violation.operation).collect();
        let Some(others) = positions(&self.readings, &others).filter(|others| !others.is_empty())
        else {
            return Vec::new();
        };
        let is_left = |&at: &Pos| !self.gone[at] && same(&self.readings[at]);
        let candidates: Vec<Pos> = Pos::below(self.readings.len()).filter(is_left).collect();
        if candidates.is_empty() {
            return Vec::new();
        }
        // Few are impossible, and only of these it is asked whether they stand for the whole.
        let projections = LazyCell::new(|| {
            meter.work(self.readings.len());
            Projections::new(model, &self.readings)
        });
        let (mut alike, mut unlike) = (Vec::new(), 0);
        for candidate in candidates {
            if unlike == UNLIKE || self.work > self.limit || meter.poll().is_err() {
                break;
            }
            self.work += self.readings.len() / COPIES;
            meter.work(self.readings.len() / COPIES);
            let mut kept = others.clone();
            kept.insert(kept.partition_point(|&at| at < candidate), candidate);
            let part: Vec<Reading<AnyOp>> =
                kept.iter().map(|&at| self.readings[at].clone()).collect();
            let is_like = is_linearizable(model, &part, meter).0 == Some(false)
                && projections.is_sound(&kept);
            if is_like {
                alike.push(self.readings[candidate].index);
                unlike = 0;
            } else {
                unlike += 1;
            }
        }
        alike
    }
}

/// `reading` as if it had never returned; `None` if it never did.
pub(super) fn weakened(
    model: &AnyModel,
    history: &History,
    reading: &Reading<AnyOp>,
) -> Result<Option<Reading<AnyOp>>, Error> {
    if !reading.span.has_returned() {
        return Ok(None);
    }
    let before = reading.span.ret.previous();
    Ok(model::read(model, history, &[reading.index], Some(before))?.pop())
}
