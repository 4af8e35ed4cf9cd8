//! Writes the histories that the benchmarks check: simulated clients of a correct object, every
//! byte decided by the seed.

use std::io::{self, Write};

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What the clients talk to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Object {
    /// Reads and writes.
    Register,
    /// Reads, writes and compare-and-set.
    CasRegister,
    /// Additions of one, and reads.
    Counter,
}

/// One workload.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    pub name: &'static str,
    pub object: Object,
    pub operations: u64,
    pub processes: u64,
    /// Values are drawn from so many; 0: every written value is another.
    pub values: u64,
    pub keys: u64,
    /// Of a thousand operations, so many never complete.
    pub crashed: u64,
    /// Whether a read near the end returns a value that was overwritten before it began.
    pub stale: bool,
    pub seed: u64,
}

/// The workloads of `docs/BENCHMARKS.md`.
pub const WORKLOADS: &[Workload] = &[
    Workload { name: "w1", operations: 100_000, processes: 10, ..REGISTER },
    Workload { name: "w2", operations: 10_000, processes: 50, ..REGISTER },
    Workload { name: "w3", operations: 100_000, processes: 30, ..CAS },
    Workload { name: "w4", operations: 10_000, processes: 20, crashed: 5, ..CAS },
    Workload {
        name: "w5",
        operations: 5_000,
        processes: 10,
        values: 1_000,
        crashed: 5,
        stale: true,
        ..REGISTER
    },
    Workload {
        name: "w6",
        operations: 5_000,
        processes: 30,
        values: 1_000,
        stale: true,
        ..REGISTER
    },
    Workload { name: "w7", object: Object::Counter, operations: 1_000_000, ..REGISTER },
    Workload { name: "w8", operations: 10_000_000, processes: 20, keys: 1_000, ..REGISTER },
    Workload { name: "w8-small", operations: 1_000_000, processes: 20, keys: 500, ..CAS },
    Workload { name: "w11", operations: 10_000, crashed: 50, ..REGISTER },
    Workload { name: "w11-20", operations: 10_000, crashed: 50, values: 20, ..REGISTER },
    Workload { name: "w12-20", operations: 1_000, processes: 20, ..REGISTER },
    Workload { name: "w12-30", operations: 1_000, processes: 30, ..REGISTER },
    Workload { name: "w12-60", operations: 1_000, processes: 60, ..REGISTER },
];

const REGISTER: Workload = Workload {
    name: "",
    object: Object::Register,
    operations: 1_000,
    processes: 10,
    values: 0,
    keys: 1,
    crashed: 0,
    stale: false,
    seed: 1,
};

const CAS: Workload = Workload { object: Object::CasRegister, values: 5, ..REGISTER };

#[derive(Clone, Copy)]
enum Request {
    Read,
    Write(u64),
    Cas(u64, u64),
    Add,
}

/// An operation under way: what is asked, and the answer once it took effect.
struct Client {
    process: u64,
    key: u64,
    request: Request,
    answer: Option<Answer>,
}

#[derive(Clone, Copy)]
enum Answer {
    Seen(Option<u64>),
    Done,
    Refused,
}

/// Writes `workload` as JSON Lines.
pub fn write(workload: &Workload, out: &mut impl Write) -> io::Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(workload.seed);
    let initial = (workload.object == Object::Counter).then_some(0);
    let mut run = Run {
        workload: *workload,
        stores: vec![initial; workload.keys as usize],
        previous: vec![initial; workload.keys as usize],
        next_value: 1,
        time: 0,
    };
    let mut idle: Vec<u64> = (0..workload.processes).rev().collect();
    let mut clients: Vec<Client> = Vec::new();
    let mut invoked = 0;
    while invoked < workload.operations || !clients.is_empty() {
        run.time += rng.random_range(100..10_000);
        let call = invoked < workload.operations && !idle.is_empty() && rng.random_bool(0.5);
        if call || clients.is_empty() {
            let Some(process) = idle.pop() else { continue };
            invoked += 1;
            let client = run.request(process, &mut rng);
            run.line(out, &client, "invoke")?;
            clients.push(client);
            continue;
        }
        let at = rng.random_range(0..clients.len());
        if clients[at].answer.is_none() {
            clients[at].answer = Some(run.apply(clients[at].key, clients[at].request));
            continue;
        }
        let mut client = clients.swap_remove(at);
        if rng.random_range(0..1000) < workload.crashed {
            run.line(out, &client, "info")?;
            idle.push(client.process + workload.processes);
            continue;
        }
        // One stale read, in the last tenth: the value before the present one.
        let late = invoked > workload.operations - workload.operations / 10;
        if run.workload.stale && late && matches!(client.request, Request::Read) {
            client.answer = Some(Answer::Seen(Some(run.long_gone())));
            run.workload.stale = false;
        }
        let refused = matches!(client.answer, Some(Answer::Refused));
        run.line(out, &client, if refused { "fail" } else { "ok" })?;
        idle.push(client.process);
    }
    out.flush()
}

struct Run {
    workload: Workload,
    stores: Vec<Option<u64>>,
    previous: Vec<Option<u64>>,
    next_value: u64,
    time: u64,
}

impl Run {
    fn request(&mut self, process: u64, rng: &mut impl Rng) -> Client {
        let key = rng.random_range(0..self.workload.keys);
        let request = match (self.workload.object, rng.random_range(0..3)) {
            (Object::Counter, 0..2) => Request::Add,
            (_, 0) => Request::Read,
            (Object::CasRegister, 1) => {
                let new = self.value(rng);
                // Half of them aim at what is there.
                let other = rng.random_range(0..self.workload.values.max(1));
                let old = self.stores[key as usize].filter(|_| rng.random_bool(0.5));
                Request::Cas(old.unwrap_or(other), new)
            }
            (Object::Counter, _) => Request::Read,
            (Object::Register, 1) if rng.random_bool(0.5) => Request::Read,
            _ => Request::Write(self.value(rng)),
        };
        Client { process, key, request, answer: None }
    }

    fn value(&mut self, rng: &mut impl Rng) -> u64 {
        if self.workload.values > 0 {
            return rng.random_range(0..self.workload.values);
        }
        self.next_value += 1;
        self.next_value
    }

    fn apply(&mut self, key: u64, request: Request) -> Answer {
        let store = &mut self.stores[key as usize];
        match request {
            Request::Read => Answer::Seen(*store),
            Request::Add => {
                *store = store.map(|count| count + 1);
                Answer::Done
            }
            Request::Write(value) => {
                self.previous[key as usize] = store.replace(value);
                Answer::Done
            }
            Request::Cas(old, new) if *store == Some(old) => {
                self.previous[key as usize] = store.replace(new);
                Answer::Done
            }
            Request::Cas(..) => Answer::Refused,
        }
    }

    /// A value that the store held long ago: any but the present and the last.
    fn long_gone(&self) -> u64 {
        let (now, last) = (self.stores[0], self.previous[0]);
        (1..).find(|&value| Some(value) != now && Some(value) != last).unwrap_or(1)
    }

    fn line(&self, out: &mut impl Write, client: &Client, kind: &str) -> io::Result<()> {
        let Client { process, request, .. } = *client;
        write!(out, r#"{{"process":{process},"type":"{kind}","f":"#)?;
        match (request, client.answer) {
            (Request::Read, Some(Answer::Seen(Some(value)))) => {
                write!(out, r#""read","value":{value}"#)?
            }
            (Request::Read, _) => write!(out, r#""read","value":null"#)?,
            (Request::Write(value), _) => write!(out, r#""write","value":{value}"#)?,
            (Request::Cas(old, new), _) => write!(out, r#""cas","value":[{old},{new}]"#)?,
            (Request::Add, _) => write!(out, r#""add","value":1"#)?,
        }
        if self.workload.keys > 1 {
            write!(out, r#","key":{}"#, client.key)?;
        }
        writeln!(out, r#","time":{}}}"#, self.time)
    }
}
