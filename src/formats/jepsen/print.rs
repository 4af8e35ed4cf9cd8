//! Values as EDN, as Clojure prints them into `history.edn`. What Clojure prints so that it cannot
//! be read back, such as arrays of bytes, becomes a value with a tag.

use std::fmt::Write as _;

use super::datum::{Datum, Tag};
use super::file::damaged;
use crate::error::{Code, Error};
use crate::formats::edn::is_keyword_name;

/// So many bytes a whole number may have: to write it takes time with the square of them.
const MAX_NUMBER: usize = 1 << 13;

/// The fields of an operation, in the order in which Jepsen writes them.
const FIELDS: [&str; 6] = ["index", "time", "type", "process", "f", "value"];

/// Why a value has no text.
pub(super) enum Unprintable {
    /// It would be longer than what is in the file can be,
    TooLong,
    /// or than the memory that it may take.
    TooLarge,
    /// It is not what its type is.
    Malformed(&'static str),
}

impl Unprintable {
    /// Returns the error about the record that starts at byte `at` of the file.
    pub(super) fn error(&self, at: usize) -> Error {
        match self {
            Unprintable::TooLong => damaged(at, "a record repeats a long value too often"),
            Unprintable::TooLarge => {
                Error::new(Code::TooLarge, "the text of a record is larger than the memory")
                    .hint("raise --max-memory")
            }
            Unprintable::Malformed(what) => damaged(at, what),
        }
    }
}

/// Text of a limited length.
pub(super) struct Text<'a> {
    pub(super) out: &'a mut String,
    /// As many bytes as it may have, going by the file,
    pub(super) most: usize,
    /// and by the memory.
    pub(super) memory: usize,
}

type Printed = Result<(), Unprintable>;

impl Text<'_> {
    /// Appends the line of a record.
    pub(super) fn record(&mut self, record: &Datum) -> Printed {
        match record {
            Datum::Struct(Tag::Op, node) => {
                self.push("{")?;
                for (at, (name, part)) in FIELDS.iter().zip(&node.items).enumerate() {
                    self.push(if at == 0 { ":" } else { ", :" })?;
                    self.push(name)?;
                    self.push(" ")?;
                    self.value(part)?;
                }
                match node.items.last() {
                    Some(Datum::Null) | None => {}
                    Some(Datum::Struct(Tag::Map, more)) => self.pairs(", ", &more.items)?,
                    Some(_) => return Err(Unprintable::Malformed("an operation has no fields")),
                }
                self.push("}\n")
            }
            other => {
                self.value(other)?;
                self.push("\n")
            }
        }
    }

    fn push(&mut self, text: &str) -> Printed {
        let len = self.out.len() + text.len();
        if len > self.most.min(self.memory) {
            let is_large = len > self.memory;
            return Err(if is_large { Unprintable::TooLarge } else { Unprintable::TooLong });
        }
        self.out.push_str(text);
        Ok(())
    }

    fn value(&mut self, value: &Datum) -> Printed {
        match value {
            Datum::Null => self.push("nil"),
            Datum::Bool(true) => self.push("true"),
            Datum::Bool(false) => self.push("false"),
            Datum::Int(int) => self.push(&int.to_string()),
            Datum::Double(double) => self.float(*double, format!("{double:?}")),
            Datum::Float(float) => self.float(f64::from(*float), format!("{float:?}")),
            Datum::Text(text) => self.quoted(text),
            Datum::Bytes(bytes) => {
                self.push("#bytes [")?;
                for byte in &**bytes {
                    self.push(&format!("{} ", byte.cast_signed()))?;
                }
                self.push("]")
            }
            Datum::List(node) => self.sequence("[", &node.items, "]"),
            Datum::Struct(tag, node) => self.tagged(tag, &node.items),
        }
    }

    fn float(&mut self, number: f64, text: String) -> Printed {
        match number {
            _ if number.is_nan() => self.push("##NaN"),
            f64::INFINITY => self.push("##Inf"),
            f64::NEG_INFINITY => self.push("##-Inf"),
            _ => self.push(&text),
        }
    }

    fn quoted(&mut self, text: &str) -> Printed {
        self.push("\"")?;
        let mut rest = text;
        while let Some(at) = rest.find(['"', '\\', '\n', '\r']) {
            self.push(&rest[..at])?;
            self.push(match rest.as_bytes()[at] {
                b'"' => "\\\"",
                b'\n' => "\\n",
                b'\r' => "\\r",
                _ => "\\\\",
            })?;
            rest = &rest[at + 1..];
        }
        self.push(rest)?;
        self.push("\"")
    }

    fn sequence(&mut self, open: &str, items: &[Datum], close: &str) -> Printed {
        self.push(open)?;
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.push(" ")?;
            }
            self.value(item)?;
        }
        self.push(close)
    }

    /// Appends the keys and values of a map, which is made of one list, with `first` before them if
    /// there are any.
    fn pairs(&mut self, first: &str, map: &[Datum]) -> Printed {
        let pairs = map.first().and_then(Datum::items).filter(|items| items.len() % 2 == 0);
        let pairs = pairs.ok_or(Unprintable::Malformed("a map is not made of pairs"))?;
        let mut before = first;
        for pair in pairs.chunks_exact(2) {
            self.push(std::mem::replace(&mut before, ", "))?;
            self.value(&pair[0])?;
            self.push(" ")?;
            self.value(&pair[1])?;
        }
        Ok(())
    }

    fn tagged(&mut self, tag: &Tag, parts: &[Datum]) -> Printed {
        match (tag, parts) {
            (Tag::Map, _) => {
                self.push("{")?;
                self.pairs("", parts)?;
                self.push("}")
            }
            (Tag::Set | Tag::HashSet | Tag::SortedSet, [items]) => {
                let items = items.items().ok_or(Unprintable::Malformed("a set is no list"))?;
                self.sequence("#{", items, "}")
            }
            (Tag::Key | Tag::Symbol, [namespace, name]) => self.name(tag, namespace, name),
            (Tag::MapEntry, _) => self.sequence("[", parts, "]"),
            (Tag::Vec, [items]) => {
                let items = items.items().ok_or(Unprintable::Malformed("a vector is no list"))?;
                self.sequence("[", items, "]")
            }
            (Tag::BigInt, [Datum::Bytes(bytes)]) => {
                self.push(&whole(bytes)?)?;
                self.push("N")
            }
            (Tag::BigDecimal, [Datum::Bytes(bytes), Datum::Int(scale)]) => {
                let scale = i32::try_from(*scale).map_err(|_| not_a_number())?;
                self.push(&decimal(&whole(bytes)?, i64::from(scale)))
            }
            (Tag::Ratio, [top, bottom]) => {
                self.push(&digits(top)?)?;
                self.push("/")?;
                self.push(&digits(bottom)?)
            }
            (Tag::Char, [Datum::Int(code)]) => self.char(*code),
            (Tag::Byte, [Datum::Int(byte)]) => self.push(&byte.to_string()),
            (Tag::Uuid, [Datum::Bytes(bytes)]) => self.uuid(bytes),
            (Tag::Instant, [Datum::Int(milliseconds)]) => {
                self.push(&format!("#inst \"{}\"", instant(*milliseconds)))
            }
            (Tag::Record, [Datum::Struct(Tag::Symbol, class), Datum::Struct(Tag::Map, map)]) => {
                match &class.items[..] {
                    [Datum::Null, Datum::Text(class)] if is_tag(class) => {
                        self.push(&format!("#{class}{{"))?;
                    }
                    _ => return Err(Unprintable::Malformed("a record is of no class")),
                }
                self.pairs("", &map.items)?;
                self.push("}")
            }
            _ => self.other(tag, parts),
        }
    }

    /// Appends what EDN has no notation for, with a tag.
    fn other(&mut self, tag: &Tag, parts: &[Datum]) -> Printed {
        let name = match tag {
            Tag::Array(name) => name,
            Tag::Regex => "regex",
            Tag::Uri => "uri",
            Tag::Atom => "atom",
            Tag::DateTime => "clj-time/date-time",
            Tag::JavaInstant => "instant",
            Tag::Multiset => "multiset",
            Tag::Throwable => "error",
            Tag::Op => "jepsen.history.Op",
            Tag::BlockRef => "block-ref",
            Tag::Other(name) if is_tag(name) => name,
            Tag::Other(name) => {
                self.push("#tagged [")?;
                self.quoted(name)?;
                self.sequence(" [", parts, "]]")?;
                return Ok(());
            }
            _ => return Err(Unprintable::Malformed("a value is not what its type says")),
        };
        self.push(&format!("#{name} "))?;
        match (tag, parts) {
            (Tag::Op | Tag::Other(_), _) => self.sequence("[", parts, "]"),
            (_, [part]) => self.value(part),
            _ => Err(Unprintable::Malformed("a value has no parts")),
        }
    }

    /// Appends a keyword or symbol; with a tag if its name could be taken for something else.
    fn name(&mut self, tag: &Tag, namespace: &Datum, name: &Datum) -> Printed {
        let whole = match (namespace, name) {
            (Datum::Null, Datum::Text(name)) => name.to_string(),
            (Datum::Text(namespace), Datum::Text(name)) => format!("{namespace}/{name}"),
            _ => return Err(Unprintable::Malformed("a name is no text")),
        };
        let (sigil, word, is_plain) = match tag {
            Tag::Key => (":", "#keyword ", is_keyword_name(&whole)),
            _ => ("", "#symbol ", is_symbol(&whole)),
        };
        if is_plain {
            self.push(sigil)?;
            return self.push(&whole);
        }
        self.push(word)?;
        self.quoted(&whole)
    }

    fn char(&mut self, code: i64) -> Printed {
        let code = u16::try_from(code).map_err(|_| Unprintable::Malformed("no character"))?;
        match char::from_u32(u32::from(code)) {
            Some(plain) if plain.is_ascii_alphanumeric() => self.push(&format!("\\{plain}")),
            _ => self.push(&format!("\\u{code:04x}")),
        }
    }

    fn uuid(&mut self, bytes: &[u8]) -> Printed {
        if bytes.len() != 16 {
            return Err(Unprintable::Malformed("a UUID does not have 16 bytes"));
        }
        self.push("#uuid \"")?;
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                self.push("-")?;
            }
            self.push(&format!("{byte:02x}"))?;
        }
        self.push("\"")
    }
}

/// Tells whether `#name` is one tag.
fn is_tag(name: &str) -> bool {
    name.starts_with(char::is_alphabetic) && is_keyword_name(name)
}

/// Tells whether `name` is one symbol.
fn is_symbol(name: &str) -> bool {
    let unsigned = name.strip_prefix(['+', '-']).unwrap_or(name);
    is_keyword_name(name)
        && !name.starts_with('#')
        && !unsigned.starts_with(|c: char| c.is_ascii_digit())
        && !matches!(name, "nil" | "true" | "false")
}

fn not_a_number() -> Unprintable {
    Unprintable::Malformed("a number is none, or has too many digits")
}

fn digits(number: &Datum) -> Result<String, Unprintable> {
    match number {
        Datum::Int(int) => Ok(int.to_string()),
        Datum::Struct(Tag::BigInt, node) => match &node.items[..] {
            [Datum::Bytes(bytes)] => whole(bytes),
            _ => Err(not_a_number()),
        },
        _ => Err(not_a_number()),
    }
}

/// Returns the decimal digits of a number in two's complement, the highest byte first.
fn whole(bytes: &[u8]) -> Result<String, Unprintable> {
    /// Nine digits at a time fit 32 bits.
    const BASE: u64 = 1_000_000_000;
    if bytes.is_empty() || bytes.len() > MAX_NUMBER {
        return Err(not_a_number());
    }
    let is_negative = bytes[0] >= 0x80;
    // The digits, the lowest nine first. A negative number is -1 minus what its bits negated are.
    let mut parts: Vec<u64> = Vec::new();
    let mut carry = u64::from(is_negative);
    for chunk in bytes.iter().map(|&byte| if is_negative { !byte } else { byte }) {
        let mut carry = u64::from(chunk);
        for part in &mut parts {
            carry += *part * 256;
            (*part, carry) = (carry % BASE, carry / BASE);
        }
        if carry > 0 {
            parts.push(carry);
        }
    }
    for part in &mut parts {
        carry += *part;
        (*part, carry) = (carry % BASE, carry / BASE);
    }
    if carry > 0 {
        parts.push(carry);
    }
    let Some((highest, rest)) = parts.split_last() else { return Ok("0".to_owned()) };
    let mut text = format!("{}{highest}", if is_negative { "-" } else { "" });
    for part in rest.iter().rev() {
        let _ = write!(text, "{part:09}");
    }
    Ok(text)
}

/// Returns the number of these digits, of which `scale` are behind the point, as Java prints it:
/// how many digits it has is a part of what it is.
fn decimal(digits: &str, scale: i64) -> String {
    let (sign, digits) = digits.split_at(usize::from(digits.starts_with('-')));
    let exponent = digits.len() as i64 - 1 - scale;
    if scale == 0 {
        return format!("{sign}{digits}M");
    }
    if scale < 0 || exponent < -6 {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{sign}{first}{point}{rest}E{exponent:+}M");
    }
    // As the exponent is no less than -6, these are few zeros.
    let padded = format!("{}{digits}", "0".repeat(usize::try_from(-exponent).unwrap_or(0)));
    let (whole, fraction) = padded.split_at(padded.len() - scale as usize);
    format!("{sign}{whole}.{fraction}M")
}

/// Returns the UTC time so many milliseconds after 1970, as Clojure prints it.
fn instant(milliseconds: i64) -> String {
    const DAY: i64 = 86_400_000;
    let (days, rest) = (milliseconds.div_euclid(DAY), milliseconds.rem_euclid(DAY));
    // Years of 365.2425 days that start in March, in eras of 400: the leap day is the last.
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}-00:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_all_their_digits() {
        for number in [0, 1, 127, 128, 255, 256, 999_999_999, 1_000_000_000, i128::MAX] {
            for number in [number, -number, -number - 1] {
                let digits = whole(&number.to_be_bytes()).ok();
                assert_eq!(digits, Some(number.to_string()));
            }
        }
        assert_eq!(whole(&[0xff]).ok().as_deref(), Some("-1"));
        assert_eq!(whole(&[0x01, 0x00]).ok().as_deref(), Some("256"));
        assert!(whole(&[]).is_err() && whole(&vec![1; MAX_NUMBER + 1]).is_err());
    }

    #[test]
    fn instants_are_dates() {
        for (milliseconds, text) in [
            (0, "1970-01-01T00:00:00.000-00:00"),
            (-1, "1969-12-31T23:59:59.999-00:00"),
            (951_782_400_000, "2000-02-29T00:00:00.000-00:00"),
            (951_868_800_000, "2000-03-01T00:00:00.000-00:00"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000-00:00"),
            (1_735_787_045_678, "2025-01-02T03:04:05.678-00:00"),
        ] {
            assert_eq!(instant(milliseconds), text);
        }
    }
}
