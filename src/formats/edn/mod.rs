//! EDN as Jepsen and Knossos write it: a map per record, one behind the other or inside one vector
//! or list, plain or tagged (`#jepsen.history.Op{…}`).

mod item;
mod record;
mod records;
mod scan;
mod token;
mod value;
mod write;

#[cfg(test)]
mod tests;

use memchr::{memrchr, memrchr3};

use super::frame::{Opening, blanked};
use super::json::fast::PART;
use super::mapping::Mapping;
use super::records::write_maps;
use super::row::{Evidence, Likeness, Piece, Reader, Row, complete_lines};
use super::sink::Sink;
use crate::error::{Code, Error, Place};

pub(super) use token::{Token, is_keyword_name};
pub(crate) use value::parse_value;
pub(super) use value::{Parser, parse_value_within};
pub(super) use write::write_word;

/// EDN.
pub(super) static FORMAT: Row = Row {
    name: "edn",
    about: "EDN, as Jepsen writes it: one map per record",
    extensions: &["edn"],
    sniff,
    reader: || Box::new(Edn::default()),
    write: |history, out| write_maps(history, &write::Map, ["", "", ""], out),
    losses: |_| Vec::new(),
};

fn sniff(text: &str) -> Option<Likeness> {
    if OPENING.is_behind(text) {
        return Evidence::Fallback.settled(!complete_lines(text).is_empty());
    }
    let has_record = text.contains('}');
    match text.as_bytes().first()? {
        b'{' if is_map(&text[1..]) => Evidence::Certain.settled(has_record),
        b'[' => {
            let inside = text[1..].trim_start();
            match inside.as_bytes().first()? {
                b'{' if is_map(&inside[1..]) => Evidence::Certain.settled(has_record),
                b':' | b'#' | b';' | b'(' | b'^' | b',' => Evidence::Certain.settled(true),
                _ => None,
            }
        }
        b'(' | b';' | b'^' => Evidence::Certain.settled(true),
        b'#' if is_tagged_map(text) => Evidence::Certain.settled(true),
        b'#' => {
            let rest = text.trim_start_matches('#');
            if rest.is_empty() || rest.starts_with(char::is_whitespace) {
                return None;
            }
            // What looks like a tag may be a comment above the header of CSV.
            let is_comment =
                |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
            Evidence::Fallback.settled(!complete_lines(text).lines().all(is_comment))
        }
        _ => None,
    }
}

/// Tells whether what follows a `{` is the inside of an EDN map: its first key is no string, or no
/// colon stands behind it, or one that belongs to a keyword.
fn is_map(inside: &str) -> bool {
    let inside = inside.trim_start();
    let Some(key) = inside.strip_prefix('"') else {
        return inside.starts_with([':', '#', ';', ',', '^']);
    };
    let Some(end) = closing_quote(key) else { return false };
    let behind = &key[end + 1..];
    let value = behind.trim_start();
    let Some(word) = value.strip_prefix(':') else {
        // A text that ends here says nothing, and a comma is white space in EDN only.
        return !value.is_empty() && !value.starts_with('}');
    };
    let json = ["true", "false", "null", "NaN"].iter().any(|literal| word.starts_with(literal));
    behind.len() > value.len() && word.starts_with(char::is_alphabetic) && !json
}

/// Tells whether a text that starts with `#` starts with a set, or with a map behind a tag, as in
/// `#jepsen.history.Op{:index 0}`: what comes below does not make a comment of it.
fn is_tagged_map(text: &str) -> bool {
    let tag = &text[1..];
    let behind = tag.trim_start_matches(|c: char| c.is_alphanumeric() || "._-/:".contains(c));
    behind.starts_with('{') && !tag.starts_with("histcheck")
}

/// Returns where the string ends of which `inside` is what follows the opening quote.
pub(super) fn closing_quote(inside: &str) -> Option<usize> {
    let mut escaped = false;
    inside.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// Reads a history, which may come in pieces.
#[derive(Default)]
struct Edn {
    enclosure: Enclosure,
    /// Whether the records stand behind other text on their lines, once that is known.
    is_behind: Option<bool>,
}

/// How a record starts that stands behind other text.
const OPENING: Opening = Opening {
    first: &['{', '#'],
    starts: |text| {
        text.starts_with("{:") || text.starts_with("#jepsen.") || text.starts_with("#knossos.")
    },
    may_be_below: false,
};

/// What the records stand in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Enclosure {
    /// Nothing was read yet.
    #[default]
    Unknown,
    /// They stand one behind the other.
    None,
    /// A vector or list: where it starts, and what closes it.
    Open(Place, u8),
    /// It was closed.
    Closed,
}

impl Reader for Edn {
    /// Cuts at brackets: the lexical grammar is left to the parser.
    fn cut(&mut self, text: &[u8], from: usize) -> Option<usize> {
        if self.is_behind(&String::from_utf8_lossy(&text[..text.len().min(1 << 16)])) {
            return memrchr(b'\n', &text[from..]).map(|at| from + at + 1);
        }
        memrchr3(b'}', b')', b']', &text[from..]).map(|at| from + at + 1)
    }

    fn takes_pieces(&mut self, start: &str, mapping: Option<&Mapping>) -> bool {
        !self.is_behind(start) && matches!(record::list_within(start, mapping), Ok(None))
    }

    fn split(&mut self, text: &[u8]) -> Option<usize> {
        memrchr3(b'}', b')', b']', text).map(|at| at + 1)
    }

    fn read(&mut self, piece: &Piece<'_>, sink: &mut Sink<'_>) -> Result<usize, Error> {
        let (mut alone, mut list, mut fronts) = (None, None, Vec::new());
        if self.is_behind(piece.text) {
            let found = OPENING.alone(piece.text)?;
            sink.pass_over(found.without);
            fronts = found.fronts;
            alone = Some(found.text);
        } else if self.enclosure == Enclosure::Unknown {
            list = record::list_within(piece.text, sink.mapping)?;
        }
        let alone = alone.or(list.map(|list| blanked(piece.text, &[list])));
        let piece = &Piece { text: alone.as_deref().unwrap_or(piece.text), ..*piece };
        // Where the last record or bracket ends; what is behind it belongs to the next piece.
        let mut done = 0;
        match records::read(piece, &fronts, &mut self.enclosure, PART, &mut done, sink) {
            Ok(()) if piece.is_last => Ok(piece.text.len()),
            Err(error) if piece.is_last || error.code != Code::Truncated => Err(error),
            _ => Ok(done),
        }
    }
}

impl Edn {
    fn is_behind(&mut self, text: &str) -> bool {
        *self.is_behind.get_or_insert_with(|| OPENING.is_behind(text.trim_start()))
    }
}
