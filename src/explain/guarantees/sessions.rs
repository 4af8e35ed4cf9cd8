//! PRAM, read your writes, monotonic reads and monotonic writes, where it is known which write each
//! operation saw.
//!
//! All of them look at one process at a time, and at what it *knows*: the writes that it made or
//! saw, and those that the writers of what it saw had made before. One pass over each process's
//! operations keeps that as a cursor into the writes of every other process. `docs/GUARANTEES.md`
//! has the definitions, and the proof that the pass is exact for PRAM.

use super::outcome::Outcome;
use super::versions::{LaneId, OpId, ProcessId, Versions, Write, WriteId};

/// What one pass tells.
pub(super) struct Sessions {
    pub(super) pram: Outcome,
    pub(super) read_your_writes: Outcome,
    pub(super) monotonic_reads: Outcome,
    pub(super) monotonic_writes: Outcome,
}

/// How far a process knows one lane of writes.
#[derive(Clone, Copy)]
struct Cursor {
    /// The process that it belongs to; others start anew.
    process: ProcessId,
    /// It knows the writes up to here.
    now: u32,
    /// So far it knew them before its last own write, if `changed` is the number of those.
    before: u32,
    changed: u32,
    /// The read by which it last came to know more.
    by: OpId,
    /// The writes up to here are older than one that it read.
    older: u32,
    /// The read of that one.
    older_by: OpId,
}

impl Cursor {
    fn new(process: ProcessId) -> Cursor {
        let (by, older_by) = (OpId::NONE, OpId::NONE);
        Cursor { process, now: 0, before: 0, changed: 0, by, older: 0, older_by }
    }
}

/// Which of the four guarantees hold, if the operations saw what `sources` says. O(n).
pub(super) fn sessions(versions: &Versions, sources: &[WriteId]) -> Sessions {
    let mut pass = Pass {
        versions,
        cursors: vec![Cursor::new(ProcessId::NONE); versions.lanes],
        found: Sessions {
            pram: Outcome::HOLDS,
            read_your_writes: Outcome::HOLDS,
            monotonic_reads: Outcome::HOLDS,
            monotonic_writes: Outcome::HOLDS,
        },
    };
    for process in ProcessId::below(versions.processes) {
        let mut session = Session::new(process);
        for &at in versions.own(process) {
            let op = &versions.ops[at];
            if op.is_crashed() {
                continue;
            }
            if sources[at] != WriteId::NONE {
                pass.read(&mut session, at, sources[at]);
            }
            if op.write != WriteId::NONE {
                session.own += 1;
                session.last_own = op.write;
                session.latest = (op.write, at);
            }
        }
    }
    pass.found
}

/// Where a process is.
struct Session {
    process: ProcessId,
    /// How many writes it made.
    own: u32,
    last_own: WriteId,
    /// The write that it saw last, and the operation that saw it.
    last_seen: (WriteId, OpId),
    /// How many writes it had made then.
    own_then: u32,
    /// The write that is the latest for it, and the operation that made or saw it.
    latest: (WriteId, OpId),
    /// Which guarantees it broke already.
    broke: [bool; 4],
}

impl Session {
    fn new(process: ProcessId) -> Session {
        Session {
            process,
            own: 0,
            last_own: WriteId::NONE,
            last_seen: (WriteId::NONE, OpId::NONE),
            own_then: 0,
            latest: (WriteId::INITIAL, OpId::NONE),
            broke: [false; 4],
        }
    }

    /// Whether it breaks the guarantee for the first time.
    fn breaks(&mut self, nth: usize, does: bool) -> bool {
        does && !std::mem::replace(&mut self.broke[nth], true)
    }
}

struct Pass<'a> {
    versions: &'a Versions,
    cursors: Vec<Cursor>,
    found: Sessions,
}

impl Pass<'_> {
    /// The process's cursor in a lane.
    fn cursor(&mut self, process: ProcessId, lane: LaneId) -> &mut Cursor {
        let cursor = &mut self.cursors[lane];
        if cursor.process != process {
            *cursor = Cursor::new(process);
        }
        cursor
    }

    /// The operation at `at` of `session` saw write `source`.
    fn read(&mut self, session: &mut Session, at: OpId, source: WriteId) {
        let versions = self.versions;
        let write = versions.writes[source];
        let by = |write: WriteId| {
            versions.writes.get(write.index()).map_or(OpId::NONE, |write| write.op)
        };
        let (is_initial, is_own) =
            (source == WriteId::INITIAL, write.lane == LaneId::of(session.process));
        let cursor = if is_initial {
            Cursor::new(ProcessId::NONE)
        } else {
            *self.cursor(session.process, write.lane)
        };
        let is_known =
            |now: u32, own: u32| is_initial || write.position <= if is_own { own } else { now };
        let (last, last_at) = session.last_seen;
        let found = &mut self.found;

        let is_behind = session.latest.0 != source && is_known(cursor.now, session.own);
        if session.breaks(0, is_behind || versions.is_phantom(source)) {
            let (latest, latest_at) = session.latest;
            found.pram.breaks(versions, || vec![write.op, by(latest), latest_at, cursor.by, at]);
        }
        let before_own = if cursor.changed == session.own { cursor.before } else { cursor.now };
        let lost = session.last_own != WriteId::NONE
            && session.last_own != source
            && is_known(before_own, session.own);
        if session.breaks(1, lost) {
            let own = by(session.last_own);
            found.read_your_writes.breaks(versions, || vec![write.op, own, cursor.by, at]);
        }
        let back =
            last != WriteId::NONE && last != source && is_known(cursor.now, session.own_then);
        if session.breaks(2, back) {
            let culprits = || vec![write.op, by(last), last_at, cursor.by, at];
            found.monotonic_reads.breaks(versions, culprits);
        }
        if session.breaks(3, !is_initial && write.position <= cursor.older) {
            let newer = cursor.older_by;
            found.monotonic_writes.breaks(versions, || vec![write.op, newer, at]);
        }
        session.last_seen = (source, at);
        session.own_then = session.own;
        session.latest = (source, at);
        self.learn(session, at, write);
    }

    /// The process of `session` knows `write` from the operation at `at`.
    fn learn(&mut self, session: &Session, at: OpId, write: Write) {
        let Write { lane, position, process, before, .. } = write;
        for (lane, upto) in [(lane, position), (LaneId::of(process), before)] {
            if lane == LaneId::NONE || lane == LaneId::of(session.process) {
                continue;
            }
            let cursor = self.cursor(session.process, lane);
            if cursor.now < upto {
                if cursor.changed != session.own {
                    (cursor.before, cursor.changed) = (cursor.now, session.own);
                }
                (cursor.now, cursor.by) = (upto, at);
            }
        }
        if process != ProcessId::NONE {
            let cursor = self.cursor(session.process, LaneId::of(process));
            if cursor.older < before {
                (cursor.older, cursor.older_by) = (before, at);
            }
        }
    }
}
