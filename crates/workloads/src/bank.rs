//! `bank`: money moves between accounts, and reads return all balances. Whatever happens, they add
//! up to the same total.

use histcheck_history::vocabulary::Verb;
use histcheck_history::{Shape, Value, ValueTable};

use crate::Options;
use crate::object::{Numbers, Object, Op};
use crate::report::{Anomaly, Findings, Sentence, say};

/// An account that there is not.
pub(crate) static UNEXPECTED_KEY: Anomaly = Anomaly {
    name: "unexpected-key",
    definition: "A read returns an account that there is not.",
    violates: true,
};

/// An account that a read leaves out.
pub(crate) static MISSING_KEY: Anomaly = Anomaly {
    name: "missing-key",
    definition: "A read leaves out an account that there is.",
    violates: true,
};

/// An account without a balance.
pub(crate) static NIL_BALANCE: Anomaly = Anomaly {
    name: "nil-balance",
    definition: "A read returns an account without a balance.",
    violates: true,
};

/// Balances that do not add up.
pub(crate) static WRONG_TOTAL: Anomaly = Anomaly {
    name: "wrong-total",
    definition: "The balances of a read do not add up to the total.",
    violates: true,
};

/// A balance below 0.
pub(crate) static NEGATIVE_VALUE: Anomaly = Anomaly {
    name: "negative-value",
    definition: "A read returns a balance below 0, which is not allowed.",
    violates: true,
};

pub(crate) static ANOMALIES: &[&Anomaly] =
    &[&UNEXPECTED_KEY, &MISSING_KEY, &NIL_BALANCE, &WRONG_TOTAL, &NEGATIVE_VALUE];

/// The accounts that there are.
struct Accounts<'a> {
    numbers: Numbers,
    /// Whether each number is one.
    are_known: Vec<bool>,
    /// Their names, if they were told.
    told: Option<&'a [String]>,
}

/// Checks one bank. O(size of the reads).
pub(crate) fn check(object: &Object<'_>, options: &Options, findings: &mut Findings) {
    let is_read = |op: &&Op| op.is(Verb::Read) && op.is_ok();
    let mut reads = 0;
    let mut accounts: Option<Accounts<'_>> = None;
    let mut total = options.total.map(i128::from);
    let mut errors = 0;
    let mut extremes: Option<[i128; 2]> = None;
    for op in object.completed().into_iter().filter(is_read) {
        let Some(balances) = balances(object, op.output) else {
            let [process, when] = [op.process(), op.returned()];
            findings.undecided(say!["the read by ", process, " ", when, " returned no balances"]);
            continue;
        };
        reads += 1;
        let accounts = accounts.get_or_insert_with(|| Accounts::of(options, &balances, findings));
        let sum = sum(object, op, &balances, findings);
        if let (None, Some(sum)) = (total, sum) {
            total = Some(sum);
            let [process, when] = [op.process(), op.returned()];
            findings.note(say!["the total is ", clamped(sum), ", as ", process, " read ", when]);
        }
        if let Some(sum) = sum {
            extremes = Some(extremes.map_or([sum; 2], |[low, high]| [low.min(sum), high.max(sum)]));
        }
        let read = Read { object, op, balances: &balances, sum };
        errors += usize::from(read.is_wrong(accounts, total, options, findings));
    }
    findings.count("reads", reads);
    findings.count("errors", errors);
    if let Some([low, high]) = extremes.filter(|_| findings.key.is_none()) {
        findings.sum("lowest-total", clamped(low));
        findings.sum("highest-total", clamped(high));
    }
}

fn clamped(sum: i128) -> i64 {
    sum.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// The accounts with their balances: a map, or a list of balances.
fn balances(object: &Object<'_>, value: Value) -> Option<Vec<(Value, Value)>> {
    match object.values().shape(value) {
        Shape::Map(items) => Some(items.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()),
        Shape::List(items) => {
            let number = |(at, &balance): (usize, &Value)| {
                let account = ValueTable::small_int(at as i64)?;
                Some((account, balance))
            };
            items.iter().enumerate().map(number).collect()
        }
        _ => None,
    }
}

fn sum(
    object: &Object<'_>,
    op: &Op,
    balances: &[(Value, Value)],
    findings: &mut Findings,
) -> Option<i128> {
    let mut sum = 0;
    for &(account, balance) in balances {
        if balance.is_null() {
            return None;
        }
        let Some(balance) = object.values().as_int(balance) else {
            let start = say![op.process(), " read the balance ", balance, " of ", account];
            let end = say![" ", op.returned(), ", which is no whole number of 64 bits"];
            findings.undecided([start, end].concat());
            return None;
        };
        sum += i128::from(balance);
    }
    Some(sum)
}

impl<'a> Accounts<'a> {
    /// The accounts that were told, or else those of the first read, which has `balances`.
    fn of(
        options: &'a Options,
        balances: &[(Value, Value)],
        findings: &mut Findings,
    ) -> Accounts<'a> {
        let mut numbers = Numbers::new(balances.len());
        let told = options.accounts.as_deref();
        if told.is_none() {
            for &(account, _) in balances {
                numbers.of(account);
            }
            findings.note(say!["the accounts are those of the first read"]);
        }
        Accounts { are_known: vec![true; numbers.len()], numbers, told }
    }

    fn know(&mut self, object: &Object<'_>, account: Value) -> bool {
        let number = self.numbers.of(account);
        if number == self.are_known.len() {
            let is_told = |told: &[String]| told.contains(&name(object, account));
            self.are_known.push(self.told.is_some_and(is_told));
        }
        self.are_known[number]
    }

    /// The name of an account that was told, and is not among `balances`.
    fn missing(&self, object: &Object<'_>, balances: &[(Value, Value)]) -> Option<&'a String> {
        let told = self.told.filter(|told| balances.len() < told.len())?;
        let is_read =
            |told: &String| balances.iter().any(|&(account, _)| name(object, account) == *told);
        told.iter().find(|told| !is_read(told))
    }
}

/// An account as somebody may have written it: a text without its quotes.
fn name(object: &Object<'_>, account: Value) -> String {
    let values = object.values();
    values.as_name(account).map_or_else(|| values.to_json(account), str::to_owned)
}

/// A read of balances.
struct Read<'a, 'h> {
    object: &'a Object<'h>,
    op: &'a Op,
    balances: &'a [(Value, Value)],
    sum: Option<i128>,
}

impl Read<'_, '_> {
    /// Reports the first thing that is wrong with it; whether there is one.
    fn is_wrong(
        &self,
        accounts: &mut Accounts<'_>,
        total: Option<i128>,
        options: &Options,
        findings: &mut Findings,
    ) -> bool {
        let Read { object, op, balances, sum } = *self;
        let read = |what: Sentence| {
            [say![op.process(), " read "], what, say![" ", op.returned()]].concat()
        };
        let unexpected = balances.iter().find(|&&(account, _)| !accounts.know(object, account));
        if let Some(&(account, _)) = unexpected {
            findings.add(&UNEXPECTED_KEY, || {
                let what = read(say!["the account ", account]);
                (vec![op.index], vec![account], [what, say![", which there is not"]].concat())
            });
            return true;
        }
        if let Some(account) = accounts.missing(object, balances) {
            findings.add(&MISSING_KEY, || {
                let what = read(say!["no balance of the account ", account.clone()]);
                (vec![op.index], vec![op.output], what)
            });
            return true;
        }
        if let Some(&(account, _)) = balances.iter().find(|balance| balance.1.is_null()) {
            findings.add(&NIL_BALANCE, || {
                let what = read(say!["the account ", account, " without a balance"]);
                (vec![op.index], vec![account], what)
            });
            return true;
        }
        if let (Some(sum), Some(total)) = (sum, total)
            && sum != total
        {
            let [sum, total] = [sum, total].map(clamped);
            findings.add(&WRONG_TOTAL, || {
                let what = read(say!["balances that add up to ", sum]);
                let why = say![", but the total is ", total];
                (vec![op.index], vec![op.output], [what, why].concat())
            });
            return true;
        }
        let is_negative = |&&(_, balance): &&(Value, Value)| {
            object.values().as_int(balance).is_some_and(|balance| balance < 0)
        };
        let negative = balances.iter().find(is_negative).filter(|_| !options.negative_balances);
        if let Some(&(account, balance)) = negative {
            findings.add(&NEGATIVE_VALUE, || {
                let what = read(say!["the balance ", balance, " of ", account]);
                (vec![op.index], vec![account], [what, say![", which is below 0"]].concat())
            });
        }
        negative.is_some()
    }
}
