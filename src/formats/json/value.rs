//! JSON text to interned values, without a tree in between. The text has passed serde_json's
//! grammar already, so that this walk only finds its parts; numbers keep all their digits.

use memchr::memchr2;

use serde_json::value::RawValue;

use super::text::{offset_in, string, syntax};
use crate::error::{Code, Error, Place};
use crate::formats::edn;
use crate::history::{MAX_DEPTH, Value, ValueTable, sort};

/// The JSON value that is all of `text`.
pub(in crate::formats) fn value(text: &str, values: &mut ValueTable) -> Result<Value, Error> {
    let start = text.len() - text.trim_start().len();
    let raw: &RawValue =
        serde_json::from_str(&text[start..]).map_err(|error| syntax(text, start, &error))?;
    parse(raw.get(), offset_in(text, raw.get()), values)
}

/// The value that `text` stands for if it is JSON, and itself as a string otherwise.
pub(in crate::formats) fn value_or_text(text: &str, values: &mut ValueTable) -> Value {
    value(text, values).unwrap_or_else(|_| values.text(text))
}

/// The value that the well-formed JSON `text` stands for; `offset` is its place in the input.
pub(super) fn parse(text: &str, offset: usize, values: &mut ValueTable) -> Result<Value, Error> {
    Walk { text, at: 0, offset, values, stack: Vec::new(), pairs: Vec::new() }.value(0)
}

struct Walk<'t, 'v> {
    text: &'t str,
    at: usize,
    offset: usize,
    values: &'v mut ValueTable,
    /// The items of the lists that are open, and the entries of the maps.
    stack: Vec<Value>,
    pairs: Vec<(Value, Value)>,
}

impl<'t> Walk<'t, '_> {
    /// The value here; `depth` is the number of collections around it.
    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        let start = self.at;
        match self.peek() {
            Some(b'n') => self.word("null", Value::NULL),
            Some(b't') => self.word("true", Value::TRUE),
            Some(b'f') => self.word("false", Value::FALSE),
            Some(b'"') => {
                let literal = self.string()?;
                let text = string(literal, self.offset + start)?;
                Ok(self.values.text(&text))
            }
            // What stands for an EDN value is no collection itself.
            Some(b'{') if depth == MAX_DEPTH => self.map(depth + 1),
            Some(b'[' | b'{') if depth >= MAX_DEPTH => Err(self.too_deep()),
            Some(b'[') => self.list(depth + 1),
            Some(b'{') => self.map(depth + 1),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Error> {
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, Error> {
        let rest = &self.text[self.at..];
        let len = rest
            .bytes()
            .position(|b| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        let value = self.values.number(&rest[..len]).ok_or_else(|| {
            self.error(Code::BadField, "the number's exponent has more than nine digits")
                .hint("record such numbers as strings")
        })?;
        self.at += len;
        Ok(value)
    }

    /// The string literal here, quotes included.
    fn string(&mut self) -> Result<&'t str, Error> {
        let start = self.at;
        let mut end = start + 1;
        loop {
            let rest = self.text.as_bytes().get(end..).unwrap_or_default();
            match memchr2(b'"', b'\\', rest) {
                Some(found) if rest[found] == b'"' => {
                    self.at = end + found + 1;
                    return Ok(&self.text[start..self.at]);
                }
                // What follows the backslash is one byte at least; more of it is no quote.
                Some(found) => end += found + 2,
                None => return Err(self.unexpected()),
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Error> {
        let base = self.stack.len();
        self.at += 1;
        while !self.closes(b']')? {
            let item = self.value(depth)?;
            self.stack.push(item);
        }
        let list = self.values.list(&self.stack[base..]);
        self.stack.truncate(base);
        Ok(list)
    }

    fn map(&mut self, depth: usize) -> Result<Value, Error> {
        let (start, base) = (self.at, self.pairs.len());
        let mut single = None;
        self.at += 1;
        while !self.closes(b'}')? {
            let at = self.offset + self.at;
            let name = string(self.string()?, at)?;
            self.skip(b':');
            let key = self.values.text(&name);
            let value = self.value(depth)?;
            single = (self.pairs.len() == base && name == "#edn").then_some(value);
            self.pairs.push((key, value));
        }
        let map = match single {
            Some(source) => self.edn(source, start, depth - 1),
            None if depth > MAX_DEPTH => {
                self.at = start;
                Err(self.too_deep())
            }
            None => self.checked_map(base, start),
        };
        self.pairs.truncate(base);
        map
    }

    /// The map of the entries from `base` on.
    fn checked_map(&mut self, base: usize, start: usize) -> Result<Value, Error> {
        let pairs = &mut self.pairs[base..];
        sort::by(pairs, |&pair| pair);
        let twice = pairs.array_windows().find(|[a, b]| a.0 == b.0).map(|[a, _]| a.0);
        if let Some(key) = twice {
            let key = self.values.to_json(key);
            self.at = start;
            return Err(self
                .error(Code::DuplicateField, format!("the object has the key {key} twice"))
                .hint("remove one of the two"));
        }
        Ok(self.values.map(pairs))
    }

    fn too_deep(&self) -> Error {
        self.error(Code::TooDeep, format!("nested deeper than {MAX_DEPTH} levels"))
            .hint("record such values as strings")
    }

    /// The value that `{"#edn": source}` at `start` stands for, inside `depth` collections.
    fn edn(&mut self, source: Value, start: usize, depth: usize) -> Result<Value, Error> {
        let text = match self.values.shape(source) {
            crate::history::Shape::Text(text) => text.to_owned(),
            _ => {
                self.at = start;
                return Err(self
                    .error(Code::BadField, "`#edn` holds a string of EDN")
                    .hint("a keyword is {\"#edn\": \":name\"}"));
            }
        };
        edn::parse_value_within(&text, self.values, depth).map_err(|mut error| {
            // Its place would be one within the string.
            error.place = None;
            if error.code == Code::Truncated {
                // The string has an end, and so has the input.
                error.code = Code::Syntax;
            }
            error.message.insert_str(0, "in the EDN text, ");
            error.at(Place { offset: self.offset + start, ..Place::default() })
        })
    }

    /// Whether the collection ends here; goes to its next item otherwise.
    fn closes(&mut self, bracket: u8) -> Result<bool, Error> {
        self.skip(b',');
        match self.peek() {
            Some(byte) if byte == bracket => {
                self.at += 1;
                self.skip_space();
                Ok(true)
            }
            Some(_) => Ok(false),
            None => Err(self.unexpected()),
        }
    }

    /// Skips one `byte` with the space around it, if it is here.
    fn skip(&mut self, byte: u8) {
        self.skip_space();
        if self.peek() == Some(byte) {
            self.at += 1;
            self.skip_space();
        }
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn unexpected(&self) -> Error {
        self.error(Code::Syntax, "the value is no JSON")
    }

    fn error(&self, code: Code, message: impl Into<String>) -> Error {
        Error::new(code, message).at(Place { offset: self.offset + self.at, ..Place::default() })
    }
}
