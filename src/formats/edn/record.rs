//! One record of a history in EDN: the fields of a map, in any order.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::item::{Form, Item};
use super::token::{Bracket, Token, error};
use super::value::{Parser, qualified, unclosed};
use crate::error::{Code, Error};
use crate::formats::content::quoted;
use crate::formats::fields::Fields;
use crate::formats::mapping::{Mapping, Path};
use crate::formats::roles::{Role, role};
use crate::formats::sink::Sink;

/// A list in a map: its name, where it starts and ends, and whether it holds maps.
type List<'t> = (&'t str, (usize, usize), bool);

/// Where in `text`, if that is one map, the list of the records is: where a rule of `mapping` says,
/// or, without one, the only list of maps in it. `None` if there is none, or the map is a record
/// itself.
///
/// # Errors
/// If there are several lists of maps, of which no rule says that they are ignored.
pub(super) fn list_within(
    text: &str,
    mapping: Option<&Mapping>,
) -> Result<Option<(usize, usize)>, Error> {
    let path = mapping.and_then(|mapping| mapping.records().first());
    let Some(lists) = lists_of(text, path.is_some()) else { return Ok(None) };
    let is_at = |name: &str, path: &Path| path.0.len() == 1 && path.0[0] == name;
    let is_left_out = |&&(name, _, holds_maps): &&List<'_>| {
        let is_ignored = mapping.is_some_and(|mapping| mapping.ignores(&[name.to_owned()]));
        holds_maps && !is_ignored && path.is_none_or(|path| !is_at(name, path))
    };
    let left_out: Vec<&List<'_>> = lists.iter().filter(is_left_out).collect();
    let taken = path.and_then(|path| lists.iter().find(|(name, ..)| is_at(name, path)));
    match (path.is_some(), taken.or(left_out.first().copied()), &left_out[..]) {
        (_, None, _) => Ok(None),
        (true, _, []) => Ok(taken.map(|list| list.1)),
        (false, Some(list), [_]) => Ok(Some(list.1)),
        (_, Some(list), others) => Err(several(*list, others)),
    }
}

/// The error about several lists of maps, of which `list` is one.
fn several(list: List<'_>, others: &[&List<'_>]) -> Error {
    let others: Vec<&&List<'_>> = others.iter().filter(|other| other.0 != list.0).collect();
    let names: Vec<String> = others.iter().map(|other| quoted(other.0)).collect();
    let message = format!("{} and {} are lists of maps", quoted(list.0), names.join(" and "));
    let rule =
        |target: &str, name: &str| format!("--map {target}={}", Path(vec![name.to_owned()]).rule());
    let ignored: Vec<String> = others.iter().map(|other| rule("ignore", other.0)).collect();
    let start = others.last().map_or(list.1.0, |other| other.1.0);
    error(Code::Syntax, start, &message).hint(format!(
        "if one holds all records, name it and the others ({} {}); if each holds those of a \
         client, make each a file, and read them with check --merge",
        rule("records", list.0),
        ignored.join(" ")
    ))
}

/// The lists in the map that is all of `text`; `None` if it is something else, or `!is_named` and a
/// record itself.
fn lists_of(text: &str, is_named: bool) -> Option<Vec<List<'_>>> {
    let mut parser = Parser::new(text, 0);
    if !matches!(parser.form(), Ok(Token::Open(Bracket::Map))) {
        return None;
    }
    let mut lists = Vec::new();
    loop {
        // What is wrong in it is for the reader of records to say.
        let name = match parser.form() {
            Ok(Token::Keyword | Token::Text) => parser.content(),
            Ok(Token::Close(b'}')) => break,
            _ => return None,
        };
        if !is_named && matches!(role(name).0, Role::Process | Role::Function | Role::Call) {
            return None;
        }
        let token = parser.form().ok()?;
        let start = parser.start();
        let is_list = matches!(token, Token::Open(Bracket::List | Bracket::Vector));
        let holds_maps =
            is_list && matches!(parser.form(), Ok(Token::Open(Bracket::Map) | Token::Tag));
        let end = parser.pass(start).ok()?;
        if is_list {
            lists.push((name, (start, end), holds_maps));
        }
    }
    matches!(parser.form(), Ok(Token::End)).then_some(lists)
}

/// Reads records; keeps its scratch memory from one to the next.
pub(super) struct RecordReader<'t> {
    pub(super) parser: Parser<'t>,
    /// What is in front of a record and reports a failure, by where the record starts.
    fronts: VecDeque<(usize, &'t str)>,
    fields: Fields<'t, Item<'t>>,
}

impl<'t> RecordReader<'t> {
    pub(super) fn new(text: &'t str, fronts: &[(usize, &'t str)]) -> Self {
        RecordReader {
            parser: Parser::new(text, 0),
            fronts: fronts.iter().copied().collect(),
            fields: Fields::default(),
        }
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
        self.fields.leave_namespaces();
        let start = sink.start();
        if let Some((_, front)) = self.fronts.pop_front_if(|(at, _)| *at == start) {
            self.fields.push_front(Item { form: Form::Text(front), offset: start });
        }
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
