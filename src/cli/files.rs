//! The one door for files that are written. A file takes its place when it is whole and on the
//! disk: who reads it meanwhile, or after a crash, finds the old one or the new one. Nothing is
//! written onto an input.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::{Builder, NamedTempFile};

use super::inputs::{Source, Sources};
use super::single::shown;

/// So many links lead from one to the other at most.
const LINKS: usize = 40;
/// How a file ends that has not taken its place.
const ENDING: &str = ".histcheck-tmp";
/// Of a name so many bytes are part of that of its temporary file: names have 255 at most.
const NAME: usize = 200;
/// Where the system does not tell which processes run, one that left a file behind for so long
/// does not.
const LEFT: Duration = Duration::from_secs(24 * 60 * 60);

/// A file that is being written, and takes its place when it is [finished](NewFile::finish).
pub(super) struct NewFile {
    writer: BufWriter<Kind>,
    place: PathBuf,
}

enum Kind {
    /// It has no name, so that nothing is left of it whatever happens.
    Nameless(File),
    /// It has another name, where the system has no files without one.
    Named(NamedTempFile),
    /// What is no usual file, such as a pipe, is written to as it is.
    Direct(File),
}

impl NewFile {
    /// A new file for `path`; what links lead to, if it is one.
    ///
    /// # Errors
    /// If there cannot be such a file, or the one that is there may not be written.
    pub(super) fn create(path: &Path) -> io::Result<NewFile> {
        let place = followed(path)?;
        #[cfg(unix)]
        if let Some(output) = output_of_this_process(&place) {
            return Ok(NewFile { writer: BufWriter::new(Kind::Direct(output?)), place });
        }
        let there = match fs::metadata(&place) {
            Ok(metadata) if metadata.is_dir() => {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
            }
            // This asks whether it may be written, too.
            Ok(_) => Some(OpenOptions::new().write(true).open(&place)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let permissions = match there {
            None => None,
            Some(there) => {
                let metadata = there.metadata()?;
                if !metadata.is_file() || is_open_elsewhere(&place) {
                    let writer = BufWriter::new(Kind::Direct(there));
                    return Ok(NewFile { writer, place });
                }
                Some(metadata.permissions())
            }
        };
        let directory = directory_of(&place);
        if !directory.is_dir() {
            let message = format!("there is no directory {}", shown(&directory));
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        remove_what_was_left(&place);
        let kind = create_beside(&place)?;
        if let Some(permissions) = permissions {
            kind.file().set_permissions(permissions)?;
        }
        Ok(NewFile { writer: BufWriter::new(kind), place })
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// If it cannot be written: then what was there before is there still.
    pub(super) fn finish(self) -> io::Result<()> {
        let NewFile { writer, place } = self;
        let kind = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        match kind {
            Kind::Direct(_) => return Ok(()),
            Kind::Named(file) => {
                file.as_file().sync_all()?;
                file.persist(&place).map_err(|error| error.error)?;
            }
            Kind::Nameless(file) => {
                file.sync_all()?;
                name(&file, &place)?;
            }
        }
        // That the name lasts, too, is more than every system offers.
        let _ = File::open(directory_of(&place)).and_then(|directory| directory.sync_all());
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Kind {
    fn file(&self) -> &File {
        match self {
            Kind::Nameless(file) | Kind::Direct(file) => file,
            Kind::Named(file) => file.as_file(),
        }
    }
}

impl Write for Kind {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

/// Writes `bytes` to `path`, all or nothing.
///
/// # Errors
/// As [`NewFile::create`] and [`NewFile::finish`].
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NewFile::create(path)?;
    file.write_all(bytes)?;
    file.finish()
}

/// Tells what is wrong with writing to the files of `targets`, each with the option that names it:
/// that one is an input or what standard output goes to, or that two are one.
pub(super) fn conflict(targets: &[(&str, Option<&Path>)], inputs: &Sources) -> Option<String> {
    let targets = targets.iter().filter_map(|&(option, path)| Some((option, path?)));
    let targets: Vec<(&str, &Path)> = targets.filter(|(_, path)| *path != Path::new("-")).collect();
    for (at, &(option, path)) in targets.iter().enumerate() {
        let shown = shown(path);
        let is_input = |source: &Source| match source {
            Source::Stdin => is_stream(path, io::stdin()),
            Source::File(input) => is_same(path, input),
            Source::Merged(inputs) | Source::Logs(_, _, inputs) => {
                inputs.iter().any(|input| is_same(path, input))
            }
        };
        if inputs.list.iter().any(|(_, source)| source.as_ref().is_ok_and(is_input)) {
            return Some(format!("{option} {shown} would overwrite the input; name another file"));
        }
        let is_direct = followed(path).is_ok_and(|place| is_open_elsewhere(&place));
        if !is_direct && is_stream(path, io::stdout()) {
            return Some(format!("{option} and standard output name the same file, {shown}"));
        }
        if let Some((other, _)) = targets[..at].iter().find(|(_, other)| is_same(path, other)) {
            return Some(format!("{option} and {other} name the same file, {shown}"));
        }
    }
    None
}

/// Whether two paths lead to one usual file, or to one place for it.
fn is_same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| {
        let place = followed(path).ok()?;
        let directory = fs::canonicalize(directory_of(&place)).ok()?;
        Some((directory, place.file_name()?.to_owned()))
    };
    let is_usual = |path: &Path| fs::metadata(path).map_or(true, |metadata| metadata.is_file());
    let same_place = || place(one).is_some_and(|place_of_one| Some(place_of_one) == place(other));
    is_usual(one) && (same_place() || is_linked(one, other))
}

/// Whether two paths are names of one file.
#[cfg(unix)]
fn is_linked(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path| fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
    identity(one).is_some_and(|identity_of_one| Some(identity_of_one) == identity(other))
}

/// Whether `path` is a usual file, and the one that `stream` comes from or goes to.
#[cfg(unix)]
fn is_stream(path: &Path, stream: impl std::os::fd::AsFd) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let own = stream.as_fd().try_clone_to_owned().map(File::from);
    let own = own.and_then(|own| own.metadata()).ok().filter(fs::Metadata::is_file);
    own.is_some() && own.map(identity) == fs::metadata(path).ok().map(identity)
}

#[cfg(not(unix))]
fn is_stream<S>(_: &Path, _: S) -> bool {
    false
}

#[cfg(not(unix))]
fn is_linked(_: &Path, _: &Path) -> bool {
    false
}

/// Whether `path` names a file by somebody who has it open.
fn is_open_elsewhere(path: &Path) -> bool {
    path.starts_with("/proc") || path.starts_with("/dev/fd")
}

/// The standard output or error of this process, if `place` names one of these: what was written to
/// it stays, and what others write comes behind.
#[cfg(unix)]
fn output_of_this_process(place: &Path) -> Option<io::Result<File>> {
    use std::os::fd::AsFd;
    let number = place.strip_prefix("/proc/self/fd").or_else(|_| place.strip_prefix("/dev/fd"));
    let descriptor = match number.ok()?.to_str()? {
        "1" => io::stdout().as_fd().try_clone_to_owned(),
        "2" => io::stderr().as_fd().try_clone_to_owned(),
        _ => return None,
    };
    Some(descriptor.map(File::from))
}

/// Where `path` leads, also if nothing is there.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        if is_open_elsewhere(&path) {
            // What such a link leads to may have no name.
            return Ok(path);
        }
        match fs::read_link(&path) {
            Ok(target) => path = directory_of(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("its links lead in a circle"))
}

fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// How the name of a temporary file for `place` starts.
fn start_of_name(place: &Path) -> io::Result<OsString> {
    let name = place.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let name = &name[..name.floor_char_boundary(NAME)];
    Ok(format!(".{name}.").into())
}

/// Removes temporary files for `place` of processes that were killed.
fn remove_what_was_left(place: &Path) {
    let (Ok(start), Ok(entries)) = (start_of_name(place), fs::read_dir(directory_of(place))) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let number = process_of(&name, &start);
        if number.is_some_and(|number| is_gone(number, &entry.path())) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The process that a temporary file belongs to, by its name.
fn process_of(name: &OsStr, start: &OsStr) -> Option<u32> {
    let rest = name.to_str()?.strip_prefix(start.to_str()?)?.strip_suffix(ENDING)?;
    rest.split('.').next()?.parse().ok()
}

/// Whether the process that left `file` does not run any more.
fn is_gone(process: u32, file: &Path) -> bool {
    if cfg!(target_os = "linux") {
        return !Path::new(&format!("/proc/{process}")).exists();
    }
    let modified = fs::metadata(file).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > LEFT))
}

fn create_beside(place: &Path) -> io::Result<Kind> {
    #[cfg(target_os = "linux")]
    if let Ok(file) = nameless(&directory_of(place)) {
        return Ok(Kind::Nameless(file));
    }
    let mut start = start_of_name(place)?;
    start.push(format!("{}.", std::process::id()));
    let mut builder = Builder::new();
    builder.prefix(&start).suffix(ENDING);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    Ok(Kind::Named(builder.tempfile_in(directory_of(place))?))
}

/// A file in `directory` that has no name so far.
#[cfg(target_os = "linux")]
fn nameless(directory: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    Ok(open(directory, flags, Mode::from_raw_mode(0o666))?.into())
}

/// Gives a file without a name that of `place`. If that is taken, it gets another first, since only
/// a rename replaces what is there.
#[cfg(target_os = "linux")]
fn name(file: &File, place: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    use std::os::fd::AsRawFd;
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    let link = |name: &Path| linkat(CWD, own.as_str(), CWD, name, AtFlags::SYMLINK_FOLLOW);
    match link(place) {
        Err(rustix::io::Errno::EXIST) => {}
        linked => return Ok(linked?),
    }
    let mut name = start_of_name(place)?;
    name.push(format!("{}{ENDING}", std::process::id()));
    let beside = place.with_file_name(name);
    let _ = fs::remove_file(&beside);
    link(&beside)?;
    fs::rename(&beside, place).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

#[cfg(not(target_os = "linux"))]
fn name(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The names in a directory, sorted.
    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_when_it_is_finished_and_not_before() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("out");
        for text in ["old", "new"] {
            let before = fs::read_to_string(&place).ok();
            let mut file = NewFile::create(&place).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            file.flush().unwrap();
            assert_eq!(fs::read_to_string(&place).ok(), before);
            file.finish().unwrap();
            assert_eq!(fs::read_to_string(&place).unwrap(), text);
            assert_eq!(names(directory.path()), ["out"]);
        }
        drop(NewFile::create(&place).unwrap());
        assert_eq!(names(directory.path()), ["out"], "what is not finished leaves nothing");
    }

    #[test]
    fn what_a_killed_process_left_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("out");
        // No process has such a number.
        for name in [".out.4294967295.histcheck-tmp", ".out.4294967295.x.histcheck-tmp"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let own = format!(".out.{}.histcheck-tmp", std::process::id());
        let others = [own.as_str(), ".other.4294967295.histcheck-tmp", ".out.tmp"];
        others.iter().for_each(|name| fs::write(directory.path().join(name), "").unwrap());
        remove_what_was_left(&place);
        assert_eq!(names(directory.path()).len(), others.len());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_also_where_they_lead_nowhere() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        symlink("target", path("link")).unwrap();
        symlink("link", path("other")).unwrap();
        for text in ["one", "two"] {
            replace(&path("other"), text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(path("target")).unwrap(), text);
            assert!(fs::symlink_metadata(path("link")).unwrap().is_symlink());
        }
        fs::set_permissions(path("target"), fs::Permissions::from_mode(0o640)).unwrap();
        replace(&path("link"), b"three").unwrap();
        let mode = fs::metadata(path("target")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        symlink("circle", path("circle")).unwrap();
        assert!(replace(&path("circle"), b"").is_err());
        assert!(replace(directory.path(), b"").is_err());
        assert!(replace(&path("missing/out"), b"").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_the_same_by_any_of_its_names() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("in"), "").unwrap();
        fs::hard_link(path("in"), path("hard")).unwrap();
        std::os::unix::fs::symlink("in", path("soft")).unwrap();
        for name in ["in", "hard", "soft", "../in"] {
            let name = match name.strip_prefix("../") {
                Some(name) => path("..").join(directory.path().file_name().unwrap()).join(name),
                None => path(name),
            };
            assert!(is_same(&name, &path("in")), "{}", name.display());
        }
        assert!(!is_same(&path("out"), &path("in")));
        assert!(is_same(&path("out"), &path("./out")), "also where nothing is there");
        assert!(!is_same(Path::new("/dev/null"), Path::new("/dev/null")), "no usual file");
    }
}
