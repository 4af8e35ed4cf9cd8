//! JSON: one object per record, one after the other (JSON lines) or in one array.

mod cell;
mod cut;
pub(super) mod fast;
mod logfmt;
mod message;
mod objects;
mod parts;
mod spans;
mod text;
mod value;
mod write;

use memchr::memrchr;
use serde_json::value::RawValue;

use super::frame::{Alone, Opening, joined};
use super::lists::lists_within;
use super::mapping::Mapping;
use super::records::write_maps;
use super::row::{Evidence, Likeness, Piece, Reader, Row, Write, complete_lines};
use super::sink::Sink;
use crate::error::{Code, Error};
use cut::Nesting;
use fast::{Layout, read};
use objects::Objects;
pub(super) use text::offset_in;

pub(super) use cell::Cell;
pub(super) use text::syntax;
pub(super) use value::{value, value_or_text};

/// JSON lines.
pub(super) static LINES: Row = Row {
    name: "jsonl",
    about: "JSON objects one after the other, usually one per line",
    extensions: &["jsonl"],
    sniff: sniff_lines,
    reader: || Json::boxed(Layout::Lines),
    write: WRITE,
    losses: |_| Vec::new(),
};

/// Writes JSON lines.
pub(super) const WRITE: Write =
    |history, out| write_maps(history, &write::Object, ["", "", ""], out);

/// A JSON array.
pub(super) static ARRAY: Row = Row {
    name: "json",
    about: "One JSON array of objects",
    extensions: &["json"],
    sniff: sniff_array,
    reader: || Json::boxed(Layout::Array),
    write: |history, out| write_maps(history, &write::Object, ["[\n", ",", "]\n"], out),
    losses: |_| Vec::new(),
};

fn sniff_lines(text: &str) -> Option<Likeness> {
    if text.starts_with('{') {
        return Evidence::Likely.settled(text.contains('}'));
    }
    let is_line = OPENING.is_behind(text) || logfmt::is_logfmt(text);
    is_line.then(|| Evidence::Fallback.settled(!complete_lines(text).is_empty()))?
}

/// How a record starts that stands behind other text.
const OPENING: Opening = Opening {
    first: &['{'],
    starts: |text| text[1..].trim_start().starts_with('"'),
    may_be_below: true,
};

fn sniff_array(text: &str) -> Option<Likeness> {
    let inside = text.strip_prefix('[')?.trim_start();
    Evidence::Fallback.settled(match inside.bytes().next() {
        None => false,
        Some(b'{') => inside.contains('}'),
        // It may be the date or the thread of a log.
        Some(first) => !first.is_ascii_alphanumeric(),
    })
}

/// How many bytes show how records stand in their lines.
const START: usize = 1 << 16;
/// A text of so many bytes shows what its first object is.
const SHORT: usize = 1 << 12;

/// Reads objects that follow each other, or those of an array.
struct Json {
    layout: Layout,
    nesting: Nesting,
    /// Whether the start of the array was read.
    is_open: bool,
    /// Whether the first line starts with a record, once it starts,
    is_object: Option<bool>,
    /// and how the records stand in their lines, once that is known.
    lines: Option<Lines>,
    /// Whether it is known that it holds no traces.
    is_plain: bool,
}

/// How records stand in the lines of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// They are JSON, wherever lines end.
    Json,
    /// Each stands behind other text.
    Behind,
    /// Each is in the text of a logger's message.
    Message,
    /// They are pairs of names and values.
    Logfmt,
    /// They are spans of traces, which are one text.
    Spans,
}

impl Json {
    fn boxed(layout: Layout) -> Box<dyn Reader> {
        Box::new(Json {
            layout,
            nesting: Nesting::default(),
            is_open: false,
            is_object: None,
            lines: None,
            is_plain: false,
        })
    }

    fn lines(&mut self, text: &[u8]) -> Lines {
        if let Some(lines) = self.lines {
            return lines;
        }
        let is_lines = self.layout == Layout::Lines;
        if !self.is_plain {
            if spans::is_trace(&String::from_utf8_lossy(&text[..text.len().min(START)])) {
                self.lines = Some(Lines::Spans);
                return Lines::Spans;
            }
            // The first fields may not be all there.
            self.is_plain = text.len() > SHORT;
        }
        let Some(first) = text.trim_ascii_start().first().filter(|_| is_lines) else {
            return Lines::Json;
        };
        let is_object = *self.is_object.get_or_insert(*first == b'{');
        // What is decided here needs whole lines.
        let start = String::from_utf8_lossy(&text[..text.len().min(START)]);
        let lines = match is_object {
            true if message::has_record(&start) => Lines::Message,
            true => Lines::Json,
            _ if !OPENING.is_behind(start.trim_start()) && logfmt::is_logfmt(&start) => {
                Lines::Logfmt
            }
            _ => Lines::Behind,
        };
        // The first line may not be all there.
        if text.contains(&b'\n') {
            self.lines = Some(lines);
        }
        lines
    }

    /// Reads the records of a text that holds them in a list, with more around it. False if it does
    /// not.
    fn list(&mut self, piece: &Piece<'_>, sink: &mut Sink<'_>) -> Result<bool, Error> {
        let Some(object) = only_object(piece.text) else { return Ok(false) };
        let Some(lists) = lists_within(object, sink.mapping)? else { return Ok(false) };
        let text = &joined(piece.text, lists);
        let objects = Objects::of_array(text)?;
        read(&Piece { text, ..*piece }, objects, Layout::Array, sink).map(|()| true)
    }
}

/// The object that is all of `text`.
fn only_object(text: &str) -> Option<Cell<'_>> {
    let start = text.len() - text.trim_start().len();
    let mut objects = serde_json::Deserializer::from_str(&text[start..]).into_iter();
    let object: &RawValue = objects.next()?.ok()?;
    let end = start + objects.byte_offset();
    let is_all = text[end..].trim().is_empty() && object.get().starts_with('{');
    is_all.then(|| Cell { text: object.get(), offset: offset_in(text, object.get()), plain: false })
}

impl Reader for Json {
    fn cut(&mut self, text: &[u8], from: usize) -> Option<usize> {
        let lines = self.lines(text);
        if lines == Lines::Spans {
            return None;
        }
        if lines != Lines::Json {
            return memrchr(b'\n', &text[from..]).map(|at| from + at + 1);
        }
        match self.layout {
            Layout::Lines => self.nesting.cut_lines(text, from),
            Layout::Array => self.nesting.scan(text, from, true),
        }
    }

    fn suspect(&self, text: &[u8]) -> Option<usize> {
        memrchr(b',', text).map(|at| at + 1)
    }

    fn takes_pieces(&mut self, start: &str, _mapping: Option<&Mapping>) -> bool {
        self.lines(start.as_bytes()) == Lines::Json && only_object(start).is_none()
    }

    fn split(&mut self, text: &[u8]) -> Option<usize> {
        match self.layout {
            Layout::Lines => cut::between_lines(text, 0),
            Layout::Array => self.suspect(text),
        }
    }

    fn read(&mut self, piece: &Piece<'_>, sink: &mut Sink<'_>) -> Result<usize, Error> {
        let lines = self.lines(piece.text.as_bytes());
        if self.is_object.is_some() {
            // What was read so far is not read otherwise later.
            self.lines = Some(lines);
        }
        let (text, without, fronts) = match lines {
            Lines::Json => (None, 0, Vec::new()),
            Lines::Behind => {
                let Alone { text, without, fronts } = OPENING.alone(piece.text)?;
                (Some(text), without, fronts)
            }
            Lines::Spans => return spans::read(piece.text, sink).map(|()| piece.text.len()),
            Lines::Message => {
                let (text, without) = message::opened(piece.text)?;
                (Some(text), without, Vec::new())
            }
            Lines::Logfmt => {
                let is_all = piece.is_last && !self.is_open;
                self.is_open = true;
                let without = logfmt::read(piece.text, is_all, sink)?;
                sink.pass_over(without);
                return Ok(piece.text.len());
            }
        };
        if let Some(text) = &text {
            sink.pass_over(without);
            let objects = Objects::new(text).behind(fronts);
            let piece = &Piece { text, ..*piece };
            return read(piece, objects, self.layout, sink).map(|()| text.len());
        }
        let is_object = piece.text.trim_start().starts_with('{');
        if is_object && !self.is_open && self.list(piece, sink)? {
            self.is_open = true;
            return Ok(piece.text.len());
        }
        let objects = match self.layout {
            Layout::Lines => Ok(Objects::new(piece.text)),
            Layout::Array => Objects::of_piece(piece.text, !self.is_open, piece.is_last),
        };
        match objects.and_then(|objects| read(piece, objects, self.layout, sink)) {
            // The record in which the piece ends belongs to the next.
            Err(error) if !piece.is_last && error.code == Code::Truncated => {
                self.is_open |= sink.start() > 0;
                Ok(sink.start())
            }
            result => {
                self.is_open = true;
                result.map(|()| piece.text.len())
            }
        }
    }
}
