//! The file in which operations wait for their turn: blocks of entries, each of the keys of one
//! group, one behind the other as they fill.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::error::{Code, Error};

/// So many groups of keys there are.
pub(super) const GROUPS: usize = 256;
/// A block has about so many bytes,
const BLOCK: usize = 1 << 16;
/// or fewer, if all together would take too much of the memory.
const SHARE: usize = 32;

/// A file that nobody else knows, and what is where in it.
pub(super) struct Scratch {
    file: File,
    len: u64,
    /// What is to be written of each group.
    pending: Vec<Vec<u8>>,
    /// The blocks of each group: where they start, and how long they are.
    blocks: Vec<Vec<(u64, u32)>>,
    block: usize,
}

impl Scratch {
    /// An empty one; `memory` is what all may take.
    pub(super) fn new(file: File, memory: usize) -> Scratch {
        Scratch {
            file,
            len: 0,
            pending: vec![Vec::new(); GROUPS],
            blocks: vec![Vec::new(); GROUPS],
            block: (memory / SHARE / GROUPS).clamp(1 << 10, BLOCK),
        }
    }

    /// The group of key number `key`.
    pub(super) fn group(key: u32) -> usize {
        key as usize % GROUPS
    }

    /// Adds an entry of key number `key`, which `write` appends; how many bytes it has.
    pub(super) fn add(&mut self, key: u32, write: impl FnOnce(&mut Vec<u8>)) -> Result<u64, Error> {
        let group = Self::group(key);
        let pending = &mut self.pending[group];
        let before = pending.len();
        write(pending);
        let added = (pending.len() - before) as u64;
        if pending.len() >= self.block {
            self.flush(group)?;
        }
        Ok(added)
    }

    fn flush(&mut self, group: usize) -> Result<(), Error> {
        let pending = &mut self.pending[group];
        let written =
            self.file.seek(SeekFrom::Start(self.len)).and_then(|_| self.file.write_all(pending));
        written.map_err(|error| failed("write", &error))?;
        self.blocks[group].push((self.len, pending.len() as u32));
        self.len += pending.len() as u64;
        pending.clear();
        Ok(())
    }

    /// Says that nothing more will be added, and gives back the room for it.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        for group in 0..GROUPS {
            if !self.pending[group].is_empty() {
                self.flush(group)?;
            }
            self.pending[group] = Vec::new();
        }
        Ok(())
    }

    /// Shows `see` the blocks of `group`, in the order in which they were written; each has whole
    /// entries.
    pub(super) fn read(
        &mut self,
        group: usize,
        mut see: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut block = Vec::new();
        for &(start, len) in &self.blocks[group] {
            block.resize(len as usize, 0);
            let read = self.file.seek(SeekFrom::Start(start));
            read.and_then(|_| self.file.read_exact(&mut block))
                .map_err(|error| failed("read", &error))?;
            see(&block)?;
        }
        Ok(())
    }
}

fn failed(what: &str, error: &io::Error) -> Error {
    Error::new(Code::Unreadable, format!("cannot {what} the temporary file: {error}")).hint(
        "what does not fit --max-memory is put there; TMPDIR names a directory on a disk with more \
         room",
    )
}

/// The error about entries that are not what was written.
pub(super) fn damaged() -> Error {
    failed("read", &io::Error::from(io::ErrorKind::InvalidData))
}
