//! The nemesis of transactional stores: cuts the network between nodes, or crashes some of them,
//! for a while, again and again, and notes in the history what it does.

use super::hub::{Event, Hub};
use crate::knobs::{Crash, Knobs, Partition};
use crate::origin::Host;
use crate::recording::{Records, Shown};
use crate::sim::Nanos;
use crate::sim::random::Random;

/// What the nemesis does to nodes.
pub(super) enum Deed {
    Crash(Vec<Host>),
    Restart(Vec<Host>),
}

/// What lasts.
enum Current {
    Cut,
    Crashed(Vec<Host>),
}

/// The nemesis.
pub(super) struct Nemesis {
    random: Random,
    partition: Partition,
    crash: Crash,
    current: Option<Current>,
    /// Whether the last fault was a partition.
    was_cut: bool,
}

impl Nemesis {
    pub(super) fn new(knobs: &Knobs, seed: u64) -> Nemesis {
        let &Knobs { partition, crash, .. } = knobs;
        let random = Random::new(seed, "nemesis");
        Nemesis { random, partition, crash, current: None, was_cut: false }
    }

    /// Plans the first fault.
    pub(super) fn start(&mut self, hub: &mut Hub) {
        if self.partition != Partition::None || self.crash != Crash::None {
            let every = hub.knobs.fault_every;
            self.later(hub, every);
        }
    }

    fn later(&mut self, hub: &mut Hub, length: Nanos) {
        let after = self.random.about(length);
        hub.agenda.add(hub.now() + after, Event::Fault);
    }

    /// Does the next step.
    pub(super) fn act(&mut self, hub: &mut Hub, records: &mut Records) -> Option<Deed> {
        let now = hub.now();
        if let Some(current) = self.current.take() {
            let every = hub.knobs.fault_every;
            self.later(hub, every);
            return match current {
                Current::Cut => {
                    hub.network.heal();
                    records.note(now, "heal", Shown::Null);
                    None
                }
                Current::Crashed(nodes) => {
                    records.note(now, "restart", Shown::Hosts(nodes.clone().into()));
                    Some(Deed::Restart(nodes))
                }
            };
        }
        let last = hub.knobs.fault_for;
        self.later(hub, last);
        let cuts = self.crash == Crash::None || !self.was_cut;
        self.was_cut = cuts && self.partition != Partition::None;
        if self.was_cut {
            let cut = self.cut(hub);
            records.note(now, "partition", Shown::Hosts(cut.into()));
            self.current = Some(Current::Cut);
            return None;
        }
        let nodes = hub.knobs.nodes as usize;
        let struck = match self.crash {
            Crash::All => (0..nodes as Host).collect(),
            Crash::Primary => vec![hub.head()],
            Crash::Node | Crash::None => vec![self.random.place(nodes) as Host],
        };
        records.note(now, "crash", Shown::Hosts(struck.clone().into()));
        self.current = Some(Current::Crashed(struck.clone()));
        Some(Deed::Crash(struck))
    }

    /// Cuts some nodes off from the others, and returns them. Clients reach all of them.
    fn cut(&mut self, hub: &mut Hub) -> Vec<Host> {
        let nodes = hub.knobs.nodes as usize;
        let mut order: Vec<usize> = (0..nodes).collect();
        for at in (1..nodes).rev() {
            let other = self.random.place(at + 1);
            order.swap(at, other);
        }
        if self.partition == Partition::Ring {
            // As in the world of copies: every node hears its neighbours only.
            for at in 0..nodes {
                for other in (0..nodes).filter(|&other| at.abs_diff(other) > 1) {
                    let is_far = at.abs_diff(other) < nodes - 1;
                    hub.network.set_cut(order[at], order[other], is_far);
                }
            }
            return order.into_iter().map(|node| node as Host).collect();
        }
        let away = match self.partition {
            Partition::Isolate => vec![usize::from(hub.head())],
            _ => order[..nodes / 2].to_vec(),
        };
        for &one in &away {
            for other in (0..nodes).filter(|other| !away.contains(other)) {
                hub.network.set_cut(one, other, true);
                hub.network.set_cut(other, one, true);
            }
        }
        away.into_iter().map(|node| node as Host).collect()
    }
}
