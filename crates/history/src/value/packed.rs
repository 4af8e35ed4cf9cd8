//! Lists of micro-operations, one behind the other and not interned: a large history of whole
//! transactions has tens of millions of micro-operations, hardly two of them equal, so that looking
//! each up would take more time and memory than all the rest.
//!
//! A micro-operation, `[name key value]`, and a list of them are values like others: their handles
//! follow from where they are. Lists that are equal share a handle, since operations are compared.
//! But two micro-operations may be equal and have different handles, and so may a list and one that
//! is interned. What becomes a part of another value is interned first.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher};
use std::ops::Range;
use std::sync::OnceLock;

use super::index::{Found, Index};
use super::{Shape, Value, ValueTable};
use crate::hash::Seeded;

/// The handle of the first micro-operation. No table interns so many values: they would take
/// 16 GiB.
const MICROS: u32 = 1 << 29;
/// The handle of the first list; those above belong to integers.
const LISTS: u32 = 1 << 30;
/// The handle behind the last list.
const END: u32 = 1 << 31;

/// The packed lists of a table.
#[derive(Clone, Default)]
pub(super) struct Packed {
    micros: Vec<[Value; 3]>,
    /// Where each list ends among the micro-operations.
    ends: Vec<u32>,
    /// The handles of all micro-operations, once somebody asked for the items of a list.
    handles: OnceLock<Vec<Value>>,
    /// The first of the lists that are equal, by their hashes.
    index: Index,
}

impl Packed {
    /// Whether nothing is packed.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the memory that it takes, in bytes.
    pub(super) fn heap_bytes(&self) -> usize {
        let handles = self.handles.get().map_or(0, Vec::capacity);
        self.micros.capacity() * size_of::<[Value; 3]>()
            + self.ends.capacity() * size_of::<u32>()
            + handles * size_of::<Value>()
            + self.index.heap_bytes()
    }

    /// Returns where the micro-operations of the list `value` are, if it is one.
    #[inline]
    fn list(&self, value: Value) -> Option<Range<usize>> {
        let at = value.0.checked_sub(LISTS)? as usize;
        let end = *self.ends.get(at)? as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        Some(start..end)
    }

    /// Returns the micro-operations of the list with this handle.
    #[inline]
    fn micros(&self, list: u32) -> &[[Value; 3]] {
        self.list(Value(list)).map_or(&[], |range| &self.micros[range])
    }

    /// Returns the first list that is equal to the one with this handle. O(its length) expected.
    fn first_equal(&mut self, list: u32, seed: Seeded) -> Value {
        let own = self.micros(list);
        let mut hasher = seed.build_hasher();
        hasher.write_u64(own.len() as u64);
        for &[name, key, value] in own {
            let [name, key, value] = [name, key, value].map(|part| u128::from(part.0));
            hasher.write_u128(name << 64 | key << 32 | value);
        }
        let hash = hasher.finish();
        let hash = hash as u32 ^ (hash >> 32) as u32;
        match self.index.find(hash, |other| self.micros(other) == own) {
            Found::Value(first) => Value(first),
            Found::Free(slot) => {
                self.index.put(slot, hash, list);
                Value(list)
            }
        }
    }

    /// Makes room in the index for `more` lists.
    fn make_room(&mut self, more: usize, seed: Seeded) {
        let (all, room) = (self.ends.len(), self.index.len() + more);
        if room <= self.index.capacity() {
            return;
        }
        self.index = Index::with_room(room.max(2 * self.index.len()));
        for list in 0..all as u32 {
            self.first_equal(LISTS + list, seed);
        }
    }

    /// Returns the items of the list or the micro-operation `value`, if it is one.
    pub(super) fn items(&self, value: Value) -> Option<&[Value]> {
        if let Some(range) = self.list(value) {
            let handles = self.handles.get_or_init(|| {
                (0..self.micros.len() as u32).map(|at| Value(MICROS + at)).collect()
            });
            return Some(&handles[range]);
        }
        let at = value.0.checked_sub(MICROS)? as usize;
        Some(self.micros.get(at)?.as_slice())
    }

    /// Returns what `value` is.
    pub(super) fn shape(&self, value: Value) -> Shape<'_> {
        self.items(value).map_or(Shape::Null, Shape::List)
    }
}

#[doc(hidden)]
impl ValueTable {
    /// Adds lists of micro-operations `[name key value]`; `ends` are where each of them ends in
    /// `micros`, ascending. Returns the lists; none if there are too many. O(size) expected.
    pub fn pack(&mut self, micros: Vec<[Value; 3]>, ends: Vec<u32>) -> Option<Vec<Value>> {
        let (packed, count) = (&mut self.packed, ends.len());
        let has_room = packed.micros.len() + micros.len() <= (LISTS - MICROS) as usize
            && packed.ends.len() + count <= (END - LISTS) as usize
            && self.nodes.len() <= MICROS as usize;
        if !has_room {
            return None;
        }
        packed.handles.take();
        packed.make_room(count, self.seed);
        let first = LISTS + packed.ends.len() as u32;
        if packed.micros.is_empty() {
            packed.micros = micros;
        } else {
            packed.micros.extend_from_slice(&micros);
        }
        let base = packed.ends.last().copied().unwrap_or(0);
        packed.ends.extend(ends.into_iter().map(|end| base + end));
        let lists = first..first + count as u32;
        Some(lists.map(|list| packed.first_equal(list, self.seed)).collect())
    }

    /// Returns the micro-operations of a packed list; `None` if `value` is another.
    #[inline]
    pub fn packed(&self, value: Value) -> Option<&[[Value; 3]]> {
        if value.0 >= END {
            return None;
        }
        Some(&self.packed.micros[self.packed.list(value)?])
    }

    /// Returns how many micro-operations are packed.
    pub fn packed_len(&self) -> usize {
        self.packed.micros.len()
    }

    /// Whether `value` is packed.
    #[inline]
    pub(super) fn is_packed(&self, value: Value) -> bool {
        (MICROS..END).contains(&value.0) && value.0 as usize >= self.nodes.len()
    }

    /// Returns the parts of a value, those that are packed interned.
    #[inline]
    pub(super) fn unpacked<'i>(&mut self, items: &'i [Value]) -> Cow<'i, [Value]> {
        if self.packed.is_empty() || !items.iter().any(|&item| self.is_packed(item)) {
            return Cow::Borrowed(items);
        }
        items.iter().map(|&item| self.unpack(item)).collect()
    }

    /// Returns the interned value that equals `value`.
    #[inline]
    pub(super) fn unpack(&mut self, value: Value) -> Value {
        if !self.is_packed(value) {
            return value;
        }
        let items = self.packed.items(value).map(<[Value]>::to_vec).unwrap_or_default();
        // Lists of lists of values: no deeper.
        let items: Vec<Value> = items.into_iter().map(|item| self.unpack(item)).collect();
        self.list(&items)
    }
}
