//! A lock, with a lease if one is asked for.

use super::{Answer, Command};
use crate::sim::Nanos;

/// Who has it, and until when.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lock {
    owner: Option<u32>,
    until: Nanos,
    /// How often it was taken: a fencing token.
    taken: i64,
}

impl Default for Lock {
    fn default() -> Lock {
        Lock { owner: None, until: Nanos::MAX, taken: 0 }
    }
}

impl Lock {
    pub(super) fn owner(&self) -> Option<u32> {
        self.owner
    }

    /// Ends the lease, if it is over. Whether it did.
    pub(super) fn pass_time(&mut self, now: Nanos) -> bool {
        if self.until > now {
            return false;
        }
        self.until = Nanos::MAX;
        self.owner.take().is_some()
    }

    /// Taking it answers with the token; releasing it whether the owner had it.
    pub(super) fn apply(&mut self, command: &Command, now: Nanos) -> Answer {
        match *command {
            Command::Read => Answer::Value(self.owner.map(i64::from)),
            Command::TryAcquire { owner, lease } if self.owner.is_none() => {
                self.owner = Some(owner);
                self.until = if lease > 0 { now + lease } else { Nanos::MAX };
                self.taken += 1;
                Answer::Value(Some(self.taken))
            }
            Command::Release { owner } if self.owner == Some(owner) => {
                (self.owner, self.until) = (None, Nanos::MAX);
                Answer::Flag(true)
            }
            _ => Answer::Flag(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_ends_by_itself_and_the_token_grows() {
        let mut lock = Lock::default();
        let acquire = |owner| Command::TryAcquire { owner, lease: 10 };
        assert_eq!(lock.apply(&acquire(1), 0), Answer::Value(Some(1)));
        assert_eq!(lock.apply(&acquire(2), 5), Answer::Flag(false));
        assert!(!lock.pass_time(9));
        assert!(lock.pass_time(10));
        assert_eq!(lock.apply(&acquire(2), 10), Answer::Value(Some(2)));
        assert_eq!(lock.apply(&Command::Release { owner: 1 }, 11), Answer::Flag(false));
        assert_eq!(lock.apply(&Command::Release { owner: 2 }, 11), Answer::Flag(true));
        assert!(!lock.pass_time(100));
    }
}
