//! What the commands on one history share: reading it, telling what is wrong with it, and writing
//! what they make of it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use histcheck::formats::Input;
use histcheck::{Error, History, Options};

use super::args::SingleArgs;
use super::diagnostic;
use super::exit::Status;
use super::inputs::{self, Sources};
use super::output::{Output, replace};
use super::settings::{options, reading, validate};
use super::stderr::complain;

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
        let SingleArgs { file, model, read, limits, .. } = args;
        let file = file.as_ref();
        let said = |name: &str, error: &Error, input: Option<&Input>| {
            complain(&diagnostic::render(name, error, input, output.colors_errors()));
            Status::Unreadable
        };
        validate(model).map_err(|error| said("<command line>", &error, None))?;
        if let Some(directory) = file.filter(|file| file.is_dir()) {
            complain(&format!("error: {} is a directory; name one file", directory.display()));
            return Err(Status::Unreadable);
        }
        let start = Instant::now();
        let files: Vec<PathBuf> = file.into_iter().cloned().collect();
        let Some((name, source)) = Sources::of(&files).list.into_iter().next() else {
            return Err(Status::Unreadable);
        };
        let source = source.map_err(|error| said(&name, &error, None))?;
        let within = reading(limits, start);
        let loaded = inputs::load(&name, &source, read, within, output);
        let (input, mut history) = loaded.map_err(|error| match error.stop_reason() {
            Some(_) => {
                complain(&format!("error: {name}: a limit ended the reading; nothing was written"));
                Status::Undecided
            }
            None => Status::Unreadable,
        })?;
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
            complain(&format!("error: cannot write {}: {error}", path.display()));
            Status::Unreadable
        }
    }
}
