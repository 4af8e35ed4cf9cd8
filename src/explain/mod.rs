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

pub(crate) use allowance::{ALLOWANCE, settings_meter};
use allowance::{Part, meter, of_key};

use crate::check::{Decision, Failure, Meter, Models, Options, Report, impossible};
use crate::error::Error;
use crate::history::{History, Partition, Rank};
use crate::model::{self, AnyModel, AnyOp, Reading};
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
    models: &Models,
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
        let partition = partitions.get(at);
        let model = models.of(partition.key);
        let meter = of_key(&meter, nth, failing.len(), cores);
        let threads = if failing.len() == 1 { options.threads } else { 1 };
        let refined = refine_key(model, history, partition, failure, with_core, (&meter, threads));
        options.advance();
        refined
    });
    let at: Vec<usize> = failing.iter().map(|&(at, _)| at).collect();
    for (at, failure) in at.into_iter().zip(refined) {
        report.keys[at].decision = Decision::Invalid(failure?);
    }
    Ok(())
}

/// Finds out about a key that `readings` show to be impossible for `model` what [`refine`] does;
/// `Some(None)` if they are possible, `None` if that took too long.
///
/// # Errors
/// None, for readings of `model`.
pub(crate) fn refute(
    model: &AnyModel,
    history: &History,
    options: &Options,
    partition: Partition<'_>,
    readings: &[Reading<AnyOp>],
) -> Result<Option<Option<Failure>>, Error> {
    let meter = meter(options, history, Part::Locating(0));
    let stuck = match impossible(model, readings, &meter).0 {
        Some(Some(stuck)) => stuck,
        known => return Ok(known.map(|_| None)),
    };
    let operation = readings[stuck].index;
    let found = Failure {
        operation,
        record: history[operation].invoked,
        horizon: Rank::LAST,
        core: Vec::new(),
        is_minimal: false,
    };
    let failure = refine_key(model, history, partition, &found, true, (&meter, options.threads))?;
    Ok(Some(Some(failure)))
}

fn refine_key(
    model: &AnyModel,
    history: &History,
    partition: Partition<'_>,
    failure: &Failure,
    with_core: bool,
    (meter, threads): (&Meter, usize),
) -> Result<Failure, Error> {
    let asked = (meter, threads);
    let mut failure = first::first_impossible(model, history, partition, failure, asked)?;
    if with_core && failure.is_first() {
        let readings = model::read(model, history, partition.operations, Some(failure.horizon))?;
        let core = core::minimal_core(model, &readings, failure.operation, meter, ALLOWANCE);
        (failure.core, failure.is_minimal) = (core.operations, core.is_minimal);
    }
    Ok(failure)
}
