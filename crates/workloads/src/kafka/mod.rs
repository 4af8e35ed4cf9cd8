//! `kafka`: logs by key, to which transactions send messages and from which they poll them, each
//! with its offset.
//!
//! Offsets say in which order the messages of a key are in its log; gaps between them mean
//! nothing. All the anomalies follow from that order, and from which operation sent and polled
//! which message: see the files of this folder. Messages are unique within a key.

mod cycles;
mod lag;
mod logs;
mod polls;
mod reads;
mod sends;
mod txns;

use histcheck_history::Value;

use crate::Options;
use crate::object::Object;
use crate::report::{Anomaly, Findings, say};
use logs::Logs;
use txns::Txns;

macro_rules! anomalies {
    ($($name:ident: $text:literal, $violates:literal, $definition:literal;)*) => {
        $(
            pub(crate) static $name: Anomaly =
                Anomaly { name: $text, definition: $definition, violates: $violates };
        )*

        pub(crate) static ANOMALIES: &[&Anomaly] = &[$(&$name),*];
    };
}

anomalies! {
    UNSENT: "unsent", true, "A message was polled that nobody sent.";
    DUPLICATE: "duplicate", true, "A message is at two offsets of a log.";
    INCONSISTENT_OFFSETS: "inconsistent-offsets", true, "Two messages are at one offset of a log.";
    LOST_WRITE: "lost-write", true,
        "A message was sent for certain, nobody polled it, and somebody polled a later one of its \
         log.";
    G1A: "G1a", true, "A message was polled whose transaction failed (aborted read).";
    PRECOMMITTED_READ: "precommitted-read", true,
        "A transaction polled a message that it sent itself, before it was committed.";
    G1C: "G1c", true,
        "Transactions that polled each other's messages, in a circle (circular information flow).";
    G1C_PROCESS: "G1c-process", true,
        "A circle of transactions that polled each other's messages, or followed each other in one \
         process.";
    G1C_REALTIME: "G1c-realtime", true,
        "A circle of transactions that polled each other's messages, or of which one completed \
         before the other was invoked.";
    INT_POLL_SKIP: "int-poll-skip", true,
        "One transaction polled two messages of a log, one right after the other, and not those \
         between them.";
    INT_NONMONOTONIC_POLL: "int-nonmonotonic-poll", true,
        "One transaction polled a message of a log, and then it again or an earlier one.";
    POLL_SKIP: "poll-skip", true,
        "A process polled on from beyond the message after the last one that it had polled.";
    NONMONOTONIC_POLL: "nonmonotonic-poll", true,
        "A process polled on from before the message after the last one that it had polled.";
    INT_NONMONOTONIC_SEND: "int-nonmonotonic-send", true,
        "One transaction sent two messages to a log, and they are in it the other way round.";
    NONMONOTONIC_SEND: "nonmonotonic-send", true,
        "A process sent two messages to a log, and they are in it the other way round.";
    UNSEEN: "unseen", true, "A message was sent for certain, and nobody polled it by the end.";
    INT_SEND_SKIP: "int-send-skip", false,
        "One transaction sent two messages to a log, and messages of others are between them.";
    G0: "G0", false,
        "Transactions whose messages are in the logs in a circular order (write cycle).";
    G0_PROCESS: "G0-process", false,
        "A circle of transactions whose messages follow each other in logs, or which follow each \
         other in one process.";
    G0_REALTIME: "G0-realtime", false,
        "A circle of transactions whose messages follow each other in logs, or of which one \
         completed before the other was invoked.";
}

/// The anomalies that are no violation where consumers subscribe to topics: then the broker may
/// move them between logs.
pub(crate) static OF_SUBSCRIBERS: &[&Anomaly] = &[&POLL_SKIP, &NONMONOTONIC_POLL];

/// Those that are usual where the order of the logs counts as an order of transactions.
pub(crate) static OF_WRITE_ORDER: &[&Anomaly] = &[&G1C, &G1C_PROCESS, &G1C_REALTIME];

/// All that the parts of this check look at.
pub(crate) struct Scene<'a, 'h> {
    object: &'a Object<'h>,
    txns: Txns,
    logs: Logs,
}

impl Scene<'_, '_> {
    /// The operation of a transaction.
    fn op(&self, txn: u32) -> &crate::object::Op {
        &self.object.ops[self.txns.all[txn as usize].op as usize]
    }

    /// A message: its key, and what it says.
    fn message(&self, message: u32) -> (Value, Value) {
        let (key, value) = self.txns.messages[message as usize];
        (self.txns.keys[key as usize], value)
    }
}

/// Checks the logs of a history. O(n log n) for n sent and polled messages, but for the examples of
/// cycles.
pub(crate) fn check(
    object: &Object<'_>,
    options: &Options,
    only: Option<&'static Anomaly>,
    findings: &mut Findings,
) {
    let txns = Txns::of(object, findings);
    let count = txns.all.iter().filter(|txn| txn.kind == txns::Kind::Txn).count();
    findings.count("transactions", count);
    if count == 0 {
        return findings.undecided(say!["no operation sent or polled anything"]);
    }
    let logs = Logs::of(&txns);
    findings.count("keys", txns.keys.len());
    findings.count("messages", txns.messages.len());
    let scene = Scene { object, txns, logs };
    logs::check(&scene, findings);
    reads::check(&scene, findings);
    polls::check(&scene, findings);
    sends::check(&scene, findings);
    let asks_for_cycles = only.is_some_and(|only| cycles::NAMES.contains(&only));
    let orders_writes = options.write_order.unwrap_or(asks_for_cycles);
    cycles::check(&scene, orders_writes, findings);
    lag::measure(&scene, findings);
}
