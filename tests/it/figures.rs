//! Pictures: those in docs/images are made by the commands that are told here, and whatever is
//! drawn is well-formed, fits, and names what is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use histcheck::formats::read_bytes;
use histcheck::history::Settings;
use histcheck::report::{Subject, svg};
use histcheck::{Options, Session};
use proptest::prelude::*;
use roxmltree::{Document, Node};

use crate::kept::keep;
use crate::program::histcheck;

/// The pictures of docs/images: their names, and the history of each; or how it is generated.
const IMAGES: &[(&str, &str)] = &[
    ("stale-read", "histories/stale-read-lagging-replica.jsonl"),
    ("lost-update", "histories/store/racy-counter.jsonl"),
    ("double-lock", "histories/store/lease-lock-paused.jsonl"),
    ("split-brain", "histories/store/split-brain.jsonl"),
    ("clock-skew-reordering", "histories/store/last-write-wins-skewed.jsonl"),
    ("stale-cache-read", "histories/store/refill-race.jsonl"),
    ("keys", "histories/one-bad-key.jsonl"),
    ("crashes", "histories/store/raft-amnesia.jsonl"),
    ("processes", "generate read-replicas --clients 30 --operations 400 --seed 3"),
    ("unicode-values", "histories/unicode-values.jsonl"),
    ("write-skew", "--level strict-serializable histories/write-skew.jsonl"),
    ("valid", "generate abd-crashes --operations 2000"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The picture that the program draws of a history.
fn drawn(history: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("figure-{name}.svg"));
    let program = match history.starts_with("generate ") {
        true => histcheck("-").stdin(histcheck(history).run().status(0).stdout),
        false => histcheck(history).current_dir(&root()),
    };
    let outcome = program.arg("--svg").arg(&path).run();
    assert!(matches!(outcome.status, 0 | 1), "{}", outcome.stderr);
    fs::read_to_string(path).unwrap()
}

/// Keeps a picture of docs/images.
fn keep_image(name: &str, fresh: &str) {
    keep(&root().join(format!("docs/images/{name}.svg")), "docs", fresh).unwrap();
}

#[test]
fn the_pictures_of_the_documentation_are_up_to_date() {
    for (name, history) in IMAGES {
        let fresh = drawn(history, name);
        verify(&fresh);
        keep_image(name, &fresh);
    }
}

#[test]
fn a_picture_is_drawn_of_one_history_only() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("figure-none.svg");
    let _ = fs::remove_file(&path);
    let program = || histcheck("").current_dir(&root()).arg("--svg").arg(&path);
    program().arg("histories").run().status(2).complains("--svg shows one history");
    let nowhere = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-such-directory/figure.svg");
    let outcome = histcheck("histories/stale-read.jsonl").current_dir(&root()).arg("--svg");
    outcome.arg(&nowhere).run().status(1).complains("cannot write");
    assert!(!path.exists());
    let quiet = histcheck("-q histories/stale-read.jsonl").current_dir(&root()).arg("--svg");
    let outcome = quiet.arg(&path).run().status(1);
    assert_eq!(outcome.stdout.lines().count(), 1);
    verify(&fs::read_to_string(&path).unwrap());
}

#[test]
fn an_overview_names_slow_keys() {
    let mut history = String::new();
    for at in 0..60 {
        let (key, call) = (at % 6, at * 1_000_000);
        let ret = call + if key == 4 { 900_000 } else { 100_000 };
        for (kind, time) in [("invoke", call), ("ok", ret)] {
            history += &format!(
                "{{\"process\":0,\"type\":\"{kind}\",\"f\":\"write\",\"key\":\"k{key}\",\
                 \"value\":{at},\"time\":{time}}}\n"
            );
        }
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("figure-slow.svg");
    histcheck("-q --svg").arg(&path).stdin(history).run().status(0);
    let picture = fs::read_to_string(&path).unwrap();
    verify(&picture);
    let said = "The slowest keys: &quot;k4&quot; (median 900 µs).";
    assert!(picture.contains(said), "{picture}");
}

/// The plots of docs/images: their names, their kinds, and what is plotted.
const PLOTS: &[(&str, &str, &str)] = &[
    ("plot-latency", "latency", "generate abd-partitions --operations 3000 --workload kv"),
    ("plot-rate", "rate", "generate raft-partitions --operations 3000"),
    ("plot-concurrency", "concurrency", "generate abd-crashes --operations 3000 --clients 20"),
    ("plot-staleness", "staleness", "generate read-replicas --operations 3000"),
    ("plot-clock-offset", "clock-offset", "generate skewed-recording"),
];

#[test]
fn the_plots_of_the_documentation_are_up_to_date() {
    for (name, kind, history) in PLOTS {
        let history = histcheck(history).run().status(0).stdout;
        let plot = histcheck("plot --kind").arg(kind).stdin(history).run().status(0).stdout;
        verify(&plot);
        keep_image(name, &plot);
    }
}

#[test]
fn what_cannot_be_plotted_says_so() {
    let untimed = "histories/stale-read.jsonl";
    for (_, kind, _) in PLOTS {
        let run = histcheck("plot --kind").arg(kind).arg(untimed).current_dir(&root()).run();
        verify(&run.status(0).stdout);
    }
    let plot = |arguments: &str| histcheck(arguments).current_dir(&root()).run();
    plot("plot histories/stale-read.jsonl").status(2).complains("--kind");
    plot("plot -k rate histories").status(2).complains("is a directory");
    plot("plot -k rate no-such-file").status(2).complains("no-such-file");
    let says = |kind: &str, file: &str, said: &str| {
        let shown = plot(&format!("plot -k {kind} {file}")).status(0).stdout;
        assert!(shown.contains(said), "{kind}: {shown}");
    };
    says("latency", untimed, "there is nothing to show");
    says("clock-offset", untimed, "The history has no times.");
    says("staleness", "histories/store/abd.jsonl", "No read is known to be stale");
    says("staleness", "histories/store/read-replicas.jsonl", "stale read");
}

#[test]
fn a_report_is_what_its_name_says() {
    let file = "histories/stale-read.jsonl";
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let run = |arguments: &str| histcheck(arguments).current_dir(&root());
    for (ending, format) in [
        ("json", "json"),
        ("xml", "junit"),
        ("sarif", "sarif"),
        ("md", "markdown"),
        ("txt", "human"),
    ] {
        let path = directory.join(format!("report.{ending}"));
        run(&format!("report {file} -o")).arg(&path).run().status(0).without_complaint();
        let checked = run(&format!("{file} --format {format}")).run().status(1).stdout;
        assert_eq!(fs::read_to_string(path).unwrap(), checked, "{ending}");
    }
    let path = directory.join("report.svg");
    run(&format!("report {file} -o")).arg(&path).run().status(0).without_complaint();
    assert_eq!(fs::read_to_string(&path).unwrap(), drawn(file, "report"));
    let shown = run(&format!("report {file} --to svg")).run().status(0).stdout;
    assert_eq!(shown, drawn(file, "report"));
    run(&format!("report {file}")).run().status(2).complains("say --to svg");
    run(&format!("report {file} -o report.gif")).run().status(2).complains("say --to svg");
    run("report no-such-file --to svg").run().status(2).complains("no-such-file");
}

#[test]
fn operations_have_the_ids_of_their_records() {
    let text = drawn("histories/stale-read.jsonl", "ids");
    let report = histcheck("histories/stale-read.jsonl --format json").current_dir(&root()).run();
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    let core = report["counterexample"]["operations"].as_array().unwrap();
    for record in core {
        assert!(text.contains(&format!("id=\"op{record}\"")), "{record}");
    }
}

/// What stands on a picture as text: its left and right end, and its baseline.
struct Written {
    left: f64,
    right: f64,
    baseline: f64,
    size: f64,
    text: String,
}

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

/// The width of a text, as usual fonts have it.
fn wide(text: &str, class: &str) -> (f64, f64) {
    let (size, cell) = match class.split(' ').next().unwrap_or_default() {
        "title" => (20.0, 0.58),
        "body" => (13.5, 0.53),
        "lane" => (12.5, 0.53),
        "op" => (12.0, 0.602),
        "state" => (11.0, 0.602),
        "count" => (10.0, 0.58),
        _ => (11.0, 0.53),
    };
    (unicode_width::UnicodeWidthStr::width(text) as f64 * cell * size, size)
}

/// Whether a picture is well-formed, names things once and what is there, and all of its text is
/// within it and apart from other text.
pub(crate) fn verify(svg: &str) {
    let document = Document::parse(svg).unwrap();
    let root = document.root_element();
    let size = (number(root, "width"), number(root, "height"));
    let ids: Vec<&str> = root.descendants().filter_map(|node| node.attribute("id")).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "{ids:?}");
    for name in root.attribute("aria-labelledby").unwrap().split(' ') {
        assert!(unique.contains(name));
    }
    for node in root.descendants().filter(|node| node.has_attribute("href")) {
        let target = node.attribute("href").unwrap().strip_prefix('#').unwrap();
        assert!(unique.contains(target), "{target}");
    }
    let texts = root.descendants().filter(|node| node.has_tag_name("text"));
    let texts: Vec<Written> = texts.map(written).collect();
    for one in &texts {
        let inside = one.left >= -0.5 && one.right <= size.0 + 0.5 && one.baseline <= size.1;
        assert!(inside, "{:?} from {} to {}", one.text, one.left, one.right);
    }
    for (at, one) in texts.iter().enumerate() {
        for other in &texts[at + 1..] {
            let beside = one.right <= other.left + 0.5 || other.right <= one.left + 0.5;
            let height = 0.7 * one.size.min(other.size);
            let apart = (one.baseline - other.baseline).abs() >= height;
            assert!(beside || apart, "{:?} and {:?}", one.text, other.text);
        }
    }
    // Labels are within their bars.
    for group in root
        .descendants()
        .filter(|node| node.attribute("id").is_some_and(|id| id.starts_with("op")))
    {
        let bar = group.children().find(|node| node.has_tag_name("rect"));
        let label = group.children().find(|node| node.has_tag_name("text"));
        if let (Some(bar), Some(label)) = (bar, label) {
            let label = written(label);
            let left = number(bar, "x");
            assert!(label.left >= left && label.right <= left + number(bar, "width"));
        }
    }
}

fn written(node: Node<'_, '_>) -> Written {
    let text = node.text().unwrap_or_default();
    let (width, size) = wide(text, node.attribute("class").unwrap_or_default());
    let x = number(node, "x");
    let left = match node.attribute("text-anchor") {
        Some("middle") => x - width / 2.0,
        Some("end") => x - width,
        _ => x,
    };
    let baseline = number(node, "y");
    Written { left, right: left + width, baseline, size, text: text.to_owned() }
}

/// What the clients of a random history do: who, what, which value, how it ends, and where.
type Deed = (u8, bool, u8, u8, u8);

const VALUES: [&str; 8] = [
    "1",
    "null",
    "\"a long text, longer than most of them are, and yet not the longest\"",
    "\"読み取り\"",
    "\"<script>alert(1)</script>\"",
    "\"\\u0000\\u001b[31m&amp;\"",
    "[1,[2,{\"a\":\"🙂\"}]]",
    "\"\\ud83d\\ude00\\u0301\"",
];

/// A history in which each process does one thing at a time, with times and without, and some
/// records of a nemesis.
fn history(deeds: &[Deed], has_times: bool) -> String {
    let mut out = String::new();
    let mut time: u64 = 0;
    let mut open: [Option<String>; 12] = Default::default();
    let mut record = |process: &str, kind: &str, f: &str, value: &str, node: u8, step: u64| {
        time += step * 1_000;
        let time = if has_times { format!(",\"time\":{time}") } else { String::new() };
        out += &format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value},\
             \"node\":\"n{node}\"{time}}}\n"
        );
    };
    for &(process, writes, value, end, node) in deeds {
        let (at, name) = (usize::from(process) % 12, (process % 12).to_string());
        let value = VALUES[usize::from(value) % VALUES.len()];
        let step = u64::from(end) * u64::from(node);
        match open[at].take() {
            Some(f) => {
                let kind = ["ok", "ok", "ok", "fail", "info"][usize::from(end) % 5];
                record(&name, kind, &f, value, node % 4, step);
            }
            None if end % 29 == 0 => record("\"nemesis\"", "info", "crash", value, 0, step),
            None => {
                let f = if writes { "write" } else { "read" };
                record(&name, "invoke", f, if writes { value } else { "null" }, node % 4, step);
                open[at] = Some(f.to_owned());
            }
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(100)
    })]

    #[test]
    fn whatever_is_drawn_fits(
        deeds in prop::collection::vec(any::<Deed>(), 2..160),
        has_times in any::<bool>(),
    ) {
        let text = history(&deeds, has_times);
        let Ok(history) = read_bytes(text.into_bytes(), None, Settings::default()) else {
            return Ok(());
        };
        let options = Options {
            model: Some("register".to_owned()),
            explain_timeout: Some(std::time::Duration::from_millis(100)),
            ..Options::default()
        };
        let Ok(session) = Session::new(&history, &options) else { return Ok(()) };
        let Ok(report) = session.check() else { return Ok(()) };
        let mut subject = Subject::new(&history, &report);
        subject.explanation = session.explain(&report, 5).unwrap();
        subject.contexts = session.contexts(&report, 5).unwrap();
        let drawn = svg(&subject);
        verify(&drawn);
        prop_assert_eq!(svg(&subject), drawn);
    }
}
