//! Counters whose additions are all the same and tell nothing, read operation by operation from the
//! history into a third of the memory that readings take.

use super::Units;
use crate::check::exact::ends::Placed;
use crate::check::exact::ladder::{Ladder, Role};
use crate::check::exact::{Ruling, Wanted};
use crate::check::origins::Origins;
use crate::error::Error;
use crate::history::{History, OpIndex, Span};
use crate::model::counter::Op;
use crate::model::{KindView, Model, Reading, read_each};

/// An operation on the counter.
struct Count {
    span: Span,
    /// By how much it found more than the initial value, or one of these.
    above: i64,
}

/// It adds.
const ADDS: i64 = i64::MIN;
/// It may have found anything.
const ANYTHING: i64 = i64::MIN + 1;

impl Placed for Count {
    #[inline]
    fn span(&self) -> Span {
        self.span
    }
}

/// Decides `operations` of `history`, each of which is named by its position among them; `None` if
/// additions differ or tell what they found, or something did not fit.
///
/// # Errors
/// If `model` refuses an operation, and all before it fit.
pub(in crate::check::exact) fn read<M: Model>(
    model: &M,
    (initial, view): (i128, KindView<M::Op, Op>),
    history: &History,
    operations: &[OpIndex],
    wanted: Wanted,
) -> Result<Option<(Ruling, Origins)>, Error> {
    let mut counts = Vec::with_capacity(operations.len());
    let mut origins = Origins::default();
    let (mut step, mut adds) = (0, 0_u32);
    let is_read = read_each(model, history, operations, None, |at, reading| {
        let Some(Reading { op, span, .. }) = reading else {
            origins.leave_out(at);
            return true;
        };
        let op = view(&op);
        let above = match (op.found(), op.delta) {
            (None, 0) => ANYTHING,
            (None, delta) if step == 0 || delta == step => {
                (step, adds) = (delta, adds + 1);
                ADDS
            }
            (Some(found), 0) if span.has_returned() => {
                let above = found.checked_sub(initial).and_then(|above| i64::try_from(above).ok());
                match above {
                    Some(above) if above > ANYTHING => above,
                    _ => return false,
                }
            }
            _ => return false,
        };
        origins.keep(at);
        counts.push(Count { span, above });
        true
    })?;
    if !is_read {
        return Ok(None);
    }
    let units = Units { initial, step: if step == 0 { 1 } else { step } };
    let role = |at: u32| match counts[at as usize].above {
        ADDS => Role::Step,
        ANYTHING => Role::Look { low: 0, high: u32::MAX },
        above => units
            .steps(above)
            .map_or(Role::IMPOSSIBLE, |level| Role::Look { low: level, high: level }),
    };
    let ladder = Ladder { bottom: 0, owners: &[], known: &[] };
    Ok(Some((ladder.decide(&counts, role, wanted), origins)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::super::decide;
    use super::*;
    use crate::check::exact::{Asked, timed};
    use crate::history::{Event, EventType, HistoryBuilder, Settings, Value};
    use crate::model::Pos;
    use crate::model::{AnyModel, Kind, ModelOptions, read as readings};

    /// A history in which processes add `step` or read by turns, whatever is found.
    fn history(steps: &[(usize, u8, i64)], step: i64) -> Option<History> {
        let mut builder = HistoryBuilder::default();
        let mut open = [None; 4];
        for &(process, choice, found) in steps {
            let name = builder.values().int(process as i64);
            let (kind, is_add) = match open[process].take() {
                None => {
                    open[process] = Some(choice % 2 == 0);
                    (EventType::Invoke, choice % 2 == 0)
                }
                Some(is_add) => match choice {
                    0 => (EventType::Info, is_add),
                    1 => (EventType::Fail, is_add),
                    _ => (EventType::Ok, is_add),
                },
            };
            let value = match (is_add, kind) {
                (true, _) => builder.values().int(step),
                (false, EventType::Ok) => builder.values().int(found * step + found / 5),
                (false, _) => Value::NULL,
            };
            let function = if is_add { "add" } else { "read" };
            let event = Event { process: name, kind, function, value, key: None, time: None };
            builder.event(&event).unwrap();
        }
        builder.finish(Settings::default()).ok()
    }

    proptest! {
        #[test]
        fn it_rules_as_on_readings(
            steps in prop::collection::vec((0..4_usize, 0..8_u8, -1..7_i64), 1..40),
            step in prop::sample::select(vec![1, -1, 3]),
            initial in prop::sample::select(vec![None, Some(2)]),
        ) {
            let Some(mut history) = history(&steps, step) else { return Ok(()) };
            let initial = initial.map(|initial| history.values_mut().int(initial));
            let options = ModelOptions::default();
            let model = AnyModel::by_name("counter", initial, options, history.values()).unwrap();
            let Kind::Counter { initial, view } = model.kind() else { unreachable!() };
            let all: Vec<OpIndex> = history.indices().collect();
            let kept = readings(&model, &history, &all, None).unwrap();
            for wanted in [Wanted::Verdict, Wanted::Order] {
                let straight = read(&model, (initial, view), &history, &all, wanted).unwrap();
                let Some((ruling, origins)) = straight else { continue };
                let asked: Asked<'_> = (wanted, &|_| false);
                prop_assert_eq!(Some(ruling), decide(initial, &timed(&kept, view), asked));
                for (at, reading) in Pos::below(kept.len()).zip(&kept) {
                    prop_assert_eq!(all[origins.of(at).index()], reading.index);
                }
            }
        }
    }
}
