//! A primary and its backups: the primary applies updates one after the other and sends them on in
//! that order; each backup applies them in that order (Alsberg and Day 1976). Without backups, this
//! is a single copy.
//!
//! A monitor, which every node tells from time to time that it lives, makes another node the
//! primary when the old one is not heard from. What the old one had and the new one has not is
//! lost. Each change of primaries or backups is a view, with a number; nodes take part in the
//! latest they know. A primary that steps down serves only for a while after it heard from the
//! monitor, a shorter while than the monitor waits before it names another one.

use std::collections::{BTreeMap, VecDeque};

use crate::call::Request;
use crate::copy::{Applied, Copy};
use crate::hub::Hub;
use crate::knobs::{Acknowledge, ReadsFrom};
use crate::origin::{Host, Member, Origin, Role, Stamp};
use crate::sim::{MILLISECOND, Nanos};
use crate::wire;
use crate::wire::primary::{Alarm, Message, View};

/// How often nodes tell the monitor that they live.
const BEAT: Nanos = 2 * MILLISECOND;

/// For so long after it heard from the monitor a primary serves that steps down.
const LEASE: Nanos = 10 * MILLISECOND;

/// After such a silence the monitor takes a node for dead. Longer than a lease, by more than a
/// message takes.
const SILENCE: Nanos = 16 * MILLISECOND;

/// After such a time updates are sent again that a backup did not confirm.
const AGAIN: Nanos = 5 * MILLISECOND;

/// So many updates are kept to be sent again; a backup that needs older ones gets a whole copy.
const KEPT: usize = 256;

/// An update that the primary keeps to send it again.
#[derive(Clone, Debug)]
struct Kept {
    number: u64,
    request: Request,
    stamp: Stamp,
    time: Nanos,
}

/// A request that is answered once all backups have the updates up to `number`.
#[derive(Debug)]
struct Due {
    number: u64,
    request: Request,
    applied: Applied,
    version: i64,
}

/// A node's part.
pub(crate) struct Primary {
    me: Host,
    /// The number of the nodes that keep the same keys.
    group: u16,
    /// Where the monitor is.
    monitor: Host,
    view: View,
    copy: Copy,
    /// How many updates the copy has.
    applied: u64,
    kept: VecDeque<Kept>,
    /// How many updates each backup of the view is known to have.
    confirmed: Vec<u64>,
    due: VecDeque<Due>,
    is_waiting_to_send: bool,
    /// Until when it may serve as the primary.
    lease: Nanos,
    /// Updates that came too early, by number.
    early: BTreeMap<u64, Kept>,
    /// Whether it has what its view started from.
    is_whole: bool,
}

impl Primary {
    /// A member of a group in its first view, with an empty copy.
    pub(crate) fn new(member: Member, monitor: Host, view: View, copy: Copy) -> Primary {
        let Member { me, group } = member;
        let confirmed = vec![0; view.backups.len()];
        Primary {
            me,
            group,
            monitor,
            view,
            copy,
            applied: 0,
            kept: VecDeque::new(),
            confirmed,
            due: VecDeque::new(),
            is_waiting_to_send: false,
            lease: LEASE,
            early: BTreeMap::new(),
            is_whole: true,
        }
    }

    /// Who it takes for the primary.
    pub(crate) fn primary(&self) -> Host {
        self.view.primary
    }

    /// The value and the version of a register, as this node has it.
    pub(crate) fn register(&self, key: u32) -> (Option<i64>, Stamp) {
        self.copy.register(key)
    }

    /// Starts, or starts again.
    pub(crate) fn start(&mut self, hub: &mut Hub) {
        if hub.knobs.failover {
            self.beat(hub);
        }
        if !self.view.backups.is_empty() && self.me == self.view.primary {
            self.send_again_later(hub);
        }
    }

    /// A client's call.
    pub(crate) fn request(&mut self, hub: &mut Hub, request: Request) {
        let is_primary = self.me == self.view.primary;
        if request.command.is_read() && hub.knobs.reads_from == ReadsFrom::Any {
            return self.read_here(hub, &request);
        }
        if !is_primary {
            let forward = wire::Message::Forward(request);
            return hub.send(self.me, self.view.primary, forward);
        }
        if self.has_stepped_down(hub) {
            if request.entry == self.me {
                hub.refuse(self.me, &request, self.origin(Stamp::NONE));
            }
            return;
        }
        let now = hub.now();
        let stamp = Stamp { time: now, by: hub.unique() };
        let applied = self.copy.apply(&request, stamp, now, &mut hub.ledger);
        if applied.stamp == stamp {
            self.applied += 1;
            self.send_on(
                hub,
                Kept { number: self.applied, request: request.clone(), stamp, time: now },
            );
        }
        self.answer_when_due(hub, request, applied);
    }

    /// A call that another node took for this one's to answer. If it is not, the call is dropped,
    /// and not refused: the message may have arrived twice, and the other one may be done.
    pub(crate) fn forwarded(&mut self, hub: &mut Hub, request: Request) {
        if self.me == self.view.primary {
            self.request(hub, request);
        }
    }

    fn read_here(&mut self, hub: &mut Hub, request: &Request) {
        let now = hub.now();
        let stamp = Stamp { time: now, by: hub.unique() };
        let applied = self.copy.apply(request, stamp, now, &mut hub.ledger);
        let origin = self.origin(applied.stamp);
        hub.answer(self.me, request, applied.answer, origin);
    }

    fn origin(&self, stamp: Stamp) -> Origin {
        let role = if self.me == self.view.primary { Role::Primary } else { Role::Replica };
        Origin { role, host: self.me, stamp, version: Some(self.applied as i64) }
    }

    /// Answers, now or once all backups have what was answered from.
    fn answer_when_due(&mut self, hub: &mut Hub, request: Request, applied: Applied) {
        let version = self.applied as i64;
        let is_late = hub.knobs.acknowledge == Acknowledge::Late;
        let due = Due { number: self.applied, request, applied, version };
        if is_late && self.confirmed.iter().any(|&number| number < self.applied) {
            self.due.push_back(due);
        } else {
            self.answer(hub, due);
        }
    }

    fn answer(&self, hub: &mut Hub, due: Due) {
        let origin = Origin { version: Some(due.version), ..self.origin(due.applied.stamp) };
        hub.answer(self.me, &due.request, due.applied.answer, origin);
    }

    /// Sends an update to all backups.
    fn send_on(&mut self, hub: &mut Hub, update: Kept) {
        if self.view.backups.is_empty() {
            return;
        }
        let lag = hub.knobs.lag;
        if lag == 0 || hub.knobs.acknowledge == Acknowledge::Late {
            for at in 0..self.view.backups.len() {
                self.send_update(hub, self.view.backups[at], &update);
            }
        }
        self.kept.push_back(update);
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
        self.send_again_later(hub);
    }

    fn send_update(&self, hub: &mut Hub, to: Host, update: &Kept) {
        let Kept { number, request, stamp, time } = update.clone();
        let view = self.view.number;
        self.send(hub, to, Message::Update { view, number, request, stamp, time });
    }

    fn send(&self, hub: &mut Hub, to: Host, message: Message) {
        hub.send(self.me, to, wire::Message::Primary(self.group, message));
    }

    fn send_again_later(&mut self, hub: &mut Hub) {
        if !self.is_waiting_to_send {
            self.is_waiting_to_send = true;
            let after = if hub.knobs.lag > 0 { hub.knobs.lag } else { AGAIN };
            hub.wake(self.me, after, wire::Alarm::Primary(self.group, Alarm::Again));
        }
    }

    /// Sends what backups did not confirm in time.
    fn send_again(&mut self, hub: &mut Hub) {
        self.is_waiting_to_send = false;
        if self.me != self.view.primary {
            return;
        }
        let old = if hub.knobs.lag > 0 { hub.now() } else { hub.now() - AGAIN };
        for (at, &backup) in self.view.backups.iter().enumerate() {
            let confirmed = self.confirmed[at];
            if confirmed >= self.applied {
                continue;
            }
            let is_kept = self.kept.front().is_some_and(|first| first.number <= confirmed + 1);
            if !is_kept {
                let copy = Box::new(self.copy.clone());
                let (view, number) = (self.view.number, self.applied);
                self.send(hub, backup, Message::Whole { view, number, copy });
                continue;
            }
            let due = self.kept.iter().filter(|one| one.number > confirmed && one.time <= old);
            due.for_each(|update| self.send_update(hub, backup, update));
        }
        if self.confirmed.iter().any(|&number| number < self.applied) {
            self.send_again_later(hub);
        }
    }

    fn beat(&mut self, hub: &mut Hub) {
        // Without what its view started from, it is no candidate.
        let view = if self.is_whole { self.view.number } else { 0 };
        let (number, sent) = (self.applied, hub.now());
        self.send(hub, self.monitor, Message::Alive { view, number, sent });
        hub.wake(self.me, BEAT, wire::Alarm::Primary(self.group, Alarm::Beat));
    }

    /// It wanted to be woken.
    pub(crate) fn alarm(&mut self, hub: &mut Hub, alarm: &Alarm) {
        match alarm {
            Alarm::Again => self.send_again(hub),
            Alarm::Beat => self.beat(hub),
            Alarm::Watch => {}
        }
    }

    /// A message from another node, or from the monitor.
    pub(crate) fn message(&mut self, hub: &mut Hub, from: Host, message: Message) {
        match message {
            Message::Update { view, number, request, stamp, time } => {
                if view == self.view.number && self.is_whole {
                    let update = Kept { number, request, stamp, time };
                    self.early.insert(number, update);
                    self.catch_up(hub);
                    self.confirm(hub, from);
                }
            }
            Message::Whole { view, number, copy } => {
                if view == self.view.number && (number >= self.applied || !self.is_whole) {
                    (self.copy, self.applied, self.is_whole) = (*copy, number, true);
                    self.early.retain(|&early, _| early > number);
                    self.catch_up(hub);
                    self.confirm(hub, from);
                }
            }
            Message::Has { view, number } => self.confirmed(hub, from, view, number),
            Message::Now { view, sent } => self.told(hub, view, sent),
            Message::Alive { .. } => {}
        }
    }

    /// Applies the updates that are next.
    fn catch_up(&mut self, hub: &mut Hub) {
        while let Some(update) = self.early.remove(&(self.applied + 1)) {
            self.applied += 1;
            self.copy.apply(&update.request, update.stamp, update.time, &mut hub.ledger);
        }
        self.early.retain(|&number, _| number > self.applied);
    }

    fn confirm(&self, hub: &mut Hub, to: Host) {
        let (view, number) = (self.view.number, self.applied);
        self.send(hub, to, Message::Has { view, number });
    }

    /// A backup has all updates up to a number.
    fn confirmed(&mut self, hub: &mut Hub, from: Host, view: u32, number: u64) {
        let at = self.view.backups.iter().position(|&backup| backup == from);
        let Some(at) = at.filter(|_| view == self.view.number) else { return };
        self.confirmed[at] = self.confirmed[at].max(number);
        let all = self.confirmed.iter().copied().min().unwrap_or(u64::MAX);
        while self.kept.front().is_some_and(|first| first.number <= all) {
            self.kept.pop_front();
        }
        self.answer_due(hub, all);
    }

    /// Answers what waited for backups to have the updates up to `all`. Not if another primary may
    /// have gone on since: then it stays unknown what came of it.
    fn answer_due(&mut self, hub: &mut Hub, all: u64) {
        while let Some(due) = self.due.pop_front_if(|due| due.number <= all) {
            if !self.has_stepped_down(hub) {
                self.answer(hub, due);
            }
        }
    }

    fn has_stepped_down(&self, hub: &Hub) -> bool {
        hub.knobs.failover && hub.knobs.step_down && hub.now() >= self.lease
    }

    /// The monitor says which view it is.
    fn told(&mut self, hub: &mut Hub, view: View, sent: Nanos) {
        if view.number < self.view.number {
            return;
        }
        self.lease = self.lease.max(sent + LEASE);
        if view.number == self.view.number {
            return;
        }
        let was_primary = self.me == self.view.primary;
        let is_primary = self.me == view.primary;
        if !(was_primary && is_primary) {
            self.due.clear();
        }
        self.confirmed = vec![0; view.backups.len()];
        self.view = view;
        self.early.clear();
        self.is_whole = is_primary;
        if is_primary {
            // The backups may have more, or other updates: they start from this copy.
            self.kept.clear();
            for &backup in &self.view.backups {
                let copy = Box::new(self.copy.clone());
                let (view, number) = (self.view.number, self.applied);
                self.send(hub, backup, Message::Whole { view, number, copy });
            }
            self.send_again_later(hub);
            if self.view.backups.is_empty() {
                self.answer_due(hub, u64::MAX);
            }
        }
    }

    /// It crashes: what it promised to answer is forgotten, and its copy, unless that is `durable`.
    pub(crate) fn crash(&mut self, durable: bool) {
        self.due.clear();
        self.kept.clear();
        self.early.clear();
        self.confirmed.fill(0);
        self.is_waiting_to_send = false;
        self.lease = Nanos::MIN;
        if !durable {
            self.copy.clear();
            self.applied = 0;
        }
    }
}

/// The host that decides who is primary.
pub(crate) struct Monitor {
    me: Host,
    view: View,
    /// When each member was last heard from, and how much it had.
    heard: BTreeMap<Host, (Nanos, u32, u64)>,
}

impl Monitor {
    /// Starts with everybody alive.
    pub(crate) fn new(me: Host, members: &[Host]) -> Monitor {
        let heard = members.iter().map(|&host| (host, (0, 1, 0))).collect();
        Monitor { me, view: View::first(members), heard }
    }

    /// Starts to watch.
    pub(crate) fn start(&self, hub: &mut Hub) {
        hub.wake(self.me, BEAT, wire::Alarm::Primary(0, Alarm::Watch));
    }

    /// A node lives.
    pub(crate) fn message(&mut self, hub: &mut Hub, from: Host, message: &Message) {
        let &Message::Alive { view, number, sent } = message else { return };
        self.heard.insert(from, (hub.now(), view, number));
        let now = Message::Now { view: self.view.clone(), sent };
        hub.send(self.me, from, wire::Message::Primary(0, now));
    }

    /// Looks who is silent, and who is back.
    pub(crate) fn alarm(&mut self, hub: &mut Hub) {
        hub.wake(self.me, BEAT, wire::Alarm::Primary(0, Alarm::Watch));
        let now = hub.now();
        let lives = |host: &Host| self.heard.get(host).is_some_and(|heard| now - heard.0 < SILENCE);
        let members: Vec<Host> = self.heard.keys().copied().filter(lives).collect();
        let old = &self.view;
        let mut known: Vec<Host> = old.backups.iter().copied().chain([old.primary]).collect();
        known.sort_unstable();
        if members == known {
            return;
        }
        let primary = if members.contains(&old.primary) {
            Some(old.primary)
        } else {
            let is_whole = |host: &&Host| self.heard[host].1 == old.number;
            let candidates = members.iter().filter(is_whole).copied();
            candidates.max_by_key(|host| (self.heard[host].2, std::cmp::Reverse(*host)))
        };
        let Some(primary) = primary else { return };
        let backups = members.into_iter().filter(|&host| host != primary).collect();
        self.view = View { number: old.number + 1, primary, backups };
    }
}
