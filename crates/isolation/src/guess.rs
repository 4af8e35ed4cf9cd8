//! A guess of the order of transactions, where reads do not tell that of the versions: they run one
//! after the other, each as soon as it finds what it read, and nobody has to read any more what it
//! overwrites. Of several that could run, the one that completed first does.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::edges::{Kinds, Orders, Shape, Vertices, graph, is_other};
use crate::facts::Facts;
use crate::graph::Graph;
use crate::level::Ordering;
use crate::numbers::NONE;

/// Looks at transactions for each of them, on average, before a guess is given up.
const LOOKS: usize = 60;

/// A read or a write: its key, and the number of the version.
#[derive(Clone, Copy)]
struct Touch {
    key: u32,
    version: u32,
}

/// Transactions that run one after the other.
struct Run<'r> {
    graph: &'r Graph,
    degrees: Vec<u32>,
    /// The version that each key has. The first versions are the initial ones, by key.
    current: Vec<u32>,
    /// How many transactions have still to read each version.
    readers: Vec<u32>,
    reads: Vec<Vec<Touch>>,
    writes: Vec<Vec<Touch>>,
    /// Those that wait for a key.
    waiting: Vec<Vec<u32>>,
    ready: BinaryHeap<Reverse<(u32, u32)>>,
    order: Vec<u32>,
}

/// Returns the position of each transaction in an order that is likely to be one, if it ends.
pub(crate) fn positions(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    ordering: Ordering,
) -> Option<Vec<u32>> {
    let vertices = Vertices::new(Shape::Whole, facts);
    let kinds = Kinds { ww: true, wr: true, rw: false, ordering };
    let graph = graph(facts, orders, vertices, kinds);
    let mut run = Run::new(facts, &graph);
    let rank = |t: u32| facts.table.span(t).ret.index() as u32;
    let own = vertices.own();
    let mut free: Vec<u32> =
        (0..graph.len() as u32).filter(|&v| run.degrees[v as usize] == 0).collect();
    let mut looks = LOOKS * facts.len() + 1_000;
    loop {
        while let Some(vertex) = free.pop() {
            if vertex < own && facts.installed[vertex as usize] {
                run.ready.push(Reverse((rank(vertex), vertex)));
            } else {
                run.leave(vertex, &mut free);
            }
        }
        let Some(Reverse((_, t))) = run.ready.pop() else { break };
        looks = looks.checked_sub(1)?;
        match run.obstacle(t) {
            Some(key) => run.waiting[key as usize].push(t),
            None => run.execute(t, &rank, &mut free),
        }
    }
    let count = facts.installed.iter().filter(|&&installed| installed).count();
    let mut positions = vec![NONE; facts.len()];
    for (&t, at) in run.order.iter().zip(0..) {
        positions[t as usize] = at;
    }
    (run.order.len() == count).then_some(positions)
}

impl<'r> Run<'r> {
    fn new(facts: &Facts<'_, '_>, graph: &'r Graph) -> Run<'r> {
        let keys = facts.table.keys.len() as u32;
        let mut next = keys;
        let writes: Vec<Vec<Touch>> = (0..facts.len() as u32)
            .map(|t| {
                let number = |&key: &u32| {
                    next += 1;
                    Touch { key, version: next - 1 }
                };
                facts.writes.of(t).iter().map(number).collect()
            })
            .collect();
        let mut readers = vec![0; next as usize];
        let mut reads = Vec::with_capacity(facts.len());
        for t in 0..facts.len() as u32 {
            let mut own: Vec<Touch> = Vec::new();
            for read in facts.reads.of(t) {
                let is_used = !read.is_own && !facts.aside[read.key as usize];
                let version = match read.source {
                    NONE => Some(read.key),
                    source if is_other(source, t) => {
                        let of = writes[source as usize].iter();
                        of.clone().find(|write| write.key == read.key).map(|write| write.version)
                    }
                    _ => None,
                };
                let Some(version) = version.filter(|_| is_used) else { continue };
                if !own.iter().any(|touch| touch.version == version) {
                    own.push(Touch { key: read.key, version });
                    readers[version as usize] += 1;
                }
            }
            reads.push(own);
        }
        let mut degrees = vec![0; graph.len()];
        for vertex in 0..graph.len() as u32 {
            graph.successors(vertex).iter().for_each(|&to| degrees[to as usize] += 1);
        }
        Run {
            graph,
            degrees,
            current: (0..keys).collect(),
            readers,
            reads,
            writes,
            waiting: vec![Vec::new(); keys as usize],
            ready: BinaryHeap::new(),
            order: Vec::new(),
        }
    }

    /// Returns a key for which a transaction has to wait.
    fn obstacle(&self, t: u32) -> Option<u32> {
        let reads = &self.reads[t as usize];
        let is_other = |read: &&Touch| self.current[read.key as usize] != read.version;
        if let Some(read) = reads.iter().find(is_other) {
            return Some(read.key);
        }
        let is_read = |write: &&Touch| {
            let current = self.current[write.key as usize];
            let own = reads.iter().any(|read| read.version == current);
            self.readers[current as usize] > u32::from(own)
        };
        self.writes[t as usize].iter().find(is_read).map(|write| write.key)
    }

    fn execute(&mut self, t: u32, rank: &dyn Fn(u32) -> u32, free: &mut Vec<u32>) {
        self.order.push(t);
        for nth in 0..self.reads[t as usize].len() {
            let Touch { key, version } = self.reads[t as usize][nth];
            self.readers[version as usize] -= 1;
            if self.readers[version as usize] < 2 {
                self.wake(key, rank);
            }
        }
        for nth in 0..self.writes[t as usize].len() {
            let Touch { key, version } = self.writes[t as usize][nth];
            self.current[key as usize] = version;
            self.wake(key, rank);
        }
        self.leave(t, free);
    }

    fn wake(&mut self, key: u32, rank: &dyn Fn(u32) -> u32) {
        for t in std::mem::take(&mut self.waiting[key as usize]) {
            self.ready.push(Reverse((rank(t), t)));
        }
    }

    /// Lets those that come after a vertex go on.
    fn leave(&mut self, vertex: u32, free: &mut Vec<u32>) {
        for &to in self.graph.successors(vertex) {
            let degree = &mut self.degrees[to as usize];
            *degree -= 1;
            if *degree == 0 {
                free.push(to);
            }
        }
    }
}
