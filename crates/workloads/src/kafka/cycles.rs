//! Circles of transactions, by what they sent and polled (`G0`, `G1c`), and by the order of
//! processes or real time besides.
//!
//! An edge lies on a circle of a graph if both of its ends are in one strongly connected component.
//! So components say in linear time which circles there are; one short circle of each is looked
//! for, to be shown.
//!
//! Real time has too many pairs for edges: a chain of barriers stands between completions and later
//! invocations, so that a path over barriers is there exactly where one operation completed before
//! the other was invoked.

use std::collections::VecDeque;

use histcheck_history::{OpIndex, Value};

use super::txns::Kind;
use super::{G0, G0_PROCESS, G0_REALTIME, G1C, G1C_PROCESS, G1C_REALTIME, Scene};
use crate::object::NONE;
use crate::report::{Anomaly, Findings, Sentence, say};

/// The anomalies that are looked for here.
pub(super) static NAMES: &[&Anomaly] =
    &[&G0, &G0_PROCESS, &G0_REALTIME, &G1C, &G1C_PROCESS, &G1C_REALTIME];

/// Why one vertex comes before another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Why {
    /// The next message of a log.
    Write,
    /// A message that was polled.
    Poll,
    /// The next operation of a process.
    Process,
    /// Real time: from a completion to a barrier, from one to the next, or to an invocation.
    Time,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    from: u32,
    to: u32,
    why: Why,
    /// The message of the one, and that of the other; the same if it was polled.
    messages: [u32; 2],
}

/// Looks for circles. `G1c` takes the order of writes into account only if `orders_writes`.
/// O(n log n), and for each component that has one the work of a few searches.
pub(super) fn check(scene: &Scene<'_, '_>, orders_writes: bool, findings: &mut Findings) {
    let writes = write_edges(scene);
    let polls = poll_edges(scene);
    let processes = process_edges(scene);
    let (times, vertices) = time_edges(scene);
    let orders = [Vec::new(), processes, times];
    let mut graph: Vec<Edge> = writes.clone();
    search(
        scene,
        &mut graph,
        &orders,
        vertices,
        Why::Write,
        [&G0, &G0_PROCESS, &G0_REALTIME],
        findings,
    );
    let mut graph = polls;
    if orders_writes {
        graph.extend(writes);
    }
    let names = [&G1C, &G1C_PROCESS, &G1C_REALTIME];
    search(scene, &mut graph, &orders, vertices, Why::Poll, names, findings);
}

/// Looks for circles with an edge `needed`: of `graph` alone, then with the edges of each of
/// `orders`, too, of which they have at least one.
fn search(
    scene: &Scene<'_, '_>,
    graph: &mut Vec<Edge>,
    orders: &[Vec<Edge>; 3],
    vertices: usize,
    needed: Why,
    names: [&'static Anomaly; 3],
    findings: &mut Findings,
) {
    // What is on a circle already has its name.
    let mut is_named = vec![false; vertices];
    for ((name, order), at) in names.into_iter().zip(orders).zip(0..) {
        if at > 0 && order.is_empty() {
            continue;
        }
        graph.extend(order);
        let components = Components::of(graph, vertices);
        let mut first: Vec<Edge> = Vec::new();
        let mut is_told = vec![false; components.count];
        for edge in graph.iter().filter(|edge| edge.why == needed) {
            let component = components.of[edge.from as usize];
            let is_new = component == components.of[edge.to as usize]
                && !is_named[edge.from as usize]
                && !is_named[edge.to as usize];
            if is_new && !std::mem::replace(&mut is_told[component as usize], true) {
                first.push(*edge);
            }
        }
        for edge in first {
            let circle = Circle::through(edge, graph, &components);
            findings.add(name, || circle.describe(scene));
        }
        for edge in graph.iter() {
            let is_inside = components.of[edge.from as usize] == components.of[edge.to as usize];
            if is_inside && is_told[components.of[edge.from as usize] as usize] {
                is_named[edge.from as usize] = true;
            }
        }
    }
}

fn write_edges(scene: &Scene<'_, '_>) -> Vec<Edge> {
    let logs = &scene.logs;
    let mut edges = Vec::new();
    for (slots, key) in logs.slots.iter().zip(0..) {
        for slot in 1..slots.len() as u32 {
            let messages = [logs.ordered(key, slot - 1), logs.ordered(key, slot)];
            let [from, to] = messages.map(|message| logs.writer[message as usize]);
            if from != to && from != NONE && to != NONE {
                edges.push(Edge { from, to, why: Why::Write, messages });
            }
        }
    }
    edges
}

fn poll_edges(scene: &Scene<'_, '_>) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (txn, to) in scene.txns.all.iter().zip(0..) {
        let mut last = NONE;
        for entry in &txn.polls {
            let from = scene.logs.writer[entry.message as usize];
            // Of many messages of one transaction, the first says enough.
            if from == NONE || from == to || from == last {
                continue;
            }
            last = from;
            let messages = [entry.message; 2];
            edges.push(Edge { from, to, why: Why::Poll, messages });
        }
    }
    edges
}

fn process_edges(scene: &Scene<'_, '_>) -> Vec<Edge> {
    let mut last = vec![NONE; scene.txns.processes];
    let mut edges = Vec::new();
    for (txn, to) in scene.txns.all.iter().zip(0..) {
        if txn.kind != Kind::Txn || !txn.is_ok() {
            continue;
        }
        let from = std::mem::replace(&mut last[txn.process as usize], to);
        if from != NONE {
            edges.push(Edge { from, to, why: Why::Process, messages: [NONE; 2] });
        }
    }
    edges
}

/// The edges of real time, and how many vertices there are with the barriers.
fn time_edges(scene: &Scene<'_, '_>) -> (Vec<Edge>, usize) {
    let txns = &scene.txns.all;
    let mut ends: Vec<(u32, bool, u32)> = Vec::new();
    for (txn, at) in txns.iter().zip(0..).filter(|(txn, _)| txn.kind == Kind::Txn) {
        let op = scene.op(at);
        if op.invoked != NONE {
            ends.push((op.invoked, false, at));
        }
        if txn.is_ok() && op.completed != NONE {
            ends.push((op.completed, true, at));
        }
    }
    ends.sort_unstable();
    let mut edges = Vec::new();
    let mut next = txns.len() as u32;
    let mut barrier: Option<u32> = None;
    let mut is_fresh = false;
    let mut add = |from, to| edges.push(Edge { from, to, why: Why::Time, messages: [NONE; 2] });
    for (_, is_end, txn) in ends {
        match (is_end, barrier) {
            (true, Some(barrier)) if is_fresh => add(txn, barrier),
            (true, before) => {
                if let Some(before) = before {
                    add(before, next);
                }
                add(txn, next);
                barrier = Some(next);
                is_fresh = true;
                next += 1;
            }
            (false, Some(barrier)) => {
                add(barrier, txn);
                is_fresh = false;
            }
            (false, None) => {}
        }
    }
    (edges, next as usize)
}

/// The strongly connected component of each vertex.
struct Components {
    of: Vec<u32>,
    count: usize,
    /// Where the edges of each vertex start, in `order`.
    starts: Vec<u32>,
    /// The edges, sorted by the vertex that they start from.
    order: Vec<u32>,
}

impl Components {
    /// Tarjan's algorithm, without recursion. O(vertices + edges).
    fn of(graph: &[Edge], vertices: usize) -> Components {
        let mut starts = vec![0u32; vertices + 1];
        for edge in graph {
            starts[edge.from as usize + 1] += 1;
        }
        for at in 0..vertices {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut order = vec![0u32; graph.len()];
        for (edge, at) in graph.iter().zip(0..) {
            let place = &mut next[edge.from as usize];
            order[*place as usize] = at;
            *place += 1;
        }
        let mut components = Components { of: vec![NONE; vertices], count: 0, starts, order };
        components.fill(graph);
        components
    }

    fn fill(&mut self, graph: &[Edge]) {
        let vertices = self.of.len();
        let mut index = vec![NONE; vertices];
        let mut low = vec![NONE; vertices];
        let mut next: Vec<u32> = self.starts[..vertices].to_vec();
        let (mut path, mut stack, mut count) = (Vec::new(), Vec::new(), 0u32);
        for root in 0..vertices as u32 {
            if index[root as usize] != NONE {
                continue;
            }
            path.push(root);
            while let Some(&vertex) = path.last() {
                let at = vertex as usize;
                if index[at] == NONE {
                    (index[at], low[at]) = (count, count);
                    count += 1;
                    stack.push(vertex);
                }
                if next[at] < self.starts[at + 1] {
                    let to = graph[self.order[next[at] as usize] as usize].to as usize;
                    next[at] += 1;
                    if index[to] == NONE {
                        path.push(to as u32);
                    } else if self.of[to] == NONE {
                        low[at] = low[at].min(index[to]);
                    }
                    continue;
                }
                path.pop();
                if let Some(&parent) = path.last() {
                    low[parent as usize] = low[parent as usize].min(low[at]);
                }
                if low[at] == index[at] {
                    while let Some(member) = stack.pop() {
                        self.of[member as usize] = self.count as u32;
                        if member == vertex {
                            break;
                        }
                    }
                    self.count += 1;
                }
            }
        }
    }

    /// The edges from `vertex`, as positions in the graph.
    fn from(&self, vertex: u32) -> &[u32] {
        let at = vertex as usize;
        &self.order[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}

/// A circle of edges.
struct Circle {
    edges: Vec<Edge>,
}

impl Circle {
    /// A shortest one through `edge`, whose ends are in one component. O(component).
    fn through(edge: Edge, graph: &[Edge], components: &Components) -> Circle {
        let inside = components.of[edge.from as usize];
        let mut back: histcheck_history::hash::Map<u32, u32> = Default::default();
        let mut queue = VecDeque::from([edge.to]);
        'search: while let Some(vertex) = queue.pop_front() {
            for &at in components.from(vertex) {
                let to = graph[at as usize].to;
                if components.of[to as usize] != inside || to == edge.to || back.contains_key(&to) {
                    continue;
                }
                back.insert(to, at);
                if to == edge.from {
                    break 'search;
                }
                queue.push_back(to);
            }
        }
        let mut edges = Vec::new();
        let mut vertex = edge.from;
        while vertex != edge.to {
            let Some(&at) = back.get(&vertex) else { break };
            edges.push(graph[at as usize]);
            vertex = graph[at as usize].from;
        }
        edges.push(edge);
        edges.reverse();
        Circle { edges }
    }

    fn describe(&self, scene: &Scene<'_, '_>) -> (Vec<OpIndex>, Vec<Value>, Sentence) {
        let txns = scene.txns.all.len() as u32;
        let mut operations = Vec::new();
        let mut values = Vec::new();
        let mut sentence: Sentence = Vec::new();
        // From the last transaction: barriers are none.
        let mut last = None;
        for edge in &self.edges {
            if edge.from < txns {
                last = Some(edge.from);
                operations.push(scene.op(edge.from).index);
            }
            let Some(from) = last.filter(|_| edge.to < txns) else { continue };
            if !sentence.is_empty() {
                sentence.extend(say!["; "]);
            }
            let [one, other] = [from, edge.to].map(|txn| scene.op(txn));
            let told = match edge.why {
                Why::Write => {
                    let [(key, early), (_, late)] = edge.messages.map(|it| scene.message(it));
                    values.extend([early, late]);
                    let start = say![one.process(), " sent ", early, " to ", key, " right before "];
                    [start, say![other.process(), "'s ", late]].concat()
                }
                Why::Poll => {
                    let (key, value) = scene.message(edge.messages[0]);
                    values.push(value);
                    let start = say![other.process(), " polled ", value, " of ", key, ", which "];
                    [start, say![one.process(), " sent"]].concat()
                }
                Why::Process | Why::Time => {
                    let start = say![one.process(), " completed ", one.returned(), " before "];
                    [start, say![other.process(), " began ", other.called()]].concat()
                }
            };
            sentence.extend(told);
        }
        (operations, values, sentence)
    }
}
