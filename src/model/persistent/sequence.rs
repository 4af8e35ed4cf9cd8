//! A persistent sequence of values that grows at its end and shrinks at both.
//!
//! Items form a list from the last to the first, each with a second link that jumps far ahead
//! (Myers 1983, "An applicative random-access stack"), so that any item is found in O(log n).
//! Taking the first item only shortens the window that the sequence looks through.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::polynomial::{POINT, Residue};
use crate::history::Value;

/// A sequence of values.
#[derive(Clone, Default)]
pub struct Sequence {
    last: Option<Arc<Node>>,
    len: u32,
    /// The sum of the items, each times the base to the power of how many come after it.
    hash: Residue,
}

struct Node {
    item: Value,
    /// How many items there are up to this one, in the list that it ends.
    depth: u32,
    before: Option<Arc<Node>>,
    jump: Option<Arc<Node>>,
}

fn depth(node: Option<&Arc<Node>>) -> u32 {
    node.map_or(0, |node| node.depth)
}

fn hash_of(item: Value) -> Residue {
    Residue::of(item.handle())
}

impl Sequence {
    /// How many items there are.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The sequence with `item` at its end.
    #[must_use]
    pub fn push(&self, item: Value) -> Self {
        let before = self.last.clone();
        let jump = before.as_ref().and_then(|last| {
            let far = last.jump.as_ref();
            let farther = far.and_then(|node| node.jump.as_ref());
            let even = last.depth - depth(far) == depth(far) - depth(farther);
            if even { farther.cloned() } else { Some(Arc::clone(last)) }
        });
        let node = Node { item, depth: depth(before.as_ref()) + 1, before, jump };
        Sequence {
            last: Some(Arc::new(node)),
            len: self.len + 1,
            hash: self.hash * POINT.base + hash_of(item),
        }
    }

    /// The last item.
    pub fn last(&self) -> Option<Value> {
        self.last.as_ref().map(|node| node.item)
    }

    /// The first item.
    pub fn first(&self) -> Option<Value> {
        self.get(0)
    }

    /// The item at `index`, from 0.
    pub fn get(&self, index: usize) -> Option<Value> {
        let index = u32::try_from(index).ok().filter(|&index| index < self.len)?;
        let mut at = self.last.as_ref()?;
        let wanted = at.depth - self.len + index + 1;
        while at.depth != wanted {
            at = match at.jump.as_ref() {
                Some(jump) if jump.depth >= wanted => jump,
                _ => at.before.as_ref()?,
            };
        }
        Some(at.item)
    }

    /// The sequence without its last item.
    #[must_use]
    pub fn without_last(&self) -> Self {
        let Some(last) = self.last.as_ref().filter(|_| self.len > 1) else {
            return Sequence::default();
        };
        let hash = (self.hash - hash_of(last.item)) * POINT.inverse;
        Sequence { last: last.before.clone(), len: self.len - 1, hash }
    }

    /// The sequence without its first item.
    #[must_use]
    pub fn without_first(&self) -> Self {
        let Some(first) = self.first().filter(|_| self.len > 1) else {
            return Sequence::default();
        };
        let weight = POINT.base.power(u64::from(self.len - 1));
        let hash = self.hash - hash_of(first) * weight;
        Sequence { last: self.last.clone(), len: self.len - 1, hash }
    }

    /// The items from the last to the first.
    pub fn backwards(&self) -> impl Iterator<Item = Value> {
        let nodes = std::iter::successors(self.last.as_ref(), |node| node.before.as_ref());
        nodes.take(self.len()).map(|node| node.item)
    }

    /// Whether the items from `from` on, at least as many as `items`, start with `items`.
    pub fn has_at(&self, from: usize, items: &[Value]) -> bool {
        let Some(after) = self.len().checked_sub(from).and_then(|n| n.checked_sub(items.len()))
        else {
            return false;
        };
        self.backwards().skip(after).zip(items.iter().rev()).all(|(a, &b)| a == b)
    }
}

impl FromIterator<Value> for Sequence {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        items.into_iter().fold(Sequence::default(), |sequence, item| sequence.push(item))
    }
}

impl PartialEq for Sequence {
    fn eq(&self, other: &Self) -> bool {
        if self.len != other.len || self.hash != other.hash {
            return false;
        }
        let (mut a, mut b) = (self.last.as_ref(), other.last.as_ref());
        for _ in 0..self.len {
            let (Some(x), Some(y)) = (a, b) else { return false };
            if Arc::ptr_eq(x, y) {
                return true;
            }
            if x.item != y.item {
                return false;
            }
            (a, b) = (x.before.as_ref(), y.before.as_ref());
        }
        true
    }
}

impl Eq for Sequence {}

impl Hash for Sequence {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash.get());
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut items: Vec<Value> = self.backwards().collect();
        items.reverse();
        f.debug_list().entries(items).finish()
    }
}

/// Drops a long list in a loop, where the compiler's own way would need a stack frame an item.
impl Drop for Node {
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(node) = next {
            // A node's jump leads to one that `before` keeps alive, so it never ends a life here.
            next = Arc::into_inner(node).and_then(|mut node| node.before.take());
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;
    use crate::history::ValueTable;

    fn value(n: i64) -> Value {
        ValueTable::small_int(n).unwrap()
    }

    proptest! {
        #[test]
        fn does_as_a_deque_does(steps in prop::collection::vec(0..9i64, 0..80)) {
            let mut sequence = Sequence::default();
            let mut deque = VecDeque::new();
            for step in steps {
                match step {
                    0 => {
                        sequence = sequence.without_first();
                        deque.pop_front();
                    }
                    1 => {
                        sequence = sequence.without_last();
                        deque.pop_back();
                    }
                    n => {
                        sequence = sequence.push(value(n));
                        deque.push_back(value(n));
                    }
                }
                let fresh: Sequence = deque.iter().copied().collect();
                prop_assert_eq!(&sequence, &fresh);
                prop_assert_eq!(sequence.hash, fresh.hash);
                prop_assert_eq!(sequence.first(), deque.front().copied());
                prop_assert_eq!(sequence.last(), deque.back().copied());
                prop_assert_eq!(sequence.is_empty(), deque.is_empty());
                for at in 0..=deque.len() {
                    prop_assert_eq!(sequence.get(at), deque.get(at).copied());
                }
                let items: Vec<Value> = deque.iter().copied().collect();
                for from in 0..=items.len() {
                    prop_assert!(sequence.has_at(from, &items[from..]));
                    prop_assert!(!sequence.has_at(from + 1, &items[from..]));
                }
            }
        }
    }

    #[test]
    fn a_long_one_is_dropped_without_overflow() {
        let long: Sequence = (0..300_000).map(|n| value(n % 7)).collect();
        assert_eq!(long.get(299_999), Some(value(299_999 % 7)));
    }

    #[test]
    fn order_matters() {
        let (ab, ba): (Sequence, Sequence) = (
            [value(1), value(2)].into_iter().collect(),
            [value(2), value(1)].into_iter().collect(),
        );
        assert_ne!(ab, ba);
    }

    /// Hashes are a shortcut: what differs behind equal ones differs.
    #[test]
    fn equality_does_not_rest_on_hashes() {
        let mut sequences = [[1, 2, 3], [1, 4, 3], [4, 2, 3], [1, 2, 4]]
            .map(|items| items.into_iter().map(value).collect::<Sequence>());
        for sequence in &mut sequences {
            sequence.hash = Residue::of(7);
        }
        for (at, a) in sequences.iter().enumerate() {
            for (other, b) in sequences.iter().enumerate() {
                assert_eq!(a == b, at == other, "{a:?} {b:?}");
            }
        }
        let shorter = Sequence { hash: Residue::of(7), ..sequences[0].without_first() };
        assert_ne!(shorter, sequences[0]);
    }
}
