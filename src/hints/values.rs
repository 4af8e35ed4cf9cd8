//! Values that differ only in type: a number that was written, and read as a string.

use super::trial::Trial;
use super::{Found, HintKind};
use crate::check::Options;
use crate::history::hash::{Map, Set};
use crate::history::{History, Operation, Shape, Value};
use crate::vocabulary::plain;
use crate::words::shortened;

/// Values are shown up to this many characters.
const SHOWN: usize = 40;

/// Returns that values that differ only in type are to be taken for one, if that helps.
pub(super) fn alike(trial: &Trial<'_>) -> Option<Found> {
    let pair = differing(trial.history).filter(|_| trial.has_room())?;
    let mut history = trial.history.clone();
    let values = history.values_mut();
    let initial = trial.options.initial.map(|value| values.loosened(value));
    let initials = trial.options.initials.iter();
    let initials = initials.map(|&(key, start)| (values.loosened(key), values.loosened(start)));
    let initials = initials.collect();
    let options = Options { initial, initials, ..trial.options.clone() };
    let invalid = trial.invalid(&history.loosened(), &options)?;
    let [one, other] = pair.map(|value| shortened(&trial.history.values().to_text(value), SHOWN));
    Some(Found {
        kind: HintKind::LooseValues,
        option: "--loose-values".to_owned(),
        means: format!(", which takes {one} and {other} for one value"),
        invalid,
    })
}

/// What programs return where there is nothing, without case, dashes and underscores.
const NOTHING: [&str; 16] = [
    "",
    "empty",
    "queueempty",
    "isempty",
    "none",
    "null",
    "nil",
    "nothing",
    "missing",
    "undefined",
    "notfound",
    "nokey",
    "keynotfound",
    "nosuchkey",
    "errnokey",
    "errnotfound",
];

/// Returns that a word which operations returned, and none was called with, says that there was
/// nothing, if that helps.
pub(super) fn for_nothing(trial: &Trial<'_>) -> Option<Found> {
    let history = trial.history;
    let values = history.values();
    let mut word = None;
    for (_, failure) in trial.report.failures() {
        let output = history[failure.operation].output;
        let name = values.as_name(output)?;
        if !NOTHING.contains(&&*plain(name)) || *word.get_or_insert(output) != output {
            return None;
        }
    }
    let word = word.filter(|_| trial.has_room())?;
    let asks = |operation: &Operation| {
        history.word(operation.function).is_some_and(|word| word.verb().takes_nothing())
    };
    let mut calls = history.operations().iter().filter(|operation| !asks(operation));
    if calls.any(|operation| operation.input == word) {
        return None;
    }
    let invalid = trial.invalid(&history.clone().with_word_for_nothing(word), trial.options)?;
    let is_output = |(role, _): &(&str, String)| *role == "output";
    let is_result = history.has_whole_operations() || history.taken_fields().iter().any(is_output);
    let field = if is_result { "output" } else { "value" };
    Some(Found {
        kind: HintKind::WordForNothing,
        option: format!("--map '{field}:{}=null'", values.as_name(word)?),
        means: String::new(),
        invalid,
    })
}

/// Two values of operations that differ only in type. O(values).
fn differing(history: &History) -> Option<[Value; 2]> {
    let values = history.values();
    let mut seen: Set<Value> = Set::default();
    let mut written: Map<String, Value> = Map::default();
    // Small integers need no text until it is known that some string writes one.
    let mut numbers: Map<i64, Value> = Map::default();
    let mut found = None;
    each_scalar(history, &mut |value| {
        let is_small = !value.is_stored() && value != Value::TRUE && value != Value::FALSE;
        if is_small || !seen.insert(value) {
            return found.is_none();
        }
        let Some(text) = values.loose_text(value) else { return true };
        numbers.extend(text.parse().ok().map(|number| (number, value)));
        let first = *written.entry(text).or_insert(value);
        if first != value {
            found = Some([first, value]);
        }
        found.is_none()
    });
    if found.is_none() && !numbers.is_empty() {
        each_scalar(history, &mut |value| {
            let number = values.as_int(value).filter(|_| !value.is_stored());
            let other = number.and_then(|number| numbers.get(&number));
            found = other.map(|&other| [value, other]);
            found.is_none()
        });
    }
    found
}

/// Calls `visit` with each value of operations that holds no others, and its repeats, until that
/// returns false.
fn each_scalar(history: &History, visit: &mut dyn FnMut(Value) -> bool) {
    let mut pending: Vec<Value> = Vec::new();
    for operation in history.operations() {
        pending.extend(operation.key);
        pending.extend([operation.input, operation.output]);
        while let Some(value) = pending.pop() {
            match history.values().shape(value) {
                Shape::List(items) | Shape::Set(items) | Shape::Map(items) => {
                    pending.extend(items);
                }
                Shape::Tagged(_, held) => pending.push(held),
                _ if visit(value) => {}
                _ => return,
            }
        }
    }
}
