//! Isolation levels: what is said of the store's transactions against what really happened, what
//! the program answers, and a corpus of histories of other projects, if there is one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use histcheck::history::Value;
use histcheck::isolation::{self, Level, Status, proof};
use histcheck::store::{Plan, TRANSACTIONAL};

/// Seeds that each store is tried with.
const SEEDS: u64 = 3;

/// Returns the name that the store has for a level. Its levels from read atomic to prefix keep the
/// order of sessions.
fn store_name(level: Level, is_list: bool) -> Option<&'static str> {
    match level.name() {
        // Here each append makes a version, and there each transaction one.
        "read-uncommitted" if is_list => None,
        "strong-session-read-atomic" => Some("read-atomic"),
        "strong-session-causal" => Some("causal"),
        "strong-session-prefix" => Some("prefix"),
        "strong-session-parallel-snapshot-isolation" => Some("parallel-snapshot-isolation"),
        "read-atomic" | "causal" | "prefix" | "parallel-snapshot-isolation" => None,
        name => Some(name),
    }
}

#[test]
fn what_really_held_is_not_ruled_out() {
    let (mut held, mut broken) = (0, 0);
    for store in TRANSACTIONAL {
        for seed in 1..=SEEDS {
            let mut plan = Plan::new(&store.preset, seed);
            plan.set("operations", "60").unwrap();
            let (history, truth) = plan.history_and_dependencies().unwrap();
            let report = isolation::check(&history, &isolation::Options::default()).unwrap();
            let name = store.preset.name;
            for level in Level::all() {
                let is_list = name.starts_with("list-append");
                let really = store_name(level, is_list).and_then(|name| {
                    // What a transaction reads of a list after it appended to it tells more here.
                    let is_known = !is_list || store.satisfies.contains(&name);
                    truth.holds(name).filter(|held| !held || is_known)
                });
                let status = &report.statuses[level.index()];
                match really {
                    Some(true) => {
                        held += 1;
                        let is_out = *status == Status::RuledOut;
                        assert!(!is_out, "{name} {seed}: {}: {:?}", level.name(), report.found);
                    }
                    Some(false) => broken += u64::from(*status == Status::RuledOut),
                    None => {}
                }
            }
            let verified = proof::verify(&report, Value::NULL);
            assert!(verified.wrong.is_empty(), "{name} {seed}: {:?}", verified.wrong);
        }
    }
    assert!(held > 100 && broken > 100, "{held} held, {broken} were found broken");
}

fn program(arguments: &[&str], input: Option<&Path>) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_histcheck"));
    command.args(arguments).args(input).stdin(Stdio::null());
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// Writes `text` into a file of its own.
fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

/// Two transactions that each read what the other one writes.
const WRITE_SKEW: &str = "\
{\"process\":0,\"type\":\"invoke\",\"f\":\"txn\",\"value\":[[\"r\",\"x\",null],[\"w\",\"y\",1]]}
{\"process\":1,\"type\":\"invoke\",\"f\":\"txn\",\"value\":[[\"r\",\"y\",null],[\"w\",\"x\",1]]}
{\"process\":0,\"type\":\"ok\",\"f\":\"txn\",\"value\":[[\"r\",\"x\",null],[\"w\",\"y\",1]]}
{\"process\":1,\"type\":\"ok\",\"f\":\"txn\",\"value\":[[\"r\",\"y\",null],[\"w\",\"x\",1]]}
";

#[test]
fn the_exit_status_is_about_the_level_that_is_asked_for() {
    let (_folder, path) = file("skew.jsonl", WRITE_SKEW);
    let path = Some(path.as_path());
    let (status, text) = program(&[], path);
    assert_eq!(status, 1);
    assert!(text.starts_with("invalid: not strict-serializable: G2-item (write skew)\n"), "{text}");
    assert!(text.contains("T1 read x = null, without what T2 wrote (x = 1)"), "{text}");
    assert_eq!(program(&["--level", "snapshot-isolation"], path).0, 0);
    assert_eq!(program(&["check", "--level", "serializable", "--like", "dbcop"], path).0, 1);
    assert_eq!(program(&["--level", "anomalies:G1"], path).0, 0);
    assert_eq!(program(&["--level", "anomalies:G2"], path).0, 1);
    assert_eq!(program(&["--level", "eventual"], path).0, 2);
    let (status, json) = program(&["--level", "PL-3", "--format", "json"], path);
    assert_eq!(status, 1);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["isolation"]["asked"], "serializable");
    assert_eq!(json["isolation"]["levels"]["snapshot-isolation"], "holds");
    assert_eq!(json["isolation"]["anomalies"][0]["name"], "G2-item");
    assert_eq!(json["isolation"]["anomalies"][0]["cycle"][0]["kind"], "rw");
}

#[test]
fn what_keeps_no_real_time_is_asked_for_the_order_of_sessions() {
    let (_folder, path) = file("run.txt", "w(1,1,0,0)\nr(1,1,1,1)\n");
    let (status, text) = program(&[], Some(&path));
    assert_eq!(
        (status, text.lines().next()),
        (0, Some("valid: 2 transactions, strong-session-serializable"))
    );
    let strict = ["--level", "strict-serializable"];
    assert_eq!(program(&strict, Some(&path)).0, 3);
    let (_folder, path) = file("bad.txt", "w(1,1,0,0)\nw(2,1,0,0)\nr(1,1,1,1)\nr(2,0,1,1)\n");
    assert_eq!(program(&strict, Some(&path)).0, 1);
}

/// Two blind writers of two registers, of which each process saw the versions in another order than
/// the transactions can have had.
#[test]
fn registers_may_be_assumed_sequential() {
    let text = r#"
{"process":0,"type":"invoke","f":"txn","value":[["w","x",1],["w","y",2]]}
{"process":0,"type":"ok","f":"txn","value":[["w","x",1],["w","y",2]]}
{"process":1,"type":"invoke","f":"txn","value":[["w","x",2],["w","y",1]]}
{"process":1,"type":"ok","f":"txn","value":[["w","x",2],["w","y",1]]}
{"process":0,"type":"invoke","f":"txn","value":[["r","x",null]]}
{"process":0,"type":"ok","f":"txn","value":[["r","x",2]]}
{"process":1,"type":"invoke","f":"txn","value":[["r","y",null]]}
{"process":1,"type":"ok","f":"txn","value":[["r","y",2]]}
"#;
    let (_folder, path) = file("blind.jsonl", text.trim_start());
    let asked = |more: &[&str]| {
        let arguments = [&["check", "--level", "anomalies:G0", "--self-check"], more].concat();
        program(&arguments, Some(&path))
    };
    assert_eq!(asked(&[]).0, 0);
    let (status, report) = asked(&["--keys", "sequential"]);
    assert_eq!(status, 1, "{report}");
    assert!(report.contains("assumed") && report.contains("G0"), "{report}");
    assert_eq!(asked(&["--like", "elle"]).0, 1);
    assert_eq!(asked(&["--like", "elle", "--keys", "unknown"]).0, 0);
}

/// A database whose transactions read the snapshot that they began with, whatever they wrote since.
#[test]
fn reads_of_a_snapshot_may_be_allowed() {
    let text = r#"{"process":0,"type":"invoke","f":"txn","value":[["w","x",1],["r","x",null]]}
{"process":0,"type":"ok","f":"txn","value":[["w","x",1],["r","x",null]]}
"#;
    let (_folder, path) = file("snapshot.jsonl", text);
    let asked = |more: &[&str]| {
        let arguments = [&["check", "--level", "snapshot-isolation"], more].concat();
        program(&arguments, Some(&path)).0
    };
    assert_eq!(asked(&[]), 1);
    assert_eq!(asked(&["--allow", "internal"]), 0);
}

/// `HISTCHECK_TRANSACTIONS` names a directory with a table `MANIFEST.tsv`, of which each row asks
/// for a level of a history: path, format, kind, level, expected, anomalies and definition.
#[test]
fn a_corpus_is_decided_as_expected() {
    let Some(folder) = std::env::var_os("HISTCHECK_TRANSACTIONS").map(PathBuf::from) else {
        return;
    };
    let table = std::fs::read_to_string(folder.join("MANIFEST.tsv")).unwrap();
    let mut wrong = Vec::new();
    for row in table.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [path, _, kind, level, expected, _, definition, ..] = cells[..] else {
            panic!("a row with too few columns: {row}");
        };
        if !["list-append", "rw-register"].contains(&kind) {
            continue;
        }
        let tool = match definition {
            "be" => "dbcop",
            "polygraph" => "cobra",
            _ => "elle",
        };
        let arguments = ["check", "-q", "--level", level, "--like", tool];
        let (status, _) = program(&arguments, Some(&folder.join(path)));
        if status != i32::from(expected != "valid") {
            wrong.push(format!("{path} {level}: {expected}, exit status {status}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
