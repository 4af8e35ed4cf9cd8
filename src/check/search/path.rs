//! How a breadth-first search came to where it is: a tree of moves, divided like its layers.

use super::automaton::StateId;
use super::walker::Move;

/// Parts that each layer and its nodes are divided into, by hash.
pub(super) const SHARDS: usize = 16;

/// No node: before the first.
pub(super) const NO_NODE: u32 = u32::MAX;

/// A move, and the node of the configuration that it started from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) parent: u32,
    pub(super) by: Move,
    /// The state right after it.
    pub(super) state: StateId,
}

/// One shard's nodes. A node's number is its position times the number of shards, plus its shard.
#[derive(Default)]
pub(super) struct Nodes {
    nodes: Vec<Node>,
    kept: bool,
    /// How many there were after the latest sweep.
    swept: usize,
}

/// With fewer nodes than this in a shard, none are swept.
const FEW: usize = 1 << 14;

impl Nodes {
    /// No nodes; they are kept only if asked for.
    pub(super) fn new(kept: bool) -> Self {
        Nodes { nodes: Vec::new(), kept, swept: 0 }
    }

    /// Adds a node of the shard `own`, and returns its number.
    pub(super) fn push(&mut self, node: Node, own: usize) -> u32 {
        if !self.kept {
            return NO_NODE;
        }
        self.nodes.push(node);
        ((self.nodes.len() - 1) * SHARDS + own) as u32
    }

    /// Whether most nodes may lead nowhere.
    pub(super) fn is_overgrown(&self) -> bool {
        self.nodes.len() > 2 * self.swept + FEW
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
    }
}

/// Drops all nodes from which no tip descends, and renumbers the tips.
pub(super) fn sweep(shards: &mut [Nodes], tips: &mut [&mut u32]) {
    let mut new: Vec<Vec<u32>> = shards.iter().map(|own| vec![NO_NODE; own.nodes.len()]).collect();
    for tip in tips.iter() {
        let mut at = **tip;
        while at != NO_NODE {
            let mark = &mut new[at as usize % SHARDS][at as usize / SHARDS];
            if *mark == 0 {
                break;
            }
            *mark = 0;
            at = shards[at as usize % SHARDS].nodes[at as usize / SHARDS].parent;
        }
    }
    for (own, marks) in new.iter_mut().enumerate() {
        for (next, mark) in marks.iter_mut().filter(|mark| **mark == 0).enumerate() {
            *mark = (next * SHARDS + own) as u32;
        }
    }
    let renumber = |at: &mut u32| {
        if *at != NO_NODE {
            *at = new[*at as usize % SHARDS][*at as usize / SHARDS];
        }
    };
    tips.iter_mut().for_each(|tip| renumber(tip));
    for (own, marks) in shards.iter_mut().zip(&new) {
        let mut marks = marks.iter();
        own.nodes.retain(|_| marks.next().is_some_and(|&mark| mark != NO_NODE));
        own.nodes.iter_mut().for_each(|node| renumber(&mut node.parent));
        own.swept = own.nodes.len();
    }
}

/// The moves from the start to `end`.
pub(super) fn moves(shards: &[&Nodes], end: Node) -> Vec<(Move, StateId)> {
    let mut moves = vec![(end.by, end.state)];
    let mut at = end.parent;
    while at != NO_NODE {
        let node = shards[at as usize % SHARDS].nodes[at as usize / SHARDS];
        moves.push((node.by, node.state));
        at = node.parent;
    }
    moves.reverse();
    moves
}
