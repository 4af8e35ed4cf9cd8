//! The ends of operations in the order in which they happened, for deciders that sweep over time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Timed;
use crate::history::{Rank, Span};

/// Something that takes place in real time.
pub(super) trait Placed {
    /// Returns when it is called and returns.
    fn span(&self) -> Span;
}

impl<Op> Placed for Timed<'_, Op> {
    #[inline]
    fn span(&self) -> Span {
        self.span
    }
}

/// Something that happens to the operation at a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    Call(u32),
    /// Operations that never return have none of these.
    Return(u32),
}

/// Calls and returns in real time. Takes O(log of what is open at once) an operation, and no room
/// beyond what is open.
pub(super) struct Ends<'a, T> {
    operations: &'a [T],
    called: usize,
    open: BinaryHeap<Reverse<u64>>,
}

impl<'a, T> Ends<'a, T> {
    /// The ends of `operations`, which are in the order of their calls.
    pub(super) fn of(operations: &'a [T]) -> Self {
        Ends { operations, called: 0, open: BinaryHeap::new() }
    }
}

impl<T: Placed> Iterator for Ends<'_, T> {
    type Item = End;

    fn next(&mut self) -> Option<End> {
        let call = self.operations.get(self.called).map(|operation| operation.span().call);
        if let Some(&Reverse(first)) = self.open.peek()
            && call.is_none_or(|call| deadline(first) < call)
        {
            self.open.pop();
            return Some(End::Return(position(first)));
        }
        let Span { ret, .. } = self.operations.get(self.called)?.span();
        let at = self.called as u32;
        self.called += 1;
        if ret != Rank::NEVER {
            self.open.push(Reverse(by_return(ret, at)));
        }
        Some(End::Call(at))
    }
}

/// Operations with their calls and returns, for tests.
#[cfg(test)]
pub(super) fn timed<Op>(operations: &[(Op, u32, u32)]) -> Vec<Timed<'_, Op>> {
    operations
        .iter()
        .map(|(op, call, ret)| Timed { op, span: crate::history::testing::span(*call, *ret) })
        .collect()
}

/// A rank, a return's as a rule, and a position, ordered by the rank first.
pub(super) fn by_return(ret: Rank, at: u32) -> u64 {
    (ret.index() as u64) << 32 | u64::from(at)
}

/// The rank of such a pair.
pub(super) fn deadline(pair: u64) -> Rank {
    Rank::new((pair >> 32) as usize)
}

/// The position of such a pair.
pub(super) fn position(pair: u64) -> u32 {
    pair as u32
}
