//! Copies without a leader: whichever node a client calls coordinates. It sends a write to all
//! copies of the key and waits for a write quorum; it asks all copies for a read, waits for a read
//! quorum, and returns the latest value among the answers.
//!
//! With versions that are one more than the greatest of a quorum, quorums that intersect, and reads
//! that write back what they return before they return it, this is the atomic register of Attiya,
//! Bar-Noy and Dolev (1995) for many writers (Lynch and Shvartsman 1997). Each knob that takes one
//! of these away makes one of the stores that engineers run.
//!
//! It keeps registers: a write replaces the value, a delete leaves a tombstone.

use std::collections::BTreeSet;

use histcheck_history::hash::Map;

use crate::call::Request;
use crate::hub::Hub;
use crate::knobs::ConflictOrder;
use crate::object::{Answer, Command};
use crate::origin::{Host, Origin, Role, Stamp};
use crate::placement::{Places, Quorum};
use crate::wire;
use crate::wire::leaderless::{Alarm, Message, Versioned};

/// The client of what a node does by itself.
const NOBODY: u32 = u32::MAX;

/// The task of messages whose answers nobody waits for.
const NO_TASK: u32 = u32::MAX;

/// What a coordinator waits for.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Phase {
    /// Answers to a read, or the versions before a write.
    Asking,
    /// Copies being kept, after which it answers.
    Keeping,
}

/// A request that a node coordinates.
#[derive(Debug)]
struct Task {
    request: Request,
    phase: Phase,
    /// What answers it waits for.
    quorum: Quorum,
    /// Who answered, as bits.
    answered: u64,
    /// The latest copy of the answers so far.
    latest: Versioned,
    /// Those who have it, as bits.
    current: u64,
}

impl Task {
    /// Counts an answer, unless this node gave one before.
    fn hears(&mut self, from: Host) -> bool {
        let is_new = self.answered & (1 << from) == 0;
        self.answered |= 1 << from;
        is_new
    }

    /// Whether there are enough answers.
    fn is_done(&self) -> bool {
        self.quorum.is_met(self.answered)
    }
}

/// A node's part.
pub(crate) struct Leaderless {
    me: Host,
    /// How a key that was never written reads.
    initial: Option<i64>,
    copies: Map<u32, Versioned>,
    tasks: Map<u32, Task>,
    next_task: u32,
    /// Its Lamport clock.
    lamport: i64,
    /// The keys that it has not handed over yet, while members change.
    to_hand_over: BTreeSet<u32>,
}

/// How many of `copies` a quorum has, where the knob says `asked`.
pub(crate) fn quorum(asked: u32, copies: usize) -> usize {
    if asked == 0 { copies / 2 + 1 } else { copies.min(asked as usize) }
}

impl Leaderless {
    pub(crate) fn new(me: Host, initial: Option<i64>) -> Leaderless {
        Leaderless {
            me,
            initial,
            copies: Map::default(),
            tasks: Map::default(),
            next_task: 0,
            lamport: 0,
            to_hand_over: BTreeSet::new(),
        }
    }

    /// A client's call.
    pub(crate) fn request(&mut self, hub: &mut Hub, places: &Places, request: Request) {
        let order = hub.knobs.order;
        if request.command.is_read() || order == ConflictOrder::Version {
            return self.ask(hub, places, request);
        }
        let time = match order {
            ConflictOrder::WriterClock => request.clock,
            ConflictOrder::ServerClock => hub.clock(self.me),
            ConflictOrder::Arrival => hub.now(),
            ConflictOrder::Lamport | ConflictOrder::Version => self.lamport + 1,
        };
        self.lamport = self.lamport.max(time);
        self.write(hub, places, request, time);
    }

    /// Asks all copies.
    fn ask(&mut self, hub: &mut Hub, places: &Places, request: Request) {
        let key = request.key;
        let is_read = request.command.is_read();
        let enough = places.quorum(key, |copies| {
            if is_read {
                quorum(hub.knobs.read_quorum, copies)
            } else {
                // So many that one of them has the latest version.
                copies + 1 - quorum(hub.knobs.write_quorum, copies)
            }
        });
        let owners = places.owners(key);
        let task = self.begin(request, Phase::Asking, enough);
        for owner in owners {
            self.send(hub, owner, Message::Ask { task, key });
        }
    }

    /// Writes what the request asks for, as a version of this `time`.
    fn write(&mut self, hub: &mut Hub, places: &Places, request: Request, time: i64) {
        let stamp = Stamp { time, by: hub.unique() };
        let value = match request.command {
            Command::Write(value) => Some(value),
            Command::Delete => None,
            _ => {
                let origin = self.origin(hub, Versioned { value: None, stamp: Stamp::NONE });
                return hub.refuse(self.me, &request, origin);
            }
        };
        hub.ledger.effect(request.operation, request.key, stamp, None);
        self.keep(hub, places, request, Versioned { value, stamp });
    }

    /// Has all copies keep `copy`, and answers once a write quorum does.
    fn keep(&mut self, hub: &mut Hub, places: &Places, request: Request, copy: Versioned) {
        let owners = places.owners(request.key);
        let key = request.key;
        let enough = places.quorum(key, |copies| quorum(hub.knobs.write_quorum, copies));
        let task = self.begin(request, Phase::Keeping, enough);
        if let Some(task) = self.tasks.get_mut(&task) {
            task.latest = copy;
        }
        for owner in owners {
            self.send(hub, owner, Message::Keep { task, key, copy });
        }
    }

    fn begin(&mut self, request: Request, phase: Phase, quorum: Quorum) -> u32 {
        let number = self.next_task;
        self.next_task = (self.next_task + 1) % NO_TASK;
        let latest = self.unwritten();
        let task = Task { request, phase, quorum, answered: 0, latest, current: 0 };
        self.tasks.insert(number, task);
        number
    }

    fn unwritten(&self) -> Versioned {
        Versioned { value: self.initial, stamp: Stamp::NONE }
    }

    fn send(&self, hub: &mut Hub, to: Host, message: Message) {
        hub.send(self.me, to, wire::Message::Leaderless(message));
    }

    /// A message from another node.
    pub(crate) fn message(&mut self, hub: &mut Hub, places: &Places, from: Host, message: Message) {
        match message {
            Message::Ask { task, key } => {
                let copy = self.copies.get(&key).copied().unwrap_or_else(|| self.unwritten());
                self.send(hub, from, Message::Have { task, copy });
            }
            Message::Have { task, copy } => self.answered(hub, places, task, from, copy),
            Message::Keep { task, key, copy } => {
                self.store(hub, key, copy);
                self.send(hub, from, Message::Kept { task });
            }
            Message::Kept { task } => self.kept(hub, task, from),
        }
    }

    /// Keeps a copy, if it is later than what is there.
    fn store(&mut self, hub: &mut Hub, key: u32, copy: Versioned) {
        self.lamport = self.lamport.max(copy.stamp.time);
        let here = self.copies.get(&key);
        let is_later = here.is_none_or(|here| here.stamp < copy.stamp);
        if !is_later && hub.knobs.order != ConflictOrder::Arrival {
            return;
        }
        self.copies.insert(key, copy);
        let after = hub.knobs.forget_deletes;
        if copy.value.is_none() && after > 0 {
            let alarm = Alarm::Forget { key, stamp: copy.stamp };
            hub.wake(self.me, after, wire::Alarm::Leaderless(alarm));
        }
    }

    /// A copy came that had been asked for.
    fn answered(
        &mut self,
        hub: &mut Hub,
        places: &Places,
        number: u32,
        from: Host,
        copy: Versioned,
    ) {
        let Some(task) = self.tasks.get_mut(&number).filter(|it| it.phase == Phase::Asking) else {
            return;
        };
        let is_first = task.answered == 0;
        if !task.hears(from) {
            return;
        }
        // Without an order there is no later one: the first answer counts.
        let is_later = copy.stamp > task.latest.stamp && hub.knobs.order != ConflictOrder::Arrival;
        if is_first || is_later {
            (task.latest, task.current) = (copy, 0);
        }
        if copy.stamp == task.latest.stamp {
            task.current |= 1 << from;
        }
        if !task.is_done() {
            return;
        }
        let Some(Task { request, latest, current, .. }) = self.tasks.remove(&number) else {
            return;
        };
        self.lamport = self.lamport.max(latest.stamp.time);
        if !request.command.is_read() {
            return self.write(hub, places, request, latest.stamp.time.max(0) + 1);
        }
        let is_ordered = hub.knobs.order != ConflictOrder::Arrival;
        if !is_ordered || latest.stamp == Stamp::NONE {
            return self.finish(hub, &request, latest);
        }
        if hub.knobs.write_back || request.client == NOBODY {
            return self.keep(hub, places, request, latest);
        }
        if hub.knobs.read_repair {
            let is_behind = |owner: &Host| current & (1 << owner) == 0;
            for owner in places.owners(request.key).into_iter().filter(is_behind) {
                let keep = Message::Keep { task: NO_TASK, key: request.key, copy: latest };
                self.send(hub, owner, keep);
            }
        }
        self.finish(hub, &request, latest);
    }

    /// A copy was kept.
    fn kept(&mut self, hub: &mut Hub, number: u32, from: Host) {
        let Some(task) = self.tasks.get_mut(&number).filter(|it| it.phase == Phase::Keeping) else {
            return;
        };
        if task.hears(from)
            && task.is_done()
            && let Some(task) = self.tasks.remove(&number)
        {
            self.finish(hub, &task.request, task.latest);
        }
    }

    /// Answers the client, if it was one who called.
    fn finish(&mut self, hub: &mut Hub, request: &Request, copy: Versioned) {
        if request.client == NOBODY {
            self.to_hand_over.remove(&request.key);
            return;
        }
        let is_read = request.command.is_read();
        let answer = if is_read { Answer::Value(copy.value) } else { Answer::Done };
        let origin = self.origin(hub, copy);
        hub.answer(self.me, request, answer, origin);
    }

    fn origin(&self, hub: &Hub, copy: Versioned) -> Origin {
        let is_ordered = hub.knobs.order != ConflictOrder::Arrival;
        let version = is_ordered.then_some(copy.stamp.time);
        Origin { role: Role::Coordinator, host: self.me, stamp: copy.stamp, version }
    }

    /// The version of `key` that it has, for tests.
    #[cfg(test)]
    pub(crate) fn stamp(&self, key: u32) -> Stamp {
        self.copies.get(&key).map_or(Stamp::NONE, |copy| copy.stamp)
    }

    /// It wanted to be woken.
    pub(crate) fn alarm(&mut self, alarm: Alarm) {
        let Alarm::Forget { key, stamp } = alarm;
        if self.copies.get(&key).is_some_and(|copy| copy.stamp == stamp) {
            self.copies.remove(&key);
        }
    }

    /// It crashes: what it coordinated is gone, and all copies, unless they are `durable`.
    pub(crate) fn crash(&mut self, durable: bool) {
        self.tasks.clear();
        if !durable {
            self.copies.clear();
            self.lamport = 0;
        }
    }

    /// Begins to give its copies to those who are going to have them: reads each key and writes
    /// back what it finds.
    pub(crate) fn begin_handover(&mut self, hub: &mut Hub, places: &Places) {
        #[expect(clippy::disallowed_methods, reason = "collected into a sorted set")]
        let keys = self.copies.keys().copied();
        self.to_hand_over = keys.collect();
        self.hand_over(hub, places);
    }

    /// Goes on with what is not handed over yet. Whether there is anything.
    pub(crate) fn hand_over(&mut self, hub: &mut Hub, places: &Places) -> bool {
        for key in self.to_hand_over.clone() {
            let (command, entry) = (Command::Read, self.me);
            let request =
                Request { client: NOBODY, number: 0, operation: 0, key, command, clock: 0, entry };
            self.ask(hub, places, request);
        }
        !self.to_hand_over.is_empty()
    }
}
