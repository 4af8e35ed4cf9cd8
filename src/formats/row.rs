//! What defines a format: one row of the table, with what the format is called and the functions
//! that detect, read and write it.

use std::io;

use super::mapping::Mapping;
use super::position::Position;
use super::sink::Sink;
use crate::error::Error;
use crate::history::History;

/// Writes a history.
pub(super) type Write = fn(&History, &mut dyn io::Write) -> io::Result<()>;

/// One format.
pub(super) struct Row {
    /// The name on the command line.
    pub(super) name: &'static str,
    /// What the format is, in a few words.
    pub(super) about: &'static str,
    /// How the names of its files end, without the point.
    pub(super) extensions: &'static [&'static str],
    /// Compares the start of a text, without leading white space, with the format.
    pub(super) sniff: fn(&str) -> Option<Likeness>,
    /// Makes a reader that is at the start of a text.
    pub(super) reader: fn() -> Box<dyn Reader>,
    /// Writes a whole history.
    pub(super) write: Write,
    /// Lists what of a history the format has no room for, one sentence for each.
    pub(super) losses: fn(&History) -> Vec<String>,
}

/// How much a text looks like a format.
#[derive(Clone, Copy)]
pub(super) struct Likeness {
    pub(super) evidence: Evidence,
    /// Whether the text looks like this format whatever follows.
    pub(super) is_settled: bool,
}

/// What a text shows of a format; the strongest evidence decides, the first row among equals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Evidence {
    /// Nothing else that starts like this is known.
    Fallback,
    /// It reads like the format.
    Likely,
    /// It has what no other format has.
    Certain,
}

impl Evidence {
    /// Returns the likeness that shows this.
    pub(super) fn settled(self, is_settled: bool) -> Option<Likeness> {
        Some(Likeness { evidence: self, is_settled })
    }
}

/// Returns the lines of `text` that are complete.
pub(super) fn complete_lines(text: &str) -> &str {
    text.rfind('\n').map_or("", |end| &text[..end])
}

/// Reads a text in one format, as a whole or piece by piece.
pub(super) trait Reader: Send + Sync {
    /// Returns the end of the last record of `text` that looks complete, if it is behind `from`:
    /// everything before was seen by an earlier call. A wrong answer costs time and no more, since
    /// [`Reader::read`] notices that a piece ends within a record.
    fn cut(&mut self, text: &[u8], from: usize) -> Option<usize>;

    /// Returns where to end a piece in a large `text` without a cut, so that a syntax error in it
    /// is found before all of the text is there.
    fn suspect(&self, _text: &[u8]) -> Option<usize> {
        None
    }

    /// Tells whether a text that starts with `start`, and may be many times as long, says the same
    /// in pieces as it does at once.
    fn takes_pieces(&mut self, _start: &str, _mapping: Option<&Mapping>) -> bool {
        false
    }

    /// Returns where to end a piece of a text that [may come in pieces](Reader::takes_pieces),
    /// which `text` starts with: at the last place that comes at little cost, be it between records
    /// or not.
    fn split(&mut self, _text: &[u8]) -> Option<usize> {
        None
    }

    /// Reads the records of `piece` into `sink`. Returns where the rest starts that belongs to the
    /// next piece. The places of errors are offsets in the piece unless they have a line.
    fn read(&mut self, piece: &Piece<'_>, sink: &mut Sink<'_>) -> Result<usize, Error>;
}

/// A part of a text between two cuts, or all of it.
pub(super) struct Piece<'t> {
    pub(super) text: &'t str,
    /// Where it starts in the whole text.
    pub(super) position: &'t Position,
    /// Whether the text ends with it.
    pub(super) is_last: bool,
    /// How many threads may read it; 0 for one per CPU.
    pub(super) threads: usize,
}

#[cfg(test)]
impl Row {
    /// Reads all of `text`, on one thread.
    pub(super) fn read(&self, text: &str, sink: &mut Sink<'_>) -> Result<(), Error> {
        let piece = Piece { text, position: &Position::default(), is_last: true, threads: 1 };
        (self.reader)().read(&piece, sink).map(drop)
    }
}
