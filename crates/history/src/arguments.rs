//! Keys among the arguments: operations that are called with maps `{"key": "x", "value": 1}`,
//! with lists `["x", 1]` beside reads of `"x"`, or with `[key old new]` of a compare-and-set. And
//! lists of arguments that hold the only one: `[1]` of a write beside reads of `[]`; and maps that
//! hold what was returned: `{"value": 1}`.

use super::{History, Operation, Outcome, Shape, Value, ValueTable};
use crate::hash::Set;
use crate::vocabulary::{Verb, Word, plain};

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

/// Takes the arguments of a history's operations out of the lists `[x]` and `[]`, or the maps
/// `{"value": x}` and `{}`, if that is what they stand in.
pub(super) fn take_only(history: &mut History) {
    if !are_lists(history) {
        return;
    }
    let History { values, operations, .. } = history;
    for operation in operations {
        operation.input = match only(values, operation.input) {
            Some(one) => one,
            None if is_empty(values, operation.input) => Value::NULL,
            None => operation.input,
        };
    }
}

/// Whether all operations are called with lists of their arguments: those that take nothing with
/// empty ones, and no operation returns what it would if such a list was the value.
fn are_lists(history: &History) -> bool {
    let values = &history.values;
    let mut is_clear = false;
    // What stands in a list alone.
    let mut alone = Set::default();
    for operation in &history.operations {
        let verb = history.word(operation.function).map(Word::verb);
        let takes_nothing = verb.is_some_and(Verb::takes_nothing);
        match only(values, operation.input) {
            _ if operation.input.is_null() => {}
            None if is_empty(values, operation.input) => is_clear |= takes_nothing,
            Some(one) if !takes_nothing && verb != Some(Verb::Txn) => {
                alone.insert(one);
            }
            None if verb == Some(Verb::Cas) && values.as_pair(operation.input).is_some() => {}
            _ => return false,
        }
    }
    let holds_items = history.words.iter().flatten().any(|word| word.verb().adds_items());
    // Whether an operation returned such a list, and whether one returned what it holds.
    let [mut wrapped, mut bare] = [false; 2];
    for operation in &history.operations {
        let verb = history.word(operation.function).map(Word::verb);
        if verb.is_some_and(Verb::only_has_effect) {
            continue;
        }
        let output = [operation.output];
        let items = if holds_items && verb == Some(Verb::Read) {
            values.as_list(operation.output).unwrap_or_default()
        } else {
            &output
        };
        for &item in items {
            bare |= alone.contains(&item);
            wrapped |= only(values, item).is_some_and(|one| alone.contains(&one));
        }
    }
    !alone.is_empty() && (is_clear || bare) && !wrapped
}

/// What stands alone in a list, or as the value in a map.
fn only(values: &ValueTable, value: Value) -> Option<Value> {
    match values.shape(value) {
        Shape::List([one]) => Some(*one),
        Shape::Map([name, one]) if is_named(values, *name, &VALUES) => Some(*one),
        _ => None,
    }
}

fn is_empty(values: &ValueTable, value: Value) -> bool {
    matches!(values.shape(value), Shape::List([]) | Shape::Map([]))
}

/// Takes the values that a history's operations returned out of the maps `{"value": 1}`, also
/// beside such as `"found": true`, if no operation was called with a map.
pub(super) fn take_answers(history: &mut History) {
    let values = &history.values;
    let is_map = |value: Value| value.is_stored() && matches!(values.shape(value), Shape::Map(_));
    // Most histories have none.
    if !history.operations.iter().any(|operation| is_map(operation.output)) {
        return;
    }
    let mut has_map = false;
    for operation in &history.operations {
        let items = values.as_list(operation.input).unwrap_or_default();
        if is_map(operation.input) || items.iter().any(|&item| is_map(item)) {
            return;
        }
        if is_map(operation.output) {
            has_map = true;
            if only_answer(history, operation).is_none() {
                return;
            }
        }
    }
    for at in 0..if has_map { history.operations.len() } else { 0 } {
        if let Some(answer) = only_answer(history, &history.operations[at]) {
            history.operations[at].output = answer;
        }
    }
}

/// Drops the outputs of updates that return the same 0 or empty text each time: what a structure
/// holds where nothing was set, or a status. What else puts items in may return a place, such as 0.
pub(super) fn drop_zeros(history: &mut History) {
    let [zero, empty] = [history.values.int(0), history.values.text("")];
    let verb = |word: &Option<Word>| word.map(Word::verb);
    let verbs: Vec<Option<Verb>> = history.words.iter().map(verb).collect();
    let is_zero = |operation: &Operation| match verbs[operation.function.index()] {
        Some(Verb::Write) => operation.output == zero || operation.output == empty,
        Some(verb) if verb.adds_items() => operation.output == empty,
        _ => false,
    };
    // Most histories have none.
    let may_be = |operation: &Operation| operation.output == zero || operation.output == empty;
    if !history.operations.iter().any(may_be) {
        return;
    }
    let mut is_silent = vec![true; verbs.len()];
    for operation in &history.operations {
        let is_nothing = operation.output.is_null() || is_zero(operation);
        is_silent[operation.function.index()] &= is_nothing;
    }
    let zeros = history.operations.iter_mut().filter(|operation| is_zero(operation));
    for operation in zeros.filter(|operation| is_silent[operation.function.index()]) {
        operation.output = Value::NULL;
    }
}

/// Takes for nothing what Go and Redis print where there is nothing, if a read returned it and no
/// operation was called with it. Not in events, which may be forgotten before that is known.
pub(super) fn drop_nils(history: &mut History) {
    let nils = |values: &ValueTable, value: Value| {
        matches!(values.as_name(value), Some("<nil>" | "(nil)"))
    };
    if !history.whole_operations {
        return;
    }
    let History { values, operations, words, .. } = history;
    let asks = |operation: &Operation| {
        words[operation.function.index()].is_some_and(|word| word.verb().takes_nothing())
    };
    // Most histories have none.
    if !operations.iter().any(|operation| asks(operation) && nils(values, operation.output)) {
        return;
    }
    // A read may repeat at its call what it returned.
    let mut updates = operations.iter().filter(|operation| !asks(operation));
    if updates.any(|operation| nils(values, operation.input)) {
        return;
    }
    for operation in operations {
        if asks(operation) && nils(values, operation.output) {
            operation.output = Value::NULL;
            if nils(values, operation.input) {
                operation.input = Value::NULL;
            }
        }
    }
}

/// The value in the map that `operation` returned, if all else in it says that all was well.
fn only_answer(history: &History, operation: &Operation) -> Option<Value> {
    let values = &history.values;
    let Shape::Map(pairs) = values.shape(operation.output) else { return None };
    let mut answer = None;
    for pair in pairs.chunks_exact(2) {
        let (name, value) = (plain(values.as_name(pair[0])?), pair[1]);
        match &*name {
            "value" | "val" | "v" | "some" if answer.is_none() => answer = Some(value),
            "ok" if pairs.len() == 2 && !matches!(value, Value::TRUE | Value::FALSE) => {
                answer = Some(value);
            }
            "ok" | "success" | "found" | "exists" if value == Value::TRUE => {}
            "err" | "error" if value.is_null() || values.as_name(value) == Some("") => {}
            _ => return None,
        }
    }
    let verb = history.word(operation.function).map(Word::verb);
    answer.or_else(|| verb.filter(|verb| verb.only_has_effect()).map(|_| Value::NULL))
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
