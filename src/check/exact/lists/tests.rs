//! Lists of transactions by hand, and random ones against brute force.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::ends::timed;
use super::super::testing::value;
use super::*;
use crate::history::OpIndex;
use crate::history::testing::{NEVER, span};
use crate::model::list_append::Items;
use crate::model::{ListAppend, Model, Reading};
use crate::proof::{Refutation, refute};
use crate::tries::tries;

fn items(lists: &[(i64, &[i64])]) -> Items {
    let item = |&n: &i64| value(n);
    lists.iter().map(|(list, items)| (value(*list), items.iter().map(item).collect())).collect()
}

fn txn(expects: &[(i64, &[i64])], appends: &[(i64, &[i64])]) -> Op {
    Op { contradictory: false, expects: items(expects), appends: items(appends), turn: None }
}

fn rule(operations: &[(Op, u32, u32)]) -> Option<Ruling> {
    let operations: Vec<(Arc<Op>, u32, u32)> =
        operations.iter().map(|(op, call, ret)| (Arc::new(op.clone()), *call, *ret)).collect();
    decide(&timed(&operations), (Wanted::Order, &|_| false))
}

fn stuck(at: u32) -> Option<Ruling> {
    Some(Ruling::Invalid(Conflict::at(at)))
}

#[test]
fn reads_order_appends() {
    let both = [
        (txn(&[], &[(1, &[5])]), 0, 5),
        (txn(&[], &[(1, &[6])]), 1, NEVER),
        (txn(&[(1, &[6, 5])], &[]), 2, 6),
    ];
    assert_eq!(rule(&both), Some(Ruling::Valid(vec![1, 0, 2])));
    // Two that saw the same list and appended to it.
    let lost = [(txn(&[(1, &[])], &[(1, &[5])]), 0, 2), (txn(&[(1, &[])], &[(1, &[6])]), 1, 3)];
    assert_eq!(rule(&lost), stuck(1));
    // Serializable, but not in real time.
    let late = [
        (txn(&[(1, &[]), (2, &[9])], &[]), 0, 5),
        (txn(&[], &[(1, &[1])]), 1, 2),
        (txn(&[], &[(2, &[9])]), 3, 4),
    ];
    assert_eq!(rule(&late), stuck(0));
}

#[test]
fn what_one_transaction_appended_is_seen_as_a_whole() {
    let append = (txn(&[], &[(1, &[5, 6])]), 0, 1);
    assert_eq!(rule(&[append.clone(), (txn(&[(1, &[5])], &[]), 2, 3)]), stuck(1));
    let whole = [append, (txn(&[(1, &[5, 6])], &[(1, &[7])]), 2, 3)];
    assert_eq!(rule(&whole), Some(Ruling::Valid(vec![0, 1])));
}

#[test]
fn what_is_appended_twice_is_left_to_others() {
    let append = || txn(&[], &[(1, &[5])]);
    let read = |seen| txn(&[(1, seen)], &[]);
    let twice = [(append(), 0, 1), (read(&[5]), 2, 3), (append(), 4, 5), (read(&[5, 5]), 6, 7)];
    assert_eq!(rule(&twice), Some(Ruling::Valid(vec![0, 1, 2, 3])));
    assert_eq!(rule(&[(append(), 0, 1), (append(), 2, 3), (read(&[5]), 4, 5)]), None);
    // One that returns later has to be the first, as the other appended more.
    let more = txn(&[], &[(1, &[5]), (2, &[6])]);
    let nothing = txn(&[(2, &[])], &[]);
    let other = [(append(), 0, 9), (more, 1, 8), (read(&[5]), 2, 3), (nothing, 4, 5)];
    assert_eq!(rule(&other), Some(Ruling::Valid(vec![0, 2, 3, 1])));
    assert_eq!(rule(&[(txn(&[], &[(1, &[5, 5])]), 0, 1), (read(&[5]), 2, 3)]), None);
    let apart = [(append(), 0, 1), (txn(&[], &[(2, &[5])]), 2, 3)];
    assert_eq!(rule(&apart), Some(Ruling::Valid(vec![0, 1])));
}

/// A transaction on lists that hold `lists`, which it changes; what it sees is sometimes wrong.
/// Values are the next ones behind `fresh`, or else few.
fn transaction(
    lists: &mut BTreeMap<i64, Vec<i64>>,
    mut fresh: Option<&mut i64>,
    rng: &mut ChaCha8Rng,
) -> Op {
    let mut value = |rng: &mut ChaCha8Rng| match &mut fresh {
        Some(fresh) => {
            **fresh += 1;
            **fresh
        }
        None => rng.random_range(1..=2),
    };
    let (mut expects, mut appends) = (Vec::new(), Vec::new());
    for list in 0..2 {
        let held = lists.entry(list).or_default();
        if rng.random_bool(0.5) {
            let mut seen = held.clone();
            match rng.random_range(0..12) {
                0 => _ = seen.pop(),
                1 if seen.len() > 1 => seen.swap(0, 1),
                2 => seen.push(value(rng)),
                _ => {}
            }
            expects.push((list, seen));
        }
        if rng.random_bool(0.5) {
            let count = rng.random_range(1..=2);
            let own: Vec<i64> = (0..count).map(|_| value(rng)).collect();
            if rng.random_bool(0.9) {
                held.extend(&own);
            }
            appends.push((list, own));
        }
    }
    let borrowed = |lists: &[(i64, Vec<i64>)]| {
        let lists: Vec<(i64, &[i64])> =
            lists.iter().map(|(list, items)| (*list, &items[..])).collect();
        items(&lists)
    };
    Op {
        contradictory: false,
        expects: borrowed(&expects),
        appends: borrowed(&appends),
        turn: None,
    }
}

/// What is known of operations by a time.
fn known(operations: &[(Op, u32, u32)], horizon: u32) -> Vec<Reading<Arc<Op>>> {
    let called = operations.iter().enumerate().filter(|&(_, &(_, call, _))| call <= horizon);
    let reading = |(at, (op, call, ret)): (usize, &(Op, u32, u32))| {
        let is_open = *ret > horizon || *ret == NEVER;
        let expects = if is_open { Items::default() } else { op.expects.clone() };
        let op = Arc::new(Op { expects, ..op.clone() });
        let span = span(*call, if is_open { NEVER } else { *ret });
        Reading { index: OpIndex::new(at), op, span }
    };
    called.map(reading).collect()
}

/// Transactions that take place around one another.
fn history(is_few: bool, rng: &mut ChaCha8Rng) -> Vec<(Op, u32, u32)> {
    let (mut lists, mut fresh) = (BTreeMap::new(), 10);
    let spread = rng.random_range(1..=6);
    let mut operations: Vec<(Op, u32, u32)> = Vec::new();
    for at in 0..rng.random_range(1..=7) {
        let op = transaction(&mut lists, (!is_few).then_some(&mut fresh), rng);
        // Ends of their own for each, so that none is at the same time as another.
        let call = (4 * at + 1) * 10 - rng.random_range(0..10 * spread).min(4 * at * 10);
        let ret = (4 * at + 3) * 10 + rng.random_range(0..10 * spread);
        let ret = if rng.random_bool(0.15) { NEVER } else { ret * 10 + at + 1 };
        let op = if ret == NEVER { Op { expects: Items::default(), ..op } } else { op };
        operations.push((op, call * 10 + at + 1, ret));
    }
    operations.sort_by_key(|&(_, call, _)| call);
    operations
}

/// The operation by whose return there is no linearization, the first one.
fn first_impossible(operations: &[(Op, u32, u32)]) -> Option<u32> {
    let is_linearizable = |horizon| {
        let outcome = refute(&ListAppend::default(), &known(operations, horizon), 1_000_000);
        assert!(outcome != Refutation::TooLarge);
        outcome == Refutation::Wrong
    };
    let mut returns: Vec<(u32, u32)> =
        (0..).zip(operations).map(|(at, &(_, _, ret))| (ret, at)).collect();
    returns.sort_unstable();
    returns.retain(|&(ret, _)| ret != NEVER);
    returns.into_iter().find(|&(ret, _)| !is_linearizable(ret)).map(|(_, at)| at)
}

fn assert_legal(operations: &[(Op, u32, u32)], order: &[u32]) {
    let op = |&at: &u32| Arc::new(operations[at as usize].0.clone());
    let mut ops = order.iter().map(op);
    let lists = ListAppend::default();
    let end = ops.try_fold(lists.initial(), |state, op| lists.step(&state, &op));
    assert!(end.is_some(), "{operations:?}: {order:?}");
}

#[test]
fn rulings_agree_with_brute_force() {
    let mut counts = [0; 2];
    for seed in 0..tries(4_000) {
        let operations = history(false, &mut ChaCha8Rng::seed_from_u64(seed.into()));
        match (rule(&operations), first_impossible(&operations)) {
            (Some(Ruling::Valid(order)), None) => {
                counts[0] += 1;
                assert_legal(&operations, &order);
            }
            (Some(Ruling::Invalid(conflict)), Some(at)) => {
                counts[1] += 1;
                assert_eq!(conflict, Conflict::at(at), "{operations:?}");
            }
            (ruling, first) => panic!("{operations:?}: {ruling:?}, {first:?}"),
        }
    }
    assert!(counts[0] > 500 && counts[1] > 500, "{counts:?}");
}

#[test]
fn what_is_appended_repeatedly_is_chosen_as_brute_force_does() {
    // Valid ones that are decided, those that are not, and wrong ones.
    let mut counts = [0; 3];
    for seed in 0..tries(6_000) {
        let operations = history(true, &mut ChaCha8Rng::seed_from_u64(seed.into()));
        match (rule(&operations), first_impossible(&operations)) {
            (Some(Ruling::Valid(order)), None) => {
                counts[0] += 1;
                assert_legal(&operations, &order);
            }
            (Some(Ruling::Invalid(conflict)), Some(at)) => {
                assert_eq!(conflict, Conflict::at(at), "{operations:?}");
            }
            (None, None) => counts[1] += 1,
            (None, Some(_)) => counts[2] += 1,
            (ruling, first) => panic!("{operations:?}: {ruling:?}, {first:?}"),
        }
    }
    assert!(counts[0] > 2_000 && counts[2] > 500, "{counts:?}");
    assert!(counts[1] * 100 <= counts[0], "{counts:?}");
}
