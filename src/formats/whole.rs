//! Whole operations: records that have the time of a call, and say at once what an operation takes,
//! returns, and when. Whoever is no client has no operations, but notes.

use std::borrow::Cow;

use super::content::{Content, event_type, function_of, missing};
use super::fields::{
    FUNCTION, Fields, NAMES, TIME, TYPE, mapped_value, optional_value, put_extra,
    transaction_by_value,
};
use super::mapping::Target;
use super::moments::{ends, is_never, optional_time};
use super::outcomes::outcome_of;
use super::roles::{Role, Roles, is_of_no_consequence};
use super::sink::Sink;
use super::words::named_function;
use crate::error::Error;
use crate::history::{Event, EventType, Interval, Lacking, Value};

impl<'t, C: Content<'t>> Fields<'t, C> {
    /// Hands over a record that has the time of a call.
    pub(super) fn put_whole(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        let mut opened = Opened { pair: self.pair(sink)?, tag: self.tag.take() };
        if opened.tag.is_none() && !self.has(FUNCTION) && self.is_transaction(sink)? {
            opened.tag = Some(transaction_by_value(sink));
        }
        for (name, content) in NAMES.iter().zip(self.known) {
            self.rest.extend(content.map(|content| (Cow::Borrowed(*name), content)));
        }
        let mut roles = Roles::assign(&self.rest)?;
        let process = match roles.get(Role::Process) {
            Some(content) => Some(content.process(sink.values())?),
            None => None,
        };
        let function = roles.get(Role::Function);
        match process {
            Some(name) if sink.values().as_int(name).is_none() => {
                let function = match &opened.tag {
                    Some(tag) => tag.clone(),
                    None => named_function(&roles, function, false, sink)?,
                };
                if sink.is_client(name, &function, EventType::Invoke) {
                    put_interval(roles, process, opened, sink)
                } else {
                    roles.release_all_but(&[
                        Role::Process,
                        Role::Function,
                        Role::Value,
                        Role::Input,
                        Role::Call,
                        Role::Outcome,
                    ]);
                    self.put_annotation(roles, name, sink)
                }
            }
            process => put_interval(roles, process, opened, sink),
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
            Some(content) => event_type(&content, sink)?,
            None => EventType::Info,
        };
        let function = function_of(roles.get(Role::Function), false, sink)?;
        if self.known[TYPE].is_none() {
            roles.release(Role::Outcome);
        }
        let given = if roles.has(Role::Value) { Role::Value } else { Role::Input };
        let value = optional_value(roles.get(given), sink)?.unwrap_or(Value::NULL);
        let call = optional_time(roles.named(Role::Call), sink)?;
        let time = optional_time(self.known(TIME).map(|time| ("time", time)), sink)?;
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

/// What was found inside of the map that says what was called.
struct Opened<'t> {
    /// What a compare-and-set takes.
    pair: Option<Value>,
    /// The name of the operation, if it is that of a field.
    tag: Option<Cow<'t, str>>,
}

/// Hands over a client's whole operation.
fn put_interval<'t, C: Content<'t>>(
    mut roles: Roles<'_, 't, C>,
    process: Option<Value>,
    opened: Opened<'t>,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let Opened { pair, tag } = opened;
    let moment = roles.named(Role::Time);
    roles.settle(sink.values())?;
    let function = match tag {
        Some(tag) => tag,
        None => named_function(&roles, roles.get(Role::Function), true, sink)?,
    };
    roles.settle_answer(&function, sink.values())?;
    let [call, ret] = ends(&roles, moment, sink)?;
    let call = call.ok_or_else(|| missing("call").hint("`call` is the time of the call"))?;
    let ret = ret.filter(|&ret| !is_never(call, ret));
    let outcome = outcome_of(&mut roles, ret.is_some(), sink)?;
    let key = mapped_value(roles.get(Role::Key), Target::Key, sink)?;
    if roles.has(Role::Input) && (roles.has(Role::Output) || ret.is_none()) {
        // There is no end left that it could stand for.
        roles.release(Role::Value);
    }
    // A lone `value` is that of both ends, as in events a completion repeats its invocation's.
    let value = mapped_value(roles.get(Role::Value), Target::Value, sink)?;
    let given = mapped_value(roles.get(Role::Input), Target::Input, sink)?;
    let input = if roles.has(Role::Input) { given } else { pair.or(value) };
    let output = match mapped_value(roles.get(Role::Output), Target::Output, sink)? {
        None if !roles.has(Role::Output) && ret.is_some() => value,
        output => output,
    };
    let mut has_unknown = false;
    for (name, content) in roles.others() {
        has_unknown |= !is_of_no_consequence(name);
        put_extra(name, content, sink)?;
    }
    if has_unknown {
        let has = |role: Role| roles.is_told(role);
        sink.lacks(Lacking {
            input: !has(Role::Input) && !has(Role::Value) && pair.is_none(),
            output: !has(Role::Output) && !has(Role::Value) && !has(Role::Reply),
            ret: !has(Role::Return) && !has(Role::Duration),
        });
    }
    for (role, name) in roles.taken().filter(|(role, _)| roles.is_by_another_name(*role)) {
        sink.takes(role.name(), name);
    }
    let [input, output] = [input, output].map(|value| value.unwrap_or(Value::NULL));
    let function = &*function;
    sink.interval(&Interval { process, outcome, function, input, output, key, call, ret })
}
