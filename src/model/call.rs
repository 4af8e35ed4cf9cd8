//! An operation as a model sees it: a name, an input, perhaps an output.

use std::fmt;

use crate::history::{History, Operation, Record, Shape, Value, ValueTable};
use crate::vocabulary::Word;

/// An operation of a history, for a model to read.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// Its name (`f`).
    pub function: &'a str,
    /// The word of the vocabulary that this name is, if it is one.
    pub word: Option<Word>,
    /// What it was called with.
    pub input: View<'a>,
    /// What it returned; `None` if it may have returned anything.
    pub output: Option<View<'a>>,
    /// The client that did it.
    pub process: View<'a>,
    /// Its record, if no real time is known: a client's operations are in the order of these.
    pub turn: Option<Record>,
}

impl<'a> Call<'a> {
    /// Returns the call of `operation`, an operation of `history`, that returned `output`.
    #[inline]
    pub(crate) fn of(
        history: &'a History,
        operation: &Operation,
        output: Option<Value>,
    ) -> Call<'a> {
        let view = |value| View { table: history.values(), value };
        Call {
            function: history.function(operation.function),
            word: history.word(operation.function),
            input: view(operation.input),
            output: output.map(view),
            process: view(history.client(operation.process)),
            turn: (!history.has_real_time()).then_some(operation.invoked),
        }
    }
}

/// A value with its table, to be looked into.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The table.
    pub table: &'a ValueTable,
    /// The value.
    pub value: Value,
}

impl<'a> View<'a> {
    /// What the value is.
    #[inline]
    pub fn shape(self) -> Shape<'a> {
        self.table.shape(self.value)
    }

    /// Whether it is the absent value.
    #[inline]
    pub fn is_null(self) -> bool {
        self.value.is_null()
    }

    /// The boolean that it is.
    #[inline]
    pub fn as_bool(self) -> Option<bool> {
        match self.shape() {
            Shape::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// The integer that it is, within 64 bits.
    #[inline]
    pub fn as_int(self) -> Option<i64> {
        self.table.as_int(self.value)
    }

    /// The text of a string, keyword or symbol.
    pub fn as_name(self) -> Option<&'a str> {
        self.table.as_name(self.value)
    }

    /// The items of a list.
    pub fn as_list(self) -> Option<&'a [Value]> {
        self.table.as_list(self.value)
    }

    /// The items of a list or a set.
    pub fn as_collection(self) -> Option<&'a [Value]> {
        match self.shape() {
            Shape::List(items) | Shape::Set(items) => Some(items),
            _ => None,
        }
    }

    /// The items of a list of two.
    pub fn as_pair(self) -> Option<(Value, Value)> {
        self.table.as_pair(self.value)
    }

    /// Another value of the same table.
    pub fn view(self, value: Value) -> View<'a> {
        View { table: self.table, value }
    }
}

/// Shows the value as JSON.
impl fmt::Display for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table.to_json(self.value))
    }
}

/// Why a model cannot take an operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rejection {
    /// It has no operation of this name.
    UnknownFunction,
    /// The input or output has the wrong shape; the text says which is needed.
    BadValue(String),
    /// It is not clear what the output means, which can be left out of account; the text says which
    /// outputs are clear.
    UnclearOutput(String),
}

impl Rejection {
    /// The rejection of a value, with what is needed in its place: `a cas needs [old new]`.
    pub fn bad(needed: impl Into<String>) -> Self {
        Rejection::BadValue(needed.into())
    }
}
