//! The objects of a history that is followed, each with its frontier; one a key.

use super::frontier::{Bounds, End, Halt, Held};
use super::recent::Recent;
use super::violation::{Surroundings, Violation};
use crate::check::{Meter, StopReason};
use crate::error::Error;
use crate::history::{History, Operation, Outcome, Record, Value, ValueMap};
use crate::history::{OpIndex, Row};
use crate::model::{self, AnyModel, AnyState, Call, Model};

/// What became of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// What was seen of it so far is linearizable.
    Valid,
    /// It is not.
    Invalid,
    /// A limit ended the check of it.
    Unknown(StopReason),
}

enum Object {
    /// Nothing is open, and this is what it holds.
    Settled(AnyState),
    Moving(Box<Bounds>),
    /// It is not followed any more.
    Ended(Standing),
}

struct Entry {
    key: Option<Value>,
    object: Object,
    recent: Option<Box<Recent>>,
}

/// Frontiers go from object to object as they are.
#[allow(clippy::vec_box)]
type Spare = Vec<Box<Bounds>>;

/// Where an open operation is: its object, and its slot there.
#[derive(Clone, Copy)]
struct Ticket {
    object: u32,
    slot: u32,
}

/// An operation that tells nothing.
const NOWHERE: u32 = u32::MAX;

/// The objects of one model.
pub(super) struct Objects {
    model: AnyModel,
    meter: Meter,
    entries: Vec<Entry>,
    /// The number of each key.
    numbers: ValueMap,
    /// By the index of the operation.
    tickets: Vec<Ticket>,
    /// Frontiers that are not in use.
    spare: Spare,
    /// How many violations there were.
    violations: usize,
}

/// So many keys are found without hashing.
const NUMBERED: usize = 1 << 16;
/// So many operations are kept in all to explain violations by, if there are not many keys: of each
/// object at most, and at least if any.
const KEPT: usize = 1 << 14;
const MOST_KEPT: usize = 512;
const LEAST_KEPT: usize = 4;
/// So many violations can be explained.
const EXPLAINED: usize = 20;
/// So many frontiers are kept for later.
const SPARE: usize = 64;

impl Entry {
    /// The frontier of the object, unless it is not followed any more; if it has none, one of
    /// those to `spare`.
    fn frontier(&mut self, spare: &mut Spare) -> Option<&mut Bounds> {
        if let Object::Settled(state) = &self.object {
            let state = state.clone();
            let frontier = match spare.pop() {
                Some(mut frontier) => {
                    frontier.restart(state);
                    frontier
                }
                None => Box::new(Bounds::new(state)),
            };
            self.object = Object::Moving(frontier);
        }
        match &mut self.object {
            Object::Moving(frontier) => Some(frontier),
            Object::Settled(_) | Object::Ended(_) => None,
        }
    }
}

impl Objects {
    pub(super) fn new(model: AnyModel, meter: Meter) -> Self {
        Objects {
            model,
            meter,
            entries: Vec::new(),
            numbers: ValueMap::new(u32::MAX, NUMBERED),
            tickets: Vec::new(),
            spare: Vec::new(),
            violations: 0,
        }
    }

    fn number(&mut self, key: Option<Value>) -> u32 {
        let next = self.entries.len() as u32;
        let number = self.numbers.slot(key.unwrap_or(Value::NULL));
        let number = std::mem::replace(number, (*number).min(next));
        if number == u32::MAX {
            let object = Object::Settled(self.model.initial());
            let is_kept = self.most() > 0;
            let recent = is_kept.then(|| Box::new(Recent::new(self.model.initial())));
            self.entries.push(Entry { key, object, recent });
            return next;
        }
        number
    }

    /// How many of the last operations on an object are kept at least.
    fn most(&self) -> usize {
        let most = (KEPT / self.entries.len().max(1)).min(MOST_KEPT);
        if most < LEAST_KEPT { 0 } else { most }
    }

    /// Puts away the frontier of an object of which nothing is open, as of `record`.
    fn rest(&mut self, number: u32, record: Record) {
        let most = self.most();
        let Entry { object, recent, .. } = &mut self.entries[number as usize];
        let Object::Moving(frontier) = object else { return };
        if let Some(recent) = recent
            && let Some(state) = frontier.at_rest()
        {
            recent.settle(record, state, frontier.settled().is_some(), most);
        }
        let Some(state) = frontier.settled() else { return };
        let settled = Object::Settled(state.clone());
        if let Object::Moving(frontier) = std::mem::replace(object, settled)
            && self.spare.len() < SPARE
        {
            self.spare.push(frontier);
        }
    }

    fn halted(
        &mut self,
        history: &History,
        index: OpIndex,
        operation: &Operation,
        number: u32,
        halt: Halt,
    ) -> Option<Violation> {
        let entry = &mut self.entries[number as usize];
        let (standing, violation) = match halt {
            Halt::Violation(states) => {
                let describe = |state| self.model.describe(state, history.values());
                let states = states.iter().filter_map(describe).collect();
                let mut violation = Violation::new(history, index, operation, states);
                self.violations += 1;
                if self.violations <= EXPLAINED
                    && let Some((base, rows)) =
                        entry.recent.as_ref().and_then(|recent| recent.get())
                {
                    let mut history = history.with_operations(rows);
                    let start = self.model.start_value(base, history.values_mut());
                    violation.surroundings = start.map(|initial| Surroundings { history, initial });
                }
                (Standing::Invalid, Some(violation))
            }
            Halt::Stopped(reason) => (Standing::Unknown(reason), None),
        };
        entry.object = Object::Ended(standing);
        entry.recent = None;
        violation
    }

    /// The operation with this index is called; `operation` is it, without a tuple.
    ///
    /// # Errors
    /// If the model refuses it.
    pub(super) fn call(
        &mut self,
        history: &History,
        index: OpIndex,
        operation: &Operation,
    ) -> Result<(), Error> {
        let number = self.number(operation.key);
        let most = self.most();
        let Objects { model, entries, spare, .. } = self;
        let entry = &mut entries[number as usize];
        let refused = |rejection| model::rejected(rejection, history, operation);
        let call = call(history, operation);
        keep(&mut entry.recent, history.row(index, operation), most);
        let mut slot = NOWHERE;
        match operation.outcome {
            Outcome::Ok => {
                let op = model.operation(&call).map_err(refused)?;
                if let Some(frontier) = entry.frontier(spare) {
                    slot = frontier.call(model, op);
                }
            }
            Outcome::Fail => {
                let op = model.failed(&call).map_err(refused)?;
                if let Some(op) = op
                    && let Some(frontier) = entry.frontier(spare)
                {
                    slot = frontier.call(model, op);
                }
            }
            Outcome::Info => {
                let op = model.operation(&call).map_err(refused)?;
                if let Some(frontier) = entry.frontier(spare) {
                    frontier.lose(model, &op);
                }
                self.rest(number, operation.invoked);
            }
            Outcome::Open => {
                let op = model.operation(&call).map_err(refused)?;
                let fails = model.failed(&call).map_err(refused)?.is_some();
                let tells = !model.is_mute(&call);
                if let Some(frontier) = entry.frontier(spare) {
                    slot = frontier.call_unknown(model, op, tells, fails);
                }
            }
        }
        debug_assert_eq!(self.tickets.len(), index.index());
        self.tickets.push(Ticket { object: number, slot });
        Ok(())
    }

    /// The operation with this index, which was called, ends.
    ///
    /// # Errors
    /// If the model refuses it.
    pub(super) fn end(
        &mut self,
        history: &History,
        index: OpIndex,
        operation: &Operation,
    ) -> Result<Option<Violation>, Error> {
        let Ticket { object: number, slot } = self.tickets[index];
        let most = self.most();
        let recent = &mut self.entries[number as usize].recent;
        keep(recent, history.row(index, operation), most);
        let refused = |rejection| model::rejected(rejection, history, operation);
        let call = call(history, operation);
        let frontier = match &mut self.entries[number as usize].object {
            Object::Moving(frontier) if slot != NOWHERE => Some(frontier),
            _ => None,
        };
        // What the model does not know is refused also where it makes no difference any more.
        let end = match operation.outcome {
            _ if frontier.as_ref().is_some_and(|frontier| frontier.knows(slot)) => End::AsKnown,
            Outcome::Ok => End::Ok(self.model.operation(&call).map_err(refused)?),
            Outcome::Fail => End::Failed(self.model.failed(&call).map_err(refused)?),
            Outcome::Info | Outcome::Open => End::Lost,
        };
        let Some(frontier) = frontier else { return Ok(None) };
        match frontier.end(&self.model, slot, end, &self.meter) {
            Ok(()) => {
                self.rest(number, operation.completed.unwrap_or(operation.invoked));
                Ok(None)
            }
            Err(halt) => Ok(self.halted(history, index, operation, number, halt)),
        }
    }

    /// Drops the operations that are not open any more; the others move up.
    pub(super) fn forget(&mut self, is_open: &dyn Fn(usize) -> bool) {
        let mut index = 0;
        self.tickets.retain(|_| {
            index += 1;
            is_open(index - 1)
        });
    }

    /// Passes all values that are in use to `hold`; false if that is not known.
    pub(super) fn hold(&self, hold: &mut dyn FnMut(Value)) -> bool {
        let mut known = true;
        for entry in &self.entries {
            entry.key.into_iter().for_each(&mut *hold);
            if let Some(recent) = &entry.recent {
                let (states, rows) = recent.held();
                states.for_each(|state| known &= self.model.state_values(state, hold));
                for (operation, _) in rows {
                    hold(operation.process);
                    hold(operation.input);
                    hold(operation.output);
                }
            }
            match &entry.object {
                Object::Settled(state) => known &= self.model.state_values(state, hold),
                Object::Moving(frontier) => {
                    frontier.states_and_operations(|held| {
                        known &= match held {
                            Held::State(state) => self.model.state_values(state, hold),
                            Held::Operation(op) => self.model.operation_values(op, hold),
                        };
                    });
                }
                Object::Ended(_) => {}
            }
        }
        known
    }

    /// Passes what became of each object so far to `tell`.
    pub(super) fn standings(&self, tell: &mut dyn FnMut(Standing)) {
        for entry in &self.entries {
            tell(match entry.object {
                Object::Moving(ref bounds) if !bounds.is_certain() => {
                    Standing::Unknown(StopReason::Bounds)
                }
                Object::Settled(_) | Object::Moving(_) => Standing::Valid,
                Object::Ended(standing) => standing,
            });
        }
    }
}

/// Keeps an operation among the last ones, at least `most` of which are to be kept.
fn keep(recent: &mut Option<Box<Recent>>, row: Row, most: usize) {
    match recent {
        Some(_) if most == 0 => *recent = None,
        Some(recent) => recent.put(row, most),
        None => {}
    }
}

/// An operation as its model sees it, as far as it is known.
fn call<'a>(history: &'a History, operation: &Operation) -> Call<'a> {
    let output = (operation.outcome == Outcome::Ok).then_some(operation.output);
    Call::of(history, operation, output)
}
