//! Transfers between accounts, and reads of all balances.

use super::{Draw, Draws, Target, accounts};
use crate::client::script::{
    Guards, How, Money, Once, Optimistic, OptimisticState, Order, Script, Shows, Survey, Transfer,
};
use crate::keys;
use crate::knobs::{Knobs, Method};
use crate::object::Command;
use crate::recording::Shown;

impl Draws {
    /// A read of all balances, or a transfer between two of the accounts of a key.
    pub(super) fn bank(&mut self, knobs: &Knobs, target: Target, reads: bool) -> Draw {
        let Target { key, owner } = target;
        if reads {
            return survey(knobs, key, owner);
        }
        let accounts = accounts(knobs);
        let from = self.random.below(u64::from(accounts)) as u32;
        let to = (from + 1 + self.random.below(u64::from(accounts - 1)) as u32) % accounts;
        let amount = 1 + self.random.below(u64::from(knobs.balance.max(1))) as i64;
        let input = Shown::Map(
            [
                ("from".to_owned(), Shown::Int(i64::from(from))),
                ("to".to_owned(), Shown::Int(i64::from(to))),
                ("amount".to_owned(), Shown::Int(amount)),
            ]
            .into(),
        );
        let money = Money {
            cells: [keys::part(key, from), keys::part(key, to)],
            amount,
            output: input.clone(),
        };
        let order = match knobs.method {
            Method::Atomic => {
                let shows = Shows::UnlessRefused(input.clone());
                let command = Command::Transfer { from, to, amount };
                let once = Once { key, command, shows };
                return ("transfer", input, Script::Once(once));
            }
            Method::Optimistic | Method::OptimisticByValue => {
                let script = Optimistic {
                    money,
                    work: knobs.work,
                    by_value: knobs.method == Method::OptimisticByValue,
                    state: OptimisticState::Begun,
                };
                return ("transfer", input, Script::Optimistic(script));
            }
            Method::ReadThenWrite => Order::Unlocked,
            Method::Locked => Order::First,
            Method::LockedAsNeeded => Order::AsNeeded,
        };
        let script = Transfer::new(knobs, owner, order, money);
        ("transfer", input, Script::Transfer(script))
    }
}

/// A read of all balances.
fn survey(knobs: &Knobs, key: u32, owner: u32) -> Draw {
    let cells: Vec<u32> = (0..accounts(knobs)).map(|account| keys::part(key, account)).collect();
    let how = match knobs.method {
        Method::Atomic => {
            let once = Once { key, command: Command::Read, shows: Shows::Balances };
            return ("read", Shown::Null, Script::Once(once));
        }
        Method::Optimistic | Method::OptimisticByValue => How::AtOnce,
        Method::ReadThenWrite => How::EachForItself,
        Method::Locked | Method::LockedAsNeeded => {
            let locks = cells.iter().map(|&cell| keys::guard(cell)).collect();
            How::Locked(Guards::new(knobs, owner, locks))
        }
    };
    ("read", Shown::Null, Script::Survey(Survey::new(cells, how)))
}
