//! The records that start in one part of a text, as far as the scanner understands them, and how
//! they join those of the parts before.
//!
//! A part is read without knowing what comes before it, so that a line that looks like a record
//! may stand inside of one. The [`Merger`] finds out: it knows where the last record ended, and
//! takes only what starts there.

use super::names::Names;
use super::others::{Other, Pending, Whole};
use super::scan::Scanner;
use crate::formats::roles::Role;
use crate::history::{EventType, Function, NO_TIME, Value, ValueTable};

/// One record: an event or an operation of a client, its values those of the batch's table.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// Its time, or `NO_TIME`.
    pub(super) time: i64,
    /// Where it starts, from the start of the part.
    pub(super) at: u32,
    pub(super) process: Value,
    pub(super) value: Value,
    /// Its key, or null for none.
    pub(super) key: Value,
    /// What it says its position is, before all other fields, or `NO_INDEX`.
    pub(super) index: u32,
    /// Its name, as a number of the batch's.
    pub(super) function: u8,
    pub(super) kind: EventType,
    pub(super) form: Form,
    /// How many other fields it has.
    pub(super) extras: u8,
}

/// What a record is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Something that the scanner does not understand.
    Unusual,
    Event,
    /// An event whose time is fractional seconds, in nanoseconds.
    EventInSeconds,
    /// An operation with both ends; its value is the input.
    Whole,
}

impl Entry {
    /// An event of which nothing is known yet.
    pub(super) const EMPTY: Entry = Entry {
        time: NO_TIME,
        at: 0,
        process: Value::NULL,
        value: Value::NULL,
        key: Value::NULL,
        index: NO_INDEX,
        function: 0,
        kind: EventType::Info,
        form: Form::Event,
        extras: 0,
    };
    /// What stands for anything that the scanner does not understand.
    const UNUSUAL: Entry = Entry { form: Form::Unusual, ..Entry::EMPTY };
}

/// What stands for an index where a record has none.
pub(super) const NO_INDEX: u32 = u32::MAX;

/// About so many bytes of text a record, so that a batch need not grow.
const BYTES_A_RECORD: usize = 48;

/// How records follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::formats::json) enum Layout {
    /// With white space between them.
    Lines,
    /// With commas between them, in brackets.
    Array,
}

/// The records that start in one part of a text.
#[derive(Default)]
pub(super) struct Batch<'t> {
    /// Where the part starts.
    pub(super) start: usize,
    /// Where the last entry ends, if the scanner understood it.
    pub(super) end: usize,
    pub(super) entries: Vec<Entry>,
    pub(super) values: ValueTable,
    pub(super) functions: Names<'t>,
    /// The other fields of all entries, those of whole operations, and their names.
    pub(super) extras: Vec<Other>,
    pub(super) wholes: Vec<Whole>,
    pub(super) names: Names<'t>,
    /// The roles of the names that were asked for.
    pub(super) roles: Vec<Role>,
    pub(super) pending: Pending<'t>,
    /// The items of the lists that are being read.
    pub(super) items: Vec<Value>,
    /// The string that is being read, without its escapes.
    pub(super) unescaped: String,
    /// Room to translate the table's values and names into those of the history.
    pub(super) translated: Vec<Value>,
    pub(super) translated_functions: Vec<Option<Function>>,
    pub(super) translated_names: Vec<Value>,
}

impl<'t> Batch<'t> {
    /// Reads what starts between bytes `start` and `end` of `text`: on a line that does, or, in an
    /// array, wherever an object may.
    pub(super) fn read(&mut self, text: &'t str, start: usize, end: usize, layout: Layout) {
        self.clear(start, end);
        // A line that starts with the part ends before it.
        let lines = layout == Layout::Lines;
        let mut scanner = Scanner::new(text, if lines { start.saturating_sub(1) } else { start });
        let found = if lines { start == 0 || scanner.next_line(end) } else { true };
        if !found || !lines && !scanner.next_object(end) {
            return;
        }
        loop {
            scanner.skip_space();
            let at = scanner.at();
            if at >= end {
                return;
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
            }
            if !goes_on {
                return;
            }
        }
    }

    fn clear(&mut self, start: usize, end: usize) {
        self.start = start;
        self.entries.clear();
        self.entries.reserve((end - start) / BYTES_A_RECORD);
        self.values.clear();
        self.functions.clear();
        self.extras.clear();
        self.wholes.clear();
        self.names.clear();
        // The first number of all, which is `INDEX`.
        self.names.named("index");
        self.roles.clear();
        self.roles.push(Role::Other);
    }
}

#[cfg(test)]
impl Batch<'_> {
    /// How many records the scanner understood, and how many not.
    pub(super) fn counts(&self) -> (usize, usize) {
        let understood = self.entries.iter().filter(|entry| entry.form != Form::Unusual).count();
        (understood, self.entries.len() - understood)
    }
}
