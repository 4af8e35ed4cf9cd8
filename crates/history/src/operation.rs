//! One operation of a history, and the records around it.

use super::vocabulary::plain;
use super::{Record, Value};

/// How an operation ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Outcome {
    /// It happened, between its invocation and its completion.
    Ok,
    /// It did not happen.
    Fail,
    /// It may have happened at any point after its invocation, or never: an `info` completion.
    Info,
    /// The history ends without a completion; it means the same as `Info`.
    Open,
}

impl Outcome {
    /// Whether the operation may or may not have happened.
    #[inline]
    pub fn is_indeterminate(self) -> bool {
        matches!(self, Outcome::Info | Outcome::Open)
    }

    /// That of an operation whose completion is an event of this type.
    #[inline]
    pub(super) fn of(kind: EventType) -> Outcome {
        match kind {
            EventType::Ok => Outcome::Ok,
            EventType::Fail => Outcome::Fail,
            EventType::Info | EventType::Invoke => Outcome::Info,
        }
    }

    /// The word for it in histories: `ok`, `fail`, `info`, or `open`.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Fail => "fail",
            Outcome::Info => "info",
            Outcome::Open => "open",
        }
    }
}

/// The name of an operation (`f`), as an index into
/// [`History::functions`](super::History::functions).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Default)]
pub struct Function(pub(super) u16);

#[doc(hidden)]
impl Function {
    /// The function with this index.
    pub fn of_index(index: u16) -> Function {
        Function(index)
    }

    /// The index.
    #[inline]
    pub fn index(self) -> usize {
        self.0.into()
    }
}

/// One operation: an invocation with its completion, if it has one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operation {
    /// The process (client) that did it.
    pub process: Value,
    /// Its key, or `None` in a history without keys.
    pub key: Option<Value>,
    /// The value of its invocation.
    pub input: Value,
    /// The value of its completion; null when there is none.
    pub output: Value,
    /// The record of its invocation.
    pub invoked: Record,
    /// The record of its completion, if it has one.
    pub completed: Option<Record>,
    /// Its name.
    pub function: Function,
    /// How it ended.
    pub outcome: Outcome,
}

impl Operation {
    /// The operation as it was known before it completed.
    pub fn unanswered(self) -> Operation {
        Operation { output: Value::NULL, completed: None, outcome: Outcome::Open, ..self }
    }
}

/// The types of an event.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EventType {
    /// An operation starts.
    Invoke,
    /// It completed and happened.
    Ok,
    /// It completed and did not happen.
    Fail,
    /// Whether it happened is not known.
    Info,
}

impl EventType {
    /// The type that a history calls `name`, if there is one.
    pub fn parse(name: &str) -> Option<EventType> {
        Some(match name {
            "invoke" => EventType::Invoke,
            "ok" => EventType::Ok,
            "fail" => EventType::Fail,
            "info" => EventType::Info,
            _ => return None,
        })
    }

    /// The type that somebody means who writes `name`: in any case, or in another usual word. A
    /// plain `error` may be either, so that it is none.
    pub fn meant(name: &str) -> Option<EventType> {
        EventType::parse(name).or_else(|| {
            Some(match &*plain(name) {
                "invoke" | "invoked" | "invocation" | "call" | "called" | "start" | "started"
                | "begin" | "began" | "request" => EventType::Invoke,
                "ok" | "okay" | "success" | "succeeded" | "successful" | "succeed" | "complete"
                | "completed" | "committed" | "return" | "returned" | "response" | "end"
                | "ended" | "finish" | "finished" | "done" => EventType::Ok,
                "fail" | "failed" | "failure" | "rejected" | "aborted" | "refused" => {
                    EventType::Fail
                }
                "info" | "unknown" | "timeout" | "timedout" | "indeterminate" | "maybe"
                | "crash" | "crashed" | "pending" | "ambiguous" | "lost" | "cancelled"
                | "canceled" | "disconnected" => EventType::Info,
                // As programs name their errors: `ErrTimeout`.
                word => match word.strip_prefix("err") {
                    Some(rest) => return EventType::meant(rest),
                    None if is_lost(word) => EventType::Info,
                    None => return None,
                },
            })
        })
    }

    /// The word for it in histories.
    pub fn name(self) -> &'static str {
        match self {
            EventType::Invoke => "invoke",
            EventType::Ok => "ok",
            EventType::Fail => "fail",
            EventType::Info => "info",
        }
    }
}

/// Whether a message, without spaces, says that no answer came: what it is about may have happened.
fn is_lost(message: &str) -> bool {
    const SIGNS: [&str; 5] =
        ["timedout", "timeout", "deadlineexceeded", "connectionreset", "brokenpipe"];
    SIGNS.iter().any(|sign| message.contains(sign))
}

/// One event of a history as a recorder writes it, its values interned.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The process.
    pub process: Value,
    /// What the event tells.
    pub kind: EventType,
    /// The operation's name.
    pub function: &'a str,
    /// The invocation's or completion's value.
    pub value: Value,
    /// The key, where the record has a field for it.
    pub key: Option<Value>,
    /// The time, where the record has one.
    pub time: Option<Time>,
}

/// One event of a client, everything in it known to the history.
#[derive(Clone, Copy, Debug)]
pub struct ClientEvent {
    /// The client.
    pub process: Value,
    /// What the event tells.
    pub kind: EventType,
    /// The operation's name.
    pub function: Function,
    /// The invocation's or completion's value.
    pub value: Value,
    /// The key, where the record has a field for it.
    pub key: Option<Value>,
    /// The time, a whole number, or `NO_TIME`.
    pub time: i64,
}

/// One whole operation as recorders write it that put both ends on one line.
#[derive(Clone, Copy, Debug)]
pub struct Interval<'a> {
    /// The process; `None` for a process of its own.
    pub process: Option<Value>,
    /// How it ended.
    pub outcome: Outcome,
    /// The operation's name.
    pub function: &'a str,
    /// What it was called with.
    pub input: Value,
    /// What it returned.
    pub output: Value,
    /// The key, where the record has a field for it.
    pub key: Option<Value>,
    /// When it was called.
    pub call: Time,
    /// When it returned, if it did.
    pub ret: Option<Time>,
}

/// A time as a record gives it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Time {
    /// A whole number, in the recorder's unit (nanoseconds are usual).
    Whole(i64),
    /// Fractional seconds, in nanoseconds.
    Seconds(i64),
    /// A time whose unit is told, or a date, in nanoseconds.
    Exact(i64),
}

/// A record that is no client's operation: what a nemesis did, a log line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Annotation {
    /// Its position in the input.
    pub record: Record,
    /// Who did it, such as `nemesis`.
    pub process: Value,
    /// The type of the event.
    pub kind: EventType,
    /// What was done.
    pub function: Function,
    /// Its value.
    pub value: Value,
    /// Its time, if it has one.
    pub time: Option<i64>,
}

/// A field of a record beyond those that every operation has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extra {
    /// The record that has the field.
    pub record: Record,
    /// The field's name, a string.
    pub name: Value,
    /// The field's value.
    pub value: Value,
}
