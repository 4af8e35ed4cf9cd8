//! Finds and stores values by their content, and carries them from one table into another.
//!
//! The hash of a value depends on its content alone, not on the handles that its parts have in a
//! table: a value that comes from another table brings its hash along, and the index grows without
//! a look at the values.

use std::hash::{BuildHasher, Hasher};

use super::index::{Found, Index};
use super::{Kind, Node, Value, ValueTable};
use crate::hash::Seeded;
use crate::sort;

/// An index of fewer values is in the cache of a core anyway.
const CACHED: usize = 1 << 14;

/// A node with its content, as something to look up or to hash.
#[derive(Clone, Copy)]
pub(super) struct Probe<'a> {
    pub(super) kind: Kind,
    pub(super) start: u64,
    pub(super) items: &'a [Value],
    pub(super) text: &'a str,
}

/// The values of one table in another, as far as they were carried over, and room for the parts of
/// those that are being carried.
#[derive(Default)]
pub struct Translation {
    known: Vec<Value>,
    parts: Vec<Value>,
}

impl Translation {
    /// Forgets what was carried over: the values of `table` come next.
    pub fn begin(&mut self, table: &ValueTable) {
        self.known.clear();
        self.known.resize(table.len(), Value::NULL);
        self.parts.clear();
    }
}

impl ValueTable {
    /// The string `text` if the table already holds it.
    pub fn find_text(&self, text: &str) -> Option<Value> {
        let probe = Probe { kind: Kind::Text, start: 0, items: &[], text };
        let hash = probe.hash(&self.hashes, self.seed);
        match self.index.find(hash, |at| probe.is(&self.nodes, &self.bytes, &self.items, at)) {
            Found::Value(at) => Some(Value(at)),
            Found::Free(_) => None,
        }
    }

    #[inline]
    pub(super) fn intern(&mut self, kind: Kind, start: u64, items: &[Value], text: &str) -> Value {
        let probe = Probe { kind, start, items, text };
        let hash = probe.hash(&self.hashes, self.seed);
        self.intern_hashed(hash, probe)
    }

    fn intern_hashed(&mut self, hash: u32, probe: Probe<'_>) -> Value {
        if self.index.len() == self.index.capacity() {
            self.grow();
        }
        let Self { nodes, bytes, items, hashes, index, free, .. } = self;
        let slot = match index.find(hash, |at| probe.is(nodes, bytes, items, at)) {
            Found::Value(at) => return Value(at),
            Found::Free(slot) => slot,
        };
        let (start, len) = if probe.kind.is_textual() {
            let start = bytes.len();
            bytes.push_str(probe.text);
            (start as u64, probe.text.len() as u32)
        } else if probe.kind == Kind::Int {
            (probe.start, 0)
        } else {
            let start = items.len();
            items.extend_from_slice(probe.items);
            (start as u64, probe.items.len() as u32)
        };
        let at = free.pop().unwrap_or(nodes.len() as u32);
        let node = Node { kind: probe.kind, len, start };
        match nodes.get_mut(at as usize) {
            Some(free) => {
                *free = node;
                hashes[at as usize] = hash;
            }
            None => {
                nodes.push(node);
                hashes.push(hash);
            }
        }
        index.put(slot, hash, at);
        Value(at)
    }

    /// Makes the index twice as large.
    #[cold]
    fn grow(&mut self) {
        self.make_index(2 * self.index.len());
    }

    /// Makes the index anew, with room for so many values.
    pub(crate) fn make_index(&mut self, room: usize) {
        let Self { nodes, hashes, index, .. } = self;
        let mut other = Index::with_room(room);
        for at in Value::TRUE.0 + 1..nodes.len() as u32 {
            if nodes[at as usize].kind != Kind::Free {
                let hash = hashes[at as usize];
                if let Found::Free(slot) = other.find(hash, |_| false) {
                    other.put(slot, hash, at);
                }
            }
        }
        *index = other;
    }

    /// Makes room for `factor` times as many values as there are, or none where the system has not
    /// so much: a table that grows step by step is copied at each.
    #[doc(hidden)]
    pub fn reserve(&mut self, factor: f64) {
        fn more<T>(all: &[T], factor: f64) -> usize {
            (all.len() as f64 * (factor - 1.0)) as usize
        }
        let Self { nodes, bytes, items, hashes, index, .. } = self;
        let more_nodes = more(nodes, factor);
        let reserved = nodes
            .try_reserve_exact(more_nodes)
            .and_then(|()| hashes.try_reserve_exact(more_nodes))
            .and_then(|()| items.try_reserve_exact(more(items, factor)))
            .and_then(|()| bytes.try_reserve_exact(more(bytes.as_bytes(), factor)));
        let room = index.len() + more_nodes;
        if reserved.is_ok() && room > index.capacity() {
            self.make_index(room);
        }
    }

    /// Looks at where the values of `other` are in this table, or would be. Each look waits for
    /// memory, and none for another, so that carrying them over afterwards waits less.
    #[doc(hidden)]
    pub fn approach(&self, other: &ValueTable) {
        if self.index.len() < CACHED {
            return;
        }
        let mut seen = 0;
        for &hash in other.hashes.iter().skip(Value::TRUE.0 as usize + 1) {
            if let Some(at) = self.index.guess(hash) {
                seen ^= self.nodes[at as usize].len;
            }
        }
        std::hint::black_box(seen);
    }

    /// The same value in this table, for a `value` of the table `other`.
    pub fn import(&mut self, other: &ValueTable, value: Value) -> Value {
        self.carry(other, value, &mut [], &mut Vec::new())
    }

    /// The same value in this table, for a `value` of the table that `translation` was begun with.
    /// Each value of that is looked up once, with all that it consists of.
    #[doc(hidden)]
    #[inline]
    pub fn translate(
        &mut self,
        other: &ValueTable,
        value: Value,
        translation: &mut Translation,
    ) -> Value {
        self.carry(other, value, &mut translation.known, &mut translation.parts)
    }

    /// The same value in this table; `known` are the values of `other` that were carried before, by
    /// their handles, or none are.
    fn carry(
        &mut self,
        other: &ValueTable,
        value: Value,
        known: &mut [Value],
        parts: &mut Vec<Value>,
    ) -> Value {
        if !value.is_stored() {
            return value;
        }
        if other.is_packed(value) {
            let base = parts.len();
            for &item in other.packed.items(value).unwrap_or_default() {
                let item = self.carry(other, item, known, parts);
                parts.push(item);
            }
            let carried = self.intern(Kind::List, 0, &parts[base..], "");
            parts.truncate(base);
            return carried;
        }
        let at = value.0 as usize;
        if let Some(&carried) = known.get(at).filter(|carried| !carried.is_null()) {
            return carried;
        }
        let hash = other.hashes[at];
        let probe = probe_of(&other.nodes, &other.bytes, &other.items, value.0);
        let carried = if probe.items.iter().any(|item| item.is_stored()) {
            let base = parts.len();
            for &item in probe.items {
                // Depth is bounded by MAX_DEPTH: parsers refuse deeper values.
                let item = self.carry(other, item, known, parts);
                parts.push(item);
            }
            arrange(probe.kind, &mut parts[base..]);
            let carried = self.intern_hashed(hash, Probe { items: &parts[base..], ..probe });
            parts.truncate(base);
            carried
        } else {
            self.intern_hashed(hash, probe)
        };
        if let Some(slot) = known.get_mut(at) {
            *slot = carried;
        }
        carried
    }
}

/// Puts the items of a set or a map into the order of their handles.
fn arrange(kind: Kind, items: &mut [Value]) {
    if kind == Kind::Set {
        items.sort_unstable();
    } else if kind == Kind::Map {
        let mut pairs: Vec<_> = items.chunks_exact(2).map(|p| (p[0], p[1])).collect();
        sort::by(&mut pairs, |&pair| pair);
        for (entry, pair) in items.chunks_exact_mut(2).zip(pairs) {
            (entry[0], entry[1]) = pair;
        }
    }
}

impl Probe<'_> {
    /// The hash of the content; `hashes` are those of the items' table. O(items and bytes).
    #[inline]
    pub(super) fn hash(&self, hashes: &[u32], seed: Seeded) -> u32 {
        let mut hasher = seed.build_hasher();
        hasher.write_u64((self.items.len() as u64) << 8 | self.kind as u64);
        match self.kind {
            Kind::Int => hasher.write_u64(self.start),
            kind if kind.is_textual() => hasher.write(self.text.as_bytes()),
            // In another table, their items may be in another order.
            Kind::Set => hasher.write_u64(sum(self.items.chunks_exact(1), hashes, seed)),
            Kind::Map => hasher.write_u64(sum(self.items.chunks_exact(2), hashes, seed)),
            _ => write_items(&mut hasher, self.items, hashes),
        }
        let hash = hasher.finish();
        hash as u32 ^ (hash >> 32) as u32
    }

    #[inline]
    pub(super) fn is(&self, nodes: &[Node], bytes: &str, items: &[Value], at: u32) -> bool {
        let other = probe_of(nodes, bytes, items, at);
        // Empty texts must not reach memcmp: on a dangling pointer, its masked load costs hundreds
        // of cycles even for no bytes.
        self.kind == other.kind
            && self.items == other.items
            && self.text.len() == other.text.len()
            && (self.text.is_empty() || self.text == other.text)
            && (self.kind != Kind::Int || self.start == other.start)
    }
}

/// Hashes items in their order.
#[inline]
fn write_items(hasher: &mut impl Hasher, items: &[Value], hashes: &[u32]) {
    // An item that is stored counts as its hash, any other as itself.
    let code = |item: Value| match item.is_stored() {
        true => hashes[item.0 as usize],
        false => item.0,
    };
    let word = |items: &[Value]| {
        items.iter().rev().fold(0, |word: u128, &item| word << 32 | u128::from(code(item)))
    };
    // As wide numbers, which are mixed one by one: of others, the hasher gathers several first, and
    // counts them.
    let mut fours = items.chunks_exact(4);
    fours.by_ref().for_each(|four| hasher.write_u128(word(four)));
    if !fours.remainder().is_empty() {
        hasher.write_u128(word(fours.remainder()));
    }
}

/// The sum of the hashes of `entries`, which does not depend on their order. Sums of products can
/// be equal for all seeds, so that each is hashed once more.
fn sum<'a>(entries: impl Iterator<Item = &'a [Value]>, hashes: &[u32], seed: Seeded) -> u64 {
    let hash = |entry: &[Value]| {
        let mut hasher = seed.build_hasher();
        write_items(&mut hasher, entry, hashes);
        seed.hash_one(hasher.finish())
    };
    entries.map(hash).fold(0, u64::wrapping_add)
}

#[inline]
pub(super) fn probe_of<'a>(
    nodes: &[Node],
    bytes: &'a str,
    items: &'a [Value],
    at: u32,
) -> Probe<'a> {
    let Node { kind, len, start } = nodes[at as usize];
    let range = start as usize..start as usize + len as usize;
    if kind.is_textual() {
        Probe { kind, start: 0, items: &[], text: &bytes[range] }
    } else if matches!(kind, Kind::Null | Kind::Bool | Kind::Int | Kind::Free) {
        Probe { kind, start, items: &[], text: "" }
    } else {
        Probe { kind, start: 0, items: &items[range], text: "" }
    }
}
