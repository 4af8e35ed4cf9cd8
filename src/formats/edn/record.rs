//! One record of a history in EDN: the fields of a map, in any order.

use std::borrow::Cow;

use super::item::Item;
use super::token::{Bracket, Token, error};
use super::value::{Parser, qualified, unclosed};
use crate::error::{Code, Error};
use crate::formats::fields::Fields;
use crate::formats::sink::Sink;

/// Reads records; keeps its scratch memory from one to the next.
pub(super) struct RecordReader<'t> {
    pub(super) parser: Parser<'t>,
    fields: Fields<'t, Item<'t>>,
}

impl<'t> RecordReader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        RecordReader { parser: Parser::new(text, 0), fields: Fields::default() }
    }

    /// Reads the record that starts with `token` and gives it to `sink`.
    pub(super) fn record(&mut self, token: Token, sink: &mut Sink<'_>) -> Result<(), Error> {
        self.fields.clear();
        let mut token = token;
        if token == Token::Tag {
            token = self.parser.form()?;
        }
        let namespace = match token {
            Token::Namespace => {
                let namespace = self.parser.content();
                self.parser.map_behind()?;
                Some(namespace)
            }
            Token::Open(Bracket::Map) => None,
            Token::End => {
                return Err(error(Code::Truncated, sink.start(), "the record is missing"));
            }
            _ => {
                let message = "a record's tag comes before a map";
                return Err(error(Code::Syntax, self.parser.start(), message));
            }
        };
        self.read_fields(namespace, sink)?;
        self.fields.put(sink)
    }

    fn read_fields(&mut self, namespace: Option<&str>, sink: &mut Sink<'_>) -> Result<(), Error> {
        loop {
            let token = self.parser.form()?;
            let name = match token {
                Token::Close(b'}') => return Ok(()),
                Token::End => {
                    return Err(unclosed(sink.start()).hint(
                        "was the file cut, or the recorder stopped? remove the incomplete record",
                    ));
                }
                Token::Keyword => {
                    let name = self.parser.content();
                    match namespace {
                        None => Cow::Borrowed(name),
                        Some(namespace) => {
                            let mut whole = String::new();
                            Cow::Owned(qualified(namespace, name, &mut whole).to_owned())
                        }
                    }
                }
                Token::Text => Cow::Borrowed(self.parser.content()),
                Token::Escaped => Cow::Owned(self.parser.unescaped()?.to_owned()),
                _ => {
                    let message = "the name of a record's field is a keyword or a string";
                    return Err(error(Code::BadField, self.parser.start(), message)
                        .hint("a field is written as :name value"));
                }
            };
            let token = self.parser.value_token(sink.start())?;
            let item = self.parser.item(token, sink.values())?;
            self.fields.push(name, item);
        }
    }
}
