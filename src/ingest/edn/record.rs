//! One record of a history in EDN: the fields of a map, in any order.

use super::token::{Bracket, Token, error};
use super::value::{Parser, qualified, unclosed};
use crate::error::{Code, Error};
use crate::history::{Event, EventType, Interval, Outcome, Shape, Time, Value};
use crate::ingest::Sink;

/// The fields that mean something to a history, but for `type` and `f`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Process,
    Value,
    Key,
    Time,
    Index,
    Input,
    Output,
    Outcome,
    Call,
    Return,
    Metadata,
}

const FIELDS: usize = Field::Metadata as usize + 1;

/// The field called `name`, with its name.
fn field(name: &str) -> Option<(Field, &'static str)> {
    Some(match name {
        "process" => (Field::Process, "process"),
        "value" => (Field::Value, "value"),
        "key" => (Field::Key, "key"),
        "time" => (Field::Time, "time"),
        "index" => (Field::Index, "index"),
        "input" => (Field::Input, "input"),
        "output" => (Field::Output, "output"),
        "outcome" => (Field::Outcome, "outcome"),
        "call" => (Field::Call, "call"),
        "start" => (Field::Call, "start"),
        "invoke-time" => (Field::Call, "invoke-time"),
        "return" => (Field::Return, "return"),
        "end" => (Field::Return, "end"),
        "complete-time" => (Field::Return, "complete-time"),
        "histcheck" => (Field::Metadata, "histcheck"),
        _ => return None,
    })
}

/// Reads records; keeps its scratch memory from one to the next.
pub(super) struct RecordReader<'t> {
    pub(super) parser: Parser<'t>,
    fields: [Option<(&'static str, Value)>; FIELDS],
    kind: Option<EventType>,
    function: String,
    has_function: bool,
    /// The names of the other fields, to find those given twice.
    others: Vec<Value>,
}

impl<'t> RecordReader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        RecordReader {
            parser: Parser::new(text, 0),
            fields: [None; FIELDS],
            kind: None,
            function: String::new(),
            has_function: false,
            others: Vec::new(),
        }
    }

    /// Reads the record that starts with `token` and gives it to `sink`.
    pub(super) fn record(&mut self, token: Token<'t>, sink: &mut Sink<'_>) -> Result<(), Error> {
        self.fields = [None; FIELDS];
        self.kind = None;
        self.has_function = false;
        self.others.clear();
        let mut token = token;
        if let Token::Tag(_) = token {
            token = self.parser.form()?;
        }
        let namespace = match token {
            Token::Namespace(namespace) => {
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
        self.finish(sink)
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
                Token::Keyword(name) => match namespace {
                    None => self.read_field(name, at, sink)?,
                    Some(namespace) => {
                        let mut whole = String::new();
                        self.read_field(qualified(namespace, name, &mut whole), at, sink)?;
                    }
                },
                Token::Text(name, false) => self.read_field(name, at, sink)?,
                Token::Text(raw, true) => {
                    let name = self.parser.text(raw)?.to_owned();
                    self.read_field(&name, at, sink)?;
                }
                _ => {
                    let message = "the name of a record's field is a keyword or a string";
                    return Err(error(Code::BadField, at, message));
                }
            }
        }
    }

    fn read_field(&mut self, name: &str, at: usize, sink: &mut Sink<'_>) -> Result<(), Error> {
        let token = self.parser.value_token(sink.start())?;
        match name {
            "type" if self.kind.is_none() => self.kind = Some(self.event_type(token)?),
            "f" if !self.has_function => self.read_function(token)?,
            "type" | "f" => return Err(twice(name, at)),
            _ => {
                let value = self.parser.build(token, sink.values(), 0)?;
                let Some((field, name)) = field(name) else {
                    return self.other(name, value, at, sink);
                };
                match self.fields[field as usize] {
                    None => self.fields[field as usize] = Some((name, value)),
                    Some((before, _)) if before == name => return Err(twice(name, at)),
                    // An event may have both `start` and `call`, which mean nothing to it.
                    Some(_) => return self.other(name, value, at, sink),
                }
            }
        }
        Ok(())
    }

    /// A field that has no meaning for a history.
    fn other(
        &mut self,
        name: &str,
        value: Value,
        at: usize,
        sink: &mut Sink<'_>,
    ) -> Result<(), Error> {
        let handle = sink.values().text(name);
        // Few fields are compared one by one, many only at the record's end.
        if self.others.len() < 16 && self.others.contains(&handle) {
            return Err(twice(name, at));
        }
        self.others.push(handle);
        sink.extra(name, value);
        Ok(())
    }

    fn event_type(&mut self, token: Token<'t>) -> Result<EventType, Error> {
        let at = self.parser.start();
        let name = match token {
            Token::Keyword(name) | Token::Symbol(name) | Token::Text(name, false) => name,
            _ => return Err(error(Code::BadField, at, "the type of an event is a keyword")),
        };
        EventType::parse(name).ok_or_else(|| unknown_type(name, at))
    }

    fn read_function(&mut self, token: Token<'t>) -> Result<(), Error> {
        let at = self.parser.start();
        let name = match token {
            Token::Symbol("nil" | "true" | "false") => None,
            Token::Keyword(name) | Token::Symbol(name) | Token::Text(name, false) => Some(name),
            Token::Text(raw, true) => Some(self.parser.text(raw)?),
            _ => None,
        };
        let Some(name) = name else {
            return Err(error(Code::BadField, at, "the name of an operation (`:f`) is a keyword"));
        };
        self.function.clear();
        self.function.push_str(name);
        self.has_function = true;
        Ok(())
    }

    /// Takes the value of a field.
    fn take(&mut self, field: Field) -> Option<Value> {
        self.fields[field as usize].take().map(|(_, value)| value)
    }

    fn finish(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        if self.others.len() > 1 {
            self.others.sort_unstable();
            if let Some(pair) = self.others.windows(2).find(|pair| pair[0] == pair[1]) {
                let name = sink.values().as_name(pair[0]).unwrap_or_default().to_owned();
                return Err(twice(&name, sink.start()));
            }
        }
        if let Some(metadata) = self.metadata() {
            return sink.metadata(metadata);
        }
        // An index that counts the records says nothing new.
        let own = sink.record() as i64;
        let own = sink.values().int(own);
        if self.fields[Field::Index as usize] == Some(("index", own)) {
            self.take(Field::Index);
        }
        match self.kind {
            Some(kind) => self.event(kind, sink),
            None => self.interval(sink),
        }
    }

    /// The metadata, if the record is nothing else.
    fn metadata(&mut self) -> Option<Value> {
        let fields = self.fields.iter().filter(|field| field.is_some()).count();
        let alone = fields == 1 && self.others.is_empty();
        if alone && self.kind.is_none() && !self.has_function {
            self.take(Field::Metadata)
        } else {
            None
        }
    }

    fn event(&mut self, kind: EventType, sink: &mut Sink<'_>) -> Result<(), Error> {
        let process = self.take(Field::Process);
        let Some(process) = process else { return Err(missing("process", sink.start())) };
        if !self.has_function {
            return Err(missing("f", sink.start()));
        }
        let value = self.take(Field::Value).unwrap_or(Value::NULL);
        let time = self.take(Field::Time);
        let time = time_of(time, sink)?;
        // Only a client's operation has a key; elsewhere it is a field like any other.
        let key = if is_client(process, sink)? { self.take(Field::Key) } else { None };
        self.extras(sink);
        let function = &self.function;
        sink.event(&Event { process, kind, function, value, key: known(key), time })
    }

    fn interval(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        let start = sink.start();
        let call = self.take(Field::Call);
        let Some(call) = time_of(call, sink)? else {
            return Err(missing("type", start)
                .hint("an event has :type; a whole operation has :call and :return, its times"));
        };
        if !self.has_function {
            return Err(missing("f", start));
        }
        let doubled = |&other: &Value| sink_name(sink, other).is_some();
        if self.others.iter().any(doubled) {
            let message = "the record gives the time of its call or return under two names";
            return Err(error(Code::DuplicateField, start, message));
        }
        let process = self.take(Field::Process);
        let client = process.map_or(Ok(true), |process| is_client(process, sink))?;
        let outcome = self.outcome(sink)?;
        let (input, output) = if client { self.ends(start)? } else { self.annotated() };
        let (mut key, mut ret) = (None, None);
        if client {
            key = self.take(Field::Key);
            let value = self.take(Field::Return);
            ret = time_of(value, sink)?;
            self.take(Field::Outcome);
        }
        let outcome = outcome.unwrap_or(if ret.is_some() { Outcome::Ok } else { Outcome::Open });
        self.extras(sink);
        let (function, key) = (&self.function, known(key));
        sink.interval(&Interval { process, outcome, function, input, output, key, call, ret })
    }

    /// What an operation was called with and what it returned. A sole `value` is both, as in the
    /// events of Jepsen, where a completion repeats what its invocation wrote.
    fn ends(&mut self, start: usize) -> Result<(Value, Value), Error> {
        let input = self.take(Field::Input);
        let output = self.take(Field::Output);
        let Some(value) = self.take(Field::Value) else {
            return Ok((input.unwrap_or(Value::NULL), output.unwrap_or(Value::NULL)));
        };
        if input.is_some() {
            return Err(error(Code::DuplicateField, start, "a whole operation has two inputs")
                .hint("give `:input` or `:value`, not both"));
        }
        Ok((value, output.unwrap_or(value)))
    }

    /// The same for a record that is no client's: its one value, the rest stays with the extras.
    fn annotated(&mut self) -> (Value, Value) {
        let value = self.take(Field::Input).or_else(|| self.take(Field::Value));
        (value.unwrap_or(Value::NULL), Value::NULL)
    }

    fn outcome(&self, sink: &mut Sink<'_>) -> Result<Option<Outcome>, Error> {
        let Some((_, value)) = self.fields[Field::Outcome as usize] else { return Ok(None) };
        let name = sink.values().as_name(value).map(str::to_owned);
        Ok(Some(match name.as_deref() {
            Some("ok") => Outcome::Ok,
            Some("fail") => Outcome::Fail,
            Some("info") => Outcome::Info,
            Some("open") => Outcome::Open,
            _ => {
                let message = "the outcome of an operation is ok, fail, info or open";
                return Err(error(Code::UnknownType, sink.start(), message));
            }
        }))
    }

    /// Hands over what is left of the fields, which mean nothing in this record.
    fn extras(&mut self, sink: &mut Sink<'_>) {
        for field in &mut self.fields {
            if let Some((name, value)) = field.take() {
                sink.extra(name, value);
            }
        }
    }
}

/// Nil is how some recorders write that there is no key.
fn known(key: Option<Value>) -> Option<Value> {
    key.filter(|key| !key.is_null())
}

/// The name of another field that is one of the times of a whole operation.
fn sink_name(sink: &mut Sink<'_>, other: Value) -> Option<&'static str> {
    let (field, name) = field(sink.values().as_name(other)?)?;
    matches!(field, Field::Call | Field::Return).then_some(name)
}

fn twice(name: &str, at: usize) -> Error {
    error(Code::DuplicateField, at, format!("the record gives `{name}` twice"))
}

fn missing(name: &str, at: usize) -> Error {
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

/// The time that `value` tells; nil tells none.
fn time_of(value: Option<Value>, sink: &mut Sink<'_>) -> Result<Option<Time>, Error> {
    let start = sink.start();
    let Some(value) = known(value) else { return Ok(None) };
    match sink.values().shape(value) {
        Shape::Int(whole) => Ok(Some(Time::Whole(whole))),
        Shape::BigInt(_) => Err(error(Code::BadTime, start, "the time is beyond 64 bits")),
        Shape::Decimal(text) | Shape::BigDecimal(text) => match nanoseconds(text) {
            Some(time) => Ok(Some(Time::Seconds(time))),
            None => Err(error(Code::BadTime, start, format!("`{text}` s is no time in whole ns"))
                .hint("times are whole numbers, or seconds with at most nine decimals")),
        },
        _ => Err(error(Code::BadField, start, "a time is a number")),
    }
}

/// The nanoseconds in `seconds`, a decimal, if they are whole and within 64 bits.
fn nanoseconds(seconds: &str) -> Option<i64> {
    let (mantissa, exponent) = match seconds.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (seconds, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    if digits == 0 {
        return Some(0);
    }
    let shift = 9 + exponent.checked_sub(fraction.len() as i64)?;
    let power = 10_i128.checked_pow(u32::try_from(shift.unsigned_abs()).ok()?)?;
    let scaled = if shift >= 0 {
        digits.checked_mul(power)?
    } else {
        (digits % power == 0).then_some(digits / power)?
    };
    i64::try_from(scaled).ok()
}
