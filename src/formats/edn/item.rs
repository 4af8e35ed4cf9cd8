//! The content of a field as EDN holds it. Integers and words are no values of the history before
//! they are kept as such: times and types would fill its table.

use std::borrow::Cow;

use super::token::{not_an_escape, unescape};
use super::value::symbolic;
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
    /// The source of what is no value, since it holds `##NaN` or its kin at this byte.
    NotANumber(&'t str, usize),
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

impl Item<'_> {
    fn not_a_number(&self, source: &str, at: usize) -> Error {
        let name = source[at..].trim_start_matches('#');
        let end = name.find(|c: char| !c.is_alphabetic() && c != '-').unwrap_or(name.len());
        symbolic(&name[..end], self.offset + at)
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
            Form::NotANumber(source, at) => return Err(self.not_a_number(source, at)),
        })
    }

    fn word(&self, field: &str, values: &ValueTable) -> Result<Cow<'t, str>, Error> {
        match self.form {
            Form::Keyword(name) | Form::Symbol(name) | Form::Text(name) => Ok(Cow::Borrowed(name)),
            Form::Escaped(raw) => self.unescaped(raw).map(Cow::Owned),
            Form::Value(value) if let Some(name) = values.as_name(value) => {
                Ok(Cow::Owned(name.to_owned()))
            }
            Form::NotANumber(source, at) => Err(self.not_a_number(source, at)),
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
            Shape::Tagged(tag, date) if values.as_name(tag) == Some("inst") => {
                let written = values.as_name(date).and_then(time::written);
                written.unwrap_or_else(|| Err(self.not_a_time(field, values)))
            }
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

    fn kept(&self, values: &mut ValueTable) -> Result<Value, Error> {
        match self.form {
            Form::NotANumber(source, _) => Ok(values.text(source)),
            _ => self.value(values),
        }
    }

    fn is_map(&self, values: &ValueTable) -> bool {
        matches!(self.form, Form::Value(value) if matches!(values.shape(value), Shape::Map(_)))
    }

    fn is_zero(&self) -> bool {
        matches!(self.form, Form::Int(0) | Form::Text("") | Form::Value(Value::NULL | Value::FALSE))
    }

    fn literal(&self, values: &ValueTable) -> Result<Cow<'t, str>, Error> {
        Ok(match self.form {
            Form::Int(n) => Cow::Owned(n.to_string()),
            Form::Value(value) => Cow::Owned(match values.as_name(value) {
                Some(name) => name.to_owned(),
                None => values.to_edn(value),
            }),
            _ => self.word("", values)?,
        })
    }

    fn entries(
        &self,
        values: &mut ValueTable,
        take: &mut dyn FnMut(Cow<'t, str>, Self),
    ) -> Result<bool, Error> {
        let Form::Value(value) = self.form else { return Ok(false) };
        let inner: Vec<(String, Value)> = match values.shape(value) {
            Shape::Map(items) => {
                let pairs = items.chunks_exact(2);
                let named = |pair: &[Value]| Some((values.as_name(pair[0])?.to_owned(), pair[1]));
                match pairs.map(named).collect() {
                    Some(named) => named,
                    None => return Ok(false),
                }
            }
            Shape::List(items) => {
                items.iter().enumerate().map(|(at, &item)| (at.to_string(), item)).collect()
            }
            _ => return Ok(false),
        };
        for (name, value) in inner {
            let form = match values.shape(value) {
                Shape::Int(n) => Form::Int(n),
                Shape::Text("") => Form::Text(""),
                _ => Form::Value(value),
            };
            take(Cow::Owned(name), Item { form, offset: self.offset });
        }
        Ok(true)
    }

    fn shown(&self, values: &ValueTable) -> String {
        match self.form {
            Form::Int(n) => format!("`{n}`"),
            Form::Keyword(name) => quoted(&format!(":{name}")),
            Form::Symbol(name) => quoted(name),
            Form::Text(text) | Form::Escaped(text) => quoted(&format!("\"{text}\"")),
            Form::Value(value) => quoted(&values.to_edn(value)),
            Form::NotANumber(source, _) => quoted(source),
        }
    }
}
