//! Decides each key of a history, on as many threads as are given.

use std::sync::Arc;
use std::time::Duration;

use super::answer::{Answer, Deciders, Terms};
use super::components;
use super::exact::{self, Wanted};
use super::models::Models;
use super::object::{Object, Readings};
use super::refute;
use super::report::{Certificate, Decision, Failure, KeyReport, Report, Verdict};
use super::search::{self, Effort, Found};
use super::tokens::{self, Problem};
use crate::budget::{Budget, Meter};
use crate::error::{Error, StopReason};
use crate::history::{History, OpIndex, Partition, Rank, Value};
use crate::model::{self, Model, ModelOptions, ModelVisitor, Pos, Reading};
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
    /// What keys start from that start from something else than `initial`, as keys and values of
    /// the history. Keys that are not there may be meant by their names: see
    /// [`Session::new`](crate::Session::new).
    ///
    /// ```
    /// use histcheck::{Options, Verdict};
    /// let text = r#"{"process": 0, "type": "invoke", "f": "read", "key": "x"}
    /// {"process": 0, "type": "ok", "f": "read", "key": "x", "value": 7}
    /// "#;
    /// let mut history = histcheck::read_text(text)?;
    /// let values = history.values_mut();
    /// let initials = vec![(values.text("x"), values.int(7))];
    /// let options = Options { initials, ..Options::default() };
    /// assert_eq!(histcheck::check(&history, &options)?.verdict, Verdict::Valid);
    /// # Ok::<(), histcheck::Error>(())
    /// ```
    pub initials: Vec<(Value, Value)>,
    /// Whether it is not known what keys start from that are not among `initials`: a key is then
    /// linearizable if it is so from any value. `initial` counts for nothing.
    ///
    /// ```
    /// use histcheck::{History, Options, Verdict};
    /// let mut history = History::builder();
    /// for seen in [7, 8] {
    ///     history.invoke(0, "read", ())?;
    ///     history.ok(0, "read", seen)?;
    /// }
    /// let options = Options { unknown_initial: true, ..Options::default() };
    /// let report = histcheck::check(&history.build()?, &options)?;
    /// assert_eq!(report.verdict, Verdict::Invalid); // it cannot have held both
    /// # Ok::<(), histcheck::Error>(())
    /// ```
    pub unknown_initial: bool,
    /// What operations of the built-in models mean, where there is a choice.
    pub model_options: ModelOptions,
    /// Which deciders may decide. The verdict does not depend on it.
    pub deciders: Deciders,
    /// The limits.
    pub budget: Budget,
    /// How many threads to use; 0 for one a processor.
    pub threads: usize,
    /// How long a violation may be explained, once the verdict stands: parts of the explanation end
    /// after their shares of this time, or earlier, after as much work as can usually be done in
    /// them. If `None`, the clock is not looked at, and they end after the work of ten seconds: the
    /// same history is explained in the same way however busy the machine is.
    pub explain_timeout: Option<Duration>,
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
            initials: Vec::new(),
            unknown_initial: false,
            model_options: ModelOptions::default(),
            deciders: Deciders::default(),
            budget: Budget::default(),
            threads: 0,
            explain_timeout: None,
            self_check: false,
            keep_orders: true,
            progress: None,
        }
    }
}

/// Decides every key of `history` for its model, the models being called `name`, within what
/// `meter` leaves.
///
/// # Errors
/// If a model refuses an operation.
pub(crate) fn decide(
    models: &Models,
    name: &str,
    history: &History,
    options: &Options,
    meter: &Meter,
) -> Result<Report, Error> {
    let partitions = history.partitions();
    options.enter(Phase::Deciding, partitions.len());
    let decide_within = |most: u64, at: usize| {
        let partition = partitions.get(at);
        let finds_start = models.is_unknown(partition.key);
        let key = OneKey { history, partition, options, meter, finds_start, most };
        models.of(partition.key).visit(key)
    };
    let mut share = if partitions.len() > 1 { SHARE } else { u64::MAX };
    let decide_first = |at: usize| {
        let report = decide_within(share, at);
        options.advance();
        report
    };
    let keys = on_threads(options.threads, partitions.len(), &decide_first);
    let mut keys: Vec<KeyReport> = keys.into_iter().collect::<Result<_, _>>()?;
    while share < meter.configurations() {
        let is_open =
            |key: &KeyReport| matches!(key.decision, Decision::Unknown(StopReason::Configurations));
        let open: Vec<usize> = (0..keys.len()).filter(|&at| is_open(&keys[at])).collect();
        if open.is_empty() {
            break;
        }
        share = share.saturating_mul(MORE);
        let again = |nth: usize| decide_within(share, open[nth]);
        let reports = on_threads(options.threads, open.len(), &again);
        for (&at, report) in open.iter().zip(reports) {
            let report = report?;
            let mut effort = report.effort;
            effort.configurations += keys[at].effort.configurations;
            effort.steps += keys[at].effort.steps;
            keys[at] = KeyReport { effort, ..report };
        }
    }
    Ok(Report::new(name, keys))
}

/// So many configurations each of several keys may take before the others had theirs, and so many
/// times as many in each turn after that: a hard key does not use up the time of easy ones.
const SHARE: u64 = 1 << 16;
const MORE: u64 = 16;

/// Where counting invalid keys ends.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// So many keys may be invalid.
    pub(crate) invalid: usize,
    /// So many configurations may be visited, about.
    pub(crate) configurations: u64,
}

/// So many keys are decided between two looks at limits.
const BATCH: usize = 64;

/// Returns how many keys of `history` are invalid for their models, those of which `first` is true
/// being decided before others; `None` if that reaches the limits, or one is not decided.
pub(crate) fn count_invalid(
    models: &Models,
    history: &History,
    options: &Options,
    meter: &Meter,
    first: &dyn Fn(Option<Value>) -> bool,
    limits: Limits,
) -> Option<usize> {
    let partitions = history.partitions();
    let (mut positions, others): (Vec<usize>, Vec<usize>) =
        (0..partitions.len()).partition(|&at| first(partitions.get(at).key));
    positions.extend(others);
    let (mut invalid, mut configurations) = (0, 0);
    for batch in positions.chunks(BATCH) {
        meter.poll().ok()?;
        let keys = on_threads(options.threads, batch.len(), &|nth| {
            let partition = partitions.get(batch[nth]);
            let finds_start = models.is_unknown(partition.key);
            let most = u64::MAX;
            let key = OneKey { history, partition, options, meter, finds_start, most };
            models.of(partition.key).visit(key)
        });
        for (key, &at) in keys.into_iter().zip(batch) {
            let key = key.ok()?;
            meter.decided(partitions.get(at).operations.len(), key.effort.configurations);
            configurations += key.effort.configurations;
            match key.decision.verdict() {
                Verdict::Valid => {}
                Verdict::Invalid => invalid += 1,
                Verdict::Unknown => return None,
            }
        }
        if invalid > limits.invalid || configurations > limits.configurations {
            return None;
        }
    }
    Some(invalid)
}

/// A key to decide.
struct OneKey<'a> {
    history: &'a History,
    partition: Partition<'a>,
    options: &'a Options,
    meter: &'a Meter,
    /// Whether it is not known what it starts from.
    finds_start: bool,
    /// How many configurations a search may visit.
    most: u64,
}

impl ModelVisitor for OneKey<'_> {
    type Output = Result<KeyReport, Error>;

    fn visit<M: Model>(self, model: &M) -> Self::Output {
        if let Some(report) = self.read_straight(model)? {
            return Ok(report);
        }
        let readings = model::read(model, self.history, self.partition.operations, None)?;
        let starts = if self.finds_start { model.starts(&readings) } else { None };
        Ok(match starts {
            None => self.decided(model, &readings),
            Some(starts) => self.decided_from(&starts, &readings),
        })
    }
}

impl OneKey<'_> {
    /// Decides the key without a list of readings, which takes more memory than all else, if a
    /// decider can.
    fn read_straight<M: Model>(&self, model: &M) -> Result<Option<KeyReport>, Error> {
        let OneKey { history, partition, options, finds_start, .. } = *self;
        if options.deciders != Deciders::Auto || options.self_check || finds_start {
            return Ok(None);
        }
        let (operations, terms) = (partition.operations, self.terms());
        if let Some(problem) = Problem::read(model, history, operations)? {
            let index = |at: Pos| operations[at.index()];
            let key = report(history, partition, tokens::decide(problem, terms), &index);
            return Ok(Some(self.without_order(key)));
        }
        let ruled = exact::read(model, history, operations, terms.wanted)?;
        Ok(ruled.map(|(ruling, origins, name)| {
            let index = |at: Pos| operations[origins.of(at).index()];
            self.without_order(report(history, partition, Answer::ruled(ruling, name), &index))
        }))
    }

    fn terms(&self) -> Terms<'_> {
        let OneKey { options, meter, most, .. } = *self;
        let needs_order = options.keep_orders || options.self_check;
        let wanted = if needs_order { Wanted::Order } else { Wanted::Verdict };
        let Options { deciders, threads, .. } = *options;
        Terms { deciders, wanted, threads, most, meter }
    }

    /// Drops the linearization, as the options say.
    fn without_order(&self, mut key: KeyReport) -> KeyReport {
        if let Decision::Valid(certificate) = &mut key.decision
            && !self.options.keep_orders
        {
            certificate.order = Vec::new();
        }
        key
    }

    /// Decides the key, verifies its linearization if it has one, and drops that, as the options
    /// say.
    fn decided<M: Model>(&self, model: &M, readings: &[Reading<M::Op>]) -> KeyReport {
        let OneKey { history, partition, options, .. } = *self;
        let answer = answer(&Readings::new(model, readings), self.terms());
        let mut key = report(history, partition, answer, &|at: Pos| readings[at].index);
        if let Decision::Valid(certificate) = &key.decision
            && options.self_check
        {
            key.proof = Some(proof::confirm_order(model, readings, &certificate.order));
        }
        self.without_order(key)
    }

    /// Decides the key from one start after the other, until it is linearizable from one. If it is
    /// from none, the report is about the first one.
    fn decided_from<M: Model>(&self, starts: &[M], readings: &[Reading<M::Op>]) -> KeyReport {
        let mut decided: Option<KeyReport> = None;
        let mut effort = Effort::default();
        for (start, model) in starts.iter().enumerate() {
            let key = KeyReport { start, ..self.decided(model, readings) };
            effort.configurations += key.effort.configurations;
            effort.steps += key.effort.steps;
            let verdict = key.decision.verdict();
            let is_better = |known: &KeyReport| match known.decision.verdict() {
                Verdict::Valid => false,
                Verdict::Unknown => verdict == Verdict::Valid,
                Verdict::Invalid => verdict != Verdict::Invalid,
            };
            if decided.as_ref().is_none_or(is_better) {
                decided = Some(key);
            }
            if verdict == Verdict::Valid {
                break;
            }
        }
        let Some(decided) = decided else {
            // There are too many.
            let found = Found::Stopped(StopReason::Configurations);
            let answer = Answer::at_once(found, "nothing");
            return report(self.history, self.partition, answer, &|at: Pos| readings[at].index);
        };
        KeyReport { effort, ..decided }
    }
}

/// Asks the deciders in turn: tokens, an exact decider, a refutation, all of them for independent
/// parts, the general search.
pub(super) fn answer(object: &dyn Object, terms: Terms<'_>) -> Answer {
    let Terms { deciders, wanted, threads, most, meter } = terms;
    if deciders == Deciders::Auto {
        if let Some(problem) = object.on_tokens() {
            return tokens::decide(problem, terms);
        }
        if let Some((ruling, name)) = object.rule(wanted, meter) {
            return Answer::ruled(ruling, name);
        }
        if let Some(stuck) = refute::impossible_operation(object) {
            return Answer::at_once(Found::Nothing { stuck }, "refutation");
        }
        if let Some(answer) = components::decide(object, &|part| answer(part, terms)) {
            return answer;
        }
    }
    let (found, effort) = search::search_within(most, object.space(), threads, meter);
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
        start: 0,
    }
}
