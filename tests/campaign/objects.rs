//! Objects that are really operated on, so that long histories can be made of what they answer.

use histcheck::model::ModelOptions;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, RngExt};

/// An operation as a history spells it, in JSON, and the process that owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    pub function: &'static str,
    pub input: String,
    pub output: String,
    pub process: i64,
}

/// What kinds of objects there are; as the models are called, but for mutexes without owners.
pub const KINDS: &[&str] = &[
    "register",
    "cas-register",
    "multi-register",
    "list-append",
    "kv",
    "counter",
    "set",
    "mutex",
    "mutex-any-owner",
    "semaphore",
    "fifo-queue",
    "unordered-queue",
    "stack",
    "priority-queue",
    "log",
];

/// An object of some kind with what it holds.
#[derive(Clone, Debug)]
pub struct Object {
    kind: &'static str,
    /// The values of registers (0 is null), the items of a container, the pieces of a text.
    items: Vec<i64>,
    /// A counter's value, free permits, or the holder of a lock (-1 is none).
    number: i64,
    start: String,
    /// How many permits or owners there are.
    limit: i64,
    /// How many values occur; 0 where each is used once.
    values: i64,
    /// The value used last.
    pub fresh: i64,
    /// How often an operation is one that changes the state.
    changes: f64,
    /// Which choices operations have, a bit each.
    habits: u32,
}

impl Object {
    /// An object that deals with `values` values, or uses each one once if that is 0.
    pub fn random(kind: &'static str, values: i64, rng: &mut impl Rng) -> Object {
        let mut object = Object {
            kind,
            items: Vec::new(),
            number: 0,
            start: "null".to_owned(),
            limit: rng.random_range(1..=4),
            values,
            fresh: 0,
            changes: *[0.3, 0.5, 0.8].choose(rng).expect("not empty"),
            habits: rng.random(),
        };
        match kind {
            "register" | "cas-register" => object.items = vec![0],
            "multi-register" => object.items = vec![0; 3],
            "counter" => {
                object.number = rng.random_range(-2..=2);
                object.start = object.number.to_string();
            }
            "mutex" | "mutex-any-owner" => object.number = -1,
            "semaphore" => {
                object.number = object.limit;
                object.start = object.limit.to_string();
            }
            "kv" | "list-append" => {}
            _ if rng.random_bool(0.2) => {
                object.items = (0..2).map(|_| object.value(rng)).collect();
                if kind == "set" {
                    object.items.dedup();
                }
                let items = object.items.clone();
                object.start = object.list(&items);
            }
            _ => {}
        }
        object
    }

    /// The model's name.
    pub fn model(&self) -> &'static str {
        if self.kind == "mutex-any-owner" { "mutex" } else { self.kind }
    }

    /// What its operations mean.
    pub fn options(&self) -> ModelOptions {
        let check_owner = self.kind != "mutex-any-owner";
        ModelOptions { check_owner, ..ModelOptions::default() }
    }

    /// What it holds at first, in JSON.
    pub fn start(&self) -> &str {
        &self.start
    }

    /// Does something; with a `process`, what that one can do now, if anything.
    pub fn operate(&mut self, process: Option<i64>, rng: &mut impl Rng) -> Option<Spelling> {
        let changes = rng.random_bool(self.changes);
        Some(match self.kind {
            "register" => self.register(changes, rng),
            "cas-register" => self.cas_register(changes, rng),
            "multi-register" => self.multi_register(changes, rng),
            "list-append" => self.list_append(changes, rng),
            "kv" => self.kv(changes, rng),
            "counter" => self.counter(changes, rng),
            "set" => self.set(changes, rng),
            "mutex" | "mutex-any-owner" => return self.mutex(process, rng),
            "semaphore" => self.semaphore(rng),
            "log" => self.log(changes, rng),
            _ => self.queue(rng),
        })
    }

    /// Whether a choice is among its habits, and taken this time.
    fn may(&self, bit: u32, rng: &mut impl Rng) -> bool {
        self.has(bit) && rng.random_bool(0.4)
    }

    fn has(&self, bit: u32) -> bool {
        self.habits >> bit & 1 == 1
    }

    fn value(&mut self, rng: &mut impl Rng) -> i64 {
        if self.values > 0 {
            return rng.random_range(1..=self.values);
        }
        self.fresh += 1;
        // In no order, so that priorities mix.
        self.fresh * 379 % 1009
    }

    fn register(&mut self, changes: bool, rng: &mut impl Rng) -> Spelling {
        if changes {
            self.items[0] = self.value(rng);
            return spell("write", self.items[0], "null");
        }
        spell("read", "null", nullable(self.items[0]))
    }

    fn cas_register(&mut self, changes: bool, rng: &mut impl Rng) -> Spelling {
        if self.may(1, rng) && self.has(2) && self.has(3) {
            let other = rng.random_range(1..=6);
            if other != self.items[0] {
                return spell("cas", format!("[{other},1]"), "false");
            }
        }
        // Values that no write establishes make what cas do to each other matter.
        if changes && self.values > 2 && self.has(4) && rng.random_bool(0.2) {
            self.items[0] = rng.random_range(1..=2);
            return spell("write", self.items[0], "null");
        }
        if !changes || !self.has(0) && !self.has(4) && rng.random_bool(0.5) {
            return self.register(changes, rng);
        }
        let new = self.value(rng);
        let old = std::mem::replace(&mut self.items[0], new);
        spell("cas", format!("[{},{new}]", nullable(old)), "true")
    }

    fn multi_register(&mut self, changes: bool, rng: &mut impl Rng) -> Spelling {
        let (mut input, mut output) = (Vec::new(), Vec::new());
        let mut keys: Vec<usize> = (0..self.items.len()).collect();
        keys.shuffle(rng);
        for &key in &keys[..rng.random_range(1..=2)] {
            if changes && (rng.random_bool(0.6) || input.is_empty()) {
                self.items[key] = self.value(rng);
                let micro = format!(r#"["w",{key},{}]"#, self.items[key]);
                input.push(micro.clone());
                output.push(micro);
            } else {
                input.push(format!(r#"["r",{key},null]"#));
                output.push(format!(r#"["r",{key},{}]"#, nullable(self.items[key])));
            }
        }
        let list = |micros: Vec<String>| format!("[{}]", micros.join(","));
        spell("txn", list(input), list(output))
    }

    /// Items stand with their lists, of which there are three, in the order of their appends.
    fn list_append(&mut self, changes: bool, rng: &mut impl Rng) -> Spelling {
        let (mut input, mut output) = (Vec::new(), Vec::new());
        let mut keys: Vec<i64> = (0..3).collect();
        keys.shuffle(rng);
        for &key in &keys[..rng.random_range(1..=2)] {
            if changes && (rng.random_bool(0.6) || input.is_empty()) {
                let value = self.value(rng);
                self.items.extend([key, value]);
                let micro = format!(r#"["append",{key},{value}]"#);
                input.push(micro.clone());
                output.push(micro);
            } else {
                let own = self.items.chunks(2).filter(|item| item[0] == key);
                let own: Vec<i64> = own.map(|item| item[1]).collect();
                input.push(format!(r#"["r",{key},null]"#));
                output.push(format!(r#"["r",{key},{}]"#, self.list(&own)));
            }
        }
        let list = |micros: Vec<String>| format!("[{}]", micros.join(","));
        spell("txn", list(input), list(output))
    }

    fn kv(&mut self, changes: bool, rng: &mut impl Rng) -> Spelling {
        let text = |items: &[i64]| {
            let pieces: Vec<String> = items.iter().map(|item| format!("{item};")).collect();
            format!("\"{}\"", pieces.concat())
        };
        if !changes {
            let seen = if self.items.is_empty() { "null".to_owned() } else { text(&self.items) };
            return spell("get", "null", seen);
        }
        if self.has(0) && rng.random_bool(0.7) {
            let value = self.value(rng);
            self.items.push(value);
            return spell("append", text(&[value]), "null");
        }
        self.items.clear();
        if self.may(1, rng) {
            return spell("delete", "null", "null");
        }
        let value = self.value(rng);
        self.items.push(value);
        spell("put", text(&[value]), "null")
    }

    fn counter(&mut self, changes: bool, rng: &mut impl Rng) -> Spelling {
        if !changes {
            return spell("read", "null", self.number);
        }
        let most = if self.has(0) { 1 } else { 5 };
        let mut delta = rng.random_range(if self.has(4) { 0 } else { 1 }..=most);
        if self.has(1) && (self.has(2) || rng.random_bool(0.5)) {
            delta = -delta;
        }
        let before = self.number;
        self.number += delta;
        if !self.may(3, rng) {
            return spell("add", delta, "null");
        }
        if rng.random_bool(0.5) {
            spell("add-and-get", delta, self.number)
        } else {
            spell("get-and-add", delta, before)
        }
    }

    fn set(&mut self, changes: bool, rng: &mut impl Rng) -> Spelling {
        if !changes && self.has(0) {
            let items = self.items.clone();
            return spell("read", "null", self.list(&items));
        }
        let answers = self.has(1);
        let old = self.items.choose(rng).copied();
        let answer = |held: bool| if answers { held.to_string() } else { "null".to_owned() };
        if changes && (!self.has(2) || rng.random_bool(0.5)) {
            let value = self.value(rng);
            let new = !self.items.contains(&value);
            if new {
                self.items.push(value);
            }
            return spell("add", value, answer(new));
        }
        let value = match old {
            Some(old) if self.values == 0 => old,
            _ => rng.random_range(1..=self.values.max(5)),
        };
        let held = self.items.contains(&value);
        if !changes {
            return spell("contains", value, held.to_string());
        }
        self.items.retain(|&item| item != value);
        spell("remove", value, answer(held))
    }

    fn mutex(&mut self, given: Option<i64>, rng: &mut impl Rng) -> Option<Spelling> {
        let owners = if self.has(1) { 3 } else { 12 };
        let mut process = given.unwrap_or_else(|| rng.random_range(0..owners));
        let (function, output) = match self.number {
            -1 => {
                self.number = process;
                if self.may(0, rng) { ("try-acquire", "true") } else { ("acquire", "null") }
            }
            holder if holder != process && self.may(2, rng) => ("try-acquire", "false"),
            holder if given.is_none_or(|given| given == holder) => {
                process = holder;
                self.number = -1;
                ("release", "null")
            }
            _ => return None,
        };
        Some(Spelling { process, ..spell(function, "null", output) })
    }

    fn semaphore(&mut self, rng: &mut impl Rng) -> Spelling {
        let count = if self.has(0) { 1 } else { rng.random_range(1..=self.limit) };
        let input = if self.has(1) && count == 1 { "null".to_owned() } else { count.to_string() };
        if rng.random_bool(0.5) && self.number + count <= self.limit {
            self.number += count;
            return spell("release", input, "null");
        }
        if count <= self.number {
            self.number -= count;
            let tries = self.may(2, rng);
            let (function, output) =
                if tries { ("try-acquire", "true") } else { ("acquire", "null") };
            return spell(function, input, output);
        }
        if self.has(3) {
            return spell("try-acquire", input, "false");
        }
        self.number = self.limit.min(self.number + 1);
        spell("release", "1", "null")
    }

    fn log(&mut self, changes: bool, rng: &mut impl Rng) -> Spelling {
        let len = self.items.len();
        if changes {
            let value = self.value(rng);
            self.items.push(value);
            let offset = if self.may(0, rng) { len.to_string() } else { "null".to_owned() };
            return spell("append", value, offset);
        }
        let at = rng.random_range(0..=len);
        match rng.random_range(0..4) {
            1 if self.has(1) => spell("read-prefix", "null", self.list(&self.items[..at])),
            2 if self.has(2) => spell("read-from", at, self.list(&self.items[at..])),
            3 if self.has(3) => {
                spell("read", at, nullable(self.items.get(at).copied().unwrap_or(0)))
            }
            _ => spell("read", "null", self.list(&self.items)),
        }
    }

    fn queue(&mut self, rng: &mut impl Rng) -> Spelling {
        let names = match self.kind {
            "stack" => ["push", "pop", "peek"],
            "priority-queue" => ["insert", "dequeue", "peek"],
            _ => ["enqueue", "dequeue", "peek"],
        };
        let growing = if self.has(5) { 0.7 } else { 0.5 };
        if rng.random_bool(growing) || self.items.is_empty() && !self.has(0) {
            let value = self.value(rng);
            self.items.push(value);
            return spell(names[0], self.item(value), "null");
        }
        let looks = self.may(1, rng);
        let last = self.kind == "priority-queue" && self.may(2, rng);
        let name = match (looks, last) {
            (true, false) => names[2],
            (true, true) => "peek-max",
            (false, false) => names[1],
            (false, true) => "delete-max",
        };
        if self.items.is_empty() {
            return spell(name, "null", "null");
        }
        let positions = 0..self.items.len();
        let key = |&at: &usize| self.priority(self.items[at]);
        let at = match self.kind {
            "fifo-queue" => 0,
            "stack" => self.items.len() - 1,
            "unordered-queue" => rng.random_range(positions),
            _ if last => positions.max_by_key(key).expect("not empty"),
            _ => positions.min_by_key(key).expect("not empty"),
        };
        let value = if looks { self.items[at] } else { self.items.remove(at) };
        spell(name, "null", self.item(value))
    }

    fn priority(&self, value: i64) -> i64 {
        if self.has(4) { value / 4 } else { value }
    }

    /// An item of a container, in JSON.
    fn item(&self, value: i64) -> String {
        if self.kind == "priority-queue" && self.has(4) {
            format!("[{},{value}]", self.priority(value))
        } else {
            value.to_string()
        }
    }

    fn list(&self, items: &[i64]) -> String {
        let items: Vec<String> = items.iter().map(|&item| self.item(item)).collect();
        format!("[{}]", items.join(","))
    }
}

fn spell(function: &'static str, input: impl ToString, output: impl ToString) -> Spelling {
    Spelling { function, input: input.to_string(), output: output.to_string(), process: 0 }
}

fn nullable(value: i64) -> String {
    if value == 0 { "null".to_owned() } else { value.to_string() }
}

/// Another operation in the place of `operations[at]`: mostly one with another answer, which may be
/// one that no model takes.
pub fn changed(operations: &[Spelling], at: usize, rng: &mut impl Rng) -> Spelling {
    let mut changed = operations[at].clone();
    // Operations that answer nothing matter only by what they are.
    if rng.random_bool(if changed.output == "null" { 0.4 } else { 0.1 }) {
        let whole = operations.choose(rng).expect("not empty").clone();
        return Spelling { process: changed.process, ..whole };
    }
    let same: Vec<&Spelling> =
        operations.iter().filter(|other| other.function == changed.function).collect();
    let other = *same.choose(rng).expect("itself at least");
    match rng.random_range(0..10) {
        _ if changed.function == "txn" => changed = other.clone(),
        0..5 if changed.function == "cas" => changed.input = other.input.clone(),
        0..5 => changed.output = other.output.clone(),
        5 => changed.input = other.input.clone(),
        6 => changed.output = "null".to_owned(),
        _ => {
            let tweaked = match changed.output.as_str() {
                "true" => "false".to_owned(),
                "false" => "true".to_owned(),
                "null" => other.output.clone(),
                text => match text.parse::<i64>() {
                    Ok(number) => (number + if rng.random_bool(0.5) { 1 } else { -1 }).to_string(),
                    Err(_) => swap_last(text),
                },
            };
            changed.output = tweaked;
        }
    }
    changed
}

/// A list or text whose last two items changed places.
fn swap_last(text: &str) -> String {
    let (separator, open, close) =
        if text.starts_with('"') { (';', '"', ";\"") } else { (',', '[', "]") };
    let inner = text.trim_start_matches(open).trim_end_matches(close);
    let mut items: Vec<&str> = inner.split(separator).collect();
    let count = items.len();
    if count < 2 || inner.contains('[') {
        return text.to_owned();
    }
    items.swap(count - 1, count - 2);
    format!("{open}{}{close}", items.join(&separator.to_string()))
}
