//! A persistent string that grows at its end: a list of chunks, from the last to the first.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::polynomial::{POINT, Residue};

/// A string with its hash, to be shared.
#[derive(Clone)]
pub struct Text(Arc<Inner>);

struct Inner {
    text: Box<str>,
    hash: Residue,
    /// The base to the power of the length.
    weight: Residue,
}

impl Text {
    /// The text `text`.
    pub fn new(text: &str) -> Self {
        let base = POINT.base;
        let add = |hash, byte: u8| hash * base + Residue::of(byte.into());
        let hash = text.bytes().fold(Residue::default(), add);
        let weight = base.power(text.len() as u64);
        Text(Arc::new(Inner { text: text.into(), hash, weight }))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Its hash, below 2^61: that of a [`Rope`] with the same contents.
    pub fn content_hash(&self) -> u64 {
        self.0.hash.get()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.hash == other.0.hash && self.0.text == other.0.text)
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash.get());
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.text.fmt(f)
    }
}

/// A string made of chunks.
#[derive(Clone, Default)]
pub struct Rope {
    /// Never a chunk without text.
    last: Option<Arc<Chunk>>,
    len: usize,
    hash: Residue,
}

struct Chunk {
    text: Text,
    before: Option<Arc<Chunk>>,
}

impl Rope {
    /// The string with `text` at its end.
    #[must_use]
    pub fn append(&self, text: &Text) -> Self {
        if text.as_str().is_empty() {
            return self.clone();
        }
        let chunk = Chunk { text: text.clone(), before: self.last.clone() };
        Rope {
            last: Some(Arc::new(chunk)),
            len: self.len + text.as_str().len(),
            hash: self.hash * text.0.weight + text.0.hash,
        }
    }

    /// Its hash, below 2^61.
    pub fn content_hash(&self) -> u64 {
        self.hash.get()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn chunks(&self) -> impl Iterator<Item = &Arc<Chunk>> {
        std::iter::successors(self.last.as_ref(), |chunk| chunk.before.as_ref())
    }

    /// Whether it reads `text`.
    pub fn reads(&self, text: &Text) -> bool {
        if self.len != text.as_str().len() || self.hash != text.0.hash {
            return false;
        }
        let mut rest = text.as_str().as_bytes();
        self.chunks().all(|chunk| match rest.strip_suffix(chunk.text.as_str().as_bytes()) {
            Some(shorter) => {
                rest = shorter;
                true
            }
            None => false,
        })
    }

    /// Its text.
    pub fn text(&self) -> String {
        let mut chunks: Vec<&str> = self.chunks().map(|chunk| chunk.text.as_str()).collect();
        chunks.reverse();
        chunks.concat()
    }
}

impl PartialEq for Rope {
    fn eq(&self, other: &Self) -> bool {
        if self.len != other.len || self.hash != other.hash {
            return false;
        }
        let (mut a, mut b) = (self.last.as_ref(), other.last.as_ref());
        // What is left of the chunks at `a` and `b` to compare, from the end.
        let (mut x, mut y): (&[u8], &[u8]) = (&[], &[]);
        loop {
            if x.is_empty() && y.is_empty() {
                match (a, b) {
                    (Some(a), Some(b)) if Arc::ptr_eq(a, b) => return true,
                    (None, None) => return true,
                    _ => {}
                }
            }
            for (rest, chunk) in [(&mut x, &mut a), (&mut y, &mut b)] {
                if let (true, Some(next)) = (rest.is_empty(), *chunk) {
                    *rest = next.text.as_str().as_bytes();
                    *chunk = next.before.as_ref();
                }
            }
            let common = x.len().min(y.len());
            let ((x_rest, x_end), (y_rest, y_end)) =
                (x.split_at(x.len() - common), y.split_at(y.len() - common));
            if x_end != y_end || common == 0 {
                return false;
            }
            (x, y) = (x_rest, y_rest);
        }
    }
}

impl Eq for Rope {}

impl Hash for Rope {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash.get());
    }
}

impl fmt::Debug for Rope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(f)
    }
}

/// Drops a long list in a loop, where the compiler's own way would need a stack frame a chunk.
impl Drop for Chunk {
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(chunk) = next {
            next = Arc::into_inner(chunk).and_then(|mut chunk| chunk.before.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rope(chunks: &[&str]) -> Rope {
        chunks.iter().fold(Rope::default(), |rope, chunk| rope.append(&Text::new(chunk)))
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(
            text in "[ab]{0,12}",
            cuts in prop::collection::vec(0..13usize, 0..5),
            other in "[ab]{0,12}",
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&str> = cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]).collect();
            let rope_of_chunks = rope(&chunks);
            prop_assert_eq!(&rope_of_chunks, &rope(&[&text]));
            prop_assert_eq!(rope_of_chunks.content_hash(), Text::new(&text).content_hash());
            prop_assert_eq!(rope_of_chunks.text(), text.clone());
            prop_assert!(rope_of_chunks.reads(&Text::new(&text)));
            prop_assert_eq!(rope_of_chunks.reads(&Text::new(&other)), text == other);
            prop_assert_eq!(rope_of_chunks == rope(&[&other]), text == other);
        }
    }

    #[test]
    fn a_long_one_is_dropped_without_overflow() {
        let chunk = Text::new("x");
        let long = (0..300_000).fold(Rope::default(), |rope, _| rope.append(&chunk));
        assert_eq!(long.len, 300_000);
    }

    /// Thue and Morse's strings: modulo 2^64, polynomials of the two are equal everywhere.
    #[test]
    fn strings_that_no_base_tells_apart_modulo_a_power_of_two_have_different_hashes() {
        let (mut one, mut other) = ("a".to_owned(), "b".to_owned());
        for _ in 0..11 {
            (one, other) = (one.clone() + &other, other + &one);
        }
        assert_ne!(Text::new(&one).content_hash(), Text::new(&other).content_hash());
        let ropes = [rope(&[&one, &other]), rope(&[&other, &one])];
        assert_ne!(ropes[0].content_hash(), ropes[1].content_hash());
    }

    /// Hashes are a shortcut: what differs behind equal ones differs.
    #[test]
    fn equality_does_not_rest_on_hashes() {
        let forged = |chunks: &[&str]| Rope { hash: Residue::of(7), ..rope(chunks) };
        let same = [forged(&["abc"]), forged(&["a", "bc"]), forged(&["ab", "c"])];
        let others =
            [forged(&["abd"]), forged(&["b", "bc"]), forged(&["ab", "d"]), forged(&["ab"])];
        for a in &same {
            assert!(same.iter().all(|b| a == b) && others.iter().all(|b| a != b), "{a:?}");
        }
        let (hash, weight) = (Residue::of(7), Residue::ONE);
        let text = |text: &str| Text(Arc::new(Inner { text: text.into(), hash, weight }));
        assert!(text("ab") == text("ab") && text("ab") != text("ac"));
        assert!(same[1].reads(&text("abc")) && !same[1].reads(&text("abd")));
        assert!(!same[1].reads(&text("dbc")));
        assert!(rope(&[]).is_empty() && !rope(&["a"]).is_empty());
        assert_eq!(rope(&["ab"]).content_hash(), Text::new("ab").content_hash());
    }
}
