//! A primary and its backups.

use super::{Preset, STALE, example};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "sync-backups",
        story: "The primary acknowledges a write once all backups have it; when it crashes, a \
                backup takes over and nothing is lost.",
        settings: &[("replication", "primary"), ("failover", "yes"), ("crash", "primary")],
        shows: &[],
        example: example(1, &[("operations", "24"), ("fault-every", "20ms")]),
    },
    Preset {
        name: "sync-backups-partitioned",
        story: "The primary is cut off; it stops to serve before a backup takes over, so that the \
                two never answer at the same time.",
        settings: &[("replication", "primary"), ("failover", "yes"), ("partition", "isolate")],
        shows: &[],
        example: example(1, &[("operations", "24"), ("fault-every", "20ms")]),
    },
    Preset {
        name: "sync-backup-down",
        story: "Every write waits for every backup, and nobody takes over: while one node is \
                down, nothing is acknowledged.",
        settings: &[("replication", "primary"), ("crash", "node")],
        shows: &[],
        example: example(1, &[("operations", "24"), ("fault-every", "20ms")]),
    },
    Preset {
        name: "sync-backups-read-anywhere",
        story: "All backups have a write before it is acknowledged, but not at the same moment: \
                of two readers of two backups the later one may get the older value.",
        settings: &[
            ("replication", "primary"),
            ("reads-from", "any"),
            ("slow", "5%"),
            ("reads", "70%"),
        ],
        shows: STALE,
        example: example(6, &[("operations", "30")]),
    },
    Preset {
        name: "async-backups",
        story: "The primary acknowledges a write before the backups have it; as long as the \
                primary answers all reads and lives, nobody can tell.",
        settings: &[("replication", "primary"), ("acknowledge", "early")],
        shows: &[],
        example: example(1, &[("operations", "12")]),
    },
    Preset {
        name: "async-failover",
        story: "The primary acknowledges writes and sends them to the backups later, in batches; \
                when it crashes, a backup takes over that never got the last of them.",
        settings: &[
            ("replication", "primary"),
            ("acknowledge", "early"),
            ("lag", "20ms"),
            ("failover", "yes"),
            ("crash", "primary"),
            ("durable", "no"),
            ("reads", "95%"),
            ("clients", "8"),
            ("operations", "400"),
            ("fault-for", "60ms"),
        ],
        shows: &["resurrected-value", "lost-update"],
        example: example(7, &[("operations", "30"), ("fault-every", "20ms")]),
    },
    Preset {
        name: "read-replicas",
        story: "Six nodes answer reads from their own copies, which get each write a little after \
                it was acknowledged.",
        settings: &[
            ("replication", "primary"),
            ("acknowledge", "early"),
            ("reads-from", "any"),
            ("nodes", "6"),
            ("clients", "12"),
            ("delay", "2ms"),
            ("reads", "80%"),
        ],
        shows: STALE,
        example: example(1, &[("operations", "20")]),
    },
    Preset {
        name: "split-brain",
        story: "The primary is cut off and goes on, while the others make a backup the primary: \
                two primaries acknowledge writes that only their own side sees.",
        settings: &[
            ("replication", "primary"),
            ("acknowledge", "early"),
            ("failover", "yes"),
            ("step-down", "no"),
            ("partition", "isolate"),
            ("clients", "6"),
            ("reads", "70%"),
            ("fault-for", "200ms"),
            ("fault-every", "100ms"),
        ],
        shows: &["split-brain"],
        example: example(
            1,
            &[("operations", "60"), ("fault-every", "10ms"), ("fault-for", "100ms")],
        ),
    },
];
