//! What the namers of single kinds share: a key's operations in the terms of their kind, as far as
//! a violation may rest on them, phrases about these, and the making of anomalies.

use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::case::Case;
use crate::explain::causes::source::Sources;
use crate::explain::violations::Violation;
use crate::history::{OpIndex, Outcome, Rank, Span, Value, sort};
use crate::model::{AnyOp, Call, KindView, Model, Reading};
use crate::words::{call_phrase, operation_phrase, process_phrase, return_phrase, value_phrase};

use super::classify::Origin;
use super::event::Event;

/// No anomaly lists more operations than this.
const SHOWN: usize = 24;

/// An operation that took so many times longer than half of those of its name may have been tried
/// again.
const PATIENCE: i64 = 4;

/// How a kind of object names what brings an effect about.
pub(super) struct Verb {
    /// With an object, in the infinitive: `append it`.
    pub(super) to_do: &'static str,
    /// With an object, in the past tense: `appended it`.
    pub(super) did: &'static str,
    /// Without one: `appended`.
    pub(super) done: &'static str,
}

/// A violation of a key, as a namer looks at it.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The key.
    pub(super) case: &'a Case<'a>,
    /// The violation.
    pub(super) violation: &'a Violation,
}

/// Operations.
impl Scope<'_> {
    /// Returns all operations of the key that happened or may have, in the order of their calls.
    /// What an earlier violation showed to be wrong counts as never having returned. O(n).
    pub(super) fn events<As: Clone>(&self, view: KindView<AnyOp, As>) -> Vec<Event<As>> {
        let Scope { case, violation } = self;
        let event = |reading: &Reading<AnyOp>| {
            let Reading { index, ref op, mut span } = *reading;
            let process = case.process(index);
            if violation.weakened.binary_search(&index).is_ok() {
                span.ret = Rank::NEVER;
                if let Some(op) = unanswered(case, index) {
                    return Event { index, process, span, op: view(&op).clone() };
                }
            }
            Event { index, process, span, op: view(op).clone() }
        };
        case.readings.iter().map(event).collect()
    }

    /// Returns the operations that failed, as they would have been without an answer. O(n).
    pub(super) fn failed<As: Clone>(&self, view: KindView<AnyOp, As>) -> Vec<Event<As>> {
        let event = |Reading { index, op, span }: Reading<AnyOp>| {
            let process = self.case.process(index);
            Event { index, process, span, op: view(&op).clone() }
        };
        failed_readings(self.case).into_iter().map(event).collect()
    }

    /// Returns whether the violation rests on an operation: it is of the core, or else, if there is
    /// no core, known by the horizon.
    pub(super) fn contains<Op>(&self, event: &Event<Op>) -> bool {
        match self.violation.core[..] {
            [] => event.span.call <= self.violation.horizon,
            _ => self.violation.core.binary_search(&event.index).is_ok(),
        }
    }

    /// Returns whether an operation is the one that gives the violation away, or of its core.
    pub(super) fn blames<Op>(&self, event: &Event<Op>) -> bool {
        self.is_failing(event) || self.violation.core.binary_search(&event.index).is_ok()
    }

    /// Returns whether an operation is the one that gives the violation away.
    pub(super) fn is_failing<Op>(&self, event: &Event<Op>) -> bool {
        event.index == self.violation.operation
    }

    /// Returns those of `events` that the violation rests on and that are `wanted`: the one that
    /// gives it away first, the others in the order of their returns.
    pub(super) fn looks<'e, Op>(
        &self,
        events: &'e [Event<Op>],
        wanted: impl Fn(&Event<Op>) -> bool,
    ) -> Vec<&'e Event<Op>> {
        let mut looks: Vec<&Event<Op>> =
            events.iter().filter(|event| wanted(event) && self.contains(event)).collect();
        sort::by(&mut looks, |look| (!self.is_failing(look), look.span.ret));
        looks
    }
}

/// Anomalies.
impl Scope<'_> {
    /// Returns an anomaly of the key that these operations show; no more than [`SHOWN`] are kept.
    pub(super) fn anomaly(
        &self,
        kind: AnomalyKind,
        certainty: Certainty,
        operations: impl IntoIterator<Item = OpIndex>,
        summary: String,
    ) -> Anomaly {
        let mut operations: Vec<OpIndex> = operations.into_iter().take(SHOWN).collect();
        operations.sort_unstable();
        operations.dedup();
        let key_at = Some(self.case.key_at);
        Anomaly { kind, key_at, operations, certainty, summary, count: 1 }
    }

    /// Returns an anomaly that these operations prove.
    pub(super) fn proved<Op>(
        &self,
        kind: AnomalyKind,
        of: &[&Event<Op>],
        summary: String,
    ) -> Option<Anomaly> {
        let operations = of.iter().map(|event| event.index);
        Some(self.anomaly(kind, Certainty::Proved, operations, summary))
    }

    /// Returns an anomaly that these operations suggest.
    pub(super) fn suggested<Op>(
        &self,
        kind: AnomalyKind,
        of: &[&Event<Op>],
        summary: String,
    ) -> Option<Anomaly> {
        let operations = of.iter().map(|event| event.index);
        Some(self.anomaly(kind, Certainty::Suggested, operations, summary))
    }

    /// Returns the anomaly of operation `look`, which showed an effect before anything in force can
    /// have brought it about. `found` is what it did, in words, and `verb` what others would have
    /// done to bring it about.
    pub(super) fn unfounded(
        &self,
        look: OpIndex,
        origin: Origin,
        found: &str,
        verb: &Verb,
    ) -> Option<Anomaly> {
        let Verb { to_do, did, done } = verb;
        let why = match origin {
            Origin::Failed(by) => format!("though {}'s operation to {to_do} failed", self.who(by)),
            Origin::Later(by) => {
                format!("but {} {did} only {}", self.who(by), self.since(by))
            }
            Origin::Nobody => format!("which nobody {done}"),
        };
        let operations = [look].into_iter().chain(origin.operation());
        let summary = format!("{found}, {why}");
        Some(self.anomaly(origin.kind(), Certainty::Proved, operations, summary))
    }
}

/// Phrases.
impl Scope<'_> {
    /// Returns who did an operation: `process 3`.
    pub(super) fn who(&self, index: OpIndex) -> String {
        process_phrase(self.case.history, index)
    }

    /// Returns when an operation returned: `at 1.2 s`; when it was called, if it never returned.
    pub(super) fn when(&self, index: OpIndex) -> String {
        match self.case.history.span(index).ret {
            Rank::NEVER => self.since(index),
            _ => return_phrase(self.case.history, index),
        }
    }

    /// Returns when an operation was called.
    pub(super) fn since(&self, index: OpIndex) -> String {
        call_phrase(self.case.history, index)
    }

    /// Returns who did an operation, what that was, in the words `did`, and when: `process 3 found
    /// 1 at 1.2 s`.
    pub(super) fn deed(&self, index: OpIndex, did: &str) -> String {
        format!("{} {did} {}", self.who(index), self.when(index))
    }

    /// Returns an operation as it was recorded, with who did it and when: `` `add 1` by process 3
    /// at 1.2 s ``.
    pub(super) fn call(&self, index: OpIndex) -> String {
        let operation = operation_phrase(self.case.history, self.case.operation(index));
        format!("`{operation}` by {} {}", self.who(index), self.when(index))
    }

    /// Returns a value in words.
    pub(super) fn value(&self, value: Value) -> String {
        value_phrase(self.case.history, value)
    }
}

/// The operations that failed, as the model reads them if nothing is known of their answers. O(n).
pub(super) fn failed_readings(case: &Case<'_>) -> Vec<Reading<AnyOp>> {
    let failed = case.operations.iter().filter(|&&at| case.operation(at).outcome == Outcome::Fail);
    let reading = |&index: &OpIndex| {
        let span = case.history.span(index);
        Some(Reading { index, op: unanswered(case, index)?, span })
    };
    failed.filter_map(reading).collect()
}

/// The operation at `index` as the model reads it if nothing is known of its answer.
pub(super) fn unanswered(case: &Case<'_>, index: OpIndex) -> Option<AnyOp> {
    let operation = case.operation(index);
    case.model.operation(&Call::of(case.history, operation, None)).ok()
}

/// Whether an operation took so long that its client may have tried again: it never returned, or
/// took several times longer than most. O(n).
pub(super) fn took_long(case: &Case<'_>, index: OpIndex) -> bool {
    let length = |index: OpIndex| {
        let Span { call, ret } = case.history.span(index);
        let [called, returned] = case.history.times(index);
        let ranks = || ret.since(call) as i64;
        (ret != Rank::NEVER)
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
pub(super) fn answered_by_one_primary(case: &Case<'_>, one: OpIndex, other: OpIndex) -> bool {
    let sources = Sources::of(case.history);
    let source = sources.at(one);
    source == sources.at(other) && source.is_named_primary(case.history)
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
