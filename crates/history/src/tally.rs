//! What is counted of a history to say what a verdict over it is worth, whether all of it is in
//! memory or goes by piece by piece.

use super::vocabulary::{Verb, Word};
use super::{Annotation, EventType, History, Operation, Outcome};

/// Counts over all records of a history.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Operations of clients.
    pub operations: usize,
    /// Those that succeeded.
    pub succeeded: usize,
    /// Those that succeeded or failed, and could not have done so whatever the object held.
    pub telling: usize,
    /// Those that would tell something if they succeeded.
    pub asking: usize,
    /// Those of unknown outcome.
    pub open: usize,
    /// Reads that succeeded.
    pub reads: usize,
    /// Those of them that returned a value.
    pub values: usize,
    /// Operations that were called with nothing, though such take something, such as writes.
    pub bare: usize,
    /// Whether any operation was called with something, or returned something.
    pub carries: bool,
    /// Reads that succeeded, and were called with something that they did not return.
    pub called_with: usize,
    /// Whether operations have keys.
    pub has_key: bool,
    /// Whether they have times.
    pub has_times: bool,
    /// The processes that are no clients, and complete what clients do: their names, and how often.
    pub left_aside: Vec<(String, usize)>,
    /// The names of the other fields, each once.
    pub other_fields: Vec<String>,
    /// How often the time of a call is earlier than that of the one before, by more than a quarter
    /// of all times until then.
    pub backwards: usize,
    /// Operations whose completion has an earlier time than their call.
    pub ends_early: usize,
    /// The earliest, the latest and the last time of a call.
    times: Option<[i64; 3]>,
    /// How often the time of a call is earlier than that of the one before, by however much;
    steps_back: usize,
    /// the largest of these steps,
    widest: u64,
    /// and how many calls have a time earlier than the latest before them.
    below: usize,
}

/// Blocks of records are this many calls long at least, so that the times rarely step back.
const FEW_OF: usize = 16;
/// So many calls come, after a step back, before those that were recorded already are overtaken.
const GOES_ON: usize = 3;
/// Steps back by less than this part of all times are inversions between threads.
const NARROW: u64 = 64;

/// So many names are kept.
const MOST_NAMES: usize = 1 << 10;

impl Tally {
    /// Counts all of `history`, which is in memory. O(records).
    pub(super) fn of(history: &History) -> Tally {
        let mut tally = Tally::default();
        let is_timed = history.times.is_some();
        for (index, operation) in history.indexed() {
            let [call, ret] = history.times(index);
            tally.call(operation, call);
            if is_timed {
                tally.returned([call, ret]);
            }
            tally.end(history, operation);
        }
        tally.rest(history);
        tally
    }

    /// Counts the call of an operation, which comes behind the calls before.
    #[inline]
    pub fn call(&mut self, operation: &Operation, time: Option<i64>) {
        self.operations += 1;
        self.has_key |= operation.key.is_some();
        let Some(time) = time else { return };
        self.has_times = true;
        let [first, latest, last] = self.times.unwrap_or([time; 3]);
        let is_far = last.abs_diff(time) > latest.abs_diff(first) / 4;
        self.backwards += usize::from(time < last && is_far);
        if time < latest {
            self.below += 1;
            if time < last {
                self.steps_back += 1;
                self.widest = self.widest.max(last.abs_diff(time));
            }
        }
        self.times = Some([first.min(time), latest.max(time), time]);
    }

    /// Returns how often the times of calls start anew: they step back by more than a quarter of
    /// all times until then; or they step back a few times, and go on from there. The times of
    /// threads that record side by side step back often, and by little.
    pub fn restarts(&self) -> usize {
        let range = self.times.map_or(0, |[first, latest, _]| latest.abs_diff(first));
        let are_few = self.steps_back <= (self.operations / FEW_OF).max(1);
        let go_on = self.below >= GOES_ON * self.steps_back.max(1);
        match self.backwards {
            0 if are_few && go_on && self.widest > range / NARROW => self.steps_back,
            backwards => backwards,
        }
    }

    /// Counts when an operation was called and returned.
    #[inline]
    pub fn returned(&mut self, times: [Option<i64>; 2]) {
        let [Some(call), Some(ret)] = times else { return };
        self.ends_early += usize::from(ret < call);
    }

    /// Counts what became of an operation of `history`.
    #[inline]
    pub fn end(&mut self, history: &History, operation: &Operation) {
        let verb = history.word(operation.function).map(Word::verb);
        self.asking += usize::from(verb.is_none_or(|verb| !verb.only_has_effect()));
        if !self.carries {
            let has = |value| !history.without_key(value).is_null();
            self.carries = has(operation.input) || has(operation.output);
            self.bare += usize::from(!self.carries && verb.is_some_and(Verb::takes_something));
        }
        match operation.outcome {
            Outcome::Info | Outcome::Open => self.open += 1,
            // Only some failures tell something, and these only if asked to.
            Outcome::Fail => self.telling += usize::from(verb.is_none_or(Verb::may_fail_by_state)),
            Outcome::Ok => {
                self.succeeded += 1;
                let Operation { input, output, .. } = *operation;
                let answers = !output.is_null() && output != input;
                let effect = verb.is_some_and(Verb::only_has_effect);
                self.telling += usize::from(answers || !effect);
                if verb == Some(Verb::Read) {
                    self.reads += 1;
                    self.values += usize::from(!history.without_key(operation.output).is_null());
                    let given = history.without_key(input);
                    self.called_with += usize::from(!given.is_null() && input != output);
                }
            }
        }
    }

    /// Counts an operation that was called as open, until it [ends](Tally::end_open).
    #[inline]
    pub fn open(&mut self, history: &History, operation: &Operation) {
        self.open += 1;
        if self.asking == 0 {
            let verb = history.word(operation.function).map(Word::verb);
            self.asking += usize::from(verb.is_none_or(|verb| !verb.only_has_effect()));
        }
    }

    /// Counts what became of an operation that was counted as open; that it asks may be counted
    /// twice, which only matters if none does.
    #[inline]
    pub fn end_open(&mut self, history: &History, operation: &Operation) {
        self.open -= 1;
        self.end(history, operation);
    }

    /// Counts the annotations and other fields that `history` has at hand.
    pub fn rest(&mut self, history: &History) {
        history.annotations().iter().for_each(|note| self.note(history, note));
        let mut last = None;
        for extra in history.all_extras() {
            if last == Some(extra.name) || self.other_fields.len() >= MOST_NAMES {
                continue;
            }
            last = Some(extra.name);
            if let Some(name) = history.values().as_name(extra.name)
                && !self.other_fields.iter().any(|other| other == name)
            {
                self.other_fields.push(name.to_owned());
            }
        }
    }

    fn note(&mut self, history: &History, note: &Annotation) {
        let ends = matches!(note.kind, EventType::Ok | EventType::Fail);
        if !ends || history.clients_are_given || history.word(note.function).is_none() {
            return;
        }
        let process = history.values().to_text(note.process);
        match self.left_aside.iter().position(|(name, _)| *name == process) {
            Some(at) => self.left_aside[at].1 += 1,
            None if self.left_aside.len() < MOST_NAMES => self.left_aside.push((process, 1)),
            None => {}
        }
    }
}
