//! The records that start in one part of a text, as far as the scanner understands them, and how
//! they join those of the parts before.
//!
//! A part is read without knowing what comes before it, so that a line that looks like a record
//! may stand inside of one. The [`Merger`] finds out: it knows where the last record ended, and
//! takes only what starts there.

use super::functions::Functions;
use super::scan::Scanner;
use crate::error::Error;
use crate::history::{ClientEvent, Event, EventType, Function, NO_TIME, Time, Value, ValueTable};
use crate::ingest::Sink;
use crate::ingest::json::Objects;

/// One record: an event of a client, its values those of the batch's table.
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
    /// What it says its position is, or `NO_INDEX`.
    pub(super) index: u32,
    /// Its name, as a number of the batch's.
    pub(super) function: u16,
    /// Its type; `None` for what the scanner does not understand.
    pub(super) kind: Option<EventType>,
}

impl Entry {
    /// What stands for anything that the scanner does not understand.
    pub(super) const UNUSUAL: Entry = Entry {
        time: NO_TIME,
        at: 0,
        process: Value::NULL,
        value: Value::NULL,
        key: Value::NULL,
        index: NO_INDEX,
        function: 0,
        kind: None,
    };
}

/// What stands for an index where a record has none.
pub(super) const NO_INDEX: u32 = u32::MAX;

/// About so many bytes of text a record, so that a batch need not grow.
const BYTES_A_RECORD: usize = 48;

/// The records that start in one part of a text.
#[derive(Default)]
pub(super) struct Batch<'t> {
    /// Where the part starts.
    start: usize,
    /// Where the last entry ends, if the scanner understood it.
    end: usize,
    entries: Vec<Entry>,
    pub(super) values: ValueTable,
    pub(super) functions: Functions<'t>,
    /// The items of the lists that are being read.
    pub(super) items: Vec<Value>,
    /// Room to translate the table's values and names into those of the history.
    translated: Vec<Value>,
    translated_functions: Vec<Option<Function>>,
}

impl<'t> Batch<'t> {
    /// Reads what starts on a line that starts between bytes `start` and `end` of `text`.
    pub(super) fn read(&mut self, text: &'t str, start: usize, end: usize) {
        self.start = start;
        self.entries.clear();
        self.entries.reserve((end - start) / BYTES_A_RECORD);
        self.values.clear();
        self.functions.clear();
        // A line that starts with the part ends before it.
        let mut scanner = Scanner::new(text, start.saturating_sub(1));
        if start > 0 && !scanner.next_line(end) {
            return;
        }
        loop {
            scanner.skip_space();
            let at = scanner.at();
            if at >= end {
                return;
            }
            let event = scanner.event(self);
            let entry = event.unwrap_or(Entry::UNUSUAL);
            self.entries.push(Entry { at: (at - start) as u32, ..entry });
            self.end = scanner.at();
            if event.is_none() && !scanner.next_line(end) {
                return;
            }
        }
    }
}

#[cfg(test)]
impl Batch<'_> {
    /// How many records the scanner understood, and how many not.
    pub(super) fn counts(&self) -> (usize, usize) {
        let understood = self.entries.iter().filter(|entry| entry.kind.is_some()).count();
        (understood, self.entries.len() - understood)
    }
}

/// Puts the records of batch after batch, in the order of the text, into a sink.
pub(super) struct Merger<'t, 's, 'b> {
    /// The reader for all that the scanner does not understand.
    objects: Objects<'t>,
    sink: &'s mut Sink<'b>,
}

impl<'t, 's, 'b> Merger<'t, 's, 'b> {
    /// A merger of batches of `text`.
    pub(super) fn new(text: &'t str, sink: &'s mut Sink<'b>) -> Self {
        Merger { objects: Objects::new(text), sink }
    }

    /// Adds the records of `batch`. False if the sink wants no more.
    pub(super) fn add(&mut self, batch: &mut Batch<'t>) -> Result<bool, Error> {
        let entries = std::mem::take(&mut batch.entries);
        batch.translated.clear();
        batch.translated.resize(batch.values.len(), Value::NULL);
        batch.translated_functions.clear();
        batch.translated_functions.resize(batch.functions.names().len(), None);
        self.sink.expect(batch.start, entries.len())?;
        let added = self.add_entries(batch, &entries);
        batch.entries = entries;
        added
    }

    fn add_entries(&mut self, batch: &mut Batch<'t>, entries: &[Entry]) -> Result<bool, Error> {
        // Whether the entry at hand is known to start where a record ended.
        let mut joins = false;
        for entry in entries {
            let at = batch.start + entry.at as usize;
            if !joins {
                if !self.objects.read_until(at, self.sink)? {
                    return Ok(false);
                }
                if self.objects.at() > at {
                    continue;
                }
            }
            joins = true;
            let more = match entry.kind {
                Some(kind) if self.is_implied(entry.index) => {
                    let wanted = self.sink.begin(at);
                    if wanted {
                        self.event(kind, entry, batch)?;
                    }
                    wanted
                }
                _ => {
                    joins = false;
                    self.objects.go_to(at);
                    self.objects.next(self.sink)?
                }
            };
            if !more {
                return Ok(false);
            }
        }
        if joins {
            self.objects.go_to(batch.end);
        }
        Ok(true)
    }

    /// Whether the index only repeats the position of the record at hand; any other is kept, which
    /// is for the other reader to do.
    #[inline]
    fn is_implied(&self, index: u32) -> bool {
        index == NO_INDEX || index as usize == self.sink.index()
    }

    /// Adds the record that is an entry the scanner understood.
    #[inline]
    fn event(
        &mut self,
        kind: EventType,
        entry: &Entry,
        batch: &mut Batch<'t>,
    ) -> Result<(), Error> {
        if self.sink.is_seeking() {
            return self.sink.skip();
        }
        let process = self.translated(entry.process, batch);
        let value = self.translated(entry.value, batch);
        let key = self.translated(entry.key, batch);
        let key = (!key.is_null()).then_some(key);
        let number = usize::from(entry.function);
        if let Some(function) = batch.translated_functions[number] {
            let event = ClientEvent { process, kind, function, value, key, time: entry.time };
            self.sink.client_event(&event)
        } else {
            let time = (entry.time != NO_TIME).then_some(Time::Whole(entry.time));
            let function = batch.functions.names()[number];
            self.sink.event(&Event { process, kind, function, value, key, time })?;
            batch.translated_functions[number] = self.sink.function(function);
            Ok(())
        }
    }

    /// A value of the batch as one of the history.
    #[inline]
    fn translated(&mut self, value: Value, batch: &mut Batch<'t>) -> Value {
        if !value.is_stored() {
            return value;
        }
        let slot = &mut batch.translated[value.handle() as usize];
        if slot.is_null() {
            *slot = self.sink.values().import(&batch.values, value);
        }
        *slot
    }

    /// Reads what comes behind the last batch.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        self.objects.read_until(usize::MAX, self.sink).map(|_| ())
    }
}
