//! The whole way from a history to what is reported of it: choose the model, decide, locate,
//! verify, explain. The only place that knows the order.

use std::sync::Arc;

use crate::budget::Budget;
use crate::check::{self, Decision, KeyReport, Meter, Models, Options, OtherTies, Report};
use crate::check::{Start, Verdict};
use crate::conditions::may_name_an_object;
use crate::error::{Code, Error};
use crate::explain::{
    self, ClockSkew, Context, Explanation, Linearizations, Rest, SkewOutcome, Stale,
};
use crate::hints::{self, Hint};
use crate::history::{History, Partition, Ties, Value, ValueTable};
use crate::model::{self, AnyModel, Model, ModelSource};
use crate::progress::{Phase, Progress};
use crate::proof::{self, Minimality, Proof, is_minimal};
use crate::threads::{on_threads, side_by_side};
use crate::unread;
use crate::wrapped::check_wrapped;

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
    models: Models,
    name: &'static str,
    source: ModelSource,
    /// Whether the model is the caller's own.
    is_own: bool,
}

impl<'a> Session<'a> {
    /// Returns the session of a history of a built-in model: the one that the options name, or
    /// that the history implies.
    ///
    /// A key of [`Options::initials`] that no operation has stands for the one that is called the
    /// same: the string `"7"` for the number 7, or for the keyword `:7`.
    ///
    /// # Errors
    /// If no model fits, it cannot start from the initial value, or a key with one of its own is
    /// not there.
    pub fn new(history: &'a History, options: &'a Options) -> Result<Session<'a>, Error> {
        unread::check_read(history, options.threads)?;
        Session::of_read(history, options)
    }

    /// As [`Session::new`], for a history that was looked through already.
    fn of_read(history: &'a History, options: &'a Options) -> Result<Session<'a>, Error> {
        if history.operations().is_empty() && !history.has_real_time() {
            // What lists sessions may list none.
            return Err(Error::new(Code::Empty, "the sessions hold no transaction")
                .hint("was the recorder running, and is this the right file?"));
        }
        let (entry, source) = match model::named(options.model.as_deref(), history) {
            Some(named) => named?,
            None => (model::infer_on(options.threads, history)?, ModelSource::Inferred),
        };
        let start = Start::of(Some(history), options)?;
        let models = Models::new(entry, &start, options.model_options, history)?;
        Ok(Session { history, options, models, name: entry.name, source, is_own: false })
    }

    /// Returns the session of a history of a model of the caller's own.
    pub fn with_model<M: Model>(
        model: &M,
        history: &'a History,
        options: &'a Options,
    ) -> Session<'a> {
        let name = AnyModel::own_name::<M>();
        let (models, source) = (Models::one(AnyModel::own(model)), ModelSource::Given);
        Session { history, options, models, name, source, is_own: true }
    }

    /// Decides every key, and finds out more about those that fail: the first impossible operation
    /// and, for the first few, a minimal core. Takes the time that the options' budget allows, and
    /// a part of [`Options::explain_timeout`] after it.
    ///
    /// # Errors
    /// If the model refuses an operation.
    pub fn check(&self) -> Result<Report, Error> {
        self.check_order()?;
        let budget = self.options.budget.started();
        let options = &Options { budget, ..self.options.clone() };
        let session = Session { options, models: self.models.clone(), ..*self };
        options.enter(Phase::Deciding, 0);
        let mut report = session.decide_told(options.progress.as_ref())?;
        session.check_keys(&report)?;
        if report.verdict == Verdict::Invalid && !self.is_own {
            check_wrapped(self.history, self.name)?;
        }
        match report.verdict {
            Verdict::Invalid => session.refine(&mut report, explain::CORES)?,
            Verdict::Valid => report.is_invalid_by_time = session.is_invalid_by_time(&report)?,
            Verdict::Unknown => {}
        }
        if let Some(ties) = self.history.ties() {
            report.other_ties = Some(session.other_ties(ties, report.verdict)?);
        }
        options.enter(Phase::Idle, 0);
        Ok(report)
    }

    /// Refuses a history without real time, unless its model knows the order of each process.
    fn check_order(&self) -> Result<(), Error> {
        if self.history.has_real_time() || ["multi-register", "list-append"].contains(&self.name) {
            return Ok(());
        }
        let message = format!("no record tells when it was invoked, which a {} needs", self.name);
        Err(Error::new(Code::NoInvocation, message).hint(
            "only transactions on registers and lists are decided by the order of each process \
                 alone",
        ))
    }

    /// Refuses a verdict that hangs on a field which was not read: one that every operation has,
    /// and that turns the verdict if it is the key. Takes a few times the work of the verdict.
    fn check_keys(&self, report: &Report) -> Result<(), Error> {
        if report.verdict == Verdict::Unknown || self.is_own {
            return Ok(());
        }
        for name in unread::possible_keys(self.history) {
            let Some(history) = self.history.keyed_by(name) else { continue };
            let keys = history.partitions().len();
            let is_rare = keys > history.operations().len() / 2;
            if keys < 2 || is_rare && !may_name_an_object(name) {
                continue;
            }
            let usual = self.trial_options(report);
            let verdict = Session::of_read(&history, &usual)?.decide()?.verdict;
            if verdict != Verdict::Unknown && verdict != report.verdict {
                return Err(unread::unread_key(name, [report.verdict, verdict]));
            }
        }
        Ok(())
    }

    /// The options for another reading of the history of `report`: a few times the work of that.
    fn trial_options(&self, report: &Report) -> Options {
        let effort: u64 = report.keys.iter().map(|key| key.effort.configurations).sum();
        Options {
            budget: Budget { configurations: Some(4 * effort + LEAST), ..self.options.budget },
            keep_orders: false,
            self_check: false,
            progress: None,
            ..self.options.clone()
        }
    }

    /// Whether the history of `report`, which is valid in the order of its records, is known to be
    /// invalid in that of its times. O(n) where these agree, else up to a few times the work of the
    /// verdict.
    fn is_invalid_by_time(&self, report: &Report) -> Result<bool, Error> {
        if self.history.is_excerpt() || !self.history.is_overtaken() {
            return Ok(false);
        }
        let Some(history) = &self.history.ordered_by_time() else { return Ok(false) };
        let options = &self.trial_options(report);
        let session = Session { history, options, models: self.models.clone(), ..*self };
        Ok(session.decide()?.verdict == Verdict::Invalid)
    }

    /// Explains `report`, which [`Session::check`] returned, with at most `limit` anomalies. Takes
    /// the work and time of [`Options::explain_timeout`] at most, and no longer than the options
    /// allow in all.
    ///
    /// # Errors
    /// None, after a check without one.
    pub fn explain(&self, report: &Report, limit: usize) -> Result<Explanation, Error> {
        let models = &self.settled(report)?;
        let explained = explain::explain(models, self.history, self.options, report, limit, None)?;
        let clock_skew = self.known_skew(explained.clock_skew);
        Ok(Explanation { clock_skew, ..explained })
    }

    /// Returns other settings under which a history that `report` calls invalid is valid, or has at
    /// most a tenth as many invalid keys: each was tried. None for a model of the caller's own.
    /// Takes a part of [`Options::explain_timeout`] at most, and no more configurations than a few
    /// times those of the check.
    ///
    /// ```
    /// use histcheck::{History, Options, Session};
    /// let mut history = History::builder();
    /// history.invoke(0, "read", ())?;
    /// history.ok(0, "read", 7)?;
    /// let (history, options) = (history.build()?, Options::default());
    /// let session = Session::new(&history, &options)?;
    /// let hints = session.hints(&session.check()?);
    /// assert_eq!(hints[0].message, "with `--init 7`, it is valid");
    /// # Ok::<(), histcheck::Error>(())
    /// ```
    pub fn hints(&self, report: &Report) -> Vec<Hint> {
        if self.is_own {
            return Vec::new();
        }
        hints::hints(self.history, self.options, report)
    }

    /// Returns what [`Session::explain`] does, with at most so many `anomalies`, the first so many
    /// `contexts`, and the hints; found out at once, on the threads that the options allow.
    ///
    /// # Errors
    /// None, after a check without one.
    pub fn explain_at_once(
        &self,
        report: &Report,
        anomalies: usize,
        contexts: usize,
    ) -> Result<(Explanation, Vec<Context>, Vec<Hint>), Error> {
        let (explanation, (contexts, hints)) = side_by_side(
            self.options.threads,
            || self.explain(report, anomalies),
            || (self.contexts(report, contexts), self.hints(report)),
        );
        Ok((explanation?, contexts?, hints))
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
        let models = &self.settled(report)?;
        explain::explain(models, self.history, self.options, report, limit, Some(rest))
    }

    /// Returns what is around the first `limit` failures of `report`.
    ///
    /// # Errors
    /// None, after a check without one.
    pub fn contexts(&self, report: &Report, limit: usize) -> Result<Vec<Context>, Error> {
        explain::contexts(&self.settled(report)?, self.history, self.options, report, limit)
    }

    /// Returns the linearizations behind `report`: those of valid keys only if the options
    /// [keep](Options::keep_orders) them. States take about `room` characters together, and none
    /// has more than 200. O(n) steps of the model.
    ///
    /// # Errors
    /// None, after a check without one.
    pub fn linearizations(&self, report: &Report, room: usize) -> Result<Linearizations, Error> {
        let models = &self.settled(report)?;
        explain::linearizations(models, self.history, self.options, report, room)
    }

    /// Returns the smallest clock offsets under which the history is linearizable. Takes about
    /// [`Options::explain_timeout`] at most.
    ///
    /// # Errors
    /// None, after a check without one.
    pub fn clock_skew(&self, report: &Report) -> Result<SkewOutcome, Error> {
        let models = &self.settled(report)?;
        let skew = explain::find_clock_skew(models, self.history, self.options, report)?;
        Ok(self.known_skew(skew))
    }

    /// Returns the reads of registers that are certainly stale: of values that were written once,
    /// after another one is known to have replaced them. Key by key, each in the order of the
    /// calls; none of objects that are no registers. O(n log n).
    ///
    /// # Errors
    /// If the model cannot read an operation.
    pub fn stale_reads(&self) -> Result<Vec<Stale>, Error> {
        explain::stale(&self.models, self.history)
    }

    /// What is known of clocks that were asked for with the starts of `report`: under others, there
    /// may be other starts.
    fn known_skew(&self, skew: SkewOutcome) -> SkewOutcome {
        match skew {
            SkewOutcome::Impossible if self.models.are_unknown() => SkewOutcome::NotFound,
            SkewOutcome::Found(skew) if self.models.are_unknown() => {
                SkewOutcome::Found(ClockSkew { is_smallest: false, ..skew })
            }
            skew => skew,
        }
    }

    /// The models of which `report` speaks.
    fn settled(&self, report: &Report) -> Result<Models, Error> {
        self.models.settled(self.history, report)
    }

    /// With which initial value a history starts that has the operations of the key at `key_at`
    /// alone, if it can be said: none, or one of `values`.
    pub(crate) fn start_value(
        &self,
        report: &Report,
        key_at: usize,
        values: &mut ValueTable,
    ) -> Result<Option<Option<Value>>, Error> {
        let models = self.settled(report)?;
        let model = models.of(self.history.partitions().get(key_at).key);
        Ok(model.start_value(&model.initial(), values))
    }

    /// Decides the keys within the options' budget, whose time runs. Progress is told of work but
    /// not of keys, and failures are not looked into: for who checks a history in parts.
    ///
    /// # Errors
    /// If the model refuses an operation.
    pub(crate) fn decide(&self) -> Result<Report, Error> {
        let options = &Options { progress: None, ..self.options.clone() };
        let session = Session { options, models: self.models.clone(), ..*self };
        session.decide_told(self.options.progress.as_ref())
    }

    /// Decides the keys; `progress` is told of configurations and memory.
    fn decide_told(&self, progress: Option<&Arc<Progress>>) -> Result<Report, Error> {
        let Session { history, options, name, source, .. } = *self;
        let meter = Meter::start(&options.budget, history.heap_bytes()).told_to(progress.cloned());
        let mut report = check::decide(&self.models, name, history, options, &meter)?;
        report.model_source = source;
        report.unknown_initial = self.models.are_unknown();
        report.unread_outputs = self.models.usual().unread_outputs(history, options.threads);
        Ok(report)
    }

    /// Finds out which operations make the failing keys of `report` fail and, for the first `cores`
    /// of these, which few prove it; verifies that if the options ask for it.
    ///
    /// # Errors
    /// None, after a decision without one.
    pub(crate) fn refine(&self, report: &mut Report, cores: usize) -> Result<(), Error> {
        let models = &self.settled(report)?;
        explain::refine(models, self.history, self.options, report, cores)?;
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
        let session = Session { history, options, models: self.models.clone(), ..*self };
        let report = session.decide_told(options.progress.as_ref())?;
        Ok(OtherTies { ties: other, verdict: report.verdict })
    }

    /// Verifies that a key fails from every other start than this one, where that is not known;
    /// returns why it does not hold, or cannot be told, if so.
    fn verify_other_starts(
        &self,
        partition: Partition<'_>,
        start: usize,
    ) -> Result<Option<Proof>, Error> {
        let Session { history, options, models, .. } = self;
        if !models.is_unknown(partition.key) {
            return Ok(None);
        }
        let all = model::read(models.usual(), history, partition.operations, None)?;
        let others = models.usual().starts(&all).unwrap_or_default().into_iter().enumerate();
        for (_, model) in others.filter(|&(nth, _)| nth != start) {
            let failure = explain::refute(&model, history, options, partition, &all)?;
            let failure = match failure {
                Some(Some(failure)) => failure,
                Some(None) => {
                    let why = "it is linearizable from another start";
                    return Ok(Some(Proof::Wrong(why.to_owned())));
                }
                None => return Ok(Some(Proof::TooLarge)),
            };
            let horizon = Some(failure.horizon);
            let readings = model::read(&model, history, partition.operations, horizon)?;
            let proof = proof::confirm_failure(&model, &readings, &failure.core);
            if proof != Proof::Confirmed {
                return Ok(Some(proof));
            }
        }
        Ok(None)
    }

    /// Verifies the certificate of every failing key. Those of valid keys are verified as they are
    /// found.
    fn verify_failures(&self, report: &mut Report) -> Result<(), Error> {
        let Session { history, options, .. } = self;
        let models = &self.settled(report)?;
        let partitions = history.partitions();
        options.enter(Phase::Verifying, report.keys.len());
        let key_start = |at: usize| report.keys[at].start;
        let verify = |at: usize| match &report.keys[at].decision {
            Decision::Invalid(failure) => {
                let Partition { key, operations } = partitions.get(at);
                let model = models.of(key);
                let readings = model::read(model, history, operations, Some(failure.horizon))?;
                let proof = proof::confirm_failure(model, &readings, &failure.core);
                if let Some(proof) = self.verify_other_starts(partitions.get(at), key_start(at))? {
                    return Ok(Some(proof));
                }
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
