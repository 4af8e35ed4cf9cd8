//! What was found, for people and for programs: text and JSON as views of one [`Subject`].
//!
//! Nothing here decides or explains, reads files or writes them.

pub mod ci;
#[cfg(feature = "figures")]
mod figure;
mod following;
mod isolation;
mod json;
#[cfg(feature = "figures")]
mod page;
mod stats;
mod style;
mod table;
mod text;
#[cfg(feature = "figures")]
mod trouble;
mod workload;
mod xml;

use std::time::Duration;

use crate::check::{Report, Verdict};
use crate::error::Place;
use crate::explain::{Context, Explanation, Linearizations};
use crate::hints::Hint;
use crate::history::{History, Record};

pub use crate::words::{operation_phrase, printable, shortened, steers, with_thousands};
#[cfg(feature = "figures")]
pub use figure::{Plot, isolation_svg, plot, svg};
pub use following::{
    Followed, end_details, end_json, end_line, rotation_json, surroundings_line, violation_details,
    violation_json, violation_line,
};
pub use isolation::{
    Isolation, IsolationEvent, IsolationSoFar, isolation_asked_json, isolation_asked_line,
    isolation_details, isolation_dot, isolation_interrupted_json, isolation_interrupted_line,
    isolation_json, isolation_line, isolation_violation,
};
pub use json::{SCHEMA_VERSION, error_json, json, unread_json};
#[cfg(feature = "figures")]
pub use page::{html, isolation_html};
pub use stats::{statistics_json, statistics_text};
pub use style::{Palette, Strokes};
pub use text::{Detail, details, text, verdict_line};
pub use workload::{WorkloadSubject, workload_json, workload_text, workload_verdict_line};

/// Failing keys whose surroundings a report shows: the first ones.
pub const SHOWN_FAILURES: usize = 5;

/// Characters of all states together that a page has room for.
pub const STATES_ROOM: usize = 8_000_000;

/// One history with everything that is reported of it.
pub struct Subject<'a> {
    /// The name of its file, where that has to be said.
    pub file: Option<&'a str>,
    /// The history.
    pub history: &'a History,
    /// What was found.
    pub report: &'a Report,
    /// The surroundings of the first failures.
    pub contexts: Vec<Context>,
    /// What went wrong, and what did not.
    pub explanation: Explanation,
    /// Other settings that make all the difference.
    pub hints: Vec<Hint>,
    /// How the operations can have happened, step by step; empty unless that is asked for.
    pub linearizations: Linearizations,
    /// Where records are in the text, ascending; only those that are named.
    pub places: Vec<(Record, Place)>,
    /// The files that the text consists of, each with the offset at which it starts, if the input
    /// was [merged](crate::formats::Input::merged).
    pub files: Vec<(usize, String)>,
    /// How long it took, if that is asked for.
    pub timings: Option<Timings>,
    /// What Jepsen found in the same run, if it left that.
    pub jepsen: Option<JepsenResult>,
}

/// What Jepsen's own checkers found in a run: see
/// [`jepsen_valid`](crate::formats::jepsen_valid).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JepsenResult {
    /// The `:valid?` of its results; `None` if Jepsen does not know.
    Valid(Option<bool>),
    /// Why its results cannot be read.
    Unreadable(String),
}

impl JepsenResult {
    /// Tells whether it is another verdict than `verdict`. Where one of the two is unknown, they
    /// do not differ.
    pub fn differs_from(&self, verdict: Verdict) -> bool {
        match (self, verdict) {
            (JepsenResult::Valid(Some(valid)), Verdict::Valid) => !valid,
            (JepsenResult::Valid(Some(valid)), Verdict::Invalid) => *valid,
            _ => false,
        }
    }
}

/// Wall-clock times; never part of an output that has to be reproducible.
#[derive(Clone, Copy, Debug)]
pub struct Timings {
    /// Reading and parsing.
    pub read: Duration,
    /// Deciding, and finding the operation that gives a violation away.
    pub check: Duration,
    /// Explaining.
    pub explain: Duration,
}

impl<'a> Subject<'a> {
    /// The verdict on `history`, without an explanation and without places.
    pub fn new(history: &'a History, report: &'a Report) -> Subject<'a> {
        Subject {
            file: None,
            history,
            report,
            contexts: Vec::new(),
            explanation: Explanation::default(),
            hints: Vec::new(),
            linearizations: Linearizations::default(),
            places: Vec::new(),
            files: Vec::new(),
            timings: None,
            jepsen: None,
        }
    }

    /// Adds the explanation, and what is around the first [`SHOWN_FAILURES`] failures.
    #[must_use]
    pub fn explained(mut self, explanation: Explanation, contexts: Vec<Context>) -> Subject<'a> {
        (self.explanation, self.contexts) = (explanation, contexts);
        self
    }

    /// Adds other settings that make all the difference.
    #[must_use]
    pub fn hinted(mut self, hints: Vec<Hint>) -> Subject<'a> {
        self.hints = hints;
        self
    }

    /// The records that the reports name, ascending: see [`Subject::places`].
    pub fn named_records(&self) -> Vec<Record> {
        let shown = self.contexts.iter().flat_map(|context| context.operations.iter().copied());
        let failing = self.report.failures().map(|(_, failure)| failure.operation);
        let mut records: Vec<Record> = shown
            .chain(failing)
            .map(|index| &self.history[index])
            .flat_map(|operation| [Some(operation.invoked), operation.completed])
            .flatten()
            .collect();
        records.sort_unstable();
        records.dedup();
        records
    }

    /// The line of `record`, from 1, if it is known.
    fn line(&self, record: Record) -> Option<usize> {
        Some(self.place(record)?.line)
    }

    fn place(&self, record: Record) -> Option<Place> {
        let at = self.places.binary_search_by_key(&record, |entry| entry.0).ok()?;
        Some(self.places[at].1)
    }

    /// The file that has `record`, if there are several.
    fn file_of(&self, record: Record) -> Option<&str> {
        let offset = self.place(record)?.offset;
        let before = self.files.partition_point(|&(start, _)| start <= offset);
        Some(&self.files.get(before.checked_sub(1)?)?.1)
    }

    /// Where `record` is, in words: `line 7`, or `line 7 of a.jsonl` where there are several files.
    fn where_is(&self, record: Record) -> Option<String> {
        let line = self.line(record)?;
        Some(match self.file_of(record) {
            Some(file) => format!("line {line} of {}", printable(file)),
            None => format!("line {line}"),
        })
    }
}
