//! Raft (Ongaro and Ousterhout 2014): the members of a group elect a leader, which orders all
//! requests in a log; what a majority has in its log is committed, and every member applies it in
//! that order. An entry stays once it is committed, because whoever lacks it wins no majority.
//!
//! - `election`: terms, votes, who may lead.
//! - `replication`: how the log gets from the leader to the others, and is repaired.
//! - `apply`: when entries are committed, what comes of them, what is kept of the log.
//! - `calls`: what a node does with the calls of clients, and where it reads.
//!
//! A member that heard from a leader lately votes for nobody (section 6.4.1 of Ongaro's
//! dissertation, 2014). That a leader was heard from by a majority therefore gives it a lease, in
//! which nobody else can have committed anything: as long as clocks run almost alike.
//!
//! A leader goes on until it hears of a later term. So one that can be heard and hears nobody keeps
//! its group waiting, and one that is cut off answers from what it has, if it is asked to.

mod apply;
mod calls;
mod election;
mod log;
mod replication;
#[cfg(test)]
mod tests;
mod timing;

use std::sync::Arc;

use histcheck_history::hash::Map;

use crate::copy::Copy;
use crate::hub::Hub;
use crate::knobs::Knobs;
use crate::origin::{Host, Member};
use crate::sim::Nanos;
use crate::wire;
use crate::wire::raft::{Alarm, Got, Message, Position};
use log::Log;
use timing::Timing;

/// What a leader knows of another member.
#[derive(Debug)]
struct Peer {
    host: Host,
    /// The next entry to send.
    next: u64,
    /// Its log agrees with the leader's up to this index.
    matched: u64,
    /// Whether entries are on their way of which nothing was heard yet.
    is_waiting: bool,
    /// When something was sent last.
    sent: Nanos,
    /// The latest time, by the leader's clock, at which it sent something that was answered.
    acked: Option<Nanos>,
}

/// A leader's copy, for members that need all of it.
#[derive(Debug)]
struct Snapshot {
    last: Position,
    copy: Arc<Copy>,
}

/// What a leader keeps in mind.
#[derive(Debug)]
struct Leading {
    peers: Vec<Peer>,
    /// The index of the entry with which its term started.
    begun: u64,
    snapshot: Option<Snapshot>,
    /// The last call of each client in the log, and its index.
    latest: Map<u32, (u32, u64)>,
}

/// What a member is.
#[derive(Debug)]
enum Role {
    Follower,
    /// With the votes it has.
    Candidate(Vec<Host>),
    Leader(Box<Leading>),
}

/// A node's part.
pub(crate) struct Raft {
    me: Host,
    /// The number of the nodes that keep the same keys.
    group: u16,
    members: Vec<Host>,
    timing: Timing,

    // What it has on disk.
    term: u32,
    /// For whom it voted in this term.
    vote: Option<Host>,
    log: Log,
    copy: Copy,
    /// The index of the last entry that the copy has.
    applied: u64,

    // What it has in memory.
    commit: u64,
    role: Role,
    /// Who leads this term, if it knows.
    leader: Option<Host>,
    /// When, by its clock, it heard from a leader.
    heard: Option<Nanos>,
    /// When, in true time, it wants to lead.
    deadline: Nanos,
}

impl Raft {
    /// A member of the group of these members, with an empty copy.
    pub(crate) fn new(member: Member, members: Vec<Host>, copy: Copy, knobs: &Knobs) -> Raft {
        let Member { me, group } = member;
        Raft {
            me,
            group,
            members,
            timing: Timing::of(knobs),
            term: 0,
            vote: None,
            log: Log::default(),
            copy,
            applied: 0,
            commit: 0,
            role: Role::Follower,
            leader: None,
            heard: None,
            deadline: 0,
        }
    }

    /// Who leads, as far as it knows.
    pub(crate) fn leader(&self) -> Option<Host> {
        self.leader
    }

    /// Starts, or starts again. In the very beginning the first member wants to lead at once;
    /// afterwards a member waits, since it may have promised a leader not to vote.
    pub(crate) fn start(&mut self, hub: &mut Hub) {
        let is_first_time = hub.lives[usize::from(self.me)] == 0;
        self.heard = (!is_first_time).then_some(hub.clock(self.me));
        self.wait_again(hub);
        if is_first_time && self.members.first() == Some(&self.me) {
            self.deadline = hub.now();
        }
        self.watch(hub);
    }

    /// It crashes. What it had in memory is lost; and what it had on disk, unless that is
    /// `durable`. Raft relies on terms, votes and entries being durable: without, a member may vote
    /// twice, and what a majority had may be lost.
    pub(crate) fn crash(&mut self, durable: bool) {
        self.role = Role::Follower;
        (self.leader, self.heard) = (None, None);
        if !durable {
            (self.term, self.vote) = (0, None);
            self.forget();
        }
        self.commit = self.applied;
    }

    /// Loses its log and its copy.
    fn forget(&mut self) {
        self.log.restart(Position::default());
        self.copy.clear();
        (self.applied, self.commit) = (0, 0);
    }

    /// A message from another member.
    pub(crate) fn message(&mut self, hub: &mut Hub, from: Host, message: Message) {
        if matches!(message, Message::Ask { .. }) && self.is_led(hub) {
            return;
        }
        self.see_term(hub, message.term());
        match message {
            Message::Ask { term, last } => self.asked(hub, from, term, last),
            Message::Vote { term, is_granted } => {
                if is_granted && term == self.term {
                    self.elected_by(hub, from);
                }
            }
            Message::Append { term, before, entries, commit, sent } => {
                let got = if self.heed(hub, from, term) {
                    self.append(before, entries)
                } else {
                    Got::Lacks { before: before.index, hint: 0 }
                };
                self.reply(hub, from, sent, got);
                self.learn(hub, got, commit);
            }
            Message::Whole { term, last, copy, sent } => {
                let got = if self.heed(hub, from, term) {
                    self.install(last, copy);
                    Got::Upto(last.index)
                } else {
                    Got::Lacks { before: last.index, hint: 0 }
                };
                self.reply(hub, from, sent, got);
            }
            Message::Reply { term, sent, got } => {
                if term == self.term {
                    self.replied(hub, from, sent, got);
                }
            }
        }
    }

    /// It wanted to be woken.
    pub(crate) fn alarm(&mut self, hub: &mut Hub, alarm: &Alarm) {
        match *alarm {
            Alarm::Election => self.look(hub),
            Alarm::Beat { term } => self.beat(hub, term),
        }
    }

    fn reply(&self, hub: &mut Hub, to: Host, sent: Nanos, got: Got) {
        self.send(hub, to, Message::Reply { term: self.term, sent, got });
    }

    fn send(&self, hub: &mut Hub, to: Host, message: Message) {
        hub.send(self.me, to, wire::Message::Raft(self.group, message));
    }

    fn wake(&self, hub: &mut Hub, after: Nanos, alarm: Alarm) {
        hub.wake(self.me, after, wire::Alarm::Raft(self.group, alarm));
    }

    /// How many members are a majority.
    fn majority(&self) -> usize {
        self.members.len() / 2 + 1
    }
}

/// The greatest of `values` that at least `count` of them reach; `None` if they are fewer.
fn reached<T: Ord + std::marker::Copy>(
    values: impl Iterator<Item = T> + Clone,
    count: usize,
) -> Option<T> {
    let reaches = |least: &T| values.clone().filter(|value| value >= least).count() >= count;
    values.clone().filter(reaches).max()
}
