//! What is told of a violation as soon as it is certain.

use crate::history::{History, NO_TIME, Record, Row, Value};
use crate::words::operation_phrase;

/// An operation by whose return no linearization is left.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Violation {
    /// The key, as text and as JSON; `None` in a history without keys.
    pub key: Option<[String; 2]>,
    /// The operation in words: `read → 3`.
    pub operation: String,
    /// Its name.
    pub function: String,
    /// The process that did it, as JSON.
    pub process: String,
    /// What it was called with, as JSON.
    pub input: String,
    /// What it returned, as JSON.
    pub output: String,
    /// The record of its invocation.
    pub invoked: Record,
    /// The record of its completion.
    pub completed: Record,
    /// The line of that in the text, if there is one.
    pub line: Option<usize>,
    /// The times of both, where the history has times.
    pub times: [Option<i64>; 2],
    /// The model's name, as far as the operations up to this one tell it.
    pub model: &'static str,
    /// In words, what the object could hold just before it returned: all that there was, or the
    /// first few. Empty where the model has no words for it.
    pub states: Vec<String>,
    /// The last operations on the object, which explain it; `None` if they were forgotten.
    pub surroundings: Option<Surroundings>,
}

/// The last operations on an object, as a history of their own.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The history. Its records count as in the whole.
    pub history: History,
    /// What the object held before, as [`Options::initial`](crate::Options::initial).
    pub initial: Option<Value>,
}

impl Violation {
    /// The violation by an operation before whose return the object could be in `states`.
    pub(super) fn new(
        history: &History,
        (operation, times): &Row,
        states: Vec<String>,
    ) -> Violation {
        let values = history.values();
        Violation {
            key: operation.key.map(|key| [values.to_text(key), values.to_json(key)]),
            operation: operation_phrase(history, operation),
            function: history.function(operation.function).to_owned(),
            process: values.to_json(operation.process),
            input: values.to_json(operation.input),
            output: values.to_json(operation.output),
            invoked: operation.invoked,
            completed: operation.completed.unwrap_or(operation.invoked),
            line: None,
            times: times.map(|time| (time != NO_TIME).then_some(time)),
            model: "",
            states,
            surroundings: None,
        }
    }
}
