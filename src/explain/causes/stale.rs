//! The stale reads of a register that are certain whatever else happened: of a value that was
//! written once, after another one is known to have replaced it.

use crate::explain::access::{Access, Accesses};
use crate::history::hash::Map;
use crate::history::{Rank, Span, sort};
use crate::model::Token;

/// A read that returned a value which had been replaced before it was called.
#[derive(Clone, Copy, Debug)]
pub(in crate::explain) struct StaleRead {
    /// The read, as its position among the accesses.
    pub(in crate::explain) at: usize,
    /// The value.
    pub(in crate::explain) token: Token,
    /// The write that replaced it, or replaced what did, as its position.
    pub(in crate::explain) overwrite: usize,
}

/// A value with its writes and reads.
struct Cluster {
    /// The write that was called first, and the rank of that.
    writer: usize,
    call: Rank,
    /// How many write it.
    writers: usize,
    /// The first return of a write or a read of it.
    known: Rank,
}

/// The stale reads of a register in the order of their calls. O(n log n).
pub(in crate::explain) fn stale_reads(accesses: &Accesses) -> Vec<StaleRead> {
    let clusters = clusters(accesses);
    #[expect(clippy::disallowed_methods, reason = "sorted below")]
    let mut by_call: Vec<&Cluster> = clusters.values().collect();
    sort::by(&mut by_call, |cluster| (cluster.call, cluster.writer as u32));
    // For each position, the cluster from there on that is known first.
    let mut first: Vec<&Cluster> = by_call.clone();
    for at in (1..first.len()).rev() {
        if first[at].known < first[at - 1].known {
            first[at - 1] = first[at];
        }
    }
    let replaced = |token: Token| -> Option<&Cluster> {
        let after = match clusters.get(&token) {
            Some(own) if own.writers > 1 || token == accesses.initial => return None,
            Some(own) if own.known == Rank::NEVER => return None,
            Some(own) => by_call.partition_point(|cluster| cluster.call <= own.known),
            None if token == accesses.initial => 0,
            None => return None,
        };
        first.get(after).copied().filter(|cluster| cluster.known != Rank::NEVER)
    };
    let mut stale = Vec::new();
    for (at, access) in accesses.list.iter().enumerate() {
        let Access { reads: Some(token), span, .. } = *access else { continue };
        if !span.has_returned() || access.writes.is_some() {
            continue;
        }
        if let Some(newer) = replaced(token).filter(|newer| newer.known < span.call) {
            stale.push(StaleRead { at, token, overwrite: newer.writer });
        }
    }
    stale
}

fn clusters(accesses: &Accesses) -> Map<Token, Cluster> {
    let mut clusters: Map<Token, Cluster> = Map::default();
    for (at, access) in accesses.list.iter().enumerate() {
        let Some(token) = access.writes else { continue };
        let Span { call, ret } = access.span;
        let cluster = clusters.entry(token).or_insert(Cluster {
            writer: at,
            call,
            writers: 0,
            known: Rank::NEVER,
        });
        cluster.writers += 1;
        cluster.known = cluster.known.min(ret);
    }
    for access in &accesses.list {
        if let Some(cluster) = access.reads.and_then(|token| clusters.get_mut(&token)) {
            // A value may have been seen before it was written; that is another anomaly.
            cluster.known = cluster.known.min(access.span.ret.max(cluster.call));
        }
    }
    clusters
}
