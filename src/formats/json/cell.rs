//! The content of a field as JSON and CSV hold it: text, borrowed from the input.

use std::borrow::Cow;

use super::parts::entries;
use super::text::string;
use super::value::parse;
use crate::error::Error;
use crate::formats::content::{Content, quoted};
use crate::formats::time;
use crate::history::{Time, Value, ValueTable};

/// The content of one field, borrowed from the text.
#[derive(Clone, Copy)]
pub(in crate::formats) struct Cell<'t> {
    /// Well-formed JSON, or the string itself if `plain`, or nothing for a cell that is empty.
    pub(in crate::formats) text: &'t str,
    /// Where it starts in the input.
    pub(in crate::formats) offset: usize,
    /// Whether `text` is a string without quotes, as CSV has it.
    pub(in crate::formats) plain: bool,
}

impl<'t> Cell<'t> {
    /// The string that this is; `None` if it is something else.
    fn string(&self) -> Result<Option<Cow<'t, str>>, Error> {
        if self.plain {
            Ok(Some(Cow::Borrowed(self.text)))
        } else if self.text.starts_with('"') {
            string(self.text, self.offset).map(Some)
        } else {
            Ok(None)
        }
    }
}

impl<'t> Content<'t> for Cell<'t> {
    fn offset(&self) -> usize {
        self.offset
    }

    fn is_blank(&self) -> bool {
        !self.plain && self.text.is_empty()
    }

    fn is_null(&self) -> bool {
        !self.plain && matches!(self.text, "null" | "")
    }

    fn is_number(&self) -> bool {
        !self.plain && matches!(self.text.as_bytes().first(), Some(b'-' | b'0'..=b'9'))
    }

    fn is_int(&self, n: usize) -> bool {
        !self.plain && self.text.parse() == Ok(n)
    }

    fn value(&self, values: &mut ValueTable) -> Result<Value, Error> {
        if self.plain {
            Ok(values.text(self.text))
        } else if self.is_null() {
            Ok(Value::NULL)
        } else {
            parse(self.text, self.offset, values)
        }
    }

    /// The word that this is, without the colon of a keyword.
    fn word(&self, field: &str, _: &ValueTable) -> Result<Cow<'t, str>, Error> {
        match self.string()? {
            Some(Cow::Borrowed(word)) => Ok(Cow::Borrowed(word.strip_prefix(':').unwrap_or(word))),
            Some(Cow::Owned(word)) => {
                Ok(Cow::Owned(word.strip_prefix(':').map(str::to_owned).unwrap_or(word)))
            }
            None => {
                let message = format!("`{field}` is a string, not {}", quoted(self.text));
                Err(self.bad(message).hint(format!("put the `{field}` into double quotes")))
            }
        }
    }

    fn process(&self, values: &mut ValueTable) -> Result<Value, Error> {
        if let Some(name) = self.string()? {
            return Ok(values.text(&name));
        }
        match self.text.parse::<i64>() {
            Ok(process) => Ok(values.int(process)),
            Err(_) => {
                let others = "strings name what is no client, such as a nemesis";
                Err(self.not_a_process(values, others))
            }
        }
    }

    fn time(&self, field: &str, values: &ValueTable) -> Result<Time, Error> {
        let time = if self.is_number() {
            Some(time::parse(self.text))
        } else {
            self.string()?.and_then(|text| time::written(&text))
        };
        let time = time.ok_or_else(|| self.not_a_time(field, values))?;
        time.map_err(|error| error.at(self.place()))
    }

    fn is_map(&self, _: &ValueTable) -> bool {
        !self.plain && self.text.starts_with('{')
    }

    fn is_zero(&self) -> bool {
        self.is_null() || matches!(self.text, "\"\"" | "0" | "false")
    }

    fn literal(&self, _: &ValueTable) -> Result<Cow<'t, str>, Error> {
        Ok(self.string()?.unwrap_or(Cow::Borrowed(self.text)))
    }

    fn entries(
        &self,
        _: &mut ValueTable,
        take: &mut dyn FnMut(Cow<'t, str>, Self),
    ) -> Result<bool, Error> {
        if self.plain || !self.text.starts_with(['{', '[']) {
            return Ok(false);
        }
        entries(self, take).map(|()| true)
    }

    fn shown(&self, _: &ValueTable) -> String {
        quoted(self.text)
    }
}
