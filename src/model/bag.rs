//! A queue without an order: `enqueue`, and a `dequeue` that may return any item.

use super::catalogue::{BuiltIn, Entry, FunctionEntry, Setup};
use super::items::{self, Found, Merge, Op};
use super::persistent::Tree;
use super::{Call, Establishes, Facts, Kind, Model, Rejection, Successors, Token, queue};
use crate::history::{Value, ValueTable};
use crate::vocabulary::Verb;

/// A queue without a bound that keeps no order. The same item may be in it several times.
#[derive(Clone, Debug, Default)]
pub struct UnorderedQueue {
    initial: Vec<Value>,
    merge: Merge,
}

/// How often each item is there, by the handle of its value.
pub type Counts = Tree<u32>;

impl UnorderedQueue {
    /// A queue that holds `initial` before the first operation.
    pub fn new(initial: &[Value]) -> Self {
        UnorderedQueue { initial: initial.to_vec(), merge: Merge::default() }
    }
}

/// The key of an item without an order.
fn key(item: Value) -> u128 {
    item.handle().into()
}

/// The items with one more of `key`.
pub(super) fn with(items: &Counts, key: u128) -> Counts {
    items.insert(key, items.get(key).map_or(1, |count| count + 1))
}

/// The items with one less of `key`.
pub(super) fn without(items: &Counts, key: u128) -> Counts {
    match items.get(key) {
        Some(count) if count > 1 => items.insert(key, count - 1),
        _ => items.remove(key),
    }
}

/// A queue without an order as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "unordered-queue",
    elsewhere: &["bag", "multiset"],
    summary: "a queue that keeps no order",
    functions: &[
        FunctionEntry::of(Verb::Enqueue, "puts its input in"),
        FunctionEntry::of(Verb::Dequeue, "takes any item out; null if empty"),
        FunctionEntry::named(&["peek"], "returns any item; null if empty"),
    ],
    initial: "empty, or a list of items",
    options: &[],
    cost: "\
           linear if no operation found the queue empty, or if no item that comes out was put in \
           twice; O(n log n) where the order is asked for. Else a walk finds an order of nearly \
           all valid histories, and the search decides the others; it does not tell items \
           apart that no operation returned.",
};

impl BuiltIn for UnorderedQueue {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<UnorderedQueue> {
        setup.items().map(UnorderedQueue::new)
    }
}

impl Model for UnorderedQueue {
    type State = Counts;
    type Op = Op;
    type Next = Successors<Counts>;

    fn initial(&self) -> Counts {
        let put = |items: Counts, &item: &Value| with(&items, key(self.merge.of(item)));
        self.initial.iter().fold(Counts::default(), put)
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        queue::operation(call)
    }

    fn step(&self, state: &Counts, op: &Op) -> Successors<Counts> {
        let holds = |item| state.get(key(item)).is_some();
        match *op {
            Op::Put(item) => Successors::One(Some(with(state, key(self.merge.of(item))))),
            Op::Take(Found::Any) if !state.is_empty() => {
                state.iter().map(|(key, _)| without(state, key)).collect::<Vec<_>>().into()
            }
            Op::Take(Found::Item(item)) => {
                Successors::when(holds(item), || without(state, key(item)))
            }
            Op::Peek(Found::Item(item)) => Successors::when(holds(item), || state.clone()),
            Op::Take(Found::Empty) | Op::Peek(Found::Empty) => {
                Successors::when(state.is_empty(), || state.clone())
            }
            Op::Take(Found::Any) | Op::Peek(Found::Any) => Successors::One(Some(state.clone())),
        }
    }

    fn describe(&self, state: &Counts, values: &ValueTable) -> Option<String> {
        Some(items::describe_counts(state, values))
    }

    fn is_mute(&self, call: &Call<'_>) -> bool {
        queue::is_put(call)
    }

    fn start_value(&self, state: &Counts, values: &mut ValueTable) -> Option<Option<Value>> {
        Some(Some(values.list(&items::repeated(state))))
    }

    fn state_values(&self, state: &Counts, hold: &mut dyn FnMut(Value)) -> bool {
        state.iter().for_each(|(key, _)| hold(Value::of_handle(key as u32)));
        true
    }

    fn operation_values(&self, op: &Op, hold: &mut dyn FnMut(Value)) -> bool {
        items::hold(op, hold)
    }

    fn adds(&self, op: &Op, add: &mut dyn FnMut(Token, i128)) -> bool {
        items::adds(op, &self.merge, add)
    }

    fn lacks(&self, state: &Counts, op: &Op, way: u32, lack: &mut dyn FnMut(Token, i128)) -> bool {
        match items::asks(op).filter(|_| way == 0) {
            Some(Some(asked)) if state.get(key(asked)).is_none() => {
                lack(asked.handle().into(), 1);
            }
            Some(Some(_)) => {}
            Some(None) => items::take_all(state, lack),
            None => return false,
        }
        true
    }

    fn kind(&self) -> Kind<Op> {
        Kind::Bag { initial: self.initial.clone(), view: |op| op }
    }

    fn facts(&self, op: &Op) -> Facts {
        let part = items::part(op, &self.initial);
        let (Op::Take(found) | Op::Peek(found)) = *op else {
            let establishes = Establishes::Token(FILLED);
            return Facts { establishes, commutes: true, part, ..Facts::default() };
        };
        let pure = matches!(op, Op::Peek(_)) || found == Found::Empty;
        Facts {
            pure,
            requires: match found {
                Found::Any => None,
                Found::Empty => Some(EMPTY),
                Found::Item(_) => Some(FILLED),
            },
            establishes: if pure { Establishes::Same } else { Establishes::Unknown },
            part,
            ..Facts::default()
        }
    }

    fn token(&self, state: &Counts) -> Option<Token> {
        Some(if state.is_empty() { EMPTY } else { FILLED })
    }

    fn focus(&mut self, operations: &[Op]) {
        self.merge = Merge::new(operations, &self.initial);
    }
}

/// Tokens tell whether there is any item.
const EMPTY: Token = 0;
const FILLED: Token = 1;
