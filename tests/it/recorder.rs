//! A recording outlives the process that makes it, however that ends.

use std::fs;
use std::io::{BufRead, BufReader, Write};
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

/// What each thread does at most, so that a file stays within bounds if nobody ends the process.
const MOST: usize = 500_000;

/// The process that dies: a test like any other, which does nothing unless it is started for this.
#[test]
fn records_until_it_dies() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let end = std::env::var(END).unwrap();
    let recorder = Recorder::create(&path).unwrap();
    let (counter, done) = (&AtomicI64::new(0), &AtomicI64::new(0));
    thread::scope(|scope| {
        for node in ["n1", "n2"] {
            let mut process = recorder.process().with("node", node);
            scope.spawn(move || {
                for _ in 0..MOST {
                    let call = process.invoke("add-and-get", 1);
                    call.ok(counter.fetch_add(1, Ordering::SeqCst) + 1);
                    done.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        while done.load(Ordering::SeqCst) < 2_000 {
            thread::yield_now();
        }
        if end != "kill without a flush" {
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
    let child = Command::new(std::env::current_exe().unwrap())
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
