//! Logs by hand, and random ones against brute force.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::ends::timed;
use super::super::testing::value;
use super::*;
use crate::history::OpIndex;
use crate::history::testing::NEVER;
use crate::model::{Log, Model, Reading};
use crate::proof::{Refutation, refute};
use crate::tries::tries;

fn append(n: i64) -> Op {
    Op::Append(value(n), None)
}

fn read(entries: &[i64]) -> Op {
    Op::Read(entries.iter().map(|&n| value(n)).collect::<Arc<[Value]>>())
}

fn rule(operations: &[(Op, u32, u32)]) -> Option<Ruling> {
    decide(&[], &timed(operations), (Wanted::Order, &|_| false))
}

fn stuck(at: u32) -> Option<Ruling> {
    Some(Ruling::Invalid(Conflict::at(at)))
}

#[test]
fn the_longest_read_orders_appends() {
    let (one, two) = ((append(1), 0, 4), (append(2), 1, NEVER));
    let reads = [(read(&[2]), 2, 3), (read(&[2, 1]), 5, 6)];
    let [short, long] = reads.clone();
    let all = [one.clone(), two.clone(), short.clone(), long];
    assert_eq!(rule(&all), Some(Ruling::Valid(vec![1, 2, 0, 3])));
    // Lost: it was acknowledged before the read.
    assert_eq!(rule(&[one.clone(), two.clone(), short.clone(), (read(&[2]), 5, 6)]), stuck(3));
    // Forked.
    assert_eq!(rule(&[one, two, short, (read(&[1]), 5, 6)]), stuck(3));
}

#[test]
fn offsets_order_appends() {
    let told = |n, offset| Op::Append(value(n), Some(offset));
    let mut operations = vec![(told(1, 1), 0, 3), (told(2, 0), 1, 2)];
    assert_eq!(rule(&operations), Some(Ruling::Valid(vec![1, 0])));
    operations.push((Op::ReadAt(1, value(2)), 4, 5));
    assert_eq!(rule(&operations), stuck(2));
    assert_eq!(rule(&[(told(1, 0), 0, 2), (told(2, 0), 1, 3)]), stuck(1));
    // A read that is far past the end of any log that can be.
    assert_eq!(rule(&[(Op::ReadAt(u32::MAX, value(2)), 0, 1)]), stuck(0));
}

#[test]
fn what_is_appended_twice_is_told_apart_by_returns() {
    let twice = [(append(1), 0, 4), (append(1), 1, 5), (read(&[1]), 2, 3)];
    assert_eq!(rule(&twice), Some(Ruling::Valid(vec![0, 2, 1])));
    let late = [(append(1), 0, 1), (append(1), 2, 3), (read(&[1]), 4, 5)];
    assert_eq!(rule(&late), stuck(2));
    assert_eq!(rule(&[(append(1), 0, 4), (read(&[1, 1]), 2, 3)]), stuck(1));
}

#[test]
fn what_nobody_saw_may_be_any_value() {
    // The 1 that crashed is seen, so that the other stands where nobody looked.
    let at = |place, n| Op::ReadAt(place, value(n));
    let mut operations = vec![
        (append(1), 0, NEVER),
        (append(1), 1, 5),
        (append(2), 2, 6),
        (at(2, 1), 3, 8),
        (at(1, 2), 4, 9),
    ];
    assert_eq!(rule(&operations), Some(Ruling::Valid(vec![1, 2, 4, 0, 3])));
    operations.push((at(0, 2), 10, 11));
    assert_eq!(rule(&operations), stuck(5));
}

/// An operation on a log that holds `entries`, which it changes; what it sees is sometimes wrong.
fn operation(entries: &mut Vec<i64>, rng: &mut ChaCha8Rng) -> Op {
    let place = rng.random_range(0..=entries.len() + 1);
    let other = value(rng.random_range(1..=2));
    let seen = |entries: &[i64]| entries.iter().map(|&n| value(n)).collect::<Vec<Value>>();
    let is_wrong = rng.random_bool(0.08);
    let spoil = |mut seen: Vec<Value>| {
        if is_wrong {
            seen.push(other);
        }
        Arc::from(seen)
    };
    match rng.random_range(0..10) {
        0..6 => {
            let n = rng.random_range(1..=2);
            if rng.random_bool(0.85) {
                entries.push(n);
            }
            let tells = rng.random_bool(0.1) && !entries.is_empty();
            Op::Append(value(n), tells.then(|| entries.len() as u32 - 1))
        }
        6 | 7 if is_wrong => Op::ReadAt(place as u32, other),
        6 | 7 => Op::ReadAt(place as u32, entries.get(place).map_or(Value::NULL, |&n| value(n))),
        8 => Op::ReadFrom(place as u32, spoil(seen(entries.get(place..).unwrap_or_default()))),
        _ if rng.random_bool(0.3) => Op::Read(spoil(seen(entries))),
        _ => Op::ReadPrefix(spoil(seen(&entries[..place.min(entries.len())]))),
    }
}

/// Operations that take place around one another.
fn history(rng: &mut ChaCha8Rng) -> Vec<(Op, u32, u32)> {
    let mut entries = Vec::new();
    let spread = rng.random_range(1..=6);
    let mut operations: Vec<(Op, u32, u32)> = Vec::new();
    for at in 0..rng.random_range(2..=9) {
        let op = operation(&mut entries, rng);
        // Ends of their own for each, so that none is at the same time as another.
        let call = (4 * at + 1) * 10 - rng.random_range(0..10 * spread).min(4 * at * 10);
        let ret = (4 * at + 3) * 10 + rng.random_range(0..10 * spread);
        let has_crashed = rng.random_bool(0.2);
        let op = match op {
            Op::Append(value, _) if has_crashed => Op::Append(value, None),
            _ if has_crashed => Op::ReadAny,
            op => op,
        };
        let ret = if has_crashed { NEVER } else { ret * 10 + at + 1 };
        operations.push((op, call * 10 + at + 1, ret));
    }
    operations.sort_by_key(|&(_, call, _)| call);
    operations
}

#[test]
fn rulings_agree_with_brute_force() {
    let mut counts = [0; 2];
    for seed in 0..tries(6_000) {
        let operations = history(&mut ChaCha8Rng::seed_from_u64(seed.into()));
        let timed = timed(&operations);
        let is_linearizable = |horizon| {
            let horizon = Rank::new(horizon as usize);
            let known = known(&timed, horizon).into_iter().enumerate();
            let readings =
                known.map(|(at, (op, span))| Reading { index: OpIndex::new(at), op, span });
            let readings: Vec<Reading<Op>> = readings.collect();
            let outcome = refute(&Log::default(), &readings, 1_000_000);
            assert!(outcome != Refutation::TooLarge);
            outcome == Refutation::Wrong
        };
        let mut returns: Vec<u32> = operations.iter().map(|&(_, _, ret)| ret).collect();
        returns.sort_unstable();
        returns.retain(|&ret| ret != NEVER);
        let first = returns.iter().find(|&&ret| !is_linearizable(ret));
        match (rule(&operations), first) {
            (Some(Ruling::Valid(order)), None) => {
                counts[0] += 1;
                let mut ops = order.iter().map(|&at| &operations[at as usize].0);
                let log = Log::default();
                let end = ops.try_fold(log.initial(), |state, op| log.step(&state, op));
                assert!(end.is_some(), "{operations:?}: {order:?}");
            }
            (Some(Ruling::Invalid(conflict)), Some(&first)) => {
                counts[1] += 1;
                // By then there is none, though there may be none before.
                let ret = operations[conflict.stuck.index()].2;
                assert!(ret >= first, "{operations:?}: {conflict:?}");
            }
            (ruling, first) => panic!("{operations:?}: {ruling:?}, {first:?}"),
        }
    }
    assert!(counts[0] > 500 && counts[1] > 500, "{counts:?}");
}
