//! Two sides that both go on writing and do not see each other.
//!
//! Around the core of a violation, from the call of one of its updates to its end or a while
//! longer, parts of the system belong to one side if one returned what was written at the other.
//! Two sides are suspected of a split brain if
//!
//! - on either side a write was acknowledged, and afterwards, when the other side's write had been
//!   acknowledged too, for several times as long as operations usually take, another process of the
//!   same side read it;
//! - the two writes overlapped, or there were two on either side;
//! - the operations of either side, with what came before, can be ordered by themselves. All
//!   together they cannot, as the core shows.

use super::Grounds;
use super::source::{Source, Sources};
use super::subject::Subject;
use crate::check::is_linearizable;
use crate::explain::access::Access;
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::naming::words;
use crate::history::hash::Map;
use crate::history::{History, OpIndex, Rank};
use crate::model::{self, Token};
use crate::words::{call_phrase, return_phrase};

/// So many violations of a key are looked at,
const VIOLATIONS: usize = 8;

/// each from so many of its updates on,
const STARTS: usize = 8;

/// and so many operations from there.
const WINDOW: usize = 500;

/// How many operations behind the core belong to the window: it is tried with each of these.
const BEHIND: [usize; 9] = [0, 1, 2, 4, 8, 16, 32, 64, 128];

/// So many pairs of a write and its reader are tried on either side.
const PAIRS: usize = 24;

/// A reader counts that was called so many times the usual length of an operation after the other
/// side's write was acknowledged: before that, the write may be on its way. Less where the history
/// has a record of something that may have cut the sides off, such as a partition, than where it
/// has none.
const PATIENCE: [u128; 2] = [2, 16];

/// So many parts of a side are named.
const NAMED: usize = 4;

/// The split brains that violations suggest, at most one of each key.
pub(super) fn anomalies(
    grounds: &Grounds<'_>,
    subjects: &[Subject],
    named: &[Anomaly],
) -> Vec<Anomaly> {
    let sources = Sources::of(grounds.history);
    let of_key = |subject: &Subject| {
        let is_its =
            |one: &&Anomaly| one.key_at == Some(subject.key_at) && one.kind.entry().may_have_cause;
        named
            .iter()
            .filter(is_its)
            .take(VIOLATIONS)
            .find_map(|one| of_core(grounds, &sources, subject, one))
    };
    subjects.iter().filter_map(of_key).collect()
}

fn of_core(
    grounds: &Grounds<'_>,
    sources: &Sources<'_>,
    subject: &Subject,
    violation: &Anomaly,
) -> Option<Anomaly> {
    let list = &subject.accesses.list;
    let position = |index: OpIndex| list.binary_search_by_key(&index, |access| access.index).ok();
    let core: Vec<usize> =
        violation.operations.iter().filter_map(|&index| position(index)).collect();
    let end = core.iter().map(|&at| list[at].span.ret).filter(|&ret| ret != Rank::NEVER).max()?;
    let starts = core.iter().copied().filter(|&at| list[at].writes.is_some()).take(STARTS);
    for start in starts {
        if grounds.meter.poll().is_err() {
            return None;
        }
        let call = list[start].span.call;
        let common: Vec<usize> =
            core.iter().copied().filter(|&at| list[at].span.ret < call).collect();
        let size = list[start..].iter().take_while(|access| access.span.call <= end).count();
        for behind in BEHIND {
            let window = start..list.len().min(start + WINDOW.min(size + behind));
            let sides = Sides::of(sources, list, window);
            if let Some(anomaly) = sides.split(grounds, subject.key_at, list, &common) {
                return Some(anomaly);
            }
        }
    }
    None
}

/// The operations of a window by the side on which they happened.
struct Sides {
    window: std::ops::Range<usize>,
    /// The source of each operation of the window, by number.
    sources: Vec<usize>,
    /// The side of each source; sides are called by one of their sources.
    side: Vec<usize>,
    names: Vec<Source>,
}

impl Sides {
    /// Puts sources together that returned each other's values.
    fn of(origin: &Sources<'_>, list: &[Access], window: std::ops::Range<usize>) -> Sides {
        let mut numbers: Map<Source, usize> = Map::default();
        let mut names = Vec::new();
        let mut sources = Vec::new();
        let mut writers: Map<Token, usize> = Map::default();
        for access in &list[window.clone()] {
            let source = origin.at(access.index);
            let number = *numbers.entry(source).or_insert_with(|| {
                names.push(source);
                names.len() - 1
            });
            if let Some(token) = access.writes {
                writers.entry(token).or_insert(number);
            }
            sources.push(number);
        }
        let mut side: Vec<usize> = (0..names.len()).collect();
        for (access, &source) in list[window.clone()].iter().zip(&sources) {
            let returned = access.span.has_returned();
            let Some(&writer) = access.reads.filter(|_| returned).and_then(|t| writers.get(&t))
            else {
                continue;
            };
            let (one, other) = (side[source], side[writer]);
            if one != other {
                side.iter_mut().filter(|side| **side == other).for_each(|side| *side = one);
            }
        }
        Sides { window, sources, side, names }
    }

    fn side_of(&self, at: usize) -> usize {
        self.side[self.sources[at - self.window.start]]
    }

    /// The first two sides that are split, as an anomaly.
    fn split(
        &self,
        grounds: &Grounds<'_>,
        key_at: usize,
        list: &[Access],
        common: &[usize],
    ) -> Option<Anomaly> {
        let is_write = |&at: &usize| list[at].writes.is_some() && list[at].span.has_returned();
        let writes: Vec<usize> = self.window.clone().filter(is_write).collect();
        let first = writes.first().copied()?;
        let other = |at: &&usize| self.side_of(**at) != self.side_of(first);
        let second = writes.iter().find(other).copied()?;
        let of = |side: usize| writes.iter().filter(|&&at| self.side_of(at) == side).count();
        let overlap = list[second].span.call < list[first].span.ret;
        let sides = [self.side_of(first), self.side_of(second)];
        if !overlap && sides.iter().any(|&side| of(side) < 2) {
            return None;
        }
        let [one, two] = self.exchange(grounds.history, list, &writes, sides)?;
        let is_whole = |side| self.is_consistent(grounds, key_at, list, common, side);
        if !sides.into_iter().all(is_whole) {
            return None;
        }
        Some(self.anomaly(grounds.history, key_at, list, [one.0, two.0], [one.1, two.1]))
    }

    /// A write of either side with an operation of another process there that saw its value, called
    /// a while after both writes had been acknowledged.
    fn exchange(
        &self,
        history: &History,
        list: &[Access],
        writes: &[usize],
        sides: [usize; 2],
    ) -> Option<[(usize, usize); 2]> {
        let pairs = |side: usize| {
            let own = writes.iter().copied().filter(move |&at| self.side_of(at) == side);
            own.filter_map(|at| Some((at, self.last_reader(list, at)?))).take(PAIRS)
        };
        let first = writes.first().map(|&at| history[list[at].index].invoked);
        let is_disturbed = history.annotations().iter().any(|note| Some(note.record) < first);
        let patience = words::usual_length(history, list.iter().map(|access| access.index))
            * PATIENCE[usize::from(!is_disturbed)];
        let [ones, twos] = sides.map(|side| pairs(side).collect::<Vec<_>>());
        let meets = |(write, _): (usize, usize), (_, reader): (usize, usize)| {
            let (write, reader) = (&list[write], &list[reader]);
            let gap = words::nanoseconds_between(history, write.index, reader.index);
            reader.span.call > write.span.ret && gap.is_none_or(|gap| gap > patience)
        };
        ones.iter().find_map(|&one| {
            let two = twos.iter().find(|&&two| meets(one, two) && meets(two, one))?;
            Some([one, *two])
        })
    }

    /// The last operation of another process than `write`'s that saw its value on its side, called
    /// behind its return.
    fn last_reader(&self, list: &[Access], write: usize) -> Option<usize> {
        self.window.clone().rev().find(|&at| {
            let Access { process, span, reads, .. } = list[at];
            let is_done = span.has_returned() && span.call > list[write].span.ret;
            let is_its = reads == list[write].writes && process != list[write].process;
            is_done && is_its && self.side_of(at) == self.side_of(write)
        })
    }

    /// Whether the operations of a side can be ordered by themselves, after those in common. What
    /// saw a value from outside of them is left out.
    fn is_consistent(
        &self,
        grounds: &Grounds<'_>,
        key_at: usize,
        list: &[Access],
        common: &[usize],
        side: usize,
    ) -> bool {
        let own = self.window.clone().filter(|&at| self.side_of(at) == side);
        let mut chosen: Vec<usize> = common.iter().copied().chain(own).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let written: Vec<Token> = chosen.iter().filter_map(|&at| list[at].writes).collect();
        let is_known = |at: &usize| list[*at].reads.is_none_or(|token| written.contains(&token));
        let operations: Vec<OpIndex> =
            chosen.iter().filter(|at| is_known(at)).map(|&at| list[at].index).collect();
        let model = grounds.model_at(key_at);
        let Ok(readings) = model::read(model, grounds.history, &operations, None) else {
            return false;
        };
        is_linearizable(model, &readings, grounds.meter).0 == Some(true)
    }

    fn anomaly(
        &self,
        history: &History,
        key_at: usize,
        list: &[Access],
        writes: [usize; 2],
        reads: [usize; 2],
    ) -> Anomaly {
        let told = |nth: usize| {
            let (write, read) = (list[writes[nth]].index, list[reads[nth]].index);
            format!(
                "{} went on with {}, acknowledged {} and read {}",
                self.members(history, self.side_of(writes[nth])),
                words::thing(history, write),
                return_phrase(history, write),
                call_phrase(history, read),
            )
        };
        let [one, two] = [0, 1].map(told);
        let mut operations: Vec<OpIndex> =
            writes.iter().chain(&reads).map(|&at| list[at].index).collect();
        operations.sort_unstable();
        Anomaly {
            kind: AnomalyKind::SplitBrain,
            key_at: Some(key_at),
            operations,
            certainty: Certainty::Suggested,
            summary: format!("{one}, while {two}: each side agrees, but only within itself"),
            count: 1,
        }
    }

    fn members(&self, history: &History, side: usize) -> String {
        let members: Vec<String> = (0..self.names.len())
            .filter(|&source| self.side[source] == side)
            .map(|source| self.names[source].phrase(history))
            .collect();
        let shown = members.iter().take(NAMED).cloned().collect::<Vec<String>>().join(" and ");
        match members.len().saturating_sub(NAMED) {
            0 => shown,
            more => format!("{shown} and {more} more"),
        }
    }
}
