//! JSON: one object per record, one after the other (JSON lines) or in one array.

mod cell;
mod cut;
mod fast;
mod objects;
mod text;
mod value;
mod write;

use memchr::memrchr;

use super::records::write_maps;
use super::row::{Evidence, Likeness, Piece, Reader, Row};
use super::sink::Sink;
use crate::error::{Code, Error};
use cut::Nesting;
use fast::{Layout, read};
use objects::Objects;

pub(super) use cell::Cell;
pub(super) use value::value;

/// JSON lines.
pub(super) static LINES: Row = Row {
    name: "jsonl",
    about: "JSON objects one after the other, usually one per line",
    extensions: &["jsonl"],
    sniff: |text| text.starts_with('{').then(|| Evidence::Likely.settled(text.contains('}')))?,
    reader: || Json::boxed(Layout::Lines),
    write: |history, out| write_maps(history, &write::Object, ["", "", ""], out),
    losses: |_| Vec::new(),
};

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

fn sniff_array(text: &str) -> Option<Likeness> {
    let inside = text.strip_prefix('[')?.trim_start();
    Evidence::Fallback.settled(match inside.bytes().next() {
        None => false,
        Some(b'{') => inside.contains('}'),
        // It may be the date or the thread of a log.
        Some(first) => !first.is_ascii_alphanumeric(),
    })
}

/// Reads objects that follow each other, or those of an array.
struct Json {
    layout: Layout,
    nesting: Nesting,
    /// Whether the start of the array was read.
    is_open: bool,
}

impl Json {
    fn boxed(layout: Layout) -> Box<dyn Reader> {
        Box::new(Json { layout, nesting: Nesting::default(), is_open: false })
    }
}

impl Reader for Json {
    fn cut(&mut self, text: &[u8], from: usize) -> Option<usize> {
        match self.layout {
            Layout::Lines => self.nesting.cut_lines(text, from),
            Layout::Array => self.nesting.scan(text, from, true),
        }
    }

    fn suspect(&self, text: &[u8]) -> Option<usize> {
        memrchr(b',', text).map(|at| at + 1)
    }

    fn read(&mut self, piece: &Piece<'_>, sink: &mut Sink<'_>) -> Result<usize, Error> {
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
