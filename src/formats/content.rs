//! The content of a field before it is known what the field is for, and what errors say about it.

use std::borrow::Cow;

use super::mapping::Target;
use super::outcomes::likely;
use super::sink::Sink;
use super::words::word_of;
use crate::error::{Code, Error, Place};
use crate::history::{EventType, Outcome, Time, Value, ValueTable};
use crate::vocabulary::plain;
use crate::words::shortened;

/// The content of one field, as a reader keeps it until it is known what the field is for.
/// Errors are located at the content.
pub(super) trait Content<'t>: Copy {
    /// Returns where it starts in the input.
    fn offset(&self) -> usize;

    /// Tells whether the field only has to be there because others are: an empty cell of a table.
    fn is_blank(&self) -> bool {
        false
    }

    /// Tells whether it is the absent value.
    fn is_null(&self) -> bool;

    /// Tells whether it is the integer `n`.
    fn is_int(&self, n: usize) -> bool;

    /// Returns it as a value.
    fn value(&self, values: &mut ValueTable) -> Result<Value, Error>;

    /// Returns it as a value of a field that nothing depends on; as its source if it is none.
    fn kept(&self, values: &mut ValueTable) -> Result<Value, Error> {
        self.value(values)
    }

    /// Returns it as a value whose content decides what the record means.
    fn looked_into(&self, values: &mut ValueTable) -> Result<Value, Error> {
        self.value(values)
    }

    /// Returns it as a word: the name of an operation, a type.
    fn word(&self, field: &str, values: &ValueTable) -> Result<Cow<'t, str>, Error>;

    /// Returns it as a process: an integer for a client, a name for anyone else.
    fn process(&self, values: &mut ValueTable) -> Result<Value, Error>;

    /// Returns it as a time.
    fn time(&self, field: &str, values: &ValueTable) -> Result<Time, Error>;

    /// Returns it as an error quotes it.
    fn shown(&self, values: &ValueTable) -> String;

    /// Returns the error about it that says `message`.
    fn bad(&self, message: String) -> Error {
        Error::new(Code::BadField, message).at(self.place())
    }

    /// Returns the error about what is no process.
    fn not_a_process(&self, values: &ValueTable, others: &str) -> Error {
        let shown = self.shown(values);
        self.bad(format!("`process` is an integer of at most 64 bits, not {shown}"))
            .hint(format!("clients have integers; {others}"))
    }

    /// Returns the error about what is no time.
    fn not_a_time(&self, field: &str, values: &ValueTable) -> Error {
        self.bad(format!("`{field}` is a time, not {}", self.shown(values)))
            .hint("write whole nanoseconds, seconds with a fraction, or a date as in RFC 3339")
    }

    /// Tells whether it is a map.
    fn is_map(&self, values: &ValueTable) -> bool;

    /// Tells whether it is what a program writes where a field was never set: null, an empty text,
    /// zero or false.
    fn is_zero(&self) -> bool;

    /// Returns a word or a text as it is, and all else as it is written.
    fn literal(&self, values: &ValueTable) -> Result<Cow<'t, str>, Error>;

    /// Tells whether it is a number that no text can be taken for; never of a table's cell.
    fn is_number(&self) -> bool {
        false
    }

    /// Tells whether it is a number without a unit.
    fn is_bare(&self, values: &ValueTable) -> bool {
        self.literal(values).is_ok_and(|literal| literal.parse::<f64>().is_ok())
    }

    /// Hands over the entries of a map by their names, or the items of a list by their numbers.
    /// False if it is neither, or has other keys.
    fn entries(
        &self,
        values: &mut ValueTable,
        take: &mut dyn FnMut(Cow<'t, str>, Self),
    ) -> Result<bool, Error>;

    /// Returns where it starts, as a place without a line.
    fn place(&self) -> Place {
        Place { offset: self.offset(), ..Place::default() }
    }
}

/// Returns the operation's name. Only what is no client's may go without.
pub(super) fn function_of<'t>(
    content: Option<impl Content<'t>>,
    is_client: bool,
    sink: &mut Sink<'_>,
) -> Result<Cow<'t, str>, Error> {
    match content {
        Some(content) => word_of(&content, Target::Function, sink),
        None if is_client => Err(missing("f").hint("`f` names the operation, such as read")),
        None => Ok(Cow::Borrowed("")),
    }
}

/// Returns the type that an event has.
pub(super) fn event_type<'t>(
    content: &impl Content<'t>,
    sink: &mut Sink<'_>,
) -> Result<EventType, Error> {
    let word = word_of(content, Target::Type, sink)?;
    EventType::meant(&word).ok_or_else(|| unknown_type(content, sink.values()))
}

pub(super) fn outcome<'t>(
    content: &impl Content<'t>,
    sink: &mut Sink<'_>,
) -> Result<Outcome, Error> {
    let kind = match word_of(content, Target::Outcome, sink) {
        Ok(word) => EventType::meant(&word),
        Err(error) => match content.literal(sink.values())?.parse() {
            // A status of HTTP.
            Ok(200..300) => Some(EventType::Ok),
            Ok(..) => None,
            Err(_) => return Err(error),
        },
    };
    match kind {
        Some(EventType::Ok) => Ok(Outcome::Ok),
        Some(EventType::Fail) => Ok(Outcome::Fail),
        Some(EventType::Info) => Ok(Outcome::Info),
        Some(EventType::Invoke) | None => {
            Err(unknown(content, sink.values(), "outcome", "ok, fail and info"))
        }
    }
}

/// Returns the error about what is no type of an event.
pub(super) fn unknown_type<'t>(content: &impl Content<'t>, values: &ValueTable) -> Error {
    unknown(content, values, "type", "invoke, ok, fail and info")
}

fn unknown<'t>(content: &impl Content<'t>, values: &ValueTable, field: &str, known: &str) -> Error {
    let shown = content.shown(values);
    let error = Error::new(Code::UnknownType, format!("the {field} {shown} is unknown"));
    let word = content.word(field, values).map(|word| plain(&word)).unwrap_or_default();
    let error = if word.contains("err") {
        error.hint(format!(
            "say fail if it certainly did not happen, info if that is not known; or map it: --map \
             '{field}:{word}=info'"
        ))
    } else {
        let word = content.literal(values).unwrap_or_default();
        error.hint(format!(
            "the {field}s are {known}; others are mapped: --map '{field}:{}={}'",
            shortened(&word, 40),
            likely(&word)
        ))
    };
    error.at(content.place())
}

pub(super) fn missing(field: &str) -> Error {
    Error::new(Code::MissingField, format!("the record has no `{field}`"))
}

/// Returns the error about the field `name` of which the second content is at `offset`.
pub(super) fn duplicate(name: &str, offset: usize) -> Error {
    Error::new(Code::DuplicateField, format!("the record gives {} twice", quoted(name)))
        .hint("remove one of the two")
        .at(Place { offset, ..Place::default() })
}

/// Returns a piece of the input as an error quotes it, on one line and not too long.
pub(super) fn quoted(text: &str) -> String {
    let start: String =
        text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let more = if text.chars().nth(40).is_some() { "…" } else { "" };
    format!("`{start}{more}`")
}
