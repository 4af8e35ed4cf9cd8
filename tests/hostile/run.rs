//! Runs the program on one input, and looks at what it takes.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Hostile, MEMORY_MIB, Size, TIMEOUT, folder};

/// What a run took, and how it ended.
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) time: Duration,
    /// The most memory that it held, in MiB, where the system tells it.
    pub(crate) peak_mib: usize,
    pub(crate) size: usize,
    /// The first line that it said, on either output.
    pub(crate) said: String,
}

/// A program needs some memory before it looks at any input, and looks at its memory now and then
/// only.
const SLACK_MIB: usize = 150;

/// Runs the program on an input of this size. An error says what is wrong with how it ended.
pub(crate) fn run(hostile: &Hostile, size: Size) -> Result<Ended, String> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let path = folder().join(format!("{}.input", COUNT.fetch_add(1, Ordering::Relaxed)));
    let text = (hostile.make)(size);
    fs::write(&path, &text).map_err(|error| format!("cannot write the input: {error}"))?;
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_histcheck"))
        .args(["--timeout", TIMEOUT, "--max-memory", &format!("{MEMORY_MIB}MiB")])
        .args(hostile.options.split_whitespace())
        .arg(&path)
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
    let _ = fs::remove_file(&path);
    let first = stdout.lines().chain(stderr.lines()).next().unwrap_or_default();
    let said = first.replace(path.to_str().unwrap_or_default(), "input");
    if !hostile.ends.contains(&status) {
        return Err(format!("it ended with {status}, not {:?}: {said}", hostile.ends));
    }
    if stderr.contains("a bug in histcheck") {
        return Err(format!("it panicked: {stderr}"));
    }
    if peak_mib > MEMORY_MIB + SLACK_MIB {
        return Err(format!("it took {peak_mib} MiB of {MEMORY_MIB}"));
    }
    if status != 0 && status != 1 && said.is_empty() {
        return Err("it does not say why".to_owned());
    }
    Ok(Ended { status, time, peak_mib, size: text.len(), said })
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
