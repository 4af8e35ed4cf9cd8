//! The nemesis: breaks the network, nodes, clients and clocks for a while, again and again, and
//! notes in the history what it does.

use super::hub::{Event, Hub};
use super::knobs::{Crash, Knobs, Partition, Pause};
use super::origin::Host;
use super::recording::{Records, Shown};
use super::sim::Nanos;
use super::sim::random::Random;

/// One kind of fault.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Fault {
    Partition(Partition),
    Crash(Crash),
    Pause(Pause),
    Step(Nanos),
}

/// What the nemesis does to the world, other than to the network and to clocks.
pub(super) enum Deed {
    Crash(Vec<Host>),
    Restart(Vec<Host>),
    /// Stops hosts until a time.
    PauseHosts(Vec<Host>, Nanos),
    /// Stops a client until a time.
    PauseClient(u32, Nanos),
}

/// The nemesis.
pub(super) struct Nemesis {
    random: Random,
    faults: Vec<Fault>,
    /// The fault that lasts, and whom it struck.
    current: Option<(Fault, Vec<Host>)>,
    /// Which of the faults is the next.
    next: usize,
}

impl Nemesis {
    pub(super) fn new(knobs: &Knobs, seed: u64) -> Nemesis {
        let mut faults = Vec::new();
        if knobs.partition != Partition::None {
            faults.push(Fault::Partition(knobs.partition));
        }
        if knobs.crash != Crash::None {
            faults.push(Fault::Crash(knobs.crash));
        }
        if knobs.pause != Pause::None {
            faults.push(Fault::Pause(knobs.pause));
        }
        if knobs.step != 0 {
            faults.push(Fault::Step(knobs.step));
        }
        Nemesis { random: Random::new(seed, "nemesis"), faults, current: None, next: 0 }
    }

    /// Plans the first fault.
    pub(super) fn start(&mut self, hub: &mut Hub) {
        if !self.faults.is_empty() {
            let every = hub.knobs.fault_every;
            self.later(hub, every);
        }
    }

    fn later(&mut self, hub: &mut Hub, length: Nanos) {
        let after = self.random.about(length);
        hub.agenda.add(hub.now() + after, Event::Fault);
    }

    /// Does the next step. `primary` is who is primary or leader now.
    pub(super) fn act(
        &mut self,
        hub: &mut Hub,
        records: &mut Records,
        primary: Option<Host>,
    ) -> Option<Deed> {
        if let Some((fault, struck)) = self.current.take() {
            let every = hub.knobs.fault_every;
            self.later(hub, every);
            return end(hub, records, fault, struck);
        }
        let fault = self.faults[self.next % self.faults.len()];
        self.next += 1;
        let last = match fault {
            // A flapping network is whole and cut in turns, a few times faster.
            Fault::Partition(Partition::Flapping) => hub.knobs.fault_for / 4,
            _ => hub.knobs.fault_for,
        };
        let until = hub.now() + self.random.about(last);
        hub.agenda.add(until, Event::Fault);
        let nodes = hub.knobs.nodes as usize;
        let any = self.random.place(nodes) as Host;
        let primary = primary.unwrap_or(any);
        match fault {
            Fault::Partition(partition) => {
                let cut = self.cut(hub, partition, primary);
                records.note(hub.now(), "partition", Shown::Hosts(cut.clone().into()));
                self.current = Some((fault, cut));
                None
            }
            Fault::Crash(crash) => {
                let struck: Vec<Host> = match crash {
                    Crash::All => (0..nodes as Host).collect(),
                    Crash::Primary => vec![primary],
                    Crash::Node | Crash::None => vec![any],
                };
                records.note(hub.now(), "crash", Shown::Hosts(struck.clone().into()));
                self.current = Some((fault, struck.clone()));
                Some(Deed::Crash(struck))
            }
            Fault::Pause(pause) => Some(self.pause(hub, records, pause, primary, until)),
            Fault::Step(by) => {
                let by = if self.random.happens(5000) { by } else { -by };
                hub.clocks[usize::from(any)].step(by);
                records.note(hub.now(), "step-clock", Shown::Hosts([any].into()));
                self.current = Some((fault, vec![any]));
                None
            }
        }
    }

    fn pause(
        &mut self,
        hub: &Hub,
        records: &mut Records,
        pause: Pause,
        primary: Host,
        until: Nanos,
    ) -> Deed {
        if pause == Pause::Client {
            let client = self.random.below(u64::from(hub.knobs.clients)) as u32;
            records.note(hub.now(), "pause-client", Shown::Int(i64::from(client)));
            self.current = Some((Fault::Pause(pause), Vec::new()));
            return Deed::PauseClient(client, until);
        }
        let any = self.random.place(hub.knobs.nodes as usize) as Host;
        let host = if pause == Pause::Primary { primary } else { any };
        records.note(hub.now(), "pause", Shown::Hosts([host].into()));
        self.current = Some((Fault::Pause(pause), vec![host]));
        Deed::PauseHosts(vec![host], until)
    }

    /// Cuts the network, and returns the nodes on the smaller side. Helpers, which have the numbers
    /// behind the nodes, stay with the larger one.
    fn cut(&mut self, hub: &mut Hub, partition: Partition, primary: Host) -> Vec<Host> {
        let nodes = hub.knobs.nodes as usize;
        let hosts = hub.lives.len();
        let mut order: Vec<usize> = (0..nodes).collect();
        for at in (1..nodes).rev() {
            let other = self.random.place(at + 1);
            order.swap(at, other);
        }
        if partition == Partition::Ring {
            let near = |one: usize, other: usize| {
                let apart = one.abs_diff(other);
                apart.min(nodes - apart) <= nodes / 4
            };
            for (at, &from) in order.iter().enumerate() {
                for (place, &to) in order.iter().enumerate() {
                    hub.network.set_cut(from, to, !near(at, place));
                }
            }
            return order.iter().map(|&host| host as Host).collect();
        }
        let few = match partition {
            Partition::Isolate => vec![usize::from(primary)],
            Partition::OneWay => vec![order[0]],
            _ => order[..nodes.div_ceil(2) - nodes % 2].to_vec(),
        };
        for one in 0..hosts {
            for &other in few.iter().filter(|_| !few.contains(&one)) {
                hub.network.set_cut(one, other, true);
                hub.network.set_cut(other, one, partition != Partition::OneWay);
            }
        }
        let mut few: Vec<Host> = few.into_iter().map(|host| host as Host).collect();
        few.sort_unstable();
        few
    }
}

/// Ends a fault.
fn end(hub: &mut Hub, records: &mut Records, fault: Fault, struck: Vec<Host>) -> Option<Deed> {
    let hosts = Shown::Hosts(struck.clone().into());
    let now = hub.now();
    match fault {
        Fault::Partition(_) => {
            hub.network.heal();
            records.note(now, "heal", Shown::Null);
            None
        }
        Fault::Crash(_) => {
            records.note(now, "restart", hosts);
            Some(Deed::Restart(struck))
        }
        Fault::Pause(pause) => {
            let what = if pause == Pause::Client { "resume-client" } else { "resume" };
            records.note(now, what, hosts);
            None
        }
        Fault::Step(_) => None,
    }
}
