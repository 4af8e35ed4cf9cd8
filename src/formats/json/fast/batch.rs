//! The records that start in one part of a text, as far as the scanner understands them, and how
//! they join those of the parts before.
//!
//! A part is read without knowing what comes before it, so that a line that looks like a record
//! may stand inside of one. The [`Merger`] finds out: it knows where the last record ended, and
//! takes only what starts there.

use super::entry::{Entry, Other, Pending, Whole};
use super::names::Names;
use super::order::Step;
use super::plan::Plans;
use super::recent::Recent;
use crate::formats::mapping::Mapping;
use crate::formats::roles::Role;
use crate::history::{Function, Translation, Value, ValueTable};

/// About so many bytes of text a record, so that a batch need not grow.
const BYTES_A_RECORD: usize = 48;

/// How records follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::formats) enum Layout {
    /// With white space between them.
    Lines,
    /// With commas between them, in brackets.
    Array,
}

/// What there is to know of a text before it is read.
#[derive(Clone, Copy)]
pub(in crate::formats) struct Rules<'m> {
    pub(in crate::formats) layout: Layout,
    /// What the fields are, if their names do not tell: then no record is of the usual shape.
    pub(in crate::formats) mapping: Option<&'m Mapping>,
}

/// The records that start in one part of a text.
#[derive(Default)]
pub(in crate::formats) struct Batch<'t> {
    /// Where the part starts.
    pub(in crate::formats) start: usize,
    /// Where the last entry ends, if the scanner understood it.
    pub(in crate::formats) end: usize,
    pub(in crate::formats) entries: Vec<Entry>,
    pub(in crate::formats) values: ValueTable,
    pub(in crate::formats) functions: Names<'t>,
    /// The other fields of all entries, those of whole operations, and their names.
    pub(in crate::formats) extras: Vec<Other>,
    pub(in crate::formats) wholes: Vec<Whole>,
    pub(in crate::formats) names: Names<'t>,
    /// The roles of the names that were asked for.
    pub(in crate::formats) roles: Vec<Role>,
    /// Whether they are of no consequence.
    pub(in crate::formats) is_idle: Vec<bool>,
    /// The units that these names end in, in nanoseconds, where they tell one.
    pub(in crate::formats) units: Vec<Option<i64>>,
    pub(in crate::formats) pending: Pending<'t>,
    /// The order of the fields of usual records, as far as it is known.
    pub(super) order: Vec<Step>,
    /// How records are read that are not of the usual shape.
    pub(super) plans: Plans,
    /// The values of short words.
    pub(in crate::formats) recent: Recent,
    /// The items of the lists that are being read.
    pub(in crate::formats) items: Vec<Value>,
    /// The string that is being read, without its escapes.
    pub(in crate::formats) unescaped: String,
    /// Room to translate the table's values and names into those of the history.
    pub(in crate::formats) translation: Translation,
    pub(in crate::formats) translated_functions: Vec<Option<Function>>,
    pub(in crate::formats) translated_names: Vec<Value>,
}

impl<'t> Batch<'t> {
    /// Starts anew, with the part between bytes `start` and `end` of a text.
    pub(in crate::formats) fn begin(&mut self, start: usize, end: usize) {
        self.start = start;
        self.entries.clear();
        self.entries.reserve((end - start) / BYTES_A_RECORD);
        self.values.clear();
        self.recent = Recent::default();
        self.functions.clear();
        self.extras.clear();
        self.wholes.clear();
        self.names.clear();
        // The first number of all, which is `INDEX`.
        self.names.named("index");
        self.roles.clear();
        self.is_idle.clear();
        self.roles.push(Role::Other);
        self.is_idle.push(true);
        self.units.clear();
        self.units.push(None);
        self.plans.begin();
    }
}

#[cfg(test)]
impl Batch<'_> {
    /// How many records the scanner understood, and how many not.
    pub(in crate::formats) fn counts(&self) -> (usize, usize) {
        let understood =
            self.entries.iter().filter(|entry| entry.form != super::entry::Form::Unusual).count();
        (understood, self.entries.len() - understood)
    }
}
