//! Some keys back in memory, as a history of their own with the records of the whole.

use super::code::{Entry, Reader};
use super::gather::Gathered;
use super::scratch::{Scratch, damaged};
use crate::error::Error;
use crate::history::hash::Map;
use crate::history::{
    Annotation, Excerpt, History, NO_TIME, Record, Rows, Value, ValueTable, sort,
};

const NANOSECONDS: i64 = 1_000_000_000;

/// Some keys of a history.
pub(super) struct Part {
    pub(super) history: History,
    /// The lines of records.
    pub(super) lines: Vec<(Record, u32)>,
    /// Whether they are sorted by their records.
    sorted: bool,
}

/// What else a part has.
#[derive(Default)]
pub(super) struct Setting {
    /// A table to put the part's values into; without one, they go into that of what was gathered,
    /// which is the part's from then on.
    pub(super) values: Option<ValueTable>,
    pub(super) metadata: Option<Value>,
    pub(super) annotations: Vec<Annotation>,
    pub(super) excerpt: Excerpt,
}

impl Gathered {
    /// The operations of the keys with these numbers (ascending).
    pub(super) fn load(&mut self, keys: &[u32], setting: Setting) -> Result<Part, Error> {
        let Setting { values, metadata, annotations, excerpt } = setting;
        let mut wanted: Map<u32, Value> =
            keys.iter().map(|&key| (key, self.keys[key as usize].value)).collect();
        let mut values = match values {
            None => std::mem::take(&mut self.values),
            Some(mut values) => {
                for &key in keys {
                    let value = values.import(&self.values, self.keys[key as usize].value);
                    wanted.insert(key, value);
                }
                values
            }
        };
        let mut groups: Vec<usize> = keys.iter().map(|&key| Scratch::group(key)).collect();
        groups.sort_unstable();
        groups.dedup();
        let count = keys.iter().map(|&key| self.keys[key as usize].operations as usize).sum();
        let mut rows = Rows {
            functions: self.functions.clone(),
            operations: Vec::with_capacity(count),
            metadata,
            annotations,
            records: self.records,
            reinvoked: self.reinvoked,
            passed_over: self.passed_over,
            excerpt,
            ..Rows::default()
        };
        let mut lines = Vec::new();
        for group in groups {
            self.scratch.read(group, |block| {
                let mut reader = Reader::new(block);
                while !reader.is_at_end() {
                    let key = reader.key().and_then(|number| wanted.get(&number).copied());
                    let table = key.is_some().then_some(&mut values);
                    let entry = reader.entry(table).ok_or_else(damaged)?;
                    let Some(key) = key else { continue };
                    match entry {
                        Entry::Extra(extra) => rows.extras.push(extra),
                        Entry::Row(row) => {
                            let mut operation = row.operation;
                            operation.key = Some(key);
                            let scales = self.in_seconds && !row.in_seconds;
                            let times = if scales { row.times.map(scaled) } else { row.times };
                            rows.operations.push((operation, times));
                            lines.extend(row.record_lines());
                        }
                    }
                }
                Ok(())
            })?;
        }
        if rows.operations.len() != count {
            return Err(damaged());
        }
        rows.values = values;
        Ok(Part { history: History::of_rows(rows), lines, sorted: false })
    }
}

impl Part {
    /// Makes it fast to find [lines](Part::line).
    pub(super) fn sort_lines(&mut self) {
        sort::by(&mut self.lines, |&line| line);
        self.sorted = true;
    }

    /// The line of `record`; 0 if it is not known.
    pub(super) fn line(&self, record: Record) -> u32 {
        let found = if self.sorted {
            self.lines.binary_search_by_key(&record, |entry| entry.0).ok()
        } else {
            self.lines.iter().position(|entry| entry.0 == record)
        };
        found.map_or(0, |at| self.lines[at].1)
    }
}

/// Seconds in nanoseconds; they fit, or reading would have refused them.
fn scaled(time: i64) -> i64 {
    if time == NO_TIME { time } else { time.saturating_mul(NANOSECONDS) }
}
