//! What clients, nodes and the nemesis share: the agenda, the network and the log of what really
//! happened.

use std::sync::Arc;

use super::Txn;
use super::ledger::Ledger;
use super::wire::{Alarm, Call, Message, Reply, Told};
use crate::knobs::{Engine, Knobs, Workload};
use crate::origin::Host;
use crate::sim::Nanos;
use crate::sim::agenda::Agenda;
use crate::sim::network::{Arrivals, Links, Network};

/// What is going to happen.
#[derive(Debug)]
pub(super) enum Event {
    /// A client's call arrives at a node.
    Call { node: Host, call: Call },
    /// An answer arrives at its client.
    Reply(Reply),
    /// A message arrives.
    Message { from: Host, to: Host, message: Message },
    /// A node wanted to be woken; not if it crashed in between.
    Alarm { node: Host, life: u32, alarm: Alarm },
    /// A client wanted to be woken; not if it wanted something else in between.
    Wake { client: u32, ticket: u32 },
    /// The nemesis does its next step.
    Fault,
}

/// What all share.
pub(super) struct Hub {
    pub(super) knobs: Knobs,
    pub(super) agenda: Agenda<Event>,
    pub(super) network: Network,
    pub(super) ledger: Ledger,
    /// How often each node was started.
    pub(super) lives: Vec<u32>,
}

impl Hub {
    /// Makes what all share, at time 0.
    pub(super) fn new(knobs: &Knobs, links: Links, seed: u64, ledger: Ledger) -> Hub {
        let hosts = knobs.nodes as usize;
        Hub {
            knobs: knobs.clone(),
            agenda: Agenda::new(),
            network: Network::new(links, hosts, seed),
            ledger,
            lives: vec![0; knobs.nodes as usize],
        }
    }

    /// The true time.
    pub(super) fn now(&self) -> Nanos {
        self.agenda.now()
    }

    /// The node next to a client, by way of which it calls `node`. Sites and followers are called
    /// by those who are next to them.
    fn entry(&self, client: u32, node: Host) -> Host {
        match self.knobs.engine {
            Engine::Sites => node,
            Engine::Versions if node != self.head() => node,
            _ => (client % self.knobs.nodes) as Host,
        }
    }

    /// When messages arrive between a client and a node that are sent now.
    fn times(&mut self, client: u32, node: Host, is_call: bool) -> Arrivals {
        let (now, entry) = (self.now(), self.entry(client, node));
        let near = self.network.nearby(now) - now;
        if entry == node {
            return [Some(now + near), None];
        }
        let (from, to) = if is_call { (entry, node) } else { (node, entry) };
        let times = self.network.arrivals(now, usize::from(from), usize::from(to));
        times.map(|time| time.map(|time| time + near))
    }

    /// Sends a client's call to a node.
    pub(super) fn call(&mut self, node: Host, call: Call) {
        for time in self.times(call.client, node, true).into_iter().flatten() {
            self.agenda.add(time, Event::Call { node, call: call.clone() });
        }
    }

    /// Answers a client.
    pub(super) fn tell(&mut self, node: Host, client: u32, txn: Txn, told: Told) {
        for time in self.times(client, node, false).into_iter().flatten() {
            let reply = Reply { client, txn, told: told.clone() };
            self.agenda.add(time, Event::Reply(reply));
        }
    }

    /// Sends a message from one node to another.
    pub(super) fn send(&mut self, from: Host, to: Host, message: &Message) {
        let now = self.now();
        let times = self.network.arrivals(now, usize::from(from), usize::from(to));
        for time in times.into_iter().flatten() {
            self.agenda.add(time, Event::Message { from, to, message: message.clone() });
        }
    }

    /// Wakes `node` after a time, unless it crashes before.
    pub(super) fn wake(&mut self, node: Host, after: Nanos, alarm: Alarm) {
        let life = self.lives[usize::from(node)];
        self.agenda.add(self.now() + after, Event::Alarm { node, life, alarm });
    }

    /// What a client sees of a key that holds `values`.
    pub(super) fn shown(&self, values: impl DoubleEndedIterator<Item = i64>) -> Arc<[i64]> {
        match self.knobs.workload {
            Workload::ListAppend => values.collect(),
            _ => values.rev().take(1).collect(),
        }
    }

    /// The node that takes the first and the last call of a transaction, if it is only one.
    pub(super) fn head(&self) -> Host {
        match self.knobs.engine {
            Engine::Shards => (self.knobs.nodes - 1) as Host,
            Engine::Locking | Engine::Versions | Engine::Sites => 0,
        }
    }

    /// The number of nodes that keep keys.
    pub(super) fn keepers(&self) -> u32 {
        match self.knobs.engine {
            Engine::Locking => 1,
            Engine::Shards => self.knobs.nodes - 1,
            Engine::Versions | Engine::Sites => self.knobs.nodes,
        }
    }

    /// The node at which a key is at home: its shard, or the site that may write it.
    pub(super) fn home(&self, key: u32) -> Host {
        // Keys that take each other's place have numbers that differ by the number of keys in use.
        (key % self.knobs.keys.max(1) % self.keepers()) as Host
    }
}
