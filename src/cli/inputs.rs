//! Where histories come from: files, directories, standard input.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use histcheck::formats::{Input, ReadOptions, SessionLogs};
use histcheck::history::{Order, Settings};
use histcheck::suggest::nearest;
use histcheck::{Code, Error, History, Progress};

use super::args::{Cli, ReadArgs, SelectArgs};
use super::awaited::{Awaited, is_at_hand};
use super::diagnostic;
use super::folders::{Found, Histories, found_below, only_run};
use super::mappings::mapping;
use super::output::Output;
use super::single::shown;
use super::stderr::complain;

/// What standard input is called.
pub(crate) const STDIN: &str = "<stdin>";

/// One input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
    /// Files with the records of one run.
    Merged(Vec<PathBuf>),
    /// A folder of logs, each with one session of a history.
    Logs(PathBuf, SessionLogs, Vec<PathBuf>),
}

/// The inputs of a run.
pub(crate) struct Sources {
    /// Each input, or why there is none, with its name.
    pub(crate) list: Vec<(String, Result<Source, Error>)>,
    /// Whether the output has to say which file it is about.
    pub(crate) named: bool,
}

impl Sources {
    /// What `paths` name: standard input if there are none.
    pub(crate) fn of(paths: &[PathBuf]) -> Sources {
        let mut list = Vec::new();
        let mut named = paths.len() > 1;
        if paths.is_empty() {
            list.push((name_of(&Source::Stdin), Ok(Source::Stdin)));
        }
        for path in paths {
            if path.as_os_str() == "-" {
                let again = list.iter().any(|(_, source)| *source == Ok(Source::Stdin));
                let source = if again { Err(stdin_again()) } else { Ok(Source::Stdin) };
                list.push((name_of(&Source::Stdin), source));
            } else if path.is_dir() {
                named = true;
                list.extend(found_below(path).into_iter().map(source_of));
            } else {
                let source = Source::File(path.clone());
                list.push((name_of(&source), Ok(source)));
            }
        }
        Sources { list, named }
    }

    /// What `paths` name if it is the records of one run.
    ///
    /// # Errors
    /// If standard input is among them, or nothing.
    pub(crate) fn merged(paths: &[PathBuf]) -> Result<Sources, String> {
        if paths.is_empty() || paths.iter().any(|path| path.as_os_str() == "-") {
            return Err("--merge needs the names of files, and cannot read standard input".into());
        }
        let mut files = Vec::new();
        let mut list = Vec::new();
        for (name, source) in Sources::of(paths).list {
            match source {
                Ok(Source::File(path)) => files.push(path),
                Ok(Source::Merged(paths)) => files.extend(paths),
                Ok(Source::Logs(folder, ..)) => {
                    let name = shown(&folder);
                    return Err(format!("{name} is one history already; check it without --merge"));
                }
                Ok(Source::Stdin) => {}
                Err(error) => list.push((name, Err(error))),
            }
        }
        // Nothing is decided without those that cannot be read.
        if list.is_empty() {
            let source = Source::Merged(files);
            list.push((name_of(&source), Ok(source)));
        }
        Ok(Sources { list, named: false })
    }

    /// What `path` names for a command on one history: standard input if there is none. A directory
    /// stands for the Jepsen run in it.
    ///
    /// # Errors
    /// If it is a directory of something else, or of several.
    pub(crate) fn one(path: Option<&PathBuf>) -> Result<Sources, String> {
        let Some(directory) = path.filter(|path| path.is_dir()) else {
            return Ok(Sources::of(path.map_or(&[], std::slice::from_ref)));
        };
        let Some((path, found)) = only_run(directory) else {
            let name = shown(directory);
            return Err(format!("{name} is a directory; name one file, or the folder of a run"));
        };
        Ok(Sources { list: vec![source_of((path, found))], named: false })
    }
}

/// Whether nothing was named to read, and nothing comes from standard input either.
pub(crate) fn nothing_to_read(paths: &[PathBuf]) -> bool {
    paths.is_empty() && io::stdin().is_terminal()
}

fn name_of(source: &Source) -> String {
    match source {
        Source::Stdin => STDIN.to_owned(),
        Source::File(path) | Source::Logs(path, ..) => path.display().to_string(),
        Source::Merged(paths) => {
            let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            match &names[..] {
                [first, _, _, _, ..] => format!("{first} + {} more", names.len() - 1),
                names => names.join(" + "),
            }
        }
    }
}

/// What was found in a directory, with its name.
fn source_of((path, found): Found) -> (String, Result<Source, Error>) {
    let name = path.display().to_string();
    let source = found.map(|files| match files {
        Histories::One => Source::File(path),
        Histories::Parts(paths) => Source::Merged(paths),
        Histories::Logs(kind, paths) => Source::Logs(path, kind, paths),
    });
    (name, source)
}

/// The error about an input that the system does not let be read.
pub(crate) fn unreadable(what: &str, error: &io::Error) -> Error {
    Error::new(Code::Unreadable, format!("{what}: {error}"))
        .hint("is the path right, and may it be read?")
}

fn stdin_again() -> Error {
    Error::new(Code::Unreadable, "standard input can be read only once")
}

/// Returns the text of `source`.
pub(crate) fn open(
    source: &Source,
    fetched: Option<Fetched>,
    options: ReadOptions,
) -> Result<Input, Error> {
    if let Some(fetched) = fetched {
        return Input::from_reader(fetched, options);
    }
    match source {
        Source::Merged(paths) => {
            let mut inputs = Vec::new();
            for path in paths {
                let (name, source) = (path.display().to_string(), Source::File(path.clone()));
                let input = open(&source, None, options.clone()).map_err(|error| {
                    let message = format!("{name}: {}", error.message);
                    Error { message, ..error }
                })?;
                inputs.push((name, input));
            }
            Input::merged(inputs)
                .ok_or_else(|| Error::new(Code::Empty, "there is no file to merge"))
        }
        Source::Logs(_, kind, paths) => Input::open_logs(paths, *kind, options),
        Source::File(path) if is_at_hand(path) => Input::open(path, options).map_err(|error| {
            let name = path.to_str().filter(|_| error.code == Code::Unreadable);
            match name.and_then(|name| meant_command(name, &Cli::command_names())) {
                Some(hint) => error.hint(hint),
                None => error,
            }
        }),
        _ => {
            if let Some(file) = stdin_at_hand().filter(|_| *source == Source::Stdin) {
                return Input::from_file(file, options);
            }
            let progress = options.progress.clone().unwrap_or_default();
            let awaited = awaited(source, progress, options.budget.deadline())?;
            Input::from_reader(awaited, options)
        }
    }
}

/// Standard input, if that is a file: it need not be waited for, and can be read twice.
#[cfg(unix)]
fn stdin_at_hand() -> Option<File> {
    use std::os::fd::AsFd;
    let file = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    file.metadata().is_ok_and(|metadata| metadata.is_file()).then_some(file)
}

#[cfg(not(unix))]
fn stdin_at_hand() -> Option<File> {
    None
}

/// Returns the bytes of `source` as they come.
pub(crate) fn awaited(
    source: &Source,
    progress: Arc<Progress>,
    deadline: Option<Instant>,
) -> Result<Awaited, Error> {
    match source {
        Source::Merged(_) => {
            let several = "the records of one run in several files cannot be followed";
            Err(Error::new(Code::Unreadable, several)
                .hint("only all of them together tell their order: check them without --follow"))
        }
        Source::Logs(..) => {
            let sessions = "a folder with the logs of sessions cannot be followed";
            Err(Error::new(Code::Unreadable, sessions)
                .hint("each session is read to its end: check them without --follow"))
        }
        Source::Stdin => Awaited::stdin(progress, deadline)
            .map_err(|error| unreadable("cannot read standard input", &error)),
        Source::File(path) => Awaited::open(path, progress, deadline)
            .map_err(|error| unreadable("cannot read it", &error)),
    }
}

/// Returns a hint for someone who named a command where a file is expected: `names` are the
/// commands.
fn meant_command(file: &str, names: &[String]) -> Option<String> {
    if names.iter().any(|name| name == file) {
        return Some(format!("a command comes before its options: histcheck {file} …"));
    }
    let near = nearest(file, names.iter().map(String::as_str));
    near.first().map(|name| format!("did you mean the command? histcheck {name} …"))
}

/// Input that has to be waited for, the start of which was read already.
pub(crate) struct Fetched {
    start: Vec<u8>,
    taken: usize,
    rest: Awaited,
}

impl Fetched {
    /// Reads up to `most` bytes of `awaited`.
    ///
    /// # Errors
    /// If reading fails.
    pub(crate) fn read(most: usize, mut awaited: Awaited) -> Result<Fetched, Error> {
        let mut start = Vec::new();
        (&mut awaited)
            .take(most as u64)
            .read_to_end(&mut start)
            .map_err(|error| unreadable("reading failed", &error))?;
        Ok(Fetched { start, taken: 0, rest: awaited })
    }

    /// What was read.
    pub(crate) fn start(&self) -> &[u8] {
        &self.start
    }
}

impl Read for Fetched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.start.len() {
            return self.rest.read(buffer);
        }
        let count = buffer.len().min(self.start.len() - self.taken);
        buffer[..count].copy_from_slice(&self.start[self.taken..self.taken + count]);
        self.taken += count;
        if self.taken == self.start.len() {
            // It may be much of the memory.
            (self.start, self.taken) = (Vec::new(), 0);
        }
        Ok(count)
    }
}

/// Reads a history with `options`, whose format is that of `read`, as are the settings, and selects
/// operations of it. An error is reported, and returned.
pub(crate) fn load(
    name: &str,
    source: &Source,
    read: (&ReadArgs, &SelectArgs),
    options: ReadOptions,
    output: &Output,
) -> Result<(Input, History), Error> {
    load_fetched(name, source, None, read, options, output)
}

/// The same, where the start of standard input may have been read already.
pub(crate) fn load_fetched(
    name: &str,
    source: &Source,
    fetched: Option<Fetched>,
    read: (&ReadArgs, &SelectArgs),
    options: ReadOptions,
    output: &Output,
) -> Result<(Input, History), Error> {
    load_as(name, source, fetched, read, read.0.settings(), options, output)
}

/// The same, with other settings than those of `read`.
pub(crate) fn load_as(
    name: &str,
    source: &Source,
    fetched: Option<Fetched>,
    (read, select): (&ReadArgs, &SelectArgs),
    mut settings: Settings,
    options: ReadOptions,
    output: &Output,
) -> Result<(Input, History), Error> {
    let complained = |error: Error, input: Option<&Input>| {
        // That a limit ended it is a verdict, not a complaint.
        if error.stop_reason().is_none() {
            complain(&diagnostic::render(name, &error, input, output.colors_errors()));
        }
        error
    };
    let deadline = options.budget.deadline();
    output.expect(deadline, *source == Source::Stdin && io::stdin().is_terminal());
    let progress = Some(output.progress());
    let mapping = mapping(read, source).map_err(|error| complained(error, None))?;
    let scratch = Some(tempfile::tempfile as fn() -> io::Result<File>);
    let options = ReadOptions { format: read.format(), progress, mapping, scratch, ..options };
    let input = open(source, fetched, options).map_err(|error| complained(error, None))?;
    // What is wrong with bytes is no matter of a record, however late it is found.
    let is_of_bytes =
        |error: &Error| matches!(error.code, Code::Unreadable | Code::NotUtf8 | Code::Compression);
    if matches!(source, Source::Merged(_)) {
        settings.order = Order::Time;
    }
    let read = input.history(settings);
    let selected =
        read.and_then(|mut history| select.selection().apply(&mut history).map(|()| history));
    match selected {
        Ok(history) => Ok((input, history)),
        Err(error) => {
            let shown = Some(&input).filter(|_| !is_of_bytes(&error));
            let error = complained(error, shown);
            Err(match error.place.and_then(|place| input.file_of(place)) {
                // Who is told by a document sees the name of the whole.
                Some(file) => Error { message: format!("{file}: {}", error.message), ..error },
                None => error,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_known_where_a_file_is_expected() {
        let names = Cli::command_names();
        for name in &names {
            let hint = format!("a command comes before its options: histcheck {name} …");
            assert_eq!(meant_command(name, &names), Some(hint));
        }
        assert!(["report", "plot", "generate", "anomalies"].iter().all(|name| {
            meant_command(name, &names).is_some_and(|hint| hint.starts_with("a command comes"))
        }));
        let hint = "did you mean the command? histcheck shrink …";
        assert_eq!(meant_command("shrik", &names).as_deref(), Some(hint));
        assert_eq!(meant_command("run-7.jsonl", &names), None);
    }
}
