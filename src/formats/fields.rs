//! What the fields of a record mean, whichever format writes them as names with values: JSON, CSV
//! and EDN fill [`Fields`], and here they become an event, a whole operation or metadata.

use std::borrow::Cow;

use super::content::{Content, duplicate, event_type, function, missing, outcome};
use super::roles::{Role, Roles, is_call, role};
use super::sink::Sink;
use crate::error::{Error, Place};
use crate::history::{Event, EventType, Interval, Outcome, Time, Value, ValueTable};

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
pub(super) struct Fields<'t, C> {
    /// The fields that every event has, in the order of `NAMES`.
    known: [Option<C>; 6],
    /// All others.
    rest: Vec<(Cow<'t, str>, C)>,
    duplicate: Option<Error>,
}

impl<C: Copy> Default for Fields<'_, C> {
    fn default() -> Self {
        Fields { known: [None; 6], rest: Vec::new(), duplicate: None }
    }
}

impl<'t, C: Content<'t>> Fields<'t, C> {
    /// Forgets all fields.
    pub(super) fn clear(&mut self) {
        self.known = [None; 6];
        self.rest.clear();
        self.duplicate = None;
    }

    /// Adds the field `name`.
    pub(super) fn push(&mut self, name: Cow<'t, str>, content: C) {
        let slot = match &*name {
            "process" => PROCESS,
            "type" => TYPE,
            "f" => FUNCTION,
            "value" => VALUE,
            "key" => KEY,
            "time" => TIME,
            _ => {
                if self.rest.len() < FEW && self.rest.iter().any(|(other, _)| *other == name) {
                    self.set_duplicate(&name, content);
                }
                self.rest.push((name, content));
                return;
            }
        };
        if self.known[slot].replace(content).is_some() {
            self.set_duplicate(NAMES[slot], content);
        }
    }

    fn set_duplicate(&mut self, name: &str, content: C) {
        self.duplicate.get_or_insert_with(|| duplicate(name, content.offset()));
    }

    fn check_duplicates(&mut self) -> Result<(), Error> {
        if self.rest.len() > FEW {
            let offsets = self.rest.iter().map(|(name, content)| (&**name, content.offset()));
            let mut sorted: Vec<(&str, usize)> = offsets.collect();
            sorted.sort_unstable();
            let twice = sorted.array_windows().filter(|[a, b]| a.0 == b.0).map(|[_, b]| b);
            if let Some(&(name, offset)) = twice.min_by_key(|(_, offset)| offset) {
                return Err(duplicate(name, offset));
            }
        }
        self.duplicate.take().map_or(Ok(()), Err)
    }

    /// The content of a known field, unless it is absent or null.
    fn known(&self, slot: usize) -> Option<C> {
        self.known[slot].filter(|content| !content.is_null())
    }

    /// Hands the record to `sink`.
    pub(super) fn put(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        self.interpret(sink).map_err(|error| {
            // An error without a place is about the record as a whole.
            error.at(Place { offset: sink.start(), ..Place::default() })
        })
    }

    fn interpret(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        self.check_duplicates()?;
        if let [(name, content)] = &self.rest[..]
            && name == "histcheck"
            && self.known.iter().all(Option::is_none)
        {
            let value = content.value(sink.values())?;
            return sink.metadata(value);
        }
        if self.rest.iter().any(|(name, _)| is_call(name)) && !self.is_event(sink.values()) {
            self.put_whole(sink)
        } else {
            self.put_event(sink)
        }
    }

    /// Whether a record that has the time of a call is one end of an operation all the same.
    fn is_event(&self, values: &mut ValueTable) -> bool {
        let Some(kind) = self.known(TYPE) else { return false };
        self.known(TIME).is_some()
            || kind.word("type", values).is_ok_and(|word| word == "invoke")
            || self.known(PROCESS).is_some_and(|process| {
                process.process(values).is_ok_and(|process| values.as_int(process).is_none())
            })
    }

    fn put_event(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        let kind = self.known(TYPE).ok_or_else(|| self.missing_type())?;
        let kind = event_type(&kind, sink.values())?;
        let process = self.known(PROCESS).ok_or_else(|| {
            missing("process").hint("`process` is the number of the client, or a name of another")
        })?;
        let process = process.process(sink.values())?;
        let is_client = sink.values().as_int(process).is_some();
        let function = function(self.known(FUNCTION), is_client, sink.values())?;
        let value = optional_value(self.known(VALUE), sink)?.unwrap_or(Value::NULL);
        let mut key = optional_value(self.known(KEY), sink)?;
        let time = optional_time(self.known(TIME), "time", sink)?;
        for (name, content) in &self.rest {
            put_extra(name, content, sink)?;
        }
        if !is_client && let Some(key) = key.take() {
            // Only a client's operation has a key; elsewhere it is a field like any other.
            sink.extra("key", key);
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

    /// Hands over a record that has the time of a call.
    fn put_whole(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        for (name, content) in NAMES.iter().zip(self.known) {
            self.rest.extend(content.map(|content| (Cow::Borrowed(*name), content)));
        }
        let roles = Roles::assign(&self.rest)?;
        let process = match roles.get(Role::Process) {
            Some(content) => Some(content.process(sink.values())?),
            None => None,
        };
        match process {
            Some(name) if sink.values().as_int(name).is_none() => {
                self.put_annotation(roles, name, sink)
            }
            process => put_interval(roles, process, sink),
        }
    }

    /// Whoever is no client has no operations: what would tell the ends of one is kept as it is.
    fn put_annotation(
        &self,
        mut roles: Roles<'_, 't, C>,
        process: Value,
        sink: &mut Sink<'_>,
    ) -> Result<(), Error> {
        let kind = match self.known(TYPE) {
            Some(content) => event_type(&content, sink.values())?,
            None => EventType::Info,
        };
        let function = function(roles.get(Role::Function), false, sink.values())?;
        for role in [Role::Key, Role::Output, Role::Return] {
            roles.release(role);
        }
        if self.known[TYPE].is_none() {
            roles.release(Role::Outcome);
        }
        let given = if roles.has(Role::Value) { Role::Value } else { Role::Input };
        let value = optional_value(roles.get(given), sink)?.unwrap_or(Value::NULL);
        let call = optional_time(roles.get(Role::Call), "call", sink)?;
        let time = optional_time(self.known(TIME), "time", sink)?;
        if given == Role::Value {
            roles.release(Role::Input);
        }
        if time.is_some() {
            roles.release(Role::Call);
        }
        for (name, content) in roles.others().filter(|(name, _)| name != "time") {
            put_extra(name, content, sink)?;
        }
        let time = time.or(call);
        sink.event(&Event { process, kind, function: &function, value, key: None, time })
    }
}

/// Hands over a client's whole operation.
fn put_interval<'t, C: Content<'t>>(
    mut roles: Roles<'_, 't, C>,
    process: Option<Value>,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let function = function(roles.get(Role::Function), true, sink.values())?;
    let call = optional_time(roles.get(Role::Call), "call", sink)?;
    let call = call.ok_or_else(|| missing("call").hint("`call` is the time of the call"))?;
    let ret = optional_time(roles.get(Role::Return), "return", sink)?;
    let outcome = match roles.get(Role::Outcome) {
        Some(content) => outcome(&content, sink.values())?,
        None if ret.is_some() => Outcome::Ok,
        None => Outcome::Open,
    };
    let key = optional_value(roles.get(Role::Key), sink)?;
    if roles.has(Role::Input) && (roles.has(Role::Output) || ret.is_none()) {
        // There is no end left that it could stand for.
        roles.release(Role::Value);
    }
    // A lone `value` is that of both ends, as in events a completion repeats its invocation's.
    let value = optional_value(roles.get(Role::Value), sink)?;
    let given = optional_value(roles.get(Role::Input), sink)?;
    let input = if roles.has(Role::Input) { given } else { value };
    let output = match optional_value(roles.get(Role::Output), sink)? {
        None if !roles.has(Role::Output) && ret.is_some() => value,
        output => output,
    };
    for (name, content) in roles.others() {
        put_extra(name, content, sink)?;
    }
    let [input, output] = [input, output].map(|value| value.unwrap_or(Value::NULL));
    let function = &*function;
    sink.interval(&Interval { process, outcome, function, input, output, key, call, ret })
}

fn optional_value<'t>(
    content: Option<impl Content<'t>>,
    sink: &mut Sink<'_>,
) -> Result<Option<Value>, Error> {
    content.map(|content| content.value(sink.values())).transpose()
}

fn optional_time<'t>(
    content: Option<impl Content<'t>>,
    field: &str,
    sink: &mut Sink<'_>,
) -> Result<Option<Time>, Error> {
    content.map(|content| content.time(field, sink.values())).transpose()
}

/// Keeps a field that histcheck does not interpret; an index that only repeats the record's
/// position says nothing.
fn put_extra<'t>(name: &str, content: &impl Content<'t>, sink: &mut Sink<'_>) -> Result<(), Error> {
    if content.is_blank() || name == "index" && content.is_int(sink.index()) {
        return Ok(());
    }
    let value = content.value(sink.values())?;
    sink.extra(name, value);
    Ok(())
}
