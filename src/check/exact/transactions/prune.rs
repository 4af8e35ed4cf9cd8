//! What is certain of a polygraph without any choice: the times of all nodes along edges, and the
//! order of intervals of which one can only come first, until nothing more follows.

use super::EDGES;
use super::polygraph::{Interval, Polygraph, Successors};
use crate::check::exact::work::Stop;

/// A polygraph of which nothing follows any more without a choice.
pub(super) struct Pruned {
    /// The position of each node in one order of all of them.
    pub(super) places: Vec<u32>,
    /// Pairs of intervals of one group that may come in either order.
    pub(super) pairs: Vec<(Interval, Interval)>,
}

/// Why it ends otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// There is no order; something about this time is part of the contradiction.
    Contradiction(u32),
    /// It takes too much.
    TooLarge,
}

/// So many rounds are made at most: one orders what the rounds before moved.
const ROUNDS: usize = 200;

/// So many edges and pairs of intervals may be looked at: about a second.
const WORK: usize = 300_000_000;

/// In the first rounds, when most is not known yet, each interval is compared with so many others.
const NEAR: usize = 48;

/// So many rounds are the first ones.
const FIRST_ROUNDS: usize = 3;

/// So many pairs may stay open, for each node and in all: each takes about a hundred bytes.
const OPEN: usize = 100;
const MOST_OPEN: usize = 1_500_000;

/// Orders what can only be in one order, and narrows the times of nodes accordingly, until it
/// has to `stop`.
pub(super) fn prune(graph: &mut Polygraph, stop: Stop<'_>) -> Result<Pruned, End> {
    let (mut work, mut told) = (0, 0);
    for round in 0..ROUNDS {
        work += graph.from.len() + graph.edges.len();
        let places = settle(graph)?;
        let mut has_grown = false;
        let near = if round < FIRST_ROUNDS { NEAR } else { usize::MAX };
        for group in 0..graph.groups.len() {
            has_grown |= order_forced(graph, group, near, &mut work)?;
            let steps = (work - told) / EDGES;
            told += steps * EDGES;
            if work > WORK || stop(steps as u64) {
                return Err(End::TooLarge);
            }
        }
        if !has_grown && round >= FIRST_ROUNDS {
            let pairs = open_pairs(graph)?;
            return Ok(Pruned { places, pairs });
        }
    }
    Err(End::TooLarge)
}

/// Narrows the times of nodes along the edges; returns the position of each in an order of them.
fn settle(graph: &mut Polygraph) -> Result<Vec<u32>, End> {
    let nodes = graph.from.len();
    let after = Successors::of(nodes, &graph.edges);
    let mut before = vec![0_u32; nodes];
    for &(_, to) in &graph.edges {
        before[to as usize] += 1;
    }
    let mut order: Vec<u32> =
        (0..nodes as u32).filter(|&node| before[node as usize] == 0).collect();
    let mut done = 0;
    while let Some(&node) = order.get(done) {
        done += 1;
        for &next in after.after(node) {
            graph.from[next as usize] = graph.from[next as usize].max(graph.from[node as usize]);
            before[next as usize] -= 1;
            if before[next as usize] == 0 {
                order.push(next);
            }
        }
    }
    if order.len() < nodes {
        let left = (0..nodes).filter(|&node| before[node] > 0);
        return Err(End::Contradiction(left.map(|node| graph.from[node]).min().unwrap_or(0)));
    }
    for &node in order.iter().rev() {
        let node = node as usize;
        let latest = |&next: &u32| graph.until[next as usize];
        let least = after.after(node as u32).iter().map(latest).min();
        graph.until[node] = graph.until[node].min(least.unwrap_or(u32::MAX));
        if graph.from[node] > graph.until[node] {
            return Err(End::Contradiction(graph.until[node]));
        }
    }
    // What is near in time gets places near each other; times grow along edges.
    order.sort_by_key(|&node| graph.from[node as usize]);
    let mut places = vec![0; nodes];
    for (place, &node) in (0..).zip(&order) {
        places[node as usize] = place;
    }
    Ok(places)
}

/// Puts intervals of a group before those that cannot come before them, `near` of them at most;
/// tells whether there were any.
fn order_forced(
    graph: &mut Polygraph,
    group: usize,
    near: usize,
    work: &mut usize,
) -> Result<bool, End> {
    let mut intervals = std::mem::take(&mut graph.groups[group]);
    intervals.sort_unstable_by_key(|it| (graph.until[it.head as usize], it.head));
    // The latest end of those so far.
    let mut latest = 0;
    let mut ends = Vec::with_capacity(intervals.len());
    for interval in &intervals {
        latest = latest.max(graph.until[interval.end as usize]);
        ends.push(latest);
    }
    let mut has_grown = false;
    let mut contradiction = None;
    for (at, &interval) in intervals.iter().enumerate() {
        let from = graph.from[interval.end as usize];
        let heads = |it: &Interval| graph.until[it.head as usize] < from;
        let count = intervals.partition_point(heads);
        for other in (0..count).rev().take(near) {
            *work += 1;
            let start = graph.from[interval.head as usize];
            if ends[other] < start {
                break;
            }
            let one = intervals[other];
            if other == at || graph.until[one.end as usize] < start {
                continue;
            }
            if graph.from[one.end as usize] > graph.until[interval.head as usize] {
                contradiction = contradiction.or(Some(graph.until[interval.head as usize]));
                break;
            }
            if graph.put_before(one, interval) {
                has_grown = true;
                let end = graph.from[one.end as usize];
                let head = graph.until[interval.head as usize];
                let from = &mut graph.from[interval.head as usize];
                *from = end.max(*from);
                let until = &mut graph.until[one.end as usize];
                *until = head.min(*until);
            }
        }
    }
    graph.groups[group] = intervals;
    contradiction.map_or(Ok(has_grown), |at| Err(End::Contradiction(at)))
}

/// Finds the pairs that may come in either order.
fn open_pairs(graph: &Polygraph) -> Result<Vec<(Interval, Interval)>, End> {
    let most = graph.from.len().saturating_mul(OPEN).min(MOST_OPEN);
    let mut pairs = Vec::new();
    let mut work = 0;
    for intervals in &graph.groups {
        // By the times until which they may begin, as they were put in order.
        let until = |it: &Interval| graph.until[it.head as usize];
        let from = |it: &Interval| graph.from[it.end as usize];
        for (at, one) in intervals.iter().enumerate() {
            let first = intervals[..at].partition_point(|other| until(other) < from(one));
            work += at - first;
            for other in &intervals[first..at] {
                let is_open = !graph.is_before(*one, *other) && !graph.is_before(*other, *one);
                if from(other) <= until(one) && is_open {
                    pairs.push((*other, *one));
                }
            }
            if pairs.len() > most || work > WORK {
                return Err(End::TooLarge);
            }
        }
    }
    Ok(pairs)
}
