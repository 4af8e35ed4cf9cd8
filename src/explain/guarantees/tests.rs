#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::Session;
use crate::explain::KeyExplanation;
use crate::history::OpIndex;
use crate::history::testing::ops;
use crate::{History, Options, check};

/// What is said of a history of whole operations, one after the other: process, function, value.
/// With `!` before the function, the operation crashes.
fn explained(model: &str, operations: &[(i64, &str, i64)]) -> KeyExplanation {
    let mut history = History::builder();
    for &(process, function, value) in operations {
        let called = function.trim_start_matches('!');
        let (input, output) = match called {
            "read" | "dequeue" => (None, Some(value)),
            _ => (Some(value), Some(value)),
        };
        history.invoke(process, called, input).unwrap();
        if called == function {
            history.ok(process, called, output).unwrap();
        } else {
            history.info(process, called).unwrap();
        }
    }
    let history = history.build().unwrap();
    let options = Options { model: Some(model.to_owned()), threads: 1, ..Options::default() };
    let report = check(&history, &options).unwrap();
    Session::new(&history, &options).unwrap().explain(&report, 1).unwrap().keys.remove(0)
}

/// The guarantees that are broken, with the operations that show it.
fn broken(key: &KeyExplanation) -> Vec<(&'static str, Vec<u32>)> {
    assert!(key.guarantees.iter().all(|held| held.holds.is_some()), "{key:?}");
    let numbers = |of: &[OpIndex]| of.iter().map(|index| index.index() as u32).collect();
    let broken = key.guarantees.iter().filter(|held| held.holds == Some(false));
    broken.map(|held| (held.guarantee.name(), numbers(&held.broken_by))).collect()
}

fn names(key: &KeyExplanation) -> Vec<&'static str> {
    broken(key).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_lagging_reader_breaks_no_promise_to_clients() {
    let key =
        explained("register", &[(0, "write", 1), (0, "write", 2), (1, "read", 1), (1, "read", 2)]);
    assert_eq!(broken(&key), [("regular", vec![0, 1, 2])]);
    let k = key.staleness.unwrap().k;
    assert_eq!((k.at_least, k.at_most), (Some(2), Some(2)));
}

#[test]
fn a_reader_that_goes_back_is_not_monotonic() {
    let key =
        explained("register", &[(0, "write", 1), (0, "write", 2), (1, "read", 2), (1, "read", 1)]);
    let all = vec![0, 1, 2, 3];
    assert_eq!(
        names(&key),
        ["sequential", "causal", "pram", "monotonic-reads", "monotonic-writes", "regular"]
    );
    assert_eq!(broken(&key)[3], ("monotonic-reads", all));
    assert_eq!(key.guarantees[4].processes, 1);
}

#[test]
fn versions_of_different_writers_have_no_order_for_clients() {
    let key =
        explained("register", &[(0, "write", 1), (1, "write", 2), (2, "read", 2), (2, "read", 1)]);
    assert_eq!(names(&key), ["regular"]);
}

#[test]
fn a_process_that_misses_its_own_write() {
    let key = explained("register", &[(0, "write", 1), (0, "write", 2), (0, "read", 1)]);
    assert_eq!(names(&key), ["sequential", "causal", "pram", "read-your-writes", "regular"]);
}

#[test]
fn an_effect_without_its_cause() {
    let operations =
        [(0, "write", 1), (1, "read", 1), (1, "write", 2), (2, "read", 2), (2, "read", 1)];
    let key = explained("register", &operations);
    assert_eq!(names(&key), ["sequential", "causal", "writes-follow-reads", "regular"]);
    assert_eq!(broken(&key)[2].1, [0, 1, 2, 3, 4]);
}

#[test]
fn the_way_from_a_cause_to_its_effect_is_shown() {
    let operations = [
        (0, "write", 1),
        (0, "write", 2),
        (1, "read", 2),
        (1, "read", 2),
        (1, "write", 3),
        (3, "read", 3),
        (3, "write", 4),
        (2, "read", 4),
        (2, "read", 1),
    ];
    let key = explained("register", &operations);
    assert_eq!(key.guarantees[6].holds, Some(false));
    // What the second process read twice is shown once.
    let shown = vec![0, 1, 3, 4, 5, 6, 7, 8];
    assert_eq!(key.guarantees[6].broken_by, ops(&shown));
}

#[test]
fn processes_that_disagree_on_an_order() {
    let operations = [(0, "write", 1), (1, "write", 2), (0, "read", 2), (1, "read", 1)];
    let key = explained("register", &operations);
    assert_eq!(names(&key), ["sequential", "regular"]);
}

#[test]
fn a_value_that_nobody_wrote() {
    let key = explained("register", &[(0, "write", 1), (1, "read", 7)]);
    assert_eq!(names(&key), ["sequential", "causal", "pram", "regular"]);
    assert_eq!(key.staleness, None);
}

#[test]
fn a_crashed_write_does_not_bind_its_process() {
    // The write may take effect after what its process did later.
    let operations =
        [(0, "!write", 1), (0, "write", 2), (0, "read", 2), (0, "read", 1), (1, "read", 2)];
    let key = explained("register", &operations);
    assert!(names(&key).is_empty());
}

#[test]
fn other_objects_are_only_sequential_or_not() {
    let order = explained("fifo-queue", &[(0, "enqueue", 1), (1, "enqueue", 2), (2, "dequeue", 2)]);
    assert_eq!(order.guarantees[0].holds, Some(true));
    assert!(order.guarantees[1..].iter().all(|held| held.holds.is_none()));
    let own = explained("fifo-queue", &[(0, "enqueue", 1), (0, "enqueue", 2), (2, "dequeue", 2)]);
    assert_eq!(own.guarantees[0].holds, Some(false));
}
