//! Reads the usual record of a table fast: cells that are integers, words and small values, each
//! into the place that the header gives to its column. It takes nothing that the library would
//! refuse or that would be understood otherwise; whatever is less usual, it leaves to the library.

use std::ops::Range;

use memchr::{memchr, memchr3};

use super::header::{Column, Header};
use crate::formats::json::fast::{
    Batch, Entry, Form, Literal, NO_INDEX, Other, Pending, Scanner, low_bytes, seen, word,
};
use crate::formats::moments::in_unit;
use crate::formats::roles::Role;
use crate::formats::time;
use crate::history::{EventType, NO_TIME, Time, Value};

/// A table with more columns than this is not usual: those that name a role are bits of a word.
const MOST_COLUMNS: usize = 48;
/// What stands for an empty cell that says null, among the bits of the fields that were seen.
const BLANK_END: u8 = 128;
/// How dates start that say that there is none.
const NO_DATE: &str = "000";

const NULL: Literal = Literal::new(b"null");
const TRUE: Literal = Literal::new(b"true");
const FALSE: Literal = Literal::new(b"false");

/// The types, where the bits of their third byte put them that [`kind_slot`] takes; which of them
/// comes next is hard to predict. What ends a cell has other bits than the third letters.
static KINDS: [(Literal, EventType); 16] = {
    let mut kinds = [(Literal::new(b"ok"), EventType::Ok); 16];
    kinds[kind_slot(b'v')] = (Literal::new(b"invoke"), EventType::Invoke);
    kinds[kind_slot(b'i')] = (Literal::new(b"fail"), EventType::Fail);
    kinds[kind_slot(b'f')] = (Literal::new(b"info"), EventType::Info);
    kinds
};

const fn kind_slot(third: u8) -> usize {
    (third >> 3) as usize & 15
}

/// What the cells of a column become.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Process,
    Type,
    Function,
    Value,
    Key,
    Time,
    Index,
    /// A field that not every event has, with its number among the names.
    Other(u8),
}

/// How the records of a table are read.
pub(super) struct Table<'h> {
    header: &'h Header,
    places: Vec<(Place, Column)>,
    separator: u8,
}

/// What is in a cell.
enum Content {
    Nothing,
    Value(Value),
}

impl<'h> Table<'h> {
    /// Returns how to read the records below `header`; `None` if they are not usual.
    pub(super) fn of(header: &'h Header, separator: u8) -> Option<Table<'h>> {
        let columns = header.columns();
        // As every batch numbers the names.
        let mut others = 1;
        let mut other = || {
            others += 1;
            Place::Other(others - 1)
        };
        let place = |(name, column): &(String, Column)| {
            let place = match &**name {
                "process" => Place::Process,
                "type" => Place::Type,
                "f" => Place::Function,
                "value" => Place::Value,
                "key" => Place::Key,
                "time" => Place::Time,
                "index" => Place::Index,
                _ => other(),
            };
            (place, *column)
        };
        (columns.len() <= MOST_COLUMNS).then(|| Table {
            header,
            places: columns.iter().map(place).collect(),
            separator,
        })
    }

    /// Reads what starts in `range` of `text`, the records of which start at byte `start`.
    pub(super) fn read<'t>(
        &self,
        text: &'t str,
        start: usize,
        range: Range<usize>,
        batch: &mut Batch<'t>,
    ) where
        'h: 't,
    {
        batch.begin(range.start, range.end);
        for ((place, _), (name, _)) in self.places.iter().zip(self.header.columns()) {
            if matches!(place, Place::Other(_)) {
                batch.names.named(name);
            }
        }
        // A line that starts with the part ends before it.
        let mut row = Row { scanner: Scanner::new(text, range.start), separator: self.separator };
        if range.start > start {
            row.scanner.at -= 1;
            if !row.scanner.next_line(range.end) {
                return;
            }
        }
        loop {
            row.skip_breaks();
            let at = row.scanner.at;
            if at >= range.end {
                return;
            }
            let extras = batch.extras.len();
            let record = row.record(&self.places, batch);
            let entry = record.unwrap_or(Entry::UNUSUAL);
            batch.entries.push(Entry { at: (at - range.start) as u32, ..entry });
            batch.end = row.scanner.at;
            if record.is_none() {
                batch.extras.truncate(extras);
                batch.pending = Pending::default();
                if !row.scanner.next_line(range.end) {
                    return;
                }
            }
        }
    }
}

/// Walks through the cells of records.
#[derive(Clone, Copy)]
struct Row<'t> {
    scanner: Scanner<'t>,
    separator: u8,
}

impl<'t> Row<'t> {
    /// Goes to the next byte that is no line break.
    #[inline(always)]
    fn skip_breaks(&mut self) {
        while let Some(b'\n' | b'\r') = self.scanner.peek() {
            self.scanner.at += 1;
        }
    }

    /// Returns the record here, if it is a usual one, its place left at 0. Goes behind its last
    /// cell then; if not, may leave fields in the batch.
    #[inline(always)]
    fn record(&mut self, places: &[(Place, Column)], batch: &mut Batch<'t>) -> Option<Entry> {
        let mut row = *self;
        let mut entry = Entry::EMPTY;
        let mut seen = 0;
        let first = batch.extras.len();
        let mut places = places.iter();
        let mut place = places.next();
        while let Some(&(to, column)) = place {
            seen |= row.cell(to, column, &mut entry, first, batch)?;
            place = places.next();
            match row.scanner.peek() {
                Some(byte) if byte == row.separator && place.is_some() => row.scanner.at += 1,
                None | Some(b'\n' | b'\r') if place.is_none() => {}
                _ => return None,
            }
        }
        self.scanner = row.scanner;
        if batch.extras.len() == first {
            return (seen & seen::REQUIRED == seen::REQUIRED).then_some(entry);
        }
        let entry = batch.settle(entry, seen, first)?;
        if seen & BLANK_END != 0 && entry.form == Form::Whole && batch.has_unknown(first) {
            // An empty cell does not tell that there is nothing.
            batch.wholes.pop();
            return None;
        }
        Some(entry)
    }

    /// Reads a cell into `entry`, or into the fields of the batch, where those of the record are
    /// from `first` on; which it was, as a bit, if it is one that an event has.
    #[inline(always)]
    fn cell(
        &mut self,
        to: Place,
        column: Column,
        entry: &mut Entry,
        first: usize,
        batch: &mut Batch<'t>,
    ) -> Option<u8> {
        match to {
            Place::Process => {
                let process = self.scanner.integer()?;
                entry.process = batch.values.int(process);
                return Some(seen::PROCESS);
            }
            Place::Type => {
                let word = self.scanner.word();
                let (literal, kind) = KINDS[kind_slot((word >> 16) as u8)];
                self.scanner.skip(literal, word).then_some(())?;
                entry.kind = kind;
                return Some(seen::TYPE);
            }
            Place::Function => {
                entry.function = self.function(batch)?;
                return Some(seen::FUNCTION);
            }
            Place::Value => {
                if let Content::Value(value) = self.content(batch)? {
                    entry.value = value;
                    return Some(seen::VALUE);
                }
            }
            Place::Key => {
                if let Content::Value(key) = self.content(batch)? {
                    entry.key = key;
                    return Some(seen::KEY);
                }
            }
            Place::Time => {
                if !self.is_at_end() {
                    self.time(entry)?;
                    return Some(seen::TIME);
                }
            }
            Place::Index => {
                if !self.is_at_end() {
                    let digit = self.scanner.peek()?.is_ascii_digit();
                    let index = self.scanner.integer().filter(|_| digit)?;
                    let index = u32::try_from(index).ok().filter(|&index| index != NO_INDEX)?;
                    // It goes before all other fields.
                    (batch.extras.len() == first).then_some(())?;
                    entry.index = index;
                    return Some(seen::INDEX);
                }
            }
            Place::Other(name) => return self.other(name, column, batch),
        }
        Some(0)
    }

    /// Tells whether the cell here ends here.
    #[inline(always)]
    fn is_at_end(&self) -> bool {
        self.scanner.peek().is_none_or(|byte| byte == self.separator || is_break(byte))
    }

    /// Reads the name of an operation, as a number of the batch.
    #[inline(always)]
    fn function(&mut self, batch: &mut Batch<'t>) -> Option<u8> {
        let word = self.scanner.word();
        let (start, len) = (self.scanner.at, cell_bytes(word, self.separator));
        let last = word >> (8 * len.saturating_sub(1));
        let is_odd = |byte: u64| matches!(byte as u8, b'"' | b' ' | b'\t' | b':');
        if !(1..8).contains(&len) || is_odd(word) || is_odd(last) {
            let name = self.text()?;
            return batch.functions.named(name.strip_prefix(':').unwrap_or(name));
        }
        self.scanner.at += len;
        batch.functions.short(word & low_bytes(len), self.scanner.text, start..start + len)
    }

    /// Reads the text of the cell here, which is not empty, has no quotes, and no space around it.
    #[inline(never)]
    fn text_at(self) -> Option<(&'t str, usize)> {
        let Scanner { text, at } = self.scanner;
        let mut end = at;
        loop {
            // Behind the end of the text come zeros, which may be in cells.
            let bytes = cell_bytes(word(text.as_bytes(), end), self.separator);
            end += bytes;
            if bytes < 8 || end >= text.len() {
                break;
            }
        }
        let cell = text.get(at..end.min(text.len()))?;
        let is_odd = cell.starts_with(['"', ' ', '\t']) || cell.ends_with([' ', '\t']);
        (!is_odd && !cell.is_empty()).then_some((cell, at + cell.len()))
    }

    #[inline(always)]
    fn text(&mut self) -> Option<&'t str> {
        let (text, end) = self.text_at()?;
        self.scanner.at = end;
        Some(text)
    }

    /// Reads the value in the cell here.
    #[inline(always)]
    fn content(&mut self, batch: &mut Batch<'t>) -> Option<Content> {
        if self.is_at_end() {
            return Some(Content::Nothing);
        }
        let start = self.scanner.at;
        let digit = matches!(self.scanner.peek(), Some(b'-' | b'0'..=b'9'));
        if digit
            && let Some(n) = self.scanner.integer()
            && !self.scanner.at_fraction()
        {
            return Some(Content::Value(batch.values.int(n)));
        }
        self.scanner.at = start;
        let (content, end) = self.rare_content(batch)?;
        self.scanner.at = end;
        Some(content)
    }

    /// Reads the value in the cell here, which is not empty, whatever it is; and where it ends.
    #[inline(never)]
    fn rare_content(mut self, batch: &mut Batch<'t>) -> Option<(Content, usize)> {
        let Scanner { text, at } = self.scanner;
        let word = self.scanner.word();
        match self.scanner.peek()? {
            b'-' | b'0'..=b'9' => {
                let literal = self.scanner.literal().unwrap_or_default();
                self.scanner.at += literal.len();
                if !literal.is_empty() && self.is_at_end() {
                    let value = batch.values.number(literal)?;
                    return Some((Content::Value(value), self.scanner.at));
                }
                // What only starts like a number is a text.
                self.scanner.at = at;
            }
            b'[' => {
                let value = self.scanner.value(batch)?;
                let cell = text.as_bytes().get(at..self.scanner.at)?;
                // The items of a list may be in several cells.
                let is_one = memchr3(self.separator, b'\n', b'\r', cell).is_none();
                return is_one.then_some((Content::Value(value), self.scanner.at));
            }
            b' ' | b'\t' | b'{' => return None,
            b'"' => return self.quoted(batch),
            _ => {}
        }
        for (literal, value) in [(NULL, Value::NULL), (TRUE, Value::TRUE), (FALSE, Value::FALSE)] {
            let mut row = self;
            if row.scanner.skip(literal, word) && row.is_at_end() {
                return Some((Content::Value(value), row.scanner.at));
            }
        }
        let text = self.text()?;
        Some((Content::Value(batch.values.text(text)), self.scanner.at))
    }

    /// Reads the value in the quoted cell here, if there are no quotes in it; and where that ends.
    fn quoted(mut self, batch: &mut Batch<'t>) -> Option<(Content, usize)> {
        let Scanner { text, at } = self.scanner;
        let start = at + 1;
        let end = start + memchr(b'"', text.as_bytes().get(start..)?)?;
        let inside = &text[start..end];
        self.scanner.at = start;
        let value = match inside.as_bytes() {
            // Two quotes are one in what is quoted.
            [] if self.scanner.byte(end + 1) == Some(b'"') => return None,
            [] => return Some((Content::Nothing, end + 1)),
            [b'[', ..] => {
                let value = self.scanner.value(batch)?;
                (self.scanner.at == end).then_some(value)?
            }
            [b' ' | b'\t' | b'{', ..] | [.., b' ' | b'\t'] => return None,
            b"null" => Value::NULL,
            b"true" => Value::TRUE,
            b"false" => Value::FALSE,
            [b'-' | b'0'..=b'9', ..] if Scanner::new(inside, 0).literal() == Some(inside) => {
                batch.values.number(inside)?
            }
            _ => batch.values.text(inside),
        };
        // If it goes on behind a quote, that is not the end of the cell.
        Some((Content::Value(value), end + 1))
    }

    /// Reads the time of an event.
    #[inline(always)]
    fn time(&mut self, entry: &mut Entry) -> Option<()> {
        let time = self.moment()?;
        (entry.time, entry.form) = match time {
            Time::Whole(time) => (time, Form::Event),
            Time::Seconds(time) => (time, Form::EventInSeconds),
            Time::Exact(time) => (time, Form::ExactEvent),
        };
        // What stands for none is no time.
        (entry.time != NO_TIME).then_some(())
    }

    /// Reads the time here.
    #[inline(always)]
    fn moment(&mut self) -> Option<Time> {
        let start = self.scanner.at;
        match self.scanner.integer() {
            Some(time) if self.is_at_end() => Some(Time::Whole(time)),
            _ => {
                self.scanner.at = start;
                let (time, end) = self.rare_time()?;
                self.scanner.at = end;
                Some(time)
            }
        }
    }

    /// Reads the time here, a number of any kind or a date; and where it ends.
    #[inline(never)]
    fn rare_time(self) -> Option<(Time, usize)> {
        let mut number = self;
        number.scanner.at += self.scanner.literal().map_or(0, str::len);
        if number.scanner.at > self.scanner.at && number.is_at_end() {
            return self.scanner.rare_time();
        }
        let (date, end) = self.text_at()?;
        if date.starts_with(NO_DATE) {
            return None;
        }
        let time = time::written(date)?.ok()?;
        matches!(time, Time::Exact(_)).then_some((time, end))
    }

    /// Reads a field that not every event has; whether it is an empty cell that says null, as a
    /// bit, and where it ends.
    #[inline(never)]
    fn other_at(mut self, name: u8, column: Column, batch: &mut Batch<'t>) -> Option<(u8, usize)> {
        let role = batch.role(name);
        let mut other = Other { name, value: Value::NULL, is_index: false, is_end: false };
        if self.is_at_end() {
            if column != Column::End {
                return Some((0, self.scanner.at));
            }
            batch.extras.push(other);
            return Some((BLANK_END, self.scanner.at));
        }
        match (role, column) {
            (Role::Call | Role::Return, _) => {
                let time = in_unit(self.moment()?, batch.units[usize::from(name)])?;
                batch.pending.set_end(role, time)?;
                other.is_end = true;
            }
            (_, Column::Name) => {
                let text = self.text()?;
                batch.pending.set_function(text)?;
                other.value = batch.values.text(text);
            }
            (_, Column::Process) => {
                let process = self.scanner.integer()?;
                other.value = batch.values.int(process);
            }
            (Role::Function, _) => return None,
            _ => match self.content(batch)? {
                Content::Value(value) => other.value = value,
                Content::Nothing if column == Column::Value => return Some((0, self.scanner.at)),
                Content::Nothing => return None,
            },
        }
        batch.extras.push(other);
        Some((0, self.scanner.at))
    }

    #[inline(always)]
    fn other(&mut self, name: u8, column: Column, batch: &mut Batch<'t>) -> Option<u8> {
        let (bit, end) = self.other_at(name, column, batch)?;
        self.scanner.at = end;
        Some(bit)
    }
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Returns how many bytes of `word` come before the first that ends a cell; 8 if none does.
#[inline(always)]
fn cell_bytes(word: u64, separator: u8) -> usize {
    const ONES: u64 = u64::MAX / 255;
    // The lowest bit that is set is exact; a borrow makes some above it wrong.
    let is_zero = |x: u64| x.wrapping_sub(ONES) & !x & (ONES << 7);
    let [separator, feed, back] = [separator, b'\n', b'\r'].map(|byte| ONES * u64::from(byte));
    let ends = is_zero(word ^ separator) | is_zero(word ^ feed) | is_zero(word ^ back);
    ends.trailing_zeros() as usize / 8
}
