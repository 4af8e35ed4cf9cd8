//! Graphs of which some edges are certain and some are open: intervals of which no two may overlap,
//! and choices of which one holds. Nodes are numbers; what they stand for matters to nobody here.

use crate::history::hash::Set;

/// No node, edge, or anything else that has a number.
pub(super) const NONE: u32 = u32::MAX;

/// A time that never comes.
pub(super) const NEVER: u32 = u32::MAX;

/// An edge, from one node to another.
pub(super) type Edge = (u32, u32);

/// What begins at one node and ends at another, or at the same; none of its group overlap.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Interval {
    pub(super) head: u32,
    pub(super) end: u32,
}

/// Two intervals of a group, of which the second follows the first with none between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adjacent {
    pub(super) group: u32,
    pub(super) first: Interval,
    pub(super) second: Interval,
}

/// One way to settle a choice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// The edges that it takes; one may stand there twice.
    pub(super) edges: [Edge; 2],
    /// The intervals that it brings together.
    pub(super) adjacent: Option<Adjacent>,
}

/// A graph with what is open of it.
#[derive(Clone, Default, Debug)]
pub(super) struct Polygraph {
    /// The time from which on each node can be.
    pub(super) from: Vec<u32>,
    /// The time until which each node can be, itself included.
    pub(super) until: Vec<u32>,
    /// The edges that are certain.
    pub(super) edges: Vec<Edge>,
    /// Intervals, by groups.
    pub(super) groups: Vec<Vec<Interval>>,
    /// The ways of each choice, one of which holds.
    pub(super) choices: Vec<Vec<Way>>,
    /// Pairs of intervals of which an edge has the order, as their ends and heads.
    ordered: Set<Edge>,
}

impl Polygraph {
    /// Adds a node that can be from one time until another.
    pub(super) fn node(&mut self, from: u32, until: u32) -> u32 {
        self.from.push(from);
        self.until.push(until);
        self.from.len() as u32 - 1
    }

    /// Adds an edge that is certain.
    pub(super) fn edge(&mut self, from: u32, to: u32) {
        self.edges.push((from, to));
    }

    /// Puts one interval before another, unless it is there; tells whether it was not.
    pub(super) fn put_before(&mut self, one: Interval, other: Interval) -> bool {
        let is_new = self.ordered.insert((one.end, other.head));
        if is_new {
            self.edge(one.end, other.head);
        }
        is_new
    }

    /// Tells whether an edge puts one interval before another.
    pub(super) fn is_before(&self, one: Interval, other: Interval) -> bool {
        self.ordered.contains(&(one.end, other.head))
    }
}

/// Where edges lead from each node.
pub(super) struct Successors {
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl Successors {
    /// Sorts `edges` by the nodes, `nodes` of them, from which they lead.
    pub(super) fn of(nodes: usize, edges: &[Edge]) -> Successors {
        let mut starts = vec![0_u32; nodes + 1];
        for &(from, _) in edges {
            starts[from as usize + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut targets = vec![0; edges.len()];
        for &(from, to) in edges {
            let place = &mut next[from as usize];
            targets[*place as usize] = to;
            *place += 1;
        }
        Successors { starts, targets }
    }

    /// Returns where edges lead from `node`.
    pub(super) fn after(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.targets[self.starts[node] as usize..self.starts[node + 1] as usize]
    }
}
