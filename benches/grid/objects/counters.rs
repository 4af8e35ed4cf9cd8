//! Counters.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::super::cells::Values;
use super::{Effect, Object, Request, Source, near};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Additions of both signs return nothing.
    Plain,
    /// The same, of one sign.
    Grows,
    /// Most additions return the sum, or what was there before.
    Returns,
}

struct Counter {
    sum: i64,
    source: Source,
    style: Style,
}

fn counter(values: Values, style: Style) -> Box<dyn Object> {
    Box::new(Counter { sum: 0, source: Source::new(values), style })
}

pub fn plain(values: Values) -> Box<dyn Object> {
    counter(values, Style::Plain)
}

pub fn growing(values: Values) -> Box<dyn Object> {
    counter(values, Style::Grows)
}

pub fn returning(values: Values) -> Box<dyn Object> {
    counter(values, Style::Returns)
}

const PLAIN: [&str; 4] = ["inc", "dec", "add", "add"];
const GROWING: [&str; 2] = ["inc", "add"];
const RETURNING: [&str; 7] = [
    "add",
    "add-and-get",
    "inc-and-get",
    "dec-and-get",
    "get-and-add",
    "get-and-inc",
    "get-and-dec",
];

/// What a request adds.
fn amount(request: &Request) -> i64 {
    let amount = request.value.as_i64().unwrap_or(1);
    if request.f.contains("dec") { -amount } else { amount }
}

impl Object for Counter {
    fn request(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Request {
        let reads = if self.style == Style::Returns { 0.2 } else { 0.4 };
        if rng.random_bool(reads) {
            return Request::plain("read");
        }
        let names: &[&'static str] = match self.style {
            Style::Plain => &PLAIN,
            Style::Grows => &GROWING,
            Style::Returns => &RETURNING,
        };
        let f = names[rng.random_range(0..names.len())];
        let amount = self.source.amount(5, rng);
        if f.contains("add") {
            let is_less = self.style != Style::Grows && rng.random_bool(0.5);
            return Request::new(f, if is_less { -amount } else { amount });
        }
        if self.source.is_few() { Request::plain(f) } else { Request::new(f, amount) }
    }

    fn apply(&mut self, _: u64, request: &Request, _: &mut ChaCha8Rng) -> Effect {
        let before = self.sum;
        if request.f != "read" {
            self.sum += amount(request);
        }
        Effect::Ok(match request.f {
            f if f.starts_with("get-and") => json!(before),
            f if f == "read" || f.ends_with("and-get") => json!(self.sum),
            _ => request.value.clone(),
        })
    }

    fn wrong(&mut self, request: &Request, answer: &Value, rng: &mut ChaCha8Rng) -> Option<Value> {
        let tells = request.f == "read" || request.f.contains("get");
        Some(json!(near(answer.as_i64().filter(|_| tells)?, rng)))
    }
}
