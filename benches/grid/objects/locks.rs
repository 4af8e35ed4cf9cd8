//! Locks and semaphores. An operation that has to wait does so; a process that holds a lock goes on
//! with it until it has given it back, so that an operation crashes only where this leaves nothing
//! held for ever.

use std::collections::BTreeMap;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::super::cells::Values;
use super::{Effect, Fate, Object, Request, Source, near};

/// With how many permits semaphores start.
const PERMITS: i64 = 2;
/// How often a holder takes a lock that it may take again.
const DEEP: i64 = 3;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Mutex,
    /// The outputs name a fence that grows.
    Fenced,
    /// The holder may take it again.
    Reentrant,
    Semaphore,
    /// Each record names whose permits they are.
    Owned,
}

struct Lock {
    style: Style,
    /// Whether some do not wait.
    tries: bool,
    /// What each process holds: permits, or how often it took the lock.
    held: BTreeMap<u64, i64>,
    /// What a process was given that was not there.
    pretended: BTreeMap<u64, i64>,
    fence: i64,
    source: Source,
}

fn lock(values: Values, style: Style, tries: bool) -> Box<dyn Object> {
    Box::new(Lock {
        style,
        tries,
        held: BTreeMap::new(),
        pretended: BTreeMap::new(),
        fence: 0,
        source: Source::new(values),
    })
}

pub fn mutex(values: Values) -> Box<dyn Object> {
    lock(values, Style::Mutex, false)
}

pub fn trying(values: Values) -> Box<dyn Object> {
    lock(values, Style::Mutex, true)
}

pub fn fenced(values: Values) -> Box<dyn Object> {
    lock(values, Style::Fenced, true)
}

pub fn reentrant(values: Values) -> Box<dyn Object> {
    lock(values, Style::Reentrant, true)
}

pub fn semaphore(values: Values) -> Box<dyn Object> {
    lock(values, Style::Semaphore, false)
}

pub fn trying_semaphore(values: Values) -> Box<dyn Object> {
    lock(values, Style::Semaphore, true)
}

pub fn owned(values: Values) -> Box<dyn Object> {
    lock(values, Style::Owned, true)
}

impl Lock {
    fn has_permits(&self) -> bool {
        matches!(self.style, Style::Semaphore | Style::Owned)
    }

    /// How many permits a request is about.
    fn count(&self, request: &Request) -> i64 {
        let value = &request.value;
        value.as_i64().or_else(|| value["permits"].as_i64()).unwrap_or(1)
    }

    fn input(&self, process: u64, count: i64) -> Value {
        match self.style {
            Style::Owned => json!({"owner": format!("c{process}"), "permits": count}),
            Style::Semaphore if count != 1 => json!(count),
            _ => Value::Null,
        }
    }

    fn is_free(&self, process: u64, count: i64) -> bool {
        let held: i64 = self.held.values().sum();
        match self.style {
            Style::Mutex | Style::Fenced => held == 0,
            Style::Reentrant => held == 0 || self.held.contains_key(&process),
            Style::Semaphore | Style::Owned => held + count <= PERMITS,
        }
    }

    /// What who took the lock gets to know.
    fn taken(&mut self, request: &Request) -> Value {
        match self.style {
            Style::Fenced | Style::Reentrant => json!({"fence": self.fence}),
            _ if request.f == "acquire" => request.value.clone(),
            _ => json!(true),
        }
    }

    fn take(&mut self, process: u64, request: &Request) -> Value {
        if !self.held.contains_key(&process) {
            self.fence += 1;
        }
        *self.held.entry(process).or_default() += self.count(request);
        self.taken(request)
    }
}

/// Takes `count` from what `process` holds; whether it held anything.
fn give_back(held: &mut BTreeMap<u64, i64>, process: u64, count: i64) -> bool {
    let Some(rest) = held.get_mut(&process) else { return false };
    *rest -= count;
    if *rest <= 0 {
        held.remove(&process);
    }
    true
}

impl Object for Lock {
    fn request(&mut self, process: u64, rng: &mut ChaCha8Rng) -> Request {
        let pretended = self.pretended.get(&process);
        if let Some(&held) = pretended.or_else(|| self.held.get(&process)) {
            let takes_again = self.style == Style::Reentrant && pretended.is_none() && held < DEEP;
            if takes_again && rng.random_bool(0.4) {
                return Request::new("acquire", self.input(process, 1));
            }
            let count = if self.has_permits() { held } else { 1 };
            return Request::new("release", self.input(process, count));
        }
        let count = if self.has_permits() { self.source.amount(2, rng) } else { 1 };
        let tries = self.tries && rng.random_bool(0.5);
        let f = if tries { "try-acquire" } else { "acquire" };
        Request::new(f, self.input(process, count))
    }

    fn apply(&mut self, process: u64, request: &Request, _: &mut ChaCha8Rng) -> Effect {
        let count = self.count(request);
        if request.f == "release" {
            if !give_back(&mut self.pretended, process, count) {
                give_back(&mut self.held, process, count);
            }
            return Effect::Ok(request.value.clone());
        }
        if self.is_free(process, count) {
            return Effect::Ok(self.take(process, request));
        }
        if request.f == "acquire" { Effect::Blocked } else { Effect::Ok(json!(false)) }
    }

    fn wrong(&mut self, request: &Request, answer: &Value, rng: &mut ChaCha8Rng) -> Option<Value> {
        if *answer == Value::Bool(true) {
            return Some(json!(false));
        }
        if *answer == Value::Bool(false) {
            return Some(self.taken(request));
        }
        let fence = answer["fence"].as_i64().filter(|_| request.f != "release")?;
        Some(json!({"fence": near(fence, rng).max(0)}))
    }

    fn pretend(&mut self, process: u64, request: &Request) -> Option<Value> {
        self.pretended.insert(process, self.count(request));
        Some(self.taken(request))
    }

    fn holds(&self, process: u64) -> bool {
        self.held.contains_key(&process) || self.pretended.contains_key(&process)
    }

    fn fate(&self, process: u64, request: &Request) -> Fate {
        match (request.f, self.held.get(&process)) {
            ("release", Some(&held)) if held > self.count(request) => Fate::None,
            ("release", _) => Fate::Always,
            (_, Some(_)) => Fate::None,
            (_, None) => Fate::Never,
        }
    }
}
