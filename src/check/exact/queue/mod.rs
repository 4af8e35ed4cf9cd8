//! Queues. Where a value is put in more than once, see [`pairs`]; else it is simpler.
//!
//! A linearization is an order of the values in which puts, fronts and takes follow each other;
//! `docs/ALGORITHMS.md` proves that it exists if two relations between values have no cycle and
//! each operation that found nothing has a point that no value covers (after Henzinger, Sezgin and
//! Vafeiadis, "Aspect-oriented linearizability proofs", CONCUR 2013). Linear time; O(n log n) where
//! takes crashed.

mod deadlines;
mod emit;
mod pairs;
mod sequence;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;

use super::cover::{self, Removal};
use super::twins::{self, Numbered};
use super::values::{Act, Values};
use super::{Asked, Conflict, Ruling, Timed, Wanted, items};
use crate::history::{Value, sort};
use crate::model::items::Op;
use sequence::Stuck;

/// Decides `operations`; `None` if a value is put in more than once and what came out when is not
/// found out before the decider has to `stop` or has worked for too long, or if crashed takes can
/// remove what was peeked at in more ways than are tried.
pub(super) fn decide(
    initial: &[Value],
    operations: &[Timed<'_, Op>],
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    let rule = |values| rule(values, wanted);
    if let Some(read) = items::read(initial, operations) {
        return Ruling::on(read, rule);
    }
    let initial = items::handles(initial);
    let numbered = twins::number(&initial, operations, items::act).and_then(|numbered| {
        Ruling::on(numbered, |Numbered { initial, acts, is_certain }| {
            let acts = acts.iter().zip(operations);
            let numbered: Vec<Timed<'_, Act>> =
                acts.map(|(op, timed)| Timed { op, span: timed.span }).collect();
            let ruling = Ruling::on(Values::read(&initial, &numbered, |act| *act)?, rule)?;
            (is_certain || matches!(ruling, Ruling::Valid(_))).then_some(ruling)
        })
    });
    numbered.or_else(|| pairs::decide(&initial, operations, items::act, (wanted, stop)))
}

/// Decides what was read of the values of a queue.
fn rule(mut values: Values, wanted: Wanted) -> Option<Ruling> {
    Ruling::on(examine(&mut values)?, |cuts| {
        if wanted != Wanted::Order {
            return Some(Ruling::Valid(Vec::new()));
        }
        let points: Vec<u32> = cuts.iter().map(|&(cut, _)| cut).collect();
        let sequence = sequence::sequence(&values, &points).ok()?;
        Some(Ruling::Valid(emit::order(&values, &sequence, &cuts)))
    })
}

/// The points at which the queue is empty, with the operations that found it so; or why there is no
/// linearization. Crashed takes are given what they have to take.
fn examine(values: &mut Values) -> Option<Result<Vec<(u32, u32)>, Conflict>> {
    if values.unknown.is_empty() {
        values.keep_untaken();
    }
    let sequence = match sequence::sequence(values, &[]) {
        Ok(sequence) => sequence,
        Err(stuck) => return Some(Err(conflict(values, stuck))),
    };
    let cuts = match cover::cuts(values) {
        Ok(cuts) => cuts,
        Err(conflict) => return Some(Err(conflict)),
    };
    if !values.unknown.is_empty() {
        let mut removals = deadlines::removals(values, &sequence);
        if let Err(rank) = cover::assign(values, &mut removals) {
            return Some(Err(values.conflict_at(rank + 1)));
        }
        let peeked = deadlines::removals_of_peeked(values);
        let is_certain = peeked.is_none();
        removals.extend(peeked.unwrap_or_default());
        removals.extend(cover::removals(values, &cuts));
        let mut removals = earliest(removals);
        // Where what is not taken was peeked at, other cuts and another order might do.
        cover::assign(values, &mut removals).ok()?;
        cover::remove(values, &removals);
        let points: Vec<u32> = cuts.iter().map(|&(cut, _)| cut).collect();
        if !is_certain && sequence::sequence(values, &points).is_err() {
            return None;
        }
    }
    Some(Ok(cuts))
}

/// Of several removals of one value, the first.
fn earliest(mut removals: Vec<Removal>) -> Vec<Removal> {
    sort::by(&mut removals, |removal| (removal.life, removal.by));
    removals.dedup_by_key(|removal| removal.life);
    removals
}

/// What is known of a conflict in the order of values: two of them, unless there are peeks.
fn conflict(values: &Values, Stuck { first, last }: Stuck) -> Conflict {
    let (a, b) = (values.lives[first as usize], values.lives[last as usize]);
    let is_cycle = first != last && a.in_by < b.call && b.seen_by < a.until;
    if is_cycle && !values.has_peeks() { values.conflict_at(b.seen_by) } else { values.conflict() }
}
