//! Causal consistency, and writes follow reads, where it is known which write each operation saw.
//!
//! A write comes after what its process wrote and saw before it, and so on: that is the causal
//! order. Vector clocks tell it, one entry for each lane of writes. A process's clock says what it
//! knows, as in [`sessions`](super::sessions::sessions), only that with a write it comes to know
//! the whole causal past of that write. `docs/GUARANTEES.md` proves that one pass decides causal
//! memory (Ahamad, Neiger, Burns, Kohli and Hutto 1995).

use super::outcome::Outcome;
use super::versions::{INITIAL, NONE, Versions};
use crate::check::Meter;

/// The pass works on so many clock entries at most, in all.
const WORK: u64 = 1 << 29;

/// Clocks may take so many entries at once.
const ENTRIES: usize = 1 << 25;

/// The meter is polled after so many clock entries.
const POLL: u64 = 1 << 22;

/// What one pass tells.
pub(super) struct Causality {
    pub(super) causal: Outcome,
    pub(super) writes_follow_reads: Outcome,
}

/// Whether the two guarantees hold, if the operations saw what `sources` says; `None` if the budget
/// ended first. O(n·p) for p processes.
pub(super) fn causality(versions: &Versions, sources: &[u32], meter: &Meter) -> Option<Causality> {
    let mut pass = Pass::new(versions, sources, meter);
    for at in 0..versions.ops.len() as u32 {
        pass.advance(versions.ops[at as usize].process, at)?;
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
    latest: (u32, u32),
    /// The clock of all that its reads tell.
    seen: u32,
    /// The clock of what is older than something that it saw, through some other process's read.
    older: u32,
    /// The next process that waits for the same write.
    next_waiting: u32,
    is_waiting: bool,
    breaks_causal: bool,
    breaks_following: bool,
}

struct Pass<'a> {
    versions: &'a Versions,
    sources: &'a [u32],
    meter: &'a Meter,
    clocks: Clocks,
    sessions: Vec<Session>,
    /// Of each write: whether its turn came; how many reads are still to see it; its clock, as long
    /// as there are some; the first process that waits for it.
    is_done: Vec<bool>,
    readers: Vec<u32>,
    clock: Vec<u32>,
    waiting: Vec<u32>,
    work: u64,
    polled: u64,
    found: Causality,
}

impl<'a> Pass<'a> {
    fn new(versions: &'a Versions, sources: &'a [u32], meter: &'a Meter) -> Pass<'a> {
        let writes = versions.writes.len();
        let mut readers = vec![0; writes];
        let mut found = Causality { causal: Outcome::HOLDS, writes_follow_reads: Outcome::HOLDS };
        for (at, (op, &source)) in (0..).zip(versions.ops.iter().zip(sources)) {
            if source == NONE || op.is_crashed() {
                continue;
            }
            readers[source as usize] += 1;
            if versions.is_phantom(source) && found.causal.holds {
                found.causal = Outcome::broken(versions, &[at]);
            }
        }
        let session = Session {
            done: 0,
            own: 0,
            latest: (INITIAL, NONE),
            seen: NONE,
            older: NONE,
            next_waiting: NONE,
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
            is_done: versions.writes.iter().map(|write| write.op == NONE).collect(),
            readers,
            clock: vec![NONE; writes],
            waiting: vec![NONE; writes],
            work: 0,
            polled: 0,
            found,
        }
    }

    /// Takes the operations of `process` up to the one at `upto`, unless it waits for a write; then
    /// those of the processes that waited for its writes.
    fn advance(&mut self, process: u32, upto: u32) -> Option<()> {
        let versions = self.versions;
        let mut running = vec![process];
        while let Some(process) = running.pop() {
            let own = versions.own(process);
            loop {
                let done = self.sessions[process as usize].done as usize;
                let Some(&at) = own.get(done).filter(|&&at| at <= upto) else { break };
                let op = &versions.ops[at as usize];
                let source = if op.is_crashed() { NONE } else { self.sources[at as usize] };
                if source != NONE {
                    if !self.is_done[source as usize] {
                        self.wait(process, source);
                        break;
                    }
                    self.read(process, at, source)?;
                }
                self.sessions[process as usize].done += 1;
                if op.write != NONE {
                    self.write(process, at, &mut running)?;
                }
            }
            if self.sessions[process as usize].done as usize == own.len() {
                let Session { seen, older, .. } = self.sessions[process as usize];
                self.clocks.release(seen);
                self.clocks.release(older);
                self.sessions[process as usize].seen = NONE;
                self.sessions[process as usize].older = NONE;
            }
        }
        Some(())
    }

    /// `process` waits for write `source`, if it does not already.
    fn wait(&mut self, process: u32, source: u32) {
        let session = &mut self.sessions[process as usize];
        if !std::mem::replace(&mut session.is_waiting, true) {
            session.next_waiting = self.waiting[source as usize];
            self.waiting[source as usize] = process;
        }
    }

    fn read(&mut self, process: u32, at: u32, source: u32) -> Option<()> {
        let versions = self.versions;
        let write = versions.writes[source as usize];
        let mut session = self.sessions[process as usize];
        let is_initial = source == INITIAL;
        let is_own = write.lane == process;
        let knows = |clock: u32| self.clocks.get(clock, write.lane) >= write.position;
        let is_seen = !is_initial && knows(session.seen);
        let is_known = is_initial || if is_own { write.position <= session.own } else { is_seen };
        if session.latest.0 != source && is_known && !session.breaks_causal {
            session.breaks_causal = true;
            let (latest, latest_at) = session.latest;
            let by = versions.writes[latest as usize].op;
            self.found.causal.breaks(versions, || vec![write.op, by, latest_at, at]);
        }
        if !is_initial && knows(session.older) && !session.breaks_following {
            session.breaks_following = true;
            let is_first = self.found.writes_follow_reads.holds;
            let culprits = if is_first { self.link(at, source) } else { Vec::new() };
            self.found.writes_follow_reads.breaks(versions, || culprits);
        }
        session.latest = (source, at);
        let clock = self.clock[source as usize];
        // What the process learns by its last operation matters to nobody, unless it writes.
        let own = versions.own(process);
        let is_last = session.done as usize + 1 == own.len();
        if !is_initial && (!is_last || versions.ops[at as usize].write != NONE) {
            if clock != NONE && self.clocks.get(session.older, write.lane) < write.position {
                self.clocks.raise(&mut session.older, clock)?;
                self.spend()?;
            }
            if !is_seen {
                if clock != NONE {
                    self.clocks.raise(&mut session.seen, clock)?;
                }
                self.spend()?;
                for (lane, upto) in [(write.lane, write.position), (write.process, write.before)] {
                    if lane != NONE {
                        self.clocks.set(&mut session.seen, lane, upto)?;
                    }
                }
            }
        }
        self.sessions[process as usize] = session;
        self.readers[source as usize] -= 1;
        if self.readers[source as usize] == 0 {
            self.clocks.release(clock);
            self.clock[source as usize] = NONE;
        }
        Some(())
    }

    /// The operation at `at`, a write, is done; lets those run that waited for it.
    fn write(&mut self, process: u32, at: u32, running: &mut Vec<u32>) -> Option<()> {
        let op = &self.versions.ops[at as usize];
        let write = op.write as usize;
        let session = &mut self.sessions[process as usize];
        if !op.is_crashed() {
            session.own += 1;
            session.latest = (op.write, at);
        }
        if self.readers[write] > 0 && session.seen != NONE {
            let mut clock = NONE;
            self.clocks.raise(&mut clock, session.seen)?;
            self.clock[write] = clock;
            self.spend()?;
        }
        self.is_done[write] = true;
        let mut waiting = std::mem::replace(&mut self.waiting[write], NONE);
        while waiting != NONE {
            running.push(waiting);
            self.sessions[waiting as usize].is_waiting = false;
            waiting = std::mem::replace(&mut self.sessions[waiting as usize].next_waiting, NONE);
        }
        Some(())
    }

    /// Accounts for the work on one clock.
    fn spend(&mut self) -> Option<()> {
        self.work += self.versions.lanes as u64;
        if self.work > self.polled + POLL {
            self.polled = self.work;
            self.meter.poll().ok()?;
        }
        (self.work <= WORK).then_some(())
    }

    /// What shows that the operation at `at` saw `source` too late: a shortest way, through
    /// somebody's read, from that write to one that an earlier operation of the process saw. O(n),
    /// once.
    fn link(&self, at: u32, source: u32) -> Vec<u32> {
        let versions = self.versions;
        let count = versions.ops.len();
        // Who saw each write: the first, and for each operation the next. The process's own reads
        // before `at` are where the way may end.
        let mut first = vec![NONE; versions.writes.len()];
        let mut next = vec![NONE; count];
        let mut ends = vec![NONE; versions.writes.len()];
        for (by, op) in (0..).zip(&versions.ops) {
            let seen = self.sources[by as usize];
            if seen == NONE || op.is_crashed() {
                continue;
            }
            next[by as usize] = std::mem::replace(&mut first[seen as usize], by);
            if op.process == versions.ops[at as usize].process && by < at {
                ends[seen as usize] = by;
            }
        }
        let from = versions.writes[source as usize].op;
        let mut culprits = vec![from, at];
        // An operation twice: reached by process order only, or through some read.
        let mut came_from = vec![NONE; 2 * count];
        let mut reached: Vec<u32> = Vec::new();
        let mut visit = |reached: &mut Vec<u32>, to: u32, is_through: bool, by: u32| {
            let to = 2 * to + u32::from(is_through);
            if came_from[to as usize] == NONE {
                came_from[to as usize] = by;
                reached.push(to);
            }
        };
        if from == NONE {
            return culprits;
        }
        visit(&mut reached, from, false, 2 * from);
        let mut turn = 0;
        while let Some(&here) = reached.get(turn) {
            turn += 1;
            let (by, is_through) = (here / 2, here % 2 == 1);
            let op = &versions.ops[by as usize];
            if is_through && op.write != NONE && ends[op.write as usize] != NONE {
                culprits.push(ends[op.write as usize]);
                return self.way(&came_from, here, culprits);
            }
            let mut reader = if op.write == NONE { NONE } else { first[op.write as usize] };
            while reader != NONE {
                visit(&mut reached, reader, true, here);
                reader = next[reader as usize];
            }
            let own = versions.own(op.process);
            let later = own.partition_point(|&other| other <= by);
            for &other in own[later..].iter().take(if op.is_crashed() { 0 } else { own.len() }) {
                visit(&mut reached, other, is_through, here);
                if !versions.ops[other as usize].is_crashed() {
                    break;
                }
            }
        }
        culprits
    }

    /// Adds the operations on the way to `here`, but those that only lead from one to the next of
    /// their process.
    fn way(&self, came_from: &[u32], mut here: u32, mut culprits: Vec<u32>) -> Vec<u32> {
        let process = |here: u32| self.versions.ops[here as usize / 2].process;
        let mut behind = NONE;
        loop {
            let before = came_from[here as usize];
            let is_end = before == here || behind == NONE;
            if is_end || process(before) != process(here) || process(behind) != process(here) {
                culprits.push(here / 2);
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
        let waits = |session: &Session, process: usize| {
            versions.own(process as u32).get(session.done as usize).copied()
        };
        let mut each = self.sessions.iter().enumerate();
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
                let process = versions.ops[at as usize].process as usize;
                if std::mem::replace(&mut seen[process], true) {
                    break;
                }
                let by = versions.writes[self.sources[at as usize] as usize].op;
                culprits.extend([at, by]);
                let writer = versions.ops[by as usize].process as usize;
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

/// Vector clocks in one place; [`NONE`] is the clock that is all zeros.
struct Clocks {
    lanes: usize,
    entries: Vec<u32>,
    free: Vec<u32>,
}

impl Clocks {
    fn get(&self, clock: u32, lane: u32) -> u32 {
        if clock == NONE { 0 } else { self.entries[clock as usize * self.lanes + lane as usize] }
    }

    fn release(&mut self, clock: u32) {
        if clock != NONE {
            self.free.push(clock);
        }
    }

    /// A clock that may be written; `None` if there is no room.
    fn own(&mut self, clock: &mut u32) -> Option<usize> {
        if *clock == NONE {
            if let Some(free) = self.free.pop() {
                let start = free as usize * self.lanes;
                self.entries[start..start + self.lanes].fill(0);
                *clock = free;
            } else {
                *clock = (self.entries.len() / self.lanes.max(1)) as u32;
                let len = self.entries.len() + self.lanes;
                if len > ENTRIES {
                    return None;
                }
                self.entries.resize(len, 0);
            }
        }
        Some(*clock as usize * self.lanes)
    }

    fn set(&mut self, clock: &mut u32, lane: u32, upto: u32) -> Option<()> {
        let start = self.own(clock)?;
        let entry = &mut self.entries[start + lane as usize];
        *entry = upto.max(*entry);
        Some(())
    }

    /// Makes every entry of `clock` at least what it is in `other`.
    fn raise(&mut self, clock: &mut u32, other: u32) -> Option<()> {
        let (to, from) = (self.own(clock)?, other as usize * self.lanes);
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
