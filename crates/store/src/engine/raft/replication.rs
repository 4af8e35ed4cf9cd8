//! How the log gets from the leader to the others: entries come with the position before them, and
//! a member takes them if its own log agrees there, so that logs which agree at one position agree
//! at all before it (section 5.3 of the paper). Otherwise the leader goes further back.
//!
//! To each member one batch is on its way at a time; what comes in meanwhile makes the next one.

use std::sync::Arc;

use super::{Raft, Role, Snapshot};
use crate::copy::Copy;
use crate::hub::Hub;
use crate::origin::Host;
use crate::sim::Nanos;
use crate::wire::raft::{Alarm, Entry, Got, Message, Position};

/// So many entries are sent at once, at most.
pub(super) const BATCH: usize = 64;

impl Raft {
    /// The leader appends an entry, and sends it to all who wait for nothing else.
    pub(super) fn add(&mut self, hub: &mut Hub, entry: Entry) {
        self.log.push(entry);
        self.commit_what_a_majority_has(hub);
        for at in 0..self.members.len() - 1 {
            self.send_if_idle(hub, at);
        }
    }

    /// The leader of `term` is to be heard from, and sends again what was not answered.
    pub(super) fn beat(&mut self, hub: &mut Hub, term: u32) {
        let Role::Leader(leading) = &self.role else { return };
        if term != self.term {
            return;
        }
        // Half a beat of silence is enough: otherwise the next beat would come too late.
        let old = hub.now() - self.timing.beat / 2;
        for at in 0..leading.peers.len() {
            if self.peer_sent(at).is_some_and(|sent| sent <= old) {
                self.send_to(hub, at);
            }
        }
        self.wake(hub, self.timing.beat, Alarm::Beat { term });
    }

    /// When the leader sent something to a member.
    fn peer_sent(&self, at: usize) -> Option<Nanos> {
        let Role::Leader(leading) = &self.role else { return None };
        leading.peers.get(at).map(|peer| peer.sent)
    }

    /// Sends a member what it lacks, unless something is on its way already.
    fn send_if_idle(&mut self, hub: &mut Hub, at: usize) {
        let Role::Leader(leading) = &self.role else { return };
        let last = self.log.last().index;
        if leading.peers.get(at).is_some_and(|peer| !peer.is_waiting && peer.next <= last) {
            self.send_to(hub, at);
        }
    }

    /// Sends a member the next batch, or a heartbeat, or the whole copy.
    fn send_to(&mut self, hub: &mut Hub, at: usize) {
        let (term, commit) = (self.term, self.commit);
        let sent = hub.clock(self.me);
        let Role::Leader(leading) = &mut self.role else { return };
        let Some(peer) = leading.peers.get_mut(at) else { return };
        let (to, index) = (peer.host, peer.next - 1);
        peer.sent = hub.now();
        let message = match self.log.term(index) {
            Some(before) => {
                let before = Position { term: before, index };
                let entries = self.log.copy_from(peer.next, BATCH);
                peer.is_waiting = !entries.is_empty();
                Message::Append { term, before, entries, commit, sent }
            }
            None => {
                peer.is_waiting = true;
                let is_usable = |it: &Snapshot| it.last.index >= self.log.base().index;
                if !leading.snapshot.as_ref().is_some_and(is_usable) {
                    let term = self.log.term(self.applied).unwrap_or(0);
                    let last = Position { term, index: self.applied };
                    leading.snapshot = Some(Snapshot { last, copy: Arc::new(self.copy.clone()) });
                }
                let Some(Snapshot { last, copy }) = &leading.snapshot else { return };
                Message::Whole { term, last: *last, copy: copy.clone(), sent }
            }
        };
        self.send(hub, to, message);
    }

    /// Another member answered what the leader sent, in its term.
    pub(super) fn replied(&mut self, hub: &mut Hub, from: Host, sent: Nanos, got: Got) {
        let last = self.log.last().index;
        let Role::Leader(leading) = &mut self.role else { return };
        let Some(at) = leading.peers.iter().position(|peer| peer.host == from) else { return };
        let peer = &mut leading.peers[at];
        peer.acked = peer.acked.max(Some(sent));
        match got {
            Got::Upto(index) => {
                let index = index.min(last);
                if index > peer.matched || peer.next <= index {
                    peer.matched = peer.matched.max(index);
                    peer.next = peer.matched + 1;
                    peer.is_waiting = false;
                    self.commit_what_a_majority_has(hub);
                }
                self.send_if_idle(hub, at);
            }
            // Not what was sent last: an old answer.
            Got::Lacks { before, hint } if before + 1 != peer.next || hint >= before => {}
            Got::Lacks { hint, .. } => {
                // Less than it had: it lost its log.
                peer.matched = peer.matched.min(hint);
                peer.next = hint + 1;
                self.send_to(hub, at);
            }
        }
    }

    /// Takes the leader's entries behind a position, if its log agrees there.
    pub(super) fn append(&mut self, before: Position, entries: Vec<Entry>) -> Got {
        let lacks = |hint| Got::Lacks { before: before.index, hint };
        let last = self.log.last().index;
        if before.index > last {
            return lacks(last);
        }
        // What is older than the base is committed, and so agrees.
        if before.index >= self.log.base().index && self.log.term(before.index) != Some(before.term)
        {
            if self.has_lost(before.index) {
                return lacks(0);
            }
            // Entries of that term may agree all the same: none is dropped yet.
            return lacks(self.log.before_term_at(before.index).max(self.applied));
        }
        let upto = before.index + entries.len() as u64;
        for (index, entry) in (before.index + 1..).zip(entries) {
            if index < self.log.base().index || self.log.term(index) == Some(entry.term) {
                continue;
            }
            if self.has_lost(index) {
                return lacks(0);
            }
            self.log.truncate(index);
            self.log.push(entry);
        }
        Got::Upto(upto)
    }

    /// Whether the entry at `index`, which the leader has not, was applied, and so was committed.
    /// That happens only where a majority lost what it had on disk. Then the leader's log counts:
    /// this one is dropped, and the copy.
    fn has_lost(&mut self, index: u64) -> bool {
        let has_lost = index <= self.applied;
        if has_lost {
            self.forget();
        }
        has_lost
    }

    /// Takes the leader's copy, which has all entries up to `last`, unless its own has them.
    pub(super) fn install(&mut self, last: Position, copy: Arc<Copy>) {
        if last.index <= self.applied {
            return;
        }
        self.copy = Arc::unwrap_or_clone(copy);
        self.applied = last.index;
        self.commit = self.commit.max(last.index);
        if self.log.term(last.index) == Some(last.term) {
            self.log.compact(last.index);
        } else {
            self.log.restart(last);
        }
    }
}
