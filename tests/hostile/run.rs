//! Runs the program on one input, and looks at what it takes.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Hostile, MEMORY_MIB, Size, TIMEOUT, folder};

/// A way to have an input read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way {
    /// The command with its options.
    pub(crate) line: &'static str,
    /// Which options of an input it has.
    takes: &'static [&'static str],
    /// Whether what it prints is one document, which is whole or not there.
    prints_whole: bool,
}

const fn way(line: &'static str, takes: &'static [&'static str], prints_whole: bool) -> Way {
    Way { line, takes, prints_whole }
}

const CHECK: &[&str] = &["--order", "--decider", "--format", "--max-anomalies"];
const REPORT: &[&str] = &["--order", "--decider"];
const READ: &[&str] = &["--order"];

/// Every way; the first is the one whose end an input names.
pub(crate) const WAYS: &[Way] = &[
    way("check", CHECK, false),
    way("check --format json --self-check", REPORT, false),
    way("check --format junit --no-partition", REPORT, true),
    way("check --follow", &[], false),
    way("stats --format json", READ, false),
    way("convert --to edn", READ, true),
    way("convert --to csv", READ, true),
    way("report --to html", REPORT, true),
    way("plot --kind latency", REPORT, true),
    way("shrink", REPORT, true),
];

/// What a run took, and how it ended.
pub(crate) struct Ended {
    pub(crate) way: Way,
    pub(crate) status: i32,
    pub(crate) time: Duration,
    /// The most memory that it held, in MiB, where the system tells it.
    pub(crate) peak_mib: usize,
    /// The first line that it said, on either output.
    pub(crate) said: String,
}

/// A tenth more than the limit; a little of it is that of a program that does nothing.
const MOST_MIB: usize = MEMORY_MIB + MEMORY_MIB / 10;

/// An input as a file, which is gone when this is dropped.
pub(crate) struct Made {
    path: PathBuf,
    pub(crate) size: usize,
}

impl Made {
    pub(crate) fn new(hostile: &Hostile, size: Size) -> Result<Made, String> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let path = folder().join(format!("{}.input", COUNT.fetch_add(1, Ordering::Relaxed)));
        let text = (hostile.make)(size);
        fs::write(&path, &text).map_err(|error| format!("cannot write the input: {error}"))?;
        Ok(Made { path, size: text.len() })
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Runs the program in every way on an input of this size.
pub(crate) fn run(hostile: &Hostile, size: Size) -> Result<(Made, Vec<Ended>), String> {
    let made = Made::new(hostile, size)?;
    let ended: Result<Vec<Ended>, String> = WAYS
        .iter()
        .map(|&way| {
            run_one(hostile, way, &made.path).map_err(|why| format!("`{}`: {why}", way.line))
        })
        .collect();
    Ok((made, ended?))
}

/// The options of an input that a way has, with their values.
fn options(hostile: &Hostile, way: Way) -> Vec<&'static str> {
    let words: Vec<&str> = hostile.options.split_whitespace().collect();
    words.chunks(2).filter(|option| way.takes.contains(&option[0])).flatten().copied().collect()
}

/// An error says what is wrong with how it ended.
fn run_one(hostile: &Hostile, way: Way, path: &Path) -> Result<Ended, String> {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_histcheck"))
        .args(way.line.split(' '))
        .args(["--timeout", TIMEOUT, "--max-memory", &format!("{MEMORY_MIB}MiB")])
        .args(options(hostile, way))
        .arg(path)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start the program: {error}"))?;
    let outputs = [reader(child.stdout.take()), reader(child.stderr.take())];
    let (status, peak_mib) = wait(&mut child);
    let time = start.elapsed();
    let [stdout, stderr] = outputs.map(|output| output.join().unwrap_or_default());
    let first = stdout.lines().chain(stderr.lines()).next().unwrap_or_default();
    let said = first.replace(path.to_str().unwrap_or_default(), "input");
    let is_first = way == WAYS[0];
    if is_first && !hostile.ends.contains(&status) {
        return Err(format!("it ended with {status}, not {:?}: {said}", hostile.ends));
    }
    if !(0..=3).contains(&status) {
        return Err(format!("it ended with {status}: {said}"));
    }
    if stderr.contains("a bug in histcheck") {
        return Err(format!("it panicked: {stderr}"));
    }
    if peak_mib > MOST_MIB {
        return Err(format!("it took {peak_mib} MiB of {MEMORY_MIB}"));
    }
    if status != 0 && status != 1 && said.is_empty() {
        return Err("it does not say why".to_owned());
    }
    if status == 2 && !["error[H", "error: "].iter().any(|error| stderr.contains(error)) {
        return Err(format!("it complains of nothing: {stderr}"));
    }
    if status > 1 && way.prints_whole && !way.line.starts_with("check") && !stdout.is_empty() {
        return Err(format!("it printed a part: {said}"));
    }
    if way.line.contains("json") {
        for line in stdout.lines() {
            let read: Result<serde::de::IgnoredAny, _> = serde_json::from_str(line);
            read.map_err(|error| format!("it printed a part of JSON: {error}"))?;
        }
    }
    Ok(Ended { way, status, time, peak_mib, said })
}

/// All that a pipe holds, read meanwhile.
fn reader(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for the end; the status, and the most memory that was seen.
fn wait(child: &mut Child) -> (i32, usize) {
    let mut peak = 0;
    loop {
        peak = peak.max(resident_mib(child.id()).unwrap_or(0));
        match child.try_wait() {
            Ok(Some(status)) => return (status.code().unwrap_or(-1), peak),
            Ok(None) => thread::sleep(Duration::from_millis(1)),
            Err(_) => return (-1, peak),
        }
    }
}

/// The most memory that a process held so far, where the system tells it (Linux).
fn resident_mib(process: u32) -> Option<usize> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: usize = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kibibytes / 1024)
}
