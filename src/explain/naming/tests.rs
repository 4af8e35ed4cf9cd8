//! Tests of the recognizers for single kinds: against histories of simulated objects with faults.
//!
//! A proof must hold by itself: on a history that is valid, no recognizer may prove anything,
//! whichever operation it is told to blame. And what it proves on others must be so by a
//! definition of its own here. With `HISTCHECK_SHOW` in the environment, examples are printed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Session;
use crate::check::{Budget, Decision, Failure, Meter};
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::case::Case;
use crate::explain::violations::Violation;
use crate::formats::json_value;
use crate::history::{Event, EventType, OpIndex, Operation, Outcome};
use crate::history::{Rank, Record, Value, ValueTable};
use crate::model::{self, AnyModel, AnyOp, Call, Model, ModelOptions, View};
use crate::tries::tries;
use crate::{History, Options, Verdict, check};

/// A function with an input and the outputs that it may have, as JSON.
type Letter = (&'static str, &'static str, &'static [&'static str]);

/// A model, what it starts from, and what is done to it.
struct Trial(&'static str, &'static str, &'static [Letter]);

const ITEMS: &[&str] = &["1", "2", "3", "null"];
const IDS: &[&str] = &["1", "2", "3", "4", "5", "6", "7", "8", "9"];
const SETS: &[&str] = &["[]", "[1]", "[2]", "[3]", "[1,2]", "[1,3]", "[2,3]", "[1,2,3]"];
const NUMBERS: &[&str] = &["0", "1", "2", "3", "4", "5", "6", "7", "-1", "-2"];
const TEXTS: &[&str] = &[
    "null", r#""a""#, r#""b""#, r#""c""#, r#""ab""#, r#""ba""#, r#""ac""#, r#""ca""#, r#""bc""#,
    r#""cb""#, r#""abc""#, r#""acb""#, r#""bac""#, r#""bca""#, r#""cab""#, r#""cba""#, r#""pa""#,
    r#""p""#, r#""pab""#, r#""pb""#, r#""pba""#, r#""aa""#, r#""aab""#,
];
const LOGS: &[&str] = &[
    "[]", "[1]", "[2]", "[1,2]", "[2,1]", "[3]", "[1,3]", "[3,1]", "[2,3]", "[3,2]", "[1,2,3]",
    "[1,3,2]", "[2,1,3]", "[2,3,1]", "[3,1,2]", "[3,2,1]", "[1,1]", "[1,1,2]", "[2,1,1]",
];
const BALANCES: &[&str] =
    &["[2,2]", "[1,3]", "[0,4]", "[3,1]", "[4,0]", "[-1,5]", "[2,1]", "[1,2]", "[3,2]", "[2,3]"];
const PAIRS: &[&str] = &[
    r#"[["r","x",null],["r","y",null]]"#,
    r#"[["r","x",1],["r","y",null]]"#,
    r#"[["r","x",null],["r","y",1]]"#,
    r#"[["r","x",1],["r","y",1]]"#,
    r#"[["r","x",2],["r","y",1]]"#,
    r#"[["r","x",1],["r","y",2]]"#,
    r#"[["r","x",2],["r","y",2]]"#,
    r#"[["r","x",2],["r","y",null]]"#,
    r#"[["r","x",null],["r","y",2]]"#,
];
const LISTS: &[&str] = &[
    r#"[["r","x",[]],["r","y",null]]"#,
    r#"[["r","x",[1]],["r","y",null]]"#,
    r#"[["r","x",[]],["r","y",[1]]]"#,
    r#"[["r","x",[1]],["r","y",[1]]]"#,
    r#"[["r","x",[2,5]],["r","y",[1,2]]]"#,
    r#"[["r","x",[1,2,5]],["r","y",[2]]]"#,
    r#"[["r","x",[2,5,1]],["r","y",[2,1]]]"#,
    r#"[["r","x",[2]],["r","y",[]]]"#,
    r#"[["r","x",[1,1]],["r","y",[1]]]"#,
    r#"[["r","x",[2,5,3]],["r","y",[2]]]"#,
];

const TRIALS: &[Trial] = &[
    Trial("fifo-queue", "null", QUEUE),
    Trial("unordered-queue", "null", QUEUE),
    Trial("fifo-queue", "[3]", QUEUE),
    Trial(
        "stack",
        "null",
        &[
            ("push", "1", &["null"]),
            ("push", "2", &["null"]),
            ("push", "3", &["null"]),
            ("pop", "null", ITEMS),
            ("pop", "null", ITEMS),
            ("pop", "null", ITEMS),
            ("peek", "null", ITEMS),
        ],
    ),
    Trial(
        "priority-queue",
        "null",
        &[
            ("insert", "1", &["null"]),
            ("insert", "2", &["null"]),
            ("insert", "3", &["null"]),
            ("delete-min", "null", ITEMS),
            ("delete-min", "null", ITEMS),
            ("delete-max", "null", ITEMS),
            ("peek-min", "null", ITEMS),
        ],
    ),
    Trial("set", "null", SET),
    Trial("set", "[3]", SET),
    Trial(
        "set",
        "null",
        &[
            ("add", "1", &["null"]),
            ("add", "2", &["null"]),
            ("add", "3", &["null"]),
            ("read", "null", SETS),
            ("read", "null", SETS),
        ],
    ),
    Trial(
        "log",
        "null",
        &[
            ("append", "1", &["null"]),
            ("append", "2", &["null"]),
            ("append", "3", &["null", "0"]),
            ("read", "null", LOGS),
            ("read", "null", LOGS),
            ("read-prefix", "null", LOGS),
        ],
    ),
    Trial(
        "log",
        "[3]",
        &[
            ("append", "7", &["0", "1", "2", "3"]),
            ("append", "8", &["0", "1", "2", "3"]),
            ("append", "9", &["0", "1", "2", "3"]),
            ("read", "1", &["7", "8", "9", "3", "null"]),
            ("read-from", "1", &["[]", "[7]", "[8]", "[7,8]", "[8,7]", "[7,8,9]", "[9]", "[9,7]"]),
        ],
    ),
    Trial(
        "kv",
        "null",
        &[
            ("append", r#""a""#, &["null"]),
            ("append", r#""b""#, &["null"]),
            ("append", r#""c""#, &["null"]),
            ("get", "null", TEXTS),
            ("get", "null", TEXTS),
        ],
    ),
    Trial(
        "kv",
        "null",
        &[
            ("append", r#""a""#, &["null"]),
            ("append", r#""b""#, &["null"]),
            ("put", r#""p""#, &["null"]),
            ("put", r#""c""#, &["null"]),
            ("delete", "null", &["null"]),
            ("get", "null", TEXTS),
            ("get", "null", TEXTS),
        ],
    ),
    Trial(
        "counter",
        "0",
        &[
            ("add", "1", &["null"]),
            ("add", "2", &["null"]),
            ("read", "null", NUMBERS),
            ("read", "null", NUMBERS),
            ("get-and-add", "1", NUMBERS),
            ("add-and-get", "2", NUMBERS),
        ],
    ),
    Trial(
        "counter",
        "1",
        &[
            ("add", "2", &["null"]),
            ("dec", "1", &["null"]),
            ("read", "null", NUMBERS),
            ("read", "null", NUMBERS),
            ("get-and-add", "1", NUMBERS),
        ],
    ),
    Trial(
        "counter",
        "7",
        &[
            ("dec", "2", &["null"]),
            ("dec", "1", &["null"]),
            ("read", "null", NUMBERS),
            ("get-and-dec", "1", NUMBERS),
        ],
    ),
    Trial(
        "mutex",
        "null",
        &[
            ("acquire", "null", &["null"]),
            ("release", "null", &["null"]),
            ("try-acquire", "null", &["true", "false"]),
        ],
    ),
    Trial(
        "semaphore",
        "2",
        &[
            ("acquire", "null", &["null"]),
            ("acquire", "2", &["null"]),
            ("release", "null", &["null"]),
            ("try-acquire", "null", &["true", "false"]),
        ],
    ),
    Trial(
        "multi-register",
        "null",
        &[
            ("txn", r#"[["w","x",1]]"#, &["null"]),
            ("txn", r#"[["w","y",1]]"#, &["null"]),
            ("txn", r#"[["w","x",2],["w","y",2]]"#, &["null"]),
            ("txn", r#"[["r","x",null],["r","y",null]]"#, PAIRS),
            ("txn", r#"[["r","x",null],["r","y",null]]"#, PAIRS),
            (
                "txn",
                r#"[["r","x",null],["w","x",3]]"#,
                &[
                    r#"[["r","x",null],["w","x",3]]"#,
                    r#"[["r","x",1],["w","x",3]]"#,
                    r#"[["r","x",2],["w","x",3]]"#,
                ],
            ),
            (
                "txn",
                r#"[["r","x",null],["w","y",3]]"#,
                &[r#"[["r","x",null],["w","y",3]]"#, r#"[["r","x",1],["w","y",3]]"#],
            ),
            (
                "txn",
                r#"[["r","y",null],["w","x",4]]"#,
                &[r#"[["r","y",null],["w","x",4]]"#, r#"[["r","y",1],["w","x",4]]"#],
            ),
        ],
    ),
    Trial(
        "list-append",
        "null",
        &[
            ("txn", r#"[["append","x",1]]"#, &["null"]),
            ("txn", r#"[["append","y",1]]"#, &["null"]),
            ("txn", r#"[["append","x",2],["append","y",2],["append","x",5]]"#, &["null"]),
            ("txn", r#"[["r","x",null],["r","y",null]]"#, LISTS),
            ("txn", r#"[["r","x",null],["r","y",null]]"#, LISTS),
            (
                "txn",
                r#"[["r","x",null],["append","x",3]]"#,
                &[
                    r#"[["r","x",[]],["append","x",3]]"#,
                    r#"[["r","x",[1]],["append","x",3]]"#,
                    r#"[["r","x",[2,5]],["append","x",3]]"#,
                ],
            ),
            (
                "txn",
                r#"[["r","x",null],["append","y",3]]"#,
                &[r#"[["r","x",null],["append","y",3]]"#, r#"[["r","x",[1]],["append","y",3]]"#],
            ),
            (
                "txn",
                r#"[["r","y",null],["append","x",4]]"#,
                &[r#"[["r","y",[]],["append","x",4]]"#, r#"[["r","y",[1]],["append","x",4]]"#],
            ),
        ],
    ),
    Trial("versioned-kv", "null", VERSIONS),
    Trial("versioned-kv", "null", VERSIONS.split_at(1).1),
    Trial(
        "owned-semaphore",
        "2",
        &[
            ("acquire", "null", &["null", r#"{"owner":"a"}"#, r#"{"owner":"b"}"#]),
            ("acquire", "2", &["null", r#"{"owner":"a"}"#]),
            ("release", "null", &["null", r#"{"owner":"a"}"#, r#"{"owner":"b"}"#]),
            ("release", "2", &["null", r#"{"owner":"a"}"#]),
            ("try-acquire", "null", &["true", "false"]),
        ],
    ),
    Trial("acked-queue", "null", ACKED),
    Trial("acked-queue", "[3]", ACKED),
    Trial("unique-ids", "[3]", &[("generate", "null", IDS), ("generate", "null", IDS)]),
    Trial("unique-ids", "null", &[("generate", "null", IDS), ("generate", "null", IDS)]),
    Trial("bank", "2", BANK),
    Trial("bank", "null", BANK),
];

const QUEUE: &[Letter] = &[
    ("enqueue", "1", &["null"]),
    ("enqueue", "2", &["null"]),
    ("enqueue", "3", &["null"]),
    ("dequeue", "null", ITEMS),
    ("dequeue", "null", ITEMS),
    ("dequeue", "null", ITEMS),
    ("peek", "null", ITEMS),
];

const VERSIONED: &[&str] = &[
    "null",
    r#"{"value":1,"version":1}"#,
    r#"{"value":2,"version":1}"#,
    r#"{"value":1,"version":2}"#,
    r#"{"value":2,"version":2}"#,
    r#"{"value":2,"version":3}"#,
    r#"{"value":1,"version":3}"#,
    "1",
    "3",
];

const VERSIONS: &[Letter] = &[
    ("delete", "null", &["null"]),
    ("put", "1", &["null", r#"{"version":1}"#, r#"{"version":2}"#]),
    ("put", "2", &["null", r#"{"version":2}"#, r#"{"version":3}"#]),
    ("put", r#"{"value":2,"version":1}"#, &["true", "false", r#"{"version":3}"#]),
    ("put", r#"{"value":1,"version":0}"#, &["true", "false", r#"{"version":1}"#]),
    ("get", "null", VERSIONED),
    ("get", "null", VERSIONED),
    ("get", "null", VERSIONED),
];

const ACKED: &[Letter] = &[
    ("enqueue", "1", &["null"]),
    ("enqueue", "2", &["null"]),
    ("dequeue", "null", ITEMS),
    ("dequeue", "null", ITEMS),
    ("dequeue", "null", ITEMS),
    ("ack", "1", &["null"]),
    ("ack", "2", &["null"]),
    ("nack", "1", &["null"]),
];

const SET: &[Letter] = &[
    ("add", "1", &["null", "true", "false"]),
    ("add", "2", &["null"]),
    ("remove", "1", &["null", "true", "false"]),
    ("remove", "2", &["null"]),
    ("contains", "1", &["true", "false"]),
    ("read", "null", SETS),
];

const BANK: &[Letter] = &[
    ("transfer", r#"{"from":0,"to":1,"amount":1}"#, &["null", "false"]),
    ("transfer", r#"{"from":1,"to":0,"amount":2}"#, &["null", "false"]),
    ("read", "null", BALANCES),
    ("read", "null", BALANCES),
    ("balance", "0", &["0", "1", "2", "3", "4", "-1"]),
];

/// What becomes of one operation.
struct Under<Op> {
    letter: usize,
    invoked: usize,
    done: Option<Op>,
    output: &'static str,
}

/// A history of a simulated object, with some faults in it.
struct Simulate<'a> {
    letters: &'a [Letter],
    rng: &'a mut ChaCha8Rng,
    operations: usize,
    faults: f64,
    values: ValueTable,
}

impl Simulate<'_> {
    fn run(mut self, model: &AnyModel) -> Option<History> {
        let mut builder = History::builder();
        let mut states = vec![model.initial()];
        let mut under: BTreeMap<i64, Under<AnyOp>> = BTreeMap::new();
        let (mut left, mut steps) = (self.operations, 0);
        while (left > 0 || !under.is_empty()) && steps < 200 {
            steps += 1;
            let process = self.rng.random_range(0..3);
            let Some(mut one) = under.remove(&process) else {
                if left > 0 {
                    left -= 1;
                    let letter = self.rng.random_range(0..self.letters.len());
                    let input = self.letters[letter].1;
                    event(&mut builder, process, EventType::Invoke, self.letters[letter].0, input);
                    under.insert(
                        process,
                        Under { letter, invoked: steps, done: None, output: "null" },
                    );
                }
                continue;
            };
            let (function, input, outputs) = self.letters[one.letter];
            if one.done.is_none() {
                // Some answers, the first that is possible now, or was a while ago.
                let stale = self.rng.random_bool(self.faults) && states.len() > 1;
                let from = states[states.len() - 1 - usize::from(stale)].clone();
                let mut answers: Vec<&'static str> = outputs.to_vec();
                answers.rotate_left(self.rng.random_range(0..outputs.len()));
                let found = answers.into_iter().find_map(|output| {
                    let op = self.operation(model, process, function, input, output)?;
                    let next = model.step(&from, &op).next()?;
                    Some((op, output, next))
                });
                if let Some((op, output, next)) = found {
                    if !self.rng.random_bool(self.faults) {
                        states.push(next.clone());
                        if self.rng.random_bool(self.faults)
                            && let Some(again) = model.step(&next, &op).next()
                        {
                            states.push(again);
                        }
                    }
                    (one.done, one.output) = (Some(op), output);
                } else if one.invoked + 12 < steps {
                    event(&mut builder, process, EventType::Fail, function, input);
                    continue;
                }
                under.insert(process, one);
                continue;
            }
            match self.rng.random_range(0..10) {
                0 => event(&mut builder, process, EventType::Info, function, "null"),
                1 if self.rng.random_bool(self.faults) => {
                    event(&mut builder, process, EventType::Fail, function, input);
                }
                2 if self.rng.random_bool(self.faults) => {
                    let output = *outputs.choose(self.rng).unwrap();
                    event(&mut builder, process, EventType::Ok, function, output);
                }
                _ => event(&mut builder, process, EventType::Ok, function, one.output),
            }
        }
        builder.build().ok()
    }
}

impl Simulate<'_> {
    fn operation(
        &mut self,
        model: &AnyModel,
        process: i64,
        function: &str,
        input: &str,
        output: &str,
    ) -> Option<AnyOp> {
        let [input, output] =
            [input, output].map(|json| json_value(json, &mut self.values).unwrap());
        let process = self.values.int(process);
        let view = |value| View { table: &self.values, value };
        let call = Call {
            function,
            word: crate::vocabulary::Word::named(function),
            input: view(input),
            output: Some(view(output)),
            process: view(process),
            turn: None,
        };
        model.operation(&call).ok()
    }
}

fn event(
    builder: &mut crate::history::HistoryBuilder,
    process: i64,
    kind: EventType,
    function: &str,
    json: &str,
) {
    let value = json_value(json, builder.values()).unwrap();
    let process = builder.values().int(process);
    builder.event(&Event { process, kind, function, value, key: None, time: None }).unwrap();
}

fn simulate(trial: &Trial, rng: &mut ChaCha8Rng, faults: f64) -> (History, Options) {
    let Trial(name, initial, letters) = *trial;
    loop {
        let mut values = ValueTable::new();
        let start = json_value(initial, &mut values).unwrap();
        let start = Some(start).filter(|start| !start.is_null());
        let known = AnyModel::by_name(name, start, ModelOptions::default(), &values).unwrap();
        let operations = rng.random_range(2..=9);
        let made = Simulate { letters, rng: &mut *rng, operations, faults, values }.run(&known);
        if let Some(mut history) = made.filter(|history| !history.operations().is_empty()) {
            let value = json_value(initial, history.values_mut()).unwrap();
            let options = Options {
                model: Some(name.to_owned()),
                initial: Some(value).filter(|value| !value.is_null()),
                threads: 1,
                ..Options::default()
            };
            return (history, options);
        }
    }
}

/// Blames each operation in turn, with no core to rest on.
fn blame(history: &History, options: &Options) -> Vec<Anomaly> {
    let name = options.model.as_deref().unwrap();
    let model =
        AnyModel::by_name(name, options.initial, options.model_options, history.values()).unwrap();
    let operations: Vec<OpIndex> = history.indices().collect();
    let readings = model::read(&model, history, &operations, None).unwrap();
    let meter = Meter::start(&Budget::default(), 0);
    let failure = Failure {
        operation: OpIndex::new(0),
        record: Record::new(0),
        horizon: Rank::LAST,
        core: Vec::new(),
        is_minimal: false,
    };
    let case = Case {
        history,
        model: &model,
        key_at: 0,
        operations: &operations,
        readings: &readings,
        failure: &failure,
        meter: &meter,
    };
    let blamed = operations.iter().filter_map(|&operation| {
        let violation = Violation {
            operation,
            horizon: Rank::LAST,
            core: Vec::new(),
            is_minimal: false,
            weakened: Vec::new(),
            alike: Vec::new(),
            remembered: None,
        };
        super::objects(super::Scope { case: &case, violation: &violation })
    });
    blamed.collect()
}

fn dump(history: &History) -> String {
    let mut text = String::new();
    for operation in history.operations() {
        let values = history.values();
        text += &format!(
            "\n  {}: {} {} -> {} {}  [{}, {}]",
            values.to_text(operation.process),
            history.function(operation.function),
            values.to_text(operation.input),
            values.to_text(operation.output),
            operation.outcome.name(),
            operation.invoked,
            operation.completed.map_or(-1, |record| record.index() as i64),
        );
    }
    text
}

/// Whether a dequeue found nothing after something was put in that nobody can have got by then.
fn nobody_got(history: &History, anomaly: &Anomaly) -> bool {
    let operations = history.operations();
    let shown = || anomaly.operations.iter().map(|&at| &operations[at]);
    let is = |operation: &Operation, name| history.function(operation.function) == name;
    shown().filter(|take| is(take, "dequeue")).any(|take| {
        let before = |put: &&Operation| is(put, "enqueue") && put.completed < Some(take.invoked);
        shown().filter(before).any(|put| {
            let may_have_got = |other: &Operation| {
                is(other, "dequeue")
                    && Some(other.invoked) < take.completed
                    && match other.outcome {
                        Outcome::Ok => other.output == put.input,
                        Outcome::Fail => false,
                        _ => true,
                    }
            };
            take.output.is_null() && put.completed.is_some() && !operations.iter().any(may_have_got)
        })
    })
}

/// Whether a proved anomaly is what it says, as far as counting tells.
fn is_so(model: &str, history: &History, anomaly: &Anomaly) -> bool {
    let operations = history.operations();
    let returns = |value: Value| {
        let ok = operations.iter().filter(move |op| op.outcome == Outcome::Ok);
        ok.filter(move |op| {
            let takes = ["dequeue", "pop", "delete-min", "delete-max"];
            op.output == value && takes.contains(&history.function(op.function))
        })
    };
    let puts = |value: Value| {
        let puts = operations.iter().filter(move |op| op.outcome != Outcome::Fail);
        let puts = puts.filter(|op| !["ack", "nack"].contains(&history.function(op.function)));
        puts.filter(move |op| op.input == value && !value.is_null())
    };
    // With one copy, an acknowledgement before the delivery took it out for good.
    let was_acked = |value: Value| {
        let acks = operations.iter().filter(|op| op.outcome == Outcome::Ok);
        let mut acks = acks.filter(|op| history.function(op.function) == "ack");
        let last = returns(value).map(|op| op.invoked).max();
        puts(value).count() == 1 && acks.any(|ack| ack.input == value && ack.completed < last)
    };
    let first = anomaly.operations.iter().map(|&at| &operations[at]);
    let is_item = |value: &Value| !value.is_null();
    match anomaly.kind {
        AnomalyKind::DuplicateDelivery => first.map(|op| op.output).filter(is_item).any(|value| {
            was_acked(value)
                || returns(value).count() > 1 && {
                    let last = returns(value).map(|op| op.completed).max().flatten();
                    puts(value).filter(|op| Some(op.invoked) < last).count()
                        < returns(value).count() + 1
                }
        }),
        AnomalyKind::LostMessage if model == "acked-queue" => nobody_got(history, anomaly),
        AnomalyKind::LostMessage => first
            .map(|op| op.input)
            .filter(is_item)
            .any(|value| returns(value).count() < puts(value).count()),
        AnomalyKind::DoubleLock | AnomalyKind::SpuriousFailure | AnomalyKind::ForeignRelease => {
            !anomaly.operations.is_empty()
        }
        _ => true,
    }
}

#[test]
fn nothing_is_proved_of_valid_histories() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let runs = tries(400) as usize;
    let mut wrong = Vec::new();
    for trial in TRIALS {
        let mut valid = 0;
        for _ in 0..runs {
            let faults = *[0.0, 0.1, 0.3].choose(&mut rng).unwrap();
            let (history, options) = simulate(trial, &mut rng, faults);
            if check(&history, &options).unwrap().verdict != Verdict::Valid {
                continue;
            }
            valid += 1;
            for anomaly in blame(&history, &options) {
                let text = format!("{} {}: {anomaly:?}{}", trial.0, trial.1, dump(&history));
                if anomaly.certainty == Certainty::Proved {
                    wrong.push(text);
                    break;
                }
            }
        }
        assert!(valid > runs / 5, "{}: {valid}", trial.0);
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
}

#[test]
fn what_is_proved_of_invalid_histories_is_so() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let runs = tries(300) as usize;
    for trial in TRIALS {
        let mut kinds: BTreeMap<(AnomalyKind, Certainty), usize> = BTreeMap::new();
        let mut samples: BTreeMap<AnomalyKind, String> = BTreeMap::new();
        for _ in 0..runs {
            let (history, options) = simulate(trial, &mut rng, 0.25);
            let report = check(&history, &options).unwrap();
            let Decision::Invalid(_) = &report.keys[0].decision else { continue };
            let explanation =
                Session::new(&history, &options).unwrap().explain(&report, 1).unwrap();
            for anomaly in &explanation.anomalies {
                *kinds.entry((anomaly.kind, anomaly.certainty)).or_default() += 1;
                let text = format!("{}: {anomaly:?}{}", trial.0, dump(&history));
                samples.entry(anomaly.kind).or_insert_with(|| text.clone());
                if anomaly.certainty == Certainty::Proved && trial.1 == "null" {
                    assert!(is_so(trial.0, &history, anomaly), "{text}");
                }
            }
        }
        if std::env::var_os("HISTCHECK_SHOW").is_some() {
            println!("{} {}: {kinds:?}", trial.0, trial.1);
            samples.values().for_each(|text| println!("{text}"));
        }
        let named: usize =
            kinds.iter().filter(|(k, _)| k.0 != AnomalyKind::Unclassified).map(|(_, n)| n).sum();
        let all: usize = kinds.values().sum();
        println!("{} {}: {named} of {all}", trial.0, trial.1);
        assert!(3 * named > all, "{}: {kinds:?}", trial.0);
    }
}

/// The histories of the suite that are about single kinds.
#[test]
fn canonical_histories_get_their_names() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/histories");
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    let (mut tried, mut wrong) = (0, Vec::new());
    for path in names {
        let Ok(history) = crate::read_file(&path) else { continue };
        let text = |field| history.metadata_field(field).and_then(|v| history.values().as_name(v));
        let (Some(model), Some(expected)) = (text("model"), text("anomaly")) else { continue };
        if matches!(model, "register" | "cas-register") {
            continue;
        }
        let options = Options { threads: 1, ..Options::default() };
        let report = check(&history, &options).unwrap();
        let explanation = Session::new(&history, &options).unwrap().explain(&report, 10).unwrap();
        let Some(first) = explanation.anomalies.first() else { continue };
        // A key without appends is a register to those who name.
        if model == "kv" && first.kind == AnomalyKind::Unclassified {
            continue;
        }
        tried += 1;
        println!("{}: {}: {}", path.file_name().unwrap().display(), first.kind, first.summary);
        if first.kind.name() != expected {
            wrong.push(format!("{}: {expected}, but {first:?}", path.display()));
        }
    }
    assert!(tried > 20, "{tried}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
