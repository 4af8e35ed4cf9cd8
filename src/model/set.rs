//! A set: `add`, `remove`, `contains`, and `read` of the whole.

use std::sync::Arc;

use super::catalogue::{BuiltIn, Entry, FunctionEntry, Setup};
use super::change::takes_nothing;
use super::items::few;
use super::listing::key;
pub use super::listing::{Contents, Listing};
use super::{Call, Establishes, Facts, Kind, Model, Part, Rejection, Token, View};
use crate::history::{Value, ValueTable, hash};
use crate::vocabulary::{Verb, Words};

/// A set of values.
#[derive(Clone, Debug, Default)]
pub struct Set {
    /// What it holds before the first operation.
    pub initial: Contents,
    /// The elements that some operation observes, if that is known and not all.
    observed: Option<Arc<hash::Set<Value>>>,
}

/// An operation on a [`Set`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// Adds an element; tells whether it was new, if that is known.
    Add(Value, Option<bool>),
    /// Removes an element; tells whether it was there, if that is known.
    Remove(Value, Option<bool>),
    /// Tells whether an element is there; `None` if it may have said either.
    Contains(Value, Option<bool>),
    /// Reads the whole; `None` if it may have been anything.
    Read(Option<Listing>),
    /// Read the same element twice, which no set holds.
    ReadTwice,
}

impl Set {
    /// A set that holds `items` before the first operation.
    pub fn new(items: &[Value]) -> Self {
        let insert = |contents: Contents, &item: &Value| contents.insert(key(item), ());
        Set { initial: items.iter().fold(Contents::default(), insert), observed: None }
    }

    fn is_observed(&self, element: Value) -> bool {
        self.observed.as_ref().is_none_or(|observed| observed.contains(&element))
    }
}

/// A set as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "set",
    elsewhere: &[],
    summary: "a set of values",
    functions: &[
        FunctionEntry::of(Verb::Add, "adds its input; may return whether it was new"),
        FunctionEntry::named(
            &["remove", "delete"],
            "removes its input; may return whether it was there",
        ),
        FunctionEntry::of(Verb::Contains, "returns whether its input is there"),
        FunctionEntry::named(&["read"], "returns all elements, as a list or a set"),
    ],
    initial: "empty, or a list of elements",
    options: &[],
    cost: "\
           O(n log n) and the size of what reads returned, if nothing is removed, or if \
           nothing reads the whole and completed operations return what they found. Else the \
           moments of the reads are looked for, element by element, in time about proportional \
           to n; where there are too many ways, the search decides, which leaves out elements \
           that no operation tells anything about, unless some read returned the whole set.",
};

const WORDS: Words = ENTRY.words();

impl BuiltIn for Set {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<Set> {
        setup.elements().map(Set::new)
    }
}

impl Model for Set {
    type State = Contents;
    type Op = Op;
    type Next = Option<Contents>;

    fn initial(&self) -> Contents {
        let Some(observed) = &self.observed else { return self.initial.clone() };
        #[expect(clippy::disallowed_methods, reason = "a tree is the same however it grew")]
        let kept = observed.iter().filter(|&&item| self.initial.get(key(item)).is_some());
        kept.fold(Contents::default(), |contents, &item| contents.insert(key(item), ()))
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        let element = call.input.value;
        // Where elements are booleans, one that comes back is no answer.
        let answer = call.output.and_then(|seen| seen.as_bool());
        let answer = answer.filter(|_| call.input.as_bool().is_none());
        match WORDS.verb_of(call.word) {
            Some(Verb::Add) => Ok(Op::Add(element, answer)),
            Some(Verb::Remove | Verb::Delete) => Ok(Op::Remove(element, answer)),
            Some(Verb::Contains) => match call.output.map(View::as_bool) {
                Some(None) => Err(Rejection::bad("a contains returns true or false")),
                answer => Ok(Op::Contains(element, answer.flatten())),
            },
            Some(Verb::Read) => {
                takes_nothing(call)?;
                call.output.map_or(Ok(Op::Read(None)), read)
            }
            _ => Err(Rejection::UnknownFunction),
        }
    }

    fn describe(&self, state: &Contents, values: &ValueTable) -> Option<String> {
        let element = |(key, ())| values.to_text(Value::of_handle(key as u32));
        Some(format!("{{{}}}", few(state.iter().map(element), state.len())))
    }

    fn step(&self, state: &Contents, op: &Op) -> Option<Contents> {
        match *op {
            Op::Add(element, _) | Op::Remove(element, _) if !self.is_observed(element) => {
                Some(state.clone())
            }
            Op::Add(element, new) => {
                let there = state.get(key(element)).is_some();
                new.is_none_or(|new| new != there).then(|| state.insert(key(element), ()))
            }
            Op::Remove(element, found) => {
                let there = state.get(key(element)).is_some();
                found.is_none_or(|found| found == there).then(|| state.remove(key(element)))
            }
            Op::Contains(element, said) => {
                let legal = said.is_none_or(|said| said == state.get(key(element)).is_some());
                legal.then(|| state.clone())
            }
            Op::Read(ref seen) => {
                seen.as_ref().is_none_or(|seen| seen.is_all_of(state)).then(|| state.clone())
            }
            Op::ReadTwice => None,
        }
    }

    fn ignores_output(&self, call: &Call<'_>) -> bool {
        let answers = call.output.is_some_and(|seen| seen.as_bool().is_some());
        let updates = [Verb::Add, Verb::Remove, Verb::Delete];
        WORDS.verb_of(call.word).is_some_and(|verb| updates.contains(&verb))
            && !(answers && call.input.as_bool().is_none())
    }

    fn start_value(&self, state: &Contents, values: &mut ValueTable) -> Option<Option<Value>> {
        let items: Vec<Value> =
            state.iter().map(|(key, ())| Value::of_handle(key as u32)).collect();
        Some(Some(values.set(&items)))
    }

    fn state_values(&self, state: &Contents, hold: &mut dyn FnMut(Value)) -> bool {
        state.iter().for_each(|(key, ())| hold(Value::of_handle(key as u32)));
        true
    }

    fn operation_values(&self, op: &Op, hold: &mut dyn FnMut(Value)) -> bool {
        match op {
            Op::Add(element, _) | Op::Remove(element, _) | Op::Contains(element, _) => {
                hold(*element);
                true
            }
            Op::Read(Some(seen)) => {
                seen.iter().for_each(hold);
                true
            }
            Op::Read(None) | Op::ReadTwice => true,
        }
    }

    fn kind(&self) -> Kind<Op> {
        Kind::Set { initial: self.initial.clone(), view: |op| op }
    }

    fn facts(&self, op: &Op) -> Facts {
        let pure = match *op {
            Op::Add(element, answer) | Op::Remove(element, answer) => {
                answer == Some(false) || !self.is_observed(element)
            }
            Op::Contains(..) | Op::Read(_) | Op::ReadTwice => true,
        };
        let establishes = if pure { Establishes::Same } else { Establishes::Unknown };
        let part = match *op {
            Op::Add(element, _) | Op::Remove(element, _) | Op::Contains(element, _) => {
                Part::One(element.handle().into())
            }
            Op::Read(_) | Op::ReadTwice => Part::Whole,
        };
        let commutes = !pure && matches!(op, Op::Add(_, None));
        Facts { pure, establishes, commutes, part, ..Facts::default() }
    }

    fn adds(&self, op: &Op, add: &mut dyn FnMut(Token, i128)) -> bool {
        match *op {
            Op::Add(element, new) if new != Some(false) => add(element.handle().into(), 1),
            Op::Remove(element, found) if found != Some(false) => add(element.handle().into(), -1),
            _ => {}
        }
        true
    }

    fn lacks(
        &self,
        state: &Contents,
        op: &Op,
        way: u32,
        lack: &mut dyn FnMut(Token, i128),
    ) -> bool {
        let mut needed = |element: Value, there: bool| {
            let by = i128::from(there) - i128::from(state.get(key(element)).is_some());
            if by != 0 {
                lack(element.handle().into(), by);
            }
        };
        match op {
            Op::Add(element, Some(new)) => needed(*element, !new),
            Op::Remove(element, Some(there)) | Op::Contains(element, Some(there)) => {
                needed(*element, *there);
            }
            Op::Read(Some(seen)) => seen.difference(state, &mut needed),
            _ => return false,
        }
        way == 0
    }

    /// Elements that no operation tells anything about do not matter: no step depends on them.
    fn focus(&mut self, operations: &[Op]) {
        self.observed = None;
        let mut observed = hash::Set::default();
        for op in operations {
            match *op {
                Op::Read(Some(_)) => return,
                Op::Add(element, Some(_))
                | Op::Remove(element, Some(_))
                | Op::Contains(element, Some(_)) => {
                    observed.insert(element);
                }
                _ => {}
            }
        }
        self.observed = Some(Arc::new(observed));
    }
}

fn read(output: View<'_>) -> Result<Op, Rejection> {
    let items = match output.as_collection() {
        Some(items) => items,
        None if output.is_null() => &[],
        None => return Err(Rejection::bad("a set's read returns a list or a set")),
    };
    Ok(Listing::of(items).map_or(Op::ReadTwice, |listing| Op::Read(Some(listing))))
}
