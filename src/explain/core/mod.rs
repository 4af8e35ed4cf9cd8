//! A minimal core: few operations of a failing key that cannot be ordered by themselves.
//!
//! An operation may be left out only if what remains of a linearization is one, for else the rest
//! could fail where the whole does not. [`crate::proof::is_sound_projection`] states the rules and
//! checks what is found here.
//!
//! More operations rarely make a failing set linearizable, so the smallest failing prefix of a list
//! ends in an operation that is needed, and repeating that with what is before it ends in a small
//! set (the idea of QuickXplain: Junker 2004). With galloping, the cost follows the size of the
//! core and of the history between its operations, not that of the whole history. In the end each
//! operation is left out, with what must go with it, until none can be.

mod closure;
mod erasing;

use crate::check::{Meter, is_linearizable};
use crate::history::hash::Set;
use crate::history::{OpIndex, Rank, Span, sort};
use crate::model::{AnyModel, AnyOp, Pos, Reading};
use crate::proof::projection::{Projections, Rule, positions};
use closure::Closures;

pub(crate) use erasing::erased_core;

/// With more operations than this that can never be left out, no core is worth the time.
const LARGE: usize = 1_000;

/// A core is looked for among so many operations first.
const NEAR: usize = 1_024;

/// Of larger cores it is not asked whether they are minimal.
const REDUCED: usize = 300;

/// Operations that cannot be ordered, and prove that the whole cannot.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Core {
    /// Their indices into the history, ascending; none where they would be too many.
    pub(crate) operations: Vec<OpIndex>,
    /// Whether none can be left out.
    pub(crate) is_minimal: bool,
}

/// Finds a minimal core of `readings`, which are not linearizable. `near` is the operation around
/// which it is likely. When the budget of `meter` ends, or more than `allowance` configurations
/// were visited, the smallest core found so far is returned. It is empty where a core would have
/// to be large.
pub(crate) fn minimal_core(
    model: &AnyModel,
    readings: &[Reading<AnyOp>],
    near: OpIndex,
    meter: &Meter,
    allowance: u64,
) -> Core {
    core_by(Trial { model, readings, meter, spent: 0, allowance }, readings, near)
}

/// Finds a core as [`minimal_core`] does, but by removals that are sound whatever the times are:
/// other times may be told of its operations, and it still stands for the whole.
pub(crate) fn timeless_core(
    model: &AnyModel,
    readings: &[Reading<AnyOp>],
    near: OpIndex,
    meter: &Meter,
    allowance: u64,
) -> Core {
    let count = readings.len();
    // All are concurrent.
    let timeless: Vec<Reading<AnyOp>> = (0..)
        .zip(readings)
        .map(|(call, reading)| {
            let ret =
                if reading.span.has_returned() { Rank::new(count + call) } else { Rank::NEVER };
            Reading { span: Span { call: Rank::new(call), ret }, ..reading.clone() }
        })
        .collect();
    core_by(Trial { model, readings, meter, spent: 0, allowance }, &timeless, near)
}

/// A core of what is on `trial`, by removals that are sound for `allowing`: the same operations, of
/// which more may be concurrent.
fn core_by(trial: Trial<'_>, allowing: &[Reading<AnyOp>], near: OpIndex) -> Core {
    let closures = Closures::new(Projections::new(trial.model, allowing), allowing);
    let mut reducer = Reducer { trial, closures };
    let mut chosen = reducer.chosen(near);
    if !reducer.proves(&chosen) {
        reducer.closures = reducer.closures.pure();
        chosen = reducer.chosen(near);
        if !reducer.proves(&chosen) {
            return Core::default();
        }
    }
    reducer.trial.reduced(reducer.closures.projections(), chosen)
}

/// Leaves out of `core`, which proves that `readings` are not linearizable, what can be.
pub(crate) fn reduced(
    model: &AnyModel,
    readings: &[Reading<AnyOp>],
    core: &[OpIndex],
    meter: &Meter,
    allowance: u64,
) -> Core {
    let projections = Projections::new(model, readings);
    let mut trial = Trial { model, readings, meter, spent: 0, allowance };
    match positions(readings, core) {
        Some(chosen) => trial.reduced(&projections, chosen),
        None => Core { operations: core.to_vec(), is_minimal: false },
    }
}

struct Reducer<'a> {
    trial: Trial<'a>,
    closures: Closures<'a>,
}

impl Reducer<'_> {
    /// A failing choice, close to a minimal one; none where it would be large.
    fn chosen(&mut self, near: OpIndex) -> Vec<Pos> {
        if self.closures.base().len() > LARGE {
            return Vec::new();
        }
        let mut kept: Vec<Pos> = Vec::new();
        let mut rest = self.elements(near);
        while let Some(fails) = self.fails(&kept, &[]) {
            if fails {
                rest.clear();
                break;
            }
            match self.smallest_failing_prefix(&kept, &rest) {
                Some(0) | None => break,
                Some(len) => {
                    rest.truncate(len);
                    kept.extend(rest.pop());
                }
            }
        }
        self.closures.of(&kept, &rest)
    }

    /// Whether a choice is a core. If the budget ended, what could be decided counts.
    fn proves(&mut self, chosen: &[Pos]) -> bool {
        !chosen.is_empty()
            && self.closures.projections().is_sound(chosen)
            && self.trial.is_impossible(chosen) != Some(false)
    }

    /// What may be left out or kept, those close to the reading `near` first.
    fn elements(&mut self, near: OpIndex) -> Vec<Pos> {
        let readings = self.trial.readings;
        let Some(center) = readings.iter().find(|reading| reading.index == near) else {
            return Vec::new();
        };
        let (call, ret) = (center.span.call, center.span.ret);
        let distance = |at: Pos| {
            let span = readings[at].span;
            let end = if span.has_returned() { span.ret } else { span.call };
            call.since(end).max(span.call.since(ret))
        };
        // What never returned and changes nothing is of no use in a core.
        let closures = &self.closures;
        let is_idle =
            |at: Pos| closures.projections().facts()[at].pure && !readings[at].span.has_returned();
        let is_base = |at: Pos| closures.base().binary_search(&at).is_ok();
        let mut elements: Vec<Pos> =
            Pos::below(readings.len()).filter(|&at| !is_base(at) && !is_idle(at)).collect();
        sort::by(&mut elements, |&at| (readings[at].index != near, distance(at)));
        // Nearly always these are enough.
        if elements.len() > 2 * NEAR && self.fails(&[], &elements[..NEAR]) == Some(true) {
            elements.truncate(NEAR);
        }
        elements
    }

    /// The length of the smallest prefix of `rest` that fails together with `kept`; `None` if the
    /// budget ended.
    fn smallest_failing_prefix(&mut self, kept: &[Pos], rest: &[Pos]) -> Option<usize> {
        let (mut low, mut high) = (0, rest.len());
        let mut step = 1;
        // Without it, the prefix of length `low` is linearizable; that of length `high` fails.
        loop {
            let probe = low + step;
            if probe >= high {
                break;
            }
            if self.fails(kept, &rest[..probe])? {
                high = probe;
                break;
            }
            low = probe;
            step *= 2;
        }
        while low + 1 < high {
            let probe = low + (high - low) / 2;
            if self.fails(kept, &rest[..probe])? {
                high = probe;
            } else {
                low = probe;
            }
        }
        Some(high)
    }

    /// Whether these readings, with all that must be kept with them, are not linearizable.
    fn fails(&mut self, kept: &[Pos], more: &[Pos]) -> Option<bool> {
        let chosen = self.closures.of(kept, more);
        self.trial.is_impossible(&chosen)
    }
}

/// Decides choices of readings, within a budget.
struct Trial<'a> {
    model: &'a AnyModel,
    readings: &'a [Reading<AnyOp>],
    meter: &'a Meter,
    /// Configurations visited, and how many may be.
    spent: u64,
    allowance: u64,
}

impl Trial<'_> {
    /// Whether these readings are not linearizable; `None` if the budget ended.
    fn is_impossible(&mut self, chosen: &[Pos]) -> Option<bool> {
        let readings: Vec<Reading<AnyOp>> =
            chosen.iter().map(|&at| self.readings[at].clone()).collect();
        let (linearizable, effort) = is_linearizable(self.model, &readings, self.meter);
        self.spent += effort.configurations;
        linearizable.filter(|_| self.spent < self.allowance).map(|linearizable| !linearizable)
    }

    /// The core `chosen` without what can be left out of it.
    fn reduced(&mut self, projections: &Projections<'_, AnyModel>, mut chosen: Vec<Pos>) -> Core {
        let mut is_minimal = chosen.len() <= REDUCED;
        let mut tried: Set<Vec<Pos>> = Set::default();
        while is_minimal {
            match self.smaller(projections, &chosen, &mut tried) {
                Some(Some(smaller)) => chosen = smaller,
                Some(None) => break,
                None => is_minimal = false,
            }
        }
        let operations = chosen.into_iter().map(|at| self.readings[at].index).collect();
        Core { operations, is_minimal }
    }

    /// A smaller core in `chosen`, if there is one; `None` if the budget ended.
    fn smaller(
        &mut self,
        projections: &Projections<'_, AnyModel>,
        chosen: &[Pos],
        tried: &mut Set<Vec<Pos>>,
    ) -> Option<Option<Vec<Pos>>> {
        for &gone in chosen {
            let others: Vec<Pos> = chosen.iter().copied().filter(|&at| at != gone).collect();
            for rule in Rule::ALL {
                let Some(rest) = projections.sound_part(rule, &others) else {
                    continue;
                };
                if tried.insert(rest.clone()) && self.is_impossible(&rest)? {
                    return Some(Some(rest));
                }
            }
        }
        Some(None)
    }
}
