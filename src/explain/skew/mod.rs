//! The smallest disagreement of clocks that would explain a history.
//!
//! Every group of operations, those of a node or else of a process, has a clock with an offset that
//! is not known. The offsets are looked for under which the history, all of its keys, is
//! linearizable, and of these the smallest. `docs/ALGORITHMS.md` proves that they are.

mod bounds;
mod entry;
mod estimate;
mod evidence;
mod groups;
mod key;
mod lesson;
mod orders;
mod repair;
mod rules;
mod search;
mod seen;
mod settle;
#[cfg(test)]
mod tests;
mod timeline;
mod walk;
mod windows;

use std::cell::LazyCell;

use super::allowance::{Part, meter};
use crate::check::{Decision, Meter, Models, Options, Report, Verdict};
use crate::error::Error;
use crate::history::{History, Value};
use crate::progress::Phase;
use groups::Groups;
pub(super) use groups::PROCESSES;
use rules::Rule;
use search::Search;
use settle::{Settled, settle, spread};
use timeline::Timeline;

/// Offsets up to this, in nanoseconds, are usual where several hosts record: NTP keeps clocks
/// within milliseconds of each other.
pub const CLOCK_ERROR: i64 = 10_000_000;

/// Clocks that disagree, as an explanation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClockSkew {
    /// What has a clock of its own: the extra field `node`, or a process.
    pub grouping: Grouping,
    /// By how much each group's clock is ahead of true time, in the unit of the history's times
    /// (nanoseconds are usual); at least one is 0. For a recording, moving the times of each group
    /// back by it makes the history linearizable. Where the last write wins, it does so if a write
    /// counts from a time that much later than the true one.
    pub offsets: Vec<(Value, i64)>,
    /// Where the wrong clocks were used.
    pub situation: Situation,
    /// Whether no smaller offsets do: there are none of which largest and smallest differ by
    /// less.
    pub is_smallest: bool,
    /// Whether the history pins the offsets down: they explain several violations, and offsets much
    /// larger would make others.
    pub is_pinned: bool,
    /// Whether clocks disagree no more than is usual where several hosts record: [`CLOCK_ERROR`].
    pub is_within_error: bool,
    /// How many acknowledged writes lost against an earlier one by timestamps that the history
    /// shows.
    pub lost_by_timestamp: usize,
}

impl ClockSkew {
    /// By how much two clocks disagree at most.
    pub fn spread(&self) -> u64 {
        let offsets: Vec<i64> = self.offsets.iter().map(|&(_, offset)| offset).collect();
        spread(&offsets).unsigned_abs()
    }
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

/// What came of looking for clock offsets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum SkewOutcome {
    /// These explain the history.
    Found(ClockSkew),
    /// By its times, the history is linearizable as it is, even if the order of its records is not.
    #[default]
    NotNeeded,
    /// No offsets explain it.
    Impossible,
    /// None were found in time.
    NotFound,
    /// Some operations have no times, or return before they are called.
    NoTimes,
}

impl SkewOutcome {
    /// The offsets, if there are any.
    pub fn found(&self) -> Option<&ClockSkew> {
        match self {
            SkewOutcome::Found(skew) => Some(skew),
            _ => None,
        }
    }
}

/// The smallest clock offsets under which `history` is linearizable, of which
/// [`check`](crate::check()) made `report` with `options`. Takes about as long as
/// [`Options::explain_timeout`] at most.
///
/// # Errors
/// None, for the same history and options as the report's.
pub(crate) fn find_clock_skew(
    models: &Models,
    history: &History,
    options: &Options,
    report: &Report,
) -> Result<SkewOutcome, Error> {
    let meter = meter(options, history, Part::Clocks);
    options.enter(Phase::Clocks, 0);
    let skew = clock_skew(models, history, report, &[], &meter);
    options.enter(Phase::Idle, 0);
    skew
}

/// The smallest clock offsets under which `history` is linearizable, of which `report` was made.
/// The keys `unordered`, by their positions in the report, are known not to be sequentially
/// consistent: they have no order, however operations move, that keeps each process's own.
///
/// # Errors
/// None, for a history that was checked.
pub(super) fn clock_skew(
    models: &Models,
    history: &History,
    report: &Report,
    unordered: &[usize],
    meter: &Meter,
) -> Result<SkewOutcome, Error> {
    if report.verdict != Verdict::Invalid {
        return Ok(SkewOutcome::NotNeeded);
    }
    let possible = groups::ways(history);
    for groups in possible.ways {
        let timeline = Timeline::new(models, history, &groups.of, groups.names.len())?;
        let Some(timeline) = timeline else { return Ok(SkewOutcome::NoTimes) };
        let failed = |key: usize| matches!(report.keys[key].decision, Decision::Invalid(_));
        let is_ordered = !unordered.iter().any(|&key| timeline.keeps_sessions(key, history));
        match explain(&timeline, history, &groups, is_ordered, &failed, meter) {
            SkewOutcome::Impossible => {}
            outcome => return Ok(outcome),
        }
    }
    Ok(if possible.has_more { SkewOutcome::NotFound } else { SkewOutcome::Impossible })
}

/// Looks for the offsets of `groups` by both rules, and takes the better one. Offsets of a
/// recording keep the order of each process; if it is not known whether there `is_ordered` one that
/// does, it is so.
fn explain(
    timeline: &Timeline<'_>,
    history: &History,
    groups: &Groups,
    is_ordered: bool,
    failed: &impl Fn(usize) -> bool,
    meter: &Meter,
) -> SkewOutcome {
    let mut found: Vec<ClockSkew> = Vec::new();
    let mut is_known = true;
    let lost_by_timestamp = LazyCell::new(|| evidence::lost_by_timestamp(timeline, history));
    let has_lost = || *lost_by_timestamp > 0;
    // Where nothing replaces the state, no last write wins: times stay as they are.
    let rules = [(Rule::Recording, is_ordered), (Rule::LastWriteWins, timeline.has_writes())];
    for (rule, _) in rules.into_iter().filter(|&(_, is_possible)| is_possible) {
        let mut search = Search::new(timeline, rule, failed, meter);
        // If the first are pinned down, others count only if they are about as small. A clock for
        // each process is a little far-fetched.
        let rival = found.first().filter(|skew| skew.is_pinned).map(|skew| skew.spread() as i64);
        let most = rival.map_or(i64::MAX, |spread| spread.saturating_add(spread / 8));
        let quarters = match groups.grouping {
            _ if rival.is_some() => 0,
            Grouping::Process => 1,
            Grouping::Field(_) => 4,
        };
        match settle(&mut search, most, quarters, &has_lost, meter) {
            Settled::Offsets { offsets, .. } if offsets.iter().all(|&offset| offset == 0) => {
                return SkewOutcome::NotNeeded;
            }
            Settled::Offsets { offsets, is_smallest, is_pinned } => {
                let mut named: Vec<(Value, i64)> =
                    groups.names.iter().copied().zip(offsets).collect();
                named.sort_by_cached_key(|&(name, _)| history.values().to_text(name));
                let mut skew = ClockSkew {
                    grouping: groups.grouping,
                    offsets: named,
                    situation: match rule {
                        Rule::Recording => Situation::Recording,
                        Rule::LastWriteWins => Situation::LastWriteWins,
                    },
                    is_smallest,
                    is_pinned,
                    is_within_error: false,
                    lost_by_timestamp: *lost_by_timestamp,
                };
                skew.is_within_error = skew.spread() <= CLOCK_ERROR.unsigned_abs();
                found.push(skew);
            }
            Settled::Impossible => {}
            Settled::Stopped => is_known = false,
        }
    }
    // Of two that are pinned alike, the smaller one; of nearly equal ones that which the timestamps
    // speak for.
    let better = found.into_iter().reduce(|recording, last_write| {
        let order = recording.is_pinned.cmp(&last_write.is_pinned).reverse();
        let (one, other) = (recording.spread(), last_write.spread());
        let is_close = one.abs_diff(other) <= one.max(other) / 10;
        let by_size = match is_close && has_lost() {
            true => std::cmp::Ordering::Greater,
            false => one.cmp(&other),
        };
        if order.then(by_size).is_le() { recording } else { last_write }
    });
    match (better, is_known) {
        (Some(skew), _) => SkewOutcome::Found(skew),
        (None, true) => SkewOutcome::Impossible,
        (None, false) => SkewOutcome::NotFound,
    }
}
