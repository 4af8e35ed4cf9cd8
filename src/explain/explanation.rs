//! All that is said about a history that failed: what went wrong, what proves it, what still holds.

use super::allowance::{Part, go_on, meter, of_key};
use super::anomaly::Anomaly;
use super::case::Case;
use super::causes::{self, Grounds};
use super::guarantees::{Guarantee, Held, Versions, guarantees};
use super::skew::{PROCESSES, SkewOutcome, clock_skew};
use super::staleness::{Staleness, staleness};
use super::violations::{Violation, Violations, violations};
use crate::check::{Failure, Meter, Models, Options, Report};
use crate::error::Error;
use crate::history::{History, Partition, count_processes};
use crate::model::{self, AnyModel, AnyOp, Model, Reading};
use crate::progress::Phase;
use crate::threads::{on_threads, side_by_side};

/// So many failing keys are explained; the others are located only.
const KEYS: usize = 16;

/// What went wrong, and what did not.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Explanation {
    /// The first failing keys.
    pub keys: Vec<KeyExplanation>,
    /// What went wrong, the most telling first.
    pub anomalies: Vec<Anomaly>,
    /// How many violations are not among them, as far as they were counted.
    pub more: usize,
    /// Whether all violations were found or counted.
    pub is_complete: bool,
    /// The clock offsets that would explain it all, or why there are none.
    pub clock_skew: SkewOutcome,
}

impl Explanation {
    /// The counterexample to show: the first failing key that has one, by its position in
    /// [`Report::keys`], with its first violation that is proved by few operations.
    pub fn counterexample(&self) -> Option<(usize, &Violation)> {
        self.keys.iter().find_map(|key| {
            let proved = key.violations.iter().find(|violation| !violation.core.is_empty());
            proved.map(|violation| (key.key_at, violation))
        })
    }
}

/// What was found out about one failing key.
#[derive(Clone, PartialEq, Debug)]
pub struct KeyExplanation {
    /// Its position in [`Report::keys`].
    pub key_at: usize,
    /// What it starts from for this explanation, where that is not known; from nothing else is it
    /// linearizable either.
    pub initial: Option<String>,
    /// Its first violations.
    pub violations: Vec<Violation>,
    /// What it still guarantees.
    pub guarantees: Vec<Held>,
    /// How stale its reads are.
    pub staleness: Option<Staleness>,
}

/// Explains `report`, which was made of `history`, with at most `limit` anomalies. Of an excerpt,
/// `rest` is what has to be known of the other operations: the first failing keys are complete, and
/// only these are explained. Clocks are then said to explain nothing, or nothing is said of them,
/// since what the other keys allow is not known.
///
/// # Errors
/// None, for the same model, history and options as the report's.
pub(crate) fn explain(
    models: &Models,
    history: &History,
    options: &Options,
    report: &Report,
    limit: usize,
    rest: Option<Rest<'_>>,
) -> Result<Explanation, Error> {
    if report.failures().next().is_none() {
        let stuck = rest.map_or_else(|| causes::stuck(history), |rest| rest.stuck);
        let anomalies = stuck.into_iter().take(limit).collect();
        return Ok(Explanation { anomalies, is_complete: true, ..Explanation::default() });
    }
    Explaining { history, options, report, limit, rest }.run(models)
}

/// What is to be said where there is no time to explain anything.
fn unexplained(report: &Report) -> Explanation {
    let more = report.failures().count();
    Explanation { more, clock_skew: SkewOutcome::NotFound, ..Explanation::default() }
}

/// What explaining an excerpt has to know of the rest.
pub(crate) struct Rest<'a> {
    /// What is stuck in the whole.
    pub(crate) stuck: Option<Anomaly>,
    /// The keys that are there with all operations, and the report on them.
    pub(crate) complete: (&'a History, &'a Report),
    /// Whether these are all keys of the whole.
    pub(crate) is_all: bool,
    /// How many of the failing keys are complete; the first ones.
    pub(crate) failing: usize,
}

struct Explaining<'a> {
    history: &'a History,
    options: &'a Options,
    report: &'a Report,
    limit: usize,
    /// What is not in the history, if it is an excerpt.
    rest: Option<Rest<'a>>,
}

impl Explaining<'_> {
    fn run(self, models: &Models) -> Result<Explanation, Error> {
        let Explaining { history, options, report, limit, .. } = self;
        let meters = Meters::new(options, history);
        if meters.violations.poll().is_err() {
            return Ok(unexplained(report));
        }
        let partitions = history.partitions();
        let explained = self.rest.as_ref().map_or(KEYS, |rest| rest.failing.min(KEYS));
        let failing: Vec<(usize, &Failure)> = report.failing().take(explained).collect();
        options.enter(Phase::Violations, failing.len());
        let explained = on_threads(options.threads, failing.len(), &|nth| {
            let (key_at, failure) = failing[nth];
            let meters = KeyMeters::new(&meters, (nth, failing.len()), options.threads);
            let key = (key_at, partitions.get(key_at));
            let one = self.explain_key(models, key, failure, meters);
            options.advance();
            one
        });
        let more = report.failures().count() - failing.len();
        let mut explanation =
            Explanation { more, is_complete: more == 0, ..Explanation::default() };
        let (mut named, mut looked_at) = (Vec::new(), Vec::new());
        let mut worked = 0_u64;
        for explained in explained {
            let OneKey { key, anomalies, more, is_complete, looked_at: one } = explained?;
            worked = worked.saturating_add(one.worked());
            looked_at.push(one);
            explanation.keys.push(key);
            explanation.more += more;
            explanation.is_complete &= is_complete;
            named.extend(anomalies);
        }
        options.enter(Phase::Clocks, 0);
        go_on(&meters.clocks, &[&meters.violations, &meters.guarantees], worked);
        let keys = &explanation.keys;
        let staleness = |((one, key), &(_, failure)): ((LookedAt, &KeyExplanation), &_)| {
            let partition = partitions.get(key.key_at);
            one.staleness(history, (models, partition, failure), key)
        };
        let (skew, staleness) = side_by_side(
            options.threads,
            || self.clock_skew(models, &unordered(keys), &meters.clocks),
            || -> Vec<Option<Staleness>> {
                looked_at.into_iter().zip(keys).zip(&failing).map(staleness).collect()
            },
        );
        for (key, staleness) in explanation.keys.iter_mut().zip(staleness) {
            key.staleness = staleness;
        }
        explanation.clock_skew = skew?;
        go_on(&meters.causes, &[&meters.clocks], meters.clocks.worked());
        options.enter(Phase::Causes, 0);
        let (partitions, failing, meter) = (&partitions, &failing, &meters.causes);
        let skew = explanation.clock_skew.found();
        let grounds = Grounds { history, models, partitions, failing, skew, meter };
        explanation.anomalies = causes::arrange(&grounds, &named);
        explanation.anomalies.extend(match self.rest {
            Some(rest) => rest.stuck,
            None => causes::stuck(history),
        });
        explanation.more +=
            explanation.anomalies.iter().skip(limit).map(|one| one.count).sum::<usize>();
        explanation.anomalies.truncate(limit);
        options.enter(Phase::Idle, 0);
        Ok(explanation)
    }
}

/// The keys that are known not to be sequentially consistent, by their positions in the report.
fn unordered(keys: &[KeyExplanation]) -> Vec<usize> {
    let is_broken =
        |held: &Held| held.guarantee == Guarantee::Sequential && held.holds == Some(false);
    let keys = keys.iter().filter(|key| key.guarantees.iter().any(is_broken));
    keys.map(|key| key.key_at).collect()
}

/// The limits of the parts of an explanation.
struct Meters {
    violations: Meter,
    guarantees: Meter,
    staleness: Meter,
    clocks: Meter,
    causes: Meter,
}

impl Meters {
    fn new(options: &Options, history: &History) -> Meters {
        let of = |part| meter(options, history, part);
        Meters {
            violations: of(Part::Violations),
            guarantees: of(Part::Guarantees),
            staleness: of(Part::Staleness),
            clocks: of(Part::Clocks),
            causes: of(Part::Causes),
        }
    }
}

/// The limits of the parts of an explanation that each key has for itself.
struct KeyMeters {
    violations: Meter,
    guarantees: Meter,
    staleness: Meter,
    /// How many threads may work for the key.
    threads: usize,
}

impl KeyMeters {
    /// Those of the key that is the `nth` of so `many`, of which a single one has all `threads`.
    fn new(meters: &Meters, (nth, many): (usize, usize), threads: usize) -> KeyMeters {
        let of = |meter| of_key(meter, nth, many, KEYS);
        KeyMeters {
            violations: of(&meters.violations),
            guarantees: of(&meters.guarantees),
            staleness: of(&meters.staleness),
            threads: if many == 1 { threads } else { 1 },
        }
    }
}

/// What one key adds to an explanation.
struct OneKey {
    key: KeyExplanation,
    anomalies: Vec<Anomaly>,
    more: usize,
    is_complete: bool,
    looked_at: LookedAt,
}

/// What was looked at of a key.
struct LookedAt {
    readings: Vec<Reading<AnyOp>>,
    /// What was found out about its versions, if it is a register.
    register: Option<Versions>,
    meters: KeyMeters,
}

impl LookedAt {
    /// How much work that was.
    fn worked(&self) -> u64 {
        let KeyMeters { violations, guarantees, .. } = &self.meters;
        violations.worked().saturating_add(guarantees.worked())
    }

    /// How stale the reads are of a key that has this model, these operations and this failure.
    fn staleness(
        self,
        history: &History,
        (models, partition, failure): (&Models, Partition<'_>, &Failure),
        key: &KeyExplanation,
    ) -> Option<Staleness> {
        let meter = &self.meters.staleness;
        let case = Case {
            history,
            model: models.of(partition.key),
            key_at: key.key_at,
            operations: partition.operations,
            readings: &self.readings,
            failure,
            meter,
        };
        meter.poll().ok()?;
        staleness(&case, self.register, &key.violations)
    }
}

impl Explaining<'_> {
    fn clock_skew(
        &self,
        models: &Models,
        unordered: &[usize],
        meter: &Meter,
    ) -> Result<SkewOutcome, Error> {
        if meter.poll().is_err() {
            return Ok(SkewOutcome::NotFound);
        }
        let Some(rest) = &self.rest else {
            return clock_skew(models, self.history, self.report, unordered, meter);
        };
        let (history, report) = rest.complete;
        let skew = clock_skew(models, history, report, &[], meter)?;
        let mut operations = history.operations().iter();
        let first = operations.next().map(|operation| operation.process);
        // What is impossible for a part is so for all; but one clock has no offsets, and of many it
        // is not asked.
        let several = operations.any(|operation| Some(operation.process) != first);
        let few = count_processes(self.history) <= PROCESSES;
        Ok(match skew {
            skew if rest.is_all => skew,
            SkewOutcome::Impossible if several && few => skew,
            _ => SkewOutcome::NotFound,
        })
    }

    /// What a key starts from that has this model, if that is not known.
    fn initial(&self, model: &AnyModel) -> Option<String> {
        let is_unknown = self.report.unknown_initial;
        is_unknown.then(|| model.describe(&model.initial(), self.history.values())).flatten()
    }

    fn explain_key(
        &self,
        models: &Models,
        (key_at, partition): (usize, Partition<'_>),
        failure: &Failure,
        meters: KeyMeters,
    ) -> Result<OneKey, Error> {
        let model = models.of(partition.key);
        let readings = model::read(model, self.history, partition.operations, None)?;
        let case = Case {
            history: self.history,
            model,
            key_at,
            operations: partition.operations,
            readings: &readings,
            failure,
            meter: &meters.violations,
        };
        let held = Case { meter: &meters.guarantees, ..case };
        let (found, (guarantees, register)) =
            side_by_side(meters.threads, || violations(&case, self.limit), || guarantees(&held));
        let initial = self.initial(model);
        let Violations { list, more, is_complete } = found?;
        let (violations, anomalies) = list.into_iter().unzip();
        let key = KeyExplanation { key_at, initial, violations, guarantees, staleness: None };
        let looked_at = LookedAt { readings, register, meters };
        Ok(OneKey { key, anomalies, more, is_complete, looked_at })
    }
}
