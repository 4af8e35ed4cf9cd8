//! The world of interactive transactions: takes one event after the other off the agenda and gives
//! it to whom it concerns.

use super::client::Clients;
use super::engine::Node;
use super::graph::Dependencies;
use super::hub::{Event, Hub};
use super::ledger::Ledger;
use super::nemesis::{Deed, Nemesis};
use crate::knobs::Knobs;
use crate::origin::Host;
use crate::recording::{Records, Shown};
use crate::sim::network::Links;
use crate::sim::{MILLISECOND, Nanos};

/// So much longer than a client's longest wait the run goes on if no client gets any further.
const PATIENCE: Nanos = 1000 * MILLISECOND;

/// The world.
pub(crate) struct World {
    hub: Hub,
    nodes: Vec<Node>,
    clients: Clients,
    nemesis: Nemesis,
    /// Which nodes are down.
    down: Vec<bool>,
}

impl World {
    /// The world that `knobs` and a seed make. It logs what really happens, if it `keeps_ledger`.
    pub(crate) fn new(knobs: &Knobs, links: Links, seed: u64, keeps_ledger: bool) -> World {
        let nodes = knobs.nodes as usize;
        World {
            hub: Hub::new(knobs, links, seed, Ledger::new(keeps_ledger)),
            nodes: (0..nodes as Host).map(|me| Node::new(me, knobs)).collect(),
            clients: Clients::new(knobs, seed),
            nemesis: Nemesis::new(knobs, seed),
            down: vec![false; nodes],
        }
    }

    /// Runs until the clients are done, and tells `watch` after each event how many transactions
    /// were called. Returns the records, and what really happened if that was logged.
    pub(crate) fn run(mut self, mut watch: impl FnMut(u64)) -> (Records, Dependencies) {
        self.clients.start(&mut self.hub);
        self.nemesis.start(&mut self.hub);
        let patience = PATIENCE + self.hub.knobs.timeout;
        let mut last = (0, 0);
        while !self.clients.are_done() {
            let Some(event) = self.hub.agenda.next() else { break };
            self.happen(event);
            watch(self.clients.called());
            let records = self.clients.records.made_by_clients();
            if records > last.0 {
                last = (records, self.hub.now());
            } else if self.hub.now() > last.1 + patience {
                self.clients.records.note(self.hub.now(), "stop", Shown::Null);
                break;
            }
        }
        let truth = self.hub.ledger.dependencies(&self.clients.records);
        (self.clients.records, truth)
    }

    fn happen(&mut self, event: Event) {
        let hub = &mut self.hub;
        match event {
            Event::Call { node, call } if !self.down[usize::from(node)] => {
                self.nodes[usize::from(node)].call(hub, call);
            }
            Event::Message { from, to, message } if !self.down[usize::from(to)] => {
                self.nodes[usize::from(to)].message(hub, from, message);
            }
            Event::Alarm { node, life, alarm } if hub.lives[usize::from(node)] == life => {
                self.nodes[usize::from(node)].alarm(hub, alarm);
            }
            // A node that is down hears nothing.
            Event::Call { .. } | Event::Message { .. } | Event::Alarm { .. } => {}
            Event::Reply(reply) => self.clients.answered(hub, reply),
            Event::Wake { client, ticket } => self.clients.woken(hub, client, ticket),
            Event::Fault => self.fault(),
        }
    }

    fn fault(&mut self) {
        match self.nemesis.act(&mut self.hub, &mut self.clients.records) {
            None => {}
            Some(Deed::Crash(nodes)) => {
                for node in nodes {
                    let at = usize::from(node);
                    self.down[at] = true;
                    self.hub.lives[at] += 1;
                    self.nodes[at].crash(&self.hub);
                }
            }
            Some(Deed::Restart(nodes)) => {
                for node in nodes {
                    self.down[usize::from(node)] = false;
                    self.nodes[usize::from(node)].start(&mut self.hub);
                }
            }
        }
    }
}
