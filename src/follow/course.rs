//! From the windows of a history to its objects: which model is meant, what the key of an operation
//! is, and what becomes of each event.

use super::keys::Keys;
use super::objects::{Objects, Standing};
use super::violation::Violation;
use crate::caveats::{Noted, reads_take_nothing, split_clients};
use crate::check::{Budget, KeyCounts, Meter, Options, Start, StopReason, Verdict};
use crate::error::{Code, Error};
use crate::history::Window;
use crate::history::{
    EventType, History, Independent, Marks, OpIndex, Operation, Outcome, Record, Selected,
};
use crate::model::{AnyModel, Hints, Model, ModelOptions, ModelSource, named};
use crate::select::{Selection, none_left};
use crate::unread::{KeyFields, Unread};
use crate::vocabulary::Word;
use crate::wrapped::Wrapped;

/// So many records are waited for where it is not clear what they mean, and taken anew where they
/// turn out to mean something else.
const PATIENCE: usize = 1000;
/// What is decided for the time being may take so many configurations.
const SOON: u64 = 1 << 18;

/// What is known of a history that is followed.
pub(super) struct Course {
    options: Options,
    keys: Keys,
    hints: Hints,
    /// Whether something is not read.
    unread: Unread,
    /// Whether values stand in something only where they are written, or only where they are read.
    wrapped: Wrapped,
    /// Fields that may be the key, if there are no keys.
    key_fields: KeyFields,
    /// Whether a field may be the key: a model of the caller's own says itself what is.
    asks_keys: bool,
    /// Violations that are not told before it is clear that all was read.
    held: Vec<Violation>,
    /// The keys of those that were told while operations may yet mean something else.
    told: Vec<Option<[String; 2]>>,
    /// The model, once it is known.
    started: Option<Started>,
    /// How many events of the window were taken, and how many looked at.
    taken: [usize; 2],
    /// Whether records were forgotten.
    forgets: bool,
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
            keys: Keys::new(independent),
            hints: Hints::default(),
            unread: Unread::default(),
            wrapped: Wrapped::default(),
            key_fields: KeyFields::default(),
            asks_keys: true,
            held: Vec::new(),
            told: Vec::new(),
            started: None,
            taken: [0; 2],
            forgets: false,
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
        course.asks_keys = false;
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
        self.unread.add_notes(window.history);
        // Until it is certain what the first records mean, they are kept.
        let records = window.history.records();
        let may_change = self.may_change(records) || self.keys_may_change(records);
        if (may_change || self.may_be_described(records)) && !last {
            return Ok(false);
        }
        if last {
            self.check_read()?;
            if self.is_violated || !self.held.is_empty() {
                self.wrapped.check(window.history, self.model().unwrap_or_default())?;
            }
            self.tell(records, found);
            if self.left_out.operations > 0 && self.left_out.kept == 0 {
                return Err(none_left());
            }
        }
        self.note(window.history, last);
        (self.taken, self.forgets) = ([0; 2], true);
        self.unread.forget();
        let operations = window.operations();
        if let Some(Started { objects, name, .. }) = &mut self.started {
            if last {
                let before = found.len();
                objects.finish(window.history, found);
                found[before..].iter_mut().for_each(|violation| violation.model = name);
                if found.len() > before {
                    self.wrapped.check(window.history, name)?;
                }
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
            let is_looked_at = self.taken[0] <= self.taken[1];
            let operation = match self.keys.take(window.history, operation, [is_call, is_looked_at])
            {
                Ok(bare) => bare,
                Err(refused) if refused.is_late && self.keys_may_change(event.record.index()) => {
                    self.begin_anew();
                    let looked = self.looked(window);
                    self.keys.forget(window.history, &looked);
                    return Ok(false);
                }
                Err(refused) => return Err(refused.error),
            };
            self.unread.add(window.history, &operation, !is_call);
            if !is_call && self.asks_keys {
                self.wrapped.add(window.history, &operation);
            }
            if is_call && self.asks_keys && !self.keys.are_there() {
                self.key_fields.add(window.history, &operation);
            }
            let ahead = Some(window.operations()[index])
                .filter(|ahead| is_call && ahead.completed.is_some())
                .and_then(|ahead| self.keys.ahead(window.history, &ahead));
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
                self.held.push(violation);
                if !self.is_violated && self.held.len() == 1 {
                    self.is_violated = !self.may_turn(window, event.record);
                }
            }
            self.release(window.history, event.record, found)?;
        }
        Ok(true)
    }

    /// Tells the violations that are held, as soon as it is clear that nothing was left unread that
    /// may make others of them.
    ///
    /// # Errors
    /// If something was not read, and it is too late for that to become clear.
    fn release(
        &mut self,
        history: &History,
        record: Record,
        found: &mut Vec<Violation>,
    ) -> Result<(), Error> {
        if record.index() == PATIENCE {
            // Who follows for long wants to know that early.
            self.key_fields.check()?;
        }
        if self.held.is_empty() {
            return Ok(());
        }
        let model = self.model().unwrap_or_default();
        let is_open = self.key_fields.may_be()
            || self.wrapped.may_turn(model)
            || self.unread.check(false).is_err()
            || !self.is_violated && self.may_change(record.index());
        if is_open && record.index() < PATIENCE {
            return Ok(());
        }
        self.check_read()?;
        self.wrapped.check(history, model)?;
        self.is_violated = true;
        // It is invalid with any key.
        self.key_fields = KeyFields::default();
        self.asks_keys = false;
        self.tell(record.index(), found);
        Ok(())
    }

    /// Puts the violations that are held into `found`, but for those of keys that had one before
    /// the operations were taken anew.
    fn tell(&mut self, records: usize, found: &mut Vec<Violation>) {
        self.held.retain(|violation| !self.told.contains(&violation.key));
        if self.may_change(records) {
            self.told.extend(self.held.iter().map(|violation| violation.key.clone()));
        }
        found.append(&mut self.held);
    }

    fn check_read(&self) -> Result<(), Error> {
        self.unread.check(false)?;
        self.key_fields.check()
    }

    /// Counts an operation that is called or ends.
    fn count(&mut self, history: &History, index: OpIndex, operation: &Operation, is_call: bool) {
        let tally = &mut self.noted.tally;
        if is_call {
            tally.call(operation, history.times(index)[0]);
            tally.open(history, operation);
        } else {
            tally.returned(history.times(index));
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
        (self.unread, self.key_fields) = (Unread::default(), KeyFields::default());
        self.wrapped = Wrapped::default();
        self.held.clear();
    }

    /// Whether it may turn out within so many records that the operations mean something else.
    fn may_change(&self, records: usize) -> bool {
        let is_inferred = |started: &Started| started.source == ModelSource::Inferred;
        records < PATIENCE && self.started.as_ref().is_some_and(is_inferred)
    }

    /// Whether the violation at `until` may vanish, as later records may tell that the operations
    /// mean another model: one that knows them, too, and allows what happened. Follows the window
    /// once for each.
    fn may_turn(&self, window: Window<'_>, until: Record) -> bool {
        let known = self.model().unwrap_or_default();
        self.may_change(until.index())
            && self
                .hints
                .rivals(known)
                .any(|entry| !self.is_refuted(entry.name, window, until).unwrap_or(true))
    }

    /// Whether the operations up to `until` are none of the model `name`.
    ///
    /// # Errors
    /// If the model refuses one.
    fn is_refuted(
        &self,
        name: &'static str,
        window: Window<'_>,
        until: Record,
    ) -> Result<bool, Error> {
        let Window { history, .. } = window;
        let described = Some(history).filter(|_| self.is_described);
        let initial = Start::of(described, &self.options)?.of_all()?;
        let options = self.options.model_options;
        let model = AnyModel::by_name(name, initial, options, history.values())?;
        let mut objects = self.objects(model, None)?;
        for event in window.events().take_while(|event| event.record <= until) {
            let operation = self.keys.guess(history, &window.operation(&event));
            let wanted = self.selection.as_ref();
            if wanted.is_some_and(|it| it.wants_followed(history, &operation) != [true; 2]) {
                if event.kind == EventType::Invoke {
                    objects.skip();
                }
                continue;
            }
            let index = event.operation;
            if event.kind == EventType::Invoke {
                objects.call(history, index, &operation, None)?;
            } else if objects.end(history, index, &operation)?.is_some() {
                return Ok(true);
            }
        }
        let mut found = Vec::new();
        objects.finish(history, &mut found);
        Ok(!found.is_empty())
    }

    /// Whether it may turn out within so many records that values stand in something else.
    fn keys_may_change(&self, records: usize) -> bool {
        records < PATIENCE && !self.is_violated && !self.forgets && self.keys.may_change()
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
            self.keys.look(history, &operation);
            self.hints.add(history, &self.keys.guess(history, &operation));
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
        if !self.keys.are_known() {
            let looked = self.looked(window);
            if !self.keys.settle(history, &looked, is_over) {
                return Ok(false);
            }
            // These were added before it was known where keys are.
            self.hints = Hints::default();
            for operation in &looked {
                self.hints.add(history, &self.keys.guess(history, operation));
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

    /// The ends of operations that were looked at.
    fn looked(&self, window: Window<'_>) -> Vec<Operation> {
        window.events().take(self.taken[1]).map(|event| window.operation(&event)).collect()
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
            is_keyed: self.keys.are_there(),
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
