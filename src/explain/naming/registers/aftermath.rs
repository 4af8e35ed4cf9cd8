//! What the other clients saw of a value after an operation had seen it: whether it was the state
//! again, or only this one's view.

use super::scene::Act;
use crate::explain::case::Case;
use crate::explain::causes::source::{Source, Sources};
use crate::history::{OpIndex, Rank, Value};
use crate::model::{Facts, Model, Token};

/// So many operations are looked at.
const AHEAD: usize = 2_000;

/// A primary that is not among the next so many answers of two has been followed by the other.
const ANSWERS: usize = 6;

/// What was seen between an operation and the next update.
#[derive(Default)]
pub(super) struct Aftermath {
    /// The last operation of another process that saw the same value, and asked or was answered
    /// elsewhere, as far as the history tells; or anywhere, if the primary itself has gone back.
    pub(super) confirmed: Option<OpIndex>,
    /// Whether a primary, by its own name, saw it, and a primary had shown a newer value before.
    pub(super) has_gone_back: bool,
    /// Whether a copy, by its own name, showed the value, and nothing else than copies did: copies
    /// may lag.
    pub(super) may_lag: bool,
    /// Whether one saw another value, though nothing had been called that could have changed it.
    pub(super) is_refuted: bool,
}

/// Follows the value that `act` saw, after the operations in `newer` had shown newer ones, until an
/// update is called; at most [`AHEAD`] operations.
pub(super) fn aftermath(case: &Case<'_>, act: &Act, token: Token, newer: &[&Act]) -> Aftermath {
    let process: Value = act.access.process;
    let sources = Sources::of(case.history);
    let source = sources.at(act.access.index);
    let node = case.history.extra_of(act.access.index, "node");
    let start = case.readings.partition_point(|reading| reading.span.call < act.access.span.ret);
    let ahead = || case.readings[start..].iter().take(AHEAD);
    // A primary has gone back behind what it was, or the one before it: one that goes on to answer
    // was not followed by this one, which only thought so.
    let is_followed = |before: Source| {
        let goes_on = || {
            let mut answers = ahead().map(|reading| sources.at(reading.index));
            let by_both = answers.by_ref().filter(|&one| one == before || one == source);
            by_both.take(ANSWERS).any(|one| one == before)
        };
        before.is_named_primary(case.history) && (before == source || !goes_on())
    };
    let has_gone_back = source.is_named_primary(case.history)
        && newer.first().is_some_and(|act| is_followed(sources.at(act.access.index)));
    let may_lag = source.is_named_copy(case.history);
    let mut found = Aftermath { has_gone_back, may_lag, ..Aftermath::default() };
    let is_newer = |seen: Token| {
        newer.iter().any(|act| [act.access.reads, act.access.writes].contains(&Some(seen)))
    };
    for reading in ahead() {
        let Facts { pure, requires, .. } = case.model.facts(&reading.op);
        if let Some(seen) = requires.filter(|_| reading.span.has_returned()) {
            if seen != token {
                // Updates that were under way may have changed it, but not to what had been there.
                let writers = writers(case, seen, reading.span.ret);
                let is_old = writers.last_return.is_none_or(|ret| ret < act.access.span.call);
                found.is_refuted = is_newer(seen) || is_old && !writers.is_open;
                break;
            }
            let is_other = case.process(reading.index) != process;
            let is_elsewhere = || {
                has_gone_back
                    || sources.at(reading.index) != source
                    || case.history.extra_of(reading.index, "node") != node
            };
            let is_copy = sources.at(reading.index).is_named_copy(case.history);
            found.may_lag &= is_copy;
            if is_other && is_elsewhere() {
                found.confirmed = Some(reading.index);
            }
        }
        if !pure {
            break;
        }
    }
    found
}

/// The updates of a key that leave one value.
#[derive(Default)]
pub(super) struct Writers {
    /// How many there are.
    pub(super) count: usize,
    /// The rank of the last return of one.
    pub(super) last_return: Option<Rank>,
    /// Whether one never returned.
    pub(super) is_open: bool,
}

/// The updates that leave `token` and were called before rank `until`, in the core or not. O(n).
pub(super) fn writers(case: &Case<'_>, token: Token, until: Rank) -> Writers {
    let mut writers = Writers::default();
    for reading in case.readings.iter().take_while(|reading| reading.span.call < until) {
        if case.model.facts(&reading.op).leaves() == Some(token) {
            writers.count += 1;
            let ret = Some(reading.span.ret).filter(|&ret| ret != Rank::NEVER);
            writers.is_open |= ret.is_none();
            writers.last_return = writers.last_return.max(ret);
        }
    }
    writers
}

/// Whether what an update wrote was ever seen.
pub(super) enum Sight {
    /// No operation that returned saw it.
    Never,
    /// This one was the first to return with it.
    First {
        /// The operation.
        index: OpIndex,
        /// The rank of its return.
        ret: Rank,
    },
}

/// Whether anybody saw what operation `writer` wrote; `None` if it is not known what it wrote, or
/// others write the same. O(n).
pub(super) fn first_to_see(case: &Case<'_>, writer: OpIndex) -> Option<Sight> {
    let token = case.model.facts(&case.reading(writer)?.op).leaves()?;
    let mut first: Option<(Rank, OpIndex)> = None;
    for reading in case.readings {
        let facts = case.model.facts(&reading.op);
        if facts.leaves() == Some(token) && reading.index != writer {
            return None;
        }
        let ret = reading.span.ret;
        if facts.requires == Some(token)
            && ret != Rank::NEVER
            && first.is_none_or(|old| ret < old.0)
        {
            first = Some((ret, reading.index));
        }
    }
    Some(first.map_or(Sight::Never, |(ret, index)| Sight::First { index, ret }))
}

/// The last operation before `act`, by the same process, that saw one of `tokens`; among the last
/// [`AHEAD`] operations of the key.
pub(super) fn seen_before(case: &Case<'_>, act: &Act, tokens: &[Token]) -> Option<OpIndex> {
    let end = case.readings.partition_point(|reading| reading.span.call < act.access.span.call);
    let sees = |facts: Facts| facts.requires.is_some_and(|token| tokens.contains(&token));
    case.readings[..end]
        .iter()
        .rev()
        .take(AHEAD)
        .find(|reading| {
            case.process(reading.index) == act.access.process
                && reading.span.ret < act.access.span.call
                && sees(case.model.facts(&reading.op))
        })
        .map(|reading| reading.index)
}
