//! Permits, such as the connections of a pool.

use super::{Answer, Command};

/// How many there are, and how many of them are free.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Permits {
    all: i64,
    free: i64,
}

impl Permits {
    pub(super) fn new(all: i64) -> Permits {
        Permits { all, free: all }
    }

    /// Taking one is refused if none is free, and giving one back if none was taken.
    pub(super) fn apply(&mut self, command: &Command) -> Answer {
        match *command {
            Command::Read => Answer::Value(Some(self.free)),
            Command::Take if self.free > 0 => {
                self.free -= 1;
                Answer::Flag(true)
            }
            Command::GiveBack if self.free < self.all => {
                self.free += 1;
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
    fn no_more_are_taken_than_there_are() {
        let mut permits = Permits::new(2);
        let answers = [Command::GiveBack, Command::Take, Command::Take, Command::Take]
            .map(|command| permits.apply(&command));
        assert_eq!(answers, [false, true, true, false].map(Answer::Flag));
        assert_eq!(permits.apply(&Command::GiveBack), Answer::Flag(true));
        assert_eq!(permits.apply(&Command::Read), Answer::Value(Some(1)));
    }
}
