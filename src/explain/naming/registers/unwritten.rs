//! Values that were seen before anybody can have written them: phantom, dirty and future reads.

use super::scene::{Act, Scene};
use crate::explain::anomaly::Anomaly;
use crate::explain::naming::classify::Origin;
use crate::explain::naming::evidence::unanswered;
use crate::explain::naming::words;
use crate::history::{OpIndex, Outcome, Rank};
use crate::model::{Facts, Model, Token};
use crate::words::{call_phrase, process_phrase, return_phrase};

/// The anomaly, if an operation of the core saw a value that nobody can have written until it
/// returned. O(n) if one did.
pub(super) fn name(scene: &Scene<'_>) -> Option<Anomaly> {
    if scene.acts.iter().any(|act| act.updates && act.access.writes.is_none()) {
        return None;
    }
    for at in scene.observers(usize::MAX) {
        let act = &scene.acts[at];
        let Some(token) = act.access.reads else { continue };
        if earliest(scene, token) > act.access.span.ret
            && let Some(anomaly) = classify(scene, act, token)
        {
            return Some(anomaly);
        }
    }
    None
}

/// The earliest rank at which the value can have been `token`, going by the core: every writer
/// needs to have been called, and, if it replaces a certain value, to have found that one.
fn earliest(scene: &Scene<'_>, token: Token) -> Rank {
    let mut known = vec![(scene.initial, Rank::FIRST)];
    let rank = |known: &[(Token, Rank)], token: Token| {
        known
            .iter()
            .filter(|entry| entry.0 == token)
            .map(|entry| entry.1)
            .min()
            .unwrap_or(Rank::NEVER)
    };
    // Every round but the last makes a token known earlier, by way of one more writer.
    for _ in 0..=scene.acts.len() {
        let mut is_news = false;
        for act in &scene.acts {
            let Some(written) = act.access.writes else { continue };
            let from = act.access.reads.map_or(Rank::FIRST, |read| rank(&known, read));
            let at = if from == Rank::NEVER { Rank::NEVER } else { from.max(act.access.span.call) };
            if at < rank(&known, written) {
                known.push((written, at));
                is_news = true;
            }
        }
        if !is_news {
            break;
        }
    }
    rank(&known, token)
}

/// Who writes a value, besides those that the core holds.
#[derive(Default)]
struct Writers {
    /// An operation that failed, called before the reader returned.
    failed: Option<OpIndex>,
    /// The first that was called after the reader had returned.
    later: Option<OpIndex>,
    /// Whether one that is not in the core may have been in time.
    is_open: bool,
}

/// What is missing for the value to become `token`: itself, or what its writers need to find.
fn missing(scene: &Scene<'_>, token: Token) -> Token {
    let mut missing = token;
    for _ in 0..scene.acts.len() {
        let needs = |at: usize| {
            let needed = scene.acts[at].access.reads?;
            (earliest(scene, needed) == Rank::NEVER).then_some(needed)
        };
        match scene.writers(missing).find_map(needs) {
            Some(needed) => missing = needed,
            None => break,
        }
    }
    missing
}

fn classify(scene: &Scene<'_>, act: &Act, token: Token) -> Option<Anomaly> {
    let root = missing(scene, token);
    let writers = writers(scene, act, root);
    if writers.is_open {
        return None;
    }
    let history = scene.case.history;
    let index = act.access.index;
    let (event, value) = (words::event(history, index), words::seen(history, index));
    let origin = Origin::of(writers.failed, writers.later);
    let is_direct = root == token;
    let summary = match origin {
        Origin::Failed(failed) => {
            let (who, what) = (process_phrase(history, failed), words::thing(history, failed));
            if is_direct {
                format!("{event}, which only {who}'s {what} had tried to write, and that failed")
            } else {
                format!("{event}, which takes {who}'s {what} to have happened, and that failed")
            }
        }
        Origin::Later(later) => format!(
            "{event} and had its answer {}, but {} only called its {}{} {}",
            return_phrase(history, index),
            process_phrase(history, later),
            words::thing(history, later),
            if is_direct { "" } else { ", which that takes," },
            call_phrase(history, later),
        ),
        Origin::Nobody if is_direct => format!("{event}, which nobody ever wrote"),
        Origin::Nobody => {
            format!("{event}, but the only updates to {value} cannot have found what they replace")
        }
    };
    Some(scene.anomaly(origin.kind(), origin.operation().as_slice(), summary))
}

/// Looks for writers of `token` among all operations of the key.
fn writers(scene: &Scene<'_>, act: &Act, token: Token) -> Writers {
    let case = scene.case;
    let mut writers = Writers::default();
    let writes = |facts: Facts| facts.leaves() == Some(token);
    for reading in case.readings {
        if !writes(case.model.facts(&reading.op)) {
            continue;
        }
        if reading.span.call > act.access.span.ret {
            writers.later = writers.later.or(Some(reading.index));
        } else if scene.violation.core.binary_search(&reading.index).is_err() {
            writers.is_open = true;
        }
    }
    for &index in case.operations {
        let is_early = case.history.span(index).call < act.access.span.ret;
        let fails = case.operation(index).outcome == Outcome::Fail;
        if fails
            && is_early
            && unanswered(case, index).is_some_and(|op| writes(case.model.facts(&op)))
        {
            writers.failed = Some(index);
            break;
        }
    }
    writers
}
