//! Sequential consistency where it is known which write each operation saw.
//!
//! In a legal order nothing but reads of a value stands between its write and the last of these
//! reads, and an operation that sees one value and writes another stands between the reads of both.
//! So the order is one of whole groups: the versions that such operations link into a chain, with
//! all their reads. It exists exactly if the order of processes is in no conflict with the order
//! inside a group, and makes no cycle of groups. O(n): one object with distinct values is the easy
//! case of the problem (Gibbons and Korach 1997; Cantin, Lipasti and Smith 2005).

use super::outcome::Outcome;
use super::versions::{INITIAL, NONE, Versions};

/// Where an operation stands: its group, and its place in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Place {
    /// The first write of its group.
    group: u32,
    /// Twice its version's place in the chain, and one more if it only reads that version.
    level: u32,
}

/// Whether there is one order of all operations that agrees with that of each process, if the
/// operations saw what `sources` says. Operations that saw something unknown count for what they
/// write only. O(n).
pub(super) fn sequential(versions: &Versions, sources: &[u32]) -> Outcome {
    let takes_effect = effects(versions, sources);
    let chained = match chains(versions, sources, &takes_effect) {
        Ok(chained) => chained,
        Err(culprits) => return Outcome::broken(versions, &culprits),
    };
    let placed = |at: u32| place(versions, sources, &takes_effect, &chained, at);
    let mut edges: Vec<[u32; 2]> = Vec::new();
    for process in 0..versions.processes as u32 {
        let mut last = NONE;
        for &at in versions.own(process) {
            let Some(here) = placed(at) else { continue };
            if let Some(before) = placed_or_none(&placed, last) {
                if before.group != here.group {
                    edges.push([last, at]);
                } else if before.level > here.level {
                    return Outcome::broken(versions, &between(versions, &chained, last, at));
                }
            }
            if !versions.ops[at as usize].is_crashed() {
                last = at;
            }
        }
    }
    let group_of = |at: u32| placed(at).map_or(INITIAL, |place| place.group);
    match cycle(versions.writes.len(), &edges, group_of) {
        None => Outcome::HOLDS,
        Some(culprits) => Outcome::broken(versions, &culprits),
    }
}

fn placed_or_none(placed: &impl Fn(u32) -> Option<Place>, at: u32) -> Option<Place> {
    if at == NONE { None } else { placed(at) }
}

/// Which writes took effect: those of completed operations, and of crashed ones those that were
/// seen.
fn effects(versions: &Versions, sources: &[u32]) -> Vec<bool> {
    let mut takes_effect = vec![false; versions.writes.len()];
    takes_effect[INITIAL as usize] = true;
    let mut seen: Vec<u32> = Vec::new();
    for (op, &source) in versions.ops.iter().zip(sources) {
        if !op.is_crashed() {
            if op.write != NONE {
                takes_effect[op.write as usize] = true;
            }
            seen.push(source);
        }
    }
    while let Some(write) = seen.pop() {
        if write == NONE || std::mem::replace(&mut takes_effect[write as usize], true) {
            continue;
        }
        // Of a crashed operation, or of none.
        if let Some(&source) = sources.get(versions.writes[write as usize].op as usize) {
            seen.push(source);
        }
    }
    takes_effect
}

/// The group and the place in it of each write.
struct Chains {
    group: Vec<u32>,
    level: Vec<u32>,
}

/// Links versions by operations that see one and write the next. The operations at fault if two
/// would follow one version, if some follow each other in a circle, or one saw what nobody wrote.
fn chains(versions: &Versions, sources: &[u32], takes_effect: &[bool]) -> Result<Chains, Vec<u32>> {
    let mut next = vec![NONE; versions.writes.len()];
    let mut follows = vec![false; versions.writes.len()];
    for (at, op) in (0..).zip(&versions.ops) {
        let source = sources[at as usize];
        let counts = op.write == NONE || takes_effect[op.write as usize];
        if source == NONE || !counts {
            continue;
        }
        if versions.is_phantom(source) {
            return Err(vec![at]);
        }
        if op.write != NONE {
            let other = std::mem::replace(&mut next[source as usize], op.write);
            if other != NONE {
                return Err(vec![versions.writes[source as usize].op, by(versions, other), at]);
            }
            follows[op.write as usize] = true;
        }
    }
    let mut chains = Chains { group: vec![NONE; next.len()], level: vec![0; next.len()] };
    for head in (0..next.len() as u32).filter(|&write| !follows[write as usize]) {
        let (mut write, mut level) = (head, 0);
        while write != NONE {
            chains.group[write as usize] = head;
            chains.level[write as usize] = level;
            (write, level) = (next[write as usize], level + 1);
        }
    }
    let Some(in_circle) = chains.group.iter().position(|&group| group == NONE) else {
        return Ok(chains);
    };
    let mut circle = vec![by(versions, in_circle as u32)];
    let mut write = next[in_circle];
    while write as usize != in_circle && write != NONE {
        circle.push(by(versions, write));
        write = next[write as usize];
    }
    Err(circle)
}

fn by(versions: &Versions, write: u32) -> u32 {
    versions.writes[write as usize].op
}

/// Where the operation at `at` stands; `None` if nothing is known of it, or it has no effect.
fn place(
    versions: &Versions,
    sources: &[u32],
    takes_effect: &[bool],
    chains: &Chains,
    at: u32,
) -> Option<Place> {
    let (write, reads) = match (versions.ops[at as usize].write, sources[at as usize]) {
        (NONE, NONE) => return None,
        (NONE, source) => (source as usize, 1),
        (write, _) => (write as usize, 0),
    };
    let place = Place { group: chains.group[write], level: 2 * chains.level[write] + reads };
    takes_effect[write].then_some(place)
}

/// Of two operations of one group and process in the wrong order: these, and what links them.
fn between(versions: &Versions, chains: &Chains, first: u32, then: u32) -> Vec<u32> {
    let mut culprits = vec![first, then];
    let write = versions.ops[first as usize].write;
    if write != NONE {
        let (group, level) = (chains.group[write as usize], chains.level[write as usize]);
        let before =
            |other: &usize| chains.group[*other] == group && chains.level[*other] + 1 == level;
        culprits
            .extend((0..chains.group.len()).find(before).map(|other| by(versions, other as u32)));
    }
    culprits
}

/// The operations of a cycle of groups, or of an edge into the initial value's; `None` if there is
/// none. An edge is two operations, of which the first comes first. O(groups + edges).
fn cycle(groups: usize, edges: &[[u32; 2]], group_of: impl Fn(u32) -> u32) -> Option<Vec<u32>> {
    if let Some(&[first, then]) = edges.iter().find(|edge| group_of(edge[1]) == INITIAL) {
        return Some(vec![first, then]);
    }
    let mut starts = vec![0_u32; groups + 1];
    let mut missing = vec![0_u32; groups];
    for &[first, then] in edges {
        starts[group_of(first) as usize + 1] += 1;
        missing[group_of(then) as usize] += 1;
    }
    for at in 0..groups {
        starts[at + 1] += starts[at];
    }
    let mut next = starts.clone();
    let mut after = vec![0_u32; edges.len()];
    for &[first, then] in edges {
        let slot = &mut next[group_of(first) as usize];
        after[*slot as usize] = group_of(then);
        *slot += 1;
    }
    let mut free: Vec<u32> = (0..groups as u32).filter(|&at| missing[at as usize] == 0).collect();
    while let Some(group) = free.pop() {
        for &then in &after[starts[group as usize] as usize..starts[group as usize + 1] as usize] {
            missing[then as usize] -= 1;
            if missing[then as usize] == 0 {
                free.push(then);
            }
        }
    }
    // Every group that is left has a group before it that is left.
    let mut into: Vec<[u32; 2]> = vec![[NONE; 2]; groups];
    for &edge in edges {
        if missing[group_of(edge[0]) as usize] > 0 {
            into[group_of(edge[1]) as usize] = edge;
        }
    }
    let start = (0..groups).find(|&group| missing[group] > 0)? as u32;
    let mut seen = vec![false; groups];
    let mut group = start;
    while !std::mem::replace(&mut seen[group as usize], true) {
        group = group_of(into[group as usize][0]);
    }
    let mut culprits = Vec::new();
    let last = group;
    loop {
        let edge = into[group as usize];
        culprits.extend(edge);
        group = group_of(edge[0]);
        if group == last {
            return Some(culprits);
        }
    }
}
