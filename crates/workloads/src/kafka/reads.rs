//! Messages that should not have been polled: of failed transactions, of the transaction itself, of
//! nobody.

use super::{G1A, PRECOMMITTED_READ, Scene, UNSENT};
use crate::object::NONE;
use crate::report::{Findings, say};
use histcheck_history::Outcome;

pub(super) fn check(scene: &Scene<'_, '_>, findings: &mut Findings) {
    let count = scene.txns.messages.len();
    // A transaction that sent each message and failed.
    let mut failed = vec![NONE; count];
    for (txn, at) in scene.txns.all.iter().zip(0..) {
        for entry in txn.sends.iter().filter(|_| txn.outcome == Outcome::Fail) {
            failed[entry.message as usize] = at;
        }
    }
    // The last transaction that sent each message so far.
    let mut own = vec![NONE; count];
    let mut is_told = vec![false; count];
    for (txn, at) in scene.txns.all.iter().zip(0..) {
        let op = scene.op(at);
        for entry in &txn.sends {
            own[entry.message as usize] = at;
        }
        let mut last = NONE;
        for entry in &txn.polls {
            let message = entry.message as usize;
            let (key, value) = scene.message(entry.message);
            let polled = || say![op.process(), " polled ", value, " of ", key, " ", op.returned()];
            if txn.is_ok() && failed[message] != NONE {
                let writer = scene.op(failed[message]);
                findings.add(&G1A, || {
                    let why =
                        say![", which ", writer.process(), " sent in a transaction that failed"];
                    (vec![op.index, writer.index], vec![value], [polled(), why].concat())
                });
            }
            // One case a key is enough.
            if own[message] == at && last != entry.key {
                last = entry.key;
                findings.add(&PRECOMMITTED_READ, || {
                    let why = say![", which the same transaction sent"];
                    (vec![op.index], vec![value], [polled(), why].concat())
                });
            }
            let is_sent = scene.logs.writer[message] != NONE;
            if !is_sent && !std::mem::replace(&mut is_told[message], true) {
                findings.add(&UNSENT, || {
                    let why = say![", which nobody sent"];
                    (vec![op.index], vec![value], [polled(), why].concat())
                });
            }
        }
    }
}
