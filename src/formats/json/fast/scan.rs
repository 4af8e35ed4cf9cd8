//! Reads the usual record of JSON fast: one object with the fields of an event in any order, and
//! others. It takes nothing that the reader for all JSON would refuse or understand otherwise;
//! whatever is less usual, it leaves to that reader.

use super::batch::{Batch, Layout, Rules};
use super::entry::{Entry, Field, Form, INDEX as INDEX_NAME, NO_INDEX, Other, Pending, seen};
use super::order::MOST_TRIES;
use super::plan::{Plans, SHARE};
use super::word::{Literal, low_bytes, plain_bytes, word};
use crate::formats::moments::in_unit;
use crate::formats::roles::Role;
use crate::history::{EventType, NO_TIME, Time, Value};

const PROCESS: Literal = Literal::new(b"\"process");
const PROCESS_END: Literal = Literal::new(b"\":");
const TYPE: Literal = Literal::new(b"\"type\":");
const FUNCTION: Literal = Literal::new(b"\"f\":");
const VALUE: Literal = Literal::new(b"\"value\":");
const KEY: Literal = Literal::new(b"\"key\":");
const TIME: Literal = Literal::new(b"\"time\":");
const INDEX: Literal = Literal::new(b"\"index\":");

pub(in crate::formats) const NULL: Literal = Literal::new(b"null");

/// The types, where the bits of their fourth byte that [`kind_slot`] takes put them: which of them
/// comes next is hard to predict, so that it is looked up rather than branched on.
static KINDS: [(Literal, EventType); 8] = {
    let mut kinds = [(Literal::new(b"\"ok\""), EventType::Ok); 8];
    kinds[kind_slot(b'v')] = (Literal::new(b"\"invoke\""), EventType::Invoke);
    kinds[kind_slot(b'i')] = (Literal::new(b"\"fail\""), EventType::Fail);
    kinds[kind_slot(b'f')] = (Literal::new(b"\"info\""), EventType::Info);
    kinds
};

/// The type that `word` starts with, as text and as itself.
#[inline(always)]
pub(super) fn kind_of(word: u64) -> Option<(Literal, EventType)> {
    let (literal, kind) = KINDS[kind_slot((word >> 24) as u8)];
    literal.starts(word).then_some((literal, kind))
}

const fn kind_slot(fourth: u8) -> usize {
    (fourth >> 2) as usize & 7
}

/// More other fields than this are not usual.
const MOST_OTHERS: usize = 12;

/// Walks through the records of a text. The place where it is stays in a register as long as what
/// uses it is inlined; so most is, and whatever is not takes a copy and returns the place behind.
#[derive(Clone, Copy)]
pub(in crate::formats) struct Scanner<'t> {
    pub(in crate::formats) text: &'t str,
    pub(in crate::formats) at: usize,
}

impl<'t> Scanner<'t> {
    /// A scanner of `text` from byte `at` on.
    pub(in crate::formats) fn new(text: &'t str, at: usize) -> Self {
        Scanner { text, at }
    }

    /// Where the first record may start between bytes `start` and `end` of `text`.
    fn first(text: &'t str, start: usize, end: usize, layout: Layout) -> Option<usize> {
        let lines = layout == Layout::Lines;
        // A line that starts with the part ends before it.
        let mut scanner = Scanner::new(text, if lines { start.saturating_sub(1) } else { start });
        let found = match layout {
            Layout::Lines => start == 0 || scanner.next_line(end),
            Layout::Array => scanner.next_object(end),
        };
        found.then_some(scanner.at)
    }

    /// Where it is.
    #[inline]
    pub(in crate::formats) fn at(&self) -> usize {
        self.at
    }

    /// Goes to the first byte that is no white space; that is the start of a record, or the end.
    #[inline(always)]
    pub(in crate::formats) fn skip_space(&mut self) {
        // Mostly there is none, and one comparison says so.
        while let Some(b'\0'..=b' ') = self.peek()
            && let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek()
        {
            self.at += 1;
        }
    }

    /// Goes behind the line break at or behind this place. False if there is none before `end`.
    pub(in crate::formats) fn next_line(&mut self, end: usize) -> bool {
        let rest = self.text.as_bytes().get(self.at..end).unwrap_or_default();
        match memchr::memchr(b'\n', rest) {
            Some(newline) => {
                self.at += newline + 1;
                true
            }
            None => false,
        }
    }

    /// Goes to the next `{` before `end`. False if there is none.
    pub(in crate::formats) fn next_object(&mut self, end: usize) -> bool {
        let rest = self.text.as_bytes().get(self.at..end).unwrap_or_default();
        let found = memchr::memchr(b'{', rest);
        self.at += found.unwrap_or_default();
        found.is_some()
    }

    /// The same, behind the byte here.
    pub(in crate::formats) fn next_object_behind(&mut self, end: usize) -> bool {
        self.at += 1;
        self.next_object(end)
    }

    /// Goes behind the comma that comes next. False if something else does.
    pub(in crate::formats) fn skip_comma(&mut self) -> bool {
        self.skip_space();
        self.eat(b',').is_some()
    }

    /// The record that the object here is, if it is one of the usual shape; its place is left at 0.
    /// Goes behind the object then; if not, may leave fields in the batch.
    #[inline(always)]
    pub(in crate::formats) fn record(&mut self, batch: &mut Batch<'t>) -> Option<Entry> {
        let mut scanner = *self;
        scanner.eat(b'{')?;
        let mut entry = Entry::EMPTY;
        let mut seen = 0;
        let first = batch.extras.len();
        loop {
            scanner.skip_space();
            let field = scanner.field(&mut entry, first, batch)?;
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
        if batch.extras.len() > first {
            return batch.settle(entry, seen, first);
        }
        (seen & seen::REQUIRED == seen::REQUIRED).then_some(entry)
    }

    /// Reads one field into `entry`, or into the fields of the batch, where those of the record are
    /// from `first` on; which it was, as a bit, if it is one that an event has.
    #[inline(always)]
    fn field(&mut self, entry: &mut Entry, first: usize, batch: &mut Batch<'t>) -> Option<u8> {
        let start = self.at;
        let Some(field) = self.name() else { return self.other(first, batch) };
        if field == Field::Index && batch.extras.len() > first {
            self.at = start;
            return self.other(first, batch);
        }
        self.skip_space();
        if self.content(field, entry, batch).is_none() {
            if field != Field::Index {
                return None;
            }
            self.at = start;
            return self.other(first, batch);
        }
        Some(field.bit())
    }

    /// Goes behind the name here, if it is that of a field that an event has.
    #[inline(always)]
    pub(super) fn name(&mut self) -> Option<Field> {
        let word = self.word();
        Some(if self.skip(PROCESS, word) {
            if !self.skip(PROCESS_END, self.word()) {
                self.at -= PROCESS.len;
                return None;
            }
            Field::Process
        } else if self.skip(TYPE, word) {
            Field::Type
        } else if self.skip(FUNCTION, word) {
            Field::Function
        } else if self.skip(VALUE, word) {
            Field::Value
        } else if self.skip(KEY, word) {
            Field::Key
        } else if self.skip(TIME, word) {
            Field::Time
        } else if self.skip(INDEX, word) {
            Field::Index
        } else {
            return None;
        })
    }

    /// Reads the content of `field` here into `entry`.
    #[inline(always)]
    pub(super) fn content(
        &mut self,
        field: Field,
        entry: &mut Entry,
        batch: &mut Batch<'t>,
    ) -> Option<()> {
        match field {
            Field::Process => entry.process = batch.values.int(self.integer()?),
            Field::Type => entry.kind = self.kind()?,
            Field::Function => entry.function = self.function(batch)?,
            Field::Value => entry.value = self.value(batch)?,
            Field::Key => entry.key = self.value(batch)?,
            Field::Time => self.time(entry)?,
            Field::Index => entry.index = self.index()?,
        }
        Some(())
    }

    #[inline(always)]
    fn time(&mut self, entry: &mut Entry) -> Option<()> {
        entry.time = NO_TIME;
        if self.peek()? == b'n' {
            return self.skip(NULL, self.word()).then_some(());
        }
        let start = self.at;
        match self.integer() {
            Some(time) if !self.at_fraction() => entry.time = time,
            _ => {
                self.at = start;
                let (time, end) = self.rare_time()?;
                self.at = end;
                (entry.time, entry.form) = match time {
                    Time::Whole(time) => (time, Form::Event),
                    Time::Seconds(time) => (time, Form::EventInSeconds),
                    Time::Exact(time) => (time, Form::ExactEvent),
                };
                // What stands for none is no time.
                (entry.time != NO_TIME).then_some(())?;
            }
        }
        Some(())
    }

    /// Reads a field that not every event has; no bit.
    #[inline(never)]
    fn other_field(mut self, first: usize, batch: &mut Batch<'t>) -> Option<usize> {
        self.eat(b'"')?;
        let word = self.word();
        let len = plain_bytes(word);
        let end = self.at + len;
        let name = if self.byte(end) == Some(b'"') {
            let range = self.at..end;
            self.at = end + 1;
            batch.names.short(word & low_bytes(len), self.text, range)?
        } else {
            let (name, end) = self.string()?;
            self.at = end;
            batch.names.named(name)?
        };
        self.eat(b':')?;
        self.skip_space();
        let role = batch.role(name);
        let known = &batch.extras[first..];
        if known.len() == MOST_OTHERS || known.iter().any(|other| other.name == name) {
            return None;
        }
        let mut other = Other { name, value: Value::NULL, is_index: false, is_end: false };
        match (role, self.peek()?) {
            (Role::Call | Role::Return, b'-' | b'0'..=b'9') => {
                let time = self.any_time()?;
                let time = in_unit(time, batch.units[usize::from(name)])?;
                batch.pending.set_end(role, time)?;
                other.is_end = true;
            }
            (Role::Function, b'"') => {
                self.at += 1;
                let (function, end) = self.string()?;
                self.at = end;
                other.value = batch.values.text(function);
                batch.pending.set_function(function)?;
            }
            _ => {
                other.is_index = name == INDEX_NAME && self.peek()?.is_ascii_digit();
                other.value = self.value(batch)?;
            }
        }
        batch.extras.push(other);
        Some(self.at)
    }

    #[inline(always)]
    fn other(&mut self, first: usize, batch: &mut Batch<'t>) -> Option<u8> {
        self.at = self.other_field(first, batch)?;
        Some(0)
    }

    /// The index here, if it is one that a record may have.
    fn index(&mut self) -> Option<u32> {
        let mut scanner = *self;
        let digit = scanner.peek()?.is_ascii_digit();
        let index = u32::try_from(scanner.integer().filter(|_| digit)?).ok()?;
        if index == NO_INDEX || scanner.at_fraction() {
            return None;
        }
        *self = scanner;
        Some(index)
    }

    #[inline(always)]
    fn kind(&mut self) -> Option<EventType> {
        let (literal, kind) = kind_of(self.word())?;
        self.at += literal.len;
        Some(kind)
    }

    /// The name of an operation, as a number of the batch.
    #[inline(always)]
    fn function(&mut self, batch: &mut Batch<'t>) -> Option<u8> {
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

    /// Skips `literal` if `word`, which is the one here, starts with it.
    #[inline(always)]
    pub(in crate::formats) fn skip(&mut self, literal: Literal, word: u64) -> bool {
        let starts = literal.starts(word);
        if starts {
            self.at += literal.len;
        }
        starts
    }

    #[inline(always)]
    pub(in crate::formats) fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    #[inline(always)]
    pub(in crate::formats) fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    #[inline(always)]
    pub(in crate::formats) fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    #[inline(always)]
    pub(in crate::formats) fn word(&self) -> u64 {
        word(self.text.as_bytes(), self.at)
    }
}

impl<'t> Batch<'t> {
    /// Reads what starts between bytes `start` and `end` of `text`: on a line that does, or, in an
    /// array, wherever an object may.
    pub(in crate::formats) fn read(
        &mut self,
        text: &'t str,
        start: usize,
        end: usize,
        rules: Rules<'_>,
    ) {
        self.begin(start, end);
        let Some(first) = Scanner::first(text, start, end, rules.layout) else { return };
        let mut plans = std::mem::take(&mut self.plans);
        let mut is_read = plans.are_in_use() || rules.mapping.is_some();
        if is_read {
            let others = self.read_planned(text, first, end, rules, &mut plans);
            is_read =
                plans.were_of_use(others, self.entries.len() / SHARE) || rules.mapping.is_some();
        }
        if !is_read {
            self.begin(start, end);
            let unusual = self.read_usual(text, first, end, rules.layout);
            if plans.are_due(unusual, self.entries.len()) {
                self.begin(start, end);
                let others = self.read_planned(text, first, end, rules, &mut plans);
                // Most of those that were unusual have plans then, and the others still do.
                if !plans.were_of_use(others, unusual / 2) {
                    self.begin(start, end);
                    self.read_usual(text, first, end, rules.layout);
                }
            }
        }
        self.plans = plans;
    }

    /// Reads the records of the usual shape; returns how many others there are.
    #[inline(never)]
    fn read_usual(&mut self, text: &'t str, first: usize, end: usize, layout: Layout) -> usize {
        // As an argument, it would have no register.
        let mut scanner = Scanner::new(text, first);
        let (start, mut unusual, mut tries) = (self.start, 0, MOST_TRIES);
        loop {
            if tries > 0 {
                let known = self.entries.len();
                match self.read_alike(text, scanner.at(), end, layout) {
                    Some(at) => scanner = Scanner::new(text, at),
                    None => return unusual,
                }
                if self.entries.len() == known && scanner.at() < end {
                    tries -= 1;
                    if let Some(order) = scanner.order(self) {
                        self.order = order;
                        continue;
                    }
                }
            }
            scanner.skip_space();
            let at = scanner.at();
            if at >= end {
                return unusual;
            }
            let extras = self.extras.len();
            let record = scanner.record(self);
            let entry = record.unwrap_or(Entry::UNUSUAL);
            self.entries.push(Entry { at: (at - start) as u32, ..entry });
            self.end = scanner.at();
            let goes_on = match (layout, record) {
                (Layout::Lines, Some(_)) => true,
                (Layout::Lines, None) => scanner.next_line(end),
                (Layout::Array, Some(_)) => scanner.skip_comma(),
                (Layout::Array, None) => scanner.next_object_behind(end),
            };
            if record.is_none() {
                self.extras.truncate(extras);
                self.pending = Pending::default();
                unusual += 1;
            }
            if !goes_on {
                return unusual;
            }
        }
    }

    /// Reads the records that have plans, be they of the usual shape or not; returns how many
    /// others there are. So [`Scanner::record`] is inlined in one place.
    #[inline(never)]
    fn read_planned(
        &mut self,
        text: &'t str,
        first: usize,
        end: usize,
        Rules { layout, mapping }: Rules<'_>,
        plans: &mut Plans,
    ) -> usize {
        let mut scanner = Scanner::new(text, first);
        let mut others = 0;
        loop {
            scanner.skip_space();
            let at = scanner.at();
            if at >= end {
                return others;
            }
            let record = plans.record(&mut scanner, mapping, self);
            let entry = record.unwrap_or(Entry::UNUSUAL);
            self.entries.push(Entry { at: (at - self.start) as u32, ..entry });
            self.end = scanner.at();
            others += usize::from(record.is_none());
            let goes_on = match (layout, record) {
                (Layout::Lines, Some(_)) => true,
                (Layout::Lines, None) => scanner.next_line(end),
                (Layout::Array, Some(_)) => scanner.skip_comma(),
                (Layout::Array, None) => scanner.next_object_behind(end),
            };
            if !goes_on {
                return others;
            }
        }
    }
}
