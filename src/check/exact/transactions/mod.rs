//! Transactions on registers: who read from whom, real time, and that no two versions of a register
//! are there at once, give a graph of which some edges are open. What has only one order is put in
//! it; the rest is settled by a search that learns from contradictions.

mod encode;
mod facts;
mod polygraph;
mod prune;
mod solver;
mod sources;
mod table;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod theory;

use super::ends::{by_return, position};
use super::work::Stop;
use super::{Asked, Conflict, Ruling, Timed, Wanted};
use crate::history::Rank;
use crate::model::multi_register::Op;
use crate::model::{Model, MultiRegister};
use facts::{Contradiction, Facts, Prefix};
use prune::{End, prune};
use solver::{Settled, Solver};
use table::Table;
use theory::Theory;

/// Decides `operations` on `registers`; `None` if that takes too much, or more is open than is
/// known.
pub(super) fn decide(
    registers: &MultiRegister,
    operations: &[Timed<'_, Op>],
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    // What never returned is not known to have found anything.
    let is_odd = |op: &Op| op.is_contradictory() || !op.expects().is_empty();
    if operations.iter().any(|timed| !timed.has_returned() && is_odd(timed.op)) {
        return None;
    }
    let table = Table::new(registers, operations);
    let order_by = |horizon, is_hasty, effort| {
        order(Prefix::new(operations, &table, (horizon, is_hasty)), effort, stop)
    };
    let mut found = order_by(Rank::LAST, true, Effort::FIRST);
    if matches!(found, Found::Nothing) && !operations.iter().all(Timed::has_returned) {
        found = order_by(Rank::LAST, false, Effort::THEN);
    }
    let (near, needed) = match found {
        Found::Order(order) => {
            let order = replayed(registers, operations, order)?;
            return Some(Ruling::Valid(if wanted == Wanted::Order { order } else { Vec::new() }));
        }
        Found::Contradiction(near, needed) => (near, needed),
        Found::Nothing => return None,
    };
    if wanted == Wanted::Whether {
        let named = operations.iter().position(Timed::has_returned)?;
        return Some(Ruling::Invalid(Conflict::at(named as u32)));
    }
    let again = if operations.len() <= SMALL { Effort::AGAIN } else { needed };
    let contradicts = |horizon| {
        let found = order_by(horizon, false, again);
        matches!(found, Found::Contradiction(..))
    };
    first_return(operations, near, contradicts).map(|at| Ruling::Invalid(Conflict::at(at)))
}

/// So many operations are searched again to find out by when there is no order any more, also where
/// the contradiction follows without a choice.
const SMALL: usize = 4_000;

/// So many edges and literals take as long to look at as a step of other deciders.
const EDGES: usize = 16;

/// How many edges and literals may be looked at: some 70 million take a second.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Effort(u64);

impl Effort {
    /// Only what follows without a choice is looked for.
    const NONE: Effort = Effort(0);
    /// For an order, under the assumption that makes it likely to find one soon.
    const FIRST: Effort = Effort(300_000_000);
    /// For an order, or a proof that there is none.
    const THEN: Effort = Effort(100_000_000);
    /// To find out by when there is no order any more.
    const AGAIN: Effort = Effort(10_000_000);
}

/// What was found.
enum Found {
    Order(Vec<u32>),
    /// There is none: about this time something is part of the contradiction, and so much is to be
    /// done to find one again.
    Contradiction(u32, Effort),
    Nothing,
}

/// Looks for an order of what is known.
fn order(prefix: Prefix<'_>, effort: Effort, stop: Stop<'_>) -> Found {
    let (mut graph, has_happened, is_guess) = match Facts::of(prefix) {
        Ok(Facts { graph, has_happened, is_guess }) => (graph, has_happened, is_guess),
        Err(Contradiction { near, is_certain: true }) => {
            return Found::Contradiction(near, Effort::NONE);
        }
        Err(_) => return Found::Nothing,
    };
    let contradiction = |near: u32, effort: Effort| {
        if is_guess { Found::Nothing } else { Found::Contradiction(near, effort) }
    };
    let mut pruned = match prune(&mut graph, stop) {
        Ok(pruned) => pruned,
        Err(End::Contradiction(near)) => return contradiction(near, Effort::NONE),
        Err(End::TooLarge) => return Found::Nothing,
    };
    if effort == Effort::NONE {
        return Found::Nothing;
    }
    let Some((open, variables)) = encode::encode(&graph, &pruned) else { return Found::Nothing };
    let nodes = graph.from.len();
    let places = std::mem::take(&mut pruned.places);
    let mut theory = Theory::new(graph.from, graph.until, &graph.edges, places);
    match Solver::new(open, &mut theory, &variables, nodes).solve(effort.0, stop) {
        Settled::Order => {}
        Settled::Contradiction => return contradiction(0, Effort::AGAIN),
        Settled::Open => return Found::Nothing,
    }
    let happened = |&at: &u32| has_happened[at as usize];
    let mut order: Vec<u32> = (0..prefix.called).filter(happened).collect();
    order.sort_unstable_by_key(|&at| theory.place(at));
    Found::Order(order)
}

/// Returns `order` if the registers allow it.
fn replayed(
    registers: &MultiRegister,
    operations: &[Timed<'_, Op>],
    order: Vec<u32>,
) -> Option<Vec<u32>> {
    let step = |state, &at: &u32| registers.step(&state, operations[at as usize].op);
    let end = order.iter().try_fold(registers.initial(), step);
    debug_assert!(end.is_some(), "the registers do not allow an order that was found");
    end.map(|_| order)
}

/// The operation by whose return there is a contradiction, which rests on something at `near`.
fn first_return(
    operations: &[Timed<'_, Op>],
    near: u32,
    contradicts: impl Fn(Rank) -> bool,
) -> Option<u32> {
    let ends = (0..).zip(operations).filter(|(_, timed)| timed.has_returned());
    let mut returns: Vec<u64> = ends.map(|(at, timed)| by_return(timed.span.ret, at)).collect();
    returns.sort_unstable();
    let contradicts =
        |nth: usize| contradicts(operations[position(returns[nth]) as usize].span.ret);
    let last = returns.len().checked_sub(1)?;
    let near = Rank::new(near.saturating_sub(1) as usize);
    let from = returns.partition_point(|&pair| pair < by_return(near, 0)).min(last);
    // Some steps on, until all that is known by then contradicts itself, then back.
    let (mut low, mut high, mut step) = (from, from, 1);
    while high < last && !contradicts(high) {
        (low, high, step) = (high + 1, (high + step).min(last), step * 4);
    }
    if low == from && high == from {
        step = 1;
        while low > 0 && contradicts(low.saturating_sub(step)) {
            (low, step) = (low.saturating_sub(step), step * 4);
        }
        (low, high) = (low.saturating_sub(step), low);
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if contradicts(middle) { high = middle } else { low = middle + 1 }
    }
    Some(position(returns[high]))
}
