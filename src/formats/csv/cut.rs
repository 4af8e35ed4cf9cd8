//! Where CSV may be cut: behind a line break that is not in a quoted cell.

/// What the next byte is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Cut {
    /// A line before the header, at its start.
    #[default]
    Above,
    Comment,
    CellStart,
    Cell,
    Quoted,
    /// Behind a quote in a quoted cell.
    Quote,
}

impl Cut {
    /// Goes on from byte `from` to the end of `text`; behind the last line break between records.
    pub(super) fn scan(&mut self, text: &[u8], from: usize, separator: u8) -> Option<usize> {
        let mut cut = None;
        for (at, &byte) in text.iter().enumerate().skip(from) {
            let next = match (*self, byte) {
                (Cut::Above, b' ' | b'\t' | b'\r') => continue,
                (Cut::Above, b'#') => Cut::Comment,
                (Cut::Above | Cut::Comment, b'\n') => {
                    cut = Some(at + 1);
                    Cut::Above
                }
                (Cut::Comment, _) => continue,
                (Cut::Quoted, b'"') => Cut::Quote,
                (Cut::Quoted, _) => continue,
                (Cut::Quote, b'"') => Cut::Quoted,
                (Cut::Above | Cut::CellStart, b'"') => Cut::Quoted,
                (_, b'\n') => {
                    cut = Some(at + 1);
                    Cut::CellStart
                }
                (_, b'\r') => Cut::CellStart,
                (_, byte) if byte == separator => Cut::CellStart,
                _ => Cut::Cell,
            };
            *self = next;
        }
        cut
    }
}
