//! What queues and stacks share: operations that put an item in, take one out or look at one, and
//! the merging of items that nobody is seen to take.

use std::sync::Arc;

use super::persistent::{Sequence, Tree};
use super::{ANYTHING, Call, Establishes, Facts, Part, Rejection, Token, View};
use crate::history::hash::Set;
use crate::history::{Value, ValueTable};

/// An operation on a collection that gives out one item at a time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// Puts an item in.
    Put(Value),
    /// Takes the next item out.
    Take(Found),
    /// Tells the next item.
    Peek(Found),
}

/// What an operation found.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Found {
    /// It is not known: any item, or none.
    Any,
    /// Nothing: the collection was empty.
    Empty,
    /// This item.
    Item(Value),
}

impl Found {
    /// What an output tells.
    pub(super) fn of(output: Option<View<'_>>) -> Self {
        match output {
            None => Found::Any,
            Some(seen) if seen.is_null() => Found::Empty,
            Some(seen) => Found::Item(seen.value),
        }
    }

    /// Whether it can have been found where `next` is the next item.
    pub(super) fn fits(self, next: Option<Value>) -> bool {
        match self {
            Found::Any => true,
            Found::Empty => next.is_none(),
            Found::Item(item) => next == Some(item),
        }
    }
}

/// The item that a call puts in.
pub(super) fn put(call: &Call<'_>) -> Result<Value, Rejection> {
    if call.input.is_null() {
        return Err(Rejection::bad("null is no item: a null that comes out means empty"));
    }
    let refused = call.output.and_then(|seen| seen.as_bool()) == Some(false);
    if refused && call.input.as_bool().is_none() {
        return Err(Rejection::bad(
            "this has no bound, so that nothing is refused: record what did not happen as `fail`",
        ));
    }
    Ok(call.input.value)
}

/// Tells `hold` the value that `op` is about; it always can.
pub(super) fn hold(op: &Op, hold: &mut dyn FnMut(Value)) -> bool {
    if let Op::Put(item) | Op::Take(Found::Item(item)) | Op::Peek(Found::Item(item)) = *op {
        hold(item);
    }
    true
}

/// The token of a collection whose next item is `next`.
pub(super) fn token(next: Option<Value>) -> Token {
    next.map_or(1 << 32, |item| item.handle().into())
}

/// The facts of `op` where one item is the next to come out, except what a put establishes;
/// `initial` are the items from before the first operation.
pub(super) fn facts(op: &Op, initial: &[Value]) -> Facts {
    let part = part(op, initial);
    let (Op::Take(found) | Op::Peek(found)) = *op else {
        return Facts { part, ..Facts::default() };
    };
    let pure = matches!(op, Op::Peek(_)) || found == Found::Empty;
    Facts {
        pure,
        requires: match found {
            Found::Any => None,
            Found::Empty => Some(token(None)),
            Found::Item(item) => Some(token(Some(item))),
        },
        establishes: if pure { Establishes::Same } else { Establishes::Unknown },
        part,
        ..Facts::default()
    }
}

/// Tells `add` which item `op`, about items as `merged`, puts in or takes out.
pub(super) fn adds(op: &Op, merge: &Merge, add: &mut dyn FnMut(Token, i128)) -> bool {
    match *op {
        Op::Put(item) => add(merge.of(item).handle().into(), 1),
        Op::Take(Found::Item(item)) => add(item.handle().into(), -1),
        Op::Take(Found::Any) => add(ANYTHING, -1),
        Op::Take(Found::Empty) | Op::Peek(_) => {}
    }
    true
}

/// What `op` asks for, if it asks for anything: an item, or that there is none.
pub(super) fn asks(op: &Op) -> Option<Option<Value>> {
    match *op {
        Op::Take(Found::Item(item)) | Op::Peek(Found::Item(item)) => Some(Some(item)),
        Op::Take(Found::Empty) | Op::Peek(Found::Empty) => Some(None),
        Op::Put(_) | Op::Take(Found::Any) | Op::Peek(Found::Any) => None,
    }
}

/// Tells `lack` that items have to be taken, those that come `first` first, for `asked` to be the
/// next, or nothing to be left; if it is not there, that it has to be put in behind them.
pub(super) fn lacks(
    first: impl Iterator<Item = Value>,
    asked: Option<Value>,
    lack: &mut dyn FnMut(Token, i128),
) {
    for item in first {
        if Some(item) == asked {
            return;
        }
        lack(item.handle().into(), -1);
    }
    if let Some(asked) = asked {
        lack(asked.handle().into(), 1);
    }
}

/// Tells `lack` that all items have to be taken.
pub(super) fn take_all(state: &Tree<u32>, lack: &mut dyn FnMut(Token, i128)) {
    for (key, count) in state.iter() {
        let handle = Value::of_handle(key as u32).handle();
        (0..count).for_each(|_| lack(handle.into(), -1));
    }
}

/// The item that `op` is about. Items that are there from the start would stay if the operations
/// on them were left out, so that none may be.
pub(super) fn part(op: &Op, initial: &[Value]) -> Part {
    match *op {
        _ if !initial.is_empty() => Part::Whole,
        Op::Put(item) | Op::Take(Found::Item(item)) | Op::Peek(Found::Item(item)) => {
            Part::One(item.handle().into())
        }
        Op::Take(_) | Op::Peek(_) => Part::Any,
    }
}

/// Which items of a history are ever found; all others may be one and the same, since no
/// operation asks for one of them: renaming an item that nobody names changes no step.
#[derive(Clone, Debug, Default)]
pub(super) struct Merge(Option<Arc<Named>>);

#[derive(Debug)]
struct Named {
    found: Set<Value>,
    /// The item that stands for all that are never found.
    stand_in: Value,
}

impl Merge {
    /// Learns from all operations of a history which items are found; `initial` are the items
    /// from before the first of them.
    pub(super) fn new(operations: &[Op], initial: &[Value]) -> Self {
        let found: Set<Value> = operations
            .iter()
            .filter_map(|op| match *op {
                Op::Take(Found::Item(item)) | Op::Peek(Found::Item(item)) => Some(item),
                _ => None,
            })
            .collect();
        let put = operations.iter().filter_map(|op| match *op {
            Op::Put(item) => Some(item),
            _ => None,
        });
        let stand_in = initial.iter().copied().chain(put).find(|item| !found.contains(item));
        Merge(stand_in.map(|stand_in| Arc::new(Named { found, stand_in })))
    }

    /// What stands for `item`.
    pub(super) fn of(&self, item: Value) -> Value {
        match &self.0 {
            Some(named) if !named.found.contains(&item) => named.stand_in,
            _ => item,
        }
    }
}
/// The items of a state, first to last; only the ends of a long one.
pub(super) fn describe(items: &Sequence, values: &ValueTable) -> String {
    const ENDS: usize = 5;
    let show = |at: usize| items.get(at).map_or(String::new(), |item| values.to_text(item));
    let mut shown: Vec<String> = Vec::new();
    if items.len() <= 2 * ENDS + 1 {
        shown.extend((0..items.len()).map(show));
    } else {
        shown.extend((0..ENDS).map(show));
        shown.push(format!("… {} more …", items.len() - 2 * ENDS));
        shown.extend((items.len() - ENDS..items.len()).map(show));
    }
    format!("[{}]", shown.join(","))
}

/// Items without an order of their own, of which each may be there several times, for people. The
/// lower half of a key is the handle of the item's value.
pub(super) fn describe_counts(items: &Tree<u32>, values: &ValueTable) -> String {
    let item = |(key, count): (u128, u32)| {
        let item = values.to_text(Value::of_handle(key as u32));
        if count == 1 { item } else { format!("{item} ×{count}") }
    };
    format!("{{{}}}", few(items.iter().map(item), items.len()))
}

/// The items of a state as a list, first to last.
pub(super) fn list(items: &Sequence, values: &mut ValueTable) -> Value {
    let items: Vec<Value> = (0..items.len()).filter_map(|at| items.get(at)).collect();
    values.list(&items)
}

/// The values of items without an order, each as often as it is there. The lower half of a key is
/// the handle of the item's value.
pub(super) fn repeated(items: &Tree<u32>) -> Vec<Value> {
    let copies = |(key, count): (u128, u32)| {
        std::iter::repeat_n(Value::of_handle(key as u32), count as usize)
    };
    items.iter().flat_map(copies).collect()
}

/// The first of `count` things without an order, for people.
pub(super) fn few(things: impl Iterator<Item = String>, count: usize) -> String {
    const FEW: usize = 12;
    let mut shown: Vec<String> = things.take(if count > FEW { FEW - 1 } else { FEW }).collect();
    if count > shown.len() {
        shown.push(format!("… {} more", count - shown.len()));
    }
    shown.join(", ")
}
