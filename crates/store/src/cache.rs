//! A cache of what was read, in front of the store: on a host of its own, or on every node.
//!
//! A read asks the cache; if the cache has nothing, the node asks the store and fills the cache
//! with the answer. Three knobs tell good caches from bad ones:
//!
//! - Entries may expire. Alone, that leaves every entry stale for as long as it lasts.
//! - A write may invalidate entries *after* it; then there is a moment in which it is done and the
//!   old value is still served. Or *around* it: before the write, the cache stops to serve the key
//!   and says so; after it, the cache goes on. In between everybody reads the store itself, so that
//!   whoever saw the new value can no longer be followed by someone who gets the old one.
//! - A read that found nothing may come back late, and fill the cache with what has been
//!   overwritten since. A *guarded* fill carries a token that every later miss, invalidation or
//!   stop of the key voids (the leases of Nishtala and others 2013).

use histcheck_history::hash::Map;

use super::call::{Request, Response};
use super::hub::Hub;
use super::knobs::{self, Invalidation, Knobs};
use super::object::{Answer, Command};
use super::origin::{Host, Origin, Role};
use super::sim::Nanos;
use super::wire;
use super::wire::cache::Message;

/// What a cache keeps.
#[derive(Debug)]
struct Entry {
    answer: Answer,
    origin: Origin,
    /// When it expires.
    until: Nanos,
}

/// A cache.
pub(super) struct Cache {
    me: Host,
    entries: Map<u32, Entry>,
    /// The last token given out for each key, unless something voided it.
    tokens: Map<u32, u64>,
    last_token: u64,
    /// How many writes each key is stopped for.
    stopped: Map<u32, u32>,
}

impl Cache {
    /// An empty one.
    pub(super) fn new(me: Host) -> Cache {
        Cache {
            me,
            entries: Map::default(),
            tokens: Map::default(),
            last_token: 0,
            stopped: Map::default(),
        }
    }

    /// A message from a node.
    pub(super) fn message(&mut self, hub: &mut Hub, from: Host, message: Message) {
        match message {
            Message::Look { request } => self.look(hub, from, request),
            Message::Fill { key, token, answer, origin } => {
                let is_good = self.tokens.get(&key) == Some(&token) && !self.is_stopped(key);
                if is_good || !hub.knobs.guarded_fills {
                    let lasts = hub.knobs.time_to_live;
                    let until = if lasts > 0 { hub.now() + lasts } else { Nanos::MAX };
                    self.entries.insert(key, Entry { answer, origin, until });
                }
            }
            Message::Drop { key } => self.forget(key),
            Message::Stop { key, task } => {
                self.forget(key);
                *self.stopped.entry(key).or_insert(0) += 1;
                self.send(hub, from, Message::Stopped { task });
            }
            Message::Go { key } => {
                if let Some(writes) = self.stopped.get_mut(&key) {
                    *writes = writes.saturating_sub(1);
                }
            }
            Message::Miss { .. } | Message::Stopped { .. } => {}
        }
    }

    fn send(&self, hub: &mut Hub, to: Host, message: Message) {
        hub.send(self.me, to, wire::Message::Cache(message));
    }

    fn is_stopped(&self, key: u32) -> bool {
        self.stopped.get(&key).is_some_and(|&writes| writes > 0)
    }

    fn forget(&mut self, key: u32) {
        self.entries.remove(&key);
        self.tokens.remove(&key);
    }

    fn look(&mut self, hub: &mut Hub, from: Host, request: Request) {
        let key = request.key;
        if self.is_stopped(key) {
            return self.send(hub, from, Message::Miss { request, token: None });
        }
        if let Some(entry) = self.entries.get(&key).filter(|entry| hub.now() < entry.until) {
            let origin = Origin { role: Role::Cache, host: self.me, ..entry.origin };
            return hub.answer(self.me, &request, entry.answer.clone(), origin);
        }
        self.last_token += 1;
        self.tokens.insert(key, self.last_token);
        self.send(hub, from, Message::Miss { request, token: Some(self.last_token) });
    }

    /// The keys that it would serve at `now`, and as which versions, for tests.
    #[cfg(test)]
    pub(super) fn served(&self, now: Nanos) -> impl Iterator<Item = (u32, super::origin::Stamp)> {
        #[expect(clippy::disallowed_methods, reason = "tests look at each by itself")]
        let live = self.entries.iter().filter(move |(_, entry)| now < entry.until);
        let open = live.filter(|(key, _)| !self.is_stopped(**key));
        open.map(|(&key, entry)| (key, entry.origin.stamp))
    }

    /// Everything in it is gone. What was stopped for a write stays so: a cache that forgot that
    /// would serve what the write is about to replace.
    pub(super) fn crash(&mut self) {
        self.entries.clear();
        self.tokens.clear();
    }
}

/// A write that waits until caches have stopped.
#[derive(Debug)]
struct Waiting {
    request: Request,
    /// How many caches have not answered yet.
    missing: usize,
}

/// What a node remembers of calls that concern caches.
pub(super) struct Front {
    /// The caches of the system.
    caches: Vec<Host>,
    /// The cache that this node reads from.
    nearest: Option<Host>,
    /// The tokens of reads that the store is answering, by client and number.
    reads: Map<(u32, u32), (u32, u64)>,
    waiting: Map<u64, Waiting>,
    /// The keys of writes that the store is doing, by client and number.
    writes: Map<(u32, u32), u32>,
    last_task: u64,
}

impl Front {
    /// For node `me`, where `shared` would be the host of a shared cache.
    pub(super) fn new(knobs: &Knobs, me: Host, shared: Host) -> Front {
        let (caches, nearest) = match knobs.cache {
            knobs::Cache::None => (Vec::new(), None),
            knobs::Cache::Shared => (vec![shared], Some(shared)),
            knobs::Cache::PerNode => ((0..knobs.nodes as Host).collect(), Some(me)),
        };
        Front {
            caches,
            nearest,
            reads: Map::default(),
            waiting: Map::default(),
            writes: Map::default(),
            last_task: 0,
        }
    }

    /// A client's call. Returns it if it is the store's turn.
    pub(super) fn call(&mut self, hub: &mut Hub, me: Host, request: Request) -> Option<Request> {
        let Some(nearest) = self.nearest else { return Some(request) };
        if request.command == Command::Read {
            send(hub, me, nearest, Message::Look { request });
            return None;
        }
        if request.command.is_read() {
            return Some(request);
        }
        match hub.knobs.invalidation {
            Invalidation::None => Some(request),
            Invalidation::After => {
                self.writes.insert((request.client, request.number), request.key);
                Some(request)
            }
            Invalidation::Around => {
                self.last_task += 1;
                let (key, task) = (request.key, self.last_task);
                self.waiting.insert(task, Waiting { request, missing: self.caches.len() });
                for &cache in &self.caches {
                    send(hub, me, cache, Message::Stop { key, task });
                }
                None
            }
        }
    }

    /// A cache's message. Returns a call if it is the store's turn.
    pub(super) fn message(&mut self, message: &Message) -> Option<Request> {
        match message {
            Message::Miss { request, token } => {
                if let Some(token) = *token {
                    self.reads.insert((request.client, request.number), (request.key, token));
                }
                Some(request.clone())
            }
            Message::Stopped { task } => {
                let waiting = self.waiting.get_mut(task)?;
                waiting.missing -= 1;
                if waiting.missing > 0 {
                    return None;
                }
                let Waiting { request, .. } = self.waiting.remove(task)?;
                self.writes.insert((request.client, request.number), request.key);
                Some(request)
            }
            _ => None,
        }
    }

    /// An answer on its way to the client: the caches get to know what concerns them.
    pub(super) fn answered(&mut self, hub: &mut Hub, me: Host, response: &Response) {
        let call = (response.client, response.number);
        if let Some((key, token)) = self.reads.remove(&call)
            && let (Some(answer), Some(nearest)) = (response.answer.clone(), self.nearest)
        {
            let origin = response.origin;
            send(hub, me, nearest, Message::Fill { key, token, answer, origin });
        }
        if let Some(key) = self.writes.remove(&call) {
            let is_after = hub.knobs.invalidation == Invalidation::After;
            for &cache in &self.caches {
                let message = if is_after { Message::Drop { key } } else { Message::Go { key } };
                send(hub, me, cache, message);
            }
        }
    }

    /// Everything that it had begun is forgotten.
    pub(super) fn crash(&mut self) {
        self.reads.clear();
        self.waiting.clear();
        self.writes.clear();
    }
}

fn send(hub: &mut Hub, from: Host, to: Host, message: Message) {
    hub.send(from, to, wire::Message::Cache(message));
}
