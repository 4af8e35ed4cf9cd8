//! `histcheck shrink`: the few operations of a failing history that prove the violation, as a
//! history of their own.

use std::time::Instant;

use histcheck::explain::{Shrunk, shrink};
use histcheck::history::Settings;
use histcheck::ingest::{Format, read_bytes};
use histcheck::report::printable;
use histcheck::{Error, History, Options, Report, Verdict, emit};

use super::args::ShrinkArgs;
use super::check::{options, validate};
use super::diagnostic;
use super::exit::Status;
use super::inputs::{self, Allowance, Sources};
use super::output::{Output, complain, replace};

/// Cuts down the history that the arguments name.
pub(crate) fn run(args: &ShrinkArgs, output: &mut Output) -> Status {
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
    for (name, source) in &Sources::of(&files).list {
        let limits = &args.limits;
        let allowance = Allowance {
            max_bytes: limits.max_memory.unwrap_or(usize::MAX),
            deadline: limits.timeout.and_then(|timeout| start.checked_add(timeout)),
            threads: limits.threads,
        };
        let Ok(source) = source else { continue };
        let (input, mut history) = match inputs::load(name, source, &args.read, allowance, output) {
            Ok(loaded) => loaded,
            Err(error) => return unread(name, &error),
        };
        let checked = options(&args.model, &args.limits, start, &mut history).and_then(|options| {
            let report = histcheck::check(&history, &options)?;
            Ok((options, report))
        });
        let shrunk = checked.and_then(|(options, report)| {
            let key_at = match chosen_key(args, name, &history, &report) {
                Ok(key_at) => key_at,
                Err(status) => return Ok(Err(status)),
            };
            let file = (args.file.is_some() && name != "<stdin>").then_some(name.as_str());
            Ok(Ok((shrink(&history, &options, &report, key_at, file)?, options)))
        });
        return match shrunk {
            Ok(Ok((Some(shrunk), options))) => deliver(args, &shrunk, &options, output),
            Ok(Ok((None, _))) => Status::Undecided,
            Ok(Err(status)) => status,
            Err(error) => {
                let error = input.located(error);
                let colored = output.colors_errors();
                complain(&diagnostic::render(name, &error, Some(&input), colored));
                Status::Unreadable
            }
        };
    }
    Status::Unreadable
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

/// The failing key that is asked for, as its position in the report; what it means if there is none
/// is said.
fn chosen_key(
    args: &ShrinkArgs,
    name: &str,
    history: &History,
    report: &Report,
) -> Result<usize, Status> {
    let verdict_of = |at: usize| report.keys[at].decision.verdict();
    let (verdict, what, key_at) = match &args.key {
        None => {
            let failing = (0..report.keys.len()).find(|&at| verdict_of(at) == Verdict::Invalid);
            (report.verdict, name.to_owned(), failing)
        }
        Some(key) => {
            let is_it = |at: &usize| {
                let own = report.keys[*at].key;
                own.is_some_and(|own| {
                    history.values().to_text(own) == *key
                        || history.values().as_name(own) == Some(key)
                        || history.values().to_json(own) == *key
                })
            };
            let Some(at) = (0..report.keys.len()).find(is_it) else {
                complain(&format!("error: {name} has no key {}", printable(key)));
                return Err(Status::Unreadable);
            };
            (verdict_of(at), format!("key {} of {name}", printable(key)), Some(at))
        }
    };
    match (verdict, key_at) {
        (Verdict::Invalid, Some(at)) => Ok(at),
        (Verdict::Unknown, _) => {
            complain(&format!("{what} was not decided within the limits; nothing was written"));
            Err(Status::Undecided)
        }
        _ => {
            complain(&format!("{what} is valid: there is nothing to shrink, nothing was written"));
            Err(Status::Violation)
        }
    }
}

/// Writes the history, once it was read again and found to fail.
fn deliver(args: &ShrinkArgs, shrunk: &Shrunk, options: &Options, output: &mut Output) -> Status {
    let mut bytes = Vec::new();
    let written = emit::write(&shrunk.history, Format::JsonLines, &mut bytes);
    if let Err(why) = written.map_err(|error| error.to_string()).and_then(|()| {
        let read = args.read.settings();
        fails_again(&bytes, read, options).map_err(|error| error.to_string())
    }) {
        complain(&format!("error: a bug in histcheck: what was cut down does not fail: {why}"));
        return Status::BrokenProof;
    }
    match args.output.as_deref().filter(|path| path.as_os_str() != "-") {
        None => output.write(&bytes),
        Some(path) => {
            if let Err(error) = replace(path, &bytes) {
                complain(&format!("error: cannot write {}: {error}", path.display()));
                return Status::Unreadable;
            }
        }
    }
    Status::Valid
}

/// Whether what was written is a history that fails under the same options.
fn fails_again(bytes: &[u8], settings: Settings, options: &Options) -> Result<(), Error> {
    let history = read_bytes(bytes.to_vec(), Some(Format::JsonLines), settings)?;
    // Its metadata names the model and the initial value.
    let options = Options { model: None, initial: None, ..options.clone() };
    match histcheck::check(&history, &options)?.verdict {
        Verdict::Valid => Err(Error::new(histcheck::Code::Empty, "it is valid")),
        Verdict::Invalid | Verdict::Unknown => Ok(()),
    }
}
