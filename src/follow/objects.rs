//! The objects of a history that is followed, each with its frontier; one a key.

use std::collections::BTreeSet;

use super::deferred::{Deferred, known_at, starting_from};
use super::frontier::{Bounds, End, Halt, Held};
use super::recent::Recent;
use super::violation::{Surroundings, Violation};
use crate::check::{Meter, StopReason};
use crate::error::Error;
use crate::history::{History, Operation, Outcome, Record, Value, ValueMap};
use crate::history::{OpIndex, Row, sort};
use crate::model::{self, AnyModel, AnyOp, AnyState, Call, Model, ModelOptions};

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
    /// Too much could still take effect to hold it all: the operations that are kept are decided.
    Deferred(Box<Deferred>),
    /// It is not followed any more.
    Ended(Standing),
}

struct Entry {
    key: Option<Value>,
    object: Object,
    recent: Option<Box<Recent>>,
    /// Whether what operations will return must not be known before they do.
    is_blind: bool,
}

/// Frontiers go from object to object as they are.
#[allow(clippy::vec_box)]
type Spare = Vec<Box<Bounds>>;

/// Where an open operation is: its object, and its slot there.
#[derive(Clone, Copy)]
struct Ticket {
    object: u32,
    slot: u32,
    /// Whether it is taken to return nothing, though it may return what it found.
    is_presumed: bool,
}

/// An operation that tells nothing.
const NOWHERE: u32 = u32::MAX;

/// The objects of one model.
pub(super) struct Objects {
    model: AnyModel,
    /// What that is called, and its options, if it is a built-in one.
    meaning: Option<(&'static str, ModelOptions)>,
    meter: Meter,
    /// Ends earlier, for what is decided again later.
    soon: Meter,
    entries: Vec<Entry>,
    /// The number of each key.
    numbers: ValueMap,
    /// By the index of the operation.
    tickets: Vec<Ticket>,
    /// Operations some of whose outputs were not looked at.
    unread: BTreeSet<String>,
    /// Frontiers that are not in use.
    spare: Spare,
    /// How many violations there were.
    violations: usize,
    /// Whether an update that may return what it found has done so.
    finds: bool,
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
            Object::Settled(_) | Object::Deferred(_) | Object::Ended(_) => None,
        }
    }

    /// The operations that are kept.
    fn rows(&self) -> &[Row] {
        self.recent.as_ref().and_then(|recent| recent.get()).map_or(&[], |(_, rows)| rows)
    }
}

impl Objects {
    /// No objects so far of `model`, which is one of the built-in ones if it has a `meaning`: a
    /// name, and options. Decides within what `meter` leaves, and for the time being within what
    /// `soon` does.
    pub(super) fn new(
        model: AnyModel,
        meaning: Option<(&'static str, ModelOptions)>,
        [meter, soon]: [Meter; 2],
    ) -> Self {
        Objects {
            model,
            meaning,
            meter,
            soon,
            entries: Vec::new(),
            numbers: ValueMap::new(u32::MAX, NUMBERED),
            tickets: Vec::new(),
            unread: BTreeSet::new(),
            spare: Vec::new(),
            violations: 0,
            finds: false,
        }
    }

    fn number(&mut self, key: Option<Value>) -> u32 {
        let next = self.entries.len() as u32;
        let number = self.numbers.slot(key.unwrap_or(Value::NULL));
        let number = std::mem::replace(number, (*number).min(next));
        if number == u32::MAX {
            let is_late = self.model.is_told_late();
            let object = if is_late {
                Object::Deferred(Box::new(Deferred::new(self.model.clone(), 0)))
            } else {
                Object::Settled(self.model.initial())
            };
            let is_kept = is_late || self.most() > 0;
            let mut recent = is_kept.then(|| Box::new(Recent::at_start(self.model.initial())));
            if is_late {
                recent.iter_mut().for_each(|recent| recent.keep());
            }
            self.entries.push(Entry { key, object, recent, is_blind: false });
            return next;
        }
        number
    }

    /// Refuses an operation with a register that the initial value may mean by another name: the
    /// keys of JSON are strings, and only a whole history tells which of its registers they are.
    pub(super) fn check_names(
        &self,
        history: &History,
        operation: &Operation,
    ) -> Result<(), Error> {
        match &self.model {
            AnyModel::MultiRegister(registers) => registers.check_names(history, operation),
            _ => Ok(()),
        }
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

    /// Ends following an object as of an operation on it.
    fn halted(
        &mut self,
        history: &History,
        row: &Row,
        number: u32,
        halt: Halt,
    ) -> Option<Violation> {
        let entry = &mut self.entries[number as usize];
        let (standing, violation) = match halt {
            Halt::Violation(states) => {
                let describe = |state| self.model.describe(state, history.values());
                let states = states.iter().filter_map(describe).collect();
                let mut violation = Violation::new(history, row, states);
                self.violations += 1;
                if self.violations <= EXPLAINED
                    && let Some((base, rows)) =
                        entry.recent.as_ref().and_then(|recent| recent.get())
                {
                    let rows: Vec<Row> = known_at(violation.completed, rows).collect();
                    let records = violation.completed.index() + 1;
                    let mut history = history.with_operations(&rows, records);
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

    /// The operation with this index is called; `operation` is it, without a tuple, and `ahead` is
    /// what it will come to, if that is known.
    ///
    /// # Errors
    /// If the model refuses it.
    pub(super) fn call(
        &mut self,
        history: &History,
        index: OpIndex,
        operation: &Operation,
        ahead: Option<&Operation>,
    ) -> Result<(), Error> {
        let number = self.number(operation.key);
        let most = self.most();
        let Objects { model, entries, spare, finds, .. } = self;
        let entry = &mut entries[number as usize];
        let refused = |rejection| model::rejected(rejection, history, operation);
        let call = call(history, operation);
        keep(&mut entry.recent, history.row(index, operation), most);
        let op = model.operation(&call).map_err(refused)?;
        let fails = model.failed(&call).map_err(refused)?.is_some();
        let may_find = model.may_find(&call);
        let known = ahead
            .filter(|_| !entry.is_blind)
            .map_or(Known::Nothing, |ahead| Known::of(model, history, ahead));
        // What is not told of any is not looked for in all of them.
        *finds |= matches!(&known, Known::Op(op) if may_find && !model.facts(op).overwrites);
        let is_presumed = may_find && !*finds && !entry.is_blind;
        let tells = !model.is_mute(&call) && !is_presumed;
        let mut slot = NOWHERE;
        if let Some(frontier) = entry.frontier(spare) {
            match known {
                Known::Nothing => slot = frontier.call_unknown(model, op, tells, fails),
                Known::Op(op) => slot = frontier.call(model, op),
                Known::Lost => {
                    frontier.lose(model, &op);
                    self.rest(number, operation.invoked);
                }
                Known::Nowhere => {}
            }
        }
        debug_assert_eq!(self.tickets.len(), index.index());
        self.tickets.push(Ticket { object: number, slot, is_presumed });
        Ok(())
    }

    /// The next operation is called, and nobody looks at it.
    pub(super) fn skip(&mut self) {
        self.tickets.push(Ticket { object: u32::MAX, slot: NOWHERE, is_presumed: false });
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
        let Ticket { object: number, slot, is_presumed } = self.tickets[index];
        let most = self.most();
        let recent = &mut self.entries[number as usize].recent;
        keep(recent, history.row(index, operation), most);
        let refused = |rejection| model::rejected(rejection, history, operation);
        let call = call(history, operation);
        if self.model.leaves_unread(&call) && !self.unread.contains(call.function) {
            self.unread.insert(call.function.to_owned());
        }
        let frontier = match &mut self.entries[number as usize].object {
            Object::Moving(frontier) if slot != NOWHERE => Some(frontier),
            _ => None,
        };
        let knows = frontier.as_ref().is_some_and(|frontier| frontier.knows(slot));
        // What the model does not know is refused also where it makes no difference any more.
        let end = match operation.outcome {
            _ if knows => End::AsKnown,
            Outcome::Ok => End::Ok(self.model.operation(&call).map_err(refused)?),
            Outcome::Fail => End::Failed(self.model.failed(&call).map_err(refused)?),
            Outcome::Info | Outcome::Open => End::Lost,
        };
        let Some(frontier) = frontier else { return Ok(self.decide_if_due(history, number)) };
        let is_surprise = is_presumed
            && !knows
            && matches!(&end, End::Ok(op) if !self.model.facts(op).overwrites);
        if is_surprise {
            self.finds = true;
            let again = self.end_blindly(history, number);
            return Ok(match again.unwrap_or(Err(Halt::Stopped(StopReason::Bounds))) {
                Ok(()) => None,
                Err(halt) => self.halted(history, &history.row(index, operation), number, halt),
            });
        }
        let mut ended = frontier.end(&self.model, slot, end, &self.meter);
        if matches!(ended, Err(Halt::Violation(_)))
            && let Some(again) = self.end_blindly(history, number)
        {
            ended = again;
        }
        if matches!(ended, Ok(()) | Err(Halt::Stopped(StopReason::Bounds)))
            && self.defer(history, number)
        {
            return Ok(None);
        }
        match ended {
            Ok(()) => {
                self.rest(number, operation.completed.unwrap_or(operation.invoked));
                Ok(None)
            }
            Err(halt) => Ok(self.halted(history, &history.row(index, operation), number, halt)),
        }
    }

    /// Decides the operations on an object from now on by those that are kept, if what could still
    /// take effect is not all held any more. False if it is, or they are not there.
    fn defer(&mut self, history: &History, number: u32) -> bool {
        let Objects { model, meaning, entries, .. } = self;
        let Entry { object, recent, .. } = &mut entries[number as usize];
        if matches!(object, Object::Moving(frontier) if frontier.is_exact()) {
            return false;
        }
        let Some((base, is_start)) = recent.as_mut().and_then(|recent| recent.keep_all()) else {
            return false;
        };
        let start = match meaning {
            _ if is_start => Some(model.clone()),
            Some(meaning) => starting_from(model, base, *meaning, history),
            None => None,
        };
        let Some(start) = start else { return false };
        let rows = entries[number as usize].rows().len();
        entries[number as usize].object = Object::Deferred(Box::new(Deferred::new(start, rows)));
        true
    }

    fn decide_if_due(&mut self, history: &History, number: u32) -> Option<Violation> {
        let entry = &self.entries[number as usize];
        match &entry.object {
            Object::Deferred(deferred) if deferred.is_due(entry.rows().len()) => {
                self.decide(history, number, false)
            }
            _ => None,
        }
    }

    /// Decides the operations that are kept of an object, for good or for the time being.
    fn decide(&mut self, history: &History, number: u32, for_good: bool) -> Option<Violation> {
        let Entry { object, recent, .. } = &mut self.entries[number as usize];
        let Object::Deferred(deferred) = object else { return None };
        let (_, rows) = recent.as_ref()?.get()?;
        let meter = if for_good { &self.meter } else { &self.soon };
        let row = rows[deferred.decide(history, rows, meter, &self.soon)?];
        self.halted(history, &row, number, Halt::Violation(Vec::new()))
    }

    /// At the end of the history, decides what was put off.
    pub(super) fn finish(&mut self, history: &History, found: &mut Vec<Violation>) {
        for number in 0..self.entries.len() as u32 {
            let entry = &self.entries[number as usize];
            if let Object::Deferred(deferred) = &entry.object
                && deferred.doubt(entry.rows().len()).is_some()
            {
                found.extend(self.decide(history, number, true));
            }
        }
    }

    /// What the last event led to if it was not known before what operations return, where that is
    /// used, and it can still be found out: a violation may be certain only later then, and others
    /// who have read no more than that are to be told the same.
    fn end_blindly(&mut self, history: &History, number: u32) -> Option<Result<(), Halt>> {
        let Objects { model, meter, entries, tickets, .. } = self;
        let entry = &mut entries[number as usize];
        if entry.is_blind {
            return None;
        }
        let (base, rows) = entry.recent.as_ref()?.get()?;
        let mut events: Vec<(Record, usize)> = Vec::new();
        for (at, (operation, _)) in rows.iter().enumerate() {
            events.push((operation.invoked, at));
            events.extend(operation.completed.map(|completed| (completed, at)));
        }
        sort::by(&mut events, |event| event.0);
        let mut frontier = Box::new(Bounds::new(base.clone()));
        let mut slots = vec![NOWHERE; rows.len()];
        for (record, at) in events {
            let operation = &rows[at].0;
            if record == operation.invoked {
                let call = Call::of(history, operation, None);
                let fails = model.failed(&call).ok()?.is_some();
                let op = model.operation(&call).ok()?;
                slots[at] = frontier.call_unknown(model, op, !model.is_mute(&call), fails);
                continue;
            }
            let call = call(history, operation);
            let end = match operation.outcome {
                Outcome::Ok => End::Ok(model.operation(&call).ok()?),
                Outcome::Fail => End::Failed(model.failed(&call).ok()?),
                Outcome::Info | Outcome::Open => End::Lost,
            };
            match frontier.end(model, slots[at], end, meter) {
                Ok(()) => {}
                Err(Halt::Stopped(_)) => return None,
                Err(halt) => return Some(Err(halt)),
            }
        }
        for (ticket, operation) in tickets.iter_mut().zip(history.operations()) {
            let row = rows.binary_search_by_key(&operation.invoked, |row| row.0.invoked);
            if ticket.object == number
                && let Ok(at) = row
            {
                *ticket = Ticket { object: number, slot: slots[at], is_presumed: false };
            }
        }
        entry.object = Object::Moving(frontier);
        entry.is_blind = true;
        Some(Ok(()))
    }

    /// Returns the names of operations some of whose outputs were not looked at.
    pub(super) fn unread_outputs(&self) -> Vec<String> {
        self.unread.iter().cloned().collect()
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
                Object::Deferred(_) | Object::Ended(_) => {}
            }
        }
        known
    }

    #[cfg(test)]
    pub(super) fn defer_any(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.object, Object::Deferred(_)))
    }

    /// Passes what became of each object so far to `tell`.
    pub(super) fn standings(&self, tell: &mut dyn FnMut(Standing)) {
        for entry in &self.entries {
            tell(match entry.object {
                Object::Moving(ref bounds) if !bounds.is_certain() => {
                    Standing::Unknown(StopReason::Bounds)
                }
                Object::Deferred(ref deferred) => {
                    deferred.doubt(entry.rows().len()).map_or(Standing::Valid, Standing::Unknown)
                }
                Object::Settled(_) | Object::Moving(_) => Standing::Valid,
                Object::Ended(standing) => standing,
            });
        }
    }
}

/// What is known of an operation when it is called.
enum Known {
    Nothing,
    /// It will come to this.
    Op(AnyOp),
    /// It will crash.
    Lost,
    /// It will fail, and tell nothing.
    Nowhere,
}

impl Known {
    /// What is known from what it comes to, unless the model will refuse that.
    fn of(model: &AnyModel, history: &History, ahead: &Operation) -> Known {
        let call = call(history, ahead);
        match ahead.outcome {
            Outcome::Ok => model.operation(&call).map_or(Known::Nothing, Known::Op),
            Outcome::Fail => match model.failed(&call) {
                Ok(op) => op.map_or(Known::Nowhere, Known::Op),
                Err(_) => Known::Nothing,
            },
            Outcome::Info => Known::Lost,
            Outcome::Open => Known::Nothing,
        }
    }
}

/// Keeps an operation among the last ones, at least `most` of which are to be kept.
fn keep(recent: &mut Option<Box<Recent>>, row: Row, most: usize) {
    match recent {
        Some(kept) if most == 0 && !kept.keeps_all() => *recent = None,
        Some(recent) => recent.put(row, most),
        None => {}
    }
}

/// An operation as its model sees it, as far as it is known.
fn call<'a>(history: &'a History, operation: &Operation) -> Call<'a> {
    let output = (operation.outcome == Outcome::Ok).then_some(operation.output);
    Call::of(history, operation, output)
}
