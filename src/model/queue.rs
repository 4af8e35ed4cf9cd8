//! A first-in-first-out queue: `enqueue`, `dequeue` and `peek`.

use super::catalogue::{BuiltIn, Entry, FunctionEntry, Setup, with};
use super::items::{self, Found, Merge, Op};
use super::persistent::Sequence;
use super::{Call, Facts, Kind, Model, Rejection, Token};
use crate::history::{Value, ValueTable};
use crate::vocabulary::{Verb, Words};

/// A queue without a bound; items come out in the order in which they went in.
#[derive(Clone, Debug, Default)]
pub struct FifoQueue {
    initial: Vec<Value>,
    merge: Merge,
}

impl FifoQueue {
    /// A queue that holds `initial` before the first operation, the next to come out first.
    pub fn new(initial: &[Value]) -> Self {
        FifoQueue { initial: initial.to_vec(), merge: Merge::default() }
    }
}

/// A queue as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "fifo-queue",
    elsewhere: &["queue", "fifo"],
    summary: "a queue; first in, first out",
    functions: &[
        FunctionEntry::of(Verb::Enqueue, "puts its input in"),
        FunctionEntry::of(Verb::Dequeue, "takes the oldest item out; null if empty"),
        FunctionEntry::named(&["peek"], "returns the oldest item; null if empty"),
    ],
    initial: "empty, or a list of items, the oldest first",
    options: &[],
    cost: "\
           linear if no item that comes out was put in twice; O(n log n) if real time tells \
           equal items apart, or with dequeues that crashed. Else the search, which does not \
           tell items apart that no operation returned.",
};

/// Many call it `push` and `pop`, as on a stack; whoever names the model is understood.
const WORDS: Words = with(with(ENTRY.words(), "push"), "pop");

impl BuiltIn for FifoQueue {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<FifoQueue> {
        setup.items().map(FifoQueue::new)
    }
}

impl Model for FifoQueue {
    type State = Sequence;
    type Op = Op;
    type Next = Option<Sequence>;

    fn initial(&self) -> Sequence {
        self.initial.iter().map(|&item| self.merge.of(item)).collect()
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        operation(call)
    }

    fn describe(&self, state: &Sequence, values: &ValueTable) -> Option<String> {
        Some(super::items::describe(state, values))
    }

    fn step(&self, state: &Sequence, op: &Op) -> Option<Sequence> {
        match *op {
            Op::Put(item) => Some(state.push(self.merge.of(item))),
            Op::Take(found) => found.fits(state.first()).then(|| state.without_first()),
            Op::Peek(found) => found.fits(state.first()).then(|| state.clone()),
        }
    }

    fn is_mute(&self, call: &Call<'_>) -> bool {
        is_put(call)
    }

    fn start_value(&self, state: &Sequence, values: &mut ValueTable) -> Option<Option<Value>> {
        Some(Some(items::list(state, values)))
    }

    fn state_values(&self, state: &Sequence, hold: &mut dyn FnMut(Value)) -> bool {
        state.backwards().for_each(hold);
        true
    }

    fn operation_values(&self, op: &Op, hold: &mut dyn FnMut(Value)) -> bool {
        items::hold(op, hold)
    }

    fn kind(&self) -> Kind<Op> {
        Kind::Queue { initial: self.initial.clone(), view: |op| op }
    }

    fn facts(&self, op: &Op) -> Facts {
        items::facts(op, &self.initial)
    }

    fn token(&self, state: &Sequence) -> Option<Token> {
        Some(items::token(state.first()))
    }

    fn adds(&self, op: &Op, add: &mut dyn FnMut(Token, i128)) -> bool {
        items::adds(op, &self.merge, add)
    }

    /// What comes before it has to be taken.
    fn lacks(
        &self,
        state: &Sequence,
        op: &Op,
        way: u32,
        lack: &mut dyn FnMut(Token, i128),
    ) -> bool {
        let Some(asked) = items::asks(op).filter(|_| way == 0) else { return false };
        let items = (0..state.len()).filter_map(|at| state.get(at));
        items::lacks(items, asked, lack);
        true
    }

    fn focus(&mut self, operations: &[Op]) {
        self.merge = Merge::new(operations, &self.initial);
    }
}

/// Whether a call puts an item into a queue, whatever its order.
pub(super) fn is_put(call: &Call<'_>) -> bool {
    matches!(WORDS.verb_of(call.word), Some(Verb::Enqueue | Verb::Push))
}

/// Reads an operation of a queue, whatever its order.
pub(super) fn operation(call: &Call<'_>) -> Result<Op, Rejection> {
    match WORDS.verb_of(call.word) {
        Some(Verb::Enqueue | Verb::Push) => items::put(call).map(Op::Put),
        Some(Verb::Dequeue | Verb::Pop) => Ok(Op::Take(Found::of(call.output))),
        Some(Verb::Peek) => Ok(Op::Peek(Found::of(call.output))),
        _ => Err(Rejection::UnknownFunction),
    }
}
