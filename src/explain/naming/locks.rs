//! Names violations of mutexes and semaphores, by counting permits; a mutex is one permit.
//!
//! - `double-lock`: at some moment, those who had certainly taken permits and cannot have given
//!   them back yet held more than there are; or a process takes a mutex that it holds.
//! - `foreign-release`: a process released a mutex that it cannot have held; or more had been
//!   given back than can have been taken.
//! - `spurious-failure`: somebody was told that too little was free although at every moment of
//!   that attempt enough was, whoever else may have held something.
//!
//! Where no count tells, a mutex is judged by repair: without those who were refused, then without
//! regard to owners.

use std::sync::Arc;

use super::event::Event;
use super::evidence::Scope;
use crate::check::is_linearizable;
use crate::explain::anomaly::{Anomaly, AnomalyKind};
use crate::history::hash::{Map, Set};
use crate::history::{Rank, Value, sort};
use crate::model::{Kind, Lock as HeldLock, Model, Mutex, OwnedSemaphore, Reading};
use crate::model::{lock, mutex, owned_semaphore, semaphore};

/// What an operation does to the permits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Act {
    /// Takes so many, if it took effect.
    Take(u64),
    /// Gives so many back, if it took effect.
    Give(u64),
    /// Found fewer than so many free.
    Busy(u64),
}

/// An operation with the process that matters to it, if one does.
#[derive(Clone, Copy)]
struct Held {
    act: Act,
    owner: Option<Value>,
}

/// The anomaly that a violation of a lock shows; `None` if the model is none, or nothing fits.
/// O(n log n).
pub(super) fn name(scope: Scope<'_>) -> Option<Anomaly> {
    match scope.case.model.kind() {
        Kind::Mutex { view } => {
            let list = scope.events(view);
            let lock = Lock { scope, permits: 1, events: list.iter().map(held).collect() };
            lock.by_owner().or_else(|| lock.by_count()).or_else(|| by_repair(&scope, &list))
        }
        Kind::Lock { lock, view } => by_repair_of_lock(&scope, &lock, &scope.events(view)),
        Kind::Semaphore { permits, view } => {
            let list = scope.events(view);
            let events =
                list.into_iter().map(|event| event.with(Held { act: act(event.op), owner: None }));
            Lock { scope, permits, events: events.collect() }.by_count()
        }
        Kind::Permits { semaphore, view } => {
            let list = scope.events(view);
            let events = list.iter().map(|event| event.with(owned(&event.op)));
            let lock = Lock { scope, permits: semaphore.permits, events: events.collect() };
            lock.by_count().or_else(|| by_repair_of_owners(&scope, semaphore, &list))
        }
        _ => None,
    }
}

fn owned(ask: &owned_semaphore::Ask) -> Held {
    let act = match ask.act {
        lock::Act::Take | lock::Act::Try => Act::Take(ask.count),
        lock::Act::Give => Act::Give(ask.count),
        lock::Act::Busy => Act::Busy(ask.count),
    };
    Held { act, owner: None }
}

/// What is said of permits with owners where no count tells: that who gave some back did not hold
/// them, if without regard to owners nothing is wrong.
fn by_repair_of_owners(
    scope: &Scope<'_>,
    semaphore: OwnedSemaphore,
    events: &[Event<Arc<owned_semaphore::Ask>>],
) -> Option<Anomaly> {
    let kept: Vec<_> = events.iter().filter(|event| scope.contains(*event)).collect();
    let reading = |event: &&Event<Arc<owned_semaphore::Ask>>| Reading {
        index: event.index,
        op: Arc::clone(&event.op),
        span: event.span,
    };
    let readings: Vec<Reading<Arc<owned_semaphore::Ask>>> = kept.iter().map(reading).collect();
    let free_for_all = OwnedSemaphore { check_owner: false, ..semaphore };
    let meter = scope.case.meter;
    if is_linearizable(&free_for_all, &readings, meter).0 != Some(true) {
        return None;
    }
    let failing = scope.violation.operation;
    let (who, when) = (scope.who(failing), scope.when(failing));
    let summary =
        format!("somebody gave back permits who did not hold them, as seen by {who} {when}");
    scope.suggested(AnomalyKind::ForeignRelease, &kept, summary)
}

fn held(event: &Event<mutex::Op>) -> Event<Held> {
    let (act, owner) = match event.op {
        mutex::Op::Acquire(owner) | mutex::Op::Try(owner) => (Act::Take(1), owner),
        mutex::Op::Release(owner) => (Act::Give(1), owner),
        mutex::Op::Busy => (Act::Busy(1), None),
    };
    event.with(Held { act, owner })
}

fn act(op: semaphore::Op) -> Act {
    match op {
        semaphore::Op::Acquire(count) | semaphore::Op::Try(count) => Act::Take(count),
        semaphore::Op::Release(count) => Act::Give(count),
        semaphore::Op::Busy(count) => Act::Busy(count),
    }
}

/// A time in which an owner certainly holds the lock.
#[derive(Clone, Copy)]
struct Hold<'a> {
    /// By whose return it holds it.
    took: &'a Event<Held>,
    owner: Value,
    /// The call of what may end it.
    until: Rank,
}

/// A key as permits.
struct Lock<'a> {
    scope: Scope<'a>,
    permits: u64,
    events: Vec<Event<Held>>,
}

impl Lock<'_> {
    /// What owners did: each is one thing after the other. Says nothing of locks that anyone may
    /// release.
    fn by_owner(&self) -> Option<Anomaly> {
        let owned =
            |event: &Event<Held>| matches!(event.op.act, Act::Busy(_)) || event.op.owner.is_some();
        if !self.events.iter().all(owned) {
            return None;
        }
        // What each owner did last, and who of them left an operation open: that may still take
        // effect, so that little is certain of them.
        let mut last: Map<Value, &Event<Held>> = Map::default();
        let mut unsure: Set<Value> = Set::default();
        for event in &self.events {
            let Some(owner) = event.op.owner else { continue };
            if !event.is_done() {
                unsure.insert(owner);
            }
            let before = last.insert(owner, event);
            let took = before.filter(|before| matches!(before.op.act, Act::Take(_)));
            let is_told = !unsure.contains(&owner) && self.scope.blames(event);
            match (event.op.act, took) {
                (Act::Give(_), None) if is_told => return self.foreign(event, before),
                (Act::Take(_), Some(took)) if is_told => return self.double(took, event),
                _ => {}
            }
        }
        self.overlapping()
    }

    /// The times in which owners certainly hold the lock, in the order of their starts.
    fn holds(&self) -> Vec<Hold<'_>> {
        // From the end, so that the next release of each owner is known. One that never returned
        // may take effect at any time after its call.
        let mut next: Map<Value, Rank> = Map::default();
        let mut crashed: Map<Value, Rank> = Map::default();
        let mut holds = Vec::new();
        for event in self.events.iter().rev() {
            let Some(owner) = event.op.owner else { continue };
            match event.op.act {
                Act::Give(_) => {
                    next.insert(owner, event.span.call);
                    if !event.is_done() {
                        crashed.insert(owner, event.span.call);
                    }
                }
                Act::Take(_) if event.is_done() => {
                    let until = next.get(&owner).copied().unwrap_or(Rank::NEVER);
                    holds.push(Hold { took: event, owner, until });
                }
                _ => {}
            }
        }
        for hold in &mut holds {
            hold.until = hold.until.min(crashed.get(&hold.owner).copied().unwrap_or(Rank::NEVER));
        }
        holds.retain(|hold| hold.until > hold.took.span.ret);
        sort::by(&mut holds, |hold| hold.took.span.ret);
        holds
    }

    /// Two holds that certainly were at one moment.
    fn overlapping(&self) -> Option<Anomaly> {
        let mut longest: Option<Hold<'_>> = None;
        for hold in self.holds() {
            let overlaps = |other: &Hold<'_>| {
                let is_blamed = self.scope.blames(hold.took) || self.scope.blames(other.took);
                let has_no_core = self.scope.violation.core.is_empty();
                other.until > hold.took.span.ret && (is_blamed || has_no_core)
            };
            if let Some(other) = longest.filter(overlaps) {
                return self.double(other.took, hold.took);
            }
            if longest.is_none_or(|other| other.until < hold.until) {
                longest = Some(hold);
            }
        }
        None
    }

    fn double(&self, first: &Event<Held>, second: &Event<Held>) -> Option<Anomaly> {
        let holder = if first.process == second.process {
            "it held it already,".to_owned()
        } else {
            format!("{} held it,", self.scope.who(first.index))
        };
        let summary = format!(
            "{} although {holder} since {}",
            self.scope.deed(second.index, "got the lock"),
            self.scope.when(first.index).trim_start_matches("at "),
        );
        self.scope.proved(AnomalyKind::DoubleLock, &[first, second], summary)
    }

    fn foreign(&self, given: &Event<Held>, before: Option<&Event<Held>>) -> Option<Anomaly> {
        // Whoever holds it by then makes the best witness.
        let holder = self.events.iter().rev().find(|event| {
            matches!(event.op.act, Act::Take(_))
                && event.precedes(given)
                && event.process != given.process
        });
        let mut shown = vec![given];
        shown.extend(before);
        shown.extend(holder);
        let released = self.scope.deed(given.index, "released the lock");
        let summary = format!("{released} although it did not hold it");
        self.scope.proved(AnomalyKind::ForeignRelease, &shown, summary)
    }

    /// More taken, or given back, than there can be at some moment; or refused though enough was
    /// free at every moment.
    fn by_count(&self) -> Option<Anomaly> {
        // At each end of an operation: how many were certainly taken or given by then, and how
        // many may have been.
        let mut ends: Vec<(Rank, bool, usize)> = Vec::with_capacity(2 * self.events.len());
        for (at, event) in self.events.iter().enumerate() {
            ends.push((event.span.call, true, at));
            if event.is_done() {
                ends.push((event.span.ret, false, at));
            }
        }
        sort::by(&mut ends, |&(rank, is_call, _)| (rank, is_call));
        let permits = u128::from(self.permits);
        let [mut took, mut may_take, mut gave, mut may_give] = [0_u128; 4];
        // For those refused that are under way: the most that can have been held meanwhile.
        let mut refused: Vec<(usize, u128)> = Vec::new();
        for (_, is_call, at) in ends {
            let event = &self.events[at];
            match (event.op.act, is_call) {
                (Act::Take(count), true) => may_take += u128::from(count),
                (Act::Take(count), false) => took += u128::from(count),
                (Act::Give(count), true) => may_give += u128::from(count),
                (Act::Give(count), false) => gave += u128::from(count),
                (Act::Busy(_), true) => refused.push((at, 0)),
                (Act::Busy(_), false) => {
                    let most = refused.iter().position(|entry| entry.0 == at);
                    let most = most.map_or(0, |place| refused.swap_remove(place).1);
                    if let Act::Busy(count) = event.op.act
                        && most.min(permits) + u128::from(count) <= permits
                    {
                        return self.refused(event);
                    }
                }
            }
            let held = may_take.saturating_sub(gave);
            refused.iter_mut().for_each(|entry| entry.1 = entry.1.max(held));
            if took > permits + may_give {
                return self.crowded(event);
            }
            if gave > may_take {
                let gave_back = self.scope.deed(event.index, "gave back");
                let summary = format!("{gave_back} more than anyone can have taken");
                return self.scope.proved(AnomalyKind::ForeignRelease, &[event], summary);
            }
        }
        None
    }

    /// More was taken than there is when `last` returned.
    fn crowded(&self, last: &Event<Held>) -> Option<Anomaly> {
        // The takes before it, the latest first, and those who gave something back until then.
        let done = |event: &&Event<Held>| {
            matches!(event.op.act, Act::Take(_)) && event.span.ret < last.span.ret
        };
        let given = self.events.iter().filter(|event| {
            matches!(event.op.act, Act::Give(_)) && event.span.call < last.span.ret
        });
        let mut shown = vec![last];
        shown.extend(self.events.iter().rev().filter(done));
        shown.extend(given);
        let summary = match self.permits {
            1 => {
                format!("{} although it was held", self.scope.deed(last.index, "got the lock"))
            }
            permits => format!(
                "when {}, more than all {permits} permits were taken",
                self.scope.deed(last.index, "was given some"),
            ),
        };
        self.scope.proved(AnomalyKind::DoubleLock, &shown, summary)
    }

    fn refused(&self, event: &Event<Held>) -> Option<Anomaly> {
        let last = self
            .events
            .iter()
            .filter(|other| matches!(other.op.act, Act::Give(_)) && other.precedes(event));
        let last = last.max_by_key(|other| other.span.ret);
        let mut shown = vec![event];
        shown.extend(last);
        let taken = last.and_then(|last| {
            let own = |other: &&Event<Held>| {
                matches!(other.op.act, Act::Take(_))
                    && other.process == last.process
                    && other.precedes(last)
            };
            self.events.iter().rev().find(own)
        });
        shown.extend(taken);
        let summary = format!(
            "{} although enough was free ever since it asked {}",
            self.scope.deed(event.index, "was refused"),
            self.scope.since(event.index),
        );
        self.scope.proved(AnomalyKind::SpuriousFailure, &shown, summary)
    }
}

/// What is said of a mutex where no count tells: that those who were refused are all that is
/// wrong, or who releases, or else that it was taken by too many.
fn by_repair(scope: &Scope<'_>, events: &[Event<mutex::Op>]) -> Option<Anomaly> {
    let Scope { case, violation } = scope;
    let in_core = |event: &&Event<mutex::Op>| violation.core.binary_search(&event.index).is_ok();
    let kept: Vec<&Event<mutex::Op>> = events.iter().filter(in_core).collect();
    if kept.is_empty() {
        return None;
    }
    let fits = |owners: bool, refusals: bool| {
        let kept = kept.iter().filter(|e| refusals || e.op != mutex::Op::Busy);
        let readings: Vec<Reading<mutex::Op>> = kept
            .map(|event| {
                let op = match event.op {
                    _ if owners => event.op,
                    mutex::Op::Acquire(_) => mutex::Op::Acquire(None),
                    mutex::Op::Release(_) => mutex::Op::Release(None),
                    mutex::Op::Try(_) => mutex::Op::Try(None),
                    mutex::Op::Busy => mutex::Op::Busy,
                };
                Reading { index: event.index, op, span: event.span }
            })
            .collect();
        is_linearizable(&Mutex { check_owner: owners }, &readings, case.meter).0 == Some(true)
    };
    let failing = violation.operation;
    let seen_by = format!("as seen by {} {}", scope.who(failing), scope.when(failing));
    if fits(true, false) {
        let summary = format!("somebody was refused although the lock was free, {seen_by}");
        return scope.proved(AnomalyKind::SpuriousFailure, &kept, summary);
    }
    let (kind, what) = if fits(false, true) {
        (AnomalyKind::ForeignRelease, "somebody released the lock who did not hold it")
    } else {
        (AnomalyKind::DoubleLock, "the lock had two holders at once")
    };
    scope.suggested(kind, &kept, format!("{what}, {seen_by}"))
}

/// What is said of a lock with fences, or that may be taken again: which part of what its
/// operations tell is all that is wrong.
fn by_repair_of_lock(
    scope: &Scope<'_>,
    lock: &HeldLock,
    events: &[Event<Arc<lock::Ask>>],
) -> Option<Anomaly> {
    let Scope { case, violation } = scope;
    let in_core =
        |event: &&Event<Arc<lock::Ask>>| violation.core.binary_search(&event.index).is_ok();
    let kept: Vec<&Event<Arc<lock::Ask>>> = events.iter().filter(in_core).collect();
    if kept.is_empty() {
        return None;
    }
    let fits = |lock: HeldLock, fences: bool, refusals: bool| {
        let kept = kept.iter().filter(|event| refusals || event.op.act != lock::Act::Busy);
        let reading = |event: &&Event<Arc<lock::Ask>>| {
            let op = lock::Ask { fence: event.op.fence.filter(|_| fences), ..*event.op };
            let op = Arc::new(op);
            Reading { index: event.index, op, span: event.span }
        };
        let readings: Vec<Reading<Arc<lock::Ask>>> = kept.map(reading).collect();
        is_linearizable(&lock, &readings, case.meter).0 == Some(true)
    };
    let failing = violation.operation;
    let seen_by = format!("as seen by {} {}", scope.who(failing), scope.when(failing));
    if fits(*lock, true, false) {
        let summary = format!("somebody was refused although the lock was free, {seen_by}");
        return scope.proved(AnomalyKind::SpuriousFailure, &kept, summary);
    }
    let (kind, what) = if fits(*lock, false, true) {
        (AnomalyKind::DoubleLock, "the fence did not grow from one holder to the next")
    } else if fits(HeldLock { check_owner: false, ..*lock }, true, true) {
        (AnomalyKind::ForeignRelease, "somebody released the lock who did not hold it")
    } else {
        (AnomalyKind::DoubleLock, "the lock had two holders at once")
    };
    scope.suggested(kind, &kept, format!("{what}, {seen_by}"))
}
