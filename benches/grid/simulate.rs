//! A correct concurrent system and its clients, which take turns at random. An operation is
//! invoked, takes effect on one sequential copy, and completes; an operation that crashed takes
//! effect at a later moment, or never. Every byte is decided by the seed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::cells::{Cell, Kind};
use super::objects::{self, Effect, Fate, Object, Request};

/// So many turns without progress mean that every operation waits for another.
const PATIENCE: u64 = 1_000_000;

/// Writes the history of `cell` as JSON Lines. An error if there was no occasion for a wrong
/// answer, or if the operations wait for each other.
pub fn write(cell: &Cell, seed: u64, out: &mut impl Write) -> io::Result<()> {
    let mut run = Run::new(cell, seed).ok_or_else(|| {
        io::Error::other(format!("no object is called {}; see `list`", cell.object))
    })?;
    if let Some(header) = objects::header(cell.object) {
        writeln!(out, "{header}")?;
    }
    while run.goes_on() {
        run.turn(out)?;
        if run.waited > PATIENCE {
            return Err(io::Error::other("the operations wait for each other"));
        }
    }
    if run.wrong_at.is_some() {
        return Err(io::Error::other("no occasion for a wrong answer"));
    }
    out.flush()
}

/// One client, who does one thing at a time.
struct Client {
    /// Changes after a crash, since nobody knows when the old process is done.
    process: u64,
    key: u64,
    pending: Option<Pending>,
}

struct Pending {
    request: Request,
    crashes: bool,
    /// What it will return, once it has taken effect.
    effect: Option<Effect>,
}

/// An operation that crashed and is yet to take effect.
struct Ghost {
    process: u64,
    key: u64,
    request: Request,
}

struct Run {
    cell: Cell,
    rng: ChaCha8Rng,
    /// One for each key.
    objects: Vec<Box<dyn Object>>,
    clients: Vec<Client>,
    /// The clients without and with an operation under way.
    idle: Vec<usize>,
    busy: Vec<usize>,
    /// Those that crashed, and when they take effect: how many operations are invoked by then.
    due: BinaryHeap<Reverse<(u64, usize)>>,
    ghosts: Vec<Option<Ghost>>,
    free: Vec<usize>,
    invoked: u64,
    /// From how many operations on an answer is to be changed, if none was yet.
    wrong_at: Option<u64>,
    time: u64,
    waited: u64,
}

impl Run {
    fn new(cell: &Cell, seed: u64) -> Option<Run> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let objects = (0..cell.keys).map(|_| objects::named(cell.object, cell.values));
        let client = |process| Client { process, key: 0, pending: None };
        let wrong_at = match cell.kind {
            Kind::Valid => None,
            Kind::Wrong => Some(rng.random_range(cell.operations / 20..=cell.operations * 9 / 10)),
        };
        Some(Run {
            cell: *cell,
            rng,
            objects: objects.collect::<Option<_>>()?,
            clients: (0..cell.clients).map(client).collect(),
            idle: (0..cell.clients as usize).collect(),
            busy: Vec::new(),
            due: BinaryHeap::new(),
            ghosts: Vec::new(),
            free: Vec::new(),
            invoked: 0,
            wrong_at,
            time: 0,
            waited: 0,
        })
    }

    fn goes_on(&self) -> bool {
        self.invoked < self.cell.operations || !self.busy.is_empty() || self.next_idle().is_some()
    }

    /// Returns the position in `idle` of a client that has something to do. At the end, that is
    /// only to give back what it holds.
    fn next_idle(&self) -> Option<usize> {
        if self.invoked < self.cell.operations {
            return self.idle.len().checked_sub(1);
        }
        let holds = |&client: &usize| {
            let client = &self.clients[client];
            self.objects[client.key as usize].holds(client.process)
        };
        self.idle.iter().position(holds)
    }

    fn turn(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.time += self.rng.random_range(100..10_000);
        self.waited += 1;
        self.settle();
        if let Some(at) = self.next_idle()
            && (self.busy.is_empty() || self.rng.random_bool(0.5))
        {
            return self.invoke(at, out);
        }
        let at = self.rng.random_range(0..self.busy.len());
        let index = self.busy[at];
        let Some(pending) = self.clients[index].pending.take() else { return Ok(()) };
        match pending.effect {
            Some(effect) => {
                self.vacate(at);
                self.complete(index, &pending.request, effect, out)
            }
            None => self.advance(at, pending, out),
        }
    }

    /// Lets those that crashed take effect whose moment has come.
    fn settle(&mut self) {
        while let Some(&Reverse((moment, at))) = self.due.peek()
            && moment <= self.invoked
        {
            self.due.pop();
            self.free.push(at);
            if let Some(ghost) = self.ghosts[at].take() {
                let object = &mut self.objects[ghost.key as usize];
                object.apply(ghost.process, &ghost.request, &mut self.rng);
                object.forget(ghost.process);
                self.waited = 0;
            }
        }
    }

    fn invoke(&mut self, at: usize, out: &mut impl Write) -> io::Result<()> {
        let index = self.idle.swap_remove(at);
        self.busy.push(index);
        let client = &mut self.clients[index];
        if !self.objects[client.key as usize].holds(client.process) {
            client.key = self.rng.random_range(0..self.cell.keys);
        }
        let (process, key) = (client.process, client.key);
        let request = self.objects[key as usize].request(process, &mut self.rng);
        self.invoked += 1;
        self.waited = 0;
        self.line(out, process, key, "invoke", request.f, &request.value)?;
        let crashes = self.rng.random_bool(self.cell.crashed / 100.0);
        self.clients[index].pending = Some(Pending { request, crashes, effect: None });
        Ok(())
    }

    /// Lets an operation take effect, or crash.
    fn advance(&mut self, at: usize, pending: Pending, out: &mut impl Write) -> io::Result<()> {
        let Pending { request, crashes, .. } = pending;
        let index = self.busy[at];
        let Client { process, key, .. } = self.clients[index];
        let object = &mut self.objects[key as usize];
        let fate = object.fate(process, &request);
        if crashes && fate != Fate::None {
            self.vacate(at);
            return self.crash(index, request, fate, out);
        }
        let effect = match object.apply(process, &request, &mut self.rng) {
            // If whoever holds the lock is idle, nothing that goes on explains that another has it.
            Effect::Blocked if self.is_wrong_due() && self.is_held_idly(key) => {
                if let Some(answer) = self.objects[key as usize].pretend(process, &request) {
                    self.wrong_at = None;
                    self.vacate(at);
                    return self.complete(index, &request, Effect::Ok(answer), out);
                }
                None
            }
            Effect::Blocked => None,
            effect => Some(effect),
        };
        if effect.is_some() {
            self.waited = 0;
        }
        self.clients[index].pending = Some(Pending { request, crashes, effect });
        Ok(())
    }

    fn is_wrong_due(&self) -> bool {
        self.wrong_at.is_some_and(|from| self.invoked >= from)
    }

    /// Whether a client without an operation under way holds the object of that key.
    fn is_held_idly(&self, key: u64) -> bool {
        let holds = |&index: &usize| {
            let client = &self.clients[index];
            client.key == key && self.objects[key as usize].holds(client.process)
        };
        self.idle.iter().any(holds)
    }

    fn complete(
        &mut self,
        index: usize,
        request: &Request,
        effect: Effect,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let Client { process, key, .. } = self.clients[index];
        let Effect::Ok(mut answer) = effect else {
            return self.line(out, process, key, "fail", request.f, &request.value);
        };
        if self.is_wrong_due() {
            let other = self.objects[key as usize].wrong(request, &answer, &mut self.rng);
            if let Some(other) = other.filter(|other| *other != answer) {
                answer = other;
                self.wrong_at = None;
            }
        }
        self.line(out, process, key, "ok", request.f, &answer)
    }

    fn crash(
        &mut self,
        index: usize,
        request: Request,
        fate: Fate,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let Client { process, key, .. } = self.clients[index];
        self.line(out, process, key, "info", request.f, &request.value)?;
        self.clients[index].process += self.cell.clients;
        let happens = match fate {
            Fate::Always => true,
            Fate::Never | Fate::None => false,
            Fate::Any => self.rng.random_bool(0.5),
        };
        if !happens {
            self.objects[key as usize].forget(process);
            return Ok(());
        }
        let ghost = Some(Ghost { process, key, request });
        let at = self.free.pop().unwrap_or(self.ghosts.len());
        match self.ghosts.get_mut(at) {
            Some(place) => *place = ghost,
            None => self.ghosts.push(ghost),
        }
        let delay = if fate == Fate::Always { 0 } else { self.delay() };
        self.due.push(Reverse((self.invoked + delay, at)));
        Ok(())
    }

    /// How many operations later one that crashed takes effect: as likely 1 to 10 as 10 to 100.
    fn delay(&mut self) -> u64 {
        let longest = (self.cell.operations as f64).ln();
        self.rng.random_range(0.0..longest.max(1.0)).exp() as u64
    }

    fn vacate(&mut self, at: usize) {
        let index = self.busy.swap_remove(at);
        self.idle.push(index);
        // Who goes on next is as random as all else.
        let other = self.rng.random_range(0..self.idle.len());
        let last = self.idle.len() - 1;
        self.idle.swap(other, last);
        self.waited = 0;
    }

    fn line(
        &self,
        out: &mut impl Write,
        process: u64,
        key: u64,
        kind: &str,
        f: &str,
        value: &Value,
    ) -> io::Result<()> {
        write!(out, r#"{{"process":{process},"type":"{kind}","f":"{f}","value":"#)?;
        match value {
            Value::Null => out.write_all(b"null")?,
            Value::Number(number) => write!(out, "{number}")?,
            value => serde_json::to_writer(&mut *out, value)?,
        }
        if self.cell.keys > 1 {
            write!(out, r#","key":{key}"#)?;
        }
        writeln!(out, r#","time":{}}}"#, self.time)
    }
}

/// Returns one of the items, by chance.
pub fn any<'a, T>(items: &'a [T], rng: &mut impl Rng) -> Option<&'a T> {
    if items.is_empty() { None } else { items.get(rng.random_range(0..items.len())) }
}
