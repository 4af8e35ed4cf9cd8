//! Histories beyond memory: their operations are put on a disk, by key, and keys come back a few
//! at a time to be decided. Linearizability is local (Herlihy and Wing 1990), so that the verdict
//! is the same; so is the report, but for what needs all operations at once.
//!
//! It takes events with keys, ordered by their records. Memory is bounded by the keys, a few of
//! them with their operations, and what is open.

mod code;
mod decide;
mod gather;
mod kept;
mod load;
mod scratch;
mod stored;
#[cfg(test)]
mod tests;
mod view;

use std::fs::File;
use std::io::Read;

use crate::check::Options;
use crate::error::{Code, Error, Place};
use crate::formats::stream::Stream;
use crate::formats::{Format, Input, ReadOptions};
use crate::history::{Independent, Record, ValueTable};
use crate::progress::Phase;
use scratch::Scratch;
pub use view::Checked;

/// With less memory, one thread reads.
const SMALL: usize = 256 << 20;

/// How to check a history beyond memory.
#[derive(Clone, Debug)]
pub struct SpillOptions {
    /// About how many bytes of memory all of it may take.
    pub memory: usize,
    /// Operations that take no more than about so many bytes are kept, all of them, to explain what
    /// failed.
    pub keeps_all: usize,
    /// Whether values are tuples `[key value]`.
    pub independent: Independent,
    /// How the input is read; the memory of this budget is for one record.
    pub read: ReadOptions,
}

/// Why there is no report.
#[derive(Debug)]
pub enum Stopped {
    /// Only a history in memory can be checked in this case: it has no keys, or its records tell
    /// both ends of operations.
    Unfit,
    /// The input is no history, or a limit ended the reading. If the line is there that it is
    /// about, it is an input of its own, and the error's place is in it.
    Failed(Box<Error>, Option<Box<Input>>),
    /// The model refuses an operation. The error names its record.
    Refused(Box<Error>),
}

impl Stopped {
    /// `error` of `stream`.
    fn of<R: Read>(error: Error, stream: &Stream<R>) -> Stopped {
        let is_of_bytes = matches!(
            error.code,
            Code::Unreadable | Code::NotUtf8 | Code::UnknownFormat | Code::Compression
        );
        match stream.excerpt(&error).filter(|_| !is_of_bytes) {
            Some((input, shown)) => Stopped::Failed(Box::new(shown), Some(Box::new(input))),
            None => Stopped::Failed(Box::new(error), None),
        }
    }
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Stopped {
        Stopped::Failed(Box::new(error), None)
    }
}

/// Checks the history that `reader` yields, as [`check`](crate::check()) would. Its operations
/// wait in `file`, which is empty and nobody else's. `values` has the options' initial value, if
/// they give one.
///
/// # Errors
/// If the history cannot be checked so, is none, or the model refuses an operation.
pub fn check(
    reader: impl Read,
    file: File,
    values: ValueTable,
    options: &Options,
    spill: &SpillOptions,
) -> Result<Checked, Stopped> {
    // Several threads hold more at a time.
    let threads = if spill.memory < SMALL { 1 } else { spill.read.threads };
    let read = ReadOptions { threads, ..spill.read.clone() };
    let stream = Stream::new(reader, read).with_lines();
    let scratch = Scratch::new(file, spill.memory);
    let most = options.budget.memory.unwrap_or(usize::MAX);
    options.enter(Phase::Loading, 0);
    let gathered = gather::gather(stream, scratch, values, spill, most)?;
    let options = &Options { budget: options.budget.started(), ..options.clone() };
    let decided = decide::decide(gathered, options, spill);
    options.enter(Phase::Idle, 0);
    Ok(Checked::new(decided?))
}

/// Whether a history that starts with the bytes of `reader` may be checked beyond memory: its first
/// operation has a key, by a field or by what looks like a tuple. Nothing larger than the memory of
/// `read` is held.
pub fn has_keys(reader: impl Read, read: &ReadOptions, independent: Independent) -> bool {
    let mut stream = Stream::new(reader, ReadOptions { threads: 1, ..read.clone() });
    loop {
        // The bytes may end in the middle of a record: what comes before counts.
        let read = stream.next();
        let window = stream.window();
        if let Some(operation) = window.operations().first() {
            let may_be_tuple = independent != Independent::No
                && crate::history::has_tuple(window.history.values(), operation);
            return operation.key.is_some() || may_be_tuple;
        }
        if !matches!(read, Ok(true)) {
            return false;
        }
        stream.forget(|_| {});
    }
}

/// The place of `record` in the text that `reader` yields, and the text of its line, found by
/// reading it once more.
pub fn locate(reader: impl Read, format: Option<Format>, record: Record) -> Option<(Input, Place)> {
    let mut stream = Stream::new(reader, format.into());
    while stream.next().ok()? {
        if stream.records() > record.index() {
            let located = stream.located(Error::new(Code::BadOperation, "").record(record));
            let (input, shown) = stream.excerpt(&located)?;
            return Some((input, shown.place?));
        }
        stream.forget(|_| {});
    }
    None
}
