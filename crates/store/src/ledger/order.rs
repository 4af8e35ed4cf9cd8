//! Whether what happened could have happened to a single copy: the order in which the store meant
//! it to happen is taken by its word, and held against real time.
//!
//! Nodes of a graph are the operations. One comes before another if it made an earlier version of
//! an object (ww), if it made a version that the other one saw (wr), if it saw a version before the
//! one that the other made (rw), and if it had returned, by the records, before the other was
//! called. These are the dependencies of Adya (1999), for versions that are known rather than
//! guessed. Without a circle, any order that agrees with all of them is a linearization; so a
//! history of which this is said to be in order is linearizable for certain. A circle shows that
//! the store broke its own order. Clients may still find another one, if what betrays the circle
//! is hidden from them.
//!
//! An operation of which nobody knows whether it happened counts as far as it took effect: then
//! what it saw counts, too, for that is what it built on.

use std::collections::BTreeMap;

use histcheck_history::hash::{Map, Set};

use super::{Ledger, NOBODY, Sight};
use crate::origin::Stamp;
use crate::recording::{Outcome, Records};

/// What happened in truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Whether a fault manifested: no order that the store could mean accounts for what was done
    /// and answered.
    pub is_broken: bool,
    /// Whether some clients could never go on, as in a deadlock. That breaks no order.
    pub is_stuck: bool,
    /// What went wrong, in words, as far as a node noticed.
    pub mishaps: Vec<String>,
}

pub(super) fn truth(ledger: &Ledger, records: &Records) -> Truth {
    let outcomes = records.outcomes();
    let mut mishaps = unaccounted(ledger, &outcomes);
    mishaps.extend(done_in_part(ledger, &outcomes));
    mishaps.extend(lent_twice(ledger, &outcomes));
    mishaps.extend(delivered_twice(ledger));
    let is_broken = !mishaps.is_empty() || has_circle(ledger, records, &outcomes);
    mishaps.extend(ledger.stuck.iter().cloned());
    Truth { is_broken, is_stuck: !ledger.stuck.is_empty(), mishaps }
}

/// What shows without an order: operations that failed and yet took effect, and updates that
/// depend on what they find and were done twice.
fn unaccounted(ledger: &Ledger, outcomes: &[Outcome]) -> Vec<String> {
    let mut found = Vec::new();
    let mut dependent = Vec::new();
    for effect in ledger.effects.iter().filter(|effect| effect.operation != NOBODY) {
        if outcomes[effect.operation as usize] == Outcome::Fail {
            found.push(format!("operation {} failed and yet took effect", effect.operation));
        }
        if effect.found.is_some() {
            dependent.push((effect.operation, effect.key));
        }
    }
    let is_ok = |one: &&Sight| outcomes[one.operation as usize] == Outcome::Ok;
    let seen = ledger.sights().filter(is_ok);
    let seen: Map<(u32, u32), Stamp> =
        seen.map(|one| ((one.operation, one.key), one.stamp)).collect();
    for effect in &ledger.effects {
        let sight = seen.get(&(effect.operation, effect.key));
        if sight.is_some_and(|&stamp| stamp >= effect.stamp) {
            found.push(format!("operation {} was answered from what it did", effect.operation));
        }
    }
    dependent.sort_unstable();
    let times = dependent.chunk_by(|one, next| one == next).filter(|chunk| chunk.len() > 1);
    found.extend(times.map(|all| format!("operation {} was done {} times", all[0].0, all.len())));
    found
}

/// Operations that wrote some of the registers that they had to write, and never the others.
fn done_in_part(ledger: &Ledger, outcomes: &[Outcome]) -> Vec<String> {
    let mut written = BTreeMap::new();
    for &(operation, parts) in &ledger.parts {
        if outcomes[operation as usize] == Outcome::Open {
            written.insert(operation, (Set::default(), parts));
        }
    }
    for effect in &ledger.effects {
        if let Some((keys, _)) = written.get_mut(&effect.operation) {
            keys.insert(effect.key);
        }
    }
    let parts = written.iter().map(|(operation, (keys, parts))| (operation, keys.len(), parts));
    parts
        .filter(|&(_, done, &parts)| done > 0 && done < parts as usize)
        .map(|(operation, done, parts)| {
            format!("of operation {operation} only {done} of {parts} writes were done")
        })
        .collect()
}

/// Locks whose leases ended: the key and the version that the end made, with the operation by which
/// the owner released the lock, as it thought; none if it never did.
fn lapses(ledger: &Ledger, outcomes: &[Outcome]) -> Map<(u32, Stamp), Option<u32>> {
    let mut releases = ledger.leases.releases.clone();
    releases.retain(|one| outcomes[one.2 as usize] != Outcome::Fail);
    releases.sort_unstable();
    let mut lapses = Map::default();
    if ledger.leases.ended.is_empty() {
        return lapses;
    }
    for (key, list) in versions(ledger) {
        for pair in list.windows(2) {
            let ((_, taken), (stamp, _)) = (pair[0], pair[1]);
            if let Some(&owner) = ledger.leases.ended.get(&(key, stamp)) {
                let next = releases.partition_point(|one| *one < (key, owner, taken));
                let next = releases.get(next).filter(|one| (one.0, one.1) == (key, owner));
                lapses.insert((key, stamp), next.map(|one| one.2));
            }
        }
    }
    lapses
}

/// Locks that were given to another client though their owner had not released them, and never
/// did.
fn lent_twice(ledger: &Ledger, outcomes: &[Outcome]) -> Vec<String> {
    let lapses = lapses(ledger, outcomes);
    if lapses.is_empty() {
        return Vec::new();
    }
    let is_ok = |operation: u32| outcomes.get(operation as usize) == Some(&Outcome::Ok);
    let mut found = Vec::new();
    for (key, list) in versions(ledger) {
        for (at, pair) in list.windows(2).enumerate() {
            let ((_, owner), (stamp, _)) = (pair[0], pair[1]);
            if is_ok(owner)
                && lapses.get(&(key, stamp)) == Some(&None)
                && list[at + 2..].iter().any(|later| is_ok(later.1))
            {
                found.push(format!("the lock of operation {owner} was given to another client"));
            }
        }
    }
    found
}

/// Items that several consumers took.
fn delivered_twice(ledger: &Ledger) -> Vec<String> {
    let mut all = ledger.deliveries.clone();
    all.sort_unstable();
    let items = all.chunk_by(|one, next| (one.0, one.1) == (next.0, next.1));
    let doubled = items.filter(|chunk| chunk.len() > 1);
    doubled
        .map(|chunk| format!("item {} was delivered {} times", chunk[0].1, chunk.len()))
        .collect()
}

fn versions(ledger: &Ledger) -> BTreeMap<u32, Vec<(Stamp, u32)>> {
    let mut versions: BTreeMap<u32, Vec<(Stamp, u32)>> = BTreeMap::new();
    for effect in &ledger.effects {
        versions.entry(effect.key).or_default().push((effect.stamp, effect.operation));
    }
    versions.values_mut().for_each(|list| list.sort_unstable());
    versions
}

/// A graph, whose nodes are numbers.
#[derive(Default)]
struct Graph {
    edges: Vec<(u32, u32)>,
    nodes: usize,
}

impl Graph {
    fn node(&mut self) -> u32 {
        self.nodes += 1;
        (self.nodes - 1) as u32
    }

    fn add(&mut self, from: u32, to: u32) {
        if from != to {
            self.edges.push((from, to));
        }
    }

    /// Whether there is a circle: whether some nodes remain once those are taken away, again and
    /// again, to which no edge leads (Kahn 1962).
    fn has_circle(mut self) -> bool {
        self.edges.sort_unstable();
        let mut starts = vec![0_usize; self.nodes + 1];
        let mut incoming = vec![0_u32; self.nodes];
        for &(from, to) in &self.edges {
            starts[from as usize + 1] += 1;
            incoming[to as usize] += 1;
        }
        for at in 0..self.nodes {
            starts[at + 1] += starts[at];
        }
        let mut free: Vec<usize> = (0..self.nodes).filter(|&at| incoming[at] == 0).collect();
        let mut taken = 0;
        while let Some(at) = free.pop() {
            taken += 1;
            for &(_, to) in &self.edges[starts[at]..starts[at + 1]] {
                incoming[to as usize] -= 1;
                if incoming[to as usize] == 0 {
                    free.push(to as usize);
                }
            }
        }
        taken < self.nodes
    }
}

fn has_circle(ledger: &Ledger, records: &Records, outcomes: &[Outcome]) -> bool {
    let mut graph = Graph { edges: Vec::new(), nodes: outcomes.len() };
    // The versions of each object, in order, with the nodes that made them. What the store does by
    // itself has a node of its own each time; but if the lease of an owner ended, who later
    // releases the lock, then for the owner it was that operation which made it free.
    let lapses = lapses(ledger, outcomes);
    let mut versions: BTreeMap<u32, Vec<(Stamp, u32)>> = versions(ledger);
    for (&key, list) in &mut versions {
        for (stamp, maker) in list.iter_mut().filter(|version| version.1 == NOBODY) {
            let released = lapses.get(&(key, *stamp)).copied().flatten();
            *maker = released.unwrap_or_else(|| graph.node());
        }
        list.windows(2).for_each(|pair| graph.add(pair[0].1, pair[1].1));
    }
    let effective: Set<u32> = ledger.effects.iter().map(|one| one.operation).collect();
    let counts = |one: &&Sight| match outcomes[one.operation as usize] {
        Outcome::Ok => true,
        Outcome::Open => effective.contains(&one.operation),
        Outcome::Fail => false,
    };
    let seen = ledger.sights().filter(counts);
    let seen = seen.map(|one| (one.operation, one.key, one.stamp));
    let found = ledger.effects.iter().filter_map(|one| {
        let list = versions.get(&one.key)?;
        let at = list.binary_search_by_key(&one.stamp, |version| version.0).ok()?;
        let maker = if one.operation == NOBODY { list[at].1 } else { one.operation };
        Some((maker, one.key, one.found?))
    });
    for (node, key, stamp) in seen.chain(found) {
        let Some(list) = versions.get(&key) else { continue };
        let next = list.partition_point(|version| version.0 <= stamp);
        if let Some(version) = list[..next].last().filter(|version| version.0 == stamp) {
            graph.add(version.1, node);
        }
        if let Some(version) = list.get(next) {
            graph.add(node, version.1);
        }
    }
    add_real_time(&mut graph, records);
    graph.has_circle()
}

/// Adds that what had returned comes before what was called later. For each return there is a node
/// that comes behind all returns so far.
fn add_real_time(graph: &mut Graph, records: &Records) {
    let mut returned: Option<u32> = None;
    for (operation, is_return) in records.ends() {
        if is_return {
            let node = graph.node();
            graph.add(operation, node);
            if let Some(before) = returned.replace(node) {
                graph.add(before, node);
            }
        } else if let Some(returned) = returned {
            graph.add(returned, operation);
        }
    }
}
