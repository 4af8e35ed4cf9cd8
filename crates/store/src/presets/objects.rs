//! Objects other than registers, and operations of several steps.

use super::{Preset, example};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "compare-and-set",
        story: "Clients read, write and replace one value of five; a compare-and-set that finds \
                another value fails.",
        settings: &[("workload", "cas"), ("values", "5")],
        shows: &[],
        example: example(1, &[("operations", "16")]),
    },
    Preset {
        name: "key-value",
        story: "Clients get, put and delete the values of four keys.",
        settings: &[("workload", "kv"), ("keys", "4"), ("replication", "leaderless")],
        shows: &[],
        example: example(1, &[("operations", "16"), ("keys", "2")]),
    },
    Preset {
        name: "queue",
        story: "Producers and consumers share a queue on one node.",
        settings: &[("workload", "queue")],
        shows: &[],
        example: example(1, &[("operations", "14")]),
    },
    Preset {
        name: "event-log",
        story: "Clients append events to a log on one node, and read it from the start.",
        settings: &[("workload", "log"), ("operations", "100")],
        shows: &[],
        example: example(1, &[("operations", "12")]),
    },
    Preset {
        name: "set",
        story: "Clients add elements to a set, remove some, and read all of it.",
        settings: &[("workload", "set"), ("operations", "100")],
        shows: &[],
        example: example(1, &[("operations", "14")]),
    },
    Preset {
        name: "mutex",
        story: "Clients take a lock in turns.",
        settings: &[("workload", "mutex"), ("think", "2ms")],
        shows: &[],
        example: example(1, &[("operations", "12"), ("clients", "3")]),
    },
    Preset {
        name: "lease-lock",
        story: "Clients take a lock for 50 ms at most, and never need it for longer.",
        settings: &[("workload", "mutex"), ("lease", "50ms"), ("think", "2ms")],
        shows: &[],
        example: example(1, &[("operations", "12"), ("clients", "3")]),
    },
    Preset {
        name: "lease-lock-paused",
        story: "A client is stopped, as by the collection of garbage, for longer than its lease: \
                the lock is lent to another one, and then both have it.",
        settings: &[
            ("workload", "mutex"),
            ("lease", "10ms"),
            ("work", "4ms"),
            ("think", "2ms"),
            ("pause", "client"),
            ("fault-for", "40ms"),
            ("operations", "100"),
        ],
        shows: &["double-lock", "foreign-release"],
        example: example(1, &[("operations", "30"), ("clients", "3")]),
    },
    Preset {
        name: "paused-without-fencing",
        story: "Clients increment under a lock that is lent for 10 ms; one that was stopped for \
                longer writes what it had computed before.",
        settings: &[
            ("workload", "counter"),
            ("method", "locked"),
            ("lease", "10ms"),
            ("work", "3ms"),
            ("pause", "client"),
            ("fault-for", "40ms"),
            ("operations", "100"),
        ],
        shows: &["lost-update"],
        example: example(2, &[("operations", "40")]),
    },
    Preset {
        name: "paused-with-fencing",
        story: "The same, but the store refuses a write whose token is older than one that it has \
                seen: the late write fails.",
        settings: &[
            ("workload", "counter"),
            ("method", "locked"),
            ("lease", "10ms"),
            ("work", "3ms"),
            ("pause", "client"),
            ("fault-for", "40ms"),
            ("fencing", "yes"),
            ("operations", "100"),
        ],
        shows: &[],
        example: example(1, &[("operations", "30")]),
    },
    Preset {
        name: "lock-pairs",
        story: "Clients need two locks at a time, and all take them in one order.",
        settings: &[("workload", "lock-pairs"), ("method", "locked"), ("operations", "100")],
        shows: &[],
        example: example(1, &[("operations", "16")]),
    },
    Preset {
        name: "deadlock",
        story: "Clients need two locks at a time, and take them in whatever order they need them: \
                soon two wait for each other, and everybody for them.",
        settings: &[
            ("workload", "lock-pairs"),
            ("method", "locked-as-needed"),
            ("operations", "100"),
        ],
        shows: &["stuck-operations"],
        example: example(1, &[("operations", "60")]),
    },
    Preset {
        name: "pool",
        story: "Clients share a pool of two connections.",
        settings: &[("workload", "semaphore")],
        shows: &[],
        example: example(1, &[("operations", "14")]),
    },
    Preset {
        name: "pool-overbooked",
        story: "Clients look whether a connection is free, and take it in a second step: two take \
                the last one, or one that was given back is not counted.",
        settings: &[("workload", "semaphore"), ("method", "read-then-write"), ("operations", "60")],
        shows: &["double-lock", "spurious-failure"],
        example: example(1, &[("operations", "20")]),
    },
    Preset {
        name: "pool-exhausted",
        story: "Now and then a client forgets to give its connection back, until none is left and \
                all wait.",
        settings: &[("workload", "semaphore"), ("leaks", "5%")],
        shows: &["stuck-operations"],
        example: example(1, &[("operations", "60"), ("leaks", "10%")]),
    },
    Preset {
        name: "queue-redelivery",
        story: "An item that was taken comes back after 20 ms unless it was acknowledged, and \
                consumers are fast enough.",
        settings: &[("workload", "queue"), ("lease", "20ms")],
        shows: &[],
        example: example(1, &[("operations", "14")]),
    },
    Preset {
        name: "queue-redelivery-paused",
        story: "A consumer is stopped while it works on an item; the item comes back, and another \
                consumer gets it too.",
        settings: &[
            ("workload", "queue"),
            ("lease", "20ms"),
            ("pause", "client"),
            ("fault-for", "40ms"),
            ("operations", "100"),
        ],
        shows: &["duplicate-delivery"],
        example: example(28, &[("operations", "40")]),
    },
    Preset {
        name: "racy-set",
        story: "Clients read the whole set, change it, and write it back: of two at a time, one \
                element is lost, or one that was removed comes back.",
        settings: &[("workload", "set"), ("method", "read-then-write"), ("operations", "60")],
        shows: &["lost-update", "resurrected-value"],
        example: example(1, &[("operations", "16")]),
    },
    Preset {
        name: "racy-log",
        story: "Clients read the whole log, append their entry, and write it back.",
        settings: &[("workload", "log"), ("method", "read-then-write"), ("operations", "60")],
        shows: &["lost-update"],
        example: example(1, &[("operations", "16")]),
    },
    Preset {
        name: "bank",
        story: "Clients move money between four accounts in one step, and read all balances.",
        settings: &[("workload", "bank"), ("operations", "100")],
        shows: &[],
        example: example(1, &[("operations", "12")]),
    },
    Preset {
        name: "bank-locked",
        story: "Clients take the locks of both accounts, in one order for all, before they look \
                and move.",
        settings: &[("workload", "bank"), ("method", "locked"), ("operations", "100")],
        shows: &[],
        example: example(1, &[("operations", "12")]),
    },
    Preset {
        name: "bank-optimistic",
        story: "Clients read, compute, and write in one step if no account has changed since.",
        settings: &[("workload", "bank"), ("method", "optimistic"), ("operations", "100")],
        shows: &[],
        example: example(1, &[("operations", "12")]),
    },
    Preset {
        name: "bank-unlocked",
        story: "Clients look whether there is enough, and then write both accounts; others do the \
                same meanwhile.",
        settings: &[("workload", "bank"), ("method", "read-then-write"), ("operations", "40")],
        shows: &["broken-total", "negative-balance", "lost-update"],
        example: example(1, &[("operations", "16")]),
    },
    Preset {
        name: "bank-aba",
        story: "Clients write if the first account has its old balance still, or again: money \
                that came and went, or moved elsewhere, is not noticed.",
        settings: &[("workload", "bank"), ("method", "optimistic-by-value"), ("operations", "40")],
        shows: &["broken-total", "negative-balance", "lost-update", "aba"],
        example: example(2, &[("operations", "20")]),
    },
    Preset {
        name: "bank-deadlock",
        story: "Clients take the locks of both accounts in the order of the transfer: of two that \
                move money in opposite directions, neither ever ends.",
        settings: &[("workload", "bank"), ("method", "locked-as-needed"), ("operations", "60")],
        shows: &["stuck-operations"],
        example: example(1, &[("operations", "40")]),
    },
    Preset {
        name: "serializable",
        story: "Transactions commit if nothing that they read has changed.",
        settings: &[("workload", "transactions"), ("operations", "60")],
        shows: &[],
        example: example(2, &[("operations", "10")]),
    },
    Preset {
        name: "snapshot-isolation",
        story: "Transactions read a snapshot and commit if nobody wrote what they write: two that \
                each read what the other one writes both commit.",
        settings: &[("workload", "transactions"), ("isolation", "snapshot"), ("operations", "20")],
        shows: &["write-skew"],
        example: example(1, &[("operations", "12")]),
    },
    Preset {
        name: "read-committed",
        story: "Transactions read whatever is committed at the moment, and write without looking: \
                they see halves of each other.",
        settings: &[
            ("workload", "transactions"),
            ("isolation", "read-committed"),
            ("operations", "20"),
        ],
        shows: &["read-skew", "write-skew", "lost-update"],
        example: example(3, &[("operations", "12")]),
    },
    Preset {
        name: "parallel-snapshots",
        story: "Each of two sites has a copy of everything and gets the other site's writes \
                later: two readers see two writes in opposite orders.",
        settings: &[
            ("workload", "transactions"),
            ("isolation", "parallel-snapshot"),
            ("replication", "primary"),
            ("placement", "modulo"),
            ("nodes", "2"),
            ("accounts", "2"),
            ("delay", "5ms"),
            ("clients", "8"),
            ("think", "1ms"),
            ("operations", "40"),
        ],
        shows: &["long-fork", "stale-read", "non-monotonic-read", "read-your-writes"],
        example: example(2, &[("operations", "20")]),
    },
];
