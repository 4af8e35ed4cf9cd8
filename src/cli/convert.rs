//! `histcheck convert`: a history in another format.

use std::io;
use std::path::Path;
use std::time::Instant;

use histcheck::History;
use histcheck::formats::{self, Format};
use histcheck::report::printable;

use super::args::ConvertArgs;
use super::diagnostic;
use super::exit::Status;
use super::files::{self, NewFile};
use super::inputs;
use super::output::Output;
use super::progress::Written;
use super::settings::reading_budget;
use super::single;
use super::stderr::complain;

/// Converts the history that the arguments name.
pub(crate) fn run(args: &ConvertArgs, output: &mut Output) -> Status {
    let sources = match single::sources(args.file.as_ref()) {
        Ok(sources) => sources,
        Err(status) => return status,
    };
    if let Some(conflict) = files::conflict(&[("--output", args.output.as_deref())], &sources) {
        complain(&format!("error: {conflict}"));
        return Status::Unreadable;
    }
    let mut status = Status::Valid;
    for (name, source) in &sources.list {
        let budget = reading_budget(&args.budget, Instant::now());
        single::watch(name, budget, output);
        let loaded = match source {
            Ok(source) => {
                inputs::load(name, source, (&args.read, &args.select), budget.into(), output)
            }
            Err(error) => {
                complain(&diagnostic::render(name, error, None, output.colors_errors()));
                Err(error.clone())
            }
        };
        let history = match loaded {
            Ok((_, history)) => history,
            Err(error) => {
                status = single::not_loaded(name, &error);
                continue;
            }
        };
        for loss in args.to.losses(&history) {
            complain(&format!("warning: {}: {}", printable(name), printable(&loss)));
        }
        if let Err(error) = write(&history, args.to, args.output.as_deref(), output) {
            complain(&format!("error: cannot write the history: {error}"));
            status = Status::Unreadable;
        }
    }
    status
}

fn write(
    history: &History,
    format: Format,
    path: Option<&Path>,
    output: &mut Output,
) -> io::Result<()> {
    match path.filter(|path| path.as_os_str() != "-") {
        Some(path) => {
            let mut file = NewFile::create(path)?;
            formats::write(history, format, &mut Written::new(&mut file, output.progress()))?;
            output.relax();
            file.finish()
        }
        None => {
            let mut text = Vec::new();
            formats::write(history, format, &mut Written::new(&mut text, output.progress()))?;
            output.write(&text);
            Ok(())
        }
    }
}
