//! `bank`, `long-fork`, `causal`, `causal-reverse`, `monotonic` and `dirty-reads`.

use serde_json::{Value as Json, json};

use histcheck_workloads::{Options, Verdict};

use crate::support::{Line, ask, ask_with, found, verdict};

const NULL: Json = Json::Null;

fn reads(process: i64, value: Json) -> [Line<'static>; 2] {
    [(process, "invoke", "read", NULL), (process, "ok", "read", value)]
}

#[test]
fn balances_add_up() {
    let first = reads(0, json!({"0": 90, "1": 10}));
    let then = |value| [first.clone(), reads(1, value)].concat();
    let cases = [
        (json!({"0": 95, "1": 5}), vec![]),
        (json!({"0": 95, "1": 6}), vec![("wrong-total", 1)]),
        (json!({"0": 101, "1": -1}), vec![("negative-value", 1)]),
        (json!({"0": 100, "1": null}), vec![("nil-balance", 1)]),
        (json!({"0": 90, "1": 5, "2": 5}), vec![("unexpected-key", 1)]),
        (json!({"0": 90}), vec![("wrong-total", 1)]),
    ];
    for (value, expected) in cases {
        assert_eq!(found(&ask("bank", &then(value.clone()))), expected, "{value}");
    }
    let mut options = Options { negative_balances: true, ..Options::default() };
    let negative = then(json!({"0": 101, "1": -1}));
    assert_eq!(ask_with("bank", &options, &negative).verdict, Verdict::Valid);
    options.total = Some(80);
    assert_eq!(found(&ask_with("bank", &options, &negative)), [("wrong-total", 2)]);
    options.accounts = Some(["0", "1", "2"].map(str::to_owned).to_vec());
    assert_eq!(found(&ask_with("bank", &options, &negative)), [("missing-key", 2)]);
    assert_eq!(
        verdict("bank", &[reads(0, json!([5, 5])), reads(0, json!([4, 6]))].concat()),
        Verdict::Valid
    );
}

fn transaction(process: i64, parts: Json) -> [Line<'static>; 2] {
    [(process, "invoke", "read", NULL), (process, "ok", "read", parts)]
}

#[test]
fn reads_agree_on_the_order_of_writes() {
    let one = transaction(0, json!([["r", 0, 1], ["r", 1, 1], ["r", 2, null]]));
    let other = transaction(1, json!([["r", 2, 1], ["r", 0, 1], ["r", 1, null]]));
    let none = transaction(2, json!([["r", 2, null], ["r", 0, null], ["r", 1, null]]));
    let all = transaction(2, json!([["r", 2, 1], ["r", 0, 1], ["r", 1, 1]]));
    let report =
        ask("long-fork", &[one.clone(), none.clone(), other.clone(), all.clone()].concat());
    assert_eq!((report.verdict, found(&report)), (Verdict::Invalid, vec![("long-fork", 1)]));
    let counts = ["reads", "early-reads", "late-reads"].map(|name| report.count(name));
    assert_eq!(counts, [4, 1, 1]);
    assert_eq!(verdict("long-fork", &[one.clone(), none, all].concat()), Verdict::Valid);
    let smaller = transaction(3, json!([["r", 0, 1]]));
    assert_eq!(verdict("long-fork", &[one.clone(), smaller].concat()), Verdict::Unknown);
    let changed = transaction(3, json!([["r", 0, 2], ["r", 1, 1], ["r", 2, 1]]));
    assert_eq!(verdict("long-fork", &[one.clone(), changed].concat()), Verdict::Unknown);
    let write: [Line<'_>; 2] = [
        (5, "invoke", "write", json!([["w", 0, 1]])),
        (6, "invoke", "write", json!([["w", 0, 1]])),
    ];
    let twice = [&write[..], &one, &other].concat();
    assert_eq!(verdict("long-fork", &twice), Verdict::Unknown);
    assert_eq!(verdict("long-fork", &[&write[..1], &one, &other].concat()), Verdict::Invalid);
    let options = Options { group_size: Some(2), ..Options::default() };
    assert_eq!(ask_with("long-fork", &options, &one).verdict, Verdict::Unknown);
}

#[test]
fn a_causal_register_counts_up() {
    let step = |function, value: Json| (0, "ok", function, value);
    let chain = |read: i64| {
        vec![
            step("read-init", json!(0)),
            step("write", json!(1)),
            step("read", json!(1)),
            step("write", json!(2)),
            step("read", json!(read)),
        ]
    };
    assert_eq!(verdict("causal", &chain(2)), Verdict::Valid);
    assert_eq!(found(&ask("causal", &chain(1))), [("unexpected-read", 1)]);
    assert_eq!(found(&ask("causal", &[step("write", json!(2))])), [("unexpected-write", 1)]);
    let start = [step("read-init", json!(1))];
    assert_eq!(found(&ask("causal", &start)), [("unexpected-initial-value", 1)]);
    assert_eq!(verdict("causal", &[step("cas", json!(1))]), Verdict::Unknown);
}

#[test]
fn a_write_is_visible_with_those_before_it() {
    let write =
        |value: i64| [(0, "invoke", "write", json!(value)), (0, "ok", "write", json!(value))];
    let two = [write(1), write(2)].concat();
    let then = |value| [two.clone(), reads(0, value).to_vec()].concat();
    assert_eq!(verdict("causal-reverse", &then(json!([1, 2]))), Verdict::Valid);
    assert_eq!(verdict("causal-reverse", &then(json!([1]))), Verdict::Valid);
    assert_eq!(verdict("causal-reverse", &then(json!([]))), Verdict::Valid);
    assert_eq!(found(&ask("causal-reverse", &then(json!([2])))), [("missing", 1)]);
    // One process has several writes open: the values tell which of them ends.
    let concurrent = [
        (0, "invoke", "write", json!(2)),
        (0, "invoke", "write", json!(1)),
        (0, "ok", "write", json!(1)),
        (0, "invoke", "read", NULL),
        (0, "ok", "write", json!(2)),
        (0, "ok", "read", json!([2])),
    ];
    let report = ask("causal-reverse", &concurrent);
    assert_eq!((report.verdict, report.notes.len()), (Verdict::Valid, 1));
}

fn row(value: i64, timestamp: i64, process: i64) -> Json {
    json!({"val": value, "sts": timestamp, "process": process, "node": 1, "tb": 0})
}

#[test]
fn rows_grow_with_their_timestamps() {
    let add = |kind, value: i64| {
        let row = if kind == "ok" { row(value, 10 * value, 0) } else { json!({"val": value}) };
        [(0, "invoke", "add", NULL), (0, kind, "add", row)]
    };
    let adds = [add("ok", 1), add("ok", 2), add("fail", 3), add("info", 4)].concat();
    let read = |rows: Json| [adds.clone(), reads(0, rows).to_vec()].concat();
    let rows = json!([row(1, 10, 0), row(2, 20, 0), row(4, 40, 0)]);
    let report = ask("monotonic", &read(rows));
    assert_eq!((report.verdict, report.count("recovered")), (Verdict::Valid, 1));
    let rows = json!([row(1, 10, 0), row(1, 9, 1), row(3, 40, 1)]);
    let report = ask("monotonic", &read(rows));
    let expected = [
        ("lost", 1),
        ("duplicated", 1),
        ("revived", 1),
        ("timestamp-order", 1),
        ("value-order", 1),
    ];
    assert_eq!(found(&report), expected);
    let rows = json!([row(2, 10, 0), row(1, 20, 1)]);
    assert_eq!(found(&ask("monotonic", &read(rows.clone()))), [("value-order", 1)]);
    let options = Options { global: false, ..Options::default() };
    assert_eq!(ask_with("monotonic", &options, &read(rows)).verdict, Verdict::Valid);
    assert_eq!(verdict("monotonic", &adds), Verdict::Unknown);
}

#[test]
fn what_a_process_sees_does_not_go_back() {
    let pair = |process, at: &str, value: i64| reads(process, json!([at, value]));
    let valid = [pair(0, "09:00.1Z", 1), pair(1, "09:00Z", 0), pair(0, "09:00.2Z", 1)].concat();
    assert_eq!(verdict("monotonic", &valid), Verdict::Valid);
    let back = [valid.clone(), pair(0, "09:00.15Z", 0).to_vec()].concat();
    let expected = [("timestamp-order", 1), ("value-order-per-process", 1)];
    assert_eq!(found(&ask("monotonic", &back)), expected);
    let past = |at: &str, value: i64| {
        [(3, "invoke", "read-at", NULL), (3, "ok", "read-at", json!([at, value]))]
    };
    let past = [pair(0, "09:00.1Z", 1), past("08:00Z", 3), past("08:01Z", 2)].concat();
    assert_eq!(found(&ask("monotonic", &past)), [("value-order", 1)]);
    assert_eq!(
        verdict("monotonic", &[reads(0, json!(1)), reads(0, json!(2))].concat()),
        Verdict::Valid
    );
    assert_eq!(
        verdict("monotonic", &[reads(0, json!(2)), reads(0, json!(1))].concat()),
        Verdict::Invalid
    );
    assert_eq!(verdict("monotonic", &[]), Verdict::Unknown);
}

#[test]
fn failed_writes_are_not_read() {
    let failed = [(0, "invoke", "write", json!(7)), (0, "fail", "write", json!(7))];
    let then = |value| [failed.clone(), reads(1, value)].concat();
    assert_eq!(verdict("dirty-reads", &then(json!([-1, -1]))), Verdict::Valid);
    assert_eq!(found(&ask("dirty-reads", &then(json!([7, 7])))), [("dirty-read", 1)]);
    let report = ask("dirty-reads", &then(json!([-1, 3])));
    assert_eq!((report.verdict, found(&report)), (Verdict::Valid, vec![("inconsistent-read", 1)]));
    assert_eq!(verdict("dirty-reads", &then(json!(7))), Verdict::Invalid);
}

#[test]
fn final_reads_tell_what_was_committed() {
    let wrote = [(0, "invoke", "write", json!(1)), (0, "ok", "write", json!(1))];
    let strong = |process, value| {
        [(process, "invoke", "strong-read", NULL), (process, "ok", "strong-read", value)]
    };
    let both = |one, other| [wrote.clone(), strong(1, one), strong(2, other)].concat();
    assert_eq!(verdict("dirty-reads", &both(json!([1]), json!([1]))), Verdict::Valid);
    assert_eq!(found(&ask("dirty-reads", &both(json!([]), json!([])))), [("lost", 1)]);
    assert_eq!(found(&ask("dirty-reads", &both(json!([1]), json!([])))), [("disagreement", 1)]);
    let dirty = [both(json!([1]), json!([1])), reads(3, json!(2)).to_vec()].concat();
    assert_eq!(found(&ask("dirty-reads", &dirty)), [("dirty-read", 1)]);
}
