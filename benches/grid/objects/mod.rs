//! The sequential copies that the clients talk to, and what clients ask of them. They are written
//! for this purpose alone, and share nothing with the models of the library.

mod bank;
mod counters;
mod lists;
mod locks;
mod queues;
mod registers;
mod sets;
mod stores;

use std::collections::VecDeque;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::cells::Values;

/// An operation that a client asks for.
#[derive(Clone, Debug)]
pub struct Request {
    pub f: &'static str,
    pub value: Value,
}

impl Request {
    fn new(f: &'static str, value: impl Into<Value>) -> Request {
        Request { f, value: value.into() }
    }

    /// The operation takes no input.
    fn plain(f: &'static str) -> Request {
        Request { f, value: Value::Null }
    }
}

/// What becomes of an operation whose turn it is.
#[derive(Clone, Debug)]
pub enum Effect {
    /// It took effect, and returns this.
    Ok(Value),
    /// It did nothing, and says so.
    Fail,
    /// It has to wait.
    Blocked,
}

/// What may become of an operation that crashes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It takes effect at some moment, or never.
    Any,
    /// Without its effect nobody could go on, so that it takes effect at once.
    Always,
    /// With its effect nobody could go on.
    Never,
    /// It cannot crash: its process is still needed.
    None,
}

/// One sequential copy.
pub trait Object {
    /// Returns what the process asks for next.
    fn request(&mut self, process: u64, rng: &mut ChaCha8Rng) -> Request;

    /// Lets a request take effect now.
    fn apply(&mut self, process: u64, request: &Request, rng: &mut ChaCha8Rng) -> Effect;

    /// Returns another answer that looks plausible, if the request has a choice of answers.
    fn wrong(&mut self, request: &Request, answer: &Value, rng: &mut ChaCha8Rng) -> Option<Value>;

    /// Answers a request that has to wait as if it need not.
    fn pretend(&mut self, process: u64, request: &Request) -> Option<Value> {
        let _ = (process, request);
        None
    }

    /// Whether the process holds something that others wait for.
    fn holds(&self, process: u64) -> bool {
        let _ = process;
        false
    }

    /// Returns what may become of the request if it crashes.
    fn fate(&self, process: u64, request: &Request) -> Fate {
        let _ = (process, request);
        Fate::Any
    }

    /// The process is gone, and what crashed of it is settled.
    fn forget(&mut self, process: u64) {
        let _ = process;
    }
}

type Make = fn(Values) -> Box<dyn Object>;

/// What is known of one kind of object.
struct Known {
    name: &'static str,
    model: &'static str,
    /// What it starts from, as JSON, if the model does not know.
    initial: Option<&'static str>,
    /// Whether there are values to choose.
    has_values: bool,
    make: Make,
}

const fn known(name: &'static str, model: &'static str, make: Make) -> Known {
    Known { name, model, initial: None, has_values: true, make }
}

const KNOWN: &[Known] = &[
    known("register", "register", registers::register),
    known("cas-register", "cas-register", registers::failing_cas),
    known("cas-register-false", "cas-register", registers::telling_cas),
    known("multi-register", "multi-register", registers::several),
    known("list-append", "list-append", lists::transactions),
    known("kv", "kv", stores::plain),
    known("kv-append", "kv", stores::appends),
    known("kv-swaps", "kv", stores::swaps),
    known("kv-numbers", "kv", stores::numbers),
    known("versioned-kv", "versioned-kv", stores::versioned),
    known("counter", "counter", counters::plain),
    known("counter-grows", "counter", counters::growing),
    known("counter-returns", "counter", counters::returning),
    known("set", "set", sets::silent),
    known("set-adds", "set", sets::growing),
    known("set-returns", "set", sets::returning),
    Known { has_values: false, ..known("mutex", "mutex", locks::mutex) },
    Known { has_values: false, ..known("mutex-try", "mutex", locks::trying) },
    Known { has_values: false, ..known("fenced-mutex", "fenced-mutex", locks::fenced) },
    Known { has_values: false, ..known("reentrant-mutex", "reentrant-mutex", locks::reentrant) },
    Known { initial: Some("2"), ..known("semaphore", "semaphore", locks::semaphore) },
    Known { initial: Some("2"), ..known("semaphore-try", "semaphore", locks::trying_semaphore) },
    Known { initial: Some("2"), ..known("owned-semaphore", "owned-semaphore", locks::owned) },
    known("fifo-queue", "fifo-queue", queues::fifo),
    known("unordered-queue", "unordered-queue", queues::bag),
    known("acked-queue", "acked-queue", queues::acked),
    known("stack", "stack", queues::stack),
    known("priority-queue", "priority-queue", queues::priority),
    known("priority-queue-ends", "priority-queue", queues::both_ends),
    known("log", "log", lists::log),
    known("log-silent", "log", lists::silent_log),
    Known { initial: Some("20"), ..known("bank", "bank", bank::accounts) },
    known("bank-unknown", "bank", bank::accounts),
    Known { has_values: false, ..known("unique-ids", "unique-ids", lists::ids) },
];

/// Returns the names of all objects.
pub fn names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|known| known.name)
}

fn find(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

/// Returns the model by which the histories of the object are checked.
pub fn model(name: &str) -> &'static str {
    find(name).map_or("", |known| known.model)
}

/// Whether it makes a difference which values there are.
pub fn has_values(name: &str) -> bool {
    find(name).is_some_and(|known| known.has_values)
}

/// Returns a new object of that name.
pub fn named(name: &str, values: Values) -> Option<Box<dyn Object>> {
    find(name).map(|known| (known.make)(values))
}

/// Returns the first line of a history, which names its model.
pub fn header(name: &str) -> Option<String> {
    let known = find(name)?;
    let initial = known.initial.map_or_else(String::new, |start| format!(r#","initial":{start}"#));
    Some(format!(r#"{{"histcheck":{{"model":"{}"{initial}}}}}"#, known.model))
}

/// How many values there are where they are few.
const FEW: i64 = 5;
/// How many of the last values an answer may be mistaken for.
const RECENT: usize = 50;

/// Where values come from.
struct Source {
    values: Values,
    last: i64,
    recent: VecDeque<i64>,
}

impl Source {
    fn new(values: Values) -> Source {
        Source { values, last: 0, recent: VecDeque::new() }
    }

    fn is_few(&self) -> bool {
        self.values == Values::Few
    }

    /// Returns a value to write.
    fn fresh(&mut self, rng: &mut ChaCha8Rng) -> i64 {
        if self.is_few() {
            return rng.random_range(1..=FEW);
        }
        self.last += 1;
        self.recent.push_back(self.last);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        self.last
    }

    /// Returns a value that somebody writes, mostly a recent one.
    fn other(&self, rng: &mut ChaCha8Rng) -> i64 {
        if self.is_few() {
            return rng.random_range(1..=FEW);
        }
        if self.recent.is_empty() || rng.random_bool(0.3) {
            return rng.random_range(1..=self.last.max(1));
        }
        self.recent[rng.random_range(0..self.recent.len())]
    }

    /// Returns an amount to add, from 1.
    fn amount(&self, most: i64, rng: &mut ChaCha8Rng) -> i64 {
        if self.is_few() { 1 } else { rng.random_range(1..=most) }
    }
}

/// Returns a number near `number`, but another.
fn near(number: i64, rng: &mut ChaCha8Rng) -> i64 {
    let by = if rng.random_bool(0.5) { 1 } else { rng.random_range(2..20) };
    if rng.random_bool(0.5) { number + by } else { number - by }
}
