//! What is around an operation that cannot be linearized: the operations that it overlaps or that
//! come just before it, those that deal with its value, and one way in which everything before it
//! can have happened. For people to look at; it proves nothing.

use super::allowance::{Part, meter};
use super::steps::{Before, Step, before, is_step, walk};
use crate::check::{Decision, Failure, Models, Options, Report};
use crate::error::Error;
use crate::history::{History, OpIndex, Outcome, Partition, Rank};
use crate::model::{AnyModel, AnyOp};

/// So many operations are shown around the failing one, itself included.
const OPERATIONS: usize = 12;

/// So many steps of a linearization are shown.
const STEPS: usize = 40;

/// The surroundings of a failure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Context {
    /// The failing key, as its position in [`Report::keys`].
    pub key_at: usize,
    /// Operations around the failing one and itself, in the order of their invocations.
    pub operations: Vec<OpIndex>,
    /// How many others overlap the failing one, and are not among them.
    pub others: usize,
    /// How everything before can have happened.
    pub before: Option<Steps>,
}

/// The end of one linearization of the history as it was known just before it became impossible.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Steps {
    /// How many steps come before those that are listed.
    pub earlier: usize,
    /// The last steps.
    pub last: Vec<Step>,
}

/// Returns what is around the first `limit` failures of `report`, which was made of `history`.
///
/// # Errors
/// None, for the same model, history and options as the report's.
pub(crate) fn contexts(
    models: &Models,
    history: &History,
    options: &Options,
    report: &Report,
    limit: usize,
) -> Result<Vec<Context>, Error> {
    if limit == 0 || report.failures().next().is_none() {
        return Ok(Vec::new());
    }
    let partitions = history.partitions();
    let meter = meter(options, history, Part::Surroundings);
    let mut contexts = Vec::new();
    for (at, key) in report.keys.iter().enumerate() {
        let Decision::Invalid(failure) = &key.decision else { continue };
        if contexts.len() == limit {
            break;
        }
        let partition = partitions.get(at);
        let (operations, others) = surroundings(history, partition, failure);
        let model = models.of(partition.key);
        let before = before(model, history, partition.operations, failure, &meter)?
            .map(|before| last_steps(model, history, &before));
        contexts.push(Context { key_at: at, operations, others, before });
    }
    Ok(contexts)
}

/// The operations to show around a failure, and how many that overlap it are left out.
fn surroundings(
    history: &History,
    partition: Partition<'_>,
    failure: &Failure,
) -> (Vec<OpIndex>, usize) {
    let span = history.span(failure.operation);
    let last = span.ret.min(failure.horizon);
    let known = partition.operations.partition_point(|&op| history.span(op).call <= last);
    let overlaps =
        |op: OpIndex| history[op].outcome != Outcome::Fail && history.span(op).ret >= span.call;
    let rank = |op: OpIndex| {
        let other = history.span(op);
        let fails = history[op].outcome == Outcome::Fail;
        if op == failure.operation {
            return Some((0, 0));
        }
        if failure.core.len() <= OPERATIONS && failure.core.binary_search(&op).is_ok() {
            return Some((1, other.call.index()));
        }
        if deals_with_value(history, failure.operation, op) {
            return Some((2, span.call.abs_diff(other.call)));
        }
        match other.ret {
            _ if fails => None,
            Rank::NEVER => Some((5, span.call.abs_diff(other.call))),
            ret if ret >= span.call => Some((3, span.call.abs_diff(other.call))),
            ret => Some((4, span.call.since(ret))),
        }
    };
    let candidates = &partition.operations[..known];
    let mut ranked: Vec<((u8, usize), OpIndex)> =
        candidates.iter().filter_map(|&op| Some((rank(op)?, op))).collect();
    if ranked.len() > OPERATIONS {
        ranked.select_nth_unstable(OPERATIONS - 1);
        ranked.truncate(OPERATIONS);
    }
    let mut shown: Vec<OpIndex> = ranked.into_iter().map(|(_, op)| op).collect();
    // Operations stand in the order of their calls.
    shown.sort_unstable();
    let all = candidates.iter().filter(|&&op| overlaps(op)).count();
    let others = all - shown.iter().filter(|&&op| overlaps(op)).count();
    (shown, others)
}

/// Whether `other` may have brought about the value that the failing operation returned.
fn deals_with_value(history: &History, failing: OpIndex, other: OpIndex) -> bool {
    let seen = history[failing].output;
    let operation = &history[other];
    let replaces_by_it =
        || history.values().as_pair(operation.input).is_some_and(|(_, new)| new == seen);
    !seen.is_null() && (operation.input == seen || replaces_by_it())
}

/// The last steps of a linearization.
fn last_steps(model: &AnyModel, history: &History, before: &Before<AnyOp>) -> Steps {
    let Before { readings, order } = before;
    let total = order.iter().filter(|&&at| is_step(model, &readings[at])).count();
    let earlier = total.saturating_sub(STEPS);
    let mut passed = 0;
    let mut last = Vec::new();
    walk(model, history.values(), readings, order, |operation, describe| {
        passed += 1;
        if passed > earlier {
            last.push(Step { operation, state: describe() });
        }
    });
    Steps { earlier, last }
}
