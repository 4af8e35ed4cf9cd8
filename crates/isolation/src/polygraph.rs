//! The order of versions, where reads do not tell it: a graph of what is known, and for each two
//! transactions that wrote the same key two sets of edges, of which one has to be there
//! (Papadimitriou's polygraph).
//!
//! Of two writers a and b, a may have come first: then b replaced it, and who read a's version came
//! before b. If one of these edges closes a cycle with known ones, it was b. What is open after
//! that is left to a search.

use std::cell::Cell;

use crate::core;
use crate::edges::{Edge, Kinds, Orders, Shape, Vertices, chained_edges, is_other, ordered_edges};
use crate::facts::Facts;
use crate::graph::Graph;
use crate::level::{Base, Level, Ordering};
use crate::misses::Views;
use crate::numbers::NONE;
use crate::saturate::{Bounds, Failure, Known, Rules, saturate};
use crate::solver::{Choices, Literal, Solved, Solver};

/// Pairs of writers whose order is open, at most: with more, a search takes minutes.
const MOST_PAIRS: usize = 2_000_000;

/// The vertices of a level's graph.
pub(crate) enum Map {
    Transactions(Vertices),
    /// Commits, and behind them the reads of each transaction, from this vertex on; then the end.
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
            Map::Reads(first) => {
                let transactions = first.len() as u32 - 1;
                if vertex < transactions {
                    return Some(vertex);
                }
                let t = first.partition_point(|&start| start <= vertex) as u32 - 1;
                Some(t).filter(|&t| t < transactions)
            }
        }
    }

    /// Returns the first and the last vertex of a transaction.
    fn ends(&self, t: u32) -> (u32, u32) {
        match self {
            Map::Transactions(vertices) => (vertices.begin(t), vertices.commit(t)),
            Map::Reads(first) => match first[t as usize] {
                begin if begin < first[t as usize + 1] => (begin, t),
                _ => (t, t),
            },
        }
    }

    /// Returns how many vertices belong to transactions.
    fn own(&self) -> u32 {
        match self {
            Map::Transactions(vertices) => vertices.own(),
            Map::Reads(first) => first[first.len() - 1],
        }
    }
}

/// Positions of transactions by which the versions of each key are ordered.
enum Outcome {
    Positions(Vec<u32>),
    /// There are none, since these transactions are on cycles, if they are known.
    None(Vec<u32>),
    TooMuch,
}

/// So often transactions are freed from an order that the level does not ask for.
const ROUNDS: usize = 12;

/// Transactions around cycles that are looked at on their own, at most.
const MOST_AROUND: usize = 500;

/// Looks for positions of the transactions by which the versions of each key are ordered so that
/// the history has `level`; `guess` has likely ones. `None` if that takes too much work,
/// `Some(None)` if there are none.
///
/// Mostly real time, or the order of sessions, leaves few pairs of writers open, and transactions
/// that come before the writers of all that they missed fewer. So where the level does not ask for
/// that, it is kept all the same, but for transactions that contradict it, as long as positions are
/// found so.
pub(crate) fn decide(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    level: Level,
    guess: &[u32],
    work: &mut u64,
) -> Option<Option<Vec<u32>>> {
    let problem = Problem::new(facts, orders, level, guess);
    let mut half = *work / 2;
    *work -= half;
    let asks_for_it = level.ordering() >= problem.likely_order() && problem.rules.has_rw;
    let mut is_ordered = vec![!asks_for_it; facts.len()];
    for _ in 0..ROUNDS {
        if !is_ordered.contains(&true) {
            break;
        }
        match problem.attempt(&is_ordered, &mut half) {
            Outcome::Positions(positions) => return Some(Some(positions)),
            Outcome::None(cycles) if cycles.iter().any(|&t| is_ordered[t as usize]) => {
                let is_large = facts.len() > 4 * MOST_AROUND;
                if is_large && core::around(facts, &cycles, level, MOST_AROUND).is_some() {
                    return Some(None);
                }
                cycles.iter().for_each(|&t| is_ordered[t as usize] = false);
            }
            _ => break,
        }
    }
    *work += half;
    is_ordered.fill(false);
    match problem.attempt(&is_ordered, work) {
        Outcome::Positions(positions) => Some(Some(positions)),
        Outcome::None(_) => Some(None),
        Outcome::TooMuch => None,
    }
}

/// Returns transactions that contradict `level`, ascending, if that follows without a search.
pub(crate) fn contradiction(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    level: Level,
) -> Option<Vec<u32>> {
    let guess = vec![0; facts.len()];
    let problem = Problem::new(facts, orders, level, &guess);
    let is_ordered = vec![false; facts.len()];
    let bounds = Bounds { rules: problem.rules, is_ordered: &is_ordered };
    let edges = problem.known_edges(bounds);
    let mut work = u64::MAX;
    match saturate(facts, &problem.map, bounds, (problem.count, edges), &mut work) {
        Err(Failure::Cycle(edges)) => Some(problem.on_cycles(&edges)),
        _ => None,
    }
}

/// A level of a history whose versions have no known order.
struct Problem<'p, 't, 'h> {
    facts: &'p Facts<'t, 'h>,
    orders: &'p Orders,
    level: Level,
    guess: &'p [u32],
    rules: Rules,
    map: Map,
    count: usize,
}

impl<'p, 't, 'h> Problem<'p, 't, 'h> {
    fn new(
        facts: &'p Facts<'t, 'h>,
        orders: &'p Orders,
        level: Level,
        guess: &'p [u32],
    ) -> Problem<'p, 't, 'h> {
        let base = level.base();
        let shape = match base {
            Base::SnapshotIsolation => Shape::Snapshot,
            Base::Prefix => Shape::Prefix,
            _ => Shape::Whole,
        };
        let map = match base {
            Base::MonotonicSnapshotRead => reads_map(facts),
            _ => Map::Transactions(Vertices::new(shape, facts)),
        };
        let count = map.own() as usize + orders.barriers();
        Problem { facts, orders, level, guess, rules: rules(base), map, count }
    }

    /// Returns the order that most histories keep.
    fn likely_order(&self) -> Ordering {
        match self.facts.table.history.has_real_time() {
            true => Ordering::RealTime,
            false => Ordering::Session,
        }
    }

    /// Looks for positions by which transactions of which `is_ordered` says so keep the likely
    /// order, too.
    fn attempt(&self, is_ordered: &[bool], work: &mut u64) -> Outcome {
        let (facts, map, rules) = (self.facts, &self.map, self.rules);
        let bounds = Bounds { rules, is_ordered };
        let edges = self.known_edges(bounds);
        let known = match saturate(facts, map, bounds, (self.count, edges), work) {
            Ok(known) => known,
            Err(Failure::Cycle(edges)) => return Outcome::None(self.on_cycles(&edges)),
            Err(Failure::TooMuch) => return Outcome::TooMuch,
        };
        let Some(pairs) = known.open_pairs(MOST_PAIRS) else { return Outcome::TooMuch };
        let pairs: Vec<&[(u32, u32, u32)]> =
            pairs.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)).collect();
        let writers: Vec<[u32; 2]> = pairs.iter().map(|pair| [pair[0].0, pair[0].1]).collect();
        let phase = |(nth, pair): (usize, &[u32; 2])| {
            let [one, other] = pair.map(|t| self.guess[t as usize]);
            2 * nth as u32 + u32::from(other < one)
        };
        let phases: Vec<Literal> = writers.iter().enumerate().map(phase).collect();
        let choices = choices(facts, map, bounds, &known, &pairs);
        let priority = |vertex| map.transaction(vertex).map_or(0, |t| self.guess[t as usize]);
        let graph = graph(self.count, &known.edges);
        let Some(order) = graph.topological(priority) else { return Outcome::None(Vec::new()) };
        let mut solver = Solver::new(&graph, &order, &choices, phases);
        let commit = |positions: &[u32]| -> Vec<u32> {
            (0..facts.len() as u32).map(|t| positions[map.commit(t) as usize]).collect()
        };
        let (orders, level) = (self.orders, self.level);
        let views = Views { facts, orders, level, writers: &writers, next: Cell::new(0) };
        let needs_check = !rules.has_rw || rules.only_updates;
        let solved = solver.solve(work, &mut |order| match needs_check {
            true => views.missed(order, &commit(&order.positions)),
            false => None,
        });
        match solved {
            Solved::Choice => Outcome::Positions(commit(solver.positions())),
            Solved::None => Outcome::None(Vec::new()),
            Solved::TooMuch => Outcome::TooMuch,
        }
    }

    /// Returns the edges that are there whatever the order of versions, and those of the likely
    /// order between transactions that keep it.
    fn known_edges(&self, bounds: Bounds<'_>) -> Vec<(u32, u32)> {
        let (facts, orders, map) = (self.facts, self.orders, &self.map);
        let mut known = Vec::new();
        let ordering = self.level.ordering();
        let is_in = |t: u32| bounds.has(facts, t);
        match map {
            Map::Transactions(vertices) => {
                let is_in = |vertex: u32| vertices.transaction(vertex).is_none_or(is_in);
                let has_rw =
                    |vertex: u32| vertices.transaction(vertex).is_some_and(|t| bounds.has_rw(t));
                let kinds = Kinds::all(ordering);
                chained_edges(facts, orders, *vertices, kinds, &mut |from, to, edge| {
                    if is_in(from) && is_in(to) && (edge != Edge::Rw || has_rw(from)) {
                        known.push((from, to));
                    }
                });
            }
            Map::Reads(..) => {
                debug_assert_eq!(ordering, Ordering::None);
                let graph = crate::views::snapshot_reads(facts);
                for from in 0..graph.len() as u32 {
                    known.extend(graph.successors(from).iter().map(|&to| (from, to)));
                }
            }
        }
        let ends = |t: u32| map.ends(t);
        let likely = self.likely_order();
        let first = (map.own(), facts.len() as u32);
        if ordering < likely {
            let is_kept =
                |vertex: u32| map.transaction(vertex).is_none_or(|t| bounds.is_ordered[t as usize]);
            ordered_edges(orders, &ends, first, likely, &mut |from, to, _| {
                if is_kept(from) && is_kept(to) {
                    known.push((from, to));
                }
            });
        }
        known
    }

    /// Returns the transactions on cycles of `edges`.
    fn on_cycles(&self, edges: &[(u32, u32)]) -> Vec<u32> {
        let components = graph(self.count, edges).components();
        let inside = edges.iter().filter(|&&(from, to)| components.joins(from, to));
        let mut all: Vec<u32> =
            inside.filter_map(|&(from, _)| self.map.transaction(from)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

fn graph(count: usize, edges: &[(u32, u32)]) -> Graph {
    Graph::new(count, |edge| edges.iter().for_each(|&(from, to)| edge(from, to)))
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
    bounds: Bounds<'_>,
    known: &Known<'_, '_, '_>,
    pairs: &[&[(u32, u32, u32)]],
) -> Choices {
    // Who read each version: key, writer, the vertex of the read, its transaction.
    let mut readers: Vec<(u32, u32, u32, u32)> = Vec::new();
    let misses = |&t: &u32| bounds.has(facts, t) && bounds.has_rw(t);
    for t in (0..facts.len() as u32).filter(misses) {
        for (nth, read) in facts.reads.of(t).iter().enumerate() {
            if is_other(read.source, t) && read.place == NONE {
                readers.push((read.key, read.source, map.read(t, nth), t));
            }
        }
    }
    readers.sort_unstable();
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
            edges.extend(
                others.map(|&(_, _, vertex, _)| (vertex, to)).filter(|edge| is_open(edge.0)),
            );
        }
        edges
    };
    let both = |pair: &&[(u32, u32, u32)]| {
        let (one, other, _) = pair[0];
        [edges(pair, one, other), edges(pair, other, one)]
    };
    Choices { edges: pairs.iter().flat_map(both).collect() }
}

fn reads_map(facts: &Facts<'_, '_>) -> Map {
    let mut count = facts.len() as u32;
    let mut first = Vec::with_capacity(facts.len() + 1);
    for t in 0..facts.len() as u32 {
        first.push(count);
        count += facts.reads.of(t).len() as u32;
    }
    first.push(count);
    Map::Reads(first)
}
