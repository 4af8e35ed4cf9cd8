//! Registers: `read`, `write`, and compare-and-set.

use super::catalogue::{BuiltIn, Entry, FunctionEntry, OptionEntry, Setup};
use super::starts::{Early, unheard_of};
use super::{Call, Establishes, Facts, Model, Reading, Rejection, Token, change};
use crate::history::hash::Set;
use crate::history::{Value, ValueTable};
use crate::vocabulary::{Verb, Words};

/// A register with `read`, `write` and `cas`.
#[derive(Clone, Debug)]
pub struct Register {
    /// Its value before the first operation.
    pub initial: Value,
    /// Whether it has a `cas` (compare-and-set).
    pub has_cas: bool,
    /// Whether a failed `cas` tells that its precondition was false, instead of nothing.
    pub failed_cas_observes: bool,
}

/// An operation on a [`Register`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// Reads a value; `None` if it may have been any.
    Read(Option<Value>),
    /// Writes a value.
    Write(Value),
    /// Found the first value and replaced it by the second.
    Cas(Value, Value),
    /// Found another value than this one, and left it.
    CasMismatch(Value),
}

/// A register as the catalogue has it.
pub(super) const REGISTER: Entry = Entry {
    name: "register",
    elsewhere: &[],
    summary: "one value that is read and written",
    functions: &[READ, WRITE],
    initial: INITIAL,
    options: &[],
    cost: "\
           O(n log n) if every value is written once, or if real time tells which of the \
           writes of a value each read saw. Else the search, exponential in the number of \
           clients at worst, though rarely in practice.",
};

/// A register with compare-and-set as the catalogue has it.
pub(super) const CAS_REGISTER: Entry = Entry {
    name: "cas-register",
    elsewhere: &["cas"],
    summary: "a register with compare-and-set",
    functions: &[
        READ,
        WRITE,
        FunctionEntry::of(
            Verb::Cas,
            "takes [old new]; replaces old by new, or returns false where it found another",
        ),
    ],
    initial: INITIAL,
    options: &[OptionEntry {
        flag: "--failed-cas observes",
        effect: "makes a failed `cas` say that the value was not `old`.",
    }],
    cost: "as for a register. What a `cas` replaces the value by counts as written.",
};

const READ: FunctionEntry = FunctionEntry::of(Verb::Read, "returns the value");
const WRITE: FunctionEntry = FunctionEntry::of(Verb::Write, "replaces the value by its input");
const INITIAL: &str = "null, or any value";
const WORDS: Words = CAS_REGISTER.words();

impl BuiltIn for Register {
    fn start(entry: &Entry, setup: &Setup<'_>) -> Option<Register> {
        Some(Register {
            initial: setup.initial.map_or(Value::NULL, |view| view.value),
            has_cas: *entry == CAS_REGISTER,
            failed_cas_observes: setup.options.failed_cas_observes,
        })
    }
}

impl Model for Register {
    type State = Value;
    type Op = Op;
    type Next = Option<Value>;

    fn initial(&self) -> Value {
        self.initial
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        match WORDS.verb_of(call.word) {
            Some(Verb::Read) => {
                change::takes_nothing(call)?;
                Ok(Op::Read(call.output.map(|seen| seen.value)))
            }
            Some(Verb::Write) => Ok(Op::Write(call.input.value)),
            Some(Verb::Cas) if self.has_cas => {
                let (old, new) = change::pair(call)?;
                // A completed cas may say in its output that it found something else.
                let mismatch = call.output.and_then(|seen| seen.as_bool()) == Some(false);
                Ok(if mismatch { Op::CasMismatch(old) } else { Op::Cas(old, new) })
            }
            _ => Err(Rejection::UnknownFunction),
        }
    }

    fn failed(&self, call: &Call<'_>) -> Result<Option<Op>, Rejection> {
        let is_cas = WORDS.verb_of(call.word) == Some(Verb::Cas);
        if is_cas && self.failed_cas_observes {
            Ok(Some(Op::CasMismatch(change::pair(call)?.0)))
        } else {
            Ok(None)
        }
    }

    fn describe(&self, state: &Value, values: &ValueTable) -> Option<String> {
        Some(values.to_text(*state))
    }

    fn step(&self, &state: &Value, op: &Op) -> Option<Value> {
        match *op {
            Op::Read(seen) => seen.is_none_or(|seen| seen == state).then_some(state),
            Op::Write(new) => Some(new),
            Op::Cas(old, new) => (old == state).then_some(new),
            Op::CasMismatch(old) => (old != state).then_some(state),
        }
    }

    fn facts(&self, op: &Op) -> Facts {
        let same = Establishes::Same;
        match *op {
            Op::Read(seen) => Facts {
                pure: true,
                requires: seen.map(token),
                establishes: same,
                ..Facts::default()
            },
            Op::Write(new) => Facts {
                overwrites: true,
                establishes: Establishes::Token(token(new)),
                ..Facts::default()
            },
            Op::Cas(old, new) => Facts {
                pure: old == new,
                requires: Some(token(old)),
                establishes: Establishes::Token(token(new)),
                ..Facts::default()
            },
            Op::CasMismatch(old) => Facts {
                pure: true,
                forbids: Some(token(old)),
                establishes: same,
                ..Facts::default()
            },
        }
    }

    fn is_mute(&self, call: &Call<'_>) -> bool {
        WORDS.verb_of(call.word) == Some(Verb::Write)
    }

    fn ignores_output(&self, call: &Call<'_>) -> bool {
        match WORDS.verb_of(call.word) {
            Some(Verb::Write) => true,
            Some(Verb::Cas) => call.output.is_some_and(|seen| seen.as_bool().is_none()),
            _ => false,
        }
    }

    fn start_value(&self, state: &Value, _: &mut ValueTable) -> Option<Option<Value>> {
        Some(Some(*state))
    }

    fn starts(&self, readings: &[Reading<Op>]) -> Option<Vec<Register>> {
        let told = |op: &Op| match *op {
            Op::Read(seen) => seen,
            Op::Cas(old, _) => Some(old),
            Op::Write(_) | Op::CasMismatch(_) => None,
        };
        let leaves = |op: &Op| match *op {
            Op::Write(new) | Op::Cas(_, new) => Some(new),
            Op::Read(_) | Op::CasMismatch(_) => None,
        };
        let early = Early::of(
            readings,
            |op| told(op).is_some(),
            |op| leaves(op).is_some(),
            |op, seen| leaves(op).is_some() && leaves(op) == told(seen),
        );
        let mut starts: Vec<Value> = Vec::new();
        if !early.is_certain {
            let mentioned = |reading: &Reading<Op>| told(&reading.op);
            let excluded = readings.iter().filter_map(|reading| match reading.op {
                Op::CasMismatch(other) => Some(other),
                _ => None,
            });
            starts.extend(unheard_of(readings.iter().filter_map(mentioned).chain(excluded)));
        }
        let mut known: Set<Value> = Set::default();
        let values = early.tellers.iter().filter_map(|reading| told(&reading.op));
        starts.extend(values.filter(|&value| known.insert(value)));
        Some(starts.into_iter().map(|initial| Register { initial, ..self.clone() }).collect())
    }

    fn state_values(&self, state: &Value, hold: &mut dyn FnMut(Value)) -> bool {
        hold(*state);
        true
    }

    fn operation_values(&self, op: &Op, hold: &mut dyn FnMut(Value)) -> bool {
        match *op {
            Op::Read(seen) => seen.into_iter().for_each(hold),
            Op::Write(value) | Op::CasMismatch(value) => hold(value),
            Op::Cas(old, new) => [old, new].into_iter().for_each(hold),
        }
        true
    }

    fn tokens_suffice(&self) -> bool {
        true
    }

    fn is_focused(&self) -> bool {
        false
    }

    fn token(&self, state: &Value) -> Option<Token> {
        Some(token(*state))
    }
}

fn token(value: Value) -> Token {
    u64::from(value.handle())
}
