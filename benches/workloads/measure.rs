//! Runs the program as a process, again and again, and measures what it takes.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::catalogue::{Expected, Workload};
use super::settings::Settings;

/// Above this, fewer runs are enough; far above, one.
const LONG: Duration = Duration::from_secs(2);
const VERY_LONG: Duration = Duration::from_secs(10);
/// How much longer than its time limit the program may take before it is killed. Then it leaves no
/// report, which counts as a wrong verdict.
const GRACE: Duration = Duration::from_secs(10);

/// What was measured of one workload.
pub struct Measured {
    /// `valid`, `invalid`, `unknown`, or what went wrong.
    pub verdict: String,
    pub invalid_keys: u64,
    /// In ascending order.
    pub times: Vec<Duration>,
    /// The largest resident set, in bytes.
    pub memory: Option<u64>,
    /// What all threads took together, to a hundredth of a second.
    pub processor: Option<Duration>,
    pub instructions: Option<u64>,
}

impl Measured {
    pub fn median(&self) -> Duration {
        self.times.get(self.times.len() / 2).copied().unwrap_or_default()
    }

    /// An undecided history has no wrong verdict.
    pub fn is_wrong(&self, workload: &Workload) -> bool {
        match (self.verdict.as_str(), workload.expected) {
            ("unknown", _) | ("valid" | "invalid", Expected::Open) => false,
            ("valid", Expected::Valid) => false,
            ("invalid", Expected::Invalid(keys)) => self.invalid_keys != keys,
            _ => true,
        }
    }
}

/// The program under test.
pub struct Program {
    path: PathBuf,
    timeout: Duration,
    runs: usize,
    options: Vec<String>,
    /// Its help, which tells what it knows.
    help: String,
    /// Where its output is put.
    output: PathBuf,
    counts_instructions: bool,
}

impl Program {
    /// The program that `settings` name; an error if it does not start.
    pub fn new(settings: &Settings) -> io::Result<Program> {
        fs::create_dir_all(&settings.directory)?;
        let help = Command::new(&settings.program).args(["check", "--help"]).output()?;
        let timeout = settings.timeout.as_secs();
        let mut options = vec!["--format=json".to_owned(), format!("--timeout={timeout}s")];
        options.extend(settings.threads.map(|threads| format!("--threads={threads}")));
        options.extend(settings.max_memory.iter().map(|size| format!("--max-memory={size}")));
        Ok(Program {
            path: settings.program.clone(),
            timeout: settings.timeout,
            runs: settings.runs,
            options,
            help: String::from_utf8_lossy(&help.stdout).into_owned(),
            output: settings.directory.join(format!("report-{}.json", std::process::id())),
            counts_instructions: instructions_of(&mut perf(Path::new("true"))).is_some(),
        })
    }

    /// Checks the file as often as it takes.
    pub fn measure(&self, workload: &Workload, file: &Path) -> io::Result<Measured> {
        let mut arguments = self.options.clone();
        // An older program may not know an option; then it has only what is the default.
        let known = workload.options.first().is_some_and(|option| self.help.contains(option));
        arguments.extend(workload.options.iter().filter(|_| known).map(|&o| o.to_owned()));
        arguments.push(file.to_string_lossy().into_owned());
        let mut times = Vec::new();
        let mut memory = None;
        loop {
            let mut command = Command::new(&self.path);
            let (time, seen) = self.run(command.args(&arguments))?;
            times.push(time);
            memory = memory.max(seen);
            let enough = match times[0] {
                time if time > VERY_LONG => 1,
                time if time > LONG => self.runs.min(3),
                _ => self.runs,
            };
            if times.len() >= enough {
                break;
            }
        }
        times.sort();
        let (verdict, invalid_keys) = self.verdict();
        let mut measured =
            Measured { verdict, invalid_keys, times, memory, processor: None, instructions: None };
        if measured.times[0] < VERY_LONG {
            if let Some((peak, processor)) = self.usage(&arguments) {
                measured.memory = Some(peak);
                measured.processor = Some(processor);
            }
            let mut command = perf(&self.path);
            command.args(&arguments);
            measured.instructions =
                if self.counts_instructions { instructions_of(&mut command) } else { None };
        }
        let _ = fs::remove_file(&self.output);
        Ok(measured)
    }

    /// Runs the command: how long it took, and the largest memory that was seen meanwhile.
    fn run(&self, command: &mut Command) -> io::Result<(Duration, Option<u64>)> {
        let output = File::create(&self.output)?;
        let start = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(output).spawn()?;
        let mut memory = None;
        loop {
            if child.try_wait()?.is_some() {
                return Ok((start.elapsed(), memory));
            }
            memory = memory.max(resident(&child));
            let elapsed = start.elapsed();
            if elapsed > self.timeout + GRACE {
                child.kill()?;
                child.wait()?;
                return Ok((elapsed, memory));
            }
            let is_short = elapsed < Duration::from_millis(100);
            thread::sleep(Duration::from_micros(if is_short { 100 } else { 2_000 }));
        }
    }

    /// The verdict of the last run, and how many keys are invalid.
    fn verdict(&self) -> (String, u64) {
        let text = fs::read_to_string(&self.output).unwrap_or_default();
        let report: serde_json::Value = match serde_json::from_str(&text) {
            Ok(report) => report,
            Err(_) => return ("killed".to_owned(), 0),
        };
        let verdict = report["verdict"].as_str().unwrap_or("error").to_owned();
        (verdict, report["keys"]["invalid"].as_u64().unwrap_or(0))
    }

    /// Peak memory and processor time of one more run, as the operating system counts them; this
    /// needs GNU `time`.
    fn usage(&self, arguments: &[String]) -> Option<(u64, Duration)> {
        let mut command = Command::new("time");
        command.args(["-f", "%M %U %S"]).arg(&self.path).args(arguments).stdout(Stdio::null());
        let output = command.output().ok()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let mut numbers = text.lines().last()?.split(' ').map(str::parse::<f64>);
        let mut next = || numbers.next()?.ok();
        let (kilobytes, user, system) = (next()?, next()?, next()?);
        Some((kilobytes as u64 * 1024, Duration::from_secs_f64(user + system)))
    }
}

/// The largest resident set of a running process so far, on Linux.
fn resident(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// A command that counts the instructions of another.
fn perf(program: &Path) -> Command {
    let mut command = Command::new("perf");
    command.args(["stat", "-x,", "-e", "instructions:u", "--"]).arg(program);
    command
}

/// `None` if the machine does not count them.
fn instructions_of(command: &mut Command) -> Option<u64> {
    let output = command.stdout(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().find(|line| line.contains("instructions"))?;
    line.split(',').next()?.parse().ok()
}
