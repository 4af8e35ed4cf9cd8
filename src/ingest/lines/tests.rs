//! The same history, values and errors as by the reader for all JSON alone, for every text, size of
//! the parts and number of threads.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::batch::Batch;
use super::read_in_parts;
use crate::error::Error;
use crate::history::{History, HistoryBuilder, Settings};
use crate::ingest::Sink;
use crate::ingest::json::Objects;

/// What the reader for all JSON makes of `text`.
fn slowly(text: &str) -> Result<History, Error> {
    let mut builder = HistoryBuilder::default();
    Objects::new(text).read_until(usize::MAX, &mut Sink::new(&mut builder))?;
    builder.finish(Settings::default())
}

fn fast(text: &str, part: usize, threads: usize) -> Result<History, Error> {
    let mut builder = HistoryBuilder::default();
    read_in_parts(text, part, threads, &mut Sink::new(&mut builder).of_size(text.len()))?;
    builder.finish(Settings::default())
}

/// Everything that is in a history, handles as they are.
fn contents(read: Result<History, Error>) -> String {
    let history = match read {
        Ok(history) => history,
        Err(error) => return format!("{error:?} {:?}", error.hint),
    };
    let mut out = format!("{:?}\n{:?}\n", history, history.functions());
    for (at, operation) in history.operations().iter().enumerate() {
        out += &format!("{operation:?} {:?}\n", history.times(at));
    }
    for record in 0..history.records() {
        out += &format!("{:?}", history.extras(record));
    }
    let values = history.values().all_shapes();
    format!("{out}\n{:?}\n{:?}\n{values}", history.annotations(), history.metadata())
}

/// Where the records `wanted` start, according to a second reading.
fn found(text: &str, wanted: &[usize], part: Option<usize>) -> Vec<usize> {
    let mut builder = HistoryBuilder::default();
    let mut sink = Sink::seeking(&mut builder, wanted);
    let _ = match part {
        Some(part) => read_in_parts(text, part, 2, &mut sink),
        None => Objects::new(text).read_until(usize::MAX, &mut sink).map(|_| ()),
    };
    sink.found().to_vec()
}

/// How many records of `text` the scanner understands, and how many not.
fn understood(text: &str) -> (usize, usize) {
    let mut batch = Batch::default();
    batch.read(text, 0, text.len());
    batch.counts()
}

fn check(text: &str) {
    let expected = contents(slowly(text));
    for part in [1, 7, 64, 1000] {
        for threads in [1, 3] {
            assert_eq!(contents(fast(text, part, threads)), expected, "{part} {threads} {text:?}");
        }
    }
    let records: Vec<usize> = (0..12).step_by(3).collect();
    assert_eq!(found(text, &records, Some(50)), found(text, &records, None), "{text:?}");
}

const USUAL: &[&str] = &[
    r#"{"process":0,"type":"invoke","f":"write","value":1}"#,
    r#"{"process": 10, "type": "ok", "f": "read", "value": null, "time": 12345678901}"#,
    r#"{"time":123456789012345678,"f":":cas","value":[1,[-2,"a"]],"process":3,"type":"info"}"#,
    r#"{"type":"fail","f":"a-long-name","process":99999999999,"key":"é😀","value":true}"#,
    r#"{"process":0,"type":"ok","f":"","value":[],"key":null,"time":null}"#,
    r#"{"index":5,"process":0,"type":"ok","f":"write","value":false}"#,
    "{\n  \"process\": -5,\n  \"type\": \"invoke\",\n  \"f\": \"read\"\r\n}",
    r#"{ "process" :1,"type":"invoke","f":"x"}"#,
];

#[test]
fn the_usual_shape_is_understood() {
    for text in &USUAL[..7] {
        assert_eq!(understood(text), (1, 0), "{text}");
    }
    // JSON all the same, but nobody writes it like that.
    assert_eq!(understood(USUAL[7]), (0, 1));
    let lines = USUAL[..7].join("\r\n \n");
    assert_eq!(understood(&lines), (7, 0));
    assert_eq!(understood(&lines.replace("\r\n \n", "")), (7, 0), "all on one line");
}

#[test]
fn what_is_less_usual_is_left_to_the_other_reader() {
    for (usual, other) in [
        ("12345678901", "1234567890123456789"),
        ("12345678901", "0123"),
        ("12345678901", "1.5"),
        ("12345678901", "1e5"),
        ("12345678901", "-"),
        ("null", "nul"),
        ("null", "[[[[[]]]]]"),
        ("null", "{}"),
        ("null", "\"\\n\""),
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
        ("\"time\"", "\"index\""),
        ("\"time\": 12345678901", "\"index\": 4294967295"),
        ("\"time\": 12345678901", "\"index\": -0"),
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
    let extra = prop_oneof![
        8 => Just(String::new()),
        1 => number.prop_map(|n| format!("\"time\":{n}")),
        1 => leaf.clone().prop_map(|value| format!("\"key\":{value}")),
        1 => leaf.prop_map(|value| format!("\"error\":{value}")),
        1 => (0..9_u8).prop_map(|n| format!("\"index\":{n}")),
    ];
    (process, select(vec!["\"invoke\"", "\"ok\"", "\"fail\"", "\"info\""]), name, value, extra)
        .prop_flat_map(|(process, kind, name, value, extra)| {
            let mut fields = vec![
                format!("\"process\":{process}"),
                format!("\"type\":{kind}"),
                format!("\"f\":{name}"),
                format!("\"value\":{value}"),
            ];
            fields.extend(Some(extra).filter(|extra| !extra.is_empty()));
            Just(fields).prop_shuffle()
        })
        .prop_map(|fields| format!("{{{}}}", fields.join(",")))
}

/// Records that can follow each other, so that reading gets far; some are not as they should be.
fn text() -> impl Strategy<Value = String> {
    let breaks = select(vec!["\n", "\n", "\n", "\r\n", "\n\n", "", " ", "\n \t\n"]);
    let paired = (0..3_usize, "[a-z]{1,9}", record(), any::<bool>()).prop_map(
        |(process, f, random, is_random)| {
            if is_random {
                return random;
            }
            let value = process * 700_000_000;
            let event = |kind: &str| {
                format!("{{\"process\":{process}5,\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":[{value},\"{f}\"]}}")
            };
            [event("invoke"), event("ok")].join("\n")
        },
    );
    vec((paired, breaks), 1..12)
        .prop_map(|records| records.iter().map(|(record, end)| format!("{record}{end}")).collect())
}

proptest! {
    #[test]
    fn the_scanner_agrees_on_records(text in text()) {
        check(&text);
    }

    #[test]
    fn the_scanner_agrees_on_damaged_records(
        text in text(),
        damage in vec((any::<Index>(), select(vec!["", "\"", "{", "}", "[", "]", ",", ":", "\\",
            "\n", " ", "0", "-", ".", "e", "null", "\u{1}", "é", "{}", "1", "//"]), 0..3_usize), 1..3),
    ) {
        let mut chars: Vec<char> = text.chars().collect();
        for (at, patch, dropped) in damage {
            let at = at.index(chars.len() + 1);
            let end = (at + dropped).min(chars.len());
            chars.splice(at..end, patch.chars());
        }
        check(&chars.into_iter().collect::<String>());
    }

    /// One record alone, so that no record before it ends the reading.
    #[test]
    fn the_scanner_agrees_on_one_record(record in record(), at: Index, byte in 0..128_u8) {
        check(&record);
        let mut bytes: Vec<char> = record.chars().collect();
        let at = at.index(bytes.len());
        bytes[at] = char::from(byte);
        check(&bytes.into_iter().collect::<String>());
    }
}
