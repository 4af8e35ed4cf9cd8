//! How stale the reads of a key are, in versions and in time.
//!
//! Both ask how far reads must be moved back for the history to be linearizable. Where no reach is
//! enough, as where a value was read that nobody wrote, there is no answer.

mod reach;
mod recent;
mod versions;

use self::reach::Reach;
use super::case::Case;
use super::guarantees::Versions;
use super::violations::Violation;
use crate::history::OpIndex;
use crate::model::{AnyOp, Reading};
use crate::proof::projection::positions;
use reach::Ends;

/// Of larger cores it is not asked what they need: each is decided a few dozen times.
const CORE: usize = 100;

/// How stale reads are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Staleness {
    /// The smallest k such that every read returns one of the last k values written (the history is
    /// k-atomic: Golab, Li and Shah 2011).
    pub k: Bound,
    /// The smallest time, in the unit of the history's times, such that the history is linearizable
    /// if every read may have begun earlier by as much.
    pub delta: Option<i64>,
}

/// A number of versions, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bound {
    /// It is this at least, if anything is known.
    pub at_least: Option<u64>,
    /// It is this at most, if anything is known.
    pub at_most: Option<u64>,
}

/// How stale the reads of `case` are, which is `register` as versions; `None` where that has no
/// meaning, as where values were read that nobody wrote. What the operations of the `violations`
/// need by themselves is tried first.
pub(super) fn staleness(
    case: &Case<'_>,
    register: Option<Versions>,
    violations: &[Violation],
) -> Option<Staleness> {
    let delta = delta(case, register.as_ref(), violations);
    let k = register.and_then(|register| versions::smallest_k(case, &register));
    (delta.is_some() || k.is_some()).then(|| Staleness { k: k.unwrap_or_default(), delta })
}

/// The smallest Δ, by the times of the history; `None` if there is none, if some time is not known,
/// or if the budget ends first.
fn delta(case: &Case<'_>, register: Option<&Versions>, violations: &[Violation]) -> Option<i64> {
    let mut ends: Vec<Ends> = Vec::with_capacity(case.readings.len());
    for reading in case.readings {
        let [call, ret] = case.history.times(reading.index);
        let call = i128::from(call?);
        let ret = if !reading.span.has_returned() { None } else { Some(i128::from(ret?)) };
        if ret.is_some_and(|ret| ret < call) {
            return None;
        }
        ends.push((call, ret));
    }
    let guess = violations.iter().filter_map(|one| needed(case, &one.core, &ends)).max();
    let stale: Vec<OpIndex> = violations.iter().map(|one| one.operation).collect();
    Reach::new(case, &ends, |_| true)
        .smallest(register, &ends, (guess, &stale))
        .and_then(|delta| i64::try_from(delta).ok())
}

/// The reach that the operations `core` need by themselves; `None` if that is not known, or too
/// much work for a guess.
fn needed(case: &Case<'_>, core: &[OpIndex], ends: &[Ends]) -> Option<i128> {
    if core.len() > CORE {
        return None;
    }
    let kept = positions(case.readings, core).filter(|kept| !kept.is_empty())?;
    let readings: Vec<Reading<AnyOp>> = kept.iter().map(|&at| case.readings[at].clone()).collect();
    let ends: Vec<Ends> = kept.iter().map(|&at| ends[at]).collect();
    let part = Case { readings: &readings, ..*case };
    Reach::new(&part, &ends, |_| true).smallest(None, &ends, (None, &[]))
}
