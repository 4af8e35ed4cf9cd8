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

mod rest;

use super::anomaly::Anomaly;
use super::case::Case;
use super::naming;
use crate::error::Error;
use crate::history::{History, OpIndex, Rank, Value, sort};
use crate::model::{self, AnyModel, AnyOp, Reading};
use rest::{Next, Rest, weakened};

/// To count the rest behind the first violations, so many operations are looked at, and each so
/// often.
const COUNTING: usize = 400_000;
const COUNTING_EACH: usize = 4;

/// Of larger cores it is tried whether few elements of a set or log suffice.
const SMALL: usize = 12;

/// One violation: operations that cannot be ordered by themselves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The operation that gives it away: by its return no order is left.
    pub operation: OpIndex,
    /// The history as it was known at this rank shows it.
    pub horizon: Rank,
    /// Operations, ascending, that cannot be ordered by themselves, and prove that the whole
    /// cannot. Empty where they would be too many.
    pub core: Vec<OpIndex>,
    /// Whether nothing can be left out of the core: without any of its operations, the rest would
    /// be linearizable, or no proof any more.
    pub is_minimal: bool,
    /// Operations, ascending, of which the proof only needs that they were called, whether they are
    /// of the core or not: what they returned, and when, was shown to be wrong by an earlier
    /// violation.
    pub weakened: Vec<OpIndex>,
    /// The elements of a set, or entries of a log, that the proof is about, ascending, if all
    /// others are to be forgotten for it: the core is then one of the history
    /// [without them](crate::proof::Erased). `None` if nothing has to be.
    pub remembered: Option<Vec<Value>>,
    /// Later operations that contradict the rest of the core just as `operation` does.
    pub alike: Vec<OpIndex>,
}

impl Violation {
    /// The operations of the key (`operations`, in the order of their calls) as they were known at
    /// the horizon, the weakened ones as if they had never returned. The core is a
    /// [sound projection](crate::proof::is_sound_projection) of these, and not linearizable.
    ///
    /// # Errors
    /// If the model does not know an operation.
    pub fn readings(
        &self,
        model: &AnyModel,
        history: &History,
        operations: &[OpIndex],
    ) -> Result<Vec<Reading<AnyOp>>, Error> {
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
    /// The first ones, in the order in which they become impossible, with their names.
    pub(crate) list: Vec<(Violation, Anomaly)>,
    /// How many more there are, as far as they were counted.
    pub(crate) more: usize,
    /// Whether all were found or counted; else the time was up.
    pub(crate) is_complete: bool,
}

impl Violations {
    /// Names a violation, while there is work left for that, and then takes it out of the `rest`;
    /// false if there was nothing to take out.
    fn add(&mut self, mut violation: Violation, rest: &mut Rest<'_, '_>) -> Result<bool, Error> {
        let mut named = naming::name(rest.case(), &violation);
        let is_known = rest.take_out(&mut violation)?;
        named.count += violation.alike.len();
        self.list.push((violation, named));
        Ok(is_known)
    }
}

/// The violations of `case`, at most `limit` of them in detail. Each costs about one check of the
/// history up to it.
///
/// # Errors
/// None, for a case that was checked.
pub(super) fn violations(case: &Case<'_>, limit: usize) -> Result<Violations, Error> {
    let mut first = Violation {
        operation: case.failure.operation,
        horizon: case.failure.horizon,
        core: case.failure.core.clone(),
        is_minimal: case.failure.is_minimal,
        weakened: Vec::new(),
        remembered: None,
        alike: Vec::new(),
    };
    let counting = COUNTING + COUNTING_EACH * case.readings.len();
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
            let ret = |index: &&OpIndex| case.history.span(**index).ret;
            let returned = first.core.iter().filter(|index| ret(index) <= first.horizon);
            first.operation = returned.max_by_key(ret).copied().unwrap_or(first.operation);
        }
        is_known = found.add(first, &mut rest)?;
    } else {
        let named = naming::name(case, &first);
        found.list.push((first, named));
    }
    while is_known {
        match rest.next()? {
            Next::Violation(mut violation) => {
                if found.list.len() < limit {
                    is_known = found.add(violation, &mut rest)?;
                } else {
                    is_known = rest.take_out(&mut violation)?;
                    rest.limit = rest.limit.min(rest.work + counting);
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
    sort::by(&mut found.list, |(violation, _)| violation.horizon);
    Ok(found)
}
