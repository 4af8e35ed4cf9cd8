//! Messages that are in a log in another order than that in which they were sent: within one
//! transaction, and from one transaction of a process to its next.

use histcheck_history::Outcome;

use super::polls::{Assigned, of_key};
use super::txns::{Entry, Kind, Txn};
use super::{INT_NONMONOTONIC_SEND, INT_SEND_SKIP, NONMONOTONIC_SEND, Scene};
use crate::report::{Findings, say};

pub(super) fn check(scene: &Scene<'_, '_>, findings: &mut Findings) {
    for (txn, at) in scene.txns.all.iter().zip(0..) {
        within(scene, txn, at, findings);
    }
    across(scene, findings);
}

/// Successive messages that one transaction sent to a log.
fn within(scene: &Scene<'_, '_>, txn: &Txn, at: u32, findings: &mut Findings) {
    let op = scene.op(at);
    for pair in txn.sends.windows(2) {
        let [Entry { key, message: one, .. }, Entry { key: next, message: other, .. }] = *pair
        else {
            continue;
        };
        let delta = scene.logs.delta(Some(one), Some(other));
        if key != next || delta == 1 {
            continue;
        }
        let [(key, first), (_, second)] = [one, other].map(|it| scene.message(it));
        let sent = say![op.process(), " sent ", first, " and then ", second, " to ", key, " "];
        let (anomaly, why) = match delta {
            2.. => (&INT_SEND_SKIP, say![", with ", delta - 1, " messages of others between them"]),
            _ => (&INT_NONMONOTONIC_SEND, say![", and the log has them the other way round"]),
        };
        findings.add(anomaly, || {
            (vec![op.index], vec![first, second], [sent, say![op.returned()], why].concat())
        });
    }
}

/// What each process sends from one transaction to the next.
fn across(scene: &Scene<'_, '_>, findings: &mut Findings) {
    let mut assigned = Assigned::new(scene.txns.processes, scene.txns.keys.len());
    for (txn, at) in scene.txns.all.iter().zip(0..) {
        if txn.kind != Kind::Txn {
            assigned.assign(txn);
            continue;
        }
        if txn.outcome == Outcome::Fail {
            continue;
        }
        for group in txn.sends.chunk_by(|one, other| one.key == other.key) {
            let Entry { key, message: first, .. } = group[0];
            if let Some(before) = assigned.last(txn.process, key) {
                let sent = of_key(&scene.txns.all[before as usize].sends, key);
                let last = sent.last().map(|entry| entry.message);
                report(scene, [before, at], last, first, findings);
            }
            assigned.set(txn.process, key, at);
        }
    }
}

fn report(
    scene: &Scene<'_, '_>,
    txns: [u32; 2],
    last: Option<u32>,
    first: u32,
    findings: &mut Findings,
) {
    let Some(last) = last.filter(|&last| scene.logs.delta(Some(last), Some(first)) < 1) else {
        return;
    };
    let [before, op] = txns.map(|txn| scene.op(txn));
    let [(key, early), (_, late)] = [last, first].map(|it| scene.message(it));
    findings.add(&NONMONOTONIC_SEND, || {
        let start = say![op.process(), " sent ", late, " to ", key, " ", op.returned()];
        let middle = say![" after ", early, " ", before.returned()];
        let end = say![", and the log has them the other way round"];
        (vec![op.index, before.index], vec![early, late], [start, middle, end].concat())
    });
}
