//! Which of some vertices of an acyclic graph reach which others, where the graph is nearly a few
//! chains, as one of sessions or of real time is.
//!
//! The marked vertices are dealt out to chains, in which each reaches the next. Of each vertex it
//! is known how many of each chain reach it (a vector clock: Fidge, Mattern, 1988), and which one
//! of each chain is the first that it reaches.

use std::collections::VecDeque;

use crate::graph::Graph;
use crate::numbers::NONE;

/// Numbers that are kept for each direction, at most: 256 MB.
const MOST: usize = 1 << 26;

/// Reachability between marked vertices and all others.
pub(crate) struct Clocks {
    /// How many numbers each vertex has room for.
    stride: usize,
    /// The chain of each marked vertex, and its position in that; [`NONE`] of others.
    places: Vec<(u32, u32)>,
    lengths: Vec<u32>,
    /// How many of each chain reach a vertex or are it.
    before: Vec<u32>,
    /// The position of the first of each chain that a vertex reaches or is.
    after: Vec<u32>,
}

impl Clocks {
    /// Deals out the vertices for which `is_marked` to chains, and finds what reaches them. `order`
    /// is a topological order of `graph`. O(m·c) for c chains; `None` if there are too many.
    pub(crate) fn new(
        graph: &Graph,
        order: &[u32],
        is_marked: &dyn Fn(u32) -> bool,
    ) -> Option<Clocks> {
        let mut clocks = Clocks {
            stride: 0,
            places: vec![(NONE, NONE); graph.len()],
            lengths: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
        };
        clocks.widen(8)?;
        let mut row = Vec::new();
        for &vertex in order {
            if is_marked(vertex) {
                let have = &clocks.before[vertex as usize * clocks.stride..];
                let is_last = |(have, length): (&u32, &u32)| have == length;
                let chain = match have.iter().zip(&clocks.lengths).position(is_last) {
                    Some(chain) => chain,
                    None => {
                        if clocks.lengths.len() == clocks.stride {
                            clocks.widen(2 * clocks.stride)?;
                        }
                        clocks.lengths.push(0);
                        clocks.lengths.len() - 1
                    }
                };
                let length = &mut clocks.lengths[chain];
                clocks.places[vertex as usize] = (chain as u32, *length);
                *length += 1;
            }
            clocks.pass_on(graph, vertex, &mut row);
        }
        clocks.find_after(graph, order);
        Some(clocks)
    }

    /// Follows the edges that were added to `edges` last. Returns the vertices that more reach, and
    /// those that reach more; `None` if that takes more than `work`, in edges looked at. O(what
    /// changes, times the number of chains).
    pub(crate) fn follow(
        &mut self,
        edges: &Growing,
        new: &[(u32, u32)],
        work: &mut u64,
    ) -> Option<[Vec<u32>; 2]> {
        let (stride, chains) = (self.stride, self.lengths.len());
        let cost = 1 + chains as u64 / 2;
        let mut row = vec![0; chains];
        let start = |vertex: u32| vertex as usize * stride..vertex as usize * stride + chains;
        let before = &mut self.before;
        let later =
            spread(new.iter().map(|edge| edge.0), self.places.len(), &mut |vertex, reach| {
                row.copy_from_slice(&before[start(vertex)]);
                edges.successors(vertex, &mut |to| {
                    *work = work.saturating_sub(cost);
                    let to_row = &mut before[start(to)];
                    if to_row.iter().zip(&row).any(|(to, from)| to < from) {
                        to_row.iter_mut().zip(&row).for_each(|(to, &from)| *to = (*to).max(from));
                        reach(to);
                    }
                });
                *work > 0
            })?;
        let after = &mut self.after;
        let earlier =
            spread(new.iter().map(|edge| edge.1), self.places.len(), &mut |vertex, reach| {
                row.copy_from_slice(&after[start(vertex)]);
                edges.predecessors(vertex, &mut |from| {
                    *work = work.saturating_sub(cost);
                    let from_row = &mut after[start(from)];
                    if from_row.iter().zip(&row).any(|(from, to)| from > to) {
                        from_row
                            .iter_mut()
                            .zip(&row)
                            .for_each(|(from, &to)| *from = (*from).min(to));
                        reach(from);
                    }
                });
                *work > 0
            })?;
        Some([later, earlier])
    }

    /// Makes room for more chains.
    fn widen(&mut self, stride: usize) -> Option<()> {
        let count = self.places.len();
        if count * stride > MOST {
            return None;
        }
        let mut wider = vec![0; count * stride];
        if self.stride > 0 {
            let rows = self.before.chunks_exact(self.stride);
            for (to, from) in wider.chunks_exact_mut(stride).zip(rows) {
                to[..self.stride].copy_from_slice(from);
            }
        }
        self.before = wider;
        self.stride = stride;
        Some(())
    }

    /// Tells the successors of a vertex what reaches it.
    fn pass_on(&mut self, graph: &Graph, vertex: u32, row: &mut Vec<u32>) {
        let at = vertex as usize * self.stride;
        let (chain, position) = self.places[vertex as usize];
        if chain != NONE {
            self.before[at + chain as usize] = position + 1;
        }
        row.clear();
        row.extend_from_slice(&self.before[at..at + self.lengths.len()]);
        for &to in graph.successors(vertex) {
            let at = to as usize * self.stride;
            let to = &mut self.before[at..at + row.len()];
            to.iter_mut().zip(&*row).for_each(|(to, &from)| *to = (*to).max(from));
        }
    }

    fn find_after(&mut self, graph: &Graph, order: &[u32]) {
        let (stride, chains) = (self.stride, self.lengths.len());
        self.after.clear();
        self.after.resize(self.places.len() * stride, NONE);
        let mut row = vec![NONE; chains];
        for &vertex in order.iter().rev() {
            row.fill(NONE);
            for &to in graph.successors(vertex) {
                let at = to as usize * stride;
                let to = &self.after[at..at + chains];
                row.iter_mut().zip(to).for_each(|(own, &to)| *own = (*own).min(to));
            }
            let (chain, position) = self.places[vertex as usize];
            if chain != NONE {
                row[chain as usize] = position;
            }
            let at = vertex as usize * stride;
            self.after[at..at + chains].copy_from_slice(&row);
        }
    }

    /// Returns the chain of a marked vertex, and its position in that.
    #[inline]
    pub(crate) fn place(&self, vertex: u32) -> (u32, u32) {
        self.places[vertex as usize]
    }

    /// Returns how many of a chain reach a vertex, or are it.
    #[inline]
    pub(crate) fn before(&self, vertex: u32, chain: u32) -> u32 {
        self.before[vertex as usize * self.stride + chain as usize]
    }

    /// Returns the position of the first of a chain that a vertex reaches, or is; [`NONE`] if there
    /// is none.
    #[inline]
    pub(crate) fn after(&self, vertex: u32, chain: u32) -> u32 {
        self.after[vertex as usize * self.stride + chain as usize]
    }

    /// Returns whether a marked vertex reaches another one, or is it.
    #[inline]
    pub(crate) fn comes_before(&self, marked: u32, vertex: u32) -> bool {
        let (chain, position) = self.place(marked);
        position < self.before(vertex, chain)
    }

    /// Returns whether a vertex reaches a marked one, or is it.
    #[inline]
    pub(crate) fn leads_to(&self, vertex: u32, marked: u32) -> bool {
        let (chain, position) = self.place(marked);
        self.after(vertex, chain) <= position
    }

    /// Returns how many chains there are.
    pub(crate) fn chains(&self) -> usize {
        self.lengths.len()
    }
}

/// Takes vertices.
type Reach<'r> = &'r mut dyn FnMut(u32);

/// Visits vertices, and those that `visit` reaches from them, until it reaches no more. Returns
/// what was reached, each once; `None` if `visit` wants no more.
fn spread(
    starts: impl Iterator<Item = u32>,
    count: usize,
    visit: &mut dyn FnMut(u32, Reach<'_>) -> bool,
) -> Option<Vec<u32>> {
    let mut is_waiting = vec![false; count];
    let mut queue: VecDeque<u32> = starts.collect();
    queue.iter().for_each(|&vertex| is_waiting[vertex as usize] = true);
    let mut reached = Vec::new();
    while let Some(vertex) = queue.pop_front() {
        is_waiting[vertex as usize] = false;
        let goes_on = visit(vertex, &mut |other| {
            reached.push(other);
            if !is_waiting[other as usize] {
                is_waiting[other as usize] = true;
                queue.push_back(other);
            }
        });
        if !goes_on {
            return None;
        }
    }
    reached.sort_unstable();
    reached.dedup();
    Some(reached)
}

/// A graph that gets more edges.
pub(crate) struct Growing {
    out: Graph,
    into: Graph,
    /// The edges that came later, by their starts and by their ends.
    new_out: Vec<(u32, u32)>,
    new_into: Vec<(u32, u32)>,
}

impl Growing {
    pub(crate) fn new(count: usize, edges: &[(u32, u32)]) -> Growing {
        Growing {
            out: Graph::new(count, |edge| edges.iter().for_each(|&(from, to)| edge(from, to))),
            into: Graph::new(count, |edge| edges.iter().for_each(|&(from, to)| edge(to, from))),
            new_out: Vec::new(),
            new_into: Vec::new(),
        }
    }

    /// Returns the graph as it was at first.
    pub(crate) fn first(&self) -> &Graph {
        &self.out
    }

    pub(crate) fn add(&mut self, edges: &[(u32, u32)]) {
        self.new_out.extend_from_slice(edges);
        self.new_into.extend(edges.iter().map(|&(from, to)| (to, from)));
        self.new_out.sort_unstable();
        self.new_into.sort_unstable();
    }

    fn successors(&self, vertex: u32, take: Reach<'_>) {
        neighbours(&self.out, &self.new_out, vertex, take);
    }

    fn predecessors(&self, vertex: u32, take: Reach<'_>) {
        neighbours(&self.into, &self.new_into, vertex, take);
    }
}

fn neighbours(graph: &Graph, new: &[(u32, u32)], vertex: u32, take: Reach<'_>) {
    graph.successors(vertex).iter().for_each(|&other| take(other));
    let start = new.partition_point(|edge| edge.0 < vertex);
    let own = new[start..].iter().take_while(|edge| edge.0 == vertex);
    own.for_each(|&(_, other)| take(other));
}
