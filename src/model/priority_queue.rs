//! A priority queue: `insert`, and taking or looking at the smallest or largest item.

use super::bag::{Counts, with, without};
use super::catalogue::{BuiltIn, Entry, FunctionEntry, OptionEntry, Setup};
use super::{
    ANYTHING, Call, Establishes, Facts, Kind, Model, Part, Rejection, Successors, Token, View,
    items,
};
use crate::history::{Value, ValueTable};
use crate::vocabulary::{Verb, Words};

/// A priority queue without a bound. An item is an integer, its own priority, or a pair of an
/// integer priority and any value; among items of one priority no order is kept.
#[derive(Clone, Debug)]
pub struct PriorityQueue {
    initial: Counts,
    /// Which end an operation is about whose name does not tell.
    pub usual: End,
}

/// An end of a [`PriorityQueue`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum End {
    /// The smallest priority.
    Min,
    /// The largest priority.
    Max,
}

/// An item of a [`PriorityQueue`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Item {
    /// A number in the order of priorities.
    priority: u64,
    value: Value,
}

/// What an operation found.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Found {
    /// It is not known: an item at this end, or none.
    Any,
    /// Nothing: the queue was empty.
    Empty,
    /// This item.
    Item(Item),
}

/// An operation on a [`PriorityQueue`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// Puts an item in.
    Put(Item),
    /// Takes an item out at an end.
    Take(End, Found),
    /// Tells an item at an end.
    Peek(End, Found),
}

impl Item {
    /// The item that a value is.
    fn of(view: View<'_>) -> Result<Self, Rejection> {
        let priority = match view.as_pair() {
            Some((priority, _)) => view.view(priority).as_int(),
            None => view.as_int(),
        };
        let priority = priority.ok_or_else(|| {
            Rejection::bad(
                "an item of a priority queue is an integer within 64 bits, or a pair \
                 [priority value] of one and a value",
            )
        })?;
        Ok(Item { priority: priority as u64 ^ 1 << 63, value: view.value })
    }

    /// The handle of its value.
    pub(crate) fn handle(self) -> u32 {
        self.value.handle()
    }

    /// A number in the order of priorities.
    pub(crate) fn priority(self) -> u64 {
        self.priority
    }

    /// The number that stands for it in states, in the order of priorities.
    fn key(self) -> u128 {
        u128::from(self.priority) << 32 | u128::from(self.handle())
    }

    fn of_key(key: u128) -> Self {
        Item { priority: priority(key), value: Value::of_handle(key as u32) }
    }
}

/// A number in the order of the priority of the item with this key.
fn priority(key: u128) -> u64 {
    (key >> 32) as u64
}

impl PriorityQueue {
    /// A queue that holds `initial` before the first operation.
    ///
    /// # Errors
    /// If one of them has no priority.
    pub fn new(usual: End, initial: &[View<'_>]) -> Result<Self, Rejection> {
        let mut items = Counts::default();
        for &view in initial {
            items = with(&items, Item::of(view)?.key());
        }
        Ok(PriorityQueue { initial: items, usual })
    }

    /// The item that `op` is about, as for [queues](items::part).
    fn part(&self, op: &Op) -> Part {
        match *op {
            _ if !self.initial.is_empty() => Part::Whole,
            // The value of an item tells its priority.
            Op::Put(item) | Op::Take(_, Found::Item(item)) | Op::Peek(_, Found::Item(item)) => {
                Part::One(item.key() as Token)
            }
            Op::Take(..) | Op::Peek(..) => Part::Any,
        }
    }

    /// The items that it holds before the first operation, the smallest first.
    fn items(&self) -> Vec<Item> {
        let copies =
            |(key, count): (u128, _)| std::iter::repeat_n(Item::of_key(key), count as usize);
        self.initial.iter().flat_map(copies).collect()
    }
}

fn found(call: &Call<'_>) -> Result<Found, Rejection> {
    match call.output {
        None => Ok(Found::Any),
        Some(seen) if seen.is_null() => Ok(Found::Empty),
        Some(seen) => Item::of(seen).map(Found::Item),
    }
}

/// The priority at an end.
fn priority_at(state: &Counts, end: End) -> Option<u64> {
    let key = match end {
        End::Min => state.min(),
        End::Max => state.max(),
    };
    key.map(priority)
}

/// What may be taken where an operation found `found`.
enum Takes {
    Nothing,
    Impossible,
    One(u128),
    Any(Vec<u128>),
}

fn takes(state: &Counts, end: End, found: Found) -> Takes {
    match (found, priority_at(state, end)) {
        (Found::Empty | Found::Any, None) => Takes::Nothing,
        (Found::Item(item), Some(next))
            if item.priority == next && state.get(item.key()).is_some() =>
        {
            Takes::One(item.key())
        }
        (Found::Any, Some(next)) => {
            let keys = state.iter().map(|(key, _)| key).filter(|&key| priority(key) == next);
            Takes::Any(keys.collect())
        }
        (Found::Empty | Found::Item(_), _) => Takes::Impossible,
    }
}

/// A priority queue as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "priority-queue",
    elsewhere: &["heap", "pq"],
    summary: "a queue that gives out the smallest (or largest) item",
    functions: &[
        FunctionEntry::named(
            &["insert", "enqueue", "offer"],
            "puts in an integer, or [priority value]",
        ),
        FunctionEntry::of(Verb::Dequeue, "takes the smallest item out; null if empty"),
        FunctionEntry::named(&["peek"], "returns the smallest item; null if empty"),
        FunctionEntry::of(Verb::DeleteMin, "takes the smallest item out; null if empty"),
        FunctionEntry::of(Verb::DeleteMax, "takes the largest item out; null if empty"),
        FunctionEntry::of(Verb::PeekMin, "returns the smallest item; null if empty"),
        FunctionEntry::of(Verb::PeekMax, "returns the largest item; null if empty"),
    ],
    initial: "empty, or a list of items",
    options: &[OptionEntry {
        flag: "--largest-first",
        effect: "makes `dequeue`, `poll` and `peek` about a largest item, as in C++ and Rust.",
    }],
    cost: "\
           O(n log n) if no item that comes out was put in twice, or real time tells equal \
           ones apart, and all operations take from one end; operations that crashed are \
           mostly decided so, too. Else a walk finds an order of nearly all valid histories, \
           and the search decides the others.",
};

const WORDS: Words = ENTRY.words();

impl BuiltIn for PriorityQueue {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<PriorityQueue> {
        let usual = if setup.options.largest_first { End::Max } else { End::Min };
        let items = setup.items()?.iter().filter_map(|&item| Some(setup.initial?.view(item)));
        PriorityQueue::new(usual, &items.collect::<Vec<_>>()).ok()
    }
}

impl Model for PriorityQueue {
    type State = Counts;
    type Op = Op;
    type Next = Successors<Counts>;

    fn initial(&self) -> Counts {
        self.initial.clone()
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        match WORDS.verb_of(call.word) {
            Some(Verb::Insert | Verb::Enqueue) => {
                items::put(call)?;
                Item::of(call.input).map(Op::Put)
            }
            Some(Verb::Dequeue) => Ok(Op::Take(self.usual, found(call)?)),
            Some(Verb::DeleteMin) => Ok(Op::Take(End::Min, found(call)?)),
            Some(Verb::DeleteMax) => Ok(Op::Take(End::Max, found(call)?)),
            Some(Verb::Peek) => Ok(Op::Peek(self.usual, found(call)?)),
            Some(Verb::PeekMin) => Ok(Op::Peek(End::Min, found(call)?)),
            Some(Verb::PeekMax) => Ok(Op::Peek(End::Max, found(call)?)),
            _ => Err(Rejection::UnknownFunction),
        }
    }

    fn step(&self, state: &Counts, op: &Op) -> Successors<Counts> {
        match *op {
            Op::Put(item) => Successors::One(Some(with(state, item.key()))),
            Op::Take(end, found) => match takes(state, end, found) {
                Takes::Nothing => Successors::One(Some(state.clone())),
                Takes::Impossible => Successors::One(None),
                Takes::One(key) => Successors::One(Some(without(state, key))),
                Takes::Any(keys) => {
                    keys.into_iter().map(|key| without(state, key)).collect::<Vec<_>>().into()
                }
            },
            Op::Peek(_, Found::Any) => Successors::One(Some(state.clone())),
            Op::Peek(end, found) => {
                let legal = !matches!(takes(state, end, found), Takes::Impossible);
                Successors::when(legal, || state.clone())
            }
        }
    }

    fn describe(&self, state: &Counts, values: &ValueTable) -> Option<String> {
        Some(items::describe_counts(state, values))
    }

    fn is_mute(&self, call: &Call<'_>) -> bool {
        matches!(WORDS.verb_of(call.word), Some(Verb::Insert | Verb::Enqueue))
    }

    fn start_value(&self, state: &Counts, values: &mut ValueTable) -> Option<Option<Value>> {
        Some(Some(values.list(&items::repeated(state))))
    }

    fn state_values(&self, state: &Counts, hold: &mut dyn FnMut(Value)) -> bool {
        state.iter().for_each(|(key, _)| hold(Item::of_key(key).value));
        true
    }

    fn operation_values(&self, op: &Op, hold: &mut dyn FnMut(Value)) -> bool {
        if let Op::Put(item) | Op::Take(_, Found::Item(item)) | Op::Peek(_, Found::Item(item)) = op
        {
            hold(Value::of_handle(item.handle()));
        }
        true
    }

    fn adds(&self, op: &Op, add: &mut dyn FnMut(Token, i128)) -> bool {
        match *op {
            Op::Put(item) => add(item.handle().into(), 1),
            Op::Take(_, Found::Item(item)) => add(item.handle().into(), -1),
            Op::Take(_, Found::Any) => add(ANYTHING, -1),
            Op::Take(_, Found::Empty) | Op::Peek(..) => {}
        }
        true
    }

    /// What comes before it has to be taken.
    fn lacks(&self, state: &Counts, op: &Op, way: u32, lack: &mut dyn FnMut(Token, i128)) -> bool {
        let (Op::Take(end, found) | Op::Peek(end, found)) = *op else { return false };
        let asked = match found {
            Found::Any => return false,
            Found::Empty => None,
            Found::Item(item) => Some(item),
        };
        for (key, count) in state.iter() {
            let comes_first = asked.is_none_or(|asked| match end {
                End::Min => priority(key) < asked.priority,
                End::Max => priority(key) > asked.priority,
            });
            if comes_first {
                let item = Item::of_key(key);
                (0..count).for_each(|_| lack(item.handle().into(), -1));
            }
        }
        if let Some(asked) = asked.filter(|asked| state.get(asked.key()).is_none()) {
            lack(asked.handle().into(), 1);
        }
        way == 0
    }

    fn kind(&self) -> Kind<Op> {
        Kind::PriorityQueue { initial: self.items(), view: |op| op }
    }

    fn facts(&self, op: &Op) -> Facts {
        let part = self.part(op);
        let (Op::Take(end, found) | Op::Peek(end, found)) = *op else {
            return Facts { commutes: true, part, ..Facts::default() };
        };
        let pure = matches!(op, Op::Peek(..)) || found == Found::Empty;
        Facts {
            pure,
            requires: match found {
                Found::Empty => Some(token(None)),
                Found::Item(item) if end == self.usual => Some(token(Some(item.priority))),
                Found::Item(_) | Found::Any => None,
            },
            establishes: if pure { Establishes::Same } else { Establishes::Unknown },
            part,
            ..Facts::default()
        }
    }

    /// The priority at the usual end.
    fn token(&self, state: &Counts) -> Option<Token> {
        Some(token(priority_at(state, self.usual)))
    }
}

/// Only the largest priority of all shares its token with the empty queue.
fn token(priority: Option<u64>) -> Token {
    priority.unwrap_or(u64::MAX)
}
