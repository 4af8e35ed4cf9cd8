//! Reads the records of a table whatever their cells hold, by the `csv` library, from any place on
//! where one starts.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use memchr::{memchr, memchr3};
use serde_json::value::RawValue;

use super::header::{Column, Header};
use crate::error::{Code, Error, Place};
use crate::formats::fields::Fields;
use crate::formats::json::Cell;
use crate::formats::json::fast::General;
use crate::formats::sink::Sink;

/// How many bytes the library takes at a time: more than a record has usually, and little, as all
/// of it is taken anew where the reading goes on elsewhere.
const BUFFER: usize = 1 << 10;

/// Walks through the records of a table.
pub(super) struct Rows<'t> {
    text: &'t str,
    separator: u8,
    header: &'t Header,
    reader: csv::Reader<Cursor<&'t [u8]>>,
    record: csv::StringRecord,
    offsets: Vec<usize>,
    at: usize,
    /// Whether the reader is where the last record ended, before `at`.
    is_behind: bool,
}

impl<'t> Rows<'t> {
    /// Returns the records of the table `text`, which start at byte `start`.
    pub(super) fn new(text: &'t str, start: usize, separator: u8, header: &'t Header) -> Self {
        let mut settings = csv::ReaderBuilder::new();
        settings.has_headers(false).flexible(true).delimiter(separator).buffer_capacity(BUFFER);
        Rows {
            text,
            separator,
            header,
            reader: settings.from_reader(Cursor::new(text.as_bytes())),
            record: csv::StringRecord::new(),
            offsets: Vec::new(),
            at: start,
            is_behind: false,
        }
    }

    /// Goes behind empty lines, and the line feed of a CR LF, which the reader leaves to the next
    /// record.
    fn skip_breaks(&mut self) {
        while let Some(b'\r' | b'\n') = self.text.as_bytes().get(self.at) {
            self.at += 1;
        }
    }

    /// Reads the cells of the record here, and goes behind it.
    fn read(&mut self) -> Result<(), csv::Error> {
        let bytes = self.text.as_bytes();
        if self.at == 0 {
            // What looks like a byte order mark is none: the table has started before.
            let mut settings = csv::ReaderBuilder::new();
            settings.has_headers(false).flexible(true).delimiter(self.separator);
            let mut reader = settings.from_reader((&b"\n"[..]).chain(bytes));
            reader.read_record(&mut self.record)?;
            self.at = to_offset(&reader.position().clone()).saturating_sub(1);
            self.is_behind = false;
            return Ok(());
        }
        if !self.is_behind {
            // So it starts with a line break.
            let mut position = csv::Position::new();
            position.set_byte(self.at as u64 - 1);
            self.reader.seek(position)?;
        }
        self.reader.read_record(&mut self.record)?;
        self.at = to_offset(self.reader.position());
        self.is_behind = true;
        Ok(())
    }

    /// Reads the record here and hands it to `sink`. False if the sink wants no more.
    fn record(&mut self, sink: &mut Sink<'_>) -> Result<bool, Error> {
        let at = self.at;
        self.read().map_err(|error| syntax(error.to_string(), at))?;
        check_count(self.text, at, self.record.len(), self.header.columns().len())?;
        if !sink.begin(at) {
            return Ok(false);
        }
        cell_offsets(self.text, at, self.record.len(), self.separator, &mut self.offsets)?;
        let mut fields = Fields::default();
        let columns = self.header.columns().iter();
        for (((name, kind), cell), &offset) in columns.zip(&self.record).zip(&self.offsets) {
            if let Some(cell) = content(cell, offset, *kind) {
                fields.push(Cow::Borrowed(name), cell);
            }
        }
        fields.put(sink)?;
        Ok(true)
    }
}

impl General for Rows<'_> {
    fn at(&self) -> usize {
        self.at
    }

    fn go_to(&mut self, at: usize) {
        self.is_behind &= at == self.at;
        self.at = at;
    }

    fn go_behind(&mut self, at: usize) -> Result<(), Error> {
        self.go_to(at);
        Ok(())
    }

    fn read_until(&mut self, end: usize, sink: &mut Sink<'_>) -> Result<bool, Error> {
        loop {
            self.skip_breaks();
            if self.at >= end.min(self.text.len()) {
                return Ok(true);
            }
            if !self.record(sink)? {
                return Ok(false);
            }
        }
    }

    fn next(&mut self, sink: &mut Sink<'_>) -> Result<bool, Error> {
        self.record(sink)
    }
}

/// Returns where a reader of a text is.
pub(super) fn to_offset(position: &csv::Position) -> usize {
    usize::try_from(position.byte()).unwrap_or(usize::MAX)
}

/// Checks that the record at `at` has as many cells as the header.
fn check_count(text: &str, at: usize, cells: usize, expected: usize) -> Result<(), Error> {
    if cells == expected {
        return Ok(());
    }
    let message = format!("the line has {cells} cells, the header {expected}");
    let rest = text.get(at..).unwrap_or_default();
    if cells < expected && !rest.contains('\n') {
        return Err(Error::new(
            Code::Truncated,
            format!("the last line is not finished: {message}"),
        )
        .hint("remove it, or end it with a line break if it is whole")
        .at(Place { offset: text.trim_end().len(), ..Place::default() }));
    }
    Err(syntax(message, at))
}

/// Returns the error about what is no CSV.
pub(super) fn syntax(message: String, offset: usize) -> Error {
    Error::new(Code::Syntax, message)
        .hint("put a cell that holds the separator into double quotes")
        .at(Place { offset, ..Place::default() })
}

/// Where the `count` cells of the record at `at` start. Quotes are checked on the way, since the
/// reader takes what is not closed as closed.
pub(super) fn cell_offsets(
    text: &str,
    mut at: usize,
    count: usize,
    separator: u8,
    offsets: &mut Vec<usize>,
) -> Result<(), Error> {
    let bytes = text.as_bytes();
    offsets.clear();
    for _ in 0..count {
        offsets.push(at.min(bytes.len()));
        if bytes.get(at) == Some(&b'"') {
            at = quoted_end(bytes, at, separator)?;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        at += memchr3(separator, b'\n', b'\r', rest).unwrap_or(rest.len()) + 1;
    }
    Ok(())
}

/// The offset behind the quoted cell that starts at `start`.
fn quoted_end(bytes: &[u8], start: usize, separator: u8) -> Result<usize, Error> {
    let error = |code, message: &str, offset| {
        Err(Error::new(code, message)
            .hint("inside a quoted cell, a double quote is written twice")
            .at(Place { offset, ..Place::default() }))
    };
    let mut at = start + 1;
    loop {
        let Some(quote) = bytes.get(at..).and_then(|rest| memchr(b'"', rest)) else {
            return error(Code::Truncated, "the input ends inside a quoted cell", start);
        };
        at += quote + 1;
        match bytes.get(at) {
            Some(b'"') => at += 1,
            None | Some(b'\n' | b'\r') => return Ok(at),
            Some(&byte) if byte == separator => return Ok(at),
            Some(_) => return error(Code::Syntax, "the quoted cell goes on behind its quote", at),
        }
    }
}

/// What a cell holds: nothing if it is empty, the value of a JSON literal, and the text itself
/// otherwise. Names are the text as it stands, unless that is a string in quotes.
fn content<'t>(cell: &'t str, offset: usize, column: Column) -> Option<Cell<'t>> {
    if cell.is_empty() {
        return (column == Column::End).then_some(Cell { text: "", offset, plain: false });
    }
    let trimmed = cell.trim_matches([' ', '\t']);
    let bytes = trimmed.as_bytes();
    let is_value = matches!(column, Column::End | Column::Value);
    let can_be_json = match bytes.first() {
        None if !is_value => return None,
        Some(b'"') => true,
        Some(b'-' | b'0'..=b'9') => column != Column::Name,
        Some(b't' | b'f' | b'n' | b'[' | b'{') => is_value,
        _ => false,
    };
    // Small integers are what most cells hold, and need no proof of being JSON.
    let simple = || bytes.len() < 18 && bytes[0] != b'0' && bytes.iter().all(u8::is_ascii_digit);
    if can_be_json && (simple() || serde_json::from_str::<&RawValue>(trimmed).is_ok()) {
        return Some(Cell { text: trimmed, offset, plain: false });
    }
    Some(Cell { text: if is_value { cell } else { trimmed }, offset, plain: true })
}
