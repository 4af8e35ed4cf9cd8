//! Numbers for values: the first value gets 0, the next other one 1, and so on.

use histcheck_history::Value;
use histcheck_history::internal::ValueMap;

/// No number.
pub(crate) const NONE: u32 = u32::MAX;

/// Values and their numbers.
pub(crate) struct Numbers {
    numbers: ValueMap,
    values: Vec<Value>,
}

impl Numbers {
    /// Returns an empty table for values of about `expected` operations.
    pub(crate) fn new(expected: usize) -> Numbers {
        Numbers { numbers: ValueMap::new(NONE, 4 * expected + 64), values: Vec::new() }
    }

    /// Returns the number of `value`, which gets one if it has none. O(1).
    #[inline]
    pub(crate) fn of(&mut self, value: Value) -> u32 {
        let slot = self.numbers.slot(value);
        if *slot == NONE {
            *slot = self.values.len() as u32;
            self.values.push(value);
        }
        *slot
    }

    /// Returns the values by their numbers.
    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    /// Returns the values by their numbers.
    pub(crate) fn into_values(self) -> Vec<Value> {
        self.values
    }
}
