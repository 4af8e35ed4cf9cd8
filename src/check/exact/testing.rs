//! Histories for the tests of deciders.

use super::{Conflict, Ruling, Timed, Wanted};
use crate::history::testing::{NEVER, span};
use crate::history::{Value, ValueTable};
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
    let timed: Vec<Timed<'_, Op>> =
        operations.iter().map(|&(ref op, call, ret)| Timed { op, span: span(call, ret) }).collect();
    let ruling = decide(&timed, Wanted::Order);
    let without = decide(&timed, Wanted::Verdict);
    assert_eq!(
        matches!(ruling, Some(Ruling::Valid(_))),
        matches!(without, Some(Ruling::Valid(_))),
        "a verdict depends on what is wanted"
    );
    match ruling {
        Some(Ruling::Valid(order)) => Verdict::Valid(order),
        Some(Ruling::Invalid(Conflict { stuck })) => Verdict::Stuck(stuck.index() as u32),
        None => Verdict::Undecided,
    }
}

/// Asks a decider about operations on a collection that holds `initial` at first.
pub(super) fn ask_of_items(
    decide: impl Fn(&[Value], &[Timed<'_, Op>], Wanted) -> Option<Ruling>,
    initial: &[i64],
    operations: &[Drawn<Op>],
) -> Verdict {
    let initial: Vec<Value> = initial.iter().copied().map(value).collect();
    ask(operations, |timed, wanted| decide(&initial, timed, wanted))
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

/// Two values are put in, one after the other, and come out in some order.
pub(super) fn put_in_turn([first, second]: [i64; 2]) -> [Drawn<Op>; 4] {
    [put(1, 0, 1), put(2, 2, 3), take(first, 4, 5), take(second, 6, 7)]
}

/// Two values are put in at the same time, and come out in some order.
pub(super) fn put_at_once([first, second]: [i64; 2]) -> [Drawn<Op>; 4] {
    [put(1, 0, 3), put(2, 1, 2), take(first, 4, 5), take(second, 6, 7)]
}

/// A take that found nothing.
pub(super) fn empty(call: u32, ret: u32) -> Drawn<Op> {
    (Op::Take(Found::Empty), call, ret)
}

/// A take that never returned.
pub(super) fn lost(call: u32) -> Drawn<Op> {
    (Op::Take(Found::Any), call, NEVER)
}
