//! A bank whose accounts are one object.

use super::{Answer, Command};

/// The balances of accounts 0, 1, …
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bank {
    balances: Vec<i64>,
}

impl Bank {
    /// So many accounts with so much in each.
    pub(super) fn new(accounts: u32, balance: i64) -> Bank {
        Bank { balances: vec![balance; accounts as usize] }
    }

    /// A transfer is refused where the account has less.
    pub(super) fn apply(&mut self, command: &Command) -> Answer {
        match *command {
            Command::Read => Answer::Many(self.balances.as_slice().into()),
            Command::Transfer { from, to, amount } => {
                let (from, to) = (from as usize, to as usize);
                let accounts = self.balances.len();
                if from >= accounts || to >= accounts || self.balances[from] < amount {
                    return Answer::Flag(false);
                }
                self.balances[from] -= amount;
                self.balances[to] += amount;
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
    fn transfers_keep_the_sum_and_stop_at_nothing() {
        let mut bank = Bank::new(2, 10);
        let transfer = |from, to, amount| Command::Transfer { from, to, amount };
        assert_eq!(bank.apply(&transfer(0, 1, 10)), Answer::Flag(true));
        assert_eq!(bank.apply(&transfer(0, 1, 1)), Answer::Flag(false));
        assert_eq!(bank.apply(&transfer(0, 2, 0)), Answer::Flag(false));
        assert_eq!(bank.apply(&transfer(1, 1, 20)), Answer::Flag(true));
        assert_eq!(bank.apply(&Command::Read), Answer::Many([0, 20].into()));
    }
}
