//! The content of a field as EDN holds it. Integers and words are no values of the history before
//! they are kept as such: times and types would fill its table.

use std::borrow::Cow;

use super::token::{not_an_escape, unescape};
use crate::error::Error;
use crate::formats::content::{Content, quoted};
use crate::formats::time;
use crate::history::{Shape, Time, Value, ValueTable};

/// The content of one field.
#[derive(Clone, Copy)]
pub(in crate::formats) struct Item<'t> {
    pub(super) form: Form<'t>,
    pub(super) offset: usize,
}

/// What was read.
#[derive(Clone, Copy)]
pub(super) enum Form<'t> {
    Int(i64),
    Keyword(&'t str),
    Symbol(&'t str),
    /// A string without escapes.
    Text(&'t str),
    /// A string as it is written.
    Escaped(&'t str),
    /// Anything else, in the table already.
    Value(Value),
}

impl<'t> Item<'t> {
    fn unescaped(&self, raw: &str) -> Result<String, Error> {
        let mut text = String::new();
        match unescape(raw, &mut text) {
            Ok(()) => Ok(text),
            Err(at) => Err(not_an_escape(self.offset + 1 + at)),
        }
    }
}

impl<'t> Content<'t> for Item<'t> {
    fn offset(&self) -> usize {
        self.offset
    }

    fn is_null(&self) -> bool {
        matches!(self.form, Form::Value(Value::NULL))
    }

    fn is_int(&self, n: usize) -> bool {
        matches!(self.form, Form::Int(int) if usize::try_from(int) == Ok(n))
    }

    fn value(&self, values: &mut ValueTable) -> Result<Value, Error> {
        Ok(match self.form {
            Form::Int(n) => values.int(n),
            Form::Keyword(name) => values.keyword(name),
            Form::Symbol(name) => values.symbol(name),
            Form::Text(text) => values.text(text),
            Form::Escaped(raw) => values.text(&self.unescaped(raw)?),
            Form::Value(value) => value,
        })
    }

    fn word(&self, field: &str, values: &ValueTable) -> Result<Cow<'t, str>, Error> {
        match self.form {
            Form::Keyword(name) | Form::Symbol(name) | Form::Text(name) => Ok(Cow::Borrowed(name)),
            Form::Escaped(raw) => self.unescaped(raw).map(Cow::Owned),
            Form::Int(_) | Form::Value(_) => {
                let shown = self.shown(values);
                Err(self
                    .bad(format!("`{field}` is a keyword, not {shown}"))
                    .hint("keywords start with a colon"))
            }
        }
    }

    fn process(&self, values: &mut ValueTable) -> Result<Value, Error> {
        let value = self.value(values)?;
        match values.shape(value) {
            Shape::Int(_) | Shape::Keyword(_) | Shape::Text(_) | Shape::Symbol(_) => Ok(value),
            _ => {
                let others = "keywords name all others, such as :nemesis";
                Err(self.not_a_process(values, others))
            }
        }
    }

    fn time(&self, field: &str, values: &ValueTable) -> Result<Time, Error> {
        let number = match self.form {
            Form::Int(n) => return Ok(Time::Whole(n)),
            Form::Value(value) => values.shape(value),
            Form::Text(text) => Shape::Text(text),
            _ => Shape::Null,
        };
        let time = match number {
            Shape::Text(text) => {
                time::written(text).unwrap_or_else(|| Err(self.not_a_time(field, values)))
            }
            Shape::Int(whole) => Ok(Time::Whole(whole)),
            Shape::BigInt(text) | Shape::Decimal(text) => time::parse(text),
            Shape::BigDecimal(text) => time::seconds(text),
            _ => Err(self.not_a_time(field, values)),
        };
        time.map_err(|error| error.at(self.place()))
    }

    fn shown(&self, values: &ValueTable) -> String {
        match self.form {
            Form::Int(n) => format!("`{n}`"),
            Form::Keyword(name) => quoted(&format!(":{name}")),
            Form::Symbol(name) => quoted(name),
            Form::Text(text) | Form::Escaped(text) => quoted(&format!("\"{text}\"")),
            Form::Value(value) => quoted(&values.to_edn(value)),
        }
    }
}
