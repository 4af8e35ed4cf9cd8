//! The first impossible operation: the one by whose return no linearization is left.

use crate::check::{Failure, Meter, is_linearizable};
use crate::error::Error;
use crate::history::{History, NEVER, Partition};
use crate::model::{self, Model};

/// Finds the first return by which no linearization is left, for a key that has none. A search
/// that looks ahead gets stuck there or before; `stuck` tells where. If that takes too long, the
/// failure is returned as it is.
pub(super) fn first_impossible<M: Model>(
    model: &M,
    history: &History,
    partition: Partition<'_>,
    stuck: &Failure,
    meter: &Meter,
) -> Result<Failure, Error> {
    let earliest = history.span(stuck.operation as usize).ret;
    let mut returns: Vec<(u32, u32)> = partition
        .operations
        .iter()
        .map(|&index| (history.span(index as usize).ret, index))
        .filter(|&(ret, _)| ret != NEVER && ret >= earliest)
        .collect();
    returns.sort_unstable();
    let is_impossible = |at: usize| -> Result<Option<bool>, Error> {
        let readings = model::read(model, history, partition.operations, Some(returns[at].0))?;
        Ok(is_linearizable(model, &readings, meter).0.map(|linearizable| !linearizable))
    };
    // The whole is impossible: gallop to some prefix that is, then bisect for the smallest.
    let (mut low, mut high) = (0, returns.len().saturating_sub(1));
    let mut step = 1;
    let mut galloping = true;
    while low < high {
        let probe = if galloping { (low + step - 1).min(high - 1) } else { low + (high - low) / 2 };
        match is_impossible(probe)? {
            Some(true) => {
                high = probe;
                galloping = false;
            }
            Some(false) => {
                low = probe + 1;
                step *= 2;
            }
            None => return Ok(stuck.clone()),
        }
    }
    let Some(&(horizon, operation)) = returns.get(high) else { return Ok(stuck.clone()) };
    Ok(Failure {
        operation,
        record: history.operations()[operation as usize].invoked,
        horizon,
        core: Vec::new(),
    })
}
