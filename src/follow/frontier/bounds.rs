//! What is known of the configurations of one object: all of them, or, where these would be too
//! many, some of them from below and more than all from above.

use super::exact::{End, Frontier, Halt, Held};
use crate::check::{Meter, StopReason};
use crate::model::{AnyModel, AnyOp, AnyState};

/// The configurations of one object after the events so far, or bounds on them.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// All configurations; or, where `is_exact` is false, some of them.
    below: Frontier,
    /// Whether none of those below is left.
    is_lost: bool,
    is_exact: bool,
    /// All configurations and more, if they are bounded at all.
    above: Option<Box<Frontier>>,
    /// How much work it was in all, from below or exactly, and from above.
    work: [u64; 2],
    /// Operations that ended.
    ended: u64,
}

/// All configurations may take so much work, and so much more for every operation that ended; then
/// they are bounded: in tests soon.
const EXACT: u64 = if cfg!(test) { 30 } else { 50_000 };
const EXACT_PER_OPERATION: u64 = if cfg!(test) { 0 } else { 50 };
/// The bound from above may; then there is none.
const ABOVE: u64 = 2_000_000;
const ABOVE_PER_OPERATION: u64 = 2_000;

impl Bounds {
    /// An object that holds `state`, and is not in use.
    pub(crate) fn new(state: AnyState) -> Self {
        Bounds {
            below: Frontier::new(state),
            is_lost: false,
            is_exact: true,
            above: None,
            work: [0; 2],
            ended: 0,
        }
    }

    /// Forgets everything, and goes on with an object that holds `state`.
    pub(crate) fn restart(&mut self, state: AnyState) {
        self.below.restart(state);
        (self.is_lost, self.is_exact, self.above) = (false, true, None);
        (self.work, self.ended) = ([0; 2], 0);
    }

    /// The state, if there is only one, nothing is open, and nothing crashed that may still come.
    pub(crate) fn settled(&self) -> Option<&AnyState> {
        self.below.settled().filter(|_| self.is_exact)
    }

    /// The state, if there is only one and nothing is open; what crashed may still come.
    pub(crate) fn at_rest(&self) -> Option<&AnyState> {
        self.below.at_rest().filter(|_| self.is_exact)
    }

    /// Whether all configurations are held.
    pub(crate) fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// Whether it is certain that what happened so far is linearizable.
    pub(crate) fn is_certain(&self) -> bool {
        !self.is_lost
    }

    /// As [`Frontier::call`].
    pub(crate) fn call(&mut self, model: &AnyModel, op: AnyOp) -> u32 {
        if let Some(above) = &mut self.above {
            above.call(model, op.clone());
        }
        self.below.call(model, op)
    }

    /// As [`Frontier::call_unknown`].
    pub(crate) fn call_unknown(
        &mut self,
        model: &AnyModel,
        op: AnyOp,
        tells: bool,
        fails: bool,
    ) -> u32 {
        if let Some(above) = &mut self.above {
            above.call_unknown(model, op.clone(), tells, fails);
        }
        self.below.call_unknown(model, op, tells, fails)
    }

    /// As [`Frontier::lose`].
    pub(crate) fn lose(&mut self, model: &AnyModel, op: &AnyOp) {
        if let Some(above) = &mut self.above {
            above.lose(model, op);
        }
        self.below.lose(model, op);
    }

    /// The operation in `slot` ends.
    ///
    /// # Errors
    /// If it is certain that there is no configuration left, or a limit is met, or nothing more can
    /// become certain.
    pub(crate) fn end(
        &mut self,
        model: &AnyModel,
        slot: u32,
        end: End,
        meter: &Meter,
    ) -> Result<(), Halt> {
        self.ended += 1;
        if self.is_exact {
            self.below.end(model, slot, end, meter)?;
            self.work[0] += self.below.take_work();
            if self.below.is_cut() {
                self.is_exact = false;
            } else if self.work[0] > EXACT + EXACT_PER_OPERATION * self.ended {
                self.bound();
            }
            self.is_lost = !self.below.is_certain();
            self.is_exact &= !self.is_lost;
            return Ok(());
        }
        if !self.below.is_cut() {
            // All configurations are there, and those that are doubtful.
            self.below.end(model, slot, end, meter)?;
            self.work[0] += self.below.take_work();
            let most = ABOVE + ABOVE_PER_OPERATION * self.ended;
            let is_enough = self.below.is_cut() || self.work[0] > most;
            return if is_enough { Err(Halt::Stopped(StopReason::Bounds)) } else { Ok(()) };
        }
        self.end_above(model, slot, end.clone(), meter)?;
        match self.below.end(model, slot, end, meter) {
            Err(Halt::Violation(_)) => self.is_lost = true,
            ended => ended?,
        }
        match (self.is_lost, &self.above) {
            (true, None) => Err(Halt::Stopped(StopReason::Bounds)),
            _ => Ok(()),
        }
    }

    /// From now on, bounds the configurations.
    pub(super) fn bound(&mut self) {
        self.is_exact = false;
        self.above = Some(Box::new(self.below.above()));
        self.below.cut();
    }

    fn end_above(
        &mut self,
        model: &AnyModel,
        slot: u32,
        end: End,
        meter: &Meter,
    ) -> Result<(), Halt> {
        let Some(above) = &mut self.above else { return Ok(()) };
        let ended = above.end(model, slot, end, meter);
        self.work[1] += above.take_work();
        let most = ABOVE + ABOVE_PER_OPERATION * self.ended;
        match ended {
            Err(Halt::Violation(_)) => return Err(Halt::Violation(self.below.states())),
            Err(Halt::Stopped(StopReason::Bounds)) => self.above = None,
            Ok(()) if self.work[1] > most => self.above = None,
            ended => ended?,
        }
        Ok(())
    }

    /// Whether it was known when the operation in `slot` was called what it would come to.
    pub(crate) fn knows(&self, slot: u32) -> bool {
        self.below.knows(slot)
    }

    /// Calls `visit` for all states and operations that are held.
    pub(crate) fn states_and_operations(&self, mut visit: impl FnMut(Held<'_>)) {
        self.below.states_and_operations(&mut visit);
        if let Some(above) = &self.above {
            above.states_and_operations(&mut visit);
        }
    }
}
