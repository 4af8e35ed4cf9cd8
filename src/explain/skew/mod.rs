//! The smallest disagreement of clocks that would explain a history.
//!
//! Every group of operations, those of a node or else of a process, has a clock with an offset that
//! is not known. The offsets are looked for under which the history, all of its keys, is
//! linearizable, and of these the smallest. `docs/ALGORITHMS.md` proves that they are.

mod bounds;
mod estimate;
mod evidence;
mod groups;
mod orders;
mod rules;
mod search;
mod seen;
#[cfg(test)]
mod tests;
mod timeline;
mod windows;

use crate::analysis;
use crate::check::{Decision, Meter, Options, Report, Verdict};
use crate::error::Error;
use crate::history::{History, Value};
use crate::model::{Model, ModelVisitor};
use bounds::Bounds;
use groups::Groups;
use rules::Rule;
use search::{Found, Search, Walk};
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
        let offsets = || self.offsets.iter().map(|&(_, offset)| offset);
        offsets().max().zip(offsets().min()).map_or(0, |(most, least)| most.abs_diff(least))
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
pub fn find_clock_skew(
    history: &History,
    options: &Options,
    report: &Report,
) -> Result<SkewOutcome, Error> {
    struct Finding<'a>(&'a History, &'a Options, &'a Report);
    impl ModelVisitor for Finding<'_> {
        type Output = Result<SkewOutcome, Error>;

        fn visit<M: Model>(self, model: &M) -> Self::Output {
            let meter = super::meter(self.1, self.0, super::Part::Clocks);
            clock_skew(model, self.0, self.2, &meter)
        }
    }
    analysis::choose(history, options)?.model.visit_uniform(Finding(history, options, report))
}

/// The smallest clock offsets under which `history` is linearizable, of which `report` was made.
///
/// # Errors
/// None, for a history that was checked.
pub(super) fn clock_skew<M: Model>(
    model: &M,
    history: &History,
    report: &Report,
    meter: &Meter,
) -> Result<SkewOutcome, Error> {
    if report.verdict != Verdict::Invalid {
        return Ok(SkewOutcome::NotNeeded);
    }
    let possible = groups::ways(history);
    for groups in possible.ways {
        let timeline = Timeline::new(model, history, &groups.of, groups.names.len())?;
        let Some(timeline) = timeline else { return Ok(SkewOutcome::NoTimes) };
        let failed = |key: usize| matches!(report.keys[key].decision, Decision::Invalid(_));
        match explain(&timeline, history, &groups, &failed, meter) {
            SkewOutcome::Impossible => {}
            outcome => return Ok(outcome),
        }
    }
    Ok(if possible.has_more { SkewOutcome::NotFound } else { SkewOutcome::Impossible })
}

/// Looks for the offsets of `groups` by both rules, and takes the better one.
fn explain<M: Model>(
    timeline: &Timeline<'_, M>,
    history: &History,
    groups: &Groups,
    failed: &impl Fn(usize) -> bool,
    meter: &Meter,
) -> SkewOutcome {
    let mut found = Vec::new();
    let mut is_known = true;
    let lost_by_timestamp = evidence::lost_by_timestamp(timeline, history);
    for rule in [Rule::Recording, Rule::LastWriteWins] {
        let mut search = Search::new(timeline, rule, failed, meter);
        match settle(&mut search, meter) {
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
                    lost_by_timestamp,
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
        let by_size = match (is_close, lost_by_timestamp > 0) {
            (true, true) => std::cmp::Ordering::Greater,
            _ => one.cmp(&other),
        };
        if order.then(by_size).is_le() { recording } else { last_write }
    });
    match (better, is_known) {
        (Some(skew), _) => SkewOutcome::Found(skew),
        (None, true) => SkewOutcome::Impossible,
        (None, false) => SkewOutcome::NotFound,
    }
}

/// What came of one rule.
enum Settled {
    Offsets {
        offsets: Vec<i64>,
        /// Whether no smaller ones do.
        is_smallest: bool,
        /// Whether they are pinned down.
        is_pinned: bool,
    },
    Impossible,
    Stopped,
}

fn settle<M: Model>(search: &mut Search<'_, M>, meter: &Meter) -> Settled {
    let Some(root) = search.root() else { return Settled::Impossible };
    match search.is_rest_linearizable() {
        Some(true) => {}
        Some(false) => return Settled::Impossible,
        None => return Settled::Stopped,
    }
    let (offsets, is_smallest) = match search.smallest(root.clone(), i128::MAX, Walk::BestFirst) {
        Found::Offsets(offsets) => (with_fewer(search, &root, offsets), true),
        Found::Impossible => return Settled::Impossible,
        Found::Stopped => {
            let guessed = some(search, &root);
            let most = guessed.as_ref().map_or(i128::MAX, |offsets| spread(offsets) - 1);
            search.allow_more();
            match (search.smallest(root.clone(), most, Walk::BestFirst), guessed) {
                (Found::Offsets(offsets), _) => (with_fewer(search, &root, offsets), true),
                (Found::Impossible, Some(offsets)) => (offsets, true),
                (Found::Impossible, None) => return Settled::Impossible,
                (Found::Stopped, Some(offsets)) => (offsets, false),
                (Found::Stopped, None) => return Settled::Stopped,
            }
        }
    };
    let is_pinned = evidence::are_pinned(search, &root, &offsets, meter);
    Settled::Offsets { offsets, is_smallest, is_pinned }
}

/// Some offsets, where the smallest were too many steps away: for a recording such as are near a
/// guess, the smallest of these if possible.
fn some<M: Model>(search: &mut Search<'_, M>, root: &Bounds) -> Option<Vec<i64>> {
    let near = match search.rule {
        Rule::Recording => estimate::near_guess(search.timeline, root),
        Rule::LastWriteWins => None,
    };
    let tries = [(near.as_ref(), Walk::BestFirst), (near.as_ref(), Walk::DepthFirst)];
    let anywhere = [(Some(root), Walk::DepthFirst)];
    tries.into_iter().chain(anywhere).find_map(|(bounds, walk)| {
        search.allow_more();
        match search.smallest(bounds?.clone(), i128::MAX, walk) {
            Found::Offsets(offsets) => Some(offsets),
            Found::Impossible | Found::Stopped => None,
        }
    })
}

/// By how much two clocks disagree at most.
fn spread(offsets: &[i64]) -> i128 {
    let ends = offsets.iter().max().zip(offsets.iter().min());
    ends.map_or(0, |(&most, &least)| i128::from(most) - i128::from(least))
}

/// Offsets no larger than `offsets`, fewer of which are not 0, if there are any: one culprit alone
/// is tried first, then whether one less will do, and another less.
fn with_fewer<M: Model>(
    search: &mut Search<'_, M>,
    root: &Bounds,
    mut offsets: Vec<i64>,
) -> Vec<i64> {
    let count = |offsets: &[i64]| offsets.iter().filter(|&&offset| offset != 0).count();
    let most = spread(&offsets);
    let mut at_most = |still: &dyn Fn(usize) -> bool| {
        let mut bounds = root.clone();
        let mut still = (0..bounds.groups()).filter(|&group| still(group));
        let first = still.next()?;
        if !still.all(|group| bounds.equate(group, first)) {
            return None;
        }
        match search.smallest(bounds, most, Walk::BestFirst) {
            Found::Offsets(offsets) => Some(offsets),
            Found::Impossible | Found::Stopped => None,
        }
    };
    let mut culprits: Vec<usize> = (0..offsets.len()).collect();
    culprits.sort_by_key(|&group| std::cmp::Reverse(offsets[group].unsigned_abs()));
    if count(&offsets) > 1 {
        let alone = culprits.iter().find_map(|&culprit| at_most(&|group| group != culprit));
        if let Some(alone) = alone {
            return alone;
        }
        for &innocent in culprits.iter().rev() {
            if count(&offsets) > 2 && offsets[innocent] != 0 {
                let is_still = |group: usize| offsets[group] == 0 || group == innocent;
                if let Some(fewer) = at_most(&is_still) {
                    offsets = fewer;
                }
            }
        }
    }
    offsets
}
