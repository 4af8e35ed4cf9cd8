//! What a history means: one test for each row of the table in `docs/DESIGN.md`.

use histcheck::check::Deciders;
use histcheck::formats::{json_value, read_bytes};
use histcheck::history::OpIndex;
use histcheck::history::{Independent, Order, Settings, Ties};
use histcheck::{Budget, Code, Error, History, Options, Report, StopReason, Verdict, check};

fn read_with(text: &str, settings: Settings) -> Result<History, Error> {
    read_bytes(text.as_bytes().to_vec(), None, settings)
}

fn report(history: &History) -> Report {
    check(history, &Options { self_check: true, ..Options::default() }).unwrap()
}

fn verdict_with(text: &str, settings: Settings) -> Verdict {
    report(&read_with(text, settings).unwrap()).verdict
}

fn verdict(text: &str) -> Verdict {
    verdict_with(text, Settings::default())
}

/// One event a line: `PROCESS TYPE F VALUE [TIME]`, each as JSON but for the words.
fn events(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        text.push_str(&format!(
            r#"{{"process":{},"type":"{}","f":"{}","value":{}"#,
            words[0], words[1], words[2], words[3]
        ));
        if let Some(time) = words.get(4) {
            text.push_str(&format!(r#","time":{time}"#));
        }
        text.push_str("}\n");
    }
    text
}

const STALE_BY_TIME: &[&str] =
    &["0 invoke write 1 10", "1 invoke read null 40", "0 ok write 1 20", "1 ok read null 50"];

#[test]
fn the_file_orders_events_unless_time_is_asked_for() {
    let text = events(STALE_BY_TIME);
    assert_eq!(verdict(&text), Verdict::Valid);
    let by_time = Settings { order: Order::Time, ..Settings::default() };
    assert_eq!(verdict_with(&text, by_time), Verdict::Invalid);
}

#[test]
fn equal_times_are_concurrent_unless_told_otherwise() {
    let text = events(&[
        "0 invoke write 1 10",
        "0 ok write 1 20",
        "1 invoke read null 20",
        "1 ok read null 30",
    ]);
    let by_time = Settings { order: Order::Time, ..Settings::default() };
    let history = read_with(&text, by_time).unwrap();
    assert_eq!(report(&history).verdict, Verdict::Valid);
    assert!(report(&history).rests_on_ties());
    let ordered = Settings { ties: Ties::Ordered, ..by_time };
    assert_eq!(verdict_with(&text, ordered), Verdict::Invalid);
}

#[test]
fn ok_happened_between_its_ends() {
    let write = ["0 invoke write 1", "0 ok write 1"];
    let read = |value: &str| events(&[write[0], write[1], "1 invoke read null", value]);
    assert_eq!(verdict(&read("1 ok read 1")), Verdict::Valid);
    assert_eq!(verdict(&read("1 ok read null")), Verdict::Invalid);
}

#[test]
fn fail_did_not_happen() {
    let text = events(&["0 invoke write 1", "0 fail write 1", "1 invoke read null", "1 ok read 1"]);
    assert_eq!(verdict(&text), Verdict::Invalid);
}

#[test]
fn a_failed_cas_observes_if_asked() {
    let text = events(&[
        "0 invoke write 1",
        "0 ok write 1",
        "0 invoke cas [1,2]",
        "0 fail cas [1,2]",
        "0 invoke read null",
        "0 ok read 1",
    ]);
    assert_eq!(verdict(&text), Verdict::Valid);
    let mut options = Options::default();
    options.model_options.failed_cas_observes = true;
    let history = histcheck::read_text(&text).unwrap();
    assert_eq!(check(&history, &options).unwrap().verdict, Verdict::Invalid);
}

#[test]
fn info_may_take_effect_at_any_later_time_or_never() {
    let crashed = ["0 invoke write 1", "0 info write 1"];
    for seen in [["null", "1"], ["1", "1"], ["null", "null"]] {
        let reads = [format!("1 ok read {}", seen[0]), format!("1 ok read {}", seen[1])];
        let invoke = "1 invoke read null";
        let text = events(&[crashed[0], crashed[1], invoke, &reads[0], invoke, &reads[1]]);
        assert_eq!(verdict(&text), Verdict::Valid, "{seen:?}");
    }
}

#[test]
fn a_call_without_completion_is_like_info() {
    let text = events(&["0 invoke write 1", "1 invoke read null", "1 ok read 1"]);
    assert_eq!(verdict(&text), Verdict::Valid);
}

#[test]
fn info_never_makes_an_earlier_read_legal() {
    let text = events(&["1 invoke read null", "1 ok read 1", "0 invoke write 1", "0 info write 1"]);
    assert_eq!(verdict(&text), Verdict::Invalid);
}

#[test]
fn a_process_may_invoke_again_after_info() {
    let text = events(&[
        "0 invoke write 1",
        "0 info write 1",
        "0 invoke read null",
        "0 ok read null",
        "0 invoke read null",
        "0 ok read 1",
    ]);
    let history = histcheck::read_text(&text).unwrap();
    assert_eq!(history.reinvoked(), 1);
    assert_eq!(report(&history).verdict, Verdict::Valid);
}

#[test]
fn null_is_a_value() {
    let text =
        events(&["0 invoke write 1", "0 ok write 1", "0 invoke read null", "0 ok read null"]);
    assert_eq!(verdict(&text), Verdict::Invalid);
}

#[test]
fn processes_without_an_integer_are_no_clients() {
    let text = events(&[
        r#""nemesis" info start null"#,
        "0 invoke read null",
        r#""nemesis" info start null"#,
        "0 ok read null",
    ]);
    let history = histcheck::read_text(&text).unwrap();
    assert_eq!((history.operations().len(), history.annotations().len()), (1, 2));
    assert_eq!(report(&history).verdict, Verdict::Valid);
}

#[test]
fn the_value_of_a_reads_invocation_is_ignored() {
    let text = events(&["0 invoke write 1", "0 ok write 1", "0 invoke read 7", "0 ok read 1"]);
    assert_eq!(verdict(&text), Verdict::Valid);
}

#[test]
fn keys_are_found_in_tuples() {
    let text = events(&[
        "0 invoke write [1,5]",
        "0 ok write [1,5]",
        "0 invoke read [2,null]",
        "0 ok read [2,null]",
    ]);
    assert_eq!(verdict(&text), Verdict::Valid);
    let history = histcheck::read_text(&text).unwrap();
    assert_eq!(history.partitions().len(), 2);
    let plain = Settings { independent: Independent::No, ..Settings::default() };
    assert_eq!(verdict_with(&text, plain), Verdict::Invalid);
    // A cas of pairs is no tuple, and a register may hold pairs.
    let text = events(&[
        "0 invoke write [1,5]",
        "0 ok write [1,5]",
        "0 invoke read null",
        "0 ok read [1,5]",
    ]);
    let history = histcheck::read_text(&text).unwrap();
    assert_eq!(history.partitions().len(), 1);
    assert_eq!(report(&history).verdict, Verdict::Valid);
}

/// Whatever name a write or a cas goes by, its tuples are tuples.
#[test]
fn every_name_of_an_update_confirms_tuples() {
    let updates = ["write", "w", "put", "set"].map(|name| (name, "[1,5]"));
    let swaps = ["cas", "compare-and-set", "compare_and_set"].map(|name| (name, "[1,[5,6]]"));
    for (name, value) in updates.into_iter().chain(swaps) {
        let text = events(&[&format!("0 invoke {name} {value}"), &format!("0 ok {name} {value}")]);
        let history = histcheck::read_text(&text).unwrap();
        assert!(history.operations()[0].key.is_some(), "{name}");
    }
}

#[test]
fn keys_may_have_a_field() {
    let text = r#"{"process":0,"type":"invoke","f":"write","key":"x","value":1}
        {"process":0,"type":"ok","f":"write","key":"x","value":1}
        {"process":0,"type":"invoke","f":"read","key":"y","value":null}
        {"process":0,"type":"ok","f":"read","key":"y","value":null}"#;
    assert_eq!(verdict(text), Verdict::Valid);
    assert_eq!(verdict(&text.replace("\"y\"", "\"x\"")), Verdict::Invalid);
}

#[test]
fn types_of_values_count() {
    for (written, read, expected) in [
        ("42", "42", Verdict::Valid),
        ("42", "42.0", Verdict::Invalid),
        ("42", r#""42""#, Verdict::Invalid),
        ("42.0", "4.2e1", Verdict::Valid),
        ("18446744073709551616", "18446744073709551616", Verdict::Valid),
        ("18446744073709551616", "18446744073709551617", Verdict::Invalid),
        (r#"{"a":[1],"b":2}"#, r#"{"b":2,"a":[1]}"#, Verdict::Valid),
        ("[1,2]", "[2,1]", Verdict::Invalid),
    ] {
        let write = format!("0 invoke write {written}");
        let done = format!("0 ok write {written}");
        let text = events(&[&write, &done, "0 invoke read null", &format!("0 ok read {read}")]);
        assert_eq!(verdict(&text), expected, "{written} {read}");
    }
}

#[test]
fn the_model_is_inferred_and_named_and_ambiguity_is_an_error() {
    let text = events(&["0 invoke push 1", "0 ok push 1"]);
    assert_eq!(report(&histcheck::read_text(&text).unwrap()).model, "stack");
    let history = histcheck::read_text(&events(&["0 invoke add 1", "0 ok add 1"])).unwrap();
    let error = check(&history, &Options::default()).unwrap_err();
    assert_eq!(error.code, Code::NoModel);
    let text = format!("{error}{}", error.hint.clone().unwrap_or_default());
    assert!(text.contains("counter") && text.contains("set"), "{text}");
}

#[test]
fn the_initial_value_is_absent_unless_given() {
    let text = events(&["0 invoke read null", "0 ok read 3"]);
    assert_eq!(verdict(&text), Verdict::Invalid);
    let mut history = histcheck::read_text(&text).unwrap();
    let initial = json_value("3", history.values_mut()).unwrap();
    let options = Options { initial: Some(initial), ..Options::default() };
    assert_eq!(check(&history, &options).unwrap().verdict, Verdict::Valid);
}

#[test]
fn malformed_input_is_a_located_error() {
    let text = events(&["0 invoke write 1", "0 ok write 1", "0 ok write 1"]);
    let error = histcheck::read_text(&text).unwrap_err();
    assert_eq!(error.code, Code::NoInvocation);
    assert_eq!(error.place.map(|place| place.line), Some(3));
}

#[test]
fn unknown_says_why() {
    let text = events(&["0 invoke write 1", "1 invoke write 2", "0 ok write 1", "1 ok write 2"]);
    let history = histcheck::read_text(&text).unwrap();
    let budget = Budget { configurations: Some(0), ..Budget::default() };
    let deciders = Deciders::Search;
    let report = check(&history, &Options { budget, deciders, ..Options::default() }).unwrap();
    assert_eq!(report.verdict, Verdict::Unknown);
    assert_eq!(report.stop_reason, Some(StopReason::Configurations));
}

#[test]
fn positions_count_every_record() {
    let text = format!(
        "{{\"histcheck\":{{}}}}\n{}",
        events(&[r#""nemesis" info start null"#, "0 invoke read null", "0 ok read 9"])
    );
    let report = report(&histcheck::read_text(&text).unwrap());
    assert_eq!(report.failures().next().unwrap().1.record.index(), 2);
}

#[test]
fn one_fractional_time_makes_all_times_seconds() {
    let text = events(&["0 invoke write 1 1", "0 ok write 1 2.5"]);
    let history = histcheck::read_text(&text).unwrap();
    assert_eq!(history.times(OpIndex::new(0)), [Some(1_000_000_000), Some(2_500_000_000)]);
}

#[test]
fn a_process_keeps_its_own_order_where_times_are_equal() {
    let by_time = Settings { order: Order::Time, ..Settings::default() };
    let own = ["0 invoke write 1 5", "0 ok write 1 5", "0 invoke read null 5", "0 ok read null 5"];
    let history = read_with(&events(&own), by_time).unwrap();
    let found = report(&history);
    assert_eq!(found.verdict, Verdict::Invalid);
    assert!(found.other_ties.is_none(), "there is no other reading");
    // Another process is concurrent with all of it.
    let others =
        ["1 invoke read null 5", "1 ok read null 6", "2 invoke read null 4", "2 ok read 1 5"];
    let valid = [&own[..2], &others].concat();
    assert_eq!(verdict_with(&events(&valid), by_time), Verdict::Valid);
    let invalid = [&own[..], &others].concat();
    assert_eq!(verdict_with(&events(&invalid), by_time), Verdict::Invalid);
}

#[test]
fn an_order_by_time_pairs_what_its_times_pair() {
    let by_time = Settings { order: Order::Time, ..Settings::default() };
    let sorted = [
        "0 invoke write 1 10",
        "0 ok write 1 20",
        "1 invoke read null 30",
        "1 ok read 1 40",
        "0 invoke write 2 50",
        "0 ok write 2 60",
        "1 invoke read null 70",
        "1 ok read 1 80",
    ];
    assert_eq!(verdict_with(&events(&sorted), by_time), Verdict::Invalid);
    // In any order of the records.
    let mut shuffled = sorted;
    let mut random = 3_usize;
    for _ in 0..50 {
        for at in 1..shuffled.len() {
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            shuffled.swap(at, (random >> 33) % (at + 1));
        }
        let history = read_with(&events(&shuffled), by_time).unwrap();
        assert_eq!(history.operations().len(), 4, "{shuffled:?}");
        assert_eq!(report(&history).verdict, Verdict::Invalid, "{shuffled:?}");
    }
    // Where the order of the records pairs them, and the times do not, the times are wrong.
    let inverted = ["0 invoke write 1 20", "0 ok write 1 10"];
    assert_eq!(read_with(&events(&inverted), by_time).unwrap_err().code, Code::BadTime);
    let error = read_with(&events(&["0 ok write 1 20", "1 invoke read null 30"]), by_time);
    assert_eq!(error.unwrap_err().code, Code::NoInvocation);
}

#[test]
fn an_initial_value_names_registers_as_the_history_does() {
    let check_from = |initial: &str, keys: [&str; 2]| {
        let text = format!(
            "{{:process 0, :type :invoke, :f :txn, :value [[:r {0} nil] [:r {1} nil]]}}\n\
             {{:process 0, :type :ok, :f :txn, :value [[:r {0} 7] [:r {1} 8]]}}\n",
            keys[0], keys[1]
        );
        let mut history = read_with(&text, Settings::default()).unwrap();
        let initial = json_value(initial, history.values_mut()).unwrap();
        check(&history, &Options { initial: Some(initial), ..Options::default() })
    };
    for keys in [[":x", ":y"], ["\"x\"", ":y"], ["x", "y"]] {
        assert_eq!(check_from(r#"{"x": 7, "y": 8}"#, keys).unwrap().verdict, Verdict::Valid);
        assert_eq!(check_from(r#"{"x": 8, "y": 8}"#, keys).unwrap().verdict, Verdict::Invalid);
    }
    assert_eq!(check_from(r#"{"1": 7, "2": 8}"#, ["1", "2"]).unwrap().verdict, Verdict::Valid);
    let wrong = [(r#"{"z": 7}"#, [":x", ":y"]), (r#"{"x": 7}"#, [":x", "x"])];
    for (initial, keys) in wrong {
        assert_eq!(check_from(initial, keys).unwrap_err().code, Code::BadInitial, "{initial}");
    }
}
