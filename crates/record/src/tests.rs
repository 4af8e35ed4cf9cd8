#![allow(clippy::unwrap_used)]

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::{Annotator, Process, Recorder, Recording, recover};

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
    assert_eq!(lines(recorder, &shown), expected);
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
    let slow = Slow(shown.clone(), Arc::clone(&gate));
    let recorder = Recorder::builder().unbounded().to_writer(slow).unwrap();
    thread::scope(|scope| {
        for mut process in [recorder.process(), recorder.process()] {
            scope.spawn(move || (0..50_000).for_each(|turn| process.invoke("write", turn).ok(())));
        }
    });
    drop(closed);
    let summary = recorder.finish().unwrap();
    assert_eq!((summary.events, summary.processes), (200_000, 2));
    let text = shown.text();
    assert_eq!(summary.bytes, text.len() as u64);
    assert_eq!(text.lines().count(), 200_000);
}

/// A writer that takes its time, and counts lines when it has them.
struct Late(Arc<AtomicUsize>);

impl Write for Late {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        thread::sleep(Duration::from_micros(300));
        let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
        self.0.fetch_add(lines, Ordering::SeqCst);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Has four threads do again and again what `turn` does, which records two lines: at no time are
/// more than `most` lines of what they did not written.
fn assert_bounded(bound: u64, most: usize, turn: fn(&mut Process, &mut Annotator)) {
    let (written, recorded) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
    // Only full rings have anything written.
    let builder = Recorder::builder().flush_every(Duration::from_secs(3_600)).max_pending(bound);
    let recorder = builder.to_writer(Late(Arc::clone(&written))).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            let (mut process, mut annotator) = (recorder.process(), recorder.annotator("nobody"));
            let (written, recorded) = (&written, &recorded);
            scope.spawn(move || {
                for _ in 0..10 * bound.min(200) {
                    turn(&mut process, &mut annotator);
                    // In this order: others go on in between, when there is room again.
                    let recorded = recorded.fetch_add(2, Ordering::SeqCst) + 2;
                    let pending = recorded.saturating_sub(written.load(Ordering::SeqCst));
                    assert!(pending <= most, "{pending} of {most}");
                }
            });
        }
    });
    let events = recorder.finish().unwrap().events as usize;
    let counts = (recorded.load(Ordering::SeqCst), written.load(Ordering::SeqCst));
    assert_eq!(counts, (events, events));
}

#[test]
fn pending_events_never_exceed_the_bound() {
    for bound in [1, 2, 3, 10, 1_000] {
        let most = bound as usize;
        assert_bounded(bound, most, |process, _| process.invoke("read", ()).ok(1));
        assert_bounded(bound, most, |process, _| process.invoke("write", 1).info());
        assert_bounded(bound, most, |_, annotator| {
            annotator.note("one", ());
            annotator.note("two", ());
        });
    }
}

/// No completion waits, but the next invocation does: four threads are two events ahead.
#[test]
fn operations_that_never_end_are_bounded_too() {
    assert_bounded(100, 100 + 4 * 4, |process, _| {
        drop(process.invoke("write", 1));
        drop(process.invoke("write", 2));
    });
}

/// Threads wait most of the time, for each other or for the writing, and nothing wakes the thread
/// that writes but they.
#[test]
fn threads_that_wait_are_woken() {
    let builder = Recorder::builder().flush_every(Duration::from_secs(3_600)).max_pending(5);
    let recorder = builder.to_writer(io::sink()).unwrap();
    thread::scope(|scope| {
        for mut process in (0..8).map(|_| recorder.process()) {
            let recorder = &recorder;
            scope.spawn(move || {
                for turn in 0..2_000 {
                    process.invoke("write", turn).ok(());
                    if turn % 100 == 0 {
                        recorder.note("nobody", "turn", turn);
                        recorder.flush().unwrap();
                    }
                }
            });
        }
    });
    assert_eq!(recorder.finish().unwrap().events, 8 * (2 * 2_000 + 20));
}

/// Threads that wait, or would, go on when the recorder ends, however it does.
#[test]
fn nobody_waits_for_a_recorder_that_has_ended() {
    fn unwind(_: Recorder) {
        std::panic::resume_unwind(Box::new("the test"));
    }
    let ends: [fn(Recorder); 3] = [
        |recorder| assert!(recorder.finish().is_ok()),
        drop,
        |recorder| assert!(thread::spawn(|| unwind(recorder)).join().is_err()),
    ];
    for end in ends {
        let (written, is_over) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
        let builder = Recorder::builder().max_pending(10);
        let recorder = builder.to_writer(Late(Arc::clone(&written))).unwrap();
        thread::scope(|scope| {
            for mut process in [recorder.process(), recorder.process(), recorder.process()] {
                let is_over = &is_over;
                scope.spawn(move || {
                    while is_over.load(Ordering::SeqCst) == 0 {
                        process.invoke("read", ()).ok(1);
                    }
                    (0..10_000).for_each(|_| process.invoke("read", ()).ok(2));
                });
            }
            while written.load(Ordering::SeqCst) < 100 {
                thread::yield_now();
            }
            end(recorder);
            is_over.store(1, Ordering::SeqCst);
        });
    }
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
    for (line, kind) in shown.text().lines().zip(["invoke", "ok"].into_iter().cycle()) {
        assert!(line.starts_with(&format!("{{\"process\":0,\"type\":\"{kind}\",")), "{line}");
    }
    let missing = std::env::temp_dir().join("there is no such folder").join("run.jsonl");
    assert!(Recorder::create(missing).is_err());
}

/// Every thread ends, although nothing is written any more.
#[test]
fn a_writer_that_fails_holds_nobody_up() {
    let shown = Shown::new(10_000);
    let recorder = Recorder::builder().max_pending(10).to_writer(shown.clone()).unwrap();
    thread::scope(|scope| {
        for mut process in [recorder.process(), recorder.process(), recorder.process()] {
            scope.spawn(move || (0..20_000).for_each(|turn| process.invoke("write", turn).ok(())));
        }
    });
    recorder.note("nobody", "end", ());
    assert_eq!(recorder.flush().unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(recorder.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert!(shown.text().ends_with('\n'));
}

/// It is no file that could be cut to its last whole line.
#[cfg(target_os = "linux")]
#[test]
fn a_full_device_holds_nobody_up() {
    let recorder = Recorder::builder().metadata("initial", 0).create("/dev/full").unwrap();
    let mut process = recorder.process();
    (0..100_000).for_each(|turn| process.invoke("write", turn).ok(()));
    assert_eq!(recorder.flush().unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(recorder.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
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
    let recorder = Recorder::builder().max_pending(100).to_writer(Bad).unwrap();
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
    let text = shown.text();
    assert_eq!(text.lines().count(), 2);
    assert!(text.lines().all(|line| line.matches("\"value\":").count() == 1), "{text}");
    assert!(text.ends_with(",\"call\":5}\n") && text.matches("\"time\":").count() == 2, "{text}");
}

/// Handles may outlive the recorder; what they record then goes nowhere, and piles up nowhere.
#[test]
fn handles_outlive_the_recorder() {
    let recorder = Recorder::in_memory().unwrap();
    let (mut process, mut unused) = (recorder.process(), recorder.process());
    process.invoke("read", ()).ok(1);
    let recording = recorder.into_recording().unwrap();
    for _ in 0..10_000 {
        process.invoke("read", ()).ok(2);
        unused.invoke("read", ()).ok(2);
    }
    let Recording::Text(text) = recording else { panic!("{recording:?}") };
    assert_eq!(text.lines().count(), 2);
}

/// What comes after the last line break is cut off, and nothing else.
#[test]
fn a_torn_line_is_cut_off() {
    let path = std::env::temp_dir().join(format!("histcheck-torn-{}", std::process::id()));
    let whole = format!("one\ntwo\n{}\nthe end", "long ".repeat(30_000));
    let ends: Vec<usize> = whole.match_indices('\n').map(|(at, _)| at + 1).collect();
    for cut in (0..20).chain([ends[1], ends[2] - 1, ends[2], ends[2] + 1, whole.len()]) {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let kept = ends.iter().rfind(|&&end| end <= cut).copied().unwrap_or(0);
        assert_eq!(recover(&path).unwrap(), (cut - kept) as u64);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), whole[..kept]);
        assert_eq!(recover(&path).unwrap(), 0);
    }
    std::fs::remove_file(&path).unwrap();
}
