//! A register.

use super::{Answer, Command};

/// One value, and the greatest fencing token that wrote it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::store) struct Register {
    value: Option<i64>,
    token: i64,
}

impl Register {
    pub(super) fn new(value: Option<i64>) -> Register {
        Register { value, token: i64::MIN }
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
            Command::FencedWrite { value, token } if token >= self.token => {
                (self.value, self.token) = (Some(value), token);
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
    fn a_token_keeps_older_ones_out() {
        let mut register = Register::new(Some(1));
        let write = |value, token| Command::FencedWrite { value, token };
        assert_eq!(register.apply(&write(2, 5)), Answer::Flag(true));
        assert_eq!(register.apply(&write(3, 4)), Answer::Flag(false));
        assert_eq!(register.apply(&Command::Read), Answer::Value(Some(2)));
        assert_eq!(register.apply(&Command::Cas { old: 1, new: 4 }), Answer::Flag(false));
        assert_eq!(register.apply(&Command::Cas { old: 2, new: 4 }), Answer::Flag(true));
        assert_eq!(register.apply(&Command::Delete), Answer::Done);
        assert_eq!(register.apply(&Command::Read), Answer::Value(None));
    }
}
