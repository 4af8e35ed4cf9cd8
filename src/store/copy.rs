//! One node's copy of the objects: commands are applied to it one after the other.

use rustc_hash::FxHashMap;

use super::ledger::{Ledger, NOBODY};
use super::message::{Request, Stamp};
use super::object::{Answer, Command, Kind, Object};
use super::sim::Nanos;

/// An object and its version.
#[derive(Clone, Debug)]
struct Cell {
    object: Object,
    stamp: Stamp,
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
    /// Whether it is an update that was done before, and was not done again.
    pub(super) is_repeated: bool,
}

/// A copy of all objects of a group.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    kind: Kind,
    initial: Option<i64>,
    cells: FxHashMap<u32, Cell>,
    /// The last call of each client, where calls are done once.
    sessions: Option<FxHashMap<u32, Session>>,
}

impl Copy {
    /// An empty one. If it `remembers` calls, it does none of them twice.
    pub(super) fn new(kind: Kind, initial: Option<i64>, remembers: bool) -> Copy {
        let sessions = remembers.then(FxHashMap::default);
        Copy { kind, initial, cells: FxHashMap::default(), sessions }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.cells.clear();
        if let Some(sessions) = &mut self.sessions {
            sessions.clear();
        }
    }

    /// Does what a client asks for at time `now`; an update makes version `stamp`.
    pub(super) fn apply(
        &mut self,
        request: &Request,
        (stamp, now): (Stamp, Nanos),
        ledger: &mut Ledger,
    ) -> Applied {
        if !request.command.is_read()
            && let Some(before) = self.repeated(request)
        {
            return before;
        }
        let cell = self.cell(request.key, now, ledger);
        let answer = cell.object.apply(&request.command, now);
        if !request.command.is_read() && !answer.is_refusal() {
            let found = (!request.command.overwrites()).then_some(cell.stamp);
            ledger.effect(request.operation, request.key, stamp, found);
            cell.stamp = stamp;
        }
        let applied = Applied { answer, stamp: cell.stamp, is_repeated: false };
        if let Some(sessions) = self.sessions.as_mut().filter(|_| !request.command.is_read()) {
            let session = Session { number: request.number, applied: applied.clone() };
            sessions.insert(request.client, session);
        }
        applied
    }

    /// Does with `key` what time alone does until `now`: all that a read leaves.
    pub(super) fn pass_time(&mut self, key: u32, now: Nanos, ledger: &mut Ledger) {
        self.cell(key, now, ledger);
    }

    /// An object, as it is at time `now`.
    fn cell(&mut self, key: u32, now: Nanos, ledger: &mut Ledger) -> &mut Cell {
        let (kind, initial) = (self.kind, self.initial);
        let new = || Cell { object: Object::new(kind, initial), stamp: Stamp::NONE };
        let cell = self.cells.entry(key).or_insert_with(new);
        if cell.object.pass_time(now) {
            let by_itself = Stamp { by: cell.stamp.by + 1, ..cell.stamp };
            ledger.effect(NOBODY, key, by_itself, Some(cell.stamp));
            cell.stamp = by_itself;
        }
        cell
    }

    /// What came of an update that was done before.
    pub(super) fn repeated(&self, request: &Request) -> Option<Applied> {
        let session = self.sessions.as_ref()?.get(&request.client)?;
        let is_old = session.number >= request.number;
        is_old.then(|| Applied { is_repeated: true, ..session.applied.clone() })
    }

    /// What a read of `key` would answer, and the version of it.
    pub(super) fn peek(&self, key: u32) -> (Answer, Stamp) {
        match self.cells.get(&key) {
            Some(cell) => (cell.object.clone().apply(&Command::Read, 0), cell.stamp),
            None => {
                let mut new = Object::new(self.kind, self.initial);
                (new.apply(&Command::Read, 0), Stamp::NONE)
            }
        }
    }
}
