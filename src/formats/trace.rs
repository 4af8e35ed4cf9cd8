//! What the reading of one record did, step by step: a reader that knows this may do the same with
//! the records like it, without asking again which field is what.

use std::cell::{Cell, RefCell};

use crate::history::{Event, EventType, Interval, Lacking, Outcome, Time, Value};

/// The steps in which a record was read that was not added to a history.
#[derive(Default)]
pub(super) struct Trace {
    steps: RefCell<Vec<Step>>,
    is_given_up: Cell<bool>,
}

/// One step.
pub(super) enum Step {
    /// The content of the field of this number became a value.
    Uses(usize),
    /// That value became a further field of this name.
    Extra(String, Value),
    /// A role was found to be played by the field of this path.
    Takes(&'static str, String),
    /// It was noted what the record has no field for.
    Lacks(Lacking),
    /// The record became this, and of this name.
    Becomes(Became, String),
}

/// What became of a record, but for its name. The two ends of an operation stand in the place of
/// what an event has once.
pub(super) struct Became {
    pub(super) process: Option<Value>,
    pub(super) ends: Ends,
    /// What an event has, or an operation takes,
    pub(super) input: Value,
    /// and what it returned.
    pub(super) output: Value,
    pub(super) key: Option<Value>,
    /// When it was called,
    pub(super) call: Option<Time>,
    /// and when it returned; or when the event was.
    pub(super) time: Option<Time>,
}

/// Which ends of an operation a record tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ends {
    /// One.
    Event(EventType),
    /// Both.
    Whole(Outcome),
}

impl Trace {
    pub(super) fn add(&self, step: Step) {
        self.steps.borrow_mut().push(step);
    }

    /// Notes that what becomes of the record depends on something that no trace has.
    pub(super) fn give_up(&self) {
        self.is_given_up.set(true);
    }

    /// Returns the steps, if they are all that there was to it.
    pub(super) fn steps(self) -> Option<Vec<Step>> {
        (!self.is_given_up.get()).then(|| self.steps.into_inner())
    }
}

impl Step {
    pub(super) fn event(event: &Event<'_>) -> Step {
        let Event { process, kind, function, value, key, time } = *event;
        let ends = Ends::Event(kind);
        let (process, output, call) = (Some(process), Value::NULL, None);
        let became = Became { process, ends, input: value, output, key, call, time };
        Step::Becomes(became, function.to_owned())
    }

    pub(super) fn interval(interval: &Interval<'_>) -> Step {
        let Interval { process, outcome, function, input, output, key, call, ret } = *interval;
        let ends = Ends::Whole(outcome);
        let became = Became { process, ends, input, output, key, call: Some(call), time: ret };
        Step::Becomes(became, function.to_owned())
    }
}
