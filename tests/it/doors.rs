//! What is said of a history that is followed does not depend on the pieces in which its text
//! comes.

use std::fmt::Write;
use std::io::{self, Read};

use histcheck::Options;
use histcheck::follow::{Following, Violation};
use histcheck::formats::{Format, ReadOptions};
use histcheck::history::Settings;
use histcheck::report::{Palette, violation_details, violation_json, violation_line};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::program::histcheck;
use crate::tries::tries;

/// Yields so many bytes at a time: as many as asked for, one, or any number up to a bound.
enum Door {
    Whole,
    Bytes,
    Pieces(Box<ChaCha8Rng>, usize),
}

struct Dripping<'a>(&'a [u8], Door);

impl Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = match &mut self.1 {
            Door::Whole => usize::MAX,
            Door::Bytes => 1,
            Door::Pieces(rng, most) => rng.random_range(1..=*most),
        };
        let count = most.min(buffer.len()).min(self.0.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// All that is told of a violation.
fn told(violation: &Violation) -> String {
    let palette = Palette::PLAIN;
    let mut told = violation_line(violation, &palette) + &violation_details(violation, &palette);
    told += &violation_json(violation);
    if let Some(surroundings) = &violation.surroundings {
        let history = &surroundings.history;
        let value = |value| history.values().to_json(value);
        for (index, operation) in history.indexed() {
            let (input, output) = (value(operation.input), value(operation.output));
            let (process, times) = (value(operation.process), history.times(index));
            let function = history.function(operation.function);
            let ends = (operation.invoked, operation.completed, operation.outcome);
            writeln!(told, "{process} {function} {input} {output} {ends:?} {times:?}").unwrap();
        }
        writeln!(told, "{} {:?}", history.records(), surroundings.initial.map(value)).unwrap();
    }
    told
}

/// All that is told of a text that comes in by this door.
fn follow(text: &[u8], model: Option<&str>, door: Door) -> String {
    let options = Options { model: model.map(str::to_owned), ..Options::default() };
    let (read, settings) = (ReadOptions::from(Some(Format::JsonLines)), Settings::default());
    let mut following =
        Following::new(Dripping(text, door), read, settings, |_| Ok(options)).unwrap();
    let mut said = String::new();
    loop {
        match following.step() {
            Ok(Some(violations)) => said.extend(violations.iter().map(told)),
            Ok(None) => break,
            Err(error) => {
                let (code, message) = (error.code, &error.message);
                writeln!(said, "{code:?} {message} {:?} {:?}", error.place, error.record).unwrap();
                return said;
            }
        }
    }
    let end = (following.summary(), following.records(), following.annotations());
    writeln!(said, "{end:?} {:?}", following.model()).unwrap();
    said
}

/// Compares what is told of the text behind all doors; returns it.
fn compare(text: &[u8], model: Option<&str>, seed: u64) -> String {
    let whole = follow(text, model, Door::Whole);
    let mut doors = vec![Door::Bytes];
    for most in [100, 1000, 10_000] {
        doors.push(Door::Pieces(Box::new(ChaCha8Rng::seed_from_u64(seed)), most));
    }
    for door in doors {
        let said = follow(text, model, door);
        let text = String::from_utf8_lossy(text);
        assert_eq!(said, whole, "seed {seed}, {model:?}: {text}");
    }
    whole
}

/// An object with its operations.
const OBJECTS: [(&str, &[&str]); 9] = [
    ("register", &["read", "write"]),
    ("cas-register", &["read", "write", "cas"]),
    ("kv", &["get", "put", "append"]),
    ("counter", &["read", "add"]),
    ("set", &["read", "add"]),
    ("fifo-queue", &["enqueue", "dequeue"]),
    ("stack", &["push", "pop"]),
    ("mutex", &["acquire", "release"]),
    ("multi-register", &["read", "write"]),
];

/// What an operation does to an object that holds `state`, and returns; `None` if it fails.
fn apply(function: &str, input: i64, state: &mut Vec<i64>, model: &str) -> Option<String> {
    let done = "null".to_owned();
    let last = state.last().map_or("null".to_owned(), i64::to_string);
    match (model, function) {
        ("register" | "cas-register", "read") => Some(last),
        ("register" | "cas-register", "write") => {
            *state = vec![input];
            Some(input.to_string())
        }
        (_, "cas") => {
            let [old, new] = [input / 8, input % 8];
            (*state == [old]).then(|| {
                *state = vec![new];
                format!("[{old},{new}]")
            })
        }
        ("kv", "get") => Some(match &state[..] {
            [] => done,
            some => format!("\"{}\"", some.iter().map(i64::to_string).collect::<String>()),
        }),
        ("kv", "put") => {
            *state = vec![input];
            Some(done)
        }
        ("counter", "read") => Some(state.iter().sum::<i64>().to_string()),
        ("set", "read") => Some(format!("{state:?}")),
        (
            "kv" | "counter" | "set" | "fifo-queue" | "stack",
            "append" | "add" | "enqueue" | "push",
        ) => {
            if model != "set" || !state.contains(&input) {
                state.push(input);
            }
            Some(done)
        }
        (_, "dequeue") => (!state.is_empty()).then(|| state.remove(0).to_string()),
        (_, "pop") => state.pop().map(|item| item.to_string()),
        (_, "acquire") => state.is_empty().then(|| {
            state.push(0);
            done
        }),
        (_, "release") => state.pop().map(|_| done),
        ("multi-register", "read") => Some(format!("{{\"x\":{last}}}")),
        _ => {
            *state = vec![input];
            Some(format!("{{\"x\":{input}}}"))
        }
    }
}

/// The input of an operation, as it is written.
fn written(function: &str, input: i64, model: &str) -> String {
    match (model, function) {
        (_, "cas") => format!("[{},{}]", input / 8, input % 8),
        ("kv", "put" | "append") => format!("\"{input}\""),
        ("multi-register", "write") => format!("{{\"x\":{input}}}"),
        ("multi-register", "read") => "{\"x\":null}".to_owned(),
        (_, "write" | "add" | "enqueue" | "push") => input.to_string(),
        _ => "null".to_owned(),
    }
}

/// What a process is doing: a function, its input, a key, and what it returns, if it happened.
type Doing<'f> = (&'f str, i64, usize, Option<Option<String>>);

/// The events of some processes on objects of one model, some of which crash and some of which are
/// wrong.
fn history(rng: &mut ChaCha8Rng, (model, functions): (&str, &[&str]), events: u32) -> String {
    let mut below = |bound: u32| rng.random_range(0..bound);
    let (crashes, wrongs) = (10 + below(60), 50 + below(400));
    let (count, keyed, values) = (2 + below(4), below(4), 2 + below(6));
    let mut states = [const { Vec::new() }; 3];
    let mut processes: Vec<u32> = (0..count).collect();
    let mut doing: Vec<Option<Doing<'_>>> = vec![None; processes.len()];
    let mut text = String::new();
    for at in 0..events {
        let process = below(count) as usize;
        let number = processes[process];
        let mut line = |kind: &str, function: &str, value: &str, key: usize| {
            let (key, value) = match keyed {
                0 => (format!(",\"key\":{key}"), value.to_owned()),
                1 => (String::new(), format!("[\"k{key}\",{value}]")),
                _ => (String::new(), value.to_owned()),
            };
            writeln!(
                text,
                "{{\"process\":{number},\"type\":\"{kind}\",\"f\":\"{function}\",\
                 \"value\":{value}{key},\"time\":{at}}}"
            )
            .unwrap();
        };
        doing[process] = match doing[process].take() {
            None => {
                let function = functions[below(functions.len() as u32) as usize];
                let key = if keyed < 2 { below(3) as usize } else { 0 };
                let input = match function {
                    "cas" => i64::from(8 * below(values) + below(values)),
                    _ => i64::from(below(values)),
                };
                line("invoke", function, &written(function, input, model), key);
                Some((function, input, key, None))
            }
            Some((function, input, key, done)) if below(crashes) == 0 => {
                if done.is_none() && below(2) == 0 {
                    apply(function, input, &mut states[key], model);
                }
                line("info", function, &written(function, input, model), key);
                processes[process] += 100;
                None
            }
            Some((function, input, key, None)) => {
                Some((function, input, key, Some(apply(function, input, &mut states[key], model))))
            }
            Some((function, input, key, Some(returned))) => {
                let wrong = below(wrongs) == 0 && function != "cas" && model != "set";
                let reads = matches!(function, "read" | "dequeue" | "pop");
                match returned {
                    None => line("fail", function, &written(function, input, model), key),
                    Some(_) if wrong && reads && model != "multi-register" => {
                        line("ok", function, &below(values).to_string(), key);
                    }
                    Some(returned) => line("ok", function, &returned, key),
                }
                None
            }
        };
    }
    text
}

/// What may be wrong with a text.
const ERRORS: [&str; 6] = [
    "{\"process\":0,\n",
    "{\"process\":77,\"type\":\"ok\",\"f\":\"read\",\"value\":1}\n",
    "{\"process\":78,\"type\":\"invoke\",\"f\":\"frobnicate\",\"value\":1}\n",
    "{\"process\":79,\"type\":\"invoke\",\"f\":\"append\",\"value\":[1]}\n",
    "nonsense\n",
    "{\"process\":80,\"type\":\"invoke\",\"f\":\"read\",\"value\":\"\u{1}\"}\n",
];

#[test]
fn the_same_is_told_behind_every_door() {
    let (mut invalid, mut valid, mut refused) = (0, 0, 0);
    let runs = u64::from(tries(90));
    for seed in 0..runs {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let object = OBJECTS[seed as usize % OBJECTS.len()];
        let events = rng.random_range(1..if seed % 10 == 0 { 1300 } else { 100 });
        let mut text = history(&mut rng, object, events).into_bytes();
        if rng.random_range(0..4) == 0 {
            let error = ERRORS[rng.random_range(0..ERRORS.len())].as_bytes();
            let ends: Vec<usize> = (0..text.len()).filter(|&at| text[at] == b'\n').collect();
            let at = ends.get(rng.random_range(0..ends.len().max(1))).map_or(0, |at| at + 1);
            text.splice(at..at, error.iter().copied());
            if rng.random_range(0..3) == 0 {
                let at = rng.random_range(0..text.len());
                text[at] = 0xff;
            }
        }
        let model = Some(object.0).filter(|_| rng.random_range(0..2) == 0);
        let said = compare(&text, model, seed);
        invalid += u64::from(said.contains("Invalid"));
        valid += u64::from(said.contains("verdict: Valid"));
        refused += u64::from(said.contains("Place"));
    }
    let counts = format!("{valid} valid, {invalid} invalid, {refused} refused");
    assert!(valid.min(invalid).min(refused) > runs / 20, "{counts}");
}

#[test]
fn systems_are_followed_alike_behind_every_door() {
    for preset in ["abd", "read-replicas", "split-brain", "amnesia", "single-copy-crashes"] {
        for seed in 1..3 {
            let arguments = format!("generate {preset} --seed {seed} --operations 600 --bare");
            let text = histcheck(&arguments).run().stdout;
            compare(text.as_bytes(), None, seed);
        }
    }
}

/// Reads and writes of different values on some registers, one in `crashes` of which crashes, and
/// may have happened.
fn crashing(rng: &mut ChaCha8Rng, keys: usize, crashes: u32, count: i64) -> String {
    let mut text = String::new();
    let mut held = vec![0; keys];
    let mut processes: Vec<i64> = (0..20).collect();
    for value in 1..=count {
        let (key, at) = (rng.random_range(0..keys), rng.random_range(0..20));
        let process = processes[at];
        let mut line = |kind: &str, function: &str, value: i64| {
            writeln!(
                text,
                "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{function}\",\"key\":{key},\
                 \"value\":{value}}}"
            )
            .unwrap();
        };
        if held[key] == 0 || rng.random_range(0..2) == 0 {
            line("invoke", "write", value);
            let crashed = rng.random_range(0..crashes) == 0;
            line(if crashed { "info" } else { "ok" }, "write", value);
            processes[at] += if crashed { 20 } else { 0 };
            if !crashed || rng.random_range(0..2) == 0 {
                held[key] = value;
            }
        } else {
            line("invoke", "read", held[key]);
            line("ok", "read", held[key]);
        }
    }
    text
}

#[test]
fn hundreds_of_crashed_operations_hold_up_no_door() {
    for (seed, keys, crashes) in [(1, 1, 100), (2, 10, 10), (3, 100, 20)] {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let text = crashing(&mut rng, keys, crashes, 6000);
        let said = compare(text.as_bytes(), None, seed);
        assert!(said.contains("verdict: Valid"), "{said}");
    }
}

/// Yields text, says that nothing more is there yet, and yields the rest.
struct Pausing<'a>(Vec<&'a [u8]>);

impl Read for Pausing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(first) = self.0.first_mut() else { return Ok(0) };
        if first.is_empty() {
            self.0.remove(0);
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = first.len().min(buffer.len());
        buffer[..count].copy_from_slice(&first[..count]);
        *first = &first[count..];
        Ok(count)
    }
}

#[test]
fn a_record_longer_than_a_block_may_come_with_pauses() {
    let long = "x".repeat(5 << 20);
    let line = |kind: &str, value: &str| {
        format!("{{\"process\":0,\"type\":\"{kind}\",\"f\":\"write\",\"value\":\"{value}\"}}\n")
    };
    let text = line("invoke", "a") + &line("ok", "a") + &line("invoke", &long) + &line("ok", &long);
    for pause in [100, 1_500_000, 2_500_000, 7_000_000, text.len() - 1] {
        let (one, other) = text.as_bytes().split_at(pause);
        let following = Following::new(
            Pausing(vec![one, other]),
            ReadOptions { format: Some(Format::JsonLines), ..ReadOptions::default() },
            Settings::default(),
            |_| Ok(Options::default()),
        );
        let mut following = following.unwrap();
        while following.step().unwrap().is_some() {}
        assert_eq!(following.summary().operations, 2, "{pause}");
    }
}
