//! Counters of unequal additions.
//!
//! Whether additions fit between the values told is a question of subset sums in general. It is
//! none where every addition tells its place, or real time leaves it only one.

use crate::check::exact::ends::{End, Ends, by_return, position};
use crate::check::exact::{Conflict, Ruling, Timed, Wanted};
use crate::history::Rank;
use crate::model::counter::Op;

/// Decides `operations`; `None` if neither an order nor a refutation is found.
pub(super) fn decide(
    initial: i128,
    operations: &[Timed<'_, Op>],
    wanted: Wanted,
) -> Option<Ruling> {
    let tells = |timed: &Timed<'_, Op>| timed.op.before.is_some();
    if !operations.iter().any(tells) {
        let completed = (0..operations.len() as u32).zip(operations);
        let completed = completed.filter(|(_, timed)| timed.has_returned());
        let order = completed.filter(|_| wanted == Wanted::Order).map(|(at, _)| at);
        return Some(Ruling::Valid(order.collect()));
    }
    if let Some(stuck) = out_of_bounds(initial, operations) {
        return Some(Ruling::Invalid(Conflict::at(stuck)));
    }
    let sign = match operations.iter().find(|timed| timed.op.delta != 0)?.op.delta.signum() {
        up if operations.iter().all(|timed| timed.op.delta.signum() != -up) => i128::from(up),
        _ => return None,
    };
    match Line::of(initial, sign, operations).and_then(|line| line.decide(operations, wanted)) {
        Ok(order) => order.map(Ruling::Valid),
        Err(stuck) => Some(Ruling::Invalid(Conflict::at(stuck))),
    }
}

/// The first operation to return that tells a value outside of what all choices among the
/// additions give that may have happened before it.
fn out_of_bounds(initial: i128, operations: &[Timed<'_, Op>]) -> Option<u32> {
    // The sums of additions that were called, and that returned; up and down.
    let mut called = [0_i128; 2];
    let mut returned = [0_i128; 2];
    let mut before_call = vec![[0_i128; 2]; operations.len()];
    for end in Ends::of(operations) {
        let (End::Call(at) | End::Return(at)) = end;
        let op = operations[at as usize].op;
        let side = usize::from(op.delta < 0);
        let delta = i128::from(op.delta);
        if matches!(end, End::Call(_)) {
            before_call[at as usize] = returned;
            called[side] += delta;
            continue;
        }
        if let Some(before) = op.found() {
            let [up, down] = before_call[at as usize];
            // What it adds itself comes after what it tells.
            let lowest = initial + up + called[1] - delta.min(0);
            let highest = initial + down + called[0] - delta.max(0);
            if before < lowest || before > highest {
                return Some(at);
            }
        }
        returned[side] += delta;
    }
    None
}

/// The values told on their way up, or down, and the gaps between them.
struct Line {
    /// The operations that tell, in their order.
    told: Vec<u32>,
    /// Where something is missing that did not tell; the last is behind all that was told.
    gaps: Vec<Gap>,
    /// The last return of all.
    last: u32,
}

struct Gap {
    /// Before this one of those that tell.
    before: usize,
    /// What is missing; of the last gap, anything.
    sum: Option<i128>,
    /// After the calls of all before it, the last of which this is,
    low: Rank,
    /// and before the returns of all behind it.
    high: Rank,
}

impl Line {
    /// The line of `operations`, whose additions have one sign; an operation by whose return two
    /// contradict each other.
    fn of(initial: i128, sign: i128, operations: &[Timed<'_, Op>]) -> Result<Line, u32> {
        let span = |at: u32| operations[at as usize].span;
        let mut sorted: Vec<(i128, bool, u32)> = (0..operations.len() as u32)
            .zip(operations)
            .filter_map(|(at, Timed { op, .. })| {
                op.found().map(|before| (sign * (before - initial), op.delta != 0, at))
            })
            .collect();
        sorted.sort_unstable();
        let mut gaps = Vec::new();
        let mut value = 0;
        // The last to add, and the last call.
        let mut adder: Option<u32> = None;
        let mut low = Rank::FIRST;
        for (before, &(found, adds, at)) in sorted.iter().enumerate() {
            if found < value {
                let returned = |at: u32| by_return(span(at).ret, at);
                let adder = adder.map_or(0, returned);
                return Err(position(adder.max(returned(at))));
            }
            if found > value {
                gaps.push(Gap { before, sum: Some(found - value), low, high: Rank::FIRST });
            }
            value = found;
            if adds {
                value += sign * i128::from(operations[at as usize].op.delta);
                adder = Some(at);
            }
            low = low.max(span(at).call);
        }
        gaps.push(Gap { before: sorted.len(), sum: None, low, high: Rank::NEVER });
        let mut high = Rank::NEVER;
        let mut rest = sorted.len();
        for gap in gaps.iter_mut().rev() {
            while rest > gap.before {
                rest -= 1;
                high = high.min(span(sorted[rest].2).ret);
            }
            gap.high = high;
        }
        let returns = (0..operations.len() as u32).map(|at| (span(at).ret, at));
        let last = returns.filter(|&(ret, _)| ret != Rank::NEVER).max().map_or(0, |(_, at)| at);
        Ok(Line { told: sorted.into_iter().map(|(_, _, at)| at).collect(), gaps, last })
    }

    /// An order of all completed operations; `None` if it is open where some of them belong. An
    /// operation by whose return there is no order.
    fn decide(
        mut self,
        operations: &[Timed<'_, Op>],
        wanted: Wanted,
    ) -> Result<Option<Vec<u32>>, u32> {
        let mut silent: Vec<(u32, u32)> = Vec::new();
        // The first gap that an addition may fill that never returned.
        let mut spare = self.gaps.len();
        for (at, Timed { op, span }) in operations.iter().enumerate() {
            if op.before.is_some() || (op.delta == 0 && !span.has_returned()) {
                continue;
            }
            let first = self.gaps.partition_point(|gap| gap.high < span.call);
            let last = self.gaps.partition_point(|gap| gap.low < span.ret);
            if !span.has_returned() {
                spare = spare.min(first);
            } else if op.delta == 0 {
                return Ok(None);
            } else if first >= last {
                return Err(self.last);
            } else if first + 1 < last {
                return Ok(None);
            } else {
                silent.push((first as u32, at as u32));
                if let Some(missing) = &mut self.gaps[first].sum {
                    *missing -= i128::from(op.delta).abs();
                }
            }
        }
        let missing = |gap: &Gap| gap.sum.unwrap_or(0);
        if self.gaps.iter().any(|gap| missing(gap) < 0) {
            return Err(self.last);
        }
        if let Some(first) = self.gaps.iter().position(|gap| missing(gap) > 0) {
            return if spare <= first { Ok(None) } else { Err(self.last) };
        }
        silent.sort_unstable();
        self.sweep(&silent, operations).map(|order| match wanted {
            Wanted::Order => Some(order),
            Wanted::Whether | Wanted::Verdict => Some(Vec::new()),
        })
    }

    /// The line with what did not tell in its gaps, if that keeps real time.
    fn sweep(&self, silent: &[(u32, u32)], operations: &[Timed<'_, Op>]) -> Result<Vec<u32>, u32> {
        let mut order = Vec::with_capacity(self.told.len() + silent.len());
        let mut silent = silent.iter().peekable();
        let mut from = 0;
        for (number, gap) in self.gaps.iter().enumerate() {
            order.extend_from_slice(&self.told[from..gap.before]);
            from = gap.before;
            while let Some(&(_, at)) = silent.next_if(|silent| silent.0 as usize == number) {
                order.push(at);
            }
        }
        // Equals stand in the order of their calls, so that each may only be too late for those
        // before it.
        let mut latest = (Rank::FIRST, 0);
        for &at in &order {
            let span = operations[at as usize].span;
            if span.ret < latest.0 {
                // Until they returned, additions may have been elsewhere.
                return Err(self.last);
            }
            latest = latest.max((span.call, at));
        }
        Ok(order)
    }
}
