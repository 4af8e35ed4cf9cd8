//! What is shown of a history beyond memory: the operations of keys that failed, as an excerpt.

use std::time::Instant;

use super::decide::{Decided, Deciding};
use super::load::Part;
use super::stored::Stored;
use crate::check::{KeyReport, Options, Report};
use crate::error::{Error, Place};
use crate::explain::{Anomaly, Context, Explanation, Rest};
use crate::history::hash::{Map, Set};
use crate::history::{History, Record, Rows, Value, sort};
use crate::session::Session;

/// A history beyond memory that was checked.
pub struct Checked {
    /// The operations that may be named.
    history: History,
    /// The report on all keys.
    report: Report,
    /// The lines of their records, ascending.
    lines: Vec<(Record, u32)>,
    /// The options to explain it with.
    options: Options,
    /// The position in the report of each key that has operations in the excerpt, in the order of
    /// the excerpt's keys.
    positions: Vec<usize>,
    /// How many failing keys have all of their operations in the excerpt: the first ones.
    complete: usize,
    /// Whether all operations are in the excerpt.
    is_all: bool,
    stuck: Option<Anomaly>,
    /// When all was read.
    gathered: Instant,
}

impl Checked {
    pub(super) fn new(decided: Decided<'_>) -> Checked {
        let Decided { deciding, part, complete, is_all } = decided;
        let read = deciding.read;
        let Deciding { gathered, options, name, source, reports, evidence, .. } = deciding;
        let (kept, initial, unread_outputs) =
            (deciding.kept, deciding.initial, deciding.unread_outputs);
        let Part { history, mut lines, .. } = part;
        let mut rows: Rows = history.into_rows();
        let known: Set<Record> =
            rows.operations.iter().map(|(operation, _)| operation.invoked).collect();
        for row in kept.rows {
            if !known.contains(&row.operation.invoked) {
                rows.operations.push((row.operation, row.times));
                lines.extend(row.record_lines());
            }
        }
        sort::by(&mut lines, |&line| line);
        let history = History::of_rows(rows);
        let keys = reports.into_iter().flatten().map(|stored| stored.report(&history)).collect();
        let mut report = Report::new(name, keys);
        report.model_source = source;
        report.unread_outputs = unread_outputs.into_iter().collect();
        let at: Map<Option<Value>, usize> =
            report.keys.iter().enumerate().map(|(at, key)| (key.key, at)).collect();
        let partitions = history.partitions();
        let positions = partitions.iter().filter_map(|part| at.get(&part.key).copied()).collect();
        let evidence = evidence.indexed(|record| history.invoked_at(record).unwrap_or_default());
        let stuck = evidence.conclude(&history, gathered.last_note);
        let model = Some(name.to_owned());
        let options = Options { model, initial, keep_orders: false, ..options.clone() };
        Checked {
            history,
            report,
            lines,
            options,
            positions,
            complete,
            is_all,
            stuck,
            gathered: read,
        }
    }

    /// The operations that may be named, with what is known of the others.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// What was found, for all keys.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// When all of it was read.
    pub fn gathered_at(&self) -> Instant {
        self.gathered
    }

    /// The lines of `records`, as far as they are known; the rest of their places is not.
    pub fn places(&self, records: &[Record]) -> Vec<(Record, Place)> {
        let line = |record: &Record| {
            let at = self.lines.binary_search_by_key(record, |entry| entry.0).ok()?;
            let line = Some(self.lines[at].1 as usize).filter(|&line| line > 0)?;
            Some((*record, Place { line, ..Place::default() }))
        };
        records.iter().filter_map(line).collect()
    }

    /// What went wrong, with at most `anomalies` anomalies, and what is around the first `contexts`
    /// failures. See [`Session::explain`]; of clocks, it is only said if none would explain it.
    ///
    /// # Errors
    /// None, if the history was checked without one.
    pub fn explain(
        &self,
        anomalies: usize,
        contexts: usize,
    ) -> Result<(Explanation, Vec<Context>), Error> {
        let (history, options) = (&self.history, &self.options);
        let keys = self.positions.iter().map(|&at| self.report.keys[at].clone()).collect();
        let excerpt = Report::new(&self.report.model, keys);
        // Keys of which only some operations are there say nothing of clocks.
        let partial = !self.is_all && excerpt.keys.len() > self.complete;
        let whole = if partial { Some(self.complete_keys(&excerpt)) } else { None };
        let complete =
            whole.as_ref().map_or((history, &excerpt), |(history, report)| (history, report));
        let (stuck, failing, is_all) = (self.stuck.clone(), self.complete, self.is_all);
        let rest = Rest { stuck, complete, is_all, failing };
        let session = Session::new(history, options)?;
        let mut explanation = session.explain_excerpt(&excerpt, anomalies, rest)?;
        let mut contexts = session.contexts(&excerpt, contexts.min(self.complete))?;
        let position = |at: &mut usize| *at = self.positions[*at];
        explanation.keys.iter_mut().for_each(|key| position(&mut key.key_at));
        explanation.anomalies.iter_mut().filter_map(|one| one.key_at.as_mut()).for_each(position);
        contexts.iter_mut().for_each(|context| position(&mut context.key_at));
        Ok((explanation, contexts))
    }

    /// The first failing keys by themselves, with the report on them.
    fn complete_keys(&self, excerpt: &Report) -> (History, Report) {
        let failing: Vec<&KeyReport> =
            excerpt.failures().take(self.complete).map(|(key, _)| key).collect();
        let mut rows = self.history.clone().into_rows();
        let is_in = |key: Option<Value>| failing.iter().any(|report| report.key == key);
        rows.operations.retain(|(operation, _)| is_in(operation.key));
        let history = History::of_rows(rows);
        let keys = failing
            .into_iter()
            .map(|report| Stored::of(report.clone(), report.key, &self.history).report(&history));
        let report = Report::new(&excerpt.model, keys.collect());
        (history, report)
    }
}
