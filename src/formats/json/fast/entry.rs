//! What the scanner keeps of a record.

use crate::formats::roles::Role;
use crate::history::{EventType, NO_TIME, Outcome, Time, Value};

/// One record: an event or an operation of a client, its values those of the batch's table.
#[derive(Clone, Copy)]
pub(in crate::formats) struct Entry {
    /// Its time, or `NO_TIME`.
    pub(in crate::formats) time: i64,
    /// Where it starts, from the start of the part.
    pub(in crate::formats) at: u32,
    pub(in crate::formats) process: Value,
    pub(in crate::formats) value: Value,
    /// Its key, or null for none.
    pub(in crate::formats) key: Value,
    /// What it says its position is, before all other fields, or `NO_INDEX`.
    pub(in crate::formats) index: u32,
    /// Its name, as a number of the batch's.
    pub(in crate::formats) function: u8,
    pub(in crate::formats) kind: EventType,
    pub(in crate::formats) form: Form,
    /// How many other fields it has.
    pub(in crate::formats) extras: u8,
}

/// What a record is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::formats) enum Form {
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
    pub(in crate::formats) const EMPTY: Entry = Entry {
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
    pub(in crate::formats) const UNUSUAL: Entry = Entry { form: Form::Unusual, ..Entry::EMPTY };
}

/// A field that an event may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::formats) enum Field {
    Process,
    Type,
    Function,
    Value,
    Key,
    Time,
    Index,
}

impl Field {
    /// Its bit among the [fields that were seen](seen).
    #[inline(always)]
    pub(in crate::formats) fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// What stands for an index where a record has none.
pub(in crate::formats) const NO_INDEX: u32 = u32::MAX;

/// The fields of a record that were seen, one bit each.
pub(in crate::formats) mod seen {
    pub(in crate::formats) const PROCESS: u8 = 1;
    pub(in crate::formats) const TYPE: u8 = 2;
    pub(in crate::formats) const FUNCTION: u8 = 4;
    pub(in crate::formats) const VALUE: u8 = 8;
    pub(in crate::formats) const KEY: u8 = 16;
    pub(in crate::formats) const TIME: u8 = 32;
    pub(in crate::formats) const INDEX: u8 = 64;
    /// The fields that an event must have.
    pub(in crate::formats) const REQUIRED: u8 = PROCESS | TYPE | FUNCTION;
}

/// One field beyond those of an event.
#[derive(Clone, Copy)]
pub(in crate::formats) struct Other {
    pub(in crate::formats) value: Value,
    /// Its name, as a number of the batch's.
    pub(in crate::formats) name: u8,
    /// Whether it is a number that may be the record's position.
    pub(in crate::formats) is_index: bool,
    /// Whether it is the time of an end of the operation, which stands elsewhere.
    pub(in crate::formats) is_end: bool,
}

/// What a record of a whole operation tells besides what an event does.
#[derive(Clone, Copy)]
pub(in crate::formats) struct Whole {
    pub(in crate::formats) call: Time,
    pub(in crate::formats) ret: Option<Time>,
    pub(in crate::formats) output: Value,
    pub(in crate::formats) outcome: Outcome,
    /// The names of fields that play a role, by their numbers, as bits.
    pub(in crate::formats) taken: u64,
}

/// What is kept of the fields of the record at hand until it is known what it is.
#[derive(Default)]
pub(in crate::formats) struct Pending<'t> {
    pub(in crate::formats) call: Option<Time>,
    pub(in crate::formats) ret: Option<Time>,
    pub(in crate::formats) function: Option<&'t str>,
}

impl<'t> Pending<'t> {
    /// Keeps the time of an end; `None` if there is one already.
    pub(in crate::formats) fn set_end(&mut self, role: Role, time: Time) -> Option<()> {
        let slot = if role == Role::Call { &mut self.call } else { &mut self.ret };
        slot.replace(time).is_none().then_some(())
    }

    /// Keeps the text of what may be the operation's name; `None` if there is one already.
    pub(in crate::formats) fn set_function(&mut self, name: &'t str) -> Option<()> {
        self.function.replace(name).is_none().then_some(())
    }
}

/// The number that the name `index` has in every batch.
pub(in crate::formats) const INDEX: u8 = 0;
