//! Small histories: every certificate verifies, and none that is altered does unless brute force
//! agrees with it. So what verifies is tried in both directions.

use histcheck::check::{Decision, Failure};
use histcheck::history::OpIndex;
use histcheck::history::Rank;
use histcheck::model::{self, AnyModel, Model, Reading};
use histcheck::proof::{
    Minimality, Proof, Refutation, is_minimal, is_sound_projection, refute, verify_order,
};
use histcheck::{History, Options};

use super::choices::Choices;
use super::shared::oracle::{Timed, is_linearizable};
use super::small::Small;

/// So many alterations are tried.
const ALTERATIONS: usize = 12;

/// Checks the history that `data` makes, and alters its certificate.
pub fn proof(data: &[u8]) {
    let mut choices = Choices::new(data);
    let small = Small::chosen(&mut choices);
    Trial { small: &small, choices }.run(&small.model);
}

struct Trial<'a, 'b> {
    small: &'a Small,
    choices: Choices<'b>,
}

impl Trial<'_, '_> {
    fn run(mut self, model: &AnyModel) {
        let small = self.small;
        let options = Options { self_check: true, ..small.options.clone() };
        let report = histcheck::check(&small.history, &options).expect("letters");
        let key = &report.keys[0];
        let shown = || format!("{}: {}", key.decided_by, small.shown());
        assert_eq!(key.proof, Some(Proof::Confirmed), "{}", shown());
        match &key.decision {
            Decision::Valid(certificate) => {
                let readings = read(model, &small.history, None);
                self.orders(model, &readings, &certificate.order);
                self.parts(model, &readings);
            }
            Decision::Invalid(failure) => self.core(model, failure),
            Decision::Unknown(reason) => panic!("no budget was set: {reason}: {}", shown()),
        }
    }
}

impl Trial<'_, '_> {
    /// Alters a linearization: leaves out, doubles, adds and moves operations.
    fn orders<M: Model>(&mut self, model: &M, readings: &[Reading<M::Op>], order: &[OpIndex]) {
        let try_order = |order: &[OpIndex]| {
            let verified = verify_order(model, readings, order);
            let expected = is_order(model, readings, order);
            assert_eq!(
                verified.is_ok(),
                expected,
                "{order:?}: {verified:?}: {}",
                self.small.shown()
            );
        };
        try_order(order);
        try_order(&[order, &[OpIndex::new(readings.len() + 100)]].concat());
        let mut altered = order.to_vec();
        for _ in 0..ALTERATIONS {
            let (how, at) = (self.choices.below(4), self.choices.below(16));
            let len = altered.len();
            match how {
                _ if len == 0 => altered.extend(order),
                0 => drop(altered.remove(at % len)),
                1 => altered.push(order[at % order.len()]),
                2 => altered.swap(at % len, (at + 1) % len),
                _ => altered = order.to_vec(),
            }
            try_order(&altered);
        }
    }

    /// No part of a linearizable history proves that it is not.
    fn parts<M: Model>(&mut self, model: &M, readings: &[Reading<M::Op>]) {
        for _ in 0..ALTERATIONS {
            let part = self.part(readings);
            assert!(
                !proves(model, readings, &part),
                "{part:?} would prove a violation: {}",
                self.small.shown()
            );
        }
    }

    /// What is left out of a minimal core is missed, and each part that proves the violation proves
    /// what is true: that the history was impossible at its horizon.
    fn core<M: Model>(&mut self, model: &M, failure: &Failure) {
        let Failure { horizon, core, .. } = failure;
        let shown = || self.small.shown();
        let readings = read(model, &self.small.history, Some(*horizon));
        assert!(proves(model, &readings, core), "{core:?} proves nothing: {}", shown());
        if failure.is_minimal {
            let minimality = is_minimal(model, &readings, core);
            assert_eq!(minimality, Minimality::Minimal, "{core:?}: {}", shown());
        }
        // Just before, nothing was wrong.
        let before = read(model, &self.small.history, Some(horizon.previous()));
        assert!(!proves(model, &before, core), "{core:?} proves too much: {}", shown());
        for at in 0..core.len() {
            let mut fewer = core.clone();
            let left_out = fewer.remove(at);
            let is_needless = !fewer.is_empty() && proves(model, &readings, &fewer);
            assert!(
                !failure.is_minimal || !is_needless,
                "{core:?} does without {left_out}: {}",
                shown()
            );
        }
        self.parts(model, &before);
    }

    /// Some of `readings`, by their indices.
    fn part<Op>(&mut self, readings: &[Reading<Op>]) -> Vec<OpIndex> {
        let bits = self.choices.byte();
        let kept = readings.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
        kept.map(|(_, reading)| reading.index).collect()
    }
}

fn read<M: Model>(model: &M, history: &History, horizon: Option<Rank>) -> Vec<Reading<M::Op>> {
    let indices: Vec<_> = history.indices().collect();
    model::read(model, history, &indices, horizon).expect("letters")
}

/// Whether the verifier takes `core` for a proof; where it does, or does not refute it by itself,
/// brute force has to agree.
fn proves<M: Model>(model: &M, readings: &[Reading<M::Op>], core: &[OpIndex]) -> bool {
    let part: Vec<Reading<M::Op>> =
        readings.iter().filter(|reading| core.contains(&reading.index)).cloned().collect();
    let refuted = refute(model, &part, usize::MAX) == Refutation::Confirmed;
    let timed: Vec<Timed<M::Op>> = part.iter().map(timed).collect();
    assert_eq!(refuted, !is_linearizable(model, &timed), "{core:?} of {readings:?}");
    refuted && is_sound_projection(model, readings, core)
}

fn timed<Op: Clone>(reading: &Reading<Op>) -> Timed<Op> {
    let number = |rank: Rank| rank.index() as u32;
    let ret = reading.span.has_returned().then_some(number(reading.span.ret));
    Timed { op: reading.op.clone(), call: number(reading.span.call), ret }
}

/// Whether `order` is a linearization, by its definition: no operation twice, none missing that
/// completed, none behind one that was called after its return, and a way through the states.
fn is_order<M: Model>(model: &M, readings: &[Reading<M::Op>], order: &[OpIndex]) -> bool {
    let find = |&index: &OpIndex| readings.iter().find(|reading| reading.index == index);
    let Some(placed) = order.iter().map(find).collect::<Option<Vec<_>>>() else { return false };
    let is_once = (0..order.len()).all(|at| !order[..at].contains(&order[at]));
    let is_whole = readings
        .iter()
        .map(timed)
        .zip(readings)
        .all(|(timed, reading)| timed.ret.is_none() || order.contains(&reading.index));
    let in_time = (0..placed.len())
        .all(|at| placed[..at].iter().all(|earlier| placed[at].span.ret > earlier.span.call));
    let runs = |placed: &[&Reading<M::Op>]| is_run(model, &model.initial(), placed);
    is_once && is_whole && in_time && runs(&placed)
}

fn is_run<M: Model>(model: &M, state: &M::State, placed: &[&Reading<M::Op>]) -> bool {
    let Some((first, rest)) = placed.split_first() else { return true };
    model.step(state, &first.op).into_iter().any(|next| is_run(model, &next, rest))
}
