//! Input that may not come for long, or never: standard input, named pipes, devices. It ends when
//! somebody asks to stop, or when the time is up; its reader then asks why.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use histcheck::Progress;
use histcheck::formats::is_compressed;

/// While nothing comes, it is looked so often whether to go on.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Whoever is impatient waits for so long.
const PATIENCE: Duration = Duration::from_millis(500);

/// It is read in pieces of at most so many bytes, which is what a pipe holds, and of which so many
/// wait to be taken.
const PIECE: usize = 1 << 16;
const WAITING: usize = 64;

/// Input that is read by a thread of its own.
pub(crate) struct Awaited {
    /// The first one is empty: it was opened.
    pieces: Receiver<io::Result<Vec<u8>>>,
    progress: Arc<Progress>,
    deadline: Option<Instant>,
    piece: Vec<u8>,
    taken: usize,
    /// How long it is waited for more, once there was something, before it is said that nothing is
    /// there.
    patience: Option<Duration>,
}

/// With fewer bytes nobody knows whether they are compressed.
const MAGIC: usize = 8;

/// Whether what `path` names is a file whose bytes are there.
pub(crate) fn is_at_hand(path: &Path) -> bool {
    // Whether there is any such is told by opening it.
    fs::metadata(path).map_or(true, |metadata| metadata.is_file() || metadata.is_dir())
}

impl Awaited {
    /// Standard input, until `deadline`, or until somebody tells `progress` to stop.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub(crate) fn stdin(progress: Arc<Progress>, deadline: Option<Instant>) -> io::Result<Awaited> {
        Awaited::of(|| Ok(io::stdin().lock()), progress, deadline)
    }

    /// The same of what is called `path`.
    ///
    /// # Errors
    /// If it cannot be opened, or there is no thread to be had.
    pub(crate) fn open(
        path: &Path,
        progress: Arc<Progress>,
        deadline: Option<Instant>,
    ) -> io::Result<Awaited> {
        let path = path.to_owned();
        Awaited::of(move || File::open(path), progress, deadline)
    }

    fn of<R: Read>(
        open: impl FnOnce() -> io::Result<R> + Send + 'static,
        progress: Arc<Progress>,
        deadline: Option<Instant>,
    ) -> io::Result<Awaited> {
        let (sender, pieces) = mpsc::sync_channel(WAITING);
        let read = move || {
            let mut reader = match open() {
                Ok(reader) => reader,
                Err(error) => return drop(sender.send(Err(error))),
            };
            // Whoever does not listen any more needs nothing.
            let mut goes_on = sender.send(Ok(Vec::new())).is_ok();
            while goes_on {
                let mut piece = vec![0; PIECE];
                let read = match reader.read(&mut piece) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    read => read,
                };
                let is_last = !matches!(read, Ok(1..));
                piece.truncate(*read.as_ref().unwrap_or(&0));
                goes_on = sender.send(read.map(|_| piece)).is_ok() && !is_last;
            }
        };
        thread::Builder::new().name("input".to_owned()).spawn(read)?;
        let (piece, taken, patience) = (Vec::new(), 0, None);
        let awaited = Awaited { pieces, progress, deadline, piece, taken, patience };
        awaited.next()?;
        Ok(awaited)
    }

    /// The same input, which says that nothing is there ([`ErrorKind::WouldBlock`]) after a while
    /// without any; not if it is compressed, since a text may end anywhere, but not so its frames.
    pub(crate) fn impatient(mut self) -> io::Result<Awaited> {
        while self.piece.len() < MAGIC {
            match self.next()? {
                more if more.is_empty() => return Ok(self),
                more => self.piece.extend(more),
            }
        }
        if !is_compressed(&self.piece) {
            self.patience = Some(PATIENCE);
        }
        Ok(self)
    }

    /// The next piece; none at the end.
    fn next(&self) -> io::Result<Vec<u8>> {
        let start = Instant::now();
        loop {
            let left = self.deadline.map(|at| at.saturating_duration_since(Instant::now()));
            match self.pieces.recv_timeout(left.unwrap_or(LOOK_EVERY).min(LOOK_EVERY)) {
                Ok(piece) => return piece,
                Err(RecvTimeoutError::Disconnected) => return Ok(Vec::new()),
                Err(RecvTimeoutError::Timeout) => {
                    if self.progress.is_cancelled() || left == Some(Duration::ZERO) {
                        return Ok(Vec::new());
                    }
                    if self.patience.is_some_and(|patience| start.elapsed() >= patience) {
                        return Err(ErrorKind::WouldBlock.into());
                    }
                }
            }
        }
    }
}

impl Read for Awaited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.piece.len() {
            self.piece = self.next()?;
            self.taken = 0;
        }
        let count = buffer.len().min(self.piece.len() - self.taken);
        buffer[..count].copy_from_slice(&self.piece[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }
}
