//! Files that are followed while somebody writes them.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::program::{Directory, histcheck};

fn op(process: u32, f: &str, value: u32) -> String {
    let called = if f == "read" { "null".to_owned() } else { value.to_string() };
    format!(
        "{{\"process\":{process},\"type\":\"invoke\",\"f\":\"{f}\",\"value\":{called}}}\n\
         {{\"process\":{process},\"type\":\"ok\",\"f\":\"{f}\",\"value\":{value}}}\n"
    )
}

const END: &str = "{\"histcheck\":{\"end\":true}}\n";

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// The program, following the file at `path`.
fn follow(path: &Path, arguments: &[&str]) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_histcheck"))
        .arg("--follow")
        .args(arguments)
        .arg(path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    (child, stdout)
}

fn end(child: Child, stdout: BufReader<ChildStdout>) -> (Option<i32>, String, String) {
    let said: Vec<String> = stdout.lines().map(Result::unwrap).collect();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), said.join("\n"), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn without_being_told_to_wait_it_ends_with_the_file() {
    let directory = Directory::new().file("run.jsonl", op(0, "write", 1) + &op(1, "read", 1));
    let run = histcheck("--follow run.jsonl").current_dir(directory.path()).run();
    run.status(0).says("valid: 2 operations");
    histcheck("--wait run.jsonl").current_dir(directory.path()).run().status(2);
}

#[test]
fn more_is_waited_for_until_nothing_comes() {
    let directory = Directory::new().file("run.jsonl", op(0, "write", 1) + &op(1, "read", 1));
    let path = directory.path().join("run.jsonl");
    let (child, mut stdout) = follow(&path, &["--idle", "3s"]);
    thread::sleep(Duration::from_millis(300));
    // A record comes in two parts.
    let more = op(0, "write", 2) + &op(1, "read", 1);
    append(&path, &more[..40]);
    thread::sleep(Duration::from_millis(300));
    append(&path, &more[40..]);
    let mut told = String::new();
    stdout.read_line(&mut told).unwrap();
    assert!(told.contains("explains `read → 1` by process 1") && told.contains("line 8"), "{told}");
    append(&path, &op(0, "write", 3));
    let (status, said, stderr) = end(child, stdout);
    assert_eq!(status, Some(1), "{stderr}");
    assert!(said.contains("5 operations, not linearizable"), "{said}");
}

#[test]
fn an_end_record_ends_it() {
    let directory = Directory::new().file("run.jsonl", op(0, "write", 1));
    let path = directory.path().join("run.jsonl");
    let (child, stdout) = follow(&path, &["--wait"]);
    thread::sleep(Duration::from_millis(200));
    append(&path, &(op(1, "read", 1) + END));
    let start = Instant::now();
    let (status, said, stderr) = end(child, stdout);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(said.contains("valid: 2 operations, linearizable"), "{said}");
    assert!(start.elapsed() < Duration::from_secs(30));
    // It says nothing else, and nothing comes after it.
    let text = fs::read_to_string(&path).unwrap();
    histcheck("").stdin(text.as_str()).run().status(0).says("valid: 2 operations");
    let text = text + &op(0, "write", 1);
    histcheck("").stdin(text).run().status(2).complains("after the end of the history");
}

#[test]
fn a_rotated_file_goes_on_in_the_new_one() {
    for format in ["human", "json"] {
        let directory = Directory::new().file("run.jsonl", op(0, "write", 1));
        let path = directory.path().join("run.jsonl");
        let (child, stdout) = follow(&path, &["--wait", "--format", format]);
        thread::sleep(Duration::from_millis(300));
        fs::rename(&path, directory.path().join("run.jsonl.1")).unwrap();
        thread::sleep(Duration::from_millis(150));
        // The writer has the old file still open, and its last line has no end.
        append(&directory.path().join("run.jsonl.1"), op(0, "write", 2).trim_end());
        append(&path, &(op(1, "read", 2) + &op(1, "read", 1) + END));
        let (status, said, stderr) = end(child, stdout);
        assert_eq!(status, Some(1), "{said} {stderr}");
        if format == "json" {
            let lines: Vec<&str> = said.lines().collect();
            assert!(lines.iter().any(|line| line.contains("\"event\":\"rotated\"")), "{said}");
            assert!(lines.last().unwrap().contains("\"operations\":4"), "{said}");
        } else {
            assert!(said.contains("4 operations, not linearizable"), "{said}");
            assert!(stderr.contains("goes on in the new file"), "{stderr}");
        }
    }
}

#[test]
fn a_truncated_file_is_an_error() {
    let directory = Directory::new().file("run.jsonl", op(0, "write", 1) + &op(1, "read", 1));
    let path = directory.path().join("run.jsonl");
    let (child, stdout) = follow(&path, &["--wait"]);
    thread::sleep(Duration::from_millis(700));
    fs::write(&path, op(1, "read", 1)).unwrap();
    let (status, said, stderr) = end(child, stdout);
    assert_eq!(status, Some(2), "{said} {stderr}");
    assert!(stderr.contains("H0001") && stderr.contains("was truncated"), "{stderr}");
}

#[test]
fn a_pipe_that_is_idle_ends() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_histcheck"))
        .args(["--follow", "--idle", "1s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all((op(0, "write", 1) + &op(1, "read", 1)).as_bytes()).unwrap();
    stdin.flush().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (status, said, stderr) = end(child, stdout);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(said.contains("valid: 2 operations"), "{said}");
    drop(stdin);
}

#[test]
fn the_limit_of_time_holds_while_it_waits() {
    let directory = Directory::new().file("run.jsonl", op(0, "write", 1));
    let run = histcheck("--follow --wait --timeout 1s run.jsonl");
    run.current_dir(directory.path()).run().status(3).says("unknown");
}
