//! The texts that strings are made of.

/// Where a text comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// It was there before the first operation.
    Initial,
    /// The operation at this position put it.
    Put(u32),
    /// The operation at this position appended it.
    Append(u32),
}

/// Texts, none of them empty.
#[derive(Default)]
pub(super) struct Texts<'a> {
    texts: Vec<(&'a [u8], Kind)>,
}

impl<'a> Texts<'a> {
    pub(super) fn add(&mut self, text: &'a str, kind: Kind) {
        self.texts.push((text.as_bytes(), kind));
    }

    /// Whether no text is the beginning of another, so that there is one way to read any sequence
    /// of them. Sorts them for [`Texts::first`].
    pub(super) fn are_told_apart(&mut self) -> bool {
        self.texts.sort_by_key(|&(text, _)| text);
        // Whatever a text is the beginning of stands right behind it and its equals.
        let begins = |pair: &[(&[u8], Kind)]| pair[1].0.starts_with(pair[0].0);
        self.texts.windows(2).all(|pair| pair[0].0 == pair[1].0 || !begins(pair))
    }

    /// Where the text comes from that `string` begins with, in the order in which it was added,
    /// and its length.
    pub(super) fn first(&self, string: &[u8]) -> (impl Iterator<Item = Kind>, usize) {
        let after = self.texts.partition_point(|&(text, _)| text <= string);
        let last = after.checked_sub(1).map(|last| self.texts[last].0);
        let found = last.filter(|text| string.starts_with(text)).unwrap_or_default();
        let from = self.texts[..after].partition_point(|&(text, _)| text < found);
        // No text is empty.
        let same = if found.is_empty() { &[] } else { &self.texts[from..after] };
        (same.iter().map(|&(_, kind)| kind), found.len())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart_unless_one_begins_another() {
        let told_apart = |list: &[&'static str]| {
            let mut texts = Texts::default();
            for text in list {
                texts.add(text, Kind::Initial);
            }
            texts.are_told_apart()
        };
        assert!(told_apart(&["x 1 0 y", "x 1 1 y", "x 10 0 y", "b", "ab"]));
        assert!(!told_apart(&["ab", "b", "a"]));
        assert!(!told_apart(&["a", "ba", "a", "ab"]));
        assert!(told_apart(&["a", "b", "a"]));
        assert!(!told_apart(&["x 1 y", "x 1", "x 1 0"]));
    }

    #[test]
    fn the_first_text_is_found() {
        let mut texts = Texts::default();
        for (at, text) in ["x 2 y", "x 10 y", "b", "b"].into_iter().enumerate() {
            texts.add(text, Kind::Append(at as u32));
        }
        assert!(texts.are_told_apart());
        let first = |string| {
            let (kinds, len) = texts.first(string);
            (kinds.collect::<Vec<_>>(), len)
        };
        assert_eq!(first(b"x 10 yb"), (vec![Kind::Append(1)], 6));
        assert_eq!(first(b"b"), (vec![Kind::Append(2), Kind::Append(3)], 1));
        for none in [&b"x 3 y"[..], b"", b"a", b"x 10"] {
            assert_eq!(first(none), (vec![], 0));
        }
    }
}
