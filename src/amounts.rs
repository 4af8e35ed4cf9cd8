//! How much an operation adds to a counter or takes off it, where a field tells that which is not
//! read: an `inc` without an input counts as one of 1.

use crate::conditions::Fields;
use crate::error::{Code, Error};
use crate::formats::map_option;
use crate::history::{Extra, History, Operation, Record, Shape, Value};
use crate::vocabulary::{Verb, Word, plain};
use crate::words::printable;

/// Looks for such fields.
#[derive(Default)]
pub(crate) struct Amounts {
    /// Whether the names of fields are those of amounts.
    fields: Fields<bool>,
    first: Option<(Record, String, String)>,
}

/// What fields are called that tell how much is added.
const NAMES: [&str; 17] = [
    "by",
    "delta",
    "amount",
    "amt",
    "n",
    "step",
    "inc",
    "incr",
    "increment",
    "incrby",
    "dec",
    "decr",
    "decrement",
    "count",
    "num",
    "diff",
    "change",
];

impl Amounts {
    /// Forgets values, which may stand for others from now on.
    pub(crate) fn forget(&mut self) {
        self.fields = Fields::default();
    }

    /// Takes into account `record`, which tells an end of an operation, with these fields that are
    /// not read.
    pub(crate) fn add(
        &mut self,
        history: &History,
        operation: &Operation,
        record: Record,
        extras: &[Extra],
    ) {
        if self.first.is_some() || !history.without_key(operation.input).is_null() {
            return;
        }
        let verb = history.word(operation.function).map(Word::verb);
        if !verb.is_some_and(counts_one) {
            return;
        }
        let values = history.values();
        let mut is_amount = |name: Value, value: Value| {
            let names_one = || values.as_name(name).is_some_and(is_name_of_amount);
            self.fields.get(name, names_one) && is_other_number(values.shape(value))
        };
        let found = extras.iter().find_map(|extra| amount(history, extra, &mut is_amount));
        self.first = found.map(|name| (record, history.function(operation.function).into(), name));
    }

    /// Refuses a history with such a field. The operations are `whole`, or events.
    ///
    /// # Errors
    /// If there is one.
    pub(crate) fn check(&self, whole: bool) -> Result<(), Error> {
        let Some((record, function, name)) = &self.first else { return Ok(()) };
        let [function, name] = [function, name].map(|name| printable(name));
        // What reads return is still the value of events without this field.
        let option = match whole {
            true => map_option("input", &name),
            false => format!("{} --map value=.value", map_option("value", &name)),
        };
        let message = format!(
            "this `{function}` takes nothing, which counts as 1, and the field `{name}` may tell \
             how much"
        );
        Err(Error::new(Code::UnreadField, message)
            .hint(format!(
                "map it ({}), or say that it is not that ({})",
                option,
                map_option("ignore", &name)
            ))
            .record(*record))
    }
}

/// Whether such an operation adds 1, or takes 1 off, if nothing says how much.
fn counts_one(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Inc
            | Verb::Dec
            | Verb::IncAndGet
            | Verb::DecAndGet
            | Verb::GetAndInc
            | Verb::GetAndDec
    )
}

/// The path of the field that tells an amount other than 1: this one, or one of its entries.
fn amount(
    history: &History,
    extra: &Extra,
    is_amount: &mut impl FnMut(Value, Value) -> bool,
) -> Option<String> {
    let values = history.values();
    let name = |value: Value| values.as_name(value).map(str::to_owned);
    if let Shape::Map(entries) = values.shape(extra.value) {
        let mut entries = entries.as_chunks::<2>().0.iter();
        let [inner, _] = entries.find(|&&[inner, value]| is_amount(inner, value))?;
        let outer = name(extra.name).filter(|outer| !outer.starts_with('.'))?;
        return Some(format!("{outer}.{}", name(*inner)?));
    }
    is_amount(extra.name, extra.value).then(|| name(extra.name)).flatten()
}

/// Whether a field of this name may tell how much is added. One with a dot in front was put aside
/// for a field that a mapping names.
fn is_name_of_amount(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    !name.starts_with('.') && NAMES.contains(&&*plain(last))
}

/// Whether it is a number other than 1. A table may hold numbers as texts.
fn is_other_number(shape: Shape<'_>) -> bool {
    match shape {
        Shape::Int(number) => number != 1,
        Shape::Text(text) => text.trim().parse::<i64>().is_ok_and(|number| number != 1),
        Shape::Decimal(_) => true,
        _ => false,
    }
}
