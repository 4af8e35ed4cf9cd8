//! Reports on transactions in every format: whole, well-formed, safe from what a history holds, and
//! at one with the exit status.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use histcheck::formats::read_bytes;
use histcheck::history::Settings;
use histcheck::isolation::{self, Asked, Evidence};
use histcheck::report::{Isolation, isolation_dot, isolation_html, isolation_svg};
use proptest::prelude::*;
use roxmltree::Document;
use serde_json::{Value as Json, json};

use crate::ci_formats::{verify_junit, verify_markdown, verify_sarif};
use crate::figures::verify;
use crate::program::histcheck;

/// A transaction: its process, when it ran, what it did, and how it ended.
type Ran<'a> = (u32, [u32; 2], Json, &'a str);

/// The history of transactions, by their times.
fn history(ran: &[Ran<'_>]) -> String {
    let mut records: Vec<(u32, String)> = Vec::new();
    for (process, times, micros, end) in ran {
        for (time, kind) in times.iter().zip(["invoke", end]) {
            let time_ns = u64::from(*time) * 1_000_000;
            let record = json!({
                "process": process, "type": kind, "f": "txn", "value": micros, "time": time_ns
            });
            records.push((*time, record.to_string() + "\n"));
        }
    }
    records.sort_by_key(|record| record.0);
    records.into_iter().map(|record| record.1).collect()
}

/// Transactions of which each missed what the next one wrote.
fn cycle(length: u32, key: impl Fn(u32) -> String) -> String {
    let transaction = |at: u32| {
        let micros = json!([["r", key(at), null], ["w", key((at + 1) % length), at + 1]]);
        (at, [at, length + at], micros, "ok")
    };
    history(&(0..length).map(transaction).collect::<Vec<_>>())
}

/// Histories with an anomaly each, by its name.
fn anomalies() -> Vec<(&'static str, String)> {
    let list = |items: &[u32]| json!(["r", "x", items]);
    let append = |item: u32| json!(["append", "x", item]);
    vec![
        ("G2-item", cycle(2, |at| format!("k{at}"))),
        (
            "G1a",
            history(&[
                (0, [1, 5], json!([append(1)]), "fail"),
                (1, [2, 6], json!([list(&[1])]), "ok"),
            ]),
        ),
        (
            "lost-update",
            history(&[
                (0, [1, 5], json!([list(&[]), append(1)]), "ok"),
                (1, [2, 6], json!([list(&[]), append(2)]), "ok"),
            ]),
        ),
        (
            "incompatible-order",
            history(&[
                (0, [1, 5], json!([append(1)]), "ok"),
                (1, [2, 6], json!([append(2)]), "ok"),
                (2, [3, 7], json!([list(&[1, 2])]), "ok"),
                (3, [4, 8], json!([list(&[2, 1])]), "ok"),
            ]),
        ),
        (
            "dirty-update",
            history(&[
                (0, [1, 5], json!([append(1)]), "fail"),
                (1, [2, 6], json!([append(2)]), "ok"),
                (2, [3, 7], json!([list(&[1, 2])]), "ok"),
            ]),
        ),
        ("garbage-read", history(&[(0, [1, 5], json!([["r", "x", 9]]), "ok")])),
        (
            "G-single-realtime",
            history(&[
                (0, [1, 2], json!([append(1)]), "ok"),
                (1, [3, 4], json!([append(2)]), "ok"),
                (2, [5, 6], json!([list(&[1])]), "ok"),
                (0, [7, 8], json!([list(&[1, 2])]), "ok"),
            ]),
        ),
        (
            "G-single-process",
            history(&[
                (0, [1, 2], json!([append(1)]), "ok"),
                (0, [3, 9], json!([list(&[]), ["append", "y", 1]]), "ok"),
                (1, [4, 8], json!([["r", "y", [1]], list(&[1])]), "ok"),
            ]),
        ),
    ]
}

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("transactions-{name}"))
}

/// What `report` makes of a history.
fn reported(text: &str, to: &str) -> String {
    histcheck(&format!("report --to {to}")).stdin(text).run().status(0).stdout
}

fn json_report(text: &str) -> Json {
    serde_json::from_str(&reported(text, "json")).unwrap()
}

#[test]
fn a_picture_has_each_arrow_of_the_cycle() {
    for length in [2, 3, 4, 5, 6, 7, 9, 12] {
        let picture = reported(&cycle(length, |at| format!("k{at}")), "svg");
        verify(&picture);
        let document = Document::parse(&picture).unwrap();
        let steps: BTreeSet<&str> = document
            .descendants()
            .filter_map(|node| node.attribute("id").filter(|id| id.starts_with("step")))
            .collect();
        assert_eq!(steps.len(), length as usize);
        let texts: Vec<&str> = document.descendants().filter_map(|node| node.text()).collect();
        for at in 0..length {
            let (key, value) = ((at + 1) % length, at + 1);
            let reason = format!("k{key}: null → {value}");
            assert!(texts.contains(&&*reason), "{length}: {reason}: {texts:?}");
        }
        let name = if length == 2 { "write skew" } else { "missed writes in a circle" };
        let title =
            format!("G2-item ({name}): the strongest level left is strong-snapshot-isolation");
        assert!(texts.contains(&&*title), "{texts:?}");
    }
    // Of a very long one, the middle is left out.
    let picture = reported(&cycle(60, |at| format!("k{at}")), "svg");
    verify(&picture);
    assert!(picture.contains("37 more transactions"), "{picture}");
}

#[test]
fn a_picture_shows_what_is_no_cycle() {
    for (name, text) in anomalies() {
        let picture = reported(&text, "svg");
        verify(&picture);
        let first =
            json_report(&text)["isolation"]["anomalies"][0]["name"].as_str().unwrap().to_owned();
        assert!(picture.contains(&first), "{name}");
        let (page, dot) = (reported(&text, "html"), reported(&text, "dot"));
        for report in [page, dot] {
            assert!(report.contains(name), "{name}: {report}");
        }
    }
}

#[test]
fn every_anomaly_is_drawn() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("histories/isolation");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        verify(&reported(&text, "svg"));
        verify_dot(&reported(&text, "dot"));
        for svg in reported(&text, "html").split("<svg ").skip(1) {
            let (svg, _) = svg.split_once("</svg>").unwrap();
            verify(&format!("<svg {svg}</svg>"));
        }
        count += 1;
    }
    assert!(count > 40, "{count}");
}

#[test]
fn a_valid_history_has_a_picture_and_a_page() {
    let few = history(&[
        (0, [1, 5], json!([["append", "x", 1]]), "ok"),
        (1, [2, 6], json!([["r", "x", [1]]]), "info"),
    ]);
    let many = histcheck("generate serializable --operations 400").run().status(0).stdout;
    for text in [&few, &many] {
        let reported = |to: &str| {
            let arguments = format!("report --level strict-serializable --to {to}");
            histcheck(&arguments).stdin(text.clone()).run().status(0).stdout
        };
        let picture = reported("svg");
        verify(&picture);
        assert!(picture.contains("Valid: "), "{picture}");
        assert!(
            picture.contains("Holds: strict-serializable, and all weaker levels."),
            "{picture}"
        );
        let page = reported("html");
        assert!(page.contains("<h2>The run</h2>") && !page.contains("id=\"anomaly0\""));
    }
}

/// Splits a line of DOT into what is outside quotes, with `""` for each quoted text, and checks
/// that the quotes are closed.
fn unquoted(line: &str) -> String {
    let (mut out, mut letters) = (String::new(), line.chars());
    while let Some(c) = letters.next() {
        out.push(c);
        if c != '"' {
            continue;
        }
        loop {
            match letters.next().unwrap_or_else(|| panic!("an open quote: {line}")) {
                '\\' => assert!(letters.next().is_some()),
                '"' => break,
                _ => {}
            }
        }
        out.push('"');
    }
    out
}

/// Checks the graph, and returns how many edges it has.
fn verify_dot(text: &str) -> usize {
    let (mut depth, mut edges) = (0, 0);
    let mut nodes = BTreeSet::new();
    for line in text.lines().map(unquoted) {
        let line = line.trim();
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        match first {
            "digraph" | "subgraph" => {
                assert!(line.ends_with('{'), "{line}");
                depth += 1;
            }
            "}" => depth -= 1,
            _ if rest.starts_with("->") => {
                let (to, _) = rest[3..].split_once(' ').unwrap();
                assert!(nodes.contains(first) && nodes.contains(to), "{line}");
                edges += 1;
            }
            _ => {
                assert!(line.ends_with(';'), "{line}");
                nodes.insert(first.to_owned());
            }
        }
        assert_eq!(line.matches('[').count(), line.matches(']').count(), "{line}");
    }
    assert_eq!(depth, 0);
    edges
}

#[test]
fn a_graph_has_each_edge_of_the_cycles() {
    for length in [2, 3, 12] {
        let text = cycle(length, |at| format!("k{at}"));
        assert_eq!(verify_dot(&reported(&text, "dot")), length as usize);
    }
    for (_, text) in anomalies() {
        verify_dot(&reported(&text, "dot"));
    }
    let register = "histories/stale-read.jsonl";
    histcheck(&format!("report {register} --to dot"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .run()
        .status(2)
        .complains("say --to svg or html");
}

#[test]
fn a_page_tells_each_level_and_each_edge() {
    let text = cycle(3, |at| format!("k{at}"));
    let page = reported(&text, "html");
    let levels = json_report(&text)["isolation"]["levels"].as_object().unwrap().clone();
    for (name, status) in levels {
        let status = status.as_str().unwrap();
        let row = page.lines().find(|line| line.contains(&format!("<td>{name}</td>"))).unwrap();
        assert!(row.contains(&format!("class=\"badge {status}\"")), "{row}");
        assert_eq!(row.contains("href=\"#anomaly0\""), status == "ruled-out", "{row}");
    }
    assert_eq!(page.matches("<li>").count(), 3);
    assert!(page.contains("T1 read k0 = null, without what T3 wrote (k0 = 3)"), "{page}");
    assert!(page.contains("default-src 'none'") && !page.contains("<script"));
    let path = place("page.html");
    histcheck("--html").arg(&path).stdin(text).run().status(1);
    let written = fs::read_to_string(&path).unwrap();
    assert_eq!(written, page);
}

#[test]
fn every_format_is_at_one_with_the_exit_status() {
    let skew = cycle(2, |at| format!("k{at}"));
    for (level, status, passed) in [
        ("serializable", 1, false),
        ("snapshot-isolation", 0, true),
        ("strict-serializable", 1, false),
    ] {
        let run = |format: &str| {
            let arguments = format!("--level {level} --format {format}");
            histcheck(&arguments).stdin(skew.clone()).run().status(status).stdout
        };
        let junit = run("junit");
        let document = Document::parse(&junit).unwrap();
        let suites = verify_junit(&document);
        assert_eq!(suites[0].attribute("tests"), Some("1"));
        assert_eq!(suites[0].attribute("failures"), Some(if passed { "0" } else { "1" }));
        assert!(junit.contains(&format!("<testcase name=\"{level}\"")), "{junit}");
        let sarif = verify_sarif(&run("sarif"));
        let result = &sarif["runs"][0]["results"][0];
        let worst = if passed { "note" } else { "error" };
        assert_eq!([&result["ruleId"], &result["level"]], ["G2-item", worst]);
        let place = &result["locations"][0]["physicalLocation"]["region"]["startLine"];
        assert_eq!(
            [place, &result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"]],
            [2, 1]
        );
        let markdown = run("markdown");
        assert!(markdown.contains(if passed { "✅" } else { "❌" }), "{markdown}");
        let github = run("github");
        assert_eq!(github.contains("::error title=G2-item::"), !passed, "{github}");
        let report: Json = serde_json::from_str(&run("json")).unwrap();
        assert_eq!(report["verdict"], if passed { "valid" } else { "invalid" });
    }
    let sessions = "w(1,1,0,0)\nr(1,1,1,1)\n";
    let undecided = histcheck("--level strict-serializable --format junit").stdin(sessions).run();
    let undecided = undecided.status(3).stdout;
    let document = Document::parse(&undecided).unwrap();
    assert_eq!(verify_junit(&document)[0].attribute("errors"), Some("1"));
    assert!(undecided.contains("type=\"not-decided\""), "{undecided}");
    let open = histcheck("report --level strict-serializable --to svg").stdin(sessions).run();
    let open = open.status(0).stdout;
    verify(&open);
    assert!(open.contains("Unknown: strict-serializable is not decided"), "{open}");
}

#[test]
fn the_witness_file_has_the_proof_of_each_level_that_holds() {
    let path = place("witness.jsonl");
    for text in [cycle(2, |at| format!("k{at}")), cycle(1, |_| "k".to_owned())] {
        histcheck("-q --witness").arg(&path).stdin(text.clone()).run();
        let levels = json_report(&text)["isolation"]["levels"].as_object().unwrap().clone();
        let wanted: BTreeSet<String> = levels
            .into_iter()
            .filter_map(|(name, status)| (status == "holds").then_some(name))
            .collect();
        let mut proved = BTreeSet::new();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let proof: Json = serde_json::from_str(line).unwrap();
            proved.insert(proof["level"].as_str().unwrap().to_owned());
            match (&proof["implied_by"], &proof["order"]) {
                (Json::String(stronger), _) => assert!(proved.contains(stronger), "{line}"),
                (_, Json::Array(order)) => assert_eq!(order.len(), 1, "{line}"),
                _ => assert!(proof["events"].is_array() || proof["commits"].is_array(), "{line}"),
            }
        }
        assert_eq!(proved, wanted);
    }
}

/// What would break out of some format, if it were not escaped.
const HOSTILE: &str = "<script>alert(1)</script>]]>|`*_[x](https://evil.test)\"];a -> b [label=\\N&lt;%0A\n\
                       ::error::pwned\r\u{1b}[31m\u{0}\u{fffe}\u{202e}";

#[test]
fn registers_start_as_the_metadata_says() {
    let head = json!({"histcheck": {"initial": "on"}}).to_string();
    let micros = json!([["r", "x", "on"], ["w", "x", "off"]]);
    let text = format!("{head}\n{}", history(&[(0, [1, 2], micros, "ok")]));
    let run = |arguments: &str| histcheck(arguments).stdin(text.clone()).run();
    run("--level strict-serializable").status(0);
    run("--level strict-serializable --init 0").status(1);
}

#[test]
fn hostile_keys_are_harmless() {
    let text = cycle(3, |at| format!("{at}{HOSTILE}{at}"));
    let picture = reported(&text, "svg");
    verify(&picture);
    assert!(!picture.contains("<script"));
    assert_eq!(verify_dot(&reported(&text, "dot")), 3);
    let page = reported(&text, "html");
    assert!(!page.contains("<script") && !page.contains('\u{1b}') && !page.contains('\u{202e}'));
    let run = |format: &str| {
        histcheck(&format!("--format {format}")).stdin(text.clone()).run().status(1).stdout
    };
    verify_junit(&Document::parse(&run("junit")).unwrap());
    verify_sarif(&run("sarif"));
    verify_markdown(&run("markdown"));
    assert!(
        run("github")
            .lines()
            .all(|line| line.starts_with("::error ") || line.starts_with("::notice "))
    );
}

const KEYS: [&str; 6] =
    ["x", "y", "accounts/eu-west-1/4711/balance", "読み取り", "<b>&amp;\"", "\u{1f642}\u{301}"];

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(150)
    })]

    #[test]
    fn whatever_is_drawn_of_transactions_fits(
        deeds in prop::collection::vec(
            (
                0..4u32,
                1..6u32,
                prop::collection::vec((0..6usize, any::<bool>(), 0..7u32), 1..9),
                0..9u8,
            ),
            1..24,
        ),
    ) {
        let mut free = [0; 4];
        let mut ran: Vec<Ran<'_>> = Vec::new();
        for (nth, (process, long, micros, end)) in (1..).zip(&deeds) {
            let start = free[*process as usize].max(nth * 10);
            free[*process as usize] = start + long * 9 + 5;
            let micro = |(at, &(key, reads, value)): (u32, &(usize, bool, u32))| match reads {
                true => json!(["r", KEYS[key], if value == 0 { Json::Null } else { json!(value * 100) }]),
                false => json!(["w", KEYS[key], nth * 100 + at]),
            };
            let micros = json!((0..).zip(micros).map(micro).collect::<Vec<_>>());
            let end = if *end == 0 { "fail" } else if *end == 1 { "info" } else { "ok" };
            ran.push((*process, [start, start + long * 9], micros, end));
        }
        // What is of unknown outcome ends its process.
        let mut seen = BTreeSet::new();
        ran.retain(|one| !seen.contains(&one.0) && (one.3 != "info" || seen.insert(one.0)));
        let text = history(&ran);
        let history = read_bytes(text.into_bytes(), None, Settings::default()).unwrap();
        let report = isolation::check(&history, &isolation::Options::default()).unwrap();
        let asked = Asked::usual(true);
        let subject = Isolation::new(&report, &asked);
        verify(&isolation_svg(&subject));
        verify_dot(&isolation_dot(&subject));
        let page = isolation_html(&subject, None);
        let is_cycle = |found: &&isolation::Found| matches!(found.evidence, Evidence::Cycle(_));
        prop_assert!(page.matches("<ol>").count() >= report.found.iter().filter(is_cycle).count());
        for svg in page.split("<svg ").skip(1) {
            let (svg, _) = svg.split_once("</svg>").unwrap();
            verify(&format!("<svg {svg}</svg>"));
        }
    }
}

#[test]
fn anomalies_are_asked_for_by_names_that_exist() {
    let skew = "histories/isolation/G2-item.jsonl";
    for (asked, status) in [
        ("G2-item", 1),
        ("G2", 1),
        ("G0, G2-item", 1),
        ("G1a,G0", 0),
        ("G-single-item,G-nonadjacent-item-process", 0),
        ("foo", 2),
        ("G1a,g0", 2),
        ("", 2),
    ] {
        let run = histcheck("-q --level").arg(format!("anomalies:{asked}")).args(skew).run();
        assert_eq!(run.status, status, "{asked}: {}{}", run.stdout, run.stderr);
    }
    let run = histcheck("--level anomalies:G2-itm").args(skew).run();
    assert!(run.stderr.contains("did you mean `G2-item`?"), "{}", run.stderr);
}

#[test]
fn an_element_that_two_appended_is_no_duplicate() {
    let append = |process, times| (process, times, json!([["append", "x", 1]]), "ok");
    let read = |times, list: Json| (2, times, json!([["r", "x", list]]), "ok");
    let twice = [append(0, [1, 2]), append(1, [3, 4]), read([5, 6], json!([1, 1]))];
    let run = histcheck("--level serializable").stdin(history(&twice)).run();
    assert_eq!(run.status, 3, "{}", run.stdout);
    assert!(run.stdout.contains("wrote the same value to 1 key"), "{}", run.stdout);
    let once = [append(0, [1, 2]), read([5, 6], json!([1, 1]))];
    let run = histcheck("--level read-uncommitted").stdin(history(&once)).run();
    assert_eq!(run.status, 1, "{}", run.stdout);
}

/// No model knows registers and lists, so that their levels are left undecided.
#[test]
fn repeated_values_of_registers_and_lists_are_no_error() {
    let both = [
        (0, [1, 2], json!([["w", "z", 3]]), "ok"),
        (1, [1, 3], json!([["w", "z", 3], ["append", "y", 1]]), "ok"),
        (2, [4, 5], json!([["r", "z", 3], ["append", "y", 2]]), "ok"),
    ];
    let run = histcheck("").stdin(history(&both)).run();
    assert_eq!(run.status, 3, "{}{}", run.stdout, run.stderr);
}

#[test]
fn proofs_of_what_goes_on_after_a_crash_are_verified() {
    let ran = [
        (1, [1, 20], json!([["r", "y", [1]]]), "ok"),
        (0, [2, 3], json!([["append", "y", 1]]), "info"),
        (0, [4, 5], json!([["r", "y", []]]), "ok"),
        (2, [6, 7], json!([["w", "z", 1]]), "fail"),
        (2, [8, 9], json!([["w", "z", 1]]), "ok"),
        (3, [10, 11], json!([["r", "z", 1]]), "ok"),
    ];
    let run = histcheck("--self-check --format json").stdin(history(&ran)).run();
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    let report: Json = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["self_check"]["wrong"], 0, "{report}");
    assert!(report["self_check"]["confirmed"].as_u64().unwrap() > 20, "{report}");
}

/// A lost update of one key is no write skew.
#[test]
fn cycles_are_called_as_people_call_them() {
    let line = |text: &str| text.lines().find(|line| line.contains("G2-item")).unwrap().to_owned();
    let run = histcheck("histories/isolation/lost-update.jsonl").run();
    assert!(!line(&run.stdout).contains("write skew"), "{}", run.stdout);
    let run = histcheck("histories/isolation/G2-item.jsonl").run();
    assert!(line(&run.stdout).contains("G2-item (write skew)"), "{}", run.stdout);
}

#[test]
fn what_lists_tell_beside_their_last_elements_counts_for_most_tools() {
    let crossed = [
        (0, [1, 9], json!([["append", "x", 1], ["append", "y", 1]]), "ok"),
        (1, [2, 8], json!([["append", "x", 2], ["append", "y", 2]]), "ok"),
        (2, [10, 11], json!([["r", "x", [1, 2]], ["r", "y", [2, 1]]]), "ok"),
    ];
    for tool in ["elle", "awdit", "dbcop", "polysi", "cobra", "viper"] {
        let run = histcheck("--self-check --level serializable --like").arg(tool);
        let run = run.stdin(history(&crossed)).run();
        assert_eq!(run.status, 1, "{tool}: {}{}", run.stdout, run.stderr);
        let has_order = !["awdit", "dbcop"].contains(&tool);
        assert_eq!(run.stdout.contains("G0"), has_order, "{tool}: {}", run.stdout);
    }
}

#[test]
fn lists_are_not_written_where_they_have_no_room() {
    for format in ["plume", "awdit", "dbcop"] {
        let lists = history(&[(0, [1, 2], json!([["append", "x", 1]]), "ok")]);
        let run = histcheck("convert --to").arg(format).stdin(lists).run();
        assert_eq!(run.status, 2, "{format}: {}", run.stdout);
        assert!(run.stderr.contains("transactions on registers"), "{}", run.stderr);
    }
}

#[test]
fn transactions_are_warned_of_as_others_are() {
    let earlier = [
        (1, [30, 40], json!([["r", "x", null]]), "ok"),
        (0, [10, 20], json!([["w", "x", 1]]), "ok"),
    ];
    // In the order of the file, the read comes first.
    let by_time = history(&earlier);
    let lines: Vec<&str> = by_time.lines().collect();
    let text = [lines[2], lines[3], lines[0], lines[1]].map(|line| line.to_owned() + "\n").concat();
    let run = histcheck("--format json").stdin(text.clone()).run();
    assert_eq!(run.status, 0, "{}", run.stdout);
    let report: Json = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["warnings"][0]["code"], "W0006", "{report}");
    assert_eq!(histcheck("--order time").stdin(text).run().status, 1);
    let alike = [
        (0, [1, 2], json!([["w", 1, 5], ["w", "1", 6]]), "ok"),
        (1, [3, 4], json!([["r", 1, 5], ["r", "1", 6]]), "ok"),
    ];
    let run = histcheck("").stdin(history(&alike)).run();
    assert!(run.stdout.contains("(W0016)"), "{}", run.stdout);
    assert!(run.stdout.contains("read as   events of process, type, f, value"), "{}", run.stdout);
}

#[test]
fn options_of_reports_hold_for_transactions() {
    let path = "histories/isolation/not-serializable.jsonl";
    let all = histcheck(path).run().stdout;
    let none = histcheck("--max-anomalies 0 --timings").args(path).run().stdout;
    assert!(all.contains("because") && !all.contains("s to read"), "{all}");
    assert!(!none.contains("because") && none.contains("s to check and explain"), "{none}");
    assert!(none.contains("(--max-anomalies)"), "{none}");
    let run = histcheck("--max-anomalies 1 --timings --format json").args(path).run();
    let report: Json = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["isolation"]["anomalies"].as_array().unwrap().len(), 1, "{report}");
    assert!(report["timings"]["check_seconds"].as_f64().is_some(), "{report}");
}
