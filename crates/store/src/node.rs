//! A node: the part that takes clients' calls, and the protocols by which it keeps its copies.

use std::sync::Arc;

use super::cache::{Cache, Front};
use super::call::Request;
use super::copy::Copy;
use super::engine::leaderless::Leaderless;
use super::engine::primary::Primary;
use super::engine::raft::Raft;
use super::hub::{Event, Hub};
use super::keys;
use super::knobs::{Calls, Isolation, Knobs, Placement, Replication};
use super::object::{Answer, Command, Kind};
use super::origin::{Host, Member, Origin, Role, Stamp};
use super::placement::Places;
use super::wire::primary::View;
use super::wire::{Alarm, Message};

/// What every host knows of the system.
pub(super) struct System {
    /// Where the copies of a key are.
    pub(super) places: Places,
    /// Where the monitor of primaries is.
    pub(super) monitor: Host,
    /// Where the cache is that all nodes share.
    pub(super) shared_cache: Host,
    /// What the keys hold, and what they start from.
    pub(super) kind: Kind,
    pub(super) initial: Option<i64>,
}

/// How a node keeps the copies of a group of keys.
enum Engine {
    Leaderless(Leaderless),
    Primary(Primary),
    Raft(Raft),
}

/// A node.
pub(super) struct Node {
    me: Host,
    /// One engine for each group of keys with copies here, by the group's number. Without a leader
    /// there is one group.
    engines: Vec<Option<Engine>>,
    /// Its own cache, for systems in which every node has one.
    cache: Cache,
    front: Front,
}

/// How many groups of keys there are that have their copies on the same nodes.
fn groups(knobs: &Knobs) -> usize {
    let is_one =
        knobs.placement == Placement::First || knobs.replication == Replication::Leaderless;
    if is_one { 1 } else { knobs.nodes as usize }
}

/// The group of `key`.
fn group_of(knobs: &Knobs, key: u32) -> u16 {
    (keys::whole(key) as usize % groups(knobs)) as u16
}

impl Node {
    /// Node `me` of the system.
    pub(super) fn new(me: Host, knobs: &Knobs, system: &System) -> Node {
        let engine = |group: usize| {
            if knobs.replication == Replication::Leaderless {
                return Some(Engine::Leaderless(Leaderless::new(me, system.initial)));
            }
            let members = system.places.owners(group as u32);
            members.contains(&me).then(|| {
                let remembers = knobs.calls != Calls::AtLeastOnce;
                let member = Member { me, group: group as u16 };
                let copy = Copy::new(system.kind, system.initial, remembers);
                if knobs.replication == Replication::Raft {
                    return Engine::Raft(Raft::new(member, members, copy, knobs));
                }
                Engine::Primary(Primary::new(member, system.monitor, View::first(&members), copy))
            })
        };
        Node {
            me,
            engines: (0..groups(knobs)).map(engine).collect(),
            cache: Cache::new(me),
            front: Front::new(knobs, me, system.shared_cache),
        }
    }

    /// Starts, or starts again after a crash.
    pub(super) fn start(&mut self, hub: &mut Hub) {
        for engine in self.engines.iter_mut().flatten() {
            match engine {
                Engine::Leaderless(_) => {}
                Engine::Primary(engine) => engine.start(hub),
                Engine::Raft(engine) => engine.start(hub),
            }
        }
    }

    /// Crashes. What is not `durable` is lost.
    pub(super) fn crash(&mut self, durable: bool) {
        self.cache.crash();
        self.front.crash();
        for engine in self.engines.iter_mut().flatten() {
            match engine {
                Engine::Leaderless(engine) => engine.crash(durable),
                Engine::Primary(engine) => engine.crash(durable),
                Engine::Raft(engine) => engine.crash(durable),
            }
        }
    }

    /// Who it takes for the primary or leader of the first group, if there is one.
    pub(super) fn primary(&self) -> Option<Host> {
        match self.engines.first()?.as_ref()? {
            Engine::Leaderless(_) => None,
            Engine::Primary(engine) => Some(engine.primary()),
            Engine::Raft(engine) => engine.leader(),
        }
    }

    /// Its part of a Raft group.
    /// Its cache, for tests.
    #[cfg(test)]
    pub(super) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Its part of a store without a leader, for tests.
    #[cfg(test)]
    pub(super) fn leaderless(&self) -> Option<&Leaderless> {
        match self.engines.first()?.as_ref()? {
            Engine::Leaderless(engine) => Some(engine),
            Engine::Primary(_) | Engine::Raft(_) => None,
        }
    }

    #[cfg(test)]
    pub(super) fn raft(&self, group: u16) -> Option<&Raft> {
        match self.engines.get(usize::from(group))?.as_ref()? {
            Engine::Raft(engine) => Some(engine),
            Engine::Leaderless(_) | Engine::Primary(_) => None,
        }
    }

    fn engine(&mut self, group: u16) -> Option<&mut Engine> {
        self.engines.get_mut(usize::from(group))?.as_mut()
    }

    /// A call of a client that is connected here.
    pub(super) fn call(&mut self, hub: &mut Hub, system: &System, request: Request) {
        if let Command::ReadMany(keys) = &request.command
            && hub.knobs.isolation == Isolation::ParallelSnapshot
        {
            return self.read_here(hub, &request, keys);
        }
        if let Some(request) = self.front.call(hub, self.me, request) {
            self.ask_store(hub, system, request);
        }
    }

    /// A call that no cache answers.
    fn ask_store(&mut self, hub: &mut Hub, system: &System, request: Request) {
        let group = group_of(&hub.knobs, request.key);
        match self.engine(group) {
            Some(Engine::Leaderless(engine)) => engine.request(hub, &system.places, request),
            Some(Engine::Primary(engine)) => engine.request(hub, request),
            Some(Engine::Raft(engine)) => engine.request(hub, request),
            None => {
                let to = system.places.owners(u32::from(group))[0];
                hub.send(self.me, to, Message::Forward(request));
            }
        }
    }

    /// Reads keys of all groups from the copies that this node has, all at one time. Refused if
    /// there is no copy of one of them.
    fn read_here(&self, hub: &mut Hub, request: &Request, keys: &[u32]) {
        let register = |&key: &u32| {
            let group = usize::from(group_of(&hub.knobs, key));
            match self.engines.get(group)?.as_ref()? {
                Engine::Primary(engine) => Some(engine.register(key)),
                Engine::Leaderless(_) | Engine::Raft(_) => None,
            }
        };
        let cells: Option<Arc<[_]>> = keys.iter().map(register).collect();
        let (role, host) = (Role::Replica, self.me);
        let origin = Origin { role, host, stamp: Stamp::NONE, version: None };
        match cells {
            Some(cells) => hub.answer(self.me, request, Answer::Cells(cells), origin),
            None => hub.refuse(self.me, request, origin),
        }
    }

    /// A message from another host.
    pub(super) fn message(&mut self, hub: &mut Hub, system: &System, from: Host, message: Message) {
        match message {
            Message::Forward(request) => {
                let group = group_of(&hub.knobs, request.key);
                match self.engine(group) {
                    Some(Engine::Primary(engine)) => engine.forwarded(hub, request),
                    Some(Engine::Raft(engine)) => engine.forwarded(hub, from, request),
                    Some(Engine::Leaderless(_)) | None => {}
                }
            }
            Message::Back(response) => {
                self.front.answered(hub, self.me, &response);
                let time = hub.nearby();
                hub.agenda.add(time, Event::Answer { response });
            }
            Message::Cache(message) => {
                if let Some(request) = self.front.message(&message) {
                    self.ask_store(hub, system, request);
                } else {
                    self.cache.message(hub, from, message);
                }
            }
            Message::Leaderless(message) => {
                if let Some(Engine::Leaderless(engine)) = self.engine(0) {
                    engine.message(hub, &system.places, from, message);
                }
            }
            Message::Primary(group, message) => {
                if let Some(Engine::Primary(engine)) = self.engine(group) {
                    engine.message(hub, from, message);
                }
            }
            Message::Raft(group, message) => {
                if let Some(Engine::Raft(engine)) = self.engine(group) {
                    engine.message(hub, from, message);
                }
            }
        }
    }

    /// It wanted to be woken.
    pub(super) fn alarm(&mut self, hub: &mut Hub, alarm: Alarm) {
        match alarm {
            Alarm::Leaderless(alarm) => {
                if let Some(Engine::Leaderless(engine)) = self.engine(0) {
                    engine.alarm(alarm);
                }
            }
            Alarm::Primary(group, alarm) => {
                if let Some(Engine::Primary(engine)) = self.engine(group) {
                    engine.alarm(hub, &alarm);
                }
            }
            Alarm::Raft(group, alarm) => {
                if let Some(Engine::Raft(engine)) = self.engine(group) {
                    engine.alarm(hub, &alarm);
                }
            }
        }
    }

    /// Begins to hand over its copies to where they are going to be, or goes on with it. Whether
    /// there are any left.
    pub(super) fn hand_over(&mut self, hub: &mut Hub, system: &System, begins: bool) -> bool {
        let Some(Engine::Leaderless(engine)) = self.engine(0) else { return false };
        if begins {
            engine.begin_handover(hub, &system.places);
            return true;
        }
        engine.hand_over(hub, &system.places)
    }
}
