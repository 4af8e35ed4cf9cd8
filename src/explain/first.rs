//! The first impossible operation: the one by whose return no linearization is left.

use super::ALLOWANCE;
use super::core::minimal_core;
use crate::check::{Failure, Meter, is_linearizable};
use crate::error::Error;
use crate::history::{History, OpIndex, Partition, Rank, sort};
use crate::model::{self, AnyModel};

/// After so many steps back from where the decider got stuck, a core tells where to look: each step
/// decides all that is before it, and a core costs as much as a few of them.
const STEPS: usize = 2;

/// Finds the first return by which no linearization is left, for a key that has none. `found` says
/// where a decider got stuck. If it takes too long, the failure is returned as it is.
pub(super) fn first_impossible(
    model: &AnyModel,
    history: &History,
    partition: Partition<'_>,
    found: &Failure,
    meter: &Meter,
) -> Result<Failure, Error> {
    let stuck = history.span(found.operation).ret;
    let mut returns: Vec<(Rank, OpIndex)> = partition
        .operations
        .iter()
        .map(|&index| (history.span(index).ret, index))
        .filter(|&(ret, _)| ret != Rank::NEVER && ret <= found.horizon)
        .collect();
    sort::by(&mut returns, |&end| end);
    let is_impossible = |at: usize| -> Result<Option<bool>, Error> {
        let readings = model::read(model, history, partition.operations, Some(returns[at].0))?;
        Ok(is_linearizable(model, &readings, meter).0.map(|linearizable| !linearizable))
    };
    // The smallest impossible prefix, likely close to where the decider got stuck: gallop away from
    // there, then bisect.
    let (mut low, mut high) = (0, returns.len().saturating_sub(1));
    let mut probe = returns.partition_point(|&(ret, _)| ret < stuck);
    let mut step = 1;
    let mut first = None;
    let (mut bracketed, mut back) = (false, 0);
    while low < high {
        let Some(impossible) = is_impossible(probe.min(high - 1))? else {
            return Ok(found.clone());
        };
        if impossible {
            high = probe.min(high - 1);
        } else {
            low = probe + 1;
        }
        back += usize::from(impossible);
        if !bracketed && back == STEPS && low < high {
            let last = end_of_core(model, history, partition, returns[high], meter)?;
            let last = returns.partition_point(|&(ret, _)| ret < last);
            if (low..high).contains(&last) {
                (probe, step) = (last, 1);
                continue;
            }
        }
        bracketed |= *first.get_or_insert(impossible) != impossible;
        probe = match (bracketed, impossible) {
            (true, _) => low + (high - low) / 2,
            (false, true) => high.saturating_sub(step).max(low),
            (false, false) => low + step - 1,
        };
        step *= 2;
    }
    let Some(&(horizon, operation)) = returns.get(high) else { return Ok(found.clone()) };
    Ok(Failure {
        operation,
        record: history[operation].invoked,
        horizon,
        core: Vec::new(),
        is_minimal: false,
    })
}

/// The last return in a core of the history as it is known at the `end` of an operation, by which
/// it is impossible; the first rank if there is no core.
fn end_of_core(
    model: &AnyModel,
    history: &History,
    partition: Partition<'_>,
    (end, near): (Rank, OpIndex),
    meter: &Meter,
) -> Result<Rank, Error> {
    let readings = model::read(model, history, partition.operations, Some(end))?;
    let core = minimal_core(model, &readings, near, meter, ALLOWANCE).operations;
    let returns = core.iter().map(|&index| history.span(index).ret);
    Ok(returns.filter(|&ret| ret <= end).max().unwrap_or(Rank::FIRST))
}
