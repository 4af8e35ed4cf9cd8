//! Reads the usual line of JSON Lines fast: one object with the fields of an event in any order,
//! and values without escapes or fractions. It takes nothing that the reader for all JSON would
//! refuse or understand otherwise; whatever is less usual, it leaves to that reader.

use super::batch::{Batch, Entry, NO_INDEX};
use super::word::{Literal, digits, low_bytes, plain_bytes, word};
use crate::history::{EventType, NO_TIME, Value};

/// Lists within lists, as deep as they are usual.
const DEPTH: usize = 4;
/// Powers of ten, by the number of digits of a word.
static POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
/// Digits of which a number always fits 64 bits.
const DIGITS: usize = 18;

const PROCESS: Literal = Literal::new(b"\"process");
const PROCESS_END: Literal = Literal::new(b"\":");
const TYPE: Literal = Literal::new(b"\"type\":");
const FUNCTION: Literal = Literal::new(b"\"f\":");
const VALUE: Literal = Literal::new(b"\"value\":");
const KEY: Literal = Literal::new(b"\"key\":");
const TIME: Literal = Literal::new(b"\"time\":");
const INDEX: Literal = Literal::new(b"\"index\":");

const NULL: Literal = Literal::new(b"null");
const TRUE: Literal = Literal::new(b"true");
const FALSE: Literal = Literal::new(b"false");

/// The types, where the bits of their fourth byte that [`kind_slot`] takes put them: which of them
/// comes next is hard to predict, so that it is looked up rather than branched on.
static KINDS: [(Literal, EventType); 8] = {
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

/// Walks through the lines of a text. The place where it is stays in a register as long as what
/// uses it is inlined; so most is, and whatever is not takes a copy and returns the place behind.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    /// A scanner of `text` from byte `at` on.
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Scanner { text, at }
    }

    /// Where it is.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes to the first byte that is no white space; that is the start of a record, or the end.
    #[inline(always)]
    pub(super) fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// Goes behind the line break at or behind this place. False if there is none before `end`.
    pub(super) fn next_line(&mut self, end: usize) -> bool {
        let rest = self.text.as_bytes().get(self.at..end).unwrap_or_default();
        match memchr::memchr(b'\n', rest) {
            Some(newline) => {
                self.at += newline + 1;
                true
            }
            None => false,
        }
    }

    /// The event that the object here is, if it is one of the usual shape; its place is left at 0.
    /// Goes behind the object then, and stays here if not.
    pub(super) fn event(&mut self, batch: &mut Batch<'t>) -> Option<Entry> {
        let mut scanner = *self;
        scanner.eat(b'{')?;
        let mut entry = Entry::UNUSUAL;
        let mut seen = 0;
        loop {
            scanner.skip_space();
            let field = scanner.field(&mut entry, batch)?;
            if seen & field != 0 {
                return None;
            }
            seen |= field;
            scanner.skip_space();
            match scanner.peek()? {
                b',' => scanner.at += 1,
                b'}' => break,
                _ => return None,
            }
        }
        self.at = scanner.at + 1;
        (seen & REQUIRED == REQUIRED).then_some(entry)
    }

    /// Reads one field into `entry`; which it was, as a bit.
    #[inline(always)]
    fn field(&mut self, entry: &mut Entry, batch: &mut Batch<'t>) -> Option<u8> {
        let word = self.word();
        Some(if self.skip(PROCESS, word) {
            self.skip(PROCESS_END, self.word()).then_some(())?;
            self.skip_space();
            entry.process = self.small_or_stored(batch)?;
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
            entry.value = self.value(batch)?;
            8
        } else if self.skip(KEY, word) {
            self.skip_space();
            entry.key = self.value(batch)?;
            16
        } else if self.skip(TIME, word) {
            self.skip_space();
            entry.time = match self.peek()? {
                b'n' => self.skip(NULL, self.word()).then_some(NO_TIME)?,
                _ => self.integer()?,
            };
            32
        } else if self.skip(INDEX, word) {
            self.skip_space();
            entry.index = self.index()?;
            64
        } else {
            return None;
        })
    }

    fn index(&mut self) -> Option<u32> {
        let digit = self.peek()?.is_ascii_digit();
        let index = u32::try_from(self.integer().filter(|_| digit)?).ok()?;
        (index != NO_INDEX).then_some(index)
    }

    #[inline(always)]
    fn kind(&mut self) -> Option<EventType> {
        let word = self.word();
        let (literal, kind) = KINDS[kind_slot((word >> 24) as u8)];
        self.skip(literal, word).then_some(kind)
    }

    /// The name of an operation, as a number of the batch.
    #[inline(always)]
    fn function(&mut self, batch: &mut Batch<'t>) -> Option<u16> {
        self.eat(b'"')?;
        let name = self.word();
        let len = plain_bytes(name);
        let end = self.at + len;
        if self.byte(end) == Some(b'"') && name as u8 != b':' {
            let range = self.at..end;
            self.at = end + 1;
            return batch.functions.short(name & low_bytes(len), self.text, range);
        }
        let (name, end) = self.string()?;
        self.at = end;
        batch.functions.named(name.strip_prefix(':').unwrap_or(name))
    }

    /// The value here.
    #[inline(always)]
    fn value(&mut self, batch: &mut Batch<'t>) -> Option<Value> {
        match self.peek()? {
            b'-' | b'0'..=b'9' => self.small_or_stored(batch),
            b'n' => self.skip(NULL, self.word()).then_some(Value::NULL),
            _ => {
                let (value, end) = self.stored(batch, 0)?;
                self.at = end;
                Some(value)
            }
        }
    }

    /// The integer here as a value.
    #[inline(always)]
    fn small_or_stored(&mut self, batch: &mut Batch<'t>) -> Option<Value> {
        let n = self.integer()?;
        Some(batch.values.int(n))
    }

    /// The string, boolean or list here, `depth` lists around it; and where it ends.
    #[inline(never)]
    fn stored(mut self, batch: &mut Batch<'t>, depth: usize) -> Option<(Value, usize)> {
        match self.peek()? {
            b'"' => {
                self.at += 1;
                let (text, end) = self.string()?;
                Some((batch.values.text(text), end))
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
                    b'-' | b'0'..=b'9' => self.small_or_stored(batch)?,
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
    fn string(self) -> Option<(&'t str, usize)> {
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

    /// The integer here; what follows it is for the caller to look at.
    #[inline(always)]
    fn integer(&mut self) -> Option<i64> {
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
                number = number * POWERS[count] + more;
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

    /// Skips `literal` if `word`, which is the one here, starts with it.
    #[inline(always)]
    fn skip(&mut self, literal: Literal, word: u64) -> bool {
        let starts = literal.starts(word);
        if starts {
            self.at += literal.len;
        }
        starts
    }

    #[inline(always)]
    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    #[inline(always)]
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    #[inline(always)]
    fn word(&self) -> u64 {
        word(self.text.as_bytes(), self.at)
    }
}
