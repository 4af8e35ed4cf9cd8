//! Random sets that are read as a whole, against brute force.

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::super::testing::{Drawn, Verdict, ask, value};
use super::super::super::{Ruling, Timed, Wanted};
use super::decide;
use super::order::{is_linearization, order};
use super::problem::Problem;
use super::walk::{Choice, Outcome, Walk};
use crate::check::exact::work::Work;
use crate::history::testing::{NEVER, span};
use crate::history::{OpIndex, Rank, Value};
use crate::model::set::{Contents, Listing, Op};
use crate::model::{Model, Reading, Set};
use crate::proof::{Refutation, refute};
use crate::tries::tries;

fn set(items: &[i64]) -> Set {
    let items: Vec<_> = items.iter().copied().map(value).collect();
    Set::new(&items)
}

fn read(contents: &Contents) -> Op {
    Op::Read(Some(Listing::from(contents)))
}

fn read_of(items: &[i64]) -> Op {
    read(&set(items).initial)
}

fn add(n: i64) -> Op {
    Op::Add(value(n), None)
}

fn remove(n: i64) -> Op {
    Op::Remove(value(n), None)
}

fn check(initial: &Set, operations: &[Drawn<Op>]) -> Verdict {
    ask(operations, |timed, wanted| decide(&initial.initial, timed, (wanted, &|_| false)))
}

#[test]
fn reads_choose_their_moments() {
    // 1 was there only before 2 was.
    let operations = [
        (add(1), 0, 9),
        (remove(1), 1, 10),
        (add(2), 2, 11),
        (read_of(&[2]), 3, 7),
        (read_of(&[1]), 4, 8),
    ];
    assert_eq!(check(&set(&[]), &operations), Verdict::Valid(vec![0, 4, 1, 2, 3]));
    let in_turn = [
        operations[0].clone(),
        operations[1].clone(),
        operations[2].clone(),
        (read_of(&[2]), 3, 5),
        (read_of(&[1]), 6, 8),
    ];
    assert!(matches!(check(&set(&[]), &in_turn), Verdict::Stuck(_)));
}

#[test]
fn crashed_operations_are_used_up() {
    let [with, without] = [&[1][..], &[]].map(read_of);
    let crashed = |adds: u32| {
        let mut operations: Vec<Drawn<Op>> = (0..adds).map(|at| (add(1), at, NEVER)).collect();
        for turn in 0..2 {
            let at = 10 + 10 * turn;
            operations.push((with.clone(), at, at + 1));
            operations.push((remove(1), at + 2, at + 3));
            operations.push((without.clone(), at + 4, at + 5));
        }
        operations
    };
    assert!(matches!(check(&set(&[]), &crashed(2)), Verdict::Valid(_)));
    assert_eq!(check(&set(&[]), &crashed(1)), Verdict::Stuck(4));
}

/// What histories are drawn of.
struct Habits {
    elements: i64,
    clients: usize,
    crashed: f64,
    wrong: f64,
    /// How often operations read the whole, and how often updates tell what they found.
    reads: f64,
    answers: f64,
}

impl Habits {
    fn random(rng: &mut ChaCha8Rng) -> Habits {
        Habits {
            elements: rng.random_range(1..=3),
            clients: rng.random_range(2..=5),
            crashed: *[0.0, 0.1, 0.3].choose(rng).unwrap(),
            wrong: *[0.0, 0.0, 0.1].choose(rng).unwrap(),
            reads: *[0.0, 0.2, 0.4, 0.6].choose(rng).unwrap(),
            answers: *[0.0, 0.0, 0.4, 1.0].choose(rng).unwrap(),
        }
    }

    fn invoke(&self, rng: &mut ChaCha8Rng) -> Op {
        let element = value(rng.random_range(0..self.elements));
        if rng.random_bool(self.reads) {
            return Op::Read(None);
        }
        match rng.random_range(0..3) {
            0 => Op::Add(element, None),
            1 => Op::Remove(element, None),
            _ => Op::Contains(element, None),
        }
    }

    /// Lets an operation happen, and tells what it returns.
    fn happen(&self, op: &Op, contents: &mut Contents, rng: &mut ChaCha8Rng) -> Op {
        let has = |element: Value, rng: &mut ChaCha8Rng| {
            let is_there = contents.get(element.handle().into()).is_some();
            is_there != rng.random_bool(self.wrong)
        };
        let tells = rng.random_bool(self.answers);
        let done = match *op {
            Op::Add(element, _) => Op::Add(element, Some(!has(element, rng)).filter(|_| tells)),
            Op::Remove(element, _) => {
                Op::Remove(element, Some(has(element, rng)).filter(|_| tells))
            }
            Op::Contains(element, _) => Op::Contains(element, Some(has(element, rng))),
            _ if rng.random_bool(self.wrong) => {
                let element = value(rng.random_range(0..self.elements)).handle().into();
                let other = match contents.get(element) {
                    Some(()) => contents.remove(element),
                    None => contents.insert(element, ()),
                };
                read(&other)
            }
            _ => read(contents),
        };
        *contents = Set::default().step(contents, op).unwrap();
        done
    }
}

/// Operations of clients, each of which happens at some moment; some do not happen and some tell
/// what is wrong.
fn draw(initial: &Set, count: usize, rng: &mut ChaCha8Rng) -> Vec<Drawn<Op>> {
    let habits = Habits::random(rng);
    let mut contents = initial.initial.clone();
    let mut drawn: Vec<Drawn<Op>> = Vec::new();
    let mut clients: Vec<Option<(usize, bool)>> = vec![None; habits.clients];
    let mut now = 0;
    while drawn.len() < count || clients.iter().any(Option::is_some) {
        let client = rng.random_range(0..habits.clients);
        match clients[client] {
            None if drawn.len() < count => {
                clients[client] = Some((drawn.len(), false));
                drawn.push((habits.invoke(rng), now, NEVER));
                now += 1;
            }
            Some((at, false)) if rng.random_bool(0.5) => {
                let op = drawn[at].0.clone();
                clients[client] = Some((at, true));
                if !rng.random_bool(habits.crashed) {
                    drawn[at].0 = habits.happen(&op, &mut contents, rng);
                } else {
                    clients[client] = None;
                    if rng.random_bool(0.5) {
                        habits.happen(&op, &mut contents, rng);
                    }
                }
            }
            Some((at, true)) if rng.random_bool(0.5) => {
                drawn[at].2 = now;
                now += 1;
                clients[client] = None;
            }
            _ => {}
        }
    }
    drawn
}

/// Whether operations are linearizable as far as they are known by a time.
fn is_linearizable(initial: &Set, operations: &[Drawn<Op>], horizon: u32) -> bool {
    let called = operations.iter().enumerate().filter(|(_, drawn)| drawn.1 <= horizon);
    let reading = |(at, (op, call, ret)): (usize, &Drawn<Op>)| {
        let is_open = *ret > horizon || *ret == NEVER;
        let op = match *op {
            Op::Add(element, _) if is_open => Op::Add(element, None),
            Op::Remove(element, _) if is_open => Op::Remove(element, None),
            Op::Contains(element, _) if is_open => Op::Contains(element, None),
            Op::Read(_) if is_open => Op::Read(None),
            ref op => op.clone(),
        };
        let span = span(*call, if is_open { NEVER } else { *ret });
        Reading { index: OpIndex::new(at), op, span }
    };
    let readings: Vec<Reading<Op>> = called.map(reading).collect();
    let outcome = refute(initial, &readings, 1_000_000);
    assert!(outcome != Refutation::TooLarge);
    outcome == Refutation::Wrong
}

fn timed(operations: &[Drawn<Op>]) -> Vec<Timed<'_, Op>> {
    operations.iter().map(|&(ref op, call, ret)| Timed { op, span: span(call, ret) }).collect()
}

fn initial(rng: &mut ChaCha8Rng) -> Set {
    if rng.random_bool(0.3) { set(&[0, 2]) } else { set(&[]) }
}

#[test]
fn rulings_agree_with_brute_force() {
    let mut counts = [0; 2];
    for seed in 0..tries(4_000) {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed.into());
        let initial = initial(rng);
        let count = rng.random_range(2..=9);
        let operations = draw(&initial, count, rng);
        let mut returns: Vec<u32> =
            operations.iter().map(|&(_, _, ret)| ret).filter(|&ret| ret != NEVER).collect();
        returns.sort_unstable();
        let first = returns.into_iter().find(|&ret| !is_linearizable(&initial, &operations, ret));
        match (check(&initial, &operations), first) {
            (Verdict::Valid(order), None) => {
                counts[0] += 1;
                assert!(is_linearization(&initial.initial, &timed(&operations), &order));
                let step = |state, &at: &u32| initial.step(&state, &operations[at as usize].0);
                assert!(order.iter().try_fold(initial.initial(), step).is_some());
            }
            (Verdict::Stuck(at), Some(ret)) => {
                counts[1] += 1;
                assert_eq!(operations[at as usize].2, ret, "{operations:?}");
            }
            (verdict, first) => panic!("{operations:?}: {verdict:?}, {first:?}"),
        }
    }
    assert!(counts[0] > 1_000 && counts[1] > 200, "{counts:?}");
}

#[test]
fn a_guess_is_an_order() {
    let mut found = 0;
    for seed in 0..tries(400) {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed.into());
        let initial = initial(rng);
        let operations = draw(&initial, 60, rng);
        let timed = timed(&operations);
        let problem = Problem::until(&initial.initial, &timed, Rank::NEVER).unwrap();
        let all = decide(&initial.initial, &timed, (Wanted::Verdict, &|_| false));
        for free in 0..3 {
            let mut work = Work::new(20_000, &|_| false);
            let outcome = Walk::new(&problem, Choice::UpTo(free)).search(&mut work);
            if let Outcome::Reads(reads) = outcome {
                found += 1;
                let mut work = Work::new(20_000, &|_| false);
                let order = order(&problem, &reads, &mut work).unwrap();
                assert!(is_linearization(&initial.initial, &timed, &order));
                assert!(!matches!(all, Some(Ruling::Invalid(_))));
            }
        }
    }
    assert!(found > 300, "{found}");
}

#[test]
fn a_decider_that_stop_says_nothing() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let operations = draw(&set(&[]), 2_000, rng);
    assert_eq!(decide(&Contents::default(), &timed(&operations), (Wanted::Order, &|_| true)), None);
}
