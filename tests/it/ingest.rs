//! Reading histories: what comes out, and what malformed input is told.

use histcheck::formats::{Format, Input, ReadOptions, read_bytes};
use histcheck::history::OpIndex;
use histcheck::history::{Outcome, Record, Settings, Shape};
use histcheck::{Code, Error, History};
use proptest::prelude::*;

fn read(text: &str) -> Result<History, Error> {
    histcheck::read_text(text)
}

const WRITE: &str = "{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":1}\n\
                     {\"process\":0,\"type\":\"ok\",\"f\":\"write\",\"value\":1}\n";

/// The operations, one a line, with everything that a format must not lose.
fn summary(history: &History) -> String {
    let values = history.values();
    let mut out = String::new();
    for (index, op) in history.indexed() {
        let key = op.key.map_or(String::new(), |key| format!("{}/", values.to_json(key)));
        out += &format!(
            "{} {}{} {} -> {} {} {:?}\n",
            values.to_json(op.process),
            key,
            history.function(op.function),
            values.to_json(op.input),
            values.to_json(op.output),
            op.outcome.name(),
            history.times(index).map(|time| time.unwrap_or(-1)),
        );
    }
    out
}

#[test]
fn records_may_span_lines_and_share_them() {
    let expected = summary(&read(WRITE).unwrap());
    for text in [
        WRITE.replace('\n', ""),
        WRITE.replace('\n', "\r\n"),
        WRITE.replace('\n', "\n\n \t\n"),
        WRITE.replace(',', ",\n  ").replace('{', "{\n  ").replace('}', "\n}"),
        format!("\u{feff}{WRITE}"),
        format!("[{}]", WRITE.trim().replace('\n', ",")),
        format!(" [\n{}\n] \n", WRITE.trim().replace('\n', ",\n")),
        "process,type,f,value\n0,invoke,write,1\n0,ok,write,1\n".to_owned(),
        "process,type,f,value\r\n0,invoke,write,1\r\n\r\n0,ok,write,1".to_owned(),
        " type ,\"process\", value, f\n invoke, 0, 1, write\n ok, 0, 1, write\n".to_owned(),
    ] {
        assert_eq!(summary(&read(&text).unwrap()), expected, "{text}");
    }
}

#[test]
fn keywords_as_strings_and_escaped_names_are_understood() {
    let text = WRITE
        .replace("\"invoke\"", "\":invoke\"")
        .replace("\"write\"", "\":write\"")
        .replace("\"f\"", "\"\\u0066\"")
        .replace("\"ok\"", "\"\\u006fk\"");
    assert_eq!(summary(&read(&text).unwrap()), summary(&read(WRITE).unwrap()));
}

#[test]
fn numbers_keep_every_digit() {
    for literal in [
        "18446744073709551616",
        "-123456789012345678901234567890",
        "0.1000000000000000055511151231257827",
        "1.5e300",
        "[1,[2,{\"a\":null}],\"x\"]",
        "\"\\\"\\\\ é😀\"",
        "{}",
    ] {
        let text = WRITE.replace("\"value\":1", &format!("\"value\":{literal}"));
        let history = read(&text).unwrap();
        assert_eq!(history.values().to_json(history.operations()[0].input), literal);
    }
    let text = WRITE.replace("\"value\":1", "\"value\":\"\\ud83d\\ude00\"");
    let history = read(&text).unwrap();
    assert_eq!(history.values().shape(history.operations()[0].input), Shape::Text("😀"));
}

#[test]
fn other_fields_are_kept() {
    let text = r#"{"histcheck": {"model": "register"}}
        {"process":0,"type":"invoke","f":"write","value":1,"index":0,"node":"n1","error":null}
        {"process":0,"type":"ok","f":"write","value":1,"index":7}"#;
    let history = read(text).unwrap();
    let values = history.values();
    let extras = |record| {
        let extras = history.extras(Record::new(record)).iter();
        extras.map(|e| [e.name, e.value].map(|v| values.to_json(v)).join("=")).collect::<Vec<_>>()
    };
    assert_eq!(extras(1), ["\"node\"=\"n1\"", "\"error\"=null"], "an index of its own is implied");
    assert_eq!(extras(2), ["\"index\"=7"]);
    let model = history.metadata_field("model").unwrap();
    assert_eq!(values.as_name(model), Some("register"));
}

#[test]
fn what_is_no_client_is_an_annotation() {
    let text = format!("{{\"process\":\"nemesis\",\"type\":\"info\",\"f\":null}}\n{WRITE}");
    let history = read(&text).unwrap();
    assert_eq!(history.operations().len(), 1);
    let [note] = history.annotations() else { panic!("one annotation") };
    assert_eq!(history.values().as_name(note.process), Some("nemesis"));
    assert_eq!(history.function(note.function), "");
}

/// Annotations and extras, one a line.
fn notes(history: &History) -> String {
    let values = history.values();
    let mut out = String::new();
    for note in history.annotations() {
        let (kind, f) = (note.kind.name(), history.function(note.function));
        out +=
            &format!("{} {kind} {f} {} {:?}\n", note.record, values.to_json(note.value), note.time);
    }
    for record in (0..history.records()).map(Record::new) {
        for extra in history.extras(record) {
            let [name, value] = [extra.name, extra.value].map(|value| values.to_json(value));
            out += &format!("{record} {name}: {value}\n");
        }
    }
    out
}

#[test]
fn every_format_keeps_what_others_than_clients_record() {
    let json = r#"
        {"process":"nemesis","type":"info","f":"cut","value":1,"key":2,"output":3,"time":7}
        {"process":"nemesis","f":"heal","input":4,"output":5,"call":8,"return":9,"outcome":"no"}
        {"process":"nemesis","type":"ok","f":"heal","value":null,"call":8,"return":null}
        {"process":0,"f":"read","output":6,"call":10,"return":11,"start":12,"type":"ok","status":1}"#;
    let edn = r#"
        {:process "nemesis" :type :info :f :cut :value 1 :key 2 :output 3 :time 7}
        {:process "nemesis" :f :heal :input 4 :output 5 :call 8 :return 9 :outcome "no"}
        {:process "nemesis" :type :ok :f :heal :value nil :call 8 :return nil}
        {:process 0 :f :read :output 6 :call 10 :return 11 :start 12 :type :ok :status 1}"#;
    let csv = "process,type,f,value,key,input,output,call,return,outcome,time,start,status\n\
               nemesis,info,cut,1,2,,3,,,,7,,\n\
               nemesis,,heal,,,4,5,8,9,no,,,\n\
               nemesis,ok,heal,null,,,,8,null,,,,\n\
               0,ok,read,,,,6,10,11,,,12,1\n";
    let expected = "0 info cut 1 Some(7)\n1 info heal 4 Some(8)\n2 ok heal null None\n\
                    0 \"key\": 2\n0 \"output\": 3\n\
                    1 \"outcome\": \"no\"\n1 \"output\": 5\n1 \"return\": 9\n\
                    2 \"call\": 8\n2 \"return\": null\n\
                    3 \"start\": 12\n3 \"status\": 1\n";
    for text in [json, edn, csv] {
        let history = read(text).unwrap();
        let mut notes: Vec<String> =
            notes(&history).lines().map(|line| format!("{line}\n")).collect();
        notes[3..].sort();
        assert_eq!(notes.concat(), expected, "{text}");
        assert_eq!(summary(&history), "0 read null -> 6 ok [10, 11]\n", "{text}");
    }
}

#[test]
fn edn_within_json_counts_for_the_depth() {
    let nested = |lists: usize, edn: &str| {
        let value = format!("{}{{\"#edn\": {edn:?}}}{}", "[".repeat(lists), "]".repeat(lists));
        read(&WRITE.replace("\"value\":1", &format!("\"value\":{value}")))
    };
    let history = nested(128, ":deep").unwrap();
    let json = history.values().to_json(history.operations()[0].input);
    assert!(json.contains(r##"[{"#edn":":deep"}]"##));
    assert!(nested(127, "#{1}").is_ok());
    assert!(nested(126, "{:a (1)}").is_ok());
    for (lists, edn) in [(128, "#{1}"), (127, "[[1]]"), (129, ":a"), (128, "{\"#edn\" :a}")] {
        assert_eq!(nested(lists, edn).unwrap_err().code, Code::TooDeep, "{lists} {edn}");
    }
}

#[test]
fn times_are_exact_in_either_unit() {
    let text = r#"{"process":0,"type":"invoke","f":"read","time":1700000000}
        {"process":0,"type":"ok","f":"read","value":1,"time":1700000000.123456789}"#;
    let times = read(text).unwrap().times(OpIndex::new(0));
    assert_eq!(times, [Some(1_700_000_000_000_000_000), Some(1_700_000_000_123_456_789)]);
}

#[test]
fn whole_operations_go_by_many_names() {
    let plain = r#"{"process":3,"f":"get","input":1,"output":2,"call":10,"return":20}"#;
    let expected = "3 get 1 -> 2 ok [10, 20]\n";
    for text in [
        plain.to_owned(),
        plain.replace("process", "client_id").replace("\"f\"", "\"op\""),
        plain.replace("process", "thread").replace("input", "value"),
        plain.replace("call", "start").replace("return", "end"),
        plain.replace("call", "invoke_time").replace("return", "complete_time"),
        plain.replace("call", "invoked_at").replace("return", "completed_at"),
        plain.replace("call", "CallTime").replace("return", "ReturnTime"),
        r#"{"ClientId":3,"Op":"get","Input":1,"Output":2,"Call":10,"Return":20}"#.to_owned(),
        r#"{"type":"ok","process":3,"f":"get","input":1,"output":2,"call":10,"return":20}"#
            .to_owned(),
        "process,f,input,output,call,return,outcome\n3,get,1,2,10,20,\n".to_owned(),
    ] {
        assert_eq!(summary(&read(&text).unwrap()), expected, "{text}");
    }
}

#[test]
fn whole_operations_end_as_their_record_says() {
    for (fields, outcome, output) in [
        (r#""value":1,"call":1,"return":2"#, Outcome::Ok, "1"),
        (r#""value":1,"output":2,"call":1,"return":2"#, Outcome::Ok, "2"),
        (r#""input":0,"value":1,"call":1,"return":2"#, Outcome::Ok, "1"),
        (r#""input":0,"output":null,"value":1,"call":1,"return":2"#, Outcome::Ok, "null"),
        (r#""value":1,"call":1,"return":null"#, Outcome::Open, "null"),
        (r#""value":1,"call":1"#, Outcome::Open, "null"),
        (r#""value":1,"call":1,"return":2,"outcome":"fail""#, Outcome::Fail, "1"),
        (r#""value":1,"call":1,"return":2,"status":":info""#, Outcome::Info, "1"),
        (r#""value":1,"call":1,"type":"info""#, Outcome::Info, "null"),
    ] {
        let history = read(&format!("{{\"f\":\"x\",{fields}}}")).unwrap();
        let operation = history.operations()[0];
        assert_eq!(operation.outcome, outcome, "{fields}");
        assert_eq!(history.values().to_json(operation.output), output, "{fields}");
    }
}

#[test]
fn cells_are_json_literals_or_text() {
    let text = "# a comment\n# histcheck: {\"model\": \"register\"}\n\nprocess,type,f,value,node\n\
                0,invoke,VALUE,,n1\n";
    for (cell, json) in [
        ("", "null"),
        ("null", "null"),
        ("1", "1"),
        (" -1.50 ", "-1.5"),
        ("true", "true"),
        ("abc", "\"abc\""),
        ("NaN", "\"NaN\""),
        ("007", "\"007\""),
        ("+1", "\"+1\""),
        ("\"a,\"\"b\"\"\"", "\"a,\\\"b\\\"\""),
        ("\"[1, \"\"x\"\", 2]\"", "[1,\"x\",2]"),
        ("\"{\"\"a\"\": 1}\"", "{\"a\":1}"),
        ("\"\"\"1\"\"\"", "\"1\""),
        ("\"two\nlines\"", "\"two\\nlines\""),
        ("nil", "\"nil\""),
        (" padded ", "\" padded \""),
    ] {
        let text = text.replace("VALUE,", &format!("write,{cell}"));
        let history = read(&text).unwrap();
        assert_eq!(history.values().to_json(history.operations()[0].input), json, "{cell:?}");
        assert_eq!(
            history.extra(Record::new(1), "node").and_then(|v| history.values().as_name(v)),
            Some("n1")
        );
        assert!(history.metadata_field("model").is_some());
    }
}

#[test]
fn compressed_inputs_are_read_as_if_they_were_not() {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(WRITE.as_bytes()).unwrap();
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let zstd = ruzstd::encoding::compress_to_vec(WRITE.as_bytes(), level);
    for bytes in [gzip.finish().unwrap(), zstd] {
        let input = Input::from_bytes(bytes, ReadOptions::default()).unwrap();
        assert_eq!(input.text(), WRITE);
        assert_eq!(input.format(), Format::JsonLines);
    }
}

/// A value that JSON can write, with numbers of every kind.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        "-?[1-9][0-9]{20,40}",
        "-?[1-9]\\.[0-9]{0,9}[1-9]",
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..4);
        let map = proptest::collection::btree_map("[a-z]{0,3}", inner, 0..4);
        prop_oneof![
            list.prop_map(|items| format!("[{}]", items.join(","))),
            map.prop_map(|entries| {
                let entries: Vec<_> = entries.iter().map(|(k, v)| format!("{k:?}:{v}")).collect();
                format!("{{{}}}", entries.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        format in proptest::sample::select(vec![None, Some(Format::JsonLines),
            Some(Format::JsonArray), Some(Format::Csv), Some(Format::Edn), Some(Format::Log)]),
    ) {
        let _ = read_bytes(bytes, format, Settings::default());
    }

    /// Damage of a well-formed text reaches deeper than noise does.
    #[test]
    fn damaged_text_is_read_or_refused(
        sample in proptest::sample::select(vec![
            WRITE,
            "[{\"process\":0,\"type\":\"invoke\",\"f\":\"é\",\"time\":1.5,\"value\":{\"#edn\":\":a\"}}]",
            "{\"f\":\"cas\",\"input\":[1,\"\\ud83d\\ude00\"],\"call\":1e3,\"return\":2,\"key\":null}",
            "# histcheck: {\"a\":1}\nprocess,type,f,value\n0,invoke,cas,\"[1,\"\"é\"\"]\"\n",
        ]),
        cut in 0..120_usize,
        patch in prop_oneof![
            proptest::sample::select(vec![
                "", "\"", "{", "}", "[", "]", ",", ":", "\\", "\n", "#", "-", "NaN", "\\ud800", "é", "1e99",
            ]).prop_map(str::to_owned),
            any::<String>(),
        ],
        dropped in 0..4_usize,
    ) {
        let mut chars: Vec<char> = sample.chars().collect();
        let cut = cut.min(chars.len());
        let end = (cut + dropped).min(chars.len());
        chars.splice(cut..end, patch.chars());
        let text: String = chars.into_iter().collect();
        for format in [None, Some(Format::JsonLines), Some(Format::JsonArray), Some(Format::Csv)] {
            let Ok(input) = Input::from_bytes(text.clone().into(), format.into()) else { continue };
            if let Err(error) = input.history(Settings::default()) {
                prop_assert!(error.place.is_some() || error.code == Code::Empty, "{error} {text:?}");
                input.line(error.place.unwrap_or_default());
            }
        }
    }

    #[test]
    fn what_is_written_as_json_lines_reads_back(
        operations in proptest::collection::vec((json(), json(), 0..4_usize, any::<i32>()), 1..20),
        keyed: bool,
    ) {
        let mut text = String::new();
        let mut expected = Vec::new();
        for (process, (input, output, end, time)) in operations.iter().enumerate() {
            let outcome = ["ok", "fail", "info", "open"][*end];
            let key = if keyed { format!(",\"key\":{process}") } else { String::new() };
            let mut event = |kind: &str, value: &str| {
                text += &format!("{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"x\",\
                                  \"value\":{value},\"time\":{time}{key}}}\n");
            };
            event("invoke", input);
            if outcome != "open" {
                event(outcome, output);
            }
            expected.push((input, if outcome == "open" { "null" } else { output }, outcome));
        }
        let settings =
            Settings { independent: histcheck::history::Independent::No, ..Settings::default() };
        let history = read_bytes(text.into(), None, settings).unwrap();
        let values = history.values();
        prop_assert_eq!(history.operations().len(), expected.len());
        for (process, (op, (input, output, outcome))) in
            history.operations().iter().zip(expected).enumerate()
        {
            prop_assert_eq!(values.as_int(op.process), Some(process as i64));
            prop_assert_eq!(op.outcome.name(), outcome);
            prop_assert_eq!(op.key.is_some(), keyed);
            for (value, json) in [(op.input, input.as_str()), (op.output, output)] {
                let mut table = values.clone();
                prop_assert_eq!(histcheck::formats::json_value(json, &mut table).unwrap(), value);
                prop_assert!(same_json(&values.to_json(value), json), "{}", json);
            }
            let time = i64::from(operations[process].3);
            prop_assert_eq!(history.times(OpIndex::new(process))[0], Some(time));
        }
    }
}

/// Whether two JSON texts mean the same; the order of a map's entries does not count. What is
/// compared keeps numbers as text, since a float would lose digits.
fn same_json(a: &str, b: &str) -> bool {
    let mut parts = [a, b].map(|text| {
        let mut parts: Vec<char> = text.chars().collect();
        parts.sort_unstable();
        parts
    });
    // Characters are escaped differently; strings are compared by the table above.
    for part in &mut parts {
        part.retain(char::is_ascii_digit);
    }
    a.contains('"') || parts[0] == parts[1]
}

#[test]
fn the_end_of_an_operation_may_be_the_name_of_a_field() {
    let read = |lines: &[&str]| read(&lines.join("\n"));
    let outer = [
        r#"{"event": {"Invoke": {"process": 0, "op": {"Write": {"key": "a", "value": 1}}}}}"#,
        r#"{"event": {"Ok": {"process": 0, "op": {"Write": {"key": "a", "value": 1}}}}}"#,
        r#"{"event": {"Invoke": {"process": 1, "op": {"Read": {"key": "a"}}}}}"#,
        r#"{"event": {"Return": {"process": 1, "result": {"Ok": 1}}}}"#,
    ];
    let inner = [
        r#"{"client": 0, "type": {"Call": {"Write": {"key": "a", "value": 1}}}}"#,
        r#"{"client": 0, "type": {"Return": null}}"#,
        r#"{"client": 1, "type": {"Call": {"Read": {"key": "a"}}}}"#,
        r#"{"client": 1, "type": {"Return": 1}}"#,
    ];
    for lines in [outer, inner] {
        let history = read(&lines).unwrap();
        let [write, read_it] = history.operations() else { panic!("{lines:?}") };
        let json = |value| history.values().to_json(value);
        assert_eq!(history.function(write.function), "Write");
        assert_eq!([json(write.input), json(read_it.output)], ["1", "1"], "{lines:?}");
        assert_eq!(write.key.map(json).as_deref(), Some("\"a\""));
        assert_eq!(write.key, read_it.key);
        assert_eq!(read_it.outcome.name(), "ok");
        let stale = lines.map(|line| {
            line.replace("\"Ok\": 1", "\"Ok\": 2").replace("\"Return\": 1", "\"Return\": 2")
        });
        let stale = read(&stale.each_ref().map(String::as_str)).unwrap();
        assert_eq!(json(write.input), "1");
        assert_eq!(stale.values().to_json(stale.operations()[1].output), "2");
    }
    // What is given twice is an error, and so is a name that says no end.
    let twice = r#"{"process": 0, "event": {"Invoke": {"process": 1, "op": {"Read": {}}}}}"#;
    assert_eq!(read(&[twice]).unwrap_err().code, Code::DuplicateField);
    let odd = r#"{"event": {"Noticed": {"process": 1, "op": {"Read": {}}}}}"#;
    let error = read(&[odd]).unwrap_err();
    assert!(error.hint.is_some() && error.place.is_some(), "{error:?}");
    let failed = r#"{"process": 1, "event": {"Return": {"error": "lost"}}}"#;
    let invoke = r#"{"process": 1, "event": {"Invoke": {"op": {"Write": 1}}}}"#;
    assert_eq!(read(&[invoke, failed]).unwrap_err().code, Code::MissingField);
    let told = failed.replace("\"error\": \"lost\"", "\"status\": \"timeout\"");
    assert_eq!(read(&[invoke, &told]).unwrap().operations()[0].outcome.name(), "info");
}
