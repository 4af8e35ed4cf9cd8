//! Finds the stored values by their hashes.
//!
//! A look-up mostly waits for memory. Here, it waits once: a slot has the hash and the handle side
//! by side, and where there is no such value, the slot that it will have is the one that says so.

use crate::hash::spread;

/// Handles by the hashes of their values; collisions take the next free slot (linear probing).
#[derive(Clone, Default)]
pub(crate) struct Index {
    /// A hash and, in the lower half, the handle; 0 is free, since no value that every table has is
    /// stored here. Their number is a power of two, or 0.
    slots: Vec<u64>,
    len: usize,
}

/// What a look-up finds.
pub(super) enum Found {
    /// The handle.
    Value(u32),
    /// No value, and the slot that it may get.
    Free(usize),
}

impl Index {
    /// Returns an empty index with room for `count` values.
    pub(super) fn with_room(count: usize) -> Index {
        let slots = (4 * count).div_ceil(3).next_power_of_two();
        Index { slots: vec![0; slots.max(8)], len: 0 }
    }

    /// Returns how many values it has.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Returns how many values it has room for: with more, look-ups would meet many others first.
    #[inline]
    pub(super) fn capacity(&self) -> usize {
        self.slots.len() / 4 * 3
    }

    /// Returns its size in bytes.
    pub(super) fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u64>()
    }

    /// Forgets all values.
    pub(super) fn clear(&mut self) {
        self.slots.fill(0);
        self.len = 0;
    }

    /// Returns the slot in which the values of this `hash` begin.
    #[inline]
    fn first(&self, hash: u32) -> usize {
        // The upper bits, since the lower ones of a product depend on few.
        (spread(hash) >> 32) as usize & self.slots.len().wrapping_sub(1)
    }

    /// Looks up the value of this `hash` that `is` recognizes by its handle. O(1) expected.
    #[inline]
    pub(super) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Found {
        let mut at = self.first(hash);
        loop {
            match self.slots.get(at) {
                Some(0) => return Found::Free(at),
                Some(&slot) if (slot >> 32) as u32 == hash && is(slot as u32) => {
                    return Found::Value(slot as u32);
                }
                Some(_) => at += 1,
                None if self.slots.is_empty() => return Found::Free(0),
                None => at = 0,
            }
        }
    }

    /// Returns the handle in the first slot of `hash`, if that may be the value.
    #[inline]
    pub(super) fn guess(&self, hash: u32) -> Option<u32> {
        let &slot = self.slots.get(self.first(hash))?;
        ((slot >> 32) as u32 == hash).then_some(slot as u32)
    }

    /// Puts a value into the free slot that a look-up of its hash returned. There has to be room.
    #[inline]
    pub(super) fn put(&mut self, slot: usize, hash: u32, handle: u32) {
        self.slots[slot] = u64::from(hash) << 32 | u64::from(handle);
        self.len += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hash::Map;

    proptest! {
        #[test]
        fn what_was_put_is_found(
            keys in prop::collection::vec(prop_oneof![0..6_u32, any::<u32>()], 0..300),
            few in 1..6_usize,
        ) {
            // Values with one hash differ by their numbers.
            let mut index = Index::default();
            let mut known: Map<(u32, usize), u32> = Map::default();
            let mut stored = vec![(0, 0); 3];
            for (nth, &hash) in keys.iter().enumerate() {
                let value = (hash, nth % few);
                if index.len() == index.capacity() {
                    let mut other = Index::with_room(2 * index.len());
                    for (handle, &(hash, _)) in stored.iter().enumerate().skip(3) {
                        let Found::Free(slot) = other.find(hash, |_| false) else { panic!() };
                        other.put(slot, hash, handle as u32);
                    }
                    prop_assert!(other.capacity() > index.capacity());
                    index = other;
                }
                match index.find(hash, |handle| stored[handle as usize] == value) {
                    Found::Value(handle) => prop_assert_eq!(known.get(&value), Some(&handle)),
                    Found::Free(slot) => {
                        let handle = stored.len() as u32;
                        prop_assert_eq!(known.insert(value, handle), None);
                        index.put(slot, hash, handle);
                        stored.push(value);
                    }
                }
                prop_assert_eq!(index.len(), known.len());
            }
        }
    }
}
