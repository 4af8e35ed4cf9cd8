//! Sequential objects, written as one would without thinking of a checker: plain collections. The
//! models are tested against them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::json::Json;
use Json::{Bool, Int, List, Map, Null};

/// One call of an operation.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    pub(crate) function: &'static str,
    pub(crate) input: Json,
    pub(crate) process: i64,
}

/// An object that does one operation after the other.
#[derive(Clone, Debug)]
pub(crate) enum Object {
    Register(Json),
    MultiRegister(BTreeMap<Json, Json>),
    Lists(BTreeMap<Json, Vec<Json>>),
    Kv(Option<Json>),
    Counter(i64),
    Set(BTreeSet<Json>),
    Mutex(Option<i64>),
    Lock { holder: Option<i64>, times: u32, fence: i64, is_reentrant: bool },
    Semaphore { free: i64, of: i64 },
    Fifo(VecDeque<Json>),
    Unordered(Vec<Json>),
    Stack(Vec<Json>),
    Priority(Vec<Json>),
    Log(Vec<Json>),
    Bank(BTreeMap<i64, i64>),
    Ids(BTreeSet<i64>),
    Owned { free: i64, held: BTreeMap<i64, i64> },
    Versioned { value: Option<Json>, version: i64 },
    Acked { ready: Vec<Json>, taken: Vec<Json> },
}

/// How many permits the semaphore of these tests has.
pub(crate) const PERMITS: i64 = 3;

impl Object {
    pub(crate) fn new(model: &str) -> Object {
        match model {
            "register" | "cas-register" => Object::Register(Null),
            "multi-register" => Object::MultiRegister(BTreeMap::new()),
            "list-append" => Object::Lists(BTreeMap::new()),
            "kv" => Object::Kv(None),
            "counter" => Object::Counter(0),
            "set" => Object::Set(BTreeSet::new()),
            "mutex" => Object::Mutex(None),
            "fenced-mutex" | "reentrant-mutex" => {
                let is_reentrant = model == "reentrant-mutex";
                Object::Lock { holder: None, times: 0, fence: 0, is_reentrant }
            }
            "semaphore" => Object::Semaphore { free: PERMITS, of: PERMITS },
            "fifo-queue" => Object::Fifo(VecDeque::new()),
            "unordered-queue" => Object::Unordered(Vec::new()),
            "stack" => Object::Stack(Vec::new()),
            "priority-queue" => Object::Priority(Vec::new()),
            "log" => Object::Log(Vec::new()),
            "unique-ids" => Object::Ids(BTreeSet::new()),
            "owned-semaphore" => Object::Owned { free: PERMITS, held: BTreeMap::new() },
            "versioned-kv" => Object::Versioned { value: None, version: 0 },
            "acked-queue" => Object::Acked { ready: Vec::new(), taken: Vec::new() },
            // What it starts from is not told: the reads tell it.
            "bank" => Object::Bank((0..3).map(|account| (account, 2 * account)).collect()),
            other => panic!("no object for the model {other}"),
        }
    }

    /// An operation that a client of the model may invoke.
    pub(crate) fn invocation(model: &str, rng: &mut ChaCha8Rng, values: i64) -> Invocation {
        let functions: &[&'static str] = match model {
            "register" => &["read", "r", "get", "write", "w", "put", "set"],
            "cas-register" => &["read", "write", "cas", "compare-and-set", "compare_and_set"],
            "multi-register" => &["txn", "txn", "read", "write"],
            "list-append" => &["txn"],
            "kv" => KV,
            "counter" => COUNTER,
            "set" => &["add", "remove", "delete", "contains", "contains?", "member", "read"],
            "mutex" => &["acquire", "release", "lock", "unlock", "try-acquire", "tryLock"],
            "fenced-mutex" | "reentrant-mutex" => &["acquire", "release", "try-acquire", "unlock"],
            "semaphore" | "owned-semaphore" => &["acquire", "release", "try-acquire"],
            "fifo-queue" | "unordered-queue" => &["enqueue", "offer", "dequeue", "poll", "peek"],
            "stack" => &["push", "push", "pop", "pop", "peek", "top"],
            "priority-queue" => PRIORITY,
            "log" => &["append", "append", "append", "read", "read", "read-from", "read-prefix"],
            "acked-queue" => &["enqueue", "enqueue", "dequeue", "dequeue", "ack", "nack"],
            "versioned-kv" => &["get", "get", "put", "put", "put-if-version", "cas", "delete"],
            "unique-ids" => &["generate", "next-id", "allocate"],
            "bank" => &["transfer", "transfer", "read", "balance", "deposit", "withdraw"],
            other => panic!("no operations for the model {other}"),
        };
        let function = functions.choose(rng).expect("not empty");
        Invocation { function, input: input(model, function, rng, values), process: 0 }
    }

    /// Does the operation and returns its output; `None` if it can only block or fail.
    pub(crate) fn call(&mut self, invocation: &Invocation, rng: &mut ChaCha8Rng) -> Option<Json> {
        let Invocation { function, input, process } = invocation;
        match self {
            Object::Register(value) => register(value, function, input),
            Object::MultiRegister(registers) => multi(registers, function, input),
            Object::Lists(lists) => Some(list_append(lists, input, rng)),
            Object::Kv(value) => kv(value, function, input, rng),
            Object::Counter(value) => Some(counter(value, function, input)),
            Object::Set(items) => Some(set(items, function, input, rng)),
            Object::Mutex(holder) => mutex(holder, function, *process),
            Object::Lock { .. } => self.lock(function, *process, rng),
            Object::Semaphore { free, of } => semaphore(free, *of, function, input),
            Object::Fifo(items) => Some(match *function {
                "enqueue" | "offer" => {
                    items.push_back(input.clone());
                    done(function, input, rng)
                }
                "peek" => items.front().cloned().unwrap_or(Null),
                _ => items.pop_front().unwrap_or(Null),
            }),
            Object::Unordered(items) => Some(match *function {
                "enqueue" | "offer" => {
                    items.push(input.clone());
                    done(function, input, rng)
                }
                _ if items.is_empty() => Null,
                "peek" => items.choose(rng).expect("not empty").clone(),
                _ => items.swap_remove(rng.random_range(0..items.len())),
            }),
            Object::Stack(items) => Some(match *function {
                "push" => {
                    items.push(input.clone());
                    done(function, input, rng)
                }
                "pop" => items.pop().unwrap_or(Null),
                _ => items.last().cloned().unwrap_or(Null),
            }),
            Object::Priority(items) => Some(priority(items, function, input, rng)),
            Object::Log(items) => Some(log(items, function, input, rng)),
            Object::Bank(balances) => Some(bank(balances, function, input)),
            Object::Owned { free, held } => owned(free, held, invocation, rng),
            Object::Versioned { value, version } => {
                Some(versioned(value, version, invocation, rng))
            }
            Object::Acked { ready, taken } => acked(ready, taken, invocation, rng),
            Object::Ids(given) => {
                let free = (1..).filter(|id| !given.contains(id));
                let id = free.take(3).collect::<Vec<_>>().choose(rng).copied()?;
                given.insert(id);
                Some(Int(id))
            }
        }
    }
}

impl Object {
    /// What a lock with fences does that `process` asks for.
    fn lock(&mut self, function: &str, process: i64, rng: &mut ChaCha8Rng) -> Option<Json> {
        let Object::Lock { holder, times, fence, is_reentrant } = self else { panic!("no lock") };
        let is_own = *holder == Some(process);
        let client = (Json::text("client"), Json::Text(format!("c{process}")));
        let mut fields = vec![];
        if function == "release" || function == "unlock" {
            if !is_own {
                return None;
            }
            *times -= 1;
            *holder = Some(process).filter(|_| *times > 0);
        } else if holder.is_none() || is_own && *is_reentrant {
            *fence += if is_own { 0 } else { rng.random_range(1..3) };
            (*holder, *times) = (Some(process), *times + 1);
            fields.push((Json::text("fence"), Int(*fence)));
        } else if function == "acquire" {
            return None;
        } else {
            return Some(Bool(false));
        }
        if rng.random_bool(0.5) {
            fields.push(client);
        }
        let is_told = !fields.is_empty() && rng.random_bool(0.8);
        Some(if is_told { Map(fields) } else { Bool(true) })
    }
}

const KV: &[&str] = &[
    "get",
    "get",
    "get",
    "get",
    "put",
    "put",
    "append",
    "append",
    "append",
    "delete",
    "cas",
    "cas",
    "put-if-absent",
    "get-and-set",
    "inc",
    "dec",
    "inc-and-get",
    "dec-and-get",
    "get-and-inc",
    "get-and-dec",
];

const COUNTER: &[&str] = &[
    "read",
    "get",
    "add",
    "inc",
    "increment",
    "dec",
    "decrement",
    "add-and-get",
    "inc-and-get",
    "increment-and-get",
    "dec-and-get",
    "decrement-and-get",
    "get-and-add",
    "fetch-add",
    "fetch-and-add",
    "get-and-inc",
    "get-and-increment",
    "get-and-dec",
    "get-and-decrement",
];

const PRIORITY: &[&str] = &[
    "insert",
    "enqueue",
    "offer",
    "insert",
    "dequeue",
    "poll",
    "delete-min",
    "remove-min",
    "extract-min",
    "pop-min",
    "delete-max",
    "remove-max",
    "extract-max",
    "pop-max",
    "peek",
    "peek-min",
    "find-min",
    "peek-max",
    "find-max",
];

fn input(model: &str, function: &str, rng: &mut ChaCha8Rng, values: i64) -> Json {
    let one = |rng: &mut ChaCha8Rng| Int(rng.random_range(1..=values));
    match (model, function) {
        ("register" | "cas-register", "write" | "w" | "put" | "set") => one(rng),
        ("cas-register", "cas" | "compare-and-set" | "compare_and_set") => {
            let old = if rng.random_bool(0.2) { Null } else { one(rng) };
            List(vec![old, one(rng)])
        }
        ("multi-register", "txn") => transaction(rng, values),
        ("list-append", _) => appending(rng, values),
        ("multi-register", _) => {
            let keys = ["x", "y", "z"].into_iter().filter(|_| rng.random_bool(0.6));
            let keys: Vec<Json> = keys.map(Json::text).collect();
            if function == "read" {
                return if rng.random_bool(0.5) { List(keys) } else { Null };
            }
            Map(keys.into_iter().map(|key| (key, one(rng))).collect())
        }
        ("kv", "get" | "delete") => Null,
        ("kv", "append") => {
            let length = rng.random_range(0..=2);
            Json::Text((0..length).map(|_| letter(rng, values)).collect())
        }
        ("kv", "cas") => List(vec![content(rng, values), content(rng, values)]),
        ("kv", "put" | "put-if-absent" | "get-and-set") => content(rng, values),
        ("kv", _) => [Null, Int(2)].choose(rng).unwrap().clone(),
        ("counter", "add" | "add-and-get" | "get-and-add" | "fetch-add" | "fetch-and-add") => {
            Int(rng.random_range(-values..=values))
        }
        ("counter", "read" | "get") => Null,
        ("counter", _) | ("semaphore" | "owned-semaphore", _) => {
            if rng.random_bool(0.6) {
                Null
            } else {
                Int(rng.random_range(1..=2))
            }
        }
        ("set", "read") => Null,
        ("set", _) => one(rng),
        ("fifo-queue" | "unordered-queue", "enqueue" | "offer") | ("stack", "push") => one(rng),
        ("acked-queue", "enqueue" | "ack" | "nack") => one(rng),
        ("versioned-kv", "put") if rng.random_bool(0.5) => one(rng),
        ("versioned-kv", "put" | "put-if-version" | "cas") => {
            let version = (Json::text("version"), Int(rng.random_range(0..=values + 2)));
            Map(vec![(Json::text("value"), one(rng)), version])
        }
        ("priority-queue", "insert" | "enqueue" | "offer") => {
            let priority = Int(rng.random_range(-1..values));
            if rng.random_bool(0.7) { priority } else { List(vec![priority, one(rng)]) }
        }
        // Values beyond any offset, most of the time: one that equals its offset is an echo.
        ("log", "append") => {
            Int(rng.random_range(1..=values) + if rng.random_bool(0.8) { 1000 } else { 0 })
        }
        ("log", "read-from") => Int(rng.random_range(0..4)),
        ("log", "read") if rng.random_bool(0.3) => Int(rng.random_range(0..4)),
        ("log", "read-prefix") if rng.random_bool(0.3) => Int(rng.random_range(0..4)),
        ("bank", "balance") => Int(rng.random_range(0..3)),
        ("bank", "transfer" | "deposit" | "withdraw") => {
            let names: &[&str] =
                if function == "transfer" { &["from", "to"] } else { &["account"] };
            let mut pairs: Vec<(Json, Json)> =
                names.iter().map(|name| (Json::text(name), Int(rng.random_range(0..3)))).collect();
            pairs.push((Json::text("amount"), Int(rng.random_range(0..=values.min(4)))));
            Map(pairs)
        }
        _ => Null,
    }
}

fn letter(rng: &mut ChaCha8Rng, values: i64) -> char {
    char::from(b'a' + rng.random_range(0..values.min(26)) as u8)
}

fn transaction(rng: &mut ChaCha8Rng, values: i64) -> Json {
    let micro = |rng: &mut ChaCha8Rng| {
        let (read, write) = *[
            (Json::text("r"), Json::text("w")),
            (Json::Keyword("r"), Json::Keyword("w")),
            (Json::text("read"), Json::text("write")),
        ]
        .choose(rng)
        .map(|(read, write)| (read.clone(), write.clone()))
        .map(Box::new)
        .expect("not empty");
        let key = Json::text(["x", "y"].choose(rng).expect("not empty"));
        if rng.random_bool(0.5) {
            List(vec![read, key, Null])
        } else {
            List(vec![write, key, Int(rng.random_range(1..=values))])
        }
    };
    let length = rng.random_range(0..=3);
    List((0..length).map(|_| micro(rng)).collect())
}

/// A transaction on lists; most of its values are appended by no other one.
fn appending(rng: &mut ChaCha8Rng, values: i64) -> Json {
    let micro = |rng: &mut ChaCha8Rng| {
        let key = [Int(1), Json::text("x")].choose(rng).expect("not empty").clone();
        let spelt = |name: &'static str, is_keyword: bool| {
            if is_keyword { Json::Keyword(name) } else { Json::text(name) }
        };
        let is_keyword = rng.random_bool(0.5);
        if rng.random_bool(0.5) {
            let name = if rng.random_bool(0.5) { "r" } else { "read" };
            return List(vec![spelt(name, is_keyword), key, Null]);
        }
        let few = rng.random_bool(0.3);
        let value = if few { rng.random_range(1..=values) } else { rng.random_range(10..1000) };
        List(vec![spelt("append", is_keyword), key, Int(value)])
    };
    let length = rng.random_range(0..=3);
    List((0..length).map(|_| micro(rng)).collect())
}

/// What an operation returns that has nothing to tell: nothing, its input, or `true`.
fn done(function: &str, input: &Json, rng: &mut ChaCha8Rng) -> Json {
    match rng.random_range(0..3) {
        0 => Null,
        1 => input.clone(),
        _ if function == "add" => Null,
        _ => Bool(true),
    }
}

fn register(value: &mut Json, function: &str, input: &Json) -> Option<Json> {
    match function {
        "read" | "r" | "get" => Some(value.clone()),
        "write" | "w" | "put" | "set" => {
            *value = input.clone();
            Some(input.clone())
        }
        _ => {
            let found = input.list()[0] == *value;
            if found {
                *value = input.list()[1].clone();
            }
            Some(Bool(found))
        }
    }
}

fn multi(registers: &mut BTreeMap<Json, Json>, function: &str, input: &Json) -> Option<Json> {
    let get =
        |registers: &BTreeMap<Json, Json>, key: &Json| registers.get(key).cloned().unwrap_or(Null);
    Some(match function {
        "read" => {
            let asked = match input {
                Null => vec![Json::text("x"), Json::text("z")],
                keys => keys.list().to_vec(),
            };
            Map(asked.into_iter().map(|key| (key.clone(), get(registers, &key))).collect())
        }
        "write" => {
            registers.extend(input.pairs().iter().cloned());
            Null
        }
        _ => {
            let mut answer = Vec::new();
            for micro in input.list() {
                let [name, key, value] = micro.list() else { panic!("no micro-operation") };
                let writes = [Json::text("w"), Json::Keyword("w"), Json::text("write")];
                let value = if writes.contains(name) {
                    registers.insert(key.clone(), value.clone());
                    value.clone()
                } else {
                    get(registers, key)
                };
                answer.push(List(vec![name.clone(), key.clone(), value]));
            }
            List(answer)
        }
    })
}

fn list_append(lists: &mut BTreeMap<Json, Vec<Json>>, input: &Json, rng: &mut ChaCha8Rng) -> Json {
    let mut answer = Vec::new();
    for micro in input.list() {
        let [name, key, value] = micro.list() else { panic!("no micro-operation") };
        let list = lists.entry(key.clone()).or_default();
        let value = if [Json::text("append"), Json::Keyword("append")].contains(name) {
            list.push(value.clone());
            value.clone()
        } else if list.is_empty() && rng.random_bool(0.5) {
            Null
        } else {
            List(list.clone())
        };
        answer.push(List(vec![name.clone(), key.clone(), value]));
    }
    List(answer)
}

/// A value of a key: a short string, an integer, or none.
fn content(rng: &mut ChaCha8Rng, values: i64) -> Json {
    if rng.random_bool(0.3) {
        return [Int(0), Int(1), Int(7), Null, Json::text("")].choose(rng).unwrap().clone();
    }
    let length = rng.random_range(1..=2);
    Json::Text((0..length).map(|_| letter(rng, values)).collect())
}

fn kv(
    value: &mut Option<Json>,
    function: &str,
    input: &Json,
    rng: &mut ChaCha8Rng,
) -> Option<Json> {
    let old = value.clone().unwrap_or(Null);
    let given = |input: &Json| Some(input.clone()).filter(|input| *input != Null);
    match function {
        "get" => {
            let absent = if rng.random_bool(0.7) { Json::text("") } else { Null };
            return Some(value.clone().unwrap_or(absent));
        }
        "put" => *value = given(input),
        "delete" => *value = None,
        "get-and-set" => {
            *value = given(input);
            return Some(old);
        }
        "cas" => {
            let found = input.list()[0] == old;
            if found {
                *value = given(&input.list()[1]);
            }
            return Some(Bool(found));
        }
        "put-if-absent" => {
            if value.is_none() {
                *value = given(input);
                return Some(Null);
            }
            // What it found may be its own input, which nobody can tell from an echo.
            return Some(if rng.random_bool(0.5) || old == *input { Bool(false) } else { old });
        }
        "append" => {
            let Json::Text(end) = input else { panic!("no string") };
            match value {
                None => *value = Some(input.clone()),
                Some(Json::Text(text)) => text.push_str(end),
                // A value that is no string takes no append: the store refuses.
                Some(_) => return None,
            }
            return Some(input.clone());
        }
        _ => {
            let mut number = match old {
                Null => 0,
                Int(number) => number,
                _ => return None,
            };
            let answer = counter(&mut number, function, input);
            *value = Some(Int(number));
            return Some(answer);
        }
    }
    Some(match rng.random_range(0..3) {
        0 => Null,
        1 => input.clone(),
        _ => Map(vec![(Json::text("previous"), old)]),
    })
}

fn counter(value: &mut i64, function: &str, input: &Json) -> Json {
    let amount = input.int().unwrap_or(1);
    let delta = match function {
        "read" | "get" => 0,
        name if name.contains("dec") => -amount,
        _ => amount,
    };
    let before = *value;
    *value += delta;
    match function {
        "read" | "get" => Int(before),
        name if name.ends_with("and-get") => Int(*value),
        name if name.contains("and") || name.contains("fetch") => Int(before),
        _ => input.clone(),
    }
}

fn set(items: &mut BTreeSet<Json>, function: &str, input: &Json, rng: &mut ChaCha8Rng) -> Json {
    let changed = match function {
        "add" => items.insert(input.clone()),
        "remove" | "delete" => items.remove(input),
        "read" => {
            let all: Vec<Json> = items.iter().cloned().collect();
            return match rng.random_range(0..3) {
                0 => Json::Set(all),
                1 if all.is_empty() => Null,
                _ => List(all.into_iter().rev().collect()),
            };
        }
        _ => return Bool(items.contains(input)),
    };
    match rng.random_range(0..3) {
        0 => Null,
        1 => input.clone(),
        _ => Bool(changed),
    }
}

fn mutex(holder: &mut Option<i64>, function: &str, process: i64) -> Option<Json> {
    let free = holder.is_none();
    match function {
        "try-acquire" | "tryLock" => {
            holder.get_or_insert(process);
            Some(Bool(free))
        }
        "acquire" | "lock" => free.then(|| {
            *holder = Some(process);
            Null
        }),
        _ => (*holder == Some(process)).then(|| {
            *holder = None;
            Null
        }),
    }
}

fn semaphore(free: &mut i64, of: i64, function: &str, input: &Json) -> Option<Json> {
    let count = input.int().unwrap_or(1);
    match function {
        "release" => (*free + count <= of).then(|| {
            *free += count;
            Null
        }),
        _ => {
            let enough = *free >= count;
            if enough {
                *free -= count;
            }
            match function {
                "try-acquire" => Some(Bool(enough)),
                _ => enough.then_some(Null),
            }
        }
    }
}

fn priority(items: &mut Vec<Json>, function: &str, input: &Json, rng: &mut ChaCha8Rng) -> Json {
    if matches!(function, "insert" | "enqueue" | "offer") {
        items.push(input.clone());
        return done(function, input, rng);
    }
    let of = |item: &Json| item.int().or_else(|| item.list()[0].int()).expect("a priority");
    let priorities = items.iter().map(of);
    let next = if function.ends_with("max") { priorities.max() } else { priorities.min() };
    let Some(next) = next else { return Null };
    let equal: Vec<usize> = (0..items.len()).filter(|&at| of(&items[at]) == next).collect();
    let at = *equal.choose(rng).expect("not empty");
    if function.starts_with("peek") || function.starts_with("find") {
        items[at].clone()
    } else {
        items.remove(at)
    }
}

/// What a semaphore does whose permits have owners.
fn owned(
    free: &mut i64,
    held: &mut BTreeMap<i64, i64>,
    Invocation { function, input, process }: &Invocation,
    rng: &mut ChaCha8Rng,
) -> Option<Json> {
    let count = input.int().unwrap_or(1);
    let own = held.entry(*process).or_default();
    let is_possible = if *function == "release" { *own >= count } else { *free >= count };
    if !is_possible {
        return (*function == "try-acquire").then_some(Bool(false));
    }
    let taken = if *function == "release" { -count } else { count };
    (*free, *own) = (*free - taken, *own + taken);
    let client = Map(vec![(Json::text("owner"), Json::Text(format!("c{process}")))]);
    Some(if rng.random_bool(0.3) { client } else { Bool(true) })
}

/// What a key with versions does.
fn versioned(
    value: &mut Option<Json>,
    version: &mut i64,
    Invocation { function, input, .. }: &Invocation,
    rng: &mut ChaCha8Rng,
) -> Json {
    let is_told = rng.random_bool(0.7);
    let told = |version: i64| (Json::text("version"), Int(version));
    if *function == "get" {
        return match value {
            None if is_told => Map(vec![(Json::text("value"), Null), told(0)]),
            None => Null,
            Some(value) if is_told => {
                Map(vec![(Json::text("value"), value.clone()), told(*version)])
            }
            Some(value) => value.clone(),
        };
    }
    if *function == "delete" {
        *value = None;
        return Null;
    }
    let (new, expected) = match input {
        Map(fields) => (fields[0].1.clone(), fields[1].1.int()),
        new => (new.clone(), None),
    };
    let current = if value.is_some() { *version } else { 0 };
    if expected.is_some_and(|expected| expected != current) {
        return Bool(false);
    }
    *value = Some(new);
    *version += rng.random_range(1..=2);
    if is_told { Map(vec![told(*version)]) } else { Bool(true) }
}

/// What a queue does whose items come again until they are acknowledged.
fn acked(
    ready: &mut Vec<Json>,
    taken: &mut Vec<Json>,
    invocation: &Invocation,
    rng: &mut ChaCha8Rng,
) -> Option<Json> {
    let Invocation { function, input, .. } = invocation;
    if *function == "enqueue" {
        ready.push(input.clone());
        return Some(done(function, input, rng));
    }
    if *function == "dequeue" {
        if !taken.is_empty() && (rng.random_bool(0.3)) {
            return taken.choose(rng).cloned();
        }
        if ready.is_empty() {
            return Some(Null);
        }
        let item = ready.swap_remove(rng.random_range(0..ready.len()));
        taken.push(item.clone());
        return Some(item);
    }
    let at = taken.iter().position(|item| item == input)?;
    let item = taken.swap_remove(at);
    if *function == "nack" {
        ready.push(item);
    }
    Some(done(function, input, rng))
}

fn log(items: &mut Vec<Json>, function: &str, input: &Json, rng: &mut ChaCha8Rng) -> Json {
    let offset = input.int().map(|n| n as usize);
    match (function, offset) {
        ("append", _) => {
            items.push(input.clone());
            match rng.random_range(0..3) {
                0 => Null,
                1 => input.clone(),
                _ => Int(items.len() as i64 - 1),
            }
        }
        ("read-from", Some(from)) => List(items.get(from..).unwrap_or_default().to_vec()),
        ("read-prefix", _) => List(items[..rng.random_range(0..=items.len())].to_vec()),
        ("read", Some(at)) => items.get(at).cloned().unwrap_or(Null),
        _ if items.is_empty() && rng.random_bool(0.5) => Null,
        _ => List(items.clone()),
    }
}

fn bank(balances: &mut BTreeMap<i64, i64>, function: &str, input: &Json) -> Json {
    let entry = |name: &str| {
        let found = input.pairs().iter().find(|(key, _)| *key == Json::text(name));
        found.and_then(|(_, value)| value.int()).expect("an integer")
    };
    match function {
        "read" => {
            Map(balances.iter().map(|(&account, &balance)| (Int(account), Int(balance))).collect())
        }
        "balance" => Int(balances[&input.int().expect("an account")]),
        _ => {
            let from = match function {
                "transfer" => Some(entry("from")),
                "withdraw" => Some(entry("account")),
                _ => None,
            };
            let to = match function {
                "transfer" => Some(entry("to")),
                "deposit" => Some(entry("account")),
                _ => None,
            };
            let amount = entry("amount");
            if from.is_some_and(|from| balances[&from] < amount) {
                return Bool(false);
            }
            if let Some(from) = from {
                *balances.entry(from).or_default() -= amount;
            }
            if let Some(to) = to {
                *balances.entry(to).or_default() += amount;
            }
            input.clone()
        }
    }
}
