//! What the fields of a record mean, whichever format writes them as names with values: JSON and
//! CSV fill [`Fields`], and here they become an event, a whole operation or metadata.

use std::borrow::Cow;

use super::{Sink, json, json_value, time};
use crate::error::{Code, Error, Place};
use crate::history::{Event, EventType, Interval, Outcome, Time, Value, ValueTable};

/// The content of one field, borrowed from the text.
#[derive(Clone, Copy)]
pub(super) struct Cell<'t> {
    /// Well-formed JSON, or the string itself if `plain`.
    pub(super) text: &'t str,
    /// Where it starts in the input.
    pub(super) offset: usize,
    /// Whether `text` is a string without quotes, as CSV has it.
    pub(super) plain: bool,
}

impl<'t> Cell<'t> {
    fn is_null(&self) -> bool {
        !self.plain && self.text == "null"
    }

    /// The error about this content.
    pub(super) fn error(&self, code: Code, message: impl Into<String>) -> Error {
        Error::new(code, message).at(Place { offset: self.offset, ..Place::default() })
    }

    fn value(&self, values: &mut ValueTable) -> Result<Value, Error> {
        if self.plain {
            return Ok(values.text(self.text));
        }
        json_value::parse(self.text, self.offset, values)
    }

    /// The string that this is; `None` if it is something else.
    fn string(&self) -> Result<Option<Cow<'t, str>>, Error> {
        if self.plain {
            Ok(Some(Cow::Borrowed(self.text)))
        } else if self.text.starts_with('"') {
            json::string(self.text, self.offset).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The word that this is, without the colon of a keyword.
    fn word(&self, field: &str) -> Result<Cow<'t, str>, Error> {
        match self.string()? {
            Some(Cow::Borrowed(word)) => Ok(Cow::Borrowed(word.strip_prefix(':').unwrap_or(word))),
            Some(Cow::Owned(word)) => {
                Ok(Cow::Owned(word.strip_prefix(':').map(str::to_owned).unwrap_or(word)))
            }
            None => Err(self
                .error(Code::BadField, format!("`{field}` is a string, not {}", self.shown()))
                .hint(format!("put the `{field}` into double quotes"))),
        }
    }

    fn process(&self, values: &mut ValueTable) -> Result<Value, Error> {
        if let Some(name) = self.string()? {
            return Ok(values.text(&name));
        }
        self.text.parse::<i64>().map(|process| values.int(process)).map_err(|_| {
            self.error(
                Code::BadField,
                format!("`process` is an integer of at most 64 bits, not {}", self.shown()),
            )
            .hint("clients have integers; strings name what is no client, such as a nemesis")
        })
    }

    fn time(&self, field: &str) -> Result<Option<Time>, Error> {
        let is_number = matches!(self.text.as_bytes().first(), Some(b'-' | b'0'..=b'9'));
        if self.is_null() {
            Ok(None)
        } else if self.plain || !is_number {
            let message = format!("`{field}` is a number, not {}", self.shown());
            Err(self
                .error(Code::BadField, message)
                .hint("write whole nanoseconds, or seconds with a fraction"))
        } else {
            let here = Place { offset: self.offset, ..Place::default() };
            time::parse(self.text).map(Some).map_err(|error| error.at(here))
        }
    }

    /// The content as an error quotes it, on one line and not too long.
    fn shown(&self) -> String {
        let text: String =
            self.text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let more = if self.text.chars().nth(40).is_some() { "…" } else { "" };
        format!("`{text}{more}`")
    }
}

/// What a field of a whole operation is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    Process,
    Function,
    Value,
    Input,
    Output,
    Key,
    Call,
    Return,
    Outcome,
    Other,
}

/// The role of the field `name` in a record of a whole operation, and its rank among the names
/// for that role: the lowest counts. Case and underscores make no difference.
pub(super) fn role(name: &str) -> (Role, u8) {
    let mut buffer = [0; 16];
    let mut len = 0;
    for byte in name.bytes().filter(|&byte| byte != b'_') {
        let Some(slot) = buffer.get_mut(len) else { return (Role::Other, 0) };
        *slot = byte.to_ascii_lowercase();
        len += 1;
    }
    match &buffer[..len] {
        b"process" => (Role::Process, 0),
        b"clientid" => (Role::Process, 1),
        b"client" => (Role::Process, 2),
        b"thread" => (Role::Process, 3),
        b"f" => (Role::Function, 0),
        b"op" => (Role::Function, 1),
        b"value" => (Role::Value, 0),
        b"input" => (Role::Input, 0),
        b"output" => (Role::Output, 0),
        b"key" => (Role::Key, 0),
        b"call" => (Role::Call, 0),
        b"start" => (Role::Call, 1),
        b"invoketime" => (Role::Call, 2),
        b"invokedat" => (Role::Call, 3),
        b"calltime" => (Role::Call, 4),
        b"return" => (Role::Return, 0),
        b"end" => (Role::Return, 1),
        b"completetime" => (Role::Return, 2),
        b"completedat" => (Role::Return, 3),
        b"returntime" => (Role::Return, 4),
        b"type" => (Role::Outcome, 0),
        b"outcome" => (Role::Outcome, 1),
        b"status" => (Role::Outcome, 2),
        _ => (Role::Other, 0),
    }
}

const PROCESS: usize = 0;
const TYPE: usize = 1;
const FUNCTION: usize = 2;
const VALUE: usize = 3;
const KEY: usize = 4;
const TIME: usize = 5;
const NAMES: [&str; 6] = ["process", "type", "f", "value", "key", "time"];

/// Above so many other fields, repeated names are looked for by sorting.
const FEW: usize = 16;

/// The fields of one record; kept from record to record so that nothing is allocated anew.
#[derive(Default)]
pub(super) struct Fields<'t> {
    /// The fields that every event has, in the order of `NAMES`.
    known: [Option<Cell<'t>>; 6],
    /// All others.
    rest: Vec<(Cow<'t, str>, Cell<'t>)>,
    duplicate: Option<Error>,
}

impl<'t> Fields<'t> {
    /// Forgets all fields.
    pub(super) fn clear(&mut self) {
        self.known = [None; 6];
        self.rest.clear();
        self.duplicate = None;
    }

    /// Adds the field `name`.
    pub(super) fn push(&mut self, name: Cow<'t, str>, cell: Cell<'t>) {
        let slot = match &*name {
            "process" => PROCESS,
            "type" => TYPE,
            "f" => FUNCTION,
            "value" => VALUE,
            "key" => KEY,
            "time" => TIME,
            _ => {
                if self.rest.len() < FEW && self.rest.iter().any(|(other, _)| *other == name) {
                    self.set_duplicate(&name, cell);
                }
                self.rest.push((name, cell));
                return;
            }
        };
        if self.known[slot].replace(cell).is_some() {
            self.set_duplicate(NAMES[slot], cell);
        }
    }

    fn set_duplicate(&mut self, name: &str, cell: Cell<'_>) {
        self.duplicate.get_or_insert_with(|| duplicate(name, cell));
    }

    fn check_duplicates(&mut self) -> Result<(), Error> {
        if self.rest.len() > FEW {
            let mut sorted: Vec<_> = self.rest.iter().collect();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            let first = sorted.array_windows().filter(|[a, b]| a.0 == b.0).map(|[_, b]| b);
            if let Some((name, cell)) = first.min_by_key(|(_, cell)| cell.offset) {
                return Err(duplicate(name, *cell));
            }
        }
        self.duplicate.take().map_or(Ok(()), Err)
    }

    /// The content of a known field, unless it is absent or null.
    fn known(&self, slot: usize) -> Option<Cell<'t>> {
        self.known[slot].filter(|cell| !cell.is_null())
    }

    /// Hands the record to `sink`.
    pub(super) fn put(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        let start = Place { offset: sink.start(), ..Place::default() };
        self.interpret(sink).map_err(|error| error.at(start))
    }

    /// The same; an error without a place is about the record as a whole.
    fn interpret(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        self.check_duplicates()?;
        match &self.rest[..] {
            [(name, cell)] if name == "histcheck" && self.known.iter().all(Option::is_none) => {
                let value = cell.value(sink.values())?;
                sink.metadata(value)
            }
            _ if self.is_whole_operation() => self.put_interval(sink),
            _ => self.put_event(sink),
        }
    }

    /// Whether the record tells both ends of an operation: it has the time of a call, and nothing
    /// makes it an event.
    fn is_whole_operation(&self) -> bool {
        let event = self.known(TYPE).is_some_and(|kind| {
            self.known(TIME).is_some() || kind.text.trim_matches(['"', ':']) == "invoke"
        });
        !event && self.rest.iter().any(|(name, _)| role(name).0 == Role::Call)
    }

    fn put_event(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        let kind = self.known(TYPE).ok_or_else(|| self.missing_type())?;
        let kind = event_type(&kind)?;
        let process = self.known(PROCESS).ok_or_else(|| {
            missing("process").hint("`process` is the number of the client, or a name of another")
        })?;
        let process = process.process(sink.values())?;
        let is_client = sink.values().as_int(process).is_some();
        let function = function(self.known(FUNCTION), is_client)?;
        let value = optional_value(self.known(VALUE), sink)?.unwrap_or(Value::NULL);
        let key = optional_value(self.known(KEY), sink)?;
        let time = self.known(TIME).map_or(Ok(None), |cell| cell.time("time"))?;
        for (name, cell) in &self.rest {
            put_extra(name, cell, sink)?;
        }
        sink.event(&Event { process, kind, function: &function, value, key, time })
    }

    fn missing_type(&self) -> Error {
        let whole = |name: &str| {
            matches!(role(name).0, Role::Input | Role::Output | Role::Return | Role::Outcome)
        };
        if self.rest.iter().any(|(name, _)| whole(name)) {
            return missing("call").hint(
                "a record of a whole operation tells the time of its call (`call` or `start`), \
                 one of an event its `type`",
            );
        }
        missing("type").hint("the types are invoke, ok, fail and info")
    }

    fn put_interval(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        for (name, cell) in NAMES.iter().zip(self.known) {
            self.rest.extend(cell.map(|cell| (Cow::Borrowed(*name), cell)));
        }
        let roles = Roles::assign(&self.rest)?;
        let process = match roles.get(Role::Process) {
            Some(cell) => Some(cell.process(sink.values())?),
            None => None,
        };
        let is_client = process.is_none_or(|process| sink.values().as_int(process).is_some());
        let function = function(roles.get(Role::Function), is_client)?;
        let call = roles.get(Role::Call).map_or(Ok(None), |cell| cell.time("call"))?;
        let call = call.ok_or_else(|| missing("call").hint("`call` is the time of the call"))?;
        let ret = roles.get(Role::Return).map_or(Ok(None), |cell| cell.time("return"))?;
        let outcome = match roles.get(Role::Outcome) {
            Some(cell) => outcome(&cell)?,
            None if ret.is_some() => Outcome::Ok,
            None => Outcome::Open,
        };
        let key = optional_value(roles.get(Role::Key), sink)?;
        let value = optional_value(roles.get(Role::Value), sink)?;
        let given = optional_value(roles.get(Role::Input), sink)?;
        // A lone `value` is that of both ends, as in events a completion repeats its invocation's.
        let input = if roles.has(Role::Input) { given } else { value };
        let output = match optional_value(roles.get(Role::Output), sink)? {
            None if !roles.has(Role::Output) && ret.is_some() => value,
            output => output,
        };
        for (at, (name, cell)) in self.rest.iter().enumerate() {
            if !roles.uses(at) {
                put_extra(name, cell, sink)?;
            }
        }
        let [input, output] = [input, output].map(|value| value.unwrap_or(Value::NULL));
        sink.interval(&Interval {
            process,
            outcome,
            function: &function,
            input,
            output,
            key,
            call,
            ret,
        })
    }
}

/// Which field of a whole operation plays which role.
struct Roles<'f, 't> {
    fields: &'f [(Cow<'t, str>, Cell<'t>)],
    /// By role: the field's position, and its rank.
    chosen: [Option<(usize, u8)>; Role::Other as usize],
}

impl<'f, 't> Roles<'f, 't> {
    fn assign(fields: &'f [(Cow<'t, str>, Cell<'t>)]) -> Result<Self, Error> {
        let mut chosen: [Option<(usize, u8)>; Role::Other as usize] = Default::default();
        for (at, (name, cell)) in fields.iter().enumerate() {
            let (role, rank) = role(name);
            let Some(slot) = chosen.get_mut(role as usize) else { continue };
            match *slot {
                Some((_, best)) if best == rank => return Err(duplicate(name, *cell)),
                Some((_, best)) if best < rank => {}
                _ => *slot = Some((at, rank)),
            }
        }
        // Beside both an input and an output, `value` is a field like any other.
        if chosen[Role::Input as usize].is_some() && chosen[Role::Output as usize].is_some() {
            chosen[Role::Value as usize] = None;
        }
        Ok(Roles { fields, chosen })
    }

    fn has(&self, role: Role) -> bool {
        self.chosen[role as usize].is_some()
    }

    /// The content of the field that plays `role`, unless it is null.
    fn get(&self, role: Role) -> Option<Cell<'t>> {
        let (at, _) = self.chosen[role as usize]?;
        Some(self.fields[at].1).filter(|cell| !cell.is_null())
    }

    fn uses(&self, at: usize) -> bool {
        self.chosen.iter().flatten().any(|&(chosen, _)| chosen == at)
    }
}

fn optional_value(cell: Option<Cell<'_>>, sink: &mut Sink<'_>) -> Result<Option<Value>, Error> {
    cell.map(|cell| cell.value(sink.values())).transpose()
}

/// Keeps a field that histcheck does not interpret; an index that only repeats the record's
/// position says nothing.
fn put_extra(name: &str, cell: &Cell<'_>, sink: &mut Sink<'_>) -> Result<(), Error> {
    if name == "index" && cell.text.parse() == Ok(sink.index()) {
        return Ok(());
    }
    let value = cell.value(sink.values())?;
    sink.extra(name, value);
    Ok(())
}

/// The operation's name. Only what is no client's may go without.
fn function(cell: Option<Cell<'_>>, is_client: bool) -> Result<Cow<'_, str>, Error> {
    match cell {
        Some(cell) => cell.word("f"),
        None if is_client => Err(missing("f").hint("`f` names the operation, such as read")),
        None => Ok(Cow::Borrowed("")),
    }
}

fn event_type(cell: &Cell<'_>) -> Result<EventType, Error> {
    let word = cell.word("type")?;
    EventType::parse(&word).ok_or_else(|| unknown_type(cell, "invoke, ok, fail and info"))
}

fn outcome(cell: &Cell<'_>) -> Result<Outcome, Error> {
    Ok(match &*cell.word("outcome")? {
        "ok" => Outcome::Ok,
        "fail" => Outcome::Fail,
        "info" => Outcome::Info,
        _ => return Err(unknown_type(cell, "ok, fail and info")),
    })
}

fn unknown_type(cell: &Cell<'_>, known: &str) -> Error {
    cell.error(Code::UnknownType, format!("the type {} is unknown", cell.shown()))
        .hint(format!("the types are {known}"))
}

fn missing(field: &str) -> Error {
    Error::new(Code::MissingField, format!("the record has no `{field}`"))
}

fn duplicate(name: &str, cell: Cell<'_>) -> Error {
    let shown = Cell { text: name, ..cell }.shown();
    cell.error(Code::DuplicateField, format!("the record gives {shown} twice"))
        .hint("remove one of the two")
}
