//! The last operations on an object: from a state that it certainly was in, up to now. They are
//! what a violation is explained by, since all before is forgotten; and where all that could still
//! take effect is too much to hold, what it is [decided](super::deferred) by.

use crate::history::Record;
use crate::history::Row;
use crate::model::AnyState;

/// The last operations on an object.
#[derive(Debug)]
pub(super) struct Recent {
    /// The state that the object was in before `rows`; `None` while there are too many of them.
    base: Option<AnyState>,
    /// Whether that is what the object held at the start.
    is_start: bool,
    /// Whether all that come are kept.
    keeps_all: bool,
    /// By their invocations. Those of the end are all there; of those before the `base`, only
    /// those that may have taken effect since.
    rows: Vec<Row>,
    /// A later record, at which the object was certainly in this state, and how many rows there
    /// were.
    middle: Option<Middle>,
}

/// Of an object that is never in a certain state, so many times the usual number is kept.
const PATIENCE: usize = 64;

/// A moment at which an object was certainly in a state.
#[derive(Debug)]
struct Middle {
    /// The last record before it.
    record: Record,
    state: AnyState,
    /// Whether nothing that crashed might still have taken effect.
    is_idle: bool,
    /// How many rows there were.
    count: usize,
}

impl Recent {
    /// No operation so far on an object in `state`.
    pub(super) fn new(state: AnyState) -> Self {
        Recent {
            base: Some(state),
            is_start: false,
            keeps_all: false,
            rows: Vec::new(),
            middle: None,
        }
    }

    /// No operation so far on an object that holds what it does at the start.
    pub(super) fn at_start(state: AnyState) -> Self {
        Recent { is_start: true, ..Recent::new(state) }
    }

    /// From now on, keeps all operations. Returns the state before those that are there, and
    /// whether it is that of the start; `None` if they are not.
    pub(super) fn keep_all(&mut self) -> Option<(&AnyState, bool)> {
        let base = self.base.as_ref()?;
        self.keeps_all = true;
        Some((base, self.is_start))
    }

    /// From now on, keeps all operations.
    pub(super) fn keep(&mut self) {
        self.keeps_all = true;
    }

    /// Whether it keeps all operations.
    pub(super) fn keeps_all(&self) -> bool {
        self.keeps_all
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
        if self.rows.len() > PATIENCE * most && !self.keeps_all {
            (self.base, self.rows, self.middle) = (None, Vec::new(), None);
        }
    }

    /// Now, after `record`, the object is certainly in `state`; `is_idle` if nothing is open that
    /// may still take effect.
    pub(super) fn settle(&mut self, record: Record, state: &AnyState, is_idle: bool, most: usize) {
        if self.base.is_none() {
            if is_idle && most > 0 {
                *self = Recent::new(state.clone());
            }
            return;
        }
        let since = self.middle.as_ref().map_or(0, |middle| middle.count);
        if self.rows.len() < since + most {
            return;
        }
        if let Some(middle) = self.middle.take() {
            // What ended before took its effect, and so did what crashed if nothing was left.
            self.rows.retain(|&(operation, _)| {
                let may_come = operation.outcome.is_indeterminate() && !middle.is_idle;
                let is_later = |record: Record| record > middle.record;
                may_come || operation.completed.is_none_or(is_later) || is_later(operation.invoked)
            });
            (self.base, self.is_start) = (Some(middle.state), false);
        }
        let count = self.rows.len();
        self.middle = Some(Middle { record, state: state.clone(), is_idle, count });
    }

    /// The state before the operations, and these; `None` if they are not there.
    pub(super) fn get(&self) -> Option<(&AnyState, &[Row])> {
        self.base.as_ref().map(|base| (base, &self.rows[..]))
    }

    /// The states and operations that it holds.
    pub(super) fn held(&self) -> (impl Iterator<Item = &AnyState>, &[Row]) {
        let middle = self.middle.as_ref().map(|middle| &middle.state);
        (self.base.iter().chain(middle), &self.rows)
    }
}
