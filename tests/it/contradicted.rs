//! Fields that are not read and make another operation of one: a failure of what counts as ok, a
//! condition, a part of the key. No verdict passes over them, and the hint leads to one.

use histcheck::Verdict;
use serde_json::{Map, Value, json};

use crate::program::histcheck;

/// A write of 1 whose record also has `wrong`, a write of 2, and a read of 1 after both: valid only
/// if the first write may have happened late. All other records that end an operation also have
/// `right`.
fn history(whole: bool, wrong: &Value, right: &Value) -> String {
    let mut lines = Vec::new();
    let operations = [(0, "write", json!(1)), (1, "write", json!(2)), (1, "read", json!(1))];
    for (at, (process, f, value)) in operations.into_iter().enumerate() {
        let mut record = if whole {
            let [input, output] =
                if f == "read" { [Value::Null, value] } else { [value, Value::Null] };
            json!({
                "process": process, "f": f, "input": input, "output": output, "call": 2 * at,
                "return": 2 * at + 1,
            })
        } else {
            let input = if f == "read" { &Value::Null } else { &value };
            lines.push(
                json!({"process": process, "type": "invoke", "f": f, "value": input}).to_string(),
            );
            json!({"process": process, "type": "ok", "f": f, "value": value})
        };
        let more: &Map<String, Value> = if at == 0 { wrong } else { right }.as_object().unwrap();
        record.as_object_mut().unwrap().extend(more.clone());
        lines.push(record.to_string());
    }
    lines.join("\n") + "\n"
}

/// The rules that a hint proposes, without those to ignore the field.
fn rules(hint: &str) -> Vec<String> {
    let pieces = hint.split("--map ").skip(1);
    let rules = pieces.map(|piece| match piece.strip_prefix('\'') {
        Some(quoted) => quoted.split('\'').next().unwrap().to_owned(),
        None => piece.split_whitespace().next().unwrap().trim_end_matches([',', ';']).to_owned(),
    });
    rules.filter(|rule| !rule.starts_with("ignore")).collect()
}

/// Reports of failures, with what stands there where all went well.
fn reports() -> Vec<(Value, Value)> {
    vec![
        (json!({"http_status": 503}), json!({"http_status": 200})),
        (json!({"statusCode": 500}), json!({"statusCode": 204})),
        (json!({"grpc_status": "DEADLINE_EXCEEDED"}), json!({"grpc_status": "OK"})),
        (json!({"http.response.status_code": 429}), json!({})),
        (json!({"exit_code": 1}), json!({"exit_code": 0})),
        (json!({"error_message": "no leader"}), json!({})),
        (json!({"errorCode": 7}), json!({"errorCode": 0})),
        (json!({"errno": 110}), json!({"errno": 0})),
        (json!({"failureReason": "quorum"}), json!({"failureReason": null})),
        (json!({"exception.type": "IOException"}), json!({})),
        (json!({"state": "FAILED"}), json!({"state": "DONE"})),
        (json!({"final": "timeout"}), json!({"final": "success"})),
        (json!({"was_ok": false}), json!({"was_ok": true})),
        (json!({"timeout": true}), json!({"timeout": false})),
        (json!({"dropped": true}), json!({})),
    ]
}

#[test]
fn a_report_of_a_failure_asks_for_an_outcome_and_the_hint_leads_to_it() {
    for (wrong, right) in reports() {
        for whole in [true, false] {
            let text = history(whole, &wrong, &right);
            let mut mapped = Vec::new();
            let run = |mapped: &[String]| {
                let program = histcheck("").stdin(&*text);
                mapped.iter().fold(program, |program, rule| program.arg("--map").arg(rule)).run()
            };
            for _ in 0..4 {
                let ran = run(&mapped);
                if ran.status == 2 {
                    let new = rules(&ran.stderr);
                    assert!(!new.is_empty(), "{wrong} {mapped:?}: {}", ran.stderr);
                    mapped.extend(new);
                }
            }
            assert!(!mapped.is_empty(), "{wrong}: read at once");
            run(&mapped).status(0).says("valid: 3 operations");
        }
    }
}

#[test]
fn what_reports_a_failure_in_another_way_is_refused() {
    for (wrong, right) in [
        (json!({"level": "ERROR"}), json!({"level": "INFO"})),
        (json!({"msg": "write failed: no leader"}), json!({"msg": "write done"})),
        (json!({"errors": ["no leader"]}), json!({"errors": []})),
        (json!({"events": [{"name": "exception", "at": 3}]}), json!({"events": []})),
        (json!({"meta": {"http": {"status": 500}}}), json!({"meta": {"http": {"status": 200}}})),
    ] {
        for whole in [true, false] {
            let text = history(whole, &wrong, &right);
            histcheck("").stdin(&*text).run().status(2).complains("counts as ok, but");
            histcheck("--follow").stdin(&*text).run().status(2);
        }
    }
}

#[test]
fn an_outcome_and_another_field_may_not_contradict_each_other() {
    for wrong in [json!({"error": "timeout"}), json!({"success": false}), json!({"ok": false})] {
        let text = history(false, &wrong, &json!({}));
        histcheck("").stdin(&*text).run().status(2).complains("counts as ok, but");
        let whole = history(true, &wrong, &json!({})).replace("\"f\"", "\"outcome\":\"ok\",\"f\"");
        histcheck("").stdin(&*whole).run().status(2).complains("counts as ok, but");
        let name = wrong.as_object().unwrap().keys().next().unwrap();
        histcheck(&format!("--map ignore=.{name}")).stdin(&*text).run().status(1);
    }
}

#[test]
fn an_update_that_returns_a_failure_is_not_done() {
    for output in [json!({"Err": "Timeout"}), json!({"ok": false}), json!("ABORT"), json!(false)] {
        for whole in [true, false] {
            let field = if whole { "output" } else { "value" };
            let text = history(whole, &json!({ field: output }), &json!({}));
            histcheck("").stdin(&*text).run().status(2).complains("counts as ok, but returned");
        }
    }
}

#[test]
fn fields_that_report_no_failure_change_nothing() {
    for right in [
        json!({"error": "", "ok": true, "http_status": 200, "level": "INFO", "msg": "done"}),
        json!({"errors": [], "exception": null, "timeout": "5s", "code": 0, "err": "nil"}),
        json!({"error": {"code": 0, "message": ""}, "state": "leader", "timeout_ms": 500}),
        json!({"grpc_status": "OK", "retries": 3, "msg": "done without error", "rc": 0}),
    ] {
        for whole in [true, false] {
            let text = history(whole, &right, &right);
            let history = histcheck::read_text(&text).unwrap();
            let report = histcheck::check(&history, &histcheck::Options::default());
            assert_eq!(report.unwrap().verdict, Verdict::Invalid, "{right}");
        }
    }
}

/// The events of operations: what each takes and returns, and more fields of both of its records.
fn events(operations: &[(i32, &str, Value, Value, Value)]) -> String {
    let mut lines = Vec::new();
    for (process, f, input, output, more) in operations {
        for (kind, value) in [("invoke", input), ("ok", output)] {
            let mut record = json!({"process": process, "type": kind, "f": f, "value": value});
            record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            lines.push(record.to_string());
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn an_update_under_a_condition_is_not_taken_for_one_without() {
    for condition in [json!({"ifVersion": 3}), json!({"if_match": "x"}), json!({"NX": true})] {
        let put = (0, "put", json!(1), json!(1), condition.clone());
        let get = (1, "get", Value::Null, json!(1), json!({}));
        let text = events(&[put, get]);
        for arguments in ["", "--follow"] {
            let run = histcheck(arguments).stdin(&*text).run().status(2);
            run.complains("a condition, or the value before");
        }
        let name = condition.as_object().unwrap().keys().next().unwrap();
        histcheck(&format!("--map ignore=.{name}")).stdin(&*text).run().status(0);
    }
}

#[test]
fn the_number_that_a_lock_hands_out_is_asked_for() {
    let lock = |process: i32, token: i32| {
        let none = || Value::Null;
        let acquired = events(&[(process, "acquire", none(), none(), json!({}))]);
        let acquired = acquired.replace("\"ok\"", &format!("\"ok\",\"token\":{token}"));
        acquired + &events(&[(process, "release", none(), none(), json!({}))])
    };
    let grows = lock(0, 4) + &lock(1, 5);
    let falls = lock(0, 5) + &lock(1, 4);
    for (text, status) in [(grows, 0), (falls, 1)] {
        for arguments in ["", "--follow"] {
            let run = histcheck(arguments).stdin(&*text).run().status(2);
            run.complains("--map value=.token");
        }
        histcheck("--model fenced-mutex --map value=.token").stdin(&*text).run().status(status);
        histcheck("--map ignore=.token").stdin(&*text).run().status(0);
    }
}

#[test]
fn a_field_beside_the_key_may_be_a_part_of_it() {
    let text = |tables: [&str; 2]| {
        let more = |table| json!({"key": "a", "table": table});
        events(&[
            (0, "write", json!(1), json!(1), more(tables[0])),
            (1, "read", Value::Null, json!(1), more(tables[1])),
        ])
    };
    for arguments in ["", "--follow"] {
        let run = histcheck(arguments).stdin(text(["t", "u"])).run().status(2);
        run.complains("may be a part of the key");
        histcheck(arguments).stdin(text(["t", "t"])).run().status(0);
    }
}

#[test]
fn a_few_operations_tell_that_a_field_with_the_name_of_an_object_may_be_the_key() {
    let lock =
        |process, lock| (process, "acquire", Value::Null, Value::Null, json!({"lock": lock}));
    let text = events(&[lock(0, "A"), lock(1, "B")]);
    histcheck("").stdin(&*text).run().status(2).complains("--map key=.lock");
    histcheck("--follow").stdin(&*text).run().status(2).complains("--map key=.lock");
    histcheck("--map key=.lock").stdin(&*text).run().status(0);
    histcheck("--map ignore=.lock").stdin(&*text).run().status(1);
}

#[test]
fn what_was_refused_did_not_happen_whatever_the_operation() {
    for (f, input, output) in [
        ("cas", json!([1, 2]), json!("FAIL")),
        ("cas", json!([1, 2]), json!({"swapped": false})),
        ("cas", json!([1, 2]), json!({"Err": "Mismatch"})),
        ("cas", json!([1, 2]), json!(0)),
        ("acquire", Value::Null, json!({"acquired": false})),
        ("acquire", Value::Null, json!("locked")),
        ("enqueue", json!(1), json!({"enqueued": false})),
        ("put-if-absent", json!(1), json!({"created": false})),
        ("transfer", json!({"from": "a", "to": "b", "amount": 1}), json!({"error": "timeout"})),
    ] {
        let text = events(&[(0, f, input.clone(), output.clone(), json!({}))]);
        for arguments in ["", "--follow"] {
            let run = histcheck(arguments).stdin(&*text).run();
            assert_eq!(run.status, 2, "{f} {output}: {}{}", run.stdout, run.stderr);
        }
    }
    // The hint leads on.
    let records = [
        json!({"client": 1, "op": "write", "args": 1, "start": 1, "end": 2}),
        json!({"client": 2, "op": "cas", "args": [2, 3], "start": 3, "end": 4,
               "result": {"swapped": false}}),
        json!({"client": 1, "op": "read", "start": 5, "end": 6, "result": 1}),
    ];
    let text: String = records.iter().map(|record| format!("{record}\n")).collect();
    let run = histcheck("").stdin(&*text).run().status(2);
    let mapped = rules(&run.stderr);
    let program = histcheck("").stdin(&*text);
    let program = mapped.iter().fold(program, |program, rule| program.arg("--map").arg(rule));
    program.run().status(0).says("valid: 3 operations");
}

#[test]
fn values_that_are_read_bare_are_not_taken_for_those_of_structures() {
    for (f, input, got, output) in [
        ("write", json!({"value": 1}), "read", json!(1)),
        ("write", json!([1]), "read", json!(1)),
        ("enqueue", json!({"item": 1}), "dequeue", json!(1)),
        ("write", json!(1), "read", json!({"is": 1, "found": true})),
    ] {
        let more = json!({});
        let put = (0, f, input.clone(), input.clone(), more.clone());
        let odd = (0, f, json!({"value": 5, "ttl": 60}), Value::Null, more.clone());
        let odd = if input.is_number() { put.clone() } else { odd };
        let text = events(&[odd, put, (1, got, Value::Null, output.clone(), more)]);
        for arguments in ["", "--follow"] {
            let run = histcheck(arguments).stdin(&*text).run();
            assert_eq!(run.status, 2, "{f} {input}: {}{}", run.stdout, run.stderr);
            assert!(run.stderr.contains("--map value=."), "{}", run.stderr);
        }
    }
}

#[test]
fn a_named_client_is_not_left_aside_as_no_model_knows_what_it_does() {
    let whole = |who: &str, f: &str, value: i32, at: i32| {
        format!(
            "{{\"client\":\"{who}\",\"op\":\"{f}\",\"value\":{value},\"start\":{at},\"end\":{}}}\n",
            at + 1
        )
    };
    let text = |who: &str, f: &str| {
        whole("a", "write", 1, 1) + &whole(who, f, 2, 3) + &whole("a", "read", 1, 5)
    };
    for f in ["update", "wirte", "hset"] {
        let run = histcheck("").stdin(text("b", f)).run().status(2);
        run.complains(&format!("no model knows `{f}`"));
        histcheck(&format!("--map f:{f}=write")).stdin(text("b", f)).run().status(1);
        histcheck("--ignore-process b").stdin(text("b", f)).run().status(0);
    }
    histcheck("").stdin(text("chaos-monkey", "kill")).run().status(0);
    histcheck("").stdin(text("nemesis", "kill")).run().status(0);
}

#[test]
fn a_time_without_a_unit_beside_others_with_one_is_unclear() {
    let text = |times: [[&str; 2]; 3]| {
        let lines = [("write", 1), ("write", 2), ("read", 1)].iter().zip(times);
        let lines = lines.enumerate().map(|(client, ((f, value), [start, end]))| {
            format!(
                "{{\"client\":{client},\"op\":\"{f}\",\"value\":{value},\"start\":{start},\
                 \"end\":{end}}}\n"
            )
        });
        lines.collect::<String>()
    };
    for times in [
        [["10", "20"], ["30", "\"40ms\""], ["50", "60"]],
        [["\"10ms\"", "\"20ms\""], ["30", "40"], ["\"50ms\"", "\"60ms\""]],
        [["10", "20"], ["\"2025-06-01T10:00:01Z\"", "\"2025-06-01T10:00:02Z\""], ["50", "60"]],
    ] {
        let run = histcheck("").stdin(text(times)).run().status(2);
        run.complains("error[H0014]").complains("--time-unit");
    }
    let mixed = text([["10", "20"], ["30", "\"40ms\""], ["50", "60"]]);
    histcheck("--time-unit ms").stdin(mixed).run().status(1);
    // Fractions are seconds, and so are whole numbers beside them.
    histcheck("").stdin(text([["1", "2"], ["2.5", "3"], ["4", "5.5"]])).run().status(1);
}

#[test]
fn two_answers_contradict_each_other() {
    let text = events(&[
        (0, "write", json!(1), json!(1), json!({})),
        (1, "read", Value::Null, json!(1), json!({"result": 5})),
    ]);
    histcheck("").stdin(&*text).run().status(2).complains("`value` is 1, but `result` is 5");
    histcheck("--map value=.value --map ignore=.result").stdin(&*text).run().status(0);
}

#[test]
fn a_read_that_found_nothing_returned_none() {
    for (name, found, missing) in [("found", true, false), ("is_null", false, true)] {
        let text = |flag: bool| {
            let read = (1, "read", Value::Null, json!(0), json!({ name: flag }));
            events(&[(0, "write", json!(0), json!(0), json!({})), read])
        };
        histcheck("").stdin(text(found)).run().status(0);
        histcheck("").stdin(text(missing)).run().status(2).complains("there was none");
    }
}

#[test]
fn an_end_with_the_id_of_another_operation_is_not_its_end() {
    let record = |kind: &str, id: i32| {
        format!(
            "{{\"process\":1,\"type\":\"{kind}\",\"f\":\"read\",\"value\":null,\"op_id\":{id}}}\n"
        )
    };
    let texts = |ids: [i32; 4]| {
        let [a, b, c, d] = ids;
        record("invoke", a) + &record("info", b) + &record("invoke", c) + &record("ok", d)
    };
    let write = events(&[
        (0, "write", json!(1), json!(1), json!({})),
        (0, "read", Value::Null, json!(1), json!({})),
    ]);
    for (ids, status) in [([1, 1, 3, 1], 2), ([1, 1, 3, 3], 1), ([1, 2, 3, 4], 1)] {
        for arguments in ["", "--follow"] {
            let text = write.clone() + &texts(ids);
            let run = histcheck(arguments).stdin(text).run();
            assert_eq!(run.status, status, "{ids:?} {arguments}: {}{}", run.stdout, run.stderr);
        }
    }
}

#[test]
fn conditions_among_options_count() {
    let put = |value: i32| (0, "put", json!(value), json!(value), json!({"options": {"nx": true}}));
    let text = events(&[put(1), put(2)]);
    histcheck("").stdin(text).run().status(2).complains("a condition, or the value before");
}

#[test]
fn a_result_that_says_that_it_went_well_is_no_answer() {
    let text = |result: Value, seen: i32| {
        let records = [
            json!({"client": 1, "op": "write", "value": 1, "start": 1, "end": 2, "result": result}),
            json!({"client": 2, "op": "read", "value": seen, "start": 3, "end": 4,
                   "result": result}),
        ];
        records.iter().map(|record| format!("{record}\n")).collect::<String>()
    };
    for word in [json!("ok"), json!("success"), json!(true)] {
        histcheck("").stdin(text(word.clone(), 1)).run().status(0);
        histcheck("").stdin(text(word, 2)).run().status(1);
    }
    let run = histcheck("").stdin(text(json!(7), 1)).run().status(2);
    run.complains("`value` is 1, but `result` is 7");
}

#[test]
fn fields_of_no_object_are_not_asked_about() {
    for (f, more) in [
        ("cached", [json!(true), json!(false)]),
        ("http_status", [json!(200), json!(201)]),
        ("meta", [json!({"attempt": 1}), json!({"attempt": 2})]),
        ("region", [json!("eu"), json!("us")]),
        ("err", [json!("<nil>"), json!("")]),
        ("trace_id", [json!("5e83417200195523"), json!("ab")]),
    ] {
        let [one, other] = more;
        let text = events(&[
            (0, "write", json!(1), json!(1), json!({ f: one })),
            (0, "write", json!(2), json!(2), json!({ f: other })),
            (1, "read", Value::Null, json!(2), json!({ f: one })),
            (1, "read", Value::Null, json!(2), json!({ f: other })),
        ]);
        for arguments in ["", "--follow"] {
            histcheck(arguments).stdin(&*text).run().status(0);
        }
    }
    // Keys that have one table each are what they are.
    let write = |key: &str, table: &str| {
        (0, "write", json!(1), json!(1), json!({"key": key, "table": table}))
    };
    let text = events(&[write("x", "t"), write("y", "u"), write("x", "t")]);
    assert_ne!(histcheck("--allow-vacuous").stdin(&*text).run().status, 2);
    // A text that only looks like a number.
    let line = "client=1 op=write value=1 start=1 end=2 trace_id=5e83417200195523\n\
                client=1 op=read result=1 start=3 end=4 trace_id=5e83417200195524\n";
    histcheck("").stdin(line).run().status(0);
}
