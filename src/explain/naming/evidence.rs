//! What the recognizers of single kinds share: a key's operations in the terms of their kind, as
//! far as a violation may rest on them, and the making of anomalies.

use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::case::Case;
use crate::explain::causes::source::Sources;
use crate::explain::violations::Violation;
use crate::history::{NEVER, Outcome, Span, Value};
use crate::model::{AnyOp, Call, KindView, Model, Reading};
use crate::words::{call_phrase, process_phrase, return_phrase};

/// No anomaly lists more operations than this.
pub(super) const SHOWN: usize = 24;

/// An operation that took so many times longer than half of those of its name may have been tried
/// again.
const PATIENCE: i64 = 4;

/// One operation in the terms of its kind.
#[derive(Clone, Debug)]
pub(super) struct Event<Op> {
    /// Its index in the history.
    pub(super) index: u32,
    /// Who did it.
    pub(super) process: Value,
    /// Its place in real time.
    pub(super) span: Span,
    /// What it did.
    pub(super) op: Op,
}

impl<Op> Event<Op> {
    /// Whether it returned before `other` was called.
    pub(super) fn precedes<Other>(&self, other: &Event<Other>) -> bool {
        self.span.ret < other.span.call
    }

    /// Whether it completed, so that it is known to have happened.
    pub(super) fn is_done(&self) -> bool {
        self.span.ret != NEVER
    }

    /// The same event, seen otherwise.
    pub(super) fn with<Other>(&self, op: Other) -> Event<Other> {
        Event { index: self.index, process: self.process, span: self.span, op }
    }
}

/// All operations of the key that happened or may have, in the order of their calls. What an
/// earlier violation showed to be wrong counts as never having returned. O(n).
pub(super) fn events<As: Clone>(
    case: &Case<'_>,
    violation: &Violation,
    view: KindView<AnyOp, As>,
) -> Vec<Event<As>> {
    let event = |reading: &Reading<AnyOp>| {
        let Reading { index, ref op, mut span } = *reading;
        let process = case.process(index);
        if violation.weakened.binary_search(&index).is_ok() {
            span.ret = NEVER;
            if let Some(op) = unanswered(case, index) {
                return Event { index, process, span, op: view(&op).clone() };
            }
        }
        Event { index, process, span, op: view(op).clone() }
    };
    case.readings.iter().map(event).collect()
}

/// The operations that failed, as they would have been without an answer. O(n).
pub(super) fn failed<As: Clone>(case: &Case<'_>, view: KindView<AnyOp, As>) -> Vec<Event<As>> {
    let failed = case.operations.iter().filter(|&&at| case.operation(at).outcome == Outcome::Fail);
    let event = |&index: &u32| {
        let op = view(&unanswered(case, index)?).clone();
        let span = case.history.span(index as usize);
        Some(Event { index, process: case.process(index), span, op })
    };
    failed.filter_map(event).collect()
}

/// The operations that failed, as the model reads them if nothing is known of their answers. O(n).
pub(super) fn failed_readings(case: &Case<'_>) -> Vec<Reading<AnyOp>> {
    let failed = case.operations.iter().filter(|&&at| case.operation(at).outcome == Outcome::Fail);
    let reading = |&index: &u32| {
        let span = case.history.span(index as usize);
        Some(Reading { index, op: unanswered(case, index)?, span })
    };
    failed.filter_map(reading).collect()
}

/// The operation at `index` as the model reads it if nothing is known of its answer.
pub(super) fn unanswered(case: &Case<'_>, index: u32) -> Option<AnyOp> {
    let operation = case.operation(index);
    case.model.operation(&Call::of(case.history, operation, None)).ok()
}

/// The operations that a violation rests on: its core, or else all that are known by its horizon.
pub(super) fn is_in_focus(violation: &Violation, index: u32, span: Span) -> bool {
    match violation.core[..] {
        [] => span.call <= violation.horizon,
        _ => violation.core.binary_search(&index).is_ok(),
    }
}

/// Whether an operation took so long that its client may have tried again: it never returned, or
/// took several times longer than most. O(n).
pub(super) fn took_long(case: &Case<'_>, index: u32) -> bool {
    let length = |index: u32| {
        let Span { call, ret } = case.history.span(index as usize);
        let [called, returned] = case.history.times(index as usize);
        let ranks = || i64::from(ret) - i64::from(call);
        (ret != NEVER)
            .then(|| called.zip(returned).map_or_else(ranks, |(one, two)| two.saturating_sub(one)))
    };
    let Some(own) = length(index) else { return true };
    let function = case.operation(index).function;
    let alike = case.operations.iter().filter(|&&other| case.operation(other).function == function);
    let mut all: Vec<i64> = alike.filter_map(|&index| length(index)).collect();
    let middle = all.len() / 2;
    let (_, &mut usual, _) = all.select_nth_unstable(middle);
    own / PATIENCE > usual
}

/// Whether one primary, by its own name, answered both operations: then nothing did that lags.
pub(super) fn answered_by_one_primary(case: &Case<'_>, one: u32, other: u32) -> bool {
    let sources = Sources::of(case.history);
    let source = sources.at(one);
    source == sources.at(other) && source.is_named_primary(case.history)
}

/// An anomaly of the case's key that these operations show.
pub(super) fn anomaly(
    case: &Case<'_>,
    kind: AnomalyKind,
    certainty: Certainty,
    operations: impl IntoIterator<Item = u32>,
    summary: String,
) -> Anomaly {
    let mut operations: Vec<u32> = operations.into_iter().collect();
    operations.truncate(SHOWN);
    operations.sort_unstable();
    operations.dedup();
    Anomaly { kind, key_at: Some(case.key_at), operations, certainty, summary, count: 1 }
}

/// Who did an operation: `process 3`.
pub(super) fn who(case: &Case<'_>, index: u32) -> String {
    process_phrase(case.history, index)
}

/// When an operation returned: `at 1.2 s`; when it was called, if it never returned.
pub(super) fn when(case: &Case<'_>, index: u32) -> String {
    match case.history.span(index as usize).ret {
        NEVER => call_phrase(case.history, index),
        _ => return_phrase(case.history, index),
    }
}

/// When an operation was called.
pub(super) fn since(case: &Case<'_>, index: u32) -> String {
    call_phrase(case.history, index)
}

/// `once`, `twice`, `3 times`.
pub(super) fn times(count: usize) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}
