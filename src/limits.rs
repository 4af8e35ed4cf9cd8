//! The limits of reading: how many bytes, and until when.

use std::sync::Arc;
use std::time::Instant;

use crate::error::{Code, Error};
use crate::progress::{Phase, Progress};

/// How much of an input may be read, and until when; and where to report the progress.
///
/// ```
/// use histcheck::Limits;
/// let limits = Limits { max_bytes: 1 << 30, ..Limits::default() };
/// assert_eq!(limits.deadline, None);
/// ```
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest size of the input and of its decompressed text, in bytes.
    pub max_bytes: usize,
    /// When to give up.
    pub deadline: Option<Instant>,
    /// Counts the bytes that were read, and carries the request to stop.
    pub progress: Option<Arc<Progress>>,
}

impl Default for Limits {
    /// Returns no limits.
    fn default() -> Limits {
        Limits { max_bytes: usize::MAX, deadline: None, progress: None }
    }
}

impl From<usize> for Limits {
    /// Limits the size to `max_bytes`, at any time.
    fn from(max_bytes: usize) -> Limits {
        Limits { max_bytes, ..Limits::default() }
    }
}

impl Limits {
    /// Reports that `phase` begins, with so many bytes to do (0 if that is not known).
    pub(crate) fn enter(&self, phase: Phase, bytes: u64) {
        if let Some(progress) = &self.progress {
            progress.enter(phase, bytes);
        }
    }

    /// Checks whether there is time left, and nobody asked to stop.
    pub(crate) fn check_time(&self) -> Result<(), Error> {
        check_time(self.deadline, self.progress.as_deref())
    }

    /// Checks whether so many `bytes` may be read.
    pub(crate) fn check_size(&self, bytes: u64) -> Result<(), Error> {
        let max_bytes = self.max_bytes;
        if bytes <= max_bytes as u64 {
            return Ok(());
        }
        Err(Error::new(Code::TooLarge, format!("the text is larger than {max_bytes} bytes"))
            .hint("raise --max-memory"))
    }
}

/// Checks whether `deadline` is still to come, and `progress` carries no request to stop.
pub(crate) fn check_time(
    deadline: Option<Instant>,
    progress: Option<&Progress>,
) -> Result<(), Error> {
    if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
        return Err(Error::new(Code::TimeUp, "the time was up before the input was read")
            .hint("raise --timeout"));
    }
    if progress.is_some_and(Progress::is_cancelled) {
        return Err(Error::new(Code::Cancelled, "it was cancelled before the input was read"));
    }
    Ok(())
}
