//! Reads the usual line of JSON Lines fast: one object with the fields of an event in any order,
//! and values without escapes or fractions. It takes nothing that the reader for all JSON would
//! refuse or understand otherwise; whatever is less usual, it leaves to that reader.

use super::batch::{Batch, Entry};
use super::word::{Literal, digits, low_bytes, plain_bytes, word};
use crate::history::{EventType, NO_TIME, Value};

/// Lists within lists, as deep as they are usual.
const DEPTH: usize = 4;
/// Powers of ten, by the number of digits of a word.
const POWERS: [u64; 9] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
/// Digits of which a number always fits 64 bits.
const DIGITS: usize = 18;

const PROCESS: Literal = Literal::new(b"\"process");
const PROCESS_END: Literal = Literal::new(b"\":");
const TYPE: Literal = Literal::new(b"\"type\":");
const FUNCTION: Literal = Literal::new(b"\"f\":");
const VALUE: Literal = Literal::new(b"\"value\":");
const KEY: Literal = Literal::new(b"\"key\":");
const TIME: Literal = Literal::new(b"\"time\":");

const NULL: Literal = Literal::new(b"null");
const TRUE: Literal = Literal::new(b"true");
const FALSE: Literal = Literal::new(b"false");

/// The types, where the bits of their fourth byte that [`kind_slot`] takes put them: which of them
/// comes next is hard to predict, so that it is looked up rather than branched on.
const KINDS: [(Literal, EventType); 8] = {
    let mut kinds = [(Literal::new(b"\"ok\""), EventType::Ok); 8];
    kinds[kind_slot(b'v')] = (Literal::new(b"\"invoke\""), EventType::Invoke);
    kinds[kind_slot(b'i')] = (Literal::new(b"\"fail\""), EventType::Fail);
    kinds[kind_slot(b'f')] = (Literal::new(b"\"info\""), EventType::Info);
    kinds
};

const fn kind_slot(fourth: u8) -> usize {
    (fourth >> 2) as usize & 7
}

/// The fields that an event must have.
const REQUIRED: u8 = 1 | 2 | 4;

/// Walks through the lines of a text.
pub(super) struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// The items of the lists that are open.
    items: Vec<Value>,
}

impl<'t> Scanner<'t> {
    /// A scanner of `text` from byte `at` on.
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Scanner { text, bytes: text.as_bytes(), at, items: Vec::new() }
    }

    /// Where it is.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes to the first byte that is no white space; that is the start of a record, or the end.
    #[inline]
    pub(super) fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Goes behind the line break at or behind this place. False if there is none before `end`.
    pub(super) fn next_line(&mut self, end: usize) -> bool {
        let rest = self.bytes.get(self.at..end).unwrap_or_default();
        match memchr::memchr(b'\n', rest) {
            Some(newline) => {
                self.at += newline + 1;
                true
            }
            None => false,
        }
    }

    /// The event that the object here is, if it is one of the usual shape; its place is left at 0.
    /// Goes behind the object then, and somewhere into it if not.
    pub(super) fn event(&mut self, batch: &mut Batch<'t>) -> Option<Entry> {
        self.eat(b'{')?;
        let mut entry = Entry {
            time: NO_TIME,
            at: 0,
            process: Value::NULL,
            value: Value::NULL,
            key: Value::NULL,
            function: 0,
            kind: None,
        };
        let mut seen = 0;
        loop {
            self.skip_space();
            let field = self.field(&mut entry, batch)?;
            if seen & field != 0 {
                return None;
            }
            seen |= field;
            self.skip_space();
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return None,
            }
        }
        self.at += 1;
        (seen & REQUIRED == REQUIRED).then_some(entry)
    }

    /// Reads one field into `entry`; which it was, as a bit.
    #[inline]
    fn field(&mut self, entry: &mut Entry, batch: &mut Batch<'t>) -> Option<u8> {
        let word = self.word();
        Some(if self.skip(PROCESS, word) {
            self.skip(PROCESS_END, self.word()).then_some(())?;
            self.skip_space();
            let process = self.integer()?;
            entry.process = batch.values.int(process);
            1
        } else if self.skip(TYPE, word) {
            self.skip_space();
            entry.kind = Some(self.kind()?);
            2
        } else if self.skip(FUNCTION, word) {
            self.skip_space();
            entry.function = self.function(batch)?;
            4
        } else if self.skip(VALUE, word) {
            self.skip_space();
            entry.value = self.value(batch, 0)?;
            8
        } else if self.skip(KEY, word) {
            self.skip_space();
            entry.key = self.value(batch, 0)?;
            16
        } else if self.skip(TIME, word) {
            self.skip_space();
            if !self.skip(NULL, self.word()) {
                entry.time = self.integer()?;
            }
            32
        } else {
            return None;
        })
    }

    #[inline]
    fn kind(&mut self) -> Option<EventType> {
        let word = self.word();
        let (literal, kind) = KINDS[kind_slot((word >> 24) as u8)];
        self.skip(literal, word).then_some(kind)
    }

    /// The name of an operation, as a number of the batch.
    #[inline]
    fn function(&mut self, batch: &mut Batch<'t>) -> Option<u16> {
        if self.peek()? != b'"' {
            return None;
        }
        let name = word(self.bytes, self.at + 1);
        let len = plain_bytes(name);
        if self.bytes.get(self.at + 1 + len) == Some(&b'"') && name as u8 != b':' {
            let short = name & low_bytes(len);
            let start = self.at + 1;
            self.at = start + len + 1;
            return batch.functions.short(short, self.text, start..start + len);
        }
        let name = self.string()?;
        batch.functions.named(name.strip_prefix(':').unwrap_or(name))
    }

    /// The value here, `depth` lists around it.
    #[inline]
    fn value(&mut self, batch: &mut Batch<'t>, depth: usize) -> Option<Value> {
        match self.peek()? {
            b'-' | b'0'..=b'9' => {
                let n = self.integer()?;
                Some(batch.values.int(n))
            }
            b'n' => self.skip(NULL, self.word()).then_some(Value::NULL),
            b'"' => {
                let text = self.string()?;
                Some(batch.values.text(text))
            }
            b'[' => self.list(batch, depth),
            b't' => self.skip(TRUE, self.word()).then_some(Value::TRUE),
            b'f' => self.skip(FALSE, self.word()).then_some(Value::FALSE),
            _ => None,
        }
    }

    fn list(&mut self, batch: &mut Batch<'t>, depth: usize) -> Option<Value> {
        if depth == DEPTH {
            return None;
        }
        if depth == 0 {
            // A line that was left in the middle of a list left its items, too.
            self.items.clear();
        }
        let base = self.items.len();
        self.at += 1;
        self.skip_space();
        if self.peek()? != b']' {
            loop {
                let item = self.value(batch, depth + 1)?;
                self.items.push(item);
                self.skip_space();
                match self.peek()? {
                    b',' => self.at += 1,
                    b']' => break,
                    _ => return None,
                }
                self.skip_space();
            }
        }
        self.at += 1;
        let list = batch.values.list(&self.items[base..]);
        self.items.truncate(base);
        Some(list)
    }

    /// The string here, if it holds no escape.
    fn string(&mut self) -> Option<&'t str> {
        let start = self.at + 1;
        let mut end = start;
        loop {
            // Behind the end of the text come zeros, which are control characters.
            let plain = plain_bytes(word(self.bytes, end));
            end += plain;
            if plain < 8 {
                break;
            }
        }
        if self.bytes.get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        self.text.get(start..end)
    }

    /// The integer here; what follows it is for the caller to look at.
    #[inline]
    fn integer(&mut self) -> Option<i64> {
        let negative = self.peek() == Some(b'-');
        let start = self.at + usize::from(negative);
        let (mut number, mut len) = digits(word(self.bytes, start));
        if len == 8 {
            let (more, count) = digits(word(self.bytes, start + 8));
            number = number * POWERS[count] + more;
            len += count;
            if count == 8 {
                let (more, count) = digits(word(self.bytes, start + 16));
                len += count;
                if len > DIGITS {
                    return None;
                }
                number = number * POWERS[count] + more;
            }
        }
        let needless_zero = len > 1 && self.bytes.get(start) == Some(&b'0');
        if len == 0 || needless_zero {
            return None;
        }
        self.at = start + len;
        let number = number as i64;
        Some(if negative { -number } else { number })
    }

    /// Skips `literal` if `word`, which is the one here, starts with it.
    #[inline]
    fn skip(&mut self, literal: Literal, word: u64) -> bool {
        let starts = literal.starts(word);
        if starts {
            self.at += literal.len;
        }
        starts
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn word(&self) -> u64 {
        word(self.bytes, self.at)
    }
}
