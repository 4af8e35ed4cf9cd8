//! Histories that are judged as they come in.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use histcheck::follow::{Follower, Summary};
use histcheck::{Options, Verdict};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::program::{Directory, histcheck};

/// One event, as a line of JSON.
fn line(process: u32, kind: &str, function: &str, value: &str) -> String {
    format!(
        "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{function}\",\"value\":{value}}}\n"
    )
}

/// A write and a read by turns, `count` of both, the reads by another process; read number `wrong`
/// returns what was overwritten.
fn turns(count: usize, wrong: Option<usize>) -> String {
    let mut text = String::new();
    for at in 1..=count {
        let seen = if wrong == Some(at) { at - 1 } else { at };
        for (process, function, value) in [(0, "write", at), (1, "read", seen)] {
            let called = if function == "read" { "null".to_owned() } else { value.to_string() };
            text += &line(process, "invoke", function, &called);
            text += &line(process, "ok", function, &value.to_string());
        }
    }
    text
}

/// The program, following its standard input, which stays open.
fn start(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_histcheck"))
        .arg("--follow")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_violation_is_told_while_the_pipe_is_open() {
    // An operation that hangs and one whose end is not known hold nothing up.
    let mut text = line(7, "invoke", "write", "100") + &line(8, "invoke", "write", "101");
    text += &(line(8, "info", "write", "101") + &turns(3, Some(3)));
    let mut child = start(&[]);
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for record in text.lines() {
        writeln!(stdin, "{record}").unwrap();
        stdin.flush().unwrap();
    }
    let mut told = String::new();
    stdout.read_line(&mut told).unwrap();
    assert_eq!(
        told,
        "invalid: no order of the operations explains `read → 2` by process 1 (it returned in \
         record 14, line 15)\n"
    );
    // What comes later is judged, too, and forgotten.
    stdin.write_all(line(0, "invoke", "write", "9").as_bytes()).unwrap();
    drop(stdin);
    let rest: Vec<String> = stdout.lines().map(Result::unwrap).collect();
    assert!(rest.iter().any(|line| line.contains("9 operations, not linearizable")), "{rest:#?}");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn the_last_operations_explain_a_violation() {
    let run = histcheck("--follow").stdin(turns(5000, Some(4321))).run();
    assert_eq!(run.status, 1, "{}", run.stderr);
    let told = "no order of the operations explains `read → 4320` by process 1";
    assert!(run.stdout.starts_with(&format!("invalid: {told}")), "{}", run.stdout);
    assert!(run.stdout.contains("the object could hold only 4321"), "{}", run.stdout);
    assert!(run.stdout.contains("stale-read: process 1 read 4320"), "{}", run.stdout);
    assert!(run.stdout.contains("10,000 operations, not linearizable"), "{}", run.stdout);
    let run = histcheck("--follow -q").stdin(turns(5000, Some(4321))).run();
    assert_eq!((run.stdout.lines().count(), run.status), (1, 1), "{}", run.stdout);
}

#[test]
fn programs_get_a_line_for_each_violation_and_one_for_the_end() {
    let run = histcheck("--follow --format json").stdin(turns(20, Some(3))).run();
    let lines: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{}", run.stdout);
    assert_eq!(lines[0]["event"], "violation");
    assert_eq!(lines[0]["output"], 2);
    assert_eq!((&lines[0]["operation"], &lines[0]["completion"]), (&10.into(), &11.into()));
    assert_eq!((&lines[0]["line"], &lines[0]["states"]), (&12.into(), &vec!["3"].into()));
    assert_eq!((&lines[1]["event"], &lines[1]["verdict"]), (&"end".into(), &"invalid".into()));
    assert_eq!((&lines[1]["operations"], &lines[1]["records"]), (&40.into(), &80.into()));
    assert_eq!(lines[1]["model"], "register");
    assert_eq!(run.status, 1);
}

#[test]
fn each_key_is_an_object_of_its_own() {
    let mut text = String::new();
    let mut held = [0; 3];
    for at in 0..300 {
        let key = at % 3;
        let function = if at % 2 == 0 || held[key] == 0 { "write" } else { "read" };
        if function == "write" {
            held[key] = at + 1;
        }
        let seen = if at == 199 { 77 } else { held[key] };
        let called = if function == "write" { seen.to_string() } else { "null".to_owned() };
        for (kind, value) in [("invoke", called), ("ok", seen.to_string())] {
            let value = format!("[\"k{key}\",{value}]");
            text += &line(key as u32, kind, function, &value);
        }
    }
    let whole = histcheck("-q").stdin(text.clone()).run();
    let run = histcheck("--follow").stdin(text).run();
    assert_eq!((run.status, whole.status), (1, 1), "{}", run.stdout);
    let told = "invalid: key \"k1\": no order of the operations explains `read → 77` by process 1";
    assert!(run.stdout.starts_with(told), "{}", run.stdout);
    assert!(whole.stdout.starts_with(told), "{}", whole.stdout);
    assert!(run.stdout.contains("invalid: 1 of 3 keys is not linearizable"), "{}", run.stdout);
}

#[test]
fn what_cannot_be_followed_is_said_at_once() {
    let refused = |arguments: &str, text: &str, hint: &str| {
        let run = histcheck(arguments).stdin(text).run();
        assert_eq!(run.status, 2, "{arguments}: {}", run.stdout);
        assert!(run.stderr.contains(hint), "{arguments}: {}", run.stderr);
    };
    refused("--follow --order time", &turns(1, None), "an order by time cannot be followed");
    let whole = r#"{"process":0,"f":"read","value":1,"call":1,"return":2}"#;
    refused("--follow", whole, "cannot be taken as it comes");
    let transfer = line(0, "invoke", "transfer", r#"{"from":1,"to":2,"amount":3}"#);
    refused("--follow", &transfer, "cannot be followed");
    refused("--follow --format sarif", "", "use --format human or json");
    refused("--follow a b", "", "name one file");
    refused("--follow --svg x.svg", "", "cannot be used with");
    let mixed = turns(1, None) + &line(0, "invoke", "enqueue", "1");
    refused("--follow", &mixed, "no model knows all of");
}

#[test]
fn errors_have_their_place_in_the_whole() {
    let text = turns(2000, None) + &line(1, "ok", "read", "5");
    let directory = Directory::new().file("history.jsonl", &text);
    let path = directory.path().join("history.jsonl");
    for arguments in ["", "--follow"] {
        let run = histcheck(arguments).arg(&path).run();
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains("history.jsonl:8001:1"), "{}", run.stderr);
        assert!(
            run.stderr.contains("process 1 completes `read`, but has no open"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn limits_end_it_undecided() {
    let mut text = String::new();
    for process in 0..24 {
        text += &line(process, "invoke", "add", &(1 << process).to_string());
    }
    text += &(line(30, "invoke", "read", "null") + &line(30, "ok", "read", "16777215"));
    for process in 0..24 {
        text += &line(process, "ok", "add", &(1 << process).to_string());
    }
    let run = histcheck("--follow --model counter --max-configs 1000").stdin(text).run();
    assert_eq!(run.status, 3, "{}", run.stdout);
    let told = "unknown: the configurations were used up (--max-configs); not decided";
    assert!(run.stdout.starts_with(told), "{}", run.stdout);
}

/// Writes so many values, all different.
fn write_values(follower: &mut Follower, count: i64) {
    for at in 0..count {
        let value = format!("value {at}");
        follower.events().invoke(at % 3, "write", &*value).unwrap();
        follower.events().ok(at % 3, "write", &*value).unwrap();
        if at % 10 == 0 {
            assert!(follower.check().unwrap().is_empty());
        }
    }
}

#[test]
fn a_follower_in_code_forgets_what_it_has_judged() {
    let mut follower = Follower::new(Options::default());
    write_values(&mut follower, 20_000);
    follower.events().invoke(5, "read", ()).unwrap();
    follower.events().ok(5, "read", "value 3").unwrap();
    let violations = follower.check().unwrap();
    assert_eq!(violations[0].operation, "read → \"value 3\"");
    assert_eq!(violations[0].states, ["\"value 19999\""]);
    let summary = follower.finish().unwrap();
    assert_eq!((summary.verdict, summary.operations), (Verdict::Invalid, 20_001));
}

/// Follows operations on a register of few values, by processes of which many crash; or one that
/// then reads what nobody wrote.
fn follow_crashes(count: u32, ends_wrong: bool) -> Summary {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut below = |bound: u32| i64::from(rng.random_range(0..bound));
    let mut follower = Follower::new(Options::default());
    let mut process: Vec<i64> = (0..5).collect();
    // What each process is doing, and whether it happened already.
    let mut doing: [Option<(&str, [i64; 2], bool)>; 5] = [None; 5];
    let mut state = 0;
    follower.events().invoke(99, "write", 0).unwrap();
    follower.events().ok(99, "write", 0).unwrap();
    for _ in 0..count {
        let at = below(5) as usize;
        let own = process[at];
        let events = &mut follower.events();
        doing[at] = match doing[at] {
            None => {
                let function = ["read", "write", "write", "cas"][below(4) as usize];
                let input = [below(5), below(5)];
                match function {
                    "read" => events.invoke(own, function, ()).unwrap(),
                    "write" => events.invoke(own, function, input[0]).unwrap(),
                    _ => events.invoke(own, function, input.to_vec()).unwrap(),
                };
                Some((function, input, false))
            }
            Some((function, input, false)) if below(12) == 0 => {
                // It crashes, having happened or not.
                match (function, below(2)) {
                    ("write", 0) => state = input[0],
                    ("cas", 0) if state == input[0] => state = input[1],
                    _ => {}
                }
                events.info(own, function).unwrap();
                process[at] += 5;
                None
            }
            Some((function, [old, new], false)) => match function {
                "read" => Some((function, [state, 0], true)),
                "write" => {
                    state = old;
                    Some((function, [old, new], true))
                }
                _ => {
                    let succeeds = state == old;
                    state = if succeeds { new } else { state };
                    Some((if succeeds { function } else { "fails" }, [old, new], true))
                }
            },
            Some((function, [old, new], true)) => {
                match function {
                    "cas" => events.ok(own, function, vec![old, new]).unwrap(),
                    "fails" => events.fail(own, "cas").unwrap(),
                    _ => events.ok(own, function, old).unwrap(),
                };
                None
            }
        };
        if doing.iter().all(Option::is_none) {
            follower.check().unwrap();
        }
    }
    if ends_wrong {
        follower.events().invoke(98, "read", ()).unwrap();
        follower.events().ok(98, "read", 5).unwrap();
    }
    follower.finish().unwrap()
}

#[test]
fn many_crashed_operations_are_followed() {
    assert_eq!(follow_crashes(8_000, false).verdict, Verdict::Valid);
    assert_eq!(follow_crashes(8_000, true).verdict, Verdict::Invalid);
}

#[test]
fn what_a_crashed_operation_wrote_is_kept_for_as_long_as_it_may_be_seen() {
    let mut follower = Follower::new(Options::default());
    follower.events().invoke(7, "write", "lost and found").unwrap();
    follower.events().info(7, "write").unwrap();
    write_values(&mut follower, 20_000);
    for (seen, violations) in [("lost and found", 0), ("lost and gone", 1)] {
        follower.events().invoke(5, "read", ()).unwrap();
        follower.events().ok(5, "read", seen).unwrap();
        assert_eq!(follower.check().unwrap().len(), violations, "{seen}");
    }
}

#[test]
fn a_violation_before_an_error_is_told() {
    for error in ["{\"process\":0,\n", &line(0, "invoke", "frobnicate", "1")] {
        let run = histcheck("--follow").stdin(turns(3, Some(2)) + error).run();
        assert_eq!(run.status, 1, "{}", run.stderr);
        let told = "invalid: no order of the operations explains `read → 1` by process 1";
        assert!(run.stdout.starts_with(told), "{}", run.stdout);
        assert!(run.stderr.starts_with("error["), "{}", run.stderr);
    }
}

/// Follows events of a register: a process, what happens, and what with.
fn followed(events: &[(u32, &str, &str, &str)]) -> Verdict {
    let text: String = events.iter().map(|&(p, kind, f, value)| line(p, kind, f, value)).collect();
    let run = histcheck("--follow -q --model cas-register").stdin(text).run();
    match run.status {
        0 => Verdict::Valid,
        1 => Verdict::Invalid,
        status => panic!("{status}: {}", run.stderr),
    }
}

/// The records of operations that end before the next one begins.
fn in_turn(operations: &[(&str, &str, &str)]) -> String {
    let lines = operations
        .iter()
        .map(|(f, input, output)| line(0, "invoke", f, input) + &line(0, "ok", f, output));
    lines.collect()
}

#[test]
fn a_violation_that_another_model_may_explain_waits_for_what_tells_the_model() {
    let twice = [("enqueue", "1", "1"), ("dequeue", "null", "1"), ("dequeue", "null", "1")];
    let acks = [("nack", "1", "1"), ("ack", "1", "1")];
    histcheck("--follow").stdin(in_turn(&twice)).run().status(1).says("dequeue → 1");
    let redelivered = in_turn(&[&twice[..2], &[acks[0], twice[2], acks[1]]].concat());
    histcheck("--follow").stdin(redelivered).run().status(0).says("model    acked-queue");
    // A read of what was never written is one in whatever model.
    let phantom = [("write", "1", "1"), ("read", "null", "2"), ("delete", "null", "null")];
    let run = histcheck("--follow").stdin(in_turn(&phantom)).run().status(1);
    assert_eq!(run.stdout.matches("no order of the operations").count(), 1, "{}", run.stdout);
}

#[test]
fn a_crashed_write_of_what_is_there_may_hide_another_one() {
    // The write of 2 is seen by nobody: the crashed write of 1 came right behind it.
    let mut events = vec![
        (0, "invoke", "write", "1"),
        (0, "ok", "write", "1"),
        (1, "invoke", "write", "1"),
        (1, "info", "write", "1"),
        (2, "invoke", "write", "2"),
        (3, "invoke", "cas", "[1,3]"),
        (3, "ok", "cas", "[1,3]"),
        (2, "ok", "write", "2"),
        (4, "invoke", "read", "null"),
        (4, "ok", "read", "3"),
    ];
    assert_eq!(followed(&events), Verdict::Valid);
    events.drain(2..4);
    assert_eq!(followed(&events), Verdict::Invalid);
}

#[test]
fn an_initial_value_that_may_mean_a_register_is_no_guess() {
    let text = "{\"process\":0,\"type\":\"invoke\",\"f\":\"txn\",\"value\":[[\"r\",1,null]]}\n\
                {\"process\":0,\"type\":\"ok\",\"f\":\"txn\",\"value\":[[\"r\",1,5]]}\n";
    for (initial, named) in
        [("{\"1\":5}", text.to_owned()), ("{\"x\":5}", text.replace(",1,", ",\"x\","))]
    {
        let run = |options: &str| histcheck(options).arg(initial).stdin(named.as_str()).run();
        run("-q --init").status(0);
        let is_string = initial.contains('x');
        let followed = run("-q --follow --init").status(if is_string { 0 } else { 2 });
        assert_eq!(is_string, !followed.stderr.contains("H0023"));
    }
}

/// Follows a queue that many fill and empty at the same time, so that there are too many orders to
/// hold them all; at last, perhaps, an item comes out twice.
fn follow_queue(count: u32, ends_wrong: bool) -> Summary {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut below = |bound: u32| rng.random_range(0..bound) as usize;
    let mut follower = Follower::new(Options::default());
    // What each process is doing: an item that it adds, or what it got, once that happened.
    let mut doing: Vec<Option<(Option<i64>, bool)>> = vec![None; 20];
    let (mut queue, mut next) = (std::collections::VecDeque::new(), 0);
    for nth in 0..count {
        let at = below(20);
        let (process, events) = (at as i64, &mut follower.events());
        doing[at] = match doing[at] {
            None if below(100) < 60 || queue.is_empty() => {
                next += 1;
                events.invoke(process, "enqueue", next).unwrap();
                Some((Some(next), false))
            }
            None => {
                events.invoke(process, "dequeue", ()).unwrap();
                Some((None, false))
            }
            Some((Some(item), false)) => {
                queue.push_back(item);
                Some((Some(item), true))
            }
            Some((None, false)) => {
                match queue.pop_front() {
                    Some(item) => events.ok(process, "dequeue", item).unwrap(),
                    None => events.fail(process, "dequeue").unwrap(),
                };
                None
            }
            Some((item, true)) => {
                events.ok(process, "enqueue", item.unwrap()).unwrap();
                None
            }
        };
        if nth % 50 == 0 {
            assert!(follower.check().unwrap().is_empty());
        }
    }
    if ends_wrong {
        follower.events().invoke(98, "dequeue", ()).unwrap();
        follower.events().ok(98, "dequeue", 1).unwrap();
        let found = follower.check_all().unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].operation, "dequeue → 1");
    }
    follower.finish().unwrap()
}

#[test]
fn what_cannot_be_held_is_decided_as_a_whole() {
    assert_eq!(follow_queue(6_000, false).verdict, Verdict::Valid);
    assert_eq!(follow_queue(6_000, true).verdict, Verdict::Invalid);
}
