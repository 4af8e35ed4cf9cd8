//! Keys share the work: a hard one does not use up what the others need.

use std::fmt::Write as _;

use histcheck::check::Deciders;
use histcheck::{Options, Verdict, check, read_text};

/// Additions to the counter `key` that all overlap, and a read of a sum that they cannot make; none
/// of their many sums is another's.
fn hard(key: usize, additions: u32) -> String {
    let mut text = String::new();
    let mut event = |process: u32, kind: &str, f: &str, value: &str| {
        let process = key as u32 * 1_000 + process;
        let _ = writeln!(
            text,
            r#"{{"process":{process},"type":"{kind}","f":"{f}","value":{value},"key":{key}}}"#
        );
    };
    let amounts: Vec<String> = (1..=additions).map(|nth| (1_u64 << nth).to_string()).collect();
    event(0, "invoke", "read", "null");
    for kind in ["invoke", "ok"] {
        for (process, amount) in (1..).zip(&amounts) {
            event(process, kind, "add", amount);
        }
        if kind == "invoke" {
            event(0, "ok", "read", "1");
        }
    }
    text
}

#[test]
fn what_takes_more_than_its_share_is_decided_once_all_had_theirs() {
    let history = read_text(&(hard(0, 16) + &hard(1, 2))).unwrap();
    let deciders = Deciders::Search;
    for threads in [1, 2] {
        let options = Options { deciders, threads, ..Options::default() };
        let report = check(&history, &options).unwrap();
        let efforts: Vec<u64> = report.keys.iter().map(|key| key.effort.configurations).collect();
        assert!(efforts[0] > 1 << 16 && efforts[1] < 100, "{efforts:?}");
        let verdicts: Vec<Verdict> = report.keys.iter().map(|key| key.decision.verdict()).collect();
        assert_eq!(verdicts, [Verdict::Invalid; 2]);
    }
}
