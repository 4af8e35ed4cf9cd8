//! Decides each key of a history, on as many threads as are given.

use std::time::Duration;

use rayon::prelude::*;

use super::budget::{Budget, Meter};
use super::refute;
use super::report::{Certificate, Decision, Failure, KeyReport, Report};
use super::search::{self, Effort, Found};
use crate::error::Error;
use crate::history::{History, Partition, Value};
use crate::model::{self, Model, ModelOptions};
use crate::proof;

/// How to check.
#[derive(Clone, Debug)]
pub struct Options {
    /// The model's name; inferred from the history if `None`.
    pub model: Option<String>,
    /// What the model starts from, a value of the history; if `None`, what the history's metadata
    /// calls `initial`, or what is usual for the model.
    pub initial: Option<Value>,
    /// What operations of the built-in models mean, where there is a choice.
    pub model_options: ModelOptions,
    /// The limits.
    pub budget: Budget,
    /// How many threads to use; 0 for one a processor.
    pub threads: usize,
    /// How long a violation may be explained, once the verdict stands.
    pub explain_timeout: Duration,
    /// Whether to verify every certificate; see [`Proof`](crate::proof::Proof).
    pub self_check: bool,
    /// Whether the report keeps the linearizations of valid keys. Without them it takes little
    /// memory however long the history is.
    pub keep_orders: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            model: None,
            initial: None,
            model_options: ModelOptions::default(),
            budget: Budget::default(),
            threads: 0,
            explain_timeout: Duration::from_secs(10),
            self_check: false,
            keep_orders: true,
        }
    }
}

/// Decides every key of `history` for `model`, called `name`, within what `meter` leaves.
///
/// # Errors
/// If the model refuses an operation.
pub(crate) fn decide<M: Model>(
    model: &M,
    name: &str,
    history: &History,
    options: &Options,
    meter: &Meter,
) -> Result<Report, Error> {
    let partitions = history.partitions();
    let decide_at = |at: usize| {
        let partition = partitions.get(at);
        let mut key = decide_key(model, history, partition, options, meter)?;
        settle_order(model, history, partition, options, &mut key)?;
        Ok(key)
    };
    let keys = on_threads(options.threads, partitions.len(), decide_at);
    Ok(Report::new(name, keys.into_iter().collect::<Result<_, _>>()?))
}

/// Does `work` for every number below `count` on `threads` threads (0: one a processor), and
/// returns the results in order.
pub(crate) fn on_threads<T: Send>(
    threads: usize,
    count: usize,
    work: impl Fn(usize) -> T + Send + Sync,
) -> Vec<T> {
    match pool(threads, count) {
        Some(pool) => pool.install(|| (0..count).into_par_iter().map(work).collect()),
        None => (0..count).map(work).collect(),
    }
}

/// A pool of `threads` threads, unless one will do or none can be had.
fn pool(threads: usize, count: usize) -> Option<rayon::ThreadPool> {
    if threads == 1 || count < 2 {
        return None;
    }
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok()
}

/// Verifies the linearization of a valid key, and drops it, as the options say.
fn settle_order<M: Model>(
    model: &M,
    history: &History,
    partition: Partition<'_>,
    options: &Options,
    key: &mut KeyReport,
) -> Result<(), Error> {
    let Decision::Valid(certificate) = &mut key.decision else { return Ok(()) };
    if options.self_check {
        let readings = model::read(model, history, partition.operations, None)?;
        key.proof = Some(proof::confirm_order(model, &readings, &certificate.order));
    }
    if !options.keep_orders {
        certificate.order = Vec::new();
    }
    Ok(())
}

fn decide_key<M: Model>(
    model: &M,
    history: &History,
    partition: Partition<'_>,
    options: &Options,
    meter: &Meter,
) -> Result<KeyReport, Error> {
    let readings = model::read(model, history, partition.operations, None)?;
    let failure = |stuck: u32| {
        let operation = readings[stuck as usize].index;
        let record = history.operations()[operation as usize].invoked;
        Decision::Invalid(Failure { operation, record, horizon: Failure::WHOLE, core: Vec::new() })
    };
    if let Some(stuck) = refute::impossible_reading(model, &readings) {
        return Ok(report(partition, failure(stuck), "refutation", Effort::default()));
    }
    let (found, effort) = search::search(model, &readings, options.threads, meter);
    let decision = match found {
        Found::Order(order) => Decision::Valid(Certificate {
            order: order.into_iter().map(|at| readings[at as usize].index).collect(),
        }),
        Found::Stopped(reason) => Decision::Unknown(reason),
        Found::Nothing { stuck } => failure(stuck),
    };
    Ok(report(partition, decision, "search", effort))
}

fn report(
    partition: Partition<'_>,
    decision: Decision,
    decided_by: &'static str,
    effort: Effort,
) -> KeyReport {
    KeyReport {
        key: partition.key,
        operations: partition.operations.len(),
        decision,
        decided_by,
        effort,
        proof: None,
    }
}
