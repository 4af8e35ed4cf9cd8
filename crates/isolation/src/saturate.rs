//! What follows for the order of versions from what is known, until nothing more does: from each
//! fact the pruning of Cobra (Tan et al., OSDI 2020) and PolySI (Huang et al., VLDB 2023), without
//! looking at each two writers.
//!
//! Whoever wrote a key and is seen by a read of it wrote before what that returned. Whoever wrote a
//! key after a version comes after all who read that. Of the writers in one chain only that next to
//! the version matters: the others follow.

use crate::clocks::Clocks;
use crate::edges::is_other;
use crate::facts::{Facts, Groups, LOST, Read};
use crate::graph::Graph;
use crate::numbers::NONE;
use crate::polygraph::Map;

/// What holds at a level.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    /// Whether who missed a version comes before its writer.
    pub(crate) has_rw: bool,
    /// Whether who reads must not miss a version that it saw.
    pub(crate) sees_all: bool,
    /// Whether only transactions that write have an order.
    pub(crate) only_updates: bool,
}

impl Rules {
    /// Returns whether a transaction is in the order.
    pub(crate) fn has(self, facts: &Facts<'_, '_>, t: u32) -> bool {
        !self.only_updates || !facts.writes.of(t).is_empty()
    }
}

/// What is known after that.
pub(crate) struct Known<'s, 't, 'h> {
    facts: &'s Facts<'t, 'h>,
    map: &'s Map,
    rules: Rules,
    edges: Vec<(u32, u32)>,
    pub(crate) graph: Graph,
    pub(crate) clocks: Clocks,
    writers: Writers,
}

/// The writers of each key whose order is not known from reads: those in one chain behind each
/// other, with their positions.
struct Writers(Groups<(u32, u32, u32)>);

impl Writers {
    fn new(facts: &Facts<'_, '_>, map: &Map, clocks: &Clocks) -> Writers {
        let mut writers = Groups::new(facts.tails.len());
        let mut own = Vec::new();
        for key in 0..facts.tails.len() as u32 {
            if !facts.aside[key as usize] {
                own.extend(facts.tails.of(key).iter().map(|&t| {
                    let (chain, position) = clocks.place(map.commit(t));
                    (chain, position, t)
                }));
            }
            own.sort_unstable();
            writers.extend(own.drain(..));
            writers.end();
        }
        Writers(writers)
    }

    /// Returns the writers of a key, by chains.
    fn chains(&self, key: u32) -> impl Iterator<Item = &[(u32, u32, u32)]> {
        self.0.of(key).chunk_by(|one, other| one.0 == other.0)
    }
}

/// Finds all that follows from `edges`. `None` if that takes too much work, `Some(None)` if it
/// contradicts itself.
pub(crate) fn saturate<'s, 't, 'h>(
    facts: &'s Facts<'t, 'h>,
    map: &'s Map,
    rules: Rules,
    (count, edges): (usize, Vec<(u32, u32)>),
    work: &mut u64,
) -> Option<Option<Known<'s, 't, 'h>>> {
    let graph = graph(count, &edges);
    let Ok(order) = graph.topological(|v| v) else { return Some(None) };
    let mut is_marked = vec![false; count];
    for key in (0..facts.tails.len() as u32).filter(|&key| !facts.aside[key as usize]) {
        for &t in facts.tails.of(key) {
            is_marked[map.commit(t) as usize] = true;
            is_marked[map.overwrite(t) as usize] = true;
        }
    }
    let clocks = Clocks::new(&graph, &order, &|vertex| is_marked[vertex as usize])?;
    let writers = Writers::new(facts, map, &clocks);
    let mut known = Known { facts, map, rules, edges, graph, clocks, writers };
    loop {
        *work = work.saturating_sub(known.clocks.size() as u64 / 4);
        let mut new = Vec::new();
        if !known.follow_reads(&mut new, work) {
            return Some(None);
        }
        known.follow_writes(&mut new, work);
        if *work == 0 {
            return None;
        }
        if new.is_empty() {
            return Some(Some(known));
        }
        new.sort_unstable();
        new.dedup();
        known.edges.extend(new);
        known.graph = self::graph(count, &known.edges);
        let Ok(order) = known.graph.topological(|v| v) else { return Some(None) };
        known.clocks.update(&known.graph, &order);
    }
}

fn graph(count: usize, edges: &[(u32, u32)]) -> Graph {
    Graph::new(count, |edge| edges.iter().for_each(|&(from, to)| edge(from, to)))
}

impl Known<'_, '_, '_> {
    /// Finds the edges that follow from reads; false if one cannot have returned what it did.
    fn follow_reads(&self, new: &mut Vec<(u32, u32)>, work: &mut u64) -> bool {
        if !self.rules.has_rw && !self.rules.sees_all {
            return true;
        }
        let facts = self.facts;
        for t in (0..facts.len() as u32).filter(|&t| self.rules.has(facts, t)) {
            for (nth, read) in facts.reads.of(t).iter().enumerate() {
                if read.source == LOST || facts.aside[read.key as usize] {
                    continue;
                }
                let vertex = self.map.read(t, nth);
                for chain in self.writers.chains(read.key) {
                    *work = work.saturating_sub(1);
                    if !self.follow_seen((t, vertex), read.source, chain, new) {
                        return false;
                    }
                    if self.rules.has_rw {
                        self.follow_missed((t, vertex), read, chain, new);
                    }
                }
            }
        }
        true
    }

    /// Finds that the last writer in a chain that a read sees wrote before what that returned;
    /// false if nobody can have.
    fn follow_seen(
        &self,
        (t, vertex): (u32, u32),
        source: u32,
        chain: &[(u32, u32, u32)],
        new: &mut Vec<(u32, u32)>,
    ) -> bool {
        let seen = self.clocks.before(vertex, chain[0].0);
        let end = chain.partition_point(|&(_, position, _)| position < seen);
        let Some(&(.., last)) = chain[..end].iter().rev().find(|&&(.., other)| other != t) else {
            return true;
        };
        if last == source || source == t {
            return true;
        }
        if source == NONE {
            return false;
        }
        let (from, to) = (self.map.commit(last), self.map.overwrite(source));
        if !self.clocks.comes_before(from, to) {
            new.push((from, to));
        }
        true
    }

    /// Finds that a read comes before the first writer in a chain that wrote after what that
    /// returned.
    fn follow_missed(
        &self,
        (t, vertex): (u32, u32),
        read: &Read,
        chain: &[(u32, u32, u32)],
        new: &mut Vec<(u32, u32)>,
    ) {
        let source = read.source;
        let is_last = || read.place as usize == self.facts.chains.of(read.key).len();
        let start = match read.place {
            NONE if is_other(source, t) => {
                let after = self.clocks.after(self.map.overwrite(source), chain[0].0);
                chain.partition_point(|&(_, position, _)| position < after)
            }
            // All of them wrote after it.
            place if place != NONE && is_last() => 0,
            _ => return,
        };
        let first = chain[start..].iter().find(|&&(.., other)| other != source && other != t);
        let Some(&(.., first)) = first else { return };
        let to = self.map.commit(first);
        if !self.clocks.leads_to(vertex, to) {
            new.push((vertex, to));
        }
    }

    /// Finds, of two writers of which one began before the other ended, that it wrote before it.
    fn follow_writes(&self, new: &mut Vec<(u32, u32)>, work: &mut u64) {
        for key in 0..self.facts.tails.len() as u32 {
            for &(_, _, one) in self.writers.0.of(key) {
                let (overwrite, commit) = (self.map.overwrite(one), self.map.commit(one));
                if overwrite == commit {
                    continue;
                }
                for chain in self.writers.chains(key) {
                    *work = work.saturating_sub(1);
                    let after = self.clocks.after(overwrite, chain[0].0);
                    let start = chain.partition_point(|&(_, position, _)| position < after);
                    let Some(&(.., first)) = chain[start..].iter().find(|&&(.., t)| t != one)
                    else {
                        continue;
                    };
                    let to = self.map.overwrite(first);
                    if !self.clocks.leads_to(commit, to) {
                        new.push((commit, to));
                    }
                }
            }
        }
    }

    /// Returns the pairs of writers whose order is open, each with the key that both wrote, the
    /// pairs of the same two behind each other; `None` if there are more than `most`.
    pub(crate) fn open_pairs(&self, most: usize) -> Option<Vec<(u32, u32, u32)>> {
        let mut pairs = Vec::new();
        for key in 0..self.facts.tails.len() as u32 {
            for &(_, _, one) in self.writers.0.of(key) {
                let (overwrite, commit) = (self.map.overwrite(one), self.map.commit(one));
                for chain in self.writers.chains(key) {
                    let after = self.clocks.after(overwrite, chain[0].0);
                    let end = chain.partition_point(|&(_, position, _)| position < after);
                    let is_open = |other: u32| {
                        !self.clocks.comes_before(self.map.overwrite(other), commit)
                    };
                    let open = chain[..end].iter().rev().map(|&(.., other)| other);
                    let open = open.filter(|&other| other != one).take_while(|&t| is_open(t));
                    pairs.extend(open.filter(|&other| one < other).map(|other| (one, other, key)));
                }
                if pairs.len() > most {
                    return None;
                }
            }
        }
        pairs.sort_unstable();
        Some(pairs)
    }
}
