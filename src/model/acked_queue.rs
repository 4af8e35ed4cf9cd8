//! A queue whose items are acknowledged: a `dequeue` hands one out, an `ack` takes it out for good,
//! a `nack` puts it back. What is handed out and not acknowledged may be handed out again at any
//! time, to anyone: delivery at least once.
//!
//! So the same copy may be with several consumers, and once one of them acknowledged it or put it
//! back, what the others say of it comes late: that may do nothing, and an `ack` may also take out
//! a copy that waits. Which consumer speaks of which delivery is not looked at.

use super::catalogue::{BuiltIn, Entry, FunctionEntry, Setup};
use super::items::{self, Found, few};
use super::persistent::Tree;
use super::{ANYTHING, Call, Establishes, Facts, Kind, Model, Part, Rejection, Successors, Token};
use crate::history::{Value, ValueTable};
use crate::vocabulary::{Verb, Words};

/// A queue without a bound and without an order, whose items are acknowledged.
#[derive(Clone, Debug, Default)]
pub struct AckedQueue {
    initial: Vec<Value>,
}

/// The copies of one item.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Copies {
    /// So many wait to be handed out.
    ready: u32,
    /// So many are handed out, and not acknowledged.
    taken: u32,
    /// Whether one was acknowledged or put back.
    settled: bool,
}

/// What an [`AckedQueue`] holds.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct State {
    /// The copies of each item, by the handle of its value.
    items: Tree<Copies>,
    /// How many copies wait to be handed out.
    ready: u32,
}

/// An operation on an [`AckedQueue`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// Puts an item in.
    Put(Value),
    /// Hands one out.
    Take(Found),
    /// Takes one out for good that was handed out.
    Ack(Value),
    /// Puts one back that was handed out.
    Nack(Value),
}

impl AckedQueue {
    /// A queue that holds `initial` before the first operation.
    pub fn new(initial: &[Value]) -> Self {
        AckedQueue { initial: initial.to_vec() }
    }
}

/// A queue with acknowledgements as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "acked-queue",
    elsewhere: &["ack-queue", "message-queue", "work-queue", "at-least-once-queue"],
    summary: "a queue whose items come again until they are acknowledged",
    functions: &[
        FunctionEntry::of(Verb::Enqueue, "puts its input in"),
        FunctionEntry::of(
            Verb::Dequeue,
            "hands out any item that is not acknowledged; null if none waits",
        ),
        FunctionEntry::of(Verb::Ack, "takes its input, an item handed out, out for good"),
        FunctionEntry::of(Verb::Nack, "puts its input, an item handed out, back"),
    ],
    initial: "empty, or a list of items",
    options: &[],
    cost: "\
           the moments at which nothing waited are looked for, item by item, in time about \
           proportional to n, which finds an order of nearly all valid histories. Else the search \
           decides: item by item if no dequeue crashed or found nothing, otherwise exponential \
           in the number of clients at worst.",
};

const WORDS: Words = ENTRY.words();

impl BuiltIn for AckedQueue {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<AckedQueue> {
        setup.items().map(AckedQueue::new)
    }
}

impl State {
    fn copies(&self, item: Value) -> Copies {
        self.items.get(key(item)).unwrap_or_default()
    }

    /// The state in which the copies of an item are these.
    fn with(&self, item: Value, copies: Copies) -> State {
        let ready = self.ready - self.copies(item).ready + copies.ready;
        State { items: self.items.insert(key(item), copies), ready }
    }

    fn put(&self, item: Value) -> State {
        let copies = self.copies(item);
        self.with(item, Copies { ready: copies.ready + 1, ..copies })
    }

    /// The state in which a copy of an item that waits is handed out.
    fn handed_out(&self, item: Value) -> Option<State> {
        let copies = self.copies(item);
        let ready = copies.ready.checked_sub(1)?;
        Some(self.with(item, Copies { ready, taken: copies.taken + 1, ..copies }))
    }

    /// The state in which a copy of an item that was handed out is acknowledged, or waits again.
    fn settled(&self, item: Value, acks: bool) -> Option<State> {
        let copies = self.copies(item);
        let taken = copies.taken.checked_sub(1)?;
        let ready = copies.ready + u32::from(!acks);
        Some(self.with(item, Copies { ready, taken, settled: true }))
    }

    /// Whatever may follow from an acknowledgement, or from putting back, that comes late.
    fn settled_late(&self, item: Value, acks: bool) -> impl Iterator<Item = State> {
        let copies = self.copies(item);
        let may_be = copies.settled && copies.taken == 0;
        let waits = copies.ready.checked_sub(1).filter(|_| acks);
        let out = waits.map(|ready| self.with(item, Copies { ready, ..copies }));
        out.into_iter().chain([self.clone()]).filter(move |_| may_be)
    }

    /// Whatever may follow where something waits: it is handed out, or not.
    fn anything_handed_out(&self) -> Vec<State> {
        let items = self.items.iter().map(|(key, _)| Value::of_handle(key as u32));
        items.filter_map(|item| self.handed_out(item)).chain([self.clone()]).collect()
    }
}

/// How many copies of an item wait.
fn waits(item: Value) -> Token {
    item.handle().into()
}

/// How many copies of an item are handed out.
fn handed_out(item: Value) -> Token {
    Token::from(item.handle()) | 1 << 32
}

impl Model for AckedQueue {
    type State = State;
    type Op = Op;
    type Next = Successors<State>;

    fn initial(&self) -> State {
        self.initial.iter().fold(State::default(), |state, &item| state.put(item))
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        let handed_out = || {
            let is_refused = call.output.and_then(|seen| seen.as_bool()) == Some(false);
            if is_refused && call.input.as_bool().is_none() {
                return Err(Rejection::bad(
                    "this cannot return false: record what did not happen as `fail`",
                ));
            }
            let item = Some(call.input.value).filter(|item| !item.is_null());
            item.ok_or_else(|| Rejection::bad("this needs the item that was handed out"))
        };
        match WORDS.verb_of(call.word) {
            Some(Verb::Enqueue) => items::put(call).map(Op::Put),
            Some(Verb::Dequeue) => Ok(Op::Take(Found::of(call.output))),
            Some(Verb::Ack) => handed_out().map(Op::Ack),
            Some(Verb::Nack) => handed_out().map(Op::Nack),
            _ => Err(Rejection::UnknownFunction),
        }
    }

    fn step(&self, state: &State, op: &Op) -> Successors<State> {
        match *op {
            Op::Put(item) => Successors::One(Some(state.put(item))),
            Op::Take(Found::Any) => state.anything_handed_out().into(),
            Op::Take(Found::Empty) => Successors::when(state.ready == 0, || state.clone()),
            Op::Take(Found::Item(item)) => {
                let again = Some(state.clone()).filter(|_| state.copies(item).taken > 0);
                Successors::of(state.handed_out(item).into_iter().chain(again))
            }
            Op::Ack(item) | Op::Nack(item) => {
                let acks = matches!(op, Op::Ack(_));
                let late = state.settled_late(item, acks);
                Successors::of(state.settled(item, acks).into_iter().chain(late))
            }
        }
    }

    fn describe(&self, state: &State, values: &ValueTable) -> Option<String> {
        let item = |(key, copies): (u128, Copies)| {
            let item = values.to_text(Value::of_handle(key as u32));
            let ready = (0..copies.ready).map(|_| "");
            let taken = (0..copies.taken).map(|_| " handed out");
            ready.chain(taken).map(move |what| format!("{item}{what}")).collect::<Vec<_>>()
        };
        let count = state.items.iter().map(|(_, copies)| copies.ready + copies.taken).sum::<u32>();
        Some(format!("{{{}}}", few(state.items.iter().flat_map(item), count as usize)))
    }

    fn is_mute(&self, call: &Call<'_>) -> bool {
        matches!(WORDS.verb_of(call.word), Some(Verb::Enqueue | Verb::Ack | Verb::Nack))
    }

    /// Not known of what is handed out.
    fn start_value(&self, state: &State, values: &mut ValueTable) -> Option<Option<Value>> {
        let mut items = Vec::new();
        for (key, copies) in state.items.iter() {
            if copies.taken > 0 || copies.settled {
                return None;
            }
            let item = Value::of_handle(key as u32);
            items.extend(std::iter::repeat_n(item, copies.ready as usize));
        }
        Some(Some(values.list(&items)))
    }

    fn state_values(&self, state: &State, hold: &mut dyn FnMut(Value)) -> bool {
        state.items.iter().for_each(|(key, _)| hold(Value::of_handle(key as u32)));
        true
    }

    fn operation_values(&self, op: &Op, hold: &mut dyn FnMut(Value)) -> bool {
        item(op).into_iter().for_each(hold);
        true
    }

    fn adds(&self, op: &Op, add: &mut dyn FnMut(Token, i128)) -> bool {
        match *op {
            Op::Put(item) => add(waits(item), 1),
            Op::Take(Found::Item(item)) => {
                add(waits(item), -1);
                add(handed_out(item), 1);
            }
            Op::Take(Found::Any) => add(ANYTHING, -1),
            Op::Take(Found::Empty) => {}
            Op::Ack(item) => add(handed_out(item), -1),
            Op::Nack(item) => {
                add(handed_out(item), -1);
                add(waits(item), 1);
            }
        }
        true
    }

    fn lacks(&self, state: &State, op: &Op, way: u32, lack: &mut dyn FnMut(Token, i128)) -> bool {
        match *op {
            Op::Take(Found::Item(item)) => {
                let copies = state.copies(item);
                if copies.ready + copies.taken == 0 {
                    lack(waits(item), 1);
                }
            }
            Op::Take(Found::Empty) => {
                for (key, copies) in state.items.iter() {
                    let item = Value::of_handle(key as u32);
                    (0..copies.ready).for_each(|_| lack(waits(item), -1));
                }
            }
            Op::Ack(item) | Op::Nack(item) => {
                let copies = state.copies(item);
                if copies.taken == 0 && !copies.settled {
                    lack(handed_out(item), 1);
                }
            }
            Op::Put(_) | Op::Take(Found::Any) => return false,
        }
        way == 0
    }

    fn kind(&self) -> Kind<Op> {
        Kind::AckedQueue { initial: self.initial.clone(), view: |op| op }
    }

    fn facts(&self, op: &Op) -> Facts {
        let pure = *op == Op::Take(Found::Empty);
        let part = match item(op) {
            _ if !self.initial.is_empty() => Part::Whole,
            Some(item) => Part::One(item.handle().into()),
            None => Part::Any,
        };
        Facts {
            pure,
            establishes: if pure { Establishes::Same } else { Establishes::Unknown },
            commutes: matches!(op, Op::Put(_)),
            part,
            ..Facts::default()
        }
    }

    fn touches(&self, op: &Op, touch: &mut dyn FnMut(Token)) -> bool {
        let item = item(op);
        item.iter().for_each(|item| touch(item.handle().into()));
        item.is_some()
    }
}

/// The item that an operation is about.
fn item(op: &Op) -> Option<Value> {
    match *op {
        Op::Put(item) | Op::Take(Found::Item(item)) | Op::Ack(item) | Op::Nack(item) => Some(item),
        Op::Take(_) => None,
    }
}

fn key(item: Value) -> u128 {
    item.handle().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_acknowledged_comes_back_only_if_the_acknowledgement_may_be_late() {
        let item = Value::TRUE;
        let (put, ack, nack) = (Op::Put(item), Op::Ack(item), Op::Nack(item));
        let (take, empty) = (Op::Take(Found::Item(item)), Op::Take(Found::Empty));
        let queue = AckedQueue::default();
        let fits = |ops: &[Op]| {
            let step = |states: Vec<State>, op: &Op| {
                states.iter().flat_map(|state| queue.step(state, op)).collect()
            };
            !ops.iter().fold(vec![queue.initial()], step).is_empty()
        };
        assert!(fits(&[put, take, take, ack, empty]));
        assert!(!fits(&[put, take, take, ack, take]));
        assert!(!fits(&[put, take, nack, empty]));
        assert!(!fits(&[put, take, nack, take, ack, take]));
        // Asked again, or by someone who was handed it, too.
        assert!(fits(&[put, take, ack, ack, nack, empty]));
        assert!(fits(&[put, take, take, nack, ack, take]));
        assert!(fits(&[put, take, take, nack, ack, empty]));
        // Of what nobody was handed.
        assert!(!fits(&[put, ack]) && !fits(&[put, nack]));
    }
}
