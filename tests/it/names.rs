//! Records as other programs write them: names, words and times in whatever spelling; and what is
//! said where nothing was read.

use histcheck::Verdict;

use crate::program::histcheck;

/// The report on `text`, with the status that it has to have.
fn report(text: &str, status: i32) -> serde_json::Value {
    histcheck("--format json").stdin(text).run().status(status).json()
}

/// The verdict on a history of whole operations or events.
fn verdict(text: &str) -> Verdict {
    let history = histcheck::read_text(text).unwrap();
    histcheck::check(&history, &histcheck::Options::default()).unwrap().verdict
}

/// A write of 1, one of 2 behind it, and a read of `seen` behind both, with the names in this
/// order: process, operation, input, output, call, return.
fn whole([p, f, i, o, c, r]: [&str; 6], seen: i32) -> String {
    format!(
        "{{\"{p}\":1,\"{f}\":\"write\",\"{i}\":1,\"{c}\":10,\"{r}\":20}}\n\
         {{\"{p}\":1,\"{f}\":\"write\",\"{i}\":2,\"{c}\":30,\"{r}\":40}}\n\
         {{\"{p}\":2,\"{f}\":\"read\",\"{o}\":{seen},\"{c}\":50,\"{r}\":60}}\n"
    )
}

#[test]
fn whole_operations_have_many_names() {
    for names in [
        ["process", "f", "input", "output", "call", "return"],
        ["ClientId", "Op", "Input", "Output", "Call", "Return"],
        ["worker", "operation", "args", "result", "start", "end"],
        ["THREAD-ID", "method", "arguments", "reply", "startTime", "finishTime"],
        ["client_id", "op_name", "request", "response", "begin", "complete"],
        ["proc", "command", "param", "ret", "invoked_at", "completed_at"],
        ["session", "action", "in", "out", "ts_start", "ts_end"],
        ["goroutine", "func", "arg", "returned", "start_ms", "stop_ms"],
        ["actor", "cmd", "req", "res", "calledAt", "returnedAt"],
    ] {
        assert_eq!(verdict(&whole(names, 2)), Verdict::Valid, "{names:?}");
        assert_eq!(verdict(&whole(names, 1)), Verdict::Invalid, "{names:?}");
        let [process, f, ..] = names;
        let fields = &report(&whole(names, 2), 0)["read_as"]["fields"];
        assert_eq!((&fields["process"], &fields["f"]), (&process.into(), &f.into()), "{names:?}");
    }
}

#[test]
fn a_response_is_what_was_returned_or_when() {
    let text = "worker,op,input,output,call,response\n\
                a,write,7,,10,15\na,write,8,,20,25\nb,read,,7,30,35\n";
    assert_eq!(verdict(text), Verdict::Invalid);
    let vague = "{\"op\":\"write\",\"input\":1,\"call\":1,\"response\":2}\n";
    histcheck("").stdin(vague).run().status(2).complains("`response` may be what was returned");
}

#[test]
fn events_have_many_names() {
    for (client, op, event, invoke, ok, fail) in [
        ("process", "f", "type", "invoke", "ok", "fail"),
        ("client", "op", "event", "call", "return", "rejected"),
        ("clientId", "operation", "phase", "START", "SUCCESS", "Failed"),
        ("worker_id", "method", "kind", "Begin", "Done", "ABORTED"),
        ("threadID", "name", "status", "invoked", "succeeded", "failure"),
    ] {
        let text = |end: &str, seen: i32| {
            let line = |who: i32, what: &str, end: &str, value: &str| {
                format!(
                    "{{\"{client}\":{who},\"{op}\":\"{what}\",\"{event}\":\"{end}\",\
                     \"value\":{value}}}\n"
                )
            };
            line(0, "write", invoke, "1")
                + &line(0, "write", end, "1")
                + &line(1, "read", invoke, "null")
                + &line(1, "read", ok, &seen.to_string())
        };
        assert_eq!(verdict(&text(ok, 1)), Verdict::Valid, "{event}");
        assert_eq!(verdict(&text(fail, 1)), Verdict::Invalid, "{event}");
        assert_eq!(verdict(&text(ok, 3)), Verdict::Invalid, "{event}");
    }
}

#[test]
fn one_field_says_that_it_ended_and_another_how() {
    let text = |status: &str| {
        format!(
            "{{\"client\":0,\"op\":\"write\",\"event\":\"call\",\"args\":1}}\n\
             {{\"client\":0,\"op\":\"write\",\"event\":\"return\",{status}}}\n\
             {{\"client\":1,\"op\":\"read\",\"event\":\"call\"}}\n\
             {{\"client\":1,\"op\":\"read\",\"event\":\"return\",\"result\":null,\"status\":\"ok\"}}\n"
        )
    };
    assert_eq!(verdict(&text("\"status\":\"ok\"")), Verdict::Invalid);
    assert_eq!(verdict(&text("\"status\":\"TIMEOUT\"")), Verdict::Valid);
    assert_eq!(verdict(&text("\"status\":\"failed\"")), Verdict::Valid);
    let vague = histcheck("").stdin(text("\"error\":\"timeout\"")).run().status(2);
    vague.complains("`error` says that something went wrong");
}

#[test]
fn names_are_clients_if_they_do_what_clients_do() {
    let text = |who: &str, seen: i32| {
        format!(
            "{{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":1}}\n\
             {{\"process\":0,\"type\":\"ok\",\"f\":\"write\",\"value\":1}}\n\
             {{\"process\":\"nemesis\",\"type\":\"info\",\"f\":\"kill\",\"value\":\"n1\"}}\n\
             {{\"process\":\"{who}\",\"type\":\"invoke\",\"f\":\"read\"}}\n\
             {{\"process\":\"{who}\",\"type\":\"ok\",\"f\":\"read\",\"value\":{seen}}}\n"
        )
    };
    assert_eq!(verdict(&text("reader-a", 1)), Verdict::Valid);
    assert_eq!(verdict(&text("reader-a", 2)), Verdict::Invalid);
    assert_eq!(report(&text("reader-a", 1), 0)["operations"], 2);
    let aside = report(&text("nemesis-2", 2), 2);
    assert_eq!((&aside["operations"], &aside["warnings"][1]["code"]), (&1.into(), &"W0003".into()));
    for follow in ["-q", "-q --follow"] {
        histcheck(follow).stdin(text("reader-a", 2)).run().status(1);
    }
}

#[test]
fn times_are_written_in_many_ways() {
    for [one, two, three, four] in [
        ["1", "2", "3", "4"],
        ["\"1\"", "\"2\"", "\"3\"", "\"4\""],
        ["\"10ms\"", "\"20.5ms\"", "\"21ms\"", "\"30ms\""],
        [
            "\"2025-03-01T09:00:00.100Z\"",
            "\"2025-03-01T10:00:00.2+01:00\"",
            "\"2025-03-01T09:00:00.300Z\"",
            "\"2025-03-01T09:00:01Z\"",
        ],
    ] {
        let text = |one: &str, two: &str, three: &str, four: &str| {
            format!(
                "{{\"f\":\"write\",\"input\":1,\"start\":{one},\"end\":{two}}}\n\
                 {{\"f\":\"read\",\"output\":null,\"start\":{three},\"end\":{four}}}\n"
            )
        };
        assert_eq!(verdict(&text(one, two, three, four)), Verdict::Invalid, "{one}");
        assert_eq!(verdict(&text(one, three, two, four)), Verdict::Valid, "{one}");
    }
    let took = "{\"f\":\"write\",\"input\":1,\"start_ns\":1000000,\"duration_ms\":1}\n\
                {\"f\":\"read\",\"output\":null,\"start_ns\":LATER,\"latency_ns\":5}\n";
    assert_eq!(verdict(&took.replace("LATER", "2000001")), Verdict::Invalid);
    assert_eq!(verdict(&took.replace("LATER", "1999999")), Verdict::Valid);
    // Of which unit the others are is not guessed.
    for (from, to) in [("start_ns", "start"), ("latency_ns", "latency")] {
        let error =
            histcheck::read_text(&took.replace("LATER", "2000001").replace(from, to)).unwrap_err();
        assert!(error.message.contains("has no unit"), "{error}");
    }
    // Seconds and parts of them are times of one clock.
    for (read, expected) in [(1, Verdict::Invalid), (2, Verdict::Valid)] {
        let text = format!(
            "{{\"f\":\"write\",\"input\":1,\"start\":\"1s\",\"end\":\"1500ms\"}}\n\
             {{\"f\":\"write\",\"input\":2,\"start\":\"2s\",\"end\":\"2500ms\"}}\n\
             {{\"f\":\"read\",\"output\":{read},\"start\":\"3s\",\"end\":\"3500ms\"}}\n"
        );
        assert_eq!(verdict(&text), expected, "{text}");
    }
    for never in ["null", "-1", "9223372036854775807"] {
        let text = format!(
            "{{\"f\":\"write\",\"input\":1,\"call\":10,\"return\":20}}\n\
             {{\"f\":\"read\",\"output\":\"\",\"call\":30,\"return\":{never}}}\n\
             {{\"f\":\"read\",\"output\":1,\"call\":30,\"return\":40}}\n"
        );
        assert_eq!(verdict(&text), Verdict::Valid, "{never}");
    }
}

#[test]
fn operations_go_by_many_names() {
    for [write, read] in [["Put", "Get"], ["SET", "get"], ["Write", "READ"], ["store", "load"]] {
        let text = |seen: i32| {
            format!(
                "{{\"f\":\"{write}\",\"input\":1,\"call\":1,\"return\":2}}\n\
                 {{\"f\":\"{read}\",\"output\":{seen},\"call\":3,\"return\":4}}\n"
            )
        };
        assert_eq!(verdict(&text(1)), Verdict::Valid, "{write}");
        assert_eq!(verdict(&text(2)), Verdict::Invalid, "{write}");
    }
}

#[test]
fn a_verdict_over_nothing_is_no_pass() {
    let nothing = "{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":1}\n\
                   {\"process\":0,\"type\":\"fail\",\"f\":\"write\",\"value\":1}\n\
                   {\"process\":1,\"type\":\"invoke\",\"f\":\"read\"}\n\
                   {\"process\":1,\"type\":\"info\",\"f\":\"read\",\"error\":\"timeout\"}\n";
    let writes = nothing.replace("fail", "ok");
    let only: String = writes.split_inclusive('\n').take(2).collect();
    histcheck("").stdin(only).run().status(0).says("no operation reads").says("(W0008)");
    for text in [nothing, &writes] {
        let run = histcheck("").stdin(text).run().status(2);
        run.says("valid, but nothing was checked").says("(W0001)").complains("--allow-vacuous");
        histcheck("--allow-vacuous")
            .stdin(text)
            .run()
            .status(0)
            .says("(W0001)")
            .without_complaint();
        assert_eq!(report(text, 2)["warnings"][0]["kind"], "nothing-constrains");
        for format in ["junit", "sarif", "markdown", "github"] {
            let run = histcheck(&format!("--format {format}")).stdin(text).run().status(2);
            assert!(run.stdout.contains("W0001"), "{format}: {}", run.stdout);
        }
    }
    let mut text = String::new();
    for process in 0..20 {
        text += &format!("{{\"process\":{process},\"type\":\"invoke\",\"f\":\"read\"}}\n");
    }
    text += "{\"process\":0,\"type\":\"ok\",\"f\":\"read\"}\n";
    histcheck("").stdin(text.as_str()).run().status(0).says("(W0002)");
    let mut text = String::new();
    for time in (0..10).chain(3..13) {
        for kind in ["invoke", "ok"] {
            text +=
                &format!("{{\"process\":0,\"type\":\"{kind}\",\"f\":\"read\",\"time\":{time}}}\n");
        }
    }
    let run = histcheck("").stdin(text).run().status(2);
    run.says("(W0006)").says("none of 20 reads returned a value (W0004)");
}

#[test]
fn fields_that_are_not_used_are_named_once() {
    let text = "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\",\"shard\":3,\"node\":\"n1\"}\n\
                {\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":null,\"shard\":4}\n";
    let run = histcheck("").stdin(text).run().status(0);
    run.says("read as  events of process, type, f, value; not used: shard\n");
}

#[test]
fn a_result_beside_a_value_is_what_was_returned() {
    let whole = "{\"process\":0,\"f\":\"write\",\"value\":1,\"start\":1,\"end\":2}\n\
                 {\"process\":0,\"f\":\"cas\",\"value\":[1,2],\"start\":3,\"end\":4,\"result\":false}\n\
                 {\"process\":0,\"f\":\"read\",\"value\":null,\"start\":5,\"end\":6,\"result\":2}\n";
    let events = "{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":1}\n\
                  {\"process\":0,\"type\":\"ok\",\"f\":\"write\",\"value\":1}\n\
                  {\"process\":0,\"type\":\"invoke\",\"f\":\"read\",\"value\":null}\n\
                  {\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":null,\"result\":2}\n";
    for text in [whole, events] {
        assert_ne!(histcheck("").stdin(text).run().status, 0, "{text}");
        histcheck("")
            .stdin(text.replace("\"result\":2", "\"result\":1").replace("false", "true"))
            .run()
            .says(if text == whole { "invalid" } else { "valid" });
    }
}

#[test]
fn what_says_that_something_went_wrong_asks_for_an_outcome() {
    for (name, right, wrong) in [
        ("failed", "false", "true"),
        ("timed_out", "false", "true"),
        ("isError", "0", "1"),
        ("aborted", "\"no\"", "\"yes\""),
        ("acked", "true", "false"),
        ("acquired", "true", "false"),
        ("error", "\"None\"", "\"refused\""),
    ] {
        let text = |said: &str| {
            format!(
                "{{\"f\":\"write\",\"input\":1,\"start\":1,\"end\":2,\"{name}\":{said}}}\n\
                 {{\"f\":\"read\",\"output\":1,\"start\":3,\"end\":4,\"{name}\":{right}}}\n"
            )
        };
        assert_eq!(verdict(&text(right)), Verdict::Valid, "{name}");
        let error = histcheck::read_text(&text(wrong)).unwrap_err();
        assert!(error.message.contains("says that something went wrong"), "{name}: {error}");
    }
}
