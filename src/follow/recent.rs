//! The last operations on an object: from a state that it certainly was in, up to now. They are
//! what a violation is explained by, since all before is forgotten.

use crate::history::Record;
use crate::history::window::Row;

/// The last operations on an object that can be in states `S`.
#[derive(Debug)]
pub(super) struct Recent<S> {
    /// The state that the object was in before `rows`; `None` while there are too many of them.
    base: Option<S>,
    /// By their invocations. Those of the end are all there; of those before the `base`, only
    /// those that may have taken effect since.
    rows: Vec<Row>,
    /// A later record, at which the object was certainly in this state, and how many rows there
    /// were.
    middle: Option<(Record, S, usize)>,
}

/// Of an object that is never in a certain state, so many times the usual number is kept.
const PATIENCE: usize = 16;

impl<S: Clone> Recent<S> {
    /// No operation so far on an object in `state`.
    pub(super) fn new(state: S) -> Self {
        Recent { base: Some(state), rows: Vec::new(), middle: None }
    }

    /// An operation is called, or was called and comes to more. At least `most` of them are kept
    /// where there are so many.
    pub(super) fn put(&mut self, row: Row, most: usize) {
        if self.base.is_none() {
            return;
        }
        let invoked = row.0.invoked;
        match self.rows.last() {
            Some((last, _)) if last.invoked >= invoked => {
                match self.rows.binary_search_by_key(&invoked, |(other, _)| other.invoked) {
                    Ok(at) => self.rows[at] = row,
                    Err(at) => self.rows.insert(at, row),
                }
            }
            _ => self.rows.push(row),
        }
        if self.rows.len() > PATIENCE * most {
            *self = Recent { base: None, rows: Vec::new(), middle: None };
        }
    }

    /// Now, after `record`, the object is certainly in `state`; `is_idle` if nothing is open that
    /// may still take effect.
    pub(super) fn settle(&mut self, record: Record, state: &S, is_idle: bool, most: usize) {
        if self.base.is_none() {
            if is_idle && most > 0 {
                *self = Recent::new(state.clone());
            }
            return;
        }
        let since = self.middle.as_ref().map_or(0, |(_, _, count)| *count);
        if self.rows.len() < since + most {
            return;
        }
        if let Some((middle, base, _)) = self.middle.take() {
            // What took no effect is not missed, and what ended before took its effect.
            let is_needed = |&(operation, _): &Row| {
                operation.outcome.is_indeterminate() || operation.completed > middle
            };
            self.rows.retain(is_needed);
            self.base = Some(base);
        }
        self.middle = Some((record, state.clone(), self.rows.len()));
    }

    /// The state before the operations, and these; `None` if they are not there.
    pub(super) fn get(&self) -> Option<(&S, &[Row])> {
        self.base.as_ref().map(|base| (base, &self.rows[..]))
    }

    /// The states and operations that it holds.
    pub(super) fn held(&self) -> (impl Iterator<Item = &S>, &[Row]) {
        let middle = self.middle.as_ref().map(|(_, state, _)| state);
        (self.base.iter().chain(middle), &self.rows)
    }
}
