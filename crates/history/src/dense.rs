//! A map from values to numbers, fast where the values are small: processes and keys are usually
//! numbered from 0.

use super::Value;
use crate::hash::Map;

/// Numbers by value. Small integers and early handles index a vector, other values are hashed.
pub struct ValueMap {
    dense: Vec<u32>,
    others: Map<Value, u32>,
    /// The vector has at most so many entries.
    limit: usize,
    absent: u32,
}

impl ValueMap {
    /// A map in which every value has the number `absent`, and whose vector has at most `limit`
    /// entries.
    pub fn new(absent: u32, limit: usize) -> Self {
        ValueMap { dense: Vec::new(), others: Map::default(), limit, absent }
    }

    /// The number of `value`, to be read or changed. O(1).
    #[inline]
    pub fn slot(&mut self, value: Value) -> &mut u32 {
        let at = place(value);
        if at < self.dense.len() {
            return &mut self.dense[at];
        }
        self.new_slot(value, at)
    }

    /// How many values are hashed.
    pub(super) fn hashed(&self) -> usize {
        self.others.len()
    }

    /// Forgets hashed values whose number `keep` does not want; they have the number `absent` then.
    #[expect(clippy::disallowed_methods, reason = "each goes or stays by itself")]
    pub(super) fn retain_hashed(&mut self, keep: impl Fn(u32) -> bool) {
        self.others.retain(|_, number| keep(*number));
        self.others.shrink_to(2 * self.others.len());
    }

    /// Shows `keep` every value that a table stores and that has a number.
    #[expect(clippy::disallowed_methods, reason = "values are marked, in any order")]
    pub(super) fn each_stored(&self, mut keep: impl FnMut(Value)) {
        let stored = self.dense.iter().enumerate().filter(|&(at, _)| at % 2 == 1);
        for (at, _) in stored.filter(|&(_, &number)| number != self.absent) {
            keep(Value::of_handle((at / 2) as u32));
        }
        for (&value, _) in self.others.iter().filter(|&(_, &number)| number != self.absent) {
            keep(value);
        }
    }

    #[cold]
    fn new_slot(&mut self, value: Value, at: usize) -> &mut u32 {
        if at < self.limit {
            self.dense.resize(at + 1, self.absent);
            return &mut self.dense[at];
        }
        self.others.entry(value).or_insert(self.absent)
    }
}

/// Where a value stands in the vector: integers from 0 on and handles in turn.
#[inline]
fn place(value: Value) -> usize {
    match value.inline_int() {
        None => 2 * value.handle() as usize + 1,
        Some(n) => usize::try_from(n).map_or(usize::MAX, |n| 2 * n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ValueTable;

    #[test]
    fn every_value_has_a_number_of_its_own() {
        let mut table = ValueTable::new();
        let mut values: Vec<Value> =
            [0, 1, -1, 49, 50, 51, 1 << 20, 1 << 40].map(|n| table.int(n)).to_vec();
        values.extend((0..100).map(|n| table.text(&n.to_string())));
        values.extend([Value::NULL, Value::TRUE]);
        let mut map = ValueMap::new(u32::MAX, 100);
        for (number, &value) in values.iter().enumerate() {
            assert_eq!(std::mem::replace(map.slot(value), number as u32), u32::MAX);
        }
        for (number, &value) in values.iter().enumerate() {
            assert_eq!(*map.slot(value), number as u32);
        }
        assert!(map.dense.len() <= 100);
    }
}
