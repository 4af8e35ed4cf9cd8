//! Queues, stacks and bags.

use std::collections::BTreeMap;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::super::cells::Values;
use super::{Effect, Object, Request, Source};

/// Above, more is taken out than put in.
const MANY: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Fifo,
    Stack,
    Bag,
    /// The smallest comes out first.
    Priority,
    /// The smallest or the largest is asked for.
    Ends,
}

struct Queue {
    /// The oldest first.
    items: Vec<i64>,
    source: Source,
    order: Order,
}

fn queue(values: Values, order: Order) -> Box<dyn Object> {
    Box::new(Queue { items: Vec::new(), source: Source::new(values), order })
}

pub fn fifo(values: Values) -> Box<dyn Object> {
    queue(values, Order::Fifo)
}

pub fn stack(values: Values) -> Box<dyn Object> {
    queue(values, Order::Stack)
}

pub fn bag(values: Values) -> Box<dyn Object> {
    queue(values, Order::Bag)
}

pub fn priority(values: Values) -> Box<dyn Object> {
    queue(values, Order::Priority)
}

pub fn both_ends(values: Values) -> Box<dyn Object> {
    queue(values, Order::Ends)
}

/// The priority of a value that is to be another than all before.
fn spread(value: i64, rng: &mut ChaCha8Rng) -> i64 {
    rng.random_range(0..60) << 24 | (value & 0xff_ffff)
}

impl Queue {
    /// Returns the position of the item whose turn it is.
    fn next(&self, f: &str, rng: &mut ChaCha8Rng) -> Option<usize> {
        let last = self.items.len().checked_sub(1)?;
        Some(match self.order {
            Order::Fifo => 0,
            Order::Stack => last,
            Order::Bag => rng.random_range(0..=last),
            Order::Ends if f.ends_with("max") => {
                (0..=last).max_by_key(|&at| self.items[at]).unwrap_or(last)
            }
            Order::Priority | Order::Ends => {
                (0..=last).min_by_key(|&at| self.items[at]).unwrap_or(0)
            }
        })
    }
}

impl Object for Queue {
    fn request(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Request {
        let puts = if self.items.len() > MANY { 0.35 } else { 0.5 };
        let end = usize::from(self.order == Order::Ends && rng.random_bool(0.5));
        if rng.random_bool(0.15) {
            return Request::plain(match self.order {
                Order::Ends => ["peek-min", "peek-max"][end],
                _ => "peek",
            });
        }
        if rng.random_bool(puts) {
            let mut item = self.source.fresh(rng);
            let is_sorted = matches!(self.order, Order::Priority | Order::Ends);
            if is_sorted && !self.source.is_few() {
                item = spread(item, rng);
            }
            let f = match self.order {
                Order::Fifo | Order::Bag => "enqueue",
                Order::Stack => "push",
                Order::Priority | Order::Ends => "insert",
            };
            return Request::new(f, item);
        }
        Request::plain(match self.order {
            Order::Fifo | Order::Bag | Order::Priority => "dequeue",
            Order::Stack => "pop",
            Order::Ends => ["delete-min", "delete-max"][end],
        })
    }

    fn apply(&mut self, _: u64, request: &Request, rng: &mut ChaCha8Rng) -> Effect {
        if let Some(item) = request.value.as_i64() {
            self.items.push(item);
            return Effect::Ok(request.value.clone());
        }
        let Some(at) = self.next(request.f, rng) else { return Effect::Ok(Value::Null) };
        let item = self.items[at];
        if !request.f.starts_with("peek") {
            self.items.remove(at);
        }
        Effect::Ok(json!(item))
    }

    fn wrong(&mut self, request: &Request, _: &Value, rng: &mut ChaCha8Rng) -> Option<Value> {
        if !request.value.is_null() {
            return None;
        }
        if rng.random_bool(0.2) {
            return Some(Value::Null);
        }
        match self.items.len() {
            0 if matches!(self.order, Order::Priority | Order::Ends) => None,
            0 => Some(json!(self.source.other(rng))),
            count => Some(json!(self.items[rng.random_range(0..count)])),
        }
    }
}

/// A queue whose consumers say when they are done with an item.
struct Acked {
    waiting: Vec<i64>,
    /// Which items are handed out, with how many copies.
    handed: BTreeMap<i64, u64>,
    /// Which item each process works on.
    works_on: BTreeMap<u64, i64>,
    source: Source,
}

pub fn acked(values: Values) -> Box<dyn Object> {
    Box::new(Acked {
        waiting: Vec::new(),
        handed: BTreeMap::new(),
        works_on: BTreeMap::new(),
        source: Source::new(values),
    })
}

impl Acked {
    /// Takes one copy from those that are handed out; whether there was one.
    fn take_back(&mut self, item: i64) -> bool {
        let Some(count) = self.handed.get_mut(&item) else { return false };
        *count -= 1;
        if *count == 0 {
            self.handed.remove(&item);
        }
        true
    }

    fn hand_out(&mut self, rng: &mut ChaCha8Rng) -> Option<i64> {
        // A consumer that is long gone is given up.
        let oldest = self.handed.keys().next().copied();
        if self.handed.len() > MANY || self.waiting.is_empty() && rng.random_bool(0.2) {
            return oldest;
        }
        if self.waiting.is_empty() {
            return None;
        }
        let item = self.waiting.remove(0);
        *self.handed.entry(item).or_default() += 1;
        Some(item)
    }
}

impl Object for Acked {
    fn request(&mut self, process: u64, rng: &mut ChaCha8Rng) -> Request {
        if let Some(item) = self.works_on.remove(&process) {
            return Request::new(if rng.random_bool(0.75) { "ack" } else { "nack" }, item);
        }
        let puts = if self.waiting.len() > MANY { 0.3 } else { 0.5 };
        if rng.random_bool(puts) {
            return Request::new("enqueue", self.source.fresh(rng));
        }
        Request::plain("dequeue")
    }

    fn apply(&mut self, process: u64, request: &Request, rng: &mut ChaCha8Rng) -> Effect {
        let item = request.value.as_i64().unwrap_or(0);
        match request.f {
            "enqueue" => self.waiting.push(item),
            "dequeue" => {
                let item = self.hand_out(rng);
                if let Some(item) = item {
                    self.works_on.insert(process, item);
                }
                return Effect::Ok(json!(item));
            }
            // Somebody else who had the same copy may have been faster.
            "ack" => drop(self.take_back(item)),
            _ => {
                if self.take_back(item) {
                    self.waiting.push(item);
                }
            }
        }
        Effect::Ok(request.value.clone())
    }

    fn wrong(&mut self, request: &Request, _: &Value, rng: &mut ChaCha8Rng) -> Option<Value> {
        match request.f {
            "dequeue" if rng.random_bool(0.2) => Some(Value::Null),
            "dequeue" => Some(json!(self.source.other(rng))),
            _ => None,
        }
    }

    fn forget(&mut self, process: u64) {
        self.works_on.remove(&process);
    }
}
