//! `results.edn`, what Jepsen's own checkers found: of all that it holds, `:valid?` of the whole.
//!
//! It may be large, and hold what Clojure prints and cannot read back. So it is not read as values:
//! brackets, strings and comments are told apart byte by byte, as far as that one field.

use std::io::Read;

use crate::error::{Code, Error};

/// How many bytes are read at a time.
const BUFFER: usize = 1 << 16;
/// No word that counts is longer.
const WORD: usize = 16;

/// Returns whether Jepsen found a run valid, where `results` is its `results.edn`; `None` if Jepsen
/// does not know. Reads as far as that, in constant memory.
///
/// ```
/// use histcheck::formats::jepsen_valid;
/// let results = "{:linear {:valid? true, :configs []}, :valid? :unknown}";
/// assert_eq!(jepsen_valid(results.as_bytes()), Ok(None));
/// assert!(jepsen_valid("{:linear {:valid? true}}".as_bytes()).is_err());
/// ```
///
/// # Errors
/// If reading fails, or this is no map with a `:valid?` of `true`, `false` or `:unknown`.
pub fn jepsen_valid(mut results: impl Read) -> Result<Option<bool>, Error> {
    let mut scan = Scan::default();
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = match results.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(&error.to_string())),
        };
        for &byte in &buffer[..count] {
            if let Some(valid) = scan.pass(byte)? {
                return Ok(valid);
            }
        }
    }
    scan.pass(b'\n')?.ok_or_else(|| match scan.has_ended {
        true => unreadable("it has no `:valid?`"),
        false => unreadable("it ends in the middle"),
    })
}

fn unreadable(why: &str) -> Error {
    Error::new(Code::Unreadable, why)
}

/// Where a scan is.
#[derive(Default)]
struct Scan {
    inside: Inside,
    /// How many brackets are open.
    depth: u64,
    has_ended: bool,
    /// The word that is being read; it is cut.
    word: Vec<u8>,
    /// How many forms were read of the map: the next one is a value if this is odd.
    forms: u64,
    /// Whether the last of them was `:valid?`, as a key.
    is_wanted: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Inside {
    #[default]
    Nothing,
    String,
    /// Behind a backslash in a string.
    Escape,
    Comment,
    /// Behind a backslash that starts a character.
    Character,
}

impl Scan {
    /// Passes one byte. Returns what the field holds, behind it.
    fn pass(&mut self, byte: u8) -> Result<Option<Option<bool>>, Error> {
        match self.inside {
            Inside::String if byte == b'\\' => self.inside = Inside::Escape,
            Inside::String if byte == b'"' => {
                self.inside = Inside::Nothing;
                self.form(b"\"")?;
            }
            Inside::String => {}
            Inside::Escape => self.inside = Inside::String,
            Inside::Comment if byte == b'\n' => self.inside = Inside::Nothing,
            Inside::Comment => {}
            Inside::Character => {
                self.inside = Inside::Nothing;
                self.grow(byte);
            }
            Inside::Nothing => return self.pass_outside(byte),
        }
        Ok(None)
    }

    fn pass_outside(&mut self, byte: u8) -> Result<Option<Option<bool>>, Error> {
        let is_end = matches!(byte, b' ' | b',' | b'\t'..=b'\r' | b'"' | b';')
            || matches!(byte, b'(' | b')' | b'[' | b']' | b'{' | b'}');
        if !is_end {
            self.grow(byte);
            if byte == b'\\' {
                self.inside = Inside::Character;
            }
            return Ok(None);
        }
        let word = std::mem::take(&mut self.word);
        // What starts with one of these belongs to the form behind it.
        if !word.is_empty() && (word[0] != b'#' || word.starts_with(b"##")) {
            let valid = self.form(&word)?;
            if valid.is_some() {
                return Ok(valid);
            }
        } else if self.depth < 2 && matches!(&word[..], b"#_" | b"#^") {
            return Err(unreadable("it has comments or metadata among its fields"));
        }
        match byte {
            b'"' => self.inside = Inside::String,
            b';' => self.inside = Inside::Comment,
            b'(' | b'[' | b'{' => {
                if self.depth == 0 && (byte != b'{' || !word.is_empty() || self.has_ended) {
                    return Err(unreadable("it is no map"));
                }
                self.depth += 1;
            }
            b')' | b']' | b'}' => {
                self.depth = self.depth.checked_sub(1).ok_or_else(|| unreadable("it is no map"))?;
                self.has_ended = self.depth == 0;
                if self.depth > 0 {
                    self.form(b"}")?;
                }
            }
            _ => {}
        }
        Ok(None)
    }

    fn grow(&mut self, byte: u8) {
        if self.word.len() < WORD {
            self.word.push(byte);
        }
    }

    /// Goes on behind a form that is `word`, or ends with it.
    fn form(&mut self, word: &[u8]) -> Result<Option<Option<bool>>, Error> {
        match self.depth {
            0 => return Err(unreadable("it is no map")),
            1 => {}
            _ => return Ok(None),
        }
        let is_key = self.forms.is_multiple_of(2);
        self.forms += 1;
        if std::mem::replace(&mut self.is_wanted, is_key && word == b":valid?") {
            return match word {
                b"true" => Ok(Some(Some(true))),
                b"false" => Ok(Some(Some(false))),
                b":unknown" => Ok(Some(None)),
                _ => Err(unreadable("its `:valid?` is none of true, false and :unknown")),
            };
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_of_the_whole_is_found() {
        for (text, valid) in [
            ("{:valid? true}", Some(true)),
            ("{:valid? false", Some(false)),
            ("{:a {:valid? true} :b [:valid? true] :valid?   :unknown, :c 1}\n", None),
            (
                "; :valid? true\n{:a \":valid? true \\\" {\" \"valid?\" \\{ :b \\\" :valid? false}",
                Some(false),
            ),
            ("{:a :valid? :b true :valid? false}", Some(false)),
            ("{:a #\"[)}\" :b #object[x 0x1 \"]\"] #inst \"x\" #{} :valid? true}", Some(true)),
            ("{:a ##NaN,:b #x.Y{:valid? false},:valid?,false}", Some(false)),
            ("{:valid?\ntrue\n :a (", Some(true)),
        ] {
            assert_eq!(jepsen_valid(text.as_bytes()), Ok(valid), "{text}");
        }
        let long = format!("{{:a \"{}\" :valid? true}}", "x".repeat(3 * BUFFER));
        assert_eq!(jepsen_valid(long.as_bytes()), Ok(Some(true)));
    }

    #[test]
    fn what_does_not_have_it_is_refused() {
        for (text, why) in [
            ("", "in the middle"),
            ("{", "in the middle"),
            ("{:a \"{:valid? true}", "in the middle"),
            ("{:a 1 :valid?", "in the middle"),
            ("{}", "no `:valid?`"),
            ("{:a :valid?, true 1}", "no `:valid?`"),
            ("{:valid? nil}", "none of true"),
            ("{:valid? {:valid? true}}", "none of true"),
            ("{:valid? trueeeeeeeeeeeeeeeeeeeeee}", "none of true"),
            ("[:valid? true]", "no map"),
            ("#{:valid? true}", "no map"),
            ("true", "no map"),
            ("}", "no map"),
            ("{} {:valid? true}", "no map"),
            ("{#_ :a :valid? true}", "comments or metadata"),
        ] {
            let error = jepsen_valid(text.as_bytes()).err();
            assert!(error.is_some_and(|error| error.message.contains(why)), "{text}");
        }
    }
}
