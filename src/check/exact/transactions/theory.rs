//! A graph to which edges are added and taken away again: the times of its nodes, an order of
//! them, and why there is none with one more edge.
//!
//! The order is that of Pearce and Kelly ("A dynamic topological sort algorithm for directed
//! acyclic graphs", JEA 2007): where it has an edge already, that costs nothing.

use super::polygraph::{Edge, NONE};

/// An edge with what it rests on, and the next edges at its two nodes.
#[derive(Clone, Copy)]
struct Link {
    tail: u32,
    head: u32,
    /// The literal that has it; [`NONE`] if it is certain.
    literal: u32,
    next_out: u32,
    next_in: u32,
}

/// A time of a node before it moved.
struct Move {
    node: u32,
    is_until: bool,
    time: u32,
    cause: u32,
}

/// A node whose time moved.
#[derive(Clone, Copy)]
pub(super) struct Moved {
    pub(super) node: u32,
    /// Whether it is the time until which it can be.
    pub(super) is_until: bool,
}

/// What there is to go back to.
#[derive(Clone, Copy, Default)]
pub(super) struct Mark {
    links: u32,
    moves: u32,
}

/// The graph.
pub(super) struct Theory {
    from: Vec<u32>,
    until: Vec<u32>,
    /// The edges along which the times of each node came, [`NONE`] where it is its own.
    from_cause: Vec<u32>,
    until_cause: Vec<u32>,
    links: Vec<Link>,
    first_out: Vec<u32>,
    first_in: Vec<u32>,
    /// The position of each node in the order.
    places: Vec<u32>,
    moves: Vec<Move>,
    /// The nodes whose times moved since somebody looked.
    pub(super) moved: Vec<Moved>,
    /// How many edges were looked at.
    pub(super) work: u64,
    stack: Vec<u32>,
    /// Nodes that were reached, with the edges along which; in use only while an edge is added.
    forward: Vec<u32>,
    backward: Vec<u32>,
    reached_by: Vec<u32>,
    slots: Vec<u32>,
}

/// No order has an edge: the literals of it and of others do not go together.
pub(super) struct Clash;

impl Theory {
    /// Starts from what is certain; `places` has an order of the nodes.
    pub(super) fn new(from: Vec<u32>, until: Vec<u32>, edges: &[Edge], places: Vec<u32>) -> Theory {
        let nodes = from.len();
        let mut theory = Theory {
            from,
            until,
            from_cause: vec![NONE; nodes],
            until_cause: vec![NONE; nodes],
            links: Vec::with_capacity(edges.len() + nodes),
            first_out: vec![NONE; nodes],
            first_in: vec![NONE; nodes],
            places,
            moves: Vec::new(),
            moved: Vec::new(),
            work: 0,
            stack: Vec::new(),
            forward: Vec::new(),
            backward: Vec::new(),
            reached_by: vec![NONE; nodes],
            slots: Vec::new(),
        };
        for &edge in edges {
            theory.link(edge, NONE);
        }
        theory
    }

    /// Returns the time from which on a node can be.
    pub(super) fn from(&self, node: u32) -> u32 {
        self.from[node as usize]
    }

    /// Returns the time until which a node can be.
    pub(super) fn until(&self, node: u32) -> u32 {
        self.until[node as usize]
    }

    /// Returns a node's place in an order that has all edges and all times, if there is no clash.
    pub(super) fn place(&self, node: u32) -> (u32, u32) {
        (self.from(node), self.places[node as usize])
    }

    /// Tells whether an edge leads back in time.
    pub(super) fn is_backward(&self, (tail, head): Edge) -> bool {
        self.from(tail) > self.until(head)
    }

    /// Returns what to go back to.
    pub(super) fn mark(&self) -> Mark {
        Mark { links: self.links.len() as u32, moves: self.moves.len() as u32 }
    }

    /// Takes away all edges since `mark`.
    pub(super) fn go_back(&mut self, mark: Mark) {
        while self.links.len() > mark.links as usize {
            let Some(link) = self.links.pop() else { break };
            self.first_out[link.tail as usize] = link.next_out;
            self.first_in[link.head as usize] = link.next_in;
        }
        while self.moves.len() > mark.moves as usize {
            let Some(Move { node, is_until, time, cause }) = self.moves.pop() else { break };
            let node = node as usize;
            if is_until {
                (self.until[node], self.until_cause[node]) = (time, cause);
            } else {
                (self.from[node], self.from_cause[node]) = (time, cause);
            }
        }
        self.moved.clear();
    }

    fn link(&mut self, (tail, head): Edge, literal: u32) -> u32 {
        let at = self.links.len() as u32;
        let next_out = std::mem::replace(&mut self.first_out[tail as usize], at);
        let next_in = std::mem::replace(&mut self.first_in[head as usize], at);
        self.links.push(Link { tail, head, literal, next_out, next_in });
        at
    }

    /// Adds an edge, which rests on `literal`. If there is a clash, the literals that do not go
    /// together are put into `why`.
    pub(super) fn add(
        &mut self,
        edge: Edge,
        literal: u32,
        why: &mut Vec<u32>,
    ) -> Result<(), Clash> {
        let at = self.link(edge, literal);
        self.reorder(at, why)?;
        self.narrow_from(at, why)?;
        self.narrow_until(at, why)
    }

    /// Puts into `why` the literals on which it rests that a node can only be from its time on.
    pub(super) fn explain_from(&self, mut node: u32, why: &mut Vec<u32>) {
        while let Some(link) = self.links.get(self.from_cause[node as usize] as usize) {
            if link.literal != NONE {
                why.push(link.literal);
            }
            node = link.tail;
        }
    }

    /// Puts into `why` the literals on which it rests that a node can only be until its time.
    pub(super) fn explain_until(&self, mut node: u32, why: &mut Vec<u32>) {
        while let Some(link) = self.links.get(self.until_cause[node as usize] as usize) {
            if link.literal != NONE {
                why.push(link.literal);
            }
            node = link.head;
        }
    }

    fn is_out_of_time(&self, node: u32, why: &mut Vec<u32>) -> bool {
        let is_out = self.from(node) > self.until(node);
        if is_out {
            self.explain_from(node, why);
            self.explain_until(node, why);
        }
        is_out
    }

    fn narrow_from(&mut self, first: u32, why: &mut Vec<u32>) -> Result<(), Clash> {
        let mut stack = std::mem::take(&mut self.stack);
        stack.push(first);
        let mut result = Ok(());
        'links: while let Some(at) = stack.pop() {
            self.work += 1;
            let Link { tail, head, .. } = self.links[at as usize];
            let (time, node) = (self.from(tail), head as usize);
            if self.from[node] >= time {
                continue;
            }
            let cause = std::mem::replace(&mut self.from_cause[node], at);
            let before = std::mem::replace(&mut self.from[node], time);
            self.moves.push(Move { node: head, is_until: false, time: before, cause });
            self.moved.push(Moved { node: head, is_until: false });
            if self.is_out_of_time(head, why) {
                result = Err(Clash);
                break 'links;
            }
            let mut next = self.first_out[node];
            while let Some(link) = self.links.get(next as usize) {
                stack.push(next);
                next = link.next_out;
            }
        }
        stack.clear();
        self.stack = stack;
        result
    }

    fn narrow_until(&mut self, first: u32, why: &mut Vec<u32>) -> Result<(), Clash> {
        let mut stack = std::mem::take(&mut self.stack);
        stack.push(first);
        let mut result = Ok(());
        'links: while let Some(at) = stack.pop() {
            self.work += 1;
            let Link { tail, head, .. } = self.links[at as usize];
            let (time, node) = (self.until(head), tail as usize);
            if self.until[node] <= time {
                continue;
            }
            let cause = std::mem::replace(&mut self.until_cause[node], at);
            let before = std::mem::replace(&mut self.until[node], time);
            self.moves.push(Move { node: tail, is_until: true, time: before, cause });
            self.moved.push(Moved { node: tail, is_until: true });
            if self.is_out_of_time(tail, why) {
                result = Err(Clash);
                break 'links;
            }
            let mut next = self.first_in[node];
            while let Some(link) = self.links.get(next as usize) {
                stack.push(next);
                next = link.next_in;
            }
        }
        stack.clear();
        self.stack = stack;
        result
    }

    /// Moves nodes so that the order has the edge at `at`.
    fn reorder(&mut self, at: u32, why: &mut Vec<u32>) -> Result<(), Clash> {
        let Link { tail, head, literal, .. } = self.links[at as usize];
        let (low, high) = (self.places[head as usize], self.places[tail as usize]);
        if high < low {
            return Ok(());
        }
        let is_cycle = head == tail || self.reach_forward(head, tail, high);
        if is_cycle {
            if literal != NONE {
                why.push(literal);
            }
            let mut node = tail;
            while node != head {
                let link = self.links[self.reached_by[node as usize] as usize];
                if link.literal != NONE {
                    why.push(link.literal);
                }
                node = link.tail;
            }
        } else {
            self.reach_backward(tail, low);
            self.swap_places();
        }
        for node in self.forward.drain(..).chain(self.backward.drain(..)) {
            self.reached_by[node as usize] = NONE;
        }
        if is_cycle { Err(Clash) } else { Ok(()) }
    }

    /// Reaches nodes from `start` that stand before `high`; tells whether `goal` is reached.
    fn reach_forward(&mut self, start: u32, goal: u32, high: u32) -> bool {
        self.reached_by[start as usize] = u32::MAX - 1;
        self.forward.push(start);
        let mut done = 0;
        while let Some(&node) = self.forward.get(done) {
            done += 1;
            let mut at = self.first_out[node as usize];
            while let Some(&Link { head, next_out, .. }) = self.links.get(at as usize) {
                self.work += 1;
                let is_new = self.reached_by[head as usize] == NONE;
                if is_new && self.places[head as usize] <= high {
                    self.reached_by[head as usize] = at;
                    self.forward.push(head);
                    if head == goal {
                        return true;
                    }
                }
                at = next_out;
            }
        }
        false
    }

    fn reach_backward(&mut self, start: u32, low: u32) {
        self.reached_by[start as usize] = u32::MAX - 1;
        self.backward.push(start);
        let mut done = 0;
        while let Some(&node) = self.backward.get(done) {
            done += 1;
            let mut at = self.first_in[node as usize];
            while let Some(&Link { tail, next_in, .. }) = self.links.get(at as usize) {
                self.work += 1;
                let is_new = self.reached_by[tail as usize] == NONE;
                if is_new && self.places[tail as usize] >= low {
                    self.reached_by[tail as usize] = at;
                    self.backward.push(tail);
                }
                at = next_in;
            }
        }
    }

    /// Puts what was reached backward before what was reached forward, in the places of both.
    fn swap_places(&mut self) {
        let places = &mut self.places;
        self.backward.sort_unstable_by_key(|&node| places[node as usize]);
        self.forward.sort_unstable_by_key(|&node| places[node as usize]);
        let nodes = || self.backward.iter().chain(&self.forward);
        self.slots.clear();
        self.slots.extend(nodes().map(|&node| places[node as usize]));
        self.slots.sort_unstable();
        for (&node, &slot) in nodes().zip(&self.slots) {
            places[node as usize] = slot;
        }
    }
}
