//! One line of a text format: integers and the marks between them.

use crate::error::{Code, Error, Place};

/// Reads a line from left to right.
pub(super) struct Scan<'t> {
    line: &'t str,
    at: usize,
    /// Where the line starts in the text.
    offset: usize,
    /// How a line of the format looks.
    form: &'static str,
    /// Whether the text ends with this line, without a line break.
    is_cut: bool,
}

impl<'t> Scan<'t> {
    /// Starts at the start of `line`, which is at `offset` of the text; `form` shows how a line of
    /// the format looks.
    pub(super) fn new(line: &'t str, offset: usize, form: &'static str, is_cut: bool) -> Self {
        Scan { line, at: 0, offset, form, is_cut }
    }

    /// Passes over spaces and tabs.
    pub(super) fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Tells whether the line ends here.
    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.line.len()
    }

    /// The byte here.
    pub(super) fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    /// Passes over `byte`, if it is here.
    pub(super) fn has(&mut self, byte: u8) -> bool {
        let is_here = self.peek() == Some(byte);
        self.at += usize::from(is_here);
        is_here
    }

    /// Passes over `byte` and the space around it.
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Error> {
        self.skip_space();
        if !self.has(byte) {
            return Err(self.unexpected());
        }
        self.skip_space();
        Ok(())
    }

    /// Returns the integer here.
    pub(super) fn integer(&mut self) -> Result<&'t str, Error> {
        let rest = &self.line.as_bytes()[self.at..];
        let sign = usize::from(rest.first() == Some(&b'-'));
        let digits = rest[sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Err(self.unexpected());
        }
        let start = self.at;
        self.at += sign + digits;
        Ok(&self.line[start..self.at])
    }

    /// Expects the end of the line.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        self.skip_space();
        if self.is_at_end() { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Returns the error about what is here.
    pub(super) fn unexpected(&self) -> Error {
        let Some(found) = self.line[self.at..].chars().next() else {
            if self.is_cut {
                return Error::new(Code::Truncated, "the input ends in the middle of a line")
                    .hint("the file was cut: copy it again, or remove the last line")
                    .at(self.place());
            }
            return Error::new(Code::Syntax, "the line ends too early")
                .hint(format!("a line is {}", self.form))
                .at(self.place());
        };
        let message = format!("unexpected `{}`", found.escape_debug());
        let hint = format!("a line is {}", self.form);
        Error::new(Code::Syntax, message).hint(hint).at(self.place())
    }

    /// Where the scan is.
    pub(super) fn place(&self) -> Place {
        Place { offset: self.offset + self.at, ..Place::default() }
    }
}

/// The lines of a text, each with its offset and whether the text ends with it without a line
/// break.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str, bool)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let (line, is_last) = (start < text.len()).then(|| line_at(text, start))?;
        at += line.len() + 1;
        Some((start, line, is_last))
    })
}

/// Returns the line that starts at byte `at` of a text, and whether the text ends with it without a
/// line break.
pub(super) fn line_at(text: &str, at: usize) -> (&str, bool) {
    let rest = &text[at..];
    let end = memchr::memchr(b'\n', rest.as_bytes());
    (&rest[..end.unwrap_or(rest.len())], end.is_none())
}
