//! What follows for the order of versions from what is known, until nothing more does: from each
//! fact the pruning of Cobra (Tan et al., OSDI 2020) and PolySI (Huang et al., VLDB 2023), without
//! looking at each two writers.
//!
//! Whoever wrote a key and is seen by a read of it wrote before what that returned. Whoever wrote a
//! key after a version comes after all who read that. Of the writers in one chain only that next to
//! the version matters: the others follow.

use crate::clocks::{Clocks, Growing};
use crate::edges::is_other;
use crate::facts::{Facts, LOST, Read};
use crate::numbers::NONE;
use crate::polygraph::Map;
use crate::runs::{Run, Writers};

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

/// What holds for each transaction: that of the level, or, for those that are kept in the order
/// that most histories have, that of serializability.
#[derive(Clone, Copy)]
pub(crate) struct Bounds<'b> {
    pub(crate) rules: Rules,
    pub(crate) is_ordered: &'b [bool],
}

impl Bounds<'_> {
    /// Returns whether a transaction is in the order.
    pub(crate) fn has(self, facts: &Facts<'_, '_>, t: u32) -> bool {
        !self.rules.only_updates || self.is_ordered[t as usize] || !facts.writes.of(t).is_empty()
    }

    /// Returns whether a transaction comes before the writers of versions that it missed.
    pub(crate) fn has_rw(self, t: u32) -> bool {
        self.rules.has_rw || self.is_ordered[t as usize]
    }

    /// Returns whether a transaction must not miss a version that it saw.
    fn sees_all(self, t: u32) -> bool {
        self.rules.sees_all || self.has_rw(t)
    }
}

/// What is known after that.
pub(crate) struct Known<'s, 't, 'h> {
    facts: &'s Facts<'t, 'h>,
    map: &'s Map,
    bounds: Bounds<'s>,
    pub(crate) edges: Vec<(u32, u32)>,
    pub(crate) clocks: Clocks,
    writers: Writers,
}

/// Why it does not end with more that is known.
pub(crate) enum Failure {
    TooMuch,
    /// The edges, and what follows from them, have a cycle.
    Cycle(Vec<(u32, u32)>),
}

/// Finds all that follows from `edges`.
pub(crate) fn saturate<'s, 't, 'h>(
    facts: &'s Facts<'t, 'h>,
    map: &'s Map,
    bounds: Bounds<'s>,
    (count, edges): (usize, Vec<(u32, u32)>),
    work: &mut u64,
) -> Result<Known<'s, 't, 'h>, Failure> {
    let mut graph = Growing::new(count, &edges);
    let Some(order) = graph.first().order() else { return Err(Failure::Cycle(edges)) };
    let mut is_marked = vec![false; count];
    for key in (0..facts.tails.len() as u32).filter(|&key| !facts.aside[key as usize]) {
        for &t in facts.tails.of(key) {
            is_marked[map.commit(t) as usize] = true;
            is_marked[map.overwrite(t) as usize] = true;
        }
    }
    let clocks = Clocks::new(graph.first(), &order, &|vertex| is_marked[vertex as usize]);
    let clocks = clocks.ok_or(Failure::TooMuch)?;
    *work = work.saturating_sub((clocks.chains() * edges.len()) as u64 / 16);
    let writers = Writers::new(facts.tails.len() as u32, &|key, take| {
        for &t in facts.tails.of(key).iter().filter(|_| !facts.aside[key as usize]) {
            let (chain, position) = clocks.place(map.commit(t));
            take((chain, position, t));
        }
    });
    let mut known = Known { facts, map, bounds, edges, clocks, writers };
    let mut changed =
        Changed { sees_more: vec![true; facts.len()], leads_to_more: vec![true; facts.len()] };
    loop {
        let mut new = Vec::new();
        known.follow_reads(&changed, &mut new, work);
        known.follow_writes(&changed, &mut new, work);
        if *work == 0 {
            return Err(Failure::TooMuch);
        }
        if new.is_empty() {
            return Ok(known);
        }
        new.sort_unstable();
        new.dedup();
        graph.add(&new);
        let followed = known.clocks.follow(&graph, &new, work);
        let [later, earlier] = followed.ok_or(Failure::TooMuch)?;
        let has_cycle = new.iter().any(|&edge| known.closes_cycle(edge, &is_marked));
        known.edges.extend(new);
        if has_cycle {
            return Err(Failure::Cycle(known.edges));
        }
        changed = Changed::new(facts, map, [&later, &earlier]);
    }
}

/// Of which transactions it changed what they see, and what they lead to.
struct Changed {
    sees_more: Vec<bool>,
    leads_to_more: Vec<bool>,
}

impl Changed {
    fn new(facts: &Facts<'_, '_>, map: &Map, [later, earlier]: [&[u32]; 2]) -> Changed {
        let of = |vertices: &[u32]| {
            let mut is_changed = vec![false; facts.len()];
            for t in vertices.iter().filter_map(|&vertex| map.transaction(vertex)) {
                is_changed[t as usize] = true;
            }
            is_changed
        };
        Changed { sees_more: of(later), leads_to_more: of(earlier) }
    }
}

impl Known<'_, '_, '_> {
    /// Returns whether an edge, whose ends are known to the clocks, is on a cycle.
    fn closes_cycle(&self, (from, to): (u32, u32), is_marked: &[bool]) -> bool {
        match is_marked[from as usize] {
            true => self.clocks.leads_to(to, from),
            false => self.clocks.comes_before(to, from),
        }
    }

    /// Finds the edges that follow from reads.
    fn follow_reads(&self, changed: &Changed, new: &mut Vec<(u32, u32)>, work: &mut u64) {
        let (facts, bounds) = (self.facts, self.bounds);
        let is_bound = |&t: &u32| bounds.has(facts, t) && bounds.sees_all(t);
        for t in (0..facts.len() as u32).filter(is_bound) {
            for (nth, read) in facts.reads.of(t).iter().enumerate() {
                if read.source == LOST || facts.aside[read.key as usize] {
                    continue;
                }
                let vertex = self.map.read(t, nth);
                let sees_more = changed.sees_more[t as usize];
                let source = read.source as usize;
                let misses_more = bounds.has_rw(t)
                    && changed.leads_to_more.get(source).copied().unwrap_or(sees_more);
                if !sees_more && !misses_more {
                    continue;
                }
                for &run in self.writers.runs.of(read.key) {
                    *work = work.saturating_sub(1);
                    if sees_more {
                        self.follow_seen((t, vertex), read.source, run, new);
                    }
                    if misses_more {
                        self.follow_missed((t, vertex), read, run, new);
                    }
                }
            }
        }
    }

    /// Finds that the last writer in a chain that a read sees wrote before what that returned, or
    /// before the read itself if it returned the initial value, which is a contradiction.
    fn follow_seen(
        &self,
        (t, vertex): (u32, u32),
        source: u32,
        run: Run,
        new: &mut Vec<(u32, u32)>,
    ) {
        let (seen, _) = self.writers.parted(run, self.clocks.before(vertex, run.chain));
        let Some(&last) = seen.iter().rev().find(|&&other| other != t) else { return };
        let from = self.map.commit(last);
        if source == NONE {
            new.push((vertex, from));
        } else if last != source && source != t {
            let to = self.map.overwrite(source);
            if !self.clocks.comes_before(from, to) {
                new.push((from, to));
            }
        }
    }

    /// Finds that a read comes before the first writer in a chain that wrote after what that
    /// returned.
    fn follow_missed(
        &self,
        (t, vertex): (u32, u32),
        read: &Read,
        run: Run,
        new: &mut Vec<(u32, u32)>,
    ) {
        let source = read.source;
        let is_last = || read.place as usize == self.facts.chains.of(read.key).len();
        let start = match read.place {
            NONE if is_other(source, t) => self.clocks.after(self.map.overwrite(source), run.chain),
            // All of them wrote after it.
            place if place != NONE && is_last() => 0,
            _ => return,
        };
        let (_, later) = self.writers.parted(run, start);
        let Some(&first) = later.iter().find(|&&other| other != source && other != t) else {
            return;
        };
        let to = self.map.commit(first);
        if !self.clocks.leads_to(vertex, to) {
            new.push((vertex, to));
        }
    }

    /// Finds, of two writers of which one began before the other ended, that it wrote before it.
    fn follow_writes(&self, changed: &Changed, new: &mut Vec<(u32, u32)>, work: &mut u64) {
        for key in 0..self.facts.tails.len() as u32 {
            for &one in self.writers.of(key) {
                let (overwrite, commit) = (self.map.overwrite(one), self.map.commit(one));
                if overwrite == commit || !changed.leads_to_more[one as usize] {
                    continue;
                }
                for &run in self.writers.runs.of(key) {
                    *work = work.saturating_sub(1);
                    let after = self.clocks.after(overwrite, run.chain);
                    let (_, later) = self.writers.parted(run, after);
                    let Some(&first) = later.iter().find(|&&t| t != one) else { continue };
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
            for &one in self.writers.of(key) {
                let (overwrite, commit) = (self.map.overwrite(one), self.map.commit(one));
                for &run in self.writers.runs.of(key) {
                    let after = self.clocks.after(overwrite, run.chain);
                    let (earlier, _) = self.writers.parted(run, after);
                    let is_open =
                        |other: u32| !self.clocks.comes_before(self.map.overwrite(other), commit);
                    let open = earlier.iter().rev().copied().filter(|&other| other != one);
                    let open = open.take_while(|&other| is_open(other));
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
