//! Operations that are kept in memory, since a report may name them.

use super::code::Row;
use crate::history::Record;
use crate::history::hash::Set;

/// Single operations of keys that are not kept as a whole.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) rows: Vec<Row>,
    records: Set<Record>,
}

impl Kept {
    /// Whether the operation is there that `record` invokes.
    pub(super) fn has(&self, record: Record) -> bool {
        self.records.contains(&record)
    }

    pub(super) fn add(&mut self, row: Row) {
        self.records.insert(row.operation.invoked);
        self.rows.push(row);
    }
}
