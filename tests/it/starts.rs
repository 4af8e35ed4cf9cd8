//! What objects hold at the start: by key, and where it is not known. A key whose start is not
//! known is linearizable exactly if it is from some value: all that make a difference are tried.

use std::collections::BTreeSet;

use histcheck::formats::json_value;
use histcheck::history::{Event, EventType, Outcome, Shape, Value};
use histcheck::model::kv::Content;
use histcheck::model::persistent::Text;
use histcheck::model::{AnyModel, AnyOp, Kv, Model, ModelOptions, Reading, View, read};
use histcheck::proof::{Proof, Refutation, refute};
use histcheck::{Code, History, HistoryBuilder, Options, Verdict, check, read_text};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::generate::{Settings, random_history};

const HISTORIES: u64 = 1500;

/// The history without its first operations, of which it is not known what they left.
fn without_first(history: &History, count: usize) -> History {
    let mut builder = HistoryBuilder::default();
    *builder.values() = history.values().clone();
    let mut events = Vec::new();
    for operation in history.operations().iter().skip(count) {
        events.push((operation.invoked, EventType::Invoke, operation.input, operation));
        let Some(completed) = operation.completed else { continue };
        let kind = match operation.outcome {
            Outcome::Ok => EventType::Ok,
            Outcome::Fail => EventType::Fail,
            Outcome::Info | Outcome::Open => EventType::Info,
        };
        events.push((completed, kind, operation.output, operation));
    }
    events.sort_by_key(|&(record, ..)| record);
    for (_, kind, value, operation) in events {
        let function = history.function(operation.function);
        let (process, key) = (operation.process, operation.key);
        builder.event(&Event { process, kind, function, value, key, time: None }).unwrap();
    }
    builder.build().unwrap()
}

/// All values that the history mentions, and those in them.
fn mentioned(history: &History) -> BTreeSet<Value> {
    let mut all: Vec<Value> =
        history.operations().iter().flat_map(|one| [one.input, one.output]).collect();
    let mut found = BTreeSet::from([Value::NULL]);
    while let Some(value) = all.pop() {
        found.insert(value);
        match history.values().shape(value) {
            Shape::List(items) | Shape::Map(items) => all.extend(items),
            _ => {}
        }
    }
    found
}

/// Models of `history` for every start that may make a difference.
fn all_starts(name: &str, history: &mut History, options: ModelOptions) -> Vec<AnyModel> {
    let fresh = history.values_mut().text("mentioned by nobody");
    let mut values: Vec<Value> = mentioned(history).into_iter().collect();
    values.push(fresh);
    let model = |history: &History, start| {
        AnyModel::by_name(name, Some(start), options, history.values()).unwrap()
    };
    match name {
        "kv" => kv_starts(history, &values, options),
        "multi-register" => {
            let is_flat = |&value: &Value| !matches!(history.values().shape(value), Shape::List(_));
            values.retain(is_flat);
            let mut maps: Vec<Vec<(Value, Value)>> = vec![Vec::new()];
            for register in ["x", "y", "z"] {
                let register = history.values_mut().text(register);
                let with = |map: &Vec<_>, value| {
                    map.iter().copied().chain([(register, value)]).collect::<Vec<_>>()
                };
                let all = |map| values.iter().map(move |&value| with(map, value));
                maps = maps.iter().flat_map(all).collect();
            }
            let maps: Vec<Value> = maps.iter().map(|map| history.values_mut().map(map)).collect();
            maps.into_iter().map(|map| model(history, map)).collect()
        }
        _ => values.into_iter().map(|start| model(history, start)).collect(),
    }
}

fn kv_starts(history: &History, values: &[Value], options: ModelOptions) -> Vec<AnyModel> {
    let table = history.values();
    let content = |value: Value| Content::of(View { table, value });
    let mut contents: Vec<Content> = values.iter().map(|&value| content(value)).collect();
    for value in values {
        let Some(text) = table.as_name(*value) else { continue };
        let starts = (0..text.len()).filter(|&at| text.is_char_boundary(at));
        contents.extend(starts.map(|at| Content::Text(Text::new(&text[..at]))));
    }
    contents.extend((-9..=9).chain([1_000_000]).map(|n: i128| Content::Int(n.into())));
    let kv = |initial: Content| {
        let mut kv = Kv::new(None);
        kv.failed_cas_observes = options.failed_cas_observes;
        kv.initial = initial;
        AnyModel::Kv(kv)
    };
    contents.into_iter().map(kv).collect()
}

fn fits(model: &AnyModel, readings: &[Reading<AnyOp>]) -> bool {
    match refute(model, readings, 1 << 20) {
        Refutation::Wrong => true,
        Refutation::Confirmed => false,
        Refutation::TooLarge => panic!("too many orders"),
    }
}

fn an_unknown_start_is_any(name: &str) {
    let (mut valid, mut invalid, mut found) = (0, 0, 0);
    for seed in 0..HISTORIES {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let settings =
            Settings { operations: rng.random_range(2..=9), ..Settings::small(&mut rng) };
        let whole = random_history(name, &mut rng, &settings);
        let count = rng.random_range(0..=whole.operations().len().min(4));
        if count == whole.operations().len() {
            continue;
        }
        let mut history = without_first(&whole, count);
        let model_options =
            ModelOptions { failed_cas_observes: rng.random_bool(0.5), ..Default::default() };
        let starts = all_starts(name, &mut history, model_options);
        let all: Vec<_> = history.indices().collect();
        let readings = read(&starts[0], &history, &all, None).unwrap();
        let expected = starts.iter().any(|model| fits(model, &readings));
        let ways = starts[0].starts(&readings).unwrap();
        assert!(!ways.is_empty());
        assert_eq!(ways.iter().any(|model| fits(model, &readings)), expected, "{name} {seed}");
        let options = Options {
            model: Some(name.into()),
            unknown_initial: true,
            model_options,
            self_check: true,
            ..Options::default()
        };
        let report = check(&history, &options).unwrap();
        let verdict = if expected { Verdict::Valid } else { Verdict::Invalid };
        assert_eq!(report.verdict, verdict, "{name} {seed}");
        assert!(!matches!(report.keys[0].proof, Some(Proof::Wrong(_))), "{:?}", report.keys[0]);
        let usual = Options { unknown_initial: false, ..options };
        let usual = check(&history, &usual).unwrap().verdict;
        assert!(usual == Verdict::Invalid || expected, "{name} {seed}: from the usual start");
        *(if expected { &mut valid } else { &mut invalid }) += 1;
        found += u32::from(expected && usual == Verdict::Invalid);
    }
    println!("{name}: {valid} valid, {found} of them not from the usual start; {invalid} invalid");
    assert!(valid > 200 && invalid > 200 && found > 50, "{name}: {valid} {invalid} {found}");
}

#[test]
fn an_unknown_start_of_a_register_is_any() {
    an_unknown_start_is_any("register");
}

#[test]
fn an_unknown_start_of_a_register_with_cas_is_any() {
    an_unknown_start_is_any("cas-register");
}

#[test]
fn an_unknown_start_of_a_store_is_any() {
    an_unknown_start_is_any("kv");
}

#[test]
fn an_unknown_start_of_several_registers_is_any() {
    an_unknown_start_is_any("multi-register");
}

const TWO: &str = r#"{"process":1,"type":"invoke","f":"read","key":"a"}
{"process":1,"type":"ok","f":"read","key":"a","value":"left-a"}
{"process":2,"type":"invoke","f":"read","key":7}
{"process":2,"type":"ok","f":"read","key":7,"value":"left-b"}
{"process":2,"type":"invoke","f":"write","key":7,"value":"new"}
{"process":2,"type":"ok","f":"write","key":7,"value":"new"}
{"process":1,"type":"invoke","f":"read","key":7}
{"process":1,"type":"ok","f":"read","key":7,"value":"new"}
"#;

/// The verdict, and how many keys are invalid, where keys start so.
fn started(text: &str, initials: &[(&str, &str)], unknown_initial: bool) -> (Verdict, usize) {
    let mut history = read_text(text).unwrap();
    let mut value = |text: &str| json_value(text, history.values_mut()).unwrap();
    let initials = initials.iter().map(|&(key, start)| (value(key), value(start))).collect();
    let options = Options { initials, unknown_initial, self_check: true, ..Options::default() };
    let report = check(&history, &options).unwrap();
    if !unknown_initial {
        assert_eq!(check(&history.whole(), &options).unwrap().verdict, report.verdict);
    }
    (report.verdict, report.key_counts.invalid)
}

#[test]
fn keys_start_from_values_of_their_own() {
    let [a, b] = [(r#""a""#, r#""left-a""#), ("7", r#""left-b""#)];
    assert_eq!(started(TWO, &[], false), (Verdict::Invalid, 2));
    assert_eq!(started(TWO, &[a], false), (Verdict::Invalid, 1));
    assert_eq!(started(TWO, &[a, b], false), (Verdict::Valid, 0));
    assert_eq!(started(TWO, &[a, (r#""7""#, b.1)], false), (Verdict::Valid, 0), "by its name");
    assert_eq!(started(TWO, &[a, (b.0, a.1)], false), (Verdict::Invalid, 1));
    assert_eq!(started(TWO, &[], true), (Verdict::Valid, 0));
    assert_eq!(started(TWO, &[(b.0, "1")], true), (Verdict::Invalid, 1), "what is given counts");
}

#[test]
fn metadata_says_what_keys_start_from() {
    let with = |metadata: &str| {
        let history = read_text(&format!("{{\"histcheck\":{metadata}}}\n{TWO}")).unwrap();
        check(&history, &Options::default()).map(|report| report.verdict)
    };
    let both = r#"{"initials":{"a":"left-a","7":"left-b","never used":1}}"#;
    assert_eq!(with(both).unwrap(), Verdict::Valid);
    assert_eq!(with(r#"{"initials":{"a":"left-a"}}"#).unwrap(), Verdict::Invalid);
    let one = r#"{"initial":"left-b","initials":{"a":"left-a"}}"#;
    assert_eq!(with(one).unwrap(), Verdict::Valid);
    assert_eq!(with(r#"{"unknown_initial":true}"#).unwrap(), Verdict::Valid);
    assert_eq!(with(r#"{"unknown_initial":false}"#).unwrap(), Verdict::Invalid);
    assert_eq!(with(r#"{"unknown_initial":1}"#).unwrap_err().code, Code::BadInitial);
    assert_eq!(with(r#"{"initials":[1]}"#).unwrap_err().code, Code::BadInitial);
}

#[test]
fn what_the_caller_says_comes_before_the_metadata() {
    let text = format!("{{\"histcheck\":{{\"unknown_initial\":true}}}}\n{TWO}");
    let mut history = read_text(&text).unwrap();
    let initial = Some(history.values_mut().text("left-a"));
    let options = Options { initial, ..Options::default() };
    assert_eq!(check(&history, &options).unwrap().key_counts.invalid, 1);
}

#[test]
fn a_start_that_no_key_or_model_can_have_is_an_error() {
    let mut history = read_text(TWO).unwrap();
    let values = history.values_mut();
    let (strange, one) = (values.text("b"), values.int(1));
    let with = |options: Options| check(&history, &options).unwrap_err();
    let error = with(Options { initials: vec![(strange, one)], ..Options::default() });
    assert_eq!(error.code, Code::BadInitial);
    assert_eq!(error.hint.as_deref(), Some(r#"operations have the keys "a", 7"#));
    let counter = Some("counter".to_owned());
    let error = with(Options { model: counter, unknown_initial: true, ..Options::default() });
    assert_eq!(error.code, Code::BadInitial);
    assert!(error.hint.unwrap().starts_with("these can: register, cas-register, "));
    let text = TWO.replace("\"a\"", "\"7\"");
    let mut history = read_text(&text).unwrap();
    let keyword = history.values_mut().keyword("7");
    let options = Options { initials: vec![(keyword, one)], ..Options::default() };
    let error = check(&history, &options).unwrap_err();
    assert!(error.message.ends_with("which may be one or another"), "{}", error.message);
}

#[test]
fn reads_that_contradict_each_other_have_no_start() {
    let text = r#"{"process":1,"type":"invoke","f":"read"}
{"process":1,"type":"ok","f":"read","value":5}
{"process":1,"type":"invoke","f":"read"}
{"process":1,"type":"ok","f":"read","value":6}
"#;
    assert_eq!(started(text, &[], true), (Verdict::Invalid, 1));
}

#[cfg(feature = "cli")]
mod program {
    use super::TWO;
    use crate::program::histcheck;

    #[test]
    fn options_say_what_keys_start_from() {
        let both = histcheck("--init-key a=\"left-a\"").arg("--init-key").arg("7=\"left-b\"");
        both.stdin(TWO).run().status(0).without_complaint();
        let one = histcheck("--init-key a=\"left-a\"").stdin(TWO).run();
        one.status(1).says("key 7: ").says("2 keys").says("1 key valid, 1 key invalid");
        let unknown = histcheck("--init unknown").stdin(TWO).run().status(0).without_complaint();
        unknown.says("starts   not known: the first reads of a key tell it");
        histcheck("--init \"unknown\"").stdin(TWO).run().status(1);
        let wrong = histcheck("--init-key b=1").stdin(TWO).run().status(2);
        wrong.complains("error[H0023]").complains("operations have the keys \"a\", 7");
    }

    #[test]
    fn who_cannot_know_the_starts_says_so() {
        for start in ["--init unknown", "--init-key a=1"] {
            let follow = histcheck("--follow").args(start).stdin(TWO).run().status(2);
            follow.complains("error[H0023]").complains("cannot be followed");
        }
        let whole = histcheck("--no-partition --init unknown").stdin(TWO).run().status(2);
        whole.complains("leave out --no-partition");
        let described = format!("{{\"histcheck\":{{\"unknown_initial\":true}}}}\n{TWO}");
        histcheck("--follow").stdin(described.clone()).run().status(2).complains("error[H0023]");
        histcheck("--follow --init 1").stdin(described).run().status(1);
    }

    #[test]
    fn a_history_beyond_memory_is_then_checked_in_memory() {
        let file = tempfile::NamedTempFile::with_suffix(".jsonl").unwrap();
        let limits = "--max-memory 64MiB --disk-from 1";
        let check = |text: &str, arguments: &str| {
            std::fs::write(file.path(), text).unwrap();
            histcheck(limits).args(arguments).arg(file.path()).run()
        };
        check(TWO, "").status(1);
        check(TWO, "--init unknown").status(0);
        check(TWO, "--init-key a=\"left-a\" --init-key 7=\"left-b\"").status(0);
        let described = format!("{{\"histcheck\":{{\"unknown_initial\":true}}}}\n{TWO}");
        check(&described, "").status(0);
    }

    /// Reads on key 7 that no start explains.
    const CONTRADICTORY: &str = r#"{"process":3,"type":"invoke","f":"read","key":7}
{"process":3,"type":"ok","f":"read","key":7,"value":"left-b"}
"#;

    #[test]
    fn what_is_cut_down_starts_from_what_it_was_refuted_with() {
        let text = TWO.to_owned() + CONTRADICTORY;
        for start in ["--init unknown", "--init-key 7=\"left-b\" --init-key a=\"left-a\""] {
            let small = histcheck("shrink -").args(start).stdin(text.clone()).run().status(0);
            let small = small.says("\"initial\":\"left-b\"").stdout;
            histcheck("").stdin(small).run().status(1).says("stale-read");
            let explained = histcheck("--self-check").args(start).stdin(text.clone()).run();
            let explained = explained.status(1).says("stale-read");
            let explained = explained.says("proof    verified for 2 keys");
            let is_unknown = start == "--init unknown";
            let shown = "shown from the start \"left-b\"; from no other can it be, either";
            assert_eq!(explained.stdout.contains(shown), is_unknown);
            let json = histcheck("--format json").args(start).stdin(text.clone()).run().json();
            assert_eq!(json["unknown_initial"] == true, is_unknown);
            assert_eq!(json["failures"][0]["initial"] == "\"left-b\"", is_unknown);
        }
    }

    #[test]
    fn several_registers_are_cut_down_with_what_tells_their_start() {
        let text = r#"{"process":0,"type":"invoke","f":"txn","value":[["r","x",null]]}
{"process":1,"type":"invoke","f":"txn","value":[["w","x",1]]}
{"process":0,"type":"ok","f":"txn","value":[["r","x",1]]}
{"process":1,"type":"ok","f":"txn","value":[["w","x",1]]}
{"process":0,"type":"invoke","f":"txn","value":[["r","x",null]]}
{"process":0,"type":"ok","f":"txn","value":[["r","x",2]]}
"#;
        let run = histcheck("--init unknown --self-check").stdin(text).run().status(1);
        run.says("multi-register").says("proof    verified");
        let small = histcheck("shrink --init unknown -").stdin(text).run().status(0);
        let small = small.says("\"unknown_initial\":true").stdout;
        histcheck("").stdin(small).run().status(1);
    }
}
