//! What the commands on one history share: reading it, telling what is wrong with it, and writing
//! what they make of it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use histcheck::formats::Input;
use histcheck::report::printable;
use histcheck::{Budget, Error, History, Options, StopReason};

use super::args::SingleArgs;
use super::diagnostic;
use super::exit::Status;
use super::files::{self, replace};
use super::inputs::{self, Sources};
use super::output::Output;
use super::settings::{options, reading, validate};
use super::stderr::{complain, complain_at_once};

/// One history, as it was read.
pub(super) struct Single {
    /// The name of its file.
    pub(super) name: String,
    /// Whether it is a file, and not standard input.
    pub(super) is_file: bool,
    pub(super) input: Input,
    pub(super) history: History,
    /// How to check it.
    pub(super) options: Options,
}

impl Single {
    /// Reads the history that the arguments name.
    ///
    /// # Errors
    /// If it cannot be read: people were told why, and the status stands for that.
    pub(super) fn open(args: &SingleArgs, output: &Output) -> Result<Single, Status> {
        let SingleArgs { file, model, read, select, limits, .. } = args;
        let file = file.as_ref();
        let said = |name: &str, error: &Error, input: Option<&Input>| {
            complain(&diagnostic::render(name, error, input, output.colors_errors()));
            Status::Unreadable
        };
        validate(model).map_err(|error| said("<command line>", &error, None))?;
        let start = Instant::now();
        let sources = sources(file)?;
        if let Some(conflict) = files::conflict(&[("--output", args.output.as_deref())], &sources) {
            complain(&format!("error: {conflict}"));
            return Err(Status::Unreadable);
        }
        let Some((name, source)) = sources.list.into_iter().next() else {
            return Err(Status::Unreadable);
        };
        let source = source.map_err(|error| said(&name, &error, None))?;
        let within = reading(limits, start);
        watch(&name, within.budget, output);
        let loaded = inputs::load(&name, &source, (read, select), within, output);
        let (input, mut history) = loaded.map_err(|error| not_loaded(&name, &error))?;
        let drained = history.expand_drains();
        drained.map_err(|error| said(&name, &error, Some(&input)))?;
        if model.loose_values {
            history = history.loosened();
        }
        let options = options(model, limits, start, &mut history);
        let options = options.map_err(|error| said(&name, &error, Some(&input)))?;
        let options = Options { progress: Some(output.progress()), ..options };
        let is_file = file.is_some() && name != "<stdin>";
        Ok(Single { name, is_file, input, history, options })
    }

    /// Says why the model refuses the history; the status that stands for that.
    pub(super) fn refused(&self, error: Error, output: &Output) -> Status {
        let error = self.input.located(error);
        let colored = output.colors_errors();
        complain(&diagnostic::render(&self.name, &error, Some(&self.input), colored));
        Status::Unreadable
    }
}

/// What `file` names for a command on one history; people were told why if it is none.
pub(super) fn sources(file: Option<&PathBuf>) -> Result<Sources, Status> {
    Sources::one(file).map_err(|wrong| {
        complain(&format!("error: {wrong}"));
        Status::Unreadable
    })
}

/// Sees to it that the work on the input called `name` ends within `budget`, or says so and ends
/// the program.
pub(super) fn watch(name: &str, budget: Budget, output: &Output) {
    let name = printable(name);
    output.watch(budget, Status::Undecided, move |reason| {
        complain_at_once(&limited(&name, reason));
    });
}

/// The status that stands for an input that was not loaded; a limit that ended it is said.
pub(super) fn not_loaded(name: &str, error: &Error) -> Status {
    match error.stop_reason() {
        Some(reason) => {
            complain(&limited(&printable(name), reason));
            Status::Undecided
        }
        None => Status::Unreadable,
    }
}

fn limited(name: &str, reason: StopReason) -> String {
    format!("error: {name}: {reason}; nothing was written")
}

/// The name of a file as people may see it.
pub(super) fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

/// The name of a file, without its directories.
pub(super) fn base_name(file: &str) -> Option<&str> {
    Path::new(file).file_name()?.to_str()
}

/// Writes `bytes` to `path`, all or nothing, or to standard output; the status that stands for how
/// that went.
pub(super) fn deliver(path: Option<&Path>, bytes: &[u8], output: &mut Output) -> Status {
    match path.filter(|path| path.as_os_str() != "-") {
        None => {
            output.write(bytes);
            Status::Valid
        }
        Some(path) => deliver_to(path, bytes),
    }
}

/// Writes `bytes` to `path`, all or nothing; the status that stands for how that went.
pub(super) fn deliver_to(path: &Path, bytes: &[u8]) -> Status {
    match replace(path, bytes) {
        Ok(()) => Status::Valid,
        Err(error) => {
            complain(&format!("error: cannot write {}: {error}", shown(path)));
            Status::Unreadable
        }
    }
}
