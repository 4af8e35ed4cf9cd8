//! Bytes as text: UTF-8, with or without a byte order mark.

use super::position::Position;
use crate::error::{Code, Error, Place};

const BYTE_ORDER_MARK: char = '\u{feff}';
/// The bytes of the mark, where text comes in pieces.
pub(super) const MARK: &[u8] = "\u{feff}".as_bytes();

/// Returns the text behind its byte order mark, if it has one.
pub(super) fn body(text: &str) -> &str {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// Returns where the body of `text` starts.
pub(super) fn start(text: &str) -> Position {
    Position::behind(text.len() - body(text).len())
}

/// Returns the line and column of byte `offset` of `text`.
pub(super) fn place_of(text: &str, offset: usize) -> Place {
    let start = start(text);
    start.place(body(text), offset.saturating_sub(start.offset))
}

/// Returns the bytes as text.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let before = String::from_utf8_lossy(&bytes[..valid]);
        let byte = bytes.get(valid).copied().unwrap_or_default();
        not_utf8(bytes, byte).at(place_of(&before, valid))
    })
}

/// Returns the error about a `byte` of an input that starts with `start`.
pub(super) fn not_utf8(start: &[u8], byte: u8) -> Error {
    let hint = match start {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "this looks like UTF-16: convert it to UTF-8",
        _ => "convert the file to UTF-8, or look for binary data in a recorded value",
    };
    Error::new(Code::NotUtf8, format!("the byte 0x{byte:02x} belongs to no UTF-8 character"))
        .hint(hint)
}

/// Returns the error about an input of nothing but white space.
pub(super) fn is_empty() -> Error {
    Error::new(Code::Empty, "the input is empty")
        .hint("was the recorder running, and is this the right file?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        let place = |offset| {
            let Place { line, column, .. } = place_of("\u{feff}aé\nö€x", offset);
            (line, column)
        };
        assert_eq!(place(0), (1, 1));
        assert_eq!(place(3), (1, 1), "the byte order mark is no character");
        assert_eq!(place(4), (1, 2));
        assert_eq!(place(7), (2, 1));
        assert_eq!(place(12), (2, 3));
        assert_eq!(place(10), (2, 2), "in the middle of a character");
        assert_eq!(place(999), (2, 4), "beyond the end");
    }
}
