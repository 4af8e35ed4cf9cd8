//! The whole way from a history to what is reported of it: choose the model, decide, locate,
//! verify, explain. The only place that knows the order.

use std::sync::Arc;

use crate::budget::Budget;
use crate::caveats;
use crate::check::{self, Decision, KeyReport, Meter, Options, OtherTies, Report, Verdict};
use crate::error::Error;
use crate::explain::{self, Context, Explanation, Linearizations, Rest, SkewOutcome, Stale};
use crate::history::{History, Partition, Ties};
use crate::model::{self, AnyModel, Model, ModelOptions, ModelSource, ModelVisitor, Whole};
use crate::progress::{Phase, Progress};
use crate::proof::{self, Minimality, Proof, is_minimal};
use crate::threads::on_threads;
use crate::vocabulary::Words;

/// Checks `history` against a built-in model: the one that the options name, or that the history
/// implies.
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
    Session::new(history, options)?.check()
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
    Session::with_model(model, history, options).check()
}

/// So many configurations are allowed to whoever tries another reading.
const LEAST: u64 = 10_000;

/// A history together with its model and with how to check it.
///
/// ```
/// use histcheck::{Options, Session};
/// let history = histcheck::read_file("histories/stale-read.jsonl")?;
/// let options = Options::default();
/// let session = Session::new(&history, &options)?;
/// let report = session.check()?;
/// let explanation = session.explain(&report, 5)?;
/// assert_eq!(explanation.anomalies[0].kind.name(), "stale-read");
/// # Ok::<(), histcheck::Error>(())
/// ```
pub struct Session<'a> {
    history: &'a History,
    options: &'a Options,
    model: AnyModel,
    name: &'static str,
    source: ModelSource,
}

impl<'a> Session<'a> {
    /// Returns the session of a history of a built-in model: the one that the options name, or
    /// that the history implies.
    ///
    /// # Errors
    /// If no model fits, or it cannot start from the initial value.
    pub fn new(history: &'a History, options: &'a Options) -> Result<Session<'a>, Error> {
        caveats::check_read(history)?;
        let (entry, source) = match model::named(options.model.as_deref(), history) {
            Some(named) => named?,
            None => (model::infer(history)?, ModelSource::Inferred),
        };
        let initial = options.initial.or_else(|| history.metadata_field("initial"));
        let (name, ignored) = (entry.name, options.model_options.ignored_outputs);
        let meaning = ModelOptions { ignored_outputs: Words::NONE, ..options.model_options };
        let mut model = AnyModel::by_name(name, initial, meaning, history.values())?;
        if let AnyModel::MultiRegister(registers) = model {
            let registers = registers.named_as_in(history, options.initial.is_some())?;
            model = AnyModel::MultiRegister(registers);
        }
        if history.is_whole() {
            model = AnyModel::Whole(Whole::new(&model, history));
        }
        let model = model.ignoring(ignored);
        Ok(Session { history, options, model, name, source })
    }

    /// Returns the session of a history of a model of the caller's own.
    pub fn with_model<M: Model>(
        model: &M,
        history: &'a History,
        options: &'a Options,
    ) -> Session<'a> {
        let name = AnyModel::own_name::<M>();
        let (model, source) = (AnyModel::own(model), ModelSource::Given);
        Session { history, options, model, name, source }
    }

    /// Decides every key, and finds out more about those that fail: the first impossible operation
    /// and, for the first few, a minimal core. Takes the time that the options' budget allows, and
    /// a part of [`Options::explain_timeout`] after it.
    ///
    /// # Errors
    /// If the model refuses an operation.
    pub fn check(&self) -> Result<Report, Error> {
        let budget = self.options.budget.started();
        let options = &Options { budget, ..self.options.clone() };
        let session = Session { options, model: self.model.clone(), ..*self };
        options.enter(Phase::Deciding, 0);
        let mut report = session.decide_told(options.progress.as_ref())?;
        session.check_keys(&report)?;
        if report.verdict == Verdict::Invalid {
            session.refine(&mut report, explain::CORES)?;
        }
        if let Some(ties) = self.history.ties() {
            report.other_ties = Some(session.other_ties(ties, report.verdict)?);
        }
        options.enter(Phase::Idle, 0);
        Ok(report)
    }

    /// Refuses a verdict that hangs on a field which was not read: one that every operation has,
    /// and that turns the verdict if it is the key. Takes a few times the work of the verdict.
    fn check_keys(&self, report: &Report) -> Result<(), Error> {
        if report.verdict == Verdict::Unknown || matches!(self.model, AnyModel::Own(_)) {
            return Ok(());
        }
        for name in caveats::possible_keys(self.history) {
            let Some(history) = self.history.keyed_by(name) else { continue };
            let keys = history.partitions().len();
            if keys < 2 || keys > history.operations().len() / 2 {
                continue;
            }
            let effort: u64 = report.keys.iter().map(|key| key.effort.configurations).sum();
            let usual = Options {
                budget: Budget { configurations: Some(4 * effort + LEAST), ..self.options.budget },
                keep_orders: false,
                self_check: false,
                progress: None,
                ..self.options.clone()
            };
            let verdict = Session::new(&history, &usual)?.decide()?.verdict;
            if verdict != Verdict::Unknown && verdict != report.verdict {
                return Err(caveats::unread_key(name, [report.verdict, verdict]));
            }
        }
        Ok(())
    }

    /// Explains `report`, which [`Session::check`] returned, with at most `limit` anomalies. Takes
    /// about [`Options::explain_timeout`] at most, and no longer than the options allow in all.
    ///
    /// # Errors
    /// None, after a check without one.
    pub fn explain(&self, report: &Report, limit: usize) -> Result<Explanation, Error> {
        explain::explain(&self.model, self.history, self.options, report, limit, None)
    }

    /// As [`Session::explain`], for an excerpt of a history: `rest` is what has to be known of the
    /// other operations.
    ///
    /// # Errors
    /// None, after a check without one.
    pub(crate) fn explain_excerpt(
        &self,
        report: &Report,
        limit: usize,
        rest: Rest<'_>,
    ) -> Result<Explanation, Error> {
        explain::explain(&self.model, self.history, self.options, report, limit, Some(rest))
    }

    /// Returns what is around the first `limit` failures of `report`.
    ///
    /// # Errors
    /// None, after a check without one.
    pub fn contexts(&self, report: &Report, limit: usize) -> Result<Vec<Context>, Error> {
        explain::contexts(&self.model, self.history, self.options, report, limit)
    }

    /// Returns the linearizations behind `report`: those of valid keys only if the options
    /// [keep](Options::keep_orders) them. States take about `room` characters together, and none
    /// has more than 200. O(n) steps of the model.
    ///
    /// # Errors
    /// None, after a check without one.
    pub fn linearizations(&self, report: &Report, room: usize) -> Result<Linearizations, Error> {
        explain::linearizations(&self.model, self.history, self.options, report, room)
    }

    /// Returns the smallest clock offsets under which the history is linearizable. Takes about
    /// [`Options::explain_timeout`] at most.
    ///
    /// # Errors
    /// None, after a check without one.
    pub fn clock_skew(&self, report: &Report) -> Result<SkewOutcome, Error> {
        explain::find_clock_skew(&self.model, self.history, self.options, report)
    }

    /// Returns the reads of registers that are certainly stale: of values that were written once,
    /// after another one is known to have replaced them. Key by key, each in the order of the
    /// calls; none of objects that are no registers. O(n log n).
    ///
    /// # Errors
    /// If the model cannot read an operation.
    pub fn stale_reads(&self) -> Result<Vec<Stale>, Error> {
        explain::stale(&self.model, self.history)
    }

    /// Decides the keys within the options' budget, whose time runs. Progress is told of work but
    /// not of keys, and failures are not looked into: for who checks a history in parts.
    ///
    /// # Errors
    /// If the model refuses an operation.
    pub(crate) fn decide(&self) -> Result<Report, Error> {
        let options = &Options { progress: None, ..self.options.clone() };
        let session = Session { options, model: self.model.clone(), ..*self };
        session.decide_told(self.options.progress.as_ref())
    }

    /// Decides the keys; `progress` is told of configurations and memory.
    fn decide_told(&self, progress: Option<&Arc<Progress>>) -> Result<Report, Error> {
        let Session { history, options, name, source, .. } = *self;
        let mut report = self.model.visit(Deciding { name, history, options, progress })?;
        report.model_source = source;
        report.unread_outputs = self.model.unread_outputs(history);
        Ok(report)
    }

    /// Finds out which operations make the failing keys of `report` fail and, for the first `cores`
    /// of these, which few prove it; verifies that if the options ask for it.
    ///
    /// # Errors
    /// None, after a decision without one.
    pub(crate) fn refine(&self, report: &mut Report, cores: usize) -> Result<(), Error> {
        explain::refine(&self.model, self.history, self.options, report, cores)?;
        if self.options.self_check { self.verify_failures(report) } else { Ok(()) }
    }

    /// Returns the verdict under the other reading of equal times. Where they count as concurrent,
    /// operations have more orders than under any other reading; so a history that is invalid then
    /// is always invalid, and one that is valid under the other reading is always valid.
    fn other_ties(&self, ties: Ties, verdict: Verdict) -> Result<OtherTies, Error> {
        let is_settled = match ties {
            Ties::Concurrent => verdict != Verdict::Valid,
            Ties::Ordered => verdict != Verdict::Invalid,
        };
        let other = ties.other();
        if is_settled {
            return Ok(OtherTies { ties: other, verdict });
        }
        let options = &Options { keep_orders: false, self_check: false, ..self.options.clone() };
        let history = &self.history.with_ties(other)?;
        let session = Session { history, options, model: self.model.clone(), ..*self };
        let report = session.decide_told(options.progress.as_ref())?;
        Ok(OtherTies { ties: other, verdict: report.verdict })
    }

    /// Verifies the certificate of every failing key. Those of valid keys are verified as they are
    /// found.
    fn verify_failures(&self, report: &mut Report) -> Result<(), Error> {
        let Session { history, options, model, .. } = self;
        let partitions = history.partitions();
        options.enter(Phase::Verifying, report.keys.len());
        let verify = |at: usize| match &report.keys[at].decision {
            Decision::Invalid(failure) => {
                let Partition { operations, .. } = partitions.get(at);
                let readings = model::read(model, history, operations, Some(failure.horizon))?;
                let proof = proof::confirm_failure(model, &readings, &failure.core);
                let is_claimed = failure.is_minimal && proof == Proof::Confirmed;
                Ok(Some(match is_claimed.then(|| is_minimal(model, &readings, &failure.core)) {
                    Some(Minimality::Smaller(_)) => {
                        Proof::Wrong("the core is not minimal".to_owned())
                    }
                    _ => proof,
                }))
            }
            _ => Ok(None),
        };
        let proofs = on_threads(options.threads, report.keys.len(), &|at| {
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
}

/// Decides all keys.
struct Deciding<'a> {
    name: &'a str,
    history: &'a History,
    options: &'a Options,
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
