//! Guesses of random histories of stacks, replayed by other code.

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::End;
use super::*;
use crate::tries::tries;

/// What histories are drawn of.
struct Habits {
    clients: usize,
    crashed: f64,
    values: u128,
    /// The share of answers that are changed.
    wrong: f64,
}

impl Habits {
    fn random(rng: &mut ChaCha8Rng, wrong: f64) -> Habits {
        Habits {
            clients: *[2, 3, 5, 8].choose(rng).unwrap(),
            crashed: *[0.0, 0.02, 0.1].choose(rng).unwrap(),
            values: *[2, 5].choose(rng).unwrap(),
            wrong,
        }
    }

    fn request(&self, rng: &mut ChaCha8Rng) -> Act<u128> {
        if rng.random_bool(0.45) {
            return Act::Put(rng.random_range(0..self.values));
        }
        if rng.random_bool(0.7) { Act::TakeAny(End::Any) } else { Act::PeekAny }
    }

    /// A history of `count` operations, which take effect one after the other on a stack that
    /// holds `held`.
    fn draw(&self, held: &[u128], count: usize, rng: &mut ChaCha8Rng) -> Vec<Op<u128>> {
        let mut ops: Vec<Op<u128>> = Vec::new();
        // Operations under way, and whether they took effect.
        let mut busy: Vec<(usize, bool)> = Vec::new();
        let mut ghosts: Vec<usize> = Vec::new();
        let mut held = held.to_vec();
        for now in 0.. {
            if !ghosts.is_empty() && rng.random_bool(0.1) {
                let ghost = ghosts.swap_remove(rng.random_range(0..ghosts.len()));
                apply(ops[ghost].act, &mut held);
            }
            let calls = ops.len() < count && busy.len() < self.clients;
            if calls && (busy.is_empty() || rng.random_bool(0.5)) {
                busy.push((ops.len(), false));
                ops.push(Op { act: self.request(rng), call: now, ret: NEVER });
                continue;
            }
            if busy.is_empty() {
                break;
            }
            let at = rng.random_range(0..busy.len());
            let (op, is_done) = busy[at];
            if is_done {
                ops[op].ret = now;
                busy.swap_remove(at);
            } else if rng.random_bool(self.crashed) {
                busy.swap_remove(at);
                if ops[op].act != Act::PeekAny && rng.random_bool(0.5) {
                    ghosts.push(op);
                }
            } else {
                busy[at].1 = true;
                ops[op].act = apply(ops[op].act, &mut held);
                if let (true, Act::Take(end, _)) = (rng.random_bool(self.wrong), ops[op].act) {
                    ops[op].act = Act::Take(end, rng.random_range(0..self.values));
                }
            }
        }
        ops
    }
}

/// Lets a request take effect; returns it with what it finds.
fn apply(request: Act<u128>, held: &mut Vec<u128>) -> Act<u128> {
    match request {
        Act::Put(value) => {
            held.push(value);
            request
        }
        Act::TakeAny(end) => held.pop().map_or(Act::Empty, |value| Act::Take(end, value)),
        _ => held.last().map_or(Act::Empty, |&value| Act::Peek(End::Any, value)),
    }
}

/// Whether `order` is a linearization of all that completed and some that crashed.
fn fits(initial: &[u128], ops: &[Op<u128>], order: &[u32]) -> bool {
    let mut held = initial.to_vec();
    let mut latest = 0;
    for &at in order {
        let op = ops[at as usize];
        if op.ret < latest {
            return false;
        }
        latest = op.call.max(latest);
        let is_crashed = op.ret == NEVER && matches!(op.act, Act::TakeAny(_));
        let request = match op.act {
            Act::Take(end, _) => Act::TakeAny(end),
            Act::Peek(..) => Act::PeekAny,
            // A take or peek that found nothing, and leaves it so.
            Act::Empty => Act::PeekAny,
            other => other,
        };
        let does = apply(request, &mut held);
        if does != op.act && !is_crashed {
            return false;
        }
    }
    let mut times: Vec<u32> = order.to_vec();
    times.sort_unstable();
    let is_once = times.windows(2).all(|pair| pair[0] < pair[1]);
    let is_there = |at: usize| times.binary_search(&(at as u32)).is_ok();
    is_once && (0..ops.len()).all(|at| ops[at].ret == NEVER || is_there(at))
}

/// Whether the completed operations can be ordered, with any of those that crashed.
fn is_linearizable(ops: &[Op<u128>], held: &[u128], order: &mut Vec<u32>) -> bool {
    let rest: Vec<u32> = (0..ops.len() as u32).filter(|at| !order.contains(at)).collect();
    let first = rest.iter().map(|&at| ops[at as usize].ret).min().unwrap_or(NEVER);
    if first == NEVER {
        return true;
    }
    rest.into_iter().filter(|&at| ops[at as usize].call < first).any(|at| {
        let mut held = held.to_vec();
        let is_legal = match ops[at as usize].act {
            Act::Put(value) => {
                held.push(value);
                true
            }
            Act::Take(_, value) => held.pop() == Some(value),
            Act::Peek(_, value) => held.last() == Some(&value),
            Act::Empty => held.is_empty(),
            Act::TakeAny(_) => held.pop().is_some(),
            Act::PeekAny => true,
        };
        order.push(at);
        let is_it = is_legal && is_linearizable(ops, &held, order);
        order.pop();
        is_it
    })
}

#[test]
fn what_is_found_is_a_linearization() {
    let (mut found, mut possible) = (0, 0);
    for seed in 0..tries(2_000) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.into());
        let habits = Habits::random(&mut rng, if seed % 2 == 0 { 0.0 } else { 0.3 });
        let initial: &[u128] = [&[][..], &[1, 0]][usize::from(seed % 5 == 0)];
        let ops = habits.draw(initial, 8, &mut rng);
        let is_possible = is_linearizable(&ops, initial, &mut Vec::new());
        possible += u32::from(is_possible);
        if let Some(order) = order(initial, &ops, &|_| false) {
            found += 1;
            assert!(is_possible, "seed {seed}: {ops:?}");
            assert!(fits(initial, &ops, &order), "seed {seed}: {order:?} of {ops:?}");
        }
    }
    assert!(possible > 0 && 100 * found >= 99 * possible, "{found} of {possible}");
}

#[test]
fn nearly_all_long_histories_are_found() {
    let (mut found, count) = (0, tries(30));
    for seed in 0..count {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.into());
        let habits = Habits::random(&mut rng, 0.0);
        let ops = habits.draw(&[], 500, &mut rng);
        if let Some(order) = order(&[], &ops, &|_| false) {
            found += 1;
            assert!(fits(&[], &ops, &order), "seed {seed}");
        }
    }
    assert!(10 * found >= 9 * count, "{found} of {count}");
}

fn take(value: u128) -> Act<u128> {
    Act::Take(End::Any, value)
}

fn peek(value: u128) -> Act<u128> {
    Act::Peek(End::Any, value)
}

fn found(initial: &[u128], acts: &[(Act<u128>, u32, u32)]) -> Option<Vec<u32>> {
    let ops: Vec<Op<u128>> = acts.iter().map(|&(act, call, ret)| Op { act, call, ret }).collect();
    let order = order(initial, &ops, &|_| false);
    assert!(order.as_ref().is_none_or(|order| fits(initial, &ops, order)));
    order
}

#[test]
fn a_put_may_come_below_what_was_put_there_since_its_call() {
    let acts = [(Act::Put(1), 0, 4), (Act::Put(2), 1, 2), (take(2), 5, 6), (take(1), 7, 8)];
    assert_eq!(found(&[], &acts), Some(vec![0, 1, 2, 3]));
}

#[test]
fn a_take_may_take_what_was_on_top_at_its_call() {
    let acts = [(Act::Put(1), 0, 1), (take(1), 2, 7), (Act::Put(2), 3, 4), (peek(2), 5, 6)];
    assert_eq!(found(&[], &acts), Some(vec![0, 1, 2, 3]));
}

#[test]
fn what_is_in_the_way_is_taken_by_an_operation_that_returns_later() {
    let acts = [
        (Act::Put(1), 0, 1),
        (Act::Put(2), 2, 3),
        (take(2), 4, 8),
        (peek(1), 5, 7),
        (Act::Empty, 6, 10),
        (take(1), 9, 11),
    ];
    assert!(found(&[], &acts).is_some());
}

#[test]
fn crashed_operations_happen_if_needed() {
    let acts = [
        (Act::Put(1), 0, 1),
        (Act::Put(2), 2, 3),
        (Act::TakeAny(End::Any), 4, NEVER),
        (take(1), 5, 6),
        (Act::Put(3), 7, NEVER),
        (peek(3), 8, 9),
    ];
    assert_eq!(found(&[], &acts), Some(vec![0, 1, 2, 3, 4, 5]));
    assert_eq!(found(&[2], &acts[..2]), Some(vec![0, 1]));
}

#[test]
fn what_is_impossible_is_not_found() {
    let acts = [(Act::Put(1), 0, 1), (Act::Put(2), 2, 3), (take(1), 4, 5)];
    assert_eq!(found(&[], &acts), None);
    assert_eq!(found(&[1], &[(Act::Empty, 0, 1)]), None);
    assert_eq!(found(&[1, 2], &[(take(1), 0, 1)]), None);
}
