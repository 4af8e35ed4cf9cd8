//! Who wrote what: the writes and appends of each key, to be found by their values.

use histcheck_history::Value;

use crate::anomaly::Place;
use crate::table::{Access, Transactions};

/// A write or an append.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Write {
    pub(crate) value: Value,
    pub(crate) transaction: u32,
    /// Its position in its transaction.
    pub(crate) micro: u32,
    /// Its position among all micro-operations.
    pub(crate) global: u32,
}

impl Write {
    pub(crate) fn place(self) -> Place {
        Place { transaction: self.transaction, micro: self.micro }
    }
}

/// The writes of all transactions, by key and value, those of equal value in the order of their
/// transactions.
pub(crate) struct Writes {
    starts: Vec<u32>,
    writes: Vec<Write>,
}

impl Writes {
    /// Sorts the writes of `table`. O(n log n).
    pub(crate) fn new(table: &Transactions<'_>) -> Writes {
        let mut starts = vec![0u32; table.keys.len() + 1];
        for t in table.all() {
            for micro in table.micros(t).iter().filter(|micro| micro.access != Access::Read) {
                starts[micro.key as usize + 1] += 1;
            }
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let none = Write { value: Value::NULL, transaction: 0, micro: 0, global: 0 };
        let mut writes = vec![none; starts[starts.len() - 1] as usize];
        let mut next = starts.clone();
        let mut global = 0;
        for t in table.all() {
            for (micro, nth) in table.micros(t).iter().zip(0..) {
                if micro.access != Access::Read {
                    let at = &mut next[micro.key as usize];
                    writes[*at as usize] =
                        Write { value: micro.value, transaction: t, micro: nth, global };
                    *at += 1;
                }
                global += 1;
            }
        }
        for key in 0..table.keys.len() {
            writes[starts[key] as usize..starts[key + 1] as usize].sort_unstable();
        }
        Writes { starts, writes }
    }

    /// Returns the writes of a key, sorted by value.
    pub(crate) fn of(&self, key: u32) -> &[Write] {
        &self.writes[self.starts[key as usize] as usize..self.starts[key as usize + 1] as usize]
    }

    /// Returns the writes of `value` to a key. O(log n).
    pub(crate) fn find(&self, key: u32, value: Value) -> &[Write] {
        let all = self.of(key);
        let from = all.partition_point(|write| write.value < value);
        let len = all[from..].iter().take_while(|write| write.value == value).count();
        &all[from..from + len]
    }
}
