//! The whole way from a history to a report: choose the model, decide, explain, verify.

use std::sync::Arc;

use crate::check::{
    self, Decision, KeyReport, Meter, ModelSource, Options, OtherTies, Report, Verdict,
};
use crate::error::Error;
use crate::explain;
use crate::history::{History, Partition, Ties};
use crate::model::{self, AnyModel, Model, ModelVisitor, Whole};
use crate::progress::{Phase, Progress};
use crate::proof::{self, Minimality, Proof, is_minimal};

/// Checks `history` against a built-in model: the one that the options name, or that the history
/// means.
///
/// ```
/// use histcheck::{History, Options, Verdict};
/// let mut history = History::builder();
/// history.invoke(0, "write", 1)?;
/// history.ok(0, "write", 1)?;
/// history.invoke(1, "read", ())?;
/// history.ok(1, "read", 2)?;
/// let report = histcheck::check(&history.build()?, &Options::default())?;
/// assert_eq!(report.verdict, Verdict::Invalid);
/// assert_eq!(report.model, "register");
/// # Ok::<(), histcheck::Error>(())
/// ```
///
/// # Errors
/// If no model fits, or the model refuses an operation or its initial value.
pub fn check(history: &History, options: &Options) -> Result<Report, Error> {
    let options = &Options { budget: options.budget.started(), ..options.clone() };
    options.enter(Phase::Deciding, 0);
    let chosen = choose(history, options)?;
    let progress = options.progress.as_ref();
    let deciding = Deciding { name: chosen.name, history, options, progress };
    let mut report = chosen.model.visit(deciding)?;
    if report.verdict == Verdict::Invalid {
        refine(&chosen.model, history, options, &mut report, explain::CORES)?;
    }
    report.model_source = chosen.source;
    report.other_ties = match history.ties() {
        Some(ties) => Some(other_ties(&chosen, history, ties, options, report.verdict)?),
        None => None,
    };
    options.enter(Phase::Idle, 0);
    Ok(report)
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
    let options = &Options { budget: options.budget.started(), ..options.clone() };
    let name = std::any::type_name::<M>().rsplit("::").next().unwrap_or("custom");
    let progress = options.progress.as_ref();
    let mut report = Deciding { name, history, options, progress }.visit(model)?;
    if report.verdict == Verdict::Invalid {
        refine(&AnyModel::own(model), history, options, &mut report, explain::CORES)?;
    }
    options.enter(Phase::Idle, 0);
    Ok(report)
}

/// Decides the keys of a part of a history for `chosen`, within the options' budget, whose time
/// runs. Failures are not looked into. Who is told of the work is not told of keys.
///
/// # Errors
/// If the model refuses an operation.
pub(crate) fn decide_part(
    chosen: &Chosen,
    history: &History,
    options: &Options,
) -> Result<Report, Error> {
    let quiet = &Options { progress: None, ..options.clone() };
    let progress = options.progress.as_ref();
    chosen.model.visit(Deciding { name: chosen.name, history, options: quiet, progress })
}

/// Finds out which operations make keys of a part of a history fail, and for the first `cores` of
/// them which few.
///
/// # Errors
/// None, after [`decide_part`].
pub(crate) fn refine_part(
    chosen: &Chosen,
    history: &History,
    options: &Options,
    report: &mut Report,
    cores: usize,
) -> Result<(), Error> {
    refine(&chosen.model, history, options, report, cores)
}

/// Decides all keys.
struct Deciding<'a> {
    name: &'a str,
    history: &'a History,
    options: &'a Options,
    /// Who is told of configurations and memory.
    progress: Option<&'a Arc<Progress>>,
}

impl ModelVisitor for Deciding<'_> {
    type Output = Result<Report, Error>;

    fn visit<M: Model>(self, model: &M) -> Self::Output {
        let meter = Meter::start(&self.options.budget, self.history.heap_bytes())
            .told_to(self.progress.cloned());
        check::decide(model, self.name, self.history, self.options, &meter)
    }
}

/// Finds out which operations made the keys fail that did, and verifies it; for the first `cores`
/// keys it looks for a minimal core.
fn refine(
    model: &AnyModel,
    history: &History,
    options: &Options,
    report: &mut Report,
    cores: usize,
) -> Result<(), Error> {
    explain::refine(model, history, options, report, cores)?;
    if options.self_check {
        verify_failures(model, history, options, report)?;
    }
    Ok(())
}

/// A built-in model for a history.
pub(crate) struct Chosen {
    pub(crate) model: AnyModel,
    pub(crate) name: &'static str,
    pub(crate) source: ModelSource,
}

/// The built-in model that the options name, or that the history means.
pub(crate) fn choose(history: &History, options: &Options) -> Result<Chosen, Error> {
    let (name, source) = match &options.model {
        Some(name) => (name.as_str(), ModelSource::Given),
        None if history.metadata_field("model").is_some() => {
            (model::infer(history)?.name, ModelSource::Metadata)
        }
        None => (model::infer(history)?.name, ModelSource::Inferred),
    };
    let initial = options.initial.or_else(|| history.metadata_field("initial"));
    let mut model = AnyModel::by_name(name, initial, options.model_options, history.values())?;
    if history.is_whole() {
        model = AnyModel::Whole(Whole::new(&model, history));
    }
    let name = model::Entry::find(name).map_or("", |entry| entry.name);
    Ok(Chosen { model, name, source })
}

/// The verdict under the other reading of equal times. Where they count as concurrent, operations
/// have more orders than under any other reading; so a history that is invalid then is always
/// invalid, and one that is valid under the other reading is always valid.
fn other_ties(
    chosen: &Chosen,
    history: &History,
    ties: Ties,
    options: &Options,
    verdict: Verdict,
) -> Result<OtherTies, Error> {
    struct Other<'a>(&'a History, &'a Options);
    impl ModelVisitor for Other<'_> {
        type Output = Result<Report, Error>;

        fn visit<M: Model>(self, model: &M) -> Self::Output {
            let meter =
                Meter::start(&self.1.budget, self.0.heap_bytes()).told_to(self.1.progress.clone());
            check::decide(model, "", self.0, self.1, &meter)
        }
    }
    let is_settled = match ties {
        Ties::Concurrent => verdict != Verdict::Valid,
        Ties::Ordered => verdict != Verdict::Invalid,
    };
    let other = ties.other();
    if is_settled {
        return Ok(OtherTies { ties: other, verdict });
    }
    let options = Options { keep_orders: false, self_check: false, ..options.clone() };
    let report = chosen.model.visit(Other(&history.with_ties(other)?, &options))?;
    Ok(OtherTies { ties: other, verdict: report.verdict })
}

/// Verifies the certificate of every failing key. Those of valid keys are verified as they are
/// found.
fn verify_failures(
    model: &AnyModel,
    history: &History,
    options: &Options,
    report: &mut Report,
) -> Result<(), Error> {
    let partitions = history.partitions();
    options.enter(Phase::Verifying, report.keys.len());
    let verify = |at: usize| match &report.keys[at].decision {
        Decision::Invalid(failure) => {
            let Partition { operations, .. } = partitions.get(at);
            let readings = model::read(model, history, operations, Some(failure.horizon))?;
            let proof = proof::confirm_failure(model, &readings, &failure.core);
            let is_claimed = failure.is_minimal && proof == Proof::Confirmed;
            Ok(Some(match is_claimed.then(|| is_minimal(model, &readings, &failure.core)) {
                Some(Minimality::Smaller(_)) => Proof::Wrong("the core is not minimal".to_owned()),
                _ => proof,
            }))
        }
        _ => Ok(None),
    };
    let proofs = check::on_threads(options.threads, report.keys.len(), &|at| {
        let proof = verify(at);
        options.advance();
        proof
    });
    for (key, proof) in report.keys.iter_mut().zip(proofs) {
        let key: &mut KeyReport = key;
        key.proof = proof?.or_else(|| key.proof.take());
    }
    Ok(())
}
