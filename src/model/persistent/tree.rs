//! A persistent map from 128-bit keys, in the order of the keys: a Patricia trie (Morrison 1968;
//! Okasaki and Gill 1998). Its shape depends on the keys alone, so that equal maps are equal
//! trees, and no path is longer than the 128 bits of a key, which bounds every recursion here.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::history::hash;

/// A map from keys to values.
#[derive(Clone)]
pub struct Tree<V> {
    root: Option<Arc<Node<V>>>,
    len: usize,
    /// The sum of the hashes of all entries.
    hash: u64,
}

enum Node<V> {
    Leaf(u128, V),
    /// Keys that differ first, from the top, at `bit`.
    Branch {
        bit: u32,
        zero: Arc<Node<V>>,
        one: Arc<Node<V>>,
    },
}

impl<V> Default for Tree<V> {
    fn default() -> Self {
        Tree { root: None, len: 0, hash: 0 }
    }
}

fn has_bit(key: u128, bit: u32) -> bool {
    key >> bit & 1 == 1
}

/// Spreads `n` over 64 bits (the finisher of splitmix64).
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// The part that an entry has in the hash of a map.
pub fn entry_hash<V: Hash>(key: u128, value: &V) -> u64 {
    // Products alone would leave sums that are equal by the keys, whatever the seed.
    mix(hash::of(&(key, value)))
}

impl<V: Clone + Eq + Hash> Tree<V> {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A hash of the entries: the sum of [`entry_hash`] over them.
    pub fn content_hash(&self) -> u64 {
        self.hash
    }

    /// The leaf whose key agrees with `key` longest.
    fn nearest(&self, key: u128) -> Option<(u128, V)> {
        let mut node = self.root.as_ref()?;
        loop {
            match &**node {
                Node::Leaf(key, value) => return Some((*key, value.clone())),
                Node::Branch { bit, zero, one } => {
                    node = if has_bit(key, *bit) { one } else { zero };
                }
            }
        }
    }

    /// The value of `key`.
    pub fn get(&self, key: u128) -> Option<V> {
        self.nearest(key).filter(|&(found, _)| found == key).map(|(_, value)| value)
    }

    /// The map in which `key` has `value`.
    #[must_use]
    pub fn insert(&self, key: u128, value: V) -> Self {
        let hash = self.hash.wrapping_add(entry_hash(key, &value));
        let (Some(root), Some((near, old))) = (&self.root, self.nearest(key)) else {
            return Tree { root: Some(Arc::new(Node::Leaf(key, value))), len: 1, hash };
        };
        if near == key {
            if old == value {
                return self.clone();
            }
            let root = Some(place(root, key, None, Arc::new(Node::Leaf(key, value))));
            return Tree { root, len: self.len, hash: hash.wrapping_sub(entry_hash(key, &old)) };
        }
        let bit = (near ^ key).ilog2();
        let leaf = Arc::new(Node::Leaf(key, value));
        Tree { root: Some(place(root, key, Some(bit), leaf)), len: self.len + 1, hash }
    }

    /// The map without `key`.
    #[must_use]
    pub fn remove(&self, key: u128) -> Self {
        let (Some(root), Some(old)) = (&self.root, self.get(key)) else { return self.clone() };
        let hash = self.hash.wrapping_sub(entry_hash(key, &old));
        Tree { root: without(root, key), len: self.len - 1, hash }
    }

    /// The least key.
    pub fn min(&self) -> Option<u128> {
        self.iter().next().map(|(key, _)| key)
    }

    /// The greatest key.
    pub fn max(&self) -> Option<u128> {
        let mut node = self.root.as_ref()?;
        loop {
            match &**node {
                Node::Leaf(key, _) => return Some(*key),
                Node::Branch { one, .. } => node = one,
            }
        }
    }

    /// The entries in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (u128, V)> {
        let mut open: Vec<&Arc<Node<V>>> = self.root.iter().collect();
        std::iter::from_fn(move || {
            let mut node = open.pop()?;
            loop {
                match &**node {
                    Node::Leaf(key, value) => return Some((*key, value.clone())),
                    Node::Branch { zero, one, .. } => {
                        open.push(one);
                        node = zero;
                    }
                }
            }
        })
    }
}

/// Puts `leaf` where its key branches off at bit `at`; without one, in the place of the leaf that
/// has its key.
fn place<V>(node: &Arc<Node<V>>, key: u128, at: Option<u32>, leaf: Arc<Node<V>>) -> Arc<Node<V>> {
    match (&**node, at) {
        (Node::Branch { bit, zero, one }, at) if at.is_none_or(|at| *bit > at) => {
            let (zero, one) = if has_bit(key, *bit) {
                (Arc::clone(zero), place(one, key, at, leaf))
            } else {
                (place(zero, key, at, leaf), Arc::clone(one))
            };
            Arc::new(Node::Branch { bit: *bit, zero, one })
        }
        (_, None) => leaf,
        (_, Some(bit)) => {
            let node = Arc::clone(node);
            let (zero, one) = if has_bit(key, bit) { (node, leaf) } else { (leaf, node) };
            Arc::new(Node::Branch { bit, zero, one })
        }
    }
}

/// The node without the leaf of `key`, which it has.
fn without<V>(node: &Arc<Node<V>>, key: u128) -> Option<Arc<Node<V>>> {
    let Node::Branch { bit, zero, one } = &**node else { return None };
    let (kept, changed) = if has_bit(key, *bit) { (zero, one) } else { (one, zero) };
    let Some(changed) = without(changed, key) else { return Some(Arc::clone(kept)) };
    let (zero, one) =
        if has_bit(key, *bit) { (Arc::clone(kept), changed) } else { (changed, Arc::clone(kept)) };
    Some(Arc::new(Node::Branch { bit: *bit, zero, one }))
}

fn same<V: Eq>(a: &Arc<Node<V>>, b: &Arc<Node<V>>) -> bool {
    if Arc::ptr_eq(a, b) {
        return true;
    }
    match (&**a, &**b) {
        (Node::Leaf(a, x), Node::Leaf(b, y)) => a == b && x == y,
        (
            Node::Branch { bit: a, zero: a0, one: a1 },
            Node::Branch { bit: b, zero: b0, one: b1 },
        ) => a == b && same(a0, b0) && same(a1, b1),
        _ => false,
    }
}

impl<V: Eq> PartialEq for Tree<V> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len
            && self.hash == other.hash
            && match (&self.root, &other.root) {
                (Some(a), Some(b)) => same(a, b),
                (a, b) => a.is_none() && b.is_none(),
            }
    }
}

impl<V: Eq> Eq for Tree<V> {}

impl<V> Hash for Tree<V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl<V: Clone + Eq + Hash + fmt::Debug> fmt::Debug for Tree<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn does_as_a_sorted_map_does(
            steps in prop::collection::vec((0..12u128, 0..4u32, any::<bool>()), 0..60)
        ) {
            let mut tree = Tree::default();
            let mut map = BTreeMap::new();
            for (n, value, high) in steps {
                let key = if high { n << 120 | 1 } else { n };
                if value == 0 {
                    tree = tree.remove(key);
                    map.remove(&key);
                } else {
                    tree = tree.insert(key, value);
                    map.insert(key, value);
                }
                prop_assert!(tree.iter().eq(map.iter().map(|(&k, &v)| (k, v))));
                prop_assert_eq!(tree.get(key), map.get(&key).copied());
                prop_assert_eq!(tree.len(), map.len());
                prop_assert_eq!(tree.min(), map.keys().next().copied());
                prop_assert_eq!(tree.max(), map.keys().next_back().copied());
                let fresh = map.iter().rev().fold(Tree::default(), |t, (&k, &v)| t.insert(k, v));
                prop_assert_eq!(&tree, &fresh);
                prop_assert_eq!(tree.hash, fresh.hash);
            }
        }
    }

    /// Hashes are a shortcut: what differs behind equal ones differs.
    #[test]
    fn equality_does_not_rest_on_hashes() {
        let tree = |entries: &[(u128, u32)]| {
            let tree = entries.iter().fold(Tree::default(), |tree, &(k, v)| tree.insert(k, v));
            Tree { hash: 7, ..tree }
        };
        let trees = [
            tree(&[(1, 1), (2, 2), (9, 3)]),
            tree(&[(1, 1), (2, 2), (9, 4)]),
            tree(&[(1, 5), (2, 2), (9, 3)]),
            tree(&[(1, 1), (2, 2), (8, 3)]),
            tree(&[(1, 1), (3, 2), (9, 3)]),
            tree(&[(1, 1), (2, 2), (40, 3)]),
            tree(&[(1, 1), (2, 2)]),
            tree(&[]),
        ];
        for (at, a) in trees.iter().enumerate() {
            for (other, b) in trees.iter().enumerate() {
                assert_eq!(a == b, at == other, "{a:?} {b:?}");
            }
        }
    }
}
