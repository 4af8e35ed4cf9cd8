//! What clients do when no answer comes.

use super::{Preset, example};

const TWICE: &[&str] = &["duplicate-apply"];

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "at-most-once",
        story: "Messages are lost, and clients give up: of some increments nobody knows whether \
                they happened, and none happened twice.",
        settings: &[("workload", "counter"), ("replication", "primary"), ("loss", "5%")],
        shows: &[],
        example: example(1, &[("operations", "16"), ("loss", "15%")]),
    },
    Preset {
        name: "exactly-once",
        story: "Clients that get no answer call again under the same number, by which the store \
                knows what it did already.",
        settings: &[
            ("workload", "counter"),
            ("replication", "primary"),
            ("loss", "5%"),
            ("calls", "exactly-once"),
        ],
        shows: &[],
        example: example(1, &[("operations", "16"), ("loss", "15%")]),
    },
    Preset {
        name: "retried-increment",
        story: "A client that gets no answer increments again; where only the answer had been \
                lost, the counter grows twice.",
        settings: &[
            ("workload", "counter"),
            ("replication", "primary"),
            ("loss", "5%"),
            ("calls", "at-least-once"),
        ],
        shows: TWICE,
        example: example(1, &[("operations", "16"), ("loss", "15%")]),
    },
    Preset {
        name: "retried-write",
        story: "A client that gets no answer writes again; what was written in between is \
                overwritten by a value that had been replaced.",
        settings: &[
            ("replication", "primary"),
            ("loss", "5%"),
            ("calls", "at-least-once"),
            ("reads", "70%"),
        ],
        shows: TWICE,
        example: example(1, &[("operations", "30"), ("loss", "10%")]),
    },
    Preset {
        name: "retried-append",
        story: "A client that gets no answer appends again: the entry is in the log twice.",
        settings: &[
            ("workload", "log"),
            ("replication", "primary"),
            ("loss", "5%"),
            ("calls", "at-least-once"),
            ("operations", "100"),
        ],
        shows: TWICE,
        example: example(2, &[("operations", "16"), ("loss", "15%")]),
    },
];
