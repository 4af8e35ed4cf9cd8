//! Keys among the arguments: operations that are called with maps `{"key": "x", "value": 1}`,
//! with lists `["x", 1]` beside reads of `"x"`, or with `[key old new]` of a compare-and-set. And
//! lists of arguments that hold the only one: `[1]` of a write beside reads of `[]`.

use super::{History, Operation, Outcome, Shape, Value, ValueTable};
use crate::hash::Set;
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
    let mut keys = KeysAmong::default();
    for operation in &history.operations {
        keys.add(history, operation);
        if !keys.may_be() {
            return false;
        }
    }
    if !keys.are_there() {
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

/// Whether operations have their keys among their arguments, going by those that were added.
#[derive(Clone, Copy, Default)]
pub(super) struct KeysAmong {
    /// Whether one has none, or what it returned says that it has none.
    is_refuted: bool,
    /// Whether one makes sense only so,
    is_clear: bool,
    /// and whether one is called with more than its key.
    has_more: bool,
    /// Whether an operation that returned something repeated its key, and whether one did not.
    repeated: [bool; 2],
    /// Whether the first is called with a map; `None` before it.
    are_maps: Option<bool>,
}

impl KeysAmong {
    /// Takes an operation into account. May be told of it again when it ends.
    pub(super) fn add(&mut self, history: &History, operation: &Operation) {
        if self.is_refuted {
            return;
        }
        let values = &history.values;
        let verb = history.word(operation.function).map(Word::verb);
        let Some(arguments) = Arguments::of(values, verb, operation.input) else {
            self.is_refuted = true;
            return;
        };
        let is_map = || matches!(values.shape(operation.input), Shape::Map(_));
        self.are_maps.get_or_insert_with(is_map);
        self.is_clear |= arguments.is_clear;
        self.has_more |= arguments.rest != Rest::One(Value::NULL);
        if operation.outcome != Outcome::Open && !operation.output.is_null() {
            let is_again = again(values, verb, operation, &arguments).is_some();
            self.repeated[usize::from(is_again)] = true;
            // Keys that differ, or a value that is a pair.
            self.is_refuted = !is_again && values.as_pair(operation.output).is_some();
        }
    }

    /// Whether they may be there.
    pub(super) fn may_be(&self) -> bool {
        !self.is_refuted
    }

    /// Whether they are.
    pub(super) fn are_there(&self) -> bool {
        let are_alike = self.are_maps == Some(true) || self.repeated != [true; 2];
        !self.is_refuted && self.is_clear && self.has_more && are_alike
    }
}

/// The operation with the key that is among its arguments; `None` if it has none, or if what is
/// beside it would have to be made first.
pub(super) fn with_key(history: &History, operation: &Operation) -> Option<Operation> {
    let values = &history.values;
    let verb = history.word(operation.function).map(Word::verb);
    let arguments = Arguments::of(values, verb, operation.input)?;
    let output = answer(values, verb, operation, &arguments);
    let (Rest::One(input), Rest::One(output)) = (arguments.rest, output) else { return None };
    Some(Operation { key: Some(arguments.key), input, output, ..*operation })
}

/// Takes the arguments of a history's operations out of the lists `[x]` and `[]`, or the maps
/// `{"value": x}` and `{}`, if that is what they stand in.
pub(super) fn take_only(history: &mut History) {
    if lists(history, &history.operations) != Lists::Yes {
        return;
    }
    let History { values, operations, .. } = history;
    for operation in operations {
        operation.input = without_list(values, operation.input);
    }
}

/// An argument without the list that it stands in.
pub(super) fn without_list(values: &ValueTable, input: Value) -> Value {
    match only(values, input) {
        Some(one) => one,
        None if is_empty(values, input) => Value::NULL,
        None => input,
    }
}

/// Whether operations are called with lists of their arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lists {
    /// They are not.
    No,
    /// They may be.
    Open {
        /// Whether one is called with a list.
        is_begun: bool,
    },
    /// They are.
    Yes,
}

/// What an operation is called with, if all may be lists of arguments.
pub(super) enum Listed {
    /// It is none.
    No,
    Nothing,
    /// An empty list, of an operation that takes nothing.
    Empty,
    /// What stands in it alone.
    One(Value),
    /// The two values of a compare-and-set.
    Two,
}

/// What list of arguments an operation is called with.
pub(super) fn listed(history: &History, operation: &Operation) -> Listed {
    let values = &history.values;
    let input = operation.input;
    if input.is_null() {
        return Listed::Nothing;
    }
    let verb = history.word(operation.function).map(Word::verb);
    let takes_nothing = verb.is_some_and(Verb::takes_nothing);
    match only(values, input) {
        None if is_empty(values, input) && takes_nothing => Listed::Empty,
        None if is_empty(values, input) => Listed::Nothing,
        Some(one) if !takes_nothing && verb != Some(Verb::Txn) => Listed::One(one),
        None if verb == Some(Verb::Cas) && values.as_pair(input).is_some() => Listed::Two,
        _ => Listed::No,
    }
}

/// What an operation returned, or the items of it, if that may be what others are called with.
pub(super) fn returned<'h>(
    history: &'h History,
    operation: &'h Operation,
    holds_items: bool,
) -> &'h [Value] {
    let verb = history.word(operation.function).map(Word::verb);
    if verb.is_some_and(Verb::only_has_effect) {
        return &[];
    }
    if holds_items && verb == Some(Verb::Read) {
        return history.values.as_list(operation.output).unwrap_or_default();
    }
    std::slice::from_ref(&operation.output)
}

/// Whether an object of `history` holds items that are put in one by one.
pub(super) fn holds_items(history: &History) -> bool {
    history.words.iter().flatten().any(|word| word.verb().adds_items())
}

/// Whether all `operations` are called with lists of their arguments: those that take nothing with
/// empty ones, and no operation returns what it would if such a list was the value.
pub(super) fn lists(history: &History, operations: &[Operation]) -> Lists {
    let values = &history.values;
    let mut is_clear = false;
    // What stands in a list alone.
    let mut alone = Set::default();
    for operation in operations {
        match listed(history, operation) {
            Listed::Nothing | Listed::Two => {}
            Listed::Empty => is_clear = true,
            Listed::One(one) => {
                alone.insert(one);
            }
            Listed::No => return Lists::No,
        }
    }
    if alone.is_empty() {
        return Lists::Open { is_begun: is_clear };
    }
    let holds_items = holds_items(history);
    // Whether an operation returned what such a list holds.
    let mut bare = false;
    for operation in operations {
        for &item in returned(history, operation, holds_items) {
            bare |= alone.contains(&item);
            if only(values, item).is_some_and(|one| alone.contains(&one)) {
                return Lists::No;
            }
        }
    }
    if is_clear || bare { Lists::Yes } else { Lists::Open { is_begun: true } }
}

/// What stands alone in a list, or as the value in a map.
pub(super) fn only(values: &ValueTable, value: Value) -> Option<Value> {
    match values.shape(value) {
        Shape::List([one]) => Some(*one),
        Shape::Map([name, one]) if is_named(values, *name, &VALUES) => Some(*one),
        _ => None,
    }
}

fn is_empty(values: &ValueTable, value: Value) -> bool {
    matches!(values.shape(value), Shape::List([]) | Shape::Map([]))
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
