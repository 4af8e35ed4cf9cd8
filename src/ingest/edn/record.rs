//! One record of a history in EDN: the fields of a map, in any order.

use std::borrow::Cow;

use super::time::time_of;
use super::token::{Bracket, Token, error};
use super::value::{Parser, qualified, unclosed};
use super::whole::WholeOperation;
use crate::error::{Code, Error};
use crate::history::{Event, EventType, Shape, Value};
use crate::ingest::Sink;

/// The content of a field. An integer is no value of the history before it is kept as one: times
/// would fill the table of values.
#[derive(Clone, Copy)]
pub(super) enum Item {
    Int(i64),
    Value(Value),
}

impl Item {
    /// The content as a value of the history.
    pub(super) fn value(self, sink: &mut Sink<'_>) -> Value {
        match self {
            Item::Int(n) => sink.values().int(n),
            Item::Value(value) => value,
        }
    }
}

/// Above so many other fields, repeated names are looked for by sorting.
const FEW: usize = 16;

/// The fields of one record.
#[derive(Default)]
pub(super) struct Fields<'t> {
    pub(super) process: Option<Value>,
    pub(super) value: Option<Value>,
    pub(super) key: Option<Value>,
    pub(super) time: Option<Item>,
    /// The type, and where it stands.
    pub(super) kind: Option<(&'t str, usize)>,
    pub(super) function: Option<Cow<'t, str>>,
    /// All others.
    pub(super) rest: Vec<(Cow<'t, str>, Item)>,
    /// Which of the fields above were given, as bits.
    seen: u8,
}

/// Reads records; keeps its scratch memory from one to the next.
pub(super) struct RecordReader<'t> {
    pub(super) parser: Parser<'t>,
    fields: Fields<'t>,
}

impl<'t> RecordReader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        RecordReader { parser: Parser::new(text, 0), fields: Fields::default() }
    }

    /// Reads the record that starts with `token` and gives it to `sink`.
    pub(super) fn record(&mut self, token: Token, sink: &mut Sink<'_>) -> Result<(), Error> {
        let mut rest = std::mem::take(&mut self.fields.rest);
        rest.clear();
        self.fields = Fields { rest, ..Fields::default() };
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
            let at = self.parser.start();
            match token {
                Token::Close(b'}') => return Ok(()),
                Token::End => {
                    return Err(unclosed(sink.start()).hint(
                        "was the file cut, or the recorder stopped? remove the incomplete record",
                    ));
                }
                Token::Keyword => {
                    let name = self.parser.content();
                    let name = match namespace {
                        None => Cow::Borrowed(name),
                        Some(namespace) => {
                            let mut whole = String::new();
                            Cow::Owned(qualified(namespace, name, &mut whole).to_owned())
                        }
                    };
                    self.read_field(name, at, sink)?;
                }
                Token::Text => {
                    let name = Cow::Borrowed(self.parser.content());
                    self.read_field(name, at, sink)?;
                }
                Token::Escaped => {
                    let name = Cow::Owned(self.parser.unescaped()?.to_owned());
                    self.read_field(name, at, sink)?;
                }
                _ => {
                    let message = "the name of a record's field is a keyword or a string";
                    return Err(error(Code::BadField, at, message));
                }
            }
        }
    }

    fn read_field(
        &mut self,
        name: Cow<'t, str>,
        at: usize,
        sink: &mut Sink<'_>,
    ) -> Result<(), Error> {
        let token = self.parser.value_token(sink.start())?;
        let bit = match &*name {
            "process" => 1,
            "type" => 2,
            "f" => 4,
            "value" => 8,
            "key" => 16,
            "time" => 32,
            _ => {
                if self.fields.rest.len() < FEW
                    && self.fields.rest.iter().any(|(other, _)| *other == name)
                {
                    return Err(twice(&name, at));
                }
                let item = self.item(token, sink)?;
                self.fields.rest.push((name, item));
                return Ok(());
            }
        };
        if self.fields.seen & bit != 0 {
            return Err(twice(&name, at));
        }
        self.fields.seen |= bit;
        match bit {
            2 => self.fields.kind = self.event_type(token)?,
            4 => self.fields.function = self.function(token)?,
            32 => {
                let item = self.item(token, sink)?;
                self.fields.time = Some(item).filter(|_| token != Token::Nil);
            }
            _ => {
                let value = self.parser.build(token, sink.values(), 0)?;
                // Nil is how some recorders write that there is none.
                let value = Some(value).filter(|value| !value.is_null());
                match bit {
                    1 => self.fields.process = value,
                    8 => self.fields.value = value,
                    _ => self.fields.key = value,
                }
            }
        }
        Ok(())
    }

    fn item(&mut self, token: Token, sink: &mut Sink<'_>) -> Result<Item, Error> {
        if token == Token::Int {
            return Ok(Item::Int(self.parser.int()));
        }
        self.parser.build(token, sink.values(), 0).map(Item::Value)
    }

    fn event_type(&mut self, token: Token) -> Result<Option<(&'t str, usize)>, Error> {
        let at = self.parser.start();
        match token {
            Token::Nil => Ok(None),
            Token::Keyword | Token::Symbol | Token::Text => Ok(Some((self.parser.content(), at))),
            _ => Err(error(Code::BadField, at, "the type of an event is a keyword")),
        }
    }

    fn function(&mut self, token: Token) -> Result<Option<Cow<'t, str>>, Error> {
        let at = self.parser.start();
        match token {
            Token::Nil => Ok(None),
            Token::Keyword | Token::Symbol | Token::Text => {
                Ok(Some(Cow::Borrowed(self.parser.content())))
            }
            Token::Escaped => Ok(Some(Cow::Owned(self.parser.unescaped()?.to_owned()))),
            _ => Err(error(Code::BadField, at, "the name of an operation (`:f`) is a keyword")),
        }
    }
}

impl<'t> Fields<'t> {
    /// Hands the record to `sink`.
    fn put(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        self.check_duplicates(sink)?;
        match &self.rest[..] {
            [(name, value)] if self.seen == 0 && name == "histcheck" => {
                let value = value.value(sink);
                sink.metadata(value)
            }
            _ if self.is_whole_operation(sink)? => WholeOperation::choose(self, sink)?.put(sink),
            _ => self.put_event(sink),
        }
    }

    fn check_duplicates(&self, sink: &Sink<'_>) -> Result<(), Error> {
        if self.rest.len() > FEW {
            let mut names: Vec<&str> = self.rest.iter().map(|(name, _)| &**name).collect();
            names.sort_unstable();
            if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(twice(pair[0], sink.start()));
            }
        }
        Ok(())
    }

    /// Whether the record tells both ends of an operation: it has the time of a call, and nothing
    /// makes it an event.
    fn is_whole_operation(&self, sink: &mut Sink<'_>) -> Result<bool, Error> {
        if self.rest.is_empty() || !self.rest.iter().any(|(name, _)| super::whole::is_call(name)) {
            return Ok(false);
        }
        Ok(match (self.kind, self.process) {
            (None, _) => true,
            (Some(("invoke", _)), _) => false,
            (Some(_), _) if self.time.is_some() => false,
            (Some(_), Some(process)) => is_client(process, sink)?,
            (Some(_), None) => true,
        })
    }

    fn put_event(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        let start = sink.start();
        let (kind, at) = self.kind.ok_or_else(|| {
            missing("type", start)
                .hint("an event has :type; a whole operation has :call and :return, its times")
        })?;
        let kind = EventType::parse(kind).ok_or_else(|| unknown_type(kind, at))?;
        let process = self.process.ok_or_else(|| missing("process", start))?;
        let client = is_client(process, sink)?;
        let function = function_of(self.function.as_deref(), client, sink)?;
        let value = self.value.unwrap_or(Value::NULL);
        let time = time_of(self.time, sink)?;
        // Only a client's operation has a key; elsewhere it is a field like any other.
        let (key, extra) = if client { (self.key, None) } else { (None, self.key) };
        for (name, item) in &self.rest {
            put_extra(name, *item, sink);
        }
        if let Some(key) = extra {
            sink.extra("key", key);
        }
        sink.event(&Event { process, kind, function, value, key, time })
    }
}

/// Keeps a field that has no meaning for a history. An index that counts the records says nothing
/// new.
pub(super) fn put_extra(name: &str, item: Item, sink: &mut Sink<'_>) {
    if let Item::Int(n) = item
        && name == "index"
        && n == sink.index() as i64
    {
        return;
    }
    let value = item.value(sink);
    sink.extra(name, value);
}

/// The name of an operation; only what is no client's may go without.
pub(super) fn function_of<'f>(
    function: Option<&'f str>,
    client: bool,
    sink: &Sink<'_>,
) -> Result<&'f str, Error> {
    match function {
        Some(function) => Ok(function),
        None if client => Err(missing("f", sink.start())),
        None => Ok(""),
    }
}

pub(super) fn twice(name: &str, at: usize) -> Error {
    error(Code::DuplicateField, at, format!("the record gives `{name}` twice"))
}

pub(super) fn missing(name: &str, at: usize) -> Error {
    error(Code::MissingField, at, format!("the record has no `{name}`"))
}

pub(in crate::ingest) fn unknown_type(name: &str, at: usize) -> Error {
    error(Code::UnknownType, at, format!("`{name}` is no type of an event"))
        .hint("the types are invoke, ok, fail and info")
}

/// Whether `process` is a client: an integer is, a name is not, anything else is an error.
pub(in crate::ingest) fn is_client(process: Value, sink: &mut Sink<'_>) -> Result<bool, Error> {
    let start = sink.start();
    match sink.values().shape(process) {
        Shape::Int(_) => Ok(true),
        Shape::Keyword(_) | Shape::Text(_) | Shape::Symbol(_) => Ok(false),
        _ => Err(error(Code::BadField, start, "a process is an integer or a name")
            .hint("an integer for a client, a keyword such as :nemesis for all others")),
    }
}
