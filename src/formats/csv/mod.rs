//! CSV: a header that names the fields, then one event or whole operation a line.

mod cut;
mod header;
mod read;
mod rows;
mod scan;
#[cfg(test)]
mod tests;
mod write;

use super::mapping::Mapping;
use super::roles::{Role, role};
use super::row::{Evidence, Likeness, Piece, Reader, Row, complete_lines};
use super::sink::Sink;
use crate::error::Error;

/// CSV.
pub(super) static FORMAT: Row = Row {
    name: "csv",
    about: "Comma-separated values below a header, one record per line",
    extensions: &["csv"],
    sniff,
    reader: || Box::new(Csv::default()),
    write: write::write,
    losses: |_| Vec::new(),
};

fn sniff(text: &str) -> Option<Likeness> {
    let lines = complete_lines(text);
    if text.starts_with('#') {
        let is_content =
            |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let header = text.lines().find(is_content)?;
        let is_settled = lines.lines().any(|line| is_content(&line));
        return is_header(header).then(|| Evidence::Certain.settled(is_settled))?;
    }
    let is_bracket = text.starts_with(['{', '[', '(', ';', '^']);
    let is_header = !is_bracket && is_header(text.lines().next()?);
    is_header.then(|| Evidence::Certain.settled(!lines.is_empty()))?
}

/// Tells whether `text` may be the start of a table whose header is still to come: it holds only
/// comments and blank lines.
pub(super) fn is_before_header(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

/// What may separate cells.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Tells whether `line` names the columns of events or of whole operations.
fn is_header(line: &str) -> bool {
    SEPARATORS.iter().any(|&separator| {
        let has = |wanted: &[Role]| {
            let mut cells = line.split(char::from(separator));
            cells.any(|cell| wanted.contains(&role(cell.trim().trim_matches('"')).0))
        };
        has(&[Role::Call, Role::Duration]) && has(&[Role::Function])
            || has(&[Role::Outcome, Role::Phase, Role::Value])
                && has(&[Role::Process, Role::Function])
    })
}

/// What separates the cells of a table: of the bytes that may, the one that is most often in its
/// header.
fn separator_of(text: &str) -> u8 {
    let is_content = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let header = text.lines().find(is_content).unwrap_or_default().as_bytes();
    let count = |separator: &u8| memchr::memchr_iter(*separator, header).count();
    // Of equals, the last is taken.
    SEPARATORS.into_iter().rev().max_by_key(count).unwrap_or(b',')
}

/// Reads a table, which may come in pieces that are whole lines.
#[derive(Default)]
struct Csv {
    cut: cut::Cut,
    header: Option<header::Header>,
    separator: Option<u8>,
    /// Whether a piece was split off, so that what follows is below the header.
    is_below: bool,
}

impl Reader for Csv {
    fn cut(&mut self, text: &[u8], from: usize) -> Option<usize> {
        if self.separator.is_none() {
            let text = String::from_utf8_lossy(text);
            let has_header = !is_before_header(complete_lines(&text));
            self.separator = has_header.then(|| separator_of(&text));
        }
        self.cut.scan(text, from, self.separator.unwrap_or(b','))
    }

    fn takes_pieces(&mut self, start: &str, _mapping: Option<&Mapping>) -> bool {
        !is_before_header(complete_lines(start))
    }

    fn split(&mut self, text: &[u8]) -> Option<usize> {
        let separator =
            *self.separator.get_or_insert_with(|| separator_of(&String::from_utf8_lossy(text)));
        let end = if memchr::memchr(b'"', text).is_none() {
            // No cell has a line break.
            memchr::memrchr(b'\n', text).map(|at| at + 1)
        } else {
            let mut cut = if self.is_below { cut::Cut::CellStart } else { cut::Cut::Above };
            cut.scan(text, 0, separator)
        };
        self.is_below |= end.is_some();
        end
    }

    fn read(&mut self, piece: &Piece<'_>, sink: &mut Sink<'_>) -> Result<usize, Error> {
        let separator = *self.separator.get_or_insert_with(|| separator_of(piece.text));
        read::read(piece, separator, &mut self.header, sink).map(|()| piece.text.len())
    }
}
