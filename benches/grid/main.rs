//! The grid of `docs/BENCHMARKS.md`: how many histories of each model are decided in time.
//!
//! `cargo bench --bench grid` simulates correct systems of every kind with 5 to 50 clients, checks
//! each history with the program, and prints a table. See [`settings::HELP`] for the rest.

#![allow(unreachable_pub)]

mod cells;
mod measure;
mod objects;
mod settings;
mod simulate;
mod table;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use measure::Run;
use settings::{Command, Settings};

fn main() -> ExitCode {
    let outcome = settings::parse(std::env::args().skip(1)).map_err(io::Error::other);
    let is_right = outcome.and_then(|settings| match &settings.command {
        Command::Help => {
            print!("{}", settings::HELP);
            Ok(true)
        }
        Command::List => {
            table::objects();
            Ok(true)
        }
        Command::Write(name, path) => write(&settings, name, path).map(|()| true),
        Command::Measure => measure_all(&settings),
    });
    match is_right {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes one history, or all that are asked for to a directory.
fn write(settings: &Settings, name: &str, path: &Path) -> io::Result<()> {
    let cells = settings.cells();
    if name == "all" {
        fs::create_dir_all(path)?;
        for cell in &cells {
            for seed in settings.seeds() {
                measure::write_file(cell, seed, &path.join(cell.file_name(seed)))?;
            }
        }
        return Ok(());
    }
    let cell = cells.first().ok_or_else(|| io::Error::other("no history is asked for"))?;
    if path == Path::new("-") {
        let out = io::stdout().lock();
        let mut out = BufWriter::with_capacity(1 << 20, out);
        return simulate::write(cell, settings.first_seed, &mut out);
    }
    measure::write_file(cell, settings.first_seed, path)
}

/// Prints the table; whether no verdict is wrong.
fn measure_all(settings: &Settings) -> io::Result<bool> {
    let total = settings.cells().len() as u64 * settings.seeds;
    let mut log = settings.runs.as_ref().map(File::create).transpose()?;
    if let Some(file) = &mut log {
        writeln!(file, "{}", measure::COLUMNS)?;
    }
    let mut runs: Vec<Run> = Vec::new();
    let mut shown = Instant::now();
    measure::all(settings, |run| {
        if let Some(file) = &mut log {
            let _ = writeln!(file, "{}", run.line());
        }
        runs.push(run);
        if shown.elapsed().as_secs() >= 10 {
            shown = Instant::now();
            let undecided = runs.iter().filter(|run| !run.is_decided()).count();
            eprintln!("{} of {total}, {undecided} not decided", runs.len());
        }
    })?;
    // Several jobs end in any order.
    let cells = settings.cells();
    runs.sort_by_key(|run| (cells.iter().position(|cell| *cell == run.cell), run.seed));
    table::all(&runs, settings.timeout, settings.details);
    let wrong = runs.iter().filter(|run| run.is_wrong()).count();
    if wrong > 0 {
        eprintln!("error: {wrong} wrong verdicts; the histories are in the directory");
    }
    Ok(wrong == 0)
}
