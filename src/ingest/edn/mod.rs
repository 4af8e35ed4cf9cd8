//! Reads EDN as Jepsen and Knossos write it: a map per record, one behind the other or inside one
//! vector or list, plain or tagged (`#jepsen.history.Op{…}`).

mod item;
mod record;
mod token;
mod value;

#[cfg(test)]
mod tests;

pub(super) use token::Token;
pub(crate) use token::is_keyword_name;
pub(crate) use value::parse_value;
pub(super) use value::{Parser, parse_value_within};

use super::Sink;
use crate::error::{Code, Error};
use record::RecordReader;
use token::{Bracket, error};

/// Reads a history from `text`.
pub(crate) fn read(text: &str, sink: &mut Sink<'_>) -> Result<(), Error> {
    read_piece(text, &mut Reading::default(), true, sink)
}

/// How far a history was read that comes in pieces.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    whole: Enclosure,
    /// Where the last record or bracket ends that was read of this piece. What is behind it belongs
    /// to the next.
    pub(super) done: usize,
}

impl Default for Reading {
    fn default() -> Self {
        Reading { whole: Enclosure::Unknown, done: 0 }
    }
}

impl Reading {
    /// Where in this piece the bracket is that stands around all records, if it is in this one.
    pub(super) fn opened(&self) -> Option<usize> {
        match self.whole {
            Enclosure::Open(at, _) => at,
            _ => None,
        }
    }

    /// Goes on to another piece.
    pub(super) fn turn(&mut self) {
        if let Enclosure::Open(at, _) = &mut self.whole {
            *at = None;
        }
        self.done = 0;
    }
}

/// Reads a piece of a history, which may be the last. A piece that ends within a record is
/// truncated; about a bracket that was opened in another piece and is never closed, the error has
/// no place.
pub(super) fn read_piece(
    text: &str,
    reading: &mut Reading,
    last: bool,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let mut reader = RecordReader::new(text);
    loop {
        let token = reader.parser.form()?;
        let at = reader.parser.start();
        let whole = &mut reading.whole;
        match (token, *whole) {
            (Token::End, Enclosure::Open(open, _)) if last => {
                let error = value::unclosed(open.unwrap_or_default());
                return Err(if open.is_some() { error } else { Error { place: None, ..error } });
            }
            (Token::End, _) => return Ok(()),
            (_, Enclosure::Closed) => {
                return Err(error(Code::Syntax, at, "more text behind the end of the history"));
            }
            (Token::Open(bracket @ (Bracket::List | Bracket::Vector)), Enclosure::Unknown) => {
                *whole = Enclosure::Open(Some(at), bracket.closer());
            }
            (Token::Close(byte), Enclosure::Open(_, closer)) if byte == closer => {
                *whole = Enclosure::Closed;
            }
            (Token::Open(Bracket::Map) | Token::Tag | Token::Namespace, _) => {
                if *whole == Enclosure::Unknown {
                    *whole = Enclosure::None;
                }
                if !sink.begin(at) {
                    return Ok(());
                }
                reader.record(token, sink)?;
            }
            _ => {
                return Err(error(Code::Syntax, at, "a record belongs here").hint(
                    "a history is a map per operation, such as {:process 0, :type :invoke, \
                     :f :read, :value nil}",
                ));
            }
        }
        reading.done = reader.parser.end();
    }
}

/// What the records stand in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Enclosure {
    /// Nothing was read yet.
    Unknown,
    /// They stand one behind the other.
    None,
    /// A vector or list: where it starts, if that is in this piece, and what closes it.
    Open(Option<usize>, u8),
    /// It was closed.
    Closed,
}
