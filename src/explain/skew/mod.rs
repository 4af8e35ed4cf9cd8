//! The smallest disagreement of clocks that would explain a history.

use crate::check::{Meter, Options, Report};
use crate::error::Error;
use crate::history::{History, Value};
use crate::model::Model;

/// Clocks that disagree, as an explanation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClockSkew {
    /// What has a clock of its own: the extra field `node`, or a process.
    pub grouping: Grouping,
    /// By how much each group's clock is ahead of true time, in the unit of the history's times
    /// (nanoseconds are usual); at least one is 0. Shifting the times of each group back by it makes
    /// the history linearizable.
    pub offsets: Vec<(Value, i64)>,
    /// Where the wrong clocks were used.
    pub situation: Situation,
    /// Whether no smaller offsets do.
    pub is_smallest: bool,
    /// Whether the history pins the offsets down: they explain several violations, and offsets much
    /// larger would make others.
    pub is_pinned: bool,
}

/// What has a clock of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grouping {
    /// The extra field of this name.
    Field(&'static str),
    /// Each process.
    Process,
}

/// Where wrong clocks were used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Situation {
    /// The recording mixes the times of several hosts.
    Recording,
    /// The store ordered writes by their timestamps: the last write, by its clock, wins.
    LastWriteWins,
}

/// The smallest clock offsets under which `history` is linearizable; `None` if there are none, or
/// they were not found in time.
///
/// # Errors
/// None, for a history that was checked.
pub(super) fn clock_skew<M: Model>(
    model: &M,
    history: &History,
    options: &Options,
    report: &Report,
    meter: &Meter,
) -> Result<Option<ClockSkew>, Error> {
    let _ = (model, history, options, report, meter);
    Ok(None)
}
