//! The first impossible operation: the one by whose return no linearization is left.

use super::ALLOWANCE;
use super::core::minimal_core;
use crate::check::{Failure, Meter, is_linearizable};
use crate::error::Error;
use crate::history::{History, OpIndex, Partition, Rank, sort};
use crate::model::{self, AnyModel};
use crate::threads::side_by_side;

/// After so many steps back from where the decider got stuck, a core tells where to look: each step
/// decides all that is before it, and a core costs as much as a few of them.
const STEPS: usize = 2;

/// Finds the first return by which no linearization is left, for a key that has none. `found` says
/// where a decider got stuck: mostly at that return, so that it is asked on all `threads` whether
/// there is an order before it. If it takes too long, the failure is returned as it is.
pub(super) fn first_impossible(
    model: &AnyModel,
    history: &History,
    partition: Partition<'_>,
    found: &Failure,
    (meter, threads): (&Meter, usize),
) -> Result<Failure, Error> {
    let stuck = history.span(found.operation).ret;
    let mut returns: Vec<(Rank, OpIndex)> = partition
        .operations
        .iter()
        .map(|&index| (history.span(index).ret, index))
        .filter(|&(ret, _)| ret != Rank::NEVER && ret <= found.horizon)
        .collect();
    sort::by(&mut returns, |&end| end);
    let mut prefixes = Prefixes { model, history, partition, returns, meter, known: Vec::new() };
    let probe = prefixes.returns.partition_point(|&(ret, _)| ret < stuck);
    let last = prefixes.returns.len().saturating_sub(1);
    if 0 < probe && probe < last {
        prefixes.look_around(probe, threads)?;
    }
    let Some(first) = prefixes.first(probe, last)? else { return Ok(found.clone()) };
    let Some(&(horizon, operation)) = prefixes.returns.get(first) else {
        return Ok(found.clone());
    };
    Ok(Failure {
        operation,
        record: history[operation].invoked,
        horizon,
        core: Vec::new(),
        is_minimal: false,
    })
}

/// What was known of a key by each of its returns.
struct Prefixes<'a> {
    model: &'a AnyModel,
    history: &'a History,
    partition: Partition<'a>,
    /// The returns, ascending, with their operations.
    returns: Vec<(Rank, OpIndex)>,
    meter: &'a Meter,
    /// Those of which it was found out whether they are impossible.
    known: Vec<(usize, bool)>,
}

impl Prefixes<'_> {
    /// Whether the history as known by a return is impossible; `None` if that takes too long.
    fn is_impossible(&self, at: usize) -> Result<Option<bool>, Error> {
        match self.known.iter().find(|known| known.0 == at) {
            Some(&(_, known)) => Ok(Some(known)),
            None => self.ask(at, self.meter),
        }
    }

    fn ask(&self, at: usize, meter: &Meter) -> Result<Option<bool>, Error> {
        let Prefixes { model, history, partition, returns, .. } = self;
        let readings = model::read(*model, history, partition.operations, Some(returns[at].0))?;
        Ok(is_linearizable(*model, &readings, meter).0.map(|linearizable| !linearizable))
    }

    /// Finds out of a return and of the one before whether they are impossible, at once.
    fn look_around(&mut self, at: usize, threads: usize) -> Result<(), Error> {
        // What both may do must not depend on how far the other one is.
        let meters = [(); 2].map(|()| self.meter.part(self.meter.work_limit() / 2));
        let (before, by) =
            side_by_side(threads, || self.ask(at - 1, &meters[0]), || self.ask(at, &meters[1]));
        meters.iter().for_each(|part| self.meter.steps(part.worked()));
        let known = [(at - 1, before?), (at, by?)];
        self.known.extend(known.into_iter().filter_map(|(at, known)| Some((at, known?))));
        Ok(())
    }

    /// The first return that is impossible, of those up to the `last`, which is; `None` if that
    /// takes too long. It is likely close to `probe`: gallop away from there, then bisect.
    fn first(&self, mut probe: usize, last: usize) -> Result<Option<usize>, Error> {
        let (mut low, mut high) = (0, last);
        let mut step = 1;
        let mut first = None;
        let (mut bracketed, mut back) = (false, 0);
        while low < high {
            let Some(impossible) = self.is_impossible(probe.min(high - 1))? else {
                return Ok(None);
            };
            if impossible {
                high = probe.min(high - 1);
            } else {
                low = probe + 1;
            }
            back += usize::from(impossible);
            if !bracketed && back == STEPS && low < high {
                let end = self.end_of_core(self.returns[high])?;
                let end = self.returns.partition_point(|&(ret, _)| ret < end);
                if (low..high).contains(&end) {
                    (probe, step) = (end, 1);
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
        Ok(Some(high))
    }

    /// The last return in a core of the history as it is known at the `end` of an operation, by
    /// which it is impossible; the first rank if there is no core.
    fn end_of_core(&self, (end, near): (Rank, OpIndex)) -> Result<Rank, Error> {
        let Prefixes { model, history, partition, meter, .. } = self;
        let readings = model::read(*model, history, partition.operations, Some(end))?;
        let core = minimal_core(model, &readings, near, meter, ALLOWANCE).operations;
        let returns = core.iter().map(|&index| history.span(index).ret);
        Ok(returns.filter(|&ret| ret <= end).max().unwrap_or(Rank::FIRST))
    }
}
