//! Checks histories with the program, each in a process of its own.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::cells::{Cell, Kind};
use super::settings::Settings;
use super::simulate;

/// How much longer than its time limit the program may take before it is killed.
const GRACE: Duration = Duration::from_secs(10);

/// What came of one history.
#[derive(Clone, Debug)]
pub struct Run {
    pub cell: Cell,
    pub seed: u64,
    /// `valid`, `invalid`, `unknown`, or what went wrong.
    pub verdict: String,
    pub time: Duration,
    /// The largest resident set that was seen, in bytes.
    pub memory: u64,
}

impl Run {
    pub fn is_decided(&self) -> bool {
        matches!(self.verdict.as_str(), "valid" | "invalid")
    }

    /// Whether the program said what cannot be, or nothing.
    pub fn is_wrong(&self) -> bool {
        match self.verdict.as_str() {
            "valid" | "unknown" => false,
            "invalid" => self.cell.kind == Kind::Valid,
            _ => true,
        }
    }

    /// Returns the run as a line of columns.
    pub fn line(&self) -> String {
        let Cell { object, operations, clients, crashed, values, kind, .. } = self.cell;
        format!(
            "{object}\t{operations}\t{clients}\t{crashed}\t{values}\t{kind}\t{}\t{}\t{:.3}\t{}",
            self.seed,
            self.verdict,
            self.time.as_secs_f64(),
            self.memory / 1_000_000
        )
    }
}

/// The columns of [`Run::line`].
pub const COLUMNS: &str =
    "object\toperations\tclients\tcrashed\tvalues\tkind\tseed\tverdict\tseconds\tmegabytes";

/// Checks every history that the settings ask for, and hands each result over as it comes.
pub fn all(settings: &Settings, mut take: impl FnMut(Run)) -> io::Result<()> {
    fs::create_dir_all(&settings.directory)?;
    let cells = settings.cells();
    let runs: Vec<(Cell, u64)> =
        cells.iter().flat_map(|&cell| settings.seeds().map(move |seed| (cell, seed))).collect();
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for job in 0..settings.jobs {
            let (sender, next, runs) = (sender.clone(), &next, &runs);
            scope.spawn(move || work(settings, job, runs, next, &sender));
        }
        drop(sender);
        receiver.into_iter().try_for_each(|run| run.map(&mut take))
    })
}

fn work(
    settings: &Settings,
    job: usize,
    runs: &[(Cell, u64)],
    next: &AtomicUsize,
    sender: &Sender<io::Result<Run>>,
) {
    while let Some(&(cell, seed)) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
        // Who receives is gone after an error.
        if sender.send(one(settings, job, &cell, seed)).is_err() {
            return;
        }
    }
}

/// Writes the history of that seed to a file.
pub fn write_file(cell: &Cell, seed: u64, path: &Path) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    simulate::write(cell, seed, &mut file)
        .map_err(|error| io::Error::other(format!("{}: {error}", cell.file_name(seed))))?;
    file.flush()
}

fn one(settings: &Settings, job: usize, cell: &Cell, seed: u64) -> io::Result<Run> {
    let name = format!("{}-{job}", std::process::id());
    let history = settings.directory.join(format!("{name}.jsonl"));
    let output = settings.directory.join(format!("{name}.json"));
    write_file(cell, seed, &history)?;
    let (time, memory) = run(settings, &history, &output)?;
    let text = fs::read_to_string(&output).unwrap_or_default();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let verdict = report["verdict"].as_str().unwrap_or("no verdict").to_owned();
    let run = Run { cell: *cell, seed, verdict, time, memory };
    if run.is_wrong() {
        let kept: PathBuf = settings.directory.join(cell.file_name(seed));
        fs::rename(&history, &kept)?;
        eprintln!("WRONG: {} on {}", run.verdict, kept.display());
    } else {
        fs::remove_file(&history)?;
    }
    let _ = fs::remove_file(&output);
    Ok(run)
}

/// Runs the program: how long it took, and the largest memory that was seen meanwhile.
fn run(settings: &Settings, history: &Path, output: &Path) -> io::Result<(Duration, u64)> {
    let mut command = Command::new(&settings.program);
    command.args(["--format=json", "--explain-timeout=0s"]);
    command.arg(format!("--timeout={}ms", settings.timeout.as_millis()));
    command.args(settings.threads.map(|threads| format!("--threads={threads}")));
    command.args(settings.max_memory.iter().map(|size| format!("--max-memory={size}")));
    command.arg(history).stdin(Stdio::null()).stdout(File::create(output)?);
    let start = Instant::now();
    let mut child = command.spawn()?;
    let mut memory = 0;
    loop {
        if child.try_wait()?.is_some() {
            return Ok((start.elapsed(), memory));
        }
        memory = memory.max(resident(&child).unwrap_or(0));
        let elapsed = start.elapsed();
        if elapsed > settings.timeout + GRACE {
            child.kill()?;
            child.wait()?;
            return Ok((elapsed, memory));
        }
        let is_short = elapsed < Duration::from_millis(100);
        thread::sleep(Duration::from_micros(if is_short { 200 } else { 2_000 }));
    }
}

/// The largest resident set of a running process so far, on Linux.
fn resident(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
