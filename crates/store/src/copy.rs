//! One node's copy of the objects: commands are applied to it one after the other.

use histcheck_history::hash::Map;

use super::call::Request;
use super::keys;
use super::ledger::{Ledger, NOBODY};
use super::object::{Answer, Command, Expected, Kind, Object};
use super::origin::Stamp;
use super::sim::Nanos;

/// An object and its version.
#[derive(Clone, Debug)]
struct Cell {
    object: Object,
    stamp: Stamp,
    /// The greatest fencing token that it has met (Burrows 2006 calls them sequencers).
    token: i64,
}

impl Cell {
    /// Does what `command` says; refuses it if it is kept out by a token, or if the version is not
    /// the one that it was meant for.
    fn apply(&mut self, command: &Command, now: Nanos) -> Answer {
        match command {
            Command::Fence { token } | Command::Fenced { token, .. } if *token < self.token => {
                Answer::Flag(false)
            }
            Command::Fence { token } => {
                self.token = *token;
                Answer::Flag(true)
            }
            Command::Fenced { token, then } => {
                self.token = *token;
                self.object.apply(then, now)
            }
            Command::IfVersion { version, .. } if *version != self.stamp => Answer::Flag(false),
            Command::IfVersion { then, .. } => self.object.apply(then, now),
            _ => self.object.apply(command, now),
        }
    }

    fn is_as(&self, expected: Expected) -> bool {
        match expected {
            Expected::Version(stamp) => self.stamp == stamp,
            Expected::Value(value) => self.object.value() == value,
        }
    }
}

/// The answer to the last call of a client.
#[derive(Clone, Debug)]
struct Session {
    number: u32,
    applied: Applied,
}

/// What came of a command.
#[derive(Clone, Debug)]
pub(super) struct Applied {
    pub(super) answer: Answer,
    /// The version that it left.
    pub(super) stamp: Stamp,
}

/// What `key` holds before anything was done to it: guards are locks, all others are as they were
/// made to be.
fn new_object(key: u32, kind: Kind, initial: Option<i64>) -> Object {
    if keys::is_guard(key) { Object::new(Kind::Lock, None) } else { Object::new(kind, initial) }
}

/// A copy of all objects of a group.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    kind: Kind,
    initial: Option<i64>,
    cells: Map<u32, Cell>,
    /// The last call of each client, where calls are done once.
    sessions: Option<Map<u32, Session>>,
}

impl Copy {
    /// An empty one. If it `remembers` calls, it does none of them twice.
    pub(super) fn new(kind: Kind, initial: Option<i64>, remembers: bool) -> Copy {
        let sessions = remembers.then(Map::default);
        Copy { kind, initial, cells: Map::default(), sessions }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.cells.clear();
        if let Some(sessions) = &mut self.sessions {
            sessions.clear();
        }
    }

    fn cell(&mut self, key: u32) -> &mut Cell {
        let (kind, initial) = (self.kind, self.initial);
        self.cells.entry(key).or_insert_with(|| {
            let object = new_object(key, kind, initial);
            Cell { object, stamp: Stamp::NONE, token: i64::MIN }
        })
    }

    /// Does what a client asks for at time `now`; an update makes version `stamp`.
    pub(super) fn apply(
        &mut self,
        request: &Request,
        stamp: Stamp,
        now: Nanos,
        ledger: &mut Ledger,
    ) -> Applied {
        let is_read = request.command.is_read();
        if !is_read && let Some(before) = self.repeated(request) {
            return before;
        }
        let (answer, stamp) = match &request.command {
            Command::ReadMany(keys) => (self.read_many(keys), Stamp::NONE),
            Command::Commit { .. } => self.commit(request, stamp, ledger),
            _ => self.apply_to_one(request, stamp, now, ledger),
        };
        let applied = Applied { answer, stamp };
        if let Some(sessions) = self.sessions.as_mut().filter(|_| !is_read) {
            let session = Session { number: request.number, applied: applied.clone() };
            sessions.insert(request.client, session);
        }
        applied
    }

    /// Does with `key` what time alone does until `now`: all that a read leaves.
    pub(super) fn pass_time(&mut self, key: u32, now: Nanos, ledger: &mut Ledger) {
        let cell = self.cell(key);
        let owner = cell.object.owner();
        if cell.object.pass_time(now) {
            let by_itself = Stamp { by: cell.stamp.by + 1, ..cell.stamp };
            ledger.effect(NOBODY, key, by_itself, Some(cell.stamp));
            if let Some(owner) = owner {
                ledger.lapsed(key, owner, by_itself);
            }
            cell.stamp = by_itself;
        }
    }

    /// Does a command that concerns one object.
    fn apply_to_one(
        &mut self,
        request: &Request,
        stamp: Stamp,
        now: Nanos,
        ledger: &mut Ledger,
    ) -> (Answer, Stamp) {
        let Request { operation, key, ref command, .. } = *request;
        self.pass_time(key, now, ledger);
        let cell = self.cell(key);
        let answer = cell.apply(command, now);
        if !command.is_read() && !answer.is_refusal() {
            let found = (!command.overwrites()).then_some(cell.stamp);
            ledger.effect(operation, key, stamp, found);
            cell.stamp = stamp;
        }
        (answer, cell.stamp)
    }

    /// The values and versions of several registers.
    fn read_many(&self, keys: &[u32]) -> Answer {
        let seen = |&key: &u32| self.register(key);
        Answer::Cells(keys.iter().map(seen).collect())
    }

    /// The value and the version of a register.
    pub(super) fn register(&self, key: u32) -> (Option<i64>, Stamp) {
        match self.cells.get(&key) {
            Some(cell) => (cell.object.value(), cell.stamp),
            None => (new_object(key, self.kind, self.initial).value(), Stamp::NONE),
        }
    }

    /// Writes several registers, if all is as expected.
    fn commit(&mut self, request: &Request, stamp: Stamp, ledger: &mut Ledger) -> (Answer, Stamp) {
        let Command::Commit { checks, writes } = &request.command else {
            return (Answer::Flag(false), Stamp::NONE);
        };
        if !checks.iter().all(|&(key, expected)| self.cell(key).is_as(expected)) {
            return (Answer::Flag(false), Stamp::NONE);
        }
        for &(key, value) in writes.iter() {
            let is_checked = checks.iter().any(|check| check.0 == key);
            let cell = self.cell(key);
            ledger.effect(request.operation, key, stamp, is_checked.then_some(cell.stamp));
            cell.object.apply(&Command::Write(value), 0);
            cell.stamp = stamp;
        }
        (Answer::Flag(true), if writes.is_empty() { Stamp::NONE } else { stamp })
    }

    /// What came of an update that was done before.
    pub(super) fn repeated(&self, request: &Request) -> Option<Applied> {
        let session = self.sessions.as_ref()?.get(&request.client)?;
        let is_old = session.number >= request.number;
        is_old.then(|| session.applied.clone())
    }

    /// What the command `read` would answer now, and the version of that if it is of one key.
    pub(super) fn peek(&self, key: u32, read: &Command) -> (Answer, Stamp) {
        if let Command::ReadMany(keys) = read {
            return (self.read_many(keys), Stamp::NONE);
        }
        match self.cells.get(&key) {
            Some(cell) => (cell.object.clone().apply(read, 0), cell.stamp),
            None => {
                let mut new = new_object(key, self.kind, self.initial);
                (new.apply(read, 0), Stamp::NONE)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Command::{Commit, Fence, Fenced, IfVersion, Read, ReadMany, Write};

    struct Lab {
        copy: Copy,
        ledger: Ledger,
        number: u32,
    }

    impl Lab {
        fn new() -> Lab {
            let copy = Copy::new(Kind::Register, Some(0), true);
            Lab { copy, ledger: Ledger::new(false), number: 0 }
        }

        fn call(&mut self, command: Command) -> Answer {
            self.number += 1;
            let number = self.number;
            let (client, operation, key, clock, entry) = (0, 0, 1, 0, 0);
            let request = Request { client, number, operation, key, command, clock, entry };
            let stamp = Stamp { time: i64::from(number), by: 0 };
            self.copy.apply(&request, stamp, 0, &mut self.ledger).answer
        }
    }

    #[test]
    fn a_token_keeps_older_ones_out() {
        let mut lab = Lab::new();
        let write = |value, token| Fenced { token, then: Write(value).into() };
        assert_eq!(lab.call(Fence { token: 5 }), Answer::Flag(true));
        assert_eq!(lab.call(write(3, 4)), Answer::Flag(false));
        assert_eq!(lab.call(Fence { token: 4 }), Answer::Flag(false));
        assert_eq!(lab.call(write(2, 5)), Answer::Done);
        assert_eq!(lab.call(Read), Answer::Value(Some(2)));
    }

    #[test]
    fn a_version_is_not_a_value() {
        let mut lab = Lab::new();
        lab.call(Write(7));
        let old = lab.copy.register(1).1;
        lab.call(Write(8));
        lab.call(Write(7));
        let commit = |expected| Commit { checks: [(1, expected)].into(), writes: [(2, 1)].into() };
        let if_old = IfVersion { version: old, then: Write(9).into() };
        assert_eq!(lab.call(if_old), Answer::Flag(false));
        assert_eq!(lab.call(commit(Expected::Version(old))), Answer::Flag(false));
        assert_eq!(lab.copy.register(2), (Some(0), Stamp::NONE));
        assert_eq!(lab.call(commit(Expected::Value(Some(7)))), Answer::Flag(true));
        let Answer::Cells(cells) = lab.call(ReadMany([1, 2, 3].into())) else { panic!() };
        let values: Vec<_> = cells.iter().map(|cell| cell.0).collect();
        assert_eq!(values, [Some(7), Some(1), Some(0)]);
        assert_ne!(cells[0].1, cells[1].1);
    }
}
