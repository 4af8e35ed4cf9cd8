//! Keys among the arguments: operations that are called with maps `{"key": "x", "value": 1}`,
//! with lists `["x", 1]` beside reads of `"x"`, or with `[key old new]` of a compare-and-set.

use super::{History, Operation, Outcome, Shape, Value, ValueTable};
use crate::vocabulary::{Verb, Word};

/// The names of a key in a map of arguments, and of the value beside it.
const KEYS: [&str; 2] = ["key", "k"];
const VALUES: [&str; 3] = ["value", "val", "v"];

/// What the arguments of an operation are, in which its key is.
#[derive(Clone, PartialEq, Eq)]
struct Arguments {
    key: Value,
    rest: Rest,
    /// Whether nothing but arguments looks like this.
    is_clear: bool,
}

/// What is beside the key.
#[derive(Clone, PartialEq, Eq)]
enum Rest {
    One(Value),
    List([Value; 2]),
    Map(Vec<(Value, Value)>),
}

/// Takes the keys of a history's operations out of their arguments, if all have one there. Returns
/// whether they do.
pub(super) fn take_keys(history: &mut History) -> bool {
    if !has_keys(history) {
        return false;
    }
    let History { values, operations, words, .. } = history;
    for operation in operations {
        let verb = words[operation.function.index()].map(Word::verb);
        let Some(arguments) = Arguments::of(values, verb, operation.input) else { continue };
        let output = answer(values, verb, operation, &arguments);
        (operation.input, operation.output) = (arguments.rest.value(values), output.value(values));
        operation.key = Some(arguments.key);
    }
    true
}

/// Whether every operation has a key among its arguments, and one of them for sure.
fn has_keys(history: &History) -> bool {
    let values = &history.values;
    let mut is_clear = false;
    // Whether an operation is called with more than its key.
    let mut has_more = false;
    // Whether an operation that returned something repeated its key, and whether one did not.
    let mut repeated = [false; 2];
    for operation in &history.operations {
        let verb = history.word(operation.function).map(Word::verb);
        let Some(arguments) = Arguments::of(values, verb, operation.input) else { return false };
        is_clear |= arguments.is_clear;
        has_more |= arguments.rest != Rest::One(Value::NULL);
        if operation.outcome != Outcome::Open && !operation.output.is_null() {
            let is_again = again(values, verb, operation, &arguments).is_some();
            repeated[usize::from(is_again)] = true;
            if !is_again && values.as_pair(operation.output).is_some() {
                // Keys that differ, or a value that is a pair.
                return false;
            }
        }
    }
    let are_maps = history
        .operations
        .first()
        .is_some_and(|operation| matches!(values.shape(operation.input), Shape::Map(_)));
    is_clear && has_more && (are_maps || repeated != [true; 2])
}

/// What an operation with these arguments returned, if that has the key again.
fn again(
    values: &ValueTable,
    verb: Option<Verb>,
    operation: &Operation,
    arguments: &Arguments,
) -> Option<Arguments> {
    let is_text = values.as_name(operation.output).is_some();
    let again = Arguments::of(values, verb, operation.output).filter(|_| !is_text);
    again.filter(|again| again.key == arguments.key)
}

/// What an operation with these arguments returned, without its key.
fn answer(
    values: &ValueTable,
    verb: Option<Verb>,
    operation: &Operation,
    arguments: &Arguments,
) -> Rest {
    if let Some(again) = again(values, verb, operation, arguments) {
        return again.rest;
    }
    match values.shape(operation.output) {
        Shape::Map([name, value]) if is_named(values, *name, &VALUES) => Rest::One(*value),
        _ => Rest::One(operation.output),
    }
}

impl Arguments {
    /// The arguments that `value` is, for an operation that means `verb`.
    fn of(values: &ValueTable, verb: Option<Verb>, value: Value) -> Option<Arguments> {
        let is_key = |key: &Value| {
            matches!(values.shape(*key), Shape::Int(_) | Shape::Text(_) | Shape::Keyword(_))
        };
        match values.shape(value) {
            Shape::List([key]) if is_key(key) && verb.is_some_and(Verb::takes_nothing) => {
                Some(Arguments { key: *key, rest: Rest::One(Value::NULL), is_clear: true })
            }
            Shape::Text(_) | Shape::Keyword(_)
                if matches!(verb, Some(Verb::Read | Verb::Delete)) =>
            {
                Some(Arguments { key: value, rest: Rest::One(Value::NULL), is_clear: true })
            }
            Shape::List([key, one]) if is_key(key) => {
                Some(Arguments { key: *key, rest: Rest::One(*one), is_clear: false })
            }
            Shape::List([key, old, new]) if is_key(key) && verb == Some(Verb::Cas) => {
                Some(Arguments { key: *key, rest: Rest::List([*old, *new]), is_clear: true })
            }
            Shape::Map(items) => {
                let mut rest = Vec::new();
                let mut found = None;
                for pair in items.chunks_exact(2) {
                    if found.is_none() && is_named(values, pair[0], &KEYS) && is_key(&pair[1]) {
                        found = Some(pair[1]);
                    } else {
                        rest.push((pair[0], pair[1]));
                    }
                }
                let key = found?;
                let rest = match rest[..] {
                    [] => Rest::One(Value::NULL),
                    [(name, value)] if is_named(values, name, &VALUES) => Rest::One(value),
                    _ => Rest::Map(rest),
                };
                let is_clear =
                    rest == Rest::One(Value::NULL) && verb.is_some_and(Verb::takes_nothing);
                Some(Arguments { key, rest, is_clear })
            }
            _ => None,
        }
    }
}

impl Rest {
    fn value(&self, values: &mut ValueTable) -> Value {
        match self {
            Rest::One(value) => *value,
            Rest::List(items) => values.list(items),
            Rest::Map(pairs) => values.map(pairs),
        }
    }
}

fn is_named(values: &ValueTable, name: Value, names: &[&str]) -> bool {
    values.as_name(name).is_some_and(|name| names.contains(&name))
}
