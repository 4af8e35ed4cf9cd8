//! All violations of a key, not only the first: what cannot be ordered is taken out, as far as that
//! leaves the proof whole, and the rest is checked again.
//!
//! The operation by whose return no order is left is the one that goes. If it is pure it is left
//! out; else it is *weakened*: it counts as one that never returned, which may take effect at any
//! time after its call, or never. Both are sound: every linearization of the history is one of the
//! rest. So what is found behind the first violation is a violation of the history, too. Every
//! round takes one completed operation out, so that there is an end.
//!
//! Operations that contradict the same others in the same way are *alike*, such as fifty reads of
//! one stale value: they are one violation, with the others listed.

use super::ALLOWANCE;
use super::case::Case;
use super::core::{Core, erased_core, minimal_core, reduced};
use crate::check::{impossible, is_linearizable};
use crate::error::Error;
use crate::history::{History, NEVER, Value};
use crate::model::{self, Model, Reading};
use crate::proof::projection::{Projections, positions};

/// So many operations are looked at, check by check, before the search for violations ends.
const WORK: usize = 15_000_000;

/// The search behind the first violations looks at so many more, to count the rest.
const COUNTING: usize = 5_000_000;

/// So many operations in a row may turn out not to be alike before no more are tried.
const UNLIKE: usize = 8;

/// Of larger cores it is tried whether few elements of a set or log suffice.
const SMALL: usize = 12;

/// The smallest step from one part of the history to the next.
const STEP: usize = 256;

/// One violation: operations that cannot be ordered by themselves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The operation that gives it away: by its return no order is left.
    pub operation: u32,
    /// The history as it was known at this rank shows it.
    pub horizon: u32,
    /// Operations, ascending, that cannot be ordered by themselves, and prove that the whole
    /// cannot. Empty where they would be too many.
    pub core: Vec<u32>,
    /// Whether nothing can be left out of the core: without any of its operations, the rest would
    /// be linearizable, or no proof any more.
    pub is_minimal: bool,
    /// Operations, ascending, of which the proof only needs that they were called, whether they are
    /// of the core or not: what they returned, and when, was shown to be wrong by an earlier
    /// violation.
    pub weakened: Vec<u32>,
    /// The elements of a set, or entries of a log, that the proof is about, ascending, if all
    /// others are to be forgotten for it: the core is then one of the history
    /// [without them](crate::proof::Erased). `None` if nothing has to be.
    pub remembered: Option<Vec<Value>>,
    /// Later operations that contradict the rest of the core just as `operation` does.
    pub alike: Vec<u32>,
}

impl Violation {
    /// The operations of the key (`operations`, in the order of their calls) as they were known at
    /// the horizon, the weakened ones as if they had never returned. The core is a
    /// [sound projection](crate::proof::is_sound_projection) of these, and not linearizable.
    ///
    /// # Errors
    /// If the model does not know an operation.
    pub fn readings<M: Model>(
        &self,
        model: &M,
        history: &History,
        operations: &[u32],
    ) -> Result<Vec<Reading<M::Op>>, Error> {
        let mut readings = model::read(model, history, operations, Some(self.horizon))?;
        for reading in &mut readings {
            if self.weakened.binary_search(&reading.index).is_ok()
                && let Some(weak) = weakened(model, history, reading)?
            {
                *reading = weak;
            }
        }
        Ok(readings)
    }
}

/// The violations of a key.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Violations {
    /// The first ones, in the order in which they become impossible.
    pub(crate) list: Vec<Violation>,
    /// How many more there are, as far as they were counted.
    pub(crate) more: usize,
    /// Whether all were found or counted; else the time was up.
    pub(crate) is_complete: bool,
}

/// The violations of `case`, at most `limit` of them in detail. Each costs about one check of the
/// history up to it.
///
/// # Errors
/// None, for a case that was checked.
pub(super) fn violations<M: Model>(case: &Case<'_, M>, limit: usize) -> Result<Violations, Error> {
    let mut first = Violation {
        operation: case.failure.operation,
        horizon: case.failure.horizon,
        core: case.failure.core.clone(),
        is_minimal: case.failure.is_minimal,
        weakened: Vec::new(),
        remembered: None,
        alike: Vec::new(),
    };
    let mut found = Violations::default();
    let mut rest = Rest::new(case);
    let mut is_known = case.failure.is_first();
    if is_known {
        rest.seek(first.horizon);
        if first.core.is_empty() || first.core.len() > SMALL {
            let known = rest.known_at(first.horizon)?;
            rest.forget(&known, &mut first);
        }
        if !first.core.is_empty() && !first.core.contains(&first.operation) {
            // What it returned only tells that it does not explain another one.
            let ret = |index: &&u32| case.history.span(**index as usize).ret;
            let returned = first.core.iter().filter(|index| ret(index) <= first.horizon);
            first.operation = returned.max_by_key(ret).copied().unwrap_or(first.operation);
        }
        is_known = rest.take_out(&mut first)?;
    }
    found.list.push(first);
    while is_known {
        match rest.next()? {
            Next::Violation(mut violation) => {
                is_known = rest.take_out(&mut violation)?;
                if found.list.len() < limit {
                    found.list.push(violation);
                } else {
                    rest.limit = rest.limit.min(rest.work + COUNTING);
                    rest.counting = true;
                    found.more += 1;
                }
                if rest.counting && rest.work > rest.limit {
                    break;
                }
            }
            Next::Nothing => {
                found.is_complete = true;
                break;
            }
            Next::Unknown => is_known = false,
        }
    }
    found.list.truncate(limit);
    found.list.sort_by_key(|violation| violation.horizon);
    Ok(found)
}

/// What lies behind the violations found so far.
enum Next {
    Violation(Violation),
    /// The rest is linearizable.
    Nothing,
    /// The time was up, or there is no telling what to take out.
    Unknown,
}

/// What is left of a key.
struct Rest<'a, 'c, M: Model> {
    case: &'c Case<'a, M>,
    /// Without a horizon; weakened operations as if they had never returned.
    readings: Vec<Reading<M::Op>>,
    /// Which of them were left out. They are pure; but as long as they are open, it is not known
    /// what they will return, and so whether they are.
    gone: Vec<bool>,
    /// Ascending.
    weakened: Vec<u32>,
    /// The returns of the key, ascending.
    returns: Vec<u32>,
    /// The history as known at so many returns is linearizable without what was taken out.
    settled: usize,
    step: usize,
    /// How many operations were looked at, and how many may be.
    work: usize,
    limit: usize,
    counting: bool,
    /// Configurations that were visited.
    spent: u64,
}

impl<'a, 'c, M: Model> Rest<'a, 'c, M> {
    fn new(case: &'c Case<'a, M>) -> Self {
        let readings = case.readings.to_vec();
        let mut returns: Vec<u32> = readings.iter().map(|reading| reading.span.ret).collect();
        returns.retain(|&ret| ret != NEVER);
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

    /// Says that the history as known before the return of this rank is linearizable.
    fn seek(&mut self, horizon: u32) {
        self.settled = self.returns.partition_point(|&ret| ret < horizon);
    }

    /// The next violation: in a part of the history behind what is settled, a longer one each time.
    fn next(&mut self) -> Result<Next, Error> {
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
            self.spent += effort.configurations;
            match answer {
                None => return Ok(Next::Unknown),
                Some(None) => {
                    self.settled = end;
                    self.step = self.step.saturating_mul(2);
                }
                Some(Some(stuck)) => {
                    self.step = (self.step / 2).max(STEP);
                    let near = readings[stuck as usize].index;
                    return self.violation(&readings, near, self.returns[end - 1]);
                }
            }
        }
    }

    /// The readings as they were known at `horizon`.
    fn known_at(&self, horizon: u32) -> Result<Vec<Reading<M::Op>>, Error> {
        let Case { model, history, .. } = *self.case;
        let mut known = Vec::with_capacity(self.readings.len());
        for (reading, &gone) in self.readings.iter().zip(&self.gone) {
            if reading.span.call > horizon {
                break;
            }
            if reading.span.ret <= horizon || reading.span.ret == NEVER {
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
        readings: &[Reading<M::Op>],
        near: u32,
        end: u32,
    ) -> Result<Next, Error> {
        let Case { model, meter, .. } = *self.case;
        let core = minimal_core(model, readings, near, meter, ALLOWANCE);
        self.work += readings.len();
        let found = match self.first_impossible(readings, &core.operations)? {
            Some(found) => Some(found),
            None => self.first_in_step()?,
        };
        let Some((operation, mut horizon)) = found else { return Ok(Next::Unknown) };
        let mut known = self.known_at(horizon)?;
        self.work += known.len();
        let is_sound = positions(&known, &core.operations)
            .is_some_and(|kept| Projections::new(model, &known).is_sound(&kept));
        let core = match is_sound {
            _ if core.operations.is_empty() => {
                minimal_core(model, &known, operation, meter, ALLOWANCE)
            }
            true => reduced(model, &known, &core.operations, meter, ALLOWANCE),
            // What was open then, and turned out to be pure, could still have been anything.
            false => {
                (horizon, known) = (end, readings.to_vec());
                core
            }
        };
        let Core { operations, is_minimal } = core;
        let is_called =
            |&&index: &&u32| known.binary_search_by_key(&index, |one| one.index).is_ok();
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
            let ends = own.iter().map(|&at| &known[at as usize]);
            let last = ends.filter(|one| one.span.ret != NEVER).max_by_key(|one| one.span.ret);
            violation.operation = last.map_or(operation, |one| one.index);
        }
        Ok(Next::Violation(violation))
    }

    /// Looks for a smaller core in `known`, the history at the horizon, with few elements.
    fn forget(&mut self, known: &[Reading<M::Op>], violation: &mut Violation) {
        let Case { model, meter, .. } = *self.case;
        let found = erased_core(model, known, violation.operation, meter, ALLOWANCE);
        self.work += known.len();
        let Some((Core { operations, is_minimal }, elements)) = found else { return };
        if violation.core.is_empty() || operations.len() < violation.core.len() {
            (violation.core, violation.is_minimal) = (operations, is_minimal);
            violation.remembered = Some(elements);
        }
    }

    /// The first return of the present step by which no order is left, with its operation.
    fn first_in_step(&mut self) -> Result<Option<(u32, u32)>, Error> {
        let end = (self.settled + self.step.max(STEP) * 2).min(self.returns.len());
        let (mut low, mut high) = (self.settled, end);
        while low + 1 < high {
            let middle = low + (high - low) / 2;
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
        readings: &[Reading<M::Op>],
        core: &[u32],
    ) -> Result<Option<(u32, u32)>, Error> {
        let Some(kept) = positions(readings, core) else { return Ok(None) };
        let mut ends: Vec<(u32, u32)> = kept
            .iter()
            .map(|&at| (readings[at as usize].span.ret, readings[at as usize].index))
            .filter(|&(ret, _)| ret != NEVER)
            .collect();
        ends.sort_unstable();
        // Of a minimal core it is nearly always the last.
        while let [.., (horizon, _), _] = ends[..] {
            let Case { model, history, meter, .. } = *self.case;
            let mut known = Vec::new();
            for reading in kept.iter().map(|&at| &readings[at as usize]) {
                if reading.span.ret <= horizon || self.weakened.contains(&reading.index) {
                    known.push(reading.clone());
                } else if reading.span.call <= horizon {
                    known.extend(model::read(model, history, &[reading.index], Some(horizon))?);
                }
            }
            known.retain(|reading| reading.span.call <= horizon);
            let (linearizable, effort) = is_linearizable(model, &known, meter);
            self.spent += effort.configurations;
            if linearizable != Some(false) {
                break;
            }
            ends.pop();
        }
        Ok(ends.last().map(|&(ret, index)| (index, ret)))
    }

    /// Takes out the operation of `violation`, and what is alike, which it lists there. False if
    /// there was nothing to take out.
    fn take_out(&mut self, violation: &mut Violation) -> Result<bool, Error> {
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
                self.gone[other as usize] = true;
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
    fn alike(&mut self, violation: &Violation, at: usize) -> Vec<u32> {
        let Case { model, meter, .. } = *self.case;
        let own = &self.readings[at];
        let same = |other: &Reading<M::Op>| other.op == own.op && other.span.ret > own.span.ret;
        let others: Vec<u32> =
            violation.core.iter().copied().filter(|&index| index != violation.operation).collect();
        let Some(others) = positions(&self.readings, &others).filter(|others| !others.is_empty())
        else {
            return Vec::new();
        };
        let is_left = |&at: &usize| !self.gone[at] && same(&self.readings[at]);
        let candidates: Vec<usize> = (0..self.readings.len()).filter(is_left).collect();
        if candidates.is_empty() {
            return Vec::new();
        }
        let projections = Projections::new(model, &self.readings);
        let (mut alike, mut unlike) = (Vec::new(), 0);
        for candidate in candidates {
            if unlike == UNLIKE || self.work > self.limit || meter.poll().is_err() {
                break;
            }
            self.work += self.readings.len() / 8;
            let mut kept = others.clone();
            kept.insert(kept.partition_point(|&at| at < candidate as u32), candidate as u32);
            let part: Vec<Reading<M::Op>> =
                kept.iter().map(|&at| self.readings[at as usize].clone()).collect();
            let is_like = projections.is_sound(&kept)
                && is_linearizable(model, &part, meter).0 == Some(false);
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
fn weakened<M: Model>(
    model: &M,
    history: &History,
    reading: &Reading<M::Op>,
) -> Result<Option<Reading<M::Op>>, Error> {
    if reading.span.ret == NEVER {
        return Ok(None);
    }
    let before = reading.span.ret.saturating_sub(1);
    Ok(model::read(model, history, &[reading.index], Some(before))?.pop())
}
