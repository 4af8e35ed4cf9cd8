//! Serializable snapshot isolation (Cahill, Röhm and Fekete 2008).
//!
//! In every cycle that snapshots allow, some transaction, the pivot, read what a transaction at the
//! same time overwrote, and overwrote what another one at the same time read (Fekete and others
//! 2005). So each transaction has two marks, one for each, and none with both commits. A
//! transaction that committed with one mark may get the other one later: then the one that gives
//! it aborts.

use std::collections::BTreeMap;

use crate::transactions::Txn;

/// What is known of a transaction.
#[derive(Default)]
struct Marks {
    /// What was committed when it began.
    snapshot: u64,
    /// When it committed.
    committed: Option<u64>,
    /// Whether it read what another one overwrote.
    is_overwritten: bool,
    /// Whether it overwrote what another one read.
    overwrites: bool,
}

/// The marks of transactions that may still matter, and what they read.
#[derive(Default)]
pub(super) struct Pivots {
    all: BTreeMap<Txn, Marks>,
    readers: BTreeMap<u32, Vec<Txn>>,
}

impl Pivots {
    /// `txn` begins with a snapshot.
    pub(super) fn begin(&mut self, txn: Txn, snapshot: u64) {
        self.all.insert(txn, Marks { snapshot, ..Marks::default() });
    }

    /// `txn` reads `key`, of which `writers` made, or are about to make, versions that its snapshot
    /// lacks. Returns whether it may go on.
    pub(super) fn read(&mut self, txn: Txn, key: u32, writers: &[Txn]) -> bool {
        let readers = self.readers.entry(key).or_default();
        if !readers.contains(&txn) {
            readers.push(txn);
        }
        writers.iter().all(|&writer| self.mark(txn, writer))
    }

    /// `txn` writes `key`. Returns whether it may go on.
    pub(super) fn write(&mut self, txn: Txn, key: u32) -> bool {
        let snapshot = self.all.get(&txn).map_or(0, |marks| marks.snapshot);
        let readers = self.readers.get(&key).cloned().unwrap_or_default();
        readers.into_iter().all(|reader| {
            let marks = self.all.get(&reader);
            let is_at_the_same_time =
                marks.is_some_and(|marks| marks.committed.is_none_or(|time| time > snapshot));
            !is_at_the_same_time || self.mark(reader, txn)
        })
    }

    /// `reader` read what `writer` overwrites. Returns whether no transaction that has committed
    /// has both marks by that.
    fn mark(&mut self, reader: Txn, writer: Txn) -> bool {
        if reader == writer {
            return true;
        }
        let mut is_fine = true;
        if let Some(marks) = self.all.get_mut(&reader) {
            marks.is_overwritten = true;
            is_fine &= marks.committed.is_none() || !marks.overwrites;
        }
        if let Some(marks) = self.all.get_mut(&writer) {
            marks.overwrites = true;
            is_fine &= marks.committed.is_none() || !marks.is_overwritten;
        }
        is_fine
    }

    /// Returns whether `txn` may commit.
    pub(super) fn may_commit(&self, txn: Txn) -> bool {
        self.all.get(&txn).is_none_or(|marks| !(marks.is_overwritten && marks.overwrites))
    }

    /// `txn` ends, and is committed at a time, if at all. Forgets those that ended before all that
    /// are under way began.
    pub(super) fn end(&mut self, txn: Txn, committed: Option<u64>) {
        match committed {
            Some(_) => {
                if let Some(marks) = self.all.get_mut(&txn) {
                    marks.committed = committed;
                }
            }
            None => {
                self.all.remove(&txn);
            }
        }
        let active = self.all.values().filter(|marks| marks.committed.is_none());
        let oldest = active.map(|marks| marks.snapshot).min().unwrap_or(u64::MAX);
        self.all.retain(|_, marks| marks.committed.is_none_or(|time| time > oldest));
        let all = &self.all;
        self.readers.retain(|_, readers| {
            readers.retain(|reader| all.contains_key(reader));
            !readers.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_write_skew_one_half_aborts() {
        let mut pivots = Pivots::default();
        pivots.begin(1, 0);
        pivots.begin(2, 0);
        assert!(pivots.read(1, 7, &[]) && pivots.read(2, 8, &[]));
        assert!(pivots.write(1, 8) && pivots.write(2, 7));
        assert!(!pivots.may_commit(1));
        pivots.end(1, None);
        assert!(!pivots.may_commit(2), "marks are kept, though too many abort by that");
    }

    #[test]
    fn a_pivot_that_has_committed_is_protected() {
        let mut pivots = Pivots::default();
        (1..=3).for_each(|txn| pivots.begin(txn, 0));
        assert!(pivots.read(1, 7, &[]) && pivots.write(2, 7) && pivots.may_commit(1));
        pivots.end(1, Some(1));
        assert!(pivots.read(3, 8, &[]) && !pivots.write(1, 8));
    }

    #[test]
    fn what_ended_before_does_not_matter() {
        let mut pivots = Pivots::default();
        pivots.begin(1, 0);
        assert!(pivots.read(1, 7, &[]));
        pivots.end(1, Some(1));
        pivots.begin(2, 1);
        assert!(pivots.write(2, 7) && pivots.read(2, 9, &[3]));
        assert!(pivots.may_commit(2));
    }
}
