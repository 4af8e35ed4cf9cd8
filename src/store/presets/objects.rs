//! Objects other than registers, and operations of several steps.

use super::{Preset, example};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "atomic-counter",
        story: "The store increments in one step.",
        settings: &[("workload", "counter")],
        shows: &[],
        example: example(1, &[("operations", "12")]),
    },
    Preset {
        name: "racy-counter",
        story: "Clients read, add and write back, with nothing to keep others out: of two that read \
                the same number, one increment is lost.",
        settings: &[("workload", "counter"), ("method", "read-then-write"), ("operations", "100")],
        shows: &["lost-update"],
        example: example(1, &[("operations", "12")]),
    },
    Preset {
        name: "locked-counter",
        story: "Clients take a lock, read, add, write back, and release the lock.",
        settings: &[("workload", "counter"), ("method", "locked")],
        shows: &[],
        example: example(1, &[("operations", "12")]),
    },
    Preset {
        name: "optimistic-counter",
        story: "Clients read and add, and write back if the number is still the same; otherwise \
                they begin again.",
        settings: &[("workload", "counter"), ("method", "optimistic")],
        shows: &[],
        example: example(1, &[("operations", "12")]),
    },
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
];
