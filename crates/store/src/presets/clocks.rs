//! Clocks, and what is ordered by them.

use super::{Preset, example};

const SKEW: &[&str] = &["clock-skew-reordering"];

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "last-write-wins",
        story: "The write with the latest timestamp wins, and all clocks are right: then that is \
                the later write.",
        settings: &[("replication", "leaderless"), ("order", "writer-clock")],
        shows: &[],
        example: example(1, &[("operations", "14")]),
    },
    Preset {
        name: "last-write-wins-skewed",
        story: "The write with the latest timestamp wins, and one host's clock is wrong: what is \
                written near it, or elsewhere, is acknowledged and lost.",
        settings: &[
            ("replication", "leaderless"),
            ("order", "writer-clock"),
            ("skewed", "one"),
            ("offset", "200ms"),
            ("think", "50ms"),
        ],
        shows: SKEW,
        example: example(2, &[("operations", "24")]),
    },
    Preset {
        name: "last-write-wins-server-clock",
        story: "The node that takes a write stamps it, and all nodes' clocks are wrong, each by \
                another amount.",
        settings: &[
            ("replication", "leaderless"),
            ("order", "server-clock"),
            ("skewed", "all"),
            ("offset", "150ms"),
            ("think", "50ms"),
            ("connection", "any"),
        ],
        shows: SKEW,
        example: example(2, &[("operations", "24")]),
    },
    Preset {
        name: "last-write-wins-drift",
        story: "One clock gains 100 ms a second, and nobody sets it right: the longer the run, \
                the more writes are lost.",
        settings: &[
            ("replication", "leaderless"),
            ("order", "writer-clock"),
            ("skewed", "one"),
            ("drift", "100ms"),
            ("think", "50ms"),
        ],
        shows: SKEW,
        example: example(2, &[("operations", "40")]),
    },
    Preset {
        name: "last-write-wins-stepped",
        story: "Clocks are stepped by 100 ms from time to time, as NTP does when it finds them \
                wrong: writes before a step back win against those after it.",
        settings: &[
            ("replication", "leaderless"),
            ("order", "writer-clock"),
            ("step", "100ms"),
            ("fault-every", "300ms"),
            ("think", "50ms"),
        ],
        shows: SKEW,
        example: example(1, &[("operations", "40")]),
    },
    Preset {
        name: "skewed-recording",
        story: "The store is right; but every host stamps the records of its own clients, one \
                host's clock is wrong, and the records are merged by these times.",
        settings: &[("recording", "node-clocks"), ("skewed", "one"), ("offset", "40ms")],
        shows: SKEW,
        example: example(2, &[("operations", "20"), ("offset", "20ms")]),
    },
];
