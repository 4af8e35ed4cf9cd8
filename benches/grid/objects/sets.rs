//! Sets.

use std::collections::BTreeSet;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::super::cells::Values;
use super::super::simulate::any;
use super::{Effect, Object, Request, Source};

/// Above, more is removed than added.
const MANY: usize = 10;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Additions and removals return nothing.
    Silent,
    /// Nothing is removed.
    Grows,
    /// Additions and removals return what they found; nobody reads the whole.
    Returns,
}

struct Set {
    held: BTreeSet<i64>,
    source: Source,
    style: Style,
}

fn set(values: Values, style: Style) -> Box<dyn Object> {
    Box::new(Set { held: BTreeSet::new(), source: Source::new(values), style })
}

pub fn silent(values: Values) -> Box<dyn Object> {
    set(values, Style::Silent)
}

pub fn growing(values: Values) -> Box<dyn Object> {
    set(values, Style::Grows)
}

pub fn returning(values: Values) -> Box<dyn Object> {
    set(values, Style::Returns)
}

impl Set {
    /// Mostly an element that is there.
    fn known(&self, rng: &mut ChaCha8Rng) -> i64 {
        let held: Vec<i64> = self.held.iter().rev().take(2 * MANY).copied().collect();
        match any(&held, rng) {
            Some(&item) if rng.random_bool(0.7) => item,
            _ => self.source.other(rng),
        }
    }
}

impl Object for Set {
    fn request(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Request {
        let reads = match self.style {
            Style::Returns => 0.0,
            Style::Silent => 0.25,
            // A read returns all: longer ones are rarer.
            Style::Grows => (10.0 / self.held.len().max(1) as f64).min(0.4),
        };
        if rng.random_bool(reads) {
            return Request::plain("read");
        }
        if rng.random_bool(0.3) {
            return Request::new("contains", self.known(rng));
        }
        let removes = if self.held.len() > MANY { 0.6 } else { 0.4 };
        if self.style != Style::Grows && rng.random_bool(removes) {
            return Request::new("remove", self.known(rng));
        }
        Request::new("add", self.source.fresh(rng))
    }

    fn apply(&mut self, _: u64, request: &Request, _: &mut ChaCha8Rng) -> Effect {
        let item = request.value.as_i64().unwrap_or(0);
        let found = match request.f {
            "read" => return Effect::Ok(json!(self.held)),
            "contains" => return Effect::Ok(json!(self.held.contains(&item))),
            "add" => self.held.insert(item),
            _ => self.held.remove(&item),
        };
        Effect::Ok(if self.style == Style::Returns { json!(found) } else { request.value.clone() })
    }

    fn wrong(&mut self, request: &Request, answer: &Value, rng: &mut ChaCha8Rng) -> Option<Value> {
        if let Value::Bool(found) = answer {
            return Some(json!(!found));
        }
        if request.f != "read" {
            return None;
        }
        let mut items: Vec<Value> = answer.as_array()?.clone();
        let item = json!(self.source.other(rng));
        match items.iter().position(|other| *other == item) {
            Some(at) => drop(items.remove(at)),
            None if items.is_empty() || rng.random_bool(0.5) => items.push(item),
            None => drop(items.remove(rng.random_range(0..items.len()))),
        }
        Some(Value::Array(items))
    }
}
