//! Clients: each runs one transaction after the other, and sends one call at a time.
//!
//! A client that is not answered in time gives up. Before it asked to commit, the transaction
//! cannot be committed, and failed; after that, nobody knows.

use std::sync::Arc;

use super::hub::{Event, Hub};
use super::wire::{Ask, Call, Hints, Reply, Step, Told};
use super::workload::Draws;
use crate::knobs::{Connection, Engine, Knobs, ReadsFrom, Session, Workload};
use crate::origin::Host;
use crate::recording::{Called, Records, Shown};
use crate::sim::Nanos;
use crate::sim::random::Random;

/// A client.
struct Client {
    /// The process that the history shows: another one after a transaction of which nobody knows
    /// whether it was committed.
    process: i64,
    /// The number of the last time it wanted to be woken.
    ticket: u32,
    running: Option<Running>,
    /// How many transactions of each site it has seen.
    reads: Vec<u64>,
    /// How many transactions of each site there are up to its own last one there.
    writes: Vec<u64>,
}

/// A transaction that is under way.
struct Running {
    called: Called,
    steps: Arc<[Step]>,
    /// What each step saw so far.
    seen: Vec<Arc<[i64]>>,
    state: State,
    rolls_back: bool,
}

/// What a transaction waits for.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Beginning,
    /// The answer to its last step.
    Stepping,
    /// The client works.
    Working,
    Committing,
}

/// All clients.
pub(super) struct Clients {
    list: Vec<Client>,
    draws: Draws,
    random: Random,
    /// How many transactions are still to be called.
    left: u32,
    all: u32,
    pub(super) records: Records,
}

impl Clients {
    /// Makes as many as `knobs` say.
    pub(super) fn new(knobs: &Knobs, seed: u64) -> Clients {
        let sites = knobs.nodes as usize;
        let client = |process: i64| {
            let (reads, writes) = (vec![0; sites], vec![0; sites]);
            Client { process, ticket: 0, running: None, reads, writes }
        };
        Clients {
            list: (0..i64::from(knobs.clients)).map(client).collect(),
            draws: Draws::new(knobs, seed),
            random: Random::new(seed, "clients"),
            left: knobs.operations,
            all: knobs.operations,
            records: Records::default(),
        }
    }

    /// Lets all of them begin.
    pub(super) fn start(&mut self, hub: &mut Hub) {
        for client in 0..self.list.len() as u32 {
            let after = self.random.within(hub.knobs.think.max(1));
            self.wake(hub, client, after);
        }
    }

    /// Returns whether no transaction is under way, and none is going to be.
    pub(super) fn are_done(&self) -> bool {
        self.left == 0 && self.list.iter().all(|client| client.running.is_none())
    }

    /// Returns how many transactions were called.
    pub(super) fn called(&self) -> u64 {
        u64::from(self.all - self.left)
    }

    fn wake(&mut self, hub: &mut Hub, client: u32, after: Nanos) {
        let it = &mut self.list[client as usize];
        it.ticket += 1;
        let event = Event::Wake { client, ticket: it.ticket };
        hub.agenda.add(hub.now() + after, event);
    }

    /// A client wanted to be woken.
    pub(super) fn woken(&mut self, hub: &mut Hub, client: u32, ticket: u32) {
        let it = &self.list[client as usize];
        if it.ticket != ticket {
            return;
        }
        match it.running.as_ref().map(|running| running.state) {
            None => self.begin(hub, client),
            Some(State::Working) => self.go_on(hub, client),
            Some(State::Committing) => self.ended(hub, client, &Ended::Unknown),
            Some(State::Beginning | State::Stepping) => {
                self.ask_all(hub, client, &Ask::Rollback);
                self.ended(hub, client, &Ended::Failed("timeout"));
            }
        }
    }

    /// The node at which the next transaction begins, and its steps.
    fn draw(&mut self, hub: &Hub, client: u32) -> (Host, Arc<[Step]>) {
        let nodes = hub.knobs.nodes;
        let near = match hub.knobs.connection {
            Connection::Sticky => (client % nodes) as Host,
            Connection::Any => self.random.below(u64::from(nodes)) as Host,
        };
        let node = if hub.knobs.engine == Engine::Sites { near } else { hub.head() };
        let steps = self.draws.next(hub, node);
        let only_reads = steps.iter().all(|step| step.value.is_none());
        let follows = hub.knobs.engine == Engine::Versions
            && hub.knobs.reads_from == ReadsFrom::Any
            && only_reads;
        (if follows { near } else { node }, steps)
    }

    /// A client begins its next transaction.
    fn begin(&mut self, hub: &mut Hub, client: u32) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let (node, steps) = self.draw(hub, client);
        let rolls_back = self.random.happens(hub.knobs.rollbacks.0);
        let it = &mut self.list[client as usize];
        let process = it.process;
        let called = Called { operation: 0, process, node, f: "txn", key: None };
        let input = show(hub, &steps, &[]);
        let operation = self.records.invoke(hub.now(), called, input);
        hub.ledger.planned(operation, process, &steps);
        let need = needed(hub.knobs.session, it);
        it.running = Some(Running {
            called: Called { operation, ..called },
            steps: steps.clone(),
            seen: Vec::new(),
            state: State::Beginning,
            rolls_back,
        });
        self.ask(hub, client, node, Ask::Begin { steps, need });
    }

    /// Sends a call, and waits for the answer.
    fn ask(&mut self, hub: &mut Hub, client: u32, node: Host, ask: Ask) {
        let Some(running) = &self.list[client as usize].running else { return };
        let txn = running.called.operation;
        hub.call(node, Call { client, txn, ask });
        let timeout = hub.knobs.timeout;
        self.wake(hub, client, timeout);
    }

    /// Sends a call to every node that may know of the transaction, and does not wait.
    fn ask_all(&self, hub: &mut Hub, client: u32, ask: &Ask) {
        let Some(running) = &self.list[client as usize].running else { return };
        let txn = running.called.operation;
        let mut nodes = vec![running.called.node];
        if hub.knobs.engine == Engine::Shards {
            nodes.extend(running.steps.iter().map(|step| hub.home(step.key)));
            nodes.sort_unstable();
            nodes.dedup();
        }
        for node in nodes {
            hub.call(node, Call { client, txn, ask: ask.clone() });
        }
    }

    /// Does what comes next in the transaction of a client.
    fn go_on(&mut self, hub: &mut Hub, client: u32) {
        let Some(running) = &mut self.list[client as usize].running else { return };
        let at = running.seen.len();
        let node = running.called.node;
        let Some(&step) = running.steps.get(at) else {
            if running.rolls_back {
                self.ask_all(hub, client, &Ask::Rollback);
                return self.ended(hub, client, &Ended::Failed("rolled back"));
            }
            running.state = State::Committing;
            return self.ask(hub, client, node, Ask::Commit);
        };
        running.state = State::Stepping;
        let shards = hub.knobs.engine == Engine::Shards;
        let place = |step: &Step| if shards { hub.home(step.key) } else { node };
        let to = place(&step);
        let (before, after) = running.steps.split_at(at);
        let is_for_update =
            after.iter().any(|later| later.key == step.key && later.value.is_some());
        let is_first = before.iter().all(|earlier| place(earlier) != to);
        let hints = Hints { is_for_update, is_first };
        self.ask(hub, client, to, Ask::Step { at: at as u32, step, hints });
    }

    /// An answer arrives.
    pub(super) fn answered(&mut self, hub: &mut Hub, reply: Reply) {
        let client = reply.client;
        let it = &mut self.list[client as usize];
        let Some(running) = &mut it.running else { return };
        if running.called.operation != reply.txn {
            return;
        }
        match (running.state, reply.told) {
            (State::Beginning, Told::Began) => self.go_on(hub, client),
            (State::Stepping, Told::Did { at, seen }) if at as usize == running.seen.len() => {
                running.seen.push(seen);
                running.state = State::Working;
                let after = self.random.about(hub.knobs.work);
                self.wake(hub, client, after);
            }
            (State::Committing, Told::Committed { saw, wrote }) => {
                raise(&mut it.reads, saw.iter().copied().enumerate());
                if let Some((site, number)) = wrote {
                    raise(&mut it.writes, [(usize::from(site), number)].into_iter());
                }
                self.ended(hub, client, &Ended::Committed);
            }
            (_, Told::Aborted(why)) => {
                // Where there are several shards, the others do not know yet.
                self.ask_all(hub, client, &Ask::Rollback);
                self.ended(hub, client, &Ended::Failed(why));
            }
            _ => {}
        }
    }

    /// The transaction of a client ends.
    fn ended(&mut self, hub: &mut Hub, client: u32, how: &Ended) {
        let clients = self.list.len() as i64;
        let it = &mut self.list[client as usize];
        let Some(Running { called, steps, seen, .. }) = it.running.take() else { return };
        let time = hub.now();
        match how {
            Ended::Committed => {
                hub.ledger.committed(called.operation);
                self.records.ok(time, called, show(hub, &steps, &seen), None);
            }
            Ended::Failed(why) => self.records.fail(time, called, show(hub, &steps, &[]), why),
            Ended::Unknown => {
                it.process += clients;
                it.reads.fill(0);
                it.writes.fill(0);
                self.records.info(time, called, show(hub, &steps, &[]), "timeout");
            }
        }
        let after = self.random.about(hub.knobs.think);
        self.wake(hub, client, after);
    }
}

/// How a transaction ended, as far as its client knows.
enum Ended {
    Committed,
    Failed(&'static str),
    Unknown,
}

/// Makes each of `numbers` at least what is given for its place.
fn raise(numbers: &mut [u64], to: impl Iterator<Item = (usize, u64)>) {
    for (at, number) in to {
        if let Some(one) = numbers.get_mut(at) {
            *one = (*one).max(number);
        }
    }
}

/// How many transactions of each site the next transaction of a client has to see.
fn needed(session: Session, client: &Client) -> Arc<[u64]> {
    let pairs = client.reads.iter().zip(&client.writes);
    let of = |(&reads, &writes): (&u64, &u64)| match session {
        Session::None => 0,
        Session::ReadYourWrites => writes,
        Session::MonotonicReads => reads,
        Session::All => reads.max(writes),
    };
    pairs.map(of).collect()
}

/// What the history shows of `steps`, of which the first ones saw this.
fn show(hub: &Hub, steps: &[Step], seen: &[Arc<[i64]>]) -> Shown {
    let is_list = hub.knobs.workload == Workload::ListAppend;
    let writes = if is_list { "append" } else { "w" };
    let shown = steps.iter().enumerate().map(|(at, step)| {
        let (f, value) = match (step.value, seen.get(at)) {
            (Some(value), _) => (writes, Shown::Int(value)),
            (None, None) => ("r", Shown::Null),
            (None, Some(seen)) if is_list => ("r", Shown::Many(seen.clone())),
            (None, Some(seen)) => ("r", seen.last().map_or(Shown::Null, |&it| Shown::Int(it))),
        };
        Shown::List([Shown::Text(f), Shown::Int(i64::from(step.key)), value].into())
    });
    Shown::List(shown.collect())
}
