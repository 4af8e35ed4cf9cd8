//! The members of the ring change in the middle of the run: one joins, or one leaves.
//!
//! With a handover, quorums are first those of the old and of the new members together. Once no
//! call is under way that knows only the old ones, every node reads and writes back what it has;
//! and once all have, only the new members count. Without one, the new members count at once, and
//! have what they happen to have.

use super::hub::{Event, Hub};
use super::knobs::{Knobs, Membership};
use super::node::{Node, System};
use super::origin::Host;
use super::recording::{Records, Shown};
use super::sim::{MILLISECOND, Nanos};

/// How long it takes until the handover is looked at again.
const AGAIN: Nanos = 20 * MILLISECOND;

/// How far the change is.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Stage {
    Before,
    /// Quorums are those of old and new members.
    Joint,
    /// Nodes hand over what they have.
    Moving,
    After,
}

/// A change of members.
pub(super) struct Change {
    stage: Stage,
    /// The members before,
    old: Vec<Host>,
    /// and after it.
    new: Vec<Host>,
}

impl Change {
    /// The change that the knobs ask for.
    pub(super) fn new(knobs: &Knobs) -> Change {
        let all: Vec<Host> = (0..knobs.nodes as Host).collect();
        let few = all[..all.len() - 1].to_vec();
        let (old, new) = match knobs.membership {
            Membership::Fixed => (all.clone(), all),
            Membership::Join => (few, all),
            Membership::Leave => (all, few),
        };
        let stage = if old == new { Stage::After } else { Stage::Before };
        Change { stage, old, new }
    }

    /// The members in the beginning.
    pub(super) fn members(&self) -> &[Host] {
        &self.old
    }

    /// Whether it has not begun yet.
    pub(super) fn is_to_come(&self) -> bool {
        self.stage == Stage::Before
    }

    /// Does the next step. Nodes that are down do not take part.
    pub(super) fn step(
        &mut self,
        hub: &mut Hub,
        system: &mut System,
        records: &mut Records,
        nodes: &mut [Node],
        is_up: impl Fn(usize) -> bool,
    ) {
        match self.stage {
            Stage::Before => {
                let joins = self.new.len() > self.old.len();
                let who = if joins { self.new.last() } else { self.old.last() };
                let who: Vec<Host> = who.copied().into_iter().collect();
                let what = if joins { "join" } else { "leave" };
                records.note(hub.now(), what, Shown::Hosts(who.into()));
                system.places.begin_change(&hub.knobs, &self.new);
                if !hub.knobs.handover {
                    return self.end(hub, system, records);
                }
                self.stage = Stage::Joint;
                // Until then every call is answered or given up that began before.
                let calls = Nanos::from(hub.knobs.retries + 1) * hub.knobs.timeout;
                hub.agenda.add(hub.now() + calls + AGAIN, Event::Members);
            }
            Stage::Joint | Stage::Moving => {
                let begins = self.stage == Stage::Joint;
                self.stage = Stage::Moving;
                let mut is_over = true;
                for (_, node) in nodes.iter_mut().enumerate().filter(|(at, _)| is_up(*at)) {
                    is_over &= !node.hand_over(hub, system, begins);
                }
                if is_over {
                    return self.end(hub, system, records);
                }
                hub.agenda.add(hub.now() + AGAIN, Event::Members);
            }
            Stage::After => {}
        }
    }

    fn end(&mut self, hub: &Hub, system: &mut System, records: &mut Records) {
        self.stage = Stage::After;
        system.places.end_change();
        records.note(hub.now(), "new-members", Shown::Hosts(self.new.clone().into()));
    }
}
