//! Hints of errors are followed: each leads to a verdict in a few steps, or to a better error.

use crate::program::histcheck;

/// The options that a hint proposes first, as a shell takes them.
fn options_of(stderr: &str) -> Vec<String> {
    let hint = stderr.lines().find_map(|line| line.trim_start().strip_prefix("= help: "));
    let mut rest = hint.unwrap_or_default();
    let Some(at) = rest.find("--") else { return Vec::new() };
    rest = &rest[at..];
    let mut options = Vec::new();
    while let Some((option, value)) = rest.split_once(' ').filter(|_| rest.starts_with("--")) {
        let (value, behind) = match value.strip_prefix('\'') {
            Some(inside) => inside.split_once('\'').unwrap(),
            None => {
                let end = value.find([' ', ';', ',', ')']).unwrap_or(value.len());
                value.split_at(end)
            }
        };
        options.extend([option.to_owned(), value.to_owned()]);
        rest = behind.strip_prefix(' ').unwrap_or_default();
    }
    options
}

/// Runs on `text` with what the errors propose; returns the status after at most three steps.
fn follow(text: &str) -> (i32, String) {
    let mut options: Vec<String> = Vec::new();
    let mut told = String::new();
    for _ in 0..=3 {
        let program = options.iter().fold(histcheck(""), |program, option| program.arg(option));
        let run = program.stdin(text.to_owned()).run();
        told += &format!("{options:?}\n{}{}\n", run.stdout, run.stderr);
        if run.status != 2 {
            return (run.status, told);
        }
        let proposed = options_of(&run.stderr);
        assert!(!proposed.is_empty(), "no option to follow: {told}");
        options.extend(proposed);
    }
    (2, told)
}

/// Records of two clients: a write of 5, and a read after that of what is in `READ`.
const INPUTS: &[&str] = &[
    // Fields of other names.
    r#"{"who":1,"what":"put","with":5,"from":10,"till":20}
       {"who":2,"what":"get","got":READ,"from":30,"till":40}"#,
    r#"{"client":1,"what":"put","value":5,"start":10,"end":20}
       {"client":2,"what":"get","result":READ,"start":30,"end":40}"#,
    r#"{"client":1,"op":"put","content":5,"start":10,"end":20}
       {"client":2,"op":"get","content":READ,"start":30,"end":40}"#,
    r#"{"client":1,"op":"put","value":5,"start":10,"done":20}
       {"client":2,"op":"get","result":READ,"start":30,"done":40}"#,
    r#"{"client":1,"op":"put","the value":5,"start":10,"end":20}
       {"client":2,"op":"get","the value":READ,"start":30,"end":40}"#,
    r#"{"client":1,"op":"put","a.b":5,"start":10,"end":20}
       {"client":2,"op":"get","a.b":READ,"start":30,"end":40}"#,
    r#"{"process":1,"type":"invoke","f":"write","content":5}
       {"process":1,"type":"ok","f":"write","content":5}
       {"process":2,"type":"invoke","f":"read"}
       {"process":2,"type":"ok","f":"read","content":READ}"#,
    r#"{"process":1,"type":"invoke","what":"write","value":5}
       {"process":1,"type":"ok","what":"write","value":5}
       {"process":2,"type":"invoke","what":"read"}
       {"process":2,"type":"ok","what":"read","value":READ}"#,
    // Commands in a list.
    r#"{"client":1,"cmd":["SET","x",5],"start":10,"end":20}
       {"client":2,"cmd":["GET","x"],"result":READ,"start":30,"end":40}"#,
    r#"{"process":1,"type":"invoke","f":["SET","x",5]}
       {"process":1,"type":"ok","f":["SET","x",5]}
       {"process":2,"type":"invoke","f":["GET","x"]}
       {"process":2,"type":"ok","f":["GET","x"],"value":READ}"#,
    // Words that mean something only together.
    r#"{"client":1,"op":"LPUSH","value":5,"start":10,"end":20}
       {"client":2,"op":"RPOP","result":READ,"start":30,"end":40}"#,
    r#"{"client":1,"op":"put","value":5,"start":10,"end":20}
       {"client":2,"op":"take","result":READ,"start":30,"end":40}"#,
    // Names that are numbers, and answers in words.
    r#"{"client":1,"op":1,"value":5,"start":10,"end":20}
       {"client":2,"op":0,"output":READ,"start":30,"end":40}"#,
    r#"{"client":1,"op":"put","value":5,"start":10,"end":20,"result":"stored"}
       {"client":2,"op":"get","result":READ,"start":30,"end":40}"#,
];

#[test]
fn what_errors_propose_leads_to_the_right_verdict() {
    for input in INPUTS {
        for (read, expected) in [("5", 0), ("7", 1)] {
            let text = input.replace("READ", read);
            let (status, told) = follow(&text);
            assert_eq!(status, expected, "{text}\n{told}");
        }
    }
}

#[test]
fn no_option_is_proposed_that_cannot_help() {
    // What a transfer takes stands in several fields, which no rule joins.
    for input in [
        r#"{"client":1,"op":"deposit","account":"a","amount":5,"start":10,"end":20}
           {"client":2,"op":"read","result":{"a":5},"start":30,"end":40}"#,
        r#"{"client":1,"op":"transfer","from":"a","to":"b","amount":5,"start":10,"end":20}
           {"client":2,"op":"read","result":{"a":5},"start":30,"end":40}"#,
    ] {
        let run = histcheck("").stdin(input).run().status(2);
        run.complains("jq -c").complains(", amount}");
    }
    // What was refused is not said to be done.
    for word in ["false", "\"conflict\"", "\"ErrVersion\""] {
        let text = format!(
            "{{\"client\":1,\"op\":\"put\",\"value\":5,\"start\":10,\"end\":20,\"result\":{word}}}\n"
        );
        let run = histcheck("").stdin(text).run().status(2);
        let run = run.complains("=fail'").complains("--map outcome=.result");
        assert!(!run.stderr.contains("--ignore-outputs"), "{}", run.stderr);
    }
}

#[test]
fn words_that_mean_several_things_are_not_guessed() {
    let pair = |call: &str, end: &str, what: &str| {
        let record = |op: &str, at: u32| {
            format!("{{\"client\":{at},\"op\":\"{op}\",{what}\"start\":{at},\"end\":{}}}\n", at + 1)
        };
        record(call, 1) + &record(end, 3)
    };
    for (call, end, what, rules) in [
        ("P", "V", "", "--map f:P=acquire --map f:V=release"),
        ("down", "up", "", "--map f:down=acquire --map f:up=release"),
        ("wait", "signal", "", "--map f:wait=acquire --map f:signal=release"),
        ("RPUSH", "RPOP", "\"value\":1,", "--map f:RPUSH=push --map f:RPOP=pop"),
    ] {
        let run = histcheck("").stdin(pair(call, end, what)).run().status(2);
        run.complains("may mean several things").complains(rules);
    }
    let run = histcheck("--map f:P=acquire --map f:V=release --model semaphore --init 1");
    run.stdin(pair("P", "V", "")).run().status(0);
    for f in ["uuid", "nextval"] {
        let text = pair(f, f, "\"result\":7,");
        histcheck("").stdin(text).run().status(1).says("duplicate-id");
    }
    // A queue whose operations are called push and pop.
    let record = |op: &str, at: u32, rest: &str| {
        format!("{{\"op\":\"{op}\",{rest},\"start\":{at},\"end\":{}}}\n", at + 1)
    };
    let put = record("push", 1, "\"value\":1") + &record("push", 3, "\"value\":2");
    let first = record("pop", 5, "\"result\":1") + &record("pop", 7, "\"result\":2");
    let last = record("pop", 5, "\"result\":2") + &record("pop", 7, "\"result\":1");
    let run = histcheck("").stdin(put.clone() + &first).run().status(1);
    run.says("with `--model fifo-queue`, it is valid");
    histcheck("--model fifo-queue --self-check").stdin(put.clone() + &first).run().status(0);
    histcheck("--model fifo-queue --self-check").stdin(put.clone() + &last).run().status(1);
    histcheck("").stdin(put.clone() + &last).run().status(0).says("model    stack");
    let lost = record("pop", 5, "\"result\":9");
    let run = histcheck("").stdin(put + &lost).run().status(1);
    assert!(!run.stdout.contains("fifo-queue"), "{}", run.stdout);
}

#[test]
fn micro_operations_have_several_names() {
    for append in ["append", "a", "Append", "push"] {
        for (seen, status) in [("[1]", 0), ("[2]", 1)] {
            let event = |kind: &str, seen: &str| {
                format!(
                    "{{\"process\":0,\"type\":\"{kind}\",\"f\":\"txn\",\
                     \"value\":[[\"{append}\",\"x\",1],[\"Read\",\"x\",{seen}]]}}\n"
                )
            };
            let text = event("invoke", "null") + &event("ok", seen);
            histcheck("").stdin(text).run().status(status).says("model    list-append");
        }
    }
}

#[test]
fn long_names_are_cut() {
    let long = "x".repeat(5000);
    for text in [
        format!("{{\"client\":1,\"op\":\"put\",\"{long}\":5,\"start\":10,\"end\":20}}"),
        format!("{{\"client\":1,\"op\":\"{long}\",\"value\":5,\"start\":10,\"end\":20}}"),
        format!(
            "{{\"client\":1,\"op\":\"put\",\"value\":5,\"start\":1,\"end\":2,\"error\":\"{long}\"}}"
        ),
        format!("{{\"client\":1,\"{long}\":\"put\",\"value\":5,\"start\":10,\"end\":20}}"),
        format!(
            "{{\"{long}\":[{{\"op\":\"put\",\"start\":1}}],\"b\":[{{\"op\":\"put\",\"start\":1}}]}}"
        ),
        format!("{{\"process\":\"{long}\",\"type\":\"ok\",\"f\":\"read\"}}"),
        format!("{{\"client\":1,\"op\":\"get\",\"result\":5,\"start\":1,\"end\":2,\"{long}\":5}}"),
    ] {
        let run = histcheck("").stdin(text).run();
        assert!(run.stdout.len() + run.stderr.len() < 2500, "{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn a_word_for_nothing_is_told() {
    let whole = |word: &str| {
        format!(
            "{{\"op\":\"dequeue\",\"result\":\"{word}\",\"start\":1,\"end\":2}}\n\
             {{\"op\":\"enqueue\",\"value\":\"a\",\"start\":3,\"end\":4}}\n\
             {{\"op\":\"dequeue\",\"result\":\"a\",\"start\":5,\"end\":6}}\n\
             {{\"op\":\"dequeue\",\"result\":\"{word}\",\"start\":7,\"end\":8}}\n"
        )
    };
    let event = |kind: &str, f: &str, value: &str| {
        format!("{{\"process\":0,\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value}}}\n")
    };
    let events = |word: &str| {
        event("invoke", "read", "null")
            + &event("ok", "read", &format!("\"{word}\""))
            + &event("invoke", "write", "5")
            + &event("ok", "write", "5")
            + &event("invoke", "read", "null")
            + &event("ok", "read", "5")
    };
    for word in ["EMPTY", "", "NOT_FOUND", "None"] {
        for (text, field) in [(whole(word), "output"), (events(word), "value")] {
            let rule = format!("{field}:{word}=null");
            let run = histcheck("").stdin(text.clone()).run().status(1);
            run.says(&format!("with `--map '{rule}'`, it is valid"));
            histcheck("--map").arg(&rule).stdin(text).run().status(0);
        }
    }
    // Neither a word that is put in, nor any other, says that there is nothing.
    let put = whole("EMPTY").replace("\"value\":\"a\"", "\"value\":\"EMPTY\"");
    for text in [put, whole("b")] {
        let run = histcheck("").stdin(text).run().status(1);
        assert!(!run.stdout.contains("=null"), "{}", run.stdout);
    }
}
