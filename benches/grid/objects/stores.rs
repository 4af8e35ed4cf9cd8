//! Keys of key-value stores.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::super::cells::Values;
use super::{Effect, Object, Request, Source, near};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    /// Strings that grow.
    Appends,
    /// Updates that depend on what they find.
    Swaps,
    /// Numbers that are added to.
    Numbers,
}

/// The value of one key; null if it is absent.
struct Key {
    value: Value,
    source: Source,
    style: Style,
}

fn key(values: Values, style: Style) -> Box<dyn Object> {
    Box::new(Key { value: Value::Null, source: Source::new(values), style })
}

pub fn plain(values: Values) -> Box<dyn Object> {
    key(values, Style::Plain)
}

pub fn appends(values: Values) -> Box<dyn Object> {
    key(values, Style::Appends)
}

pub fn swaps(values: Values) -> Box<dyn Object> {
    key(values, Style::Swaps)
}

pub fn numbers(values: Values) -> Box<dyn Object> {
    key(values, Style::Numbers)
}

const NUMBERS: [&str; 8] = [
    "inc",
    "dec",
    "inc-and-get",
    "dec-and-get",
    "get-and-inc",
    "get-and-dec",
    "inc",
    "inc-and-get",
];
const SWAPS: [&str; 6] = ["put", "delete", "cas", "cas", "put-if-absent", "get-and-set"];

impl Key {
    /// Returns a value or a piece of one.
    fn fresh(&mut self, rng: &mut ChaCha8Rng) -> Value {
        let number = self.source.fresh(rng);
        if self.style == Style::Appends { json!(format!("{number},")) } else { json!(number) }
    }

    fn update(&mut self, rng: &mut ChaCha8Rng) -> Request {
        let f = match self.style {
            Style::Plain if rng.random_bool(0.3) => "delete",
            Style::Plain => "put",
            Style::Appends if rng.random_bool(0.8) => "append",
            Style::Appends => "put",
            Style::Numbers if rng.random_bool(0.1) => "put",
            Style::Numbers => NUMBERS[rng.random_range(0..NUMBERS.len())],
            Style::Swaps => SWAPS[rng.random_range(0..SWAPS.len())],
        };
        match f {
            "delete" => Request::plain(f),
            "cas" => {
                let new = self.fresh(rng);
                let is_known = !self.value.is_null() && rng.random_bool(0.7);
                let old = if is_known { self.value.clone() } else { json!(self.source.other(rng)) };
                Request::new(f, json!([old, new]))
            }
            "put" | "append" | "put-if-absent" | "get-and-set" => Request::new(f, self.fresh(rng)),
            _ if self.source.is_few() => Request::plain(f),
            _ => Request::new(f, self.source.amount(5, rng)),
        }
    }

    /// Adds, and returns the sum before and after.
    fn add(&mut self, request: &Request) -> (i64, i64) {
        let amount = request.value.as_i64().unwrap_or(1);
        let before = self.value.as_i64().unwrap_or(0);
        let after = if request.f.contains("dec") { before - amount } else { before + amount };
        self.value = json!(after);
        (before, after)
    }
}

impl Object for Key {
    fn request(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Request {
        if rng.random_bool(0.4) { Request::plain("get") } else { self.update(rng) }
    }

    fn apply(&mut self, _: u64, request: &Request, _: &mut ChaCha8Rng) -> Effect {
        let input = &request.value;
        Effect::Ok(match request.f {
            "get" => self.value.clone(),
            "put" => {
                self.value = input.clone();
                input.clone()
            }
            "delete" => {
                self.value = Value::Null;
                Value::Null
            }
            "append" => {
                let text = self.value.as_str().unwrap_or_default();
                self.value = json!(format!("{text}{}", input.as_str().unwrap_or_default()));
                input.clone()
            }
            "cas" if self.value != input[0] => json!(false),
            "cas" => {
                self.value = input[1].clone();
                json!(true)
            }
            "put-if-absent" if !self.value.is_null() => json!(false),
            "put-if-absent" => {
                self.value = input.clone();
                json!(true)
            }
            "get-and-set" => std::mem::replace(&mut self.value, input.clone()),
            f => {
                let (before, after) = self.add(request);
                match f {
                    "inc" | "dec" => input.clone(),
                    f if f.starts_with("get-and") => json!(before),
                    _ => json!(after),
                }
            }
        })
    }

    fn wrong(&mut self, request: &Request, answer: &Value, rng: &mut ChaCha8Rng) -> Option<Value> {
        match answer {
            Value::Bool(truth) => return Some(json!(!truth)),
            Value::Number(number) if self.style == Style::Numbers && request.f.contains("get") => {
                return Some(json!(near(number.as_i64()?, rng)));
            }
            _ => {}
        }
        if !matches!(request.f, "get" | "get-and-set") {
            return None;
        }
        let Some(text) = answer.as_str() else { return Some(json!(self.source.other(rng))) };
        let mut pieces: Vec<&str> = text.split_inclusive(',').collect();
        let at = rng.random_range(0..pieces.len().max(1));
        let other = format!("{},", self.source.other(rng));
        match rng.random_range(0..3) {
            0 if pieces.len() > 1 => pieces.swap(at, 0),
            1 if pieces.len() > 1 => drop(pieces.pop()),
            _ => pieces.insert(at, &other),
        }
        Some(json!(pieces.concat()))
    }
}

/// The value of a key with the number of its version; versions may leave numbers out.
struct Versioned {
    value: Option<(i64, i64)>,
    last: i64,
    source: Source,
}

pub fn versioned(values: Values) -> Box<dyn Object> {
    Box::new(Versioned { value: None, last: 0, source: Source::new(values) })
}

impl Versioned {
    fn write(&mut self, value: i64, rng: &mut ChaCha8Rng) -> Value {
        self.last += rng.random_range(1..=3);
        self.value = Some((value, self.last));
        json!({"version": self.last})
    }
}

impl Object for Versioned {
    fn request(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Request {
        match rng.random_range(0..10) {
            0..4 => Request::plain("get"),
            4..6 => Request::new("put", self.source.fresh(rng)),
            6 => Request::plain("delete"),
            _ => {
                let version = match self.value {
                    Some((_, version)) if rng.random_bool(0.7) => version,
                    _ => rng.random_range((self.last - 5).max(0)..=self.last),
                };
                let value = self.source.fresh(rng);
                Request::new("cas", json!({"value": value, "version": version}))
            }
        }
    }

    fn apply(&mut self, _: u64, request: &Request, rng: &mut ChaCha8Rng) -> Effect {
        let input = &request.value;
        Effect::Ok(match request.f {
            "get" => match self.value {
                Some((value, version)) => json!({"value": value, "version": version}),
                None => Value::Null,
            },
            "put" => self.write(input.as_i64().unwrap_or(0), rng),
            "delete" => {
                self.value = None;
                Value::Null
            }
            _ if input["version"].as_i64() != Some(self.value.map_or(0, |(_, v)| v)) => {
                json!(false)
            }
            _ => self.write(input["value"].as_i64().unwrap_or(0), rng),
        })
    }

    fn wrong(&mut self, request: &Request, answer: &Value, rng: &mut ChaCha8Rng) -> Option<Value> {
        match answer {
            Value::Bool(_) => Some(json!({"version": self.last + rng.random_range(1..3)})),
            Value::Object(fields) => {
                let mut fields = fields.clone();
                if request.f == "get" && rng.random_bool(0.5) {
                    fields.insert("value".to_owned(), json!(self.source.other(rng)));
                } else {
                    let version = fields.get("version").and_then(Value::as_i64)?;
                    let version = near(version, rng).max(1);
                    fields.insert("version".to_owned(), json!(version));
                }
                Some(Value::Object(fields))
            }
            _ => None,
        }
    }
}
