//! A generator of ids: `generate` returns one that was never given out before.
//!
//! Nothing orders ids, and none has to be the next one, so that two ids are independent of each
//! other: the only fault is an id that is given out twice.

use super::catalogue::{BuiltIn, Entry, FunctionEntry, Setup};
use super::items::few;
use super::persistent::Tree;
use super::{Call, Establishes, Facts, Kind, Model, Part, Rejection, Token};
use crate::history::{Shape, Value, ValueTable};
use crate::vocabulary::{Verb, Words};

/// A generator of ids.
#[derive(Clone, Debug, Default)]
pub struct UniqueIds {
    /// The ids that had been given out before the first operation.
    initial: Ids,
}

/// Ids that were given out, by the handles of their values.
pub type Ids = Tree<()>;

/// Draws an id: this one, if it is known.
pub type Op = Option<Value>;

impl UniqueIds {
    /// A generator that had given out these ids before the first operation.
    pub fn new(initial: &[Value]) -> UniqueIds {
        let give = |given: Ids, &id: &Value| given.insert(key(id), ());
        UniqueIds { initial: initial.iter().fold(Ids::default(), give) }
    }
}

/// A generator of ids as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "unique-ids",
    elsewhere: &["unique-id", "id-generator", "id-gen", "ids", "generator"],
    summary: "a generator that gives out no id twice",
    functions: &[FunctionEntry::of(Verb::Generate, "returns an id, any value but null")],
    initial: "no id given out, or a list of those that were",
    options: &[],
    cost: "linear.",
};

const WORDS: Words = ENTRY.words();

impl BuiltIn for UniqueIds {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<UniqueIds> {
        setup.elements().map(UniqueIds::new)
    }
}

impl Model for UniqueIds {
    type State = Ids;
    type Op = Op;
    type Next = Option<Ids>;

    fn initial(&self) -> Ids {
        self.initial.clone()
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        if WORDS.verb_of(call.word) != Some(Verb::Generate) {
            return Err(Rejection::UnknownFunction);
        }
        let is_told = call.output.is_some_and(|output| output.value == call.input.value);
        let takes_nothing = match call.input.shape() {
            Shape::Text("") | Shape::List([]) | Shape::Map([]) => true,
            _ => call.input.is_null() || is_told,
        };
        if call.output.is_some() && !takes_nothing {
            return Err(Rejection::bad("a generate takes nothing, and returns one id"));
        }
        match call.output {
            Some(output) if output.is_null() => Err(Rejection::bad("a generate returns an id")),
            output => Ok(output.map(|id| id.value)),
        }
    }

    fn step(&self, state: &Ids, op: &Op) -> Option<Ids> {
        match *op {
            None => Some(state.clone()),
            Some(id) if state.get(key(id)).is_some() => None,
            Some(id) => Some(state.insert(key(id), ())),
        }
    }

    fn facts(&self, op: &Op) -> Facts {
        let part = match *op {
            Some(id) if self.initial.is_empty() => Part::One(id.handle().into()),
            Some(_) => Part::Whole,
            None => Part::Any,
        };
        let pure = op.is_none();
        let establishes = if pure { Establishes::Same } else { Establishes::Unknown };
        Facts { pure, establishes, part, ..Facts::default() }
    }

    fn describe(&self, state: &Ids, values: &ValueTable) -> Option<String> {
        let id = |(key, ()): (u128, ())| values.to_text(Value::of_handle(key as u32));
        Some(format!("{{{}}} given out", few(state.iter().map(id), state.len())))
    }

    fn touches(&self, op: &Op, touch: &mut dyn FnMut(Token)) -> bool {
        op.iter().for_each(|id| touch(id.handle().into()));
        true
    }

    /// An id that is not known was given out, too.
    fn is_told_late(&self) -> bool {
        true
    }

    fn start_value(&self, state: &Ids, values: &mut ValueTable) -> Option<Option<Value>> {
        let given: Vec<Value> =
            state.iter().map(|(key, ())| Value::of_handle(key as u32)).collect();
        Some(Some(values.list(&given)))
    }

    fn state_values(&self, state: &Ids, hold: &mut dyn FnMut(Value)) -> bool {
        state.iter().for_each(|(key, ())| hold(Value::of_handle(key as u32)));
        true
    }

    fn operation_values(&self, op: &Op, hold: &mut dyn FnMut(Value)) -> bool {
        op.iter().copied().for_each(hold);
        true
    }

    fn kind(&self) -> Kind<Op> {
        Kind::Ids { initial: self.initial.clone(), view: |op| op }
    }
}

fn key(id: Value) -> u128 {
    id.handle().into()
}
