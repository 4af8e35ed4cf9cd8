//! Guesses of random histories, replayed by other code.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::super::ends::timed;
use super::super::texts::Kind;
use super::*;
use crate::history::testing::NEVER;
use crate::model::persistent::Text;
use crate::tries::tries;

/// An operation with its call and return.
type Drawn = (Given, u32, u32);

/// What histories are drawn of.
struct Habits {
    clients: usize,
    crashed: f64,
    texts: u32,
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
            texts: [1, 2, 5][rng.random_range(0..3)],
            wrong,
            at_once: rng.random_range(1..=2),
        }
    }

    fn text(&self, rng: &mut ChaCha8Rng) -> Text {
        Text::new(&format!("{};", rng.random_range(0..self.texts)))
    }

    fn request(&self, rng: &mut ChaCha8Rng) -> Given {
        match rng.random_range(0..10) {
            0..2 => Given::Put(Content::Text(self.text(rng))),
            2..6 => Given::Append(self.text(rng)),
            _ => Given::Get(None),
        }
    }

    /// A history of `count` operations, which take effect one after the other.
    fn draw(&self, count: usize, rng: &mut ChaCha8Rng) -> Vec<Drawn> {
        let mut ops: Vec<Drawn> = Vec::new();
        // Operations under way, and whether they took effect.
        let mut busy: Vec<(usize, bool)> = Vec::new();
        let mut ghosts: Vec<usize> = Vec::new();
        let mut string = String::new();
        for event in 0.. {
            let now = event / self.at_once;
            if !ghosts.is_empty() && rng.random_bool(0.1) {
                let ghost = ghosts.swap_remove(rng.random_range(0..ghosts.len()));
                apply(&mut ops[ghost].0, &mut string);
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
                ghosts.extend(rng.random_bool(0.5).then_some(op));
            } else {
                busy[at].1 = true;
                apply(&mut ops[op].0, &mut string);
                if let (true, Given::Get(Some(seen))) =
                    (rng.random_bool(self.wrong), &mut ops[op].0)
                {
                    *seen = Content::Text(self.text(rng));
                }
            }
        }
        ops
    }
}

/// Lets an operation take effect.
fn apply(op: &mut Given, string: &mut String) {
    match op {
        Given::Put(Content::Text(text)) => text.as_str().clone_into(string),
        Given::Append(text) => string.push_str(text.as_str()),
        _ => *op = Given::Get(Some(Content::Text(Text::new(string)))),
    }
}

/// Whether these operations, one after the other, keep real time and tell what they see.
fn fits(start: &str, ops: &[Drawn], order: &[u32]) -> bool {
    let (mut string, mut latest) = (start.to_owned(), 0);
    order.iter().all(|&at| {
        let (op, call, ret) = &ops[at as usize];
        let is_late = *ret < latest;
        latest = latest.max(*call);
        let mut done = op.clone();
        if !matches!(op, Given::Get(None)) {
            apply(&mut done, &mut string);
        }
        !is_late && done == *op
    })
}

/// Whether `order` has each completed operation once, and none twice.
fn is_whole(ops: &[Drawn], order: &[u32]) -> bool {
    let times = |at: usize| order.iter().filter(|&&other| other as usize == at).count();
    (0..ops.len()).all(|at| times(at) == 1 || (times(at) == 0 && ops[at].2 == NEVER))
}

/// Whether the completed operations can be ordered, with any of those that crashed.
fn is_linearizable(start: &str, ops: &[Drawn], order: &mut Vec<u32>) -> bool {
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

fn guessed(start: &str, ops: &[Drawn]) -> Option<Vec<u32>> {
    let initial = Content::Text(Text::new(start));
    let mut texts = Texts::default();
    if !start.is_empty() {
        texts.add(start, Kind::Initial);
    }
    for (at, (op, ..)) in (0..).zip(ops) {
        match op {
            Given::Put(Content::Text(text)) => texts.add(text.as_str(), Kind::Put(at)),
            Given::Append(text) => texts.add(text.as_str(), Kind::Append(at)),
            _ => {}
        }
    }
    assert!(texts.are_told_apart());
    let order = order(&initial, &timed(ops), &texts, &|_| false);
    assert!(order.as_ref().is_none_or(|order| fits(start, ops, order) && is_whole(ops, order)));
    order
}

#[test]
fn what_is_found_is_a_linearization() {
    let (mut found, mut possible, mut count) = (0, 0, 0);
    for seed in 0..tries(3_000) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.into());
        let habits = Habits::random(&mut rng, if seed % 2 == 0 { 0.0 } else { 0.3 });
        let ops = habits.draw(7, &mut rng);
        let start = ["", "", "0;"][seed as usize % 3];
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
        let ops = Habits::random(&mut rng, 0.0).draw(600, &mut rng);
        found += u32::from(guessed("", &ops).is_some());
    }
    assert!(10 * found >= 9 * count, "{found} of {count}");
}

fn put(text: &str) -> Given {
    Given::Put(Content::Text(Text::new(text)))
}

fn append(text: &str) -> Given {
    Given::Append(Text::new(text))
}

fn get(text: &str) -> Given {
    Given::Get(Some(Content::Text(Text::new(text))))
}

#[test]
fn a_put_hides_what_came_right_before_it() {
    let mut ops = vec![
        (append("a"), 0, 9),
        (append("b"), 1, 5),
        (put("a"), 2, 6),
        (append("a"), 3, 12),
        (get("a"), 4, 7),
        (get("aa"), 10, 11),
    ];
    assert_eq!(guessed("", &ops), Some(vec![1, 3, 2, 4, 0, 5]));
    // Nothing hides it then.
    ops[1].1 = 8;
    ops[1].2 = 9;
    ops.sort_by_key(|&(_, call, _)| call);
    assert_eq!(guessed("", &ops), None);
}

#[test]
fn what_was_put_may_be_put_again() {
    let ops = [
        (put("a"), 0, 1),
        (get("a"), 2, 3),
        (append("b"), 4, 7),
        (put("a"), 5, 6),
        (get("a"), 8, 9),
    ];
    assert_eq!(guessed("", &ops), Some(vec![0, 1, 2, 3, 4]));
    assert_eq!(guessed("a", &ops[1..3]), Some(vec![0, 1]));
}

#[test]
fn crashed_updates_take_effect_if_needed() {
    let ops = [
        (append("a"), 0, NEVER),
        (append("a"), 1, 2),
        (put("a"), 3, NEVER),
        (get("aa"), 4, 5),
        (get("a"), 6, 7),
    ];
    assert_eq!(guessed("", &ops), Some(vec![1, 0, 3, 2, 4]));
    assert_eq!(guessed("", &ops[..2]), Some(vec![1]));
}

#[test]
fn impossible_strings_are_not_found() {
    assert_eq!(guessed("", &[(put("a"), 0, 1), (get("b"), 2, 3)]), None);
    assert_eq!(guessed("", &[(put("a"), 0, 1), (put("b"), 2, 3), (get("ab"), 4, 5)]), None);
    assert_eq!(guessed("", &[(put("a"), 0, 1), (get(""), 2, 3)]), None);
}
