//! Operations on a string by their events, and the strings that gets saw as nodes of a tree.

use crate::history::hash::Map;

/// No operation, no event, no node.
pub(super) const NONE: u32 = u32::MAX;

/// The node of the empty string.
pub(super) const ROOT: u32 = 0;

/// What an operation does. Texts are numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Act {
    /// Puts this text.
    Put(u32),
    /// Appends this text.
    Append(u32),
    /// Sees the string of this node.
    Get(u32),
}

/// An operation with its place in real time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Op {
    pub(super) act: Act,
    pub(super) call: u32,
    /// [`NONE`] if it crashed.
    pub(super) ret: u32,
    /// Its position among those that were given.
    pub(super) at: u32,
}

/// Something that happens to an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Event {
    Call(u32),
    Return(u32),
}

/// A string that some get saw, or the beginning of one.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The string without its last text.
    pub(super) parent: u32,
    pub(super) text: u32,
    /// How many texts it has.
    pub(super) depth: u32,
    pub(super) children: Vec<u32>,
    /// The gets that saw this string or one that begins with it, by their returns: return and call.
    gets: Vec<(u32, u32)>,
}

/// The strings that gets saw.
pub(super) struct Strings {
    pub(super) nodes: Vec<Node>,
    child: Map<(u32, u32), u32>,
}

impl Default for Strings {
    fn default() -> Self {
        let root = Node { parent: NONE, text: NONE, depth: 0, children: vec![], gets: vec![] };
        Strings { nodes: vec![root], child: Map::default() }
    }
}

impl Strings {
    /// The node of a string and a text behind it, which is made if there is none.
    pub(super) fn longer(&mut self, parent: u32, text: u32) -> u32 {
        let new = self.nodes.len() as u32;
        let node = *self.child.entry((parent, text)).or_insert(new);
        if node == new {
            let depth = self.nodes[parent as usize].depth + 1;
            self.nodes.push(Node { parent, text, depth, children: vec![], gets: vec![] });
            self.nodes[parent as usize].children.push(node);
        }
        node
    }

    /// The node of a string and a text behind it; [`NONE`] if no get saw a string that begins so.
    pub(super) fn after(&self, parent: u32, text: u32) -> u32 {
        self.child.get(&(parent, text)).copied().unwrap_or(NONE)
    }

    /// Whether the string of `node` begins with that of `start`.
    pub(super) fn begins(&self, start: u32, mut node: u32) -> bool {
        let depth = self.nodes[start as usize].depth;
        while self.nodes[node as usize].depth > depth {
            node = self.nodes[node as usize].parent;
        }
        node == start
    }

    /// The nodes from behind `start` to `node`, whose string begins with that of `start`.
    pub(super) fn path(&self, start: u32, mut node: u32) -> Vec<u32> {
        let mut path = Vec::new();
        while node != start && node != ROOT {
            path.push(node);
            node = self.nodes[node as usize].parent;
        }
        path.reverse();
        path
    }

    /// The first text of a string that is not empty, as a node.
    pub(super) fn first(&self, mut node: u32) -> u32 {
        while self.nodes[node as usize].depth > 1 {
            node = self.nodes[node as usize].parent;
        }
        node
    }
}

/// What updates of a class were called before an event.
#[derive(Clone, Copy)]
pub(super) struct Called {
    pub(super) event: u32,
    calls: u32,
    /// How many of them crashed.
    pub(super) crashed: u32,
}

impl Called {
    /// Before everything.
    pub(super) const NOTHING: Called = Called { event: 0, calls: 0, crashed: 0 };
}

/// What is walked over. An update is of a *class*: the number of its text if it is a put, that and
/// the number of all texts if it is an append.
pub(super) struct Problem {
    pub(super) texts: u32,
    pub(super) strings: Strings,
    /// What is there before the first operation.
    pub(super) start: u32,
    /// Those that completed, by their returns, and behind them those that crashed.
    pub(super) ops: Vec<Op>,
    pub(super) completed: u32,
    pub(super) events: Vec<Event>,
    /// The gets, by their returns.
    pub(super) gets: Vec<u32>,
    /// The calls of updates, by classes.
    calls: Vec<Vec<u32>>,
    /// The updates that crashed, by classes, by their calls.
    crashed: Vec<Vec<u32>>,
}

impl Problem {
    /// Operations in any order, with ends that are numbered in theirs, perhaps with gaps.
    pub(super) fn new(texts: u32, strings: Strings, start: u32, mut ops: Vec<Op>) -> Problem {
        ops.sort_by_key(|op| (op.ret, op.call));
        let completed = ops.partition_point(|op| op.ret != NONE) as u32;
        let mut ends: Vec<(u32, Event)> = Vec::with_capacity(2 * ops.len());
        for (at, op) in (0..).zip(&ops) {
            ends.push((op.call, Event::Call(at)));
            if op.ret != NONE {
                ends.push((op.ret, Event::Return(at)));
            }
        }
        ends.sort_unstable_by_key(|&(end, _)| end);
        for (event, &(_, end)) in (0..).zip(&ends) {
            match end {
                Event::Call(at) => ops[at as usize].call = event,
                Event::Return(at) => ops[at as usize].ret = event,
            }
        }
        let mut problem = Problem {
            texts,
            strings,
            start,
            completed,
            events: ends.into_iter().map(|(_, end)| end).collect(),
            gets: Vec::new(),
            calls: vec![Vec::new(); 2 * texts as usize],
            crashed: vec![Vec::new(); 2 * texts as usize],
            ops,
        };
        problem.sort_in();
        problem
    }

    fn sort_in(&mut self) {
        for at in 0..self.ops.len() as u32 {
            let Op { call, ret, .. } = self.ops[at as usize];
            match self.class(at) {
                Some(class) => {
                    self.calls[class as usize].push(call);
                    if ret == NONE {
                        self.crashed[class as usize].push(at);
                    }
                }
                None => self.gets.push(at),
            }
        }
        self.calls.iter_mut().for_each(|calls| calls.sort_unstable());
        for &get in &self.gets {
            let Op { act: Act::Get(mut node), call, ret, .. } = self.ops[get as usize] else {
                continue;
            };
            while node != NONE {
                let known = &mut self.strings.nodes[node as usize];
                known.gets.push((ret, call));
                node = known.parent;
            }
        }
    }

    pub(super) fn op(&self, at: u32) -> Op {
        self.ops[at as usize]
    }

    pub(super) fn node(&self, node: u32) -> &Node {
        &self.strings.nodes[node as usize]
    }

    /// The class of an update.
    pub(super) fn class(&self, at: u32) -> Option<u32> {
        match self.op(at).act {
            Act::Put(text) => Some(text),
            Act::Append(text) => Some(self.texts + text),
            Act::Get(_) => None,
        }
    }

    pub(super) fn is_put(&self, class: u32) -> bool {
        class < self.texts
    }

    /// The class of the last step to a node where a put began its string.
    pub(super) fn step(&self, node: u32) -> u32 {
        let Node { parent, text, .. } = *self.node(node);
        if parent == ROOT { text } else { self.texts + text }
    }

    /// The crashed update of a class with this number, if it was called before `event`.
    pub(super) fn crashed(&self, class: u32, nth: u32, event: u32) -> Option<u32> {
        let at = *self.crashed[class as usize].get(nth as usize)?;
        (self.op(at).call < event).then_some(at)
    }

    /// How many updates of a class were called before `event`, and how many of these crashed.
    pub(super) fn called(&self, class: u32, event: u32) -> Called {
        let calls = self.calls[class as usize].partition_point(|&call| call < event);
        let is_called = |&at: &u32| self.op(at).call < event;
        let crashed = self.crashed[class as usize].partition_point(is_called);
        Called { event, calls: calls as u32, crashed: crashed as u32 }
    }

    /// How many updates of a class are called from then on, and before `event`.
    pub(super) fn called_since(&self, class: u32, then: Called, event: u32) -> u32 {
        let calls = &self.calls[class as usize][then.calls as usize..];
        calls.iter().take_while(|&&call| call < event).count() as u32
    }

    /// Whether a get that is called from `event` on, and before `until`, sees a string that begins
    /// with that of `node`; looks at some that return next.
    pub(super) fn is_seen(&self, node: u32, event: u32, until: u32) -> bool {
        /// So many gets are looked at.
        const LOOKS: usize = 32;
        let gets = &self.node(node).gets;
        let next = gets.partition_point(|&(ret, _)| ret < event);
        gets[next..].iter().take(LOOKS).any(|&(_, call)| (event..until).contains(&call))
    }
}
