//! How a breadth-first search came to where it is: a tree of moves, divided like its layers.

use super::automaton::StateId;
use super::walker::Move;
use crate::history::position;

/// Parts that each layer and its nodes are divided into, by hash.
pub(super) const SHARDS: usize = 16;

position! {
    /// The number of a node: its position in its shard times the number of shards, plus its shard.
    pub(super) struct NodeId;
}

impl NodeId {
    /// No node: before the first.
    pub(super) const NONE: NodeId = NodeId::MAX;

    #[inline]
    const fn at(position: usize, shard: usize) -> NodeId {
        NodeId::new(position * SHARDS + shard)
    }

    #[inline]
    const fn position(self) -> usize {
        self.index() / SHARDS
    }

    #[inline]
    const fn shard(self) -> usize {
        self.index() % SHARDS
    }
}

/// A move, and the node of the configuration that it started from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) parent: NodeId,
    pub(super) by: Move,
    /// The state right after it.
    pub(super) state: StateId,
}

/// One shard's nodes.
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
    pub(super) fn push(&mut self, node: Node, own: usize) -> NodeId {
        if !self.kept {
            return NodeId::NONE;
        }
        self.nodes.push(node);
        NodeId::at(self.nodes.len() - 1, own)
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

/// Marks a node that stays, until it gets its new number.
const REACHED: NodeId = NodeId::new(0);

/// Drops all nodes from which no tip descends, and renumbers the tips.
pub(super) fn sweep(shards: &mut [Nodes], tips: &mut [&mut NodeId]) {
    let mut new: Vec<Vec<NodeId>> =
        shards.iter().map(|own| vec![NodeId::NONE; own.nodes.len()]).collect();
    for tip in tips.iter() {
        let mut at = **tip;
        while at != NodeId::NONE {
            let mark = &mut new[at.shard()][at.position()];
            if *mark == REACHED {
                break;
            }
            *mark = REACHED;
            at = shards[at.shard()].nodes[at.position()].parent;
        }
    }
    for (own, marks) in new.iter_mut().enumerate() {
        for (next, mark) in marks.iter_mut().filter(|mark| **mark == REACHED).enumerate() {
            *mark = NodeId::at(next, own);
        }
    }
    let renumber = |at: &mut NodeId| {
        if *at != NodeId::NONE {
            *at = new[at.shard()][at.position()];
        }
    };
    tips.iter_mut().for_each(|tip| renumber(tip));
    for (own, marks) in shards.iter_mut().zip(&new) {
        let mut marks = marks.iter();
        own.nodes.retain(|_| marks.next().is_some_and(|&mark| mark != NodeId::NONE));
        own.nodes.iter_mut().for_each(|node| renumber(&mut node.parent));
        own.swept = own.nodes.len();
    }
}

/// The moves from the start to the node `last`, of one shard.
pub(super) fn moves_to(nodes: &Nodes, last: NodeId) -> Vec<Move> {
    let mut moves = Vec::new();
    let mut at = last;
    while at != NodeId::NONE {
        let node = nodes.nodes[at.position()];
        moves.push(node.by);
        at = node.parent;
    }
    moves.reverse();
    moves
}

/// The moves from the start to `end`.
pub(super) fn moves(shards: &[&Nodes], end: Node) -> Vec<(Move, StateId)> {
    let mut moves = vec![(end.by, end.state)];
    let mut at = end.parent;
    while at != NodeId::NONE {
        let node = shards[at.shard()].nodes[at.position()];
        moves.push((node.by, node.state));
        at = node.parent;
    }
    moves.reverse();
    moves
}
