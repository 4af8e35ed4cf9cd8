//! Queues without an order.
//!
//! If nothing was ever found empty, putting in early and taking out late is best, and each value
//! counts for itself; else values must not be put in twice. `docs/ALGORITHMS.md` has the proofs.
//! Linear time; O(n log n) where an order is wanted. Where values are, a [guess](super::guess).

mod counts;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;

use super::cover;
use super::values::{Act, NONE, Values};
use super::{Asked, Ruling, Timed, Wanted, guess, items};
use crate::history::{Value, sort};
use crate::model::items::Op;

/// Decides `operations`; `None` if some found it empty, a value that comes out was put in more than
/// once, and no linearization is found.
pub(super) fn decide(
    initial: &[Value],
    operations: &[Timed<'_, Op>],
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    let completed = |timed: &&Timed<'_, Op>| timed.has_returned();
    if !operations.iter().filter(completed).any(|timed| items::act(timed.op) == Act::Empty) {
        return counts::decide(&items::handles(initial), operations, wanted);
    }
    let read = items::read(initial, operations);
    let ruling = read.and_then(|read| Ruling::on(read, |values| rule(values, wanted)));
    ruling.or_else(|| {
        let initial: Vec<u128> = initial.iter().map(|item| item.handle().into()).collect();
        guess::decide(&initial, operations, guess::known, (wanted, stop))
    })
}

/// Decides what was read of the values of a bag.
fn rule(mut values: Values, wanted: Wanted) -> Option<Ruling> {
    if values.unknown.is_empty() {
        values.keep_untaken();
    }
    Ruling::on(cover::cuts(&values), |cuts| {
        if !values.unknown.is_empty() {
            let mut removals = cover::removals(&values, &cuts);
            cover::assign(&values, &mut removals).ok()?;
            cover::remove(&mut values, &removals);
        }
        let order = if wanted == Wanted::Order { order(&values, &cuts) } else { Vec::new() };
        Some(Ruling::Valid(order))
    })
}

/// Room for what happens at one point: puts and takes before a cut, the cut, puts and takes.
const SCALE: u64 = 8;

/// Everything as early as the cuts allow.
fn order(values: &Values, cuts: &[(u32, u32)]) -> Vec<u32> {
    let mut events: Vec<(u64, u32)> = Vec::with_capacity(values.spans.len());
    events.extend(cuts.iter().map(|&(cut, at)| (SCALE * u64::from(cut) + 2, at)));
    for (at, life) in values.needed() {
        let mut put = SCALE * u64::from(life.call);
        // What outlives a cut is put in behind it.
        if let Some(&(cut, _)) = cuts[..cuts.partition_point(|&(cut, _)| cut < life.until)].last() {
            put = put.max(SCALE * u64::from(cut) + 4);
        }
        let behind = |rank: u32| put.max(SCALE * u64::from(rank)) + 1;
        if life.put != NONE {
            events.push((put, life.put));
        }
        let peeks = values.peeks(at).iter();
        events.extend(peeks.map(|&peek| (behind(values.spans[peek as usize].call), peek)));
        if life.take != NONE {
            events.push((behind(life.until), life.take));
        }
    }
    sort::by(&mut events, |&(time, _)| time);
    events.into_iter().map(|(_, at)| at).collect()
}
