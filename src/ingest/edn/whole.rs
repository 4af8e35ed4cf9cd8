//! Records of whole operations, which tell both ends: which field plays which role.

use super::record::{Fields, Item, function_of, is_client, missing, put_extra, twice};
use super::time::time_of;
use super::token::error;
use crate::error::{Code, Error};
use crate::history::{Interval, Outcome, Value};
use crate::ingest::Sink;

/// What a field of a whole operation is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Process,
    Function,
    Value,
    Input,
    Output,
    Key,
    Call,
    Return,
    Outcome,
}

const ROLES: usize = Role::Outcome as usize + 1;

/// The role of the field `name`, and its rank among the names for that role: the lowest counts.
/// Case, dashes and underscores make no difference.
fn role(name: &str) -> Option<(Role, u8)> {
    let mut buffer = [0; 16];
    let mut len = 0;
    for byte in name.bytes().filter(|byte| !matches!(byte, b'-' | b'_')) {
        *buffer.get_mut(len)? = byte.to_ascii_lowercase();
        len += 1;
    }
    Some(match &buffer[..len] {
        b"process" => (Role::Process, 0),
        b"clientid" => (Role::Process, 1),
        b"client" => (Role::Process, 2),
        b"thread" => (Role::Process, 3),
        b"f" => (Role::Function, 0),
        b"op" => (Role::Function, 1),
        b"value" => (Role::Value, 0),
        b"key" => (Role::Key, 0),
        b"input" => (Role::Input, 0),
        b"output" => (Role::Output, 0),
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
        _ => return None,
    })
}

/// Whether the field `name` is the time of a call.
pub(super) fn is_call(name: &str) -> bool {
    role(name).is_some_and(|(role, _)| role == Role::Call)
}

/// Where a field with a role comes from, if it is not among the other fields of the record.
const KNOWN: usize = usize::MAX;

/// The fields of one record, each in its role.
pub(super) struct WholeOperation<'f, 't> {
    fields: &'f Fields<'t>,
    /// By role: the value, its rank, and its place among the other fields.
    chosen: [Option<(Item, u8, usize)>; ROLES],
}

impl<'f, 't> WholeOperation<'f, 't> {
    /// Finds a field for every role.
    pub(super) fn choose(fields: &'f Fields<'t>, sink: &Sink<'_>) -> Result<Self, Error> {
        let known = |value: Option<Value>| value.map(|value| (Item::Value(value), 0, KNOWN));
        let mut chosen = [None; ROLES];
        chosen[Role::Process as usize] = known(fields.process);
        chosen[Role::Value as usize] = known(fields.value);
        chosen[Role::Key as usize] = known(fields.key);
        for (at, (name, item)) in fields.rest.iter().enumerate() {
            let Some((role, rank)) = role(name) else { continue };
            match &mut chosen[role as usize] {
                Some((_, best, _)) if *best == rank => return Err(twice(name, sink.start())),
                Some((_, best, _)) if *best < rank => {}
                slot => *slot = Some((*item, rank, at)),
            }
        }
        if fields.kind.is_some() {
            chosen[Role::Outcome as usize] = None;
        }
        if fields.function.is_some() {
            chosen[Role::Function as usize] = None;
        }
        Ok(WholeOperation { fields, chosen })
    }

    /// The field that plays `role`.
    fn item(&self, role: Role) -> Option<Item> {
        self.chosen[role as usize].map(|(item, _, _)| item)
    }

    /// The value of the field that plays `role`, unless it is nil.
    fn get(&self, role: Role, sink: &mut Sink<'_>) -> Option<Value> {
        self.item(role).map(|item| item.value(sink)).filter(|value| !value.is_null())
    }

    fn has(&self, role: Role) -> bool {
        self.chosen[role as usize].is_some()
    }

    /// Hands the operation to `sink`.
    pub(super) fn put(mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        let process = self.get(Role::Process, sink);
        let client = process.map_or(Ok(true), |process| is_client(process, sink))?;
        let named = self.get(Role::Function, sink).map(|function| {
            sink.values().as_name(function).map(str::to_owned).ok_or_else(|| {
                error(Code::BadField, sink.start(), "the name of an operation is a keyword")
            })
        });
        let named = named.transpose()?;
        let function = self.fields.function.as_deref().or(named.as_deref());
        let function = function_of(function, client, sink)?;
        let call = time_of(self.item(Role::Call), sink)?;
        let call = call.ok_or_else(|| missing("call", sink.start()))?;
        if !client {
            // Whoever is no client has no operations: what would tell their ends is kept as it is.
            for role in [Role::Output, Role::Return, Role::Outcome, Role::Key] {
                self.chosen[role as usize] = None;
            }
        }
        let ret = time_of(self.item(Role::Return), sink)?;
        let outcome = self.outcome(sink)?;
        let outcome = outcome.unwrap_or(if ret.is_some() { Outcome::Ok } else { Outcome::Open });
        let [input, output] = self.ends(ret.is_some(), sink);
        let key = self.get(Role::Key, sink);
        self.put_extras(client, sink);
        sink.interval(&Interval { process, outcome, function, input, output, key, call, ret })
    }

    /// What the operation was called with and what it returned. A lone `value` is both, as in
    /// events a completion repeats its invocation's.
    fn ends(&mut self, returned: bool, sink: &mut Sink<'_>) -> [Value; 2] {
        if self.has(Role::Input) && (self.has(Role::Output) || !returned) {
            self.chosen[Role::Value as usize] = None;
        }
        let value = self.get(Role::Value, sink);
        let input = if self.has(Role::Input) { self.get(Role::Input, sink) } else { value };
        let output = match self.get(Role::Output, sink) {
            None if !self.has(Role::Output) && returned => value,
            output => output,
        };
        [input, output].map(|value| value.unwrap_or(Value::NULL))
    }

    fn outcome(&self, sink: &mut Sink<'_>) -> Result<Option<Outcome>, Error> {
        let start = sink.start();
        let (name, at) = match (self.fields.kind, self.get(Role::Outcome, sink)) {
            (Some((name, at)), _) => (Some(name), at),
            (None, None) => return Ok(None),
            (None, Some(value)) => (sink.values().as_name(value), start),
        };
        match name {
            Some("ok") => Ok(Some(Outcome::Ok)),
            Some("fail") => Ok(Some(Outcome::Fail)),
            Some("info") => Ok(Some(Outcome::Info)),
            _ => Err(error(Code::UnknownType, at, "an operation's outcome is unknown")
                .hint("the outcomes are ok, fail and info")),
        }
    }

    /// Keeps the fields that play no role.
    fn put_extras(&self, client: bool, sink: &mut Sink<'_>) {
        let plays = |at: usize| self.chosen.iter().flatten().any(|&(_, _, other)| other == at);
        for (at, (name, item)) in self.fields.rest.iter().enumerate() {
            if !plays(at) {
                put_extra(name, *item, sink);
            }
        }
        let known: [(&str, bool, Option<Item>); 3] = [
            ("value", self.has(Role::Value), self.fields.value.map(Item::Value)),
            ("key", client, self.fields.key.map(Item::Value)),
            ("time", false, self.fields.time),
        ];
        for (name, used, item) in known {
            if let Some(item) = item.filter(|_| !used) {
                put_extra(name, item, sink);
            }
        }
    }
}
