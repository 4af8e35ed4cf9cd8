//! Terms and elections: at most one member leads in a term, because each votes once in it and a
//! leader has the votes of a majority (section 5.2 of the paper); and it has all committed entries,
//! because nobody votes for a log that is less up-to-date than its own (section 5.4.1).

use histcheck_history::hash::Map;

use super::{Leading, Peer, Raft, Role, reached};
use crate::hub::Hub;
use crate::origin::Host;
use crate::sim::Nanos;
use crate::wire::raft::{Alarm, Entry, Message, Position};

impl Raft {
    /// Follows whoever leads `term`, if that is a later one than its own.
    pub(super) fn see_term(&mut self, hub: &mut Hub, term: u32) {
        if term > self.term {
            (self.term, self.vote, self.leader) = (term, None, None);
            self.follow(hub);
        }
    }

    /// Stops leading, or wanting to. Whoever waits for an answer is not told: what comes of the
    /// entries that are not committed is up to the next leader.
    fn follow(&mut self, hub: &mut Hub) {
        if !matches!(self.role, Role::Follower) {
            self.role = Role::Follower;
            self.wait_again(hub);
        }
    }

    /// Puts its wish to lead off, by a length of time of which the members are unlikely to draw
    /// the same.
    pub(super) fn wait_again(&mut self, hub: &mut Hub) {
        let election = self.timing.election;
        self.deadline = hub.now() + election + hub.random.within(election);
    }

    /// Sleeps until it wants to lead.
    pub(super) fn watch(&self, hub: &mut Hub) {
        self.wake(hub, self.deadline - hub.now(), Alarm::Election);
    }

    /// It may be time to lead.
    pub(super) fn look(&mut self, hub: &mut Hub) {
        if matches!(self.role, Role::Leader(_)) {
            self.wait_again(hub);
        } else if hub.now() >= self.deadline {
            self.campaign(hub);
        }
        self.watch(hub);
    }

    /// Wants to lead the next term.
    fn campaign(&mut self, hub: &mut Hub) {
        self.term += 1;
        (self.vote, self.leader) = (Some(self.me), None);
        self.role = Role::Candidate(Vec::with_capacity(self.members.len()));
        self.wait_again(hub);
        let (term, last) = (self.term, self.log.last());
        for &member in self.members.iter().filter(|&&member| member != self.me) {
            self.send(hub, member, Message::Ask { term, last });
        }
        self.elected_by(hub, self.me);
    }

    /// Whether there is a leader that may count on not being replaced: it was heard from lately by
    /// this node's clock, or, if it is this node, a majority heard from it lately.
    pub(super) fn is_led(&mut self, hub: &Hub) -> bool {
        let now = hub.clock(self.me);
        // When the clock was set back: as if it had just heard.
        self.heard = self.heard.map(|heard| heard.min(now));
        let contact = match &self.role {
            Role::Leader(leading) => self.contact(leading, now),
            Role::Follower | Role::Candidate(_) => self.heard,
        };
        contact.is_some_and(|contact| now < contact + self.timing.election)
    }

    /// The latest time by its clock at which a leader sent what a majority, itself among them,
    /// answered in its term.
    pub(super) fn contact(&self, leading: &Leading, now: Nanos) -> Option<Nanos> {
        match self.majority() - 1 {
            0 => Some(now),
            others => reached(leading.peers.iter().filter_map(|peer| peer.acked), others),
        }
    }

    /// Another member wants to lead `term`, which is not later than this one's any more.
    pub(super) fn asked(&mut self, hub: &mut Hub, from: Host, term: u32, last: Position) {
        let is_free = self.vote.is_none_or(|vote| vote == from);
        let is_granted = term == self.term && is_free && last >= self.log.last();
        if is_granted {
            self.vote = Some(from);
            self.wait_again(hub);
        }
        self.send(hub, from, Message::Vote { term: self.term, is_granted });
    }

    /// It has another vote in this term.
    pub(super) fn elected_by(&mut self, hub: &mut Hub, voter: Host) {
        let majority = self.majority();
        let Role::Candidate(votes) = &mut self.role else { return };
        if !votes.contains(&voter) {
            votes.push(voter);
        }
        if votes.len() >= majority {
            self.lead(hub);
        }
    }

    /// Leads from now on, and appends an entry of its own term: nothing from before counts as
    /// committed until that is (section 5.4.2).
    fn lead(&mut self, hub: &mut Hub) {
        let begun = self.log.last().index + 1;
        let others = self.members.iter().filter(|&&member| member != self.me);
        let peer = |&host| Peer {
            host,
            next: begun,
            matched: 0,
            is_waiting: false,
            sent: Nanos::MIN,
            acked: None,
        };
        let peers = others.map(peer).collect();
        let mut latest = Map::default();
        for index in self.applied + 1..begun {
            if let Some(request) = self.log.get(index).and_then(|entry| entry.request.as_ref()) {
                latest.insert(request.client, (request.number, index));
            }
        }
        self.role = Role::Leader(Box::new(Leading { peers, begun, snapshot: None, latest }));
        self.leader = Some(self.me);
        let term = self.term;
        self.add(hub, Entry { term, time: hub.now(), request: None });
        self.wake(hub, self.timing.beat, Alarm::Beat { term });
    }

    /// Another member says that it leads `term`: follows it, unless the term is over.
    pub(super) fn heed(&mut self, hub: &mut Hub, from: Host, term: u32) -> bool {
        // Two leaders of one term there are only where votes were forgotten.
        if term < self.term || matches!(self.role, Role::Leader(_)) {
            return false;
        }
        self.follow(hub);
        self.leader = Some(from);
        self.heard = Some(hub.clock(self.me));
        self.wait_again(hub);
        true
    }
}
