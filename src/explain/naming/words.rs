//! What operations on registers did, in words that fit a sentence.

use crate::history::{History, OpIndex, Operation, Outcome, Value};
use crate::model::{View, named_pair, previous};
use crate::vocabulary::{Verb, Word};
use crate::words::{
    call_phrase, duration_phrase, operation_phrase, process_phrase, return_phrase, value_phrase,
};

/// Returns what an operation does, going by its name.
fn verb(history: &History, operation: &Operation) -> Option<Verb> {
    history.word(operation.function).map(Word::verb)
}

/// Returns the value that an operation replaced, where it tells that, and the new one.
fn replaced(history: &History, operation: &Operation) -> Option<(Value, Value)> {
    let view = |value| View { table: history.values(), value };
    let previous = || previous(view(operation.output)).map(|old| old.value);
    let is_done = operation.outcome == Outcome::Ok;
    match verb(history, operation)? {
        Verb::Cas => named_pair(view(operation.input)),
        Verb::GetAndSet if is_done => {
            Some((previous().unwrap_or(operation.output), operation.input))
        }
        Verb::Write if is_done => Some((previous()?, operation.input)),
        Verb::Delete if is_done => Some((previous()?, Value::NULL)),
        _ => None,
    }
}

/// What operation `index` did: `read 1`, `wrote 2`, `replaced 1 by 2`.
pub(in crate::explain) fn did(history: &History, index: OpIndex) -> String {
    let operation = &history[index];
    let show = |value| value_phrase(history, value);
    match (verb(history, operation), replaced(history, operation)) {
        (Some(Verb::Read), _) => format!("read {}", show(operation.output)),
        (Some(Verb::Delete), Some((old, _))) => format!("deleted {}", show(old)),
        (_, Some((old, new))) => format!("replaced {} by {}", show(old), show(new)),
        (Some(Verb::Write), _) => format!("wrote {}", show(operation.input)),
        (Some(Verb::Delete), _) => "deleted the value".to_owned(),
        _ => format!("did `{}`", operation_phrase(history, operation)),
    }
}

/// Operation `index` as a thing: `write of 2`, `read of 1`, `cas from 1 to 2`.
pub(in crate::explain) fn thing(history: &History, index: OpIndex) -> String {
    let operation = &history[index];
    let show = |value| value_phrase(history, value);
    match (verb(history, operation), replaced(history, operation)) {
        (Some(Verb::Read), _) => format!("read of {}", show(operation.output)),
        (Some(Verb::Write), _) => format!("write of {}", show(operation.input)),
        (Some(Verb::Delete), _) => "delete".to_owned(),
        (Some(Verb::Cas), Some((old, new))) => format!("cas from {} to {}", show(old), show(new)),
        _ => format!("`{}`", operation_phrase(history, operation)),
    }
}

/// Operation `index`, which never returned, as a thing: `write of 2`, `read`.
pub(in crate::explain) fn thing_called(history: &History, index: OpIndex) -> String {
    let operation = &history[index];
    match verb(history, operation) {
        Some(Verb::Read) => "read".to_owned(),
        _ => thing(history, index),
    }
}

/// What operation `index` had done that saw a newer value: `read the newer 2`.
pub(in crate::explain) fn saw_newer(history: &History, index: OpIndex) -> String {
    let operation = &history[index];
    let tried = (verb(history, operation), replaced(history, operation));
    match (operation.outcome, tried) {
        (Outcome::Fail, (Some(Verb::Cas), Some((old, _)))) => {
            format!("found another value than {}", value_phrase(history, old))
        }
        _ => format!("read the newer {}", seen(history, index)),
    }
}

/// The value that operation `index` saw: what a read returned, what a cas replaced.
pub(in crate::explain) fn seen(history: &History, index: OpIndex) -> String {
    let operation = &history[index];
    let replaced = replaced(history, operation).map(|(old, _)| old);
    value_phrase(history, replaced.unwrap_or(operation.output))
}

/// Who did operation `index`, what, and when: `process 2 read 1 at 4.512 s`.
pub(in crate::explain) fn event(history: &History, index: OpIndex) -> String {
    let who = process_phrase(history, index);
    format!("{who} {} {}", did(history, index), call_phrase(history, index))
}

/// An update with how it ended: `process 1's write of 2 was acknowledged at 4.371 s`, or, of one
/// that was not, `process 1's write of 2, called at 4.3 s, was never acknowledged`.
pub(in crate::explain) fn acknowledged(history: &History, index: OpIndex) -> String {
    let operation = &history[index];
    let (who, what) = (process_phrase(history, index), thing(history, index));
    if operation.completed.is_none() || operation.outcome.is_indeterminate() {
        let called = call_phrase(history, index);
        return format!("{who}'s {what}, called {called}, was never acknowledged");
    }
    format!("{who}'s {what} was acknowledged {}", return_phrase(history, index))
}

/// How long before the call of `later` operation `earlier` returned, if the history has times:
/// `, 141 ms before`.
pub(in crate::explain) fn gap(history: &History, earlier: OpIndex, later: OpIndex) -> String {
    match nanoseconds_between(history, earlier, later) {
        Some(gap) => format!(", {} before", duration_phrase(gap)),
        None => String::new(),
    }
}

/// The time from the return of `earlier` to the call of `later`, if the history has times and they
/// are in this order.
pub(in crate::explain) fn nanoseconds_between(
    history: &History,
    earlier: OpIndex,
    later: OpIndex,
) -> Option<u128> {
    let [_, ret] = history.times(earlier);
    let [call, _] = history.times(later);
    u128::try_from(i128::from(call?) - i128::from(ret?)).ok()
}

/// How long half of the operations take at most, in nanoseconds; 0 if the history has no times. The
/// first thousand tell.
pub(in crate::explain) fn usual_length(
    history: &History,
    operations: impl Iterator<Item = OpIndex>,
) -> u128 {
    /// So many are looked at.
    const SAMPLE: usize = 1_000;
    let length = |index: OpIndex| {
        let [call, ret] = history.times(index);
        u128::try_from(i128::from(ret?) - i128::from(call?)).ok()
    };
    let mut lengths: Vec<u128> = operations.take(SAMPLE).filter_map(length).collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn operations_become_parts_of_sentences() {
        let op = OpIndex::new;
        let text = [
            r#"{"process":0,"type":"invoke","f":"write","value":1,"time":1000}"#,
            r#"{"process":0,"type":"ok","f":"write","value":1,"time":2000}"#,
            r#"{"process":1,"type":"invoke","f":"read","value":null,"time":9000}"#,
            r#"{"process":1,"type":"ok","f":"read","value":1,"time":9500}"#,
            r#"{"process":2,"type":"invoke","f":"cas","value":[1,2],"time":9800}"#,
        ];
        let settings = crate::history::Settings::default();
        let bytes = text.join("\n").into_bytes();
        let history = crate::formats::read_bytes(bytes, None, settings).unwrap();
        assert_eq!(event(&history, op(1)), "process 1 read 1 at 8 µs");
        assert_eq!(
            acknowledged(&history, op(0)),
            "process 0's write of 1 was acknowledged at 1 µs"
        );
        assert_eq!(
            acknowledged(&history, op(2)),
            "process 2's cas from 1 to 2, called at 8.8 µs, was never acknowledged"
        );
        assert_eq!(gap(&history, op(0), op(1)), ", 7 µs before");
        assert_eq!(gap(&history, op(1), op(0)), "");
        assert_eq!(seen(&history, op(2)), "1");
    }
}
