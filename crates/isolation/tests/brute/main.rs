//! Every level against brute force, on small random histories.

#![allow(clippy::unwrap_used)]

mod random;

use histcheck_history::{History, IntoValue, Value};
use histcheck_isolation::proof::{levels, verify};
use histcheck_isolation::{Base, Keys, LEVELS, Level, Options, Status, Transactions, check};
use random::{End, Op, Random, Txn};

/// Returns the history of `txns`.
fn history(txns: &[Txn]) -> History {
    history_up_to(txns, usize::MAX)
}

/// Returns the first `most` events of `txns` as a history.
fn history_up_to(txns: &[Txn], most: usize) -> History {
    let mut events: Vec<(usize, usize, bool)> = Vec::new();
    for (t, txn) in txns.iter().enumerate() {
        events.push((txn.call, t, true));
        events.push((txn.ret, t, false));
    }
    events.sort_unstable();
    events.truncate(most);
    let mut builder = History::builder();
    for (_, t, is_call) in events {
        let txn = &txns[t];
        let value = Micros(&txn.ops, is_call);
        match (is_call, txn.end) {
            (true, _) => builder.invoke(txn.session, "txn", value).unwrap(),
            (false, End::Ok) => builder.ok(txn.session, "txn", value).unwrap(),
            (false, End::Fail) => builder.fail(txn.session, "txn").unwrap(),
            (false, End::Info) => builder.info(txn.session, "txn").unwrap(),
        };
    }
    builder.build().unwrap()
}

/// Micro-operations as a value; those of a call know no reads.
struct Micros<'a>(&'a [Op], bool);

impl IntoValue for Micros<'_> {
    fn into_value(self, table: &mut histcheck_history::ValueTable) -> histcheck_history::Value {
        let Micros(ops, is_call) = self;
        let micros: Vec<_> = ops
            .iter()
            .map(|op| {
                let (name, key, value) = match op {
                    Op::Write(key, value) => ("w", *key, table.int(*value)),
                    Op::Append(key, value) => ("append", *key, table.int(*value)),
                    Op::Read(key, Some(value)) if !is_call => ("r", *key, table.int(*value)),
                    Op::ReadList(key, list) if !is_call => {
                        let items: Vec<_> = list.iter().map(|&item| table.int(item)).collect();
                        ("r", *key, table.list(&items))
                    }
                    Op::Read(key, _) | Op::ReadList(key, _) => {
                        ("r", *key, histcheck_history::Value::NULL)
                    }
                };
                let (name, key) = (table.text(name), table.int(key as i64));
                table.list(&[name, key, value])
            })
            .collect();
        table.list(&micros)
    }
}

/// Returns the number that a variable of the environment has.
fn variable(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}

/// Compares so many histories; those that `among` returns, of some transactions, have the levels
/// of these.
fn compare(
    histories: u64,
    (seed, is_list): (u64, bool),
    among: impl Fn(&[Txn]) -> Vec<Txn>,
) -> Vec<(u64, u64, u64)> {
    let mut counts = vec![(0, 0, 0); LEVELS.len()];
    let mut random = Random::new(variable("SEED", 0).wrapping_mul(1_000_003) + seed);
    for nth in 0..histories {
        let txns = random.transactions(is_list);
        let alone = history(&txns);
        let held = levels(&Transactions::read(&alone).unwrap(), Value::NULL);
        let history = history(&among(&txns));
        let report = check(&history, &Options::default()).unwrap();
        for level in Level::all() {
            let (status, expected) = (&report.statuses[level.index()], held[level.index()]);
            let count = &mut counts[level.index()];
            match status {
                Status::Holds(_) => count.0 += 1,
                Status::RuledOut => count.1 += 1,
                Status::Undecided(_) => count.2 += 1,
            }
            let is_right = match status {
                Status::Holds(_) => expected,
                Status::RuledOut => !expected,
                Status::Undecided(_) => false,
            };
            assert!(is_right, "history {nth}: {}: {status:?}: {}", level.name(), shown(&txns));
        }
        let verified = verify(&report, Value::NULL);
        assert!(verified.wrong.is_empty(), "history {nth}: {:?}: {}", verified.wrong, shown(&txns));
    }
    counts
}

fn shown(txns: &[Txn]) -> String {
    txns.iter().map(|txn| format!("\n{txn:?}")).collect()
}

fn show(counts: &[(u64, u64, u64)]) {
    for (level, (holds, out, unknown)) in Level::all().zip(counts) {
        println!("{:45} {holds:8} hold {out:8} ruled out {unknown:8} undecided", level.name());
    }
}

#[test]
fn lists() {
    show(&compare(variable("HISTORIES", 3_000), (1, true), <[Txn]>::to_vec));
}

#[test]
fn registers() {
    show(&compare(variable("HISTORIES", 3_000), (2, false), <[Txn]>::to_vec));
}

/// Where values repeat, a level that is ruled out is so whoever wrote what was read, and one that
/// holds does for somebody.
#[test]
fn repeated_values_are_not_judged_wrongly() {
    let mut random = Random::new(variable("SEED", 0).wrapping_mul(1_000_003) + 7);
    let mut counts = vec![(0, 0, 0); LEVELS.len()];
    for nth in 0..variable("HISTORIES", 3_000) {
        let txns = random.transactions(nth % 2 == 0);
        let repeated = random::with_repeats(&txns);
        let Some(ways) = random::told_apart(&txns, &repeated, 32) else { continue };
        let mut held = vec![false; LEVELS.len()];
        for way in ways {
            let way = history(&way);
            let own = levels(&Transactions::read(&way).unwrap(), Value::NULL);
            held.iter_mut().zip(own).for_each(|(held, own)| *held |= own);
        }
        let history = history(&repeated);
        let report = check(&history, &Options::default()).unwrap();
        for level in Level::all() {
            let (status, expected) = (&report.statuses[level.index()], held[level.index()]);
            let count = &mut counts[level.index()];
            let is_right = match status {
                Status::Holds(_) => (count.0 += 1, expected).1,
                Status::RuledOut => (count.1 += 1, !expected).1,
                Status::Undecided(_) => (count.2 += 1, true).1,
            };
            let name = level.name();
            assert!(is_right, "history {nth}: {name}: {status:?}: {}", shown(&repeated));
        }
        let verified = verify(&report, Value::NULL);
        let wrong = &verified.wrong;
        assert!(wrong.is_empty(), "history {nth}: {wrong:?}: {}", shown(&repeated));
    }
    show(&counts);
}

/// What is ruled out of a history that goes on stays so, whatever comes.
#[test]
fn what_is_ruled_out_stays_so() {
    let mut random = Random::new(variable("SEED", 0).wrapping_mul(1_000_003) + 6);
    let mut early = vec![(0, 0, 0); LEVELS.len()];
    for nth in 0..variable("HISTORIES", 3_000) {
        let txns = random.transactions(nth % 2 == 0);
        let usual = Options { by_last_element: nth % 3 == 0, ..Options::default() };
        let whole = history(&txns);
        let whole = check(&whole, &usual).unwrap();
        for most in 1..2 * txns.len() {
            let start = history_up_to(&txns, most);
            let options = Options { goes_on: true, ..usual };
            let report = check(&start, &options).unwrap();
            for level in Level::all() {
                if report.statuses[level.index()] != Status::RuledOut {
                    continue;
                }
                early[level.index()].1 += 1;
                assert_eq!(
                    whole.statuses[level.index()],
                    Status::RuledOut,
                    "history {nth}: {} after {most} events: {}",
                    level.name(),
                    shown(&txns)
                );
            }
        }
    }
    show(&early);
    for (level, (_, out, _)) in Level::all().zip(early) {
        assert_eq!(out == 0, level.base() == Base::ReadUncommitted, "{}", level.name());
    }
}

/// What is decided by parts of long histories is decided as it is of short ones.
#[test]
fn registers_among_many_others() {
    let among = |txns: &[Txn]| random::among_others(txns, 1_200);
    show(&compare(variable("HISTORIES", 3_000) / 100, (3, false), among));
}

#[test]
fn lists_among_many_others() {
    let among = |txns: &[Txn]| random::among_others(txns, 1_200);
    show(&compare(variable("HISTORIES", 3_000) / 100, (4, true), among));
}

/// Where less is looked at, fewer levels are ruled out, and what holds is verified.
#[test]
fn what_is_not_looked_at_rules_nothing_out() {
    let mut random = Random::new(variable("SEED", 0).wrapping_mul(1_000_003) + 8);
    let mut fewer = [0, 0];
    for nth in 0..variable("HISTORIES", 3_000) {
        let txns = random.transactions(nth % 2 == 0);
        let history = history(&txns);
        let usual = Options::default();
        let plain = check(&history, &usual).unwrap();
        let others = [
            Options { by_last_element: true, ..usual },
            Options { allows_internal: true, ..usual },
        ];
        for (options, fewer) in others.iter().zip(&mut fewer) {
            let report = check(&history, options).unwrap();
            for level in Level::all() {
                let [one, other] = [&plain, &report].map(|report| &report.statuses[level.index()]);
                let is_out = |status: &Status| *status == Status::RuledOut;
                let is_right = is_out(one) || !is_out(other);
                assert!(is_right, "history {nth}: {}: {}", level.name(), shown(&txns));
                *fewer += usize::from(is_out(one) && !is_out(other));
            }
            let wrong = verify(&report, Value::NULL).wrong;
            assert!(wrong.is_empty(), "history {nth}: {options:?}: {wrong:?}: {}", shown(&txns));
        }
    }
    assert!(fewer.iter().all(|&fewer| fewer > 0), "{fewer:?}");
}

/// What is assumed rules out more, and what it does is verified.
#[test]
fn assumptions_about_keys_only_rule_out_more() {
    let mut random = Random::new(5);
    let mut more = [0, 0];
    for nth in 0..variable("HISTORIES", 3_000) {
        let txns = random.transactions(false);
        let history = history(&txns);
        let plain = check(&history, &Options::default()).unwrap();
        for (keys, more) in [Keys::Sequential, Keys::Linearizable].into_iter().zip(&mut more) {
            let report = check(&history, &Options { keys, ..Options::default() }).unwrap();
            for level in Level::all() {
                let [one, other] = [&plain, &report].map(|report| &report.statuses[level.index()]);
                let is_out = |status: &Status| *status == Status::RuledOut;
                let name = level.name();
                let is_right = !is_out(one) || is_out(other);
                assert!(is_right, "history {nth}: {keys:?}: {name}: {other:?}: {}", shown(&txns));
                *more += usize::from(is_out(other) && !is_out(one));
            }
            let verified = verify(&report, Value::NULL);
            let wrong = &verified.wrong;
            assert!(wrong.is_empty(), "history {nth}: {keys:?}: {wrong:?}: {}", shown(&txns));
        }
    }
    assert!(more.iter().all(|&more| more > 0), "{more:?}");
}
