//! The folders that Maelstrom leaves: runs of Jepsen, whose workloads have names of their own.

use crate::program::{Directory, histcheck};

/// A record of a client that is invoked, and one that is `ok`.
fn both(process: u32, f: &str, [input, output]: [&str; 2]) -> String {
    let event = |kind: &str, value: &str| {
        format!("{{:process {process}, :type :{kind}, :f :{f}, :value {value}, :time 1}}\n")
    };
    event("invoke", input) + &event("ok", output)
}

/// A run with this history, and all else that Maelstrom writes.
fn run(folder: &str, history: &str) -> Directory {
    let mut directory = Directory::new();
    for (name, text) in [
        ("history.edn", history),
        ("history.txt", "0\t:invoke\t:read\tnil\n"),
        ("results.edn", "{:valid? true, :net {:all {:send-count 12}}}\n"),
        ("jepsen.log", "INFO [jepsen test runner] jepsen.core Running test\n"),
        ("test.fressian", "\u{0}\u{1}"),
        ("messages.svg", "<svg></svg>"),
        ("timeline.html", "<html></html>"),
        ("node-logs/n0.log", "{\"process\": 0, \"type\": \"invoke\", \"f\": \"write\"}\n"),
        ("node-logs/n1.log", "Online\n"),
        ("net-journal/0.fressian", "\u{0}"),
    ] {
        directory = directory.file(&format!("{folder}/{name}"), text);
    }
    directory
}

const FOLDER: &str = "store/lin-kv/20250101T100000.000Z";

/// What the report says of a history, whose status is `status`.
fn says(history: &str, status: i32, words: &[&str]) {
    let directory = run(FOLDER, history);
    let outcome = histcheck("store").current_dir(directory.path()).run().status(status);
    words.iter().for_each(|word| {
        let both = outcome.stdout.clone() + &outcome.stderr;
        assert!(both.contains(word), "{word} is not in\n{both}");
    });
}

#[test]
fn a_run_is_one_history() {
    let history = both(0, "write", ["[0 3]", "[0 3]"]) + &both(1, "read", ["[0 nil]", "[0 3]"]);
    says(&history, 0, &["lin-kv/20250101T100000.000Z/history.edn: valid: 2 operations", "1 key"]);
    let cas = history.clone() + &both(0, "cas", ["[0 [3 4]]", "[0 [3 4]]"]);
    says(&(cas.clone() + &both(1, "read", ["[0 nil]", "[0 4]"])), 0, &["valid: 4 operations"]);
    says(&(cas + &both(1, "read", ["[0 nil]", "[0 3]"])), 1, &["invalid: ", "stale-read"]);
    #[cfg(unix)]
    {
        let directory = run(FOLDER, &history);
        let link = directory.path().join("store/latest");
        std::os::unix::fs::symlink("lin-kv/20250101T100000.000Z", link).unwrap();
        for path in ["store/latest", "store", FOLDER] {
            let outcome = histcheck(&format!("-q {path}")).current_dir(directory.path()).run();
            assert_eq!(outcome.status(0).stdout.lines().count(), 1, "{path}");
        }
    }
}

#[test]
fn workloads_have_their_models() {
    let broadcast = |seen: &str| both(0, "broadcast", ["7", "7"]) + &both(1, "read", ["nil", seen]);
    says(&broadcast("[7]"), 0, &["model    set"]);
    says(&broadcast("[]"), 1, &["model    set", "invalid: "]);
    let set = both(0, "add", ["7", "7"]) + &both(1, "read", ["nil", "[7]"]);
    says(&set.replace(":time 1", ":final? true"), 0, &["model    set"]);
    let counter = |seen: &str| {
        both(0, "add", ["5", "5"]) + &both(1, "add", ["-2", "-2"]) + &both(1, "read", ["nil", seen])
    };
    says(&counter("3"), 0, &["model    counter"]);
    says(&counter("5"), 1, &["model    counter"]);
    let ids = |second: &str| {
        both(0, "generate", ["nil", "\"a1\""]) + &both(1, "generate", ["nil", second])
    };
    says(&ids("\"a2\""), 0, &["model    unique-ids"]);
    says(&ids("\"a1\""), 1, &["model    unique-ids"]);
    let [append, read] = ["[[:append 1 2]]", "[[:r 1 [2]]]"];
    let lists = both(0, "txn", [append, append]) + &both(1, "txn", ["[[:r 1 nil]]", read]);
    says(&lists, 0, &["valid: 2 transactions, strict-serializable"]);
    let registers = both(0, "txn", ["[[:w 1 2]]", "[[:w 1 2]]"])
        + &both(1, "txn", ["[[:r 1 nil]]", "[[:r 1 3]]"]);
    says(&registers, 1, &["invalid: not strict-serializable: garbage-read"]);
}

#[test]
fn what_has_no_model_is_refused() {
    let echo = both(0, "echo", ["\"hi\"", "{:type \"echo_ok\", :echo \"hi\"}"]);
    says(&echo, 2, &["there is nothing to check"]);
    let kafka = both(0, "send", ["[[:send \"k\" 1]]", "[[:send \"k\" [0 1]]]"])
        + &both(1, "poll", ["[[:poll]]", "[[:poll {\"k\" [[0 1]]}]]"]);
    // Logs with offsets have a check of their own.
    let checked = ["kafka", "since its operations send and poll messages with offsets"];
    says(&kafka, 0, &checked);
    says(&(both(1, "assign", ["[\"k\"]", "[\"k\"]"]) + &kafka), 0, &checked);
    let txn = both(0, "txn", ["[[:send \"k\" 1] [:poll]]", "[[:send \"k\" [0 1]] [:poll {}]]"]);
    says(&txn, 1, &["unseen", checked[1]]);
}
