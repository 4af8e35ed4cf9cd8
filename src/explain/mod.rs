//! Explains a verdict once it stands: which operation made the history impossible, and which few
//! operations prove it.
//!
//! It reads the history, the model and the failure, asks the deciders about parts of the history,
//! and never delays or changes a verdict.

mod access;
mod allowance;
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
mod skew;
mod stale;
mod staleness;
mod steps;
mod violations;

pub use anomaly::{ANOMALIES, Anomaly, AnomalyEntry, AnomalyKind, Certainty, Example};
pub(crate) use causes::Evidence;
pub(crate) use causes::clocks;
pub use causes::stuck;
pub(crate) use context::contexts;
pub use context::{Context, Steps};
pub use explanation::{Explanation, KeyExplanation};
pub(crate) use explanation::{Rest, explain};
pub use guarantees::{Guarantee, Held};
pub use linearizations::Linearizations;
pub(crate) use linearizations::linearizations;
pub(crate) use skew::find_clock_skew;
pub use skew::{CLOCK_ERROR, ClockSkew, Grouping, Situation, SkewOutcome};
pub use stale::Stale;
pub(crate) use stale::stale;
pub use staleness::{Bound, Staleness};
pub use steps::Step;
pub use violations::Violation;

use allowance::{ALLOWANCE, Part, meter};

use crate::check::{Decision, Failure, Meter, Options, Report};
use crate::error::Error;
use crate::history::{History, Partition};
use crate::model::{self, AnyModel};
use crate::progress::Phase;
use crate::threads::on_threads;

/// For so many failing keys a minimal core is looked for; the others are located only.
pub(crate) const CORES: usize = 16;

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
    let partitions = history.partitions();
    let failing: Vec<(usize, &Failure)> = report.failing().collect();
    let decided = failing.iter().map(|&(at, _)| report.keys[at].effort.configurations).max();
    let meter = meter(options, history, Part::Locating(decided.unwrap_or_default()));
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
