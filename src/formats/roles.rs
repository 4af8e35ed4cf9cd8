//! Which field of a record plays which role. Programs call the same thing by many names: `process`,
//! `clientId` and `WORKER` are all one.

use std::borrow::Cow;
use std::cell::RefCell;

use super::content::{Content, duplicate};
use crate::error::{Code, Error};
use crate::history::{EventType, ValueTable};
use crate::vocabulary::plain;

/// What a field of a record is for.
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
    /// The time of an event.
    Time,
    /// How long the operation took.
    Duration,
    /// What it returned, or when.
    Reply,
    /// Which end of the operation an event is; or its name, or how it ended.
    Phase,
    /// What went wrong.
    Error,
    /// Whether it went right.
    Success,
    Other,
}

impl Role {
    /// All but the last.
    const ALL: [Role; Role::Other as usize] = [
        Role::Process,
        Role::Function,
        Role::Value,
        Role::Input,
        Role::Output,
        Role::Key,
        Role::Call,
        Role::Return,
        Role::Outcome,
        Role::Time,
        Role::Duration,
        Role::Reply,
        Role::Phase,
        Role::Error,
        Role::Success,
    ];

    /// Tells whether whole operations do without it usually.
    pub(super) fn is_rare(self) -> bool {
        use Role::{Duration, Error, Phase, Reply, Success, Time};
        matches!(self, Duration | Error | Phase | Reply | Success | Time)
    }

    /// Returns its own name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Role::Process => "process",
            Role::Function => "f",
            Role::Value => "value",
            Role::Input => "input",
            Role::Output => "output",
            Role::Key => "key",
            Role::Call => "call",
            Role::Return => "return",
            Role::Outcome => "outcome",
            Role::Time => "time",
            Role::Duration => "duration",
            Role::Reply | Role::Phase | Role::Other => "",
            Role::Error => "error",
            Role::Success => "success",
        }
    }

    /// Tells whether null plays this role; elsewhere it says that there is nothing to play it.
    fn can_be_null(self) -> bool {
        !matches!(
            self,
            Role::Process | Role::Function | Role::Key | Role::Call | Role::Return | Role::Outcome
        )
    }
}

/// Names of at most so many bytes are known, without dashes and underscores.
const LONGEST: usize = 24;

/// A name with its role, as it was found out last.
#[derive(Clone, Copy)]
struct Known {
    name: [u8; LONGEST],
    len: u8,
    role: (Role, u8),
}

/// So many names are kept.
const SLOTS: usize = 256;

thread_local! {
    /// Every record asks for the same names, again and again.
    static KNOWN: RefCell<[Known; SLOTS]> = const {
        RefCell::new([Known { name: [0; LONGEST], len: 0, role: (Role::Other, 0) }; SLOTS])
    };
}

/// Returns the role of the field `name`, and its rank among the names for that role: the lowest
/// counts. Case, dashes, underscores and brackets make no difference.
pub(crate) fn role(name: &str) -> (Role, u8) {
    let bytes = name.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return (Role::Other, 0) };
    if bytes.len() > LONGEST {
        return found_role(name);
    }
    let middle = usize::from(bytes[bytes.len() / 2]) * 11;
    let slot = usize::from(*first) * 7 + usize::from(*last) * 3 + middle + bytes.len() * 5;
    KNOWN.with_borrow_mut(|known| {
        let known = &mut known[slot % SLOTS];
        if known.name.get(..usize::from(known.len)) != Some(bytes) {
            known.name[..bytes.len()].copy_from_slice(bytes);
            (known.len, known.role) = (bytes.len() as u8, found_role(name));
        }
        known.role
    })
}

fn found_role(name: &str) -> (Role, u8) {
    let mut buffer = [0; LONGEST];
    let mut len = 0;
    for byte in name.bytes().filter(|&byte| !is_joint(byte)) {
        let Some(slot) = buffer.get_mut(len) else { return (Role::Other, 0) };
        *slot = byte.to_ascii_lowercase();
        len += 1;
    }
    let name = &buffer[..len];
    match whole_name(name) {
        (Role::Other, _) => time_name(name),
        role => role,
    }
}

/// Whether a byte of a name only joins its words, or stands around its unit: `Start (ms)`.
const fn is_joint(byte: u8) -> bool {
    matches!(byte, b'_' | b'-' | b' ' | b'@' | b'(' | b')' | b'[' | b']')
}

/// The role of a name that says it all.
fn whole_name(name: &[u8]) -> (Role, u8) {
    match who_does_what(name) {
        (Role::Other, _) => what_comes_of_it(name),
        role => role,
    }
}

fn who_does_what(name: &[u8]) -> (Role, u8) {
    match name {
        b"process" => (Role::Process, 0),
        b"clientid" => (Role::Process, 1),
        b"client" => (Role::Process, 2),
        b"thread" => (Role::Process, 3),
        b"threadid" => (Role::Process, 4),
        b"worker" => (Role::Process, 5),
        b"workerid" => (Role::Process, 6),
        b"processid" => (Role::Process, 7),
        b"proc" => (Role::Process, 8),
        b"pid" => (Role::Process, 9),
        b"clientname" => (Role::Process, 10),
        b"session" => (Role::Process, 11),
        b"sessionid" => (Role::Process, 12),
        b"goroutine" => (Role::Process, 13),
        b"actor" => (Role::Process, 14),
        b"cid" => (Role::Process, 15),
        b"tid" => (Role::Process, 16),
        b"goroutineid" => (Role::Process, 17),
        b"threadname" => (Role::Process, 18),
        b"f" => (Role::Function, 0),
        b"op" => (Role::Function, 1),
        b"operation" => (Role::Function, 2),
        b"function" => (Role::Function, 3),
        b"func" => (Role::Function, 4),
        b"method" => (Role::Function, 5),
        b"opname" | b"operationname" => (Role::Function, 6),
        b"optype" | b"operationtype" | b"opkind" => (Role::Function, 7),
        b"command" => (Role::Function, 8),
        b"cmd" => (Role::Function, 9),
        b"action" => (Role::Function, 10),
        b"verb" => (Role::Function, 11),
        b"name" => (Role::Function, 12),
        b"key" => (Role::Key, 0),
        b"k" => (Role::Key, 1),
        // As `time_name` ranks them, found sooner.
        b"call" => (Role::Call, 0),
        b"start" => (Role::Call, 2),
        b"return" => (Role::Return, 0),
        b"end" => (Role::Return, 2),
        b"time" => (Role::Time, 3),
        _ => (Role::Other, 0),
    }
}

fn what_comes_of_it(name: &[u8]) -> (Role, u8) {
    match name {
        b"value" => (Role::Value, 0),
        b"val" => (Role::Value, 1),
        b"input" => (Role::Input, 0),
        b"args" => (Role::Input, 1),
        b"arg" => (Role::Input, 2),
        b"arguments" => (Role::Input, 3),
        b"argument" => (Role::Input, 4),
        b"params" => (Role::Input, 5),
        b"param" => (Role::Input, 6),
        b"parameters" => (Role::Input, 7),
        b"parameter" => (Role::Input, 8),
        b"request" => (Role::Input, 9),
        b"req" => (Role::Input, 10),
        b"in" => (Role::Input, 11),
        b"output" => (Role::Output, 0),
        b"result" => (Role::Output, 1),
        b"results" => (Role::Output, 2),
        b"returnvalue" | b"returnedvalue" => (Role::Output, 3),
        b"retval" => (Role::Output, 4),
        b"reply" => (Role::Output, 5),
        b"answer" => (Role::Output, 6),
        b"out" => (Role::Output, 7),
        b"res" => (Role::Output, 8),
        b"response" => (Role::Reply, 0),
        b"resp" => (Role::Reply, 1),
        b"ret" => (Role::Reply, 2),
        b"returned" => (Role::Reply, 3),
        b"type" => (Role::Outcome, 0),
        b"outcome" => (Role::Outcome, 1),
        b"status" => (Role::Outcome, 2),
        b"event" => (Role::Phase, 0),
        b"eventtype" => (Role::Phase, 1),
        b"phase" => (Role::Phase, 2),
        b"kind" => (Role::Phase, 3),
        b"error" => (Role::Error, 0),
        b"err" => (Role::Error, 1),
        b"exception" => (Role::Error, 2),
        b"failed" => (Role::Error, 3),
        b"iserror" => (Role::Error, 4),
        b"timedout" => (Role::Error, 5),
        b"aborted" => (Role::Error, 6),
        b"cancelled" | b"canceled" => (Role::Error, 7),
        b"rejected" => (Role::Error, 8),
        b"ok" => (Role::Success, 0),
        b"success" => (Role::Success, 1),
        b"succeeded" => (Role::Success, 2),
        b"isok" => (Role::Success, 3),
        b"acked" | b"acknowledged" => (Role::Success, 4),
        b"committed" => (Role::Success, 5),
        b"applied" => (Role::Success, 6),
        b"acquired" => (Role::Success, 7),
        _ => (Role::Other, 0),
    }
}

/// The role of a name for a time, which may say so, and its unit.
fn time_name(name: &[u8]) -> (Role, u8) {
    let (name, _) = without_unit(name);
    let moment: &[&[u8]] = &[b"timestamp", b"time", b"ts", b"at"];
    let (mut stem, mut says_so) = (name, 0);
    if let Some(shorter) = moment.iter().find_map(|end| name.strip_suffix(*end)) {
        (stem, says_so) = (shorter, 1);
    } else if let Some(shorter) = moment[..3].iter().find_map(|start| name.strip_prefix(*start)) {
        (stem, says_so) = (shorter, 1);
    }
    let (role, rank) = match stem {
        _ if matches!(name, b"tstart" | b"tcall" | b"tinvoke" | b"tbegin" | b"t0") => {
            (Role::Call, 5)
        }
        _ if matches!(name, b"tend" | b"treturn" | b"tcomplete" | b"tfinish" | b"t1") => {
            (Role::Return, 6)
        }
        b"call" | b"called" => (Role::Call, 0),
        b"start" | b"started" => (Role::Call, 1),
        b"invoke" | b"invoked" | b"invocation" => (Role::Call, 2),
        b"begin" | b"began" => (Role::Call, 3),
        b"requested" | b"sent" if says_so > 0 => (Role::Call, 4),
        b"return" => (Role::Return, 0),
        b"end" | b"ended" => (Role::Return, 1),
        b"complete" | b"completed" | b"completion" => (Role::Return, 2),
        b"finish" | b"finished" => (Role::Return, 3),
        b"stop" | b"stopped" => (Role::Return, 4),
        b"returned" | b"ret" | b"response" | b"responded" | b"received" if says_so > 0 => {
            (Role::Return, 5)
        }
        b"duration" | b"elapsed" | b"latency" | b"took" | b"dur" | b"taken" => (Role::Duration, 0),
        b"" if !name.is_empty() => (Role::Time, 1),
        b"t" | b"when" | b"date" | b"datetime" | b"clock" if says_so == 0 => (Role::Time, 2),
        _ => return (Role::Other, 0),
    };
    (role, 2 * rank + says_so)
}

/// How many nanoseconds the unit is that the field `name` tells, if it does.
pub(super) fn unit_of(name: &str) -> Option<i64> {
    if !name.trim_end_matches([')', ']']).ends_with(UNIT_ENDS) {
        return None;
    }
    let lower: Vec<u8> =
        name.bytes().filter(|&b| !is_joint(b)).map(|b| b.to_ascii_lowercase()).collect();
    without_unit(&lower).1
}

/// So do the names of all units end.
const UNIT_ENDS: [char; 6] = ['s', 'c', 'o', 'S', 'C', 'O'];

/// A name in lower case without the unit that it ends in, and how many nanoseconds that is.
fn without_unit(name: &[u8]) -> (&[u8], Option<i64>) {
    const UNITS: &[(&[u8], i64)] = &[
        (b"nanoseconds", 1),
        (b"microseconds", 1_000),
        (b"milliseconds", 1_000_000),
        (b"unixnano", 1),
        (b"nanos", 1),
        (b"micros", 1_000),
        (b"millis", 1_000_000),
        (b"seconds", 1_000_000_000),
        (b"secs", 1_000_000_000),
        (b"sec", 1_000_000_000),
        (b"ns", 1),
        (b"us", 1_000),
        (b"ms", 1_000_000),
    ];
    if !name.last().is_some_and(|last| UNIT_ENDS.contains(&char::from(*last))) {
        return (name, None);
    }
    for (unit, nanoseconds) in UNITS {
        if let Some(stem) = name.strip_suffix(*unit).filter(|stem| !stem.is_empty()) {
            return (stem, Some(*nanoseconds));
        }
    }
    (name, None)
}

/// Whether the field `name` is known to take no part in what operations do: a time, who did it and
/// where, or a number of the record.
pub(crate) fn is_of_no_consequence(name: &str) -> bool {
    let known = !matches!(
        role(name).0,
        Role::Value | Role::Input | Role::Output | Role::Reply | Role::Key | Role::Other
    );
    known
        || matches!(
            &*plain(name),
            "node"
                | "host"
                | "hostname"
                | "server"
                | "replica"
                | "leader"
                | "addr"
                | "address"
                | "endpoint"
                | "source"
                | "src"
                | "dst"
                | "index"
                | "id"
                | "opid"
                | "uuid"
                | "seq"
                | "sequence"
                | "line"
                | "lineno"
                | "msg"
                | "message"
                | "comment"
                | "note"
                | "trace"
                | "traceid"
                | "span"
                | "spanid"
                | "status.code"
                | "status.message"
                | "requestid"
                | "reqid"
                | "attempt"
                | "attempts"
                | "retry"
                | "retries"
                | "level"
                | "logger"
                | "caller"
                | "test"
                | "unnamed"
                | "target"
                | "spans"
                | "severity"
                | "log.level"
                | "lvl"
                | "run"
                | "tag"
                | "tags"
                | "debug"
                | "debugmessage"
                | "link"
                | "nemesis"
                | "user"
                | "schemaversion"
                | "version"
                | "revision"
                | "final?"
        )
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

    /// Tells whether a field says what plays `wanted`, or that there is nothing.
    pub(super) fn is_told(&self, wanted: Role) -> bool {
        let plays = self.chosen[wanted as usize].map(|(at, _)| at);
        let mut fields = self.fields.iter().enumerate();
        fields.any(|(at, (name, content))| {
            (plays == Some(at) || role(name).0 == wanted) && !content.is_blank()
        })
    }

    /// Makes the field that plays `role` one like any other.
    pub(super) fn release(&mut self, role: Role) {
        self.chosen[role as usize] = None;
    }

    /// Returns the content of the field that plays `role`, unless it is null.
    pub(super) fn get(&self, role: Role) -> Option<C> {
        self.named(role).map(|(_, content)| content)
    }

    /// Returns the field that plays `role`, unless it is null.
    pub(super) fn named(&self, role: Role) -> Option<(&'f str, C)> {
        let (at, _) = self.chosen[role as usize]?;
        let (name, content) = &self.fields[at];
        Some((&**name, *content)).filter(|(_, content)| !content.is_null())
    }

    /// Returns whether the field that plays `role` has not the first of the names for it.
    pub(super) fn is_by_another_name(&self, role: Role) -> bool {
        self.chosen[role as usize].is_some_and(|(_, rank)| rank > 0)
    }

    /// Leaves only these roles played, and makes all other fields ones like any other.
    pub(super) fn release_all_but(&mut self, kept: &[Role]) {
        Role::ALL.into_iter().filter(|role| !kept.contains(role)).for_each(|r| self.release(r));
    }

    /// Settles what the fields of a whole operation stand for whose names leave that open.
    pub(super) fn settle(&mut self, values: &mut ValueTable) -> Result<(), Error> {
        if let Some((_, content)) = self.named(Role::Outcome)
            && !self.has(Role::Function)
            && content.word("type", values).is_ok_and(|word| EventType::meant(&word).is_none())
        {
            // `type` is what it does, and not how it ended.
            self.turn(Role::Outcome, Role::Function);
        }
        if !self.has(Role::Function) && self.has(Role::Phase) {
            self.turn(Role::Phase, Role::Function);
        }
        if let Some((name, content)) = self.named(Role::Reply) {
            let can_be_time = || content.time(name, values).is_ok();
            match (self.has(Role::Output), self.has(Role::Return) || self.has(Role::Duration)) {
                (false, true) => self.turn(Role::Reply, Role::Output),
                (true, false) if can_be_time() => self.turn(Role::Reply, Role::Return),
                (false, false) if can_be_time() => return Err(either(name, &content)),
                (false, false) => self.turn(Role::Reply, Role::Output),
                (true, _) => {}
            }
        }
        // What a program calls its arguments and results is not always what an operation takes.
        if self.get(Role::Value).is_some() {
            // But beside a result, `value` is what the operation takes.
            let has_result = self.get(Role::Output).is_some_and(|content| !content.is_null());
            for role in [Role::Input, Role::Output] {
                let is_result = role == Role::Output && has_result;
                if self.is_by_another_name(role) && !is_result {
                    self.release(role);
                }
            }
        }
        for role in [Role::Time, Role::Reply, Role::Phase] {
            self.release(role);
        }
        if self.get(Role::Return).is_some() && self.get(Role::Call).is_some() {
            self.release(Role::Duration);
        }
        Ok(())
    }

    /// Tells whether a logger wrote the record, which tells the level of what is logged.
    pub(super) fn is_logged(&self) -> bool {
        let mut names = self.fields.iter().map(|(name, _)| plain(name));
        names.any(|name| {
            name.ends_with("level") || matches!(&*name, "severity" | "levelname" | "lvl")
        })
    }

    /// Makes the field that plays `from` play `to`.
    pub(super) fn turn(&mut self, from: Role, to: Role) {
        self.chosen[to as usize] = self.chosen[from as usize].take();
    }

    /// Returns the names of the fields that play a role, and which.
    pub(super) fn taken(&self) -> impl Iterator<Item = (Role, &'f str)> {
        let chosen = Role::ALL.iter().zip(&self.chosen);
        chosen.filter_map(|(&role, slot)| Some((role, &*self.fields[(*slot)?.0].0)))
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

/// The error about a field that may be the time of a return, or what was returned.
fn either<'t>(name: &str, content: &impl Content<'t>) -> Error {
    Error::new(Code::BadField, format!("`{name}` may be what was returned, or when"))
        .hint("call it `output` or `return`")
        .at(content.place())
}
