//! Clients of an object that act at random: each invokes, its operation takes effect at some point,
//! and it returns. Every byte is decided by the seed.

use std::io::{self, Write};

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::catalogue::{Expected, Object, Workload};
use super::ledger::Ledger;
use super::mix::Mix;
use super::objects::{Answer, Client, Request, State};
use super::record::{self, Place};

/// Writes `workload` as JSON Lines. An error if there was no occasion for a wrong answer.
pub fn write(workload: &Workload, out: &mut impl Write) -> io::Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(workload.seed);
    let mut run = Run {
        workload: *workload,
        states: vec![State::new(workload.object, workload.values); workload.keys as usize],
        mix: Mix::new(workload),
        ledger: Ledger::new(workload),
        time: 0,
        invoked: 0,
        faults: 0,
    };
    record::header(out, workload)?;
    let mut idle: Vec<u64> = (0..workload.processes).rev().collect();
    let mut clients: Vec<Client> = Vec::new();
    while run.goes_on(&clients) {
        run.time += rng.random_range(100..10_000);
        let call = run.may_call(&clients, &idle) && rng.random_bool(0.5);
        if call || clients.is_empty() {
            let Some(process) = run.next_process(&mut idle) else { continue };
            clients.push(run.call(process, out, &mut rng)?);
            continue;
        }
        let at = rng.random_range(0..clients.len());
        if clients[at].answer.is_none() {
            match run.wrong_answer(&clients[at], &mut rng) {
                // It returns at once, so that nothing happens that might explain the answer.
                Some(answer) => clients[at].answer = Some(answer),
                None => {
                    clients[at].answer = run.apply(&clients[at], &mut rng);
                    continue;
                }
            }
        }
        let client = clients.swap_remove(at);
        idle.push(run.finish(&client, out, &mut rng)?);
    }
    if run.faults < workload.faults.len() {
        return Err(io::Error::other("no occasion for a wrong answer"));
    }
    out.flush()
}

struct Run {
    workload: Workload,
    states: Vec<State>,
    mix: Mix,
    ledger: Ledger,
    time: u64,
    invoked: u64,
    /// How many answers were falsified.
    faults: usize,
}

impl Run {
    fn goes_on(&self, clients: &[Client]) -> bool {
        self.invoked < self.workload.operations || !clients.is_empty() || self.mix.any_holds()
    }

    fn may_call(&self, clients: &[Client], idle: &[u64]) -> bool {
        let left = self.workload.operations.saturating_sub(self.invoked);
        if left == 0 {
            return idle.iter().any(|&process| self.mix.holds(process));
        }
        // The first and the last operation of a chain are alone.
        let alone = self.workload.object == Object::Chain && (self.invoked <= 1 || left == 1);
        !idle.is_empty() && (!alone || clients.is_empty())
    }

    /// At the end, only locks are released.
    fn next_process(&self, idle: &mut Vec<u64>) -> Option<u64> {
        if self.invoked < self.workload.operations {
            return idle.pop();
        }
        let at = idle.iter().position(|&process| self.mix.holds(process))?;
        Some(idle.swap_remove(at))
    }

    fn call(
        &mut self,
        process: u64,
        out: &mut impl Write,
        rng: &mut impl Rng,
    ) -> io::Result<Client> {
        self.invoked += 1;
        let key = rng.random_range(0..self.workload.keys);
        let last = self.invoked == self.workload.operations;
        let state = &self.states[key as usize];
        let mut request = self.mix.request(process, state, last, rng);
        if self.is_due() {
            self.mix.avoid_present(state);
            request = self.mix.falsified(request, rng);
        }
        let mut client = Client { process, key, request, answer: None, called: self.time, mark: 0 };
        client.mark = self.ledger.called(&client);
        self.line(out, &client, "invoke")?;
        Ok(client)
    }

    fn is_due(&self) -> bool {
        let due = |percent| self.invoked * 100 >= self.workload.operations * percent;
        self.workload.faults.get(self.faults).is_some_and(|&percent| due(percent))
    }

    /// An answer that nothing explains, if it is time for one and the history allows to be sure.
    fn wrong_answer(&mut self, client: &Client, rng: &mut impl Rng) -> Option<Answer> {
        if !self.is_due() {
            return None;
        }
        let state = &mut self.states[client.key as usize];
        let answer = if self.workload.expected == Expected::Open {
            self.mix.other_value(client, state, rng)
        } else {
            self.ledger.wrong_answer(client, state, self.mix.avoided(), rng)
        };
        self.falsified_one(answer.is_some());
        answer
    }

    fn falsified_one(&mut self, is_one: bool) {
        if is_one {
            self.faults += 1;
            self.mix.avoid_nothing();
        }
    }

    fn apply(&mut self, client: &Client, rng: &mut impl Rng) -> Option<Answer> {
        if self.ledger.is_phantom(client) {
            return Some(Answer::Done);
        }
        let state = &mut self.states[client.key as usize];
        let answer = state.apply(client.request);
        // In a chain, most wait for the value that they want to replace.
        let waits = answer == Some(Answer::Refused) && self.workload.object == Object::Chain;
        answer.filter(|_| !waits || rng.random_bool(1.0 / 64.0))
    }

    /// Writes the completion, and returns which process is idle now.
    fn finish(
        &mut self,
        client: &Client,
        out: &mut impl Write,
        rng: &mut impl Rng,
    ) -> io::Result<u64> {
        let crashes = rng.random_range(0..1000) < self.workload.crashed;
        self.mix.finished(client);
        if crashes {
            self.line(out, client, "info")?;
            return Ok(client.process + self.workload.processes);
        }
        self.ledger.returned(client, self.time);
        let refused = client.answer == Some(Answer::Refused);
        if let Request::Cas(_, new, shown) = client.request {
            self.falsified_one(new != shown && !refused);
        }
        self.line(out, client, if refused { "fail" } else { "ok" })?;
        Ok(client.process)
    }

    fn line(&self, out: &mut impl Write, client: &Client, kind: &str) -> io::Result<()> {
        let key = (self.workload.keys > 1).then_some(client.key);
        let place = Place { process: client.process, key, time: self.time };
        // What a crashed operation would have returned is unknown.
        let answer = client.answer.as_ref().filter(|_| kind == "ok");
        record::line(out, self.workload.object, place, kind, client.request, answer)
    }
}
