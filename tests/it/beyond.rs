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
    text.replace("\"read\",\"value\":[", "\"read\",\"value\":[").replace(",0]}", ",null]}")
}

#[track_caller]
fn assert_same(text: &str, options: &str) -> Outcome {
    let run = |limits: &str| histcheck(&format!("{options} {limits}")).stdin(text).run();
    let (expected, found) = (run(IN_MEMORY), run(BEYOND));
    assert_eq!(found.stdout, expected.stdout, "{options}");
    assert_eq!(found.stderr, expected.stderr, "{options}");
    assert_eq!(found.status, expected.status, "{options}");
    found
}

#[test]
fn the_report_is_the_same() {
    let stale = ["stale-read", "lost-update", "one-bad-key", "dirty-read", "busy-register"];
    let stale: Vec<&str> = stale.into_iter().filter(|name| exists(name)).collect();
    let texts =
        [registers(40, &[]), registers(40, &[7]), registers(40, &(0..30).collect::<Vec<_>>())];
    for text in texts.iter().chain(&[together(&stale[..1])]) {
        for options in ["", "-v", "-q", "--format json", "--format sarif", "--self-check"] {
            assert_same(text, options);
        }
    }
    assert_same(&texts[1], "").status(1).says("on 40 keys").says("1 key invalid");
}

fn exists(name: &str) -> bool {
    let folder = env!("CARGO_MANIFEST_DIR");
    std::path::Path::new(&format!("{folder}/histories/{name}.jsonl")).exists()
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
fn a_key_that_does_not_fit_is_not_decided() {
    let mut text = registers(3, &[]);
    for round in 0..40_000 {
        writeln!(text, r#"{{"process":9,"type":"invoke","f":"write","value":[9,{round}]}}"#)
            .unwrap();
        writeln!(text, r#"{{"process":9,"type":"ok","f":"write","value":[9,{round}]}}"#).unwrap();
    }
    histcheck("--max-memory 9MB --disk-from 1")
        .stdin(text)
        .run()
        .status(3)
        .says("unknown: the memory was used up (--max-memory)");
}
