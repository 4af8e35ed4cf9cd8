//! Operations on one object: registers, counters, sets, logs and queues.

use super::{Draw, Draws, Target, echoed, once};
use crate::client::script::{Change, Consume, Guards, Script, Update};
use crate::keys;
use crate::knobs::{Knobs, Method};
use crate::object::Command;
use crate::recording::Shown;

/// An update in several steps.
fn update(knobs: &Knobs, target: Target, change: Change) -> Script {
    let Target { key, owner } = target;
    let guards = Guards::new(knobs, owner, vec![keys::guard(key)]);
    Script::Update(Update::new(knobs, key, change, guards))
}

/// Adds to what a key has.
pub(super) fn add(knobs: &Knobs, target: Target, by: i64) -> Draw {
    match knobs.method {
        Method::Atomic => echoed("add", Shown::Int(by), target.key, Command::Add(by)),
        _ => ("add", Shown::Int(by), update(knobs, target, Change::Add(by))),
    }
}

impl Draws {
    pub(super) fn register(
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

    pub(super) fn kv(&mut self, knobs: &Knobs, key: u32, reads: bool) -> Draw {
        if !reads && self.random.happens(2000) {
            return once("delete", Shown::Null, key, Command::Delete);
        }
        self.register(knobs, key, reads, ["get", "put"])
    }

    pub(super) fn cas(&mut self, knobs: &Knobs, key: u32, reads: bool) -> Draw {
        if reads || self.random.happens(5000) {
            return self.register(knobs, key, reads, ["read", "write"]);
        }
        let (old, new) = (self.value(knobs), self.value(knobs));
        echoed("cas", Shown::Pair(old, new), key, Command::Cas { old, new })
    }

    pub(super) fn counter(&mut self, knobs: &Knobs, target: Target, reads: bool) -> Draw {
        let key = target.key;
        if reads {
            return once("read", Shown::Null, key, Command::Read);
        }
        add(knobs, target, 1 + self.random.below(3) as i64)
    }

    pub(super) fn set(&mut self, knobs: &Knobs, target: Target, reads: bool) -> Draw {
        let key = target.key;
        if reads {
            return once("read", Shown::Null, key, Command::Read);
        }
        let is_atomic = knobs.method == Method::Atomic;
        if self.values > 0 && self.random.happens(2500) {
            let old = 1 + self.random.below(self.values as u64) as i64;
            if is_atomic {
                return once("remove", Shown::Int(old), key, Command::Remove(old));
            }
            return ("remove", Shown::Int(old), update(knobs, target, Change::Remove(old)));
        }
        let value = self.new_value();
        if is_atomic {
            return once("add", Shown::Int(value), key, Command::Insert(value));
        }
        ("add", Shown::Int(value), update(knobs, target, Change::Insert(value)))
    }

    pub(super) fn log(&mut self, knobs: &Knobs, target: Target, reads: bool) -> Draw {
        let key = target.key;
        if !reads {
            let value = self.new_value();
            return match knobs.method {
                Method::Atomic => once("append", Shown::Int(value), key, Command::Append(value)),
                _ => ("append", Shown::Int(value), update(knobs, target, Change::Append(value))),
            };
        }
        let offset = self.random.below(self.values as u64 + 1) as i64;
        match self.random.below(4) {
            0 => once("read", Shown::Int(offset), key, Command::ReadAt(offset)),
            1 => once("read-from", Shown::Int(offset), key, Command::ReadFrom(offset)),
            _ => once("read", Shown::Null, key, Command::Read),
        }
    }

    pub(super) fn queue(&mut self, knobs: &Knobs, key: u32, takes: bool) -> Draw {
        if !takes {
            let value = self.new_value();
            return echoed("enqueue", Shown::Int(value), key, Command::Enqueue(value));
        }
        if knobs.lease > 0 {
            let script = Consume::new(knobs, key);
            return ("dequeue", Shown::Null, Script::Consume(script));
        }
        once("dequeue", Shown::Null, key, Command::Dequeue { visible_after: 0 })
    }
}
