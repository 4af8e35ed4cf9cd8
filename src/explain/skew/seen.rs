//! Who saw whose value, as far as that is certain: where a value was written once, and who returned
//! it afterwards.

use super::bounds::{Bounds, Difference};
use super::entry::Entry;
use crate::history::hash::Map;
use crate::model::{Establishes, Token};

/// An operation that returned, and found a token that was not there from the start.
struct Observation {
    observer: u32,
    /// The only operation that establishes the token, if there is only one.
    source: Option<u32>,
    /// When the first operation was called that establishes the token.
    since: i64,
}

/// What the operations of a key saw.
pub(super) struct Seen {
    observations: Vec<Observation>,
    /// Whether everything that was seen was written by somebody else.
    pub(super) is_possible: bool,
}

/// What the operations of a key saw; `None` if it is not known of every operation which token it
/// establishes, or if the model has no tokens. O(n).
pub(super) fn values<Op>(entries: &[Entry<Op>], initial: Option<Token>) -> Option<Seen> {
    let initial = initial?;
    let mut sources: Map<Token, (Option<u32>, i64)> = Map::default();
    for (at, entry) in (0..).zip(entries).filter(|(_, entry)| !entry.facts.pure) {
        match entry.facts.establishes {
            Establishes::Unknown => return None,
            Establishes::Same => {}
            Establishes::Token(token) => {
                let call = entry.timed.call;
                let known = sources.entry(token);
                let known = known.and_modify(|(only, since)| {
                    *only = None;
                    *since = call.min(*since);
                });
                known.or_insert((Some(at), call));
            }
        }
    }
    let mut seen = Seen { observations: Vec::new(), is_possible: true };
    for (observer, entry) in (0..).zip(entries) {
        let Some(token) = entry.facts.requires else { continue };
        if token == initial || entry.timed.ret.is_none() {
            continue;
        }
        match sources.get(&token) {
            Some(&(source, since)) if source != Some(observer) => {
                seen.observations.push(Observation { observer, source, since });
            }
            _ => seen.is_possible = false,
        }
    }
    Some(seen)
}

impl Seen {
    /// Each observer with the only operation that it can have seen the effect of.
    pub(super) fn positions(&self) -> impl Iterator<Item = (u32, u32)> {
        self.observations.iter().filter_map(|seen| Some((seen.observer, seen.source?)))
    }

    fn pairs<'a, Op>(
        &self,
        entries: &'a [Entry<Op>],
    ) -> impl Iterator<Item = (&'a Entry<Op>, &'a Entry<Op>)> {
        let entry = |at: u32| &entries[at as usize];
        self.positions().map(move |(observer, source)| (entry(observer), entry(source)))
    }

    /// Bounds the offsets of a recording: nobody who saw a value returned before it was written.
    /// False if no offsets are left.
    pub(super) fn are_written_first<Op>(&self, entries: &[Entry<Op>], bounds: &mut Bounds) -> bool {
        self.pairs(entries).all(|(observer, source)| {
            let by = observer.timed.ret.unwrap_or(i64::MAX);
            let most = by.saturating_sub(source.timed.call);
            bounds.add(Difference { of: observer.timed.group, over: source.timed.group, most })
        })
    }

    /// Whether nobody saw a value before it was written, by the recorded times.
    pub(super) fn are_called_first<Op>(&self, entries: &[Entry<Op>]) -> bool {
        self.observations.iter().all(|seen| {
            entries[seen.observer as usize].timed.ret.is_none_or(|ret| seen.since <= ret)
        })
    }

    /// Bounds the offsets of a store in which the last write wins: a write whose value was seen has
    /// a later timestamp than all that were acknowledged before it was called. Timestamps are taken
    /// while writes are under way, so the other clock is ahead by less than the time from the other
    /// write's call to this one's return. False if no offsets are left. O(n log n), and as much
    /// for each group as there are values seen.
    pub(super) fn have_won<Op>(&self, entries: &[Entry<Op>], bounds: &mut Bounds) -> bool {
        let acknowledged = Acknowledged::of(entries);
        self.pairs(entries).filter(|(_, winner)| winner.timed.is_write).all(|(observer, winner)| {
            let seen = observer.timed.ret.unwrap_or(i64::MAX);
            let by = winner.timed.ret.map_or(seen, |ret| ret.min(seen));
            acknowledged.before(winner.timed.call).all(|(group, call)| {
                let most = by.saturating_sub(call);
                bounds.add(Difference { of: group, over: winner.timed.group, most })
            })
        })
    }
}

/// The writes that returned, by group, in the order of their returns; with each return the latest
/// call of those up to it.
struct Acknowledged {
    groups: Vec<(u16, Vec<[i64; 2]>)>,
}

impl Acknowledged {
    fn of<Op>(entries: &[Entry<Op>]) -> Acknowledged {
        let mut writes: Vec<(u16, i64, i64)> = entries
            .iter()
            .filter(|entry| entry.timed.is_write)
            .filter_map(|entry| Some((entry.timed.group, entry.timed.ret?, entry.timed.call)))
            .collect();
        writes.sort_unstable();
        let mut groups: Vec<(u16, Vec<[i64; 2]>)> = Vec::new();
        for (group, ret, call) in writes {
            match groups.last_mut().filter(|last| last.0 == group) {
                Some((_, list)) => {
                    let latest = list.last().map_or(call, |&[_, latest]| call.max(latest));
                    list.push([ret, latest]);
                }
                None => groups.push((group, vec![[ret, call]])),
            }
        }
        Acknowledged { groups }
    }

    /// For each group, the latest call of the writes that returned before `time`.
    fn before(&self, time: i64) -> impl Iterator<Item = (u16, i64)> {
        self.groups.iter().filter_map(move |(group, list)| {
            let count = list.partition_point(|&[ret, _]| ret < time);
            Some((*group, list[count.checked_sub(1)?][1]))
        })
    }
}
