//! One model on trial: many histories, each decided by the checker and by brute force.

use std::collections::BTreeMap;

use histcheck::check::{Deciders, Decision, Failure};
use histcheck::history::OpIndex;
use histcheck::history::{Event, EventType};
use histcheck::model::{self, Call, Facts, Kind, Model, Reading, Rejection, Token};
use histcheck::proof::{
    Minimality, Refutation, is_minimal, is_sound_projection, refute, verify_order,
};
use histcheck::{History, HistoryBuilder, Options, Verdict, check_with};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::effort::{self, Effort};
use crate::explained;
use crate::histories::{Shape, random_shape, shapes};
use crate::shared::oracle::{Timed, is_linearizable};

/// How much to try.
pub struct Campaign {
    pub random: u64,
    pub exhaustive: usize,
    pub seed: u64,
    pub model: Option<String>,
    /// Long histories a trial.
    pub long: u64,
    /// Histories of which it is tried what they guarantee.
    pub guarantees: u64,
    /// Configurations that a long history may take.
    pub configurations: u64,
    /// Histories with wrong clocks a trial.
    pub skew: u64,
    /// Invalid histories a trial that are explained.
    pub explained: u64,
    /// What the histories of the default run may take.
    pub effort: effort::Table,
    /// What is said of the histories of the default run.
    pub said: explained::Table,
}

/// The name of a trial, and how it went.
pub type Outcome = (String, Result<String, String>);

/// An operation of the alphabet: as completed, and as known when it crashed.
pub type Letter<Op> = (Op, Op);

/// How many histories were valid and invalid, all in all and of those that each decider decided.
#[derive(Default)]
struct Counts {
    verdicts: [u64; 2],
    deciders: BTreeMap<&'static str, [u64; 2]>,
    effort: Effort,
}

/// A model whose operations are letters of an alphabet, written as integers in the history.
#[derive(Clone)]
pub struct Spelled<M: Model> {
    pub model: M,
    pub alphabet: Vec<Letter<M::Op>>,
    /// So many letters, the first, are tried exhaustively; random histories use all.
    pub basic: usize,
}

impl<M: Model> Model for Spelled<M> {
    type State = M::State;
    type Op = M::Op;
    type Next = M::Next;

    fn initial(&self) -> M::State {
        self.model.initial()
    }

    fn operation(&self, call: &Call<'_>) -> Result<M::Op, Rejection> {
        let letter = &self.alphabet[call.input.as_int().expect("a letter") as usize];
        Ok(if call.output.is_some() { letter.0.clone() } else { letter.1.clone() })
    }

    fn step(&self, state: &M::State, op: &M::Op) -> M::Next {
        self.model.step(state, op)
    }

    fn facts(&self, op: &M::Op) -> Facts {
        self.model.facts(op)
    }

    fn token(&self, state: &M::State) -> Option<Token> {
        self.model.token(state)
    }

    fn tokens_suffice(&self) -> bool {
        self.model.tokens_suffice()
    }

    fn touches(&self, op: &M::Op, touch: &mut dyn FnMut(Token)) -> bool {
        self.model.touches(op, touch)
    }

    fn kind(&self) -> Kind<M::Op> {
        self.model.kind()
    }

    fn focus(&mut self, operations: &[M::Op]) {
        self.model.focus(operations);
    }
}

impl Campaign {
    /// Whether the trial of this name was asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.model.as_deref().is_none_or(|model| model == name)
    }

    /// Tries `model` with `alphabet`, of which the first `basic` letters are tried exhaustively.
    pub fn run<M: Model>(
        &self,
        name: &str,
        model: M,
        alphabet: Vec<Letter<M::Op>>,
        basic: usize,
    ) -> Outcome {
        let spelled = Spelled { model, alphabet, basic };
        let mut counts = Counts::default();
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let outcome = (1..=self.exhaustive)
            .try_for_each(|count| every(&spelled, count, &mut counts))
            .and_then(|()| {
                (0..self.random).try_for_each(|_| {
                    let (shape, letters) = random_history(&spelled, &mut rng);
                    examine(&spelled, &shape, &letters, &mut counts)
                })
            });
        let outcome = outcome.and_then(|()| self.effort.hold(name, counts.effort)).and_then(|()| {
            let [valid, invalid] = counts.verdicts;
            // A campaign that only ever sees one verdict proves nothing.
            let balanced = valid.min(invalid) * 50 > valid + invalid;
            let mut summary = format!("{valid} valid, {invalid} invalid");
            for (decider, [valid, invalid]) in &counts.deciders {
                summary.push_str(&format!("; {decider}: {valid}, {invalid}"));
            }
            if balanced { Ok(summary) } else { Err(format!("one-sided: {summary}")) }
        });
        (name.to_owned(), outcome)
    }
}

/// Tries every history of `count` operations.
fn every<M: Model>(spelled: &Spelled<M>, count: usize, counts: &mut Counts) -> Result<(), String> {
    let letters = spelled.basic;
    let mut word = vec![0; count];
    for shape in shapes(count) {
        for number in 0..letters.pow(count as u32) {
            let mut rest = number;
            for letter in &mut word {
                (*letter, rest) = (rest % letters, rest / letters);
            }
            examine(spelled, &shape, &word, counts)?;
        }
    }
    Ok(())
}

/// A history that is likely linearizable, or was so before one operation was changed. It uses a few
/// letters only, so that values meet; or, as exact deciders want it, each letter that changes the
/// state only once.
pub fn random_history<M: Model>(spelled: &Spelled<M>, rng: &mut ChaCha8Rng) -> (Shape, Vec<usize>) {
    let count = rng.random_range(2..=10);
    let width = rng.random_range(1..=6);
    let crashes = *[0.0, 0.1, 0.3, 0.6].choose(rng).expect("not empty");
    let shape = random_shape(rng, count, width, crashes);
    let once = rng.random_bool(0.5);
    let letters = spelled.alphabet.len();
    let some = rng.random_range(if once { letters.div_ceil(2) } else { 2 }..=letters);
    let all: Vec<usize> = (0..spelled.alphabet.len()).collect();
    let few: Vec<usize> = all.sample(rng, some).copied().collect();
    let any = |rng: &mut ChaCha8Rng| *few.choose(rng).expect("not empty");
    let mut points: Vec<(u64, usize)> = Vec::new();
    for (at, &(call, ret)) in shape.iter().enumerate() {
        let end = ret.unwrap_or(call + 12);
        points.push((rng.random_range(u64::from(call) * 1000..u64::from(end) * 1000), at));
    }
    points.sort_unstable();
    let mut letters = vec![0; count];
    let mut used = vec![false; spelled.alphabet.len()];
    let mut state = spelled.model.initial();
    for (_, at) in points {
        letters[at] = any(rng);
        if shape[at].1.is_none() && rng.random_bool(0.5) {
            continue;
        }
        // Some letter that fits the state, if one is found soon.
        for _ in 0..30 {
            let letter = any(rng);
            if once && used[letter] {
                continue;
            }
            let op = &spelled.alphabet[letter];
            let op = if shape[at].1.is_some() { &op.0 } else { &op.1 };
            let nexts: Vec<M::State> = spelled.model.step(&state, op).into_iter().collect();
            if let Some(next) = nexts.choose(rng) {
                letters[at] = letter;
                state = next.clone();
                used[letter] = !spelled.model.facts(op).pure;
                break;
            }
        }
    }
    if rng.random_bool(0.6) {
        letters[rng.random_range(0..count)] = any(rng);
    }
    (shape, letters)
}

fn examine<M: Model>(
    spelled: &Spelled<M>,
    shape: &Shape,
    letters: &[usize],
    counts: &mut Counts,
) -> Result<(), String> {
    let timed = |horizon: u32| -> Vec<Timed<M::Op>> {
        let ends = shape.iter().zip(letters).filter(|((call, _), _)| *call <= horizon);
        ends.map(|(&(call, ret), &letter)| {
            let ret = ret.filter(|&ret| ret <= horizon);
            let (completed, crashed) = spelled.alphabet[letter].clone();
            Timed { op: if ret.is_some() { completed } else { crashed }, call, ret }
        })
        .collect()
    };
    let expected = is_linearizable(&spelled.model, &timed(u32::MAX));
    counts.verdicts[usize::from(!expected)] += 1;
    let history = write(shape, letters);
    let options = Options { threads: 1, ..Options::default() };
    let report = check_with(spelled, &history, &options).map_err(|error| error.to_string())?;
    let decided = counts.deciders.entry(report.keys[0].decided_by).or_default();
    decided[usize::from(!expected)] += 1;
    let searched = Options { deciders: Deciders::Search, ..options };
    let searched = check_with(spelled, &history, &searched).map_err(|error| error.to_string())?;
    counts.effort.add(&report, &searched);
    let complaint = match (&report.keys[0].decision, expected) {
        (Decision::Valid(certificate), true) => {
            let indices: Vec<_> = history.indices().collect();
            let readings = model::read(spelled, &history, &indices, None).expect("letters");
            verify_order(&spelled.model, &readings, &certificate.order)
                .err()
                .map(|error| format!("the certificate is wrong: {error}"))
                .or_else(|| check_parts(spelled, &history, shape))
        }
        (Decision::Invalid(failure), false) => {
            let Failure { operation, .. } = *failure;
            let horizon = failure.horizon.index() as u32;
            let first = !is_linearizable(&spelled.model, &timed(horizon))
                && is_linearizable(&spelled.model, &timed(horizon - 1))
                && shape[operation].1 == Some(horizon);
            let indices: Vec<_> = history.indices().collect();
            let readings =
                model::read(spelled, &history, &indices, Some(failure.horizon)).expect("letters");
            if !first {
                Some(format!("operation {operation} is not the first impossible one"))
            } else {
                check_core(spelled, &readings, failure)
            }
        }
        _ => Some(format!(
            "brute force says {expected}, {} {}",
            report.keys[0].decided_by, report.verdict
        )),
    };
    let complaint = complaint.or_else(|| {
        (searched.verdict != report.verdict)
            .then(|| format!("the search alone says {}", searched.verdict))
    });
    assert!(report.verdict != Verdict::Unknown, "no budget was set");
    match complaint {
        None => Ok(()),
        Some(complaint) => {
            let mut text = complaint;
            for (at, op) in timed(u32::MAX).iter().enumerate() {
                text.push_str(&format!("\n  {at}: {op:?}"));
            }
            Err(text)
        }
    }
}

/// What is wrong with a core: it must prove the violation, by itself and for the whole, and be
/// minimal where it claims to be.
fn check_core<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    failure: &Failure,
) -> Option<String> {
    let core = &failure.core;
    let part: Vec<Reading<M::Op>> =
        readings.iter().filter(|reading| core.contains(&reading.index)).cloned().collect();
    if !is_sound_projection(model, readings, core) {
        return Some(format!("{core:?} proves nothing about the whole"));
    }
    let refutation = refute(model, &part, usize::MAX);
    if refutation != Refutation::Confirmed {
        return Some(format!("{core:?} is no refutation: {refutation:?}"));
    }
    if !failure.is_minimal {
        return Some(format!("{core:?} is not known to be minimal"));
    }
    let minimality = is_minimal(model, readings, core);
    (minimality != Minimality::Minimal).then(|| format!("{core:?}: {minimality:?}"))
}

/// A part of a linearizable history that would prove the opposite: what stands for the whole must
/// be linearizable, too. Tries every part of few operations, and some of more.
fn check_parts<M: Model>(spelled: &Spelled<M>, history: &History, shape: &Shape) -> Option<String> {
    let indices: Vec<_> = history.indices().collect();
    let readings = model::read(spelled, history, &indices, None).expect("letters");
    let parts = 1u32 << readings.len();
    let step = parts.div_ceil(PARTS) | 1;
    (1..parts).step_by(step as usize).find_map(|part| {
        let is_in = |index: &OpIndex| part >> index.index() & 1 == 1;
        let core: Vec<OpIndex> = indices.iter().copied().filter(is_in).collect();
        if !is_sound_projection(spelled, &readings, &core) {
            return None;
        }
        let timed: Vec<Timed<M::Op>> = core
            .iter()
            .map(|&index| {
                let reading = &readings[index];
                let (call, ret) = shape[index];
                Timed { op: reading.op.clone(), call, ret }
            })
            .collect();
        (!is_linearizable(&spelled.model, &timed))
            .then(|| format!("{core:?} would prove a violation where there is none"))
    })
}

/// So many parts of a history are tried.
const PARTS: u32 = 40;

/// The history of a shape: each operation by a process of its own.
pub fn write(shape: &Shape, letters: &[usize]) -> History {
    let mut ends: Vec<(u32, usize, bool)> = Vec::new();
    for (at, &(call, ret)) in shape.iter().enumerate() {
        ends.push((call, at, true));
        ends.extend(ret.map(|ret| (ret, at, false)));
    }
    ends.sort_unstable();
    let mut builder = HistoryBuilder::default();
    let mut rank = 0;
    for (end, at, is_call) in ends {
        // Records count as ranks: fill the gaps with a nemesis.
        while rank < end {
            add(&mut builder, None, true, 0);
            rank += 1;
        }
        add(&mut builder, Some(at), is_call, letters[at]);
        rank += 1;
    }
    builder.build().expect("a history")
}

fn add(builder: &mut HistoryBuilder, process: Option<usize>, is_call: bool, letter: usize) {
    let values = builder.values();
    let value = values.int(letter as i64);
    let process = match process {
        Some(process) => values.int(process as i64),
        None => values.text("nemesis"),
    };
    let kind = if is_call { EventType::Invoke } else { EventType::Ok };
    let event = Event { process, kind, function: "op", value, key: None, time: None };
    builder.event(&event).expect("an event");
}
