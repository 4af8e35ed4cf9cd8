//! `set` and `set-full`.

use serde_json::{Value as Json, json};

use histcheck_workloads::{Options, Verdict};

use crate::support::{Line, ask, ask_with, found, verdict};

const NULL: Json = Json::Null;

#[test]
fn a_set_has_what_was_added() {
    let lines = [
        (0, "invoke", "add", json!(0)),
        (0, "ok", "add", json!(0)),
        (0, "invoke", "add", json!(1)),
        (0, "ok", "add", json!(1)),
        (1, "invoke", "add", json!(10)),
        (1, "info", "add", json!(10)),
        (2, "invoke", "add", json!(20)),
        (2, "fail", "add", json!(20)),
        (4, "invoke", "read", NULL),
        (4, "ok", "read", json!([0, 10, 20, 30])),
    ];
    let report = ask("set", &lines);
    assert_eq!(report.verdict, Verdict::Invalid);
    assert_eq!(found(&report), [("lost", 1), ("unexpected", 1)]);
    let counts = ["attempts", "acknowledged", "ok", "recovered"].map(|name| report.count(name));
    assert_eq!(counts, [4, 2, 3, 2]);
    assert_eq!(verdict("set", &lines[..4]), Verdict::Unknown);
    assert_eq!(verdict("set", &[]), Verdict::Unknown);
    let sane =
        [&lines[..2], &[(4, "invoke", "read", NULL), (4, "ok", "read", json!([0]))]].concat();
    assert_eq!(verdict("set", &sane), Verdict::Valid);
}

#[test]
fn only_the_last_read_of_a_set_counts() {
    let lines = [
        (0, "invoke", "add", json!(0)),
        (0, "ok", "add", json!(0)),
        (1, "invoke", "read", NULL),
        (1, "ok", "read", json!([])),
        (1, "invoke", "read", NULL),
        (1, "ok", "read", json!([0])),
    ];
    assert_eq!(verdict("set", &lines), Verdict::Valid);
}

fn events<'a>(names: &str) -> Vec<Line<'a>> {
    let event = |name| match name {
        "a" => (0, "invoke", "add", json!(0)),
        "a'" => (0, "ok", "add", json!(0)),
        "b" => (1, "invoke", "add", json!(1)),
        "b'" => (1, "ok", "add", json!(1)),
        "r" => (2, "invoke", "read", NULL),
        "s" => (3, "invoke", "read", NULL),
        "r'" => (2, "ok", "read", json!([])),
        "r'0" => (2, "ok", "read", json!([0])),
        "r'1" => (2, "ok", "read", json!([1])),
        "r'01" => (2, "ok", "read", json!([0, 1])),
        "s'1" => (3, "ok", "read", json!([1])),
        other => panic!("{other}"),
    };
    names.split(' ').map(event).collect()
}

#[test]
fn an_element_is_stable_once_every_later_read_finds_it() {
    for names in ["r a r'0 a'", "r a a' r'0", "a r r'0 a'", "a r a' r'0", "a a' r r'0"] {
        let report = ask("set-full", &events(names));
        assert_eq!((report.verdict, found(&report)), (Verdict::Valid, vec![]), "{names}");
        assert_eq!(report.count("stable"), 1);
        assert_eq!(report.latencies[0].1.nanoseconds, [0; 5]);
    }
}

#[test]
fn an_element_that_no_read_could_miss_says_nothing() {
    for names in ["a a'", "a r r'", "r a r' a'", "r a a' r'", "a r r' a'", "a r a' r'"] {
        let report = ask("set-full", &events(names));
        assert_eq!((report.verdict, found(&report)), (Verdict::Unknown, vec![]), "{names}");
        assert_eq!(report.count("never-read"), 1, "{names}");
    }
}

#[test]
fn an_element_is_lost_if_no_later_read_finds_it() {
    let report = ask("set-full", &events("a a' r r'"));
    assert_eq!((report.verdict, found(&report)), (Verdict::Invalid, vec![("lost", 1)]));
    assert_eq!(report.latencies[0].1.nanoseconds, [0; 5]);
    let report = ask("set-full", &events("a b r r'1 a' b' r r'01 r r'0 r r'"));
    assert_eq!(found(&report), [("lost", 2)]);
    let milliseconds = report.latencies[0].1.nanoseconds.map(|latency| latency / 1_000_000);
    // Of 1, found last by a read from 6 ms on and known since 3 ms; of 0, from 8 ms and 4 ms.
    assert_eq!(milliseconds, [3, 4, 4, 4, 4]);
}

#[test]
fn a_stale_element_comes_back() {
    let events = events("a a' b r r'1 b' r s s'1 r'0");
    let report = ask("set-full", &events);
    assert_eq!(report.verdict, Verdict::Invalid);
    assert_eq!(found(&report), [("lost", 1), ("stale", 1)]);
    assert_eq!(report.count("stable"), 1);
    let stable = report.latencies.iter().find(|latency| latency.0 == "stable").unwrap();
    assert_eq!(stable.1.nanoseconds, [2_000_000; 5]);
    // Without the element that is lost, it takes an option to be a violation.
    let stale: Vec<Line<'_>> = crate::sets::events("b b' r r'1 r r' r r'1");
    assert_eq!(verdict("set-full", &stale), Verdict::Valid);
    assert_eq!(verdict("set-full:stale", &stale), Verdict::Invalid);
    let options = Options { linearizable: true, ..Options::default() };
    assert_eq!(ask_with("set-full", &options, &stale).verdict, Verdict::Invalid);
}

#[test]
fn one_read_has_an_element_once() {
    let mut lines = events("a a' r");
    lines.push((2, "ok", "read", json!([0, 0])));
    assert_eq!(found(&ask("set-full", &lines)), [("duplicated", 1)]);
}

#[test]
fn sets_have_keys_where_values_are_tuples() {
    let lines = [
        (0, "invoke", "add", json!([7, 0])),
        (0, "ok", "add", json!([7, 0])),
        (1, "invoke", "add", json!([8, 0])),
        (1, "ok", "add", json!([8, 0])),
        (0, "invoke", "read", json!([7, null])),
        (0, "ok", "read", json!([7, [0]])),
        (0, "invoke", "read", json!([8, null])),
        (0, "ok", "read", json!([8, []])),
    ];
    let report = ask("set-full", &lines);
    assert_eq!(found(&report), [("lost", 1)]);
    assert!(report.found[0].examples[0].key.is_some());
    // A read that returns elements alone has no key: these are pairs.
    let alone =
        [&lines[..2], &[(0, "invoke", "read", json!([7, null])), (0, "ok", "read", json!([0]))]];
    assert_eq!(found(&ask("set-full", &alone.concat())), [("lost", 1)]);
}
