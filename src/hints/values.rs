//! Values that differ only in type: a number that was written, and read as a string.

use super::trial::Trial;
use super::{Found, HintKind};
use crate::check::Options;
use crate::history::hash::{Map, Set};
use crate::history::{History, Shape, Value};
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
