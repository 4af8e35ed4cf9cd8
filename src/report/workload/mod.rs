//! Reports of the checks of workloads, for people and for programs.

mod json;
mod text;

use histcheck_workloads::{Example, Part, Report, Sentence, Verdict};

pub use json::workload_json;
pub use text::{workload_text, workload_verdict_line};

use crate::error::Place;
use crate::history::{History, OpIndex, Record};
use crate::words::{call_phrase, printable, process_phrase, return_phrase, value_phrase};

/// The result of one check of one history, with what a report says besides.
pub struct WorkloadSubject<'a> {
    /// The name of the file, where that has to be said.
    pub file: Option<&'a str>,
    /// The history.
    pub history: &'a History,
    /// What was found.
    pub report: &'a Report,
    /// Why this check was made, if nobody asked for it.
    pub because: Option<&'a str>,
    /// Where records are in the text, ascending; only [those that are
    /// named](WorkloadSubject::named_records).
    pub places: Vec<(Record, Place)>,
}

impl<'a> WorkloadSubject<'a> {
    /// The result `report` of a check of `history`, without places.
    pub fn new(history: &'a History, report: &'a Report) -> WorkloadSubject<'a> {
        WorkloadSubject { file: None, history, report, because: None, places: Vec::new() }
    }

    /// The records that the reports name, ascending: the invocations of the operations that show
    /// anomalies.
    pub fn named_records(&self) -> Vec<Record> {
        let record = |index: OpIndex| self.history[index].invoked;
        let mut records: Vec<Record> = self.report.operations().into_iter().map(record).collect();
        records.sort_unstable();
        records.dedup();
        records
    }

    /// The line of the invocation of an operation, from 1, if it is known.
    pub(super) fn line(&self, operation: OpIndex) -> Option<usize> {
        let record = self.history[operation].invoked;
        let at = self.places.binary_search_by_key(&record, |place| place.0).ok()?;
        Some(self.places[at].1.line)
    }

    /// What the check asks: its name, with that of the only anomaly that is asked for.
    pub(super) fn question(&self) -> String {
        let name = self.report.check.name();
        self.report.only.map_or_else(|| name.to_owned(), |only| format!("{name}:{}", only.name))
    }

    /// A sentence in words.
    pub(super) fn words(&self, sentence: &Sentence) -> String {
        let mut out = String::new();
        for part in sentence {
            match part {
                Part::Text(text) => out.push_str(&printable(text)),
                Part::Value(value) => out.push_str(&value_phrase(self.history, *value)),
                Part::Process(operation) => out.push_str(&process_phrase(self.history, *operation)),
                Part::Called(operation) => out.push_str(&call_phrase(self.history, *operation)),
                Part::Returned(operation) => out.push_str(&return_phrase(self.history, *operation)),
                Part::Number(number) => out.push_str(&number.to_string()),
            }
        }
        out
    }

    /// What a case of an anomaly is about, in words: `key 3: …`.
    pub(super) fn case(&self, example: &Example) -> String {
        let sentence = self.words(&example.sentence);
        match example.key {
            Some(key) => format!("key {}: {sentence}", value_phrase(self.history, key)),
            None => sentence,
        }
    }
}

/// The word for a verdict: `valid`, `invalid`, or `unknown`.
fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Valid => crate::Verdict::Valid.name(),
        Verdict::Invalid => crate::Verdict::Invalid.name(),
        Verdict::Unknown => crate::Verdict::Unknown.name(),
    }
}
