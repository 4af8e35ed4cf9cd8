//! How far back reads must reach for a key to be linearizable.
//!
//! With a reach of d, every pure operation counts as called d earlier than it was. More reach only
//! takes constraints away, so the smallest that is enough is found by bisection; for registers a
//! lower bound, which is nearly always the answer, is tried first.

use super::super::case::Case;
use super::super::guarantees::{OpId, Saw, ValueId, Versions, WriteId};
use crate::check::{is_linearizable, linearize};
use crate::history::{OpIndex, Rank, Span};
use crate::model::{AnyOp, Model, Pos, Reading};

/// No further decision is made once all together took this part of the configurations that one may
/// take: other parts of an explanation want time, too.
const PART: u64 = 2;

/// The ends of an operation: times, or ranks.
pub(super) type Ends = (i128, Option<i128>);

/// One end of an operation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    at: i128,
    /// Calls come first among equal times: these are concurrent.
    is_return: bool,
    reading: Pos,
}

/// A key whose reads may be moved.
pub(super) struct Reach<'a, 'b> {
    case: &'b Case<'a>,
    /// The calls of reads, and all other ends, each ascending.
    moving: Vec<End>,
    fixed: Vec<End>,
    /// What the decisions so far cost.
    configurations: u64,
    was_stopped: bool,
}

impl<'a, 'b> Reach<'a, 'b> {
    /// The key with its operations' `ends`. Of those that change nothing, which `moves` says of may
    /// be moved; and if they never returned, they are left out. O(n log n).
    pub(super) fn new(
        case: &'b Case<'a>,
        ends: &[Ends],
        moves: impl Fn(&Reading<AnyOp>) -> bool,
    ) -> Self {
        let (mut moving, mut fixed) = (Vec::new(), Vec::with_capacity(2 * ends.len()));
        for (reading, &(call, ret)) in Pos::below(ends.len()).zip(ends) {
            let is_read = case.model.facts(&case.readings[reading].op).pure;
            let call = End { at: call, is_return: false, reading };
            match (is_read, ret) {
                (true, None) => continue,
                (true, _) if moves(&case.readings[reading]) => moving.push(call),
                (_, _) => fixed.push(call),
            }
            fixed.extend(ret.map(|at| End { at, is_return: true, reading }));
        }
        moving.sort_unstable();
        fixed.sort_unstable();
        Reach { case, moving, fixed, configurations: 0, was_stopped: false }
    }

    /// The smallest reach that is enough; `None` if none is, or the budget ends first. A good
    /// `guess` makes for few decisions.
    pub(super) fn smallest(
        &mut self,
        register: Option<&Versions>,
        ends: &[Ends],
        (guess, stale): (Option<i128>, &[OpIndex]),
    ) -> Option<i128> {
        let mut enough = match (self.moving.first(), self.moving.last(), self.fixed.first()) {
            (Some(first), Some(last), Some(fixed)) => last.at - first.at.min(fixed.at),
            _ => 0,
        };
        let least = register.map_or(0, |register| least(self.case, register, ends)).min(enough);
        if self.suffices(least)? {
            return Some(least);
        }
        let mut low = least + 1;
        if let Some(guess) = guess.filter(|guess| (low..=enough).contains(guess)) {
            if !self.suffices(guess)? {
                low = guess + 1;
            } else if guess == low || !self.suffices(guess - 1)? {
                return Some(guess);
            } else {
                enough = guess - 1;
            }
        }
        // The bound is often near the answer; and the further reads reach, the harder it is.
        let mut step = ((low - 1) / 64).max(1);
        loop {
            if low > enough {
                return None;
            }
            let tried = (low - 1).saturating_add(step).min(enough);
            if self.suffices(tried)? {
                enough = tried;
                break;
            }
            low = tried + 1;
            step = step.saturating_mul(4);
        }
        // For what is known to be stale, only so much changes anything as takes it to some return.
        let turns = self.turns(stale, low, enough);
        let (mut first, mut end) = (0, turns.len());
        while first < end {
            let middle = first + (end - first) / 2;
            if self.suffices(turns[middle])? {
                (enough, end) = (turns[middle], middle);
            } else {
                (low, first) = (turns[middle] + 1, middle + 1);
            }
        }
        if low < enough && !turns.is_empty() {
            if self.suffices(enough - 1)? {
                enough -= 1;
            } else {
                low = enough;
            }
        }
        while low < enough {
            let middle = low + (enough - low) / 2;
            if self.suffices(middle)? {
                enough = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(enough)
    }

    /// How far the reads among the operations `stale` have to reach for each return that they meet
    /// with a reach between these, ascending.
    fn turns(&self, stale: &[OpIndex], low: i128, high: i128) -> Vec<i128> {
        let mut turns = Vec::new();
        let is_stale = |end: &&End| stale.contains(&self.case.readings[end.reading].index);
        for read in self.moving.iter().filter(is_stale) {
            let first = self.fixed.partition_point(|end| end.at <= read.at - high);
            let last = self.fixed.partition_point(|end| end.at <= read.at - low);
            let returns = self.fixed[first..last].iter().filter(|end| end.is_return);
            turns.extend(returns.map(|end| read.at - end.at));
        }
        turns.sort_unstable();
        turns.dedup();
        turns
    }

    /// A linearization with `reach`: positions among the key's readings.
    pub(super) fn order(&self, reach: i128) -> Option<Vec<Pos>> {
        let (readings, positions) = self.moved(reach);
        let order = linearize(self.case.model, &readings, self.case.meter)?;
        Some(order.into_iter().map(|at| positions[at]).collect())
    }

    /// Whether the budget ended before some answer.
    pub(super) fn was_stopped(&self) -> bool {
        self.was_stopped
    }

    fn suffices(&mut self, reach: i128) -> Option<bool> {
        let meter = self.case.meter;
        if self.configurations > meter.configurations() / PART {
            self.was_stopped = true;
            return None;
        }
        let (found, effort) = is_linearizable(self.case.model, &self.moved(reach).0, meter);
        self.configurations += effort.configurations;
        self.was_stopped |= found.is_none();
        found
    }

    /// The readings with `reach`, in the order of their calls, and where each was. O(n).
    fn moved(&self, reach: i128) -> (Vec<Reading<AnyOp>>, Vec<Pos>) {
        let mut readings: Vec<Reading<AnyOp>> = Vec::with_capacity(self.case.readings.len());
        let mut positions = Vec::with_capacity(self.case.readings.len());
        let mut now_at = vec![Pos::default(); self.case.readings.len()];
        let mut moving =
            self.moving.iter().map(|end| End { at: end.at - reach, ..*end }).peekable();
        let mut fixed = self.fixed.iter().copied().peekable();
        let mut rank = Rank::FIRST;
        loop {
            let end = match (moving.peek(), fixed.peek()) {
                (Some(call), Some(end)) if call < end => moving.next(),
                (_, Some(_)) => fixed.next(),
                (_, None) => moving.next(),
            };
            let Some(End { is_return, reading, .. }) = end else { break };
            if is_return {
                readings[now_at[reading]].span.ret = rank;
            } else {
                let Reading { index, op, .. } = &self.case.readings[reading];
                now_at[reading] = Pos::new(readings.len());
                let span = Span { call: rank, ret: Rank::NEVER };
                readings.push(Reading { index: *index, op: op.clone(), span });
                positions.push(reading);
            }
            rank = rank.next();
        }
        (readings, positions)
    }
}

/// A reach below which some read of a register is too late for what it saw: when it was called,
/// another value that certainly came later had been there. O(n log n).
fn least(case: &Case<'_>, register: &Versions, ends: &[Ends]) -> i128 {
    let position =
        |index: OpIndex| case.readings.binary_search_by_key(&index, |reading| reading.index).ok();
    let ends_of: Vec<Option<Ends>> = register
        .ops
        .iter()
        .map(|op| position(op.index).and_then(|at| ends.get(at).copied()))
        .collect();
    let end = |at: OpId| ends_of.get(at.index()).copied().flatten();
    let proofs = register.proofs(|at| end(at).and_then(|(_, ret)| ret));
    // Writes by their calls; of those from each on, the first proof that it took effect.
    let mut later: Vec<(i128, i128)> = (0..register.real_writes)
        .filter_map(|write| Some((end(register.writes[write].op)?.0, proofs[write]?)))
        .collect();
    later.sort_unstable();
    let calls: Vec<i128> = later.iter().map(|&(call, _)| call).collect();
    for at in (1..later.len()).rev() {
        later[at - 1].1 = later[at - 1].1.min(later[at].1);
    }
    let replaced = |write: WriteId| {
        if register.writes[write].op == OpId::NONE {
            return later.first();
        }
        let proof = proofs[write]?;
        later.get(calls.partition_point(|&call| call <= proof))
    };
    // The writers of each value by their calls, and until when one of those so far may be there.
    let mut lasts: Vec<(i128, i128)> = Vec::with_capacity(register.real_writes);
    for value in ValueId::below(register.values()) {
        let first = lasts.len();
        lasts.extend(register.writers(value).iter().map(|&write| {
            let call = end(register.writes[write].op).map_or(i128::MIN, |(call, _)| call);
            (call, replaced(write).map_or(i128::MAX, |&(_, replaced)| replaced))
        }));
        lasts[first..].sort_unstable();
        for at in first + 1..lasts.len() {
            lasts[at].1 = lasts[at].1.max(lasts[at - 1].1);
        }
    }
    let mut least = 0;
    for (at, op) in OpId::below(register.ops.len()).zip(&register.ops) {
        let (Saw::Value(value), WriteId::NONE, Some((call, Some(ret)))) =
            (op.saw, op.write, end(at))
        else {
            continue;
        };
        let first = register.first_writer(value);
        let writers = &lasts[first..first + register.writers(value).len()];
        let count = writers.partition_point(|&(called, _)| called <= ret);
        if let Some(last) = count.checked_sub(1) {
            least = least.max(call.saturating_sub(writers[last].1));
        }
    }
    least
}
