//! Which nodes keep the copies of a key.

use super::knobs::{Knobs, Placement};
use super::origin::Host;

/// How many answers are enough: so many of the nodes of one set, and so many of those of another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Quorum {
    /// The sets, as bits, with how many of each.
    groups: [(u64, u32); 2],
}

impl Quorum {
    /// Whether these nodes, as bits, are enough.
    pub(super) fn is_met(&self, answered: u64) -> bool {
        self.groups.iter().all(|&(nodes, needed)| (answered & nodes).count_ones() >= needed)
    }
}

/// Where the copies are, and while members change, also where they are going to be: then a quorum
/// is one of both (Lynch and Shvartsman 2002).
pub(super) struct Places {
    now: Map,
    next: Option<Map>,
}

impl Places {
    /// By the knobs, with these nodes as members.
    pub(super) fn new(knobs: &Knobs, members: &[Host]) -> Places {
        Places { now: Map::new(knobs, members), next: None }
    }

    /// How many copies of each key there are.
    pub(super) fn copies(&self) -> usize {
        self.now.copies
    }

    /// The nodes that have copies of `key`, or are going to have some; the first of them first.
    pub(super) fn owners(&self, key: u32) -> Vec<Host> {
        let mut owners = self.now.owners(key);
        if let Some(next) = &self.next {
            let new = next.owners(key).into_iter().filter(|host| !owners.contains(host));
            let new: Vec<Host> = new.collect();
            owners.extend(new);
        }
        owners
    }

    /// A quorum of the copies of `key`, of the size that `size` gives for a number of copies.
    pub(super) fn quorum(&self, key: u32, size: impl Fn(usize) -> usize) -> Quorum {
        let group = |map: &Map| {
            let owners = map.owners(key);
            let nodes = owners.iter().fold(0_u64, |nodes, &host| nodes | (1 << host));
            (nodes, size(owners.len()) as u32)
        };
        let next = self.next.as_ref().map_or((0, 0), group);
        Quorum { groups: [group(&self.now), next] }
    }

    /// Begins to change to where the copies are with other members.
    pub(super) fn begin_change(&mut self, knobs: &Knobs, members: &[Host]) {
        self.next = Some(Map::new(knobs, members));
    }

    /// Ends the change.
    pub(super) fn end_change(&mut self) {
        if let Some(next) = self.next.take() {
            self.now = next;
        }
    }
}

/// Where the copies are with certain members.
struct Map {
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

impl Map {
    fn new(knobs: &Knobs, members: &[Host]) -> Map {
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
        Map { placement: knobs.placement, nodes, copies, ring }
    }

    fn owners(&self, key: u32) -> Vec<Host> {
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
    fn a_quorum_is_one_of_the_old_and_of_the_new_nodes() {
        let knobs = Knobs {
            nodes: 9,
            copies: 3,
            placement: Placement::Ring,
            virtual_nodes: 1,
            ..Knobs::default()
        };
        let mut places = Places::new(&knobs, &[0, 1, 2]);
        let majority = |copies| copies / 2 + 1;
        assert!(places.quorum(5, majority).is_met(0b011));
        assert!(!places.quorum(5, majority).is_met(0b1001));
        places.begin_change(&knobs, &[0, 3, 4]);
        let quorum = places.quorum(5, majority);
        assert!(!quorum.is_met(0b00111));
        assert!(!quorum.is_met(0b01001));
        assert!(quorum.is_met(0b01011));
        assert_eq!(places.owners(5).len(), 5);
        places.end_change();
        assert!(places.quorum(5, majority).is_met(0b11000));
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
