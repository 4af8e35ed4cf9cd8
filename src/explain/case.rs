//! One failing key as every part of an explanation looks at it.

use crate::check::{Failure, Meter};
use crate::history::{History, OpIndex, Operation, Value};
use crate::model::{AnyModel, AnyOp, Reading};

/// One failing key, with all that is known of it.
pub(crate) struct Case<'a> {
    /// The history.
    pub(crate) history: &'a History,
    /// The model.
    pub(crate) model: &'a AnyModel,
    /// The key's position in [`Report::keys`](crate::check::Report::keys).
    pub(crate) key_at: usize,
    /// All operations of the key, as indices into the history, in the order of their calls; those
    /// that failed too.
    pub(crate) operations: &'a [OpIndex],
    /// The same as the model understands them, without a horizon; those that failed are left out.
    pub(crate) readings: &'a [Reading<AnyOp>],
    /// The first failure.
    pub(crate) failure: &'a Failure,
    /// The time and memory that all of the explanation may take.
    pub(crate) meter: &'a Meter,
}

impl Case<'_> {
    /// The operation at `index` of the history.
    pub(crate) fn operation(&self, index: OpIndex) -> &Operation {
        &self.history[index]
    }

    /// Who did the operation at `index`, among others of its own: see [`History::session`].
    pub(crate) fn process(&self, index: OpIndex) -> Value {
        self.history.session(index)
    }

    /// The reading of the operation at `index` of the history, if it has one.
    pub(crate) fn reading(&self, index: OpIndex) -> Option<&Reading<AnyOp>> {
        let at = self.readings.binary_search_by_key(&index, |reading| reading.index).ok()?;
        Some(&self.readings[at])
    }
}
