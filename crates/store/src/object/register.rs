//! A register.

use super::{Answer, Command};

/// One value, or none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Register {
    value: Option<i64>,
}

impl Register {
    pub(super) fn new(value: Option<i64>) -> Register {
        Register { value }
    }

    pub(super) fn value(&self) -> Option<i64> {
        self.value
    }

    pub(super) fn apply(&mut self, command: &Command) -> Answer {
        match *command {
            Command::Read => return Answer::Value(self.value),
            Command::Write(value) => self.value = Some(value),
            Command::Delete => self.value = None,
            Command::Cas { old, new } if self.value == Some(old) => {
                self.value = Some(new);
                return Answer::Flag(true);
            }
            _ => return Answer::Flag(false),
        }
        Answer::Done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compare_and_set_compares() {
        let mut register = Register::new(Some(2));
        assert_eq!(register.apply(&Command::Cas { old: 1, new: 4 }), Answer::Flag(false));
        assert_eq!(register.apply(&Command::Cas { old: 2, new: 4 }), Answer::Flag(true));
        assert_eq!(register.apply(&Command::Read), Answer::Value(Some(4)));
        assert_eq!(register.apply(&Command::Delete), Answer::Done);
        assert_eq!(register.apply(&Command::Read), Answer::Value(None));
    }
}
