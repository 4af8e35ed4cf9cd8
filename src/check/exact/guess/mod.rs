//! A guess for collections of which each operation tells what it found: bags, and priority queues
//! of one end or two, in which values repeat.
//!
//! A walk along the returns that keeps few configurations. Puts happen as late as they can, when
//! they return or somebody needs the value; takes happen as early as they can without harm to
//! others; and before something comes in the way of an operation, that operation is tried first.
//! Operations that crashed happen only if another needs them. Where the walk is stuck it goes back
//! and keeps more.
//!
//! What it finds is a linearization, and replayed as such; that it finds none says nothing.

mod config;
mod foresight;
mod items;
mod moves;
mod problem;
pub(super) mod stack;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
mod walk;

use super::values::{self, dense_spans};
use super::work::Stop;
use super::{Asked, Ruling, Timed, Wanted};
use items::Items;
use problem::{NEVER, Problem};
use walk::Walk;

/// Where an operation takes or looks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum End {
    /// What comes first in the order of priorities.
    Low,
    /// What comes last.
    High,
    /// Anywhere.
    Any,
}

/// What an operation did. A value is a number whose upper part, from bit 32 on, is its priority.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Act<V> {
    Put(V),
    Take(End, V),
    Peek(End, V),
    /// A take or peek that found nothing.
    Empty,
    /// A take of which nobody knows what it found.
    TakeAny(End),
    /// A peek of which nobody knows what it found.
    PeekAny,
}

impl<V: Copy> Act<V> {
    fn value(self) -> Option<V> {
        match self {
            Act::Put(value) | Act::Take(_, value) | Act::Peek(_, value) => Some(value),
            Act::Empty | Act::TakeAny(_) | Act::PeekAny => None,
        }
    }
}

/// What an operation on items did that has no end of its own.
pub(super) fn known(op: &crate::model::items::Op) -> Act<u128> {
    match super::items::act(op) {
        values::Act::Put(value) => Act::Put(value.into()),
        values::Act::Take(value) => Act::Take(End::Any, value.into()),
        values::Act::Peek(value) => Act::Peek(End::Any, value.into()),
        values::Act::Empty => Act::Empty,
        values::Act::TakeAny => Act::TakeAny(End::Any),
        values::Act::PeekAny => Act::PeekAny,
    }
}

impl Act<u32> {
    /// Whether it is a take that returned `value`.
    fn takes(self, value: u32) -> bool {
        matches!(self, Act::Take(_, own) if own == value)
    }

    /// Whether it is a take or a peek that returned `value`.
    fn finds(self, value: u32) -> bool {
        matches!(self, Act::Take(_, own) | Act::Peek(_, own) if own == value)
    }
}

/// An operation with its place in real time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Op<V> {
    pub(super) act: Act<V>,
    pub(super) call: u32,
    pub(super) ret: u32,
}

impl Op<u128> {
    fn numbered(self, number: impl Fn(u128) -> u32) -> Op<u32> {
        let act = match self.act {
            Act::Put(value) => Act::Put(number(value)),
            Act::Take(end, value) => Act::Take(end, number(value)),
            Act::Peek(end, value) => Act::Peek(end, number(value)),
            Act::Empty => Act::Empty,
            Act::TakeAny(end) => Act::TakeAny(end),
            Act::PeekAny => Act::PeekAny,
        };
        Op { act, call: self.call, ret: self.ret }
    }
}

/// Shorter histories the search decides at once.
const LEAST: usize = 256;

/// Guesses a linearization of `operations`, which `act` understands, on a collection that holds
/// `initial` at first; `None` if none is found. Takes time proportional to the number of operations
/// and to that of those that are open at once, and stops where it has worked for too long.
pub(super) fn decide<O>(
    initial: &[u128],
    operations: &[Timed<'_, O>],
    act: impl Fn(&O) -> Act<u128>,
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    if operations.len() < LEAST {
        return None;
    }
    let (spans, _) = dense_spans(operations, 0)?;
    let with_span = spans.iter().zip(operations);
    let given: Vec<Op<u128>> = with_span
        .map(|(span, timed)| Op { act: act(timed.op), call: span.call, ret: span.ret })
        .collect();
    let order = order(initial, &given, stop)?;
    Some(Ruling::Valid(if wanted == Wanted::Order { order } else { Vec::new() }))
}

/// The positions of `operations`, which are in the order of their calls, in a linearization.
fn order(initial: &[u128], operations: &[Op<u128>], stop: Stop<'_>) -> Option<Vec<u32>> {
    let problem = Problem::new(initial, operations)?;
    let order = Walk::new(&problem, stop).search()?;
    let positions = order.iter().map(|&(at, _)| at).collect();
    is_linearization(&problem, &order).then_some(positions)
}

/// Whether `order` is one: each completed operation is there once, crashed ones at most once, none
/// behind one that was called after its return, and each finds what it says.
fn is_linearization(problem: &Problem, order: &[(u32, u32)]) -> bool {
    let mut items = Items::default();
    problem.initial.iter().for_each(|&value| items.put(value));
    let mut seen = vec![false; problem.ops.len()];
    let (mut latest, mut completed) = (0, 0);
    for &(at, item) in order {
        let op = problem.op(at);
        if std::mem::replace(&mut seen[at as usize], true) || op.ret < latest {
            return false;
        }
        latest = op.call.max(latest);
        completed += usize::from(op.ret != NEVER);
        if !items.is_legal(op.act, &problem.ranks) {
            return false;
        }
        match op.act {
            Act::Put(value) => items.put(value),
            Act::Take(_, value) => items.take(value),
            Act::TakeAny(end) if items.is_first(end, item, &problem.ranks) => items.take(item),
            Act::TakeAny(_) => return false,
            Act::Peek(..) | Act::Empty | Act::PeekAny => {}
        }
    }
    completed == problem.returns.len()
}
