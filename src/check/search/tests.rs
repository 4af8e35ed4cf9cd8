//! The search against brute force, with plans that make every part of it work on small histories.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashSet;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::plan::Plan;
use super::{Found, Space, search_by};
use crate::budget::{Budget, Meter};
use crate::history::testing::span;
use crate::history::{OpIndex, Rank, Span, Value};
use crate::model::{
    Counter, Model, Mutex, Pos, Reading, Register, Semaphore, counter, mutex, register, semaphore,
};
use crate::proof::{Proof, confirm_order};
use crate::tries::tries;

/// Depth-first alone; breadth-first alone; and both in turns, with the shortest parts.
const PLANS: [Plan; 4] = [
    Plan { first_share: u64::MAX, breadth: 0, first_length: 0 },
    Plan { first_share: 1, breadth: u64::MAX, first_length: 0 },
    Plan { first_share: 6, breadth: 1000, first_length: 0 },
    Plan { first_share: 3, breadth: 4, first_length: 8 },
];

/// What random operations are made of: those that complete, and those that crash.
struct Alphabet<Op> {
    completed: Vec<Op>,
    crashed: Vec<Op>,
}

fn values() -> impl Iterator<Item = Value> + Clone {
    (0..3).map(|n| crate::history::ValueTable::small_int(n).unwrap())
}

fn register(mismatches: bool, writes: bool) -> Alphabet<register::Op> {
    let pairs = || values().flat_map(|old| values().map(move |new| (old, new)));
    let cas = || pairs().map(|(old, new)| register::Op::Cas(old, new));
    let mut crashed: Vec<_> = cas().collect();
    if writes {
        crashed.extend(values().map(register::Op::Write));
    }
    let mut completed = crashed.clone();
    completed.extend(values().map(|seen| register::Op::Read(Some(seen))));
    if mismatches {
        completed.extend(values().map(register::Op::CasMismatch));
    }
    Alphabet { completed, crashed }
}

/// A history of `count` operations, at most `width` at once, most of which fit an order.
fn history<M: Model>(
    model: &M,
    alphabet: &Alphabet<M::Op>,
    (count, width): (usize, usize),
    rng: &mut ChaCha8Rng,
) -> Vec<Reading<M::Op>> {
    let crashes = if rng.random_bool(0.5) { 0.0 } else { 0.15 };
    let wrong = [0.0, 0.02, 0.1][rng.random_range(0..3)];
    let mut state = model.initial();
    let mut history: Vec<Reading<M::Op>> = Vec::new();
    let mut running: Vec<(usize, bool)> = Vec::new();
    let mut rank = Rank::FIRST;
    while history.len() < count || !running.is_empty() {
        let calls = running.is_empty() || running.len() < width && rng.random_bool(0.5);
        if history.len() < count && calls {
            running.push((history.len(), false));
            let op = alphabet.completed[0].clone();
            let span = Span { call: rank, ret: Rank::NEVER };
            history.push(Reading { index: OpIndex::new(history.len()), op, span });
            rank = rank.next();
            continue;
        }
        let at = rng.random_range(0..running.len());
        let (operation, done) = running[at];
        if done {
            history[operation].span.ret = rank;
            rank = rank.next();
            running.swap_remove(at);
        } else if rng.random_bool(crashes) {
            let any = rng.random_range(0..alphabet.crashed.len());
            history[operation].op = alphabet.crashed[any].clone();
            if rng.random_bool(0.5) {
                state =
                    model.step(&state, &alphabet.crashed[any]).into_iter().next().unwrap_or(state);
            }
            running.swap_remove(at);
        } else {
            running[at].1 = true;
            let op = loop {
                let any = rng.random_range(0..alphabet.completed.len());
                let op = alphabet.completed[any].clone();
                let next = model.step(&state, &op).into_iter().next();
                if let Some(next) = next {
                    state = next;
                    break op;
                }
                if rng.random_bool(wrong) {
                    break op;
                }
            };
            history[operation].op = op;
        }
    }
    history
}

/// Tries all orders.
fn is_linearizable<M: Model>(model: &M, history: &[Reading<M::Op>]) -> bool {
    let completed = |at: usize| history[at].span.has_returned();
    let all: u32 = (0..history.len()).filter(|&at| completed(at)).map(|at| 1 << at).sum();
    let mut seen = HashSet::new();
    let mut stack = vec![(0u32, model.initial())];
    while let Some((done, state)) = stack.pop() {
        if done & all == all {
            return true;
        }
        let left = (0..history.len()).filter(|at| done >> at & 1 == 0);
        let first_return = left.clone().map(|at| history[at].span.ret).min().unwrap();
        for at in left.filter(|&at| history[at].span.call < first_return) {
            for next in model.step(&state, &history[at].op) {
                let next = (done | 1 << at, next);
                if seen.insert(next.clone()) {
                    stack.push(next);
                }
            }
        }
    }
    false
}

/// Tries every plan on random histories; returns how many were linearizable, and how many not.
fn campaign<M: Model>(model: &M, alphabet: &Alphabet<M::Op>, runs: u64, seed: u64) -> (u64, u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let meter = Meter::start(&Budget::default(), 0);
    let mut counts = (0, 0);
    for _ in 0..runs {
        let size = (rng.random_range(4..18), rng.random_range(2..9));
        let history = history(model, alphabet, size, &mut rng);
        let linearizable = is_linearizable(model, &history);
        *(if linearizable { &mut counts.0 } else { &mut counts.1 }) += 1;
        for plan in PLANS {
            match search_by(plan, Space::of(model, &history), 1, &meter).0 {
                Found::Order(order) => {
                    let proof = confirm_order(model, &history, &ops(&order));
                    assert!(linearizable && proof == Proof::Confirmed, "{plan:?} {history:?}");
                }
                Found::Nothing { .. } => assert!(!linearizable, "{plan:?} {history:?}"),
                Found::Stopped(reason) => panic!("{reason} {plan:?}"),
            }
        }
    }
    counts
}

fn ops(order: &[Pos]) -> Vec<OpIndex> {
    order.iter().map(|at| OpIndex::new(at.index())).collect()
}

/// How many histories each campaign tries.
fn runs() -> u64 {
    tries(300).into()
}

#[test]
fn every_plan_decides_registers() {
    let initial = values().next().unwrap();
    for (seed, (mismatches, writes)) in
        [(false, true), (true, true), (false, false)].into_iter().enumerate()
    {
        let model = Register { initial, has_cas: true, failed_cas_observes: mismatches };
        let (valid, invalid) = campaign(&model, &register(mismatches, writes), runs(), seed as u64);
        assert!(valid > runs() / 10 && invalid > runs() / 10, "{valid} {invalid}");
    }
}

#[test]
fn every_plan_decides_locks_and_semaphores() {
    let holders: Vec<Option<Value>> = values().map(Some).collect();
    let takes = holders.iter().copied().map(mutex::Op::Acquire);
    let gives = holders.iter().copied().map(mutex::Op::Release);
    let crashed: Vec<_> = takes.chain(gives).collect();
    let mut completed = crashed.clone();
    completed.push(mutex::Op::Busy);
    campaign(&Mutex { check_owner: true }, &Alphabet { completed, crashed }, runs(), 7);
    let crashed: Vec<_> =
        (1..3).flat_map(|n| [semaphore::Op::Acquire(n), semaphore::Op::Release(n)]).collect();
    let mut completed = crashed.clone();
    completed.extend((1..3).map(semaphore::Op::Busy));
    campaign(&Semaphore { permits: 3 }, &Alphabet { completed, crashed }, runs(), 8);
}

/// Sets of open operations have 64, 128 or 256 bits, or as many as it takes.
#[test]
fn every_plan_decides_with_many_operations_open_at_once() {
    let meter = Meter::start(&Budget::default(), 0);
    let model = Counter { initial: 0 };
    for width in [60, 70, 130, 200, 260, 300_u32] {
        let adds = (0..width).map(|at| Reading {
            index: OpIndex::new(at as usize),
            op: counter::Op { delta: 1, before: None },
            span: span(at, width + at),
        });
        let mut history: Vec<Reading<counter::Op>> = adds.collect();
        let read = counter::Op { delta: 0, before: Some(i128::from(width).into()) };
        let span = span(2 * width, 2 * width + 1);
        history.push(Reading { index: OpIndex::new(width as usize), op: read, span });
        for plan in PLANS {
            let (found, _) = search_by(plan, Space::of(&model, &history), 1, &meter);
            let Found::Order(order) = found else { panic!("{width} {plan:?}: {found:?}") };
            assert_eq!(confirm_order(&model, &history, &ops(&order)), Proof::Confirmed, "{width}");
        }
        // One addition was lost.
        history[width as usize].op.before = Some((i128::from(width) - 1).into());
        for plan in PLANS {
            let (found, _) = search_by(plan, Space::of(&model, &history), 1, &meter);
            assert!(
                matches!(found, Found::Nothing { stuck } if stuck == Pos::new(width as usize)),
                "{width} {plan:?}"
            );
        }
    }
}
