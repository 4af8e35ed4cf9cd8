//! What clients do: draws their operations, with the scripts that do them.

use super::script::{Acquire, Increment, IncrementState, Once, Script};
use crate::store::knobs::{Knobs, Method, Workload};
use crate::store::object::{Command, Kind};
use crate::store::recording::Shown;
use crate::store::sim::random::Random;

/// Keys of locks that guard other keys start here.
const LOCKS: u32 = 1 << 30;

/// An operation that a client is going to do.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) f: &'static str,
    /// The key that the history shows.
    pub(super) key: Option<u32>,
    pub(super) input: Shown,
    pub(super) script: Script,
}

/// Draws operations.
pub(super) struct Draws {
    random: Random,
    /// How many values were given out.
    values: i64,
}

/// What the keys hold for the workload that `knobs` ask for.
pub(in crate::store) fn kind(knobs: &Knobs) -> Kind {
    match knobs.workload {
        Workload::Counter if knobs.method == Method::Atomic => Kind::Counter,
        Workload::Set => Kind::Set,
        Workload::Log => Kind::Log,
        Workload::Queue => Kind::Queue,
        Workload::Mutex => Kind::Lock,
        _ => Kind::Register,
    }
}

/// What each key starts from, if not from nothing.
pub(in crate::store) fn initial(knobs: &Knobs) -> Option<i64> {
    (knobs.workload == Workload::Counter).then_some(0)
}

impl Draws {
    pub(super) fn new(seed: u64) -> Draws {
        Draws { random: Random::new(seed, "workload"), values: 0 }
    }

    /// The next operation of a client that is known as `process` and `holds` a lock.
    pub(super) fn next(&mut self, knobs: &Knobs, process: i64, holds: Option<u32>) -> Plan {
        let key = holds.unwrap_or_else(|| self.random.below(u64::from(knobs.keys)) as u32);
        let shown = (knobs.keys > 1).then_some(key);
        let reads = self.random.happens(knobs.reads.0);
        let (f, input, script) = match knobs.workload {
            Workload::Register => self.register(knobs, key, reads, ["read", "write"]),
            Workload::Kv => self.kv(knobs, key, reads),
            Workload::Cas => self.cas(knobs, key, reads),
            Workload::Counter => self.counter(knobs, key, reads, process),
            Workload::Set => self.set(key, reads),
            Workload::Log => match reads {
                true => once("read", Shown::Null, key, Command::Read),
                false => {
                    let value = self.new_value();
                    once("append", Shown::Int(value), key, Command::Append(value))
                }
            },
            Workload::Queue => self.queue(knobs, key, reads),
            _ => mutex(knobs, key, process as u32, holds.is_some()),
        };
        Plan { f, key: shown, input, script }
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

    fn register(
        &mut self,
        knobs: &Knobs,
        key: u32,
        reads: bool,
        [r, w]: [&'static str; 2],
    ) -> Draw {
        if reads {
            return once(r, Shown::Null, key, Command::Read);
        }
        let value = self.value(knobs);
        echoed(w, Shown::Int(value), key, Command::Write(value))
    }

    fn kv(&mut self, knobs: &Knobs, key: u32, reads: bool) -> Draw {
        if !reads && self.random.happens(2000) {
            return once("delete", Shown::Null, key, Command::Delete);
        }
        self.register(knobs, key, reads, ["get", "put"])
    }

    fn cas(&mut self, knobs: &Knobs, key: u32, reads: bool) -> Draw {
        if reads || self.random.happens(5000) {
            return self.register(knobs, key, reads, ["read", "write"]);
        }
        let (old, new) = (self.value(knobs), self.value(knobs));
        echoed("cas", Shown::Pair(old, new), key, Command::Cas { old, new })
    }

    fn counter(&mut self, knobs: &Knobs, key: u32, reads: bool, process: i64) -> Draw {
        if reads {
            return once("read", Shown::Null, key, Command::Read);
        }
        let by = 1 + self.random.below(3) as i64;
        if knobs.method == Method::Atomic {
            return echoed("add", Shown::Int(by), key, Command::Add(by));
        }
        let script = Increment {
            key,
            by,
            method: knobs.method,
            work: knobs.work,
            lock: (LOCKS + key, process as u32, knobs.lease),
            fencing: knobs.fencing,
            state: IncrementState::Begun,
        };
        ("add", Shown::Int(by), Script::Increment(script))
    }

    fn set(&mut self, key: u32, reads: bool) -> Draw {
        if reads {
            return once("read", Shown::Null, key, Command::Read);
        }
        if self.values > 0 && self.random.happens(2500) {
            let old = 1 + self.random.below(self.values as u64) as i64;
            return once("remove", Shown::Int(old), key, Command::Remove(old));
        }
        let value = self.new_value();
        once("add", Shown::Int(value), key, Command::Insert(value))
    }

    fn queue(&mut self, knobs: &Knobs, key: u32, takes: bool) -> Draw {
        if takes {
            let command = Command::Dequeue { visible_after: knobs.lease };
            return once("dequeue", Shown::Null, key, command);
        }
        let value = self.new_value();
        echoed("enqueue", Shown::Int(value), key, Command::Enqueue(value))
    }
}

/// An operation's name, its input and its script.
type Draw = (&'static str, Shown, Script);

/// An operation of one call, which returns the answer.
fn once(f: &'static str, input: Shown, key: u32, command: Command) -> Draw {
    (f, input, Script::Once(Once { key, command, echo: None }))
}

/// An operation of one call, which returns its input.
fn echoed(f: &'static str, input: Shown, key: u32, command: Command) -> Draw {
    let echo = Some(input.clone());
    (f, input, Script::Once(Once { key, command, echo }))
}

fn mutex(knobs: &Knobs, key: u32, owner: u32, holds: bool) -> Draw {
    if holds {
        return echoed("release", Shown::Null, key, Command::Release { owner });
    }
    let script = Acquire { key, owner, lease: knobs.lease, pause: knobs.work };
    ("acquire", Shown::Null, Script::Acquire(script))
}
