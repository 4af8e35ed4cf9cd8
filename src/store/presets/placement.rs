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
        example: example(1, &[("operations", "18"), ("keys", "3")]),
    },
];
