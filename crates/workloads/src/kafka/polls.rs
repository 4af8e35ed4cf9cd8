//! Polls that leave messages out, or go back: within one transaction, and from one transaction of a
//! process to its next.

use histcheck_history::{Outcome, Value};

use super::txns::{Entry, Kind, Txn};
use super::{INT_NONMONOTONIC_POLL, INT_POLL_SKIP, NONMONOTONIC_POLL, POLL_SKIP, Scene};
use crate::object::NONE;
use crate::report::{Findings, Sentence, say};

pub(super) fn check(scene: &Scene<'_, '_>, findings: &mut Findings) {
    for (txn, at) in scene.txns.all.iter().zip(0..) {
        within(scene, txn, at, findings);
    }
    across(scene, findings);
}

/// Successive messages that one transaction polled from a log.
fn within(scene: &Scene<'_, '_>, txn: &Txn, at: u32, findings: &mut Findings) {
    let op = scene.op(at);
    for pair in txn.polls.windows(2) {
        let [Entry { key, message: one, .. }, Entry { key: next, message: other, .. }] = *pair
        else {
            continue;
        };
        // Of what moved between consumers meanwhile, nothing can be said.
        if key != next || txn.keys.binary_search(&key).is_ok() {
            continue;
        }
        let delta = scene.logs.delta(Some(one), Some(other));
        let [(key_value, first), (_, second)] = [one, other].map(|it| scene.message(it));
        let polled = || {
            let start = say![op.process(), " polled ", second, " right after ", first, " of "];
            [start, say![key_value, " ", op.returned()]].concat()
        };
        if delta > 1 {
            findings.add(&INT_POLL_SKIP, || {
                let why = skipped(scene, key, one, other);
                (vec![op.index], vec![first, second], [polled(), why].concat())
            });
        } else if delta < 1 {
            findings.add(&INT_NONMONOTONIC_POLL, || {
                let why = if delta == 0 { say![": again"] } else { say![", which is later"] };
                (vec![op.index], vec![first, second], [polled(), why].concat())
            });
        }
    }
}

/// What lies between two messages.
fn skipped(scene: &Scene<'_, '_>, key: u32, one: u32, other: u32) -> Sentence {
    let count = scene.logs.delta(Some(one), Some(other)) - 1;
    let mut sentence = say![" and left out "];
    let named: Vec<Value> =
        scene.logs.between(key, one, other).map(|message| scene.message(message).1).collect();
    for (at, &value) in named.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        sentence.extend(say![comma, value]);
    }
    let more = count - named.len() as i64;
    if more > 0 {
        sentence.extend(say![" and ", more, " more"]);
    }
    sentence
}

/// Where each process goes on to poll.
fn across(scene: &Scene<'_, '_>, findings: &mut Findings) {
    let keys = scene.txns.keys.len();
    let mut assigned = Assigned::new(scene.txns.processes, keys);
    for (txn, at) in scene.txns.all.iter().zip(0..) {
        if txn.kind != Kind::Txn {
            assigned.assign(txn);
            continue;
        }
        for &key in &txn.polled {
            let first = of_key(&txn.polls, key).first().map(|entry| entry.message);
            let Some(before) = assigned.last(txn.process, key) else { continue };
            let polled = &scene.txns.all[before as usize].polls;
            let last = of_key(polled, key).last().map(|entry| entry.message);
            let delta = scene.logs.delta(last, first);
            let (Some(last), Some(first)) = (last, first) else { continue };
            report(scene, [before, at], key, [last, first], delta, findings);
        }
        // What a transaction that did not succeed polled is polled again.
        if txn.outcome == Outcome::Ok {
            for &key in &txn.polled {
                assigned.set(txn.process, key, at);
            }
        }
    }
}

fn report(
    scene: &Scene<'_, '_>,
    txns: [u32; 2],
    key: u32,
    [last, first]: [u32; 2],
    delta: i64,
    findings: &mut Findings,
) {
    let [before, op] = txns.map(|txn| scene.op(txn));
    let [(key_value, from), (_, to)] = [last, first].map(|it| scene.message(it));
    let anomaly = match delta {
        1 => return,
        2.. => &POLL_SKIP,
        _ => &NONMONOTONIC_POLL,
    };
    findings.add(anomaly, || {
        let start = say![op.process(), " polled ", to, " of ", key_value, " ", op.returned()];
        let middle = say![" after it had polled up to ", from, " ", before.returned()];
        let end = match delta {
            2.. => skipped(scene, key, last, first),
            _ => say![": it went back"],
        };
        (vec![op.index, before.index], vec![from, to], [start, middle, end].concat())
    });
}

/// The entries of one key, of entries that are grouped by key.
pub(super) fn of_key(entries: &[Entry], key: u32) -> &[Entry] {
    let start = entries.partition_point(|entry| entry.key < key);
    let end = entries.partition_point(|entry| entry.key <= key);
    &entries[start..end]
}

/// The last transaction of each process that polled from, or sent to, each key that is still
/// assigned to it.
pub(super) struct Assigned {
    /// The keys of each process, with the transaction and the assignment that it belongs to.
    last: histcheck_history::hash::Map<(u32, u32), (u32, u32)>,
    /// How often each process was assigned something.
    assignments: Vec<u32>,
}

impl Assigned {
    pub(super) fn new(processes: usize, keys: usize) -> Assigned {
        let mut last = histcheck_history::hash::Map::default();
        last.reserve(processes.min(64) * keys.min(64));
        Assigned { last, assignments: vec![0; processes] }
    }

    /// Keeps only the keys that `txn` assigns to its process.
    pub(super) fn assign(&mut self, txn: &Txn) {
        let now = &mut self.assignments[txn.process as usize];
        let before = *now;
        *now += 1;
        for &key in &txn.keys {
            if let Some(last) = self.last.get_mut(&(txn.process, key))
                && last.1 == before
            {
                last.1 = *now;
            }
        }
    }

    pub(super) fn last(&self, process: u32, key: u32) -> Option<u32> {
        let now = self.assignments[process as usize];
        let last = self.last.get(&(process, key)).filter(|last| last.1 == now)?;
        (last.0 != NONE).then_some(last.0)
    }

    pub(super) fn set(&mut self, process: u32, key: u32, txn: u32) {
        let now = self.assignments[process as usize];
        self.last.insert((process, key), (txn, now));
    }
}
