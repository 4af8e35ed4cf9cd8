//! The arguments of the command.

use std::path::PathBuf;
use std::time::Duration;

use super::cells::{Cell, Kind, Values};
use super::objects;

pub const HELP: &str = "\
cargo bench --bench grid -- [COMMAND] [OPTIONS]

Counts how many simulated histories of each model are decided in time, and prints a table in
Markdown. A verdict of `invalid` on the history of a correct system fails.

  list                   lists the objects with their models
  write OBJECT FILE      writes the first history that the options select as JSON Lines; - for
                         standard output
  write all DIRECTORY    writes every history that the options select

Which histories:

  --models A,B           objects or models (all)
  --sizes N,N            operations (1000,20000,100000)
  --clients N,N          clients (5,20,50)
  --crashed P,P          percentages of operations that crash (0,2,10)
  --values V,V           distinct, few (both)
  --kinds K,K            valid, wrong: with one wrong answer (both)
  --keys N               objects of the kind; checked one by one (1)
  --seeds N              histories of each kind (20)
  --first-seed N         the first seed (1)
  --quick                a small sample: 1000 operations, 2 seeds

How they are checked:

  --program PATH         another histcheck
  --timeout TIME         the time limit of the program, in seconds (10s)
  --max-memory SIZE      the program's own option
  --threads N            the program's own option
  --jobs N               how many histories are checked at a time (1)
  --directory PATH       where histories are put while they are checked

What is printed:

  --details              also a row for each kind of history
  --runs FILE            also every run, as lines of columns, while it goes on
";

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Help,
    List,
    Write(String, PathBuf),
    Measure,
}

#[derive(Clone, Debug)]
pub struct Settings {
    pub command: Command,
    pub models: Vec<String>,
    pub sizes: Vec<u64>,
    pub clients: Vec<u64>,
    pub crashed: Vec<f64>,
    pub values: Vec<Values>,
    pub kinds: Vec<Kind>,
    pub keys: u64,
    pub seeds: u64,
    pub first_seed: u64,
    pub program: PathBuf,
    pub timeout: Duration,
    pub max_memory: Option<String>,
    pub threads: Option<u64>,
    pub jobs: usize,
    pub directory: PathBuf,
    pub details: bool,
    pub runs: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            command: Command::Measure,
            models: Vec::new(),
            sizes: vec![1_000, 20_000, 100_000],
            clients: vec![5, 20, 50],
            crashed: vec![0.0, 2.0, 10.0],
            values: vec![Values::Distinct, Values::Few],
            kinds: vec![Kind::Valid, Kind::Wrong],
            keys: 1,
            seeds: 20,
            first_seed: 1,
            program: env!("CARGO_BIN_EXE_histcheck").into(),
            timeout: Duration::from_secs(10),
            max_memory: None,
            threads: None,
            jobs: 1,
            directory: concat!(env!("CARGO_TARGET_TMPDIR"), "/grid").into(),
            details: false,
            runs: None,
        }
    }
}

/// Reads the arguments; an error says what is wrong with them.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Settings, String> {
    let mut settings = Settings::default();
    let mut words = Vec::new();
    // Cargo adds an option of its own.
    let mut arguments = arguments.filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "-h" | "--help" => return Ok(Settings { command: Command::Help, ..settings }),
            "--details" => settings.details = true,
            "--quick" => {
                settings.sizes = vec![1_000];
                settings.seeds = 2;
            }
            word if !word.starts_with("--") => words.push(argument),
            option => {
                let value = arguments.next().ok_or_else(|| format!("{option} needs a value"))?;
                settings.set(option, value)?;
            }
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    settings.command = match words.as_slice() {
        [] => Command::Measure,
        ["help"] => Command::Help,
        ["list"] => Command::List,
        ["write", name, path] => {
            if *name != "all" {
                settings.models = vec![(*name).to_owned()];
            }
            Command::Write((*name).to_owned(), path.into())
        }
        other => return Err(format!("unknown command: {}; see --help", other.join(" "))),
    };
    settings.check()?;
    Ok(settings)
}

/// Reads what stands between commas.
fn list<T>(option: &str, text: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
    let item = |item: &str| read(item).ok_or_else(|| format!("{option}: unknown value {item}"));
    text.split(',').map(item).collect()
}

impl Settings {
    fn set(&mut self, option: &str, value: String) -> Result<(), String> {
        let integer = |text: &str| text.replace('_', "").parse::<u64>().ok();
        let number = || integer(&value).ok_or_else(|| format!("{option} needs a number"));
        match option {
            "--models" => self.models = value.split(',').map(str::to_owned).collect(),
            "--sizes" => self.sizes = list(option, &value, integer)?,
            "--clients" => self.clients = list(option, &value, integer)?,
            "--crashed" => self.crashed = list(option, &value, |text| text.parse().ok())?,
            "--values" => self.values = list(option, &value, Values::named)?,
            "--kinds" => self.kinds = list(option, &value, Kind::named)?,
            "--keys" => self.keys = number()?.max(1),
            "--seeds" => self.seeds = number()?,
            "--first-seed" => self.first_seed = number()?,
            "--program" => self.program = value.into(),
            "--timeout" => {
                let seconds = value.trim_end_matches('s').parse::<f64>();
                let seconds = seconds.map_err(|_| format!("{option} needs seconds"))?;
                self.timeout = Duration::try_from_secs_f64(seconds)
                    .map_err(|_| format!("{option} needs seconds"))?;
            }
            "--max-memory" => self.max_memory = Some(value),
            "--threads" => self.threads = Some(number()?),
            "--jobs" => self.jobs = number()?.max(1) as usize,
            "--directory" => self.directory = value.into(),
            "--runs" => self.runs = Some(value.into()),
            _ => return Err(format!("unknown option: {option}; see --help")),
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        let is_known = |name: &&String| !objects::names().any(|object| is_meant(name, object));
        if let Some(name) = self.models.iter().find(is_known) {
            return Err(format!("no object or model is called {name}; see `list`"));
        }
        if self.clients.contains(&0) {
            return Err("--clients: at least one".to_owned());
        }
        if !self.crashed.iter().all(|percent| (0.0..=100.0).contains(percent)) {
            return Err("--crashed: percentages are from 0 to 100".to_owned());
        }
        Ok(())
    }

    /// Returns the objects that are asked for.
    pub fn objects(&self) -> Vec<&'static str> {
        let is_asked_for = |object: &&'static str| {
            self.models.is_empty() || self.models.iter().any(|name| is_meant(name, object))
        };
        objects::names().filter(is_asked_for).collect()
    }

    /// Returns what is to be measured: one object and size after the other.
    pub fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        for &operations in &self.sizes {
            for object in self.objects() {
                self.add_cells(object, operations, &mut cells);
            }
        }
        cells
    }

    fn add_cells(&self, object: &'static str, operations: u64, cells: &mut Vec<Cell>) {
        let most = if objects::has_values(object) { self.values.len() } else { 1 };
        for &kind in &self.kinds {
            for &values in &self.values[..most] {
                for &crashed in &self.crashed {
                    for &clients in &self.clients {
                        let keys = self.keys;
                        let cell =
                            Cell { object, operations, clients, crashed, values, kind, keys };
                        cells.push(cell);
                    }
                }
            }
        }
    }

    /// Returns the seeds of the histories of a cell.
    pub fn seeds(&self) -> std::ops::Range<u64> {
        self.first_seed..self.first_seed + self.seeds
    }
}

/// Whether the name is that of the object or of its model.
fn is_meant(name: &str, object: &str) -> bool {
    name == object || name == objects::model(object)
}
