//! The blocks of a file: a header, blocks with checksums in any order, and an index that says where
//! each of them is. The format is that of `jepsen.store.format`, in versions 0 and 1.
//!
//! Every number is big-endian. The header is `JEPSEN`, the version (32 bits) and the offset of the
//! index (64 bits). A block is its length with all that belongs to it (64 bits), a checksum (32
//! bits), its type (16 bits), 14 bytes of nothing, and its data: Jepsen's documentation counts 16
//! bits for the type, and its code leaves 16 bytes for it.

use std::ops::Range;

use flate2::Crc;

use crate::error::{Code, Error};

/// How a file starts.
const MAGIC: &[u8] = b"JEPSEN";
/// How many bytes at the start of an input show that it is such a file.
pub(in crate::formats) const SHOWN: usize = 8;
/// Where the version is, the offset of the index, and the first block.
const VERSION: usize = 6;
const INDEX: usize = 10;
const FIRST: usize = 18;
/// The bytes of a block before its data.
const HEADER: usize = 28;
/// The newest version.
const NEWEST: u32 = 1;

/// Tells whether what starts with `bytes`, 8 of which are enough, is the binary file of a Jepsen
/// run.
pub fn is_jepsen(bytes: &[u8]) -> bool {
    // No text goes on with zeros, as the version does.
    let version = bytes.strip_prefix(MAGIC).map(|rest| &rest[..rest.len().min(2)]);
    version.is_some_and(|version| !version.is_empty() && version.iter().all(|&byte| byte == 0))
}

/// Returns the error about what is wrong at byte `at` of a file.
pub(super) fn damaged(at: usize, message: impl std::fmt::Display) -> Error {
    Error::new(Code::Damaged, format!("{message}, at byte {at} of Jepsen's file"))
        .hint("the file was cut or altered; copy it again, or read `history.edn` of the same run")
}

/// A file whose index was read.
pub(super) struct File {
    bytes: Vec<u8>,
    /// Where the index is.
    pub(super) index_at: usize,
    /// The block that holds the test.
    pub(super) root: u32,
    /// The number of each block and its offset, by number.
    blocks: Vec<(u32, u64)>,
}

/// A block, whose checksum is right.
pub(super) struct Block {
    pub(super) kind: Kind,
    /// Where it starts.
    pub(super) at: usize,
    /// Where its data is.
    pub(super) data: Range<usize>,
}

/// What a block holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Index,
    /// One value.
    Value,
    /// A map, and the number of the block with the rest of it.
    PartialMap,
    /// Values, one after the other.
    Stream,
    /// The numbers of blocks whose values make one vector.
    Vector,
}

impl File {
    /// Reads the header of a file and its index.
    pub(super) fn open(bytes: Vec<u8>) -> Result<File, Error> {
        let mut file = File { bytes, index_at: 0, root: 0, blocks: Vec::new() };
        let version = file.u32_at(VERSION)?;
        if version > NEWEST {
            let error = Error::new(
                Code::UnknownFormat,
                format!("this is version {version} of Jepsen's file, which is not known"),
            );
            return Err(error.hint("versions 0 and 1 are; read `history.edn` of the same run"));
        }
        let index = file.u64_at(INDEX)?;
        if index == 0 {
            return Err(damaged(INDEX, "there is no index: the run ended when it started"));
        }
        let block = file.block_at(index, &"the index")?;
        if block.kind != Kind::Index {
            return Err(damaged(block.at, "the index is no index"));
        }
        file.read_index(&block)?;
        Ok(file)
    }

    fn read_index(&mut self, block: &Block) -> Result<(), Error> {
        if block.data.len() < 4 {
            return Err(damaged(block.at, "the index names no test"));
        }
        self.index_at = block.at;
        self.root = self.u32_at(block.data.start)?;
        let mut at = block.data.start + 4;
        while at < block.data.end {
            if block.data.end - at < 12 {
                return Err(damaged(at, "the index ends inside an entry"));
            }
            self.blocks.push((self.u32_at(at)?, self.u64_at(at + 4)?));
            at += 12;
        }
        self.blocks.sort_unstable();
        match self.blocks.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(twice) => {
                Err(damaged(block.at, format_args!("the index lists block {} twice", twice[0].0)))
            }
            None => Ok(()),
        }
    }

    /// Returns the block of this number.
    pub(super) fn block(&self, id: u32) -> Result<Block, Error> {
        match self.blocks.binary_search_by_key(&id, |&(id, _)| id) {
            Ok(at) => self.block_at(self.blocks[at].1, &format_args!("block {id}")),
            Err(_) => Err(damaged(self.index_at, format_args!("block {id} is not in the index"))),
        }
    }

    /// Returns the block at `offset`, called `name`.
    fn block_at(&self, offset: u64, name: &dyn std::fmt::Display) -> Result<Block, Error> {
        let len = self.bytes.len();
        let outside =
            || damaged(len, format_args!("the file ends, and {name} should be at byte {offset}"));
        let at = usize::try_from(offset).map_err(|_| outside())?;
        if at < FIRST {
            return Err(damaged(at, format_args!("{name} is inside the header")));
        }
        let header = at.checked_add(HEADER).and_then(|end| self.bytes.get(at..end));
        let header = header.ok_or_else(outside)?;
        let claimed = self.u64_at(at)?;
        let end = usize::try_from(claimed).ok().filter(|&claimed| claimed >= HEADER);
        let Some(end) = end.and_then(|claimed| at.checked_add(claimed)) else {
            return Err(damaged(at, format_args!("{name} cannot be {claimed} bytes long")));
        };
        let Some(data) = self.bytes.get(at + HEADER..end) else {
            let message = format_args!("{name} ends at byte {end}, and the file before");
            return Err(damaged(len, message));
        };
        let kind = u16::from_be_bytes([header[12], header[13]]);
        if checksum(data, claimed, kind) != self.u32_at(at + 8)? {
            return Err(damaged(at, format_args!("the checksum of {name} is wrong")));
        }
        let kind = match kind {
            1 => Kind::Index,
            2 => Kind::Value,
            3 => Kind::PartialMap,
            4 => Kind::Stream,
            5 => Kind::Vector,
            _ => return Err(damaged(at, format_args!("{name} has the unknown type {kind}"))),
        };
        Ok(Block { kind, at, data: at + HEADER..end })
    }

    /// Tells whether the index comes before all blocks, as in a file that Jepsen compacted.
    pub(super) fn is_compacted(&self) -> bool {
        self.index_at == FIRST
    }

    /// The whole file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn u32_at(&self, at: usize) -> Result<u32, Error> {
        let number = self.bytes.get(at..).and_then(|bytes| bytes.first_chunk());
        number.copied().map(u32::from_be_bytes).ok_or_else(|| self.ends())
    }

    pub(super) fn u64_at(&self, at: usize) -> Result<u64, Error> {
        let number = self.bytes.get(at..).and_then(|bytes| bytes.first_chunk());
        number.copied().map(u64::from_be_bytes).ok_or_else(|| self.ends())
    }

    fn ends(&self) -> Error {
        damaged(self.bytes.len(), "the file ends inside a number")
    }
}

/// Returns the checksum of a block: of its data, and then of its header without the checksum.
pub(super) fn checksum(data: &[u8], len: u64, kind: u16) -> u32 {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(&len.to_be_bytes());
    header[12..14].copy_from_slice(&kind.to_be_bytes());
    let mut crc = Crc::new();
    crc.update(data);
    crc.update(&header);
    crc.sum()
}
