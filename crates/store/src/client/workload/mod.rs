//! What clients do: draws their operations, with the scripts that do them.

mod bank;
mod held;
mod objects;

use super::script::{Micro, Once, Script, Shows, Transact};
use super::session::Session;
use crate::keys;
use crate::knobs::{Isolation, Knobs, Method, Workload};
use crate::object::{Command, Kind};
use crate::recording::Shown;
use crate::sim::random::Random;

/// An operation that a client is going to do.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) f: &'static str,
    /// The key that the history shows.
    pub(super) key: Option<u32>,
    pub(super) input: Shown,
    pub(super) script: Script,
    /// How many registers it writes, one after the other; 0: that is not known, or does not matter.
    pub(super) parts: u32,
}

/// Draws operations.
pub(super) struct Draws {
    random: Random,
    /// How many values were given out.
    values: i64,
}

/// How many accounts, registers or locks an operation chooses from.
fn accounts(knobs: &Knobs) -> u32 {
    knobs.accounts.clamp(2, keys::MOST_PARTS)
}

/// What the keys hold for the workload that `knobs` ask for.
pub(crate) fn kind(knobs: &Knobs) -> Kind {
    let is_atomic = knobs.method == Method::Atomic;
    match knobs.workload {
        Workload::Counter | Workload::Likes if is_atomic => Kind::Counter,
        Workload::Bank if is_atomic => Kind::Bank(accounts(knobs)),
        Workload::Semaphore if is_atomic => Kind::Permits,
        Workload::Set => Kind::Set,
        Workload::Log => Kind::Log,
        Workload::Queue => Kind::Queue,
        Workload::Mutex | Workload::Pairs => Kind::Lock,
        _ => Kind::Register,
    }
}

/// What each key, or each account of it, starts from, if not from nothing.
pub(crate) fn initial(knobs: &Knobs) -> Option<i64> {
    match knobs.workload {
        Workload::Counter | Workload::Likes => Some(0),
        Workload::Bank => Some(i64::from(knobs.balance)),
        Workload::Semaphore => Some(i64::from(knobs.permits)),
        _ => None,
    }
}

/// What a checker has to be told, since operations do not show it: the name of the model, and what
/// an object starts from.
pub(crate) fn model(knobs: &Knobs) -> (&'static str, Option<i64>) {
    match knobs.workload {
        Workload::Register => ("register", None),
        Workload::Cas => ("cas-register", None),
        Workload::Kv => ("kv", None),
        Workload::Counter | Workload::Likes => ("counter", None),
        Workload::Bank => ("bank", initial(knobs)),
        Workload::Mutex | Workload::Pairs => ("mutex", None),
        Workload::Semaphore => ("semaphore", initial(knobs)),
        // What comes back goes to the front, and overtakes what was taken in between.
        Workload::Queue if knobs.lease > 0 => ("unordered-queue", None),
        Workload::Queue => ("fifo-queue", None),
        Workload::Log => ("log", None),
        Workload::Set => ("set", None),
        Workload::Transactions | Workload::RwRegister => ("multi-register", None),
        Workload::ListAppend => ("list-append", None),
    }
}

impl Draws {
    pub(super) fn new(seed: u64) -> Draws {
        Draws { random: Random::new(seed, "workload"), values: 0 }
    }

    /// The next operation of a client that is known as `process` and of whose `session` it is.
    pub(super) fn next(&mut self, knobs: &Knobs, process: i64, session: &mut Session) -> Plan {
        let owner = process as u32;
        if matches!(knobs.workload, Workload::Mutex | Workload::Pairs | Workload::Semaphore) {
            return self.held(knobs, owner, session);
        }
        let is_popular = knobs.workload == Workload::Likes && self.random.happens(5000);
        let choices = if is_popular { 1 } else { knobs.keys.max(1) };
        let key = self.random.below(u64::from(choices)) as u32;
        let target = Target { key, owner };
        let reads = self.random.happens(knobs.reads.0);
        let (f, input, script) = match knobs.workload {
            Workload::Register => self.register(knobs, key, reads, ["read", "write"]),
            Workload::Kv => self.kv(knobs, key, reads),
            Workload::Cas => self.cas(knobs, key, reads),
            Workload::Counter => self.counter(knobs, target, reads),
            Workload::Likes if reads => once("read", Shown::Null, key, Command::Read),
            Workload::Likes => objects::add(knobs, target, session.toggle(key)),
            Workload::Set => self.set(knobs, target, reads),
            Workload::Log => self.log(knobs, target, reads),
            Workload::Bank => self.bank(knobs, target, reads),
            Workload::Transactions => self.transaction(knobs, key),
            _ => self.queue(knobs, key, reads),
        };
        let shown = (knobs.keys > 1).then_some(key);
        let parts = if let Script::Transfer(_) = script { 2 } else { 0 };
        Plan { f, key: shown, input, script, parts }
    }

    fn new_value(&mut self) -> i64 {
        self.values += 1;
        self.values
    }

    fn value(&mut self, knobs: &Knobs) -> i64 {
        match knobs.values {
            0 => self.new_value(),
            few => self.random.below(u64::from(few)) as i64,
        }
    }

    /// A transaction over the registers of `key`: two to four reads and writes. With parallel
    /// snapshots each register is placed for itself, and a transaction either reads several
    /// different ones or writes one, which is committed where that is placed: as in the test for
    /// long forks that Jepsen has.
    fn transaction(&mut self, knobs: &Knobs, key: u32) -> Draw {
        let is_parallel = knobs.isolation == Isolation::ParallelSnapshot;
        let mut reads = self.random.happens(knobs.reads.0);
        let registers = accounts(knobs);
        let length = if is_parallel && !reads { 1 } else { 2 + self.random.below(3) as u32 };
        let first = self.random.below(u64::from(registers)) as u32;
        let mut steps = Vec::new();
        for at in 0..if is_parallel { length.min(registers) } else { length } {
            let register = if is_parallel {
                (first + at) % registers
            } else {
                self.random.below(u64::from(registers)) as u32
            };
            let cell = if is_parallel { register } else { keys::part(key, register) };
            let value = (!reads).then(|| self.value(knobs));
            steps.push(Micro { name: i64::from(register), cell, value });
            if !is_parallel {
                reads = self.random.happens(knobs.reads.0);
            }
        }
        let input = Transact::show(&steps, &[]);
        let script = Transact::new(knobs, steps);
        ("txn", input, Script::Transact(script))
    }
}

/// The key that an operation is about, and the client that does it.
#[derive(Clone, Copy)]
struct Target {
    key: u32,
    owner: u32,
}

/// An operation's name, its input and its script.
type Draw = (&'static str, Shown, Script);

/// An operation of one call, which returns the answer.
fn once(f: &'static str, input: Shown, key: u32, command: Command) -> Draw {
    (f, input, Script::Once(Once { key, command, shows: Shows::Answer }))
}

/// An operation of one call, which returns its input.
fn echoed(f: &'static str, input: Shown, key: u32, command: Command) -> Draw {
    let shows = Shows::Always(input.clone());
    (f, input, Script::Once(Once { key, command, shows }))
}
