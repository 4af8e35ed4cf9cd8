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
#[cfg(test)]
mod tests;

use std::io::{ErrorKind, Read};
use std::str;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Format;
use super::csv::is_before_header;
use super::input::{Input, ReadOptions};
use super::jepsen::{self, SHOWN, is_jepsen};
use super::mapping::Mapping;
use super::position::Position;
use super::row::{Piece, Reader};
use super::sessions;
use super::sink::Sink;
use super::sniff::{settled, sniff, unknown_format};
use super::source::{Source, unreadable};
use super::text::{MARK, is_empty, not_utf8};
use crate::budget::Meter;
use crate::error::{Error, Place};
use crate::history::{History, HistoryBuilder, Marks, Record, ValueTable, Window, WindowEnd};
use buffer::Buffer;
use cut::Cutter;

/// With so many bytes of text, a format that was not recognized yet will not be.
const SNIFFED: usize = 1 << 16;
/// The size of a block of text in bytes,
const BLOCK: usize = 1 << 20;
/// which is waited for no longer than this.
const LATENCY: Duration = Duration::from_secs(1);
/// A text without a place to cut is large with so many bytes.
const LARGE: usize = 16 << 20;
/// So many bytes of text are looked at whenever it grows.
const LOOKED: usize = 1 << 12;

/// Reads the history in the bytes of `R`, which may be compressed.
pub(crate) struct Stream<R: Read> {
    source: Source<R>,
    buffer: Buffer,
    format: Option<Format>,
    threads: usize,
    meter: Meter,
    mapping: Option<Arc<Mapping>>,
    /// Which of its paths some record has, as bits.
    found_rules: u64,
    cutter: Cutter,
    /// The reader of the format, once that is known.
    reader: Option<Box<dyn Reader>>,
    /// How many records were metadata.
    metadata: usize,
    /// Where the piece starts.
    position: Position,
    /// How long it is; 0 if there is none.
    piece: usize,
    builder: HistoryBuilder,
    ends: Vec<WindowEnd>,
    /// How many records there were before the piece.
    first: usize,
    /// Where the records of the piece start.
    starts: Vec<usize>,
    /// Where those before the piece start that are ends of the operations which are still there.
    places: Vec<(Record, Place)>,
    /// On which lines, if anybody wants to know.
    lines: Option<Vec<u32>>,
    /// Whether the whole history is kept.
    keeps_all: bool,
    ended: bool,
    /// The size of the blocks that the text is cut into, in bytes; 0 if it is cut as it comes.
    block: usize,
    /// Whether the reader has no more for now.
    is_due: bool,
    /// Whether the last piece was cut since no more came.
    waited: bool,
}

impl<R: Read> Stream<R> {
    /// Returns the stream of what `reader` yields. A single record may have as many bytes as the
    /// budget allows.
    ///
    /// Nothing is read yet.
    pub(crate) fn new(reader: R, mut options: ReadOptions) -> Stream<R> {
        let meter = options.start();
        let mut builder = HistoryBuilder::forgetting();
        if let Some(mapping) = &options.mapping {
            mapping.introduce(&mut builder);
        }
        Stream {
            source: Source::new(reader),
            buffer: Buffer::default(),
            format: options.format,
            threads: options.threads,
            meter,
            mapping: options.mapping,
            found_rules: 0,
            cutter: Cutter::default(),
            reader: None,
            metadata: 0,
            position: Position::default(),
            piece: 0,
            builder,
            ends: Vec::new(),
            first: 0,
            starts: Vec::new(),
            places: Vec::new(),
            lines: None,
            keeps_all: false,
            ended: false,
            block: 0,
            is_due: false,
            waited: false,
        }
    }

    /// Reads the next piece, which holds one record at least, or is the last. Returns false if
    /// there was none left. Waits for more text only if there is no complete record.
    ///
    /// The records that come before the place of an error are there, but are not part of a window.
    ///
    /// # Errors
    /// If reading fails, the budget ends, or the text is no history; located in the whole text.
    pub(crate) fn next(&mut self) -> Result<bool, Error> {
        self.leave_piece();
        if self.ended {
            if let Some(mapping) = &self.mapping {
                mapping.check_found(self.found_rules)?;
            }
            return self.builder.check_not_empty().map(|()| false);
        }
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None => (self.start()?.row().reader)(),
        };
        let read = self.read_piece(&mut *reader);
        self.reader = Some(reader);
        read?;
        self.ended |= self.builder.has_ended();
        if !self.keeps_all {
            self.builder.find_ends(&mut self.ends);
        }
        Ok(true)
    }

    /// Returns the operations that are there, and the events of the last piece.
    pub(crate) fn window(&self) -> Window<'_> {
        self.builder.window(&self.ends)
    }

    /// Returns, after an error in the text, the operations and events before it.
    pub(crate) fn window_of_rest(&mut self) -> Window<'_> {
        self.builder.find_ends(&mut self.ends);
        self.window()
    }

    /// Returns the table of values, to add others.
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

    /// Returns the same stream, whose pieces do not depend on how its text comes: each is what is
    /// complete of a block of the text. Only where the reader says that nothing is there yet
    /// ([`ErrorKind::WouldBlock`](std::io::ErrorKind::WouldBlock)), or text comes for longer than a
    /// second, a piece is what there is.
    pub(crate) fn in_blocks(mut self) -> Self {
        self.block = BLOCK.min(self.meter.memory_limit() / 2).max(1);
        self
    }

    /// Returns the same stream, which knows the [line](Stream::line) of every record.
    pub(crate) fn with_lines(mut self) -> Self {
        self.lines = Some(Vec::new());
        self
    }

    /// Returns the same stream, which keeps the whole history, for a caller that forgets nothing
    /// and looks at no windows.
    pub(crate) fn keeping_all(mut self) -> Self {
        self.keeps_all = true;
        self
    }

    /// Returns the history so far, of a stream that keeps it all.
    pub(crate) fn history(&self) -> &History {
        self.builder.window(&[]).history
    }

    /// Returns the lines of the records of the last piece.
    pub(crate) fn lines(&self) -> &[u32] {
        self.lines.as_deref().unwrap_or(&[])
    }

    /// Returns whether the last piece is what had come for now, and not a whole block.
    pub(crate) fn waited(&self) -> bool {
        self.waited
    }

    /// Ends the text, and returns the builder of its history.
    pub(crate) fn into_builder(self) -> HistoryBuilder {
        self.builder
    }

    /// Returns the line, from 1, on which `record` starts, one of the last piece; 0 without
    /// [lines](Stream::with_lines).
    pub(crate) fn line(&self, record: Record) -> u32 {
        let line = || self.lines.as_ref()?.get(self.nth(record)?).copied();
        line().unwrap_or(0)
    }

    /// Divides clients with several operations open at once.
    pub(crate) fn split_clients(&mut self) {
        self.builder.split_clients();
    }

    /// Lets up to `threads` threads read a piece from now on; 0 for one per CPU.
    pub(crate) fn use_threads(&mut self, threads: usize) {
        self.threads = threads;
    }

    /// Tells whether the last piece was the last of all.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Returns the same error with the place of its record, if that is in the last piece.
    pub(crate) fn located(&self, mut error: Error) -> Error {
        if error.place.is_none() {
            error.place = error.record.and_then(|record| self.place_of(record));
        }
        error
    }

    /// Counts the bytes of text that were read, those of the last piece included.
    pub(crate) fn bytes_read(&self) -> usize {
        self.position.offset + self.piece
    }

    /// Counts the records that were read.
    pub(crate) fn records(&self) -> usize {
        self.builder.records()
    }

    /// Counts the operations that were invoked, and the records that were annotations.
    pub(crate) fn totals(&self) -> (u64, u64) {
        self.builder.totals()
    }

    /// Returns where `record` starts: one of the last piece, or an end of an operation that was
    /// still there when that came. Not to be asked when the piece was forgotten.
    pub(crate) fn place_of(&self, record: Record) -> Option<Place> {
        let Some(nth) = self.nth(record) else {
            let at = self.places.binary_search_by_key(&record, |&(record, _)| record).ok()?;
            return Some(self.places[at].1);
        };
        let start = *self.starts.get(nth)?;
        Some(self.position.place(self.piece_text()?, start))
    }

    /// Returns the position of `record` in the last piece, unless it comes before.
    fn nth(&self, record: Record) -> Option<usize> {
        record.index().checked_sub(self.first)
    }

    /// Remembers where the operations that are still there have their ends in the piece.
    fn keep_places(&mut self) {
        let Ok(text) = str::from_utf8(&self.buffer.bytes()[..self.piece]) else { return };
        let operations = self.builder.window(&[]).operations();
        let ends = operations
            .iter()
            .flat_map(|operation| [Some(operation.invoked), operation.completed])
            .flatten();
        if self.places.len() > 4 * operations.len() {
            let mut there: Vec<Record> = ends.clone().collect();
            there.sort_unstable();
            self.places.retain(|(record, _)| there.binary_search(record).is_ok());
        }
        let mut new: Vec<Record> = ends.filter(|end| end.index() >= self.first).collect();
        new.sort_unstable();
        let starts = new.iter().filter_map(|record| self.starts.get(record.index() - self.first));
        let places = self.position.places(text, starts.copied());
        self.places.extend(new.iter().copied().zip(places));
    }

    /// Returns the line of the place of `error`, if it is there, as an input of its own, and the
    /// error as it is to be shown with that.
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
        let input = Input::of_line(line, self.format.unwrap_or(Format::JsonLines));
        Some((input, Error { place: Some(place), ..error.clone() }))
    }

    /// Passes over the piece that was read.
    fn leave_piece(&mut self) {
        if !self.keeps_all {
            self.keep_places();
        }
        self.position.pass(&self.buffer.bytes()[..self.piece]);
        self.buffer.pass(std::mem::take(&mut self.piece));
    }

    /// Finds out the format, unless it is given.
    fn start(&mut self) -> Result<Format, Error> {
        let (mut looked, mut is_transcript) = (0, false);
        loop {
            let more = self.read_more()?;
            let bytes = self.buffer.bytes();
            if more && bytes.len() < SHOWN {
                continue;
            }
            if self.position.offset == 0 && !is_transcript && is_jepsen(bytes) {
                is_transcript = true;
                self.source.transcribe(bytes, &self.meter)?;
                self.buffer = Buffer::default();
                self.format = jepsen::format(self.format, Some(Format::Jepsen))?;
                continue;
            }
            if !is_transcript {
                self.format = jepsen::format(self.format, None)?;
            }
            if self.position.offset == 0 && bytes.starts_with(MARK) {
                self.position = Position::behind(MARK.len());
                self.buffer.pass(MARK.len());
            }
            let bytes = self.buffer.bytes();
            // A text that comes byte by byte is not looked at for ever.
            let has_room = bytes.len() <= self.meter.memory_limit();
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
                    return Err(is_empty());
                }
                continue;
            }
            let is_all = !more || text.len() >= SNIFFED && !is_before_header(text);
            let looks_like = if is_all { sniff(text) } else { settled(text) };
            self.format = self.format.or(looks_like);
            match self.format {
                Some(format) => return sessions::check_followed(format).map(|()| format),
                None if is_all => return Err(self.position.locate(text, unknown_format(text))),
                None => {}
            }
        }
    }

    /// Reads a piece that holds one record at least, or is the last.
    fn read_piece(&mut self, reader: &mut dyn Reader) -> Result<(), Error> {
        loop {
            let cut = self.fill(reader)?;
            self.ended = cut.is_none();
            if self.read(cut.unwrap_or(self.buffer.bytes().len()), reader)? {
                return Ok(());
            }
        }
    }

    /// Reads until there is a place to cut at, and returns it; `None` at the end of the text.
    fn fill(&mut self, reader: &mut dyn Reader) -> Result<Option<usize>, Error> {
        let mut most = self.block;
        let start = Instant::now();
        loop {
            let bytes = self.buffer.bytes();
            let is_due = std::mem::take(&mut self.is_due) || start.elapsed() >= LATENCY;
            let len = match self.block {
                0 => Some(bytes.len()),
                _ if bytes.len() >= most => Some(most),
                _ => is_due.then_some(bytes.len()),
            };
            if let Some(cut) = len.and_then(|len| self.cutter.cut(&bytes[..len], reader)) {
                self.waited = is_due && bytes.len() < most;
                return Ok(Some(cut));
            }
            if self.block > 0 && bytes.len() >= most {
                // A long record.
                most += self.block;
                continue;
            }
            if !self.read_more()? {
                return Ok(None);
            }
        }
    }

    /// Reads what is there. Returns false at the end.
    fn read_more(&mut self) -> Result<bool, Error> {
        let meter = &self.meter;
        meter.check_reading()?;
        let len = self.buffer.bytes().len();
        meter.check_size(len as u64)?;
        if len > LARGE {
            // A record of that size will be there once more, as values.
            meter.look_at_memory();
            meter.check_room(len)?;
        }
        let room = self.buffer.room(meter.memory_limit());
        let Some(count) = self.source.read_some(room, meter)? else {
            if self.block == 0 {
                // Who waits for no block has nobody to go on for.
                return Err(unreadable("reading failed", &ErrorKind::WouldBlock.into()));
            }
            self.is_due = true;
            return Ok(true);
        };
        self.buffer.filled(count);
        if let Some(progress) = meter.progress() {
            progress.advance(count as u64);
        }
        Ok(count > 0)
    }

    /// Reads the records in the first `len` bytes of the buffer. Returns false if there is none,
    /// and more is needed.
    fn read(&mut self, len: usize, reader: &mut dyn Reader) -> Result<bool, Error> {
        let bytes = &self.buffer.bytes()[..len];
        let (text, invalid) = match str::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let valid = &bytes[..error.valid_up_to()];
                let cut = self.format.and_then(|format| (format.row().reader)().cut(valid, 0));
                let before = str::from_utf8(&valid[..cut.unwrap_or(0)]).unwrap_or_default();
                (before, Some(self.not_utf8(bytes)))
            }
        };
        let is_last = self.ended && invalid.is_none();
        let records = self.builder.records();
        self.first = records;
        self.starts.clear();
        let position = &self.position;
        let piece = Piece { text, position, is_last, threads: self.threads };
        let mut sink = Sink::new(&mut self.builder);
        sink.meter = Some(&self.meter);
        sink.metadata = self.metadata;
        sink.mapping = self.mapping.as_deref();
        sink.found_rules = self.found_rules;
        sink.starts = Some(&mut self.starts);
        let read = reader.read(&piece, &mut sink);
        (self.metadata, self.found_rules) = (sink.metadata, sink.found_rules);
        // After an error, too, the records before it have their places.
        self.piece = text.len();
        let mapping = self.mapping.as_deref();
        let explained = |error| match mapping {
            Some(mapping) => mapping.explain(error),
            None => error,
        };
        let done = read.map_err(|error| position.locate(text, explained(error)))?;
        if let Some(error) = invalid {
            return Err(error);
        }
        if let Some(lines) = &mut self.lines {
            position.lines_of(text, &self.starts, lines);
        }
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
        let start = if self.position.offset == 0 { bytes } else { &[] };
        let error = not_utf8(start, bytes[valid]);
        error.at(self.position.place(before, valid))
    }
}
