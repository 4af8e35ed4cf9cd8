//! The order of versions, where reads do not tell it: a graph of what is known, and for each two
//! transactions that wrote the same key two sets of edges, of which one has to be there
//! (Papadimitriou's polygraph).
//!
//! Of two writers a and b, a may have come first: then b replaced it, and who read a's version came
//! before b. If one of these edges closes a cycle with known ones, it was b. What is open after
//! that is left to a search.

use std::cell::Cell;

use crate::edges::{Kinds, Orders, Shape, Vertices, chained_count, chained_edges, is_other};
use crate::facts::Facts;
use crate::graph::Graph;
use crate::level::{Base, Level, Ordering};
use crate::misses::Views;
use crate::numbers::NONE;
use crate::saturate::{Known, Rules, saturate};
use crate::solver::{Choices, Literal, Solved, Solver};

/// Pairs of writers whose order is open, at most: with more, a search takes minutes.
const MOST_PAIRS: usize = 2_000_000;

/// The vertices of a level's graph.
pub(crate) enum Map {
    Transactions(Vertices),
    /// Commits, and behind them the reads of each transaction, from this vertex on.
    Reads(Vec<u32>),
}

impl Map {
    pub(crate) fn read(&self, t: u32, nth: usize) -> u32 {
        match self {
            Map::Transactions(vertices) => vertices.begin(t),
            Map::Reads(first) => first[t as usize] + nth as u32,
        }
    }

    pub(crate) fn commit(&self, t: u32) -> u32 {
        match self {
            Map::Transactions(vertices) => vertices.commit(t),
            Map::Reads(..) => t,
        }
    }

    pub(crate) fn overwrite(&self, t: u32) -> u32 {
        match self {
            Map::Transactions(vertices) => vertices.overwrite(t),
            Map::Reads(..) => t,
        }
    }

    pub(crate) fn transaction(&self, vertex: u32) -> Option<u32> {
        match self {
            Map::Transactions(vertices) => vertices.transaction(vertex),
            Map::Reads(first) if vertex < first.len() as u32 => Some(vertex),
            Map::Reads(first) => Some(first.partition_point(|&start| start <= vertex) as u32 - 1),
        }
    }
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
    let base = level.base();
    let shape = match base {
        Base::SnapshotIsolation => Shape::Snapshot,
        Base::Prefix => Shape::Prefix,
        _ => Shape::Whole,
    };
    let rules = rules(base);
    let (map, count) = match base {
        Base::MonotonicSnapshotRead => reads_map(facts),
        _ => {
            let vertices = Vertices::new(shape, facts);
            (Map::Transactions(vertices), chained_count(orders, vertices))
        }
    };
    let edges = known_edges(facts, orders, &map, level, rules);
    let Some(known) = saturate(facts, &map, rules, (count, edges), work)? else {
        return Some(None);
    };
    let pairs = known.open_pairs(MOST_PAIRS)?;
    let pairs: Vec<&[(u32, u32, u32)]> =
        pairs.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)).collect();
    let writers: Vec<[u32; 2]> = pairs.iter().map(|pair| [pair[0].0, pair[0].1]).collect();
    let phase = |(nth, pair): (usize, &[u32; 2])| {
        let [one, other] = pair.map(|t| guess[t as usize]);
        2 * nth as u32 + u32::from(other < one)
    };
    let phases: Vec<Literal> = writers.iter().enumerate().map(phase).collect();
    let choices = choices(facts, &map, rules, &known, &pairs);
    let priority = |vertex: u32| map.transaction(vertex).map_or(0, |t| guess[t as usize]);
    let edges = &known.edges;
    let graph = Graph::new(count, |edge| edges.iter().for_each(|&(from, to)| edge(from, to)));
    let Ok(order) = graph.topological(priority) else { return Some(None) };
    let mut solver = Solver::new(&graph, &order, &choices, phases);
    let commit = |positions: &[u32]| -> Vec<u32> {
        (0..facts.len() as u32).map(|t| positions[map.commit(t) as usize]).collect()
    };
    let views = Views { facts, orders, level, writers: &writers, next: Cell::new(0) };
    let needs_check = !rules.has_rw || rules.only_updates;
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

fn rules(base: Base) -> Rules {
    let has_rw = matches!(
        base,
        Base::Serializable
            | Base::RepeatableRead
            | Base::SnapshotIsolation
            | Base::Prefix
            | Base::MonotonicSnapshotRead
            | Base::UpdateSerializable
    );
    let sees_all = matches!(
        base,
        Base::ConsistentView | Base::ForwardConsistentView | Base::ParallelSnapshotIsolation
    );
    Rules { has_rw, sees_all, only_updates: base == Base::UpdateSerializable }
}

/// Returns the edges of both orders of each pair of writers: that the second replaced the first,
/// and that those who read the first one's version came before the second.
fn choices(
    facts: &Facts<'_, '_>,
    map: &Map,
    rules: Rules,
    known: &Known<'_, '_, '_>,
    pairs: &[&[(u32, u32, u32)]],
) -> Choices {
    // Who read each version: key, writer, the vertex of the read, its transaction.
    let mut readers: Vec<(u32, u32, u32, u32)> = Vec::new();
    if rules.has_rw {
        for t in (0..facts.len() as u32).filter(|&t| rules.has(facts, t)) {
            for (nth, read) in facts.reads.of(t).iter().enumerate() {
                if is_other(read.source, t) && read.place == NONE {
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
    let edges = |pair: &[(u32, u32, u32)], first: u32, second: u32| {
        let mut edges = vec![(map.commit(first), map.overwrite(second))];
        for &(.., key) in pair {
            let to = map.commit(second);
            let is_open = |vertex: u32| !known.clocks.leads_to(vertex, to);
            let others = of(key, first).filter(|&&(.., t)| t != second);
            edges.extend(others.map(|&(_, _, vertex, _)| (vertex, to)).filter(|edge| is_open(edge.0)));
        }
        edges
    };
    let both = |pair: &&[(u32, u32, u32)]| {
        let (one, other, _) = pair[0];
        [edges(pair, one, other), edges(pair, other, one)]
    };
    Choices { edges: pairs.iter().flat_map(both).collect() }
}

fn reads_map(facts: &Facts<'_, '_>) -> (Map, usize) {
    let mut count = facts.len() as u32;
    let mut first = Vec::with_capacity(facts.len());
    for t in 0..facts.len() as u32 {
        first.push(count);
        count += facts.reads.of(t).len() as u32;
    }
    (Map::Reads(first), count as usize)
}

/// Returns the edges that are there whatever the order of versions.
fn known_edges(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    map: &Map,
    level: Level,
    rules: Rules,
) -> Vec<(u32, u32)> {
    let mut known = Vec::new();
    match map {
        Map::Transactions(vertices) => {
            let kinds = Kinds { ww: true, wr: true, rw: rules.has_rw, ordering: level.ordering() };
            chained_edges(facts, orders, *vertices, kinds, &mut |from, to, _| {
                let is_in = |vertex: u32| {
                    vertices.transaction(vertex).is_none_or(|t| rules.has(facts, t))
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
