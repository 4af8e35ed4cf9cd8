//! What all parts of the simulated world share: the agenda, the network, the clocks, the log of
//! what really happened. Hosts act on the world through it, and through it alone.

use super::call::{Request, Response};
use super::knobs::Knobs;
use super::ledger::Ledger;
use super::object::Answer;
use super::origin::{Host, Origin};
use super::sim::Nanos;
use super::sim::agenda::Agenda;
use super::sim::clock::Clock;
use super::sim::network::Network;
use super::sim::random::Random;
use super::wire::{Alarm, Message};

/// What is going to happen.
#[derive(Debug)]
pub(super) enum Event {
    /// A message arrives.
    Message { from: Host, to: Host, message: Message },
    /// A client's call arrives at the node that it is connected to.
    Call { request: Request },
    /// An answer arrives at its client.
    Answer { response: Response },
    /// A host wanted to be woken; not if it crashed in between.
    Alarm { host: Host, life: u32, alarm: Alarm },
    /// A client wanted to be woken; not if it wanted something else in between.
    Wake { client: u32, ticket: u32 },
    /// The nemesis does its next step.
    Fault,
    /// The change of members goes on.
    Members,
}

/// What the parts of the world share.
pub(super) struct Hub {
    pub(super) knobs: Knobs,
    pub(super) agenda: Agenda<Event>,
    pub(super) network: Network,
    /// The clocks of the nodes.
    pub(super) clocks: Vec<Clock>,
    /// What nodes leave to chance.
    pub(super) random: Random,
    pub(super) ledger: Ledger,
    /// How often each host was started.
    pub(super) lives: Vec<u32>,
    unique: u32,
}

impl Hub {
    pub(super) fn new(
        knobs: Knobs,
        network: Network,
        clocks: Vec<Clock>,
        seed: u64,
        ledger: Ledger,
    ) -> Hub {
        let lives = vec![0; network.hosts()];
        Hub {
            knobs,
            agenda: Agenda::new(),
            network,
            clocks,
            random: Random::new(seed, "nodes"),
            ledger,
            lives,
            unique: 0,
        }
    }

    /// The true time.
    pub(super) fn now(&self) -> Nanos {
        self.agenda.now()
    }

    /// What the clock of `host` shows.
    pub(super) fn clock(&self, host: Host) -> Nanos {
        let now = self.now();
        self.clocks.get(usize::from(host)).map_or(now, |clock| clock.read(now))
    }

    /// When a message between a client and its node arrives that is sent now.
    pub(super) fn nearby(&mut self) -> Nanos {
        let now = self.now();
        self.network.nearby(now)
    }

    /// A number that was not given out before, greater than all that were.
    pub(super) fn unique(&mut self) -> u32 {
        self.unique = self.unique.wrapping_add(1);
        self.unique
    }

    /// Sends a message. What a host sends to itself arrives at once.
    pub(super) fn send(&mut self, from: Host, to: Host, message: Message) {
        let now = self.now();
        if from == to {
            return self.agenda.add(now, Event::Message { from, to, message });
        }
        let [first, second] = self.network.arrivals(now, usize::from(from), usize::from(to));
        if let Some(time) = second {
            self.agenda.add(time, Event::Message { from, to, message: message.clone() });
        }
        if let Some(time) = first {
            self.agenda.add(time, Event::Message { from, to, message });
        }
    }

    /// Wakes `host` after a time, unless it crashes before.
    pub(super) fn wake(&mut self, host: Host, after: Nanos, alarm: Alarm) {
        let life = self.lives[usize::from(host)];
        self.agenda.add(self.now() + after, Event::Alarm { host, life, alarm });
    }

    /// Answers a request from `from`: by way of the node that took it.
    pub(super) fn answer(&mut self, from: Host, request: &Request, answer: Answer, origin: Origin) {
        self.back(from, request, Some(answer), origin);
    }

    /// Refuses a request: it was not done, and is not going to be.
    pub(super) fn refuse(&mut self, from: Host, request: &Request, origin: Origin) {
        self.back(from, request, None, origin);
    }

    fn back(&mut self, from: Host, request: &Request, answer: Option<Answer>, origin: Origin) {
        let Request { client, number, entry, .. } = *request;
        let response = Response { client, number, answer, origin };
        self.send(from, entry, Message::Back(response));
    }
}
