//! Guesses of random histories, replayed by other code.

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::tries::tries;

/// What a collection is.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Bag,
    OneEnd,
    TwoEnds,
}

/// What histories are drawn of.
struct Habits {
    kind: Kind,
    clients: usize,
    crashed: f64,
    values: u128,
    /// So many values have one priority.
    alike: u128,
    /// The share of answers that are changed.
    wrong: f64,
}

impl Habits {
    fn random(rng: &mut ChaCha8Rng, wrong: f64) -> Habits {
        Habits {
            kind: *[Kind::Bag, Kind::OneEnd, Kind::TwoEnds].choose(rng).unwrap(),
            clients: *[2, 3, 5, 8].choose(rng).unwrap(),
            crashed: *[0.0, 0.02, 0.1].choose(rng).unwrap(),
            values: *[2, 5, 1000].choose(rng).unwrap(),
            alike: *[1, 1, 2].choose(rng).unwrap(),
            wrong,
        }
    }

    fn item(&self, rng: &mut ChaCha8Rng) -> u128 {
        let value = rng.random_range(0..self.values);
        if self.kind == Kind::Bag { value } else { (value / self.alike) << 32 | value }
    }

    fn request(&self, rng: &mut ChaCha8Rng) -> Act<u128> {
        if rng.random_bool(0.45) {
            return Act::Put(self.item(rng));
        }
        let end = match self.kind {
            Kind::Bag => End::Any,
            Kind::TwoEnds if rng.random_bool(0.5) => End::High,
            _ => End::Low,
        };
        if rng.random_bool(0.7) { Act::TakeAny(end) } else { Act::Peek(end, 0) }
    }

    /// A history of `count` operations, which take effect one after the other.
    fn draw(&self, count: usize, rng: &mut ChaCha8Rng) -> Vec<Op<u128>> {
        let mut ops: Vec<Op<u128>> = Vec::new();
        // Operations under way, and whether they took effect.
        let mut busy: Vec<(usize, bool)> = Vec::new();
        let mut ghosts: Vec<usize> = Vec::new();
        let mut held: Vec<u128> = Vec::new();
        for now in 0.. {
            if !ghosts.is_empty() && rng.random_bool(0.1) {
                let ghost = ghosts.swap_remove(rng.random_range(0..ghosts.len()));
                let act = ops[ghost].act;
                apply(act, &mut held, rng);
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
                match ops[op].act {
                    Act::Peek(..) => ops[op].act = Act::PeekAny,
                    _ if rng.random_bool(0.5) => ghosts.push(op),
                    _ => {}
                }
            } else {
                busy[at].1 = true;
                ops[op].act = apply(ops[op].act, &mut held, rng);
                if let (true, Act::Take(end, _)) = (rng.random_bool(self.wrong), ops[op].act) {
                    ops[op].act = Act::Take(end, self.item(rng));
                }
            }
        }
        ops
    }
}

/// What may be found at an end.
fn firsts(held: &[u128], end: End) -> Vec<u128> {
    let priority = |item: &&u128| **item >> 32;
    let first = match end {
        End::Low => held.iter().min_by_key(priority),
        End::High => held.iter().max_by_key(priority),
        End::Any => return held.to_vec(),
    };
    let is_first = |item: &&u128| first.is_some_and(|first| **item >> 32 == first >> 32);
    held.iter().filter(is_first).copied().collect()
}

fn remove(held: &mut Vec<u128>, item: u128) {
    if let Some(at) = held.iter().position(|&other| other == item) {
        held.swap_remove(at);
    }
}

/// Lets a request take effect; returns it with what it finds.
fn apply(request: Act<u128>, held: &mut Vec<u128>, rng: &mut ChaCha8Rng) -> Act<u128> {
    let (Act::TakeAny(end) | Act::Peek(end, _)) = request else {
        if let Act::Put(item) = request {
            held.push(item);
        }
        return request;
    };
    let Some(&item) = firsts(held, end).choose(rng) else { return Act::Empty };
    if matches!(request, Act::Peek(..)) {
        return Act::Peek(end, item);
    }
    remove(held, item);
    Act::Take(end, item)
}

/// Whether `order` is a linearization, whatever those took that crashed.
fn fits(initial: &[u128], ops: &[Op<u128>], order: &[u32]) -> bool {
    let mut states: Vec<Vec<u128>> = vec![initial.to_vec()];
    let mut latest = 0;
    for &at in order {
        let op = ops[at as usize];
        if op.ret < latest {
            return false;
        }
        latest = op.call.max(latest);
        let mut next: Vec<Vec<u128>> = Vec::new();
        for mut held in states {
            match op.act {
                Act::Put(item) => held.push(item),
                Act::Take(end, item) if firsts(&held, end).contains(&item) => {
                    remove(&mut held, item);
                }
                Act::Peek(end, item) if firsts(&held, end).contains(&item) => {}
                Act::Empty if held.is_empty() => {}
                Act::PeekAny => {}
                Act::TakeAny(end) if !held.is_empty() => {
                    for item in firsts(&held, end) {
                        let mut held = held.clone();
                        remove(&mut held, item);
                        held.sort_unstable();
                        next.push(held);
                    }
                    continue;
                }
                Act::TakeAny(_) => {}
                _ => continue,
            }
            held.sort_unstable();
            next.push(held);
        }
        next.sort_unstable();
        next.dedup();
        states = next;
    }
    let mut times: Vec<u32> = order.to_vec();
    times.sort_unstable();
    let is_once = times.windows(2).all(|pair| pair[0] < pair[1]);
    let is_there = |at: usize| times.binary_search(&(at as u32)).is_ok();
    let is_whole = (0..ops.len()).all(|at| ops[at].ret == NEVER || is_there(at));
    !states.is_empty() && is_once && is_whole
}

/// Whether the completed operations can be ordered, with any of those that crashed.
fn is_linearizable(ops: &[Op<u128>], order: &mut Vec<u32>) -> bool {
    let is_left = |at: &u32| !order.contains(at);
    let rest: Vec<u32> = (0..ops.len() as u32).filter(is_left).collect();
    let first = rest.iter().map(|&at| ops[at as usize].ret).min().unwrap_or(NEVER);
    let part: Vec<Op<u128>> = ops.iter().map(|op| Op { ret: NEVER, ..*op }).collect();
    if !fits(&[], &part, order) {
        return false;
    }
    if first == NEVER {
        return true;
    }
    rest.into_iter().filter(|&at| ops[at as usize].call < first).any(|at| {
        order.push(at);
        let is_it = is_linearizable(ops, order);
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
        let ops = habits.draw(7, &mut rng);
        let is_possible = is_linearizable(&ops, &mut Vec::new());
        possible += u32::from(is_possible);
        if let Some(order) = order(&[], &ops, &|_| false) {
            found += 1;
            assert!(is_possible, "seed {seed}: {ops:?}");
            assert!(fits(&[], &ops, &order), "seed {seed}: {order:?} of {ops:?}");
        }
    }
    assert!(possible > 0 && 100 * found >= 97 * possible, "{found} of {possible}");
}

#[test]
fn nearly_all_long_histories_are_found() {
    let (mut found, count) = (0, tries(60));
    for seed in 0..count {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.into());
        let habits = Habits::random(&mut rng, 0.0);
        let ops = habits.draw(600, &mut rng);
        if let Some(order) = order(&[], &ops, &|_| false) {
            found += 1;
            assert!(fits(&[], &ops, &order), "seed {seed}");
        }
    }
    assert!(10 * found >= 9 * count, "{found} of {count}");
}

fn low(item: u128) -> Act<u128> {
    Act::Take(End::Low, item << 32)
}

fn high(item: u128) -> Act<u128> {
    Act::Take(End::High, item << 32)
}

fn put(item: u128) -> Act<u128> {
    Act::Put(item << 32)
}

fn found(initial: &[u128], acts: &[(Act<u128>, u32, u32)]) -> Option<Vec<u32>> {
    let ops: Vec<Op<u128>> = acts.iter().map(|&(act, call, ret)| Op { act, call, ret }).collect();
    let order = order(initial, &ops, &|_| false);
    assert!(order.as_ref().is_none_or(|order| fits(initial, &ops, order)));
    order
}

#[test]
fn who_returns_first_finds_what_there_is() {
    let acts = [(put(1), 0, 1), (low(1), 2, 9), (low(1), 3, 4), (put(1), 5, 6)];
    assert_eq!(found(&[], &acts), Some(vec![0, 2, 3, 1]));
}

#[test]
fn what_is_in_the_way_comes_later() {
    let acts = [(put(1), 0, 3), (put(2), 1, 2), (high(2), 4, 7), (low(1), 5, 6)];
    assert!(found(&[], &acts).is_some());
    let acts =
        [(put(2), 0, 1), (low(2), 2, 6), (put(1), 3, 4), (Act::Peek(End::Low, 1 << 32), 5, 7)];
    assert_eq!(found(&[], &acts), Some(vec![0, 1, 2, 3]));
}

#[test]
fn crashed_operations_happen_if_needed() {
    let acts =
        [(put(1), 0, 1), (put(2), 2, NEVER), (Act::TakeAny(End::Low), 3, NEVER), (low(2), 4, 5)];
    assert_eq!(found(&[], &acts), Some(vec![0, 2, 1, 3]));
    assert_eq!(found(&[2 << 32], &acts[..3]), Some(vec![0]));
}

#[test]
fn what_is_impossible_is_not_found() {
    assert_eq!(found(&[], &[(put(2), 0, 1), (put(1), 2, 3), (low(2), 4, 5)]), None);
    assert_eq!(found(&[1 << 32], &[(Act::Empty, 0, 1)]), None);
}
