//! Random histories of an object: clients invoke, the object acts at some point in between, and
//! operations return, fail, crash, or come back with something that was never said.

use histcheck::history::{Event, EventType, IntoValue};
use histcheck::{History, HistoryBuilder};
use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::json::Json;
use super::objects::{Invocation, Object};

/// What a random history looks like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// How many operations there are, about.
    pub(crate) operations: usize,
    /// How many of them may be open at once, crashed ones not counted.
    pub(crate) processes: usize,
    /// From how many values (or letters, or amounts) inputs are drawn.
    pub(crate) values: i64,
    /// How often an operation crashes.
    pub(crate) crash: f64,
    /// How often an output is another than the object's.
    pub(crate) corrupt: f64,
}

impl Settings {
    /// Settings under which about half of the histories are not linearizable.
    pub(crate) fn small(rng: &mut ChaCha8Rng) -> Settings {
        Settings {
            operations: rng.random_range(2..=12),
            processes: rng.random_range(1..=4),
            values: rng.random_range(1..=3),
            crash: *[0.0, 0.05, 0.3].choose(rng).expect("not empty"),
            corrupt: *[0.0, 0.3, 0.6].choose(rng).expect("not empty"),
        }
    }
}

/// An operation that was invoked and has not returned.
struct Open {
    invocation: Invocation,
    /// What the object returned, once it acted.
    output: Option<Json>,
}

/// A history of the object that `model` describes.
pub(crate) fn random_history(model: &str, rng: &mut ChaCha8Rng, settings: &Settings) -> History {
    let mut object = Object::new(model);
    let mut builder = HistoryBuilder::default();
    let mut open: Vec<Option<Open>> = (0..settings.processes).map(|_| None).collect();
    // The number that each client goes by; a crash may cost it its old one.
    let mut processes: Vec<i64> = (0..settings.processes as i64).collect();
    let mut left = settings.operations.max(1);
    let mut outputs: Vec<Json> = vec![Json::Null];
    while left > 0 || (open.iter().any(Option::is_some) && rng.random_bool(0.95)) {
        let client = rng.random_range(0..settings.processes);
        let process = processes[client];
        let Some(mut now) = open[client].take() else {
            if left > 0 {
                left -= 1;
                let mut invocation = Object::invocation(model, rng, settings.values);
                invocation.process = process;
                let asked = visible_input(model, &invocation, rng);
                record(&mut builder, process, EventType::Invoke, invocation.function, &asked);
                open[client] = Some(Open { invocation, output: None });
            }
            continue;
        };
        let function = now.invocation.function;
        if rng.random_bool(settings.crash) {
            if rng.random_bool(0.5) {
                now.output = now.output.or_else(|| object.call(&now.invocation, rng));
            }
            // Left open, or said to be indeterminate; a value there means nothing.
            if rng.random_bool(0.6) {
                let value = outputs.choose(rng).expect("not empty").clone();
                record(&mut builder, process, EventType::Info, function, &value);
            }
            processes[client] += settings.processes as i64;
        } else if now.output.is_none() {
            let before = object.clone();
            now.output = object.call(&now.invocation, rng);
            match now.output {
                Some(_) if rng.random_bool(0.05) => {
                    object = before;
                    record(&mut builder, process, EventType::Fail, function, &Json::Null);
                }
                // The object cannot do it now; it says so, or the client waits.
                None if rng.random_bool(0.5) => {
                    record(&mut builder, process, EventType::Fail, function, &Json::Null);
                }
                None if rng.random_bool(settings.corrupt) => {
                    // Whatever adds and returns a sum returns an integer.
                    let sums = function.contains("-and-");
                    let output = match function {
                        _ if sums => Json::Int(1),
                        "try-acquire" => Json::Bool(true),
                        _ => Json::Null,
                    };
                    record(&mut builder, process, EventType::Ok, function, &output);
                }
                _ => open[client] = Some(now),
            }
        } else {
            let mut output = now.output.expect("it acted");
            if rng.random_bool(settings.corrupt) {
                output = corrupted(model, &now.invocation, output, rng, settings);
            }
            record(&mut builder, process, EventType::Ok, function, &output);
            outputs.push(output);
        }
    }
    builder.build().expect("a history")
}

/// What the record of an invocation shows: some recorders write the output there, too.
fn visible_input(model: &str, invocation: &Invocation, rng: &mut ChaCha8Rng) -> Json {
    let takes = invocation.function.starts_with("dequeue") || invocation.function == "pop";
    if takes && model != "priority-queue" && rng.random_bool(0.1) {
        return Json::Int(1);
    }
    invocation.input.clone()
}

/// An output that has the right shape, and is perhaps wrong: what the same operation would
/// return from another object.
fn corrupted(
    model: &str,
    invocation: &Invocation,
    output: Json,
    rng: &mut ChaCha8Rng,
    settings: &Settings,
) -> Json {
    let tries = (model.ends_with("-mutex") || model == "owned-semaphore")
        && invocation.function == "try-acquire";
    let answers = tries || matches!(model, "cas-register" | "set" | "mutex" | "semaphore");
    if let (true, &Json::Bool(said)) = (answers, &output) {
        return Json::Bool(!said);
    }
    let mut wrong = None;
    for _ in 0..5 {
        let mut other = Object::new(model);
        for _ in 0..rng.random_range(0..4) {
            other.call(&Object::invocation(model, rng, settings.values), rng);
        }
        wrong = other.call(invocation, rng).filter(|other| *other != output);
        if wrong.is_some() {
            break;
        }
    }
    wrong.unwrap_or(output)
}

fn record(
    builder: &mut HistoryBuilder,
    process: i64,
    kind: EventType,
    function: &str,
    value: &Json,
) {
    let values = builder.values();
    let (process, value) = (values.int(process), value.into_value(values));
    let event = Event { process, kind, function, value, key: None, time: None };
    builder.event(&event).expect("an event");
}
