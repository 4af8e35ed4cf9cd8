//! Reads the records of EDN whatever they hold, from any place on where one starts; and at speed,
//! in parts, with a scanner for those of the usual shape.

use super::record::RecordReader;
use super::token::{Bracket, Token, error};
use super::{Enclosure, scan, value};
use crate::error::{Code, Error};
use crate::formats::json::fast::{Batch, General, Merger, in_order};
use crate::formats::row::Piece;
use crate::formats::sink::Sink;
use crate::threads::count_of;

/// Reads the records of `piece` in parts of so many bytes. Notes in `done` where the last record or
/// bracket ends.
pub(super) fn read(
    piece: &Piece<'_>,
    fronts: &[(usize, &str)],
    enclosure: &mut Enclosure,
    part: usize,
    done: &mut usize,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let is_usual = fronts.is_empty() && sink.survey.is_none() && sink.mapping.is_none();
    let mut records = Records::new(piece, fronts, enclosure, done);
    if !is_usual {
        // What the fields mean does not count, or hangs on more than their names.
        return records.read_until(usize::MAX, sink).map(|_| ());
    }
    let mut merger = Merger::new(records, sink);
    let mut ended = false;
    let text = piece.text;
    in_order(
        count_of(piece.threads),
        text.len().div_ceil(part),
        |at, batch: &mut Batch<'_>| {
            scan::read(text, at * part..text.len().min((at + 1) * part), batch);
        },
        |batch| {
            ended = !merger.add(batch)?;
            Ok(!ended)
        },
    )?;
    if !ended {
        return merger.finish();
    }
    // What comes before the record that is wanted last was read.
    *done = (*done).max(sink.start());
    Ok(())
}

/// Walks through records that follow each other, or stand in one vector or list.
pub(super) struct Records<'t, 'r> {
    piece: &'r Piece<'t>,
    reader: RecordReader<'t>,
    enclosure: &'r mut Enclosure,
    /// Where the last record or bracket ends.
    done: &'r mut usize,
    at: usize,
}

impl<'t, 'r> Records<'t, 'r> {
    /// Starts at the start of `piece`.
    pub(super) fn new(
        piece: &'r Piece<'t>,
        fronts: &[(usize, &'t str)],
        enclosure: &'r mut Enclosure,
        done: &'r mut usize,
    ) -> Self {
        let reader = RecordReader::new(piece.text, fronts);
        Records { piece, reader, enclosure, done, at: 0 }
    }

    /// Notes that what comes before byte `at` was read.
    fn pass_to(&mut self, at: usize) {
        if at == self.at {
            return;
        }
        self.reader.parser.restart(self.piece.text, at);
        (self.at, *self.done) = (at, at);
        if *self.enclosure == Enclosure::Unknown {
            // There was a record.
            *self.enclosure = Enclosure::None;
        }
    }

    /// Reads the record or the bracket that is `token`. False if the sink wants no more.
    fn read(&mut self, token: Token, sink: &mut Sink<'_>) -> Result<bool, Error> {
        let at = self.reader.parser.start();
        match (token, *self.enclosure) {
            (Token::Open(bracket @ (Bracket::List | Bracket::Vector)), Enclosure::Unknown) => {
                let open = self.piece.position.place(self.piece.text, at);
                *self.enclosure = Enclosure::Open(open, bracket.closer());
            }
            (Token::Close(byte), Enclosure::Open(_, closer)) if byte == closer => {
                *self.enclosure = Enclosure::Closed;
            }
            (Token::Open(Bracket::Map) | Token::Tag | Token::Namespace, _) => {
                if *self.enclosure == Enclosure::Unknown {
                    *self.enclosure = Enclosure::None;
                }
                if !sink.begin(at) {
                    *self.done = at;
                    return Ok(false);
                }
                self.reader.record(token, sink)?;
            }
            _ => {
                return Err(error(Code::Syntax, at, "a record belongs here").hint(
                    "a history is a map per operation, such as {:process 0, :type :invoke, \
                     :f :read, :value nil}",
                ));
            }
        }
        self.at = self.reader.parser.end();
        *self.done = self.at;
        Ok(true)
    }

    /// Returns the next token, `None` at the end.
    fn token(&mut self) -> Result<Option<Token>, Error> {
        match (self.reader.parser.form()?, *self.enclosure) {
            (Token::End, Enclosure::Open(open, _)) if self.piece.is_last => {
                Err(Error { place: Some(open), ..value::unclosed(open.offset) })
            }
            (Token::End, _) => Ok(None),
            (_, Enclosure::Closed) => {
                let at = self.reader.parser.start();
                Err(error(Code::Syntax, at, "more text behind the end of the history"))
            }
            (token, _) => Ok(Some(token)),
        }
    }
}

impl General for Records<'_, '_> {
    fn at(&self) -> usize {
        self.at
    }

    fn go_to(&mut self, at: usize) {
        self.pass_to(at);
    }

    fn go_behind(&mut self, at: usize) -> Result<(), Error> {
        self.pass_to(at);
        Ok(())
    }

    fn read_until(&mut self, end: usize, sink: &mut Sink<'_>) -> Result<bool, Error> {
        loop {
            let Some(token) = self.token()? else {
                self.at = self.piece.text.len();
                return Ok(true);
            };
            let start = self.reader.parser.start();
            if start >= end {
                self.reader.parser.restart(self.piece.text, start);
                self.at = start;
                return Ok(true);
            }
            if !self.read(token, sink)? {
                return Ok(false);
            }
        }
    }

    fn next(&mut self, sink: &mut Sink<'_>) -> Result<bool, Error> {
        match self.token()? {
            Some(token) => self.read(token, sink),
            None => Ok(true),
        }
    }
}
