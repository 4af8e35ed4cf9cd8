//! A mutex: `acquire` and `release` by their owner, and `try-acquire`.

use super::catalogue::{BuiltIn, Entry, FunctionEntry, OptionEntry, Setup};
use super::{Call, Establishes, Facts, Kind, Model, Rejection, Token, View};
use crate::history::{Value, ValueTable};
use crate::vocabulary::{Verb, Words};

/// A lock that one process holds at a time; holding it twice is not possible.
#[derive(Clone, Debug)]
pub struct Mutex {
    /// Whether only the holder may release it. Where the history names no processes, anyone may.
    pub check_owner: bool,
}

/// Who holds a [`Mutex`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// Nobody.
    Free,
    /// This process; `None` for one that is not known.
    Held(Option<Value>),
}

/// An operation on a [`Mutex`], by a process if that matters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// Takes the free lock.
    Acquire(Option<Value>),
    /// Gives it back.
    Release(Option<Value>),
    /// Found it held by someone.
    Busy,
    /// Takes the lock if it is free; whether it was is not known.
    Try(Option<Value>),
}

/// A mutex as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "mutex",
    elsewhere: &["lock"],
    summary: "a lock that one process holds at a time",
    functions: &[
        FunctionEntry::of(Verb::Acquire, "takes the free lock"),
        FunctionEntry::of(Verb::Release, "gives the lock back; only its holder can"),
        FunctionEntry::of(
            Verb::TryAcquire,
            "returns true if it took the lock, false if someone held it",
        ),
    ],
    initial: "free",
    options: &[OptionEntry { flag: "--any-owner", effect: "lets any process release the lock." }],
    cost: "\
           O(n log n) if no process does two things at once, or goes on after an operation \
           that never returned; with `--any-owner`, always. Else the search, which has little \
           to choose.",
};

const WORDS: Words = ENTRY.words();

impl BuiltIn for Mutex {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<Mutex> {
        let is_free = setup.initial.is_none_or(View::is_null);
        is_free.then_some(Mutex { check_owner: setup.options.check_owner })
    }
}

impl Model for Mutex {
    type State = State;
    type Op = Op;
    type Next = Option<State>;

    fn initial(&self) -> State {
        State::Free
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        let known = self.check_owner && call.process.as_int().is_some();
        let who = known.then_some(call.process.value);
        let answer = call.output.and_then(|seen| seen.as_bool());
        match WORDS.verb_of(call.word) {
            Some(Verb::Acquire | Verb::Release) if answer == Some(false) => Err(Rejection::bad(
                "this cannot return false: record what did not happen as `fail`, or use \
                     try-acquire",
            )),
            Some(Verb::Acquire) => Ok(Op::Acquire(who)),
            Some(Verb::Release) => Ok(Op::Release(who)),
            Some(Verb::TryAcquire) => match (call.output, answer) {
                (None, _) => Ok(Op::Try(who)),
                (_, Some(true)) => Ok(Op::Acquire(who)),
                (_, Some(false)) => Ok(Op::Busy),
                (Some(_), None) => Err(Rejection::bad("a try-acquire returns true or false")),
            },
            _ => Err(Rejection::UnknownFunction),
        }
    }

    fn describe(&self, state: &State, values: &ValueTable) -> Option<String> {
        Some(match *state {
            State::Free => "free".to_owned(),
            State::Held(None) => "held".to_owned(),
            State::Held(Some(owner)) => format!("held by {}", values.to_text(owner)),
        })
    }

    fn step(&self, &state: &State, op: &Op) -> Option<State> {
        match (*op, state) {
            (Op::Acquire(who), State::Free) | (Op::Try(who), State::Free) => Some(State::Held(who)),
            (Op::Release(who), State::Held(owner)) => {
                let other = who.is_some_and(|who| owner.is_some_and(|owner| owner != who));
                (!other).then_some(State::Free)
            }
            (Op::Busy | Op::Try(_), State::Held(_)) => Some(state),
            _ => None,
        }
    }

    fn is_mute(&self, call: &Call<'_>) -> bool {
        matches!(WORDS.verb_of(call.word), Some(Verb::Acquire | Verb::Release))
    }

    fn start_value(&self, state: &State, _: &mut ValueTable) -> Option<Option<Value>> {
        (*state == State::Free).then_some(None)
    }

    fn state_values(&self, state: &State, hold: &mut dyn FnMut(Value)) -> bool {
        if let State::Held(Some(owner)) = *state {
            hold(owner);
        }
        true
    }

    fn operation_values(&self, op: &Op, hold: &mut dyn FnMut(Value)) -> bool {
        if let Op::Acquire(Some(who)) | Op::Release(Some(who)) | Op::Try(Some(who)) = *op {
            hold(who);
        }
        true
    }

    fn kind(&self) -> Kind<Op> {
        Kind::Mutex { view: |op| op }
    }

    fn facts(&self, op: &Op) -> Facts {
        let (requires, establishes) = match op {
            Op::Acquire(_) => (Some(FREE), Establishes::Token(HELD)),
            Op::Release(_) => (Some(HELD), Establishes::Token(FREE)),
            Op::Busy => (Some(HELD), Establishes::Same),
            Op::Try(_) => (None, Establishes::Token(HELD)),
        };
        Facts { pure: *op == Op::Busy, requires, establishes, ..Facts::default() }
    }

    fn tokens_suffice(&self) -> bool {
        !self.check_owner
    }

    fn is_focused(&self) -> bool {
        false
    }

    fn token(&self, state: &State) -> Option<Token> {
        Some(if *state == State::Free { FREE } else { HELD })
    }
}

/// Tokens tell whether the lock is held, not by whom: an unknown process may release any.
const FREE: Token = 0;
const HELD: Token = 1;
