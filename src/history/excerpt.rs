//! A part of a history that is not in memory as a whole: some of its operations, with their records
//! and times, and what is to be said of the rest.

use super::{Annotation, Extra, History, NO_TIME, Operation, Value, ValueTable};
use crate::vocabulary::Word;

/// What is known of the history that an excerpt is a part of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Excerpt {
    /// The time of its first operation's invocation.
    pub(crate) start_time: Option<i64>,
    /// How many processes its operations have.
    pub(crate) processes: usize,
    /// How many operations are of unknown outcome.
    pub(crate) indeterminate: usize,
    /// How many records are no client's operations.
    pub(crate) annotations: usize,
}

/// What a part of a history is made of.
#[derive(Default)]
pub(crate) struct Rows {
    /// The values that all others refer to.
    pub(crate) values: ValueTable,
    /// All names of operations, as functions index them.
    pub(crate) functions: Vec<String>,
    /// The operations, with their times or `NO_TIME`, in any order.
    pub(crate) operations: Vec<(Operation, [i64; 2])>,
    /// Annotations of the history, in the order of their records.
    pub(crate) annotations: Vec<Annotation>,
    /// Extra fields, in any order; those of one record in theirs.
    pub(crate) extras: Vec<Extra>,
    pub(crate) metadata: Option<Value>,
    /// How many records the whole has.
    pub(crate) records: u32,
    /// How many processes of the whole invoked again after an indeterminate operation.
    pub(crate) reinvoked: usize,
    pub(crate) excerpt: Excerpt,
}

impl History {
    /// The part of a history that `rows` are, ordered by its records. O(n log n).
    pub(crate) fn of_rows(rows: Rows) -> History {
        let Rows { mut operations, mut extras, .. } = rows;
        operations.sort_unstable_by_key(|(operation, _)| operation.invoked);
        extras.sort_by_key(|extra| extra.record);
        let has_times =
            operations.iter().any(|(_, times)| *times != [NO_TIME; 2]).then_some(operations.len());
        let mut times = has_times.map(Vec::with_capacity);
        if let Some(times) = &mut times {
            times.extend(operations.iter().map(|(_, times)| *times));
        }
        History {
            values: rows.values,
            words: Word::all(&rows.functions),
            functions: rows.functions,
            operations: operations.into_iter().map(|(operation, _)| operation).collect(),
            times,
            annotations: rows.annotations,
            extras,
            metadata: rows.metadata,
            records: rows.records,
            reinvoked: rows.reinvoked,
            excerpt: Some(Box::new(rows.excerpt)),
            ..History::default()
        }
    }

    /// Its rows again; of the annotations and extra fields, too.
    pub(crate) fn into_rows(self) -> Rows {
        let mut times = self.times.unwrap_or_default().into_iter();
        let with_times = |operation| (operation, times.next().unwrap_or([NO_TIME; 2]));
        Rows {
            values: self.values,
            functions: self.functions,
            operations: self.operations.into_iter().map(with_times).collect(),
            annotations: self.annotations,
            extras: self.extras,
            metadata: self.metadata,
            records: self.records,
            reinvoked: self.reinvoked,
            excerpt: self.excerpt.map_or_else(Excerpt::default, |excerpt| *excerpt),
        }
    }

    /// Whether this is a part of a history that was not in memory as a whole.
    pub fn is_excerpt(&self) -> bool {
        self.excerpt.is_some()
    }

    /// The extra fields of all records that are there.
    pub(crate) fn all_extras(&self) -> &[Extra] {
        &self.extras
    }

    /// What is known of the whole, if this is an excerpt.
    pub(crate) fn excerpt(&self) -> Option<&Excerpt> {
        self.excerpt.as_deref()
    }

    /// The operation of an excerpt, or of a history in the order of its records, that record
    /// `invoked` invokes.
    pub(crate) fn invoked_at(&self, invoked: u32) -> Option<u32> {
        let at = self.operations.binary_search_by_key(&invoked, |operation| operation.invoked);
        at.ok().map(|at| at as u32)
    }

    /// How many operations are of unknown outcome.
    pub(crate) fn count_indeterminate(&self) -> usize {
        match self.excerpt() {
            Some(excerpt) => excerpt.indeterminate,
            None => self.operations.iter().filter(|op| op.outcome.is_indeterminate()).count(),
        }
    }

    /// How many records are no client's operations.
    pub(crate) fn count_annotations(&self) -> usize {
        self.excerpt().map_or(self.annotations.len(), |excerpt| excerpt.annotations)
    }
}
