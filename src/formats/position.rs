//! Where a piece is in the whole text, so that offsets in it become lines and columns.

use memchr::memchr_iter;

use crate::error::{Error, Place};

/// How many bytes of a line before its piece are kept, to be shown.
const SHOWN: usize = 1 << 12;

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
    /// Returns the start of the text behind a byte order mark of `mark` bytes.
    pub(super) fn behind(mark: usize) -> Position {
        Position { offset: mark, ..Position::default() }
    }

    /// Returns the text before the piece on its line, unless that is too long.
    pub(super) fn line_start(&self) -> Option<&str> {
        if self.columns == 0 { Some("") } else { self.line_start.as_deref() }
    }

    /// Moves behind `text`, which is UTF-8.
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

    /// Returns the place of byte `offset` of `text`, which starts here.
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

    /// Returns the places of the bytes `starts` (ascending) of `text`, which starts here.
    pub(super) fn places(&self, text: &str, starts: impl Iterator<Item = usize>) -> Vec<Place> {
        let Position { offset, lines, columns, .. } = *self;
        let (mut here, mut from) = (Position { offset, lines, columns, line_start: None }, 0);
        starts
            .map(|start| {
                here.pass(text.as_bytes().get(from..start).unwrap_or_default());
                from = start;
                Place { offset: here.offset, line: here.lines + 1, column: here.columns + 1 }
            })
            .collect()
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

    /// Returns the error with the line and column that its offset in `text` has.
    pub(super) fn locate(&self, text: &str, mut error: Error) -> Error {
        if let Some(place) = &mut error.place
            && place.line == 0
        {
            *place = self.place(text, place.offset);
        }
        error
    }
}

/// Counts the characters that start in `text`.
fn characters(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

/// Counts the lines that end in `text`.
fn line_breaks(text: &[u8]) -> usize {
    memchr_iter(b'\n', text).count()
}
