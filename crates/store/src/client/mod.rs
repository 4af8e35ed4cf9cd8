//! Clients: each does one operation after the other, and keeps to what it may do when no answer
//! comes.

mod script;
mod session;
mod workload;

pub(super) use workload::{initial, kind, model};

use super::call::{Request, Response};
use super::hub::{Event, Hub};
use super::knobs::{Calls, Connection, Knobs, Recording};
use super::ledger::{Ledger, NOBODY};
use super::object::{Answer, Command};
use super::origin::{Host, Origin, Stamp};
use super::recording::{Called, Records, Shown};
use super::sim::Nanos;
use super::sim::random::Random;
use script::{Given, Script, Step};
use session::Session;
use workload::{Draws, Plan};

/// A client.
struct Client {
    /// The process that the history shows: another one after an operation of which nobody knows
    /// whether it happened.
    process: i64,
    /// The number of its last call.
    number: u32,
    /// The number of the last time it wanted to be woken.
    ticket: u32,
    running: Option<Running>,
    session: Session,
}

/// An operation that is under way.
struct Running {
    called: Called,
    input: Shown,
    script: Script,
    /// The call that was not answered yet, and how often it was made.
    call: Option<(Request, u32)>,
    /// Whether something of it may have taken effect.
    may_have_happened: bool,
    /// Where the last answer came from.
    origin: Option<Origin>,
}

/// The node next to which a client lives: it has that host's clock.
fn home(hub: &Hub, client: u32) -> Host {
    (client % hub.knobs.nodes) as Host
}

/// All clients.
pub(super) struct Clients {
    list: Vec<Client>,
    draws: Draws,
    random: Random,
    /// How many operations are still to be called.
    left: u32,
    /// How many there are altogether.
    all: u32,
    pub(super) records: Records,
}

impl Clients {
    /// As many as `knobs` say.
    pub(super) fn new(knobs: &Knobs, seed: u64) -> Clients {
        let client = |process: i64| {
            let session = Session::default();
            Client { process, number: 0, ticket: 0, running: None, session }
        };
        Clients {
            list: (0..i64::from(knobs.clients)).map(client).collect(),
            draws: Draws::new(seed),
            random: Random::new(seed, "clients"),
            left: knobs.operations,
            all: knobs.operations,
            records: Records::default(),
        }
    }

    /// Lets all of them begin.
    pub(super) fn start(&mut self, hub: &mut Hub) {
        for client in 0..self.list.len() as u32 {
            let think = hub.knobs.think.max(1);
            let after = self.random.within(think);
            self.wake(hub, client, after);
        }
    }

    /// Whether no operation is under way, and none is going to be.
    pub(super) fn are_done(&self) -> bool {
        self.left == 0 && self.list.iter().all(|client| client.running.is_none())
    }

    /// How many operations were called.
    pub(super) fn called(&self) -> u64 {
        u64::from(self.all - self.left)
    }

    /// Whether half of the operations were called.
    pub(super) fn are_half_done(&self) -> bool {
        self.left <= self.all / 2
    }

    /// Writes down who is stuck, of those that were still at it when the run ended.
    pub(super) fn note_stuck(&self, ledger: &mut Ledger) {
        let sessions = self.list.iter().map(|client| &client.session);
        session::stuck(sessions).into_iter().for_each(|what| ledger.stuck(what));
    }

    fn wake(&mut self, hub: &mut Hub, client: u32, after: Nanos) {
        let it = &mut self.list[client as usize];
        it.ticket += 1;
        let event = Event::Wake { client, ticket: it.ticket };
        hub.agenda.add(hub.now() + after, event);
    }

    /// What the recorder's clock shows for a client at `node`.
    fn time(hub: &Hub, node: Host) -> Nanos {
        match hub.knobs.recording {
            Recording::OneClock => hub.now(),
            Recording::NodeClocks => hub.clock(node),
        }
    }

    /// A client wanted to be woken.
    pub(super) fn woken(&mut self, hub: &mut Hub, client: u32, ticket: u32) {
        let it = &mut self.list[client as usize];
        if it.ticket != ticket {
            return;
        }
        match &it.running {
            None => self.begin(hub, client),
            Some(Running { call: None, .. }) => self.go_on(hub, client, Given::Nothing),
            Some(Running { call: Some(_), .. }) => self.unanswered(hub, client),
        }
    }

    /// A client begins its next operation.
    fn begin(&mut self, hub: &mut Hub, client: u32) {
        if self.left == 0 && !self.list[client as usize].session.is_due() {
            return;
        }
        self.left = self.left.saturating_sub(1);
        let node = self.node(hub, client);
        let it = &mut self.list[client as usize];
        let Plan { f, key, input, script, parts } =
            self.draws.next(&hub.knobs, it.process, &mut it.session);
        let called = Called { operation: 0, process: it.process, node, f, key };
        let time = Clients::time(hub, node);
        let operation = self.records.invoke(time, called, input.clone());
        hub.ledger.parts(operation, parts);
        if called.f == "release" {
            hub.ledger.releases(operation, called.key.unwrap_or(0), it.process as u32);
        }
        it.running = Some(Running {
            called: Called { operation, ..called },
            input,
            script,
            call: None,
            may_have_happened: false,
            origin: None,
        });
        self.go_on(hub, client, Given::Nothing);
    }

    /// The node that a client calls.
    fn node(&mut self, hub: &Hub, client: u32) -> Host {
        match hub.knobs.connection {
            Connection::Sticky => home(hub, client),
            Connection::Any => self.random.below(u64::from(hub.knobs.nodes)) as Host,
        }
    }

    /// The next step of the operation that is under way.
    fn go_on(&mut self, hub: &mut Hub, client: u32, given: Given) {
        let it = &mut self.list[client as usize];
        let Some(running) = &mut it.running else { return };
        match running.script.step(given) {
            Step::Call { key, command, counts } => {
                it.number += 1;
                let operation = if counts { running.called.operation } else { NOBODY };
                let request = Request {
                    client,
                    number: it.number,
                    operation,
                    key,
                    command,
                    clock: 0,
                    entry: running.called.node,
                };
                running.call = Some((request, 0));
                self.call(hub, client);
            }
            Step::Pause(length) => {
                running.call = None;
                let after = self.random.about(length);
                self.wake(hub, client, after);
            }
            Step::Again(length) => {
                running.call = None;
                hub.ledger.restart(running.called.operation);
                if running.called.f == "acquire" {
                    it.session.waits_for(running.called.key.unwrap_or(0));
                }
                let after = self.random.about(length);
                self.wake(hub, client, after);
            }
            Step::Done(output) => self.ended(hub, client, Ok(output)),
            Step::Fail(why) => self.ended(hub, client, Err(why)),
        }
    }

    /// Makes the call that is to be made, once more or for the first time.
    fn call(&mut self, hub: &mut Hub, client: u32) {
        let clock = hub.clock(home(hub, client));
        let it = &mut self.list[client as usize];
        let Some((request, attempts)) =
            it.running.as_mut().and_then(|running| running.call.as_mut())
        else {
            return;
        };
        *attempts += 1;
        request.clock = clock;
        let request = request.clone();
        let arrives = hub.nearby();
        hub.agenda.add(arrives, Event::Call { request });
        let timeout = hub.knobs.timeout;
        self.wake(hub, client, timeout);
    }

    /// An answer arrives.
    pub(super) fn answered(&mut self, hub: &mut Hub, response: Response) {
        let client = response.client;
        let it = &mut self.list[client as usize];
        let Some(running) = &mut it.running else { return };
        let Some((request, _)) = running.call.take_if(|call| call.0.number == response.number)
        else {
            return;
        };
        let Some(answer) = response.answer else {
            return self.ended(hub, client, Err("unavailable"));
        };
        it.session.told(request.key, &request.command, &answer);
        let stamp = response.origin.stamp;
        if request.operation != NOBODY {
            running.origin = Some(response.origin);
            let is_read = request.command.is_read();
            running.may_have_happened |= !is_read && !answer.is_refusal();
            if is_read || answer.is_refusal() {
                see(hub, &request, &answer, stamp);
            }
        }
        self.go_on(hub, client, Given::Answer(answer, stamp));
    }

    /// No answer came in time.
    fn unanswered(&mut self, hub: &mut Hub, client: u32) {
        let Some(running) = &mut self.list[client as usize].running else { return };
        let Some((request, attempts)) = &running.call else { return };
        running.may_have_happened |= !request.command.is_read() && request.operation != NOBODY;
        if hub.knobs.calls != Calls::AtMostOnce && *attempts <= hub.knobs.retries {
            return self.call(hub, client);
        }
        self.ended(hub, client, Err("timeout"));
    }

    /// The operation that is under way ends.
    fn ended(&mut self, hub: &mut Hub, client: u32, outcome: Result<Shown, &'static str>) {
        let clients = self.list.len() as i64;
        let it = &mut self.list[client as usize];
        let Some(running) = it.running.take() else { return };
        let Running { called, input, may_have_happened, origin, .. } = running;
        let time = Clients::time(hub, called.node);
        let mut pause = hub.knobs.think;
        match outcome {
            Ok(output) => {
                let key = called.key.unwrap_or(0);
                let forgets = self.random.happens(hub.knobs.leaks.0);
                it.session.returned(called.f, key, &output, forgets);
                if it.session.is_due() {
                    pause = hub.knobs.work;
                }
                if let ("dequeue", &Shown::Int(item)) = (called.f, &output) {
                    hub.ledger.delivered(called.operation, key, item);
                }
                self.records.ok(time, called, output, origin);
            }
            // Whoever gives up never comes back for what it has; a new client takes its place.
            Err(why) if may_have_happened => {
                it.process += clients;
                it.session = Session::default();
                self.records.info(time, called, input, why);
            }
            Err(why) => self.records.fail(time, called, input, why),
        }
        let after = self.random.about(pause);
        self.wake(hub, client, after);
    }
}

/// Notes what a client learns from an answer that changed nothing: which version it saw.
fn see(hub: &mut Hub, request: &Request, answer: &Answer, stamp: Stamp) {
    match (&request.command, answer) {
        (Command::ReadMany(keys), Answer::Cells(cells)) => {
            for (&key, cell) in keys.iter().zip(cells.iter()) {
                hub.ledger.sight(request.operation, key, cell.1);
            }
        }
        (command, _) if command.is_read() || command.tells_by_refusal() => {
            hub.ledger.sight(request.operation, request.key, stamp);
        }
        _ => {}
    }
}
