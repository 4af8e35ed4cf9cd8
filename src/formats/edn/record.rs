//! One record of a history in EDN: the fields of a map, in any order.

use std::borrow::Cow;

use super::item::Item;
use super::token::{Bracket, Token, error};
use super::value::{Parser, qualified, unclosed};
use crate::error::{Code, Error};
use crate::formats::content::quoted;
use crate::formats::fields::Fields;
use crate::formats::mapping::Path;
use crate::formats::roles::{Role, role};
use crate::formats::sink::Sink;

/// Where in `text`, if that is one map, the list of the records is: at `path`, or, without one, the
/// only list of maps in it. `None` if there is none, or the map is a record itself.
///
/// # Errors
/// If there are several lists of maps.
pub(super) fn list_within(
    text: &str,
    path: Option<&Path>,
) -> Result<Option<(usize, usize)>, Error> {
    let mut parser = Parser::new(text, 0);
    if !matches!(parser.form(), Ok(Token::Open(Bracket::Map))) {
        return Ok(None);
    }
    let mut lists: Vec<(&str, (usize, usize))> = Vec::new();
    loop {
        // What is wrong in it is for the reader of records to say.
        let name = match parser.form() {
            Ok(Token::Keyword | Token::Text) => parser.content(),
            Ok(Token::Close(b'}')) => break,
            _ => return Ok(None),
        };
        let is_named = path.map(|path| path.0.len() == 1 && path.0[0] == name);
        if is_named.is_none() && matches!(role(name).0, Role::Process | Role::Function | Role::Call)
        {
            return Ok(None);
        }
        let Ok(token) = parser.form() else { return Ok(None) };
        let start = parser.start();
        let is_list = matches!(token, Token::Open(Bracket::List | Bracket::Vector));
        let is_list =
            is_list && matches!(parser.form(), Ok(Token::Open(Bracket::Map) | Token::Tag));
        let Ok(end) = parser.pass(start) else { return Ok(None) };
        if is_named.unwrap_or(is_list) {
            lists.push((name, (start, end)));
        }
    }
    match (&lists[..], parser.form()) {
        ([(_, list)], Ok(Token::End)) => Ok(Some(*list)),
        ([(first, _), .., (last, (start, _))], Ok(Token::End)) => {
            let message = format!("{} and {} are lists of maps", quoted(first), quoted(last));
            Err(error(Code::Syntax, *start, &message).hint(format!(
                "if one holds all records, name it: --map records=.{first}; if each holds those \
                 of a client, make each a file, and read them with --merge"
            )))
        }
        _ => Ok(None),
    }
}

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
