//! What may change a verdict and stands where nobody looks: an amount in a field of its own, words
//! between fields, a span of another name, an event of a span, times that contradict the records.

use std::fs;

use histcheck::formats::{Input, ReadOptions};
use histcheck::history::Settings;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::program::histcheck;

/// The lines of some records.
fn lines(records: &[Value]) -> String {
    records.iter().map(|record| record.to_string() + "\n").collect()
}

#[test]
fn an_increment_by_a_field_that_is_not_read_is_asked_about() {
    for f in ["inc", "dec", "increment_and_get", "decrement_and_get", "get_and_increment"] {
        for name in ["by", "delta", "amount", "n", "step"] {
            let negative = f.contains("dec");
            let [first, second] = if negative { [-2, -5] } else { [2, 5] };
            let answers = f.contains("get");
            let returned = |after: i64, by: i64| match (answers, f.starts_with("get")) {
                (false, _) => Value::Null,
                (true, true) => json!(after - by),
                (true, false) => json!(after),
            };
            let text = |last: i64| {
                lines(&[
                    json!({"worker": 1, "op": f, name: 2, "result": returned(first, 2), "t_start": 1,
                           "t_end": 2}),
                    json!({"worker": 2, "op": f, name: 3, "result": returned(second, 3),
                           "t_start": 3, "t_end": 4}),
                    json!({"worker": 1, "op": "get", "result": last, "t_start": 5, "t_end": 6}),
                ])
            };
            let rule = format!("--map input=.{name}");
            let run = histcheck("").stdin(text(second)).run().status(2);
            run.complains("H0028").complains(&rule).complains("which counts as 1");
            histcheck(&rule).stdin(text(second)).run().status(0);
            histcheck(&rule).stdin(text(first)).run().status(1);
        }
    }
    // Some table writers leave the cell of the input empty.
    let table = "worker;op;by;result;t_start;t_end\n1;inc;2;;1;2\n2;inc;3;;3;4\n1;get;;5;5;6\n";
    histcheck("").stdin(table).run().status(2).complains("--map input=.by");
    histcheck("--map input=.by").stdin(table).run().status(0);
    histcheck("--map ignore=.by").stdin(table).run().status(1);
    // By 1 is what it counts as.
    let ones =
        table.replace("inc;2", "inc;1").replace("inc;3", "inc;1").replace("get;;5", "get;;2");
    histcheck("").stdin(ones).run().status(0);
}

#[test]
fn an_increment_of_events_is_asked_about_and_the_hint_leads_to_a_verdict() {
    let text = |last: i64| {
        lines(&[
            json!({"process": 0, "type": "invoke", "f": "inc", "options": {"delta": 2}}),
            json!({"process": 0, "type": "ok", "f": "inc", "options": {"delta": 2}}),
            json!({"process": 0, "type": "invoke", "f": "read"}),
            json!({"process": 0, "type": "ok", "f": "read", "value": last}),
        ])
    };
    let rules = "--map value=.options.delta --map value=.value";
    for how in ["", "--follow"] {
        histcheck(how).stdin(text(2)).run().status(2).complains("H0028").complains(rules);
        let mapped = format!("{how} {rules}");
        histcheck(&mapped).stdin(text(2)).run().status(0);
        histcheck(&mapped).stdin(text(1)).run().status(1);
    }
}

/// A put of 1, one of 2, and a stale get of 1, as logfmt with more around each.
fn logfmt(around: [&str; 2]) -> String {
    let [front, behind] = around;
    format!(
        "client=1 op=put key=x value=1 start=1 end=2\n\
         {front}client=2 op=put key=x value=2 start=3 end=4{behind}\n\
         client=1 op=get key=x value=1 start=5 end=6\n"
    )
}

#[test]
fn no_word_of_a_line_of_logfmt_is_dropped() {
    histcheck("").stdin(logfmt(["", ""])).run().status(1);
    for behind in [" FAILED", " (timed out)", " key = y", " note=\"a\"b"] {
        let run = histcheck("").stdin(logfmt(["", behind])).run().status(2);
        run.complains("H0005").complains("<stdin>:2:").complains("quote values with spaces");
    }
    let car = logfmt(["", ""]).replace("value=2", "value=blue car");
    histcheck("").stdin(&*car).run().status(2).complains("`car` belongs to no field");
    histcheck("").stdin(car.replace("blue car", "\"blue car\"")).run().status(1);
    // Marks between fields are no words.
    histcheck("").stdin(logfmt(["| ", " |"]).replace(" key", " - key")).run().status(1);
    // What is in front of the fields is a message.
    histcheck("").stdin(logfmt(["2025-11-29 INFO put done: ", ""])).run().status(1);
    for front in ["put failed: ", "ERROR ", "[timeout] "] {
        let run = histcheck("").stdin(logfmt([front, ""])).run().status(2);
        run.complains("H0028").complains("`msg`");
        let told = format!("outcome:{}=info", front.trim());
        let program = histcheck("--map outcome=.msg").arg("--map").arg(told);
        program.stdin(logfmt([front, ""])).run().status(0);
        histcheck("--map ignore=.msg").stdin(logfmt([front, ""])).run().status(1);
    }
}

#[test]
fn a_line_of_logfmt_with_the_fields_of_records_names_an_operation() {
    let text = logfmt(["", ""]).replace("op=get", "fn=get");
    let run = histcheck("").stdin(text).run().status(2);
    run.complains("H0007").complains("<stdin>:3:").complains("op=put");
    let other = logfmt(["", ""]) + "level=info msg=done client=1 attempt=2\n";
    histcheck("").stdin(other).run().status(1).says("(W0009)");
}

#[test]
fn what_is_in_front_of_a_record_may_report_a_failure() {
    let text = |front: &str| {
        let get = json!({"client": 1, "op": "get", "key": "x", "value": 1, "start": 5, "end": 6});
        let put = json!({"client": 1, "op": "put", "key": "x", "value": 1, "start": 1, "end": 2});
        let other = json!({"client": 2, "op": "put", "key": "x", "value": 2, "start": 3, "end": 4});
        format!("2025 INFO put {put}\n2025 {front} {other}\n2025 INFO get {get}\n")
    };
    histcheck("").stdin(text("INFO put")).run().status(1);
    let failed = text("ERROR put failed");
    let run = histcheck("").stdin(&*failed).run().status(2);
    run.complains("H0028").complains("2025 ERROR put failed").complains("<stdin>:2:");
    let told = "outcome:2025 ERROR put failed=info";
    histcheck("--map outcome=.msg").arg("--map").arg(told).stdin(&*failed).run().status(0);
    histcheck("--map ignore=.msg").stdin(&*failed).run().status(1);
    // A record that says so itself may have it in front.
    let said = failed.replace("\"value\":2", "\"value\":2,\"outcome\":\"info\",\"msg\":\"put\"");
    histcheck("").stdin(said).run().status(0);
}

#[test]
fn what_is_in_front_of_a_record_of_edn_may_report_a_failure() {
    let text = |front: &str| {
        let mut text = String::new();
        for (process, f, value) in [(0, "write", 1), (1, "write", 2), (0, "read", 1)] {
            let level = if process == 1 { front } else { "INFO done" };
            for (kind, level) in [("invoke", "INFO"), ("ok", level)] {
                text += &format!("{level} {{:process {process}, :type :{kind}, :f :{f}, ");
                text += &format!(":value {value}}}\n");
            }
        }
        text
    };
    histcheck("").stdin(text("INFO done")).run().status(1);
    let run = histcheck("").stdin(text("ERROR write failed")).run().status(2);
    run.complains("H0028").complains("ERROR write failed").complains("<stdin>:4:");
    histcheck("--map ignore=.msg").stdin(text("ERROR write failed")).run().status(1);
}

/// A put of 1 and a stale get of it, with another span between, as OTLP has them.
fn trace(other: &Value) -> String {
    let span = |id: u32, name: &str, value: u32| {
        json!({
            "traceId": "aa", "spanId": id.to_string(), "name": name, "kind": 3,
            "startTimeUnixNano": (10 * id).to_string(), "endTimeUnixNano": (10 * id + 5).to_string(),
            "attributes": [
                {"key": "key", "value": {"stringValue": "x"}},
                {"key": "value", "value": {"intValue": value.to_string()}},
                {"key": "client.id", "value": {"stringValue": format!("c{id}")}},
            ],
        })
    };
    let mut changed = span(2, "put", 2);
    changed.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    let spans = [span(1, "put", 1), changed, span(3, "get", 1)];
    json!({"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": spans}]}]}).to_string()
}

#[test]
fn a_span_with_the_attributes_of_operations_is_not_passed_over() {
    histcheck("").stdin(trace(&json!({}))).run().status(1);
    for name in ["update", "replace", "put x"] {
        let text = trace(&json!({ "name": name }));
        let rule = format!("f:{name}=put");
        histcheck("").stdin(&*text).run().status(2).complains("H0021").complains(&rule);
        histcheck("").arg("--map").arg(rule).stdin(text).run().status(1);
    }
    // What is inside of an operation is a part of it, and other spans are something else.
    for other in
        [json!({"name": "db", "parentSpanId": "1"}), json!({"name": "gc", "attributes": []})]
    {
        histcheck("").stdin(trace(&other)).run().status(0).says("(W0009)");
    }
}

#[test]
fn an_exception_in_the_events_of_a_span_asks_for_an_outcome() {
    let kind = json!([{"key": "exception.type", "value": {"stringValue": "IOException"}}]);
    let events = json!([{"timeUnixNano": "22", "name": "exception", "attributes": kind}]);
    let text = trace(&json!({ "events": events }));
    histcheck("").stdin(&*text).run().status(2).complains("H0028").complains("`events`");
    histcheck("--map ignore=.events").stdin(text).run().status(1);
    let retry = json!([{"timeUnixNano": "22", "name": "retry"}]);
    histcheck("").stdin(trace(&json!({ "events": retry }))).run().status(1);

    let span = |id: u32, name: &str, value: u32, logs: Value| {
        let tag = |key: &str, value: Value| json!({"key": key, "type": "string", "value": value});
        json!({
            "traceID": "aa", "spanID": id.to_string(), "operationName": name, "logs": logs,
            "startTime": 10 * id, "duration": 5, "processID": "p1", "references": [],
            "tags": [tag("key", json!("x")), tag("value", json!(value)),
                     tag("client.id", json!(format!("c{id}")))],
        })
    };
    let fields = json!([{"key": "event", "type": "string", "value": "error"}]);
    let logs = json!([{"timestamp": 22, "fields": fields}]);
    let none = || json!([]);
    let spans = [span(1, "put", 1, none()), span(2, "put", 2, logs), span(3, "get", 1, none())];
    let trace = json!({"traceID": "aa", "spans": spans, "processes": {"p1": {"serviceName": "s"}}});
    let text = json!({ "data": [trace] }).to_string();
    histcheck("").stdin(&*text).run().status(2).complains("H0028").complains("`logs`");
    histcheck("--map ignore=.logs").stdin(text).run().status(1);
}

#[test]
fn reports_name_the_file_of_rules() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("runs");
    fs::create_dir(&inner).unwrap();
    fs::write(folder.path().join("histcheck.toml"), "[words.f]\nset = \"write\"\n").unwrap();
    let history = inner.join("history.jsonl");
    let text = "{\"process\":0,\"type\":\"invoke\",\"f\":\"set\",\"value\":1}\n\
                {\"process\":0,\"type\":\"ok\",\"f\":\"set\",\"value\":1}\n\
                {\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n\
                {\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":1}\n";
    fs::write(&history, text).unwrap();
    for how in ["", "--follow", "--format junit", "--format sarif"] {
        let run = histcheck(how).arg(&history).run().status(0);
        run.says("rules from ").says("histcheck.toml");
    }
    let report = histcheck("--format json").arg(&history).run().status(0).json();
    let rules = report["read_as"]["fields"]["rules"].as_str().unwrap();
    assert!(rules.ends_with("histcheck.toml"), "{rules}");
    let without = histcheck("--no-config").arg(&history).run();
    assert!(!without.stdout.contains("rules from"), "{}", without.stdout);
}

/// A write and a read of nothing, both open at once by their records, with these times.
fn overlapping(times: [u32; 4], read: &Value) -> String {
    let [write, read_at, written, returned] = times;
    lines(&[
        json!({"process": 0, "type": "invoke", "f": "write", "value": 1, "time": write}),
        json!({"process": 1, "type": "invoke", "f": "read", "time": read_at}),
        json!({"process": 0, "type": "ok", "f": "write", "value": 1, "time": written}),
        json!({"process": 1, "type": "ok", "f": "read", "value": read, "time": returned}),
    ])
}

#[test]
fn times_that_contradict_the_records_are_told_where_they_matter() {
    let run = |text: String| histcheck("").stdin(text).run().status(0);
    let contradicted = overlapping([0, 100, 10, 110], &Value::Null);
    histcheck("--order time").stdin(&*contradicted).run().status(1);
    run(contradicted).says("(W0006)").says("--order time");
    let quiet = [
        // With this value, both orders have the same verdict;
        overlapping([0, 100, 10, 110], &json!(1)),
        // so have times that agree, or tie.
        overlapping([0, 1, 10, 110], &Value::Null),
        overlapping([0, 10, 10, 110], &Value::Null),
    ];
    for text in quiet {
        let run = run(text);
        assert!(!run.stdout.contains("W0006"), "{}", run.stdout);
    }
    for how in ["", "--follow"] {
        let text = overlapping([5, 6, 3, 110], &json!(1));
        histcheck(how).stdin(text).run().status(0).says("(W0006)").says("1 operation ends");
    }
}

proptest! {
    #[test]
    fn operations_that_are_overtaken_are_those_that_brute_force_finds(
        order in vec(0..4u32, 2..14),
        times in vec(0..8u32, 14),
    ) {
        let mut open = [false; 4];
        let mut text = String::new();
        for (&process, time) in order.iter().zip(times) {
            let kind = if open[process as usize] { "ok" } else { "invoke" };
            open[process as usize] ^= true;
            text += &json!({"process": process, "type": kind, "f": "write", "value": 1,
                            "time": time}).to_string();
            text += "\n";
        }
        let input = Input::from_bytes(text.into_bytes(), ReadOptions::default()).unwrap();
        let history = input.history(Settings::default()).unwrap();
        let ends: Vec<_> = history.indexed().map(|(at, op)| (history.times(at), *op)).collect();
        let is_overtaken = ends.iter().any(|(before, first)| {
            ends.iter().any(|(after, second)| {
                first.completed.is_some_and(|end| end > second.invoked)
                    && second.completed.is_none_or(|end| end > first.invoked)
                    && first.invoked != second.invoked
                    && before[1] < after[0]
            })
        });
        prop_assert_eq!(history.is_overtaken(), is_overtaken);
    }
}

#[test]
fn a_history_without_any_value_was_not_checked() {
    let whole =
        |f: &str, at: u32| json!({"client": 1, "op": f, "key": "x", "start": at, "end": at + 1});
    let text = lines(&[whole("put", 1), whole("put", 3), whole("get", 5)]);
    histcheck("").stdin(&*text).run().status(2).says("(W0004)").says("nothing was checked");
    histcheck("--allow-vacuous").stdin(&*text).run().status(0).says("(W0004)");
    let valued = text.replacen("\"op\":\"put\"", "\"op\":\"put\",\"value\":1", 1);
    let run = histcheck("").stdin(valued).run();
    assert!(!run.stdout.contains("W0004"), "{}", run.stdout);
    let event = |kind: &str, f: &str| json!({"process": 1, "type": kind, "f": f});
    let events = ["write", "write", "read"].map(|f| lines(&[event("invoke", f), event("ok", f)]));
    for how in ["", "--follow"] {
        histcheck(how).stdin(events.concat()).run().status(2).says("(W0004)");
    }
    // A lock has no values.
    let locks = ["acquire", "release"].map(|f| lines(&[event("invoke", f), event("ok", f)]));
    histcheck("").stdin(locks.concat()).run().status(0);
}

#[test]
fn of_two_fields_that_compete_neither_is_left_unread() {
    for (updates, reads, place, content) in
        [("write", "read", "path", "data"), ("enqueue", "dequeue", "queue", "item")]
    {
        let mut records = Vec::new();
        for (process, f, value) in [(0, updates, 1), (0, updates, 2), (1, reads, 2)] {
            for kind in ["invoke", "ok"] {
                let mut record = json!({"process": process, "type": kind, "f": f, place: "/a"});
                if f == updates || kind == "ok" {
                    record[content] = json!(value);
                }
                records.push(record);
            }
        }
        let text = lines(&records);
        let both = format!("--map key=.{place} --map value=.{content}");
        histcheck("").stdin(&*text).run().status(2).complains("H0028").complains(&both);
        let only = format!("--map value=.{place}");
        histcheck(&only).stdin(&*text).run().status(2).complains("H0028").complains(&both);
        let run = histcheck(&both).stdin(&*text).run();
        // The write of 1 is lost on the reader, and the queue's first item is 1.
        run.status(if place == "path" { 0 } else { 1 });
        let stale = text.replace("\"data\":2", "\"data\":3");
        if place == "path" {
            let last = stale.rfind("\"data\":3").unwrap();
            let stale = format!("{}\"data\":1{}", &stale[..last], &stale[last + 8..]);
            histcheck(&both).stdin(stale).run().status(1);
        }
    }
}

#[test]
fn hints_name_fields_that_are_there() {
    let records = |fields: Value| lines(&[fields]);
    let run = |text: String| histcheck("").stdin(text).run().status(2);
    let opcode = json!({"client": 1, "opcode": "put", "stage": "start", "key": "x", "value": 1});
    run(records(opcode)).complains("--map f=.opcode").complains("`stage`");
    let named = json!({"process": "a", "type": "invoke", "opcode": "put", "value": 1});
    run(records(named)).complains("H0002").complains("opcode");
    let split = json!({"columns": ["client", "op", "value", "start", "end"], "index": [0, 1],
                       "data": [[1, "write", 1, 1, 2], [1, "read", 2, 3, 4]]});
    run(split.to_string()).complains("orient=\"records\", lines=True");
    let command =
        json!({"process": 1, "type": "invoke", "command": {"insert": "kv", "documents": []}});
    run(records(command)).complains("keys_unsorted[0]");
}
