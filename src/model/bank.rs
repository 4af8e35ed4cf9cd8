//! Accounts with balances: `transfer`, `deposit` and `withdraw`, and reads of one or all of them.
//!
//! Where it is not known what the accounts start from, the first read in the order fixes it: until
//! then the state holds, for each account, by how much it changed and between which bounds its
//! start must lie for what happened so far to be legal.

use std::sync::Arc;

use super::catalogue::{BuiltIn, Entry, FunctionEntry, Setup};
use super::items::few;
use super::persistent::Tree;
use super::{
    Amount, Call, Establishes, Facts, Kind, Model, OnAmount, Rejection, Token, View, counter,
};
use crate::history::{Shape, Value, ValueTable};
use crate::vocabulary::{Verb, Words};

/// A bank whose accounts show no less than nothing, unless that is allowed.
#[derive(Clone, Debug, Default)]
pub struct Bank {
    /// What an account holds before the first operation; `None` if that is not known.
    pub default: Option<i64>,
    /// Accounts that start with another balance, by the handles of their names.
    pub initial: Tree<i128>,
    /// Whether accounts may be overdrawn.
    pub may_be_negative: bool,
}

/// What is known of an account.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Account {
    /// Its balance.
    Known(i128),
    /// By how much its balance changed, and between what it must have started, bounds included.
    Changed(i128, i128, i128),
}

/// The accounts of which more is known than at the start, by the handles of their names.
pub type Accounts = Tree<Account>;

/// An operation on a [`Bank`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// Moves an amount from the first account to the second.
    Transfer(Value, Value, i64),
    /// Adds an amount to an account.
    Deposit(Value, i64),
    /// Takes an amount from an account.
    Withdraw(Value, i64),
    /// Found less than this amount in an account, and left it.
    Refused(Value, i64),
    /// Found these balances, sorted by the accounts.
    Read(Arc<[(Value, i128)]>),
    /// Found one account twice with different balances, which no bank shows.
    Contradictory,
}

impl Bank {
    /// A bank that starts from `initial`: null or nothing if that is not known, a number for
    /// every account, or a map from accounts to numbers, the others being empty. An entry
    /// `negative-balances` that is true allows overdrawn accounts; a map with nothing else leaves
    /// the start unknown.
    ///
    /// # Errors
    /// If it is none of these, or starts with a negative balance that is not allowed.
    pub fn new(initial: Option<View<'_>>) -> Result<Self, Rejection> {
        let needed = || Rejection::bad("this needs a number, or a map from accounts to numbers");
        let mut bank = Bank::default();
        let Some(view) = initial.filter(|view| !view.is_null()) else { return Ok(bank) };
        let mut least = 0;
        if let Some(number) = view.as_int() {
            bank.default = Some(number);
            least = number;
        } else {
            let Shape::Map(items) = view.shape() else { return Err(needed()) };
            for pair in items.chunks_exact(2) {
                let (name, value) = (view.view(pair[0]), view.view(pair[1]));
                match (name.as_name(), value.as_bool(), value.as_int()) {
                    (Some("negative-balances" | "negative-balances?"), Some(may), _) => {
                        bank.may_be_negative = may;
                    }
                    (_, _, Some(number)) => {
                        bank.default = Some(0);
                        bank.initial = bank.initial.insert(key(named(name)), number.into());
                        least = least.min(number);
                    }
                    _ => return Err(needed()),
                }
            }
        }
        let is_possible = bank.may_be_negative || least >= 0;
        is_possible.then_some(bank).ok_or_else(|| Rejection::bad("a balance cannot be negative"))
    }

    /// What is known of an account at the start.
    fn start(&self, account: Value) -> Account {
        let given = self.initial.get(key(account)).or(self.default.map(i128::from));
        let least = if self.may_be_negative { i128::MIN } else { 0 };
        given.map_or(Account::Changed(0, least, i128::MAX), Account::Known)
    }

    fn get(&self, state: &Accounts, account: Value) -> Account {
        state.get(key(account)).unwrap_or_else(|| self.start(account))
    }

    fn put(&self, state: &Accounts, account: Value, known: Account) -> Accounts {
        if known == self.start(account) {
            state.remove(key(account))
        } else {
            state.insert(key(account), known)
        }
    }

    /// The state after `change` was added to an account, if that is allowed.
    fn add(&self, state: &Accounts, account: Value, change: i128) -> Option<Accounts> {
        let is_overdrawn = |balance: i128| balance < 0 && !self.may_be_negative;
        let known = match self.get(state, account) {
            Account::Known(balance) => {
                let balance = balance.saturating_add(change);
                (!is_overdrawn(balance)).then_some(Account::Known(balance))
            }
            Account::Changed(by, least, most) => {
                let by = by.saturating_add(change);
                let needed = by.saturating_neg();
                bounded(by, if self.may_be_negative { least } else { least.max(needed) }, most)
            }
        };
        known.map(|known| self.put(state, account, known))
    }

    /// The state in which an account was seen to hold `seen`, if it may.
    fn found(&self, state: &Accounts, account: Value, seen: i128) -> Option<Accounts> {
        match self.get(state, account) {
            Account::Known(balance) => (balance == seen).then(|| state.clone()),
            Account::Changed(by, least, most) => {
                let start = seen.checked_sub(by)?;
                let fits = (least..=most).contains(&start);
                fits.then(|| self.put(state, account, Account::Known(seen)))
            }
        }
    }

    /// The state in which an account was seen to hold less than `amount`, if it may.
    fn lacks(&self, state: &Accounts, account: Value, amount: i64) -> Option<Accounts> {
        if self.may_be_negative {
            return Some(state.clone());
        }
        match self.get(state, account) {
            Account::Known(balance) => (balance < amount.into()).then(|| state.clone()),
            Account::Changed(by, least, most) => {
                let at_most = i128::from(amount).saturating_sub(by).saturating_sub(1);
                let known = bounded(by, least, most.min(at_most))?;
                Some(self.put(state, account, known))
            }
        }
    }
}

/// An account that changed and started between these bounds, if there is anything between them.
fn bounded(by: i128, least: i128, most: i128) -> Option<Account> {
    match least.cmp(&most) {
        std::cmp::Ordering::Less => Some(Account::Changed(by, least, most)),
        std::cmp::Ordering::Equal => Some(Account::Known(least.saturating_add(by))),
        std::cmp::Ordering::Greater => None,
    }
}

/// A bank as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "bank",
    elsewhere: &["accounts", "transfers"],
    summary: "accounts with balances, and transfers between them",
    functions: &[
        FunctionEntry::of(
            Verb::Transfer,
            "takes {from, to, amount}; may return false: too little was there",
        ),
        FunctionEntry::named(&["read"], "returns a map from accounts to balances"),
        FunctionEntry::of(Verb::Balance, "takes an account; returns its balance"),
        FunctionEntry::of(Verb::Deposit, "takes {account, amount}"),
        FunctionEntry::of(
            Verb::Withdraw,
            "takes {account, amount}; may return false: too little was there",
        ),
    ],
    initial: "unknown balances, a number for all, or a map from accounts to numbers",
    options: &[],
    cost: "\
           the search, with a guess by sums that is near O(n) where it finds an order; else \
           exponential in the number of clients at worst.",
};

const WORDS: Words = ENTRY.words();

impl BuiltIn for Bank {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<Bank> {
        Bank::new(setup.initial).ok()
    }
}

impl Model for Bank {
    type State = Accounts;
    type Op = Op;
    type Next = Option<Accounts>;

    fn initial(&self) -> Accounts {
        Accounts::default()
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        let refused = call.output.and_then(|seen| seen.as_bool()) == Some(false);
        match WORDS.verb_of(call.word) {
            Some(Verb::Transfer) => {
                let from = field(call.input, "from")?;
                let to = field(call.input, "to")?;
                let amount = amount(call.input)?;
                Ok(if refused { Op::Refused(from, amount) } else { Op::Transfer(from, to, amount) })
            }
            Some(Verb::Withdraw) => {
                let (account, amount) = (field(call.input, "account")?, amount(call.input)?);
                Ok(if refused {
                    Op::Refused(account, amount)
                } else {
                    Op::Withdraw(account, amount)
                })
            }
            Some(Verb::Deposit) if refused => Err(Rejection::bad(
                "nothing speaks against a deposit: record what did not happen as `fail`",
            )),
            Some(Verb::Deposit) => {
                Ok(Op::Deposit(field(call.input, "account")?, amount(call.input)?))
            }
            Some(Verb::Balance) => {
                let seen = |seen| counter::integer(seen, "a balance is an integer");
                let seen = call.output.map(seen).transpose()?;
                Ok(Op::Read(seen.map(|seen| (named(call.input), seen)).into_iter().collect()))
            }
            Some(Verb::Read) => call.output.map_or_else(|| Ok(Op::Read(Arc::default())), read),
            _ => Err(Rejection::UnknownFunction),
        }
    }

    fn step(&self, state: &Accounts, op: &Op) -> Option<Accounts> {
        match *op {
            Op::Transfer(from, to, amount) => {
                let taken = self.add(state, from, -i128::from(amount))?;
                self.add(&taken, to, amount.into())
            }
            Op::Deposit(account, amount) => self.add(state, account, amount.into()),
            Op::Withdraw(account, amount) => self.add(state, account, -i128::from(amount)),
            Op::Refused(account, amount) => self.lacks(state, account, amount),
            Op::Read(ref seen) => {
                let mut state = state.clone();
                for &(account, balance) in seen.iter() {
                    state = self.found(&state, account, balance)?;
                }
                Some(state)
            }
            Op::Contradictory => None,
        }
    }

    fn ignores_output(&self, call: &Call<'_>) -> bool {
        let updates = [Verb::Transfer, Verb::Withdraw, Verb::Deposit];
        WORDS.verb_of(call.word).is_some_and(|verb| updates.contains(&verb))
            && call.output.is_some_and(|seen| seen.as_bool().is_none())
    }

    fn facts(&self, op: &Op) -> Facts {
        // Where the start is not known, a look at an account tells it.
        let looks_only = self.default.is_some();
        let pure = match *op {
            Op::Transfer(..) => false,
            Op::Deposit(_, amount) | Op::Withdraw(_, amount) => amount == 0 && looks_only,
            Op::Read(ref seen) => looks_only || seen.is_empty(),
            Op::Refused(..) => looks_only || self.may_be_negative,
            Op::Contradictory => true,
        };
        let establishes = if pure { Establishes::Same } else { Establishes::Unknown };
        Facts { pure, establishes, ..Facts::default() }
    }

    fn touches(&self, op: &Op, touch: &mut dyn FnMut(Token)) -> bool {
        let mut touch = |account: Value| touch(account.handle().into());
        match op {
            Op::Transfer(from, to, _) => {
                touch(*from);
                touch(*to);
            }
            Op::Deposit(account, _) | Op::Withdraw(account, _) | Op::Refused(account, _) => {
                touch(*account);
            }
            Op::Read(seen) => seen.iter().for_each(|&(account, _)| touch(account)),
            Op::Contradictory => return false,
        }
        true
    }

    fn on_amounts(&self, op: &Op, tell: &mut dyn FnMut(Token, OnAmount)) -> bool {
        let mut tell = |account: Value, what: OnAmount| tell(account.handle().into(), what);
        let mut add = |account: Value, by: i64| {
            if by != 0 {
                tell(account, OnAmount::Adds(by.into()));
            }
        };
        match *op {
            Op::Transfer(from, to, amount) => {
                add(from, amount.saturating_neg());
                add(to, amount);
            }
            Op::Deposit(account, amount) => add(account, amount),
            Op::Withdraw(account, amount) => add(account, amount.saturating_neg()),
            Op::Refused(account, amount) => tell(account, OnAmount::FoundLess(amount.into())),
            Op::Read(ref seen) => {
                seen.iter().for_each(|&(account, held)| tell(account, OnAmount::Found(held)));
            }
            Op::Contradictory => return false,
        }
        true
    }

    fn amount(&self, amount: Token) -> Amount {
        let account = self.start(Value::of_handle(amount as u32));
        let start = match account {
            Account::Known(balance) => Some(balance),
            Account::Changed(..) => None,
        };
        Amount { start, least: if self.may_be_negative { i128::MIN } else { 0 } }
    }

    fn learns(&self) -> bool {
        self.default.is_none()
    }

    fn state_values(&self, state: &Accounts, hold: &mut dyn FnMut(Value)) -> bool {
        state.iter().for_each(|(key, _)| hold(Value::of_handle(key as u32)));
        true
    }

    fn operation_values(&self, op: &Op, hold: &mut dyn FnMut(Value)) -> bool {
        match op {
            Op::Transfer(from, to, _) => [*from, *to].into_iter().for_each(hold),
            Op::Deposit(account, _) | Op::Withdraw(account, _) | Op::Refused(account, _) => {
                hold(*account);
            }
            Op::Read(seen) => seen.iter().for_each(|&(account, _)| hold(account)),
            Op::Contradictory => {}
        }
        true
    }

    fn kind(&self) -> Kind<Op> {
        Kind::Bank { bank: self.clone(), view: |op| op }
    }

    fn describe(&self, state: &Accounts, values: &ValueTable) -> Option<String> {
        let account = |(key, account): (u128, Account)| {
            let name = values.to_text(Value::of_handle(key as u32));
            match account {
                Account::Known(balance) => format!("{name}: {balance}"),
                Account::Changed(by, ..) => format!("{name}: {by:+}"),
            }
        };
        if state.is_empty() {
            Some("as at the start".to_owned())
        } else {
            Some(few(state.iter().map(account), state.len()))
        }
    }
}

fn key(account: Value) -> u128 {
    account.handle().into()
}

/// An account by its name. The keys of JSON's maps are texts: "1" is account 1.
fn named(name: View<'_>) -> Value {
    let number = name.as_name().and_then(|text| {
        let number: i64 = text.parse().ok()?;
        (number.to_string() == text).then(|| ValueTable::small_int(number))?
    });
    number.unwrap_or(name.value)
}

/// The entry `name` of a map.
fn entry<'a>(map: View<'a>, name: &str) -> Option<View<'a>> {
    let Shape::Map(items) = map.shape() else { return None };
    let mut pairs = items.chunks_exact(2);
    let pair = pairs.find(|pair| map.view(pair[0]).as_name() == Some(name))?;
    Some(map.view(pair[1]))
}

/// The account under `name`.
fn field(map: View<'_>, name: &str) -> Result<Value, Rejection> {
    let found = entry(map, name).filter(|account| !account.is_null());
    let needed = match name {
        "account" => "this needs a map with `account` and `amount`",
        _ => "a transfer needs a map with `from`, `to` and `amount`",
    };
    found.map(named).ok_or_else(|| Rejection::bad(needed))
}

/// The amount of a transfer, deposit or withdrawal.
fn amount(map: View<'_>) -> Result<i64, Rejection> {
    let found = entry(map, "amount").and_then(View::as_int).filter(|&amount| amount >= 0);
    found.ok_or_else(|| {
        Rejection::bad("an `amount` is an integer within 64 bits, and no less than 0")
    })
}

/// Reads the balances of a read: a map from accounts, or a list by number, from 0.
fn read(seen: View<'_>) -> Result<Op, Rejection> {
    let needed = || Rejection::bad("a read returns a map from accounts to integers");
    let balance = |value| {
        counter::integer(seen.view(value), "a read returns a map from accounts to integers")
    };
    let mut found: Vec<(Value, i128)> = match seen.shape() {
        Shape::Map(items) => {
            let pairs = items.chunks_exact(2);
            pairs
                .map(|pair| Ok((named(seen.view(pair[0])), balance(pair[1])?)))
                .collect::<Result<_, _>>()?
        }
        Shape::List(items) => {
            let numbered = items.iter().enumerate().map(|(at, &value)| {
                let account = i64::try_from(at).ok().and_then(ValueTable::small_int);
                Ok((account.ok_or_else(needed)?, balance(value)?))
            });
            numbered.collect::<Result<_, _>>()?
        }
        _ => return Err(needed()),
    };
    found.sort_unstable();
    found.dedup();
    let twice = found.windows(2).any(|pair| pair[0].0 == pair[1].0);
    Ok(if twice { Op::Contradictory } else { Op::Read(found.into()) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names() -> [Value; 2] {
        [0, 1].map(|n| ValueTable::small_int(n).unwrap())
    }

    fn read(balances: &[i128]) -> Op {
        Op::Read(names().into_iter().zip(balances.iter().copied()).collect())
    }

    fn run(bank: &Bank, ops: &[Op]) -> bool {
        let step = |state: Option<Accounts>, op| bank.step(&state?, op);
        ops.iter().fold(Some(bank.initial()), step).is_some()
    }

    #[test]
    fn the_first_read_tells_the_start() {
        let [a, b] = names();
        let bank = Bank::default();
        let transfer = Op::Transfer(a, b, 3);
        assert!(run(&bank, &[transfer.clone(), read(&[2, 8]), read(&[2, 8])]));
        assert!(!run(&bank, &[transfer.clone(), read(&[2, 8]), read(&[5, 5])]));
        // Whatever it started from, an account that got 3 holds 3 at least.
        assert!(!run(&bank, &[transfer.clone(), read(&[5, 2])]));
        // After a refusal to move 3 it held 2 at most.
        assert!(!run(&bank, &[Op::Refused(a, 3), read(&[3, 0])]));
        assert!(run(&bank, &[Op::Refused(a, 3), read(&[2, 0])]));
        assert!(!run(&bank, &[transfer, Op::Refused(b, 3)]));
        assert!(!run(&bank, &[read(&[-1, 0])]));
    }

    #[test]
    fn accounts_are_overdrawn_only_where_that_is_allowed() {
        let [a, b] = names();
        let bank = Bank { default: Some(2), ..Bank::default() };
        let transfer = Op::Transfer(a, b, 3);
        assert!(!run(&bank, std::slice::from_ref(&transfer)));
        assert!(run(&bank, &[Op::Withdraw(a, 2), Op::Refused(a, 1), read(&[0, 2])]));
        let lenient = Bank { may_be_negative: true, ..bank };
        assert!(run(&lenient, &[transfer.clone(), read(&[-1, 5])]));
        let lenient = Bank { default: None, ..lenient };
        assert!(run(&lenient, &[transfer, read(&[-1, 0])]));
    }

    #[test]
    fn a_transfer_to_oneself_needs_the_funds_and_moves_nothing() {
        let [a, _] = names();
        let bank = Bank { default: Some(2), ..Bank::default() };
        assert!(run(&bank, &[Op::Transfer(a, a, 2), read(&[2, 2])]));
        assert!(!run(&bank, &[Op::Transfer(a, a, 3)]));
    }

    #[test]
    fn it_starts_from_numbers() {
        let mut values = ValueTable::new();
        let mut bank = |json: &str| {
            let value = crate::formats::json_value(json, &mut values).unwrap();
            Bank::new(Some(View { table: &values, value }))
        };
        assert_eq!(bank("10").unwrap().default, Some(10));
        assert_eq!(bank("null").unwrap().default, None);
        let overdrawn = bank(r#"{"0": -10, "negative-balances": true}"#).unwrap();
        assert!(overdrawn.may_be_negative && overdrawn.default == Some(0));
        assert_eq!(bank(r#"{"negative-balances": true}"#).unwrap().default, None);
        assert!(bank("-1").is_err());
        assert!(bank(r#""x""#).is_err());
    }
}
