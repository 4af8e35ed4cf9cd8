//! Tries a history under another setting, and looks whether that makes all the difference.

use super::{Found, HintKind};
use crate::check::{self, Meter, Models, Options, Report, Start};
use crate::explain::{ALLOWANCE, settings_meter};
use crate::history::hash::Set;
use crate::history::{History, Value};
use crate::model::{self, Entry, ModelOptions, ModelSource};

/// With a setting that helps, at most one in so many of the invalid keys is left.
const FEWER: usize = 10;

/// A history that is not linearizable, and what may be spent to find out why.
pub(super) struct Trial<'a> {
    pub(super) history: &'a History,
    pub(super) options: &'a Options,
    pub(super) report: &'a Report,
    meter: Meter,
}

impl<'a> Trial<'a> {
    pub(super) fn new(history: &'a History, options: &'a Options, report: &'a Report) -> Self {
        let spent = report.keys.iter().map(|key| key.effort.configurations).max();
        let meter = settings_meter(options, history, spent.unwrap_or_default());
        Trial { history, options, report, meter }
    }

    /// Returns whether there is memory for the history once more.
    pub(super) fn has_room(&self) -> bool {
        self.meter.has_room(self.history.heap_bytes())
    }

    /// How many keys may be left invalid.
    pub(super) fn most(&self) -> usize {
        self.report.key_counts.invalid / FEWER
    }

    /// Returns how many keys of `history`, the same one in other terms, are invalid under
    /// `options`, if these are few and all are decided.
    pub(super) fn invalid(&self, history: &History, options: &Options) -> Option<usize> {
        let entry = Entry::find(&self.report.model)?;
        let is_same = |named: &Entry| named.name == entry.name;
        if self.report.model_source == ModelSource::Inferred
            && !model::infer(history).is_ok_and(is_same)
        {
            return None;
        }
        self.invalid_as(entry, history, options)
    }

    /// The same for operations of the model `entry`.
    fn invalid_as(&self, entry: &Entry, history: &History, options: &Options) -> Option<usize> {
        self.meter.poll().ok()?;
        let options =
            Options { keep_orders: false, self_check: false, progress: None, ..options.clone() };
        let start = Start::of(Some(history), &options).ok()?;
        let models = Models::new(entry, &start, options.model_options, history).ok()?;
        let failing: Set<Option<Value>> = self.report.failures().map(|(key, _)| key.key).collect();
        let first = |key: Option<Value>| failing.contains(&key);
        let spent: u64 = self.report.keys.iter().map(|key| key.effort.configurations).sum();
        let limits = check::Limits {
            invalid: self.most(),
            configurations: spent.saturating_mul(4).saturating_add(ALLOWANCE),
        };
        check::count_invalid(&models, history, &options, &self.meter, &first, limits)
    }

    /// As [`Trial::invalid`], for the history as it is.
    pub(super) fn invalid_with(&self, options: &Options) -> Option<usize> {
        self.invalid(self.history, options)
    }

    /// The order of times, if it helps.
    pub(super) fn by_time(&self) -> Option<Found> {
        let history = self.has_room().then(|| self.history.ordered_by_time()).flatten()?;
        let invalid = self.invalid(&history, self.options)?;
        let (kind, option) = (HintKind::OrderByTime, "--order time".to_owned());
        Some(Found { kind, option, means: String::new(), invalid })
    }

    /// Tuples of a key and a value, if they help.
    pub(super) fn independent(&self) -> Option<Found> {
        let history = self.has_room().then(|| self.history.independent()).flatten()?;
        let invalid = self.invalid(&history, self.options)?;
        let (kind, option) = (HintKind::Independent, "--independent yes".to_owned());
        Some(Found { kind, option, means: String::new(), invalid })
    }

    /// Another model whose operations have the same names, if it was inferred which is meant, and
    /// that helps.
    pub(super) fn other_model(&self) -> Option<Found> {
        let others: &[&str] = match (self.report.model_source, &*self.report.model) {
            (ModelSource::Inferred, "mutex" | "fenced-mutex") => &["reentrant-mutex"],
            (ModelSource::Inferred, "stack") => &["fifo-queue"],
            (ModelSource::Inferred, "fifo-queue") => &["unordered-queue", "priority-queue"],
            _ => &[],
        };
        others.iter().find_map(|name| {
            let invalid = self.invalid_as(Entry::find(name)?, self.history, self.options)?;
            let option = format!("--model {name}");
            Some(Found { kind: HintKind::Model, option, means: String::new(), invalid })
        })
    }

    /// Other meanings of operations that help.
    pub(super) fn other_meanings(&self) -> Vec<Found> {
        let of = self.options.model_options;
        let is_queue = self.report.model == "priority-queue";
        let others = [
            (
                of.failed_cas_observes,
                HintKind::FailedCas,
                "--failed-cas ignores",
                ModelOptions { failed_cas_observes: false, ..of },
            ),
            (
                of.check_owner && self.report.model == "mutex",
                HintKind::AnyOwner,
                "--any-owner",
                ModelOptions { check_owner: false, ..of },
            ),
            (
                !of.largest_first && is_queue,
                HintKind::LargestFirst,
                "--largest-first",
                ModelOptions { largest_first: true, ..of },
            ),
        ];
        let others = others.into_iter().filter(|other| other.0);
        let helps = |(_, kind, option, model_options): (bool, HintKind, &str, ModelOptions)| {
            let options = Options { model_options, ..self.options.clone() };
            let invalid = self.invalid_with(&options)?;
            Some(Found { kind, option: option.to_owned(), means: String::new(), invalid })
        };
        others.filter_map(helps).collect()
    }
}
