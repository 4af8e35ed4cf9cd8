//! A recording outlives the process that makes it, however that ends.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use histcheck::history::Outcome;
use histcheck::record::recover;
use histcheck::{Options, Recorder, Verdict};

/// Tells the process that is to die where to record, and how to die.
const FILE: &str = "HISTCHECK_TEST_RECORD_TO";
const END: &str = "HISTCHECK_TEST_END";
/// Comes before the number of operations that are certain to be in the file.
const SAVED: &str = "saved operations: ";

/// A line for so many operations of a thread that returned.
const MARK: &str = "returned";
const MARKED: usize = 64;

/// What each thread does at most, so that a file stays within bounds if nobody ends the process.
const MOST: usize = 500_000;

/// The process that dies: a test like any other, which does nothing unless it is started for this.
#[test]
fn records_until_it_dies() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let end = std::env::var(END).unwrap();
    let is_marked = end == "kill in the loop";
    let recorder = Recorder::create(&path).unwrap();
    let (counter, done) = (&AtomicI64::new(0), &AtomicI64::new(0));
    thread::scope(|scope| {
        for node in ["n1", "n2"] {
            let mut process = recorder.process().with("node", node);
            scope.spawn(move || {
                for turn in 1..=MOST {
                    let call = process.invoke("add-and-get", 1);
                    call.ok(counter.fetch_add(1, Ordering::SeqCst) + 1);
                    done.fetch_add(1, Ordering::SeqCst);
                    if is_marked && turn.is_multiple_of(MARKED) {
                        println!("{MARK}");
                    }
                }
            });
        }
        if end == "a full disk" {
            return;
        }
        while done.load(Ordering::SeqCst) < 2_000 {
            thread::yield_now();
        }
        if !is_marked && end != "kill without a flush" {
            let saved = done.load(Ordering::SeqCst);
            recorder.flush().unwrap();
            println!("{SAVED}{saved}");
            std::io::stdout().flush().unwrap();
        }
        match end.as_str() {
            "abort" => std::process::abort(),
            "exit" => std::process::exit(7),
            // It is killed from outside, or else ends at some time.
            _ => thread::sleep(Duration::from_secs(60)),
        }
    });
    let errors = [recorder.flush().unwrap_err(), recorder.finish().unwrap_err()];
    assert_eq!(errors.map(|error| error.kind()), [ErrorKind::FileTooLarge; 2]);
}

/// The process that dies, at the latest when this does.
struct Victim(Child);

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it.
fn start(path: &Path, end: &str) -> Victim {
    start_by(Command::new(std::env::current_exe().unwrap()), path, end)
}

/// Starts it by `command`.
fn start_by(mut command: Command, path: &Path, end: &str) -> Victim {
    let child = command
        .args(["--exact", "recorder::records_until_it_dies", "--nocapture"])
        .env(FILE, path)
        .env(END, end)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Victim(child)
}

/// What the process says that it has saved.
fn saved(Victim(child): &mut Victim) -> usize {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = |line: String| line.split_once(SAVED).map(|(_, number)| number.trim().parse());
    lines.map_while(Result::ok).find_map(told).unwrap().unwrap()
}

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("histcheck-{name}-{}.jsonl", std::process::id()))
}

/// The file is a recording without gaps of at least so many operations, and is checked like any.
fn assert_complete(path: &Path, saved: usize) {
    recover(path).unwrap();
    let history = histcheck::read_file(path).unwrap();
    let operations = history.operations();
    let completed = operations.iter().filter(|one| one.outcome == Outcome::Ok).count();
    assert!(completed >= saved, "{completed} of {saved}");
    // Two threads, so that no more are under way; and nobody lacks what came before.
    assert!(operations.len() - completed <= 2);
    let mut sums: Vec<i64> = operations
        .iter()
        .filter(|one| one.outcome == Outcome::Ok)
        .map(|one| history.values().as_int(one.output).unwrap())
        .collect();
    sums.sort_unstable();
    sums.dedup();
    assert_eq!(sums.len(), completed);
    // Additions that are under way may lie between, and no others.
    assert!(sums.last().copied().unwrap_or_default() as usize <= operations.len());
    let report = histcheck::check(&history, &Options::default()).unwrap();
    assert_eq!((report.verdict, report.model), (Verdict::Valid, "counter".to_owned()));
    fs::remove_file(path).unwrap();
}

/// Threads that do nothing but record, faster than it can be written.
#[test]
fn a_kill_loses_no_more_than_may_be_pending() {
    for milliseconds in [0, 1, 7, 31] {
        let path = file("loop");
        let mut child = start(&path, "kill in the loop");
        let lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
        let mut marks = lines.map_while(Result::ok).filter(|line| line.contains(MARK));
        // So many events that the first of them must have been written.
        assert_eq!(marks.by_ref().take(400).count(), 400);
        thread::sleep(Duration::from_millis(milliseconds));
        child.0.kill().unwrap();
        child.0.wait().unwrap();
        let returned = 2 * MARKED * (400 + marks.count());
        let torn = recover(&path).unwrap();
        let written = fs::read(&path).unwrap().iter().filter(|&&byte| byte == b'\n').count();
        assert!(written + (1 << 14) >= returned, "{written} of {returned}, {torn} bytes torn");
        assert_complete(&path, 0);
    }
}

/// The file may have only so many bytes, which ends in the middle of a line.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_whole_lines() {
    let path = file("full");
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 201; exec \"$0\" \"$@\""]);
    shell.arg(std::env::current_exe().unwrap());
    let mut child = start_by(shell, &path, "a full disk");
    assert!(child.0.wait().unwrap().success());
    assert!(fs::metadata(&path).unwrap().len() > 100_000);
    assert_eq!(recover(&path).unwrap(), 0);
    assert_complete(&path, 0);
}

fn is_abnormal(status: ExitStatus) -> bool {
    !status.success()
}

#[test]
fn an_abort_loses_nothing_that_was_flushed() {
    let path = file("abort");
    let mut child = start(&path, "abort");
    let saved = saved(&mut child);
    assert!(is_abnormal(child.0.wait().unwrap()));
    assert!(saved >= 2_000);
    assert_complete(&path, saved);
}

#[test]
fn leaving_without_an_end_loses_nothing_that_was_flushed() {
    let path = file("exit");
    let mut child = start(&path, "exit");
    let saved = saved(&mut child);
    assert_eq!(child.0.wait().unwrap().code(), Some(7));
    assert_complete(&path, saved);
}

#[test]
fn a_kill_loses_nothing_that_was_flushed() {
    let path = file("kill");
    let mut child = start(&path, "kill");
    let saved = saved(&mut child);
    child.0.kill().unwrap();
    assert!(is_abnormal(child.0.wait().unwrap()));
    assert_complete(&path, saved);
}

/// The recorder writes by itself: nobody asks it to, and the file grows until the kill.
#[test]
fn events_are_written_while_others_are_recorded() {
    let path = file("grow");
    let mut child = start(&path, "kill without a flush");
    let lines = |path: &Path| {
        let bytes = fs::read(path).unwrap_or_default();
        bytes.iter().filter(|&&byte| byte == b'\n').count()
    };
    while lines(&path) < 10_000 {
        assert!(child.0.try_wait().unwrap().is_none(), "it ended by itself");
        thread::yield_now();
    }
    let written = lines(&path);
    child.0.kill().unwrap();
    child.0.wait().unwrap();
    // Each operation has two lines, and at most two have only one.
    assert_complete(&path, written / 2 - 1);
}
