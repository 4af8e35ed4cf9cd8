//! Operations on items, as the deciders of queues, stacks and bags read them: by items' numbers.

use super::values::{Act, Values};
use super::{Conflict, Timed};
use crate::history::Value;
use crate::model::items::{Found, Op};

/// Reads operations on a collection that holds `initial` at first, as [`Values::read`] does.
pub(super) fn read(
    initial: &[Value],
    operations: &[Timed<'_, Op>],
) -> Option<Result<Values, Conflict>> {
    Values::read(&handles(initial), operations, act)
}

/// The numbers of items.
pub(super) fn handles(items: &[Value]) -> Vec<u32> {
    items.iter().map(|item| item.handle()).collect()
}

/// What an operation does to a collection of numbers.
pub(super) fn act(op: &Op) -> Act {
    match *op {
        Op::Put(item) => Act::Put(item.handle()),
        Op::Take(Found::Item(item)) => Act::Take(item.handle()),
        Op::Peek(Found::Item(item)) => Act::Peek(item.handle()),
        Op::Take(Found::Empty) | Op::Peek(Found::Empty) => Act::Empty,
        Op::Take(Found::Any) => Act::TakeAny,
        Op::Peek(Found::Any) => Act::PeekAny,
    }
}
