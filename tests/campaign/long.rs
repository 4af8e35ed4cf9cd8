//! Long histories: 20 to 300 operations, mostly valid runs of a model in which up to three
//! operations were changed; of objects that use each value once or repeat some, and of the letters
//! of the alphabets.

use histcheck::formats::json_value;
use histcheck::history::ValueTable;
use histcheck::model::{AnyModel, Model};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::alphabets::letter;
use crate::histories::{Shape, long_shape};
use crate::objects::{KINDS, Object, Spelling, changed};
use crate::trial::{Campaign, Letter, Outcome, Spelled};
use crate::verdicts::{Counts, examine};

/// Tries long histories of every kind of object.
pub fn all(done: &mut dyn FnMut(Outcome), campaign: &Campaign) {
    for &kind in KINDS.iter().filter(|kind| campaign.wants(kind)) {
        let mut rng = ChaCha8Rng::seed_from_u64(campaign.seed);
        let mut counts = Counts::default();
        let outcome =
            (0..campaign.long).try_for_each(|_| try_object(kind, &mut rng, campaign, &mut counts));
        let name = format!("long::{kind}");
        let outcome = outcome.and_then(|()| counts.outcome(&name, campaign));
        done((name, outcome));
    }
}

fn try_object(
    kind: &'static str,
    rng: &mut ChaCha8Rng,
    campaign: &Campaign,
    counts: &mut Counts,
) -> Result<(), String> {
    let mut values = *[0, 0, 0, 0, 2, 3, 5, 20].choose(rng).expect("not empty");
    let is_register = matches!(kind, "register" | "cas-register");
    // Where values repeat and much overlaps, the search works on parts of a history.
    let wide = is_register && rng.random_bool(0.2);
    if wide {
        values = rng.random_range(3..=8);
    }
    let shape = random_shape(wide, rng);
    let Run { object, shape, operations, .. } = run(Object::random(kind, values, rng), shape, rng);
    let mut table = ValueTable::new();
    let initial = json_value(object.start(), &mut table).expect("JSON");
    let initial = Some(initial).filter(|value| !value.is_null());
    let options = object.options();
    let model = AnyModel::by_name(object.model(), initial, options, &table).expect("a model");
    Try { shape, operations, table, rng, campaign, counts }.run(&model)
}

/// What was done with an object.
pub struct Run {
    pub object: Object,
    pub shape: Shape,
    pub operations: Vec<Spelling>,
    /// The process of each operation.
    pub processes: Vec<i64>,
}

/// Operates on `object` as `shape` says; what cannot be done is left out.
pub fn run(mut object: Object, shape: Shape, rng: &mut ChaCha8Rng) -> Run {
    let processes = processes(&shape);
    // Owners that do one thing after the other, or whatever they like.
    let in_order = rng.random_bool(0.6);
    let mut operations = vec![None; shape.len()];
    for (_, at) in points(&shape, rng) {
        let mut after = object.clone();
        operations[at] = after.operate(in_order.then_some(processes[at]), rng);
        if shape[at].1.is_some() || rng.random_bool(0.5) {
            object = after;
        } else {
            object.fresh = after.fresh;
        }
    }
    let mut run = Run { object, shape: vec![], operations: vec![], processes: vec![] };
    for ((ends, operation), process) in shape.into_iter().zip(operations).zip(processes) {
        if let Some(operation) = operation {
            run.shape.push(ends);
            run.operations.push(operation);
            run.processes.push(process);
        }
    }
    run
}

/// The processes of a shape, as few as can be: one that crashed does nothing more.
pub fn processes(shape: &Shape) -> Vec<i64> {
    let mut busy_until: Vec<Option<u32>> = Vec::new();
    let mut processes = Vec::new();
    for &(call, ret) in shape {
        let is_free = |until: &Option<u32>| until.is_some_and(|until| until < call);
        let free = busy_until.iter().position(is_free).unwrap_or(busy_until.len());
        busy_until.resize(busy_until.len().max(free + 1), None);
        busy_until[free] = ret;
        processes.push(free as i64);
    }
    processes
}

/// When each operation takes effect, in that order.
fn points(shape: &Shape, rng: &mut impl Rng) -> Vec<(u64, usize)> {
    let mut points: Vec<(u64, usize)> = Vec::new();
    for (at, &(call, ret)) in shape.iter().enumerate() {
        let end = ret.unwrap_or(call + 40);
        points.push((rng.random_range(u64::from(call) * 1000..u64::from(end) * 1000), at));
    }
    points.sort_unstable();
    points
}

fn random_shape(wide: bool, rng: &mut impl Rng) -> Shape {
    let crashes = *[0.0, 0.0, 0.02, 0.05, 0.2].choose(rng).expect("not empty");
    let eager = *[0.4, 0.5, 0.7, 0.9].choose(rng).expect("not empty");
    if wide {
        let count = rng.random_range(150..=300);
        let width = rng.random_range(40..=60);
        return long_shape(rng, count, width, crashes / 10.0, 0.8);
    }
    let most = if rng.random_bool(0.3) { 300 } else { 80 };
    let count = rng.random_range(20..=most);
    let width = rng.random_range(2..=12);
    long_shape(rng, count, width, crashes, eager)
}

/// A history of an object, to be tried.
struct Try<'a> {
    shape: Shape,
    operations: Vec<Spelling>,
    table: ValueTable,
    rng: &'a mut ChaCha8Rng,
    campaign: &'a Campaign,
    counts: &'a mut Counts,
}

impl Try<'_> {
    fn run(self, model: &AnyModel) -> Result<(), String> {
        let Try { shape, mut operations, mut table, rng, campaign, counts } = self;
        let mut read = |operation: &Spelling| {
            let Spelling { function, input, output, process } = operation;
            letter(model, &(function, input, output, *process), &mut table)
        };
        for _ in 0..*[0, 1, 1, 2, 3].choose(rng).expect("not empty") {
            // The first half is changed seldom: most of a long history should matter.
            let at = rng.random_range(0..shape.len()).max(rng.random_range(0..shape.len()));
            let other = changed(&operations, at, rng);
            if read(&other).is_ok() {
                operations[at] = other;
            }
        }
        let alphabet = operations.iter().map(|operation| read(operation).expect("known")).collect();
        let letters: Vec<usize> = (0..shape.len()).collect();
        let spelled = Spelled { model: model.clone(), alphabet, basic: 0 };
        examine(&spelled, &shape, &letters, campaign, counts).map_err(|complaint| {
            let spelling = |&(at, ref text): &(usize, String)| {
                let Spelling { function, input, output, process } = &operations[at];
                format!("\n  {text} by {process}: {function} {input} -> {output}")
            };
            format!(
                "{}{}",
                complaint.text,
                complaint.operations.iter().map(spelling).collect::<String>()
            )
        })
    }
}

/// Tries long histories of the letters of an alphabet.
pub fn letters<M: Model>(
    campaign: &Campaign,
    name: &str,
    model: M,
    alphabet: Vec<Letter<M::Op>>,
) -> Outcome {
    let spelled = Spelled { model, alphabet, basic: 0 };
    let mut rng = ChaCha8Rng::seed_from_u64(campaign.seed);
    let mut counts = Counts::default();
    let outcome = (0..campaign.long).try_for_each(|_| {
        let (shape, letters) = random_history(&spelled, &mut rng);
        examine(&spelled, &shape, &letters, campaign, &mut counts).map_err(|complaint| {
            let show = |(at, text): &(usize, String)| {
                format!("\n  {text}: {:?}", spelled.alphabet[letters[*at]].0)
            };
            format!(
                "{}{}",
                complaint.text,
                complaint.operations.iter().map(show).collect::<String>()
            )
        })
    });
    let name = format!("long::letters::{name}");
    let outcome = outcome.and_then(|()| counts.outcome(&name, campaign));
    (name, outcome)
}

/// A long history of letters; operations for which no letter fits are left out.
fn random_history<M: Model>(spelled: &Spelled<M>, rng: &mut ChaCha8Rng) -> (Shape, Vec<usize>) {
    let shape = random_shape(false, rng);
    let all: Vec<usize> = (0..spelled.alphabet.len()).collect();
    let some = rng.random_range(2..=all.len());
    let mut few: Vec<usize> = all.sample(rng, some).copied().collect();
    let mut letters = vec![None; shape.len()];
    let mut state = spelled.model.initial();
    for (_, at) in points(&shape, rng) {
        few.shuffle(rng);
        if shape[at].1.is_none() && rng.random_bool(0.5) {
            letters[at] = Some(few[0]);
            continue;
        }
        for &letter in &few {
            let op = &spelled.alphabet[letter];
            let op = if shape[at].1.is_some() { &op.0 } else { &op.1 };
            let nexts: Vec<M::State> = spelled.model.step(&state, op).into_iter().collect();
            if let Some(next) = nexts.choose(rng) {
                letters[at] = Some(letter);
                state = next.clone();
                break;
            }
        }
    }
    let kept = shape.into_iter().zip(letters);
    let (shape, mut letters): (Shape, Vec<usize>) =
        kept.filter_map(|(ends, letter)| Some((ends, letter?))).unzip();
    for _ in 0..rng.random_range(0..=3) {
        if !letters.is_empty() {
            let at = rng.random_range(0..letters.len());
            letters[at] = *few.choose(rng).expect("not empty");
        }
    }
    (shape, letters)
}
