//! The coordinator of transactions over several shards: two-phase commit (Gray 1978), with the
//! presumption that what it does not know was aborted.

use std::collections::BTreeMap;

use super::locking::committed;
use crate::knobs::Commit;
use crate::origin::Host;
use crate::sim::{MILLISECOND, Nanos};
use crate::transactions::Txn;
use crate::transactions::hub::Hub;
use crate::transactions::wire::{Alarm, Ask, Call, Message, Told};

/// How long it waits before it asks or tells again.
const AGAIN_AFTER: Nanos = 10 * MILLISECOND;

/// A transaction.
struct Known {
    client: u32,
    /// The shards that have to answer what it asks or tells now.
    left: Vec<Host>,
    shards: Vec<Host>,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    /// It asks since then whether all can commit.
    Preparing(Nanos),
    /// This is on the disk.
    Decided(bool),
}

/// The coordinator.
pub(in crate::transactions) struct Coordinator {
    me: Host,
    known: BTreeMap<Txn, Known>,
    is_waiting: bool,
}

impl Coordinator {
    pub(super) fn new(me: Host) -> Coordinator {
        Coordinator { me, known: BTreeMap::new(), is_waiting: false }
    }

    /// A client calls.
    pub(super) fn call(&mut self, hub: &mut Hub, call: Call) {
        let Call { client, txn, ask } = call;
        match ask {
            Ask::Begin { steps, .. } => {
                let mut shards: Vec<Host> = steps.iter().map(|step| hub.home(step.key)).collect();
                shards.sort_unstable();
                shards.dedup();
                let new = Known { client, left: Vec::new(), shards, state: State::Open };
                let known = self.known.entry(txn).or_insert(new);
                if known.state == State::Open {
                    hub.tell(self.me, client, txn, Told::Began);
                }
            }
            Ask::Commit => self.commit(hub, client, txn),
            Ask::Rollback => {
                if self.known.get(&txn).is_none_or(|known| known.state == State::Open) {
                    self.decide(hub, txn, false);
                }
            }
            Ask::Step { .. } => {}
        }
    }

    fn commit(&mut self, hub: &mut Hub, client: u32, txn: Txn) {
        let Some(known) = self.known.get_mut(&txn) else {
            return hub.tell(self.me, client, txn, Told::Aborted("aborted"));
        };
        match (known.state, hub.knobs.commit) {
            (State::Open, Commit::TwoPhase) => {
                known.state = State::Preparing(hub.now());
                known.left.clone_from(&known.shards);
                self.send(hub, txn);
                self.send_later(hub);
            }
            (State::Open, Commit::OnePhase) => {
                self.decide(hub, txn, true);
                hub.tell(self.me, client, txn, committed());
            }
            (State::Decided(commits), _) => {
                let told = if commits { committed() } else { Told::Aborted("aborted") };
                hub.tell(self.me, client, txn, told);
            }
            (State::Preparing(_), _) => {}
        }
    }

    fn decide(&mut self, hub: &mut Hub, txn: Txn, commits: bool) {
        let Some(known) = self.known.get_mut(&txn) else { return };
        known.state = State::Decided(commits);
        known.left.clone_from(&known.shards);
        self.send(hub, txn);
        self.send_later(hub);
    }

    /// Asks or tells the shards that have not answered.
    fn send(&self, hub: &mut Hub, txn: Txn) {
        let Some(known) = self.known.get(&txn) else { return };
        let message = match known.state {
            State::Open => return,
            State::Preparing(_) => Message::Prepare(txn),
            State::Decided(commits) => Message::Decide(txn, commits),
        };
        known.left.iter().for_each(|&shard| hub.send(self.me, shard, &message));
    }

    fn send_later(&mut self, hub: &mut Hub) {
        if !self.is_waiting {
            self.is_waiting = true;
            hub.wake(self.me, AGAIN_AFTER, Alarm::Again);
        }
    }

    /// A message from a shard.
    pub(super) fn message(&mut self, hub: &mut Hub, from: Host, message: &Message) {
        let (Message::Vote(txn, _) | Message::Decided(txn)) = *message else { return };
        let Some(known) = self.known.get_mut(&txn) else { return };
        match (message, known.state) {
            (Message::Vote(_, true), State::Preparing(_)) => {
                known.left.retain(|&shard| shard != from);
                if known.left.is_empty() {
                    self.decided(hub, txn, true);
                }
            }
            (Message::Vote(_, false), State::Preparing(_)) => self.decided(hub, txn, false),
            (Message::Decided(_), State::Decided(_)) => known.left.retain(|&shard| shard != from),
            _ => {}
        }
    }

    /// Decides what a client waits for.
    fn decided(&mut self, hub: &mut Hub, txn: Txn, commits: bool) {
        self.decide(hub, txn, commits);
        if let Some(known) = self.known.get(&txn) {
            let told = if commits { committed() } else { Told::Aborted("refused by a shard") };
            hub.tell(self.me, known.client, txn, told);
        }
    }

    /// It wanted to be woken.
    pub(super) fn alarm(&mut self, hub: &mut Hub, alarm: Alarm) {
        let Alarm::Again = alarm else { return };
        self.is_waiting = false;
        let now = hub.now();
        let limit = hub.knobs.timeout;
        let open: Vec<Txn> =
            self.known.iter().filter(|one| !one.1.left.is_empty()).map(|one| *one.0).collect();
        for txn in open {
            self.send_later(hub);
            match self.known.get(&txn).map(|known| known.state) {
                Some(State::Preparing(since)) if now - since > limit => {
                    self.decided(hub, txn, false);
                }
                _ => self.send(hub, txn),
            }
        }
    }

    /// Crashes. Only decisions are on the disk.
    pub(super) fn crash(&mut self) {
        self.is_waiting = false;
        for known in self.known.values_mut() {
            if !matches!(known.state, State::Decided(_)) {
                known.state = State::Decided(false);
                known.left.clone_from(&known.shards);
            }
        }
    }

    /// Starts again: whatever was not decided is aborted.
    pub(super) fn start(&mut self, hub: &mut Hub) {
        self.send_later(hub);
    }
}
