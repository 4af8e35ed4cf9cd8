//! Guesses of random histories, replayed by other code.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::ends::timed;
use super::*;
use crate::history::testing::NEVER;
use crate::tries::tries;

/// An operation with its call and return.
type Drawn = (Act, u32, u32);

/// What histories are drawn of.
struct Habits {
    clients: usize,
    crashed: f64,
    /// The most that is added at once.
    most: i64,
    puts: bool,
    /// The share of answers that are changed.
    wrong: f64,
    /// So many events happen at the same time, at most.
    at_once: u32,
}

impl Habits {
    fn random(rng: &mut ChaCha8Rng, wrong: f64) -> Habits {
        Habits {
            clients: rng.random_range(2..=8),
            crashed: [0.0, 0.02, 0.1][rng.random_range(0..3)],
            most: [1, 2, 5][rng.random_range(0..3)],
            puts: rng.random_bool(0.5),
            wrong,
            at_once: rng.random_range(1..=2),
        }
    }

    fn request(&self, rng: &mut ChaCha8Rng) -> Act {
        let by = rng.random_range(-self.most..=self.most);
        match rng.random_range(0..10) {
            0 if self.puts => Act::Put(by),
            0..2 if by != 0 => Act::Add(by),
            0..5 => Act::Look(0),
            // What is found is filled in.
            _ => Act::Move(0, by),
        }
    }

    /// A history of `count` operations, which take effect one after the other.
    fn draw(&self, start: i64, count: usize, rng: &mut ChaCha8Rng) -> Vec<Drawn> {
        let mut ops: Vec<Drawn> = Vec::new();
        // Operations under way, and whether they took effect.
        let mut busy: Vec<(usize, bool)> = Vec::new();
        let mut ghosts: Vec<usize> = Vec::new();
        let mut value = start;
        for event in 0.. {
            let now = event / self.at_once;
            if !ghosts.is_empty() && rng.random_bool(0.1) {
                let ghost = ghosts.swap_remove(rng.random_range(0..ghosts.len()));
                value = Problem::after(value, ops[ghost].0).unwrap_or(value);
            }
            let calls = ops.len() < count && busy.len() < self.clients;
            if calls && (busy.is_empty() || rng.random_bool(0.5)) {
                busy.push((ops.len(), false));
                ops.push((self.request(rng), now, NEVER));
                continue;
            }
            if busy.is_empty() {
                break;
            }
            let at = rng.random_range(0..busy.len());
            let (op, is_done) = busy[at];
            if is_done {
                ops[op].2 = now;
                busy.swap_remove(at);
            } else if rng.random_bool(self.crashed) {
                busy.swap_remove(at);
                if let Act::Move(_, by) = ops[op].0 {
                    ops[op].0 = Act::Add(by);
                }
                ghosts.extend(rng.random_bool(0.5).then_some(op));
            } else {
                busy[at].1 = true;
                ops[op].0 = take_effect(ops[op].0, &mut value);
                if rng.random_bool(self.wrong) {
                    ops[op].0 = changed(ops[op].0);
                }
            }
        }
        for (act, _, ret) in &mut ops {
            if let (&mut Act::Move(_, by), NEVER) = (&mut *act, *ret) {
                *act = Act::Add(by);
            }
        }
        ops
    }
}

/// Lets an operation take effect, and fills in what it found.
fn take_effect(act: Act, value: &mut i64) -> Act {
    let before = if *value == ABSENT { 0 } else { *value };
    let act = match act {
        Act::Look(_) => Act::Look(*value),
        Act::Move(_, 0) => Act::Look(*value),
        Act::Move(_, by) => Act::Move(before, before + by),
        act => act,
    };
    *value = Problem::after(*value, act).unwrap();
    act
}

/// An operation that found something else.
fn changed(act: Act) -> Act {
    match act {
        Act::Look(ABSENT) => Act::Look(1),
        Act::Look(found) => Act::Look(found + 1),
        Act::Move(from, to) => Act::Move(from + 1, to + 1),
        act => act,
    }
}

/// Whether these operations, one after the other, keep real time and tell what they find.
fn fits(start: i64, ops: &[Drawn], order: &[u32]) -> bool {
    let (mut value, mut latest) = (start, 0);
    order.iter().all(|&at| {
        let (act, call, ret) = ops[at as usize];
        let is_late = ret < latest;
        latest = latest.max(call);
        let number = if value == ABSENT { 0 } else { value };
        let (is_legal, after) = match act {
            Act::Look(found) => (found == value, value),
            Act::Move(from, to) => (from == number, to),
            Act::Add(by) => (true, number + by),
            Act::Put(put) => (true, put),
        };
        value = after;
        is_legal && !is_late
    })
}

/// Whether `order` has each completed operation once, and none twice.
fn is_whole(ops: &[Drawn], order: &[u32]) -> bool {
    let times = |at: usize| order.iter().filter(|&&other| other as usize == at).count();
    (0..ops.len()).all(|at| times(at) == 1 || (times(at) == 0 && ops[at].2 == NEVER))
}

/// Whether the completed operations can be ordered, with any of those that crashed.
fn is_linearizable(start: i64, ops: &[Drawn], order: &mut Vec<u32>) -> bool {
    if !fits(start, ops, order) {
        return false;
    }
    let is_left = |at: &u32| !order.contains(at);
    let rest: Vec<u32> = (0..ops.len() as u32).filter(is_left).collect();
    let first = rest.iter().map(|&at| ops[at as usize].2).min().unwrap_or(NEVER);
    if first == NEVER {
        return true;
    }
    rest.into_iter().filter(|&at| ops[at as usize].1 <= first).any(|at| {
        order.push(at);
        let is_it = is_linearizable(start, ops, order);
        order.pop();
        is_it
    })
}

fn guessed(start: i64, ops: &[Drawn]) -> Option<Vec<u32>> {
    let problem = Problem::read(&timed(ops), |&act| Some(act))?;
    let order = order(&problem, start, &mut Work::new(200_000, &|_| false));
    assert!(order.as_ref().is_none_or(|order| fits(start, ops, order) && is_whole(ops, order)));
    order
}

#[test]
fn what_is_found_is_a_linearization() {
    let (mut found, mut possible, mut count) = (0, 0, 0);
    for seed in 0..tries(3_000) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.into());
        let habits = Habits::random(&mut rng, if seed % 2 == 0 { 0.0 } else { 0.3 });
        let start = [0, 3, ABSENT][seed as usize % 3];
        let ops = habits.draw(start, 7, &mut rng);
        let is_possible = is_linearizable(start, &ops, &mut Vec::new());
        possible += u32::from(is_possible);
        count += 1;
        if guessed(start, &ops).is_some() {
            found += 1;
            assert!(is_possible, "seed {seed}: {ops:?}");
        }
    }
    assert!(possible < count && 100 * found >= 97 * possible, "{found} of {possible} of {count}");
}

#[test]
fn nearly_all_long_histories_are_found() {
    let (mut found, count) = (0, tries(60));
    for seed in 0..count {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.into());
        let ops = Habits::random(&mut rng, 0.0).draw(0, 600, &mut rng);
        found += u32::from(guessed(0, &ops).is_some());
    }
    assert!(10 * found >= 9 * count, "{found} of {count}");
}

#[test]
fn values_are_reached_as_often_as_they_are_left() {
    let ops = [
        (Act::Move(0, 1), 0, 9),
        (Act::Move(1, 0), 1, 8),
        (Act::Move(0, 2), 2, 7),
        (Act::Look(1), 3, 10),
        (Act::Look(2), 11, 12),
    ];
    assert_eq!(guessed(0, &ops), Some(vec![0, 3, 1, 2, 4]));
    // Nothing leads back to 0.
    assert_eq!(guessed(0, &[ops[0], ops[2], ops[4]]), None);
}

#[test]
fn additions_that_tell_nothing_fill_what_is_missing() {
    let ops = [
        (Act::Add(2), 0, 9),
        (Act::Add(5), 1, NEVER),
        (Act::Move(5, 4), 2, 3),
        (Act::Move(6, 0), 4, 8),
    ];
    assert_eq!(guessed(0, &ops), Some(vec![1, 2, 0, 3]));
    assert_eq!(guessed(0, &ops[..1]), Some(vec![0]));
    assert_eq!(guessed(1, &ops), None);
}

#[test]
fn a_put_hides_what_came_right_before_it() {
    let mut ops = [
        (Act::Add(7), 0, 5),
        (Act::Put(9), 1, 6),
        (Act::Put(1), 2, 4),
        (Act::Look(1), 3, 8),
        (Act::Look(1), 9, 10),
    ];
    let order = guessed(0, &ops).unwrap();
    assert_eq!(order[2..], [2, 3, 4]);
    // Nothing hides it then.
    ops[0].1 = 7;
    ops[0].2 = 8;
    ops.sort_by_key(|&(_, call, _)| call);
    assert_eq!(guessed(0, &ops), None);
}

#[test]
fn an_absent_key_is_added_to_as_if_it_held_0() {
    let ops = [
        (Act::Look(ABSENT), 0, 1),
        (Act::Move(0, 3), 2, 3),
        (Act::Put(ABSENT), 4, 5),
        (Act::Add(2), 6, 7),
        (Act::Look(2), 8, 9),
    ];
    assert_eq!(guessed(ABSENT, &ops), Some(vec![0, 1, 2, 3, 4]));
    assert_eq!(guessed(0, &ops), None);
}

#[test]
fn what_crashed_and_told_what_it_found_is_left_to_others() {
    assert_eq!(guessed(0, &[(Act::Move(0, 1), 0, NEVER)]), None);
}
