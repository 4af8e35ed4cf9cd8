//! A history of any length, read piece by piece: the text that is there is read up to the last
//! record that is complete, and what is complete of the history may be forgotten before more comes.
//! Memory is bounded by the operations that are open, the values in use, and a piece of text.
//!
//! A record is read as soon as its end is there: the reader may be a pipe that stays open. Errors
//! are those of reading the whole text, with the same places, but for two: what only the end of a
//! history tells (mixed keys, an order by time) is for the caller to judge, and a byte that is no
//! UTF-8 is found when its piece comes.

mod buffer;
mod cut;
mod reading;
mod source;
#[cfg(test)]
mod tests;

use std::io::Read;
use std::str;
use std::time::Instant;

use memchr::memchr_iter;

use super::decompress::{self, Limits};
use super::input::{self, Input};
use super::{Format, sniff};
use crate::error::{Error, Place};
use crate::history::Window;
use crate::history::{HistoryBuilder, Marks, Record, ValueTable};
use crate::progress::Progress;
use buffer::Buffer;
use cut::Cutter;
use reading::{Position, Reading};
use source::Source;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// With so much text, a format that was not recognized yet will not be.
const SNIFFED: usize = 1 << 16;
/// So much text is looked at whenever it grows.
const LOOKED: usize = 1 << 12;

/// Reads the history in the bytes of `R`, which may be compressed.
pub(crate) struct Stream<R: Read> {
    source: Source<R>,
    buffer: Buffer,
    limits: Limits,
    threads: usize,
    format: Option<Format>,
    cutter: Cutter,
    reading: Reading,
    /// The same, as it was before the piece.
    before: Reading,
    /// Where the piece starts.
    position: Position,
    /// How long it is; 0 if there is none.
    piece: usize,
    builder: HistoryBuilder,
    ends: Vec<u32>,
    /// Where the records of the piece start, and on which lines, if anybody wants to know.
    starts: Option<Vec<usize>>,
    lines: Vec<u32>,
    ended: bool,
}

impl<R: Read> Stream<R> {
    /// A stream of what `reader` yields, in the format given, or else the one that it looks like.
    /// A single record may have as many bytes as `limits` allow. Up to `threads` threads read a
    /// piece (0: one a processor).
    ///
    /// Nothing is read yet.
    pub(crate) fn new(
        reader: R,
        format: Option<Format>,
        limits: impl Into<Limits>,
        threads: usize,
    ) -> Stream<R> {
        Stream {
            source: Source::new(reader),
            buffer: Buffer::default(),
            limits: limits.into(),
            threads,
            format,
            cutter: Cutter::default(),
            reading: Reading::Unknown,
            before: Reading::Unknown,
            position: Position::default(),
            piece: 0,
            builder: HistoryBuilder::forgetting(),
            ends: Vec::new(),
            starts: None,
            lines: Vec::new(),
            ended: false,
        }
    }

    /// Reads the next piece, which holds one record at least, or is the last. False if there was
    /// none left. Waits for more text only if there is no complete record.
    ///
    /// The records that come before the place of an error are there, but are not part of a window.
    ///
    /// # Errors
    /// If reading fails, the limits end it, or the text is no history; located in the whole text.
    pub(crate) fn next(&mut self) -> Result<bool, Error> {
        self.leave_piece();
        if self.ended {
            return self.builder.check_not_empty().map(|()| false);
        }
        if matches!(self.reading, Reading::Unknown) {
            self.start()?;
        }
        loop {
            let cut = self.fill()?;
            self.ended = cut.is_none();
            if self.read(cut.unwrap_or(self.buffer.bytes().len()))? {
                self.builder.find_ends(&mut self.ends);
                return Ok(true);
            }
        }
    }

    /// The operations that are there, and the events of the last piece.
    pub(crate) fn window(&self) -> Window<'_> {
        self.builder.window(&self.ends)
    }

    /// The same after an error in the text: the events before it.
    pub(crate) fn window_of_rest(&mut self) -> Window<'_> {
        self.builder.find_ends(&mut self.ends);
        self.window()
    }

    /// The table of values, to add others.
    pub(crate) fn values_mut(&mut self) -> &mut ValueTable {
        self.builder.values()
    }

    /// Forgets the operations that are complete. Where values take much memory, those are
    /// forgotten, too, that nobody holds: `hold`, which is asked only then, marks those that the
    /// caller does.
    pub(crate) fn forget(&mut self, hold: impl FnOnce(&mut Marks<'_>)) {
        self.builder.forget();
        // The records of the piece are behind now.
        self.ends.clear();
        self.builder.sweep_if_grown(hold);
    }

    /// The same stream, which tells the [line](Stream::line) of every record.
    pub(crate) fn with_lines(mut self) -> Self {
        self.starts = Some(Vec::new());
        self
    }

    /// The line, from 1, on which `record` starts, one of the last piece; 0 if lines are not told.
    pub(crate) fn line(&self, record: Record) -> u32 {
        let nth = record.checked_sub(self.builder.first_record()).map(|nth| nth as usize);
        nth.and_then(|nth| self.lines.get(nth)).copied().unwrap_or(0)
    }

    /// From now on, up to `threads` threads read a piece (0: one a processor).
    pub(crate) fn use_threads(&mut self, threads: usize) {
        self.threads = threads;
    }

    /// Whether the last piece was the last of all.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The same error with the place of its record, if that is in the last piece.
    pub(crate) fn located(&self, mut error: Error) -> Error {
        if error.place.is_none() {
            let record = error.record.and_then(|record| Record::try_from(record).ok());
            error.place = record.and_then(|record| self.place_of(record));
        }
        error
    }

    /// How many bytes of text were read, those of the last piece included.
    pub(crate) fn bytes_read(&self) -> usize {
        self.position.offset + self.piece
    }

    /// How many records were read.
    pub(crate) fn records(&self) -> usize {
        self.builder.records()
    }

    /// How many operations were invoked, and how many records were annotations.
    pub(crate) fn totals(&self) -> (u64, u64) {
        self.builder.totals()
    }

    /// Where `record`, one of the last piece, starts, found by reading it once more. Not to be
    /// asked when the piece was forgotten.
    pub(crate) fn place_of(&self, record: Record) -> Option<Place> {
        let nth = record.checked_sub(self.builder.first_record())? as usize;
        let text = self.piece_text()?;
        let last = self.ended;
        let offset = self.before.clone().find(text, nth, last, self.threads)?;
        Some(self.position.place(text, offset))
    }

    /// The line of the place of `error`, if it is there, as an input of its own, and the error as
    /// it is to be shown with that.
    pub(crate) fn excerpt(&self, error: &Error) -> Option<(Input, Error)> {
        let place = error.place?;
        let at = place.offset.checked_sub(self.position.offset)?;
        let rest = String::from_utf8_lossy(self.buffer.bytes());
        let at = rest.floor_char_boundary(at.min(rest.len()));
        let start = rest[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = rest[at..].find('\n').map_or(rest.len(), |newline| at + newline);
        let head = if start == 0 { self.position.line_start()? } else { "" };
        let line = format!("{head}{}", &rest[start..end]);
        let place = Place { offset: head.len() + at - start, ..place };
        let input = Input::of_text(line, self.format.unwrap_or(Format::JsonLines));
        Some((input, Error { place: Some(place), ..error.clone() }))
    }

    /// Passes over the piece that was read.
    fn leave_piece(&mut self) {
        self.position.pass(&self.buffer.bytes()[..self.piece]);
        self.buffer.pass(std::mem::take(&mut self.piece));
    }

    /// Finds out the format.
    fn start(&mut self) -> Result<(), Error> {
        let mut looked = 0;
        loop {
            let more = self.read_more()?;
            let bytes = self.buffer.bytes();
            if more && bytes.len() < BYTE_ORDER_MARK.len() {
                continue;
            }
            if self.position.offset == 0 && bytes.starts_with(BYTE_ORDER_MARK) {
                self.position.offset = BYTE_ORDER_MARK.len();
                self.buffer.pass(BYTE_ORDER_MARK.len());
            }
            let bytes = self.buffer.bytes();
            // A text that comes byte by byte is not looked at for ever.
            let has_room = bytes.len() <= self.limits.max_bytes;
            if more && has_room && looked > LOOKED && bytes.len() < looked + looked / 4 {
                continue;
            }
            looked = bytes.len();
            let text = match str::from_utf8(bytes) {
                Err(error) if more && error.error_len().is_none() => {
                    str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
                }
                Err(_) => return Err(self.not_utf8(bytes)),
                Ok(text) => text,
            };
            if text.trim().is_empty() {
                if !more {
                    return Err(input::is_empty());
                }
                continue;
            }
            if self.format.is_none() {
                let settled = !more || text.len() >= SNIFFED || sniff::is_settled(text);
                if !settled {
                    continue;
                }
                self.format = sniff(text);
            }
            let Some(format) = self.format else {
                return Err(self.position.locate(text, input::unknown_format(text)));
            };
            self.cutter = Cutter::new(format);
            self.reading = Reading::new(format);
            return Ok(());
        }
    }

    /// Reads until there is a place to cut at, and returns it; `None` at the end of the text.
    fn fill(&mut self) -> Result<Option<usize>, Error> {
        loop {
            if let Some(cut) = self.cutter.cut(self.buffer.bytes()) {
                return Ok(Some(cut));
            }
            if !self.read_more()? {
                return Ok(None);
            }
        }
    }

    /// Reads what is there. False at the end.
    fn read_more(&mut self) -> Result<bool, Error> {
        if self.limits.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(decompress::time_up());
        }
        if self.limits.progress.as_deref().is_some_and(Progress::is_cancelled) {
            return Err(decompress::cancelled());
        }
        if self.buffer.bytes().len() > self.limits.max_bytes {
            return Err(decompress::too_large(self.limits.max_bytes));
        }
        let room = self.buffer.room(self.limits.max_bytes);
        let count = self.source.read(room)?;
        self.buffer.filled(count);
        if let Some(progress) = &self.limits.progress {
            progress.advance(count as u64);
        }
        Ok(count > 0)
    }

    /// Reads the records in the first `len` bytes of the buffer. False if there is none, and more
    /// is needed.
    fn read(&mut self, len: usize) -> Result<bool, Error> {
        let bytes = &self.buffer.bytes()[..len];
        let Ok(text) = str::from_utf8(bytes) else { return Err(self.not_utf8(bytes)) };
        self.before = self.reading.clone();
        let records = self.builder.records();
        let deadline = self.limits.deadline;
        self.starts.iter_mut().for_each(Vec::clear);
        let into = (&mut self.builder, self.starts.as_mut());
        let read = self.reading.read(text, self.ended, self.threads, deadline, into);
        let done = match read {
            Ok(done) => done,
            Err(error) => return Err(self.reading.locate(&self.position, text, error)),
        };
        if let Some(starts) = &self.starts {
            self.position.lines_of(text, starts, &mut self.lines);
        }
        self.reading.leave(&self.position, text);
        self.piece = done;
        self.cutter.passed(done, len);
        if self.ended || self.builder.records() > records {
            return Ok(true);
        }
        self.leave_piece();
        Ok(false)
    }

    fn piece_text(&self) -> Option<&str> {
        str::from_utf8(&self.buffer.bytes()[..self.piece]).ok()
    }

    fn not_utf8(&self, bytes: &[u8]) -> Error {
        let valid = str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
        let before = str::from_utf8(&bytes[..valid]).unwrap_or_default();
        let error =
            input::not_utf8(if self.position.offset == 0 { bytes } else { &[] }, bytes[valid]);
        error.at(self.position.place(before, valid))
    }
}

/// How many lines end in `text`.
fn line_breaks(text: &[u8]) -> usize {
    memchr_iter(b'\n', text).count()
}
