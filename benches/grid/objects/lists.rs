//! Logs, lists that transactions append to, and ids.

use std::collections::HashMap;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::super::cells::Values;
use super::{Effect, Object, Request, Source};

/// So many entries before the end may be read at once.
const TAIL: usize = 10;

struct Log {
    entries: Vec<i64>,
    source: Source,
    /// Whether an append returns the offset.
    tells: bool,
}

pub fn log(values: Values) -> Box<dyn Object> {
    Box::new(Log { entries: Vec::new(), source: Source::new(values), tells: true })
}

pub fn silent_log(values: Values) -> Box<dyn Object> {
    Box::new(Log { entries: Vec::new(), source: Source::new(values), tells: false })
}

/// An entry is a text, so that none looks like an offset.
fn entry(number: i64) -> Value {
    json!(format!("e{number}"))
}

impl Object for Log {
    fn request(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Request {
        let count = self.entries.len();
        let near_end = rng.random_range(count.saturating_sub(TAIL)..=count + 1);
        match rng.random_range(0..10) {
            0..5 => Request::new("append", entry(self.source.fresh(rng))),
            5..7 => Request::new("read", near_end),
            7 => Request::new("read", rng.random_range(0..=count)),
            8 => Request::new("read-from", near_end),
            _ => Request::plain("read-prefix"),
        }
    }

    fn apply(&mut self, _: u64, request: &Request, rng: &mut ChaCha8Rng) -> Effect {
        let at = request.value.as_u64().unwrap_or(0) as usize;
        Effect::Ok(match request.f {
            "append" => {
                let text = request.value.as_str().unwrap_or("e0");
                self.entries.push(text[1..].parse().unwrap_or(0));
                if self.tells { json!(self.entries.len() - 1) } else { request.value.clone() }
            }
            "read" => self.entries.get(at).map_or(Value::Null, |&number| entry(number)),
            "read-from" => {
                let rest = self.entries.iter().skip(at);
                Value::Array(rest.map(|&number| entry(number)).collect())
            }
            _ => {
                let most = rng.random_range(0..=self.entries.len().min(2 * TAIL));
                Value::Array(self.entries[..most].iter().map(|&number| entry(number)).collect())
            }
        })
    }

    fn wrong(&mut self, request: &Request, answer: &Value, rng: &mut ChaCha8Rng) -> Option<Value> {
        let other = entry(self.source.other(rng));
        match answer {
            Value::Number(offset) => {
                let offset = offset.as_i64()? + [-1, 1][rng.random_range(0..2)];
                Some(json!(offset.max(0)))
            }
            Value::Array(entries) => {
                let mut entries = entries.clone();
                match rng.random_range(0..3) {
                    0 => drop(entries.pop()),
                    1 if !entries.is_empty() => {
                        let at = rng.random_range(0..entries.len());
                        entries[at] = other;
                    }
                    _ => entries.push(other),
                }
                Some(Value::Array(entries))
            }
            _ if request.f == "read" => Some(other),
            _ => None,
        }
    }
}

/// How many lists are in use at a time.
const LISTS: usize = 10;
/// A list of so many elements is replaced by a new one, as in Jepsen's tests.
const LONG: usize = 32;

struct Lists {
    /// The names of those in use, which are numbers.
    used: Vec<usize>,
    next: usize,
    held: HashMap<usize, Vec<i64>>,
    /// How many appends to each were asked for.
    asked: HashMap<usize, usize>,
    source: Source,
}

pub fn transactions(values: Values) -> Box<dyn Object> {
    Box::new(Lists {
        used: (0..LISTS).collect(),
        next: LISTS,
        held: HashMap::new(),
        asked: HashMap::new(),
        source: Source::new(values),
    })
}

impl Lists {
    fn micro(&mut self, rng: &mut ChaCha8Rng) -> Value {
        let at = rng.random_range(0..LISTS);
        let list = self.used[at];
        if rng.random_bool(0.5) {
            return json!(["r", list, null]);
        }
        let asked = self.asked.entry(list).or_default();
        *asked += 1;
        if *asked == LONG {
            self.used[at] = self.next;
            self.next += 1;
        }
        json!(["append", list, self.source.fresh(rng)])
    }
}

impl Object for Lists {
    fn request(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Request {
        let count = rng.random_range(2..=4);
        Request::new("txn", (0..count).map(|_| self.micro(rng)).collect::<Vec<Value>>())
    }

    fn apply(&mut self, _: u64, request: &Request, _: &mut ChaCha8Rng) -> Effect {
        let mut answer = request.value.clone();
        for micro in answer.as_array_mut().into_iter().flatten() {
            let list = micro[1].as_u64().unwrap_or(0) as usize;
            let held = self.held.entry(list).or_default();
            if micro[0] == "r" {
                micro[2] = json!(held);
            } else {
                held.extend(micro[2].as_i64());
            }
        }
        Effect::Ok(answer)
    }

    fn wrong(&mut self, _: &Request, answer: &Value, rng: &mut ChaCha8Rng) -> Option<Value> {
        let mut wrong = answer.clone();
        let reads = wrong.as_array_mut()?.iter_mut().filter(|micro| micro[0] == "r");
        let mut reads: Vec<&mut Value> = reads.collect();
        let at = rng.random_range(0..reads.len().max(1));
        let items = reads.get_mut(at)?[2].as_array_mut()?;
        let last = items.len().saturating_sub(1);
        match rng.random_range(0..3) {
            0 if last > 0 => items.swap(last, last - 1),
            1 if last > 0 => drop(items.pop()),
            _ => items.push(json!(self.source.other(rng))),
        }
        Some(wrong)
    }
}

struct Ids {
    last: i64,
}

pub fn ids(_: Values) -> Box<dyn Object> {
    Box::new(Ids { last: 0 })
}

impl Object for Ids {
    fn request(&mut self, _: u64, _: &mut ChaCha8Rng) -> Request {
        Request::plain("generate")
    }

    fn apply(&mut self, _: u64, _: &Request, _: &mut ChaCha8Rng) -> Effect {
        self.last += 1;
        Effect::Ok(json!(self.last))
    }

    fn wrong(&mut self, _: &Request, _: &Value, rng: &mut ChaCha8Rng) -> Option<Value> {
        Some(json!(rng.random_range(1..=self.last)))
    }
}
