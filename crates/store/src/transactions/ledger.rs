//! What really happened: which versions of each key came to be, in which order, and which version
//! each read returned. No client sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use histcheck_history::hash::{Map, Set};

use super::Txn;
use super::graph::{Dependencies, Edges};
use super::wire::Step;
use crate::recording::{Outcome, Records};

/// A transaction as its client meant it.
struct Planned {
    txn: Txn,
    process: i64,
    steps: Arc<[Step]>,
}

/// The place of a version in the order of its key's versions.
pub(super) type Place = (i64, i64);

/// The log of what happened.
pub(super) struct Ledger {
    is_on: bool,
    planned: Vec<Planned>,
    /// The transaction, the number of its step, and the value that it saw last in the key.
    reads: Vec<(Txn, u32, Option<i64>)>,
    /// The place of each version that was committed, by key and value.
    places: Map<(u32, i64), Place>,
    committed: Set<Txn>,
}

impl Ledger {
    /// One that keeps a log, or one that does not.
    pub(super) fn new(is_on: bool) -> Ledger {
        let (planned, reads) = (Vec::new(), Vec::new());
        Ledger { is_on, planned, reads, places: Map::default(), committed: Set::default() }
    }

    /// A client of this process is going to run `txn`.
    pub(super) fn planned(&mut self, txn: Txn, process: i64, steps: &Arc<[Step]>) {
        if self.is_on {
            self.planned.push(Planned { txn, process, steps: steps.clone() });
        }
    }

    /// Step `at` of `txn` read; the last value in the key was `seen`.
    pub(super) fn read(&mut self, txn: Txn, at: u32, seen: Option<i64>) {
        if self.is_on {
            self.reads.push((txn, at, seen));
        }
    }

    /// The `value` that `txn` wrote to `key` is committed. The first place that is told counts.
    pub(super) fn installed(&mut self, txn: Txn, key: u32, value: i64, place: Place) {
        if self.is_on {
            self.places.entry((key, value)).or_insert(place);
            self.committed.insert(txn);
        }
    }

    /// `txn` is committed.
    pub(super) fn committed(&mut self, txn: Txn) {
        if self.is_on {
            self.committed.insert(txn);
        }
    }

    /// Returns what the transactions depended on. O(n log n) in what was logged.
    pub(super) fn dependencies(&self, records: &Records) -> Dependencies {
        let outcomes = records.outcomes();
        let is_committed: Vec<bool> = (0..outcomes.len() as Txn)
            .map(|txn| {
                // Of a store that breaks its promises a client may have been told that a
                // transaction failed which did not.
                self.committed.contains(&txn) || outcomes[txn as usize] == Outcome::Ok
            })
            .collect();
        let mut edges = Edges::new(is_committed);
        self.add_versions(&mut edges);
        self.add_sessions(&mut edges);
        edges.ends = records.ends().collect();
        edges.finish()
    }

    /// Adds what follows from versions and reads.
    fn add_versions(&self, edges: &mut Edges) {
        let mut versions: BTreeMap<u32, Vec<(Place, i64, Txn)>> = BTreeMap::new();
        let mut known = Known::default();
        for Planned { txn, steps, .. } in &self.planned {
            known.plans.insert(*txn, steps.clone());
            known.writers.extend(writes(steps).map(|write| (write, *txn)));
            for (key, value) in last_writes(steps) {
                known.lasts.insert((key, value));
                if edges.is_committed(*txn) {
                    // A write that was committed and is nowhere counts as the last one: no read
                    // ever sees it.
                    let place = self.places.get(&(key, value)).copied();
                    let place = place.unwrap_or((i64::MAX, value));
                    versions.entry(key).or_default().push((place, value, *txn));
                }
            }
        }
        for (key, mut list) in versions {
            list.sort_unstable();
            let mut before = None;
            for &(_, value, txn) in &list {
                known.next.insert((key, before.map(|one: (i64, Txn)| one.0)), txn);
                if let Some((_, writer)) = before {
                    edges.ww(writer, txn, key);
                }
                before = Some((value, txn));
            }
        }
        let mut seen: Map<(Txn, u32), Option<i64>> = Map::default();
        for &(txn, at, value) in &self.reads {
            let steps = known.plans.get(&txn).filter(|_| edges.is_committed(txn));
            let Some((before, after)) = steps.map(|steps| steps.split_at(at as usize)) else {
                continue;
            };
            let Some(key) = after.first().map(|step| step.key) else { continue };
            if writes(before).any(|write| write.0 == key) {
                continue;
            }
            match seen.get(&(txn, key)) {
                Some(first) if *first == value => {}
                Some(_) => edges.internal.push((txn, key)),
                None => {
                    seen.insert((txn, key), value);
                    known.add_read(edges, txn, key, value);
                }
            }
        }
    }

    /// Adds which transactions followed each other in a process.
    fn add_sessions(&self, edges: &mut Edges) {
        let mut last: Map<i64, Txn> = Map::default();
        for &Planned { txn, process, .. } in &self.planned {
            if edges.is_committed(txn)
                && let Some(before) = last.insert(process, txn)
            {
                edges.sessions.push((before, txn));
            }
        }
    }
}

/// What is known of all versions.
#[derive(Default)]
struct Known {
    plans: Map<Txn, Arc<[Step]>>,
    /// Who wrote a value to a key.
    writers: Map<(u32, i64), Txn>,
    /// The values that are the last which their transaction wrote to the key.
    lasts: Set<(u32, i64)>,
    /// Who made the version of a key that comes after the one with this value, or the first one.
    next: Map<(u32, Option<i64>), Txn>,
}

impl Known {
    /// `txn` read the version of `key` with this value, before it wrote the key.
    fn add_read(&self, edges: &mut Edges, txn: Txn, key: u32, value: Option<i64>) {
        if let Some(value) = value {
            let Some(&writer) = self.writers.get(&(key, value)) else { return };
            if !edges.is_committed(writer) {
                return edges.aborted_reads.push((writer, txn, key));
            }
            if !self.lasts.contains(&(key, value)) {
                return edges.intermediate_reads.push((writer, txn, key));
            }
            edges.wr(writer, txn, key);
        }
        if let Some(&next) = self.next.get(&(key, value)) {
            edges.rw(txn, next, key);
        }
        let steps = self.plans.get(&txn).map_or(&[][..], |steps| steps);
        let also_writes = writes(steps).any(|write| write.0 == key);
        edges.read_version(txn, key, value, also_writes);
    }
}

fn writes(steps: &[Step]) -> impl DoubleEndedIterator<Item = (u32, i64)> {
    steps.iter().filter_map(|step| Some((step.key, step.value?)))
}

/// The last write of each key.
fn last_writes(steps: &[Step]) -> impl Iterator<Item = (u32, i64)> {
    let is_last = |&(at, write): &(usize, (u32, i64))| {
        writes(steps).skip(at + 1).all(|later| later.0 != write.0)
    };
    writes(steps).enumerate().filter(is_last).map(|(_, write)| write)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Called, Shown};

    /// What happened: `r` or `w`, the transaction, the key, and the value that was read (0: none)
    /// or written.
    type Events<'a> = &'a [(char, Txn, u32, i64)];

    /// What follows if these committed, and versions came to be in the order of the writes.
    fn truth(transactions: u32, events: Events<'_>, aborted: &[Txn]) -> Dependencies {
        let (mut ledger, mut records) = (Ledger::new(true), Records::default());
        for txn in 0..transactions {
            let of = |event: &&(char, Txn, u32, i64)| event.1 == txn;
            let step = |&(f, _, key, value): &(char, Txn, u32, i64)| {
                let value = (f == 'w').then_some(value);
                Step { key, value }
            };
            let steps: Arc<[Step]> = events.iter().filter(of).map(step).collect();
            ledger.planned(txn, i64::from(txn), &steps);
            for (at, event) in events.iter().filter(of).enumerate() {
                if event.0 == 'r' {
                    ledger.read(txn, at as u32, Some(event.3).filter(|&value| value != 0));
                }
            }
            let called = Called { operation: 0, process: 0, node: 0, f: "txn", key: None };
            records.invoke(0, called, Shown::Null);
            if !aborted.contains(&txn) {
                ledger.committed(txn);
            }
        }
        for (at, &(f, txn, key, value)) in events.iter().enumerate() {
            if f == 'w' && !aborted.contains(&txn) {
                ledger.installed(txn, key, value, (at as i64, 0));
            }
        }
        ledger.dependencies(&records)
    }

    fn shows(events: Events<'_>, aborted: &[Txn]) -> Vec<&'static str> {
        let transactions = events.iter().map(|event| event.1 + 1).max().unwrap_or(0);
        truth(transactions, events, aborted).phenomena()
    }

    #[test]
    fn phenomena_have_their_usual_forms() {
        let dirty = [('w', 0, 1, 1), ('w', 1, 1, 2), ('w', 1, 2, 1), ('w', 0, 2, 2)];
        assert_eq!(shows(&dirty, &[]), ["G0"]);
        assert_eq!(shows(&[('w', 0, 1, 1), ('r', 1, 1, 1)], &[0]), ["G1a"]);
        let between = [('w', 0, 1, 1), ('r', 1, 1, 1), ('w', 0, 1, 2)];
        assert_eq!(shows(&between, &[]), ["G1b"]);
        let circle = [('w', 0, 1, 1), ('w', 1, 2, 1), ('r', 0, 2, 1), ('r', 1, 1, 1)];
        assert_eq!(shows(&circle, &[]), ["G1c"]);
        let lost = [('r', 0, 1, 0), ('r', 1, 1, 0), ('w', 0, 1, 1), ('w', 1, 1, 2)];
        assert_eq!(shows(&lost, &[]), ["lost-update", "G-single"]);
        let fractured = [('w', 0, 1, 1), ('w', 0, 2, 1), ('r', 1, 1, 1), ('r', 1, 2, 0)];
        assert_eq!(shows(&fractured, &[]), ["fractured-read", "G-single"]);
        let skew = [('r', 0, 1, 0), ('r', 1, 2, 0), ('w', 0, 2, 1), ('w', 1, 1, 1)];
        assert_eq!(shows(&skew, &[]), ["write-skew", "G2-item"]);
        let changed = [('r', 0, 1, 0), ('w', 1, 1, 1), ('r', 0, 1, 1)];
        assert_eq!(shows(&changed, &[]), ["internal"]);
        assert!(shows(&skew[..3], &[]).is_empty());
    }

    #[test]
    fn a_long_fork_is_no_snapshot_but_a_parallel_one() {
        let fork = [
            ('w', 0, 1, 1),
            ('w', 1, 2, 1),
            ('r', 2, 1, 1),
            ('r', 2, 2, 0),
            ('r', 3, 1, 0),
            ('r', 3, 2, 1),
        ];
        let truth = truth(4, &fork, &[]);
        assert_eq!(truth.phenomena(), ["long-fork", "G-nonadjacent"]);
        let holds = |level| truth.holds(level) == Some(true);
        assert!(holds("parallel-snapshot-isolation") && holds("causal"));
        assert!(!holds("snapshot-isolation") && !holds("prefix") && !holds("serializable"));
        assert_eq!(truth.holds("chaos"), None);
    }

    #[test]
    fn a_write_that_is_lost_is_the_last_one() {
        let (mut ledger, mut records) = (Ledger::new(true), Records::default());
        let step = |key, value| Step { key, value };
        let plans = [vec![step(1, Some(1)), step(2, Some(1))], vec![step(1, None), step(2, None)]];
        for (txn, steps) in plans.into_iter().enumerate() {
            ledger.planned(txn as Txn, txn as i64, &steps.into());
            let called = Called { operation: 0, process: 0, node: 0, f: "txn", key: None };
            records.invoke(0, called, Shown::Null);
            ledger.committed(txn as Txn);
        }
        ledger.installed(0, 1, 1, (1, 0));
        ledger.read(1, 0, Some(1));
        ledger.read(1, 1, None);
        let truth = ledger.dependencies(&records);
        assert_eq!(truth.phenomena(), ["fractured-read", "G-single"]);
    }
}
