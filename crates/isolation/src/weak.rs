//! The levels below prefix: monotonic atomic view, read atomic and causal, decided in polynomial
//! time whether or not the order of versions is known.
//!
//! A read of a key returned the version of a transaction t1. If its transaction sees another one,
//! t2, that wrote the key, too, then t2 was committed before t1. These forced edges, with who read
//! from whom and the order of sessions, must have an order of commits. What a transaction sees
//! depends on the level: see [`Sight`]. The bounds are those of Møldrup and Pavlogiannis (AWDIT,
//! PLDI 2025): O(n√n) for the first two, O(nk) with k sessions for causal.

use crate::anomaly::Place;
use crate::edges::{Edge, Kinds, Orders, Take, Vertices, edges, is_other, vertex_count};
use crate::facts::{Facts, LOST, Read};
use crate::graph::Graph;
use crate::level::Ordering;
use crate::numbers::NONE;
use crate::runs::Writers;

/// What a transaction sees when it reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sight {
    /// Those whom its earlier reads were from: monotonic atomic view.
    Earlier,
    /// Those whom its reads were from, and those of its session before it: read atomic.
    Direct,
    /// The same, and whom these saw: causal.
    Transitive,
}

/// That `from` was committed before `to`, since `reader` saw it and read from `to`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Forced {
    pub(crate) from: u32,
    /// [`NONE`] for the initial version, before which nothing is committed.
    pub(crate) to: u32,
    pub(crate) read: Place,
}

/// What comes of the forced edges.
pub(crate) enum Outcome {
    /// An order of commits.
    Order(Vec<u32>),
    /// They are in a cycle.
    Cycle(Vec<Forced>),
    /// There are too many sessions.
    TooLarge,
}

/// The clocks of causal order may have so many entries.
const MOST_CLOCKS: usize = 1 << 28;

/// Looks for an order of commits.
pub(crate) fn decide(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    sight: Sight,
    ordering: Ordering,
) -> Outcome {
    let forced = match sight {
        Sight::Earlier => earlier(facts),
        Sight::Direct => {
            let mut forced = direct(facts);
            if ordering != Ordering::None {
                of_session(facts, orders, &mut forced);
            }
            forced
        }
        Sight::Transitive => {
            if ordering == Ordering::None
                && let Some(order) = in_likely_order(facts, orders)
            {
                return Outcome::Order(order);
            }
            match transitive(facts, orders, &|_| ordering != Ordering::None) {
                Sights::Forced(forced) => forced,
                // No level allows such a cycle that comes here.
                Sights::Cycle(_) => Vec::new(),
                Sights::TooMuch => return Outcome::TooLarge,
            }
        }
    };
    if forced.iter().any(|edge| edge.to == NONE) {
        return Outcome::Cycle(forced);
    }
    let vertices = Vertices::new(crate::edges::Shape::Whole, facts);
    let count = vertex_count(facts, orders, vertices);
    let graph = Graph::new(count, |edge| {
        with_forced(facts, orders, ordering, &forced, &mut |from, to, _| edge(from, to));
    });
    match graph.order() {
        Some(mut order) => {
            order.retain(|&vertex| vertex < vertices.own());
            Outcome::Order(order)
        }
        None => Outcome::Cycle(forced),
    }
}

/// An edge of a cycle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Link {
    Known(Edge),
    /// The forced edge with this number.
    Forced(u32),
}

/// Returns a smallest cycle of known and forced edges, as far as some work goes: edges from one
/// transaction to another. One forced edge to the initial version is a cycle of its own: then it
/// leads from the transaction that was seen to itself.
pub(crate) fn smallest_cycle(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    ordering: Ordering,
    forced: &[Forced],
) -> Option<Vec<(u32, u32, Link)>> {
    if let Some(at) = forced.iter().position(|edge| edge.to == NONE) {
        return Some(vec![(forced[at].from, forced[at].from, Link::Forced(at as u32))]);
    }
    let (count, all) = knotted(facts, orders, ordering, forced);
    let of = |vertex: u32| {
        let start = all.partition_point(|edge| edge.0 < vertex);
        all[start..].iter().take_while(move |edge| edge.0 == vertex)
    };
    let mut work = 30_000_000_u64;
    let mut best: Option<Vec<(u32, u32, Link)>> = None;
    let mut came: Vec<(u32, Option<usize>)> = vec![(NONE, None); count];
    let is_forced = |edge: &&(u32, u32, Link)| matches!(edge.2, Link::Forced(_));
    let starts: Vec<u32> = all.iter().filter(is_forced).map(|edge| edge.0).collect();
    for (nth, &start) in starts.iter().enumerate() {
        if work == 0 {
            break;
        }
        // By breadth, from the start back to it.
        let mut queue = vec![(start, 0_usize)];
        let mut at = 0;
        'walk: while at < queue.len() {
            let (vertex, depth) = queue[at];
            at += 1;
            if best.as_ref().is_some_and(|best| depth + 1 >= best.len()) {
                break;
            }
            for edge in of(vertex) {
                work = work.saturating_sub(1);
                let place = all.partition_point(|other| (other.0, other.1) < (edge.0, edge.1));
                if edge.1 == start {
                    let mut cycle = vec![*edge];
                    let mut vertex = vertex;
                    while vertex != start {
                        let Some(place) = came[vertex as usize].1 else { break 'walk };
                        cycle.push(all[place]);
                        vertex = all[place].0;
                    }
                    cycle.reverse();
                    best = Some(cycle);
                    break 'walk;
                }
                let slot = &mut came[edge.1 as usize];
                if slot.0 != nth as u32 {
                    *slot = (nth as u32, Some(place));
                    queue.push((edge.1, depth + 1));
                }
            }
        }
        if best.as_ref().is_some_and(|best| best.len() == 2) {
            break;
        }
    }
    best
}

/// Returns the number of vertices, and the known and forced edges inside strongly connected
/// components, sorted.
fn knotted(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    ordering: Ordering,
    forced: &[Forced],
) -> (usize, Vec<(u32, u32, Link)>) {
    let vertices = Vertices::new(crate::edges::Shape::Whole, facts);
    let count = vertex_count(facts, orders, vertices);
    let mut all: Vec<(u32, u32, Link)> = Vec::new();
    let kinds = Kinds { ww: true, wr: true, rw: false, ordering };
    edges(facts, orders, vertices, kinds, &mut |from, to, edge| {
        all.push((from, to, Link::Known(edge)));
    });
    all.extend(forced.iter().zip(0..).map(|(edge, at)| (edge.from, edge.to, Link::Forced(at))));
    let graph = Graph::new(count, |take| all.iter().for_each(|&(from, to, _)| take(from, to)));
    let components = graph.components();
    all.retain(|&(from, to, _)| components.joins(from, to));
    all.sort_by_key(|&(from, to, _)| (from, to));
    (count, all)
}

/// Passes on the edges that are known, and those that are forced as onward ones.
fn with_forced(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    ordering: Ordering,
    forced: &[Forced],
    take: Take<'_>,
) {
    let vertices = Vertices::new(crate::edges::Shape::Whole, facts);
    let kinds = Kinds { ww: true, wr: true, rw: false, ordering };
    edges(facts, orders, vertices, kinds, take);
    for edge in forced.iter().filter(|edge| edge.to != NONE) {
        take(edge.from, edge.to, Edge::Onward);
    }
}

/// Returns whether a read says from whom it is, and of which key.
fn is_known(facts: &Facts<'_, '_>, read: &Read) -> bool {
    read.source != LOST && !facts.aside[read.key as usize]
}

/// Returns the forced edges of what earlier reads saw.
fn earlier(facts: &Facts<'_, '_>) -> Vec<Forced> {
    seen_by_reads(facts, |seen, read| read > seen)
}

/// Returns the forced edges of what all reads of a transaction saw.
fn direct(facts: &Facts<'_, '_>) -> Vec<Forced> {
    seen_by_reads(facts, |_, _| true)
}

/// Returns the forced edges of reads, where a transaction was seen by another read of the same one,
/// and `counts`, which gets the positions of that read and of this one, says that it counts.
fn seen_by_reads(facts: &Facts<'_, '_>, counts: impl Fn(u32, u32) -> bool) -> Vec<Forced> {
    let mut forced = Vec::new();
    let mut by_key: Vec<Read> = Vec::new();
    let mut sources: Vec<(u32, u32)> = Vec::new();
    for t in 0..facts.len() as u32 {
        let reads = facts.reads.of(t);
        if reads.len() < 2 {
            continue;
        }
        by_key.clear();
        by_key.extend(reads.iter().filter(|read| is_known(facts, read)));
        by_key.sort_unstable_by_key(|read| (read.key, read.micro));
        // The first read from each source.
        sources.clear();
        let others = reads.iter().filter(|read| is_known(facts, read) && is_other(read.source, t));
        sources.extend(others.map(|read| (read.source, read.micro)));
        sources.sort_unstable();
        sources.dedup_by_key(|source| source.0);
        for &(source, seen) in &sources {
            let mut force = |read: &Read| {
                if read.source != source && read.source != t && counts(seen, read.micro) {
                    let place = Place { transaction: t, micro: read.micro };
                    forced.push(Forced { from: source, to: read.source, read: place });
                }
            };
            let writes = facts.writes.of(source);
            if writes.len() <= by_key.len() {
                for &key in writes {
                    let from = by_key.partition_point(|read| read.key < key);
                    by_key[from..].iter().take_while(|read| read.key == key).for_each(&mut force);
                }
            } else {
                by_key.iter().filter(|read| writes.contains(&read.key)).for_each(force);
            }
        }
    }
    forced
}

/// Adds the forced edges of what a transaction sees of its session: of each key the last version.
fn of_session(facts: &Facts<'_, '_>, orders: &Orders, forced: &mut Vec<Forced>) {
    // Sessions one after the other, each in its order.
    let mut by_session: Vec<u32> = (0..facts.len() as u32).collect();
    by_session.sort_by_key(|&t| facts.table.session(t));
    let mut last = vec![(NONE, NONE); facts.table.keys.len()];
    for t in by_session.into_iter().filter(|&t| facts.installed[t as usize]) {
        let session = facts.table.session(t);
        debug_assert!(orders.previous(t).is_none_or(|p| facts.table.session(p) == session));
        for read in facts.reads.of(t).iter().filter(|read| is_known(facts, read)) {
            let (of, writer) = last[read.key as usize];
            if of == session && writer != read.source {
                let place = Place { transaction: t, micro: read.micro };
                forced.push(Forced { from: writer, to: read.source, read: place });
            }
        }
        if facts.table.is_ok(t) {
            for &key in facts.writes.of(t) {
                last[key as usize] = (session, t);
            }
        }
    }
}

/// So often transactions are freed from the order of sessions.
const ROUNDS: usize = 6;

/// Looks for a causal order of commits that keeps the order of sessions, too, but for transactions
/// that contradict it: without it, there are as many chains as transactions.
fn in_likely_order(facts: &Facts<'_, '_>, orders: &Orders) -> Option<Vec<u32>> {
    let n = facts.len();
    let mut is_free = vec![false; n];
    for _ in 0..ROUNDS {
        let (graph, cycles) = match transitive(facts, orders, &|t| !is_free[t as usize]) {
            Sights::TooMuch => return None,
            Sights::Cycle(graph) => (graph, None),
            Sights::Forced(forced) if forced.iter().any(|edge| edge.to == NONE) => return None,
            Sights::Forced(forced) => {
                let vertices = Vertices::new(crate::edges::Shape::Whole, facts);
                let kinds = Kinds { ww: true, wr: true, rw: false, ordering: Ordering::None };
                let graph = Graph::new(n, |edge| {
                    edges(facts, orders, vertices, kinds, &mut |from, to, _| edge(from, to));
                    // Whom a session saw last is the last of its chain only with its order.
                    for t in (0..n as u32).filter(|&t| !is_free[t as usize]) {
                        let previous = orders.previous(t).filter(|&p| !is_free[p as usize]);
                        previous.into_iter().for_each(|previous| edge(previous, t));
                    }
                    forced.iter().for_each(|forced| edge(forced.from, forced.to));
                });
                let order = graph.order();
                (graph, Some(order))
            }
        };
        if let Some(Some(order)) = cycles {
            return Some(order);
        }
        let components = graph.components();
        let mut is_new = false;
        for from in 0..n as u32 {
            for &to in graph.successors(from).iter().filter(|&&to| components.joins(from, to)) {
                for t in [from, to] {
                    is_new |= !std::mem::replace(&mut is_free[t as usize], true);
                }
            }
        }
        if !is_new {
            return None;
        }
    }
    None
}

/// What transactions see, directly or not.
enum Sights {
    /// The edges that it forces.
    Forced(Vec<Forced>),
    /// It is in a cycle.
    Cycle(Graph),
    TooMuch,
}

/// Returns the forced edges of all that a transaction sees, directly or not; of its session, if
/// `is_ordered` says so of both.
fn transitive(facts: &Facts<'_, '_>, orders: &Orders, is_ordered: &dyn Fn(u32) -> bool) -> Sights {
    let n = facts.len();
    let sees = |t: u32, take: &mut dyn FnMut(u32)| {
        for read in facts.reads.of(t) {
            if is_known(facts, read) && is_other(read.source, t) {
                take(read.source);
            }
        }
        let previous = orders.previous(t).filter(|_| is_ordered(t));
        if let Some(previous) = previous.filter(|&previous| is_ordered(previous)) {
            take(previous);
        }
    };
    let graph = Graph::new(n, |edge| {
        for t in (0..n as u32).filter(|&t| facts.installed[t as usize]) {
            sees(t, &mut |seen| edge(seen, t));
        }
    });
    let Some(order) = graph.order() else { return Sights::Cycle(graph) };
    let chains = Chains::new(facts, &order, &sees);
    if chains.count * n > MOST_CLOCKS {
        return Sights::TooMuch;
    }
    let writers = chains.writers(facts);
    let k = chains.count;
    let mut clocks = vec![0u32; k * n];
    let mut forced = Vec::new();
    let mut clock = vec![0u32; k];
    let none = vec![0u32; k];
    for &t in &order {
        clock.fill(0);
        sees(t, &mut |seen| {
            let other = &clocks[seen as usize * k..(seen as usize + 1) * k];
            clock.iter_mut().zip(other).for_each(|(one, &other)| *one = (*one).max(other));
            let (chain, nth) = chains.of[seen as usize];
            let own = &mut clock[chain as usize];
            *own = (*own).max(nth + 1);
        });
        for read in facts.reads.of(t).iter().filter(|read| is_known(facts, read)) {
            // Whom the source saw comes before it as it is.
            let source = is_other(read.source, t).then_some(read.source as usize);
            let seen_by_source = source.map_or(&none[..], |at| &clocks[at * k..(at + 1) * k]);
            for &run in writers.runs.of(read.key) {
                let (upto, known) = (clock[run.chain as usize], seen_by_source[run.chain as usize]);
                if upto <= known {
                    continue;
                }
                let (seen, _) = writers.parted(run, upto);
                let Some(&writer) = seen.last() else { continue };
                if writer != read.source && writer != t && chains.of[writer as usize].1 >= known {
                    let place = Place { transaction: t, micro: read.micro };
                    forced.push(Forced { from: writer, to: read.source, read: place });
                }
            }
        }
        clocks[t as usize * k..(t as usize + 1) * k].copy_from_slice(&clock);
    }
    Sights::Forced(forced)
}

/// Passes on whom a transaction sees at once.
type Sees<'s> = &'s dyn Fn(u32, &mut dyn FnMut(u32));

/// Transactions in chains, each of which sees the one before it.
struct Chains {
    /// The chain of each transaction, and its position there.
    of: Vec<(u32, u32)>,
    count: usize,
}

impl Chains {
    fn new(facts: &Facts<'_, '_>, order: &[u32], sees: Sees<'_>) -> Chains {
        let mut chains = Chains { of: vec![(NONE, NONE); facts.len()], count: 0 };
        let mut ends: Vec<u32> = Vec::new();
        for &t in order {
            if !facts.installed[t as usize] {
                continue;
            }
            let mut found = None;
            sees(t, &mut |seen| {
                let (chain, _) = chains.of[seen as usize];
                if chain != NONE && ends[chain as usize] == seen {
                    found = Some((chain, chains.of[seen as usize].1 + 1));
                }
            });
            let (chain, nth) = found.unwrap_or_else(|| {
                ends.push(NONE);
                (ends.len() as u32 - 1, 0)
            });
            ends[chain as usize] = t;
            chains.of[t as usize] = (chain, nth);
        }
        // Transactions that do not count are asked for nothing.
        chains.count = ends.len().max(1);
        chains
    }

    /// Returns who wrote each key.
    fn writers(&self, facts: &Facts<'_, '_>) -> Writers {
        let mut writes: Vec<(u32, u32)> = Vec::with_capacity(facts.writes.all().len());
        for t in 0..facts.len() as u32 {
            writes.extend(facts.writes.of(t).iter().map(|&key| (key, t)));
        }
        writes.sort_unstable();
        Writers::new(facts.table.keys.len() as u32, &|key, take| {
            let start = writes.partition_point(|write| write.0 < key);
            for &(_, t) in writes[start..].iter().take_while(|write| write.0 == key) {
                let (chain, nth) = self.of[t as usize];
                take((chain, nth, t));
            }
        })
    }
}
