//! Histories below a directory: every file that is named like one, except that the folder of
//! a Jepsen run holds one history, whatever else Jepsen left there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use histcheck::formats::{COMPRESSED, Format, SessionLogs, jepsen_valid, session_logs};
use histcheck::report::{JepsenResult, printable};
use histcheck::{Code, Error};

use super::inputs::unreadable;
use super::stderr::complain;

/// A history, or what could not be looked at, and why.
pub(super) type Found = (PathBuf, Result<Histories, Error>);

/// What a path that was found stands for.
#[derive(Debug)]
pub(super) enum Histories {
    /// The file itself.
    One,
    /// The folder of a run, whose records are in these files.
    Parts(Vec<PathBuf>),
    /// A folder of logs of which each holds one session.
    Logs(SessionLogs, Vec<PathBuf>),
}

/// The files of a Jepsen run that hold its history, the best first.
const HISTORIES: [&str; 4] = ["history.edn", "test.jepsen", "history.txt", "jepsen.log"];
/// The files that only Jepsen writes.
const MARKS: [&str; 5] = [RESULTS, "jepsen.log", "test.fressian", "test.jepsen", "timeline.html"];
/// What Jepsen's own checkers found.
const RESULTS: &str = "results.edn";
/// Where Jepsen's independent checker writes the part of each key.
const PARTS: &str = "independent";
/// The folders of clients in a report of etcd's robustness tests start like this, before a number,
const CLIENT: &str = "client-";
/// and this file in them holds the operations.
const OPERATIONS: &str = "operations.json";

/// Returns the histories below `directory`, and what could not be looked at, sorted by path. Not
/// empty.
pub(super) fn found_below(directory: &Path) -> Vec<Found> {
    let mut search = Search { pending: vec![(directory.to_owned(), false)], found: Vec::new() };
    while let Some((directory, is_in_run)) = search.pending.pop() {
        search.look_into(&directory, is_in_run);
    }
    let mut found = search.found;
    if found.is_empty() {
        let error = Error::new(Code::Unreadable, "the directory holds no history")
            .hint(format!("histories end in {}, or these with .gz or .zst", Format::endings()));
        found.push((directory.to_owned(), Err(error)));
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

/// Returns the history of the one Jepsen run that is at `directory` or below it, or what cannot be
/// looked at of it; `None` if there are other histories, or none of a run.
pub(super) fn only_run(directory: &Path) -> Option<Found> {
    let found = found_below(directory);
    let [(path, _)] = &found[..] else { return None };
    let is_of_run = match found.first() {
        Some((_, Ok(Histories::Parts(_) | Histories::Logs(..)))) => true,
        _ if path.is_dir() => is_run(path),
        _ => artefact(path).is_some(),
    };
    is_of_run.then(|| found.into_iter().next()).flatten()
}

/// Tells whether `folder` is that of a Jepsen run.
fn is_run(folder: &Path) -> bool {
    let mut entries = Vec::new();
    // What cannot be listed is no evidence.
    let _ = list(folder, &mut entries);
    RunFiles::of(&entries).is_run()
}

/// Returns what Jepsen said of the run whose history is at `path`, if it is one of Jepsen's files
/// and `results.edn` lies beside it.
pub(super) fn jepsen_result(path: &Path) -> Option<JepsenResult> {
    artefact(path).filter(|name| HISTORIES.contains(name))?;
    let results = path.with_file_name(RESULTS);
    // A pipe could be waited for without an end.
    let is_file = match fs::metadata(&results) {
        Ok(metadata) => metadata.is_file(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => return Some(JepsenResult::Unreadable(error.to_string())),
    };
    if !is_file {
        return Some(JepsenResult::Unreadable("it is no file".to_owned()));
    }
    Some(match fs::File::open(&results) {
        Ok(file) => match jepsen_valid(file) {
            Ok(valid) => JepsenResult::Valid(valid),
            Err(error) => JepsenResult::Unreadable(error.message),
        },
        Err(error) => JepsenResult::Unreadable(error.to_string()),
    })
}

/// A search for histories.
struct Search {
    /// Directories, and whether they are part of a run's folder.
    pending: Vec<(PathBuf, bool)>,
    found: Vec<Found>,
}

impl Search {
    fn look_into(&mut self, directory: &Path, is_in_run: bool) {
        let mut entries = Vec::new();
        if let Err(error) = list(directory, &mut entries) {
            let error = format!("cannot list this directory: {error}");
            self.found.push((directory.to_owned(), Err(Error::new(Code::Unreadable, error))));
        }
        let clients = client_files(&entries);
        if !clients.is_empty() {
            pass_over_others(&directory.display().to_string(), &entries);
            self.found.push((directory.to_owned(), Ok(Histories::Parts(clients))));
            entries.retain(|entry| !is_client(entry));
        }
        if let Some((kind, logs)) = log_files(&entries) {
            entries.retain(|entry| !logs.contains(&entry.path));
            self.found.push((directory.to_owned(), Ok(Histories::Logs(kind, logs))));
        }
        let run = RunFiles::of(&entries);
        let is_run = run.is_run();
        let history = run.history;
        if is_run && history.is_none() {
            self.found.push((directory.to_owned(), Err(no_history_of_run())));
        }
        for (at, Entry { path, is_directory }) in entries.into_iter().enumerate() {
            let is_passed_over = match artefact(&path) {
                _ if is_directory => is_run && path.file_name().is_some_and(|name| name == PARTS),
                Some(_) if is_run => history != Some(at),
                _ => is_in_run && !is_run && is_named_like_a_log(&path),
            };
            if is_passed_over {
                continue;
            }
            if is_directory {
                self.pending.push((path, is_run || is_in_run));
            } else if is_named_like_a_history(&path) {
                match fs::metadata(&path) {
                    Ok(metadata) if metadata.is_dir() => {}
                    Ok(metadata) if metadata.is_file() => {
                        self.found.push((path, Ok(Histories::One)))
                    }
                    Ok(_) => self.found.push((path, Err(no_file()))),
                    Err(error) => {
                        self.found.push((path, Err(unreadable("cannot read it", &error))));
                    }
                }
            }
        }
    }
}

/// An entry of a directory.
struct Entry {
    path: PathBuf,
    /// Whether it is a directory itself. Links to directories are not followed, so that a search
    /// ends, and Jepsen's `latest` and `current` do not repeat a run.
    is_directory: bool,
}

/// Whether this is the folder of a client in a report of etcd's robustness tests.
fn is_client(entry: &Entry) -> bool {
    let name = entry.path.file_name().and_then(|name| name.to_str());
    let number = name.and_then(|name| name.strip_prefix(CLIENT));
    entry.is_directory && number.is_some_and(|number| number.parse::<u64>().is_ok())
}

/// Returns the files with the operations of each client, in the order of their numbers, if these
/// are the entries of a report of etcd's robustness tests.
fn client_files(entries: &[Entry]) -> Vec<PathBuf> {
    let clients = entries.iter().filter(|entry| is_client(entry));
    let files = clients.map(|client| client.path.join(OPERATIONS));
    let mut files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
    // 2 comes before 10.
    files.sort_by_cached_key(|path| (path.as_os_str().len(), path.clone()));
    files
}

/// So many bytes show whose a log is.
const SHOWN: u64 = 64;

/// Returns the logs of sessions among these entries, and whose they are: if all files with such
/// names look alike, and not all are empty.
fn log_files(entries: &[Entry]) -> Option<(SessionLogs, Vec<PathBuf>)> {
    let (mut kinds, mut logs, mut is_empty) = (Vec::new(), Vec::new(), true);
    for entry in entries.iter().filter(|entry| !entry.is_directory) {
        let Some(name) = entry.path.file_name().and_then(|name| name.to_str()) else { continue };
        // No file with another name is one, whatever it holds.
        let is_named = name.ends_with(".log") && name.starts_with(['T', 'J']);
        if !is_named || !fs::metadata(&entry.path).is_ok_and(|metadata| metadata.is_file()) {
            continue;
        }
        let mut start = Vec::new();
        let read = fs::File::open(&entry.path)
            .and_then(|file| io::Read::read_to_end(&mut io::Read::take(file, SHOWN), &mut start));
        let kind = read.ok().and_then(|_| session_logs(name, &start));
        if let Some(kind) = kind {
            is_empty &= start.is_empty();
            kinds.push(kind);
            logs.push(entry.path.clone());
        }
    }
    let kind = *kinds.first()?;
    logs.sort();
    (kinds.iter().all(|other| *other == kind) && !is_empty).then_some((kind, logs))
}

/// Says what lies beside the operations of clients and is not read: watches see what was written,
/// and are no operations on it.
fn pass_over_others(name: &str, entries: &[Entry]) {
    let mut others: Vec<String> = Vec::new();
    for client in entries.iter().filter(|entry| is_client(entry)) {
        let mut files = Vec::new();
        let _ = list(&client.path, &mut files);
        let names = files.iter().filter_map(|file| file.path.file_name()?.to_str());
        others.extend(names.filter(|name| *name != OPERATIONS).map(str::to_owned));
    }
    let count = others.len();
    others.sort_unstable();
    others.dedup();
    if count > 0 {
        complain(&format!(
            "note: {}: {count} files of clients passed over ({}): only {OPERATIONS} holds \
             operations",
            printable(name),
            printable(&others.join(", "))
        ));
    }
}

/// Appends the entries of `directory`.
fn list(directory: &Path, entries: &mut Vec<Entry>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let is_directory = fs::symlink_metadata(&path)?.is_dir();
        entries.push(Entry { path, is_directory });
    }
    Ok(())
}

/// What Jepsen left of a run in a folder.
struct RunFiles {
    /// The position of the file that holds the history.
    history: Option<usize>,
    /// How many different files of Jepsen's there are, a history or not.
    count: usize,
    /// Whether one of them is called as nothing else is.
    has_mark: bool,
    /// Whether something else is named like a history.
    has_others: bool,
}

impl RunFiles {
    fn of(entries: &[Entry]) -> RunFiles {
        let files = || entries.iter().enumerate().filter(|(_, entry)| !entry.is_directory);
        let mut names: Vec<(&str, usize)> =
            files().filter_map(|(at, entry)| Some((artefact(&entry.path)?, at))).collect();
        // A compressed file comes behind the plain one, whose name is shorter.
        names.sort_unstable_by_key(|&(name, at)| (name, entries[at].path.as_os_str().len()));
        names.dedup_by_key(|&mut (name, _)| name);
        let named = |wanted: &str| names.iter().find(|&&(name, _)| name == wanted);
        RunFiles {
            history: HISTORIES.into_iter().find_map(named).map(|&(_, at)| at),
            count: names.len(),
            has_mark: MARKS.into_iter().any(|mark| named(mark).is_some()),
            has_others: files().any(|(_, Entry { path, .. })| {
                artefact(path).is_none() && is_named_like_a_history(path)
            }),
        }
    }

    /// Tells whether this is a run's folder: histories that somebody collected may be called
    /// `history.edn` and `history.txt`, too.
    fn is_run(&self) -> bool {
        self.count > 1 && (self.has_mark || !self.has_others)
    }
}

/// Returns which of Jepsen's files `path` is, compressed or not.
fn artefact(path: &Path) -> Option<&'static str> {
    let stem = without_compression(path.file_name()?.to_str()?);
    HISTORIES.into_iter().chain(MARKS).find(|&name| name == stem)
}

/// Tells whether `path` may be a log, which nodes leave in folders of their own, or what a checker
/// wrote down.
fn is_named_like_a_log(path: &Path) -> bool {
    is_named_like(path, &["log", "txt"])
}

fn is_named_like_a_history(path: &Path) -> bool {
    Format::READ.iter().any(|format| is_named_like(path, format.extensions()))
}

fn is_named_like(path: &Path, extensions: &[&str]) -> bool {
    // Bytes that are no UTF-8 do not matter to the ending.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let extension = without_compression(&name).rsplit_once('.');
    extension.is_some_and(|(_, extension)| extensions.contains(&extension))
}

fn without_compression(name: &str) -> &str {
    let stem = |extension| name.strip_suffix(extension)?.strip_suffix('.');
    COMPRESSED.into_iter().find_map(stem).unwrap_or(name)
}

/// The error about what is named like a history in a directory, and may never end.
fn no_file() -> Error {
    Error::new(
        Code::Unreadable,
        "this is a pipe or a device, which a directory's are not read from",
    )
    .hint("name it itself to read it, or give it another ending")
}

fn no_history_of_run() -> Error {
    Error::new(Code::Unreadable, "this Jepsen run has no history").hint(format!(
        "Jepsen writes it to {} or {}",
        HISTORIES[..HISTORIES.len() - 1].join(", "),
        HISTORIES[HISTORIES.len() - 1]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histories_are_known_by_their_endings() {
        let is_known = |name| is_named_like_a_history(Path::new(name));
        assert!(["a.jsonl", "runs/b.edn.gz", "c.csv.zst"].into_iter().all(is_known));
        assert!(!["Cargo.toml", "jsonl", "d.gz", ".."].into_iter().any(is_known));
    }

    #[test]
    fn a_run_is_known_by_what_only_jepsen_writes() {
        let is_run = |names: &[&str]| {
            let entry = |name: &&str| Entry { path: name.into(), is_directory: false };
            RunFiles::of(&names.iter().map(entry).collect::<Vec<_>>()).is_run()
        };
        assert!(is_run(&["history.edn", "results.edn"]));
        assert!(is_run(&["history.edn.gz", "jepsen.log.zst", "other.jsonl"]));
        assert!(is_run(&["history.txt", "jepsen.log"]));
        assert!(is_run(&["history.txt", "history.edn", "linear.svg"]));
        assert!(is_run(&["test.fressian", "results.edn"]));
        assert!(!is_run(&["history.edn", "history.txt", "history.csv", "a.jsonl"]));
        assert!(!is_run(&["results.edn", "results.edn.gz"]));
        assert!(!is_run(&["jepsen.log"]) && !is_run(&["my-history.edn", "results.edn"]));
    }
}
