//! Sites that each have a copy of everything, commit by themselves, and send what they wrote to the
//! others.
//!
//! A transaction sees a number of transactions of each site: what its site had when it began. Where
//! sites show what they are sent in the order of its causes, that is causal consistency. If of two
//! transactions at a time that write a key the second aborts, it is parallel snapshot isolation
//! (Sovran and others 2011). As in their Walter, each key is at home at one site, which commits
//! transactions that write its own keys alone at once; for others, a site first claims the keys at
//! their homes. Where nobody looks for conflicts, the write with the greater Lamport clock is the
//! later version (Lloyd and others 2011).

use std::collections::BTreeMap;
use std::sync::Arc;

use histcheck_history::hash::Map;

use super::locking::LEFT_AFTER;
use crate::knobs::{Delivery, Knobs, Snapshots};
use crate::origin::Host;
use crate::sim::{MILLISECOND, Nanos};
use crate::transactions::Txn;
use crate::transactions::hub::Hub;
use crate::transactions::wire::{Alarm, Ask, Call, Message, Step, Told, Update};

/// How long a site waits before it sends again what was not confirmed.
const AGAIN_AFTER: Nanos = 10 * MILLISECOND;

/// A version of a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    /// The Lamport clock and the site, and the number of the write in its transaction.
    stamp: (i64, i64),
    at: usize,
    origin: Host,
    /// The number of its transaction among those of the site.
    number: u64,
    value: i64,
}

/// A transaction that is under way.
struct Active {
    client: u32,
    snapshot: Arc<[u64]>,
    writes: Vec<(u32, i64)>,
    called: Nanos,
    /// The homes of keys that it claims which have not answered, while it commits.
    asked: Option<Vec<Host>>,
}

/// What came of a transaction.
type Ended = Option<(Arc<[u64]>, Option<(Host, u64)>)>;

/// A site.
pub(in crate::transactions) struct Site {
    me: Host,
    /// The versions of each key that it shows, in order.
    cells: Map<u32, Vec<Version>>,
    /// How many transactions of each site it shows.
    shows: Vec<u64>,
    /// Its Lamport clock.
    clock: i64,
    active: BTreeMap<Txn, Active>,
    ended: Map<Txn, Ended>,
    /// The transactions that claimed keys, with their sites.
    claims: BTreeMap<u32, (Txn, Host)>,
    /// What arrived and is not shown yet.
    arrived: Vec<Update>,
    /// What was not confirmed: its number, and who is to confirm it.
    sent: Vec<(u64, Host, Update)>,
    /// How many updates it sent.
    count: u64,
    is_sending: bool,
    /// Transactions that begin once the site shows what they need.
    waiting: Vec<Call>,
}

impl Site {
    pub(super) fn new(me: Host, knobs: &Knobs) -> Site {
        Site {
            me,
            cells: Map::default(),
            shows: vec![0; knobs.nodes as usize],
            clock: 0,
            active: BTreeMap::new(),
            ended: Map::default(),
            claims: BTreeMap::new(),
            arrived: Vec::new(),
            sent: Vec::new(),
            count: 0,
            is_sending: false,
            waiting: Vec::new(),
        }
    }

    /// A client calls.
    pub(super) fn call(&mut self, hub: &mut Hub, call: Call) {
        let (client, txn) = (call.client, call.txn);
        if let Some(ended) = self.ended.get(&txn) {
            let told = match (&call.ask, ended) {
                (Ask::Commit, Some((saw, wrote))) => {
                    Told::Committed { saw: saw.clone(), wrote: *wrote }
                }
                (Ask::Rollback, _) => return,
                _ => Told::Aborted("aborted"),
            };
            return hub.tell(self.me, client, txn, told);
        }
        if let Ask::Begin { need, .. } = &call.ask {
            if self.active.contains_key(&txn) {
                return;
            }
            if need.iter().zip(&self.shows).any(|(need, shown)| need > shown) {
                return self.waiting.push(call);
            }
            let snapshot = self.shows.as_slice().into();
            let called = hub.now();
            let (writes, asked) = (Vec::new(), None);
            self.active.insert(txn, Active { client, snapshot, writes, called, asked });
            let after = LEFT_AFTER * hub.knobs.timeout;
            hub.wake(self.me, after, Alarm::Idle(txn));
            return hub.tell(self.me, client, txn, Told::Began);
        }
        let Some(active) = self.active.get_mut(&txn) else {
            self.ended.insert(txn, None);
            self.waiting.retain(|waiting| waiting.txn != txn);
            if !matches!(call.ask, Ask::Rollback) {
                hub.tell(self.me, client, txn, Told::Aborted("aborted"));
            }
            return;
        };
        active.called = hub.now();
        match call.ask {
            Ask::Begin { .. } => {}
            Ask::Step { at, step, .. } => self.step(hub, txn, at, step),
            Ask::Commit => self.commit(hub, txn),
            Ask::Rollback => self.end(txn, None),
        }
    }

    fn end(&mut self, txn: Txn, ended: Ended) {
        self.active.remove(&txn);
        self.claims.retain(|_, holder| holder.0 != txn);
        self.ended.insert(txn, ended);
    }

    fn step(&mut self, hub: &mut Hub, txn: Txn, at: u32, step: Step) {
        let Some(active) = self.active.get_mut(&txn) else { return };
        let client = active.client;
        if let Some(value) = step.value {
            active.writes.push((step.key, value));
            return hub.tell(self.me, client, txn, Told::Did { at, seen: Arc::default() });
        }
        let with_snapshot = hub.knobs.snapshots == Snapshots::Begin;
        let cell = self.cells.get(&step.key).into_iter().flatten();
        let seen = cell
            .filter(|version| !with_snapshot || is_in(&active.snapshot, version))
            .map(|version| version.value);
        let own = active.writes.iter().filter(|write| write.0 == step.key).map(|write| write.1);
        if own.clone().next().is_none() {
            hub.ledger.read(txn, at, seen.clone().next_back());
        }
        let values: Vec<i64> = seen.chain(own).collect();
        let seen = hub.shown(values.into_iter());
        hub.tell(self.me, client, txn, Told::Did { at, seen });
    }

    fn commit(&mut self, hub: &mut Hub, txn: Txn) {
        let Some(active) = self.active.get(&txn).filter(|active| active.asked.is_none()) else {
            return;
        };
        let saw = active.snapshot.clone();
        if !hub.knobs.write_check {
            return self.committed(hub, txn);
        }
        let keys = active.writes.iter().map(|write| (hub.home(write.0), write.0));
        let mut keys: Vec<(Host, u32)> = keys.collect();
        keys.sort_unstable();
        keys.dedup();
        let all: Vec<u32> = keys.iter().map(|one| one.1).collect();
        if !self.claim((txn, self.me), &saw, &all) {
            return self.refuse(hub, txn);
        }
        let mut asked = Vec::new();
        for keys in keys.chunk_by(|one, next| one.0 == next.0) {
            let home = keys[0].0;
            if home != self.me {
                let keys = keys.iter().map(|one| one.1).collect();
                hub.send(self.me, home, &Message::Claim { txn, saw: saw.clone(), keys });
                asked.push(home);
            }
        }
        if asked.is_empty() {
            return self.committed(hub, txn);
        }
        if let Some(active) = self.active.get_mut(&txn) {
            active.asked = Some(asked);
        }
    }

    /// Claims keys for a transaction that saw this. Returns whether nobody else wrote or claimed
    /// one of them.
    fn claim(&mut self, holder: (Txn, Host), saw: &[u64], keys: &[u32]) -> bool {
        let is_free = |key: &u32| {
            let cell = self.cells.get(key).into_iter().flatten();
            let is_claimed = self.claims.get(key).is_some_and(|&other| other != holder);
            !is_claimed && { cell }.all(|version| is_in(saw, version))
        };
        let are_free = keys.iter().all(is_free);
        if are_free {
            self.claims.extend(keys.iter().map(|&key| (key, holder)));
        }
        are_free
    }

    /// Aborts a transaction that cannot commit.
    fn refuse(&mut self, hub: &mut Hub, txn: Txn) {
        let Some(active) = self.active.get(&txn) else { return };
        hub.tell(self.me, active.client, txn, Told::Aborted("conflict"));
        for (key, _) in &active.writes {
            let home = hub.home(*key);
            if home != self.me && active.asked.is_some() {
                hub.send(self.me, home, &Message::Decide(txn, false));
            }
        }
        self.end(txn, None);
    }

    /// Commits a transaction.
    fn committed(&mut self, hub: &mut Hub, txn: Txn) {
        let Some(active) = self.active.get(&txn) else { return };
        let (client, saw) = (active.client, active.snapshot.clone());
        hub.ledger.committed(txn);
        let mut wrote = None;
        if !active.writes.is_empty() {
            let number = self.shows[usize::from(self.me)] + 1;
            self.clock += 1;
            let stamp = (self.clock, i64::from(self.me));
            let writes: Arc<[(u32, i64)]> = active.writes.as_slice().into();
            for &(key, value) in writes.iter() {
                // Versions of one transaction are one after the other; only its last one counts.
                hub.ledger.installed(txn, key, value, stamp);
            }
            wrote = Some((self.me, number));
            let update = Update { origin: self.me, number, saw: saw.clone(), stamp, writes };
            self.show(&update);
            self.send(hub, &update);
        }
        self.end(txn, Some((saw.clone(), wrote)));
        hub.tell(self.me, client, txn, Told::Committed { saw, wrote });
    }

    /// Shows an update.
    fn show(&mut self, update: &Update) {
        let Update { origin, number, stamp, ref writes, .. } = *update;
        for (at, &(key, value)) in writes.iter().enumerate() {
            let version = Version { stamp, at, origin, number, value };
            let cell = self.cells.entry(key).or_default();
            let place = cell.partition_point(|one| *one < version);
            if cell.get(place) != Some(&version) {
                cell.insert(place, version);
            }
            // Nobody but who claimed the key wrote it.
            self.claims.remove(&key);
        }
        self.clock = self.clock.max(stamp.0);
        let shown = &mut self.shows[usize::from(origin)];
        *shown = number.max(*shown);
    }

    /// Sends an update to all other sites, in as many messages as it has keys if each is shown
    /// when it arrives.
    fn send(&mut self, hub: &mut Hub, update: &Update) {
        let mut parts = vec![update.writes.to_vec()];
        if hub.knobs.delivery == Delivery::ByWrite {
            parts[0].sort_by_key(|write| write.0);
            let keys = parts[0].chunk_by(|one, next| one.0 == next.0);
            parts = keys.map(<[_]>::to_vec).collect();
        }
        for part in parts {
            let part = Update { writes: part.into(), ..update.clone() };
            for site in (0..hub.knobs.nodes as Host).filter(|&site| site != self.me) {
                self.count += 1;
                hub.send(self.me, site, &Message::Update(self.count, part.clone()));
                self.sent.push((self.count, site, part.clone()));
            }
        }
        self.send_later(hub);
    }

    fn send_later(&mut self, hub: &mut Hub) {
        if !self.is_sending && !self.sent.is_empty() {
            self.is_sending = true;
            hub.wake(self.me, AGAIN_AFTER, Alarm::Again);
        }
    }

    /// A message from another site.
    pub(super) fn message(&mut self, hub: &mut Hub, from: Host, message: Message) {
        match message {
            Message::Update(number, update) => {
                hub.send(self.me, from, &Message::Got(number));
                self.arrive(hub, update);
            }
            Message::Got(number) => self.sent.retain(|sent| sent.0 != number),
            Message::Claim { txn, saw, keys } => {
                let are_free = self.claim((txn, from), &saw, &keys);
                hub.send(self.me, from, &Message::Vote(txn, are_free));
                if are_free {
                    hub.wake(self.me, AGAIN_AFTER, Alarm::InDoubt(txn));
                }
            }
            Message::Vote(txn, are_free) => self.voted(hub, from, txn, are_free),
            Message::WhatOf(txn) => {
                let is_lost = !self.active.contains_key(&txn)
                    && self.ended.get(&txn).is_none_or(Option::is_none);
                if is_lost {
                    hub.send(self.me, from, &Message::Decide(txn, false));
                }
            }
            Message::Decide(txn, _) => self.claims.retain(|_, holder| holder.0 != txn),
            _ => {}
        }
    }

    /// The home of some keys that a transaction claims has answered.
    fn voted(&mut self, hub: &mut Hub, from: Host, txn: Txn, are_free: bool) {
        let asked = self.active.get_mut(&txn).and_then(|active| active.asked.as_mut());
        let Some(asked) = asked else { return };
        asked.retain(|&home| home != from);
        let is_last = asked.is_empty();
        if !are_free {
            self.refuse(hub, txn);
        } else if is_last {
            self.committed(hub, txn);
        }
    }

    fn arrive(&mut self, hub: &mut Hub, update: Update) {
        let is_known = update.number <= self.shows[usize::from(update.origin)];
        if hub.knobs.delivery == Delivery::ByWrite {
            self.show(&update);
        } else if !is_known {
            self.arrived.push(update);
        }
        while let Some(at) = self.arrived.iter().position(|update| self.is_due(hub, update)) {
            let update = self.arrived.swap_remove(at);
            self.show(&update);
        }
        let shows = &self.shows;
        self.arrived.retain(|update| update.number > shows[usize::from(update.origin)]);
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_iter().for_each(|call| self.call(hub, call));
    }

    /// Whether an update that arrived is to be shown.
    fn is_due(&self, hub: &Hub, update: &Update) -> bool {
        let is_next = update.number == self.shows[usize::from(update.origin)] + 1;
        let mut needs = update.saw.iter().zip(&self.shows).enumerate();
        let has_all =
            needs.all(|(site, (saw, shows))| site == usize::from(update.origin) || saw <= shows);
        is_next && (has_all || hub.knobs.delivery == Delivery::ByOrigin)
    }

    /// It wanted to be woken.
    pub(super) fn alarm(&mut self, hub: &mut Hub, alarm: Alarm) {
        match alarm {
            Alarm::Idle(txn) => {
                let Some(active) = self.active.get(&txn) else { return };
                let limit = LEFT_AFTER * hub.knobs.timeout;
                if hub.now() - active.called >= limit {
                    return self.end(txn, None);
                }
                hub.wake(self.me, limit, Alarm::Idle(txn));
            }
            Alarm::Again => {
                self.is_sending = false;
                for (number, site, update) in &self.sent {
                    hub.send(self.me, *site, &Message::Update(*number, update.clone()));
                }
                self.send_later(hub);
            }
            Alarm::InDoubt(txn) => {
                let holder = self.claims.values().find(|holder| holder.0 == txn);
                if let Some(&(_, site)) = holder {
                    hub.send(self.me, site, &Message::WhatOf(txn));
                    hub.wake(self.me, AGAIN_AFTER, Alarm::InDoubt(txn));
                }
            }
        }
    }

    /// Crashes: transactions that are under way are lost.
    pub(super) fn crash(&mut self) {
        for txn in std::mem::take(&mut self.active).into_keys() {
            self.ended.insert(txn, None);
        }
        let me = self.me;
        self.claims.retain(|_, holder| holder.1 != me);
        self.waiting.clear();
        self.is_sending = false;
    }

    /// Starts again.
    pub(super) fn start(&mut self, hub: &mut Hub) {
        self.send_later(hub);
        for (txn, _) in self.claims.values() {
            hub.wake(self.me, AGAIN_AFTER, Alarm::InDoubt(*txn));
        }
    }
}

/// Whether a snapshot shows a version.
fn is_in(snapshot: &[u64], version: &Version) -> bool {
    snapshot.get(usize::from(version.origin)).is_some_and(|&shows| version.number <= shows)
}
