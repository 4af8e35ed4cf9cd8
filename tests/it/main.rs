//! The integration tests, in one binary: what the library promises to those who use it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod alone;
mod anomalies;
#[cfg(feature = "cli")]
mod answers;
#[cfg(feature = "cli")]
mod ci_formats;
#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "cli")]
mod contradicted;
mod counterexamples;
#[cfg(feature = "cli")]
mod doors;
mod errors;
mod etcd;
mod examples;
mod fairness;
#[cfg(feature = "cli")]
mod figures;
#[cfg(feature = "cli")]
mod follow;
#[cfg(feature = "cli")]
mod follow_levels;
#[cfg(feature = "cli")]
mod following_hints;
#[cfg(feature = "cli")]
mod forgotten;
mod formats;
#[cfg(feature = "cli")]
mod from_logs;
mod grid;
#[cfg(all(unix, feature = "cli"))]
mod held;
mod hints;
mod ingest;
#[cfg(feature = "cli")]
mod interrupt;
#[cfg(feature = "cli")]
mod isolation;
#[cfg(feature = "cli")]
mod jepsen;
#[path = "../shared/kept.rs"]
mod kept;
mod levels;
#[cfg(feature = "cli")]
mod limits;
#[cfg(feature = "cli")]
mod maelstrom;
#[cfg(feature = "cli")]
mod mapping;
mod meanings;
#[cfg(feature = "cli")]
mod merge;
mod models;
#[cfg(feature = "cli")]
mod moments;
#[cfg(feature = "cli")]
mod names;
#[cfg(feature = "cli")]
mod outputs;
#[cfg(feature = "cli")]
mod overlooked;
#[path = "../shared/page.rs"]
mod page;
#[cfg(feature = "cli")]
mod pages;
#[cfg(feature = "cli")]
mod program;
#[cfg(feature = "cli")]
mod progress;
mod recorded;
mod recorder;
#[cfg(feature = "cli")]
mod select;
#[cfg(feature = "cli")]
mod sessions;
#[cfg(feature = "cli")]
mod shrink;
mod spans;
#[cfg(feature = "cli")]
mod spill;
mod split;
mod starts;
#[cfg(feature = "cli")]
mod steering;
#[cfg(feature = "cli")]
mod store;
#[cfg(feature = "cli")]
mod stray;
#[cfg(feature = "cli")]
mod styles;
mod support;
#[cfg(feature = "cli")]
mod tail;
#[cfg(feature = "store")]
mod threads;
mod tidy;
#[cfg(all(feature = "cli", feature = "store"))]
mod transactions;
#[cfg(feature = "cli")]
#[path = "../../src/tries.rs"]
mod tries;
#[cfg(feature = "store")]
mod truth;
mod unread;
#[cfg(feature = "cli")]
mod unwrapping;
#[cfg(feature = "cli")]
mod warnings;
mod wide;
#[cfg(feature = "cli")]
mod workloads;
