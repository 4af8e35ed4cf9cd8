//! `histcheck shrink` as a command, and histories with many violations.

use std::fmt::Write as _;

use histcheck::formats::{Format, Input};
use histcheck::{History, Options, Session};

use crate::program::{Directory, histcheck};

const STALE: &str = "histories/stale-read.jsonl";

#[test]
fn what_was_cut_down_is_written_and_fails_again() {
    let directory = Directory::new();
    let target = directory.path().join("small.jsonl");
    histcheck("shrink").arg(STALE).arg("-o").arg(&target).run().status(0);
    let text = std::fs::read_to_string(&target).unwrap();
    assert!(text.lines().next().unwrap().contains("stale-read.jsonl"), "{text}");
    histcheck("").arg(&target).run().status(1).says("stale-read");
}

#[test]
fn without_a_target_it_goes_to_standard_output() {
    let small = histcheck("shrink").arg(STALE).run().status(0).stdout;
    histcheck("-").stdin(small).run().status(1).says("stale-read");
}

#[test]
fn what_is_written_tells_what_it_was_cut_out_of() {
    let proof = r#"{"process":0,"type":"invoke","f":"write","value":1,"node":"n1"}
{"process":0,"type":"ok","f":"write","value":1,"node":"n1"}
{"process":3,"type":"invoke","f":"write","value":7,"node":"n1"}
{"process":1,"type":"invoke","f":"cas","value":[1,2],"node":"n2"}
{"process":1,"type":"fail","f":"cas","value":[1,2],"node":"n2"}
{"process":2,"type":"invoke","f":"read","value":null,"node":"n3"}
{"process":3,"type":"ok","f":"write","value":7,"node":"n1"}
{"process":2,"type":"ok","f":"read","value":1,"node":"n3"}
"#;
    let history = r#"{"process":9,"type":"invoke","f":"read","value":null}
{"process":9,"type":"ok","f":"read","value":null}
"#;
    let header = concat!(
        r#"{"histcheck":{"model":"cas-register","verdict":"invalid","anomaly":"stale-read","#,
        r#""operation":6,"story":"Process 2 read 1 in record 6 although process 1 had found "#,
        r#"another value than 1 in record 5, like others.","minimal":true,"#,
        r#""flags":["--failed-cas observes"],"source":{"operations":[2,4,5,7],"of":5}}}"#,
        "\n"
    );
    let run = histcheck("shrink --failed-cas observes -").stdin(history.to_owned() + proof).run();
    assert_eq!(run.status(0).stdout, header.to_owned() + proof);
}

#[test]
fn nothing_is_cut_out_of_what_is_valid() {
    let valid = r#"{"process":0,"type":"invoke","f":"write","value":1,"time":1}
{"process":0,"type":"ok","f":"write","value":1,"time":2}
"#;
    let outcome = histcheck("shrink -").stdin(valid).run().status(1);
    assert_eq!(outcome.stdout, "");
}

#[test]
fn broken_input_and_bad_targets_are_errors() {
    histcheck("shrink -").stdin("{\"process\":").run().status(2).complains("error");
    let directory = Directory::new();
    let target = directory.path().join("missing/small.jsonl");
    histcheck("shrink").arg(STALE).arg("-o").arg(&target).run().status(2).complains("missing");
}

/// A register of `operations` writes by one process, each read by another; fifty of the reads are
/// stale by one write.
fn with_stale_reads(operations: usize) -> History {
    let mut text = String::new();
    let mut record = |process: usize, kind: &str, f: &str, value: &str, time: usize| {
        let line = format_args!(
            r#"{{"process":{process},"type":"{kind}","f":"{f}","value":{value},"time":{time}}}"#
        );
        writeln!(text, "{line}").unwrap();
    };
    let pairs = operations / 2;
    for at in 1..=pairs {
        let stale = at % (pairs / 50) == pairs / 100;
        let (time, seen) = (at * 100, if stale { at - 1 } else { at });
        record(0, "invoke", "write", &at.to_string(), time);
        record(0, "ok", "write", &at.to_string(), time + 10);
        record(1, "invoke", "read", "null", time + 20);
        record(1, "ok", "read", &seen.to_string(), time + 30);
    }
    let input = Input::from_bytes(text.into_bytes(), Some(Format::JsonLines).into()).unwrap();
    input.history(histcheck::history::Settings::default()).unwrap()
}

#[test]
fn fifty_violations_of_a_long_history_are_all_counted() {
    let history = with_stale_reads(100_000);
    // However slow the machine is.
    let explain_timeout = Some(std::time::Duration::from_secs(300));
    let options = Options { explain_timeout, ..Options::default() };
    let report = histcheck::check(&history, &options).unwrap();
    let explanation = Session::new(&history, &options).unwrap().explain(&report, 100).unwrap();
    let counted: usize = explanation.anomalies.iter().map(|anomaly| anomaly.count).sum();
    assert_eq!(counted, 50, "{:?}", explanation.anomalies);
    assert_eq!(explanation.anomalies[0].kind.name(), "stale-read");
    assert!(explanation.is_complete);
}
