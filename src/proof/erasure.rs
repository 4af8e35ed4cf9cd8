//! Collections of which some elements are forgotten.
//!
//! A read of a whole set or log shows every element, so that no operation on any of them can be
//! left out as long as the read is kept. But elements can be forgotten everywhere: let the
//! operations on them be left out, and let each read show only the others. What is left of a legal
//! sequence is a legal sequence: a set holds, at every point, those of its elements that are
//! remembered, and a log those of its entries, in their order. (Offsets are forgotten, too; reads
//! by offset are left out, since they change nothing.) So if a history in which elements are
//! forgotten is not linearizable, neither is the history.

use super::{Minimality, Refutation, is_minimal, is_sound_projection, refute};
use crate::history::{OpIndex, Value, hash};
use crate::model::{AnyModel, AnyOp, Kind, Log, Model, Reading, Set, log, set};

/// What readings are when only some elements are remembered.
#[derive(Clone, Debug)]
pub struct Erased {
    /// A set or a log.
    pub model: AnyModel,
    /// The operations that are left.
    pub readings: Vec<Reading<AnyOp>>,
}

impl Erased {
    /// `readings` with no other elements than `elements`; `None` if it is no set or log. O(n) for
    /// each element of a set, and the size of all that was read of a log.
    pub fn of<M: Model>(
        model: &M,
        readings: &[Reading<M::Op>],
        elements: &[Value],
    ) -> Option<Erased> {
        let known: hash::Set<Value> = elements.iter().copied().collect();
        match model.kind() {
            Kind::Set { initial, view } => {
                let held = |contents: &set::Listing| -> Vec<Value> {
                    let has = |element: &Value| contents.holds(*element);
                    #[expect(clippy::disallowed_methods, reason = "listings and sets are sorted")]
                    let held = known.iter().copied().filter(has).collect();
                    held
                };
                let erase = |op: &set::Op| match op {
                    set::Op::Add(element, _)
                    | set::Op::Remove(element, _)
                    | set::Op::Contains(element, _) => known.contains(element).then(|| op.clone()),
                    set::Op::Read(Some(seen)) => Some(set::Op::Read(set::Listing::of(&held(seen)))),
                    set::Op::Read(None) | set::Op::ReadTwice => Some(op.clone()),
                };
                Some(Erased {
                    model: AnyModel::Set(Set::new(&held(&set::Listing::from(&initial)))),
                    readings: erased(readings, view, |op| erase(op).map(AnyOp::Set)),
                })
            }
            Kind::Log { initial, view } => {
                let held = |entries: &[Value]| -> Vec<Value> {
                    entries.iter().filter(|entry| known.contains(entry)).copied().collect()
                };
                let erase = |op: &log::Op| match op {
                    log::Op::Append(entry, _) => {
                        known.contains(entry).then_some(log::Op::Append(*entry, None))
                    }
                    log::Op::Read(seen) => Some(log::Op::Read(held(seen).into())),
                    log::Op::ReadPrefix(seen) => Some(log::Op::ReadPrefix(held(seen).into())),
                    log::Op::ReadAny => Some(log::Op::ReadAny),
                    log::Op::ReadFrom(..) | log::Op::ReadAt(..) => None,
                };
                Some(Erased {
                    model: AnyModel::Log(Log::new(&held(&initial))),
                    readings: erased(readings, view, |op| erase(op).map(AnyOp::Log)),
                })
            }
            _ => None,
        }
    }

    /// As [`is_sound_projection`].
    pub fn is_sound_projection(&self, core: &[OpIndex]) -> bool {
        is_sound_projection(&self.model, &self.readings, core)
    }

    /// As [`is_minimal`].
    pub fn is_minimal(&self, core: &[OpIndex]) -> Minimality {
        is_minimal(&self.model, &self.readings, core)
    }

    /// As [`refute`], for the operations of `core`.
    pub fn refute(&self, core: &[OpIndex], limit: usize) -> Refutation {
        let is_core = |reading: &&Reading<AnyOp>| core.binary_search(&reading.index).is_ok();
        let part: Vec<Reading<AnyOp>> = self.readings.iter().filter(is_core).cloned().collect();
        refute(&self.model, &part, limit)
    }
}

fn erased<Op, As>(
    readings: &[Reading<Op>],
    view: crate::model::KindView<Op, As>,
    erase: impl Fn(&As) -> Option<AnyOp>,
) -> Vec<Reading<AnyOp>> {
    let erase = |reading: &Reading<Op>| {
        let op = erase(view(&reading.op))?;
        Some(Reading { index: reading.index, op, span: reading.span })
    };
    readings.iter().filter_map(erase).collect()
}
