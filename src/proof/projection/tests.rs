//! The rules for sources and covers against their definitions, asked of each pair of operations.

#![allow(clippy::unwrap_used)]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Projections, Rule, established};
use crate::history::testing::{NEVER, span};
use crate::history::{OpIndex, Rank, Value, ValueTable};
use crate::model::{Facts, Pos, Reading, Register, register};

type Registers<'a> = Projections<'a, Register>;

fn value(n: u32) -> Value {
    ValueTable::small_int(i64::from(n)).unwrap()
}

/// A few operations on a register of few values, in the order of their calls.
fn random_readings(has_crashes: bool, rng: &mut ChaCha8Rng) -> Vec<Reading<register::Op>> {
    let count = rng.random_range(1..=9_u32);
    (0..count)
        .map(|nth| {
            let (one, other) = (value(rng.random_range(0..3)), value(rng.random_range(0..3)));
            let op = match rng.random_range(0..4) {
                0 => register::Op::Write(one),
                1 => register::Op::Cas(one, other),
                _ => register::Op::Read(Some(one)),
            };
            let call = 10 * nth;
            let ret = call + 1 + 10 * rng.random_range(0..4) + nth % 9;
            let ret = if has_crashes && rng.random_bool(0.2) { NEVER } else { ret };
            Reading { index: OpIndex::new(nth as usize), op, span: span(call, ret) }
        })
        .collect()
}

fn facts<'a>(projections: &'a Registers<'_>, at: Pos) -> &'a Facts {
    &projections.facts()[at]
}

/// Whether the operation kept at `own` can do without the one left out at `other`, by what
/// overwrites the state.
fn is_covered(of: &Registers<'_>, kept: &[Pos], own: Pos, other: Pos) -> bool {
    let span = |at: Pos| of.readings[at].span;
    let wanted = facts(of, own).requires;
    let left = established(facts(of, other)).filter(|_| facts(of, other).overwrites);
    let is_later_source = |&at: &Pos| {
        wanted.is_some() && established(facts(of, at)) == wanted && span(at).call > span(other).call
    };
    let is_evident = left.is_none() || left != wanted || kept.iter().any(is_later_source);
    let lies_between = |&at: &Pos| {
        facts(of, at).overwrites && span(other).ret < span(at).call && span(at).ret < span(own).call
    };
    span(own).ret < span(other).call || is_evident && kept.iter().any(lies_between)
}

/// The same by what each can have found.
fn is_spared(of: &Registers<'_>, kept: &[Pos], own: Pos, other: Pos) -> bool {
    let span = |at: Pos| of.readings[at].span;
    let wanted = facts(of, own).requires;
    let left = established(facts(of, other));
    if span(own).ret < span(other).call || wanted.is_some() && wanted != left {
        return true;
    }
    let excludes = |&at: &Pos| {
        let shows = facts(of, at).requires.is_some_and(|shown| Some(shown) != left);
        at != own
            && span(other).ret < span(at).call
            && span(at).ret < span(own).call
            && (established(facts(of, at)).is_some() || shows)
    };
    let is_source = |&at: &Pos| {
        let before = span(at).call;
        at != own
            && established(facts(of, at)) == wanted
            && before < span(own).ret
            && before > span(other).call
    };
    let has_returned = span(other).has_returned();
    if kept.iter().any(excludes) {
        let is_plain = facts(of, other).overwrites && has_returned && wanted.is_some();
        return !is_plain || kept.iter().any(is_source);
    }
    let demands = || kept.iter().filter(|&&at| is_demand(of, at));
    let equals = kept.iter().map(|&at| &of.readings[at]).filter(|equal| {
        equal.span.ret == Rank::NEVER
            && equal.span.call < span(other).call
            && equal.op == of.readings[other].op
    });
    let needed = demands().filter(|&&at| facts(of, at).requires == left).count();
    !has_returned
        && demands().all(|&at| facts(of, at).requires.is_some())
        && equals.count() >= needed
}

fn is_demand(of: &Registers<'_>, at: Pos) -> bool {
    !(of.is_idle(at) || facts(of, at).overwrites && facts(of, at).requires.is_none())
}

fn observes(of: &Registers<'_>, at: Pos) -> bool {
    !of.is_idle(at) && !facts(of, at).overwrites
}

/// What is left of `kept` when, one after the other, those go that cannot do without what is left
/// out.
fn by_definition(
    kept: &[Pos],
    of: &Registers<'_>,
    asks: impl Fn(&Registers<'_>, Pos) -> bool,
    spares: impl Fn(&Registers<'_>, &[Pos], Pos, Pos) -> bool,
) -> Vec<Pos> {
    let mut kept = kept.to_vec();
    loop {
        let left: Vec<Pos> = Pos::below(of.readings.len())
            .filter(|at| !kept.contains(at) && !facts(of, *at).pure)
            .collect();
        let lacks =
            |&own: &Pos| asks(of, own) && left.iter().any(|&other| !spares(of, &kept, own, other));
        match kept.iter().position(lacks) {
            Some(at) => kept.remove(at),
            None => return kept,
        };
    }
}

#[test]
fn parts_are_those_of_the_definitions() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let model = Register { initial: value(0), has_cas: true, failed_cas_observes: false };
    let mut smaller = [0; 2];
    for turn in 0..4_000 {
        let has_crashes = turn % 2 == 0;
        let readings = random_readings(has_crashes, &mut rng);
        let of = Projections::new(&model, &readings);
        let kept: Vec<Pos> = Pos::below(readings.len()).filter(|_| rng.random_bool(0.7)).collect();
        let covers = by_definition(&kept, &of, observes, is_covered);
        let part = of.sound_part(Rule::Covers, &kept).unwrap_or_default();
        assert_eq!(part, covers, "{readings:?} {kept:?}");
        let sources = by_definition(&kept, &of, is_demand, is_spared);
        let part = of.sound_part(Rule::Sources, &kept).unwrap_or_default();
        if has_crashes {
            // Which of them goes first makes a difference; what is left needs nothing.
            assert_eq!(part, by_definition(&part, &of, is_demand, is_spared), "{readings:?}");
        } else {
            assert_eq!(part, sources, "{readings:?} {kept:?}");
        }
        smaller[0] += usize::from(covers.len() < kept.len() && !covers.is_empty());
        smaller[1] += usize::from(sources.len() < kept.len() && !sources.is_empty());
    }
    assert!(smaller.iter().all(|&count| count > 200), "{smaller:?}");
}
