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

/// The same where violations are only counted: as many decisions as there are operations would cost
/// more than all else.
pub(crate) const ROUGH: usize = 32;

/// To look for what must go with an operation that is left out costs as much as one operation that
/// is decided, for so many of the history.
const PER_OPERATION: usize = 32;

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
    core_by(Trial::new(model, readings, meter, allowance), readings, near, REDUCED)
}

/// Finds a core as [`minimal_core`] does, but of one of more than [`ROUGH`] operations it is not
/// asked whether each can be left out: for who only counts.
pub(crate) fn rough_core(
    model: &AnyModel,
    readings: &[Reading<AnyOp>],
    near: OpIndex,
    meter: &Meter,
    allowance: u64,
) -> Core {
    core_by(Trial::new(model, readings, meter, allowance), readings, near, ROUGH)
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
    core_by(Trial::new(model, readings, meter, allowance), &timeless, near, REDUCED)
}

/// A core of what is on `trial`, by removals that are sound for `allowing`: the same operations, of
/// which more may be concurrent. It is made minimal if it has so many operations at `most`.
fn core_by(trial: Trial<'_>, allowing: &[Reading<AnyOp>], near: OpIndex, most: usize) -> Core {
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
    let Reducer { mut trial, closures } = reducer;
    match chosen.len() <= most {
        true => trial.reduced(closures.projections(), chosen),
        false => trial.core(&chosen, false),
    }
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
    let mut trial = Trial::new(model, readings, meter, allowance);
    match positions(readings, core) {
        Some(chosen) if chosen.len() <= REDUCED => trial.reduced(&projections, chosen),
        _ => Core { operations: core.to_vec(), is_minimal: false },
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

impl<'a> Trial<'a> {
    fn new(
        model: &'a AnyModel,
        readings: &'a [Reading<AnyOp>],
        meter: &'a Meter,
        allowance: u64,
    ) -> Trial<'a> {
        Trial { model, readings, meter, spent: 0, allowance }
    }

    fn core(&self, chosen: &[Pos], is_minimal: bool) -> Core {
        let operations = chosen.iter().map(|&at| self.readings[at].index).collect();
        Core { operations, is_minimal }
    }

    /// Whether these readings are not linearizable; `None` if the budget ended.
    fn is_impossible(&mut self, chosen: &[Pos]) -> Option<bool> {
        let readings: Vec<Reading<AnyOp>> =
            chosen.iter().map(|&at| self.readings[at].clone()).collect();
        let (linearizable, effort) = is_linearizable(self.model, &readings, self.meter);
        self.spent += effort.configurations;
        linearizable.filter(|_| self.spent < self.allowance).map(|linearizable| !linearizable)
    }

    /// The core `chosen` without what can be left out of it. One operation after the other is
    /// tried, in a circle, until none of them can be left out.
    fn reduced(&mut self, projections: &Projections<'_, AnyModel>, mut chosen: Vec<Pos>) -> Core {
        let mut is_minimal = true;
        let mut tried: Set<Vec<Pos>> = Set::default();
        let (mut next, mut needed) = (0, 0);
        while is_minimal && needed < chosen.len() {
            let at = next % chosen.len();
            match self.smaller(projections, &chosen, at, &mut tried) {
                Some(Some(smaller)) => {
                    next = smaller.partition_point(|other| *other < chosen[at]);
                    (chosen, needed) = (smaller, 0);
                }
                Some(None) => (next, needed) = (at + 1, needed + 1),
                None => is_minimal = false,
            }
        }
        self.core(&chosen, is_minimal)
    }

    /// A smaller core in `chosen` without the one at `place`, if there is one; `None` if the budget
    /// ended.
    fn smaller(
        &mut self,
        projections: &Projections<'_, AnyModel>,
        chosen: &[Pos],
        place: usize,
        tried: &mut Set<Vec<Pos>>,
    ) -> Option<Option<Vec<Pos>>> {
        let mut others = chosen.to_vec();
        others.remove(place);
        for rule in Rule::ALL {
            self.meter.work(self.readings.len() / PER_OPERATION);
            let Some(rest) = projections.sound_part(rule, &others) else {
                continue;
            };
            if tried.insert(rest.clone()) && self.is_impossible(&rest)? {
                return Some(Some(rest));
            }
        }
        Some(None)
    }
}
