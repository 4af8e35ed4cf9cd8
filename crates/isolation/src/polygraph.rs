//! The order of versions, where reads do not tell it: a graph of what is known, and for each two
//! transactions that wrote the same key two sets of edges, of which one has to be there
//! (Papadimitriou's polygraph).
//!
//! Of two writers a and b, a may have come first: then b replaced it, and who read a's version came
//! before b. If one of these edges closes a cycle with known ones, it was b. What is open after that
//! is left to a search.

use crate::decide;
use crate::edges::{Kinds, Orders, Shape, Vertices, edges, is_other, vertex_count};
use crate::facts::{Facts, LOST};
use crate::graph::Graph;
use crate::level::{Base, Level, Ordering};
use crate::numbers::NONE;
use crate::solver::{Choices, Literal, Solved, Solver};

/// Pairs of writers that are looked at, at most.
const MOST_PAIRS: usize = 3_000_000;

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
    let open = match prune(count, &mut known, pairs, work)? {
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
    let at = |positions: &[u32], t: u32| positions[map.commit(t) as usize];
    let commit = |positions: &[u32]| -> Vec<u32> {
        (0..facts.len() as u32).map(|t| at(positions, t)).collect()
    };
    let mut left = *work;
    let mut gave_up = false;
    let solved = solver.solve(work, &mut |positions| {
        if has_rw && !only_updates {
            return None;
        }
        let commits = commit(positions);
        let completed = facts.completed(&commits);
        match decide::holds(&completed, orders, level, &mut left) {
            Some(Some(_)) => None,
            Some(None) => Some(blocked(&writers, &commits)),
            None => {
                gave_up = true;
                None
            }
        }
    });
    match solved {
        _ if gave_up => None,
        Solved::Choice => Some(Some(commit(solver.positions()))),
        Solved::None => Some(None),
        Solved::TooMuch => None,
    }
}

/// Returns the literals that say that all writers are ordered as they are.
fn blocked(writers: &[[u32; 2]], commits: &[u32]) -> Vec<Literal> {
    let literal = |(nth, &[one, other]): (usize, &[u32; 2])| {
        2 * nth as u32 + u32::from(commits[other as usize] < commits[one as usize])
    };
    writers.iter().enumerate().map(literal).collect()
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
            let kinds = Kinds { wr: true, rw: has_rw, ordering: level.ordering() };
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
        pairs.push(Pair {
            writers: [one, other],
            edges: [edges(one, other), edges(other, one)],
        });
    }
    Some(pairs)
}

/// Makes known what follows without a choice, and returns the pairs that are open: `Some(None)` if
/// there is a contradiction, `None` if it takes too much work.
fn prune(
    count: usize,
    known: &mut Vec<(u32, u32)>,
    mut pairs: Vec<Pair>,
    work: &mut u64,
) -> Option<Option<Vec<Pair>>> {
    if count > MOST_REACH {
        return Some(Some(pairs));
    }
    loop {
        let graph = Graph::new(count, |edge| known.iter().for_each(|&(from, to)| edge(from, to)));
        let Ok(order) = graph.topological(|v| v) else { return Some(None) };
        let words = count.div_ceil(64);
        let mut reach = vec![0u64; count * words];
        for &vertex in order.iter().rev() {
            let own = vertex as usize * words;
            for &to in graph.successors(vertex) {
                let other = to as usize * words;
                reach[own + to as usize / 64] |= 1 << (to % 64);
                for word in 0..words {
                    reach[own + word] |= reach[other + word];
                }
            }
        }
        *work = work.saturating_sub((graph.edge_count() * words) as u64 / 8);
        let is_impossible = |edges: &[(u32, u32)]| {
            edges.iter().any(|&(from, to)| {
                let word = reach[to as usize * words + from as usize / 64];
                from == to || word >> (from % 64) & 1 == 1
            })
        };
        let before = known.len();
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
