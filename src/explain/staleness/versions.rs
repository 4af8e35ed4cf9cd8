//! The smallest k such that every read returns one of the last k values written.
//!
//! From below, by counting the writes that certainly came between a value and a read of it; from
//! above, by an order that was found. Between the two, small histories are searched.

use super::super::case::Case;
use super::super::guarantees::{OpId, Saw, ValueId, Versions, WriteId};
use super::Bound;
use super::reach::Reach;
use super::recent::{Op, Recent};
use crate::check::is_linearizable;
use crate::history::{OpIndex, Rank, sort};
use crate::model::{Model, Pos, Reading};
use crate::vocabulary::{Verb, Word};

/// With more operations or versions than this, bounds are not narrowed by search.
const SMALL: usize = 2_000;
const FEW: u64 = 64;

/// The smallest k for a key that is not linearizable, as far as it is found; `None` if there is
/// none. O(n log n), but for the decisions.
pub(super) fn smallest_k(case: &Case<'_>, register: &Versions) -> Option<Bound> {
    if !register.is_whole {
        return None;
    }
    let ends: Vec<(i128, Option<i128>)> = case
        .readings
        .iter()
        .map(|reading| {
            let ret = Some(reading.span.ret).filter(|&ret| ret != Rank::NEVER);
            (reading.span.call.index() as i128, ret.map(|ret| ret.index() as i128))
        })
        .collect();
    let mut reach = Reach::new(case, &ends, |reading| {
        let saw_value = case.model.facts(&reading.op).requires.is_some();
        !(saw_value && is_update(case, reading.index))
    });
    let order = match reach.smallest(Some(register), &ends, (None, &[])) {
        Some(least) => reach.order(least),
        None if reach.was_stopped() => None,
        None => return None,
    };
    // A key that is 1-atomic is linearizable.
    let mut low = 2.max(1 + certainly_between(register));
    let mut high = order.map(|order| enough(case, register, &order).max(low));
    if register.ops.len() <= SMALL {
        let readings = readings(case, register);
        while let Some(some) = high.filter(|&high| low < high) {
            let middle = low + (some - low) / 2;
            if middle > FEW {
                break;
            }
            let model = Recent { depth: middle as usize, initial: register.initial_value() };
            match is_linearizable(&model, &readings, case.meter).0 {
                Some(true) => high = Some(middle),
                Some(false) => low = middle + 1,
                None => break,
            }
        }
    }
    Some(Bound { at_least: Some(low), at_most: high })
}

/// Whether the operation, which saw a value, goes to the one copy that there is and sees the latest
/// one, also where it leaves that as it is.
fn is_update(case: &Case<'_>, index: OpIndex) -> bool {
    let word = case.history.word(case.history[index].function);
    word.map(Word::verb) == Some(Verb::Cas)
}

/// The operations for a register that remembers several values.
fn readings(case: &Case<'_>, register: &Versions) -> Vec<Reading<Op>> {
    let value = |write: WriteId| register.writes[write].value;
    let reading = |op: &super::super::guarantees::Op| Reading {
        index: op.index,
        span: op.span,
        op: match (op.saw, op.write) {
            (Saw::Value(seen), WriteId::NONE) if is_update(case, op.index) => Op::Found(seen),
            (Saw::Value(seen), WriteId::NONE) => Op::Read(seen),
            (Saw::Not(seen), WriteId::NONE) => Op::ReadOther(seen),
            (Saw::Value(seen), write) => Op::Cas(seen, value(write)),
            (_, write) => Op::Write(value(write)),
        },
    };
    register.ops.iter().map(reading).collect()
}

/// The most writes that certainly came after a value and before a read of it. Only values that
/// were written once count. O(n log n).
fn certainly_between(register: &Versions) -> u64 {
    let ret = |at: OpId| {
        let ret = register.ops.get(at.index())?.span.ret;
        (ret != Rank::NEVER).then_some(ret.index() as i128)
    };
    let proofs = register.proofs(ret);
    let calls: Vec<i128> = (0..register.real_writes)
        .map(|write| match register.ops.get(register.writes[write].op.index()) {
            Some(op) => op.span.call.index() as i128,
            None => -1,
        })
        .collect();
    // Reads ascend by their calls; so do writes by when it was certain that they had taken effect.
    let mut proved: Vec<(i128, usize)> =
        proofs.iter().enumerate().skip(1).filter_map(|(at, proof)| Some(((*proof)?, at))).collect();
    proved.sort_unstable();
    let mut proved = proved.into_iter().peekable();
    let mut counts = Counts(vec![0; calls.len() + 1]);
    let mut most = 0;
    for op in &register.ops {
        let (Saw::Value(value), WriteId::NONE) = (op.saw, op.write) else { continue };
        while let Some((_, write)) = proved.next_if(|&(at, _)| at < op.span.call.index() as i128) {
            counts.add(write);
        }
        let &[write] = register.writers(value) else { continue };
        let first = match (write, proofs[write]) {
            (WriteId::INITIAL, _) => 1,
            (_, Some(proof)) => calls.partition_point(|&call| call <= proof),
            (_, None) => continue,
        };
        most = most.max(counts.from(first));
    }
    most
}

/// Counts numbers by size: a Fenwick tree.
struct Counts(Vec<u32>);

impl Counts {
    fn add(&mut self, number: usize) {
        let mut at = self.0.len() - 1 - number;
        while at < self.0.len() {
            self.0[at] += 1;
            at |= at + 1;
        }
    }

    /// How many are `number` or larger.
    fn from(&self, number: usize) -> u64 {
        let mut count = 0;
        let mut end = self.0.len() - number.min(self.0.len());
        while end > 0 {
            count += u64::from(self.0[end - 1]);
            end &= end - 1;
        }
        count
    }
}

/// How many versions back the reads look, if the writes come in the order of `order` (positions
/// among the readings), which is legal if reads may have been called earlier, and each read comes
/// as early as it may. O(n log n).
fn enough(case: &Case<'_>, register: &Versions, order: &[Pos]) -> u64 {
    let Placed { places, values, source } = place(case, register, order);
    let mut of_value: Vec<Vec<u32>> = vec![Vec::new(); register.values()];
    // The last place before each with another value.
    let mut other: Vec<Option<u32>> = Vec::with_capacity(values.len());
    for (place, &value) in values.iter().enumerate() {
        of_value[value].push(place as u32);
        other.push(match place.checked_sub(1) {
            Some(last) if values[last] == value => other[last],
            last => last.map(|last| last as u32),
        });
    }
    // Where each operation stands: behind so many writes; the calls and returns in their order.
    let mut ends: Vec<(Rank, bool, OpId)> = Vec::new();
    for (at, op) in OpId::below(register.ops.len()).zip(&register.ops) {
        if !op.is_crashed() {
            ends.push((op.span.call, false, at));
            ends.push((op.span.ret, true, at));
        }
    }
    sort::by(&mut ends, |&end| end);
    let mut stands = vec![0; register.ops.len()];
    let (mut behind, mut most) = (0, 1);
    for (_, is_return, at) in ends {
        let op = &register.ops[at];
        if is_return {
            behind = behind.max(stands[at]);
            continue;
        }
        if op.write != WriteId::NONE {
            stands[at] = places[op.write];
            continue;
        }
        let here = behind.max(source[at]);
        stands[at] = here;
        let seen = match op.saw {
            Saw::Nothing => continue,
            Saw::Value(seen) => {
                let places = &of_value[seen];
                let count = places.partition_point(|&place| place <= here);
                count.checked_sub(1).map(|last| places[last])
            }
            Saw::Not(unseen) if values[here as usize] == unseen => other[here as usize],
            Saw::Not(_) => Some(here),
        };
        most = most.max(seen.map_or(u64::MAX, |seen| u64::from(here - seen) + 1));
    }
    most
}

/// A legal order of a key's operations, as one of its writes.
struct Placed {
    /// Behind how many writes each write stands, itself counted; the initial value is 0.
    places: Vec<u32>,
    /// The value at each place.
    values: Vec<ValueId>,
    /// The place of the write that each operation that was ordered saw; 0 for the others.
    source: Vec<u32>,
}

/// Crashed writes that nobody saw are left out.
fn place(case: &Case<'_>, register: &Versions, order: &[Pos]) -> Placed {
    let at_of = |position: Pos| {
        let index = case.readings[position].index;
        register.ops.binary_search_by_key(&index, |op| op.index).ok()
    };
    let order: Vec<usize> = order.iter().filter_map(|&position| at_of(position)).collect();
    let mut is_seen = vec![false; register.writes.len()];
    let mut latest = WriteId::INITIAL;
    for &at in &order {
        let op = &register.ops[at];
        is_seen[latest] |= op.saw != Saw::Nothing;
        latest = if op.write == WriteId::NONE { latest } else { op.write };
    }
    let mut placed = Placed {
        places: vec![0; register.writes.len()],
        values: vec![register.initial_value()],
        source: vec![0; register.ops.len()],
    };
    for &at in &order {
        let op = &register.ops[at];
        if op.saw != Saw::Nothing {
            placed.source[at] = placed.values.len() as u32 - 1;
        }
        if op.write != WriteId::NONE && (!op.is_crashed() || is_seen[op.write]) {
            placed.places[op.write] = placed.values.len() as u32;
            placed.values.push(register.writes[op.write].value);
        }
    }
    placed
}
