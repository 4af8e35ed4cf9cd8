//! JSON lines of every shape, and JSON arrays. serde_json walks each object and lends the text of
//! its fields, so that no tree of values is built and numbers keep their digits; a record may span
//! lines, and a line may hold several records.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::cell::Cell;
use super::fields::Fields;
use super::{Sink, json_value};
use crate::error::{Code, Error, Place};
use crate::history::{Value, ValueTable};

const RECORD: &str = "every record is an object: {\"process\": 0, \"type\": \"invoke\", …}";

/// The JSON value that is all of `text`.
pub(super) fn value(text: &str, values: &mut ValueTable) -> Result<Value, Error> {
    let start = text.len() - text.trim_start().len();
    let raw: &RawValue =
        serde_json::from_str(&text[start..]).map_err(|error| syntax(text, start, &error))?;
    json_value::parse(raw.get(), offset_in(text, raw.get()), values)
}

/// The string that a literal at `offset` stands for.
pub(super) fn string(literal: &str, offset: usize) -> Result<Cow<'_, str>, Error> {
    let inside = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inside {
        Some(inside) if !inside.contains('\\') => Ok(Cow::Borrowed(inside)),
        _ => serde_json::from_str(literal).map(Cow::Owned).map_err(|error| {
            let here = offset + error.column().saturating_sub(1);
            Error::new(Code::Syntax, message(&error))
                .hint("a lone half of a surrogate pair is no character")
                .at(Place { offset: here, ..Place::default() })
        }),
    }
}

/// Walks through the objects of a text, which follow each other or are those of an array.
pub(super) struct Objects<'t> {
    text: &'t str,
    at: usize,
    in_array: bool,
    /// Whether the text may end behind a comma, since more of the array comes later.
    goes_on: bool,
    fields: Fields<'t, Cell<'t>>,
}

impl<'t> Objects<'t> {
    /// Starts at the start of `text`.
    pub(super) fn new(text: &'t str) -> Self {
        Objects { text, at: 0, in_array: false, goes_on: false, fields: Fields::default() }
    }

    /// Starts at the first object of the array that is all of `text`.
    pub(super) fn of_array(text: &'t str) -> Result<Self, Error> {
        let mut objects = Objects { in_array: true, ..Objects::new(text) };
        objects.expect(b'[', "`[`", "records on lines of their own are the format jsonl")?;
        if objects.peek() == Some(b']') {
            objects.close()?;
        }
        Ok(objects)
    }

    /// Starts at the start of a piece of an array: its first, or one that begins behind a comma.
    /// Unless it is the last, it may end behind one.
    pub(super) fn of_piece(text: &'t str, first: bool, last: bool) -> Result<Self, Error> {
        let objects = match first {
            true => Objects::of_array(text)?,
            false => Objects { in_array: true, ..Objects::new(text) },
        };
        Ok(Objects { goes_on: !last, ..objects })
    }

    /// Where it is.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes on at byte `at`, where a record starts.
    pub(super) fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    /// Goes on behind a record that ends at byte `at`.
    pub(super) fn go_behind(&mut self, at: usize) -> Result<(), Error> {
        self.at = at;
        self.separate()
    }

    /// Skips what comes between two records.
    fn separate(&mut self) -> Result<(), Error> {
        if !self.in_array {
            return Ok(());
        }
        self.skip_space();
        if self.peek() == Some(b']') {
            return self.close();
        }
        self.expect(b',', "`,` or `]`", "a comma stands between the records of an array")
    }

    /// Reads objects that follow each other, up to the first that starts at byte `end` or behind
    /// it, or to the end of the text. False if the sink wants no more.
    pub(super) fn read_until(&mut self, end: usize, sink: &mut Sink<'_>) -> Result<bool, Error> {
        loop {
            self.skip_space();
            let may_end = !self.in_array || self.goes_on;
            if self.at >= end || self.at >= self.text.len() && may_end {
                return Ok(true);
            }
            if !self.next(sink)? {
                return Ok(false);
            }
        }
    }

    /// Reads the object that must be here. False if the sink wants no more.
    pub(super) fn next(&mut self, sink: &mut Sink<'_>) -> Result<bool, Error> {
        match self.peek() {
            Some(b'{') => {
                let more = self.record(sink)?;
                if more {
                    self.separate()?;
                }
                Ok(more)
            }
            Some(b',') if !self.in_array => Err(self.unexpected(
                "a JSON object",
                "objects on lines are not separated by commas; in an array they are",
            )),
            _ => Err(self.unexpected("a JSON object", RECORD)),
        }
    }

    /// Reads the object here and hands it to `sink`. False if the sink wants no more.
    fn record(&mut self, sink: &mut Sink<'_>) -> Result<bool, Error> {
        let start = self.at;
        if !sink.begin(start) {
            return Ok(false);
        }
        self.fields.clear();
        let mut object =
            Object { text: self.text, fields: &mut self.fields, end: start + 1, fault: None };
        let mut reader = serde_json::Deserializer::from_str(&self.text[start..]);
        let read = DeserializeSeed::deserialize(&mut object, &mut reader);
        let Object { end, fault, .. } = object;
        read.map_err(|error| syntax(self.text, start, &error))?;
        fault.map_or(Ok(()), Err)?;
        // The reader does not tell where the object ends: behind its last field and a bracket.
        self.at = end;
        self.skip_space();
        self.at += 1;
        self.fields.put(sink)?;
        Ok(true)
    }

    /// The array's closing bracket, behind which nothing may come.
    fn close(&mut self) -> Result<(), Error> {
        self.expect(b']', "`]`", "a bracket ends the array")?;
        match self.peek() {
            None => {
                self.in_array = false;
                Ok(())
            }
            Some(_) => {
                Err(self.unexpected("nothing behind the array", "an input holds one history"))
            }
        }
    }

    /// Skips `byte` and the space around it.
    fn expect(&mut self, byte: u8, what: &str, hint: &str) -> Result<(), Error> {
        self.skip_space();
        if self.peek() != Some(byte) {
            return Err(self.unexpected(what, hint));
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn unexpected(&self, expected: &str, hint: &str) -> Error {
        let Some(c) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) else {
            return truncated(self.text);
        };
        not_a_number(self.text, self.at).unwrap_or_else(|| {
            let shown = c.escape_debug();
            Error::new(Code::Syntax, format!("expected {expected}, found `{shown}`"))
                .hint(hint)
                .at(Place { offset: self.at, ..Place::default() })
        })
    }
}

/// Collects the fields of one object.
struct Object<'f, 't> {
    text: &'t str,
    fields: &'f mut Fields<'t, Cell<'t>>,
    /// Where the last field ends.
    end: usize,
    fault: Option<Error>,
}

impl<'de> DeserializeSeed<'de> for &mut Object<'_, 'de> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Object<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<&RawValue>()? {
            let cell: &RawValue = map.next_value()?;
            let cell = cell.get();
            let offset = offset_in(self.text, cell);
            self.end = offset + cell.len();
            match string(key.get(), offset_in(self.text, key.get())) {
                Ok(name) => self.fields.push(name, Cell { text: cell, offset, plain: false }),
                Err(error) => self.fault = self.fault.take().or(Some(error)),
            }
        }
        Ok(())
    }
}

/// Where `part`, which is borrowed from `text`, starts in it.
fn offset_in(text: &str, part: &str) -> usize {
    part.as_ptr().addr() - text.as_ptr().addr()
}

/// What serde_json found wrong in the text from `start` on.
fn syntax(text: &str, start: usize, error: &serde_json::Error) -> Error {
    if error.is_eof() {
        return truncated(text);
    }
    let offset = offset_of(&text[start..], error) + start;
    let message = message(error);
    if ["expected value", "expected ident", "invalid number"].contains(&&*message) {
        if let Some(error) = not_a_number(text, offset) {
            return error;
        }
    } else if let Some(end) = end_of_unfinished(&text[start..], offset - start) {
        return Error::new(Code::Syntax, "the object is not finished when the next one starts")
            .hint("the writer was interrupted here; complete or remove the record")
            .at(Place { offset: start + end, ..Place::default() });
    }
    let hint = habit(text, offset).unwrap_or(match &*message {
        "expected `:`" => "a colon stands between the name of a field and its value",
        "invalid escape" => r#"the escapes are \" \\ \/ \b \f \n \r \t and \u with four digits"#,
        "invalid number" => "numbers start with no plus sign, no point and no needless zero",
        message if message.starts_with("control character") => {
            "write it as an escape, such as \\n; or is the string's closing quote missing?"
        }
        _ => "is there a quote, a comma or a bracket missing?",
    });
    Error::new(Code::Syntax, message.replace("expected ident", "expected value"))
        .hint(hint)
        .at(Place { offset, ..Place::default() })
}

/// A hint for those who write what other languages, but not JSON, take.
fn habit(text: &str, offset: usize) -> Option<&'static str> {
    let rest = text.get(offset..)?;
    [
        ("True", "JSON writes true"),
        ("False", "JSON writes false"),
        ("None", "JSON writes null"),
        ("nil", "JSON writes null"),
        ("'", "JSON puts strings into double quotes"),
        ("}", "JSON allows no comma before a closing bracket"),
        ("]", "JSON allows no comma before a closing bracket"),
    ]
    .into_iter()
    .find_map(|(start, hint)| rest.starts_with(start).then_some(hint))
}

/// The message without the place that serde_json appends to it, which counts from elsewhere.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// The offset of the byte that `error` is about in the text that serde_json was given.
fn offset_of(text: &str, error: &serde_json::Error) -> usize {
    let newlines = memchr::memchr_iter(b'\n', text.as_bytes());
    let line_start = match error.line() {
        0 | 1 => 0,
        line => newlines.into_iter().nth(line - 2).map_or(0, |newline| newline + 1),
    };
    // Column 0 is the line break itself.
    let offset = (line_start + error.column()).saturating_sub(1);
    // About a control character, serde_json names the one before it.
    let before_control = error.to_string().starts_with("control character")
        && text.as_bytes().get(offset).is_some_and(|byte| *byte >= b' ');
    offset + usize::from(before_control)
}

fn truncated(text: &str) -> Error {
    Error::new(Code::Truncated, "the input ends in the middle of a record")
        .hint("the recorder was stopped while it wrote; remove the last record, or record again")
        .at(Place { offset: text.trim_end().len(), ..Place::default() })
}

/// The error about the NaN or infinity around `offset`, if there is one.
fn not_a_number(text: &str, offset: usize) -> Option<Error> {
    let part = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'-' | b'+');
    let bytes = text.as_bytes();
    let before = bytes.get(..offset)?.iter().rev().take_while(|b| part(b)).count();
    let len = bytes[offset - before..].iter().take_while(|b| part(b)).count();
    let word = &text[offset - before..offset - before + len];
    let name = word.trim_start_matches(['-', '+']).to_ascii_lowercase();
    ["nan", "inf", "infinity"].contains(&&*name).then(|| {
        Error::new(Code::NotANumber, format!("`{word}` is no JSON value"))
            .hint("record it as a string")
            .at(Place { offset: offset - before, ..Place::default() })
    })
}

/// Where the line before `offset` ends, if a new object starts at `offset` on a line of its own
/// while that of `text` is still open.
fn end_of_unfinished(text: &str, offset: usize) -> Option<usize> {
    let before = text.get(..offset)?;
    let ended = before.trim_end();
    (text[offset..].starts_with('{') && before[ended.len()..].contains('\n')).then_some(ended.len())
}
