//! `histcheck plot`: how a run went over time, as a picture.

use std::time::Instant;

use histcheck::report::{self, Plot};
use histcheck::{Error, explain};

use super::args::{PlotArgs, PlotKind};
use super::check::{options, validate};
use super::diagnostic;
use super::exit::Status;
use super::inputs::{self, Allowance, Sources};
use super::output::{Output, complain, replace};

/// Plots the history that the arguments name.
pub(crate) fn run(args: &PlotArgs, output: &mut Output) -> Status {
    if let Err(error) = validate(&args.model) {
        complain(&diagnostic::render("<command line>", &error, None, output.colors_errors()));
        return Status::Unreadable;
    }
    if let Some(directory) = args.file.as_ref().filter(|file| file.is_dir()) {
        complain(&format!("error: {} is a directory; name one file", directory.display()));
        return Status::Unreadable;
    }
    let start = Instant::now();
    let files: Vec<_> = args.file.iter().cloned().collect();
    let sources = Sources::of(&files);
    let Some((name, source)) = sources.list.first() else { return Status::Unreadable };
    let source = match source {
        Ok(source) => source,
        Err(error) => {
            complain(&diagnostic::render(name, error, None, output.colors_errors()));
            return Status::Unreadable;
        }
    };
    let allowance = Allowance {
        max_bytes: args.limits.max_memory.unwrap_or(usize::MAX),
        deadline: args.limits.timeout.and_then(|timeout| start.checked_add(timeout)),
        threads: args.limits.threads,
    };
    let (input, mut history) = match inputs::load(name, source, &args.read, allowance, output) {
        Ok(loaded) => loaded,
        Err(error) => return unread(name, &error),
    };
    let plotted = options(&args.model, &args.limits, start, &mut history).and_then(|options| {
        Ok(match args.kind {
            PlotKind::Latency => report::plot(&history, Plot::Latency),
            PlotKind::Rate => report::plot(&history, Plot::Rate),
            PlotKind::Concurrency => report::plot(&history, Plot::Concurrency),
            PlotKind::Staleness => {
                let stale = explain::stale(&history, &options)?;
                report::plot(&history, Plot::Staleness(&stale))
            }
            PlotKind::ClockOffset => {
                let report = histcheck::check(&history, &options)?;
                let outcome = explain::find_clock_skew(&history, &options, &report)?;
                report::plot(&history, Plot::ClockOffset(&outcome))
            }
        })
    });
    match plotted {
        Ok(svg) => deliver(args, &svg, output),
        Err(error) => {
            let error = input.located(error);
            let colored = output.colors_errors();
            complain(&diagnostic::render(name, &error, Some(&input), colored));
            Status::Unreadable
        }
    }
}

/// What a history that was not read means for the exit status.
fn unread(name: &str, error: &Error) -> Status {
    match error.code {
        histcheck::Code::TooLarge | histcheck::Code::TimeUp => {
            complain(&format!("error: {name}: a limit ended the reading; nothing was written"));
            Status::Undecided
        }
        _ => Status::Unreadable,
    }
}

fn deliver(args: &PlotArgs, svg: &str, output: &mut Output) -> Status {
    match args.output.as_deref().filter(|path| path.as_os_str() != "-") {
        None => output.write(svg.as_bytes()),
        Some(path) => {
            if let Err(error) = replace(path, svg.as_bytes()) {
                complain(&format!("error: cannot write {}: {error}", path.display()));
                return Status::Unreadable;
            }
        }
    }
    Status::Valid
}
