//! The true graph of dependencies (Adya 1999), and which levels of isolation it satisfies. The
//! order of versions is the store's own, not guessed from what clients saw.

use super::Txn;

/// Why one transaction depends on another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DependencyKind {
    /// It made the next version of a key.
    Ww,
    /// It read the version that the other one made.
    Wr,
    /// The other one read the version before the one that it made.
    Rw,
}

/// A dependency: `to` depends on `from`. Transactions have the numbers of their operations in the
/// history, counted from 0 in the order of their invocations.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Dependency {
    /// The transaction that came first.
    pub from: u32,
    /// The transaction that depends on it.
    pub to: u32,
    /// The key.
    pub key: u32,
    /// Why.
    pub kind: DependencyKind,
}

/// What the transactions of a run really depended on.
///
/// An external read is the first one of a key, before the transaction wrote it; the version that a
/// transaction makes of a key is its last write. A write that was committed and then lost counts as
/// the last version of its key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependencies {
    /// Whether each transaction was committed, at least in part.
    pub committed: Vec<bool>,
    /// All dependencies between different committed transactions, in order.
    pub edges: Vec<Dependency>,
    /// Committed transactions that follow on each other in a process, with the earlier one first.
    pub sessions: Vec<(u32, u32)>,
    /// Invocations and returns of transactions that ended `ok`, in the order of the history:
    /// whether it is the return.
    pub ends: Vec<(u32, bool)>,
    /// The writer, the reader and the key of each read of what was never committed.
    pub aborted_reads: Vec<(u32, u32, u32)>,
    /// The same of each read of what its writer overwrote itself.
    pub intermediate_reads: Vec<(u32, u32, u32)>,
    /// The transaction and the key of reads that differ from an earlier read of the same
    /// transaction.
    pub internal: Vec<(u32, u32)>,
    /// Two transactions that read the same version of a key and both wrote it.
    pub lost_updates: Vec<(u32, u32, u32)>,
}

/// A read: the key, the value, the transaction, and whether that also wrote the key.
type Read = (u32, Option<i64>, Txn, bool);

/// Collects [`Dependencies`].
#[derive(Default)]
pub(super) struct Edges {
    all: Dependencies,
    pub(super) sessions: Vec<(u32, u32)>,
    pub(super) ends: Vec<(u32, bool)>,
    pub(super) aborted_reads: Vec<(u32, u32, u32)>,
    pub(super) intermediate_reads: Vec<(u32, u32, u32)>,
    pub(super) internal: Vec<(u32, u32)>,
    reads: Vec<Read>,
}

impl Edges {
    pub(super) fn new(committed: Vec<bool>) -> Edges {
        Edges { all: Dependencies { committed, ..Dependencies::default() }, ..Edges::default() }
    }

    pub(super) fn is_committed(&self, txn: Txn) -> bool {
        self.all.committed[txn as usize]
    }

    fn add(&mut self, from: Txn, to: Txn, key: u32, kind: DependencyKind) {
        if from != to {
            self.all.edges.push(Dependency { from, to, key, kind });
        }
    }

    pub(super) fn ww(&mut self, from: Txn, to: Txn, key: u32) {
        self.add(from, to, key, DependencyKind::Ww);
    }

    pub(super) fn wr(&mut self, from: Txn, to: Txn, key: u32) {
        self.add(from, to, key, DependencyKind::Wr);
    }

    pub(super) fn rw(&mut self, from: Txn, to: Txn, key: u32) {
        self.add(from, to, key, DependencyKind::Rw);
    }

    /// `txn` read a version of `key`, which it also `writes`.
    pub(super) fn read_version(&mut self, txn: Txn, key: u32, value: Option<i64>, writes: bool) {
        self.reads.push((key, value, txn, writes));
    }

    pub(super) fn finish(mut self) -> Dependencies {
        self.reads.retain(|read| read.3);
        self.reads.sort_unstable();
        let same = self.reads.chunk_by(|one, next| (one.0, one.1) == (next.0, next.1));
        let pairs = same.flat_map(|all| all.windows(2).map(|two| (two[0].2, two[1].2, two[0].0)));
        let lost_updates = pairs.collect();
        let mut all = self.all;
        all.edges.sort_unstable();
        all.edges.dedup();
        let Edges { sessions, ends, aborted_reads, intermediate_reads, internal, .. } =
            Edges { all: Dependencies::default(), ..self };
        Dependencies {
            sessions,
            ends,
            aborted_reads,
            intermediate_reads,
            internal,
            lost_updates,
            ..all
        }
    }
}

/// What else orders transactions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Nothing,
    Session,
    RealTime,
}

/// The levels that [`Dependencies::holds`] knows, the weakest first.
pub const LEVELS: &[&str] = &[
    "read-uncommitted",
    "read-committed",
    "cursor-stability",
    "read-atomic",
    "causal",
    "parallel-snapshot-isolation",
    "prefix",
    "snapshot-isolation",
    "strong-session-snapshot-isolation",
    "strong-snapshot-isolation",
    "repeatable-read",
    "serializable",
    "strong-session-serializable",
    "strict-serializable",
];

impl Dependencies {
    /// Returns whether the run satisfies a level of isolation, given its true order of versions;
    /// `None` if no level in [`LEVELS`] has this name. Levels between read-atomic and prefix
    /// include the order of each process.
    ///
    /// Simple rather than fast: up to O(n·m) for n transactions and m dependencies.
    pub fn holds(&self, level: &str) -> Option<bool> {
        use Order::{Nothing, RealTime, Session};
        let committed = || {
            self.aborted_reads.is_empty()
                && self.intermediate_reads.is_empty()
                && self.is_acyclic(Nothing, false)
        };
        let internal = self.internal.is_empty();
        Some(match level {
            "read-uncommitted" => !self.cycles(Nothing)[4],
            "read-committed" => committed(),
            "cursor-stability" => committed() && self.lost_updates.is_empty(),
            "read-atomic" => committed() && internal && self.sees_whole_pasts(false),
            "causal" => committed() && internal && self.sees_whole_pasts(true),
            "parallel-snapshot-isolation" => committed() && internal && self.has_no_read_skew(),
            "prefix" => committed() && internal && self.is_snapshot(Session, true),
            "snapshot-isolation" => committed() && internal && self.is_snapshot(Nothing, false),
            "strong-session-snapshot-isolation" => {
                committed() && internal && self.is_snapshot(Session, false)
            }
            "strong-snapshot-isolation" => {
                committed() && internal && self.is_snapshot(RealTime, false)
            }
            "repeatable-read" => {
                committed() && self.lost_updates.is_empty() && self.is_acyclic(Nothing, true)
            }
            "serializable" => committed() && internal && self.is_acyclic(Nothing, true),
            "strong-session-serializable" => {
                committed() && internal && self.is_acyclic(Session, true)
            }
            "strict-serializable" => committed() && internal && self.is_acyclic(RealTime, true),
            _ => return None,
        })
    }

    /// Returns the phenomena that the run shows, by Adya's names, the worst first. Of those that
    /// are cycles, a milder one is only named if it is not part of a worse one's cycles, or if it
    /// has the usual small form; and one with the order of a process, or with real time, only if
    /// there is none without it.
    pub fn phenomena(&self) -> Vec<&'static str> {
        let mut found = Vec::new();
        let mut note = |is_there: bool, name| {
            if is_there {
                found.push(name);
            }
        };
        let pair = |one: &Dependency, kind| {
            self.between(one.to, one.from).any(|other| other.kind == kind && other.key != one.key)
        };
        let skew = self.rw().any(|edge| pair(edge, DependencyKind::Rw));
        note(!self.aborted_reads.is_empty(), "G1a");
        note(!self.intermediate_reads.is_empty(), "G1b");
        note(!self.internal.is_empty(), "internal");
        note(!self.lost_updates.is_empty(), "lost-update");
        note(self.rw().any(|edge| pair(edge, DependencyKind::Wr)), "fractured-read");
        note(self.has_long_fork(), "long-fork");
        note(skew, "write-skew");
        let mut before = [skew, false, false, false, false];
        for (order, names) in [
            (Order::Nothing, ["G2-item", "G-nonadjacent", "G-single", "G1c", "G0"]),
            (
                Order::Session,
                [
                    "G2-item-process",
                    "G-nonadjacent-process",
                    "G-single-process",
                    "G1c-process",
                    "G0-process",
                ],
            ),
            (
                Order::RealTime,
                [
                    "G2-item-realtime",
                    "G-nonadjacent-realtime",
                    "G-single-realtime",
                    "G1c-realtime",
                    "G0-realtime",
                ],
            ),
        ] {
            let cycles = self.cycles(order);
            for (at, name) in names.into_iter().enumerate() {
                note(cycles[at] && !before[at] || at == 0 && order == Order::Nothing && skew, name);
                before[at] |= cycles[at];
            }
            // What is milder than what was found shows nothing new.
            let worst = before.iter().rposition(|&is_there| is_there);
            before.iter_mut().take(worst.unwrap_or(0)).for_each(|one| *one = true);
        }
        found
    }

    /// Whether there are cycles with this order that are not those of a worse kind: of any edges,
    /// of some without two reads next to each other that were overwritten, with one such read, of
    /// writes and reads of them, of writes.
    fn cycles(&self, order: Order) -> [bool; 5] {
        use DependencyKind::{Wr, Ww};
        let of = |kinds: &[DependencyKind]| {
            let mut graph = Graph::new(self.committed.len());
            let edges = self.edges.iter().filter(|edge| kinds.contains(&edge.kind));
            edges.for_each(|edge| graph.add(edge.from, edge.to));
            self.add_order(&mut graph, order, |txn| (txn, txn));
            graph
        };
        if self.is_acyclic(order, true) {
            return [false; 5];
        }
        let writes = !of(&[Ww]).has_no_cycle();
        let information = !of(&[Ww, Wr]).has_no_cycle();
        let single = self.is_any_rw(&of(&[Ww, Wr]), |edge, past| past[edge.to as usize]);
        let snapshot = self.is_snapshot(order, false);
        [snapshot, !snapshot && !single && !information, single, information && !writes, writes]
    }

    fn rw(&self) -> impl Iterator<Item = &Dependency> {
        self.edges.iter().filter(|edge| edge.kind == DependencyKind::Rw)
    }

    /// Whether something holds of a read that was overwritten, given from which places of `graph`
    /// the reader is reached.
    fn is_any_rw(&self, graph: &Graph, holds: impl Fn(&Dependency, &[bool]) -> bool) -> bool {
        let entering = graph.entering();
        let mut past = (Txn::MAX, Vec::new());
        self.rw().any(|edge| {
            if past.0 != edge.from {
                past = (edge.from, reaching(&entering, edge.from));
            }
            holds(edge, &past.1)
        })
    }

    /// The dependencies of one transaction on another.
    fn between(&self, from: Txn, to: Txn) -> impl Iterator<Item = &Dependency> {
        self.leaving(from).iter().filter(move |edge| edge.to == to)
    }

    /// The dependencies on a transaction.
    fn leaving(&self, from: Txn) -> &[Dependency] {
        let start = self.edges.partition_point(|edge| edge.from < from);
        let end = self.edges.partition_point(|edge| edge.from <= from);
        &self.edges[start..end]
    }

    /// Whether two readers see two writes in opposite orders.
    fn has_long_fork(&self) -> bool {
        let read_by =
            |from: Txn| self.leaving(from).iter().filter(|edge| edge.kind == DependencyKind::Wr);
        self.rw().any(|one| {
            read_by(one.to).any(|second| {
                let others = self.leaving(second.to).iter();
                others.filter(|edge| edge.kind == DependencyKind::Rw).any(|other| {
                    other.to != one.to
                        && second.to != one.from
                        && other.key != one.key
                        && read_by(other.to).any(|edge| edge.to == one.from)
                })
            })
        })
    }

    /// Whether there is no cycle of writes and reads of them, of reads that were overwritten if
    /// these `count`, and of the order.
    fn is_acyclic(&self, order: Order, count: bool) -> bool {
        let mut graph = Graph::new(self.committed.len());
        let counts = |edge: &&Dependency| count || edge.kind != DependencyKind::Rw;
        self.edges.iter().filter(counts).for_each(|edge| graph.add(edge.from, edge.to));
        self.add_order(&mut graph, order, |txn| (txn, txn));
        graph.has_no_cycle()
    }

    /// Whether there is no cycle of beginnings and commits: every transaction sees what was
    /// committed before it began (Crooks and others 2017, Zhang and others 2023). If it `forks`,
    /// two transactions at a time may write the same key.
    fn is_snapshot(&self, order: Order, forks: bool) -> bool {
        let ends = |txn: Txn| (2 * txn, 2 * txn + 1);
        let mut graph = Graph::new(2 * self.committed.len());
        (0..self.committed.len() as Txn).for_each(|txn| graph.add(2 * txn, 2 * txn + 1));
        for edge in &self.edges {
            let ((from_begin, from_commit), (to_begin, to_commit)) =
                (ends(edge.from), ends(edge.to));
            match edge.kind {
                DependencyKind::Ww if forks => graph.add(from_commit, to_commit),
                DependencyKind::Ww | DependencyKind::Wr => graph.add(from_commit, to_begin),
                DependencyKind::Rw => graph.add(from_begin, to_commit),
            }
        }
        self.add_order(&mut graph, order, ends);
        graph.has_no_cycle()
    }

    /// Whether the order of each process, writes and reads of them lead from no transaction back
    /// to one that read what it overwrote.
    fn has_no_read_skew(&self) -> bool {
        let graph = self.causes(&[DependencyKind::Wr, DependencyKind::Ww]);
        self.is_acyclic(Order::Session, false)
            && !self.is_any_rw(&graph, |edge, past| past[edge.to as usize])
    }

    /// Whether every transaction sees all that it knows of: of the writes of transactions that it
    /// read from, or that its process ran before, and if it is `far` also of those that these knew
    /// of.
    fn sees_whole_pasts(&self, far: bool) -> bool {
        // Whoever read a version does not know of the next, nor of any later one.
        let overwritten = |edge: &Dependency| {
            let mut later = vec![edge.to];
            let mut at = 0;
            while let Some(&one) = later.get(at) {
                let next = self.leaving(one).iter();
                let next = next.filter(|it| it.kind == DependencyKind::Ww && it.key == edge.key);
                later.extend(next.map(|it| it.to));
                at += 1;
            }
            later
        };
        let read_from =
            |from: Txn, to: Txn| self.between(from, to).any(|edge| edge.kind == DependencyKind::Wr);
        let kinds: &[DependencyKind] = if far { &[DependencyKind::Wr] } else { &[] };
        let misses = |edge: &Dependency, past: &[bool]| {
            overwritten(edge).iter().any(|&txn| {
                txn != edge.from && (past[txn as usize] || !far && read_from(txn, edge.from))
            })
        };
        self.is_acyclic(Order::Session, false) && !self.is_any_rw(&self.causes(kinds), misses)
    }

    /// The graph of dependencies of these kinds and the order of each process.
    fn causes(&self, kinds: &[DependencyKind]) -> Graph {
        let mut graph = Graph::new(self.committed.len());
        let edges = self.edges.iter().filter(|edge| kinds.contains(&edge.kind));
        edges.for_each(|edge| graph.add(edge.from, edge.to));
        self.add_order(&mut graph, Order::Session, |txn| (txn, txn));
        graph
    }

    /// Adds the order, from the ends of transactions to the beginnings of others. `ends` gives the
    /// places of both.
    fn add_order(&self, graph: &mut Graph, order: Order, ends: impl Fn(Txn) -> (Txn, Txn)) {
        if order == Order::Nothing {
            return;
        }
        for &(from, to) in &self.sessions {
            graph.add(ends(from).1, ends(to).0);
        }
        if order == Order::Session {
            return;
        }
        // For each return there is a place behind all returns so far.
        let mut returned: Option<u32> = None;
        for &(txn, is_return) in &self.ends {
            if is_return {
                let place = graph.place();
                graph.add(ends(txn).1, place);
                if let Some(before) = returned.replace(place) {
                    graph.add(before, place);
                }
            } else if let Some(returned) = returned {
                graph.add(returned, ends(txn).0);
            }
        }
    }
}

/// From which places paths lead to a place; none of length 0 does.
fn reaching(entering: &[Vec<u32>], to: u32) -> Vec<bool> {
    let mut known = vec![false; entering.len()];
    let mut left = vec![to];
    while let Some(one) = left.pop() {
        for &before in &entering[one as usize] {
            if !std::mem::replace(&mut known[before as usize], true) {
                left.push(before);
            }
        }
    }
    known
}

/// A graph, whose places are numbers.
struct Graph {
    edges: Vec<(u32, u32)>,
    places: usize,
}

impl Graph {
    fn new(places: usize) -> Graph {
        Graph { edges: Vec::new(), places }
    }

    fn place(&mut self) -> u32 {
        self.places += 1;
        (self.places - 1) as u32
    }

    fn add(&mut self, from: u32, to: u32) {
        self.edges.push((from, to));
    }

    /// From which places edges lead to each place.
    fn entering(&self) -> Vec<Vec<u32>> {
        let mut entering = vec![Vec::new(); self.places];
        self.edges.iter().for_each(|edge| entering[edge.1 as usize].push(edge.0));
        entering
    }

    /// Takes places away to which no edge leads, until none are left (Kahn 1962).
    fn has_no_cycle(mut self) -> bool {
        self.edges.sort_unstable();
        let mut incoming = vec![0_u32; self.places];
        self.edges.iter().for_each(|edge| incoming[edge.1 as usize] += 1);
        let mut free: Vec<u32> =
            (0..self.places as u32).filter(|&at| incoming[at as usize] == 0).collect();
        let mut taken = 0;
        while let Some(at) = free.pop() {
            taken += 1;
            let start = self.edges.partition_point(|edge| edge.0 < at);
            for &(_, to) in self.edges[start..].iter().take_while(|edge| edge.0 == at) {
                incoming[to as usize] -= 1;
                if incoming[to as usize] == 0 {
                    free.push(to);
                }
            }
        }
        taken == self.places
    }
}
