//! Operations that count as ok although a field beside it reports a failure: an HTTP status of 503,
//! an error message, a log level of error. A verdict that takes such an operation for done would
//! rest on a field that was not read.

use crate::conditions::Fields;
use crate::error::{Code, Error};
use crate::formats::Kind;
use crate::history::hash::Set;
use crate::history::{Extra, History, Operation, Outcome, Record, Shape, Value};
use crate::model::unclear_output;
use crate::vocabulary::{Verb, Word, plain};
use crate::words::{printable, shortened};

/// Looks for reports of failures beside operations that count as ok.
#[derive(Default)]
pub(crate) struct Contradicted {
    fields: Fields<(Kind, Option<Value>)>,
    /// Contents of fields that report no failure.
    cleared: Set<(Value, Value)>,
    first: Option<Error>,
}

/// At most so many contents of fields are remembered: times and such differ in every record.
const CLEARED: usize = 4096;

impl Contradicted {
    /// Takes into account the end of an operation, with these fields that are not read.
    pub(crate) fn add(&mut self, history: &History, operation: &Operation, extras: &[Extra]) {
        if self.first.is_some() || operation.outcome != Outcome::Ok {
            return;
        }
        let record = operation.completed.unwrap_or(operation.invoked);
        self.look_at_output(history, operation, record);
        let values = history.values();
        for extra in extras.iter().filter(|extra| !extra.value.is_null()) {
            // A name with a dot in front was put aside for a field that a mapping names.
            let name = values.as_name(extra.name).filter(|name| !name.starts_with('.'));
            let Some(name) = name else { continue };
            // With the content that it had last, which it often has again.
            let (kind, last) = self.fields.get(extra.name, || (Kind::of(name), None));
            let seen = (extra.name, extra.value);
            if kind == Kind::Aside || last == Some(extra.value) || self.cleared.contains(&seen) {
                continue;
            }
            if kind.reports_failure(values, extra.value) {
                self.first = Some(contradiction(history, record, name, extra.value));
                return;
            }
            self.fields.set(extra.name, (kind, Some(extra.value)));
            if self.cleared.len() < CLEARED {
                self.cleared.insert(seen);
            }
        }
    }

    /// Looks at what an operation returned that answers nothing.
    fn look_at_output(&mut self, history: &History, operation: &Operation, record: Record) {
        let output = operation.output;
        if output.is_null() || output == operation.input {
            return;
        }
        let Some(verb) = history.word(operation.function).map(Word::verb) else { return };
        if !verb.only_has_effect() && verb != Verb::Txn {
            return;
        }
        let values = history.values();
        let shape = |value| values.shape(value);
        let is_refused = matches!(shape(output), Shape::Bool(false))
            && matches!(verb, Verb::Write | Verb::Append | Verb::Enqueue | Verb::Push)
            // One that names a version may find another.
            && !matches!(shape(operation.input), Shape::List(_) | Shape::Map(_));
        let is_answer = verb == Verb::Txn && matches!(shape(output), Shape::List(_));
        if is_refused || !is_answer && Kind::Other.reports_failure(values, output) {
            let name = printable(history.function(operation.function));
            let shown = shortened(&values.to_json(output), SHOWN);
            let message = format!("this `{name}` counts as ok, but returned {shown}");
            let error = Error::new(Code::UnreadField, message).record(record);
            self.first = Some(error.hint(unclear_output(history, operation)));
        }
    }

    /// Refuses a history with such an operation.
    ///
    /// # Errors
    /// If there is one.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.first.clone().map_or(Ok(()), Err)
    }
}

/// Contents are shown up to this length.
const SHOWN: usize = 60;

/// The error about an operation that counts as ok although its field `name` reports a failure.
fn contradiction(history: &History, record: Record, name: &str, value: Value) -> Error {
    let values = history.values();
    let is_level = plain(name).ends_with("level") || plain(name) == "severity";
    let rule = match values.shape(value) {
        Shape::Map(_) | Shape::List(_) | Shape::Set(_) | Shape::Tagged(..) => None,
        // The level INFO is no outcome `info`.
        _ if is_level => None,
        Shape::Bool(true) => Some("true=info' --map 'outcome:false=ok'".to_owned()),
        Shape::Bool(false) => Some("false=info' --map 'outcome:true=ok'".to_owned()),
        Shape::Int(number) => Some(format!("{number}=info'")),
        _ => values.as_name(value).map(|word| format!("{}=info'", shortened(word, SHOWN))),
    };
    let name = printable(name);
    let shown = shortened(&values.to_json(value), SHOWN);
    let message = format!(
        "the operation counts as ok, but its field `{name}`, which is not read, is {shown}"
    );
    let read = if history.has_whole_operations() { "" } else { "--map type:ok=complete " };
    let hint = match rule {
        Some(rule) => format!(
            "if the field reports how operations ended: {read}--map outcome=.{name} --map \
             'outcome:{rule} (info: unknown whether it happened; fail: it certainly did not); if \
             it does not: --map ignore=.{name}"
        ),
        None => format!(
            "give the record an outcome (fail: it certainly did not happen; info: that is \
             unknown); if the field says nothing about that: --map ignore=.{name}"
        ),
    };
    Error::new(Code::UnreadField, message).hint(hint).record(record)
}
