//! The same history, values and errors as by the reader for all JSON alone, for every text, size of
//! the parts and number of threads.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::batch::{Batch, Layout, Rules};
use super::merge::General;
use super::read_in_parts;
use crate::error::Error;
use crate::formats::json::objects::Objects;
use crate::formats::sink::Sink;
use crate::history::{History, HistoryBuilder, Record, Settings, Value};

/// The reader for all JSON.
pub(super) fn objects(text: &str, layout: Layout) -> Result<Objects<'_>, Error> {
    if layout == Layout::Array { Objects::of_array(text) } else { Ok(Objects::new(text)) }
}

/// What it makes of `text`.
fn slowly(text: &str, layout: Layout) -> Result<History, Error> {
    let mut builder = HistoryBuilder::default();
    objects(text, layout)?.read_until(usize::MAX, &mut Sink::new(&mut builder))?;
    builder.finish(Settings::default())
}

fn fast(text: &str, layout: Layout, part: usize, threads: usize) -> Result<History, Error> {
    let mut builder = HistoryBuilder::default();
    let mut sink = Sink::new(&mut builder);
    sink.bytes = text.len();
    read_in_parts(text, objects(text, layout)?, layout, part, threads, &mut sink)?;
    builder.finish(Settings::default())
}

/// Everything that is in a history, handles as they are.
pub(super) fn contents(read: Result<History, Error>) -> String {
    let history = match read {
        Ok(history) => history,
        Err(error) => return format!("{error:?} {:?}", error.hint),
    };
    let mut out = format!("{:?}\n{:?}\n", history, history.functions());
    for (at, operation) in history.indexed() {
        out += &format!("{operation:?} {:?}\n", history.times(at));
    }
    for record in (0..history.records()).map(Record::new) {
        out += &format!("{:?}", history.extras(record));
    }
    let values = history.values();
    let shape = |at| format!("{:?}\n", values.shape(Value::of_handle(at)));
    let values: String = (0..values.len() as u32).map(shape).collect();
    format!("{out}\n{:?}\n{:?}\n{values}", history.annotations(), history.metadata())
}

/// Where the records `wanted` start, according to a second reading.
fn found(text: &str, layout: Layout, wanted: &[usize], part: Option<usize>) -> Vec<usize> {
    let mut builder = HistoryBuilder::default();
    let mut sink = Sink::new(&mut builder);
    sink.wanted = wanted;
    let _ = match part {
        Some(part) => objects(text, layout)
            .and_then(|objects| read_in_parts(text, objects, layout, part, 2, &mut sink)),
        None => objects(text, layout)
            .and_then(|mut objects| objects.read_until(usize::MAX, &mut sink).map(|_| ())),
    };
    sink.found().to_vec()
}

/// How many records of `text` the scanner understands, and how many not.
fn understood(text: &str) -> (usize, usize) {
    let mut batch = Batch::default();
    let rules = Rules { layout: Layout::Lines, mapping: None };
    batch.read(text, 0, text.len(), rules);
    batch.counts()
}

fn check(text: &str) {
    check_layout(text, Layout::Lines);
}

pub(super) fn check_layout(text: &str, layout: Layout) {
    let expected = contents(slowly(text, layout));
    for part in [1, 7, 64, 1000] {
        for threads in [1, 3] {
            let read = contents(fast(text, layout, part, threads));
            assert_eq!(read, expected, "{part} {threads} {text:?}");
        }
    }
    let records: Vec<usize> = (0..12).step_by(3).collect();
    let [fast, slow] = [Some(50), None].map(|part| found(text, layout, &records, part));
    assert_eq!(fast, slow, "{text:?}");
}

/// Checks lines in parts of these sizes.
pub(super) fn check_parts(text: &str, parts: &[usize]) {
    let expected = contents(slowly(text, Layout::Lines));
    for &part in parts {
        let is_same = contents(fast(text, Layout::Lines, part, 2)) == expected;
        assert!(is_same, "{part}");
    }
}

const USUAL: &[&str] = &[
    r#"{"process":0,"type":"invoke","f":"write","value":1}"#,
    r#"{"process": 10, "type": "ok", "f": "read", "value": null, "time": 12345678901}"#,
    r#"{"time":123456789012345678,"f":":cas","value":[1,[-2,"a"]],"process":3,"type":"info"}"#,
    r#"{"type":"fail","f":"a-long-name","process":99999999999,"key":"é😀","value":true}"#,
    r#"{"process":0,"type":"ok","f":"","value":[],"key":null,"time":null}"#,
    r#"{"index":5,"process":0,"type":"ok","f":"write","value":false}"#,
    "{\n  \"process\": -5,\n  \"type\": \"invoke\",\n  \"f\": \"read\"\r\n}",
    r#"{"process":1,"type":"ok","f":"x","value":null,"node":"n1","error":null,"retries":3,"slow":true,"stamp":170}"#,
    r#"{"index":0,"time":1.5,"process":1,"type":"invoke","f":"x","start":99999999999,"processor":1,"value":-1.50e3}"#,
    r#"{"node":"a \"b\"\n\u00e9","index":0,"process":1,"type":"ok","f":"x","value":123456789012345678901234567890}"#,
    r#"{"process":0,"f":"write","input":1,"output":null,"call":17,"return":19}"#,
    r#"{"ClientId":0,"op":":cas","input":[1,2],"output":true,"start":1.5,"end":2,"status":"ok","key":"k","node":"n"}"#,
    r#"{"f":"read","value":"v","call":17,"return":null,"outcome":"info","index":3}"#,
    r#"{"process":1,"f":"read","value":1,"start_ms":17,"end_us":19500.5}"#,
    r#"{ "process" :1,"type":"invoke","f":"x"}"#,
];

#[test]
fn the_usual_shape_is_understood() {
    let (odd, usual) = USUAL.split_last().expect("there are some");
    for text in usual {
        assert_eq!(understood(text), (1, 0), "{text}");
        check(text);
        check_layout(&format!("[{text}]"), Layout::Array);
    }
    // JSON all the same, but nobody writes it like that.
    assert_eq!(understood(odd), (0, 1));
    let lines = usual.join("\r\n \n");
    assert_eq!(understood(&lines), (usual.len(), 0));
    let one_line = lines.replace("\r\n \n", "");
    assert_eq!(understood(&one_line), (usual.len(), 0), "all on one line");
}

#[test]
fn what_is_less_usual_is_left_to_the_other_reader() {
    for (usual, other) in [
        ("12345678901", "0123"),
        ("12345678901", "-"),
        ("12345678901", "1."),
        ("12345678901", "1.5e"),
        ("12345678901", "-01.5"),
        ("12345678901", "-9223372036854775808"),
        ("12345678901", "1e99"),
        ("null", "1e9999999999"),
        ("null", "\"\\x\""),
        ("null", "\"\\u12g4\""),
        ("null", "\"\\ud83d\\ude00\""),
        ("null", "\"\\"),
        ("\"time\": 12345678901", "\"call\": null"),
        ("\"time\": 12345678901", "\"call\": 1, \"start\": 1"),
        ("\"time\": 12345678901", "\"a\": 1, \"a\": 1"),
        ("\"time\": 12345678901", "\"index\": 1, \"a\": 1, \"index\": 1"),
        ("\"time\"", "\"\\u0074ime\""),
        ("null", "nul"),
        ("null", "[[[[[]]]]]"),
        ("null", "{}"),
        ("null", "\"\t\""),
        ("null", "[1,]"),
        ("null", "[1 2]"),
        ("null", "\"open"),
        ("10", "\"nemesis\""),
        ("10", "null"),
        ("\"ok\"", "\":ok\""),
        ("\"ok\"", "\"okay\""),
        ("\"ok\"", "null"),
        ("\"read\"", "null"),
        ("\"read\"", "7"),
        ("\"process\": 10, ", ""),
        ("\"time\"", "\"value\""),
        ("}", ",}"),
        ("}", ""),
        ("}", "]"),
    ] {
        let text = USUAL[1].replacen(usual, other, 1);
        assert_ne!(text, USUAL[1]);
        assert_eq!(understood(&text), (0, 1), "{text}");
        check(&text);
    }
}

#[test]
fn rare_numbers_and_positions_are_understood() {
    for time in [
        "\"time\": 1234567890123456789",
        "\"time\": 1e5",
        "\"index\": 0",
        "\"index\": 7",
        "\"index\": -0",
        "\"index\": 4294967295",
        "\"index\": 0.0",
        "\"index\": null",
    ] {
        for other in ["", "\"node\": 1, "] {
            let text = USUAL[1].replacen("\"time\": 12345678901", &format!("{other}{time}"), 1);
            let text = text.replacen("\"ok\"", "\"invoke\"", 1);
            assert_eq!(understood(&text), (1, 0), "{text}");
            check(&text);
        }
    }
}

#[test]
fn lines_within_a_record_are_no_records() {
    let inner = USUAL[0];
    let whole = r#"{"process":0,"type":"ok","f":"write","value":1}"#;
    for text in [
        format!(
            "{inner}\n{{\"process\":1,\"f\":\"x\",\"type\":\"invoke\",\"value\":{{\"a\":\n{inner}\n}}}}\n{whole}"
        ),
        format!(
            "{inner}\n{{\"process\":1,\"f\":\"x\",\"type\":\"invoke\",\"value\":{{\"a\":[\n{inner},\n{whole}\n]}}}}{whole}\n"
        ),
        format!("{inner}\n{{\"histcheck\":{{}}}}{whole}{inner}\n{whole}"),
        format!("{inner}\n{{\"process\":1.5\n{whole}\n"),
        format!("{inner}\n\"\n{whole}\n"),
        format!("{inner}\n\n  \n{whole}\n,\n{inner}"),
    ] {
        check(&text);
    }
}

/// Values are stored in the order in which the other reader comes to them.
#[test]
fn values_keep_their_order() {
    let line =
        r#"{"type":"invoke","key":"k","value":["v",88888888888],"f":"w","process":99999999999}"#;
    let other = line.replace("99999999999", "77777777777").replace("\"v\"", "\"k\",\"v\"");
    assert_eq!(understood(line), (1, 0));
    check(line);
    check(&format!("{line}\n{other}\n{{\"process\":\"n\",\"type\":\"info\",\"value\":\"v\"}}"));
}

/// One record, mostly of the usual shape.
fn record() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        0..100_i64,
        any::<i64>(),
        (0..19_u32).prop_map(|n| 10_i64.pow(n)),
        select(vec![i64::MIN, i64::MAX, (1 << 30) - 1, 1 << 30, -(1 << 30)]),
    ];
    let leaf = prop_oneof![
        4 => number.clone().prop_map(|n| n.to_string()),
        2 => "\"[a-z é]{0,12}\"",
        1 => select(vec!["null", "true", "false", "-0", "1.50", "1e3", "{}", "\"\\n\"",
            "123456789012345678901234567890", "{\"b\":2,\"a\":[\"x\"]}", "[ 1 , 2 ]", "[[[[0]]]]"])
            .prop_map(str::to_owned),
    ];
    let value = leaf.clone().prop_recursive(2, 8, 4, |inner| {
        vec(inner, 0..5).prop_map(|items| format!("[{}]", items.join(",")))
    });
    let process = prop_oneof![
        12 => (0..4_i64).prop_map(|n| n.to_string()),
        1 => number.clone().prop_map(|n| n.to_string()),
        1 => Just("\"nemesis\"".to_owned()),
    ];
    let name = select(vec![
        "\"read\"",
        "\"write\"",
        "\"cas\"",
        "\":add\"",
        "\"compare-and-set\"",
        "\"eightlet\"",
        "\"\"",
    ]);
    let number = number.prop_map(|n| n.to_string());
    let time = prop_oneof![
        4 => number,
        1 => select(vec!["0.5", "-1.25", "1e3", "null", "1700000000.123456", "9e99"])
            .prop_map(str::to_owned),
    ];
    let extra = prop_oneof![
        2 => time.prop_map(|n| format!("\"time\":{n}")),
        2 => leaf.clone().prop_map(|value| format!("\"key\":{value}")),
        4 => (select(vec!["error", "node", "timestamp", "processor", "start", "outcome", ""]), leaf)
            .prop_map(|(name, value)| format!("\"{name}\":{value}")),
        2 => (0..9_u8).prop_map(|n| format!("\"index\":{n}")),
    ];
    let extras = prop_oneof![3 => Just(Vec::new()), 2 => vec(extra, 1..4)];
    (process, select(vec!["\"invoke\"", "\"ok\"", "\"fail\"", "\"info\""]), name, value, extras)
        .prop_flat_map(|(process, kind, name, value, extras)| {
            let mut fields = vec![
                format!("\"process\":{process}"),
                format!("\"type\":{kind}"),
                format!("\"f\":{name}"),
                format!("\"value\":{value}"),
            ];
            fields.extend(extras);
            Just(fields).prop_shuffle()
        })
        .prop_map(|fields| format!("{{{}}}", fields.join(",")))
}

/// One record of a whole operation, mostly of the usual shape.
fn whole() -> impl Strategy<Value = String> {
    let time = select(vec![
        "5",
        "6",
        "99999999999",
        "9223372036854775807",
        "7.5",
        "-1",
        "null",
        "\"x\"",
        "[1]",
    ]);
    let value = select(vec!["null", "1", "\"v\"", "[\"a\",88888888888]", "7.0", "{\"a\":1}"]);
    let field = |names: Vec<&'static str>, value: BoxedStrategy<&'static str>| {
        (select(names), value).prop_map(|(name, value)| format!("\"{name}\":{value}"))
    };
    let word = |words: Vec<&'static str>| select(words).boxed();
    let call = field(vec!["call", "start", "invoke_time", "start_ms"], time.clone().boxed());
    let process = word(vec!["0", "1", "null", "77777777777", "\"n\""]);
    let others = prop_oneof![
        4 => field(vec!["return", "return", "end", "Completed-At", "end_us"], time.boxed()),
        4 => field(vec!["input", "output", "value", "key", "node", "KEY"], value.boxed()),
        2 => field(vec!["process", "process", "client", "thread"], process),
        2 => field(vec!["type", "outcome", "status"],
            word(vec!["\"ok\"", "\"fail\"", "\"info\"", "\":ok\"", "null", "\"invoke\"", "1"])),
        1 => field(vec!["time", "index", "error"], word(vec!["0", "1", "null", "\"e\""])),
    ];
    let function = field(vec!["f", "f", "op"], word(vec!["\"read\"", "\":w\"", "null"]));
    (call, function, vec(others, 0..6))
        .prop_flat_map(|(call, function, mut fields)| {
            fields.extend([call, function]);
            Just(fields).prop_shuffle()
        })
        .prop_map(|fields| format!("{{{}}}", fields.join(",")))
}

/// Whole operations; two each are such that reading gets far.
fn wholes() -> impl Strategy<Value = Vec<String>> {
    let plain = "[a-z]{1,9}".prop_map(|f| format!("{{\"f\":\"{f}\",\"call\":5,\"return\":7}}"));
    vec(prop_oneof![plain, whole()], 1..5)
}

/// An array of records, some of them over several lines.
fn array() -> impl Strategy<Value = String> {
    let pair = prop_oneof![2 => pair(), 1 => record().prop_map(|record| [record, String::new()])];
    let breaks = select(vec!["", " ", "\n", "\r\n  "]);
    (vec((pair, breaks), 0..6), any::<bool>()).prop_map(|(pairs, is_pretty)| {
        let records = pairs.iter().flat_map(|(records, end)| {
            records.iter().filter(|record| !record.is_empty()).map(move |record| {
                let pretty = record.replace(",\"", ",\n  \"").replace("\":", "\": ");
                format!("{end}{}", if is_pretty { &pretty } else { record })
            })
        });
        format!("[{}\n]\n", records.collect::<Vec<_>>().join(","))
    })
}

/// The two ends of one operation, mostly with fields that not all events have.
fn pair() -> impl Strategy<Value = [String; 2]> {
    let fields = select(vec!["", ",\"node\":\"n1\"", ",\"error\":[\"e\",1.5]", ",\"time\":0.25"]);
    (0..3_usize, "[a-z]{1,9}", fields).prop_map(|(process, f, fields)| {
        let value = process * 700_000_000;
        let event = |kind: &str| {
            format!("{{\"process\":1{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":[{value},\"{f}\"]{fields}}}")
        };
        [event("invoke"), event("ok")]
    })
}

/// Records that can follow each other, so that reading gets far; some are not as they should be.
fn text() -> impl Strategy<Value = String> {
    let breaks = select(vec!["\n", "\n", "\n", "\r\n", "\n\n", "", " ", "\n \t\n"]);
    let paired = prop_oneof![pair().prop_map(|pair| pair.join("\n")), record()];
    vec((paired, breaks), 1..12)
        .prop_map(|records| records.iter().map(|(record, end)| format!("{record}{end}")).collect())
}

/// Operations whose records have their fields in one order, with the same white space; now and then
/// a content is odd.
fn alike() -> impl Strategy<Value = String> {
    let fields = Just(vec!["process", "type", "f", "value", "key", "time", "index"]).prop_shuffle();
    let layout = (fields, 0..5_usize, select(vec![["", ""], ["", " "], [" ", "  "]]));
    let odd = select(vec![
        "-7",
        "-0",
        "007",
        "1.5",
        "1e3",
        "88888888",
        "999999999999999",
        "1234567890123456",
        "9223372036854775807",
        "99999999999999999999",
        "4294967295",
        "null",
        "true",
        "\"\"",
        "\"k\"",
        "\":w\"",
        "\"eightlet\"",
        "\"a-long-name\"",
        "\"é\"",
        "\"\\n\"",
        "[1,\"a\"]",
        "{}",
        "\"fail\"",
        "\"info\"",
        "",
    ]);
    let odd = prop_oneof![5 => Just(None), 1 => (any::<Index>(), odd).prop_map(Some)];
    let operation = (0..3_u32, 0..2000_u32, [odd.clone(), odd]);
    let needed = |field: &&str| ["process", "type", "f"].contains(field);
    (layout, vec(operation, 1..8)).prop_map(move |((mut fields, others, gaps), operations)| {
        let [before, behind] = gaps;
        let others: Vec<_> = fields.iter().copied().filter(|it| !needed(it)).take(others).collect();
        fields.retain(|field| needed(field) || others.contains(field));
        let mut text = String::new();
        for (at, (process, value, odd)) in operations.into_iter().enumerate() {
            for (end, odd) in odd.into_iter().enumerate() {
                let mut record = Vec::new();
                for &field in &fields {
                    let content = match field {
                        "process" => process.to_string(),
                        "type" => ["\"invoke\"", "\"ok\""][end].to_owned(),
                        "f" => ["\"read\"", "\"write\""][at % 2].to_owned(),
                        "time" => format!("{}", 10_u64.pow(value % 16) + at as u64),
                        "index" => (2 * at + end).to_string(),
                        _ => value.to_string(),
                    };
                    record.push((field, content));
                }
                if let Some((index, odd)) = odd {
                    let at = index.index(record.len());
                    record[at].1 = odd.to_owned();
                }
                let shown =
                    record.iter().map(|(field, content)| format!("\"{field}\":{behind}{content}"));
                let shown = shown.collect::<Vec<_>>().join(&format!("{before},{behind}"));
                text += &format!("{{{shown}{before}}}\n");
            }
        }
        text
    })
}

#[test]
fn records_are_read_in_the_order_of_those_before() {
    let line = r#"{"process":1,"type":"ok","f":"read","value":null,"key":7,"time":12345678901}"#;
    let text = format!("{line}\n{line}\n{line}");
    let others = ["1.5", "01", "1 ", "\"1\""]
        .map(|process| line.replace("\"process\":1", &format!("\"process\":{process}")));
    let mut batch = Batch::default();
    batch.read(&text, 0, text.len(), Rules { layout: Layout::Lines, mapping: None });
    assert_eq!(batch.counts(), (3, 0));
    assert_eq!(batch.read_alike(&text, 0, text.len(), Layout::Lines), Some(text.len()));
    assert_eq!(batch.counts(), (6, 0));
    for other in &others {
        assert_eq!(batch.read_alike(other, 0, other.len(), Layout::Lines), Some(0), "{other}");
    }
}

proptest! {
    #[test]
    fn the_scanner_agrees_on_records_that_are_alike(text in alike(), array: bool) {
        check(&text);
        if array {
            let records: Vec<&str> = text.lines().collect();
            check_layout(&format!("[{}]", records.join(", ")), Layout::Array);
        }
    }

    #[test]
    fn the_scanner_agrees_on_records(text in text()) {
        check(&text);
    }

    #[test]
    fn the_scanner_agrees_on_whole_operations(text in wholes(), array: bool) {
        check(&text.join("\n"));
        if array {
            check_layout(&format!("[{}]", text.join(", ")), Layout::Array);
        }
    }

    #[test]
    fn the_scanner_agrees_on_arrays(text in array()) {
        check_layout(&text, Layout::Array);
    }

    #[test]
    fn the_scanner_agrees_on_damaged_records(
        (text, layout) in prop_oneof![
            text().prop_map(|text| (text, Layout::Lines)),
            array().prop_map(|text| (text, Layout::Array)),
        ],
        damage in vec((any::<Index>(), select(vec!["", "\"", "{", "}", "[", "]", ",", ":", "\\",
            "\n", " ", "0", "-", ".", "e", "null", "\u{1}", "é", "{}", "1", "//"]), 0..3_usize), 1..3),
    ) {
        let mut chars: Vec<char> = text.chars().collect();
        for (at, patch, dropped) in damage {
            let at = at.index(chars.len() + 1);
            let end = (at + dropped).min(chars.len());
            chars.splice(at..end, patch.chars());
        }
        check_layout(&chars.into_iter().collect::<String>(), layout);
    }

    /// One record alone, so that no record before it ends the reading.
    #[test]
    fn the_scanner_agrees_on_one_record(
        record in prop_oneof![record(), whole()],
        at: Index,
        byte in 0..128_u8,
    ) {
        check(&record);
        let mut bytes: Vec<char> = record.chars().collect();
        let at = at.index(bytes.len());
        bytes[at] = char::from(byte);
        check(&bytes.into_iter().collect::<String>());
    }
}
