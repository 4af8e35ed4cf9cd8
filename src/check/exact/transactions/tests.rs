//! Random transactions against brute force.

use std::collections::BTreeMap;

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::testing::{Drawn, Verdict, ask, value};
use super::*;
use crate::history::testing::{NEVER, span};
use crate::history::{OpIndex, Value};
use crate::model::Reading;
use crate::proof::{Refutation, refute};
use crate::tries::tries;

/// Registers that all hold 0 at first.
fn registers() -> MultiRegister {
    MultiRegister::new(value(0), &[])
}

fn pairs(pairs: &[(i64, i64)]) -> Vec<(Value, Value)> {
    pairs.iter().map(|&(register, held)| (value(register), value(held))).collect()
}

fn txn(found: &[(i64, i64)], left: &[(i64, i64)], call: u32, ret: u32) -> Drawn<Op> {
    (Op::new(false, &pairs(found), &pairs(left)), call, ret)
}

fn rule(operations: &[Drawn<Op>]) -> Verdict {
    ask(operations, |timed, wanted| decide(&registers(), timed, (wanted, &|_| false)))
}

#[test]
fn versions_are_there_one_after_the_other() {
    let write = |n, call, ret| txn(&[], &[(1, n)], call, ret);
    let read = |n, call, ret| txn(&[(1, n)], &[], call, ret);
    let between = [write(5, 0, 9), write(6, 1, 8), read(5, 2, 3), read(6, 4, 5)];
    assert_eq!(rule(&between), Verdict::Valid(vec![0, 2, 1, 3]));
    let back = [write(5, 0, 9), write(6, 1, 8), read(5, 2, 3), read(6, 4, 5), read(5, 6, 7)];
    assert_eq!(rule(&back), Verdict::Stuck(4));
    // Who crashed may have written what was read, and is left out otherwise.
    let crashed = [write(5, 0, NEVER), write(6, 1, NEVER), read(6, 2, 3)];
    assert_eq!(rule(&crashed), Verdict::Valid(vec![1, 2]));
}

#[test]
fn what_two_replaced_is_lost() {
    let lost = [txn(&[(1, 0)], &[(1, 5)], 0, 2), txn(&[(1, 0)], &[(1, 6)], 1, 3)];
    assert_eq!(rule(&lost), Verdict::Stuck(1));
    let skew = [
        txn(&[(1, 0), (2, 0)], &[(1, 5)], 0, 2),
        txn(&[(1, 0), (2, 0)], &[(2, 5)], 1, 3),
        txn(&[(1, 5), (2, 5)], &[], 4, 5),
    ];
    assert_eq!(rule(&skew), Verdict::Stuck(1));
    assert_eq!(rule(&skew[..1]), Verdict::Valid(vec![0]));
}

#[test]
fn a_value_may_have_been_written_by_several() {
    let twice = [
        txn(&[], &[(1, 5), (2, 1)], 0, 9),
        txn(&[], &[(1, 5), (2, 2)], 1, 8),
        txn(&[(1, 5), (2, 0)], &[], 2, 7),
    ];
    assert_eq!(rule(&twice), Verdict::Stuck(2));
    let other = [twice[0].clone(), twice[1].clone(), txn(&[(1, 5), (2, 2)], &[(1, 7)], 2, 7)];
    assert!(matches!(rule(&other), Verdict::Valid(_)));
}

/// What histories are drawn of.
struct Habits {
    registers: i64,
    /// So many values; or each is written once.
    values: Option<i64>,
    crashed: f64,
    wrong: f64,
    spread: u32,
}

impl Habits {
    fn random(rng: &mut ChaCha8Rng) -> Habits {
        Habits {
            registers: rng.random_range(1..=3),
            values: rng.random_bool(0.5).then(|| rng.random_range(1..=3)),
            crashed: *[0.0, 0.1, 0.4].choose(rng).unwrap(),
            wrong: *[0.0, 0.1, 0.3].choose(rng).unwrap(),
            spread: *[1, 3, 8, 30].choose(rng).unwrap(),
        }
    }

    /// Makes a transaction of what registers hold, which it leaves as they are if it does not
    /// happen.
    fn transaction(
        &self,
        held: &mut BTreeMap<i64, i64>,
        fresh: &mut i64,
        happens: bool,
        rng: &mut ChaCha8Rng,
    ) -> [Vec<(i64, i64)>; 2] {
        let (mut found, mut left) = (Vec::new(), Vec::new());
        for register in 0..self.registers {
            if rng.random_bool(0.4) {
                let mut seen = held.get(&register).copied().unwrap_or(0);
                if rng.random_bool(self.wrong) {
                    seen = rng.random_range(0..=self.values.unwrap_or(*fresh));
                }
                found.push((register, seen));
            }
            if rng.random_bool(0.4) {
                *fresh += 1;
                let new = self.values.map_or(*fresh, |values| rng.random_range(0..=values));
                left.push((register, new));
            }
        }
        if happens {
            held.extend(left.iter().copied());
        }
        [found, left]
    }
}

fn draw(rng: &mut ChaCha8Rng) -> Vec<Drawn<Op>> {
    let habits = Habits::random(rng);
    let (mut held, mut fresh) = (BTreeMap::new(), 0);
    let mut drawn = Vec::new();
    for at in 0..rng.random_range(2..=8) {
        let crashes = rng.random_bool(habits.crashed);
        let happens = !crashes || rng.random_bool(0.6);
        let [mut found, left] = habits.transaction(&mut held, &mut fresh, happens, rng);
        let point = 10 * (at + 1);
        // Ends of their own for each, so that none is at the same time as another.
        let call = (point - rng.random_range(0..=habits.spread.min(point - 1))) * 32 + 2 * at;
        let mut ret = (point + rng.random_range(0..=habits.spread)) * 32 + 2 * at + 1;
        if crashes {
            found.clear();
            ret = NEVER;
        }
        drawn.push(txn(&found, &left, call, ret));
    }
    drawn.sort_by_key(|&(_, call, _)| call);
    drawn
}

/// Whether operations are linearizable as far as they are known by a time.
fn is_linearizable(operations: &[Drawn<Op>], horizon: u32) -> bool {
    let called = operations.iter().enumerate().filter(|(_, drawn)| drawn.1 <= horizon);
    let reading = |(at, (op, call, ret)): (usize, &Drawn<Op>)| {
        let is_open = *ret > horizon || *ret == NEVER;
        let op = if is_open { Op::new(false, &[], op.writes()) } else { op.clone() };
        let span = span(*call, if is_open { NEVER } else { *ret });
        Reading { index: OpIndex::new(at), op, span }
    };
    let readings: Vec<Reading<Op>> = called.map(reading).collect();
    let outcome = refute(&registers(), &readings, 1_000_000);
    assert!(outcome != Refutation::TooLarge);
    outcome == Refutation::Wrong
}

#[test]
fn rulings_agree_with_brute_force() {
    let mut counts = [0; 2];
    for seed in 0..tries(3_000) {
        let operations = draw(&mut ChaCha8Rng::seed_from_u64(seed.into()));
        let mut returns: Vec<u32> =
            operations.iter().map(|&(_, _, ret)| ret).filter(|&ret| ret != NEVER).collect();
        returns.sort_unstable();
        let first = returns.into_iter().find(|&ret| !is_linearizable(&operations, ret));
        match (rule(&operations), first) {
            (Verdict::Valid(order), None) => {
                counts[0] += 1;
                let holds = |&at: &u32| operations[at as usize].2 == NEVER || order.contains(&at);
                assert!((0..operations.len() as u32).all(|at| holds(&at)), "{operations:?}");
                let is_late = |nth: usize| {
                    let call = operations[order[nth] as usize].1;
                    order[nth..].iter().any(|&later| operations[later as usize].2 < call)
                };
                assert!(!(0..order.len()).any(is_late), "{operations:?}: {order:?}");
                let step = |state, &at: &u32| registers().step(&state, &operations[at as usize].0);
                let end = order.iter().try_fold(registers().initial(), step);
                assert!(end.is_some(), "{operations:?}: {order:?}");
            }
            (Verdict::Stuck(at), Some(ret)) => {
                counts[1] += 1;
                assert_eq!(operations[at as usize].2, ret, "{operations:?}");
            }
            (verdict, first) => panic!("{operations:?}: {verdict:?}, {first:?}"),
        }
    }
    assert!(counts[0] > 500 && counts[1] > 300, "{counts:?}");
}

/// Transactions of many clients on registers, of which each takes effect within its time.
fn long(count: u32, width: u32, values: i64, rng: &mut ChaCha8Rng) -> Vec<Drawn<Op>> {
    let mut held = BTreeMap::new();
    let habits = Habits {
        registers: 6,
        values: (values > 0).then_some(values),
        crashed: 0.0,
        wrong: 0.0,
        spread: 0,
    };
    let mut fresh = 0;
    let mut drawn = Vec::new();
    for at in 0..count {
        let [mut found, left] = habits.transaction(&mut held, &mut fresh, true, rng);
        let point = (at + width) * 10;
        let call = point - rng.random_range(0..10 * width);
        let mut ret = point + rng.random_range(0..10 * width);
        if rng.random_bool(0.05) {
            found.clear();
            ret = NEVER;
        }
        drawn.push(txn(&found, &left, call, ret));
    }
    drawn.sort_by_key(|&(_, call, _)| call);
    drawn
}

#[test]
fn many_at_once_are_put_in_order() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for values in [0, 0, 6] {
        let operations = long(400, 12, values, &mut rng);
        assert!(matches!(rule(&operations), Verdict::Valid(_)));
    }
}

#[test]
fn a_start_that_is_not_known_is_what_was_read_of_nobody() {
    let readings = |reads: &[i64]| -> Vec<Drawn<Op>> {
        let read = |(at, &seen): (u32, &i64)| txn(&[(1, seen)], &[], 2 * at, 2 * at + 1);
        (0..).zip(reads).map(read).collect()
    };
    let rule = |operations: &[Drawn<Op>]| {
        let reading = |(at, (op, call, ret)): (usize, &Drawn<Op>)| Reading {
            index: OpIndex::new(at),
            op: op.clone(),
            span: span(*call, *ret),
        };
        let mut known: Vec<Reading<Op>> = operations.iter().enumerate().map(reading).collect();
        // One that writes at the same time, so that nothing is told at once.
        known.push(reading((operations.len(), &txn(&[], &[(1, 9)], 0, 99))));
        known.sort_by_key(|reading| reading.span.call);
        let starts = registers().starts(&known).unwrap();
        let timed: Vec<Timed<'_, Op>> =
            known.iter().map(|it| Timed { op: &it.op, span: it.span }).collect();
        decide(&starts[0], &timed, (Wanted::Order, &|_| false))
    };
    assert!(matches!(rule(&readings(&[7, 7])), Some(Ruling::Valid(_))));
    assert!(matches!(rule(&readings(&[7, 8])), Some(Ruling::Invalid(_))));
    assert!(matches!(rule(&readings(&[7, 9])), Some(Ruling::Valid(_))));
    assert!(!matches!(rule(&readings(&[9, 7])), Some(Ruling::Valid(_))));
}
