//! Transfers between accounts, and reads of all balances.

use super::{Draw, Draws, accounts, call};
use crate::client::script::{
    Guards, How, Optimistic, OptimisticState, Order, Script, Shows, Survey, Transfer,
};
use crate::keys;
use crate::knobs::{Knobs, Method};
use crate::object::Command;
use crate::recording::Shown;

impl Draws {
    /// A read of all balances, or a transfer between two of the accounts of `key`, by `owner`.
    pub(super) fn bank(&mut self, knobs: &Knobs, (key, owner): (u32, u32), reads: bool) -> Draw {
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
        let cells = [keys::part(key, from), keys::part(key, to)];
        let order = match knobs.method {
            Method::Atomic => {
                let shows = Shows::UnlessRefused(input.clone());
                let command = Command::Transfer { from, to, amount };
                return call("transfer", input, (key, command), shows);
            }
            Method::Optimistic | Method::OptimisticByValue => {
                let script = Optimistic {
                    cells,
                    amount,
                    work: knobs.work,
                    by_value: knobs.method == Method::OptimisticByValue,
                    state: OptimisticState::Begun,
                    output: input.clone(),
                };
                return ("transfer", input, Script::Optimistic(script));
            }
            Method::ReadThenWrite => Order::Unlocked,
            Method::Locked => Order::First,
            Method::LockedAsNeeded => Order::AsNeeded,
        };
        let mut locks = cells.map(keys::guard).to_vec();
        if order == Order::First {
            locks.sort_unstable();
        }
        let guards = Guards::new(owner, (knobs.lease, knobs.work), locks);
        let script = Transfer::new(cells, (amount, knobs.work), (guards, order), input.clone());
        ("transfer", input, Script::Transfer(script))
    }
}

/// A read of all balances.
fn survey(knobs: &Knobs, key: u32, owner: u32) -> Draw {
    let cells: Vec<u32> = (0..accounts(knobs)).map(|account| keys::part(key, account)).collect();
    let how = match knobs.method {
        Method::Atomic => {
            return call("read", Shown::Null, (key, Command::Read), Shows::Balances);
        }
        Method::Optimistic | Method::OptimisticByValue => How::AtOnce,
        Method::ReadThenWrite => How::EachForItself,
        Method::Locked | Method::LockedAsNeeded => {
            let locks = cells.iter().map(|&cell| keys::guard(cell)).collect();
            How::Locked(Guards::new(owner, (knobs.lease, knobs.work), locks))
        }
    };
    ("read", Shown::Null, Script::Survey(Survey::new(cells, how)))
}
