//! A stack: `push`, `pop` and `peek`.

use super::catalogue::{BuiltIn, Entry, FunctionEntry, Setup};
use super::items::{self, Found, Merge, Op};
use super::persistent::Sequence;
use super::{Call, Establishes, Facts, Kind, Model, Rejection, Token};
use crate::history::{Value, ValueTable};
use crate::vocabulary::{Verb, Words};

/// A stack without a bound; the last item in is the first out.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    initial: Vec<Value>,
    merge: Merge,
}

impl Stack {
    /// A stack that holds `initial` before the first operation, the next to come out last.
    pub fn new(initial: &[Value]) -> Self {
        Stack { initial: initial.to_vec(), merge: Merge::default() }
    }
}

/// A stack as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "stack",
    elsewhere: &[],
    summary: "a stack; last in, first out",
    functions: &[
        FunctionEntry::of(Verb::Push, "puts its input on top"),
        FunctionEntry::of(Verb::Pop, "takes the top item off; null if empty"),
        FunctionEntry::of(Verb::Peek, "returns the top item; null if empty"),
    ],
    initial: "empty, or a list of items, the top last",
    options: &[],
    cost: "\
           O(n log n) if no item that comes out was put in twice, or real time tells equal \
           ones apart, for a bounded number of clients; pops that crashed are mostly decided \
           so, too. Where items repeat otherwise, a walk along the returns finds an order of \
           most valid histories, in time proportional to their length. Else the search, which \
           does not tell items apart that no operation returned.",
};

const WORDS: Words = ENTRY.words();

impl BuiltIn for Stack {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<Stack> {
        setup.items().map(Stack::new)
    }
}

impl Model for Stack {
    type State = Sequence;
    type Op = Op;
    type Next = Option<Sequence>;

    fn initial(&self) -> Sequence {
        self.initial.iter().map(|&item| self.merge.of(item)).collect()
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        match WORDS.verb_of(call.word) {
            Some(Verb::Push) => items::put(call).map(Op::Put),
            Some(Verb::Pop) => Ok(Op::Take(Found::of(call.output))),
            Some(Verb::Peek) => Ok(Op::Peek(Found::of(call.output))),
            _ => Err(Rejection::UnknownFunction),
        }
    }

    fn describe(&self, state: &Sequence, values: &ValueTable) -> Option<String> {
        Some(super::items::describe(state, values))
    }

    fn step(&self, state: &Sequence, op: &Op) -> Option<Sequence> {
        match *op {
            Op::Put(item) => Some(state.push(self.merge.of(item))),
            Op::Take(found) => found.fits(state.last()).then(|| state.without_last()),
            Op::Peek(found) => found.fits(state.last()).then(|| state.clone()),
        }
    }

    fn is_mute(&self, call: &Call<'_>) -> bool {
        WORDS.verb_of(call.word) == Some(Verb::Push)
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
        Kind::Stack { initial: self.initial.clone(), view: |op| op }
    }

    fn facts(&self, op: &Op) -> Facts {
        let mut facts = items::facts(op, &self.initial);
        if let Op::Put(item) = *op {
            let token = items::token(Some(self.merge.of(item)));
            facts.establishes = Establishes::Token(token);
        }
        facts
    }

    fn token(&self, state: &Sequence) -> Option<Token> {
        Some(items::token(state.last()))
    }

    fn adds(&self, op: &Op, add: &mut dyn FnMut(Token, i128)) -> bool {
        items::adds(op, &self.merge, add)
    }

    /// It has to be put in, or what is above it has to be taken.
    fn lacks(
        &self,
        state: &Sequence,
        op: &Op,
        way: u32,
        lack: &mut dyn FnMut(Token, i128),
    ) -> bool {
        match (items::asks(op), way) {
            (Some(None), 0) => items::lacks(state.backwards(), None, lack),
            (Some(Some(asked)), 0) => {
                if state.last() != Some(asked) {
                    lack(asked.handle().into(), 1);
                }
            }
            (Some(asked @ Some(_)), 1) if state.backwards().any(|item| Some(item) == asked) => {
                items::lacks(state.backwards(), asked, lack);
            }
            _ => return false,
        }
        true
    }

    fn focus(&mut self, operations: &[Op]) {
        self.merge = Merge::new(operations, &self.initial);
    }
}
