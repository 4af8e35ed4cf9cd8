//! Frontiers against brute force: after every event of small random histories, there is a
//! configuration left if and only if what is known so far is linearizable. Bounds are compared,
//! too: whatever they are certain of is so.

mod models;

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
