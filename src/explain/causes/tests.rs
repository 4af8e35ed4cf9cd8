//! Causes of small and of random histories.
#![allow(clippy::unwrap_used)]

use super::stuck;
use crate::Session;
use crate::explain::{Anomaly, AnomalyKind, Certainty};
use crate::formats::read_bytes;
use crate::history::Settings;
use crate::history::testing::ops;
use crate::{History, Options, check};

/// A history of a register: whole operations, each as process, node, `w` or `r`, and value; one
/// after the other, a millisecond long and apart.
fn in_turn(operations: &[(u32, &str, char, u32)]) -> History {
    let mut text = String::new();
    let mut time = 0;
    for (process, node, f, value) in operations {
        let f = if *f == 'w' { "write" } else { "read" };
        for kind in ["invoke", "ok"] {
            time += 1_000_000;
            text += &format!(
                "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value},\
                 \"time\":{time},\"node\":\"{node}\"}}\n"
            );
        }
    }
    history(&text)
}

fn history(text: &str) -> History {
    read_bytes(text.as_bytes().to_vec(), None, Settings::default()).unwrap()
}

fn anomalies(history: &History) -> Vec<Anomaly> {
    let options = Options { threads: 1, ..Options::default() };
    let report = check(history, &options).unwrap();
    Session::new(history, &options).unwrap().explain(&report, 100).unwrap().anomalies
}

fn has(history: &History, kind: AnomalyKind) -> bool {
    anomalies(history).iter().any(|anomaly| anomaly.kind == kind)
}

#[test]
fn a_source_that_sticks_to_a_value_is_a_cache() {
    let start = [(0, "n1", 'w', 1), (1, "n2", 'r', 1), (0, "n1", 'w', 2), (2, "n1", 'r', 2)];
    let then = |rest: &[(u32, &'static str, char, u32)]| {
        let all: Vec<_> = start.iter().chain(rest).copied().collect();
        anomalies(&in_turn(&all))
    };
    let found = then(&[(1, "n2", 'r', 1), (3, "n2", 'r', 1), (1, "n2", 'r', 2)]);
    assert_eq!(found[0].kind, AnomalyKind::StaleCacheRead);
    assert_eq!((found[0].certainty, found[0].count), (Certainty::Suggested, 2));
    assert_eq!(found[0].operations, ops(&[1, 2, 4, 5]));
    let wanted = "node n2 kept returning 1 as a cache does: process 0's write of 2 was \
                  acknowledged at 5 ms, and process 3 read 1 at 10 ms, 5 ms after that; then it \
                  had the newer one (2 stale reads)";
    assert_eq!(found[0].summary, wanted);
    // One stale read alone may have any cause.
    let found = then(&[(1, "n2", 'r', 1), (1, "n2", 'r', 2)]);
    assert!(found.iter().all(|anomaly| anomaly.kind != AnomalyKind::StaleCacheRead));
    // Unless the source says what it is.
    let found = anomalies(&in_turn(&[
        (0, "n1", 'w', 1),
        (1, "edge-cache", 'r', 1),
        (0, "n1", 'w', 2),
        (1, "edge-cache", 'r', 1),
    ]));
    assert_eq!(found[0].kind, AnomalyKind::StaleCacheRead);
}

#[test]
fn a_replica_that_lags_is_no_cache() {
    let lagging = in_turn(&[
        (0, "n1", 'w', 1),
        (1, "n2", 'r', 1),
        (0, "n1", 'w', 2),
        (2, "n1", 'r', 2),
        (1, "n2", 'r', 1),
        (3, "n2", 'r', 1),
        (0, "n1", 'w', 3),
        (2, "n1", 'r', 3),
        (1, "n2", 'r', 2),
        (3, "n2", 'r', 2),
        (3, "n2", 'r', 3),
    ]);
    assert!(!has(&lagging, AnomalyKind::StaleCacheRead));
    assert_eq!(anomalies(&lagging)[0].kind, AnomalyKind::StaleRead);
}

/// Two sides, each with a writer and a reader, from the write of 2 on one and of 3 on the other.
fn two_sides(first: char, second: &str) -> History {
    let mut text = String::new();
    let mut event = |process: u32, node: &str, kind: &str, f: &str, value: u32| {
        text += &format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value},\
             \"node\":\"{node}\"}}\n"
        );
    };
    event(0, "n1", "invoke", "write", 2);
    event(2, "n3", "invoke", "write", 3);
    event(0, "n1", "ok", "write", 2);
    event(2, "n3", "ok", "write", 3);
    let value = if first == '2' { 2 } else { 3 };
    for (process, node, value) in [(1, "n2", value), (3, second, 3), (1, "n2", value)] {
        event(process, node, "invoke", "read", 0);
        event(process, node, "ok", "read", value);
    }
    history(&text)
}

#[test]
fn sides_that_agree_only_within_themselves_are_split() {
    let split = two_sides('2', "n4");
    let found = anomalies(&split);
    assert_eq!(found[0].kind, AnomalyKind::SplitBrain, "{found:?}");
    assert!(found[0].summary.contains("node n1 and node n2"), "{}", found[0].summary);
    // A node that shows both values is on both sides.
    assert!(!has(&two_sides('2', "n2"), AnomalyKind::SplitBrain));
    assert!(anomalies(&two_sides('3', "n4")).is_empty());
}

#[test]
fn alike_violations_are_counted() {
    let again = in_turn(&[
        (0, "n1", 'w', 1),
        (0, "n1", 'w', 2),
        (1, "n2", 'r', 1),
        (1, "n2", 'r', 1),
        (2, "n1", 'r', 2),
    ]);
    let stale: Vec<usize> = anomalies(&again)
        .iter()
        .filter(|anomaly| anomaly.kind == AnomalyKind::StaleRead)
        .map(|anomaly| anomaly.count)
        .collect();
    assert_eq!(stale.len(), 1);
}

#[test]
fn waiting_in_a_circle_is_a_deadlock() {
    let event = |process: u32, kind: &str, f: &str, key: &str| {
        format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":null,\
             \"key\":\"{key}\"}}\n"
        )
    };
    let takes = |process, key| event(process, "invoke", "acquire", key);
    let took = |process, key| takes(process, key) + &event(process, "ok", "acquire", key);
    let freed = |process, key| {
        event(process, "invoke", "release", key) + &event(process, "ok", "release", key)
    };
    let both = took(0, "a") + &took(1, "b") + &takes(0, "b");
    assert_eq!(stuck(&history(&both)), None);
    let found = stuck(&history(&(both.clone() + &takes(1, "a")))).unwrap();
    assert_eq!(found.operations, ops(&[0, 1, 2, 3]));
    let wanted = "process 0 waits for \"b\" since record 4, which process 1 holds, process 1 \
                  waits for \"a\" since record 5, which process 0 holds: a deadlock";
    assert_eq!(found.summary, wanted);
    assert_eq!(stuck(&history(&(took(0, "a") + &freed(0, "a") + &takes(0, "a")))), None);
    assert!(stuck(&history(&(took(0, "a") + &takes(0, "a")))).is_some());
}

#[test]
fn one_that_waits_while_others_go_on_is_starved() {
    let write = |kind: &str, process: u32, value: u32| {
        format!("{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"write\",\"value\":{value}}}\n")
    };
    let others = |count: u32| {
        (0..count).fold(write("invoke", 1, 1), |text, at| {
            text + &write("invoke", 0, 10 + at) + &write("ok", 0, 10 + at)
        })
    };
    assert_eq!(stuck(&history(&others(15))), None);
    let found = stuck(&history(&others(16))).unwrap();
    assert_eq!((found.operations, found.certainty), (ops(&[0]), Certainty::Suggested));
    // One that ended, however, was told what to think of it.
    assert_eq!(stuck(&history(&(others(16) + &write("info", 1, 1)))), None);
}
