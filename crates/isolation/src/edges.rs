//! The edges between transactions: reads from (wr), overwrites (ww), anti-dependencies (rw), the
//! order of sessions and real time.
//!
//! Only neighbours are joined: versions that follow each other, transactions that follow each other
//! in a session. Real time goes through barriers: vertices in a chain, of which each transaction
//! reaches the first after its return, and that reaches those invoked later.

use histcheck_history::Outcome;

use crate::facts::Facts;
use crate::graph::Graph;
use crate::level::Ordering;
use crate::numbers::NONE;

/// How transactions are vertices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// Each is one.
    Whole,
    /// Each begins and commits: it reads when it begins, and writes when it commits, so that a
    /// cycle is one without two anti-dependencies in a row. Overwrites lead to the beginning, since
    /// no two transactions that overlap may write the same key.
    Snapshot,
    /// The same, where they may: overwrites lead to the commit.
    Prefix,
}

/// Which edges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Kinds {
    pub(crate) ww: bool,
    pub(crate) wr: bool,
    pub(crate) rw: bool,
    pub(crate) ordering: Ordering,
}

impl Kinds {
    pub(crate) const fn all(ordering: Ordering) -> Kinds {
        Kinds { ww: true, wr: true, rw: true, ordering }
    }
}

/// What an edge is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Edge {
    /// From the beginning of a transaction to its commit.
    Own,
    Wr,
    Ww,
    Rw,
    Session,
    RealTime,
    /// From a vertex that belongs to no transaction: it goes on with the edge that led there.
    Onward,
}

/// Takes edges.
pub(crate) type Take<'a> = &'a mut dyn FnMut(u32, u32, Edge);

/// The order of real time and of sessions.
pub(crate) struct Orders {
    /// The last transaction before each in the same session that completed.
    previous: Vec<u32>,
    /// The first barrier after the return of each transaction.
    after: Vec<u32>,
    /// The last barrier before its invocation.
    before: Vec<u32>,
    barriers: u32,
}

impl Orders {
    /// Finds the orders of the transactions that are installed. O(n), given the ranks.
    pub(crate) fn new(facts: &Facts<'_, '_>) -> Orders {
        let table = facts.table;
        let mut orders = Orders {
            previous: vec![NONE; table.len()],
            after: vec![NONE; table.len()],
            before: vec![NONE; table.len()],
            barriers: 0,
        };
        let mut last = vec![NONE; table.session_count()];
        for t in table.all().filter(|&t| facts.installed[t as usize]) {
            let last = &mut last[table.session(t) as usize];
            orders.previous[t as usize] = *last;
            // What follows one of unknown outcome may have overtaken it.
            if table.is_ok(t) {
                *last = t;
            }
        }
        if table.history.has_real_time() {
            orders.find_barriers(facts);
        }
        orders
    }

    fn find_barriers(&mut self, facts: &Facts<'_, '_>) {
        let table = facts.table;
        let mut ends = Vec::with_capacity(2 * table.len());
        for t in table.all().filter(|&t| facts.installed[t as usize]) {
            let span = table.span(t);
            ends.push((span.call.index() as u64) << 32 | u64::from(t));
            if table.outcome(t) == Outcome::Ok && span.has_returned() {
                ends.push((span.ret.index() as u64) << 32 | RETURN | u64::from(t));
            }
        }
        ends.sort_unstable();
        // Whether a transaction was invoked after the last barrier.
        let mut is_used = true;
        for end in ends {
            let t = (end & (RETURN - 1)) as usize;
            if end & RETURN == 0 {
                self.before[t] = self.barriers.wrapping_sub(1);
                is_used = true;
            } else {
                self.barriers += u32::from(is_used);
                is_used = false;
                self.after[t] = self.barriers - 1;
            }
        }
    }

    /// Returns how many barriers there are.
    pub(crate) fn barriers(&self) -> usize {
        self.barriers as usize
    }

    /// Returns the last transaction before `t` in the same session that completed.
    pub(crate) fn previous(&self, t: u32) -> Option<u32> {
        Some(self.previous[t as usize]).filter(|&previous| previous != NONE)
    }
}

/// Marks a return among the ends of transactions, of which there are half as many as records.
const RETURN: u64 = 1 << 31;

/// The vertices of a graph of transactions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vertices {
    shape: Shape,
    transactions: u32,
}

impl Vertices {
    pub(crate) fn new(shape: Shape, facts: &Facts<'_, '_>) -> Vertices {
        Vertices { shape, transactions: facts.len() as u32 }
    }

    /// Returns the vertex at which `t` reads.
    #[inline]
    pub(crate) fn begin(self, t: u32) -> u32 {
        if self.shape == Shape::Whole { t } else { 2 * t }
    }

    /// Returns the vertex at which `t` has written.
    #[inline]
    pub(crate) fn commit(self, t: u32) -> u32 {
        if self.shape == Shape::Whole { t } else { 2 * t + 1 }
    }

    /// Returns the vertex that has to follow the commit of whoever wrote before `t`.
    #[inline]
    pub(crate) fn overwrite(self, t: u32) -> u32 {
        if self.shape == Shape::Snapshot { self.begin(t) } else { self.commit(t) }
    }

    /// Returns the number of vertices that belong to transactions.
    pub(crate) fn own(self) -> u32 {
        if self.shape == Shape::Whole { self.transactions } else { 2 * self.transactions }
    }

    /// Returns the transaction of a vertex, if it belongs to one.
    pub(crate) fn transaction(self, vertex: u32) -> Option<u32> {
        let t = if self.shape == Shape::Whole { vertex } else { vertex / 2 };
        (vertex < self.own()).then_some(t)
    }
}

/// Returns how many vertices the graphs of `facts` have.
pub(crate) fn vertex_count(facts: &Facts<'_, '_>, orders: &Orders, vertices: Vertices) -> usize {
    vertices.own() as usize + orders.barriers() + 2 * facts.tails.all().len()
}

/// Returns the graph of the transactions of `facts`. Vertices that belong to no transaction have
/// the same numbers in all of them, behind those that do.
pub(crate) fn graph(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    vertices: Vertices,
    kinds: Kinds,
) -> Graph {
    let count = vertex_count(facts, orders, vertices);
    Graph::new(count, |edge| {
        edges(facts, orders, vertices, kinds, &mut |from, to, _| edge(from, to));
    })
}

/// Passes on the edges between the transactions of `facts`.
pub(crate) fn edges(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    vertices: Vertices,
    kinds: Kinds,
    take: Take<'_>,
) {
    chained_edges(facts, orders, vertices, kinds, take);
    if kinds.rw {
        to_tails(facts, vertices, vertices.own() + orders.barriers, take);
    }
}

/// Passes on the same, but for those from who read the last version of a chain to the writers of
/// later ones.
pub(crate) fn chained_edges(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    vertices: Vertices,
    kinds: Kinds,
    take: Take<'_>,
) {
    if vertices.shape != Shape::Whole {
        for t in 0..facts.len() as u32 {
            take(vertices.begin(t), vertices.commit(t), Edge::Own);
        }
    }
    for key in 0..facts.chains.len() as u32 {
        if kinds.ww && !facts.aside[key as usize] {
            overwrites(facts, key, vertices, take);
        }
    }
    reads(facts, vertices, kinds, take);
    let ends = |t: u32| (vertices.begin(t), vertices.commit(t));
    ordered_edges(orders, &ends, (vertices.own(), facts.len() as u32), kinds.ordering, take);
}

/// Passes on the known overwrites of a key.
fn overwrites(facts: &Facts<'_, '_>, key: u32, vertices: Vertices, take: Take<'_>) {
    let chain = facts.chains.of(key);
    for pair in chain.windows(2).filter(|pair| pair[0] != pair[1]) {
        take(vertices.commit(pair[0]), vertices.overwrite(pair[1]), Edge::Ww);
    }
    let Some(&last) = chain.last() else { return };
    for &t in facts.tails.of(key).iter().filter(|&&t| t != last) {
        take(vertices.commit(last), vertices.overwrite(t), Edge::Ww);
    }
}

/// Passes on whom each transaction read from, and who wrote the next version in a chain.
fn reads(facts: &Facts<'_, '_>, vertices: Vertices, kinds: Kinds, take: Take<'_>) {
    for t in 0..facts.len() as u32 {
        for read in facts.reads.of(t) {
            if facts.aside[read.key as usize] {
                continue;
            }
            if kinds.wr && is_other(read.source, t) {
                take(vertices.commit(read.source), vertices.begin(t), Edge::Wr);
            }
            if kinds.rw && read.place != NONE {
                let chain = facts.chains.of(read.key);
                match chain.get(read.place as usize) {
                    Some(&next) if next != t => {
                        take(vertices.begin(t), vertices.commit(next), Edge::Rw);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Returns whether `source` is another transaction than `t`.
pub(crate) fn is_other(source: u32, t: u32) -> bool {
    source < crate::facts::LOST && source != t
}

/// Passes on that those who read the last version of a chain come before all that wrote a later
/// one, but themselves.
///
/// There may be many of both. So the writers get two chains of vertices, from which each of them
/// is reached: one by all before it, the other by all after it. A reader goes to the ends of both,
/// or to its neighbours if it is a writer.
fn to_tails(facts: &Facts<'_, '_>, vertices: Vertices, first: u32, take: Take<'_>) {
    let mut start = vec![0; facts.tails.len()];
    let mut next = first;
    for key in 0..facts.tails.len() as u32 {
        start[key as usize] = next;
        let tail = facts.tails.of(key);
        let len = tail.len() as u32;
        if facts.aside[key as usize] {
            next += 2 * len;
            continue;
        }
        // `next + nth` leads to the writers up to the nth, `next + len + nth` to those from it on.
        for (nth, &t) in (0..len).zip(tail) {
            take(next + nth, vertices.commit(t), Edge::Onward);
            take(next + len + nth, vertices.commit(t), Edge::Onward);
            if nth > 0 {
                take(next + nth, next + nth - 1, Edge::Onward);
                take(next + len + nth - 1, next + len + nth, Edge::Onward);
            }
        }
        next += 2 * len;
    }
    for t in 0..facts.len() as u32 {
        for read in facts.reads.of(t) {
            let (tail, start) = (facts.tails.of(read.key), start[read.key as usize]);
            let is_last = read.place as usize == facts.chains.of(read.key).len();
            if !is_last || tail.is_empty() || facts.aside[read.key as usize] {
                continue;
            }
            let len = tail.len() as u32;
            match tail.binary_search(&t) {
                Ok(own) => {
                    let own = own as u32;
                    if own > 0 {
                        take(vertices.begin(t), start + own - 1, Edge::Rw);
                    }
                    if own + 1 < len {
                        take(vertices.begin(t), start + len + own + 1, Edge::Rw);
                    }
                }
                Err(_) => take(vertices.begin(t), start + len - 1, Edge::Rw),
            }
        }
    }
}

/// Passes on the order of sessions, or real time, which has it in it: between so many transactions,
/// of which `ends` has the first and the last vertex; `first` is the vertex of the first barrier.
pub(crate) fn ordered_edges(
    orders: &Orders,
    ends: &dyn Fn(u32) -> (u32, u32),
    (first, transactions): (u32, u32),
    ordering: Ordering,
    take: Take<'_>,
) {
    if ordering != Ordering::None {
        for t in 0..transactions {
            if let Some(previous) = orders.previous(t) {
                take(ends(previous).1, ends(t).0, Edge::Session);
            }
        }
    }
    if ordering == Ordering::RealTime {
        for barrier in 1..orders.barriers {
            take(first + barrier - 1, first + barrier, Edge::Onward);
        }
        for t in 0..transactions {
            let (begin, commit) = ends(t);
            let (before, after) = (orders.before[t as usize], orders.after[t as usize]);
            if after != NONE {
                take(commit, first + after, Edge::RealTime);
            }
            if before != NONE {
                take(first + before, begin, Edge::Onward);
            }
        }
    }
}
