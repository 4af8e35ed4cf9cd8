//! Nodes that keep versions: a primary, which runs all transactions that write, and perhaps
//! followers, which get its transactions later and run others that only read.
//!
//! A transaction keeps its writes back until it commits, and then gets the next number: its
//! versions are those of that number. It sees the versions up to a number. If that was the last one
//! when it began, and of two transactions at a time that write the same key the second aborts, this
//! is snapshot isolation (Berenson and others 1995).

use std::collections::BTreeMap;
use std::sync::Arc;

use histcheck_history::hash::Map;

use super::locking::LEFT_AFTER;
use super::pivots::Pivots;
use crate::knobs::{Knobs, ReadCheck, Snapshots};
use crate::origin::Host;
use crate::sim::{MILLISECOND, Nanos};
use crate::transactions::Txn;
use crate::transactions::hub::Hub;
use crate::transactions::wire::{Alarm, Ask, Call, Message, Step, Told, Update};

/// How long a primary waits before it sends again what was not confirmed.
const AGAIN_AFTER: Nanos = 10 * MILLISECOND;

/// A version of a key.
struct Version {
    number: u64,
    txn: Txn,
    value: i64,
}

/// A transaction that is under way.
struct Active {
    client: u32,
    /// The last number when it began.
    snapshot: u64,
    /// The keys that it read from others, each with the number that it saw last.
    reads: BTreeMap<u32, u64>,
    writes: Vec<(u32, i64)>,
    called: Nanos,
}

/// A node.
pub(in crate::transactions) struct Versions {
    me: Host,
    cells: Map<u32, Vec<Version>>,
    /// The number of the last transaction that it has.
    last: u64,
    active: BTreeMap<Txn, Active>,
    /// The number of those that committed here.
    ended: Map<Txn, Option<u64>>,
    pivots: Pivots,
    /// All transactions that committed, if there are followers.
    log: Vec<Update>,
    /// How many of them each follower has, as far as the primary knows.
    has: Vec<u64>,
    /// Whether an alarm is to come.
    is_sending: bool,
    /// Transactions that a follower begins once it has what they need.
    waiting: Vec<Call>,
}

impl Versions {
    pub(super) fn new(me: Host, knobs: &Knobs) -> Versions {
        Versions {
            me,
            cells: Map::default(),
            last: 0,
            active: BTreeMap::new(),
            ended: Map::default(),
            pivots: Pivots::default(),
            log: Vec::new(),
            has: vec![0; knobs.nodes as usize],
            is_sending: false,
            waiting: Vec::new(),
        }
    }

    /// A client calls.
    pub(super) fn call(&mut self, hub: &mut Hub, call: Call) {
        let (client, txn) = (call.client, call.txn);
        if let Some(&ended) = self.ended.get(&txn) {
            let told = match (&call.ask, ended) {
                (Ask::Commit, Some(_)) => told_committed(0, None),
                (Ask::Rollback, _) => return,
                _ => Told::Aborted("aborted"),
            };
            return hub.tell(self.me, client, txn, told);
        }
        if let Ask::Begin { need, .. } = &call.ask {
            if self.active.contains_key(&txn) {
                return;
            }
            if need.first().is_some_and(|&need| need > self.last) {
                return self.waiting.push(call);
            }
            self.begin(hub, client, txn);
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

    fn begin(&mut self, hub: &mut Hub, client: u32, txn: Txn) {
        let active = Active {
            client,
            snapshot: self.last,
            reads: BTreeMap::new(),
            writes: Vec::new(),
            called: hub.now(),
        };
        self.active.insert(txn, active);
        if hub.knobs.read_check == ReadCheck::Pivots {
            self.pivots.begin(txn, self.last);
        }
        let after = LEFT_AFTER * hub.knobs.timeout;
        hub.wake(self.me, after, Alarm::Idle(txn));
    }

    fn step(&mut self, hub: &mut Hub, txn: Txn, at: u32, step: Step) {
        let with_pivots = hub.knobs.read_check == ReadCheck::Pivots;
        let Some(active) = self.active.get_mut(&txn) else { return };
        let client = active.client;
        let Some(value) = step.value else {
            let upto = match hub.knobs.snapshots {
                Snapshots::Begin => active.snapshot,
                Snapshots::EachRead => self.last,
            };
            let cell = self.cells.get(&step.key).map_or(&[][..], Vec::as_slice);
            let (seen, later) = cell.split_at(cell.partition_point(|one| one.number <= upto));
            let own = active.writes.iter().filter(|write| write.0 == step.key);
            if own.clone().next().is_none() {
                hub.ledger.read(txn, at, seen.last().map(|version| version.value));
                active.reads.entry(step.key).or_insert(seen.last().map_or(0, |one| one.number));
            }
            let values = seen.iter().map(|version| version.value);
            let values: Vec<i64> = values.chain(own.map(|write| write.1)).collect();
            let writers: Vec<Txn> = later.iter().map(|version| version.txn).collect();
            if with_pivots && !self.read_with_pivots(txn, step.key, writers) {
                return self.abort(hub, txn, "pivot");
            }
            let seen = hub.shown(values.into_iter());
            return hub.tell(self.me, client, txn, Told::Did { at, seen });
        };
        active.writes.push((step.key, value));
        if with_pivots && !self.pivots.write(txn, step.key) {
            return self.abort(hub, txn, "pivot");
        }
        hub.tell(self.me, client, txn, Told::Did { at, seen: Arc::default() });
    }

    /// Marks a read, of which `writers` have committed later versions.
    fn read_with_pivots(&mut self, txn: Txn, key: u32, mut writers: Vec<Txn>) -> bool {
        let writes = |active: &Active| active.writes.iter().any(|write| write.0 == key);
        let active = self.active.iter().filter(|one| writes(one.1));
        writers.extend(active.map(|(&txn, _)| txn));
        self.pivots.read(txn, key, &writers)
    }

    fn abort(&mut self, hub: &mut Hub, txn: Txn, why: &'static str) {
        if let Some(active) = self.active.get(&txn) {
            hub.tell(self.me, active.client, txn, Told::Aborted(why));
        }
        self.end(txn, None);
    }

    fn end(&mut self, txn: Txn, number: Option<u64>) {
        self.active.remove(&txn);
        self.ended.insert(txn, number);
        self.pivots.end(txn, number);
    }

    /// The number of the last version of a key.
    fn newest(&self, key: u32) -> u64 {
        self.cells.get(&key).and_then(|cell| cell.last()).map_or(0, |version| version.number)
    }

    fn commit(&mut self, hub: &mut Hub, txn: Txn) {
        let Some(active) = self.active.get(&txn) else { return };
        let was_written = |key: u32| self.newest(key) > active.snapshot;
        let conflicts = active.writes.iter().any(|write| was_written(write.0));
        let mut reads = active.reads.iter();
        let is_old = match hub.knobs.read_check {
            ReadCheck::Validate => reads.any(|(&key, &seen)| self.newest(key) > seen),
            ReadCheck::Pivots | ReadCheck::None => false,
        };
        if hub.knobs.write_check && conflicts || is_old {
            return self.abort(hub, txn, "conflict");
        }
        if !self.pivots.may_commit(txn) {
            return self.abort(hub, txn, "pivot");
        }
        let (client, snapshot) = (active.client, active.snapshot);
        let saw = if hub.knobs.snapshots == Snapshots::Begin { snapshot } else { self.last };
        let writes: Arc<[(u32, i64)]> = active.writes.as_slice().into();
        hub.ledger.committed(txn);
        if writes.is_empty() {
            // Who began before this, did so at the same time.
            self.end(txn, Some(self.last + 1));
            return hub.tell(self.me, client, txn, told_committed(saw, None));
        }
        let number = self.last + 1;
        let stamp = (number as i64, i64::from(txn));
        let update = Update { origin: self.me, number, saw: Arc::default(), stamp, writes };
        for (at, &(key, value)) in update.writes.iter().enumerate() {
            hub.ledger.installed(txn, key, value, (number as i64, at as i64));
        }
        self.apply(&update);
        self.end(txn, Some(number));
        hub.tell(self.me, client, txn, told_committed(saw, Some(number)));
        if hub.knobs.nodes > 1 {
            self.log.push(update);
            if hub.knobs.lag == 0 {
                self.send(hub);
            }
            self.send_later(hub);
        }
    }

    fn apply(&mut self, update: &Update) {
        let Update { number, stamp, writes, .. } = update;
        for &(key, value) in writes.iter() {
            let version = Version { number: *number, txn: stamp.1 as Txn, value };
            self.cells.entry(key).or_default().push(version);
        }
        self.last = *number;
    }

    /// Sends followers what they lack.
    fn send(&mut self, hub: &mut Hub) {
        for follower in (0..hub.knobs.nodes as Host).filter(|&node| node != self.me) {
            let after = self.has[usize::from(follower)];
            let updates = self.log.get(after as usize..).unwrap_or_default().to_vec();
            if !updates.is_empty() {
                hub.send(self.me, follower, &Message::Log { after, updates });
            }
        }
    }

    /// Sends again after a while.
    fn send_later(&mut self, hub: &mut Hub) {
        if !self.is_sending {
            self.is_sending = true;
            let lag = hub.knobs.lag;
            hub.wake(self.me, if lag > 0 { lag } else { AGAIN_AFTER }, Alarm::Again);
        }
    }

    /// A message from another node.
    pub(super) fn message(&mut self, hub: &mut Hub, from: Host, message: Message) {
        match message {
            Message::Log { after, updates } if after <= self.last => {
                for update in updates.iter().filter(|update| update.number > after) {
                    if update.number == self.last + 1 {
                        self.apply(update);
                    }
                }
                hub.send(self.me, from, &Message::Has(self.last));
                let waiting = std::mem::take(&mut self.waiting);
                waiting.into_iter().for_each(|call| self.call(hub, call));
            }
            Message::Has(last) => {
                let has = &mut self.has[usize::from(from)];
                *has = last.max(*has);
            }
            _ => {}
        }
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
                self.send(hub);
                let count = self.log.len() as u64;
                let others = self.has.iter().enumerate().filter(|one| one.0 as Host != self.me);
                if { others }.any(|(_, &has)| has < count) {
                    self.send_later(hub);
                }
            }
            Alarm::InDoubt(_) => {}
        }
    }

    /// Crashes: transactions that are under way are lost.
    pub(super) fn crash(&mut self) {
        let lost: Vec<Txn> = self.active.keys().copied().collect();
        lost.into_iter().for_each(|txn| self.end(txn, None));
        self.pivots = Pivots::default();
        self.waiting.clear();
        self.is_sending = false;
    }

    /// Starts again.
    pub(super) fn start(&mut self, hub: &mut Hub) {
        if !self.log.is_empty() && hub.knobs.nodes > 1 {
            self.send_later(hub);
        }
    }
}

/// What a client is told whose transaction saw all up to a number, and committed as another one.
fn told_committed(saw: u64, wrote: Option<u64>) -> Told {
    Told::Committed { saw: Arc::new([saw]), wrote: wrote.map(|number| (0, number)) }
}
