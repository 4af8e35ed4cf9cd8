//! From the windows of a history to its objects: which model is meant, what the key of an operation
//! is, and what becomes of each event.

use super::objects::{Objects, Standing};
use super::violation::Violation;
use crate::check::{KeyCounts, Meter, Options, StopReason, Verdict};
use crate::error::{Code, Error};
use crate::history::Window;
use crate::history::{EventType, History, Independent, Marks, Operation, Outcome};
use crate::history::{confirms_tuples, has_tuple, mixed_keys, no_tuple, take_key};
use crate::model::{AnyModel, Entry, Hints, Model, ModelSource, named};

/// So many records are waited for where it is not clear what they mean.
const PATIENCE: usize = 1000;

/// What is known of a history that is followed.
pub(super) struct Course {
    options: Options,
    independent: Independent,
    keys: Keys,
    hints: Hints,
    /// The model, once it is known.
    started: Option<Started>,
    operations: u64,
    /// What ended it.
    failed: Option<Error>,
}

struct Started {
    objects: Objects,
    name: &'static str,
    source: ModelSource,
}

/// Where operations have their keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// It is not clear yet.
    Unknown,
    /// Nowhere. They may be taken for tuples that nothing confirms.
    None { may_be_tuples: bool },
    /// In a field.
    Fields,
    /// In their values.
    Tuples,
}

/// What became of a history, as far as it was followed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Invalid if a key is; else unknown if a key is; else valid.
    pub verdict: Verdict,
    /// The model's name; `None` if there was no operation that told it.
    pub model: Option<String>,
    /// Where the model came from.
    pub model_source: ModelSource,
    /// How many operations there were.
    pub operations: u64,
    /// Whether they have keys.
    pub is_keyed: bool,
    /// How the keys were decided.
    pub keys: KeyCounts,
    /// Why some key was not decided, if so.
    pub stop_reason: Option<StopReason>,
}

impl Course {
    pub(super) fn new(options: Options, independent: Independent) -> Course {
        let budget = options.budget.started();
        Course {
            options: Options { budget, ..options },
            independent,
            keys: Keys::Unknown,
            hints: Hints::default(),
            started: None,
            operations: 0,
            failed: None,
        }
    }

    /// The course of a history of `model`.
    ///
    /// # Errors
    /// If it cannot be followed.
    pub(super) fn of_model(
        model: AnyModel,
        name: &'static str,
        options: Options,
    ) -> Result<Course, Error> {
        let mut course = Course::new(options, Independent::default());
        let objects = objects(model, course.meter())?;
        course.started = Some(Started { objects, name, source: ModelSource::Given });
        Ok(course)
    }

    fn meter(&self) -> Meter {
        Meter::start(&self.options.budget, 0).told_to(self.options.progress.clone())
    }

    /// Takes the events of `window`, and puts violations into `found`. False if it has to see more
    /// first, in the same window: never at the `last` one.
    ///
    /// # Errors
    /// If it is not known what the operations mean, or the model refuses one.
    pub(super) fn take(
        &mut self,
        window: Window<'_>,
        last: bool,
        found: &mut Vec<Violation>,
    ) -> Result<bool, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let taken = self.take_events(window, last, found);
        self.failed = taken.as_ref().err().cloned();
        taken
    }

    fn take_events(
        &mut self,
        window: Window<'_>,
        last: bool,
        found: &mut Vec<Violation>,
    ) -> Result<bool, Error> {
        if self.keys == Keys::Unknown && !self.find_keys(window, last) {
            return Ok(false);
        }
        if self.started.is_none() && !self.start(window, last)? {
            return Ok(false);
        }
        for event in window.events() {
            let index = event.operation;
            let operation = window.operations()[index];
            let is_call = event.kind == EventType::Invoke;
            if is_call {
                self.operations += 1;
                self.check_key(window.history, &operation)?;
            }
            let operation = self.without_tuple(window.history, operation)?;
            self.check_meaning(window.history, &operation)?;
            let Some(Started { objects, .. }) = &mut self.started else { return Ok(false) };
            if is_call {
                objects.call(window.history, index, &operation)?;
            } else {
                found.extend(objects.end(window.history, index, &operation)?);
            }
        }
        let operations = window.operations();
        if let Some(Started { objects, .. }) = &mut self.started {
            objects.forget(&|index| operations[index].outcome == Outcome::Open);
        }
        Ok(true)
    }

    /// Finds out what the operations mean. False if that is not clear yet.
    fn start(&mut self, window: Window<'_>, last: bool) -> Result<bool, Error> {
        let Window { history, .. } = window;
        let operations = window.operations();
        let patient = is_patient(window, last);
        let mut hints = Hints::default();
        // What the first operations mean, if the later ones fit nothing: these are refused in turn.
        let mut first: Option<(&'static Entry, Hints)> = None;
        for operation in operations {
            let mut operation = *operation;
            if self.keys == Keys::Tuples && has_tuple(history.values(), &operation) {
                take_key(history.values(), &mut operation);
            }
            if hints.add(history, &operation)
                && !hints.are_vague()
                && let Ok(entry) = hints.infer()
            {
                first = Some((entry, hints.clone()));
            }
        }
        let (entry, source) = match named(self.options.model.as_deref(), history) {
            Some(named) => named?,
            None => {
                let entry = match (hints.infer(), first) {
                    (Ok(entry), _) if !(hints.are_vague() && patient) => entry,
                    (_, Some((entry, before))) => {
                        hints = before;
                        entry
                    }
                    _ if patient => return Ok(false),
                    (entry, None) => entry?,
                };
                (entry, ModelSource::Inferred)
            }
        };
        self.hints = hints;
        // A register is one with cas that nobody used so far.
        let name = match (entry.name, source) {
            ("register", ModelSource::Inferred) => "cas-register",
            (name, _) => name,
        };
        let initial = self.options.initial.or_else(|| history.metadata_field("initial"));
        let options = self.options.model_options;
        let model = AnyModel::by_name(name, initial, options, history.values())?;
        let objects = objects(model, self.meter())?;
        self.started = Some(Started { objects, name: entry.name, source });
        Ok(true)
    }

    /// Finds out where operations have their keys. False if that is not clear yet.
    fn find_keys(&mut self, window: Window<'_>, last: bool) -> bool {
        let Window { history, .. } = window;
        let operations = window.operations();
        if operations.is_empty() {
            return false;
        }
        let mut tuples = operations.iter().map(|operation| has_tuple(history.values(), operation));
        self.keys = match self.independent {
            Independent::Yes => Keys::Tuples,
            _ if operations.iter().any(|operation| operation.key.is_some()) => Keys::Fields,
            Independent::Auto if tuples.all(|tuple| tuple) => {
                let confirms = |operation| confirms_tuples(history, operation);
                if operations.iter().any(confirms) {
                    Keys::Tuples
                } else if is_patient(window, last) {
                    Keys::Unknown
                } else {
                    Keys::None { may_be_tuples: true }
                }
            }
            _ => Keys::None { may_be_tuples: false },
        };
        self.keys != Keys::Unknown
    }

    /// Refuses an operation that is called, and has no key, or one, unlike those before.
    fn check_key(&mut self, history: &History, operation: &Operation) -> Result<(), Error> {
        match &mut self.keys {
            Keys::Fields if operation.key.is_none() => Err(mixed_keys(operation.invoked)),
            Keys::None { .. } if operation.key.is_some() => {
                Err(Error::new(Code::MixedKeys, "this operation has a key, others have none")
                    .hint("give every operation a key, or none")
                    .record(operation.invoked))
            }
            Keys::None { may_be_tuples } if *may_be_tuples => {
                *may_be_tuples = has_tuple(history.values(), operation);
                if *may_be_tuples && confirms_tuples(history, operation) {
                    let confirmed = "this operation tells that values are tuples [key value], \
                                     and those before were not taken for such";
                    return Err(Error::new(Code::BadField, confirmed)
                        .hint("say so with --independent yes, or no")
                        .record(operation.invoked));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The operation with the key that its values hold, if they hold keys.
    fn without_tuple(
        &self,
        history: &History,
        mut operation: Operation,
    ) -> Result<Operation, Error> {
        if self.keys != Keys::Tuples {
            return Ok(operation);
        }
        if !has_tuple(history.values(), &operation) {
            let hint = match self.independent {
                Independent::Yes => "without --independent yes, the value counts as it is",
                _ => "the values before were: say --independent no if they only look like it",
            };
            return Err(no_tuple(&operation).hint(hint));
        }
        take_key(history.values(), &mut operation);
        Ok(operation)
    }

    /// Refuses an operation with which all would mean another model.
    fn check_meaning(&mut self, history: &History, operation: &Operation) -> Result<(), Error> {
        let Some(Started { name, source: ModelSource::Inferred, .. }) = &mut self.started else {
            return Ok(());
        };
        if !self.hints.add(history, operation) {
            return Ok(());
        }
        let located = |error: Error| error.record(operation.invoked);
        let meant = self.hints.infer().map_err(located)?;
        if meant.name == *name {
            return Ok(());
        }
        if (*name, meant.name) == ("register", "cas-register") {
            *name = meant.name;
            return Ok(());
        }
        Err(located(
            Error::new(
                Code::NoModel,
                format!(
                    "the operations before were followed as those of the model {}, and with this \
                     one they mean {}",
                    name, meant.name
                ),
            )
            .hint("name the model with --model"),
        ))
    }

    /// Marks the values that are in use.
    pub(super) fn hold(&self, marks: &mut Marks<'_>) {
        self.options.initial.into_iter().for_each(|value| marks.keep(value));
        let mut known = true;
        if let Some(Started { objects, .. }) = &self.started {
            known = objects.hold(&mut |value| marks.keep(value));
        }
        if !known {
            marks.keep_all();
        }
    }

    /// The model's name, once it is known.
    pub(super) fn model(&self) -> Option<&'static str> {
        self.started.as_ref().map(|started| started.name)
    }

    /// What became of the history so far.
    pub(super) fn summary(&self) -> Summary {
        let mut summary = Summary {
            verdict: Verdict::Valid,
            model: None,
            model_source: ModelSource::Given,
            operations: self.operations,
            is_keyed: matches!(self.keys, Keys::Fields | Keys::Tuples),
            keys: KeyCounts::default(),
            stop_reason: None,
        };
        let Some(Started { objects, name, source }) = &self.started else { return summary };
        summary.model = Some((*name).to_owned());
        summary.model_source = *source;
        objects.standings(&mut |standing| {
            summary.keys.checked += 1;
            match standing {
                Standing::Valid => {}
                Standing::Invalid => summary.keys.invalid += 1,
                Standing::Unknown(reason) => {
                    summary.keys.unknown += 1;
                    summary.stop_reason.get_or_insert(reason);
                }
            }
        });
        summary.verdict = match summary.keys {
            KeyCounts { invalid: 1.., .. } => Verdict::Invalid,
            KeyCounts { unknown: 1.., .. } => Verdict::Unknown,
            KeyCounts { .. } => Verdict::Valid,
        };
        summary
    }
}

/// Whether more may be waited for, to find out what a history means.
fn is_patient(window: Window<'_>, last: bool) -> bool {
    !last && window.history.records() < PATIENCE
}

/// Returns the objects of a history of `model`: none so far.
///
/// # Errors
/// If it cannot be followed.
fn objects(model: AnyModel, meter: Meter) -> Result<Objects, Error> {
    if model.learns() {
        return Err(Error::new(
            Code::BadInitial,
            "what the object holds at the start is not known, so that it cannot be followed",
        )
        .hint("say what it holds with --init, or check the history as a whole"));
    }
    Ok(Objects::new(model, meter))
}
