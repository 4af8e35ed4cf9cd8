//! Frontiers against brute force: after every event of small random histories, there is a
//! configuration left if and only if what is known so far is linearizable. Bounds are compared,
//! too: whatever they are certain of is so.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::exact::Frontier;
use super::{Bounds, End, Halt};
use crate::check::{Budget, Meter};
use crate::history::{Rank, Span, Value, ValueTable};
use crate::model::{self, AnyModel, AnyOp, AnyState, Model};
use crate::tries::tries;

/// An operation: with nothing known of its output, whether that makes a difference, and with all.
struct Sample<Op> {
    unknown: Op,
    tells: bool,
    known: Op,
}

fn sample<Op: Clone>(unknown: Op, known: Op) -> Sample<Op> {
    Sample { unknown, tells: true, known }
}

fn mute<Op: Clone>(op: Op) -> Sample<Op> {
    Sample { unknown: op.clone(), tells: false, known: op }
}

impl<Op> Sample<Op> {
    fn map<To>(self, wrap: fn(Op) -> To) -> Sample<To> {
        Sample { unknown: wrap(self.unknown), tells: self.tells, known: wrap(self.known) }
    }
}

/// A model that is built in, as any model.
trait BuiltIn: Model {
    fn any(&self) -> AnyModel;
    fn any_op(op: Self::Op) -> AnyOp;
}

macro_rules! built_in {
    ($($model:ident)*) => {
        $(impl BuiltIn for model::$model {
            fn any(&self) -> AnyModel {
                AnyModel::$model(self.clone())
            }

            fn any_op(op: Self::Op) -> AnyOp {
                AnyOp::$model(op)
            }
        })*
    };
}

built_in! {
    Register MultiRegister ListAppend Kv Counter Set Mutex Semaphore FifoQueue UnorderedQueue
    AckedQueue Stack PriorityQueue Log Bank
}

/// What an operation will come to, and whether that is known when it is called.
struct Plan<Op> {
    sample: Sample<Op>,
    /// It fails, having observed that perhaps.
    fails: Option<Option<Op>>,
    /// Whether it may tell something by failing.
    observes: bool,
    crashes: bool,
    is_known: bool,
}

impl<Op: Clone> Plan<Op> {
    /// What is known of it when it is called; `None` if it does nothing, as is known.
    fn told(&self) -> Option<Op> {
        match &self.fails {
            Some(observed) if self.is_known => observed.clone(),
            None if self.is_known => Some(self.sample.known.clone()),
            _ => Some(self.sample.unknown.clone()),
        }
    }
}

/// An open operation: its slot, its place among those known, and what it will come to.
type Running<Op> = (u32, usize, Plan<Op>);

/// What an operation came to, or will come to, as far as is known.
struct Known<Op> {
    op: Option<Op>,
    span: Span,
}

struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0.next_u32() % bound
    }
}

/// Brute force: whether the operations that are not `placed` can be ordered from `state` on.
fn is_linearizable(
    model: &AnyModel,
    ops: &[(&AnyOp, Span)],
    placed: u32,
    state: &AnyState,
) -> bool {
    let left = || ops.iter().enumerate().filter(|(at, _)| placed >> at & 1 == 0);
    let first = left().map(|(_, (_, span))| span.ret).min().unwrap_or(Rank::NEVER);
    first == Rank::NEVER
        || left().filter(|(_, (_, span))| span.call < first).any(|(at, (op, _))| {
            let mut nexts = model.step(state, op);
            nexts.any(|next| is_linearizable(model, ops, placed | 1 << at, &next))
        })
}

/// Of so many histories one is bounded, too, which takes longer.
const BOUNDED: u64 = 8;

/// What a history came to.
struct Outcome {
    is_valid: bool,
    /// Whether bounds were certain of it, too.
    is_certain: bool,
    /// Whether a lean frontier was.
    is_sure: bool,
}

/// From so many configurations on, a lean frontier holds one of several that cover the same.
const LEAN: usize = 2;

/// The frontier of a history that is followed, a lean one, and bounds of it, as long as they may
/// tell anything.
struct Both {
    frontier: Frontier,
    lean: Frontier,
    bounds: Option<Bounds>,
}

impl Both {
    fn new(model: &AnyModel, seed: u64) -> Both {
        let frontier = Frontier::new(model.initial());
        let lean = Frontier::new(model.initial()).leaner(LEAN);
        let bounds = seed.is_multiple_of(BOUNDED).then(|| Bounds::new(model.initial()));
        Both { frontier, lean, bounds }
    }

    fn lose(&mut self, model: &AnyModel, op: &AnyOp) {
        self.frontier.lose(model, op);
        self.lean.lose(model, op);
        self.bounds.iter_mut().for_each(|bounds| bounds.lose(model, op));
    }

    /// An operation is called, of which this much is known. Returns its slot.
    fn call(&mut self, model: &AnyModel, op: AnyOp, plan: &Plan<AnyOp>) -> u32 {
        let (tells, observes) = (plan.sample.tells, plan.observes);
        let mut slot = 0;
        if let Some(bounds) = &mut self.bounds {
            if plan.is_known {
                bounds.call(model, op.clone())
            } else {
                bounds.call_unknown(model, op.clone(), tells, observes)
            };
        }
        for frontier in [&mut self.lean, &mut self.frontier] {
            if plan.is_known {
                slot = frontier.call(model, op.clone());
            } else {
                slot = frontier.call_unknown(model, op.clone(), tells, observes);
            }
        }
        slot
    }

    /// The operation in `slot` ends; also whether bounds are certain now that there is no
    /// linearization, and what the lean frontier says.
    fn end(
        &mut self,
        model: &AnyModel,
        (slot, end): (u32, End),
        meter: &Meter,
    ) -> (Result<(), Halt>, bool, Result<(), Halt>) {
        let ended = self.bounds.as_mut().map(|bounds| bounds.end(model, slot, end.clone(), meter));
        if !matches!(ended, Some(Ok(()))) {
            self.bounds = None;
        }
        let is_refuted = matches!(ended, Some(Err(Halt::Violation(_))));
        let lean = self.lean.end(model, slot, end.clone(), meter);
        (self.frontier.end(model, slot, end, meter), is_refuted, lean)
    }

    /// Whether the lean frontier is right, where it is certain and ended so.
    fn is_sure(&self, ended: &Result<(), Halt>, expected: bool) -> Option<bool> {
        match ended {
            Ok(()) => self.lean.is_certain().then_some(expected),
            Err(Halt::Violation(_)) => Some(!expected),
            Err(Halt::Stopped(_)) => None,
        }
    }

    /// Whether bounds are certain that there is a linearization.
    fn is_certain(&self) -> bool {
        self.bounds.as_ref().is_some_and(Bounds::is_certain)
    }
}

/// Runs one random history, and compares after every event.
fn run(model: &AnyModel, draw: &mut impl FnMut(&mut Dice) -> Plan<AnyOp>, seed: u64) -> Outcome {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
    let (processes, events) = (2 + dice.below(3), 6 + dice.below(12));
    let mut both = Both::new(model, seed);
    let mut open: Vec<Option<Running<AnyOp>>> = (0..processes).map(|_| None).collect();
    let mut known: Vec<Known<AnyOp>> = Vec::new();
    let meter = Meter::start(&Budget::default(), 0);
    for now in 0..events {
        let process = dice.below(processes) as usize;
        let (mut ended, mut is_refuted, mut lean) = (Ok(()), false, Ok(()));
        if u64::from(now) == seed / BOUNDED % 5 {
            both.bounds.iter_mut().for_each(Bounds::bound);
        }
        match open[process].take() {
            None => {
                let plan = draw(&mut dice);
                let unknown = &plan.sample.unknown;
                let span = Span { call: Rank::new(now as usize), ret: Rank::NEVER };
                if plan.is_known && plan.crashes {
                    both.lose(model, unknown);
                    known.push(Known { op: Some(unknown.clone()), span });
                    continue;
                }
                let told = plan.told();
                known.push(Known { op: told.clone(), span });
                let Some(told) = told else { continue };
                let slot = both.call(model, told, &plan);
                open[process] = Some((slot, known.len() - 1, plan));
            }
            Some((slot, at, plan)) => {
                let end = if plan.is_known {
                    known[at].span.ret = Rank::new(now as usize);
                    End::AsKnown
                } else if plan.crashes {
                    End::Lost
                } else {
                    known[at].span.ret = Rank::new(now as usize);
                    known[at].op = match &plan.fails {
                        Some(observed) => observed.clone(),
                        None => Some(plan.sample.known.clone()),
                    };
                    match plan.fails {
                        Some(observed) => End::Failed(observed),
                        None => End::Ok(plan.sample.known),
                    }
                };
                (ended, is_refuted, lean) = both.end(model, (slot, end), &meter);
            }
        }
        let told: Vec<(&AnyOp, Span)> =
            known.iter().filter_map(|known| Some((known.op.as_ref()?, known.span))).collect();
        let expected = is_linearizable(model, &told, 0, &model.initial());
        assert!(!is_refuted || !expected, "seed {seed}, event {now}: refuted, but {told:?}");
        let is_certain = both.is_certain();
        assert!(!is_certain || expected, "seed {seed}, event {now}: certain, but {told:?}");
        let is_sure = both.is_sure(&lean, expected);
        assert!(is_sure != Some(false), "seed {seed}, event {now}: lean, {told:?}");
        match ended {
            Ok(()) => assert!(expected, "seed {seed}, event {now}: {told:?}"),
            Err(Halt::Violation(_)) => {
                assert!(!expected, "seed {seed}, event {now}: {told:?}");
                let is_sure = is_sure.is_some();
                return Outcome { is_valid: false, is_certain: is_refuted, is_sure };
            }
            Err(Halt::Stopped(reason)) => panic!("{reason}"),
        }
    }
    let is_sure = both.lean.is_certain();
    Outcome { is_valid: true, is_certain: both.is_certain(), is_sure }
}

/// Runs many histories of operations that `draw` makes; some are valid, some not.
fn compare<M: BuiltIn>(model: &M, mut draw: impl FnMut(&mut Dice) -> Sample<M::Op>) {
    compare_failing(model, 1, |dice| (draw(dice), None));
}

/// The same, so many times as many, where failing operations may tell something.
fn compare_failing<M: BuiltIn>(
    model: &M,
    times: u32,
    mut draw: impl FnMut(&mut Dice) -> (Sample<M::Op>, Option<M::Op>),
) {
    let model = &model.any();
    // Appends that crash have many orders, all of which are tried.
    let usual = if matches!(model, AnyModel::Kv(_)) { 250 } else { 1000 };
    let runs = u64::from(tries(usual * times));
    let (mut valid, mut certain, mut sure) = (0, 0, 0);
    for seed in 0..runs {
        // Some histories are known from the start, some only as they go on.
        let knowing = seed % 4;
        // In some, much crashes.
        let crashes = if seed % 16 == 0 { 3 } else { 8 };
        let mut plan = |dice: &mut Dice| {
            let (sample, observed) = draw(dice);
            let (sample, observed) = (sample.map(M::any_op), observed.map(M::any_op));
            let observes = observed.is_some();
            let fails = (dice.below(8) == 0).then_some(observed);
            let is_known = u64::from(dice.below(3)) < knowing;
            Plan { sample, fails, observes, crashes: dice.below(crashes) == 0, is_known }
        };
        let Outcome { is_valid, is_certain, is_sure } = run(model, &mut plan, seed);
        sure += u64::from(is_sure);
        valid += u64::from(is_valid);
        certain += u64::from(is_certain);
    }
    let bounded = runs / BOUNDED;
    assert!(certain > bounded / 2, "bounds decide {certain} of {bounded}");
    assert!(sure > runs * 4 / 5, "a lean frontier decides {sure} of {runs}");
    assert!((runs / 50..runs * 49 / 50).contains(&valid), "{valid} of {runs} are valid");
}

fn values<const N: usize>() -> [Value; N] {
    let mut table = ValueTable::new();
    std::array::from_fn(|at| table.int(at as i64))
}

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
