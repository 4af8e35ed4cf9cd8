//! A failing history cut down to the few operations that prove it: one for a regression suite.

mod excerpt;

use std::borrow::Cow;

use crate::check::{Decision, Failure, Options, Report, Start};
use crate::error::Error;
use crate::history::{History, OpIndex, Rank, Record, Value};
use crate::model::{self, ModelOptions};
use crate::progress::Phase;
use crate::session::Session;
use excerpt::{Chosen, Header, excerpt};

/// So many times what was cut down is cut down again.
const ROUNDS: usize = 8;

/// A failing history that was cut down.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The history, with metadata that says what is expected of it and where it comes from.
    pub history: History,
    /// Whether nothing can be left out of it; see [`crate::proof::is_minimal`].
    pub is_minimal: bool,
}

/// Cuts `history`, of which [`check`](crate::check()) made `report` with `options`, down to the
/// counterexample of its failing key at `key_at`, a position in [`Report::keys`]; `None` if that
/// key does not fail. `file` is the history's name.
///
/// The result fails by itself under the same options. It keeps keys, processes, values, times and
/// further fields; what returned only after the proof was complete has not returned there. Where no
/// small core is known, it is the history up to the first impossible operation.
///
/// # Errors
/// None, for the same history and options as the report's.
pub fn shrink(
    history: &History,
    options: &Options,
    report: &Report,
    key_at: usize,
    file: Option<&str>,
) -> Result<Option<Shrunk>, Error> {
    let Some(Decision::Invalid(failure)) = report.keys.get(key_at).map(|key| &key.decision) else {
        return Ok(None);
    };
    let Origin { history, initial, is_told } = &Origin::of(history, options, report, key_at)?;
    let (initial, is_told) = (*initial, *is_told);
    let again = Options {
        model: Some(report.model.clone()),
        initial,
        initials: Vec::new(),
        unknown_initial: !is_told,
        keep_orders: false,
        self_check: false,
        // What is left tells more than how far each check of it is.
        progress: None,
        ..options.clone()
    };
    let operations = history.partitions().get(key_at).operations.to_vec();
    let mut cut = Cut {
        small: None,
        sources: history.operations().iter().map(|operation| operation.invoked).collect(),
        chosen: choose(history, &operations, failure),
        is_minimal: failure.is_minimal && is_told,
    };
    if is_told {
        cut = cut.again(history, &again, options)?;
    } else {
        // All of them tell the start.
        cut.chosen = Chosen { operations, horizon: Rank::LAST, ..cut.chosen };
    }
    let Cut { small, sources, chosen, is_minimal } = cut;
    let small = small.as_ref().unwrap_or(history);
    let bare = excerpt(small, &chosen, None)?;
    let mut header = Header {
        model: &report.model,
        is_inferred: model::infer(&bare).is_ok_and(|entry| entry.name == report.model),
        initial,
        is_unknown: !is_told,
        flags: flags(options.model_options),
        file,
        sources: &at(&sources, &chosen),
        of: history.selected().map_or(history.operations().len(), |all| all.operations),
        is_minimal,
        shows: None,
    };
    // The story may speak of records, so that it is told of the history as it will be written.
    header.shows = shows(&excerpt(small, &chosen, Some(&header))?, &again)?;
    let history = excerpt(small, &chosen, Some(&header))?;
    options.enter(Phase::Idle, 0);
    Ok(Some(Shrunk { history, is_minimal }))
}

/// How far a history was cut down.
struct Cut {
    /// What is left of it, if it is not all.
    small: Option<History>,
    /// The records of the invocations of what is left, in the whole.
    sources: Vec<Record>,
    /// What is to be kept of that.
    chosen: Chosen,
    is_minimal: bool,
}

impl Cut {
    /// Cuts down what was cut down, under the options `again`: among few operations others may turn
    /// out not to be needed.
    fn again(
        mut self,
        history: &History,
        again: &Options,
        options: &Options,
    ) -> Result<Cut, Error> {
        options.enter(Phase::Shrinking, history.operations().len());
        for _ in 0..ROUNDS {
            if let Some(progress) = &options.progress {
                progress.reach(self.chosen.operations.len() as u64);
            }
            let next = excerpt(self.small.as_ref().unwrap_or(history), &self.chosen, None)?;
            self.sources = at(&self.sources, &self.chosen);
            let all: Vec<OpIndex> = next.indices().collect();
            let report = crate::check(&next, again)?;
            let failure = report.failures().next().map(|(_, failure)| failure.clone());
            let Some(failure) = failure.filter(Failure::is_first) else {
                // The time is up: all of it, as it is.
                let Chosen { operations, operation, .. } = &self.chosen;
                let nth = OpIndex::new(operations.partition_point(|at| at < operation));
                self.chosen = Chosen { operations: all, operation: nth, horizon: Rank::LAST };
                self.is_minimal = false;
                self.small = Some(next);
                break;
            };
            self.chosen = choose(&next, &all, &failure);
            self.is_minimal = failure.is_minimal;
            self.small = Some(next);
            if self.chosen.operations.len() == all.len() {
                break;
            }
        }
        Ok(self)
    }
}

/// What a key starts from, to cut it down as an object of its own.
struct Origin<'h> {
    /// The history, whose values hold what the key starts from.
    history: Cow<'h, History>,
    /// What the key starts from, unless that is what is usual for the model.
    initial: Option<Value>,
    /// Whether that can be said. If not, it has to be found out again.
    is_told: bool,
}

impl<'h> Origin<'h> {
    fn of(
        history: &'h History,
        options: &Options,
        report: &Report,
        key_at: usize,
    ) -> Result<Origin<'h>, Error> {
        if let Ok(initial) = Start::of(Some(history), options)?.of_all() {
            return Ok(Origin { history: Cow::Borrowed(history), initial, is_told: true });
        }
        let mut values = history.values().clone();
        let start = Session::new(history, options)?.start_value(report, key_at, &mut values)?;
        let mut history = history.clone();
        *history.values_mut() = values;
        let (initial, is_told) = (start.flatten(), start.is_some());
        Ok(Origin { history: Cow::Owned(history), initial, is_told })
    }
}

/// The anomaly that a small history shows, and what happened, in a sentence.
fn shows(history: &History, options: &Options) -> Result<Option<(&'static str, String)>, Error> {
    let session = Session::new(history, options)?;
    let explanation = session.explain(&session.check()?, 1)?;
    Ok(explanation.anomalies.first().map(|anomaly| {
        let mut chars = anomaly.summary.chars();
        let first = chars.next().map_or(String::new(), |first| first.to_uppercase().to_string());
        (anomaly.kind.name(), format!("{first}{}.", chars.as_str()))
    }))
}

/// The entries of `sources` for the operations chosen.
fn at(sources: &[Record], chosen: &Chosen) -> Vec<Record> {
    chosen.operations.iter().map(|&index| sources[index]).collect()
}

/// What to keep of a key's `operations` (in the order of their calls) that fail so.
fn choose(history: &History, operations: &[OpIndex], failure: &Failure) -> Chosen {
    let &Failure { operation, horizon, .. } = failure;
    let kept = if failure.core.is_empty() {
        let is_known = |index: &&OpIndex| history.span(**index).call <= horizon;
        operations.iter().filter(is_known).copied().collect()
    } else {
        failure.core.clone()
    };
    Chosen { operations: kept, operation, horizon: horizon.min(Rank::LAST) }
}

/// The flags of the command line under which a history is read like this.
fn flags(options: ModelOptions) -> Vec<String> {
    let ModelOptions { failed_cas_observes, check_owner, largest_first, ignored_outputs } = options;
    let flags = [
        ("--failed-cas observes", failed_cas_observes),
        ("--any-owner", !check_owner),
        ("--largest-first", largest_first),
    ];
    let flags = flags.into_iter().filter(|flag| flag.1).map(|flag| flag.0.to_owned());
    let names = ignored_outputs.names();
    let ignored = (!names.is_empty()).then(|| format!("--ignore-outputs {}", names.join(",")));
    flags.chain(ignored).collect()
}
