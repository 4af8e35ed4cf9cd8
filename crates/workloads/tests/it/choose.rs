//! Which check a history is for.

use serde_json::{Value as Json, json};

use histcheck_workloads::{Check, Options, Question, choose};

use crate::support::{Line, history};

fn chosen(lines: &[Line<'_>]) -> Option<Check> {
    choose(&history(lines)).map(|choice| choice.check)
}

#[test]
fn operations_tell_their_check() {
    let op = |function, input: Json, output: Json| {
        [(0, "invoke", function, input), (0, "ok", function, output)]
    };
    let null = Json::Null;
    let send = op("send", json!([["send", 1, 2]]), json!([["send", 1, [0, 2]]]));
    assert_eq!(chosen(&send), Some(Check::Kafka));
    assert_eq!(chosen(&op("send", json!(1), null.clone())), Some(Check::Queue));
    assert_eq!(chosen(&op("generate", null.clone(), json!(1))), Some(Check::UniqueIds));
    let enqueue = op("enqueue", json!(1), null.clone());
    let drain = op("drain", null.clone(), json!([1]));
    assert_eq!(chosen(&[enqueue.clone(), drain].concat()), Some(Check::TotalQueue));
    let add = op("add", json!(1), json!(1));
    let read = op("read", null.clone(), json!([1]));
    assert_eq!(chosen(&[add.clone(), read.clone()].concat()), Some(Check::Set));
    assert_eq!(chosen(&[add.clone(), read.clone(), read.clone()].concat()), Some(Check::SetFull));
    assert_eq!(chosen(&[add.clone(), op("read", null.clone(), json!(1))].concat()), None);
    let write = op("write", json!(1), json!(1));
    // One value in a list may be a value alone.
    assert_eq!(chosen(&[write.clone(), read].concat()), None);
    let several = op("read", null.clone(), json!([1, 2]));
    assert_eq!(chosen(&[write.clone(), several].concat()), Some(Check::CausalReverse));
    let group = op("read", null.clone(), json!([["r", 0, 1], ["r", 1, null]]));
    assert_eq!(chosen(&group), Some(Check::LongFork));
    assert_eq!(chosen(&[write, op("read", null, json!(1))].concat()), None);
}

#[test]
fn questions_have_names() {
    for &check in Check::ALL {
        assert_eq!(Question::parse(check.name()), Ok(Question::of(check)));
        for anomaly in check.anomalies() {
            let question = Question::parse(&format!("{}:{}", check.name(), anomaly.name)).unwrap();
            assert_eq!((question.check(), question.only()), (check, Some(*anomaly)));
        }
    }
    let unknown = Question::parse("kafka:a").unwrap_err();
    assert_eq!((unknown.of, &*unknown.name), (Some(Check::Kafka), "a"));
    assert_eq!(Question::parse("cafka").unwrap_err().names.len(), Check::ALL.len());
}

#[test]
fn options_have_names() {
    let mut options = Options::default();
    let settings = [
        ("total", "100"),
        ("accounts", "a,b"),
        ("negative-balances", "true"),
        ("linearizable", "true"),
        ("group-size", "3"),
        ("global", "false"),
        ("subscribe", "true"),
        ("ww-deps", "false"),
    ];
    assert_eq!(
        settings.map(|setting| setting.0).to_vec(),
        Options::NAMES.iter().map(|it| it.name).collect::<Vec<_>>()
    );
    for (name, value) in settings {
        options.set(name, value).unwrap();
    }
    assert_eq!((options.total, options.group_size), (Some(100), Some(3)));
    assert_eq!((options.subscribes, options.write_order), (Some(true), Some(false)));
    assert!(options.set("total", "many").unwrap_err().contains("a number"));
    assert!(options.set("size", "3").unwrap_err().contains("group-size"));
}
