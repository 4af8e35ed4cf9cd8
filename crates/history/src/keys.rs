//! Keys: where operations carry one, a history is many small ones, and linearizability is local
//! (Herlihy and Wing 1990): each key may be checked by itself.

use super::dense::ValueMap;
use super::{History, OpIndex, Operation, Record, Value, ValueTable};
use super::{answers, arguments};
use crate::error::{Code, Error};
use crate::vocabulary::{Verb, Word};

/// Whether the values of a history are Jepsen's independent tuples `[key value]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Independent {
    /// Find out: they are if every operation's value is a pair, completions repeat their
    /// invocation's key, and a read of `[key nil]`, a write or a cas confirms it. Or keys stand
    /// among the arguments: a map `{key value}`, a list `[key]` of a read, a cas `[key old new]`.
    #[default]
    Auto,
    /// They are.
    Yes,
    /// They are not.
    No,
}

/// Settles the keys of a history, `keyed` of whose operations have one: takes those of independent
/// tuples out of the values, and refuses a mixture of records with and without a key.
pub(super) fn resolve(
    history: &mut History,
    keyed: usize,
    independent: Independent,
) -> Result<(), Error> {
    if keyed > 0 && keyed < history.operations.len() {
        let odd = history.operations.iter().find(|op| op.key.is_none());
        return Err(mixed_keys(odd.map_or(Record::new(0), |op| op.invoked)));
    }
    let split = match independent {
        Independent::No => false,
        // Whole transactions have no arguments but their micro-operations.
        Independent::Auto if history.alone => return Ok(()),
        Independent::Auto if keyed == 0 && arguments::take_keys(history) => {
            answers::take(history);
            return Ok(());
        }
        Independent::Auto => keyed == 0 && is_independent(history),
        Independent::Yes => {
            let values = &history.values;
            if let Some(op) = history.operations.iter().find(|op| !has_tuple(values, op)) {
                return Err(
                    no_tuple(op).hint("without --independent yes, the value counts as it is")
                );
            }
            true
        }
    };
    if independent == Independent::Auto && !split {
        arguments::take_only(history);
        answers::take(history);
    }
    if split {
        let History { values, operations, .. } = history;
        for operation in operations {
            take_key(values, operation);
        }
    }
    Ok(())
}

/// The error about an operation whose value should be a tuple.
pub fn no_tuple(operation: &Operation) -> Error {
    Error::new(Code::BadField, "the value of this operation is no tuple [key value]")
        .record(operation.invoked)
}

fn is_independent(history: &History) -> bool {
    let values = &history.values;
    let mut confirmed = false;
    for operation in &history.operations {
        if !has_tuple(values, operation) {
            return false;
        }
        confirmed |= confirms_tuples(history, operation);
    }
    confirmed
}

/// Whether an operation that may have a tuple makes sense only with one.
pub fn confirms_tuples(history: &History, operation: &Operation) -> bool {
    let Some((_, inner)) = history.values.as_pair(operation.input) else { return false };
    match history.word(operation.function).map(Word::verb) {
        Some(Verb::Write) => true,
        Some(Verb::Cas) => history.values.as_pair(inner).is_some(),
        _ => inner.is_null(),
    }
}

/// The error about an operation without a key among others that have one.
pub fn mixed_keys(record: Record) -> Error {
    Error::new(Code::MixedKeys, "this operation has no key, others have one")
        .hint("give every operation a key, or none")
        .record(record)
}

/// Whether the operation's values can be tuples: a pair whose key is no collection, the same key
/// at both ends. A completion without any value repeats nothing and is fine.
pub fn has_tuple(values: &ValueTable, operation: &Operation) -> bool {
    let Some((key, _)) = values.as_pair(operation.input) else { return false };
    let at_end = operation.output.is_null()
        || values.as_pair(operation.output).is_some_and(|(again, _)| again == key);
    at_end && values.as_list(key).is_none()
}

/// Takes the key of an operation that has a tuple out of its values.
pub fn take_key(values: &ValueTable, operation: &mut Operation) {
    if let Some((key, inner)) = values.as_pair(operation.input) {
        operation.key = Some(key);
        operation.input = inner;
    }
    operation.output = values.as_pair(operation.output).map_or(Value::NULL, |(_, inner)| inner);
}

/// The operations of a history, one group a key.
#[derive(Clone, Debug)]
pub struct Partitions {
    keys: Vec<Option<Value>>,
    starts: Vec<u32>,
    operations: Vec<OpIndex>,
}

/// The operations of one key, as indices into [`History::operations`], in the order of their
/// invocations.
#[derive(Clone, Copy, Debug)]
pub struct Partition<'a> {
    /// The key; `None` in a history without keys.
    pub key: Option<Value>,
    /// The operations.
    pub operations: &'a [OpIndex],
}

impl Partitions {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The partition at `index`.
    pub fn get(&self, index: usize) -> Partition<'_> {
        let range = self.starts[index] as usize..self.starts[index + 1] as usize;
        Partition { key: self.keys[index], operations: &self.operations[range] }
    }

    /// The partitions, in the order in which their keys appear.
    pub fn iter(&self) -> impl Iterator<Item = Partition<'_>> {
        (0..self.len()).map(|index| self.get(index))
    }
}

impl History {
    /// The history as one object, not one a key: the key of each operation becomes part of its
    /// values, which are pairs `[key value]` then. Without keys it stays as it is.
    #[must_use]
    pub fn whole(mut self) -> History {
        let History { values, operations, .. } = &mut self;
        for operation in operations {
            let Some(key) = operation.key.take() else { return self };
            operation.input = values.list(&[key, operation.input]);
            operation.output = values.list(&[key, operation.output]);
        }
        self.is_whole = true;
        self.tally = std::sync::OnceLock::new();
        self
    }

    /// The history with the keys taken out of its values, all of which may be tuples `[key value]`,
    /// as if it had been read so; `None` if it has keys, or they may not.
    pub fn independent(&self) -> Option<History> {
        let is_keyed = self.operations.iter().any(|operation| operation.key.is_some());
        if is_keyed || self.is_whole || self.is_excerpt() {
            return None;
        }
        let mut history = self.clone();
        resolve(&mut history, 0, Independent::Yes).ok()?;
        history.tally = std::sync::OnceLock::new();
        Some(history)
    }

    /// Whether [`History::whole`] made keys part of the values.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Groups the operations by key, in O(operations) and four bytes an operation.
    pub fn partitions(&self) -> Partitions {
        let count = self.operations.len();
        if count > 0 && self.operations.iter().all(|operation| operation.key.is_none()) {
            return Partitions {
                keys: vec![None],
                starts: vec![0, count as u32],
                operations: self.indices().collect(),
            };
        }
        let mut groups = ValueMap::new(u32::MAX, self.operations.len().max(FEW));
        let name = |operation: &Operation| operation.key.unwrap_or(Value::NULL);
        let mut keys: Vec<Option<Value>> = Vec::new();
        // First the sizes of the groups, then where the next operation of each goes.
        let mut next: Vec<u32> = Vec::new();
        for operation in &self.operations {
            let group = groups.slot(name(operation));
            if *group == u32::MAX {
                *group = keys.len() as u32;
                keys.push(operation.key);
                next.push(0);
            }
            next[*group as usize] += 1;
        }
        let mut starts = Vec::with_capacity(keys.len() + 1);
        let mut start = 0;
        for size in &mut next {
            starts.push(start);
            start += std::mem::replace(size, start);
        }
        starts.push(start);
        let mut operations = vec![OpIndex::new(0); self.operations.len()];
        for (index, operation) in self.indexed() {
            let at = &mut next[*groups.slot(name(operation)) as usize];
            operations[*at as usize] = index;
            *at += 1;
        }
        Partitions { keys, starts, operations }
    }
}

#[doc(hidden)]
impl History {
    /// A value of an operation without its key.
    #[inline]
    pub fn without_key(&self, value: Value) -> Value {
        let pair = if self.is_whole { self.values.as_pair(value) } else { None };
        pair.map_or(value, |(_, inner)| inner)
    }
}

/// So many keys are found without hashing at any rate.
const FEW: usize = 1 << 16;
