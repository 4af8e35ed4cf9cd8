//! Traces: spans of OpenTelemetry and Jaeger in JSON.

use std::fmt::Write;

use histcheck::formats::{Input, Mapping, ReadOptions};
use histcheck::history::Settings;
use histcheck::{Code, Error, History, Options, Verdict, caveats, check};

fn read(text: &str, rules: &[&str]) -> Result<History, Error> {
    let mut mapping = Mapping::default();
    rules.iter().for_each(|rule| mapping.add(rule).unwrap());
    let mapping = (!rules.is_empty()).then(|| mapping.into());
    let options = ReadOptions { mapping, ..ReadOptions::default() };
    Input::from_bytes(text.into(), options)?.history(Settings::default())
}

fn verdict(history: &History) -> Verdict {
    check(history, &Options { self_check: true, ..Options::default() }).unwrap().verdict
}

/// Operations as lines `PROCESS F KEY INPUT -> OUTPUT OUTCOME at CALL..RETURN`.
fn lines(history: &History) -> Vec<String> {
    let values = history.values();
    let line = |(index, op): (histcheck::history::OpIndex, &histcheck::history::Operation)| {
        let [call, ret] =
            history.times(index).map(|time| time.map_or(String::new(), |t| t.to_string()));
        format!(
            "{} {} {} {} -> {} {} at {call}..{ret}",
            values.to_text(op.process),
            history.function(op.function),
            op.key.map_or_else(|| "-".to_owned(), |key| values.to_json(key)),
            values.to_json(op.input),
            values.to_json(op.output),
            op.outcome.name()
        )
    };
    history.indexed().map(line).collect()
}

/// A span as OTLP has it, with the attributes `KEY=VALUE` (JSON), and more fields.
fn span(id: u32, name: &str, times: [u64; 2], attributes: &[(&str, &str)], more: &str) -> String {
    let mut list = String::new();
    for (at, (key, value)) in attributes.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let value = match value.as_bytes()[0] {
            b'"' => format!("{{\"stringValue\": {value}}}"),
            b't' | b'f' => format!("{{\"boolValue\": {value}}}"),
            b'{' => value.to_string(),
            _ if value.contains('.') => format!("{{\"doubleValue\": {value}}}"),
            _ => format!("{{\"intValue\": \"{value}\"}}"),
        };
        write!(list, "{comma}{{\"key\": \"{key}\", \"value\": {value}}}").unwrap();
    }
    let [start, end] = times;
    format!(
        "{{\"traceId\": \"aa\", \"spanId\": \"{id}\", \"name\": \"{name}\", \"kind\": 3, \
         \"startTimeUnixNano\": \"{start}\", \"endTimeUnixNano\": \"{end}\", \
         \"attributes\": [{list}]{more}}}"
    )
}

fn otlp(resource: &str, spans: &[String]) -> String {
    format!(
        "{{\"resourceSpans\": [{{\"resource\": {{\"attributes\": [{resource}]}}, \
         \"scopeSpans\": [{{\"scope\": {{\"name\": \"kv\"}}, \"spans\": [{}]}}]}}]}}\n",
        spans.join(",\n")
    )
}

/// A write of 1 to `x`, and a read of it by another client.
fn two(read: &str) -> [String; 2] {
    [
        span(
            1,
            "kv put",
            [100, 200],
            &[("op", "\"put\""), ("key", "\"x\""), ("value", "1"), ("client.id", "\"a\"")],
            "",
        ),
        span(
            2,
            "kv get",
            [300, 400],
            &[("op", "\"get\""), ("key", "\"x\""), ("result", read), ("client.id", "\"b\"")],
            ", \"status\": {}",
        ),
    ]
}

#[test]
fn a_span_is_an_operation() {
    let expected =
        ["\"a\" put \"x\" 1 -> 1 ok at 100..200", "\"b\" get \"x\" null -> 1 ok at 300..400"];
    let [put, get] = two("1");
    let one = otlp("", &[put.clone(), get.clone()]);
    let pretty: String = one.replace('{', "{\n  ");
    let older = one.replace("scopeSpans", "instrumentationLibrarySpans");
    let lines_of = otlp("", std::slice::from_ref(&get)) + &otlp("", std::slice::from_ref(&put));
    let metrics = otlp("", std::slice::from_ref(&put))
        + "{\"resourceMetrics\": []}\n"
        + &otlp("", std::slice::from_ref(&get));
    for text in [one.clone(), pretty, older, lines_of, metrics, format!("[{one}]")] {
        let history = read(&text, &[]).unwrap();
        let mut lines = lines(&history);
        lines.sort();
        assert_eq!(lines, expected, "{text}");
        assert_eq!(verdict(&history), Verdict::Valid);
    }
    let read_as = |history: &History| caveats::ReadAs::of(history, history.tally()).in_words();
    let history = read(&one, &[]).unwrap();
    for part in
        ["process from attributes.client.id", "f from attributes.op", "call from startTimeUnixNano"]
    {
        assert!(read_as(&history).contains(part), "{}", read_as(&history));
    }
    let stale = read(&otlp("", &two("2")), &[]).unwrap();
    assert_eq!(verdict(&stale), Verdict::Invalid);
}

#[test]
fn values_of_attributes_lose_their_types() {
    let nested = "{\"kvlistValue\": {\"values\": [{\"key\": \"a\", \"value\": {\"arrayValue\": \
                  {\"values\": [{\"intValue\": \"7\"}, {\"stringValue\": \"7\"}]}}}]}}";
    for (value, json) in [
        ("1.5", "1.5"),
        ("true", "true"),
        ("-9", "-9"),
        (nested, "{\"a\":[7,\"7\"]}"),
        ("{\"arrayValue\": {}}", "[]"),
        ("{}", "null"),
    ] {
        let text = otlp("", &[span(1, "write", [1, 2], &[("value", value)], "")]);
        let history = read(&text, &[]).unwrap();
        assert_eq!(history.values().to_json(history.operations()[0].input), json, "{value}");
    }
}

#[test]
fn attributes_are_mapped_by_their_names() {
    let attributes = [
        ("app.what", "\"store\""),
        ("app.db.key", "\"x\""),
        ("app", "1"),
        ("db.arg", "5"),
        ("who", "7"),
    ];
    let text = otlp("", &[span(1, "call", [1, 2], &attributes, "")]);
    assert_eq!(read(&text, &[]).unwrap_err().code, Code::Empty);
    let rules = [
        "f=.attributes.app.what",
        "f:store=write",
        "key=.attributes[\"app.db.key\"]",
        "input=.attributes.\"db.arg\"",
        "process=.attributes.who",
    ];
    let history = read(&text, &rules).unwrap();
    assert_eq!(lines(&history), ["7 write \"x\" 5 -> null ok at 1..2"]);
    // A rule that no span has is an error.
    let error = read(&text, &["f=.attributes.app.what", "f:store=write", "key=.attributes.app.no"]);
    assert_eq!(error.unwrap_err().code, Code::BadMapping);
    // What the name of a span means can be said, too.
    let history = read(&text, &["f=.name", "f:call=write", "value=.attributes.db.arg"]).unwrap();
    assert_eq!(lines(&history).len(), 1);
}

#[test]
fn who_did_it_is_told_by_an_attribute_or_the_resource() {
    let by = |resource: &str, attributes: &[(&str, &str)]| {
        let history =
            read(&otlp(resource, &[span(1, "put", [1, 2], attributes, "")]), &[]).unwrap();
        history.values().to_text(history.operations()[0].process)
    };
    let service = "{\"key\": \"service.name\", \"value\": {\"stringValue\": \"s\"}}";
    let instance = "{\"key\": \"service.instance.id\", \"value\": {\"stringValue\": \"i\"}}";
    let both = format!("{service}, {instance}");
    let value = ("value", "1");
    assert_eq!(by(&both, &[value, ("client", "4"), ("thread.id", "5")]), "4");
    assert_eq!(by(&both, &[value, ("thread.id", "5")]), "5");
    assert_eq!(by(&both, &[value]), "\"i\"");
    assert_eq!(by(service, &[value]), "\"s\"");
    // One resource that does several things at a time has several clients.
    let at = |id, times| span(id, "put", times, &[value], "");
    let text = otlp(service, &[at(1, [10, 30]), at(2, [20, 40])]);
    let error = read(&text, &[]).unwrap_err();
    assert_eq!(error.code, Code::DoubleInvoke);
    assert!(error.hint.unwrap().contains("--split-clients"));
    // Nobody is known: each operation has a process of its own.
    assert_eq!(
        read(&otlp("", &[at(1, [10, 30]), at(2, [20, 40])]), &[]).unwrap().operations().len(),
        2
    );
}

#[test]
fn a_status_of_an_error_asks_for_an_outcome() {
    let failed = |status: &str, attributes: &[(&str, &str)]| {
        otlp("", &[span(1, "put", [1, 2], attributes, &format!(", \"status\": {status}"))])
    };
    let value = ("value", "1");
    for status in ["{\"code\": 2}", "{\"code\": \"STATUS_CODE_ERROR\"}"] {
        let error = read(&failed(status, &[value]), &[]).unwrap_err();
        assert_eq!(error.code, Code::MissingField);
        assert!(error.message.starts_with("`status.code` says that"), "{error:?}");
        assert_eq!(error.place.map(|place| place.line), Some(1));
    }
    let timeout = failed("{\"code\": 2, \"message\": \"deadline exceeded\"}", &[value]);
    let hint = read(&timeout, &[]).unwrap_err().hint.unwrap();
    assert!(hint.contains("--map outcome=.status.message --map 'outcome:deadline exceeded=info'"));
    for (word, outcome) in [("fail", "fail"), ("info", "info")] {
        let word = format!("outcome:deadline exceeded={word}");
        let history = read(&timeout, &["outcome=.status.message", &word]).unwrap();
        assert_eq!(history.operations()[0].outcome.name(), outcome);
    }
    for good in ["{}", "{\"code\": 0}", "{\"code\": 1}", "{\"code\": \"STATUS_CODE_OK\"}"] {
        let history = read(&failed(good, &[value]), &[]).unwrap();
        assert_eq!(history.operations()[0].outcome.name(), "ok");
    }
    let told = failed("{\"code\": 2}", &[value, ("outcome", "\"info\"")]);
    assert_eq!(read(&told, &[]).unwrap().operations()[0].outcome.name(), "info");
    let attribute = failed("{}", &[value, ("error", "true")]);
    assert!(read(&attribute, &[]).unwrap_err().message.contains("`attributes.error`"));
    // A span that never ended is open.
    let open = otlp("", &[span(1, "put", [1, 0], &[value], "")]);
    assert_eq!(read(&open, &[]).unwrap().operations()[0].outcome.name(), "open");
}

#[test]
fn other_spans_and_parts_of_operations_are_passed_over() {
    let [put, get] = two("1");
    let child =
        |name: &str| span(3, name, [110, 190], &[("value", "1")], ", \"parentSpanId\": \"1\"");
    let inner = span(4, "raft", [120, 130], &[], ", \"parentSpanId\": \"1\"");
    let deep = span(5, "put", [121, 122], &[("value", "1")], ", \"parentSpanId\": \"4\"");
    let text = otlp("", &[child("kv.KV/Put"), inner, deep, put.clone(), get]);
    let history = read(&text, &[]).unwrap();
    assert_eq!(history.operations().len(), 2);
    let report = check(&history, &Options::default()).unwrap();
    let found = caveats::caveats(&history, &report);
    assert_eq!((found[0].kind.code(), found[0].count), ("W0009", 3), "{found:?}");
    // Which of two is the client's is not known.
    let error = read(&otlp("", &[put, child("get")]), &[]).unwrap_err();
    assert_eq!((error.code, error.place.map(|place| place.line)), (Code::BadField, Some(2)));
    let error = read(&otlp("", &[]), &[]).unwrap_err();
    assert_eq!(error.code, Code::Empty);
}

#[test]
fn the_spans_of_other_exporters_are_read() {
    let jaeger = r#"{"data": [{"traceID": "t", "spans": [
      {"traceID": "t", "spanID": "1", "operationName": "put", "references": [], "startTime": 5, "duration": 2,
       "tags": [{"key": "key", "type": "string", "value": "x"}, {"key": "value", "type": "int64", "value": 3}], "processID": "p1"},
      {"traceID": "t", "spanID": "2", "operationName": "put", "references": [{"refType": "CHILD_OF", "traceID": "t", "spanID": "1"}],
       "startTime": 6, "duration": 1, "tags": [], "processID": "p2"},
      {"traceID": "t", "spanID": "3", "operationName": "get", "references": [], "startTime": 8, "duration": 1,
       "tags": [{"key": "key", "type": "string", "value": "x"}, {"key": "result", "type": "int64", "value": 3}], "processID": "p2"}],
      "processes": {"p1": {"serviceName": "a", "tags": []}, "p2": {"serviceName": "b", "tags": []}}}]}"#;
    let history = read(jaeger, &[]).unwrap();
    assert_eq!(
        lines(&history),
        ["\"a\" put \"x\" 3 -> 3 ok at 5000..7000", "\"b\" get \"x\" null -> 3 ok at 8000..9000"]
    );
    let wrong = jaeger.replace("\"tags\": [{\"key\": \"key\", \"type\": \"string\", \"value\": \"x\"}, {\"key\": \"value\"", "\"tags\": [{\"key\": \"error\", \"type\": \"bool\", \"value\": true}, {\"key\": \"value\"");
    assert!(read(&wrong, &[]).unwrap_err().message.contains("`tags.error`"));
    let python = r#"{"name": "put", "context": {"trace_id": "0x1", "span_id": "0x2", "trace_state": "[]"},
      "kind": "SpanKind.CLIENT", "parent_id": null, "start_time": "2025-06-01T10:00:00.000001Z",
      "end_time": "2025-06-01T10:00:00.000002Z", "status": {"status_code": "UNSET"},
      "attributes": {"key": "x", "value": 3, "client": 1}, "events": [], "links": [],
      "resource": {"attributes": {"service.name": "s"}, "schema_url": ""}}
      {"name": "get", "context": {"trace_id": "0x1", "span_id": "0x3", "trace_state": "[]"},
      "kind": "SpanKind.CLIENT", "parent_id": null, "start_time": "2025-06-01T10:00:00.000003Z",
      "end_time": "2025-06-01T10:00:00.000004Z", "status": {"status_code": "OK"},
      "attributes": {"key": "x", "result": 4, "client": 2}, "events": [], "links": [],
      "resource": {"attributes": {"service.name": "s"}, "schema_url": ""}}"#;
    let history = read(python, &[]).unwrap();
    assert_eq!(verdict(&history), Verdict::Invalid);
    let go = r#"{"Name": "put", "SpanContext": {"TraceID": "1", "SpanID": "2", "TraceFlags": "01"},
      "Parent": {"TraceID": "0", "SpanID": "0"}, "SpanKind": 1, "StartTime": "2025-06-01T10:00:00.000001Z",
      "EndTime": "2025-06-01T10:00:00.000002Z", "Attributes": [
      {"Key": "key", "Value": {"Type": "STRING", "Value": "x"}}, {"Key": "value", "Value": {"Type": "INT64", "Value": 3}}],
      "Events": null, "Links": null, "Status": {"Code": "Unset", "Description": ""},
      "Resource": [{"Key": "service.name", "Value": {"Type": "STRING", "Value": "s"}}]}"#;
    let history = read(go, &[]).unwrap();
    assert_eq!(lines(&history)[0].split(" at ").next(), Some("\"s\" put \"x\" 3 -> 3 ok"));
    let error =
        go.replace("\"Unset\", \"Description\": \"\"", "\"Error\", \"Description\": \"lost\"");
    assert!(read(&error, &[]).unwrap_err().message.contains("`status.message`"));
}

#[test]
fn a_survey_of_spans_names_attributes() {
    let [put, get] = two("1");
    let input = Input::from_bytes(otlp("", &[put, get]).into(), ReadOptions::default()).unwrap();
    let survey = input.survey().unwrap();
    let (guesses, _) = survey.guesses();
    let f = guesses.iter().find(|guess| guess.target == "f").unwrap();
    assert_eq!(f.path, ["attributes", "op"]);
    assert!(guesses.iter().all(|guess| guess.path != ["kind"]));
    let mut rules: Vec<String> = Vec::new();
    for guess in guesses.iter().filter(|guess| !guess.is_known) {
        let path: String = guess.path.iter().map(|name| format!(".\"{name}\"")).collect();
        rules.push(format!("{}={path}", guess.target));
    }
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let [put, get] = two("1");
    let history = read(&otlp("", &[put, get]), &rules).unwrap();
    assert_eq!(verdict(&history), Verdict::Valid);
}

#[test]
fn no_attribute_goes_unread_without_a_word() {
    // Process, operation, key, what it takes, what it returns, its outcome, and its times.
    type Op<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str, &'a str, [u64; 2]);
    let operations = |seen: &'static str| -> [Op<'static>; 8] {
        [
            ("0", "write", "x", "1", "", "ok", [10, 20]),
            ("1", "write", "y", "5", "", "ok", [12, 25]),
            ("0", "write", "x", "2", "", "ok", [30, 40]),
            ("2", "write", "x", "9", "", "fail", [50, 60]),
            ("1", "read", "y", "", "5", "ok", [51, 61]),
            ("2", "read", "x", "", seen, "ok", [70, 80]),
            ("0", "read", "y", "", "5", "ok", [81, 90]),
            ("1", "read", "x", "", "2", "ok", [91, 99]),
        ]
    };
    let text = |seen: &'static str, renamed: &str, name: &str| {
        let span = |(at, op): (u32, Op<'static>)| {
            let (process, f, key, input, output, outcome, times) = op;
            let key = format!("\"{key}\"");
            let outcome = format!("\"{outcome}\"");
            let f = format!("\"{f}\"");
            let all = [
                ("client", process),
                ("op", &*f),
                ("key", &*key),
                ("input", input),
                ("output", output),
                ("outcome", &*outcome),
            ];
            let given = all.iter().filter(|(_, value)| !value.is_empty());
            let named = |&(own, value): &(&'static str, &str)| {
                (if own == renamed { name.to_owned() } else { own.to_owned() }, value.to_owned())
            };
            let given: Vec<(String, String)> = given.map(named).collect();
            let given: Vec<(&str, &str)> =
                given.iter().map(|(name, value)| (&**name, &**value)).collect();
            span(at, "kv", times, &given, "")
        };
        let spans: Vec<String> = (1..).zip(operations(seen)).map(span).collect();
        otlp("", &spans)
    };
    let said = |text: &str| {
        let history = read(text, &[]).ok()?;
        let report = check(&history, &Options::default()).ok()?;
        let is_vacuous = caveats::vacuous(&history, &report).is_some();
        (report.verdict == Verdict::Invalid || !is_vacuous).then_some(report.verdict)
    };
    for (seen, base) in [("2", Verdict::Valid), ("1", Verdict::Invalid)] {
        assert_eq!(said(&text(seen, "", "")), Some(base));
        for renamed in ["client", "op", "key", "input", "output", "outcome"] {
            for name in ["zq", "app.thing", "process.shard", "host.row", "net.payload", "state"] {
                let said = said(&text(seen, renamed, name));
                assert!(said.is_none_or(|said| said == base), "{seen} {renamed} {name}: {said:?}");
            }
        }
    }
}
