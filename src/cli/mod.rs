//! The commands. Each parses nothing and decides nothing itself: it reads with `formats`, checks
//! with the library, and prints what `report` makes of it.

mod anomalies;
mod args;
mod awaited;
mod check;
mod convert;
mod diagnostic;
mod exit;
mod explain;
mod files;
mod folders;
mod follow;
mod generate;
mod init;
mod inputs;
mod interrupt;
mod isolation;
mod levels;
mod mappings;
mod models;
mod output;
mod plot;
mod progress;
mod report;
mod run;
mod settings;
mod shrink;
mod single;
mod spill;
mod stats;
mod stderr;
mod tail;
mod units;
mod watch;
mod witness;
mod workloads;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use histcheck::Progress;

use args::{Cli, Command};
use exit::Status;
use output::Output;
use progress::Display;
use stderr::{complain, complain_at_once};

/// Runs the command line. A bug in histcheck ends it with a message and a status of its own.
pub(crate) fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        complain_at_once(&format!(
            "error: a bug in histcheck, please report it with the input: {panic}\n\
             No verdict was reached."
        ));
    }));
    std::panic::catch_unwind(guarded_main)
        .unwrap_or_else(|_| ExitCode::from(Status::BrokenProof.code()))
}

fn guarded_main() -> ExitCode {
    exit::undecided_without_memory();
    let cli = Cli::of_program();
    let progress = Arc::new(Progress::default());
    if ends_softly(&cli) {
        interrupt::listen(Arc::clone(&progress));
    }
    let display = Display::start(cli.progress, is_quiet(&cli), &progress);
    let mut output = Output::new(cli.color, progress, display);
    let mut status = run(&cli, &mut output);
    if let Some(error) = output.failure() {
        complain(&format!("error: cannot write to standard output: {error}"));
        status = status.max(Status::Unreadable);
    }
    ExitCode::from(status.code())
}

/// Whether something is known of the work before its end.
fn ends_softly(cli: &Cli) -> bool {
    use Command::{Check, Plot, Report, Shrink};
    matches!(&cli.command, None | Some(Check(_) | Plot(_) | Report(_) | Shrink(_)))
}

/// Whether only verdicts are wanted.
fn is_quiet(cli: &Cli) -> bool {
    match &cli.command {
        None => cli.check.output.quiet,
        Some(Command::Check(args)) => args.output.quiet,
        Some(_) => false,
    }
}

fn run(cli: &Cli, output: &mut Output) -> Status {
    match &cli.command {
        None if inputs::nothing_to_read(&cli.check.files) => usage(),
        None => check::run(&cli.check, output),
        Some(Command::Check(args)) if inputs::nothing_to_read(&args.files) => usage(),
        Some(Command::Check(args)) => check::run(args, output),
        Some(Command::Stats(args)) if inputs::nothing_to_read(&args.files) => usage(),
        Some(Command::Stats(args)) => stats::run(args, output),
        Some(Command::Init(args)) => {
            let files: Vec<PathBuf> = args.file.iter().cloned().collect();
            if inputs::nothing_to_read(&files) { usage() } else { init::run(args, output) }
        }
        Some(Command::Convert(args)) => {
            let files: Vec<PathBuf> = args.file.iter().cloned().collect();
            if inputs::nothing_to_read(&files) { usage() } else { convert::run(args, output) }
        }
        Some(Command::Shrink(args)) => {
            let files: Vec<PathBuf> = args.single.file.iter().cloned().collect();
            if inputs::nothing_to_read(&files) { usage() } else { shrink::run(args, output) }
        }
        Some(Command::Report(args)) => {
            let files: Vec<PathBuf> = args.single.file.iter().cloned().collect();
            if inputs::nothing_to_read(&files) { usage() } else { report::run(args, output) }
        }
        Some(Command::Plot(args)) => {
            let files: Vec<PathBuf> = args.single.file.iter().cloned().collect();
            if inputs::nothing_to_read(&files) { usage() } else { plot::run(args, output) }
        }
        Some(Command::Models(args)) => models::run(args, output),
        Some(Command::Levels(args)) => levels::run(args, output),
        Some(Command::Anomalies(args)) => anomalies::run(args, output),
        Some(Command::Generate(args)) => generate::run(args, output),
        Some(Command::Explain(args)) => explain::run(args, output),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::definition(), "histcheck", &mut script);
            output.write(&script);
            Status::Valid
        }
        Some(Command::Man) => {
            let mut page = Vec::new();
            match clap_mangen::Man::new(Cli::definition()).render(&mut page) {
                Ok(()) => output.write(&page),
                Err(error) => complain(&format!("error: {error}")),
            }
            Status::Valid
        }
    }
}

/// Says how to use the program, to someone who named nothing to read.
fn usage() -> Status {
    complain(&Cli::definition().render_usage().to_string());
    complain("\nName a history, or pipe one in. `histcheck --help` tells more.");
    Status::Unreadable
}
