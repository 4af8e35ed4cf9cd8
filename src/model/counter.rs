//! A counter: `add` and its kin, `read`, and adding that tells the value before or after.

use super::catalogue::{BuiltIn, Entry, FunctionEntry, Setup};
use super::change::takes_nothing;
use super::{Amount, Call, Establishes, Facts, Kind, Model, OnAmount, Rejection, Token, View};
use crate::history::{Shape, Value, ValueTable};
use crate::vocabulary::{Verb, Words};

/// A counter of integers.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    /// Its value before the first operation.
    pub initial: i64,
}

/// An operation on a [`Counter`]: a read adds nothing, an `add` may tell nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Op {
    /// What it adds. Within 64 bits, so that no sum of a history's additions leaves 128.
    pub delta: i64,
    /// The value that it must have found; `None` if any.
    pub before: Option<Wide>,
}

/// An integer of 128 bits, aligned as one of 64: an operation of any model takes as much room as
/// the largest and the most aligned.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Wide {
    high: i64,
    low: u64,
}

impl From<i128> for Wide {
    fn from(number: i128) -> Self {
        Wide { high: (number >> 64) as i64, low: number as u64 }
    }
}

impl From<Wide> for i128 {
    fn from(wide: Wide) -> Self {
        i128::from(wide.high) << 64 | i128::from(wide.low)
    }
}

impl Op {
    /// The value that it must have found; `None` if any.
    pub(crate) fn found(&self) -> Option<i128> {
        self.before.map(i128::from)
    }
}

/// A counter as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "counter",
    elsewhere: &[],
    summary: "an integer that is added to",
    functions: &[
        FunctionEntry::named(&["read", "get"], "returns the value"),
        FunctionEntry::of(Verb::Add, "adds its input, an integer"),
        FunctionEntry::of(Verb::Inc, "adds its input, or 1"),
        FunctionEntry::of(Verb::Dec, "subtracts its input, or 1"),
        FunctionEntry::of(Verb::AddAndGet, "adds its input; returns the new value"),
        FunctionEntry::of(Verb::IncAndGet, "adds its input, or 1; returns the new value"),
        FunctionEntry::of(Verb::DecAndGet, "subtracts its input, or 1; returns the new value"),
        FunctionEntry::of(Verb::GetAndAdd, "adds; returns the old value"),
        FunctionEntry::of(Verb::GetAndInc, "adds its input, or 1; returns the old value"),
        FunctionEntry::of(Verb::GetAndDec, "subtracts its input, or 1; returns the old value"),
    ],
    initial: "0, or an integer",
    options: &[],
    cost: "\
           O(n log n) if all additions are of the same amount, or if all have the same sign \
           and the values returned leave each addition one place. Else guesses by sums, and by \
           the values that additions return, near O(n) where they find an order, and the search; \
           with arbitrary amounts the problem is NP-hard.",
};

const WORDS: Words = ENTRY.words();

impl BuiltIn for Counter {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<Counter> {
        Some(Counter { initial: setup.initial.map_or(Some(0), View::as_int)? })
    }
}

impl Model for Counter {
    type State = i128;
    type Op = Op;
    type Next = Option<i128>;

    fn initial(&self) -> i128 {
        self.initial.into()
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        match WORDS.verb_of(call.word) {
            Some(Verb::Read) => {
                takes_nothing(call)?;
                let before = seen(call, "a counter's read returns an integer")?;
                Ok(Op { delta: 0, before: before.map(Wide::from) })
            }
            Some(verb) => sum(verb, call),
            None => Err(Rejection::UnknownFunction),
        }
    }

    fn describe(&self, state: &i128, _: &ValueTable) -> Option<String> {
        Some(state.to_string())
    }

    fn step(&self, &state: &i128, op: &Op) -> Option<i128> {
        let legal = op.found().is_none_or(|before| before == state);
        legal.then(|| state.checked_add(op.delta.into())).flatten()
    }

    fn is_mute(&self, call: &Call<'_>) -> bool {
        matches!(WORDS.verb_of(call.word), Some(Verb::Add | Verb::Inc | Verb::Dec))
    }

    fn start_value(&self, &state: &i128, values: &mut ValueTable) -> Option<Option<Value>> {
        Some(Some(values.int(i64::try_from(state).ok()?)))
    }

    /// None: numbers are no values.
    fn state_values(&self, _: &i128, _: &mut dyn FnMut(Value)) -> bool {
        true
    }

    fn operation_values(&self, _: &Op, _: &mut dyn FnMut(Value)) -> bool {
        true
    }

    fn kind(&self) -> Kind<Op> {
        Kind::Counter { initial: self.initial.into(), view: |op| op }
    }

    fn facts(&self, op: &Op) -> Facts {
        let after = op.found().and_then(|before| before.checked_add(op.delta.into()));
        Facts {
            pure: op.delta == 0,
            requires: op.found().map(token),
            establishes: match after {
                _ if op.delta == 0 => Establishes::Same,
                Some(after) => Establishes::Token(token(after)),
                None => Establishes::Unknown,
            },
            commutes: op.delta != 0 && op.before.is_none(),
            ..Facts::default()
        }
    }

    fn token(&self, &state: &i128) -> Option<Token> {
        Some(token(state))
    }

    fn on_amounts(&self, op: &Op, tell: &mut dyn FnMut(Token, OnAmount)) -> bool {
        if let Some(found) = op.found() {
            tell(0, OnAmount::Found(found));
        }
        if op.delta != 0 {
            tell(0, OnAmount::Adds(op.delta.into()));
        }
        true
    }

    fn amount(&self, _: Token) -> Amount {
        Amount { start: Some(self.initial.into()), ..Amount::default() }
    }
}

pub(super) fn sum(verb: Verb, call: &Call<'_>) -> Result<Op, Rejection> {
    match verb {
        Verb::Add => Ok(Op { delta: delta(call.input, None)?, before: None }),
        Verb::Inc => Ok(Op { delta: delta(call.input, Some(1))?, before: None }),
        Verb::Dec => Ok(Op { delta: subtrahend(call.input)?, before: None }),
        Verb::AddAndGet | Verb::IncAndGet | Verb::DecAndGet => {
            let delta = delta_of(verb, call.input)?;
            let after = seen(call, "this returns the new value, an integer")?;
            // Saturates only where no counter ever gets.
            let before = after.map(|after| after.saturating_sub(delta.into()));
            Ok(Op { delta, before: before.map(Wide::from) })
        }
        Verb::GetAndAdd | Verb::GetAndInc | Verb::GetAndDec => {
            let before = seen(call, "this returns the old value, an integer")?;
            Ok(Op { delta: delta_of(verb, call.input)?, before: before.map(Wide::from) })
        }
        _ => Err(Rejection::UnknownFunction),
    }
}

/// The integer that a call returned, if that is known.
fn seen(call: &Call<'_>, needed: &str) -> Result<Option<i128>, Rejection> {
    call.output.map(|seen| integer(seen, needed)).transpose()
}

/// Different values share a token only if they lie 2^64 apart.
fn token(value: i128) -> Token {
    value as u64
}

/// An integer of any size; one that no counter ever holds becomes the greatest or the least.
pub(super) fn integer(view: View<'_>, needed: &str) -> Result<i128, Rejection> {
    match view.shape() {
        Shape::Int(n) => Ok(n.into()),
        Shape::BigInt(digits) => Ok(digits.parse().unwrap_or(if digits.starts_with('-') {
            i128::MIN
        } else {
            i128::MAX
        })),
        _ => Err(Rejection::bad(needed)),
    }
}

/// What an operation adds: its input, or `usual` without one.
fn delta(input: View<'_>, usual: Option<i64>) -> Result<i64, Rejection> {
    match (input.as_int(), usual) {
        (Some(n), _) => Ok(n),
        (None, Some(usual)) if input.is_null() => Ok(usual),
        (None, Some(_)) => Err(Rejection::bad("this needs an integer within 64 bits, or no value")),
        (None, None) => Err(Rejection::bad("an add needs an integer within 64 bits")),
    }
}

fn subtrahend(input: View<'_>) -> Result<i64, Rejection> {
    delta(input, Some(1))?
        .checked_neg()
        .ok_or_else(|| Rejection::bad("this needs an integer whose negation is within 64 bits"))
}

/// Returns what an operation adds that also tells a value.
fn delta_of(verb: Verb, input: View<'_>) -> Result<i64, Rejection> {
    match verb {
        Verb::AddAndGet | Verb::GetAndAdd => delta(input, None),
        Verb::DecAndGet | Verb::GetAndDec => subtrahend(input),
        _ => delta(input, Some(1)),
    }
}
