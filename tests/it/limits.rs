//! Limits on time and memory hold whatever takes long.

#![cfg(unix)]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::program::{Directory, histcheck};

const EASY: &str = "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n\
                    {\"process\":0,\"type\":\"ok\",\"f\":\"read\"}\n";

/// Every command that reads a history.
const COMMANDS: &[&str] = &[
    "check",
    "check --format json",
    "check --format junit",
    "check --max-memory 64MiB",
    "check --follow",
    "check --follow --format json",
    "stats",
    "stats --format json",
    "convert --to csv",
    "report --to html",
    "plot --kind rate",
    "shrink",
];

/// A named pipe that nobody writes to.
fn pipe(directory: &Directory) -> PathBuf {
    let path = directory.path().join("pipe.jsonl");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

#[test]
fn what_nobody_writes_to_is_not_waited_for_beyond_the_time() {
    let directory = Directory::new();
    let pipe = pipe(&directory);
    for command in COMMANDS {
        let run = histcheck(command).arg("--timeout").arg("200ms").arg(&pipe).run();
        let (said, status) = (run.stdout + &run.stderr, run.status);
        assert_eq!(status, 3, "{command}: {said}");
        let reasons = ["the time was up", "timeout", "TimeUp"];
        assert!(reasons.iter().any(|reason| said.contains(reason)), "{command}: {said}");
    }
}

#[test]
fn standard_input_that_stalls_is_not_waited_for_beyond_the_time() {
    for command in COMMANDS {
        let mut child: Child = Command::new(env!("CARGO_BIN_EXE_histcheck"))
            .args(command.split(' '))
            .args(["--timeout", "300ms"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It stays open, and nothing more comes.
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(EASY.as_bytes()).unwrap();
        let status = child.wait().unwrap().code();
        drop(stdin);
        assert_eq!(status, Some(3), "{command}");
    }
}

#[test]
fn a_named_pipe_is_read_like_a_file() {
    let directory = Directory::new();
    let pipe = pipe(&directory);
    for command in ["check", "check --follow", "check --max-memory 64MiB", "stats"] {
        let into = pipe.clone();
        let writer = std::thread::spawn(move || std::fs::write(into, EASY).unwrap());
        histcheck(command).arg(&pipe).run().status(0).says("1 operation");
        writer.join().unwrap();
    }
}

#[test]
fn inputs_behind_one_that_does_not_come_are_checked() {
    let directory = Directory::new().file("easy.jsonl", EASY);
    let (pipe, easy) = (pipe(&directory), directory.path().join("easy.jsonl"));
    let run = histcheck("--timeout 200ms -q").arg(&easy).arg(&pipe).arg(&easy).run().status(3);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", run.stdout);
    assert!(lines[1].ends_with("unknown: the time was up (--timeout) before the input was read"));
    assert!(lines[2].contains("valid: 1 operation"));
}

#[test]
fn every_command_keeps_to_its_memory() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let blanks = vec![b' '; 1 << 20];
    (0..200).for_each(|_| gzip.write_all(&blanks).unwrap());
    let directory = Directory::new();
    let path = directory.path().join("bomb.jsonl.gz");
    std::fs::write(&path, gzip.finish().unwrap()).unwrap();
    for command in COMMANDS.iter().filter(|command| !command.contains("--max-memory")) {
        let run = histcheck(command).arg("--max-memory").arg("70MiB").arg(&path).run();
        let (said, status) = (run.stdout + &run.stderr, run.status);
        assert_eq!(status, 3, "{command}: {said}");
        let reasons = ["the memory was used up", "memory"];
        assert!(reasons.iter().any(|reason| said.contains(reason)), "{command}: {said}");
    }
}
