//! A trie of observed sequences: the states that some operation of a history can tell apart, where
//! a state is a string or a log and operations see all of it.

use std::hash::Hash;

use crate::history::hash::Map;

/// Sequences of symbols that share their beginnings; a node stands for one beginning.
#[derive(Clone)]
pub struct Trie<S> {
    nodes: Vec<Node<S>>,
    /// All children but the first of each node, which are few.
    others: Map<(u32, S), u32>,
}

#[derive(Clone)]
struct Node<S> {
    /// How long the beginning is.
    depth: u32,
    parent: u32,
    /// The last symbol of the beginning.
    symbol: Option<S>,
    first_child: Option<(S, u32)>,
}

impl<S: Copy + Eq + Hash> Default for Trie<S> {
    fn default() -> Self {
        let root = Node { depth: 0, parent: Self::ROOT, symbol: None, first_child: None };
        Trie { nodes: vec![root], others: Map::default() }
    }
}

impl<S: Copy + Eq + Hash> Trie<S> {
    /// The node of the empty sequence.
    pub const ROOT: u32 = 0;

    /// How long the beginning is that `node` stands for.
    pub fn depth(&self, node: u32) -> u32 {
        self.nodes[node as usize].depth
    }

    /// The node one `symbol` below `node`, if a sequence goes there.
    #[inline]
    pub fn child(&self, node: u32, symbol: S) -> Option<u32> {
        match self.nodes[node as usize].first_child {
            Some((first, child)) if first == symbol => Some(child),
            Some(_) => self.others.get(&(node, symbol)).copied(),
            None => None,
        }
    }

    /// The node `symbols` below `node`, if a sequence goes there.
    pub fn walk(&self, node: u32, symbols: impl IntoIterator<Item = S>) -> Option<u32> {
        symbols.into_iter().try_fold(node, |node, symbol| self.child(node, symbol))
    }

    /// Whether `start` stands for a beginning of what `node` stands for.
    pub fn leads(&self, start: u32, node: u32) -> bool {
        let mut at = node;
        while self.depth(at) > self.depth(start) {
            at = self.nodes[at as usize].parent;
        }
        at == start
    }

    /// The symbol at the place `at` of the beginning that `node` stands for, if it is so long.
    pub fn symbol(&self, node: u32, at: u32) -> Option<S> {
        let mut here = &self.nodes[node as usize];
        let depth = at.checked_add(1)?;
        while here.depth > depth {
            here = &self.nodes[here.parent as usize];
        }
        here.symbol.filter(|_| here.depth == depth)
    }

    /// Adds a sequence. Returns its node.
    pub fn insert(&mut self, symbols: impl IntoIterator<Item = S>) -> u32 {
        let mut node = Self::ROOT;
        for symbol in symbols {
            node = match self.child(node, symbol) {
                Some(child) => child,
                None => self.add_child(node, symbol),
            };
        }
        node
    }

    fn add_child(&mut self, node: u32, symbol: S) -> u32 {
        // An input of 4 GiB of observed text does not come this far.
        let child = self.nodes.len() as u32;
        let parent = &mut self.nodes[node as usize];
        let depth = parent.depth + 1;
        if parent.first_child.is_none() {
            parent.first_child = Some((symbol, child));
        } else {
            self.others.insert((node, symbol), child);
        }
        self.nodes.push(Node { depth, parent: node, symbol: Some(symbol), first_child: None });
        child
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_shared_and_strangers_are_told() {
        let mut trie = Trie::default();
        let abc = trie.insert(*b"abc");
        let abd = trie.insert(*b"abd");
        let ab = trie.walk(Trie::<u8>::ROOT, *b"ab");
        assert_eq!(ab.and_then(|ab| trie.child(ab, b'c')), Some(abc));
        assert_eq!(ab.and_then(|ab| trie.child(ab, b'd')), Some(abd));
        assert_eq!(trie.walk(Trie::<u8>::ROOT, *b"b"), None);
        assert_eq!(trie.depth(abd), 3);
        assert!(ab.is_some_and(|ab| trie.leads(ab, abd) && !trie.leads(abd, ab)));
        assert!(!trie.leads(abc, abd));
        let symbols: Vec<_> = (0..4).map(|at| trie.symbol(abd, at)).collect();
        assert_eq!(symbols, [Some(b'a'), Some(b'b'), Some(b'd'), None]);
        assert_eq!(trie.symbol(Trie::<u8>::ROOT, 0), None);
        assert_eq!(trie.insert(*b"ab"), ab.unwrap_or(u32::MAX));
    }
}
