//! Random queues with acknowledgements, against brute force.

use rand::seq::{IndexedMutRandom, IndexedRandom};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::testing::{Drawn, value};
use super::super::{Asked, Ruling, Timed, Wanted};
use super::{LEAST, decide, order};
use crate::history::testing::{NEVER, span};
use crate::history::{OpIndex, Value};
use crate::model::acked_queue::Op;
use crate::model::items::Found;
use crate::model::{AckedQueue, Model, Reading};
use crate::proof::{Refutation, refute};
use crate::tries::tries;

/// What histories are drawn of.
struct Habits {
    clients: usize,
    crashed: f64,
    items: i64,
    puts: f64,
    /// The share of answers that are changed.
    wrong: f64,
    initial: Vec<Value>,
}

impl Habits {
    fn random(rng: &mut ChaCha8Rng, wrong: f64) -> Habits {
        Habits {
            clients: *[2, 3, 5, 8].choose(rng).unwrap(),
            crashed: *[0.0, 0.02, 0.1, 0.3].choose(rng).unwrap(),
            items: *[1, 2, 5, 1000].choose(rng).unwrap(),
            puts: *[0.2, 0.35, 0.5].choose(rng).unwrap(),
            wrong,
            initial: if rng.random_bool(0.2) { vec![value(0), value(1)] } else { Vec::new() },
        }
    }

    fn item(&self, rng: &mut ChaCha8Rng) -> Value {
        value(rng.random_range(0..self.items))
    }

    /// What a client asks for that was handed some items.
    fn request(&self, handed: &mut Vec<Value>, rng: &mut ChaCha8Rng) -> Op {
        if !handed.is_empty() && rng.random_bool(0.6) {
            let item = handed.swap_remove(rng.random_range(0..handed.len()));
            return if rng.random_bool(0.7) { Op::Ack(item) } else { Op::Nack(item) };
        }
        if rng.random_bool(self.puts) { Op::Put(self.item(rng)) } else { Op::Take(Found::Any) }
    }

    /// A history of `count` operations, which take effect one after the other.
    fn draw(&self, count: usize, rng: &mut ChaCha8Rng) -> Vec<Drawn<Op>> {
        let (model, items) = (self.model(), self.initial.clone());
        let mut queue = Queue { state: model.initial(), model, items };
        let mut drawn: Vec<Drawn<Op>> = Vec::new();
        let mut clients = vec![Client::default(); self.clients];
        let mut ghosts: Vec<Op> = Vec::new();
        let mut now = 0;
        while drawn.len() < count || clients.iter().any(|client| client.busy.is_some()) {
            if !ghosts.is_empty() && rng.random_bool(0.1) {
                let ghost = ghosts.swap_remove(rng.random_range(0..ghosts.len()));
                queue.happen(&ghost, rng);
            }
            let Client { busy, handed } = clients.choose_mut(rng).unwrap();
            match *busy {
                None if drawn.len() < count => {
                    *busy = Some((drawn.len(), false));
                    drawn.push((self.request(handed, rng), now, NEVER));
                    now += 1;
                }
                Some((at, false)) if rng.random_bool(0.5) => {
                    if rng.random_bool(self.crashed) {
                        ghosts.extend(Some(drawn[at].0).filter(|_| rng.random_bool(0.5)));
                        (*busy, *handed) = (None, Vec::new());
                        continue;
                    }
                    *busy = Some((at, true));
                    drawn[at].0 = queue.happen(&drawn[at].0, rng);
                    if let Op::Take(Found::Item(item)) = drawn[at].0 {
                        handed.push(item);
                    }
                    if let (Op::Take(_), true) = (drawn[at].0, rng.random_bool(self.wrong)) {
                        let is_empty = rng.random_bool(0.5);
                        let item = self.item(rng);
                        let found = if is_empty { Found::Empty } else { Found::Item(item) };
                        drawn[at].0 = Op::Take(found);
                    }
                }
                Some((at, true)) if rng.random_bool(0.5) => {
                    drawn[at].2 = now;
                    now += 1;
                    *busy = None;
                }
                _ => {}
            }
        }
        drawn
    }

    fn model(&self) -> AckedQueue {
        AckedQueue::new(&self.initial)
    }
}

/// A client: which operation it carries out, and whether that took effect; and what it was handed.
#[derive(Clone, Default)]
struct Client {
    busy: Option<(usize, bool)>,
    handed: Vec<Value>,
}

/// A queue, and the items that were ever in it.
struct Queue {
    model: AckedQueue,
    state: <AckedQueue as Model>::State,
    items: Vec<Value>,
}

impl Queue {
    /// Lets an operation happen in one of the ways that are possible, and tells what it found.
    fn happen(&mut self, op: &Op, rng: &mut ChaCha8Rng) -> Op {
        if let &Op::Put(item) = op
            && !self.items.contains(&item)
        {
            self.items.push(item);
        }
        let items = self.items.iter().map(|&item| Op::Take(Found::Item(item)));
        let ops: Vec<Op> = match op {
            Op::Take(_) => items.chain([Op::Take(Found::Empty)]).collect(),
            &op => vec![op],
        };
        let ways = ops.iter().flat_map(|op| {
            let next: Vec<_> = self.model.step(&self.state, op).collect();
            next.into_iter().map(|state| (*op, state))
        });
        let ways: Vec<_> = ways.collect();
        let (op, state) = ways.choose(rng).cloned().unwrap();
        self.state = state;
        op
    }
}

fn timed(operations: &[Drawn<Op>]) -> Vec<Timed<'_, Op>> {
    operations.iter().map(|&(ref op, call, ret)| Timed { op, span: span(call, ret) }).collect()
}

fn is_linearizable(model: &AckedQueue, operations: &[Drawn<Op>]) -> bool {
    let reading = |(at, &(op, call, ret)): (usize, &Drawn<Op>)| Reading {
        index: OpIndex::new(at),
        op,
        span: span(call, ret),
    };
    let readings: Vec<Reading<Op>> = operations.iter().enumerate().map(reading).collect();
    let outcome = refute(model, &readings, 1_000_000);
    assert!(outcome != Refutation::TooLarge);
    outcome == Refutation::Wrong
}

/// Whether the model can go along an order, which respects real time and has all that returned.
fn is_order(model: &AckedQueue, operations: &[Drawn<Op>], order: &[u32]) -> bool {
    let mut states = vec![model.initial()];
    let mut latest = 0;
    let mut left: Vec<bool> = operations.iter().map(|&(_, _, ret)| ret != NEVER).collect();
    let mut placed = vec![false; operations.len()];
    for &at in order {
        let (op, call, ret) = &operations[at as usize];
        latest = latest.max(*call);
        assert!(*ret >= latest && !std::mem::replace(&mut placed[at as usize], true));
        left[at as usize] = false;
        states = states.iter().flat_map(|state| model.step(state, op)).collect();
        let mut distinct = Vec::new();
        for state in states {
            if !distinct.contains(&state) {
                distinct.push(state);
            }
        }
        states = distinct;
    }
    !states.is_empty() && left.iter().all(|&left| !left)
}

fn guess(habits: &Habits, operations: &[Drawn<Op>]) -> Option<Vec<u32>> {
    order(&habits.initial, &timed(operations), &|_| false)
}

#[test]
fn what_is_found_is_an_order_and_nearly_all_that_there_are_are_found() {
    let (mut found, mut missed, mut wrong) = (0, 0, 0);
    for seed in 0..tries(6_000) {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed.into());
        let habits = Habits::random(rng, if seed % 2 == 0 { 0.0 } else { 0.2 });
        let count = rng.random_range(2..=9);
        let operations = habits.draw(count, rng);
        let is_linearizable = is_linearizable(&habits.model(), &operations);
        match guess(&habits, &operations) {
            Some(order) => {
                assert!(is_linearizable, "{operations:?}");
                assert!(is_order(&habits.model(), &operations, &order), "{operations:?}");
                found += 1;
            }
            None if is_linearizable => missed += 1,
            None => wrong += 1,
        }
    }
    assert!(found > 3_000 && wrong > 300 && 500 * missed <= found, "{found} {missed} {wrong}");
}

#[test]
fn long_histories_are_decided() {
    let mut found = 0;
    for seed in 0..tries(60) {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed.into());
        let habits = Habits { crashed: 0.02, ..Habits::random(rng, 0.0) };
        let operations = habits.draw(2 * LEAST, rng);
        let asked: Asked<'_> = (Wanted::Order, &|_| false);
        let ruling = decide(&habits.initial, &timed(&operations), asked);
        // The model would have to follow all ways in which what comes late may have been taken.
        if let Some(Ruling::Valid(order)) = ruling {
            let returned = operations.iter().filter(|&&(_, _, ret)| ret != NEVER).count();
            assert!(order.len() >= returned);
            found += 1;
        }
    }
    assert!(found >= 55, "{found}");
}

#[test]
fn a_walk_that_stop_finds_nothing() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let habits = Habits::random(rng, 0.0);
    let operations = habits.draw(2_000, rng);
    assert_eq!(decide(&habits.initial, &timed(&operations), (Wanted::Order, &|_| true)), None);
}
