//! Histories for the tests of deciders.

use super::{Conflict, Ruling, Timed, Wanted};
use crate::history::{NEVER, Span, Value, ValueTable};
use crate::model::items::{Found, Op};

/// What a decider made of a history.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// Linearizable, in this order.
    Valid(Vec<u32>),
    /// Impossible by the return of this operation.
    Stuck(u32),
    /// Left to the search.
    Undecided,
}

/// An operation with its call and return.
pub(super) type Drawn<Op> = (Op, u32, u32);

/// Asks a decider about operations, which are in the order of their calls.
pub(super) fn ask<Op>(
    operations: &[Drawn<Op>],
    decide: impl Fn(&[Timed<'_, Op>], Wanted) -> Option<Ruling>,
) -> Verdict {
    let timed: Vec<Timed<'_, Op>> = operations
        .iter()
        .map(|&(ref op, call, ret)| Timed { op, span: Span { call, ret } })
        .collect();
    let ruling = decide(&timed, Wanted::Order);
    let without = decide(&timed, Wanted::Verdict);
    assert_eq!(
        matches!(ruling, Some(Ruling::Valid(_))),
        matches!(without, Some(Ruling::Valid(_))),
        "a verdict depends on what is wanted"
    );
    match ruling {
        Some(Ruling::Valid(order)) => Verdict::Valid(order),
        Some(Ruling::Invalid(Conflict { stuck })) => Verdict::Stuck(stuck),
        None => Verdict::Undecided,
    }
}

/// The value of a small integer.
pub(super) fn value(n: i64) -> Value {
    ValueTable::small_int(n).unwrap_or(Value::NULL)
}

pub(super) fn put(n: i64, call: u32, ret: u32) -> Drawn<Op> {
    (Op::Put(value(n)), call, ret)
}

pub(super) fn take(n: i64, call: u32, ret: u32) -> Drawn<Op> {
    (Op::Take(Found::Item(value(n))), call, ret)
}

pub(super) fn peek(n: i64, call: u32, ret: u32) -> Drawn<Op> {
    (Op::Peek(Found::Item(value(n))), call, ret)
}

/// A take that found nothing.
pub(super) fn empty(call: u32, ret: u32) -> Drawn<Op> {
    (Op::Take(Found::Empty), call, ret)
}

/// A take that never returned.
pub(super) fn lost(call: u32) -> Drawn<Op> {
    (Op::Take(Found::Any), call, NEVER)
}
