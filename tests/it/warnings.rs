//! What a report says beside the verdict, or in it.

use crate::program::histcheck;

/// Pairs of a write and a read of its value: blocks of so many, each from a time on, by a process.
fn blocks(blocks: &[(u64, usize, u32)]) -> String {
    let mut text = String::new();
    let mut value = 0;
    for &(start, count, process) in blocks {
        let mut time = start;
        for _ in 0..count {
            value += 1;
            for (kind, f) in
                [("invoke", "write"), ("ok", "write"), ("invoke", "read"), ("ok", "read")]
            {
                text += &format!(
                    "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value},\
                     \"time\":{time}}}\n"
                );
                time += 10;
            }
        }
    }
    text
}

#[test]
fn blocks_of_records_with_times_of_their_own_are_told() {
    for restarted in [
        vec![(0, 100, 0), (0, 20, 0)],
        vec![(0, 20, 0), (0, 100, 0)],
        // A client's log that starts late, and one of which little is before.
        vec![(0, 100, 0), (3100, 20, 1)],
        vec![(0, 100, 0), (3900, 20, 1)],
        vec![(4000, 100, 0), (3500, 10, 1)],
        vec![(0, 10, 0), (0, 10, 0), (0, 10, 0)],
    ] {
        histcheck("").stdin(blocks(&restarted)).run().status(0).says("(W0006)");
    }
    // Threads that record side by side, and one whose clock is behind.
    let side_by_side: Vec<(u64, usize, u32)> = (0..100)
        .map(|at| (at * 40 - at % 2 * 30 * u64::from(at > 20), 1, (at % 2) as u32))
        .collect();
    let behind: Vec<(u64, usize, u32)> = (0..100)
        .map(|at| (1000 + at * 40 - at % 2 * 200 * u64::from(at > 30), 1, (at % 2) as u32))
        .collect();
    for usual in [vec![(0, 100, 0)], side_by_side, behind] {
        let run = histcheck("").stdin(blocks(&usual)).run().status(0);
        assert!(!run.stdout.contains("W0006"), "{usual:?}: {}", run.stdout);
    }
}

#[test]
fn keys_that_differ_only_in_type_are_told() {
    let text = |one: &str, other: &str| {
        [(one, "invoke", "write"), (one, "ok", "write"), (other, "invoke", "read")]
            .map(|(key, kind, f)| {
                format!("{{\"process\":0,\"type\":\"{kind}\",\"f\":\"{f}\",\"key\":{key},\"value\":1}}\n")
            })
            .concat()
            + &format!("{{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"key\":{other},\"value\":null}}\n")
    };
    let run = histcheck("--allow-vacuous").stdin(text("1", "\"1\"")).run().status(0);
    run.says("the keys 1 and \"1\" count as two objects").says("(W0016)");
    histcheck("--loose-values").stdin(text("1", "\"1\"")).run().status(1);
    for (one, other) in [("1", "2"), ("1", "\"2\""), ("\"a\"", "\"b\"")] {
        let run = histcheck("--allow-vacuous").stdin(text(one, other)).run().status(0);
        assert!(!run.stdout.contains("W0016"), "{}", run.stdout);
    }
}

#[test]
fn a_verdict_over_nothing_does_not_look_like_a_pass() {
    let event = |kind: &str| format!("{{\"process\":0,\"type\":\"{kind}\",\"f\":\"read\"}}\n");
    let text = event("invoke") + &event("info");
    for options in ["", "--quiet", "--follow"] {
        let run = histcheck(options).stdin(text.clone()).run().status(2);
        let first = run.stdout.lines().next().unwrap().to_owned();
        assert!(first.contains("valid, but nothing was checked: 1 operation"), "{first}");
        run.complains("error[W0001]");
    }
    let json = histcheck("--format json").stdin(text).run().status(2).json();
    assert_eq!(json["verdict"], "valid");
}
