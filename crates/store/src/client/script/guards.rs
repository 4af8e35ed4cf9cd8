//! Locks that a script takes before it touches what they guard, and releases afterwards.

use super::{Given, Step};
use crate::knobs::Knobs;
use crate::object::{Answer, Command};
use crate::sim::Nanos;

/// The locks of one operation.
#[derive(Debug)]
pub(in crate::client) struct Guards {
    owner: u32,
    lease: Nanos,
    /// How long it waits before it asks again for a lock that is taken.
    pause: Nanos,
    /// The locks, in the order in which they are taken.
    keys: Vec<u32>,
    /// How many of them it has.
    taken: usize,
    is_asking: bool,
    token: i64,
}

impl Guards {
    /// The locks `keys`, which `owner` takes in this order for the time of a lease.
    pub(in crate::client) fn new(knobs: &Knobs, owner: u32, keys: Vec<u32>) -> Guards {
        let (lease, pause) = (knobs.lease, knobs.work);
        Guards { owner, lease, pause, keys, taken: 0, is_asking: false, token: 0 }
    }

    /// The fencing token of the lock that was taken last.
    pub(super) fn token(&self) -> i64 {
        self.token
    }

    /// The next step towards having the first `number` locks, at most all; none once it has them.
    pub(super) fn take(&mut self, number: usize, given: &Given) -> Option<Step> {
        if std::mem::take(&mut self.is_asking)
            && let Given::Answer(answer, _) = given
        {
            match answer {
                Answer::Value(token) => {
                    self.token = token.unwrap_or(0);
                    self.taken += 1;
                }
                _ => return Some(Step::Pause(self.pause)),
            }
        }
        let &key = self.keys.get(self.taken).filter(|_| self.taken < number)?;
        self.is_asking = true;
        let command = Command::TryAcquire { owner: self.owner, lease: self.lease };
        Some(Step::prepare(key, command))
    }

    /// The next step towards having none of them, the last first; none once that is so.
    pub(super) fn release(&mut self) -> Option<Step> {
        self.taken = self.taken.checked_sub(1)?;
        Some(Step::prepare(self.keys[self.taken], Command::Release { owner: self.owner }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Stamp;

    fn answer(answer: Answer) -> Given {
        Given::Answer(answer, Stamp::NONE)
    }

    #[test]
    fn locks_are_asked_for_in_order_and_again_when_taken() {
        let knobs = Knobs { lease: 0, work: 5, ..Knobs::default() };
        let mut guards = Guards::new(&knobs, 7, vec![1, 2]);
        let ask = |key| Some(Step::prepare(key, Command::TryAcquire { owner: 7, lease: 0 }));
        let free = |key| Some(Step::prepare(key, Command::Release { owner: 7 }));
        assert_eq!(guards.take(9, &Given::Nothing), ask(1));
        assert_eq!(guards.take(9, &answer(Answer::Flag(false))), Some(Step::Pause(5)));
        assert_eq!(guards.take(9, &Given::Nothing), ask(1));
        assert_eq!(guards.take(1, &answer(Answer::Value(Some(3)))), None);
        assert_eq!(guards.token(), 3);
        assert_eq!(guards.take(2, &answer(Answer::Value(Some(8)))), ask(2));
        assert_eq!(guards.take(2, &answer(Answer::Value(Some(4)))), None);
        assert_eq!(
            [guards.release(), guards.release(), guards.release()],
            [free(2), free(1), None]
        );
    }
}
