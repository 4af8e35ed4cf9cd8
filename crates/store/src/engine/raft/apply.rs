//! When an entry is committed, what comes of it, and how long it is kept.

use super::{Raft, Role, reached};
use crate::hub::Hub;
use crate::origin::{self, Origin, Stamp};
use crate::wire::raft::Got;

impl Raft {
    /// Commits what a majority has, if the last of it is of the leader's own term: an older entry
    /// that a majority has may still be replaced (section 5.4.2, figure 8).
    pub(super) fn commit_what_a_majority_has(&mut self, hub: &mut Hub) {
        let Role::Leader(leading) = &self.role else { return };
        let own = self.log.last().index;
        let indices = leading.peers.iter().map(|peer| peer.matched).chain([own]);
        let Some(index) = reached(indices, self.majority()) else { return };
        if index > self.commit && self.log.term(index) == Some(self.term) {
            self.commit = index;
            self.apply(hub);
        }
    }

    /// The leader says how much is committed. It goes for what is known to agree with its log.
    pub(super) fn learn(&mut self, hub: &mut Hub, got: Got, commit: u64) {
        if let Got::Upto(index) = got
            && commit.min(index) > self.commit
        {
            self.commit = commit.min(index);
            self.apply(hub);
        }
    }

    /// Applies what is committed. A leader answers all of it; clients that gave up ignore that.
    fn apply(&mut self, hub: &mut Hub) {
        let is_leader = matches!(self.role, Role::Leader(_));
        while self.applied < self.commit
            && let Some(entry) = self.log.get(self.applied + 1)
        {
            self.applied += 1;
            let Some(request) = &entry.request else { continue };
            if request.command.is_read() && !is_leader {
                self.copy.pass_time(request.key, entry.time, &mut hub.ledger);
                continue;
            }
            let stamp = Stamp { time: self.applied as i64, by: entry.term };
            let applied = self.copy.apply(request, stamp, entry.time, &mut hub.ledger);
            if is_leader {
                let origin = self.origin(applied.stamp);
                hub.answer(self.me, request, applied.answer, origin);
            }
        }
        let kept = u64::from(hub.knobs.log_kept);
        self.log.compact(self.applied.saturating_sub(kept));
    }

    /// Where an answer of this node comes from that shows the version `stamp`.
    pub(super) fn origin(&self, stamp: Stamp) -> Origin {
        let is_leader = matches!(self.role, Role::Leader(_));
        let role = if is_leader { origin::Role::Primary } else { origin::Role::Replica };
        Origin { role, host: self.me, stamp, version: Some(stamp.time) }
    }
}
