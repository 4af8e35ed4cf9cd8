//! Registers: one, with or without compare-and-set, and several in transactions.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::super::cells::Values;
use super::{Effect, Object, Request, Source};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cas {
    No,
    /// One that finds another value fails.
    Fails,
    /// One that finds another value returns `false`.
    Tells,
}

struct Register {
    value: Option<i64>,
    source: Source,
    cas: Cas,
}

pub fn register(values: Values) -> Box<dyn Object> {
    Box::new(Register { value: None, source: Source::new(values), cas: Cas::No })
}

pub fn failing_cas(values: Values) -> Box<dyn Object> {
    Box::new(Register { value: None, source: Source::new(values), cas: Cas::Fails })
}

pub fn telling_cas(values: Values) -> Box<dyn Object> {
    Box::new(Register { value: None, source: Source::new(values), cas: Cas::Tells })
}

impl Object for Register {
    fn request(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Request {
        if rng.random_bool(0.5) {
            return Request::plain("read");
        }
        let new = self.source.fresh(rng);
        if self.cas == Cas::No || rng.random_bool(0.4) {
            return Request::new("write", new);
        }
        // Clients mostly know what the register held a moment ago.
        let old = match self.value {
            Some(value) if rng.random_bool(0.7) => value,
            _ => self.source.other(rng),
        };
        Request::new("cas", json!([old, new]))
    }

    fn apply(&mut self, _: u64, request: &Request, _: &mut ChaCha8Rng) -> Effect {
        match request.f {
            "read" => return Effect::Ok(json!(self.value)),
            "write" => self.value = request.value.as_i64(),
            _ if self.value != request.value[0].as_i64() => {
                return if self.cas == Cas::Fails {
                    Effect::Fail
                } else {
                    Effect::Ok(json!(false))
                };
            }
            _ => self.value = request.value[1].as_i64(),
        }
        Effect::Ok(request.value.clone())
    }

    fn wrong(&mut self, request: &Request, answer: &Value, rng: &mut ChaCha8Rng) -> Option<Value> {
        match request.f {
            "read" => Some(json!(self.source.other(rng))),
            "cas" if self.cas == Cas::Tells && *answer == Value::Bool(false) => {
                Some(request.value.clone())
            }
            "cas" if self.cas == Cas::Tells => Some(json!(false)),
            _ => None,
        }
    }
}

const REGISTERS: usize = 10;

/// Several registers, which transactions of two to four reads and writes use.
struct Several {
    held: [Option<i64>; REGISTERS],
    source: Source,
}

pub fn several(values: Values) -> Box<dyn Object> {
    Box::new(Several { held: [None; REGISTERS], source: Source::new(values) })
}

impl Object for Several {
    fn request(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Request {
        let count = rng.random_range(2..=4);
        let micro = |_| {
            let name = format!("r{}", rng.random_range(0..REGISTERS));
            if rng.random_bool(0.5) {
                json!(["r", name, null])
            } else {
                json!(["w", name, self.source.fresh(rng)])
            }
        };
        Request::new("txn", (0..count).map(micro).collect::<Vec<Value>>())
    }

    fn apply(&mut self, _: u64, request: &Request, _: &mut ChaCha8Rng) -> Effect {
        let mut answer = request.value.clone();
        for micro in answer.as_array_mut().into_iter().flatten() {
            let number = micro[1].as_str().and_then(|name| name[1..].parse::<usize>().ok());
            let held = &mut self.held[number.unwrap_or(0)];
            if micro[0] == "r" {
                micro[2] = json!(held);
            } else {
                *held = micro[2].as_i64();
            }
        }
        Effect::Ok(answer)
    }

    fn wrong(&mut self, _: &Request, answer: &Value, rng: &mut ChaCha8Rng) -> Option<Value> {
        let mut wrong = answer.clone();
        let reads = wrong.as_array_mut()?.iter_mut().filter(|micro| micro[0] == "r");
        let mut reads: Vec<&mut Value> = reads.collect();
        let at = rng.random_range(0..reads.len().max(1));
        reads.get_mut(at)?[2] = json!(self.source.other(rng));
        Some(wrong)
    }
}
