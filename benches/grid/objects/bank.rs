//! A bank.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

use super::super::cells::Values;
use super::{Effect, Object, Request, Source, near};

const ACCOUNTS: usize = 6;
/// What each account holds at the start.
const START: i64 = 20;

struct Bank {
    balances: [i64; ACCOUNTS],
    source: Source,
}

pub fn accounts(values: Values) -> Box<dyn Object> {
    Box::new(Bank { balances: [START; ACCOUNTS], source: Source::new(values) })
}

impl Object for Bank {
    fn request(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Request {
        if rng.random_bool(0.4) {
            return Request::plain("read");
        }
        let from = rng.random_range(0..ACCOUNTS);
        let to = (from + rng.random_range(1..ACCOUNTS)) % ACCOUNTS;
        // Whole shares are moved where values are few, so that balances repeat.
        let amount = if self.source.is_few() { START } else { rng.random_range(1..=START) };
        Request::new("transfer", json!({"from": from, "to": to, "amount": amount}))
    }

    fn apply(&mut self, _: u64, request: &Request, _: &mut ChaCha8Rng) -> Effect {
        if request.f == "read" {
            let named = |(at, balance): (usize, &i64)| (at.to_string(), json!(balance));
            let balances: Map<String, Value> =
                self.balances.iter().enumerate().map(named).collect();
            return Effect::Ok(Value::Object(balances));
        }
        let account = |name: &str| request.value[name].as_u64().unwrap_or(0) as usize;
        let (from, to) = (account("from"), account("to"));
        let amount = request.value["amount"].as_i64().unwrap_or(0);
        if self.balances[from] < amount {
            return Effect::Ok(json!(false));
        }
        self.balances[from] -= amount;
        self.balances[to] += amount;
        Effect::Ok(json!(true))
    }

    fn wrong(&mut self, _: &Request, answer: &Value, rng: &mut ChaCha8Rng) -> Option<Value> {
        let Value::Object(balances) = answer else { return Some(json!(*answer == json!(false))) };
        let mut balances = balances.clone();
        let account = rng.random_range(0..ACCOUNTS).to_string();
        let balance = balances.get(&account).and_then(Value::as_i64)?;
        let other = if self.source.is_few() { START } else { near(balance, rng).abs() };
        balances.insert(account, json!(other));
        Some(Value::Object(balances))
    }
}
