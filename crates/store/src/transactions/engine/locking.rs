//! A node that writes in place and locks keys. What a transaction sees of others depends on how
//! long it keeps the locks of what it reads: the degrees of consistency of Gray and others (1976).
//!
//! With locks of all that is read and written until the end (two-phase locking), transactions are
//! serializable in the order of their commits. With locks of reads that end at once, what is read
//! is committed, but may change; with none, it may also be taken back.

use std::collections::BTreeMap;
use std::sync::Arc;

use histcheck_history::hash::Map;

use crate::knobs::{ReadLocks, Victim};
use crate::origin::Host;
use crate::sim::Nanos;
use crate::transactions::Txn;
use crate::transactions::hub::Hub;
use crate::transactions::locks::{Locks, Mode};
use crate::transactions::wire::{Alarm, Ask, Call, Hints, Step, Told};

/// A transaction without a call for so many times the longest wait of a client was left.
pub(super) const LEFT_AFTER: Nanos = 4;

/// A value in a key.
struct Element {
    txn: Txn,
    value: i64,
    /// The how manieth value of this node it is.
    place: i64,
}

/// A transaction that is under way.
struct Active {
    client: u32,
    /// The keys that it wrote.
    wrote: Vec<u32>,
    /// What it does once it has the lock that it waits for.
    next: Option<Next>,
    /// The locks that it takes before it begins, the next one last.
    ahead: Vec<(u32, Mode)>,
    /// When it was last called.
    called: Nanos,
    /// Whether it promised to commit.
    is_prepared: bool,
}

/// What a transaction waits to do.
#[derive(Clone, Copy)]
enum Next {
    Begin,
    Step(u32, Step),
}

/// The node.
pub(in crate::transactions) struct Locking {
    me: Host,
    cells: Map<u32, Vec<Element>>,
    locks: Locks,
    active: BTreeMap<Txn, Active>,
    /// Whether those that ended were committed.
    ended: Map<Txn, bool>,
    /// How many values were written.
    places: i64,
}

impl Locking {
    pub(super) fn new(me: Host) -> Locking {
        Locking {
            me,
            cells: Map::default(),
            locks: Locks::default(),
            active: BTreeMap::new(),
            ended: Map::default(),
            places: 0,
        }
    }

    /// A client calls.
    pub(super) fn call(&mut self, hub: &mut Hub, call: Call) {
        let Call { client, txn, ask } = call;
        if let Some(&is_committed) = self.ended.get(&txn) {
            let told = match ask {
                Ask::Commit if is_committed => committed(),
                Ask::Rollback => return,
                _ => Told::Aborted("aborted"),
            };
            return hub.tell(self.me, client, txn, told);
        }
        let joins = match &ask {
            Ask::Begin { .. } => true,
            Ask::Step { hints, .. } => hints.is_first && hub.keepers() > 1,
            Ask::Commit | Ask::Rollback => false,
        };
        if joins && !self.active.contains_key(&txn) {
            self.begin(hub, client, txn);
        } else if matches!(ask, Ask::Begin { .. }) {
            return;
        }
        let Some(active) = self.active.get_mut(&txn) else {
            // Whoever rolls back does not wait; and what was forgotten stays so.
            self.ended.insert(txn, false);
            if !matches!(ask, Ask::Rollback) {
                hub.tell(self.me, client, txn, Told::Aborted("aborted"));
            }
            return;
        };
        active.called = hub.now();
        match ask {
            Ask::Begin { steps, .. } => {
                if hub.knobs.lock_ahead {
                    active.ahead = all_locks(&steps);
                }
                self.go_ahead(hub, txn);
            }
            Ask::Step { at, step, hints } => self.step(hub, txn, at, step, hints),
            Ask::Commit => {
                self.commit(hub, txn);
                hub.tell(self.me, client, txn, committed());
            }
            Ask::Rollback => self.abort(hub, txn, None),
        }
    }

    fn begin(&mut self, hub: &mut Hub, client: u32, txn: Txn) {
        let active = Active {
            client,
            wrote: Vec::new(),
            next: None,
            ahead: Vec::new(),
            called: hub.now(),
            is_prepared: false,
        };
        self.active.insert(txn, active);
        let after = LEFT_AFTER * hub.knobs.timeout;
        hub.wake(self.me, after, Alarm::Idle(txn));
    }

    /// Takes the locks that a transaction needs before it begins, as far as they are free.
    fn go_ahead(&mut self, hub: &mut Hub, txn: Txn) {
        let Some(active) = self.active.get_mut(&txn) else { return };
        while let Some((key, mode)) = active.ahead.pop() {
            if !self.locks.ask(txn, key, mode) {
                active.next = Some(Next::Begin);
                return self.break_deadlocks(hub, txn);
            }
        }
        let client = active.client;
        hub.tell(self.me, client, txn, Told::Began);
    }

    fn step(&mut self, hub: &mut Hub, txn: Txn, at: u32, step: Step, hints: Hints) {
        let mode = match (step.value, hub.knobs.read_locks) {
            (Some(_), _) if hub.knobs.write_locks => Some(Mode::Exclusive),
            (Some(_), _) | (None, ReadLocks::None) => None,
            (None, ReadLocks::Cursor) if hints.is_for_update => Some(Mode::Exclusive),
            (None, _) => Some(Mode::Shared),
        };
        let is_free = mode.is_none_or(|mode| self.locks.ask(txn, step.key, mode));
        if is_free {
            let mut served = self.work(hub, txn, at, step);
            return self.serve(hub, &mut served);
        }
        if let Some(active) = self.active.get_mut(&txn) {
            active.next = Some(Next::Step(at, step));
        }
        self.break_deadlocks(hub, txn);
    }

    /// Does a step of a transaction that has the lock for it. Returns who gets a lock by that.
    fn work(&mut self, hub: &mut Hub, txn: Txn, at: u32, step: Step) -> Vec<Txn> {
        let Some(active) = self.active.get_mut(&txn) else { return Vec::new() };
        let client = active.client;
        let cell = self.cells.entry(step.key).or_default();
        let mut seen: Arc<[i64]> = Arc::default();
        let mut served = Vec::new();
        if let Some(value) = step.value {
            self.places += 1;
            cell.push(Element { txn, value, place: self.places });
            active.wrote.push(step.key);
        } else {
            seen = hub.shown(cell.iter().map(|element| element.value));
            hub.ledger.read(txn, at, seen.last().copied());
            let is_short = matches!(hub.knobs.read_locks, ReadLocks::Short | ReadLocks::Cursor);
            let is_shared = self.locks.held(txn, step.key) == Some(Mode::Shared);
            if is_short && is_shared && !hub.knobs.lock_ahead {
                served = self.locks.release(txn, step.key);
            }
        }
        hub.tell(self.me, client, txn, Told::Did { at, seen });
        served
    }

    /// Lets those go on who got the lock that they waited for.
    fn serve(&mut self, hub: &mut Hub, served: &mut Vec<Txn>) {
        while let Some(txn) = served.pop() {
            let next = self.active.get_mut(&txn).and_then(|active| active.next.take());
            match next {
                Some(Next::Step(at, step)) => served.extend(self.work(hub, txn, at, step)),
                Some(Next::Begin) => self.go_ahead(hub, txn),
                None => {}
            }
        }
    }

    /// Aborts transactions until `txn`, which has just begun to wait, is part of no deadlock.
    fn break_deadlocks(&mut self, hub: &mut Hub, txn: Txn) {
        while hub.knobs.victim != Victim::None
            && let Some(circle) = self.locks.deadlock(txn)
        {
            let victim = match hub.knobs.victim {
                Victim::Youngest => circle.iter().max(),
                Victim::Oldest => circle.iter().min(),
                Victim::Requester | Victim::None => Some(&txn),
            };
            self.abort(hub, *victim.unwrap_or(&txn), Some("deadlock"));
        }
    }

    /// Ends a transaction, and lets those go on who waited for it.
    fn end(&mut self, hub: &mut Hub, txn: Txn, is_committed: bool) {
        self.active.remove(&txn);
        self.ended.insert(txn, is_committed);
        let mut served = self.locks.release_all(txn);
        self.serve(hub, &mut served);
    }

    /// Takes back what a transaction wrote, and tells its client if there is something to say.
    fn abort(&mut self, hub: &mut Hub, txn: Txn, why: Option<&'static str>) {
        let Some(active) = self.active.get(&txn) else { return };
        if let Some(why) = why {
            hub.tell(self.me, active.client, txn, Told::Aborted(why));
        }
        if hub.knobs.undo {
            for key in &active.wrote {
                if let Some(cell) = self.cells.get_mut(key) {
                    cell.retain(|element| element.txn != txn);
                }
            }
        }
        self.end(hub, txn, false);
    }

    fn commit(&mut self, hub: &mut Hub, txn: Txn) {
        let Some(active) = self.active.get(&txn) else { return };
        hub.ledger.committed(txn);
        for &key in &active.wrote {
            let cell = self.cells.get(&key).into_iter().flatten();
            for element in cell.filter(|element| element.txn == txn) {
                hub.ledger.installed(txn, key, element.value, (element.place, 0));
            }
        }
        self.end(hub, txn, true);
    }

    /// Promises to commit `txn`, if it can.
    pub(super) fn prepare(&mut self, txn: Txn) -> bool {
        match self.active.get_mut(&txn) {
            Some(active) => {
                active.is_prepared = true;
                true
            }
            None => self.ended.get(&txn) == Some(&true),
        }
    }

    /// Returns whether `txn` promised to commit, and has not ended.
    pub(super) fn is_in_doubt(&self, txn: Txn) -> bool {
        self.active.get(&txn).is_some_and(|active| active.is_prepared)
    }

    /// Returns all that are in doubt.
    pub(super) fn in_doubt(&self) -> Vec<Txn> {
        self.active.keys().copied().filter(|&txn| self.is_in_doubt(txn)).collect()
    }

    /// Commits `txn`, or aborts it. What it decided before stays.
    pub(super) fn decide(&mut self, hub: &mut Hub, txn: Txn, commits: bool) {
        if !self.active.contains_key(&txn) {
            self.ended.entry(txn).or_insert(false);
        } else if commits {
            self.commit(hub, txn);
        } else {
            self.abort(hub, txn, None);
        }
    }

    /// It wanted to be woken.
    pub(super) fn alarm(&mut self, hub: &mut Hub, alarm: Alarm) {
        let Alarm::Idle(txn) = alarm else { return };
        let Some(active) = self.active.get(&txn) else { return };
        let limit = LEFT_AFTER * hub.knobs.timeout;
        if hub.now() - active.called >= limit && !active.is_prepared {
            return self.abort(hub, txn, None);
        }
        hub.wake(self.me, limit, Alarm::Idle(txn));
    }

    /// Crashes: what was not committed or promised is taken back from the log.
    pub(super) fn crash(&mut self, hub: &Hub) {
        let (kept, lost) =
            std::mem::take(&mut self.active).into_iter().partition(|one| one.1.is_prepared);
        self.active = kept;
        let lost: BTreeMap<Txn, Active> = lost;
        for (txn, active) in lost {
            self.ended.insert(txn, false);
            for key in active.wrote.iter().filter(|_| hub.knobs.undo) {
                if let Some(cell) = self.cells.get_mut(key) {
                    cell.retain(|element| element.txn != txn);
                }
            }
        }
        let active = &self.active;
        self.locks.keep_only(|txn| active.contains_key(&txn));
    }
}

/// What a client is told whose transaction committed on one node.
pub(super) fn committed() -> Told {
    Told::Committed { saw: Arc::default(), wrote: None }
}

/// The locks that a transaction needs, in one order for all, the first one last.
fn all_locks(steps: &[Step]) -> Vec<(u32, Mode)> {
    let mut locks: BTreeMap<u32, Mode> = BTreeMap::new();
    for step in steps {
        let mode = if step.value.is_some() { Mode::Exclusive } else { Mode::Shared };
        let held = locks.entry(step.key).or_insert(mode);
        *held = mode.max(*held);
    }
    locks.into_iter().rev().collect()
}
