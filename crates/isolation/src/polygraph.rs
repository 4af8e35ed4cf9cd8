//! The order of versions, where reads do not tell it: a graph of what is known, and for each two
//! transactions that wrote the same key two sets of edges, of which one has to be there
//! (Papadimitriou's polygraph).
//!
//! Of two writers a and b, a may have come first: then b replaced it, and who read a's version came
//! before b. If one of these edges closes a cycle with known ones, it was b. What is open after
//! that is left to a search.

use std::cell::Cell;

use crate::derived::Reach;
use crate::edges::{Kinds, Orders, Shape, Vertices, edges, is_other, vertex_count};
use crate::facts::{Facts, LOST, Read};
use crate::graph::Graph;
use crate::level::{Base, Level, Ordering};
use crate::numbers::NONE;
use crate::solver::{Choices, Literal, Order, Solved, Solver};
use crate::table::Access;

/// Pairs of writers that are looked at, at most: with more, a search takes minutes.
const MOST_PAIRS: usize = 200_000;

/// Vertices of a graph of which all pairs are known that are joined by a path, at most.
const MOST_REACH: usize = 20_000;

/// The vertices of a level's graph.
enum Map {
    Transactions(Vertices),
    /// Commits, and behind them the reads of each transaction, from this vertex on.
    Reads(Vec<u32>, usize),
}

impl Map {
    fn read(&self, t: u32, nth: usize) -> u32 {
        match self {
            Map::Transactions(vertices) => vertices.begin(t),
            Map::Reads(first, _) => first[t as usize] + nth as u32,
        }
    }

    fn commit(&self, t: u32) -> u32 {
        match self {
            Map::Transactions(vertices) => vertices.commit(t),
            Map::Reads(..) => t,
        }
    }

    fn overwrite(&self, t: u32) -> u32 {
        match self {
            Map::Transactions(vertices) => vertices.overwrite(t),
            Map::Reads(..) => t,
        }
    }
}

/// Two transactions that wrote the same keys, and the edges of both orders.
struct Pair {
    writers: [u32; 2],
    edges: [Vec<(u32, u32)>; 2],
}

/// Looks for positions of the transactions by which the versions of each key are ordered so that
/// the history has `level`; `guess` has likely ones. `None` if that takes too much work,
/// `Some(None)` if there are none.
pub(crate) fn decide(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    level: Level,
    guess: &[u32],
    work: &mut u64,
) -> Option<Option<Vec<u32>>> {
    let shape = match level.base() {
        Base::SnapshotIsolation => Shape::Snapshot,
        Base::Prefix => Shape::Prefix,
        _ => Shape::Whole,
    };
    // Whether who missed a version comes before its writer, or only must not see it.
    let (has_rw, only_updates) = match level.base() {
        Base::Serializable | Base::RepeatableRead | Base::SnapshotIsolation | Base::Prefix => {
            (true, false)
        }
        Base::MonotonicSnapshotRead => (true, false),
        Base::UpdateSerializable => (true, true),
        _ => (false, false),
    };
    let map = match level.base() {
        Base::MonotonicSnapshotRead => reads_map(facts),
        _ => Map::Transactions(Vertices::new(shape, facts)),
    };
    let is_in = |t: u32| !only_updates || !facts.writes.of(t).is_empty();
    let mut known = known_edges(facts, orders, &map, level, (has_rw, only_updates));
    let count = match &map {
        Map::Transactions(vertices) => vertex_count(facts, orders, *vertices),
        Map::Reads(_, count) => *count,
    };
    let pairs = pairs(facts, &map, has_rw, &is_in)?;
    let sees_all = matches!(
        level.base(),
        Base::ConsistentView | Base::ForwardConsistentView | Base::ParallelSnapshotIsolation
    );
    let seen = if sees_all { seen_by_reads(facts) } else { Vec::new() };
    let open = match prune(count, &mut known, (pairs, &seen), work)? {
        None => return Some(None),
        Some(open) => open,
    };
    let graph = Graph::new(count, |edge| known.iter().for_each(|&(from, to)| edge(from, to)));
    let Ok(order) = graph.topological(|v| v) else { return Some(None) };
    let phase = |(nth, pair): (usize, &Pair)| {
        let [one, other] = pair.writers.map(|t| guess[t as usize]);
        2 * nth as u32 + u32::from(other < one)
    };
    let phases: Vec<Literal> = open.iter().enumerate().map(phase).collect();
    let writers: Vec<[u32; 2]> = open.iter().map(|pair| pair.writers).collect();
    let choices = Choices { edges: open.into_iter().flat_map(|pair| pair.edges).collect() };
    let mut solver = Solver::new(&graph, &order, &choices, phases);
    let commit = |positions: &[u32]| -> Vec<u32> {
        (0..facts.len() as u32).map(|t| positions[map.commit(t) as usize]).collect()
    };
    let views = Views { facts, orders, level, writers: &writers, next: Cell::new(0) };
    let needs_check = !has_rw || only_updates;
    let solved = solver.solve(work, &mut |order| match needs_check {
        true => views.missed(order, &commit(&order.positions)),
        false => None,
    });
    match solved {
        Solved::Choice => Some(Some(commit(solver.positions()))),
        Solved::None => Some(None),
        Solved::TooMuch => None,
    }
}

/// What a transaction must not miss at the levels that are no matter of cycles alone.
struct Views<'v, 't, 'h> {
    facts: &'v Facts<'t, 'h>,
    orders: &'v Orders,
    level: Level,
    /// The writers whose order is open, by variable.
    writers: &'v [[u32; 2]],
    /// The transaction to look at first: what was missed last is often missed again.
    next: Cell<u32>,
}

impl Views<'_, '_, '_> {
    /// Returns the literal that `one` wrote before `other`, if that is open.
    fn literal(&self, one: u32, other: u32) -> Option<Literal> {
        let pair = [one.min(other), one.max(other)];
        let at = self.writers.binary_search(&pair).ok()?;
        Some(2 * at as u32 + u32::from(other < one))
    }

    /// Returns true literals by which a transaction misses a version that it has to see.
    fn missed(&self, order: &Order, commits: &[u32]) -> Option<Vec<Literal>> {
        let n = self.facts.len() as u32;
        let mut walk = Walk { came: vec![(NONE, NONE); order.into.len()], queue: Vec::new() };
        for t in (self.next.get()..n).chain(0..self.next.get()) {
            for read in self.facts.reads.of(t) {
                if read.source == LOST || self.facts.aside[read.key as usize] {
                    continue;
                }
                let why = self.missed_by(t, read, (order, commits), &mut walk);
                walk.clear();
                if why.is_some() {
                    self.next.set(t);
                    return why;
                }
            }
        }
        None
    }

    /// Returns the literals by which a read misses a version.
    fn missed_by(
        &self,
        t: u32,
        read: &Read,
        (order, commits): (&Order, &[u32]),
        walk: &mut Walk,
    ) -> Option<Vec<Literal>> {
        let is_later = |other: u32| {
            read.source == NONE || commits[other as usize] > commits[read.source as usize]
        };
        let misses = |other: u32| {
            other != t
                && other != read.source
                && is_later(other)
                && self.facts.writes.of(other).contains(&read.key)
        };
        // Whom the read has to see, with the literals by which it does.
        let starts = self.seen(t, read, commits);
        let is_transitive = self.level.base() != Base::UpdateAtomic;
        for &(other, by) in &starts {
            walk.start(other, by);
        }
        let mut at = 0;
        while at < walk.queue.len() {
            let vertex = walk.queue[at];
            at += 1;
            if vertex < self.facts.len() as u32 && misses(vertex) {
                let mut why = walk.literals(vertex, &starts);
                if read.source != NONE {
                    why.extend(self.literal(read.source, vertex));
                }
                why.sort_unstable();
                why.dedup();
                return Some(why);
            }
            if is_transitive {
                let floor = if read.source == NONE { 0 } else { commits[read.source as usize] };
                for &(before, by) in &order.into[vertex as usize] {
                    if order.positions[before as usize] > floor || read.source == NONE {
                        walk.reach(before, vertex, by);
                    }
                }
            }
        }
        None
    }

    /// Returns whom a read has to see at once, each with the literal by which it does.
    fn seen(&self, t: u32, read: &Read, commits: &[u32]) -> Vec<(u32, Literal)> {
        let facts = self.facts;
        let reads = facts.reads.of(t).iter();
        let sources = |reads: &mut dyn Iterator<Item = &Read>| -> Vec<(u32, Literal)> {
            let sources = reads.map(|read| read.source).filter(|&source| is_other(source, t));
            sources.map(|source| (source, NONE)).collect()
        };
        let overwritten = |keys: &[u32]| -> Vec<(u32, Literal)> {
            let mut all = Vec::new();
            for &key in keys {
                let others = facts.chains.of(key).iter().chain(facts.tails.of(key));
                for &other in others.filter(|&&other| other != t) {
                    if commits[other as usize] < commits[t as usize] {
                        all.push((other, self.literal(other, t).unwrap_or(NONE)));
                    }
                }
            }
            all
        };
        match self.level.base() {
            Base::MonotonicView => {
                let written = facts.table.micros(t)[..read.micro as usize].iter();
                let written = written.filter(|micro| micro.access != Access::Read);
                let keys: Vec<u32> = written.map(|micro| micro.key).collect();
                let mut seen = sources(&mut reads.filter(|other| other.micro < read.micro));
                seen.extend(overwritten(&keys));
                seen
            }
            Base::UpdateSerializable if !facts.writes.of(t).is_empty() => Vec::new(),
            Base::UpdateSerializable => sources(&mut { reads }),
            _ => {
                let mut seen = sources(&mut { reads });
                seen.extend(overwritten(facts.writes.of(t)));
                if self.level.ordering() != Ordering::None {
                    seen.extend(self.orders.previous(t).map(|previous| (previous, NONE)));
                }
                seen
            }
        }
    }
}

/// A walk against the edges.
struct Walk {
    /// Of each vertex that was reached, the one after it and the literal of the edge there; a start
    /// is its own.
    came: Vec<(u32, Literal)>,
    queue: Vec<u32>,
}

impl Walk {
    fn start(&mut self, vertex: u32, by: Literal) {
        if self.came[vertex as usize].0 == NONE {
            self.came[vertex as usize] = (vertex, by);
            self.queue.push(vertex);
        }
    }

    fn reach(&mut self, vertex: u32, after: u32, by: Literal) {
        if self.came[vertex as usize].0 == NONE {
            self.came[vertex as usize] = (after, by);
            self.queue.push(vertex);
        }
    }

    /// Returns the literals on the way from a vertex to the read.
    fn literals(&self, mut vertex: u32, starts: &[(u32, Literal)]) -> Vec<Literal> {
        let mut why = Vec::new();
        loop {
            let (after, by) = self.came[vertex as usize];
            why.extend(Some(by).filter(|&by| by != NONE));
            if after == vertex {
                debug_assert!(starts.iter().any(|start| start.0 == vertex));
                return why;
            }
            vertex = after;
        }
    }

    fn clear(&mut self) {
        for vertex in self.queue.drain(..) {
            self.came[vertex as usize] = (NONE, NONE);
        }
    }
}

fn reads_map(facts: &Facts<'_, '_>) -> Map {
    let mut count = facts.len() as u32;
    let mut first = Vec::with_capacity(facts.len());
    for t in 0..facts.len() as u32 {
        first.push(count);
        count += facts.reads.of(t).len() as u32;
    }
    Map::Reads(first, count as usize)
}

/// Returns the edges that are there whatever the order of versions.
fn known_edges(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    map: &Map,
    level: Level,
    (has_rw, only_updates): (bool, bool),
) -> Vec<(u32, u32)> {
    let mut known = Vec::new();
    match map {
        Map::Transactions(vertices) => {
            let kinds = Kinds { ww: true, wr: true, rw: has_rw, ordering: level.ordering() };
            edges(facts, orders, *vertices, kinds, &mut |from, to, _| {
                let is_in = |vertex: u32| {
                    let t = vertices.transaction(vertex);
                    !only_updates || t.is_none_or(|t| !facts.writes.of(t).is_empty())
                };
                if is_in(from) && is_in(to) {
                    known.push((from, to));
                }
            });
        }
        Map::Reads(..) => {
            debug_assert_eq!(level.ordering(), Ordering::None);
            let graph = crate::views::snapshot_reads(facts);
            for from in 0..graph.len() as u32 {
                known.extend(graph.successors(from).iter().map(|&to| (from, to)));
            }
        }
    }
    known
}

/// Returns the pairs of writers whose order is not known, or `None` if there are too many.
fn pairs(
    facts: &Facts<'_, '_>,
    map: &Map,
    has_rw: bool,
    is_in: &dyn Fn(u32) -> bool,
) -> Option<Vec<Pair>> {
    let count = |key: u32| facts.tails.of(key).len() * facts.tails.of(key).len() / 2;
    let keys = || (0..facts.tails.len() as u32).filter(|&key| !facts.aside[key as usize]);
    if keys().map(count).sum::<usize>() > MOST_PAIRS {
        return None;
    }
    // Who read each version: key, writer, the vertex of the read, its transaction.
    let mut readers: Vec<(u32, u32, u32, u32)> = Vec::new();
    if has_rw {
        for t in (0..facts.len() as u32).filter(|&t| is_in(t)) {
            for (nth, read) in facts.reads.of(t).iter().enumerate() {
                if read.source < LOST && is_other(read.source, t) && read.place == NONE {
                    readers.push((read.key, read.source, map.read(t, nth), t));
                }
            }
        }
        readers.sort_unstable();
    }
    let of = |key: u32, writer: u32| {
        let from = readers.partition_point(|&(k, w, ..)| (k, w) < (key, writer));
        readers[from..].iter().take_while(move |&&(k, w, ..)| (k, w) == (key, writer))
    };
    let mut all: Vec<(u32, u32, u32)> = Vec::new();
    for key in keys() {
        let tail = facts.tails.of(key);
        for (nth, &one) in tail.iter().enumerate() {
            all.extend(tail[nth + 1..].iter().map(|&other| (one, other, key)));
        }
    }
    all.sort_unstable();
    let mut pairs = Vec::new();
    for group in all.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
        let (one, other, _) = group[0];
        let edges = |first: u32, second: u32| {
            let mut edges = vec![(map.commit(first), map.overwrite(second))];
            for &(_, _, key) in group {
                let others = of(key, first).filter(|&&(.., t)| t != second);
                edges.extend(others.map(|&(_, _, vertex, _)| (vertex, map.commit(second))));
            }
            edges
        };
        pairs.push(Pair { writers: [one, other], edges: [edges(one, other), edges(other, one)] });
    }
    Some(pairs)
}

/// That a transaction read a version of `source`, [`NONE`] for the initial one, of a key that
/// `writer` wrote, too: if it sees that, it was before.
struct Seen {
    reader: u32,
    source: u32,
    writer: u32,
}

fn seen_by_reads(facts: &Facts<'_, '_>) -> Vec<Seen> {
    let mut seen = Vec::new();
    for reader in 0..facts.len() as u32 {
        for read in facts.reads.of(reader) {
            if read.source == LOST || facts.aside[read.key as usize] {
                continue;
            }
            let writers = facts.chains.of(read.key).iter().chain(facts.tails.of(read.key));
            let others = writers.filter(|&&writer| writer != reader && writer != read.source);
            seen.extend(others.map(|&writer| Seen { reader, source: read.source, writer }));
            if seen.len() > MOST_PAIRS {
                return Vec::new();
            }
        }
    }
    seen
}

/// Makes known what follows without a choice, and returns the pairs that are open: `Some(None)` if
/// there is a contradiction, `None` if it takes too much work.
fn prune(
    count: usize,
    known: &mut Vec<(u32, u32)>,
    (mut pairs, seen): (Vec<Pair>, &[Seen]),
    work: &mut u64,
) -> Option<Option<Vec<Pair>>> {
    if count > MOST_REACH {
        return Some(Some(pairs));
    }
    loop {
        let graph = Graph::new(count, |edge| known.iter().for_each(|&(from, to)| edge(from, to)));
        let Ok(order) = graph.topological(|v| v) else { return Some(None) };
        let reach = Reach::new(&graph, &order);
        *work = work.saturating_sub((graph.edge_count() * count.div_ceil(64)) as u64 / 8);
        let is_impossible = |edges: &[(u32, u32)]| {
            edges.iter().any(|&(from, to)| from == to || reach.joins(to, from))
        };
        let before = known.len();
        for &Seen { reader, source, writer } in seen {
            if reach.joins(writer, reader) {
                if source == NONE {
                    return Some(None);
                }
                if !reach.joins(writer, source) {
                    known.push((writer, source));
                }
            }
        }
        *work = work.saturating_sub(seen.len() as u64);
        let mut open = Vec::with_capacity(pairs.len());
        for pair in pairs {
            *work = work.saturating_sub((pair.edges[0].len() + pair.edges[1].len()) as u64);
            match (is_impossible(&pair.edges[0]), is_impossible(&pair.edges[1])) {
                (true, true) => return Some(None),
                (true, false) => known.extend(&pair.edges[1]),
                (false, true) => known.extend(&pair.edges[0]),
                (false, false) => open.push(pair),
            }
        }
        if *work == 0 {
            return None;
        }
        if known.len() == before {
            return Some(Some(open));
        }
        pairs = open;
    }
}
