//! Objects that do not start from what is usual: the first reads return what nobody wrote, or what
//! no update can have led to.

use super::trial::Trial;
use super::{Found, HintKind};
use crate::check::{Decision, Failure, Options};
use crate::history::hash::Set;
use crate::history::{History, OpIndex, Outcome, Shape, Value};
use crate::vocabulary::{Verb, Word, micro_operation};
use crate::words::printable;

/// The start is told as an option up to this many characters.
const SHOWN: usize = 60;

/// Returns the value from which objects start, if that helps, or that it is not known.
pub(super) fn start(trial: &Trial<'_>) -> Option<Found> {
    let Trial { history, options, report, .. } = trial;
    let looks: fn(&History, &[OpIndex], &Failure) -> Vec<Value> = match &*report.model {
        "register" | "cas-register" | "kv" | "multi-register" => unwritten,
        "counter" | "set" | "log" => before_updates,
        _ => return None,
    };
    if options.unknown_initial || history.is_whole() {
        return None;
    }
    let mut read: Vec<Value> = Vec::new();
    let mut others = 0;
    let partitions = history.partitions();
    for (at, key) in report.keys.iter().enumerate() {
        let Decision::Invalid(failure) = &key.decision else { continue };
        let found = looks(history, partitions.get(at).operations, failure);
        others += usize::from(found.is_empty());
        if others > trial.most() {
            return None;
        }
        read.extend(found);
    }
    read.sort_unstable();
    read.dedup();
    one(trial, &read).or_else(|| unknown(trial, &read))
}

/// Returns the only value of these, if all objects may start from it.
fn one(trial: &Trial<'_>, read: &[Value]) -> Option<Found> {
    let initial = match read {
        [only] => *only,
        _ => return None,
    };
    let json = trial.history.values().to_json(initial);
    let is_short = json.chars().count() <= SHOWN && printable(&json) == json;
    let options = Options { initial: Some(initial), ..trial.options.clone() };
    let invalid = is_short.then(|| trial.invalid_with(&options)).flatten()?;
    let option = format!("--init {}", quoted(&json));
    Some(Found { kind: HintKind::Initial, option, means: String::new(), invalid })
}

/// Returns that the start is not known, if that helps.
fn unknown(trial: &Trial<'_>, read: &[Value]) -> Option<Found> {
    if read.is_empty() || trial.report.keys.len() == 1 && read.len() == 1 {
        return None;
    }
    let options = Options { unknown_initial: true, ..trial.options.clone() };
    let invalid = trial.invalid_with(&options)?;
    let option = "--init unknown".to_owned();
    let means = ", as the first reads tell it".to_owned();
    Some(Found { kind: HintKind::UnknownInitial, option, means, invalid })
}

/// Returns what the operation by which a key fails read and nobody ever wrote to the key; nothing
/// if that is not what is wrong. O(n).
fn unwritten(history: &History, operations: &[OpIndex], failure: &Failure) -> Vec<Value> {
    let operation = &history[failure.operation];
    let verb = |index: OpIndex| history.word(history[index].function).map(Word::verb);
    let asks = matches!(verb(failure.operation), Some(Verb::Read | Verb::Txn));
    let sums = |&index: &OpIndex| {
        let grows = [
            Verb::Append,
            Verb::Inc,
            Verb::Dec,
            Verb::IncAndGet,
            Verb::DecAndGet,
            Verb::GetAndInc,
            Verb::GetAndDec,
        ];
        verb(index).is_some_and(|verb| grows.contains(&verb))
    };
    if !asks
        || !failure.is_first()
        || operation.outcome != Outcome::Ok
        || operations.iter().any(sums)
    {
        return Vec::new();
    }
    let values = history.values();
    let mut written: Set<Value> = Set::default();
    let mut pending: Vec<Value> = operations.iter().map(|&index| history[index].input).collect();
    while let Some(value) = pending.pop() {
        if written.insert(value)
            && let Shape::List(items) | Shape::Map(items) = values.shape(value)
        {
            pending.extend(items);
        }
    }
    let mut read = seen(history, operation.output);
    read.retain(|value| !written.contains(value));
    read
}

/// Returns what the operation by which a key fails read before anything may have changed the key:
/// that is what the key started from. O(n).
fn before_updates(history: &History, operations: &[OpIndex], failure: &Failure) -> Vec<Value> {
    let operation = &history[failure.operation];
    let verb = |index: OpIndex| history.word(history[index].function).map(Word::verb);
    let end = history.span(failure.operation).ret;
    let mut earlier = operations.iter().filter(|&&index| history.span(index).call < end);
    let is_told = failure.is_first()
        && operation.outcome == Outcome::Ok
        && verb(failure.operation) == Some(Verb::Read)
        && earlier.all(|&index| verb(index) == Some(Verb::Read));
    if is_told { vec![operation.output] } else { Vec::new() }
}

/// The values that an operation returned: of a transaction, those of its reads.
fn seen(history: &History, output: Value) -> Vec<Value> {
    let values = history.values();
    let micro = |&item: &Value| match values.as_list(item) {
        Some(&[name, _, value])
            if values.as_name(name).and_then(micro_operation) == Some(Verb::Read) =>
        {
            Some(value)
        }
        _ => None,
    };
    match values.shape(output) {
        Shape::List(items) if items.iter().any(|item| micro(item).is_some()) => {
            items.iter().filter_map(micro).collect()
        }
        Shape::Map(items) => items.iter().skip(1).step_by(2).copied().collect(),
        _ => vec![output],
    }
}

/// `json` as a shell takes it for one word.
fn quoted(json: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if json.chars().all(is_plain) {
        json.to_owned()
    } else {
        format!("'{}'", json.replace('\'', "'\\''"))
    }
}
