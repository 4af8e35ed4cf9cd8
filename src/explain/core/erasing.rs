//! Cores of sets and logs of which few elements matter: see [`crate::proof::Erased`].

use super::{Core, minimal_core};
use crate::check::{Meter, is_linearizable};
use crate::history::hash::Set;
use crate::history::{OpIndex, Value, sort};
use crate::model::{AnyModel, AnyOp, Kind, Model, Reading, log, set};
use crate::proof::Erased;

/// With more elements, or more elements read in all, it would take too long.
const ELEMENTS: usize = 20_000;
const READ: usize = 2_000_000;

/// So many elements are looked at first, and so many times as many in each turn after that: a few
/// near the failure are nearly always enough, and what is decided about few is decided soon.
const FEW: usize = 16;
const MORE: usize = 8;

/// Elements of a set or log, as few as possible, and operations that cannot be ordered if all other
/// elements are forgotten; `None` if this is neither, or the time was up.
pub(crate) fn erased_core(
    model: &AnyModel,
    readings: &[Reading<AnyOp>],
    near: OpIndex,
    meter: &Meter,
    allowance: u64,
) -> Option<(Core, Vec<Value>)> {
    let (base, mut elements) = failing(model, readings, near, meter)?;
    let mut search = Search { base, meter, spent: 0, allowance };
    let mut kept: Vec<Value> = Vec::new();
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

/// The elements closest to the operation `near`, few of them, of which the readings are impossible
/// if all others are forgotten; with these readings.
fn failing(
    model: &AnyModel,
    readings: &[Reading<AnyOp>],
    near: OpIndex,
    meter: &Meter,
) -> Option<(Erased, Vec<Value>)> {
    let order = by_distance(model, readings, near)?;
    let mut most = FEW;
    loop {
        let elements = elements(model, readings, &order, most);
        let base = Erased::of(model, readings, &elements)?;
        match is_linearizable(&base.model, &base.readings, meter).0? {
            false => return Some((base, elements)),
            true if elements.len() < most || most >= ELEMENTS => return None,
            true => most = most.saturating_mul(MORE),
        }
    }
}

/// The positions of the readings, those close to the operation `near` first; `None` if they are not
/// of a set or log, or show too much.
fn by_distance(model: &AnyModel, readings: &[Reading<AnyOp>], near: OpIndex) -> Option<Vec<usize>> {
    let read: usize = match model.kind() {
        Kind::Set { view, .. } => readings.iter().map(|one| shown_by_set(view(&one.op))).sum(),
        Kind::Log { view, .. } => readings.iter().map(|one| shown_by_log(view(&one.op))).sum(),
        _ => return None,
    };
    let center = readings.iter().position(|reading| reading.index == near)?;
    let mut order: Vec<usize> = (0..readings.len()).collect();
    sort::by(&mut order, |&at| at.abs_diff(center));
    (read <= READ).then_some(order)
}

fn shown_by_set(op: &set::Op) -> usize {
    if let set::Op::Read(Some(seen)) = op { seen.len() } else { 0 }
}

fn shown_by_log(op: &log::Op) -> usize {
    if let log::Op::Read(seen) | log::Op::ReadPrefix(seen) = op { seen.len() } else { 0 }
}

/// So many elements at `most`, those first with which something was done early in `order`.
fn elements(
    model: &AnyModel,
    readings: &[Reading<AnyOp>],
    order: &[usize],
    most: usize,
) -> Vec<Value> {
    let mut known: Set<Value> = Set::default();
    let mut elements: Vec<Value> = Vec::new();
    let mut add = |element: Value| {
        if elements.len() < most && known.insert(element) {
            elements.push(element);
        }
        elements.len() < most
    };
    for &at in order {
        let has_room = match model.kind() {
            Kind::Set { view, .. } => match view(&readings[at].op) {
                set::Op::Add(element, _)
                | set::Op::Remove(element, _)
                | set::Op::Contains(element, _) => add(*element),
                set::Op::Read(Some(seen)) => seen.iter().all(&mut add),
                set::Op::Read(None) | set::Op::ReadTwice => true,
            },
            Kind::Log { view, .. } => match view(&readings[at].op) {
                log::Op::Append(entry, _) => add(*entry),
                log::Op::Read(seen) | log::Op::ReadPrefix(seen) => {
                    seen.iter().all(|&entry| add(entry))
                }
                log::Op::ReadFrom(..) | log::Op::ReadAt(..) | log::Op::ReadAny => true,
            },
            _ => false,
        };
        if !has_room {
            break;
        }
    }
    elements
}

struct Search<'a> {
    /// The readings with the elements that are still asked about: these suffice.
    base: Erased,
    meter: &'a Meter,
    /// Configurations visited, and how many may be.
    spent: u64,
    allowance: u64,
}

impl Search<'_> {
    /// Whether the readings are impossible if only these elements are remembered; no others are
    /// asked about any more if so. `None` if the budget ended.
    fn fails(&mut self, kept: &[Value], more: &[Value]) -> Option<bool> {
        let all: Vec<Value> = kept.iter().chain(more).copied().collect();
        let part = Erased::of(&self.base.model, &self.base.readings, &all)?;
        let (linearizable, effort) = is_linearizable(&part.model, &part.readings, self.meter);
        self.spent += effort.configurations;
        let fails = linearizable.filter(|_| self.spent < self.allowance).map(|found| !found)?;
        if fails {
            self.base = part;
        }
        Some(fails)
    }

    /// The length of the smallest prefix of `rest` that fails together with `kept`; as a whole it
    /// does.
    fn smallest_failing_prefix(&mut self, kept: &[Value], rest: &[Value]) -> Option<usize> {
        let (mut low, mut high) = (0, rest.len());
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
}
