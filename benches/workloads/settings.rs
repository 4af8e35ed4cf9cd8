//! The arguments of the command.

use std::path::PathBuf;
use std::time::Duration;

use super::catalogue::{WORKLOADS, Workload};

pub const HELP: &str = "\
cargo bench --bench workloads -- [COMMAND] [OPTIONS]

Without a command, checks every workload and prints a table in Markdown. A wrong verdict fails.

  list                  names the workloads
  write NAME FILE       writes one workload as JSON Lines
  write all DIRECTORY   writes all
  flat                  what an operation costs in w1 and w7 of 10^4 to 10^7 operations

  --only w1,w10-fifo    only these, and those whose names go on with a dash
  --seed N              another history of the same kind (1)
  --operations N        so many operations instead
  --timeout SECONDS     give up after so long (60)
  --max-memory SIZE     as the program's option
  --threads N           as the program's option
  --runs N              how often each is checked (5); less often where it takes seconds
  --program PATH        another histcheck
  --directory PATH      where the files are, or are put
";

#[derive(Clone, Debug)]
pub enum Command {
    Help,
    List,
    Write(String, PathBuf),
    Measure,
    Flat,
}

#[derive(Clone, Debug)]
pub struct Settings {
    pub command: Command,
    pub only: Vec<String>,
    pub seed: u64,
    pub operations: Option<u64>,
    pub timeout: Duration,
    pub max_memory: Option<String>,
    pub threads: Option<u64>,
    pub runs: usize,
    pub program: PathBuf,
    pub directory: PathBuf,
}

/// Reads the arguments; an error says what is wrong with them.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Settings, String> {
    let mut settings = Settings {
        command: Command::Measure,
        only: Vec::new(),
        seed: 1,
        operations: None,
        timeout: Duration::from_secs(60),
        max_memory: None,
        threads: None,
        runs: 5,
        program: option_env!("CARGO_BIN_EXE_histcheck").unwrap_or("histcheck").into(),
        directory: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("workloads"),
    };
    let mut words = Vec::new();
    // Cargo adds `--bench`.
    let mut arguments = arguments.filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        if matches!(argument.as_str(), "-h" | "--help") {
            words = vec!["help".to_owned()];
            break;
        }
        if !argument.starts_with('-') {
            words.push(argument);
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{argument} needs a value"))?;
        settings.set(&argument, value)?;
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    settings.command = match words.as_slice() {
        [] => Command::Measure,
        ["help"] => Command::Help,
        ["list"] => Command::List,
        ["flat"] => Command::Flat,
        ["write", name, path] => Command::Write((*name).to_owned(), path.into()),
        other => return Err(format!("unknown command: {}; see --help", other.join(" "))),
    };
    Ok(settings)
}

impl Settings {
    fn set(&mut self, option: &str, value: String) -> Result<(), String> {
        let number = || value.parse::<u64>().map_err(|_| format!("{option} needs a number"));
        match option {
            "--only" => self.only = value.split(',').map(str::to_owned).collect(),
            "--seed" => self.seed = number()?,
            "--operations" => self.operations = Some(number()?),
            "--timeout" => self.timeout = Duration::from_secs(number()?),
            "--max-memory" => self.max_memory = Some(value),
            "--threads" => self.threads = Some(number()?),
            "--runs" => self.runs = number()?.max(1) as usize,
            "--program" => self.program = value.into(),
            "--directory" => self.directory = value.into(),
            _ => return Err(format!("unknown option: {option}; see --help")),
        }
        Ok(())
    }

    /// The workloads that are asked for.
    pub fn workloads(&self) -> Vec<Workload> {
        let is_meant = |workload: &&Workload| {
            let goes_on = |rest: &str| rest.is_empty() || rest.starts_with('-');
            let mut names = self.only.iter().filter_map(|n| workload.name.strip_prefix(n.as_str()));
            self.only.is_empty() || names.any(goes_on)
        };
        WORKLOADS.iter().filter(is_meant).filter_map(|w| self.adapted(w.name)).collect()
    }

    /// The workload of that name, with the seed and size that are asked for.
    pub fn adapted(&self, name: &str) -> Option<Workload> {
        let workload = WORKLOADS.iter().find(|workload| workload.name == name)?;
        let operations = self.operations.unwrap_or(workload.operations);
        Some(Workload { seed: self.seed, operations, ..*workload })
    }

    /// What the file of a workload is called.
    pub fn file_name(&self, workload: &Workload) -> String {
        match self.operations {
            None => format!("{}-{}.jsonl", workload.name, workload.seed),
            Some(operations) => format!("{}-{}-{operations}.jsonl", workload.name, workload.seed),
        }
    }
}
