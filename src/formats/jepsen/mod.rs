//! `test.jepsen`, the binary file of a Jepsen run: blocks of Fressian. It is read as the text that
//! `history.edn` of the same run has, so that a field means the same in both, and an error can show
//! the record that it is about.
//!
//! `file` finds blocks, `fressian` reads values from them, `print` writes these as EDN.
//! `results` reads what Jepsen itself found, from the text beside it.

mod datum;
mod file;
mod fressian;
mod print;
mod results;

#[cfg(test)]
mod tests;

use std::vec;

use super::Format;
use super::edn;
use super::row::Row;
use crate::budget::Meter;
use crate::error::{Code, Error};
use datum::{Datum, Tag};
use file::{Block, File, Kind, damaged};
use fressian::{Fressian, Sequence};
use print::Text;

pub(super) use file::SHOWN;
pub use file::is_jepsen;
pub use results::jepsen_valid;

/// So much text is made at a time, in bytes.
const PART: usize = 1 << 16;
/// The text of a record may have so many bytes,
const RECORD: usize = 1 << 16;
/// and so many for each byte that it has in the file: only a file that is made for it repeats
/// values that are longer than the words of a test.
const TIMES: usize = 1 << 10;
/// So many parts a map may be in.
const MAX_PARTS: usize = 1 << 10;

/// `test.jepsen`, which is not written.
pub(super) static FORMAT: Row = Row {
    name: "jepsen",
    about: "`test.jepsen`, the binary file of a Jepsen run",
    extensions: &["jepsen"],
    // It is no text; what it is read as, is known to be of it.
    sniff: |_| None,
    reader: edn::FORMAT.reader,
    write: edn::FORMAT.write,
    losses: |_| Vec::new(),
};

/// Returns the format of an input that is the transcript of bytes in the format `binary`, if it is
/// one, where `given` was asked for; `None` if it has to be found out.
pub(super) fn format(
    given: Option<Format>,
    binary: Option<Format>,
) -> Result<Option<Format>, Error> {
    let wrong = |message: String| {
        let error = Error::new(Code::UnknownFormat, message);
        Err(error.hint("without --input-format, the format is found out"))
    };
    match (given, binary) {
        (None, Some(binary)) => Ok(Some(binary)),
        (Some(other), Some(binary)) if other == binary => Ok(given),
        (Some(other), Some(Format::Jepsen)) => {
            wrong(format!("this is a file of Jepsen's, not {}", other.name()))
        }
        (Some(other), Some(binary)) => {
            wrong(format!("this is the format {}, not {}", binary.name(), other.name()))
        }
        (Some(Format::Jepsen), None) => {
            wrong("this is no file of Jepsen's, which starts with JEPSEN".to_owned())
        }
        (given, None) => Ok(given),
    }
}

/// The text of the history in a file.
pub(super) struct Transcript {
    file: File,
    /// The blocks that are left, each with the position of its first record, if that is known.
    chunks: vec::IntoIter<(Option<u64>, u32)>,
    /// The block that is being read.
    values: Option<(Fressian, Sequence)>,
    /// How many records there should be, if that is known, and how many there were.
    expected: Option<u64>,
    records: u64,
    /// Text that was made and not taken yet, from `taken` on.
    text: String,
    taken: usize,
}

impl Transcript {
    /// Returns the transcript of the file that consists of `bytes`.
    pub(super) fn new(bytes: Vec<u8>) -> Result<Transcript, Error> {
        let file = File::open(bytes)?;
        let root = file.block(file.root)?;
        let history = history_of(&file, &root)?;
        let block = file.block(history)?;
        let (mut chunks, mut expected) = (vec![(None, history)], None);
        if block.kind == Kind::Vector {
            (chunks, expected) = chunks_of(&file, &block)?;
            if root.at < block.at && !file.is_compacted() {
                // Jepsen writes the test once more when its history is complete.
                return Err(unfinished());
            }
        }
        let chunks = chunks.into_iter();
        let (text, taken) = (String::new(), 0);
        Ok(Transcript { file, chunks, values: None, expected, records: 0, text, taken })
    }

    /// Appends all text to `text`, up to one byte more than there may be.
    pub(super) fn read_all(mut self, meter: &Meter, text: &mut Vec<u8>) -> Result<(), Error> {
        while text.len() <= meter.memory_limit() && self.fill(meter)? {
            text.extend_from_slice(self.text.as_bytes());
        }
        Ok(())
    }

    /// Reads as much into `room` as is there; 0 at the end.
    pub(super) fn read(&mut self, room: &mut [u8], meter: &Meter) -> Result<usize, Error> {
        if self.taken == self.text.len() && !self.fill(meter)? {
            return Ok(0);
        }
        let rest = &self.text.as_bytes()[self.taken..];
        let count = rest.len().min(room.len());
        room[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }

    /// Makes the next part of the text. Returns false if there is none.
    fn fill(&mut self, meter: &Meter) -> Result<bool, Error> {
        meter.check_reading()?;
        self.text.clear();
        self.taken = 0;
        while self.text.len() < PART {
            let Some((record, at, len)) = self.next_record()? else { break };
            let most = self.text.len().saturating_add(RECORD + len.saturating_mul(TIMES));
            let memory = meter.memory_limit();
            let mut text = Text { out: &mut self.text, most, memory };
            text.record(&record).map_err(|why| why.error(at))?;
        }
        Ok(!self.text.is_empty())
    }

    /// Returns the next record, where it starts, and how long it is.
    fn next_record(&mut self) -> Result<Option<(Datum, usize, usize)>, Error> {
        loop {
            let bytes = self.file.bytes();
            if let Some((values, sequence)) = &mut self.values {
                let at = values.at();
                if let Some(record) = values.next(bytes, sequence)? {
                    self.records += 1;
                    return Ok(Some((record, at, values.at() - at)));
                }
                self.values = None;
            }
            let Some((first, id)) = self.chunks.next() else {
                return match self.expected {
                    Some(expected) if expected != self.records => Err(self.miscounted(expected)),
                    _ => Ok(None),
                };
            };
            if let Some(first) = first.filter(|&first| first != self.records) {
                return Err(self.miscounted(first));
            }
            let block = self.file.block(id)?;
            let mut values = Fressian::new(&block.data);
            let sequence = match block.kind {
                Kind::Stream => Some(Sequence::Block),
                Kind::Value => values.list(bytes)?,
                _ => return Err(damaged(block.at, "a part of the history belongs here")),
            };
            if sequence.is_none() {
                // What Jepsen writes before there is a history.
                return Err(unfinished());
            }
            self.values = sequence.map(|sequence| (values, sequence));
        }
    }

    fn miscounted(&self, expected: u64) -> Error {
        let message = format_args!("{} records are there, and {expected} expected", self.records);
        damaged(self.file.index_at, message)
    }
}

/// Returns the number of the block that holds the history of the test in `root`.
fn history_of(file: &File, root: &Block) -> Result<u32, Error> {
    let mut block = Block { kind: root.kind, at: root.at, data: root.data.clone() };
    for _ in 0..MAX_PARTS {
        let mut data = block.data.clone();
        let rest = match block.kind {
            Kind::Value => 0,
            Kind::PartialMap => {
                data.start += 4;
                file.u32_at(block.data.start)?
            }
            _ => return Err(damaged(block.at, "the test belongs here")),
        };
        if data.start > data.end {
            return Err(damaged(block.at, "a part of a map has no data"));
        }
        let test = Fressian::new(&data).value(file.bytes())?;
        match test.get("history") {
            Some(Datum::Struct(Tag::BlockRef, node)) => {
                let id = node.items.first().and_then(|id| match id {
                    Datum::Int(id) => u32::try_from(*id).ok(),
                    _ => None,
                });
                return id.ok_or_else(|| damaged(block.at, "the history is in no block"));
            }
            None if rest != 0 => block = file.block(rest)?,
            _ => return Err(unfinished()),
        }
    }
    Err(damaged(block.at, "a map is in too many parts"))
}

/// The position of the first record of each chunk, and its block; and how many records there are.
type Chunks = (Vec<(Option<u64>, u32)>, Option<u64>);

/// Returns the chunks of the vector in `block`.
fn chunks_of(file: &File, block: &Block) -> Result<Chunks, Error> {
    if block.data.len() < 8 {
        return Err(damaged(block.at, "a vector has no number of values"));
    }
    let count = file.u64_at(block.data.start)?;
    let mut chunks = Vec::new();
    let mut at = block.data.start + 8;
    while at < block.data.end {
        if block.data.end - at < 12 {
            return Err(damaged(at, "a vector ends inside the place of a part"));
        }
        chunks.push((Some(file.u64_at(at)?), file.u32_at(at + 8)?));
        at += 12;
    }
    // A part comes once, so that the text is no longer than the file makes it.
    let mut blocks: Vec<u32> = chunks.iter().map(|&(_, id)| id).collect();
    blocks.sort_unstable();
    if blocks.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(damaged(block.at, "a vector has the same part twice"));
    }
    Ok((chunks, Some(count)))
}

/// The error about a run whose history is not complete.
fn unfinished() -> Error {
    Error::new(Code::Truncated, "Jepsen's file holds no complete history: the run did not end")
        .hint("the history so far may be in `jepsen.log`")
}
