//! Operations that are tried with an earlier call than they had.

use crate::history::{NEVER, Span};
use crate::model::Reading;

/// The readings, some of them called just before the ranks in `moved`. O(n log n).
pub(super) fn called_earlier<Op>(
    mut readings: Vec<Reading<Op>>,
    moved: &[Option<u32>],
) -> Vec<Reading<Op>> {
    let mut ends: Vec<(u64, usize, bool)> = Vec::new();
    for (at, reading) in readings.iter().enumerate() {
        let Span { call, ret } = reading.span;
        let before = |earlier: u32| 2 * u64::from(earlier);
        let call = moved[at].map_or(2 * u64::from(call) + 1, before);
        ends.push((call, at, false));
        if ret != NEVER {
            ends.push((2 * u64::from(ret) + 1, at, true));
        }
    }
    ends.sort_unstable();
    for (rank, (_, at, is_return)) in (0..).zip(ends) {
        let span = &mut readings[at].span;
        if is_return {
            span.ret = rank;
        } else {
            span.call = rank;
        }
    }
    readings.sort_by_key(|reading| reading.span.call);
    readings
}
