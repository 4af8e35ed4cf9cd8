//! Locks on keys, the transactions that wait for them, and deadlocks: circles of transactions that
//! wait for each other (Holt 1972).

use std::collections::{BTreeMap, VecDeque};

use super::Txn;

/// What a lock keeps out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Mode {
    /// Others that write.
    Shared,
    /// All others.
    Exclusive,
}

/// The lock of one key.
#[derive(Default)]
struct Lock {
    holders: Vec<(Txn, Mode)>,
    /// Who waits, in the order in which they are served.
    queue: VecDeque<(Txn, Mode)>,
}

impl Lock {
    /// Whether no holder but `txn` itself keeps it out.
    fn is_free_for(&self, txn: Txn, mode: Mode) -> bool {
        self.holders.iter().all(|held| held.0 == txn || !conflict(held.1, mode))
    }

    fn mode_of(&self, txn: Txn) -> Option<Mode> {
        self.holders.iter().find(|held| held.0 == txn).map(|held| held.1)
    }

    fn hold(&mut self, txn: Txn, mode: Mode) {
        match self.holders.iter_mut().find(|held| held.0 == txn) {
            Some(held) => held.1 = held.1.max(mode),
            None => self.holders.push((txn, mode)),
        }
    }

    /// Gives the lock to those who are next, and returns them.
    fn serve(&mut self) -> Vec<Txn> {
        let mut served = Vec::new();
        while let Some(&(txn, mode)) = self.queue.front() {
            if !self.is_free_for(txn, mode) {
                break;
            }
            self.queue.pop_front();
            self.hold(txn, mode);
            served.push(txn);
        }
        served
    }
}

fn conflict(one: Mode, other: Mode) -> bool {
    one == Mode::Exclusive || other == Mode::Exclusive
}

/// All locks of a node.
#[derive(Default)]
pub(super) struct Locks {
    keys: BTreeMap<u32, Lock>,
    /// The key that each transaction waits for; it waits for one at a time.
    waits: BTreeMap<Txn, u32>,
}

impl Locks {
    /// Returns whether `txn` has the lock of `key` now. If it does not, it waits: in turn, but
    /// before all others if it already shares the lock, since these wait for it, too.
    pub(super) fn ask(&mut self, txn: Txn, key: u32, mode: Mode) -> bool {
        let lock = self.keys.entry(key).or_default();
        let held = lock.mode_of(txn);
        if held >= Some(mode) {
            return true;
        }
        if lock.is_free_for(txn, mode) && (held.is_some() || lock.queue.is_empty()) {
            lock.hold(txn, mode);
            return true;
        }
        match held {
            Some(_) => lock.queue.push_front((txn, mode)),
            None => lock.queue.push_back((txn, mode)),
        }
        self.waits.insert(txn, key);
        false
    }

    /// Returns the mode in which `txn` has the lock of `key`.
    pub(super) fn held(&self, txn: Txn, key: u32) -> Option<Mode> {
        self.keys.get(&key)?.mode_of(txn)
    }

    /// Takes the lock of one key from `txn`, and returns who gets it.
    pub(super) fn release(&mut self, txn: Txn, key: u32) -> Vec<Txn> {
        let Some(lock) = self.keys.get_mut(&key) else { return Vec::new() };
        lock.holders.retain(|held| held.0 != txn);
        let served = lock.serve();
        served.iter().for_each(|txn| {
            self.waits.remove(txn);
        });
        if lock.holders.is_empty() && lock.queue.is_empty() {
            self.keys.remove(&key);
        }
        served
    }

    /// Takes all locks from `txn`, which waits for none any more, and returns who gets them.
    pub(super) fn release_all(&mut self, txn: Txn) -> Vec<Txn> {
        if let Some(key) = self.waits.remove(&txn)
            && let Some(lock) = self.keys.get_mut(&key)
        {
            lock.queue.retain(|waiting| waiting.0 != txn);
        }
        // A key is also served if only its queue changed.
        let keys: Vec<u32> = self.keys.keys().copied().collect();
        keys.into_iter().flat_map(|key| self.release(txn, key)).collect()
    }

    /// Forgets all transactions but these, as after a crash.
    pub(super) fn keep_only(&mut self, keeps: impl Fn(Txn) -> bool) {
        self.waits.clear();
        for lock in self.keys.values_mut() {
            lock.queue.clear();
            lock.holders.retain(|held| keeps(held.0));
        }
    }

    /// For whom a transaction waits: who has the lock, and who waits for it in front of it.
    fn blockers(&self, txn: Txn) -> Vec<Txn> {
        let lock = self.waits.get(&txn).and_then(|key| self.keys.get(key));
        let Some(lock) = lock else { return Vec::new() };
        let Some(at) = lock.queue.iter().position(|waiting| waiting.0 == txn) else {
            return Vec::new();
        };
        let mode = lock.queue[at].1;
        let ahead = lock.holders.iter().chain(lock.queue.iter().take(at));
        ahead.filter(|one| one.0 != txn && conflict(one.1, mode)).map(|one| one.0).collect()
    }

    /// Returns the transactions of a deadlock that `txn` is part of, if there is one: those on a
    /// path from it back to it. Looks at each transaction and each pair that waits once.
    pub(super) fn deadlock(&self, txn: Txn) -> Option<Vec<Txn>> {
        let mut before: BTreeMap<Txn, Txn> = BTreeMap::new();
        let mut left = vec![txn];
        while let Some(one) = left.pop() {
            for blocker in self.blockers(one) {
                if blocker == txn {
                    let mut circle = vec![one];
                    while let Some(&last) = before.get(&circle[circle.len() - 1]) {
                        circle.push(last);
                    }
                    return Some(circle);
                }
                if let std::collections::btree_map::Entry::Vacant(entry) = before.entry(blocker) {
                    entry.insert(one);
                    left.push(blocker);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Mode::{Exclusive, Shared};

    #[test]
    fn readers_share_and_writers_wait_in_turn() {
        let mut locks = Locks::default();
        assert!(locks.ask(1, 7, Shared) && locks.ask(2, 7, Shared));
        assert!(!locks.ask(3, 7, Exclusive));
        assert!(!locks.ask(4, 7, Shared), "or writers would never get it");
        assert!(locks.release_all(1).is_empty());
        assert_eq!(locks.release(2, 7), [3]);
        assert_eq!(locks.release_all(3), [4]);
        assert_eq!(locks.held(4, 7), Some(Shared));
        assert!(locks.ask(4, 7, Exclusive), "nobody else has it");
    }

    #[test]
    fn who_gives_up_lets_others_pass() {
        let mut locks = Locks::default();
        assert!(locks.ask(1, 7, Shared));
        assert!(!locks.ask(2, 7, Exclusive) && !locks.ask(3, 7, Shared));
        assert_eq!(locks.release_all(2), [3]);
    }

    #[test]
    fn a_circle_is_a_deadlock() {
        let mut locks = Locks::default();
        assert!((1..=3).all(|txn| locks.ask(txn, txn, Exclusive)));
        assert!(!locks.ask(1, 2, Shared) && !locks.ask(2, 3, Shared));
        assert_eq!(locks.deadlock(1), None);
        assert!(!locks.ask(3, 1, Shared));
        let mut circle = locks.deadlock(3).unwrap_or_default();
        circle.sort_unstable();
        assert_eq!(circle, [1, 2, 3]);
        assert_eq!(locks.release_all(3), [2]);
        assert_eq!(locks.deadlock(1), None);
    }

    #[test]
    fn two_readers_that_both_go_on_to_write_are_one_too() {
        let mut locks = Locks::default();
        assert!(locks.ask(1, 7, Shared) && locks.ask(2, 7, Shared));
        assert!(!locks.ask(1, 7, Exclusive));
        assert!(!locks.ask(2, 7, Exclusive));
        assert!(locks.deadlock(2).is_some());
        assert_eq!(locks.release_all(2), [1]);
    }
}
