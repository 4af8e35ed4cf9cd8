//! Cycles to show: of each class the smallest, with the micro-operations that make its edges.
//!
//! Only transactions of one strongly connected component can be in a cycle. In each, a search by
//! breadth looks for the cycle with the fewest transactions whose edges have the pattern of the
//! class. It ends when its work is used up; what levels are ruled out does not depend on it.

use crate::anomaly::{Class, Place, Step, Why};
use crate::derived::Derived;
use crate::edges::{Edge, Kinds, Orders, Shape, Vertices, edges, is_other, vertex_count};
use crate::facts::Facts;
use crate::graph::Graph;
use crate::level::Ordering;
use crate::numbers::NONE;
use crate::table::{Access, Micro};

/// The edges inside strongly connected components.
pub(crate) struct Knots {
    vertices: Vertices,
    /// The vertices that have edges, ascending.
    members: Vec<u32>,
    starts: Vec<u32>,
    targets: Vec<(u32, Edge)>,
}

impl Knots {
    /// Finds the components of the graph with all edges, those that are derived among them.
    pub(crate) fn new(
        facts: &Facts<'_, '_>,
        orders: &Orders,
        ordering: Ordering,
        derived: &Derived,
    ) -> Knots {
        let vertices = Vertices::new(Shape::Whole, facts);
        let all = |take: &mut dyn FnMut(u32, u32, Edge)| {
            edges(facts, orders, vertices, Kinds::all(ordering), take);
            derived.edges(facts, take);
        };
        let count = vertex_count(facts, orders, vertices);
        let graph = Graph::new(count, |edge| all(&mut |from, to, _| edge(from, to)));
        let components = graph.components();
        let mut inside: Vec<(u32, u32, Edge)> = Vec::new();
        all(&mut |from, to, edge| {
            if components.joins(from, to) {
                inside.push((from, to, edge));
            }
        });
        inside.sort_by_key(|&(from, to, _)| (from, to));
        inside.dedup();
        let mut knots =
            Knots { vertices, members: Vec::new(), starts: vec![0], targets: Vec::new() };
        for group in inside.chunk_by(|one, other| one.0 == other.0) {
            knots.members.push(group[0].0);
            knots.targets.extend(group.iter().map(|&(_, to, edge)| (to, edge)));
            knots.starts.push(knots.targets.len() as u32);
        }
        // Vertices by their positions among the members from now on: all have successors here.
        let members = &knots.members;
        for target in &mut knots.targets {
            target.0 = members.partition_point(|&member| member < target.0) as u32;
        }
        knots
    }

    fn of(&self, member: u32) -> &[(u32, Edge)] {
        let at = member as usize;
        &self.targets[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    fn transaction(&self, member: u32) -> Option<u32> {
        self.vertices.transaction(self.members[member as usize])
    }
}

/// Which cycles are looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pattern {
    Class(Class),
    /// One anti-dependency, any overwrites, and one read or step of a session: a transaction misses
    /// a part of what it sees.
    Fractured,
    /// The same with several reads and steps.
    Causal,
    /// Anti-dependencies only after reads, sessions or real time.
    Prefix,
}

/// What is known of a walk: how it goes on depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct State {
    /// Whether there was an anti-dependency besides the first.
    has_more: bool,
    /// The last edge.
    last: Edge,
    /// How many edges there were, at most two.
    count: u8,
}

impl State {
    /// A number below [`STATES`].
    fn number(self) -> usize {
        let last = match self.last {
            Edge::Rw => 0,
            Edge::Ww => 1,
            Edge::Wr => 2,
            Edge::Session | Edge::RealTime => 3,
            Edge::Own | Edge::Onward => 4,
        };
        (usize::from(self.has_more) * 5 + last) * 2 + usize::from(self.count > 1)
    }
}

const STATES: usize = 20;

impl Pattern {
    /// The edge that a cycle begins with.
    fn first(self) -> Edge {
        match self {
            Pattern::Class(Class::G0) => Edge::Ww,
            Pattern::Class(Class::G1c) => Edge::Wr,
            _ => Edge::Rw,
        }
    }

    /// Returns whether `edge` may follow.
    fn allows(self, state: State, edge: Edge) -> bool {
        let is_order = matches!(edge, Edge::Session | Edge::RealTime);
        match self {
            Pattern::Class(Class::G0) => edge == Edge::Ww || is_order,
            Pattern::Class(Class::G1c | Class::GSingle) => edge != Edge::Rw,
            Pattern::Class(Class::GNonadjacent) => edge != Edge::Rw || state.last != Edge::Rw,
            // Two anti-dependencies at once.
            Pattern::Class(Class::G2) => state.count > 1 || edge == Edge::Rw,
            Pattern::Fractured | Pattern::Causal => match edge {
                Edge::Rw => false,
                Edge::Ww => matches!(state.last, Edge::Rw | Edge::Ww),
                _ => self == Pattern::Causal || matches!(state.last, Edge::Rw | Edge::Ww),
            },
            Pattern::Prefix => {
                edge != Edge::Rw || matches!(state.last, Edge::Wr | Edge::Session | Edge::RealTime)
            }
        }
    }

    /// Returns whether a walk that is back at its start is a cycle of this pattern.
    fn accepts(self, state: State) -> bool {
        match self {
            Pattern::Class(Class::GNonadjacent) => state.has_more && state.last != Edge::Rw,
            Pattern::Class(Class::G2) => state.has_more,
            Pattern::Fractured | Pattern::Causal => !matches!(state.last, Edge::Rw | Edge::Ww),
            Pattern::Prefix => !matches!(state.last, Edge::Rw | Edge::Ww),
            Pattern::Class(_) => true,
        }
    }
}

/// Where a walk came from.
#[derive(Clone, Copy)]
struct Visit {
    member: u32,
    state: State,
    /// The visit before it; [`NONE`] for the first.
    before: u32,
    /// The edge that led here.
    edge: Edge,
}

/// A search for cycles.
pub(crate) struct Search<'k> {
    knots: &'k Knots,
    visits: Vec<Visit>,
    /// By member and state: the number of the search that visited it.
    seen: Vec<u32>,
    stamp: u32,
    pub(crate) work: u64,
}

impl<'k> Search<'k> {
    pub(crate) fn new(knots: &'k Knots, work: u64) -> Search<'k> {
        let seen = vec![0; knots.members.len() * STATES];
        Search { knots, visits: Vec::new(), seen, stamp: 0, work }
    }

    /// Returns the smallest cycle of `pattern`, as transactions and the edges from each to the
    /// next. `None` if there is none, or the work is used up.
    pub(crate) fn smallest(&mut self, pattern: Pattern) -> Option<Vec<(u32, Edge)>> {
        let mut length = 2;
        while self.work > 0 {
            let mut goes_on = false;
            for start in 0..self.knots.members.len() as u32 {
                if self.knots.transaction(start).is_none() {
                    continue;
                }
                let (cycle, is_cut) = self.from(start, pattern, length);
                if cycle.is_some() {
                    return cycle;
                }
                goes_on |= is_cut;
                if self.work == 0 {
                    return None;
                }
            }
            if !goes_on {
                return None;
            }
            length += 1 + length / 4;
        }
        None
    }

    /// Returns a smallest cycle through `start` of at most `length` edges, and whether longer ones
    /// are possible.
    fn from(
        &mut self,
        start: u32,
        pattern: Pattern,
        length: usize,
    ) -> (Option<Vec<(u32, Edge)>>, bool) {
        self.stamp += 1;
        self.visits.clear();
        let mut is_cut = false;
        let first = State { has_more: false, last: pattern.first(), count: 1 };
        for &(to, edge) in self.knots.of(start) {
            if edge == pattern.first() {
                self.visit(Visit { member: to, state: first, before: NONE, edge });
            }
        }
        // One layer of transactions after the other; what belongs to none is in the layer of the
        // transaction before it.
        let (mut at, mut depth) = (0, 1);
        while at < self.visits.len() {
            let end = self.visits.len();
            let mut next = Vec::new();
            let mut layer = at;
            while layer < self.visits.len() {
                let visit = self.visits[layer];
                let is_own = self.knots.transaction(visit.member).is_some();
                if visit.member == start && pattern.accepts(visit.state) {
                    if let Some(cycle) = self.cycle(start, layer as u32) {
                        return (Some(cycle), is_cut);
                    }
                } else if visit.member != start {
                    self.step(layer as u32, pattern, is_own, &mut next);
                }
                layer += 1;
            }
            debug_assert!(layer >= end);
            at = self.visits.len();
            depth += 1;
            if depth > length {
                is_cut |= !next.is_empty();
                break;
            }
            next.into_iter().for_each(|visit| self.visit(visit));
            if self.work == 0 {
                break;
            }
        }
        (None, is_cut)
    }

    fn visit(&mut self, visit: Visit) {
        let slot = &mut self.seen[visit.member as usize * STATES + visit.state.number()];
        if *slot != self.stamp {
            *slot = self.stamp;
            self.visits.push(visit);
        }
    }

    /// Goes on from a visit: at once along onward edges, to the next layer along others.
    fn step(&mut self, at: u32, pattern: Pattern, is_own: bool, next: &mut Vec<Visit>) {
        let knots = self.knots;
        let visit = self.visits[at as usize];
        let targets = knots.of(visit.member);
        self.work = self.work.saturating_sub(1 + targets.len() as u64);
        for &(to, edge) in targets {
            if !is_own {
                self.visit(Visit { member: to, before: at, edge, ..visit });
                continue;
            }
            if !pattern.allows(visit.state, edge) {
                continue;
            }
            let state =
                State { has_more: visit.state.has_more || edge == Edge::Rw, last: edge, count: 2 };
            next.push(Visit { member: to, state, before: at, edge });
        }
    }

    /// Returns the cycle that ends with a visit, unless a transaction is in it twice.
    fn cycle(&self, start: u32, mut at: u32) -> Option<Vec<(u32, Edge)>> {
        // From the end: each transaction, with the edge that led to it.
        let mut back = Vec::new();
        let mut edge = Edge::Onward;
        loop {
            let visit = self.visits[at as usize];
            if visit.edge != Edge::Onward {
                edge = visit.edge;
            }
            // An edge may lead through vertices that belong to no transaction: it is that of the
            // first of them.
            let is_first = visit.before == NONE;
            let from = if is_first { start } else { self.visits[visit.before as usize].member };
            if let Some(t) = self.knots.transaction(from) {
                back.push((t, edge));
            }
            if is_first {
                break;
            }
            at = visit.before;
        }
        back.reverse();
        let mut all: Vec<u32> = back.iter().map(|&(t, _)| t).collect();
        all.sort_unstable();
        let len = all.len();
        all.dedup();
        (all.len() == len).then_some(back)
    }
}

/// Returns the steps of a cycle of transactions, with the micro-operations that make its edges;
/// `None` if these are not found.
pub(crate) fn explained(
    facts: &Facts<'_, '_>,
    derived: &Derived,
    cycle: &[(u32, Edge)],
) -> Option<Vec<Step>> {
    let next = |at: usize| cycle[(at + 1) % cycle.len()].0;
    let step = |(at, &(from, edge)): (usize, &(u32, Edge))| {
        let to = next(at);
        Some(Step { from, to, why: why(facts, derived, (from, to), edge)? })
    };
    cycle.iter().enumerate().map(step).collect()
}

pub(crate) fn why(
    facts: &Facts<'_, '_>,
    derived: &Derived,
    (from, to): (u32, u32),
    edge: Edge,
) -> Option<Why> {
    match edge {
        Edge::Wr => read_from(facts, from, to),
        Edge::Ww => overwritten(facts, derived, from, to),
        Edge::Rw => missed(facts, derived, from, to),
        Edge::Session => Some(Why::Session),
        Edge::RealTime => Some(Why::RealTime),
        Edge::Own | Edge::Onward => None,
    }
}

/// Returns the write of `from` that a read of `to` returned.
fn read_from(facts: &Facts<'_, '_>, from: u32, to: u32) -> Option<Why> {
    let read = facts.reads.of(to).iter().find(|read| {
        read.source == from && is_other(read.source, to) && !facts.aside[read.key as usize]
    })?;
    let place = Place { transaction: to, micro: read.micro };
    // Of a list the last element that is its own.
    let chain = facts.chains.of(read.key);
    let shown = if read.place == NONE { &[][..] } else { &chain[..read.place as usize] };
    let write = match shown.iter().rposition(|&t| t == from) {
        Some(at) => element(facts, read.key, at),
        None => shown_write(facts, from, place),
    };
    Some(Why::Wr(write, place))
}

/// Returns the append of a transaction that a read of a list shows last, or its last write.
fn shown_write(facts: &Facts<'_, '_>, transaction: u32, read: Place) -> Place {
    let micro = facts.table.micros(read.transaction)[read.micro as usize];
    let items = facts.table.history.values().as_list(micro.value).unwrap_or(&[]);
    let micros = facts.table.micros(transaction);
    let is_shown = |own: &Micro| {
        own.key == micro.key && own.access != Access::Read && items.contains(&own.value)
    };
    match micros.iter().rposition(is_shown) {
        Some(micro) => Place { transaction, micro: micro as u32 },
        None => facts.last_write(transaction, micro.key),
    }
}

/// Returns the write that made the version of a chain at this position.
fn element(facts: &Facts<'_, '_>, key: u32, at: usize) -> Place {
    let transaction = facts.chains.of(key)[at];
    match facts.elements.of(key).get(at) {
        Some(&micro) => Place { transaction, micro },
        None => facts.last_write(transaction, key),
    }
}

/// Returns the first append of a transaction to a list that no read shows, or its last write of a
/// register.
fn unread(facts: &Facts<'_, '_>, transaction: u32, key: u32) -> Place {
    let (chain, elements) = (facts.chains.of(key), facts.elements.of(key));
    let is_read = |micro: u32| {
        chain.iter().zip(elements).any(|(&t, &element)| (t, element) == (transaction, micro))
    };
    let micros = facts.table.micros(transaction).iter().zip(0..);
    let mut own = micros.filter(|(micro, _)| micro.key == key && micro.access == Access::Append);
    match own.find(|&(_, micro)| !is_read(micro)) {
        Some((_, micro)) => Place { transaction, micro },
        None => facts.last_write(transaction, key),
    }
}

/// Returns a write of `from`, and that of `to` which came next.
fn overwritten(facts: &Facts<'_, '_>, derived: &Derived, from: u32, to: u32) -> Option<Why> {
    for &key in facts.writes.of(from).iter().filter(|key| facts.writes.of(to).contains(key)) {
        let chain = facts.chains.of(key);
        if let Some(at) = chain.windows(2).position(|pair| pair == [from, to]) {
            return Some(Why::Ww(element(facts, key, at), element(facts, key, at + 1)));
        }
        if !facts.tails.of(key).contains(&to) {
            continue;
        }
        if chain.last() == Some(&from) {
            let last = element(facts, key, chain.len() - 1);
            return Some(Why::Ww(last, unread(facts, to, key)));
        }
        if derived.has(from, to) && facts.tails.of(key).contains(&from) {
            return Some(Why::Ww(facts.last_write(from, key), facts.last_write(to, key)));
        }
    }
    None
}

/// Returns a read of `from`, and the write of `to` that replaced what it returned.
fn missed(facts: &Facts<'_, '_>, derived: &Derived, from: u32, to: u32) -> Option<Why> {
    for read in facts.reads.of(from).iter().filter(|read| !facts.aside[read.key as usize]) {
        if read.place == NONE {
            let is_later = is_other(read.source, from) && derived.has(read.source, to);
            if is_later && facts.misses((from, read), to) {
                let place = Place { transaction: from, micro: read.micro };
                return Some(Why::Rw(place, facts.last_write(to, read.key)));
            }
            continue;
        }
        let chain = facts.chains.of(read.key);
        let place = Place { transaction: from, micro: read.micro };
        match chain.get(read.place as usize) {
            Some(&next) if next == to => {
                return Some(Why::Rw(place, element(facts, read.key, read.place as usize)));
            }
            None if facts.tails.of(read.key).contains(&to) => {
                return Some(Why::Rw(place, unread(facts, to, read.key)));
            }
            _ => {}
        }
    }
    None
}
