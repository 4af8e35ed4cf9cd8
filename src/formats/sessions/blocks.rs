//! Texts of lines, read in blocks by several threads: a block becomes columns of micro-operations,
//! which are used in the order of the text.

use std::ops::Range;

use crate::error::Error;
use crate::formats::json::fast::in_order;
use crate::formats::row::Piece;
use crate::formats::sink::Sink;
use crate::history::{Translation, Value, ValueTable};
use crate::threads::count_of;

/// The size of a block in bytes: its columns stay in the cache of a core.
const BLOCK: usize = if cfg!(test) { 64 } else { 1 << 18 };

/// The lines that start in one part of a text.
pub(super) struct Block<H> {
    /// Where its first line starts.
    start: usize,
    /// How many bytes its lines have.
    pub(super) len: usize,
    /// Names, keys and values: the names are those of the history, the others of `values`.
    pub(super) micros: Vec<[Value; 3]>,
    /// What is said of the micro-operations of several lines, and where these end.
    pub(super) runs: Vec<(H, usize)>,
    pub(super) values: ValueTable,
    translation: Translation,
    /// What is wrong with the line behind those that were read.
    error: Option<Error>,
}

impl<H> Default for Block<H> {
    fn default() -> Self {
        Block {
            start: 0,
            len: 0,
            micros: Vec::new(),
            runs: Vec::new(),
            values: ValueTable::new(),
            translation: Translation::default(),
            error: None,
        }
    }
}

/// Reads all lines of `piece`: `line` appends the line that starts at an offset of the text to a
/// block, and returns where the next one starts; `take` uses the blocks in their order, until it
/// returns false.
///
/// # Errors
/// The first of `line` or `take` in the order of the text, and those of a limit.
pub(super) fn in_blocks<H: Send>(
    piece: &Piece<'_>,
    sink: &mut Sink<'_>,
    line: impl Fn(usize, &mut Block<H>) -> Result<usize, Error> + Sync,
    mut take: impl FnMut(&mut Block<H>, &mut Sink<'_>) -> Result<bool, Error>,
) -> Result<(), Error> {
    let text = piece.text.as_bytes();
    let count = text.len().div_ceil(BLOCK);
    let make = |nth: usize, block: &mut Block<H>| {
        block.read(start_of(text, nth)..start_of(text, nth + 1), &line);
    };
    in_order(count_of(piece.threads), count, make, |block| {
        sink.expect(block.start, 0)?;
        if block.has_stored() {
            block.translation.begin(&block.values);
        }
        if !take(block, sink)? {
            return Ok(false);
        }
        block.error.take().map_or(Ok(true), Err)
    })
}

/// Returns where the first line starts that block `nth` has.
fn start_of(text: &[u8], nth: usize) -> usize {
    let Some(before) = (nth * BLOCK).checked_sub(1) else { return 0 };
    let rest = text.get(before..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(text.len(), |at| before + at + 1)
}

impl<H> Block<H> {
    fn read(
        &mut self,
        lines: Range<usize>,
        line: impl Fn(usize, &mut Block<H>) -> Result<usize, Error>,
    ) {
        (self.start, self.len) = (lines.start, lines.len());
        self.micros.clear();
        self.runs.clear();
        if self.has_stored() {
            self.values.clear();
        }
        self.error = None;
        let mut at = lines.start;
        while at < lines.end {
            match line(at, self) {
                Ok(next) => at = next,
                Err(error) => {
                    self.error = Some(error);
                    return;
                }
            }
        }
    }

    /// Whether some of its values are in its table.
    fn has_stored(&self) -> bool {
        self.values.len() > Value::TRUE.handle() as usize + 1
    }

    /// Returns the same value in `values`, those of the history.
    pub(super) fn carried(&mut self, value: Value, values: &mut ValueTable) -> Value {
        match self.has_stored() {
            true => values.translate(&self.values, value, &mut self.translation),
            false => value,
        }
    }

    /// Returns some of the micro-operations, with the values of the history.
    pub(super) fn carried_micros(
        &mut self,
        range: Range<usize>,
        values: &mut ValueTable,
    ) -> &[[Value; 3]] {
        if self.has_stored() {
            for [_, key, value] in &mut self.micros[range.clone()] {
                for part in [key, value] {
                    *part = values.translate(&self.values, *part, &mut self.translation);
                }
            }
        }
        &self.micros[range]
    }
}

/// Returns the integer of up to 18 digits that starts at `at`, and where it ends.
#[inline]
pub(super) fn short_integer(text: &[u8], at: usize) -> Option<(i64, usize)> {
    let is_negative = text.get(at) == Some(&b'-');
    let start = at + usize::from(is_negative);
    let mut end = start;
    let mut number: i64 = 0;
    while let Some(digit) = text.get(end).map(|byte| byte.wrapping_sub(b'0')).filter(|&it| it < 10)
    {
        number = number.wrapping_mul(10).wrapping_add(i64::from(digit));
        end += 1;
    }
    let fits = (1..=18).contains(&(end - start));
    // More digits may have wrapped around.
    fits.then(|| (if is_negative { -number } else { number }, end))
}

/// Returns where the next line starts, if one ends at `at`.
#[inline]
pub(super) fn line_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at) {
        None => Some(at),
        Some(b'\n') => Some(at + 1),
        Some(_) => None,
    }
}
