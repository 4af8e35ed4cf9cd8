//! Reports for continuous integration: complete, well-formed, and safe from what a history holds.

use std::path::PathBuf;

use histcheck::formats::read_bytes;
use histcheck::history::Settings;
use histcheck::proof::Proof;
use histcheck::report::{Subject, ci};
use histcheck::{Options, check};
use roxmltree::{Document, Node};
use serde_json::{Value as Json, json};

use crate::cli::blocks;
use crate::program::{Directory, Outcome, histcheck};
use crate::support::hard::hard;

const FORMATS: [&str; 4] = ["junit", "sarif", "markdown", "github"];

const VALID: &str = r#"{"process": 0, "type": "invoke", "f": "read"}
{"process": 0, "type": "ok", "f": "read"}
"#;

const INVALID: &str = r#"{"process": 0, "type": "invoke", "f": "write", "value": 1, "key": "x"}
{"process": 0, "type": "ok", "f": "write", "value": 1, "key": "x"}
{"process": 0, "type": "invoke", "f": "write", "value": 2, "key": "x"}
{"process": 0, "type": "ok", "f": "write", "value": 2, "key": "x"}
{"process": 1, "type": "invoke", "f": "write", "value": 7, "key": "y"}
{"process": 3, "type": "invoke", "f": "read", "key": "x"}
{"process": 3, "type": "ok", "f": "read", "value": 1, "key": "x"}
"#;

const UNREADABLE: &str = "{\"process\": 0, \"type\": \"invoke\", \"value\": 3}\n";

/// What would break out of some format, if it were not escaped.
const HOSTILE: &str = "<script>alert(1)</script>]]>|`*_[x](https://evil.test)@all#1&amp;%0A\n\
                       ::error::pwned\r\u{1b}[31m\u{0}\u{fffe}www.evil.test a@evil.test";

/// A stale read of hostile values from a hostile key.
fn hostile() -> String {
    let event = |process: u32, kind: &str, f: &str, value: Json| {
        let key = format!("key {HOSTILE}");
        let event = json!({"process": process, "type": kind, "f": f, "value": value, "key": key});
        event.to_string() + "\n"
    };
    let (old, new) = (json!(format!("{HOSTILE}1")), json!([HOSTILE, {HOSTILE: 2}]));
    let mut text = String::new();
    for value in [&old, &new] {
        for kind in ["invoke", "ok"] {
            text += &event(1, kind, "write", value.clone());
        }
    }
    text + &event(2, "invoke", "read", Json::Null) + &event(2, "ok", "read", old)
}

/// One of each kind of input.
fn inputs() -> Directory {
    Directory::new()
        .file("a-valid.jsonl", VALID)
        .file("b-invalid.jsonl", INVALID)
        .file("c-unreadable.jsonl", UNREADABLE)
        .file("d-hard.jsonl", hard())
}

const ALL: &str = "a-valid.jsonl b-invalid.jsonl c-unreadable.jsonl d-hard.jsonl missing.jsonl \
                   --max-configs 1000";

fn run(directory: &Directory, arguments: &str) -> Outcome {
    histcheck(arguments).current_dir(directory.path()).run()
}

/// The elements of this name.
fn elements<'a>(document: &'a Document<'_>, name: &'a str) -> Vec<Node<'a, 'a>> {
    document.descendants().filter(|node| node.has_tag_name(name)).collect()
}

/// What the schemas of Ant and of Jenkins want: these attributes and children, in this order, and
/// the true counts. Returns the suites.
pub(crate) fn verify_junit<'a>(document: &'a Document<'_>) -> Vec<Node<'a, 'a>> {
    let root = document.root_element();
    assert!(root.has_tag_name("testsuites") && root.attributes().len() == 0);
    let suites: Vec<_> = root.children().filter(Node::is_element).collect();
    for (at, suite) in suites.iter().enumerate() {
        let wanted = "name package id tests failures errors time timestamp hostname";
        let attributes: Vec<&str> = suite.attributes().map(|one| one.name()).collect();
        assert_eq!(attributes.join(" "), wanted);
        assert_eq!(suite.attribute("id"), Some(&*at.to_string()));
        let count = |name: &str| suite.descendants().filter(|n| n.has_tag_name(name)).count();
        for (attribute, element) in
            [("tests", "testcase"), ("failures", "failure"), ("errors", "error")]
        {
            let counted = count(element).to_string();
            assert_eq!(suite.attribute(attribute), Some(&*counted), "{attribute}");
        }
        let mut children: Vec<&str> =
            suite.children().filter(Node::is_element).map(|n| n.tag_name().name()).collect();
        children.dedup();
        assert_eq!(children.join(" "), "properties testcase system-out system-err");
    }
    for case in elements(document, "testcase") {
        let attributes: Vec<&str> = case.attributes().map(|one| one.name()).collect();
        assert_eq!(attributes, ["name", "classname", "time"]);
    }
    suites
}

#[test]
fn junit_has_a_suite_for_each_file_and_a_case_for_each_key() {
    let text = run(&inputs(), &format!("--format junit {ALL}")).status(1).stdout;
    let document = Document::parse(&text).unwrap();
    let suites = verify_junit(&document);
    let names: Vec<_> = suites.iter().map(|suite| suite.attribute("name").unwrap()).collect();
    assert_eq!(names.join(" "), ALL.split(" --").next().unwrap());
    let cases: Vec<_> = elements(&document, "testcase")
        .iter()
        .map(|case| {
            let result = case.first_element_child();
            (case.attribute("name").unwrap(), result.and_then(|node| node.attribute("type")))
        })
        .collect();
    assert_eq!(
        cases,
        [
            ("history", None),
            ("\"x\"", Some("not-linearizable")),
            ("\"y\"", None),
            ("history", Some("H0007")),
            ("history", Some("not-decided")),
            ("history", Some("H0001")),
        ]
    );
    let failure = elements(&document, "failure")[0];
    let message = failure.attribute("message").unwrap();
    assert!(message.starts_with("no order of the operations explains `read → 1`"), "{message}");
    assert!(failure.text().unwrap().starts_with("stale-read (proved), line 6: "));
    let error = elements(&document, "error")[0];
    assert!(error.attribute("message").unwrap().contains("line 1, column 1"));
    assert!(elements(&document, "testsuite").iter().all(|n| n.attribute("time") == Some("0.000")));
}

#[test]
fn junit_says_times_on_demand() {
    let text = histcheck("--format junit --timings").stdin(INVALID).run().status(1).stdout;
    let document = Document::parse(&text).unwrap();
    let times = document.descendants().filter_map(|node| node.attribute("time"));
    let times: Vec<f64> = times.map(|time| time.parse().unwrap()).collect();
    assert_eq!(times.len(), 3, "of the suite and of its cases: {text}");
}

/// What SARIF 2.1.0 requires of the objects that are used.
pub(crate) fn verify_sarif(text: &str) -> Json {
    let log: Json = serde_json::from_str(text).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert!(run["invocations"][0]["executionSuccessful"].is_boolean());
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "histcheck");
    assert_eq!(driver["version"], env!("CARGO_PKG_VERSION"));
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[text]["text"].as_str().unwrap().is_empty(), "{rule}");
        }
    }
    let results = run["results"].as_array().unwrap();
    for result in results {
        let at = result["ruleIndex"].as_u64().unwrap();
        assert_eq!(rules[at as usize]["id"], result["ruleId"]);
        assert!(["note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let none = Vec::new();
        let related = result["relatedLocations"].as_array().unwrap_or(&none);
        for location in result["locations"].as_array().unwrap().iter().chain(related) {
            let place = &location["physicalLocation"];
            assert!(place["artifactLocation"]["uri"].is_string(), "{location}");
            if let Some(region) = place.get("region") {
                assert!(region["startLine"].as_u64().unwrap() > 0, "{location}");
            }
        }
    }
    let used = |rule: &Json| results.iter().any(|result| result["ruleId"] == rule["id"]);
    assert!(rules.iter().all(used), "only rules that occur");
    log
}

#[test]
fn sarif_has_a_result_for_each_finding() {
    let text = run(&inputs(), &format!("--format sarif {ALL}")).status(1).stdout;
    let log = verify_sarif(&text);
    let run = &log["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let results: Vec<Json> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            let place = &result["locations"][0]["physicalLocation"];
            let uri = &place["artifactLocation"]["uri"];
            let line = &place["region"]["startLine"];
            json!([result["ruleId"], result["level"], uri, line])
        })
        .collect();
    assert_eq!(
        results,
        [
            json!(["stale-read", "error", "b-invalid.jsonl", 6]),
            json!(["H0007", "error", "c-unreadable.jsonl", 1]),
            json!(["not-decided", "warning", "d-hard.jsonl", null]),
            json!(["W0002", "note", "d-hard.jsonl", null]),
            json!(["H0001", "error", "missing.jsonl", null]),
        ]
    );
    let stale = &run["results"][0];
    assert_eq!(stale["properties"]["key"], "\"x\"");
    let lines = stale["relatedLocations"].as_array().unwrap().iter();
    let lines: Vec<_> = lines.map(|one| &one["physicalLocation"]["region"]["startLine"]).collect();
    assert!(!lines.is_empty() && !lines.contains(&&json!(6)), "{lines:?}");
    assert!(stale["relatedLocations"][0]["message"]["text"].as_str().unwrap().contains("write"));
}

/// A proved anomaly is an error; what many share, and what a valid history suggests, is less.
#[test]
fn what_is_suggested_is_no_error() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let run = |format: &str, file: &str| {
        let program = histcheck(&format!("--format {format} histories/{file}"));
        program.current_dir(&root).run().stdout
    };
    let levels = |file: &str| {
        let log = verify_sarif(&run("sarif", file));
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        let level = |one: &Json| format!("{} {}", one["ruleId"], one["level"]).replace('"', "");
        results.iter().map(level).collect::<Vec<_>>()
    };
    assert_eq!(levels("stuck-operations.jsonl"), ["stuck-operations note"]);
    let split = levels("store/split-brain.jsonl");
    assert_eq!(split[0], "split-brain warning");
    assert!(split[1..].iter().all(|level| level.ends_with(" error")), "{split:?}");
    let github = run("github", "store/split-brain.jsonl");
    assert!(github.starts_with("::warning file=histories/store/split-brain.jsonl,line="));
    assert_eq!(run("github", "stuck-operations.jsonl").lines().count(), 1);
    let junit = run("junit", "stuck-operations.jsonl");
    let document = Document::parse(&junit).unwrap();
    assert_eq!(verify_junit(&document)[0].attribute("failures"), Some("0"));
    assert!(junit.contains("<system-out>stuck-operations (suggested), line "), "{junit}");
}

/// A verdict whose proof does not hold is no success, whatever the verdict is.
#[test]
fn a_broken_proof_is_an_error() {
    let history = read_bytes(VALID.as_bytes().to_vec(), None, Settings::default()).unwrap();
    let mut report = check(&history, &Options::default()).unwrap();
    report.keys[0].proof = Some(Proof::Wrong("<it> does not hold".to_owned()));
    let outcomes = [ci::Outcome::of(Some("a.jsonl"), &Subject::new(&history, &report))];
    let junit = ci::junit(&outcomes);
    let document = Document::parse(&junit).unwrap();
    verify_junit(&document);
    assert_eq!(elements(&document, "error")[0].attribute("type"), Some("broken-proof"));
    let log = verify_sarif(&ci::sarif(&outcomes));
    assert_eq!(log["runs"][0]["results"][0]["level"], "error");
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], false);
    assert!(ci::github(&outcomes).starts_with("::error file=a.jsonl,title=broken-proof::"));
    assert!(ci::markdown(&outcomes).contains("| 💥 |"));
}

#[test]
fn the_examples_of_the_page_are_true() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/CLI.md");
    let page = std::fs::read_to_string(page).unwrap();
    let directory = Directory::new()
        .file("runs/fine.jsonl", VALID)
        .file("runs/stale.jsonl", &blocks("jsonl")[0])
        .file("runs/torn.jsonl", UNREADABLE);
    let run = |format: &str| run(&directory, &format!("--format {format} runs")).status(1).stdout;
    assert_eq!(blocks("xml"), [run("junit")]);
    assert!(blocks("text").contains(&run("github")));
    let result = &verify_sarif(&run("sarif"))["runs"][0]["results"][0];
    assert_eq!(serde_json::from_str::<Json>(&blocks("json")[1]).unwrap(), *result);
    let markdown = run("markdown");
    let table = markdown.split("\n\n<details>").next().unwrap();
    let quoted = table.lines().map(|line| format!("> {line}").trim_end().to_owned() + "\n");
    assert!(page.contains(&quoted.collect::<String>()), "{table}");
}

#[test]
fn how_records_were_read_is_told() {
    let foreign = "{\"ClientId\":0,\"op\":\"write\",\"Input\":1,\"Call\":1,\"Return\":2,\"x\":1}\n\
                   {\"ClientId\":0,\"op\":\"read\",\"Output\":1,\"Call\":3,\"Return\":4,\"x\":1}\n";
    let directory = Directory::new().file("a.jsonl", foreign).file("b.jsonl", VALID);
    let read_as = "whole operations of process from ClientId, f from op, input, output, call, \
                   return; not used: x";
    for (format, of_one, of_two) in [
        ("junit", 1, 2),
        ("sarif", 1, 2),
        // A valid history has no details there.
        ("markdown", 1, 0),
        ("github", 1, 0),
    ] {
        let one = run(&directory, &format!("--format {format} a.jsonl")).status(0).stdout;
        // Markdown encodes some of it.
        assert!(format == "markdown" || one.contains(read_as), "{one}");
        let told = |text: &str| text.matches(" of process").count();
        assert_eq!(told(&one), of_one, "{one}");
        let two = run(&directory, &format!("--format {format} a.jsonl b.jsonl")).status(0).stdout;
        assert_eq!(told(&two), of_two, "{two}");
    }
}

#[test]
fn standard_input_has_a_name() {
    let text = histcheck("--format sarif").stdin(INVALID).run().status(1).stdout;
    let log = verify_sarif(&text);
    let location = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "stdin");
    let text = histcheck("--format github").stdin(INVALID).run().status(1).stdout;
    assert!(text.starts_with("::error title=stale-read (proved)::stdin, line 6: "), "{text}");
    histcheck("--format junit").stdin(INVALID).run().status(1).says("<testsuite name=\"stdin\"");
}

#[test]
fn github_has_a_command_for_each_finding() {
    let outcome = run(&inputs(), &format!("--format github {ALL}")).status(1);
    let commands: Vec<_> =
        outcome.stdout.lines().map(|line| line.rsplit_once("::").unwrap()).collect();
    let heads: Vec<_> = commands.iter().map(|command| command.0).collect();
    assert_eq!(
        heads,
        [
            "::error file=b-invalid.jsonl,line=6,title=stale-read (proved)",
            "::error file=c-unreadable.jsonl,line=1,col=1,title=H0007",
            "::warning file=d-hard.jsonl,title=not-decided",
            "::error file=missing.jsonl,title=H0001",
            "::notice title=histcheck",
        ]
    );
    let sum = "5 histories: 1 valid, 1 not linearizable, 1 not decided, 2 not readable";
    assert_eq!(commands.last().unwrap().1, sum);
    let valid = histcheck("--format github").stdin(VALID).run().status(0).stdout;
    let read_as = "read as events of process, type, f, value";
    assert_eq!(valid, format!("::notice title=histcheck::1 history: 1 valid; {read_as}\n"));
}

#[test]
fn markdown_has_a_row_for_each_file_and_details_of_what_is_wrong() {
    let outcome = run(&inputs(), &format!("--format markdown {ALL}")).status(1);
    let outcome = outcome
        .says("| ✅ | <code>a-valid&#46;jsonl</code> | valid | <code>register</code> | 1 | 1 |")
        .says("| ❌ | <code>b-invalid&#46;jsonl</code> | not linearizable |")
        .says("| 🚫 | <code>missing&#46;jsonl</code> | not readable |  |  |  |")
        .says("- **stale-read (proved)**, line 6: <code>key \"x\"")
        .says("| 6 | <code>3</code> | <code>read → 1</code> | <code>5&#46;&#46;6</code> |");
    let text = &outcome.stdout;
    assert_eq!(text.matches("<details>").count(), 4);
    assert_eq!(text.matches("</details>").count(), 4);
}

#[test]
fn markdown_fits_into_a_comment() {
    let mut directory = Directory::new();
    for at in 0..200 {
        let name = format!("some-rather-long-name-of-a-directory/history-{at:03}");
        directory = directory.file(&format!("{name}-good.jsonl"), VALID);
        directory = directory.file(&format!("{name}-bad.jsonl"), INVALID);
    }
    let outcome = run(&directory, ". --format markdown --explain-timeout 1s").status(1);
    let outcome = outcome.says_no("-good").says("more inputs\n").says("A comment has no room for");
    let text = &outcome.stdout;
    assert!(text.len() <= 65_536 && text.len() > 40_000, "{}", text.len());
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    assert!(text.starts_with("### histcheck: 400 histories: 200 valid, 200 not linearizable"));
}

/// In Markdown, everything but what the report itself writes is encoded.
pub(crate) fn verify_markdown(text: &str) {
    let own =
        ["<code>", "</code>", "<details>", "</details>", "<summary>", "</summary>", "<!-- -->"];
    let rest = own.iter().fold(text.to_owned(), |text, own| text.replace(own, ""));
    for hostile in ["<", ">", "`", "@", "](", "://", "\u{1b}", "\r"] {
        assert!(!rest.contains(hostile), "{hostile:?} in\n{text}");
    }
    assert!(!text.contains("www.") && text.contains("&#60;script&#62;"), "{text}");
    let tables = text.lines().filter(|line| line.starts_with('|'));
    let columns: Vec<usize> = tables.map(|line| line.matches('|').count() - 1).collect();
    assert!(columns.iter().all(|&count| count == 6 || count == 4), "{columns:?}\n{text}");
    for line in text.lines().filter(|line| !line.is_empty()) {
        let own = ["### ", "| ", "|-", "<details>", "<summary>", "</details>", "- **"];
        assert!(own.iter().any(|start| line.starts_with(start)), "{line}");
    }
}

#[test]
fn hostile_values_are_harmless() {
    // `/` cannot be part of a name, but all else of what is tried can.
    let name = "a,b:c|`<i>]]>%@all.jsonl";
    let directory = Directory::new().file(name, hostile()).file("b.jsonl", UNREADABLE);
    let run = |format: &str| {
        let program = histcheck(&format!("--model register --format {format} ./b.jsonl"));
        program.current_dir(directory.path()).arg(name).run().status(1).stdout
    };
    let junit = run("junit");
    let document = Document::parse(&junit).unwrap();
    verify_junit(&document);
    assert_eq!(elements(&document, "script"), []);
    let case = elements(&document, "testcase")[1];
    assert!(case.attribute("name").unwrap().contains("<script>alert(1)</script>]]>|`"));
    assert_eq!(case.attribute("classname"), Some(name));

    let log = verify_sarif(&run("sarif"));
    let results = log["runs"][0]["results"].as_array().unwrap();
    let text = results[1]["message"]["text"].as_str().unwrap();
    assert!(text.contains("<script>") && !text.contains("](http"), "{text}");
    let uri = &results[1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "a%2Cb%3Ac%7C%60%3Ci%3E%5D%5D%3E%25%40all.jsonl");

    verify_markdown(&run("markdown"));

    let github = run("github");
    let starts = ["::error ", "::warning ", "::notice "];
    for line in github.lines() {
        assert!(starts.iter().any(|start| line.starts_with(start)), "{line}");
        assert!(!line.contains(['\r', '\u{1b}', '\0']), "{line:?}");
    }
    assert!(github.contains("file=a%2Cb%3Ac|`<i>]]>%25@all.jsonl,line=5,"), "{github}");
    assert!(github.contains("&amp;%250A"), "{github}");
}

#[test]
fn the_exit_status_is_that_of_the_report_for_people() {
    let directory = inputs();
    for files in [
        "a-valid.jsonl",
        "b-invalid.jsonl",
        "b-invalid.jsonl --exit-zero",
        "c-unreadable.jsonl a-valid.jsonl",
        "d-hard.jsonl a-valid.jsonl --max-configs 1000",
        "missing.jsonl d-hard.jsonl --max-configs 1000",
        "a-valid.jsonl --timeout 0",
        "a-valid.jsonl --max-memory 1",
        "b-invalid.jsonl --max-anomalies 0 -q",
        "b-invalid.jsonl --self-check -v",
        ALL,
    ] {
        let human = run(&directory, files).status;
        for format in FORMATS {
            let arguments = format!("--format {format} {files}");
            let outcome = run(&directory, &arguments);
            assert_eq!(outcome.status, human, "{arguments}: {}", outcome.stderr);
            assert!(!outcome.stdout.is_empty(), "{arguments}");
        }
    }
}

#[test]
fn a_violation_without_anomalies_is_still_a_violation() {
    let program = |format: &str| {
        let arguments = format!("--max-anomalies 0 --format {format}");
        histcheck(&arguments).stdin(INVALID).run().status(1).stdout
    };
    let log = verify_sarif(&program("sarif"));
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], "not-linearizable");
    assert_eq!(log["runs"][0]["results"][0]["level"], "error");
    assert!(program("github").starts_with("::error title=not-linearizable::"));
    assert!(program("markdown").contains("- **not-linearizable**, line 6: "));
    assert_eq!(elements(&Document::parse(&program("junit")).unwrap(), "failure").len(), 1);
}

#[test]
fn what_a_limit_keeps_from_being_read_is_not_decided() {
    for limit in ["--timeout 0", "--max-memory 1"] {
        let program = |format: &str| {
            histcheck(&format!("--format {format} {limit}")).stdin(VALID).run().status(3).stdout
        };
        assert!(program("junit").contains("<error type=\"not-decided\""));
        assert_eq!(verify_sarif(&program("sarif"))["runs"][0]["results"][0]["level"], "warning");
        assert!(program("github").starts_with("::warning title=not-decided::stdin"));
        assert!(program("markdown").contains("| ❔ |"));
    }
}

#[test]
fn threads_do_not_change_a_byte() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let files = "histories/one-bad-key.jsonl histories/unicode-values.jsonl \
                 histories/stale-read-lagging-replica.jsonl histories/store/racy-counter.jsonl";
    for format in FORMATS {
        let run = |threads: usize| {
            let arguments = format!("--format {format} -j {threads} {files}");
            histcheck(&arguments).current_dir(&root).run().status(1).stdout
        };
        let text = run(1);
        assert!(text == run(2), "{format}");
        match format {
            "junit" => {
                let document = Document::parse(&text).unwrap();
                verify_junit(&document);
            }
            "sarif" => drop(verify_sarif(&text)),
            _ => {}
        }
    }
}
