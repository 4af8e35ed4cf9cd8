//! A log that a majority agrees on.

use super::{Preset, STALE, example};

/// Of a leader that goes on beside the next one.
const TWO_LEADERS: &[&str] =
    &["stale-read", "split-brain", "non-monotonic-read", "read-your-writes"];

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "raft",
        story: "An elected leader puts all reads and updates into a log that a majority has.",
        settings: &[("replication", "raft"), ("reads-from", "log")],
        shows: &[],
        example: example(1, &[("operations", "14")]),
    },
    Preset {
        name: "raft-partitions",
        story: "The same on five nodes while the leader is cut off, crashes and pauses in turns, \
                in a network that loses, repeats and reorders messages.",
        settings: &[
            ("replication", "raft"),
            ("reads-from", "log"),
            ("nodes", "5"),
            ("partition", "isolate"),
            ("crash", "primary"),
            ("pause", "primary"),
            ("loss", "2%"),
            ("duplication", "2%"),
            ("reordering", "yes"),
        ],
        shows: &[],
        example: example(1, &[("operations", "24"), ("fault-every", "20ms")]),
    },
    Preset {
        name: "raft-lease",
        story: "The leader answers reads by itself as long as a majority has promised not to \
                elect another one, and clocks run about equally fast.",
        settings: &[("replication", "raft"), ("reads-from", "lease"), ("partition", "isolate")],
        shows: &[],
        example: example(1, &[("operations", "20"), ("fault-every", "20ms")]),
    },
    Preset {
        name: "raft-lease-stepped",
        story: "The leader's clock is stepped back while its lease lasts, so that it goes on \
                answering when another leader has been elected.",
        settings: &[
            ("replication", "raft"),
            ("reads-from", "lease"),
            ("partition", "isolate"),
            ("step", "1s"),
            ("timeout", "4ms"),
            ("operations", "600"),
            ("reads", "80%"),
        ],
        shows: TWO_LEADERS,
        example: example(9, &[("operations", "120"), ("fault-every", "15ms")]),
    },
    Preset {
        name: "raft-reads-unconfirmed",
        story: "The leader answers reads without asking whether it still is the leader: one that \
                was cut off goes on giving out what it has.",
        settings: &[
            ("replication", "raft"),
            ("reads-from", "primary"),
            ("partition", "isolate"),
            ("timeout", "8ms"),
            ("reads", "80%"),
        ],
        shows: TWO_LEADERS,
        example: example(1, &[("operations", "60"), ("fault-every", "20ms")]),
    },
    Preset {
        name: "raft-reads-anywhere",
        story: "Every node answers reads from what it has applied; a follower is a little behind, \
                and one that is cut off more and more.",
        settings: &[
            ("replication", "raft"),
            ("reads-from", "any"),
            ("partition", "halves"),
            ("reads", "80%"),
        ],
        shows: STALE,
        example: example(1, &[("operations", "30"), ("fault-every", "20ms")]),
    },
    Preset {
        name: "raft-amnesia",
        story: "Nodes forget their terms, votes and logs in a crash: what a majority had agreed \
                on is gone.",
        settings: &[
            ("replication", "raft"),
            ("reads-from", "log"),
            ("crash", "all"),
            ("durable", "no"),
            ("reads", "95%"),
            ("clients", "8"),
        ],
        shows: &["resurrected-value", "lost-update"],
        example: example(72, &[("operations", "30"), ("fault-every", "15ms")]),
    },
    Preset {
        name: "raft-queue",
        story: "A queue in the log: every item comes out once and in order, whoever leads.",
        settings: &[("replication", "raft"), ("workload", "queue"), ("crash", "primary")],
        shows: &[],
        example: example(3, &[("operations", "20"), ("fault-every", "8ms"), ("fault-for", "15ms")]),
    },
    Preset {
        name: "raft-counter",
        story: "A counter in the log, with calls that are done once however often they are made.",
        settings: &[
            ("replication", "raft"),
            ("workload", "counter"),
            ("reads-from", "log"),
            ("crash", "primary"),
            ("loss", "2%"),
            ("calls", "exactly-once"),
        ],
        shows: &[],
        example: example(1, &[("operations", "16")]),
    },
    Preset {
        name: "raft-mutex",
        story: "A lock in the log: whoever leads knows who has it, and for how long.",
        settings: &[
            ("replication", "raft"),
            ("workload", "mutex"),
            ("crash", "primary"),
            ("calls", "exactly-once"),
            ("retries", "20"),
            ("lease", "300ms"),
            ("think", "2ms"),
        ],
        shows: &[],
        example: example(1, &[("operations", "20"), ("clients", "3"), ("fault-every", "15ms")]),
    },
];
