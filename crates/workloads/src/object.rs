//! What the checks look at: the operations of one key, and their ends as events in order.

use histcheck_history::internal::{ValueMap, confirms_tuples};
use histcheck_history::vocabulary::{Verb, Word};
use histcheck_history::{History, OpIndex, Operation, Outcome, Shape, Value, ValueTable, sort};

use crate::report::Part;

/// The position of an end that was not recorded.
pub(crate) const NONE: u32 = u32::MAX;

/// One operation as the checks see it: without its key.
#[derive(Clone, Copy)]
pub(crate) struct Op {
    pub(crate) index: OpIndex,
    pub(crate) process: Value,
    pub(crate) verb: Option<Verb>,
    pub(crate) input: Value,
    pub(crate) output: Value,
    pub(crate) outcome: Outcome,
    /// The position of its invocation among all events; `NONE` if that was not recorded.
    pub(crate) invoked: u32,
    /// The position of its completion; `NONE` if there is none.
    pub(crate) completed: u32,
}

impl Op {
    /// The value of its completion, or else of its invocation.
    pub(crate) fn last_value(&self) -> Value {
        if self.output.is_null() { self.input } else { self.output }
    }

    /// The value of its invocation, or else of its completion.
    pub(crate) fn first_value(&self) -> Value {
        if self.input.is_null() { self.output } else { self.input }
    }

    pub(crate) fn is(&self, verb: Verb) -> bool {
        self.verb == Some(verb)
    }

    pub(crate) fn is_ok(&self) -> bool {
        self.outcome == Outcome::Ok
    }

    pub(crate) fn process(&self) -> Part {
        Part::Process(self.index)
    }

    pub(crate) fn called(&self) -> Part {
        Part::Called(self.index)
    }

    pub(crate) fn returned(&self) -> Part {
        Part::Returned(self.index)
    }

    /// Where it began, as far as that is known.
    pub(crate) fn start(&self) -> u32 {
        if self.invoked == NONE { self.completed } else { self.invoked }
    }
}

/// One end of an operation.
#[derive(Clone, Copy)]
pub(crate) struct Event {
    pub(crate) position: u32,
    /// The operation, as a position in [`Object::ops`].
    pub(crate) op: u32,
    pub(crate) is_end: bool,
}

/// The operations of one key, or all of a history without keys.
pub(crate) struct Object<'h> {
    pub(crate) history: &'h History,
    pub(crate) key: Option<Value>,
    /// In the order of their invocations.
    pub(crate) ops: Vec<Op>,
}

impl<'h> Object<'h> {
    /// Returns the objects of `history`, whose values are `[key value]` if `is_independent`. O(n).
    pub(crate) fn all(history: &'h History, is_independent: bool) -> Vec<Object<'h>> {
        let mut groups = ValueMap::new(NONE, FEW);
        let mut objects: Vec<Object<'h>> = Vec::new();
        let positions = Positions::of(history);
        for (index, operation) in history.indexed() {
            let (key, input, output) = parts(history.values(), operation, is_independent);
            let group = groups.slot(key.unwrap_or(Value::NULL));
            if *group == NONE {
                *group = objects.len() as u32;
                objects.push(Object { history, key, ops: Vec::new() });
            }
            let [invoked, completed] = positions.of_ends(index);
            objects[*group as usize].ops.push(Op {
                index,
                process: operation.process,
                verb: history.word(operation.function).map(Word::verb),
                input,
                output,
                outcome: operation.outcome,
                invoked,
                completed,
            });
        }
        if objects.is_empty() {
            objects.push(Object { history, key: None, ops: Vec::new() });
        }
        objects
    }

    pub(crate) fn values(&self) -> &'h ValueTable {
        self.history.values()
    }

    /// The name (`f`) of an operation.
    pub(crate) fn name(&self, op: &Op) -> &'h str {
        self.history.function(self.history[op.index].function)
    }

    /// The ends of all operations, in order. O(n log n), O(n) where they are sorted already.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mut events = Vec::with_capacity(2 * self.ops.len());
        for (op, at) in self.ops.iter().zip(0..) {
            if op.invoked != NONE {
                events.push(Event { position: op.invoked, op: at, is_end: false });
            }
            if op.completed != NONE {
                events.push(Event { position: op.completed, op: at, is_end: true });
            }
        }
        sort::by(&mut events, |event| (event.position, event.is_end));
        events
    }

    /// The operations that completed, in the order of their completions.
    pub(crate) fn completed(&self) -> Vec<&Op> {
        let mut completed: Vec<&Op> = self.ops.iter().filter(|op| op.completed != NONE).collect();
        sort::by(&mut completed, |op| op.completed);
        completed
    }

    /// The elements of a list or a set.
    pub(crate) fn items(&self, value: Value) -> Option<&'h [Value]> {
        match self.values().shape(value) {
            Shape::List(items) | Shape::Set(items) => Some(items),
            _ => None,
        }
    }

    /// The field `name` of the record in which `op` completed, or else was invoked.
    pub(crate) fn field(&self, op: &Op, name: &str) -> Option<Value> {
        let operation = &self.history[op.index];
        let given = |record| self.history.extra(record, name);
        operation.completed.and_then(given).or_else(|| given(operation.invoked))
    }
}

/// So many keys are found without hashing.
const FEW: usize = 1 << 16;

/// The key of an operation, and its values without it.
fn parts(
    values: &ValueTable,
    operation: &Operation,
    is_independent: bool,
) -> (Option<Value>, Value, Value) {
    let Operation { key, input, output, .. } = *operation;
    if !is_independent || key.is_some() {
        return (key, input, output);
    }
    let taken = values.as_pair(input).or_else(|| values.as_pair(output));
    let rest = |value| values.as_pair(value).map_or(Value::NULL, |pair| pair.1);
    match taken {
        Some((key, _)) => (Some(key), rest(input), rest(output)),
        None => (None, input, output),
    }
}

/// Returns whether the values of a history are Jepsen's independent tuples `[key value]`: every
/// operation takes a pair, what it returned is a pair with the same key, and some operation makes
/// sense only so.
pub(crate) fn has_tuples(history: &History) -> bool {
    let values = history.values();
    let mut is_confirmed = false;
    for operation in history.operations() {
        if operation.key.is_some() {
            return false;
        }
        let Some((key, _)) = values.as_pair(operation.input) else { return false };
        let answer = values.as_pair(operation.output).map(|pair| pair.0);
        let may_differ = operation.outcome != Outcome::Ok || operation.output.is_null();
        if answer != Some(key) && !may_differ || values.as_list(key).is_some() {
            return false;
        }
        is_confirmed |= confirms_tuples(history, operation);
    }
    is_confirmed
}

/// Where the ends of operations stand among all events.
struct Positions<'h> {
    history: &'h History,
    /// Whether ends are in the order of the records.
    by_record: bool,
}

impl<'h> Positions<'h> {
    fn of(history: &'h History) -> Self {
        let by_record = !history.has_whole_operations() && !history.is_ordered_by_time();
        Positions { history, by_record }
    }

    fn of_ends(&self, index: OpIndex) -> [u32; 2] {
        let operation = &self.history[index];
        if self.by_record {
            let is_invoked = self.history.is_invoked(index);
            let invoked = operation.invoked.index() as u32;
            let completed = operation.completed.map_or(NONE, |record| record.index() as u32);
            return [if is_invoked { invoked } else { NONE }, completed];
        }
        let span = self.history.span(index);
        let completed = if span.has_returned() {
            span.ret.index() as u32
        } else if operation.outcome == Outcome::Info {
            // Nothing tells when: behind everything that has a time.
            2 * self.history.operations().len() as u32 + index.index() as u32
        } else {
            NONE
        };
        [span.call.index() as u32, completed]
    }
}

/// Numbers for values, in the order in which they appear.
pub(crate) struct Numbers {
    numbers: ValueMap,
    pub(crate) values: Vec<Value>,
}

impl Numbers {
    /// Without any. About `room` of them are expected; others take longer.
    pub(crate) fn new(room: usize) -> Numbers {
        Numbers { numbers: ValueMap::new(NONE, 64 + 4 * room), values: Vec::new() }
    }

    /// The number of `value`, which it gets if it has none.
    pub(crate) fn of(&mut self, value: Value) -> usize {
        let slot = self.numbers.slot(value);
        if *slot == NONE {
            *slot = self.values.len() as u32;
            self.values.push(value);
        }
        *slot as usize
    }

    /// The number of `value`, if it has one.
    pub(crate) fn find(&mut self, value: Value) -> Option<usize> {
        let number = *self.numbers.slot(value);
        (number != NONE).then_some(number as usize)
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }
}
