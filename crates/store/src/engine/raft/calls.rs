//! What a node does with the calls of clients: those that it cannot answer it sends on to the
//! leader that it knows.
//!
//! Only the node that a client called refuses, and only what it sent to nobody: a message may
//! arrive twice, and of two copies of a call one may be refused and the other be done.

use super::{Raft, Role};
use crate::call::Request;
use crate::hub::Hub;
use crate::knobs::{Calls, ReadsFrom};
use crate::origin::{Host, Stamp};
use crate::wire::Message;
use crate::wire::raft::Entry;

impl Raft {
    /// A client's call.
    pub(crate) fn request(&mut self, hub: &mut Hub, request: Request) {
        if request.command.is_read() && hub.knobs.reads_from == ReadsFrom::Any {
            return self.read_here(hub, &request);
        }
        match self.leader {
            Some(leader) if leader == self.me => self.take(hub, request),
            Some(leader) => hub.send(self.me, leader, Message::Forward(request)),
            None => hub.refuse(self.me, &request, self.origin(Stamp::NONE)),
        }
    }

    /// A call that another node took for this one's to answer. It is sent on once, if it comes from
    /// where the client called; otherwise it is dropped, and its client finds out in time.
    pub(crate) fn forwarded(&mut self, hub: &mut Hub, from: Host, request: Request) {
        match self.leader {
            Some(leader) if leader == self.me => self.take(hub, request),
            Some(leader) if from == request.entry => {
                hub.send(self.me, leader, Message::Forward(request));
            }
            _ => {}
        }
    }

    /// The leader takes a call. Reads that go through the log are entries like others: the
    /// simplest way to know that nobody else led when they were done.
    fn take(&mut self, hub: &mut Hub, request: Request) {
        if request.command.is_read() {
            let reads_here = match hub.knobs.reads_from {
                ReadsFrom::Log => false,
                // The log is the way out without a lease. A node that is stopped once it has looked
                // at its lease does no harm: the read counts as of then, and nothing is applied
                // in between.
                ReadsFrom::Lease => self.has_lease(hub),
                ReadsFrom::Primary | ReadsFrom::Any => true,
            };
            if reads_here {
                return self.read_here(hub, &request);
            }
        }
        let is_once = hub.knobs.calls != Calls::AtLeastOnce;
        let Role::Leader(leading) = &mut self.role else { return };
        if is_once {
            let latest = leading.latest.get(&request.client);
            let waits = |it: &(u32, u64)| it.0 >= request.number && it.1 > self.applied;
            if latest.is_some_and(waits) {
                // It is in the log, and answered when it is applied.
                return;
            }
            if !request.command.is_read()
                && let Some(before) = self.copy.repeated(&request)
            {
                let origin = self.origin(before.stamp);
                return hub.answer(self.me, &request, before.answer, origin);
            }
            let index = self.log.last().index + 1;
            leading.latest.insert(request.client, (request.number, index));
        }
        let entry = Entry { term: self.term, time: hub.now(), request: Some(request) };
        self.add(hub, entry);
    }

    /// Whether a majority heard from this leader so lately that nobody else can lead yet, and it
    /// has applied all that leaders before it committed.
    pub(super) fn has_lease(&self, hub: &Hub) -> bool {
        let Role::Leader(leading) = &self.role else { return false };
        let now = hub.clock(self.me);
        let contact = self.contact(leading, now);
        let is_held = contact.is_some_and(|contact| now < contact + self.timing.lease);
        is_held && self.applied >= leading.begun
    }

    /// Answers a read from what was applied here.
    fn read_here(&self, hub: &mut Hub, request: &Request) {
        let (answer, stamp) = self.copy.peek(request.key, &request.command);
        hub.answer(self.me, request, answer, self.origin(stamp));
    }
}
