//! Checks of workloads on the command line.

use histcheck::history::{Independent, Pairing, Settings};
use histcheck::workloads::{Check, Options, Question, Verdict, check};

use crate::program::histcheck;

/// A set that loses 1 of 2 elements, whose process has two operations open.
const LOST: &str = "{:type :invoke, :f :add, :value 1, :process 0, :time 0}
{:type :invoke, :f :add, :value 2, :process 0, :time 1000000}
{:type :ok, :f :add, :value 1, :process 0, :time 2000000}
{:type :ok, :f :add, :value 2, :process 0, :time 3000000}
{:type :info, :f :start, :value [:isolated #{\"n1\"}], :process :nemesis, :time 3500000}
{:type :invoke, :f :read, :value nil, :process 1, :time 4000000}
{:type :ok, :f :read, :value #{2}, :process 1, :time 5000000}
";

/// A log of which a message was skipped.
const SKIPPED: &str = "\
{\"process\":0,\"type\":\"invoke\",\"f\":\"send\",\"value\":[[\"send\",1,7],[\"send\",1,8]]}
{\"process\":0,\"type\":\"ok\",\"f\":\"send\",\"value\":[[\"send\",1,[0,7]],[\"send\",1,[1,8]]]}
{\"process\":1,\"type\":\"invoke\",\"f\":\"poll\",\"value\":[[\"poll\"]]}
{\"process\":1,\"type\":\"ok\",\"f\":\"poll\",\"value\":[[\"poll\",{\"1\":[[1,8]]}]]}
";

#[test]
fn a_check_has_a_verdict_and_cases() {
    let run = histcheck("--check set-full").stdin(LOST).run();
    assert_eq!(run.status, 1, "{}", run.stderr);
    let start = "invalid: set-full: 1 lost\n  anomaly  lost: the read by process 1 that began at \
                 4 ms, and every later one, misses 1, which process 0 had added, and which was \
                 there at 2 ms (record 5, line 6)\n";
    assert!(run.stdout.starts_with(start), "{}", run.stdout);
    assert!(run.stdout.contains("1 invocations come from processes"), "{}", run.stdout);
    let run = histcheck("--check set-full -q").stdin(LOST).run();
    assert_eq!(run.stdout, "invalid: set-full: 1 lost\n");
    // Linearizability needs operations.
    assert_eq!(histcheck("").stdin(LOST).run().status, 2);
}

#[test]
fn a_check_may_be_of_one_anomaly() {
    let status = |question: &str| histcheck("--check").arg(question).stdin(SKIPPED).run().status;
    assert_eq!(status("kafka"), 1);
    assert_eq!(status("kafka:lost-write"), 1);
    assert_eq!(status("kafka:G0"), 0);
    let run = histcheck("--check kafka:lost-wriet").stdin(SKIPPED).run();
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("did you mean `lost-write`?"), "{}", run.stderr);
    let run = histcheck("--check cafka").stdin(SKIPPED).run();
    assert!(run.stderr.contains("did you mean `kafka`?"), "{}", run.stderr);
}

#[test]
fn a_history_may_not_tell() {
    let added: String = LOST.lines().take(4).map(|line| format!("{line}\n")).collect();
    let run = histcheck("--check set-full").stdin(added).run();
    assert_eq!(run.status, 3);
    assert!(run.stdout.starts_with("unknown: set-full: "), "{}", run.stdout);
    let run = histcheck("--check total-queue --input-format edn").stdin("[]").run();
    assert_eq!((run.status, &run.stdout[..6]), (0, "valid:"), "{}", run.stderr);
}

#[test]
fn a_check_is_told_options() {
    let bank = "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\",\"value\":null}
{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":{\"a\":11,\"b\":-1}}
";
    let status = |options: &str, text: &str| {
        histcheck("--check bank").args(options).stdin(text).run().status
    };
    assert_eq!(status("", bank), 1);
    assert_eq!(status("--check-option negative-balances", bank), 0);
    let total = "--check-option negative-balances --check-option total=12";
    assert_eq!(status(total, bank), 1);
    assert_eq!(status("--check-option size=3", bank), 2);
    let told = format!("{{\"histcheck\":{{\"negative-balances\":true,\"total\":10}}}}\n{bank}");
    assert_eq!(status("", &told), 0);
    assert_eq!(status("--check-option total=9", &told), 1);
}

#[test]
fn programs_read_the_result_of_a_check() {
    let json = histcheck("--check kafka --format json").stdin(SKIPPED).run().json();
    assert_eq!((&json["verdict"], &json["check"]), (&"invalid".into(), &"kafka".into()));
    let kinds: Vec<&str> = json["anomalies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["lost-write", "unseen"]);
    let case = &json["anomalies"][0]["cases"][0];
    assert_eq!(case["operations"], serde_json::json!([0, 2]));
    assert_eq!(case["values"], serde_json::json!([7, 8]));
    assert_eq!((case["line"].as_u64(), json["counts"]["messages"].as_u64()), (Some(1), Some(2)));
    let json = histcheck("--check set-full --format json").stdin(LOST).run().json();
    assert_eq!(json["latencies"]["lost"]["max"], 0);
}

#[test]
fn reports_for_ci_name_anomalies() {
    let run = |format: &str| histcheck("--check kafka --format").arg(format).stdin(SKIPPED).run();
    let junit = run("junit").stdout;
    assert!(junit.contains("<failure type=\"lost-write\""), "{junit}");
    let sarif = run("sarif").stdout;
    assert!(sarif.contains("\"ruleId\": \"lost-write\""), "{sarif}");
    let markdown = run("markdown").stdout;
    assert!(markdown.contains("invalid") && markdown.contains("unseen"), "{markdown}");
    assert!(!markdown.contains("linearizable"), "{markdown}");
    assert_eq!(run("github").status, 1);
}

#[test]
fn what_fits_no_model_is_checked_for_its_workload() {
    let run = histcheck("").stdin(SKIPPED).run();
    assert_eq!(run.status, 1, "{}", run.stderr);
    let because = "check    kafka, since its operations send and poll messages with offsets";
    assert!(run.stdout.contains(because), "{}", run.stdout);
    let run = histcheck("--model register").stdin(SKIPPED).run();
    assert_eq!(run.status, 2);
}

#[test]
fn every_check_and_anomaly_is_documented() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/WORKLOADS.md");
    let page = std::fs::read_to_string(page).unwrap();
    for check in Check::ALL {
        let section = format!("\n## {}\n\n{}\n", check.name(), check.question());
        let (_, section) = page.split_once(&section).expect(&section);
        let section = section.split("\n## ").next().unwrap();
        for anomaly in check.anomalies() {
            let violates = if anomaly.violates { "yes" } else { "no" };
            let row = format!("| `{}` | {violates} | {} |", anomaly.name, anomaly.definition);
            assert!(section.contains(&row), "{row}");
        }
    }
    for option in Options::NAMES {
        let check = option.check.name();
        let row =
            format!("| `{}` | `{check}` | {} | {} |", option.name, option.takes, option.meaning);
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn every_example_shows_what_it_says() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/histories/workloads");
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/WORKLOADS.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut shown: Vec<(Check, String)> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(page.contains(&format!("(../histories/workloads/{name})")), "{name}");
        let settings = Settings {
            pairing: Pairing::Tolerant,
            independent: Independent::No,
            ..Settings::default()
        };
        let text = std::fs::read(&path).unwrap();
        let history = histcheck::formats::read_bytes(text, None, settings).unwrap();
        let question = Question::of_metadata(&history).unwrap().unwrap();
        let mut options = Options::default();
        options.set_by_metadata(&history).unwrap();
        let report = check(&history, question, &options);
        let told = |field| history.metadata_field(field);
        let verdict = history.values().as_name(told("verdict").unwrap());
        assert_eq!(report.verdict == Verdict::Valid, verdict == Some("valid"), "{name}");
        let named = told("anomalies").and_then(|it| history.values().as_list(it)).unwrap_or(&[]);
        let named: Vec<&str> =
            named.iter().map(|&it| history.values().as_name(it).unwrap()).collect();
        let mut found: Vec<&str> = report.found.iter().map(|found| found.anomaly.name).collect();
        if report.verdict == Verdict::Invalid {
            found.retain(|name| report.found(name).unwrap().violates);
            shown.extend(found.iter().map(|&name| (question.check(), name.to_owned())));
        }
        let sorted = |mut names: Vec<&str>| {
            names.sort_unstable();
            names.join(" ")
        };
        assert_eq!(sorted(found), sorted(named), "{name}");
        let run = histcheck("-q").arg(&path).run();
        assert_eq!(run.status, i32::from(verdict == Some("invalid")), "{name}: {}", run.stderr);
    }
    // Every violation has an example.
    for check in Check::ALL {
        for anomaly in check.anomalies().iter().filter(|anomaly| anomaly.violates) {
            assert!(shown.contains(&(*check, anomaly.name.to_owned())), "{}", anomaly.name);
        }
    }
}
