//! Operations on what clients have for a while: locks and permits.

use super::{Draws, Plan, accounts, echoed, once};
use crate::client::script::{Permit, Poll, Script, Wish};
use crate::client::session::Session;
use crate::knobs::{Knobs, Method, Workload};
use crate::object::Command;
use crate::recording::Shown;

impl Draws {
    /// The next operation of `owner`: takes what it wants, or else gives back what it has, the last
    /// first; or, if it neither has nor wants anything, chooses what it is going to take.
    pub(super) fn held(&mut self, knobs: &Knobs, owner: u32, session: &mut Session) -> Plan {
        if session.wants.is_empty() && session.holds.is_empty() {
            session.wants = self.wishes(knobs);
        }
        let (takes, key) = match (session.wants.last(), session.holds.last()) {
            (Some(&wanted), _) => (true, wanted),
            (None, Some(&held)) => (false, held),
            (None, None) => (true, 0),
        };
        let is_shown = knobs.keys > 1 || knobs.workload == Workload::Pairs;
        let (f, input, script) = match (knobs.workload, takes) {
            (Workload::Semaphore, true) => self.take(knobs, key),
            (Workload::Semaphore, false) => give_back(knobs, key),
            (_, false) => echoed("release", Shown::Null, key, Command::Release { owner }),
            (_, true) => {
                let command = Command::TryAcquire { owner, lease: knobs.lease };
                ("acquire", Shown::Null, Script::Poll(Poll { key, command, pause: knobs.work }))
            }
        };
        Plan { f, key: is_shown.then_some(key), input, script, parts: 0 }
    }

    /// What a client takes next, the first last: one key; or of pairs two different locks, which
    /// those who keep to an order take by their numbers.
    fn wishes(&mut self, knobs: &Knobs) -> Vec<u32> {
        if knobs.workload != Workload::Pairs {
            return vec![self.random.below(u64::from(knobs.keys.max(1))) as u32];
        }
        let locks = accounts(knobs);
        let one = self.random.below(u64::from(locks)) as u32;
        let other = (one + 1 + self.random.below(u64::from(locks - 1)) as u32) % locks;
        match knobs.method {
            Method::LockedAsNeeded => vec![other, one],
            _ => vec![one.max(other), one.min(other)],
        }
    }

    /// Takes a permit, or tries to.
    fn take(&mut self, knobs: &Knobs, key: u32) -> super::Draw {
        let tries = self.random.happens(knobs.reads.0);
        let f = if tries { "try-acquire" } else { "acquire" };
        let script = match (knobs.method, tries) {
            (Method::Atomic, true) => return once(f, Shown::Null, key, Command::Take),
            (Method::Atomic, false) => {
                Script::Poll(Poll { key, command: Command::Take, pause: knobs.work })
            }
            _ => {
                let wish = if tries { Wish::TryToTake } else { Wish::Take };
                Script::Permit(Permit::new(knobs, key, wish))
            }
        };
        (f, Shown::Null, script)
    }
}

fn give_back(knobs: &Knobs, key: u32) -> super::Draw {
    match knobs.method {
        Method::Atomic => echoed("release", Shown::Null, key, Command::GiveBack),
        _ => {
            let script = Permit::new(knobs, key, Wish::GiveBack);
            ("release", Shown::Null, Script::Permit(script))
        }
    }
}
