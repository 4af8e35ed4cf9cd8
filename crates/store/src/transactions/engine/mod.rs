//! The nodes of the stores that run interactive transactions.

mod coordinator;
mod locking;
mod pivots;
mod shard;
mod sites;
mod versions;

use super::hub::Hub;
use super::wire::{Alarm, Call, Message};
use crate::knobs::{Engine, Knobs};
use crate::origin::Host;
use coordinator::Coordinator;
use locking::Locking;
use shard::Shard;
use sites::Site;
use versions::Versions;

/// A node.
pub(super) enum Node {
    Locking(Locking),
    Versions(Versions),
    Site(Site),
    Shard(Shard),
    Coordinator(Coordinator),
}

impl Node {
    /// Makes node `me` of the store that `knobs` ask for.
    pub(super) fn new(me: Host, knobs: &Knobs) -> Node {
        let is_last = u32::from(me) + 1 == knobs.nodes;
        match knobs.engine {
            Engine::Locking => Node::Locking(Locking::new(me)),
            Engine::Versions => Node::Versions(Versions::new(me, knobs)),
            Engine::Sites => Node::Site(Site::new(me, knobs)),
            Engine::Shards if is_last => Node::Coordinator(Coordinator::new(me)),
            Engine::Shards => Node::Shard(Shard::new(me)),
        }
    }

    /// A client calls.
    pub(super) fn call(&mut self, hub: &mut Hub, call: Call) {
        match self {
            Node::Locking(node) => node.call(hub, call),
            Node::Versions(node) => node.call(hub, call),
            Node::Site(node) => node.call(hub, call),
            Node::Shard(node) => node.call(hub, call),
            Node::Coordinator(node) => node.call(hub, call),
        }
    }

    /// A message from another node.
    pub(super) fn message(&mut self, hub: &mut Hub, from: Host, message: Message) {
        match self {
            Node::Locking(_) => {}
            Node::Versions(node) => node.message(hub, from, message),
            Node::Site(node) => node.message(hub, from, message),
            Node::Shard(node) => node.message(hub, from, &message),
            Node::Coordinator(node) => node.message(hub, from, &message),
        }
    }

    /// It wanted to be woken.
    pub(super) fn alarm(&mut self, hub: &mut Hub, alarm: Alarm) {
        match self {
            Node::Locking(node) => node.alarm(hub, alarm),
            Node::Versions(node) => node.alarm(hub, alarm),
            Node::Site(node) => node.alarm(hub, alarm),
            Node::Shard(node) => node.alarm(hub, alarm),
            Node::Coordinator(node) => node.alarm(hub, alarm),
        }
    }

    /// Crashes. What was committed, or promised, is kept.
    pub(super) fn crash(&mut self, hub: &Hub) {
        match self {
            Node::Locking(node) => node.crash(hub),
            Node::Versions(node) => node.crash(),
            Node::Site(node) => node.crash(),
            Node::Shard(node) => node.crash(hub),
            Node::Coordinator(node) => node.crash(),
        }
    }

    /// Starts again after a crash.
    pub(super) fn start(&mut self, hub: &mut Hub) {
        match self {
            Node::Locking(_) => {}
            Node::Versions(node) => node.start(hub),
            Node::Site(node) => node.start(hub),
            Node::Shard(node) => node.start(hub),
            Node::Coordinator(node) => node.start(hub),
        }
    }
}
