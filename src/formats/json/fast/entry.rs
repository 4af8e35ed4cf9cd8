//! What the scanner keeps of a record.

use crate::formats::roles::Role;
use crate::history::{EventType, NO_TIME, Outcome, Time, Value};

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
    /// An event whose time has a unit, in nanoseconds.
    ExactEvent,
    /// An operation with both ends; its value is the input.
    Whole,
    /// What the plan says that has the number of its function. What an event does not have stands
    /// where that of an operation does; its time is the `ret`.
    Planned,
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
    pub(super) const UNUSUAL: Entry = Entry { form: Form::Unusual, ..Entry::EMPTY };
}

/// What stands for an index where a record has none.
pub(super) const NO_INDEX: u32 = u32::MAX;

/// The fields of a record that were seen, one bit each.
pub(super) mod seen {
    pub(in crate::formats::json::fast) const PROCESS: u8 = 1;
    pub(in crate::formats::json::fast) const TYPE: u8 = 2;
    pub(in crate::formats::json::fast) const FUNCTION: u8 = 4;
    pub(in crate::formats::json::fast) const VALUE: u8 = 8;
    pub(in crate::formats::json::fast) const KEY: u8 = 16;
    pub(in crate::formats::json::fast) const TIME: u8 = 32;
    pub(in crate::formats::json::fast) const INDEX: u8 = 64;
    /// The fields that an event must have.
    pub(in crate::formats::json::fast) const REQUIRED: u8 = PROCESS | TYPE | FUNCTION;
}

/// One field beyond those of an event.
#[derive(Clone, Copy)]
pub(super) struct Other {
    pub(super) value: Value,
    /// Its name, as a number of the batch's.
    pub(super) name: u8,
    /// Whether it is a number that may be the record's position.
    pub(super) is_index: bool,
    /// Whether it is the time of an end of the operation, which stands elsewhere.
    pub(super) is_end: bool,
}

/// What a record of a whole operation tells besides what an event does.
#[derive(Clone, Copy)]
pub(super) struct Whole {
    pub(super) call: Time,
    pub(super) ret: Option<Time>,
    pub(super) output: Value,
    pub(super) outcome: Outcome,
}

/// What is kept of the fields of the record at hand until it is known what it is.
#[derive(Default)]
pub(super) struct Pending<'t> {
    pub(super) call: Option<Time>,
    pub(super) ret: Option<Time>,
    pub(super) function: Option<&'t str>,
}

impl<'t> Pending<'t> {
    /// Keeps the time of an end; `None` if there is one already.
    pub(super) fn set_end(&mut self, role: Role, time: Time) -> Option<()> {
        let slot = if role == Role::Call { &mut self.call } else { &mut self.ret };
        slot.replace(time).is_none().then_some(())
    }

    /// Keeps the text of what may be the operation's name; `None` if there is one already.
    pub(super) fn set_function(&mut self, name: &'t str) -> Option<()> {
        self.function.replace(name).is_none().then_some(())
    }
}

/// The number that the name `index` has in every batch.
pub(super) const INDEX: u8 = 0;
