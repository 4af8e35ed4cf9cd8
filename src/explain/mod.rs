//! Explains a verdict once it stands: which operation made the history impossible, and which few
//! operations prove it.
//!
//! It reads the history, the model and the failure, asks the deciders about parts of the history,
//! and never delays or changes a verdict.

mod access;
mod anomaly;
mod case;
mod causes;
mod context;
mod core;
mod explanation;
mod first;
mod guarantees;
mod linearizations;
mod naming;
mod shrink;
mod skew;
mod stale;
mod staleness;
mod violations;

pub use anomaly::{ANOMALIES, Anomaly, AnomalyEntry, AnomalyKind, Certainty, Example};
pub(crate) use causes::Evidence;
pub(crate) use causes::clocks;
pub use causes::stuck;
pub use context::{Context, Steps, contexts, contexts_with};
pub(crate) use explanation::{Beyond, explain_excerpt};
pub use explanation::{Explanation, KeyExplanation, explain, explain_with};
pub use guarantees::{Guarantee, Held};
pub use linearizations::{Linearizations, Step, linearizations};
pub use shrink::{Shrunk, shrink};
pub use skew::{CLOCK_ERROR, ClockSkew, Grouping, Situation, SkewOutcome, find_clock_skew};
pub use stale::{Stale, stale};
pub use staleness::{Bound, Staleness};
pub use violations::Violation;

use crate::check::{Budget, Decision, Failure, Meter, Options, Report, on_threads};
use crate::error::Error;
use crate::history::{History, Partition};
use crate::model::{self, AnyModel};
use crate::progress::Phase;

/// For so many failing keys a minimal core is looked for; the others are located only.
pub(crate) const CORES: usize = 16;

/// A search visits so many configurations at most, and so do all that look for one core.
const ALLOWANCE: u64 = 250_000;

/// Finds out more about every failing key of `report`: the first impossible operation and, for the
/// first `cores` keys, a minimal core. Takes no longer than the options allow.
///
/// # Errors
/// None, after a report without errors: the model knows all operations.
pub(crate) fn refine(
    model: &AnyModel,
    history: &History,
    options: &Options,
    report: &mut Report,
    cores: usize,
) -> Result<(), Error> {
    let meter = meter(options, history, Part::Locating);
    let partitions = history.partitions();
    let failing: Vec<(usize, &Failure)> = report.failing().collect();
    options.enter(Phase::Locating, failing.len());
    let refined = on_threads(options.threads, failing.len(), &|nth| {
        let (at, failure) = failing[nth];
        let with_core = nth < cores;
        let refined = refine_key(model, history, partitions.get(at), failure, with_core, &meter);
        options.advance();
        refined
    });
    let at: Vec<usize> = failing.iter().map(|&(at, _)| at).collect();
    for (at, failure) in at.into_iter().zip(refined) {
        report.keys[at].decision = Decision::Invalid(failure?);
    }
    Ok(())
}

/// The parts of an explanation, each with its share of the time that explaining may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    /// The first impossible operation and its core.
    Locating,
    /// The violations behind it, and their names.
    Violations,
    /// What still holds.
    Guarantees,
    /// The clocks that would explain it.
    Clocks,
    /// What many violations have in common.
    Causes,
    /// What is around.
    Surroundings,
}

impl Part {
    /// When it has to end, in tenths of the time for explaining. Locating comes first, then the
    /// surroundings, each with a clock of its own; the others share one, so that what is left over
    /// by one is the next one's.
    fn tenths(self) -> u32 {
        match self {
            Part::Locating => 2,
            Part::Violations => 3,
            Part::Guarantees => 5,
            Part::Clocks => 6,
            Part::Causes => 7,
            Part::Surroundings => 1,
        }
    }

    /// How many configurations a single decision may take. Clocks ask for many.
    fn configurations(self) -> u64 {
        match self {
            Part::Clocks => ALLOWANCE / 5,
            _ => ALLOWANCE,
        }
    }
}

/// Measures one part of an explanation: each has a limit on time of its own, and no more than the
/// check has left.
fn meter(options: &Options, history: &History, part: Part) -> Meter {
    let own = options.explain_timeout.saturating_mul(part.tenths()) / 10;
    let budget = Budget {
        timeout: Some(options.budget.time_left().map_or(own, |left| left.min(own))),
        start: None,
        configurations: Some(part.configurations()),
        ..options.budget
    };
    Meter::start(&budget, history.heap_bytes()).told_to(options.progress.clone())
}

fn refine_key(
    model: &AnyModel,
    history: &History,
    partition: Partition<'_>,
    failure: &Failure,
    with_core: bool,
    meter: &Meter,
) -> Result<Failure, Error> {
    let mut failure = first::first_impossible(model, history, partition, failure, meter)?;
    if with_core && failure.is_first() {
        let readings = model::read(model, history, partition.operations, Some(failure.horizon))?;
        let core = core::minimal_core(model, &readings, failure.operation, meter, ALLOWANCE);
        (failure.core, failure.is_minimal) = (core.operations, core.is_minimal);
    }
    Ok(failure)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::check::StopReason;

    #[test]
    fn an_explanation_gets_no_more_time_than_is_left() {
        let poll = |timeout: u64, explain_timeout: u64| {
            let budget = Budget {
                timeout: Some(Duration::from_secs(timeout)),
                start: Instant::now().checked_sub(Duration::from_secs(60)),
                ..Budget::default()
            };
            let explain_timeout = Duration::from_secs(explain_timeout);
            let options = Options { budget, explain_timeout, ..Options::default() };
            meter(&options, &History::default(), Part::Locating).poll()
        };
        assert_eq!(poll(3_600, 10), Ok(()));
        assert_eq!(poll(59, 10), Err(StopReason::Timeout));
        assert_eq!(poll(3_600, 0), Err(StopReason::Timeout));
    }
}
