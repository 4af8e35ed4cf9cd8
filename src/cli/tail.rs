//! A file that somebody still writes, read as `tail -F` does: at its end more is waited for, and
//! when it is rotated, the new file of its name goes on.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use histcheck::Progress;
use histcheck::formats::{is_compressed, is_jepsen};

use super::stderr::lock;

/// At the end it is looked so often whether there is more.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Whoever waits is told after so long that nothing is there yet.
const PATIENCE: Duration = Duration::from_millis(500);
/// So many bytes show what a file is.
const MAGIC: usize = 64;

/// How long a file is waited for.
#[derive(Clone)]
pub(super) struct Waiting {
    /// Asks to stop.
    pub(super) progress: Arc<Progress>,
    /// When the time is up.
    pub(super) deadline: Option<Instant>,
    /// How long nothing may come before that is the end.
    pub(super) idle: Option<Duration>,
}

impl Waiting {
    /// Whether it is over, if nothing came since `last`.
    fn is_over(&self, last: Instant) -> bool {
        self.progress.is_cancelled()
            || self.deadline.is_some_and(|at| at <= Instant::now())
            || self.idle.is_some_and(|idle| last.elapsed() >= idle)
    }
}

/// The rotations that were seen and not told yet: how many bytes had been read by then.
pub(super) type Rotations = Arc<Mutex<Vec<u64>>>;

/// A file that is waited for.
pub(super) struct Tail {
    path: PathBuf,
    file: File,
    waiting: Waiting,
    /// How many bytes of this file, and of all, were read.
    position: u64,
    total: u64,
    /// Whether the last byte ended a line.
    at_line_start: bool,
    /// When something came last.
    last: Instant,
    rotations: Rotations,
}

impl Tail {
    /// Opens the file at `path`; `rotations` is told when another one takes its place.
    ///
    /// # Errors
    /// If it cannot be read, or is compressed or binary, so that nobody can add to it.
    pub(super) fn open(path: &Path, waiting: Waiting, rotations: Rotations) -> io::Result<Tail> {
        let mut start = Vec::new();
        File::open(path)?.take(MAGIC as u64).read_to_end(&mut start)?;
        if is_compressed(&start) || is_jepsen(&start) {
            let what =
                "a compressed or binary file cannot be waited for: leave out --wait and --idle";
            return Err(io::Error::other(what));
        }
        Ok(Tail {
            path: path.to_owned(),
            file: File::open(path)?,
            waiting,
            position: 0,
            total: 0,
            at_line_start: true,
            last: Instant::now(),
            rotations,
        })
    }

    /// Reads what is there.
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = loop {
            match self.file.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if count > 0 {
            self.position += count as u64;
            self.total += count as u64;
            self.at_line_start = buffer[count - 1] == b'\n';
            self.last = Instant::now();
        }
        Ok(count)
    }

    /// Looks at the end of the file whether it is still the one of its name. Returns whether
    /// another one is.
    ///
    /// # Errors
    /// If it became shorter: nobody knows what it held that was not read.
    fn is_rotated(&self) -> io::Result<bool> {
        let own = self.file.metadata()?;
        if own.len() < self.position {
            return Err(io::Error::other(format!(
                "the file was truncated after {} bytes of it were read, so that records may be \
                 lost; rotate it by renaming it instead",
                self.position
            )));
        }
        // Between two names there may be none.
        let Ok(named) = fs::metadata(&self.path) else { return Ok(false) };
        Ok(named.is_file() && identity(&named) != identity(&own))
    }

    /// Goes on with the file that has the name now.
    fn turn(&mut self) -> io::Result<()> {
        self.file = File::open(&self.path)?;
        self.position = 0;
        self.last = Instant::now();
        lock(&self.rotations).push(self.total);
        Ok(())
    }
}

impl Read for Tail {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let start = Instant::now();
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let count = self.read_some(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            if self.is_rotated()? {
                // What was written before the new file was made is there by now.
                let count = self.read_some(buffer)?;
                if count > 0 {
                    return Ok(count);
                }
                self.turn()?;
                if !self.at_line_start {
                    // A record does not go on in another file.
                    self.at_line_start = true;
                    buffer[0] = b'\n';
                    return Ok(1);
                }
                continue;
            }
            if self.waiting.is_over(self.last) {
                return Ok(0);
            }
            if start.elapsed() >= PATIENCE {
                return Err(ErrorKind::WouldBlock.into());
            }
            thread::sleep(LOOK_EVERY);
        }
    }
}

/// What tells a file from another one that takes its name.
#[cfg(unix)]
fn identity(metadata: &Metadata) -> impl PartialEq + use<> {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// What tells a file from another one that takes its name.
#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> impl PartialEq + use<> {
    metadata.created().ok()
}

/// A reader that says now and then that nothing is there yet, which is the end after a while.
pub(super) struct Patient<R> {
    pub(super) reader: R,
    pub(super) waiting: Waiting,
    pub(super) last: Instant,
}

impl<R: Read> Read for Patient<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer);
        match &read {
            Ok(1..) => self.last = Instant::now(),
            Err(error)
                if error.kind() == ErrorKind::WouldBlock && self.waiting.is_over(self.last) =>
            {
                return Ok(0);
            }
            _ => {}
        }
        read
    }
}
