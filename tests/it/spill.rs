//! Histories beyond memory: the report is that of a check in memory.

use std::fmt::Write as _;

use crate::program::{Directory, Outcome, histcheck};

const IN_MEMORY: &str = "--max-memory 4GiB --disk-from 4GiB";
const BEYOND: &str = "--max-memory 4GiB --disk-from 1";

/// The events of histories that are shipped, of several as one with keys, each process its own.
fn together(names: &[&str]) -> String {
    let mut lists: Vec<Vec<String>> = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let path = format!("{}/histories/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let mut events = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let mut record: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(line).unwrap();
            if record.contains_key("histcheck") {
                continue;
            }
            if let Some(process) = record["process"].as_i64() {
                record.insert("process".to_owned(), (process + 1000 * at as i64).into());
                let key = if at % 2 == 0 { at.into() } else { format!("key {at}").into() };
                record.insert("key".to_owned(), key);
            }
            record.remove("index");
            events.push(serde_json::Value::Object(record).to_string());
        }
        events.reverse();
        lists.push(events);
    }
    let mut text = String::new();
    while lists.iter().any(|list| !list.is_empty()) {
        for list in &mut lists {
            for event in (0..3).filter_map(|_| list.pop()) {
                writeln!(text, "{event}").unwrap();
            }
        }
    }
    text
}

/// Many keys, each a register that is written and read; those of `bad` return a value that was
/// overwritten.
fn registers(keys: usize, bad: &[usize]) -> String {
    let mut text = String::new();
    let mut event = |process: usize, kind: &str, f: &str, key: usize, value: usize| {
        writeln!(
            text,
            r#"{{"process":{process},"type":"{kind}","f":"{f}","value":[{key},{value}]}}"#
        )
        .unwrap();
    };
    for round in 1..4 {
        for key in 0..keys {
            event(key, "invoke", "write", key, round);
            event(key + keys, "invoke", "read", key, 0);
            event(key, "ok", "write", key, round);
            let read = if round == 3 && bad.contains(&key) { round - 2 } else { round };
            event(key + keys, "ok", "read", key, read);
        }
    }
    text.replace(",0]}", ",null]}")
}

/// The same report in memory, beyond it, and beyond it where all operations are kept to explain it.
#[track_caller]
fn assert_same(text: &str, options: &str) -> Outcome {
    let directory = Directory::new().file("history", text);
    let path = directory.path().join("history");
    let run = |limits: &str| histcheck(&format!("{options} {limits}")).arg(&path).run();
    let expected = run(IN_MEMORY);
    let found = [run(BEYOND), run(&format!("--max-memory 4GiB --disk-from {}", text.len() - 1))];
    for found in &found {
        assert_eq!(found.stdout, expected.stdout, "{options}");
        assert_eq!(found.stderr, expected.stderr, "{options}");
        assert_eq!(found.status, expected.status, "{options}");
    }
    let piped = |limits: &str| histcheck(&format!("{options} {limits}")).stdin(text).run();
    assert_eq!(piped(BEYOND).stdout, piped(IN_MEMORY).stdout, "{options}");
    expected
}

#[test]
fn the_report_is_the_same() {
    let many: Vec<usize> = (0..30).collect();
    for text in [registers(40, &[]), registers(40, &[7]), registers(40, &many)] {
        for options in ["", "-v", "-q", "--format json", "--format sarif", "--self-check"] {
            assert_same(&text, options);
        }
    }
    let one = assert_same(&registers(40, &[7]), "").status(1);
    one.says("on 40 keys").says("39 keys valid, 1 key invalid");
    assert_same(&registers(40, &many), "").status(1).says("29 more keys are invalid");
    assert_same(&registers(40, &many), "--max-configs 1 --decider search").status(3);
}

#[test]
fn nodes_crashes_and_notes_are_kept() {
    let text = together(&[
        "dirty-read",
        "never-completed-write",
        "crashed-write-seen-later",
        "pending-calls",
        "stale-read-after-write",
        "reused-process",
        "stuck-operations-starved",
        "unicode-values",
    ]);
    for options in ["", "-v", "--format json", "--format junit"] {
        assert_same(&text, options);
    }
}

#[test]
fn what_is_no_history_is_refused_alike() {
    let good = registers(20, &[]);
    let lines: Vec<&str> = good.lines().collect();
    let twice = lines[..50].join("\n") + "\n" + lines[49] + "\n";
    let cut = &good[..good.len() - 20];
    let mixed = good.clone() + "{\"process\":900,\"type\":\"invoke\",\"f\":\"read\",\"key\":3}\n";
    let unknown = good.replacen("\"f\":\"write\"", "\"f\":\"paint\"", 1);
    for text in [&twice, cut, &mixed, &unknown, &good.replace("\"f\":\"", "\"f\":\"x")] {
        for options in ["", "--format json"] {
            let outcome = assert_same(text, options);
            assert_eq!(outcome.status, 2, "{}", outcome.stdout);
        }
    }
}

#[test]
fn what_needs_all_operations_says_so() {
    let directory = Directory::new();
    let page = directory.path().join("page.html");
    histcheck(BEYOND)
        .arg("--html")
        .arg(&page)
        .stdin(registers(20, &[]))
        .run()
        .status(2)
        .says("valid: 120 operations")
        .complains("--html needs all operations in memory");
    assert!(!page.exists());
}

#[test]
fn without_keys_it_is_as_it_was() {
    let text = registers(1, &[]).replace("\"value\":[0,", "\"value\":").replace("]}", "}");
    assert_same(&text, "").status(0).says("valid: 6 operations");
}
