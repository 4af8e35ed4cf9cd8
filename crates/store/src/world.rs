//! The simulated world: takes one event after the other off the agenda and gives it to whom it
//! concerns.

use super::cache::Cache;
use super::client::{self, Clients};
use super::engine::primary::Monitor;
use super::faults::{Deed, Nemesis};
use super::hub::{Event, Hub};
use super::knobs::{Knobs, Skewed};
use super::ledger::Ledger;
use super::membership::Change;
use super::node::{Node, System};
use super::origin::Host;
use super::placement::Places;
use super::recording::{Records, Shown};
use super::sim::clock::Clock;
use super::sim::network::{Links, Network};
use super::sim::random::Random;
use super::sim::{MILLISECOND, Nanos};
use super::wire::{Alarm, Message};

/// So much longer than a client's longest wait the run goes on if no client gets any further.
const PATIENCE: Nanos = 1000 * MILLISECOND;

/// Hosts besides the nodes: the monitor and the shared cache.
const HELPERS: usize = 2;

/// The world.
pub(super) struct World {
    hub: Hub,
    system: System,
    nodes: Vec<Node>,
    monitor: Monitor,
    shared_cache: Cache,
    clients: Clients,
    nemesis: Nemesis,
    change: Change,
    /// Until when each host is stopped; `Nanos::MAX` if it crashed.
    stopped: Vec<Nanos>,
    /// Until when each client is stopped.
    stopped_clients: Vec<Nanos>,
}

impl World {
    /// The world that `knobs` and a seed make. It logs what really happens, if it `keeps_ledger`.
    pub(super) fn new(knobs: &Knobs, seed: u64, keeps_ledger: bool) -> World {
        let nodes = knobs.nodes as usize;
        let hosts = nodes + HELPERS;
        let members: Vec<Host> = (0..nodes as Host).collect();
        let change = Change::new(knobs);
        let places = Places::new(knobs, change.members());
        let monitor = nodes as Host;
        let shared_cache = monitor + 1;
        let copies = places.copies();
        let kind = client::kind(knobs);
        let system =
            System { places, monitor, shared_cache, kind, initial: client::initial(knobs) };
        let clocks = clocks(knobs, seed);
        let network = Network::new(links(knobs), hosts, seed);
        World {
            nodes: members.iter().map(|&me| Node::new(me, knobs, &system)).collect(),
            monitor: Monitor::new(monitor, &members[..copies]),
            shared_cache: Cache::new(shared_cache),
            clients: Clients::new(knobs, seed),
            nemesis: Nemesis::new(knobs, seed),
            change,
            stopped: vec![0; hosts],
            stopped_clients: vec![0; knobs.clients as usize],
            hub: Hub::new(knobs.clone(), network, clocks, seed, Ledger::new(keeps_ledger)),
            system,
        }
    }

    /// Runs until the clients are done, or get no further.
    pub(super) fn run(self) -> (Records, Hub) {
        self.run_watched(|_| {})
    }

    /// The same, with somebody who looks at the world after every event.
    pub(super) fn run_watched(mut self, mut watch: impl FnMut(&World)) -> (Records, Hub) {
        for node in &mut self.nodes {
            node.start(&mut self.hub);
        }
        if self.hub.knobs.failover {
            self.monitor.start(&mut self.hub);
        }
        self.clients.start(&mut self.hub);
        self.nemesis.start(&mut self.hub);
        let patience = PATIENCE + self.hub.knobs.timeout;
        let mut last = (0, 0);
        while !self.clients.are_done() {
            let Some(event) = self.hub.agenda.next() else { break };
            self.happen(event);
            if self.change.is_to_come() && self.clients.are_half_done() {
                self.change_members();
            }
            watch(&self);
            let records = self.clients.records.made_by_clients();
            if records > last.0 {
                last = (records, self.hub.now());
            } else if self.hub.now() > last.1 + patience {
                break;
            }
        }
        if !self.clients.are_done() {
            self.clients.records.note(self.hub.now(), "stop", Shown::Null);
            self.clients.note_stuck(&mut self.hub.ledger);
        }
        let recording = self.hub.knobs.recording;
        self.clients.records.merge(recording);
        (self.clients.records, self.hub)
    }

    /// How many operations the clients called.
    pub(super) fn called(&self) -> u64 {
        self.clients.called()
    }

    /// Its nodes, for tests.
    #[cfg(test)]
    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All caches, for tests.
    #[cfg(test)]
    pub(super) fn caches(&self) -> impl Iterator<Item = &Cache> {
        self.nodes.iter().map(Node::cache).chain([&self.shared_cache])
    }

    /// The time, and what clients were told so far, for tests.
    #[cfg(test)]
    pub(super) fn told(&self) -> (Nanos, &Records) {
        (self.hub.now(), &self.clients.records)
    }

    fn happen(&mut self, event: Event) {
        let until = match &event {
            Event::Message { to, .. } => self.stopped[usize::from(*to)],
            Event::Alarm { host, .. } => self.stopped[usize::from(*host)],
            Event::Call { request } => self.stopped[usize::from(request.entry)],
            Event::Answer { response } => self.stopped_clients[response.client as usize],
            Event::Wake { client, .. } => self.stopped_clients[*client as usize],
            Event::Fault | Event::Members => 0,
        };
        if until == Nanos::MAX {
            return;
        }
        if until > self.hub.now() {
            return self.hub.agenda.add(until, event);
        }
        match event {
            Event::Message { from, to, message } => self.message(from, to, message),
            Event::Call { request } => {
                let node = &mut self.nodes[usize::from(request.entry)];
                node.call(&mut self.hub, &self.system, request);
            }
            Event::Answer { response } => self.clients.answered(&mut self.hub, response),
            Event::Alarm { host, life, alarm } => {
                if life == self.hub.lives[usize::from(host)] {
                    self.alarm(host, alarm);
                }
            }
            Event::Wake { client, ticket } => self.clients.woken(&mut self.hub, client, ticket),
            Event::Fault => self.fault(),
            Event::Members => self.change_members(),
        }
    }

    fn message(&mut self, from: Host, to: Host, message: Message) {
        if let Some(node) = self.nodes.get_mut(usize::from(to)) {
            return node.message(&mut self.hub, &self.system, from, message);
        }
        match message {
            Message::Primary(_, message) => self.monitor.message(&mut self.hub, from, &message),
            Message::Cache(message) => self.shared_cache.message(&mut self.hub, from, message),
            Message::Forward(_) | Message::Back(_) | Message::Leaderless(_) | Message::Raft(..) => {
            }
        }
    }

    fn alarm(&mut self, host: Host, alarm: Alarm) {
        match self.nodes.get_mut(usize::from(host)) {
            Some(node) => node.alarm(&mut self.hub, alarm),
            None => self.monitor.alarm(&mut self.hub),
        }
    }

    fn change_members(&mut self) {
        let stopped = &self.stopped;
        let is_up = |at: usize| stopped[at] != Nanos::MAX;
        let records = &mut self.clients.records;
        self.change.step(&mut self.hub, &mut self.system, records, &mut self.nodes, is_up);
    }

    fn fault(&mut self) {
        let primary = self.primary();
        let deed = self.nemesis.act(&mut self.hub, &mut self.clients.records, primary);
        match deed {
            None => {}
            Some(Deed::PauseClient(client, until)) => {
                self.stopped_clients[client as usize] = until;
            }
            Some(Deed::PauseHosts(hosts, until)) => {
                hosts.iter().for_each(|&host| self.stopped[usize::from(host)] = until);
            }
            Some(Deed::Crash(hosts)) => {
                for host in hosts.into_iter().map(usize::from) {
                    self.stopped[host] = Nanos::MAX;
                    self.hub.lives[host] += 1;
                    self.nodes[host].crash(self.hub.knobs.durable);
                }
            }
            Some(Deed::Restart(hosts)) => {
                for host in hosts.into_iter().map(usize::from) {
                    self.stopped[host] = 0;
                    self.nodes[host].start(&mut self.hub);
                }
            }
        }
    }

    /// Whom most nodes take for the primary or leader.
    fn primary(&self) -> Option<Host> {
        let mut votes: Vec<Host> = self.nodes.iter().filter_map(Node::primary).collect();
        votes.sort_unstable();
        votes
            .chunk_by(|one, next| one == next)
            .max_by_key(|votes| votes.len())
            .map(|votes| votes[0])
    }
}

pub(super) fn links(knobs: &Knobs) -> Links {
    Links {
        delay: knobs.delay,
        jitter: knobs.jitter,
        slow: knobs.slow.0,
        slow_by: knobs.slow_by,
        loss: knobs.loss.0,
        duplication: knobs.duplication.0,
        reorders: knobs.reordering,
    }
}

/// The clocks of the nodes.
fn clocks(knobs: &Knobs, seed: u64) -> Vec<Clock> {
    let mut random = Random::new(seed, "clocks");
    let nodes = knobs.nodes as usize;
    let odd = random.place(nodes);
    let clock = |at: usize| {
        // Drawn for all, so that which of them are wrong does not change by how much.
        let mut amount = |most: Nanos| {
            let size = most / 2 + random.within(most / 2);
            if random.happens(5000) { size } else { -size }
        };
        let drawn = Clock { offset: amount(knobs.offset), drift: amount(knobs.drift / 1000) };
        let is_wrong = match knobs.skewed {
            Skewed::None => false,
            Skewed::One => at == odd,
            Skewed::All => true,
        };
        if is_wrong { drawn } else { Clock::default() }
    };
    (0..nodes).map(clock).collect()
}
