//! A shard: locks the keys that it keeps, and commits when the coordinator says so.

use super::locking::Locking;
use crate::knobs::InDoubt;
use crate::origin::Host;
use crate::transactions::hub::Hub;
use crate::transactions::wire::{Alarm, Call, Message};

/// The shard.
pub(in crate::transactions) struct Shard {
    me: Host,
    keys: Locking,
}

impl Shard {
    pub(super) fn new(me: Host) -> Shard {
        Shard { me, keys: Locking::new(me) }
    }

    /// A client calls.
    pub(super) fn call(&mut self, hub: &mut Hub, call: Call) {
        // Who promised to commit hears the coordinator alone.
        if !self.keys.is_in_doubt(call.txn) {
            self.keys.call(hub, call);
        }
    }

    /// A message from the coordinator.
    pub(super) fn message(&mut self, hub: &mut Hub, from: Host, message: &Message) {
        match *message {
            Message::Prepare(txn) => {
                let was = self.keys.is_in_doubt(txn);
                let can = self.keys.prepare(txn);
                hub.send(self.me, from, &Message::Vote(txn, can));
                if !was && self.keys.is_in_doubt(txn) {
                    let after = hub.knobs.timeout / 2;
                    hub.wake(self.me, after, Alarm::InDoubt(txn));
                }
            }
            Message::Decide(txn, commits) => {
                self.keys.decide(hub, txn, commits);
                hub.send(self.me, from, &Message::Decided(txn));
            }
            _ => {}
        }
    }

    /// It wanted to be woken.
    pub(super) fn alarm(&mut self, hub: &mut Hub, alarm: Alarm) {
        let Alarm::InDoubt(txn) = alarm else { return self.keys.alarm(hub, alarm) };
        if self.keys.is_in_doubt(txn) {
            match hub.knobs.in_doubt {
                InDoubt::Wait => {}
                InDoubt::Abort => self.keys.decide(hub, txn, false),
                InDoubt::Commit => self.keys.decide(hub, txn, true),
            }
        }
    }

    /// Crashes. What it promised is on the disk, with its locks.
    pub(super) fn crash(&mut self, hub: &Hub) {
        self.keys.crash(hub);
    }

    /// Starts again.
    pub(super) fn start(&mut self, hub: &mut Hub) {
        for txn in self.keys.in_doubt() {
            let after = hub.knobs.timeout / 2;
            hub.wake(self.me, after, Alarm::InDoubt(txn));
        }
    }
}
