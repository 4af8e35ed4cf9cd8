//! What changes over the time of a history, in numbers: how many operations ended, how long they
//! took, how many were under way.

use super::scale::Scale;
use crate::history::{Function, History, Outcome};

/// A number over time, from part to part; none where nothing tells it.
pub(super) type Numbers = Vec<Option<f64>>;

/// How many operations ended per second, by outcome (ok, failed, unknown), or per part of the
/// history if it has no times; of all, or of one function. O(n).
pub(super) fn rates(
    history: &History,
    scale: &Scale<'_>,
    function: Option<Function>,
) -> [Numbers; 3] {
    let parts = scale.parts();
    let mut counts = [(); 3].map(|()| vec![0_usize; parts]);
    for (index, operation) in history.indexed() {
        if function.is_some_and(|function| function != operation.function) {
            continue;
        }
        let (outcome, part) = match operation.outcome {
            Outcome::Ok => (0, scale.ret(index)),
            Outcome::Fail => (1, scale.ret(index)),
            // Its end tells when the client gave up, if it did.
            _ => (
                2,
                if operation.completed.is_none() { scale.call(index) } else { scale.ret(index) },
            ),
        };
        counts[outcome][at(part, parts)] += 1;
    }
    let seconds = scale.seconds().map_or(1.0, |seconds| seconds / parts as f64);
    counts.map(|counts| counts.iter().map(|&count| Some(count as f64 / seconds)).collect())
}

/// How many operations were under way at most, in each part; those of unknown outcome until their
/// client gave up. O(n log n).
pub(super) fn concurrency(history: &History, scale: &Scale<'_>) -> Numbers {
    let mut ends: Vec<(f64, i32)> = Vec::new();
    for (index, operation) in history.indexed() {
        ends.push((scale.call(index), 1));
        if operation.completed.is_some() {
            ends.push((scale.ret(index), -1));
        }
    }
    ends.sort_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1)));
    let mut most: Numbers = vec![None; scale.parts()];
    let (mut now, mut part) = (0, 0);
    for (end, change) in ends {
        let next = at(end, scale.parts());
        while part < next {
            part += 1;
            most[part] = Some(f64::from(now));
        }
        now += change;
        let here = most[part].get_or_insert(0.0);
        *here = here.max(f64::from(now));
    }
    most
}

/// The quantiles of how long operations took that ended in each part, in seconds: the median, the
/// 99th percentile, and the greatest; of all that are `ok`, or of one function. O(n log n).
pub(super) fn latencies(
    history: &History,
    scale: &Scale<'_>,
    function: Option<Function>,
) -> [Numbers; 3] {
    let mut lengths = Vec::new();
    for (index, operation) in history.indexed() {
        let is_meant = function.is_none_or(|function| function == operation.function);
        let [Some(call), Some(ret)] = history.times(index) else { continue };
        if is_meant && operation.outcome == Outcome::Ok {
            lengths.push((scale.ret(index), ret.saturating_sub(call).max(0)));
        }
    }
    quantiles(scale, &lengths)
}

/// The quantiles of lengths, in nanoseconds, at these places, in seconds: the median, the 99th
/// percentile, and the greatest of each part. O(n log n).
pub(super) fn quantiles(scale: &Scale<'_>, lengths: &[(f64, i64)]) -> [Numbers; 3] {
    let mut parts: Vec<Vec<i64>> = vec![Vec::new(); scale.parts()];
    for &(place, length) in lengths {
        parts[at(place, scale.parts())].push(length);
    }
    for lengths in &mut parts {
        lengths.sort_unstable();
    }
    [50, 99, 100].map(|percent| {
        let quantile = |lengths: &Vec<i64>| {
            let place = (lengths.len() * percent).div_ceil(100).max(1) - 1;
            lengths.get(place).map(|&length| length as f64 / 1e9)
        };
        parts.iter().map(quantile).collect()
    })
}

/// How many of these places are in each part. O(n).
pub(super) fn counts(scale: &Scale<'_>, places: impl Iterator<Item = f64>) -> Numbers {
    let mut counts = vec![0_usize; scale.parts()];
    for place in places {
        counts[at(place, scale.parts())] += 1;
    }
    counts.into_iter().map(|count| Some(count as f64)).collect()
}

/// The part, of so many, in which something is.
fn at(place: f64, parts: usize) -> usize {
    ((place * parts as f64) as usize).min(parts - 1)
}
