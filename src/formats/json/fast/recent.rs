//! The short words of one part of a text that were met last, with their values: the names of
//! micro-operations come again in each transaction, and need not be hashed as strings are.

use crate::history::Value;

const SLOTS: usize = 16;

/// Words of up to eight bytes, each as one number, with their values.
pub(in crate::formats) struct Recent {
    slots: [(u64, Value); SLOTS],
}

impl Default for Recent {
    fn default() -> Self {
        Recent { slots: [(0, Value::NULL); SLOTS] }
    }
}

impl Recent {
    /// Returns the value of `word`, which is not 0: the one that it had last, or what `make`
    /// returns. A word includes what tells its kind, as a quote does.
    #[inline]
    pub(in crate::formats) fn value(&mut self, word: u64, make: impl FnOnce() -> Value) -> Value {
        let slot = (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60) as usize % SLOTS;
        let (known, value) = &mut self.slots[slot];
        if *known != word {
            (*known, *value) = (word, make());
        }
        *value
    }
}
