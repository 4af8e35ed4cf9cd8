#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;

use super::*;
use crate::check::{Decision, StopReason, Verdict};
use crate::history::Settings;
use crate::report::Subject;

fn spilling(memory: usize) -> SpillOptions {
    SpillOptions {
        memory,
        keeps_all: 0,
        independent: Independent::Auto,
        read: ReadOptions { threads: 1, ..ReadOptions::default() },
    }
}

fn check(text: &str, memory: usize) -> Result<Checked, Stopped> {
    let file = tempfile::tempfile().unwrap();
    let options = Options::default();
    super::check(text.as_bytes(), file, ValueTable::new(), &options, &spilling(memory))
}

/// Events of registers by key: each key is written and read so many times.
fn registers(sizes: &[usize]) -> String {
    let mut text = String::new();
    for (key, &size) in sizes.iter().enumerate() {
        for value in 0..size {
            for (f, process) in [("write", 2 * key), ("read", 2 * key + 1)] {
                for kind in ["invoke", "ok"] {
                    let time = key * 1000 + value;
                    writeln!(
                        text,
                        r#"{{"process":{process},"type":"{kind}","f":"{f}","key":"k{key}","value":{value},"time":{time}}}"#
                    )
                    .unwrap();
                }
            }
        }
    }
    text
}

#[test]
fn a_key_that_does_not_fit_is_not_decided_and_others_are() {
    let text = registers(&[3, 2000, 5]);
    let checked = check(&text, 100_000).unwrap();
    let report = checked.report();
    assert_eq!(report.verdict, Verdict::Unknown);
    let verdicts: Vec<Verdict> = report.keys.iter().map(|key| key.decision.verdict()).collect();
    assert_eq!(verdicts, [Verdict::Valid, Verdict::Unknown, Verdict::Valid]);
    assert_eq!(report.keys[1].decision, Decision::Unknown(StopReason::Memory));
    assert_eq!(report.operations, 2 * (3 + 2000 + 5));
    assert_eq!(check(&text, 10_000_000).unwrap().report().verdict, Verdict::Valid);
}

#[test]
fn what_is_no_keyed_history_is_left_to_memory() {
    let unkeyed = registers(&[3]).replace(",\"key\":\"k0\"", "");
    let pair_then_none = "{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":[1,2]}\n\
        {\"process\":1,\"type\":\"invoke\",\"f\":\"write\",\"value\":3}\n";
    let whole = "{\"f\":\"write\",\"key\":1,\"input\":1,\"call\":1,\"return\":2}\n";
    for text in [unkeyed.as_str(), pair_then_none, whole] {
        assert!(matches!(check(text, usize::MAX), Err(Stopped::Unfit)), "{text}");
    }
    assert!(!has_keys(unkeyed.as_bytes(), &ReadOptions::default(), Independent::Auto));
    assert!(has_keys(registers(&[3]).as_bytes(), &ReadOptions::default(), Independent::Auto));
    assert!(has_keys(&pair_then_none.as_bytes()[..80], &ReadOptions::default(), Independent::Auto));
    assert!(!has_keys(&pair_then_none.as_bytes()[..80], &ReadOptions::default(), Independent::No));
}

/// A fraction behind whole numbers makes all times seconds, also those that are on the disk.
#[test]
fn times_have_one_unit() {
    let mut text = registers(&[2]).replace("\"value\":0", "\"value\":7");
    text.push_str(
        "{\"process\":9,\"type\":\"invoke\",\"f\":\"read\",\"key\":\"k0\",\"time\":2.5}\n\
         {\"process\":9,\"type\":\"ok\",\"f\":\"read\",\"key\":\"k0\",\"value\":7,\"time\":2.75}\n",
    );
    let history = Input::from_bytes(text.clone().into(), ReadOptions::default()).unwrap();
    let history = history.history(Settings::default()).unwrap();
    let report = crate::check(&history, &Options::default()).unwrap();
    assert_eq!(report.verdict, Verdict::Invalid);
    let checked = check(&text, usize::MAX).unwrap();
    let times = |history: &crate::history::History| -> Vec<[Option<i64>; 2]> {
        history.indices().map(|at| history.times(at)).collect()
    };
    assert_eq!(times(checked.history()), times(&history));
    let subjects =
        [Subject::new(&history, &report), Subject::new(checked.history(), checked.report())];
    let [memory, beyond] = subjects.map(|subject| crate::report::json(&subject));
    assert_eq!(beyond, memory);
}

#[test]
fn records_are_located_again() {
    let text = registers(&[2, 2]);
    let (input, place) = locate(text.as_bytes(), None, Record::new(5)).unwrap();
    assert_eq!((place.line, place.column), (6, 1));
    assert_eq!(input.line(place), text.lines().nth(5).unwrap());
    assert!(locate(text.as_bytes(), None, Record::new(99)).is_none());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let file = File::options().read(true).write(true).open("/dev/full").unwrap();
    let text = registers(&[2, 2]);
    let options = Options::default();
    let stopped =
        super::check(text.as_bytes(), file, ValueTable::new(), &options, &spilling(usize::MAX));
    let Err(Stopped::Failed(error, None)) = stopped else { panic!() };
    assert_eq!(error.code, Code::Unreadable);
    assert!(error.message.starts_with("cannot write the temporary file"), "{error}");
}
