//! Records of whole operations, which tell both ends: which field plays which role.

use std::borrow::Cow;

use super::content::{Content, duplicate};
use crate::error::Error;

/// What a field of a whole operation is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
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

impl Role {
    /// Tells whether null plays this role; elsewhere it says that there is nothing to play it.
    fn can_be_null(self) -> bool {
        matches!(self, Role::Value | Role::Input | Role::Output | Role::Other)
    }
}

/// Returns the role of the field `name` in a record of a whole operation, and its rank among the
/// names for that role: the lowest counts. Case, dashes and underscores make no difference.
pub(crate) fn role(name: &str) -> (Role, u8) {
    let mut buffer = [0; 16];
    let mut len = 0;
    for byte in name.bytes().filter(|byte| !matches!(byte, b'_' | b'-')) {
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

/// Tells whether the field `name` is the time of a call.
pub(super) fn is_call(name: &str) -> bool {
    // Most records have none, but an index.
    name != "index" && role(name).0 == Role::Call
}

/// Which field of a whole operation plays which role.
pub(super) struct Roles<'f, 't, C> {
    fields: &'f [(Cow<'t, str>, C)],
    /// By role: the field's position, and its rank.
    chosen: [Option<(usize, u8)>; Role::Other as usize],
}

impl<'f, 't, C: Content<'t>> Roles<'f, 't, C> {
    /// Finds a field for every role.
    pub(super) fn assign(fields: &'f [(Cow<'t, str>, C)]) -> Result<Self, Error> {
        let mut chosen: [Option<(usize, u8)>; Role::Other as usize] = Default::default();
        for (at, (name, content)) in fields.iter().enumerate() {
            let (role, rank) = role(name);
            let Some(slot) = chosen.get_mut(role as usize) else { continue };
            if content.is_null() && !role.can_be_null() {
                continue;
            }
            match *slot {
                Some((_, best)) if best == rank => return Err(duplicate(name, content.offset())),
                Some((_, best)) if best < rank => {}
                _ => *slot = Some((at, rank)),
            }
        }
        Ok(Roles { fields, chosen })
    }

    /// Tells whether a field plays `role`.
    pub(super) fn has(&self, role: Role) -> bool {
        self.chosen[role as usize].is_some()
    }

    /// Makes the field that plays `role` one like any other.
    pub(super) fn release(&mut self, role: Role) {
        self.chosen[role as usize] = None;
    }

    /// Returns the content of the field that plays `role`, unless it is null.
    pub(super) fn get(&self, role: Role) -> Option<C> {
        let (at, _) = self.chosen[role as usize]?;
        Some(self.fields[at].1).filter(|content| !content.is_null())
    }

    /// Returns the fields that play no role. A null where nothing else plays it says nothing.
    pub(super) fn others(&self) -> impl Iterator<Item = &'f (Cow<'t, str>, C)> {
        let plays = |at| self.chosen.iter().flatten().any(|&(chosen, _)| chosen == at);
        let absent = |(name, content): &(Cow<'t, str>, C)| {
            let role = role(name).0;
            content.is_null() && !role.can_be_null() && !self.has(role)
        };
        let others = self.fields.iter().enumerate();
        let others = others.filter(move |&(at, field)| !plays(at) && !absent(field));
        others.map(|(_, field)| field)
    }
}
