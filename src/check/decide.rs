//! Decides each key of a history, on as many threads as are given.

use rayon::prelude::*;

use super::budget::{Budget, Meter};
use super::report::{Certificate, Decision, Failure, KeyReport, Report};
use super::search::{self, Effort, Found};
use crate::error::Error;
use crate::history::{History, NEVER, Partition};
use crate::model::{self, Model, Reading};

/// How to check.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The model's name; inferred from the operations if `None`.
    pub model: Option<String>,
    /// The limits.
    pub budget: Budget,
    /// How many threads to use; 0 for one a processor.
    pub threads: usize,
}

/// Checks `history` against a model of the caller's own.
///
/// # Errors
/// If the model refuses an operation.
pub fn check_with<M: Model>(
    model: &M,
    history: &History,
    options: &Options,
) -> Result<Report, Error> {
    let meter = Meter::start(&options.budget, history.heap_bytes());
    let name = std::any::type_name::<M>().rsplit("::").next().unwrap_or("custom");
    check_metered(model, name, history, options, &meter)
}

/// Checks `history` against `model`, called `name`, within what `meter` leaves.
pub(crate) fn check_metered<M: Model>(
    model: &M,
    name: &str,
    history: &History,
    options: &Options,
    meter: &Meter,
) -> Result<Report, Error> {
    let partitions = history.partitions();
    let decide = |at: usize| decide_key(model, history, partitions.get(at), meter);
    let keys: Result<Vec<KeyReport>, Error> = match threads(options.threads, partitions.len()) {
        Some(pool) => pool.install(|| (0..partitions.len()).into_par_iter().map(decide).collect()),
        None => (0..partitions.len()).map(decide).collect(),
    };
    Ok(Report::new(name, keys?))
}

/// A pool of `threads` threads, unless one will do or none can be had.
fn threads(threads: usize, keys: usize) -> Option<rayon::ThreadPool> {
    if threads == 1 || keys < 2 {
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
    let (found, effort) = search::search(model, &readings, meter);
    let decision = match found {
        Found::Order(order) => Decision::Valid(Certificate {
            order: order.into_iter().map(|at| readings[at as usize].index).collect(),
        }),
        Found::Stopped(reason) => Decision::Unknown(reason),
        Found::Nothing { stuck } => {
            let stuck = &readings[stuck as usize];
            Decision::Invalid(first_impossible(model, history, partition, stuck, meter, effort)?)
        }
    };
    Ok(KeyReport {
        key: partition.key,
        operations: partition.operations.len(),
        decision,
        decided_by: "search",
        effort,
    })
}

/// Finds the return by which no linearization is left, for a key that has none. The search got
/// stuck at the return of `stuck` or, since it looks ahead, before the truth: the history as known
/// at a later return may still be linearizable.
fn first_impossible<M: Model>(
    model: &M,
    history: &History,
    partition: Partition<'_>,
    stuck: &Reading<M::Op>,
    meter: &Meter,
    effort: Effort,
) -> Result<Failure, Error> {
    let mut returns: Vec<(u32, u32)> = partition
        .operations
        .iter()
        .map(|&index| (history.span(index as usize).ret, index))
        .filter(|&(ret, _)| ret != NEVER && ret >= stuck.span.ret)
        .collect();
    returns.sort_unstable();
    // Smallest prefix without a linearization: gallop, then bisect. The whole has none.
    let (mut low, mut high) = (0, returns.len().saturating_sub(1));
    let mut step = 1;
    let mut galloping = true;
    let is_impossible = |at: usize| -> Result<Option<bool>, Error> {
        let readings = model::read(model, history, partition.operations, Some(returns[at].0))?;
        let limited = Meter::share(meter, effort.configurations * 4 + 10_000);
        Ok(match search::search(model, &readings, &limited).0 {
            Found::Order(_) => Some(false),
            Found::Nothing { .. } => Some(true),
            Found::Stopped(_) => None,
        })
    };
    while low < high {
        let probe = if galloping { (low + step - 1).min(high - 1) } else { low + (high - low) / 2 };
        match is_impossible(probe)? {
            Some(true) => {
                high = probe;
                galloping = false;
            }
            Some(false) => {
                low = probe + 1;
                step *= 2;
            }
            // Not known in time. The whole is impossible for certain.
            None => {
                let whole = returns.last().map_or(stuck.span.ret, |&(ret, _)| ret);
                return Ok(failure(history, stuck.index, whole));
            }
        }
    }
    let (horizon, operation) = returns[high];
    Ok(failure(history, operation, horizon))
}

fn failure(history: &History, operation: u32, horizon: u32) -> Failure {
    Failure {
        operation,
        record: history.operations()[operation as usize].invoked,
        horizon,
        core: Vec::new(),
    }
}
