//! The names of small violations, and of random ones.
#![allow(clippy::unwrap_used)]

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Session;
use crate::explain::{Anomaly, AnomalyKind, Certainty};
use crate::history::OpIndex;
use crate::history::Outcome;
use crate::{History, Options, Verdict, check};

/// A history in short: events parted by semicolons. `0 write 1` calls, `0 ok` completes with the
/// same value, `0 ok 1` with this one; `0 fail` and `0 info` end otherwise. Two numbers are a cas'.
fn history(text: &str) -> History {
    let mut builder = History::builder();
    let mut open: Vec<(i64, &str, Vec<i64>)> = Vec::new();
    for event in text.split(';') {
        let mut words = event.split_whitespace();
        let process: i64 = words.next().unwrap().parse().unwrap();
        let what = words.next().unwrap();
        let values: Vec<i64> = words.map(|word| word.parse().unwrap()).collect();
        if !["ok", "fail", "info"].contains(&what) {
            match *values {
                [old, new] => builder.invoke(process, what, [old, new]).unwrap(),
                [value] => builder.invoke(process, what, value).unwrap(),
                _ => builder.invoke(process, what, ()).unwrap(),
            }
            open.push((process, what, values));
            continue;
        }
        let at = open.iter().position(|call| call.0 == process).unwrap();
        let (_, function, inputs) = open.remove(at);
        let values = if values.is_empty() { inputs } else { values };
        match (what, values.as_slice()) {
            ("ok", &[old, new]) => builder.ok(process, function, [old, new]).unwrap(),
            ("ok", &[value]) => builder.ok(process, function, value).unwrap(),
            ("ok", _) => builder.ok(process, function, ()).unwrap(),
            ("fail", _) => builder.fail(process, function).unwrap(),
            _ => builder.info(process, function).unwrap(),
        }
    }
    builder.build().unwrap()
}

fn anomalies(history: &History) -> Vec<Anomaly> {
    let model = Some("cas-register".to_owned());
    let options = Options { model, threads: 1, ..Options::default() };
    let report = check(history, &options).unwrap();
    let anomalies =
        Session::new(history, &options).unwrap().explain(&report, 100).unwrap().anomalies;
    assert_eq!(anomalies.is_empty(), report.verdict == Verdict::Valid);
    anomalies
}

fn first(text: &str) -> (&'static str, String) {
    let first = anomalies(&history(text)).into_iter().next().unwrap();
    (first.kind.name(), first.summary)
}

#[test]
fn values_that_cannot_have_been_there() {
    let cases = [
        ("0 write 1; 0 ok; 1 read; 1 ok 3", "phantom-read"),
        ("0 write 1; 0 fail; 1 read; 1 ok 1", "dirty-read"),
        ("1 read; 1 ok 1; 0 write 1; 0 ok", "future-read"),
        ("1 read; 1 ok 1; 0 write 1; 0 info", "future-read"),
        ("1 read; 1 ok 1; 0 write 1; 0 fail", "phantom-read"),
        // The only cas that leaves 3 needs a 2.
        ("0 write 1; 0 ok; 1 cas 2 3; 1 info; 0 read; 0 ok 3", "phantom-read"),
        // A failed write is no excuse where a later one comes too late.
        ("0 write 1; 0 fail; 1 read; 1 ok 1; 0 write 1; 0 ok", "dirty-read"),
        // A cas can only replace what is written; that is written only later.
        ("1 cas 1 2; 2 read; 2 ok 2; 0 write 1; 0 ok; 1 ok", "future-read"),
    ];
    for (text, name) in cases {
        assert_eq!(first(text).0, name, "{text}");
    }
}

#[test]
fn values_that_had_been_replaced() {
    let written = "0 write 1; 0 ok; 0 write 2; 0 ok; ";
    let cases = [
        ("1 read; 1 ok 1", "stale-read"),
        ("0 read; 0 ok 1", "read-your-writes"),
        ("1 read; 1 ok 2; 1 read; 1 ok 1", "non-monotonic-read"),
        ("3 read; 3 ok 2; 1 read; 1 ok 1; 3 read; 3 ok 2", "stale-read"),
        ("3 read; 3 ok 2; 1 read; 1 ok 1; 2 read; 2 ok 1", "resurrected-value"),
        ("3 read; 3 ok 2; 1 read; 1 ok 1; 2 read; 2 ok 1; 3 read; 3 ok 2", "stale-read"),
        ("1 read; 1 ok 1; 2 read; 2 ok 1", "lost-update"),
        ("1 read; 1 ok 1; 2 read; 2 ok 1; 3 read; 3 ok 2", "stale-read"),
        ("1 cas 1 3; 1 ok", "lost-update"),
    ];
    for (rest, name) in cases {
        assert_eq!(first(&format!("{written}{rest}")).0, name, "{rest}");
    }
}

#[test]
fn updates_that_cannot_all_have_happened() {
    let cases = [
        ("0 write 1; 0 ok; 1 cas 1 2; 2 cas 1 3; 1 ok; 2 ok", "lost-update"),
        ("0 write 1; 0 ok; 1 cas 1 2; 1 ok; 2 cas 1 3; 2 ok", "lost-update"),
        ("0 write 1; 0 info; 2 read; 2 ok 1; 1 write 2; 1 ok; 2 read; 2 ok 1", "duplicate-apply"),
        // Somebody sees the newer value again: it was not replaced, so it was one stale view.
        (
            "0 write 1; 0 info; 2 read; 2 ok 1; 1 write 2; 1 ok; 2 read; 2 ok 1; 1 read; 1 ok 2",
            "stale-read",
        ),
    ];
    for (text, name) in cases {
        assert_eq!(first(text).0, name, "{text}");
    }
}

#[test]
fn sentences_tell_who_and_when() {
    let (_, said) = first("0 write 1; 0 ok; 0 write 2; 0 ok; 1 read; 1 ok 1");
    let wanted = "process 1 read 1 in record 4 although process 0's write of 2 was acknowledged in \
                  record 3";
    assert_eq!(said, wanted);
    let (_, said) = first("0 write 1; 0 fail; 1 read; 1 ok 1");
    let wanted = "process 1 read 1 in record 2, which only process 0's write of 1 had tried to \
                  write, and that failed";
    assert_eq!(said, wanted);
}

/// A random history of three processes; of the values read many are right, and some are not.
fn random(rng: &mut impl Rng, values: i64) -> String {
    let mut events: Vec<String> = Vec::new();
    let mut open: [Option<(bool, i64)>; 3] = [None; 3];
    let mut next = 0;
    for _ in 0..rng.random_range(6..28) {
        let process = rng.random_range(0..3);
        match open[process].take() {
            None if rng.random_bool(0.4) => {
                next = if values == 0 { next + 1 } else { rng.random_range(1..=values) };
                events.push(format!("{process} write {next}"));
                open[process] = Some((true, next));
            }
            None => {
                events.push(format!("{process} read"));
                open[process] = Some((false, 0));
            }
            Some((true, _)) => {
                let end = ["ok", "ok", "ok", "ok", "info", "fail"][rng.random_range(0..6)];
                events.push(format!("{process} {end}"));
            }
            Some((false, _)) => {
                let seen = (next - rng.random_range(0..3)).max(1) + rng.random_range(0..8) / 7;
                events.push(format!("{process} ok {seen}"));
            }
        }
    }
    events.join(";")
}

/// What each name means, said again and simply, about the operations that are named.
fn is_as_defined(history: &History, anomaly: &Anomaly) -> bool {
    let operations = history.operations();
    let named: Vec<usize> = anomaly.operations.iter().map(|index| index.index()).collect();
    let is_read = |at: usize| history.function(operations[at].function) == "read";
    let writes = |at: usize, value| !is_read(at) && operations[at].input == value;
    let reads: Vec<usize> = named.iter().copied().filter(|&at| is_read(at)).collect();
    let all = || 0..operations.len();
    let ret = |at: usize| history.span(OpIndex::new(at)).ret;
    let call = |at: usize| history.span(OpIndex::new(at)).call;
    let fails = |at: usize| operations[at].outcome == Outcome::Fail;
    let before = |one: usize, other: usize| ret(one) < call(other);
    let seen = |at: usize| operations[at].output;
    match anomaly.kind {
        AnomalyKind::PhantomRead => reads.iter().any(|&read| {
            all().all(|at| !writes(at, seen(read)) || fails(at) && call(at) > ret(read))
        }),
        AnomalyKind::DirtyRead => reads.iter().any(|&read| {
            let early = || all().filter(|&at| writes(at, seen(read)) && call(at) < ret(read));
            early().count() > 0 && early().all(fails)
        }),
        AnomalyKind::FutureRead => reads.iter().any(|&read| {
            let mut real = all().filter(|&at| writes(at, seen(read)) && !fails(at));
            real.clone().count() > 0 && real.all(|at| call(at) > ret(read))
        }),
        AnomalyKind::ReadYourWrites => reads.iter().any(|&read| {
            let own = |at: usize| operations[at].process == operations[read].process;
            let other = |at: usize| !is_read(at) && operations[at].input != seen(read);
            named.iter().any(|&at| own(at) && other(at) && before(at, read))
        }),
        AnomalyKind::NonMonotonicRead => reads.iter().any(|&read| {
            let own = |at: usize| operations[at].process == operations[read].process;
            reads.iter().any(|&at| own(at) && before(at, read) && seen(at) != seen(read))
        }),
        AnomalyKind::StaleRead => reads.iter().any(|&read| {
            named.iter().any(|&at| {
                let shows = if is_read(at) { seen(at) } else { operations[at].input };
                before(at, read) && shows != seen(read)
            })
        }),
        AnomalyKind::Unclassified => false,
        _ => true,
    }
}

#[test]
fn random_violations_are_what_they_are_called() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut kinds: Vec<&str> = Vec::new();
    for round in 0..4_000 {
        let text = random(&mut rng, [0, 3][round % 2]);
        let history = history(&text);
        for anomaly in anomalies(&history) {
            if anomaly.certainty == Certainty::Proved {
                assert!(is_as_defined(&history, &anomaly), "{text}\n{anomaly:?}");
                kinds.push(anomaly.kind.name());
            }
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    for kind in ["dirty-read", "future-read", "lost-update", "phantom-read", "stale-read"] {
        assert!(kinds.contains(&kind), "{kind} never came up: {kinds:?}");
    }
}
