//! A guess for stacks on which values repeat: which put each take found is chosen on the way.
//!
//! A walk along the returns, as for other collections; but a stack remembers the order in which
//! things happened. So each operation is placed when it returns, at any moment since its call: a
//! put may come below what was put there since, and a take may take what was on top then. When an
//! item was put there stays open: it has a first and a last moment, and what is taken, or seen,
//! closes the time in between to all that is still there. Where an item is in the way, it is taken
//! first, by an operation that is open or that crashed.
//!
//! What it finds is replayed as a linearization; that it finds none says nothing.

mod config;
mod moves;
mod order;
mod outlook;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
mod walk;

use super::problem::{NEVER, Problem};
use super::{Act, LEAST, Op};
use crate::check::exact::values::dense_spans;
use crate::check::exact::work::Stop;
use crate::check::exact::{Asked, Ruling, Timed, Wanted};
use walk::Walk;

/// Guesses a linearization of `operations`, which `act` understands, on a stack that holds
/// `initial` at first, the last of them on top; `None` if none is found. Takes time proportional
/// to the number of operations for as many that are open at once and as deep a stack, and stops
/// where it has worked for too long.
pub(in crate::check::exact) fn decide<O>(
    initial: &[u128],
    operations: &[Timed<'_, O>],
    act: impl Fn(&O) -> Act<u128>,
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    if operations.len() < LEAST || !wanted.is_worth_a_guess() {
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
    let moments = Moments::new(&problem);
    let order = Walk::new(&problem, &moments, stop).search()?;
    is_linearization(&problem, &order).then_some(order)
}

/// Whether `order` is one: each completed operation is there once, crashed ones at most once, none
/// behind one that was called after its return, and each finds what it says.
fn is_linearization(problem: &Problem, order: &[u32]) -> bool {
    let mut items = problem.initial.clone();
    let mut seen = vec![false; problem.ops.len()];
    let (mut latest, mut completed) = (0, 0);
    for &at in order {
        let op = problem.op(at);
        if std::mem::replace(&mut seen[at as usize], true) || op.ret < latest {
            return false;
        }
        latest = op.call.max(latest);
        completed += usize::from(op.ret != NEVER);
        let is_legal = match op.act {
            Act::Put(value) => {
                items.push(value);
                true
            }
            Act::Take(_, value) => items.pop() == Some(value),
            Act::Peek(_, value) => items.last() == Some(&value),
            Act::Empty => items.is_empty(),
            Act::TakeAny(_) => {
                items.pop();
                true
            }
            Act::PeekAny => true,
        };
        if !is_legal {
            return false;
        }
    }
    completed == problem.returns.len()
}

/// When operations may happen. A moment lies between two returns, the first ones before all calls,
/// one for each item that is there from the start; what happens at one moment may happen in any
/// order.
struct Moments {
    /// Of each operation, the first at which it may happen.
    first: Vec<u32>,
    /// The one before the first return.
    start: u32,
}

impl Moments {
    fn new(problem: &Problem) -> Moments {
        let start = problem.initial.len() as u32;
        let mut returned = 0;
        let returns = &problem.returns;
        let first = |op: &Op<u32>| {
            let is_before = |at: &&u32| problem.op(**at).ret < op.call;
            returned += returns[returned..].iter().take_while(is_before).count();
            start + returned as u32
        };
        Moments { first: problem.ops.iter().map(first).collect(), start }
    }

    fn first(&self, at: u32) -> u32 {
        self.first[at as usize]
    }
}
