//! Operations and their values as bytes on a disk: numbers in LEB128, signed ones in zigzag, values
//! with their kind first. Nobody else reads them.

use crate::history::{
    Extra, Function, NO_TIME, Operation, Outcome, Record, Shape, Value, ValueTable,
};

/// One operation with what is to be known of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Row {
    /// Its key is not written: the number of the key stands for it.
    pub(super) operation: Operation,
    /// The times of its ends, or `NO_TIME`.
    pub(super) times: [i64; 2],
    /// The lines of its ends; 0 for none.
    pub(super) lines: [u32; 2],
    /// Whether times are nanoseconds of what was given in seconds.
    pub(super) in_seconds: bool,
}

impl Row {
    /// Returns the lines of its records.
    pub(super) fn record_lines(&self) -> impl Iterator<Item = (Record, u32)> {
        let records = [Some(self.operation.invoked), self.operation.completed];
        records.into_iter().zip(self.lines).filter_map(|(record, line)| Some((record?, line)))
    }
}

/// What is written.
#[derive(Debug)]
pub(super) enum Entry {
    Row(Row),
    Extra(Extra),
}

/// The bits of the byte that an entry starts with; its lowest two are the outcome.
const EXTRA: u8 = 4;
const CALLED: u8 = 8;
const RETURNED: u8 = 16;
const SECONDS: u8 = 32;

const OUTCOMES: [Outcome; 4] = [Outcome::Ok, Outcome::Fail, Outcome::Info, Outcome::Open];

/// Appends a row of key number `key`, with values of `values`.
pub(super) fn write_row(key: u32, row: &Row, values: &ValueTable, out: &mut Vec<u8>) {
    let Row { operation, times: [called, returned], lines, in_seconds } = row;
    let outcome = OUTCOMES.iter().position(|&outcome| outcome == operation.outcome);
    let mut bits = outcome.unwrap_or_default() as u8;
    for (bit, is_set) in
        [(CALLED, *called != NO_TIME), (RETURNED, *returned != NO_TIME), (SECONDS, *in_seconds)]
    {
        bits |= if is_set { bit } else { 0 };
    }
    let completed = operation.completed.filter(|_| operation.outcome != Outcome::Open);
    write_number(u64::from(key), out);
    out.push(bits);
    write_number(operation.invoked.index() as u64, out);
    if let Some(completed) = completed {
        write_number((completed.index() - operation.invoked.index()) as u64, out);
    }
    write_number(operation.function.index() as u64, out);
    for value in [operation.process, operation.input, operation.output] {
        write_value(value, values, out);
    }
    if *called != NO_TIME {
        write_signed(*called, out);
    }
    if *returned != NO_TIME {
        write_signed(returned.wrapping_sub(*called), out);
    }
    let ahead = i64::from(lines[0]) - operation.invoked.index() as i64;
    write_signed(ahead, out);
    if let Some(completed) = completed {
        write_signed(i64::from(lines[1]) - completed.index() as i64 - ahead, out);
    }
}

/// Appends an extra field of a record of key number `key`.
pub(super) fn write_extra(key: u32, extra: &Extra, values: &ValueTable, out: &mut Vec<u8>) {
    write_number(u64::from(key), out);
    out.push(EXTRA);
    write_number(extra.record.index() as u64, out);
    write_value(extra.name, values, out);
    write_value(extra.value, values, out);
}

fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn write_signed(number: i64, out: &mut Vec<u8>) {
    write_number((number << 1 ^ number >> 63) as u64, out);
}

fn write_text(kind: u8, text: &str, out: &mut Vec<u8>) {
    out.push(kind);
    write_number(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

fn write_value(value: Value, values: &ValueTable, out: &mut Vec<u8>) {
    let items = |kind: u8, items: &[Value], out: &mut Vec<u8>| {
        out.push(kind);
        write_number(items.len() as u64, out);
        for &item in items {
            write_value(item, values, out);
        }
    };
    match values.shape(value) {
        Shape::Null => out.push(0),
        Shape::Bool(bool) => out.push(1 + u8::from(bool)),
        Shape::Int(int) => {
            out.push(3);
            write_signed(int, out);
        }
        Shape::BigInt(text) => write_text(4, text, out),
        Shape::Decimal(text) => write_text(5, text, out),
        Shape::BigDecimal(text) => write_text(6, text, out),
        Shape::Ratio(text) => write_text(7, text, out),
        Shape::Text(text) => write_text(8, text, out),
        Shape::Keyword(text) => write_text(9, text, out),
        Shape::Symbol(text) => write_text(10, text, out),
        Shape::Char(text) => write_text(11, text, out),
        Shape::List(list) => items(12, list, out),
        Shape::Set(set) => items(13, set, out),
        Shape::Map(map) => items(14, map, out),
        Shape::Tagged(tag, inner) => items(15, &[tag, inner], out),
    }
}

/// Reads entries off bytes. Every answer is `None` if the bytes are no entries.
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Reader { bytes }
    }

    /// Whether there are no more.
    pub(super) fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The number of the next entry's key.
    pub(super) fn key(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    /// The rest of the entry. Without `values` it is passed over, and has none.
    pub(super) fn entry(&mut self, mut values: Option<&mut ValueTable>) -> Option<Entry> {
        let bits = self.byte()?;
        if bits == EXTRA {
            let record = self.record()?;
            let name = self.value(&mut values)?;
            let value = self.value(&mut values)?;
            return Some(Entry::Extra(Extra { record, name, value }));
        }
        let outcome = OUTCOMES[usize::from(bits & 3)];
        let invoked = self.record()?;
        let is_open = outcome == Outcome::Open;
        let completed = if is_open {
            None
        } else {
            Some(Record::at((invoked.index() as u64).checked_add(self.number()?)?)?)
        };
        let function = Function::of_index(self.number()?.try_into().ok()?);
        let process = self.value(&mut values)?;
        let input = self.value(&mut values)?;
        let output = self.value(&mut values)?;
        let called = if bits & CALLED != 0 { self.signed()? } else { NO_TIME };
        let returned =
            if bits & RETURNED != 0 { self.signed()?.wrapping_add(called) } else { NO_TIME };
        let ahead = self.signed()?;
        let line = |line: i64| u32::try_from(line).ok();
        let call_line = line(invoked.index() as i64 + ahead)?;
        let return_line = match completed {
            Some(completed) => line(self.signed()? + ahead + completed.index() as i64)?,
            None => 0,
        };
        let operation =
            Operation { process, key: None, input, output, invoked, completed, function, outcome };
        Some(Entry::Row(Row {
            operation,
            times: [called, returned],
            lines: [call_line, return_line],
            in_seconds: bits & SECONDS != 0,
        }))
    }

    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(byte)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn record(&mut self) -> Option<Record> {
        Record::at(self.number()?)
    }

    fn text(&mut self) -> Option<&'b str> {
        let len = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.bytes.split_at_checked(len)?;
        self.bytes = rest;
        std::str::from_utf8(text).ok()
    }

    /// The value here; null if there is no table for it. Depth is that of values that were read.
    fn value(&mut self, values: &mut Option<&mut ValueTable>) -> Option<Value> {
        let kind = self.byte()?;
        if let 12..=15 = kind {
            let count = self.number()?;
            let mut items = Vec::new();
            for _ in 0..count {
                items.push(self.value(values)?);
            }
            let Some(values) = values else { return Some(Value::NULL) };
            return Some(match (kind, &items[..]) {
                (12, items) => values.list(items),
                (13, items) => values.set(items),
                (15, &[tag, inner]) => {
                    let tag = values.as_name(tag)?.to_owned();
                    values.tagged(&tag, inner)
                }
                (14, items) => {
                    let pairs: Vec<_> = items.chunks_exact(2).map(|p| (p[0], p[1])).collect();
                    values.map(&pairs)
                }
                _ => return None,
            });
        }
        if kind < 3 {
            return Some([Value::NULL, Value::FALSE, Value::TRUE][usize::from(kind)]);
        }
        if kind == 3 {
            let int = self.signed()?;
            return Some(values.as_mut().map_or(Value::NULL, |values| values.int(int)));
        }
        let text = self.text()?;
        let Some(values) = values else { return Some(Value::NULL) };
        Some(match kind {
            4 => values.integer(text)?,
            5 => values.decimal(text)?,
            6 => values.big_decimal(text)?,
            7 => values.ratio(text)?,
            8 => values.text(text),
            9 => values.keyword(text),
            10 => values.symbol(text),
            11 => values.char(text.chars().next()?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const TEXTS: [&str; 17] = [
        "nil",
        "true",
        "-5",
        "5000000000",
        "123456789012345678901234",
        "1.5",
        "2.50M",
        "1/3",
        "\"a\\nb\"",
        ":k",
        "sym",
        r"\newline",
        "[1 [nil]]",
        "#{1 \"x\"}",
        "{:a 1, \"b\" []}",
        "#inst \"2024\"",
        "\"\"",
    ];

    fn row(at: usize, all: &[Value], values: &mut ValueTable) -> Row {
        let invoked = at * 3;
        let outcome = OUTCOMES[at % 4];
        let is_open = outcome == Outcome::Open;
        Row {
            operation: Operation {
                process: values.int(at as i64 - 4),
                key: None,
                input: all[at],
                output: all[all.len() - 1 - at],
                invoked: Record::new(invoked),
                completed: (!is_open).then(|| Record::new(invoked + 7)),
                function: Function::of_index(at as u16),
                outcome,
            },
            times: [[i64::MIN + 1, i64::MAX], [NO_TIME, 5], [4, NO_TIME], [7, -8]][at % 4],
            lines: [at as u32, if is_open { 0 } else { at as u32 * 9 }],
            in_seconds: at.is_multiple_of(3),
        }
    }

    /// Some rows, each with an extra field of key 7 behind it, and what they are written as.
    fn written(values: &mut ValueTable) -> (Vec<(Row, Extra)>, Vec<u8>) {
        let parsed = TEXTS.iter().map(|text| crate::formats::parse_edn(text, values).unwrap());
        let all: Vec<Value> = parsed.collect();
        let mut out = Vec::new();
        let mut rows = Vec::new();
        for (at, &value) in all.iter().enumerate() {
            let row = row(at, &all, values);
            write_row(at as u32, &row, values, &mut out);
            let extra = Extra { record: row.operation.invoked, name: all[8], value };
            write_extra(7, &extra, values, &mut out);
            rows.push((row, extra));
        }
        (rows, out)
    }

    #[test]
    fn entries_come_back_as_they_were() {
        let mut values = ValueTable::new();
        let (rows, out) = written(&mut values);
        let mut skipping = Reader::new(&out);
        let mut reader = Reader::new(&out);
        for (at, (row, extra)) in rows.into_iter().enumerate() {
            assert_eq!(skipping.key(), Some(at as u32));
            assert!(matches!(skipping.entry(None), Some(Entry::Row(_))));
            assert_eq!(skipping.key(), Some(7));
            assert!(matches!(skipping.entry(None), Some(Entry::Extra(_))));
            assert_eq!(reader.key(), Some(at as u32));
            let found = reader.entry(Some(&mut values));
            assert!(matches!(found, Some(Entry::Row(found)) if found == row), "{found:?} {row:?}");
            assert_eq!(reader.key(), Some(7));
            let found = reader.entry(Some(&mut values));
            assert!(matches!(found, Some(Entry::Extra(found)) if found == extra), "{found:?}");
        }
        assert!(reader.is_at_end() && skipping.is_at_end());
    }

    #[test]
    fn what_is_cut_is_no_entry() {
        let mut values = ValueTable::new();
        let (_, out) = written(&mut values);
        for len in 0..out.len().min(200) {
            let mut cut = Reader::new(&out[..len]);
            while !cut.is_at_end() && cut.key().is_some() {
                if cut.entry(Some(&mut values)).is_none() {
                    break;
                }
            }
        }
    }
}
