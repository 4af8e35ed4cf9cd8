//! Which model a history means, by the names of its operations, and where these fit several, by
//! the shapes of its values.

use super::any::no_such_model;
use super::catalogue::{CATALOGUE, Entry};
use crate::error::{Code, Error};
use crate::history::{History, Outcome, Shape};

/// Models of which the first is meant where nothing but the names of operations is known.
const USUAL: &[&[&str]] = &[
    &["kv", "register", "cas-register", "multi-register"],
    &["fifo-queue", "unordered-queue", "priority-queue"],
    &["mutex", "semaphore"],
];

/// The built-in model that the operations of `history` belong to. Its metadata may name it.
///
/// ```
/// let mut history = histcheck::History::builder();
/// history.invoke(0, "push", 1)?;
/// history.ok(0, "push", 1)?;
/// assert_eq!(histcheck::model::infer(&history.build()?)?.name, "stack");
/// # Ok::<(), histcheck::Error>(())
/// ```
///
/// # Errors
/// If no model knows all operations, or several do and none is more usual.
pub fn infer(history: &History) -> Result<&'static Entry, Error> {
    if let Some(named) = history.metadata_field("model") {
        let text = history.values().to_json(named);
        let name = history.values().as_name(named).unwrap_or(&text);
        return Entry::find(name).ok_or_else(|| no_such_model(name));
    }
    let functions = functions(history);
    let fitting: Vec<&'static Entry> = CATALOGUE
        .iter()
        .filter(|entry| functions.iter().all(|function| entry.knows(function)))
        .collect();
    match fitting[..] {
        [] => Err(unknown(&functions)),
        [entry] => Ok(entry),
        _ => choose(history, &functions, &fitting),
    }
}

/// The names of the clients' operations, in the order of their first appearance.
fn functions(history: &History) -> Vec<&str> {
    let mut used: Vec<&str> = Vec::new();
    let mut last = None;
    for operation in history.operations() {
        if last.replace(operation.function) == Some(operation.function) {
            continue;
        }
        let name = history.function(operation.function);
        if !used.contains(&name) {
            used.push(name);
        }
    }
    used
}

fn choose(
    history: &History,
    functions: &[&str],
    fitting: &[&'static Entry],
) -> Result<&'static Entry, Error> {
    let names: Vec<&str> = fitting.iter().map(|entry| entry.name).collect();
    let named = |name: &str| fitting.iter().copied().find(|entry| entry.name == name);
    if functions.iter().all(|&function| matches!(function, "read" | "r" | "get"))
        && let Some(register) = named("register")
    {
        return Ok(register);
    }
    if names == ["counter", "set"] {
        return match read_shape(history) {
            Some(ReadShape::Integer) => named("counter"),
            Some(ReadShape::Collection) => named("set"),
            None => None,
        }
        .ok_or_else(|| ambiguous(functions, &names));
    }
    if names.contains(&"semaphore") && has_counts(history) {
        return Err(ambiguous(functions, &names).hint(
            "these count permits: name the model and their number with --model semaphore --init N",
        ));
    }
    let usual = USUAL
        .iter()
        .find(|group| names.iter().all(|name| group.contains(name)))
        .and_then(|group| group.iter().find_map(|name| named(name)));
    usual.ok_or_else(|| ambiguous(functions, &names))
}

enum ReadShape {
    Integer,
    Collection,
}

/// What all completed reads return, if that is one thing.
fn read_shape(history: &History) -> Option<ReadShape> {
    let (mut integers, mut collections) = (false, false);
    for operation in history.operations() {
        if operation.outcome != Outcome::Ok || history.function(operation.function) != "read" {
            continue;
        }
        match history.values().shape(history.without_key(operation.output)) {
            Shape::Int(_) | Shape::BigInt(_) => integers = true,
            Shape::List(_) | Shape::Set(_) => collections = true,
            _ => {}
        }
    }
    match (integers, collections) {
        (true, false) => Some(ReadShape::Integer),
        (false, true) => Some(ReadShape::Collection),
        _ => None,
    }
}

fn has_counts(history: &History) -> bool {
    let count = |value| history.values().as_int(history.without_key(value));
    history.operations().iter().any(|op| count(op.input).is_some())
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn ambiguous(functions: &[&str], names: &[&str]) -> Error {
    Error::new(
        Code::NoModel,
        format!("the operations {} fit several models: {}", quoted(functions), quoted(names)),
    )
    .hint("name the one that is meant with --model")
}

/// The error for operations that no model knows all of; it lists the models that know most.
fn unknown(functions: &[&str]) -> Error {
    let known = |entry: &Entry| functions.iter().filter(|f| entry.knows(f)).count();
    let most = CATALOGUE.iter().map(known).max().unwrap_or(0);
    if most == 0 {
        return Error::new(
            Code::NoModel,
            format!("no model knows the operations {}", shortened(functions)),
        )
        .hint("`histcheck models` lists the models with their operations");
    }
    let nearest: Vec<&Entry> = CATALOGUE.iter().filter(|entry| known(entry) == most).collect();
    let nearest_names: Vec<&str> = nearest.iter().map(|entry| entry.name).collect();
    let missing: Vec<&str> = functions
        .iter()
        .copied()
        .filter(|function| nearest.iter().any(|entry| !entry.knows(function)))
        .collect();
    let has: Vec<String> = nearest
        .iter()
        .map(|entry| format!("{} has {}", entry.name, entry.function_names()))
        .collect();
    Error::new(
        Code::NoModel,
        format!(
            "no model knows all of {}; nearest: {}, without {}",
            shortened(functions),
            quoted(&nearest_names),
            shortened(&missing)
        ),
    )
    .hint(has.join("; "))
}

/// At most ten of the names.
fn shortened(functions: &[&str]) -> String {
    match functions.get(..10) {
        Some(first) if functions.len() > 10 => {
            format!("{} and {} more", quoted(first), functions.len() - 10)
        }
        _ => quoted(functions),
    }
}
