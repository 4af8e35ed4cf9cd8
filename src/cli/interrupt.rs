//! Ctrl-C: the work ends where it is, and what is known is printed; a second one ends the program
//! at once.

use std::io::{self, ErrorKind, Read};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use histcheck::Progress;

use super::exit::Status;
use super::stderr::complain_at_once;

/// Work that is asked to stop has so long to do it; only what waits for others takes longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// While nothing comes from standard input, it is looked so often whether to go on.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Standard input is read in pieces of at most so many bytes, which is what a pipe holds, and of
/// which so many wait to be taken.
const PIECE: usize = 1 << 16;
const WAITING: usize = 64;

/// The exit status of a program that Ctrl-C ended, as shells have it.
const KILLED: i32 = 130;

/// From now on Ctrl-C asks those who tell `progress` to stop. Where the system does not allow that,
/// it ends the program, as usual.
pub(crate) fn listen(progress: Arc<Progress>) {
    let again = AtomicBool::new(false);
    let _ = ctrlc::set_handler(move || {
        if again.swap(true, Ordering::Relaxed) {
            process::exit(KILLED);
        }
        progress.cancel();
        // Nothing is to be done where there is no thread to be had.
        let _ = thread::Builder::new().spawn(|| {
            thread::sleep(PATIENCE);
            complain_at_once("error: interrupted, and what it waits for does not come");
            process::exit(Status::Undecided.code().into());
        });
    });
}

/// Standard input, which ends when somebody asks to stop, even while nothing comes.
pub(crate) struct Stdin {
    pieces: Receiver<io::Result<Vec<u8>>>,
    progress: Arc<Progress>,
    piece: Vec<u8>,
    taken: usize,
}

impl Stdin {
    /// Reads from a thread of its own.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub(crate) fn new(progress: Arc<Progress>) -> io::Result<Stdin> {
        let (sender, pieces) = mpsc::sync_channel(WAITING);
        let read = move || {
            let mut stdin = io::stdin().lock();
            loop {
                let mut piece = vec![0; PIECE];
                let read = match stdin.read(&mut piece) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    read => read,
                };
                let is_last = !matches!(read, Ok(1..));
                piece.truncate(*read.as_ref().unwrap_or(&0));
                // Whoever does not listen any more needs nothing.
                if sender.send(read.map(|_| piece)).is_err() || is_last {
                    return;
                }
            }
        };
        thread::Builder::new().name("stdin".to_owned()).spawn(read)?;
        Ok(Stdin { pieces, progress, piece: Vec::new(), taken: 0 })
    }

    /// The next piece; none at the end.
    fn next(&self) -> io::Result<Vec<u8>> {
        loop {
            match self.pieces.recv_timeout(LOOK_EVERY) {
                Ok(piece) => return piece,
                Err(RecvTimeoutError::Disconnected) => return Ok(Vec::new()),
                Err(RecvTimeoutError::Timeout) if self.progress.is_cancelled() => {
                    return Ok(Vec::new());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Read for Stdin {
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
