//! `queue`, `total-queue`, `unique-ids` and `counter`.

use serde_json::{Value as Json, json};

use histcheck_workloads::Verdict;

use crate::support::{Line, ask, found, verdict};

const NULL: Json = Json::Null;

#[test]
fn what_comes_out_of_a_queue_was_put_in() {
    assert_eq!(verdict("queue", &[]), Verdict::Valid);
    assert_eq!(verdict("queue", &[(1, "invoke", "enqueue", json!(1))]), Verdict::Valid);
    assert_eq!(verdict("queue", &[(1, "ok", "enqueue", json!(1))]), Verdict::Valid);
    let concurrent = [
        (2, "invoke", "dequeue", NULL),
        (1, "invoke", "enqueue", json!(1)),
        (2, "ok", "dequeue", json!(1)),
    ];
    assert_eq!(verdict("queue", &concurrent), Verdict::Valid);
    let alone = [(1, "ok", "dequeue", json!(1))];
    assert_eq!(found(&ask("queue", &alone)), [("unexpected", 1)]);
    let early = [
        (1, "invoke", "dequeue", NULL),
        (1, "ok", "dequeue", json!(1)),
        (1, "invoke", "enqueue", json!(1)),
    ];
    assert_eq!(found(&ask("queue", &early)), [("early", 1)]);
    let twice = [
        (1, "invoke", "enqueue", json!(1)),
        (2, "invoke", "dequeue", NULL),
        (2, "ok", "dequeue", json!(1)),
        (3, "invoke", "dequeue", NULL),
        (3, "ok", "dequeue", json!(1)),
    ];
    let report = ask("queue", &twice);
    assert_eq!((report.verdict, found(&report)), (Verdict::Invalid, vec![("duplicated", 1)]));
}

#[test]
fn what_went_into_a_queue_comes_out() {
    assert_eq!(verdict("total-queue", &[]), Verdict::Valid);
    let sane = [
        (1, "invoke", "enqueue", json!(1)),
        (2, "invoke", "enqueue", json!(2)),
        (2, "ok", "enqueue", json!(2)),
        (3, "invoke", "dequeue", NULL),
        (3, "ok", "dequeue", json!(1)),
        (3, "invoke", "dequeue", NULL),
        (3, "ok", "dequeue", json!(2)),
    ];
    let report = ask("total-queue", &sane);
    assert_eq!((report.verdict, found(&report)), (Verdict::Valid, vec![]));
    let counts = ["attempts", "acknowledged", "ok", "recovered"].map(|name| report.count(name));
    assert_eq!(counts, [2, 1, 2, 1]);
    let pathological = [
        (1, "invoke", "enqueue", json!("hung")),
        (2, "invoke", "enqueue", json!("enqueued")),
        (2, "ok", "enqueue", json!("enqueued")),
        (3, "invoke", "enqueue", json!("dup")),
        (3, "ok", "enqueue", json!("dup")),
        (4, "invoke", "dequeue", NULL),
        (5, "invoke", "dequeue", NULL),
        (5, "ok", "dequeue", json!("wtf")),
        (6, "invoke", "dequeue", NULL),
        (6, "ok", "dequeue", json!("dup")),
        (7, "invoke", "dequeue", NULL),
        (7, "ok", "dequeue", json!("dup")),
    ];
    let report = ask("total-queue", &pathological);
    assert_eq!(found(&report), [("lost", 1), ("unexpected", 1), ("duplicated", 1)]);
    assert_eq!(report.verdict, Verdict::Invalid);
    assert_eq!(report.count("ok"), 1);
    // An item that comes out twice alone is none: what was acknowledged was delivered.
    assert_eq!(verdict("total-queue", &pathological[3..5]), Verdict::Invalid);
    let twice = [&pathological[3..5], &pathological[8..]].concat();
    assert_eq!(verdict("total-queue", &twice), Verdict::Valid);
    assert_eq!(verdict("total-queue:duplicated", &twice), Verdict::Invalid);
}

#[test]
fn a_drain_takes_many_items() {
    let put: [Line<'_>; 2] = [(1, "invoke", "enqueue", json!(1)), (1, "ok", "enqueue", json!(1))];
    let drain = |kind, value| {
        [&put[..], &[(2, "invoke", "drain", NULL), (2, kind, "drain", value)]].concat()
    };
    assert_eq!(verdict("total-queue", &drain("ok", json!([1]))), Verdict::Valid);
    assert_eq!(verdict("total-queue", &drain("ok", json!([]))), Verdict::Invalid);
    let report = ask("total-queue", &drain("info", NULL));
    assert_eq!((report.verdict, report.undecided.len()), (Verdict::Invalid, 1));
    assert_eq!(verdict("total-queue", &drain("info", NULL)[2..]), Verdict::Unknown);
    assert_eq!(verdict("total-queue", &drain("fail", NULL)), Verdict::Invalid);
}

#[test]
fn ids_differ() {
    assert_eq!(verdict("unique-ids", &[]), Verdict::Valid);
    let ids = [Some(0), Some(1), Some(0), Some(0), None];
    let mut lines = Vec::new();
    for (id, process) in ids.into_iter().zip(0..) {
        lines.push((process, "invoke", "generate", NULL));
        lines.push(match id {
            Some(id) => (process, "ok", "generate", json!(id)),
            None => (process, "info", "generate", NULL),
        });
    }
    let report = ask("unique-ids", &lines);
    assert_eq!((report.verdict, found(&report)), (Verdict::Invalid, vec![("duplicated", 2)]));
    let names = ["attempts", "acknowledged", "duplicated", "lowest-id", "highest-id"];
    assert_eq!(names.map(|name| report.count(name)), [5, 4, 1, 0, 1]);
}

#[test]
fn a_counter_is_within_its_bounds() {
    let read = |value| [(0, "invoke", "read", NULL), (0, "ok", "read", json!(value))];
    assert_eq!(verdict("counter", &[]), Verdict::Valid);
    assert_eq!(verdict("counter", &read(0)), Verdict::Valid);
    assert_eq!(verdict("counter", &read(1)), Verdict::Invalid);
    let failed = [(0, "invoke", "add", json!(1)), (0, "fail", "add", json!(1))];
    assert_eq!(verdict("counter", &[failed.clone(), read(0)].concat()), Verdict::Valid);
    assert_eq!(verdict("counter", &[failed, read(1)].concat()), Verdict::Invalid);
    let open = [(1, "invoke", "add", json!(1))];
    let both = [&open[..], &read(0), &read(1)].concat();
    assert_eq!(verdict("counter", &both), Verdict::Valid);
    let rolling = [
        (0, "invoke", "read", NULL),
        (1, "invoke", "add", json!(1)),
        (0, "ok", "read", json!(0)),
        (0, "invoke", "read", NULL),
        (1, "ok", "add", json!(1)),
        (1, "invoke", "add", json!(2)),
        (0, "ok", "read", json!(3)),
        (0, "invoke", "read", NULL),
        (1, "ok", "add", json!(2)),
        (0, "ok", "read", json!(5)),
    ];
    let report = ask("counter", &rolling);
    assert_eq!((found(&report), report.count("reads")), (vec![("out-of-bounds", 1)], 3));
    assert_eq!(verdict("counter", &rolling[..7]), Verdict::Valid);
}

#[test]
fn a_counter_may_go_down() {
    let lines = |read: i64| {
        vec![
            (0, "invoke", "add", json!(5)),
            (0, "ok", "add", json!(5)),
            (1, "invoke", "add", json!(-2)),
            (2, "invoke", "read", NULL),
            (2, "ok", "read", json!(read)),
        ]
    };
    let verdicts = [2, 3, 5, 6].map(|read| verdict("counter", &lines(read)));
    use Verdict::{Invalid, Valid};
    assert_eq!(verdicts, [Invalid, Valid, Valid, Invalid]);
    assert_eq!(verdict("counter", &[(0, "ok", "add", json!("x"))]), Verdict::Unknown);
}
