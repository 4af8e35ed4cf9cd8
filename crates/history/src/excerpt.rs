//! A part of a history that is not in memory as a whole: some of its operations, with their records
//! and times, and what is to be said of the rest.

use super::times::Times;
use super::{
    Annotation, Extra, History, NO_TIME, OpIndex, Operation, Record, Tally, Value, ValueTable, sort,
};
use crate::vocabulary::Word;

/// What is known of the history that an excerpt is a part of.
#[derive(Clone, Debug, Default)]
pub struct Excerpt {
    /// The time of its first operation's invocation.
    pub start_time: Option<i64>,
    /// How many processes its operations have.
    pub processes: usize,
    /// How many operations are of unknown outcome.
    pub indeterminate: usize,
    /// How many records are no client's operations.
    pub annotations: usize,
    /// What was counted of all.
    pub tally: Tally,
    /// Which fields were read as what, where they have not the usual name.
    pub taken: Vec<(&'static str, String)>,
}

/// What a part of a history is made of.
#[derive(Default)]
pub struct Rows {
    /// The values that all others refer to.
    pub values: ValueTable,
    /// All names of operations, as functions index them.
    pub functions: Vec<String>,
    /// The operations, with their times or `NO_TIME`, in any order.
    pub operations: Vec<(Operation, [i64; 2])>,
    /// Annotations of the history, in the order of their records.
    pub annotations: Vec<Annotation>,
    /// Extra fields, in any order; those of one record in theirs.
    pub extras: Vec<Extra>,
    /// What the metadata record says.
    pub metadata: Option<Value>,
    /// How many records the whole has.
    pub records: usize,
    /// How many processes of the whole invoked again after an indeterminate operation.
    pub reinvoked: usize,
    /// How many lines of the input held no record.
    pub passed_over: usize,
    /// What is known of the whole.
    pub excerpt: Excerpt,
}

#[doc(hidden)]
impl History {
    /// The part of a history that `rows` are, ordered by its records. O(n log n).
    pub fn of_rows(rows: Rows) -> History {
        let Rows { mut operations, mut extras, .. } = rows;
        sort::by(&mut operations, |(operation, _)| operation.invoked);
        sort::by(&mut extras, |extra| extra.record);
        let has_times = operations.iter().any(|(_, times)| *times != [NO_TIME; 2]);
        let times = || Times::of_wide(operations.iter().map(|(_, times)| *times).collect());
        let times = has_times.then(times);
        History {
            values: rows.values,
            words: Word::all(&rows.functions),
            functions: rows.functions,
            operations: operations.into_iter().map(|(operation, _)| operation).collect(),
            times,
            annotations: rows.annotations,
            extras,
            metadata: rows.metadata,
            metadata_record: None,
            records: rows.records,
            reinvoked: rows.reinvoked,
            passed_over: rows.passed_over,
            taken: rows.excerpt.taken.clone(),
            excerpt: Some(Box::new(rows.excerpt)),
            ..History::default()
        }
    }

    /// Its rows again; of the annotations and extra fields, too.
    pub fn into_rows(mut self) -> Rows {
        let times = self.times.as_mut().map(|times| std::mem::take(times.wide()));
        let mut times = times.unwrap_or_default().into_iter();
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
            passed_over: self.passed_over,
            excerpt: self.excerpt.map_or_else(Excerpt::default, |excerpt| *excerpt),
        }
    }

    /// What is counted of the whole history. O(records) the first time, if all are there.
    pub fn tally(&self) -> &Tally {
        match &self.excerpt {
            Some(excerpt) => &excerpt.tally,
            None => self.tally.get_or_init(|| Tally::of(self)),
        }
    }

    /// The extra fields of all records that are there.
    pub fn all_extras(&self) -> &[Extra] {
        &self.extras
    }

    /// What is known of the whole, if this is an excerpt.
    pub fn excerpt(&self) -> Option<&Excerpt> {
        self.excerpt.as_deref()
    }

    /// The operation of an excerpt, or of a history in the order of its records, that record
    /// `invoked` invokes.
    pub fn invoked_at(&self, invoked: Record) -> Option<OpIndex> {
        let at = self.operations.binary_search_by_key(&invoked, |operation| operation.invoked);
        at.ok().map(OpIndex::new)
    }

    /// How many operations are of unknown outcome.
    pub fn count_indeterminate(&self) -> usize {
        match self.excerpt() {
            Some(excerpt) => excerpt.indeterminate,
            None => self.operations.iter().filter(|op| op.outcome.is_indeterminate()).count(),
        }
    }

    /// How many records are no client's operations.
    pub fn count_annotations(&self) -> usize {
        self.excerpt().map_or(self.annotations.len(), |excerpt| excerpt.annotations)
    }
}

impl History {
    /// Whether this is a part of a history that was not in memory as a whole.
    pub fn is_excerpt(&self) -> bool {
        self.excerpt.is_some()
    }
}
