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
pub(crate) use write::word;

/// JSON lines.
pub(super) static LINES: Row = Row {
    name: "jsonl",
    about: "JSON objects one after the other, usually one per line",
    extensions: &["jsonl"],
    sniff: |text| text.starts_with('{').then(|| Evidence::Likely.settled(text.contains('}')))?,
    reader: || Box::new(Lines::default()),
    write: |history, out| write_maps(history, &write::Object, ["", "", ""], out),
    losses: |_| Vec::new(),
};

/// A JSON array.
pub(super) static ARRAY: Row = Row {
    name: "json",
    about: "One JSON array of objects",
    extensions: &["json"],
    sniff: sniff_array,
    reader: || Box::new(Array::default()),
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

/// Reads objects that follow each other.
#[derive(Default)]
struct Lines {
    nesting: Nesting,
}

impl Reader for Lines {
    fn cut(&mut self, text: &[u8], from: usize) -> Option<usize> {
        self.nesting.cut_lines(text, from)
    }

    fn suspect(&self, text: &[u8]) -> Option<usize> {
        behind_comma(text)
    }

    fn read(&mut self, piece: &Piece<'_>, sink: &mut Sink<'_>) -> Result<usize, Error> {
        let objects = Objects::new(piece.text);
        let result = read(piece, objects, Layout::Lines, sink);
        done(piece, result, sink)
    }
}

/// Reads an array of objects. Its pieces end behind commas.
#[derive(Default)]
struct Array {
    nesting: Nesting,
    /// Whether the start of the array was read.
    is_open: bool,
}

impl Reader for Array {
    fn cut(&mut self, text: &[u8], from: usize) -> Option<usize> {
        self.nesting.scan(text, from, true)
    }

    fn suspect(&self, text: &[u8]) -> Option<usize> {
        behind_comma(text)
    }

    fn read(&mut self, piece: &Piece<'_>, sink: &mut Sink<'_>) -> Result<usize, Error> {
        let objects = Objects::of_piece(piece.text, !self.is_open, piece.is_last);
        let result = objects.and_then(|objects| read(piece, objects, Layout::Array, sink));
        let done = done(piece, result, sink)?;
        self.is_open |= done > 0;
        Ok(done)
    }
}

fn behind_comma(text: &[u8]) -> Option<usize> {
    memrchr(b',', text).map(|at| at + 1)
}

/// Returns how much of `piece` was read: a record in which it ends belongs to the next.
fn done(piece: &Piece<'_>, result: Result<(), Error>, sink: &Sink<'_>) -> Result<usize, Error> {
    match result {
        Err(error) if !piece.is_last && error.code == Code::Truncated => Ok(sink.start()),
        result => result.map(|()| piece.text.len()),
    }
}
