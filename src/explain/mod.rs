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
mod naming;
mod skew;
mod staleness;
mod violations;

pub use anomaly::{Anomaly, AnomalyKind, Certainty};
pub use context::{Before, Context, Step, contexts};
pub use explanation::{Explanation, KeyExplanation, explain};
pub use guarantees::{Guarantee, Held};
pub use skew::{CLOCK_ERROR, ClockSkew, Grouping, Situation, SkewOutcome, find_clock_skew};
pub use staleness::{Bound, Staleness};
pub use violations::Violation;

use crate::check::{Budget, Decision, Failure, Meter, Options, Report, on_threads};
use crate::error::Error;
use crate::history::{History, Partition};
use crate::model::{self, Model};

/// For so many failing keys a minimal core is looked for; the others are located only.
const CORES: usize = 16;

/// A key's core is looked for with so many configurations at most.
const ALLOWANCE: u64 = 250_000;

/// Each search of an explanation visits so many configurations at most.
const CONFIGURATIONS: u64 = 250_000;

/// Finds out more about every failing key of `report`: the first impossible operation and, for the
/// first few keys, a minimal core. Takes no longer than the options allow.
///
/// # Errors
/// None, after a report without errors: the model knows all operations.
pub(crate) fn refine<M: Model>(
    model: &M,
    history: &History,
    options: &Options,
    report: &mut Report,
) -> Result<(), Error> {
    let meter = meter(options, history, ALLOWANCE);
    let partitions = history.partitions();
    let failing: Vec<(usize, &Failure)> = report
        .keys
        .iter()
        .enumerate()
        .filter_map(|(at, key)| match &key.decision {
            Decision::Invalid(failure) => Some((at, failure)),
            _ => None,
        })
        .collect();
    let refined = on_threads(options.threads, failing.len(), |nth| {
        let (at, failure) = failing[nth];
        refine_key(model, history, partitions.get(at), failure, nth < CORES, &meter)
    });
    let at: Vec<usize> = failing.iter().map(|&(at, _)| at).collect();
    for (at, failure) in at.into_iter().zip(refined) {
        report.keys[at].decision = Decision::Invalid(failure?);
    }
    Ok(())
}

/// Measures an explanation: it has a limit on time of its own, and no more than the check has left.
fn meter(options: &Options, history: &History, configurations: u64) -> Meter {
    let own = options.explain_timeout;
    let budget = Budget {
        timeout: Some(options.budget.time_left().map_or(own, |left| left.min(own))),
        start: None,
        configurations: Some(configurations),
        ..options.budget
    };
    Meter::start(&budget, history.heap_bytes())
}

fn refine_key<M: Model>(
    model: &M,
    history: &History,
    partition: Partition<'_>,
    failure: &Failure,
    with_core: bool,
    meter: &Meter,
) -> Result<Failure, Error> {
    let mut failure = first::first_impossible(model, history, partition, failure, meter)?;
    if with_core && failure.is_first() {
        let readings = model::read(model, history, partition.operations, Some(failure.horizon))?;
        failure.core = core::minimal_core(model, &readings, failure.operation, meter, ALLOWANCE);
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
            meter(&options, &History::default(), 1).poll()
        };
        assert_eq!(poll(3_600, 10), Ok(()));
        assert_eq!(poll(59, 10), Err(StopReason::Timeout));
        assert_eq!(poll(3_600, 0), Err(StopReason::Timeout));
    }
}
