//! What offsets do to the times of operations: the two situations, as rules.
//!
//! - *Recording*: all times of a group move back by its offset.
//! - *Last write wins*: times are right, but a write counts from its timestamp. A write that came
//!   later, with an earlier timestamp than a write that was there, is lost: it is as if it had been
//!   made just before that one. So its call moves back, by the difference of the two offsets at
//!   most, and no further than to the call of the write that beat it. Its return, and all reads,
//!   stay.

use super::bounds::{Bounds, Difference};
use super::entry::{Entry, Writes};
use super::orders::{Choice, Precedence, Timed};
use super::seen;
use crate::model::Token;

/// What offsets move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rule {
    /// All operations.
    Recording,
    /// Overwriting operations that lost.
    LastWriteWins,
}

impl Rule {
    /// When the operation was called and returned under `offsets`. O(groups · log n) for the last
    /// write that wins.
    pub(super) fn times<Op>(
        self,
        entry: &Entry<Op>,
        writes: &[Writes],
        offsets: &[i64],
    ) -> [i64; 2] {
        let Timed { group, call, ret, .. } = entry.timed;
        let offset = offsets[usize::from(group)];
        let ret = ret.unwrap_or(i64::MAX);
        match self {
            Rule::Recording => [call.saturating_sub(offset), ret.saturating_sub(offset)],
            Rule::LastWriteWins if entry.timed.is_write => {
                let faster = writes.iter().zip(offsets).filter(|&(_, &other)| other > offset);
                let back = faster.filter_map(|(writes, &other)| {
                    writes.from(call.saturating_sub(other.saturating_sub(offset)))
                });
                [back.min().map_or(call, |earliest| earliest.min(call)), ret]
            }
            Rule::LastWriteWins => [call, ret],
        }
    }

    /// The bounds one of which must hold for `before` to stand before an operation of `group` that
    /// returned at `by`.
    pub(super) fn bounds<Op>(
        self,
        before: &Timed<Op>,
        writes: &[Writes],
        by: i64,
        group: u16,
    ) -> Vec<Difference> {
        let over = before.group;
        let late = by.saturating_sub(before.call);
        match self {
            Rule::Recording if group == over && late < 0 => Vec::new(),
            Rule::Recording => vec![Difference { of: group, over, most: late }],
            Rule::LastWriteWins if before.is_write => {
                let losing = |(other, writes): (u16, &Writes)| {
                    let most = writes.until(by)?.saturating_sub(before.call);
                    (other != over).then_some(Difference { of: over, over: other, most })
                };
                (0..).zip(writes).filter_map(losing).collect()
            }
            Rule::LastWriteWins => Vec::new(),
        }
    }

    /// Adds to `bounds` what follows from those `entries` of a key that saw the only write of a
    /// value. False if no offsets are left.
    pub(super) fn restrict<Op>(
        self,
        entries: &[Entry<Op>],
        initial: Option<Token>,
        bounds: &mut Bounds,
    ) -> bool {
        let Some(seen) = seen::values(entries, initial) else { return true };
        match self {
            Rule::Recording => seen.is_possible && seen.are_written_first(entries, bounds),
            Rule::LastWriteWins => {
                seen.is_possible && seen.are_called_first(entries) && seen.have_won(entries, bounds)
            }
        }
    }
}

/// The rule for the operations of a core.
pub(super) struct Moved<'a> {
    pub(super) rule: Rule,
    pub(super) writes: &'a [Writes],
}

impl<Op> Precedence<Op> for Moved<'_> {
    fn bounds(&self, before: &Timed<Op>, by: i64, group: u16) -> Choice {
        let Moved { rule, writes } = *self;
        if rule == Rule::LastWriteWins && before.call <= by {
            return Choice::Free;
        }
        Choice::OneOf(rule.bounds(before, writes, by, group))
    }

    fn is_about_the_earliest(&self) -> bool {
        self.rule == Rule::LastWriteWins
    }
}
