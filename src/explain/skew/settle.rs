//! How the offsets of one rule are looked for: what is tried, in what order, and for how long.
//!
//! The smallest offsets come first. If they are too many steps away, some are looked for where they
//! are likely: a single clock that is wrong; clocks that agree as a guess has it; what is near the
//! guess. These are made smaller, step by step. With them as a limit the first search goes on.

use super::bounds::Bounds;
use super::estimate::Guess;
use super::rules::Rule;
use super::search::{Found, Search};
use super::walk::Walk;
use super::{estimate, evidence};
use crate::check::Meter;
use crate::history::sort;

/// What the first search may cost, in operations and configurations decided, for every operation
/// of the history; and at least and at most.
const FIRST: [usize; 3] = [20, 150_000, 1_500_000];

/// If the first search can decide the key that it begins with fewer times than so, it is not begun
/// for clocks that are far-fetched: nothing would come of it.
const BEGINNINGS: usize = 2;

/// Beyond the first search, more is looked for only if it can decide the history so many times.
const DECISIONS: usize = 8;

/// What it may cost to look for a single wrong clock, all of them together.
const ALONE: usize = 3_000_000;

/// What it may cost to look for clocks that agree as a guess has it; and how far apart it may have
/// them, in halves of a typical operation.
const TIED: usize = 500_000;
const TIES: [i64; 2] = [2, 1];

/// Offsets that were found and are closer than these parts of the spread may be the same.
const PARTS: [i64; 3] = [3, 8, 24];

/// What it may cost to look for some offsets, near a guess or anywhere.
const SOME: usize = 5_000_000;

/// What each step to smaller offsets may cost.
const STEP: usize = 250_000;

/// What the first search may cost when it goes on.
const REST: usize = 6_000_000;

/// What it may cost to look for offsets fewer of which are not 0, and to ask whether they are
/// pinned down.
const LAST: usize = 1_000_000;

/// The shares of the work that may be done.
const WHOLE: usize = 64;

/// What came of one rule.
pub(super) enum Settled {
    /// It explains the history.
    Offsets {
        /// One a group.
        offsets: Vec<i64>,
        /// Whether no smaller ones do.
        is_smallest: bool,
        /// Whether they are pinned down.
        is_pinned: bool,
    },
    /// No offsets that differ by as much as they may do.
    Impossible,
    /// That was not decided in time.
    Stopped,
}

/// Looks for the smallest offsets by the rule of `search`. Those that differ by more than `most`
/// are not looked for. Behind the first search, so many `quarters` are done of the work that may
/// be, where something speaks for wrong clocks: a guess, or writes that lost by their timestamps
/// (`has_lost`). Else it is one part of [`WHOLE`], and nothing for fewer than four.
pub(super) fn settle(
    search: &mut Search<'_>,
    most: i64,
    quarters: usize,
    has_lost: &dyn Fn() -> bool,
    meter: &Meter,
) -> Settled {
    let Some(root) = search.root() else { return Settled::Impossible };
    let [each, least, limit] = FIRST;
    if quarters < 4 && search.first_key() > limit / BEGINNINGS {
        return Settled::Stopped;
    }
    search.allow(search.operations().saturating_mul(each).clamp(least, limit));
    match search.is_rest_linearizable() {
        Some(true) => {}
        Some(false) => return Settled::Impossible,
        None => return Settled::Stopped,
    }
    let mut walk = Walk::new(root.clone());
    walk.limit(most);
    let (offsets, is_smallest) = match search.go(&mut walk) {
        Found::Offsets(offsets) => (offsets, true),
        Found::Impossible => return Settled::Impossible,
        Found::Stopped if search.operations() * DECISIONS > SOME / 4 * quarters => {
            return Settled::Stopped;
        }
        Found::Stopped => {
            let known = search.learnt.len();
            let guess = match search.rule {
                Rule::Recording => estimate::guess(search.timeline),
                Rule::LastWriteWins => None,
            };
            let is_likely = has_lost() || guess.as_ref().is_some_and(Guess::is_apart);
            let share = if is_likely { WHOLE / 4 * quarters } else { quarters / 4 };
            if share == 0 {
                return Settled::Stopped;
            }
            let some = some(search, &root, guess, share);
            // What was learnt far away does not help, and every lesson costs.
            search.learnt.truncate(known);
            walk.limit(below(&some));
            search.allow(REST / WHOLE * share);
            match (search.go(&mut walk), some) {
                (Found::Offsets(offsets), _) => (offsets, true),
                (Found::Impossible, Some(offsets)) => (offsets, true),
                (Found::Impossible, None) => return Settled::Impossible,
                (Found::Stopped, Some(offsets)) => (offsets, false),
                (Found::Stopped, None) => return Settled::Stopped,
            }
        }
    };
    search.allow(LAST);
    let offsets = if is_smallest { with_fewer(search, &root, offsets) } else { offsets };
    let is_pinned = evidence::are_pinned(search, &root, &offsets, meter);
    Settled::Offsets { offsets, is_smallest, is_pinned }
}

/// Some offsets, where the smallest were too many steps away, with so large a share of the work.
fn some(
    search: &mut Search<'_>,
    root: &Bounds,
    guess: Option<Guess>,
    share: usize,
) -> Option<Vec<i64>> {
    let mut best: Option<Vec<i64>> = None;
    let groups = root.groups();
    let mut left = ALONE / WHOLE * share;
    for culprit in 0..groups {
        // Most are impossible soon, which leaves more for the others.
        let part = left / (groups - culprit).min(2);
        search.allow(part);
        let alone = tied(root, |group| group != culprit);
        best = smallest_within(search, alone, below(&best)).or(best);
        left -= part - search.left();
    }
    for halves in TIES {
        let near = guess.as_ref().and_then(|guess| guess.near(root, halves));
        search.allow(TIED / WHOLE * share);
        best = smallest_within(search, near, below(&best)).or(best);
    }
    if best.is_none() {
        let near = guess.and_then(|guess| Some((guess.near(root, 0)?, guess.offsets())));
        let anywhere = root.smallest().map(|offsets| (root.clone(), offsets));
        best = [near, anywhere].into_iter().flatten().find_map(|(bounds, offsets)| {
            search.allow(SOME / WHOLE * share);
            search.repair(&bounds, i64::MAX, offsets)
        });
    }
    let mut best = search.descend(root, best?, STEP.min(STEP / 4 * share));
    for part in PARTS {
        let tied = in_clusters(root, &best, spread(&best) / part);
        search.allow(TIED / WHOLE * share);
        best = smallest_within(search, tied, spread(&best) - 1).unwrap_or(best);
    }
    Some(best)
}

/// By how much offsets may differ that are smaller than `best`.
fn below(best: &Option<Vec<i64>>) -> i64 {
    best.as_ref().map_or(i64::MAX, |offsets| spread(offsets) - 1)
}

/// The smallest offsets within `bounds` that differ by `most` at most, if they are found with the
/// work that is allowed.
fn smallest_within(search: &mut Search<'_>, bounds: Option<Bounds>, most: i64) -> Option<Vec<i64>> {
    let mut walk = Walk::new(bounds?);
    walk.limit(most);
    match search.go(&mut walk) {
        Found::Offsets(offsets) => Some(offsets),
        Found::Impossible | Found::Stopped => None,
    }
}

/// These bounds with one offset for all groups whose `offsets` are that close to the next one.
fn in_clusters(root: &Bounds, offsets: &[i64], close: i64) -> Option<Bounds> {
    let mut bounds = root.clone();
    let mut groups: Vec<usize> = (0..offsets.len()).collect();
    sort::by(&mut groups, |&group| offsets[group]);
    let pairs =
        groups.windows(2).filter(|pair| offsets[pair[1]].saturating_sub(offsets[pair[0]]) <= close);
    let mut pairs = pairs.map(|pair| (pair[0], pair[1]));
    pairs.all(|(one, other)| bounds.equate(one, other)).then_some(bounds)
}

/// By how much two clocks disagree at most.
pub(super) fn spread(offsets: &[i64]) -> i64 {
    let ends = offsets.iter().max().zip(offsets.iter().min());
    ends.map_or(0, |(most, least)| most.saturating_sub(*least))
}

/// These bounds with one offset for all groups that are `tied`, if there are such offsets.
fn tied(root: &Bounds, tied: impl Fn(usize) -> bool) -> Option<Bounds> {
    let mut bounds = root.clone();
    let mut groups = (0..bounds.groups()).filter(|&group| tied(group));
    let first = groups.next()?;
    groups.all(|group| bounds.equate(group, first)).then_some(bounds)
}

/// Offsets no larger than `offsets`, fewer of which are not 0, if there are any: one culprit alone
/// is tried first, then whether one less will do, and another less.
fn with_fewer(search: &mut Search<'_>, root: &Bounds, mut offsets: Vec<i64>) -> Vec<i64> {
    let count = |offsets: &[i64]| offsets.iter().filter(|&&offset| offset != 0).count();
    let most = spread(&offsets);
    let mut at_most =
        |still: &dyn Fn(usize) -> bool| smallest_within(search, tied(root, still), most);
    let mut culprits: Vec<usize> = (0..offsets.len()).collect();
    sort::by(&mut culprits, |&group| std::cmp::Reverse(offsets[group].unsigned_abs()));
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
