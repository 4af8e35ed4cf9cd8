//! Operations that count as ok although a field beside it reports a failure: an HTTP status of 503,
//! an error message, a log level of error. A verdict that takes such an operation for done would
//! rest on a field that was not read.

use crate::conditions::Fields;
use crate::error::{Code, Error};
use crate::formats::{Kind, is_refusal, map_option};
use crate::history::hash::Set;
use crate::history::{Extra, History, Operation, Outcome, Record, Shape, Value, ValueTable};
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
            if matches!(kind, Kind::Found | Kind::Missing) {
                let is_none = Some(kind == Kind::Missing) == as_bool(values, extra.value);
                let verb = history.word(operation.function).map(Word::verb);
                if is_none && verb == Some(Verb::Read) && !operation.output.is_null() {
                    self.first = Some(nothing_found(record, name));
                    return;
                }
                continue;
            }
            if kind == Kind::Count {
                let verb = history.word(operation.function).map(Word::verb);
                let is_update = matches!(verb, Some(Verb::Write | Verb::Cas | Verb::Append));
                if is_update && values.as_int(extra.value) == Some(0) {
                    self.first = Some(contradiction(history, record, name, extra.value));
                    return;
                }
                continue;
            }
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

    /// Forgets values, which may stand for others from now on.
    pub(crate) fn forget(&mut self) {
        (self.fields, self.cleared) = (Fields::default(), Set::default());
    }

    /// Looks at what an operation returned that answers nothing.
    fn look_at_output(&mut self, history: &History, operation: &Operation, record: Record) {
        let output = operation.output;
        if output.is_null() || output == operation.input {
            return;
        }
        let verb = history.word(operation.function).map(Word::verb);
        let Some(verb) = verb.filter(|verb| verb.only_has_effect() || may_fail(*verb)) else {
            return;
        };
        if is_refused(history.values(), verb, operation) {
            let name = printable(history.function(operation.function));
            let shown = shortened(&history.values().to_json(output), SHOWN);
            let message = format!("this `{name}` counts as ok, but returned {shown}");
            let error = Error::new(Code::UnreadField, message).record(record);
            self.first = Some(error.hint(refusal_hint(history, operation)));
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

/// Whether operations return whether they happened, besides those that only have an effect.
fn may_fail(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Txn
            | Verb::Cas
            | Verb::PutIfVersion
            | Verb::PutIfAbsent
            | Verb::Acquire
            | Verb::Release
            | Verb::Transfer
            | Verb::Withdraw
            | Verb::Ack
            | Verb::Nack
    )
}

/// Whether an operation was refused, as it says by what it returned. A bare false is a word that
/// most models know.
fn is_refused(values: &ValueTable, verb: Verb, operation: &Operation) -> bool {
    let shape = |value| values.shape(value);
    match shape(operation.output) {
        Shape::Bool(false) => {
            let is_unknown = matches!(
                verb,
                Verb::Write
                    | Verb::Append
                    | Verb::Enqueue
                    | Verb::Push
                    | Verb::Transfer
                    | Verb::Withdraw
                    | Verb::Deposit
                    | Verb::Ack
                    | Verb::Nack
            );
            // One that names a version may find another.
            is_unknown && !matches!(shape(operation.input), Shape::List(_) | Shape::Map(_))
        }
        Shape::Int(number) => {
            let is_count = matches!(
                verb,
                Verb::Cas | Verb::PutIfVersion | Verb::Transfer | Verb::Withdraw | Verb::Ack
            );
            is_count && matches!(number, 0 | -1)
        }
        Shape::Text(text) | Shape::Keyword(text) | Shape::Symbol(text) => is_refusal(text),
        Shape::Map(entries) => entries.as_chunks::<2>().0.iter().any(|&[name, value]| {
            let kind = values.as_name(name).map_or(Kind::Other, Kind::of);
            match shape(value) {
                Shape::Bool(is_true) => !is_true || kind.reports_failure(values, value),
                Shape::Int(0) => matches!(kind, Kind::Success | Kind::Done | Kind::Count),
                _ => kind.reports_failure(values, value),
            }
        }),
        Shape::List(_) => {
            verb != Verb::Txn && Kind::Other.reports_failure(values, operation.output)
        }
        _ => false,
    }
}

/// How to say that an operation was refused that says so by what it returned.
fn refusal_hint(history: &History, operation: &Operation) -> String {
    let values = history.values();
    let Shape::Map(entries) = values.shape(operation.output) else {
        return unclear_output(history, operation);
    };
    let mut flags = entries.as_chunks::<2>().0.iter();
    let flag = flags.find(|entry| matches!(values.shape(entry[1]), Shape::Bool(false)));
    match flag.and_then(|entry| values.as_name(entry[0])) {
        Some(flag) if history.has_whole_operations() => {
            let mut taken = history.taken_fields().iter();
            let field = taken.find(|(role, _)| *role == "output");
            let field = field.map_or("output", |(_, name)| &**name);
            format!(
                "say that it was refused: {} --map outcome:false=fail --map outcome:true=ok",
                map_option("outcome", &format!("{field}.{flag}"))
            )
        }
        _ => "record one that was refused as `fail`, and as `info` if that is not known".to_owned(),
    }
}

/// Contents are shown up to this length.
const SHOWN: usize = 60;

/// A boolean, or the text that a table has for one.
fn as_bool(values: &ValueTable, value: Value) -> Option<bool> {
    match values.shape(value) {
        Shape::Bool(flag) => Some(flag),
        Shape::Text(text) => text.to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// The error about a read that returned something, and says by its field `name` that nothing was
/// there.
fn nothing_found(record: Record, name: &str) -> Error {
    let name = printable(name);
    let message = format!("this read returned a value, but by its field `{name}` there was none");
    Error::new(Code::UnreadField, message).record(record).hint(format!(
        "record null where nothing was found; if the field means something else: --map \
         ignore=.{name}"
    ))
}

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
