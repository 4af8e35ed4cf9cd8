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
