#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{self, Write};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::{Process, Recorder, recover};
use crate::error::Code;
use crate::history::Outcome;
use crate::{Options, Verdict};

/// A writer whose bytes stay at hand, and which fails after some of them.
#[derive(Clone)]
struct Shown {
    bytes: Arc<Mutex<Vec<u8>>>,
    room: usize,
}

impl Shown {
    fn new(room: usize) -> Self {
        Shown { bytes: Arc::default(), room }
    }

    fn text(&self) -> String {
        String::from_utf8(self.bytes.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.bytes.lock().unwrap();
        if all.len() + bytes.len() > self.room {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "full"));
        }
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines of a recording, without their times.
fn lines(recorder: Recorder, shown: &Shown) -> Vec<String> {
    recorder.finish().unwrap();
    let without_time = |line: &str| {
        let (before, after) = line.split_once(",\"time\":").unwrap();
        let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
        format!("{before}{after}")
    };
    shown.text().lines().map(without_time).collect()
}

fn shown_recorder() -> (Recorder, Shown) {
    let shown = Shown::new(usize::MAX);
    (Recorder::to_writer(shown.clone()).unwrap(), shown)
}

#[test]
fn records_are_those_that_the_formats_describe() {
    let (recorder, shown) = shown_recorder();
    let mut one = recorder.process().with("node", "n1").with("rack", 7).with("node", "n2");
    one.invoke("write", 1).ok(());
    one.invoke(":cas", (1, "two")).with("error", "no \"two\"").fail();
    recorder.note("nemesis", "partition", vec!["n1", "n2"]);
    one.invoke("read", ()).with("node", "n3").ok("a string that is not short");
    recorder.annotator("clock").note("step", ());
    let expected = [
        r#"{"process":0,"type":"invoke","f":"write","value":1,"node":"n2","rack":7}"#,
        r#"{"process":0,"type":"ok","f":"write","value":null,"node":"n2","rack":7}"#,
        r#"{"process":0,"type":"invoke","f":"::cas","value":[1,"two"],"node":"n2","rack":7}"#,
        r#"{"process":0,"type":"fail","f":"::cas","value":null,"error":"no \"two\"","node":"n2","rack":7}"#,
        r#"{"process":"nemesis","type":"info","f":"partition","value":["n1","n2"]}"#,
        r#"{"process":0,"type":"invoke","f":"read","value":null,"node":"n2","rack":7}"#,
        r#"{"process":0,"type":"ok","f":"read","value":"a string that is not short","node":"n3","rack":7}"#,
        r#"{"process":"clock","type":"info","f":"step","value":null}"#,
    ];
    let found = lines(recorder, &shown);
    assert_eq!(found, expected);
    let history = crate::read_text(&shown.text()).unwrap();
    assert_eq!(history.functions(), ["write", ":cas", "partition", "read", "step"]);
}

#[test]
fn keys_stand_with_the_invocation() {
    let (recorder, shown) = shown_recorder();
    let mut process = recorder.process();
    process.invoke_key("write", "x", 1).ok(());
    process.invoke_key("write", 2, 1).info();
    let expected = [
        r#"{"process":0,"type":"invoke","f":"write","key":"x","value":1}"#,
        r#"{"process":0,"type":"ok","f":"write","value":null}"#,
        r#"{"process":0,"type":"invoke","f":"write","key":2,"value":1}"#,
        r#"{"process":0,"type":"info","f":"write","value":null}"#,
    ];
    assert_eq!(lines(recorder, &shown), expected);
    assert_eq!(crate::read_text(&shown.text()).unwrap().partitions().len(), 2);
}

#[test]
fn metadata_comes_first() {
    let shown = Shown::new(usize::MAX);
    let recorder = Recorder::builder()
        .metadata("model", "register")
        .metadata("initial", 1)
        .metadata("initial", 0)
        .to_writer(shown.clone())
        .unwrap();
    recorder.process().invoke("read", ()).ok(0);
    recorder.finish().unwrap();
    let first = shown.text().lines().next().unwrap().to_owned();
    assert_eq!(first, r#"{"histcheck":{"model":"register","initial":0}}"#);
    let history = crate::read_text(&shown.text()).unwrap();
    assert_eq!(crate::check(&history, &Options::default()).unwrap().verdict, Verdict::Valid);
}

/// An operation that may still take effect keeps its process; the client goes on as another.
#[test]
fn who_cannot_know_goes_on_as_someone_else() {
    let recorder = Recorder::in_memory().unwrap();
    let (mut one, mut two) = (recorder.process(), recorder.process());
    one.invoke("write", 1).ok(());
    one.invoke("write", 2).info();
    assert_eq!(one.number(), 0);
    one.invoke("write", 3).fail();
    assert_eq!(one.number(), 2);
    drop(two.invoke("write", 4).with("error", "is forgotten"));
    two.invoke("write", 5).ok(());
    let _ = two.invoke("write", 6);
    drop(two.invoke("write", 7));
    let history = recorder.into_history().unwrap();
    let found: Vec<(i64, i64, Outcome)> = history
        .operations()
        .iter()
        .map(|operation| {
            let int = |value| history.values().as_int(value).unwrap();
            (int(operation.process), int(operation.input), operation.outcome)
        })
        .collect();
    let expected = [
        (0, 1, Outcome::Ok),
        (0, 2, Outcome::Info),
        (2, 3, Outcome::Fail),
        (1, 4, Outcome::Open),
        (3, 5, Outcome::Ok),
        (3, 6, Outcome::Open),
        (4, 7, Outcome::Open),
    ];
    assert_eq!(found, expected);
    assert_eq!(history.reinvoked(), 0);
    assert!((0..history.records()).all(|record| history.extra(record, "error").is_none()));
}

#[test]
fn a_panic_leaves_the_operation_open_and_loses_nothing() {
    let recorder = Recorder::in_memory().unwrap();
    let mut process = recorder.process();
    let panicked = thread::spawn(move || {
        process.invoke("write", 1).ok(());
        let _call = process.invoke("write", 2);
        std::panic::resume_unwind(Box::new("the client"));
    })
    .join();
    assert!(panicked.is_err());
    let history = recorder.into_history().unwrap();
    let outcomes: Vec<Outcome> = history.operations().iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes, [Outcome::Ok, Outcome::Open]);
}

/// Clients of one counter, whose every answer is another: only the true order explains them.
fn count(processes: Vec<Process>, turns: i64, counter: &AtomicI64) {
    thread::scope(|scope| {
        for mut process in processes {
            scope.spawn(move || {
                for _ in 0..turns {
                    let call = process.invoke("add-and-get", 1);
                    let sum = counter.fetch_add(1, Ordering::Relaxed) + 1;
                    call.ok(sum);
                }
            });
        }
    });
}

#[test]
fn the_order_is_the_real_one() {
    for threads in [1, 2, 3, 8] {
        let counter = AtomicI64::new(0);
        let recorder = Recorder::in_memory().unwrap();
        let processes = (0..threads).map(|_| recorder.process()).collect();
        count(processes, 5_000, &counter);
        let history = recorder.into_history().unwrap();
        assert_eq!(history.operations().len(), threads * 5_000);
        let options = Options { model: Some("counter".to_owned()), ..Options::default() };
        let report = crate::check(&history, &options).unwrap();
        assert_eq!(report.verdict, Verdict::Valid);
    }
}

/// No time of a return is greater than that of a later call.
#[test]
fn times_agree_with_the_order() {
    let counter = AtomicI64::new(0);
    let recorder = Recorder::in_memory().unwrap();
    count((0..4).map(|_| recorder.process()).collect(), 5_000, &counter);
    let history = recorder.into_history().unwrap();
    let mut ends: Vec<(u32, i64, bool)> = Vec::new();
    for (index, operation) in history.operations().iter().enumerate() {
        let [call, ret] = history.times(index).map(Option::unwrap);
        ends.extend([(operation.invoked, call, false), (operation.completed, ret, true)]);
    }
    ends.sort_unstable();
    let mut latest = 0;
    for (record, time, is_return) in ends {
        if is_return {
            latest = latest.max(time);
        } else {
            assert!(time >= latest, "record {record}");
        }
    }
}

/// Far more events than the rings hold, while the writer is held up.
#[test]
fn full_rings_lose_nothing_and_block_nobody() {
    struct Slow(Shown, Arc<Mutex<()>>);
    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _gate = self.1.lock().unwrap();
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (shown, gate) = (Shown::new(usize::MAX), Arc::new(Mutex::new(())));
    let closed = gate.lock().unwrap();
    let recorder = Recorder::to_writer(Slow(shown.clone(), Arc::clone(&gate))).unwrap();
    let counter = AtomicI64::new(0);
    count((0..2).map(|_| recorder.process()).collect(), 50_000, &counter);
    drop(closed);
    let summary = recorder.finish().unwrap();
    assert_eq!((summary.events, summary.processes), (200_000, 2));
    let text = shown.text();
    assert_eq!(summary.bytes, text.len() as u64);
    assert_eq!(crate::read_text(&text).unwrap().operations().len(), 100_000);
}

#[test]
fn a_flush_waits_for_everything_before_it() {
    let shown = Shown::new(usize::MAX);
    // So long that nothing is written unless somebody asks.
    let builder = Recorder::builder().flush_every(Duration::from_secs(3_600));
    let recorder = builder.to_writer(shown.clone()).unwrap();
    let mut process = recorder.process();
    for turn in 1..=20 {
        process.invoke("write", turn).ok(());
        recorder.flush().unwrap();
        assert_eq!(shown.text().lines().count(), 2 * turn);
    }
}

/// Others may have drawn a ticket, and not yet handed over what it is for.
#[test]
fn a_flush_does_not_miss_what_is_on_its_way() {
    let builder = Recorder::builder().flush_every(Duration::from_secs(3_600));
    let recorder = builder.to_writer(io::sink()).unwrap();
    let is_over = AtomicUsize::new(0);
    thread::scope(|scope| {
        for mut process in [recorder.process(), recorder.process(), recorder.process()] {
            let is_over = &is_over;
            scope.spawn(move || {
                while is_over.load(Ordering::Relaxed) == 0 {
                    process.invoke("read", ()).ok(1);
                    // No more than can be written, so that a flush has an end.
                    thread::sleep(Duration::from_micros(20));
                }
            });
        }
        for _ in 0..100 {
            recorder.flush().unwrap();
        }
        is_over.store(1, Ordering::Relaxed);
    });
}

#[test]
fn errors_of_writing_come_to_light() {
    let shown = Shown::new(1_000);
    let recorder = Recorder::to_writer(shown.clone()).unwrap();
    let mut process = recorder.process();
    let mut failure = None;
    for _ in 0..100 {
        process.invoke("read", ()).ok(1);
        failure = failure.or(recorder.flush().err());
    }
    assert_eq!(failure.unwrap().kind(), io::ErrorKind::StorageFull);
    assert_eq!(recorder.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert!(shown.text().ends_with('\n') && shown.text().len() <= 1_000);
    assert!(crate::read_text(&shown.text()).is_ok(), "what is there is a start");
    let missing = std::env::temp_dir().join("there is no such folder").join("run.jsonl");
    assert!(Recorder::create(missing).is_err());
}

#[test]
fn a_writer_that_panics_holds_nobody_up() {
    struct Bad;
    impl Write for Bad {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            std::panic::resume_unwind(Box::new("the writer"));
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let recorder = Recorder::to_writer(Bad).unwrap();
    let mut process = recorder.process();
    for _ in 0..5_000 {
        process.invoke("read", ()).ok(1);
    }
    assert!(recorder.flush().is_err());
    assert!(recorder.finish().is_err());
}

#[test]
fn fields_with_a_meaning_are_refused() {
    let (recorder, shown) = shown_recorder();
    let mut process = recorder.process().with("value", 1);
    process.invoke("read", ()).with("time", 3).with("call", 5).ok(1);
    let error = recorder.finish().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("`value`"), "{error}");
    assert_eq!(crate::read_text(&shown.text()).unwrap().operations().len(), 1);
}

#[test]
fn what_cannot_be_a_history_is_an_error() {
    let code = |recorder: Recorder| recorder.into_history().unwrap_err().code;
    assert_eq!(code(Recorder::in_memory().unwrap()), Code::Empty);
    let (recorder, _) = shown_recorder();
    recorder.process().invoke("read", ()).ok(1);
    assert_eq!(code(recorder), Code::Unreadable);
}

/// Handles may outlive the recorder; what they record then goes nowhere, and piles up nowhere.
#[test]
fn handles_outlive_the_recorder() {
    let recorder = Recorder::in_memory().unwrap();
    let (mut process, mut unused) = (recorder.process(), recorder.process());
    process.invoke("read", ()).ok(1);
    let history = recorder.into_history().unwrap();
    for _ in 0..10_000 {
        process.invoke("read", ()).ok(2);
        unused.invoke("read", ()).ok(2);
    }
    assert_eq!(history.operations().len(), 1);
}

/// The recorder ends while others record on: what it keeps is a start of what they did.
#[test]
fn ending_early_keeps_a_start() {
    for _ in 0..5 {
        let recorder = Recorder::in_memory().unwrap();
        let counter = AtomicI64::new(0);
        let processes: Vec<Process> = (0..2).map(|_| recorder.process()).collect();
        let started = AtomicUsize::new(0);
        let history = thread::scope(|scope| {
            for mut process in processes {
                let (counter, started) = (&counter, &started);
                scope.spawn(move || {
                    for turn in 0..10_000 {
                        let call = process.invoke("add-and-get", 1);
                        call.ok(counter.fetch_add(1, Ordering::SeqCst) + 1);
                        if turn == 100 {
                            started.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                });
            }
            while started.load(Ordering::SeqCst) < 2 {
                thread::yield_now();
            }
            recorder.into_history().unwrap()
        });
        assert!(history.operations().len() >= 200);
        let options = Options { model: Some("counter".to_owned()), ..Options::default() };
        assert_eq!(crate::check(&history, &options).unwrap().verdict, Verdict::Valid);
    }
}

/// A file that was cut anywhere is, once its torn line is gone, a start of the recording.
#[test]
fn a_cut_file_recovers() {
    let name = format!("histcheck-cut-{}.jsonl", std::process::id());
    let path = std::env::temp_dir().join(name);
    let recorder = Recorder::create(&path).unwrap();
    let mut process = recorder.process().with("node", "n\n1");
    for turn in 0..3 {
        process.invoke("write", turn).ok(());
    }
    assert_eq!(recorder.into_history().unwrap().operations().len(), 3);
    let whole = std::fs::read(&path).unwrap();
    for cut in 0..=whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let ends = whole[..cut].iter().filter(|&&byte| byte == b'\n').count();
        let is_torn = cut > 0 && whole[cut - 1] != b'\n';
        // The last byte of a line is its break: without it, the record is there all the same.
        let is_record = is_torn && whole.get(cut) == Some(&b'\n');
        match crate::read_file(&path) {
            Ok(history) => {
                assert!(is_record || !is_torn, "{cut}");
                assert_eq!(history.records() as usize, ends + usize::from(is_record));
            }
            Err(error) if cut == 0 => assert_eq!(error.code, Code::Empty),
            Err(error) => {
                assert!(is_torn && !is_record, "{cut}: {error}");
                assert_eq!(error.code, Code::Truncated);
            }
        }
        let torn = recover(&path).unwrap() as usize;
        assert_eq!(torn > 0, is_torn);
        let left = std::fs::read(&path).unwrap();
        assert_eq!(left, &whole[..cut - torn]);
        assert_eq!(recover(&path).unwrap(), 0);
        if ends > 0 {
            assert_eq!(crate::read_file(&path).unwrap().records() as usize, ends);
        }
    }
    std::fs::remove_file(&path).unwrap();
}
