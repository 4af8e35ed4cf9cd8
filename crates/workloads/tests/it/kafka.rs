//! `kafka`: every anomaly, as its definition has it.

use serde_json::{Value as Json, json};

use histcheck_workloads::{Options, Verdict};

use crate::support::{Line, ask, ask_with, found, verdict};

const NULL: Json = Json::Null;

fn op<'a>(
    process: i64,
    kind: &'a str,
    function: &'a str,
    input: Json,
    output: Json,
) -> [Line<'a>; 2] {
    [(process, "invoke", function, input), (process, kind, function, output)]
}

/// A transaction that sends to `x`, with offsets if these are given.
fn send<'a>(process: i64, kind: &'a str, messages: Json) -> [Line<'a>; 2] {
    let entries = messages.as_array().unwrap();
    let input = entries.iter().map(|entry| json!(["send", "x", entry.get(1).unwrap_or(entry)]));
    let output = entries.iter().map(|entry| json!(["send", "x", entry]));
    op(process, kind, "send", input.collect(), output.collect())
}

fn poll<'a>(process: i64, kind: &'a str, messages: Json) -> [Line<'a>; 2] {
    op(process, kind, "poll", json!([["poll"]]), json!([["poll", {"x": messages}]]))
}

/// Whether there is an anomaly `name`, and how often.
fn count(name: &str, lines: &[Line<'_>]) -> usize {
    let question = format!("kafka:{name}");
    let report = ask(&question, lines);
    let count = report.found.iter().map(|found| found.count).sum();
    assert_eq!(report.verdict == Verdict::Invalid, count > 0);
    count
}

#[test]
fn a_log_without_faults_is_valid() {
    let lines = [
        send(0, "ok", json!([[0, 0], [1, 1], [2, 2]])),
        poll(1, "ok", json!([[0, 0]])),
        // What does not succeed is polled again.
        poll(1, "fail", json!([[1, 1], [2, 2]])),
        poll(1, "info", json!([[1, 1], [2, 2]])),
        poll(1, "ok", json!([[1, 1], [2, 2]])),
    ];
    let report = ask("kafka", &lines.concat());
    assert_eq!((report.verdict, found(&report)), (Verdict::Valid, vec![]));
    assert_eq!(verdict("kafka", &[]), Verdict::Unknown);
    assert_eq!(
        verdict("kafka", &op(0, "ok", "assign", json!(["x"]), json!(["x"]))),
        Verdict::Unknown
    );
}

#[test]
fn two_messages_at_one_offset_are_inconsistent() {
    let one = op(
        0,
        "info",
        "send",
        json!([["send", "x", 1], ["send", "y", 1]]),
        json!([["send", "x", [0, 1]], ["send", "y", 1]]),
    );
    let other = send(1, "ok", json!([[0, 2]]));
    let mut lines = [one, other].concat();
    // The first may not have happened.
    assert_eq!(count("inconsistent-offsets", &lines), 0);
    lines.extend(op(2, "ok", "poll", json!([["poll"]]), json!([["poll", {"y": [[5, 1]]}]])));
    assert_eq!(count("inconsistent-offsets", &lines), 1);
}

#[test]
fn failed_transactions_are_not_polled() {
    let lines = [send(0, "fail", json!([2, 3])), poll(1, "ok", json!([[0, 2]]))].concat();
    assert_eq!(count("G1a", &lines), 1);
    let lines = [send(0, "fail", json!([2, 3])), poll(1, "fail", json!([[0, 2]]))].concat();
    assert_eq!(count("G1a", &lines), 0);
}

#[test]
fn what_is_before_a_polled_message_was_polled() {
    let lines = [
        send(0, "ok", json!([[0, "a"]])),
        send(0, "ok", json!([[1, "b"], [3, "d"]])),
        send(1, "info", json!(["c"])),
        poll(0, "ok", json!([[2, "c"]])),
    ];
    assert_eq!(count("lost-write", &lines.concat()), 2);
    // b overwrote a at its offset.
    let lines = [
        send(0, "ok", json!([[0, "a"]])),
        send(0, "ok", json!([[0, "b"], [2, "c"]])),
        poll(0, "ok", json!([[0, "b"], [2, "c"]])),
    ];
    assert_eq!(count("lost-write", &lines.concat()), 1);
    let crashed = op(
        0,
        "info",
        "send",
        json!([["send", "y", "a"], ["send", "x", "b"]]),
        json!([["send", "y", "a"], ["send", "x", [0, "b"]]]),
    );
    let later = [send(1, "info", json!(["c"])), poll(3, "ok", json!([[1, "c"]]))].concat();
    assert_eq!(count("lost-write", &[&crashed[..], &later].concat()), 0);
    // Once one of its messages was polled, it has happened.
    let seen = op(2, "ok", "poll", json!([["poll"]]), json!([["poll", {"y": [[0, "a"]]}]]));
    assert_eq!(count("lost-write", &[&crashed[..], &seen, &later].concat()), 1);
}

#[test]
fn a_process_polls_on_where_it_was() {
    let all = send(3, "info", json!(["a", "b", "c", "d", "g"]));
    let start = [poll(0, "ok", json!([[1, "a"], [2, "b"]])), poll(1, "ok", json!([[3, "c"]]))];
    let end = [
        poll(0, "ok", json!([[4, "d"]])),
        send(2, "ok", json!([[6, "f"]])),
        poll(0, "ok", json!([[7, "g"]])),
    ];
    let between = |function, keys: Json, kind| {
        let assigned = op(0, kind, function, keys.clone(), keys);
        [&start.concat()[..], &assigned, &end.concat(), &all].concat()
    };
    assert_eq!(count("poll-skip", &[start.concat(), end.concat(), all.to_vec()].concat()), 2);
    assert_eq!(count("poll-skip", &between("subscribe", json!(["y"]), "ok")), 1);
    assert_eq!(count("poll-skip", &between("assign", json!(["y"]), "info")), 1);
    assert_eq!(count("poll-skip", &between("assign", json!(["y"]), "fail")), 2);
    assert_eq!(count("poll-skip", &between("assign", json!(["x", "y"]), "ok")), 2);
    // Where consumers subscribe, the broker may move them.
    let report = ask("kafka", &between("subscribe", json!(["x"]), "ok"));
    assert!(!report.found("poll-skip").unwrap().violates);
}

#[test]
fn aborted_polls_do_not_move_a_process() {
    let start = [
        send(0, "ok", json!([[0, 0], [1, 1], [2, 2], [3, 3], [4, 4], [5, 5]])),
        poll(1, "ok", json!([[0, 0]])),
        poll(1, "fail", json!([[1, 1], [2, 2]])),
    ];
    let ends = [poll(1, "fail", json!([[3, 3], [4, 4]])), poll(1, "ok", json!([[5, 5]]))];
    assert_eq!(count("poll-skip", &[start.concat(), ends.concat()].concat()), 2);
    let crashed = poll(1, "info", json!([[3, 3], [4, 4]]));
    assert_eq!(count("poll-skip", &[&start.concat()[..], &crashed].concat()), 1);
}

#[test]
fn a_process_does_not_go_back() {
    let sent = send(0, "ok", json!(["a", "b", "c", "d"]));
    let first = poll(0, "ok", json!([[1, "a"], [2, "b"], [3, "c"]]));
    let then = poll(0, "ok", json!([[2, "b"], [3, "c"], [4, "d"]]));
    assert_eq!(count("nonmonotonic-poll", &[&sent[..], &first, &then].concat()), 1);
    let away = op(0, "ok", "assign", json!(["y"]), json!(["y"]));
    assert_eq!(count("nonmonotonic-poll", &[&sent[..], &first, &away, &then].concat()), 0);
    let one = send(0, "ok", json!([[3, "c"], [4, "d"]]));
    let other = send(0, "ok", json!([[1, "a"], [2, "b"]]));
    assert_eq!(count("nonmonotonic-send", &[one.clone(), other.clone()].concat()), 1);
    assert_eq!(count("nonmonotonic-send", &[&one[..], &away, &other].concat()), 0);
}

#[test]
fn one_transaction_polls_in_order() {
    let sent = send(1, "info", json!(["a", "b", "d"]));
    let polls = |first: Json, second: Json| {
        let input = json!([["poll"], ["poll"]]);
        op(0, "ok", "poll", input, json!([["poll", {"x": first}], ["poll", {"x": second}]]))
    };
    let lines = [
        sent,
        poll(0, "ok", json!([[1, "a"], [4, "d"]])),
        polls(json!([[1, "a"]]), json!([[4, "d"]])),
        poll(0, "ok", json!([[2, "b"]])),
    ];
    assert_eq!(count("int-poll-skip", &lines.concat()), 2);
    let lines = [
        send(1, "info", json!(["a", "b", "c"])),
        poll(0, "ok", json!([[3, "c"], [1, "a"]])),
        polls(json!([[2, "b"], [3, "c"]]), json!([[3, "c"]])),
    ];
    assert_eq!(count("int-nonmonotonic-poll", &lines.concat()), 2);
}

#[test]
fn one_transaction_sends_in_order() {
    let skips = [
        send(0, "ok", json!([[1, "a"], "c"])),
        send(1, "info", json!(["b"])),
        poll(2, "ok", json!([[2, "b"], [3, "c"]])),
    ];
    assert_eq!(count("int-send-skip", &skips.concat()), 1);
    // That is usual.
    assert!(!ask("kafka", &skips.concat()).found("int-send-skip").unwrap().violates);
    let back = [
        send(0, "ok", json!([[3, "c"], [1, "a"]])),
        send(0, "info", json!(["z", "y"])),
        poll(2, "ok", json!([[7, "y"], [9, "z"]])),
    ];
    assert_eq!(count("int-nonmonotonic-send", &back.concat()), 2);
}

#[test]
fn a_message_is_at_one_offset() {
    let lines = [
        send(0, "ok", json!([[1, "a"]])),
        send(1, "info", json!(["b"])),
        poll(2, "ok", json!([[2, "b"], [3, "a"]])),
    ];
    assert_eq!(count("duplicate", &lines.concat()), 1);
    let mut lines = Vec::new();
    for value in 0..10 {
        lines.extend(send(0, "ok", json!([[0, value]])));
        lines.extend(poll(1, "ok", json!([[1, value]])));
    }
    assert_eq!(count("duplicate", &lines), 10);
    assert_eq!(count("inconsistent-offsets", &lines), 2);
    // Polls count even of transactions that fail; sends do not.
    let lines = [
        send(0, "ok", json!([[1, 0]])),
        send(0, "fail", json!([[2, 1]])),
        poll(1, "fail", json!([[11, 0], [12, 1]])),
    ];
    assert_eq!(count("duplicate", &lines.concat()), 1);
}

#[test]
fn what_was_sent_is_seen() {
    let lines = [send(0, "ok", json!([[0, "a"], [1, "b"]])), poll(0, "ok", json!([[0, "a"]]))];
    assert_eq!(count("unseen", &lines.concat()), 1);
    let lines = [poll(0, "ok", json!([[0, "a"]]))];
    assert_eq!(count("unsent", &lines.concat()), 1);
}

#[test]
fn a_transaction_does_not_poll_its_own_messages() {
    let output = json!([["send", "x", [0, "a"]], ["poll", {"x": [[0, "a"]]}]]);
    let lines = op(0, "ok", "txn", json!([["send", "x", "a"], ["poll"]]), output);
    assert_eq!(count("precommitted-read", &lines), 1);
    assert_eq!(verdict("kafka", &lines), Verdict::Invalid);
}

/// Two transactions at once.
fn both<'a>(one: [Json; 2], other: [Json; 2]) -> Vec<Line<'a>> {
    let [[one, one_then], [other, other_then]] = [one, other];
    vec![
        (0, "invoke", "txn", one),
        (1, "invoke", "txn", other),
        (0, "ok", "txn", one_then),
        (1, "ok", "txn", other_then),
    ]
}

#[test]
fn writes_have_one_order() {
    let send = |value: &str| json!([["send", "x", value], ["send", "y", value]]);
    let sent =
        |value: &str, x: i64, y: i64| json!([["send", "x", [x, value]], ["send", "y", [y, value]]]);
    let lines = both([send("a"), sent("a", 0, 1)], [send("b"), sent("b", 1, 0)]);
    assert_eq!(count("G0", &lines), 1);
    let report = ask("kafka", &lines);
    // That is usual; but nobody polls these messages.
    assert_eq!(found(&report), [("unseen", 4), ("G0", 1)]);
    assert!(!report.found("G0").unwrap().violates);
}

#[test]
fn transactions_do_not_see_each_other() {
    let one = [
        json!([["send", "x", "a"], ["poll"]]),
        json!([["send", "x", [0, "a"]], ["poll", {"y": [[0, "b"]]}]]),
    ];
    let other = [
        json!([["send", "y", "b"], ["poll"]]),
        json!([["send", "y", [0, "b"]], ["poll", {"x": [[0, "a"]]}]]),
    ];
    let report = ask("kafka", &both(one, other));
    assert_eq!((report.verdict, found(&report)), (Verdict::Invalid, vec![("G1c", 1)]));
    assert_eq!(report.found[0].examples[0].operations.len(), 2);
    // One sees the other, and its own message comes after a message of the other.
    let one = [
        json!([["send", "x", "a"], ["send", "y", "c"]]),
        json!([["send", "x", [0, "a"]], ["send", "y", [2, "c"]]]),
    ];
    let other = [
        json!([["poll"], ["send", "y", "b"]]),
        json!([["poll", {"x": [[0, "a"]]}], ["send", "y", [1, "b"]]]),
    ];
    let lines = both(one, other);
    assert_eq!(count("G1c", &lines), 1);
    assert!(ask("kafka", &lines).found("G1c").is_none());
    let options = Options { write_order: Some(true), ..Options::default() };
    assert!(!ask_with("kafka", &options, &lines).found("G1c").unwrap().violates);
}

#[test]
fn nobody_polls_what_is_sent_later() {
    let lines = [poll(0, "ok", json!([[0, "a"]])), send(1, "ok", json!([[0, "a"]]))].concat();
    let report = ask("kafka", &lines);
    assert_eq!((report.verdict, found(&report)), (Verdict::Invalid, vec![("G1c-realtime", 1)]));
    let lines = [poll(0, "ok", json!([[0, "a"]])), send(0, "ok", json!([[0, "a"]]))].concat();
    assert_eq!(found(&ask("kafka", &lines)), [("G1c-process", 1)]);
    let lines = [send(0, "ok", json!([[1, "b"]])), send(1, "ok", json!([[0, "a"]]))].concat();
    assert_eq!(count("G0-realtime", &lines), 1);
}

#[test]
fn keys_of_maps_are_numbers_where_others_are() {
    let lines = [
        op(0, "ok", "send", json!([["send", 7, 1]]), json!([["send", 7, [0, 1]]])),
        op(1, "ok", "poll", json!([["poll"]]), json!([["poll", {"7": [[0, 1]]}]])),
    ];
    assert_eq!(verdict("kafka", &lines.concat()), Verdict::Valid);
    assert_eq!(verdict("kafka", &op(0, "ok", "txn", json!([["r", 1, 2]]), NULL)), Verdict::Unknown);
}

#[test]
fn polls_may_be_behind() {
    let polled = |messages: Json| poll(0, "ok", messages);
    let nothing = || op(0, "ok", "poll", json!([["poll"]]), json!([["poll", {}]]));
    let assign = |keys: Json| op(0, "ok", "assign", keys.clone(), keys);
    let lines = [
        assign(json!(["x"])),
        polled(json!([])),
        send(0, "ok", json!([[0, "a"]])),
        // Invoked 1 ms after offset 0 was known.
        polled(json!([])),
        send(1, "ok", json!([[2, "c"], [3, "d"]])),
        polled(json!([])),
        // Up to offset 1, which was not the last one from 9 ms on.
        polled(json!([[0, "a"], [1, "b"]])),
        assign(json!(["x", "y"])),
        nothing(),
        assign(json!(["y"])),
        assign(json!(["x"])),
        // From the start again: 17 ms behind.
        nothing(),
        polled(json!([[0, "a"], [1, "b"], [2, "c"], [3, "d"]])),
        send(1, "info", json!(["b"])),
    ];
    let report = ask("kafka", &lines.concat());
    let lag = report.latencies.iter().find(|latency| latency.0 == "realtime-lag").unwrap().1;
    assert_eq!(lag.count, 8);
    assert_eq!(lag.nanoseconds.map(|lag| lag / 1_000_000), [0, 3, 17, 17, 17]);
}
