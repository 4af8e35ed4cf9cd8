//! Reports on isolation levels: which of them a history of transactions has, what rules out the
//! others, and by which transactions.

mod dot;
// Not everything in a drawing is a matter of DOT.
#[cfg_attr(not(feature = "figures"), allow(dead_code))]
mod drawing;
mod json;
mod steps;
mod text;

use std::time::Duration;

use crate::caveats::{Caveat, Noted, ReadAs};
use crate::error::Place;
use crate::history::{History, OpIndex, Record};
use crate::isolation::proof::Verified;
use crate::isolation::{self, Asked, Found, Level, Report, Status};
use crate::words::printable;

pub use dot::isolation_dot;
pub(super) use drawing::Node;
#[cfg(feature = "figures")]
pub(super) use drawing::{Arrow, Drawing, Tie};
pub use json::{IsolationEvent, isolation_asked_json, isolation_interrupted_json, isolation_json};
pub(super) use text::{asked_name, list, set_aside, verdict, weakest};
#[cfg(feature = "figures")]
pub(super) use text::{facts, named};
pub use text::{
    isolation_asked_line, isolation_details, isolation_interrupted_line, isolation_line,
    isolation_violation,
};

/// A history of transactions with everything that is reported of it.
pub struct Isolation<'a> {
    /// The name of its file, where that has to be said.
    pub file: Option<&'a str>,
    /// What was found.
    pub report: &'a Report<'a>,
    /// What was asked.
    pub asked: &'a Asked,
    /// Where records are in the text, ascending; only those that are named.
    pub places: Vec<(Record, Place)>,
    /// The files that the text consists of, each with the offset at which it starts, if it is one
    /// of several.
    pub files: Vec<(usize, String)>,
    /// What became of the proofs, if they were verified.
    pub verified: Option<Verified>,
    /// What it is about, if the history is followed.
    pub event: Option<IsolationEvent>,
    /// Whether the level that was asked for holds in the order of the records, and not in that of
    /// their times.
    pub is_invalid_by_time: bool,
    /// So many anomalies are listed at most.
    pub most: usize,
    /// How long it took to read, and to check and explain, if anybody wants to know.
    pub timings: Option<[Duration; 2]>,
}

/// What is known of transactions that are followed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IsolationSoFar {
    /// The level that is followed.
    pub level: Level,
    /// Whether it is ruled out.
    pub is_ruled_out: bool,
    /// How many transactions there were.
    pub transactions: usize,
    /// How many there were when they were last decided.
    pub decided: usize,
    /// How many records were read.
    pub records: usize,
}

impl IsolationSoFar {
    /// Returns what is known of a level at the start.
    pub fn of(level: Level) -> IsolationSoFar {
        IsolationSoFar { level, is_ruled_out: false, transactions: 0, decided: 0, records: 0 }
    }
}

impl<'a> Isolation<'a> {
    /// Returns what was found, without places and proofs.
    pub fn new(report: &'a Report<'a>, asked: &'a Asked) -> Isolation<'a> {
        let (places, files) = (Vec::new(), Vec::new());
        Isolation {
            file: None,
            report,
            asked,
            places,
            files,
            verified: None,
            event: None,
            is_invalid_by_time: false,
            most: usize::MAX,
            timings: None,
        }
    }
}

impl Isolation<'_> {
    /// Returns the answer to what was asked, with the anomalies that make it no.
    pub fn answer(&self) -> (Status, Vec<&Found>) {
        self.asked.answer(&self.report.statuses, &self.report.found)
    }

    /// Returns whether what was asked is whether the transactions are strictly serializable, or so
    /// in the order of sessions where there is no real time, and that was too much work: then the
    /// check of a model may tell.
    pub fn is_left_to_a_model(&self) -> bool {
        let usual = Asked::usual(self.history().has_real_time());
        let is_undecided = matches!(self.answer().0, Status::Undecided(_));
        *self.asked == usual && is_undecided
    }

    /// Returns the records that the reports name, ascending: see [`Isolation::places`].
    pub fn named_records(&self) -> Vec<Record> {
        let found = self.report.found.iter();
        let named = found.flat_map(|found| isolation::transactions(&found.evidence));
        let mut records: Vec<Record> =
            named.map(|t| self.history()[OpIndex::new(t as usize)].invoked).collect();
        records.sort_unstable();
        records.dedup();
        records
    }

    /// Returns what people should know beside the verdict.
    pub(super) fn caveats(&self) -> Vec<Caveat> {
        let keys = &self.report.transactions.keys;
        Noted::of_transactions(self.history(), keys, self.is_invalid_by_time).caveats()
    }

    /// Returns how the records were read.
    pub(super) fn read_as(&self) -> ReadAs<'_> {
        ReadAs::of(self.history(), self.history().tally())
    }

    pub(super) fn history(&self) -> &History {
        self.report.transactions.history
    }

    fn place(&self, record: Record) -> Option<Place> {
        let at = self.places.binary_search_by_key(&record, |entry| entry.0).ok()?;
        Some(self.places[at].1)
    }

    pub(super) fn line(&self, record: Record) -> Option<usize> {
        Some(self.place(record)?.line)
    }

    /// Returns the file that has a record, if there are several.
    pub(super) fn file_of(&self, record: Record) -> Option<&str> {
        let offset = self.place(record)?.offset;
        let before = self.files.partition_point(|&(start, _)| start <= offset);
        Some(&self.files.get(before.checked_sub(1)?)?.1)
    }

    /// Returns where a record is: `, line 7`, or `, line 7 of a.log` where there are several files.
    fn where_is(&self, record: Record) -> String {
        let Some(line) = self.line(record) else { return String::new() };
        match self.file_of(record) {
            Some(file) => format!(", line {line} of {}", printable(file)),
            None => format!(", line {line}"),
        }
    }

    /// Returns the levels with a status, without those that follow from others: of those that hold
    /// the strongest, of those that are ruled out the weakest.
    pub(super) fn telling(&self, is_wanted: impl Fn(&Status) -> bool, holds: bool) -> Vec<Level> {
        let wanted = |level: &Level| is_wanted(&self.report.statuses[level.index()]);
        let levels: Vec<Level> = Level::all().filter(wanted).collect();
        let follows = |level: &Level| {
            levels.iter().any(|other| {
                other != level && if holds { other.implies(*level) } else { level.implies(*other) }
            })
        };
        levels.iter().copied().filter(|level| !follows(level)).collect()
    }
}
