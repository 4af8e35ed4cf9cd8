//! Where the text that is there may be cut: behind a record that is complete.

use crate::formats::row::Reader;

/// A record that is longer, in bytes, is not read anew at every byte that could end it.
const LONG: usize = 1 << 18;
/// With so many bytes that could not be cut, the reader is asked whether they are well-formed.
const SUSPECT: usize = 1 << 20;

/// Looks for places to cut at, at every byte once.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    /// So many bytes were looked at.
    scanned: usize,
    /// Behind the last record that is complete; 0 if there is none.
    cut: usize,
    /// So many bytes are known to end within a record.
    incomplete: usize,
}

impl Cutter {
    /// Returns how many of the bytes `text` to read, if any record ends in them.
    pub(super) fn cut(&mut self, text: &[u8], reader: &mut dyn Reader) -> Option<usize> {
        if text.len() < self.scanned {
            // Of a record longer than a block more may have been there before.
            return None;
        }
        let from = std::mem::replace(&mut self.scanned, text.len());
        self.cut = reader.cut(text, from).unwrap_or(self.cut);
        let enough = match self.incomplete {
            incomplete if incomplete > LONG => incomplete + incomplete / 4,
            incomplete => incomplete + 1,
        };
        if self.cut >= enough {
            return Some(self.cut);
        }
        if text.len() < SUSPECT.max(2 * self.incomplete) {
            return None;
        }
        reader.suspect(text).filter(|&cut| cut > self.incomplete)
    }

    /// Goes on behind the first `done` of `len` bytes that were read; a record starts there.
    pub(super) fn passed(&mut self, done: usize, len: usize) {
        self.scanned = self.scanned.saturating_sub(done);
        self.cut = self.cut.saturating_sub(done);
        self.incomplete = len - done;
    }
}
