//! Logs as programs of many languages write them, in `tests/styles`: each with what a system that
//! works would have answered and with what a broken one did, `⟦2|1⟧`. Both get the right verdict,
//! at the first try or with what the first error's hint says.

use std::fs;
use std::path::Path;

use crate::program::histcheck;

/// What has to be said of some of them, as the first error's hint names it.
const HINTED: &[(&str, &str)] = &[
    ("cas-flat.jsonl", "--map from=.expected --map to=.new"),
    ("element.jsonl", "--map input=.element"),
    ("end-only.jsonl", "--map return=.timestamp"),
    ("mit-kv.jsonl", "--map f:0=get --map f:1=put --map f:2=append"),
    ("porcupine-events.json", "--map f:0=get --map f:1=put --map f:2=append"),
    ("porcupine-events-register.jsonl", "--map type:0=invoke --map type:1=ok"),
    ("porcupine-operations.json", "--map f:0=get --map f:1=put --map f:2=append"),
    ("porcupine-register.jsonl", "--map f:false=put --map f:true=get"),
    ("slog-durations.jsonl", "--time-unit ns"),
    ("success.csv", "--map outcome=.ok --map 'outcome:False=info' --map outcome:True=ok"),
    ("timeouts.jsonl", "--map outcome=.error --map 'outcome:timeout=info'"),
];

/// The text with the first or the second of each pair of answers.
fn answered(text: &str, answer: usize) -> String {
    let mut answered = String::new();
    for (at, part) in text.split(['⟦', '⟧']).enumerate() {
        let is_pair = at % 2 == 1;
        answered += if is_pair { part.split('|').nth(answer).unwrap() } else { part };
    }
    answered
}

#[test]
fn logs_of_many_languages_get_the_right_verdict() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/styles");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 30, "{} styles", paths.len());
    let mut wrong = Vec::new();
    for path in &paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains('⟦'), "{name} has one variant only");
        let hinted = HINTED.iter().find(|(file, _)| *file == name).map(|(_, rules)| *rules);
        for (answer, expected) in [(0, 0), (1, 1)] {
            let text = answered(&text, answer);
            let mut run = histcheck("").stdin(text.as_str()).run();
            if let Some(rules) = hinted {
                if run.status != 2 || !run.stderr.contains(rules) {
                    wrong.push(format!("{name}: no hint `{rules}`\n{}", run.stderr));
                }
                run = histcheck(&rules.replace('\'', "")).stdin(text).run();
            }
            if run.status != expected {
                let said = format!("{}\n{}", run.stdout, run.stderr);
                wrong.push(format!("{name}, {expected} expected: {}\n{said}", run.status));
            }
        }
    }
    for (file, _) in HINTED {
        assert!(paths.iter().any(|path| path.ends_with(file)), "{file}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether the report on `text` has this line for how it was read.
#[track_caller]
fn read_as(text: &str, arguments: &str, expected: &str) {
    histcheck(arguments).stdin(text).run().says(expected);
}

#[test]
fn numbers_that_increments_return_are_not_passed_over_silently() {
    let text = "{\"op\":\"increment\",\"start\":1,\"end\":2,\"result\":1}\n\
                {\"op\":\"increment\",\"start\":3,\"end\":4,\"result\":1}\n";
    histcheck("").stdin(text).run().says("outputs of `increment` are not looked at (W0007)");
    histcheck("--map f:increment=increment-and-get").stdin(text).run().status(1);
}

#[test]
fn units_in_names_count_whatever_else_a_record_has() {
    let text = "{\"client\":1,\"op\":\"write\",\"input\":1,\"start_ms\":1,\"end_ms\":2}\n\
                {\"client\":1,\"op\":\"write\",\"input\":{\"#edn\":\":a\"},\"start_ms\":3,\"end_ms\":4,\
                \"error\":\"timeout\",\"outcome\":\"info\"}\n\
                {\"client\":1,\"op\":\"read\",\"output\":1,\"start_ms\":5.5,\"end_ms\":6}\n";
    let said = histcheck("convert - --to jsonl").stdin(text).run().status(0).stdout;
    for times in [
        "\"call\":1000000,\"return\":2000000",
        "\"call\":3000000,\"return\":4000000",
        "\"call\":5500000,\"return\":6000000",
    ] {
        assert!(said.contains(times), "{times} in {said}");
    }
}

#[test]
fn a_duration_beside_a_date_needs_a_unit() {
    let text = "{\"op\":\"write\",\"value\":1,\"start\":\"2025-06-01T10:00:00Z\",\"dur\":1500000}\n\
                {\"op\":\"read\",\"value\":2,\"start\":\"2025-06-01T10:00:01Z\",\"dur\":1500000}\n";
    histcheck("").stdin(text).run().status(2).complains("`dur` has no unit");
    histcheck("--time-unit ns").stdin(text).run().status(1);
    let text = text.replace(":1500000", ":\"1.5ms\"");
    let said = histcheck("convert - --to jsonl").stdin(text).run().status(0).stdout;
    assert!(said.contains("1748772000000000000,\"return\":1748772000001500000"), "{said}");
}

#[test]
fn lists_are_values_where_reads_return_them() {
    let line = |op: &str, args: &str, result: &str, at: u32| {
        format!(
            "{{\"op\":\"{op}\",\"args\":{args},\"result\":{result},\"start\":{at},\"end\":{}}}\n",
            at + 1
        )
    };
    for (write, read, seen, status) in [
        ("[5]", "[]", "5", 0),
        ("[5]", "null", "5", 0),
        ("[5]", "[]", "6", 1),
        ("[5]", "[]", "[5]", 0),
        ("[5]", "null", "[5]", 0),
        ("[5]", "null", "[6]", 1),
        ("[[1,2]]", "[]", "[1,2]", 0),
    ] {
        let text = line("write", write, "null", 1) + &line("read", read, seen, 3);
        let run = histcheck("").stdin(text.as_str()).run();
        assert_eq!(run.status, status, "{text}\n{}{}", run.stdout, run.stderr);
    }
    let sets = line("add", "[1]", "null", 1) + &line("add", "[2]", "null", 3);
    for (seen, status) in [("[1,2]", 0), ("[1]", 1), ("[[1],[2]]", 0)] {
        let text = sets.clone() + &line("read", "[]", seen, 5);
        let run = histcheck("").stdin(text.as_str()).run();
        assert_eq!(run.status, status, "{text}\n{}{}", run.stdout, run.stderr);
    }
    let event = |op: &str, kind: &str, more: &str| {
        format!("{{\"client\":1,\"op\":\"{op}\",\"event\":\"{kind}\"{more}}}\n")
    };
    for (seen, status) in [("5", 0), ("[5]", 0), ("6", 1), ("[6]", 1)] {
        let text = event("write", "call", ",\"args\":[5]")
            + &event("write", "return", "")
            + &event("read", "call", ",\"args\":[]")
            + &event("read", "return", &format!(",\"result\":{seen}"));
        for follow in ["", "--follow"] {
            let run = histcheck(follow).stdin(text.as_str()).run();
            assert_eq!(run.status, status, "{text}\n{}{}", run.stdout, run.stderr);
        }
    }
}

#[test]
fn maps_are_values_where_they_were_written() {
    let text = |write: &str, seen: &str| {
        format!(
            "{{\"op\":\"write\",\"input\":{write},\"start\":1,\"end\":2}}\n\
             {{\"op\":\"read\",\"output\":{seen},\"start\":3,\"end\":4}}\n"
        )
    };
    for (write, seen, status) in [
        ("5", "{\"value\":5}", 0),
        ("5", "{\"value\":6}", 1),
        ("5", "{\"value\":5,\"found\":true,\"err\":null}", 0),
        ("5", "{\"value\":5,\"found\":false}", 2),
        ("{\"value\":5}", "{\"value\":5}", 0),
        ("{\"value\":5}", "5", 0),
        ("{\"value\":5}", "6", 1),
        ("{\"value\":5}", "{\"value\":6}", 1),
        ("{\"v\":5,\"w\":1}", "5", 2),
    ] {
        let run = histcheck("").stdin(text(write, seen)).run();
        assert_eq!(run.status, status, "{write} {seen}\n{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn what_may_tell_all_is_not_passed_over() {
    let text = "{\"name\":\"kv.put\",\"start\":1,\"end\":2,\"attributes\":{\"key\":\"a\",\"value\":1}}\n\
                {\"name\":\"kv.get\",\"start\":3,\"end\":4,\"attributes\":{\"key\":\"a\",\"result\":2}}\n";
    let run = histcheck("").stdin(text).run().status(2);
    run.complains("the field `attributes` may tell it");
}

#[test]
fn ends_without_an_answer_do_not_take_a_request_for_one() {
    let line = |event: &str, op: &str, more: &str| {
        format!("{{\"event\":\"{event}\",\"client\":1,\"op\":\"{op}\",\"req\":7{more}}}\n")
    };
    let text = line("start", "read", "") + &line("end", "read", "");
    let said = histcheck("convert - --to jsonl").stdin(text).run().status(0).stdout;
    assert!(said.lines().last().unwrap().contains("\"value\":null"), "{said}");
}

#[test]
fn answers_in_maps_are_followed() {
    let text = "{\"client\":1,\"op\":\"write\",\"event\":\"call\",\"arg\":5}\n\
                {\"client\":1,\"op\":\"write\",\"event\":\"return\",\"arg\":5}\n\
                {\"client\":1,\"op\":\"read\",\"event\":\"call\"}\n\
                {\"client\":1,\"op\":\"read\",\"event\":\"return\",\"result\":{\"value\":5}}\n";
    for command in ["", "--follow", "--follow --map output=.result.value"] {
        histcheck(command).stdin(text).run().status(0);
        histcheck(command).stdin(text.replace("5}}", "6}}")).run().status(1);
    }
}

#[test]
fn ends_that_do_not_say_of_what_need_one_open_operation() {
    let text = "{\"client\":1,\"event\":\"call\",\"op\":\"write\",\"arg\":1}\n\
                {\"client\":1,\"event\":\"return\"}\n\
                {\"client\":1,\"event\":\"call\",\"op\":\"read\"}\n\
                {\"client\":1,\"event\":\"return\",\"result\":2}\n";
    histcheck("").stdin(text).run().status(1);
    histcheck("").stdin(text.replace("2}", "1}")).run().status(0);
    histcheck("--split-clients").stdin(text).run().status(2).complains("has no `f`");
}

#[test]
fn what_loggers_write_around_records_is_not_read_for_them() {
    let text = "{\"level\":\"INFO\",\"thread\":\"main\",\"time\":\"2025-06-01T10:00:00Z\",\"fields\":\
                {\"worker\":7,\"op\":\"write\",\"value\":1,\"start\":1,\"end\":2}}\n";
    read_as(text, "", "process from worker");
    // Two records in one are not guessed at.
    let two = "{\"a\":{\"op\":\"read\",\"start\":1},\"b\":{\"op\":\"read\",\"start\":1}}\n";
    histcheck("").stdin(two).run().status(2);
    // Other messages of the same logger are counted.
    let text = "{\"level\":\"info\",\"msg\":\"starting\"}\n\
                {\"level\":\"info\",\"msg\":\"{\\\"op\\\":\\\"read\\\",\\\"start\\\":1,\\\"end\\\":2,\
                \\\"result\\\":null}\"}\n";
    read_as(text, "", "1 line holds no record and is passed over (W0009)");
}

#[test]
fn lines_of_logfmt_are_records() {
    let text = "level=info msg=\"op \\\"a\\\" done\" client=1 op=put key=a value=\"x y\" call=1 return=2\n\
                level=info msg=retrying attempt=2\n\
                level=info msg=done client=2 op=get key=a value=\"x z\" call=3 return=4\n";
    let run = histcheck("").stdin(text).run().status(1);
    run.says("`get \"x z\"").says("line 3").says("1 line holds no record");
    let cut = text.replace("return=4", "return=later");
    histcheck("").stdin(cut).run().status(2).complains("<stdin>:3:");
}
