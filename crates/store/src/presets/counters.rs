//! Counters: numbers that clients add to.

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
        story: "Clients read, add and write back, with nothing to keep others out: of two that \
                read the same number, one increment is lost.",
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
        name: "like-counter",
        story: "Clients like three posts, take that back, and read how many like them; the store \
                counts in one step.",
        settings: &[("workload", "likes"), ("keys", "3"), ("reads", "60%")],
        shows: &[],
        example: example(1, &[("operations", "16"), ("keys", "2")]),
    },
    Preset {
        name: "like-counter-racy",
        story: "The number of likes is read and written back by each client: two likes at once \
                count as one, and the popular post has too few.",
        settings: &[
            ("workload", "likes"),
            ("keys", "3"),
            ("reads", "60%"),
            ("method", "read-then-write"),
            ("think", "2ms"),
        ],
        shows: &["lost-update"],
        example: example(1, &[("operations", "20"), ("keys", "2")]),
    },
    Preset {
        name: "like-counter-retried",
        story: "A like that gets no answer is sent again, and some count twice.",
        settings: &[
            ("workload", "likes"),
            ("keys", "3"),
            ("reads", "60%"),
            ("replication", "primary"),
            ("loss", "5%"),
            ("calls", "at-least-once"),
        ],
        shows: &["duplicate-apply"],
        example: example(11, &[("operations", "30"), ("keys", "2"), ("loss", "12%")]),
    },
    Preset {
        name: "like-counter-cached",
        story: "The numbers of likes are cached for 20 ms, so that a client who has just liked a \
                post does not see it counted.",
        settings: &[
            ("workload", "likes"),
            ("keys", "3"),
            ("reads", "80%"),
            ("cache", "shared"),
            ("invalidation", "none"),
            ("time-to-live", "20ms"),
        ],
        shows: &["stale-cache-read"],
        example: example(1, &[("operations", "20"), ("keys", "2")]),
    },
];
