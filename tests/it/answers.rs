//! What updates return: it counts, or a report says that it does not.

use serde_json::Value as Json;

use crate::program::{Outcome, histcheck};

/// Whole calls by one process after the other: `f`, the input and the output as JSON, on one key.
fn history(calls: &[(&str, &str, &str)]) -> String {
    let mut text = String::new();
    for (process, (f, input, output)) in calls.iter().enumerate() {
        for (kind, value) in [("invoke", input), ("ok", output)] {
            text += &format!(
                "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value},\
                 \"key\":\"k\"}}\n"
            );
        }
    }
    text
}

fn run(arguments: &str, calls: &[(&str, &str, &str)]) -> Outcome {
    histcheck(arguments).stdin(history(calls)).run()
}

#[test]
fn keys_are_compared_and_deleted() {
    let calls = [
        ("put", "\"a\"", "null"),
        ("cas", r#"["a","b"]"#, r#"["a","b"]"#),
        ("cas", r#"{"from":"a","to":"c"}"#, "false"),
        ("get", "null", "\"b\""),
        ("delete", "null", "null"),
        ("get", "null", "null"),
        ("put-if-absent", "3", "null"),
        ("swap", "4", "3"),
        ("inc", "null", "null"),
        ("read", "null", "5"),
    ];
    run("--self-check", &calls).status(0).says("kv, inferred");
    for (at, wrong) in [(1, "false"), (2, "true"), (3, "\"a\""), (5, "\"b\""), (6, "false")] {
        let mut calls = calls;
        calls[at].2 = wrong;
        run("--self-check", &calls).status(1).says("kv, inferred");
    }
    run("", &[("write", "1", "1"), ("delete", "null", "null"), ("read", "null", "null")]).status(0);
    run("", &[("write", "1", "1"), ("delete", "null", "null"), ("read", "null", "1")]).status(1);
}

#[test]
fn what_an_update_replaced_is_checked() {
    for (second, status) in [(r#"{"previous":null}"#, 1), (r#"{"previous":"a"}"#, 0), ("null", 0)] {
        let calls = [("put", "\"a\"", r#"{"previous":null}"#), ("put", "\"b\"", second)];
        run("--self-check", &calls).status(status).says("kv, inferred");
        run("--follow", &calls).status(status);
        let writes = [("write", "1", r#"{"prev":null}"#), ("write", "2", second)];
        run("", &writes).status(if second.contains('a') { 1 } else { status });
        run("--ignore-outputs put", &calls).status(0);
        run("--follow --ignore-outputs put", &calls).status(0);
    }
}

#[test]
fn an_output_that_is_not_clear_is_refused() {
    let calls = [("put", "\"a\"", "7"), ("get", "null", "\"a\"")];
    run("", &calls)
        .status(2)
        .complains("error[H0020]: `put` returns null, true, its own input")
        .complains("--ignore-outputs put");
    let report = run("--format json --ignore-outputs put", &calls).status(0).json();
    assert_eq!(report["warnings"][0]["kind"], "unread-outputs");
    assert_eq!(report["warnings"][0]["message"], "outputs of `put` are not looked at");
}

/// The same check in memory, beyond it, and as the records come in.
fn unread(arguments: &str, calls: &[(&str, &str, &str)]) -> Vec<String> {
    let message = |report: &Json| report["warnings"][0]["message"].as_str().map(str::to_owned);
    let json = |more: &str| run(&format!("--format json {more} {arguments}"), calls).json();
    let here = message(&json("")).unwrap_or_default();
    assert_eq!(here, message(&json("--max-memory 4GiB --disk-from 1")).unwrap_or_default());
    let followed = json("--follow");
    let names = followed["unread_outputs"].as_array().unwrap().iter();
    let names: Vec<String> = names.map(|name| name.as_str().unwrap().to_owned()).collect();
    for name in &names {
        assert!(here.contains(&format!("`{name}`")), "{here}: {name}");
    }
    assert_eq!(here.is_empty(), names.is_empty(), "{here}");
    names
}

#[test]
fn a_report_lists_what_was_not_looked_at() {
    let none: [&str; 0] = [];
    assert_eq!(unread("", &[("write", "1", "7"), ("read", "null", "1")]), ["write"]);
    assert_eq!(unread("", &[("write", "1", "1"), ("read", "null", "1")]), none);
    assert_eq!(unread("", &[("write", "1", "\"OK\""), ("read", "null", "1")]), none);
    let lock = [("lock", "\"a\"", "\"a\""), ("unlock", "null", "{\"at\":5}")];
    assert_eq!(unread("--any-owner", &lock), ["unlock"]);
    assert_eq!(unread("--model set", &[("add", "1", "9"), ("add", "2", "true")]), ["add"]);
    let calls = [("inc", "1", "8"), ("read", "null", "1")];
    assert_eq!(unread("", &calls), ["inc"]);
    assert_eq!(unread("--model kv --ignore-outputs inc", &calls), ["inc"]);
}

#[test]
fn fences_grow_and_clients_hold() {
    let (one, two) = (r#"{"client":"a","fence":1}"#, r#"{"client":"b","fence":2}"#);
    let free = [("acquire", "null", one), ("release", "null", r#"{"client":"a"}"#)];
    let again = [free[0], free[0], free[1], free[1], ("acquire", "null", two)];
    for arguments in ["--self-check", "--follow"] {
        let run = |more: &str, calls: &[_]| run(&format!("{arguments} {more}"), calls);
        run("", &[free[0], free[1], ("acquire", "null", two)]).status(0).says("fenced-mutex");
        run("", &[free[0], free[1], ("acquire", "null", r#"{"fence":1}"#)]).status(1);
        run("", &[free[0], ("release", "null", r#"{"client":"b"}"#)]).status(1);
        run("--any-owner", &[free[0], ("release", "null", r#"{"client":"b"}"#)]).status(0);
        run("", &again).status(1);
        run("--model reentrant-mutex", &again).status(0);
        run("--model reentrant-mutex", &again[1..]).status(1);
        // A number alone is a fence, too.
        let bare = |fences: [&'static str; 2]| {
            let take = fences.map(|fence| ("acquire", "null", fence));
            [take[0], ("release", "null", "null"), take[1]]
        };
        run("--model fenced-mutex --any-owner", &bare(["1", "2"])).status(0);
        run("--model fenced-mutex --any-owner", &bare(["2", "1"])).status(1);
    }
    let unread = run("--model mutex --any-owner", &free).status(0);
    unread.says("outputs of `acquire`, `release` are not looked at");
}

#[test]
fn drains_are_dequeues() {
    let run = |last: &str, drained: &str| {
        let calls = [
            ("enqueue", "1", "1"),
            ("enqueue", "2", "2"),
            ("drain", "null", drained),
            ("dequeue", "null", last),
        ];
        ["fifo-queue", "unordered-queue"].map(|model| {
            let outcome = run(&format!("--format json --self-check --model {model}"), &calls);
            outcome.json()["verdict"].as_str().unwrap().to_owned()
        })
    };
    assert_eq!(run("null", "[1,2]"), ["valid", "valid"]);
    assert_eq!(run("null", "[2,1]"), ["invalid", "valid"]);
    for (last, drained) in [("null", "[1]"), ("2", "[1]"), ("null", "[1,2,3]"), ("1", "[1,2]")] {
        assert_eq!(run(last, drained), ["invalid", "invalid"], "{drained}");
    }
    let alone = [("enqueue", "1", "1"), ("drain", "null", "null")];
    histcheck("").stdin(history(&alone)).run().status(1).says("fifo-queue, inferred");
}

/// Two drains at once share the items, and a crashed one took what it lists.
#[test]
fn drains_may_overlap_and_crash() {
    let text = |lines: &[&str]| {
        lines.iter().map(|line| line.replace('(', "{\"process\":").replace(')', "}\n")).collect()
    };
    let drains = |last: &str| -> String {
        text(&[
            r#"(0,"type":"invoke","f":"enqueue","value":1)"#,
            r#"(0,"type":"ok","f":"enqueue","value":1)"#,
            r#"(0,"type":"invoke","f":"enqueue","value":2)"#,
            r#"(0,"type":"ok","f":"enqueue","value":2)"#,
            r#"(0,"type":"invoke","f":"enqueue","value":3)"#,
            r#"(0,"type":"ok","f":"enqueue","value":3)"#,
            r#"(1,"type":"invoke","f":"drain","value":null)"#,
            r#"(2,"type":"invoke","f":"drain","value":null)"#,
            r#"(1,"type":"ok","f":"drain","value":[1,3])"#,
            last,
            r#"(3,"type":"invoke","f":"dequeue","value":null)"#,
            r#"(3,"type":"ok","f":"dequeue","value":null)"#,
        ])
    };
    for (last, status) in [
        (r#"(2,"type":"ok","f":"drain","value":[2])"#, 0),
        (r#"(2,"type":"ok","f":"drain","value":[])"#, 1),
        (r#"(2,"type":"ok","f":"drain","value":[3])"#, 1),
        (r#"(2,"type":"info","f":"drain","value":[2])"#, 0),
        (r#"(2,"type":"info","f":"drain","value":[])"#, 0),
        (r#"(2,"type":"info","f":"drain","value":[4])"#, 1),
        (r#"(2,"type":"fail","f":"drain","value":null)"#, 1),
        (r#"(2,"type":"info","f":"drain","value":null)"#, 2),
        (r#"(2,"type":"ok","f":"drain","value":7)"#, 2),
    ] {
        histcheck("--self-check").stdin(drains(last)).run().status(status);
    }
    let unknown = drains(r#"(2,"type":"info","f":"drain","value":null)"#);
    histcheck("").stdin(unknown).run().complains("it is not known what this drain took");
}

#[test]
fn only_outputs_of_plain_updates_can_be_ignored() {
    let calls = [("write", "1", "7"), ("read", "null", "1")];
    run("--ignore-outputs read", &calls).status(2).complains("cannot be ignored");
    run("--ignore-outputs cas,write", &calls).status(2).complains("`cas`");
    run("--ignore-outputs wrte", &calls).status(2).complains("no model has an operation `wrte`");
    run("--ignore-outputs write,put", &calls).status(0).says("outputs of `write`");
}
