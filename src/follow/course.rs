//! From the windows of a history to its objects: which model is meant, what the key of an operation
//! is, and what becomes of each event.

use super::objects::{Objects, Standing};
use super::violation::Violation;
use crate::caveats::{Noted, reads_take_nothing, split_clients};
use crate::check::{Budget, KeyCounts, Meter, Options, Start, StopReason, Verdict};
use crate::error::{Code, Error};
use crate::history::Window;
use crate::history::{
    EventType, History, Independent, Marks, OpIndex, Operation, Outcome, Record, Selected,
};
use crate::history::{confirms_tuples, has_tuple, mixed_keys, no_tuple, take_key};
use crate::model::{AnyModel, Hints, Model, ModelOptions, ModelSource, named};
use crate::select::{Selection, none_left};
use crate::unread::Unread;
use crate::vocabulary::Word;

/// So many records are waited for where it is not clear what they mean, and taken anew where they
/// turn out to mean something else.
const PATIENCE: usize = 1000;
/// What is decided for the time being may take so many configurations.
const SOON: u64 = 1 << 18;

/// What is known of a history that is followed.
pub(super) struct Course {
    options: Options,
    independent: Independent,
    keys: Keys,
    /// What the values seen so far tell of keys, until it is known where those are.
    tuples: Tuples,
    hints: Hints,
    /// Whether something is not read.
    unread: Unread,
    /// The model, once it is known.
    started: Option<Started>,
    /// How many events of the window were taken, and how many looked at.
    taken: [usize; 2],
    /// Whether the metadata was taken into account.
    is_described: bool,
    /// Whether there was a violation.
    is_violated: bool,
    operations: u64,
    /// Which operations are looked at; `None` for all.
    selection: Option<Selection>,
    /// What was left out, if some are not.
    left_out: Selected,
    /// What was seen, but for what objects know.
    noted: Noted,
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

/// Whether values may be tuples.
#[derive(Clone, Copy)]
struct Tuples {
    /// All may be.
    fit: bool,
    /// Some make sense only as such.
    are_confirmed: bool,
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
    /// What was seen of it beside that.
    pub noted: Noted,
}

impl Course {
    pub(super) fn new(options: Options, independent: Independent) -> Course {
        let budget = options.budget.started();
        Course {
            options: Options { budget, ..options },
            independent,
            keys: Keys::Unknown,
            tuples: Tuples { fit: true, are_confirmed: false },
            hints: Hints::default(),
            unread: Unread::default(),
            started: None,
            taken: [0; 2],
            is_described: false,
            is_violated: false,
            operations: 0,
            selection: None,
            left_out: Selected::default(),
            noted: Noted::default(),
            failed: None,
        }
    }

    /// Looks at no other operations than these.
    ///
    /// # Errors
    /// If it cannot be told of an operation that is called whether it is one.
    pub(super) fn select(&mut self, selection: Selection) -> Result<(), Error> {
        selection.check_followed()?;
        self.selection = Some(selection).filter(|selection| !selection.is_all());
        Ok(())
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
        let objects = course.objects(model, None)?;
        course.started = Some(Started { objects, name, source: ModelSource::Given });
        Ok(course)
    }

    /// Returns the objects of a history of `model`: none so far.
    ///
    /// # Errors
    /// If it cannot be followed.
    fn objects(
        &self,
        model: AnyModel,
        meaning: Option<(&'static str, ModelOptions)>,
    ) -> Result<Objects, Error> {
        if model.learns() {
            return Err(Error::new(
                Code::BadInitial,
                "what the object holds at the start is not known, so that it cannot be followed",
            )
            .hint("say what it holds with --init, or check the history as a whole"));
        }
        let budget = self.options.budget;
        let configurations = budget.configurations.unwrap_or(u64::MAX).min(SOON);
        let soon = Budget { configurations: Some(configurations), ..budget };
        let meters = [budget, soon]
            .map(|budget| Meter::start(&budget, 0).told_to(self.options.progress.clone()));
        Ok(Objects::new(model, meaning, meters))
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
        loop {
            if self.started.is_none() && !self.find_out(window, last)? {
                return Ok(window.events().next().is_none());
            }
            if self.take_as_meant(window, found)?
                && !(last
                    && self.is_described_anew(window, Record::new(window.history.records()))?)
            {
                break;
            }
        }
        // Until it is certain what the first records mean, they are kept.
        let records = window.history.records();
        if (self.may_change(records) || self.may_be_described(records)) && !last {
            return Ok(false);
        }
        if last {
            self.unread.check(false)?;
            if self.left_out.operations > 0 && self.left_out.kept == 0 {
                return Err(none_left());
            }
        }
        self.note(window.history, last);
        self.taken = [0; 2];
        let operations = window.operations();
        if let Some(Started { objects, name, .. }) = &mut self.started {
            if last {
                let before = found.len();
                objects.finish(window.history, found);
                found[before..].iter_mut().for_each(|violation| violation.model = name);
            }
            objects.forget(&|index| operations[index].outcome == Outcome::Open);
        }
        Ok(true)
    }

    /// Takes the events that were not taken. False if it has to begin anew, as they mean something
    /// else than was thought.
    fn take_as_meant(
        &mut self,
        window: Window<'_>,
        found: &mut Vec<Violation>,
    ) -> Result<bool, Error> {
        for event in window.events().skip(self.taken[0]) {
            if self.is_described_anew(window, event.record)? {
                return Ok(false);
            }
            self.taken[0] += 1;
            let index = event.operation;
            let operation = window.operation(&event);
            let is_call = event.kind == EventType::Invoke;
            if is_call {
                self.check_key(window.history, &operation)?;
            }
            let operation = self.without_tuple(window.history, operation)?;
            self.unread.add(window.history, &operation, !is_call);
            let ahead = Some(window.operations()[index])
                .filter(|ahead| is_call && ahead.completed.is_some())
                .and_then(|ahead| self.without_tuple(window.history, ahead).ok());
            if !self.check_meaning(window.history, &operation, event.record)? {
                self.begin_anew();
                return Ok(false);
            }
            let is_selected = self.is_selected(window.history, &operation, is_call);
            if is_selected {
                self.operations += u64::from(is_call);
                self.count(window.history, index, &operation, is_call);
            }
            let Some(Started { objects, .. }) = &mut self.started else { break };
            if !is_selected {
                if is_call {
                    objects.skip();
                }
                continue;
            }
            objects.check_names(window.history, &operation)?;
            if is_call {
                objects.call(window.history, index, &operation, ahead.as_ref())?;
            } else if let Some(mut violation) = objects.end(window.history, index, &operation)? {
                violation.model = self.model().unwrap_or_default();
                self.is_violated = true;
                found.push(violation);
            }
        }
        Ok(true)
    }

    /// Counts an operation that is called or ends.
    fn count(&mut self, history: &History, index: OpIndex, operation: &Operation, is_call: bool) {
        let tally = &mut self.noted.tally;
        if is_call {
            tally.call(operation, history.times(index)[0]);
            tally.open(history, operation);
        } else {
            tally.end_open(history, operation);
        }
    }

    /// Takes note of what is forgotten after this.
    fn note(&mut self, history: &History, last: bool) {
        self.noted.tally.rest(history);
        self.noted.reinvoked = history.reinvoked();
        self.noted.taken = history.taken_fields().to_vec();
        self.noted.passed_over = history.passed_over();
        if last {
            self.noted.split_clients = split_clients(history);
        }
    }

    /// Whether to look at an operation that is called or ends. If not, takes note of that.
    fn is_selected(&mut self, history: &History, operation: &Operation, is_call: bool) -> bool {
        let Some(selection) = &self.selection else { return true };
        let [key, rest] = selection.wants_followed(history, operation);
        let Selected { operations, kept, by_key, unknown, .. } = &mut self.left_out;
        *operations += usize::from(is_call);
        *kept += usize::from(is_call && key && rest);
        *by_key |= !key;
        if key && !rest {
            // Until it ends.
            if is_call {
                *unknown += 1;
            } else {
                *unknown -= 1;
                let verb = history.word(operation.function).map(Word::verb);
                self.left_out.leave_out(operation, verb);
            }
        }
        key && rest
    }

    /// Takes the metadata into account if it came behind the first operations, but before `record`.
    /// Returns whether these mean something else by it, and are to be taken anew.
    fn is_described_anew(&mut self, window: Window<'_>, record: Record) -> Result<bool, Error> {
        if self.is_described || !window.is_described_before(record) {
            return Ok(false);
        }
        self.is_described = true;
        let history = window.history;
        let says = |field, given: bool| !given && history.metadata_field(field).is_some();
        let mut starts = ["initial", "initials", "unknown_initial"].into_iter();
        if !says("model", self.options.model.is_some())
            && !starts.any(|field| says(field, self.is_started()))
        {
            return Ok(false);
        }
        if self.is_violated || record.index() >= PATIENCE {
            let message = "the metadata comes too late: what came before it was followed already";
            return Err(Error::new(Code::Syntax, message)
                .hint("put it first, or check the history as a whole"));
        }
        self.begin_anew();
        Ok(true)
    }

    /// Whether the caller says what objects start from.
    fn is_started(&self) -> bool {
        self.options.initial.is_some() || self.options.unknown_initial
    }

    /// Whether metadata may come within so many records that says what the operations mean.
    fn may_be_described(&self, records: usize) -> bool {
        let is_known = self.options.model.is_some() && self.is_started();
        records < PATIENCE && !self.is_violated && !self.is_described && !is_known
    }

    fn begin_anew(&mut self) {
        self.taken = [0, self.taken[0].max(self.taken[1])];
        (self.started, self.operations) = (None, 0);
        (self.left_out, self.noted) = (Selected::default(), Noted::default());
    }

    /// Whether it may turn out within so many records that the operations mean something else.
    fn may_change(&self, records: usize) -> bool {
        let is_inferred = |started: &Started| started.source == ModelSource::Inferred;
        records < PATIENCE && !self.is_violated && self.started.as_ref().is_some_and(is_inferred)
    }

    /// Finds out where operations have their keys, and what they mean, from the first records that
    /// tell it. False if that is not clear yet.
    fn find_out(&mut self, window: Window<'_>, last: bool) -> Result<bool, Error> {
        let Window { history, .. } = window;
        for event in window.events().skip(self.taken[1]) {
            let record = event.record;
            if record.index() >= PATIENCE
                && self.taken[1] > 0
                && self.start(window, record, true)?
            {
                return Ok(true);
            }
            self.taken[1] += 1;
            let operation = window.operation(&event);
            if self.keys == Keys::Unknown {
                self.look_for_key(history, &operation);
            }
            self.add_hints(history, operation);
            if self.start(window, record, record.index() + 1 >= PATIENCE)? {
                return Ok(true);
            }
        }
        let is_over = last || history.records() >= PATIENCE;
        let end = Record::new(history.records());
        Ok(is_over && self.taken[1] > 0 && self.start(window, end, true)?)
    }

    /// Finds out what the operations that were looked at mean, as of `record`. False if that is not
    /// clear yet, and more may come.
    fn start(&mut self, window: Window<'_>, record: Record, is_over: bool) -> Result<bool, Error> {
        let Window { history, .. } = window;
        self.is_described |= window.is_described_before(record);
        if self.keys == Keys::Unknown {
            self.keys = match (self.tuples.fit, self.tuples.are_confirmed) {
                (true, true) => Keys::Tuples,
                (true, false) if !is_over => return Ok(false),
                (may_be_tuples, _) => Keys::None { may_be_tuples },
            };
            // These were added before it was known where keys are.
            self.hints = Hints::default();
            for event in window.events().take(self.taken[1]) {
                self.add_hints(history, window.operation(&event));
            }
        }
        let given = self.options.model.as_deref();
        let is_named = given.is_some() || self.is_described;
        let named = is_named.then(|| named(given, history)).flatten();
        let (entry, source) = match named {
            Some(named) => named?,
            None => match self.hints.infer() {
                Ok(entry) if is_over || !self.hints.are_vague() => (entry, ModelSource::Inferred),
                Err(error) if is_over => return Err(error),
                _ => return Ok(false),
            },
        };
        // A register is one with cas that nobody used so far.
        let name = match (entry.name, source) {
            ("register", ModelSource::Inferred) => "cas-register",
            (name, _) => name,
        };
        let described = Some(history).filter(|_| self.is_described);
        let initial = Start::of(described, &self.options)?.of_all()?;
        let options = self.options.model_options;
        let model = AnyModel::by_name(name, initial, options, history.values())?;
        let objects = self.objects(model, Some((name, options)))?;
        self.started = Some(Started { objects, name: entry.name, source });
        Ok(true)
    }

    /// Looks where one more operation has its key.
    fn look_for_key(&mut self, history: &History, operation: &Operation) {
        let Tuples { fit, are_confirmed } = self.tuples;
        match self.independent {
            Independent::Yes => self.keys = Keys::Tuples,
            _ if operation.key.is_some() => self.keys = Keys::Fields,
            Independent::Auto => {
                let fit = fit && has_tuple(history.values(), operation);
                let are_confirmed = are_confirmed || confirms_tuples(history, operation);
                self.tuples = Tuples { fit, are_confirmed };
            }
            Independent::No => self.tuples.fit = false,
        }
    }

    /// Takes one more operation into account, to find out what all mean.
    fn add_hints(&mut self, history: &History, mut operation: Operation) {
        if self.keys == Keys::Tuples && has_tuple(history.values(), &operation) {
            take_key(history.values(), &mut operation);
        }
        self.hints.add(history, &operation);
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

    /// Refuses an operation with which all would mean another model; or returns false if it comes
    /// so early that they may be taken for those of that.
    fn check_meaning(
        &mut self,
        history: &History,
        operation: &Operation,
        record: Record,
    ) -> Result<bool, Error> {
        let may_change = self.may_change(record.index());
        let Some(Started { name, source: ModelSource::Inferred, .. }) = &mut self.started else {
            return Ok(true);
        };
        if !self.hints.add(history, operation) {
            return Ok(true);
        }
        let located = |error: Error| error.record(operation.invoked);
        let meant = self.hints.infer().map_err(located)?;
        if meant.name == *name {
            return Ok(true);
        }
        if (*name, meant.name) == ("register", "cas-register") {
            *name = meant.name;
            return Ok(true);
        }
        if may_change {
            return Ok(false);
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

    /// Whether what became of an object is decided by its operations.
    #[cfg(test)]
    pub(super) fn defers(&self) -> bool {
        self.started.as_ref().is_some_and(|started| started.objects.defer_any())
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
            noted: self.noted.clone(),
        };
        summary.noted.selected = self.selection.as_ref().map(|_| self.left_out.clone());
        let Some(Started { objects, name, source }) = &self.started else { return summary };
        summary.model = Some((*name).to_owned());
        summary.model_source = *source;
        summary.noted.unread_outputs = objects.unread_outputs();
        summary.noted.reads_take_nothing = reads_take_nothing(name);
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
