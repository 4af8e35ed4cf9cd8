//! Anomalies of locks, queues, accounts and transactions.

use super::{AnomalyEntry, Example};
use crate::explain::AnomalyKind;

/// Other objects.
pub(super) const OBJECTS: &[AnomalyEntry] = &[
    AnomalyEntry {
        kind: AnomalyKind::DoubleLock,
        definition: "A lock had two holders at a time, or a semaphore more than its permits.",
        explanation: "\
              Both acquisitions were acknowledged, and the first holder had not released. A lease \
              that runs out while its holder is paused leads to it; sequencers, or fencing \
              tokens, make it harmless (Burrows 2006).",
        look_for: "\
              Look for leases and their clocks, for long pauses, for a failover that forgets a \
              holder.",
        proves: "That the holds named overlap.",
        suggests: "",
        history: Some(example!("double-lock.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::ForeignRelease,
        definition: "A lock was released by a process that did not hold it.",
        explanation: "The release was acknowledged, so that the lock does not know its holder.",
        look_for: "\
              See whether the lock checks who releases it, and whether the process had lost it \
              before.",
        proves: "That the process did not hold the lock.",
        suggests: "",
        history: Some(example!("foreign-release.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::DuplicateDelivery,
        definition: "A message was delivered more often than it was sent.",
        explanation: "\
              One of the ways in which a queue goes wrong, as Henzinger, Sezgin and Vafeiadis \
              (2013) tell them apart: a value is dequeued twice.",
        look_for: "\
              See whether the queue promises at-most-once delivery at all; look for \
              acknowledgements that were lost and for consumers that were given up too early.",
        proves: "That the deliveries outnumber the enqueues that can have happened.",
        suggests: "",
        history: Some(example!("duplicate-delivery.edn")),
    },
    AnomalyEntry {
        kind: AnomalyKind::LostMessage,
        definition: "An acknowledged message is gone.",
        explanation: "\
              The queue said that it was empty, or delivered what came later, though nobody had \
              taken the message out.",
        look_for: "\
              Look for messages acknowledged before they are durable, for what was thrown away at \
              a failover, for a consumer that crashed with the message.",
        proves: "That the message was in the queue and that no operation can have taken it out.",
        suggests: "",
        history: Some(example!("lost-message.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::ReorderedDelivery,
        definition: "Messages were delivered in a wrong order.",
        explanation: "\
              One message was certainly put in before another one, both were there, and the queue \
              gave out the wrong one first: the later one of a queue, the earlier one of a stack, \
              the less urgent one of a priority queue.",
        look_for: "\
              Look for several partitions or consumers behind one name, for retries that put a \
              message back at the end.",
        proves: "That the order of the deliveries fits no order of the enqueues.",
        suggests: "",
        history: Some(example!("reordered-delivery.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::NegativeBalance,
        definition: "An account shows less than nothing.",
        explanation: "\
              A withdrawal that should have been refused went through: two of them, each of which \
              saw enough, took more than there was.",
        look_for: "Look for a check and a withdrawal that should be one step.",
        proves: "That the balance was read, and that no order of the transfers leads to it.",
        suggests: "",
        history: Some(example!("negative-balance.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::BrokenTotal,
        definition: "The balances do not add up: money was made or lost.",
        explanation: "\
              Transfers keep the sum of all accounts, and a read of all of them shows another \
              sum.",
        look_for: "\
              Look for a read that is not one snapshot, and for transfers of which only one half \
              was applied.",
        proves: "That the balances read have another sum than there was.",
        suggests: "",
        history: Some(example!("broken-total.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::ReadSkew,
        definition: "A transaction saw a part of another one.",
        explanation: "\
              It read one thing before the other transaction changed it, or after, and another \
              thing the other way round (A5A in Berenson and others 1995).",
        look_for: "Look for reads of several things that are not one snapshot.",
        proves: "That no order of whole transactions explains what was read.",
        suggests: "",
        history: Some(example!("read-skew.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::WriteSkew,
        definition: "Two transactions each read what the other one wrote, both as it was before.",
        explanation: "\
              Each of them is fine by itself, and had either come first, the other one would have \
              seen it (A5B in Berenson and others 1995). Snapshot isolation allows it.",
        look_for: "\
              See whether the store promises serializability or only snapshot isolation; lock \
              what is read where it matters.",
        proves: "That neither order of the two explains what they read.",
        suggests: "",
        history: Some(example!("write-skew.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::LongFork,
        definition: "Two readers saw two independent writes in opposite orders.",
        explanation: "\
              One saw the first write and not the second, the other one the second and not the \
              first. Parallel snapshot isolation allows it (Sovran and others 2011).",
        look_for: "Look for reads answered by several sites that exchange writes later.",
        proves: "That the two readers disagree about which write came first.",
        suggests: "",
        history: Some(example!("long-fork.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::Unclassified,
        definition: "Operations that cannot be ordered, in a way that has no name here.",
        explanation: "\
              The counterexample is a proof all the same: these operations cannot have happened \
              to one copy.",
        look_for: "Look at the counterexample: it is as small as could be shown.",
        proves: "That the operations named cannot be ordered.",
        suggests: "",
        history: None,
    },
];
