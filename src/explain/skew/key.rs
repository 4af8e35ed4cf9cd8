//! One key of a timeline, and what offsets of clocks make of it.

use super::entry::{Entry, Writes};
use super::orders::Timed;
use super::rules::Rule;
use crate::history::{OpIndex, Rank, Span, sort};
use crate::model::Reading;

/// One key.
pub(super) struct Key<Op> {
    /// Its operations in the order of the history, as the model understands them; those that
    /// failed are left out.
    pub(super) entries: Vec<Entry<Op>>,
    /// The overwriting operations of each group.
    pub(super) writes: Vec<Writes>,
    /// Whether operations of more than one group are about it.
    pub(super) is_mixed: bool,
}

impl<Op: Clone + Eq> Key<Op> {
    pub(super) fn new(entries: Vec<Entry<Op>>, groups: usize) -> Key<Op> {
        let mut writes: Vec<Vec<[i64; 2]>> = vec![Vec::new(); groups];
        for entry in entries.iter().filter(|entry| entry.timed.is_write) {
            let Timed { group, call, ret, .. } = entry.timed;
            writes[usize::from(group)].push([call, ret.unwrap_or(i64::MAX)]);
        }
        let writes = writes.into_iter().map(Writes::new).collect();
        let mut groups = entries.iter().map(|entry| entry.timed.group);
        let first = groups.next();
        let is_mixed = groups.any(|group| Some(group) != first);
        Key { entries, writes, is_mixed }
    }

    /// The operations as they would be timed under `offsets`, in the order of their calls: a
    /// history whose operations are the entries. Equal times are concurrent.
    pub(super) fn readings(&self, rule: Rule, offsets: &[i64]) -> Vec<Reading<Op>> {
        let mut ends: Vec<(i64, bool, u32)> = Vec::with_capacity(self.entries.len() * 2);
        for (at, entry) in (0..).zip(&self.entries) {
            let [call, ret] = rule.times(entry, &self.writes, offsets);
            ends.push((call, false, at));
            if entry.timed.ret.is_some() {
                ends.push((ret, true, at));
            }
        }
        // Of equal ones, those of earlier entries come first already.
        sort::by(&mut ends, |&(time, is_return, _)| (time, is_return));
        let mut returns = vec![Rank::NEVER; self.entries.len()];
        for (rank, &(_, is_return, at)) in ends.iter().enumerate() {
            if is_return {
                returns[at as usize] = Rank::new(rank);
            }
        }
        let calls = (0..).map(Rank::new).zip(&ends).filter(|(_, end)| !end.1);
        calls
            .map(|(call, &(_, _, at))| Reading {
                index: OpIndex::new(at as usize),
                op: self.entries[at as usize].timed.op.clone(),
                span: Span { call, ret: returns[at as usize] },
            })
            .collect()
    }
}
