//! Caches in front of the store.

use super::{Preset, example};

const CACHE: &[&str] = &["stale-cache-read"];

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "shared-cache",
        story: "A write stops the cache for its key before it begins, and lets it go on after it: \
                while the store changes, nobody is served from the cache.",
        settings: &[("cache", "shared"), ("reads", "80%")],
        shows: &[],
        example: example(1, &[("operations", "16")]),
    },
    Preset {
        name: "node-caches",
        story: "Every node has a cache of its own, and a write stops all of them first.",
        settings: &[("cache", "per-node"), ("reads", "80%")],
        shows: &[],
        example: example(1, &[("operations", "16")]),
    },
    Preset {
        name: "cache-expiry",
        story: "A shared cache keeps what was read for 20 ms, whatever is written meanwhile.",
        settings: &[
            ("cache", "shared"),
            ("invalidation", "none"),
            ("time-to-live", "20ms"),
            ("reads", "80%"),
        ],
        shows: CACHE,
        example: example(1, &[("operations", "16")]),
    },
    Preset {
        name: "node-cache-expiry",
        story: "Every node keeps what it read for 20 ms in a cache of its own.",
        settings: &[
            ("cache", "per-node"),
            ("invalidation", "none"),
            ("time-to-live", "20ms"),
            ("reads", "80%"),
        ],
        shows: CACHE,
        example: example(1, &[("operations", "20")]),
    },
    Preset {
        name: "late-invalidation",
        story: "A write tells the cache once it is done; until the cache hears of it, it serves \
                the old value.",
        settings: &[
            ("cache", "shared"),
            ("invalidation", "after"),
            ("slow", "10%"),
            ("reads", "80%"),
        ],
        shows: CACHE,
        example: example(4, &[("operations", "30")]),
    },
    Preset {
        name: "refill-race",
        story: "A read misses the cache and gets the old value from the store; before it fills \
                the cache, a write replaces the value and invalidates the entry; the slow fill \
                then puts the old value back, to stay.",
        settings: &[
            ("cache", "shared"),
            ("invalidation", "after"),
            ("guarded-fills", "no"),
            ("reordering", "yes"),
            ("slow", "5%"),
            ("reads", "80%"),
        ],
        shows: CACHE,
        example: example(5, &[("operations", "30")]),
    },
    Preset {
        name: "expiry-and-invalidation",
        story: "Writes invalidate every node's cache afterwards, and entries expire after 30 ms, \
                which bounds for how long a lost invalidation hurts.",
        settings: &[
            ("cache", "per-node"),
            ("invalidation", "after"),
            ("time-to-live", "30ms"),
            ("loss", "5%"),
            ("reads", "80%"),
        ],
        shows: CACHE,
        example: example(1, &[("operations", "30")]),
    },
];
