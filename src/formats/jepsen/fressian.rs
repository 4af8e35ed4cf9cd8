//! Fressian: each value starts with a byte that says what it is, and often holds part of it. Two
//! caches, of values and of the types of structs, last for a whole block.
//!
//! The codes are those of `org.fressian.impl.Codes`, the types of structs those that Fressian,
//! Clojure and Jepsen have readers for. Nothing is allocated because a length claims it, and what
//! is nested too deep is refused, also where a cached value makes it deep.

use std::ops::Range;
use std::sync::Arc;

use super::datum::{Datum, Node, Tag};
use super::file::damaged;
use crate::error::{Code, Error};
use crate::history::MAX_DEPTH;

/// So many levels a value may have: a map and its list are two.
const MAX_HEIGHT: usize = 2 * MAX_DEPTH + 8;

/// Reads the values of one block.
pub(super) struct Fressian {
    at: usize,
    end: usize,
    /// Values, and `None` for those that are being read.
    cache: Vec<Option<Datum>>,
    /// Types with the number of their parts.
    types: Vec<(Tag, usize)>,
}

/// The values of a block that come one after the other.
pub(super) enum Sequence {
    /// Until the block ends.
    Block,
    /// So many more.
    Counted(u64),
    /// Until a mark.
    Closed,
    /// Until a mark, or the block ends.
    Open,
}

impl Fressian {
    /// Returns a reader of the bytes `data`.
    pub(super) fn new(data: &Range<usize>) -> Fressian {
        let Range { start: at, end } = *data;
        Fressian { at, end, cache: Vec::new(), types: Vec::new() }
    }

    /// Where it is.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Reads what starts the one list of a block; `None` if it holds null.
    pub(super) fn list(&mut self, bytes: &[u8]) -> Result<Option<Sequence>, Error> {
        let at = self.at;
        Ok(Some(match self.byte(bytes)? {
            0xf7 => return Ok(None),
            code @ 0xe4..0xec => Sequence::Counted(u64::from(code - 0xe4)),
            0xec => Sequence::Counted(self.count(bytes)?),
            0xed => Sequence::Closed,
            0xee => Sequence::Open,
            _ => return Err(damaged(at, "a list belongs here")),
        }))
    }

    /// Reads the next value of `sequence`; `None` at its end.
    pub(super) fn next(
        &mut self,
        bytes: &[u8],
        sequence: &mut Sequence,
    ) -> Result<Option<Datum>, Error> {
        if !self.is_over(bytes, sequence) {
            return self.value(bytes).map(Some);
        }
        if self.at < self.end {
            return Err(damaged(self.at, "something comes behind the values of a block"));
        }
        Ok(None)
    }

    /// Tells whether `sequence` ends here, and passes over the mark of that.
    fn is_over(&mut self, bytes: &[u8], sequence: &mut Sequence) -> bool {
        match sequence {
            Sequence::Block => self.at == self.end,
            Sequence::Counted(0) => true,
            Sequence::Counted(left) => {
                *left -= 1;
                false
            }
            Sequence::Closed => self.passes(bytes, 0xfd),
            Sequence::Open => self.at == self.end || self.passes(bytes, 0xfd),
        }
    }

    /// Reads one value.
    pub(super) fn value(&mut self, bytes: &[u8]) -> Result<Datum, Error> {
        self.datum(bytes, 0)
    }

    fn datum(&mut self, bytes: &[u8], depth: usize) -> Result<Datum, Error> {
        if depth > MAX_HEIGHT {
            return Err(self.too_deep());
        }
        let mut at = self.at;
        let mut code = self.byte(bytes)?;
        while code == 0xfe {
            // It resets the caches.
            (self.cache, self.types) = (Vec::new(), Vec::new());
            at = self.at;
            code = self.byte(bytes)?;
        }
        Ok(match code {
            0x00..0x80 | 0xff | 0xf8 => Datum::Int(self.int_of(bytes, code)?),
            0x80..0xa0 => self.cached(i64::from(code - 0x80), at)?,
            0xcc => {
                let index = self.int(bytes)?;
                self.cached(index, at)?
            }
            0xcd => {
                let index = self.cache.len();
                self.cache.push(None);
                let value = self.datum(bytes, depth + 1)?;
                // A reset meanwhile forgot the place, too.
                if let Some(place) = self.cache.get_mut(index) {
                    *place = Some(value.clone());
                }
                value
            }
            0xa0..0xb0 => self.known_struct(bytes, i64::from(code - 0xa0), at, depth)?,
            0xf0 => {
                let index = self.int(bytes)?;
                self.known_struct(bytes, index, at, depth)?
            }
            0xef => self.new_struct(bytes, depth)?,
            0xb0..0xb6 => self.array(bytes, code, depth)?,
            0xd0..0xda => Datum::Bytes(self.byte_string(bytes, code)?.into()),
            0xda..0xe4 => {
                let text = self.byte_string(bytes, code)?;
                Datum::Text(utf16(&text).ok_or_else(|| not_text(at))?.into())
            }
            0xe4..0xec => self.items(bytes, Sequence::Counted(u64::from(code - 0xe4)), depth)?,
            0xec => {
                let count = self.count(bytes)?;
                self.items(bytes, Sequence::Counted(count), depth)?
            }
            0xed => self.items(bytes, Sequence::Closed, depth)?,
            0xee => self.items(bytes, Sequence::Open, depth)?,
            0xf5 => Datum::Bool(true),
            0xf6 => Datum::Bool(false),
            0xf7 => Datum::Null,
            0xf9 => Datum::Float(f32::from_be_bytes(self.raw(bytes)?)),
            0xfa => Datum::Double(f64::from_be_bytes(self.raw(bytes)?)),
            0xfb => Datum::Double(0.0),
            0xfc => Datum::Double(1.0),
            _ => match tag_of(code) {
                Some((tag, parts)) => self.parts(bytes, tag, parts, depth)?,
                None => return Err(damaged(at, format_args!("no value starts with 0x{code:02x}"))),
            },
        })
    }

    fn byte(&mut self, bytes: &[u8]) -> Result<u8, Error> {
        self.raw::<1>(bytes).map(|[byte]| byte)
    }

    fn raw<const N: usize>(&mut self, bytes: &[u8]) -> Result<[u8; N], Error> {
        let there = bytes.get(self.at..self.end).and_then(|rest| rest.first_chunk());
        let raw = *there.ok_or_else(|| self.ends())?;
        self.at += N;
        Ok(raw)
    }

    /// Passes over `code`, if it comes next.
    fn passes(&mut self, bytes: &[u8], code: u8) -> bool {
        let passes = self.at < self.end && bytes.get(self.at) == Some(&code);
        self.at += usize::from(passes);
        passes
    }

    fn ends(&self) -> Error {
        damaged(self.end, "a block ends inside a value")
    }

    fn too_deep(&self) -> Error {
        let message = format!("a value is nested more than {MAX_DEPTH} levels deep");
        Error::new(Code::TooDeep, format!("{message}, at byte {} of Jepsen's file", self.at))
            .hint("record such values as strings")
    }

    fn int(&mut self, bytes: &[u8]) -> Result<i64, Error> {
        let at = self.at;
        let code = self.byte(bytes)?;
        match code {
            0x00..0x80 | 0xff | 0xf8 => self.int_of(bytes, code),
            _ => Err(damaged(at, "an integer belongs here")),
        }
    }

    fn count(&mut self, bytes: &[u8]) -> Result<u64, Error> {
        let at = self.at;
        let count = self.int(bytes)?;
        u64::try_from(count)
            .map_err(|_| damaged(at, format_args!("there cannot be {count} values")))
    }

    /// Returns the integer that starts with `code`, which holds its highest bits.
    fn int_of(&mut self, bytes: &[u8], code: u8) -> Result<i64, Error> {
        let (zero, more) = match code {
            0xff => return Ok(-1),
            0xf8 => return Ok(i64::from_be_bytes(self.raw(bytes)?)),
            0x00..0x40 => return Ok(i64::from(code)),
            0x40..0x60 => (0x50, 1),
            0x60..0x70 => (0x68, 2),
            0x70..0x74 => (0x72, 3),
            0x74..0x78 => (0x76, 4),
            0x78..0x7c => (0x7a, 5),
            _ => (0x7e, 6),
        };
        let mut int = i64::from(code) - zero;
        for _ in 0..more {
            int = int << 8 | i64::from(self.byte(bytes)?);
        }
        Ok(int)
    }

    /// Reads the rest of bytes or of a string, whose first part starts with `code`.
    fn byte_string(&mut self, bytes: &[u8], code: u8) -> Result<Vec<u8>, Error> {
        let (packed, chunk) = if code < 0xda { (0xd0, 0xd8) } else { (0xda, 0xe2) };
        let mut whole = Vec::new();
        let mut code = code;
        loop {
            let at = self.at;
            let len = match code {
                code if (packed..chunk).contains(&code) => i64::from(code - packed),
                code if code == chunk || code == chunk + 1 => self.int(bytes)?,
                _ => return Err(damaged(at - 1, "the next part of a string belongs here")),
            };
            let part = usize::try_from(len).ok().and_then(|len| self.at.checked_add(len));
            let part = part.filter(|&end| end <= self.end).and_then(|end| bytes.get(self.at..end));
            let part = part.ok_or_else(|| {
                damaged(at, format_args!("a block has no room for a string of {len} bytes"))
            })?;
            self.at += part.len();
            whole.extend_from_slice(part);
            if code != chunk {
                return Ok(whole);
            }
            code = self.byte(bytes)?;
        }
    }

    fn items(
        &mut self,
        bytes: &[u8],
        mut sequence: Sequence,
        depth: usize,
    ) -> Result<Datum, Error> {
        let mut items = Vec::new();
        while !self.is_over(bytes, &mut sequence) {
            items.push(self.datum(bytes, depth + 1)?);
        }
        self.node(items).map(Datum::List)
    }

    fn node(&self, items: Vec<Datum>) -> Result<Arc<Node>, Error> {
        let node = Node::new(items);
        if node.height > MAX_HEIGHT { Err(self.too_deep()) } else { Ok(node) }
    }

    fn parts(
        &mut self,
        bytes: &[u8],
        tag: Tag,
        parts: usize,
        depth: usize,
    ) -> Result<Datum, Error> {
        let mut items = Vec::new();
        for _ in 0..parts {
            items.push(self.datum(bytes, depth + 1)?);
        }
        Ok(Datum::Struct(tag, self.node(items)?))
    }

    /// Reads an array: how many items it has, and these.
    fn array(&mut self, bytes: &[u8], code: u8, depth: usize) -> Result<Datum, Error> {
        const NAMES: [&str; 6] = ["longs", "doubles", "booleans", "ints", "floats", "objects"];
        let name = NAMES[usize::from(code - 0xb0)];
        let count = self.count(bytes)?;
        let items = self.items(bytes, Sequence::Counted(count), depth)?;
        Ok(Datum::Struct(Tag::Array(name), self.node(vec![items])?))
    }

    fn known_struct(
        &mut self,
        bytes: &[u8],
        index: i64,
        at: usize,
        depth: usize,
    ) -> Result<Datum, Error> {
        let known = usize::try_from(index).ok().and_then(|index| self.types.get(index));
        let Some((tag, parts)) = known.cloned() else {
            return Err(damaged(at, format_args!("no type has the number {index} yet")));
        };
        self.parts(bytes, tag, parts, depth)
    }

    /// Reads a struct of a type that is named here.
    fn new_struct(&mut self, bytes: &[u8], depth: usize) -> Result<Datum, Error> {
        let at = self.at;
        let Datum::Text(name) = self.datum(bytes, depth + 1)? else {
            return Err(damaged(at, "the name of a type belongs here"));
        };
        let parts = self.int(bytes)?;
        let (tag, usual) = Tag::named(&name);
        let parts = usize::try_from(parts).ok();
        let parts = parts.filter(|&parts| usual.is_none_or(|usual| parts == usual));
        let Some(parts) = parts else {
            return Err(damaged(at, format_args!("the type {name:?} has another number of parts")));
        };
        self.types.push((tag.clone(), parts));
        self.parts(bytes, tag, parts, depth)
    }

    fn cached(&self, index: i64, at: usize) -> Result<Datum, Error> {
        let place = usize::try_from(index).ok().and_then(|index| self.cache.get(index));
        match place {
            Some(Some(value)) => Ok(value.clone()),
            Some(None) => Err(damaged(at, "a value holds itself")),
            None => Err(damaged(at, format_args!("no value has the number {index} yet"))),
        }
    }
}

/// Returns the type that has a code of its own, and how many parts it has.
fn tag_of(code: u8) -> Option<(Tag, usize)> {
    Some(match code {
        0xc0 => (Tag::Map, 1),
        0xc1 => (Tag::Set, 1),
        0xc3 => (Tag::Uuid, 1),
        0xc4 => (Tag::Regex, 1),
        0xc5 => (Tag::Uri, 1),
        0xc6 => (Tag::BigInt, 1),
        0xc7 => (Tag::BigDecimal, 2),
        0xc8 => (Tag::Instant, 1),
        0xc9 => (Tag::Symbol, 2),
        0xca => (Tag::Key, 2),
        _ => return None,
    })
}

fn not_text(at: usize) -> Error {
    Error::new(
        Code::NotUtf8,
        format!("a string is no text of Unicode characters, at byte {at} of Jepsen's file"),
    )
    .hint("look for binary data in a recorded value")
}

/// Returns the text of a string, whose 16-bit units are each written as one to three bytes, also
/// those that make one character together.
fn utf16(bytes: &[u8]) -> Option<String> {
    if bytes.is_ascii() {
        return String::from_utf8(bytes.to_vec()).ok();
    }
    let mut units = Vec::new();
    let mut rest = bytes.iter().copied();
    while let Some(first) = rest.next() {
        let mut more = || Some(u16::from(rest.next().filter(|byte| byte & 0xc0 == 0x80)? & 0x3f));
        units.push(match first {
            0x00..0x80 => u16::from(first),
            0xc0..0xe0 => u16::from(first & 0x1f) << 6 | more()?,
            0xe0..0xf0 => u16::from(first & 0x0f) << 12 | more()? << 6 | more()?,
            _ => return None,
        });
    }
    String::from_utf16(&units).ok()
}
