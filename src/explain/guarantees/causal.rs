//! Causal consistency, and writes follow reads, where it is known which write each operation saw.
//!
//! A write comes after what its process wrote and saw before it, and so on: that is the causal
//! order. Vector clocks tell it, one entry for each lane of writes. A process's clock says what it
//! knows, as in [`sessions`](super::sessions::sessions), only that with a write it comes to know
//! the whole causal past of that write. `docs/GUARANTEES.md` proves that one pass decides causal
//! memory (Ahamad, Neiger, Burns, Kohli and Hutto 1995).

use super::outcome::Outcome;
use super::versions::{LaneId, OpId, ProcessId, Versions, WriteId};
use crate::check::Meter;
use crate::history::position;

/// The pass works on so many clock entries at most, in all.
const WORK: u64 = 1 << 29;

/// Clocks may take so many entries at once.
const ENTRIES: usize = 1 << 25;

/// The meter is polled after so many clock entries.
const POLL: u64 = 1 << 22;

/// Entries of clocks are looked at one after the other, so that so many cost what an operation
/// does.
const ENTRIES_PER_OPERATION: u64 = 64;

/// What one pass tells.
pub(super) struct Causality {
    pub(super) causal: Outcome,
    pub(super) writes_follow_reads: Outcome,
}

/// Whether the two guarantees hold, if the operations saw what `sources` says; `None` if the budget
/// ended first. O(n·p) for p processes.
pub(super) fn causality(
    versions: &Versions,
    sources: &[WriteId],
    meter: &Meter,
) -> Option<Causality> {
    let mut pass = Pass::new(versions, sources, meter);
    for at in OpId::below(versions.ops.len()) {
        pass.advance(versions.ops[at].process, at)?;
    }
    pass.find_cycle();
    Some(pass.found)
}

/// A process in the pass.
#[derive(Clone, Copy)]
struct Session {
    /// How many of its operations are done.
    done: u32,
    /// How many writes it made.
    own: u32,
    /// The write that is the latest for it, and the operation that made or saw it.
    latest: (WriteId, OpId),
    /// The clock of all that its reads tell.
    seen: ClockId,
    /// The clock of what is older than something that it saw, through some other process's read.
    older: ClockId,
    /// The next process that waits for the same write.
    next_waiting: ProcessId,
    is_waiting: bool,
    breaks_causal: bool,
    breaks_following: bool,
}

struct Pass<'a> {
    versions: &'a Versions,
    sources: &'a [WriteId],
    meter: &'a Meter,
    clocks: Clocks,
    sessions: Vec<Session>,
    /// Of each write: whether its turn came; how many reads are still to see it; its clock, as long
    /// as there are some; the first process that waits for it.
    is_done: Vec<bool>,
    readers: Vec<u32>,
    clock: Vec<ClockId>,
    waiting: Vec<ProcessId>,
    work: u64,
    polled: u64,
    found: Causality,
}

impl<'a> Pass<'a> {
    fn new(versions: &'a Versions, sources: &'a [WriteId], meter: &'a Meter) -> Pass<'a> {
        let writes = versions.writes.len();
        let mut readers = vec![0; writes];
        let mut found = Causality { causal: Outcome::HOLDS, writes_follow_reads: Outcome::HOLDS };
        for (at, (op, &source)) in OpId::below(sources.len()).zip(versions.ops.iter().zip(sources))
        {
            if source == WriteId::NONE || op.is_crashed() {
                continue;
            }
            readers[source] += 1;
            if versions.is_phantom(source) && found.causal.holds {
                found.causal = Outcome::broken(versions, &[at]);
            }
        }
        let session = Session {
            done: 0,
            own: 0,
            latest: (WriteId::INITIAL, OpId::NONE),
            seen: ClockId::NONE,
            older: ClockId::NONE,
            next_waiting: ProcessId::NONE,
            is_waiting: false,
            breaks_causal: false,
            breaks_following: false,
        };
        Pass {
            versions,
            sources,
            meter,
            clocks: Clocks { lanes: versions.lanes, entries: Vec::new(), free: Vec::new() },
            sessions: vec![session; versions.processes],
            is_done: versions.writes.iter().map(|write| write.op == OpId::NONE).collect(),
            readers,
            clock: vec![ClockId::NONE; writes],
            waiting: vec![ProcessId::NONE; writes],
            work: 0,
            polled: 0,
            found,
        }
    }

    /// Takes the operations of `process` up to the one at `upto`, unless it waits for a write; then
    /// those of the processes that waited for its writes.
    fn advance(&mut self, process: ProcessId, upto: OpId) -> Option<()> {
        let versions = self.versions;
        let mut running = vec![process];
        while let Some(process) = running.pop() {
            let own = versions.own(process);
            loop {
                let done = self.sessions[process].done as usize;
                let Some(&at) = own.get(done).filter(|&&at| at <= upto) else { break };
                let op = &versions.ops[at];
                let source = if op.is_crashed() { WriteId::NONE } else { self.sources[at] };
                if source != WriteId::NONE {
                    if !self.is_done[source] {
                        self.wait(process, source);
                        break;
                    }
                    self.read(process, at, source)?;
                }
                self.sessions[process].done += 1;
                if op.write != WriteId::NONE {
                    self.write(process, at, &mut running)?;
                }
            }
            if self.sessions[process].done as usize == own.len() {
                let Session { seen, older, .. } = self.sessions[process];
                self.clocks.release(seen);
                self.clocks.release(older);
                self.sessions[process].seen = ClockId::NONE;
                self.sessions[process].older = ClockId::NONE;
            }
        }
        Some(())
    }

    /// `process` waits for write `source`, if it does not already.
    fn wait(&mut self, process: ProcessId, source: WriteId) {
        let session = &mut self.sessions[process];
        if !std::mem::replace(&mut session.is_waiting, true) {
            session.next_waiting = self.waiting[source];
            self.waiting[source] = process;
        }
    }

    fn read(&mut self, process: ProcessId, at: OpId, source: WriteId) -> Option<()> {
        let versions = self.versions;
        let write = versions.writes[source];
        let mut session = self.sessions[process];
        let is_initial = source == WriteId::INITIAL;
        let is_own = write.lane == LaneId::of(process);
        let knows = |clock: ClockId| self.clocks.get(clock, write.lane) >= write.position;
        let is_seen = !is_initial && knows(session.seen);
        let is_known = is_initial || if is_own { write.position <= session.own } else { is_seen };
        if session.latest.0 != source && is_known && !session.breaks_causal {
            session.breaks_causal = true;
            let (latest, latest_at) = session.latest;
            let by = versions.writes[latest].op;
            self.found.causal.breaks(versions, || vec![write.op, by, latest_at, at]);
        }
        if !is_initial && knows(session.older) && !session.breaks_following {
            session.breaks_following = true;
            let is_first = self.found.writes_follow_reads.holds;
            let culprits = if is_first { self.link(at, source) } else { Vec::new() };
            self.found.writes_follow_reads.breaks(versions, || culprits);
        }
        session.latest = (source, at);
        let clock = self.clock[source];
        // What the process learns by its last operation matters to nobody, unless it writes.
        let own = versions.own(process);
        let is_last = session.done as usize + 1 == own.len();
        if !is_initial && (!is_last || versions.ops[at].write != WriteId::NONE) {
            if clock != ClockId::NONE && self.clocks.get(session.older, write.lane) < write.position
            {
                self.clocks.raise(&mut session.older, clock)?;
                self.spend()?;
            }
            if !is_seen {
                if clock != ClockId::NONE {
                    self.clocks.raise(&mut session.seen, clock)?;
                }
                self.spend()?;
                for (lane, upto) in
                    [(write.lane, write.position), (LaneId::of(write.process), write.before)]
                {
                    if lane != LaneId::NONE {
                        self.clocks.set(&mut session.seen, lane, upto)?;
                    }
                }
            }
        }
        self.sessions[process] = session;
        self.readers[source] -= 1;
        if self.readers[source] == 0 {
            self.clocks.release(clock);
            self.clock[source] = ClockId::NONE;
        }
        Some(())
    }

    /// The operation at `at`, a write, is done; lets those run that waited for it.
    fn write(&mut self, process: ProcessId, at: OpId, running: &mut Vec<ProcessId>) -> Option<()> {
        let op = &self.versions.ops[at];
        let write = op.write;
        let session = &mut self.sessions[process];
        if !op.is_crashed() {
            session.own += 1;
            session.latest = (op.write, at);
        }
        if self.readers[write] > 0 && session.seen != ClockId::NONE {
            let mut clock = ClockId::NONE;
            self.clocks.raise(&mut clock, session.seen)?;
            self.clock[write] = clock;
            self.spend()?;
        }
        self.is_done[write] = true;
        let mut waiting = std::mem::replace(&mut self.waiting[write], ProcessId::NONE);
        while waiting != ProcessId::NONE {
            running.push(waiting);
            self.sessions[waiting].is_waiting = false;
            waiting = std::mem::replace(&mut self.sessions[waiting].next_waiting, ProcessId::NONE);
        }
        Some(())
    }

    /// Accounts for the work on one clock.
    fn spend(&mut self) -> Option<()> {
        self.work += self.versions.lanes as u64;
        if self.work > self.polled + POLL {
            self.meter.work(((self.work - self.polled) / ENTRIES_PER_OPERATION) as usize);
            self.polled = self.work;
            self.meter.poll().ok()?;
        }
        (self.work <= WORK).then_some(())
    }

    /// What shows that the operation at `at` saw `source` too late: a shortest way, through
    /// somebody's read, from that write to one that an earlier operation of the process saw. O(n),
    /// once.
    fn link(&self, at: OpId, source: WriteId) -> Vec<OpId> {
        let versions = self.versions;
        let count = versions.ops.len();
        // Who saw each write: the first, and for each operation the next. The process's own reads
        // before `at` are where the way may end.
        let mut first = vec![OpId::NONE; versions.writes.len()];
        let mut next = vec![OpId::NONE; count];
        let mut ends = vec![OpId::NONE; versions.writes.len()];
        for (by, op) in OpId::below(count).zip(&versions.ops) {
            let seen = self.sources[by];
            if seen == WriteId::NONE || op.is_crashed() {
                continue;
            }
            next[by] = std::mem::replace(&mut first[seen], by);
            if op.process == versions.ops[at].process && by < at {
                ends[seen] = by;
            }
        }
        let from = versions.writes[source].op;
        let mut culprits = vec![from, at];
        let mut came_from = vec![Stop::NONE; 2 * count];
        let mut reached: Vec<Stop> = Vec::new();
        let mut visit = |reached: &mut Vec<Stop>, to: OpId, is_through: bool, by: Stop| {
            let to = Stop::at(to, is_through);
            if came_from[to] == Stop::NONE {
                came_from[to] = by;
                reached.push(to);
            }
        };
        if from == OpId::NONE {
            return culprits;
        }
        visit(&mut reached, from, false, Stop::at(from, false));
        let mut turn = 0;
        while let Some(&here) = reached.get(turn) {
            turn += 1;
            let (by, is_through) = (here.op(), here.is_through());
            let op = &versions.ops[by];
            if is_through && op.write != WriteId::NONE && ends[op.write] != OpId::NONE {
                culprits.push(ends[op.write]);
                return self.way(&came_from, here, culprits);
            }
            let mut reader = if op.write == WriteId::NONE { OpId::NONE } else { first[op.write] };
            while reader != OpId::NONE {
                visit(&mut reached, reader, true, here);
                reader = next[reader];
            }
            let own = versions.own(op.process);
            let later = own.partition_point(|&other| other <= by);
            for &other in own[later..].iter().take(if op.is_crashed() { 0 } else { own.len() }) {
                visit(&mut reached, other, is_through, here);
                if !versions.ops[other].is_crashed() {
                    break;
                }
            }
        }
        culprits
    }

    /// Adds the operations on the way to `here`, but those that only lead from one to the next of
    /// their process.
    fn way(&self, came_from: &[Stop], mut here: Stop, mut culprits: Vec<OpId>) -> Vec<OpId> {
        let process = |here: Stop| self.versions.ops[here.op()].process;
        let mut behind = Stop::NONE;
        loop {
            let before = came_from[here];
            let is_end = before == here || behind == Stop::NONE;
            if is_end || process(before) != process(here) || process(behind) != process(here) {
                culprits.push(here.op());
            }
            if before == here {
                return culprits;
            }
            (behind, here) = (here, before);
        }
    }

    /// Where processes still wait, some wait for each other: the causal order has a cycle.
    fn find_cycle(&mut self) {
        let versions = self.versions;
        let waits = |session: &Session, process: ProcessId| {
            versions.own(process).get(session.done as usize).copied()
        };
        let mut each = ProcessId::below(versions.processes).zip(&self.sessions);
        let Some(start) = each.find_map(|(process, session)| waits(session, process)) else {
            return;
        };
        let mut culprits = Vec::new();
        let mut seen = vec![false; versions.processes];
        let mut at = start;
        for turn in 0..2 {
            // The first turn ends in the cycle, the second one goes round it.
            seen.fill(false);
            culprits.clear();
            loop {
                let process = versions.ops[at].process;
                if std::mem::replace(&mut seen[process], true) {
                    break;
                }
                let by = versions.writes[self.sources[at]].op;
                culprits.extend([at, by]);
                let writer = versions.ops[by].process;
                match waits(&self.sessions[writer], writer) {
                    Some(next) => at = next,
                    None => return,
                }
            }
            debug_assert!(turn == 0 || !culprits.is_empty());
        }
        let processes = seen.iter().filter(|&&is_in| is_in).count();
        for outcome in [&mut self.found.causal, &mut self.found.writes_follow_reads] {
            if outcome.holds {
                *outcome = Outcome::broken(versions, &culprits);
                outcome.processes = processes;
            }
        }
    }
}

position! {
    /// An operation on the way from one to another, twice: reached by process order only, or
    /// through some read.
    struct Stop;
}

impl Stop {
    /// No stop.
    const NONE: Stop = Stop::MAX;

    fn at(op: OpId, is_through: bool) -> Stop {
        Stop::new(2 * op.index() + usize::from(is_through))
    }

    fn op(self) -> OpId {
        OpId::new(self.index() / 2)
    }

    fn is_through(self) -> bool {
        self.index() % 2 == 1
    }
}

position! {
    /// The number of a clock in [`Clocks`].
    struct ClockId;
}

impl ClockId {
    /// The clock that is all zeros.
    const NONE: ClockId = ClockId::MAX;
}

/// Vector clocks in one place; [`ClockId::NONE`] is the clock that is all zeros.
struct Clocks {
    lanes: usize,
    entries: Vec<u32>,
    free: Vec<ClockId>,
}

impl Clocks {
    fn get(&self, clock: ClockId, lane: LaneId) -> u32 {
        if clock == ClockId::NONE {
            0
        } else {
            self.entries[clock.index() * self.lanes + lane.index()]
        }
    }

    fn release(&mut self, clock: ClockId) {
        if clock != ClockId::NONE {
            self.free.push(clock);
        }
    }

    /// A clock that may be written; `None` if there is no room.
    fn own(&mut self, clock: &mut ClockId) -> Option<usize> {
        if *clock == ClockId::NONE {
            if let Some(free) = self.free.pop() {
                let start = free.index() * self.lanes;
                self.entries[start..start + self.lanes].fill(0);
                *clock = free;
            } else {
                *clock = ClockId::new(self.entries.len() / self.lanes.max(1));
                let len = self.entries.len() + self.lanes;
                if len > ENTRIES {
                    return None;
                }
                self.entries.resize(len, 0);
            }
        }
        Some(clock.index() * self.lanes)
    }

    fn set(&mut self, clock: &mut ClockId, lane: LaneId, upto: u32) -> Option<()> {
        let start = self.own(clock)?;
        let entry = &mut self.entries[start + lane.index()];
        *entry = upto.max(*entry);
        Some(())
    }

    /// Makes every entry of `clock` at least what it is in `other`.
    fn raise(&mut self, clock: &mut ClockId, other: ClockId) -> Option<()> {
        let (to, from) = (self.own(clock)?, other.index() * self.lanes);
        if to == from {
            return Some(());
        }
        let (low, high) = self.entries.split_at_mut(to.max(from));
        let lanes = self.lanes;
        let (to, from) = if to < from {
            (&mut low[to..to + lanes], &high[..lanes])
        } else {
            (&mut high[..lanes], &low[from..from + lanes])
        };
        for (entry, &other) in to.iter_mut().zip(from) {
            *entry = other.max(*entry);
        }
        Some(())
    }
}
