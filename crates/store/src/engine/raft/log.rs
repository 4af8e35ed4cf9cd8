//! The log of a member: the entries behind those that were applied long ago.

use std::collections::VecDeque;

use crate::wire::raft::{Entry, Position};

/// The entries from some position on.
#[derive(Default, Debug)]
pub(super) struct Log {
    /// The last entry that is not kept any more.
    base: Position,
    entries: VecDeque<Entry>,
}

impl Log {
    /// The position before the first entry that is kept.
    pub(super) fn base(&self) -> Position {
        self.base
    }

    /// The position of the last entry.
    pub(super) fn last(&self) -> Position {
        let index = self.base.index + self.entries.len() as u64;
        Position { term: self.entries.back().map_or(self.base.term, |entry| entry.term), index }
    }

    /// The entry at `index`, if it is there and is kept.
    pub(super) fn get(&self, index: u64) -> Option<&Entry> {
        let at = index.checked_sub(self.base.index + 1)?;
        self.entries.get(usize::try_from(at).ok()?)
    }

    /// The term of the entry at `index`, if that is known: if it is kept, or is the base.
    pub(super) fn term(&self, index: u64) -> Option<u32> {
        if index == self.base.index {
            return Some(self.base.term);
        }
        self.get(index).map(|entry| entry.term)
    }

    /// Adds an entry at the end.
    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
    }

    /// A copy of up to `most` entries from `index` on, which is behind the base.
    pub(super) fn copy_from(&self, index: u64, most: usize) -> Vec<Entry> {
        let at = index.saturating_sub(self.base.index + 1) as usize;
        let start = at.min(self.entries.len());
        let end = (start + most).min(self.entries.len());
        self.entries.range(start..end).cloned().collect()
    }

    /// Drops the entry at `index`, and all behind it.
    pub(super) fn truncate(&mut self, index: u64) {
        let keep = index.saturating_sub(self.base.index + 1);
        self.entries.truncate(keep as usize);
    }

    /// Stops keeping the entries up to `index`. Constant time for each.
    pub(super) fn compact(&mut self, index: u64) {
        while self.base.index < index
            && let Some(entry) = self.entries.pop_front()
        {
            self.base = Position { term: entry.term, index: self.base.index + 1 };
        }
    }

    /// Drops everything, and goes on behind `base`.
    pub(super) fn restart(&mut self, base: Position) {
        self.entries.clear();
        self.base = base;
    }

    /// The last index up to `index` whose term is another one than that of the entry there; the
    /// base's if there is none. All entries of a term that turned out wrong are skipped at once
    /// (end of section 5.3).
    pub(super) fn before_term_at(&self, index: u64) -> u64 {
        let term = self.term(index);
        let mut before = index;
        while before > self.base.index && self.term(before) == term {
            before -= 1;
        }
        before
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn log(terms: &[u32]) -> Log {
        let mut log = Log::default();
        terms.iter().for_each(|&term| log.push(Entry { term, time: 0, request: None }));
        log
    }

    #[test]
    fn entries_are_counted_from_one_and_keep_their_index() {
        let mut log = log(&[1, 1, 2, 2, 2]);
        assert_eq!(log.last(), Position { term: 2, index: 5 });
        assert_eq!(
            [0, 1, 3, 5, 6].map(|at| log.term(at)),
            [Some(0), Some(1), Some(2), Some(2), None]
        );
        log.compact(3);
        assert_eq!(log.base(), Position { term: 2, index: 3 });
        assert_eq!([0, 2, 3, 4].map(|at| log.term(at)), [None, None, Some(2), Some(2)]);
        assert!(log.get(3).is_none() && log.get(4).is_some());
        assert_eq!(log.copy_from(4, 1).len(), 1);
        assert_eq!(log.copy_from(4, 9).len(), 2);
        assert_eq!(log.copy_from(6, 9).len(), 0);
        log.truncate(5);
        assert_eq!(log.last(), Position { term: 2, index: 4 });
        log.compact(9);
        assert_eq!(log.last(), log.base());
        log.restart(Position { term: 7, index: 70 });
        assert_eq!(log.last(), Position { term: 7, index: 70 });
    }

    #[test]
    fn a_term_is_skipped_at_once() {
        let mut log = log(&[1, 1, 2, 2, 2]);
        assert_eq!(log.before_term_at(5), 2);
        assert_eq!(log.before_term_at(2), 0);
        log.compact(3);
        assert_eq!(log.before_term_at(5), 3);
    }

    #[test]
    fn the_later_term_is_more_up_to_date_than_the_longer_log() {
        assert!(log(&[1, 2]).last() > log(&[1, 1, 1]).last());
        assert!(log(&[1, 1, 1]).last() > log(&[1, 1]).last());
    }
}
