//! Reads the usual record of EDN fast: one map, with or without a tag, with the fields of an event
//! in any order, and others whose values are integers, words, strings and vectors of these. It
//! takes nothing that the parser would refuse or understand otherwise, nor what that would store in
//! another order; whatever is less usual, it leaves to the parser.

use std::ops::Range;

use super::token::{ENDS, is_space};
use crate::formats::json::fast::{
    Batch, Entry, Form, Literal, NO_INDEX, Other, Pending, Scanner, low_bytes, seen,
};
use crate::formats::moments::in_unit;
use crate::formats::roles::Role;
use crate::history::{EventType, NO_TIME, Time, Value};

const PROCESS: Literal = Literal::new(b":process");
const TYPE: Literal = Literal::new(b":type");
const FUNCTION: Literal = Literal::new(b":f");
const VALUE: Literal = Literal::new(b":value");
const KEY: Literal = Literal::new(b":key");
const TIME: Literal = Literal::new(b":time");
const INDEX: Literal = Literal::new(b":index");

const NIL: Literal = Literal::new(b"nil");

/// The types, where the bits of their fourth byte put them that [`kind_slot`] takes; which of them
/// comes next is hard to predict. What ends a word has other bits than the fourth letters.
static KINDS: [(Literal, EventType); 16] = {
    let mut kinds = [(Literal::new(b":ok"), EventType::Ok); 16];
    kinds[kind_slot(b'v')] = (Literal::new(b":invoke"), EventType::Invoke);
    kinds[kind_slot(b'i')] = (Literal::new(b":fail"), EventType::Fail);
    kinds[kind_slot(b'f')] = (Literal::new(b":info"), EventType::Info);
    kinds
};

const fn kind_slot(fourth: u8) -> usize {
    (fourth >> 3) as usize & 15
}

/// The number that the name `index` has in every batch.
const INDEX_NAME: u8 = 0;
/// More other fields than this are not usual.
const MOST_OTHERS: usize = 12;
/// Vectors within vectors, as deep as they are usual.
const DEPTH: usize = 4;
/// Integers of more digits are stored where they are met.
const DIGITS: usize = 18;

/// Reads the records that start in `range` of `text`, on a line that does, or, if none does,
/// wherever a map may.
pub(super) fn read<'t>(text: &'t str, range: Range<usize>, batch: &mut Batch<'t>) {
    batch.begin(range.start, range.end);
    let mut map = Map { scanner: Scanner::new(text, range.start) };
    if range.start > 0 {
        // A line that starts with the part ends before it.
        map.scanner.at -= 1;
        if !map.scanner.next_line(range.end) {
            map.scanner.at = range.start;
            if !map.scanner.next_object(range.end) {
                return;
            }
        }
    }
    loop {
        map.skip_space();
        let at = map.scanner.at;
        if at >= range.end {
            return;
        }
        let extras = batch.extras.len();
        let record = map.record(batch);
        let entry = record.unwrap_or(Entry::UNUSUAL);
        batch.entries.push(Entry { at: (at - range.start) as u32, ..entry });
        batch.end = map.scanner.at;
        if record.is_none() {
            batch.extras.truncate(extras);
            batch.pending = Pending::default();
            if !map.scanner.next_line(range.end) && !map.scanner.next_object_behind(range.end) {
                return;
            }
        }
    }
}

/// Walks through maps.
#[derive(Clone, Copy)]
struct Map<'t> {
    scanner: Scanner<'t>,
}

impl<'t> Map<'t> {
    #[inline(always)]
    fn skip_space(&mut self) {
        while self.scanner.peek().is_some_and(is_space) {
            self.scanner.at += 1;
        }
    }

    /// Tells whether a word or a number ends here.
    #[inline(always)]
    fn is_at_end(&self) -> bool {
        self.scanner.peek().is_none_or(|byte| ENDS[usize::from(byte)])
    }

    /// Goes behind `literal` if `word`, which is the one here, starts with it, and it ends there.
    #[inline(always)]
    fn skip(&mut self, literal: Literal, word: u64) -> bool {
        let ends = |byte: u8| ENDS[usize::from(byte)];
        let is_here = literal.starts(word)
            && self.scanner.byte(self.scanner.at + literal.len).is_none_or(ends);
        if is_here {
            self.scanner.at += literal.len;
        }
        is_here
    }

    /// Returns the record here, if it is a usual one, its place left at 0. Goes behind it then; if
    /// not, may leave fields in the batch.
    #[inline(always)]
    fn record(&mut self, batch: &mut Batch<'t>) -> Option<Entry> {
        let mut map = *self;
        if map.scanner.peek()? == b'#' {
            map.scanner.at += 1;
            map.scanner.peek()?.is_ascii_alphabetic().then_some(())?;
            map.scanner.at = map.word_end();
            map.skip_space();
        }
        map.scanner.eat(b'{')?;
        let mut entry = Entry::EMPTY;
        let mut seen = 0;
        let first = batch.extras.len();
        loop {
            map.skip_space();
            if map.scanner.peek()? == b'}' {
                break;
            }
            let field = map.field(&mut entry, first, batch)?;
            if seen & field != 0 {
                return None;
            }
            seen |= field;
        }
        self.scanner.at = map.scanner.at + 1;
        // A vector is stored before all else.
        let is_vector = batch.values.as_list(entry.value).is_some();
        if is_vector && entry.process.is_stored() {
            return None;
        }
        if batch.extras.len() == first {
            return (seen & seen::REQUIRED == seen::REQUIRED).then_some(entry);
        }
        let entry = batch.settle(entry, seen, first)?;
        if is_vector && entry.form == Form::Whole {
            batch.wholes.pop();
            return None;
        }
        Some(entry)
    }

    /// Reads one field into `entry`, or into the fields of the batch, where those of the record are
    /// from `first` on; which it was, as a bit, if it is one that an event has.
    #[inline(always)]
    fn field(&mut self, entry: &mut Entry, first: usize, batch: &mut Batch<'t>) -> Option<u8> {
        let start = self.scanner.at;
        let word = self.scanner.word();
        Some(if self.skip(PROCESS, word) {
            self.skip_space();
            let process = self.integer()?;
            entry.process = batch.values.int(process);
            seen::PROCESS
        } else if self.skip(TYPE, word) {
            self.skip_space();
            let word = self.scanner.word();
            let (literal, kind) = KINDS[kind_slot((word >> 24) as u8)];
            self.skip(literal, word).then_some(())?;
            entry.kind = kind;
            seen::TYPE
        } else if self.skip(FUNCTION, word) {
            self.skip_space();
            entry.function = self.function(batch)?;
            seen::FUNCTION
        } else if self.skip(VALUE, word) {
            self.skip_space();
            entry.value = match self.scanner.peek()? {
                b'-' | b'0'..=b'9' => {
                    let n = self.integer()?;
                    batch.values.int(n)
                }
                _ => {
                    let (value, end) = self.value(batch, 0)?;
                    self.scanner.at = end;
                    value
                }
            };
            seen::VALUE
        } else if self.skip(KEY, word) {
            self.skip_space();
            let (key, end) = self.value(batch, DEPTH)?;
            (entry.key, self.scanner.at) = (key, end);
            seen::KEY
        } else if self.skip(TIME, word) {
            self.skip_space();
            if !self.skip(NIL, self.scanner.word()) {
                entry.time = self.integer()?;
                // What stands for none is no time.
                (entry.time != NO_TIME).then_some(())?;
            }
            seen::TIME
        } else if batch.extras.len() == first && self.skip(INDEX, word) {
            self.skip_space();
            match self.integer().and_then(|index| u32::try_from(index).ok()) {
                Some(index) if index != NO_INDEX => entry.index = index,
                _ => {
                    self.scanner.at = start;
                    return self.other(first, batch);
                }
            }
            seen::INDEX
        } else {
            return self.other(first, batch);
        })
    }

    /// Reads the integer here.
    #[inline(always)]
    fn integer(&mut self) -> Option<i64> {
        let start = self.scanner.at;
        let n = self.scanner.integer()?;
        (self.scanner.at - start <= DIGITS && self.is_at_end()).then_some(n)
    }

    /// Returns where the word here ends.
    #[inline(always)]
    fn word_end(&self) -> usize {
        let mut end = self.scanner.at;
        while self.scanner.byte(end).is_some_and(|byte| !ENDS[usize::from(byte)]) {
            end += 1;
        }
        end
    }

    /// Reads the keyword here; its name.
    #[inline(always)]
    fn keyword(&mut self) -> Option<&'t str> {
        self.scanner.eat(b':')?;
        let (start, end) = (self.scanner.at, self.word_end());
        let name = self.scanner.text.get(start..end)?;
        self.scanner.at = end;
        (!name.is_empty() && !name.starts_with(':') && !name.ends_with(':')).then_some(name)
    }

    /// Reads the name of an operation, as a number of the batch.
    #[inline(always)]
    fn function(&mut self, batch: &mut Batch<'t>) -> Option<u8> {
        let start = self.scanner.at + 1;
        let name = self.keyword()?;
        if name.len() > 8 {
            return batch.functions.named(name);
        }
        let word = Scanner::new(self.scanner.text, start).word() & low_bytes(name.len());
        batch.functions.short(word, self.scanner.text, start..start + name.len())
    }

    /// Reads the value here, `depth` vectors around it; and where it ends.
    #[inline(never)]
    fn value(mut self, batch: &mut Batch<'t>, depth: usize) -> Option<(Value, usize)> {
        let value = match self.scanner.peek()? {
            b'-' | b'0'..=b'9' => {
                let n = self.integer()?;
                batch.values.int(n)
            }
            b':' => {
                let word = self.scanner.word();
                let name = self.keyword()?;
                let Batch { recent, values, .. } = batch;
                match name.len() + 1 {
                    len @ ..=Literal::MOST => {
                        recent.value(word & low_bytes(len), || values.keyword(name))
                    }
                    _ => values.keyword(name),
                }
            }
            b'"' => {
                self.scanner.at += 1;
                let (text, end) = self.scanner.string()?;
                self.scanner.at = end;
                batch.values.text(text)
            }
            b'[' => return self.vector(batch, depth),
            b'a'..=b'z' | b'A'..=b'Z' => {
                let (start, end) = (self.scanner.at, self.word_end());
                self.scanner.at = end;
                match self.scanner.text.get(start..end)? {
                    "nil" => Value::NULL,
                    "true" => Value::TRUE,
                    "false" => Value::FALSE,
                    symbol => batch.values.symbol(symbol),
                }
            }
            _ => return None,
        };
        Some((value, self.scanner.at))
    }

    fn vector(mut self, batch: &mut Batch<'t>, depth: usize) -> Option<(Value, usize)> {
        if depth == DEPTH {
            return None;
        }
        if depth == 0 {
            // A record that was left in the middle of a vector left its items, too.
            batch.items.clear();
        }
        let base = batch.items.len();
        self.scanner.at += 1;
        loop {
            self.skip_space();
            if self.scanner.peek()? == b']' {
                break;
            }
            let (item, end) = self.value(batch, depth + 1)?;
            self.scanner.at = end;
            batch.items.push(item);
        }
        let list = batch.values.list(&batch.items[base..]);
        batch.items.truncate(base);
        Some((list, self.scanner.at + 1))
    }

    /// Reads a field that not every event has; where it ends.
    #[inline(never)]
    fn other_field(mut self, first: usize, batch: &mut Batch<'t>) -> Option<usize> {
        let name = self.keyword()?;
        let name = batch.names.named(name)?;
        self.skip_space();
        let role = batch.role(name);
        let known = &batch.extras[first..];
        if known.len() == MOST_OTHERS || known.iter().any(|other| other.name == name) {
            return None;
        }
        let mut other = Other { name, value: Value::NULL, is_index: false, is_end: false };
        match (role, self.scanner.peek()?) {
            (Role::Call | Role::Return, b'-' | b'0'..=b'9') => {
                let time = Time::Whole(self.integer()?);
                let time = in_unit(time, batch.units[usize::from(name)])?;
                batch.pending.set_end(role, time)?;
                other.is_end = true;
            }
            (Role::Function, b':') => {
                let function = self.keyword()?;
                other.value = batch.values.keyword(function);
                batch.pending.set_function(function)?;
            }
            (_, next) => {
                other.is_index = name == INDEX_NAME && next.is_ascii_digit();
                // A vector is stored before all else, so that only the value may be one.
                (other.value, self.scanner.at) = self.value(batch, DEPTH)?;
            }
        }
        batch.extras.push(other);
        Some(self.scanner.at)
    }

    #[inline(always)]
    fn other(&mut self, first: usize, batch: &mut Batch<'t>) -> Option<u8> {
        self.scanner.at = self.other_field(first, batch)?;
        Some(0)
    }
}
