//! Bytes that are counted as they are read, for those who want to know how far that is.

use std::io::{self, Read};

use crate::progress::Progress;

/// Another reader, of which `progress` is told how many bytes came out.
pub(super) struct Counted<'p, R> {
    inner: R,
    progress: Option<&'p Progress>,
}

impl<'p, R: Read> Counted<'p, R> {
    /// `inner`, counted if there is somebody to tell.
    pub(super) fn new(inner: R, progress: Option<&'p Progress>) -> Self {
        Counted { inner, progress }
    }
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if let Some(progress) = self.progress {
            progress.advance(count as u64);
        }
        Ok(count)
    }
}
