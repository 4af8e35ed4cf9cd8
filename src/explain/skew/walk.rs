//! The nodes that a search has still to look at, and which is next: that with the smallest offsets,
//! so that the first found are the smallest.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::bounds::Bounds;

/// So many bytes of bounds may wait.
const ROOM: usize = 1 << 28;

/// What comes first: small offsets, then what is further on, then what is older.
type Rank = Reverse<(i64, Reverse<u32>, usize)>;

/// A way through the nodes below a root. It may be left and taken up again.
pub(super) struct Walk {
    /// Offsets that differ by more are not wanted.
    most: i64,
    /// So many nodes may wait.
    room: usize,
    heap: BinaryHeap<Rank>,
    /// Each with its depth, while it waits.
    nodes: Vec<Option<(Bounds, u32)>>,
}

impl Walk {
    /// All offsets that keep the bounds of `root`.
    pub(super) fn new(root: Bounds) -> Walk {
        let room = ROOM / (root.groups().pow(2) * size_of::<i64>()).max(1);
        let (heap, nodes) = (BinaryHeap::new(), Vec::new());
        let mut walk = Walk { most: i64::MAX, room, heap, nodes };
        walk.push(root, 0);
        walk
    }

    /// Those that differ by more than `most` are not wanted any more.
    pub(super) fn limit(&mut self, most: i64) {
        self.most = self.most.min(most);
    }

    /// By how much offsets may differ.
    pub(super) fn most(&self) -> i64 {
        self.most
    }

    /// Whether more nodes may wait.
    pub(super) fn has_room(&self) -> bool {
        self.heap.len() < self.room
    }

    /// Adds a node.
    pub(super) fn push(&mut self, bounds: Bounds, depth: u32) {
        let spread = bounds.spread();
        if spread <= self.most {
            let at = self.nodes.len();
            self.heap.push(Reverse((spread, Reverse(depth), at)));
            self.nodes.push(Some((bounds, depth)));
        }
    }

    /// The next node, with its depth.
    pub(super) fn pop(&mut self) -> Option<(Bounds, u32)> {
        let Reverse((_, _, at)) = self.heap.pop()?;
        self.nodes[at].take()
    }
}
