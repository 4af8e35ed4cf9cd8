//! What the reader of a format knows from the pieces before, and where in the text the piece at hand
//! is.

use std::sync::Arc;
use std::time::Instant;

use super::line_breaks;
use crate::error::{Code, Error, Place};
use crate::history::HistoryBuilder;
use crate::ingest::{Format, Sink, csv, edn, lines, log};

/// A line that is shown has at most so many bytes before its piece.
const SHOWN: usize = 1 << 12;

/// The reader of a format between two pieces.
#[derive(Clone, Debug)]
pub(super) enum Reading {
    /// The format is not known.
    Unknown,
    Known {
        state: State,
        /// How many records were metadata.
        metadata: usize,
    },
}

#[derive(Clone, Debug)]
pub(super) enum State {
    Lines,
    /// Whether the next piece is the first of an array.
    Array(bool),
    /// And where the bracket is that stands around all records, if it was in another piece.
    Edn(edn::Reading, Option<Place>),
    Log(Option<bool>),
    Csv(Option<Arc<csv::Header>>),
}

impl Reading {
    /// The reader of `format` before the first piece.
    pub(super) fn new(format: Format) -> Reading {
        let state = match format {
            Format::JsonLines => State::Lines,
            Format::JsonArray => State::Array(true),
            Format::Edn => State::Edn(edn::Reading::default(), None),
            Format::Log => State::Log(None),
            Format::Csv => State::Csv(None),
        };
        Reading::Known { state, metadata: 0 }
    }

    /// Reads the records of `text` into `builder`, and returns where the rest starts that belongs to
    /// the next piece. Errors have offsets in `text`; where each record starts goes into `starts`.
    pub(super) fn read(
        &mut self,
        text: &str,
        last: bool,
        threads: usize,
        deadline: Option<Instant>,
        (builder, starts): (&mut HistoryBuilder, Option<&mut Vec<usize>>),
    ) -> Result<usize, Error> {
        let Reading::Known { state, metadata } = self else { return Ok(0) };
        let mut sink = Sink::new(builder).until(deadline).behind(*metadata).noting(starts);
        let read = state.read(text, last, threads, &mut sink);
        *metadata = sink.metadata_records();
        let start = sink.start();
        // Whether the reader only says that the piece ends within a record.
        let knows = matches!(state, State::Lines | State::Array(_) | State::Edn(..));
        let done = match read {
            Err(error) if last || !knows || error.code != Code::Truncated => return Err(error),
            Ok(()) if last => text.len(),
            read => match state {
                State::Edn(reading, _) => reading.done,
                _ if read.is_err() => start,
                _ => text.len(),
            },
        };
        if let State::Array(first) = state {
            *first &= done == 0;
        }
        Ok(done)
    }

    /// Where record `nth` of the piece starts, if it has so many. The reader is as it was before.
    pub(super) fn find(
        &mut self,
        text: &str,
        nth: usize,
        last: bool,
        threads: usize,
    ) -> Option<usize> {
        let Reading::Known { state, .. } = self else { return None };
        let wanted = [nth];
        let mut builder = HistoryBuilder::default();
        let mut sink = Sink::seeking(&mut builder, &wanted);
        // That it was read once is no promise that nothing is wrong behind it.
        let _ = state.read(text, last, threads, &mut sink);
        sink.found().first().copied()
    }

    /// `error`, which is about the piece `text` at `position`, with its place in the whole text.
    pub(super) fn locate(&self, position: &Position, text: &str, error: Error) -> Error {
        match self {
            Reading::Known { state: State::Edn(_, opened), .. } if error.place.is_none() => {
                Error { place: *opened, ..error }
            }
            _ => position.locate(text, error),
        }
    }

    /// Goes on behind the piece `text`.
    pub(super) fn leave(&mut self, position: &Position, text: &str) {
        if let Reading::Known { state: State::Edn(reading, opened), .. } = self {
            if let Some(at) = reading.opened() {
                *opened = Some(position.place(text, at));
            }
            reading.turn();
        }
    }
}

impl State {
    fn read(
        &mut self,
        text: &str,
        last: bool,
        threads: usize,
        sink: &mut Sink<'_>,
    ) -> Result<(), Error> {
        match self {
            State::Lines => lines::read(text, threads, sink),
            State::Array(first) => lines::read_array_piece(text, *first, last, threads, sink),
            State::Edn(reading, _) => edn::read_piece(text, reading, last, sink),
            State::Log(bare) => log::read_piece(text, bare, sink),
            State::Csv(header) => csv::read_piece(text, header, sink),
        }
    }
}

/// Where a piece starts in the whole text.
#[derive(Debug, Default)]
pub(super) struct Position {
    /// Bytes before it.
    pub(super) offset: usize,
    /// Line breaks before it.
    lines: usize,
    /// Characters before it on its line.
    columns: usize,
    /// Those characters, unless they are too many to be shown.
    line_start: Option<String>,
}

impl Position {
    /// The text before the piece on its line, unless that is too long.
    pub(super) fn line_start(&self) -> Option<&str> {
        if self.columns == 0 { Some("") } else { self.line_start.as_deref() }
    }

    /// Goes behind `text`, which is UTF-8.
    pub(super) fn pass(&mut self, text: &[u8]) {
        self.offset += text.len();
        let line = match memchr::memrchr(b'\n', text) {
            Some(newline) => {
                self.lines += line_breaks(text);
                (self.columns, self.line_start) = (0, None);
                &text[newline + 1..]
            }
            None => text,
        };
        if line.is_empty() {
            return;
        }
        let before = if self.columns == 0 { Some(String::new()) } else { self.line_start.take() };
        self.columns += characters(line);
        self.line_start = before
            .filter(|before| before.len() + line.len() <= SHOWN)
            .map(|before| before + &String::from_utf8_lossy(line));
    }

    /// The place of byte `offset` of `text`, which starts here.
    pub(super) fn place(&self, text: &str, offset: usize) -> Place {
        let offset = text.floor_char_boundary(offset);
        let before = &text.as_bytes()[..offset];
        let (columns, line) = match memchr::memrchr(b'\n', before) {
            Some(newline) => (0, &before[newline + 1..]),
            None => (self.columns, before),
        };
        Place {
            offset: self.offset + offset,
            line: self.lines + line_breaks(before) + 1,
            column: columns + characters(line) + 1,
        }
    }

    /// Writes into `lines` on which line of the whole each of `starts` (ascending) in `text` is.
    pub(super) fn lines_of(&self, text: &str, starts: &[usize], lines: &mut Vec<u32>) {
        lines.clear();
        let (mut line, mut from) = (self.lines + 1, 0);
        for &start in starts {
            line += line_breaks(text.as_bytes().get(from..start).unwrap_or_default());
            from = start;
            lines.push(u32::try_from(line).unwrap_or(0));
        }
    }

    /// The error with the line and column that its offset in `text` has.
    pub(super) fn locate(&self, text: &str, mut error: Error) -> Error {
        if let Some(place) = &mut error.place
            && place.line == 0
        {
            *place = self.place(text, place.offset);
        }
        error
    }
}

/// How many characters start in `text`.
fn characters(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}
