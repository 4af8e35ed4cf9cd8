//! Decides each key of a history, on as many threads as are given.

use std::sync::Arc;
use std::time::Duration;

use super::answer::{Answer, Deciders, Terms};
use super::components;
use super::exact::{Conflict, Ruling, Wanted};
use super::object::{Object, Readings};
use super::refute;
use super::report::{Certificate, Decision, Failure, KeyReport, Report};
use super::search::{self, Found};
use super::tokens;
use crate::budget::{Budget, Meter};
use crate::error::Error;
use crate::history::{History, OpIndex, Partition, Rank, Value};
use crate::model::{self, Model, ModelOptions, Pos};
use crate::progress::{Phase, Progress};
use crate::proof;
use crate::threads::on_threads;

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
    /// Which deciders may decide. The verdict does not depend on it.
    pub deciders: Deciders,
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
    /// Who is told how far the work is, if anybody wants to know.
    pub progress: Option<Arc<Progress>>,
}

impl Options {
    /// Says that now comes `phase`, with so much to do (0 if that is not known).
    pub(crate) fn enter(&self, phase: Phase, total: usize) {
        if let Some(progress) = &self.progress {
            progress.enter(phase, total as u64);
        }
    }

    /// Says that now comes `phase`, which is counted together with the one before.
    pub(crate) fn turn_to(&self, phase: Phase) {
        if let Some(progress) = &self.progress {
            progress.turn_to(phase);
        }
    }

    /// Says that one more is done.
    pub(crate) fn advance(&self) {
        if let Some(progress) = &self.progress {
            progress.advance(1);
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            model: None,
            initial: None,
            model_options: ModelOptions::default(),
            deciders: Deciders::default(),
            budget: Budget::default(),
            threads: 0,
            explain_timeout: Duration::from_secs(10),
            self_check: false,
            keep_orders: true,
            progress: None,
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
    options.enter(Phase::Deciding, partitions.len());
    let decide_at = |at: usize| {
        let partition = partitions.get(at);
        let mut key = decide_key(model, history, partition, options, meter)?;
        settle_order(model, history, partition, options, &mut key)?;
        options.advance();
        Ok(key)
    };
    let keys = on_threads(options.threads, partitions.len(), &decide_at);
    Ok(Report::new(name, keys.into_iter().collect::<Result<_, _>>()?))
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
    let needs_order = options.keep_orders || options.self_check;
    let wanted = if needs_order { Wanted::Order } else { Wanted::Verdict };
    let terms = Terms { deciders: options.deciders, wanted, threads: options.threads, meter };
    let answer = answer(&Readings::new(model, &readings), terms);
    let index = |at: Pos| readings[at].index;
    Ok(report(history, partition, answer, &index))
}

/// Asks the deciders in turn: tokens, an exact decider, a refutation, all of them for independent
/// parts, the general search.
pub(super) fn answer(object: &dyn Object, terms: Terms<'_>) -> Answer {
    let Terms { deciders, wanted, threads, meter } = terms;
    if deciders == Deciders::Auto {
        if let Some(problem) = object.on_tokens() {
            return tokens::decide(problem, terms);
        }
        match object.rule(wanted) {
            Some((Ruling::Valid(order), name)) => {
                let order = order.into_iter().map(|at| Pos::new(at as usize)).collect();
                return Answer::at_once(Found::Order(order), name);
            }
            Some((Ruling::Invalid(Conflict { stuck }), name)) => {
                return Answer::at_once(Found::Nothing { stuck }, name);
            }
            None => {}
        }
        if let Some(stuck) = refute::impossible_operation(object) {
            return Answer::at_once(Found::Nothing { stuck }, "refutation");
        }
        if let Some(answer) = components::decide(object, &|part| answer(part, terms)) {
            return answer;
        }
    }
    let (found, effort) = search::search(object.space(), threads, meter);
    Answer { found, decided_by: "search", effort }
}

/// Returns the report on a key; `index` returns the index of an operation in the history.
fn report(
    history: &History,
    partition: Partition<'_>,
    answer: Answer,
    index: &dyn Fn(Pos) -> OpIndex,
) -> KeyReport {
    let Answer { found, decided_by, effort } = answer;
    let decision = match found {
        Found::Order(order) => {
            let order = order.into_iter().map(index).collect();
            Decision::Valid(Certificate { order })
        }
        Found::Stopped(reason) => Decision::Unknown(reason),
        Found::Nothing { stuck } => {
            let operation = index(stuck);
            Decision::Invalid(Failure {
                operation,
                record: history[operation].invoked,
                horizon: Rank::LAST,
                core: Vec::new(),
                is_minimal: false,
            })
        }
    };
    KeyReport {
        key: partition.key,
        operations: partition.operations.len(),
        decision,
        decided_by,
        effort,
        proof: None,
    }
}
