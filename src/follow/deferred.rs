//! Objects of which too much could still take effect to hold it all: their operations are kept, and
//! decided as those of a whole history are, each time that there are some more of them.
//!
//! That takes memory for every operation, and a violation is told a little later; but what a whole
//! history decides, this does, too.

use crate::check::{self, Meter, StopReason};
use crate::history::{History, NO_TIME, OpIndex, Record, Row, sort};
use crate::model::{self, AnyModel, AnyOp, Model, ModelOptions, Reading};

/// What is known of the operations on such an object.
pub(super) struct Deferred {
    /// The model, which starts from what the object held before the first of them.
    model: AnyModel,
    /// How many there were when they were last decided.
    decided: usize,
    /// What ended that undecided.
    stopped: Option<StopReason>,
    /// They are decided again when there are so many.
    next: usize,
}

/// Decided again when a quarter is new, a history takes five times as long in all as if it were
/// decided once; a few are not worth it, but in tests.
const GROWTH: usize = 4;
const LEAST: usize = if cfg!(test) { 2 } else { 512 };

impl Deferred {
    pub(super) fn new(model: AnyModel, rows: usize) -> Deferred {
        Deferred { model, decided: 0, stopped: None, next: rows + LEAST }
    }

    /// Whether there are so many operations that they are to be decided again.
    pub(super) fn is_due(&self, rows: usize) -> bool {
        rows >= self.next
    }

    /// Why it is not known whether these operations are linearizable, if so.
    pub(super) fn doubt(&self, rows: usize) -> Option<StopReason> {
        let undecided = (self.decided < rows).then_some(StopReason::Bounds);
        self.stopped.or(undecided)
    }

    /// Decides the operations in `rows`, all that there are, within what `meter` leaves. Returns
    /// the row of the one by whose return they are not linearizable, as far as that is found
    /// within what `soon` leaves for each step.
    pub(super) fn decide(
        &mut self,
        history: &History,
        rows: &[Row],
        meter: &Meter,
        soon: &Meter,
    ) -> Option<usize> {
        meter.look_at_memory();
        let ruling = if meter.has_room(rows.len() * size_of::<Reading<AnyOp>>()) {
            self.rule(history, rows, Record::new(history.records()), meter)
        } else {
            Err(StopReason::Memory)
        };
        self.decided = rows.len();
        self.stopped = ruling.err();
        let new = if self.stopped.is_some() { rows.len() } else { rows.len() / GROWTH };
        self.next = rows.len() + new.max(LEAST);
        (ruling == Ok(false)).then(|| self.locate(history, rows, soon))
    }

    /// Whether the operations are linearizable as they were known at `horizon`.
    fn rule(
        &self,
        history: &History,
        rows: &[Row],
        horizon: Record,
        meter: &Meter,
    ) -> Result<bool, StopReason> {
        // What the model refuses was refused when it came.
        let readings = known_at(horizon, rows).enumerate().filter_map(|(at, (operation, _))| {
            model::read_one(&self.model, history, OpIndex::new(at), &operation)
        });
        let (stuck, _) = check::impossible(&self.model, &readings.collect::<Vec<_>>(), meter);
        match stuck {
            Some(stuck) => Ok(stuck.is_none()),
            None => Err(meter.poll().err().unwrap_or(StopReason::Configurations)),
        }
    }

    /// The row of the first operation by whose return there is no linearization; where that is not
    /// found within the limits, of a later one.
    fn locate(&self, history: &History, rows: &[Row], meter: &Meter) -> usize {
        let returns = rows.iter().enumerate().filter_map(|(at, (operation, _))| {
            operation.completed.map(|completed| (completed, at))
        });
        let mut returns: Vec<(Record, usize)> = returns.collect();
        sort::by(&mut returns, |&(completed, _)| completed);
        // No linearization is left by the last one of these, and some is before the first.
        let (mut from, mut to) = (0, returns.len().saturating_sub(1));
        while from < to {
            let middle = from + (to - from) / 2;
            match self.rule(history, rows, returns[middle].0, meter) {
                Ok(true) => from = middle + 1,
                Ok(false) => to = middle,
                Err(_) => break,
            }
        }
        returns.get(to).map_or(0, |&(_, at)| at)
    }
}

/// These operations, which are in the order of their calls, as they were known at `record`.
pub(super) fn known_at(record: Record, rows: &[Row]) -> impl Iterator<Item = Row> {
    let rows = rows.iter().take_while(move |(operation, _)| operation.invoked <= record);
    rows.map(move |&(operation, times)| match operation.completed {
        Some(completed) if completed > record => (operation.unanswered(), [times[0], NO_TIME]),
        _ => (operation, times),
    })
}

/// The model that starts from a state of `model`, as `name` with `options`; `None` if that has no
/// value.
pub(super) fn starting_from(
    model: &AnyModel,
    state: &<AnyModel as Model>::State,
    (name, options): (&str, ModelOptions),
    history: &History,
) -> Option<AnyModel> {
    let mut values = history.values().clone();
    let start = model.start_value(state, &mut values)?;
    AnyModel::by_name(name, start, options, &values).ok()
}
