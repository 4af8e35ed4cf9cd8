//! Cores of sets and logs of which few elements matter: see [`crate::proof::Erased`].

use std::collections::BTreeSet;

use super::{Core, minimal_core};
use crate::check::{Meter, is_linearizable};
use crate::history::{OpIndex, Value, sort};
use crate::model::{AnyModel, AnyOp, Kind, Model, Reading, log, set};
use crate::proof::Erased;

/// With more elements, or more elements read in all, it would take too long.
const ELEMENTS: usize = 20_000;
const READ: usize = 2_000_000;

/// Elements of a set or log, as few as possible, and operations that cannot be ordered if all other
/// elements are forgotten; `None` if this is neither, or the time was up.
pub(crate) fn erased_core(
    model: &AnyModel,
    readings: &[Reading<AnyOp>],
    near: OpIndex,
    meter: &Meter,
    allowance: u64,
) -> Option<(Core, Vec<Value>)> {
    let mut elements = elements(model, readings, near)?;
    let mut search = Search { model, readings, meter, spent: 0, allowance };
    let mut kept: Vec<Value> = Vec::new();
    if !search.fails(&kept, &elements)? {
        return None;
    }
    while !search.fails(&kept, &[])? {
        let len = search.smallest_failing_prefix(&kept, &elements)?;
        elements.truncate(len);
        kept.extend(elements.pop());
    }
    kept.sort_unstable();
    let Erased { model, readings } = Erased::of(model, readings, &kept)?;
    let core = minimal_core(&model, &readings, near, meter, allowance);
    (!core.operations.is_empty()).then_some((core, kept))
}

/// All elements, those first with which something was done close to the operation `near`.
fn elements(model: &AnyModel, readings: &[Reading<AnyOp>], near: OpIndex) -> Option<Vec<Value>> {
    let center = readings.iter().position(|reading| reading.index == near)?;
    let mut order: Vec<usize> = (0..readings.len()).collect();
    sort::by(&mut order, |&at| at.abs_diff(center));
    let mut known: BTreeSet<Value> = BTreeSet::new();
    let mut elements: Vec<Value> = Vec::new();
    let mut read = 0;
    let mut add = |element: Value| {
        if known.insert(element) {
            elements.push(element);
        }
    };
    for at in order {
        match model.kind() {
            Kind::Set { view, .. } => match view(&readings[at].op) {
                set::Op::Add(element, _)
                | set::Op::Remove(element, _)
                | set::Op::Contains(element, _) => add(*element),
                set::Op::Read(Some(seen)) => {
                    read += seen.len();
                    if read <= READ {
                        seen.iter().for_each(&mut add);
                    }
                }
                set::Op::Read(None) | set::Op::ReadTwice => {}
            },
            Kind::Log { view, .. } => match view(&readings[at].op) {
                log::Op::Append(entry, _) => add(*entry),
                log::Op::Read(seen) | log::Op::ReadPrefix(seen) => {
                    read += seen.len();
                    if read <= READ {
                        seen.iter().for_each(|&entry| add(entry));
                    }
                }
                log::Op::ReadFrom(..) | log::Op::ReadAt(..) | log::Op::ReadAny => {}
            },
            _ => return None,
        }
    }
    (elements.len() <= ELEMENTS && read <= READ).then_some(elements)
}

struct Search<'a> {
    model: &'a AnyModel,
    readings: &'a [Reading<AnyOp>],
    meter: &'a Meter,
    /// Configurations visited, and how many may be.
    spent: u64,
    allowance: u64,
}

impl Search<'_> {
    /// Whether the readings are impossible if only these elements are remembered; `None` if the
    /// budget ended.
    fn fails(&mut self, kept: &[Value], more: &[Value]) -> Option<bool> {
        let all: Vec<Value> = kept.iter().chain(more).copied().collect();
        let Erased { model, readings } = Erased::of(self.model, self.readings, &all)?;
        let (linearizable, effort) = is_linearizable(&model, &readings, self.meter);
        self.spent += effort.configurations;
        linearizable.filter(|_| self.spent < self.allowance).map(|linearizable| !linearizable)
    }

    /// The length of the smallest prefix of `rest` that fails together with `kept`.
    fn smallest_failing_prefix(&mut self, kept: &[Value], rest: &[Value]) -> Option<usize> {
        let (mut low, mut high, mut step) = (0, rest.len(), 1);
        while low + 1 < high {
            // Gallops first, then bisects.
            let probe = if low + step < high { low + step } else { low + (high - low) / 2 };
            if self.fails(kept, &rest[..probe])? {
                (high, step) = (probe, usize::MAX / 2);
            } else {
                low = probe;
                step = step.saturating_mul(2).min(usize::MAX / 2);
            }
        }
        Some(high)
    }
}
