//! The verifier by itself: what it must refuse, and what it must let pass.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::projection::Projections;
use super::*;
use crate::history::testing::{NEVER, ops, span};
use crate::history::{OpIndex, Value, ValueTable};
use crate::model::persistent::Text;
use crate::model::{
    AckedQueue, AnyOp, FifoQueue, Kv, Log, Model, Mutex, Pos, Reading, Register, Semaphore, Set,
    Stack, items, kv, log, mutex, register, semaphore, set,
};

fn value(n: i64) -> Value {
    ValueTable::small_int(n).unwrap()
}

fn register() -> Register {
    Register { initial: value(0), has_cas: true, failed_cas_observes: false }
}

fn write(n: i64) -> register::Op {
    register::Op::Write(value(n))
}

fn read(n: i64) -> register::Op {
    register::Op::Read(Some(value(n)))
}

/// The positions of the operations that go together, and of those that must stay.
fn groups<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
) -> Option<(Vec<Vec<usize>>, Vec<usize>)> {
    let numbers = |of: &[Pos]| -> Vec<usize> { of.iter().map(|at| at.index()).collect() };
    let projections = Projections::new(model, readings);
    let (units, unpaired) = projections.groups()?;
    Some((units.iter().map(|unit| numbers(unit)).collect(), numbers(unpaired)))
}

/// Readings with their calls and returns, in the order of their calls; indices are positions.
fn readings<Op: Clone>(operations: &[(Op, u32, u32)]) -> Vec<Reading<Op>> {
    let reading = |(index, &(ref op, call, ret)): (usize, &(Op, u32, u32))| Reading {
        index: OpIndex::new(index),
        op: op.clone(),
        span: span(call, ret),
    };
    operations.iter().enumerate().map(reading).collect()
}

/// A read of a value that was surely overwritten, and one of the value that is there.
fn stale() -> Vec<Reading<register::Op>> {
    readings(&[(write(1), 0, 1), (write(2), 2, 3), (read(1), 4, 5), (read(2), 6, 7)])
}

#[test]
fn an_order_is_refused_for_each_thing_that_can_be_wrong_with_it() {
    let all =
        readings(&[(write(1), 0, 3), (write(2), 1, 2), (read(1), 4, 5), (write(3), 6, NEVER)]);
    let verify = |order: &[u32]| verify_order(&register(), &all, &ops(order));
    assert_eq!(verify(&[1, 0, 2]), Ok(()), "what never returned may be left out,");
    assert_eq!(verify(&[1, 0, 2, 3]), Ok(()), "or not");
    assert_eq!(verify(&[1, 0]), Err(WitnessError::Missing(OpIndex::new(2))));
    assert_eq!(verify(&[1, 0, 2, 7]), Err(WitnessError::Stranger(OpIndex::new(7))));
    assert_eq!(verify(&[1, 1, 0, 2]), Err(WitnessError::Stranger(OpIndex::new(1))));
    assert_eq!(verify(&[0, 1, 2]), Err(WitnessError::Illegal(OpIndex::new(2))));
    assert_eq!(verify(&[1, 2, 0]), Err(WitnessError::Illegal(OpIndex::new(2))));
    assert_eq!(verify(&[1, 0, 3, 2]), Err(WitnessError::RealTime(OpIndex::new(2))));
    let ordered = readings(&[(write(1), 0, 1), (write(1), 2, 3)]);
    let verify = |order: &[u32]| verify_order(&register(), &ordered, &ops(order));
    assert_eq!(
        (verify(&[0, 1]), verify(&[1, 0])),
        (Ok(()), Err(WitnessError::RealTime(OpIndex::new(0))))
    );
}

/// Ten items twice each, of which one or two are handed out: the model may be in 1,024 states.
#[test]
fn an_order_through_many_states_is_verified_or_too_large_and_never_refused() {
    use crate::model::acked_queue::Op;
    let take = |n| Op::Take(items::Found::Item(value(n)));
    let mut operations: Vec<Op> = Vec::new();
    for n in 0..10 {
        operations.extend([Op::Put(value(n)), Op::Put(value(n)), take(n), take(n)]);
    }
    let verify = |operations: &[Op]| {
        let at = |(n, op): (usize, &Op)| (*op, 2 * n as u32, 2 * n as u32 + 1);
        let readings = readings(&operations.iter().enumerate().map(at).collect::<Vec<_>>());
        let order: Vec<u32> = (0..operations.len() as u32).collect();
        verify_order(&AckedQueue::new(&[]), &readings, &ops(&order))
    };
    operations.extend([Op::Ack(value(0)), Op::Ack(value(0))]);
    assert_eq!(verify(&operations), Ok(()));
    // Only what is not followed any more leaves a copy that waits.
    operations.push(take(0));
    assert_eq!(verify(&operations), Err(WitnessError::TooLarge(OpIndex::new(42))));
    // Of few states all are followed.
    let few = [&operations[..4], &operations[40..]].concat();
    assert_eq!(verify(&few), Ok(()));
    let none = [&few[..7], &[take(1)]].concat();
    assert_eq!(verify(&none), Err(WitnessError::Illegal(OpIndex::new(7))));
}

#[test]
fn operations_are_refuted_only_if_no_order_exists() {
    let refuted = |operations: &[Reading<register::Op>]| refute(&register(), operations, 1000);
    let stale = stale();
    assert_eq!(refuted(&stale), Refutation::Confirmed);
    assert_eq!(refuted(&stale[..2]), Refutation::Wrong);
    assert_eq!(refuted(&[]), Refutation::Wrong);
    let crashed = readings(&[(write(1), 0, NEVER), (write(2), 1, 2), (read(1), 3, 4)]);
    assert_eq!(refuted(&crashed), Refutation::Wrong, "it may take effect late");
    // Of what is open at once, every set with every value written last: the number is known.
    let open: Vec<_> = (0..6).map(|n| (write(i64::from(n)), n, 20 + n)).collect();
    let mut open = readings(&open);
    open.push(Reading { index: OpIndex::new(6), op: read(9), span: span(6, 30) });
    let partial_orders = 6 * (1 << 5);
    assert_eq!(refute(&register(), &open, partial_orders), Refutation::Confirmed);
    assert_eq!(refute(&register(), &open, partial_orders - 1), Refutation::TooLarge);
}

#[test]
fn more_operations_than_a_word_has_bits_are_told_apart() {
    let mut many: Vec<_> = (0..130).map(|n| (write(i64::from(n)), 2 * n, 2 * n + 1)).collect();
    many.push((read(128), 300, 301));
    assert_eq!(refute(&register(), &readings(&many), 1000), Refutation::Confirmed);
    many[130].0 = read(129);
    assert_eq!(refute(&register(), &readings(&many), 1000), Refutation::Wrong);
}

#[test]
fn a_core_that_proves_nothing_about_the_whole_proves_no_failure() {
    let fine = readings(&[(write(1), 0, 1), (read(1), 2, 3)]);
    assert_eq!(refute(&register(), &fine[1..], 1000), Refutation::Confirmed);
    let wrong = |proof| matches!(proof, Proof::Wrong(_));
    assert!(
        wrong(confirm_failure(&register(), &fine, &ops(&[1]))),
        "without the write that it read"
    );
    assert!(wrong(confirm_failure(&register(), &fine, &ops(&[]))));
    assert!(wrong(confirm_failure(&register(), &fine, &ops(&[0, 1]))));
    let stale = stale();
    for core in [&[][..], &[0, 1, 2], &[0, 1, 2, 3]] {
        assert_eq!(confirm_failure(&register(), &stale, &ops(core)), Proof::Confirmed, "{core:?}");
    }
    for core in [&[0, 2][..], &[0, 1], &[1, 0, 2], &[0, 1, 2, 9], &[0, 0, 1, 2]] {
        assert!(wrong(confirm_failure(&register(), &stale, &ops(core))), "{core:?}");
    }
}

#[test]
fn an_order_confirms_or_tells_why_not() {
    let stale = stale();
    assert_eq!(confirm_order(&register(), &stale[..2], &ops(&[0, 1])), Proof::Confirmed);
    let Proof::Wrong(why) = confirm_order(&register(), &stale, &ops(&[0, 1, 2, 3])) else {
        panic!("it is no linearization");
    };
    assert!(why.contains("does not allow operation 2"), "{why}");
}

#[test]
fn a_core_with_more_than_it_needs_is_not_minimal() {
    let stale = stale();
    let minimality = |core: &[u32]| is_minimal(&register(), &stale, &ops(core));
    assert_eq!(minimality(&[0, 1, 2, 3]), Minimality::Smaller(ops(&[0, 1, 2])));
    assert_eq!(minimality(&[0, 1, 2]), Minimality::Minimal);
    assert_eq!(minimality(&[1, 0, 2]), Minimality::Smaller(Vec::new()), "it is not ascending");
    assert_eq!(minimality(&[0, 1, 9]), Minimality::Smaller(Vec::new()), "there is none such");
    // An item at the bottom of a stack may go by one rule only.
    let push = |n| items::Op::Put(value(n));
    let pop = items::Op::Take(items::Found::Item(value(1)));
    let covered = readings(&[(push(3), 0, 1), (push(1), 2, 3), (push(2), 4, 5), (pop, 6, 7)]);
    let smaller = Minimality::Smaller(ops(&[1, 2, 3]));
    assert_eq!(is_minimal(&Stack::new(&[]), &covered, &ops(&[0, 1, 2, 3])), smaller);
    assert_eq!(is_minimal(&Stack::new(&[]), &covered, &ops(&[1, 2, 3])), Minimality::Minimal);
}

/// A set that lost an element, and a log that lost an entry; both have others, and a read of all.
fn forgetful() -> (Vec<Reading<set::Op>>, Vec<Reading<log::Op>>) {
    let add = |n| set::Op::Add(value(n), None);
    let seen = set::Op::Read(set::Listing::of(&[value(2), value(7)]));
    let append = |n, offset| log::Op::Append(value(n), offset);
    let entries = log::Op::Read([value(7), value(2)].into());
    (
        readings(&[(add(1), 0, 1), (add(2), 2, 3), (seen, 4, 5)]),
        readings(&[(append(1, Some(1)), 0, 1), (append(2, None), 2, 3), (entries, 4, 5)]),
    )
}

#[test]
fn forgotten_elements_leave_what_the_others_prove() {
    let (set, log) = forgetful();
    let set_of = |elements: &[Value]| Erased::of(&Set::new(&[value(7)]), &set, elements).unwrap();
    let log_of = |elements: &[Value]| Erased::of(&Log::new(&[value(7)]), &log, elements).unwrap();
    for erased in [set_of(&[value(1)]), log_of(&[value(1)])] {
        assert!(erased.is_sound_projection(&ops(&[0, 2])), "{erased:?}");
        assert!(!erased.is_sound_projection(&ops(&[2, 0])), "{erased:?}");
        assert!(!erased.is_sound_projection(&ops(&[0, 1, 2])), "operation 1 is forgotten");
        assert_eq!(erased.refute(&ops(&[0, 2]), 1000), Refutation::Confirmed, "{erased:?}");
        assert_eq!(erased.refute(&ops(&[0]), 1000), Refutation::Wrong, "{erased:?}");
        assert_eq!(erased.is_minimal(&ops(&[0, 2])), Minimality::Minimal, "{erased:?}");
    }
    for erased in [set_of(&[value(1), value(2)]), log_of(&[value(1), value(2)])] {
        assert_eq!(erased.refute(&ops(&[0, 1, 2]), 1000), Refutation::Confirmed, "{erased:?}");
    }
    for erased in [set_of(&[value(2)]), log_of(&[value(2)]), set_of(&[]), log_of(&[])] {
        let core = if erased.readings.len() == 1 { &[2][..] } else { &[1, 2] };
        assert_eq!(erased.refute(&ops(core), 1000), Refutation::Wrong, "{erased:?}");
    }
    // What was there from the start is remembered, too, and so must be seen.
    assert_eq!(set_of(&[value(7)]).refute(&ops(&[2]), 1000), Refutation::Wrong);
    assert_eq!(log_of(&[value(7)]).refute(&ops(&[2]), 1000), Refutation::Wrong);
    assert!(Erased::of(&register(), &stale(), &[]).is_none(), "a register is no collection");
}

#[test]
fn reads_that_tell_little_are_kept_where_elements_are_forgotten() {
    let removed = set::Op::Remove(value(1), Some(true));
    let contains = set::Op::Contains(value(2), Some(true));
    let set = readings(&[(removed, 0, 1), (contains, 2, 3), (set::Op::Read(None), 4, 5)]);
    let kept = Erased::of(&Set::new(&[]), &set, &[value(1)]).unwrap().readings;
    assert_eq!(kept.iter().map(|reading| reading.index).collect::<Vec<_>>(), ops(&[0, 2]));
    let prefix = log::Op::ReadPrefix([value(1), value(2)].into());
    let at = log::Op::ReadAt(0, value(1));
    let from = log::Op::ReadFrom(1, [value(2)].into());
    let log = readings(&[(prefix, 0, 1), (at, 2, 3), (from, 4, 5), (log::Op::ReadAny, 6, 7)]);
    let kept = Erased::of(&Log::new(&[]), &log, &[value(2)]).unwrap().readings;
    assert_eq!(kept[0].op, AnyOp::Log(log::Op::ReadPrefix([value(2)].into())));
    assert_eq!(kept.iter().map(|reading| reading.index).collect::<Vec<_>>(), ops(&[0, 3]));
}

#[test]
fn what_is_overwritten_may_go_whatever_the_object() {
    let put = |text| kv::Op::Put(kv::Content::Text(Text::new(text)));
    let append = |text| kv::Op::Append(Text::new(text));
    let get = |text| kv::Op::Get(Some(kv::Content::Text(Text::new(text))));
    let model = Kv::new(None);
    let covered = [(append("a"), 0, 1), (put("p"), 2, 3), (get("p"), 4, 5)];
    assert!(sound(&model, &covered).contains(&vec![1, 2]));
    assert!(!sound(&model, &covered).contains(&vec![2]), "it is what the get saw");
    let late = [(append("a"), 0, NEVER), (put("p"), 2, 3), (get("p"), 4, 5)];
    assert!(!sound(&model, &late).contains(&vec![1, 2]), "it may take effect behind the put");
    let open = [(append("a"), 0, 3), (put("p"), 2, 4), (get("p"), 5, 6)];
    assert!(!sound(&model, &open).contains(&vec![1, 2]));
    let crashed = [(append("a"), 0, 1), (put("p"), 2, NEVER), (get("p"), 4, 5)];
    assert!(!sound(&model, &crashed).contains(&vec![1, 2]), "the put may not have happened");
    let after = [(put("p"), 0, 1), (get("p"), 2, 3), (append("a"), 4, 5)];
    assert!(sound(&model, &after).contains(&vec![0, 1]));
}

/// The parts of `operations` that may stand for the whole.
fn sound<M: Model>(model: &M, operations: &[(M::Op, u32, u32)]) -> Vec<Vec<u32>> {
    let all = readings(operations);
    let parts = (1..1_u32 << all.len())
        .map(|part| (0..all.len() as u32).filter(|at| part >> at & 1 == 1).collect::<Vec<u32>>());
    parts.filter(|core| is_sound_projection(model, &all, &ops(core))).collect()
}

#[test]
fn a_register_may_lose_what_nobody_kept_can_have_found() {
    // A write of another value cannot be what the read found, and goes; that of its own stays.
    let operations = [(write(1), 0, 1), (write(2), 2, 3), (read(1), 4, 5)];
    let parts = [vec![0], vec![1], vec![0, 1], vec![0, 2], vec![0, 1, 2]];
    assert_eq!(sound(&register(), &operations), parts);
    // What is written after the read returned is no matter.
    let later = [(write(1), 0, 1), (read(1), 2, 3), (write(2), 4, 5)];
    assert!(sound(&register(), &later).contains(&vec![0, 1]));
    let open = [(write(1), 0, 1), (read(1), 2, 4), (write(1), 3, 5)];
    assert!(!sound(&register(), &open).contains(&vec![0, 1]), "it may have read that");
}

#[test]
fn what_was_seen_to_be_replaced_cannot_be_found_again() {
    // Between the first write of 1 and the read of 1 at the end, 2 was read.
    let replaced = [
        (write(1), 0, 3),
        (write(2), 1, 2),
        (read(2), 4, 5),
        (write(1), 6, NEVER),
        (read(1), 8, 9),
    ];
    assert!(sound(&register(), &replaced).contains(&vec![1, 2, 3, 4]));
    assert!(!sound(&register(), &replaced).contains(&vec![1, 3, 4]), "it may come after the 2");
    let mut still_there = replaced;
    still_there[2].0 = read(1);
    assert!(!sound(&register(), &still_there).contains(&vec![1, 2, 3, 4]));
    // Of equal crashed writes, as many as are found, and the earliest.
    let crashed = [(write(1), 0, NEVER), (write(1), 1, NEVER), (read(1), 2, 3)];
    let parts = sound(&register(), &crashed);
    assert!(parts.contains(&vec![0, 2]) && !parts.contains(&vec![1, 2]), "{parts:?}");
    let twice = [(write(1), 0, NEVER), (write(1), 1, NEVER), (read(1), 2, 3), (read(1), 4, 5)];
    assert!(!sound(&register(), &twice).contains(&vec![0, 2, 3]), "each may be found by one");
}

#[test]
fn whole_items_of_a_queue_may_go() {
    let put = |n| items::Op::Put(value(n));
    let take = |n| items::Op::Take(items::Found::Item(value(n)));
    let empty = items::Op::Take(items::Found::Empty);
    let queue = FifoQueue::new(&[]);
    let both = [(put(1), 0, 1), (put(2), 2, 3), (take(2), 4, 5), (take(1), 6, 7)];
    let parts = sound(&queue, &both);
    assert!(parts.contains(&vec![0, 3]) && parts.contains(&vec![1, 2]));
    for part in [vec![3], vec![1, 3], vec![0, 2]] {
        assert!(!parts.contains(&part), "{part:?}");
    }
    // Whoever found nothing does not speak for the put.
    let found_empty = [(put(1), 0, 1), (empty, 2, 3), (take(1), 4, 5)];
    assert!(!sound(&queue, &found_empty).contains(&vec![1, 2]));
    // Of equal crashed takes, as many as there are changes to be undone, and the earliest.
    let lost_at = |call| (items::Op::Take(items::Found::Any), call, NEVER);
    let parts = sound(&queue, &[(put(1), 0, 1), lost_at(2), lost_at(3)]);
    assert!(parts.contains(&vec![0, 1]) && !parts.contains(&vec![0, 2]), "{parts:?}");
    // A crashed take may have taken what is kept.
    let lost = (items::Op::Take(items::Found::Any), 2, NEVER);
    let crashed = [(put(1), 0, 1), lost, (take(1), 3, 4)];
    assert!(!sound(&queue, &crashed).contains(&vec![0, 2]));
    let later = (items::Op::Take(items::Found::Any), 3, NEVER);
    let two = [(put(1), 0, 1), lost, later, (take(1), 4, 5), (take(1), 6, 7)];
    assert!(!sound(&queue, &two).contains(&vec![0, 1, 3, 4]), "one for each change");
}

#[test]
fn whole_holds_of_a_lock_may_go() {
    let take = |who| mutex::Op::Acquire(Some(value(who)));
    let give = |who| mutex::Op::Release(Some(value(who)));
    let lock = Mutex { check_owner: true };
    let holds = [(take(1), 0, 1), (give(1), 2, 3), (take(2), 4, 5), (take(3), 6, 7)];
    let parts = sound(&lock, &holds);
    assert!(parts.contains(&vec![2, 3]) && parts.contains(&vec![0, 1]));
    assert!(!parts.contains(&vec![0, 2, 3]) && !parts.contains(&vec![1]));
    let all = readings(&holds);
    assert_eq!(groups(&lock, &all), Some((vec![vec![0, 1], vec![2], vec![3]], vec![])));
    let groups_of = |operations: &[(mutex::Op, u32, u32)]| {
        let all = readings(operations);
        groups(&lock, &all).map(|(units, _)| units)
    };
    let twice = [(take(1), 0, 1), (give(1), 2, 3), (take(1), 4, 5), (give(1), 6, 7)];
    assert_eq!(groups_of(&twice), Some(vec![vec![0, 1], vec![2, 3]]));
    let at_once = [(take(1), 0, 2), (give(1), 1, 3), (take(1), 4, 5)];
    assert_eq!(groups_of(&at_once), Some(vec![vec![0, 1, 2]]));
    let overlapping = [(take(1), 0, 1), (give(1), 2, 5), (take(1), 4, 6)];
    assert_eq!(groups_of(&overlapping), Some(vec![vec![0, 1, 2]]));
    let given_first = [(give(1), 0, 1), (take(1), 2, 3), (give(1), 4, 5)];
    assert_eq!(groups_of(&given_first), Some(vec![vec![0], vec![1, 2]]));
    let taken_twice = [(take(1), 0, 1), (take(1), 2, 3), (give(1), 4, 5)];
    assert_eq!(groups_of(&taken_twice), Some(vec![vec![0, 1, 2]]));
    // Whoever found it held met a hold, and not one that was over.
    let busy = (mutex::Op::Busy, 4, 5);
    let met = [(take(1), 0, 1), (give(1), 2, 6), (take(2), 3, 7), busy];
    assert!(!sound(&lock, &met).contains(&vec![3]));
    let over = [(take(1), 0, 1), (give(1), 2, 3), busy];
    assert!(sound(&lock, &over).contains(&vec![2]));
}

#[test]
fn permits_that_are_taken_and_given_back_may_go() {
    let take = |count| semaphore::Op::Acquire(count);
    let give = |count| semaphore::Op::Release(count);
    let semaphore = Semaphore { permits: 2 };
    let taken = [(take(1), 0, 1), (give(1), 2, 3), (take(2), 4, 5), (take(1), 6, 7)];
    let parts = sound(&semaphore, &taken);
    assert!(parts.contains(&vec![2, 3]) && !parts.contains(&vec![0, 2, 3]));
    let all = readings(&taken);
    assert_eq!(groups(&semaphore, &all), Some((vec![vec![0, 1], vec![2], vec![3]], vec![])));
    // Those of another number are no partners.
    let other = [(take(2), 0, 1), (give(1), 2, 3), (give(1), 4, 5)];
    let all = readings(&other);
    assert_eq!(groups(&semaphore, &all), Some((vec![vec![0]], vec![1, 2])));
    assert!(sound(&semaphore, &other).contains(&vec![0, 1, 2]));
    assert!(!sound(&semaphore, &other).contains(&vec![1]));
    // Given back before they are taken: more given than taken.
    let given = [(give(1), 0, 1), (take(1), 2, 3), (give(1), 4, 5)];
    assert!(sound(&semaphore, &given).contains(&vec![2]));
    let all = readings(&given);
    assert_eq!(groups(&semaphore, &all), Some((vec![vec![1, 2]], vec![0])));
}

#[test]
fn a_lock_that_anyone_may_release_is_one_permit() {
    let (take, give) = (mutex::Op::Acquire(None), mutex::Op::Release(None));
    let lock = Mutex { check_owner: false };
    let taken = [(take, 0, 1), (give, 2, 3), (take, 4, 5), (take, 6, 7)];
    let parts = sound(&lock, &taken);
    assert!(parts.contains(&vec![2, 3]) && !parts.contains(&vec![0, 2, 3]));
    let all = readings(&taken);
    assert_eq!(groups(&lock, &all), Some((vec![vec![0, 1], vec![2], vec![3]], vec![])));
    let found_held = [(give, 0, 1), (take, 2, 3), (mutex::Op::Busy, 4, 5)];
    assert!(sound(&lock, &found_held).contains(&vec![2]), "it was given back before");
    let vague = [(take, 0, 1), (give, 2, 3), (mutex::Op::Try(None), 4, 5)];
    assert!(!sound(&lock, &vague).contains(&vec![2]), "it may have taken it, or not");
}

#[test]
fn only_tokens_that_tell_all_are_told() {
    let stale = stale();
    assert!(Projections::new(&register(), &stale).is_told());
    let put = items::Op::Put(value(1));
    let queue = FifoQueue::new(&[]);
    let all = readings(&[(put, 0, 1)]);
    let projections = Projections::new(&queue, &all);
    assert!(!projections.is_told() && projections.groups().is_none());
}
