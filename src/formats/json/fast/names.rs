//! The names of operations, or of fields, in one part of a text, numbered.

use std::ops::Range;

/// More names than this in one part are not usual.
const MOST: usize = 256;
const SLOTS: usize = 16;

/// The names that were seen, each with its number.
#[derive(Default)]
pub(in crate::formats) struct Names<'t> {
    names: Vec<&'t str>,
    /// Names of up to eight bytes, as one word, with the numbers that they had last.
    recent: [(u64, u8); SLOTS],
}

impl<'t> Names<'t> {
    /// Forgets all names.
    pub(in crate::formats) fn clear(&mut self) {
        *self = Names { names: std::mem::take(&mut self.names), ..Names::default() };
        self.names.clear();
    }

    /// The names, by number.
    pub(in crate::formats) fn names(&self) -> &[&'t str] {
        &self.names
    }

    /// The number of the name in `range` of `text`, which is `word` and has at most eight bytes;
    /// `None` if there are too many names.
    #[inline]
    pub(in crate::formats) fn short(
        &mut self,
        word: u64,
        text: &'t str,
        range: Range<usize>,
    ) -> Option<u8> {
        let slot = (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60) as usize % SLOTS;
        let (known, number) = self.recent[slot];
        if known == word && word != 0 {
            return Some(number);
        }
        let number = self.named(text.get(range)?)?;
        self.recent[slot] = (word, number);
        Some(number)
    }

    /// The number of `name`; `None` if there are too many names.
    #[inline]
    pub(in crate::formats) fn named(&mut self, name: &'t str) -> Option<u8> {
        if let Some(at) = self.names.iter().position(|known| *known == name) {
            return Some(at as u8);
        }
        if self.names.len() == MOST {
            return None;
        }
        self.names.push(name);
        Some((self.names.len() - 1) as u8)
    }
}
