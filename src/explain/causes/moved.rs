//! Operations that are tried with an earlier call than they had.

use crate::history::{Rank, Span, sort};
use crate::model::Reading;

/// The readings, some of them called just before the ranks in `moved`. O(n log n).
pub(super) fn called_earlier<Op>(
    mut readings: Vec<Reading<Op>>,
    moved: &[Option<Rank>],
) -> Vec<Reading<Op>> {
    let mut ends: Vec<(usize, usize, bool)> = Vec::new();
    for (at, reading) in readings.iter().enumerate() {
        let Span { call, ret } = reading.span;
        let before = |earlier: Rank| 2 * earlier.index();
        let call = moved[at].map_or(2 * call.index() + 1, before);
        ends.push((call, at, false));
        if ret != Rank::NEVER {
            ends.push((2 * ret.index() + 1, at, true));
        }
    }
    sort::by(&mut ends, |&(place, ..)| place);
    for (rank, (_, at, is_return)) in ends.into_iter().enumerate() {
        let (rank, span) = (Rank::new(rank), &mut readings[at].span);
        if is_return {
            span.ret = rank;
        } else {
            span.call = rank;
        }
    }
    sort::by(&mut readings, |reading| reading.span.call);
    readings
}
