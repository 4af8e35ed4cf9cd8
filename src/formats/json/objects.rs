//! JSON lines of every shape, and JSON arrays. serde_json walks each object and lends the text of
//! its fields, so that no tree of values is built and numbers keep their digits; a record may span
//! lines, and a line may hold several records.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::cell::Cell;
use super::fast::General;
use super::text::{not_a_number, offset_in, string, syntax, truncated};
use crate::error::{Code, Error, Place};
use crate::formats::fields::Fields;
use crate::formats::sink::Sink;

const RECORD: &str = "every record is an object: {\"process\": 0, \"type\": \"invoke\", …}";

/// Walks through the objects of a text, which follow each other or are those of an array.
pub(super) struct Objects<'t> {
    text: &'t str,
    at: usize,
    in_array: bool,
    /// Whether the text may end behind a comma, since more of the array comes later.
    goes_on: bool,
    /// What is in front of an object and reports a failure, by where the object starts.
    fronts: VecDeque<(usize, &'t str)>,
    fields: Fields<'t, Cell<'t>>,
}

impl<'t> Objects<'t> {
    /// Starts at the start of `text`.
    pub(super) fn new(text: &'t str) -> Self {
        Objects {
            text,
            at: 0,
            in_array: false,
            goes_on: false,
            fronts: VecDeque::new(),
            fields: Fields::default(),
        }
    }

    /// Gives each object that starts at one of these places what is in front of it as a message.
    pub(super) fn behind(self, fronts: Vec<(usize, &'t str)>) -> Self {
        Objects { fronts: fronts.into(), ..self }
    }

    /// Whether some objects have something in front of them that counts.
    pub(super) fn have_fronts(&self) -> bool {
        !self.fronts.is_empty()
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
        let objects = if first {
            Objects::of_array(text)?
        } else {
            Objects { in_array: true, ..Objects::new(text) }
        };
        Ok(Objects { goes_on: !last, ..objects })
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

    /// Reads the object here and hands it to `sink`. False if the sink wants no more.
    fn record(&mut self, sink: &mut Sink<'_>) -> Result<bool, Error> {
        let start = self.at;
        if !sink.begin(start) {
            return Ok(false);
        }
        self.fields.clear();
        self.at = fields_of(self.text, start, &mut |name, cell| self.fields.push(name, cell))?;
        if let Some((_, front)) = self.fronts.pop_front_if(|(at, _)| *at == start) {
            self.fields.push_front(Cell { text: front, offset: start, plain: true });
        }
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

impl General for Objects<'_> {
    fn at(&self) -> usize {
        self.at
    }

    fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    fn go_behind(&mut self, at: usize) -> Result<(), Error> {
        self.at = at;
        self.separate()
    }

    fn read_until(&mut self, end: usize, sink: &mut Sink<'_>) -> Result<bool, Error> {
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

    fn next(&mut self, sink: &mut Sink<'_>) -> Result<bool, Error> {
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
            Some(b'#' | b'/') => Err(self.unexpected(
                "a JSON object",
                "JSON has no comments, but above the first record: remove the line",
            )),
            _ => Err(self.unexpected("a JSON object", RECORD)),
        }
    }
}

/// Hands over the fields of the object at byte `start` of `text`; returns where that ends.
pub(super) fn fields_of<'t>(
    text: &'t str,
    start: usize,
    take: &mut dyn FnMut(Cow<'t, str>, Cell<'t>),
) -> Result<usize, Error> {
    let rest = &text[start..];
    let mut object = Object { text: rest, offset: start, take, end: 1, fault: None };
    let mut reader = serde_json::Deserializer::from_str(rest);
    let read = DeserializeSeed::deserialize(&mut object, &mut reader);
    let Object { end, fault, .. } = object;
    read.map_err(|error| syntax(text, start, &error))?;
    fault.map_or(Ok(()), Err)?;
    // The reader does not tell where the object ends: behind its last field and a bracket.
    let end = start + end;
    let space = text[end..].bytes().take_while(|b| matches!(b, b' ' | b'\n' | b'\r' | b'\t'));
    Ok(end + space.count() + 1)
}

/// Collects the fields of one object.
struct Object<'f, 't> {
    text: &'t str,
    /// Where that starts in the input.
    offset: usize,
    take: &'f mut dyn FnMut(Cow<'t, str>, Cell<'t>),
    /// Where the last field ends.
    end: usize,
    fault: Option<Error>,
}

impl<'t> Object<'_, 't> {
    fn cell(&mut self, text: &'t str) -> Cell<'t> {
        let at = offset_in(self.text, text);
        self.end = at + text.len();
        Cell { text, offset: self.offset + at, plain: false }
    }
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
            let text: &RawValue = map.next_value()?;
            let cell = self.cell(text.get());
            match string(key.get(), self.offset + offset_in(self.text, key.get())) {
                Ok(name) => (self.take)(name, cell),
                Err(error) => self.fault = self.fault.take().or(Some(error)),
            }
        }
        Ok(())
    }
}
