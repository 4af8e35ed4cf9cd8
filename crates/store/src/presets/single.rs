//! One node has the only copy.

use super::{Preset, example};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "single-copy",
        story: "One node has the only copy and answers everybody: what all others are held \
                against.",
        settings: &[],
        shows: &[],
        example: example(1, &[("operations", "12"), ("clients", "3")]),
    },
    Preset {
        name: "single-copy-crashes",
        story: "The node with the only copy crashes from time to time, and comes back with what \
                it had: calls are lost, data is not.",
        settings: &[("crash", "all")],
        shows: &[],
        example: example(5, &[("operations", "20"), ("fault-every", "15ms")]),
    },
    Preset {
        name: "amnesia",
        story: "The node with the only copy answers from memory; when it crashes, everything that \
                it acknowledged is gone.",
        settings: &[("crash", "all"), ("durable", "no"), ("reads", "95%"), ("clients", "8")],
        shows: &["resurrected-value", "lost-update"],
        example: example(16, &[("operations", "30"), ("fault-every", "15ms")]),
    },
];
