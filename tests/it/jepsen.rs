//! The folders that Jepsen leaves: each run is one history, whatever else lies beside it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value as Json;

use crate::program::{Directory, histcheck};

/// A run in EDN, whose register was written `value` and read 1.
fn edn(value: u64) -> String {
    format!(
        "{{:process 0, :type :invoke, :f :write, :value {value}, :index 0}}\n\
         {{:process 0, :type :ok, :f :write, :value {value}, :index 1}}\n\
         {{:process 1, :type :invoke, :f :read, :value nil, :index 2}}\n\
         {{:process 1, :type :ok, :f :read, :value 1, :index 3}}\n"
    )
}

/// The lines that Jepsen prints for it.
fn lines(value: u64, before: &str) -> String {
    format!(
        "{before}0\t:invoke\t:write\t{value}\n{before}0\t:ok\t:write\t{value}\n\
         {before}1\t:invoke\t:read\tnil\n{before}1\t:ok\t:read\t1\n"
    )
}

fn log(value: u64) -> String {
    let before = "2025-01-01 10:00:00,000{GMT}\tINFO\t[jepsen worker 0] jepsen.util: ";
    lines(value, before)
}

const RESULTS: &str = "{:valid? true, :linear {:valid? true, :configs ({:model {:value 1}})}}\n";

/// Everything that a run leaves, and its history as `kept`: one of `edn`, `txt` and `log`.
fn run(directory: Directory, folder: &str, kept: &str, value: u64) -> Directory {
    let file = |directory: Directory, name: &str, text: &str| {
        directory.file(&format!("{folder}/{name}"), text)
    };
    let mut directory = file(directory, "results.edn", RESULTS);
    for (name, text) in [
        ("test.fressian", "\u{0}\u{1}"),
        ("latency-raw.png", "no picture"),
        ("timeline.html", "<html></html>"),
        ("n1/etcd.log", "raft: elected leader"),
        ("n2/var/log/etcd.log", "raft: elected leader"),
        ("elle/G1c.txt", "cycle"),
        ("independent/1/history.edn", &edn(7)),
        ("independent/1/results.edn", "{:valid? false}"),
        ("independent/1/timeline.html", "<html></html>"),
    ] {
        directory = file(directory, name, text);
    }
    let histories = [("edn", edn(value)), ("txt", lines(value, "")), ("log", log(value))];
    // What comes after the best of them, holds another history: it must not be read.
    let best = histories.iter().position(|(name, _)| *name == kept).unwrap();
    for (at, (name, text)) in histories.iter().enumerate().skip(best) {
        let name = if *name == "log" { "jepsen.log" } else { &format!("history.{name}") };
        let other = text.replace(":read\t1", ":read\t5");
        directory = file(directory, name, if at == best { text } else { &other });
    }
    directory
}

/// A store of ten runs: every third violates, and the histories lie in different files.
fn store() -> Directory {
    let mut directory = Directory::new();
    for at in 0..10 {
        let folder = format!("store/test {}/2025010{at}T100000.000Z", at % 2);
        let kept = ["edn", "txt", "log"][at % 3];
        directory = run(directory, &folder, kept, if at % 3 == 1 { 2 } else { 1 });
    }
    #[cfg(unix)]
    for (link, target) in [
        ("latest", "test 1/20250109T100000.000Z"),
        ("current", "test 1/20250109T100000.000Z"),
        ("test 0/latest", "20250108T100000.000Z"),
        ("test 1/latest", "20250109T100000.000Z"),
    ] {
        let link = directory.path().join("store").join(link);
        std::os::unix::fs::symlink(target, link).unwrap();
    }
    directory
}

#[test]
fn a_store_gives_each_run_once() {
    let directory = store();
    let outcome = histcheck("-q store").current_dir(directory.path()).run().status(1);
    let name = |at: usize| ["history.edn", "history.txt", "jepsen.log"][at % 3];
    let order = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
    let expected: Vec<String> = order
        .into_iter()
        .map(|at| {
            let verdict = if at % 3 == 1 { "invalid: no order" } else { "valid: 2 operations" };
            let path = format!("store/test {}/2025010{at}T100000.000Z/{}", at % 2, name(at));
            format!("{path}: {verdict}")
        })
        .collect();
    let said: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(said.len(), 10, "{}", outcome.stdout);
    for (said, expected) in said.iter().zip(&expected) {
        assert!(said.starts_with(expected.as_str()), "{said} is not {expected}");
    }
    assert_eq!(outcome.stderr, "");
}

#[cfg(unix)]
#[test]
fn a_run_may_be_named_by_its_folder_or_a_link() {
    let directory = store();
    let check = |name: &str| {
        histcheck("-q").arg(directory.path().join("store").join(name)).run().status(0).stdout
    };
    let one = check("test 0/20250100T100000.000Z");
    assert!(one.ends_with("history.edn: valid: 2 operations, linearizable\n"), "{one}");
    let linked = check("latest");
    assert!(linked.ends_with("latest/history.edn: valid: 2 operations, linearizable\n"));
    // A part is a run when it is named itself.
    let part = directory.path().join("store/test 0/20250100T100000.000Z/independent/1");
    histcheck("-q").arg(part).run().status(1).says("independent/1/history.edn: invalid");
}

#[test]
fn commands_on_one_history_take_the_folder_of_a_run() {
    let directory = store();
    let on = |command: &str, name: &str| {
        let path = directory.path().join("store").join(name);
        histcheck(command).arg(path).run()
    };
    let folder = "test 0/20250100T100000.000Z";
    let file = format!("{folder}/history.edn");
    for command in ["stats", "convert --to jsonl", "report --to json", "shrink", "plot -k rate"] {
        let ran = on(command, folder);
        let (by_file, status) = (on(command, &file), ran.status);
        assert_eq!(by_file.status, status, "{command}: {}", ran.stderr);
        if command != "stats" {
            assert_eq!(ran.stdout, by_file.stdout, "{command}");
        }
        assert!(!ran.stderr.contains("is a directory"), "{command}");
    }
    on("report --to json", "").status(2).complains("is a directory");
    on("convert --to jsonl", "test 0").status(2).complains("is a directory");
    on("--follow", folder).status(0);
    on("--follow", "").status(2).complains("there are several");
}

/// A file of `tests/jepsen`, which holds the same history in every form that Jepsen's own code
/// writes.
fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/jepsen").join(name)).unwrap()
}

#[test]
fn the_binary_file_holds_what_the_text_does() {
    let converted = |bytes: Vec<u8>| histcheck("convert --to edn").stdin(bytes).run().status(0);
    let text = converted(sample("history.edn"));
    assert_eq!(text.stdout.lines().count(), 21);
    for name in ["test.jepsen", "compacted.jepsen", "version-0.jepsen"] {
        let binary = converted(sample(name)).without_complaint();
        assert_eq!(binary.stdout, text.stdout, "{name}");
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&sample(name)).unwrap();
        assert_eq!(converted(encoder.finish().unwrap()).stdout, text.stdout, "{name}");
    }
}

#[test]
fn the_binary_file_is_read_by_every_door() {
    let text = histcheck("-v").stdin(sample("history.edn")).run().status(0);
    let directory = Directory::new()
        .file("anything", sample("test.jepsen"))
        .file("run/test.jepsen", sample("test.jepsen"))
        .file("run/history.txt", "0\t:invoke\t:read\tnil\n")
        .file("run/jepsen.log", "");
    let check = |arguments: &str| histcheck(arguments).current_dir(directory.path()).run();
    assert_eq!(check("-v anything").status(0).stdout, text.stdout);
    assert_eq!(check("-v --input-format jepsen anything").status(0).stdout, text.stdout);
    let binary = histcheck("-v").stdin(sample("test.jepsen")).run().status(0);
    assert_eq!(binary.stdout, text.stdout);
    check("--follow anything").status(0).says("valid");
    let run = check("-q run").status(0);
    assert_eq!(run.stdout, "run/test.jepsen: valid: 10 operations, linearizable\n");
    check("--input-format edn anything").status(2).complains("a file of Jepsen's, not edn");
    let text = histcheck("--input-format jepsen").stdin(sample("history.edn")).run().status(2);
    text.complains("no file of Jepsen's");
    check("convert --to jepsen anything").status(2);
}

#[test]
fn limits_hold_for_the_binary_file() {
    let directory = Directory::new().file("test.jepsen", sample("test.jepsen"));
    let check = |arguments: &str| {
        histcheck(arguments).arg("test.jepsen").current_dir(directory.path()).run()
    };
    check("--timeout 0s").status(3).says("unknown");
    check("--max-memory 2000").status(3).says("unknown");
    check("--follow --timeout 0s").status(3).says("unknown");
    let json = check("--format json").status(0).json();
    assert_eq!(json["verdict"], "valid");
}

#[test]
fn a_binary_file_that_does_not_fit_memory_is_decided_key_by_key() {
    let directory = Directory::new().file("a", sample("test.jepsen"));
    let check = |arguments: &str| histcheck(arguments).current_dir(directory.path()).run();
    for options in ["-v", "--format json"] {
        let expected = check(&format!("{options} a"));
        let beyond = check(&format!("{options} --max-memory 4GiB --disk-from 1 a"));
        assert_eq!(beyond.stdout, expected.stdout);
        beyond.status(0).without_complaint();
    }
    let beyond = check("--max-memory 4GiB --disk-from 1 --witness w a");
    beyond.status(2).complains("--witness needs all operations in memory");
}

#[test]
fn damage_of_the_binary_file_is_told_with_its_place() {
    let mut bytes = sample("test.jepsen");
    let cut = bytes[..2000].to_vec();
    histcheck("").stdin(cut).run().status(2).complains("error[H0027]").complains("at byte 2000");
    bytes[320] ^= 1;
    let outcome = histcheck("").stdin(bytes).run().status(2);
    outcome.complains("the checksum of block 4 is wrong, at byte 2").says_no("valid");
    let unpaired = histcheck("--model register").stdin(sample("test.jepsen")).run().status(2);
    unpaired.complains("<stdin>:17:1").complains(":f :cas");
}

#[test]
fn what_jepsen_found_is_compared() {
    let said = |value: u64, results: &str| {
        let directory = Directory::new()
            .file("run/history.edn", edn(value))
            .file("run/results.edn", results)
            .file("run/jepsen.log", "");
        let run = |arguments: &str| histcheck(arguments).current_dir(directory.path()).run();
        let status = i32::from(value != 1);
        let json = run("--format json run").status(status).json();
        let report = run("report --to json run").status(0).json();
        assert_eq!(json["jepsen"], report["jepsen"]);
        run("-q run").status(status).says_no("jepsen ");
        let text = run("run").status(status).stdout;
        let line = text.lines().find(|line| line.starts_with("  jepsen")).unwrap().to_owned();
        let by_name = run("run/history.edn").status(status);
        assert!(by_name.stdout.contains(&line), "{}", by_name.stdout);
        (line, json["jepsen"].clone())
    };
    let json = |verdict: Json, differs: bool, error: Json| serde_json::json!({"verdict": verdict, "differs": differs, "error": error});
    let agrees =
        ("  jepsen   said valid? true".to_owned(), json("valid".into(), false, Json::Null));
    assert_eq!(said(1, RESULTS), agrees);
    let (line, told) = said(1, "{:linear {:valid? true}, :stats {:valid? false} :valid? false}");
    let other = "differs from this verdict; it counts what its other checkers found";
    assert_eq!(line, format!("  jepsen   said valid? false, which {other}"));
    assert_eq!(told, json("invalid".into(), true, Json::Null));
    let (line, told) = said(2, "{:valid? true}");
    assert_eq!(line, "  jepsen   said valid? true, which differs from this verdict");
    assert_eq!(told["differs"], true);
    assert_eq!(said(2, "{:valid? false}").1, json("invalid".into(), false, Json::Null));
    assert_eq!(said(2, "{:valid? :unknown}").1, json("unknown".into(), false, Json::Null));
    let (line, told) = said(1, "{:valid? ");
    assert_eq!(line, "  jepsen   results.edn cannot be read: it ends in the middle");
    assert_eq!(told, json(Json::Null, false, "it ends in the middle".into()));
}

#[test]
fn results_that_are_no_file_are_not_waited_for() {
    let directory = Directory::new()
        .file("run/history.edn", edn(1))
        .file("run/jepsen.log", "")
        .file("run/results.edn/file", "");
    let run = || histcheck("run").current_dir(directory.path()).run().status(0);
    run().says("  jepsen   results.edn cannot be read: it is no file");
    #[cfg(unix)]
    {
        let results = directory.path().join("run/results.edn");
        fs::remove_dir_all(&results).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&results).status().unwrap().success());
        run().says("  jepsen   results.edn cannot be read: it is no file");
        fs::remove_file(&results).unwrap();
        std::os::unix::fs::symlink("results.edn", &results).unwrap();
        run().says("  jepsen   results.edn cannot be read: ");
        fs::remove_file(&results).unwrap();
    }
    let alone = histcheck("--format json run").current_dir(directory.path()).run().status(0);
    assert!(cfg!(not(unix)) || alone.json().get("jepsen").is_none());
}

#[test]
fn a_folder_is_no_run_because_a_file_in_it_is_called_so() {
    let directory = Directory::new()
        .file("mine/history.edn", edn(1))
        .file("mine/history.txt", lines(1, ""))
        .file("mine/history-2.edn", edn(1))
        .file("mine/sub/run.log", log(1))
        .file("mine/sub/other.edn", edn(1));
    let outcome = histcheck("-q mine").current_dir(directory.path()).run().status(0);
    assert_eq!(outcome.stdout.lines().count(), 5, "{}", outcome.stdout);
    let directory = Directory::new().file("mine/history.edn", edn(1));
    histcheck("report --to text mine").current_dir(directory.path()).run().status(0);
}

#[test]
fn what_jepsen_does_not_write_into_a_run_is_a_history_all_the_same() {
    let directory = run(Directory::new(), "run", "edn", 1)
        .file("run/mine.edn", edn(2))
        .file("run/n1/clients.jsonl", "{\"process\": 0}")
        .file("run/old/history.edn", edn(2))
        .file("run/old/jepsen.log", log(2));
    let outcome = histcheck("-q run").current_dir(directory.path()).run().status(1);
    let names: Vec<&str> =
        outcome.stdout.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(names, ["run/history.edn", "run/mine.edn", "run/old/history.edn"]);
    outcome.complains("run/n1/clients.jsonl:1:1");
}

#[test]
fn what_cannot_be_read_of_a_run_is_an_error() {
    let directory = Directory::new()
        .file("run/results.edn", RESULTS)
        .file("run/test.fressian", "")
        .file("other/history.edn", "{:process 0, :type")
        .file("other/history.txt", lines(1, ""))
        .file("other/results.edn", RESULTS);
    let run = |name: &str| histcheck("-q").arg(name).current_dir(directory.path()).run().status(2);
    run("run").complains("this Jepsen run has no history");
    // The best is not replaced by the next because it is damaged.
    let outcome = run("other").complains("other/history.edn:1:1");
    assert_eq!(outcome.stdout, "");
    #[cfg(unix)]
    {
        let path = |name: &str| directory.path().join("other").join(name);
        fs::remove_file(path("history.edn")).unwrap();
        std::os::unix::fs::symlink("gone", path("history.edn")).unwrap();
        let outcome = run("other").complains("other/history.edn").complains("cannot read it");
        assert_eq!(outcome.stdout, "");
        fs::remove_file(path("history.txt")).unwrap();
        fs::remove_file(path("history.edn")).unwrap();
        let elsewhere = directory.path().join("elsewhere");
        fs::write(&elsewhere, edn(1)).unwrap();
        std::os::unix::fs::symlink(&elsewhere, path("history.edn")).unwrap();
        histcheck("-q other").current_dir(directory.path()).run().status(0);
    }
}
