//! How much speaks for offsets that were found.

use super::bounds::Bounds;
use super::key::Key;
use super::rules::Rule;
use super::search::Search;
use super::seen;
use super::timeline::Timeline;
use crate::check::{Meter, impossible};
use crate::explain::core::minimal_core;
use crate::history::{History, OpIndex, Rank};
use crate::model::Establishes;

/// A core is looked for with so many configurations at most.
const CONFIGURATIONS: u64 = 20_000;

/// Whether the history pins `offsets` down: without them, two violations at least are separate;
/// with twice the largest of them, the history is not linearizable any more; and the clock of that
/// group, as well as one of the others, has timed operations that change something, since a node
/// that only reads may as well lag behind.
pub(super) fn are_pinned(
    search: &mut Search<'_>,
    root: &Bounds,
    offsets: &[i64],
    meter: &Meter,
) -> bool {
    let size = |group: &usize| (offsets[*group].unsigned_abs(), std::cmp::Reverse(*group));
    let Some(culprit) = (0..offsets.len()).max_by_key(size) else { return false };
    let timeline = search.timeline;
    let changes = |is_culprit: bool| {
        let mut entries = timeline.keys.iter().flat_map(|key| &key.entries);
        entries.any(|entry| {
            !entry.facts.pure && (usize::from(entry.timed.group) == culprit) == is_culprit
        })
    };
    let mut doubled = offsets.to_vec();
    doubled[culprit] = doubled[culprit].saturating_mul(2);
    changes(true)
        && changes(false)
        && separate_violations(timeline, 2, meter) >= 2
        && (!root.holds(&doubled) || search.explains(&doubled) == Some(false))
}

/// How many violations the history has that have nothing to do with each other, counted up to
/// `limit`. Where one was found, its pure operations are left out, and the others count as
/// indeterminate; what still fails is another. Both changes only make more orders possible.
fn separate_violations(timeline: &Timeline<'_>, limit: usize, meter: &Meter) -> usize {
    let offsets = vec![0; timeline.groups];
    let mut count = 0;
    for (key, &model) in timeline.keys.iter().zip(&timeline.models) {
        let mut readings = key.readings(Rule::Recording, &offsets);
        while count < limit {
            let stuck = impossible(model, &readings, meter).0.flatten();
            let Some(near) = stuck.map(|at| readings[at].index) else { break };
            count += 1;
            let core = minimal_core(model, &readings, near, meter, CONFIGURATIONS);
            let core = core.operations;
            if core.is_empty() {
                break;
            }
            let is_in_core = |index: OpIndex| core.binary_search(&index).is_ok();
            readings.retain_mut(|reading| {
                if is_in_core(reading.index) {
                    reading.span.ret = Rank::NEVER;
                }
                reading.span.has_returned() || !key.entries[reading.index].facts.pure
            });
        }
    }
    count
}

/// How many acknowledged writes lost against an earlier one by their timestamps: the fields
/// `timestamp` or `version` of writes, whole numbers, are in the opposite order, and nobody saw the
/// later write's value behind its return. O(n log n).
pub(super) fn lost_by_timestamp(timeline: &Timeline<'_>, history: &History) -> usize {
    let has_stamps = |name| history.values().find_text(name).is_some();
    if !has_stamps("timestamp") && !has_stamps("version") {
        return 0;
    }
    let lost = |(at, key)| lost_in(key, timeline.initial_token(at), history);
    timeline.keys.iter().enumerate().map(lost).sum()
}

fn lost_in<Op>(key: &Key<Op>, initial: Option<u64>, history: &History) -> usize {
    let stamp = |index: OpIndex| {
        let of = |name| history.extra_of(index, name);
        history.values().as_int(of("timestamp").or_else(|| of("version"))?)
    };
    // Call, return, timestamp, position.
    let mut writes: Vec<(i64, i64, i64, u32)> = (0..)
        .zip(&key.entries)
        .filter(|(_, entry)| entry.timed.is_write)
        .filter_map(|(at, entry)| {
            Some((entry.timed.call, entry.timed.ret?, stamp(entry.index)?, at))
        })
        .collect();
    writes.sort_unstable();
    let mut by_return: Vec<(i64, i64)> = writes.iter().map(|w| (w.1, w.2)).collect();
    by_return.sort_unstable();
    let mut latest = i64::MIN;
    for entry in &mut by_return {
        latest = latest.max(entry.1);
        entry.1 = latest;
    }
    let Some(seen) = seen::values(&key.entries, initial) else { return 0 };
    let mut is_seen = vec![false; key.entries.len()];
    for (observer, source) in seen.positions() {
        let ret = key.entries[source as usize].timed.ret;
        is_seen[source as usize] |=
            ret.is_some_and(|ret| key.entries[observer as usize].timed.call > ret);
    }
    let is_lost = |&&(call, _, stamp, at): &&(i64, i64, i64, u32)| {
        let before = by_return.partition_point(|&(ret, _)| ret < call);
        let beaten = before > 0 && by_return[before - 1].1 > stamp;
        let entry = &key.entries[at as usize];
        beaten && !is_seen[at as usize] && matches!(entry.facts.establishes, Establishes::Token(_))
    };
    writes.iter().filter(is_lost).count()
}
