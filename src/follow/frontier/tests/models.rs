//! The comparisons, model by model: what operations are drawn, and what a frontier need not hold.

use super::*;

#[test]
fn registers() {
    use model::register::Op;
    let v: [Value; 4] = values();
    let model = model::Register { initial: v[0], has_cas: true, failed_cas_observes: true };
    compare_failing(&model, 1, |dice| {
        let mut any = || v[dice.below(4) as usize];
        let (a, b) = (any(), any());
        match dice.below(5) {
            0 | 1 => (sample(Op::Read(None), Op::Read(Some(a))), None),
            2 => (mute(Op::Write(a)), None),
            3 => (sample(Op::Cas(a, b), Op::Cas(a, b)), Some(Op::CasMismatch(a))),
            _ => (sample(Op::Cas(a, b), Op::CasMismatch(a)), Some(Op::CasMismatch(a))),
        }
    });
    compare(&model, |dice| {
        let value = v[dice.below(4) as usize];
        match dice.below(2) {
            0 => sample(Op::Read(None), Op::Read(Some(value))),
            _ => mute(Op::Write(value)),
        }
    });
}

#[test]
fn counters() {
    use model::counter::Op;
    let model = model::Counter { initial: 1 };
    compare(&model, |dice| {
        let delta = i64::from(dice.below(3)) + 1;
        let before = Some(i128::from(dice.below(6)).into());
        match dice.below(4) {
            0 => sample(Op { delta: 0, before: None }, Op { delta: 0, before }),
            1 => sample(Op { delta, before: None }, Op { delta, before }),
            _ => mute(Op { delta, before: None }),
        }
    });
}

#[test]
fn sets() {
    use model::set::Op;
    let v: [Value; 3] = values();
    compare(&model::Set::default(), |dice| {
        let item = v[dice.below(3) as usize];
        let answer = Some(dice.below(2) == 0);
        match dice.below(5) {
            0 => sample(Op::Add(item, None), Op::Add(item, answer)),
            1 => sample(Op::Add(item, None), Op::Add(item, None)),
            2 => sample(Op::Remove(item, None), Op::Remove(item, None)),
            3 => sample(Op::Contains(item, None), Op::Contains(item, answer)),
            _ => {
                let items: Vec<Value> = v.iter().copied().filter(|_| dice.below(2) == 0).collect();
                sample(Op::Read(None), Op::Read(model::set::Listing::of(&items)))
            }
        }
    });
}

#[test]
fn locks() {
    use model::mutex::Op;
    let v: [Value; 2] = values();
    compare(&model::Mutex { check_owner: true }, |dice| {
        let who = Some(v[dice.below(2) as usize]);
        match dice.below(6) {
            0 | 1 => mute(Op::Acquire(who)),
            2 | 3 => mute(Op::Release(who)),
            4 => sample(Op::Try(who), Op::Acquire(who)),
            _ => sample(Op::Try(who), Op::Busy),
        }
    });
    use model::semaphore::Op as Permits;
    compare(&model::Semaphore { permits: 3 }, |dice| {
        let count = u64::from(dice.below(2)) + 1;
        match dice.below(6) {
            0 | 1 => mute(Permits::Acquire(count)),
            2 | 3 => mute(Permits::Release(count)),
            4 => sample(Permits::Try(count), Permits::Acquire(count)),
            _ => sample(Permits::Try(count), Permits::Busy(count)),
        }
    });
}

#[test]
fn queues() {
    use model::items::{Found, Op};
    let v: [Value; 3] = values();
    let mut draw = |dice: &mut Dice| {
        let item = v[dice.below(3) as usize];
        let found = if dice.below(4) == 0 { Found::Empty } else { Found::Item(item) };
        match dice.below(5) {
            0 | 1 => mute(Op::Put(item)),
            2 | 3 => sample(Op::Take(Found::Any), Op::Take(found)),
            _ => sample(Op::Peek(Found::Any), Op::Peek(found)),
        }
    };
    compare(&model::FifoQueue::default(), &mut draw);
    compare(&model::Stack::default(), &mut draw);
    compare(&model::UnorderedQueue::default(), &mut draw);
}

#[test]
fn priority_queues() {
    use model::priority_queue::{End, Found, Op};
    let v: [Value; 3] = values();
    let table = ValueTable::new();
    let items = v.map(|value| {
        let view = model::View { table: &table, value };
        let queue = model::PriorityQueue::new(End::Min, &[view]).unwrap();
        match queue.kind() {
            model::Kind::PriorityQueue { initial, .. } => initial[0],
            _ => unreachable!(),
        }
    });
    compare(&model::PriorityQueue::new(End::Min, &[]).unwrap(), |dice| {
        let item = items[dice.below(3) as usize];
        let end = if dice.below(2) == 0 { End::Min } else { End::Max };
        let found = if dice.below(4) == 0 { Found::Empty } else { Found::Item(item) };
        match dice.below(5) {
            0 | 1 => mute(Op::Put(item)),
            2 | 3 => sample(Op::Take(end, Found::Any), Op::Take(end, found)),
            _ => sample(Op::Peek(end, Found::Any), Op::Peek(end, found)),
        }
    });
}

#[test]
fn strings() {
    use model::kv::{Content, Op};
    use model::persistent::Text;
    compare(&model::Kv::new(None), |dice| {
        let text =
            |dice: &mut Dice| Text::new(["", "a", "b", "ab", "ba", "aa"][dice.below(6) as usize]);
        match dice.below(5) {
            0 | 1 => {
                let seen = match dice.below(6) {
                    0 => Content::Absent,
                    _ => Content::Text(text(dice)),
                };
                sample(Op::Get(None), Op::Get(Some(seen)))
            }
            2 => mute(Op::Put(Content::Text(text(dice)))),
            3 => mute(Op::Put(Content::Absent)),
            _ => mute(Op::Append(text(dice))),
        }
    });
}

/// Keys whose updates return what they found, and sums.
#[test]
fn keys() {
    use std::sync::Arc;

    use model::counter::{Op as Sum, Wide};
    use model::kv::{Content, Op};
    use model::persistent::Text;
    compare(&model::Kv::new(None), |dice| {
        let number = |number: i128| Content::Int(Wide::from(number));
        let mut any = || match dice.below(6) {
            0 => Content::Absent,
            1 => Content::Text(Text::new("")),
            n => number(i128::from(n) - 2),
        };
        let (old, new) = (any(), any());
        let change = Op::Cas(Arc::new([old.clone(), new.clone()]));
        let set = Op::Cas(Arc::new([Content::Absent, new.clone()]));
        let sum = |before: Option<i128>| Op::Add(Sum { delta: 1, before: before.map(Wide::from) });
        match dice.below(12) {
            0..=2 => sample(Op::Get(None), Op::Get(Some(old))),
            3 => sample(Op::Put(new.clone()), Op::Put(new)),
            4 | 5 => sample(Op::Put(new), change),
            6 => sample(change.clone(), change),
            7 => sample(change, Op::Mismatch(old)),
            8 => sample(set.clone(), set),
            9 => sample(set, Op::Get(Some(number(1)))),
            10 => mute(sum(None)),
            _ => sample(sum(None), sum(Some(i128::from(dice.below(3))))),
        }
    });
}

/// Without sums, so that tokens tell everything: what an update returns may be what it found.
#[test]
fn replaced_values() {
    use std::sync::Arc;

    use model::counter::Wide;
    use model::kv::{Content, Op};
    compare_failing(&model::Kv::new(None), 50, |dice| {
        let mut any = || match dice.below(4) {
            0 => Content::Absent,
            n => Content::Int(Wide::from(i128::from(n))),
        };
        let (old, new) = (any(), any());
        let change = Op::Cas(Arc::new([old.clone(), new.clone()]));
        let sample = match dice.below(6) {
            0..=2 => sample(Op::Get(None), Op::Get(Some(old))),
            3 => sample(Op::Put(new.clone()), Op::Put(new)),
            4 => mute(Op::Put(new)),
            _ => sample(Op::Put(new), change),
        };
        (sample, None)
    });
}

#[test]
fn logs() {
    use model::log::Op;
    let v: [Value; 2] = values();
    compare(&model::Log::default(), |dice| {
        let mut some = |most: u32| -> std::sync::Arc<[Value]> {
            let count = dice.below(most + 1);
            (0..count).map(|_| v[dice.below(2) as usize]).collect()
        };
        let (seen, beginning) = (some(3), some(2));
        let value = v[dice.below(2) as usize];
        let at = dice.below(3);
        match dice.below(7) {
            0 | 1 => sample(Op::Append(value, None), Op::Append(value, None)),
            2 => sample(Op::Append(value, None), Op::Append(value, Some(at))),
            3 => sample(Op::ReadAny, Op::Read(seen)),
            4 => sample(Op::ReadAny, Op::ReadPrefix(beginning)),
            5 => sample(Op::ReadAny, Op::ReadFrom(at, beginning)),
            _ => sample(Op::ReadAny, Op::ReadAt(at, value)),
        }
    });
}

#[test]
fn transactions() {
    use model::multi_register::Op;
    let v: [Value; 3] = values();
    compare(&model::MultiRegister::new(v[0], &[]), |dice| {
        let mut some = || -> Vec<(Value, Value)> {
            let keys = v.iter().take(2).filter(|_| dice.below(2) == 0);
            keys.copied()
                .collect::<Vec<_>>()
                .iter()
                .map(|&key| (key, v[dice.below(3) as usize]))
                .collect()
        };
        let (expects, writes) = (some(), some());
        sample(Op::new(false, &[], &writes), Op::new(false, &expects, &writes))
    });
}

#[test]
fn queues_with_acknowledgements() {
    use model::acked_queue::Op;
    use model::items::Found;
    let v: [Value; 2] = values();
    compare(&model::AckedQueue::default(), |dice| {
        let item = v[dice.below(2) as usize];
        match dice.below(7) {
            0 | 1 => mute(Op::Put(item)),
            2 | 3 => sample(Op::Take(Found::Any), Op::Take(Found::Item(item))),
            4 => sample(Op::Take(Found::Any), Op::Take(Found::Empty)),
            5 => mute(Op::Ack(item)),
            _ => mute(Op::Nack(item)),
        }
    });
}

#[test]
fn lists() {
    use std::sync::Arc;

    use model::list_append::{Items, Op};
    let v: [Value; 3] = values();
    compare(&model::ListAppend::default(), |dice| {
        let mut some = |least: u32| -> Items {
            let lists = v.iter().take(2).filter(|_| dice.below(2) == 0);
            let lists: Vec<Value> = lists.copied().collect();
            let mut items = || {
                let count = least + dice.below(2);
                (0..count).map(|_| v[dice.below(2) as usize]).collect()
            };
            lists.into_iter().map(|list| (list, items())).collect()
        };
        let (expects, appends) = (some(0), some(1));
        let op =
            |expects, appends| Arc::new(Op { contradictory: false, expects, appends, turn: None });
        sample(op(Items::default(), appends.clone()), op(expects, appends))
    });
}

#[test]
fn accounts() {
    use model::bank::Op;
    let mut table = ValueTable::new();
    let v: [Value; 2] = std::array::from_fn(|at| table.int(at as i64));
    let ten = table.int(3);
    let bank = model::Bank::new(Some(model::View { table: &table, value: ten })).unwrap();
    assert!(!bank.learns());
    compare(&bank, |dice| {
        let amount = i64::from(dice.below(3)) + 1;
        let account = v[dice.below(2) as usize];
        let none = Op::Read(std::sync::Arc::from([]));
        match dice.below(5) {
            0 => mute(Op::Transfer(v[0], v[1], amount)),
            1 => mute(Op::Transfer(v[1], v[0], amount)),
            2 => mute(Op::Deposit(account, amount)),
            3 => sample(Op::Withdraw(account, amount), Op::Refused(account, amount)),
            _ => {
                let seen = v.map(|account| (account, i128::from(dice.below(6))));
                let count = 1 + dice.below(2) as usize;
                sample(none, Op::Read(seen[..count].iter().copied().collect()))
            }
        }
    });
}

#[test]
fn overlapping_reads_do_not_pile_up() {
    use model::register::Op;
    let v: [Value; 100] = values();
    let model = model::Register { initial: v[0], has_cas: false, failed_cas_observes: false }.any();
    let meter = Meter::start(&Budget::default(), 0);
    let mut frontier = Frontier::new(model.initial());
    let read = |seen| AnyOp::Register(Op::Read(seen));
    let wrote = |value| AnyOp::Register(Op::Write(value));
    let mut first = frontier.call_unknown(&model, read(None), true, false);
    for round in 0..33 {
        let [a, b, c] = [1, 2, 3].map(|at| v[(round * 3 + at) % 100]);
        let write = |frontier: &mut Frontier, value| {
            frontier.call_unknown(&model, wrote(value), false, false)
        };
        let (one, two) = (write(&mut frontier, a), write(&mut frontier, b));
        for (slot, value) in [(one, a), (two, b)] {
            frontier.end(&model, slot, End::Ok(wrote(value)), &meter).unwrap();
        }
        let second = frontier.call_unknown(&model, read(None), true, false);
        frontier.end(&model, first, End::Ok(read(Some(a))), &meter).unwrap();
        let three = write(&mut frontier, c);
        frontier.end(&model, three, End::Ok(wrote(c)), &meter).unwrap();
        first = frontier.call_unknown(&model, read(None), true, false);
        frontier.end(&model, second, End::Ok(read(Some(c))), &meter).unwrap();
        assert!(frontier.configs().len() <= 4, "{} after round {round}", frontier.configs().len());
    }
}
