//! What a recorder wrote is read as what happened.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::thread;

use histcheck::history::OpIndex;
use histcheck::history::{MAX_DEPTH, Outcome, Record};
use histcheck::record::{Process, recover};
use histcheck::{Code, Options, Recorder, Verdict, read_recording};

#[test]
fn every_part_of_a_record_is_read() {
    let recorder = Recorder::builder().metadata("model", "register").in_memory().unwrap();
    let mut one = recorder.process().with("node", "n1");
    one.invoke_key("write", "x", 1).ok(());
    one.invoke_key(":cas", 2, (1, "two")).with("error", "no \"two\"").fail();
    recorder.note("nemesis", "partition", vec!["n1", "n2"]);
    let history = read_recording(recorder).unwrap();
    assert_eq!(history.functions(), ["write", ":cas", "partition"]);
    assert_eq!(history.partitions().len(), 2);
    let text = |value: Option<_>| value.map(|value| history.values().to_json(value));
    assert_eq!(text(history.metadata_field("model")).as_deref(), Some("\"register\""));
    assert_eq!(text(history.extra_of(OpIndex::new(0), "node")).as_deref(), Some("\"n1\""));
    assert_eq!(
        text(history.extra_of(OpIndex::new(1), "error")).as_deref(),
        Some(r#""no \"two\"""#)
    );
    assert_eq!(text(Some(history.annotations()[0].value)).as_deref(), Some(r#"["n1","n2"]"#));
}

#[test]
fn metadata_counts() {
    let recorder = Recorder::builder().metadata("model", "register").metadata("initial", 0);
    let recorder = recorder.in_memory().unwrap();
    recorder.process().invoke("read", ()).ok(0);
    let history = read_recording(recorder).unwrap();
    assert_eq!(histcheck::check(&history, &Options::default()).unwrap().verdict, Verdict::Valid);
}

/// What is nested deeper is text by then.
#[test]
fn the_deepest_value_is_read() {
    let deep = (0..2 * MAX_DEPTH).fold(serde_json::Value::Null, |inner, _| [inner].into());
    let recorder = Recorder::in_memory().unwrap();
    recorder.process().invoke("write", deep).ok(());
    assert_eq!(read_recording(recorder).unwrap().operations().len(), 1);
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
    let history = read_recording(recorder).unwrap();
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
    assert!((0..history.records()).all(|at| history.extra(Record::new(at), "error").is_none()));
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
    let history = read_recording(recorder).unwrap();
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
        let history = read_recording(recorder).unwrap();
        assert_eq!(history.operations().len(), threads * 5_000);
        let options = Options { model: Some("counter".to_owned()), ..Options::default() };
        let report = histcheck::check(&history, &options).unwrap();
        assert_eq!(report.verdict, Verdict::Valid);
    }
}

/// No time of a return is greater than that of a later call.
#[test]
fn times_agree_with_the_order() {
    let counter = AtomicI64::new(0);
    let recorder = Recorder::in_memory().unwrap();
    count((0..4).map(|_| recorder.process()).collect(), 5_000, &counter);
    let history = read_recording(recorder).unwrap();
    let mut ends: Vec<(Option<Record>, i64, bool)> = Vec::new();
    for (index, operation) in history.indexed() {
        let [call, ret] = history.times(index).map(Option::unwrap);
        ends.extend([(Some(operation.invoked), call, false), (operation.completed, ret, true)]);
    }
    ends.sort_unstable();
    let mut latest = 0;
    for (record, time, is_return) in ends {
        if is_return {
            latest = latest.max(time);
        } else {
            assert!(time >= latest, "record {record:?}");
        }
    }
}

#[test]
fn what_cannot_be_a_history_is_an_error() {
    let code = |recorder: Recorder| read_recording(recorder).unwrap_err().code;
    assert_eq!(code(Recorder::in_memory().unwrap()), Code::Empty);
    let recorder = Recorder::to_writer(std::io::sink()).unwrap();
    recorder.process().invoke("read", ()).ok(1);
    assert_eq!(code(recorder), Code::Unreadable);
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
            read_recording(recorder).unwrap()
        });
        assert!(history.operations().len() >= 200);
        let options = Options { model: Some("counter".to_owned()), ..Options::default() };
        assert_eq!(histcheck::check(&history, &options).unwrap().verdict, Verdict::Valid);
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
    assert_eq!(read_recording(recorder).unwrap().operations().len(), 3);
    let whole = std::fs::read(&path).unwrap();
    for cut in 0..=whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let ends = whole[..cut].iter().filter(|&&byte| byte == b'\n').count();
        let is_torn = cut > 0 && whole[cut - 1] != b'\n';
        // The last byte of a line is its break: without it, the record is there all the same.
        let is_record = is_torn && whole.get(cut) == Some(&b'\n');
        match histcheck::read_file(&path) {
            Ok(history) => {
                assert!(is_record || !is_torn, "{cut}");
                assert_eq!(history.records(), ends + usize::from(is_record));
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
            assert_eq!(histcheck::read_file(&path).unwrap().records(), ends);
        }
    }
    std::fs::remove_file(&path).unwrap();
}
