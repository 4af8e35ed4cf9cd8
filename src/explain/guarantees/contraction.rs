//! Sequential consistency where it is known which write each operation saw.
//!
//! In a legal order nothing but reads of a value stands between its write and the last of these
//! reads, and an operation that sees one value and writes another stands between the reads of both.
//! So the order is one of whole groups: the versions that such operations link into a chain, with
//! all their reads. It exists exactly if the order of processes is in no conflict with the order
//! inside a group, and makes no cycle of groups. O(n): one object with distinct values is the easy
//! case of the problem (Gibbons and Korach 1997; Cantin, Lipasti and Smith 2005).

use super::outcome::Outcome;
use super::versions::{OpId, ProcessId, Versions, WriteId};

/// Where an operation stands: its group, and its place in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Place {
    /// The first write of its group.
    group: WriteId,
    /// Twice its version's place in the chain, and one more if it only reads that version.
    level: u32,
}

/// Whether there is one order of all operations that agrees with that of each process, if the
/// operations saw what `sources` says. Operations that saw something unknown count for what they
/// write only. O(n).
pub(super) fn sequential(versions: &Versions, sources: &[WriteId]) -> Outcome {
    let takes_effect = effects(versions, sources);
    let chained = match chains(versions, sources, &takes_effect) {
        Ok(chained) => chained,
        Err(culprits) => return Outcome::broken(versions, &culprits),
    };
    let placed = |at: OpId| place(versions, sources, &takes_effect, &chained, at);
    let mut edges: Vec<[OpId; 2]> = Vec::new();
    for process in ProcessId::below(versions.processes) {
        let mut last = OpId::NONE;
        for &at in versions.own(process) {
            let Some(here) = placed(at) else { continue };
            if let Some(before) = placed_or_none(&placed, last) {
                if before.group != here.group {
                    edges.push([last, at]);
                } else if before.level > here.level {
                    return Outcome::broken(versions, &between(versions, &chained, last, at));
                }
            }
            if !versions.ops[at].is_crashed() {
                last = at;
            }
        }
    }
    let group_of = |at: OpId| placed(at).map_or(WriteId::INITIAL, |place| place.group);
    match cycle(versions.writes.len(), &edges, group_of) {
        None => Outcome::HOLDS,
        Some(culprits) => Outcome::broken(versions, &culprits),
    }
}

fn placed_or_none(placed: &impl Fn(OpId) -> Option<Place>, at: OpId) -> Option<Place> {
    if at == OpId::NONE { None } else { placed(at) }
}

/// Which writes took effect: those of completed operations, and of crashed ones those that were
/// seen.
fn effects(versions: &Versions, sources: &[WriteId]) -> Vec<bool> {
    let mut takes_effect = vec![false; versions.writes.len()];
    takes_effect[WriteId::INITIAL] = true;
    let mut seen: Vec<WriteId> = Vec::new();
    for (op, &source) in versions.ops.iter().zip(sources) {
        if !op.is_crashed() {
            if op.write != WriteId::NONE {
                takes_effect[op.write] = true;
            }
            seen.push(source);
        }
    }
    while let Some(write) = seen.pop() {
        if write == WriteId::NONE || std::mem::replace(&mut takes_effect[write], true) {
            continue;
        }
        // Of a crashed operation, or of none.
        if let Some(&source) = sources.get(versions.writes[write].op.index()) {
            seen.push(source);
        }
    }
    takes_effect
}

/// The group and the place in it of each write.
struct Chains {
    group: Vec<WriteId>,
    level: Vec<u32>,
}

/// Links versions by operations that see one and write the next. The operations at fault if two
/// would follow one version, if some follow each other in a circle, or one saw what nobody wrote.
fn chains(
    versions: &Versions,
    sources: &[WriteId],
    takes_effect: &[bool],
) -> Result<Chains, Vec<OpId>> {
    let mut next = vec![WriteId::NONE; versions.writes.len()];
    let mut follows = vec![false; versions.writes.len()];
    for (at, op) in OpId::below(versions.ops.len()).zip(&versions.ops) {
        let source = sources[at];
        let counts = op.write == WriteId::NONE || takes_effect[op.write];
        if source == WriteId::NONE || !counts {
            continue;
        }
        if versions.is_phantom(source) {
            return Err(vec![at]);
        }
        if op.write != WriteId::NONE {
            let other = std::mem::replace(&mut next[source], op.write);
            if other != WriteId::NONE {
                return Err(vec![versions.writes[source].op, by(versions, other), at]);
            }
            follows[op.write] = true;
        }
    }
    let mut chains = Chains { group: vec![WriteId::NONE; next.len()], level: vec![0; next.len()] };
    for head in WriteId::below(next.len()).filter(|&write| !follows[write]) {
        let (mut write, mut level) = (head, 0);
        while write != WriteId::NONE {
            chains.group[write] = head;
            chains.level[write] = level;
            (write, level) = (next[write], level + 1);
        }
    }
    let Some(in_circle) =
        WriteId::below(next.len()).find(|&write| chains.group[write] == WriteId::NONE)
    else {
        return Ok(chains);
    };
    let mut circle = vec![by(versions, in_circle)];
    let mut write = next[in_circle];
    while write != in_circle && write != WriteId::NONE {
        circle.push(by(versions, write));
        write = next[write];
    }
    Err(circle)
}

fn by(versions: &Versions, write: WriteId) -> OpId {
    versions.writes[write].op
}

/// Where the operation at `at` stands; `None` if nothing is known of it, or it has no effect.
fn place(
    versions: &Versions,
    sources: &[WriteId],
    takes_effect: &[bool],
    chains: &Chains,
    at: OpId,
) -> Option<Place> {
    let (write, reads) = match (versions.ops[at].write, sources[at]) {
        (WriteId::NONE, WriteId::NONE) => return None,
        (WriteId::NONE, source) => (source, 1),
        (write, _) => (write, 0),
    };
    let place = Place { group: chains.group[write], level: 2 * chains.level[write] + reads };
    takes_effect[write].then_some(place)
}

/// Of two operations of one group and process in the wrong order: these, and what links them.
fn between(versions: &Versions, chains: &Chains, first: OpId, then: OpId) -> Vec<OpId> {
    let mut culprits = vec![first, then];
    let write = versions.ops[first].write;
    if write != WriteId::NONE {
        let (group, level) = (chains.group[write], chains.level[write]);
        let before =
            |other: &WriteId| chains.group[*other] == group && chains.level[*other] + 1 == level;
        culprits.extend(
            WriteId::below(chains.group.len()).find(before).map(|other| by(versions, other)),
        );
    }
    culprits
}

/// The operations of a cycle of groups, or of an edge into the initial value's; `None` if there is
/// none. An edge is two operations, of which the first comes first. O(groups + edges).
fn cycle(
    groups: usize,
    edges: &[[OpId; 2]],
    group_of: impl Fn(OpId) -> WriteId,
) -> Option<Vec<OpId>> {
    if let Some(&[first, then]) = edges.iter().find(|edge| group_of(edge[1]) == WriteId::INITIAL) {
        return Some(vec![first, then]);
    }
    let mut starts = vec![0_u32; groups + 1];
    let mut missing = vec![0_u32; groups];
    for &[first, then] in edges {
        starts[group_of(first).index() + 1] += 1;
        missing[group_of(then)] += 1;
    }
    for at in 0..groups {
        starts[at + 1] += starts[at];
    }
    let mut next = starts.clone();
    let mut after = vec![WriteId::INITIAL; edges.len()];
    for &[first, then] in edges {
        let slot = &mut next[group_of(first)];
        after[*slot as usize] = group_of(then);
        *slot += 1;
    }
    let mut free: Vec<WriteId> = WriteId::below(groups).filter(|&at| missing[at] == 0).collect();
    while let Some(group) = free.pop() {
        for &then in &after[starts[group] as usize..starts[group.index() + 1] as usize] {
            missing[then] -= 1;
            if missing[then] == 0 {
                free.push(then);
            }
        }
    }
    // Every group that is left has a group before it that is left.
    let mut into: Vec<[OpId; 2]> = vec![[OpId::NONE; 2]; groups];
    for &edge in edges {
        if missing[group_of(edge[0])] > 0 {
            into[group_of(edge[1])] = edge;
        }
    }
    let start = WriteId::below(groups).find(|&group| missing[group] > 0)?;
    let mut seen = vec![false; groups];
    let mut group = start;
    while !std::mem::replace(&mut seen[group], true) {
        group = group_of(into[group][0]);
    }
    let mut culprits = Vec::new();
    let last = group;
    loop {
        let edge = into[group];
        culprits.extend(edge);
        group = group_of(edge[0]);
        if group == last {
            return Some(culprits);
        }
    }
}
