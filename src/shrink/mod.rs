//! A failing history cut down to the few operations that prove it: one for a regression suite.

mod excerpt;

use crate::check::{Decision, Failure, Options, Report};
use crate::error::Error;
use crate::history::{History, OpIndex, Rank, Record};
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
    let mut sources: Vec<Record> =
        history.operations().iter().map(|operation| operation.invoked).collect();
    let initial = options.initial.or_else(|| history.metadata_field("initial"));
    let again = Options {
        model: Some(report.model.clone()),
        initial,
        keep_orders: false,
        self_check: false,
        // What is left tells more than how far each check of it is.
        progress: None,
        ..options.clone()
    };
    let mut chosen = cut(history, history.partitions().get(key_at).operations, failure);
    let mut is_minimal = failure.is_minimal;
    let mut small: Option<History> = None;
    // Among few operations others may turn out not to be needed.
    options.enter(Phase::Shrinking, history.operations().len());
    for _ in 0..ROUNDS {
        if let Some(progress) = &options.progress {
            progress.reach(chosen.operations.len() as u64);
        }
        let next = excerpt(small.as_ref().unwrap_or(history), &chosen, None)?;
        sources = at(&sources, &chosen);
        let all: Vec<OpIndex> = next.indices().collect();
        let report = crate::check(&next, &again)?;
        let failure = report.failures().next().map(|(_, failure)| failure.clone());
        let Some(failure) = failure.filter(Failure::is_first) else {
            // The time is up: all of it, as it is.
            let nth = chosen.operations.partition_point(|&at| at < chosen.operation);
            chosen = Chosen { operations: all, operation: OpIndex::new(nth), horizon: Rank::LAST };
            is_minimal = false;
            small = Some(next);
            break;
        };
        chosen = cut(&next, &all, &failure);
        is_minimal = failure.is_minimal;
        small = Some(next);
        if chosen.operations.len() == all.len() {
            break;
        }
    }
    let small = small.as_ref().unwrap_or(history);
    let bare = excerpt(small, &chosen, None)?;
    let mut header = Header {
        model: &report.model,
        is_inferred: model::infer(&bare).is_ok_and(|entry| entry.name == report.model),
        initial,
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
fn cut(history: &History, operations: &[OpIndex], failure: &Failure) -> Chosen {
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
