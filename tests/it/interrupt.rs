//! What happens when somebody presses Ctrl-C.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use crate::program::Directory;
use crate::support::hard::hard;

const EASY: &str = "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n\
                    {\"process\":0,\"type\":\"ok\",\"f\":\"read\"}\n";

/// A run of the program that shows how far it is, with `text` on its standard input, which stays
/// open.
fn start(arguments: &[&str], text: &str) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_histcheck"))
        .args(["--progress", "always"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    (child, stderr)
}

/// Interrupts a run as soon as it says that it does `what`; its status and what it printed.
fn interrupted(
    (mut child, mut stderr): (Child, BufReader<std::process::ChildStderr>),
    what: &str,
) -> (i32, String, String) {
    let mut line = String::new();
    while !line.contains(what) {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended before it did {what}");
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    let status = child.wait().unwrap().code().unwrap();
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    (status, stdout, rest)
}

#[test]
fn a_check_that_is_interrupted_says_what_it_knows() {
    let directory = Directory::new().file("hard.jsonl", hard()).file("easy.jsonl", EASY);
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (hard, easy) = (path("hard.jsonl"), path("easy.jsonl"));
    let run = start(&["--decider", "search", &easy, &hard, &easy], "");
    let (status, stdout, stderr) = interrupted(run, "deciding");
    assert_eq!(status, 3);
    assert!(stdout.starts_with(&format!("{easy}: valid: 1 operation")), "{stdout}");
    assert!(stdout.contains(&format!("{hard}: unknown: it was cancelled; not decided")));
    assert!(stderr.contains("interrupted: 1 of 3 inputs not checked"), "{stderr}");

    let run = start(&["--decider", "search", "--format", "json", &hard], "");
    let (status, stdout, _) = interrupted(run, "deciding");
    assert_eq!(status, 3);
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["verdict"], "unknown");
    assert_eq!(report["stop_reason"], "cancelled");
}

#[test]
fn an_input_that_does_not_end_can_be_interrupted() {
    let (status, stdout, stderr) = interrupted(start(&["-"], EASY), "reading");
    assert_eq!(status, 3);
    assert_eq!(stdout, "unknown: it was cancelled before the input was read\n");
    assert!(!stderr.contains("error"), "{stderr}");
}
