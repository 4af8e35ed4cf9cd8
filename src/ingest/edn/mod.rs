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
    let mut reader = RecordReader::new(text);
    let mut whole = Enclosure::Unknown;
    loop {
        let token = reader.parser.form()?;
        let at = reader.parser.start();
        match (token, whole) {
            (Token::End, Enclosure::Open(open, _)) => return Err(value::unclosed(open)),
            (Token::End, _) => return Ok(()),
            (_, Enclosure::Closed) => {
                return Err(error(Code::Syntax, at, "more text behind the end of the history"));
            }
            (Token::Open(bracket @ (Bracket::List | Bracket::Vector)), Enclosure::Unknown) => {
                whole = Enclosure::Open(at, bracket.closer());
            }
            (Token::Close(byte), Enclosure::Open(_, closer)) if byte == closer => {
                whole = Enclosure::Closed;
            }
            (Token::Open(Bracket::Map) | Token::Tag | Token::Namespace, _) => {
                if whole == Enclosure::Unknown {
                    whole = Enclosure::None;
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
    }
}

/// What the records stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Enclosure {
    /// Nothing was read yet.
    Unknown,
    /// They stand one behind the other.
    None,
    /// A vector or list: where it starts, and what closes it.
    Open(usize, u8),
    /// It was closed.
    Closed,
}
