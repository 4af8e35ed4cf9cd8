//! Decides each key of a history, on as many threads as are given.

use std::time::Duration;

use rayon::prelude::*;

use super::budget::{Budget, Meter};
use super::refute;
use super::report::{Certificate, Decision, Failure, KeyReport, Report};
use super::search::{self, Effort, Found};
use crate::error::Error;
use crate::history::{History, NEVER, Partition};
use crate::model::{self, Model};

/// How to check.
#[derive(Clone, Debug)]
pub struct Options {
    /// The model's name; inferred from the operations if `None`.
    pub model: Option<String>,
    /// The limits.
    pub budget: Budget,
    /// How many threads to use; 0 for one a processor.
    pub threads: usize,
    /// How long a violation may be explained, once the verdict stands.
    pub explain_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            model: None,
            budget: Budget::default(),
            threads: 0,
            explain_timeout: Duration::from_secs(10),
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
    let decide_at = |at: usize| decide_key(model, history, partitions.get(at), meter);
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

fn decide_key<M: Model>(
    model: &M,
    history: &History,
    partition: Partition<'_>,
    meter: &Meter,
) -> Result<KeyReport, Error> {
    let readings = model::read(model, history, partition.operations, None)?;
    let failure = |stuck: u32| {
        let operation = readings[stuck as usize].index;
        let record = history.operations()[operation as usize].invoked;
        Decision::Invalid(Failure { operation, record, horizon: NEVER - 1, core: Vec::new() })
    };
    if let Some(stuck) = refute::impossible_reading(model, &readings) {
        return Ok(report(partition, failure(stuck), "refutation", Effort::default()));
    }
    let (found, effort) = search::search(model, &readings, meter);
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
    }
}
