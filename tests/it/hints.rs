//! Hints: one other setting makes all the difference, and is only told if it does.

use std::collections::BTreeMap;

use histcheck::formats::{Format, json_value};
use histcheck::hints::{Hint, HintKind};
use histcheck::history::{Independent, Order, Settings};
use histcheck::{History, Options, Session, Verdict, check, read_file, read_text};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value as Json;

use crate::support::generate::{Settings as GeneratorSettings, random_history};

/// What a check under `options` hints at.
fn hints_with(history: &History, options: &Options) -> Vec<Hint> {
    let session = Session::new(history, options).unwrap();
    session.hints(&session.check().unwrap())
}

fn hints(text: &str) -> Vec<Hint> {
    hints_with(&read_text(text).unwrap(), &Options::default())
}

fn told(text: &str) -> Vec<String> {
    hints(text).into_iter().map(|hint| hint.message).collect()
}

/// Operations that follow one another, each as `f key input output`, where `-` stands for nothing.
fn sequence(operations: &str) -> String {
    let mut text = String::new();
    for operation in operations.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let [f, key, input, output] = operation.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{operation}");
        };
        for (kind, value) in [("invoke", input), ("ok", output)] {
            let field = |name: &str, value: &str| match value {
                "-" => String::new(),
                value => format!(r#","{name}":{value}"#),
            };
            let (key, value) = (field("key", key), field("value", value));
            text += &format!(r#"{{"process":0,"type":"{kind}","f":"{f}"{key}{value}}}"#);
            text.push('\n');
        }
    }
    text
}

#[test]
fn values_that_differ_only_in_type_are_told() {
    let text = sequence("write - 52 52\nread - - \"52\"");
    let told = told(&text);
    assert_eq!(
        told,
        [r#"with `--loose-values`, which takes 52 and "52" for one value, it is valid"#]
    );
    let loose = read_text(&text).unwrap().loosened();
    assert_eq!(check(&loose, &Options::default()).unwrap().verdict, Verdict::Valid);
}

#[test]
fn keys_that_differ_only_in_type_are_told() {
    let text = sequence("write 1 \"a\" \"a\"\nread \"1\" - \"a\"\nread 2 - null");
    let hints = hints(&text);
    assert_eq!(hints[0].kind, HintKind::LooseValues);
    assert!(hints[0].message.contains("which takes 1 and \"1\" for one value"));
    assert_eq!((hints[0].option.as_str(), hints[0].invalid), ("--loose-values", 0));
}

#[test]
fn values_of_two_types_that_are_not_to_blame_are_not_told() {
    assert!(
        told(&sequence("write - 52 52\nread - - \"53\"\nwrite - \"52\" \"52\"\nread - - 51"))
            .is_empty()
    );
}

#[test]
fn what_the_first_reads_returned_is_told() {
    let text = sequence("read - - 0\nwrite - 31 31\nread - - 31");
    assert_eq!(told(&text), ["with `--init 0`, it is valid"]);
    let text = sequence("read 1 - \"it's\"\nread 2 - \"it's\"\nwrite 1 5 5");
    assert_eq!(told(&text), [r#"with `--init '"it'\''s"'`, it is valid"#]);
    let text = sequence("get - - \"left\"\nput - \"new\" -\nget - - \"new\"");
    assert_eq!(told(&text), [r#"with `--init '"left"'`, it is valid"#]);
}

#[test]
fn what_reads_returned_before_any_update_is_told() {
    let text = sequence("read - - 10\nadd - 5 5\nread - - 15");
    assert_eq!(told(&text), ["with `--init 10`, it is valid"]);
    let text = sequence("read - - [1,2]\nadd - 3 3\nread - - [1,2,3]");
    assert_eq!(told(&text), ["with `--init '[1,2]'`, it is valid"]);
    // What came after an update tells no start.
    assert!(told(&sequence("add - 5 5\nread - - 15")).is_empty());
    // A start does not explain all of it.
    assert!(told(&sequence("read - - 10\nadd - 5 5\nread - - 16")).is_empty());
}

#[test]
fn different_first_reads_are_not_known_beforehand() {
    let text = sequence("read 1 - 10\nread 2 - 20\nwrite 1 5 5\nread 1 - 5");
    assert_eq!(told(&text), ["with `--init unknown`, as the first reads tell it, it is valid"]);
    let text = r#"{"process":0,"type":"invoke","f":"txn","value":[["r","x",null],["r","y",null]]}
{"process":0,"type":"ok","f":"txn","value":[["r","x",1],["r","y",2]]}
"#;
    assert_eq!(told(text), ["with `--init unknown`, as the first reads tell it, it is valid"]);
    let text = text.replace("\"y\",2", "\"y\",1");
    assert_eq!(told(&text), ["with `--init 1`, it is valid"]);
}

#[test]
fn a_start_that_does_not_help_is_not_told() {
    // Nobody wrote 7, but it cannot be the start.
    assert!(told(&sequence("write - 1 1\nread - - 7")).is_empty());
    // An old value is no start.
    assert!(told(&sequence("write - 1 1\nwrite - 2 2\nread - - 1")).is_empty());
    // The first read tells a start, and the last one is wrong all the same.
    assert!(told(&sequence("read - - 5\nwrite - 1 1\nread - - 5")).is_empty());
    // A write that comes later is no start, though it would do.
    assert!(told(&sequence("read - - 5\nwrite - 5 5")).is_empty());
}

#[test]
fn most_keys_are_enough() {
    let mut text = String::new();
    for key in 0..20 {
        text += &sequence(&format!("read {key} - 9\nwrite {key} 1 1\nread {key} - 1"));
    }
    text += &sequence("write 3 2 2\nread 3 - 1");
    let hints = hints(&text);
    assert_eq!(hints.len(), 1);
    assert_eq!(hints[0].message, "with `--init 9`, 1 key is invalid, not 20");
    assert_eq!(hints[0].invalid, 1);
}

/// A write, and a read that came after it by its time and stands before it.
const UNSORTED: &str = r#"{"process":1,"type":"invoke","f":"read","time":30}
{"process":1,"type":"ok","f":"read","value":5,"time":40}
{"process":0,"type":"invoke","f":"write","value":5,"time":10}
{"process":0,"type":"ok","f":"write","value":5,"time":20}
"#;

#[test]
fn times_that_order_better_than_records_are_told() {
    assert_eq!(told(UNSORTED), ["with `--order time`, it is valid"]);
    let settings = Settings { order: Order::Time, ..Settings::default() };
    let history = histcheck::formats::read_bytes(UNSORTED.into(), None, settings).unwrap();
    assert_eq!(check(&history, &Options::default()).unwrap().verdict, Verdict::Valid);
    assert!(
        told(&UNSORTED.replace("\"value\":5,\"time\":40", "\"value\":6,\"time\":40"))
            .iter()
            .all(|hint| !hint.contains("--order"))
    );
}

#[test]
fn tuples_that_nothing_confirms_are_told() {
    // Two queues, whose dequeues are recorded with what they will return.
    let text = sequence(
        "enqueue - [1,5] [1,5]
         enqueue - [2,6] [2,6]
         dequeue - [2,6] [2,6]
         dequeue - [1,5] [1,5]",
    );
    assert_eq!(told(&text), ["with `--independent yes`, it is valid"]);
    let settings = Settings { independent: Independent::Yes, ..Settings::default() };
    let history = histcheck::formats::read_bytes(text.into(), None, settings).unwrap();
    assert_eq!(check(&history, &Options::default()).unwrap().verdict, Verdict::Valid);
}

#[test]
fn a_failed_cas_that_tells_nothing_is_told() {
    let text = sequence("write - 1 1")
        + "{\"process\":0,\"type\":\"invoke\",\"f\":\"cas\",\"value\":[1,2]}\n\
           {\"process\":0,\"type\":\"fail\",\"f\":\"cas\",\"value\":[1,2]}\n"
        + &sequence("read - - 1");
    let history = read_text(&text).unwrap();
    let mut options = Options::default();
    assert!(hints_with(&history, &options).is_empty(), "it is valid");
    options.model_options.failed_cas_observes = true;
    let hints = hints_with(&history, &options);
    assert_eq!(hints[0].message, "with `--failed-cas ignores`, it is valid");
}

#[test]
fn a_mutex_that_anybody_releases_is_told() {
    let event = |process: i64, f: &str| {
        ["invoke", "ok"]
            .map(|kind| format!(r#"{{"process":{process},"type":"{kind}","f":"{f}"}}"#) + "\n")
    };
    let text = [event(0, "acquire"), event(1, "release"), event(1, "acquire")].concat().concat();
    assert_eq!(told(&text), ["with `--any-owner`, it is valid"]);
}

#[test]
fn another_model_is_told() {
    let text = sequence("enqueue - 1 1\nenqueue - 2 2\ndequeue - - 2\ndequeue - - 1");
    assert_eq!(told(&text), ["with `--model unordered-queue`, it is valid"]);
    let text = sequence("acquire - - -\nacquire - - -\nrelease - - -\nrelease - - -");
    assert_eq!(told(&text), ["with `--model reentrant-mutex`, it is valid"]);
    // Its items are lost in any order.
    let text = sequence("enqueue - 1 1\ndequeue - - 1\ndequeue - - 1");
    assert_eq!(told(&text), [""; 0]);
}

#[test]
fn a_queue_of_the_largest_is_told() {
    let text = sequence("enqueue - 1 1\nenqueue - 2 2\ndequeue - - 2\ndequeue - - 1");
    let history = read_text(&text).unwrap();
    let options = Options { model: Some("priority-queue".into()), ..Options::default() };
    let hints = hints_with(&history, &options);
    assert_eq!(hints[0].message, "with `--largest-first`, it is valid");
}

/// A history as text that looks wrong for a setting: without its first operations, with numbers
/// written as strings here and there, or with the lines of processes exchanged.
fn misread(name: &str, rng: &mut ChaCha8Rng) -> String {
    let settings = GeneratorSettings { corrupt: 0.0, crash: 0.0, ..GeneratorSettings::small(rng) };
    let history = random_history(name, rng, &settings);
    let mut bytes = Vec::new();
    histcheck::formats::write(&history, Format::JsonLines, &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let mut records: Vec<Json> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (way, rate) = (rng.random_range(0..3), rng.random_range(0.1..0.9));
    for (time, record) in records.iter_mut().enumerate() {
        record["time"] = time.into();
        let value = &mut record["value"];
        if way == 0 && value.is_number() && rng.random_bool(rate) {
            *value = value.to_string().into();
        }
    }
    if way == 1 {
        let first: Vec<i64> = (0..rng.random_range(1..4)).collect();
        records.retain(|record| !first.contains(&record["process"].as_i64().unwrap()));
    }
    if way == 2 {
        let process = records.first().map_or(Json::Null, |record| record["process"].clone());
        records.sort_by_key(|record| record["process"] == process);
    }
    records.iter().map(|record| format!("{record}\n")).collect()
}

/// How many keys are invalid if the text is read, and checked, as the hint says.
fn as_hinted(text: &str, hint: &Hint, options: &Options) -> usize {
    let mut settings = Settings::default();
    let mut options = options.clone();
    match hint.kind {
        HintKind::OrderByTime => settings.order = Order::Time,
        HintKind::Independent => settings.independent = Independent::Yes,
        HintKind::UnknownInitial => options.unknown_initial = true,
        HintKind::FailedCas => options.model_options.failed_cas_observes = false,
        HintKind::AnyOwner => options.model_options.check_owner = false,
        HintKind::LargestFirst => options.model_options.largest_first = true,
        HintKind::Model => options.model = hint.option.strip_prefix("--model ").map(str::to_owned),
        HintKind::LooseValues | HintKind::Initial | HintKind::WordForNothing => {}
    }
    let read = histcheck::formats::read_bytes(text.into(), None, settings).unwrap();
    let mut history = if hint.kind == HintKind::LooseValues { read.loosened() } else { read };
    if hint.kind == HintKind::Initial {
        let json = hint.option.strip_prefix("--init ").unwrap().trim_matches('\'');
        options.initial = Some(json_value(json, history.values_mut()).unwrap());
    }
    if hint.kind == HintKind::WordForNothing {
        let (_, rule) = hint.option.split_once(':').unwrap();
        let word = history.values_mut().text(rule.strip_suffix("=null'").unwrap());
        history = history.with_word_for_nothing(word);
    }
    check(&history, &options).unwrap().key_counts.invalid
}

#[test]
fn a_hint_is_a_fact() {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let names = [
        "register",
        "cas-register",
        "kv",
        "multi-register",
        "mutex",
        "priority-queue",
        "fifo-queue",
    ];
    for seed in 0..3000 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let name = names[seed as usize % names.len()];
        let text = misread(name, &mut rng);
        let Ok(history) = read_text(&text) else { continue };
        let is_named = rng.random_bool(0.7);
        let model = is_named.then(|| name.into());
        let mut options = Options { model, ..Options::default() };
        options.model_options.failed_cas_observes = rng.random_bool(0.5);
        let Ok(session) = Session::new(&history, &options) else { continue };
        let Ok(report) = session.check() else { continue };
        let hints = session.hints(&report);
        assert!(report.verdict == Verdict::Invalid || hints.is_empty(), "{text}");
        for hint in hints {
            *kinds.entry(hint.kind.name()).or_default() += 1;
            assert_eq!(as_hinted(&text, &hint, &options), hint.invalid, "{hint:?} of\n{text}");
        }
    }
    println!("{kinds:?}");
    for kind in ["loose-values", "initial", "order-by-time"] {
        assert!(kinds.get(kind).is_some_and(|&count| count > 5), "{kind}: {kinds:?}");
    }
}

#[test]
fn a_valid_history_has_none() {
    let mut checked = 0;
    for entry in std::fs::read_dir("histories").unwrap() {
        let path = entry.unwrap().path();
        let Ok(history) = read_file(&path) else { continue };
        let options = Options::default();
        let Ok(session) = Session::new(&history, &options) else { continue };
        checked += 1;
        let name = path.display();
        let report = session.check().unwrap();
        let hints = session.hints(&report);
        assert!(report.verdict == Verdict::Invalid || hints.is_empty(), "{name}");
    }
    assert!(checked > 50, "{checked}");
}

#[cfg(feature = "cli")]
mod program {
    use super::sequence;
    use crate::program::histcheck;

    #[test]
    fn every_report_has_the_hint() {
        let text = sequence("read - - 0\nwrite - 31 31");
        let run = |arguments: &str| histcheck(arguments).stdin(text.clone()).run().status(1);
        run("").says("  hint     with `--init 0`, it is valid\n");
        run("-q").says_no("hint");
        let json = run("--format json").json();
        let hint = &json["hints"][0];
        assert_eq!(hint["kind"], "initial");
        assert_eq!(hint["option"], "--init 0");
        assert_eq!(hint["invalid_keys"], 0);
        assert_eq!(hint["message"], "with `--init 0`, it is valid");
        let github = "::notice title=hint::stdin: with `--init 0`, it is valid";
        run("--format github").says(github);
        for format in ["junit", "sarif", "markdown"] {
            run(&format!("--format {format}")).says("--init 0");
        }
        histcheck("report --to text -").stdin(text).run().says("hint     with `--init 0`");
    }

    #[test]
    fn what_is_valid_has_no_hint() {
        let text = sequence("read - - 0\nwrite - 31 31");
        let json = histcheck("--init 0 --format json").stdin(text).run().status(0).json();
        assert_eq!(json["hints"], serde_json::Value::Null);
    }

    #[test]
    fn values_may_be_compared_loosely() {
        let text = sequence(
            "write 1 52 52
             read \"1\" - \"52\"
             write 1 [\"1\",true] [1,\"true\"]
             read 1 - [1.0,true]",
        );
        histcheck("").stdin(text.clone()).run().status(1);
        let loose = histcheck("--loose-values").stdin(text.clone()).run().status(0);
        loose.says("4 operations").says("1 key");
        let start = sequence("read \"1\" - \"7\"");
        histcheck("--loose-values --init-key 1=7").stdin(start.clone()).run().status(0);
        histcheck("--loose-values --init 7").stdin(start.clone()).run().status(0);
        histcheck("--init 7").stdin(start).run().status(1);
        histcheck("--follow --loose-values").stdin(text).run().status(2);
    }
}

#[cfg(feature = "figures")]
#[test]
fn pictures_and_pages_tell_hints_and_unknown_starts() {
    use histcheck::report::{Subject, html, svg};
    let history = read_text(&sequence("read \"x\" - 0\nwrite \"x\" 1 -\nread \"x\" - 1")).unwrap();
    for (unknown_initial, words) in [(false, "Hint: "), (true, "What keys start from is not known")]
    {
        let options = Options { unknown_initial, ..Options::default() };
        let session = Session::new(&history, &options).unwrap();
        let report = session.check().unwrap();
        let mut subject = Subject::new(&history, &report).hinted(session.hints(&report));
        subject.explanation = session.explain(&report, 5).unwrap();
        subject.contexts = session.contexts(&report, 1).unwrap();
        assert!(svg(&subject).contains(words), "{words}");
        let page = html(&subject, None);
        assert!(page.contains(if unknown_initial { "starts" } else { "hint" }), "{words}");
    }
}
