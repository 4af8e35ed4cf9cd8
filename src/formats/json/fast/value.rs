//! Reads the values of usual records: numbers, strings, booleans and lists, but no maps.

use super::batch::Batch;
use super::scan::{NULL, Scanner};
use super::word::{Literal, digits, low_bytes, plain_bytes, word};
use crate::formats::time;
use crate::history::{Time, Value};

/// Lists within lists, as deep as they are usual.
const DEPTH: usize = 4;
/// Powers of ten, by the number of digits of a word.
pub(super) static POWERS: [u64; 9] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
/// The most digits of a number that fits 64 bits.
const DIGITS: usize = 19;

const TRUE: Literal = Literal::new(b"true");
const FALSE: Literal = Literal::new(b"false");

impl<'t> Scanner<'t> {
    /// The value here.
    #[inline(always)]
    pub(in crate::formats) fn value(&mut self, batch: &mut Batch<'t>) -> Option<Value> {
        match self.peek()? {
            b'-' | b'0'..=b'9' => self.number(batch),
            b'n' => self.skip(NULL, self.word()).then_some(Value::NULL),
            _ => {
                let (value, end) = self.stored(batch, 0)?;
                self.at = end;
                Some(value)
            }
        }
    }

    /// The number here as a value.
    #[inline(always)]
    fn number(&mut self, batch: &mut Batch<'t>) -> Option<Value> {
        let start = self.at;
        match self.integer() {
            Some(n) if !self.at_fraction() => Some(batch.values.int(n)),
            _ => {
                self.at = start;
                let (value, end) = self.rare_number(batch)?;
                self.at = end;
                Some(value)
            }
        }
    }

    /// The number here, whatever it is; and where it ends.
    #[inline(never)]
    fn rare_number(self, batch: &mut Batch<'t>) -> Option<(Value, usize)> {
        let literal = self.literal()?;
        Some((batch.values.number(literal)?, self.at + literal.len()))
    }

    /// The number here as a time.
    #[inline(always)]
    pub(in crate::formats) fn any_time(&mut self) -> Option<Time> {
        let start = self.at;
        match self.integer() {
            Some(time) if !self.at_fraction() => Some(Time::Whole(time)),
            _ => {
                self.at = start;
                let (time, end) = self.rare_time()?;
                self.at = end;
                Some(time)
            }
        }
    }

    /// The number here as a time, whatever it is; and where it ends.
    #[inline(never)]
    pub(in crate::formats) fn rare_time(self) -> Option<(Time, usize)> {
        let literal = self.literal()?;
        Some((time::parse(literal).ok()?, self.at + literal.len()))
    }

    /// Whether what is behind an integer makes it another number.
    #[inline(always)]
    pub(in crate::formats) fn at_fraction(&self) -> bool {
        matches!(self.peek(), Some(b'.' | b'e' | b'E'))
    }

    /// The text of the number here.
    pub(in crate::formats) fn literal(mut self) -> Option<&'t str> {
        let start = self.at;
        self.at += usize::from(self.peek()? == b'-');
        let whole = self.at;
        let count = self.skip_digits()?;
        if count > 1 && self.byte(whole) == Some(b'0') {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.skip_digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'-' | b'+')));
            self.skip_digits()?;
        }
        self.text.get(start..self.at)
    }

    /// Goes behind the digits here; how many they are. `None` if there are none.
    fn skip_digits(&mut self) -> Option<usize> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(self.at - start)
    }

    /// The string, boolean or list here, `depth` lists around it; and where it ends.
    #[inline(never)]
    pub(super) fn stored(mut self, batch: &mut Batch<'t>, depth: usize) -> Option<(Value, usize)> {
        match self.peek()? {
            b'"' => {
                let word = self.word();
                self.at += 1;
                let len = plain_bytes(word >> 8);
                let end = self.at + len;
                if len < Literal::MOST - 1 && self.byte(end) == Some(b'"') {
                    let text = self.text.get(self.at..end)?;
                    let Batch { recent, values, .. } = batch;
                    let word = word & low_bytes(len + 1);
                    return Some((recent.value(word, || values.text(text)), end + 1));
                }
                match self.string() {
                    Some((text, end)) => Some((batch.values.text(text), end)),
                    None => self.escaped(batch),
                }
            }
            b'[' => self.list(batch, depth),
            b't' => self.skip(TRUE, self.word()).then_some((Value::TRUE, self.at)),
            b'f' => self.skip(FALSE, self.word()).then_some((Value::FALSE, self.at)),
            _ => None,
        }
    }

    fn list(mut self, batch: &mut Batch<'t>, depth: usize) -> Option<(Value, usize)> {
        if depth == DEPTH {
            return None;
        }
        if depth == 0 {
            // A record that was left in the middle of a list left its items, too.
            batch.items.clear();
        }
        let base = batch.items.len();
        self.at += 1;
        self.skip_space();
        if self.peek()? != b']' {
            loop {
                let item = match self.peek()? {
                    b'-' | b'0'..=b'9' => self.number(batch)?,
                    b'n' => self.skip(NULL, self.word()).then_some(Value::NULL)?,
                    _ => {
                        let (item, end) = self.stored(batch, depth + 1)?;
                        self.at = end;
                        item
                    }
                };
                batch.items.push(item);
                self.skip_space();
                match self.peek()? {
                    b',' => self.at += 1,
                    b']' => break,
                    _ => return None,
                }
                self.skip_space();
            }
        }
        let list = batch.values.list(&batch.items[base..]);
        batch.items.truncate(base);
        Some((list, self.at + 1))
    }

    /// The rest of the string here, if it holds no escape; and where it ends.
    pub(in crate::formats) fn string(self) -> Option<(&'t str, usize)> {
        let mut end = self.at;
        loop {
            // Behind the end of the text come zeros, which are control characters.
            let plain = plain_bytes(word(self.text.as_bytes(), end));
            end += plain;
            if plain < 8 {
                break;
            }
        }
        if self.byte(end) != Some(b'"') {
            return None;
        }
        Some((self.text.get(self.at..end)?, end + 1))
    }

    /// The rest of the string here, which holds an escape or is none; and where it ends.
    #[inline(never)]
    fn escaped(mut self, batch: &mut Batch<'t>) -> Option<(Value, usize)> {
        let mut text = std::mem::take(&mut batch.unescaped);
        text.clear();
        let end = self.unescape(&mut text);
        let value = end.map(|end| (batch.values.text(&text), end));
        batch.unescaped = text;
        value
    }

    /// Appends the rest of the string here to `out`; where it ends. Pairs of surrogates are rare.
    fn unescape(&mut self, out: &mut String) -> Option<usize> {
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)) {
                self.at += 1;
            }
            // What is no string may be much text, and is not copied.
            let next = self.peek().filter(|byte| matches!(byte, b'"' | b'\\'))?;
            out.push_str(self.text.get(start..self.at)?);
            if next == b'"' {
                return Some(self.at + 1);
            }
            let escape = self.byte(self.at + 1)?;
            self.at += 2;
            out.push(match escape {
                b'"' | b'\\' | b'/' => char::from(escape),
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => {
                    let digits = self.text.get(self.at..self.at + 4)?;
                    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
                    self.at += 4;
                    char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
                }
                _ => return None,
            });
        }
    }

    /// The integer here; what follows it is for the caller to look at.
    #[inline(always)]
    pub(in crate::formats) fn integer(&mut self) -> Option<i64> {
        let negative = self.peek() == Some(b'-');
        let start = self.at + usize::from(negative);
        let bytes = self.text.as_bytes();
        let first = word(bytes, start);
        let (mut number, mut len) = digits(first);
        if len == 8 {
            let (more, count) = digits(word(bytes, start + 8));
            number = number * POWERS[count] + more;
            len += count;
            if count == 8 {
                let (more, count) = digits(word(bytes, start + 16));
                len += count;
                if len > DIGITS {
                    return None;
                }
                // So many digits fit if the sign's bit is not among them.
                number = number * POWERS[count] + more;
                if number > i64::MAX as u64 {
                    return None;
                }
            }
        }
        let needless_zero = first as u8 == b'0' && len > 1;
        if len == 0 || needless_zero {
            return None;
        }
        self.at = start + len;
        let number = number as i64;
        Some(if negative { -number } else { number })
    }
}
