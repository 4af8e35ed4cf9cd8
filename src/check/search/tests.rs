//! The search against brute force, with plans that make every part of it work on small histories.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashSet;
use std::sync::atomic::AtomicBool;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::depth::Part;
use super::guess::Guess;
use super::plan::Plan;
use super::used::UsedSets;
use super::walker::Shared;
use super::{Found, Space, prepare, search_by, sums};
use crate::budget::{Budget, Meter};
use crate::history::testing::span;
use crate::history::{OpIndex, Rank, Span, Value};
use crate::model::items;
use crate::model::{
    Bank, Counter, FifoQueue, Model, MultiRegister, Mutex, Pos, Reading, Register, Semaphore, Set,
    Stack, UnorderedQueue, bank, counter, multi_register, mutex, register, semaphore, set,
};
use crate::proof::{Proof, confirm_order};
use crate::tries::tries;

/// Depth-first alone; breadth-first alone; both in turns, with the shortest parts; and a guess
/// before the others.
const PLANS: [Plan; 5] = [
    Plan { first_share: u64::MAX, guess: 0, breadth: 0, first_length: 0 },
    Plan { first_share: 1, guess: 0, breadth: u64::MAX, first_length: 0 },
    Plan { first_share: 6, guess: 1, breadth: 1000, first_length: 0 },
    Plan { first_share: 3, guess: 1, breadth: 4, first_length: 8 },
    Plan { first_share: 1, guess: u64::MAX, breadth: 0, first_length: 0 },
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
            match search_by(plan, Space::of(model, &history), 1, (meter.configurations(), &meter)).0
            {
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

/// Models that tell what operations add and lack.
#[test]
fn every_plan_decides_amounts_and_things() {
    let found = |n: i128| Some(n.into());
    let add = |delta| counter::Op { delta, before: None };
    let crashed: Vec<_> = [1, 2, -3].map(add).into();
    let mut completed = crashed.clone();
    completed.extend((-4..8).map(|n| counter::Op { delta: 0, before: found(n) }));
    completed.extend((-2..4).map(|n| counter::Op { delta: 2, before: found(n) }));
    campaign(&Counter { initial: 0 }, &Alphabet { completed, crashed }, runs(), 21);
    campaign(&FifoQueue::new(&[]), &items(), runs(), 22);
    campaign(&Stack::new(&[]), &items(), runs(), 23);
    campaign(&UnorderedQueue::new(&[]), &items(), runs(), 24);
    campaign(&Set::new(&[]), &elements(), runs(), 25);
    for (seed, start) in [(26, Some(3)), (27, None)] {
        let bank = Bank { default: start, ..Bank::default() };
        campaign(&bank, &accounts(), runs(), seed);
    }
    let none = Value::NULL;
    let pairs = |value: Value| values().zip(std::iter::repeat(value));
    let mut completed = Vec::new();
    let mut crashed = Vec::new();
    for value in values().chain([none]) {
        for pair in pairs(value).take(2) {
            completed.push(multi_register::Op::new(false, &[pair], &[]));
            for other in values() {
                let write = (pair.0, other);
                completed.push(multi_register::Op::new(false, &[pair], &[write]));
                crashed.push(multi_register::Op::new(false, &[], &[write]));
            }
        }
    }
    completed.extend(crashed.iter().cloned());
    campaign(&MultiRegister::new(none, &[]), &Alphabet { completed, crashed }, runs(), 28);
}

/// The guess by sums alone finds orders, and only such as there are.
#[test]
fn sums_guess_orders() {
    let add = |delta| counter::Op { delta, before: None };
    let crashed: Vec<_> = [1, 2, -3].map(add).into();
    let mut completed = crashed.clone();
    let found = |n: i128| Some(n.into());
    completed.extend((-4..8).map(|n| counter::Op { delta: 0, before: found(n) }));
    completed.extend((-2..4).map(|n| counter::Op { delta: 2, before: found(n) }));
    guess(&Counter { initial: 0 }, &Alphabet { completed, crashed }, 31, (false, 98));
    let whole = |op: &bank::Op| !matches!(op, bank::Op::Read(balances) if balances.len() < 2);
    let mut snapshots = accounts();
    snapshots.completed.retain(whole);
    // A walk by snapshots tries little of what may come before the first of them.
    for (seed, start, least) in [(32, Some(3), 97), (33, None, 90)] {
        let model = Bank { default: start, ..Bank::default() };
        guess(&model, &accounts(), seed, (false, 98));
        guess(&model, &snapshots, seed, (true, least));
    }
}

/// Random histories are guessed by a walk from return to return, or from snapshot to snapshot; it
/// finds an order of so many of each hundred that have one.
fn guess<M: Model>(
    model: &M,
    alphabet: &Alphabet<M::Op>,
    seed: u64,
    (by_snapshots, least): (bool, u32),
) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let meter = Meter::start(&Budget::default(), 0);
    let (mut valid, mut guessed) = (0, 0);
    for _ in 0..runs() {
        let size = (rng.random_range(4..18), rng.random_range(2..9));
        let history = history(model, alphabet, size, &mut rng);
        let space = Space::of(model, &history);
        let prepared = prepare::prepare(&space);
        let (automaton, amounts) = (&*space.automaton, space.amounts.as_ref());
        let Some(problem) = amounts else { continue };
        let shared = Shared { prepared: &prepared, automaton, amounts, used: UsedSets::new() };
        if by_snapshots && !problem.is_of_snapshots() {
            continue;
        }
        let mut walk: Box<dyn Guess> = match by_snapshots {
            true => Box::new(sums::Snapshots::new(&shared, problem, &meter)),
            false => Box::new(sums::Walk::<[u64; 1]>::new(&shared, problem, &meter)),
        };
        let part = walk.explore(1 << 14, 1 << 18, &AtomicBool::new(false), &meter);
        let is_valid = is_linearizable(model, &history);
        valid += u32::from(is_valid);
        if let Part::Order(order) = part {
            assert_eq!(confirm_order(model, &history, &ops(&order)), Proof::Confirmed);
            guessed += 1;
        }
    }
    assert!(guessed <= valid && guessed * 100 >= valid * least, "{seed}: {guessed} of {valid}");
}

/// The operations of queues and stacks.
fn items() -> Alphabet<items::Op> {
    let mut crashed: Vec<_> = values().map(items::Op::Put).collect();
    let mut completed = crashed.clone();
    for found in values().map(items::Found::Item).chain([items::Found::Empty]) {
        completed.extend([items::Op::Take(found), items::Op::Peek(found)]);
    }
    crashed.push(items::Op::Take(items::Found::Any));
    Alphabet { completed, crashed }
}

/// The operations of sets.
fn elements() -> Alphabet<set::Op> {
    let mut crashed = Vec::new();
    let mut completed = Vec::new();
    for value in values() {
        crashed.extend([set::Op::Add(value, None), set::Op::Remove(value, None)]);
        for answer in [true, false].map(Some) {
            completed.push(set::Op::Contains(value, answer));
            completed.push(set::Op::Add(value, answer));
        }
    }
    completed.extend(crashed.iter().cloned());
    for subset in 0..8 {
        let elements: Vec<Value> =
            values().enumerate().filter(|(n, _)| subset >> n & 1 == 1).map(|(_, v)| v).collect();
        completed.push(set::Op::Read(set::Listing::of(&elements)));
    }
    Alphabet { completed, crashed }
}

/// The operations of a bank of two accounts.
fn accounts() -> Alphabet<bank::Op> {
    let [a, b] = [0, 1].map(|n| values().nth(n).unwrap());
    let mut crashed = Vec::new();
    let mut completed = Vec::new();
    for amount in [1, 2] {
        crashed.extend([bank::Op::Transfer(a, b, amount), bank::Op::Transfer(b, a, amount)]);
        completed.extend([a, b].map(|account| bank::Op::Refused(account, amount)));
    }
    completed.extend(crashed.iter().cloned());
    for balance in 0..=6_i128 {
        completed.push(bank::Op::Read([(a, balance), (b, 6 - balance)].into()));
        completed.push(bank::Op::Read([(b, balance)].into()));
    }
    Alphabet { completed, crashed }
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
            let (found, _) = search_by(plan, Space::of(&model, &history), 1, (u64::MAX, &meter));
            let Found::Order(order) = found else { panic!("{width} {plan:?}: {found:?}") };
            assert_eq!(confirm_order(&model, &history, &ops(&order)), Proof::Confirmed, "{width}");
        }
        // One addition was lost.
        history[width as usize].op.before = Some((i128::from(width) - 1).into());
        for plan in PLANS {
            let (found, _) = search_by(plan, Space::of(&model, &history), 1, (u64::MAX, &meter));
            assert!(
                matches!(found, Found::Nothing { stuck } if stuck == Pos::new(width as usize)),
                "{width} {plan:?}"
            );
        }
    }
}
