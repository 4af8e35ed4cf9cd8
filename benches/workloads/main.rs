//! The workloads of `docs/BENCHMARKS.md`: simulated histories, and what it takes to check them.
//!
//! `cargo bench --bench workloads` writes those that are missing to a directory under `target`,
//! checks each with the program, and prints a table. See [`settings::HELP`] for the rest.

#![allow(unreachable_pub)]

mod catalogue;
mod ledger;
mod measure;
mod mix;
mod objects;
mod record;
mod settings;
mod simulate;
mod table;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use catalogue::{WORKLOADS, Workload};
use measure::Program;
use settings::{Command, Settings};

fn main() -> ExitCode {
    let outcome = settings::parse(std::env::args().skip(1)).map_err(io::Error::other);
    let is_right = outcome.and_then(|settings| match &settings.command {
        Command::Help => {
            print!("{}", settings::HELP);
            Ok(true)
        }
        Command::List => {
            table::list(WORKLOADS);
            Ok(true)
        }
        Command::Write(name, path) => write(&settings, name, path).map(|()| true),
        Command::Measure => measure_all(&settings),
        Command::Flat => measure_growth(&settings),
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

/// Writes one workload to a file, or all that are asked for to a directory.
fn write(settings: &Settings, name: &str, path: &Path) -> io::Result<()> {
    if name == "all" {
        for workload in settings.workloads() {
            write_file(&workload, &path.join(settings.file_name(&workload)))?;
        }
        return Ok(());
    }
    let workload = settings
        .adapted(name)
        .ok_or_else(|| io::Error::other(format!("no workload is called {name}")))?;
    write_file(&workload, path)
}

/// A file that is there is whole: it gets its name last.
fn write_file(workload: &Workload, path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let unfinished = PathBuf::from(unfinished);
    let mut file = BufWriter::with_capacity(1 << 20, File::create(&unfinished)?);
    simulate::write(workload, &mut file)
        .map_err(|error| io::Error::other(format!("{}: {error}", workload.name)))?;
    file.flush()?;
    fs::rename(unfinished, path)
}

/// The file of a workload, which is written if it is missing.
fn file_of(settings: &Settings, workload: &Workload) -> io::Result<PathBuf> {
    let path = settings.directory.join(settings.file_name(workload));
    if !path.exists() {
        write_file(workload, &path)?;
    }
    Ok(path)
}

/// Prints the table; whether no verdict is wrong.
fn measure_all(settings: &Settings) -> io::Result<bool> {
    let program = Program::new(settings)?;
    table::head();
    let mut wrong = 0;
    for workload in settings.workloads() {
        let path = file_of(settings, &workload)?;
        let measured = program.measure(&workload, &path)?;
        table::row(&workload, &measured);
        wrong += u64::from(measured.is_wrong(&workload));
    }
    if wrong > 0 {
        eprintln!("error: {wrong} wrong verdicts");
    }
    Ok(wrong == 0)
}

/// Prints what an operation costs in histories of 10^4 to 10^7 operations.
fn measure_growth(settings: &Settings) -> io::Result<bool> {
    let program = Program::new(settings)?;
    let mut is_right = true;
    table::growth_head();
    for name in ["w1", "w7"] {
        for operations in [10_000, 100_000, 1_000_000, 10_000_000] {
            let settings = Settings { operations: Some(operations), ..settings.clone() };
            let Some(workload) = settings.adapted(name) else { continue };
            let path = file_of(&settings, &workload)?;
            let measured = program.measure(&workload, &path)?;
            table::growth_row(&workload, &measured);
            is_right &= !measured.is_wrong(&workload);
        }
    }
    Ok(is_right)
}
