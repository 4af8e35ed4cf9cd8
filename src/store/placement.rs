//! Which nodes keep the copies of a key.

use super::knobs::{Knobs, Placement};
use super::message::Host;

/// Where the copies are.
pub(super) struct Places {
    placement: Placement,
    nodes: usize,
    copies: usize,
    /// The ring: a hash and the node that stands there, in order.
    ring: Vec<(u64, Host)>,
}

/// A hash of 64 bits whose every bit depends on every bit of the input: the finalizer of
/// SplitMix64 (Steele, Lea and Flood 2014).
fn hash(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl Places {
    /// By the knobs, with these nodes as members of the ring.
    pub(super) fn new(knobs: &Knobs, members: &[Host]) -> Places {
        let nodes = knobs.nodes as usize;
        let mut ring = Vec::new();
        if knobs.placement == Placement::Ring {
            for &host in members {
                let place = |at| (hash((u64::from(host) << 32) | u64::from(at)), host);
                ring.extend((0..knobs.virtual_nodes).map(place));
            }
            ring.sort_unstable();
        }
        let most = if knobs.placement == Placement::Ring { members.len() } else { nodes };
        let copies = if knobs.copies == 0 { most } else { most.min(knobs.copies as usize) };
        Places { placement: knobs.placement, nodes, copies, ring }
    }

    /// How many copies of each key there are.
    pub(super) fn copies(&self) -> usize {
        self.copies
    }

    /// The nodes that have copies of `key`, the first of them first.
    pub(super) fn owners(&self, key: u32) -> Vec<Host> {
        match self.placement {
            Placement::First => (0..self.copies as Host).collect(),
            Placement::Modulo => {
                let first = key as usize % self.nodes;
                (first..first + self.copies).map(|at| (at % self.nodes) as Host).collect()
            }
            Placement::Ring => self.clockwise(hash(u64::from(key) | (1 << 63))),
        }
    }

    /// The first nodes from a place of the ring on.
    fn clockwise(&self, from: u64) -> Vec<Host> {
        let start = self.ring.partition_point(|place| place.0 < from);
        let mut owners: Vec<Host> = Vec::with_capacity(self.copies);
        for &(_, host) in self.ring[start..].iter().chain(&self.ring[..start]) {
            if owners.len() == self.copies {
                break;
            }
            if !owners.contains(&host) {
                owners.push(host);
            }
        }
        owners
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(placement: Placement, members: &[Host]) -> Places {
        let knobs = Knobs { nodes: 9, copies: 3, placement, ..Knobs::default() };
        Places::new(&knobs, members)
    }

    #[test]
    fn every_key_has_its_copies_on_different_nodes() {
        let all: Vec<Host> = (0..9).collect();
        for placement in [Placement::First, Placement::Modulo, Placement::Ring] {
            let places = places(placement, &all);
            for key in 0..1000 {
                let mut owners = places.owners(key);
                owners.sort_unstable();
                owners.dedup();
                assert_eq!(owners.len(), 3);
            }
        }
    }

    #[test]
    fn a_ring_shares_keys_out_and_moves_few_when_a_node_joins() {
        let (before, after) = (
            places(Placement::Ring, &[0, 1, 2, 3, 4, 5, 6, 7]),
            places(Placement::Ring, &[0, 1, 2, 3, 4, 5, 6, 7, 8]),
        );
        let mut share = [0; 9];
        let mut moved = 0;
        for key in 0..3000 {
            let (old, new) = (before.owners(key), after.owners(key));
            new.iter().for_each(|&host| share[usize::from(host)] += 1);
            moved += new.iter().filter(|host| !old.contains(host)).count();
            assert!(new.iter().all(|host| old.contains(host) || *host == 8), "only the new one");
        }
        assert!(share.iter().all(|&keys| (400..1800).contains(&keys)), "{share:?}");
        assert!((400..1800).contains(&moved), "{moved}");
    }
}
