//! Where copies are kept.

use super::{Preset, example};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "sharded",
        story: "Each key lives on one of five nodes, by its number; every key is a single copy.",
        settings: &[
            ("placement", "modulo"),
            ("nodes", "5"),
            ("copies", "1"),
            ("keys", "12"),
            ("clients", "8"),
        ],
        shows: &[],
        example: example(1, &[("operations", "16"), ("keys", "3")]),
    },
    Preset {
        name: "ring",
        story: "Nine nodes stand on a ring of hashes at 16 places each, and the next three from a \
                key's place on keep it, with quorums.",
        settings: &[
            ("replication", "leaderless"),
            ("placement", "ring"),
            ("nodes", "9"),
            ("copies", "3"),
            ("keys", "12"),
            ("clients", "9"),
            ("crash", "node"),
        ],
        shows: &[],
        example: example(3, &[("operations", "24"), ("keys", "3"), ("fault-every", "8ms")]),
    },
    Preset {
        name: "ring-join",
        story: "A ninth node joins the ring: until it has its share, quorums are those of the old \
                and of the new owners together.",
        settings: &[
            ("replication", "leaderless"),
            ("placement", "ring"),
            ("nodes", "9"),
            ("copies", "3"),
            ("keys", "12"),
            ("clients", "9"),
            ("membership", "join"),
            ("operations", "400"),
        ],
        shows: &[],
        example: example(1, &[("operations", "24"), ("keys", "3")]),
    },
    Preset {
        name: "ring-leave",
        story: "One of nine nodes leaves the ring, and hands over what it has first.",
        settings: &[
            ("replication", "leaderless"),
            ("placement", "ring"),
            ("nodes", "9"),
            ("copies", "3"),
            ("keys", "12"),
            ("clients", "9"),
            ("membership", "leave"),
            ("operations", "400"),
        ],
        shows: &[],
        example: example(1, &[("operations", "24"), ("keys", "3")]),
    },
    Preset {
        name: "ring-join-without-handover",
        story: "A ninth node joins the ring, and the keys that are its own from then on are not \
                handed over: to whoever asks for them, they were never written.",
        settings: &[
            ("replication", "leaderless"),
            ("placement", "ring"),
            ("nodes", "9"),
            ("copies", "1"),
            ("keys", "24"),
            ("clients", "18"),
            ("membership", "join"),
            ("handover", "no"),
            ("reads", "95%"),
            ("operations", "600"),
        ],
        shows: &["resurrected-value", "lost-update"],
        example: example(1, &[("operations", "120"), ("keys", "12"), ("reads", "80%")]),
    },
    Preset {
        name: "ring-leave-without-handover",
        story: "One of nine nodes leaves the ring, and takes its keys with it.",
        settings: &[
            ("replication", "leaderless"),
            ("placement", "ring"),
            ("nodes", "9"),
            ("copies", "1"),
            ("keys", "24"),
            ("clients", "18"),
            ("membership", "leave"),
            ("handover", "no"),
            ("reads", "95%"),
            ("operations", "600"),
        ],
        shows: &["resurrected-value", "lost-update"],
        example: example(1, &[("operations", "120"), ("keys", "12"), ("reads", "80%")]),
    },
];
