//! Isolation levels of transactions that are judged as they come in.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use histcheck::isolation::Level;
use serde_json::Value;

use crate::program::histcheck;

/// An event of a transaction, as a line of JSON.
fn event(process: u32, kind: &str, micros: &str) -> String {
    format!("{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"txn\",\"value\":[{micros}]}}\n")
}

/// `count` transactions of which each reads what the one before it wrote to `key`.
fn turns(count: u32, key: &str) -> String {
    let turn = |at: u32| {
        let write = format!("[\"w\",\"{key}\",{}]", at + 1);
        let read = if at == 0 { "null".to_owned() } else { at.to_string() };
        event(at % 3, "invoke", &format!("[\"r\",\"{key}\",null],{write}"))
            + &event(at % 3, "ok", &format!("[\"r\",\"{key}\",{read}],{write}"))
    };
    (0..count).map(turn).collect()
}

/// Two transactions that each read what the other one replaced.
fn skew() -> String {
    event(0, "invoke", r#"["r","a",null],["w","b",1]"#)
        + &event(1, "invoke", r#"["r","b",null],["w","a",1]"#)
        + &event(0, "ok", r#"["r","a",null],["w","b",1]"#)
        + &event(1, "ok", r#"["r","b",null],["w","a",1]"#)
}

#[test]
fn a_level_is_ruled_out_while_the_pipe_is_open() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_histcheck"))
        .args(["--follow", "--level", "serializable"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdin.write_all((turns(20, "k") + &skew()).as_bytes()).unwrap();
    stdin.flush().unwrap();
    let mut told = String::new();
    stdout.read_line(&mut told).unwrap();
    assert_eq!(told, "invalid: not serializable: G2-item (write skew)\n");
    stdin.write_all(event(5, "invoke", r#"["w","c",1]"#).as_bytes()).unwrap();
    drop(stdin);
    let rest: Vec<String> = stdout.lines().map(Result::unwrap).collect();
    let last = rest.iter().rfind(|line| line.starts_with("invalid")).unwrap();
    assert_eq!(last, "invalid: not serializable: G2-item (write skew)");
    assert!(rest.iter().any(|line| line.contains("line 41): read a = null")), "{rest:#?}");
    assert!(rest.iter().any(|line| line.contains("23 transactions")), "{rest:#?}");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// What is followed gets the answer that the whole history gets.
#[test]
fn the_end_is_as_if_it_was_never_followed() {
    let mut compared = 0;
    for entry in fs::read_dir("histories/isolation").unwrap() {
        let path = entry.unwrap().path();
        let level = Level::all().nth(compared % Level::all().count()).unwrap();
        let run = |more: &str| {
            let run = histcheck("--format json --level").arg(level.name()).arg(&path).args(more);
            let run = run.run();
            let last = run.stdout.lines().last().unwrap_or_default();
            let report: Value = serde_json::from_str(last).unwrap();
            (run.status, report["verdict"].clone(), report["isolation"].clone())
        };
        assert_eq!(run("--follow"), run(""), "{path:?}: {}", level.name());
        compared += 1;
    }
    assert!(compared > 70);
}

#[test]
fn programs_get_a_line_for_what_rules_out_levels_and_one_for_the_end() {
    let text = turns(600, "k") + &skew() + &turns(1, "l");
    let run = histcheck("--follow --level serializable --format json").stdin(text).run();
    assert_eq!(run.status, 1, "{}", run.stderr);
    let lines: Vec<Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["violation", "end"]);
    assert_eq!(lines[0]["isolation"]["levels"]["serializable"], "ruled-out");
    assert_eq!(lines[0]["isolation"]["levels"]["snapshot-isolation"], "undecided");
    assert_eq!(lines[0]["isolation"]["anomalies"][0]["transactions"][0]["line"], 1201);
    assert_eq!(lines[1]["isolation"]["levels"]["snapshot-isolation"], "holds");
    assert_eq!(lines[1]["records"], 1206);
}

/// What nobody wrote by then may be written later, and need not be wrong.
#[test]
fn a_read_of_what_is_written_later_waits_for_that() {
    let early = event(9, "invoke", r#"["r","z",null]"#) + &event(9, "ok", r#"["r","z",1]"#);
    let later = event(8, "invoke", r#"["w","z",1]"#) + &event(8, "ok", r#"["w","z",1]"#);
    let text = |rest: &str| early.clone() + &turns(2000, "k") + rest;
    for (level, rest, status) in [
        ("serializable", later.as_str(), 0),
        ("serializable", "", 1),
        ("strict-serializable", later.as_str(), 1),
    ] {
        let run = histcheck("--follow --format json --level").arg(level).stdin(text(rest)).run();
        assert_eq!(run.status, status, "{level}: {}", run.stdout);
        let is_early = run.stdout.contains("\"event\":\"violation\"");
        assert_eq!(is_early, level == "strict-serializable", "{level}: {}", run.stdout);
    }
}

#[test]
fn a_limit_ends_it_undecided() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_histcheck"))
        .args(["--follow", "--level", "serializable", "--timeout", "300ms"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(turns(20, "k").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.starts_with("unknown: the time was up (--timeout) after "), "{told}");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn what_cannot_be_followed_is_refused() {
    for (options, why) in [
        ("--level anomalies:G1a", "anomalies need the whole history"),
        ("--level serialisable", "serializable"),
        ("--level serializable --keys linearizable", "cannot be used with"),
        ("--level serializable --process 1", "--level needs all transactions"),
        ("--level serializable --order time", "an order by time cannot be followed"),
        ("--level serializable --init-key k=1", "--level needs one known initial value"),
    ] {
        let run = histcheck("--follow").args(options).stdin(turns(2, "k")).run();
        assert_eq!(run.status, 2, "{options}: {}", run.stdout);
        assert!(run.stderr.contains(why), "{options}: {}", run.stderr);
    }
    let late = turns(20_000, "k") + "{\"histcheck\": {\"initial\": 0}}\n" + &turns(20_000, "l");
    let run = histcheck("--follow --level serializable").stdin(late).run();
    assert_eq!(run.status, 2, "{}", run.stdout);
    assert!(run.stderr.contains("the metadata comes too late"), "{}", run.stderr);
}
