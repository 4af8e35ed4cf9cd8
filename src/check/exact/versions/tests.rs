//! Random histories of keys with versions against brute force.

use std::sync::Arc;

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::testing::value;
use super::*;
use crate::history::OpIndex;
use crate::history::testing::{NEVER, span};
use crate::model::{Reading, VersionedKv};
use crate::proof::{Refutation, refute};
use crate::tries::tries;

/// An operation as it completed, the value that it tried to put, and its ends.
#[derive(Clone, Debug)]
struct Drawn {
    op: Op,
    tried: Option<Value>,
    call: u32,
    ret: u32,
}

/// What a store holds that numbers its updates.
#[derive(Clone)]
struct Store {
    value: Option<Value>,
    version: i64,
    last: i64,
}

/// What histories are drawn of.
struct Habits {
    values: i64,
    deletes: f64,
    silent: f64,
    bare: f64,
    restarts: bool,
    step: i64,
    conditional_deletes: bool,
}

impl Habits {
    fn random(rng: &mut ChaCha8Rng) -> Habits {
        Habits {
            values: *[1, 2, 3, 9].choose(rng).unwrap(),
            deletes: *[0.0, 0.15, 0.3].choose(rng).unwrap(),
            silent: *[0.0, 0.0, 0.2, 1.0].choose(rng).unwrap(),
            bare: *[0.0, 0.0, 0.3].choose(rng).unwrap(),
            restarts: rng.random_bool(0.2),
            step: rng.random_range(1..=2),
            conditional_deletes: rng.random_bool(0.3),
        }
    }

    /// Does something to the store, as the operation that it looks like.
    fn operate(&self, store: &mut Store, rng: &mut ChaCha8Rng) -> (Op, Option<Value>) {
        let some = value(rng.random_range(1..=self.values));
        let absent = store.value.is_none();
        if rng.random_bool(self.deletes) {
            let expected = (self.conditional_deletes && rng.random_bool(0.5))
                .then(|| rng.random_range(0..=store.last));
            if expected.is_some_and(|expected| expected != store.version) {
                return (Op::Mismatch(expected.unwrap_or(0), None), None);
            }
            (store.value, store.version) = (None, 0);
            if self.restarts {
                store.last = 0;
            }
            return (Op::Put { expected, value: None, version: None }, None);
        }
        if rng.random_bool(0.4) {
            let version = (!rng.random_bool(self.bare)).then_some(store.version);
            let version = version.filter(|_| !absent);
            return (Op::Get(store.value, version), None);
        }
        let expected = rng.random_bool(0.5).then(|| {
            if rng.random_bool(0.7) { store.version } else { rng.random_range(0..=store.last + 1) }
        });
        if let Some(expected) = expected.filter(|&expected| expected != store.version) {
            let found = rng.random_bool(self.bare).then_some(store.version);
            return (Op::Mismatch(expected, found), Some(some));
        }
        store.last += rng.random_range(1..=self.step);
        (store.value, store.version) = (Some(some), store.last);
        let version = (!rng.random_bool(self.silent)).then_some(store.version);
        (Op::Put { expected, value: Some(some), version }, Some(some))
    }
}

/// A wrong answer in place of a right one.
fn changed(op: &Op, habits: &Habits, rng: &mut ChaCha8Rng) -> Op {
    let near = |number: i64, rng: &mut ChaCha8Rng| (number + rng.random_range(-2..=2)).max(0);
    let some = value(rng.random_range(1..=habits.values));
    match *op {
        Op::Get(Some(_), version) if rng.random_bool(0.3) => Op::Get(Some(some), version),
        Op::Get(Some(seen), Some(version)) => Op::Get(Some(seen), Some(near(version, rng).max(1))),
        Op::Get(None, _) => Op::Get(Some(some), Some(1)),
        Op::Get(..) => Op::Get(None, None),
        Op::Put { expected, value, version: Some(version) } if rng.random_bool(0.7) => {
            Op::Put { expected, value, version: Some(near(version, rng)) }
        }
        Op::Put { expected: Some(expected), .. } => Op::Mismatch(expected, None),
        Op::Mismatch(expected, _) => {
            let version = Some(expected + rng.random_range(1..=2));
            Op::Put { expected: Some(expected), value: Some(some), version }
        }
        ref other => other.clone(),
    }
}

fn draw(initial: Option<Value>, rng: &mut ChaCha8Rng) -> Vec<Drawn> {
    let habits = Habits::random(rng);
    let version = if initial.is_some() { rng.random_range(1..=2) } else { 0 };
    let mut store = Store { value: initial, version, last: version };
    let count = rng.random_range(1..=8);
    let spread = *[1, 10, 25, 60].choose(rng).unwrap();
    let crashed = *[0.0, 0.1, 0.4].choose(rng).unwrap();
    let mut drawn: Vec<Drawn> = Vec::new();
    for at in 0..count {
        let crashes = rng.random_bool(crashed);
        let mut other = store.clone();
        let happens = !crashes || rng.random_bool(0.6);
        let (op, tried) = habits.operate(if happens { &mut store } else { &mut other }, rng);
        let point = (at + 1) * 1000 + at;
        let call = point - rng.random_range(1..=spread * 100_u32).min(point);
        let ret = if crashes { NEVER } else { point + rng.random_range(1..=spread * 100) };
        // Ends of their own for each, so that none is at the same time as another.
        let apart =
            |time: u32, end: u32| if time == NEVER { NEVER } else { time * 32 + 2 * at + end };
        drawn.push(Drawn { op, tried, call: apart(call, 0), ret: apart(ret, 1) });
    }
    if rng.random_bool(0.5) {
        let at = rng.random_range(0..drawn.len());
        drawn[at].op = changed(&drawn[at].op, &habits, rng);
    }
    drawn.sort_by_key(|drawn| drawn.call);
    drawn
}

/// What is known of operations by a time.
fn known_by(operations: &[Drawn], horizon: u32) -> Vec<Reading<Arc<Op>>> {
    let called = operations.iter().enumerate().filter(|(_, drawn)| drawn.call <= horizon);
    let reading = |(at, drawn): (usize, &Drawn)| {
        let is_open = drawn.ret > horizon || drawn.ret == NEVER;
        let op = match drawn.op {
            ref op if !is_open => op.clone(),
            Op::Get(..) | Op::GetAny => Op::GetAny,
            Op::Put { expected: Some(expected), .. } | Op::Mismatch(expected, _) => {
                Op::Try(expected, drawn.tried)
            }
            Op::Put { value, .. } => Op::Put { expected: None, value, version: None },
            Op::Try(expected, value) => Op::Try(expected, value),
        };
        let span = span(drawn.call, if is_open { NEVER } else { drawn.ret });
        Reading { index: OpIndex::new(at), op: Arc::new(op), span }
    };
    called.map(reading).collect()
}

fn rule(initial: Option<Value>, readings: &[Reading<Arc<Op>>]) -> Option<Ruling> {
    let timed: Vec<Timed<'_, Arc<Op>>> =
        readings.iter().map(|reading| Timed { op: &reading.op, span: reading.span }).collect();
    decide(initial, &timed, Wanted::Order)
}

fn model(initial: Option<Value>) -> VersionedKv {
    VersionedKv::holding(initial)
}

fn is_linearizable(initial: Option<Value>, operations: &[Drawn], horizon: u32) -> bool {
    let outcome = refute(&model(initial), &known_by(operations, horizon), 1_000_000);
    assert!(outcome != Refutation::TooLarge);
    outcome == Refutation::Wrong
}

#[test]
fn rulings_agree_with_brute_force() {
    let mut counts = [[0; 2]; 2];
    for seed in 0..tries(20_000) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.into());
        let initial = rng.random_bool(0.2).then(|| value(1));
        let operations = draw(initial, &mut rng);
        let readings = known_by(&operations, NEVER - 1);
        let expected = is_linearizable(initial, &operations, NEVER - 1);
        let ruling = rule(initial, &readings);
        counts[usize::from(!expected)][usize::from(ruling.is_none())] += 1;
        match ruling {
            Some(Ruling::Valid(order)) => {
                assert!(expected, "seed {seed}: {operations:#?}");
                replay(initial, &readings, &order);
            }
            Some(Ruling::Invalid(Conflict { stuck })) => {
                assert!(!expected, "seed {seed}: {operations:#?}");
                let ret = operations[stuck.index()].ret;
                let by = is_linearizable(initial, &operations, ret);
                assert!(!by, "seed {seed}: {stuck:?} {operations:#?}");
            }
            None => {}
        }
    }
    let [valid, invalid] = counts;
    assert!(valid[0] > 5 * valid[1] && invalid[0] > 2 * invalid[1], "{counts:?}");
}

/// The order is legal, keeps real time, and has all that completed.
fn replay(initial: Option<Value>, readings: &[Reading<Arc<Op>>], order: &[u32]) {
    let order: Vec<OpIndex> = order.iter().map(|&at| readings[at as usize].index).collect();
    crate::proof::verify_order(&model(initial), readings, &order).unwrap();
}

fn put(expected: Option<i64>, put: i64, version: Option<i64>) -> Op {
    Op::Put { expected, value: Some(value(put)), version }
}

fn get(seen: i64, version: i64) -> Op {
    Op::Get(Some(value(seen)), Some(version))
}

const DELETE: Op = Op::Put { expected: None, value: None, version: None };

/// What the decider makes of operations with their calls and returns.
fn ruled(operations: &[(Op, u32, u32)]) -> Option<Ruling> {
    let drawn = operations.iter().map(|&(ref op, call, ret)| {
        let tried = if let Op::Put { value, .. } = *op { value } else { None };
        Drawn { op: op.clone(), tried, call, ret }
    });
    rule(None, &known_by(&drawn.collect::<Vec<_>>(), NEVER - 1))
}

fn stuck(at: u32) -> Option<Ruling> {
    Some(Ruling::Invalid(Conflict::at(at)))
}

#[test]
fn versions_order_updates() {
    let [one, two] = [(put(None, 1, Some(5)), 0, 5), (put(None, 2, Some(3)), 1, 4)];
    let all = |seen: Op| ruled(&[one.clone(), two.clone(), (seen, 6, 7)]);
    assert_eq!(all(get(1, 5)), Some(Ruling::Valid(vec![1, 0, 2])));
    for wrong in [get(2, 3), get(2, 5), get(1, 4), Op::Get(None, None), Op::Mismatch(5, None)] {
        assert_eq!(all(wrong.clone()), stuck(2), "{wrong:?}");
    }
    let replaced = [(put(Some(5), 3, Some(6)), 6, 8), (put(Some(5), 4, Some(7)), 7, 9)];
    let [first, second] = replaced;
    assert_eq!(ruled(&[one, two, first, second]), stuck(3));
}

#[test]
fn versions_may_start_anew_where_the_key_is_deleted() {
    let [old, new] = [(put(None, 1, Some(5)), 0, 1), (put(None, 2, Some(5)), 4, 5)];
    let deleted = |ret| ruled(&[old.clone(), (DELETE, 2, ret), new.clone()]);
    assert_eq!(deleted(3), Some(Ruling::Valid(vec![0, 1, 2])));
    assert_eq!(deleted(NEVER), Some(Ruling::Valid(vec![0, 1, 2])));
    assert_eq!(ruled(&[old, new]), stuck(1));
}

#[test]
fn crashed_updates_made_what_was_seen_and_nobody_told() {
    let crashed = [(put(None, 1, None), 0, NEVER), (put(Some(4), 1, None), 1, NEVER)];
    let [plain, conditional] = crashed;
    let seen = [(get(1, 4), 2, 3), (get(1, 6), 4, 5), (get(1, 7), 6, 7)];
    let [first, second, third] = seen;
    let twice = [plain.clone(), conditional.clone(), first.clone(), second.clone()];
    assert_eq!(ruled(&twice), Some(Ruling::Valid(vec![0, 2, 1, 3])));
    assert_eq!(ruled(&[plain, conditional, first, second, third]), stuck(4));
}
