//! Tests: what Raft promises, watched while stores run; and single nodes that are told what to
//! think.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod observer;
mod promises;
mod scenarios;

use crate::knobs::Knobs;

/// A store of Raft with these settings, as `name=setting`.
fn knobs(settings: &str) -> Knobs {
    Knobs::of(&format!("replication=raft reads-from=log {settings}"))
}

/// Everything that can happen to messages at once.
const BAD_NETWORK: &str = "loss=3% duplication=3% reordering=yes slow=2%";

const PARTITIONS: [&str; 5] = ["halves", "isolate", "ring", "one-way", "flapping"];
const CRASHES: [&str; 3] = ["node", "primary", "all"];
const PAUSES: [&str; 2] = ["node", "primary"];

/// Stores with every kind of partition, crash and pause, all of them on a bad network.
fn all_faults() -> impl Iterator<Item = String> {
    PARTITIONS.into_iter().flat_map(|partition| {
        CRASHES.into_iter().flat_map(move |crash| {
            PAUSES.into_iter().map(move |pause| {
                format!("{BAD_NETWORK} partition={partition} crash={crash} pause={pause}")
            })
        })
    })
}
