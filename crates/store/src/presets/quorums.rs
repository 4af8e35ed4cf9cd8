//! Quorums without a leader.

use super::{Preset, STALE, example};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "abd",
        story: "Reads and writes ask a majority first and tell a majority then: the atomic \
                register of Attiya, Bar-Noy and Dolev.",
        settings: &[("replication", "leaderless")],
        shows: &[],
        example: example(1, &[("operations", "14")]),
    },
    Preset {
        name: "abd-partitions",
        story: "The same on five nodes, in a network that is cut into halves, loses, repeats and \
                reorders messages: a majority goes on, and nobody sees anything old.",
        settings: &[
            ("replication", "leaderless"),
            ("nodes", "5"),
            ("partition", "halves"),
            ("loss", "2%"),
            ("duplication", "2%"),
            ("reordering", "yes"),
        ],
        shows: &[],
        example: example(1, &[("operations", "24"), ("fault-every", "20ms")]),
    },
    Preset {
        name: "abd-crashes",
        story: "The same while one node after the other crashes and comes back with what it had.",
        settings: &[("replication", "leaderless"), ("nodes", "5"), ("crash", "node")],
        shows: &[],
        example: example(6, &[("operations", "24"), ("fault-every", "20ms")]),
    },
    Preset {
        name: "quorum-amnesia",
        story: "Nodes come back from a crash with nothing: of the majority that has a write, one \
                forgets it, and another majority has never heard of it.",
        settings: &[
            ("replication", "leaderless"),
            ("crash", "node"),
            ("durable", "no"),
            ("loss", "25%"),
            ("keys", "8"),
            ("reads", "80%"),
            ("think", "2ms"),
            ("operations", "600"),
        ],
        shows: &[
            "resurrected-value",
            "lost-update",
            "stale-read",
            "non-monotonic-read",
            "read-your-writes",
        ],
        example: example(7, &[("operations", "40"), ("fault-every", "10ms"), ("keys", "1")]),
    },
    Preset {
        name: "majority-reads",
        story: "A read returns the latest value of a majority without making sure that a majority \
                has it: while a write is under way, one reader gets the new value and the next \
                one the old.",
        settings: &[
            ("replication", "leaderless"),
            ("write-back", "no"),
            ("reordering", "yes"),
            ("slow", "20%"),
            ("reads", "80%"),
            ("clients", "8"),
        ],
        shows: STALE,
        example: example(13, &[("operations", "30")]),
    },
    Preset {
        name: "majority-reads-repaired",
        story: "The same with read repair: a read that found old copies brings them up to date, \
                but answers before they are.",
        settings: &[
            ("replication", "leaderless"),
            ("write-back", "no"),
            ("read-repair", "yes"),
            ("reordering", "yes"),
            ("slow", "20%"),
            ("reads", "80%"),
            ("clients", "8"),
        ],
        shows: STALE,
        example: example(466, &[("operations", "60")]),
    },
    Preset {
        name: "read-one",
        story: "A write waits for two of three copies and a read for one of them, which may be \
                the third.",
        settings: &[
            ("replication", "leaderless"),
            ("read-quorum", "1"),
            ("write-quorum", "2"),
            ("write-back", "no"),
            ("slow", "10%"),
            ("slow-by", "3ms"),
            ("reads", "85%"),
            ("clients", "8"),
        ],
        shows: STALE,
        example: example(5, &[("operations", "24")]),
    },
    Preset {
        name: "read-one-write-one",
        story: "Reads and writes wait for one copy only, whichever answers first.",
        settings: &[
            ("replication", "leaderless"),
            ("read-quorum", "1"),
            ("write-quorum", "1"),
            ("write-back", "no"),
            ("delay", "1ms"),
            ("reads", "85%"),
            ("clients", "8"),
        ],
        shows: STALE,
        example: example(1, &[("operations", "20")]),
    },
    Preset {
        name: "write-one-read-all",
        story: "A write waits for one copy and a read for all of them: right, as long as every \
                node is there.",
        settings: &[
            ("replication", "leaderless"),
            ("read-quorum", "3"),
            ("write-quorum", "1"),
            ("write-back", "no"),
        ],
        shows: &[],
        example: example(1, &[("operations", "14")]),
    },
    Preset {
        name: "write-all-read-one",
        story: "A write waits for all copies and a read for one: while the copies are being \
                written, which value a reader gets depends on whom it asks.",
        settings: &[
            ("replication", "leaderless"),
            ("read-quorum", "1"),
            ("write-quorum", "3"),
            ("write-back", "no"),
            ("slow", "10%"),
            ("reads", "85%"),
            ("clients", "8"),
        ],
        shows: STALE,
        example: example(1, &[("operations", "24")]),
    },
    Preset {
        name: "arrival-order",
        story: "Each copy keeps the write that arrived there last: where two writes meet, copies \
                disagree for good about which one it was.",
        settings: &[
            ("replication", "leaderless"),
            ("order", "arrival"),
            ("slow", "10%"),
            ("reads", "70%"),
        ],
        shows: STALE,
        example: example(1, &[("operations", "24")]),
    },
    Preset {
        name: "lamport-order",
        story: "Writes are ordered by their coordinator's Lamport clock without asking anyone: \
                one who was cut off is behind, and its acknowledged writes lose against older \
                ones.",
        settings: &[
            ("replication", "leaderless"),
            ("order", "lamport"),
            ("partition", "halves"),
            ("connection", "any"),
            ("reads", "70%"),
        ],
        shows: &["lost-update", "stale-read", "read-your-writes", "non-monotonic-read"],
        example: example(117, &[("operations", "40"), ("fault-every", "20ms")]),
    },
    Preset {
        name: "forgotten-tombstones",
        story: "A deletion is forgotten while a node is away that still has the value; when it is \
                back, so is the value.",
        settings: &[
            ("replication", "leaderless"),
            ("workload", "kv"),
            ("keys", "12"),
            ("order", "server-clock"),
            ("forget-deletes", "20ms"),
            ("read-repair", "yes"),
            ("partition", "halves"),
            ("fault-for", "80ms"),
            ("reads", "70%"),
            ("operations", "600"),
        ],
        shows: &["resurrected-value", "stale-read", "non-monotonic-read", "read-your-writes"],
        example: example(1807, &[("operations", "120"), ("keys", "2"), ("fault-every", "15ms")]),
    },
];
